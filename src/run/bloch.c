/* The section "bloch": the model that the configuration describes, its problem, and the tables it leaves. */
#include "bloch.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Kept from pose to release. */
typedef struct {
    qep_bloch_model *model;
    qep_bloch_problem problem;
    qep_run_maps maps;
} bloch_state;

static bloch_state *state_of(const qep_run_state *run) {
    return run->section[QEP_RUN_BLOCH];
}

int qep_run_bloch_given(const qep_run_state *run) {
    return run->config->bloch.given;
}

const qep_bloch_problem *qep_run_bloch_problem(const qep_run_state *run) {
    const bloch_state *s = state_of(run);
    return s ? &s->problem : NULL;
}

/* Errors of the library that name no key get the one of the model. */
static qep_status blame(qep_status status, size_t before, const char *path, qep_error *err) {
    for (size_t i = before; err && i < err->count; i++) {
        if (!err->item[i].path[0]) {
            snprintf(err->item[i].path, sizeof err->item[i].path, "%s", path);
        }
    }
    return status;
}

static qep_status make_model(qep_run_state *run, qep_bloch_model **model, qep_error *err) {
    const qep_config_bloch *b = &run->config->bloch;
    if (b->kind == QEP_BLOCH_BUILTIN) {
        return qep_bloch_model_builtin(model, b->row, b->parameter, err);
    }
    if (b->kind == QEP_BLOCH_LIST) {
        return qep_bloch_model_list(model, b->lattice_dim, (const double(*)[3])b->lattice, b->orbitals, (const double(*)[3])b->orbital, b->onsite,
                                    b->hopping, b->hoppings, "/bloch/model/hoppings", err);
    }
    QEP_TRY(qep_run_remember_input(run, b->file, err));
    QEP_TRY(b->centres ? qep_run_remember_input(run, b->centres, err) : QEP_OK);
    QEP_TRY(b->images ? qep_run_remember_input(run, b->images, err) : QEP_OK);
    QEP_TRY(qep_bloch_model_wannier90(model, b->file, b->centres, b->has_lattice ? (const double(*)[3])b->lattice : NULL, b->axes, run->log, err));
    return b->images ? qep_bloch_model_images(*model, b->images, run->log, err) : QEP_OK;
}

static void set_problem(const qep_run_state *run, bloch_state *s) {
    const qep_config_bloch *b = &run->config->bloch;
    s->problem = (qep_bloch_problem){.model = s->model,
                                     .points = {b->points[0], b->points[1], b->points[2]},
                                     .shift = {b->shift[0], b->shift[1], b->shift[2]},
                                     .temperature = b->temperature,
                                     .temperatures = b->temperatures,
                                     .mu = b->mu,
                                     .mus = b->mus,
                                     .settings = {.tau = b->tau,
                                                  .field = {b->field[0], b->field[1], b->field[2]},
                                                  .spin_factor = b->spin_factor,
                                                  .scheme = (qep_bloch_scheme)b->scheme,
                                                  .sea = b->refine > 0,
                                                  .frequency = b->frequency,
                                                  .frequencies = b->frequencies},
                                     .quantity = b->quantity,
                                     .quantities = b->quantities,
                                     .has_field = b->field_given > 0,
                                     .convergence = b->convergence,
                                     .refine = (int)b->refine,
                                     .map = b->map,
                                     .maps = b->maps,
                                     .map_band = b->map_band,
                                     .map_bands = b->map_bands,
                                     .threads = run->options->threads,
                                     .log = run->log};
}

qep_status qep_run_bloch_pose(qep_run_state *run, qep_error *err) {
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, 1, sizeof(bloch_state), "the section bloch", err));
    bloch_state *s = run->section[QEP_RUN_BLOCH] = block;
    const size_t before = err ? err->count : 0;
    QEP_TRY(blame(make_model(run, &s->model, err), before,
                  run->config->bloch.kind == QEP_BLOCH_WANNIER90 ? "/bloch/model/wannier90" : "/bloch/model", err));
    set_problem(run, s);
    QEP_TRY(qep_bloch_check(&s->problem, err));
    for (size_t i = 0; i < run->config->bloch.idles; i++) {
        qep_log_write(run->log, QEP_LOG_WARNING, "%s has no effect: it is used by %s, which neither \"quantities\" nor \"maps\" asks for",
                      run->config->bloch.idle[i].path, run->config->bloch.idle[i].by);
    }
    if (s->problem.quantities + s->problem.maps == 0) { /* a source uses it */
        return QEP_OK;
    }
    snprintf(run->report->summary, sizeof run->report->summary, "bloch: %s, %zu k-points, %zu x %zu (T, mu), %zu quantit%s", s->model->name,
             qep_bloch_point_count(&s->problem), s->problem.temperatures, s->problem.mus, s->problem.quantities,
             s->problem.quantities == 1 ? "y" : "ies");
    return QEP_OK;
}

