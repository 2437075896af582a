/* One-particle Hamiltonians on sites: the effective-mass operator on a grid (theory T20), or an explicit list of onsite energies and
 * hoppings. Energies in J. */
#ifndef QEP_TRANSPORT_HAMILTONIAN_H
#define QEP_TRANSPORT_HAMILTONIAN_H

#include "qep/base/error.h"
#include <complex.h>
#include <stddef.h>

/* H[from][to] = value and H[to][from] = its conjugate. */
typedef struct {
    size_t from, to;
    double complex value; /* J */
} qep_hopping;

/* Sparse Hermitian matrix, rows in compressed form with both directions of every bond. Owned by its creator; qep_hamiltonian_free. */
typedef struct {
    size_t count;          /* sites */
    double *onsite;        /* [count], J */
    size_t *row;           /* [count + 1]: neighbours of site i are row[i] .. row[i+1] - 1 */
    size_t *column;        /* ascending within a row */
    double complex *value; /* H[i][column], J */
    double *volume;        /* [count], m^3 of a site, or NULL when none was given */
    /* Of a grid; shape 0 for a list. Site of (x, y, z): (z ny + y) nx + x. */
    size_t shape[3];
    double spacing[3]; /* m */
    double *mass;      /* [count], kg */
    double field;      /* T, along z */
    int periodic[3];
} qep_hamiltonian;

typedef struct {
    size_t shape[3];       /* 1 along an axis that does not exist: no hopping and no kinetic energy there */
    double spacing[3];     /* m */
    int periodic[3];       /* 1: the last site is a neighbour of the first; else hard walls */
    const double *mass;    /* [nz, ny, nx] kg, > 0; t at a face by the harmonic mean of the two sides (BenDaniel-Duke) */
    const double *potential; /* [nz, ny, nx] J */
    double field;          /* magnetic field along z, T; particles carry charge -e */
    double thickness;      /* m^2 (1-D), m (2-D) or 1 (3-D): times the cell gives the volume; 0: unknown */
} qep_grid_hamiltonian;

/* H_ii = sum over the faces of t + U_i, H_ij = -t exp(i theta), theta = -(e/hbar) int A.dl, A = (-B y, 0, 0) (the gauge of a strip along x).
 * Fails with QEP_ERR_CONFIG or QEP_ERR_INPUT on masses and values out of range, and with QEP_ERR_PROBLEM on a field that a periodic axis
 * cannot hold. */
qep_status qep_hamiltonian_from_grid(qep_hamiltonian *h, const qep_grid_hamiltonian *grid, qep_error *err);

/* onsite [count] J; hoppings in any order, one per bond (a partner that agrees is allowed); volumes [count] m^3 or NULL. Fails with
 * QEP_ERR_CONFIG naming the entry: index out of range, a site to itself, a bond twice, a partner that is not the conjugate. */
qep_status qep_hamiltonian_from_list(qep_hamiltonian *h, size_t count, const double *onsite, const qep_hopping *hoppings, size_t hopping_count,
                                     const double *volumes, qep_error *err);
void qep_hamiltonian_free(qep_hamiltonian *h);

/* H[i][j], 0 where there is no bond. */
double complex qep_hamiltonian_element(const qep_hamiltonian *h, size_t i, size_t j);
/* Largest |hopping|, or |onsite| without hoppings, or 1 eV: the scale of the problem, J. */
double qep_hamiltonian_scale(const qep_hamiltonian *h);

#endif
