/* Maps over the Brillouin zone: one sweep over the regular k-grid fills all that are asked for, each point by itself. Integrands are made by the
 * functions that make the quantities, from the sums of a single k. */
#include "qep/bloch/maps.h"

#include "bloch/sums.h"
#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/bloch/compute.h"
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Where the components of a band's map come from. */
enum { ENERGY, SPEED, CURVATURE, METRIC, NORMALISED };

static const qep_bloch_band_map rows[] = {
    {"energy", "epsilon", "energy of the band", QEP_DIM_ENERGY, ENERGY},
    {"velocity", "v", "velocity of the band", QEP_DIMENSION(1, 0, -1, 0, 0, 0, 0), SPEED},
    {"berry_curvature", "Omega", "Berry curvature of the band", QEP_DIMENSION(2, 0, 0, 0, 0, 0, 0), CURVATURE},
    {"quantum_metric", "g", "quantum metric of the band", QEP_DIMENSION(2, 0, 0, 0, 0, 0, 0), METRIC},
    {"normalised_metric", "G", "band-normalised metric of the band", QEP_DIMENSION(0, -1, 2, 0, 0, 0, 0), NORMALISED},
};

const qep_bloch_band_map *qep_bloch_band_maps(size_t *count) {
    *count = sizeof rows / sizeof *rows;
    return rows;
}

const qep_bloch_band_map *qep_bloch_band_map_find(const char *name) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

int qep_bloch_has_map(const qep_bloch_quantity *quantity) {
    return !quantity->own_shape && quantity->rank != 3;
}

int qep_bloch_is_orthogonal(const qep_bloch_model *m) {
    for (int d = 0; d < m->dim; d++) {
        for (int c = 0; c < m->dim; c++) {
            if (c == d ? !(m->reciprocal[d][c] > 0.0) : fabs(m->reciprocal[d][c]) > 1e-12 * fabs(m->reciprocal[d][d])) {
                return 0;
            }
        }
    }
    return 1;
}

/* ---- components ---- */

enum { SCALAR, VECTOR, PAIRS, SYMMETRIC, FULL };

static int shape_of(const qep_bloch_map_request *r) {
    static const int of_band[] = {SCALAR, VECTOR, PAIRS, SYMMETRIC, SYMMETRIC};
    const unsigned hall = 1u << QEP_BLOCH_OMEGA_F | 1u << QEP_BLOCH_OMEGA_S | 1u << QEP_BLOCH_OMEGA_N;
    if (r->band || r->quantity->rank == 0) {
        return r->band ? of_band[r->band->kind] : SCALAR;
    }
    return !(r->quantity->integrals & hall) ? SYMMETRIC : r->quantity->integrals & ~hall ? FULL : PAIRS;
}

/* Axes of the independent components, in the order of the channels; returns how many. */
static int list_components(int shape, int dim, int axes[9][2]) {
    int count = 0;
    if (shape == SCALAR || shape == VECTOR) {
        for (int a = 0; a < (shape == SCALAR ? 1 : dim); a++) {
            axes[count][0] = a;
            axes[count++][1] = -1;
        }
        return count;
    }
    for (int a = 0; a < dim; a++) {
        for (int b = shape == PAIRS ? a + 1 : shape == FULL ? 0 : a; b < dim; b++) {
            axes[count][0] = a;
            axes[count++][1] = b;
        }
    }
    return count;
}

/* "", "x", "xy" */
static void component_name(int shape, const int axes[2], char text[3]) {
    memset(text, 0, 3);
    if (shape != SCALAR) {
        text[0] = "xyz"[axes[0]];
        text[1] = axes[1] >= 0 ? "xyz"[axes[1]] : 0;
    }
}

/* ---- the sweep ---- */

typedef struct {
    const qep_bloch_problem *problem;
    qep_bloch_request request;
    qep_bloch_state_point state; /* the first (T, mu) */
    bloch_integrand what;
    bloch_points set;
    bloch_states *states; /* [threads] */
    bloch_rows *rows;     /* [threads] */
    double *part;         /* [threads][width] */
    size_t maps;          /* arrays */
    double *value;        /* [maps][points] */
} sweep;

static size_t bands_of(const qep_bloch_problem *p) {
    return p->map_bands ? p->map_bands : p->model->bands;
}

