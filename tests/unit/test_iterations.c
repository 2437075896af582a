/* If this fails, the multigrid takes more iterations than it promises on devices of some contrast, shape or aspect ratio, and runs become slow or fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/linear.h"
#include "qep/poisson/conduction.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { SMOOTH, BLOCKS, FILM, PADS, STRUCTURES } structure;
static const char *const names[STRUCTURES] = {"smooth", "blocks", "film", "pads"};

static int coin(uint64_t i) {
    i += 0x9e3779b97f4a7c15u;
    i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9u;
    i = (i ^ (i >> 27)) * 0x94d049bb133111ebu;
    return (int)((i ^ (i >> 31)) >> 40 & 1);
}

typedef struct {
    qep_grid grid;
    size_t n[3], count, pads, *cells;
    double *sigma, *psi, *V;
    qep_electrode electrode[2];
} device;

/* The last axis that the grid has is the short one of films. */
static void fill(device *d, structure s, double contrast) {
    const int across = d->grid.ndim - 1;
    for (size_t i = 0; i < d->count; i++) {
        const size_t at[3] = {i % d->n[0], i / d->n[0] % d->n[1], i / d->n[0] / d->n[1]};
        double u[3];
        for (int k = 0; k < 3; k++) {
            u[k] = ((double)at[k] + 0.5) / (double)d->n[k];
        }
        const int good = s == BLOCKS ? coin(((at[2] / 8) * 1000 + at[1] / 8) * 1000 + at[0] / 8) : u[across] > 0.4375 && u[across] < 0.5625;
        d->sigma[i] = s == SMOOTH ? pow(contrast, 0.5 * sin(7.0 * u[0] + 1.0) * cos(5.0 * u[1]) * sin(6.0 * u[2] + 0.5)) : good ? 1.0 : contrast > 0.0 ? 1.0 / contrast : 0.0;
        d->psi[i] = u[0] * (good ? 1.0 : -0.5) + 0.2 * sin(3.0 * u[1]);
    }
}

/* Two pads of an eighth of the length on top of the film, one grounded, one floating. */
static void add_pads(device *d) {
    const int across = d->grid.ndim - 1;
    size_t level = 0, used = 0;
    for (size_t i = 0; i < d->n[across]; i++) {
        level = ((double)i + 0.5) / (double)d->n[across] < 0.5625 ? i + 1 : level;
    }
    d->cells = malloc(d->count * sizeof *d->cells);
    for (int k = 0; k < 2; k++) {
        const size_t begin = used;
        for (size_t i = 0; i < d->count; i++) {
            const size_t at[3] = {i % d->n[0], i / d->n[0] % d->n[1], i / d->n[0] / d->n[1]};
            const double u = ((double)at[0] + 0.5) / (double)d->n[0], v = ((double)at[1] + 0.5) / (double)d->n[1], low = k ? 0.75 : 0.125;
            if (at[across] == level && u > low && u < low + 0.125 && (across == 1 || (v > 0.375 && v < 0.625))) {
                d->cells[used++] = i;
            }
        }
        d->electrode[k] = (qep_electrode){k ? "floating" : "grounded", -1, d->cells + begin, used - begin, k ? QEP_ELECTRODE_CURRENT : QEP_ELECTRODE_VOLTAGE, 0.0};
    }
    d->pads = 2;
}

static qep_elliptic_report solve(structure s, double contrast, int ndim, const size_t n[3], double aspect) {
    static const qep_bc insulating[3][2] = {{QEP_NATURAL, QEP_NATURAL}, {QEP_NATURAL, QEP_NATURAL}, {QEP_NATURAL, QEP_NATURAL}};
    device d = {.n = {n[0], ndim > 1 ? n[1] : 1, ndim > 2 ? n[2] : 1}};
    double lengths[3] = {1.0, 1.0, 1.0};
    qep_error err = {0};
    lengths[ndim - 1] = aspect * (double)n[ndim - 1] / (double)n[0]; /* aspect of the cells */
    assert_int_equal(qep_grid_init(&d.grid, ndim, n, lengths, NULL, NULL, QEP_CELL, insulating, &err), QEP_OK);
    d.count = qep_grid_count(&d.grid);
    d.sigma = malloc(d.count * sizeof(double));
    d.psi = malloc(d.count * sizeof(double));
    d.V = malloc(d.count * sizeof(double));
    fill(&d, s, contrast);
    if (s == PADS) {
        add_pads(&d);
    }
    const qep_conduction_setup setup = {.grid = &d.grid, .sigma = d.sigma, .electrodes = d.electrode, .electrode_count = d.pads,
                                        .options = {.method = QEP_METHOD_PCG_MG, .threads = 2}};
    qep_conduction *c = NULL;
    qep_conduction_result result;
    assert_int_equal(qep_conduction_create(&c, &setup, NULL, NULL, &err), QEP_OK);
    assert_int_equal(qep_conduction_solve(c, &(qep_conduction_drive){.S = d.psi, .kappa_scale = 1.0}, &(qep_elliptic_control){0}, d.V, &result, &err), QEP_OK);
    const qep_elliptic_report report = result.solve;
    qep_conduction_destroy(c);
    free(d.sigma);
    free(d.psi);
    free(d.V);
    free(d.cells);
    return report;
}

