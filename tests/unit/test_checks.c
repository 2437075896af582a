/* If this fails, the numbers that a run is trusted by say nothing: the boundary residual, the comparison with free space, or the tail of a source
 * no longer see a fault of the size that is put in here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/special.h"
#include "qep/poisson/checks.h"
#include "qep/stencil/tail.h"
#include <math.h>
#include <string.h>

typedef struct {
    qep_grid grid;
    qep_calculus *calculus;
    qep_walls walls;
    double *u, *f;
} problem;

static void begin(problem *p, int ndim, const size_t *points, const qep_bc faces[3][2], qep_sampling sampling) {
    const double lengths[3] = {1.0, 1.0, 1.0};
    const qep_calculus_options options = {QEP_FD8, 2, QEP_PLAN_ESTIMATE};
    memset(p, 0, sizeof *p);
    assert_int_equal(qep_grid_init(&p->grid, ndim, points, lengths, NULL, NULL, sampling, faces, NULL), QEP_OK);
    assert_int_equal(qep_calculus_create(&p->calculus, &p->grid, &options, NULL, NULL), QEP_OK);
    qep_walls_init(&p->walls, &p->grid);
    assert_int_equal(qep_alloc_doubles(&p->u, qep_grid_count(&p->grid), "u", NULL), QEP_OK);
    assert_int_equal(qep_alloc_doubles(&p->f, qep_grid_count(&p->grid), "f", NULL), QEP_OK);
}

static void end(problem *p) {
    qep_walls_free(&p->walls);
    qep_calculus_destroy(p->calculus);
    qep_free(p->u);
    qep_free(p->f);
}

static double along(const problem *p, int d, size_t i) {
    return qep_grid_coordinate(&p->grid, d, i);
}

/* u = 1 + sin(2x + 1): its value at x = 0, its slope at x = 1. */
static void walls_show_what_is_wrong_at_them(void **state) {
    (void)state;
    const size_t points[3] = {40, 1, 1};
    const qep_bc faces[3][2] = {{QEP_DIRICHLET, QEP_NEUMANN}, {QEP_PERIODIC, QEP_PERIODIC}, {QEP_PERIODIC, QEP_PERIODIC}};
    for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
        problem p;
        qep_face_check check[3][2];
        begin(&p, 1, points, faces, (qep_sampling)sampling);
        for (size_t i = 0; i < points[0]; i++) {
            p.u[i] = 1.0 + sin(2.0 * along(&p, 0, i) + 1.0);
        }
        assert_int_equal(qep_walls_allocate(&p.walls, 0, 0, NULL), QEP_OK);
        assert_int_equal(qep_walls_allocate(&p.walls, 0, 1, NULL), QEP_OK);
        p.walls.wall[0][0].level[0][0] = 1.0 + sin(1.0);
        p.walls.wall[0][1].level[0][0] = 2.0 * cos(3.0);
        assert_int_equal(qep_check_walls(p.calculus, &p.walls, p.u, check, NULL), QEP_OK);
        assert_true(check[0][0].checked && check[0][1].checked && !check[1][0].checked);
        assert_true(check[0][0].relative < 1e-12 && check[0][1].relative < 1e-11);
        p.walls.wall[0][0].level[0][0] += 1e-3;
        p.walls.wall[0][1].level[0][0] -= 1e-3;
        assert_int_equal(qep_check_walls(p.calculus, &p.walls, p.u, check, NULL), QEP_OK);
        assert_true(fabs(check[0][0].difference - 1e-3) < 1e-12 && fabs(check[0][1].difference - 1e-3) < 1e-11);
        assert_true(check[0][0].relative > 4e-4 && check[0][1].relative > 4e-4);
        end(&p);
    }
}

/* A plane charge of width s between open faces: u = -(z erf(z/sqrt2 s)/2 + ...). */
static double plane(double z, double s) {
    return -(0.5 * z * erf(z / s / sqrt(2.0)) + s / sqrt(2.0 * QEP_PI) * exp(-0.5 * z * z / s / s));
}

