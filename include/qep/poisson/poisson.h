/* The separable Poisson problem lap u = s f with the grid's boundary kinds and values: one transform kind per axis, eigenvalues from the taps
 * of the finite-difference Laplacian, wall data of the equation's own normal derivatives (docs/numerics.md). Equation T6 for constant coefficients. */
#ifndef QEP_POISSON_POISSON_H
#define QEP_POISSON_POISSON_H

#include "qep/poisson/calculus.h"
#include "qep/poisson/kernel_store.h"

/* What happens to a part of the source that no solution can carry (no Dirichlet or open face). */
typedef struct {
    int neutralize;       /* 1: subtract any mean, as a uniform background */
    double compatibility; /* < 0: the rule of docs/numerics.md; else the largest relative defect that is projected out */
    double tolerance;     /* of the residual check */
    /* Face values that were themselves derived from samples (kappa dS/dn): what they add to the scale that a defect is compared with, and by
     * how much their total flux is uncertain; integrals, 0 for given values. */
    double data_scale, data_uncertainty;
    /* For each axis NULL or an array [nz,ny,nx] that receives du/d(axis): offered for open axes with exact symbols, where it comes
     * from the same forward transforms and knows u beyond the faces (qep_poisson_offers_gradient). */
    double *gradient[3];
} qep_poisson_control;

typedef struct {
    int singular;             /* 1: the constant mode is free (its gauge is zero weighted mean on return) */
    double defect;            /* flux imbalance that was removed: integral of s f minus the outward flux of g */
    double defect_relative;   /* |defect| / (integral of |s f| + integral of |g| over the faces); 0 when both vanish */
    double defect_allowed;    /* what the rule allowed, relative */
    int compatible;           /* 0: the defect exceeds what is allowed; nothing was solved */
    double residual;          /* ||r||_2 / ||b||_2 of the discrete equation, applied with ghosts, not with the solver's symbols (0 when b = 0) */
    double residual_max;      /* max |r| */
    double residual_floor;    /* rounding floor: 10 eps || |A||u| + |b| || / ||b|| */
    int passed;               /* ||r|| <= max(tolerance ||b||, 10 eps || |A||u|+|b| ||) */
    double corner_defect;     /* largest disagreement of Dirichlet values where faces meet, in units of u */
} qep_poisson_report;

/* What stands for free space beyond open faces: the band-limited Green's function (exact symbols: spectral for smooth compact sources), or the exact
 * inverse of the finite-difference stencil. AUTO: truncated with exact symbols, lattice with finite differences. */
typedef enum { QEP_KERNEL_AUTO, QEP_KERNEL_TRUNCATED, QEP_KERNEL_LATTICE } qep_kernel_kind;

typedef struct {
    qep_kernel_kind kernel;
    double gauge_length; /* m, of ln(r/R) where two axes are open; 0: the diagonal of the open axes */
    qep_kernel_store *store; /* NULL, or where the kernel is kept and looked for; borrowed, outlives the solver */
} qep_poisson_options;

/* How the open axes are solved. */
typedef struct {
    int axes;            /* open ones; 0: the rest is 0 */
    const char *kernel;  /* "truncated" or "lattice" */
    double gauge_length; /* m; 0 where the zero mode has no logarithm */
    size_t bytes;        /* of the kernel */
    size_t nodes;        /* separable terms it was summed from */
    double seconds;      /* its making took */
    int reused;          /* 1: it came from the store */
} qep_poisson_open;

typedef struct qep_poisson qep_poisson;

/* Plan a solver on the calculus (borrowed; it must outlive the solver), and make the kernel of open axes: once per grid. options may be NULL. */
qep_status qep_poisson_create(qep_poisson **solver, const qep_calculus *calculus, const qep_grid *grid, const qep_poisson_options *options,
                              const qep_log *log, qep_error *err);
/* 1 when solve can give du/d(axis) itself. */
int qep_poisson_offers_gradient(const qep_poisson *solver, int axis);
qep_poisson_open qep_poisson_open_axes(const qep_poisson *solver);
void qep_poisson_destroy(qep_poisson *solver);
/* 1 when no face fixes the constant. */
int qep_poisson_is_singular(const qep_poisson *solver);
/* Bytes that create and solve need beyond u and f, for --check. Valid before planning. */
size_t qep_poisson_memory(const qep_grid *grid, qep_derivative derivative, int threads);

/* Solve lap u = s f. f [nz,ny,nx] or NULL for zero; read only. walls: level 0 filled by the caller on inhomogeneous faces, higher levels
 * are filled here. u [nz,ny,nx] may not alias f; Dirichlet nodes receive their values. The residual is always checked. An incompatible source
 * returns QEP_OK with report->compatible = 0: the caller knows the part's name and makes the error. Cost: one pair of transforms and one residual pass. */
qep_status qep_poisson_solve(qep_poisson *solver, const double *f, double s, qep_walls *walls, const qep_poisson_control *control,
                             double *u, qep_poisson_report *report, qep_error *err);

/* out [nz,ny,nx] = s f - mean removed - lap u, 0 on Dirichlet nodes: the residual field of the last solve. */
qep_status qep_poisson_residual(const qep_poisson *solver, const double *f, double s, const qep_walls *walls, const qep_poisson_report *report,
                                const double *u, double *out, qep_error *err);

/* Test hook: multiply one number inside the solver by (1 + relative). what: "tap", "eigenvalue" or "boundary". Returns 0 if unknown.
 * Exists so that a test can show that the self-check bites. */
int qep_poisson_tamper(qep_poisson *solver, const char *what, double relative);

#endif
