/* The coefficients as fields, for those who want to see what the run used. */
#include "rows.h"

static qep_status coefficient(const qep_solution *s, const qep_coefficient *c, double *out) {
    const size_t count = qep_grid_count(s->grid);
    if (c->field) {
        qep_pass_affine(c->field, 0.0, c->value, 0.0, count, s->threads, out);
    } else {
        qep_pass_set(c->value, count, s->threads, out);
    }
    return QEP_OK;
}

qep_status qep_derive_kappa(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j, (void)err;
    return coefficient(s, &s->kappa, out);
}

qep_status qep_derive_conductivity(const qep_solution *s, int i, int j, double *out,
                                   qep_error *err) {
    (void)i, (void)j, (void)err;
    return coefficient(s, &s->sigma, out);
}

qep_status qep_derive_permittivity(const qep_solution *s, int i, int j, double *out,
                                   qep_error *err) {
    (void)i, (void)j, (void)err;
    return coefficient(s, &s->eps_r, out);
}
