/* FIELD values: numbers, quantities, expressions, HDF5 data sets, regions, sums, products and named sources, as a
 * tree for the room source. */
#include "qep/source/field.h"

#include "config/field_reader.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/base/units.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

qep_field_spec *field_new(reader *r, const json_node *node, qep_field_kind kind, size_t children) {
    void *block = NULL, *child = NULL, *condition = NULL;
    if (qep_alloc(&block, 1, sizeof(qep_field_spec), "field", NULL) != QEP_OK) {
        reject_memory(r);
        return NULL;
    }
    char path[QEP_ERROR_PATH];
    qep_field_spec *spec = block;
    spec->kind = kind;
    spec->scale = 1.0;
    spec->path = qep_text_copy(json_path(node, path, sizeof path));
    const int enough =
        spec->path &&
        (children == 0 ||
         (qep_alloc(&child, children, sizeof(qep_field_spec *), "field", NULL) == QEP_OK &&
          qep_alloc(&condition, children, sizeof(char *), "field", NULL) == QEP_OK));
    spec->child = child;
    spec->condition = condition;
    spec->count = condition ? children : 0;
    if (!enough) {
        reject_memory(r);
        qep_field_spec_destroy(spec);
        return NULL;
    }
    return spec;
}

static qep_field_spec *drop(qep_field_spec *spec) {
    qep_field_spec_destroy(spec);
    return NULL;
}

/* A stated unit against the expected one; inside a product (expected NULL) it is only noted. */
int field_accept_unit(reader *r, const json_node *node, const char *text, qep_dimension stated,
                       const qep_dimension *expected, field_unit *unit) {
    if (expected && !qep_dimension_equal(stated, *expected)) {
        char came[64], needed[64];
        return reject(r, node, "wrong_dimension", "\"%.200s\" has the unit %s in SI; %s is needed",
                      text, qep_dimension_format(stated, came, sizeof came),
                      qep_dimension_format(*expected, needed, sizeof needed));
    }
    *unit = (field_unit){1, stated};
    return 1;
}

static qep_field_spec *read_text(reader *r, const json_node *node, const qep_dimension *expected,
                                 field_unit *unit) {
    char message[QEP_UNIT_MESSAGE] = "";
    double value = 0;
    qep_dimension stated = QEP_DIM_NONE;
    int has_unit = 0;
    const qep_quantity_result result =
        qep_quantity_parse(node->string, &value, &stated, &has_unit, message);
    if (result == QEP_QUANTITY_ERROR) {
        reject(r, node, "bad_unit", "\"%.200s\": %s", node->string, message);
        return NULL;
    }
    if (result == QEP_QUANTITY_NO) {
        qep_field_spec *spec = check_expression(r, node, node->string, 1)
                                   ? field_new(r, node, QEP_FIELD_EXPRESSION, 0)
                                   : NULL;
        if (spec && !(spec->text = qep_text_copy(node->string))) {
            reject_memory(r);
            return drop(spec);
        }
        return spec;
    }
    if (!isfinite(value)) {
        reject(r, node, "out_of_range", "\"%.200s\" is too large for a double", node->string);
        return NULL;
    }
    if (has_unit && !field_accept_unit(r, node, node->string, stated, expected, unit)) {
        return NULL;
    }
    qep_field_spec *spec = field_new(r, node, QEP_FIELD_NUMBER, 0);
    if (spec) {
        spec->value = value;
    }
    return spec;
}

/* A text member of an object; *text stays NULL when it is not given. */
int field_text_member(reader *r, const json_node *node, const char *key, const char **text) {
    const json_node *member = json_member(node, key);
    *text = NULL;
    if (member && member->kind != JSON_STRING) {
        return reject(r, member, "wrong_type", "%s came; a text is needed", json_kind_name(member));
    }
    if (member && !member->string[0]) {
        return reject(r, member, "out_of_range", "the text is empty");
    }
    *text = member ? member->string : NULL;
    return 1;
}

char *field_resolve(const char *directory, const char *file) {
    return file[0] == '/' || !directory || !directory[0]
               ? qep_text_copy(file)
               : qep_text_format("%s/%s", directory, file);
}

