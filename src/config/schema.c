/* JSON Schema (draft 2020-12, with keywords that draft-07 shares) from the rows. It says what editors can
 * use; contradictions between keys and units are the validator's. */
#include "config/field_reader.h"
#include "config/bloch.h"
#include "config/reader.h"
#include "config/transport.h"

#include "qep/base/text.h"
#include "qep/derive/quantity.h"
#include "qep/grid/grid.h"
#include <string.h>

/* Metadata is spelled out in each object: draft-07 ignores what stands beside a $ref. */
static const char metadata[] =
    "\"$schema\": {\"type\": \"string\"}, \"title\": {}, \"comment\": {}";
static const char closed[] =
    ", \"patternProperties\": {\"^x-\": {}}, \"additionalProperties\": false";

static void member(writer *w, const char *key, const char *json) {
    write_key(w, key);
    write_raw(w, json);
}

/* An object with the members given as JSON text. */
static void closed_object(writer *w, const char *name, const char *properties,
                          const char *required) {
    write_key(w, name);
    write_raw(w, "{\"type\": \"object\", \"properties\": {");
    write_format(w, "%s, %s}", properties, metadata);
    if (required) {
        write_format(w, ", \"required\": [%s]", required);
    }
    write_format(w, "%s}", closed);
}

static void write_face_kinds(writer *w) {
    const char *separator = "";
    write_key(w, "kind");
    write_raw(w, "{\"enum\": [");
    for (int k = 0; k < QEP_BC_COUNT; k++) {
        write_format(w, "%s\"%s\"", separator, qep_bc_table()[k].name);
        separator = ", ";
    }
    write_raw(w, "]}");
}

static void write_quantities(writer *w) {
    size_t count = 0;
    const qep_quantity_row *table = qep_quantity_table(&count);
    write_key(w, "fields");
    write_raw(
        w, "{\"type\": \"array\", \"minItems\": 1, \"uniqueItems\": true, \"items\": {\"enum\": [");
    for (size_t i = 0; i < count; i++) {
        write_format(w, "%s\"%s\"", i ? ", " : "", table[i].name);
    }
    write_raw(w, "]}}");
}

static void write_field_definitions(writer *w) {
    member(w, "scalar", "{\"type\": [\"number\", \"string\"]}");
    member(w, "field",
           "{\"anyOf\": [{\"type\": [\"number\", \"string\"]}, {\"$ref\": \"#/$defs/hdf5\"}, "
           "{\"$ref\": "
           "\"#/$defs/regions\"}, "
           "{\"$ref\": \"#/$defs/sum\"}, {\"$ref\": \"#/$defs/product\"}, {\"$ref\": "
           "\"#/$defs/source\"}]}");
    closed_object(
        w, "hdf5",
        "\"hdf5\": {\"type\": \"string\", \"minLength\": 1}, \"dataset\": {\"type\": \"string\", "
        "\"minLength\": 1}, "
        "\"order\": {\"enum\": [\"zyx\", \"xyz\"], \"default\": \"zyx\"}, \"scale\": {\"type\": "
        "[\"number\", \"string\"], \"default\": 1}, "
        "\"unit\": {\"type\": \"string\", \"minLength\": 1}",
        "\"hdf5\", \"dataset\"");
    closed_object(w, "region",
                  "\"where\": {\"type\": \"string\", \"minLength\": 1}, \"value\": {\"$ref\": "
                  "\"#/$defs/field\"}",
                  "\"where\", \"value\"");
    closed_object(w, "regions",
                  "\"regions\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": "
                  "\"#/$defs/region\"}}, \"default\": {\"$ref\": \"#/$defs/field\"}",
                  "\"regions\"");
    closed_object(
        w, "sum",
        "\"sum\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/field\"}}",
        "\"sum\"");
    closed_object(w, "product",
                  "\"product\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": "
                  "\"#/$defs/field\"}}",
                  "\"product\"");
    write_source_definitions(w);
}

