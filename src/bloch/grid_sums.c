/* Fourier sums on a regular k-grid, axis by axis: exp(ik.R) is a product, so that the sum over R is done over R_1 for each k_1, then over R_2 for
 * each (k_1, k_2), and only R_3 is left for every k, as one matrix product for a run of points. That is a transform of a few operations per element,
 * for any number of points and any shift, and it needs no array of the size of the grid, as an FFT would (docs/bloch.md, section 7). Derivatives and
 * orbital positions are weights of R and cost nothing per k. */
#include "bloch/fourier.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/base/simd.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

static const size_t most_bytes = (size_t)1 << 28; /* of partial sums */

/* Partial sums over the axes before `axis`, one block of all fields for each distinct rest of R. */
typedef struct {
    size_t count;   /* distinct rests */
    int *R;         /* [count] component along the next axis */
    size_t *from;   /* [items of the level before] which rest each belongs to */
    double complex *sum; /* [count][fields][n^2] */
} level;

struct bloch_grid_sums {
    const bloch_points *set;
    int axes; /* slow ones: dim - 1 */
    level level[2];
    double complex *turn[3]; /* [points][R - low]: phases of an axis */
    int low[3];
    size_t extent[3];
    size_t at[2];            /* indices for which the partial sums hold */
    double complex *last;    /* [count of the last level][BLOCH_BLOCK] */
    double *place;           /* [3][n^2] tau_j - tau_i; NULL with r(R) */
};

/* ---- counting ---- */

/* 1 when two lattice vectors agree from `axis` on. */
static int same_rest(const qep_bloch_model *m, size_t a, size_t b, int axis) {
    for (int d = axis; d < m->dim; d++) {
        if (m->R[3 * a + (size_t)d] != m->R[3 * b + (size_t)d]) {
            return 0;
        }
    }
    return 1;
}

/* Extent of the components of R along an axis: an upper limit to distinct ones. */
static size_t extent_of(const qep_bloch_model *m, int axis, int *low) {
    int high = INT32_MIN;
    *low = INT32_MAX;
    for (size_t s = 0; s < m->shifts; s++) {
        const int R = m->R[3 * s + (size_t)axis];
        *low = R < *low ? R : *low;
        high = R > high ? R : high;
    }
    return (size_t)(high - *low) + 1;
}

/* Complex multiplications per k and element of a field: what remains for each point, each run of points and each plane. */
static void count_work(const qep_bloch_model *m, const bloch_points *set, double *work, double *blocks) {
    int low;
    double rest = 1.0, points = 1.0;
    *work = *blocks = 0.0;
    for (int d = m->dim - 1; d >= 0; d--) {
        rest *= (double)extent_of(m, d, &low);
        *work += fmin(rest, (double)m->shifts) / points;
        *blocks += d > 0 ? fmin(rest, (double)m->shifts) : 0.0;
        points *= (double)set->n[d];
    }
}

static size_t field_count(const qep_bloch_model *m, int second) {
    return (size_t)(1 + m->dim + (second ? bloch_symmetric(m->dim) : 0) + (m->r ? m->dim + bloch_pairs(m->dim) : 0));
}

size_t bloch_grid_memory(const qep_bloch_model *m, const bloch_points *set, int second) {
    double work, blocks;
    if (!bloch_grid_pays(m, set, second)) {
        return 0;
    }
    count_work(m, set, &work, &blocks);
    return (size_t)(blocks * (double)(field_count(m, second) * m->bands * m->bands) * sizeof(double complex));
}

int bloch_grid_pays(const qep_bloch_model *m, const bloch_points *set, int second) {
    double work, blocks;
    if (m->function || set->cell || m->shifts == 0) {
        return 0;
    }
    count_work(m, set, &work, &blocks);
    return work < (double)m->shifts && blocks * (double)(field_count(m, second) * m->bands * m->bands * sizeof(double complex)) < (double)most_bytes;
}

/* ---- plan ---- */

/* Distinct rests from `axis` on among representatives [items] (indices of R); rep receives one of each. */
static qep_status plan_level(level *l, const qep_bloch_model *m, int axis, const size_t *items, size_t count, size_t *rep, qep_error *err) {
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, count, sizeof *l->from, "partial sums", err));
    l->from = block;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < l->count && !same_rest(m, rep[k], items[i], axis)) {
            k++;
        }
        if (k == l->count) {
            rep[l->count++] = items[i];
        }
        l->from[i] = k;
    }
    QEP_TRY(qep_alloc(&block, l->count, sizeof *l->R, "partial sums", err));
    l->R = block;
    for (size_t k = 0; k < l->count; k++) {
        l->R[k] = m->R[3 * rep[k] + (size_t)axis];
    }
    return QEP_OK;
}

