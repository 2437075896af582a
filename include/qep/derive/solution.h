/* What a frame's quantities are computed from: inputs on the grid, the solved parts, and what is known of them on the faces.
 * Filled by run, read by the rows of src/derive. All pointers are borrowed. */
#ifndef QEP_DERIVE_SOLUTION_H
#define QEP_DERIVE_SOLUTION_H

#include "qep/base/dimension.h"
#include "qep/derive/reading.h"
#include "qep/derive/electrons.h"
#include "qep/poisson/calculus.h"
#include "qep/poisson/conduction.h"
#include "qep/poisson/elliptic.h"
#include "qep/poisson/poisson.h"

/* A coefficient: uniform, or value times a field [nz,ny,nx]. */
typedef struct {
    double value;
    const double *field; /* NULL: uniform */
} qep_coefficient;

/* One solved part u = values + shift; values NULL: the part is the shift alone. By transforms lap u = scale * source; by finite volumes
 * (`elliptic` of the solution) `drive` is the right side, and `volumes` says how the solve went. */
typedef struct {
    const double *values;
    const qep_walls *walls;
    double shift;
    const double *gradient[3]; /* d values/d(axis) where the solver gave it, else NULL: differentiate */
    const double *source; /* NULL: zero */
    double scale;
    qep_poisson_report report;
    qep_elliptic_drive drive;
    qep_elliptic_report volumes;
} qep_part;

/* Units that follow from kappa, S and sigma by dimension algebra. */
typedef struct {
    qep_dimension kappa;     /* of the coupling */
    qep_dimension potential; /* of phi */
    qep_dimension phi_S;     /* of the entropic part */
    qep_dimension last;      /* of the part that was solved last */
    qep_dimension voltage;   /* of V: volts, or the unit of phi_S where nothing brings volts */
} qep_solution_dimensions;

typedef struct {
    const qep_grid *grid;
    const qep_calculus *calculus;
    const qep_poisson *solver; /* NULL when nothing was solved by transforms */
    /* Finite volumes of T6 where materials vary, else NULL. The part `psi` is then phi_S itself, if it has values. */
    const qep_elliptic *elliptic;
    int threads;
    qep_reading reading;
    double direction[3]; /* unit vector n of reading "directional" */
    qep_solution_dimensions dimension;

    const double *S; /* [nz,ny,nx] or NULL */
    double S0;       /* sample subtracted from S before anything else */
    qep_coefficient kappa, sigma;
    qep_coefficient eps_r;
    qep_part rho; /* phi_rho = rho.values + rho.shift */
    qep_part
        psi; /* phi_S = kappa (S - S0) + psi.values + psi.shift (reading "poisson"; see `elliptic`) */

    const qep_conduction *conduction; /* T7, NULL when V is not solved */
    qep_conduction_drive current;     /* what drives it */
    const double *V;                  /* [nz,ny,nx], NaN in insulators */

    const qep_electrons *response; /* of Bloch electrons, NULL when nothing asks for it */

    double *work; /* [nz,ny,nx] scratch for rows with needs_work, else NULL */

    /* Frames, for rates: S of another frame into out [nz,ny,nx]. */
    size_t frame, frames;
    const double *times;
    qep_status (*entropy_at)(void *user, size_t frame, double *out, qep_error *err);
    /* Component `axis` of the entropy current density J_s at `frame`, W K^-1 m^-2, into out [nz,ny,nx]; NULL when there is none. */
    qep_status (*entropy_current_at)(void *user, int axis, size_t frame, double *out,
                                     qep_error *err);
    void *user;
} qep_solution;

/* sum of w (u - offset) / sum of w over the grid, w the quadrature weights of qep_grid_weight. */
qep_status qep_weighted_mean(const qep_grid *grid, const double *u, double offset, int threads,
                             double *mean, qep_error *err);

#endif
