/* The operator applied: fluxes from differences (constants give exactly zero), floating electrodes by orthogonal projection onto vectors that are constant
 * on them, loads between them. */
#include "elliptic_impl.h"

#include "qep/base/reduce.h"
#include "qep/base/simd.h"

static double flux_at(const qep_row *row, const double *u, size_t nx, size_t x) {
    const size_t left = x ? x - 1 : nx - 1, right = x + 1 < nx ? x + 1 : 0;
    const double v = u[row->offset + x];
    return row->sink[x] * v + row->gx[x] * (v - u[row->offset + right]) + row->gx[left] * (v - u[row->offset + left]) +
           row->gy[0][x] * (v - u[row->y[0] + x]) + row->gy[1][x] * (v - u[row->y[1] + x]) + row->gz[0][x] * (v - u[row->z[0] + x]) +
           row->gz[1][x] * (v - u[row->z[1] + x]);
}

/* out = A u of a row; returns the row's part of u.A u. */
QEP_VARIANTS
static double apply_row(const qep_row *row, const double *restrict all_u, size_t nx, double *restrict out) {
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
    return qep_elliptic_dot_row(u, out, nx);
}

/* Currents of the loads; returns their part of x.A x. */
static double add_links(const qep_elliptic *e, const double *x, double *y) {
    double power = 0.0;
    for (size_t k = 0; k < e->link_count; k++) {
        const qep_link *link = &e->link[k];
        const size_t a = e->pad[link->pad[0]].cells[0];
        const double other = link->pad[1] == SIZE_MAX ? 0.0 : x[e->pad[link->pad[1]].cells[0]];
        const double current = link->conductance * (x[a] - other);
        y[a] += current;
        if (link->pad[1] != SIZE_MAX) {
            y[e->pad[link->pad[1]].cells[0]] -= current;
        }
        power += current * (x[a] - other);
    }
    return power;
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

double qep_elliptic_apply(const qep_elliptic *e, const double *x, double *y) {
    const size_t nx = e->a.n[0], ny = e->a.n[1];
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->row_count; i++) {
        const qep_row row = qep_couplings_row(&e->a, e->row[i] % ny, e->row[i] / ny);
        e->partial[i] = apply_row(&row, x, nx, y + row.offset);
    }
    double power = qep_reduce_pairwise(e->partial, e->row_count); /* x is constant on pads: averaging y there leaves x.y alone */
    power += add_links(e, x, y);
    qep_elliptic_average_pads(e, y);
    return power;
}
