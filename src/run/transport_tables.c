/* Tables of the section "transport": one row per result, in the order in which they are written. */
#include "transport.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

qep_status qep_run_transport_put(qep_run_state *run, const char *name, const char *long_name, const char *unit, const char *axes, const double *value, int rank,
                      const size_t *shape, qep_error *err) {
    qep_run_table t = {.section = "transport", .rank = rank, .value = (double *)(uintptr_t)value};
    snprintf(t.name, sizeof t.name, "%s", name);
    snprintf(t.long_name, sizeof t.long_name, "%s", long_name);
    snprintf(t.unit, sizeof t.unit, "%s", unit);
    snprintf(t.axes, sizeof t.axes, "%s", axes);
    for (int d = 0; d < rank; d++) {
        t.shape[d] = shape[d];
    }
    return qep_run_add_table(run, &t, err);
}

static qep_status put_names(qep_run_state *run, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, c->terminals, sizeof(char *), "names", err));
    char **names = block;
    for (size_t a = 0; a < c->terminals; a++) {
        names[a] = c->terminal[a].name;
    }
    qep_run_table t = {.section = "transport", .name = "leads", .long_name = "names of the leads, then of the probes", .rank = 1, .shape = {c->terminals},
                       .text = names};
    const qep_status status = qep_run_add_table(run, &t, err);
    qep_free(names);
    return status;
}

/* ---- Steady state ----------------------------------------------------------------------------------------------------------- */

/* A sweep adds the sets as first index. */
static qep_status put_per_set(qep_run_state *run, const char *name, const char *long_name, const char *unit, const char *axis, const double *value,
                              size_t sets, size_t count, qep_error *err) {
    const size_t shape[2] = {sets, count};
    const int swept = run->config->transport.sets > 0;
    char axes[64];
    snprintf(axes, sizeof axes, swept ? "set %s" : "%s", axis);
    return qep_run_transport_put(run, name, long_name, unit, axes, value, swept ? 2 : 1, swept ? shape : shape + 1, err);
}

static qep_status put_currents(qep_run_state *run, const qep_steady *s, qep_error *err) {
    const struct {
        const char *name, *text, *unit;
        const double *value;
    } rows[] = {{"mu", "electrochemical potential, of probes as found", "J", s->mu},
                {"temperature", "temperature, of probes as found", "K", s->temperature},
                {"I_N", "particle current out of the reservoir", "s^-1", s->I_N},
                {"I_E", "energy current out of the reservoir", "W", s->I_E},
                {"I_Q", "heat current I_E - mu I_N out of the reservoir", "W", s->I_Q},
                {"I_S", "entropy current out of the reservoir", "W K^-1", s->I_S},
                {"TI_S", "heat carried by entropy, T I_S", "W", s->TI_S},
                {"I_W", "rest of the heat, by its own integral over the relative entropy (derived)", "W", s->I_W},
                {"I_S_cg", "entropy current out of the reservoir when coherence between leads is forgotten", "W K^-1", s->I_S_cg}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        QEP_TRY(put_per_set(run, rows[i].name, rows[i].text, rows[i].unit, "leads", rows[i].value, s->sets, s->terminals, err));
    }
    double *current = NULL;
    QEP_TRY(qep_alloc_doubles(&current, s->sets * s->terminals, "currents", err));
    for (size_t k = 0; k < s->sets * s->terminals; k++) {
        current[k] = -QEP_E_CHARGE * s->I_N[k];
    }
    const qep_status status = put_per_set(run, "I", "electric current -e I_N out of the reservoir", "A", "leads", current, s->sets, s->terminals, err);
    qep_free(current);
    QEP_TRY(status);
    const size_t sets = s->sets;
    return qep_run_transport_put(run, "clausius", "sum over reservoirs of -I_Q/T", "W K^-1", run->config->transport.sets ? "set" : "", s->clausius,
               run->config->transport.sets ? 1 : 0, &sets, err);
}

/* Largest |I_Q - T I_S - I_W| against the largest |I_Q|: integrals that share no integrand. */
static double closure(const qep_steady *s) {
    double worst = 0.0, size = 0.0;
    for (size_t k = 0; k < s->sets * s->terminals; k++) {
        if (!isnan(s->I_Q[k])) {
            worst = fmax(worst, fabs(s->I_Q[k] - s->TI_S[k] - s->I_W[k]));
            size = fmax(size, fabs(s->I_Q[k]));
        }
    }
    return size > 0.0 ? worst / size : 0.0;
}

