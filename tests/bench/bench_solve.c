/* How near the solve stage and the derivative passes are to their floors, in one process with floor and program alternated:
 *   solve: transform, divide, transform back  against  FFTW's in-place pair of the same kinds (MEASURE, same threads);
 *   derivative passes  against  a plain copy of the bytes they must move.
 * Usage: bench_solve [N ...] (default 128 256). Minimum of REPEATS runs each. */
#include "qep/base/memory.h"
#include "qep/poisson/calculus.h"
#include "qep/poisson/poisson.h"
#include "qep/spectral/passes.h"
#include <fftw3.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 7 };

typedef struct {
    const char *name;
    qep_bc bc;
    qep_sampling sampling;
    fftw_r2r_kind forward, backward; /* of the floor; unused when periodic */
    int lost;                        /* samples that are not unknowns */
} bench_case;

static const bench_case cases[] = {
    {"P  cell", QEP_PERIODIC, QEP_CELL, FFTW_R2HC, FFTW_HC2R, 0},
    {"DD cell", QEP_DIRICHLET, QEP_CELL, FFTW_RODFT10, FFTW_RODFT01, 0},
    {"NN cell", QEP_NEUMANN, QEP_CELL, FFTW_REDFT10, FFTW_REDFT01, 0},
    {"DD node", QEP_DIRICHLET, QEP_NODE, FFTW_RODFT00, FFTW_RODFT00, 2},
    {"NN node", QEP_NEUMANN, QEP_NODE, FFTW_REDFT00, FFTW_REDFT00, 0},
};

static void load_nothing(const void *context, size_t y0, size_t y1, size_t z, double *rows) {
    (void)context, (void)y0, (void)y1, (void)z, (void)rows;
}

static double minimum(double a, double b) {
    return a < b ? a : b;
}

static void set_threads(int threads) {
#ifdef QEP_BENCH_FFTW_THREADS
    fftw_plan_with_nthreads(threads);
#else
    (void)threads;
#endif
}

/* A grid whose unknowns are n^3: node walls need the walls' own samples besides. */
static qep_grid make_grid(const bench_case *c, size_t n) {
    const size_t size = n + (size_t)c->lost + (c->bc == QEP_NEUMANN && c->sampling == QEP_NODE ? 1 : 0);
    const size_t points[3] = {size, size, size};
    const double lengths[3] = {1.0, 1.1, 1.2};
    const qep_bc faces[3][2] = {{c->bc, c->bc}, {c->bc, c->bc}, {c->bc, c->bc}};
    qep_grid grid;
    if (qep_grid_init(&grid, 3, points, lengths, NULL, NULL, c->sampling, faces, NULL) != QEP_OK) {
        abort();
    }
    return grid;
}

static void bench_transforms(const bench_case *c, size_t n, int threads) {
    const qep_grid grid = make_grid(c, n);
    const size_t count = qep_grid_count(&grid);
    double *u = NULL, *floor_data = NULL;
    qep_walls walls;
    qep_walls_init(&walls, &grid);
    const int m = (int)(grid.axis[0].n - (size_t)c->lost);
    const size_t padded = (size_t)m * (size_t)m * (size_t)(m + 2);
    if (qep_alloc_doubles(&u, count, "u", NULL) != QEP_OK || qep_alloc_doubles(&floor_data, padded, "floor", NULL) != QEP_OK) {
        abort();
    }
    memset(floor_data, 0, padded * sizeof *floor_data);
    set_threads(threads);
    const double plan0 = omp_get_wtime();
    fftw_plan forward, backward;
    if (c->bc == QEP_PERIODIC) {
        forward = fftw_plan_dft_r2c_3d(m, m, m, floor_data, (fftw_complex *)(void *)floor_data, FFTW_MEASURE);
        backward = fftw_plan_dft_c2r_3d(m, m, m, (fftw_complex *)(void *)floor_data, floor_data, FFTW_MEASURE);
    } else {
        forward = fftw_plan_r2r_3d(m, m, m, floor_data, floor_data, c->forward, c->forward, c->forward, FFTW_MEASURE);
        backward = fftw_plan_r2r_3d(m, m, m, floor_data, floor_data, c->backward, c->backward, c->backward, FFTW_MEASURE);
    }
    const double floor_plan = omp_get_wtime() - plan0;
    set_threads(1);
    qep_passes *passes = NULL;
    const double plan1 = omp_get_wtime();
    if (qep_passes_create(&passes, &grid, &walls, threads, QEP_EFFORT_ESTIMATE, NULL) != QEP_OK) {
        abort();
    }
    const double plan = omp_get_wtime() - plan1;
    for (size_t i = 0; i < count; i++) {
        u[i] = sin(0.37 * (double)i);
    }
    double floor_time = INFINITY, time = INFINITY, constant = 0.0;
    for (int r = 0; r < REPEATS; r++) {
        for (size_t i = 0; i < padded; i++) {
            floor_data[i] = 1e-3 * (double)(i % 97);
        }
        double t = omp_get_wtime();
        fftw_execute(forward);
        fftw_execute(backward);
        floor_time = minimum(floor_time, omp_get_wtime() - t);
        t = omp_get_wtime();
        qep_passes_solve(passes, load_nothing, NULL, u, NULL, &constant);
        time = minimum(time, omp_get_wtime() - t);
    }
    printf("%4zu  %s  %d threads   floor %8.4f s   solve %8.4f s   ratio %5.2f   plan %6.4f s (floor %6.2f s)\n", n, c->name, threads,
           floor_time, time, time / floor_time, plan, floor_plan);
    fflush(stdout);
    fftw_destroy_plan(forward);
    fftw_destroy_plan(backward);
    qep_passes_destroy(passes);
    qep_free(u);
    qep_free(floor_data);
}

