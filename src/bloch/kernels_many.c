/* Fermi kernels for several chemical potentials at once: the scan spends its time here, so that every loop is one that compilers vectorise. */
#include "bloch/kernels.h"

#include "qep/base/constants.h"
#include "qep/base/simd.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- the Mott integral as piecewise polynomials ---- */

static double mott_at(double size) {
    double value[KERNEL_COUNT];
    bloch_kernels(size, 0.0, 1.0, 1u << KERNEL_MOTT, value);
    return value[KERNEL_MOTT] * exp(size);
}

/* Coefficients of Chebyshev polynomials from values in their points, then of powers. The poles at +- i pi make them fall like 12^-m. */
static void fit(double begin, double term[MOTT_TERMS]) {
    double power[2][MOTT_TERMS] = {{1.0}, {0.0, 1.0}}; /* of T_(m-2) and T_(m-1), alternating */
    memset(term, 0, MOTT_TERMS * sizeof *term);
    for (int m = 0; m < MOTT_TERMS; m++) {
        double c = 0.0, *now = power[m % 2];
        const double *before = power[(m + 1) % 2];
        for (int i = 0; i < MOTT_TERMS; i++) {
            const double angle = QEP_PI * (i + 0.5) / MOTT_TERMS;
            c += (m ? 2.0 : 1.0) / MOTT_TERMS * cos(m * angle) * mott_at(begin + 0.5 * (cos(angle) + 1.0));
        }
        for (int k = MOTT_TERMS - 1; k >= 0 && m > 1; k--) { /* T_m = 2 x T_(m-1) - T_(m-2) */
            now[k] = (k ? 2.0 * before[k - 1] : 0.0) - now[k];
        }
        for (int k = 0; k <= m; k++) {
            term[k] += c * now[k];
        }
    }
}

void bloch_mott_fill(bloch_mott *mott) {
    for (int p = 0; p < MOTT_PANELS; p++) {
        fit(p, mott->term[p]);
    }
}

static void mott_values(const bloch_mott *mott, const double size[KERNEL_LANES], const double e[KERNEL_LANES], double out[KERNEL_LANES]) {
    for (int l = 0; l < KERNEL_LANES; l++) {
        const int panel = size[l] < MOTT_PANELS ? (int)size[l] : MOTT_PANELS - 1;
        const double x = fmin(2.0 * (size[l] - panel) - 1.0, 1.0), *term = mott->term[panel];
        double sum = term[MOTT_TERMS - 1];
        for (int k = MOTT_TERMS - 2; k >= 0; k--) {
            sum = sum * x + term[k];
        }
        out[l] = sum * e[l];
    }
}

/* ---- exp and log1p ---- */

/* exp(-size), 0 <= size <= 700: size = n ln 2 + r, |r| <= ln 2/2, and a Taylor polynomial. */
static inline void exp_minus(const double size[KERNEL_LANES], double out[KERNEL_LANES]) {
    static const double shifter = 6755399441055744.0, ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    static const double inverse[14] = {1.0,         1.0,          1.0 / 2,        1.0 / 6,         1.0 / 24,         1.0 / 120,         1.0 / 720,
                                       1.0 / 5040,  1.0 / 40320,  1.0 / 362880,   1.0 / 3628800,   1.0 / 39916800,   1.0 / 479001600,   1.0 / 6227020800};
    for (int l = 0; l < KERNEL_LANES; l++) {
        const double moved = size[l] * 1.44269504088896340736 + shifter, n = moved - shifter;
        const double r = -((size[l] - n * ln2_high) - n * ln2_low);
        double sum = inverse[13];
        for (int k = 12; k >= 0; k--) {
            sum = sum * r + inverse[k];
        }
        int64_t bits;
        double power;
        memcpy(&bits, &moved, sizeof bits);
        bits = (int64_t)((uint64_t)(1023 - (bits & 0x7ff)) << 52); /* 2^-n; n <= 1010 */
        memcpy(&power, &bits, sizeof power);
        out[l] = sum * power;
    }
}

/* log1p(e), 0 <= e <= 1: twice the inverse hyperbolic tangent of e/(2 + e) <= 1/3. */
static inline void log1p_of(const double e[KERNEL_LANES], double out[KERNEL_LANES]) {
    for (int l = 0; l < KERNEL_LANES; l++) {
        const double t = e[l] / (2.0 + e[l]), t2 = t * t;
        double sum = 1.0 / 35.0;
        for (int k = 33; k >= 1; k -= 2) {
            sum = sum * t2 + 1.0 / k;
        }
        out[l] = 2.0 * t * sum;
    }
}

QEP_VARIANTS void bloch_kernels_many(double energy, const double mu[KERNEL_LANES], double kT, unsigned mask, const bloch_mott *mott,
                                     double value[KERNEL_COUNT][KERNEL_LANES]) {
    double x[KERNEL_LANES], size[KERNEL_LANES], e[KERNEL_LANES], log1p_e[KERNEL_LANES];
    const double per_kT = 1.0 / kT;
    for (int l = 0; l < KERNEL_LANES; l++) {
        x[l] = (energy - mu[l]) / kT;
        size[l] = fabs(x[l]) < 700.0 ? fabs(x[l]) : 700.0;
    }
    exp_minus(size, e);
    log1p_of(e, log1p_e);
    for (int l = 0; l < KERNEL_LANES; l++) {
        const double c = 1.0 / (1.0 + e[l]), low = e[l] * c;
        value[KERNEL_F][l] = x[l] > 0.0 ? low : c;
        value[KERNEL_S][l] = log1p_e[l] + size[l] * low;
        value[KERNEL_DF][l] = low * c * per_kT;
        value[KERNEL_XDF][l] = x[l] * value[KERNEL_DF][l];
        value[KERNEL_XXDF][l] = x[l] * value[KERNEL_XDF][l];
        value[KERNEL_MOTT][l] = 0.0;
        /* kT slope^2/product as written, where it does not underflow */
        value[KERNEL_FISHER][l] = size[l] < 300.0 ? (value[KERNEL_DF][l] * kT) * value[KERNEL_DF][l] / (c * low) : 0.0;
    }
    if (mask & (1u << KERNEL_MOTT)) {
        mott_values(mott, size, e, value[KERNEL_MOTT]);
    }
}
