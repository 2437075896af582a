/* One pass over k: batches of points are diagonalised on all threads, each point into its own rows; then the rows are added in the order of k,
 * pairwise inside a batch and with compensation from batch to batch, so that neither threads nor their timing touch a bit of the result. */
#include "bloch/sums.h"

#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include <math.h>
#include <stdint.h>
#include <omp.h>
#include <string.h>

enum { BATCH = 16 * BLOCH_BLOCK };

/* Everything of one call. */
typedef struct {
    const qep_bloch_request *request;
    bloch_integrand what;
    bloch_points set;
    bloch_scan scan;
    bloch_states *states; /* [threads] */
    bloch_rows *rows;     /* [BATCH] */
    double *energy;       /* [BATCH][bands] */
    double (*k)[3];       /* [BATCH] */
    double *weight;       /* [BATCH] */
    double *part;         /* [BATCH][direct][width] */
    double *total, *rest; /* [states][width] sums and their compensation */
    double *column;       /* [BATCH] */
    qep_bloch_sums *out;
} pass;

static qep_status allocate(pass *p, qep_error *err) {
    const qep_bloch_request *r = p->request;
    const size_t n = r->model->bands;
    void *block = NULL;
    size_t values = 0;
    QEP_TRY(qep_alloc(&block, (size_t)r->threads, sizeof(bloch_states), "states", err));
    p->states = block;
    for (int t = 0; t < r->threads; t++) {
        QEP_TRY(bloch_states_create(&p->states[t], r->model, bloch_layout_second(&p->what.layout), err));
        QEP_TRY(bloch_states_plan(&p->states[t], &p->set, err));
    }
    QEP_TRY(qep_alloc(&block, BATCH, sizeof(bloch_rows), "rows of a batch", err));
    p->rows = block;
    for (size_t i = 0; i < BATCH; i++) {
        QEP_TRY(bloch_rows_create(&p->rows[i], &p->what.layout, n, err));
    }
    QEP_TRY(qep_alloc_doubles(&p->energy, BATCH * n, "energies of a batch", err));
    QEP_TRY(qep_alloc(&block, BATCH, sizeof *p->k, "points of a batch", err));
    p->k = block;
    QEP_TRY(qep_alloc_doubles(&p->weight, BATCH, "weights of a batch", err));
    QEP_TRY(qep_alloc_doubles(&p->column, BATCH, "a column of a batch", err));
    if (!qep_size_multiply(r->states, p->what.width + 1, &values)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "the results of %zu points (mu, T) do not fit into memory", r->states);
    }
    QEP_TRY(qep_alloc(&block, BATCH * (p->what.width + 1), p->scan.direct * sizeof(double), "contributions of a batch", err));
    p->part = block;
    QEP_TRY(qep_alloc(&block, values, sizeof(double), "integrals", err));
    p->total = block;
    QEP_TRY(qep_alloc(&block, values, sizeof(double), "integrals", err));
    p->rest = block;
    return QEP_OK;
}

/* Points [first, first + count) of the batch that begins at point `base` of the set, on one thread. */
static qep_status do_block(const pass *p, bloch_states *states, size_t base, size_t first, size_t count, qep_error *err) {
    const size_t n = p->request->model->bands;
    for (size_t i = first; i < first + count; i++) {
        p->weight[i] = bloch_points_get(&p->set, base + i, p->k[i]);
    }
    bloch_states_load_set(states, &p->set, base + first, (const double(*)[3])(p->k + first), count);
    for (size_t i = first; i < first + count; i++) {
        QEP_TRY(bloch_states_solve(states, i - first, p->what.layout.mask != 1u << CHANNEL_ONE, err));
        memcpy(p->energy + i * n, states->energy, n * sizeof(double));
        bloch_rows_fill(&p->rows[i], &p->what.layout, states);
        for (size_t s = 0, d = 0; s < p->request->states; s++) {
            if (p->scan.table_of[s] == SIZE_MAX) {
                bloch_integrand_at(&p->what, &p->rows[i], p->energy + i * n, p->weight[i], &p->request->state[s],
                                   p->part + (i * p->scan.direct + d++) * p->what.width);
            }
        }
    }
    return QEP_OK;
}

