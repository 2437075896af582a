/* If this fails, what a probe reports is not the field at its place: polynomials of the stated degree are met to rounding on every grid,
 * samples are returned as they are, and periodic axes have no seam. */
#include "qep/grid/interpolate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

enum { NX = 12, NY = 11, NZ = 1 };
static const double lengths[3] = {1.3, 0.7, 0.2}, origin[3] = {-0.4, 2.0, 0.0};

static qep_grid make_grid(qep_sampling sampling, qep_bc bc, size_t nx) {
    const size_t points[3] = {nx, NY, NZ};
    const qep_bc faces[3][2] = {{bc, bc}, {QEP_NATURAL, QEP_NATURAL}, {QEP_PERIODIC, QEP_PERIODIC}};
    qep_grid grid;
    assert_int_equal(qep_grid_init(&grid, 3, points, lengths, NULL, origin, sampling, faces, NULL), QEP_OK);
    return grid;
}

/* (x + 0.5)^p (y - 2.2)^p in units of the box: of degree p along each axis. */
static double polynomial(double x, double y, int degree) {
    return pow((x + 0.5) / 0.65, degree) + pow((y - 2.2) / 0.35, degree) * (1.0 + pow(x, degree));
}

static double *sample(const qep_grid *grid, int degree) {
    double *u = malloc(qep_grid_count(grid) * sizeof *u);
    for (size_t y = 0; y < grid->axis[1].n; y++) {
        for (size_t x = 0; x < grid->axis[0].n; x++) {
            u[qep_grid_index(grid, x, y, 0)] = polynomial(qep_grid_coordinate(grid, 0, x), qep_grid_coordinate(grid, 1, y), degree);
        }
    }
    return u;
}

static double value_at(const qep_grid *grid, const double *u, double x, double y, int points) {
    qep_interpolation place;
    qep_interpolation_place(&place, grid, (const double[3]){x, y, 0.1}, points);
    return qep_interpolate(&place, grid, u);
}

/* Degree points - 1 is exact everywhere up to both walls, degree `points` is not. */
static void polynomials_are_exact(void **state) {
    (void)state;
    for (int points = 1; points <= QEP_INTERPOLATION_POINTS; points++) {
        for (int node = 0; node < 2; node++) {
            const qep_grid grid = make_grid(node ? QEP_NODE : QEP_CELL, QEP_DIRICHLET, NX);
            double *exact = sample(&grid, points - 1), *beyond = sample(&grid, points), worst = 0.0;
            for (int k = 0; k <= 50; k++) {
                const double x = origin[0] + 0.02 * k * lengths[0], y = origin[1] + (1.0 - 0.02 * k) * lengths[1];
                assert_true(fabs(value_at(&grid, exact, x, y, points) - polynomial(x, y, points - 1)) <= 3e-11);
                worst = fmax(worst, fabs(value_at(&grid, beyond, x, y, points) - polynomial(x, y, points)));
            }
            assert_true(worst > 1e-9);
            free(exact);
            free(beyond);
        }
    }
}

static void samples_are_returned(void **state) {
    (void)state;
    const qep_grid grid = make_grid(QEP_CELL, QEP_PERIODIC, NX);
    double *u = sample(&grid, 3);
    for (size_t i = 0; i < NX * NY; i++) {
        const double x = qep_grid_coordinate(&grid, 0, i % NX), y = qep_grid_coordinate(&grid, 1, i / NX);
        assert_true(value_at(&grid, u, x, y, 6) == u[i]);
    }
    free(u);
}

/* Four points on a sine of a periodic axis, across its seam too; axes with fewer samples use all they have. */
static void periodic_axes_have_no_seam(void **state) {
    (void)state;
    double last = 1.0;
    for (size_t n = 8; n <= 32; n *= 2) {
        const qep_grid grid = make_grid(QEP_CELL, QEP_PERIODIC, n);
        double *u = calloc(qep_grid_count(&grid), sizeof *u), worst = 0.0;
        const double k = 2.0 * acos(-1.0) / lengths[0];
        for (size_t i = 0; i < n * NY; i++) {
            u[i] = sin(k * qep_grid_coordinate(&grid, 0, i % n));
        }
        for (int j = 0; j <= 100; j++) {
            const double x = origin[0] + 0.01 * j * lengths[0];
            worst = fmax(worst, fabs(value_at(&grid, u, x, 2.3, 4) - sin(k * x)));
        }
        assert_true(n == 8 || worst < last / 12.0); /* fourth order: 16 */
        last = worst;
        free(u);
    }
}

static void single_samples_stand_alone(void **state) {
    (void)state;
    const size_t points[1] = {1};
    const qep_bc faces[3][2] = {{QEP_PERIODIC, QEP_PERIODIC}, {QEP_PERIODIC, QEP_PERIODIC}, {QEP_PERIODIC, QEP_PERIODIC}};
    qep_grid grid;
    assert_int_equal(qep_grid_init(&grid, 1, points, lengths, NULL, NULL, QEP_CELL, faces, NULL), QEP_OK);
    assert_true(value_at(&grid, (const double[]){7.5}, 1.2, 0.0, 4) == 7.5);
    assert_true(qep_axis_contains(&grid.axis[0], 1.3) && !qep_axis_contains(&grid.axis[0], 1.3001));
    assert_true(!qep_axis_contains(&grid.axis[0], NAN));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polynomials_are_exact),
        cmocka_unit_test(samples_are_returned),
        cmocka_unit_test(periodic_axes_have_no_seam),
        cmocka_unit_test(single_samples_stand_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
