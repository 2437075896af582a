/* The tree of a configuration: cJSON decodes what the scanner has let through, and both are walked side by
 * side in document order, so that every node receives its place in the text. */
#include "config/tree.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_node *json_node_create(json_kind kind, const char *key) {
    void *block = NULL;
    if (qep_alloc(&block, 1, sizeof(json_node), "node", NULL) != QEP_OK) {
        return NULL;
    }
    json_node *node = block;
    node->kind = kind;
    node->key = qep_text_copy(key);
    if (key && !node->key) {
        qep_free(node);
        return NULL;
    }
    return node;
}

void json_node_destroy(json_node *node) {
    if (!node) {
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        json_node_destroy(node->child[i]);
    }
    qep_free(node->child);
    qep_free(node->key);
    qep_free(node->string);
    qep_free(node->origin);
    qep_free(node);
}

qep_status json_node_append(json_node *parent, json_node *child, qep_error *err) {
    if (!child) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                             "a configuration does not fit into memory");
    }
    if (parent->count == parent->capacity) {
        void *grown = NULL;
        const size_t capacity = parent->capacity ? 2 * parent->capacity : 4;
        const qep_status status =
            qep_alloc(&grown, capacity, sizeof *parent->child, "configuration", err);
        if (status != QEP_OK) {
            json_node_destroy(child);
            return status;
        }
        if (parent->count) {
            memcpy(grown, parent->child, parent->count * sizeof *parent->child);
        }
        qep_free(parent->child);
        parent->child = grown;
        parent->capacity = capacity;
    }
    child->parent = parent;
    child->index = parent->count;
    parent->child[parent->count++] = child;
    return QEP_OK;
}

json_node *json_member(const json_node *node, const char *key) {
    for (size_t i = 0; node && node->kind == JSON_OBJECT && i < node->count; i++) {
        if (strcmp(node->child[i]->key, key) == 0) {
            return node->child[i];
        }
    }
    return NULL;
}

const char *json_kind_name(const json_node *node) {
    static const char *const names[] = {"null",   "false",  "true",     "a number",
                                        "a text", "a list", "an object"};
    return names[node->kind];
}

void json_line_column(const char *text, size_t offset, size_t *line, size_t *column) {
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            (*line)++;
            *column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            (*column)++;
        }
    }
}

void json_place_errors(const qep_json *json, const json_node *node, int at_key, size_t from,
                       qep_error *err) {
    for (size_t i = from; err && i < err->count; i++) {
        qep_error_item *item = &err->item[i];
        if (node->origin) {
            snprintf(item->file, sizeof item->file, "%s", node->origin);
            item->line = item->column = 0;
        } else {
            snprintf(item->file, sizeof item->file, "%s", json->name);
            json_line_column(json->text, at_key ? node->key_at : node->value_at, &item->line,
                             &item->column);
        }
    }
}

/* ~ and / of a key are written ~0 and ~1 (RFC 6901). */
static size_t append_key(char *path, size_t size, size_t used, const char *key) {
    for (; *key && used + 3 < size; key++) {
        if (*key == '~' || *key == '/') {
            path[used++] = '~';
            path[used++] = *key == '~' ? '0' : '1';
        } else {
            path[used++] = *key;
        }
    }
    path[used] = 0;
    return used;
}

static size_t append_path(const json_node *node, char *path, size_t size) {
    if (!node->parent) {
        path[0] = 0;
        return 0;
    }
    size_t used = append_path(node->parent, path, size);
    if (used + 2 >= size) {
        return used;
    }
    path[used++] = '/';
    path[used] = 0;
    if (node->key) {
        return append_key(path, size, used, node->key);
    }
    char number[24];
    snprintf(number, sizeof number, "%zu", node->index);
    return append_key(path, size, used, number);
}

char *json_path(const json_node *node, char *path, size_t size) {
    append_path(node, path, size);
    return path;
}

/* 1 when the escaped path segment of `length` bytes names the key. */
static int segment_is(const char *segment, size_t length, const char *key) {
    char escaped[QEP_ERROR_PATH];
    const size_t used = append_key(escaped, sizeof escaped, 0, key);
    return used == length && memcmp(escaped, segment, length) == 0;
}

const json_node *json_find(const json_node *root, const char *path) {
    const json_node *node = root;
    while (*path == '/') {
        const char *segment = path + 1;
        const size_t length = strcspn(segment, "/");
        const json_node *next = NULL;
        if (node->kind == JSON_ARRAY && length > 0 && strspn(segment, "0123456789") >= length) {
            const unsigned long index = strtoul(segment, NULL, 10);
            next = index < node->count ? node->child[index] : NULL;
        }
        for (size_t i = 0; !next && node->kind == JSON_OBJECT && i < node->count; i++) {
            next = segment_is(segment, length, node->child[i]->key) ? node->child[i] : NULL;
        }
        if (!next) {
            break;
        }
        node = next;
        path = segment + length;
    }
    return node;
}