static void write_conduction_definitions(writer *w) {
    closed_object(w, "fixed_voltage",
                  "\"dirichlet\": {\"type\": [\"number\", \"string\"]}, \"fixed\": {\"type\": "
                  "[\"number\", \"string\"]}",
                  NULL);
    member(w, "conduction_face",
           "{\"anyOf\": [{\"enum\": [\"insulating\", \"periodic\", \"dirichlet\", \"fixed\"]}, "
           "{\"$ref\": \"#/$defs/fixed_voltage\"}]}");
    closed_object(w, "conduction_faces",
                  "\"low\": {\"$ref\": \"#/$defs/conduction_face\"}, \"high\": {\"$ref\": "
                  "\"#/$defs/conduction_face\"}",
                  NULL);
    member(w, "conduction_axis",
           "{\"anyOf\": [{\"$ref\": \"#/$defs/conduction_face\"}, {\"$ref\": "
           "\"#/$defs/conduction_faces\"}]}");
    closed_object(w, "conduction_axes",
                  "\"x\": {\"$ref\": \"#/$defs/conduction_axis\"}, \"y\": {\"$ref\": "
                  "\"#/$defs/conduction_axis\"}, \"z\": {\"$ref\": \"#/$defs/conduction_axis\"}",
                  NULL);
    member(w, "conduction_boundary",
           "{\"anyOf\": [{\"$ref\": \"#/$defs/conduction_face\"}, {\"$ref\": "
           "\"#/$defs/conduction_axes\"}]}");
    closed_object(w, "electrode",
                  "\"name\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 40, "
                  "\"pattern\": \"^[^/.]*$\"}, "
                  "\"face\": {\"enum\": [\"x-low\", \"x-high\", \"y-low\", \"y-high\", \"z-low\", "
                  "\"z-high\"]}, \"where\": {\"type\": \"string\", \"minLength\": 1}, "
                  "\"voltage\": {\"type\": [\"number\", \"string\"]}, \"current\": {\"type\": "
                  "[\"number\", \"string\"]}",
                  "\"name\"");
    member(w, "electrodes", "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/electrode\"}}");
    closed_object(w, "load",
                  "\"between\": {\"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, \"items\": "
                  "{\"type\": \"string\"}}, \"resistance\": {\"type\": [\"number\", \"string\"]}",
                  "\"between\", \"resistance\"");
    member(w, "loads", "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/load\"}}");
}

static void write_definitions(writer *w) {
    write_key(w, "$defs");
    write_open(w, '{');
    write_field_definitions(w);
    write_face_kinds(w);
    closed_object(w, "dirichlet", "\"dirichlet\": {\"type\": [\"number\", \"string\"]}",
                  "\"dirichlet\"");
    closed_object(w, "neumann", "\"neumann\": {\"type\": [\"number\", \"string\"]}", "\"neumann\"");
    closed_object(w, "natural", "\"natural\": {\"type\": [\"number\", \"string\"]}", "\"natural\"");
    member(
        w, "face",
        "{\"anyOf\": [{\"$ref\": \"#/$defs/kind\"}, {\"$ref\": \"#/$defs/dirichlet\"}, {\"$ref\": "
        "\"#/$defs/neumann\"}, {\"$ref\": \"#/$defs/natural\"}]}");
    closed_object(w, "faces",
                  "\"low\": {\"$ref\": \"#/$defs/face\"}, \"high\": {\"$ref\": \"#/$defs/face\"}",
                  "\"low\", \"high\"");
    member(w, "boundary",
           "{\"anyOf\": [{\"$ref\": \"#/$defs/face\"}, {\"$ref\": \"#/$defs/faces\"}]}");
    closed_object(
        w, "gauge_point",
        "\"point\": {\"type\": \"array\", \"minItems\": 1, \"maxItems\": 3, \"items\": {\"type\": "
        "[\"number\", \"string\"]}}, "
        "\"value\": {\"type\": [\"number\", \"string\"]}",
        "\"point\", \"value\"");
    member(w, "gauge",
           "{\"anyOf\": [{\"enum\": [\"zero_mean\", \"far_field\"]}, {\"$ref\": \"#/$defs/gauge_point\"}]}");
    closed_object(w, "probe",
                  "\"name\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 60, "
                  "\"pattern\": \"^[^/.]*$\"}, "
                  "\"at\": {\"type\": \"array\", \"minItems\": 1, \"maxItems\": 3, \"items\": "
                  "{\"type\": [\"number\", "
                  "\"string\"]}}",
                  "\"name\", \"at\"");
    member(w, "probes", "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/probe\"}}");
    write_conduction_definitions(w);
    write_quantities(w);
    write_bloch_definitions(w);
    write_transport_definitions(w);
    write_close(w, '}');
}

