/* From states to channels (docs/bloch.md, sections 2 to 5): for every pair of levels the products V_nm V_mn, and from them curvature, metric,
 * their relatives and the interband response. Degenerate levels leave their pairs out (curvature, metric) or count them as one state
 * (velocities), and share what is left evenly, so that nothing depends on the basis that LAPACK happened to choose. */
#include "bloch/channels.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static size_t components(const bloch_layout *l, int channel) {
    const size_t d = (size_t)l->dim, pairs = (size_t)bloch_pairs(l->dim), symmetric = (size_t)bloch_symmetric(l->dim);
    switch ((bloch_channel)channel) {
    case CHANNEL_ONE:
        return 1;
    case CHANNEL_OMEGA:
        return pairs;
    case CHANNEL_VOMEGA:
        return pairs * d;
    case CHANNEL_Z:
        return symmetric * l->frequencies;
    case CHANNEL_T2:
    case CHANNEL_VG:
    case CHANNEL_VM:
        return symmetric * d;
    default:
        return symmetric;
    }
}

void bloch_layout_set(bloch_layout *l) {
    size_t used = 0;
    /* What is a product with another channel needs that one too. */
    const unsigned G = 1u << CHANNEL_VG, O = 1u << CHANNEL_VOMEGA, M = 1u << CHANNEL_VM;
    l->mask |= (l->mask & G ? 1u << CHANNEL_G : 0) | (l->mask & O ? 1u << CHANNEL_OMEGA : 0) | (l->mask & M ? 1u << CHANNEL_M : 0);
    for (int c = 0; c < CHANNEL_COUNT; c++) {
        l->at[c] = used;
        used += l->mask & (1u << c) ? components(l, c) : 0;
        if (c == CHANNEL_LAST_DIFFERENCE) {
            l->differences = used;
        }
    }
    l->at[CHANNEL_COUNT] = used;
}

int bloch_layout_second(const bloch_layout *l) {
    return (l->mask & (1u << CHANNEL_M | 1u << CHANNEL_VM | 1u << CHANNEL_TRACE)) != 0;
}

qep_status bloch_rows_create(bloch_rows *rows, const bloch_layout *l, size_t n, qep_error *err) {
    const size_t pairs = n * (n - 1) / 2 + 1;
    *rows = (bloch_rows){0};
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, n * l->at[CHANNEL_COUNT] + 1, sizeof(double), "channels of the states", err));
    rows->state = block;
    QEP_TRY(qep_alloc(&block, pairs * (l->differences + 1), sizeof(double), "channels of the pairs", err));
    rows->pair = block;
    QEP_TRY(qep_alloc(&block, pairs, sizeof *rows->span, "energies of the pairs", err));
    rows->span = block;
    return QEP_OK;
}

void bloch_rows_destroy(bloch_rows *rows) {
    qep_free(rows->state);
    qep_free(rows->pair);
    qep_free(rows->span);
    *rows = (bloch_rows){0};
}

/* Re and Im of V^a_nm V^b_mn, for n above m; V is Hermitian. */
typedef struct {
    double re[6], im[3];
    double energy; /* e_n - e_m > 0, eV */
    double speed[3]; /* V_n - V_m */
} pair_products;

static void products(const bloch_states *s, size_t n, size_t m, pair_products *p) {
    const size_t size = s->n;
    const int dim = s->model->dim;
    double x[3], y[3];
    p->energy = s->energy[n] - s->energy[m];
    for (int a = 0; a < dim; a++) {
        const double complex v = s->V[a][n + m * size];
        x[a] = creal(v);
        y[a] = cimag(v);
        p->speed[a] = creal(s->V[a][n + n * size]) - creal(s->V[a][m + m * size]);
    }
    for (int a = 0, f = 0, g = 0; a < dim; a++) {
        for (int b = a; b < dim; b++, f++) {
            p->re[f] = x[a] * x[b] + y[a] * y[b];
            if (b > a) {
                p->im[g++] = y[a] * x[b] - x[a] * y[b];
            }
        }
    }
}

