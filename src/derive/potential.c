/* The potentials of the readings. In reading "poisson" phi = phi_rho + phi_S, and phi_S = kappa (S - S0) + psi + const
 * with psi harmonic: the entropy itself is never differenced, so phi_S keeps every digit that S has. */
#include "rows.h"

/* out = kappa (S - S0) + shift, the part of phi_S that needs no solve. */
static void entropy_part(const qep_solution *s, double shift, double *out) {
    const size_t count = qep_grid_count(s->grid);
    if (s->kappa.field) {
        qep_pass_affine(s->S, s->S0, 1.0, 0.0, count, s->threads, out);
        qep_pass_scale(&s->kappa, count, s->threads, out);
        return;
    }
    qep_pass_affine(s->S, s->S0, s->kappa.value, shift, count, s->threads, out);
}

qep_status qep_derive_phi_rho(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j, (void)err;
    const size_t count = qep_grid_count(s->grid);
    if (s->rho.values) {
        qep_pass_affine(s->rho.values, 0.0, 1.0, s->rho.shift, count, s->threads, out);
    } else {
        qep_pass_set(s->rho.shift, count, s->threads, out);
    }
    return QEP_OK;
}

/* phi_S = kappa (S - S0) + psi + shift. The sum is taken in this order so that it vanishes exactly on Dirichlet nodes,
 * where psi = -kappa (S - S0). */
qep_status qep_derive_phi_S(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j, (void)err;
    const size_t count = qep_grid_count(s->grid);
    if (!s->S) {
        qep_pass_set(s->psi.shift, count, s->threads, out);
        return QEP_OK;
    }
    if (s->elliptic && s->psi.values) { /* solved as a whole */
        qep_pass_affine(s->psi.values, 0.0, 1.0, s->psi.shift, count, s->threads, out);
        return QEP_OK;
    }
    if (!s->psi.values) {
        entropy_part(s, s->psi.shift, out);
        return QEP_OK;
    }
    const double kappa = s->kappa.value, S0 = s->S0, shift = s->psi.shift;
    const double *S = s->S, *psi = s->psi.values;
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (size_t k = 0; k < count; k++) {
        out[k] = (kappa * (S[k] - S0) + psi[k]) + shift;
    }
    return QEP_OK;
}

static qep_status phi_poisson(const qep_solution *s, int i, double *out, qep_error *err) {
    (void)i;
    if (!s->S) {
        return qep_derive_phi_rho(s, 0, 0, out, err);
    }
    QEP_TRY(qep_derive_phi_S(s, 0, 0, out, err));
    const size_t count = qep_grid_count(s->grid);
    if (s->rho.values) {
        const double shift = s->rho.shift;
        const double *rho = s->rho.values;
#pragma omp parallel for num_threads(s->threads) schedule(static)
        for (size_t k = 0; k < count; k++) {
            out[k] += rho[k] + shift;
        }
    }
    return QEP_OK;
}

/* phi = kappa S: with its constant, unlike the solved potential. */
static qep_status phi_field(const qep_solution *s, int i, double *out, qep_error *err) {
    (void)i, (void)err;
    qep_pass_affine(s->S, 0.0, s->kappa.value, 0.0, qep_grid_count(s->grid), s->threads, out);
    return QEP_OK;
}

/* phi_i = -kappa d_i S */
static qep_status phi_gradient(const qep_solution *s, int i, double *out, qep_error *err) {
    return qep_calculus_derivative(s->calculus, s->S, NULL, i, 1, -s->kappa.value, s->kappa.field,
                                   0, out, err);
}

/* phi = -kappa sum_j n_j d_j S */
static qep_status phi_directional(const qep_solution *s, int i, double *out, qep_error *err) {
    (void)i;
    for (int d = 0; d < s->grid->ndim; d++) {
        const double alpha = -s->kappa.value * s->direction[d];
        QEP_TRY(
            qep_calculus_derivative(s->calculus, s->S, NULL, d, 1, alpha, NULL, d > 0, out, err));
    }
    return QEP_OK;
}

qep_status qep_derive_phi(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)j;
    static qep_status (*const by_reading[QEP_READING_COUNT])(const qep_solution *, int, double *,
                                                             qep_error *) = {
        [QEP_READING_POISSON] = phi_poisson,
        [QEP_READING_FIELD] = phi_field,
        [QEP_READING_GRADIENT] = phi_gradient,
        [QEP_READING_DIRECTIONAL] = phi_directional,
    };
    return by_reading[s->reading](s, i, out, err);
}
