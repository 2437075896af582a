/* The table of quantities and their prefactors: integrals come in eV and m, results go out in SI (docs/bloch.md, sections 3 to 5 and the table
 * of units). Carriers have the charge -e. */
#include "qep/bloch/quantity.h"

#include "qep/base/constants.h"
#include <math.h>
#include <string.h>

#define E_ QEP_E_CHARGE
#define HBAR QEP_HBAR
#define K_B QEP_BOLTZMANN

typedef const qep_bloch_settings settings;

static int symmetric(int dim, int a, int b) {
    const int low = a < b ? a : b, high = a < b ? b : a;
    return low * dim - low * (low - 1) / 2 + high - low;
}

static const double *at(const qep_bloch_sums *sums, size_t s, qep_bloch_integral i) {
    return sums->value + s * sums->width + sums->at[i];
}

/* out[a][b] = factor * component (ab) of a symmetric integral. */
static void spread_symmetric(const double *from, double factor, int dim, double *out) {
    for (int a = 0; a < dim; a++) {
        for (int b = 0; b < dim; b++) {
            out[a * dim + b] = factor * from[symmetric(dim, a, b)];
        }
    }
}

static void spread_antisymmetric(const double *from, double factor, int dim, double *out) {
    for (int a = 0, g = 0; a < dim; a++) {
        out[a * dim + a] = 0.0;
        for (int b = a + 1; b < dim; b++, g++) {
            out[a * dim + b] = factor * from[g];
            out[b * dim + a] = -factor * from[g];
        }
    }
}

#define VALUE(name) static void name(const qep_bloch_sums *q, size_t s, double T, size_t w, int dim, settings *set, double *out)
#define UNUSED (void)T, (void)w, (void)dim, (void)set

VALUE(value_n) {
    UNUSED;
    out[0] = at(q, s, QEP_BLOCH_N)[0];
}

VALUE(value_s) {
    UNUSED;
    out[0] = K_B * at(q, s, QEP_BLOCH_S)[0];
}

VALUE(value_dos) {
    UNUSED;
    out[0] = at(q, s, QEP_BLOCH_DOS)[0] / E_;
}

/* ---- linear response: B3 ---- */

VALUE(value_sigma_H) {
    UNUSED;
    spread_antisymmetric(at(q, s, QEP_BLOCH_OMEGA_F), -E_ * E_ / HBAR, dim, out);
}

VALUE(value_alpha_H) {
    UNUSED;
    spread_antisymmetric(at(q, s, QEP_BLOCH_OMEGA_S), E_ * K_B / HBAR, dim, out);
}

VALUE(value_alpha_N) {
    UNUSED;
    spread_antisymmetric(at(q, s, QEP_BLOCH_OMEGA_N), E_ * K_B / HBAR, dim, out);
}

/* At T = 0 -f' is a delta function, which no grid resolves: there the Drude weight is the Fermi-sea form, sum f d2e. */
VALUE(value_sigma_D) {
    UNUSED;
    spread_symmetric(at(q, s, T > 0.0 ? QEP_BLOCH_VV : QEP_BLOCH_SEA), E_ * E_ * E_ * set->tau / (HBAR * HBAR), dim, out);
}

/* The same by parts, with the entropy itself as kernel: positive, where -f' x is odd. */
static const double *entropy_weight(const qep_bloch_sums *q, size_t s, settings *set) {
    const int summed = q->at[QEP_BLOCH_VV_S + 1] != q->at[QEP_BLOCH_VV_S];
    return at(q, s, set->sea && summed ? QEP_BLOCH_VV_S : QEP_BLOCH_VV_X);
}

VALUE(value_alpha_D) {
    UNUSED;
    spread_symmetric(entropy_weight(q, s, set), -K_B * E_ * E_ * set->tau / (HBAR * HBAR), dim, out);
}

static const double *inter(const qep_bloch_sums *q, size_t s, qep_bloch_integral i, size_t w, int dim) {
    return at(q, s, i) + w * (size_t)(dim * (dim + 1) / 2);
}

