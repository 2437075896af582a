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

QEP_VARIANTS void qep_block_gather_rows(const double *u, size_t stride, size_t n, size_t rows, size_t width, double *block) {
    const size_t whole = rows / 4 * 4;
    for (size_t l = 0; l < whole; l += 4) {
        const double *from = u + l * stride;
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
            block[i * width + l] = l < rows ? u[l * stride + i] : 0.0;
        }
    }
}

QEP_VARIANTS void qep_block_scatter_rows(const double *block, size_t stride, size_t n, size_t rows, size_t width, int add, double *u) {
    const size_t whole = add ? 0 : rows / 4 * 4;
    for (size_t l = 0; l < whole; l += 4) {
        double *to = u + l * stride;
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
            u[l * stride + i] = add ? u[l * stride + i] + block[i * width + l] : block[i * width + l];
        }
    }
}

void qep_block_gather_lines(const double *u, size_t stride, size_t count, size_t lines, size_t width, double *block) {
    for (size_t i = 0; i < count; i++) {
        const double *from = u + i * stride;
        double *to = block + i * width;
        if (lines == 2 * QEP_MAX_BATCH) {
            /* the neighbouring block comes next, and planes lie too far apart for the processor to see it */
            __builtin_prefetch(from + 2 * QEP_MAX_BATCH);
            __builtin_prefetch(from + 3 * QEP_MAX_BATCH);
            memcpy(to, from, 2 * QEP_MAX_BATCH * sizeof *to);
        } else {
            memcpy(to, from, lines * sizeof *to);
            memset(to + lines, 0, (width - lines) * sizeof *to);
        }
    }
}

QEP_VARIANTS void qep_block_scatter_lines(const double *block, size_t stride, size_t count, size_t lines, size_t width, int add, double *u) {
    for (size_t i = 0; i < count; i++) {
        double *restrict to = u + i * stride;
        const double *restrict from = block + i * width;
        if (add) {
            for (size_t l = 0; l < lines; l++) {
                to[l] += from[l];
            }
        } else if (lines == 2 * QEP_MAX_BATCH) {
            memcpy(to, from, 2 * QEP_MAX_BATCH * sizeof *to);
        } else {
            memcpy(to, from, lines * sizeof *to);
        }
    }
}

/* Rows low and high of packed pairs times the symbols of their columns. */
static inline __attribute__((always_inline)) void scale_pair(const double *symbol, size_t width, double *low, double *high) {
    if (low == high) {
        for (size_t i = 0; i < width; i += 4) {
            qep_vec4_store(low + i, qep_vec4_load(symbol + i) * qep_vec4_load(low + i));
        }
        return;
    }
    for (size_t i = 0; i < width; i += 4) {
        const qep_vec4 s = qep_vec4_load(symbol + i), t = __builtin_shufflevector(s, s, 1, 0, 3, 2);
        const qep_vec4 p = 0.5 * (s + t), m = 0.5 * (s - t), a = qep_vec4_load(low + i), b = qep_vec4_load(high + i);
        qep_vec4_store(low + i, p * a + m * b);
        qep_vec4_store(high + i, p * b + m * a);
    }
}

QEP_VARIANTS void qep_block_divide(const double *eigenvalues, const size_t *conjugate, size_t count, const double *sums, size_t width, double norm,
                                   double *block) {
    double symbol[2 * QEP_MAX_BATCH];
    for (size_t k = 0; k < count; k++) {
        if (conjugate[k] < k) {
            continue;
        }
        const double lambda = norm * eigenvalues[k];
        for (size_t l = 0; l < width; l++) {
            symbol[l] = 1.0 / (sums[l] + lambda);
        }
        scale_pair(symbol, width, block + k * width, block + conjugate[k] * width);
    }
}

/* Columns of a block mostly belong to neighbouring modes, rising or (the other half of a Fourier line) falling. */
QEP_VARIANTS void qep_block_multiply(const double *kernel, size_t stride, const size_t *row_of, const size_t *conjugate, size_t count,
                                     const size_t *column_of, size_t lines, size_t width, double *block) {
    double symbol[2 * QEP_MAX_BATCH] = {0.0};
    int rising = lines == 2 * QEP_MAX_BATCH, falling = rising;
    for (size_t l = 1; l < lines; l++) {
        rising &= column_of[l] == column_of[0] + l;
        falling &= column_of[l] + l == column_of[0];
    }
    for (size_t k = 0; k < count; k++) {
        if (conjugate[k] < k) {
            continue;
        }
        const double *from = kernel + row_of[k] * stride;
        if (rising) {
            for (size_t l = 0; l < 2 * QEP_MAX_BATCH; l++) {
                symbol[l] = from[column_of[0] + l];
            }
        } else if (falling) {
            for (size_t l = 0; l < 2 * QEP_MAX_BATCH; l++) {
                symbol[l] = from[column_of[0] - l];
            }
        } else {
            for (size_t l = 0; l < lines; l++) {
                symbol[l] = from[column_of[l]];
            }
        }
        scale_pair(symbol, width, block + k * width, block + conjugate[k] * width);
    }
}
