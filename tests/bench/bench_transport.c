/* Energies per second of scattering problems on clean and disordered squares, transmission alone and with scattering states on every site,
 * beside the floor: one zgetrf and zgetri of a block per slice, and the rate of zgemm and dgemm. One thread, its processor time; the best of three. */
#include "qep/transport/steady.h"
#include "transport/green.h"

#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double best_of_three(void (*work)(void *), void *context) {
    double best = INFINITY;
    for (int k = 0; k < 3; k++) {
        const double start = seconds();
        work(context);
        best = fmin(best, seconds() - start);
    }
    return best;
}

typedef struct {
    qep_green *green;
    double E;
    int states;
    size_t n, slices;
    double complex *block;
    int *pivots;
} job;

static void solve(void *context) {
    job *j = context;
    qep_green_at(j->green, j->E, j->states, 0, NULL);
}

static void floor_work(void *context) {
    job *j = context;
    for (size_t k = 0; k < j->slices; k++) {
        memset(j->block, 0, j->n * j->n * sizeof *j->block);
        for (size_t i = 0; i < j->n; i++) {
            j->block[i + i * j->n] = 3.0 + 0.1 * I;
            j->block[i + (i + 1) % j->n * j->n] = 1.0;
        }
        qep_zgetrf(j->n, j->block, j->n, j->pivots);
        qep_zgetri(j->n, j->block, j->n, j->pivots);
    }
}

static int bench(size_t length, size_t width, double disorder) {
    double *mass = NULL, *U = NULL;
    qep_hamiltonian h = {0};
    qep_system *system = NULL;
    job j = {.n = width, .slices = length};
    qep_error err = {0};
    int failed = qep_alloc_doubles(&mass, length * width, "mass", &err) ||
                 qep_alloc_doubles(&U, length * width, "U", &err) ||
                 qep_alloc((void **)&j.block, width * width, sizeof *j.block, "block", &err) ||
                 qep_alloc((void **)&j.pivots, width, sizeof *j.pivots, "pivots", &err);
    for (size_t i = 0; !failed && i < length * width; i++) {
        mass[i] = 0.067 * QEP_ELECTRON_MASS;
        U[i] = disorder * QEP_E_CHARGE * sin(12.9898 * (double)i * (double)(i % 97));
    }
    const qep_grid_hamiltonian grid = {
        .shape = {length, width, 1}, .spacing = {5e-9, 5e-9, 1.0}, .mass = mass, .potential = U};
    const qep_terminal_spec leads[2] = {{.name = "L", .kind = QEP_LEAD_STRIP, .face = 0},
                                        {.name = "R", .kind = QEP_LEAD_STRIP, .face = 1}};
    failed = failed || qep_hamiltonian_from_grid(&h, &grid, &err) ||
             qep_system_create(&system, &h, leads, 2, &err);
    for (int states = 0; !failed && states < 2; states++) {
        qep_green green;
        failed = qep_green_init(&green, system, states ? QEP_GREEN_STATES : QEP_GREEN_T_ONLY,
                                &err) != QEP_OK;
        j.green = &green;
        j.states = states;
        j.E = 0.012 * QEP_E_CHARGE / system->unit;
        const double time = best_of_three(solve, &j), least = best_of_three(floor_work, &j);
        printf("%4zu x %4zu  %-10s %-12s by %s %8.2f energies/s  %6.2f of the floor's time  %8.1f "
               "MB  %3zu open\n",
               length, width, disorder > 0.0 ? "disordered" : "clean",
               states ? "with states" : "T alone", system->tree ? "fronts" : "blocks", 1.0 / time,
               time / least, 1e-6 * (double)qep_system_thread_bytes(system, states), green.open[0]);
        qep_green_free(&green);
    }
    if (failed) {
        fprintf(stderr, "%s\n", err.item[0].message);
    }
    qep_system_destroy(system);
    qep_hamiltonian_free(&h);
    qep_free(mass);
    qep_free(U);
    qep_free(j.block);
    qep_free(j.pivots);
    return failed;
}

typedef struct {
    size_t n;
    double *a, *b, *c;
} product;

static void real_product(void *context) {
    const product *p = context;
    qep_dgemm(QEP_AS_IS, QEP_AS_IS, p->n, p->n, p->n, 1.0, p->a, p->n, p->b, p->n, 0.0, p->c, p->n);
}

static void complex_product(void *context) {
    const product *p = context;
    qep_zgemm(QEP_AS_IS, QEP_AS_IS, p->n, p->n, p->n, 1.0, (double complex *)p->a, p->n,
              (double complex *)p->b, p->n, 0.0, (double complex *)p->c, p->n);
}

/* What BLAS reaches on blocks of the size of a slice. */
static int rates(size_t n) {
    product p = {.n = n};
    qep_error err = {0};
    const int failed = qep_alloc((void **)&p.a, 2 * n * n, sizeof(double), "a", &err) ||
                       qep_alloc((void **)&p.b, 2 * n * n, sizeof(double), "b", &err) ||
                       qep_alloc((void **)&p.c, 2 * n * n, sizeof(double), "c", &err);
    if (!failed) {
        const double cube = (double)n * (double)n * (double)n,
                     real = best_of_three(real_product, &p),
                     both = best_of_three(complex_product, &p);
        printf("%zu x %zu: dgemm %.1f, zgemm %.1f Gflop/s\n", n, n, 2e-9 * cube / real,
               8e-9 * cube / both);
    }
    qep_free(p.a);
    qep_free(p.b);
    qep_free(p.c);
    return failed;
}

