/* Fermi integrals: GSL's rational approximations for numbers; for the entropy of d = 1 and 3 three ranges, since the textbook
 * difference of two integrals loses eta^2 of its digits: that difference for small eta, the trapezoidal rule on the integral of
 * (T8) between, Sommerfeld's expansion of the entropy itself beyond. d = 2 is closed. Bose: the series in e^-alpha, and near
 * condensation Robinson's expansion in alpha (Phys. Rev. 83, 678 (1951)). */
#include "qep/base/statistics.h"

#include "qep/base/constants.h"
#include <gsl/gsl_sf_debye.h>
#include <gsl/gsl_sf_fermi_dirac.h>
#include <gsl/gsl_sf_zeta.h>
#include <math.h>

static const double series_below = 2.0;  /* eta up to which the difference loses no more than a digit */
static const double sommerfeld_from = 42.0; /* e^-42 = 6e-19 is what the expansion leaves out */
static const double exponential_below = -700.0;

double qep_state_occupation(double x) {
    const double e = exp(-fabs(x));
    return x > 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e);
}

double qep_state_entropy(double x) {
    const double a = fabs(x), e = exp(-a);
    return e > 0.0 ? log1p(e) + a * e / (1.0 + e) : 0.0;
}

/* 2 (1 - 2^{1-2k}) zeta(2k) for k = 1, 2, ...: pi^2/6, 7 pi^4/360, ... */
static double sommerfeld_coefficient(int k) {
    const double order = 2.0 * k;
    return 2.0 * (1.0 - exp2(1.0 - order)) * gsl_sf_zeta_int(2 * k);
}

/* Sommerfeld: F_j = eta^{j+1}/Gamma(j+2) (1 + sum over k of c_2k (j+1) j (j-1) ... [2k factors] / eta^{2k}). The entropy is the
 * derivative of the pressure, T^{j+1} F_j, by T: the term k gains the factor 2k and the 1 goes. From eta = 42 on the terms of
 * this asymptotic series fall below rounding before they grow. */
static double sommerfeld_sum(double j, double eta, int entropy) {
    double sum = entropy ? 0.0 : 1.0, falling = 1.0, last = INFINITY;
    for (int k = 1; k <= 40; k++) {
        falling *= (j + 1.0 - (2.0 * k - 2.0)) * (j + 1.0 - (2.0 * k - 1.0)) / eta / eta;
        const double term = sommerfeld_coefficient(k) * falling * (entropy ? 2.0 * k : 1.0);
        if (fabs(term) >= last) { /* asymptotic: the smallest term is the error */
            break;
        }
        sum += term;
        last = fabs(term);
        if (last < 1e-17 * fabs(sum)) {
            break;
        }
    }
    return sum;
}

static double gsl_number(int d, double eta) {
    gsl_sf_result r = {0};
    const int status = d == 1   ? gsl_sf_fermi_dirac_mhalf_e(eta, &r)
                       : d == 3 ? gsl_sf_fermi_dirac_half_e(eta, &r)
                                : gsl_sf_fermi_dirac_3half_e(eta, &r);
    return status == 0 ? r.val : NAN;
}

double qep_fermi_number(int d, double eta) {
    if (d == 2) {
        return eta > 0.0 ? eta + log1p(exp(-eta)) : log1p(exp(eta));
    }
    if (eta < exponential_below) {
        return exp(eta);
    }
    if (eta > sommerfeld_from) {
        return pow(eta, 0.5 * d) / tgamma(0.5 * d + 1.0) * (isfinite(eta) ? sommerfeld_sum(0.5 * d - 1.0, eta, 0) : 1.0);
    }
    return gsl_number(d, eta);
}

/* F_1(eta) for eta <= 0. */
static double fermi_one(double eta) {
    gsl_sf_result r = {0};
    return eta < exponential_below ? exp(eta) : gsl_sf_fermi_dirac_1_e(eta, &r) == 0 ? r.val : NAN;
}

/* d = 2: F_1(eta) = eta^2/2 + pi^2/6 - F_1(-eta) takes the large terms out. */
static double plane_entropy(double eta) {
    if (eta <= 0.0) {
        return 2.0 * fermi_one(eta) - eta * log1p(exp(eta));
    }
    const double tail = exp(-eta) > 0.0 ? 2.0 * fermi_one(-eta) + eta * log1p(exp(-eta)) : 0.0;
    return QEP_PI * QEP_PI / 3.0 - tail;
}

/* 1/Gamma(d/2) int x^{d/2-1} s(x - eta) dx with x = y^2: an even, analytic integrand, for which the trapezoidal rule converges like
 * exp(-2 pi Im y/h) with its nearest pole y^2 = eta + i pi. */
static double trapezoid_entropy(int d, double eta) {
    const double pole = QEP_PI / (2.0 * sqrt(0.5 * (eta + hypot(eta, QEP_PI))));
    const double h = 2.0 * QEP_PI * pole / 40.0, end = eta + 45.0;
    double sum = d == 1 ? 0.5 * qep_state_entropy(-eta) : 0.0;
    for (int i = 1; h * h * i * i < end; i++) {
        const double x = h * h * i * i;
        sum += (d == 1 ? 1.0 : x) * qep_state_entropy(x - eta);
    }
    return 2.0 * h * sum / tgamma(0.5 * d);
}

