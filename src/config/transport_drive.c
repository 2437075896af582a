/* "transport.drive": which sites of a closed system are driven and how, its filling at t = 0, and the region that currents flow into. */
#include "config/transport.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <stdio.h>
#include <string.h>

void destroy_transport_drive(qep_config_drive *d) {
    for (size_t k = 0; d->waveform && k < d->waveforms; k++) {
        qep_free(d->waveform[k]);
    }
    qep_free(d->waveform);
    qep_free(d->site);
    qep_free(d->potential);
    qep_free(d->where);
    qep_free(d->inside);
}

static int needs(reader *r, const json_node *node, const char *key, const char *purpose) {
    return json_member(node, key) || reject_missing(r, node, key, purpose);
}

static qep_config_drive *drive_of(const reader *r) {
    return &r->draft->config.transport.drive;
}

/* ---- Filling ---- */

static int read_filling(reader *r, const json_node *node, double *mu, double *temperature) {
    static const char *const keys[] = {"mu", "temperature"};
    return (node->kind == JSON_OBJECT || reject(r, node, "wrong_type", "{\"mu\": E, \"temperature\": T} is needed")) && check_keys(r, node, keys, 2) &&
           needs(r, node, "mu", "of the filling at t = 0") && needs(r, node, "temperature", "of the filling at t = 0") &&
           read_transport_energy(r, json_member(node, "mu"), mu) && read_transport_temperature(r, json_member(node, "temperature"), temperature);
}

static int read_fillings(reader *r, const json_node *node, qep_config_drive *d) {
    static const char *const keys[] = {"below", "above"};
    if (!json_member(node, "below") && !json_member(node, "above")) {
        return read_filling(r, node, &d->mu[0], &d->temperature[0]);
    }
    d->joined = 1;
    int good = check_keys(r, node, keys, 2);
    for (size_t k = 0; k < 2; k++) {
        good = needs(r, node, keys[k], "the filling of the sites on that side of the cut") && good;
        good = good && read_filling(r, json_member(node, keys[k]), &d->mu[k], &d->temperature[k]);
    }
    return good;
}

/* ---- What is driven ---- */

static int read_waveform(reader *r, const json_node *node, char **text) {
    static const char *const example = "an expression of t in J, like \"1e-21*sin(2*pi*t/1e-12)\"";
    if (node->kind == JSON_NUMBER) {
        return reject(r, node, "wrong_type", "a number came; the waveform is %s", example);
    }
    if (!read_transport_text(r, node, text) || !check_expression(r, node, *text, 1)) {
        return 0;
    }
    qep_expression *expression = NULL;
    const qep_config *c = &r->draft->config;
    qep_error ignored = {0};
    int spatial = 0;
    if (qep_expression_create(&expression, *text, 1, &c->parameters, NULL, &ignored) == QEP_OK) {
        spatial = qep_expression_uses(expression, "x") || qep_expression_uses(expression, "y") || qep_expression_uses(expression, "z");
    }
    qep_expression_destroy(expression);
    return !spatial || reject(r, node, "inapplicable", "a waveform is %s; what depends on x, y, z is a \"potential\" on a grid", example);
}

