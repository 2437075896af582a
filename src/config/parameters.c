/* "parameters": named constants for expressions. */
#include "config/reader.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/source/expression.h"
#include <ctype.h>
#include <string.h>

enum { MAX_PARAMETERS = 256 };

static int is_identifier(const char *name) {
    if (!(isalpha((unsigned char)name[0]) || name[0] == '_') || strlen(name) > 63) {
        return 0;
    }
    for (const char *p = name; *p; p++) {
        if (!(isalnum((unsigned char)*p) || *p == '_')) {
            return 0;
        }
    }
    return 1;
}

static int read_parameter(reader *r, const json_node *node, double *value) {
    const qep_parameters none = {0};
    qep_dimension stated;
    int has_unit = 0;
    if (!is_identifier(node->key)) {
        return reject(
            r, node, "bad_name",
            "\"%.80s\" cannot be a parameter: a name is a letter or _ and then letters, digits and "
            "_, at most 63",
            node->key);
    }
    if (qep_expression_reserved(node->key)) {
        return reject(r, node, "bad_name",
                      "\"%s\" has a meaning of its own in expressions; choose another name",
                      node->key);
    }
    return read_quantity(r, node, &none, value, &stated, &has_unit);
}

int read_parameters(reader *r, const config_row *row, const json_node *node) {
    (void)row;
    qep_parameters *parameters = &r->draft->config.parameters;
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type", "%s came; an object like {\"w\": \"5 nm\"} is needed",
                      json_kind_name(node));
    }
    if (node->count > MAX_PARAMETERS) {
        return reject(r, node, "limit", "%zu parameters; at most %d are allowed", node->count,
                      MAX_PARAMETERS);
    }
    void *names = NULL;
    double *values = NULL;
    if (qep_alloc(&names, node->count, sizeof(char *), "parameters", NULL) != QEP_OK ||
        qep_alloc_doubles(&values, node->count, "parameters", NULL) != QEP_OK) {
        qep_free(names);
        return reject_memory(r);
    }
    const char **name = names;
    size_t count = 0;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        if (rows_is_metadata(node->child[i]->key)) {
            continue;
        }
        values[count] = 0.0;
        const int fine = read_parameter(r, node->child[i], &values[count]);
        good = good && fine;
        if (is_identifier(node->child[i]->key) && !qep_expression_reserved(node->child[i]->key)) {
            name[count] = qep_text_copy(node->child[i]->key);
            count += name[count] != NULL;
        }
    }
    *parameters = (qep_parameters){count, name, values};
    return good;
}

int write_parameters(writer *w, const draft *d, const config_row *row) {
    (void)row;
    const qep_parameters *parameters = &d->config.parameters;
    if (parameters->count == 0 || !w) {
        return parameters->count > 0;
    }
    write_open(w, '{');
    for (size_t i = 0; i < parameters->count; i++) {
        write_key(w, parameters->name[i]);
        write_number(w, parameters->value[i]);
    }
    write_close(w, '}');
    return 1;
}
