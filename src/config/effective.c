/* The effective configuration: every row as the run understands it, in SI, such that parsing it again gives
 * the same. */
#include "config/reader.h"

#include <stdio.h>
#include <string.h>

static void write_list(writer *w, const double_list *list) {
    write_open(w, '[');
    for (size_t i = 0; i < list->count; i++) {
        write_next(w);
        write_number(w, list->value[i]);
    }
    write_close(w, ']');
}

/* Whether a row has a value to show. */
static int is_present(const draft *d, const config_row *row, size_t index) {
    const void *at = (const char *)d + row->offset;
    switch (row->type) {
    case ROW_SECTION:
        return 0;
    case ROW_SPECIAL:
        return row->write(NULL, d, row);
    case ROW_NUMBERS:
    case ROW_COUNTS:
        return ((const double_list *)at)->count > 0;
    case ROW_TEXT:
        return *(char *const *)at != NULL;
    case ROW_FIELD:
        return *(qep_field_spec *const *)at != NULL;
    default:
        return d->given[index] || row->standard;
    }
}

static void write_value(writer *w, const draft *d, const config_row *row) {
    const void *at = (const char *)d + row->offset;
    switch (row->type) {
    case ROW_SECTION:
        break;
    case ROW_SPECIAL:
        row->write(w, d, row);
        break;
    case ROW_NUMBER:
        write_number(w, *(const double *)at);
        break;
    case ROW_NUMBERS:
    case ROW_COUNTS:
        write_list(w, at);
        break;
    case ROW_COUNT:
        write_format(w, "%zu", *(const size_t *)at);
        break;
    case ROW_INTEGER:
        write_format(w, "%d", *(const int *)at);
        break;
    case ROW_SWITCH:
        write_raw(w, *(const int *)at ? "true" : "false");
        break;
    case ROW_CHOICE:
        write_string(w, row->choice((size_t)(*(const int *)at)));
        break;
    case ROW_TEXT:
        write_string(w, *(char *const *)at);
        break;
    case ROW_FIELD:
        write_field(w, *(qep_field_spec *const *)at);
        break;
    }
}

/* Sections of which nothing is said: those that stand alone when they are not given, and what belongs to a field when there is none. */
static int is_hidden(const draft *d, const char *section) {
    static const char *const always[] = {"parameters", "output", "limits"};
    if (strcmp(section, "bloch") == 0) {
        return !d->config.bloch.given;
    }
    if (strcmp(section, "transport") == 0) {
        return !d->config.transport.given;
    }
    if (d->config.has_field) {
        return 0;
    }
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
        if (strcmp(section, always[i]) == 0) {
            return 0;
        }
    }
    const int of_grid = strcmp(section, "grid") == 0 || strcmp(section, "boundary") == 0;
    return !(of_grid && d->config.grid.ndim > 0);
}

static int row_hidden(const draft *d, const config_row *row) {
    char section[64];
    snprintf(section, sizeof section, "%.*s", (int)strcspn(row->path, "."), row->path);
    return is_hidden(d, section);
}

/* Direct members of a section ("": the root); sections without anything to show are left out. */
static void write_section(writer *w, const draft *d, const char *section, int for_identity) {
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    for (size_t i = 0; i < count; i++) {
        const int hidden = for_identity && strcmp(rows[i].path, "output.file") == 0;
        if (!row_is_member(&rows[i], section) || hidden || row_hidden(d, &rows[i])) {
            continue;
        }
        if (rows[i].type == ROW_SECTION) {
            int any = 0;
            for (size_t k = 0; k < count; k++) {
                any = any || (row_is_member(&rows[k], rows[i].path) && is_present(d, &rows[k], k));
            }
            if (any) {
                write_key(w, row_key(&rows[i]));
                write_open(w, '{');
                write_section(w, d, rows[i].path, for_identity);
                write_close(w, '}');
            }
        } else if (is_present(d, &rows[i], i)) {
            write_key(w, row_key(&rows[i]));
            write_value(w, d, &rows[i]);
        }
    }
}

char *qep_config_effective(const qep_config *config, int for_identity) {
    writer w = {.compact = for_identity, .directory = config->directory};
    write_open(&w, '{');
    write_section(&w, (const draft *)config, "", for_identity);
    write_close(&w, '}');
    if (!for_identity) {
        write_raw(&w, "\n");
    }
    return write_finish(&w);
}

char *qep_config_defaulted(const qep_config *config) {
    const draft *d = (const draft *)config;
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    writer w = {0};
    for (size_t i = 0; i < count; i++) {
        if (d->given[i] || !is_present(d, &rows[i], i) || row_hidden(d, &rows[i])) {
            continue;
        }
        write_raw(&w, w.used ? ",/" : "/");
        for (const char *p = rows[i].path; *p; p++) {
            write_format(&w, "%c", *p == '.' ? '/' : *p);
        }
    }
    return write_finish(&w);
}
