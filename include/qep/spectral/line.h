/* Batched transforms of lines, one row per boundary pair and sampling (docs/numerics.md, table N1). Real lines are packed two by two
 * into complex FFTs: FFTW's real cosine and sine transforms are not vectorised, the complex ones are. */
#ifndef QEP_SPECTRAL_LINE_H
#define QEP_SPECTRAL_LINE_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include "qep/stencil/walls.h"
#include <stddef.h>

typedef enum { QEP_EFFORT_ESTIMATE, QEP_EFFORT_MEASURE, QEP_EFFORT_PATIENT } qep_effort;

typedef struct qep_line qep_line;

/* Plan transforms of n samples between walls of the given kinds (NONE, NONE: periodic) for blocks of 2 batch lines. */
qep_status qep_line_create(qep_line **line, qep_wall_kind low, qep_wall_kind high, qep_sampling sampling, size_t n, size_t batch,
                           qep_effort effort, qep_error *err);
/* The same for a line that changes sign after n samples: the odd modes of a periodic line of 2n samples. */
qep_status qep_line_create_shifted(qep_line **line, size_t n, size_t batch, qep_effort effort, qep_error *err);
void qep_line_destroy(qep_line *line);

/* Samples that are unknowns (Dirichlet nodes are not), the index of the first, and the number of intervals of the row. */
size_t qep_line_unknowns(const qep_line *line);
size_t qep_line_first(const qep_line *line);
/* Phase advance per sample of coefficient k: the eigenvalue of a stencil is its symbol at this angle. */
double qep_line_theta(const qep_line *line, size_t k);
/* backward(forward(v)) = norm * v. */
double qep_line_norm(const qep_line *line);
/* Doubles of scratch that forward and backward need. */
size_t qep_line_scratch(const qep_line *line);
size_t qep_line_batch(const qep_line *line);

/* In place on block [unknowns][2 batch] (64-byte aligned): samples to real coefficients and back. Coefficient k belongs to theta(k);
 * its sign and order are private to the row. */
void qep_line_forward(const qep_line *line, double *block, double *scratch);
void qep_line_backward(const qep_line *line, double *block, double *scratch);
/* The same without taking the two lines of a pair apart: what a fused pass needs that multiplies and goes straight back. Coefficient k of lines
 * (a, b) then shares its rows with the conjugate one; times real symbols (s_a, s_b) it becomes
 *   row k: p row k + m row k',  row k': p row k' + m row k,  p = (s_a + s_b)/2 in both columns, m = (s_a - s_b)/2 in column a and -m in b.
 * qep_line_conjugate gives k' (k itself where the row is real: then plain multiplication). */
void qep_line_forward_packed(const qep_line *line, double *block, double *scratch);
void qep_line_backward_packed(const qep_line *line, double *block, double *scratch);
size_t qep_line_conjugate(const qep_line *line, size_t k);
/* Coefficients of u to those of du/dx at spacing h, for lines without walls; the Nyquist mode, which has no slope on the samples, becomes 0. packed: as forward_packed leaves them. */
void qep_line_differentiate(const qep_line *line, int packed, double h, double *block);

#endif