static double gauss(double z, double s) {
    return exp(-0.5 * z * z / s / s) / s / sqrt(2.0 * QEP_PI);
}

static void free_space_shows_what_is_wrong_far_away(void **state) {
    (void)state;
    const size_t points[3] = {60, 6, 1};
    const qep_bc faces[3][2] = {{QEP_OPEN, QEP_OPEN}, {QEP_PERIODIC, QEP_PERIODIC}, {QEP_PERIODIC, QEP_PERIODIC}};
    problem p;
    qep_face_check check[3][2];
    begin(&p, 2, points, faces, QEP_CELL);
    for (size_t k = 0; k < qep_grid_count(&p.grid); k++) {
        const double z = along(&p, 0, k % points[0]) - 0.53, y = along(&p, 1, k / points[0]);
        p.f[k] = gauss(z, 0.05) * (1.0 + 0.5 * cos(2.0 * QEP_PI * y)); /* the modulation is no lowest mode: it drops out */
        p.u[k] = plane(z, 0.05) + 0.1 * sin(2.0 * QEP_PI * y);
    }
    assert_int_equal(qep_check_open(p.calculus, &p.walls, p.f, -1.0, 1.0, p.u, check, NULL), QEP_OK);
    assert_true(check[0][0].checked && check[0][1].checked && !check[1][0].checked);
    assert_true(check[0][0].relative < 1e-14 && check[0][1].relative < 1e-14);
    for (size_t k = 0; k < qep_grid_count(&p.grid); k++) {
        p.u[k] += 1e-3;
    }
    assert_int_equal(qep_check_open(p.calculus, &p.walls, p.f, -1.0, 1.0, p.u, check, NULL), QEP_OK);
    assert_true(fabs(check[0][0].difference - 1e-3) < 1e-14 && fabs(check[0][1].difference - 1e-3) < 1e-14);
    end(&p);
}

/* Data on a wall opposite an open face, and on the walls of a closed axis: harmonic functions that decay. */
static void wall_data_are_sources_of_the_far_field(void **state) {
    (void)state;
    const size_t points[3] = {40, 36, 1};
    const qep_bc faces[3][2] = {{QEP_DIRICHLET, QEP_OPEN}, {QEP_DIRICHLET, QEP_NEUMANN}, {QEP_PERIODIC, QEP_PERIODIC}};
    const double k = 0.5 * QEP_PI;
    problem p;
    qep_face_check check[3][2];
    begin(&p, 2, points, faces, QEP_CELL);
    for (size_t i = 0; i < qep_grid_count(&p.grid); i++) {
        p.u[i] = exp(-k * along(&p, 0, i % points[0])) * sin(k * along(&p, 1, i / points[0]));
    }
    assert_int_equal(qep_walls_allocate(&p.walls, 0, 0, NULL), QEP_OK);
    for (size_t i = 0; i < points[1]; i++) {
        p.walls.wall[0][0].level[0][i] = sin(k * along(&p, 1, i));
    }
    assert_int_equal(qep_check_open(p.calculus, &p.walls, NULL, 0.0, 0.0, p.u, check, NULL), QEP_OK);
    assert_true(check[0][1].checked && !check[0][0].checked && check[0][1].relative < 1e-13);
    p.walls.wall[0][0].level[0][20] += 0.1;
    assert_int_equal(qep_check_open(p.calculus, &p.walls, NULL, 0.0, 0.0, p.u, check, NULL), QEP_OK);
    assert_true(check[0][1].relative > 1e-4);
    end(&p);
}

