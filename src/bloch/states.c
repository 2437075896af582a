/* H(k), its derivatives and its eigenstates. Lattice models: sum_R exp(ik.R) H(R) for a block of k as one matrix product, then either
 * phases of the orbital positions (convention I) or the commutator with the Wannier position matrix, so that
 * V = U^H (dH + i [H, A]) U holds the whole Berry connection (Wang, Yates, Souza, Vanderbilt 2006; docs/bloch.md). */
#include "bloch/states.h"

#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

/* Fourier sums per k: H, dH[dim], then ddH, or r[3] and the 3 components of its curl. */
enum { H_AT = 0, DH_AT = 1 };

static int fields(const bloch_states *s) {
    const int d = s->model->dim;
    return 1 + d + (s->second ? bloch_symmetric(d) : 0) + (s->model->r ? d + bloch_pairs(d) : 0);
}

static int second_at(const bloch_states *s) {
    return 1 + s->model->dim;
}

static int r_at(const bloch_states *s) {
    return second_at(s) + (s->second ? bloch_symmetric(s->model->dim) : 0);
}

size_t bloch_states_memory(const qep_bloch_model *model, int second) {
    const bloch_states shape = {.model = model, .second = second};
    const size_t square = model->bands * model->bands;
    return sizeof(double complex) * (BLOCH_BLOCK * (size_t)fields(&shape) * (square + model->shifts) + 18 * square) +
           sizeof(double) * 10 * model->bands;
}

qep_status bloch_states_create(bloch_states *s, const qep_bloch_model *model, int second, qep_error *err) {
    *s = (bloch_states){.model = model, .n = model->bands, .second = second};
    const size_t square = s->n * s->n, sums = BLOCH_BLOCK * (size_t)fields(s) * square;
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, sums, sizeof(double complex), "H(k)", err));
    s->sums = block;
    QEP_TRY(qep_alloc(&block, BLOCH_BLOCK * model->shifts * (size_t)(1 + 3 + 6) + 1, sizeof(double complex), "phases", err));
    s->phase = block;
    double complex **const matrices[] = {&s->work,   &s->U,      &s->left,   &s->dH[0], &s->dH[1],    &s->dH[2],    &s->V[0],    &s->V[1], &s->V[2],
                                         &s->ddH[0], &s->ddH[1], &s->ddH[2], &s->ddH[3], &s->ddH[4], &s->ddH[5], &s->plain[0], &s->plain[1], &s->plain[2]};
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++) {
        QEP_TRY(qep_alloc(&block, square, sizeof(double complex), "states", err));
        *matrices[i] = block;
    }
    double **const vectors[] = {&s->energy, &s->F[0], &s->F[1], &s->F[2], &s->M[0], &s->M[1], &s->M[2], &s->M[3], &s->M[4], &s->M[5]};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        QEP_TRY(qep_alloc(&block, s->n, sizeof(double), "states", err));
        *vectors[i] = block;
    }
    return QEP_OK;
}

void bloch_states_destroy(bloch_states *s) {
    void *const all[] = {s->sums,   s->phase,  s->work,   s->U,      s->left,     s->dH[0],    s->dH[1],    s->dH[2], s->V[0], s->V[1],
                         s->V[2],   s->ddH[0], s->ddH[1], s->ddH[2], s->ddH[3],   s->ddH[4],   s->ddH[5],   s->plain[0], s->plain[1], s->plain[2],
                         s->energy, s->F[0],   s->F[1],   s->F[2],   s->M[0],     s->M[1],     s->M[2],     s->M[3],  s->M[4], s->M[5]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        qep_free(all[i]);
    }
    *s = (bloch_states){0};
}

static double complex *sum_of(const bloch_states *s, size_t p, int field) {
    return s->sums + ((size_t)field * BLOCH_BLOCK + p) * s->n * s->n;
}

static void cartesian_shift(const qep_bloch_model *m, size_t shift, double R[3]) {
    for (int c = 0; c < 3; c++) {
        R[c] = 0.0;
        for (int d = 0; d < m->dim; d++) {
            R[c] += m->R[3 * shift + (size_t)d] * m->lattice[d][c];
        }
    }
}

/* Multiply the phases of one shift into the columns of all fields: 1, iR_a, -R_aR_b. */
static void spread_phase(double complex *phase, size_t column, size_t shift, size_t p, const double R[3], int dim, int second, double complex e) {
    phase[shift + p * column] = e;
    for (int a = 0, f = 1 + dim; a < dim; a++) {
        phase[shift + ((size_t)(1 + a) * BLOCH_BLOCK + p) * column] = I * R[a] * e;
        for (int b = a; second && b < dim; b++, f++) {
            phase[shift + ((size_t)f * BLOCH_BLOCK + p) * column] = -R[a] * R[b] * e;
        }
    }
}

