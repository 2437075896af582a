/* The table of docs/validation.md: iterations, seconds, memory and accuracy of the variable-coefficient solver over contrasts and structures, next to the
 * raw pair of FFTW transforms (Neumann kinds, MEASURE) of the same size and threads, measured in the same run. Rows are markdown.
 *
 *   bench_elliptic [-m METHOD] [-s STRUCTURE] [-c CONTRAST] [-t THREADS] [SIZE ...]
 *
 * Sizes default to 64 128; STRUCTURE: smooth, blocks, noise, film, pads; CONTRAST 0: insulators; THREADS: one count in place of 1 and 2. */
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
#include <unistd.h>

typedef enum { SMOOTH, BLOCKS, NOISE, FILM, PADS, STRUCTURES } structure;
static const char *const names[STRUCTURES] = {"smooth", "blocks of 8^3", "noise per cell", "film", "film, two pads"};
static const char *const words[STRUCTURES] = {"smooth", "blocks", "noise", "film", "pads"};
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

/* What is measured. */
typedef struct {
    qep_method method;
    int structure;   /* -1: all */
    double contrast; /* < 0: all */
    int threads[2], counts;
} plan;

/* The faster of two runs, where that costs less than seconds. */
static outcome best_of(structure s, double contrast, size_t n, int threads, qep_method method, double *const field[4], size_t *cells) {
    const outcome first = run(s, contrast, n, threads, method, field, cells);
    if (first.seconds > 1.0) {
        return first;
    }
    const outcome second = run(s, contrast, n, threads, method, field, cells);
    return second.seconds < first.seconds ? second : first;
}

static void row(const plan *p, structure s, double contrast, size_t n, const double floor[2], double *const field[4], size_t *cells) {
    outcome best[2];
    for (int k = 0; k < p->counts; k++) {
        best[k] = best_of(s, contrast, n, p->threads[k], p->method, field, cells);
    }
    const qep_elliptic_report *r = &best[0].report;
    char label[32];
    snprintf(label, sizeof label, contrast > 0.0 ? "%.0e" : "insulator", contrast);
    printf("| %zu^3 | %s | %s | %s | %zu |", n, names[s], label, qep_method_table()[r->method].name, r->iterations);
    for (int k = 0; k < p->counts; k++) {
        printf(" %.3f (%.3f) | %.1f |", best[k].seconds, best[k].report.seconds_setup, best[k].seconds / floor[k]);
    }
    printf(" %.0f | %.1e | %.1e | %s |\n", (double)best[0].memory / 1048576.0, r->residual, r->pointwise, qep_solve_state_name(r->state));
    fflush(stdout);
}

static void head(const plan *p, size_t n, const double floor[2]) {
    printf("\nFFTW pair, %zu^3, Neumann kinds, MEASURE:", n);
    for (int k = 0; k < p->counts; k++) {
        printf("%s %.4f s with %d thread%s", k ? "," : "", floor[k], p->threads[k], p->threads[k] > 1 ? "s" : "");
    }
    printf("\n\n| grid | structure | contrast | method | iterations |");
    for (int k = 0; k < p->counts; k++) {
        printf(" s (set-up), %d thread%s | / pair |", p->threads[k], p->threads[k] > 1 ? "s" : "");
    }
    printf(" MiB | residual | D | state |\n|---|---|---|---|---|%s---|---|---|---|\n", p->counts == 2 ? "---|---|---|---|" : "---|---|");
}

static void table(const plan *p, size_t n) {
    static const double contrasts[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 0.0};
    double *field[4] = {NULL}, floor[2] = {0.0, 0.0};
    size_t *cells = NULL;
    for (int k = 0; k < 4; k++) {
        require(qep_alloc_doubles(&field[k], n * n * n, "field", NULL) == QEP_OK, "memory", NULL);
    }
    require(qep_alloc((void **)&cells, n * n, sizeof *cells, "pads", NULL) == QEP_OK, "memory", NULL);
    for (int k = 0; k < p->counts; k++) {
        floor[k] = floor_seconds(n, p->threads[k]);
    }
    head(p, n, floor);
    for (int s = p->structure < 0 ? 0 : p->structure; s < (p->structure < 0 ? STRUCTURES : p->structure + 1); s++) {
        for (size_t k = 0; k < (p->contrast < 0.0 ? sizeof contrasts / sizeof *contrasts : 1); k++) {
            const double contrast = p->contrast < 0.0 ? contrasts[k] : p->contrast;
            if (s != SMOOTH || contrast > 0.0) {
                row(p, (structure)s, contrast, n, floor, field, cells);
            }
        }
    }
    for (int k = 0; k < 4; k++) {
        qep_free(field[k]);
    }
    qep_free(cells);
}

/* Index of a word, or -1. */
static int find(const char *word, const char *const *list, int count) {
    for (int k = 0; k < count; k++) {
        if (strcmp(word, list[k]) == 0) {
            return k;
        }
    }
    return -1;
}

int main(int argc, char **argv) {
    plan p = {.method = QEP_METHOD_AUTO, .structure = -1, .contrast = -1.0, .threads = {1, 2}, .counts = 2};
    const char *methods[QEP_METHOD_COUNT];
    int known = 1;
    for (int k = 0; k < QEP_METHOD_COUNT; k++) {
        methods[k] = qep_method_table()[k].name;
    }
    for (int option = 0; (option = getopt(argc, argv, "m:s:c:t:")) != -1;) {
        const int at = option == 'm' ? find(optarg, methods, QEP_METHOD_COUNT) : option == 's' ? find(optarg, words, STRUCTURES) : 0;
        known &= option != '?' && at >= 0;
        p.method = option == 'm' && at >= 0 ? (qep_method)at : p.method;
        p.structure = option == 's' ? at : p.structure;
        p.contrast = option == 'c' ? strtod(optarg, NULL) : p.contrast;
        p.threads[0] = option == 't' ? (int)strtol(optarg, NULL, 10) : p.threads[0];
        p.counts = option == 't' ? 1 : p.counts;
    }
    require(known && p.threads[0] > 0, "usage: bench_elliptic [-m auto|pcg-fft|pcg-mg|pcg-amg] [-s smooth|blocks|noise|film|pads] [-c CONTRAST] [-t THREADS] [SIZE ...]", NULL);
#ifdef QEP_BENCH_FFTW_THREADS
    fftw_init_threads();
#endif
    if (optind == argc) {
        table(&p, 64);
        table(&p, 128);
    }
    for (; optind < argc; optind++) {
        table(&p, (size_t)strtoul(argv[optind], NULL, 10));
    }
    return 0;
}
