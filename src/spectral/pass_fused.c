/* The fused pass along the last axis: a block of lines is transformed, divided by eigenvalues or multiplied by the kernel, and transformed
 * back while it lies in the cache. */
#include "passes_impl.h"

#include <string.h>

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t width_of(const qep_pass_axis *axis) {
    return 2 * qep_line_batch(axis->branch[0].line);
}

/* ---- closed axes: division ------------------------------------------------------------------------------------------------ */

/* Divide, setting an exactly singular mode to zero: only the line whose other eigenvalues are all zero can hold one. */
static void divide(const qep_pass_axis *axis, const double *base, size_t lines, size_t width, double norm, double *block,
                   double *constant) {
    double sums[2 * QEP_MAX_BATCH];
    for (size_t l = 0; l < width; l++) {
        sums[l] = l < lines ? norm * base[l] : -1.0;
    }
    size_t line = width, mode = 0;
    for (size_t l = 0; l < lines; l++) {
        for (size_t k = 0; base[l] == 0.0 && k < axis->unknowns; k++) {
            if (axis->eigenvalues[axis->first + k] == 0.0) {
                line = l;
                mode = k;
            }
        }
    }
    if (line < width) {
        *constant = block[mode * width + line];
    }
    qep_block_divide(axis->eigenvalues + axis->first, axis->branch[0].conjugate, axis->unknowns, sums, width, norm, block);
    if (line < width) {
        block[mode * width + line] = 0.0;
    }
}

static void fused_closed(const qep_pass_run *run, size_t index, double norm, double *constant) {
    const qep_passes *p = run->p;
    const qep_pass_axis *axis = &p->axis[p->last];
    const size_t width = width_of(axis), first_line = p->last == 0 ? 0 : index * width;
    const size_t lines = p->last == 0 ? 1 : smaller(width, p->base_count - first_line);
    const size_t stride = p->last == 1 ? p->n[0] : p->n[0] * p->n[1];
    double *block = run->block, *scratch = block + 2 * p->block_size;
    double *at = run->u + first_line + axis->first * (p->last == 0 ? 1 : stride);
    if (p->last == 0) {
        qep_block_gather_rows(at, p->n[0], axis->unknowns, 1, width, block);
    } else {
        qep_block_gather_lines(at, stride, axis->unknowns, lines, width, block);
    }
    qep_line_forward_packed(axis->branch[0].line, block, scratch);
    divide(axis, p->base + first_line, lines, width, norm, block, constant);
    qep_line_backward_packed(axis->branch[0].line, block, scratch);
    if (p->last == 0) {
        qep_block_scatter_rows(block, p->n[0], axis->unknowns, 1, width, 0, at);
    } else {
        qep_block_scatter_lines(block, stride, axis->unknowns, lines, width, 0, at);
    }
}

/* ---- open axes: multiplication by the kernel ---------------------------------------------------------------------------------- */

static int adjacent_axis(const qep_passes *p) {
    return p->last == 0 ? 1 : 0;
}

static int third_axis(const qep_passes *p) {
    return 3 - p->last - adjacent_axis(p);
}

/* Positions along an axis in mode space, and the kernel rows they belong to. */
static size_t positions(const qep_pass_run *run, int d, const size_t **mode) {
    const qep_pass_axis *axis = &run->p->axis[d];
    if (run->p->rounds == 2 && d == 0) {
        *mode = axis->mode + axis->branch[run->round].at;
        return axis->branch[run->round].modes;
    }
    *mode = axis->mode;
    return axis->extent;
}

static void multiply(const qep_pass_run *run, const qep_branch *branch, size_t third, const size_t *columns, size_t lines, double *block) {
    const qep_passes *p = run->p;
    const size_t a = p->axis[adjacent_axis(p)].modes, f = p->axis[p->last].modes;
    const double *kernel = p->kernel + third * f * a;
    qep_block_multiply(kernel, a, p->axis[p->last].mode + branch->at, branch->conjugate, branch->modes, columns, lines,
                       width_of(&p->axis[p->last]), block);
}

