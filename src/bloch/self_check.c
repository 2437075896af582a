/* Checks that every run makes of itself: identities between sums that were formed from different kernels or channels. What is compared is measured by
 * sums without cancellation, so that symmetry, which makes results vanish, makes no check fail. */
#include "bloch/results.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

#define BIT(i) (1u << QEP_BLOCH_##i)

unsigned bloch_check_integrals(unsigned wanted) {
    const unsigned nernst = BIT(OMEGA_S) | BIT(OMEGA_N);
    wanted |= wanted & nernst ? nernst : 0;
    wanted |= wanted & BIT(FISHER) ? BIT(VV) : 0;
    return wanted | (wanted & BIT(ZR_F) ? BIT(Z_F) : 0);
}

/* ---- messages ---- */

static void say(const qep_bloch_problem *p, const qep_bloch_sums *sums) {
    const double eV = QEP_E_CHARGE;
    for (size_t i = 0; i < p->mus && sums->k_points > 0; i++) {
        if (p->mu[i] < sums->lowest || p->mu[i] > sums->highest) {
            qep_log_write(p->log, QEP_LOG_WARNING, "the chemical potential %.6g eV lies outside the bands, which reach from %.6g to %.6g eV", p->mu[i] / eV,
                          sums->lowest / eV, sums->highest / eV);
            break;
        }
    }
    qep_log_write(p->log, QEP_LOG_DETAIL, "bands from %.6g to %.6g eV, smallest gap between neighbouring levels %.3g eV, %zu k-points",
                  sums->lowest / eV, sums->highest / eV, sums->smallest_gap / eV, sums->k_points);
    if (sums->largest_G > 0.0) {
        qep_log_write(p->log, QEP_LOG_DETAIL, "largest band-normalised metric %.6g m^2/J at k = (%.6g, %.6g, %.6g)%s", sums->largest_G,
                      sums->largest_G_k[0], sums->largest_G_k[1], sums->largest_G_k[2],
                      p->model->function ? " 1/m" : " in units of the reciprocal vectors");
    }
}

/* ---- identities ---- */

typedef struct {
    const qep_bloch_problem *p;
    const qep_bloch_sums *sums;
    size_t state;
} place;

/* max |a - b| of two integrals over max |b|, or over `scale` if that is larger. */
static double difference(const place *x, qep_bloch_integral a, qep_bloch_integral b, int count, double scale) {
    const double *row = x->sums->value + x->state * x->sums->width;
    double worst = 0.0;
    for (int c = 0; c < count; c++) {
        const double other = row[x->sums->at[b] + (size_t)c];
        worst = fmax(worst, fabs(row[x->sums->at[a] + (size_t)c] - other));
        worst = isnan(other) ? NAN : worst;
        scale = fmax(scale, fabs(other));
    }
    return scale > 0.0 ? worst / scale : worst;
}

/* Rounding of sums that cancel is 1e-3 of the limit when measured by what pairs of bands contribute. */
static double onsager(const place *x) {
    return difference(x, QEP_BLOCH_OMEGA_N, QEP_BLOCH_OMEGA_S, x->p->model->dim * (x->p->model->dim - 1) / 2, 1e-3 * x->sums->curvature_size);
}

static const double least = 1e-100; /* below it kernels that are cut differ */

static double drude(const place *x) {
    return difference(x, QEP_BLOCH_FISHER, QEP_BLOCH_VV, x->p->model->dim * (x->p->model->dim + 1) / 2, least);
}

static double interband(const place *x) {
    return difference(x, QEP_BLOCH_ZR_F, QEP_BLOCH_Z_F, x->p->model->dim * (x->p->model->dim + 1) / 2, least);
}

static double curvature(const place *x) {
    return x->sums->curvature_sum;
}

static double metric(const place *x) {
    return x->sums->metric_excess;
}

