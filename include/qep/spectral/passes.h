/* A separable operator sum_d A_d applied through one line transform per axis: forward along x and y plane by plane, then one fused
 * pass along the last axis (gather, transform, multiply, transform back, scatter), then back along y and x. */
#ifndef QEP_SPECTRAL_PASSES_H
#define QEP_SPECTRAL_PASSES_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include "qep/spectral/line.h"
#include "qep/stencil/walls.h"

typedef struct qep_passes qep_passes;

/* Plan for a grid whose faces have the kinds of `walls`; workspaces for `threads` threads are held. */
qep_status qep_passes_create(qep_passes **passes, const qep_grid *grid, const qep_walls *walls, int threads, qep_effort effort,
                             qep_error *err);
void qep_passes_destroy(qep_passes *passes);

/* Transform of an axis (NULL for an axis of one sample). */
const qep_line *qep_passes_line(const qep_passes *passes, int axis);
/* Eigenvalue of sample position i along an axis: of coefficient i - first for unknowns; writable, so that the caller fills in its
 * operator's symbols and a test can spoil one. Positions that are not unknowns hold -1. */
double *qep_passes_eigenvalues(qep_passes *passes, int axis);
/* Bytes that create allocates. */
size_t qep_passes_memory(const qep_grid *grid, int threads);

/* Fill rows [y0, y1) of plane z with the right side; called once per row, from several threads. */
typedef void (*qep_passes_load)(const void *context, size_t y0, size_t y1, size_t z, double *rows);

/* u = A^{-1} b where b comes from `load` (which fills u). A mode whose eigenvalues sum to exactly zero is set to zero in u, and its
 * coefficient in b is returned in *constant (divided so that a constant b gives that constant). u is 0 where there are no unknowns. Results do
 * not depend on the number of threads. */
void qep_passes_solve(const qep_passes *passes, qep_passes_load load, const void *context, double *u, double *constant);

#endif
