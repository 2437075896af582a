/* Open axes of a solver: their kernel, and the wall data of axes that are open at the other end. Private to the room. */
#ifndef QEP_POISSON_OPEN_H
#define QEP_POISSON_OPEN_H

#include "qep/poisson/kernel.h"
#include "solver_impl.h"

/* 1 when axis d has a wall at one end and is open at the other. */
int qep_open_half(const qep_grid *grid, int d);

/* Make the kernel of a solver, or take it from the store, and give it to the passes. */
qep_status qep_open_create(qep_poisson *p, const qep_poisson_options *options, qep_error *err);
/* Bytes of the kernel's making and keeping; 0 without open axes. */
size_t qep_open_memory(const qep_grid *grid, int threads);

/* Exact symbols: a wall before free space carries w_k = u, u'', ... (Dirichlet) or u', u''', ... (Neumann). u = v + sum_k Q_k w_k, where Q_k is the
 * k-th power of the distance faded out smoothly, leaves v a smooth odd or even continuation:
 *   lap v = s f - sum_k (Q_k'' w_k + Q_k lap_t w_k).
 * fill makes the profiles and lap_t w_k from walls whose levels are filled; subtract takes the sum from row (y, z) of the right side, add
 * puts sum_k Q_k w_k back, also into derivatives along the wall. All do nothing where no such wall has data. */
qep_status qep_open_lift_fill(qep_poisson *p, const qep_walls *walls, qep_error *err);
void qep_open_lift_subtract(const qep_poisson *p, const qep_walls *walls, size_t y, size_t z, double *row);
qep_status qep_open_lift_add(const qep_poisson *p, const qep_walls *walls, double *u, double *const gradient[3], qep_error *err);
void qep_open_lift_free(qep_poisson *p);

#endif
