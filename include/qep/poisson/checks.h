/* Two checks of a solution that know nothing of how it was found: what it does at its walls, and what free space says it should be at open faces. */
#ifndef QEP_POISSON_CHECKS_H
#define QEP_POISSON_CHECKS_H

#include "qep/poisson/calculus.h"

typedef struct {
    int checked;       /* 0: no condition of this kind on the face */
    double difference; /* largest deviation, in units of u (Neumann: u per m) */
    double relative;   /* difference over the scale below; 0 when both vanish */
} qep_face_check;

/* How far u [nz,ny,nx] is from the data on its walls: its value (Dirichlet) or derivative along the axis (Neumann) extrapolated to the face from the
 * samples nearest to it, minus level 0 of `walls`. Polynomials of as many points as the order of the calculus plus 3, so the result falls with h like
 * the solution's own error; on Dirichlet nodes, which hold the datum itself, the interior ones are used. Scale: the larger of max |u| and max |datum|
 * (Dirichlet), of (max u - min u) / length and max |datum| (Neumann). check [axis][side]. */
qep_status qep_check_walls(const qep_calculus *calculus, const qep_walls *walls, const double *u, qep_face_check check[3][2], qep_error *err);

/* One sample of every open face: u there against the free-space solution of lap u = s f, summed directly over all samples with the analytic kernel of
 * -lap + kappa^2: 1/(4 pi r), -ln(r/gauge_length)/(2 pi), -|z|/2, exp(-kappa r)/(4 pi r), K0(kappa r)/(2 pi), exp(-kappa |z|)/(2 kappa). Along closed axes
 * the lowest mode of both is compared, which sets kappa; walls opposite an open face are images, and data on walls are surface sources. f may be NULL
 * (zero). Faces of an axis shorter than ten steps of another open one are not checked: the sum would not resolve the kernel. Relative to max |u|. Second order in h where f does not vanish at the face; exact to rounding for resolved sources and the
 * truncated kernel, and the error of the stencil with a lattice kernel. gauge_length matters, and must be positive, where the logarithm does not cancel. Cost: one pass over f for each open face. */
qep_status qep_check_open(const qep_calculus *calculus, const qep_walls *walls, const double *f, double s, double gauge_length, const double *u,
                          qep_face_check check[3][2], qep_error *err);

#endif
