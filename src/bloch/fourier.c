/* Sums over lattice vectors at any k: phases for a block of points, then one matrix product per field. Orbital positions (convention I) or the curl of
 * the Wannier position matrix are put in afterwards. */
#include "bloch/fourier.h"

#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>

enum { DH_AT = 1 };

static int fields_of(const qep_bloch_model *m, int second) {
    return 1 + m->dim + (second ? bloch_symmetric(m->dim) : 0) + (m->r ? m->dim + bloch_pairs(m->dim) : 0);
}

size_t bloch_fourier_memory(const qep_bloch_model *model, int second) {
    return sizeof(double complex) * BLOCH_BLOCK * ((size_t)fields_of(model, second) * model->bands * model->bands + 10 * model->shifts);
}

qep_status bloch_fourier_create(bloch_fourier *f, const qep_bloch_model *model, int second, qep_error *err) {
    *f = (bloch_fourier){.model = model, .n = model->bands, .square = model->bands * model->bands, .second = second, .fields = fields_of(model, second)};
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, BLOCH_BLOCK * (size_t)f->fields * f->square, sizeof(double complex), "H(k)", err));
    f->sums = block;
    QEP_TRY(qep_alloc(&block, BLOCH_BLOCK * model->shifts * (size_t)(1 + 3 + 6) + 1, sizeof(double complex), "phases", err));
    f->phase = block;
    return QEP_OK;
}

void bloch_fourier_destroy(bloch_fourier *f) {
    qep_free(f->sums);
    qep_free(f->phase);
    bloch_grid_destroy(f->grid);
    *f = (bloch_fourier){0};
}

void bloch_cartesian_shift(const qep_bloch_model *m, size_t shift, double R[3]) {
    for (int c = 0; c < 3; c++) {
        R[c] = 0.0;
        for (int d = 0; d < m->dim; d++) {
            R[c] += m->R[3 * shift + (size_t)d] * m->lattice[d][c];
        }
    }
}

double complex bloch_turn(double turns) {
    const double angle = 2.0 * QEP_PI * (turns - floor(turns));
    return cos(angle) + I * sin(angle);
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

static void fill_phases(bloch_fourier *f, const double (*k)[3], size_t count) {
    const qep_bloch_model *m = f->model;
    for (size_t shift = 0; shift < m->shifts; shift++) {
        double R[3];
        bloch_cartesian_shift(m, shift, R);
        for (size_t p = 0; p < count; p++) {
            double turns = 0.0; /* reduced first, so that large R lose no digits */
            for (int d = 0; d < m->dim; d++) {
                const double part = k[p][d] * m->R[3 * shift + (size_t)d];
                turns += part - floor(part);
            }
            spread_phase(f->phase, m->shifts, shift, p, R, m->dim, f->second, bloch_turn(turns));
        }
    }
}

/* Field `to` of all points = alpha matrix[bands^2, shifts] phases of `from` + beta field `to`. */
static void multiply(bloch_fourier *f, const double complex *matrix, int from, size_t count, double complex alpha, double complex beta, int to) {
    const size_t shifts = f->model->shifts;
    qep_zgemm(QEP_AS_IS, QEP_AS_IS, f->square, count, shifts, alpha, matrix, f->square, f->phase + (size_t)from * BLOCH_BLOCK * shifts, shifts, beta,
              bloch_field(f, 0, to), f->square * (size_t)f->fields);
}

/* A_a(k) = sum exp(ik.R) r_a(R), and d_a A_b - d_b A_a. */
static void sum_positions(bloch_fourier *f, size_t count) {
    const qep_bloch_model *m = f->model;
    const size_t all = m->shifts * f->square;
    const int at = bloch_r_at(f);
    for (int a = 0, pair = 0; a < m->dim; a++) {
        multiply(f, m->r + (size_t)a * all, 0, count, 1.0, 0.0, at + a);
        for (int b = a + 1; b < m->dim; b++, pair++) {
            multiply(f, m->r + (size_t)b * all, DH_AT + a, count, 1.0, 0.0, at + m->dim + pair);
            multiply(f, m->r + (size_t)a * all, DH_AT + b, count, -1.0, 1.0, at + m->dim + pair);
        }
    }
}

/* Element e, which joins orbitals i and j, of all derivatives: d_a -> d_a + i (tau_j - tau_i)_a. */
static void add_positions_to(bloch_fourier *f, size_t p, size_t i, size_t j, size_t e) {
    const double *tau = f->model->tau;
    const int dim = f->model->dim;
    double complex t[3];
    for (int a = 0; a < dim; a++) {
        t[a] = I * (tau[3 * j + (size_t)a] - tau[3 * i + (size_t)a]);
    }
    const double complex h = bloch_field(f, p, 0)[e];
    for (int a = 0, s = bloch_second_at(f); a < dim; a++) {
        for (int b = a; f->second && b < dim; b++, s++) {
            bloch_field(f, p, s)[e] += t[a] * bloch_field(f, p, DH_AT + b)[e] + t[b] * bloch_field(f, p, DH_AT + a)[e] + t[a] * t[b] * h;
        }
    }
    for (int a = 0; a < dim; a++) {
        bloch_field(f, p, DH_AT + a)[e] += t[a] * h;
    }
}

static void load_continuum(bloch_fourier *f, const double (*k)[3], size_t count) {
    const qep_bloch_model *m = f->model;
    for (size_t p = 0; p < count; p++) {
        double complex *dH[3] = {NULL}, *ddH[6] = {NULL};
        for (int a = 0; a < m->dim; a++) {
            dH[a] = bloch_field(f, p, DH_AT + a);
        }
        for (int s = 0; f->second && s < bloch_symmetric(m->dim); s++) {
            ddH[s] = bloch_field(f, p, bloch_second_at(f) + s);
        }
        m->function(m, k[p], bloch_field(f, p, 0), dH, f->second ? ddH : NULL);
    }
}

void bloch_fourier_any(bloch_fourier *f, const double (*k)[3], size_t count) {
    if (f->model->function) {
        load_continuum(f, k, count);
        return;
    }
    fill_phases(f, k, count);
    for (int field = 0; field < bloch_r_at(f); field++) {
        multiply(f, f->model->H, field, count, 1.0, 0.0, field);
    }
    if (f->model->r) {
        sum_positions(f, count);
        return;
    }
    /* Convention I: exp(ik.(R + tau_j - tau_i)). The common phase is a change of basis and is left out; what stays are the derivatives. */
    for (size_t p = 0; p < count; p++) {
        for (size_t e = 0; e < f->square; e++) {
            add_positions_to(f, p, e % f->n, e / f->n, e);
        }
    }
}
