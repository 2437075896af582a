/* Polynomials in xi = x/L by repeated integration; coefficients are small rationals, so doubles carry them to round-off. */
#include "qep/spectral/lift.h"

#include "qep/base/memory.h"
#include "qep/stencil/stencil.h"
#include <math.h>
#include <string.h>

enum { TERMS = 2 * QEP_WALL_LEVELS + 3, POINTS = 10 };

/* Samples used for each level and the spacing that is tried between them. The series forgives an error of level k as (pi n)^-(2k+1), so high
 * levels can do with few samples far apart, and take up less noise: corners extrapolate extrapolations, and there noise multiplies. */
static const struct {
    int points;
    size_t stride;
} sampling_of[QEP_WALL_LEVELS] = {{10, 1}, {8, 2}, {8, 3}, {8, 3}, {8, 3}, {8, 3}};

typedef struct {
    double c[TERMS]; /* sum c_i xi^i */
} polynomial;

int qep_lift_levels(const qep_grid *grid, int axis) {
    const qep_axis *own = &grid->axis[axis];
    double ratio = (double)own->n;
    int walls = 0;
    for (int d = 0; d < 3; d++) {
        if (grid->axis[d].n > 1) {
            ratio = fmax(ratio, own->length / grid->axis[d].h);
            walls += grid->axis[d].bc[0] != QEP_PERIODIC;
        }
    }
    /* Between unlike walls Q_k falls as (2/pi)^(2k) instead of (1/pi)^(2k). */
    const int alike = (own->bc[0] == QEP_DIRICHLET) == (own->bc[1] == QEP_DIRICHLET);
    ratio *= alike ? 1.0 : 2.0;
    /* What noise may grow by: less where the corners of three walls multiply it. */
    const double budget = log(walls == 3 ? 1e12 : 1e14);
    const size_t few = walls == 3 ? 40 : 24;
    const int most = own->n < few ? 2 : 3;
    const int levels = (int)floor(budget / (2.0 * log(fmax(ratio, 2.0))));
    return 1 + (levels < 1 ? 1 : levels > most ? most : levels);
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
    for (int k = 0; k < levels; k++) {
        const int d = 2 * k + (kind == QEP_WALL_NEUMANN);
        const size_t at = (size_t)side * (size_t)levels + (size_t)k;
        double *w = lift->extrapolate + at * (size_t)lift->points;
        const int points = sampling_of[k].points < lift->points ? sampling_of[k].points : lift->points;
        size_t stride = a->n / (2 * (size_t)points); /* within half the axis */
        stride = stride < sampling_of[k].stride ? stride : sampling_of[k].stride;
        lift->stride[k] = stride ? stride : 1;
        for (int j = 0; j < points; j++) {
            x[j] = (double)((size_t)j * lift->stride[k]) + (sampling == QEP_CELL ? 0.5 : 0.0);
        }
        memset(w, 0, (size_t)lift->points * sizeof *w);
        qep_stencil_weights(0.0, x, points, d, w);
        for (int j = 0; j < points; j++) {
            w[j] *= (side && d % 2 ? -1.0 : 1.0) / pow(a->h, d);
            lift->gain[at] += fabs(w[j]);
        }
    }
}

qep_status qep_lift_create(qep_lift **out, const qep_grid *grid, int axis, qep_wall_kind low, qep_wall_kind high, int levels, qep_error *err) {
    *out = NULL;
    qep_lift *lift = NULL;
    QEP_TRY(qep_alloc((void **)&lift, 1, sizeof *lift, "lifting", err));
    const qep_axis *a = &grid->axis[axis];
    lift->n = a->n;
    lift->points = a->n < POINTS ? (int)a->n : POINTS;
    lift->levels = low == QEP_WALL_NONE ? 0 : levels;
    const size_t count = 2 * (size_t)lift->levels;
    qep_status status = qep_alloc_doubles(&lift->extrapolate, count * (size_t)lift->points + 1, "lifting", err);
    if (status == QEP_OK) {
        status = qep_alloc((void **)&lift->gain, count + 1, sizeof *lift->gain, "lifting", err);
    }
    for (int m = 0; m < 3 && status == QEP_OK; m++) {
        status = qep_alloc_doubles(&lift->value[m], count * a->n + 1, "lifting", err);
    }
    if (status != QEP_OK) {
        qep_lift_destroy(lift);
        return status;
    }
    for (int side = 0; side < 2 && lift->levels; side++) {
        polynomial q[QEP_WALL_LEVELS];
        const qep_wall_kind kind = side ? high : low;
        make_levels(low, high, side, lift->levels, q);
        sample(lift, grid, axis, kind, side, lift->levels, q);
        extrapolation(lift, a, grid->sampling, kind, side, lift->levels);
        if (low == QEP_WALL_NEUMANN && high == QEP_WALL_NEUMANN) {
            lift->mean_second[side] = (side ? 1.0 : -1.0) / a->length;
        }
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
    qep_free(lift->extrapolate);
    qep_free(lift->gain);
    qep_free(lift);
}

const double *qep_lift_values(const qep_lift *lift, int m, int side, int level) {
    return lift->value[m] + ((size_t)side * (size_t)lift->levels + (size_t)level) * lift->n;
}
