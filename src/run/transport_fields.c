/* Site fields on the grid: the conductor's own, and beyond each face with a lead the inside of that lead. They are written as meshes, and the
 * source "transport" takes them as entropy and charge. */
#include "transport.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/transport/bulk.h"
#include "qep/transport/thermal.h"
#include <math.h>
#include <string.h>

enum { FIELDS = QEP_RUN_SITE_FIELDS };

/* n, u and the entropies of a steady state's first set, or of a lead. */
static void steady_values(const qep_steady *s, const double *values[FIELDS]) {
    const double *const all[FIELDS] = {s->n, s->u, s->s_hs, s->s_dist, s->s_site};
    memcpy(values, all, sizeof all);
}

static void lead_values(const qep_lead_bulk *b, const double *values[FIELDS]) {
    const double *const all[FIELDS] = {b->n, b->u, b->s_hs, b->s_dist, b->s_site};
    memcpy(values, all, sizeof all);
}

static void grid_arrays(qep_site_fields *f, double **out[FIELDS]) {
    double **const all[FIELDS] = {&f->n, &f->u, &f->s[QEP_SITE_HS], &f->s[QEP_SITE_DIST],
                                  &f->s[QEP_SITE_SITE]};
    memcpy(out, all, sizeof all);
}

/* Samples of the grid beyond a face of the box. */
static size_t samples_beyond(const qep_run_state *run, int face) {
    const qep_config_transport *c = &run->config->transport;
    const int axis = face / 2;
    return face % 2 ? run->grid->axis[axis].n - c->low[axis] - c->size[axis] : c->low[axis];
}

/* One site of the lead's cell, in every cell that the grid still holds. Beyond a high face the first slice is the innermost of the cell, which
 * the face repeats; beyond a low face likewise. */
static void continue_site(const qep_run_state *run, const qep_run_transport *t,
                          const qep_lead_bulk *b, int face, size_t i, double *const out[FIELDS]) {
    const qep_config_transport *c = &run->config->transport;
    const int axis = face / 2, side = face % 2;
    const size_t period = b->count / (t->conductor.h.count / c->size[axis]),
                 per_slice = b->count / period, beyond = samples_beyond(run, face);
    const size_t stride = qep_grid_stride(run->grid, axis),
                 home = qep_run_sample_of_site(run, c, b->site[i]);
    const size_t at = home / stride % run->grid->axis[axis].n,
                 edge = side ? c->low[axis] + c->size[axis] - 1 : c->low[axis];
    const double *values[FIELDS];
    lead_values(b, values);
    for (size_t distance = 1 + i / per_slice; distance <= beyond; distance += period) {
        const size_t target = side ? edge + distance : edge - distance;
        const size_t sample = home - at * stride + target * stride;
        for (int k = 0; k < FIELDS; k++) {
            out[k][sample] = values[k][i];
        }
    }
}

/* What the conductor has where the lead is repeated, against the lead. */
static void compare_face(qep_run_transport *t, const qep_lead_bulk *b) {
    const double *lead[FIELDS], *own[FIELDS];
    double *const steps[FIELDS] = {&t->fields.step_n, NULL, &t->fields.step_s[QEP_SITE_HS],
                                   &t->fields.step_s[QEP_SITE_DIST],
                                   &t->fields.step_s[QEP_SITE_SITE]};
    lead_values(b, lead);
    steady_values(&t->steady, own);
    for (int k = 0; k < FIELDS; k++) {
        for (size_t i = 0; steps[k] && i < b->count; i++) {
            *steps[k] = fmax(*steps[k], fabs(own[k][b->site[i]] - lead[k][i]));
        }
    }
}

