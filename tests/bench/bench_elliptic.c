/* The table of docs/validation.md: iterations, seconds, memory and accuracy of the variable-coefficient solver over contrasts and structures, next to the
 * raw pair of FFTW transforms (Neumann kinds, MEASURE) of the same size and threads.
 *
 *   bench_elliptic [-m METHOD] [-q] [SIZE ...]      sizes default to 64 128; -q: contrasts 1e2, 1e6 and 0 only */
#include "qep/base/memory.h"
#include "qep/poisson/conduction.h"
#include <fftw3.h>
#include <malloc.h>
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { SMOOTH, BLOCKS, NOISE, FILM, PADS, STRUCTURES } structure;
static const char *const names[STRUCTURES] = {"smooth", "blocks of 8^3", "noise per cell", "film", "film, two pads"};
static const qep_bc insulating[3][2] = {{QEP_NATURAL, QEP_NATURAL}, {QEP_NATURAL, QEP_NATURAL}, {QEP_NATURAL, QEP_NATURAL}};

static void require(int ok, const char *what, const qep_error *err) {
    if (!ok) {
        fprintf(stderr, "%s: %s\n", what, err && err->count ? err->item[0].message : "failed");
        exit(1);
    }
}

/* A fixed mixture of bits, so that the noise is the same everywhere. */
static int coin(uint64_t i) {
    i += 0x9e3779b97f4a7c15u;
    i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9u;
    i = (i ^ (i >> 27)) * 0x94d049bb133111ebu;
    return (int)((i ^ (i >> 31)) >> 40 & 1);
}

/* Which phase a cell is of: 1 the good conductor. Films are n/8 thick, in the middle. */
static int phase(structure s, size_t n, size_t x, size_t y, size_t z) {
    const size_t block = ((z / 8) * 1000 + y / 8) * 1000 + x / 8, cell = (z * n + y) * n + x;
    return s == BLOCKS ? coin(block) : s == NOISE ? coin(cell) : z >= 7 * n / 16 && z < 9 * n / 16;
}

static void fill(structure s, double contrast, size_t n, double *sigma, double *alpha, double *T) {
    for (size_t i = 0; i < n * n * n; i++) {
        const size_t x = i % n, y = i / n % n, z = i / n / n;
        const double u = ((double)x + 0.5) / (double)n, v = ((double)y + 0.5) / (double)n, w = ((double)z + 0.5) / (double)n;
        const int good = phase(s, n, x, y, z);
        sigma[i] = s == SMOOTH ? pow(contrast, 0.5 * sin(7.0 * u + 1.0) * cos(5.0 * v) * sin(6.0 * w + 0.5)) : good ? 1.0 : contrast > 0.0 ? 1.0 / contrast : 0.0;
        alpha[i] = s == SMOOTH ? 1.0 + 0.5 * sin(4.0 * u + 3.0 * v) : good ? 1.0 : -0.5;
        T[i] = u + 0.1 * sin(3.0 * v + 1.0);
    }
}

/* Two pads of n/8 x n/4 x 1 cells on top of the film, the first grounded, the second floating. */
static size_t make_pads(size_t n, size_t *cells, qep_electrode pads[2]) {
    size_t count = 0;
    for (int k = 0; k < 2; k++) {
        const size_t begin = count, x0 = k ? n - n / 4 : n / 8, z = 9 * n / 16;
        for (size_t y = 3 * n / 8; y < 5 * n / 8; y++) {
            for (size_t x = x0; x < x0 + n / 8; x++) {
                cells[count++] = (z * n + y) * n + x;
            }
        }
        pads[k] = (qep_electrode){k ? "floating" : "grounded", -1, cells + begin, count - begin, k ? QEP_ELECTRODE_CURRENT : QEP_ELECTRODE_VOLTAGE, 0.0};
    }
    return 2;
}

static double floor_seconds(size_t n, int threads) {
    double *data = fftw_malloc(n * n * n * sizeof *data), best = INFINITY;
    const int m = (int)n;
#ifdef QEP_BENCH_FFTW_THREADS
    fftw_plan_with_nthreads(threads);
#else
    (void)threads;
#endif
    fftw_plan forward = fftw_plan_r2r_3d(m, m, m, data, data, FFTW_REDFT10, FFTW_REDFT10, FFTW_REDFT10, FFTW_MEASURE);
    fftw_plan backward = fftw_plan_r2r_3d(m, m, m, data, data, FFTW_REDFT01, FFTW_REDFT01, FFTW_REDFT01, FFTW_MEASURE);
    for (int r = 0; r < 7; r++) {
        for (size_t i = 0; i < n * n * n; i++) {
            data[i] = 1e-3 * (double)(i % 97);
        }
        const double t = omp_get_wtime();
        fftw_execute(forward);
        fftw_execute(backward);
        best = fmin(best, omp_get_wtime() - t);
    }
    fftw_destroy_plan(forward);
    fftw_destroy_plan(backward);
    fftw_free(data);
#ifdef QEP_BENCH_FFTW_THREADS
    fftw_plan_with_nthreads(1);
#endif
    return best;
}

