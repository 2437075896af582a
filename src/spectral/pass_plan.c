/* Planning the passes: which axis is fused, which spaces the others go through, and the memory of all that. */
#include "passes_impl.h"

#include "qep/base/memory.h"

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t round_up8(size_t n) {
    return (n + 7) / 8 * 8;
}

int qep_pass_is_active(const qep_passes *p, int d) {
    return p->axis[d].branch[0].line != NULL;
}

/* The highest open axis, else the highest axis. */
static int last_axis(const qep_passes *p) {
    for (int open = 1; open >= 0; open--) {
        for (int d = 2; d >= 0; d--) {
            if (qep_pass_is_active(p, d) && p->axis[d].open >= open) {
                return d;
            }
        }
    }
    return -1;
}

/* Stages of a plane: its axes but the last, closed ones first. */
static void plan_stages(qep_passes *p) {
    for (int open = 0; open < 2; open++) {
        for (int d = 0; d < 2; d++) {
            if (qep_pass_is_active(p, d) && d != p->last && p->axis[d].open == open) {
                p->stage[p->stages++] = (qep_stage){d, SPACE_FIELD, open ? SPACE_MODES : SPACE_FIELD, 0};
            }
        }
    }
    p->rounds = p->open == 3 ? 2 : 1;
    if (p->rounds == 2) {
        p->stage[0] = (qep_stage){0, SPACE_STRIP, SPACE_PLANE, 1};
        p->stage[1] = (qep_stage){1, SPACE_PLANE, SPACE_MODES, 0};
    }
}

/* Strides of every space; mode space is needed when an axis but the last is open. */
static qep_status plan_spaces(qep_passes *p, qep_error *err) {
    const size_t n0 = p->n[0], n1 = p->n[1];
    p->row[SPACE_FIELD] = p->row[SPACE_STRIP] = n0;
    p->plane[SPACE_FIELD] = n0 * n1;
    const size_t modes0 = p->rounds == 2 ? qep_pass_axis_rows(&p->axis[0]) : p->last == 0 ? n0 : p->axis[0].extent;
    const size_t modes1 = p->last == 1 ? n1 : p->axis[1].extent;
    p->row[SPACE_PLANE] = p->row[SPACE_MODES] = modes0;
    size_t plane = 0, count = 0;
    if (!qep_size_multiply(modes0, modes1, &plane) || !qep_size_multiply(plane, p->n[2], &count)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", "/grid/points", NULL, "the padded grid exceeds what this machine can address");
    }
    p->plane[SPACE_MODES] = plane;
    if (p->open > 1) {
        QEP_TRY(qep_alloc_doubles(&p->modes, count, "modes of the open axes", err));
    }
    return QEP_OK;
}

static qep_status plan_workspace(qep_passes *p, qep_error *err) {
    size_t block = 8, scratch = 0, width = 2 * QEP_MAX_BATCH;
    for (int d = 0; d < 3; d++) {
        for (int e = 0; e < 2; e++) {
            const qep_line *line = p->axis[d].branch[e].line;
            block = line ? larger(block, larger(p->axis[d].n, p->axis[d].branch[e].modes) * 2 * qep_line_batch(line)) : block;
            scratch = line ? larger(scratch, qep_line_scratch(line)) : scratch;
        }
    }
    p->block_size = round_up8(block);
    p->keep_at = 2 * p->block_size + round_up8(scratch);
    p->strip_at = p->keep_at + (p->open ? p->block_size + 4 * width : 0); /* a block and a row before and behind; their partners may have one more */
    p->plane_at = p->strip_at + (p->rounds == 2 ? round_up8(width * p->n[0]) : 0);
    p->work_size = p->plane_at + (p->rounds == 2 ? round_up8(p->row[SPACE_PLANE] * p->n[1]) : 0);
    return qep_alloc_doubles(&p->workspace, (size_t)p->threads * p->work_size, "transform workspace", err);
}

qep_status qep_passes_allow_gradient(qep_passes *p, qep_error *err) {
    for (int d = 0; d < 3; d++) {
        QEP_TRY(qep_pass_slope_plan(&p->axis[d], p->effort, err));
    }
    return p->modes && !p->slopes ? qep_alloc_doubles(&p->slopes, p->plane[SPACE_MODES] * p->n[2], "modes of a derivative", err) : QEP_OK;
}

static qep_status plan_all(qep_passes *p, const qep_grid *grid, const qep_walls *walls, qep_effort effort, qep_error *err) {
    for (int d = 0; d < 3; d++) {
        p->n[d] = grid->axis[d].n;
        QEP_TRY(qep_pass_axis_create(&p->axis[d], grid, walls, d, effort, err));
        p->empty |= p->axis[d].unknowns == 0;
        p->open += p->axis[d].open;
    }
    p->last = last_axis(p);
    plan_stages(p);
    p->by_plane = p->last == 2 && (p->rounds == 2 || p->n[2] >= 2 * (size_t)p->threads);
    p->base_count = p->last == 2 ? p->n[0] * p->n[1] : p->last == 1 ? p->n[0] : 1;
    QEP_TRY(qep_alloc_doubles(&p->base, p->base_count, "eigenvalue sums", err));
    QEP_TRY(plan_spaces(p, err));
    return plan_workspace(p, err);
}

qep_status qep_passes_create(qep_passes **out, const qep_grid *grid, const qep_walls *walls, int threads, qep_effort effort,
                             qep_error *err) {
    *out = NULL;
    qep_passes *p = NULL;
    QEP_TRY(qep_alloc((void **)&p, 1, sizeof *p, "transform passes", err));
    p->threads = threads;
    p->effort = effort;
    const qep_status status = plan_all(p, grid, walls, effort, err);
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
        qep_pass_axis_free(&p->axis[d]);
    }
    qep_free(p->base);
    qep_free(p->modes);
    qep_free(p->slopes);
    qep_free(p->workspace);
    qep_free(p);
}

size_t qep_passes_memory(const qep_grid *grid, int threads) {
    size_t longest = 1, open[3] = {0, 0, 0}, axes = 0, padded[3];
    const size_t plane = grid->axis[0].n * grid->axis[1].n;
    for (int d = 0; d < 3; d++) {
        const qep_axis *axis = &grid->axis[d];
        open[d] = (size_t)qep_grid_axis_open(grid, d);
        axes += open[d];
        padded[d] = open[d] ? qep_passes_padded(axis->n) : axis->n;
        longest = larger(longest, padded[d]);
    }
    const size_t strips = axes == 3 ? longest * (longest + 2 * QEP_MAX_BATCH) : 0;
    const size_t modes = axes < 2 ? 0 : axes == 3 ? padded[0] * 2 * padded[1] * grid->axis[2].n : 2 * padded[0] * padded[1] * padded[2];
    return sizeof(double) * (plane + modes + (size_t)threads * (strips + longest * 2 * QEP_MAX_BATCH * 4));
}
