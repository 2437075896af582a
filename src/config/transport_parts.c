/* "transport": leads and probes. */
#include "config/transport.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <stdio.h>
#include <string.h>

static const char *const faces[] = {"x-low", "x-high", "y-low", "y-high", "z-low", "z-high"};
static const char *const lead_kinds[] = {"strip", "periodic", "wideband"};
static const char *const probe_kinds[] = {"dephasing", "voltage", "thermoelectric"};

/* Index of a word among names, or -1 after an error. */
static int read_word(reader *r, const json_node *node, const char *const *names, size_t count) {
    for (size_t i = 0; node->kind == JSON_STRING && i < count; i++) {
        if (strcmp(node->string, names[i]) == 0) {
            return (int)i;
        }
    }
    if (node->kind == JSON_STRING) {
        reject_choice(r, node, node->string, names, count);
    } else {
        reject(r, node, "wrong_type", "%s came; a text like \"%s\" is needed", json_kind_name(node), names[0]);
    }
    return -1;
}

int read_transport_temperature(reader *r, const json_node *node, double *value) {
    const qep_dimension kelvin = QEP_DIM_TEMPERATURE;
    return read_scalar(r, node, &kelvin, value) &&
           (*value >= 0.0 || reject(r, node, "out_of_range", "%g K came; a temperature is 0 or above", *value));
}

static int read_gamma(reader *r, const json_node *node, double *value) {
    return read_transport_energy(r, node, value) &&
           (*value >= 0.0 || reject(r, node, "out_of_range", "%g J came; gamma is 0 or above", *value));
}

static int needs(reader *r, const json_node *node, const char *key, const char *purpose) {
    return json_member(node, key) || reject_missing(r, node, key, purpose);
}

static int forbids(reader *r, const json_node *node, const char *key, const char *why) {
    const json_node *value = json_member(node, key);
    return !value || reject(r, value, "inapplicable", "%s", why);
}

/* Keys that a kind of lead takes or needs. */
static int check_lead_keys(reader *r, const json_node *node, qep_lead_kind kind, int on_grid) {
    const int wide = kind == QEP_LEAD_WIDEBAND, periodic = kind == QEP_LEAD_PERIODIC;
    int good = json_member(node, "face") || json_member(node, "sites") ||
               reject_missing(r, node, on_grid ? "face" : "sites", on_grid ? "like \"x-low\"" : "the numbers of the sites it touches");
    good = (!(json_member(node, "face") && json_member(node, "sites")) ||
            reject(r, json_member(node, "sites"), "contradiction", "a lead has \"face\" or \"sites\", not both")) && good;
    good = (on_grid || forbids(r, node, "face", "a list of sites has no faces; name its \"sites\"")) && good;
    if (on_grid && !wide) {
        good = forbids(r, node, "sites", "on a grid a strip or periodic lead covers a \"face\"") && good;
        good = forbids(r, node, "hopping", "on a grid the hopping of a lead follows from the mass of the slice it touches") && good;
    }
    good = (wide ? needs(r, node, "gamma", "the level width; Sigma = -i gamma/2 on every site")
                 : forbids(r, node, "gamma", "it belongs to wideband leads")) && good;
    good = (!wide || forbids(r, node, "shift", "a wide band has no energy to shift")) && good;
    good = (!wide || forbids(r, node, "hopping", "a wide band has no hopping")) && good;
    good = ((periodic && on_grid) || forbids(r, node, "period", "it belongs to periodic leads on a grid")) && good;
    good = ((periodic && !on_grid) || forbids(r, node, "previous", "it belongs to periodic leads on a list")) && good;
    good = (!periodic || on_grid || needs(r, node, "previous", "the same sites one cell further in")) && good;
    good = (kind != QEP_LEAD_STRIP || on_grid || needs(r, node, "hopping", "the hopping along the lead")) && good;
    return good;
}

static int read_name(reader *r, const json_node *node, qep_config_terminal *t) {
    const json_node *name = json_member(node, "name");
    if (!name) {
        return reject_missing(r, node, "name", "results name it");
    }
    if (!read_transport_text(r, name, &t->name)) {
        return 0;
    }
    t->spec.name = t->name;
    return strlen(t->name) <= 60 || reject(r, name, "bad_name", "a name has at most 60 bytes");
}

