/* Currents and entropy production of Bloch electrons in the solved field: linear response at each sample. With E the driving field and
 * X = -grad T, J_e = sigma E + alpha X and J_s = alpha E + (kappa/T) X; the irreversible production of the relaxation-time electrons is the
 * quadratic form of their displaced distribution, (tau/T) sum (-f') [v.(-e E) + v.X (e - mu)/T]^2 for the Drude part. */
#include "rows.h"

/* What one row computes at sample i; a: component. */
typedef double local(const qep_electrons *r, int a, size_t i);

static double product(const qep_electrons *r, qep_electron_tensor tensor, int a, size_t i, const double *const force[3]) {
    double row[3], sum = 0.0;
    r->row(r->user, tensor, a, i, row);
    for (int b = 0; b < r->axes; b++) {
        sum += row[b] * force[b][i];
    }
    return sum;
}

static double entropy_by_field(const qep_electrons *r, int a, size_t i) {
    return product(r, QEP_ELECTRONS_ALPHA, a, i, r->E);
}

static double entropy_by_heat(const qep_electrons *r, int a, size_t i) {
    return r->grad_T[0] ? -product(r, QEP_ELECTRONS_KAPPA, a, i, r->grad_T) / r->T[i] : 0.0;
}

static double charge(const qep_electrons *r, int a, size_t i) {
    const double by_field = product(r, QEP_ELECTRONS_SIGMA, a, i, r->E);
    return r->grad_T[0] ? by_field - product(r, QEP_ELECTRONS_ALPHA, a, i, r->grad_T) : by_field;
}

static double production(const qep_electrons *r, int a, size_t i) {
    double sum = 0.0;
    (void)a;
    for (int b = 0; b < r->axes; b++) {
        sum += r->E[b][i] * product(r, QEP_ELECTRONS_SIGMA, b, i, r->E);
        if (r->grad_T[0]) {
            sum -= 2.0 * r->E[b][i] * product(r, QEP_ELECTRONS_ALPHA_DRUDE, b, i, r->grad_T);
            sum += r->grad_T[b][i] * product(r, QEP_ELECTRONS_KAPPA, b, i, r->grad_T) / r->T[i];
        }
    }
    return sum / r->T[i];
}

/* out = (accumulate ? out : 0) + weight value; axes along which the electrons do not move carry nothing. */
static void fill(const qep_solution *s, local *value, int a, double weight, int accumulate, double *out) {
    const qep_electrons *r = s->response;
    const size_t count = qep_grid_count(s->grid);
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (size_t i = 0; i < count; i++) {
        const double v = a < r->dim ? weight * value(r, a, i) : 0.0;
        out[i] = accumulate ? out[i] + v : v;
    }
}

qep_status qep_derive_bloch_J_s(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)j, (void)err;
    fill(s, entropy_by_field, i, 1.0, 0, out);
    return QEP_OK;
}

qep_status qep_derive_bloch_J_T(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)j, (void)err;
    fill(s, entropy_by_heat, i, 1.0, 0, out);
    return QEP_OK;
}

qep_status qep_derive_bloch_J_e(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)j, (void)err;
    fill(s, charge, i, 1.0, 0, out);
    return QEP_OK;
}

qep_status qep_derive_bloch_Pi(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j, (void)err;
    fill(s, production, 0, 1.0, 0, out);
    return QEP_OK;
}

/* Like S, currents have no boundary condition: derivatives wrap on periodic axes and are one-sided elsewhere. */
static qep_status divergence(const qep_solution *s, local *current, int accumulate, double *out, qep_error *err) {
    for (int d = 0; d < s->grid->ndim; d++) {
        fill(s, current, d, 1.0, 0, s->work);
        QEP_TRY(qep_calculus_derivative(s->calculus, s->work, NULL, d, 1, 1.0, NULL, accumulate || d > 0, out, err));
    }
    return QEP_OK;
}

qep_status qep_derive_bloch_div_J_s(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j;
    return divergence(s, entropy_by_field, 0, out, err);
}

qep_status qep_derive_bloch_div_J_T(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    (void)i, (void)j;
    return divergence(s, entropy_by_heat, 0, out, err);
}

/* A single frame is a steady state: dS/dt = 0. */
qep_status qep_derive_bloch_residual(const qep_solution *s, int i, int j, double *out, qep_error *err) {
    const int rate = s->frames > 1;
    QEP_TRY(rate ? qep_derive_dS_dt(s, i, j, out, err) : QEP_OK);
    QEP_TRY(divergence(s, entropy_by_field, rate, out, err));
    QEP_TRY(divergence(s, entropy_by_heat, 1, out, err));
    fill(s, production, 0, -1.0, 1, out);
    return QEP_OK;
}
