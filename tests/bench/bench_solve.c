/* How near the solve stage and the derivative passes are to their floors, in one process with floor and program alternated:
 *   solve: transform, divide or multiply, transform back  against  FFTW's in-place pair (MEASURE, same threads): of the same kinds on n^3 cells
 *   (n^3 intervals of nodes), and for open axes the real transforms of the doubled box;
 *   derivative passes  against  a plain copy of the bytes they must move;
 *   whole solve calls, with their planning, kernel and memory.
 * Usage: bench_solve [-c CASE] [N ...] (default: all cases, 128 256). Minimum of REPEATS runs each. */
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
    qep_bc bc[3];
    qep_sampling sampling;
    fftw_r2r_kind forward, backward; /* of the floor; unused when periodic or open */
    int lost;                        /* samples that are not unknowns */
} bench_case;

#define ALL(bc) {bc, bc, bc}
static const bench_case cases[] = {
    {"P", ALL(QEP_PERIODIC), QEP_CELL, FFTW_R2HC, FFTW_HC2R, 0},
    {"D-cell", ALL(QEP_DIRICHLET), QEP_CELL, FFTW_RODFT10, FFTW_RODFT01, 0},
    {"N-cell", ALL(QEP_NEUMANN), QEP_CELL, FFTW_REDFT10, FFTW_REDFT01, 0},
    {"D-node", ALL(QEP_DIRICHLET), QEP_NODE, FFTW_RODFT00, FFTW_RODFT00, 2},
    {"N-node", ALL(QEP_NEUMANN), QEP_NODE, FFTW_REDFT00, FFTW_REDFT00, 0},
    {"M", {QEP_PERIODIC, QEP_PERIODIC, QEP_OPEN}, QEP_CELL, FFTW_R2HC, FFTW_HC2R, 0},
    {"U", ALL(QEP_OPEN), QEP_CELL, FFTW_R2HC, FFTW_HC2R, 0},
};
enum { CASES = sizeof cases / sizeof *cases };

static void load_nothing(const void *context, size_t y0, size_t y1, size_t z, double *rows) {
    (void)context, (void)y0, (void)y1, (void)z, (void)rows;
}

/* Some source, where the passes do not start from the field itself. */
static void load_something(const void *context, size_t y0, size_t y1, size_t z, double *rows) {
    const qep_grid *grid = context;
    const size_t nx = grid->axis[0].n;
    for (size_t i = 0; i < (y1 - y0) * nx; i++) {
        rows[i] = 1e-3 * (double)((i + y0 + 7 * z) % 97);
    }
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

static int is_real_fourier(const bench_case *c) {
    return c->bc[0] == QEP_PERIODIC || c->bc[0] == QEP_OPEN;
}

/* n intervals per axis. */
static qep_grid make_grid(const bench_case *c, size_t n) {
    const size_t size = n + (c->sampling == QEP_NODE ? 1 : 0), points[3] = {size, size, size};
    const double lengths[3] = {1.0, 1.1, 1.2};
    const qep_bc faces[3][2] = {{c->bc[0], c->bc[0]}, {c->bc[1], c->bc[1]}, {c->bc[2], c->bc[2]}};
    qep_grid grid;
    if (qep_grid_init(&grid, 3, points, lengths, NULL, NULL, c->sampling, faces, NULL) != QEP_OK) {
        abort();
    }
    return grid;
}

typedef struct {
    double *data;
    size_t count;
    fftw_plan forward, backward;
    double planning;
} floor_pair;

static floor_pair make_floor(const bench_case *c, const qep_grid *grid, int threads) {
    floor_pair f = {.count = 1};
    int m[3]; /* z, y, x */
    for (int d = 0; d < 3; d++) {
        m[2 - d] = (int)(grid->axis[d].n - (size_t)c->lost) * (c->bc[d] == QEP_OPEN ? 2 : 1);
        f.count *= (size_t)m[2 - d] + (d == 0 ? 2 : 0);
    }
    if (qep_alloc_doubles(&f.data, f.count, "floor", NULL) != QEP_OK) {
        abort();
    }
    memset(f.data, 0, f.count * sizeof *f.data);
    set_threads(threads);
    const double start = omp_get_wtime();
    if (is_real_fourier(c)) {
        fftw_complex *modes = (fftw_complex *)(void *)f.data;
        f.forward = fftw_plan_dft_r2c_3d(m[0], m[1], m[2], f.data, modes, FFTW_MEASURE);
        f.backward = fftw_plan_dft_c2r_3d(m[0], m[1], m[2], modes, f.data, FFTW_MEASURE);
    } else {
        f.forward = fftw_plan_r2r_3d(m[0], m[1], m[2], f.data, f.data, c->forward, c->forward, c->forward, FFTW_MEASURE);
        f.backward = fftw_plan_r2r_3d(m[0], m[1], m[2], f.data, f.data, c->backward, c->backward, c->backward, FFTW_MEASURE);
    }
    f.planning = omp_get_wtime() - start;
    set_threads(1);
    return f;
}

/* Any kernel costs the same. */
static double *make_kernel(qep_passes *passes) {
    double *kernel = NULL;
    const size_t count = qep_passes_modes(passes, 0) * qep_passes_modes(passes, 1) * qep_passes_modes(passes, 2);
    if (!qep_passes_open_axes(passes)) {
        return NULL;
    }
    if (qep_alloc_doubles(&kernel, count, "kernel", NULL) != QEP_OK) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        kernel[i] = 1.0;
    }
    qep_passes_scale_kernel(passes, kernel);
    qep_passes_use_kernel(passes, kernel);
    return kernel;
}

