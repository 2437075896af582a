/* From orbitals to bands. With the Wannier position matrix A the velocity V = U^H (dH + i [H, A]) U holds the whole Berry connection (Wang, Yates,
 * Souza, Vanderbilt 2006; docs/bloch.md); in the band basis [H, A]_nm = (e_n - e_m) A_nm, so that no commutator is ever formed. */
#include "bloch/states.h"

#include "qep/base/linear.h"
#include <string.h>

enum { SMALL = 3 }; /* matrices in plain loops up to here, where the overhead of a BLAS call is larger */

/* U^H times fields [first, end) of point p, side by side in `half`. */
static void transform_left(bloch_states *s, size_t p, int first, int end) {
    const size_t n = s->n, columns = (size_t)(end - first) * n;
    const double complex *X = bloch_field(&s->fourier, p, first);
    if (n > SMALL) {
        qep_zgemm(QEP_ADJOINT, QEP_AS_IS, n, columns, n, 1.0, s->U, n, X, n, 0.0, s->half + (size_t)first * n * n, n);
        return;
    }
    double complex *out = s->half + (size_t)first * n * n;
    for (size_t c = 0; c < columns; c++) {
        for (size_t i = 0; i < n; i++) {
            double complex sum = 0.0;
            for (size_t a = 0; a < n; a++) {
                sum += conj(s->U[a + i * n]) * X[a + c * n];
            }
            out[i + c * n] = sum;
        }
    }
}

static void transform_right(const bloch_states *s, int field, double complex *out) {
    const size_t n = s->n;
    const double complex *half = s->half + (size_t)field * n * n;
    if (n > SMALL) {
        qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, n, n, 1.0, half, n, s->U, n, 0.0, out, n);
        return;
    }
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < n; i++) {
            double complex sum = 0.0;
            for (size_t b = 0; b < n; b++) {
                sum += half[i + b * n] * s->U[b + j * n];
            }
            out[i + j * n] = sum;
        }
    }
}

/* Diagonal alone. */
static void diagonal(const bloch_states *s, int field, double *out) {
    const size_t n = s->n;
    const double complex *half = s->half + (size_t)field * n * n;
    memset(out, 0, n * sizeof *out);
    for (size_t j = 0; j < n; j++) {
        for (size_t b = 0; b < n; b++) {
            const double complex x = half[j + b * n], u = s->U[b + j * n];
            out[j] += creal(x) * creal(u) - cimag(x) * cimag(u);
        }
    }
}

/* V from dH + i [H, A], and the diagonal of the subspace's own curvature dA - dA - i [A, A]. */
static void wannier_velocities(bloch_states *s) {
    const int at = bloch_r_at(&s->fourier), dim = s->model->dim;
    const size_t n = s->n;
    for (int a = 0; a < dim; a++) {
        transform_right(s, 1 + a, s->plain[a]);
        transform_right(s, at + a, s->A[a]);
        for (size_t j = 0; j < n; j++) {
            for (size_t i = 0; i < n; i++) {
                s->V[a][i + j * n] = s->plain[a][i + j * n] + I * (s->energy[i] - s->energy[j]) * s->A[a][i + j * n];
            }
        }
    }
    for (int a = 0, pair = 0; a < dim; a++) {
        for (int b = a + 1; b < dim; b++, pair++) {
            diagonal(s, at + dim + pair, s->F[pair]);
            for (size_t m = 0; m < n; m++) {
                for (size_t i = 0; i < n; i++) { /* -i [A_a, A_b]_ii */
                    s->F[pair][i] += cimag(s->A[a][i + m * n] * s->A[b][m + i * n] - s->A[b][i + m * n] * s->A[a][m + i * n]);
                }
            }
        }
    }
}

void bloch_to_bands(bloch_states *s, size_t p) {
    transform_left(s, p, 1, s->fourier.fields);
    if (s->model->r) {
        wannier_velocities(s);
    } else {
        for (int a = 0; a < s->model->dim; a++) {
            transform_right(s, 1 + a, s->V[a]);
        }
    }
    for (int f = 0; s->second && f < bloch_symmetric(s->model->dim); f++) {
        diagonal(s, bloch_second_at(&s->fourier) + f, s->M[f]);
    }
}
