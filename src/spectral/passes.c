/* Axis passes over blocks of lines. Threads share planes or blocks, never lines, and every block is computed alike whoever takes it, so the
 * bits do not depend on their number. Three-dimensional FFTW plans were rejected: they plan for seconds, thread erratically and transform
 * real lines without vectors. */
#include "qep/spectral/passes.h"

#include "blocks.h"
#include "qep/base/memory.h"
#include <omp.h>
#include <string.h>

struct qep_passes {
    size_t n[3];
    qep_pass_axis axis[3];
    int last;             /* the fused axis, or -1 when the grid is one point */
    int empty;            /* 1: no unknowns at all */
    int threads;
    double *base;         /* eigenvalues of the other axes for every line of the last axis */
    size_t base_count;
    double *workspace;    /* [threads][work_size] */
    size_t block_size, work_size;
};

static size_t batch_for(size_t lines) {
    size_t batch = (lines + 1) / 2;
    batch = batch < 2 ? 2 : batch + batch % 2;
    return batch < QEP_MAX_BATCH ? batch : QEP_MAX_BATCH;
}

/* Lines of an axis that lie side by side in memory (x: rows of all planes). */
static size_t adjacent_lines(const size_t n[3], int axis) {
    return axis == 0 ? n[1] * n[2] : axis == 1 ? n[0] : n[0] * n[1];
}

static qep_status plan_axis(qep_passes *p, const qep_grid *grid, const qep_walls *walls, int d, qep_effort effort, qep_error *err) {
    qep_pass_axis *axis = &p->axis[d];
    axis->n = axis->unknowns = p->n[d];
    QEP_TRY(qep_alloc_doubles(&axis->eigenvalues, axis->n, "eigenvalues", err));
    for (size_t i = 0; i < axis->n; i++) {
        axis->eigenvalues[i] = p->n[d] == 1 ? 0.0 : -1.0;
    }
    if (p->n[d] == 1) {
        return QEP_OK;
    }
    QEP_TRY(qep_line_create(&axis->line, walls->wall[d][0].kind, walls->wall[d][1].kind, grid->sampling, axis->n,
                            batch_for(adjacent_lines(p->n, d)), effort, err));
    axis->unknowns = qep_line_unknowns(axis->line);
    axis->first = qep_line_first(axis->line);
    p->empty |= axis->unknowns == 0;
    p->last = d;
    const size_t block = axis->n * 2 * qep_line_batch(axis->line), scratch = qep_line_scratch(axis->line);
    p->block_size = block > p->block_size ? block : p->block_size;
    p->work_size = scratch > p->work_size ? scratch : p->work_size;
    return QEP_OK;
}

static size_t round_up8(size_t n) {
    return (n + 7) / 8 * 8;
}

qep_status qep_passes_create(qep_passes **out, const qep_grid *grid, const qep_walls *walls, int threads, qep_effort effort,
                             qep_error *err) {
    *out = NULL;
    qep_passes *p = NULL;
    QEP_TRY(qep_alloc((void **)&p, 1, sizeof *p, "transform passes", err));
    p->last = -1;
    p->threads = threads;
    qep_status status = QEP_OK;
    for (int d = 0; d < 3; d++) {
        p->n[d] = grid->axis[d].n;
    }
    for (int d = 0; d < 3 && status == QEP_OK; d++) {
        status = plan_axis(p, grid, walls, d, effort, err);
    }
    p->block_size = round_up8(p->block_size ? p->block_size : 8);
    p->work_size = p->block_size + round_up8(p->work_size);
    p->base_count = p->last < 0 ? 1 : p->last == 0 ? 1 : adjacent_lines(p->n, p->last);
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&p->base, p->base_count, "eigenvalue sums", err);
    }
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&p->workspace, (size_t)threads * p->work_size, "transform workspace", err);
    }
    if (status != QEP_OK) {
        qep_passes_destroy(p);
        return status;
    }
    *out = p;
    return QEP_OK;
}

