/* Adaptive k-grids: a cell of the regular grid is divided in halves along each axis where, at one of the (mu, T) wanted, a Fermi function changes by
 * more than the cell resolves, or where the curvature between an occupied and an empty level turns within the cell. Divided cells are summed by the
 * midpoint rule, so that refinement trades the exponential convergence of a regular grid for resolution where it is needed: for low T and near-crossings. */
#include "bloch/sums.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <omp.h>
#include <string.h>

static const double k_B = QEP_BOLTZMANN / QEP_E_CHARGE; /* eV/K */
static const double tail = 8.0, resolved = 2.0;         /* in k_B T: reach of -f', and change of energy over a cell */
static const double turn = 0.1;                         /* |Omega| times the area of the cell */

/* Cells of one level: centres (fractional), all of the same size. */
typedef struct {
    double (*k)[3];
    size_t count, capacity;
} cells;

static qep_status append(cells *c, const double k[3], qep_error *err) {
    if (c->count == c->capacity) {
        void *block = NULL;
        const size_t capacity = c->capacity ? 2 * c->capacity : 1024;
        QEP_TRY(qep_alloc(&block, capacity, sizeof *c->k, "the refined k-grid", err));
        if (c->count) {
            memcpy(block, c->k, c->count * sizeof *c->k);
        }
        qep_free(c->k);
        c->k = block;
        c->capacity = capacity;
    }
    memcpy(c->k[c->count++], k, sizeof *c->k);
    return QEP_OK;
}

/* Half edges of a cell as Cartesian vectors, 1/m. */
static void cell_edges(const bloch_points *set, double scale, double edge[3][3]) {
    for (int d = 0; d < set->model->dim; d++) {
        for (int c = 0; c < 3; c++) {
            edge[d][c] = scale * set->model->reciprocal[d][c] / (double)set->n[d];
        }
    }
}

static double energy_change(const bloch_states *s, size_t n, double edge[3][3]) {
    double sum = 0.0;
    for (int d = 0; d < s->model->dim; d++) {
        double part = 0.0;
        for (int c = 0; c < s->model->dim; c++) {
            part += creal(s->V[c][n + n * s->n]) * edge[d][c];
        }
        sum += fabs(part);
    }
    return sum;
}

/* Largest |Omega| times the area of a face of the cell between levels n and m. */
static double twist(const bloch_states *s, size_t n, size_t m, double edge[3][3]) {
    const double e = s->energy[n] - s->energy[m];
    double worst = 0.0;
    for (int d = 0; d < s->model->dim; d++) {
        for (int f = d + 1; f < s->model->dim; f++) {
            double complex x = 0.0, y = 0.0;
            for (int c = 0; c < s->model->dim; c++) {
                x += s->V[c][n + m * s->n] * edge[d][c];
                y += s->V[c][n + m * s->n] * edge[f][c];
            }
            worst = fmax(worst, fabs(2.0 * cimag(x * conj(y))) / (e * e));
        }
    }
    return worst;
}

static int is_sharp_at(const bloch_states *s, const double *change, double mu, double kT, double edge[3][3]) {
    for (size_t n = 0; n < s->n; n++) {
        if (change[n] > resolved * kT && fabs(s->energy[n] - mu) < 0.5 * change[n] + tail * kT) {
            return 1;
        }
        for (size_t m = 0; m < n && s->energy[n] > mu - tail * kT; m++) {
            if (s->energy[m] < mu + tail * kT && s->energy[n] - s->energy[m] > BLOCH_DEGENERATE && twist(s, n, m, edge) > turn) {
                return 1;
            }
        }
    }
    return 0;
}

static int is_sharp(const bloch_states *s, const qep_bloch_request *r, double edge[3][3], double *change) {
    for (size_t n = 0; n < s->n; n++) {
        change[n] = energy_change(s, n, edge);
    }
    for (size_t i = 0; i < r->states; i++) {
        if (is_sharp_at(s, change, r->state[i].mu / QEP_E_CHARGE, k_B * r->state[i].T, edge)) {
            return 1;
        }
    }
    return 0;
}

