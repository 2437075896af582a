/* Moving lines between a field and cache-sized blocks, transposing rows of x in registers on the way. */
#include "blocks.h"

#include "qep/base/simd.h"
#include "vec4.h"
#include <string.h>

/* 4 x 4 transposition in registers: rows of x <-> columns of the block. */
static inline __attribute__((always_inline)) void transpose4(qep_vec4 r[4]) {
    const qep_vec4 a = __builtin_shufflevector(r[0], r[1], 0, 4, 2, 6), b = __builtin_shufflevector(r[0], r[1], 1, 5, 3, 7);
    const qep_vec4 c = __builtin_shufflevector(r[2], r[3], 0, 4, 2, 6), d = __builtin_shufflevector(r[2], r[3], 1, 5, 3, 7);
    r[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    r[1] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    r[2] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    r[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

/* Rows of x to a block [n][width]; the lines that are missing become zero. */
QEP_VARIANTS void qep_block_gather_rows(const qep_pass_axis *axis, const double *u, size_t rows, size_t width, double *block) {
    const size_t n = axis->unknowns, stride = axis->n, whole = rows / 4 * 4;
    for (size_t l = 0; l < whole; l += 4) {
        const double *from = u + l * stride + axis->first;
        size_t i = 0;
        for (; i + 4 <= n; i += 4) {
            qep_vec4 r[4];
            for (size_t k = 0; k < 4; k++) {
                r[k] = qep_vec4_load(from + k * stride + i);
            }
            transpose4(r);
            for (size_t k = 0; k < 4; k++) {
                qep_vec4_store(block + (i + k) * width + l, r[k]);
            }
        }
        for (; i < n; i++) {
            for (size_t k = 0; k < 4; k++) {
                block[i * width + l + k] = from[k * stride + i];
            }
        }
    }
    for (size_t l = whole; l < width; l++) {
        for (size_t i = 0; i < n; i++) {
            block[i * width + l] = l < rows ? u[l * stride + axis->first + i] : 0.0;
        }
    }
}

QEP_VARIANTS void qep_block_scatter_rows(const qep_pass_axis *axis, const double *block, size_t rows, size_t width, double *u) {
    const size_t n = axis->unknowns, stride = axis->n, whole = rows / 4 * 4;
    for (size_t l = 0; l < whole; l += 4) {
        double *to = u + l * stride + axis->first;
        size_t i = 0;
        for (; i + 4 <= n; i += 4) {
            qep_vec4 r[4];
            for (size_t k = 0; k < 4; k++) {
                r[k] = qep_vec4_load(block + (i + k) * width + l);
            }
            transpose4(r);
            for (size_t k = 0; k < 4; k++) {
                qep_vec4_store(to + k * stride + i, r[k]);
            }
        }
        for (; i < n; i++) {
            for (size_t k = 0; k < 4; k++) {
                to[k * stride + i] = block[i * width + l + k];
            }
        }
    }
    for (size_t l = whole; l < rows; l++) {
        for (size_t i = 0; i < n; i++) {
            u[l * stride + axis->first + i] = block[i * width + l];
        }
    }
}

/* Lines across rows: `lines` neighbours, samples `stride` apart. */
void qep_block_gather_lines(const qep_pass_axis *axis, const double *u, size_t stride, size_t lines, size_t width, double *block) {
    for (size_t i = 0; i < axis->unknowns; i++) {
        const double *from = u + (axis->first + i) * stride;
        double *to = block + i * width;
        if (lines == 2 * QEP_MAX_BATCH) {
            memcpy(to, from, 2 * QEP_MAX_BATCH * sizeof *to);
        } else {
            memcpy(to, from, lines * sizeof *to);
            memset(to + lines, 0, (width - lines) * sizeof *to);
        }
    }
}

void qep_block_scatter_lines(const qep_pass_axis *axis, const double *block, size_t stride, size_t lines, size_t width, double *u) {
    for (size_t i = 0; i < axis->unknowns; i++) {
        double *to = u + (axis->first + i) * stride;
        const double *from = block + i * width;
        if (lines == 2 * QEP_MAX_BATCH) {
            memcpy(to, from, 2 * QEP_MAX_BATCH * sizeof *to);
        } else {
            memcpy(to, from, lines * sizeof *to);
        }
    }
}

/* Divide the coefficients of a block by norm (base + eigenvalue). */
QEP_VARIANTS void qep_block_divide_rows(const qep_pass_axis *axis, const double *restrict sums, size_t width, double norm, double *restrict block) {
    for (size_t k = 0; k < axis->unknowns; k++) {
        const double lambda = norm * axis->eigenvalues[axis->first + k];
        double *row = block + k * width;
        for (size_t l = 0; l < width; l++) {
            row[l] /= sums[l] + lambda;
        }
    }
}
