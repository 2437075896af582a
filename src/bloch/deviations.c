/* Deviations from the universal relations, each between sums that were formed from different kernels or at different (mu, T). U1: alpha against the
 * Mott integral of sigma(T = 0) by quadrature. U2: d alpha/d mu = -(1/e) d sigma/dT by fourth-order differences. U3: the low-temperature ratio. U4: a
 * filled set of bands has sigma_xy = -C e^2/h. U5: entropy production times T against E.sigma.E. */
#include "bloch/deviations.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static const double step_T = 0.01, step_mu = 0.01; /* of T, of k_B T */

#define BIT(i) (1u << QEP_BLOCH_##i)

unsigned bloch_deviation_integrals(const qep_bloch_model *model) {
    const unsigned sum_rule = model->r || model->function ? 0 : BIT(PAIRS) | BIT(TRACE);
    return BIT(OMEGA_F) | BIT(OMEGA_S) | BIT(OMEGA_N) | BIT(VV) | BIT(VV_X) | BIT(VV_S) | BIT(FISHER) | BIT(Z_F) | BIT(Z_S) | BIT(Z_N) | BIT(ZR_F) |
           sum_rule;
}

void bloch_deviation_neighbours(qep_bloch_state_point at, qep_bloch_state_point out[BLOCH_NEIGHBOURS]) {
    static const double steps[4] = {-2.0, -1.0, 1.0, 2.0};
    for (int i = 0; i < 4; i++) {
        out[i] = (qep_bloch_state_point){at.T * (1.0 + step_T * steps[i]), at.mu};
        out[i + 4] = (qep_bloch_state_point){at.T, at.mu + step_mu * steps[i] * QEP_BOLTZMANN * at.T};
    }
}

typedef struct {
    const qep_bloch_problem *p;
    const qep_bloch_sums *sums;
    size_t state; /* the present one */
    int symmetric, antisymmetric;
} place;

static const double *at(const place *x, size_t state, qep_bloch_integral i) {
    return x->sums->value + state * x->sums->width + x->sums->at[i];
}

/* max |factor a - b| / max |b| over the components; 0 when all are. */
static double difference(const double *a, double factor, const double *b, int count, double least) {
    double worst = 0.0, scale = least;
    for (int c = 0; c < count; c++) {
        worst = fmax(worst, fabs(factor * a[c] - b[c]));
        scale = fmax(scale, fabs(b[c]));
    }
    return scale > 0.0 ? worst / scale : 0.0;
}

static double onsager(const place *x) {
    return difference(at(x, x->state, QEP_BLOCH_OMEGA_N), 1.0, at(x, x->state, QEP_BLOCH_OMEGA_S), x->antisymmetric, 0.0);
}

static double U1(const place *x) {
    const double hall = onsager(x);
    const double inter = difference(at(x, x->state, QEP_BLOCH_Z_N), 1.0, at(x, x->state, QEP_BLOCH_Z_S), x->symmetric, 0.0);
    return fmax(hall, inter);
}

static double U1_drude(const place *x) {
    return difference(at(x, x->state, QEP_BLOCH_VV_S), 1.0, at(x, x->state, QEP_BLOCH_VV_X), x->symmetric, 0.0);
}

/* Derivative of a component with respect to T (first = 0) or mu/k_B (first = 4), per K. */
static double slope(const place *x, qep_bloch_integral i, int c, size_t first) {
    const size_t own = x->p->temperatures * x->p->mus, base = own + x->state * BLOCH_NEIGHBOURS + first;
    const double T = x->p->temperature[x->state / x->p->mus], h = T * (first ? step_mu : step_T);
    const double v[4] = {at(x, base, i)[c], at(x, base + 1, i)[c], at(x, base + 2, i)[c], at(x, base + 3, i)[c]};
    return (v[0] - 8.0 * v[1] + 8.0 * v[2] - v[3]) / (12.0 * h);
}

/* ds-like sum over d(mu/k_B) against df-like sum over dT: the kernels have the same prefactors, with a sign for the Drude and interband parts. */
static double maxwell(const place *x, qep_bloch_integral alpha, qep_bloch_integral sigma, int count, double sign) {
    double worst = 0.0, scale = 0.0;
    for (int c = 0; c < count; c++) {
        const double a = slope(x, alpha, c, 4), s = sign * slope(x, sigma, c, 0);
        worst = fmax(worst, fabs(a - s));
        scale = fmax(scale, fabs(s));
    }
    return scale > 0.0 ? worst / scale : 0.0;
}

