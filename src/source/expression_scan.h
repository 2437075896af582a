/* What an expression may contain: the table of functions, and the scan that every expression passes
 * before muParser sees it. Private to the room. */
#ifndef QEP_SOURCE_EXPRESSION_SCAN_H
#define QEP_SOURCE_EXPRESSION_SCAN_H

#include "qep/source/expression.h"

enum { QEP_EXPRESSION_LENGTH = 4096, QEP_EXPRESSION_NESTING = 64, QEP_EXPRESSION_NAME = 64 };

/* One function of expressions; exactly one of the three pointers is set. */
typedef struct {
    const char *name;
    int arguments; /* 1, 2, or 0: two or more */
    double (*one)(double);
    double (*two)(double, double);
    double (*many)(const double *, int);
} qep_expression_function;
const qep_expression_function *qep_expression_functions(size_t *count);

/* The function of that name, or NULL. */
const qep_expression_function *qep_expression_find_function(const char *name);
/* Index into qep_expression_variable, or -1. */
int qep_expression_find_variable(const char *name);
/* What to write instead of a name that other languages have, or NULL. */
const char *qep_expression_instead(const char *name);

/* Coordinates in the order of the bits of qep_expression_scan_result.uses. */
extern const char *const qep_expression_variable[4];

typedef struct {
    char *text; /* for muParser: same length as the input, && and || replaced (see the .c); qep_free
                 */
    unsigned uses;            /* bit i: uses qep_expression_variable[i] */
    unsigned char *parameter; /* [parameters->count] 1 where the parameter is used; qep_free; NULL
                                 without parameters */
} qep_expression_scan_result;

/* Check text and collect what it uses. Fails with QEP_ERR_CONFIG "bad_expression" naming column,
 * what came, what is allowed. */
qep_status qep_expression_scan(const char *text, int spatial, const qep_parameters *parameters,
                               const char *path, qep_expression_scan_result *result,
                               qep_error *err);

#endif
