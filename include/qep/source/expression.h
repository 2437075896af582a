/* Expressions of users: "1e5*exp(-((x-w)/s)^2)". Backed by muParser (the only place that includes
 * it), with a scan in front that refuses what a configuration must not do (assignment, strings,
 * commas outside calls) and bounds size and nesting. Grammar and functions: config.md "Values"
 * (right-associative ^, -2^2 = -4; pi, x, y, z, t, named parameters). */
#ifndef QEP_SOURCE_EXPRESSION_H
#define QEP_SOURCE_EXPRESSION_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include <stddef.h>
#include <stdint.h>

/* Named constants of a configuration ("parameters"), SI values. Borrowed by whoever takes it. */
typedef struct {
    size_t count;
    const char *const *name;
    const double *value;
} qep_parameters;

typedef struct qep_expression qep_expression;

/* Compile. Variables x, y, z, t exist when `spatial` is nonzero; otherwise the expression is a
 * constant of parameters. Adds an error of kind "bad_expression" (QEP_ERR_CONFIG) with the column
 * inside the expression, what was met and what is allowed (unknown names with a suggestion). `path`
 * is the JSON path for messages. */
qep_status qep_expression_create(qep_expression **expression, const char *text, int spatial,
                                 const qep_parameters *parameters, const char *path,
                                 qep_error *err);
void qep_expression_destroy(qep_expression *expression);

/* 1 when the expression uses the variable named ("x", "y", "z" or "t"). */
int qep_expression_uses(const qep_expression *expression, const char *variable);

/* Value at one point. Not finite: QEP_ERR_INPUT naming expression and point. */
qep_status qep_expression_evaluate(const qep_expression *expression, double x, double y, double z,
                                   double t, double *value, qep_error *err);

/* out [nz,ny,nx]: values at every sample of the grid at time t, with `threads` threads (one parser
 * each). Not finite anywhere: QEP_ERR_INPUT naming expression, index and coordinates of the first
 * such point. */
qep_status qep_expression_fill(const qep_expression *expression, const qep_grid *grid, double t,
                               int threads, double *out, qep_error *err);

/* Like qep_expression_fill, but only at the samples i with owner[i] == which; the others are
 * neither evaluated nor touched. owner [nz,ny,nx]. */
qep_status qep_expression_fill_where(const qep_expression *expression, const qep_grid *grid,
                                     double t, int threads, const uint32_t *owner, uint32_t which,
                                     double *out, qep_error *err);

/* 1 when `name` is taken: x y z t pi or a function's name. For checking parameter names. */
int qep_expression_reserved(const char *name);

/* "muParser 2.3.3 ...". */
void qep_expression_library_version(char *text, size_t size);

#endif
