/* What a line transform holds; private to the room. */
#ifndef QEP_SPECTRAL_LINE_IMPL_H
#define QEP_SPECTRAL_LINE_IMPL_H

#include "qep/spectral/line.h"
#include <fftw3.h>

typedef enum { FOURIER, SHIFTED, COSINE2, COSINE3, COSINE4, COSINE1, SINE1 } qep_line_machine;

/* One row per boundary pair and sampling. */
typedef struct {
    qep_wall_kind low, high;
    qep_sampling sampling;
    qep_line_machine machine;
    int reverse;   /* transform the reversed line: turns sines into cosines about the other end */
    int alternate; /* transform (-1)^j x_j: turns DST-II into DCT-II with the modes in reverse order */
    size_t first, lost; /* first unknown; samples that are not unknowns */
    double mode;   /* theta(k) = pi (k + mode) / N; alternate: pi (N - k) / N */
} qep_line_row;

struct qep_line {
    const qep_line_row *row;
    size_t n, unknowns, intervals;
    size_t batch, width; /* pairs, and lines = 2 batch */
    size_t length;       /* rows of the FFT */
    size_t scratch;
    double norm;
    double (*twiddle)[2]; /* cosine, sine */
    fftw_plan forward, backward;
    qep_line *even, *odd; /* types I of even length: the transforms of half the length that do the work, else NULL */
    fftw_r2r_kind odd4; /* type IV of odd length is left to FFTW's real transform */
    int use_r2r;
};

#endif
