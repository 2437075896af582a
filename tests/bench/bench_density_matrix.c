/* The source density_matrix next to its floor, in one process: entropies of n-level matrices at N^3 points from a file, against
 * LAPACK's zheevd of the same matrices (already in memory, same threads), and against reading the file alone. The file is made in the
 * temporary folder (16 n^2 N^3 bytes) and removed.
 * Usage: bench_density_matrix [N] [n] (default 128 3). */
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/config/config.h"
#include "qep/io/blocks.h"
#include "source/matrix_entropy.h"
#include <hdf5.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPEATS = 3, SLAB = 1 << 15 };

static unsigned long long state = 88172645463325252ull;

static double uniform(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0 - 0.5;
}

/* A A^H over its trace, for a random A. */
static void random_matrix(size_t n, double complex *rho) {
    double complex a[64];
    double trace = 0.0;
    for (size_t i = 0; i < n * n; i++) {
        a[i] = uniform() + I * uniform();
    }
    for (size_t r = 0; r < n; r++) {
        for (size_t c = 0; c < n; c++) {
            rho[r * n + c] = 0.0;
            for (size_t k = 0; k < n; k++) {
                rho[r * n + c] += a[r * n + k] * conj(a[c * n + k]);
            }
        }
        trace += creal(rho[r * n + r]);
    }
    for (size_t i = 0; i < n * n; i++) {
        rho[i] /= trace;
    }
}

/* rho [N,N,N,n,n,2]; a plane at a time. */
static void make_file(const char *name, size_t N, size_t n, double complex *plane) {
    const hsize_t dims[6] = {N, N, N, n, n, 2}, one[6] = {1, N, N, n, n, 2};
    const hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), space = H5Screate_simple(6, dims, NULL);
    const hid_t memory = H5Screate_simple(6, one, NULL);
    const hid_t set = H5Dcreate2(file, "rho", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (hsize_t z = 0; z < N; z++) {
        const hsize_t start[6] = {z, 0, 0, 0, 0, 0};
        for (size_t i = 0; i < N * N; i++) {
            random_matrix(n, plane + i * n * n);
        }
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, one, NULL);
        H5Dwrite(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, plane);
    }
    H5Dclose(set);
    H5Sclose(memory);
    H5Sclose(space);
    H5Fclose(file);
}

/* zheevd of every matrix of a plane, as often as there are planes; only the calls and a copy of the matrix are timed. */
static double floor_seconds(size_t N, size_t n, const double complex *plane) {
    const double start = omp_get_wtime();
#pragma omp parallel
    {
        double complex a[64];
        double w[8];
        for (size_t z = 0; z < N; z++) {
#pragma omp for schedule(static)
            for (size_t i = 0; i < N * N; i++) {
                memcpy(a, plane + i * n * n, n * n * sizeof *a);
                qep_zheevd(n, a, n, w, 0);
            }
        }
    }
    return omp_get_wtime() - start;
}

static double reading_seconds(const qep_grid *grid, const char *name, double complex *slab) {
    const qep_block_request request = {name, "rho", grid, 2, 0, ""};
    qep_block_shape shape;
    qep_blocks *blocks = NULL;
    const double start = omp_get_wtime();
    if (qep_blocks_open(&blocks, &request, &shape, NULL) == QEP_OK) {
        for (size_t begin = 0, count; begin < qep_grid_count(grid); begin += count) {
            count = qep_blocks_slab(blocks, begin, (size_t)SLAB * shape.size);
            qep_blocks_read(blocks, 0, begin, count, slab, NULL);
        }
    }
    qep_blocks_destroy(blocks);
    return omp_get_wtime() - start;
}

static qep_config *configure(const char *name, size_t N) {
    char *text = qep_text_format("{\"grid\":{\"points\":[%zu,%zu,%zu],\"lengths\":[1,1,1]},\"entropy\":{\"source\":\"density_matrix\","
                                 "\"hdf5\":\"%s\",\"dataset\":\"rho\",\"cell_volume\":1e-27}}",
                                 N, N, N, name);
    qep_config *config = NULL;
    qep_config_parse(&config, text, strlen(text), "bench", "", NULL, NULL);
    qep_free(text);
    return config;
}

int main(int argc, char **argv) {
    const size_t N = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 128, n = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 3;
    const char *folder = getenv("TMPDIR");
    char *name = qep_text_format("%s/bench_density_matrix.%d.h5", folder ? folder : "/tmp", (int)getpid());
    double complex *plane = n <= 8 ? calloc((N * N > SLAB ? N * N : SLAB) * n * n, sizeof *plane) : NULL;
    double *out = NULL;
    qep_config *config = configure(name, N);
    if (!plane || !config || qep_alloc_doubles(&out, N * N * N, "entropy", NULL) != QEP_OK) {
        fprintf(stderr, "bench_density_matrix [N] [n]: n from 1 to 8\n");
        return 1;
    }
    qep_linear_setup();
    make_file(name, N, n, plane);
    memset(out, 0, N * N * N * sizeof *out);
    const size_t before = qep_memory_peak();
    double best[3] = {1e300, 1e300, 1e300};
    const qep_field_setting setting = {.grid = &config->grid, .parameters = &config->parameters, .threads = omp_get_max_threads()};
    for (int r = 0; r < REPEATS; r++) {
        const double start = omp_get_wtime();
        const qep_status status = qep_field_evaluate(config->entropy, &setting, out, NULL);
        best[0] = status == QEP_OK ? fmin(best[0], omp_get_wtime() - start) : NAN;
        best[1] = fmin(best[1], floor_seconds(N, n, plane));
        best[2] = fmin(best[2], reading_seconds(&config->grid, name, plane));
    }
    printf("%zu^3 points, %zu levels, %d threads, file %.0f MB\n", N, n, setting.threads, 16e-6 * (double)(n * n * N * N * N));
    printf("  source          %7.3f s   (entropy, checks, reading; %.1f MB of memory besides the entropy)\n", best[0],
           1e-6 * ((double)qep_memory_peak() - (double)before));
    printf("  zheevd alone    %7.3f s   ratio %.2f\n", best[1], best[0] / best[1]);
    printf("  reading alone   %7.3f s\n", best[2]);
    unlink(name);
    qep_config_destroy(config);
    qep_free(name);
    qep_free(out);
    free(plane);
    return 0;
}