static void fill_phases(bloch_states *s, const double (*k)[3], size_t count) {
    const qep_bloch_model *m = s->model;
    for (size_t shift = 0; shift < m->shifts; shift++) {
        double R[3];
        cartesian_shift(m, shift, R);
        for (size_t p = 0; p < count; p++) {
            double turns = 0.0; /* reduced first, so that large R lose no digits */
            for (int d = 0; d < m->dim; d++) {
                const double part = k[p][d] * m->R[3 * shift + (size_t)d];
                turns += part - floor(part);
            }
            const double angle = 2.0 * QEP_PI * (turns - floor(turns));
            spread_phase(s->phase, m->shifts, shift, p, R, m->dim, s->second, cos(angle) + I * sin(angle));
        }
    }
}

/* out[bands^2, count] = matrix[bands^2, shifts] phases of `field`. */
static void multiply(bloch_states *s, const double complex *matrix, int field, size_t count, double complex alpha, double complex beta,
                     double complex *out) {
    const size_t square = s->n * s->n, shifts = s->model->shifts;
    qep_zgemm(QEP_AS_IS, QEP_AS_IS, square, count, shifts, alpha, matrix, square, s->phase + (size_t)field * BLOCH_BLOCK * shifts, shifts, beta, out,
              square);
}

/* A_a(k) = sum exp(ik.R) r_a(R), and d_a A_b - d_b A_a. */
static void sum_positions(bloch_states *s, size_t count) {
    const qep_bloch_model *m = s->model;
    const size_t all = m->shifts * s->n * s->n;
    const int at = r_at(s);
    for (int a = 0, pair = 0; a < m->dim; a++) {
        multiply(s, m->r + (size_t)a * all, 0, count, 1.0, 0.0, sum_of(s, 0, at + a));
        for (int b = a + 1; b < m->dim; b++, pair++) {
            double complex *curl = sum_of(s, 0, at + m->dim + pair);
            multiply(s, m->r + (size_t)b * all, DH_AT + a, count, 1.0, 0.0, curl);
            multiply(s, m->r + (size_t)a * all, DH_AT + b, count, -1.0, 1.0, curl);
        }
    }
}

static void load_continuum(bloch_states *s, const double (*k)[3], size_t count) {
    const qep_bloch_model *m = s->model;
    for (size_t p = 0; p < count; p++) {
        double complex *dH[3] = {NULL}, *ddH[6] = {NULL};
        for (int a = 0; a < m->dim; a++) {
            dH[a] = sum_of(s, p, DH_AT + a);
        }
        for (int f = 0; s->second && f < bloch_symmetric(m->dim); f++) {
            ddH[f] = sum_of(s, p, second_at(s) + f);
        }
        m->function(m, k[p], sum_of(s, p, H_AT), dH, s->second ? ddH : NULL);
    }
}

