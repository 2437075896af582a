/* s(mu, T) of a model over a rectangle, from few passes over k: what maps T(r) and mu(r) on a grid need. */
#ifndef QEP_BLOCH_ENTROPY_H
#define QEP_BLOCH_ENTROPY_H

#include "qep/bloch/compute.h"

typedef struct qep_bloch_entropy qep_bloch_entropy;

/* Interpolate in Chebyshev points, doubled until the values at the new points are met to `tolerance` of the largest s. Temperatures in K, > 0;
 * chemical potentials in J. Uses model, k-grid, refinement, spin factor, threads and log of the problem. QEP_ERR_UNCONVERGED when MOST points do not do. */
qep_status qep_bloch_entropy_create(qep_bloch_entropy **entropy, const qep_bloch_problem *problem, const double T[2], const double mu[2], double tolerance,
                                    qep_error *err);
/* J/(K m^dim); T <= 0 gives 0. Outside of the rectangle it is the caller's fault. */
double qep_bloch_entropy_at(const qep_bloch_entropy *entropy, double T, double mu);
/* Largest error met at points that were not yet nodes, relative to the largest s; and the number of points (mu, T). */
double qep_bloch_entropy_error(const qep_bloch_entropy *entropy);
size_t qep_bloch_entropy_points(const qep_bloch_entropy *entropy);
void qep_bloch_entropy_destroy(qep_bloch_entropy *entropy);

#endif