VALUE(value_sigma_inter) {
    UNUSED;
    spread_symmetric(inter(q, s, QEP_BLOCH_Z_F, w, dim), E_ * E_ * E_ * set->tau / (HBAR * HBAR), dim, out);
}

/* 1 + (omega tau)^2 of frequency number w. */
static double drude_damping(settings *set, size_t w) {
    const double turn = w ? 2.0 * QEP_PI * set->frequency[w - 1] * set->tau : 0.0;
    return 1.0 + turn * turn;
}

VALUE(value_alpha_S) {
    double part[9] = {0};
    const double factor = -K_B * E_ * E_ * set->tau / (HBAR * HBAR);
    value_alpha_D(q, s, T, w, dim, set, out);
    spread_symmetric(inter(q, s, QEP_BLOCH_Z_S, w, dim), factor, dim, part);
    for (int i = 0; i < dim * dim; i++) {
        out[i] = out[i] / drude_damping(set, w) + part[i];
    }
}

/* (1/T) tau sum v_a v_b (e - mu)^2 (-f'): heat conduction of the electrons where no field holds the current back. */
VALUE(value_kappa_D) {
    UNUSED;
    spread_symmetric(at(q, s, QEP_BLOCH_VV_XX), K_B * K_B * T * E_ * set->tau / (HBAR * HBAR), dim, out);
}

typedef void value_function(const qep_bloch_sums *q, size_t s, double T, size_t w, int dim, settings *set, double *out);

/* out = the sum of static tensors of rank 2. */
static void add_tensors(value_function *const value[], size_t count,
                        const qep_bloch_sums *q, size_t s, double T, int dim, settings *set, double *out) {
    double part[9] = {0};
    value[0](q, s, T, 0, dim, set, out);
    for (size_t i = 1; i < count; i++) {
        value[i](q, s, T, 0, dim, set, part);
        for (int c = 0; c < dim * dim; c++) {
            out[c] += part[c];
        }
    }
}

VALUE(value_sigma) {
    UNUSED;
    add_tensors((value_function *const[]){value_sigma_D, value_sigma_inter, value_sigma_H},
                3, q, s, T, dim, set, out);
}

VALUE(value_alpha) {
    UNUSED;
    add_tensors((value_function *const[]){value_alpha_S, value_alpha_H}, 2, q, s, T,
                dim, set, out);
}

VALUE(value_fg) {
    UNUSED;
    spread_symmetric(at(q, s, QEP_BLOCH_METRIC), 1.0, dim, out);
}

VALUE(value_fG) {
    UNUSED;
    spread_symmetric(at(q, s, QEP_BLOCH_G), 1.0 / E_, dim, out);
}

/* ---- second order: B5 ---- */

/* out[a][b][c] = factor * component (a; bc) of an integral [dim][symmetric]. */
static void spread_third(const double *from, double factor, int dim, double *out) {
    for (int a = 0; a < dim; a++) {
        spread_symmetric(from + a * (dim * (dim + 1) / 2), factor, dim, out + a * dim * dim);
    }
}

VALUE(value_T1) {
    UNUSED;
    spread_third(at(q, s, QEP_BLOCH_T1), E_ * E_ / HBAR, dim, out);
}

VALUE(value_T2) {
    UNUSED;
    spread_third(at(q, s, QEP_BLOCH_T2), -E_ * E_ / HBAR, dim, out);
}

/* With s_in = (T1_b;ac + T1_c;ab)/2: adiabatic 2 s_in - T1_a;bc/2, rta s_in - T1_a;bc/2 - T2_a;bc, hall s_in - T1_a;bc. */
VALUE(value_sigma2) {
    static const double weights[QEP_BLOCH_SCHEMES][3] = {{2.0, -0.5, 0.0}, {1.0, -0.5, -1.0}, {1.0, -1.0, 0.0}};
    const double *x = weights[set->scheme];
    double T1[27] = {0}, T2[27] = {0};
    value_T1(q, s, T, w, dim, set, T1);
    if (set->scheme == QEP_BLOCH_RTA) {
        value_T2(q, s, T, w, dim, set, T2);
    }
    for (int a = 0; a < dim; a++) {
        for (int b = 0; b < dim; b++) {
            for (int c = 0; c < dim; c++) {
                const double in = 0.5 * (T1[(b * dim + a) * dim + c] + T1[(c * dim + a) * dim + b]);
                const int i = (a * dim + b) * dim + c;
                out[i] = x[0] * in + x[1] * T1[i] + x[2] * T2[i];
            }
        }
    }
}

