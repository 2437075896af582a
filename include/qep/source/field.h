/* A field as the configuration describes it (a tree of numbers, expressions, HDF5 data sets, regions, sums, products and
 * named sources), and its evaluation on a grid. */
#ifndef QEP_SOURCE_FIELD_H
#define QEP_SOURCE_FIELD_H

#include "qep/base/dimension.h"
#include "qep/base/error.h"
#include "qep/base/log.h"
#include "qep/grid/grid.h"
#include "qep/source/expression.h"
#include <stddef.h>
#include <stdint.h>

typedef enum {
    QEP_FIELD_NUMBER,     /* value                                                              */
    QEP_FIELD_EXPRESSION, /* text, SI                                                           */
    QEP_FIELD_HDF5,       /* data set of a file                                                 */
    QEP_FIELD_REGIONS, /* child[i] where condition[i] holds first; a NULL condition is the default */
    QEP_FIELD_SUM,
    QEP_FIELD_PRODUCT,
    QEP_FIELD_SOURCE /* a named source (qep/source/source.h); its fields are the children */
} qep_field_kind;

typedef struct qep_field_spec qep_field_spec;
struct qep_source_row;
struct qep_source_value;
struct qep_field_spec {
    qep_field_kind kind;
    char *path;              /* JSON path of this value, for messages */
    qep_dimension dimension; /* what the place needs */
    double value;            /* NUMBER: SI */
    char *text;              /* EXPRESSION */
    char *file, *dataset; /* HDF5: file relative paths already resolved against the configuration */
    int order_xyz;        /* HDF5: 1 when the data set's axes are [nx, ny, nz] */
    double scale;         /* HDF5: multiplied to the data after the unit */
    char *unit;           /* HDF5: unit text or NULL */
    size_t count;         /* children */
    qep_field_spec **child;
    char **condition; /* REGIONS: expression, nonzero = inside; NULL for the default */
    const struct qep_source_row *source; /* SOURCE: its row */
    struct qep_source_value *values;     /* SOURCE: one per parameter of the row */
    size_t quantity;                     /* SOURCE: which of the row's outputs */
};

/* Where and when a tree is evaluated. Borrowed. */
typedef struct qep_field_setting qep_field_setting;
struct qep_field_setting {
    const qep_grid *grid;
    double cross_section, thickness; /* of a 1-D and 2-D grid, m^2 and m; 0: unknown */
    double t;                        /* s */
    size_t frame;                    /* index into HDF5 series */
    const qep_parameters *parameters;
    int threads;
    const qep_log *log;
    /* Objects made from sections of the configuration, for sources that need one; NULL: none. */
    const void *(*section)(void *user, const char *name);
    /* Receives numbers that sources report; NULL: nobody listens. */
    qep_status (*report)(const qep_field_setting *setting, const qep_field_spec *spec, const char *name, double value, const char *unit,
                         qep_error *err);
    void *user; /* of section and report */
};

/* Release a tree; NULL is allowed. Owns every pointer in it (allocated with qep_alloc / qep_text_copy). */
void qep_field_spec_destroy(qep_field_spec *spec);

/* 1 when the value is the same everywhere and always (numbers and sums/products of them); *value receives it. */
int qep_field_is_constant(const qep_field_spec *spec, double *value);

/* 1 when the field is made of numbers and expressions alone, so that it has values between the samples too. */
int qep_field_is_expression(const qep_field_spec *spec);

/* 1 when the field changes with time (an expression of t, an HDF5 series, a source that says so). Expressions that do not compile: 0. */
int qep_field_is_time_dependent(const qep_field_spec *spec, const qep_grid *grid,
                                const qep_parameters *parameters);

/* Frames of the HDF5 series found in the tree, sources included: *count = 0 when there is none; times (release with qep_free) come from a
 * file's `times` data set beside a series (same group, else root; s), NULL when no file has one. Two series that disagree: QEP_ERR_INPUT. */
qep_status qep_field_series(const qep_field_spec *spec, const qep_grid *grid, size_t *count,
                            double **times, qep_error *err);
/* 1 when the times of two series differ by no more than rounding of the larger one. */
int qep_field_same_times(const double *a, const double *b, size_t count);

/* Compile expressions and open data sets without reading them: the errors that `--check` must find. */
qep_status qep_field_check(const qep_field_spec *spec, const qep_grid *grid,
                           const qep_parameters *parameters, qep_error *err);
/* The same where sources may ask for more than grid and parameters; t, frame, threads and report are not used. */
qep_status qep_field_check_in(const qep_field_spec *spec, const qep_field_setting *setting, qep_error *err);

/* out [nz,ny,nx] at time t; `frame` is the index into an HDF5 series. Values are SI. Fails with QEP_ERR_INPUT on any NaN/Inf, naming
 * the field's JSON path, the index [z,y,x] and where it came from. Regions without a match and default: QEP_ERR_CONFIG. */
qep_status qep_field_fill(const qep_field_spec *spec, const qep_grid *grid, double t, size_t frame,
                          const qep_parameters *parameters, int threads, double *out,
                          const qep_log *log, qep_error *err);

/* The same with everything that sources may ask for. */
qep_status qep_field_evaluate(const qep_field_spec *spec, const qep_field_setting *setting, double *out, qep_error *err);

/* Bytes per sample that evaluation holds at one time besides `out`: parts of sums, owners of regions, fields of sources. */
size_t qep_field_scratch(const qep_field_spec *spec);

/* 1 when the tree has a source of that name. */
int qep_field_uses_source(const qep_field_spec *spec, const char *name);

/* Files the tree reads: calls visit(user, file) for each. */
void qep_field_files(const qep_field_spec *spec, void (*visit)(void *user, const char *file),
                     void *user);

#endif
