/* "bloch": k-grid, lists of temperatures, chemical potentials and frequencies, quantities, and what they must satisfy together. */
#include "config/bloch.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void destroy_bloch(qep_config_bloch *b) {
    void *const all[] = {b->file, b->centres, b->orbital, b->onsite, b->hopping, b->temperature, b->mu, b->frequency, (void *)b->quantity};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        qep_free(all[i]);
    }
}

/* ---- k-grid ---- */

static int read_points(reader *r, const json_node *node, qep_config_bloch *b) {
    if (!node || node->kind != JSON_ARRAY || (node->count != 2 && node->count != 3)) {
        return reject(r, node ? node : r->json->root, "wrong_type", "two or three integers are needed, one per axis of the k-grid");
    }
    b->axes = (int)node->count;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        double value = 0.0;
        good = read_integer(r, node->child[i], 2, 1e9, &value) && good;
        b->points[i] = (size_t)value;
    }
    return good;
}

static int read_shift(reader *r, const json_node *node, qep_config_bloch *b) {
    const qep_dimension none = QEP_DIM_NONE;
    double_list list = {0};
    int good = read_numbers(r, node, &none, &list);
    if (good && list.count != (size_t)b->axes) {
        good = reject(r, node, "contradiction", "%zu numbers came, but the k-grid has %d axes", list.count, b->axes);
    }
    for (size_t i = 0; good && i < list.count; i++) {
        b->shift[i] = list.value[i];
    }
    qep_free(list.value);
    return good;
}

int read_bloch_kgrid(reader *r, const config_row *row, const json_node *node) {
    static const char *const keys[] = {"points", "shift", "refine"};
    qep_config_bloch *b = &r->draft->config.bloch;
    (void)row;
    if (node->kind != JSON_OBJECT || !json_member(node, "points")) {
        return reject(r, node, "wrong_type", "{\"points\": [N1, N2, N3], \"shift\": [0, 0, 0]} is needed");
    }
    const json_node *shift = json_member(node, "shift"), *refine = json_member(node, "refine");
    double levels = 0.0;
    int good = check_keys(r, node, keys, 3);
    good = read_points(r, json_member(node, "points"), b) && good;
    good = (!shift || !good || read_shift(r, shift, b)) && good;
    good = (!refine || read_integer(r, refine, 0, 12, &levels)) && good;
    b->refine = (size_t)levels;
    return good;
}

