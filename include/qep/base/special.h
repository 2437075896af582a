/* Special functions: the one door to GSL. All are pure, never call GSL's error handler (which aborts), and return the limit where a value leaves the
 * range of doubles. */
#ifndef QEP_BASE_SPECIAL_H
#define QEP_BASE_SPECIAL_H

/* Modified Bessel functions of the second kind, x > 0; exactly 0 once they underflow. */
double qep_bessel_K0(double x);
double qep_bessel_K1(double x);

#endif
