/* Derivatives of fields on a grid by the chosen method: the one door to finite differences (stencil) and exact symbols (spectral). */
#ifndef QEP_POISSON_CALCULUS_H
#define QEP_POISSON_CALCULUS_H

#include "qep/base/error.h"
#include "qep/base/log.h"
#include "qep/grid/grid.h"
#include "qep/stencil/derivative.h"
#include "qep/stencil/walls.h"

typedef enum { QEP_PLAN_ESTIMATE, QEP_PLAN_MEASURE, QEP_PLAN_PATIENT } qep_plan_effort;

typedef struct {
    qep_derivative derivative;
    int threads;
    qep_plan_effort effort;
} qep_calculus_options;

typedef struct qep_calculus qep_calculus;

/* Plans and tap rows for a grid. Axes too short for the order use the highest that fits; each such axis is logged as a warning. */
qep_status qep_calculus_create(qep_calculus **calculus, const qep_grid *grid, const qep_calculus_options *options,
                               const qep_log *log, qep_error *err);
void qep_calculus_destroy(qep_calculus *calculus);
/* Order in use along an axis (0: spectral, or no derivative along an axis of one sample). */
int qep_calculus_order(const qep_calculus *calculus, int axis);

/* out = (accumulate ? out : 0) + alpha d^m u / d(axis)^m, m = 1 or 2, [nz,ny,nx]. walls: what is known of u on its faces (u is reflected
 * about them), or NULL for fields without boundary condition (S): wrapped on periodic axes, one-sided of the same order elsewhere. In that
 * case the value u[0] is subtracted first, so that a constant field gives exactly zero. out may not alias u. Along an axis of one sample the
 * derivative is 0. weight: NULL or [nz,ny,nx] multiplied to the derivative (a conductivity). */
qep_status qep_calculus_derivative(const qep_calculus *calculus, const double *u, const qep_walls *walls, int axis, int m,
                                   double alpha, const double *weight, int accumulate, double *out, qep_error *err);

/* out = (accumulate ? out : 0) + alpha d2 u / d(a) d(b) of a field without boundary condition; a may equal b, and the order of the two does not change a
 * bit. work [nz,ny,nx] is overwritten (unused, may be NULL, when a == b). */
qep_status qep_calculus_mixed(const qep_calculus *calculus, const double *u, int a, int b, double alpha, int accumulate, double *work,
                              double *out, qep_error *err);

/* Values of a field without boundary condition on a face, and its derivative along +axis there (exact on node grids for the value;
 * extrapolated of matching order on cell grids). value or slope may be NULL; both [t2, t1]; offset is subtracted from u first. */
qep_status qep_calculus_face(const qep_calculus *calculus, const double *u, double offset, int axis, int side, double *value, double *slope, qep_error *err);

/* For a field without boundary condition: integral of |lap u| over the grid, and by how much the total flux of grad u through the faces marked
 * in `faces` [axis][side] differs between extrapolations of two orders. What a compatibility condition made from u can be judged by. */
qep_status qep_calculus_flux_check(const qep_calculus *calculus, const double *u, const int faces[3][2], double *curvature, double *uncertainty,
                                   qep_error *err);

#endif
