/* Transmissions from the amplitudes W^H G W between the open modes of all terminals. */
#include "blocks.h"

#include "qep/base/linear.h"
#include <math.h>

/* amplitude [a columns x b columns] from psi at the sites of terminal a. */
static void amplitudes_of(qep_green *g, size_t a, double complex *out) {
    const qep_system *s = g->system;
    const qep_terminal *t = s->terminal[a];
    for (size_t c = 0; c < g->columns; c++) {
        for (size_t r = 0; r < g->open[a]; r++) {
            double complex sum = 0.0;
            for (size_t i = t->kind == QEP_LEAD_WIDEBAND ? r : 0;
                 i < (t->kind == QEP_LEAD_WIDEBAND ? r + 1 : t->count); i++) {
                const size_t p = s->where[a][i];
                const double complex w = t->kind == QEP_LEAD_WIDEBAND
                                             ? sqrt(t->gamma)
                                             : g->self[a].factor[i + r * t->count];
                sum += conj(w) * qep_green_psi(g, p)[c * qep_green_stride(g, p)];
            }
            out[g->first[a] + r + c * g->columns] = sum;
        }
    }
}

void qep_amplitudes_from_states(qep_green *g) {
    for (size_t a = 0; a < g->system->terminals; a++) {
        amplitudes_of(g, a, g->amplitude);
    }
}

static double square_sum(const double complex *m, size_t ld, size_t rows, size_t columns) {
    double sum = 0.0;
    for (size_t c = 0; c < columns; c++) {
        for (size_t r = 0; r < rows; r++) {
            const double complex v = m[r + c * ld];
            sum += creal(v) * creal(v) + cimag(v) * cimag(v);
        }
    }
    return sum;
}

void qep_amplitudes_to_transmission(qep_green *g, int streamed) {
    const size_t nt = g->system->terminals, c = g->columns;
    for (size_t a = 0; a < nt; a++) {
        for (size_t b = 0; b < nt; b++) {
            if (a != b && !(streamed && a == g->rank[0])) {
                g->transmission[a * nt + b] = square_sum(
                    g->amplitude + g->first[a] + g->first[b] * c, c, g->open[a], g->open[b]);
            }
        }
    }
    if (streamed) { /* two terminals: T_ab = T_ba by unitarity */
        g->transmission[g->rank[0] * nt + g->rank[1]] =
            g->transmission[g->rank[1] * nt + g->rank[0]];
    }
    for (size_t a = 0; a < nt; a++) {
        double diagonal = (double)g->open[a];
        for (size_t b = 0; b < nt; b++) {
            diagonal -= a == b ? 0.0 : g->transmission[a * nt + b];
        }
        const int trace = g->system->terminal[a]->kind == QEP_LEAD_WIDEBAND;
        g->transmission[a * nt + a] = trace
                                          ? square_sum(g->amplitude + g->first[a] + g->first[a] * c,
                                                       c, g->open[a], g->open[a])
                                          : diagonal;
    }
}

/* 1 - tau below this is rounding, and its entropy -x ln x would be noise. */
static const double TAU_ROUNDING = 1e-13;

/* Squares of the singular values of the amplitudes from the first ranked terminal to the other. Destroys them. */
void qep_amplitudes_to_eigenvalues(qep_green *g) {
    const size_t a = g->rank[0], b = g->rank[1], rows = g->open[b], columns = g->open[a],
                 least = rows < columns ? rows : columns;
    for (size_t k = 0; k < g->eigenvalues; k++) {
        g->eigenvalue[k] = NAN;
    }
    if (least == 0) {
        return;
    }
    double complex *t = g->amplitude + g->first[b] + g->first[a] * g->columns;
    if (least == 1) {
        g->svd_values[0] = sqrt(square_sum(t, g->columns, rows, columns));
    } else if (qep_zgesdd_values(rows, columns, t, g->columns, g->svd_values) != 0) {
        return;
    }
    for (size_t k = 0; k < least && k < g->eigenvalues; k++) {
        const double tau = g->svd_values[k] * g->svd_values[k];
        g->eigenvalue[k] = tau < 1.0 - TAU_ROUNDING ? tau : 1.0;
    }
}