/* Between a wall at a given voltage and one with a given field, open along x: u = g(x) (1 - y/2) has data on both walls. */
static void data_on_closed_walls_count_too(void **state) {
    (void)state;
    const size_t points[3] = {60, 40, 1};
    const qep_bc faces[3][2] = {{QEP_OPEN, QEP_OPEN}, {QEP_DIRICHLET, QEP_NEUMANN}, {QEP_PERIODIC, QEP_PERIODIC}};
    const double s = 0.05, middle = 0.52;
    problem p;
    qep_face_check check[3][2];
    for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
        begin(&p, 2, points, faces, (qep_sampling)sampling);
        assert_int_equal(qep_walls_allocate(&p.walls, 1, 0, NULL), QEP_OK);
        assert_int_equal(qep_walls_allocate(&p.walls, 1, 1, NULL), QEP_OK);
        for (size_t i = 0; i < qep_grid_count(&p.grid); i++) {
            const double z = along(&p, 0, i % points[0]) - middle, slant = 1.0 - 0.5 * along(&p, 1, i / points[0]);
            p.u[i] = gauss(z, s) * slant;
            p.f[i] = (z * z / s / s - 1.0) / s / s * gauss(z, s) * slant;
            p.walls.wall[1][0].level[0][i % points[0]] = gauss(z, s);
            p.walls.wall[1][1].level[0][i % points[0]] = -0.5 * gauss(z, s);
        }
        assert_int_equal(qep_check_open(p.calculus, &p.walls, p.f, 1.0, 0.0, p.u, check, NULL), QEP_OK);
        assert_true(check[0][0].relative < 1e-3 && check[0][1].relative < 1e-3); /* 2nd-order sums across y of a slant that the mode does not know */
        const double with = fmax(check[0][0].relative, check[0][1].relative);
        qep_walls_free(&p.walls);
        assert_int_equal(qep_check_open(p.calculus, &p.walls, p.f, 1.0, 0.0, p.u, check, NULL), QEP_OK);
        assert_true(check[0][0].relative > 20.0 * with);
        end(&p);
    }
}

static void the_tail_is_the_share_of_the_highest_modes(void **state) {
    (void)state;
    const size_t points[3] = {3, 31, 5};
    const qep_bc faces[3][2] = {{QEP_PERIODIC, QEP_PERIODIC}, {QEP_NEUMANN, QEP_NEUMANN}, {QEP_OPEN, QEP_OPEN}};
    problem p;
    double tail = 1.0;
    begin(&p, 3, points, faces, QEP_CELL);
    for (size_t i = 0; i < qep_grid_count(&p.grid); i++) {
        p.u[i] = 7.0;
    }
    assert_int_equal(qep_tail(&p.grid, p.u, 7.0, 2, &tail, NULL), QEP_OK);
    assert_true(tail == 0.0);
    assert_int_equal(qep_tail(&p.grid, p.u, 0.0, 2, &tail, NULL), QEP_OK);
    assert_true(tail < 1e-15);
    for (size_t i = 0; i < qep_grid_count(&p.grid); i++) {
        p.u[i] = (i / 3) % 31 % 2 ? 1.0 : -1.0; /* the highest mode of axis y */
    }
    assert_int_equal(qep_tail(&p.grid, p.u, 0.0, 2, &tail, NULL), QEP_OK);
    assert_true(fabs(tail - sqrt(23.0 / 31.0)) < 1e-14); /* 4 samples at either end have no neighbours */
    end(&p);
}

static void bessel_functions_never_abort(void **state) {
    (void)state;
    assert_true(fabs(qep_bessel_K0(1.0) - 0.42102443824070834) < 1e-15 && fabs(qep_bessel_K1(1.0) - 0.60190723019723458) < 1e-15);
    assert_true(qep_bessel_K0(1e4) == 0.0 && qep_bessel_K1(1e4) == 0.0 && isinf(qep_bessel_K0(0.0)) && isinf(qep_bessel_K1(0.0)));
    assert_true(isfinite(qep_bessel_K0(1e-300)) && qep_bessel_K0(1e-300) > 600.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walls_show_what_is_wrong_at_them), cmocka_unit_test(free_space_shows_what_is_wrong_far_away),
        cmocka_unit_test(wall_data_are_sources_of_the_far_field), cmocka_unit_test(data_on_closed_walls_count_too), cmocka_unit_test(the_tail_is_the_share_of_the_highest_modes),
        cmocka_unit_test(bessel_functions_never_abort)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