size_t qep_run_bloch_memory(const qep_run_state *run) {
    const bloch_state *s = state_of(run);
    return s ? qep_bloch_memory(&s->problem) : 0;
}

void qep_run_bloch_announce(const qep_run_state *run, qep_log_level level) {
    const bloch_state *s = state_of(run);
    const qep_bloch_problem *p = &s->problem;
    qep_log_write(run->log, level, "bloch: model %s, %d-D, %zu band%s, %zu k-points", s->model->name, s->model->dim, s->model->bands,
                  s->model->bands == 1 ? "" : "s", qep_bloch_point_count(p));
    if (p->temperatures * p->mus > 0) {
        qep_log_write(run->log, level, "bloch: %zu x %zu (T, mu)", p->temperatures, p->mus);
    }
    for (size_t q = 0; q < p->quantities; q++) {
        char unit[QEP_RUN_UNIT];
        qep_log_write(run->log, level, "bloch: computes %s (%s), %s", p->quantity[q]->name, p->quantity[q]->long_name,
                      qep_run_unit(qep_bloch_quantity_dimension(p->quantity[q], s->model->dim), unit));
    }
    if (run->options->check_only && p->quantities > 0) {
        qep_log_write(run->log, level, "bloch: about %.2g s with %d thread%s", qep_bloch_seconds(p), p->threads, p->threads == 1 ? "" : "s");
    }
}

static qep_status put(void *user, const qep_bloch_table *table, qep_error *err) {
    qep_run_state *run = user;
    qep_run_table t = {.section = "bloch", .rank = table->rank, .value = (double *)(uintptr_t)table->value};
    snprintf(t.name, sizeof t.name, "%s", table->name);
    snprintf(t.long_name, sizeof t.long_name, "%s", table->long_name);
    snprintf(t.axes, sizeof t.axes, "%s", table->axes);
    qep_run_unit(table->dimension, t.unit);
    for (int d = 0; d < table->rank; d++) {
        t.shape[d] = table->shape[d];
    }
    return qep_run_add_table(run, &t, err);
}

qep_status qep_run_bloch_compute(qep_run_state *run, qep_error *err) {
    bloch_state *s = state_of(run);
    QEP_TRY(s->problem.quantities > 0 ? qep_bloch_compute(&s->problem, put, run, err) : QEP_OK);
    return qep_run_maps_compute(&s->maps, &s->problem, err);
}

qep_status qep_run_bloch_write(qep_run_state *run, size_t frame, qep_error *err) {
    const qep_config_bloch *b = &run->config->bloch;
    if (frame > 0) {
        return QEP_OK;
    }
    QEP_TRY(qep_run_maps_write(&state_of(run)->maps, run->writer, &state_of(run)->problem, err));
    QEP_TRY(qep_writer_result_text(run->writer, "bloch", "model", state_of(run)->model->name, err));
    QEP_TRY(qep_writer_result_text(run->writer, "bloch", "scheme", qep_bloch_scheme_name((qep_bloch_scheme)b->scheme), err));
    return qep_writer_result_text(run->writer, "bloch", "conventions",
                                  "derived here, docs/bloch.md; carriers of charge -e; J = sigma E + alpha_N (-grad T), J_s = alpha E; hbar/tau is the "
                                  "full off-diagonal rate",
                                  err);
}

void qep_run_bloch_release(qep_run_state *run) {
    bloch_state *s = state_of(run);
    if (s) {
        qep_bloch_model_destroy(s->model);
        qep_run_maps_free(&s->maps);
        qep_free(s);
    }
}
