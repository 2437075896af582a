/* Newton's method for the mu and T of floating probes, with the analytic Jacobian integrated in the same pass as the residual:
 * dI_a/dmu_b and dI_a/dT_b are moments of T_ab (-f_b'). Start: the mean mu of the reservoirs, and the temperature of hot electrons in the
 * middle of a long conductor under the same bias. */
#include "probes.h"

#include "mesh.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/transport/thermal.h"
#include "workers.h"
#include <math.h>
#include <string.h>

enum { MOST_STEPS = 60 };
static const double CONVERGED = 1e-12, CLOSE_ENOUGH = 1e-9;

typedef struct {
    const qep_system *s;
    const double *mu, *kT;
    size_t floating;   /* probes with unknowns */
    size_t *probe;     /* [floating] terminals */
    size_t dephasing;
    qep_green *green;
    double *work;      /* [threads, work_size]: effective transmissions and the elimination */
    size_t work_size;
    qep_occupation *occupation; /* [threads, terminals] */
    int *pivots;
} problem;

/* Moments of one pair in the integrand: w, (E - mu_a) w, x_b w, (E - mu_a) x_b w with w = T_ab (-f_b'). */
enum { MOMENTS = 4 };

static int is_dephasing(const qep_system *s, size_t a) {
    return s->terminal[a]->role == QEP_PROBE_DEPHASING;
}

/* T between terminals with a distribution, through the dephasing probes: T_ab + T_ad (K^-1 T)_db. */
static int effective_transmission(const problem *p, const double *T, double *out, double *matrix, int *pivots) {
    const size_t nt = p->s->terminals, d = p->dephasing;
    memcpy(out, T, nt * nt * sizeof *out);
    if (d == 0) {
        return 0;
    }
    double *rhs = matrix + d * d;
    size_t row = 0;
    for (size_t a = 0; a < nt; a++) {
        if (!is_dephasing(p->s, a)) {
            continue;
        }
        double total = 0.0;
        size_t column = 0;
        for (size_t b = 0; b < nt; b++) {
            const double t = a == b ? 0.0 : T[a * nt + b];
            total += t;
            rhs[row + b * d] = is_dephasing(p->s, b) ? 0.0 : t;
            if (is_dephasing(p->s, b)) {
                matrix[row + column++ * d] = -t;
            }
        }
        matrix[row + row * d] = total > 0.0 ? total : 1.0;
        row++;
    }
    if (qep_dgetrf(d, matrix, d, pivots) != 0 || qep_dgetrs(QEP_AS_IS, d, nt, matrix, d, pivots, rhs, d) != 0) {
        return 1;
    }
    for (size_t a = 0; a < nt; a++) {
        for (size_t b = 0; b < nt; b++) {
            size_t k = 0;
            for (size_t c = 0; c < nt; c++) {
                out[a * nt + b] += is_dephasing(p->s, c) ? T[a * nt + c] * rhs[k++ + b * d] : 0.0;
            }
        }
    }
    return 0;
}

/* Residuals [2, floating] (N, Q), then per (a, b) of floating probes the moments; the diagonal holds minus the sum over all terminals. */
static qep_status evaluate(void *context, int thread, double E, double *out, qep_error *err) {
    const problem *p = context;
    const size_t nt = p->s->terminals, n = p->floating;
    double *T = p->work + (size_t)thread * p->work_size;
    QEP_TRY(qep_green_at(&p->green[thread], E, 0, 0, err));
    if (effective_transmission(p, p->green[thread].transmission, T, T + nt * nt, p->pivots + (size_t)thread * nt) != 0) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "singular", "/transport/probes", NULL, "a dephasing probe is connected to no reservoir");
    }
    qep_occupation *o = p->occupation + (size_t)thread * nt;
    for (size_t b = 0; b < nt; b++) {
        o[b] = is_dephasing(p->s, b) ? (qep_occupation){0} : qep_occupation_fermi(E, p->mu[b], p->kT[b]);
    }
    for (size_t i = 0; i < n; i++) {
        const size_t a = p->probe[i];
        double total = 0.0;
        for (size_t b = 0; b < nt; b++) {
            if (b == a || is_dephasing(p->s, b)) {
                continue;
            }
            const double flow = T[a * nt + b] * qep_occupation_difference(o[a], o[b]);
            total += T[a * nt + b];
            out[i] += flow;
            out[n + i] += (E - p->mu[a]) * flow;
        }
        for (size_t j = 0; j < n; j++) {
            const size_t b = p->probe[j];
            if (p->kT[b] == 0.0) {
                continue;
            }
            const double w = (i == j ? -total : T[a * nt + b]) * qep_thermal_window(o[b], p->kT[b]);
            double *moment = out + 2 * n + MOMENTS * (i * n + j);
            moment[0] += w;
            moment[1] += (E - p->mu[a]) * w;
            moment[2] += o[b].x * w;
            moment[3] += (E - p->mu[a]) * o[b].x * w;
        }
    }
    return QEP_OK;
}

