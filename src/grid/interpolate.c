/* Interpolation by products of Lagrange polynomials. Weights come from differences of sample numbers, which are exact, so
 * that a point on a sample has weights 1 and 0; sums run in the order of memory. */
#include "qep/grid/interpolate.h"

#include <math.h>

int qep_axis_contains(const qep_axis *axis, double at) {
    const double slack = 1e-9 * axis->length;
    return at >= axis->origin - slack && at <= axis->origin + axis->length + slack;
}

/* Position in samples; a point that misses a sample by rounding alone is on it. */
static double position_of(const qep_grid *grid, int axis, double at) {
    const double position = (at - qep_grid_coordinate(grid, axis, 0)) / grid->axis[axis].h;
    const double nearest = round(position);
    return fabs(position - nearest) <= 1e-12 * fmax(1.0, fabs(nearest)) ? nearest : position;
}

/* Number of the first sample, which may lie beyond the face of a periodic axis. */
static double first_sample(const qep_axis *axis, double position, size_t points) {
    const double first = floor(position) - floor(0.5 * ((double)points - 1.0));
    const double last = (double)(axis->n - points);
    return axis->bc[0] == QEP_PERIODIC ? first : fmin(fmax(first, 0.0), last);
}

static double lagrange(double position, size_t points, size_t k) {
    double weight = 1.0;
    for (size_t j = 0; j < points; j++) {
        weight *= j == k ? 1.0 : (position - (double)j) / ((double)k - (double)j);
    }
    return weight;
}

static void place_axis(qep_interpolation *place, const qep_grid *grid, int d, double at, size_t points) {
    const qep_axis *axis = &grid->axis[d];
    const double n = (double)axis->n, position = position_of(grid, d, at);
    const double first = first_sample(axis, position, points);
    place->points[d] = points;
    for (size_t k = 0; k < points; k++) {
        const double sample = first + (double)k;
        place->index[d][k] = (size_t)(sample - n * floor(sample / n)) % axis->n;
        place->weight[d][k] = lagrange(position - first, points, k);
    }
}

void qep_interpolation_place(qep_interpolation *place, const qep_grid *grid, const double *at, int points) {
    const size_t wanted = points < 1 ? 1 : points > QEP_INTERPOLATION_POINTS ? QEP_INTERPOLATION_POINTS : (size_t)points;
    for (int d = 0; d < 3; d++) {
        if (qep_grid_axis_active(grid, d)) {
            place_axis(place, grid, d, at[d], grid->axis[d].n < wanted ? grid->axis[d].n : wanted);
        } else {
            place->points[d] = 1;
            place->index[d][0] = 0;
            place->weight[d][0] = 1.0;
        }
    }
}

/* Samples of weight 0 are passed over, so that a point on a sample returns its bits. */
static double along_x(const qep_interpolation *place, const double *row) {
    double value = 0.0;
    for (size_t i = 0; i < place->points[0]; i++) {
        value += place->weight[0][i] != 0.0 ? place->weight[0][i] * row[place->index[0][i]] : 0.0;
    }
    return value;
}

double qep_interpolate(const qep_interpolation *place, const qep_grid *grid, const double *u) {
    double value = 0.0;
    for (size_t k = 0; k < place->points[2]; k++) {
        for (size_t j = 0; j < place->points[1]; j++) {
            const double weight = place->weight[2][k] * place->weight[1][j];
            const size_t row = qep_grid_index(grid, 0, place->index[1][j], place->index[2][k]);
            value += weight != 0.0 ? weight * along_x(place, u + row) : 0.0;
        }
    }
    return value;
}