/* 1 when it took too long, was not accepted, or failed one of the two criteria. */
static int exceeds(structure s, double contrast, int ndim, const size_t n[3], double aspect) {
    const qep_elliptic_report r = solve(s, contrast, ndim, n, aspect);
    const size_t bound = s == BLOCKS ? 60 : 30;
    const int bad = r.iterations > bound || !qep_solve_state_accepted(r.state) || !(r.pointwise <= 1e-10) || !(r.residual <= fmax(1e-10, r.residual_floor));
    if (bad || getenv("QEP_TEST_VERBOSE")) {
        print_message("%s %zux%zux%zu contrast %.0e aspect %.0e: %zu iterations, residual %.1e (floor %.1e), D %.1e, %s %s\n", names[s], n[0], n[1], n[2], contrast, aspect,
                      r.iterations, r.residual, r.residual_floor, r.pointwise, qep_solve_state_name(r.state), r.detail);
    }
    return bad;
}

static const double contrasts[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 0.0};
enum { CONTRASTS = sizeof contrasts / sizeof *contrasts };

static void any_contrast(void **state) {
    const size_t *const n = *state;
    int failed = 0;
    for (int s = 0; s < STRUCTURES; s++) {
        for (int k = 0; k < CONTRASTS; k++) {
            failed += (s != SMOOTH || contrasts[k] > 0.0) && exceeds((structure)s, contrasts[k], 3, n, 1.0);
        }
    }
    assert_int_equal(failed, 0);
}

static void extreme_contrasts(void **state) {
    const size_t *const n = *state;
    int failed = 0;
    for (int s = 0; s < STRUCTURES; s++) {
        failed += exceeds((structure)s, 1e8, 3, n, 1.0);
        failed += s != SMOOTH && exceeds((structure)s, 0.0, 3, n, 1.0);
    }
    assert_int_equal(failed, 0);
}

static void flat_cells(void **state) {
    const size_t *const n = *state;
    static const double few[] = {1e2, 1e8, 0.0};
    int failed = 0;
    for (int s = 0; s < STRUCTURES; s++) {
        for (double aspect = 0.1; aspect > 5e-4; aspect *= 0.1) {
            for (int k = 0; k < 3 && s != BLOCKS; k++) {
                failed += (s != SMOOTH || few[k] > 0.0) && exceeds((structure)s, few[k], 3, n, aspect);
            }
        }
    }
    assert_int_equal(failed, 0);
}

static void odd_and_prime_sizes_planes_and_lines(void **state) {
    (void)state;
    static const size_t shapes[][3] = {{31, 37, 29}, {33, 17, 41}, {47, 5, 32}, {61, 127, 1}, {97, 96, 1}, {509, 1, 1}};
    static const double few[] = {1e1, 1e6, 0.0};
    int failed = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const int ndim = shapes[i][1] == 1 ? 1 : shapes[i][2] == 1 ? 2 : 3;
        for (int s = 0; s < STRUCTURES; s++) {
            for (int k = 0; k < 3; k++) {
                const int meant = (s != SMOOTH || few[k] > 0.0) && (s != PADS || ndim > 1) && s != BLOCKS;
                failed += meant && exceeds((structure)s, few[k], ndim, shapes[i], 1.0);
                failed += meant && ndim > 1 && exceeds((structure)s, few[k], ndim, shapes[i], 1e-2);
            }
        }
    }
    assert_int_equal(failed, 0);
}

/* test_iterations [N]: cubes of N cells, 32 and 64 without. */
int main(int argc, char **argv) {
    qep_linear_setup();
    static size_t small[3] = {32, 32, 32}, large[3] = {64, 64, 64};
    if (argc > 1) {
        large[0] = large[1] = large[2] = (size_t)strtoul(argv[1], NULL, 10);
        memcpy(small, large, sizeof small);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(any_contrast, small),
        cmocka_unit_test_prestate(extreme_contrasts, large),
        cmocka_unit_test_prestate(flat_cells, small),
        cmocka_unit_test(odd_and_prime_sizes_planes_and_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