static double U2(const place *x) {
    const double hall = maxwell(x, QEP_BLOCH_OMEGA_S, QEP_BLOCH_OMEGA_F, x->antisymmetric, 1.0);
    const double inter = maxwell(x, QEP_BLOCH_Z_S, QEP_BLOCH_Z_F, x->symmetric, 1.0);
    return fmax(fmax(hall, inter), maxwell(x, QEP_BLOCH_VV_X, QEP_BLOCH_VV, x->symmetric, 1.0));
}

/* s-sum = (pi^2/3) T d(f-sum)/d(mu/k_B) to order T^2. */
static double U3(const place *x) {
    const double T = x->p->temperature[x->state / x->p->mus];
    double worst = 0.0, scale = 0.0;
    for (int c = 0; c < x->antisymmetric; c++) {
        const double mott = QEP_PI * QEP_PI / 3.0 * T * slope(x, QEP_BLOCH_OMEGA_F, c, 4), own = at(x, x->state, QEP_BLOCH_OMEGA_S)[c];
        worst = fmax(worst, fabs(own - mott));
        scale = fmax(scale, fabs(own));
    }
    return scale > 0.0 ? worst / scale : 0.0;
}

/* sigma_xy h/e^2 to the nearest integer: meaningful in a gap of a sheet, exponentially small there as T falls. */
static double U4(const place *x) {
    const double C = 2.0 * QEP_PI * at(x, x->state, QEP_BLOCH_OMEGA_F)[0];
    return fabs(C - round(C));
}

static double U5(const place *x) {
    const double drude = difference(at(x, x->state, QEP_BLOCH_FISHER), 1.0, at(x, x->state, QEP_BLOCH_VV), x->symmetric, 0.0);
    /* ZR holds e^2 less in the denominator and kT more: both are e_nm Re(VV)/e_nm^2 L. */
    return fmax(drude, difference(at(x, x->state, QEP_BLOCH_ZR_F), 1.0, at(x, x->state, QEP_BLOCH_Z_F), x->symmetric, 0.0));
}

static double f_sum(const place *x) {
    double whole[6];
    for (int c = 0; c < x->symmetric; c++) {
        whole[c] = at(x, x->state, QEP_BLOCH_PAIRS)[c] + at(x, x->state, QEP_BLOCH_VV)[c];
    }
    return difference(whole, 1.0, at(x, x->state, QEP_BLOCH_TRACE), x->symmetric, 0.0);
}

static const struct {
    const char *name, *text;
    double (*value)(const place *x);
    int only_2d;
    unsigned needs;
} rows[] = {
    /* clang-format off */
    {"deviations/U1",       "U1: alpha^H and alpha^inter against the Mott integral of sigma at T = 0, relative", U1, 0, 0},
    {"deviations/U1_drude", "U1: alpha^D against the Mott integral of the Fermi-sea Drude weight, relative (of the order of the k-grid's error)", U1_drude, 0, 0},
    {"deviations/U2",       "U2: d alpha/d mu against -(1/e) d sigma/dT by differences, relative", U2, 0, 0},
    {"deviations/U3",       "U3: alpha^H against its low-temperature limit, relative; of order T^2", U3, 0, 0},
    {"deviations/U4",       "U4: sigma^H h/e^2 to the nearest integer; exponentially small in a gap only", U4, 1, 0},
    {"deviations/U5",       "U5: entropy production times T against E sigma E, relative", U5, 0, 0},
    {"deviations/onsager",  "entropy Hall against anomalous Nernst coefficient, relative", onsager, 0, 0},
    {"deviations/f_sum",    "f-sum rule, relative (of the order of the k-grid's error)", f_sum, 0, BIT(PAIRS)},
    /* clang-format on */
};

qep_status bloch_put_deviations(const qep_bloch_problem *p, const qep_bloch_sums *sums, qep_bloch_put put, void *user, qep_error *err) {
    const size_t own = p->temperatures * p->mus;
    const int dim = p->model->dim;
    double *values = NULL;
    QEP_TRY(qep_alloc_doubles(&values, own, "deviations", err));
    qep_status status = QEP_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && status == QEP_OK; i++) {
        if ((rows[i].only_2d && dim != 2) || (rows[i].needs & ~bloch_deviation_integrals(p->model))) {
            continue;
        }
        for (size_t s = 0; s < own; s++) {
            const place x = {p, sums, s, dim * (dim + 1) / 2, dim * (dim - 1) / 2};
            values[s] = rows[i].value(&x);
        }
        status = put(user,
                     &(qep_bloch_table){rows[i].name, rows[i].text, "temperature chemical_potential", QEP_DIM_NONE, 2, {p->temperatures, p->mus}, values},
                     err);
    }
    qep_free(values);
    return status;
}
