/* s(mu, T) on a tensor grid of Chebyshev points, each axis doubled until the interpolant meets the exact values at points that it has not seen.
 * The axis of temperature is logarithmic where it spans much, since s changes its character with T/T0. */
#include "qep/bloch/entropy.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>

enum { FIRST = 9, MOST = 513 }; /* points of an axis: 2^k + 1, so that doubling keeps the old ones */

/* Points low .. high in a variable that may be the logarithm; one point when both are equal. */
typedef struct {
    double low, high;
    int logarithmic;
    size_t count;
} axis;

struct qep_bloch_entropy {
    axis T, mu;
    double *s; /* [T.count][mu.count] */
    double error, largest;
};

static double variable(const axis *a, double x) {
    return a->logarithmic ? log(x) : x;
}

static double point(const axis *a, size_t i) {
    if (a->count == 1) {
        return a->low;
    }
    const double low = variable(a, a->low), high = variable(a, a->high);
    const double x = 0.5 * (low + high) - 0.5 * (high - low) * cos(QEP_PI * (double)i / (double)(a->count - 1));
    return i == 0 ? a->low : i == a->count - 1 ? a->high : a->logarithmic ? exp(x) : x;
}

/* Barycentric weights at x, Chebyshev points of the second kind: (-1)^i, halved at the ends. They add up to one. */
static void weights(const axis *a, double x, double *w) {
    double sum = 0.0;
    for (size_t i = 0; i < a->count; i++) {
        const double distance = variable(a, x) - variable(a, point(a, i));
        if (distance == 0.0 || a->count == 1) {
            for (size_t k = 0; k < a->count; k++) {
                w[k] = k == i ? 1.0 : 0.0;
            }
            return;
        }
        w[i] = (i % 2 ? -1.0 : 1.0) * (i == 0 || i == a->count - 1 ? 0.5 : 1.0) / distance;
        sum += w[i];
    }
    for (size_t i = 0; i < a->count; i++) {
        w[i] /= sum;
    }
}

double qep_bloch_entropy_at(const qep_bloch_entropy *e, double T, double mu) {
    double wT[MOST], wmu[MOST], sum = 0.0;
    if (!(T > 0.0)) {
        return 0.0;
    }
    weights(&e->T, T, wT);
    weights(&e->mu, mu, wmu);
    for (size_t i = 0; i < e->T.count; i++) {
        double part = 0.0;
        for (size_t k = 0; k < e->mu.count; k++) {
            part += wmu[k] * e->s[i * e->mu.count + k];
        }
        sum += wT[i] * part;
    }
    return sum;
}

/* Exact values at the present points. */
static qep_status fill(qep_bloch_entropy *e, const qep_bloch_problem *p, qep_error *err) {
    const size_t count = e->T.count * e->mu.count;
    void *block = NULL;
    qep_bloch_sums sums = {0};
    qep_free(e->s);
    e->s = NULL;
    QEP_TRY(qep_alloc_doubles(&e->s, count, "s(mu, T)", err));
    QEP_TRY(qep_alloc(&block, count, sizeof(qep_bloch_state_point), "points (mu, T)", err));
    qep_bloch_state_point *state = block;
    for (size_t i = 0; i < count; i++) {
        state[i] = (qep_bloch_state_point){point(&e->T, i / e->mu.count), point(&e->mu, i % e->mu.count)};
    }
    const qep_bloch_request request = {.model = p->model, .points = p->points, .shift = p->shift, .state = state, .states = count,
                                       .wanted = 1u << QEP_BLOCH_S, .refine = p->refine, .threads = p->threads, .log = p->log,
                                       .path = "/bloch/kgrid/points"};
    const qep_status status = qep_bloch_sum(&sums, &request, err);
    e->largest = 0.0;
    for (size_t i = 0; status == QEP_OK && i < count; i++) {
        e->s[i] = QEP_BOLTZMANN * p->settings.spin_factor * sums.value[i * sums.width];
        e->largest = fmax(e->largest, fabs(e->s[i]));
    }
    qep_bloch_sums_free(&sums);
    qep_free(block);
    return status;
}

/* Largest difference of the old interpolant from the exact values of the new one. */
static void compare(const qep_bloch_entropy *old, qep_bloch_entropy *fresh) {
    fresh->error = 0.0;
    for (size_t i = 0; i < fresh->T.count * fresh->mu.count; i++) {
        const double there = qep_bloch_entropy_at(old, point(&fresh->T, i / fresh->mu.count), point(&fresh->mu, i % fresh->mu.count));
        fresh->error = fmax(fresh->error, fabs(there - fresh->s[i]));
    }
    fresh->error = fresh->largest > 0.0 ? fresh->error / fresh->largest : 0.0;
}

static size_t doubled(const axis *a) {
    return a->count > 1 ? 2 * a->count - 1 : 1;
}

static qep_status refine(qep_bloch_entropy *e, const qep_bloch_problem *p, double tolerance, qep_error *err) {
    QEP_TRY(fill(e, p, err));
    const int varies = e->T.count > 1 || e->mu.count > 1;
    e->error = varies ? INFINITY : 0.0;
    while (e->error > tolerance) {
        qep_bloch_entropy old = *e;
        e->s = NULL;
        e->T.count = doubled(&old.T);
        e->mu.count = doubled(&old.mu);
        qep_status status = QEP_OK;
        if (e->T.count > MOST || e->mu.count > MOST) {
            status = qep_error_add(err, QEP_ERR_UNCONVERGED, "interpolation", "/bloch/kgrid", NULL,
                                   "s(mu, T) is met to %.2g only by %zu x %zu points (T, mu); %.2g is needed. A finer k-grid makes it smoother", old.error,
                                   old.T.count, old.mu.count, tolerance);
        }
        status = status == QEP_OK ? fill(e, p, err) : status;
        if (status == QEP_OK) {
            compare(&old, e);
        }
        qep_free(old.s);
        QEP_TRY(status);
    }
    return QEP_OK;
}

qep_status qep_bloch_entropy_create(qep_bloch_entropy **entropy, const qep_bloch_problem *p, const double T[2], const double mu[2], double tolerance,
                                    qep_error *err) {
    void *block = NULL;
    *entropy = NULL;
    QEP_TRY(qep_alloc(&block, 1, sizeof(qep_bloch_entropy), "s(mu, T)", err));
    qep_bloch_entropy *e = block;
    e->T = (axis){T[0], T[1], T[1] > 2.0 * T[0], T[1] > T[0] ? FIRST : 1};
    e->mu = (axis){mu[0], mu[1], 0, mu[1] > mu[0] ? FIRST : 1};
    const qep_status status = refine(e, p, tolerance, err);
    if (status != QEP_OK) {
        qep_bloch_entropy_destroy(e);
        return status;
    }
    *entropy = e;
    return QEP_OK;
}

double qep_bloch_entropy_error(const qep_bloch_entropy *e) {
    return e->error;
}

size_t qep_bloch_entropy_points(const qep_bloch_entropy *e) {
    return e->T.count * e->mu.count;
}

void qep_bloch_entropy_destroy(qep_bloch_entropy *e) {
    if (e) {
        qep_free(e->s);
        qep_free(e);
    }
}
