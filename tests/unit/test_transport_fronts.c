/* If this fails, the sparse direct way to a scattering problem gives other states or transmissions than elimination by blocks: parts cut off
 * from the leads have levels of their own, and an energy next to one of them must not cost digits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "transport/green.h"
#include "transport_cases.h"
#include <string.h>

enum { NX = 37, NY = 29 };
static const int faces[4] = {0, 1, 2, 3};
static const double zero[4] = {0};

typedef struct {
    double transmission, states,
        unitarity; /* largest differences: |T - T|, |psi - psi| over max |psi|, |sum_b T_ab - sum_b T_ba| */
    size_t late;
} comparison;

/* Also where blocks would be taken as faster. */
static void need_tree(const conductor *c) {
    qep_error err = {0};
    if (!c->system->tree) {
        assert_int_equal(qep_tree_create(&c->system->tree, c->system, c->h.shape, &err), QEP_OK);
    }
}

static comparison compare_at(const conductor *c, double E, int *by_fronts) {
    qep_green fronts, blocks;
    qep_error err = {0};
    comparison r = {0};
    const size_t nt = c->system->terminals;
    double largest = 0.0;
    assert_int_equal(qep_green_init(&fronts, c->system, QEP_GREEN_STATES, &err), QEP_OK);
    assert_int_equal(qep_green_init(&blocks, c->system, QEP_GREEN_BLOCKS, &err), QEP_OK);
    assert_int_equal(qep_green_at(&fronts, E, 1, 0, &err), QEP_OK);
    assert_int_equal(qep_green_at(&blocks, E, 1, 0, &err), QEP_OK);
    for (size_t p = 0; p < c->system->sites; p++) {
        for (size_t k = 0; k < blocks.columns; k++) {
            const double complex a = qep_green_psi(&fronts, p)[k * qep_green_stride(&fronts, p)],
                                 b = qep_green_psi(&blocks, p)[k * qep_green_stride(&blocks, p)];
            r.states = fmax(r.states, cabs(a - b));
            largest = fmax(largest, cabs(b));
        }
    }
    for (size_t a = 0; a < nt; a++) {
        double row = 0.0, column = 0.0;
        for (size_t b = 0; b < nt; b++) {
            r.transmission = fmax(r.transmission, fabs(fronts.transmission[a * nt + b] -
                                                       blocks.transmission[a * nt + b]));
            row += fronts.transmission[a * nt + b];
            column += fronts.transmission[b * nt + a];
        }
        r.unitarity = fmax(r.unitarity, fabs(row - column));
    }
    r.states /= largest;
    r.late = fronts.fronts.late;
    *by_fronts += fronts.by_rank;
    qep_green_free(&fronts);
    qep_green_free(&blocks);
    return r;
}

static void judge(comparison r, double tolerance) {
    if (!(r.transmission < tolerance && r.states < 10.0 * tolerance && r.unitarity < 3e-12)) {
        print_error("T %.1e, psi %.1e, sums %.1e, %zu late\n", r.transmission, r.states,
                    r.unitarity, r.late);
        fail();
    }
}

/* Disorder, with and without flux, two to four leads; enough energies that some lie next to levels of parts. */
static void disorder_and_flux(void **state) {
    (void)state;
    static double U[NX * NY];
    size_t late = 0;
    int by_fronts = 0, solved = 0;
    for (size_t leads = 2; leads <= 4; leads++) {
        for (int with_field = 0; with_field < 2; with_field++) {
            conductor c;
            for (size_t i = 0; i < NX * NY; i++) {
                U[i] = .02 * (irregular(i + leads) - .5);
            }
            make_wire(&c, NX, NY, U, 2.0 * with_field, QEP_LEAD_STRIP, faces, leads, zero, zero);
            need_tree(&c);
            assert_int_equal(c.system->tree->real, !with_field);
            for (int k = 0; k < (with_field ? 3 : 12); k++, solved++) {
                const comparison r =
                    compare_at(&c, (.012 + .00137 * k) * EV / c.system->unit, &by_fronts);
                judge(r, 1e-12);
                late += r.late;
            }
            free_conductor(&c);
        }
    }
    assert_int_equal(by_fronts, solved);
    assert_true(late > 20); /* levels of parts were met */
}

/* Without disorder the parts have exact, degenerate levels; E = 4t, the middle of the band, is one of nearly all of them. */
static void clean_parts(void **state) {
    (void)state;
    static const double U[NX * NY] = {0};
    const double E[] = {4.0, 3.0, 2.0 + 1e-9, 1.0, 0.25};
    int by_fronts = 0;
    conductor c;
    make_wire(&c, NX, NY, U, 0.0, QEP_LEAD_STRIP, faces, 3, zero, zero);
    need_tree(&c);
    for (size_t k = 0; k < sizeof E / sizeof *E; k++) {
        judge(compare_at(&c, E[k], &by_fronts), 1e-12);
    }
    free_conductor(&c);
}

