/* A whole run split into its stages, each next to the floor it is held against, in one table:
 *   read   raw read() of the input's bytes           solve  FFTW's in-place pair of the same kinds (MEASURE, same threads)
 *   derive a plain copy, once per component written   write  raw write() and fsync of the output's bytes
 * and its peak memory in fields. Each run is a process of its own; floors and runs alternate. Minimum of REPEATS.
 * Usage: bench_run [N] [FOLDER] (default 256, a fresh folder below $TMPDIR). */
#include "qep/base/memory.h"
#include "qep/run/run.h"
#include <fcntl.h>
#include <fftw3.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPEATS = 5 };

typedef struct {
    const char *name, *text; /* configuration; N and the input file are filled in */
    const char *maker;       /* configuration of the run that makes its input */
    int components;          /* written */
    int fields;              /* inputs and solved parts a run must hold */
    int solves;              /* 0: the answer is algebraic, nothing is transformed */
    int walls;
} job;

static const job jobs[] = {
    {"entropy, periodic (defaults)",
     "{\"grid\": {\"points\": [%zu, %zu, %zu], \"lengths\": [1, 1, 1]}, \"entropy\": {\"hdf5\": \"input.h5\", \"dataset\": \"/data/0/meshes/S\"}}",
     "{\"grid\": {\"points\": [%zu, %zu, %zu], \"lengths\": [1, 1, 1]}, \"entropy\": \"sin(2*pi*x)*cos(2*pi*y) + cos(4*pi*z)\", \"output\": "
     "{\"fields\": [\"S\"]}}",
     7, 1, 0, 0},
    {"entropy, Dirichlet walls",
     "{\"grid\": {\"points\": [%zu, %zu, %zu], \"lengths\": [1, 1, 1]}, \"boundary\": {\"x\": \"dirichlet\", \"y\": \"dirichlet\", \"z\": \"dirichlet\"}, "
     "\"entropy\": {\"hdf5\": \"input.h5\", \"dataset\": \"/data/0/meshes/S\"}}",
     NULL, 7, 2, 1, 1},
    {"charge, periodic",
     "{\"grid\": {\"points\": [%zu, %zu, %zu], \"lengths\": [1, 1, 1]}, \"charge\": \"1e-12*sin(2*pi*x)*cos(2*pi*y)\"}",
     NULL, 4, 2, 1, 0},
};

typedef struct {
    double total, read, plan, solve, derive, write;
    size_t peak;
    int status;
} figures;

