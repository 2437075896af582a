/* Dense linear algebra: the one door to BLAS and LAPACK. Matrices are column-major with leading dimension `ld*`, as those libraries
 * have them: element (i, j) is a[i + j * lda]. All functions run on the calling thread, so that callers may thread over matrices and
 * results do not depend on the number of threads; call qep_linear_setup once before. */
#ifndef QEP_BASE_LINEAR_H
#define QEP_BASE_LINEAR_H

#include <complex.h>
#include <stddef.h>

typedef enum { QEP_AS_IS, QEP_TRANSPOSED, QEP_ADJOINT } qep_linear_op;

/* Make a threaded BLAS use one thread per call. */
void qep_linear_setup(void);
/* 0 for the serial build of OpenBLAS, whose table of work buffers has no lock: two threads inside it get wrong products. */
int qep_linear_is_thread_safe(void);
/* "LAPACK 3.9.0 (OpenBLAS 0.3.21 ...)", or without the bracket for another BLAS. */
void qep_linear_library_version(char *text, size_t size);

/* c[m,n] = alpha op(a)[m,k] op(b)[k,n] + beta c. Dimensions above 2^31 - 1 are the caller's error. */
void qep_dgemm(qep_linear_op op_a, qep_linear_op op_b, size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda, const double *b,
               size_t ldb, double beta, double *c, size_t ldc);
void qep_zgemm(qep_linear_op op_a, qep_linear_op op_b, size_t m, size_t n, size_t k, double complex alpha, const double complex *a, size_t lda,
               const double complex *b, size_t ldb, double complex beta, double complex *c, size_t ldc);

/* All functions below return 0, or LAPACK's info: < 0 a bad argument or no memory for its workspace, > 0 singular or not converged. */

/* Eigenvalues w[n] ascending of the Hermitian a[n,n] (lower triangle read); with vectors a returns them as columns, else a is destroyed. */
int qep_zheevd(size_t n, double complex *a, size_t lda, double *w, int vectors);
int qep_dsyevd(size_t n, double *a, size_t lda, double *w, int vectors);
/* Eigenvalues w[n] ascending of the symmetric tridiagonal matrix with diagonal d[n] (returned in d) and off-diagonal e[n-1] (destroyed);
 * z[n,n] receives the vectors, or is NULL. */
int qep_dstevd(size_t n, double *d, double *e, double *z, size_t ldz);
/* Eigenvalues w[n] and right vectors v[n,n] (NULL: not wanted) of a general matrix, which is destroyed. */
int qep_zgeev(size_t n, double complex *a, size_t lda, double complex *w, double complex *v, size_t ldv);
/* Generalised: a v = (alpha/beta) b v; both matrices are destroyed. */
int qep_zggev(size_t n, double complex *a, size_t lda, double complex *b, size_t ldb, double complex *alpha, double complex *beta,
              double complex *v, size_t ldv);
/* Singular values s[min(m,n)] descending; a is destroyed. */
int qep_zgesdd_values(size_t m, size_t n, double complex *a, size_t lda, double *s);

/* Factor a[n,n] in place (pivots[n]), solve a x = b (or a^H, a^T) for `columns` right sides in place, invert from the factors. */
int qep_zgetrf(size_t n, double complex *a, size_t lda, int *pivots);
int qep_zgetrs(qep_linear_op op, size_t n, size_t columns, const double complex *lu, size_t lda, const int *pivots, double complex *b, size_t ldb);
int qep_zgetri(size_t n, double complex *lu, size_t lda, const int *pivots);
int qep_dgetrf(size_t n, double *a, size_t lda, int *pivots);
int qep_dgetrs(qep_linear_op op, size_t n, size_t columns, const double *lu, size_t lda, const int *pivots, double *b, size_t ldb);
/* Cholesky factor (lower) of a symmetric positive definite matrix in place, and solution with it. */
int qep_dpotrf(size_t n, double *a, size_t lda);
int qep_dpotrs(size_t n, size_t columns, const double *factor, size_t lda, double *b, size_t ldb);

#endif
