/* A sweep over a parameter is one conductor after the other, each with all sets of mu and temperature; results are put together as if one pass
 * had given them. Without such a sweep there is one conductor. */
#include "transport.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

const qep_config_transport *qep_run_transport_at(const qep_run_state *run, size_t value) {
    const qep_config_transport *c = &run->config->transport;
    return c->variants ? &c->variant[value] : c;
}

void qep_run_transport_free_values(qep_run_transport *t) {
    for (size_t v = 0; t->response && v < t->values; v++) {
        qep_response_free(&t->response[v]);
    }
    qep_free(t->response);
    qep_free(t->transmission);
    qep_free(t->tau);
}

/* ---- Joining steady states -------------------------------------------------------------------------------------------------- */

/* An array of `size` values per set: the whole one receives those of a part. NULL where the parts have none. */
static qep_status join(double **whole, const double *part, size_t sets, size_t all, size_t first,
                       size_t size, qep_error *err) {
    if (!part) {
        return QEP_OK;
    }
    if (first == 0) { /* the first part becomes the whole */
        double *grown = NULL;
        QEP_TRY(qep_alloc_doubles(&grown, all * size, "sweep", err));
        memcpy(grown, part, sets * size * sizeof *grown);
        qep_free(*whole);
        *whole = grown;
        return QEP_OK;
    }
    if (*whole) {
        memcpy(*whole + first * size, part, sets * size * sizeof **whole);
    }
    return QEP_OK;
}

static qep_status join_steady(qep_steady *whole, const qep_steady *part, int with_fields,
                              size_t all, size_t first, qep_error *err) {
    double **const currents[] = {&whole->mu,  &whole->temperature, &whole->I_N,
                                 &whole->I_E, &whole->I_Q,         &whole->TI_S,
                                 &whole->I_W, &whole->I_S,         &whole->I_S_cg};
    const double *const of_currents[] = {part->mu,  part->temperature, part->I_N,
                                         part->I_E, part->I_Q,         part->TI_S,
                                         part->I_W, part->I_S,         part->I_S_cg};
    double **const sites[] = {&whole->n, &whole->u, &whole->s_hs, &whole->s_dist, &whole->s_site};
    const double *const of_sites[] = {part->n, part->u, part->s_hs, part->s_dist, part->s_site};
    double **const bonds[] = {&whole->J_N, &whole->J_E, &whole->J_S};
    const double *const of_bonds[] = {part->J_N, part->J_E, part->J_S};
    const size_t sets = part->sets;
    for (size_t i = 0; i < sizeof currents / sizeof *currents; i++) {
        QEP_TRY(join(currents[i], of_currents[i], sets, all, first, part->terminals, err));
    }
    QEP_TRY(join(&whole->clausius, part->clausius, sets, all, first, 1, err));
    for (size_t i = 0; with_fields && i < sizeof sites / sizeof *sites; i++) {
        QEP_TRY(join(sites[i], of_sites[i], sets, all, first, part->sites, err));
    }
    for (size_t i = 0; with_fields && i < sizeof bonds / sizeof *bonds; i++) {
        QEP_TRY(join(bonds[i], of_bonds[i], sets, all, first, part->bonds, err));
    }
    return QEP_OK;
}

/* Errors: the worst; work: the sum; bound states: those of the first value, whose fields are shown. */
static void join_quality(qep_steady *whole, const qep_steady *part) {
    whole->error_N = fmax(whole->error_N, part->error_N);
    whole->error_E = fmax(whole->error_E, part->error_E);
    whole->error_S = fmax(whole->error_S, part->error_S);
    whole->error_W = fmax(whole->error_W, part->error_W);
    whole->error_fields = fmax(whole->error_fields, part->error_fields);
    whole->unitarity = fmax(whole->unitarity, part->unitarity);
    whole->evaluations += part->evaluations;
    whole->panels += part->panels;
    whole->limited += part->limited;
    whole->probe_iterations = part->probe_iterations > whole->probe_iterations
                                  ? part->probe_iterations
                                  : whole->probe_iterations;
    whole->probe_residual = fmax(whole->probe_residual, part->probe_residual);
}

/* ---- One value -------------------------------------------------------------------------------------------------------------- */

/* Site fields of all sets are tables of a list and of bonds; on a grid only the first value is shown. */
static int always_with_fields(const qep_config_transport *c) {
    return c->site_fields && (!c->on_grid || c->bond_currents);
}

