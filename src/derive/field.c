/* Electric field and currents of the readings. In reading "poisson" E = -grad phi is the sum of the parts' fields, each
 * differentiated with what is known of it on the faces; J_S = -sigma grad phi_S leaves the electrostatic part out
 * (theory.md, section 3). */
#include "rows.h"

/* The same of a part that finite volumes solved: from the fluxes of both faces of a cell, right on either side of a jump of
 * eps_r. It goes through the scratch field when it is added to something. */
static qep_status volume_slope(const qep_solution *s, const qep_part *part, int i, double alpha,
                               const double *weight, int accumulate, double *out, qep_error *err) {
    const size_t count = qep_grid_count(s->grid);
    double *slope = accumulate ? s->work : out;
    QEP_TRY(qep_elliptic_slope(s->elliptic, &part->drive, part->values, i, slope, err));
    qep_pass_scale(&(qep_coefficient){alpha, NULL}, count, s->threads, slope);
    if (weight) {
        qep_pass_scale(&(qep_coefficient){1.0, weight}, count, s->threads, slope);
    }
    if (accumulate) {
        qep_pass_add(slope, count, s->threads, out);
    }
    return QEP_OK;
}

/* out = (accumulate ? out : 0) + alpha weight d_i part */
static qep_status part_slope(const qep_solution *s, const qep_part *part, int i, double alpha,
                             const double *weight, int accumulate, double *out, qep_error *err) {
    if (part->gradient[i]) {
        qep_pass_weighted(part->gradient[i], weight, alpha, accumulate, qep_grid_count(s->grid), s->threads, out);
        return QEP_OK;
    }
    if (part->values && s->elliptic) {
        return volume_slope(s, part, i, alpha, weight, accumulate, out, err);
    }
    if (part->values) {
        return qep_calculus_derivative(s->calculus, part->values, part->walls, i, 1, alpha, weight,
                                       accumulate, out, err);
    }
    if (!accumulate) {
        qep_pass_set(0.0, qep_grid_count(s->grid), s->threads, out);
    }
    return QEP_OK;
}

/* out = (accumulate ? out : 0) + alpha weight d_i phi_S: psi about its walls, kappa S without any. */
static qep_status entropic_slope(const qep_solution *s, int i, double alpha, const double *weight,
                                 int accumulate, double *out, qep_error *err) {
    if (!s->S || (s->elliptic && s->psi.values)) {
        return part_slope(s, &s->psi, i, alpha, weight, accumulate, out, err);
    }
    QEP_TRY(qep_calculus_derivative(s->calculus, s->S, NULL, i, 1, alpha * s->kappa.value, weight,
                                    accumulate, out, err));
    return part_slope(s, &s->psi, i, alpha, weight, 1, out, err);
}

/* E = -grad phi_rho - grad psi - kappa grad S */
static qep_status E_poisson(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)j;
    QEP_TRY(entropic_slope(s, i, -1.0, NULL, 0, out, err));
    return part_slope(s, &s->rho, i, -1.0, NULL, 1, out, err);
}

/* E = -kappa grad S, the definition, also for kappa(r) */
static qep_status E_field(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)j;
    return qep_calculus_derivative(s->calculus, s->S, NULL, i, 1, -s->kappa.value, s->kappa.field,
                                   0, out, err);
}

/* E_ij = d_j (kappa d_i S) */
static qep_status E_gradient(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    if (!s->kappa.field) {
        return qep_derive_second(s, i, j, s->kappa.value, 0, out, err);
    }
    QEP_TRY(qep_calculus_derivative(s->calculus, s->S, NULL, i, 1, s->kappa.value, s->kappa.field,
                                    0, s->work, err));
    return qep_calculus_derivative(s->calculus, s->work, NULL, j, 1, 1.0, NULL, 0, out, err);
}

/* E_i = kappa sum_j n_j d_i d_j S */
static qep_status E_directional(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)j;
    for (int d = 0; d < s->grid->ndim; d++) {
        QEP_TRY(qep_derive_second(s, i, d, s->kappa.value * s->direction[d], d > 0, out, err));
    }
    if (s->kappa.field) {
        qep_pass_scale(&(qep_coefficient){1.0, s->kappa.field}, qep_grid_count(s->grid), s->threads,
                       out);
    }
    return QEP_OK;
}

static qep_quantity_function *const E_by_reading[QEP_READING_COUNT] = {
    [QEP_READING_POISSON] = E_poisson,
    [QEP_READING_FIELD] = E_field,
    [QEP_READING_GRADIENT] = E_gradient,
    [QEP_READING_DIRECTIONAL] = E_directional,
};

qep_status qep_derive_E(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    return E_by_reading[s->reading](s, i, j, out, err);
}

/* J_S = sigma E in the readings without charge; -sigma grad phi_S in "poisson". */
qep_status qep_derive_J_S(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    if (s->reading == QEP_READING_POISSON) {
        return entropic_slope(s, i, -s->sigma.value, s->sigma.field, 0, out, err);
    }
    QEP_TRY(qep_derive_E(s, i, j, out, err));
    if (s->sigma.field || s->sigma.value != 1.0) {
        qep_pass_scale(&s->sigma, qep_grid_count(s->grid), s->threads, out);
    }
    return QEP_OK;
}

/* J_rho = -sigma grad phi_rho */
qep_status qep_derive_J_rho(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)j;
    return part_slope(s, &s->rho, i, -s->sigma.value, s->sigma.field, 0, out, err);
}