/* One text for all driven sites, or a list of one for each. */
static int read_waveforms(reader *r, const json_node *node, qep_config_drive *d) {
    const size_t count = node->kind == JSON_ARRAY ? node->count : 1;
    if (node->kind == JSON_ARRAY && count != d->sites) {
        return reject(r, node, "contradiction", "%zu waveforms came for %zu driven site%s; one text serves all of them", count, d->sites,
                      d->sites == 1 ? "" : "s");
    }
    if (qep_alloc((void **)&d->waveform, count, sizeof *d->waveform, "waveforms", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    d->waveforms = count;
    int good = 1;
    for (size_t k = 0; k < count; k++) {
        good = read_waveform(r, node->kind == JSON_ARRAY ? node->child[k] : node, &d->waveform[k]) && good;
    }
    return good;
}

static int read_site(reader *r, const json_node *node, qep_config_drive *d) {
    double site = 0.0;
    if (qep_alloc((void **)&d->site, 1, sizeof *d->site, "sites", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    const int good = read_integer(r, node, 0, 1e9, &site);
    d->site[0] = (size_t)site;
    d->sites = 1;
    return good;
}

/* Sites of a conductor: existing ones, each once. */
static int check_sites(reader *r, const json_node *node, const size_t *site, size_t count) {
    const qep_config_transport *t = &r->draft->config.transport;
    const size_t sites = t->on_grid ? t->size[0] * t->size[1] * t->size[2] : t->sites;
    unsigned char *seen = NULL;
    if (qep_alloc((void **)&seen, sites ? sites : 1, 1, "sites", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    int good = 1;
    for (size_t k = 0; good && k < count; k++) {
        const json_node *place = node->kind == JSON_ARRAY ? node->child[k] : node;
        good = site[k] < sites || reject(r, place, "out_of_range", "site %zu; there are sites 0 to %zu", site[k], sites - 1);
        good = good && (!seen[site[k]] || reject(r, place, "contradiction", "site %zu came before", site[k]));
        if (good) {
            seen[site[k]] = 1;
        }
    }
    qep_free(seen);
    return good;
}

static int read_potential(reader *r, const json_node *node, qep_config_drive *d) {
    const qep_config_transport *t = &r->draft->config.transport;
    if (!t->on_grid) {
        return reject(r, node, "inapplicable", "an expression of x, y, z needs a Hamiltonian on a grid; name \"sites\" and their \"waveform\"");
    }
    if (node->kind == JSON_NUMBER) {
        return reject(r, node, "wrong_type", "a number came; the driven potential is an expression of x, y, z, t in J, added to U");
    }
    return read_transport_text(r, node, &d->potential) && check_expression(r, node, d->potential, 1);
}

static int read_driven(reader *r, const json_node *node, qep_config_drive *d) {
    const json_node *site = json_member(node, "site"), *sites = json_member(node, "sites"), *potential = json_member(node, "potential"),
                    *waveform = json_member(node, "waveform"), *hopping = json_member(node, "hopping");
    const int ways = (site != NULL) + (sites != NULL) + (potential != NULL);
    if (ways == 0) {
        return reject_missing(r, node, "site", "what is driven: a \"site\", several \"sites\", or on a grid a \"potential\"");
    }
    if (ways > 1) {
        return reject(r, node, "contradiction", "one of \"site\", \"sites\" and \"potential\" says what is driven, and %d came", ways);
    }
    if (potential) {
        const json_node *extra = waveform ? waveform : hopping;
        return extra ? reject(r, extra, "inapplicable", "it belongs to driven sites; \"potential\" alone says what is driven")
                     : read_potential(r, potential, d);
    }
    const int read = site ? read_site(r, site, d) : read_transport_sites(r, sites, &d->site, &d->sites);
    return read && check_sites(r, site ? site : sites, d->site, d->sites) &&
           needs(r, node, "waveform", "an expression of t in J, added to the onsite energy of what is driven") && read_waveforms(r, waveform, d) &&
           (!hopping || (d->has_hopping = read_transport_energy(r, hopping, &d->hopping)));
}

/* ---- The region ---- */

static int read_cut(reader *r, const json_node *node, qep_config_drive *d) {
    double from = 0.0;
    if (node->kind == JSON_ARRAY) {
        return read_transport_sites(r, node, &d->inside, &d->inside_count) && check_sites(r, node, d->inside, d->inside_count);
    }
    if (node->kind == JSON_STRING) {
        return r->draft->config.transport.on_grid
                   ? read_transport_text(r, node, &d->where) && check_expression(r, node, d->where, 1)
                   : reject(r, node, "inapplicable", "an expression of x, y, z needs a Hamiltonian on a grid; the cut of a list is the first site of the "
                                                     "region, or a list of its sites");
    }
    const int good = read_integer(r, node, 1, 1e9, &from);
    d->from = (size_t)from;
    return good;
}

int read_transport_drive(reader *r, const json_node *node) {
    static const char *const keys[] = {"filling", "step", "end", "cut", "site", "sites", "waveform", "potential", "hopping", "every", "force"};
    qep_config_drive *d = drive_of(r);
    const qep_dimension second = QEP_DIM_TIME;
    int good = check_keys(r, node, keys, sizeof keys / sizeof *keys);
    for (size_t k = 0; k < 4; k++) {
        good = needs(r, node, keys[k], "a drive has filling, step, end and cut") && good;
    }
    if (!good) {
        return 0;
    }
    const json_node *every = json_member(node, "every"), *force = json_member(node, "force");
    double number = 1.0;
    d->given = 1;
    good = read_driven(r, node, d) && read_cut(r, json_member(node, "cut"), d);
    good = read_fillings(r, json_member(node, "filling"), d) && good;
    good = read_scalar(r, json_member(node, "step"), &second, &d->step) && good;
    good = read_scalar(r, json_member(node, "end"), &second, &d->end) && good;
    good = (!every || read_integer(r, every, 1, 1e9, &number)) && good;
    good = (!force || read_switch(r, force, &d->force)) && good;
    d->every = (size_t)number;
    return good;
}

/* ---- Together with leads ---- */

/* Does a lead touch this site, by its list or by its face? */
static int lead_touches(const qep_config_transport *t, const qep_terminal_spec *lead, size_t site) {
    for (size_t i = 0; lead->face < 0 && i < lead->site_count; i++) {
        if (lead->sites[i] == site) {
            return 1;
        }
    }
    if (lead->face < 0) {
        return 0;
    }
    const int axis = lead->face / 2;
    size_t stride = 1;
    for (int d = 0; d < axis; d++) {
        stride *= t->size[d];
    }
    return site / stride % t->size[axis] == (lead->face % 2 ? t->size[axis] - 1 : 0);
}

int check_transport_driven_sites(reader *r, const json_node *drive) {
    const qep_config_transport *t = &r->draft->config.transport;
    if (t->drive.potential && t->leads > 0) {
        return reject(r, json_member(drive, "potential"), "contradiction", "it reaches the leads, and a reservoir cannot be driven; leave \"leads\" out: the "
                                                                           "evolved system is closed");
    }
    for (size_t a = 0; t->drive.given && a < t->leads; a++) {
        for (size_t k = 0; k < t->drive.sites; k++) {
            if (lead_touches(t, &t->terminal[a].spec, t->drive.site[k])) {
                const json_node *site = json_member(drive, "site");
                return reject(r, site ? site : json_member(drive, "sites")->child[k], "contradiction",
                              "site %zu belongs to the lead \"%s\", and a reservoir cannot be driven; drive a site inside, or leave \"leads\" out: the "
                              "evolved system is closed",
                              t->drive.site[k], t->terminal[a].name);
            }
        }
    }
    return 1;
}
