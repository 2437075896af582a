/* The section "transport": Hamiltonian and leads as the configuration describes them, the calculations it asks for, and the site fields of a
 * grid as meshes. */
#include "transport.h"

#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static qep_run_transport *state_of(const qep_run_state *run) {
    return run->section[QEP_RUN_TRANSPORT];
}

int qep_run_transport_given(const qep_run_state *run) {
    return run->config->transport.given;
}

int qep_run_transport_uses_grid(const qep_run_state *run) {
    return run->config->transport.on_grid;
}

/* mu and T of all terminals for every set of a sweep; probes follow the leads. */
static qep_status make_sets(qep_run_state *run, qep_run_transport *t, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    for (size_t a = 0; a < c->leads; a++) {
        t->mean_mu += c->terminal[a].spec.mu / (double)c->leads;
        t->mean_temperature += c->terminal[a].spec.temperature / (double)c->leads;
    }
    if (c->sets == 0) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc_doubles(&t->mu, c->sets * c->terminals, "sweep", err));
    QEP_TRY(qep_alloc_doubles(&t->temperature, c->sets * c->terminals, "sweep", err));
    for (size_t i = 0; i < c->sets * c->terminals; i++) {
        const size_t set = i / c->terminals, a = i % c->terminals;
        const qep_terminal_spec *own = &qep_run_transport_at(run, set / (c->sets / t->values))->terminal[a].spec;
        t->mu[i] = a < c->leads ? c->set_mu[set * c->leads + a] : own->mu;
        t->temperature[i] = a < c->leads ? c->set_temperature[set * c->leads + a] : own->temperature;
    }
    return QEP_OK;
}

/* ---- Checks that only warn -------------------------------------------------------------------------------------------------- */

static qep_status warn_about_bands(qep_run_state *run, const qep_run_transport *t, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    double bottom = 0.0, top = 0.0;
    QEP_TRY(qep_system_band(t->conductor.system, &bottom, &top, err));
    for (size_t a = 0; a < c->leads; a++) {
        const qep_terminal_spec *s = &c->terminal[a].spec;
        if (s->mu < bottom || s->mu > top) {
            qep_log_write(run->log, QEP_LOG_WARNING, "transport: mu = %.6g J of \"%s\" lies outside every band (%.6g to %.6g J): at low temperature nothing "
                          "flows", s->mu, s->name, bottom, top);
        }
        const double scale = qep_hamiltonian_scale(&t->conductor.h);
        if (c->on_grid && s->kind != QEP_LEAD_WIDEBAND && s->mu - bottom > 0.1 * scale && s->mu < top) {
            qep_log_write(run->log, QEP_LOG_WARNING, "transport: mu of \"%s\" is %.2g t above the band bottom; the effective mass holds for energies below about "
                          "0.1 t = %.3g J: make the grid finer", s->name, (s->mu - bottom) / scale, 0.1 * scale);
        }
    }
    return QEP_OK;
}

/* Values that cannot be built end the run before it begins, --check too. */
static qep_status try_values(qep_run_state *run, const qep_run_transport *t, qep_error *err) {
    for (size_t v = 1; v < t->values; v++) {
        qep_run_conductor k;
        QEP_TRY(qep_run_conductor_create(run, qep_run_transport_at(run, v), NULL, &k, err));
        qep_run_conductor_free(&k);
    }
    return QEP_OK;
}

qep_status qep_run_transport_pose(qep_run_state *run, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, 1, sizeof(qep_run_transport), "the section transport", err));
    qep_run_transport *t = run->section[QEP_RUN_TRANSPORT] = block;
    qep_run_transport_pose_fields(run, t);
    t->values = c->variants ? c->variants : 1;
    QEP_TRY(try_values(run, t, err));
    QEP_TRY(qep_run_conductor_create(run, qep_run_transport_at(run, 0), NULL, &t->conductor, err));
    if (c->leads > 0) {
        QEP_TRY(make_sets(run, t, err));
        QEP_TRY(warn_about_bands(run, t, err));
    }
    if (c->on_grid && c->leads > 0 && c->site_fields) {
        qep_run_transport_add_meshes(run, t);
    }
    snprintf(run->report->summary, sizeof run->report->summary, "transport: %zu site%s, %zu lead%s, %zu probe%s%s", t->conductor.h.count, t->conductor.h.count == 1 ? "" : "s",
             c->leads, c->leads == 1 ? "" : "s", c->terminals - c->leads, c->terminals - c->leads == 1 ? "" : "s", c->drive.given ? ", driven" : "");
    return QEP_OK;
}

size_t qep_run_transport_memory(const qep_run_state *run) {
    const qep_run_transport *t = state_of(run);
    const qep_config_transport *c = &run->config->transport;
    const size_t threads = (size_t)run->options->threads, sites = t ? t->conductor.h.count : 0, sets = t && c->sets ? c->sets / t->values : 1;
    size_t bytes = t && t->conductor.system ? threads * qep_system_thread_bytes(t->conductor.system, c->site_fields) : 0;
    if (c->site_fields && t && t->conductor.system) { /* panels of a batch, and two integrands per thread */
        bytes += (32 + 2 * threads) * sets * (c->bond_currents ? 16u : 4u) * sites * sizeof(double);
    }
    if (c->on_grid && c->site_fields) {
        bytes += QEP_RUN_SITE_FIELDS * run->count * sizeof(double);
    }
    bytes += qep_run_transport_loop_memory(run);
    if (c->drive.given && t) {
        bytes += 5 * sites * sites * 2 * sizeof(double);
    }
    return bytes;
}

