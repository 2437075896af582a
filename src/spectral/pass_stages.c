/* The stages of a plane: lines of one of its axes from samples to coefficients and back, threads over planes or blocks of lines. */
#include "passes_impl.h"

#include <omp.h>
#include <string.h>

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

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

int qep_pass_loads_in_stage(const qep_passes *p) {
    return p->last == 2 && p->stages > 0 && p->stage[0].axis == 0;
}

static void stage_block(const qep_pass_run *run, const qep_stage *stage, qep_pass_way way, size_t z, size_t index) {
    const qep_passes *p = run->p;
    const qep_pass_axis *axis = &p->axis[stage->axis];
    const size_t width = stage_width(p, stage), begin = index * width, lines = smaller(width, stage_lines(run, stage) - begin);
    if (way == QEP_PASS_FORWARD && stage == p->stage && qep_pass_loads_in_stage(p)) {
        const size_t at = stage->from == SPACE_STRIP ? 0 : begin * p->row[stage->from];
        run->load(run->context, begin, begin + lines, z, place(run, stage->from, z) + at);
    }
    for (int e = 0; e <= axis->open; e++) {
        if (stage->looped && e != run->round) {
            continue;
        }
        if (way == QEP_PASS_FORWARD) {
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

static const qep_stage *stage_at(const qep_passes *p, qep_pass_way way, int i) {
    return &p->stage[way == QEP_PASS_FORWARD ? i : p->stages - 1 - i];
}

qep_pass_run qep_pass_on_this_thread(const qep_pass_run *run) {
    qep_pass_run mine = *run;
    mine.block = run->p->workspace + (size_t)omp_get_thread_num() * run->p->work_size;
    return mine;
}

/* All stages of every plane: planes over threads when there are enough of them, else blocks. */
void qep_pass_planes(const qep_pass_run *run, qep_pass_way way) {
    const qep_passes *p = run->p;
    const size_t nz = p->n[2];
#pragma omp parallel num_threads(p->threads)
    {
        const qep_pass_run mine = qep_pass_on_this_thread(run);
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
