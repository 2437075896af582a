/* One level of a seven-point operator: couplings to the next cell along each axis, sinks, inverse diagonals; rows with wrapped neighbours. */
#include "elliptic_impl.h"

#include "qep/base/memory.h"
#include "qep/base/simd.h"
#include <string.h>

qep_status qep_couplings_allocate(qep_couplings *c, qep_error *err) {
    c->count = c->n[0] * c->n[1] * c->n[2];
    for (int d = 0; d < 3; d++) {
        if (c->n[d] > 1) {
            QEP_TRY(qep_alloc((void **)&c->g[d], c->count, sizeof(double), "face coefficients", err));
        }
    }
    QEP_TRY(qep_alloc((void **)&c->sink, c->count, sizeof(double), "face coefficients", err));
    QEP_TRY(qep_alloc_doubles(&c->inverse, c->count, "inverse diagonal", err));
    return qep_alloc((void **)&c->zero, c->n[0], sizeof(double), "row of zeros", err);
}

void qep_couplings_free(qep_couplings *c) {
    for (int d = 0; d < 3; d++) {
        qep_free(c->g[d]);
        c->g[d] = NULL;
    }
    qep_free(c->sink);
    qep_free(c->inverse);
    qep_free(c->zero);
    c->sink = c->inverse = c->zero = NULL;
}

qep_row qep_couplings_row(const qep_couplings *c, size_t y, size_t z) {
    const size_t nx = c->n[0], ny = c->n[1], nz = c->n[2], plane = nx * ny;
    const size_t yl = (y ? y : ny) - 1, yh = y + 1 < ny ? y + 1 : 0, zl = (z ? z : nz) - 1, zh = z + 1 < nz ? z + 1 : 0;
    const size_t at = z * plane + y * nx;
    return (qep_row){
        .offset = at,
        .gx = c->g[0] ? c->g[0] + at : c->zero,
        .gy = {c->g[1] ? c->g[1] + z * plane + yl * nx : c->zero, c->g[1] ? c->g[1] + at : c->zero},
        .gz = {c->g[2] ? c->g[2] + zl * plane + y * nx : c->zero, c->g[2] ? c->g[2] + at : c->zero},
        .sink = c->sink + at,
        .inverse = c->inverse + at,
        .y = {z * plane + yl * nx, z * plane + yh * nx},
        .z = {zl * plane + y * nx, zh * plane + y * nx},
    };
}

QEP_VARIANTS
static void finish_row(const qep_row *row, size_t nx, double *restrict inverse) {
    const double *const gx = row->gx, *const yl = row->gy[0], *const yh = row->gy[1], *const zl = row->gz[0], *const zh = row->gz[1],
                        *const sink = row->sink;
    for (size_t x = 0; x < nx; x++) {
        const double diagonal = sink[x] + gx[x] + gx[x ? x - 1 : nx - 1] + yl[x] + yh[x] + zl[x] + zh[x];
        inverse[x] = diagonal > 0.0 ? 1.0 / diagonal : 0.0;
    }
}

void qep_couplings_finish(qep_couplings *c, int threads) {
    const size_t rows = c->n[1] * c->n[2];
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        const qep_row row = qep_couplings_row(c, i % c->n[1], i / c->n[1]);
        finish_row(&row, c->n[0], c->inverse + row.offset);
    }
}
