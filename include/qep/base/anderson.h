/* Anderson's mixing: the next argument of a fixed-point iteration x = g(x) from the residuals g(x) - x of the last ones. */
#ifndef QEP_BASE_ANDERSON_H
#define QEP_BASE_ANDERSON_H

#include "qep/base/error.h"
#include <stddef.h>

typedef struct qep_anderson qep_anderson;

/* Vectors of `size` numbers; `history` earlier ones are kept (0: plain mixing); mixing: share of the residual that is taken. */
qep_status qep_anderson_create(qep_anderson **mixer, size_t size, size_t history, double mixing, qep_error *err);
void qep_anderson_destroy(qep_anderson *mixer);
/* residual [size] = g(x) - x; x [size] becomes the next argument: that which makes the linear model of the residuals smallest, plus its
 * share. Differences that are combinations of newer ones are left out. */
void qep_anderson_next(qep_anderson *mixer, double *x, const double *residual);

#endif
