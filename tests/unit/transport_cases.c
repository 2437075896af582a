/* Small conductors for the tests of transport. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "transport_cases.h"
#include <stdlib.h>

enum { MOST_LEADS = 4 };

void assert_near(double value, double want, double relative, const char *what) {
    if (!(fabs(value - want) <= relative * fabs(want))) {
        print_error("%s: %.15g, wanted %.15g (off by %.2e)\n", what, value, want, fabs(value - want) / fabs(want));
        fail();
    }
}

double irregular(size_t i) {
    const double x = sin(12.9898 * (double)(i + 1)) * 43758.5453;
    return x - floor(x);
}

static void must(qep_status status, const qep_error *err) {
    if (status != QEP_OK) {
        print_error("%s\n", err->item[0].message);
        fail();
    }
}

static void set_system(conductor *c, const qep_terminal_spec *specs, size_t count) {
    qep_error err = {0};
    must(qep_system_create(&c->system, &c->h, specs, count, &err), &err);
}

void make_chain(conductor *c, size_t n, const double *onsite, double t, const double *mu, const double *temperature) {
    qep_error err = {0};
    double *energies = test_malloc(n * sizeof *energies);
    qep_hopping *bonds = test_malloc(n * sizeof *bonds);
    const size_t ends[2] = {0, n - 1};
    for (size_t i = 0; i < n; i++) {
        energies[i] = onsite[i] * EV;
        bonds[i] = (qep_hopping){i, i + 1, -t * EV};
    }
    must(qep_hamiltonian_from_list(&c->h, n, energies, bonds, n - 1, NULL, &err), &err);
    qep_terminal_spec specs[2];
    for (size_t a = 0; a < 2; a++) {
        specs[a] = (qep_terminal_spec){.name = a ? "R" : "L", .kind = QEP_LEAD_STRIP, .face = QEP_NO_FACE, .sites = &ends[a], .site_count = 1,
                                       .hopping = t * EV, .mu = mu[a] * EV, .temperature = temperature[a]};
    }
    set_system(c, specs, 2);
    test_free(energies);
    test_free(bonds);
}

void make_level(conductor *c, double energy, double gamma_left, double gamma_right, const double *mu, const double *temperature) {
    qep_error err = {0};
    const double onsite = energy * EV, gamma[2] = {gamma_left, gamma_right};
    const size_t site = 0;
    must(qep_hamiltonian_from_list(&c->h, 1, &onsite, NULL, 0, NULL, &err), &err);
    qep_terminal_spec specs[2];
    for (size_t a = 0; a < 2; a++) {
        specs[a] = (qep_terminal_spec){.name = a ? "R" : "L", .kind = QEP_LEAD_WIDEBAND, .face = QEP_NO_FACE, .sites = &site, .site_count = 1,
                                       .gamma = gamma[a] * EV, .mu = mu[a] * EV, .temperature = temperature[a]};
    }
    set_system(c, specs, 2);
}

void make_wire(conductor *c, size_t nx, size_t ny, const double *U, double field, const qep_lead_kind kind, const int *faces, size_t leads,
               const double *mu, const double *temperature) {
    static const char *const names[MOST_LEADS] = {"A", "B", "C", "D"};
    qep_error err = {0};
    double *mass = test_malloc(nx * ny * sizeof *mass), *potential = test_malloc(nx * ny * sizeof *potential);
    for (size_t i = 0; i < nx * ny; i++) {
        mass[i] = 0.067 * QEP_ELECTRON_MASS;
        potential[i] = U[i] * EV;
    }
    const qep_grid_hamiltonian grid = {.shape = {nx, ny, 1}, .spacing = {5e-9, 5e-9, 1.0}, .mass = mass, .potential = potential, .field = field};
    must(qep_hamiltonian_from_grid(&c->h, &grid, &err), &err);
    qep_terminal_spec specs[MOST_LEADS];
    for (size_t a = 0; a < leads; a++) {
        specs[a] = (qep_terminal_spec){.name = names[a], .kind = kind, .face = faces[a], .mu = mu[a] * EV, .temperature = temperature[a]};
    }
    set_system(c, specs, leads);
    test_free(mass);
    test_free(potential);
}

void free_conductor(conductor *c) {
    qep_system_destroy(c->system);
    qep_hamiltonian_free(&c->h);
}

void solve_steady(const conductor *c, int fields, qep_steady *r) {
    qep_error err = {0};
    const qep_steady_options o = {.spin = 1.0, .tolerance = 1e-11, .threads = 2, .fields = fields, .bonds = fields};
    must(qep_steady_solve(c->system, &c->h, &o, r, &err), &err);
}
