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

static const double k_B = QEP_BOLTZMANN / QEP_E_CHARGE; /* eV/K */

const bloch_integral_row bloch_integrals[QEP_BLOCH_INTEGRALS] = {
    [QEP_BLOCH_N] = {CHANNEL_ONE, KERNEL_F},           [QEP_BLOCH_S] = {CHANNEL_ONE, KERNEL_S},
    [QEP_BLOCH_DOS] = {CHANNEL_ONE, KERNEL_DF},        [QEP_BLOCH_OMEGA_F] = {CHANNEL_OMEGA, KERNEL_F},
    [QEP_BLOCH_OMEGA_S] = {CHANNEL_OMEGA, KERNEL_S},   [QEP_BLOCH_OMEGA_N] = {CHANNEL_OMEGA, KERNEL_MOTT},
    [QEP_BLOCH_METRIC] = {CHANNEL_METRIC, KERNEL_F},   [QEP_BLOCH_G] = {CHANNEL_G, KERNEL_F},
    [QEP_BLOCH_VV] = {CHANNEL_VV, KERNEL_DF},          [QEP_BLOCH_VV_X] = {CHANNEL_VV, KERNEL_XDF},
    [QEP_BLOCH_VV_S] = {CHANNEL_M, KERNEL_MOTT},       [QEP_BLOCH_FISHER] = {CHANNEL_VV, KERNEL_FISHER},
    [QEP_BLOCH_SEA] = {CHANNEL_M, KERNEL_F},           [QEP_BLOCH_Z_F] = {CHANNEL_Z, KERNEL_F},
    [QEP_BLOCH_Z_S] = {CHANNEL_Z, KERNEL_S},           [QEP_BLOCH_Z_N] = {CHANNEL_Z, KERNEL_MOTT},
    [QEP_BLOCH_ZR_F] = {CHANNEL_ZR, KERNEL_F},         [QEP_BLOCH_T1] = {CHANNEL_VG, KERNEL_DF},
    [QEP_BLOCH_T2] = {CHANNEL_T2, KERNEL_F},           [QEP_BLOCH_DIPOLE] = {CHANNEL_VOMEGA, KERNEL_DF},
    [QEP_BLOCH_CUBIC] = {CHANNEL_VM, KERNEL_DF},       [QEP_BLOCH_PAIRS] = {CHANNEL_SUM, KERNEL_F},
    [QEP_BLOCH_TRACE] = {CHANNEL_TRACE, KERNEL_F},
};

/* Everything of one call. */
typedef struct {
    const qep_bloch_request *request;
    bloch_layout layout;
    double *omega; /* [frequencies + 1] hbar omega, eV */
    bloch_points set;
    bloch_scan scan;
    unsigned kernels; /* mask */
    size_t width;     /* values per state */
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

static size_t count_of(const bloch_layout *l, int integral) {
    const int channel = (int)bloch_integrals[integral].channel;
    return l->at[channel + 1] - l->at[channel];
}

static double lowest_kT(const qep_bloch_request *r) {
    double low = INFINITY;
    for (size_t i = 0; i < r->states; i++) {
        low = r->state[i].T > 0.0 ? fmin(low, k_B * r->state[i].T) : low;
    }
    return low;
}

static qep_status set_layout(pass *p, qep_error *err) {
    const qep_bloch_request *r = p->request;
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, r->frequencies + 1, sizeof(double), "frequencies", err));
    p->omega = block;
    for (size_t w = 0; w < r->frequencies; w++) {
        p->omega[w + 1] = QEP_PLANCK * r->frequency[w] / QEP_E_CHARGE;
    }
    const double kT = lowest_kT(r);
    p->layout = (bloch_layout){.dim = r->model->dim,
                               .frequencies = r->frequencies + 1,
                               .omega = p->omega,
                               .rate = r->tau > 0.0 ? QEP_HBAR / (r->tau * QEP_E_CHARGE) : 1.0,
                               .near = isfinite(kT) ? 0.25 * kT : 1e-3};
    for (int i = 0; i < QEP_BLOCH_INTEGRALS; i++) {
        if (r->wanted & (1u << i)) {
            p->layout.mask |= 1u << bloch_integrals[i].channel;
            p->kernels |= 1u << bloch_integrals[i].kernel;
        }
    }
    bloch_layout_set(&p->layout);
    for (int i = 0; i < QEP_BLOCH_INTEGRALS; i++) {
        p->out->at[i] = p->width;
        p->width += r->wanted & (1u << i) ? count_of(&p->layout, i) : 0;
    }
    p->out->width = p->width;
    return QEP_OK;
}

