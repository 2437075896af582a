/* Scalars: bare SI numbers, "NUMBER UNIT", expressions of parameters; integers; switches; lists. */
#include "config/reader.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/base/units.h"
#include "qep/source/expression.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 6, 0))) static int vreject(reader *r, const json_node *node,
                                                         int at_key, qep_status status,
                                                         const char *code, const char *format,
                                                         va_list args) {
    char message[QEP_ERROR_TEXT], path[QEP_ERROR_PATH];
    vsnprintf(message, sizeof message, format, args);
    const size_t before = r->err ? r->err->count : 0;
    qep_error_add(r->err, status, code, json_path(node, path, sizeof path), r->json->name, "%s",
                  message);
    json_place_errors(r->json, node, at_key, before, r->err);
    r->failed++;
    return 0;
}

int reject(reader *r, const json_node *node, const char *code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vreject(r, node, 0, QEP_ERR_CONFIG, code, format, args);
    va_end(args);
    return 0;
}

/* The key itself is at fault, not its value. */
__attribute__((format(printf, 4, 5))) static int
reject_key(reader *r, const json_node *node, const char *code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vreject(r, node, 1, QEP_ERR_CONFIG, code, format, args);
    va_end(args);
    return 0;
}

int reject_as(reader *r, const json_node *node, qep_status status, const char *code,
              const char *format, ...) {
    va_list args;
    va_start(args, format);
    vreject(r, node, 0, status, code, format, args);
    va_end(args);
    return 0;
}

int reject_memory(reader *r) {
    r->failed++;
    qep_error_add(r->err, QEP_ERR_MEMORY, "memory", NULL, r->json->name,
                  "the configuration does not fit into memory");
    return 0;
}

/* "a", "b", "c" of the names, cut where the buffer ends. */
static void list_names(char *text, size_t size, const char *const *names, size_t count) {
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < count && used + strlen(names[i]) + 8 < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s\"%s\"", i ? ", " : "", names[i]);
    }
}

static int reject_name(reader *r, const json_node *node, const char *code, const char *what,
                       const char *word, const char *const *names, size_t count) {
    char allowed[600];
    list_names(allowed, sizeof allowed, names, count);
    const char *near = qep_text_suggest(word, names, count);
    int (*const at)(reader *, const json_node *, const char *, const char *, ...) =
        node->key == word ? reject_key : reject;
    return at(r, node, code, "%s \"%.80s\"%s%s%s; allowed: %s", what, word,
              near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "", allowed);
}

int reject_choice(reader *r, const json_node *node, const char *word, const char *const *names,
                  size_t count) {
    return reject_name(r, node, "unknown_value", "unknown value", word, names, count);
}

int reject_missing(reader *r, const json_node *object, const char *key, const char *purpose) {
    return reject(r, object, "missing_key", "\"%s\" is missing: %s", key, purpose);
}

int check_keys(reader *r, const json_node *node, const char *const *allowed,
               size_t count) {
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        const json_node *child = node->child[i];
        int known = rows_is_metadata(child->key);
        for (size_t k = 0; k < count && !known; k++) {
            known = strcmp(child->key, allowed[k]) == 0;
        }
        if (known) {
            continue;
        }
        good = reject_name(r, child, "unknown_key", "unknown key", child->key, allowed, count);
    }
    return good;
}

/* Errors that the expression compiler has added receive the place of the node. */
static int adopt_errors(reader *r, const json_node *node, size_t before) {
    char path[QEP_ERROR_PATH];
    json_place_errors(r->json, node, 0, before, r->err);
    for (size_t i = before; r->err && i < r->err->count; i++) {
        if (!r->err->item[i].path[0]) {
            snprintf(r->err->item[i].path, sizeof r->err->item[i].path, "%s",
                     json_path(node, path, sizeof path));
        }
    }
    r->failed++;
    return 0;
}

static int evaluate_constant(reader *r, const json_node *node, const qep_parameters *parameters,
                             double *value) {
    char path[QEP_ERROR_PATH];
    qep_expression *expression = NULL;
    const size_t before = r->err ? r->err->count : 0;
    qep_status status = qep_expression_create(&expression, node->string, 0, parameters,
                                              json_path(node, path, sizeof path), r->err);
    if (status == QEP_OK) {
        status = qep_expression_evaluate(expression, 0, 0, 0, 0, value, r->err);
        qep_expression_destroy(expression);
    }
    return status == QEP_OK ? 1 : adopt_errors(r, node, before);
}

