/* Values between the samples of a grid: a product of Lagrange polynomials, one per axis, through the samples nearest to the point. */
#ifndef QEP_GRID_INTERPOLATE_H
#define QEP_GRID_INTERPOLATE_H

#include "qep/grid/grid.h"
#include <stddef.h>

enum { QEP_INTERPOLATION_POINTS = 8 };

/* The samples along each axis and their weights; the value is the sum of u[index] times the product of the weights. */
typedef struct {
    size_t points[3];
    size_t index[3][QEP_INTERPOLATION_POINTS];
    double weight[3][QEP_INTERPOLATION_POINTS];
} qep_interpolation;

/* 1 when coordinate `at` (m) lies on the axis, its faces and rounding of a billionth of its length included. */
int qep_axis_contains(const qep_axis *axis, double at);

/* Prepare the value at at[ndim], m, from `points` samples per axis (at most QEP_INTERPOLATION_POINTS; an axis with fewer gives all
 * it has). Polynomials of degree points - 1 along each axis are met exactly, to rounding; the error of a smooth field falls as
 * h^points. Samples are those around the point, taken through the face of a periodic axis and one-sided near the others; within half
 * a cell of a wall of a cell grid this is an extrapolation. A point on a sample gets that sample alone. */
void qep_interpolation_place(qep_interpolation *place, const qep_grid *grid, const double *at, int points);

/* The value of u [nz,ny,nx] there. */
double qep_interpolate(const qep_interpolation *place, const qep_grid *grid, const double *u);

#endif
