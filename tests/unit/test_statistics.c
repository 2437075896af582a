/* If this fails, entropies of gases, electrons and phonons are wrong in some range of temperature, or jump where one formula hands over
 * to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/statistics.h"
#include <math.h>

static const double pi = 3.14159265358979323846;

static void close_to(double value, double reference, double tolerance, const char *what, double at) {
    if (!(fabs(value - reference) <= tolerance * fabs(reference))) {
        fail_msg("%s at %g: %.17g, expected %.17g (off by %.2g)", what, at, value, reference, fabs(value / reference - 1.0));
    }
}

static double occupation(double x) {
    return x > 0.0 ? exp(-x) / (1.0 + exp(-x)) : 1.0 / (1.0 + exp(x));
}

/* T8 as it is printed, from the smaller one of f and 1-f. */
static double printed_entropy(double x) {
    const double f = occupation(fabs(x));
    return f > 0.0 ? -f * log(f) - (1.0 - f) * log1p(-f) : 0.0;
}

/* int_0^inf x^{d/2-1} F(x - eta) dx/Gamma(d/2) by the double-exponential rule on panels that end at eta: nothing that the library uses. */
static double integral(int d, double eta, double (*f)(double)) {
    double total = 0.0;
    const double bounds[] = {0.0, fmax(eta, 0.0) / 2.0, fmax(eta, 0.0), fmax(eta, 0.0) + 8.0, fmax(eta, 0.0) + 60.0};
    for (int p = 0; p < 4; p++) {
        const double a = bounds[p], b = bounds[p + 1], h = 1.0 / 64.0;
        for (int i = -260; a < b && i <= 260; i++) {
            const double t = i * h, u = pi / 2.0 * sinh(t), gap = (b - a) / (1.0 + exp(2.0 * fabs(u))); /* distance from the nearer end */
            const double x = u < 0.0 ? a + gap : b - gap, weight = 0.5 * (b - a) * pi / 2.0 * cosh(t) / cosh(u) / cosh(u);
            if (weight > 0.0 && x > 0.0) {
                total += h * weight * pow(x, 0.5 * d - 1.0) * f(x - eta);
            }
        }
    }
    return total / tgamma(0.5 * d);
}

static void fermi_integrals_are_integrals(void **state) {
    (void)state;
    const double eta[] = {-30, -7, -2, -0.5, 0, 0.7, 1.9, 2.1, 4, 9, 15, 22, 30, 41, 43, 70, 150};
    for (int d = 1; d <= 3; d++) {
        for (size_t i = 0; i < sizeof eta / sizeof *eta; i++) {
            close_to(qep_fermi_number(d, eta[i]), integral(d, eta[i], occupation), 1e-12, "number", eta[i]);
            close_to(qep_fermi_entropy(d, eta[i]), integral(d, eta[i], printed_entropy), 1e-12, "entropy", eta[i]);
        }
    }
}

static void formulas_hand_over_without_a_jump(void **state) {
    (void)state;
    const double at[] = {0.0, 2.0, 42.0};
    for (int d = 1; d <= 3; d++) {
        for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
            const double step = 1e-14 * fmax(1.0, at[i]);
            close_to(qep_fermi_entropy(d, at[i] + step), qep_fermi_entropy(d, at[i] - step), 1e-13, "entropy", at[i]);
            close_to(qep_fermi_number(d, at[i] + step), qep_fermi_number(d, at[i] - step), 1e-13, "number", at[i]);
        }
    }
    close_to(qep_bose_entropy(0.8 + 1e-15), qep_bose_entropy(0.8 - 1e-15), 1e-13, "Bose entropy", 0.8);
    close_to(qep_debye_entropy(700.1), qep_debye_entropy(699.9) * pow(699.9 / 700.1, 3), 1e-13, "Debye", 700);
}

/* s = (pi^2/3) g(E_F) k_B^2 T [1 + (7 pi^2/10) (kT)^2 g''/g + ...]; g'' = (d/2-1)(d/2-2) g/E_F^2. */
static void degenerate_electrons_follow_sommerfeld(void **state) {
    (void)state;
    const double eta[] = {50, 200, 1e4, 1e8};
    for (int d = 1; d <= 3; d++) {
        const double p = 0.5 * d - 1.0;
        for (size_t i = 0; i < sizeof eta / sizeof *eta; i++) {
            const double g = pow(eta[i], p) / tgamma(0.5 * d);
            const double next = 7.0 * pow(pi, 4) / 90.0 * p * (p - 1.0) / eta[i] / eta[i];
            close_to(qep_fermi_entropy(d, eta[i]), g * (pi * pi / 3.0 + next), 100.0 * pow(eta[i], -4) + 1e-14, "Sommerfeld", eta[i]);
        }
    }
}

