/* Reading a named source, {"source": NAME, ...}: every key from the row of the source table, with its unit, range and default; then
 * what the source itself asks of its keys. */
#include "qep/source/source.h"

#include "config/field_reader.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <stdio.h>
#include <string.h>

enum { KEYS = 40, NAMES = 24 };

/* A source while its keys are read. */
typedef struct {
    reader *r;
    const json_node *node;
    qep_field_spec *spec;
    const qep_dimension *expected; /* of the place; NULL: inside a product */
    field_unit *unit;
    size_t children;
} source_reader;

static int is_member_of(const char *key, const char *group, size_t length) {
    return strncmp(key, group, length) == 0 && key[length] == '.';
}

/* The node of a parameter, or NULL: "band.mass" is the member mass of the member band. */
static const json_node *parameter_node(const json_node *node, const char *key) {
    const char *dot = strchr(key, '.');
    if (!dot) {
        return json_member(node, key);
    }
    char group[64] = "";
    strncat(group, key, (size_t)(dot - key) < sizeof group ? (size_t)(dot - key) : sizeof group - 1);
    const json_node *holder = json_member(node, group);
    return holder && holder->kind == JSON_OBJECT ? json_member(holder, dot + 1) : NULL;
}

/* Members of the group, or of the source itself, against the rows. */
static int check_members(reader *r, const json_node *node, const qep_source_row *row, const char *group) {
    const char *keys[KEYS];
    const size_t length = strlen(group);
    size_t count = 0;
    if (!length) {
        keys[count++] = "source";
        if (row->outputs > 1) {
            keys[count++] = "quantity";
        }
    }
    for (size_t i = 0; i < row->parameters && count < KEYS; i++) {
        const char *key = row->parameter[i].key;
        if (length ? is_member_of(key, group, length) : !strchr(key, '.')) {
            keys[count++] = length ? key + length + 1 : key;
        }
    }
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type", "%s came; an object {...} is needed", json_kind_name(node));
    }
    return check_keys(r, node, keys, count);
}

static int read_number(source_reader *s, const json_node *node, const qep_source_parameter *p, qep_source_value *value) {
    reader *r = s->r;
    if (p->of_place) {
        qep_dimension stated;
        int has_unit = 0;
        field_unit one = {0};
        return read_quantity(r, node, &r->draft->config.parameters, &value->number, &stated, &has_unit) &&
               (!has_unit || field_accept_unit(r, node, node->string, stated, s->expected, &one)) &&
               field_merge_units(r, node, s->unit, one);
    }
    return read_scalar(r, node, &p->dimension, &value->number);
}

static int in_range(reader *r, const json_node *node, const qep_source_parameter *p, double value) {
    char unit[64], upper[48] = "";
    if ((p->min == 0 && p->max == 0) || (value <= p->max && (p->above ? value > p->min : value >= p->min))) {
        return 1;
    }
    if (p->max < 1e300) {
        snprintf(upper, sizeof upper, " and at most %g", p->max);
    }
    const int plain = p->of_place || qep_dimension_equal(p->dimension, QEP_DIM_NONE);
    return reject(r, node, "out_of_range", "%g came; it must be %s %g%s%s%s", value, p->above ? "greater than" : "at least", p->min, upper,
                  plain ? "" : " in ", plain ? "" : qep_dimension_format(p->dimension, unit, sizeof unit));
}

static int read_numbers_value(source_reader *s, const json_node *node, const qep_source_parameter *p, qep_source_value *value) {
    double_list list = {value->count, value->list};
    int good = read_numbers(s->r, node, &p->dimension, &list);
    value->count = list.count;
    value->list = list.value;
    for (size_t i = 0; good && i < list.count; i++) {
        good = in_range(s->r, node->child[i], p, list.value[i]);
    }
    return good;
}

static int read_name(source_reader *s, const json_node *node, const qep_source_parameter *p, qep_source_value *value) {
    size_t count = 0;
    while (p->choice[count]) {
        count++;
    }
    if (node->kind != JSON_STRING) {
        return reject(s->r, node, "wrong_type", "%s came; a text is needed (\"%s\" for example)", json_kind_name(node), p->choice[0]);
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(p->choice[i], node->string) == 0) {
            value->number = (double)i;
            return 1;
        }
    }
    return reject_choice(s->r, node, node->string, p->choice, count);
}

