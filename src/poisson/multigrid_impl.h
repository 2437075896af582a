/* Levels of the geometric multigrid preconditioner; private to its files. All of it is in single precision: a preconditioner need not be exact, the outer
 * iteration is in double precision, and half the bytes are half the time. Couplings are divided by the largest diagonal, so that the range of
 * single precision is that of the contrast, whatever the units. */
#ifndef QEP_POISSON_MULTIGRID_IMPL_H
#define QEP_POISSON_MULTIGRID_IMPL_H

#include "elliptic_impl.h"

enum {
    QEP_MG_LEVELS = 96,        /* halving three axes of 2^32 cells at most */
    QEP_MG_DENSE = 512,        /* unknowns below which the coarsest level is factorised */
    QEP_MG_SWEEPS = 2,         /* before and after the coarse correction */
    QEP_MG_STAGES = 5,         /* of a pass: four half sweeps and a transfer */
    QEP_MG_SLAB = 12,          /* fewest planes of a thread: twice the stages, with room between the cuts */
    QEP_MG_COARSE_SWEEPS = 40, /* where the factorisation fails */
    QEP_MG_SMALL = 16384       /* cells below which one thread is faster */
};

/* What a row of a level holds. */
enum { QEP_MG_EMPTY = 0, QEP_MG_ACTIVE = 1, QEP_MG_SINKS = 2 };

typedef struct {
    size_t n[3], count;
    int periodic[3], coarsen[3]; /* coarsen: 1 halves the axis to the next level */
    float *g[3], *sink, *inverse; /* as qep_couplings */
    float *zero;                  /* [n[0]] */
    float *u, *b;                 /* solution and right side of the level */
    uint8_t *rows;                /* [n[1] n[2]] QEP_MG_... */
    int32_t *chosen[2];           /* [n[0]] -1 at even (odd) x, else 0 */
    int wave;                     /* axis along which a pass moves: 1 or 2, the longer one */
    size_t begin, end;            /* planes across it that hold equations */
    int plain;                    /* two colours and enough planes: both passes move as waves */
} qep_mg_level;

typedef struct {
    qep_mg_level level[QEP_MG_LEVELS];
    int levels, threads;
    double *factor, *dense; /* Cholesky factor of the coarsest level, or NULL: sweeps; its right side */
    double *weight, *constant, *sum, *mean; /* of cells, of pieces: share of a cell in its piece's sum, what a sum becomes; scratch */
    size_t *piece;          /* of a coarsest cell: a cell of its piece that stands for it, if nothing fixes the piece's constant; else SIZE_MAX */
    float *scratch;         /* [threads][scratch_size] */
    size_t scratch_size;
    double scale;           /* largest diagonal */
} qep_multigrid;

/* Smooth u from zero, and put the sums of the residual over the aggregates into the coarser level's b. */
void qep_mg_down(const qep_multigrid *mg, int at);
/* Add the coarser level's u, and smooth with the colours in reverse, which makes the cycle symmetric. */
void qep_mg_up(const qep_multigrid *mg, int at);
/* One Gauss-Seidel sweep. */
void qep_mg_sweep(const qep_multigrid *mg, int at, int backward);
/* 1: two colours suffice, and the wave has room. */
int qep_mg_is_plain(const qep_mg_level *level);

/* multigrid_rows.c: one row of a level with its neighbours; pointers to the row itself and to zeros where an axis is absent. */
typedef struct {
    size_t offset;
    const float *gx, *gy[2], *gz[2], *sink, *inverse, *b;
    const float *uy[2], *uz[2];
    float *u;
} qep_mg_row;
qep_mg_row qep_mg_row_of(const qep_mg_level *level, size_t y, size_t z);
/* u = inverse b */
void qep_mg_start_row(const qep_mg_row *row, size_t nx);
/* u = (b + sum of g u_neighbour)/diagonal at the chosen x below end. */
void qep_mg_relax_row(const qep_mg_row *row, const int32_t *chosen, size_t nx, size_t end);
/* The same at the last x alone. */
void qep_mg_relax_last(const qep_mg_row *row, size_t nx);
/* out = b - A u */
void qep_mg_residual_row(const qep_mg_row *row, size_t nx, float *out);

#endif