static json_kind kind_of(const cJSON *item) {
    if (cJSON_IsNumber(item)) {
        return JSON_NUMBER;
    }
    if (cJSON_IsString(item)) {
        return JSON_STRING;
    }
    if (cJSON_IsArray(item)) {
        return JSON_ARRAY;
    }
    if (cJSON_IsObject(item)) {
        return JSON_OBJECT;
    }
    return cJSON_IsTrue(item) ? JSON_TRUE : cJSON_IsFalse(item) ? JSON_FALSE : JSON_NULL;
}

typedef struct {
    const json_place *place;
    size_t next;
} cursor;

static json_node *convert(const cJSON *item, cursor *at) {
    json_node *node = json_node_create(kind_of(item), item->string);
    if (!node) {
        return NULL;
    }
    node->key_at = at->place[at->next].key_at;
    node->value_at = at->place[at->next].value_at;
    at->next++;
    node->number = cJSON_IsNumber(item) ? item->valuedouble : 0.0;
    if (node->kind == JSON_STRING) {
        node->string = qep_text_copy(item->valuestring);
        if (!node->string) {
            json_node_destroy(node);
            return NULL;
        }
    }
    const cJSON *child = NULL;
    cJSON_ArrayForEach(child, item) {
        if (json_node_append(node, convert(child, at), NULL) != QEP_OK) {
            json_node_destroy(node);
            return NULL;
        }
    }
    return node;
}

static int by_key_then_place(const void *a, const void *b) {
    const json_node *left = *(json_node *const *)a, *right = *(json_node *const *)b;
    const int order = strcmp(left->key, right->key);
    return order ? order : (left->key_at > right->key_at) - (left->key_at < right->key_at);
}

static qep_status check_object_duplicates(const qep_json *json, const json_node *node,
                                          qep_error *err) {
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, node->count, sizeof(json_node *), "keys", err));
    json_node **sorted = block;
    if (node->count) {
        memcpy(sorted, node->child, node->count * sizeof *sorted);
        qsort(sorted, node->count, sizeof *sorted, by_key_then_place);
    }
    qep_status status = QEP_OK;
    for (size_t i = 1; i < node->count; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
            char path[QEP_ERROR_PATH];
            size_t line = 0, column = 0;
            json_line_column(json->text, sorted[i - 1]->key_at, &line, &column);
            const size_t before = err ? err->count : 0;
            status = qep_error_add(
                err, QEP_ERR_CONFIG, "duplicate_key", json_path(sorted[i], path, sizeof path), NULL,
                "the key \"%s\" is given twice in one object (first in line %zu, column %zu)",
                sorted[i]->key, line, column);
            json_place_errors(json, sorted[i], 1, before, err);
        }
    }
    qep_free(sorted);
    return status;
}

static qep_status check_duplicates(const qep_json *json, const json_node *node, qep_error *err) {
    qep_status status =
        node->kind == JSON_OBJECT ? check_object_duplicates(json, node, err) : QEP_OK;
    for (size_t i = 0; i < node->count; i++) {
        const qep_status below = check_duplicates(json, node->child[i], err);
        status = below != QEP_OK ? below : status;
    }
    return status;
}

static qep_status build(qep_json *json, const json_place *places, size_t count, qep_error *err) {
    cJSON *parsed = cJSON_ParseWithLengthOpts(json->text, json->length + 1, NULL, 1);
    cursor at = {places, 0};
    json->root = parsed ? convert(parsed, &at) : NULL;
    cJSON_Delete(parsed);
    if (!json->root) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, json->name,
                             "the configuration does not fit into memory");
    }
    if (at.next != count) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "internal", NULL, json->name,
                             "scanner and parser disagree: %zu and %zu values", count, at.next);
    }
    return check_duplicates(json, json->root, err);
}

qep_status json_parse(qep_json **json, const char *text, size_t length, const char *name,
                      qep_error *err) {
    void *block = NULL;
    *json = NULL;
    QEP_TRY(qep_alloc(&block, 1, sizeof(qep_json), "configuration", err));
    qep_json *made = block;
    made->name = qep_text_copy(name);
    made->text = qep_text_copy_n(text, length);
    made->length = length;
    json_place *places = NULL;
    size_t count = 0;
    qep_status status = QEP_ERR_MEMORY;
    if (made->name && made->text) {
        status = json_scan(made->text, length, name, &places, &count, err);
    } else {
        qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, name,
                      "the configuration does not fit into memory");
    }
    if (status == QEP_OK) {
        status = build(made, places, count, err);
    }
    qep_free(places);
    if (status != QEP_OK) {
        json_destroy(made);
        return status;
    }
    *json = made;
    return QEP_OK;
}

void json_destroy(qep_json *json) {
    if (json) {
        json_node_destroy(json->root);
        qep_free(json->text);
        qep_free(json->name);
        qep_free(json);
    }
}