/* ---- a batch ---- */

/* Neumaier: total + rest is the sum to twice the precision. */
static void add_compensated(double *total, double *rest, double value) {
    const double sum = *total + value;
    *rest += fabs(*total) >= fabs(value) ? (*total - sum) + value : (value - sum) + *total;
    *total = sum;
}

static void collect(pass *p, size_t count) {
    for (size_t s = 0, d = 0; s < p->request->states; s++) {
        if (p->scan.table_of[s] != SIZE_MAX) {
            continue;
        }
        for (size_t c = 0; c < p->what.width; c++) {
            for (size_t i = 0; i < count; i++) {
                p->column[i] = p->part[(i * p->scan.direct + d) * p->what.width + c];
            }
            add_compensated(&p->total[s * p->what.width + c], &p->rest[s * p->what.width + c], qep_reduce_pairwise(p->column, count));
        }
        d++;
    }
}

static void note_extremes(pass *p, size_t count) {
    const size_t n = p->request->model->bands;
    for (size_t i = 0; i < count; i++) {
        p->out->lowest = fmin(p->out->lowest, QEP_E_CHARGE * p->energy[i * n]);
        p->out->highest = fmax(p->out->highest, QEP_E_CHARGE * p->energy[i * n + n - 1]);
        p->out->smallest_gap = fmin(p->out->smallest_gap, QEP_E_CHARGE * p->rows[i].smallest_gap);
        p->out->curvature_sum = fmax(p->out->curvature_sum, p->rows[i].curvature_sum);
        p->out->curvature_size += p->weight[i] * p->rows[i].curvature_size;
        p->out->metric_excess = fmax(p->out->metric_excess, p->rows[i].metric_excess);
        if (p->rows[i].largest_G > p->out->largest_G * QEP_E_CHARGE) {
            p->out->largest_G = p->rows[i].largest_G / QEP_E_CHARGE;
            memcpy(p->out->largest_G_k, p->k[i], sizeof p->k[i]);
        }
    }
}

static qep_status do_batch(pass *p, size_t base, size_t count, qep_error *err) {
    const size_t blocks = (count + BLOCH_BLOCK - 1) / BLOCH_BLOCK;
    qep_status status = QEP_OK;
#pragma omp parallel for num_threads(p->request->threads) schedule(dynamic)
    for (size_t b = 0; b < blocks; b++) {
        const size_t first = b * BLOCH_BLOCK, here = count - first < BLOCH_BLOCK ? count - first : BLOCH_BLOCK;
        const qep_status one = do_block(p, &p->states[omp_get_thread_num()], base, first, here, NULL);
        if (one != QEP_OK) {
#pragma omp atomic write
            status = one;
        }
    }
    if (status != QEP_OK) {
        return qep_error_add(err, status, "eigenvalues", NULL, NULL, "LAPACK could not diagonalise H(k) at a point of the k-grid");
    }
    collect(p, count);
    note_extremes(p, count);
    const bloch_batch batch = {p->rows, p->energy, p->weight, count, p->request->model->bands, &p->what.layout};
    return bloch_scan_add(&p->scan, &batch, p->request->threads, err);
}

static qep_status do_all(pass *p, qep_error *err) {
    const qep_log *log = p->request->log;
    for (size_t base = 0; base < p->set.count; base += BATCH) {
        if (qep_log_interrupted(log)) {
            return qep_error_add(err, QEP_ERR_INTERRUPTED, "interrupted", NULL, NULL, "stopped by a signal");
        }
        qep_log_progress(log, "k-points", base, p->set.count);
        QEP_TRY(do_batch(p, base, p->set.count - base < BATCH ? p->set.count - base : BATCH, err));
    }
    qep_log_progress(log, "k-points", p->set.count, p->set.count);
    return QEP_OK;
}

