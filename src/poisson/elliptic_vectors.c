/* Sums and projections of the iteration, row by row over the rows that hold equations; partial sums are kept per row and added pairwise, so that the
 * bits are the same for any number of threads. */
#include "elliptic_impl.h"

#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "qep/base/simd.h"
#include <omp.h>
#include <string.h>

enum { LANES = 8 }; /* running sums side by side: without them each addition waits for the one before */

static double add_lanes(const double s[LANES]) {
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

QEP_VARIANTS double qep_elliptic_dot_row(const double *v, const double *w, size_t n) {
    double sum[LANES] = {0.0};
    size_t x = 0;
    for (; x + LANES <= n; x += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            sum[k] += v[x + k] * w[x + k];
        }
    }
    for (; x < n; x++) {
        sum[0] += v[x] * w[x];
    }
    return add_lanes(sum);
}

QEP_VARIANTS static double sum_row(const double *v, size_t n) {
    double sum[LANES] = {0.0};
    size_t x = 0;
    for (; x + LANES <= n; x += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            sum[k] += v[x + k];
        }
    }
    for (; x < n; x++) {
        sum[0] += v[x];
    }
    return add_lanes(sum);
}

double qep_elliptic_dot(const qep_elliptic *e, const double *v, const double *w) {
    const size_t nx = e->a.n[0];
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->row_count; i++) {
        e->partial[i] = qep_elliptic_dot_row(v + e->row[i] * nx, w + e->row[i] * nx, nx);
    }
    return qep_reduce_pairwise(e->partial, e->row_count);
}

double *qep_elliptic_buffer(const qep_elliptic *e) {
    return e->buffer + (size_t)omp_get_thread_num() * e->buffer_size;
}

QEP_VARIANTS static void widen(const float *from, double scale, size_t n, double *to) {
    for (size_t x = 0; x < n; x++) {
        to[x] = scale * (double)from[x];
    }
}

const double *qep_elliptic_row_of(const qep_vector *v, size_t offset, size_t n, double *buffer) {
    if (v->wide) {
        return v->wide + offset;
    }
    widen(v->single + offset, v->scale, n, buffer);
    return buffer;
}

/* ---- Sums over networks ------------------------------------------------------------------------------------------- */

static void sum_labelled(const uint32_t *label, const double *v, size_t n, double *sum, size_t stride) {
    for (size_t x = 0; x < n; x++) {
        if (label[x] != QEP_NET_NONE) {
            sum[label[x] * stride] += v[x];
        }
    }
}

void qep_elliptic_sum_networks(const qep_elliptic *e, const qep_vector *v, double *sum) {
    const qep_networks *net = &e->net;
    const size_t nx = e->a.n[0], rows = e->row_count;
    if (net->count == 0) {
        return;
    }
    if (net->label && net->count > QEP_NET_FEW) { /* islands: in the order of the cells */
        memset(sum, 0, net->count * sizeof *sum);
        for (size_t i = 0; i < rows; i++) {
            const size_t offset = e->row[i] * nx;
            sum_labelled(net->label + offset, qep_elliptic_row_of(v, offset, nx, e->buffer), nx, sum, 1);
        }
        return;
    }
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        const size_t offset = e->row[i] * nx;
        const double *const row = qep_elliptic_row_of(v, offset, nx, qep_elliptic_buffer(e));
        for (size_t k = 0; k < net->count; k++) {
            e->partial[k * rows + i] = 0.0;
        }
        if (net->label) {
            sum_labelled(net->label + offset, row, nx, e->partial + i, rows);
        } else {
            e->partial[i] = sum_row(row, nx);
        }
    }
    for (size_t k = 0; k < net->count; k++) {
        sum[k] = qep_reduce_pairwise(e->partial + k * rows, rows);
    }
}

