/* Adaptive k-grids: a cell of the regular grid is halved along each axis where, at one of the (mu, T) wanted, the Fermi function changes by more than a
 * cell resolves, or where the curvature between an occupied and an empty level turns within the cell. All cells, divided or not, are summed by products
 * of Gauss points: sizes are chosen so that these resolve -f', whose poles lie pi k_B T away from mu, to about 1e-7. */
#include "bloch/sums.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <omp.h>
#include <string.h>

static const double k_B = QEP_BOLTZMANN / QEP_E_CHARGE; /* eV/K */
static const double tail = 16.0, core = 6.0; /* in k_B T: reach of -f', 1e-7 of its height; where it is steep, beyond which larger cells do */
static const double turn = 0.4;  /* |Omega| times the area of a cell: about its size over that of a near-crossing */

/* Gauss points per axis, and change of energy over a cell that they resolve, in k_B T; more points would make cells larger but cost as much. */
typedef struct {
    size_t nodes;
    double resolved;
} rule;
static const rule rules[] = {[2] = {6, 8.0}, [3] = {4, 5.0}};

/* Cells of one level or of all: centres (fractional). */
typedef struct {
    double (*k)[3];
    unsigned char *halved;
    size_t count, room;
} cells;

static void cells_free(cells *c) {
    qep_free(c->k);
    qep_free(c->halved);
    *c = (cells){0};
}

static qep_status append(cells *c, const double k[3], int halved, qep_error *err) {
    if (c->count == c->room) {
        void *places = NULL, *numbers = NULL;
        const size_t room = c->room ? 2 * c->room : 1024;
        QEP_TRY(qep_alloc(&places, room, sizeof *c->k, "the refined k-grid", err));
        const qep_status status = qep_alloc(&numbers, room, 1, "the refined k-grid", err);
        if (status != QEP_OK) {
            qep_free(places);
            return status;
        }
        if (c->count) {
            memcpy(places, c->k, c->count * sizeof *c->k);
            memcpy(numbers, c->halved, c->count);
        }
        qep_free(c->k);
        qep_free(c->halved);
        c->k = places;
        c->halved = numbers;
        c->room = room;
    }
    memcpy(c->k[c->count], k, sizeof *c->k);
    c->halved[c->count++] = (unsigned char)halved;
    return QEP_OK;
}

/* ---- is a cell sharp? ---- */

/* Edges of a cell as Cartesian vectors, 1/m. */
static void cell_edges(const bloch_points *set, double scale, double edge[3][3]) {
    for (int d = 0; d < set->model->dim; d++) {
        for (int c = 0; c < 3; c++) {
            edge[d][c] = scale * set->model->reciprocal[d][c] / (double)set->n[d];
        }
    }
}

static double complex along(const bloch_states *s, double complex *const matrix[3], size_t n, size_t m, const double edge[3]) {
    double complex sum = 0.0;
    for (int c = 0; c < s->model->dim; c++) {
        sum += matrix[c][n + m * s->n] * edge[c];
    }
    return sum;
}

/* How much the energy of a band changes over the cell: to second order, so that the bottom of a band counts. The derivatives of energies are those of
 * H alone, without the positions of Wannier functions. */
static double energy_change(const bloch_states *s, size_t n, double edge[3][3]) {
    double complex *const *plain = s->model->r ? s->plain : s->V;
    double sum = 0.0;
    for (int d = 0; d < s->model->dim; d++) {
        double bend = 0.0;
        sum += fabs(creal(along(s, plain, n, n, edge[d])));
        for (int a = 0, f = 0; a < s->model->dim; a++) {
            for (int b = a; b < s->model->dim; b++, f++) {
                bend += (a == b ? 1.0 : 2.0) * s->M[f][n] * edge[d][a] * edge[d][b];
            }
        }
        for (size_t m = 0; m < s->n; m++) {
            const double e = s->energy[n] - s->energy[m], size = cabs(along(s, plain, n, m, edge[d]));
            if (m != n && size > 0.0) {
                bend += copysign(2.0 * size * size / fmax(fabs(e), size), e);
            }
        }
        sum += 0.25 * fabs(bend);
    }
    return sum;
}

/* Largest |Omega| times the area of a face of the cell between levels n and m. */
static double twist(const bloch_states *s, size_t n, size_t m, double edge[3][3]) {
    const double e = s->energy[n] - s->energy[m];
    double worst = 0.0;
    for (int d = 0; d < s->model->dim; d++) {
        for (int f = d + 1; f < s->model->dim; f++) {
            const double complex x = along(s, s->V, n, m, edge[d]), y = along(s, s->V, n, m, edge[f]);
            worst = fmax(worst, fabs(2.0 * cimag(x * conj(y))) / (e * e));
        }
    }
    return worst;
}

