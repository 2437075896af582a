/* Reading grids from HDF5: plain data sets (either axis order, optional leading time axis) and openPMD records. */
#ifndef QEP_IO_READ_H
#define QEP_IO_READ_H

#include "qep/base/dimension.h"
#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include <stddef.h>

/* Where a field is and how it must be understood. All borrowed. */
typedef struct {
    const char *file, *dataset;
    int order_xyz;    /* data set axes are [nx, ny, nz] instead of [nz, ny, nx] */
    const char *unit; /* unit text given by the user, or NULL */
    double scale;
    qep_dimension dimension; /* what the place needs */
    const char *path;        /* JSON path for messages */
} qep_read_request;

typedef struct {
    size_t frames; /* 0: no leading time axis */
    double *times; /* [frames], s, or NULL; release with qep_free */
    int stated;    /* the file has a data set `times`; else they are 0, 1, 2, ... */
} qep_read_series;

/* Open and check everything but the values: existence, rank and shape against the grid, type, storage (no external files), openPMD spacing, offset, axis
 * order and unit. Fails with QEP_ERR_INPUT naming file:dataset, what it has and what is needed. series may be NULL. */
qep_status qep_read_check(const qep_read_request *request, const qep_grid *grid,
                          qep_read_series *series, qep_error *err);

/* Read one frame into out [nz,ny,nx], SI, finite (a NaN or Inf is QEP_ERR_INPUT with its index). */
qep_status qep_read_field(const qep_read_request *request, const qep_grid *grid, size_t frame,
                          int threads, double *out, qep_error *err);

/* Text of the data set (a scalar fixed-length or variable string), e.g. "/provenance/config_json" of a result. Release with qep_free. */
qep_status qep_read_text(const char *file, const char *dataset, char **text, qep_error *err);

#endif
