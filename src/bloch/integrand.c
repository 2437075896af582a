/* What one k contributes to the integrals that are asked for: which channel and which kernel each of them multiplies. */
#include "bloch/sums.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static const double k_B = QEP_BOLTZMANN / QEP_E_CHARGE; /* eV/K */

const bloch_integral_row bloch_integrals[QEP_BLOCH_INTEGRALS] = {
    [QEP_BLOCH_N] = {CHANNEL_ONE, KERNEL_F},           [QEP_BLOCH_S] = {CHANNEL_ONE, KERNEL_S},
    [QEP_BLOCH_DOS] = {CHANNEL_ONE, KERNEL_DF},        [QEP_BLOCH_OMEGA_F] = {CHANNEL_OMEGA, KERNEL_F},
    [QEP_BLOCH_OMEGA_S] = {CHANNEL_OMEGA, KERNEL_S},   [QEP_BLOCH_OMEGA_N] = {CHANNEL_OMEGA, KERNEL_MOTT},
    [QEP_BLOCH_METRIC] = {CHANNEL_METRIC, KERNEL_F},   [QEP_BLOCH_G] = {CHANNEL_G, KERNEL_F},
    [QEP_BLOCH_VV] = {CHANNEL_VV, KERNEL_DF},          [QEP_BLOCH_VV_X] = {CHANNEL_VV, KERNEL_XDF},
    [QEP_BLOCH_VV_XX] = {CHANNEL_VV, KERNEL_XXDF},
    [QEP_BLOCH_VV_S] = {CHANNEL_M, KERNEL_MOTT},       [QEP_BLOCH_FISHER] = {CHANNEL_VV, KERNEL_FISHER},
    [QEP_BLOCH_SEA] = {CHANNEL_M, KERNEL_F},           [QEP_BLOCH_Z_F] = {CHANNEL_Z, KERNEL_F},
    [QEP_BLOCH_Z_S] = {CHANNEL_Z, KERNEL_S},           [QEP_BLOCH_Z_N] = {CHANNEL_Z, KERNEL_MOTT},
    [QEP_BLOCH_ZR_F] = {CHANNEL_ZR, KERNEL_F},         [QEP_BLOCH_T1] = {CHANNEL_VG, KERNEL_DF},
    [QEP_BLOCH_T2] = {CHANNEL_T2, KERNEL_F},           [QEP_BLOCH_DIPOLE] = {CHANNEL_VOMEGA, KERNEL_DF},
    [QEP_BLOCH_CUBIC] = {CHANNEL_VM, KERNEL_DF},       [QEP_BLOCH_PAIRS] = {CHANNEL_SUM, KERNEL_F},
    [QEP_BLOCH_TRACE] = {CHANNEL_TRACE, KERNEL_F},
};

size_t bloch_integrand_count(const bloch_integrand *what, int integral) {
    const bloch_layout *l = &what->layout;
    const int channel = (int)bloch_integrals[integral].channel;
    return l->at[channel + 1] - l->at[channel];
}

static double lowest_kT(const qep_bloch_request *r) {
    double low = INFINITY;
    for (size_t i = 0; i < r->states; i++) {
        low = r->state[i].T > 0.0 ? fmin(low, k_B * r->state[i].T) : low;
    }
    return low;
}

qep_status bloch_integrand_create(bloch_integrand *p, const qep_bloch_request *r, qep_error *err) {
    *p = (bloch_integrand){.request = r};
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, r->frequencies + 1, sizeof(double), "frequencies", err));
    p->omega = block;
    for (size_t w = 0; w < r->frequencies; w++) {
        p->omega[w + 1] = QEP_PLANCK * r->frequency[w] / QEP_E_CHARGE;
    }
    const double kT = lowest_kT(r);
    p->layout = (bloch_layout){.dim = r->model->dim,
                               .frequencies = r->frequencies + 1,
                               .omega = p->omega,
                               .rate = r->tau > 0.0 ? QEP_HBAR / (r->tau * QEP_E_CHARGE) : 1.0,
                               .near = isfinite(kT) ? 0.25 * kT : 1e-3};
    for (int i = 0; i < QEP_BLOCH_INTEGRALS; i++) {
        if (r->wanted & (1u << i)) {
            p->layout.mask |= 1u << bloch_integrals[i].channel;
            p->kernels |= 1u << bloch_integrals[i].kernel;
        }
    }
    bloch_layout_set(&p->layout);
    for (int i = 0; i < QEP_BLOCH_INTEGRALS; i++) {
        p->at[i] = p->width;
        p->width += r->wanted & (1u << i) ? bloch_integrand_count(p, i) : 0;
    }
    return QEP_OK;
}

void bloch_integrand_destroy(bloch_integrand *p) {
    qep_free(p->omega);
    p->omega = NULL;
}

/* Kernel values times channels, for all integrals that have a channel below `columns`. */
static void add_row(const bloch_integrand *p, const double *row, size_t columns, const double value[KERNEL_COUNT], double *out) {
    for (int i = 0; i < QEP_BLOCH_INTEGRALS; i++) {
        const bloch_integral_row *integral = &bloch_integrals[i];
        const size_t first = p->layout.at[integral->channel], count = bloch_integrand_count(p, i);
        if (!(p->request->wanted & (1u << i)) || first + count > columns) {
            continue;
        }
        for (size_t c = 0; c < count; c++) {
            out[p->at[i] + c] += value[integral->kernel] * row[first + c];
        }
    }
}

/* w(upper) - w(lower) of a pair of near levels: the integral of the slope, or the exact difference of two steps. */
static void pair_kernels(double low, double high, double mu, double kT, double value[KERNEL_COUNT]) {
    static const double x[4] = {-0.86113631159405257522, -0.33998104358485626480, 0.33998104358485626480, 0.86113631159405257522};
    static const double w[4] = {0.34785484513745385737, 0.65214515486254614263, 0.65214515486254614263, 0.34785484513745385737};
    const double half = 0.5 * (high - low);
    memset(value, 0, KERNEL_COUNT * sizeof *value);
    if (kT == 0.0) {
        value[KERNEL_F] = bloch_step(high, mu) - bloch_step(low, mu);
        return;
    }
    for (int q = 0; q < 4; q++) {
        double at[KERNEL_COUNT];
        bloch_kernels(0.5 * (low + high) + half * x[q], mu, kT, 0, at);
        for (int k = KERNEL_F; k < KERNEL_COUNT; k++) {
            value[k] -= half * w[q] * at[bloch_kernel_slope((bloch_kernel)k)];
        }
    }
}

void bloch_integrand_at(const bloch_integrand *p, const bloch_rows *rows, const double *energy, double weight, const qep_bloch_state_point *at,
                        double *out) {
    const size_t n = p->request->model->bands, width = p->layout.at[CHANNEL_COUNT];
    const double kT = k_B * at->T, mu = at->mu / QEP_E_CHARGE;
    double value[KERNEL_COUNT] = {0};
    memset(out, 0, p->width * sizeof *out);
    for (size_t b = 0; b < n; b++) {
        if (kT > 0.0) {
            bloch_kernels(energy[b], mu, kT, p->kernels, value);
        } else {
            value[KERNEL_F] = bloch_step(energy[b], mu);
        }
        add_row(p, rows->state + b * width, width, value, out);
    }
    for (size_t i = 0; i < rows->pairs; i++) {
        pair_kernels(rows->span[i][0], rows->span[i][1], mu, kT, value);
        add_row(p, rows->pair + i * p->layout.differences, p->layout.differences, value, out);
    }
    for (size_t c = 0; c < p->width; c++) {
        out[c] *= weight;
    }
}