static int read_hdf5_members(reader *r, const json_node *node, qep_field_spec *spec,
                             const qep_dimension *expected, field_unit *unit) {
    static const char *const orders[] = {"zyx", "xyz"};
    const char *file = NULL, *dataset = NULL, *order = NULL, *text = NULL;
    int good = field_text_member(r, node, "hdf5", &file);
    good = field_text_member(r, node, "dataset", &dataset) && good;
    good = field_text_member(r, node, "order", &order) && good;
    good = field_text_member(r, node, "unit", &text) && good;
    if (good && !dataset) {
        good =
            reject_missing(r, node, "dataset", "the name of a data set in the file, like \"/S\"");
    }
    if (order && strcmp(order, orders[0]) != 0 && strcmp(order, orders[1]) != 0) {
        good = reject_choice(r, json_member(node, "order"), order, orders, 2);
    }
    const json_node *scale = json_member(node, "scale");
    const qep_dimension none = QEP_DIM_NONE;
    good = (!scale || read_scalar(r, scale, &none, &spec->scale)) && good;
    if (text) {
        double factor = 0;
        qep_dimension stated;
        char message[QEP_UNIT_MESSAGE] = "";
        const json_node *at = json_member(node, "unit");
        good = qep_unit_parse(text, &factor, &stated, message)
                   ? field_accept_unit(r, at, text, stated, expected, unit) && good
                   : reject(r, at, "bad_unit", "\"%.200s\": %s", text, message);
    }
    if (!good) {
        return 0;
    }
    spec->order_xyz = order && strcmp(order, "xyz") == 0;
    spec->file = field_resolve(r->directory, file);
    spec->dataset = qep_text_copy(dataset);
    spec->unit = qep_text_copy(text);
    return spec->file && spec->dataset && (!text || spec->unit) ? 1 : reject_memory(r);
}

static qep_field_spec *read_hdf5(reader *r, const json_node *node, const qep_dimension *expected,
                                 field_unit *unit) {
    static const char *const keys[] = {"hdf5", "dataset", "order", "scale", "unit"};
    const int known = check_keys(r, node, keys, 5);
    qep_field_spec *spec = field_new(r, node, QEP_FIELD_HDF5, 0);
    return spec && read_hdf5_members(r, node, spec, expected, unit) && known ? spec : drop(spec);
}

/* Alternatives (regions, sums) must agree in their units when inside a product. */
int field_merge_units(reader *r, const json_node *node, field_unit *all, field_unit one) {
    if (one.stated && all->stated && !qep_dimension_equal(all->dimension, one.dimension)) {
        char a[64], b[64];
        return reject(
            r, node, "wrong_dimension",
            "this part has the unit %s, the parts before it %s; they cannot be added or exchanged",
            qep_dimension_format(one.dimension, a, sizeof a),
            qep_dimension_format(all->dimension, b, sizeof b));
    }
    if (one.stated) {
        *all = one;
    }
    return 1;
}

static int read_region(reader *r, const json_node *node, qep_field_spec *spec, size_t i,
                       const qep_dimension *expected, field_unit *unit) {
    static const char *const keys[] = {"where", "value"};
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type",
                      "%s came; {\"where\": \"x<1e-9\", \"value\": FIELD} is needed",
                      json_kind_name(node));
    }
    int good = check_keys(r, node, keys, 2);
    const char *where = NULL;
    good = field_text_member(r, node, "where", &where) && good;
    const json_node *value = json_member(node, "value");
    if (!json_member(node, "where")) {
        good = reject_missing(r, node, "where", "an expression that is nonzero inside the region");
    } else if (where) {
        good = check_expression(r, json_member(node, "where"), where, 1) && good;
    }
    if (!value) {
        return reject_missing(r, node, "value", "the field inside the region");
    }
    field_unit one = {0};
    spec->child[i] = field_read_part(r, value, expected, &one);
    good = spec->child[i] && field_merge_units(r, value, unit, one) && good;
    spec->condition[i] = qep_text_copy(where);
    return good;
}

static qep_field_spec *read_regions(reader *r, const json_node *node, const qep_dimension *expected,
                                    field_unit *unit) {
    static const char *const keys[] = {"regions", "default"};
    const json_node *list = json_member(node, "regions"), *rest = json_member(node, "default");
    int good = check_keys(r, node, keys, 2);
    if (list->kind != JSON_ARRAY || list->count == 0) {
        reject(r, list, "wrong_type",
               "a list of at least one {\"where\": ..., \"value\": ...} is needed");
        return NULL;
    }
    qep_field_spec *spec = field_new(r, node, QEP_FIELD_REGIONS, list->count + (rest != NULL));
    if (!spec) {
        return NULL;
    }
    for (size_t i = 0; i < list->count; i++) {
        good = read_region(r, list->child[i], spec, i, expected, unit) && good;
    }
    if (rest) {
        field_unit one = {0};
        spec->child[list->count] = field_read_part(r, rest, expected, &one);
        good = spec->child[list->count] && field_merge_units(r, rest, unit, one) && good;
    }
    return good ? spec : drop(spec);
}

static qep_field_spec *read_list(reader *r, const json_node *node, const char *key,
                                 qep_field_kind kind) {
    const char *const keys[] = {key};
    const json_node *list = json_member(node, key);
    const int known = check_keys(r, node, keys, 1);
    if (list->kind != JSON_ARRAY || list->count == 0) {
        reject(r, list, "wrong_type", "a list of at least one field is needed");
        return NULL;
    }
    return known ? field_new(r, node, kind, list->count) : NULL;
}