static void bench_transforms(const bench_case *c, size_t n, int threads) {
    const qep_grid grid = make_grid(c, n);
    const size_t count = qep_grid_count(&grid);
    double *u = NULL;
    qep_walls walls;
    qep_walls_init(&walls, &grid);
    if (qep_alloc_doubles(&u, count, "u", NULL) != QEP_OK) {
        abort();
    }
    floor_pair pair = make_floor(c, &grid, threads);
    qep_passes *passes = NULL;
    const double start = omp_get_wtime();
    if (qep_passes_create(&passes, &grid, &walls, threads, QEP_EFFORT_ESTIMATE, NULL) != QEP_OK) {
        abort();
    }
    const double plan = omp_get_wtime() - start;
    double *kernel = make_kernel(passes);
    for (size_t i = 0; i < count; i++) {
        u[i] = sin(0.37 * (double)i);
    }
    double floor_time = INFINITY, time = INFINITY, constant = 0.0;
    for (int r = 0; r < REPEATS; r++) {
        for (size_t i = 0; i < pair.count; i++) {
            pair.data[i] = 1e-3 * (double)(i % 97);
        }
        double t = omp_get_wtime();
        fftw_execute(pair.forward);
        fftw_execute(pair.backward);
        floor_time = minimum(floor_time, omp_get_wtime() - t);
        t = omp_get_wtime();
        qep_passes_solve(passes, qep_passes_open_axes(passes) == 3 ? load_something : load_nothing, &grid, u, NULL, &constant);
        time = minimum(time, omp_get_wtime() - t);
    }
    printf("%4zu  %-6s  %d threads   floor %8.4f s   solve %8.4f s   ratio %5.2f   plan %6.4f s (floor %6.2f s)\n", n, c->name, threads,
           floor_time, time, time / floor_time, plan, pair.planning);
    fflush(stdout);
    fftw_destroy_plan(pair.forward);
    fftw_destroy_plan(pair.backward);
    qep_passes_destroy(passes);
    qep_free(kernel);
    qep_free(u);
    qep_free(pair.data);
}

/* One read and one write per sample is what a derivative must move. */
static void bench_derivatives(qep_derivative derivative, size_t n, int threads) {
    const qep_grid grid = make_grid(&cases[0], n);
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
    const double start = omp_get_wtime();
    if (qep_alloc_doubles(&u, count, "u", NULL) != QEP_OK || qep_alloc_doubles(&f, count, "f", NULL) != QEP_OK ||
        qep_calculus_create(&calculus, &grid, &options, NULL, NULL) != QEP_OK ||
        qep_poisson_create(&solver, calculus, &grid, NULL, NULL, NULL) != QEP_OK) {
        abort();
    }
    const double planning = omp_get_wtime() - start;
    const qep_poisson_open open = qep_poisson_open_axes(solver);
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
    printf("%4zu  %-6s  %-8s %d threads   right side + solve + residual check %8.4f s   residual %.1e   planning %6.4f s, kernel %6.4f s of it   "
           "memory %.0f MB besides f and u\n",
           n, c->name, qep_derivative_table()[derivative].name, threads, time, report.residual, planning, open.seconds,
           1e-6 * (double)qep_poisson_memory(&grid, derivative, threads));
    fflush(stdout);
    qep_poisson_destroy(solver);
    qep_calculus_destroy(calculus);
    qep_walls_free(&walls);
    qep_free(u);
    qep_free(f);
}

static void bench_size(size_t n, const char *only) {
    for (int threads = 1; threads <= 2; threads++) {
        for (size_t i = 0; i < CASES; i++) {
            if (!only || strcmp(only, cases[i].name) == 0) {
                bench_transforms(&cases[i], n, threads);
            }
        }
        for (int derivative = QEP_FD2; derivative <= QEP_FD8 && !only; derivative++) {
            bench_derivatives((qep_derivative)derivative, n, threads);
        }
        for (size_t i = 0; i < CASES; i++) {
            if ((!only || strcmp(only, cases[i].name) == 0) && cases[i].sampling == QEP_CELL) {
                bench_solver(&cases[i], QEP_FD4, n, threads);
            }
        }
    }
}

int main(int argc, char **argv) {
    static const size_t defaults[] = {128, 256};
    const int named = argc > 2 && strcmp(argv[1], "-c") == 0, first = named ? 3 : 1;
#ifdef QEP_BENCH_FFTW_THREADS
    fftw_init_threads();
#else
    printf("libfftw3_omp is missing: the floor runs on one thread always\n");
#endif
    for (int i = first; i < argc; i++) {
        bench_size((size_t)strtoul(argv[i], NULL, 10), named ? argv[2] : NULL);
    }
    for (int i = 0; i < 2 && argc == first; i++) {
        bench_size(defaults[i], named ? argv[2] : NULL);
    }
    return 0;
}
