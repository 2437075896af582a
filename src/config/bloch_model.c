/* "bloch.model": a built-in row with its parameters, a Wannier90 file, or a list of hoppings. */
#include "config/bloch.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

double bloch_energy_unit(const reader *r) {
    const json_node *unit = json_member(json_member(r->json->root, "bloch"), "energy_unit");
    return unit && unit->kind == JSON_STRING && strcmp(unit->string, "eV") == 0 ? QEP_E_CHARGE : 1.0;
}

int read_bloch_energy(reader *r, const json_node *node, double *value) {
    qep_dimension stated;
    int has_unit = 0;
    if (!read_quantity(r, node, &r->draft->config.parameters, value, &stated, &has_unit)) {
        return 0;
    }
    if (has_unit && !qep_dimension_equal(stated, QEP_DIM_ENERGY)) {
        char came[64];
        return reject(r, node, "wrong_dimension", "\"%.200s\" has the unit %s in SI; an energy is needed", node->string,
                      qep_dimension_format(stated, came, sizeof came));
    }
    *value *= has_unit ? 1.0 : bloch_energy_unit(r);
    return 1;
}

/* ---- built-in ---- */

static int read_parameter(reader *r, const json_node *node, const qep_bloch_model_row *row, size_t p, const double *before, double *value) {
    const qep_bloch_parameter *parameter = &row->parameter[p];
    if (parameter->in_units_of >= 0 && (node->kind == JSON_NUMBER)) {
        *value = node->number * before[parameter->in_units_of];
        return 1;
    }
    int good = qep_dimension_equal(parameter->dimension, QEP_DIM_ENERGY) ? read_bloch_energy(r, node, value)
                                                                         : read_scalar(r, node, &parameter->dimension, value);
    if (good && !(*value > parameter->min)) {
        good = reject(r, node, "out_of_range", "%g came; it must be greater than %g", *value, parameter->min);
    }
    return good;
}

static int read_builtin(reader *r, const json_node *node) {
    qep_config_bloch *b = &r->draft->config.bloch;
    const json_node *name = json_member(node, "name");
    const char *names[16], *keys[QEP_BLOCH_PARAMETERS + 1] = {"name"};
    size_t rows = 0, count = 0;
    const qep_bloch_model_row *table = qep_bloch_models(&rows);
    for (size_t i = 0; i < rows && i < 16; i++) {
        names[i] = table[i].name;
    }
    if (name->kind != JSON_STRING) {
        return reject(r, name, "wrong_type", "%s came; the name of a model is needed", json_kind_name(name));
    }
    b->row = qep_bloch_model_find(name->string);
    if (!b->row) {
        return reject_choice(r, name, name->string, names, rows);
    }
    count = qep_bloch_parameter_count(b->row);
    for (size_t p = 0; p < count; p++) {
        keys[p + 1] = b->row->parameter[p].name;
    }
    int good = check_keys(r, node, keys, count + 1);
    for (size_t p = 0; p < count; p++) {
        const json_node *value = json_member(node, keys[p + 1]);
        b->parameter[p] = b->row->parameter[p].standard;
        if (b->row->parameter[p].in_units_of >= 0 && !value) { /* 0.3 t, whatever t is */
            b->parameter[p] *= b->parameter[b->row->parameter[p].in_units_of] / b->row->parameter[b->row->parameter[p].in_units_of].standard;
        }
        good = (!value || read_parameter(r, value, b->row, p, b->parameter, &b->parameter[p])) && good;
    }
    return good;
}

/* ---- file ---- */

static int read_file_name(reader *r, const json_node *node, char **name) {
    if (node->kind != JSON_STRING || !node->string[0]) {
        return reject(r, node, "wrong_type", "a file name is needed");
    }
    qep_free(*name);
    *name = node->string[0] == '/' || !r->directory || !r->directory[0] ? qep_text_copy(node->string)
                                                                        : qep_text_format("%s/%s", r->directory, node->string);
    return *name ? 1 : reject_memory(r);
}