static int has_temperature(const problem *p, size_t i) {
    return p->s->terminal[p->probe[i]]->role == QEP_PROBE_THERMOELECTRIC;
}

/* Rows and columns of unknowns: mu of every probe, then kT of the thermoelectric ones. unknown[i], unknown[n + i]: their numbers, or SIZE. */
static size_t number_unknowns(const problem *p, size_t *unknown) {
    size_t count = 0;
    for (size_t i = 0; i < p->floating; i++) {
        unknown[i] = count++;
    }
    for (size_t i = 0; i < p->floating; i++) {
        unknown[p->floating + i] = has_temperature(p, i) ? count++ : (size_t)-1;
    }
    return count;
}

static int newton_step(const problem *p, const double *integral, const size_t *unknown, size_t count, double *matrix, int *pivots, double *step) {
    const size_t n = p->floating;
    memset(matrix, 0, count * count * sizeof *matrix);
    for (size_t i = 0; i < n; i++) {
        step[unknown[i]] = -integral[i];
        if (has_temperature(p, i)) {
            step[unknown[n + i]] = -integral[n + i];
        }
        for (size_t j = 0; j < n; j++) {
            const double *m = integral + 2 * n + MOMENTS * (i * n + j);
            matrix[unknown[i] + unknown[j] * count] = -m[0];
            if (has_temperature(p, j)) {
                matrix[unknown[i] + unknown[n + j] * count] = -m[2];
            }
            if (has_temperature(p, i)) {
                matrix[unknown[n + i] + unknown[j] * count] = -m[1] - (i == j ? integral[i] : 0.0);
                if (has_temperature(p, j)) {
                    matrix[unknown[n + i] + unknown[n + j] * count] = -m[3];
                }
            }
        }
    }
    return qep_dgetrf(count, matrix, count, pivots) != 0 || qep_dgetrs(QEP_AS_IS, count, 1, matrix, count, pivots, step, count) != 0;
}

/* Take the step; temperatures fall by at most a half, rise at most to the double, mu moves by at most the spread of the reservoirs and a few
 * kT. Returns the largest relative move. */
static double take_step(const problem *p, const size_t *unknown, const double *step, double reach, double *mu, double *kT) {
    double most = 0.0;
    for (size_t i = 0; i < p->floating; i++) {
        const size_t a = p->probe[i];
        const double limit = reach + 5.0 * kT[a], dmu = fmax(-limit, fmin(limit, step[unknown[i]]));
        mu[a] += dmu;
        most = fmax(most, fabs(dmu) / (reach + kT[a]));
        if (has_temperature(p, i)) {
            const double t = fmax(0.5 * kT[a], fmin(2.0 * kT[a], kT[a] + step[unknown[p->floating + i]]));
            most = fmax(most, fabs(t - kT[a]) / kT[a]);
            kT[a] = t;
        }
    }
    return most;
}

/* Spread of the reservoirs' mu; starting values of the probes. */
static double start(const problem *p, double *mu, double *kT) {
    double low = INFINITY, high = -INFINITY, mean_mu = 0.0, mean_T = 0.0, count = 0.0;
    for (size_t a = 0; a < p->s->terminals; a++) {
        if (p->s->terminal[a]->role == QEP_RESERVOIR) {
            low = fmin(low, mu[a]);
            high = fmax(high, mu[a]);
            mean_mu += mu[a];
            mean_T += kT[a];
            count += 1.0;
        }
    }
    mean_mu /= count;
    mean_T /= count;
    for (size_t i = 0; i < p->floating; i++) {
        mu[p->probe[i]] = mean_mu;
        if (has_temperature(p, i)) { /* T^2 = T0^2 + 3 (eV/2 pi k_B)^2 in the middle; half of the second term is a safe start anywhere */
            kT[p->probe[i]] = fmax(sqrt(mean_T * mean_T + 1.5 * pow((high - low) / 6.283185307179586, 2.0)), 1e-9);
        }
    }
    return high - low;
}

static double relative_residual(const problem *p, const qep_integral *q) {
    double worst = 0.0;
    for (size_t i = 0; i < p->floating; i++) {
        const double scale_N = q->magnitude[0], scale_Q = q->magnitude[1];
        worst = fmax(worst, scale_N > 0.0 ? fabs(q->integral[i]) / scale_N : 0.0);
        if (has_temperature(p, i)) {
            worst = fmax(worst, scale_Q > 0.0 ? fabs(q->integral[p->floating + i]) / scale_Q : 0.0);
        }
    }
    return worst;
}

