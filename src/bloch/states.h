/* States at one k: energies, velocities and what the subspace of Wannier functions hides, in the band basis. Private to the room. */
#ifndef QEP_BLOCH_STATES_H
#define QEP_BLOCH_STATES_H

#include "bloch/fourier.h"

/* Workspace of one thread and the results at the k that was computed last. Matrices [n,n] column-major. */
typedef struct {
    const qep_bloch_model *model;
    size_t n;
    int second; /* also M */
    bloch_fourier fourier;
    const bloch_points *set;    /* whose sums are planned, or NULL */
    double complex *half, *U;   /* U^H times all fields; eigenvectors */
    double complex *A[3];       /* r(R) in the band basis */
    double *energy;             /* [n] eV, ascending */
    double complex *V[3];       /* <n| i[H, r_a] |m>, eV m: A_nm = i V_nm / (e_m - e_n) is the whole Berry connection */
    double *F[3];               /* [n] per antisymmetric pair: curvature of the Wannier subspace itself, m^2; NULL without r(R) */
    double *M[6];               /* [n] per symmetric pair: d2 energy / dk_a dk_b without its interband part, eV m^2 */
    double complex *plain[3];   /* U^H dH U: differs from V with r(R) only */
} bloch_states;

qep_status bloch_states_create(bloch_states *states, const qep_bloch_model *model, int second, qep_error *err);
void bloch_states_destroy(bloch_states *states);
/* Sums over R for the points of a set are done axis by axis from now on where that pays; the set must outlive the states. */
qep_status bloch_states_plan(bloch_states *states, const bloch_points *set, qep_error *err);
/* Bytes of one workspace. */
size_t bloch_states_memory(const qep_bloch_model *model, int second);

/* Sum H(k) and its derivatives at `count` <= BLOCH_BLOCK points: k [count][3], fractional (lattice) or Cartesian in 1/m (continuum). */
void bloch_states_load(bloch_states *states, const double (*k)[3], size_t count);
/* At points [first, first + count) of the set, whose k are given as well. */
void bloch_states_load_set(bloch_states *states, const bloch_points *set, size_t first, const double (*k)[3], size_t count);
/* Diagonalise point number p of the block. Fails with QEP_ERR_INTERNAL when LAPACK does. with_velocities 0: energies and U alone. */
qep_status bloch_states_solve(bloch_states *states, size_t p, int with_velocities, qep_error *err);

/* bands.c: derivatives and positions of point p into the band basis, from U and energy. */
void bloch_to_bands(bloch_states *states, size_t p);

#endif
