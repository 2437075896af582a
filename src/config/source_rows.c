/* What the rows of the source table say to others than the parser: the effective form of a source, its schema, its tables in the
 * reference and in --list keys. */
#include "qep/source/source.h"

#include "config/field_reader.h"
#include <stdio.h>
#include <string.h>

/* ---- Effective form -------------------------------------------------------------------------------------------------------- */

static void write_number_value(writer *w, const qep_field_spec *spec, const qep_source_parameter *p, double number, int in_product) {
    char unit[64];
    if (p->of_place && in_product && !qep_dimension_equal(spec->dimension, QEP_DIM_NONE)) {
        write_raw(w, "\"");
        write_number(w, number);
        write_format(w, " %s\"", qep_dimension_format(spec->dimension, unit, sizeof unit));
    } else {
        write_number(w, number);
    }
}

static void write_parameter(writer *w, const qep_field_spec *spec, size_t i, int in_product) {
    const qep_source_parameter *p = &spec->source->parameter[i];
    const qep_source_value *value = &spec->values[i];
    switch (p->kind) {
    case QEP_PARAMETER_NUMBER:
    case QEP_PARAMETER_INTEGER:
        write_number_value(w, spec, p, value->number, in_product);
        break;
    case QEP_PARAMETER_NUMBERS:
        write_open(w, '[');
        for (size_t k = 0; k < value->count; k++) {
            write_next(w);
            write_number(w, value->list[k]);
        }
        write_close(w, ']');
        break;
    case QEP_PARAMETER_SWITCH:
        write_raw(w, value->number != 0.0 ? "true" : "false");
        break;
    case QEP_PARAMETER_CHOICE:
        write_string(w, p->choice[(size_t)value->number]);
        break;
    case QEP_PARAMETER_TEXT:
        write_string(w, value->text);
        break;
    case QEP_PARAMETER_FILE:
        write_input_name(w, value->text);
        break;
    case QEP_PARAMETER_FIELD:
        write_field_part(w, value->field, p->of_place && in_product);
        break;
    case QEP_PARAMETER_GROUP:
        break;
    }
}

/* Members "GROUP.x" stand together behind their group. */
static void write_group(writer *w, const qep_field_spec *spec, size_t group, int in_product) {
    const qep_source_row *row = spec->source;
    const size_t length = strlen(row->parameter[group].key);
    write_open(w, '{');
    for (size_t i = group + 1; i < row->parameters; i++) {
        const char *key = row->parameter[i].key;
        if (spec->values[i].present && strncmp(key, row->parameter[group].key, length) == 0 && key[length] == '.') {
            write_key(w, key + length + 1);
            write_parameter(w, spec, i, in_product);
        }
    }
    write_close(w, '}');
}

void write_source(writer *w, const qep_field_spec *spec, int in_product) {
    const qep_source_row *row = spec->source;
    write_open(w, '{');
    write_key(w, "source");
    write_string(w, row->name);
    if (row->outputs > 1) {
        write_key(w, "quantity");
        write_string(w, row->output[spec->quantity].name);
    }
    for (size_t i = 0; i < row->parameters; i++) {
        if (!spec->values[i].present || strchr(row->parameter[i].key, '.')) {
            continue;
        }
        write_key(w, row->parameter[i].key);
        if (row->parameter[i].kind == QEP_PARAMETER_GROUP) {
            write_group(w, spec, i, in_product);
        } else {
            write_parameter(w, spec, i, in_product);
        }
    }
    write_close(w, '}');
}

/* ---- Schema ---------------------------------------------------------------------------------------------------------------- */

static void write_range(writer *w, const qep_source_parameter *p) {
    if (p->min == 0 && p->max == 0) {
        return;
    }
    write_raw(w, p->above ? ", \"exclusiveMinimum\": " : ", \"minimum\": ");
    write_number(w, p->min);
    if (p->max < 1e300) {
        write_raw(w, ", \"maximum\": ");
        write_number(w, p->max);
    }
}

static void write_names(writer *w, const char *const *names) {
    write_raw(w, "{\"enum\": [");
    for (size_t i = 0; names[i]; i++) {
        write_format(w, "%s\"%s\"", i ? ", " : "", names[i]);
    }
    write_raw(w, "]}");
}

