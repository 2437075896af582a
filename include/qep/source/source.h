/* Named sources, {"source": NAME, ...}: physics that gives entropy, density or any other field on the grid. One row each; the
 * configuration, its schema, help and reference, identity of results and evaluation all follow from the row. A source is a file
 * src/source/NAME.c with its row, and a line in src/source/source.c. */
#ifndef QEP_SOURCE_SOURCE_H
#define QEP_SOURCE_SOURCE_H

#include "qep/io/read.h"
#include "qep/source/field.h"

typedef enum {
    QEP_PARAMETER_NUMBER,  /* value->number, SI */
    QEP_PARAMETER_NUMBERS, /* value->list[count], SI */
    QEP_PARAMETER_INTEGER, /* value->number, |.| <= 2^53 */
    QEP_PARAMETER_SWITCH,  /* value->number, 0 or 1 */
    QEP_PARAMETER_CHOICE,  /* value->number, index into `choice` */
    QEP_PARAMETER_TEXT,    /* value->text */
    QEP_PARAMETER_FILE,    /* value->text, resolved against the configuration's folder; hashed with the other inputs */
    QEP_PARAMETER_FIELD,   /* value->field */
    QEP_PARAMETER_GROUP    /* an object; its members are the rows "GROUP.member" that follow */
} qep_parameter_kind;

/* One key of a source. */
typedef struct {
    const char *key; /* "mass", or "band.mass" for a member of the group "band" */
    qep_parameter_kind kind;
    qep_dimension dimension; /* NUMBER, NUMBERS, FIELD */
    int of_place;            /* 1: the dimension is that of the place where the source stands, instead (NUMBER, FIELD) */
    int required;            /* a member of a group: when the group is given */
    const char *standard;    /* default as JSON text, or NULL; not for FIELD, GROUP */
    double min, max;         /* numbers, SI; both 0: any finite number */
    int above;               /* 1: min itself is excluded */
    const char *const *choice; /* CHOICE: names, NULL at the end */
    const char *example;       /* JSON text; not for GROUP */
    const char *doc;
} qep_source_parameter;

/* What a source can give; the key "quantity" chooses when there are several, the first by default. */
typedef struct {
    const char *name;
    qep_dimension dimension;
    const char *doc;
} qep_source_output;

/* The value of a parameter as the configuration gave it or by default. Owned by the spec; `field` is one of its children. */
typedef struct qep_source_value {
    int given, present; /* written in the configuration; has a value (given or default) */
    double number;
    size_t count;
    double *list;
    char *text;
    const qep_field_spec *field;
} qep_source_value;

typedef struct qep_source_request qep_source_request;

typedef struct qep_source_row {
    const char *name, *doc;
    const char *equation;            /* number in docs/theory.md, or "" */
    const qep_source_output *output; /* NULL: it gives whatever unit its place needs (at least one parameter is of_place) */
    size_t outputs;
    const qep_source_parameter *parameter;
    size_t parameters;
    const char *section;     /* section of the configuration that it cannot do without ("bloch"), or NULL */
    const char *cell_volume; /* key of its volume per system: default of coupling.cell_volume of closure cell; NULL: it has none */
    int whole;               /* 1: fill computes every sample; 0: fill leaves out samples where !qep_source_wanted */
    const char *example;     /* a whole value as JSON text, for the conformance test; files it names are made by that test */

    /* What keys must satisfy together, known before the grid: adds errors at qep_source_path (QEP_ERR_CONFIG). NULL: nothing. */
    qep_status (*validate)(const qep_field_spec *spec, qep_error *err);
    /* What can be checked on the grid without computing (shapes of files, thickness). NULL: nothing. */
    qep_status (*check)(const qep_source_request *request, qep_error *err);
    /* Frames of its own files, as qep_read_check gives them. NULL: it has none. */
    qep_status (*series)(const qep_source_request *request, qep_read_series *series, qep_error *err);
    /* 1 when it changes with time by itself; its fields and series are asked anyway. NULL: no. */
    int (*changes)(const qep_field_spec *spec);
    /* out [nz,ny,nx] for the frame and time of the request, SI; the caller checks that it is finite. The same bits for any number
     * of threads. */
    qep_status (*fill)(const qep_source_request *request, double *out, qep_error *err);
} qep_source_row;

/* All rows, NULL-terminated by count. */
const qep_source_row *const *qep_source_table(size_t *count);
const qep_source_row *qep_source_find(const char *name);

/* What a source is asked. */
struct qep_source_request {
    const qep_field_spec *spec; /* row: spec->source */
    const qep_field_setting *setting;
    const uint32_t *owner; /* samples wanted: owner[i] == which; NULL: all */
    uint32_t which;
};

static inline int qep_source_wanted(const qep_source_request *request, size_t i) {
    return !request->owner || request->owner[i] == request->which;
}

/* Values by key. The key must be one of the row's. */
const qep_source_value *qep_source_get(const qep_field_spec *spec, const char *key);
int qep_source_given(const qep_field_spec *spec, const char *key);
double qep_source_number(const qep_field_spec *spec, const char *key);
int qep_source_choice(const qep_field_spec *spec, const char *key);
const char *qep_source_text(const qep_field_spec *spec, const char *key);
/* JSON path of a key, for errors: "/entropy/band/mass"; key NULL: of the source itself. Returns text. */
const char *qep_source_path(const qep_field_spec *spec, const char *key, char text[QEP_ERROR_PATH]);
/* The object of the section that the row names (row->section), or NULL. */
const void *qep_source_section(const qep_source_request *request);

/* A field parameter at the samples that are wanted (others are undefined). values == NULL: the number everywhere. */
typedef struct {
    double number;
    double *values; /* [nz,ny,nx] */
} qep_source_samples;
/* A parameter that is not given yields `otherwise`. Pair with qep_source_samples_free, also after a failure. */
qep_status qep_source_samples_load(const qep_source_request *request, const char *key, double otherwise, qep_source_samples *samples,
                                   qep_error *err);
void qep_source_samples_free(qep_source_samples *samples);
static inline double qep_source_sample(const qep_source_samples *samples, size_t i) {
    return samples->values ? samples->values[i] : samples->number;
}

/* A number among the results, /data/<frame>/results/<source>/<name>; does nothing where nobody listens. */
qep_status qep_source_report(const qep_source_request *request, const char *name, double value, const char *unit, qep_error *err);
/* Add an error about the sample i: "... at index [z,y,x] = [..] (x = .. m, ...)" is appended to the message. */
qep_status qep_source_fault(const qep_source_request *request, qep_status status, const char *code, const char *key, size_t i,
                            qep_error *err, const char *format, ...) __attribute__((format(printf, 7, 8)));

#endif
