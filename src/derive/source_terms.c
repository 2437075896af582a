/* Entropic charge density, rho_S = -eps0 div(eps_r kappa grad S), and the residual of the equation that was solved
 * last. */
#include "rows.h"

#include "qep/base/constants.h"

/* out = kappa(r) eps_r(r) d_d S without the uniform factors */
static qep_status displacement(const qep_solution *s, int d, double *out, qep_error *err) {
    const double *weight = s->kappa.field ? s->kappa.field : s->eps_r.field;
    QEP_TRY(qep_calculus_derivative(s->calculus, s->S, NULL, d, 1, 1.0, weight, 0, out, err));
    if (s->kappa.field && s->eps_r.field) {
        qep_pass_scale(&(qep_coefficient){1.0, s->eps_r.field}, qep_grid_count(s->grid), s->threads,
                       out);
    }
    return QEP_OK;
}

qep_status qep_derive_rho_S(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j;
    const double alpha = -QEP_EPSILON0 * s->eps_r.value * s->kappa.value;
    for (int d = 0; d < s->grid->ndim; d++) {
        if (!s->kappa.field && !s->eps_r.field) {
            QEP_TRY(qep_calculus_derivative(s->calculus, s->S, NULL, d, 2, alpha, NULL, d > 0, out,
                                            err));
            continue;
        }
        QEP_TRY(displacement(s, d, s->work, err));
        QEP_TRY(qep_calculus_derivative(s->calculus, s->work, NULL, d, 1, alpha, NULL, d > 0, out,
                                        err));
    }
    return QEP_OK;
}

/* The last solve is the entropic one where there is one (config.md). A part that needed no solve has no residual. */
qep_status qep_derive_residual(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j;
    const qep_part *part = s->psi.values ? &s->psi : &s->rho;
    if (!part->values) {
        qep_pass_set(0.0, qep_grid_count(s->grid), s->threads, out);
        return QEP_OK;
    }
    if (s->elliptic) {
        return qep_elliptic_residual(s->elliptic, &part->drive, part->values, out, err);
    }
    return qep_poisson_residual(s->solver, part->source, part->scale, part->walls, &part->report,
                                part->values, out, err);
}
