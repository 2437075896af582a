/* The operator applied: fluxes from differences (constants give exactly zero), floating electrodes by orthogonal projection onto vectors that are constant
 * on them, loads between them. Also the sums and projections of the iteration, the same for any number of threads. */
#include "elliptic_impl.h"

#include "qep/base/reduce.h"
#include "qep/base/simd.h"
#include <math.h>
#include <string.h>

static double flux_at(const qep_row *row, const double *u, size_t nx, size_t x) {
    const size_t left = x ? x - 1 : nx - 1, right = x + 1 < nx ? x + 1 : 0;
    const double v = u[row->offset + x];
    return row->sink[x] * v + row->gx[x] * (v - u[row->offset + right]) + row->gx[left] * (v - u[row->offset + left]) +
           row->gy[0][x] * (v - u[row->y[0] + x]) + row->gy[1][x] * (v - u[row->y[1] + x]) + row->gz[0][x] * (v - u[row->z[0] + x]) +
           row->gz[1][x] * (v - u[row->z[1] + x]);
}

QEP_VARIANTS
static void apply_row(const qep_row *row, const double *restrict all_u, size_t nx, double *restrict out) {
    const double *const gx = row->gx, *const g0 = row->gy[0], *const g1 = row->gy[1], *const g2 = row->gz[0], *const g3 = row->gz[1],
                        *const sink = row->sink;
    const double *const u0 = all_u + row->y[0], *const u1 = all_u + row->y[1], *const u2 = all_u + row->z[0], *const u3 = all_u + row->z[1];
    const double *const u = all_u + row->offset;
    out[0] = flux_at(row, all_u, nx, 0);
    out[nx - 1] = flux_at(row, all_u, nx, nx - 1);
    for (size_t x = 1; x + 1 < nx; x++) {
        const double v = u[x];
        out[x] = sink[x] * v + gx[x] * (v - u[x + 1]) + gx[x - 1] * (v - u[x - 1]) + g0[x] * (v - u0[x]) + g1[x] * (v - u1[x]) + g2[x] * (v - u2[x]) +
                 g3[x] * (v - u3[x]);
    }
}

static void add_links(const qep_elliptic *e, const double *x, double *y) {
    for (size_t k = 0; k < e->link_count; k++) {
        const qep_link *link = &e->link[k];
        const size_t a = e->pad[link->pad[0]].cells[0];
        const double other = link->pad[1] == SIZE_MAX ? 0.0 : x[e->pad[link->pad[1]].cells[0]];
        const double current = link->conductance * (x[a] - other);
        y[a] += current;
        if (link->pad[1] != SIZE_MAX) {
            y[e->pad[link->pad[1]].cells[0]] -= current;
        }
    }
}

void qep_elliptic_average_pads(const qep_elliptic *e, double *v) {
    for (size_t p = 0; p < e->pad_count; p++) {
        const qep_pad *pad = &e->pad[p];
        double sum = 0.0;
        for (size_t k = 0; k < pad->count; k++) {
            sum += v[pad->cells[k]];
        }
        for (size_t k = 0; k < pad->count; k++) {
            v[pad->cells[k]] = sum / (double)pad->count;
        }
    }
}

void qep_elliptic_apply(const qep_elliptic *e, const double *x, double *y) {
    const size_t ny = e->a.n[1], rows = ny * e->a.n[2];
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        const qep_row row = qep_couplings_row(&e->a, i % ny, i / ny);
        apply_row(&row, x, e->a.n[0], y + row.offset);
    }
    add_links(e, x, y);
    qep_elliptic_average_pads(e, y);
}

double qep_elliptic_dot(const qep_elliptic *e, const double *v, const double *w) {
    const size_t count = e->a.count, blocks = (count + QEP_REDUCE_BLOCK - 1) / QEP_REDUCE_BLOCK;
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t k = 0; k < blocks; k++) {
        const size_t end = (k + 1) * QEP_REDUCE_BLOCK < count ? (k + 1) * QEP_REDUCE_BLOCK : count;
        double sum[4] = {0.0, 0.0, 0.0, 0.0};
        size_t i = k * QEP_REDUCE_BLOCK;
        for (; i + 4 <= end; i += 4) {
            for (int j = 0; j < 4; j++) {
                sum[j] += v[i + (size_t)j] * w[i + (size_t)j];
            }
        }
        for (; i < end; i++) {
            sum[0] += v[i] * w[i];
        }
        e->partial[k] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
    return qep_reduce_pairwise(e->partial, blocks);
}