/* ---- results ---- */

/* Values of the states that were summed directly. */
static void copy_direct(pass *p) {
    for (size_t s = 0; s < p->request->states; s++) {
        for (size_t c = 0; p->scan.table_of[s] == SIZE_MAX && c < p->what.width; c++) {
            p->out->value[s * p->what.width + c] = p->total[s * p->what.width + c] + p->rest[s * p->what.width + c];
        }
    }
}

static qep_status run(pass *p, qep_error *err) {
    const qep_bloch_request *r = p->request;
    void *block = NULL;
    qep_linear_setup();
    QEP_TRY(bloch_points_create(&p->set, r->model, r->points, r->shift, r->path, err));
    QEP_TRY(r->refine > 0 && !r->model->function ? bloch_refine(&p->set, r, err) : QEP_OK);
    QEP_TRY(bloch_integrand_create(&p->what, r, err));
    p->out->width = p->what.width;
    memcpy(p->out->at, p->what.at, sizeof p->out->at);
    QEP_TRY(bloch_scan_create(&p->scan, r, p->what.layout.at[CHANNEL_COUNT], err));
    QEP_TRY(allocate(p, err));
    QEP_TRY(qep_alloc(&block, r->states * (p->what.width + 1), sizeof(double), "integrals", err));
    p->out->value = block;
    p->out->k_points = p->set.count;
    p->out->lowest = INFINITY;
    p->out->highest = -INFINITY;
    p->out->smallest_gap = INFINITY;
    QEP_TRY(do_all(p, err));
    copy_direct(p);
    return bloch_scan_evaluate(&p->scan, &p->what, p->out->value, err);
}

size_t qep_bloch_sum_memory(const qep_bloch_request *r) {
    bloch_integrand what;
    if (bloch_integrand_create(&what, r, NULL) != QEP_OK) {
        return SIZE_MAX;
    }
    const size_t n = r->model->bands, width = what.layout.at[CHANNEL_COUNT], values = what.width + 1;
    const double pairs = 0.5 * (double)(n * (n - 1)) + 1.0;
    const int second = bloch_layout_second(&what.layout);
    const bloch_points grid = {.model = r->model, .n = {r->points[0], r->points[1], r->model->dim > 2 ? r->points[2] : 1}};
    double bytes = (double)r->threads * (double)(bloch_states_memory(r->model, second) + bloch_grid_memory(r->model, &grid, second));
    bytes += BATCH * sizeof(double) * ((double)(n * (width + 2)) + pairs * (double)(what.layout.differences + 3));
    bytes += sizeof(double) * 3.0 * (double)r->states * (double)values;
    bytes += bloch_scan_memory(r, width, BATCH, values);
    bloch_integrand_destroy(&what);
    return bytes < 9e18 ? (size_t)bytes : SIZE_MAX;
}

static void release(pass *p) {
    for (int t = 0; p->states && t < p->request->threads; t++) {
        bloch_states_destroy(&p->states[t]);
    }
    for (size_t i = 0; p->rows && i < BATCH; i++) {
        bloch_rows_destroy(&p->rows[i]);
    }
    bloch_points_destroy(&p->set);
    bloch_scan_destroy(&p->scan);
    bloch_integrand_destroy(&p->what);
    void *const all[] = {p->states, p->rows, p->energy, p->k, p->weight, p->column, p->part, p->total, p->rest};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        qep_free(all[i]);
    }
}

qep_status qep_bloch_sum(qep_bloch_sums *sums, const qep_bloch_request *request, qep_error *err) {
    *sums = (qep_bloch_sums){0};
    pass p = {.request = request, .out = sums};
    const qep_status status = run(&p, err);
    release(&p);
    if (status != QEP_OK) {
        qep_bloch_sums_free(sums);
    }
    return status;
}

void qep_bloch_sums_free(qep_bloch_sums *sums) {
    qep_free(sums->value);
    *sums = (qep_bloch_sums){0};
}
