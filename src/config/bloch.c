/* "bloch": k-grid, lists of temperatures, chemical potentials and frequencies, quantities, and what they must satisfy together. */
#include "config/bloch.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/derive/quantity.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void destroy_bloch(qep_config_bloch *b) {
    void *const all[] = {b->file, b->centres, b->images, b->orbital, b->onsite, b->hopping, b->temperature, b->mu, b->frequency, (void *)b->quantity, b->map,
                         b->map_band};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        qep_free(all[i]);
    }
}

/* ---- lists: a number or several ---- */

typedef struct {
    double **value;
    size_t *count;
    qep_dimension dimension;
    double min;
    int energy;
} list_place;

static list_place place_of(qep_config_bloch *b, const config_row *row) {
    if (strcmp(row->path, "bloch.temperature") == 0) {
        return (list_place){&b->temperature, &b->temperatures, QEP_DIM_TEMPERATURE, 0.0, 0};
    }
    if (strcmp(row->path, "bloch.frequency") == 0) {
        return (list_place){&b->frequency, &b->frequencies, QEP_DIM_FREQUENCY, 0.0, 0};
    }
    return (list_place){&b->mu, &b->mus, QEP_DIM_ENERGY, -INFINITY, 1};
}

static int read_item(reader *r, const json_node *node, const list_place *at, double *value) {
    const int good = at->energy ? read_bloch_energy(r, node, value) : read_scalar(r, node, &at->dimension, value);
    if (good && !(*value >= at->min)) {
        return reject(r, node, "out_of_range", "%g came; it must not be negative", *value);
    }
    return good;
}

int read_bloch_list(reader *r, const config_row *row, const json_node *node) {
    const list_place at = place_of(&r->draft->config.bloch, row);
    const size_t count = node->kind == JSON_ARRAY ? node->count : 1;
    if (count == 0) {
        return reject(r, node, "out_of_range", "the list is empty; at least one number is needed");
    }
    qep_free(*at.value);
    if (qep_alloc_doubles(at.value, count, row->path, NULL) != QEP_OK) {
        return reject_memory(r);
    }
    *at.count = count;
    int good = 1;
    for (size_t i = 0; i < count; i++) {
        (*at.value)[i] = 0.0;
        good = read_item(r, node->kind == JSON_ARRAY ? node->child[i] : node, &at, &(*at.value)[i]) && good;
    }
    return good;
}

int write_bloch_list(writer *w, const draft *d, const config_row *row) {
    qep_config_bloch copy = d->config.bloch;
    const list_place at = place_of(&copy, row);
    if (*at.count == 0 || !w) {
        return *at.count > 0;
    }
    write_open(w, '[');
    for (size_t i = 0; i < *at.count; i++) {
        write_next(w);
        write_number(w, (*at.value)[i]);
    }
    write_close(w, ']');
    return 1;
}

/* ---- plain ones ---- */

int read_bloch_field(reader *r, const config_row *row, const json_node *node) {
    const qep_dimension dimension = QEP_DIM_ELECTRIC_FIELD;
    qep_config_bloch *b = &r->draft->config.bloch;
    double_list list = {0};
    (void)row;
    int good = read_numbers(r, node, &dimension, &list);
    if (good && list.count > 3) {
        good = reject(r, node, "contradiction", "%zu components came; a field has at most three", list.count);
    }
    for (size_t i = 0; good && i < list.count; i++) {
        b->field[i] = list.value[i];
    }
    b->field_given = good ? (int)list.count : 0;
    qep_free(list.value);
    return good;
}

int write_bloch_field(writer *w, const draft *d, const config_row *row) {
    const qep_config_bloch *b = &d->config.bloch;
    (void)row;
    if (!b->field_given || !w) {
        return b->field_given > 0;
    }
    write_open(w, '[');
    for (int i = 0; i < b->field_given; i++) {
        write_next(w);
        write_number(w, b->field[i]);
    }
    write_close(w, ']');
    return 1;
}

int read_bloch_energy_unit(reader *r, const config_row *row, const json_node *node) {
    static const char *const names[] = {"J", "eV"};
    (void)row;
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type", "%s came; \"J\" or \"eV\" is needed", json_kind_name(node));
    }
    return strcmp(node->string, "J") == 0 || strcmp(node->string, "eV") == 0 || reject_choice(r, node, node->string, names, 2);
}

/* The effective form has SI values only. */
int write_bloch_energy_unit(writer *w, const draft *d, const config_row *row) {
    (void)row;
    if (d->config.bloch.given && w) {
        write_string(w, "J");
    }
    return d->config.bloch.given;
}

/* ---- together ---- */

static unsigned all_needs(const qep_config_bloch *b) {
    unsigned needs = 0;
    for (size_t i = 0; i < b->quantities; i++) {
        needs |= b->quantity[i]->needs;
    }
    for (size_t i = 0; i < b->maps; i++) {
        needs |= b->map[i].quantity ? b->map[i].quantity->needs : 0;
    }
    return needs;
}

