/* Single passes over the grid that the quantities share: element by element, so the bits do not depend on the threads.
 */
#include "rows.h"

void qep_pass_set(double value, size_t count, int threads, double *out) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t k = 0; k < count; k++) {
        out[k] = value;
    }
}

void qep_pass_affine(const double *u, double offset, double alpha, double shift, size_t count,
                     int threads, double *out) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t k = 0; k < count; k++) {
        out[k] = alpha * (u[k] - offset) + shift;
    }
}

void qep_pass_add_difference(const double *u, const double *v, double alpha, size_t count,
                             int threads, double *out) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t k = 0; k < count; k++) {
        out[k] += alpha * (u[k] - v[k]);
    }
}

void qep_pass_weighted(const double *u, const double *weight, double alpha, int accumulate, size_t count, int threads, double *out) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t k = 0; k < count; k++) {
        out[k] = (accumulate ? out[k] : 0.0) + alpha * (weight ? weight[k] * u[k] : u[k]);
    }
}

void qep_pass_add(const double *u, size_t count, int threads, double *out) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t k = 0; k < count; k++) {
        out[k] += u[k];
    }
}

void qep_pass_scale(const qep_coefficient *c, size_t count, int threads, double *out) {
    const double value = c->value;
    const double *field = c->field;
    if (!field) {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (size_t k = 0; k < count; k++) {
            out[k] *= value;
        }
        return;
    }
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t k = 0; k < count; k++) {
        out[k] *= value * field[k];
    }
}
