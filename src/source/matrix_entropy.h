/* Entropy of one density matrix. Private to the room. */
#ifndef QEP_SOURCE_MATRIX_ENTROPY_H
#define QEP_SOURCE_MATRIX_ENTROPY_H

#include <complex.h>
#include <stddef.h>

/* -sum p ln p of the Hermitian a [n, n] (destroyed; rows or columns first is the same), with p its eigenvalues over `trace` > 0; what is
 * not positive counts as 0. *lowest receives the smallest p. work [n]. Accurate to about 1e-14; NaN when LAPACK does not converge. */
double qep_matrix_entropy(size_t n, double complex *a, double trace, double *work, double *lowest);

#endif
