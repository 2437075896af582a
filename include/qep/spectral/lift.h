/* Liftings: polynomials that carry the normal derivatives of a field at its two walls, so that what remains has a fast sine or cosine
 * series. Lidstone's polynomials for Dirichlet walls and their relatives: Q_k'' = Q_{k-1}, and Q_k has unit data at one wall and level only. */
#ifndef QEP_SPECTRAL_LIFT_H
#define QEP_SPECTRAL_LIFT_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include "qep/stencil/walls.h"

typedef struct {
    size_t n;
    int levels;         /* levels 0..levels-1 at each wall; 0 on a periodic axis */
    int points;         /* samples used to extrapolate a level */
    double *value[3];   /* [m][side][level][n]: m-th derivative of Q at the samples */
    size_t stride[QEP_WALL_LEVELS]; /* [level] samples between those used: wider spacing, less noise */
    double *extrapolate; /* [side][level][points], nearest sample first */
    double *gain;        /* [side][level] sum of |weights|: how much noise of the samples a level takes up */
    double mean_second[2]; /* second derivative of level 0: a constant between two Neumann walls (-1/L, 1/L), else 0 */
} qep_lift;

/* Number of levels that rounding allows along an axis: the noise of level k grows as (length / finest spacing)^(2k). */
int qep_lift_levels(const qep_grid *grid, int axis);

qep_status qep_lift_create(qep_lift **lift, const qep_grid *grid, int axis, qep_wall_kind low, qep_wall_kind high, int levels, qep_error *err);
void qep_lift_destroy(qep_lift *lift);
/* Q, Q' or Q'' (m = 0, 1, 2) of a side and level at the samples, [n]. */
const double *qep_lift_values(const qep_lift *lift, int m, int side, int level);

#endif
