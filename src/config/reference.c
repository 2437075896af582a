/* The reference of all keys, from the rows: Markdown for docs/configuration.md, plain text for --list keys.
 */
#include "config/field_reader.h"

#include <stdio.h>
#include <string.h>

static const char *unit_text(const config_row *row, char *text, size_t size) {
    const int number =
        row->type == ROW_NUMBER || row->type == ROW_NUMBERS || row->type == ROW_FIELD;
    return !number || qep_dimension_equal(row->dimension, QEP_DIM_NONE)
               ? ""
               : qep_dimension_format(row->dimension, text, size);
}

/* What a value may be, in words. */
static void describe_type(char *text, size_t size, const config_row *row) {
    static const char *const words[] = {[ROW_SECTION] = "section",
                                        [ROW_NUMBER] = "number",
                                        [ROW_NUMBERS] = "list of numbers",
                                        [ROW_COUNT] = "integer",
                                        [ROW_COUNTS] = "list of integers",
                                        [ROW_INTEGER] = "integer",
                                        [ROW_SWITCH] = "true or false",
                                        [ROW_CHOICE] = "",
                                        [ROW_TEXT] = "text",
                                        [ROW_FIELD] = "field",
                                        [ROW_SPECIAL] = ""};
    char unit[64];
    if (row->type == ROW_SPECIAL) {
        snprintf(text, size, "%s", row->kind);
        return;
    }
    if (row->type != ROW_CHOICE) {
        const char *shown = unit_text(row, unit, sizeof unit);
        snprintf(text, size, "%s%s%s", words[row->type], shown[0] ? ", " : "", shown);
        return;
    }
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; row->choice(i) && used < size; i++) {
        used +=
            (size_t)snprintf(text + used, size - used, "%s\"%s\"", i ? ", " : "", row->choice(i));
    }
}

static void describe_range(char *text, size_t size, const config_row *row) {
    text[0] = 0;
    if (row->min == 0 && row->max == 0) {
        return;
    }
    const int used = snprintf(text, size, " %s %g", row->above ? ">" : "from", row->min);
    if (row->max < 1e15) {
        snprintf(text + used, size - (size_t)used, row->above ? ", at most %g" : " to %g",
                 row->max);
    }
}

/* One table line; "|" would end a cell. */
static void write_cell(writer *w, const char *text) {
    for (; *text; text++) {
        write_format(w, *text == '|' ? "\\%c" : "%c", *text);
    }
}

static void write_table_row(writer *w, const config_row *row) {
    char type[256], range[64];
    describe_type(type, sizeof type, row);
    describe_range(range, sizeof range, row);
    write_format(w, "| `%s` | ", row->path);
    write_cell(w, type);
    write_cell(w, range);
    write_raw(w, " | ");
    if (row->standard) {
        write_format(w, "`%s`", row->standard);
    }
    write_raw(w, " | ");
    write_cell(w, row->doc);
    if (row->example) {
        write_raw(w, " Example: `");
        write_cell(w, row->example);
        write_raw(w, "`.");
    }
    write_raw(w, " |\n");
}

static const char table_head[] = "\n| key | value | default | meaning |\n|---|---|---|---|\n";

static void write_section(writer *w, const config_row *section) {
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    write_format(w, "\n### %s\n\n%s\n%s", section->path, section->doc, table_head);
    for (size_t i = 0; i < count; i++) {
        if (row_is_member(&rows[i], section->path)) {
            write_table_row(w, &rows[i]);
        }
    }
}

char *qep_config_reference(void) {
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    writer w = {0};
    write_format(&w, "### Top level\n%s", table_head);
    for (size_t i = 0; i < count; i++) {
        if (row_is_member(&rows[i], "") && rows[i].type != ROW_SECTION) {
            write_table_row(&w, &rows[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].type == ROW_SECTION) {
            write_section(&w, &rows[i]);
        }
    }
    write_source_reference(&w);
    return write_finish(&w);
}

char *qep_config_list_keys(void) {
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    writer w = {0};
    for (size_t i = 0; i < count; i++) {
        char type[256], range[64];
        if (rows[i].type == ROW_SECTION) {
            continue;
        }
        describe_type(type, sizeof type, &rows[i]);
        describe_range(range, sizeof range, &rows[i]);
        write_format(&w, "%-24s %s%s%s%s%s\n    %s\n", rows[i].path, type, range,
                     rows[i].standard ? " (default " : "", rows[i].standard ? rows[i].standard : "",
                     rows[i].standard ? ")" : "", rows[i].doc);
    }
    write_source_keys(&w);
    return write_finish(&w);
}
