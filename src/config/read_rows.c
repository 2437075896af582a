/* From rows to values: one reader per row type, the same for what is written and for defaults. */
#include "config/read_rows.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <stdio.h>
#include <string.h>

const json_node *row_node(const reader *r, const char *path) {
    const char *dot = strchr(path, '.');
    if (!dot) {
        return json_member(r->json->root, path);
    }
    char section[64];
    snprintf(section, sizeof section, "%.*s", (int)(dot - path), path);
    return json_member(json_member(r->json->root, section), dot + 1);
}

const json_node *blame(const reader *r, const char *path) {
    const json_node *node = row_node(r, path);
    if (!node && strchr(path, '.')) {
        char section[64];
        snprintf(section, sizeof section, "%.*s", (int)strcspn(path, "."), path);
        node = json_member(r->json->root, section);
    }
    return node ? node : r->json->root;
}

int row_given(const draft *d, const char *path) {
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    const config_row *found = rows_find(path);
    return found ? d->given[found - rows] : 0;
}

static void check_section(reader *r, const json_node *node, const char *section) {
    size_t count = 0, used = 0;
    const config_row *rows = rows_table(&count);
    const char *keys[ROW_LIMIT];
    for (size_t i = 0; i < count; i++) {
        if (row_is_member(&rows[i], section)) {
            keys[used++] = row_key(&rows[i]);
        }
    }
    if (node->kind != JSON_OBJECT) {
        reject(r, node, "wrong_type", "%s came; an object {...} is needed", json_kind_name(node));
        return;
    }
    check_keys(r, node, keys, used);
}

void check_structure(reader *r) {
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    check_section(r, r->json->root, "");
    for (size_t i = 0; i < count; i++) {
        const json_node *node =
            rows[i].type == ROW_SECTION ? json_member(r->json->root, rows[i].path) : NULL;
        if (node) {
            check_section(r, node, rows[i].path);
        }
    }
}

static int in_range(reader *r, const config_row *row, const json_node *node, double value) {
    const int limited = row->min != 0 || row->max != 0;
    if (!limited || (value <= row->max && (row->above ? value > row->min : value >= row->min))) {
        return 1;
    }
    char unit[64], upper[48] = "";
    if (row->max < 1e300) {
        snprintf(upper, sizeof upper, " and at most %g", row->max);
    }
    return reject(r, node, "out_of_range", "%g came; it must be %s %g%s%s%s", value,
                  row->above ? "greater than" : "at least", row->min, upper,
                  qep_dimension_equal(row->dimension, QEP_DIM_NONE) ? "" : " in ",
                  qep_dimension_equal(row->dimension, QEP_DIM_NONE)
                      ? ""
                      : qep_dimension_format(row->dimension, unit, sizeof unit));
}

static int read_choice(reader *r, const config_row *row, const json_node *node, int *value) {
    const char *names[16];
    size_t count = 0;
    while (count < 16 && row->choice(count)) {
        names[count] = row->choice(count);
        count++;
    }
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type", "%s came; a text is needed (\"%s\" for example)",
                      json_kind_name(node), names[0]);
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(node->string, names[i]) == 0) {
            *value = (int)i;
            return 1;
        }
    }
    return reject_choice(r, node, node->string, names, count);
}

static int read_counts(reader *r, const config_row *row, const json_node *node, double_list *list) {
    qep_free(list->value);
    *list = (double_list){0};
    if (node->kind != JSON_ARRAY || node->count == 0) {
        return reject(r, node, "wrong_type",
                      "%s came; a list of integers like [128, 128, 64] is needed",
                      node->kind == JSON_ARRAY ? "an empty list" : json_kind_name(node));
    }
    if (qep_alloc_doubles(&list->value, node->count, "numbers", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    int good = 1;
    list->count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        list->value[i] = 1.0;
        good = read_integer(r, node->child[i], row->min, row->max, &list->value[i]) && good;
    }
    return good;
}

static int read_list(reader *r, const config_row *row, const json_node *node, double_list *list) {
    int good = read_numbers(r, node, &row->dimension, list);
    for (size_t i = 0; good && i < list->count; i++) {
        good = in_range(r, row, node->child[i], list->value[i]) && good;
    }
    return good;
}

static int read_text_row(reader *r, const json_node *node, char **text) {
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type", "%s came; a text is needed", json_kind_name(node));
    }
    if (!node->string[0]) {
        return reject(r, node, "out_of_range", "the text is empty");
    }
    qep_free(*text);
    *text = qep_text_copy(node->string);
    return *text ? 1 : reject_memory(r);
}

static int read_row(reader *r, const config_row *row, const json_node *node) {
    void *at = (char *)r->draft + row->offset;
    double number = 0;
    switch (row->type) {
    case ROW_SECTION:
        return 1;
    case ROW_NUMBER:
        if (!read_scalar(r, node, &row->dimension, &number) || !in_range(r, row, node, number)) {
            return 0;
        }
        memcpy(at, &number, sizeof number);
        return 1;
    case ROW_NUMBERS:
        return read_list(r, row, node, at);
    case ROW_COUNT:
    case ROW_INTEGER:
        if (!read_integer(r, node, row->min, row->max, &number)) {
            return 0;
        }
        if (row->type == ROW_COUNT) {
            *(size_t *)at = (size_t)number;
        } else {
            *(int *)at = (int)number;
        }
        return 1;
    case ROW_COUNTS:
        return read_counts(r, row, node, at);
    case ROW_SWITCH:
        return read_switch(r, node, at);
    case ROW_CHOICE:
        return read_choice(r, row, node, at);
    case ROW_TEXT:
        return read_text_row(r, node, at);
    case ROW_FIELD:
        *(qep_field_spec **)at = read_field(r, node, row->dimension, 0);
        return *(qep_field_spec **)at != NULL;
    case ROW_SPECIAL:
        break;
    }
    return row->read(r, row, node);
}

/* Defaults of plain values are read from their JSON text like anything else. Lists and special rows have
 * theirs from the function that knows the grid. */
static void read_default(reader *r, const config_row *row) {
    if (!row->standard || row->type == ROW_SPECIAL || row->type == ROW_NUMBERS) {
        return;
    }
    qep_json *json = NULL;
    if (json_parse(&json, row->standard, strlen(row->standard), "default", r->err) != QEP_OK) {
        r->failed++;
        return;
    }
    read_row(r, row, json->root);
    json_destroy(json);
}

void read_rows(reader *r) {
    size_t count = 0;
    const config_row *rows = rows_table(&count);
    for (size_t i = 0; i < count; i++) {
        const json_node *node = row_node(r, rows[i].path);
        r->draft->given[i] = node != NULL;
        if (node) {
            read_row(r, &rows[i], node);
        } else {
            read_default(r, &rows[i]);
        }
    }
}
