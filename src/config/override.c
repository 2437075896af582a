/* --set PATH=VALUE: edits the tree before it is validated, so that an overridden value meets the same checks
 * as a written one. */
#include "config/tree.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    qep_json *json;
    const char *assignment;
    const char *at; /* rest of the path */
    char origin[QEP_ERROR_PATH];
    qep_error *err;
} override;

static qep_status malformed(const override *o, const char *why) {
    return qep_error_add(o->err, QEP_ERR_USAGE, "usage", NULL, NULL,
                         "--set %s: %s; the form is PATH=VALUE with a path like grid.points[0]",
                         o->assignment, why);
}

static qep_status refuse(const override *o, const char *code, const json_node *node,
                         const char *why) {
    char path[QEP_ERROR_PATH];
    return qep_error_add(o->err, QEP_ERR_CONFIG, code, json_path(node, path, sizeof path),
                         o->origin, "%s", why);
}

static int name_character(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '-' ||
           (unsigned char)c >= 0x80;
}

/* Mark a subtree as coming from the command line. */
static int set_origin(json_node *node, const char *origin) {
    qep_free(node->origin);
    node->origin = qep_text_copy(origin);
    int complete = node->origin != NULL;
    for (size_t i = 0; i < node->count; i++) {
        complete = set_origin(node->child[i], origin) && complete;
    }
    return complete;
}

/* A missing parent is made as the container that the next step needs; null counts as missing. */
static qep_status become(const override *o, json_node *node, json_kind kind) {
    if (node->kind == JSON_NULL) {
        node->kind = kind;
    }
    if (node->kind == kind) {
        return QEP_OK;
    }
    char why[160];
    snprintf(why, sizeof why, "this is %s, so it has no %s; set it as a whole",
             json_kind_name(node), kind == JSON_ARRAY ? "elements" : "members");
    return refuse(o, "wrong_type", node, why);
}

static qep_status add_child(override *o, json_node *node, const char *key, json_node **child) {
    json_node *made = json_node_create(JSON_NULL, key);
    if (made) {
        set_origin(made, o->origin);
    }
    QEP_TRY(json_node_append(node, made, o->err));
    *child = made;
    return QEP_OK;
}

static qep_status step_index(override *o, json_node **node) {
    char *end = NULL;
    const unsigned long index = strtoul(o->at + 1, &end, 10);
    if (!isdigit((unsigned char)o->at[1]) || *end != ']') {
        return malformed(o, "an index is written [0]");
    }
    o->at = end + 1;
    QEP_TRY(become(o, *node, JSON_ARRAY));
    if (index > (*node)->count) {
        char why[160];
        snprintf(why, sizeof why,
                 "index %lu is beyond the end of this list of %zu; [%zu] would append", index,
                 (*node)->count, (*node)->count);
        return refuse(o, "out_of_range", *node, why);
    }
    if (index == (*node)->count) {
        return add_child(o, *node, NULL, node);
    }
    *node = (*node)->child[index];
    return QEP_OK;
}

static qep_status step_name(override *o, json_node **node) {
    size_t length = 0;
    while (name_character(o->at[length])) {
        length++;
    }
    if (length == 0) {
        return malformed(o, "a name is expected in the path");
    }
    char *key = qep_text_copy_n(o->at, length);
    o->at += length;
    qep_status status = become(o, *node, JSON_OBJECT);
    json_node *child = key ? json_member(*node, key) : NULL;
    if (status == QEP_OK && !child) {
        status = key ? add_child(o, *node, key, &child)
                     : qep_error_add(o->err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                                     "--set does not fit into memory");
    }
    qep_free(key);
    *node = child;
    return status;
}

static qep_status walk(override *o, const char *stop, json_node **node) {
    QEP_TRY(step_name(o, node));
    while (o->at < stop) {
        if (*o->at == '[') {
            QEP_TRY(step_index(o, node));
        } else if (*o->at == '.') {
            o->at++;
            QEP_TRY(step_name(o, node));
        } else {
            return malformed(o, "\".\", \"[\" or \"=\" is expected in the path");
        }
    }
    return QEP_OK;
}

/* The path is checked as a whole before the tree is touched. */
static qep_status check_path(const override *o, const char *stop) {
    int depth = 0;
    const char *p = o->at;
    int name = 1;
    while (p < stop) {
        if (++depth > JSON_MAX_DEPTH - 2) {
            return malformed(o, "the path is too deep");
        }
        if (name) {
            const char *start = p;
            while (p < stop && name_character(*p)) {
                p++;
            }
            if (p == start) {
                return malformed(o, "a name is expected in the path");
            }
        } else if (*p == '[') {
            const size_t digits = strspn(p + 1, "0123456789");
            if (digits == 0 || digits > 6 || p[digits + 1] != ']') {
                return malformed(o, "an index is written [0]");
            }
            p += digits + 2;
        } else {
            return malformed(o, "\".\", \"[\" or \"=\" is expected in the path");
        }
        name = p < stop && *p == '.';
        p += name;
    }
    return name ? malformed(o, "a name is expected in the path") : QEP_OK;
}

/* VALUE is JSON, or a text when it does not parse. */
static qep_status make_value(const override *o, const char *value, json_node **node) {
    qep_json *parsed = NULL;
    if (strlen(value) > JSON_MAX_STRING) {
        return malformed(o, "the value is longer than 4096 bytes");
    }
    if (json_parse(&parsed, value, strlen(value), o->origin, NULL) == QEP_OK) {
        *node = parsed->root;
        parsed->root = NULL;
        json_destroy(parsed);
        return QEP_OK;
    }
    json_node *text = json_node_create(JSON_STRING, NULL);
    if (text) {
        text->string = qep_text_copy(value);
    }
    if (!text || !text->string) {
        json_node_destroy(text);
        return qep_error_add(o->err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                             "--set does not fit into memory");
    }
    *node = text;
    return QEP_OK;
}

/* Put `value` in the place of `node`, which keeps its key and parent. */
static void replace(json_node *node, json_node *value) {
    for (size_t i = 0; i < node->count; i++) {
        json_node_destroy(node->child[i]);
    }
    qep_free(node->child);
    qep_free(node->string);
    node->kind = value->kind;
    node->number = value->number;
    node->string = value->string;
    node->child = value->child;
    node->count = value->count;
    node->capacity = value->capacity;
    for (size_t i = 0; i < node->count; i++) {
        node->child[i]->parent = node;
    }
    value->string = NULL;
    value->child = NULL;
    value->count = 0;
    json_node_destroy(value);
}

qep_status json_override(qep_json *json, const char *assignment, qep_error *err) {
    override o = {.json = json, .assignment = assignment, .at = assignment, .err = err};
    const char *equals = strchr(assignment, '=');
    if (!equals) {
        return malformed(&o, "\"=\" is missing");
    }
    snprintf(o.origin, sizeof o.origin, "--set %.*s",
             (int)(equals - assignment < 200 ? equals - assignment : 200), assignment);
    QEP_TRY(check_path(&o, equals));
    json_node *value = NULL, *node = json->root;
    QEP_TRY(make_value(&o, equals + 1, &value));
    const qep_status status = walk(&o, equals, &node);
    if (status != QEP_OK) {
        json_node_destroy(value);
        return status;
    }
    replace(node, value);
    set_origin(node, o.origin);
    return QEP_OK;
}
