/* If this fails, self-consistent runs need far more steps than they should, or end somewhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/anderson.h"
#include <math.h>
#include <string.h>

enum { N = 5 };

/* g(x) = A x + b with eigenvalues of A well outside the unit circle, so that plain iteration runs away. */
static void residual(const double *x, double *r) {
    for (int i = 0; i < N; i++) {
        r[i] = (i % 2 ? 4.0 : -7.0) * x[i] + (i > 0 ? 0.5 * x[i - 1] : 0.0) + 1.0 + i - x[i];
    }
}

static double size(const double *r) {
    double largest = 0.0;
    for (int i = 0; i < N; i++) {
        largest = fmax(largest, fabs(r[i]));
    }
    return largest;
}

static int steps_to(size_t history, double mixing, double *x) {
    qep_anderson *mixer = NULL;
    qep_error err = {0};
    double r[N];
    assert_int_equal(qep_anderson_create(&mixer, N, history, mixing, &err), QEP_OK);
    int steps = 0;
    for (residual(x, r); size(r) > 1e-9 && steps < 50; steps++) {
        qep_anderson_next(mixer, x, r);
        residual(x, r);
    }
    qep_anderson_destroy(mixer);
    return steps;
}

/* A linear problem of N unknowns is solved once N differences are known, whatever the mixing. */
static void a_linear_problem_takes_as_many_steps_as_unknowns(void **state) {
    (void)state;
    double x[N] = {0}, y[N] = {3.0, -1.0, 0.0, 2.0, 5.0};
    assert_in_range(steps_to(N, 0.5, x), 1, N + 2);
    assert_in_range(steps_to(2 * N, 0.2, y), 1, N + 2);
    for (int i = 0; i < N; i++) {
        assert_true(fabs(x[i] - y[i]) < 1e-8);
    }
}

/* Without history it is plain mixing: x + mixing r; repeated residuals do no harm. */
static void without_history_it_is_plain_mixing(void **state) {
    (void)state;
    qep_anderson *mixer = NULL;
    qep_error err = {0};
    double x[2] = {1.0, 2.0};
    const double r[2] = {0.5, -4.0};
    assert_int_equal(qep_anderson_create(&mixer, 2, 0, 0.25, &err), QEP_OK);
    qep_anderson_next(mixer, x, r);
    qep_anderson_next(mixer, x, r);
    assert_true(x[0] == 1.25 && x[1] == 0.0);
    qep_anderson_destroy(mixer);
    double z[N] = {0};
    assert_int_equal(steps_to(0, 1.0, z), 50); /* runs away */
    const double same[2] = {1.0, 1.0};
    assert_int_equal(qep_anderson_create(&mixer, 2, 3, 1.0, &err), QEP_OK);
    memset(x, 0, sizeof x);
    for (int k = 0; k < 4; k++) {
        qep_anderson_next(mixer, x, same);
    }
    assert_true(isfinite(x[0]) && isfinite(x[1]));
    qep_anderson_destroy(mixer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linear_problem_takes_as_many_steps_as_unknowns),
        cmocka_unit_test(without_history_it_is_plain_mixing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
