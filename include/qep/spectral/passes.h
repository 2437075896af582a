/* A separable operator applied through one line transform per axis: forward along all axes but one, then one fused pass along the last
 * (gather, transform, multiply, transform back, scatter), then back. Closed axes (periodic, or walls at both ends) divide by the sum of
 * their eigenvalues. Open axes are lines of twice the length that are zero beyond the grid: their even and odd modes are two transforms of
 * the grid's own length, so that no padding is ever stored or transformed, and the multiplier is a given kernel (docs/numerics.md). */
#ifndef QEP_SPECTRAL_PASSES_H
#define QEP_SPECTRAL_PASSES_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include "qep/spectral/line.h"
#include "qep/stencil/walls.h"

typedef struct qep_passes qep_passes;

/* Plan for a grid whose faces have the kinds of `walls` (open faces: NONE beside grid's QEP_OPEN); workspaces for `threads` threads are held. */
qep_status qep_passes_create(qep_passes **passes, const qep_grid *grid, const qep_walls *walls, int threads, qep_effort effort,
                             qep_error *err);
void qep_passes_destroy(qep_passes *passes);

/* Transform of a closed axis (NULL for an axis of one sample, and for open axes). */
const qep_line *qep_passes_line(const qep_passes *passes, int axis);
/* Eigenvalue of sample position i along a closed axis: of coefficient i - first for unknowns; writable, so that the caller fills in its
 * operator's symbols and a test can spoil one. Positions that are not unknowns hold -1. */
double *qep_passes_eigenvalues(qep_passes *passes, int axis);
/* Samples to which an open axis of n samples is padded (half of its doubled line). */
size_t qep_passes_padded(size_t n);
/* Bytes that create allocates. */
size_t qep_passes_memory(const qep_grid *grid, int threads);

/* For grids with open axes: number of open axes; the modes of an axis as the kernel counts them (1 for an axis of one sample), their angle per
 * sample; for open axes the samples m after which the doubled line's far end comes, angle(k) = pi k/m in the order even k, then odd k. */
int qep_passes_open_axes(const qep_passes *passes);
size_t qep_passes_modes(const qep_passes *passes, int axis);
double qep_passes_mode_theta(const qep_passes *passes, int axis, size_t mode);
size_t qep_passes_half_period(const qep_passes *passes, int axis);
/* Axis of the kernel's array that is the slowest (0), the middle (1) and the fastest (2) in memory. */
int qep_passes_kernel_axis(const qep_passes *passes, int position);
/* Kernels are [modes][modes][modes] of those axes, u^ = kernel f^ for each mode of the doubled box. scale multiplies one, once, by the norms of the
 * transforms; use keeps the pointer to a scaled one (borrowed). */
void qep_passes_scale_kernel(const qep_passes *passes, double *kernel);
void qep_passes_use_kernel(qep_passes *passes, const double *kernel);

/* Fill rows [y0, y1) of plane z with the right side; called from several threads, once per row (twice when all three axes are open). */
typedef void (*qep_passes_load)(const void *context, size_t y0, size_t y1, size_t z, double *rows);

/* u = A^{-1} b where b comes from `load`. Without open axes a mode whose eigenvalues sum to exactly zero is set to zero in u, and its
 * coefficient in b is returned in *constant (divided so that a constant b gives that constant). u is 0 where there are no unknowns. Results do
 * not depend on the number of threads.
 * gradient: NULL, or for each axis NULL or an array that receives du/d(axis) from the same forward transforms, for open axes: the derivative of the doubled line, which knows u beyond the faces. */
void qep_passes_solve(const qep_passes *passes, qep_passes_load load, const void *context, double *u, double *const gradient[3],
                      double *constant);
/* Before the first solve that asks for a gradient: allocate what that needs. */
qep_status qep_passes_allow_gradient(qep_passes *passes, qep_error *err);

#endif