/* A block of lines of the last axis in mode space. */
typedef struct {
    size_t offset; /* of sample 0 of the first line */
    size_t stride, stride_along; /* between rows of x or samples; between samples */
    size_t lines, width;
} fused_lines;

/* Samples of the field from `first` on. */
static void put(const qep_pass_run *run, const fused_lines *at, size_t first, size_t count, const double *samples, int add, double *data) {
    double *to = data + at->offset + first * at->stride_along;
    if (run->p->last == 0) {
        qep_block_scatter_rows(samples, at->stride, count, at->lines, at->width, add, to);
    } else {
        qep_block_scatter_lines(samples, at->stride, count, at->lines, at->width, add, to);
    }
}

/* Padded with zeros. */
static void take(const qep_pass_run *run, const fused_lines *at, const qep_branch *branch, const double *data, double *block) {
    const qep_passes *p = run->p;
    const double *from = data + at->offset + p->axis[p->last].first * at->stride_along;
    double *inside = block + branch->offset * at->width;
    memset(block, 0, branch->modes * at->width * sizeof *block);
    if (p->last == 0) {
        qep_block_gather_rows(from, at->stride, p->axis[0].unknowns, at->lines, at->width, inside);
    } else {
        qep_block_gather_lines(from, at->stride, p->axis[p->last].unknowns, at->lines, at->width, inside);
    }
}

static void fused_open(const qep_pass_run *run, size_t index) {
    const qep_passes *p = run->p;
    const qep_pass_axis *axis = &p->axis[p->last];
    const qep_space space = p->modes ? SPACE_MODES : SPACE_FIELD;
    const size_t *columns = NULL, *thirds = NULL;
    const size_t extent = positions(run, adjacent_axis(p), &columns), width = width_of(axis), blocks = (extent + width - 1) / width;
    positions(run, third_axis(p), &thirds);
    const size_t j = index / blocks, begin = index % blocks * width, stride[3] = {1, p->row[space], p->plane[space]};
    const fused_lines at = {j * stride[third_axis(p)] + begin * stride[adjacent_axis(p)], p->last == 0 ? stride[1] : stride[p->last],
                            stride[p->last], smaller(width, extent - begin), width};
    double *data = p->modes ? run->modes : run->u, *scratch = run->block + 2 * p->block_size, *keep = run->block + p->keep_at;
    for (int e = 0; e < 2; e++) {
        take(run, &at, &axis->branch[e], data, run->block + (size_t)e * p->block_size);
    }
    for (int e = 0; e < 2; e++) {
        const qep_branch *branch = &axis->branch[e];
        double *block = run->block + (size_t)e * p->block_size;
        qep_line_forward_packed(branch->line, block, scratch);
        multiply(run, branch, thirds[j], columns + begin, at.lines, block);
        if (run->slope) {
            const double *samples = qep_pass_slope(axis, branch, 1, block, keep, scratch);
            put(run, &at, 0, axis->n, samples, e, run->slope);
        }
        qep_line_backward_packed(branch->line, block, scratch);
        put(run, &at, axis->first, axis->unknowns, block + branch->offset * width, e, data);
    }
}

size_t qep_pass_fused_blocks(const qep_pass_run *run) {
    const qep_passes *p = run->p;
    const size_t width = width_of(&p->axis[p->last]), *mode = NULL;
    if (!p->open) {
        return p->last == 0 ? 1 : (p->base_count + width - 1) / width;
    }
    const size_t extent = positions(run, adjacent_axis(p), &mode);
    return positions(run, third_axis(p), &mode) * ((extent + width - 1) / width);
}

void qep_pass_fused(const qep_pass_run *run, size_t index, double norm, double *constant) {
    if (run->p->open) {
        fused_open(run, index);
    } else {
        fused_closed(run, index, norm, constant);
    }
}