static qep_status plan_levels(bloch_grid_sums *g, const bloch_fourier *f, size_t *items, qep_error *err) {
    const qep_bloch_model *m = f->model;
    size_t count = m->shifts;
    size_t *rep = items + count;
    void *block = NULL;
    for (size_t i = 0; i < count; i++) {
        items[i] = i;
    }
    for (int a = 0; a < g->axes; a++) {
        level *l = &g->level[a];
        QEP_TRY(plan_level(l, m, a + 1, items, count, rep, err));
        QEP_TRY(qep_alloc(&block, l->count * (size_t)f->fields * f->square, sizeof *l->sum, "partial sums", err));
        l->sum = block;
        memcpy(items, rep, l->count * sizeof *items);
        count = l->count;
    }
    QEP_TRY(qep_alloc(&block, count * BLOCH_BLOCK, sizeof *g->last, "partial sums", err));
    g->last = block;
    return QEP_OK;
}

static qep_status plan_phases(bloch_grid_sums *g, const bloch_fourier *f, qep_error *err) {
    void *block = NULL;
    for (int d = 0; d < f->model->dim; d++) {
        g->extent[d] = extent_of(f->model, d, &g->low[d]);
        QEP_TRY(qep_alloc(&block, g->set->n[d] * g->extent[d], sizeof(double complex), "phases", err));
        g->turn[d] = block;
        for (size_t i = 0; i < g->set->n[d]; i++) {
            for (size_t r = 0; r < g->extent[d]; r++) {
                g->turn[d][i * g->extent[d] + r] = bloch_turn(((double)i + g->set->shift[d]) / (double)g->set->n[d] * (double)(g->low[d] + (int)r));
            }
        }
    }
    return QEP_OK;
}

static qep_status plan_places(bloch_grid_sums *g, const bloch_fourier *f, qep_error *err) {
    if (f->model->r) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc_doubles(&g->place, 3 * f->square, "positions", err));
    for (size_t e = 0; e < f->square; e++) {
        for (size_t a = 0; a < 3; a++) {
            g->place[a * f->square + e] = f->model->tau[3 * (e / f->n) + a] - f->model->tau[3 * (e % f->n) + a];
        }
    }
    return QEP_OK;
}

qep_status bloch_grid_plan(bloch_fourier *f, const bloch_points *set, qep_error *err) {
    void *block = NULL, *items = NULL;
    QEP_TRY(qep_alloc(&block, 1, sizeof *f->grid, "partial sums", err));
    bloch_grid_sums *g = f->grid = block;
    *g = (bloch_grid_sums){.set = set, .axes = f->model->dim - 1, .at = {SIZE_MAX, SIZE_MAX}};
    QEP_TRY(plan_phases(g, f, err));
    QEP_TRY(plan_places(g, f, err));
    QEP_TRY(qep_alloc(&items, 2 * f->model->shifts, sizeof(size_t), "partial sums", err));
    const qep_status status = plan_levels(g, f, items, err);
    qep_free(items);
    return status;
}

void bloch_grid_destroy(bloch_grid_sums *g) {
    if (!g) {
        return;
    }
    for (int a = 0; a < 2; a++) {
        qep_free(g->level[a].R);
        qep_free(g->level[a].from);
        qep_free(g->level[a].sum);
    }
    for (int d = 0; d < 3; d++) {
        qep_free(g->turn[d]);
    }
    qep_free(g->last);
    qep_free(g->place);
    qep_free(g);
}

/* ---- sums ---- */

static double complex turn_of(const bloch_grid_sums *g, int axis, size_t i, int R) {
    return g->turn[axis][i * g->extent[axis] + (size_t)(R - g->low[axis])];
}

/* y += factor x, complex numbers as pairs of doubles. */
QEP_VARIANTS static void add_turned(double *y, const double *x, double re, double im, size_t count) {
    for (size_t i = 0; i < count; i++) {
        y[2 * i] += re * x[2 * i] - im * x[2 * i + 1];
        y[2 * i + 1] += re * x[2 * i + 1] + im * x[2 * i];
    }
}