/* D_abc = sum f d_c Omega^ab. */
VALUE(value_berry_dipole) {
    UNUSED;
    const double *from = at(q, s, QEP_BLOCH_DIPOLE);
    memset(out, 0, sizeof *out * (size_t)(dim * dim * dim));
    for (int a = 0, g = 0; a < dim; a++) {
        for (int b = a + 1; b < dim; b++, g++) {
            for (int c = 0; c < dim; c++) {
                out[(a * dim + b) * dim + c] = from[g * dim + c];
                out[(b * dim + a) * dim + c] = -from[g * dim + c];
            }
        }
    }
}

/* -(e^3 tau^2/hbar^3) sum f d_a d_b d_c e, half of it when the field is switched on slowly; symmetric in all indices. */
VALUE(value_nonlinear_drude) {
    double T3[27] = {0};
    const double factor = -E_ * E_ * E_ * E_ * set->tau * set->tau / (HBAR * HBAR * HBAR) * (set->scheme == QEP_BLOCH_ADIABATIC ? 0.5 : 1.0);
    UNUSED;
    spread_third(at(q, s, QEP_BLOCH_CUBIC), factor / 3.0, dim, T3);
    for (int a = 0; a < dim; a++) {
        for (int b = 0; b < dim; b++) {
            for (int c = 0; c < dim; c++) {
                out[(a * dim + b) * dim + c] = T3[(a * dim + b) * dim + c] + T3[(b * dim + c) * dim + a] + T3[(c * dim + a) * dim + b];
            }
        }
    }
}

/* ---- entropy production, order E^2: B3 ---- */

static double twice(const double *tensor, const double *field, int dim) {
    double sum = 0.0;
    for (int a = 0; a < dim; a++) {
        for (int b = 0; b < dim; b++) {
            sum += field[a] * field[b] * tensor[symmetric(dim, a, b)];
        }
    }
    return sum;
}

/* Both parts are the Kubo-Mori metric of rho under a displacement of k; the sums hold 1/kT once more than conductivities. */
static double metric_factor(settings *set, double T) {
    return K_B * set->tau * E_ * E_ / (HBAR * HBAR) / (K_B * T / E_);
}

VALUE(value_production_drude) {
    UNUSED;
    out[0] = metric_factor(set, T) * twice(at(q, s, QEP_BLOCH_FISHER), set->field, dim);
}

VALUE(value_production_interband) {
    UNUSED;
    out[0] = metric_factor(set, T) * twice(at(q, s, QEP_BLOCH_ZR_F), set->field, dim);
}

VALUE(value_production) {
    double inter_part = 0.0;
    value_production_drude(q, s, T, w, dim, set, out);
    value_production_interband(q, s, T, w, dim, set, &inter_part);
    out[0] += inter_part;
}

/* Heating (E.J)/T of the static response, from the conductivities. */
static double heating(const qep_bloch_sums *q, size_t s, double T, size_t w, int dim, settings *set) {
    double D[9] = {0}, Z[9] = {0}, sum = 0.0;
    value_sigma_D(q, s, T, w, dim, set, D);
    value_sigma_inter(q, s, T, w, dim, set, Z);
    for (int a = 0; a < dim; a++) {
        for (int b = 0; b < dim; b++) {
            sum += set->field[a] * set->field[b] * (D[a * dim + b] / drude_damping(set, w) + Z[a * dim + b]);
        }
    }
    return sum / T;
}

/* Pi - Q/T: zero in the steady state; what is printed is the difference of two independent sums. */
VALUE(value_rate_total) {
    value_production(q, s, T, w, dim, set, out);
    out[0] -= heating(q, s, T, 0, dim, set);
}

VALUE(value_production_ac) {
    out[0] = 0.5 * heating(q, s, T, w, dim, set);
}

/* ---- table ---- */

