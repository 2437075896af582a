/* Parts of the kernel of open axes: nodes of the time integral, and the heat kernel of one axis at one time. */
#ifndef QEP_POISSON_KERNEL_IMPL_H
#define QEP_POISSON_KERNEL_IMPL_H

#include "qep/poisson/kernel.h"

typedef struct {
    double t, w; /* m^2 */
} qep_heat_node;

/* Nodes of int_0^inf dt for these axes. node may be NULL: only their number, which the function returns. */
size_t qep_heat_nodes(const qep_kernel_axis axis[3], qep_heat_node *node);

/* The heat kernel p(n, t) of an open axis, sum over all n = 1: excess[n] = p(n, t) - p(m, t), n = 0..m, each to relative rounding even where
 * p is flat; returns p(m, t). */
double qep_heat_kernel(const qep_kernel_axis *axis, double t, double *excess);

/* Value at distance 0 of the one-dimensional kernel -|z|/2 of this axis, in units of h^2: 0 for fd2. */
double qep_heat_constant(const qep_kernel_axis *axis);

/* |eigenvalue| of an axis: the largest and the smallest of a closed one, the largest (at theta = pi) and 0 of an open one, 1/m^2. */
void qep_heat_range(const qep_kernel_axis *axis, double *largest, double *smallest);

#endif
