/* With the differences dF of successive residuals and dX of arguments: gamma minimises |f - dF gamma|, x becomes
 * x - dX gamma + mixing (f - dF gamma). The differences are made orthonormal, the newest first, and those that nearly depend on the others are
 * dropped. Sums run in order: the same bits always. */
#include "qep/base/anderson.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static const double DEPENDENT =
    1e-8; /* of a difference: what is left of it beside the newer ones */

struct qep_anderson {
    size_t size, history, used; /* used: pairs of differences */
    int started;
    double mixing;
    double *x, *f;   /* [size] the last argument and residual */
    double *dx, *df; /* [history, size] newest first */
    double *q, *p;   /* [history, size] orthonormal combinations of df, and the same ones of dx */
};

qep_status qep_anderson_create(qep_anderson **mixer, size_t size, size_t history, double mixing,
                               qep_error *err) {
    qep_anderson *m = NULL;
    *mixer = NULL;
    QEP_TRY(qep_alloc((void **)&m, 1, sizeof *m, "mixing", err));
    *m = (qep_anderson){.size = size, .history = history, .mixing = mixing};
    double **const arrays[] = {&m->x, &m->f, &m->dx, &m->df, &m->q, &m->p};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        const size_t rows = i < 2 ? 1 : history;
        if (rows &&
            qep_alloc((void **)arrays[i], rows * size, sizeof(double), "mixing", err) != QEP_OK) {
            qep_anderson_destroy(m);
            return QEP_ERR_MEMORY;
        }
    }
    *mixer = m;
    return QEP_OK;
}

void qep_anderson_destroy(qep_anderson *m) {
    if (m) {
        double *const arrays[] = {m->x, m->f, m->dx, m->df, m->q, m->p};
        for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
            qep_free(arrays[i]);
        }
        qep_free(m);
    }
}

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static void subtract(double *a, double factor, const double *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        a[i] -= factor * b[i];
    }
}

/* Differences to the last pair, before all others. */
static void push(qep_anderson *m, const double *x, const double *f) {
    const size_t n = m->size, keep = m->used < m->history ? m->used : m->history - 1;
    memmove(m->dx + n, m->dx, keep * n * sizeof *m->dx);
    memmove(m->df + n, m->df, keep * n * sizeof *m->df);
    for (size_t i = 0; i < n; i++) {
        m->dx[i] = x[i] - m->x[i];
        m->df[i] = f[i] - m->f[i];
    }
    m->used = keep + 1;
}

/* Orthonormal q of the df, and p with the same coefficients of the dx. Returns how many. */
static size_t orthonormalise(qep_anderson *m) {
    const size_t n = m->size;
    size_t count = 0;
    for (size_t k = 0; k < m->used; k++) {
        double *q = m->q + count * n, *p = m->p + count * n;
        memcpy(q, m->df + k * n, n * sizeof *q);
        memcpy(p, m->dx + k * n, n * sizeof *p);
        const double whole = sqrt(dot(q, q, n));
        for (size_t i = 0; i < 2 * count; i++) { /* twice is enough */
            const double overlap = dot(m->q + i % count * n, q, n);
            subtract(q, overlap, m->q + i % count * n, n);
            subtract(p, overlap, m->p + i % count * n, n);
        }
        const double left = sqrt(dot(q, q, n));
        if (!(left > DEPENDENT * whole)) {
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            q[i] /= left;
            p[i] /= left;
        }
        count++;
    }
    return count;
}

void qep_anderson_next(qep_anderson *m, double *x, const double *residual) {
    const size_t n = m->size;
    if (m->started && m->history > 0) {
        push(m, x, residual);
    }
    memcpy(m->x, x, n * sizeof *x);
    memcpy(m->f, residual, n * sizeof *x);
    m->started = 1;
    const size_t count = orthonormalise(m);
    for (size_t i = 0; i < n; i++) {
        x[i] += m->mixing * residual[i];
    }
    for (size_t k = 0; k < count; k++) {
        const double share = dot(m->q + k * n, residual, n);
        subtract(x, share, m->p + k * n, n);
        subtract(x, m->mixing * share, m->q + k * n, n);
    }
}
