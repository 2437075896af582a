/* Reading what is more than a number per grid point, without holding it as a whole: matrices and vectors at every point, slab by slab;
 * and plain lists. */
#ifndef QEP_IO_BLOCKS_H
#define QEP_IO_BLOCKS_H

#include "qep/io/read.h"
#include <complex.h>

/* A data set [nz, ny, nx, tail...] of real numbers, or of complex ones: a compound of two numbers (r and i, as h5py writes
 * complex128) or a last axis of length 2; with a time axis in front for a series. All borrowed. */
typedef struct {
    const char *file, *dataset;
    const qep_grid *grid;
    int tail;          /* axes behind those of the grid, 1 or 2 */
    int may_be_single; /* 1: [tail...] alone is allowed, the same at every point */
    const char *path;  /* JSON path for messages */
} qep_block_request;

typedef struct {
    size_t shape[2]; /* of the tail */
    size_t size;     /* numbers per point */
    size_t frames;   /* 0: no time axis */
    int single;      /* the same at every point */
} qep_block_shape;

/* An opened data set. */
typedef struct qep_blocks qep_blocks;

/* Open and check everything but the values. QEP_ERR_INPUT naming file:dataset, what it has and what is needed. Destroy also after a
 * failure (NULL is allowed). */
qep_status qep_blocks_open(qep_blocks **blocks, const qep_block_request *request, qep_block_shape *shape, qep_error *err);
void qep_blocks_destroy(qep_blocks *blocks);

/* Times of its frames; series->times is the caller's. */
qep_status qep_blocks_series(qep_blocks *blocks, qep_read_series *series, qep_error *err);

/* Points [begin, begin + count) in the order of the grid's samples, of one frame (0 without a time axis): values [count, size]. Fast
 * where begin and count are whole rows or planes. `single` data: begin = 0, count = 1. */
qep_status qep_blocks_read(qep_blocks *blocks, size_t frame, size_t begin, size_t count, double complex *values, qep_error *err);

/* A slab for iteration: how many points from `begin` on make at most `limit` numbers and a shape that is read in one go; at least 1. */
size_t qep_blocks_slab(const qep_blocks *blocks, size_t begin, size_t limit);

/* A list of numbers [n], in SI by its attribute units (which must be of the dimension; SI without one). Release with qep_free. */
qep_status qep_read_list(const char *file, const char *dataset, const char *path, qep_dimension dimension, double **values, size_t *count,
                         qep_error *err);

#endif
