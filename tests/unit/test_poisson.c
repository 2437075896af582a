/* If this fails, the solver and the Laplacian no longer mean the same operator for some boundary pair, or an order is lost at a wall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "manufactured.h"
#include "qep/base/constants.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One factor per axis: 0: periodic, else a function without any symmetry at the walls. */
static double factor(int kind, double x, int d) {
    if (kind == 0) { /* period 1: exp(0.7 sin) keeps many harmonics; derivatives in closed form */
        const double w = 2 * QEP_PI, s = 0.7 * sin(w * x), c = 0.7 * w * cos(w * x), e = exp(s);
        return d == 0 ? e : d == 1 ? c * e : (c * c - w * w * s) * e;
    }
    /* e^{ax} cos(bx + c): (a + ib)^d */
    const double a = kind == 1 ? 1.3 : -0.8, b = kind == 1 ? 2.0 : 1.7, p = kind == 1 ? 0.3 : 0.9;
    const double e = exp(a * x), phase = b * x + p;
    if (d == 0) {
        return e * cos(phase);
    }
    if (d == 1) {
        return e * (a * cos(phase) - b * sin(phase));
    }
    return e * ((a * a - b * b) * cos(phase) - 2 * a * b * sin(phase));
}

typedef struct {
    int kind[3];
    double length[3];
} shape;

static double product(const double x[3], const int d[3], const void *data) {
    const shape *s = data;
    double value = 1.0;
    for (int i = 0; i < 3; i++) {
        if (s->kind[i] < 0) {
            continue;
        }
        double f = factor(s->kind[i], x[i] / s->length[i], d[i]);
        for (int k = 0; k < d[i]; k++) {
            f /= s->length[i];
        }
        value *= f;
    }
    return value;
}

static const qep_bc pair[5][2] = {{QEP_PERIODIC, QEP_PERIODIC},
                                  {QEP_DIRICHLET, QEP_DIRICHLET},
                                  {QEP_NEUMANN, QEP_NEUMANN},
                                  {QEP_DIRICHLET, QEP_NEUMANN},
                                  {QEP_NEUMANN, QEP_DIRICHLET}};
static const char *const pair_name[5] = {"P", "DD", "NN", "DN", "ND"};

static outcome solve(const int pairs[3], const size_t n[3], const double length[3], qep_sampling sampling, qep_derivative derivative) {
    qep_bc faces[3][2];
    shape s;
    for (int d = 0; d < 3; d++) {
        faces[d][0] = pair[pairs[d]][0];
        faces[d][1] = pair[pairs[d]][1];
        s.length[d] = length[d];
        s.kind[d] = n[d] == 1 ? -1 : pairs[d] == 0 ? 0 : d == 1 ? 2 : 1;
    }
    qep_grid grid;
    qep_error err = {0};
    assert_int_equal(qep_grid_init(&grid, 3, n, length, NULL, NULL, sampling, (const qep_bc(*)[2])faces, &err), QEP_OK);
    const problem p = {product, &s};
    outcome out;
    const qep_status status = solve_problem(&p, &grid, derivative, 2, &out, &err);
    if (status != QEP_OK) {
        print_error("%s\n", err.count ? err.item[0].message : "?");
    }
    assert_int_equal(status, QEP_OK);
    assert_true(out.report.compatible);
    return out;
}

static int verbose(void) {
    return getenv("QEP_TEST_VERBOSE") != NULL;
}

/* Observed order on the first pair of grids whose errors lie between 1e-4 and 1e-10 (docs/numerics.md). */
static double order_of(const double *error, const double *n, int count) {
    for (int i = 0; i + 1 < count; i++) {
        if (error[i] < 1e-4 && error[i + 1] > 1e-10) {
            return log(error[i] / error[i + 1]) / log(n[i + 1] / n[i]);
        }
    }
    return NAN;
}

