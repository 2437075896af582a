/* Blocks of lines: gathered from a field, scattered back, divided by eigenvalues or multiplied by a kernel. Private to the room. */
#ifndef QEP_SPECTRAL_BLOCKS_H
#define QEP_SPECTRAL_BLOCKS_H

#include <stddef.h>

enum { QEP_MAX_BATCH = 8 }; /* 16 lines: 256 samples of them fill 32 KiB, the first cache */

/* Rows of x, `stride` apart, <-> a block [count][width]; gather zeroes the lines that are missing, add adds to what is there. */
void qep_block_gather_rows(const double *u, size_t stride, size_t count, size_t rows, size_t width, double *block);
void qep_block_scatter_rows(const double *block, size_t stride, size_t count, size_t rows, size_t width, int add, double *u);

/* The same for lines across rows: `lines` neighbours in memory, samples `stride` apart. */
void qep_block_gather_lines(const double *u, size_t stride, size_t count, size_t lines, size_t width, double *block);
void qep_block_scatter_lines(const double *block, size_t stride, size_t count, size_t lines, size_t width, int add, double *u);

/* Row k of [count][width] and the row of its conjugate, conjugate[k], as packed pairs of lines (line.h), times symbols of the columns:
 * 1/(sums[line] + norm eigenvalues[k]), or kernel[row_of[k] stride + column_of[line]] for the first `lines` lines (the others: 0). */
void qep_block_divide(const double *eigenvalues, const size_t *conjugate, size_t count, const double *sums, size_t width, double norm,
                      double *block);
void qep_block_multiply(const double *kernel, size_t stride, const size_t *row_of, const size_t *conjugate, size_t count, const size_t *column_of,
                        size_t lines, size_t width, double *block);

#endif