static int read_lattice(reader *r, const json_node *node, qep_config_bloch *b) {
    const qep_dimension length = QEP_DIM_LENGTH;
    if (node->kind != JSON_ARRAY || (node->count != 2 && node->count != 3)) {
        return reject(r, node, "wrong_type", "a lattice is two vectors of two components or three of three, like [[\"5 angstrom\", 0], [0, \"5 angstrom\"]]");
    }
    int good = 1;
    b->lattice_dim = (int)node->count;
    b->has_lattice = 1;
    for (size_t i = 0; i < node->count; i++) {
        double_list list = {0};
        int fine = read_numbers(r, node->child[i], &length, &list);
        if (fine && list.count != node->count) {
            fine = reject(r, node->child[i], "contradiction", "a vector of %zu components came; a lattice of %zu vectors needs %zu", list.count, node->count,
                          node->count);
        }
        for (size_t c = 0; fine && c < list.count; c++) {
            b->lattice[i][c] = list.value[c];
        }
        qep_free(list.value);
        good = fine && good;
    }
    return good;
}

static int read_wannier(reader *r, const json_node *node) {
    static const char *const keys[] = {"wannier90", "centres", "wsvec", "lattice"};
    qep_config_bloch *b = &r->draft->config.bloch;
    const json_node *centres = json_member(node, "centres"), *images = json_member(node, "wsvec"), *lattice = json_member(node, "lattice");
    int good = check_keys(r, node, keys, 4);
    good = read_file_name(r, json_member(node, "wannier90"), &b->file) && good;
    good = (!centres || read_file_name(r, centres, &b->centres)) && good;
    good = (!images || read_file_name(r, images, &b->images)) && good;
    good = (!lattice || read_lattice(r, lattice, b)) && good;
    if (good && lattice && b->lattice_dim != 3) {
        good = reject(r, lattice, "contradiction", "a Wannier90 lattice has three vectors");
    }
    return good;
}

/* ---- list ---- */

