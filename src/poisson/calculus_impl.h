/* What a calculus holds; private to the room. */
#ifndef QEP_POISSON_CALCULUS_IMPL_H
#define QEP_POISSON_CALCULUS_IMPL_H

#include "qep/poisson/calculus.h"
#include "qep/spectral/differentiate.h"
#include "qep/stencil/stencil.h"

struct qep_calculus {
    qep_grid grid;
    qep_derivative derivative;
    int threads;
    qep_effort effort;
    qep_stencil stencil;   /* fdN; with spectral, the extrapolations to the faces */
    double *scratch;       /* [threads][scratch_size] */
    size_t scratch_size;
    /* spectral only: derivatives along an axis between the grid's own walls, and of fields without boundary condition */
    qep_differentiator *bounded[3], *unbounded[3];
};

#endif
