/* "output", and which quantities exist in the problem that was posed. */
#include "config/reader.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/derive/quantity.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static int find_quantity(reader *r, const json_node *node, const qep_quantity_row **found) {
    size_t count = 0;
    const qep_quantity_row *table = qep_quantity_table(&count);
    const char *names[64];
    for (size_t i = 0; i < count && i < 64; i++) {
        names[i] = table[i].name;
    }
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type", "%s came; the name of a quantity is needed",
                      json_kind_name(node));
    }
    *found = qep_quantity_find(node->string);
    return *found ? 1 : reject_choice(r, node, node->string, names, count < 64 ? count : 64);
}

int read_output_fields(reader *r, const config_row *row, const json_node *node) {
    (void)row;
    qep_config *config = &r->draft->config;
    void *block = NULL;
    if (node->kind != JSON_ARRAY || node->count == 0) {
        return reject(r, node, "wrong_type",
                      "%s came; a list of quantities like [\"phi\", \"E\"] is needed",
                      node->kind == JSON_ARRAY ? "an empty list" : json_kind_name(node));
    }
    if (qep_alloc(&block, node->count, sizeof(char *), "fields", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    config->fields = block;
    config->fields_given = 1;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        const qep_quantity_row *found = NULL;
        int fine = find_quantity(r, node->child[i], &found);
        for (size_t k = 0; fine && k < config->field_count; k++) {
            if (config->fields[k] == found->name) {
                fine = reject(r, node->child[i], "contradiction", "\"%s\" is listed twice",
                              found->name);
            }
        }
        if (fine) {
            config->fields[config->field_count++] = found->name;
        }
        good = good && fine;
    }
    return good;
}

int write_output_fields(writer *w, const draft *d, const config_row *row) {
    (void)row;
    if (!w) {
        return d->config.field_count > 0;
    }
    write_open(w, '[');
    for (size_t i = 0; i < d->config.field_count; i++) {
        write_next(w);
        write_string(w, d->config.fields[i]);
    }
    write_close(w, ']');
    return 1;
}

int field_is_present(const qep_field_spec *spec) {
    return spec && !(spec->kind == QEP_FIELD_NUMBER && spec->value == 0.0);
}

int has_face_values(const qep_config *config) {
    for (int a = 0; a < 3; a++) {
        if (field_is_present(config->face[a][0].value) ||
            field_is_present(config->face[a][1].value)) {
            return 1;
        }
    }
    return 0;
}

static int in_list(const char *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int makes_phi(const qep_config *config) {
    return config->entropy || config->charge || has_face_values(config);
}

/* Why a quantity does not exist in this problem, or NULL when it does. */
static const char *missing_reason(const qep_config *config, const char *name) {
    static const char *const of_entropy[] = {"S",   "grad_S", "lap_S", "hessian_S", "phi_S",
                                             "J_S", "rho_S",  "dS_dt", "kappa",     "entropy_rate"};
    static const char *const of_poisson[] = {"phi_rho", "phi_S", "residual", "J_rho"};
    static const char *const of_phi[] = {"phi", "phi_rho", "E", "J_rho", "residual"};
    static const char *const of_conduction[] = {"V", "J", "E_total"};
    static const char *const of_current[] = {"entropy_current", "div_entropy_current",
                                             "entropy_rate"};
    if (!config->entropy_current[0] &&
        in_list(name, of_current, sizeof of_current / sizeof *of_current)) {
        return "it derives from the entropy current, and no \"entropy_current\" is given";
    }
    if (!config->entropy && in_list(name, of_entropy, sizeof of_entropy / sizeof *of_entropy)) {
        return "it derives from the entropy density, and no \"entropy\" is given";
    }
    if (config->reading != QEP_READING_POISSON &&
        in_list(name, of_poisson, sizeof of_poisson / sizeof *of_poisson)) {
        return "it belongs to reading \"poisson\", which solves an equation in two parts";
    }
    if (!makes_phi(config) && in_list(name, of_phi, sizeof of_phi / sizeof *of_phi)) {
        return "nothing makes a potential: neither entropy nor charge nor boundary values are "
               "given";
    }
    if (in_list(name, of_conduction, 3) && !config->conduction.given) {
        return "it belongs to conduction: give \"electrodes\" or \"conduction\"";
    }
    double uniform = 0.0;
    const int varies =
        config->coupling.profile && !qep_field_is_constant(config->coupling.profile, &uniform);
    const int no_phi = varies && (config->reading == QEP_READING_FIELD ||
                                  config->reading == QEP_READING_DIRECTIONAL);
    if (no_phi && strcmp(name, "phi") == 0) {
        return "with a coupling profile this reading defines a field, but no potential";
    }
    return NULL;
}

/* phi, E and J_S as far as they exist; V and J where electrodes alone are given. */
static void default_fields(reader *r) {
    static const char *const names[] = {"phi", "E", "J_S"}, *const of_electrodes[] = {"V", "J"};
    qep_config *config = &r->draft->config;
    const int bare = !makes_phi(config);
    const char *const *const list = bare ? of_electrodes : names;
    void *block = NULL;
    if (qep_alloc(&block, 3, sizeof(char *), "fields", NULL) != QEP_OK) {
        reject_memory(r);
        return;
    }
    config->fields = block;
    for (size_t i = 0; i < (bare ? 2u : 3u); i++) {
        if (!missing_reason(config, list[i])) {
            config->fields[config->field_count++] = qep_quantity_find(list[i])->name;
        }
    }
}

static void check_fields(reader *r) {
    const json_node *list = row_node(r, "output.fields");
    const qep_config *config = &r->draft->config;
    for (size_t i = 0; list->kind == JSON_ARRAY && i < list->count; i++) {
        const json_node *node = list->child[i];
        const char *reason = node->kind == JSON_STRING && qep_quantity_find(node->string)
                                 ? missing_reason(config, node->string)
                                 : NULL;
        if (reason) {
            reject(r, node, "inapplicable", "\"%s\" does not exist here: %s", node->string, reason);
        }
    }
}

/* phi and E of reading poisson are sums of both parts. */
static void check_sum(reader *r) {
    const qep_config *config = &r->draft->config;
    const qep_dimension phi = phi_dimension(config), volt = QEP_DIM_VOLTAGE;
    int summed = 0;
    for (size_t i = 0; i < config->field_count; i++) {
        summed =
            summed || in_list(config->fields[i], (const char *const[]){"phi", "E", "E_total"}, 3);
    }
    if (!summed || !config->entropy || qep_dimension_equal(phi, volt)) {
        return;
    }
    char unit[64];
    const char *other = field_is_present(config->charge) ? "charge" : "boundary";
    reject(r, blame(r, row_given(r->draft, "output.fields") ? "output.fields" : other),
           "contradiction",
           "phi of the entropy has the unit %s with closure \"%s\", phi of the charge and boundary "
           "values "
           "has V; different units never add. "
           "Use closure \"cell\", or \"custom\" with a unit that gives V, or ask only for phi_rho "
           "and phi_S "
           "in output.fields",
           qep_dimension_format(phi, unit, sizeof unit),
           qep_closure_name(config->coupling.closure));
}

void finish_output(reader *r) {
    qep_config *config = &r->draft->config;
    config->single_precision = r->draft->precision;
    if (config->fields_given && !r->failed) { /* what a faulty section would have given is not missing */
        check_fields(r);
    } else if (!config->fields_given && config->has_field) {
        default_fields(r);
    }
    if (config->reading == QEP_READING_POISSON &&
        (field_is_present(config->charge) || has_face_values(config))) {
        check_sum(r);
    }
    if (!config->output_file) {
        const char *slash = strrchr(config->name, '/');
        const char *base = slash ? slash + 1 : config->name;
        const char *dot = strrchr(base, '.');
        const int length = (int)(dot && dot != base ? (size_t)(dot - base) : strlen(base));
        config->output_file =
            base[0] == '<' ? qep_text_copy("stdin.h5") : qep_text_format("%.*s.h5", length, base);
        if (!config->output_file) {
            reject_memory(r);
        }
    }
}