static void one_dimensional_orders(void **state) {
    (void)state;
    static const size_t sizes[] = {11, 15, 21, 29, 41, 57, 81, 115, 163, 231, 327, 461, 651};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    int failed = 0;
    for (int derivative = QEP_FD2; derivative <= QEP_FD8; derivative++) {
        const double stated = qep_derivative_table()[derivative].order;
        for (int p = 0; p < 5; p++) {
            for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
                double u[COUNT], gradient[COUNT], n[COUNT];
                for (int i = 0; i < COUNT; i++) {
                    const outcome out = solve((const int[]){p, 0, 0}, (const size_t[]){sizes[i], 1, 1}, (const double[]){1.7, 1, 1},
                                              (qep_sampling)sampling, (qep_derivative)derivative);
                    assert_true(out.report.passed);
                    u[i] = out.u;
                    gradient[i] = out.gradient;
                    n[i] = (double)(sampling == QEP_NODE && p ? sizes[i] - 1 : sizes[i]);
                }
                const double order_u = order_of(u, n, COUNT), order_g = order_of(gradient, n, COUNT);
                if (verbose()) {
                    print_message("fd%g %s %s: u %.2f (%.1e %.1e) grad %.2f (%.1e %.1e)\n", stated, pair_name[p],
                                  sampling ? "node" : "cell", order_u, u[5], u[8], order_g, gradient[5], gradient[8]);
                }
                if (!(order_u >= stated - 0.2) || !(order_g >= stated - 0.2)) {
                    failed++;
                    print_error("fd%g %s %s: order of u %.2f, of grad u %.2f\n", stated, pair_name[p], sampling ? "node" : "cell", order_u,
                                order_g);
                }
            }
        }
    }
    assert_int_equal(failed, 0);
}

static void one_dimensional_spectral(void **state) {
    (void)state;
    int failed = 0;
    for (int p = 0; p < 5; p++) {
        for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
            for (size_t n = 32; n <= 257; n = 2 * n - 1) {
                const outcome out = solve((const int[]){p, 0, 0}, (const size_t[]){n, 1, 1}, (const double[]){1.7, 1, 1},
                                          (qep_sampling)sampling, QEP_SPECTRAL);
                if (verbose()) {
                    print_message("spectral %s %s n=%zu: u %.1e grad %.1e residual %.1e floor %.1e\n", pair_name[p], sampling ? "node" : "cell", n,
                                  out.u, out.gradient, out.report.residual, out.report.residual_floor);
                }
                if (n >= 60 && (!(out.u < 1e-11) || !(out.gradient < 1e-9) || !out.report.passed)) {
                    failed++;
                    print_error("spectral %s %s n=%zu: u %.1e grad %.1e residual %.1e\n", pair_name[p], sampling ? "node" : "cell", n, out.u,
                                out.gradient, out.report.residual);
                }
            }
        }
    }
    assert_int_equal(failed, 0);
}

/* Every triple of pairs on a small irregular grid: the discrete equation holds to round-off. */
static void small_grid_residuals(void **state) {
    (void)state;
    int failed = 0;
    for (int derivative = QEP_FD2; derivative < QEP_DERIVATIVE_COUNT; derivative++) {
        for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
            for (int triple = 0; triple < 125; triple++) {
                const outcome out = solve((const int[]){triple % 5, triple / 5 % 5, triple / 25}, (const size_t[]){12, 9, 10},
                                          (const double[]){12 * .31, 9 * .47, 10 * .23}, (qep_sampling)sampling, (qep_derivative)derivative);
                if (!(out.worst <= 1.0) || !out.report.passed) {
                    failed++;
                    print_error("%s %s %s %s %s: residual %.1e, %.2f of the bound\n", qep_derivative_table()[derivative].name,
                                sampling ? "node" : "cell", pair_name[triple % 5], pair_name[triple / 5 % 5], pair_name[triple / 25],
                                out.report.residual, out.worst);
                }
            }
        }
    }
    assert_int_equal(failed, 0);
}

/* A covering set of mixes in two and three dimensions, unequal odd sizes and spacings. */
static const int mixes[][3] = {{1, 2, -1}, {3, 4, -1}, {0, 1, -1}, {2, 2, -1}, {1, 1, -1}, {4, 0, -1}, {1, 1, 1},
                               {2, 2, 2}, {3, 1, 2},  {0, 3, 4},  {2, 4, 1},  {0, 0, 3},  {4, 2, 0}};