static qep_status integrate(problem *p, const qep_steady_options *options, qep_integral *q, qep_error *err) {
    const size_t n = p->floating, begin[] = {0, n, 2 * n, 2 * n + MOMENTS * n * n};
    const qep_integrand f = {.values = begin[3], .groups = 3, .begin = begin, .evaluate = evaluate, .context = p,
                             .tolerance = options->tolerance, .threads = options->threads, .log = options->log};
    qep_panels panels = {0};
    QEP_TRY(qep_mesh(p->s, 1, p->mu, p->kT, 0, &panels, err));
    const qep_status status = qep_integrate(&f, &panels, q, err);
    qep_panels_free(&panels);
    return status;
}

static qep_status iterate(problem *p, const qep_steady_options *options, double *mu, double *kT, size_t *unknown, double *matrix, int *pivots,
                          double *step, int *iterations, double *residual, qep_error *err) {
    const size_t count = number_unknowns(p, unknown);
    const double reach = start(p, mu, kT);
    double moved = INFINITY, left = INFINITY;
    for (int k = 1; k <= MOST_STEPS; k++) {
        qep_integral q = {0};
        QEP_TRY(integrate(p, options, &q, err));
        left = relative_residual(p, &q);
        const int stuck = newton_step(p, q.integral, unknown, count, matrix, pivots, step);
        qep_integral_free(&q);
        *iterations = k > *iterations ? k : *iterations;
        if (stuck) {
            break;
        }
        if (left < CONVERGED || (left < CLOSE_ENOUGH && moved < 1e-10)) {
            *residual = fmax(*residual, left);
            return QEP_OK;
        }
        moved = take_step(p, unknown, step, reach, mu, kT);
    }
    return qep_error_add(err, QEP_ERR_UNCONVERGED, "not_converged", "/transport/probes", NULL,
                         "mu and T of the floating probes did not converge: residual %.2e of the currents after %d steps; a probe whose gamma is 0 "
                         "or that no lead reaches at these energies has no solution",
                         left, *iterations);
}

static qep_status allocate(problem *p, const qep_steady_options *options, size_t **unknown, double **matrix, int **pivots, double **step,
                           qep_error *err) {
    const size_t nt = p->s->terminals, n = p->floating, threads = (size_t)options->threads;
    p->work_size = nt * nt + p->dephasing * (p->dephasing + nt);
    QEP_TRY(qep_alloc_doubles(&p->work, threads * p->work_size, "probes", err));
    QEP_TRY(qep_alloc((void **)&p->pivots, threads * nt, sizeof *p->pivots, "probes", err));
    QEP_TRY(qep_alloc((void **)&p->occupation, threads * nt, sizeof *p->occupation, "probes", err));
    QEP_TRY(qep_alloc((void **)unknown, 2 * n, sizeof **unknown, "probes", err));
    QEP_TRY(qep_alloc_doubles(matrix, 4 * n * n, "probes", err));
    QEP_TRY(qep_alloc((void **)pivots, 2 * n, sizeof **pivots, "probes", err));
    QEP_TRY(qep_alloc_doubles(step, 2 * n, "probes", err));
    return qep_workers_create(&p->green, p->s, options->threads, QEP_GREEN_T_ONLY, err);
}

qep_status qep_probes_solve(const qep_system *system, const qep_steady_options *options, double *mu, double *kT, int *iterations,
                            double *residual, qep_error *err) {
    problem p = {.s = system, .mu = mu, .kT = kT};
    size_t *unknown = NULL;
    double *matrix = NULL, *step = NULL;
    int *pivots = NULL;
    QEP_TRY(qep_alloc((void **)&p.probe, system->terminals, sizeof *p.probe, "probes", err));
    for (size_t a = 0; a < system->terminals; a++) {
        const qep_terminal_role role = system->terminal[a]->role;
        p.dephasing += role == QEP_PROBE_DEPHASING;
        if (role == QEP_PROBE_VOLTAGE || role == QEP_PROBE_THERMOELECTRIC) {
            p.probe[p.floating++] = a;
        }
    }
    qep_status status = allocate(&p, options, &unknown, &matrix, &pivots, &step, err);
    if (status == QEP_OK) {
        status = iterate(&p, options, mu, kT, unknown, matrix, pivots, step, iterations, residual, err);
    }
    qep_workers_destroy(p.green, options->threads);
    qep_free(p.probe);
    qep_free(p.work);
    qep_free(p.pivots);
    qep_free(p.occupation);
    qep_free(unknown);
    qep_free(matrix);
    qep_free(pivots);
    qep_free(step);
    return status;
}
