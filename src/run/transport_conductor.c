/* The conductor as the configuration describes it: Hamiltonian on a box of the grid or of a list, leads and probes. */
#include "transport.h"

#include "qep/base/memory.h"
#include <string.h>

size_t qep_run_sample_of_site(const qep_run_state *run, const qep_config_transport *c,
                              size_t site) {
    const size_t x = site % c->size[0], y = site / c->size[0] % c->size[1],
                 z = site / c->size[0] / c->size[1];
    return qep_grid_index(run->grid, c->low[0] + x, c->low[1] + y, c->low[2] + z);
}

qep_parameters qep_run_transport_parameters(const qep_run_state *run,
                                            const qep_config_transport *c) {
    const qep_parameters *all = &run->config->parameters;
    return (qep_parameters){all->count, all->name,
                            c->parameter_values ? c->parameter_values : all->value};
}

static size_t sites_of_box(const qep_config_transport *c) {
    return c->size[0] * c->size[1] * c->size[2];
}

/* Length, area or 1 that the grid gives sites to make them volumes; 0: densities are per area or length. */
static double depth(const qep_run_state *run, const qep_config_transport *c) {
    double depth = run->config->cross_section > 0.0 ? run->config->cross_section
                   : run->config->thickness > 0.0   ? run->config->thickness
                                                    : 1.0;
    for (int d = 0; d < run->grid->ndim;
         d++) { /* an axis of one site has an extent, though no motion */
        depth *= c->size[d] == 1 ? run->grid->axis[d].h : 1.0;
    }
    return depth;
}

static void remember_file(void *user, const char *file) {
    qep_run_remember_input(user, file, NULL);
}

/* A field at the sites of the box; NULL gives 0. whole [grid] is scratch. */
static qep_status fill(qep_run_state *run, const qep_config_transport *c,
                       const qep_field_spec *spec, const char *path, double *whole, double *out,
                       qep_error *err) {
    if (!spec) {
        memset(out, 0, sites_of_box(c) * sizeof *out);
        return QEP_OK;
    }
    qep_field_setting setting = qep_run_setting(run, 0);
    const qep_parameters parameters = qep_run_transport_parameters(run, c);
    setting.parameters = &parameters;
    setting.report = NULL; /* reported once, by the field solver's inputs */
    qep_field_files(spec, remember_file, run);
    QEP_TRY(qep_field_check_in(spec, &setting, err));
    if (qep_field_is_time_dependent(spec, run->grid, &parameters)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "inapplicable", path, NULL,
                             "it changes with time, but the steady state has none; a \"sweep\" "
                             "over a parameter takes several values");
    }
    QEP_TRY(qep_field_evaluate(spec, &setting, whole, err));
    for (size_t i = 0; i < sites_of_box(c); i++) {
        out[i] = whole[qep_run_sample_of_site(run, c, i)];
    }
    return QEP_OK;
}

/* The potential on the whole grid, with what is added to it. */
static qep_status keep_potential(const qep_run_state *run, const double *U, const double *added,
                                 qep_run_conductor *k, qep_error *err) {
    QEP_TRY(qep_alloc_doubles(&k->U, run->count, "the potential", err));
    for (size_t i = 0; i < run->count; i++) {
        k->U[i] = U[i] + (added ? added[i] : 0.0);
    }
    return QEP_OK;
}

