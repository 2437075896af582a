/* Eigenvalues of small Hermitian matrices and their entropy. n = 1, 2 are closed. n = 3 has Cardano's trigonometric form, which
 * loses half of the digits where two eigenvalues nearly coincide; opposite errors of such a pair cancel in the entropy unless both are
 * small, so only then (and for n > 3) LAPACK is called. */
#include "matrix_entropy.h"

#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include <math.h>

static const double well_apart = 0.99; /* |cos| below which Cardano's angle keeps 14 digits */
static const double not_small = 0.01;  /* a pair of p above this may nearly coincide */

/* -p ln p, with 0 ln 0 = 0; what lies below 0 by rounding counts as 0. */
static double term(double p) {
    return p > 0.0 ? -p * log(p) : 0.0;
}

/* The smaller eigenvalue as 1/2 - r is exact to the rounding of 1, which is what the entropy needs. */
static double entropy_of_two(const double complex *a, double trace, double *lowest) {
    const double half = 0.5 * (creal(a[0]) - creal(a[3])) / trace, r = hypot(half, cabs(a[1]) / trace);
    *lowest = 0.5 - r;
    return term(0.5 - r) + term(0.5 + r);
}

/* Eigenvalues p[3] ascending of a/trace; 0 where the closed form is not accurate enough. */
static int cardano(const double complex *a, double trace, double p[3]) {
    const double third = 1.0 / 3.0, d0 = creal(a[0]) / trace - third, d1 = creal(a[4]) / trace - third, d2 = creal(a[8]) / trace - third;
    const double complex u = a[1] / trace, v = a[2] / trace, w = a[5] / trace;
    const double uu = creal(u * conj(u)), vv = creal(v * conj(v)), ww = creal(w * conj(w));
    const double s = sqrt((d0 * d0 + d1 * d1 + d2 * d2 + 2.0 * (uu + vv + ww)) / 6.0);
    if (!(s > 1e-100)) {
        p[0] = p[1] = p[2] = third;
        return 1;
    }
    const double determinant = d0 * (d1 * d2 - ww) - d1 * vv - d2 * uu + 2.0 * creal(u * w * conj(v));
    const double c = fmax(-1.0, fmin(1.0, determinant / (2.0 * s * s * s))), angle = acos(c) / 3.0;
    p[2] = third + 2.0 * s * cos(angle);
    p[0] = third + 2.0 * s * cos(angle + 2.0 * QEP_PI / 3.0);
    p[1] = 1.0 - p[0] - p[2];
    return fabs(c) < well_apart || (c < 0.0 ? p[1] : p[0]) > not_small;
}

double qep_matrix_entropy(size_t n, double complex *a, double trace, double *work, double *lowest) {
    *lowest = 1.0;
    if (n == 1) {
        return 0.0;
    }
    if (n == 2) {
        return entropy_of_two(a, trace, lowest);
    }
    double p[3], sum = 0.0;
    if (n == 3 && cardano(a, trace, p)) {
        *lowest = p[0];
        return term(p[0]) + term(p[1]) + term(p[2]);
    }
    if (qep_zheevd(n, a, n, work, 0) != 0) {
        return NAN;
    }
    *lowest = work[0] / trace;
    for (size_t i = 0; i < n; i++) {
        sum += term(work[i] / trace);
    }
    return sum;
}
