/* Where a value lives: a regular grid of one to three axes, and the kind of each of its faces.
 * Arrays are [nz, ny, nx], axis 0 = x fastest; a 1-D grid has ny = nz = 1, a 2-D grid nz = 1. */
#ifndef QEP_GRID_GRID_H
#define QEP_GRID_GRID_H

#include "qep/base/error.h"
#include <stddef.h>

typedef enum {
    QEP_CELL,
    QEP_NODE
} qep_sampling; /* samples at origin + (i+1/2) h, or origin + i h */

typedef enum {
    QEP_PERIODIC,
    QEP_DIRICHLET, /* phi = g                                             */
    QEP_NEUMANN,   /* n.grad phi = g, n outward                           */
    QEP_NATURAL,   /* n.(grad phi - kappa grad S) = g                     */
    QEP_OPEN,      /* free space beyond the face                          */
    QEP_BC_COUNT
} qep_bc;

/* One row per boundary kind: config names, `--list boundaries`, docs. */
typedef struct {
    const char *name;
    const char *value_unit; /* unit of a face value, "" when it takes none */
    const char *doc;
} qep_bc_row;
const qep_bc_row *qep_bc_table(void); /* QEP_BC_COUNT rows, indexed by qep_bc */

typedef struct {
    size_t n;      /* samples */
    double h;      /* spacing, m */
    double length; /* extent, m */
    double origin; /* coordinate of the low face, m */
    qep_bc bc[2];  /* kinds of the low and high face */
} qep_axis;

typedef struct {
    int ndim; /* axes the user gave, 1..3; the others have n = 1 */
    qep_sampling sampling;
    qep_axis axis[3];
} qep_grid;

/* Grid of ndim axes from lengths (spacing = NULL) or spacings (lengths = NULL); faces start periodic, so call
 * qep_grid_set_faces afterwards: on node grids length and spacing of an axis depend on its faces.
 * Fails with QEP_ERR_CONFIG on n = 0, non-positive or non-finite sizes, or more points than size_t counts. */
qep_status qep_grid_init(qep_grid *grid, int ndim, const size_t *points, const double *lengths,
                         const double *spacing, const double *origin, qep_sampling sampling,
                         const qep_bc faces[3][2], qep_error *err);

/* Number of points; checked when the grid was made. */
size_t qep_grid_count(const qep_grid *grid);
/* Coordinate of sample i along an axis, m. */
double qep_grid_coordinate(const qep_grid *grid, int axis, size_t i);
/* 1 when derivatives along this axis exist (more than one sample). */
int qep_grid_axis_active(const qep_grid *grid, int axis);
/* 1 when the axis has more than one sample and an open face; number of such axes. */
int qep_grid_axis_open(const qep_grid *grid, int axis);
int qep_grid_open_axes(const qep_grid *grid);
/* Diagonal of the open axes, m, each doubled where a wall opposite the open face makes images; 0 without open axes. */
double qep_grid_open_diagonal(const qep_grid *grid);
/* What fixes the constant of a potential on the grid: a Dirichlet face or three open axes; nothing, so that it is a gauge; or, with one or two open
 * axes, where phi of a net charge grows without limit, the convention of the free-space Green's function. */
typedef enum { QEP_CONSTANT_FIXED, QEP_CONSTANT_FREE, QEP_CONSTANT_CONVENTION } qep_constant;
qep_constant qep_grid_constant(const qep_grid *grid);
/* Index of [z, y, x]. */
static inline size_t qep_grid_index(const qep_grid *grid, size_t x, size_t y, size_t z) {
    return (z * grid->axis[1].n + y) * grid->axis[0].n + x;
}
/* Shape [nz, ny, nx] without the axes that the user did not give; rank = ndim. */
void qep_grid_shape(const qep_grid *grid, size_t shape[3]);
/* Distance in samples between neighbours along an axis in memory. */
size_t qep_grid_stride(const qep_grid *grid, int axis);
/* Quadrature weight (in cells) of sample i: 1, or 1/2 on the end nodes of a non-periodic node axis. */
double qep_grid_weight(const qep_grid *grid, int axis, size_t i);

#endif
