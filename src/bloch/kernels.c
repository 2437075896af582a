/* Fermi kernels in forms that keep their relative accuracy far into the tails: everything is made of exp(-|x|), x = (e - mu)/kT. */
#include "bloch/kernels.h"

#include <math.h>

/* integral_|x|^inf u / (4 cosh^2(u/2)) du with u = |x| + t and t on Gauss-Legendre panels [0, 2], [2, 6], [6, 16], [16, 48]: the integrand is
 * odd, so that the part from -|x| to |x| drops out. 12 points per panel; beyond t = 48 there are 1e-19 of it. */
enum { GAUSS = 12, PANELS = 5 };

static const double gauss_x[GAUSS / 2] = {0.12523340851146891547, 0.36783149899818019375, 0.58731795428661744730,
                                          0.76990267419430468704, 0.90411725637047485668, 0.98156063424671925069};
static const double gauss_w[GAUSS / 2] = {0.24914704581340278500, 0.23349253653835480876, 0.20316742672306592175,
                                          0.16007832854334622633, 0.10693932599531843096, 0.04717533638651182719};

static double mott(double size, double e) {
    static const double edge[PANELS + 1] = {0.0, 1.5, 4.0, 9.0, 20.0, 48.0};
    double sum = 0.0;
    for (int p = 0; p < PANELS; p++) {
        const double half = 0.5 * (edge[p + 1] - edge[p]), middle = 0.5 * (edge[p + 1] + edge[p]);
        for (int i = 0; i < GAUSS; i++) {
            const double t = middle + half * (i % 2 ? gauss_x[i / 2] : -gauss_x[i / 2]), E = exp(-t), c = 1.0 + e * E;
            sum += half * gauss_w[i / 2] * (size + t) * E / (c * c);
        }
    }
    return e * sum;
}

void bloch_kernels(double energy, double mu, double kT, unsigned mask, double value[KERNEL_COUNT]) {
    const double x = (energy - mu) / kT, size = fabs(x), e = exp(-size), c = 1.0 / (1.0 + e), low = e * c;
    value[KERNEL_F] = x > 0.0 ? low : c;
    value[KERNEL_S] = log1p(e) + size * low;
    value[KERNEL_DF] = low * c / kT;
    value[KERNEL_XDF] = x * value[KERNEL_DF];
    value[KERNEL_MOTT] = mask & (1u << KERNEL_MOTT) ? mott(size, e) : 0.0;
    if (mask & (1u << KERNEL_FISHER)) {
        const double slope = 0.25 / (kT * cosh(0.5 * x) * cosh(0.5 * x)), product = c * low;
        value[KERNEL_FISHER] = size > 300.0 ? 0.0 : kT * slope * slope / product;
    } else {
        value[KERNEL_FISHER] = 0.0;
    }
}

double bloch_step(double e, double mu) {
    return e < mu ? 1.0 : e > mu ? 0.0 : 0.5;
}

bloch_kernel bloch_kernel_slope(bloch_kernel k) {
    return k == KERNEL_F ? KERNEL_DF : KERNEL_XDF;
}