static size_t allocated(void) {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

typedef struct {
    double seconds;
    size_t memory;
    qep_elliptic_report report;
} outcome;

static outcome run(structure s, double contrast, size_t n, int threads, qep_method method, double *const field[4], size_t *cells) {
    const size_t points[3] = {n, n, n};
    const double lengths[3] = {1.0, 1.0, 1.0};
    qep_grid grid;
    qep_error err = {0};
    qep_electrode pads[2];
    require(qep_grid_init(&grid, 3, points, lengths, NULL, NULL, QEP_CELL, insulating, &err) == QEP_OK, "grid", &err);
    fill(s, contrast, n, field[0], field[1], field[2]);
    const qep_conduction_setup setup = {.grid = &grid, .sigma = field[0], .electrodes = pads, .electrode_count = s == PADS ? make_pads(n, cells, pads) : 0,
                                        .options = {.method = method, .threads = threads}};
    const qep_conduction_drive drive = {.S = field[2], .kappa = field[1], .kappa_scale = 1.0};
    const qep_elliptic_control control = {.max_iterations = 2000};
    qep_conduction_result result;
    qep_conduction *c = NULL;
    const size_t before = allocated();
    const double start = omp_get_wtime();
    require(qep_conduction_create(&c, &setup, NULL, NULL, &err) == QEP_OK, "setup", &err);
    require(qep_conduction_solve(c, &drive, &control, field[3], &result, &err) == QEP_OK, "solve", &err);
    const outcome out = {omp_get_wtime() - start, allocated() - before, result.solve};
    qep_conduction_destroy(c);
    return out;
}

static void row(structure s, double contrast, size_t n, qep_method method, const double floor[2], double *const field[4], size_t *cells) {
    outcome best[2];
    for (int threads = 1; threads <= 2; threads++) {
        for (int repeat = 0; repeat < 2; repeat++) {
            const outcome o = run(s, contrast, n, threads, method, field, cells);
            if (repeat == 0 || o.seconds < best[threads - 1].seconds) {
                best[threads - 1] = o;
            }
        }
    }
    const qep_elliptic_report *r = &best[0].report;
    char label[32];
    snprintf(label, sizeof label, contrast > 0.0 ? "%.0e" : "insulator", contrast);
    printf("| %zu^3 | %s | %s | %s | %zu | %.3f | %.3f | %.1f | %.1f | %.0f | %.1e | %.1e | %s |\n", n, names[s], label, qep_method_table()[r->method].name,
           r->iterations, best[0].seconds, best[1].seconds, best[0].seconds / floor[0], best[1].seconds / floor[1], (double)best[0].memory / 1048576.0, r->residual,
           r->pointwise, qep_solve_state_name(r->state));
    fflush(stdout);
}

static void table(size_t n, qep_method method, int quick) {
    static const double all[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 0.0}, few[] = {1e2, 1e6, 0.0};
    const double *contrasts = quick ? few : all;
    const size_t count = quick ? sizeof few / sizeof *few : sizeof all / sizeof *all;
    double *field[4] = {NULL};
    size_t *cells = NULL;
    for (int k = 0; k < 4; k++) {
        require(qep_alloc_doubles(&field[k], n * n * n, "field", NULL) == QEP_OK, "memory", NULL);
    }
    require(qep_alloc((void **)&cells, n * n, sizeof *cells, "pads", NULL) == QEP_OK, "memory", NULL);
    const double floor[2] = {floor_seconds(n, 1), floor_seconds(n, 2)};
    printf("\nFFTW pair, %zu^3, Neumann kinds, MEASURE: %.4f s with 1 thread, %.4f s with 2\n\n", n, floor[0], floor[1]);
    printf("| grid | structure | contrast | method | iterations | s, 1 thread | s, 2 threads | / FFTW pair | / FFTW pair, 2 | MiB | residual | D | state |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (int s = 0; s < STRUCTURES; s++) {
        for (size_t k = 0; k < count; k++) {
            if (s != SMOOTH || contrasts[k] > 0.0) {
                row((structure)s, contrasts[k], n, method, floor, field, cells);
            }
        }
    }
    for (int k = 0; k < 4; k++) {
        qep_free(field[k]);
    }
    qep_free(cells);
}

int main(int argc, char **argv) {
    qep_method method = QEP_METHOD_AUTO;
    int quick = 0, at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "-q") == 0) {
            quick = 1;
            continue;
        }
        method = QEP_METHOD_COUNT;
        at += strcmp(argv[at], "-m") == 0;
        for (int k = 0; k < QEP_METHOD_COUNT && at < argc; k++) {
            method = strcmp(argv[at], qep_method_table()[k].name) == 0 ? (qep_method)k : method;
        }
        require(method != QEP_METHOD_COUNT, "usage: bench_elliptic [-m auto|pcg-fft|pcg-mg|pcg-amg] [-q] [SIZE ...]", NULL);
    }
#ifdef QEP_BENCH_FFTW_THREADS
    fftw_init_threads();
#endif
    if (at == argc) {
        table(64, method, quick);
        table(128, method, quick);
    }
    for (; at < argc; at++) {
        table((size_t)strtoul(argv[at], NULL, 10), method, quick);
    }
    return 0;
}