/* The difference channels of a pair: what state n receives and state m the negative of. */
static void difference_row(const bloch_layout *l, const pair_products *p, double *row) {
    const double e = p->energy, e2 = e * e;
    const int symmetric = bloch_symmetric(l->dim), pairs = bloch_pairs(l->dim);
    const unsigned mask = l->mask;
    for (int g = 0; g < pairs && mask & (1u << CHANNEL_OMEGA); g++) {
        row[l->at[CHANNEL_OMEGA] + (size_t)g] = -2.0 * p->im[g] / e2;
    }
    for (int f = 0; f < symmetric; f++) {
        const size_t c = (size_t)f;
        const double R = p->re[f] / e2, still = 1.0 + (e / l->rate) * (e / l->rate);
        if (mask & (1u << CHANNEL_G)) {
            row[l->at[CHANNEL_G] + c] = 2.0 * R / e;
        }
        for (size_t w = 0; w < l->frequencies && mask & (1u << CHANNEL_Z); w++) {
            const double up = (e - l->omega[w]) / l->rate, down = (e + l->omega[w]) / l->rate;
            row[l->at[CHANNEL_Z] + w * (size_t)symmetric + c] = -p->re[f] / e * (1.0 / (1.0 + up * up) + 1.0 / (1.0 + down * down));
        }
        if (mask & (1u << CHANNEL_ZR)) {
            row[l->at[CHANNEL_ZR] + c] = -2.0 * R * e / still;
        }
        for (int a = 0; a < l->dim && mask & (1u << CHANNEL_T2); a++) {
            row[l->at[CHANNEL_T2] + (size_t)(a * symmetric + f)] = p->speed[a] * R / e2;
        }
        if (mask & (1u << CHANNEL_SUM)) {
            row[l->at[CHANNEL_SUM] + c] = -2.0 * p->re[f] / e;
        }
    }
}

/* d2 e = <ddH> + 2 sum |dH|^2/e: the plain derivative, since energies do not depend on positions. */
static void add_curvature(const bloch_layout *l, const bloch_states *s, size_t n, size_t m, double e, double *to_n, double *to_m) {
    const double complex *const *V = s->model->r ? (const double complex *const *)s->plain : (const double complex *const *)s->V;
    for (int a = 0, f = 0; a < l->dim; a++) {
        for (int b = a; b < l->dim; b++, f++) {
            const double complex x = V[a][n + m * s->n], y = V[b][n + m * s->n];
            const double value = 2.0 * (creal(x) * creal(y) + cimag(x) * cimag(y)) / e;
            to_n[l->at[CHANNEL_M] + (size_t)f] += value;
            to_m[l->at[CHANNEL_M] + (size_t)f] -= value;
        }
    }
}

/* A pair within one level: it belongs to the velocities of that level. */
static void add_level_velocity(const bloch_layout *l, const pair_products *p, double *to_n, double *to_m) {
    for (int f = 0; f < bloch_symmetric(l->dim) && l->mask & (1u << CHANNEL_VV); f++) {
        to_n[l->at[CHANNEL_VV] + (size_t)f] += p->re[f];
        to_m[l->at[CHANNEL_VV] + (size_t)f] += p->re[f];
    }
}

static void add_pair(bloch_rows *rows, const bloch_layout *l, const bloch_states *s, size_t n, size_t m, int one_level) {
    const size_t width = l->at[CHANNEL_COUNT];
    double *to_n = rows->state + n * width, *to_m = rows->state + m * width;
    pair_products p;
    products(s, n, m, &p);
    if (one_level) {
        add_level_velocity(l, &p, to_n, to_m);
        return;
    }
    double *row = rows->pair + rows->pairs * l->differences;
    difference_row(l, &p, row);
    for (int g = 0; g < bloch_pairs(l->dim) && l->mask & (1u << CHANNEL_OMEGA); g++) {
        rows->curvature_size += 2.0 * fabs(row[l->at[CHANNEL_OMEGA] + (size_t)g]);
    }
    if (p.energy < l->near && l->differences > 0) {
        rows->span[rows->pairs][0] = s->energy[m];
        rows->span[rows->pairs++][1] = s->energy[n];
    } else {
        for (size_t c = 0; c < l->differences; c++) {
            to_n[c] += row[c];
            to_m[c] -= row[c];
        }
    }
    for (int f = 0; f < bloch_symmetric(l->dim) && l->mask & (1u << CHANNEL_METRIC); f++) {
        const double R = p.re[f] / (p.energy * p.energy);
        to_n[l->at[CHANNEL_METRIC] + (size_t)f] += R;
        to_m[l->at[CHANNEL_METRIC] + (size_t)f] += R;
    }
    if (l->mask & (1u << CHANNEL_M)) {
        add_curvature(l, s, n, m, p.energy, to_n, to_m);
    }
}

