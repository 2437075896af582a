/* Sources that are a function of their fields at each point: the loop over the grid, threads, faults, integrals. Private to the room. */
#ifndef QEP_SOURCE_POINTWISE_H
#define QEP_SOURCE_POINTWISE_H

#include "qep/source/source.h"

enum { QEP_POINT_SUMS = 3 };

typedef struct {
    const qep_source_request *request;
    const void *model; /* of the two functions */
    /* QEP_OK, or the fault of sample i (qep_source_fault); called with err = NULL to look, once more with err to report. */
    qep_status (*judge)(const void *model, size_t i, qep_error *err);
    /* The value at sample i, and densities that are integrated over the grid (zero on entry). */
    double (*evaluate)(const void *model, size_t i, double density[QEP_POINT_SUMS]);
} qep_pointwise;

/* out at the samples that are wanted; integrals over them, per m^(3 - ndim). The fault of the first bad sample ends it. */
qep_status qep_pointwise_fill(const qep_pointwise *loop, double *out, double integral[QEP_POINT_SUMS], qep_error *err);

/* Report an integral from above of a density of the dimension: times cross_section or thickness where the grid has one, else per
 * area or length, with the unit that follows. */
qep_status qep_pointwise_report(const qep_source_request *request, const char *name, double integral, qep_dimension density, qep_error *err);

#endif
