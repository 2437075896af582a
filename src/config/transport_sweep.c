/* "transport.sweep": sets of mu and temperature, alone or for every value of a parameter. For a value the Hamiltonian, the leads and the probes
 * are read again, as if "parameters" had said so. */
#include "config/transport.h"

#include "qep/base/memory.h"
#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- sets of mu and temperature ---- */

/* One number for all leads, or a list with one per lead. */
static int read_per_lead(reader *r, const json_node *node, size_t leads, int energy, double *out) {
    const qep_dimension kelvin = QEP_DIM_TEMPERATURE;
    if (node->kind == JSON_ARRAY && node->count != leads) {
        return reject(r, node, "contradiction", "%zu values came for %zu leads", node->count,
                      leads);
    }
    int good = 1;
    for (size_t a = 0; a < leads; a++) {
        const json_node *item = node->kind == JSON_ARRAY ? node->child[a] : node;
        good = (energy ? read_transport_energy(r, item, &out[a])
                       : read_scalar(r, item, &kelvin, &out[a])) &&
               good;
        if (good && !energy && !(out[a] >= 0.0)) {
            good =
                reject(r, item, "out_of_range", "%g K came; a temperature is 0 or above", out[a]);
        }
    }
    return good;
}

/* The set `item` (NULL: as in the leads) of the conductor `of`, to mu and temperature [leads]. */
static int read_set(reader *r, const json_node *item, const qep_config_transport *of, double *mu,
                    double *temperature) {
    static const char *const keys[] = {"mu", "temperature"};
    for (size_t a = 0; a < of->leads; a++) {
        mu[a] = of->terminal[a].spec.mu;
        temperature[a] = of->terminal[a].spec.temperature;
    }
    if (!item) {
        return 1;
    }
    if (item->kind != JSON_OBJECT) {
        return reject(r, item, "wrong_type", "{\"mu\": [...], \"temperature\": [...]} is needed");
    }
    int good = check_keys(r, item, keys, 2);
    good =
        (!json_member(item, "mu") || read_per_lead(r, json_member(item, "mu"), of->leads, 1, mu)) &&
        good;
    return (!json_member(item, "temperature") ||
            read_per_lead(r, json_member(item, "temperature"), of->leads, 0, temperature)) &&
           good;
}

/* All sets of the conductor `of`, from set number `first` on. list NULL: the leads' own, once. */
static int read_sets(reader *r, const json_node *list, const qep_config_transport *of, size_t first,
                     qep_config_transport *t) {
    const size_t count = list ? list->count : 1;
    int good = 1;
    for (size_t i = 0; i < count; i++) {
        const size_t at = (first + i) * t->leads;
        good = read_set(r, list ? list->child[i] : NULL, of, t->set_mu + at,
                        t->set_temperature + at) &&
               good;
    }
    return good;
}

static int allocate_sets(reader *r, size_t count, qep_config_transport *t) {
    t->sets = count;
    return (qep_alloc_doubles(&t->set_mu, count * t->leads, "sweep", NULL) == QEP_OK &&
            qep_alloc_doubles(&t->set_temperature, count * t->leads, "sweep", NULL) == QEP_OK) ||
           reject_memory(r);
}

static int check_list(reader *r, const json_node *list) {
    if (list->kind != JSON_ARRAY) {
        return reject(r, list, "wrong_type", "%s came; a list is needed", json_kind_name(list));
    }
    return list->count > 0 || reject(r, list, "out_of_range", "the list is empty; leave it out");
}

/* ---- values of a parameter ---- */

/* 1 when a text within the node has the name as a word. */
static int mentions(const json_node *node, const char *name) {
    const size_t length = strlen(name);
    for (const char *at = node && node->kind == JSON_STRING ? strstr(node->string, name) : NULL; at;
         at = strstr(at + 1, name)) {
        const unsigned char before = at == node->string ? ' ' : (unsigned char)at[-1],
                            after = (unsigned char)at[length];
        if (!isalnum(before) && before != '_' && !isalnum(after) && after != '_') {
            return 1;
        }
    }
    for (size_t i = 0; node && i < node->count; i++) {
        if (mentions(node->child[i], name)) {
            return 1;
        }
    }
    return 0;
}

