/* FIELD values as JSON again, in SI and with file names as they were given. */
#include "config/field_reader.h"

#include <string.h>

/* Inside a product the stated unit is kept, since the check of the whole depends on it. */
static void write_leaf(writer *w, const qep_field_spec *spec, int in_product) {
    if (spec->kind == QEP_FIELD_EXPRESSION) {
        write_string(w, spec->text);
    } else if (in_product && !qep_dimension_equal(spec->dimension, QEP_DIM_NONE)) {
        char unit[64];
        write_raw(w, "\"");
        write_number(w, spec->value);
        write_format(w, " %s\"", qep_dimension_format(spec->dimension, unit, sizeof unit));
    } else {
        write_number(w, spec->value);
    }
}

void write_input_name(writer *w, const char *file) {
    const size_t skip = w->directory ? strlen(w->directory) : 0;
    const int inside = skip > 0 && strncmp(file, w->directory, skip) == 0 && file[skip] == '/';
    write_string(w, inside ? file + skip + 1 : file);
}

static void write_hdf5(writer *w, const qep_field_spec *spec) {
    write_open(w, '{');
    write_key(w, "hdf5");
    write_input_name(w, spec->file);
    write_key(w, "dataset");
    write_string(w, spec->dataset);
    write_key(w, "order");
    write_string(w, spec->order_xyz ? "xyz" : "zyx");
    write_key(w, "scale");
    write_number(w, spec->scale);
    if (spec->unit) {
        write_key(w, "unit");
        write_string(w, spec->unit);
    }
    write_close(w, '}');
}

static void write_regions(writer *w, const qep_field_spec *spec, int in_product) {
    write_open(w, '{');
    write_key(w, "regions");
    write_open(w, '[');
    for (size_t i = 0; i < spec->count && spec->condition[i]; i++) {
        write_next(w);
        write_open(w, '{');
        write_key(w, "where");
        write_string(w, spec->condition[i]);
        write_key(w, "value");
        write_field_part(w, spec->child[i], in_product);
        write_close(w, '}');
    }
    write_close(w, ']');
    if (spec->count && !spec->condition[spec->count - 1]) {
        write_key(w, "default");
        write_field_part(w, spec->child[spec->count - 1], in_product);
    }
    write_close(w, '}');
}

void write_field_part(writer *w, const qep_field_spec *spec, int in_product) {
    if (spec->kind == QEP_FIELD_NUMBER || spec->kind == QEP_FIELD_EXPRESSION) {
        write_leaf(w, spec, in_product);
    } else if (spec->kind == QEP_FIELD_HDF5) {
        write_hdf5(w, spec);
    } else if (spec->kind == QEP_FIELD_REGIONS) {
        write_regions(w, spec, in_product);
    } else if (spec->kind == QEP_FIELD_SOURCE) {
        write_source(w, spec, in_product);
    } else {
        const int product = spec->kind == QEP_FIELD_PRODUCT;
        write_open(w, '{');
        write_key(w, product ? "product" : "sum");
        write_open(w, '[');
        for (size_t i = 0; i < spec->count; i++) {
            write_next(w);
            write_field_part(w, spec->child[i], in_product || product);
        }
        write_close(w, ']');
        write_close(w, '}');
    }
}

void write_field(writer *w, const qep_field_spec *spec) {
    write_field_part(w, spec, 0);
}
