/* The inner loops of the multigrid: rows of x. A half sweep computes every cell of the row and keeps every other one: contiguous vectors at
 * twice the arithmetic are faster than vectors with gaps. */
#include "multigrid_impl.h"

#include "qep/base/simd.h"

enum { CHUNK = 256 }; /* values of a row at a time, on the stack */

qep_mg_row qep_mg_row_of(const qep_mg_level *level, size_t y, size_t z) {
    const size_t nx = level->n[0], ny = level->n[1], nz = level->n[2], plane = nx * ny;
    const size_t yl = (y ? y : ny) - 1, yh = y + 1 < ny ? y + 1 : 0, zl = (z ? z : nz) - 1, zh = z + 1 < nz ? z + 1 : 0;
    const size_t at = z * plane + y * nx, sinks = level->rows[z * ny + y] & QEP_MG_SINKS;
    return (qep_mg_row){
        .offset = at,
        .gx = level->g[0] ? level->g[0] + at : level->zero,
        .gy = {level->g[1] ? level->g[1] + z * plane + yl * nx : level->zero, level->g[1] ? level->g[1] + at : level->zero},
        .gz = {level->g[2] ? level->g[2] + zl * plane + y * nx : level->zero, level->g[2] ? level->g[2] + at : level->zero},
        .sink = sinks ? level->sink + at : level->zero,
        .inverse = level->inverse + at,
        .b = level->b + at,
        .uy = {level->u + z * plane + yl * nx, level->u + z * plane + yh * nx},
        .uz = {level->u + zl * plane + y * nx, level->u + zh * plane + y * nx},
        .u = level->u + at,
    };
}

QEP_VARIANTS void qep_mg_start_row(const qep_mg_row *row, size_t nx) {
    const float *const inverse = row->inverse, *const b = row->b;
    float *const u = row->u;
#pragma omp simd
    for (size_t x = 0; x < nx; x++) {
        u[x] = inverse[x] * b[x];
    }
}

static float relaxed(const qep_mg_row *row, size_t nx, size_t x) {
    const size_t left = x ? x - 1 : nx - 1, right = x + 1 < nx ? x + 1 : 0;
    return row->inverse[x] * (row->b[x] + row->gx[x] * row->u[right] + row->gx[left] * row->u[left] + row->gy[0][x] * row->uy[0][x] +
                              row->gy[1][x] * row->uy[1][x] + row->gz[0][x] * row->uz[0][x] + row->gz[1][x] * row->uz[1][x]);
}

QEP_VARIANTS void qep_mg_relax_row(const qep_mg_row *row, const int32_t *chosen, size_t nx, size_t end) {
    const float *const gx = row->gx, *const g0 = row->gy[0], *const g1 = row->gy[1], *const g2 = row->gz[0], *const g3 = row->gz[1],
                       *const inverse = row->inverse, *const b = row->b;
    const float *const u0 = row->uy[0], *const u1 = row->uy[1], *const u2 = row->uz[0], *const u3 = row->uz[1];
    float *const u = row->u;
    const size_t inner = end < nx ? end : nx - 1;
    if (chosen[0] && end > 0) {
        u[0] = relaxed(row, nx, 0);
    }
    for (size_t begin = 1; begin < inner; begin += CHUNK) {
        float value[CHUNK];
        const size_t size = inner - begin < CHUNK ? inner - begin : CHUNK;
        for (size_t i = 0; i < size; i++) {
            const size_t x = begin + i;
            value[i] = inverse[x] * (b[x] + gx[x] * u[x + 1] + gx[x - 1] * u[x - 1] + g0[x] * u0[x] + g1[x] * u1[x] + g2[x] * u2[x] + g3[x] * u3[x]);
        }
        for (size_t i = 0; i < size; i++) {
            u[begin + i] = chosen[begin + i] ? value[i] : u[begin + i];
        }
    }
    if (end == nx && nx > 1 && chosen[nx - 1]) {
        u[nx - 1] = relaxed(row, nx, nx - 1);
    }
}

void qep_mg_relax_last(const qep_mg_row *row, size_t nx) {
    row->u[nx - 1] = relaxed(row, nx, nx - 1);
}

static float residual_at(const qep_mg_row *row, size_t nx, size_t x) {
    const size_t left = x ? x - 1 : nx - 1, right = x + 1 < nx ? x + 1 : 0;
    const float v = row->u[x];
    return row->b[x] - (row->sink[x] * v + row->gx[x] * (v - row->u[right]) + row->gx[left] * (v - row->u[left]) + row->gy[0][x] * (v - row->uy[0][x]) +
                        row->gy[1][x] * (v - row->uy[1][x]) + row->gz[0][x] * (v - row->uz[0][x]) + row->gz[1][x] * (v - row->uz[1][x]));
}

QEP_VARIANTS void qep_mg_residual_row(const qep_mg_row *row, size_t nx, float *restrict out) {
    const float *const gx = row->gx, *const g0 = row->gy[0], *const g1 = row->gy[1], *const g2 = row->gz[0], *const g3 = row->gz[1],
                       *const sink = row->sink, *const b = row->b, *const u = row->u;
    const float *const u0 = row->uy[0], *const u1 = row->uy[1], *const u2 = row->uz[0], *const u3 = row->uz[1];
    out[0] = residual_at(row, nx, 0);
    out[nx - 1] = residual_at(row, nx, nx - 1);
    for (size_t x = 1; x + 1 < nx; x++) {
        const float v = u[x];
        out[x] = b[x] - (sink[x] * v + gx[x] * (v - u[x + 1]) + gx[x - 1] * (v - u[x - 1]) + g0[x] * (v - u0[x]) + g1[x] * (v - u1[x]) +
                         g2[x] * (v - u2[x]) + g3[x] * (v - u3[x]));
    }
}