static qep_status put_quality(qep_run_state *run, const qep_steady *s, qep_error *err) {
    const struct {
        const char *name;
        double value;
    } rows[] = {{"error_N", s->error_N}, {"error_E", s->error_E}, {"error_S", s->error_S}, {"error_W", s->error_W}, {"error_fields", s->error_fields},
                {"closure", closure(s)}, {"conservation", s->unitarity}, {"energies_visited", (double)s->evaluations}, {"bound_states", (double)s->bound_states},
                {"probe_iterations", s->probe_iterations}, {"probe_residual", s->probe_residual}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        QEP_TRY(qep_run_number(run, 0, "transport", rows[i].name, rows[i].value, NULL, err));
    }
    return QEP_OK;
}

static const double *chosen_entropy(const qep_run_state *run, const qep_steady *s) {
    const double *const kinds[QEP_ENTROPIES] = {s->s_hs, s->s_dist, s->s_site};
    return kinds[run->config->transport.entropy];
}

/* Values of sites of a list: per volume where volumes are known, else per site. On a grid, the chosen entropy of every set. */
static qep_status put_sites(qep_run_state *run, const qep_run_transport *t, const char *name, const char *text, const char *unit, const char *unit_volume,
                            const double *value, qep_error *err) {
    const qep_steady *s = &t->steady;
    double *out = NULL;
    QEP_TRY(qep_alloc_doubles(&out, s->sets * s->sites, "site fields", err));
    for (size_t k = 0; k < s->sets * s->sites; k++) {
        out[k] = t->conductor.h.volume ? value[k] / t->conductor.h.volume[k % s->sites] : value[k];
    }
    const qep_status status = put_per_set(run, name, text, t->conductor.h.volume ? unit_volume : unit, "site", out, s->sets, s->sites, err);
    qep_free(out);
    return status;
}

static qep_status put_site_fields(qep_run_state *run, const qep_run_transport *t, qep_error *err) {
    const qep_steady *s = &t->steady;
    const struct {
        const char *name, *text, *unit, *per_volume;
        const double *value;
    } rows[] = {{"n", "particles per site", "1", "m^-3", s->n},
                {"u", "energy per site, half of every bond at each end", "J", "J m^-3", s->u},
                {"s_hs", "entropy of the scattering states", "J K^-1", "J K^-1 m^-3", s->s_hs},
                {"s_dist", "entropy of the local distribution", "J K^-1", "J K^-1 m^-3", s->s_dist},
                {"s_site", "entropy of the one-site states", "J K^-1", "J K^-1 m^-3", s->s_site},
                {"s", "the entropy that \"entropy\" names", "J K^-1", "J K^-1 m^-3", chosen_entropy(run, s)}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !run->config->transport.on_grid; i++) {
        QEP_TRY(put_sites(run, t, rows[i].name, rows[i].text, rows[i].unit, rows[i].per_volume, rows[i].value, err));
    }
    const size_t sites = s->sites;
    return s->bound_states ? qep_run_transport_put(run, "missing_weight", "share of a site's states that belongs to bound states", "1", "site", s->weight, 1, &sites, err)
                           : QEP_OK;
}

static qep_status put_divergence(qep_run_state *run, const qep_steady *s, const char *name, const char *unit, const double *flow, qep_error *err) {
    double *out = NULL;
    QEP_TRY(qep_alloc((void **)&out, s->sets * s->sites, sizeof *out, "divergence", err));
    for (size_t k = 0; k < s->sets * s->bonds; k++) {
        out[k / s->bonds * s->sites + s->bond_from[k % s->bonds]] += flow[k];
        out[k / s->bonds * s->sites + s->bond_to[k % s->bonds]] -= flow[k];
    }
    const qep_status status = put_per_set(run, name, "net flow out of the site through its bonds", unit, "site", out, s->sets, s->sites, err);
    qep_free(out);
    return status;
}

