/* Eigenstates of H(k): LAPACK, or closed forms for one and two levels. */
#include "bloch/states.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

enum { MATRICES = 10, VECTORS = 10 };

static void list_matrices(bloch_states *s, double complex **out[MATRICES]) {
    double complex **const all[MATRICES] = {&s->U,    &s->V[0], &s->V[1],     &s->V[2],     &s->A[0],
                                            &s->A[1], &s->A[2], &s->plain[0], &s->plain[1], &s->plain[2]};
    memcpy(out, all, sizeof all);
}

static void list_vectors(bloch_states *s, double **out[VECTORS]) {
    double **const all[VECTORS] = {&s->energy, &s->F[0], &s->F[1], &s->F[2], &s->M[0], &s->M[1], &s->M[2], &s->M[3], &s->M[4], &s->M[5]};
    memcpy(out, all, sizeof all);
}

size_t bloch_states_memory(const qep_bloch_model *model, int second) {
    const size_t square = model->bands * model->bands;
    return bloch_fourier_memory(model, second) + sizeof(double complex) * (MATRICES + 16) * square + sizeof(double) * VECTORS * model->bands;
}

qep_status bloch_states_create(bloch_states *s, const qep_bloch_model *model, int second, qep_error *err) {
    *s = (bloch_states){.model = model, .n = model->bands, .second = second};
    double complex **matrix[MATRICES];
    double **vector[VECTORS];
    void *block = NULL;
    QEP_TRY(bloch_fourier_create(&s->fourier, model, second, err));
    QEP_TRY(qep_alloc(&block, (size_t)s->fourier.fields * s->n * s->n, sizeof(double complex), "states", err));
    s->half = block;
    list_matrices(s, matrix);
    list_vectors(s, vector);
    for (size_t i = 0; i < MATRICES; i++) {
        QEP_TRY(qep_alloc(&block, s->n * s->n, sizeof(double complex), "states", err));
        *matrix[i] = block;
    }
    for (size_t i = 0; i < VECTORS; i++) {
        QEP_TRY(qep_alloc(&block, s->n, sizeof(double), "states", err));
        *vector[i] = block;
    }
    return QEP_OK;
}

void bloch_states_destroy(bloch_states *s) {
    double complex **matrix[MATRICES];
    double **vector[VECTORS];
    list_matrices(s, matrix);
    list_vectors(s, vector);
    for (size_t i = 0; i < MATRICES; i++) {
        qep_free(*matrix[i]);
    }
    for (size_t i = 0; i < VECTORS; i++) {
        qep_free(*vector[i]);
    }
    qep_free(s->half);
    bloch_fourier_destroy(&s->fourier);
    *s = (bloch_states){0};
}

qep_status bloch_states_plan(bloch_states *s, const bloch_points *set, qep_error *err) {
    if (!bloch_grid_pays(s->model, set, s->second)) {
        return QEP_OK;
    }
    s->set = set;
    return bloch_grid_plan(&s->fourier, set, err);
}

void bloch_states_load(bloch_states *s, const double (*k)[3], size_t count) {
    bloch_fourier_any(&s->fourier, k, count);
}

void bloch_states_load_set(bloch_states *s, const bloch_points *set, size_t first, const double (*k)[3], size_t count) {
    if (set == s->set) {
        bloch_grid_load(&s->fourier, first, count);
    } else {
        bloch_fourier_any(&s->fourier, k, count);
    }
}

/* Two levels in closed form: H = d0 + d.sigma. The larger component of each vector is formed without subtraction. */
static void solve_two(const double complex *H, double *energy, double complex *U) {
    const double d0 = 0.5 * (creal(H[0]) + creal(H[3])), dz = 0.5 * (creal(H[0]) - creal(H[3]));
    const double complex c = H[1];
    const double size = hypot(dz, cabs(c));
    energy[0] = d0 - size;
    energy[1] = d0 + size;
    if (size == 0.0) {
        U[0] = U[3] = 1.0;
        U[1] = U[2] = 0.0;
        return;
    }
    const double big = size + fabs(dz), norm = 1.0 / sqrt(big * big + creal(c) * creal(c) + cimag(c) * cimag(c));
    if (dz >= 0.0) {
        U[0] = -conj(c) * norm;
        U[1] = big * norm;
        U[2] = big * norm;
        U[3] = c * norm;
    } else {
        U[0] = -big * norm;
        U[1] = c * norm;
        U[2] = conj(c) * norm;
        U[3] = big * norm;
    }
}

static int diagonalise(bloch_states *s, size_t p) {
    memcpy(s->U, bloch_field(&s->fourier, p, 0), s->n * s->n * sizeof *s->U);
    if (s->n == 1) {
        s->energy[0] = creal(s->U[0]);
        s->U[0] = 1.0;
        return 0;
    }
    if (s->n == 2) {
        solve_two(bloch_field(&s->fourier, p, 0), s->energy, s->U);
        return 0;
    }
    return qep_zheevd(s->n, s->U, s->n, s->energy, 1);
}

qep_status bloch_states_solve(bloch_states *s, size_t p, int with_velocities, qep_error *err) {
    if (diagonalise(s, p) != 0) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "eigenvalues", NULL, NULL, "LAPACK could not diagonalise H(k)");
    }
    if (with_velocities) {
        bloch_to_bands(s, p);
    }
    return QEP_OK;
}
