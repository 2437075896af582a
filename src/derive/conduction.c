/* What conduction adds (T7): the voltage V, the current density J = J_S - sigma grad V from the currents of the faces, and
 * E_total = -grad(phi + V). Insulators hold NaN in each. */
#include "rows.h"

#include <string.h>

qep_status qep_derive_V(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j, (void)err;
    memcpy(out, s->V, qep_grid_count(s->grid) * sizeof *out);
    return QEP_OK;
}

qep_status qep_derive_J(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)j;
    return qep_conduction_current(s->conduction, &s->current, s->V, i, out, err);
}

/* E_total = E - grad V; without anything that makes phi it is -grad V alone. */
qep_status qep_derive_E_total(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    const size_t count = qep_grid_count(s->grid);
    if (s->S || s->rho.values) {
        QEP_TRY(qep_derive_E(s, i, j, out, err));
    } else {
        qep_pass_set(0.0, count, s->threads, out);
    }
    QEP_TRY(qep_conduction_slope(s->conduction, &s->current, s->V, i, s->work, err));
    qep_pass_scale(&(qep_coefficient){-1.0, NULL}, count, s->threads, s->work);
    qep_pass_add(s->work, count, s->threads, out);
    return QEP_OK;
}
