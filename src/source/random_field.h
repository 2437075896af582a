/* Gaussian random fields of unit variance on a grid. Private to the room. */
#ifndef QEP_SOURCE_RANDOM_FIELD_H
#define QEP_SOURCE_RANDOM_FIELD_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include <stdint.h>

typedef enum { QEP_RANDOM_GAUSSIAN, QEP_RANDOM_EXPONENTIAL, QEP_RANDOM_POWER } qep_random_spectrum;

typedef struct {
    qep_random_spectrum spectrum;
    double length;   /* correlation length l, m */
    double exponent; /* POWER: the spectrum falls as k^-exponent */
    uint64_t seed;
} qep_random_field;

/* The periodic box on which the field is made: the grid itself along periodic axes, along others longer by what the correlation takes
 * to vanish, but at most twice as long. *seam: correlation that is left between the faces of such an axis, through the seam. */
qep_status qep_random_box(const qep_random_field *field, const qep_grid *grid, qep_grid *box, double *seam, qep_error *err);

/* out [nz,ny,nx]: ensemble mean 0, ensemble variance 1 at every sample. White noise by cell of the box (base/random.h, stream 0) times the
 * root of the spectrum, which is summed over the modes of the box and their aliases. Holds one
 * box. The same bits for any number of threads. */
qep_status qep_random_fill(const qep_random_field *field, const qep_grid *grid, int threads, double *out, qep_error *err);

#endif
