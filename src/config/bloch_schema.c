/* JSON Schema of "bloch": members of $defs. */
#include "config/bloch.h"

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

static void write_maps_definition(writer *w) {
    size_t bands = 0, count = 0;
    const qep_bloch_band_map *band = qep_bloch_band_maps(&bands);
    const qep_bloch_quantity *rows = qep_bloch_quantities(&count);
    write_key(w, "bloch_maps");
    write_raw(w, "{\"type\": \"array\", \"minItems\": 1, \"uniqueItems\": true, \"items\": {\"enum\": [");
    for (size_t i = 0; i < bands; i++) {
        write_format(w, "%s\"%s\"", i ? ", " : "", band[i].name);
    }
    for (size_t i = 0; i < count; i++) {
        if (qep_bloch_has_map(&rows[i])) {
            write_format(w, ", \"%s\"", rows[i].name);
        }
    }
    write_raw(w, "]}}");
}

void write_bloch_definitions(writer *w) {
    size_t count = 0;
    const qep_bloch_quantity *rows = qep_bloch_quantities(&count);
    write_builtin_definition(w);
    definition(w, "bloch_file",
               "{\"type\": \"object\", \"required\": [\"wannier90\"], \"properties\": {\"wannier90\": {\"type\": \"string\", \"minLength\": 1}, \"centres\": "
               "{\"type\": \"string\", \"minLength\": 1}, \"wsvec\": {\"type\": \"string\", \"minLength\": 1}, \"lattice\": {\"$ref\": \"#/$defs/bloch_vectors\"}, " META "}");
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
    write_maps_definition(w);
}
