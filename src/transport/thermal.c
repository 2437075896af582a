/* Fermi occupations, their entropy and relative entropy, from x = (E - mu)/kT and never from a rounded f: 1 - f is zero in floating point
 * for x < -37, where s is still a number. */
#include "qep/transport/thermal.h"

#include <math.h>

/* s/k_B = ln(1 + e^-|x|) + |x| e^-|x| / (1 + e^-|x|) (T8). */
static double thermal_entropy(double x) {
    const double a = fabs(x), q = exp(-a);
    return q > 0.0 ? log1p(q) + a * q / (1.0 + q) : 0.0;
}

static qep_occupation step(double E, double mu) {
    const double f = E < mu ? 1.0 : E > mu ? 0.0 : 0.5;
    return (qep_occupation){.f = f, .g = 1.0 - f, .s = 0.0, .x = E < mu ? -INFINITY : E > mu ? INFINITY : 0.0};
}

qep_occupation qep_occupation_fermi(double E, double mu, double kT) {
    if (kT == 0.0) {
        return step(E, mu);
    }
    const double x = (E - mu) / kT, q = exp(-fabs(x)), small = q / (1.0 + q), large = 1.0 / (1.0 + q);
    return (qep_occupation){.f = x > 0.0 ? small : large, .g = x > 0.0 ? large : small, .s = thermal_entropy(x), .x = x};
}

static double clip(double v) {
    return v < 0.0 ? 0.0 : v > 1.0 ? 1.0 : v;
}

/* -v ln v, zero at v = 0. */
static double minus_v_log_v(double v) {
    return v > 0.0 ? -v * log(v) : 0.0;
}

qep_occupation qep_occupation_given(double f, double g) {
    const double f1 = clip(f), g1 = clip(g);
    return (qep_occupation){.f = f1, .g = g1, .s = minus_v_log_v(f1) + minus_v_log_v(g1), .x = NAN};
}

/* f_b - f_a = f_b g_a (1 - e^(x_b - x_a)) for x_b <= x_a, and the mirror image. */
double qep_occupation_difference(qep_occupation b, qep_occupation a) {
    if (!isfinite(b.x) || !isfinite(a.x)) {
        return b.f <= 0.5 ? b.f - a.f : a.g - b.g;
    }
    return b.x <= a.x ? -b.f * a.g * expm1(b.x - a.x) : a.f * b.g * expm1(a.x - b.x);
}

/* phi(u) = (1 + u) ln(1 + u) - u >= 0, u > -1, without cancellation near 0. */
static double phi(double u) {
    if (fabs(u) > 0.1) {
        return (1.0 + u) * log1p(u) - u;
    }
    double sum = 0.0, power = u * u;
    for (int k = 2; k < 20; k++) { /* sum_k (-u)^k / (k (k-1)) */
        sum += (k % 2 ? -power : power) / (double)(k * (k - 1));
        power *= u;
    }
    return sum;
}

/* ln f and ln g of an occupation, from x where there is one. */
static double log_f(qep_occupation o) {
    return isfinite(o.x) ? (o.x > 0.0 ? -o.x - log1p(exp(-o.x)) : -log1p(exp(o.x))) : log(o.f);
}

static double log_g(qep_occupation o) {
    return isfinite(o.x) ? (o.x > 0.0 ? -log1p(exp(-o.x)) : o.x - log1p(exp(o.x))) : log(o.g);
}

/* One half of D: q ln(q/p) - (q - p) = p phi((q - p)/p), by logarithms where p is negligible beside q. */
static double half(double q, double p, double difference, double log_ratio) {
    if (q == 0.0) {
        return p;
    }
    return p > 0.0 && fabs(difference) < 0.5 * p ? p * phi(difference / p) : q * log_ratio - difference;
}

double qep_relative_entropy(qep_occupation b, qep_occupation a) {
    const double d = qep_occupation_difference(b, a);
    const double of_f = half(b.f, a.f, d, b.f > 0.0 ? log_f(b) - log_f(a) : 0.0);
    const double of_g = half(b.g, a.g, -d, b.g > 0.0 ? log_g(b) - log_g(a) : 0.0);
    const double sum = of_f + of_g;
    return sum > 0.0 ? sum : 0.0;
}

double qep_missing_heat(double E, double mu_a, double kT_a, qep_occupation b, qep_occupation a) {
    return kT_a == 0.0 ? fabs(E - mu_a) * fabs(qep_occupation_difference(b, a)) : kT_a * qep_relative_entropy(b, a);
}

double qep_thermal_window(qep_occupation o, double kT) {
    return o.f * o.g / kT;
}

double qep_grand_weight(double E, double mu, double kT) {
    const double d = mu - E;
    if (kT == 0.0) {
        return d > 0.0 ? d : 0.0;
    }
    return (d > 0.0 ? d : 0.0) + kT * log1p(exp(-fabs(d) / kT));
}
