/* The heat kernel of one lattice axis, p(n, t) = (1/pi) int_0^pi cos(n theta) exp(t lambda(theta)) dtheta, for the symbol of a stencil
 * (trapezoidal rule, whose error is p beyond the period) and for the exact symbol (Voigt's function). All lengths in steps: tau = t/h^2. */
#include "kernel_impl.h"

#include <math.h>

/* exp(-NOTHING) is below rounding; p(n) is, for n > REACH sqrt(tau) + MARGIN (order 8 at small tau needs the margin). */
static const double NOTHING = 42.0, REACH = 14.0, MARGIN = 40.0;
enum { POINTS = 256 }; /* at most 90 occur: both the period and 1/(width of the Gaussian in theta) are of the order sqrt(tau) */

typedef struct {
    double period; /* even number of samples after which the sum repeats */
    int count;
    double weight[POINTS];
} theta_sum;

/* exp(t lambda) at theta = 2 pi j/period, as far as it is not nothing. */
static void sample_theta(const qep_kernel_axis *axis, double t, double period, theta_sum *sum) {
    sum->period = period;
    sum->count = 0;
    for (int j = 0; j < POINTS && 2.0 * j <= period; j++) {
        const double exponent = t * qep_stencil_symbol2(axis->stencil, 2.0 * M_PI * j / period);
        if (exponent < -NOTHING) {
            return;
        }
        sum->weight[sum->count++] = exp(exponent) * (j == 0 || 2.0 * j == period ? 1.0 : 2.0) / period;
    }
}

/* n j pi/period with the whole turns taken out before rounding. */
static double half_phase(const theta_sum *sum, double n, int j) {
    return M_PI * fmod(n * j, 2.0 * sum->period) / sum->period;
}

static double sum_at(const theta_sum *sum, double n) {
    double p = 0.0;
    for (int j = sum->count - 1; j >= 0; j--) {
        p += sum->weight[j] * cos(half_phase(sum, 2.0 * n, j));
    }
    return p;
}

/* p(n) - p(m) without cancellation: cos a - cos b = 2 sin((b + a)/2) sin((b - a)/2). */
static double sum_difference(const theta_sum *sum, double n, double m) {
    double p = 0.0;
    for (int j = sum->count - 1; j > 0; j--) {
        p += 2.0 * sum->weight[j] * sin(half_phase(sum, m + n, j)) * sin(half_phase(sum, m - n, j));
    }
    return p;
}

static double stencil_kernel(const qep_kernel_axis *axis, double t, double *excess) {
    const double m = (double)axis->m, reach = ceil(REACH * sqrt(t) / axis->h + MARGIN), last = fmin(m, reach);
    theta_sum sum;
    sample_theta(axis, t, 2.0 * ceil(0.5 * (last + reach)), &sum);
    for (size_t n = 0; n <= axis->m; n++) {
        excess[n] = m <= reach ? sum_difference(&sum, (double)n, m) : (double)n <= last ? sum_at(&sum, (double)n) : 0.0;
    }
    return m <= reach ? sum_at(&sum, m) : 0.0;
}

/* sqrt(4 pi tau) p(n) of the exact symbol: with x = n/(2 sqrt tau), y = pi sqrt(tau), p is the Gaussian less (-1)^n exp(-y^2) Re w(x + i y), w
 * being Faddeeva's function; its trapezoidal sum of step ETA and the residue of the pole (Chiarella and Reichel, Math. Comp. 22 (1968) 137),
 * whose exponentials turn into the Gaussian's because 2 x y = pi n. The nodes are those of the two sets that keep away from x. */
static double voigt(double n, double tau) {
    const double ETA = 0.5, x = 0.5 * n / sqrt(tau), y = M_PI * sqrt(tau), turns = x / ETA - floor(x / ETA);
    const double offset = turns > 0.25 && turns < 0.75 ? 0.0 : 0.5, a = 2.0 * M_PI * y / ETA;
    double sum = 0.0;
    for (int k = -13; k <= 13; k++) {
        const double s = ETA * (k + offset);
        sum += exp(-s * s) / ((x - s) * (x - s) + y * y);
    }
    const double pole = exp(-x * x) * sinh(a) / (cosh(a) - cos(2.0 * M_PI * (turns - offset)));
    return pole - (fmod(n, 2.0) == 0.0 ? 1.0 : -1.0) * exp(-y * y) * ETA * y / M_PI * sum;
}

static double exact_kernel(const qep_kernel_axis *axis, double t, double *excess) {
    const double m = (double)axis->m, tau = t / axis->h / axis->h, scale = 1.0 / sqrt(4.0 * M_PI * tau);
    const int gaussian = M_PI * M_PI * tau > NOTHING;
    const double at_m = gaussian ? exp(-0.25 * m * m / tau) : voigt(m, tau);
    for (size_t i = 0; i <= axis->m; i++) {
        const double n = (double)i;
        excess[i] = scale * (gaussian ? -exp(-0.25 * n * n / tau) * expm1(-0.25 * (m - n) * (m + n) / tau) : voigt(n, tau) - at_m);
    }
    return scale * at_m;
}

double qep_heat_kernel(const qep_kernel_axis *axis, double t, double *excess) {
    return axis->stencil ? stencil_kernel(axis, t, excess) : exact_kernel(axis, t, excess);
}

/* (1/pi) int_0^pi [1/-lambda - 1/theta^2] dtheta - (1/pi) int_pi^inf dtheta/theta^2. For a stencil 1/theta^2 may be replaced by
 * 1/(4 sin^2(theta/2)), whose integral makes up for the second term; the rest is periodic. */
double qep_heat_constant(const qep_kernel_axis *axis) {
    const int points = 20; /* midpoints of half a period: order 8 converges like exp(-1.5 * 40) */
    double sum = 0.0;
    for (int j = 0; axis->stencil && j < points; j++) {
        const double theta = M_PI * (j + 0.5) / points, s = 2.0 * sin(0.5 * theta);
        sum += 1.0 / (-qep_stencil_symbol2(axis->stencil, theta) * axis->h * axis->h) - 1.0 / (s * s);
    }
    return axis->stencil ? sum / points : -1.0 / (M_PI * M_PI);
}