void qep_passes_destroy(qep_passes *p) {
    if (!p) {
        return;
    }
    for (int d = 0; d < 3; d++) {
        qep_line_destroy(p->axis[d].line);
        qep_free(p->axis[d].eigenvalues);
    }
    qep_free(p->base);
    qep_free(p->workspace);
    qep_free(p);
}

const qep_line *qep_passes_line(const qep_passes *p, int axis) {
    return p->axis[axis].line;
}

double *qep_passes_eigenvalues(qep_passes *p, int axis) {
    return p->axis[axis].eigenvalues;
}

size_t qep_passes_memory(const qep_grid *grid, int threads) {
    size_t longest = 1, plane = grid->axis[0].n * grid->axis[1].n;
    for (int d = 0; d < 3; d++) {
        longest = grid->axis[d].n > longest ? grid->axis[d].n : longest;
    }
    return sizeof(double) * (plane + (size_t)threads * longest * 2 * QEP_MAX_BATCH * 3);
}

typedef enum { FORWARD, BACKWARD } direction;

static void transform(const qep_pass_axis *axis, direction way, double *block, double *scratch) {
    if (way == FORWARD) {
        qep_line_forward(axis->line, block, scratch);
    } else {
        qep_line_backward(axis->line, block, scratch);
    }
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Blocks [begin, end) of an x pass over all rows. */
static void pass_rows(const qep_passes *p, direction way, size_t row, size_t rows, double *u, double *block) {
    const qep_pass_axis *axis = &p->axis[0];
    const size_t width = 2 * qep_line_batch(axis->line);
    qep_block_gather_rows(axis, u + row * p->n[0], rows, width, block);
    transform(axis, way, block, block + p->block_size);
    qep_block_scatter_rows(axis, block, rows, width, u + row * p->n[0]);
}

static void pass_columns(const qep_passes *p, direction way, size_t z, size_t x, double *u, double *block) {
    const qep_pass_axis *axis = &p->axis[1];
    const size_t width = 2 * qep_line_batch(axis->line), lines = smaller(width, p->n[0] - x);
    double *at = u + z * p->n[1] * p->n[0] + x;
    qep_block_gather_lines(axis, at, p->n[0], lines, width, block);
    transform(axis, way, block, block + p->block_size);
    qep_block_scatter_lines(axis, block, p->n[0], lines, width, at);
}

/* The same, setting an exactly singular mode to zero: only the line whose other eigenvalues are all zero can hold one. */
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
    qep_block_divide_rows(axis, sums, width, norm, block);
    if (line < width) {
        block[mode * width + line] = 0.0;
    }
}

static void fused_last(const qep_passes *p, size_t first_line, double norm, double *u, double *block, double *constant) {
    const qep_pass_axis *axis = &p->axis[p->last];
    const size_t width = 2 * qep_line_batch(axis->line);
    double *scratch = block + p->block_size;
    const size_t lines = p->last == 0 ? 1 : smaller(width, p->base_count - first_line);
    const size_t stride = p->last == 0 ? 1 : p->last == 1 ? p->n[0] : p->n[0] * p->n[1];
    if (p->last == 0) {
        qep_block_gather_rows(axis, u, 1, width, block);
    } else {
        qep_block_gather_lines(axis, u + first_line, stride, lines, width, block);
    }
    transform(axis, FORWARD, block, scratch);
    divide(axis, p->base + first_line, lines, width, norm, block, constant);
    transform(axis, BACKWARD, block, scratch);
    if (p->last == 0) {
        qep_block_scatter_rows(axis, block, 1, width, u);
    } else {
        qep_block_scatter_lines(axis, block, stride, lines, width, u + first_line);
    }
}

static void sum_bases(const qep_passes *p) {
    if (p->last <= 0) {
        p->base[0] = 0.0;
        return;
    }
    for (size_t i = 0; i < p->base_count; i++) {
        const size_t x = i % p->n[0], y = i / p->n[0];
        p->base[i] = (p->axis[0].line ? p->axis[0].eigenvalues[x] : 0.0) +
                     (p->last == 2 && p->axis[1].line ? p->axis[1].eigenvalues[y] : 0.0);
    }
}