/* One read and one write per sample is what a derivative must move. */
static void bench_derivatives(qep_derivative derivative, size_t n, int threads) {
    const bench_case c = cases[0];
    const qep_grid grid = make_grid(&c, n);
    const size_t count = qep_grid_count(&grid), stripe = count / (size_t)threads;
    double *u = NULL, *out = NULL;
    qep_calculus *calculus = NULL;
    const qep_calculus_options options = {.derivative = derivative, .threads = threads};
    if (qep_alloc_doubles(&u, count, "u", NULL) != QEP_OK || qep_alloc_doubles(&out, count, "out", NULL) != QEP_OK ||
        qep_calculus_create(&calculus, &grid, &options, NULL, NULL) != QEP_OK) {
        abort();
    }
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t i = 0; i < count; i++) {
        u[i] = sin(0.37 * (double)i);
        out[i] = 0.0;
    }
    double copy = INFINITY, axis_time[3] = {INFINITY, INFINITY, INFINITY};
    for (int r = 0; r < REPEATS; r++) {
        double t = omp_get_wtime();
#pragma omp parallel num_threads(threads)
        {
            const size_t begin = (size_t)omp_get_thread_num() * stripe;
            memcpy(out + begin, u + begin, stripe * sizeof *out);
        }
        copy = minimum(copy, omp_get_wtime() - t);
        for (int d = 0; d < 3; d++) {
            t = omp_get_wtime();
            if (qep_calculus_derivative(calculus, u, NULL, d, 1, -1.0, NULL, 0, out, NULL) != QEP_OK) {
                abort();
            }
            axis_time[d] = minimum(axis_time[d], omp_get_wtime() - t);
        }
    }
    printf("%4zu  %-8s %d threads   copy  %8.4f s   d/dx %5.2f   d/dy %5.2f   d/dz %5.2f times the copy\n", n,
           qep_derivative_table()[derivative].name, threads, copy, axis_time[0] / copy, axis_time[1] / copy, axis_time[2] / copy);
    fflush(stdout);
    qep_calculus_destroy(calculus);
    qep_free(u);
    qep_free(out);
}

/* The whole solve call: right side, transforms, division, back, residual check. */
static void bench_solver(const bench_case *c, qep_derivative derivative, size_t n, int threads) {
    const qep_grid grid = make_grid(c, n);
    const size_t count = qep_grid_count(&grid);
    double *u = NULL, *f = NULL;
    qep_calculus *calculus = NULL;
    qep_poisson *solver = NULL;
    const qep_calculus_options options = {.derivative = derivative, .threads = threads};
    qep_walls walls;
    qep_walls_init(&walls, &grid);
    if (qep_alloc_doubles(&u, count, "u", NULL) != QEP_OK || qep_alloc_doubles(&f, count, "f", NULL) != QEP_OK ||
        qep_calculus_create(&calculus, &grid, &options, NULL, NULL) != QEP_OK ||
        qep_poisson_create(&solver, calculus, &grid, NULL, NULL, NULL) != QEP_OK) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        f[i] = sin(6.0 * (double)(i % grid.axis[0].n) / (double)grid.axis[0].n + 1e-3 * (double)(i / count));
        u[i] = 0.0;
    }
    const qep_poisson_control control = {.compatibility = 1.0, .neutralize = 1, .tolerance = 1e-10};
    double time = INFINITY;
    qep_poisson_report report;
    for (int r = 0; r < REPEATS; r++) {
        const double t = omp_get_wtime();
        if (qep_poisson_solve(solver, f, 1.0, &walls, &control, u, &report, NULL) != QEP_OK) {
            abort();
        }
        time = minimum(time, omp_get_wtime() - t);
    }
    printf("%4zu  %s  %-8s %d threads   right side + solve + residual check %8.4f s   residual %.1e\n", n, c->name,
           qep_derivative_table()[derivative].name, threads, time, report.residual);
    fflush(stdout);
    qep_poisson_destroy(solver);
    qep_calculus_destroy(calculus);
    qep_walls_free(&walls);
    qep_free(u);
    qep_free(f);
}

int main(int argc, char **argv) {
    static const size_t defaults[] = {128, 256};
    const int sizes = argc > 1 ? argc - 1 : 2;
#ifdef QEP_BENCH_FFTW_THREADS
    fftw_init_threads();
#else
    printf("libfftw3_omp is missing: the floor runs on one thread always\n");
#endif
    for (int s = 0; s < sizes; s++) {
        const size_t n = argc > 1 ? (size_t)strtoul(argv[s + 1], NULL, 10) : defaults[s];
        for (int threads = 1; threads <= 2; threads++) {
            for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                bench_transforms(&cases[i], n, threads);
            }
            for (int derivative = QEP_FD2; derivative <= QEP_FD8; derivative++) {
                bench_derivatives((qep_derivative)derivative, n, threads);
            }
            bench_solver(&cases[0], QEP_FD4, n, threads);
            bench_solver(&cases[1], QEP_FD4, n, threads);
        }
    }
    return 0;
}