/* What a state has by itself. */
static void own_row(const bloch_layout *l, const bloch_states *s, size_t n, double *row) {
    const int symmetric = bloch_symmetric(l->dim);
    if (l->mask & (1u << CHANNEL_ONE)) {
        row[l->at[CHANNEL_ONE]] = 1.0;
    }
    for (int g = 0; s->model->r && g < bloch_pairs(l->dim) && l->mask & (1u << CHANNEL_OMEGA); g++) {
        row[l->at[CHANNEL_OMEGA] + (size_t)g] = s->F[g][n];
    }
    for (int a = 0, f = 0; a < l->dim && l->mask & (1u << CHANNEL_VV); a++) {
        for (int b = a; b < l->dim; b++, f++) {
            row[l->at[CHANNEL_VV] + (size_t)f] = creal(s->V[a][n + n * s->n]) * creal(s->V[b][n + n * s->n]);
        }
    }
    for (int f = 0; f < symmetric; f++) {
        if (l->mask & (1u << CHANNEL_M)) {
            row[l->at[CHANNEL_M] + (size_t)f] = s->M[f][n];
        }
        if (l->mask & (1u << CHANNEL_TRACE)) {
            row[l->at[CHANNEL_TRACE] + (size_t)f] = s->M[f][n];
        }
    }
}

/* Every channel of the states [first, last) replaced by its mean. */
static void share(bloch_rows *rows, const bloch_layout *l, size_t first, size_t last) {
    const size_t width = l->at[CHANNEL_COUNT];
    for (size_t c = 0; c < width; c++) {
        double sum = 0.0;
        for (size_t n = first; n < last; n++) {
            sum += rows->state[n * width + c];
        }
        for (size_t n = first; n < last; n++) {
            rows->state[n * width + c] = sum / (double)(last - first);
        }
    }
}

/* Products with the velocity of the level, after sharing. */
static void add_products(const bloch_layout *l, const double speed[3], const double curvature[3], const double G[6], double *row) {
    const int symmetric = bloch_symmetric(l->dim);
    for (int a = 0; a < l->dim; a++) {
        for (int f = 0; f < symmetric; f++) {
            const size_t c = (size_t)(a * symmetric + f);
            if (l->mask & (1u << CHANNEL_VG)) {
                row[l->at[CHANNEL_VG] + c] = speed[a] * G[f];
            }
            if (l->mask & (1u << CHANNEL_VM)) {
                row[l->at[CHANNEL_VM] + c] = speed[a] * row[l->at[CHANNEL_M] + (size_t)f];
            }
        }
        for (int g = 0; g < bloch_pairs(l->dim) && l->mask & (1u << CHANNEL_VOMEGA); g++) {
            row[l->at[CHANNEL_VOMEGA] + (size_t)(g * l->dim + a)] = speed[a] * curvature[g];
        }
    }
}

void bloch_rows_whole(const bloch_rows *rows, const bloch_layout *l, const bloch_states *s, size_t n, double curvature[3], double G[6]) {
    const double *row = rows->state + n * l->at[CHANNEL_COUNT];
    for (int g = 0; g < bloch_pairs(l->dim); g++) {
        curvature[g] = l->mask & (1u << CHANNEL_OMEGA) ? row[l->at[CHANNEL_OMEGA] + (size_t)g] : 0.0;
    }
    for (int f = 0; f < bloch_symmetric(l->dim); f++) {
        G[f] = l->mask & (1u << CHANNEL_G) ? row[l->at[CHANNEL_G] + (size_t)f] : 0.0;
    }
    for (size_t p = 0; p < rows->pairs; p++) {
        const double sign = rows->span[p][1] == s->energy[n] ? 1.0 : rows->span[p][0] == s->energy[n] ? -1.0 : 0.0;
        const double *pair = rows->pair + p * l->differences;
        for (int g = 0; g < bloch_pairs(l->dim) && l->mask & (1u << CHANNEL_OMEGA); g++) {
            curvature[g] += sign * pair[l->at[CHANNEL_OMEGA] + (size_t)g];
        }
        for (int f = 0; f < bloch_symmetric(l->dim) && l->mask & (1u << CHANNEL_G); f++) {
            G[f] += sign * pair[l->at[CHANNEL_G] + (size_t)f];
        }
    }
}