static int is_sharp_at(const bloch_states *s, const double *change, double mu, double kT, double resolved, double edge[3][3]) {
    for (size_t n = 0; n < s->n; n++) {
        const double distance = fmax(fabs(s->energy[n] - mu) - 0.6 * change[n], 0.0);
        if (distance < tail * kT && change[n] > resolved * kT * (kT > 0.0 ? fmax(1.0, distance / (core * kT)) : 1.0)) {
            return 1;
        }
        for (size_t m = 0; m < n && s->energy[n] > mu - tail * kT - change[n]; m++) {
            if (s->energy[m] < mu + tail * kT + change[m] && s->energy[n] - s->energy[m] > BLOCH_DEGENERATE && twist(s, n, m, edge) > turn) {
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
        if (is_sharp_at(s, change, r->state[i].mu / QEP_E_CHARGE, k_B * r->state[i].T, rules[s->model->dim].resolved, edge)) {
            return 1;
        }
    }
    return 0;
}

/* ---- levels ---- */

typedef struct {
    const qep_bloch_request *request;
    bloch_points *set;
    bloch_states *states; /* [threads] */
    double *changes;      /* [threads][bands] */
    cells now, kept;
    char *sharp; /* [now.count] */
} work;

static qep_status mark_block(const work *w, size_t first, size_t count, double edge[3][3]) {
    const size_t thread = (size_t)omp_get_thread_num();
    bloch_states *s = &w->states[thread];
    bloch_states_load(s, (const double(*)[3])(w->now.k + first), count);
    for (size_t i = 0; i < count; i++) {
        QEP_TRY(bloch_states_solve(s, i, 1, NULL));
        w->sharp[first + i] = (char)is_sharp(s, w->request, edge, w->changes + thread * s->n);
    }
    return QEP_OK;
}

/* Which cells are to be divided; every one is judged by itself, so that threads do not matter. */
static qep_status mark(const work *w, double edge[3][3], qep_error *err) {
    const size_t blocks = (w->now.count + BLOCH_BLOCK - 1) / BLOCH_BLOCK;
    qep_status status = QEP_OK;
#pragma omp parallel for num_threads(w->request->threads) schedule(dynamic)
    for (size_t b = 0; b < blocks; b++) {
        const size_t first = b * BLOCH_BLOCK;
        const qep_status one = mark_block(w, first, w->now.count - first < BLOCH_BLOCK ? w->now.count - first : BLOCH_BLOCK, edge);
        if (one != QEP_OK) {
#pragma omp atomic write
            status = one;
        }
    }
    return status == QEP_OK ? QEP_OK : qep_error_add(err, status, "eigenvalues", NULL, NULL, "LAPACK could not diagonalise H(k)");
}

/* Keep the cells that are fine, divide the others into `next`. */
static qep_status split(work *w, int level, cells *next, qep_error *err) {
    const int dim = w->set->model->dim;
    for (size_t i = 0; i < w->now.count; i++) {
        if (!w->sharp[i]) {
            QEP_TRY(append(&w->kept, w->now.k[i], level, err));
            continue;
        }
        for (int corner = 0; corner < 1 << dim; corner++) {
            double k[3] = {w->now.k[i][0], w->now.k[i][1], w->now.k[i][2]};
            for (int d = 0; d < dim; d++) {
                k[d] += (corner >> d & 1 ? 0.25 : -0.25) * ldexp(1.0, -level) / (double)w->set->n[d];
            }
            QEP_TRY(append(next, k, level + 1, err));
        }
    }
    return QEP_OK;
}

static qep_status do_level(work *w, int level, qep_error *err) {
    double edge[3][3] = {{0}};
    void *block = NULL;
    cells next = {0};
    cell_edges(w->set, ldexp(1.0, -level), edge);
    qep_free(w->sharp);
    w->sharp = NULL;
    QEP_TRY(qep_alloc(&block, w->now.count + 1, 1, "the refined k-grid", err));
    w->sharp = block;
    if (level < w->request->refine) {
        QEP_TRY(mark(w, edge, err));
    }
    const qep_status status = split(w, level, &next, err);
    cells_free(&w->now);
    w->now = next;
    return status;
}

static qep_status refine(work *w, qep_error *err) {
    const qep_bloch_request *r = w->request;
    bloch_points *set = w->set;
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, (size_t)r->threads, sizeof(bloch_states), "states", err));
    w->states = block;
    for (int t = 0; t < r->threads; t++) {
        QEP_TRY(bloch_states_create(&w->states[t], r->model, 1, err));
    }
    QEP_TRY(qep_alloc_doubles(&w->changes, (size_t)r->threads * r->model->bands, "states", err));
    for (size_t i = 0; i < set->count; i++) {
        double k[3];
        bloch_points_get(set, i, k);
        QEP_TRY(append(&w->now, k, 0, err));
    }
    for (int level = 0; level <= r->refine && w->now.count > 0; level++) {
        if (qep_log_interrupted(r->log)) {
            return qep_error_add(err, QEP_ERR_INTERRUPTED, "interrupted", NULL, NULL, "stopped by a signal");
        }
        QEP_TRY(do_level(w, level, err));
    }
    return QEP_OK;
}

/* The cells become the set; so many points as can be counted. */
static qep_status hand_over(work *w, qep_error *err) {
    bloch_points *set = w->set;
    const size_t regular = set->count;
    set->nodes = rules[set->model->dim].nodes;
    set->count = w->kept.count;
    bloch_gauss(set->nodes, set->node, set->node_weight);
    for (size_t i = 0; i < set->nodes; i++) {
        set->node[i] *= 0.5;
        set->node_weight[i] *= 0.5;
    }
    for (int d = 0; d < set->model->dim; d++) {
        if (!qep_size_multiply(set->count, set->nodes, &set->count)) {
            return qep_error_add(err, QEP_ERR_MEMORY, "memory", w->request->path, NULL, "the refined k-grid has more points than can be counted");
        }
    }
    qep_log_write(w->request->log, QEP_LOG_DETAIL, "refined k-grid: %zu cells became %zu, %zu points", regular, w->kept.count, set->count);
    set->cell = w->kept.k;
    set->halved = w->kept.halved;
    w->kept = (cells){0};
    return QEP_OK;
}

qep_status bloch_refine(bloch_points *set, const qep_bloch_request *r, qep_error *err) {
    work w = {.request = r, .set = set};
    qep_status status = refine(&w, err);
    status = status == QEP_OK ? hand_over(&w, err) : status;
    for (int t = 0; w.states && t < r->threads; t++) {
        bloch_states_destroy(&w.states[t]);
    }
    qep_free(w.states);
    qep_free(w.changes);
    cells_free(&w.now);
    cells_free(&w.kept);
    qep_free(w.sharp);
    return status;
}