#define BIT(i) (1u << QEP_BLOCH_##i)
#define TAU QEP_BLOCH_NEEDS_TAU
#define FIELD QEP_BLOCH_NEEDS_FIELD
#define WARM QEP_BLOCH_NEEDS_WARM
#define PLACES QEP_BLOCH_NEEDS_POSITIONS
#define ALPHA QEP_DIMENSION(-1, 0, 0, 1, -1, 0, 0)   /* A/(K m) */
#define THERMAL QEP_DIMENSION(1, 1, -3, 0, -1, 0, 0) /* W/(K m) */
#define RATE QEP_DIMENSION(-1, 1, -3, 0, -1, 0, 0)   /* W/(K m^3) */
#define SECOND QEP_DIMENSION(-4, -2, 6, 3, 0, 0, 0)  /* A/V^2 */
#define DENSITY QEP_DIMENSION(-3, 0, 0, 0, 0, 0, 0)  /* 1/m^3 */
#define PER_JOULE QEP_DIMENSION(-5, -1, 2, 0, 0, 0, 0) /* 1/(J m^3) */
#define PER_LENGTH QEP_DIMENSION(-1, 0, 0, 0, 0, 0, 0)
#define PER_LENGTH_JOULE QEP_DIMENSION(-3, -1, 2, 0, 0, 0, 0) /* 1/(J m) */

