/* H(k), r(k) and their derivatives as sums over lattice vectors, for a block of k at a time. Private to the room. */
#ifndef QEP_BLOCH_FOURIER_H
#define QEP_BLOCH_FOURIER_H

#include "bloch/points.h"
#include "qep/base/error.h"
#include "qep/bloch/model.h"

enum { BLOCH_BLOCK = 16 }; /* points of k whose H(k) is summed together */

/* Numbers of tensor components in dim dimensions: antisymmetric pairs (01, 02, 12) and symmetric ones (00, 01, 02, 11, 12, 22). */
static inline int bloch_pairs(int dim) {
    return dim * (dim - 1) / 2;
}
static inline int bloch_symmetric(int dim) {
    return dim * (dim + 1) / 2;
}

typedef struct bloch_grid_sums bloch_grid_sums;

/* Workspace of one thread. Fields of a point: H, dH_a, then with `second` d2H_ab, then with r(R) the A_a and d_a A_b - d_b A_a. */
typedef struct {
    const qep_bloch_model *model;
    size_t n, square; /* n^2 */
    int second, fields;
    double complex *phase; /* [fields without r][BLOCH_BLOCK][shifts] of sums at any k */
    double complex *sums;  /* [BLOCH_BLOCK][fields][n^2], matrices column-major, eV m^order */
    bloch_grid_sums *grid; /* NULL: none planned */
} bloch_fourier;

qep_status bloch_fourier_create(bloch_fourier *f, const qep_bloch_model *model, int second, qep_error *err);
void bloch_fourier_destroy(bloch_fourier *f);
size_t bloch_fourier_memory(const qep_bloch_model *model, int second);
/* First field of each kind. */
static inline int bloch_second_at(const bloch_fourier *f) {
    return 1 + f->model->dim;
}
static inline int bloch_r_at(const bloch_fourier *f) {
    return bloch_second_at(f) + (f->second ? bloch_symmetric(f->model->dim) : 0);
}
static inline double complex *bloch_field(const bloch_fourier *f, size_t p, int field) {
    return f->sums + (p * (size_t)f->fields + (size_t)field) * f->square;
}

/* At `count` <= BLOCH_BLOCK points, k [count][3] fractional (lattice) or Cartesian in 1/m (continuum), one sum over all R each. */
void bloch_fourier_any(bloch_fourier *f, const double (*k)[3], size_t count);

/* grid_sums.c: the same at points [first, first + count) of a regular grid, axis by axis. Partial sums over the slower axes are kept from call to
 * call. bloch_grid_pays: whether that takes fewer operations; bloch_grid_plan must have been called for the set. */
int bloch_grid_pays(const qep_bloch_model *model, const bloch_points *set, int second);
qep_status bloch_grid_plan(bloch_fourier *f, const bloch_points *set, qep_error *err);
void bloch_grid_load(bloch_fourier *f, size_t first, size_t count);
void bloch_grid_destroy(bloch_grid_sums *grid);
size_t bloch_grid_memory(const qep_bloch_model *model, const bloch_points *set, int second);

/* Cartesian components of lattice vector number `shift`, m. */
void bloch_cartesian_shift(const qep_bloch_model *model, size_t shift, double R[3]);
/* exp(2 pi i turns), the whole turns taken off first. */
double complex bloch_turn(double turns);

#endif
