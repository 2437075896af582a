/* A problem from checks to tables. All temperatures and chemical potentials, and the neighbours that the deviations need for their derivatives, are
 * states of one pass over k. */
#include "qep/bloch/compute.h"

#include "bloch/deviations.h"
#include "bloch/points.h"
#include "bloch/states.h"
#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- checks ---- */

typedef struct {
    unsigned need;
    int (*given)(const qep_bloch_problem *p);
    const char *path; /* what is missing or wrong */
    qep_status status;
    const char *code, *text;
} need_row;

static int has_tau(const qep_bloch_problem *p) {
    return p->settings.tau > 0.0;
}
static int has_field(const qep_bloch_problem *p) {
    return p->has_field;
}
static int is_warm(const qep_bloch_problem *p) {
    for (size_t i = 0; i < p->temperatures; i++) {
        if (p->temperature[i] == 0.0) {
            return 0;
        }
    }
    return 1;
}
static int has_positions(const qep_bloch_problem *p) {
    return p->model->has_positions;
}
static int is_lattice(const qep_bloch_problem *p) {
    return !p->model->function;
}
static int is_sheet(const qep_bloch_problem *p) {
    return p->model->dim == 2;
}
static int has_frequency(const qep_bloch_problem *p) {
    return p->settings.frequencies > 0;
}

static const need_row needs[] = {
    {QEP_BLOCH_NEEDS_TAU, has_tau, "/bloch/relaxation_time", QEP_ERR_CONFIG, "missing_key", "needs \"relaxation_time\""},
    {QEP_BLOCH_NEEDS_FIELD, has_field, "/bloch/field", QEP_ERR_CONFIG, "missing_key", "needs \"field\", the electric field in V/m"},
    {QEP_BLOCH_NEEDS_WARM, is_warm, "/bloch/temperature", QEP_ERR_CONFIG, "inapplicable",
     "is a Fermi-surface quantity with no value at T = 0 on a grid; give temperatures above 0 K"},
    {QEP_BLOCH_NEEDS_POSITIONS, has_positions, "/bloch/model", QEP_ERR_CONFIG, "missing_key",
     "depends on the positions of the orbitals, which an _hr.dat does not hold; give \"centres\", or use the _tb.dat"},
    {QEP_BLOCH_NEEDS_LATTICE, is_lattice, "/bloch/model", QEP_ERR_CONFIG, "inapplicable", "needs a lattice; this is a continuum model"},
    {QEP_BLOCH_NEEDS_2D, is_sheet, "/bloch/quantities", QEP_ERR_CONFIG, "inapplicable", "exists for 2-D lattices"},
    {QEP_BLOCH_NEEDS_FREQUENCY, has_frequency, "/bloch/frequency", QEP_ERR_CONFIG, "missing_key", "needs \"frequency\""},
};

static qep_status check_lists(const qep_bloch_problem *p, qep_error *err) {
    for (size_t i = 0; i < p->temperatures; i++) {
        if (!(p->temperature[i] >= 0.0) || isinf(p->temperature[i])) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/bloch/temperature", NULL, "%g K came; a temperature is finite and not negative",
                                 p->temperature[i]);
        }
    }
    for (size_t i = 0; i < p->mus; i++) {
        if (!isfinite(p->mu[i])) {
            return qep_error_add(err, QEP_ERR_CONFIG, "not_finite", "/bloch/chemical_potential", NULL, "a chemical potential is not finite");
        }
    }
    return QEP_OK;
}

/* Add what the quantity (may be NULL) lacks. */
static qep_status check_quantity(const qep_bloch_problem *p, const qep_bloch_quantity *row, qep_status status, qep_error *err) {
    for (size_t i = 0; row && i < sizeof needs / sizeof *needs; i++) {
        if ((row->needs & needs[i].need) && !needs[i].given(p)) {
            status = qep_error_add(err, needs[i].status, needs[i].code, needs[i].path, NULL, "\"%s\" %s", row->name, needs[i].text);
        }
    }
    return status;
}

static qep_status check_maps(const qep_bloch_problem *p, qep_status status, qep_error *err) {
    if (p->model->function) {
        status = qep_error_add(err, QEP_ERR_CONFIG, "inapplicable", "/bloch/maps", NULL, "maps need the Brillouin zone of a lattice; this is a continuum model");
    }
    for (size_t i = 0; i < p->map_bands; i++) {
        if (p->map_band[i] >= p->model->bands) {
            status = qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/bloch/map_bands", NULL, "band %zu came; the bands are numbered from 0 to %zu",
                                   p->map_band[i], p->model->bands - 1);
        }
    }
    for (size_t i = 0; i < p->maps; i++) {
        if (p->map[i].band && !p->model->has_positions && strcmp(p->map[i].band->name, "energy") != 0) {
            status = qep_error_add(err, QEP_ERR_CONFIG, "missing_key", "/bloch/model", NULL,
                                   "the map \"%s\" depends on the positions of the orbitals, which an _hr.dat does not hold; give \"centres\", or use the _tb.dat",
                                   p->map[i].band->name);
        }
    }
    return status;
}