static int read_words(source_reader *s, const json_node *node, const qep_source_parameter *p, qep_source_value *value) {
    if (node->kind != JSON_STRING || !node->string[0]) {
        return reject(s->r, node, "wrong_type", "%s came; a text is needed",
                      node->kind == JSON_STRING ? "an empty text" : json_kind_name(node));
    }
    value->text = p->kind == QEP_PARAMETER_FILE ? field_resolve(s->r->directory, node->string) : qep_text_copy(node->string);
    return value->text ? 1 : reject_memory(s->r);
}

static int read_child(source_reader *s, const json_node *node, const qep_source_parameter *p, qep_source_value *value) {
    field_unit one = {0};
    qep_field_spec *child = field_read_part(s->r, node, p->of_place ? s->expected : &p->dimension, &one);
    value->field = child;
    if (!child) {
        return 0;
    }
    s->spec->child[s->children++] = child;
    double number = 0.0;
    if (qep_field_is_constant(child, &number) && !in_range(s->r, node, p, number)) {
        return 0;
    }
    return !p->of_place || field_merge_units(s->r, node, s->unit, one);
}

static int read_value(source_reader *s, const json_node *node, const qep_source_parameter *p, qep_source_value *value) {
    int flag = 0;
    switch (p->kind) {
    case QEP_PARAMETER_NUMBER:
        return read_number(s, node, p, value) && in_range(s->r, node, p, value->number);
    case QEP_PARAMETER_NUMBERS:
        return read_numbers_value(s, node, p, value);
    case QEP_PARAMETER_INTEGER:
        return read_integer(s->r, node, p->min, p->max, &value->number);
    case QEP_PARAMETER_SWITCH:
        flag = read_switch(s->r, node, &flag) ? flag + 1 : 0;
        value->number = flag - 1;
        return flag > 0;
    case QEP_PARAMETER_CHOICE:
        return read_name(s, node, p, value);
    case QEP_PARAMETER_TEXT:
    case QEP_PARAMETER_FILE:
        return read_words(s, node, p, value);
    case QEP_PARAMETER_FIELD:
        return read_child(s, node, p, value);
    case QEP_PARAMETER_GROUP:
        break;
    }
    return check_members(s->r, node, s->spec->source, p->key);
}

/* Defaults are read from their JSON text like anything else. */
static int read_standard(source_reader *s, const qep_source_parameter *p, qep_source_value *value) {
    qep_json *json = NULL;
    if (json_parse(&json, p->standard, strlen(p->standard), "default", s->r->err) != QEP_OK) {
        s->r->failed++;
        return 0;
    }
    const int good = read_value(s, json->root, p, value);
    json_destroy(json);
    return good;
}

/* The object that a key belongs to, when it is there: the source, or the group. */
static const json_node *owner_of(const source_reader *s, const char *key) {
    const char *dot = strchr(key, '.');
    char group[64] = "";
    if (!dot) {
        return s->node;
    }
    strncat(group, key, (size_t)(dot - key) < sizeof group ? (size_t)(dot - key) : sizeof group - 1);
    return json_member(s->node, group);
}

static int read_parameter_value(source_reader *s, const qep_source_parameter *p, qep_source_value *value) {
    const json_node *node = parameter_node(s->node, p->key), *owner = owner_of(s, p->key);
    if (node) {
        value->given = value->present = 1;
        return read_value(s, node, p, value);
    }
    if (owner && owner->kind == JSON_OBJECT && p->required) {
        const char *dot = strchr(p->key, '.');
        return reject_missing(s->r, owner, dot ? dot + 1 : p->key, p->doc);
    }
    value->present = owner && p->standard;
    return !value->present || read_standard(s, p, value);
}

