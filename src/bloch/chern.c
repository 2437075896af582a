/* Chern numbers by links (Fukui, Hatsugai, Suzuki 2005): phases of overlaps around plaquettes add up to an integer on any grid that resolves the
 * gap. States are in the periodic convention, so that the grid closes by itself; C = (1/2 pi) int Omega^xy = -(1/2 pi) sum F. */
#include "bloch/points.h"
#include "bloch/states.h"
#include "qep/bloch/compute.h"

#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static const double least_gap = 1e-6, least_link = 1e-8; /* eV; of 1 */

typedef struct {
    size_t n[2], bands;
    double complex *U; /* [n0][n1][bands^2] */
    double *gap;       /* [bands] to the nearest neighbour, eV */
} sheet;

static qep_status fill(sheet *s, const bloch_points *set, bloch_states *states, qep_error *err) {
    const size_t square = s->bands * s->bands;
    for (size_t i = 0; i < set->count; i++) {
        double k[1][3];
        bloch_points_get(set, i, k[0]);
        bloch_states_load(states, (const double(*)[3])k, 1);
        QEP_TRY(bloch_states_solve(states, 0, 0, err));
        memcpy(s->U + i * square, states->U, square * sizeof *s->U);
        for (size_t b = 0; b + 1 < s->bands; b++) {
            const double gap = states->energy[b + 1] - states->energy[b];
            s->gap[b] = fmin(s->gap[b], gap);
            s->gap[b + 1] = fmin(s->gap[b + 1], gap);
        }
    }
    return QEP_OK;
}

/* <u(i)|u(j)> of band b. */
static double complex link(const sheet *s, size_t i, size_t j, size_t b) {
    const size_t square = s->bands * s->bands;
    const double complex *x = s->U + i * square + b * s->bands, *y = s->U + j * square + b * s->bands;
    double complex sum = 0.0;
    for (size_t a = 0; a < s->bands; a++) {
        sum += conj(x[a]) * y[a];
    }
    return sum;
}

/* Sum of the plaquettes of a band / -2 pi; largest plaquette and smallest link on the way. */
static double wind(const sheet *s, size_t b, double *largest, double *smallest) {
    double sum = 0.0;
    for (size_t i = 0; i < s->n[0]; i++) {
        for (size_t j = 0; j < s->n[1]; j++) {
            const size_t x = (i + 1) % s->n[0], y = (j + 1) % s->n[1], n = s->n[1];
            const double complex U[4] = {link(s, i * n + j, x * n + j, b), link(s, x * n + j, x * n + y, b), link(s, x * n + y, i * n + y, b),
                                         link(s, i * n + y, i * n + j, b)};
            for (int e = 0; e < 4; e++) {
                *smallest = fmin(*smallest, cabs(U[e]));
            }
            const double F = carg(U[0] * U[1] * U[2] * U[3]);
            *largest = fmax(*largest, fabs(F));
            sum += F;
        }
    }
    return -sum / (2.0 * QEP_PI);
}

static qep_status judge(const sheet *s, const qep_bloch_model *m, double *chern, const qep_log *log, qep_error *err) {
    const double handed = m->lattice[0][0] * m->lattice[1][1] - m->lattice[0][1] * m->lattice[1][0] < 0.0 ? -1.0 : 1.0;
    for (size_t b = 0; b < s->bands; b++) {
        double largest = 0.0, smallest = 1.0;
        if (!(s->gap[b] >= least_gap)) {
            return qep_error_add(err, QEP_ERR_PROBLEM, "degenerate", "/bloch/quantities", NULL,
                                 "band %zu has no Chern number: it comes within %.3g eV of its neighbour, at least %g eV is needed", b, s->gap[b],
                                 least_gap);
        }
        chern[b] = handed * round(wind(s, b, &largest, &smallest));
        if (smallest < least_link) {
            return qep_error_add(err, QEP_ERR_PROBLEM, "degenerate", "/bloch/quantities", NULL,
                                 "the Chern number of band %zu is not defined on this k-grid: states at neighbouring points are orthogonal (%.3g); use "
                                 "more points or another shift",
                                 b, smallest);
        }
        if (largest > 0.5 * QEP_PI) {
            qep_log_write(log, QEP_LOG_WARNING,
                          "Chern number of band %zu: a plaquette of the k-grid holds the phase %.3g, more than pi/2; the grid may be too coarse", b,
                          largest);
        }
    }
    return QEP_OK;
}

qep_status qep_bloch_chern(const qep_bloch_model *model, const size_t points[2], const double shift[2], double *chern, double *gap, const qep_log *log,
                           qep_error *err) {
    bloch_points set;
    bloch_states states = {0};
    sheet s = {.n = {points[0], points[1]}, .bands = model->bands, .gap = gap};
    size_t count = 0;
    void *block = NULL;
    qep_linear_setup();
    for (size_t b = 0; b < s.bands; b++) {
        gap[b] = INFINITY;
    }
    QEP_TRY(bloch_points_create(&set, model, points, shift, "/bloch/kgrid/points", err));
    qep_status status = qep_size_multiply(set.count, s.bands * s.bands, &count) ? qep_alloc(&block, count, sizeof(double complex), "states", err)
                                                                                : QEP_ERR_MEMORY;
    s.U = block;
    status = status == QEP_OK ? bloch_states_create(&states, model, 0, err) : status;
    status = status == QEP_OK ? fill(&s, &set, &states, err) : status;
    status = status == QEP_OK ? judge(&s, model, chern, log, err) : status;
    for (size_t b = 0; b < s.bands; b++) {
        gap[b] *= QEP_E_CHARGE;
    }
    bloch_states_destroy(&states);
    bloch_points_destroy(&set);
    qep_free(s.U);
    return status;
}
