/* One weight per current (theory T22, T23): N: f; E: E f; S: s(f); the missing term by the relative entropy, which shares no integrand with
 * the others. Heat is integrated with E - mu_a, so that an offset of the energy zero costs no digits. */
#include "weights.h"

#include "qep/base/linear.h"
#include <math.h>

static int is_dephasing(const qep_terminal *t) {
    return t->role == QEP_PROBE_DEPHASING;
}

/* (sum_b T_pb) f_p - sum_q T_pq f_q = sum_known T_pb f_b over dephasing probes p, q; the same matrix gives 1 - f from 1 - f. */
static int solve_dephasing(const qep_system *s, const double *T, size_t probes, double *matrix, int *pivots, qep_occupation *o) {
    const size_t nt = s->terminals;
    double *rhs = matrix + probes * probes;
    size_t p = 0;
    for (size_t a = 0; a < nt; a++) {
        if (!is_dephasing(s->terminal[a])) {
            continue;
        }
        size_t q = 0;
        double total = 0.0, f = 0.0, g = 0.0;
        for (size_t b = 0; b < nt; b++) {
            const double t = a == b ? 0.0 : T[a * nt + b];
            total += t;
            if (is_dephasing(s->terminal[b])) {
                matrix[p + q++ * probes] = -t;
            } else {
                f += t * o[b].f;
                g += t * o[b].g;
            }
        }
        matrix[p + p * probes] = total > 0.0 ? total : 1.0;
        rhs[p] = f;
        rhs[probes + p] = g;
        p++;
    }
    if (qep_dgetrf(probes, matrix, probes, pivots) != 0 || qep_dgetrs(QEP_AS_IS, probes, 2, matrix, probes, pivots, rhs, probes) != 0) {
        return 1;
    }
    p = 0;
    for (size_t a = 0; a < nt; a++) {
        if (is_dephasing(s->terminal[a])) {
            o[a] = qep_occupation_given(rhs[p], rhs[probes + p]);
            p++;
        }
    }
    return 0;
}

int qep_occupations(const qep_system *s, const double *T, double E, const double *mu, const double *kT, double *scratch, int *pivots,
                    qep_occupation *out) {
    size_t probes = 0;
    for (size_t a = 0; a < s->terminals; a++) {
        if (is_dephasing(s->terminal[a])) {
            probes++;
        } else {
            out[a] = qep_occupation_fermi(E, mu[a], kT[a]);
        }
    }
    return probes ? solve_dephasing(s, T, probes, scratch, pivots, out) : 0;
}

/* (1 + r) ln(1 + r) - r */
static double excess(double r) {
    return fabs(r) < 1e-3 ? r * r * (0.5 - r * (1.0 / 6.0 - r * (1.0 / 12.0 - r * (0.05 - r / 30.0)))) : (1.0 + r) * log1p(r) - r;
}

/* s(m) - s(a) of the mixture m = tau b + (1 - tau) a. As (m - a) ln((1 - a)/a) - D(m||a) it keeps its digits where hardly anything is
 * transmitted; a full or empty a has no entropy to subtract. */
static double gain_by_mixing(double tau, qep_occupation a, qep_occupation b) {
    if (a.f <= 0.0 || a.g <= 0.0 || tau > 1e-3) {
        return qep_occupation_given(tau * b.f + (1.0 - tau) * a.f, tau * b.g + (1.0 - tau) * a.g).s - a.s;
    }
    const double change = tau * qep_occupation_difference(b, a);
    return change * (log(a.g) - log(a.f)) - a.f * excess(change / a.f) - a.g * excess(-change / a.g);
}

/* Gain by mixing, summed over transmission eigenvalues; out of a: with the sign turned. */
static double coarse_grained(const qep_green *g, qep_occupation a, qep_occupation b) {
    double sum = 0.0;
    if (a.f == b.f && a.g == b.g) {
        return 0.0; /* not the rounding of it, which no panel would be small enough for */
    }
    for (size_t k = 0; k < g->eigenvalues && !isnan(g->eigenvalue[k]); k++) {
        sum += gain_by_mixing(g->eigenvalue[k], a, b);
    }
    return -sum;
}

void qep_current_weights(const qep_green *g, double E, const double *mu, const double *kT, const qep_occupation *o, int with_cg, double *out) {
    const size_t nt = g->system->terminals;
    for (size_t a = 0; a < nt; a++) {
        for (size_t b = 0; b < nt; b++) {
            const double T = g->transmission[a * nt + b];
            if (a == b || T == 0.0) {
                continue;
            }
            const double df = qep_occupation_difference(o[a], o[b]);
            out[QEP_CURRENT_N * nt + a] += T * df;
            out[QEP_CURRENT_Q * nt + a] += T * (E - (is_dephasing(g->system->terminal[a]) ? 0.0 : mu[a])) * df;
            out[QEP_CURRENT_S * nt + a] += T * (o[a].s - o[b].s);
            if (!is_dephasing(g->system->terminal[a])) {
                out[QEP_CURRENT_W * nt + a] -= T * qep_missing_heat(E, mu[a], kT[a], o[b], o[a]);
            }
        }
        out[QEP_CURRENT_CG * nt + a] = with_cg ? coarse_grained(g, o[a], o[1 - a]) : 0.0;
    }
}
