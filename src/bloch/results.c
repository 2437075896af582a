/* Tables of results: quantities over (frequency,) T and mu with the difference from the coarser grid, bands, Chern numbers, and the axes. */
#include "bloch/results.h"

#include "bloch/deviations.h"
#include "bloch/points.h"
#include "bloch/states.h"
#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t power(size_t base, int exponent) {
    return exponent > 0 ? base * power(base, exponent - 1) : 1;
}

/* [frequencies][nT][nmu][dim^rank] */
static void fill_values(const bloch_maker *m, const qep_bloch_sums *sums, const qep_bloch_quantity *row, size_t frequencies, double *out) {
    const qep_bloch_problem *p = m->problem;
    const size_t own = p->temperatures * p->mus, size = power((size_t)p->model->dim, row->rank);
    const size_t first = row->by_frequency && p->settings.frequencies > 0; /* number 0 is the static one */
    for (size_t w = 0; w < frequencies; w++) {
        for (size_t s = 0; s < own; s++) {
            double value[27] = {0};
            row->value(sums, s, p->temperature[s / p->mus], w + first, p->model->dim, &p->settings, value);
            for (size_t c = 0; c < size; c++) {
                out[(w * own + s) * size + c] = value[c] * p->settings.spin_factor;
            }
        }
    }
}

/* Largest difference of the components at each state, relative to the largest component there. */
static void compare(const double *fine, const double *coarse, size_t states, size_t size, double *out) {
    for (size_t s = 0; s < states; s++) {
        double scale = 0.0, difference = 0.0;
        for (size_t c = s * size; c < (s + 1) * size; c++) {
            scale = fmax(scale, fabs(fine[c]));
            difference = fmax(difference, fabs(fine[c] - coarse[c]));
        }
        out[s] = scale > 0.0 ? difference / scale : 0.0;
    }
}

static qep_status put_convergence(const bloch_maker *m, const qep_bloch_table *table, size_t leading, const qep_bloch_quantity *row, double *coarse,
                                  double *estimate, qep_error *err) {
    char name[96], text[160];
    size_t states = 1, size = 1;
    for (int d = 0; d < table->rank; d++) {
        *(d < (int)leading ? &states : &size) *= table->shape[d];
    }
    fill_values(m, m->half, row, leading == 3 ? table->shape[0] : 1, coarse);
    compare(table->value, coarse, states, size, estimate);
    snprintf(name, sizeof name, "convergence/%s", row->name);
    snprintf(text, sizeof text, "relative difference of %s between the k-grid and one of half as many points per axis", row->name);
    qep_bloch_table t = *table;
    t.name = name;
    t.long_name = text;
    t.dimension = QEP_DIM_NONE;
    t.rank = (int)leading;
    t.value = estimate;
    return m->put(m->user, &t, err);
}

static qep_status put_integral(const bloch_maker *m, const qep_bloch_quantity *row, qep_error *err) {
    const qep_bloch_problem *p = m->problem;
    const size_t frequencies = row->by_frequency && p->settings.frequencies > 0 ? p->settings.frequencies : 1;
    const size_t dim = (size_t)p->model->dim, own = p->temperatures * p->mus, total = frequencies * own * power(dim, row->rank);
    double *values = NULL;
    QEP_TRY(qep_alloc_doubles(&values, 3 * total, row->name, err));
    fill_values(m, m->sums, row, frequencies, values);
    for (size_t i = 0; i < total; i++) {
        if (!isfinite(values[i])) {
            qep_free(values);
            return qep_error_add(err, QEP_ERR_UNCONVERGED, "not_finite", NULL, NULL, "%s is not finite; the k-grid may hold a point where bands touch: shift it",
                                 row->name);
        }
    }
    qep_bloch_table t = {.name = row->name, .long_name = row->long_name, .dimension = qep_bloch_quantity_dimension(row, p->model->dim), .value = values};
    const int by_frequency = row->by_frequency && p->settings.frequencies > 0;
    t.axes = by_frequency ? "frequency temperature chemical_potential" : "temperature chemical_potential";
    if (by_frequency) {
        t.shape[t.rank++] = frequencies;
    }
    t.shape[t.rank++] = p->temperatures;
    t.shape[t.rank++] = p->mus;
    const size_t leading = (size_t)t.rank;
    for (int i = 0; i < row->rank; i++) {
        t.shape[t.rank++] = dim;
    }
    qep_status status = m->put(m->user, &t, err);
    if (status == QEP_OK && m->half) {
        status = put_convergence(m, &t, leading, row, values + total, values + 2 * total, err);
    }
    qep_free(values);
    return status;
}

