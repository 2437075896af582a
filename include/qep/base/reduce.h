/* Sums whose bits do not depend on the number of threads: fixed blocks of 4096 elements, each summed in
 * order, the block sums added pairwise. */
#ifndef QEP_BASE_REDUCE_H
#define QEP_BASE_REDUCE_H

#include "qep/base/error.h"
#include <stddef.h>

enum { QEP_REDUCE_BLOCK = 4096 };

/* Sum of term(context, begin, end) over the blocks of [0, count); term returns the ordered sum of its
 * half-open range. Fails only when memory is out. */
qep_status qep_reduce_sum(size_t count,
                          double (*term)(const void *context, size_t begin, size_t end),
                          const void *context, int threads, double *sum, qep_error *err);

/* Pairwise sum of an array, in place (destroys it). */
double qep_reduce_pairwise(double *values, size_t count);

/* Sum and extrema helpers on plain arrays. */
qep_status qep_reduce_array_sum(const double *values, size_t count, int threads, double *sum,
                                qep_error *err);
void qep_reduce_array_range(const double *values, size_t count, int threads, double *min,
                            double *max);
/* Index of the first element that is NaN or infinite, or count when all are finite. */
size_t qep_reduce_first_nonfinite(const double *values, size_t count, int threads);

#endif
