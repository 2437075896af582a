/* If this fails, random fields are not reproducible or not random: Philox against its authors' vectors, moments of the numbers made
 * from it, and the filter that colours white noise against known modes. */
#include "qep/base/constants.h"
#include "qep/base/random.h"
#include "qep/spectral/series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

/* Known answers published with the generator (file kat_vectors of Random123). */
static void vectors_of_the_authors(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } rows[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t out[4];
        qep_philox(rows[i].counter, rows[i].key, out);
        assert_memory_equal(out, rows[i].out, sizeof out);
    }
}

enum { COUNT = 200000 };

/* Mean, variance and fourth moment within five standard errors; neighbours, streams and seeds uncorrelated. */
static void moments(void **state) {
    (void)state;
    double sum[7] = {0};
    for (uint64_t i = 0; i < COUNT; i++) {
        const double u = qep_random_uniform(7, 1, i), g = qep_random_normal(7, 0, i);
        assert_true(u > 0.0 && u < 1.0);
        const double term[7] = {u - 0.5, (u - 0.5) * (u - 0.5) - 1.0 / 12.0, g, g * g - 1.0, g * g * g * g - 3.0,
                                g * qep_random_normal(7, 0, i + 1), g * qep_random_normal(8, 0, i)};
        for (int k = 0; k < 7; k++) {
            sum[k] += term[k] / COUNT;
        }
    }
    static const double variance[7] = {1.0 / 12.0, 1.0 / 180.0, 1.0, 2.0, 96.0, 1.0, 1.0};
    for (int k = 0; k < 7; k++) {
        assert_true(fabs(sum[k]) < 5.0 * sqrt(variance[k] / COUNT));
    }
    assert_true(qep_random_normal(7, 0, 5) != qep_random_normal(7, 1, 5));
    assert_true(qep_random_normal(7, 0, 5) != qep_random_normal(7 + (1ULL << 32), 0, 5));
    assert_true(qep_random_normal(7, 0, 5) != qep_random_normal(7, 0, 5 + (1ULL << 32)));
}

static double falling(const void *context, const double k[3]) {
    const double *scale = context;
    return 1.0 / (1.0 + *scale * (k[0] * k[0] + 2.0 * k[1] * k[1] + 3.0 * k[2] * k[2]));
}

static qep_grid box(const size_t points[3]) {
    const qep_bc faces[3][2] = {{QEP_PERIODIC, QEP_PERIODIC}, {QEP_PERIODIC, QEP_PERIODIC}, {QEP_PERIODIC, QEP_PERIODIC}};
    qep_grid grid;
    assert_int_equal(qep_grid_init(&grid, 3, points, (const double[]){1.0, 0.8, 1.7}, NULL, NULL, QEP_CELL, faces, NULL), QEP_OK);
    return grid;
}

/* A plane wave with sine and cosine is an eigenvector of the filter, on even, odd and prime lengths, axes of one sample, any threads. */
static void the_filter_multiplies_modes(void **state) {
    (void)state;
    static const size_t sizes[][3] = {{8, 9, 10}, {17, 1, 13}, {1, 31, 1}, {2, 3, 1}, {40, 6, 5}};
    const double scale = 0.01;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const qep_grid grid = box(sizes[s]);
        const size_t count = qep_grid_count(&grid);
        double *u = malloc(count * sizeof *u), *v = malloc(count * sizeof *v), *w = malloc(count * sizeof *w);
        for (int mode = 0; mode < 3; mode++) {
            double k[3];
            for (int d = 0; d < 3; d++) {
                k[d] = sizes[s][d] > 2 ? 2.0 * QEP_PI * (d == mode ? 1 : d == (mode + 1) % 3 ? -1 : 0) / grid.axis[d].length : 0.0;
            }
            for (size_t i = 0; i < count; i++) {
                const size_t x = i % sizes[s][0], y = i / sizes[s][0] % sizes[s][1], z = i / sizes[s][0] / sizes[s][1];
                u[i] = cos(0.3 + k[0] * (double)x * grid.axis[0].h + k[1] * (double)y * grid.axis[1].h + k[2] * (double)z * grid.axis[2].h);
            }
            memcpy(v, u, count * sizeof *u);
            memcpy(w, u, count * sizeof *u);
            assert_int_equal(qep_series_filter(&grid, falling, &scale, 1, v, NULL), QEP_OK);
            assert_int_equal(qep_series_filter(&grid, falling, &scale, 3, w, NULL), QEP_OK);
            for (size_t i = 0; i < count; i++) {
                assert_true(fabs(v[i] - falling(&scale, k) * u[i]) <= 2e-15 * (double)(sizes[s][0] + sizes[s][1] + sizes[s][2]));
            }
            assert_memory_equal(v, w, count * sizeof *v);
        }
        free(u);
        free(v);
        free(w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_authors),
        cmocka_unit_test(moments),
        cmocka_unit_test(the_filter_multiplies_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
