/* Levels of the geometric multigrid preconditioner; private to its files. */
#ifndef QEP_POISSON_MULTIGRID_IMPL_H
#define QEP_POISSON_MULTIGRID_IMPL_H

#include "elliptic_impl.h"

enum {
    QEP_MG_LEVELS = 96,       /* halving three axes of 2^32 cells at most */
    QEP_MG_DENSE = 512,       /* unknowns below which the coarsest level is factorised */
    QEP_MG_SMOOTH = 2,        /* sweeps before and after the coarse correction */
    QEP_MG_COARSE_SWEEPS = 40 /* where the factorisation fails */
};

typedef struct {
    qep_couplings a;
    int owned;      /* 0: the fine level's couplings are borrowed */
    int coarsen[3]; /* to the next level: 1 halves the axis */
    double *u, *b;  /* [count]; the fine level borrows them too */
} qep_mg_level;

typedef struct {
    qep_mg_level level[QEP_MG_LEVELS];
    int levels, threads;
    double *factor;    /* Cholesky factor of the coarsest level, or NULL: sweeps */
    double *scratch;   /* [threads][nx of the fine level, rounded up] */
    size_t scratch_size;
} qep_multigrid;

/* A set of cells without couplings among each other: parity of x + y + z, and for each periodic axis of odd length whether its last cell is meant
 * (it would meet its own parity across the seam). */
typedef struct {
    int parity, last[3];
} qep_mg_colour;
int qep_mg_colours(const qep_couplings *a, qep_mg_colour colour[16]);

/* One Gauss-Seidel sweep over all colours, in reverse order if backward. from_zero: u counts as zero
 * whatever it holds, and the first colour has no neighbours. */
void qep_mg_sweep(const qep_couplings *a, const double *b, double *u, int backward, int from_zero, int threads);
/* coarse b = sums of the fine residual over the aggregates; u += coarse u of its aggregate. */
void qep_mg_restrict(const qep_multigrid *mg, int fine);
void qep_mg_prolong(const qep_multigrid *mg, int fine);

#endif