double qep_fermi_entropy(int d, double eta) {
    if (d == 2) {
        return plane_entropy(eta);
    }
    if (eta < exponential_below) {
        return (0.5 * d + 1.0 - eta) * exp(eta);
    }
    if (eta <= series_below) {
        const double upper = d == 1 ? gsl_number(3, eta) : gsl_number(5, eta);
        return (0.5 * d + 1.0) * upper - eta * gsl_number(d, eta);
    }
    if (eta <= sommerfeld_from) {
        return trapezoid_entropy(d, eta);
    }
    const double scale = pow(eta, 0.5 * d + 1.0) / tgamma(0.5 * d + 2.0);
    return isfinite(scale) ? scale * sommerfeld_sum(0.5 * d, eta, 1) : INFINITY;
}

/* Newton on ln F, which is concave and increasing, from a start that lies below the root. */
double qep_fermi_eta(int d, double number) {
    if (!(number > 0.0)) {
        return -INFINITY;
    }
    if (d == 2) {
        return number > 36.0 ? number : log(expm1(number));
    }
    const double target = log(number), classical = target, degenerate = pow(number * tgamma(0.5 * d + 1.0), 2.0 / d);
    if (target < -36.0) {
        return classical;
    }
    double eta = degenerate > 3.0 ? 0.8 * degenerate : classical, low = -INFINITY, high = INFINITY;
    for (int i = 0; i < 60; i++) {
        const double value = qep_fermi_number(d, eta), miss = log(value / number);
        low = miss < 0.0 ? eta : low;
        high = miss > 0.0 ? eta : high;
        const double slope = d == 3 ? qep_fermi_number(1, eta) / value : 0.0;
        const double step = slope > 0.0 ? -miss / slope : -miss * fmax(1.0, 2.0 * eta);
        double next = eta + step;
        if (isfinite(low) && isfinite(high) && !(next > low && next < high)) {
            next = 0.5 * (low + high);
        }
        if (fabs(next - eta) <= 4e-16 * fmax(1.0, fabs(next))) {
            return next;
        }
        eta = next;
    }
    return eta;
}

/* sum e^{-k alpha}/k^order, for alpha that is not small. */
static double bose_series(double order, double alpha) {
    double sum = 0.0;
    for (int k = 1; k < 200; k++) {
        const double term = exp(-k * alpha) / pow(k, order);
        sum += term;
        if (term < 1e-18 * sum) {
            break;
        }
    }
    return sum;
}

/* Gamma(1-order) alpha^{order-1} + sum zeta(order-k) (-alpha)^k/k!, for alpha < 2 pi; best below 1. */
static double bose_robinson(double order, double alpha) {
    double sum = tgamma(1.0 - order) * pow(alpha, order - 1.0), power = 1.0;
    for (int k = 0; k < 60; k++) {
        const double term = gsl_sf_zeta(order - k) * power;
        sum += term;
        power *= -alpha / (k + 1);
        if (fabs(power) < 1e-18) {
            break;
        }
    }
    return sum;
}

static double bose(double order, double alpha) {
    return alpha < 0.8 ? bose_robinson(order, alpha) : bose_series(order, alpha);
}

double qep_bose_number(double alpha) {
    return bose(1.5, alpha);
}

double qep_bose_entropy(double alpha) {
    return 2.5 * bose(2.5, alpha) + alpha * bose(1.5, alpha);
}

/* Newton in b = sqrt(alpha), in which the number is analytic down to condensation: dn/db = -2 b g_{1/2}(e^-alpha). */
double qep_bose_alpha(double number) {
    const double critical = gsl_sf_zeta(1.5);
    if (!(number > 0.0)) {
        return INFINITY;
    }
    if (number >= critical) {
        return 0.0;
    }
    if (number < 1e-8) {
        return -log(number) + number * 0.35355339059327373; /* -ln z, z = n - n^2/2^{3/2} */
    }
    double low = 0.0, high = sqrt(40.0), b = number > 1.0 ? (critical - number) / (2.0 * sqrt(QEP_PI)) : sqrt(fmax(-log(number), 0.05));
    for (int i = 0; i < 80; i++) {
        const double miss = qep_bose_number(b * b) - number;
        low = miss > 0.0 ? b : low;
        high = miss < 0.0 ? b : high;
        double next = b + miss / (2.0 * b * bose(0.5, b * b));
        if (!(next > low && next < high)) {
            next = 0.5 * (low + high);
        }
        if (fabs(next - b) <= 2e-16 * fabs(next)) {
            return next * next;
        }
        b = next;
    }
    return b * b;
}

double qep_debye_entropy(double x) {
    if (x > 700.0) { /* D_3 = pi^4/(5 x^3) to rounding */
        return 4.0 * QEP_PI * QEP_PI * QEP_PI * QEP_PI / 15.0 / x / x / x;
    }
    gsl_sf_result r = {0};
    const double debye = gsl_sf_debye_3_e(x, &r) == 0 ? r.val : NAN;
    return 4.0 / 3.0 * debye - log(-expm1(-x));
}