static qep_status allocate(pass *p, qep_error *err) {
    const qep_bloch_request *r = p->request;
    const size_t n = r->model->bands;
    void *block = NULL;
    size_t values = 0;
    QEP_TRY(qep_alloc(&block, (size_t)r->threads, sizeof(bloch_states), "states", err));
    p->states = block;
    for (int t = 0; t < r->threads; t++) {
        QEP_TRY(bloch_states_create(&p->states[t], r->model, bloch_layout_second(&p->layout), err));
    }
    QEP_TRY(qep_alloc(&block, BATCH, sizeof(bloch_rows), "rows of a batch", err));
    p->rows = block;
    for (size_t i = 0; i < BATCH; i++) {
        QEP_TRY(bloch_rows_create(&p->rows[i], &p->layout, n, err));
    }
    QEP_TRY(qep_alloc_doubles(&p->energy, BATCH * n, "energies of a batch", err));
    QEP_TRY(qep_alloc(&block, BATCH, sizeof *p->k, "points of a batch", err));
    p->k = block;
    QEP_TRY(qep_alloc_doubles(&p->weight, BATCH, "weights of a batch", err));
    QEP_TRY(qep_alloc_doubles(&p->column, BATCH, "a column of a batch", err));
    if (!qep_size_multiply(r->states, p->width + 1, &values)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "the results of %zu points (mu, T) do not fit into memory", r->states);
    }
    QEP_TRY(qep_alloc(&block, BATCH * (p->width + 1), p->scan.direct * sizeof(double), "contributions of a batch", err));
    p->part = block;
    QEP_TRY(qep_alloc(&block, values, sizeof(double), "integrals", err));
    p->total = block;
    QEP_TRY(qep_alloc(&block, values, sizeof(double), "integrals", err));
    p->rest = block;
    return QEP_OK;
}

/* ---- one k ---- */

/* Kernel values times channels, for all integrals that have a channel below `columns`. */
static void add_row(const pass *p, const double *row, size_t columns, const double value[KERNEL_COUNT], double *out) {
    for (int i = 0; i < QEP_BLOCH_INTEGRALS; i++) {
        const bloch_integral_row *integral = &bloch_integrals[i];
        const size_t first = p->layout.at[integral->channel], count = count_of(&p->layout, i);
        if (!(p->request->wanted & (1u << i)) || first + count > columns) {
            continue;
        }
        for (size_t c = 0; c < count; c++) {
            out[p->out->at[i] + c] += value[integral->kernel] * row[first + c];
        }
    }
}

/* w(upper) - w(lower) of a pair of near levels: the integral of the slope, or the exact difference of two steps. */
static void pair_kernels(double low, double high, double mu, double kT, double value[KERNEL_COUNT]) {
    static const double x[4] = {-0.86113631159405257522, -0.33998104358485626480, 0.33998104358485626480, 0.86113631159405257522};
    static const double w[4] = {0.34785484513745385737, 0.65214515486254614263, 0.65214515486254614263, 0.34785484513745385737};
    const double half = 0.5 * (high - low);
    memset(value, 0, KERNEL_COUNT * sizeof *value);
    if (kT == 0.0) {
        value[KERNEL_F] = bloch_step(high, mu) - bloch_step(low, mu);
        return;
    }
    for (int q = 0; q < 4; q++) {
        double at[KERNEL_COUNT];
        bloch_kernels(0.5 * (low + high) + half * x[q], mu, kT, 0, at);
        for (int k = KERNEL_F; k < KERNEL_COUNT; k++) {
            value[k] -= half * w[q] * at[bloch_kernel_slope((bloch_kernel)k)];
        }
    }
}

/* All integrals of one k at one (mu, T). */
static void add_direct(const pass *p, const bloch_rows *rows, const double *energy, double weight, const qep_bloch_state_point *at, double *out) {
    const size_t n = p->request->model->bands, width = p->layout.at[CHANNEL_COUNT];
    const double kT = k_B * at->T, mu = at->mu / QEP_E_CHARGE;
    double value[KERNEL_COUNT] = {0};
    memset(out, 0, p->width * sizeof *out);
    for (size_t b = 0; b < n; b++) {
        if (kT > 0.0) {
            bloch_kernels(energy[b], mu, kT, p->kernels, value);
        } else {
            value[KERNEL_F] = bloch_step(energy[b], mu);
        }
        add_row(p, rows->state + b * width, width, value, out);
    }
    for (size_t i = 0; i < rows->pairs; i++) {
        pair_kernels(rows->span[i][0], rows->span[i][1], mu, kT, value);
        add_row(p, rows->pair + i * p->layout.differences, p->layout.differences, value, out);
    }
    for (size_t c = 0; c < p->width; c++) {
        out[c] *= weight;
    }
}

