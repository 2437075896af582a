/* Equations whose coefficient varies in space: div[c (grad u - kappa grad S)] = q, by conservative finite volumes (T6 with c = eps_r; with c = sigma it
 * carries T7, see conduction.h). Every term is a flux through a face that two cells share, so the discrete Gauss law telescopes to round-off.
 *
 *   flux through the face between samples L and R (L below R):  D_f = c_f [(u_R - u_L)/h - (kappa_L + kappa_R)/2 (S_R - S_L)/h],
 *   c_f harmonic mean of c_L and c_R, 0 if either is 0;         sum over the faces of a cell of (outward D_f x area) = q x volume.
 *
 * Cells lie between their faces (half a cell from wall to sample); nodes own control volumes, halved at walls, and Dirichlet nodes are known. */
#ifndef QEP_POISSON_ELLIPTIC_H
#define QEP_POISSON_ELLIPTIC_H

#include "qep/base/error.h"
#include "qep/base/log.h"
#include "qep/grid/grid.h"
#include "qep/poisson/calculus.h"
#include "qep/stencil/walls.h"

/* How the linear system is solved. */
typedef enum {
    QEP_METHOD_AUTO,    /* chosen from the coefficient; qep_elliptic_report.reason says why */
    QEP_METHOD_FFT,     /* constant coefficient: the transforms solve it */
    QEP_METHOD_PCG_FFT, /* conjugate gradients, preconditioned by the solve with a constant coefficient */
    QEP_METHOD_PCG_MG,  /* conjugate gradients, preconditioned by our geometric multigrid */
    QEP_METHOD_PCG_AMG, /* conjugate gradients, preconditioned by hypre's BoomerAMG (if built with it) */
    QEP_METHOD_COUNT
} qep_method;

/* One row per method: names of the configuration, documents. */
typedef struct {
    const char *name; /* "auto", "fft", "pcg-fft", "pcg-mg", "pcg-amg" */
    int available;    /* 0: this build lacks its library */
    const char *doc;
} qep_method_row;
const qep_method_row *qep_method_table(void); /* QEP_METHOD_COUNT rows, indexed by qep_method */

/* How a solve ended. Accepted are the first two. */
typedef enum {
    QEP_SOLVE_CONVERGED,             /* residual and pointwise criterion below the tolerance */
    QEP_SOLVE_CONVERGED_AT_ROUNDING, /* the residual reached only the floor that rounding explains */
    QEP_SOLVE_NOT_CONVERGED,         /* iterations used up, or stalled above tolerance and floor */
    QEP_SOLVE_BREAKDOWN,             /* operator or preconditioner not positive definite, or not finite; detail says which */
    QEP_SOLVE_STATE_COUNT
} qep_solve_state;
/* "converged", "converged_at_rounding", "not_converged", "breakdown". */
const char *qep_solve_state_name(qep_solve_state state);
/* 1 for the two accepted states. */
int qep_solve_state_accepted(qep_solve_state state);

enum { QEP_ELLIPTIC_TEXT = 200 };

/* Everything a solve has to say. Residuals are of the integrated equations (flux per cell). */
typedef struct {
    qep_method method;                /* taken; never AUTO */
    char reason[QEP_ELLIPTIC_TEXT];   /* why AUTO took it, or "as asked" */
    qep_solve_state state;
    char detail[QEP_ELLIPTIC_TEXT];   /* what went wrong; "" when accepted */
    size_t iterations;                /* applications of the preconditioner's correction, all restarts together */
    double residual;                  /* ||b - A x||_2 / ||b||_2, recomputed from x; 0 when b = 0 */
    double residual_recursive;        /* the same as the recursion believes */
    double residual_floor;            /* 10 eps || |A||x| + |b| || / ||b||: what rounding alone explains */
    double pointwise;                 /* D = max |r_i / a_ii| / max |x| */
    double energy_error;              /* estimate of the error's energy norm relative to the solution's */
    double condition;                 /* of the preconditioned operator, from the Lanczos matrix; 0: too few iterations */
    double tolerance;                 /* asked */

    double contrast;                  /* max c / min nonzero c; 1 when constant */
    size_t excluded;                  /* samples with c = 0: no equation, NaN in u */
    size_t components;                /* connected conducting pieces */
    size_t floating;                  /* those whose constant nothing fixes: zero weighted mean each (before a reference shifts them) */

    int compatible;                   /* 0: a floating component has sources that no solution can carry; nothing was solved */
    size_t defect_component;          /* index of the worst component; its size in samples; index of one of its samples */
    size_t defect_count, defect_sample;
    double defect;                    /* flux imbalance there (right side minus boundary flux): unit of c u x area/h */
    double defect_relative;           /* over the sum of the absolute sources of the component */
    double defect_allowed;            /* relative */

    double conservation;              /* |sum of all sources - sum of all outward boundary fluxes of the solution| / sum of their absolute values */
    double seconds_setup, seconds_solve; /* wall time of create's part and of this solve */
} qep_elliptic_report;

typedef struct {
    qep_method method;
    int threads;
    qep_plan_effort effort; /* of the transforms */
    double extent;          /* product of the sample's extents along the axes that the grid does not have: thickness (2-D, m), cross-section (1-D,
                               m^2); 0 or 1: per length, per area */
} qep_elliptic_options;

