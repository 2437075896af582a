/* The continuity equation of entropy, dS/dt + div J_s = Pi: the current as given, its divergence, and the rate Pi. J_s has no boundary
 * condition, like S: its derivatives wrap on periodic axes and are one-sided elsewhere. */
#include "rows.h"

qep_status qep_derive_entropy_current(const qep_solution *s, int i, int j, double *out,
                                      qep_error *err) {
    (void)j;
    return s->entropy_current_at(s->user, i, s->frame, out, err);
}

static qep_status divergence(const qep_solution *s, int accumulate, double *out, qep_error *err) {
    for (int d = 0; d < s->grid->ndim; d++) {
        QEP_TRY(s->entropy_current_at(s->user, d, s->frame, s->work, err));
        QEP_TRY(qep_calculus_derivative(s->calculus, s->work, NULL, d, 1, 1.0, NULL,
                                        accumulate || d > 0, out, err));
    }
    return QEP_OK;
}

qep_status qep_derive_div_entropy_current(const qep_solution *s, int i, int j, double *out,
                                          qep_error *err) {
    (void)i, (void)j;
    return divergence(s, 0, out, err);
}

/* dS/dt first: both go through the scratch field. */
qep_status qep_derive_entropy_rate(const qep_solution *s, int i, int j, double *out,
                                   qep_error *err) {
    QEP_TRY(qep_derive_dS_dt(s, i, j, out, err));
    return divergence(s, 1, out, err);
}