int write_bloch_kgrid(writer *w, const draft *d, const config_row *row) {
    const qep_config_bloch *b = &d->config.bloch;
    (void)row;
    if (!b->given || !w) {
        return b->given;
    }
    write_open(w, '{');
    write_key(w, "points");
    write_open(w, '[');
    for (int i = 0; i < b->axes; i++) {
        write_next(w);
        write_format(w, "%zu", b->points[i]);
    }
    write_close(w, ']');
    write_key(w, "shift");
    write_open(w, '[');
    for (int i = 0; i < b->axes; i++) {
        write_next(w);
        write_number(w, b->shift[i]);
    }
    write_close(w, ']');
    write_key(w, "refine");
    write_format(w, "%zu", b->refine);
    write_close(w, '}');
    return 1;
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

int read_bloch_quantities(reader *r, const config_row *row, const json_node *node) {
    qep_config_bloch *b = &r->draft->config.bloch;
    size_t count = 0;
    const qep_bloch_quantity *table = qep_bloch_quantities(&count);
    const char *names[64];
    void *block = NULL;
    (void)row;
    for (size_t i = 0; i < count && i < 64; i++) {
        names[i] = table[i].name;
    }
    if (node->kind != JSON_ARRAY || node->count == 0) {
        return reject(r, node, "wrong_type", "a list of quantities like [\"s\", \"sigma_H\"] is needed");
    }
    if (qep_alloc(&block, node->count, sizeof *b->quantity, "quantities", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    b->quantity = block;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        const json_node *child = node->child[i];
        const qep_bloch_quantity *found = child->kind == JSON_STRING ? qep_bloch_quantity_find(child->string) : NULL;
        if (!found) {
            good = child->kind == JSON_STRING ? reject_choice(r, child, child->string, names, count < 64 ? count : 64)
                                              : reject(r, child, "wrong_type", "the name of a quantity is needed");
            continue;
        }
        for (size_t k = 0; k < b->quantities; k++) {
            if (b->quantity[k] == found) {
                good = reject(r, child, "contradiction", "\"%s\" is listed twice", found->name);
            }
        }
        b->quantity[b->quantities++] = found;
    }
    return good;
}

int write_bloch_quantities(writer *w, const draft *d, const config_row *row) {
    const qep_config_bloch *b = &d->config.bloch;
    (void)row;
    if (b->quantities == 0 || !w) {
        return b->quantities > 0;
    }
    write_open(w, '[');
    for (size_t i = 0; i < b->quantities; i++) {
        write_next(w);
        write_string(w, b->quantity[i]->name);
    }
    write_close(w, ']');
    return 1;
}

/* ---- together ---- */

static unsigned all_needs(const qep_config_bloch *b) {
    unsigned needs = 0;
    for (size_t i = 0; i < b->quantities; i++) {
        needs |= b->quantity[i]->needs;
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

/* Keys that nothing asked for uses: the run warns about them. */
static void find_idle(reader *r) {
    qep_config_bloch *b = &r->draft->config.bloch;
    const unsigned needs = all_needs(b);
    int by_frequency = 0;
    for (size_t i = 0; i < b->quantities; i++) {
        by_frequency |= b->quantity[i]->by_frequency;
    }
    const int ordered = asked(b, "sigma2") || asked(b, "nonlinear_drude");
    if (row_given(r->draft, "bloch.frequency") && !by_frequency && ordered) {
        reject(r, blame(r, "bloch.frequency"), "inapplicable", "the second order is static: there is no closed form at a frequency");
    }
    const struct {
        const char *path;
        int used;
        const char *by;
    } keys[] = {{"bloch.relaxation_time", (needs & QEP_BLOCH_NEEDS_TAU) != 0, "a conductivity or entropy production"},
                {"bloch.field", (needs & QEP_BLOCH_NEEDS_FIELD) != 0, "the entropy production"},
                {"bloch.frequency", by_frequency, "sigma_inter, alpha_S or entropy_production_ac"},
                {"bloch.scheme", ordered, "sigma2 and nonlinear_drude"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const int standard = strcmp(keys[i].path, "bloch.scheme") == 0 && b->scheme == 0; /* as the effective form has it */
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
    /* A section that only feeds a source needs no more than the model and the k-grid. */
    const size_t count = drives_field(r) && !json_member(section, "quantities") ? 2 : sizeof needed / sizeof *needed;
    for (size_t i = 0; i < count; i++) {
        complete = (json_member(section, needed[i][0]) || reject_missing(r, section, needed[i][0], needed[i][1])) && complete;
    }
    if (complete && !r->failed) {
        check_dimensions(r);
        find_idle(r);
    }
}

/* ---- schema ---- */

static void definition(writer *w, const char *name, const char *json) {
    write_key(w, name);
    write_raw(w, json);
}

#define META "\"$schema\": {\"type\": \"string\"}, \"title\": {}, \"comment\": {}}, \"patternProperties\": {\"^x-\": {}}, \"additionalProperties\": false"
#define SCALAR "{\"type\": [\"number\", \"string\"]}"

static void write_builtin_definition(writer *w) {
    size_t count = 0;
    const qep_bloch_model_row *rows = qep_bloch_models(&count);
    write_key(w, "bloch_builtin");
    write_raw(w, "{\"anyOf\": [");
    for (size_t i = 0; i < count; i++) {
        write_format(w, "%s{\"type\": \"object\", \"required\": [\"name\"], \"properties\": {\"name\": {\"const\": \"%s\"}, ", i ? ", " : "", rows[i].name);
        for (size_t p = 0; p < qep_bloch_parameter_count(&rows[i]); p++) {
            write_format(w, "\"%s\": {\"description\": \"%s\", \"type\": [\"number\", \"string\"]}, ", rows[i].parameter[p].name, rows[i].parameter[p].doc);
        }
        write_raw(w, META "}");
    }
    write_raw(w, "]}");
}

void write_bloch_definitions(writer *w) {
    size_t count = 0;
    const qep_bloch_quantity *rows = qep_bloch_quantities(&count);
    write_builtin_definition(w);
    definition(w, "bloch_file",
               "{\"type\": \"object\", \"required\": [\"wannier90\"], \"properties\": {\"wannier90\": {\"type\": \"string\", \"minLength\": 1}, \"centres\": "
               "{\"type\": \"string\", \"minLength\": 1}, \"lattice\": {\"$ref\": \"#/$defs/bloch_vectors\"}, " META "}");
    definition(w, "bloch_vectors", "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"array\", \"minItems\": 2, \"maxItems\": 3, \"items\": " SCALAR "}}");
    definition(w, "bloch_energy", "{\"anyOf\": [" SCALAR ", {\"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, \"items\": " SCALAR "}]}");
    definition(w, "bloch_hopping",
               "{\"type\": \"object\", \"required\": [\"R\", \"from\", \"to\", \"value\"], \"properties\": {\"R\": {\"type\": \"array\", \"minItems\": 2, "
               "\"maxItems\": 3, \"items\": {\"type\": \"integer\"}}, \"from\": {\"type\": \"integer\", \"minimum\": 0}, \"to\": {\"type\": \"integer\", "
               "\"minimum\": 0}, \"value\": {\"$ref\": \"#/$defs/bloch_energy\"}, " META "}");
    definition(w, "bloch_list",
               "{\"type\": \"object\", \"required\": [\"lattice\", \"orbitals\", \"onsite\", \"hoppings\"], \"properties\": {\"lattice\": {\"$ref\": "
               "\"#/$defs/bloch_vectors\"}, \"orbitals\": {\"$ref\": \"#/$defs/bloch_vectors\"}, \"onsite\": {\"type\": \"array\", \"minItems\": 1, \"items\": " SCALAR
               "}, \"hoppings\": {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/bloch_hopping\"}}, " META "}");
    definition(w, "bloch_model", "{\"anyOf\": [{\"$ref\": \"#/$defs/bloch_builtin\"}, {\"$ref\": \"#/$defs/bloch_file\"}, {\"$ref\": \"#/$defs/bloch_list\"}]}");
    definition(w, "bloch_kgrid",
               "{\"type\": \"object\", \"required\": [\"points\"], \"properties\": {\"points\": {\"type\": \"array\", \"minItems\": 2, \"maxItems\": 3, \"items\": "
               "{\"type\": \"integer\", \"minimum\": 2}}, \"shift\": {\"type\": \"array\", \"minItems\": 2, \"maxItems\": 3, \"items\": " SCALAR
               "}, \"refine\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 12, \"default\": 0}, " META "}");
    definition(w, "one_or_more", "{\"anyOf\": [" SCALAR ", {\"type\": \"array\", \"minItems\": 1, \"items\": " SCALAR "}]}");
    write_key(w, "bloch_quantities");
    write_raw(w, "{\"type\": \"array\", \"minItems\": 1, \"uniqueItems\": true, \"items\": {\"enum\": [");
    for (size_t i = 0; i < count; i++) {
        write_format(w, "%s\"%s\"", i ? ", " : "", rows[i].name);
    }
    write_raw(w, "]}}");
}