static size_t band_number(const qep_bloch_problem *p, size_t i) {
    return p->map_bands ? p->map_band[i] : i;
}

static size_t count_maps(const qep_bloch_problem *p) {
    size_t count = 0;
    int axes[9][2];
    for (size_t m = 0; m < p->maps; m++) {
        count += (size_t)list_components(shape_of(&p->map[m]), p->model->dim, axes) * (p->map[m].band ? bands_of(p) : 1);
    }
    return count;
}

static double of_band(const sweep *w, const bloch_states *s, const bloch_rows *r, const qep_bloch_band_map *map, size_t band, int component) {
    const bloch_layout *l = &w->what.layout;
    double curvature[3], G[6];
    switch (map->kind) {
    case ENERGY:
        return s->energy[band] * QEP_E_CHARGE;
    case SPEED:
        return bloch_level_velocity(s, band, component) * QEP_E_CHARGE / QEP_HBAR;
    case METRIC:
        return r->state[band * l->at[CHANNEL_COUNT] + l->at[CHANNEL_METRIC] + (size_t)component];
    default:
        bloch_rows_whole(r, l, s, band, curvature, G);
        return map->kind == CURVATURE ? curvature[component] : G[component] / QEP_E_CHARGE;
    }
}

/* All maps at one k; place: its index in the arrays. */
static void fill_point(const sweep *w, const bloch_states *s, const bloch_rows *r, double *part, size_t place) {
    const qep_bloch_problem *p = w->problem;
    const qep_bloch_sums one = {.width = w->what.width, .value = part};
    qep_bloch_sums sums = one;
    double *out = w->value + place;
    memcpy(sums.at, w->what.at, sizeof sums.at);
    bloch_integrand_at(&w->what, r, s->energy, 1.0, &w->state, part);
    for (size_t m = 0; m < p->maps; m++) {
        int axes[9][2];
        const int count = list_components(shape_of(&p->map[m]), p->model->dim, axes);
        double value[9] = {0};
        for (size_t b = 0; p->map[m].band && b < bands_of(p); b++) {
            for (int c = 0; c < count; c++, out += w->set.count) {
                *out = of_band(w, s, r, p->map[m].band, band_number(p, b), c);
            }
        }
        if (p->map[m].band) {
            continue;
        }
        const qep_bloch_quantity *q = p->map[m].quantity;
        q->value(&sums, 0, w->state.T, q->by_frequency && p->settings.frequencies > 0, p->model->dim, &p->settings, value);
        for (int c = 0; c < count; c++, out += w->set.count) {
            *out = p->settings.spin_factor * value[q->rank == 0 ? 0 : axes[c][0] * p->model->dim + axes[c][1]];
        }
    }
}

/* Point i of the set, whose last axis is fastest, in an array whose first is. */
static size_t place_of(const bloch_points *set, size_t i) {
    const size_t i2 = i % set->n[2], i1 = i / set->n[2] % set->n[1], i0 = i / (set->n[2] * set->n[1]);
    return (i2 * set->n[1] + i1) * set->n[0] + i0;
}

static qep_status fill_block(const sweep *w, int thread, size_t first, size_t count, qep_error *err) {
    bloch_states *s = &w->states[thread];
    double k[BLOCH_BLOCK][3];
    for (size_t i = 0; i < count; i++) {
        bloch_points_get(&w->set, first + i, k[i]);
    }
    bloch_states_load_set(s, &w->set, first, (const double(*)[3])k, count);
    for (size_t i = 0; i < count; i++) {
        QEP_TRY(bloch_states_solve(s, i, 1, err));
        bloch_rows_fill(&w->rows[thread], &w->what.layout, s);
        fill_point(w, s, &w->rows[thread], w->part + (size_t)thread * (w->what.width + 1), place_of(&w->set, first + i));
    }
    return QEP_OK;
}

