/* S and its derivatives. S has no boundary condition: every derivative wraps on periodic axes and is one-sided
 * elsewhere. */
#include "rows.h"

#include <string.h>

qep_status qep_derive_S(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j, (void)err;
    memcpy(out, s->S, qep_grid_count(s->grid) * sizeof *out);
    return QEP_OK;
}

qep_status qep_derive_grad_S(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)j;
    return qep_calculus_derivative(s->calculus, s->S, NULL, i, 1, 1.0, NULL, 0, out, err);
}

qep_status qep_derive_lap_S(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j;
    for (int d = 0; d < s->grid->ndim; d++) {
        QEP_TRY(qep_calculus_derivative(s->calculus, s->S, NULL, d, 2, 1.0, NULL, d > 0, out, err));
    }
    return QEP_OK;
}

qep_status qep_derive_second(const qep_solution *s, int i, int j, double alpha, int accumulate,
                             double *out, qep_error *err) {
    return qep_calculus_mixed(s->calculus, s->S, i, j, alpha, accumulate, s->work, out, err);
}

qep_status qep_derive_hessian_S(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    return qep_derive_second(s, i, j, 1.0, 0, out, err);
}