/* A tube: one axis periodic, so that a plane does not cut it; with probes inside. */
static void tube_with_contacts(void **state) {
    (void)state;
    enum { LENGTH = 41, AROUND = 18 };
    static double mass[LENGTH * AROUND], U[LENGTH * AROUND];
    conductor c;
    qep_error err = {0};
    int by_fronts = 0;
    for (size_t i = 0; i < LENGTH * AROUND; i++) {
        mass[i] = (.06 + .02 * irregular(i)) * QEP_ELECTRON_MASS;
        U[i] = .01 * irregular(i + 7) * EV;
    }
    const qep_grid_hamiltonian grid = {.shape = {LENGTH, AROUND, 1},
                                       .spacing = {4e-9, 5e-9, 1},
                                       .periodic = {0, 1, 0},
                                       .mass = mass,
                                       .potential = U};
    const size_t sites[3] = {200, 333, 334};
    const qep_terminal_spec specs[4] = {{.name = "L", .kind = QEP_LEAD_STRIP, .face = 0},
                                        {.name = "R", .kind = QEP_LEAD_STRIP, .face = 1},
                                        {.name = "p",
                                         .kind = QEP_LEAD_WIDEBAND,
                                         .face = QEP_NO_FACE,
                                         .sites = sites,
                                         .site_count = 1,
                                         .gamma = .01 * EV},
                                        {.name = "q",
                                         .kind = QEP_LEAD_WIDEBAND,
                                         .face = QEP_NO_FACE,
                                         .sites = sites + 1,
                                         .site_count = 2,
                                         .gamma = .02 * EV}};
    assert_int_equal(qep_hamiltonian_from_grid(&c.h, &grid, &err), QEP_OK);
    assert_int_equal(qep_system_create(&c.system, &c.h, specs, 4, &err), QEP_OK);
    need_tree(&c);
    for (int k = 0; k < 8; k++) {
        judge(compare_at(&c, (.011 + .003 * k) * EV / c.system->unit, &by_fronts), 1e-12);
    }
    assert_int_equal(by_fronts, 8);
    free_conductor(&c);
}

/* A list that is no grid: a brick lattice (the bonds of graphene) with complex hoppings, chains at two corners, and an island. */
static void brick_lattice(void **state) {
    (void)state;
    enum { COLUMNS = 40, ROWS = 36, N = COLUMNS * ROWS + 3 };
    static double onsite[N];
    static qep_hopping bonds[2 * N];
    static size_t ends[2 * ROWS];
    size_t count = 0;
    int by_fronts = 0;
    conductor c;
    qep_error err = {0};
    for (size_t y = 0; y < ROWS; y++) {
        for (size_t x = 0; x < COLUMNS; x++) {
            const size_t i = y * COLUMNS + x;
            onsite[i] = .3 * (irregular(i) - .5) * EV;
            if (x + 1 < COLUMNS) {
                bonds[count++] = (qep_hopping){i, i + 1, -cexp(I * .1 * (double)y) * EV};
            }
            if (y + 1 < ROWS && (x + y) % 2 == 0) {
                bonds[count++] = (qep_hopping){i, i + COLUMNS, -EV};
            }
        }
        ends[y] = y * COLUMNS;
        ends[ROWS + y] = y * COLUMNS + COLUMNS - 1;
    }
    bonds[count++] = (qep_hopping){N - 3, N - 2, -EV};
    assert_int_equal(qep_hamiltonian_from_list(&c.h, N, onsite, bonds, count, NULL, &err), QEP_OK);
    const qep_terminal_spec specs[2] = {{.name = "L",
                                         .kind = QEP_LEAD_STRIP,
                                         .face = QEP_NO_FACE,
                                         .sites = ends,
                                         .site_count = ROWS,
                                         .hopping = EV},
                                        {.name = "R",
                                         .kind = QEP_LEAD_STRIP,
                                         .face = QEP_NO_FACE,
                                         .sites = ends + ROWS,
                                         .site_count = ROWS,
                                         .hopping = EV}};
    assert_int_equal(qep_system_create(&c.system, &c.h, specs, 2, &err), QEP_OK);
    need_tree(&c);
    for (int k = 0; k < 6; k++) {
        judge(compare_at(&c, .031 + .41 * k, &by_fronts), 1e-12);
    }
    assert_true(
        by_fronts >=
        5); /* next to E = 0 a zigzag edge has more levels than a front can hand on: blocks */
    free_conductor(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disorder_and_flux), cmocka_unit_test(clean_parts),
        cmocka_unit_test(tube_with_contacts), cmocka_unit_test(brick_lattice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
