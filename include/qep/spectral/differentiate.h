/* Exact-symbol derivatives of sampled lines. Between walls a line is a polynomial that carries its normal derivatives at both ends
 * (a lifting, docs/numerics.md) plus a remainder whose odd or even continuation is smooth, so that its sine or cosine series converges fast. */
#ifndef QEP_SPECTRAL_DIFFERENTIATE_H
#define QEP_SPECTRAL_DIFFERENTIATE_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include "qep/spectral/lift.h"
#include "qep/spectral/line.h"
#include "qep/stencil/walls.h"

typedef struct qep_differentiator qep_differentiator;

/* For axis d of the grid between walls of the given kinds; NONE, NONE on a periodic axis. */
qep_status qep_differentiator_create(qep_differentiator **differentiator, const qep_grid *grid, int axis, qep_wall_kind low,
                                     qep_wall_kind high, int threads, qep_effort effort, qep_error *err);
void qep_differentiator_destroy(qep_differentiator *differentiator);
/* The lifting of its walls; borrowed. */
const qep_lift *qep_differentiator_lift(const qep_differentiator *differentiator);

/* out = (accumulate ? out : 0) + alpha [weight] d^m u/d(axis)^m, m = 1 or 2. walls: levels known at the two faces (homogeneous: zero), or NULL: the
 * levels are extrapolated from the samples themselves, u[0] subtracted first. */
void qep_differentiator_apply(const qep_differentiator *differentiator, const double *u, const qep_wall *walls, int m, double alpha,
                              const double *weight, int accumulate, double *out);

#endif