static const struct {
    const char *name, *text;
    double (*value)(const place *x);
    unsigned needs;
    double limit;
    int once; /* one value, not one per (T, mu) */
} rows[] = {
    /* clang-format off */
    {"checks/onsager", "entropy Hall against anomalous Nernst coefficient, from different kernels", onsager, BIT(OMEGA_S) | BIT(OMEGA_N), 1e-10, 0},
    {"checks/production_drude", "Drude entropy production times T against E sigma E", drude, BIT(FISHER) | BIT(VV), 1e-10, 0},
    {"checks/production_interband", "interband entropy production times T against E sigma E", interband, BIT(ZR_F) | BIT(Z_F), 1e-10, 0},
    {"checks/curvature_sum", "largest |sum of Omega over the bands| at a k, relative to what pairs of bands contribute", curvature, BIT(OMEGA_F), 1e-9, 1},
    {"checks/metric", "largest excess of |Omega| over tr g, or of g_xy^2 over g_xx g_yy, of a band, relative to tr g", metric, BIT(OMEGA_F) | BIT(METRIC), 1e-9, 1},
    /* clang-format on */
};

static qep_status check_row(const bloch_maker *m, size_t i, double *values, qep_error *err) {
    const qep_bloch_problem *p = m->problem;
    const size_t count = rows[i].once ? 1 : p->temperatures * p->mus;
    qep_bloch_table table = {.name = rows[i].name, .long_name = rows[i].text, .axes = "", .dimension = QEP_DIM_NONE, .rank = 1, .shape = {1}, .value = values};
    for (size_t s = 0; s < count; s++) {
        values[s] = rows[i].value(&(place){p, m->sums, s});
        if (!(values[s] <= rows[i].limit)) {
            return qep_error_add(err, QEP_ERR_UNCONVERGED, "self_check", NULL, NULL, "self-check %s failed at T = %g K, mu = %.9g eV: %.3g, at most %g is allowed",
                                 rows[i].name + strlen("checks/"), p->temperature[s / p->mus], p->mu[s % p->mus] / QEP_E_CHARGE, values[s], rows[i].limit);
        }
    }
    if (!rows[i].once) {
        table.axes = "temperature chemical_potential";
        table.rank = 2;
        table.shape[0] = p->temperatures;
        table.shape[1] = p->mus;
    }
    return m->put(m->user, &table, err);
}

/* Entropy is produced, not destroyed: order E^2 is never negative. */
static qep_status check_signs(const qep_bloch_problem *p, const qep_bloch_sums *sums, qep_error *err) {
    for (size_t q = 0; q < p->quantities; q++) {
        for (size_t s = 0; strncmp(p->quantity[q]->name, "entropy_production", 18) == 0 && s < p->temperatures * p->mus; s++) {
            double value = 0.0, scale = 0.0;
            p->quantity[q]->value(sums, s, p->temperature[s / p->mus], 0, p->model->dim, &p->settings, &value);
            const qep_bloch_quantity *all = qep_bloch_quantity_find("entropy_production");
            if (p->quantity[q]->integrals == all->integrals) {
                all->value(sums, s, p->temperature[s / p->mus], 0, p->model->dim, &p->settings, &scale);
            }
            if (value < -1e-12 * fabs(scale)) {
                return qep_error_add(err, QEP_ERR_INTERNAL, "self_check", NULL, NULL, "%s = %g at T = %g K; it cannot be negative", p->quantity[q]->name,
                                     value, p->temperature[s / p->mus]);
            }
        }
    }
    return QEP_OK;
}

qep_status bloch_check_sums(const bloch_maker *m, qep_error *err) {
    unsigned wanted = 0;
    double *values = NULL;
    say(m->problem, m->sums);
    for (int i = 0; i + 1 < QEP_BLOCH_INTEGRALS; i++) {
        wanted |= m->sums->at[i + 1] != m->sums->at[i] ? 1u << i : 0;
    }
    QEP_TRY(qep_alloc_doubles(&values, m->problem->temperatures * m->problem->mus, "self-checks", err));
    qep_status status = check_signs(m->problem, m->sums, err);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && status == QEP_OK; i++) {
        status = (wanted & rows[i].needs) == rows[i].needs ? check_row(m, i, values, err) : QEP_OK;
    }
    qep_free(values);
    return status;
}