static qep_field_spec *read_sum(reader *r, const json_node *node, const qep_dimension *expected,
                                field_unit *unit) {
    qep_field_spec *spec = read_list(r, node, "sum", QEP_FIELD_SUM);
    const json_node *list = json_member(node, "sum");
    int good = spec != NULL;
    for (size_t i = 0; spec && i < list->count; i++) {
        field_unit one = {0};
        spec->child[i] = field_read_part(r, list->child[i], expected, &one);
        good = spec->child[i] && field_merge_units(r, list->child[i], unit, one) && good;
    }
    return good ? spec : drop(spec);
}

/* Parts without a unit are taken as they are; where any part states one, the product of the stated ones must
 * be the expected. A first HDF5 part without a unit text takes what is left over, so that a record that
 * carries its own unit is checked when it is opened. */
static int product_unit(reader *r, const json_node *node, qep_field_spec *spec,
                        const qep_dimension *expected, field_unit *unit, qep_field_spec *open) {
    if (!expected) {
        return 1;
    }
    if (open) {
        open->dimension =
            qep_dimension_divide(*expected, unit->stated ? unit->dimension : QEP_DIM_NONE);
    } else if (unit->stated && !qep_dimension_equal(unit->dimension, *expected)) {
        char came[64], needed[64];
        return reject(r, node, "wrong_dimension",
                      "the product of the stated units is %s in SI; %s is needed",
                      qep_dimension_format(unit->dimension, came, sizeof came),
                      qep_dimension_format(*expected, needed, sizeof needed));
    }
    spec->dimension = *expected;
    return 1;
}

static qep_field_spec *read_product(reader *r, const json_node *node, const qep_dimension *expected,
                                    field_unit *unit) {
    qep_field_spec *spec = read_list(r, node, "product", QEP_FIELD_PRODUCT), *open = NULL;
    const json_node *list = json_member(node, "product");
    int good = spec != NULL;
    field_unit all = {0, QEP_DIM_NONE};
    for (size_t i = 0; spec && i < list->count; i++) {
        field_unit one = {0};
        spec->child[i] = field_read_part(r, list->child[i], NULL, &one);
        good = spec->child[i] && good;
        if (one.stated) {
            all = (field_unit){1, qep_dimension_multiply(all.dimension, one.dimension)};
        } else if (!open && spec->child[i] && spec->child[i]->kind == QEP_FIELD_HDF5) {
            open = spec->child[i];
        }
    }
    *unit = all;
    good = good && product_unit(r, node, spec, expected, unit, open);
    return good ? spec : drop(spec);
}

static qep_field_spec *read_object(reader *r, const json_node *node, const qep_dimension *expected,
                                   field_unit *unit) {
    static const struct {
        const char *key;
        qep_field_spec *(*read)(reader *r, const json_node *node, const qep_dimension *expected,
                                field_unit *unit);
    } forms[] = {{"source", read_source}, /* first: sources have keys of the other forms */
                 {"hdf5", read_hdf5},
                 {"regions", read_regions},
                 {"sum", read_sum},
                 {"product", read_product}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (json_member(node, forms[i].key)) {
            return forms[i].read(r, node, expected, unit);
        }
    }
    static const char *const keys[] = {"hdf5", "regions", "sum", "product", "source"};
    if (check_keys(r, node, keys, 5)) {
        reject(r, node, "missing_key",
               "an object here needs one of \"hdf5\", \"regions\", \"sum\", \"product\", \"source\"");
    }
    return NULL;
}

qep_field_spec *field_read_part(reader *r, const json_node *node, const qep_dimension *expected,
                                field_unit *unit) {
    qep_field_spec *spec = NULL;
    if (node->kind == JSON_NUMBER) {
        spec = field_new(r, node, QEP_FIELD_NUMBER, 0);
        if (spec) {
            spec->value = node->number;
        }
    } else if (node->kind == JSON_STRING) {
        spec = read_text(r, node, expected, unit);
    } else if (node->kind == JSON_OBJECT) {
        spec = read_object(r, node, expected, unit);
    } else {
        reject(r, node, "wrong_type",
               "%s came; a number, a text (\"5 nm\", an expression) or an object like {\"hdf5\": "
               "...} is needed",
               json_kind_name(node));
    }
    if (spec && (expected || unit->stated)) {
        spec->dimension = expected ? *expected : unit->dimension;
    }
    return spec;
}

qep_field_spec *read_field(reader *r, const json_node *node, qep_dimension dimension, int simple) {
    field_unit unit = {0};
    if (simple && node->kind != JSON_NUMBER && node->kind != JSON_STRING) {
        reject(r, node, "wrong_type",
               "%s came; a number, a quantity or an expression of x, y, z, t is needed",
               json_kind_name(node));
        return NULL;
    }
    return field_read_part(r, node, &dimension, &unit);
}
