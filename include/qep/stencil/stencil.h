/* Finite differences on a grid: one row of taps per axis, ghost values from the walls, one-sided rows for fields without boundary
 * condition. Everything works on rows of x, so that callers can fuse passes; all memory is the caller's. */
#ifndef QEP_STENCIL_STENCIL_H
#define QEP_STENCIL_STENCIL_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include "qep/stencil/walls.h"

enum {
    QEP_STENCIL_HALF = 5,    /* order 10: the highest, used to judge order 8 */
    QEP_STENCIL_WIDTH = 14,  /* points of the longest one-sided row */
    QEP_STENCIL_FACE = 12    /* derivatives 0..11 can be extrapolated to a face */
};

/* Taps of one axis. Derivatives are sums over differences, so that a constant gives exactly zero:
 *   u'_i  = sum_m first[m]  (u_{i+m} - u_{i-m})
 *   u''_i = sum_m second[m] ((u_{i+m} - u_i) + (u_{i-m} - u_i)) */
typedef struct {
    size_t n;
    double h;
    int order;    /* 0: no derivative along this axis (one sample) */
    int half;     /* order / 2 */
    int periodic;
    qep_sampling sampling;
    double first[QEP_STENCIL_HALF + 1], second[QEP_STENCIL_HALF + 1];
    int width[3]; /* [m]: points of one-sided rows of derivative m = 1, 2 */
    double onesided[3][QEP_STENCIL_HALF][QEP_STENCIL_WIDTH]; /* [m][i][j]: low side; the high side is its mirror */
    int face_points;
    double face[QEP_STENCIL_FACE][QEP_STENCIL_WIDTH]; /* [d][j]: derivative d at the low face from the first samples */
    double fewer[QEP_STENCIL_FACE][QEP_STENCIL_WIDTH]; /* the same from one sample less: the difference is the uncertainty */
} qep_stencil_axis;

typedef struct {
    qep_grid grid;
    qep_stencil_axis axis[3];
} qep_stencil;

/* Taps of the given order (2..10) on every axis; an axis too short for it uses the highest order that fits. */
void qep_stencil_init(qep_stencil *stencil, const qep_grid *grid, int order);

/* Weights w[0..count) with sum_j w[j] u(x[j]) ~ u^(m)(at), exact for polynomials of degree count-1
 * (Fornberg, Math. Comp. 51 (1988) 699). m >= count gives zeros. */
void qep_stencil_weights(double at, const double *x, int count, int m, double *w);

/* Eigenvalue of the second difference for exp(i theta j). */
double qep_stencil_symbol2(const qep_stencil_axis *axis, double theta);

/* Doubles of scratch that qep_stencil_row needs. */
size_t qep_stencil_scratch(const qep_stencil *stencil);

/* row[x] = (accumulate ? row[x] : 0) + alpha d^m u/d(axis)^m along the row (y, z), m = 1 or 2.
 * walls: ghost rules, or NULL for one-sided rows on non-periodic axes; rows are one-sided near open faces too. row [nx]. */
void qep_stencil_row(const qep_stencil *stencil, const double *u, const qep_walls *walls, int axis, int m, size_t y, size_t z,
                     double alpha, int accumulate, double *row, double *scratch);

/* The i-th row of a sweep over all rows, in an order that keeps the planes a z difference needs in the cache: blocks of y, z inside them. */
void qep_stencil_sweep(const qep_stencil *stencil, size_t i, size_t *y, size_t *z);

/* Value of the wall expansion that a ghost at sample distance `ghost` (0: the wall node itself, 1, 2, ... outside) adds to the
 * reflected sample: coefficient of level k. */
double qep_stencil_ghost_coefficient(const qep_stencil_axis *axis, qep_wall_kind kind, int side, int ghost, int k);

/* out [t2,t1] = scale d^m u/d(axis)^m at a face, from the samples nearest to it (order + 3 points), u - offset being taken. */
void qep_stencil_face(const qep_stencil *stencil, const double *u, double offset, int axis, int side, int m, double scale, double *out);

/* The same for a source, but zero where the value is smaller than its own uncertainty: a source that vanishes at the wall adds nothing there. */
void qep_stencil_face_certain(const qep_stencil *stencil, const double *f, int axis, int side, int m, double scale, double *out);

/* The value (m = 0) or slope (m = 1) of measured data at a face; where the data are too rough for a polynomial, of their nearest samples. */
void qep_stencil_face_limited(const qep_stencil *stencil, const double *u, double offset, int axis, int side, int m, double *out);

/* next += curvature, the second derivative of a wall level along the face (steps h_t; both [count]). What is rounding of the level is left
 * out. 0, with next to be dropped: the level is so rough, curvature h^2 > rough level at steps h across, that the next would not continue a
 * converging expansion about the wall but multiply noise. */
int qep_stencil_add_level(const double *level, const double *curvature, size_t count, double h, double h_t, double rough, double *next);

/* Transverse axes of a face: t1 < t2. */
void qep_stencil_transverse(int axis, int *t1, int *t2);
/* Grid of a face: its two transverse axes, as a 2-D grid. */
qep_grid qep_stencil_face_grid(const qep_grid *grid, int axis);

/* Fill levels 1.. of every inhomogeneous wall from lap u = s f (f may be NULL): N2 of docs/numerics.md. Walls of a problem with f != NULL
 * must be allocated on every non-periodic axis. An axis of order N gets N/2 levels beyond the given one. */
qep_status qep_stencil_fill_walls(const qep_stencil *stencil, const double *f, double s, qep_walls *walls, qep_error *err);

#endif