/* Points [first, first + count) of the batch that begins at point `base` of the set, on one thread. */
static qep_status do_block(const pass *p, bloch_states *states, size_t base, size_t first, size_t count, qep_error *err) {
    const size_t n = p->request->model->bands;
    for (size_t i = first; i < first + count; i++) {
        p->weight[i] = bloch_points_get(&p->set, base + i, p->k[i]);
    }
    bloch_states_load(states, (const double(*)[3])(p->k + first), count);
    for (size_t i = first; i < first + count; i++) {
        QEP_TRY(bloch_states_solve(states, i - first, p->layout.mask != 1u << CHANNEL_ONE, err));
        memcpy(p->energy + i * n, states->energy, n * sizeof(double));
        bloch_rows_fill(&p->rows[i], &p->layout, states);
        for (size_t s = 0, d = 0; s < p->request->states; s++) {
            if (p->scan.table_of[s] == SIZE_MAX) {
                add_direct(p, &p->rows[i], p->energy + i * n, p->weight[i], &p->request->state[s], p->part + (i * p->scan.direct + d++) * p->width);
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
        for (size_t c = 0; c < p->width; c++) {
            for (size_t i = 0; i < count; i++) {
                p->column[i] = p->part[(i * p->scan.direct + d) * p->width + c];
            }
            add_compensated(&p->total[s * p->width + c], &p->rest[s * p->width + c], qep_reduce_pairwise(p->column, count));
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
    const bloch_batch batch = {p->rows, p->energy, p->weight, count, p->request->model->bands, &p->layout};
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

static void evaluate_tables(pass *p) {
    const qep_bloch_request *r = p->request;
    for (size_t t = 0; t < p->scan.tables; t++) {
        bloch_table_finish(&p->scan.table[t]);
    }
#pragma omp parallel for num_threads(r->threads) schedule(dynamic)
    for (size_t s = 0; s < r->states; s++) {
        bloch_term term[QEP_BLOCH_INTEGRALS];
        size_t terms = 0;
        for (int i = 0; i < QEP_BLOCH_INTEGRALS; i++) {
            if (r->wanted & (1u << i)) {
                term[terms++] = (bloch_term){bloch_integrals[i].kernel, p->layout.at[bloch_integrals[i].channel], count_of(&p->layout, i),
                                             p->out->value + s * p->width + p->out->at[i]};
            }
        }
        if (p->scan.table_of[s] != SIZE_MAX) {
            bloch_table_evaluate(&p->scan.table[p->scan.table_of[s]], r->state[s].mu / QEP_E_CHARGE, k_B * r->state[s].T, term, terms);
        } else {
            for (size_t c = 0; c < p->width; c++) {
                p->out->value[s * p->width + c] = p->total[s * p->width + c] + p->rest[s * p->width + c];
            }
        }
    }
}

static qep_status run(pass *p, qep_error *err) {
    const qep_bloch_request *r = p->request;
    void *block = NULL;
    qep_linear_setup();
    QEP_TRY(bloch_points_create(&p->set, r->model, r->points, r->shift, r->path, err));
    QEP_TRY(r->refine > 0 && !r->model->function ? bloch_refine(&p->set, r, err) : QEP_OK);
    QEP_TRY(set_layout(p, err));
    QEP_TRY(bloch_scan_create(&p->scan, r, p->layout.at[CHANNEL_COUNT], err));
    QEP_TRY(allocate(p, err));
    QEP_TRY(qep_alloc(&block, r->states * (p->width + 1), sizeof(double), "integrals", err));
    p->out->value = block;
    p->out->k_points = p->set.count;
    p->out->lowest = INFINITY;
    p->out->highest = -INFINITY;
    p->out->smallest_gap = INFINITY;
    QEP_TRY(do_all(p, err));
    evaluate_tables(p);
    return QEP_OK;
}

size_t qep_bloch_sum_memory(const qep_bloch_request *r) {
    qep_bloch_sums unused = {0};
    pass p = {.request = r, .out = &unused};
    if (set_layout(&p, NULL) != QEP_OK) {
        return SIZE_MAX;
    }
    const size_t n = r->model->bands, width = p.layout.at[CHANNEL_COUNT], values = p.width + 1;
    const double pairs = 0.5 * (double)(n * (n - 1)) + 1.0;
    double bytes = (double)r->threads * (double)bloch_states_memory(r->model, bloch_layout_second(&p.layout));
    bytes += BATCH * sizeof(double) * ((double)(n * (width + 2)) + pairs * (double)(p.layout.differences + 3));
    bytes += sizeof(double) * 3.0 * (double)r->states * (double)values;
    bytes += bloch_scan_memory(r, width, BATCH, values);
    qep_free(p.omega);
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
    void *const all[] = {p->states, p->rows, p->omega, p->energy, p->k, p->weight, p->column, p->part, p->total, p->rest};
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
