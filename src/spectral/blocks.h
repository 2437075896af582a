/* Blocks of lines: gathered from a field, scattered back, divided by eigenvalues. Private to the room. */
#ifndef QEP_SPECTRAL_BLOCKS_H
#define QEP_SPECTRAL_BLOCKS_H

#include "qep/spectral/line.h"

enum { QEP_MAX_BATCH = 8 }; /* 16 lines: 256 samples of them fill 32 KiB, the first cache */

typedef struct {
    qep_line *line;      /* NULL: axis of one sample */
    size_t n, unknowns, first;
    double *eigenvalues; /* [n] */
} qep_pass_axis;

/* Rows of x <-> a block [unknowns][width]; gather zeroes the lines that are missing. */
void qep_block_gather_rows(const qep_pass_axis *axis, const double *u, size_t rows, size_t width, double *block);
void qep_block_scatter_rows(const qep_pass_axis *axis, const double *block, size_t rows, size_t width, double *u);

/* The same for lines across rows: `lines` neighbours in memory, samples `stride` apart. */
void qep_block_gather_lines(const qep_pass_axis *axis, const double *u, size_t stride, size_t lines, size_t width, double *block);
void qep_block_scatter_lines(const qep_pass_axis *axis, const double *block, size_t stride, size_t lines, size_t width, double *u);

/* Coefficients divided by sums[line] + norm eigenvalue. */
void qep_block_divide_rows(const qep_pass_axis *axis, const double *restrict sums, size_t width, double norm, double *restrict block);

#endif
