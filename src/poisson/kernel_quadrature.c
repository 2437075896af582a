/* Nodes and weights of the heat-time integral 1/Lambda = int_0^inf exp(-Lambda t) dt, one set for all modes: the trapezoidal rule in x after
 * t = t0 exp(x - exp(-x) + exp(x - X)), doubly exponential at both ends (Takahasi and Mori, Publ. RIMS 9 (1974) 721). Between the ends t grows
 * by exp(0.24) per node, and the error of every exp(-Lambda t) is below 1e-15. */
#include "kernel_impl.h"

#include <math.h>

/* Measured over 14 decades of Lambda: step 0.24, START -3.6 and t0 = 1/Lambda_max give 9e-16; step 0.26 gives 2e-15, t0 = 3/Lambda_max 1e-15. */
static const double STEP = 0.24, START = -3.6;
/* exp(-DONE) of an exponential, and of a power law's relative remainder, is nothing. */
static const double DONE = 45.0, DROPPED = 37.0;

void qep_heat_range(const qep_kernel_axis *axis, double *largest, double *smallest) {
    *largest = *smallest = 0.0;
    if (axis->open) {
        *largest = axis->stencil ? -qep_stencil_symbol2(axis->stencil, M_PI) : (M_PI / axis->h) * (M_PI / axis->h);
        return;
    }
    *smallest = -axis->eigenvalues[0];
    for (size_t k = 0; k < axis->modes; k++) {
        *largest = fmax(*largest, -axis->eigenvalues[k]);
        *smallest = fmin(*smallest, -axis->eigenvalues[k]);
    }
}

/* The smallest sum of closed eigenvalues that is not 0; INFINITY when there is none. */
static double smallest_nonzero(const qep_kernel_axis axis[3], double sum) {
    double smallest = sum > 0.0 ? sum : INFINITY;
    for (int d = 0; d < 3 && sum == 0.0; d++) {
        for (size_t k = 0; !axis[d].open && k < axis[d].modes; k++) {
            const double value = -axis[d].eigenvalues[k];
            smallest = value > 0.0 ? fmin(smallest, value) : smallest;
        }
    }
    return smallest;
}

/* The time from which on the integrand is a power of t with corrections in 1/t: beyond the diffusion over the padded axis, beyond the times
 * at which single lattice modes live, and beyond those of the closed modes. */
static double tail_start(const qep_kernel_axis axis[3], double smallest) {
    double start = isinf(smallest) ? 0.0 : 300.0 / smallest;
    for (int d = 0; d < 3; d++) {
        const double m = (double)axis[d].m;
        start = axis[d].open ? fmax(start, axis[d].h * axis[d].h * fmax(0.3 * m * m, 30.0)) : start;
    }
    return start;
}

size_t qep_heat_nodes(const qep_kernel_axis axis[3], qep_heat_node *node) {
    double largest = 0.0, sum = 0.0;
    int open = 0;
    for (int d = 0; d < 3; d++) {
        double high, low;
        qep_heat_range(&axis[d], &high, &low);
        largest += high;
        sum += low;
        open += axis[d].open;
    }
    const double t0 = 1.0 / largest, smallest = smallest_nonzero(axis, sum);
    const double start = sum > 0.0 ? INFINITY : tail_start(axis, smallest), bend = log(start / t0); /* X */
    const double power = open == 2 ? 1.0 : 0.5; /* t dt times the integrand falls like t^-power where no closed mode damps it */
    size_t count = 0;
    for (size_t i = 0;; i++) {
        const double x = START + STEP * (double)i, left = exp(-x), right = sum > 0.0 ? 0.0 : exp(x - bend);
        const double t = t0 * exp(x - left + right);
        if (sum > 0.0 ? t * sum > DONE : power * log(t / start) > DROPPED) {
            return count;
        }
        if (node) {
            node[count] = (qep_heat_node){t, STEP * t * (1.0 + left + right)};
        }
        count++;
    }
}
