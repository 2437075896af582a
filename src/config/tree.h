/* The parsed configuration as a tree whose nodes know where they were written, so that every later error can
 * name line and column. Private to the room config. */
#ifndef QEP_CONFIG_TREE_H
#define QEP_CONFIG_TREE_H

#include "qep/base/error.h"
#include "qep/config/config.h"
#include <stddef.h>

typedef enum {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
} json_kind;

typedef struct json_node json_node;
struct json_node {
    json_kind kind;
    char *key;     /* NULL in arrays and at the root */
    double number; /* NUMBER */
    char *string;  /* STRING */
    size_t count, capacity;
    json_node **child; /* ARRAY, OBJECT; owned */
    json_node *parent; /* borrowed */
    size_t index;      /* among the children of the parent */
    size_t key_at;     /* byte offset of the key; of the value where there is no key */
    size_t value_at;   /* byte offset of the value */
    char *origin;      /* "--set grid.points[0]" when the value came from there, else NULL */
};

struct qep_json {
    char *name;
    char *text;
    size_t length;
    json_node *root;
};

/* Limits of a configuration text (docs/configuration.md). */
enum {
    JSON_MAX_TEXT = 1 << 20,
    JSON_MAX_NODES = 100000,
    JSON_MAX_DEPTH = 32,
    JSON_MAX_STRING = 4096,
    JSON_MAX_NUMBER = 60
};

/* Where one value stands in the text, in document order. */
typedef struct {
    size_t key_at, value_at;
} json_place;

/* Strict check of JSON text (zero-terminated at text[length]). On success *places is an array of *count
 * places, one for each value in document order; release with qep_free. The first fault is added to err. */
qep_status json_scan(const char *text, size_t length, const char *name, json_place **places,
                     size_t *count, qep_error *err);
/* Scan and parse into a tree; duplicate keys are errors. Release with json_destroy. */
qep_status json_parse(qep_json **json, const char *text, size_t length, const char *name,
                      qep_error *err);
void json_destroy(qep_json *json);

json_node *json_node_create(json_kind kind, const char *key);
void json_node_destroy(json_node *node);
/* Append a child (takes it over; destroys it when memory is out). */
qep_status json_node_append(json_node *parent, json_node *child, qep_error *err);
/* Member of an object by its exact name, or NULL (also when node is NULL or no object). */
json_node *json_member(const json_node *node, const char *key);
/* RFC 6901 path of a node into path[size]; returns path. */
char *json_path(const json_node *node, char *path, size_t size);
/* The node at an RFC 6901 path, or its deepest existing ancestor. */
const json_node *json_find(const json_node *root, const char *path);
/* "a number", "a text", ... for messages. */
const char *json_kind_name(const json_node *node);
/* 1-based line and column (characters, not bytes) of a byte offset. */
void json_line_column(const char *text, size_t offset, size_t *line, size_t *column);
/* Set file, line and column of error items [from, err->count) to those of the node; at_key: of its key. */
void json_place_errors(const qep_json *json, const json_node *node, int at_key, size_t from,
                       qep_error *err);

/* Apply one "PATH=VALUE" to the tree. A malformed path is QEP_ERR_USAGE; names are checked later, with the
 * rest. */
qep_status json_override(qep_json *json, const char *assignment, qep_error *err);

#endif