double bloch_level_velocity(const bloch_states *s, size_t n, int axis) {
    size_t first = n, last = n + 1;
    double sum = 0.0;
    while (first > 0 && s->energy[first] - s->energy[first - 1] < BLOCH_DEGENERATE) {
        first--;
    }
    while (last < s->n && s->energy[last] - s->energy[last - 1] < BLOCH_DEGENERATE) {
        last++;
    }
    for (size_t m = first; m < last; m++) {
        sum += creal(s->V[axis][m + m * s->n]);
    }
    return sum / (double)(last - first);
}

static size_t level_end(const bloch_states *s, size_t first) {
    size_t last = first + 1;
    while (last < s->n && s->energy[last] - s->energy[last - 1] < BLOCH_DEGENERATE) {
        last++;
    }
    return last;
}

static void finish_level(bloch_rows *rows, const bloch_layout *l, const bloch_states *s, size_t first, size_t last) {
    double speed[3] = {0};
    if (last - first > 1) {
        share(rows, l, first, last);
    }
    for (int a = 0; a < l->dim; a++) {
        for (size_t n = first; n < last; n++) {
            speed[a] += creal(s->V[a][n + n * s->n]) / (double)(last - first);
        }
    }
    for (size_t n = first; n < last; n++) {
        double curvature[3], G[6];
        bloch_rows_whole(rows, l, s, n, curvature, G);
        for (int f = 0; f < bloch_symmetric(l->dim); f++) {
            rows->largest_G = fmax(rows->largest_G, fabs(G[f]));
        }
        add_products(l, speed, curvature, G, rows->state + n * l->at[CHANNEL_COUNT]);
    }
}

/* Identities of one k: the curvatures of all bands cancel, and that of a single band of a sheet is bounded by its metric. */
static void judge(bloch_rows *rows, const bloch_layout *l, const bloch_states *s) {
    const unsigned both = 1u << CHANNEL_OMEGA | 1u << CHANNEL_METRIC;
    double sum[3] = {0}, curvature[3], G[6];
    rows->curvature_sum = rows->metric_excess = 0.0;
    for (size_t n = 0; n < s->n && l->mask & (1u << CHANNEL_OMEGA) && !s->model->r; n++) {
        bloch_rows_whole(rows, l, s, n, curvature, G);
        for (int g = 0; g < bloch_pairs(l->dim); g++) {
            sum[g] += curvature[g];
        }
        const int alone = (n == 0 || s->energy[n] - s->energy[n - 1] > BLOCH_DEGENERATE) && (n + 1 == s->n || s->energy[n + 1] - s->energy[n] > BLOCH_DEGENERATE);
        if (alone && l->dim == 2 && (l->mask & both) == both) {
            const double *g = rows->state + n * l->at[CHANNEL_COUNT] + l->at[CHANNEL_METRIC], trace = g[0] + g[2];
            if (trace > 0.0) {
                rows->metric_excess = fmax(rows->metric_excess, fmax((fabs(curvature[0]) - trace) / trace, (g[1] * g[1] - g[0] * g[2]) / (trace * trace)));
            }
        }
    }
    for (int g = 0; g < bloch_pairs(l->dim); g++) {
        rows->curvature_sum = fmax(rows->curvature_sum, fabs(sum[g]));
    }
    rows->curvature_sum /= rows->curvature_size > 0.0 ? rows->curvature_size : 1.0;
}

void bloch_rows_fill(bloch_rows *rows, const bloch_layout *l, const bloch_states *s) {
    memset(rows->state, 0, s->n * l->at[CHANNEL_COUNT] * sizeof *rows->state);
    rows->pairs = 0;
    rows->largest_G = rows->curvature_size = 0.0;
    rows->smallest_gap = INFINITY;
    const unsigned alone = 1u << CHANNEL_ONE;
    for (size_t n = 0; n < s->n; n++) {
        own_row(l, s, n, rows->state + n * l->at[CHANNEL_COUNT]);
    }
    for (size_t first = 0; first < s->n;) {
        const size_t last = level_end(s, first);
        if (last < s->n) {
            rows->smallest_gap = fmin(rows->smallest_gap, s->energy[last] - s->energy[last - 1]);
        }
        for (size_t n = first; n < last && l->mask != alone; n++) {
            for (size_t m = 0; m < n; m++) {
                add_pair(rows, l, s, n, m, m >= first);
            }
        }
        first = last;
    }
    for (size_t first = 0; first < s->n && l->mask != alone;) {
        const size_t last = level_end(s, first);
        finish_level(rows, l, s, first, last);
        first = last;
    }
    judge(rows, l, s);
}