static int read_orbitals(reader *r, const json_node *node, qep_config_bloch *b) {
    const qep_dimension none = QEP_DIM_NONE;
    void *block = NULL;
    if (node->kind != JSON_ARRAY || node->count == 0 || node->count > 10000) {
        return reject(r, node, "wrong_type", "a list of positions in fractions of the lattice vectors is needed, like [[0, 0], [0.5, 0.5]]");
    }
    if (qep_alloc(&block, node->count, sizeof *b->orbital, "orbitals", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    b->orbital = block;
    b->orbitals = node->count;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        double_list list = {0};
        int fine = read_numbers(r, node->child[i], &none, &list);
        if (fine && list.count != (size_t)b->lattice_dim) {
            fine = reject(r, node->child[i], "contradiction", "%zu components came; the lattice has %d vectors", list.count, b->lattice_dim);
        }
        for (size_t c = 0; fine && c < list.count; c++) {
            b->orbital[i][c] = list.value[c];
        }
        qep_free(list.value);
        good = fine && good;
    }
    return good;
}

static int read_onsite(reader *r, const json_node *node, qep_config_bloch *b) {
    if (node->kind != JSON_ARRAY || node->count != b->orbitals) {
        return reject(r, node, "contradiction", "one energy per orbital is needed, %zu in all", b->orbitals);
    }
    if (qep_alloc_doubles(&b->onsite, node->count, "onsite energies", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        b->onsite[i] = 0.0;
        good = read_bloch_energy(r, node->child[i], &b->onsite[i]) && good;
    }
    return good;
}

static int read_shift_vector(reader *r, const json_node *node, const qep_config_bloch *b, int R[3]) {
    if (!node || node->kind != JSON_ARRAY || (node->count != (size_t)b->lattice_dim && node->count != 3)) {
        return reject(r, node ? node : r->json->root, "wrong_type", "R is a list of %d integers", b->lattice_dim);
    }
    for (size_t c = 0; c < node->count; c++) {
        double value = 0.0;
        if (!read_integer(r, node->child[c], -1e6, 1e6, &value)) {
            return 0;
        }
        R[c] = (int)value;
    }
    return 1;
}

static int read_value(reader *r, const json_node *node, double complex *value) {
    double part[2] = {0.0, 0.0};
    if (node->kind == JSON_ARRAY && node->count == 2) {
        const int good = read_bloch_energy(r, node->child[0], &part[0]) && read_bloch_energy(r, node->child[1], &part[1]);
        *value = part[0] + I * part[1];
        return good;
    }
    if (node->kind == JSON_ARRAY) {
        return reject(r, node, "wrong_type", "a value is an energy E or [re, im]");
    }
    const int good = read_bloch_energy(r, node, &part[0]);
    *value = part[0];
    return good;
}

static int read_hopping(reader *r, const json_node *node, const qep_config_bloch *b, qep_bloch_hopping *h) {
    static const char *const keys[] = {"R", "from", "to", "value"};
    double from = 0.0, to = 0.0;
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type", "%s came; {\"R\": [1, 0], \"from\": 0, \"to\": 1, \"value\": E} is needed", json_kind_name(node));
    }
    int good = check_keys(r, node, keys, 4);
    for (size_t i = 0; i < 4; i++) {
        if (!json_member(node, keys[i])) {
            return reject_missing(r, node, keys[i], "a hopping is {\"R\": [1, 0], \"from\": 0, \"to\": 1, \"value\": E}");
        }
    }
    const double last = (double)b->orbitals - 1.0;
    good = read_shift_vector(r, json_member(node, "R"), b, h->R) && good;
    good = read_integer(r, json_member(node, "from"), 0, last, &from) && good;
    good = read_integer(r, json_member(node, "to"), 0, last, &to) && good;
    good = read_value(r, json_member(node, "value"), &h->value) && good;
    h->from = (size_t)from;
    h->to = (size_t)to;
    return good;
}

static int read_hoppings(reader *r, const json_node *node, qep_config_bloch *b) {
    void *block = NULL;
    if (node->kind != JSON_ARRAY || node->count > 20000) {
        return reject(r, node, "wrong_type", "a list of at most 20000 hoppings is needed");
    }
    if (qep_alloc(&block, node->count + 1, sizeof *b->hopping, "hoppings", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    b->hopping = block;
    b->hoppings = node->count;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        good = read_hopping(r, node->child[i], b, &b->hopping[i]) && good;
    }
    return good;
}

static int read_list_model(reader *r, const json_node *node) {
    static const char *const keys[] = {"lattice", "orbitals", "onsite", "hoppings"};
    qep_config_bloch *b = &r->draft->config.bloch;
    int good = check_keys(r, node, keys, 4);
    for (size_t i = 0; i < 4; i++) {
        if (!json_member(node, keys[i])) {
            return reject_missing(r, node, keys[i], "a model is {\"name\": ...}, {\"wannier90\": FILE} or {\"lattice\", \"orbitals\", \"onsite\", \"hoppings\"}");
        }
    }
    good = read_lattice(r, json_member(node, "lattice"), b) && good;
    good = good && read_orbitals(r, json_member(node, "orbitals"), b);
    good = good && read_onsite(r, json_member(node, "onsite"), b);
    return good && read_hoppings(r, json_member(node, "hoppings"), b);
}

int read_bloch_model(reader *r, const config_row *row, const json_node *node) {
    qep_config_bloch *b = &r->draft->config.bloch;
    (void)row;
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type", "%s came; {\"name\": \"qwz\"}, {\"wannier90\": FILE} or a list of hoppings is needed", json_kind_name(node));
    }
    if (json_member(node, "name")) {
        b->kind = QEP_BLOCH_BUILTIN;
        return read_builtin(r, node);
    }
    b->kind = json_member(node, "wannier90") ? QEP_BLOCH_WANNIER90 : QEP_BLOCH_LIST;
    return b->kind == QEP_BLOCH_WANNIER90 ? read_wannier(r, node) : read_list_model(r, node);
}

/* ---- effective form, in SI ---- */

static void write_name(writer *w, const char *key, const char *file) {
    const size_t skip = w->directory ? strlen(w->directory) : 0;
    const int inside = skip > 0 && strncmp(file, w->directory, skip) == 0 && file[skip] == '/';
    write_key(w, key);
    write_string(w, inside ? file + skip + 1 : file);
}

static void write_vectors(writer *w, const char *key, const double (*v)[3], size_t count, int dim) {
    write_key(w, key);
    write_open(w, '[');
    for (size_t i = 0; i < count; i++) {
        write_next(w);
        write_open(w, '[');
        for (int c = 0; c < dim; c++) {
            write_next(w);
            write_number(w, v[i][c]);
        }
        write_close(w, ']');
    }
    write_close(w, ']');
}

static void write_hopping(writer *w, const qep_config_bloch *b, const qep_bloch_hopping *h) {
    write_open(w, '{');
    write_key(w, "R");
    write_format(w, b->lattice_dim == 2 ? "[%d, %d]" : "[%d, %d, %d]", h->R[0], h->R[1], h->R[2]);
    write_key(w, "from");
    write_format(w, "%zu", h->from);
    write_key(w, "to");
    write_format(w, "%zu", h->to);
    write_key(w, "value");
    write_raw(w, "[");
    write_number(w, creal(h->value));
    write_raw(w, ", ");
    write_number(w, cimag(h->value));
    write_raw(w, "]");
    write_close(w, '}');
}

static void write_list_model(writer *w, const qep_config_bloch *b) {
    write_vectors(w, "lattice", b->lattice, (size_t)b->lattice_dim, b->lattice_dim);
    write_vectors(w, "orbitals", (const double(*)[3])b->orbital, b->orbitals, b->lattice_dim);
    write_key(w, "onsite");
    write_open(w, '[');
    for (size_t i = 0; i < b->orbitals; i++) {
        write_next(w);
        write_number(w, b->onsite[i]);
    }
    write_close(w, ']');
    write_key(w, "hoppings");
    write_open(w, '[');
    for (size_t i = 0; i < b->hoppings; i++) {
        write_next(w);
        write_hopping(w, b, &b->hopping[i]);
    }
    write_close(w, ']');
}

static void write_builtin(writer *w, const qep_config_bloch *b) {
    write_key(w, "name");
    write_string(w, b->row->name);
    for (size_t p = 0; p < qep_bloch_parameter_count(b->row); p++) {
        write_key(w, b->row->parameter[p].name);
        if (b->row->parameter[p].in_units_of >= 0) { /* a bare number would be a multiple */
            write_raw(w, "\"");
            write_number(w, b->parameter[p]);
            write_raw(w, " J\"");
        } else {
            write_number(w, b->parameter[p]);
        }
    }
}

int write_bloch_model(writer *w, const draft *d, const config_row *row) {
    const qep_config_bloch *b = &d->config.bloch;
    (void)row;
    if (!b->given || !w) {
        return b->given;
    }
    write_open(w, '{');
    if (b->kind == QEP_BLOCH_BUILTIN) {
        write_builtin(w, b);
    } else if (b->kind == QEP_BLOCH_LIST) {
        write_list_model(w, b);
    } else {
        write_name(w, "wannier90", b->file);
        if (b->centres) {
            write_name(w, "centres", b->centres);
        }
        if (b->images) {
            write_name(w, "wsvec", b->images);
        }
        if (b->has_lattice) {
            write_vectors(w, "lattice", b->lattice, 3, 3);
        }
    }
    write_close(w, '}');
    return 1;
}