/* H(R) of one R, turned, into its derivatives: weights 1, i x_a, -x_a x_b with x = R + tau_j - tau_i. */
static void add_hamiltonian(const bloch_fourier *f, size_t shift, double complex turn, double complex *out) {
    const bloch_grid_sums *g = f->grid;
    const int dim = f->model->dim;
    double R[3];
    bloch_cartesian_shift(f->model, shift, R);
    for (size_t e = 0; e < f->square; e++) {
        const double complex h = turn * f->model->H[shift * f->square + e];
        double x[3] = {R[0], R[1], R[2]};
        for (size_t a = 0; a < 3 && g->place; a++) {
            x[a] += g->place[a * f->square + e];
        }
        out[e] += h;
        for (int a = 0, s = bloch_second_at(f); a < dim; a++) {
            out[(size_t)(1 + a) * f->square + e] += I * x[a] * h;
            for (int b = a; f->second && b < dim; b++, s++) {
                out[(size_t)s * f->square + e] -= x[a] * x[b] * h;
            }
        }
    }
}

/* r(R) of one R: A_a, and d_a A_b - d_b A_a with the weights i (R_a r_b - R_b r_a). */
static void add_positions(const bloch_fourier *f, size_t shift, double complex turn, double complex *out) {
    const qep_bloch_model *m = f->model;
    double complex *A = out + (size_t)bloch_r_at(f) * f->square, *curl = A + (size_t)m->dim * f->square;
    double R[3];
    bloch_cartesian_shift(m, shift, R);
    for (int a = 0; a < m->dim; a++) {
        const double complex *ra = m->r + ((size_t)a * m->shifts + shift) * f->square;
        add_turned((double *)(A + (size_t)a * f->square), (const double *)ra, creal(turn), cimag(turn), f->square);
        for (int b = a + 1; b < m->dim; b++, curl += f->square) {
            const double complex *rb = m->r + ((size_t)b * m->shifts + shift) * f->square, plus = I * R[a] * turn, minus = -I * R[b] * turn;
            add_turned((double *)curl, (const double *)rb, creal(plus), cimag(plus), f->square);
            add_turned((double *)curl, (const double *)ra, creal(minus), cimag(minus), f->square);
        }
    }
}

/* Partial sums over R_1 at point i of the first axis. */
static void sum_first(const bloch_fourier *f, size_t i) {
    level *l = &f->grid->level[0];
    const size_t block = (size_t)f->fields * f->square;
    memset(l->sum, 0, l->count * block * sizeof *l->sum);
    for (size_t s = 0; s < f->model->shifts; s++) {
        const double complex turn = turn_of(f->grid, 0, i, f->model->R[3 * s]);
        add_hamiltonian(f, s, turn, l->sum + l->from[s] * block);
        if (f->model->r) {
            add_positions(f, s, turn, l->sum + l->from[s] * block);
        }
    }
}

/* From these those over R_2 at point i of the second axis. */
static void sum_second(const bloch_fourier *f, size_t i) {
    const level *l = &f->grid->level[0];
    level *to = &f->grid->level[1];
    const size_t block = (size_t)f->fields * f->square;
    memset(to->sum, 0, to->count * block * sizeof *to->sum);
    for (size_t k = 0; k < l->count; k++) {
        const double complex turn = turn_of(f->grid, 1, i, l->R[k]);
        add_turned((double *)(to->sum + to->from[k] * block), (const double *)(l->sum + k * block), creal(turn), cimag(turn), block);
    }
}

/* A run of points along the last axis, into points [p, p + count) of the block. */
static void sum_run(const bloch_fourier *f, size_t first, size_t count, size_t p) {
    bloch_grid_sums *g = f->grid;
    const level *l = &g->level[g->axes - 1];
    const size_t block = (size_t)f->fields * f->square;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < l->count; k++) {
            g->last[i * l->count + k] = turn_of(g, g->axes, first + i, l->R[k]);
        }
    }
    qep_zgemm(QEP_AS_IS, QEP_AS_IS, block, count, l->count, 1.0, l->sum, block, g->last, l->count, 0.0, f->sums + p * block, block);
}

void bloch_grid_load(bloch_fourier *f, size_t first, size_t count) {
    bloch_grid_sums *g = f->grid;
    const size_t *n = g->set->n, fast = n[g->axes];
    for (size_t p = 0; p < count;) {
        const size_t run = (first + p) / fast, start = (first + p) % fast, here = fast - start < count - p ? fast - start : count - p;
        const size_t at[2] = {g->axes == 2 ? run / n[1] : run, g->axes == 2 ? run % n[1] : 0};
        if (at[0] != g->at[0]) {
            sum_first(f, at[0]);
        }
        if (g->axes == 2 && (at[0] != g->at[0] || at[1] != g->at[1])) {
            sum_second(f, at[1]);
        }
        g->at[0] = at[0];
        g->at[1] = at[1];
        sum_run(f, start, here, p);
        p += here;
    }
}