/* How one solve is run and judged. Zero-initialise, then set what differs; 0 means the default where one is given. */
typedef struct {
    double tolerance;       /* default 1e-10 */
    size_t max_iterations;  /* default 500 */
    int warm;               /* 1: u holds a start (an earlier frame); NaN in it counts as 0 */
    int neutralize;         /* 1: subtract any imbalance of a floating component as a uniform background */
    double compatibility;   /* <= 0: max(1e-10, 10 x quadrature uncertainty of the charge); else the largest relative defect that is projected out */
    double data_scale, data_uncertainty; /* as in qep_poisson_control: what derived face values add to the scale and to the uncertainty of the defect; 0 */
    const qep_log *log;     /* progress, details and interruption; may be NULL */
} qep_elliptic_control;

/* Right side of one solve. Arrays are borrowed for the call, [nz,ny,nx] unless said otherwise; NULL is zero. */
typedef struct {
    const double *charge;        /* q = charge_scale x charge (T6: -1/eps0 x rho_e) */
    double charge_scale;
    const double *S;             /* what drives: face drop kappa_f (S_R - S_L) */
    const double *kappa;         /* relative profile of the coupling, or NULL for 1; arithmetic face means */
    double kappa_scale;          /* kappa = kappa_scale x profile */
    const qep_walls *walls;      /* level 0 of the faces by the grid's kinds: dirichlet u; neumann du/dn; natural du/dn - kappa dS/dn; derivatives along
                                    +axis as everywhere (flip outward values on low faces). NULL or homogeneous: zero. Only level 0 is read. */
    const double *face_S[3][2];  /* S on a face [t2,t1] (qep_calculus_face), for dirichlet faces and face electrodes of cell grids; NULL: own linear
                                    extrapolation */
    const double *face_slope[3][2]; /* dS/d(+axis) on a face [t2,t1], for neumann faces; NULL: own one-sided difference of second order */
} qep_elliptic_drive;

typedef struct qep_elliptic qep_elliptic;

/* Operator and preconditioner for a grid whose faces have the kinds of grid->axis[].bc (open is refused: QEP_ERR_PROBLEM). c [nz,ny,nx] >= 0, or NULL
 * for the constant c_value > 0; copied into face coefficients, not kept. c = 0 is an insulator: its samples are excluded. QEP_ERR_INPUT for negative
 * or non-finite c; QEP_ERR_PROBLEM if the method asked does not apply (fft with a coefficient that varies), QEP_ERR_CONFIG if this build lacks it.
 * Memory: qep_elliptic_memory. Destroy with qep_elliptic_destroy. */
qep_status qep_elliptic_create(qep_elliptic **elliptic, const qep_grid *grid, const double *c, double c_value, const qep_elliptic_options *options,
                               const qep_log *log, qep_error *err);
void qep_elliptic_destroy(qep_elliptic *elliptic);

/* Bytes that create and solve need beyond the caller's arrays; valid before creation, for --check. varies: the coefficient is an array or there are
 * electrodes. */
size_t qep_elliptic_memory(const qep_grid *grid, qep_method method, int varies, int threads);

/* Method taken and why; valid from create on. contrast, components, floating, excluded too. */
void qep_elliptic_describe(const qep_elliptic *elliptic, qep_elliptic_report *report);

/* Solve for u [nz,ny,nx]. Excluded samples receive NaN, Dirichlet nodes their values, floating components zero weighted mean. Not converged or not
 * compatible is no error here: the report says so and the caller, who knows the part's name, makes the message (compatible == 0: u is untouched).
 * QEP_ERR_INPUT for non-finite data, QEP_ERR_INTERRUPTED when the log says so, QEP_ERR_MEMORY. Bits do not depend on the number of threads. */
qep_status qep_elliptic_solve(qep_elliptic *elliptic, const qep_elliptic_drive *drive, const qep_elliptic_control *control, double *u,
                              qep_elliptic_report *report, qep_error *err);

/* Relative residuals ||r||/||b|| after 0, 1, 2, ... iterations of the last solve; borrowed until the next one. */
const double *qep_elliptic_history(const qep_elliptic *elliptic, size_t *count);

/* What the grid shows of a solution: along `axis`, at the samples, [nz,ny,nx]. NaN at excluded samples; 0 along an axis of one sample.
 * flux: c (du/dn - kappa dS/dn), the mean of the two faces of the cell (walls included).
 * slope: du/dn, from the fluxes of the two faces, so that it is right on either side of a jump of c. */
qep_status qep_elliptic_flux(const qep_elliptic *elliptic, const qep_elliptic_drive *drive, const double *u, int axis, double *out, qep_error *err);
qep_status qep_elliptic_slope(const qep_elliptic *elliptic, const qep_elliptic_drive *drive, const double *u, int axis, double *out, qep_error *err);
/* Total outward flux of c (grad u - kappa grad S) through an outer face of the grid (0 through insulating and periodic ones). */
qep_status qep_elliptic_face_flux(const qep_elliptic *elliptic, const qep_elliptic_drive *drive, const double *u, int axis, int side, double *flux,
                                  qep_error *err);
/* out [nz,ny,nx] = (b - A u) / volume, 0 on known and excluded samples: the residual field, in the unit of q. */
qep_status qep_elliptic_residual(const qep_elliptic *elliptic, const qep_elliptic_drive *drive, const double *u, double *out, qep_error *err);

/* "hypre 2.26.0", or "hypre (not built in)". */
void qep_elliptic_library_version(char *text, size_t size);
/* Ends what pcg-amg started for the process as a whole (MPI, once it was used; it cannot be started again). For programs, as their last act; not for
 * programs that use MPI themselves. */
void qep_elliptic_libraries_finish(void);

#endif