static qep_status grid_hamiltonian(qep_run_state *run, const qep_config_transport *c,
                                   const double *added, qep_run_conductor *k, qep_error *err) {
    const size_t sites = sites_of_box(c);
    double *work = NULL;
    QEP_TRY(qep_alloc_doubles(&work, run->count + 2 * sites, "masses and the potential", err));
    double *mass = work + run->count, *potential = mass + sites;
    qep_status status = fill(run, c, c->mass, "/transport/hamiltonian/mass", work, mass, err);
    memset(work, 0, run->count * sizeof *work);
    status = status == QEP_OK ? fill(run, c, c->potential, "/transport/hamiltonian/potential", work,
                                     potential, err)
                              : status;
    status = status == QEP_OK && c->loop.given ? keep_potential(run, work, added, k, err) : status;
    for (size_t i = 0; status == QEP_OK && added && i < sites; i++) {
        potential[i] += added[qep_run_sample_of_site(run, c, i)];
    }
    if (status == QEP_OK) {
        qep_grid_hamiltonian g = {
            .mass = mass, .potential = potential, .field = c->field, .thickness = depth(run, c)};
        for (int d = 0; d < 3; d++) {
            g.shape[d] = c->size[d];
            g.spacing[d] = run->grid->axis[d].h;
            g.periodic[d] = c->periodic[d];
        }
        status = qep_hamiltonian_from_grid(&k->h, &g, err);
    }
    qep_free(work);
    return status;
}

/* Sites where an expression is not 0. */
static qep_status sites_where(const qep_run_state *run, const qep_config_transport *c,
                              const qep_config_terminal *t, size_t **sites, size_t *count,
                              qep_error *err) {
    qep_expression *expression = NULL;
    double *value = NULL;
    QEP_TRY(
        qep_expression_create(&expression, t->where, 1, &run->config->parameters, t->path, err));
    qep_status status = qep_alloc_doubles(&value, run->count, "a probe", err);
    status = status == QEP_OK
                 ? qep_alloc((void **)sites, sites_of_box(c), sizeof **sites, "a probe", err)
                 : status;
    status = status == QEP_OK ? qep_expression_fill(expression, run->grid, 0.0,
                                                    run->options->threads, value, err)
                              : status;
    for (size_t i = 0; status == QEP_OK && i < sites_of_box(c); i++) {
        if (value[qep_run_sample_of_site(run, c, i)] != 0.0) {
            (*sites)[(*count)++] = i;
        }
    }
    qep_expression_destroy(expression);
    qep_free(value);
    return status;
}

static qep_status make_system(const qep_run_state *run, const qep_config_transport *c,
                              qep_run_conductor *k, qep_error *err) {
    QEP_TRY(qep_alloc((void **)&k->where, c->terminals, sizeof *k->where, "leads", err));
    QEP_TRY(qep_alloc((void **)&k->spec, c->terminals, sizeof *k->spec, "leads", err));
    k->terminals = c->terminals;
    for (size_t a = 0; a < c->terminals; a++) {
        k->spec[a] = c->terminal[a].spec;
        if (c->terminal[a].where) {
            QEP_TRY(
                sites_where(run, c, &c->terminal[a], &k->where[a], &k->spec[a].site_count, err));
            k->spec[a].sites = k->where[a];
        }
    }
    return qep_system_create(&k->system, &k->h, k->spec, c->terminals, err);
}

qep_status qep_run_conductor_create(qep_run_state *run, const qep_config_transport *c,
                                    const double *added, qep_run_conductor *k, qep_error *err) {
    *k = (qep_run_conductor){0};
    qep_status status = c->on_grid
                            ? grid_hamiltonian(run, c, added, k, err)
                            : qep_hamiltonian_from_list(&k->h, c->sites, c->onsite, c->hopping,
                                                        c->hoppings, c->volume, err);
    if (status == QEP_OK && c->leads > 0) {
        status = make_system(run, c, k, err);
    }
    if (status != QEP_OK) {
        qep_run_conductor_free(k);
    }
    return status;
}

void qep_run_conductor_free(qep_run_conductor *k) {
    for (size_t a = 0; k->where && a < k->terminals; a++) {
        qep_free(k->where[a]);
    }
    qep_free(k->where);
    qep_free(k->spec);
    qep_free(k->U);
    qep_system_destroy(k->system);
    qep_hamiltonian_free(&k->h);
    *k = (qep_run_conductor){0};
}
