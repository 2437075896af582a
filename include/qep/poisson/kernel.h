/* Multipliers of the solution in free space along open axes and with known eigenvalues along closed ones: what takes the place of
 * 1/eigenvalue where a grid is open. They are real-space exact: the inverse of the very operator whose symbol is given, restricted to the
 * distances that the padded axes hold. docs/numerics.md, "Open boundaries", has the mathematics. */
#ifndef QEP_POISSON_KERNEL_H
#define QEP_POISSON_KERNEL_H

#include "qep/base/error.h"
#include "qep/stencil/stencil.h"
#include <stddef.h>

/* One axis. Closed: its modes and their eigenvalues. Open: distances 0..m h occur, so the padded period is 2 m samples and the modes are
 * cos(pi n k/m), k = 0..m. An absent axis is closed with one mode of eigenvalue 0. */
typedef struct {
    int open;
    size_t modes;                    /* closed: at least 1 */
    const double *eigenvalues;       /* closed: [modes], 1/m^2, <= 0; a zero mode is exactly 0 */
    size_t m;                        /* open: half of the padded period, samples, at least 1 */
    double h;                        /* open: step, m */
    int evens_first;                 /* open: modes in the order even k, odd k, as the two branches of an open axis have them */
    const qep_stencil_axis *stencil; /* open: whose second difference is inverted; NULL: the exact symbol -(theta/h)^2 */
} qep_kernel_axis;

typedef struct qep_kernel qep_kernel;

/* The kernel of A u = f, A the sum of the axes' operators: u^ = K f^ mode by mode, where f is zero outside its box and u is right at all
 * distances up to m. At least one axis must be open. Where all closed eigenvalues vanish and
 *   3 axes are open, u vanishes far away;
 *   2 axes are open, u -> (h1 h2 sum f)/(2 pi) ln(r/gauge_length); gauge_length in m, 0: the diagonal of the open axes (m1 h1, m2 h2);
 *   1 axis is open,  u -> (h sum f) |z|/2 without a constant, about the charge (the kernel is even).
 * *kernel is the caller's, for qep_kernel_destroy; it borrows nothing after creation. Fails with QEP_ERR_MEMORY, or QEP_ERR_INTERNAL on
 * axes that mean nothing. The values are the same bits for any number of threads. */
qep_status qep_kernel_create(qep_kernel **kernel, const qep_kernel_axis axis[3], double gauge_length, int threads, qep_error *err);
void qep_kernel_destroy(qep_kernel *kernel);

/* K, m^2: [modes of axis 2][modes of axis 1][modes of axis 0], owned by the kernel. */
double *qep_kernel_values(qep_kernel *kernel);
/* Modes of an axis: as given, or m + 1. */
size_t qep_kernel_modes(const qep_kernel_axis *axis);
/* Terms of the sum of separable products that the values are made of. */
size_t qep_kernel_nodes(const qep_kernel *kernel);
/* The gauge length in use, m; 0 where none is needed. */
double qep_kernel_gauge_length(const qep_kernel *kernel);
/* Bytes that the kernel holds, and the most that qep_kernel_create holds on the way; SIZE_MAX when that overflows. For these, closed axes need
 * no eigenvalues (NULL); the number of nodes then counts as 256, which 20 decades of eigenvalues do not exceed. */
size_t qep_kernel_bytes(const qep_kernel_axis axis[3]);
size_t qep_kernel_memory(const qep_kernel_axis axis[3], int threads);

#endif
