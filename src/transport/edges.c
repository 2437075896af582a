/* Energies where modes of a lead open or close: known for uniform leads; of a general cell the extrema of its bands E_n(k), bracketed by the
 * sign of dE/dk on a mesh of k and refined by the secant rule. */
#include "terminal.h"

#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MESH = 48, SECANT_STEPS = 12 };

qep_status qep_edges_add(qep_edges *edges, double value, qep_error *err) {
    if (edges->count == edges->capacity) {
        const size_t capacity = edges->capacity ? 2 * edges->capacity : 64;
        double *grown = NULL;
        QEP_TRY(qep_alloc_doubles(&grown, capacity, "break points", err));
        if (edges->count) {
            memcpy(grown, edges->value, edges->count * sizeof *grown);
        }
        qep_free(edges->value);
        edges->value = grown;
        edges->capacity = capacity;
    }
    edges->value[edges->count++] = value;
    return QEP_OK;
}

void qep_edges_free(qep_edges *edges) {
    qep_free(edges->value);
    *edges = (qep_edges){0};
}

/* Bands at one k with their slopes. */
typedef struct {
    size_t n;
    double complex *matrix, *work;
    double *energy, *slope;
} bands;

static qep_status bands_init(bands *b, size_t n, qep_error *err) {
    *b = (bands){.n = n};
    QEP_TRY(qep_alloc((void **)&b->matrix, n * n, sizeof *b->matrix, "bands of a lead", err));
    QEP_TRY(qep_alloc((void **)&b->work, n * n, sizeof *b->work, "bands of a lead", err));
    QEP_TRY(qep_alloc_doubles(&b->energy, n, "bands of a lead", err));
    return qep_alloc_doubles(&b->slope, n, "bands of a lead", err);
}

static void bands_free(bands *b) {
    qep_free(b->matrix);
    qep_free(b->work);
    qep_free(b->energy);
    qep_free(b->slope);
}

/* H(k) = H + B e^ik + B^H e^-ik; slopes by Hellmann-Feynman. */
static qep_status bands_at(bands *b, const qep_terminal *t, double k, qep_error *err) {
    const size_t n = b->n;
    const double complex phase = cexp(I * k);
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < n; i++) {
            b->matrix[i + j * n] = t->cell[i + j * n] + phase * t->outward[i + j * n] + conj(phase * t->outward[j + i * n]);
        }
    }
    if (qep_zheevd(n, b->matrix, n, b->energy, 1) != 0) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "linear_algebra", NULL, NULL, "%s: its bands could not be computed", t->name);
    }
    qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, n, n, I * phase, t->outward, n, b->matrix, n, 0.0, b->work, n);
    for (size_t j = 0; j < n; j++) {
        double complex sum = 0.0;
        for (size_t i = 0; i < n; i++) {
            sum += conj(b->matrix[i + j * n]) * b->work[i + j * n];
        }
        b->slope[j] = 2.0 * creal(sum);
    }
    return QEP_OK;
}

/* The extremum of sorted band `n` between k0 and k1, where its slope changes sign: bisection and secant in turn. */
static qep_status refine(bands *b, const qep_terminal *t, size_t n, double k0, double s0, double k1, double s1, double *energy, qep_error *err) {
    for (int step = 0; step < SECANT_STEPS; step++) {
        const double secant = k0 - s0 * (k1 - k0) / (s1 - s0), middle = 0.5 * (k0 + k1);
        const double k = step % 3 == 2 ? middle : secant;
        QEP_TRY(bands_at(b, t, k, err));
        *energy = b->energy[n];
        if (fabs(b->slope[n]) < 1e-13) {
            break;
        }
        if ((b->slope[n] > 0.0) == (s0 > 0.0)) {
            k0 = k, s0 = b->slope[n];
        } else {
            k1 = k, s1 = b->slope[n];
        }
    }
    return QEP_OK;
}

static qep_status periodic_edges(const qep_terminal *t, double low, double high, qep_edges *edges, bands *b, double *last, qep_error *err) {
    const size_t n = t->count;
    for (int i = 0; i <= MESH; i++) {
        const double step = 2.0 * QEP_PI / MESH, offset = 0.1234567, k = offset + step * i; /* no special point on the mesh */
        QEP_TRY(bands_at(b, t, k, err));
        double *slope = last + (size_t)(i % 2) * n, *before = last + (size_t)((i + 1) % 2) * n;
        double *energy = last + 2 * n + (size_t)(i % 2) * n;
        memcpy(slope, b->slope, n * sizeof *slope);
        memcpy(energy, b->energy, n * sizeof *energy);
        for (size_t j = 0; j < n && i > 0; j++) {
            const double reach = fabs(slope[j]) * step + fabs(before[j]) * step;
            if ((slope[j] > 0.0) != (before[j] > 0.0) && energy[j] + reach >= low && energy[j] - reach <= high) {
                double edge = energy[j];
                QEP_TRY(refine(b, t, j, k - step, before[j], k, slope[j], &edge, err));
                if (edge >= low && edge <= high) {
                    QEP_TRY(qep_edges_add(edges, edge, err));
                }
            }
        }
    }
    return QEP_OK;
}

static qep_status analytic_edges(const qep_terminal *t, double low, double high, qep_edges *edges, qep_error *err) {
    for (size_t m = 0; m < t->count; m++) {
        for (int side = -1; side <= 1; side += 2) {
            const double edge = t->level[m] + side * 2.0 * t->t;
            if (edge >= low && edge <= high) {
                QEP_TRY(qep_edges_add(edges, edge, err));
            }
        }
    }
    return QEP_OK;
}

qep_status qep_terminal_edges(const qep_terminal *terminal, double low, double high, qep_edges *edges, qep_error *err) {
    if (terminal->kind == QEP_LEAD_WIDEBAND) {
        return QEP_OK;
    }
    if (terminal->analytic) {
        return analytic_edges(terminal, low, high, edges, err);
    }
    bands b;
    double *last = NULL;
    qep_status status = bands_init(&b, terminal->count, err);
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&last, 4 * terminal->count, "bands of a lead", err);
    }
    if (status == QEP_OK) {
        status = periodic_edges(terminal, low, high, edges, &b, last, err);
    }
    qep_free(last);
    bands_free(&b);
    return status;
}

qep_status qep_terminal_band(const qep_terminal *terminal, double *bottom, double *top, qep_error *err) {
    *bottom = -INFINITY;
    *top = INFINITY;
    if (terminal->kind == QEP_LEAD_WIDEBAND) {
        return QEP_OK;
    }
    qep_edges edges = {0};
    const qep_status status = qep_terminal_edges(terminal, -INFINITY, INFINITY, &edges, err);
    if (status == QEP_OK && edges.count > 0) {
        *bottom = INFINITY;
        *top = -INFINITY;
        for (size_t k = 0; k < edges.count; k++) {
            *bottom = fmin(*bottom, edges.value[k]);
            *top = fmax(*top, edges.value[k]);
        }
    }
    qep_edges_free(&edges);
    return status;
}
