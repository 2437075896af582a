/* Means with the grid's quadrature weights (end nodes count half), summed in fixed blocks so that the bits do not
 * depend on the number of threads. */
#include "qep/base/reduce.h"
#include "qep/derive/solution.h"

typedef struct {
    const qep_grid *grid;
    const double *u; /* NULL: 1 everywhere */
    double offset;
    int weighted; /* 0: every weight is 1 */
} mean_terms;

static double weighted_sum(const void *context, size_t begin, size_t end) {
    const mean_terms *m = context;
    const size_t nx = m->grid->axis[0].n, ny = m->grid->axis[1].n;
    size_t x = begin % nx, y = begin / nx % ny, z = begin / nx / ny;
    double sum = 0.0;
    for (size_t k = begin; k < end; z++, y = 0) {
        for (; y < ny && k < end; y++, x = 0) {
            const double row = qep_grid_weight(m->grid, 1, y) * qep_grid_weight(m->grid, 2, z);
            for (; x < nx && k < end; x++, k++) {
                sum += row * qep_grid_weight(m->grid, 0, x) * (m->u[k] - m->offset);
            }
        }
    }
    return sum;
}

static double plain_sum(const void *context, size_t begin, size_t end) {
    const mean_terms *m = context;
    double sum = 0.0;
    for (size_t k = begin; k < end; k++) {
        sum += m->u[k] - m->offset;
    }
    return sum;
}

qep_status qep_weighted_mean(const qep_grid *grid, const double *u, double offset, int threads,
                             double *mean, qep_error *err) {
    mean_terms terms = {grid, u, offset, 0};
    double weights = 1.0, sum = 0.0;
    for (int d = 0; d < 3; d++) {
        const double lost = 1.0 - qep_grid_weight(grid, d, 0); /* both ends lose the same */
        terms.weighted |= lost != 0.0;
        weights *= (double)grid->axis[d].n - 2.0 * lost;
    }
    QEP_TRY(qep_reduce_sum(qep_grid_count(grid), terms.weighted ? weighted_sum : plain_sum, &terms,
                           threads, &sum, err));
    *mean = sum / weights;
    return QEP_OK;
}
