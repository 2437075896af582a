/* Axis passes over blocks of lines. Threads share planes or blocks, never lines, and every block is computed alike whoever takes it, so the
 * bits do not depend on their number. An axis grows to its two branches only when its turn comes: closed axes go first, the last open axis is
 * fused and never grows, and of three open axes the first goes one branch at a time. Three-dimensional FFTW plans were rejected: they plan
 * for seconds, thread erratically and transform real lines without vectors. */
#include "passes_impl.h"

#include "qep/base/memory.h"
#include <omp.h>
#include <string.h>

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t round_up8(size_t n) {
    return (n + 7) / 8 * 8;
}

static int is_active(const qep_passes *p, int d) {
    return p->axis[d].branch[0].line != NULL;
}

/* The highest open axis, else the highest axis. */
static int last_axis(const qep_passes *p) {
    for (int open = 1; open >= 0; open--) {
        for (int d = 2; d >= 0; d--) {
            if (is_active(p, d) && p->axis[d].open >= open) {
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
            if (is_active(p, d) && d != p->last && p->axis[d].open == open) {
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

const qep_line *qep_passes_line(const qep_passes *p, int axis) {
    return p->axis[axis].open ? NULL : p->axis[axis].branch[0].line;
}

double *qep_passes_eigenvalues(qep_passes *p, int axis) {
    return p->axis[axis].eigenvalues;
}

int qep_passes_open_axes(const qep_passes *p) {
    return p->open;
}

size_t qep_passes_modes(const qep_passes *p, int axis) {
    return p->axis[axis].modes;
}

double qep_passes_mode_theta(const qep_passes *p, int d, size_t mode) {
    const qep_pass_axis *axis = &p->axis[d];
    return axis->open || !axis->branch[0].line ? 0.0 : qep_line_theta(axis->branch[0].line, mode);
}

size_t qep_passes_half_period(const qep_passes *p, int axis) {
    return p->axis[axis].half_period;
}

int qep_passes_kernel_axis(const qep_passes *p, int position) {
    const int fastest = p->last == 0 ? 1 : 0;
    return position == 2 ? fastest : position == 1 ? p->last : 3 - p->last - fastest;
}

void qep_passes_use_kernel(qep_passes *p, const double *kernel) {
    p->kernel = kernel;
}

void qep_passes_scale_kernel(const qep_passes *p, double *kernel) {
    const int a = qep_passes_kernel_axis(p, 0), b = qep_passes_kernel_axis(p, 1), c = qep_passes_kernel_axis(p, 2);
    const size_t nb = p->axis[b].modes, nc = p->axis[c].modes;
#pragma omp parallel for num_threads(p->threads) schedule(static)
    for (size_t i = 0; i < p->axis[a].modes; i++) {
        for (size_t j = 0; j < nb; j++) {
            const double scale = qep_pass_axis_scale(&p->axis[a], i) * qep_pass_axis_scale(&p->axis[b], j);
            for (size_t k = 0; k < nc; k++) {
                kernel[(i * nb + j) * nc + k] *= scale * qep_pass_axis_scale(&p->axis[c], k);
            }
        }
    }
}

size_t qep_passes_memory(const qep_grid *grid, int threads) {
    size_t longest = 1, open[3] = {0, 0, 0}, axes = 0, padded[3];
    const size_t plane = grid->axis[0].n * grid->axis[1].n;
    for (int d = 0; d < 3; d++) {
        const qep_axis *axis = &grid->axis[d];
        open[d] = axis->n > 1 && (axis->bc[0] == QEP_OPEN || axis->bc[1] == QEP_OPEN);
        axes += open[d];
        padded[d] = open[d] ? qep_passes_padded(axis->n) : axis->n;
        longest = larger(longest, padded[d]);
    }
    const size_t strips = axes == 3 ? longest * (longest + 2 * QEP_MAX_BATCH) : 0;
    const size_t modes = axes < 2 ? 0 : axes == 3 ? padded[0] * 2 * padded[1] * grid->axis[2].n : 2 * padded[0] * padded[1] * padded[2];
    return sizeof(double) * (plane + modes + (size_t)threads * (strips + longest * 2 * QEP_MAX_BATCH * 4));
}

/* ---- stages of a plane ---------------------------------------------------------------------------------------------------------- */

typedef enum { FORWARD, BACKWARD } direction;

static double *place(const qep_pass_run *run, qep_space space, size_t z) {
    const qep_passes *p = run->p;
    return space == SPACE_FIELD   ? run->u + z * p->plane[SPACE_FIELD]
           : space == SPACE_MODES ? run->modes + z * p->plane[SPACE_MODES]
                                  : run->block + (space == SPACE_STRIP ? p->strip_at : p->plane_at);
}

static size_t stage_width(const qep_passes *p, const qep_stage *stage) {
    return 2 * qep_line_batch(p->axis[stage->axis].branch[0].line);
}

/* Lines of a stage in one plane. */
static size_t stage_lines(const qep_pass_run *run, const qep_stage *stage) {
    const qep_passes *p = run->p;
    return stage->axis == 0 ? p->n[1] : p->rounds == 2 ? p->axis[0].branch[run->round].modes : p->n[0];
}

static void clear_padding(const qep_pass_axis *axis, const qep_branch *branch, size_t width, double *block) {
    const size_t behind = branch->offset + axis->unknowns;
    if (axis->open) {
        memset(block, 0, branch->offset * width * sizeof *block);
        memset(block + behind * width, 0, (branch->modes - behind) * width * sizeof *block);
    }
}

/* Lines begin .. begin + lines of a stage: samples to the coefficients of a branch. */
static void forward_lines(const qep_pass_run *run, const qep_stage *stage, const qep_branch *branch, size_t z, size_t begin, size_t lines) {
    const qep_passes *p = run->p;
    const qep_pass_axis *axis = &p->axis[stage->axis];
    const size_t width = stage_width(p, stage), from_row = p->row[stage->from], to_row = p->row[stage->to], at = stage->looped ? 0 : branch->at;
    double *block = run->block, *inside = block + branch->offset * width;
    clear_padding(axis, branch, width, block);
    if (stage->axis == 0) {
        const double *from = place(run, stage->from, z) + (stage->from == SPACE_STRIP ? 0 : begin * from_row) + axis->first;
        qep_block_gather_rows(from, from_row, axis->unknowns, lines, width, inside);
        qep_line_forward(branch->line, block, block + 2 * p->block_size);
        qep_block_scatter_rows(block, to_row, branch->modes, lines, width, 0, place(run, stage->to, z) + begin * to_row + at);
    } else {
        const double *from = place(run, stage->from, z) + begin + axis->first * from_row;
        qep_block_gather_lines(from, from_row, axis->unknowns, lines, width, inside);
        qep_line_forward(branch->line, block, block + 2 * p->block_size);
        qep_block_scatter_lines(block, to_row, branch->modes, lines, width, 0, place(run, stage->to, z) + at * to_row + begin);
    }
}

/* Coefficients in the block to samples of u, or of its derivative; returns those of the field from *first on. */
static const double *samples_of(const qep_pass_run *run, const qep_stage *stage, const qep_branch *branch, size_t *first, size_t *count) {
    const qep_passes *p = run->p;
    const qep_pass_axis *axis = &p->axis[stage->axis];
    double *scratch = run->block + 2 * p->block_size;
    if (stage->axis == run->differentiated) {
        *first = 0;
        *count = axis->n;
        return qep_pass_slope(axis, branch, 0, run->block, run->block + p->keep_at, scratch);
    }
    *first = axis->first;
    *count = axis->unknowns;
    qep_line_backward(branch->line, run->block, scratch);
    return run->block + branch->offset * stage_width(p, stage);
}

/* A thread's plane may hold slopes on wall nodes from the field before, where nothing is written this time. */
static void clear_wall_rows(const qep_pass_run *run, const qep_stage *stage, size_t begin, size_t lines) {
    const qep_passes *p = run->p;
    const qep_pass_axis *axis = &p->axis[stage->axis];
    if (stage->from == SPACE_PLANE && axis->unknowns < axis->n) {
        double *row = place(run, SPACE_PLANE, 0) + (axis->first ? 0 : axis->n - 1) * p->row[SPACE_PLANE] + begin;
        memset(row, 0, lines * sizeof *row);
    }
}

/* The way back; what comes from a further branch is added. */
static void backward_lines(const qep_pass_run *run, const qep_stage *stage, const qep_branch *branch, int add, size_t z, size_t begin,
                           size_t lines) {
    const qep_passes *p = run->p;
    const qep_space home = stage->from == SPACE_STRIP ? SPACE_FIELD : stage->from;
    const size_t width = stage_width(p, stage), home_row = p->row[home], to_row = p->row[stage->to], at = stage->looped ? 0 : branch->at;
    size_t first = 0, count = 0;
    if (stage->axis == 0) {
        qep_block_gather_rows(place(run, stage->to, z) + begin * to_row + at, to_row, branch->modes, lines, width, run->block);
        const double *samples = samples_of(run, stage, branch, &first, &count);
        qep_block_scatter_rows(samples, home_row, count, lines, width, add, place(run, home, z) + begin * home_row + first);
    } else {
        if (stage->axis != run->differentiated) {
            clear_wall_rows(run, stage, begin, lines);
        }
        qep_block_gather_lines(place(run, stage->to, z) + at * to_row + begin, to_row, branch->modes, lines, width, run->block);
        const double *samples = samples_of(run, stage, branch, &first, &count);
        qep_block_scatter_lines(samples, home_row, count, lines, width, add, place(run, home, z) + begin + first * home_row);
    }
}

static int loads_in_stage(const qep_passes *p) {
    return p->last == 2 && p->stages > 0 && p->stage[0].axis == 0;
}

static void stage_block(const qep_pass_run *run, const qep_stage *stage, direction way, size_t z, size_t index) {
    const qep_passes *p = run->p;
    const qep_pass_axis *axis = &p->axis[stage->axis];
    const size_t width = stage_width(p, stage), begin = index * width, lines = smaller(width, stage_lines(run, stage) - begin);
    if (way == FORWARD && stage == p->stage && loads_in_stage(p)) {
        const size_t at = stage->from == SPACE_STRIP ? 0 : begin * p->row[stage->from];
        run->load(run->context, begin, begin + lines, z, place(run, stage->from, z) + at);
    }
    for (int e = 0; e <= axis->open; e++) {
        if (stage->looped && e != run->round) {
            continue;
        }
        if (way == FORWARD) {
            forward_lines(run, stage, &axis->branch[e], z, begin, lines);
        } else {
            backward_lines(run, stage, &axis->branch[e], e > 0, z, begin, lines);
        }
    }
}

static size_t stage_blocks(const qep_pass_run *run, const qep_stage *stage) {
    const size_t width = stage_width(run->p, stage);
    return (stage_lines(run, stage) + width - 1) / width;
}

static const qep_stage *stage_at(const qep_passes *p, direction way, int i) {
    return &p->stage[way == FORWARD ? i : p->stages - 1 - i];
}

static qep_pass_run on_this_thread(const qep_pass_run *run) {
    qep_pass_run mine = *run;
    mine.block = run->p->workspace + (size_t)omp_get_thread_num() * run->p->work_size;
    return mine;
}

/* All stages of every plane: planes over threads when there are enough of them, else blocks. */
static void planes(const qep_pass_run *run, direction way) {
    const qep_passes *p = run->p;
    const size_t nz = p->n[2];
#pragma omp parallel num_threads(p->threads)
    {
        const qep_pass_run mine = on_this_thread(run);
#pragma omp for schedule(static)
        for (size_t z = 0; z < (p->by_plane ? nz : 0); z++) {
            for (int i = 0; i < p->stages; i++) {
                const qep_stage *stage = stage_at(p, way, i);
                for (size_t b = 0; b < stage_blocks(run, stage); b++) {
                    stage_block(&mine, stage, way, z, b);
                }
            }
        }
        for (int i = 0; i < (p->by_plane ? 0 : p->stages); i++) {
            const qep_stage *stage = stage_at(p, way, i);
            const size_t blocks = stage_blocks(run, stage);
#pragma omp for schedule(static)
            for (size_t b = 0; b < nz * blocks; b++) {
                stage_block(&mine, stage, way, b / blocks, b % blocks);
            }
        }
    }
}

/* ---- the story -------------------------------------------------------------------------------------------------------------------- */

static void load_field(const qep_pass_run *run) {
    const size_t ny = run->p->n[1], nz = run->p->n[2], nx = run->p->n[0];
#pragma omp parallel for num_threads(run->p->threads) schedule(static)
    for (size_t i = 0; i < ny * nz; i++) {
        run->load(run->context, i % ny, i % ny + 1, i / ny, run->u + i * nx);
    }
}

/* A closed z axis whose planes hold the last one: in place, before the planes and after them. */
static void pass_z(const qep_pass_run *run, direction way) {
    const qep_passes *p = run->p;
    const qep_pass_axis *axis = &p->axis[2];
    if (p->last == 2 || !is_active(p, 2)) {
        return;
    }
    const size_t plane = p->n[0] * p->n[1], width = 2 * qep_line_batch(axis->branch[0].line);
#pragma omp parallel num_threads(p->threads)
    {
        double *block = on_this_thread(run).block;
#pragma omp for schedule(static)
        for (size_t at = 0; at < plane; at += width) {
            double *from = run->u + at + axis->first * plane;
            const size_t lines = smaller(width, plane - at);
            qep_block_gather_lines(from, plane, axis->unknowns, lines, width, block);
            (way == FORWARD ? qep_line_forward : qep_line_backward)(axis->branch[0].line, block, block + 2 * p->block_size);
            qep_block_scatter_lines(block, plane, axis->unknowns, lines, width, 0, from);
        }
    }
}

static void fused(const qep_pass_run *run, double norm, double *constant) {
    const qep_passes *p = run->p;
#pragma omp parallel num_threads(p->threads)
    {
        const qep_pass_run mine = on_this_thread(run);
        const size_t blocks = qep_pass_fused_blocks(run);
#pragma omp for schedule(static)
        for (size_t b = 0; b < blocks; b++) {
            qep_pass_fused(&mine, b, norm, constant);
        }
    }
}

/* Samples that no stage writes become 0 where the stages do not start from the field itself. */
static void clear_known(const qep_passes *p, int starts_here, double *u) {
    int known = 0;
    for (int d = 0; d < 3; d++) {
        known |= p->axis[d].unknowns < p->n[d];
    }
    if (known && !starts_here) {
        memset(u, 0, p->n[0] * p->n[1] * p->n[2] * sizeof *u);
    }
}

static void sum_bases(const qep_passes *p) {
    for (size_t i = 0; i < p->base_count && !p->open; i++) {
        const size_t x = i % p->n[0], y = i / p->n[0];
        p->base[i] = (p->last > 0 && is_active(p, 0) ? p->axis[0].eigenvalues[x] : 0.0) +
                     (p->last == 2 && is_active(p, 1) ? p->axis[1].eigenvalues[y] : 0.0);
    }
}

/* From mode space to one field: u itself, or its derivative along an axis that is differentiated on the way or was in the fused pass. */
static void go_back(const qep_pass_run *run, double *field, double *modes, int differentiated) {
    qep_pass_run back = *run;
    back.u = field;
    back.modes = modes;
    back.differentiated = differentiated;
    planes(&back, BACKWARD);
    pass_z(&back, BACKWARD);
}

void qep_passes_solve(const qep_passes *p, qep_passes_load load, const void *context, double *u, double *const gradient[3],
                      double *constant) {
    static double *const none[3] = {NULL, NULL, NULL};
    double *const *slope = gradient ? gradient : none;
    *constant = 0.0;
    if (p->last < 0 || p->empty) { /* one point, or nothing but known nodes */
        load(context, 0, 1, 0, u);
        *constant = p->last < 0 ? u[0] : 0.0;
        memset(u, 0, p->n[0] * p->n[1] * p->n[2] * sizeof *u);
        for (int d = 0; d < 3; d++) {
            if (slope[d]) {
                memset(slope[d], 0, p->n[0] * p->n[1] * p->n[2] * sizeof *u);
            }
        }
        return;
    }
    sum_bases(p);
    clear_known(p, p->rounds == 1, u);
    double norm = 1.0, single = 0.0;
    for (int d = 0; d < 3; d++) {
        norm *= is_active(p, d) ? qep_line_norm(p->axis[d].branch[0].line) : 1.0;
        if (slope[d]) {
            clear_known(p, 0, slope[d]);
        }
    }
    for (int round = 0; round < p->rounds; round++) {
        qep_pass_run run = {p, load, context, u, p->modes, NULL, -1, NULL, round};
        if (!loads_in_stage(p)) {
            load_field(&run);
        }
        pass_z(&run, FORWARD);
        planes(&run, FORWARD);
        run.slope = !slope[p->last] ? NULL : p->modes ? p->slopes : slope[p->last];
        fused(&run, norm, &single);
        for (int d = 0; d < 3; d++) {
            if (slope[d]) {
                go_back(&run, slope[d], d == p->last ? p->slopes : p->modes, d == p->last ? -1 : d);
            }
        }
        go_back(&run, u, p->modes, -1);
    }
    *constant = single / norm;
}
