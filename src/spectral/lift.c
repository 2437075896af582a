/* Polynomials in xi = x/L by repeated integration; coefficients are small rationals, so doubles carry them to round-off. */
#include "qep/spectral/lift.h"

#include "qep/base/memory.h"
#include "qep/spectral/series.h"
#include "qep/stencil/stencil.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { TERMS = 2 * QEP_WALL_LEVELS + 3, POINTS = 12 };

/* Samples used for each level. The series forgives an error of level k as (pi n)^-(2k+1): high levels can do with fewer, and take up less noise. */
static const int level_points[QEP_WALL_LEVELS] = {12, 11, 11, 11, 11, 11};

typedef struct {
    double c[TERMS]; /* sum c_i xi^i */
} polynomial;

int qep_lift_levels(const qep_grid *grid) {
    size_t shortest = SIZE_MAX, longest = 1;
    for (int d = 0; d < 3; d++) {
        const size_t n = grid->axis[d].n;
        shortest = n > 1 && n < shortest ? n : shortest;
        longest = n > longest ? n : longest;
    }
    return shortest < 12 ? 2 : shortest < 20 || longest > 400 ? 3 : 4;
}

static double evaluate(const polynomial *p, int m, double xi) {
    double sum = 0.0;
    for (int i = TERMS - 1; i >= m; i--) {
        double c = p->c[i];
        for (int j = 0; j < m; j++) {
            c *= i - j;
        }
        sum = sum * xi + c;
    }
    return sum;
}

static double mean(const polynomial *p) {
    double sum = 0.0;
    for (int i = TERMS - 1; i >= 0; i--) {
        sum += p->c[i] / (i + 1);
    }
    return sum;
}

/* Add a + b xi (and, between Neumann walls, a constant) so that p has the data `low` and `high` at its walls. */
static void fit(polynomial *p, qep_wall_kind kind_low, qep_wall_kind kind_high, double low, double high) {
    const int n_low = kind_low == QEP_WALL_NEUMANN, n_high = kind_high == QEP_WALL_NEUMANN;
    const double miss_low = low - evaluate(p, n_low, 0.0), miss_high = high - evaluate(p, n_high, 1.0);
    if (n_low && n_high) {
        p->c[1] += miss_low; /* the high wall is met by choice of the curvature's mean */
        p->c[0] -= mean(p);
    } else if (n_low) {
        p->c[1] += miss_low;
        p->c[0] += miss_high - miss_low;
    } else if (n_high) {
        p->c[0] += miss_low;
        p->c[1] += miss_high;
    } else {
        p->c[0] += miss_low;
        p->c[1] += miss_high - miss_low;
    }
}

static polynomial integrate_twice(const polynomial *p) {
    polynomial q = {{0}};
    for (int i = 0; i + 2 < TERMS; i++) {
        q.c[i + 2] = p->c[i] / ((i + 1) * (i + 2));
    }
    return q;
}

static void make_levels(qep_wall_kind low, qep_wall_kind high, int side, int levels, polynomial *q) {
    q[0] = (polynomial){{0}};
    if (low == QEP_WALL_NEUMANN && high == QEP_WALL_NEUMANN) {
        q[0].c[2] = side ? 0.5 : -0.5; /* unit slope at one wall, none at the other, needs curvature */
    }
    fit(&q[0], low, high, side == 0, side == 1);
    for (int k = 1; k < levels; k++) {
        q[k] = integrate_twice(&q[k - 1]);
        fit(&q[k], low, high, 0.0, 0.0);
    }
}

static void sample(qep_lift *lift, const qep_grid *grid, int axis, qep_wall_kind kind, int side, int levels, const polynomial *q) {
    const qep_axis *a = &grid->axis[axis];
    for (int k = 0; k < levels; k++) {
        const int power = 2 * k + (kind == QEP_WALL_NEUMANN);
        for (int m = 0; m < 3; m++) {
            double *to = lift->value[m] + ((size_t)side * (size_t)levels + (size_t)k) * a->n;
            for (size_t i = 0; i < a->n; i++) {
                const double xi = (qep_grid_coordinate(grid, axis, i) - a->origin) / a->length;
                to[i] = pow(a->length, power - m) * evaluate(&q[k], m, xi);
            }
        }
    }
}