static int find_parameter(reader *r, const json_node *section, const json_node *sweep,
                          const json_node *name, size_t *index) {
    const qep_parameters *p = &r->draft->config.parameters;
    if (name->kind != JSON_STRING) {
        return reject(r, name, "wrong_type", "%s came; the name of a parameter is needed",
                      json_kind_name(name));
    }
    for (*index = 0; *index < p->count && strcmp(p->name[*index], name->string) != 0; ++*index) {
    }
    if (*index == p->count) {
        return p->count
                   ? reject_choice(r, name, name->string, p->name, p->count)
                   : reject(r, name, "unknown_value",
                            "\"%s\" is no parameter; \"parameters\": {\"%s\": ...} makes it one",
                            name->string, name->string);
    }
    const json_node *const parts[] = {json_member(section, "hamiltonian"),
                                      json_member(section, "leads"), json_member(section, "probes"),
                                      json_member(sweep, "sets")};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (mentions(parts[i], name->string)) {
            return 1;
        }
    }
    return reject(r, name, "inapplicable",
                  "no expression of hamiltonian, leads, probes or sets uses \"%s\", so that all "
                  "values would give the same",
                  name->string);
}

/* Hamiltonian, leads and probes with the parameter at the value. */
static int read_variant(reader *r, const json_node *section, double value, qep_config_transport *t,
                        qep_config_transport *variant) {
    qep_config *config = &r->draft->config;
    const qep_config_transport base = config->transport;
    const size_t count = config->parameters.count;
    double *values = NULL;
    if (qep_alloc_doubles(&values, count, "sweep", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    memcpy(values, config->parameters.value, count * sizeof *values);
    values[t->parameter] = value;
    const double *const own = config->parameters.value;
    config->transport = (qep_config_transport){.given = 1,
                                               .spin_factor = base.spin_factor,
                                               .tolerance = base.tolerance,
                                               .parameter_values = values};
    config->parameters.value = values;
    const int good =
        read_transport_hamiltonian(r, json_member(section, "hamiltonian"), &config->transport) &&
        read_transport_terminals(r, json_member(section, "leads"), json_member(section, "probes"));
    *variant = config->transport;
    config->transport = base;
    config->parameters.value = own;
    return good;
}

static int same_box(const qep_config_transport *a, const qep_config_transport *b) {
    return memcmp(a->low, b->low, sizeof a->low) == 0 &&
           memcmp(a->size, b->size, sizeof a->size) == 0;
}

static int read_values(reader *r, const json_node *section, const json_node *node,
                       qep_config_transport *t) {
    static const char *const keys[] = {"parameter", "values", "sets"};
    const json_node *name = json_member(node, "parameter"), *values = json_member(node, "values"),
                    *sets = json_member(node, "sets");
    if (!check_keys(r, node, keys, 3)) {
        return 0;
    }
    if (!name || !values) {
        return reject_missing(
            r, node, name ? "values" : "parameter",
            "a sweep is {\"parameter\": \"Vg\", \"values\": [...]}, or a list of sets");
    }
    if (!find_parameter(r, section, node, name, &t->parameter) || !check_list(r, values) ||
        (sets && !check_list(r, sets))) {
        return 0;
    }
    const size_t each = sets ? sets->count : 1;
    void *block = NULL;
    if (qep_alloc(&block, values->count, sizeof *t->variant, "sweep", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    t->variant = block;
    t->variants = values->count;
    int good = allocate_sets(r, values->count * each, t);
    for (size_t v = 0; good && v < values->count; v++) {
        qep_dimension stated;
        double value = 0.0;
        int has_unit = 0;
        good = read_quantity(r, values->child[v], &r->draft->config.parameters, &value, &stated,
                             &has_unit) &&
               read_variant(r, section, value, t, &t->variant[v]);
        if (good && !same_box(&t->variant[v], t)) {
            good = reject(r, values->child[v], "contradiction",
                          "the region of the conductor would change; a sweep keeps its sites");
        }
        const double *const own = r->draft->config.parameters.value;
        r->draft->config.parameters.value = good ? t->variant[v].parameter_values : own;
        good = good && read_sets(r, sets, &t->variant[v], v * each, t);
        r->draft->config.parameters.value = own;
    }
    return good;
}

int read_transport_sweep(reader *r, const json_node *section, const json_node *node,
                         qep_config_transport *t) {
    if (node->kind == JSON_OBJECT) {
        return read_values(r, section, node, t);
    }
    if (!check_list(r, node)) {
        return 0;
    }
    return allocate_sets(r, node->count, t) && read_sets(r, node, t, 0, t);
}
