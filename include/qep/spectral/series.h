/* Sine, cosine and Fourier series of sampled lines with normalised coefficients, and their derivatives: FFTW's real transforms, one row per
 * boundary pair and sampling. The solver's fast passes (line.h) keep their coefficients private; here they mean something. */
#ifndef QEP_SPECTRAL_SERIES_H
#define QEP_SPECTRAL_SERIES_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include "qep/spectral/line.h"
#include "qep/stencil/walls.h"

typedef struct qep_series qep_series;

/* n samples at spacing h between walls of the given kinds; blocks of `width` lines, [n][width]. */
qep_status qep_series_create(qep_series **series, qep_wall_kind low, qep_wall_kind high, qep_sampling sampling, size_t n, double h,
                             size_t width, qep_effort effort, qep_error *err);
void qep_series_destroy(qep_series *series);
/* Wavenumber of mode k, 1/m. Periodic: modes in FFTW's halfcomplex order. */
double qep_series_wavenumber(const qep_series *series, size_t k);

/* In place on a block of `width` columns: samples [n] to coefficients [modes] and back (samples that are not unknowns become 0). */
void qep_series_forward(const qep_series *series, double *block);
void qep_series_backward(const qep_series *series, double *block);
/* Coefficients to samples of the m-th derivative, m = 1 or 2. */
void qep_series_derivative(const qep_series *series, int m, double *block);

/* u [nz,ny,nx] on a box, periodic whatever its faces say: every Fourier mode multiplied by factor(context, k), k the wavenumbers along
 * x, y, z in 1/m (0 along axes of one sample; of magnitude, so that the factor is that of a symmetric filter). Plans are estimated.
 * The same bits for any number of threads. QEP_ERR_MEMORY. */
qep_status qep_series_filter(const qep_grid *box, double (*factor)(const void *context, const double k[3]), const void *context, int threads,
                             double *u, qep_error *err);

#endif