int check_expression(reader *r, const json_node *node, const char *text, int spatial) {
    char path[QEP_ERROR_PATH];
    qep_expression *expression = NULL;
    const size_t before = r->err ? r->err->count : 0;
    const qep_status status =
        qep_expression_create(&expression, text, spatial, &r->draft->config.parameters,
                              json_path(node, path, sizeof path), r->err);
    qep_expression_destroy(expression);
    return status == QEP_OK ? 1 : adopt_errors(r, node, before);
}

int read_quantity(reader *r, const json_node *node, const qep_parameters *parameters, double *value,
                  qep_dimension *stated, int *has_unit) {
    char message[QEP_UNIT_MESSAGE] = "";
    *stated = QEP_DIM_NONE;
    *has_unit = 0;
    if (node->kind == JSON_NUMBER) {
        *value = node->number;
        return 1;
    }
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type",
                      "%s came; a number, a quantity like \"5 nm\" or an expression is needed",
                      json_kind_name(node));
    }
    switch (qep_quantity_parse(node->string, value, stated, has_unit, message)) {
    case QEP_QUANTITY_ERROR:
        return reject(r, node, "bad_unit", "\"%.200s\": %s", node->string, message);
    case QEP_QUANTITY_NO:
        *stated = QEP_DIM_NONE;
        *has_unit = 0;
        return evaluate_constant(r, node, parameters, value);
    case QEP_QUANTITY_YES:
        break;
    }
    return isfinite(*value) ? 1
                            : reject(r, node, "out_of_range",
                                     "\"%.200s\" is too large for a double", node->string);
}

int read_scalar(reader *r, const json_node *node, const qep_dimension *dimension, double *value) {
    qep_dimension stated;
    int has_unit = 0;
    if (!read_quantity(r, node, &r->draft->config.parameters, value, &stated, &has_unit)) {
        return 0;
    }
    if (has_unit && dimension && !qep_dimension_equal(stated, *dimension)) {
        char came[64], needed[64];
        return reject(r, node, "wrong_dimension", "\"%.200s\" has the unit %s in SI; %s is needed",
                      node->string, qep_dimension_format(stated, came, sizeof came),
                      qep_dimension_format(*dimension, needed, sizeof needed));
    }
    return 1;
}

int read_integer(reader *r, const json_node *node, double min, double max, double *value) {
    if (node->kind != JSON_NUMBER) {
        return reject(r, node, "wrong_type",
                      "%s came; an integer is needed (counts are no expressions)",
                      json_kind_name(node));
    }
    *value = node->number;
    if (*value != floor(*value) || fabs(*value) > 9007199254740992.0) {
        return reject(r, node, "wrong_type", "%.10g came; an integer of at most 2^53 is needed",
                      *value);
    }
    if (*value < min || *value > max) {
        return reject(r, node, "out_of_range", "%.10g came; from %.10g to %.10g is allowed", *value,
                      min, max);
    }
    return 1;
}

int read_switch(reader *r, const json_node *node, int *value) {
    if (node->kind != JSON_TRUE && node->kind != JSON_FALSE) {
        return reject(r, node, "wrong_type", "%s came; true or false is needed",
                      json_kind_name(node));
    }
    *value = node->kind == JSON_TRUE;
    return 1;
}

int read_numbers(reader *r, const json_node *node, const qep_dimension *dimension,
                 double_list *list) {
    qep_free(list->value);
    *list = (double_list){0};
    if (node->kind != JSON_ARRAY) {
        return reject(r, node, "wrong_type", "%s came; a list like [1, 2, 3] is needed",
                      json_kind_name(node));
    }
    if (node->count == 0) {
        return reject(r, node, "out_of_range", "the list is empty; at least one number is needed");
    }
    if (qep_alloc_doubles(&list->value, node->count, "numbers", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    int good = 1;
    list->count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        list->value[i] = 0.0;
        good = read_scalar(r, node->child[i], dimension, &list->value[i]) && good;
    }
    return good;
}