/* Rows, then columns, of every plane below the last axis: planes over threads when there are enough of them, else blocks. */
static void planes(const qep_passes *p, direction way, qep_passes_load load, const void *context, double *u) {
    const size_t nx = p->n[0], ny = p->n[1], nz = p->n[2];
    const int rows_active = p->axis[0].line && p->last > 0, columns_active = p->axis[1].line && p->last > 1;
    const size_t step_rows = rows_active ? 2 * qep_line_batch(p->axis[0].line) : 16;
    const size_t step_columns = columns_active ? 2 * qep_line_batch(p->axis[1].line) : 16;
    const size_t row_blocks = (ny + step_rows - 1) / step_rows, column_blocks = (nx + step_columns - 1) / step_columns;
    const int by_plane = nz >= 2 * (size_t)p->threads;
#pragma omp parallel num_threads(p->threads)
    {
        double *block = p->workspace + (size_t)omp_get_thread_num() * p->work_size;
#pragma omp for schedule(static)
        for (size_t z = 0; z < (by_plane ? nz : 0); z++) {
            for (size_t b = 0; way == BACKWARD && columns_active && b < column_blocks; b++) {
                pass_columns(p, way, z, b * step_columns, u, block);
            }
            for (size_t b = 0; b < row_blocks; b++) {
                const size_t y = b * step_rows, rows = smaller(step_rows, ny - y);
                if (load) {
                    load(context, y, y + rows, z, u + (z * ny + y) * nx);
                }
                if (rows_active) {
                    pass_rows(p, way, z * ny + y, rows, u, block);
                }
            }
            for (size_t b = 0; way == FORWARD && columns_active && b < column_blocks; b++) {
                pass_columns(p, way, z, b * step_columns, u, block);
            }
        }
        for (int stage = 0; stage < 2 && !by_plane; stage++) {
            const int columns = (stage == 0) == (way == BACKWARD);
            const size_t blocks = columns ? column_blocks : row_blocks;
#pragma omp for schedule(static)
            for (size_t i = 0; i < nz * blocks; i++) {
                const size_t z = i / blocks, b = i % blocks;
                if (columns) {
                    if (columns_active) {
                        pass_columns(p, way, z, b * step_columns, u, block);
                    }
                    continue;
                }
                const size_t y = b * step_rows, rows = smaller(step_rows, ny - y);
                if (load) {
                    load(context, y, y + rows, z, u + (z * ny + y) * nx);
                }
                if (rows_active) {
                    pass_rows(p, way, z * ny + y, rows, u, block);
                }
            }
        }
    }
}

void qep_passes_solve(const qep_passes *p, qep_passes_load load, const void *context, double *u, double *constant) {
    *constant = 0.0;
    if (p->last < 0 || p->empty) { /* one point, or nothing but known nodes */
        load(context, 0, 1, 0, u);
        *constant = p->last < 0 ? u[0] : 0.0;
        memset(u, 0, p->n[0] * p->n[1] * p->n[2] * sizeof *u);
        return;
    }
    sum_bases(p);
    planes(p, FORWARD, load, context, u);
    double norm = 1.0, single = 0.0;
    for (int d = 0; d < 3; d++) {
        norm *= p->axis[d].line ? qep_line_norm(p->axis[d].line) : 1.0;
    }
    const size_t step = p->last == 0 ? 1 : 2 * qep_line_batch(p->axis[p->last].line);
    const size_t blocks = (p->base_count + step - 1) / step;
#pragma omp parallel num_threads(p->threads)
    {
        double *block = p->workspace + (size_t)omp_get_thread_num() * p->work_size;
#pragma omp for schedule(static)
        for (size_t b = 0; b < blocks; b++) {
            fused_last(p, b * step, norm, u, block, &single);
        }
    }
    *constant = single / norm;
    planes(p, BACKWARD, NULL, NULL, u);
}