static qep_status put_chern(const bloch_maker *m, qep_error *err) {
    const qep_bloch_problem *p = m->problem;
    double *values = NULL;
    const size_t n = p->model->bands;
    QEP_TRY(qep_alloc_doubles(&values, 2 * n, "Chern numbers", err));
    qep_status status = qep_bloch_chern(p->model, p->points, p->shift, values, values + n, p->log, err);
    if (status == QEP_OK) {
        status = m->put(m->user, &(qep_bloch_table){"chern", "Chern number of each band", "", QEP_DIM_NONE, 1, {n}, values}, err);
    }
    if (status == QEP_OK) {
        status = m->put(m->user, &(qep_bloch_table){"chern_gap", "smallest direct gap of each band on the k-grid", "", QEP_DIM_ENERGY, 1, {n}, values + n},
                        err);
    }
    qep_free(values);
    return status;
}

qep_status qep_bloch_bands(const qep_bloch_problem *p, double *energy, qep_error *err) {
    bloch_points set;
    bloch_states states = {0};
    QEP_TRY(bloch_points_create(&set, p->model, p->points, p->shift, "/bloch/kgrid/points", err));
    qep_status status = bloch_states_create(&states, p->model, 0, err);
    for (size_t i = 0; i < set.count && status == QEP_OK; i++) {
        double k[1][3];
        bloch_points_get(&set, i, k[0]);
        bloch_states_load(&states, (const double(*)[3])k, 1);
        status = bloch_states_solve(&states, 0, 0, err);
        for (size_t b = 0; b < p->model->bands && status == QEP_OK; b++) {
            energy[i * p->model->bands + b] = states.energy[b] * QEP_E_CHARGE;
        }
    }
    bloch_states_destroy(&states);
    bloch_points_destroy(&set);
    return status;
}

static qep_status put_bands(const bloch_maker *m, qep_error *err) {
    const qep_bloch_problem *p = m->problem;
    size_t count = 0;
    double *values = NULL;
    if (!qep_size_multiply(qep_bloch_point_count(p), p->model->bands, &count)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", "/bloch/kgrid/points", NULL, "the bands do not fit into memory");
    }
    QEP_TRY(qep_alloc_doubles(&values, count, "bands", err));
    qep_status status = qep_bloch_bands(p, values, err);
    qep_bloch_table t = {"bands", "band energies at k = sum (i_j + shift_j)/N_j b_j", "", QEP_DIM_ENERGY, p->model->dim + 1, {0}, values};
    for (int d = 0; d < p->model->dim; d++) {
        t.shape[d] = p->points[d];
    }
    t.shape[p->model->dim] = p->model->bands;
    status = status == QEP_OK ? m->put(m->user, &t, err) : status;
    qep_free(values);
    return status;
}

qep_status bloch_put_axes(const bloch_maker *m, qep_error *err) {
    const qep_bloch_problem *p = m->problem;
    QEP_TRY(m->put(m->user, &(qep_bloch_table){"temperature", "temperature", "", QEP_DIM_TEMPERATURE, 1, {p->temperatures}, p->temperature}, err));
    QEP_TRY(m->put(m->user, &(qep_bloch_table){"chemical_potential", "chemical potential", "", QEP_DIM_ENERGY, 1, {p->mus}, p->mu}, err));
    return p->settings.frequencies ? m->put(m->user,
                                            &(qep_bloch_table){"frequency", "frequency, omega/2 pi", "", QEP_DIM_FREQUENCY, 1,
                                                               {p->settings.frequencies}, p->settings.frequency},
                                            err)
                                   : QEP_OK;
}

qep_status bloch_put_quantity(const bloch_maker *m, const qep_bloch_quantity *row, qep_error *err) {
    if (strcmp(row->name, "chern") == 0) {
        return put_chern(m, err);
    }
    if (strcmp(row->name, "bands") == 0) {
        return put_bands(m, err);
    }
    if (strcmp(row->name, "deviations") == 0) {
        return bloch_put_deviations(m->problem, m->sums, m->put, m->user, err);
    }
    return put_integral(m, row, err);
}