/* ---- The point contact ----------------------------------------------------------------------------------------------------- */

enum { TEMPERATURES = 10 };
static const double CONTACT_HEIGHT = 0.040, CONTACT_WIDTH = 40e-9, CONTACT_REACH = 150e-9;

static double clock_of(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int solve_contact(const qep_system *system, const qep_hamiltonian *h, double tolerance,
                         int threads, int fields) {
    double mu[2 * TEMPERATURES], temperature[2 * TEMPERATURES];
    for (size_t k = 0; k < TEMPERATURES; k++) { /* 0.5 K to 10 K */
        temperature[2 * k] = temperature[2 * k + 1] = 0.5 + 9.5 * (double)k / (TEMPERATURES - 1);
        mu[2 * k] = 0.013 * QEP_E_CHARGE;
        mu[2 * k + 1] = 0.012 * QEP_E_CHARGE;
    }
    const qep_steady_options o = {.sets = TEMPERATURES,
                                  .mu = mu,
                                  .temperature = temperature,
                                  .spin = 2.0,
                                  .tolerance = tolerance,
                                  .threads = threads,
                                  .fields = fields};
    qep_steady r;
    qep_error err = {0};
    const double wall = clock_of(CLOCK_MONOTONIC), cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    if (qep_steady_solve(system, h, &o, &r, &err) != QEP_OK) {
        fprintf(stderr, "%s\n", err.item[0].message);
        return 1;
    }
    double electrons = 0.0;
    for (size_t i = 0; fields && i < r.sites; i++) {
        electrons += r.n[i];
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%s, tolerance %.0e, %d thread%s: %zu energies, %zu panels, %zu limited, %.1f s, %.1f s "
           "of processors, peak %.0f MB; errors N %.0e E %.0e S %.0e fields %.0e; "
           "I_N %.12e %.12e, electrons %.12e\n",
           fields ? "currents and fields" : "currents", tolerance, threads, threads > 1 ? "s" : "",
           r.evaluations, r.panels, r.limited, clock_of(CLOCK_MONOTONIC) - wall,
           clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu, (double)usage.ru_maxrss / 1024.0, r.error_N,
           r.error_E, r.error_S, r.error_fields, r.I_N[0], r.I_N[2 * TEMPERATURES - 2], electrons);
    fflush(stdout);
    qep_steady_free(&r);
    return 0;
}

/* A constriction between wide leads, 12 and 13 meV, ten temperatures in one pass. */
static int contact(size_t length, size_t width, double tolerance, int threads, int fields) {
    const double a = 5e-9;
    double *mass = NULL, *U = NULL;
    qep_hamiltonian h = {0};
    qep_system *system = NULL;
    qep_error err = {0};
    int failed = qep_alloc_doubles(&mass, length * width, "mass", &err) ||
                 qep_alloc_doubles(&U, length * width, "U", &err);
    for (size_t i = 0; !failed && i < length * width; i++) {
        const double x = a * ((double)(i % length) - 0.5 * (double)(length - 1)),
                     y = a * ((double)(i / length) - 0.5 * (double)(width - 1));
        mass[i] = 0.067 * QEP_ELECTRON_MASS;
        U[i] = CONTACT_HEIGHT * QEP_E_CHARGE * exp(-x * x / (CONTACT_REACH * CONTACT_REACH)) *
               (1.0 - exp(-y * y / (CONTACT_WIDTH * CONTACT_WIDTH)));
    }
    const qep_grid_hamiltonian grid = {
        .shape = {length, width, 1}, .spacing = {a, a, 1.0}, .mass = mass, .potential = U};
    const qep_terminal_spec leads[2] = {{.name = "L", .kind = QEP_LEAD_STRIP, .face = 0},
                                        {.name = "R", .kind = QEP_LEAD_STRIP, .face = 1}};
    failed = failed || qep_hamiltonian_from_grid(&h, &grid, &err) ||
             qep_system_create(&system, &h, leads, 2, &err) ||
             solve_contact(system, &h, tolerance, threads, fields);
    qep_system_destroy(system);
    qep_hamiltonian_free(&h);
    qep_free(mass);
    qep_free(U);
    return failed;
}

int main(int argc, char **argv) {
    qep_linear_setup();
    if (argc > 1 && strcmp(argv[1], "contact") ==
                        0) { /* contact [tolerance [length width [threads [fields]]]] */
        const double tolerance = argc > 2 ? atof(argv[2]) : 1e-10;
        const size_t length = argc > 4 ? (size_t)atol(argv[3]) : 200,
                     width = argc > 4 ? (size_t)atol(argv[4]) : 100;
        const int fields = argc > 6 ? atoi(argv[6]) : 1;
        return argc > 5 ? contact(length, width, tolerance, atoi(argv[5]), fields)
                        : contact(length, width, tolerance, 2, fields) ||
                              contact(length, width, tolerance, 1, fields);
    }
    int failed = rates(100);
    for (size_t n = 40; n <= 120 && !failed; n += 40) {
        failed = bench(n, n, 0.0) || bench(n, n, 0.004);
    }
    return failed || bench(100, 100, 0.004) || bench(200, 100, 0.004);
}
