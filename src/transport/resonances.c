/* Resonances of small systems: eigenvalues e - i w/2 of H + Sigma(E), taken again at E = e where they are narrow, since Sigma moves with the
 * energy. Larger systems have no such list; the adaptive panels must find what is in them. */
#include "mesh.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

enum { MOST_SITES = 160, MOST_REFINED = 40, ROUNDS = 3 };
/* Poles wider than this (in units of the hopping) need no panels of their own. */
static const double WIDE = 0.1;

typedef struct {
    const qep_system *s;
    qep_self_energy *self;
    double complex *matrix, *pole;
} finder;

static int poles_at(finder *f, double E) {
    const qep_system *s = f->s;
    const size_t n = s->sites;
    memset(f->matrix, 0, n * n * sizeof *f->matrix);
    for (size_t i = 0; i < n; i++) {
        f->matrix[i + i * n] = s->onsite[i];
        for (size_t e = s->row[i]; e < s->row[i + 1]; e++) {
            f->matrix[i + s->column[e] * n] += s->value[e];
        }
    }
    for (size_t a = 0; a < s->terminals; a++) {
        const size_t m = s->terminal[a]->count, *where = s->where[a];
        if (qep_self_energy_at(&f->self[a], s->terminal[a], E) != 0) {
            return 1;
        }
        const int diagonal = s->terminal[a]->kind == QEP_LEAD_WIDEBAND;
        for (size_t j = 0; j < m; j++) {
            for (size_t i = diagonal ? j : 0; i < (diagonal ? j + 1 : m); i++) {
                f->matrix[where[i] + where[j] * n] += diagonal ? f->self[a].sigma[j] : f->self[a].sigma[i + j * m];
            }
        }
    }
    return qep_zgeev(n, f->matrix, n, f->pole, NULL, 0);
}

/* Follow a pole to the energy where it is. Returns 0 when it stays a narrow one. */
static int settle(finder *f, double complex *z) {
    for (int round = 0; round < ROUNDS; round++) {
        if (poles_at(f, creal(*z)) != 0) {
            return 1;
        }
        size_t best = 0;
        for (size_t k = 1; k < f->s->sites; k++) {
            best = cabs(f->pole[k] - *z) < cabs(f->pole[best] - *z) ? k : best;
        }
        *z = f->pole[best];
    }
    return -2.0 * cimag(*z) > WIDE;
}

static qep_status add_pole(double complex z, qep_breaks *breaks, qep_error *err) {
    static const double shells[] = {0.5, 2.0, 6.0, 20.0};
    const double e = creal(z), half = fmax(-cimag(z), 1e-13);
    QEP_TRY(qep_breaks_add(breaks, e, half, QEP_BREAK_SOFT, err));
    for (size_t k = 0; k < sizeof shells / sizeof *shells; k++) {
        QEP_TRY(qep_breaks_add(breaks, e - shells[k] * half, half * (k ? shells[k] - shells[k - 1] : 0.5), QEP_BREAK_SOFT, err));
        QEP_TRY(qep_breaks_add(breaks, e + shells[k] * half, half * (k ? shells[k] - shells[k - 1] : 0.5), QEP_BREAK_SOFT, err));
    }
    return QEP_OK;
}

static qep_status find(finder *f, double low, double high, double complex *start, qep_breaks *breaks, qep_error *err) {
    const size_t n = f->s->sites;
    size_t count = 0;
    if (poles_at(f, 0.5 * (low + high)) != 0) {
        return QEP_OK; /* without this list the panels are only wider */
    }
    for (size_t k = 0; k < n; k++) {
        const double complex z = f->pole[k];
        if (creal(z) > low - WIDE && creal(z) < high + WIDE && -2.0 * cimag(z) < 2.0 * WIDE && count < MOST_REFINED) {
            start[count++] = z;
        }
    }
    for (size_t k = 0; k < count; k++) {
        double complex z = start[k];
        if (settle(f, &z) == 0 && creal(z) > low && creal(z) < high) {
            QEP_TRY(add_pole(z, breaks, err));
        }
    }
    return QEP_OK;
}

static qep_status prepare(finder *f, double complex **start, qep_error *err) {
    const size_t n = f->s->sites;
    QEP_TRY(qep_alloc((void **)&f->self, f->s->terminals, sizeof *f->self, "resonances", err));
    QEP_TRY(qep_alloc((void **)&f->matrix, n * n, sizeof *f->matrix, "resonances", err));
    QEP_TRY(qep_alloc((void **)&f->pole, n, sizeof *f->pole, "resonances", err));
    QEP_TRY(qep_alloc((void **)start, n, sizeof **start, "resonances", err));
    for (size_t a = 0; a < f->s->terminals; a++) {
        QEP_TRY(qep_self_energy_init(&f->self[a], f->s->terminal[a], err));
    }
    return QEP_OK;
}

qep_status qep_add_resonances(const qep_system *system, double low, double high, qep_breaks *breaks, qep_error *err) {
    if (system->sites > MOST_SITES) {
        return QEP_OK;
    }
    finder f = {.s = system};
    double complex *start = NULL;
    qep_status status = prepare(&f, &start, err);
    if (status == QEP_OK) {
        status = find(&f, low, high, start, breaks, err);
    }
    for (size_t a = 0; f.self && a < system->terminals; a++) {
        qep_self_energy_free(&f.self[a]);
    }
    qep_free(f.self);
    qep_free(f.matrix);
    qep_free(f.pole);
    qep_free(start);
    return status;
}