void qep_run_transport_announce(const qep_run_state *run, qep_log_level level) {
    const qep_run_transport *t = state_of(run);
    const qep_config_transport *c = &run->config->transport;
    qep_log_write(run->log, level, "%s; %s", run->report->summary, c->site_fields && c->leads ? "with site fields" : "no site fields");
    if (t->conductor.system) {
        size_t blocks = 0, largest = 0;
        qep_system_blocks(t->conductor.system, &blocks, &largest);
        qep_log_write(run->log, level, "transport: E - H - Sigma in %zu blocks of at most %zu sites, %.4g MB per thread", blocks, largest,
                      1e-6 * (double)qep_system_thread_bytes(t->conductor.system, c->site_fields));
    }
}

/* ---- Calculations ----------------------------------------------------------------------------------------------------------- */

static void report_steady(const qep_run_state *run, const qep_steady *s) {
    double weight = 0.0, largest = 0.0;
    for (size_t i = 0; s->weight && i < s->sites; i++) {
        weight += s->weight[i];
    }
    for (size_t k = 0; k < s->sets * s->terminals; k++) {
        largest = fmax(largest, fabs(s->I_N[k]));
    }
    if (s->bound_states > 0) {
        qep_log_write(run->log, run->config->transport.fill_bound_states ? QEP_LOG_INFO : QEP_LOG_WARNING,
                      "transport: %zu bound state%s outside the bands hold %.6g states that no lead fills; \"bound_states\" is \"%s\"", s->bound_states,
                      s->bound_states == 1 ? "" : "s", weight, run->config->transport.fill_bound_states ? "fill" : "ignore");
    }
    if (largest == 0.0) {
        qep_log_write(run->log, QEP_LOG_INFO, "transport: no current flows: equal reservoirs, or no open mode between them");
    }
    if (s->limited > 0) {
        qep_log_write(run->log, QEP_LOG_WARNING, "transport: %zu energy panel%s did not reach the tolerance; the achieved errors are among the results",
                      s->limited, s->limited == 1 ? "" : "s");
    }
    qep_log_write(run->log, QEP_LOG_DETAIL, "transport: %zu energies, errors N %.1e, E %.1e, S %.1e; sums over leads vanish to %.1e", s->evaluations,
                  s->error_N, s->error_E, s->error_S, s->unitarity);
}

/* s(n_i) means nothing where part of a site's states is left out. */
static qep_status judge_site_entropy(const qep_run_state *run, const qep_steady *s, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    if (c->entropy == QEP_ENTROPY_SITE && c->site_fields && s->bound_states > 0 && !c->fill_bound_states) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "incompatible", "/transport/entropy", NULL,
                             "\"site\" needs every state of a site, and %zu bound state%s left out; \"bound_states\": \"fill\" takes them in", s->bound_states,
                             s->bound_states == 1 ? " is" : "s are");
    }
    return QEP_OK;
}

static qep_status compute_steady(qep_run_state *run, qep_run_transport *t, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    if (c->loop.given) {
        QEP_TRY(qep_run_transport_iterate(run, t, err));
        t->has_steady = 1;
    }
    QEP_TRY(qep_run_transport_solve(run, t, err));
    t->has_steady = 1;
    report_steady(run, &t->steady);
    QEP_TRY(judge_site_entropy(run, &t->steady, err));
    QEP_TRY(t->fields.solved ? QEP_OK : qep_run_transport_place_fields(run, t, err));
    QEP_TRY(qep_run_transport_steady_tables(run, t, err));
    QEP_TRY(c->energies ? qep_run_transport_transmission(run, t, err) : QEP_OK);
    return c->linear_response ? qep_run_transport_response(run, t, err) : QEP_OK;
}

qep_status qep_run_transport_compute(qep_run_state *run, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    qep_run_transport *t = state_of(run);
    if (t->conductor.system) {
        QEP_TRY(compute_steady(run, t, err));
        QEP_TRY(c->has_work_site ? qep_run_transport_work_map(run, t, err) : QEP_OK);
    }
    return c->drive.given ? qep_run_transport_drive(run, t, err) : QEP_OK;
}

void qep_run_transport_release(qep_run_state *run) {
    qep_run_transport *t = state_of(run);
    if (!t) {
        return;
    }
    qep_free(t->mu);
    qep_free(t->temperature);
    qep_steady_free(&t->steady);
    qep_run_transport_free_values(t);
    qep_run_transport_free_fields(t);
    qep_run_conductor_free(&t->conductor);
    qep_free(t);
    run->section[QEP_RUN_TRANSPORT] = NULL;
}
