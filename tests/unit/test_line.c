/* If this fails, a transform row is wrong: its coefficients no longer belong to the modes whose eigenvalues the solver divides by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/spectral/line.h"
#include <math.h>
#include <string.h>

static const struct {
    qep_wall_kind low, high;
} pairs[] = {{QEP_WALL_NONE, QEP_WALL_NONE},
             {QEP_WALL_NEUMANN, QEP_WALL_NEUMANN},
             {QEP_WALL_DIRICHLET, QEP_WALL_DIRICHLET},
             {QEP_WALL_DIRICHLET, QEP_WALL_NEUMANN},
             {QEP_WALL_NEUMANN, QEP_WALL_DIRICHLET}};

/* Second difference of line l of a block with the pair's reflections; unknowns only. */
static double second_difference(const double *block, size_t width, size_t m, size_t j, size_t l,
                                qep_wall_kind low, qep_wall_kind high, qep_sampling sampling) {
    const double c = block[j * width + l];
    double left = 0, right = 0;
    const int node = sampling == QEP_NODE;
    if (j > 0) {
        left = block[(j - 1) * width + l];
    } else if (low == QEP_WALL_NONE) {
        left = block[(m - 1) * width + l];
    } else if (low == QEP_WALL_NEUMANN) {
        left = node ? block[(m > 1 ? 1 : 0) * width + l] : c;
    } else {
        left = node ? 0.0 : -c;
    }
    if (j + 1 < m) {
        right = block[(j + 1) * width + l];
    } else if (high == QEP_WALL_NONE) {
        right = block[l];
    } else if (high == QEP_WALL_NEUMANN) {
        right = node ? block[(m > 1 ? m - 2 : 0) * width + l] : c;
    } else {
        right = node ? 0.0 : -c;
    }
    return left - 2 * c + right;
}

/* The second difference is -4 sin^2(theta/2) on every coefficient: checked on all lines of a block at once, for all lengths. */
static void rows_diagonalise_the_second_difference(void **state) {
    (void)state;
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
            /* all short lengths, and long ones whose type I lines are split more than once */
            for (size_t n = 2; n <= 257; n += n < 41 ? 1 : n == 41 ? 24 : 32) {
                for (size_t batch = 2; batch <= 4; batch += 2) {
                    qep_line *line = NULL;
                    assert_int_equal(qep_line_create(&line, pairs[p].low, pairs[p].high,
                                                     (qep_sampling)sampling, n, batch,
                                                     QEP_EFFORT_ESTIMATE, NULL),
                                     QEP_OK);
                    const size_t m = qep_line_unknowns(line), width = 2 * batch;
                    if (m == 0 ||
                        (m == 1 && sampling == QEP_NODE && pairs[p].low != pairs[p].high)) {
                        qep_line_destroy(line);
                        continue;
                    }
                    double *v = NULL, *a = NULL, *work = NULL;
                    assert_int_equal(qep_alloc_doubles(&v, m * width, "v", NULL), QEP_OK);
                    assert_int_equal(qep_alloc_doubles(&a, m * width, "a", NULL), QEP_OK);
                    assert_int_equal(qep_alloc_doubles(&work, qep_line_scratch(line), "w", NULL),
                                     QEP_OK);
                    for (size_t i = 0; i < m * width; i++) {
                        v[i] = sin(1.7 * (double)i + 0.3) + 0.2 * cos(0.9 * (double)(i * i % 101));
                    }
                    memcpy(a, v, m * width * sizeof *a);
                    qep_line_forward(line, a, work);
                    for (size_t k = 0; k < m; k++) {
                        const double s = sin(0.5 * qep_line_theta(line, k));
                        for (size_t l = 0; l < width; l++) {
                            a[k * width + l] *= -4 * s * s / qep_line_norm(line);
                        }
                    }
                    qep_line_backward(line, a, work);
                    for (size_t j = 0; j < m; j++) {
                        for (size_t l = 0; l < width; l++) {
                            const double expected =
                                second_difference(v, width, m, j, l, pairs[p].low, pairs[p].high,
                                                  (qep_sampling)sampling);
                            assert_true(fabs(a[j * width + l] - expected) < 2e-14);
                        }
                    }
                    qep_free(v);
                    qep_free(a);
                    qep_free(work);
                    qep_line_destroy(line);
                }
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_diagonalise_the_second_difference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