static int read_quantity_name(source_reader *s) {
    const qep_source_row *row = s->spec->source;
    const json_node *node = json_member(s->node, "quantity");
    const char *names[NAMES];
    for (size_t i = 0; i < row->outputs && i < NAMES; i++) {
        names[i] = row->output[i].name;
        if (node && node->kind == JSON_STRING && strcmp(node->string, names[i]) == 0) {
            s->spec->quantity = i;
            return 1;
        }
    }
    if (node && row->outputs > 1) {
        return node->kind == JSON_STRING
                   ? reject_choice(s->r, node, node->string, names, row->outputs)
                   : reject(s->r, node, "wrong_type", "%s came; a text is needed (\"%s\" for example)", json_kind_name(node), names[0]);
    }
    return 1;
}

/* The unit of what comes out is stated by the row. */
static int state_unit(source_reader *s, const json_node *name) {
    const qep_source_row *row = s->spec->source;
    char text[128];
    if (row->outputs == 0) {
        return 1;
    }
    snprintf(text, sizeof text, "%s of source %s", row->output[s->spec->quantity].name, row->name);
    return field_accept_unit(s->r, name, text, row->output[s->spec->quantity].dimension, s->expected, s->unit);
}

/* Errors of the row's own function receive the place of the key that they name. */
static int validate_source(source_reader *s) {
    qep_error *err = s->r->err;
    const size_t before = err ? err->count : 0;
    if (!s->spec->source->validate || s->spec->source->validate(s->spec, err) == QEP_OK) {
        return 1;
    }
    for (size_t i = before; err && i < err->count; i++) {
        const json_node *at = json_find(s->r->json->root, err->item[i].path);
        json_place_errors(s->r->json, at, 0, i, err);
    }
    s->r->failed++;
    return 0;
}

static int read_all(source_reader *s, const json_node *name) {
    const qep_source_row *row = s->spec->source;
    int good = read_quantity_name(s);
    good = state_unit(s, name) && good;
    for (size_t i = 0; i < row->parameters; i++) {
        good = read_parameter_value(s, &row->parameter[i], &s->spec->values[i]) && good;
    }
    s->spec->count = s->children;
    return good && validate_source(s);
}

static const qep_source_row *find_row(reader *r, const json_node *name) {
    const char *names[NAMES];
    size_t count = 0;
    const qep_source_row *const *rows = qep_source_table(&count);
    for (size_t i = 0; i < count; i++) {
        names[i] = rows[i]->name;
    }
    const qep_source_row *row = name->kind == JSON_STRING ? qep_source_find(name->string) : NULL;
    if (!row && name->kind == JSON_STRING) {
        reject_choice(r, name, name->string, names, count);
    } else if (!row) {
        reject(r, name, "wrong_type", "%s came; the name of a source is needed (\"%s\" for example)", json_kind_name(name), names[0]);
    }
    return row;
}

static size_t count_fields(const qep_source_row *row, const json_node *node) {
    size_t count = 0;
    for (size_t i = 0; i < row->parameters; i++) {
        count += row->parameter[i].kind == QEP_PARAMETER_FIELD && parameter_node(node, row->parameter[i].key);
    }
    return count;
}

qep_field_spec *read_source(reader *r, const json_node *node, const qep_dimension *expected, field_unit *unit) {
    const json_node *name = json_member(node, "source");
    const qep_source_row *row = find_row(r, name);
    if (!row || !check_members(r, node, row, "")) {
        return NULL;
    }
    if (row->section && !json_member(r->json->root, row->section)) {
        reject(r, name, "missing_key", "source \"%s\" needs the section \"%s\" of the configuration", row->name, row->section);
        return NULL;
    }
    qep_field_spec *spec = field_new(r, node, QEP_FIELD_SOURCE, count_fields(row, node));
    void *values = NULL;
    if (!spec || qep_alloc(&values, row->parameters, sizeof(qep_source_value), "source", NULL) != QEP_OK) {
        qep_field_spec_destroy(spec);
        return NULL;
    }
    spec->source = row;
    spec->values = values;
    source_reader s = {r, node, spec, expected, unit, 0};
    if (!read_all(&s, name)) {
        qep_field_spec_destroy(spec);
        return NULL;
    }
    return spec;
}