static qep_status put_bonds(qep_run_state *run, const qep_steady *s, qep_error *err) {
    const struct {
        const char *name, *divergence, *text, *unit;
        const double *value;
    } rows[] = {{"bonds/J_N", "bonds/div_N", "particle current from -> to", "s^-1", s->J_N},
                {"bonds/J_E", "bonds/div_E", "energy current from -> to", "W", s->J_E},
                {"bonds/J_S", "bonds/div_S", "entropy current from -> to", "W K^-1", s->J_S}};
    double *ends = NULL;
    QEP_TRY(qep_alloc_doubles(&ends, 2 * s->bonds, "bonds", err));
    for (size_t b = 0; b < s->bonds; b++) {
        ends[b] = (double)s->bond_from[b];
        ends[s->bonds + b] = (double)s->bond_to[b];
    }
    qep_status status = qep_run_transport_put(run, "bonds/from", "site", "1", "", ends, 1, &s->bonds, err);
    status = status == QEP_OK ? qep_run_transport_put(run, "bonds/to", "site", "1", "", ends + s->bonds, 1, &s->bonds, err) : status;
    qep_free(ends);
    QEP_TRY(status);
    for (size_t i = 0; i < 3; i++) {
        QEP_TRY(put_per_set(run, rows[i].name, rows[i].text, rows[i].unit, "bond", rows[i].value, s->sets, s->bonds, err));
        QEP_TRY(put_divergence(run, s, rows[i].divergence, rows[i].unit, rows[i].value, err));
    }
    return QEP_OK;
}

/* The value of the swept parameter in every set. */
static qep_status put_parameter(qep_run_state *run, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    double *value = NULL;
    char text[128];
    QEP_TRY(qep_alloc_doubles(&value, c->sets, "sweep", err));
    for (size_t i = 0; i < c->sets; i++) {
        value[i] = c->variant[i / (c->sets / c->variants)].parameter_values[c->parameter];
    }
    snprintf(text, sizeof text, "parameter \"%s\" of each set, SI", run->config->parameters.name[c->parameter]);
    const qep_status status = qep_run_transport_put(run, "parameter", text, "1", "set", value, 1, &c->sets, err);
    qep_free(value);
    return status;
}

qep_status qep_run_transport_steady_tables(qep_run_state *run, const qep_run_transport *t, qep_error *err) {
    QEP_TRY(put_names(run, err));
    QEP_TRY(run->config->transport.variants ? put_parameter(run, err) : QEP_OK);
    QEP_TRY(put_currents(run, &t->steady, err));
    QEP_TRY(put_quality(run, &t->steady, err));
    QEP_TRY(t->steady.n ? put_site_fields(run, t, err) : QEP_OK);
    if (t->steady.bound_states) {
        const size_t n = t->steady.bound_states;
        QEP_TRY(qep_run_transport_put(run, "bound_energies", "energies of the bound states", "J", "", t->steady.bound_energy, 1, &n, err));
    }
    return run->config->transport.bond_currents && t->steady.J_N ? put_bonds(run, &t->steady, err) : QEP_OK;
}

/* ---- Others ----------------------------------------------------------------------------------------------------------------- */

/* A sweep over a parameter adds its values as first index. */
static qep_status put_per_value(qep_run_state *run, const char *name, const char *long_name, const char *unit, const char *axes, const double *value,
                                int rank, const size_t *shape, qep_error *err) {
    size_t with_values[6] = {run->config->transport.variants};
    char all[64];
    if (with_values[0] == 0) {
        return qep_run_transport_put(run, name, long_name, unit, axes, value, rank, shape, err);
    }
    memcpy(with_values + 1, shape, (size_t)rank * sizeof *shape);
    snprintf(all, sizeof all, "value %s", axes);
    return qep_run_transport_put(run, name, long_name, unit, all, value, rank + 1, with_values, err);
}

qep_status qep_run_transport_transmission(qep_run_state *run, const qep_run_transport *t, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    const size_t n = c->terminals, shape[3] = {c->energies, n, n}, of_tau[2] = {c->energies, t->most};
    QEP_TRY(qep_run_transport_put(run, "energies", "energies of the transmission", "J", "", c->energy, 1, shape, err));
    QEP_TRY(put_per_value(run, "transmission", "T_ab from terminal b to a, per spin", "1", "energies leads leads", t->transmission, 3, shape, err));
    return t->tau ? put_per_value(run, "transmission_eigenvalues", "descending; nan: no such mode", "1", "energies", t->tau, 2, of_tau, err) : QEP_OK;
}

