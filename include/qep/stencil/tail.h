/* Is a field resolved by its grid? A number that is small for smooth data and of order one for noise. */
#ifndef QEP_STENCIL_TAIL_H
#define QEP_STENCIL_TAIL_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"

/* Share of the variation of u [nz,ny,nx] that lies in the highest modes of an axis, the largest over the axes: rms of u after the high-pass filter
 * (difference of order 8)/2^8 along the axis, which passes the highest mode as it is, divided by the rms of u - offset. Only samples whose neighbours are
 * inside the grid count (axes that are periodic do not wrap), so no boundary condition enters; axes of fewer than 9 samples use the highest even difference that
 * fits, axes of one sample none. 0 for a field that equals the offset. A Gaussian of width sigma = 1, 1.5, 2, 3 h gives about 4e-2, 4e-3, 7e-4, 4e-5. One
 * pass. */
qep_status qep_tail(const qep_grid *grid, const double *u, double offset, int threads, double *tail, qep_error *err);

#endif