void bloch_states_load(bloch_states *s, const double (*k)[3], size_t count) {
    if (s->model->function) {
        load_continuum(s, k, count);
        return;
    }
    fill_phases(s, k, count);
    for (int f = 0; f < r_at(s); f++) {
        multiply(s, s->model->H, f, count, 1.0, 0.0, sum_of(s, 0, f));
    }
    if (s->model->r) {
        sum_positions(s, count);
    }
    /* Convention I: exp(ik.(R + tau_j - tau_i)). The common phase is a change of basis and is left out; what stays are the derivatives. */
    const double *tau = s->model->tau;
    for (size_t p = 0; !s->model->r && p < count; p++) {
        double complex *const H = sum_of(s, p, H_AT);
        for (size_t j = 0; j < s->n; j++) {
            for (size_t i = 0; i < s->n; i++) {
                const size_t e = i + j * s->n;
                for (int a = 0, f = second_at(s); a < s->model->dim; a++) {
                    const double complex ta = I * (tau[3 * j + (size_t)a] - tau[3 * i + (size_t)a]);
                    for (int b = a; s->second && b < s->model->dim; b++, f++) {
                        const double complex tb = I * (tau[3 * j + (size_t)b] - tau[3 * i + (size_t)b]);
                        sum_of(s, p, f)[e] += ta * sum_of(s, p, DH_AT + b)[e] + tb * sum_of(s, p, DH_AT + a)[e];
                    }
                }
                for (int a = 0, f = second_at(s); a < s->model->dim; a++) {
                    const double complex ta = I * (tau[3 * j + (size_t)a] - tau[3 * i + (size_t)a]);
                    sum_of(s, p, DH_AT + a)[e] += ta * H[e];
                    for (int b = a; s->second && b < s->model->dim; b++, f++) {
                        const double complex tb = I * (tau[3 * j + (size_t)b] - tau[3 * i + (size_t)b]);
                        sum_of(s, p, f)[e] += ta * tb * H[e];
                    }
                }
            }
        }
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
    memcpy(s->U, sum_of(s, p, H_AT), s->n * s->n * sizeof *s->U);
    if (s->n == 1) {
        s->energy[0] = creal(s->U[0]);
        s->U[0] = 1.0;
        return 0;
    }
    if (s->n == 2) {
        solve_two(sum_of(s, p, H_AT), s->energy, s->U);
        return 0;
    }
    return qep_zheevd(s->n, s->U, s->n, s->energy, 1);
}

/* out = U^H X U; small matrices in plain loops, which BLAS's call overhead exceeds. */
static void to_bands(bloch_states *s, const double complex *X, double complex *out) {
    const size_t n = s->n;
    if (n > 3) {
        qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, n, n, 1.0, X, n, s->U, n, 0.0, s->left, n);
        qep_zgemm(QEP_ADJOINT, QEP_AS_IS, n, n, n, 1.0, s->U, n, s->left, n, 0.0, out, n);
        return;
    }
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < n; i++) {
            double complex sum = 0.0;
            for (size_t b = 0; b < n; b++) {
                double complex part = 0.0;
                for (size_t a = 0; a < n; a++) {
                    part += conj(s->U[a + i * n]) * X[a + b * n];
                }
                sum += part * s->U[b + j * n];
            }
            out[i + j * n] = sum;
        }
    }
}

static void diagonal_in_bands(bloch_states *s, const double complex *X, double *out) {
    const size_t n = s->n;
    for (size_t j = 0; j < n; j++) {
        double complex sum = 0.0;
        for (size_t b = 0; b < n; b++) {
            double complex part = 0.0;
            for (size_t a = 0; a < n; a++) {
                part += conj(s->U[a + j * n]) * X[a + b * n];
            }
            sum += part * s->U[b + j * n];
        }
        out[j] = creal(sum);
    }
}

/* out = x + factor [a, b]. */
static void add_commutator(const bloch_states *s, const double complex *x, double complex factor, const double complex *a, const double complex *b,
                           double complex *out) {
    const size_t n = s->n;
    memcpy(out, x, n * n * sizeof *out);
    qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, n, n, factor, a, n, b, n, 1.0, out, n);
    qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, n, n, -factor, b, n, a, n, 1.0, out, n);
}

/* V from dH + i [H, A], and the diagonal of the subspace's own curvature dA - dA - i [A, A]. */
static void wannier_velocities(bloch_states *s, size_t p) {
    const int at = r_at(s), dim = s->model->dim;
    const double complex *H = sum_of(s, p, H_AT);
    for (int a = 0, pair = 0; a < dim; a++) {
        const double complex *A = sum_of(s, p, at + a);
        to_bands(s, sum_of(s, p, DH_AT + a), s->plain[a]);
        add_commutator(s, sum_of(s, p, DH_AT + a), I, H, A, s->work);
        to_bands(s, s->work, s->V[a]);
        for (int b = a + 1; b < dim; b++, pair++) {
            add_commutator(s, sum_of(s, p, at + dim + pair), -I, A, sum_of(s, p, at + b), s->work);
            diagonal_in_bands(s, s->work, s->F[pair]);
        }
    }
}

qep_status bloch_states_solve(bloch_states *s, size_t p, int with_velocities, qep_error *err) {
    if (diagonalise(s, p) != 0) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "eigenvalues", NULL, NULL, "LAPACK could not diagonalise H(k)");
    }
    if (!with_velocities) {
        return QEP_OK;
    }
    if (s->model->r) {
        wannier_velocities(s, p);
    } else {
        for (int a = 0; a < s->model->dim; a++) {
            to_bands(s, sum_of(s, p, DH_AT + a), s->V[a]);
        }
    }
    for (int f = 0; s->second && f < bloch_symmetric(s->model->dim); f++) {
        diagonal_in_bands(s, sum_of(s, p, second_at(s) + f), s->M[f]);
    }
    return QEP_OK;
}