static void write_limits(writer *w, const config_row *row) {
    if (row->min != 0 || row->max != 0) {
        write_raw(w, row->above ? ", \"exclusiveMinimum\": " : ", \"minimum\": ");
        write_number(w, row->min);
        if (row->max < 1e300) {
            write_raw(w, ", \"maximum\": ");
            write_number(w, row->max);
        }
    }
}

static void write_list_schema(writer *w, const config_row *row, const char *type) {
    const int axes = strcmp(row->path, "time.times") != 0;
    write_format(w, "{\"type\": \"array\", \"minItems\": 1, %s\"items\": {\"type\": %s",
                 axes ? "\"maxItems\": 3, " : "", type);
    write_limits(w, row);
    write_raw(w, "}}");
}

/* What a value may be, as one schema. */
static void write_type(writer *w, const config_row *row) {
    switch (row->type) {
    case ROW_SECTION:
        break;
    case ROW_NUMBER:
        write_raw(w, "{\"type\": [\"number\", \"string\"]");
        write_limits(w, row);
        write_raw(w, "}");
        break;
    case ROW_NUMBERS:
        write_list_schema(w, row, "[\"number\", \"string\"]");
        break;
    case ROW_COUNTS:
        write_list_schema(w, row, "\"integer\"");
        break;
    case ROW_COUNT:
    case ROW_INTEGER:
        write_raw(w, "{\"type\": \"integer\"");
        write_limits(w, row);
        write_raw(w, "}");
        break;
    case ROW_SWITCH:
        write_raw(w, "{\"type\": \"boolean\"}");
        break;
    case ROW_CHOICE:
        write_raw(w, "{\"enum\": [");
        for (size_t i = 0; row->choice(i); i++) {
            write_format(w, "%s\"%s\"", i ? ", " : "", row->choice(i));
        }
        write_raw(w, "]}");
        break;
    case ROW_TEXT:
        write_raw(w, "{\"type\": \"string\", \"minLength\": 1}");
        break;
    case ROW_FIELD:
        write_raw(w, "{\"$ref\": \"#/$defs/field\"}");
        break;
    case ROW_SPECIAL:
        write_raw(w, row->schema);
        break;
    }
}

static void write_row(writer *w, const config_row *row) {
    write_key(w, row_key(row));
    write_open(w, '{');
    write_key(w, "description");
    write_string(w, row->doc);
    if (row->standard) {
        member(w, "default", row->standard);
    }
    if (row->example) {
        write_key(w, "examples");
        write_format(w, "[%s]", row->example);
    }
    write_key(w, "allOf"); /* beside a bare $ref draft-07 would drop the description */
    write_raw(w, "[");
    write_type(w, row);
    write_raw(w, "]");
    write_close(w, '}');
}

static void write_members(writer *w, const char *section);

static void write_object(writer *w, const config_row *row) {
    write_key(w, row_key(row));
    write_open(w, '{');
    write_key(w, "description");
    write_string(w, row->doc);
    member(w, "type", "\"object\"");
    if (strcmp(row->path, "grid") == 0) {
        member(w, "required", "[\"points\"]");
        member(w, "oneOf", "[{\"required\": [\"lengths\"]}, {\"required\": [\"spacing\"]}]");
    }
    write_members(w, row->path);
    write_close(w, '}');
}

static void write_members(writer *w, const char *section) {
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    write_key(w, "properties");
    write_open(w, '{');
    for (size_t i = 0; i < count; i++) {
        if (row_is_member(&rows[i], section) && rows[i].type == ROW_SECTION) {
            write_object(w, &rows[i]);
        } else if (row_is_member(&rows[i], section)) {
            write_row(w, &rows[i]);
        }
    }
    write_next(w);
    write_raw(w, metadata);
    write_close(w, '}');
    member(w, "patternProperties", "{\"^x-\": {}}");
    member(w, "additionalProperties", "false");
}

char *qep_config_schema(void) {
    writer w = {0};
    write_open(&w, '{');
    member(&w, "$schema", "\"https://json-schema.org/draft/2020-12/schema\"");
    member(&w, "title", "\"qep-solve configuration\"");
    member(&w, "type", "\"object\"");
    write_key(&w, "anyOf");
    write_raw(&w, "[{\"required\": [\"grid\"]}");
    for (size_t i = 0; sections_alone[i]; i++) {
        write_format(&w, ", {\"required\": [\"%s\"]}", sections_alone[i]);
    }
    write_raw(&w, "]");
    write_members(&w, "");
    write_definitions(&w);
    write_close(&w, '}');
    write_raw(&w, "\n");
    return write_finish(&w);
}