static qep_status continue_leads(qep_run_state *run, qep_run_transport *t,
                                 double *const out[FIELDS], qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    for (size_t a = 0; a < c->leads; a++) {
        qep_terminal_spec spec = t->conductor.spec[a];
        if (spec.kind == QEP_LEAD_WIDEBAND || samples_beyond(run, spec.face) == 0) {
            continue;
        }
        spec.mu = t->steady.mu[a];
        spec.temperature = t->steady.temperature[a];
        qep_lead_bulk bulk;
        QEP_TRY(qep_lead_bulk_solve(&t->conductor.h, &spec, c->spin_factor, c->tolerance,
                                    run->options->threads, &bulk, err));
        t->steady.error_fields = fmax(t->steady.error_fields, bulk.error);
        for (size_t i = 0; i < bulk.count; i++) {
            continue_site(run, t, &bulk, spec.face, i, out);
        }
        compare_face(t, &bulk);
        qep_lead_bulk_free(&bulk);
    }
    return QEP_OK;
}

static double sum(const double *values, size_t count) {
    double total = 0.0;
    for (size_t i = 0; i < count; i++) {
        total += fabs(values[i]);
    }
    return total;
}

/* |s(n + d) - s(n)| <= s(d) for d up to 1/2: the entropy of a site is steep where the site is empty or full. */
static void bound_errors(const qep_run_state *run, qep_run_transport *t) {
    qep_site_fields *f = &t->fields;
    const double relative = t->steady.error_fields, spin = run->config->transport.spin_factor;
    f->error_n = relative * sum(f->n, f->count);
    f->error_s[QEP_SITE_HS] = relative * sum(f->s[QEP_SITE_HS], f->count);
    f->error_s[QEP_SITE_DIST] = relative * sum(f->s[QEP_SITE_DIST], f->count);
    const double change = fmin(f->error_n / spin, 0.5);
    f->error_s[QEP_SITE_SITE] = spin * QEP_BOLTZMANN * qep_occupation_given(change, 1.0 - change).s;
}

qep_status qep_run_transport_place_fields(qep_run_state *run, qep_run_transport *t,
                                          qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    const double *from[FIELDS];
    double **arrays[FIELDS], *out[FIELDS];
    if (!c->on_grid || !t->steady.n) {
        return QEP_OK;
    }
    steady_values(&t->steady, from);
    grid_arrays(&t->fields, arrays);
    t->fields.count = run->count;
    for (int k = 0; k < FIELDS; k++) {
        if (!*arrays[k]) {
            QEP_TRY(qep_alloc_doubles(arrays[k], run->count, "site fields on the grid", err));
        }
        out[k] = *arrays[k];
        memset(out[k], 0, run->count * sizeof **out);
        for (size_t i = 0; i < t->conductor.h.count; i++) {
            out[k][qep_run_sample_of_site(run, c, i)] = from[k][i];
        }
    }
    t->fields.step_n = 0.0;
    memset(t->fields.step_s, 0, sizeof t->fields.step_s);
    QEP_TRY(continue_leads(run, t, out, err));
    bound_errors(run, t);
    t->fields.solved = 1;
    return QEP_OK;
}

void qep_run_transport_free_fields(qep_run_transport *t) {
    double **arrays[FIELDS];
    grid_arrays(&t->fields, arrays);
    for (int k = 0; k < FIELDS; k++) {
        qep_free(*arrays[k]);
    }
}

/* ---- As meshes -------------------------------------------------------------------------------------------------------------- */

/* Without thickness densities are per area in 2-D, per length in 1-D. */
static qep_dimension per_volume(const qep_run_state *run, qep_dimension quantity) {
    const int solid =
        run->grid->ndim == 3 || run->config->thickness > 0.0 || run->config->cross_section > 0.0;
    return qep_dimension_divide(quantity,
                                qep_dimension_power(QEP_DIM_LENGTH, solid ? 3 : run->grid->ndim));
}

