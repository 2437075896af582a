/* Three-dimensional arrays of extended coefficients: along each axis the modes of its series, then the levels of its lifting. */
#ifndef QEP_SPECTRAL_BOX_H
#define QEP_SPECTRAL_BOX_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include "qep/spectral/lift.h"
#include "qep/spectral/series.h"

enum { QEP_BOX_WIDTH = 16 }; /* lines per block */

/* How a function of one axis is held: n samples <-> modes + 2 levels coefficients. */
typedef struct {
    size_t n, modes, extent; /* extent = modes + 2 levels, at least n */
    int levels;              /* 0 on periodic axes and axes of one sample */
    qep_series *series;      /* NULL for an axis of one sample */
    qep_lift *lift;
    double *lambda;          /* [modes] squared wavenumbers */
    double *top[2];          /* [modes] series of the highest Q of each wall */
    double mean_below[2];    /* mean mode of the Q one level below the highest extrapolated one: the uncertainty of a mean */
} qep_box_axis;

typedef struct {
    double *v;
    size_t n[3];
} qep_box;

qep_status qep_box_axis_create(qep_box_axis *axis, const qep_grid *grid, int d, const qep_walls *kinds, qep_effort effort, qep_error *err);
void qep_box_axis_destroy(qep_box_axis *axis);
/* Index of a level along the axis. */
static inline size_t qep_box_level(const qep_box_axis *axis, int side, int k) {
    return axis->modes + (size_t)side * (size_t)axis->levels + (size_t)k;
}

qep_status qep_box_create(qep_box *box, size_t nx, size_t ny, size_t nz, qep_error *err);
void qep_box_destroy(qep_box *box);
static inline double *qep_box_at(const qep_box *box, size_t x, size_t y, size_t z) {
    return box->v + (z * box->n[1] + y) * box->n[0] + x;
}

typedef enum {
    QEP_BOX_ANALYSE,     /* samples -> modes and levels (levels extrapolated from the samples; the highest is zero) */
    QEP_BOX_SYNTHESISE,  /* modes and levels -> samples */
    QEP_BOX_TO_MODES,    /* samples without lifting -> modes */
    QEP_BOX_FROM_MODES   /* modes -> samples */
} qep_box_operation;

/* In place along axis d of the box, on every line. ANALYSE takes no levels at a wall whose quiet flag is set (quiet may be NULL). */
void qep_box_apply(qep_box *box, int d, const qep_box_axis *axis, qep_box_operation operation, const int *quiet, int threads);

/* quiet[side] = 1 where no extrapolated level of any line stands out of the rounding noise of the samples: the data are homogeneous there. The box holds
 * samples along every axis; its first n of each. */
void qep_box_find_quiet(const qep_box *box, int d, const qep_box_axis axes[3], int quiet[2]);

#endif