static void dilute_fermions_are_classical(void **state) {
    (void)state;
    for (int d = 1; d <= 3; d++) {
        close_to(qep_fermi_number(d, -60.0), exp(-60.0), 1e-14, "number", -60);
        close_to(qep_fermi_entropy(d, -60.0), (0.5 * d + 61.0) * exp(-60.0), 1e-14, "entropy", -60);
        assert_true(qep_fermi_number(d, -2000.0) == 0.0 && qep_fermi_entropy(d, -2000.0) == 0.0);
        assert_true(qep_fermi_number(d, -INFINITY) == 0.0);
    }
}

static void the_inverse_inverts(void **state) {
    (void)state;
    for (int d = 1; d <= 3; d++) {
        for (double n = 1e-30; n < 1e12; n *= 3.7) {
            close_to(qep_fermi_number(d, qep_fermi_eta(d, n)), n, 3e-14 * fmax(1.0, fabs(qep_fermi_eta(d, n)) / 30.0), "number", n);
        }
        assert_true(qep_fermi_eta(d, 0.0) == -INFINITY);
    }
    for (double n = 1e-30; n < 2.612; n *= 1.9) {
        close_to(qep_bose_number(qep_bose_alpha(n)), n, 3e-14 * fmax(1.0, qep_bose_alpha(n) / 30.0), "Bose number", n);
    }
    for (double gap = 0.1; gap > 1e-12; gap /= 10.0) {
        const double n = qep_bose_number(0.0) * (1.0 - gap);
        close_to(qep_bose_number(qep_bose_alpha(n)), n, 3e-15, "Bose number", n);
    }
    assert_true(qep_bose_alpha(3.0) == 0.0 && qep_bose_alpha(0.0) == INFINITY);
}

/* Direct sums where they converge: alpha = 0.01 needs 4000 terms. */
static void bose_integrals_are_sums(void **state) {
    (void)state;
    const double alpha[] = {0.01, 0.05, 0.2, 0.7, 0.9, 2, 7, 30, 300};
    for (size_t i = 0; i < sizeof alpha / sizeof *alpha; i++) {
        double number = 0.0, pressure = 0.0;
        for (int k = 4000; k >= 1; k--) {
            number += exp(-k * alpha[i]) / (k * sqrt(k));
            pressure += exp(-k * alpha[i]) / ((double)k * k * sqrt(k));
        }
        close_to(qep_bose_number(alpha[i]), number, 1e-13, "number", alpha[i]);
        close_to(qep_bose_entropy(alpha[i]), 2.5 * pressure + alpha[i] * number, 1e-13, "entropy", alpha[i]);
    }
    close_to(qep_bose_number(0.0), 2.6123753486854883, 1e-14, "zeta(3/2)", 0);
    close_to(qep_bose_entropy(0.0), 2.5 * 1.3414872572509172, 1e-14, "5/2 zeta(5/2)", 0);
    close_to(2.6123753486854883 - qep_bose_number(1e-10), 2.0 * sqrt(pi * 1e-10) - 1.4603545088095868e-10, 1e-9, "edge", 1e-10);
}

static void debye_has_both_limits(void **state) {
    (void)state;
    close_to(qep_debye_entropy(1e-3), 4.0 / 3.0 - log(1e-3) + 1e-6 / 40.0, 1e-14, "Dulong-Petit", 1e-3);
    for (double x = 60.0; x < 1e9; x *= 7.0) {
        close_to(qep_debye_entropy(x), 4.0 * pow(pi, 4) / 15.0 / (x * x * x), 1e-13, "T^3", x);
    }
    assert_true(qep_debye_entropy(INFINITY) == 0.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fermi_integrals_are_integrals),
        cmocka_unit_test(formulas_hand_over_without_a_jump),
        cmocka_unit_test(degenerate_electrons_follow_sommerfeld),
        cmocka_unit_test(dilute_fermions_are_classical),
        cmocka_unit_test(the_inverse_inverts),
        cmocka_unit_test(bose_integrals_are_sums),
        cmocka_unit_test(debye_has_both_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
