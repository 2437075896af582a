/* If this fails, integrals over energy are wrong or claim an accuracy that they do not have: nested rules that lose their degree, panels that
 * miss a thermal step, an error estimate below the true error, or bits that depend on the number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/transport/thermal.h"
#include "transport/integrate.h"
#include <math.h>
#include <string.h>

static double monomial(const qep_panel *panel, int level, int degree) {
    double sum = 0.0, weight[QEP_LEVELS];
    for (int k = 0; k < qep_rule_nodes(level); k++) {
        const double E = qep_panel_node(panel, k, weight);
        sum += weight[level] * pow(E, degree);
    }
    return sum;
}

static void rules_have_their_degree(void **state) {
    (void)state;
    static const int degree[QEP_LEVELS] = {5, 11, 23, 47, 95};
    const qep_panel panel = {.low = -1.0, .high = 1.0, .u0 = 0.0, .u1 = 1.0, .map = QEP_MAP_LINEAR};
    for (int level = 0; level < QEP_LEVELS; level++) {
        for (int d = 0; d <= degree[level]; d++) {
            const double exact = d % 2 ? 0.0 : 2.0 / (d + 1);
            assert_true(fabs(monomial(&panel, level, d) - exact) < 2e-15);
        }
        if (level < 3) { /* above that the first defect is below rounding */
            assert_true(fabs(monomial(&panel, level, degree[level] + 1) -
                             2.0 / (degree[level] + 2)) > 1e-12);
        }
    }
}

enum { SETS = 4 };
static const double kT[SETS] = {1e-4, 3e-3, 0.02, 0.11}, MU = 0.7, HIGH = 5.5, LEVEL = 0.41,
                    HALF = 1e-3;

/* Per set: f, s, and one narrow level; then 1 / (2 sqrt(E HIGH)), infinite at an edge. */
static qep_status evaluate(void *context, int thread, double E, double *out, qep_error *err) {
    (void)context;
    (void)thread;
    (void)err;
    for (int k = 0; k < SETS; k++) {
        const qep_occupation o = qep_occupation_fermi(E, MU, kT[k]);
        out[3 * k] = o.f;
        out[3 * k + 1] = o.s;
        out[3 * k + 2] =
            HALF / (3.14159265358979323846 * ((E - LEVEL) * (E - LEVEL) + HALF * HALF));
    }
    out[3 * SETS] = 0.5 / sqrt(E * HIGH);
    return QEP_OK;
}

static void integrate(double tolerance, int threads, qep_integral *q) {
    size_t begin[3 * SETS + 2];
    qep_breaks breaks = {0};
    qep_panels panels = {0};
    qep_error err = {0};
    for (size_t g = 0; g < 3 * SETS + 2; g++) {
        begin[g] = g;
    }
    assert_int_equal(qep_breaks_add(&breaks, 0.0, 0.0, QEP_BREAK_EDGE, &err), QEP_OK);
    for (int k = 0; k < SETS; k++) {
        assert_int_equal(qep_breaks_add_thermal(&breaks, MU, kT[k], &err), QEP_OK);
    }
    assert_int_equal(qep_panels_make(&panels, &breaks, 0.0, HIGH, 0.0, 0, &err), QEP_OK);
    const qep_integrand f = {.values = 3 * SETS + 1,
                             .groups = 3 * SETS + 1,
                             .begin = begin,
                             .evaluate = evaluate,
                             .tolerance = tolerance,
                             .threads = threads};
    assert_int_equal(qep_integrate(&f, &panels, q, &err), QEP_OK);
    qep_panels_free(&panels);
    qep_breaks_free(&breaks);
}

/* int dE of every group from 0 to HIGH. */
static double exact(size_t group) {
    const double pi = 3.14159265358979323846, t = kT[group / 3 % SETS];
    if (group == 3 * SETS) {
        return 1.0;
    }
    switch (group % 3) {
    case 0:
        return qep_grand_weight(0.0, MU, t) - qep_grand_weight(HIGH, MU, t);
    case 1: { /* the whole, less what lies beyond the ends */
        double outside = 0.0;
        for (int side = 0; side < 2; side++) {
            const double x = (side ? HIGH - MU : MU) / t;
            for (int n = 1; n < 40; n++) { /* int_x^inf s = sum (-1)^(n+1) e^-nx (x/n + 2/n^2) */
                outside += (n % 2 ? 1.0 : -1.0) * exp(-n * x) * (x / n + 2.0 / ((double)n * n));
            }
        }
        return t * (pi * pi / 3.0 - outside);
    }
    default:
        return (atan((HIGH - LEVEL) / HALF) + atan(LEVEL / HALF)) / pi;
    }
}

static void errors_are_below_what_is_claimed(void **state) {
    (void)state;
    static const double tolerances[] = {1e-4, 1e-7, 1e-10, 1e-13};
    size_t before = 0;
    for (size_t k = 0; k < sizeof tolerances / sizeof *tolerances; k++) {
        qep_integral q;
        integrate(tolerances[k], 1, &q);
        for (size_t g = 0; g < 3 * SETS + 1; g++) {
            const double error = fabs(q.integral[g] - exact(g)) / exact(g);
            assert_true(error <= tolerances[k] + 1e-14);
            assert_true(q.error[g] <= 2.0 * tolerances[k] * q.magnitude[g] + 1e-14);
        }
        assert_int_equal(q.limited, 0);
        assert_true(q.evaluations > before && q.evaluations < 2000);
        before = q.evaluations;
        qep_integral_free(&q);
    }
}

static void threads_change_no_bit(void **state) {
    (void)state;
    qep_integral one, three;
    integrate(1e-9, 1, &one);
    integrate(1e-9, 3, &three);
    assert_memory_equal(one.integral, three.integral, (3 * SETS + 1) * sizeof *one.integral);
    assert_int_equal(one.evaluations, three.evaluations);
    qep_integral_free(&one);
    qep_integral_free(&three);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rules_have_their_degree),
                                       cmocka_unit_test(errors_are_below_what_is_claimed),
                                       cmocka_unit_test(threads_change_no_bit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