qep_status qep_bloch_check(const qep_bloch_problem *p, qep_error *err) {
    qep_status status = check_lists(p, err);
    bloch_points set;
    const qep_status grid = bloch_points_create(&set, p->model, p->points, p->shift, "/bloch/kgrid/points", err);
    status = grid != QEP_OK ? grid : status;
    if (grid == QEP_OK) {
        bloch_points_destroy(&set);
    }
    for (size_t q = 0; q < p->quantities; q++) {
        status = check_quantity(p, p->quantity[q], status, err);
    }
    for (size_t i = 0; i < p->maps; i++) {
        status = check_quantity(p, p->map[i].quantity, status, err);
    }
    return p->maps ? check_maps(p, status, err) : status;
}

/* ---- one pass ---- */

static unsigned integrals(const qep_bloch_problem *p) {
    unsigned wanted = 0;
    for (size_t q = 0; q < p->quantities; q++) {
        wanted |= p->quantity[q]->integrals;
        wanted |= strcmp(p->quantity[q]->name, "deviations") == 0 ? bloch_deviation_integrals(p->model) : 0;
    }
    if (is_warm(p)) {
        wanted &= ~(1u << QEP_BLOCH_SEA);
    }
    if (p->settings.sea && wanted & (1u << QEP_BLOCH_VV_X)) {
        wanted |= 1u << QEP_BLOCH_VV_S;
    }
    return wanted;
}

