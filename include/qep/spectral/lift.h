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
    double *defect;     /* [side][level][n]: Q'' - (second derivative of the sampled Q's own series), 0 on Dirichlet nodes */
    double *extrapolate; /* [side][level][points], nearest sample first */
    double *fewer;       /* the same from one sample less: the difference is an extrapolation's uncertainty */
} qep_lift;

/* Levels at each wall (the given value included): the error of the series falls as n^-(2 levels + 1), its noise does not grow with n. On
 * short axes the highest derivatives mean nothing. */
int qep_lift_levels(const qep_grid *grid);

qep_status qep_lift_create(qep_lift **lift, const qep_grid *grid, int axis, qep_wall_kind low, qep_wall_kind high, qep_error *err);
void qep_lift_destroy(qep_lift *lift);
/* Q, Q' or Q'' (m = 0, 1, 2) of a side and level at the samples, [n]. */
const double *qep_lift_values(const qep_lift *lift, int m, int side, int level);
/* What the series misses of Q'': the part of the second derivative that known wall data contribute, [n]. */
const double *qep_lift_defect(const qep_lift *lift, int side, int level);

#endif
