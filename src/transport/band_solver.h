/* Banded solver of 1 + i tau H for many right sides. */
#ifndef QEP_TRANSPORT_BAND_SOLVER_H
#define QEP_TRANSPORT_BAND_SOLVER_H

#include "qep/transport/hamiltonian.h"

typedef struct {
    size_t count, half;      /* sites, half bandwidth */
    size_t *order, *place;   /* permuted -> site, and back */
    double complex *band;    /* [count, 2 half + 1]: row p holds columns p - half .. p + half */
} qep_band;

/* Choose the order of sites (the user's, or levels of a search, whichever has the narrower band). */
qep_status qep_band_init(qep_band *b, const qep_hamiltonian *h, qep_error *err);
void qep_band_free(qep_band *b);
/* Factor 1 + i tau H with these onsite energies [count], tau in 1/energy. No pivoting: the Hermitian part is the identity. */
void qep_band_factor(qep_band *b, const qep_hamiltonian *h, const double *onsite, double tau);
/* Solve in place for `columns` right sides, v [count, 2, columns] in permuted order, real and imaginary parts. */
void qep_band_solve(const qep_band *b, double *v, size_t columns);

#endif
