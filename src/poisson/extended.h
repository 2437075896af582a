/* The spectral solve between walls: every axis is a polynomial lifting plus a series, and the Laplacian acts on both exactly. Private. */
#ifndef QEP_POISSON_EXTENDED_H
#define QEP_POISSON_EXTENDED_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include "qep/spectral/line.h"
#include "qep/stencil/walls.h"

typedef struct qep_extended qep_extended;

qep_status qep_extended_create(qep_extended **extended, const qep_grid *grid, const qep_walls *kinds, int threads, qep_effort effort,
                               qep_error *err);
void qep_extended_destroy(qep_extended *extended);
size_t qep_extended_memory(const qep_grid *grid, const qep_walls *kinds);

/* lap u = s f with level 0 of the walls given; the other levels are filled with the derivatives of the solution's own representation.
 * Singular problems: *mean receives the mean of the right side that was dropped and *spread its uncertainty (what one level fewer changes). */
qep_status qep_extended_solve(qep_extended *extended, const double *f, double s, qep_walls *walls, double *u, double *mean, double *spread,
                              qep_error *err);

/* Bound on the liftings of a solution: u is the difference of parts this large, so its rounding is theirs. */
double qep_extended_amplitude(const qep_extended *extended, const qep_walls *walls);

/* Test hook: multiply the symbol of one mode by (1 + relative). */
void qep_extended_tamper(qep_extended *extended, double relative);

#endif