/* sharp[count]: which cells are to be divided; every point is judged by itself, so that threads do not matter. */
static qep_status mark(const cells *c, const qep_bloch_request *r, bloch_states *states, double *changes, double edge[3][3], char *sharp,
                       qep_error *err) {
    qep_status status = QEP_OK;
#pragma omp parallel for num_threads(r->threads) schedule(dynamic, 16)
    for (size_t i = 0; i < c->count; i++) {
        bloch_states *s = &states[omp_get_thread_num()];
        bloch_states_load(s, (const double(*)[3])(c->k + i), 1);
        const qep_status one = bloch_states_solve(s, 0, 1, NULL);
        if (one != QEP_OK) {
#pragma omp atomic write
            status = one;
        } else {
            sharp[i] = (char)is_sharp(s, r, edge, changes + (size_t)omp_get_thread_num() * s->n);
        }
    }
    return status == QEP_OK ? QEP_OK : qep_error_add(err, status, "eigenvalues", NULL, NULL, "LAPACK could not diagonalise H(k)");
}

/* Keep the cells that are fine, divide the others into `next`. */
static qep_status split(const bloch_points *set, const cells *c, const char *sharp, double scale, cells *next, cells *kept, double *weight, size_t *weights,
                        double cell_weight, qep_error *err) {
    for (size_t i = 0; i < c->count; i++) {
        if (!sharp[i]) {
            weight[(*weights)++] = cell_weight;
            QEP_TRY(append(kept, c->k[i], err));
            continue;
        }
        for (int corner = 0; corner < 1 << set->model->dim; corner++) {
            double k[3] = {c->k[i][0], c->k[i][1], c->k[i][2]};
            for (int d = 0; d < set->model->dim; d++) {
                k[d] += (corner >> d & 1 ? 0.25 : -0.25) * scale / (double)set->n[d];
            }
            QEP_TRY(append(next, k, err));
        }
    }
    return QEP_OK;
}

typedef struct {
    bloch_states *states;
    double *changes;
    cells now, kept;
    double *weight; /* [kept.count] */
    size_t weights;
    char *sharp;
} work;

static qep_status do_level(bloch_points *set, const qep_bloch_request *r, work *w, int level, qep_error *err) {
    const double scale = ldexp(1.0, -level), cell_weight = ldexp(1.0, -level * set->model->dim) / (set->model->cell * (double)set->count);
    double edge[3][3] = {{0}}, *longer = NULL;
    void *block = NULL;
    cells next = {0};
    cell_edges(set, scale, edge);
    qep_free(w->sharp);
    w->sharp = NULL;
    QEP_TRY(qep_alloc(&block, w->now.count + 1, 1, "the refined k-grid", err));
    w->sharp = block;
    if (level < r->refine) {
        QEP_TRY(mark(&w->now, r, w->states, w->changes, edge, w->sharp, err));
    }
    QEP_TRY(qep_alloc_doubles(&longer, w->weights + w->now.count + 1, "the refined k-grid", err));
    if (w->weights) {
        memcpy(longer, w->weight, w->weights * sizeof *longer);
    }
    qep_free(w->weight);
    w->weight = longer;
    const qep_status status = split(set, &w->now, w->sharp, scale, &next, &w->kept, w->weight, &w->weights, cell_weight, err);
    qep_free(w->now.k);
    w->now = next;
    return status;
}

static qep_status refine(bloch_points *set, const qep_bloch_request *r, work *w, qep_error *err) {
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, (size_t)r->threads, sizeof(bloch_states), "states", err));
    w->states = block;
    for (int t = 0; t < r->threads; t++) {
        QEP_TRY(bloch_states_create(&w->states[t], r->model, 0, err));
    }
    QEP_TRY(qep_alloc_doubles(&w->changes, (size_t)r->threads * r->model->bands, "states", err));
    for (size_t i = 0; i < set->count; i++) {
        double k[3];
        bloch_points_get(set, i, k);
        QEP_TRY(append(&w->now, k, err));
    }
    for (int level = 0; level <= r->refine && w->now.count > 0; level++) {
        QEP_TRY(do_level(set, r, w, level, err));
    }
    qep_log_write(r->log, QEP_LOG_DETAIL, "refined k-grid: %zu cells became %zu", set->count, w->kept.count);
    set->list = w->kept.k;
    set->list_weight = w->weight;
    set->count = w->kept.count;
    w->kept.k = NULL;
    w->weight = NULL;
    return QEP_OK;
}

qep_status bloch_refine(bloch_points *set, const qep_bloch_request *r, qep_error *err) {
    work w = {0};
    const qep_status status = refine(set, r, &w, err);
    for (int t = 0; w.states && t < r->threads; t++) {
        bloch_states_destroy(&w.states[t]);
    }
    qep_free(w.states);
    qep_free(w.changes);
    qep_free(w.now.k);
    qep_free(w.kept.k);
    qep_free(w.weight);
    qep_free(w.sharp);
    return status;
}