/* One array of all values' responses: which one is at `offset` of qep_response. */
static qep_status put_response(qep_run_state *run, const qep_run_transport *t, const char *name, const char *text, const char *unit, size_t offset,
                               qep_error *err) {
    const size_t n = t->response->terminals, shape[2] = {n, n};
    double *all = NULL;
    QEP_TRY(qep_alloc_doubles(&all, t->values * n * n, "response", err));
    for (size_t v = 0; v < t->values; v++) {
        const double *const *one = (const double *const *)(const void *)((const char *)&t->response[v] + offset);
        memcpy(all + v * n * n, *one, n * n * sizeof *all);
    }
    const qep_status status = put_per_value(run, name, text, unit, "leads leads", all, 2, shape, err);
    qep_free(all);
    return status;
}

/* A number of two terminals: an attribute, or a table over the values of a parameter. */
static qep_status put_coefficient(qep_run_state *run, const qep_run_transport *t, const char *name, const char *text, const char *unit, size_t offset,
                                  qep_error *err) {
    double *all = NULL;
    QEP_TRY(qep_alloc_doubles(&all, t->values, "response", err));
    for (size_t v = 0; v < t->values; v++) {
        memcpy(all + v, (const char *)&t->response[v] + offset, sizeof *all);
    }
    char table[64];
    snprintf(table, sizeof table, "response/%s", name);
    const qep_status status = run->config->transport.variants ? qep_run_transport_put(run, table, text, unit ? unit : "1", "value", all, 1, &t->values, err)
                                                              : qep_run_number(run, 0, "transport", name, all[0], unit, err);
    qep_free(all);
    return status;
}

qep_status qep_run_transport_response(qep_run_state *run, const qep_run_transport *t, qep_error *err) {
    const struct {
        const char *name, *text, *unit;
        size_t offset;
    } rows[] = {{"response/L11", "dI_N,a/dmu_b", "J^-1 s^-1", offsetof(qep_response, L11)}, {"response/L12", "dI_N,a/dT_b", "K^-1 s^-1", offsetof(qep_response, L12)},
                {"response/L21", "dI_S,a/dmu_b", "K^-1 s^-1", offsetof(qep_response, L21)}, {"response/L22", "dI_S,a/dT_b", "W K^-2", offsetof(qep_response, L22)}},
      numbers[] = {{"conductance", "dI/dV of two terminals", "S", offsetof(qep_response, conductance)},
                   {"thermopower", "of two terminals", "V K^-1", offsetof(qep_response, thermopower)},
                   {"heat_conductance", "at zero current", "W K^-1", offsetof(qep_response, heat_conductance)},
                   {"lorenz_ratio", "Lorenz number over (pi k_B/e)^2/3", NULL, offsetof(qep_response, lorenz)}};
    for (size_t i = 0; i < 4; i++) {
        QEP_TRY(put_response(run, t, rows[i].name, rows[i].text, rows[i].unit, rows[i].offset, err));
    }
    for (size_t i = 0; t->response->terminals == 2 && i < 4; i++) {
        QEP_TRY(put_coefficient(run, t, numbers[i].name, numbers[i].text, numbers[i].unit, numbers[i].offset, err));
    }
    return QEP_OK;
}

qep_status qep_run_transport_work_map(qep_run_state *run, const qep_run_transport *t, qep_error *err) {
    const qep_config_transport *c = &run->config->transport;
    if (c->work_site >= t->conductor.h.count) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/nonlocal_work", NULL, "site %zu; there are sites 0 to %zu", c->work_site,
                             t->conductor.h.count - 1);
    }
    qep_work_map m;
    QEP_TRY(qep_work_map_solve(t->conductor.system, c->work_site, t->mean_mu, t->mean_temperature, c->spin_factor, c->tolerance, run->options->threads, &m, err));
    const size_t sites = m.sites;
    qep_status status = qep_run_transport_put(run, "work/w", "dOmega of a site per energy of the driven one", "1", "site", m.w, 1, &sites, err);
    const struct {
        const char *name;
        double value;
    } rows[] = {{"work_leads", m.lead}, {"work_density", m.density}, {"work_friction", m.friction}};
    for (size_t i = 0; i < 3 && status == QEP_OK; i++) {
        status = qep_run_number(run, 0, "transport", rows[i].name, rows[i].value, NULL, err);
    }
    qep_work_map_free(&m);
    return status;
}