static qep_status fill_all(const sweep *w, qep_error *err) {
    const size_t blocks = (w->set.count + BLOCH_BLOCK - 1) / BLOCH_BLOCK;
    qep_status status = QEP_OK;
    const int threads = w->problem->threads;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t b = 0; b < blocks; b++) {
        const size_t first = b * BLOCH_BLOCK, count = w->set.count - first < BLOCH_BLOCK ? w->set.count - first : BLOCH_BLOCK;
        const qep_status one = qep_log_interrupted(w->problem->log) ? QEP_ERR_INTERRUPTED : fill_block(w, omp_get_thread_num(), first, count, NULL);
        if (one != QEP_OK) {
#pragma omp atomic write
            status = one;
        }
    }
    if (status == QEP_ERR_INTERRUPTED) {
        return qep_error_add(err, status, "interrupted", NULL, NULL, "stopped by a signal");
    }
    return status == QEP_OK ? QEP_OK : qep_error_add(err, status, "eigenvalues", NULL, NULL, "LAPACK could not diagonalise H(k) at a point of the k-grid");
}

/* ---- handing over ---- */

static qep_status put_one(const sweep *w, const qep_bloch_map_request *r, const int axes[2], size_t band, const double *value, qep_bloch_put_map put,
                          void *user, qep_error *err) {
    const qep_bloch_problem *p = w->problem;
    const int dim = p->model->dim;
    char component[3];
    qep_bloch_map map = {.value = value};
    component_name(shape_of(r), axes, component);
    const char *gap = *component ? "_" : "";
    if (r->band) {
        snprintf(map.name, sizeof map.name, "k_%s%s%s_band%zu", r->band->name, gap, component, band);
        snprintf(map.symbol, sizeof map.symbol, "%s%s%s_n", r->band->symbol, *component ? "^" : "", component);
        snprintf(map.long_name, sizeof map.long_name, "%s %zu", r->band->long_name, band);
        map.dimension = r->band->dimension;
    } else {
        snprintf(map.name, sizeof map.name, "k_%s%s%s", r->quantity->name, gap, component);
        snprintf(map.symbol, sizeof map.symbol, "d%s%s%s/[dk]", r->quantity->symbol, gap, component);
        snprintf(map.long_name, sizeof map.long_name, "integrand of the %s at T = %g K, mu = %.9g eV", r->quantity->long_name, w->state.T,
                 w->state.mu / QEP_E_CHARGE);
        map.dimension = qep_dimension_multiply(qep_bloch_quantity_dimension(r->quantity, dim), qep_dimension_power(QEP_DIM_LENGTH, dim));
    }
    return put(user, &map, err);
}

static qep_status put_all(const sweep *w, qep_bloch_put_map put, void *user, qep_error *err) {
    const qep_bloch_problem *p = w->problem;
    const double *value = w->value;
    for (size_t m = 0; m < p->maps; m++) {
        int axes[9][2];
        const int count = list_components(shape_of(&p->map[m]), p->model->dim, axes);
        for (size_t b = 0; b < (p->map[m].band ? bands_of(p) : 1); b++) {
            for (int c = 0; c < count; c++, value += w->set.count) {
                QEP_TRY(put_one(w, &p->map[m], axes[c], band_number(p, b), value, put, user, err));
            }
        }
    }
    return QEP_OK;
}

/* Cartesian components of k, where they are not the coordinates themselves. */
static qep_status put_places(const sweep *w, qep_bloch_put_map put, void *user, qep_error *err) {
    const qep_bloch_model *model = w->problem->model;
    double *value = NULL;
    qep_status status = qep_alloc_doubles(&value, w->set.count, "maps of k", err);
    for (int c = 0; c < model->dim && status == QEP_OK; c++) {
        qep_bloch_map map = {.dimension = QEP_DIMENSION(-1, 0, 0, 0, 0, 0, 0), .value = value};
        snprintf(map.name, sizeof map.name, "k_%c", "xyz"[c]);
        snprintf(map.symbol, sizeof map.symbol, "k_%c", "xyz"[c]);
        snprintf(map.long_name, sizeof map.long_name, "Cartesian component %c of k", "xyz"[c]);
        for (size_t i = 0; i < w->set.count; i++) {
            double k[3], sum = 0.0;
            bloch_points_get(&w->set, i, k);
            for (int d = 0; d < model->dim; d++) {
                sum += k[d] * model->reciprocal[d][c];
            }
            value[place_of(&w->set, i)] = sum;
        }
        status = put(user, &map, err);
    }
    qep_free(value);
    return status;
}

/* ---- all ---- */

