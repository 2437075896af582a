/* The share of a field that lies in the highest modes of its grid, by differences of order 8: (2 sin(theta/2))^8 grows so steeply with the mode that
 * it tells what is resolved from what is not, without a transform and without any boundary condition. */
#include "qep/stencil/tail.h"

#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include <math.h>

enum { HALF = 4, SUMS = 4 }; /* sums over a row: one per axis, and the field itself */

typedef struct {
    const qep_grid *grid;
    const double *u;
    double offset;
    int half[3];             /* 0: no difference along the axis */
    double tap[3][HALF + 1]; /* of u[i], u[i-1] + u[i+1], ... */
} filter;

/* Binomial coefficients with alternating signs over 2^(2 half). */
static void make_taps(filter *f, int d) {
    const size_t n = f->grid->axis[d].n;
    f->half[d] = n > 2 * HALF ? HALF : (int)((n - 1) / 2);
    double coefficient = 1.0;
    for (int m = 1; m <= f->half[d]; m++) {
        coefficient *= (double)(f->half[d] + m) / (4.0 * m); /* (2 half)! / half!^2 / 4^half */
    }
    for (int m = 0; m <= f->half[d]; m++) {
        f->tap[d][m] = m % 2 ? -coefficient : coefficient;
        coefficient *= (double)(f->half[d] - m) / (double)(f->half[d] + m + 1);
    }
}

static int inside(const filter *f, int d, size_t i) {
    const size_t half = (size_t)f->half[d];
    return half > 0 && i >= half && i + half < f->grid->axis[d].n;
}

/* Sum of squares of the filtered row. */
static double filtered(const filter *f, int d, const double *row, size_t begin, size_t end) {
    const size_t stride = qep_grid_stride(f->grid, d);
    double sum = 0.0;
    for (size_t x = begin; x < end; x++) {
        double value = f->tap[d][0] * (row[x] - f->offset);
        for (int m = 1; m <= f->half[d]; m++) {
            const double *low = row + x - (size_t)m * stride, *high = row + x + (size_t)m * stride;
            value += f->tap[d][m] * ((*low - f->offset) + (*high - f->offset));
        }
        sum += value * value;
    }
    return sum;
}

static void row_sums(const filter *f, size_t y, size_t z, double sums[SUMS]) {
    const size_t nx = f->grid->axis[0].n, half = (size_t)f->half[0];
    const double *row = f->u + qep_grid_index(f->grid, 0, y, z);
    sums[0] = half ? filtered(f, 0, row, half, nx - half) : 0.0;
    sums[1] = inside(f, 1, y) ? filtered(f, 1, row, 0, nx) : 0.0;
    sums[2] = inside(f, 2, z) ? filtered(f, 2, row, 0, nx) : 0.0;
    sums[3] = 0.0;
    for (size_t x = 0; x < nx; x++) {
        sums[3] += (row[x] - f->offset) * (row[x] - f->offset);
    }
}

qep_status qep_tail(const qep_grid *grid, const double *u, double offset, int threads, double *tail, qep_error *err) {
    const size_t ny = grid->axis[1].n, rows = ny * grid->axis[2].n;
    filter f = {.grid = grid, .u = u, .offset = offset};
    double *sums = NULL;
    *tail = 0.0;
    for (int d = 0; d < 3; d++) {
        make_taps(&f, d);
    }
    QEP_TRY(qep_alloc_doubles(&sums, SUMS * rows, "tail of a field", err));
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        double one[SUMS];
        row_sums(&f, i % ny, i / ny, one);
        for (int k = 0; k < SUMS; k++) {
            sums[(size_t)k * rows + i] = one[k];
        }
    }
    const double all = qep_reduce_pairwise(sums + 3 * rows, rows);
    for (size_t d = 0; d < 3 && all > 0.0; d++) {
        *tail = fmax(*tail, sqrt(qep_reduce_pairwise(sums + d * rows, rows) / all));
    }
    qep_free(sums);
    return QEP_OK;
}