static void write_text(const char *file, const char *format, size_t n) {
    FILE *stream = fopen(file, "w");
    if (!stream) {
        abort();
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    fprintf(stream, format, n, n, n);
#pragma GCC diagnostic pop
    fclose(stream);
}

static figures run_once(const char *config, const char *output, int threads) {
    int ends[2];
    figures result = {.status = -1};
    if (pipe(ends)) {
        abort();
    }
    const pid_t child = fork();
    if (child == 0) {
        qep_run_options options = {.output = output, .force = 1, .threads = threads, .command_line = "bench_run"};
        qep_run_report report;
        qep_error err = {0};
        const qep_status status = qep_run(config, &options, &report, &err);
        for (size_t i = 0; i < err.count; i++) {
            fprintf(stderr, "%s\n", err.item[i].message);
        }
        const figures mine = {report.seconds_total, report.seconds_read, report.seconds_plan, report.seconds_solve, report.seconds_derive,
                              report.seconds_write, qep_memory_peak(), (int)status};
        _exit(write(ends[1], &mine, sizeof mine) == (ssize_t)sizeof mine ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &result, sizeof result) != (ssize_t)sizeof result) {
        result.status = -1;
    }
    close(ends[0]);
    waitpid(child, NULL, 0);
    if (result.status != 0) {
        fprintf(stderr, "the run of %s failed\n", config);
        exit(1);
    }
    return result;
}

static double raw_read(const char *file, double *buffer, size_t bytes) {
    const double t = omp_get_wtime();
    const int descriptor = open(file, O_RDONLY);
    size_t done = 0;
    while (descriptor >= 0 && done < bytes) {
        const ssize_t got = read(descriptor, (char *)buffer + done, bytes - done);
        if (got <= 0) {
            break;
        }
        done += (size_t)got;
    }
    close(descriptor);
    return omp_get_wtime() - t;
}

static double raw_write(const double *buffer, size_t bytes, int times) {
    const double t = omp_get_wtime();
    const int descriptor = open("raw.bin", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    for (int i = 0; i < times; i++) {
        for (size_t done = 0; done < bytes;) {
            const ssize_t put = write(descriptor, (const char *)buffer + done, bytes - done);
            if (put <= 0) {
                abort();
            }
            done += (size_t)put;
        }
    }
    if (fsync(descriptor)) {
        abort();
    }
    close(descriptor);
    const double elapsed = omp_get_wtime() - t;
    unlink("raw.bin");
    return elapsed;
}

static double copies(const double *from, double *to, size_t count, int times, int threads) {
    const double t = omp_get_wtime();
    for (int i = 0; i < times; i++) {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (size_t b = 0; b < count / 4096; b++) {
            memcpy(to + b * 4096, from + b * 4096, 4096 * sizeof *to);
        }
    }
    return omp_get_wtime() - t;
}

static double minimum(double a, double b) {
    return a < b ? a : b;
}

static void keep_least(figures *best, const figures *f) {
    if (best->status < 0 || f->total < best->total) {
        *best = *f;
    }
}

static void row(const char *stage, double seconds, double floor, const char *floor_name) {
    if (floor > 0.0) {
        printf("    %-7s %9.4f s   floor %9.4f s (%s)   ratio %5.2f\n", stage, seconds, floor, floor_name, seconds / floor);
    } else {
        printf("    %-7s %9.4f s\n", stage, seconds);
    }
}

static void bench(const job *j, size_t n, int threads) {
    const size_t count = n * n * n, bytes = count * sizeof(double);
    figures best = {.status = -1};
    double *a = NULL, *b = NULL;
    write_text("job.json", j->text, n);
    /* Runs first: a child starts with its parent's memory. */
    for (int r = 0; r < REPEATS; r++) {
        const figures f = run_once("job.json", "out.h5", threads);
        keep_least(&best, &f);
    }
    if (qep_alloc_doubles(&a, count + 2 * n * n, "a", NULL) != QEP_OK || qep_alloc_doubles(&b, count, "b", NULL) != QEP_OK) {
        abort();
    }
    memset(a, 0, (count + 2 * n * n) * sizeof *a);
    memset(b, 0, bytes);
    const int m = (int)n;
    fftw_plan forward = NULL, backward = NULL;
#ifdef QEP_BENCH_FFTW_THREADS
    fftw_plan_with_nthreads(threads);
#endif
    if (j->solves && j->walls) {
        forward = fftw_plan_r2r_3d(m, m, m, a, a, FFTW_RODFT10, FFTW_RODFT10, FFTW_RODFT10, FFTW_MEASURE);
        backward = fftw_plan_r2r_3d(m, m, m, a, a, FFTW_RODFT01, FFTW_RODFT01, FFTW_RODFT01, FFTW_MEASURE);
    } else if (j->solves) {
        forward = fftw_plan_dft_r2c_3d(m, m, m, a, (fftw_complex *)(void *)a, FFTW_MEASURE);
        backward = fftw_plan_dft_c2r_3d(m, m, m, (fftw_complex *)(void *)a, a, FFTW_MEASURE);
    }
    double solve = forward ? INFINITY : 0.0, in = INFINITY, out = INFINITY, copy = INFINITY;
    for (int r = 0; r < REPEATS; r++) {
        memset(a, 0, bytes);
        const double t = omp_get_wtime();
        if (forward) {
            fftw_execute(forward);
            fftw_execute(backward);
            solve = minimum(solve, omp_get_wtime() - t);
        }
        in = minimum(in, raw_read("input.h5", b, bytes));
        out = minimum(out, raw_write(b, bytes, j->components));
        copy = minimum(copy, copies(a, b, count, j->components, threads));
    }
    printf("%zu^3, %s, %d thread%s: %.3f s in all, peak %.2f fields (inputs and parts %d + 1.1 allowed above the program's own base)\n", n, j->name,
           threads, threads > 1 ? "s" : "", best.total, (double)best.peak / (double)bytes, j->fields + 1);
    row("read", best.read, in, "read() of the input");
    row("plan", best.plan, 0.0, "");
    row("solve", best.solve, solve, "FFTW pair");
    row("derive", best.derive, copy, "copies");
    row("write", best.write, out, "write() and fsync");
    fflush(stdout);
    if (forward) {
        fftw_destroy_plan(forward);
        fftw_destroy_plan(backward);
    }
    qep_free(a);
    qep_free(b);
}

int main(int argc, char **argv) {
    const size_t n = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 256;
    char folder[] = "/tmp/qep-bench-XXXXXX";
    const char *place = argc > 2 ? argv[2] : mkdtemp(folder);
    if (!place || chdir(place)) {
        perror("folder");
        return 1;
    }
    write_text("maker.json", jobs[0].maker, n);
    run_once("maker.json", "input.h5", 2);
#ifdef QEP_BENCH_FFTW_THREADS
    fftw_init_threads();
#endif
    for (int threads = 1; threads <= 2; threads++) {
        for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
            bench(&jobs[i], n, threads);
        }
    }
    static const char *const left[] = {"maker.json", "job.json", "input.h5", "input.xdmf", "out.h5", "out.xdmf"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        unlink(left[i]);
    }
    return argc > 2 ? 0 : rmdir(place);
}