static int asks(const qep_bloch_problem *p, const char *name) {
    for (size_t q = 0; q < p->quantities; q++) {
        if (strcmp(p->quantity[q]->name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* States [nT][nmu], then the neighbours of each for the deviations. */
static qep_status list_states(const qep_bloch_problem *p, qep_bloch_state_point **states, size_t *count, qep_error *err) {
    const size_t own = p->temperatures * p->mus, more = asks(p, "deviations") ? BLOCH_NEIGHBOURS : 0;
    void *block = NULL;
    *count = own * (1 + more);
    QEP_TRY(qep_alloc(&block, *count, sizeof(qep_bloch_state_point), "points (mu, T)", err));
    *states = block;
    for (size_t i = 0; i < own; i++) {
        (*states)[i] = (qep_bloch_state_point){p->temperature[i / p->mus], p->mu[i % p->mus]};
        if (more) {
            bloch_deviation_neighbours((*states)[i], *states + own + i * more);
        }
    }
    return QEP_OK;
}

static qep_bloch_request request_of(const qep_bloch_problem *p, const qep_bloch_state_point *states, size_t count) {
    return (qep_bloch_request){.model = p->model,
                               .points = p->points,
                               .shift = p->shift,
                               .state = states,
                               .states = count,
                               .frequency = p->settings.frequency,
                               .frequencies = p->settings.frequencies,
                               .tau = p->settings.tau,
                               .wanted = integrals(p),
                               .refine = p->refine,
                               .threads = p->threads,
                               .log = p->log,
                               .path = "/bloch/kgrid/points"};
}

/* ---- tables ---- */

typedef struct {
    const qep_bloch_problem *problem;
    const qep_bloch_sums *sums, *half; /* half may be NULL */
    qep_bloch_put put;
    void *user;
} maker;

static size_t power(size_t base, int exponent) {
    return exponent > 0 ? base * power(base, exponent - 1) : 1;
}

/* [frequencies][nT][nmu][dim^rank] */
static void fill_values(const maker *m, const qep_bloch_sums *sums, const qep_bloch_quantity *row, size_t frequencies, double *out) {
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

static qep_status put_convergence(const maker *m, const qep_bloch_table *table, size_t leading, const qep_bloch_quantity *row, double *coarse,
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

static qep_status put_integral(const maker *m, const qep_bloch_quantity *row, qep_error *err) {
    const qep_bloch_problem *p = m->problem;
    const size_t frequencies = row->by_frequency && p->settings.frequencies > 0 ? p->settings.frequencies : 1;
    const size_t dim = (size_t)p->model->dim, own = p->temperatures * p->mus, total = frequencies * own * power(dim, row->rank);
    double *values = NULL;
    QEP_TRY(qep_alloc_doubles(&values, 3 * total, row->name, err));
    fill_values(m, m->sums, row, frequencies, values);
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

static qep_status put_chern(const maker *m, qep_error *err) {
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

static qep_status put_bands(const maker *m, qep_error *err) {
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

static qep_status put_axes(const maker *m, qep_error *err) {
    const qep_bloch_problem *p = m->problem;
    QEP_TRY(m->put(m->user, &(qep_bloch_table){"temperature", "temperature", "", QEP_DIM_TEMPERATURE, 1, {p->temperatures}, p->temperature}, err));
    QEP_TRY(m->put(m->user, &(qep_bloch_table){"chemical_potential", "chemical potential", "", QEP_DIM_ENERGY, 1, {p->mus}, p->mu}, err));
    return p->settings.frequencies ? m->put(m->user,
                                            &(qep_bloch_table){"frequency", "frequency, omega/2 pi", "", QEP_DIM_FREQUENCY, 1,
                                                               {p->settings.frequencies}, p->settings.frequency},
                                            err)
                                   : QEP_OK;
}

static qep_status put_quantity(const maker *m, const qep_bloch_quantity *row, qep_error *err) {
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

/* ---- what a user should know of the sums ---- */

static qep_status judge(const qep_bloch_problem *p, const qep_bloch_sums *sums, qep_error *err) {
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

static qep_status sum_half(const qep_bloch_problem *p, const qep_bloch_request *request, qep_bloch_sums *half, qep_error *err) {
    size_t points[3];
    for (int d = 0; d < 3; d++) {
        points[d] = p->points[d] > 3 && !(p->model->function && d > 0) ? p->points[d] / 2 : p->points[d];
    }
    qep_bloch_request coarse = *request;
    coarse.points = points;
    coarse.states = p->temperatures * p->mus;
    return qep_bloch_sum(half, &coarse, err);
}

qep_status qep_bloch_compute(const qep_bloch_problem *p, qep_bloch_put put, void *user, qep_error *err) {
    qep_bloch_state_point *states = NULL;
    qep_bloch_sums sums = {0}, half = {0};
    size_t count = 0;
    QEP_TRY(list_states(p, &states, &count, err));
    const qep_bloch_request request = request_of(p, states, count);
    qep_linear_setup();
    qep_status status = request.wanted ? qep_bloch_sum(&sums, &request, err) : QEP_OK;
    if (status == QEP_OK && request.wanted && p->convergence) {
        status = sum_half(p, &request, &half, err);
    }
    status = status == QEP_OK && request.wanted ? judge(p, &sums, err) : status;
    const maker m = {p, &sums, half.value ? &half : NULL, put, user};
    status = status == QEP_OK ? put_axes(&m, err) : status;
    for (size_t q = 0; q < p->quantities && status == QEP_OK; q++) {
        status = put_quantity(&m, p->quantity[q], err);
    }
    qep_bloch_sums_free(&sums);
    qep_bloch_sums_free(&half);
    qep_free(states);
    return status;
}

/* ---- estimates ---- */

size_t qep_bloch_point_count(const qep_bloch_problem *p) {
    size_t count = 1;
    for (int d = 0; d < p->model->dim; d++) {
        if (!qep_size_multiply(count, p->points[d], &count)) {
            return (size_t)-1;
        }
    }
    return count;
}

size_t qep_bloch_memory(const qep_bloch_problem *p) {
    qep_bloch_state_point *states = NULL;
    size_t count = 0, bytes = 0;
    if (list_states(p, &states, &count, NULL) != QEP_OK) {
        return (size_t)-1;
    }
    const qep_bloch_request request = request_of(p, states, count);
    bytes = qep_bloch_sum_memory(&request);
    qep_free(states);
    const size_t square = p->model->bands * p->model->bands, points = qep_bloch_point_count(p);
    size_t more = 0;
    if (asks(p, "chern") && !qep_size_multiply(points, square * sizeof(double complex), &more)) {
        return (size_t)-1;
    }
    if (asks(p, "bands") && !qep_size_multiply(points, 2 * p->model->bands * sizeof(double), &more)) {
        return (size_t)-1;
    }
    const size_t maps = qep_bloch_maps_memory(p);
    more = maps > more ? maps : more;
    return bytes > (size_t)-1 - more ? (size_t)-1 : bytes + more;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double qep_bloch_seconds(const qep_bloch_problem *p) {
    qep_bloch_state_point state = {p->temperature[0], p->mu[0]};
    const size_t few[3] = {8, 8, 4}, few3[3] = {4, 4, 4};
    qep_bloch_request request = request_of(p, &state, 1);
    qep_bloch_sums sums = {0};
    request.points = p->model->dim == 2 ? few : few3;
    request.log = NULL;
    request.refine = 0;
    const double start = now();
    if (request.wanted == 0 || qep_bloch_sum(&sums, &request, NULL) != QEP_OK) {
        return 0.0;
    }
    qep_bloch_sums_free(&sums);
    return (now() - start) / 64.0 * (double)qep_bloch_point_count(p) * (p->convergence ? (p->model->dim == 2 ? 1.25 : 1.125) : 1.0);
}
