/* The table of parameter rows that drives parsing, defaults, range checks, suggestions, the JSON Schema, the
 * reference pages and the effective configuration. Private to the room config. */
#ifndef QEP_CONFIG_ROWS_H
#define QEP_CONFIG_ROWS_H

#include "config/tree.h"
#include "config/writer.h"

typedef enum {
    ROW_SECTION, /* an object whose members are rows */
    ROW_NUMBER,  /* double: number, quantity, or expression of parameters */
    ROW_NUMBERS, /* double_list */
    ROW_COUNT,   /* size_t: an integer, never an expression */
    ROW_COUNTS,  /* double_list of integers */
    ROW_INTEGER, /* int */
    ROW_SWITCH,  /* int: true or false */
    ROW_CHOICE,  /* int: index into the names of choice() */
    ROW_TEXT,    /* char *, owned */
    ROW_FIELD,   /* qep_field_spec *, owned */
    ROW_SPECIAL  /* read() and write() of its own */
} row_type;

typedef struct {
    size_t count;
    double *value; /* owned */
} double_list;

enum { ROW_LIMIT = 128 };

/* A configuration in the making: the public part first, then what only this room needs again (for printing).
 */
typedef struct {
    qep_config config;
    double_list points, lengths, spacing, origin, direction, times;
    size_t frames;
    double start, step;
    double coupling_value;
    int sampling, reading, closure, derivative, method, precision;
    int coupling_has_unit;  /* "value" carries its unit */
    double coupling_factor; /* one of "unit" in SI */
    qep_dimension coupling_unit;
    int conduction_axis[3]; /* "conduction.boundary" speaks of this axis */
    int given[ROW_LIMIT];   /* by row index */
} draft;

typedef struct reader reader;
typedef struct config_row config_row;
struct config_row {
    const char *path; /* "grid.points" */
    row_type type;
    size_t offset; /* of the value in draft */
    qep_dimension dimension;
    const char *standard;                /* default as JSON text; NULL: none */
    double min, max;                     /* in SI; both 0: any finite number */
    int above;                           /* 1: min itself is excluded */
    const char *(*choice)(size_t index); /* name, or NULL beyond the last */
    int (*read)(reader *r, const config_row *row, const json_node *node); /* SPECIAL: 1 when good */
    int (*write)(writer *w, const draft *d,
                 const config_row *row); /* SPECIAL: 0 when there is nothing to write */
    const char *schema;                  /* SPECIAL: fragment of JSON Schema */
    const char *kind;                    /* SPECIAL: what it is, for the reference */
    const char *example;                 /* JSON text */
    const char *doc;
};

const config_row *rows_table(size_t *count);
const config_row *rows_find(const char *path);
/* Last segment of a row's path. */
const char *row_key(const config_row *row);
/* 1 when the row is a direct member of the section ("" is the root). */
int row_is_member(const config_row *row, const char *section);
/* "$schema", "title", "comment" and "x-..." are allowed anywhere. */
int rows_is_metadata(const char *key);

#endif