static void extrapolation(qep_lift *lift, const qep_axis *a, qep_sampling sampling, qep_wall_kind kind, int side, int levels) {
    double x[POINTS];
    for (int j = 0; j < lift->points; j++) {
        x[j] = j + (sampling == QEP_CELL ? 0.5 : 0.0);
    }
    for (int k = 0; k < levels; k++) {
        const int d = 2 * k + (kind == QEP_WALL_NEUMANN);
        const int points = level_points[k] < lift->points ? level_points[k] : lift->points;
        double *w = lift->extrapolate + ((size_t)side * (size_t)levels + (size_t)k) * (size_t)lift->points;
        double *fewer = lift->fewer + (w - lift->extrapolate);
        memset(w, 0, (size_t)lift->points * sizeof *w);
        memset(fewer, 0, (size_t)lift->points * sizeof *fewer);
        qep_stencil_weights(0.0, x, points, d, w);
        qep_stencil_weights(0.0, x, points - 1, d, fewer);
        for (int j = 0; j < points; j++) {
            w[j] *= (side && d % 2 ? -1.0 : 1.0) / pow(a->h, d);
            fewer[j] *= (side && d % 2 ? -1.0 : 1.0) / pow(a->h, d);
        }
    }
}

/* Q'' minus what the axis' own series makes of it. */
static qep_status make_defects(qep_lift *lift, const qep_grid *grid, int axis, qep_wall_kind low, qep_wall_kind high, qep_error *err) {
    const size_t n = lift->n, width = 2 * (size_t)lift->levels;
    qep_series *series = NULL;
    double *block = NULL;
    QEP_TRY(qep_alloc((void **)&block, (n + 2) * width, sizeof *block, "lifting", err));
    qep_status status = qep_series_create(&series, low, high, grid->sampling, n, grid->axis[axis].h, width, QEP_EFFORT_ESTIMATE, err);
    if (status == QEP_OK) {
        for (size_t i = 0; i < n * width; i++) {
            block[i] = lift->value[0][i % width * n + i / width];
        }
        qep_series_forward(series, block);
        qep_series_derivative(series, 2, block);
        const int known[2] = {grid->sampling == QEP_NODE && low == QEP_WALL_DIRICHLET, grid->sampling == QEP_NODE && high == QEP_WALL_DIRICHLET};
        for (size_t i = 0; i < n * width; i++) {
            const size_t sample = i / width, at = i % width * n + sample;
            const int is_known = (sample == 0 && known[0]) || (sample + 1 == n && known[1]);
            lift->defect[at] = is_known ? 0.0 : lift->value[2][at] - block[i];
        }
    }
    qep_series_destroy(series);
    qep_free(block);
    return status;
}

qep_status qep_lift_create(qep_lift **out, const qep_grid *grid, int axis, qep_wall_kind low, qep_wall_kind high, qep_error *err) {
    *out = NULL;
    qep_lift *lift = NULL;
    QEP_TRY(qep_alloc((void **)&lift, 1, sizeof *lift, "lifting", err));
    const qep_axis *a = &grid->axis[axis];
    lift->n = a->n;
    lift->points = a->n < POINTS ? (int)a->n : POINTS;
    lift->levels = low == QEP_WALL_NONE ? 0 : qep_lift_levels(grid);
    const size_t count = 2 * (size_t)lift->levels;
    qep_status status = qep_alloc_doubles(&lift->extrapolate, count * (size_t)lift->points + 1, "lifting", err);
    for (int m = 0; m < 3 && status == QEP_OK; m++) {
        status = qep_alloc_doubles(&lift->value[m], count * a->n + 1, "lifting", err);
    }
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&lift->fewer, count * (size_t)lift->points + 1, "lifting", err);
    }
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&lift->defect, count * a->n + 1, "lifting", err);
    }
    for (int side = 0; status == QEP_OK && side < 2 && lift->levels; side++) {
        polynomial q[QEP_WALL_LEVELS];
        const qep_wall_kind kind = side ? high : low;
        make_levels(low, high, side, lift->levels, q);
        sample(lift, grid, axis, kind, side, lift->levels, q);
        extrapolation(lift, a, grid->sampling, kind, side, lift->levels);
    }
    if (status == QEP_OK && lift->levels) {
        status = make_defects(lift, grid, axis, low, high, err);
    }
    if (status != QEP_OK) {
        qep_lift_destroy(lift);
        return status;
    }
    *out = lift;
    return QEP_OK;
}

void qep_lift_destroy(qep_lift *lift) {
    if (!lift) {
        return;
    }
    for (int m = 0; m < 3; m++) {
        qep_free(lift->value[m]);
    }
    qep_free(lift->defect);
    qep_free(lift->extrapolate);
    qep_free(lift->fewer);
    qep_free(lift);
}

static size_t profile(const qep_lift *lift, int side, int level) {
    return ((size_t)side * (size_t)lift->levels + (size_t)level) * lift->n;
}

const double *qep_lift_values(const qep_lift *lift, int m, int side, int level) {
    return lift->value[m] + profile(lift, side, level);
}

const double *qep_lift_defect(const qep_lift *lift, int side, int level) {
    return lift->defect + profile(lift, side, level);
}
