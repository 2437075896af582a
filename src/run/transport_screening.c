/* What the electrons will answer, estimated: near the fixed point a change of phi changes the charge by about -e^2 dn/dmu, and charge far apart
 * interacts strongly, so that phi taken as it comes out overshoots by the square of (size/screening length). The estimate turns the residual
 * r = phi_out - phi into r + D, with
 *
 *     (-lap + kappa^2) D = -kappa^2 r,      kappa^2 = e^2 (dn/dmu)/(eps_0 eps_r),
 *
 * which is Newton's step for a gas that answers locally. It moves the path to the fixed point, not the point: differences of order 2, simple
 * walls and three digits are enough. */
#include "transport.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

enum { MOST_STEPS = 2000 };
static const double ACCURACY = 1e-4;

/* ---- kappa^2 ---------------------------------------------------------------------------------------------------------------- */

static qep_status charge_at(qep_run_state *run, qep_run_transport *t, double shift, double *out,
                            qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    double *mu = NULL;
    QEP_TRY(qep_alloc_doubles(&mu, 2 * c->terminals, "screening", err));
    for (size_t a = 0; a < c->terminals; a++) {
        mu[a] = c->terminal[a].spec.mu + shift;
        mu[c->terminals + a] = c->terminal[a].spec.temperature;
    }
    const qep_steady_options o = {.sets = 1,
                                  .mu = mu,
                                  .temperature = mu + c->terminals,
                                  .spin = c->spin_factor,
                                  .tolerance = fmax(c->tolerance, 1e-6),
                                  .threads = run->options->threads,
                                  .fields = 1,
                                  .fill_bound_states = c->fill_bound_states,
                                  .log = run->log};
    qep_steady_free(&t->steady);
    qep_status status = qep_steady_solve(t->conductor.system, &t->conductor.h, &o, &t->steady, err);
    qep_free(mu);
    QEP_TRY(status);
    QEP_TRY(qep_run_transport_place_fields(run, t, err));
    qep_field_setting setting = qep_run_setting(run, 0);
    setting.report = NULL;
    return qep_field_evaluate(run->config->charge, &setting, out, err);
}

/* A step of mu that is neither lost in rounding nor wider than the thermal one. */
static double step_of_mu(const qep_run_state *run, const qep_run_transport *t) {
    double kT = 0.0;
    for (size_t a = 0; a < run->config->transport.leads; a++) {
        kT = fmax(kT, QEP_BOLTZMANN * run->config->transport.terminal[a].spec.temperature);
    }
    return fmax(0.2 * kT, 1e-2 * qep_hamiltonian_scale(&t->conductor.h));
}

qep_status qep_run_transport_screening(qep_run_state *run, qep_run_transport *t, double *kappa2,
                                       qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    const double step = step_of_mu(run, t);
    double *low = NULL, *high = NULL;
    memset(kappa2, 0, run->count * sizeof *kappa2);
    if (!run->solves_rho || c->loop.potential == QEP_LOOP_PHI_S || !run->config->charge ||
        !qep_field_uses_source(run->config->charge, "transport")) {
        return QEP_OK;
    }
    QEP_TRY(qep_run_load_materials(run, 0, err));
    QEP_TRY(qep_alloc_doubles(&low, run->count, "screening", err));
    qep_status status = qep_alloc_doubles(&high, run->count, "screening", err);
    status = status == QEP_OK ? charge_at(run, t, step, high, err) : status;
    status = status == QEP_OK ? charge_at(run, t, -step, low, err) : status;
    for (size_t i = 0; status == QEP_OK && i < t->conductor.h.count; i++) {
        const size_t k = qep_run_sample_of_site(run, c, i);
        const double eps =
            run->solution.eps_r.field ? run->solution.eps_r.field[k] : run->solution.eps_r.value;
        kappa2[k] =
            fmax(0.0, -QEP_E_CHARGE * (high[k] - low[k]) / (2.0 * step * QEP_EPSILON0 * eps));
    }
    qep_free(low);
    qep_free(high);
    return status;
}

