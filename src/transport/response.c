/* Linear response: moments of T_ab (-f') with x = (E - mu)/k_B T. The entropy rows use ln((1 - f)/f) instead of x, so that Onsager's relation
 * compares two integrals. */
#include "qep/transport/response.h"

#include "mesh.h"
#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/transport/thermal.h"
#include "workers.h"
#include <math.h>
#include <string.h>

enum { ROWS = 4 };

typedef struct {
    const qep_system *s;
    double mu, kT;
    qep_green *green;
} job;

static qep_status evaluate(void *context, int thread, double E, double *out, qep_error *err) {
    const job *j = context;
    const size_t nt = j->s->terminals;
    QEP_TRY(qep_green_at(&j->green[thread], E, 0, 0, err));
    const double *T = j->green[thread].transmission;
    const qep_occupation o = qep_occupation_fermi(E, j->mu, j->kT);
    const double w = qep_thermal_window(o, j->kT), ds = log(o.g / o.f) * w;
    for (size_t a = 0; a < nt; a++) {
        for (size_t b = 0; b < nt; b++) {
            if (a == b || w == 0.0) {
                continue;
            }
            const double t = T[a * nt + b], value[ROWS] = {t * w, t * o.x * w, t * ds, t * o.x * ds};
            for (size_t r = 0; r < ROWS; r++) {
                out[r * nt * nt + a * nt + b] -= value[r];
                out[r * nt * nt + a * nt + a] += value[r];
            }
        }
    }
    return QEP_OK;
}

/* At T = 0 only the conductance is left, T(mu)/h. */
static qep_status at_zero(job *j, double *out, qep_error *err) {
    const size_t nt = j->s->terminals;
    QEP_TRY(qep_green_at(&j->green[0], j->mu, 0, 0, err));
    for (size_t a = 0; a < nt; a++) {
        for (size_t b = 0; b < nt; b++) {
            const double t = a == b ? 0.0 : j->green[0].transmission[a * nt + b];
            out[a * nt + b] -= t;
            out[a * nt + a] += t;
        }
    }
    return QEP_OK;
}

static qep_status integrate(job *j, double tolerance, int threads, double *out, double *error, qep_error *err) {
    const size_t nt = j->s->terminals, n = nt * nt, begin[] = {0, n, 2 * n, 3 * n, 4 * n};
    double mu[] = {j->mu}, kT[] = {j->kT};
    qep_panels panels = {0};
    qep_integral q = {0};
    if (j->kT == 0.0) {
        *error = 0.0;
        return at_zero(j, out, err);
    }
    QEP_TRY(qep_mesh_of(j->s, 1, mu, kT, 0, &panels, err));
    const qep_integrand f = {.values = ROWS * n, .groups = ROWS, .begin = begin, .evaluate = evaluate, .context = j, .tolerance = tolerance,
                             .threads = threads};
    const qep_status status = qep_integrate(&f, &panels, &q, err);
    qep_panels_free(&panels);
    if (status == QEP_OK) {
        memcpy(out, q.integral, ROWS * n * sizeof *out);
        *error = q.magnitude[0] > 0.0 ? q.error[0] / q.magnitude[0] : 0.0;
    }
    qep_integral_free(&q);
    return status;
}

void qep_response_free(qep_response *r) {
    qep_free(r->L11);
    qep_free(r->L12);
    qep_free(r->L21);
    qep_free(r->L22);
    *r = (qep_response){0};
}

/* Two terminals in the usual words: I_N = L11 dmu + L12 dT, thermopower at I_N = 0, heat T I_S. */
static void two_terminals(qep_response *r, double temperature) {
    r->conductance = r->thermopower = r->heat_conductance = r->lorenz = NAN;
    if (r->terminals != 2) {
        return;
    }
    const double l11 = r->L11[0], l12 = r->L12[0], l21 = r->L21[0], l22 = r->L22[0];
    const double lorenz0 = pow(QEP_PI * QEP_BOLTZMANN / QEP_E_CHARGE, 2.0) / 3.0;
    r->conductance = QEP_E_CHARGE * QEP_E_CHARGE * l11;
    r->thermopower = l11 > 0.0 ? -l12 / (l11 * QEP_E_CHARGE) : NAN;
    r->heat_conductance = l11 > 0.0 ? temperature * (l22 - l12 * l21 / l11) : NAN;
    r->lorenz = l11 > 0.0 && temperature > 0.0 ? r->heat_conductance / (r->conductance * temperature) / lorenz0 : NAN;
}

static qep_status solve(job *j, double temperature, double spin, double tolerance, int threads, qep_response *r, qep_error *err) {
    const size_t n = j->s->terminals * j->s->terminals;
    double **rows[] = {&r->L11, &r->L12, &r->L21, &r->L22}, *out = NULL;
    const double k = QEP_BOLTZMANN, rate = spin / QEP_PLANCK, scale[] = {rate, rate * k, rate * k, rate * k * k * (temperature > 0.0 ? 1.0 : 0.0)};
    for (size_t i = 0; i < ROWS; i++) {
        QEP_TRY(qep_alloc((void **)rows[i], n, sizeof(double), "linear response", err));
    }
    QEP_TRY(qep_alloc((void **)&out, ROWS * n, sizeof *out, "linear response", err));
    qep_status status = qep_workers_create(&j->green, j->s, threads, QEP_GREEN_T_ONLY, err);
    if (status == QEP_OK) {
        status = integrate(j, tolerance, threads, out, &r->error, err);
    }
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t e = 0; e < n; e++) { /* int dE (-f') is a pure number */
            (*rows[i])[e] = scale[i] * out[i * n + e];
        }
    }
    qep_free(out);
    two_terminals(r, temperature);
    return status;
}

qep_status qep_response_solve(const qep_system *system, double mu, double temperature, double spin, double tolerance, int threads,
                              qep_response *response, qep_error *err) {
    job j = {.s = system, .mu = mu / system->unit, .kT = QEP_BOLTZMANN * temperature / system->unit};
    *response = (qep_response){.terminals = system->terminals};
    if (!(temperature >= 0.0 && isfinite(temperature) && isfinite(mu))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport", NULL, "linear response at mu = %g J, T = %g K", mu, temperature);
    }
    const qep_status status = solve(&j, temperature, spin, tolerance, threads, response, err);
    qep_workers_destroy(j.green, threads);
    if (status != QEP_OK) {
        qep_response_free(response);
    }
    return status;
}