/* Means of the networks that nothing fixes, 0 for the others, into net_sum. */
void qep_elliptic_find_means(const qep_elliptic *e, const qep_vector *v) {
    const qep_networks *net = &e->net;
    qep_elliptic_sum_networks(e, v, e->net_sum);
    for (size_t k = 0; k < net->count; k++) {
        e->net_sum[k] = net->singular[k] ? e->net_sum[k] / (double)net->size[k] : 0.0;
    }
}

QEP_VARIANTS static void subtract(const double *v, double mean, size_t n, double *out) {
    for (size_t x = 0; x < n; x++) {
        out[x] = v[x] - mean;
    }
}

void qep_elliptic_subtract_means(const qep_elliptic *e, const double *row, size_t offset, double *out) {
    const size_t nx = e->a.n[0];
    const uint32_t *const label = e->net.label ? e->net.label + offset : NULL;
    if (!label) {
        subtract(row, e->net_sum[0], nx, out);
        return;
    }
    for (size_t x = 0; x < nx; x++) {
        out[x] = label[x] != QEP_NET_NONE ? row[x] - e->net_sum[label[x]] : 0.0;
    }
}

/* ---- Projections -------------------------------------------------------------------------------------------------- */

void qep_elliptic_project(const qep_elliptic *e, double *v) {
    qep_elliptic_average_pads(e, v);
    if (!e->net.floating) {
        return;
    }
    const size_t nx = e->a.n[0];
    qep_elliptic_find_means(e, &(qep_vector){.wide = v});
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->row_count; i++) {
        qep_elliptic_subtract_means(e, v + e->row[i] * nx, e->row[i] * nx, v + e->row[i] * nx);
    }
}

/* Diagonal of a cell's row; cells of a floating electrode share theirs. */
static double diagonal_of(const qep_elliptic *e, size_t i) {
    return e->role[i] == QEP_UNKNOWN && e->a.inverse[i] > 0.0 ? 1.0 / e->a.inverse[i] : 0.0;
}

static size_t network_of(const qep_elliptic *e, size_t cell) {
    return e->net.label ? e->net.label[cell] : 0;
}

void qep_elliptic_sum_diagonals(qep_elliptic *e) {
    const qep_networks *net = &e->net;
    const size_t nx = e->a.n[0];
    double *const diagonals = e->q;
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->row_count; i++) {
        for (size_t x = 0; x < nx; x++) {
            diagonals[e->row[i] * nx + x] = diagonal_of(e, e->row[i] * nx + x);
        }
    }
    qep_elliptic_sum_networks(e, &(qep_vector){.wide = diagonals}, e->net_diagonal);
    for (size_t p = 0; p < e->pad_count; p++) {
        const size_t k = network_of(e, e->pad[p].cells[0]);
        if (k < net->count) {
            e->net_diagonal[k] += e->pad[p].diagonal;
        }
    }
}

void qep_elliptic_balance_rows(const qep_elliptic *e, double *v) {
    const qep_networks *net = &e->net;
    const size_t nx = e->a.n[0];
    qep_elliptic_average_pads(e, v);
    if (!net->floating) {
        return;
    }
    qep_elliptic_sum_networks(e, &(qep_vector){.wide = v}, e->net_sum);
    for (size_t k = 0; k < net->count; k++) {
        e->net_sum[k] = net->singular[k] && e->net_diagonal[k] > 0.0 ? e->net_sum[k] / e->net_diagonal[k] : 0.0;
    }
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->row_count; i++) {
        for (size_t at = e->row[i] * nx; at < (e->row[i] + 1) * nx; at++) {
            const size_t k = network_of(e, at);
            v[at] = k != QEP_NET_NONE ? v[at] - e->net_sum[k] * diagonal_of(e, at) : 0.0;
        }
    }
    for (size_t p = 0; p < e->pad_count; p++) {
        const qep_pad *pad = &e->pad[p];
        const size_t k = network_of(e, pad->cells[0]);
        for (size_t j = 0; j < pad->count && k != QEP_NET_NONE; j++) {
            v[pad->cells[j]] -= e->net_sum[k] * pad->diagonal / (double)pad->count;
        }
    }
}