/* ---- D ---------------------------------------------------------------------------------------------------------------------- */

/* out = (-lap + kappa^2) u; walls of the grid hold u = 0 where they are dirichlet, and pass nothing elsewhere. diagonal may be NULL. */
static void apply(const qep_run_state *run, const double *kappa2, const double *u, double *out,
                  double *diagonal) {
    const qep_grid *grid = run->grid;
    for (size_t i = 0; i < run->count; i++) {
        out[i] = kappa2[i] * u[i];
        if (diagonal) {
            diagonal[i] = kappa2[i];
        }
    }
    for (int d = 0; d < grid->ndim; d++) {
        const qep_axis *axis = &grid->axis[d];
        const size_t n = axis->n, stride = qep_grid_stride(grid, d);
        const double w = 1.0 / (axis->h * axis->h);
        for (size_t i = 0; n > 1 && i < run->count; i++) {
            const size_t at = i / stride % n;
            for (int side = 0; side < 2; side++) {
                const int outside = side ? at == n - 1 : at == 0;
                const size_t wrapped = side ? i - (n - 1) * stride : i + (n - 1) * stride,
                             next = side ? i + stride : i - stride;
                if (!outside || axis->bc[side] == QEP_PERIODIC) {
                    out[i] += w * (u[i] - u[outside ? wrapped : next]);
                    diagonal ? (void)(diagonal[i] += w) : (void)0;
                } else if (axis->bc[side] == QEP_DIRICHLET) {
                    out[i] += 2.0 * w * u[i];
                    diagonal ? (void)(diagonal[i] += 2.0 * w) : (void)0;
                }
            }
        }
    }
}

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Conjugate gradients with the diagonal; x 0 at the start. work [5 count]. */
static void solve(const qep_run_state *run, const double *kappa2, const double *right, double *x,
                  double *work) {
    const size_t n = run->count;
    double *r = work, *z = work + n, *p = work + 2 * n, *q = work + 3 * n, *diagonal = work + 4 * n;
    memset(x, 0, n * sizeof *x);
    memcpy(r, right, n * sizeof *r);
    apply(run, kappa2, x, q, diagonal);
    double before = 0.0;
    const double goal = ACCURACY * sqrt(dot(r, r, n));
    for (int step = 0; step < MOST_STEPS && sqrt(dot(r, r, n)) > goal; step++) {
        for (size_t i = 0; i < n; i++) {
            z[i] = diagonal[i] > 0.0 ? r[i] / diagonal[i] : r[i];
        }
        const double rho = dot(r, z, n);
        for (size_t i = 0; i < n; i++) {
            p[i] = z[i] + (step ? rho / before * p[i] : 0.0);
        }
        before = rho;
        apply(run, kappa2, p, q, NULL);
        const double curvature = dot(p, q, n);
        if (!(curvature > 0.0)) {
            return;
        }
        for (size_t i = 0; i < n; i++) {
            x[i] += rho / curvature * p[i];
            r[i] -= rho / curvature * q[i];
        }
    }
}

qep_status qep_run_transport_screen(const qep_run_state *run, const double *kappa2,
                                    double *residual, qep_error *err) {
    const size_t n = run->count;
    double *work = NULL;
    QEP_TRY(qep_alloc_doubles(&work, 7 * n, "screening", err));
    double *right = work + 5 * n, *D = work + 6 * n;
    double largest = 0.0;
    for (size_t i = 0; i < n; i++) {
        right[i] = -kappa2[i] * residual[i];
        largest = fmax(largest, fabs(right[i]));
    }
    if (largest > 0.0) {
        solve(run, kappa2, right, D, work);
        for (size_t i = 0; i < n; i++) {
            residual[i] += D[i];
        }
    }
    qep_free(work);
    return QEP_OK;
}
