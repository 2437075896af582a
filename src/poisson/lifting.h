/* Wall data of the spectral method: the same part that ghosts play for finite differences. Private. */
#ifndef QEP_POISSON_LIFTING_H
#define QEP_POISSON_LIFTING_H

#include "calculus_impl.h"

/* Levels 1.. of every inhomogeneous wall from lap u = s f, transverse derivatives by series on the face. */
qep_status qep_lifting_fill_walls(const qep_calculus *calculus, const double *f, double s, qep_walls *walls, qep_error *err);

/* row -= what the walls' known data add to the Laplacian of row (y, z) beyond the series of the samples. */
void qep_lifting_subtract(const qep_calculus *calculus, const qep_walls *walls, size_t y, size_t z, double *row);

/* bend[k][t] = lap_t of level k along the face of axis d, k < levels, by series on the face. */
qep_status qep_lifting_bends(const qep_calculus *calculus, const qep_wall *wall, int d, int levels, double *const *bend, qep_error *err);

/* out[t] = d level/dt along the t-th axis (0 or 1) of the face of axis d. */
qep_status qep_lifting_face_slope(const qep_calculus *calculus, const double *level, int d, int t, double *out, qep_error *err);

/* Bound on the liftings: u is the difference of parts this large, so its rounding is theirs. */
double qep_lifting_amplitude(const qep_calculus *calculus, const qep_walls *walls);

/* Mean over the grid of what the highest level adds: the uncertainty of a compatibility defect. */
double qep_lifting_spread(const qep_calculus *calculus, const qep_walls *walls);

#endif