static void set_request(sweep *w, const qep_bloch_problem *p) {
    w->state = (qep_bloch_state_point){p->temperature[0], p->mu[0]};
    w->request = (qep_bloch_request){.model = p->model,
                                     .state = &w->state,
                                     .states = 1,
                                     .frequency = p->settings.frequency,
                                     .frequencies = p->settings.frequencies,
                                     .tau = p->settings.tau,
                                     .threads = p->threads};
    for (size_t m = 0; m < p->maps; m++) {
        w->request.wanted |= p->map[m].quantity ? p->map[m].quantity->integrals : 0;
    }
    if (w->state.T > 0.0) {
        w->request.wanted &= ~(1u << QEP_BLOCH_SEA);
    }
}

static qep_status set_layout(sweep *w, qep_error *err) {
    static const unsigned channel[] = {0, 0, 1u << CHANNEL_OMEGA, 1u << CHANNEL_METRIC, 1u << CHANNEL_G};
    const qep_bloch_problem *p = w->problem;
    QEP_TRY(bloch_integrand_create(&w->what, &w->request, err));
    for (size_t m = 0; m < p->maps; m++) {
        w->what.layout.mask |= p->map[m].band ? channel[p->map[m].band->kind] : 0;
    }
    bloch_layout_set(&w->what.layout);
    return QEP_OK;
}

static qep_status allocate(sweep *w, qep_error *err) {
    const size_t threads = (size_t)w->problem->threads;
    size_t count = 0;
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, threads, sizeof(bloch_states), "states", err));
    w->states = block;
    QEP_TRY(qep_alloc(&block, threads, sizeof(bloch_rows), "rows", err));
    w->rows = block;
    for (size_t t = 0; t < threads; t++) {
        QEP_TRY(bloch_states_create(&w->states[t], w->problem->model, bloch_layout_second(&w->what.layout), err));
        QEP_TRY(bloch_states_plan(&w->states[t], &w->set, err));
        QEP_TRY(bloch_rows_create(&w->rows[t], &w->what.layout, w->problem->model->bands, err));
    }
    QEP_TRY(qep_alloc_doubles(&w->part, threads * (w->what.width + 1), "integrands", err));
    if (!qep_size_multiply(w->maps, w->set.count, &count)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", "/bloch/maps", NULL, "the maps do not fit into memory");
    }
    return qep_alloc_doubles(&w->value, count, "maps over the Brillouin zone", err);
}

static qep_status run(sweep *w, qep_bloch_put_map put, void *user, qep_error *err) {
    const qep_bloch_problem *p = w->problem;
    qep_linear_setup();
    QEP_TRY(bloch_points_create(&w->set, p->model, p->points, p->shift, "/bloch/kgrid/points", err));
    QEP_TRY(set_layout(w, err));
    QEP_TRY(allocate(w, err));
    QEP_TRY(fill_all(w, err));
    QEP_TRY(put_all(w, put, user, err));
    return qep_bloch_is_orthogonal(p->model) ? QEP_OK : put_places(w, put, user, err);
}

qep_status qep_bloch_compute_maps(const qep_bloch_problem *p, qep_bloch_put_map put, void *user, qep_error *err) {
    if (p->maps == 0) {
        return QEP_OK;
    }
    sweep w = {.problem = p, .maps = count_maps(p)};
    set_request(&w, p);
    const qep_status status = run(&w, put, user, err);
    for (int t = 0; t < p->threads; t++) {
        if (w.states) {
            bloch_states_destroy(&w.states[t]);
        }
        if (w.rows) {
            bloch_rows_destroy(&w.rows[t]);
        }
    }
    qep_free(w.states);
    qep_free(w.rows);
    qep_free(w.part);
    qep_free(w.value);
    bloch_points_destroy(&w.set);
    bloch_integrand_destroy(&w.what);
    return status;
}

size_t qep_bloch_maps_memory(const qep_bloch_problem *p) {
    size_t bytes = 0;
    if (p->maps == 0) {
        return 0;
    }
    /* twice: the caller keeps them until they are written */
    const int good = qep_size_multiply(2 * (count_maps(p) + 3), qep_bloch_point_count(p), &bytes) && qep_size_multiply(bytes, sizeof(double), &bytes);
    const size_t more = (size_t)p->threads * bloch_states_memory(p->model, 1);
    return good && bytes <= SIZE_MAX - more ? bytes + more : SIZE_MAX;
}
