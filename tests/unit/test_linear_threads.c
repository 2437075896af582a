/* If this fails, dense linear algebra gives wrong numbers when several threads call it at once (a BLAS without locks for its buffers). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/linear.h"
#include <math.h>
#include <string.h>

enum { MOST = 64, ROUNDS = 6000, THREADS = 4 };

static void fill(double complex *a, size_t n) {
    for (size_t i = 0; i < n * n; i++) {
        a[i] = (double)(i * 7 % 11) + (double)(i * 5 % 13) * I;
    }
}

static int invert(double complex *a, size_t n) {
    int pivots[MOST];
    return qep_zgetrf(n, a, n, pivots) || qep_zgetri(n, a, n, pivots);
}

static void inverses_are_the_same_from_all_threads(void **state) {
    (void)state;
    qep_linear_setup();
    if (!qep_linear_is_thread_safe()) {
        skip(); /* the program then uses one thread */
    }
    for (size_t n = 20; n <= MOST; n += 44) {
        double complex want[MOST * MOST];
        fill(want, n);
        assert_int_equal(invert(want, n), 0);
        int wrong = 0;
#pragma omp parallel for num_threads(THREADS) reduction(+ : wrong)
        for (int round = 0; round < ROUNDS; round++) {
            double complex a[MOST * MOST];
            fill(a, n);
            wrong += invert(a, n) != 0 || memcmp(a, want, n * n * sizeof *a) != 0;
        }
        assert_int_equal(wrong, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(inverses_are_the_same_from_all_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