qep_status qep_run_transport_steady(qep_run_state *run, qep_run_transport *t, const qep_run_conductor *k,
                            size_t value, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    const size_t sets = c->sets / t->values, first = value * sets * c->terminals;
    const qep_steady_options o = {.sets = sets,
                                  .mu = t->mu ? t->mu + first : NULL,
                                  .temperature = t->temperature ? t->temperature + first : NULL,
                                  .spin = c->spin_factor,
                                  .tolerance = c->tolerance,
                                  .threads = run->options->threads,
                                  .fields = value == 0 ? c->site_fields : always_with_fields(c),
                                  .bonds = c->bond_currents,
                                  .fill_bound_states = c->fill_bound_states,
                                  .log = run->log};
    if (value == 0) {
        QEP_TRY(qep_steady_solve(k->system, &k->h, &o, &t->steady, err));
        return c->variants
                   ? join_steady(&t->steady, &t->steady, always_with_fields(c), c->sets, 0, err)
                   : QEP_OK;
    }
    qep_steady part;
    QEP_TRY(qep_steady_solve(k->system, &k->h, &o, &part, err));
    const qep_status status =
        join_steady(&t->steady, &part, always_with_fields(c), c->sets, value * sets, err);
    join_quality(&t->steady, &part);
    qep_steady_free(&part);
    return status;
}

static qep_status scatter(qep_run_state *run, qep_run_transport *t, const qep_run_conductor *k,
                          size_t value, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    const size_t n = c->terminals;
    if (!c->energies) {
        return QEP_OK;
    }
    if (value == 0) {
        for (size_t a = 0; a < n && n == 2; a++) {
            const size_t sites = qep_system_terminal_sites(k->system, a);
            t->most = a == 0 || sites < t->most ? sites : t->most;
        }
        QEP_TRY(qep_alloc_doubles(&t->transmission, t->values * c->energies * n * n, "transmission",
                                  err));
        QEP_TRY(n == 2 ? qep_alloc_doubles(&t->tau, t->values * c->energies * t->most,
                                           "transmission eigenvalues", err)
                       : QEP_OK);
    }
    return qep_transmission(k->system, c->energy, c->energies, run->options->threads,
                            t->transmission + value * c->energies * n * n, NULL,
                            t->tau ? t->tau + value * c->energies * t->most : NULL, err);
}

static qep_status respond(qep_run_state *run, qep_run_transport *t, const qep_run_conductor *k,
                          size_t value, qep_error *err) {
    const qep_config_transport *c = &run->config->transport,
                               *own = qep_run_transport_at(run, value);
    double mu = 0.0, temperature = 0.0;
    if (!c->linear_response) {
        return QEP_OK;
    }
    for (size_t a = 0; a < own->leads; a++) {
        mu += own->terminal[a].spec.mu / (double)own->leads;
        temperature += own->terminal[a].spec.temperature / (double)own->leads;
    }
    if (value == 0) {
        QEP_TRY(qep_alloc((void **)&t->response, t->values, sizeof *t->response, "response", err));
    }
    return qep_response_solve(k->system, mu, temperature, c->spin_factor, c->tolerance,
                              run->options->threads, &t->response[value], err);
}

static qep_status one_value(qep_run_state *run, qep_run_transport *t, const qep_run_conductor *k,
                            size_t value, qep_error *err) {
    QEP_TRY(scatter(run, t, k, value, err));
    QEP_TRY(t->has_steady ? QEP_OK : qep_run_transport_steady(run, t, k, value, err));
    return respond(run, t, k, value, err);
}

qep_status qep_run_transport_solve(qep_run_state *run, qep_run_transport *t, qep_error *err) {
    QEP_TRY(one_value(run, t, &t->conductor, 0, err));
    for (size_t v = 1; v < t->values; v++) {
        qep_run_conductor k;
        qep_log_progress(run->log, "values of the sweep", v, t->values);
        QEP_TRY(qep_run_conductor_create(run, qep_run_transport_at(run, v), NULL, &k, err));
        const qep_status status = one_value(run, t, &k, v, err);
        qep_run_conductor_free(&k);
        QEP_TRY(status);
    }
    if (t->values > 1) {
        qep_log_progress(run->log, "values of the sweep", t->values, t->values);
    }
    t->steady.sets = run->config->transport.sets ? run->config->transport.sets : 1;
    return QEP_OK;
}