static void mixed_orders(void **state) {
    (void)state;
    int failed = 0;
    for (size_t m = 0; m < sizeof mixes / sizeof *mixes; m++) {
        const int flat = mixes[m][2] < 0;
        const int pairs[3] = {mixes[m][0], mixes[m][1], flat ? 0 : mixes[m][2]};
        const double length[3] = {1.3, 0.9, flat ? 1.0 : 1.1};
        for (int derivative = QEP_FD2; derivative <= QEP_FD8; derivative++) {
            const double stated = qep_derivative_table()[derivative].order;
            for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
                enum { COUNT = 6 };
                double u[COUNT], gradient[COUNT], n[COUNT];
                static const double scale2[COUNT] = {1.0, 1.5, 2.25, 3.4, 5.1, 7.6}, scale3[COUNT] = {1.0, 1.3, 1.7, 2.2, 2.9, 3.7};
                int count = flat ? COUNT : derivative == QEP_FD2 ? COUNT : 4;
                for (int i = 0; i < count; i++) {
                    const double s = flat ? scale2[i] : scale3[i];
                    const size_t base[3] = {(size_t)(19 * s) | 1, (size_t)(15 * s) | 1, flat ? 1 : (size_t)(17 * s) | 1};
                    const outcome out = solve(pairs, base, length, (qep_sampling)sampling, (qep_derivative)derivative);
                    u[i] = out.u;
                    gradient[i] = out.gradient;
                    n[i] = pow((double)base[0] * (double)base[1] * (double)base[2], flat ? 0.5 : 1.0 / 3.0);
                }
                const double order_u = log(u[count - 2] / u[count - 1]) / log(n[count - 1] / n[count - 2]);
                const double order_g = log(gradient[count - 2] / gradient[count - 1]) / log(n[count - 1] / n[count - 2]);
                if (verbose()) {
                    print_message("fd%g %s %s %s %s: u %.2f (%.1e) grad %.2f (%.1e)\n", stated, sampling ? "node" : "cell", pair_name[pairs[0]],
                                  pair_name[pairs[1]], flat ? "-" : pair_name[pairs[2]], order_u, u[count - 1], order_g, gradient[count - 1]);
                }
                const int judge_u = u[count - 1] > 1e-10, judge_g = gradient[count - 1] > 1e-10;
                if ((judge_u && !(order_u >= stated - 0.2)) || (judge_g && !(order_g >= stated - 0.2))) {
                    failed++;
                    print_error("fd%g %s %s %s %s: order of u %.2f (%.1e), of grad u %.2f (%.1e)\n", stated, sampling ? "node" : "cell",
                                pair_name[pairs[0]], pair_name[pairs[1]], flat ? "-" : pair_name[pairs[2]], order_u, u[count - 1], order_g,
                                gradient[count - 1]);
                }
            }
        }
    }
    assert_int_equal(failed, 0);
}

static void mixed_spectral(void **state) {
    (void)state;
    int failed = 0;
    for (size_t m = 0; m < sizeof mixes / sizeof *mixes; m++) {
        const int flat = mixes[m][2] < 0;
        const int pairs[3] = {mixes[m][0], mixes[m][1], flat ? 0 : mixes[m][2]};
        for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
            const outcome out = solve(pairs, (const size_t[]){61, 53, flat ? 1 : 57}, (const double[]){1.3, 0.9, flat ? 1.0 : 1.1},
                                      (qep_sampling)sampling, QEP_SPECTRAL);
            if (verbose()) {
                print_message("spectral %s %s %s %s: u %.1e grad %.1e residual %.1e floor %.1e\n", sampling ? "node" : "cell", pair_name[pairs[0]],
                              pair_name[pairs[1]], flat ? "-" : pair_name[pairs[2]], out.u, out.gradient, out.report.residual,
                              out.report.residual_floor);
            }
            if (!(out.u < 1e-11) || !(out.gradient < 1e-9) || !out.report.passed) {
                failed++;
                print_error("spectral %s %s %s %s: u %.1e grad %.1e residual %.1e\n", sampling ? "node" : "cell", pair_name[pairs[0]],
                            pair_name[pairs[1]], flat ? "-" : pair_name[pairs[2]], out.u, out.gradient, out.report.residual);
            }
        }
    }
    assert_int_equal(failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_dimensional_orders), cmocka_unit_test(one_dimensional_spectral), cmocka_unit_test(small_grid_residuals),
        cmocka_unit_test(mixed_orders),           cmocka_unit_test(mixed_spectral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