double qep_elliptic_mean(const qep_elliptic *e, const double *v) {
    const size_t count = e->a.count, blocks = (count + QEP_REDUCE_BLOCK - 1) / QEP_REDUCE_BLOCK;
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t k = 0; k < blocks; k++) {
        const size_t end = (k + 1) * QEP_REDUCE_BLOCK < count ? (k + 1) * QEP_REDUCE_BLOCK : count;
        double sum[4] = {0.0, 0.0, 0.0, 0.0};
        size_t i = k * QEP_REDUCE_BLOCK;
        for (; i + 4 <= end; i += 4) {
            for (size_t j = 0; j < 4; j++) {
                sum[j] += v[i + j];
            }
        }
        for (; i < end; i++) {
            sum[0] += v[i];
        }
        e->partial[k] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
    return qep_reduce_pairwise(e->partial, blocks) / (double)count;
}

static void remove_mean(const qep_elliptic *e, double *v) {
    const double mean = qep_elliptic_mean(e, v);
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->a.count; i++) {
        v[i] -= mean;
    }
}

/* Sums over networks in the order of the cells. */
static void remove_means(const qep_elliptic *e, double *v) {
    const qep_networks *net = &e->net;
    memset(e->net_sum, 0, net->count * sizeof *e->net_sum);
    for (size_t i = 0; i < e->a.count; i++) {
        if (net->label[i] != QEP_NET_NONE) {
            e->net_sum[net->label[i]] += v[i];
        }
    }
    for (size_t k = 0; k < net->count; k++) {
        e->net_sum[k] = net->singular[k] ? e->net_sum[k] / (double)net->size[k] : 0.0;
    }
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->a.count; i++) {
        v[i] = net->label[i] != QEP_NET_NONE ? v[i] - e->net_sum[net->label[i]] : 0.0;
    }
}

/* Diagonal of a cell's row; cells of a floating electrode share theirs. */
static double diagonal_of(const qep_elliptic *e, size_t i) {
    return e->role[i] == QEP_UNKNOWN && e->a.inverse[i] > 0.0 ? 1.0 / e->a.inverse[i] : 0.0;
}

static void add_per_network(const qep_elliptic *e, size_t i, double v, double diagonal, double *weight) {
    const uint32_t k = e->net.label ? e->net.label[i] : 0;
    if (k != QEP_NET_NONE) {
        e->net_sum[k] += v;
        weight[k] += diagonal;
    }
}

void qep_elliptic_balance_rows(const qep_elliptic *e, double *v) {
    const qep_networks *net = &e->net;
    double *const weight = e->net_weight;
    qep_elliptic_average_pads(e, v);
    if (!net->floating) {
        return;
    }
    memset(e->net_sum, 0, net->count * sizeof *e->net_sum);
    memset(weight, 0, net->count * sizeof *weight);
    for (size_t i = 0; i < e->a.count; i++) {
        add_per_network(e, i, v[i], diagonal_of(e, i), weight);
    }
    for (size_t p = 0; p < e->pad_count; p++) {
        add_per_network(e, e->pad[p].cells[0], 0.0, e->pad[p].diagonal, weight);
    }
    for (size_t k = 0; k < net->count; k++) {
        e->net_sum[k] = net->singular[k] && weight[k] > 0.0 ? e->net_sum[k] / weight[k] : 0.0;
    }
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->a.count; i++) {
        const uint32_t k = net->label ? net->label[i] : 0;
        v[i] = k != QEP_NET_NONE ? v[i] - e->net_sum[k] * diagonal_of(e, i) : 0.0;
    }
    for (size_t p = 0; p < e->pad_count; p++) {
        const qep_pad *pad = &e->pad[p];
        const uint32_t k = net->label ? net->label[pad->cells[0]] : 0;
        for (size_t j = 0; j < pad->count && k != QEP_NET_NONE; j++) {
            v[pad->cells[j]] -= e->net_sum[k] * pad->diagonal / (double)pad->count;
        }
    }
}

void qep_elliptic_project(const qep_elliptic *e, double *v, int zero_mean) {
    qep_elliptic_average_pads(e, v);
    if (!zero_mean || !e->net.floating) {
        return;
    }
    if (e->net.label) {
        remove_means(e, v);
    } else {
        remove_mean(e, v);
    }
}
