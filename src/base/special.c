/* Special functions from GSL, by the entry points that do not touch its error handler: the scaled Bessel functions neither over- nor underflow where
 * their arguments are allowed. */
#include "qep/base/special.h"

#include <gsl/gsl_sf_bessel.h>
#include <math.h>

double qep_bessel_K0(double x) {
    gsl_sf_result result;
    return x > 0.0 && gsl_sf_bessel_K0_scaled_e(x, &result) == 0 ? exp(-x) * result.val : INFINITY;
}

double qep_bessel_K1(double x) {
    gsl_sf_result result;
    return x > 0.0 && gsl_sf_bessel_K1_scaled_e(x, &result) == 0 ? exp(-x) * result.val : INFINITY;
}