void qep_run_transport_add_meshes(qep_run_state *run, qep_run_transport *t) {
    static const struct {
        const char *name, *symbol, *text, *equation;
        qep_dimension dimension;
    } rows[FIELDS] = {
        {"n", "n", "particle density", "T24", {{0}}},
        {"u", "u", "energy density", "T24", QEP_DIM_ENERGY},
        {"s_hs", "s", "entropy density of the scattering states", "T24", QEP_DIM_ENTROPY},
        {"s_dist", "s_dist", "entropy density of the local distribution", "T24", QEP_DIM_ENTROPY},
        {"s_site", "s_site", "entropy density of the one-site states", "T24", QEP_DIM_ENTROPY}};
    for (size_t i = 0; i < FIELDS; i++) {
        run->extra_record[run->extra_records] = (qep_record){rows[i].name,
                                                             rows[i].symbol,
                                                             rows[i].text,
                                                             rows[i].equation,
                                                             per_volume(run, rows[i].dimension),
                                                             0};
        t->mesh[i] = run->extra_records++;
    }
    t->meshes = FIELDS;
    if (run->config->transport.loop.given) {
        run->extra_record[run->extra_records] = (qep_record){
            "U", "U", "potential energy, U_0 - e phi on the conductor", "T20", QEP_DIM_ENERGY, 0};
        t->mesh_U = run->extra_records++;
    }
}

/* Of the first set, the same in every frame. */
qep_status qep_run_transport_write(qep_run_state *run, size_t frame, qep_error *err) {
    qep_run_transport *t = run->section[QEP_RUN_TRANSPORT];
    double **arrays[FIELDS], *out = NULL;
    (void)frame;
    if (t->meshes == 0) {
        return QEP_OK;
    }
    grid_arrays(&t->fields, arrays);
    QEP_TRY(qep_alloc_doubles(&out, run->count, "site fields", err));
    qep_status status = QEP_OK;
    for (size_t m = 0; m < t->meshes && status == QEP_OK; m++) {
        for (size_t i = 0; i < run->count; i++) {
            out[i] = (*arrays[m])[i] / t->conductor.h.volume[0];
        }
        status = qep_writer_component(run->writer, run->quantities + t->mesh[m], 0, out, err);
    }
    qep_free(out);
    if (status == QEP_OK && t->conductor.U) {
        status =
            qep_writer_component(run->writer, run->quantities + t->mesh_U, 0, t->conductor.U, err);
    }
    return status;
}

/* ---- For the source --------------------------------------------------------------------------------------------------------- */

static int feeds_field(const qep_run_state *run) {
    const qep_field_spec *const specs[] = {run->config->entropy, run->config->charge};
    return (specs[0] && qep_field_uses_source(specs[0], "transport")) ||
           (specs[1] && qep_field_uses_source(specs[1], "transport"));
}

/* Two leads that face each other over a periodic axis of phi meet there, with whatever step lies between them. */
static void warn_about_periodic_axes(const qep_run_state *run) {
    const qep_config_transport *c = &run->config->transport;
    for (size_t a = 0; a < c->leads; a++) {
        const qep_terminal_spec *s = &c->terminal[a].spec;
        if (s->face != QEP_NO_FACE && run->grid->axis[s->face / 2].bc[0] == QEP_PERIODIC) {
            qep_log_write(run->log, QEP_LOG_WARNING,
                          "lead \"%s\" ends on %c, which is periodic for phi: what lies beyond one "
                          "face comes back at the other; "
                          "\"boundary\": {\"%c\": \"natural\"} lets S go on",
                          s->name, "xyz"[s->face / 2], "xyz"[s->face / 2]);
        }
    }
}

void qep_run_transport_pose_fields(qep_run_state *run, qep_run_transport *t) {
    const qep_config_transport *c = &run->config->transport;
    t->fields.entropy = c->entropy;
    t->fields.checking = run->options->check_only;
    if (!c->on_grid) {
        t->fields.lack = "the Hamiltonian is a list of sites without places";
        t->fields.lack_at = "/transport/hamiltonian/kind";
    } else if (c->leads == 0) {
        t->fields.lack = "there are no leads";
        t->fields.lack_at = "/transport";
    } else if (!c->site_fields) {
        t->fields.lack = "\"site_fields\" is false";
        t->fields.lack_at = "/transport/site_fields";
    } else if (feeds_field(run)) {
        warn_about_periodic_axes(run);
    }
}

const qep_site_fields *qep_run_transport_site_fields(const qep_run_state *run) {
    const qep_run_transport *t = run->section[QEP_RUN_TRANSPORT];
    return t ? &t->fields : NULL;
}
