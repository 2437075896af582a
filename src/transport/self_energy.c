/* Self-energies: analytic for uniform leads, a number for wide-band contacts (theory T21). Gamma is kept as a product w w^H over the open
 * modes, so that a scattering problem needs one right side per open mode. */
#include "terminal.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

void qep_self_energy_free(qep_self_energy *s) {
    qep_free(s->sigma);
    qep_free(s->factor);
    qep_free(s->work);
    qep_free(s->values);
    qep_free(s->pivots);
    *s = (qep_self_energy){0};
}

qep_status qep_self_energy_init(qep_self_energy *s, const qep_terminal *terminal, qep_error *err) {
    const size_t n = terminal->count, dense = terminal->kind == QEP_LEAD_WIDEBAND ? 0 : n * n;
    *s = (qep_self_energy){.count = n};
    QEP_TRY(qep_alloc((void **)&s->sigma, dense ? dense : n, sizeof *s->sigma, "self-energy", err));
    if (dense) {
        QEP_TRY(qep_alloc((void **)&s->factor, n * n, sizeof *s->factor, "open modes", err));
        QEP_TRY(qep_alloc((void **)&s->work, terminal->analytic ? n * n : qep_periodic_work(n), sizeof *s->work, "modes of a lead", err));
        QEP_TRY(qep_alloc_doubles(&s->values, 2 * n, "modes of a lead", err));
        QEP_TRY(qep_alloc((void **)&s->pivots, 2 * n, sizeof *s->pivots, "pivots", err));
    }
    return QEP_OK;
}

/* Sigma of one mode: t (z - i sqrt(1 - z^2)) in the band, t (z - sgn z sqrt(z^2 - 1)) outside, z = (E - centre)/2t. */
static double complex mode_self_energy(double z, double t, double *gamma) {
    if (fabs(z) < 1.0) {
        const double root = sqrt((1.0 - z) * (1.0 + z));
        *gamma = 2.0 * t * root;
        return t * (z - I * root);
    }
    *gamma = 0.0;
    return t / (z + copysign(sqrt((z - 1.0) * (z + 1.0)), z)); /* the same, without cancellation */
}

static void analytic(qep_self_energy *s, const qep_terminal *terminal, double E) {
    const size_t n = s->count;
    s->open = 0;
    for (size_t m = 0; m < n; m++) {
        double gamma = 0.0;
        const double complex sigma = mode_self_energy((E - terminal->level[m]) / (2.0 * terminal->t), terminal->t, &gamma);
        const double complex *chi = terminal->mode + m * n;
        for (size_t i = 0; i < n; i++) {
            s->work[i + m * n] = sigma * chi[i];
        }
        if (gamma > 0.0) {
            for (size_t i = 0; i < n; i++) {
                s->factor[i + s->open * n] = sqrt(gamma) * chi[i];
            }
            s->open++;
        }
    }
    qep_zgemm(QEP_AS_IS, QEP_ADJOINT, n, n, n, 1.0, s->work, n, terminal->mode, n, 0.0, s->sigma, n);
}

int qep_self_energy_at(qep_self_energy *s, const qep_terminal *terminal, double E) {
    if (terminal->kind == QEP_LEAD_WIDEBAND) {
        for (size_t i = 0; i < s->count; i++) {
            s->sigma[i] = -0.5 * I * terminal->gamma;
        }
        s->open = terminal->gamma > 0.0 ? s->count : 0;
        return 0;
    }
    if (terminal->analytic) {
        analytic(s, terminal, E);
        return 0;
    }
    return qep_periodic_self_energy(s, terminal, E);
}
