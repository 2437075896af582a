/* Thin calls of CBLAS and LAPACKE: names and argument order of this program, nothing else. */
#include "qep/base/linear.h"

#include <cblas.h>
#include <lapacke.h>
#include <stdio.h>

/* Only OpenBLAS has these; with another library they are absent and the pointers null. */
extern void openblas_set_num_threads(int threads) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));

extern int openblas_get_parallel(void) __attribute__((weak));

int qep_linear_is_thread_safe(void) {
    return !openblas_get_parallel || openblas_get_parallel() != 0;
}

void qep_linear_setup(void) {
    if (openblas_set_num_threads) {
        openblas_set_num_threads(1);
    }
}

void qep_linear_library_version(char *text, size_t size) {
    lapack_int major = 0, minor = 0, patch = 0;
    LAPACKE_ilaver(&major, &minor, &patch);
    if (openblas_get_config) {
        snprintf(text, size, "LAPACK %d.%d.%d (%s)", (int)major, (int)minor, (int)patch, openblas_get_config());
    } else {
        snprintf(text, size, "LAPACK %d.%d.%d", (int)major, (int)minor, (int)patch);
    }
}

static CBLAS_TRANSPOSE blas_op(qep_linear_op op) {
    return op == QEP_AS_IS ? CblasNoTrans : op == QEP_TRANSPOSED ? CblasTrans : CblasConjTrans;
}

static char lapack_op(qep_linear_op op) {
    return op == QEP_AS_IS ? 'N' : op == QEP_TRANSPOSED ? 'T' : 'C';
}

void qep_dgemm(qep_linear_op op_a, qep_linear_op op_b, size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda, const double *b,
               size_t ldb, double beta, double *c, size_t ldc) {
    cblas_dgemm(CblasColMajor, blas_op(op_a), blas_op(op_b), (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

void qep_zgemm(qep_linear_op op_a, qep_linear_op op_b, size_t m, size_t n, size_t k, double complex alpha, const double complex *a, size_t lda,
               const double complex *b, size_t ldb, double complex beta, double complex *c, size_t ldc) {
    cblas_zgemm(CblasColMajor, blas_op(op_a), blas_op(op_b), (int)m, (int)n, (int)k, &alpha, a, (int)lda, b, (int)ldb, &beta, c, (int)ldc);
}

int qep_zheevd(size_t n, double complex *a, size_t lda, double *w, int vectors) {
    return LAPACKE_zheevd(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'L', (lapack_int)n, a, (lapack_int)lda, w);
}

int qep_dsyevd(size_t n, double *a, size_t lda, double *w, int vectors) {
    return LAPACKE_dsyevd(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'L', (lapack_int)n, a, (lapack_int)lda, w);
}

int qep_dstevd(size_t n, double *d, double *e, double *z, size_t ldz) {
    return LAPACKE_dstevd(LAPACK_COL_MAJOR, z ? 'V' : 'N', (lapack_int)n, d, e, z, (lapack_int)(z ? ldz : 1));
}

int qep_zgeev(size_t n, double complex *a, size_t lda, double complex *w, double complex *v, size_t ldv) {
    return LAPACKE_zgeev(LAPACK_COL_MAJOR, 'N', v ? 'V' : 'N', (lapack_int)n, a, (lapack_int)lda, w, NULL, 1, v, (lapack_int)(v ? ldv : 1));
}

int qep_zggev(size_t n, double complex *a, size_t lda, double complex *b, size_t ldb, double complex *alpha, double complex *beta,
              double complex *v, size_t ldv) {
    return LAPACKE_zggev(LAPACK_COL_MAJOR, 'N', v ? 'V' : 'N', (lapack_int)n, a, (lapack_int)lda, b, (lapack_int)ldb, alpha, beta, NULL, 1, v,
                         (lapack_int)(v ? ldv : 1));
}

int qep_zgesdd_values(size_t m, size_t n, double complex *a, size_t lda, double *s) {
    return LAPACKE_zgesdd(LAPACK_COL_MAJOR, 'N', (lapack_int)m, (lapack_int)n, a, (lapack_int)lda, s, NULL, 1, NULL, 1);
}

int qep_zgetrf(size_t n, double complex *a, size_t lda, int *pivots) {
    return LAPACKE_zgetrf(LAPACK_COL_MAJOR, (lapack_int)n, (lapack_int)n, a, (lapack_int)lda, pivots);
}

int qep_zgetrs(qep_linear_op op, size_t n, size_t columns, const double complex *lu, size_t lda, const int *pivots, double complex *b, size_t ldb) {
    return LAPACKE_zgetrs(LAPACK_COL_MAJOR, lapack_op(op), (lapack_int)n, (lapack_int)columns, lu, (lapack_int)lda, pivots, b, (lapack_int)ldb);
}

int qep_zgetri(size_t n, double complex *lu, size_t lda, const int *pivots) {
    return LAPACKE_zgetri(LAPACK_COL_MAJOR, (lapack_int)n, lu, (lapack_int)lda, pivots);
}

int qep_dgetrf(size_t n, double *a, size_t lda, int *pivots) {
    return LAPACKE_dgetrf(LAPACK_COL_MAJOR, (lapack_int)n, (lapack_int)n, a, (lapack_int)lda, pivots);
}

int qep_dgetrs(qep_linear_op op, size_t n, size_t columns, const double *lu, size_t lda, const int *pivots, double *b, size_t ldb) {
    return LAPACKE_dgetrs(LAPACK_COL_MAJOR, lapack_op(op), (lapack_int)n, (lapack_int)columns, lu, (lapack_int)lda, pivots, b, (lapack_int)ldb);
}

int qep_dpotrf(size_t n, double *a, size_t lda) {
    return LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', (lapack_int)n, a, (lapack_int)lda);
}

int qep_dpotrs(size_t n, size_t columns, const double *factor, size_t lda, double *b, size_t ldb) {
    return LAPACKE_dpotrs(LAPACK_COL_MAJOR, 'L', (lapack_int)n, (lapack_int)columns, factor, (lapack_int)lda, b, (lapack_int)ldb);
}