static int asked(const qep_config_bloch *b, const char *name) {
    for (size_t i = 0; i < b->quantities; i++) {
        if (strcmp(b->quantity[i]->name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Whether output.fields asks how the electrons answer on a grid. */
static int responds(const reader *r) {
    const json_node *fields = row_node(r, "output.fields");
    for (size_t i = 0; fields && fields->kind == JSON_ARRAY && i < fields->count; i++) {
        const qep_quantity_row *row = fields->child[i]->kind == JSON_STRING ? qep_quantity_find(fields->child[i]->string) : NULL;
        if (row && (row->needs & QEP_NEEDS_RESPONSE)) {
            return 1;
        }
    }
    return 0;
}

/* Keys that nothing asked for uses: the run warns about them. */
static void find_idle(reader *r) {
    qep_config_bloch *b = &r->draft->config.bloch;
    const unsigned needs = all_needs(b);
    const int on_grid = responds(r);
    int by_frequency = 0, by_band = 0;
    for (size_t i = 0; i < b->quantities; i++) {
        by_frequency |= b->quantity[i]->by_frequency;
    }
    for (size_t i = 0; i < b->maps; i++) {
        by_frequency |= b->map[i].quantity && b->map[i].quantity->by_frequency;
        by_band |= b->map[i].band != NULL;
    }
    if (b->map_bands > 0 && !by_band) {
        reject(r, blame(r, "bloch.map_bands"), "inapplicable", "no map of \"maps\" belongs to a band; give energy, velocity, berry_curvature, quantum_metric or "
                                                               "normalised_metric");
    }
    const int ordered = asked(b, "sigma2") || asked(b, "nonlinear_drude");
    if (row_given(r->draft, "bloch.frequency") && !by_frequency && ordered) {
        reject(r, blame(r, "bloch.frequency"), "inapplicable", "the second order is static: there is no closed form at a frequency");
    }
    const struct {
        const char *path;
        int used;
        const char *by;
    } keys[] = {{"bloch.relaxation_time", (needs & QEP_BLOCH_NEEDS_TAU) != 0 || on_grid, "a conductivity or entropy production"},
                {"bloch.field", (needs & QEP_BLOCH_NEEDS_FIELD) != 0, "the entropy production"},
                {"bloch.frequency", by_frequency, "sigma_inter, alpha_S or entropy_production_ac"},
                {"bloch.scheme", ordered, "sigma2 and nonlinear_drude"},
                {"bloch.drive", on_grid, "bloch_J_s and other quantities of output.fields that begin with bloch_"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const int standard = (strcmp(keys[i].path, "bloch.scheme") == 0 && b->scheme == 0) ||
                             (strcmp(keys[i].path, "bloch.drive") == 0 && b->drive == 0); /* as the effective form has it */
        if (row_given(r->draft, keys[i].path) && !keys[i].used && !standard) {
            b->idle[b->idles].path = keys[i].path;
            b->idle[b->idles++].by = keys[i].by;
        }
    }
}

static int model_dim(const qep_config_bloch *b) {
    if (b->kind == QEP_BLOCH_LIST) {
        return b->lattice_dim;
    }
    if (b->kind == QEP_BLOCH_BUILTIN && b->row) {
        const size_t last = qep_bloch_parameter_count(b->row) - 1;
        return b->row->dim ? b->row->dim : (int)b->parameter[last];
    }
    return b->axes; /* of a file: what the k-grid says */
}

static void check_dimensions(reader *r) {
    const qep_config_bloch *b = &r->draft->config.bloch;
    const int dim = model_dim(b);
    if (dim != b->axes) {
        reject(r, blame(r, "bloch.kgrid"), "contradiction", "the k-grid has %d axes, the model %d", b->axes, dim);
    }
    if (b->field_given && b->field_given != dim) {
        if (dim == 2 && b->field_given == 3 && b->field[2] == 0.0) {
            return;
        }
        reject(r, blame(r, "bloch.field"), "contradiction",
               dim == 2 ? "%d components came; a sheet takes [Ex, Ey], it cannot respond along z" : "%d components came; three are needed", b->field_given);
    }
}

void finish_bloch(reader *r) {
    qep_config_bloch *b = &r->draft->config.bloch;
    const json_node *section = json_member(r->json->root, "bloch");
    static const char *const needed[][2] = {{"model", "the Hamiltonian"},
                                            {"kgrid", "{\"points\": [N1, N2, N3]}"},
                                            {"temperature", "one or several, K"},
                                            {"chemical_potential", "one or several"},
                                            {"quantities", "what is to be computed"}};
    if (!section || section->kind != JSON_OBJECT) {
        return;
    }
    b->given = 1;
    int complete = 1;
    /* Maps alone need no quantities; a section that only feeds a source needs no more than the model and the k-grid. */
    const int maps = json_member(section, "maps") != NULL, all = sizeof needed / sizeof *needed;
    const int count = json_member(section, "quantities") ? all : maps ? all - 1 : drives_field(r) ? 2 : all;
    for (int i = 0; i < count; i++) {
        complete = (json_member(section, needed[i][0]) || reject_missing(r, section, needed[i][0], needed[i][1])) && complete;
    }
    if (complete && !r->failed) {
        check_dimensions(r);
        find_idle(r);
    }
}
