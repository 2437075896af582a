/* Points of k per second for all linear quantities, beside the floor of diagonalising alone (zheevd of the same matrices), and what a scan over
 * 200 x 50 points (mu, T) costs in units of a single one; Fourier sums both ways. Usage: bench_bloch FILE_tb.dat MU_eV [N]. In one process, minimum of REPEATS runs. */
#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/bloch/sums.h"
#include "bloch/states.h"
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 3, MUS = 200, TEMPERATURES = 50 };

static const unsigned linear = 1u << QEP_BLOCH_N | 1u << QEP_BLOCH_S | 1u << QEP_BLOCH_OMEGA_F | 1u << QEP_BLOCH_OMEGA_S | 1u << QEP_BLOCH_OMEGA_N |
                               1u << QEP_BLOCH_METRIC | 1u << QEP_BLOCH_G | 1u << QEP_BLOCH_VV | 1u << QEP_BLOCH_VV_X | 1u << QEP_BLOCH_Z_F |
                               1u << QEP_BLOCH_Z_S;

/* Seconds of one call. */
static double seconds_of(const qep_bloch_model *model, size_t N, const qep_bloch_state_point *state, size_t states, int threads) {
    const size_t points[3] = {N, N, N};
    const qep_bloch_request request = {.model = model, .points = points, .state = state, .states = states, .tau = 1e-13, .wanted = linear, .threads = threads};
    double best = INFINITY;
    for (int i = 0; i < REPEATS; i++) {
        qep_bloch_sums sums;
        const double start = omp_get_wtime();
        if (qep_bloch_sum(&sums, &request, NULL) != QEP_OK) {
            exit(1);
        }
        best = fmin(best, omp_get_wtime() - start);
        qep_bloch_sums_free(&sums);
    }
    return best;
}

/* Seconds per matrix of diagonalisation with vectors. */
static double floor_of(const qep_bloch_model *model) {
    bloch_states states;
    const double k[1][3] = {{0.11, 0.23, 0.37}};
    double best = INFINITY;
    if (bloch_states_create(&states, model, 0, NULL) != QEP_OK) {
        exit(1);
    }
    bloch_states_load(&states, k, 1);
    for (int i = 0; i < REPEATS; i++) {
        const double start = omp_get_wtime();
        for (int n = 0; n < 500; n++) {
            bloch_states_solve(&states, 0, 0, NULL);
        }
        best = fmin(best, (omp_get_wtime() - start) / 500.0);
    }
    bloch_states_destroy(&states);
    return best;
}

/* Seconds per k of H(k), its derivatives and those of r(k): axis by axis, or one sum over R each. */
static double fourier(const qep_bloch_model *model, size_t N, int by_axes) {
    const size_t points[3] = {N, N, N};
    bloch_points set;
    bloch_fourier f;
    double best = INFINITY;
    if (bloch_points_create(&set, model, points, NULL, "", NULL) != QEP_OK || bloch_fourier_create(&f, model, 0, NULL) != QEP_OK ||
        bloch_grid_plan(&f, &set, NULL) != QEP_OK) {
        exit(1);
    }
    for (int i = 0; i < REPEATS; i++) {
        const double start = omp_get_wtime();
        for (size_t first = 0; first + BLOCH_BLOCK <= set.count; first += BLOCH_BLOCK) {
            double k[BLOCH_BLOCK][3];
            for (size_t p = 0; p < BLOCH_BLOCK; p++) {
                bloch_points_get(&set, first + p, k[p]);
            }
            if (by_axes) {
                bloch_grid_load(&f, first, BLOCH_BLOCK);
            } else {
                bloch_fourier_any(&f, (const double(*)[3])k, BLOCH_BLOCK);
            }
        }
        best = fmin(best, (omp_get_wtime() - start) / (double)set.count);
    }
    bloch_fourier_destroy(&f);
    bloch_points_destroy(&set);
    return best;
}

int main(int argc, char **argv) {
    qep_bloch_model *model = NULL;
    qep_error err = {0};
    if (argc < 3 || qep_bloch_model_wannier90(&model, argv[1], NULL, NULL, 3, NULL, &err) != QEP_OK) {
        fprintf(stderr, "usage: bench_bloch FILE_tb.dat MU_eV [N]\n%s\n", err.count ? err.item[0].message : "");
        return 2;
    }
    qep_linear_setup();
    const double mu = atof(argv[2]) * QEP_E_CHARGE;
    const size_t N = argc > 3 ? (size_t)atoi(argv[3]) : 16, points = N * N * N;
    static qep_bloch_state_point scan[MUS * TEMPERATURES];
    for (size_t i = 0; i < MUS * TEMPERATURES; i++) {
        scan[i] = (qep_bloch_state_point){1.0 + 6.0 * (double)(i / MUS), mu + 0.005 * ((double)(i % MUS) - 0.5 * MUS) * QEP_E_CHARGE};
    }
    const qep_bloch_state_point one = {300.0, mu};
    const double zheevd = floor_of(model);
    printf("%zu bands, %zu lattice vectors, %zu k-points; floor (zheevd, 1 thread): %.0f 1/s\n", model->bands, model->shifts, points, 1.0 / zheevd);
    printf("sums over R with derivatives and positions: %.2f us per k axis by axis, %.2f us one by one\n", 1e6 * fourier(model, N, 1),
           1e6 * fourier(model, N, 0));
    for (int threads = 1; threads <= 2; threads++) {
        const double single = seconds_of(model, N, &one, 1, threads), whole = seconds_of(model, N, scan, MUS * TEMPERATURES, threads);
        printf("%d thread%s: %.0f k-points/s (%.2f x the floor's time); scan of %d x %d: %.2f x the single point\n", threads, threads > 1 ? "s" : "",
               (double)points / single, single * threads / ((double)points * zheevd), MUS, TEMPERATURES, whole / single);
    }
    qep_bloch_model_destroy(model);
    return 0;
}