static int read_lead(reader *r, const json_node *node, qep_config_terminal *t) {
    static const char *const keys[] = {"name", "kind", "face", "sites", "gamma", "mu", "temperature", "shift", "hopping", "period", "previous"};
    qep_terminal_spec *s = &t->spec;
    const int on_grid = r->draft->config.transport.on_grid;
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type", "{\"name\": \"L\", \"kind\": \"strip\", ...} is needed");
    }
    int good = check_keys(r, node, keys, sizeof keys / sizeof *keys) && read_name(r, node, t) && needs(r, node, "kind", "strip, periodic or wideband");
    const int kind = good ? read_word(r, json_member(node, "kind"), lead_kinds, 3) : -1;
    if (kind < 0) {
        return 0;
    }
    s->kind = (qep_lead_kind)kind;
    s->face = QEP_NO_FACE;
    good = check_lead_keys(r, node, s->kind, on_grid);
    good = needs(r, node, "mu", "its electrochemical potential") && needs(r, node, "temperature", "0 is allowed") && good;
    if (!good) {
        return 0;
    }
    const json_node *face = json_member(node, "face"), *sites = json_member(node, "sites"), *previous = json_member(node, "previous"),
                    *gamma = json_member(node, "gamma"), *shift = json_member(node, "shift"), *hopping = json_member(node, "hopping"),
                    *period = json_member(node, "period");
    size_t count = 0;
    double number = 0.0;
    good = read_transport_energy(r, json_member(node, "mu"), &s->mu) && read_transport_temperature(r, json_member(node, "temperature"), &s->temperature);
    good = (!face || (s->face = read_word(r, face, faces, 6)) >= 0) && good;
    good = (!sites || read_transport_sites(r, sites, &t->sites, &s->site_count)) && good;
    good = (!previous || read_transport_sites(r, previous, &t->previous, &count)) && good;
    good = (!gamma || read_gamma(r, gamma, &s->gamma)) && good;
    good = (!shift || read_transport_energy(r, shift, &s->shift)) && good;
    good = (!hopping || read_transport_energy(r, hopping, &s->hopping)) && good;
    good = (!period || read_integer(r, period, 1, 1e6, &number)) && good;
    s->period = (size_t)number;
    s->sites = t->sites;
    s->previous = t->previous;
    return good && (!previous || count == s->site_count ||
                    reject(r, previous, "contradiction", "%zu sites came, but \"sites\" has %zu", count, s->site_count));
}

static int read_probe(reader *r, const json_node *node, qep_config_terminal *t) {
    static const char *const keys[] = {"name", "kind", "sites", "where", "gamma", "temperature"};
    static const qep_terminal_role roles[] = {QEP_PROBE_DEPHASING, QEP_PROBE_VOLTAGE, QEP_PROBE_THERMOELECTRIC};
    qep_terminal_spec *s = &t->spec;
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type", "{\"name\": \"p\", \"kind\": \"dephasing\", \"sites\": [...], \"gamma\": E} is needed");
    }
    const json_node *sites = json_member(node, "sites"), *where = json_member(node, "where"), *temperature = json_member(node, "temperature");
    int good = check_keys(r, node, keys, 6) && read_name(r, node, t) && needs(r, node, "kind", "dephasing, voltage or thermoelectric") &&
               needs(r, node, "gamma", "its strength; Sigma = -i gamma/2 on every site");
    const int kind = good ? read_word(r, json_member(node, "kind"), probe_kinds, 3) : -1;
    if (kind < 0 || !read_gamma(r, json_member(node, "gamma"), &s->gamma)) {
        return 0;
    }
    s->kind = QEP_LEAD_WIDEBAND;
    s->face = QEP_NO_FACE;
    s->role = roles[kind];
    if (!sites == !where) {
        return reject(r, node, "contradiction", "a probe has either \"sites\" or \"where\"");
    }
    if (where && !r->draft->config.transport.on_grid) {
        return reject(r, where, "inapplicable", "an expression of x, y, z needs a Hamiltonian on a grid; name \"sites\"");
    }
    if ((s->role == QEP_PROBE_VOLTAGE) != (temperature != NULL)) {
        return temperature ? reject(r, temperature, "inapplicable", "only a voltage probe has a given temperature")
                           : reject_missing(r, node, "temperature", "a voltage probe has a given one");
    }
    good = (!temperature || read_transport_temperature(r, temperature, &s->temperature)) && good;
    good = (!sites || read_transport_sites(r, sites, &t->sites, &s->site_count)) && good;
    good = (!where || (read_transport_text(r, where, &t->where) && check_expression(r, where, t->where, 1))) && good;
    s->sites = t->sites;
    return good;
}

static int check_names(reader *r, const json_node *list, size_t offset, const qep_config_transport *t) {
    for (size_t i = 0; list && i < list->count; i++) {
        for (size_t k = 0; k < offset + i; k++) {
            if (strcmp(t->terminal[k].name, t->terminal[offset + i].name) == 0) {
                return reject(r, list->child[i], "contradiction", "the name \"%s\" is used twice", t->terminal[k].name);
            }
        }
    }
    return 1;
}

int read_transport_terminals(reader *r, const json_node *leads, const json_node *probes) {
    qep_config_transport *t = &r->draft->config.transport;
    const size_t first = leads ? leads->count : 0, count = first + (probes ? probes->count : 0);
    void *block = NULL;
    if (qep_alloc(&block, count, sizeof *t->terminal, "leads", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    t->terminal = block;
    t->terminals = count;
    t->leads = first;
    int good = 1;
    for (size_t i = 0; i < count; i++) {
        qep_config_terminal *terminal = &t->terminal[i];
        snprintf(terminal->path, sizeof terminal->path, "/transport/%s/%zu", i < first ? "leads" : "probes", i < first ? i : i - first);
        terminal->spec.path = terminal->path;
        good = (i < first ? read_lead(r, leads->child[i], terminal) : read_probe(r, probes->child[i - first], terminal)) && good;
    }
    return good && check_names(r, leads, 0, t) && check_names(r, probes, first, t);
}