/* Groups are definitions of their own, "source_NAME_GROUP". */
static void write_parameter_type(writer *w, const qep_source_row *row, const qep_source_parameter *p) {
    switch (p->kind) {
    case QEP_PARAMETER_NUMBER:
        write_raw(w, "{\"type\": [\"number\", \"string\"]");
        write_range(w, p);
        write_raw(w, "}");
        break;
    case QEP_PARAMETER_NUMBERS:
        write_raw(w, "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": [\"number\", \"string\"]");
        write_range(w, p);
        write_raw(w, "}}");
        break;
    case QEP_PARAMETER_INTEGER:
        write_raw(w, "{\"type\": \"integer\"");
        write_range(w, p);
        write_raw(w, "}");
        break;
    case QEP_PARAMETER_SWITCH:
        write_raw(w, "{\"type\": \"boolean\"}");
        break;
    case QEP_PARAMETER_CHOICE:
        write_names(w, p->choice);
        break;
    case QEP_PARAMETER_TEXT:
    case QEP_PARAMETER_FILE:
        write_raw(w, "{\"type\": \"string\", \"minLength\": 1}");
        break;
    case QEP_PARAMETER_FIELD:
        write_raw(w, "{\"$ref\": \"#/$defs/field\"}");
        break;
    case QEP_PARAMETER_GROUP:
        write_format(w, "{\"$ref\": \"#/$defs/source_%s_%s\"}", row->name, p->key);
        break;
    }
}

static int belongs(const char *key, const char *group) {
    const size_t length = strlen(group);
    return length ? strncmp(key, group, length) == 0 && key[length] == '.' : !strchr(key, '.');
}

static void write_property(writer *w, const qep_source_row *row, const qep_source_parameter *p, const char *key) {
    write_key(w, key);
    write_open(w, '{');
    write_key(w, "description");
    write_string(w, p->doc);
    if (p->standard) {
        write_key(w, "default");
        write_raw(w, p->standard);
    }
    if (p->example) {
        write_key(w, "examples");
        write_format(w, "[%s]", p->example);
    }
    write_key(w, "allOf"); /* beside a bare $ref draft-07 would drop the description */
    write_raw(w, "[");
    write_parameter_type(w, row, p);
    write_raw(w, "]");
    write_close(w, '}');
}

static void write_required(writer *w, const qep_source_row *row, const char *group) {
    const char *separator = group[0] ? "" : "\"source\"";
    const size_t skip = group[0] ? strlen(group) + 1 : 0;
    int any = !group[0];
    for (size_t i = 0; i < row->parameters; i++) {
        any |= row->parameter[i].required && belongs(row->parameter[i].key, group);
    }
    if (!any) {
        return;
    }
    write_key(w, "required");
    write_format(w, "[%s", separator);
    separator = group[0] ? "" : ", ";
    for (size_t i = 0; i < row->parameters; i++) {
        if (row->parameter[i].required && belongs(row->parameter[i].key, group)) {
            write_format(w, "%s\"%s\"", separator, row->parameter[i].key + skip);
            separator = ", ";
        }
    }
    write_raw(w, "]");
}

/* The source itself (group ""), or one of its groups. */
static void write_definition(writer *w, const qep_source_row *row, const char *group, const char *doc) {
    char name[96];
    const size_t skip = group[0] ? strlen(group) + 1 : 0;
    snprintf(name, sizeof name, "source_%s%s%s", row->name, group[0] ? "_" : "", group);
    write_key(w, name);
    write_open(w, '{');
    write_key(w, "description");
    write_string(w, doc);
    write_key(w, "type");
    write_raw(w, "\"object\"");
    write_key(w, "properties");
    write_open(w, '{');
    if (!group[0]) {
        write_key(w, "source");
        write_format(w, "{\"enum\": [\"%s\"]}", row->name);
    }
    if (!group[0] && row->outputs > 1) {
        write_key(w, "quantity");
        write_raw(w, "{\"enum\": [");
        for (size_t i = 0; i < row->outputs; i++) {
            write_format(w, "%s\"%s\"", i ? ", " : "", row->output[i].name);
        }
        write_format(w, "], \"default\": \"%s\"}", row->output[0].name);
    }
    for (size_t i = 0; i < row->parameters; i++) {
        if (belongs(row->parameter[i].key, group)) {
            write_property(w, row, &row->parameter[i], row->parameter[i].key + skip);
        }
    }
    write_next(w);
    write_raw(w, "\"$schema\": {\"type\": \"string\"}, \"title\": {}, \"comment\": {}");
    write_close(w, '}');
    write_required(w, row, group);
    write_key(w, "patternProperties");
    write_raw(w, "{\"^x-\": {}}");
    write_key(w, "additionalProperties");
    write_raw(w, "false");
    write_close(w, '}');
}

void write_source_definitions(writer *w) {
    size_t count = 0;
    const qep_source_row *const *rows = qep_source_table(&count);
    for (size_t i = 0; i < count; i++) {
        write_definition(w, rows[i], "", rows[i]->doc);
        for (size_t k = 0; k < rows[i]->parameters; k++) {
            if (rows[i]->parameter[k].kind == QEP_PARAMETER_GROUP) {
                write_definition(w, rows[i], rows[i]->parameter[k].key, rows[i]->parameter[k].doc);
            }
        }
    }
    write_key(w, "source");
    write_raw(w, "{\"anyOf\": [");
    for (size_t i = 0; i < count; i++) {
        write_format(w, "%s{\"$ref\": \"#/$defs/source_%s\"}", i ? ", " : "", rows[i]->name);
    }
    write_raw(w, "]}");
}

/* ---- Reference and --list keys ---------------------------------------------------------------------------------------------- */

static void describe_parameter(char *text, size_t size, const qep_source_parameter *p) {
    static const char *const words[] = {[QEP_PARAMETER_NUMBER] = "number",       [QEP_PARAMETER_NUMBERS] = "list of numbers",
                                        [QEP_PARAMETER_INTEGER] = "integer",     [QEP_PARAMETER_SWITCH] = "true or false",
                                        [QEP_PARAMETER_TEXT] = "text",           [QEP_PARAMETER_FILE] = "input file",
                                        [QEP_PARAMETER_FIELD] = "field",         [QEP_PARAMETER_GROUP] = "object"};
    char unit[64];
    size_t used = 0;
    if (p->kind == QEP_PARAMETER_CHOICE) {
        for (size_t i = 0; p->choice[i] && used < size; i++) {
            used += (size_t)snprintf(text + used, size - used, "%s\"%s\"", i ? ", " : "", p->choice[i]);
        }
        return;
    }
    const int bare = p->kind != QEP_PARAMETER_NUMBER && p->kind != QEP_PARAMETER_NUMBERS && p->kind != QEP_PARAMETER_FIELD;
    const int plain = bare || (!p->of_place && qep_dimension_equal(p->dimension, QEP_DIM_NONE));
    const char *shown = plain ? "" : p->of_place ? "unit of the place" : qep_dimension_format(p->dimension, unit, sizeof unit);
    used = (size_t)snprintf(text, size, "%s%s%s", words[p->kind], shown[0] ? ", " : "", shown);
    if ((p->min != 0 || p->max != 0) && used < size) {
        used += (size_t)snprintf(text + used, size - used, p->above ? " > %g" : " from %g", p->min);
        if (p->max < 1e15 && used < size) {
            snprintf(text + used, size - used, p->above ? ", at most %g" : " to %g", p->max);
        }
    }
}

static void write_cells(writer *w, const char *key, const char *kind, const char *standard, const char *doc, const char *example) {
    write_format(w, "| `%s` | %s | %s%s%s | %s", key, kind, standard ? "`" : "", standard ? standard : "", standard ? "`" : "", doc);
    if (example) {
        write_format(w, " Example: `%s`.", example);
    }
    write_raw(w, " |\n");
}

static void write_quantity_cells(writer *w, const qep_source_row *row) {
    char kind[256] = "", doc[512] = "What it gives.", unit[64], first[64];
    size_t used = 0, told = strlen(doc);
    for (size_t i = 0; i < row->outputs && used < sizeof kind && told < sizeof doc; i++) {
        used += (size_t)snprintf(kind + used, sizeof kind - used, "%s\"%s\"", i ? ", " : "", row->output[i].name);
        told += (size_t)snprintf(doc + told, sizeof doc - told, " %s: %s, %s.", row->output[i].name, row->output[i].doc,
                                 qep_dimension_format(row->output[i].dimension, unit, sizeof unit));
    }
    snprintf(first, sizeof first, "\"%s\"", row->output[0].name);
    write_cells(w, "quantity", kind, first, doc, NULL);
}

void write_source_reference(writer *w) {
    size_t count = 0;
    const qep_source_row *const *rows = qep_source_table(&count);
    for (size_t i = 0; i < count; i++) {
        const qep_source_row *row = rows[i];
        write_format(w, "\n### Source %s\n\n%s\n\n| key | value | default | meaning |\n|---|---|---|---|\n", row->name, row->doc);
        if (row->outputs > 1) {
            write_quantity_cells(w, row);
        }
        for (size_t k = 0; k < row->parameters; k++) {
            char kind[256] = "";
            const qep_source_parameter *p = &row->parameter[k];
            describe_parameter(kind, sizeof kind, p);
            write_cells(w, p->key, kind, p->standard, p->doc, p->example);
        }
    }
}

void write_source_keys(writer *w) {
    size_t count = 0;
    const qep_source_row *const *rows = qep_source_table(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < rows[i]->parameters; k++) {
            char kind[256] = "", key[96];
            const qep_source_parameter *p = &rows[i]->parameter[k];
            describe_parameter(kind, sizeof kind, p);
            snprintf(key, sizeof key, "source %s: %s", rows[i]->name, p->key);
            write_format(w, "%-24s %s%s%s%s\n    %s\n", key, kind, p->standard ? " (default " : "", p->standard ? p->standard : "",
                         p->standard ? ")" : "", p->doc);
        }
    }
}
