/* What every lattice model needs: its arrays, its reciprocal lattice, and the check that H(-R) is the adjoint of H(R). A faulty pair is
 * an error that names it; one that differs in the last printed digits, as Wannier90's files do, is averaged. */
#include "qep/bloch/model.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

static const double hermitian_error = 1e-6, hermitian_note = 1e-9; /* eV */

void qep_bloch_model_destroy(qep_bloch_model *model) {
    if (!model) {
        return;
    }
    qep_free(model->R);
    qep_free(model->H);
    qep_free(model->r);
    qep_free(model->tau);
    qep_free(model);
}

qep_status qep_bloch_model_allocate(qep_bloch_model *model, size_t shifts, int with_r, qep_error *err) {
    size_t square = 0, elements = 0;
    if (!qep_size_multiply(model->bands, model->bands, &square) || !qep_size_multiply(square, shifts, &elements) || elements > SIZE_MAX / 64) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "%zu orbitals and %zu lattice vectors do not fit into memory",
                             model->bands, shifts);
    }
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, shifts, 3 * sizeof(int), "lattice vectors", err));
    model->R = block;
    QEP_TRY(qep_alloc(&block, elements, sizeof(double complex), "H(R)", err));
    model->H = block;
    QEP_TRY(qep_alloc(&block, model->bands, 3 * sizeof(double), "orbital positions", err));
    model->tau = block;
    if (with_r) {
        QEP_TRY(qep_alloc(&block, 3 * elements, sizeof(double complex), "r(R)", err));
        model->r = block;
    }
    model->shifts = shifts;
    return QEP_OK;
}

static void cross(const double a[3], const double b[3], double c[3]) {
    for (int i = 0; i < 3; i++) {
        c[i] = a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3];
    }
}

static double dot(const double a[3], const double b[3]) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

qep_status qep_bloch_model_lattice(qep_bloch_model *model, const char *path, const char *file, qep_error *err) {
    double(*a)[3] = model->lattice, scale = 1.0;
    if (model->dim == 2) {
        a[0][2] = a[1][2] = a[2][0] = a[2][1] = 0.0;
        a[2][2] = 1.0;
    }
    for (int i = 0; i < model->dim; i++) {
        scale *= sqrt(dot(a[i], a[i]));
    }
    double normal[3];
    cross(a[1], a[2], normal);
    const double volume = dot(a[0], normal);
    if (!(fabs(volume) > 1e-9 * scale)) {
        return qep_error_add(err, file ? QEP_ERR_INPUT : QEP_ERR_CONFIG, "lattice", path, file,
                             "the lattice vectors span no %s (%.3g of the product of their lengths); they must be finite and independent",
                             model->dim == 2 ? "area" : "volume", fabs(volume) / scale);
    }
    for (int i = 0; i < 3; i++) {
        cross(a[(i + 1) % 3], a[(i + 2) % 3], model->reciprocal[i]);
        for (int c = 0; c < 3; c++) {
            model->reciprocal[i][c] *= 2.0 * QEP_PI / volume;
        }
    }
    model->cell = fabs(volume);
    return QEP_OK;
}

/* Index of the vector with R = sign * want; shifts when there is none. */
static size_t find_shift(const qep_bloch_model *model, const int want[3], int sign) {
    for (size_t s = 0; s < model->shifts; s++) {
        const int *R = model->R + 3 * s;
        if (R[0] == sign * want[0] && R[1] == sign * want[1] && R[2] == sign * want[2]) {
            return s;
        }
    }
    return model->shifts;
}

/* Average a block with the adjoint of its partner; returns the largest deviation. */
static double symmetrise(double complex *a, double complex *b, size_t n) {
    double worst = 0.0;
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < n; i++) {
            const double complex x = a[i + j * n], y = conj(b[j + i * n]), mean = 0.5 * (x + y);
            worst = fmax(worst, cabs(x - y));
            a[i + j * n] = mean;
            b[j + i * n] = conj(mean);
        }
    }
    return worst;
}

qep_status qep_bloch_model_hermitian(qep_bloch_model *model, const char *path, const char *file, const qep_log *log, qep_error *err) {
    const size_t square = model->bands * model->bands;
    const qep_status status = file ? QEP_ERR_INPUT : QEP_ERR_CONFIG;
    double worst = 0.0;
    for (size_t s = 0; s < model->shifts; s++) {
        const int *R = model->R + 3 * s;
        if (find_shift(model, R, 1) != s) {
            return qep_error_add(err, status, "duplicate", path, file, "the lattice vector R = (%d, %d, %d) comes twice", R[0], R[1], R[2]);
        }
    }
    for (size_t s = 0; s < model->shifts; s++) {
        const int *R = model->R + 3 * s;
        const size_t partner = find_shift(model, R, -1);
        if (partner == model->shifts) {
            return qep_error_add(err, status, "not_hermitian", path, file,
                                 "R = (%d, %d, %d) is there, its partner -R is not; H would not be Hermitian", R[0], R[1], R[2]);
        }
        const double difference = symmetrise(model->H + s * square, model->H + partner * square, model->bands);
        worst = fmax(worst, difference);
        if (!(difference <= hermitian_error)) {
            return qep_error_add(err, status, "not_hermitian", path, file,
                                 "H(R) at R = (%d, %d, %d) differs from the adjoint of H(-R) by %.3g eV; at most %g eV is allowed", R[0], R[1], R[2],
                                 difference, hermitian_error);
        }
        for (int c = 0; model->r && c < 3; c++) {
            double complex *r = model->r + (size_t)c * model->shifts * square;
            symmetrise(r + s * square, r + partner * square, model->bands);
        }
    }
    if (worst > hermitian_note) {
        qep_log_write(log, QEP_LOG_WARNING, "%s: H(R) and the adjoint of H(-R) differ by up to %.3g eV; they are averaged", file ? file : model->name,
                      worst);
    }
    return QEP_OK;
}