static const qep_bloch_quantity rows[] = {
    /* clang-format off */
    {"s", "s", "entropy density of the electrons", 0, QEP_DIM_ENTROPY_DENSITY, 0, BIT(S), 0, 0, 0, value_s},
    {"n", "n", "electron density", 0, DENSITY, 0, BIT(N), 0, 0, 0, value_n},
    {"dos", "dn/dmu", "thermally broadened density of states", 0, PER_JOULE, 0, BIT(DOS), WARM, 0, 0, value_dos},
    {"sigma_D", "sigma^D", "Drude conductivity, static", 2, QEP_DIM_CONDUCTIVITY, 0, BIT(VV) | BIT(SEA), TAU, 0, 0, value_sigma_D},
    {"sigma_H", "sigma^H", "intrinsic anomalous Hall conductivity", 2, QEP_DIM_CONDUCTIVITY, 0, BIT(OMEGA_F), PLACES, 0, 0, value_sigma_H},
    {"sigma_inter", "sigma^inter", "interband (quantum-metric) conductivity, real symmetric part", 2, QEP_DIM_CONDUCTIVITY, 0, BIT(Z_F), TAU | PLACES,
     1, 0, value_sigma_inter},
    {"alpha_D", "alpha^D", "Drude entropy conductivity, static: J_s = alpha E", 2, ALPHA, 0, BIT(VV_X), TAU, 0, 0, value_alpha_D},
    {"alpha_H", "alpha^H", "entropy Hall conductivity: J_s = alpha E", 2, ALPHA, 0, BIT(OMEGA_S), PLACES, 0, 0, value_alpha_H},
    {"alpha_S", "alpha^S", "symmetric entropy conductivity, Drude and interband", 2, ALPHA, 0, BIT(VV_X) | BIT(Z_S), TAU | PLACES, 1, 0, value_alpha_S},
    {"alpha_N", "alpha^N", "anomalous Nernst coefficient by the Mott energy integral: J = alpha (-grad T)", 2, ALPHA, 0, BIT(OMEGA_N), PLACES, 0, 0,
     value_alpha_N},
    {"sigma", "sigma", "complete static conductivity: sigma_D + sigma_inter + sigma_H", 2, QEP_DIM_CONDUCTIVITY, 0,
     BIT(VV) | BIT(SEA) | BIT(Z_F) | BIT(OMEGA_F), TAU | PLACES, 0, 0, value_sigma},
    {"alpha", "alpha", "complete static entropy conductivity: alpha_S + alpha_H", 2, ALPHA, 0, BIT(VV_X) | BIT(Z_S) | BIT(OMEGA_S), TAU | PLACES, 0, 0,
     value_alpha},
    {"kappa_D", "kappa^D", "Drude thermal conductivity at zero field", 2, THERMAL, 0, BIT(VV_XX), TAU | WARM, 0, 0, value_kappa_D},
    {"fg", "int f g", "quantum metric of the occupied states", 2, PER_LENGTH, 0, BIT(METRIC), PLACES, 0, 0, value_fg},
    {"fG", "int f G", "band-normalised quantum metric of the occupied states", 2, PER_LENGTH_JOULE, 0, BIT(G), PLACES, 0, 0, value_fG},
    {"chern", "C", "Chern number of each band (link method)", 0, QEP_DIM_NONE, 1, 0, QEP_BLOCH_NEEDS_LATTICE | QEP_BLOCH_NEEDS_2D, 0, 1, NULL},
    {"bands", "epsilon", "band energies on the k-grid", 0, QEP_DIM_ENERGY, 1, 0, QEP_BLOCH_NEEDS_LATTICE, 0, 1, NULL},
    {"T1", "T1_a;bc", "second-order tensor of the band-normalised metric", 3, SECOND, 0, BIT(T1), WARM | PLACES, 0, 0, value_T1},
    {"T2", "T2_a;bc", "second-order tensor of the metric and velocity differences", 3, SECOND, 0, BIT(T2), PLACES, 0, 0, value_T2},
    {"sigma2", "sigma_abc", "intrinsic nonlinear conductivity, order tau^0: J_a = sigma_abc E_b E_c", 3, SECOND, 0, BIT(T1) | BIT(T2), WARM | PLACES, 0,
     0, value_sigma2},
    {"berry_dipole", "D_abc", "Berry-curvature dipole, int f d_c Omega^ab", 3, QEP_DIM_NONE, 0, BIT(DIPOLE), WARM | PLACES, 0, 0, value_berry_dipole},
    {"nonlinear_drude", "sigma^ND_abc", "nonlinear Drude conductivity, order tau^2", 3, SECOND, 0, BIT(CUBIC), TAU | WARM, 0, 0, value_nonlinear_drude},
    {"entropy_production", "Pi", "irreversible entropy production at order E^2", 0, RATE, 0, BIT(FISHER) | BIT(ZR_F), TAU | FIELD | WARM | PLACES, 0, 0,
     value_production},
    {"entropy_production_drude", "Pi^D", "its Drude part (classical Fisher metric)", 0, RATE, 0, BIT(FISHER), TAU | FIELD | WARM, 0, 0,
     value_production_drude},
    {"entropy_production_interband", "Pi^inter", "its interband part (quantum metric)", 0, RATE, 0, BIT(ZR_F), TAU | FIELD | WARM | PLACES, 0, 0,
     value_production_interband},
    {"entropy_production_ac", "mean Pi", "mean over a period of the entropy production under E cos(omega t)", 0, RATE, 0, BIT(VV) | BIT(SEA) | BIT(Z_F),
     TAU | FIELD | WARM | PLACES | QEP_BLOCH_NEEDS_FREQUENCY, 1, 0, value_production_ac},
    {"entropy_rate_total", "Pi_tot", "entropy production minus the entropy given to the bath; zero in the steady state", 0, RATE, 0,
     BIT(FISHER) | BIT(ZR_F) | BIT(VV) | BIT(SEA) | BIT(Z_F), TAU | FIELD | WARM | PLACES, 0, 0, value_rate_total},
    {"deviations", "", "deviations from the universal relations", 0, QEP_DIM_NONE, 1, 0, TAU | WARM | PLACES, 0, 1, NULL},
    /* clang-format on */
};

const qep_bloch_quantity *qep_bloch_quantities(size_t *count) {
    *count = sizeof rows / sizeof *rows;
    return rows;
}

const qep_bloch_quantity *qep_bloch_quantity_find(const char *name) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

qep_dimension qep_bloch_quantity_dimension(const qep_bloch_quantity *row, int dim) {
    return dim == 2 && !row->same_in_2d ? qep_dimension_multiply(row->dimension, QEP_DIM_LENGTH) : row->dimension;
}

const char *qep_bloch_scheme_name(qep_bloch_scheme scheme) {
    static const char *const names[] = {"adiabatic", "rta", "hall"};
    return names[scheme];
}
