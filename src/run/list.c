/* Tables for --list, made from the rows that the program itself works with. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/base/status.h"
#include "qep/base/text.h"
#include "qep/base/units.h"
#include "qep/source/source.h"
#include "qep/bloch/maps.h"
#include "qep/bloch/quantity.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Text that grows line by line; text is NULL once memory is out. */
typedef struct {
    char *text;
} listing;

static void add_line(listing *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_line(listing *list, const char *format, ...) {
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    char *longer = list->text ? qep_text_format("%s%s\n", list->text, line) : NULL;
    qep_free(list->text);
    list->text = longer;
}

static void list_quantities(listing *list) {
    size_t count = 0;
    const qep_quantity_row *rows = qep_quantity_table(&count);
    static const char *const ranks[] = {"scalar", "vector", "tensor"};
    for (size_t i = 0; i < count; i++) {
        char readings[96] = "";
        for (int r = 0; r < QEP_READING_COUNT; r++) {
            const size_t used = strlen(readings);
            if (rows[i].readings >> r & 1u) {
                snprintf(readings + used, sizeof readings - used, "%s%s", used ? ", " : "",
                         qep_reading_name((qep_reading)r));
            }
        }
        add_line(list, "%-14s %-7s %s (%s): %s; readings: %s", rows[i].name, ranks[rows[i].rank],
                 rows[i].long_name, rows[i].equation, rows[i].doc, readings);
    }
}

static void list_boundaries(listing *list) {
    const qep_bc_row *rows = qep_bc_table();
    for (int i = 0; i < QEP_BC_COUNT; i++) {
        add_line(list, "%-10s %-4s %s", rows[i].name, rows[i].value_unit, rows[i].doc);
    }
}

static void list_units(listing *list) {
    size_t count = 0;
    const qep_unit_row *rows = qep_unit_table(&count);
    for (size_t i = 0; i < count; i++) {
        char unit[QEP_RUN_UNIT];
        add_line(list, "%-9s %-18s %.12g %s%s", rows[i].symbol, rows[i].name, rows[i].factor,
                 qep_run_unit(rows[i].dimension, unit),
                 rows[i].prefixable ? ", takes prefixes" : "");
    }
}

static void list_exit_codes(listing *list) {
    for (int s = 0; s < QEP_STATUS_COUNT; s++) {
        add_line(list, "%3d  %-14s %s", qep_status_exit_code((qep_status)s),
                 qep_status_name((qep_status)s), qep_status_meaning((qep_status)s));
    }
}

/* A named source: what it gives and its keys. */
static void list_source(listing *list, const qep_source_row *row) {
    char unit[QEP_RUN_UNIT], keys[600] = "";
    add_line(list, "  %-16s %s", row->name, row->doc);
    for (size_t i = 0; i < row->outputs; i++) {
        add_line(list, "      gives %s: %s, %s", row->output[i].name, row->output[i].doc, qep_run_unit(row->output[i].dimension, unit));
    }
    if (row->outputs == 0) {
        add_line(list, "      gives what its place needs");
    }
    for (size_t i = 0; i < row->parameters; i++) {
        const size_t used = strlen(keys);
        snprintf(keys + used, sizeof keys - used, "%s%s", used ? ", " : "", row->parameter[i].key);
    }
    add_line(list, "      keys: %s", keys);
}

/* The forms that a FIELD takes in a configuration (qep_field_kind). */
static void list_sources(listing *list) {
    static const struct {
        const char *form, *doc;
    } rows[] = {
        [QEP_FIELD_NUMBER] = {"NUMBER or \"NUMBER UNIT\"", "the same everywhere"},
        [QEP_FIELD_EXPRESSION] = {"\"EXPRESSION\"", "of x, y, z, t (SI) and the parameters"},
        [QEP_FIELD_HDF5] =
            {"{\"hdf5\", \"dataset\", ...}",
             "a data set or openPMD record of a file, optionally with a leading time axis"},
        [QEP_FIELD_REGIONS] = {"{\"regions\", \"default\"}",
                               "the first region whose condition holds"},
        [QEP_FIELD_SUM] = {"{\"sum\": [FIELD, ...]}", "sum of fields"},
        [QEP_FIELD_PRODUCT] = {"{\"product\": [FIELD, ...]}", "product of fields"},
        [QEP_FIELD_SOURCE] = {"{\"source\": NAME, ...}", "a named source of this list:"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        add_line(list, "%-27s %s", rows[i].form, rows[i].doc);
    }
    size_t count = 0;
    const qep_source_row *const *sources = qep_source_table(&count);
    for (size_t i = 0; i < count; i++) {
        list_source(list, sources[i]);
    }
}

/* Models with their parameters, then quantities with their units. */
static void list_bloch(listing *list) {
    size_t models = 0, quantities = 0;
    const qep_bloch_model_row *model = qep_bloch_models(&models);
    const qep_bloch_quantity *row = qep_bloch_quantities(&quantities);
    for (size_t i = 0; i < models; i++) {
        add_line(list, "model %-14s %s", model[i].name, model[i].doc);
        for (size_t p = 0; p < qep_bloch_parameter_count(&model[i]); p++) {
            char unit[64];
            add_line(list, "    %-10s %s; default %.10g %s", model[i].parameter[p].name, model[i].parameter[p].doc, model[i].parameter[p].standard,
                     qep_dimension_format(model[i].parameter[p].dimension, unit, sizeof unit));
        }
    }
    for (size_t i = 0; i < quantities; i++) {
        char unit3[64], unit2[64];
        add_line(list, "%-30s rank %d, %s (2-D: %s)\n    %s", row[i].name, row[i].rank,
                 qep_dimension_format(qep_bloch_quantity_dimension(&row[i], 3), unit3, sizeof unit3),
                 qep_dimension_format(qep_bloch_quantity_dimension(&row[i], 2), unit2, sizeof unit2), row[i].long_name);
    }
    size_t maps = 0;
    const qep_bloch_band_map *map = qep_bloch_band_maps(&maps);
    for (size_t i = 0; i < maps; i++) {
        char unit[64];
        add_line(list, "map %-17s %s; %s", map[i].name, map[i].long_name, qep_dimension_format(map[i].dimension, unit, sizeof unit));
    }
}

static void list_keys(listing *list) {
    qep_free(list->text);
    list->text = qep_config_list_keys();
}

static void list_reference(listing *list) {
    qep_free(list->text);
    list->text = qep_config_reference();
}

char *qep_run_list(const char *topic) {
    static const struct {
        const char *topic;
        void (*fill)(listing *list);
    } topics[] = {
        /* clang-format off */
        {"sources",    list_sources   },
        {"quantities", list_quantities},
        {"boundaries", list_boundaries},
        {"units",      list_units     },
        {"bloch",      list_bloch     },
        {"keys",       list_keys      },
        {"exit-codes", list_exit_codes},
        {"reference",  list_reference },
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        if (strcmp(topic, topics[i].topic) == 0) {
            listing list = {qep_text_copy("")};
            topics[i].fill(&list);
            return list.text;
        }
    }
    return NULL;
}
