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

static void load_field(const qep_pass_run *run) {
    const size_t ny = run->p->n[1], nz = run->p->n[2], nx = run->p->n[0];
#pragma omp parallel for num_threads(run->p->threads) schedule(static)
    for (size_t i = 0; i < ny * nz; i++) {
        run->load(run->context, i % ny, i % ny + 1, i / ny, run->u + i * nx);
    }
}

/* A closed z axis whose planes hold the last one: in place, before the planes and after them. */
static void pass_z(const qep_pass_run *run, qep_pass_way way) {
    const qep_passes *p = run->p;
    const qep_pass_axis *axis = &p->axis[2];
    if (p->last == 2 || !qep_pass_is_active(p, 2)) {
        return;
    }
    const size_t plane = p->n[0] * p->n[1], width = 2 * qep_line_batch(axis->branch[0].line);
#pragma omp parallel num_threads(p->threads)
    {
        double *block = qep_pass_on_this_thread(run).block;
#pragma omp for schedule(static)
        for (size_t at = 0; at < plane; at += width) {
            double *from = run->u + at + axis->first * plane;
            const size_t lines = smaller(width, plane - at);
            qep_block_gather_lines(from, plane, axis->unknowns, lines, width, block);
            (way == QEP_PASS_FORWARD ? qep_line_forward : qep_line_backward)(axis->branch[0].line, block, block + 2 * p->block_size);
            qep_block_scatter_lines(block, plane, axis->unknowns, lines, width, 0, from);
        }
    }
}

static void fused(const qep_pass_run *run, double norm, double *constant) {
    const qep_passes *p = run->p;
#pragma omp parallel num_threads(p->threads)
    {
        const qep_pass_run mine = qep_pass_on_this_thread(run);
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
        p->base[i] = (p->last > 0 && qep_pass_is_active(p, 0) ? p->axis[0].eigenvalues[x] : 0.0) +
                     (p->last == 2 && qep_pass_is_active(p, 1) ? p->axis[1].eigenvalues[y] : 0.0);
    }
}

/* From mode space to one field: u itself, or its derivative along an axis that is differentiated on the way or was in the fused pass. */
static void go_back(const qep_pass_run *run, double *field, double *modes, int differentiated) {
    qep_pass_run back = *run;
    back.u = field;
    back.modes = modes;
    back.differentiated = differentiated;
    qep_pass_planes(&back, QEP_PASS_BACKWARD);
    pass_z(&back, QEP_PASS_BACKWARD);
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
        norm *= qep_pass_is_active(p, d) ? qep_line_norm(p->axis[d].branch[0].line) : 1.0;
        if (slope[d]) {
            clear_known(p, 0, slope[d]);
        }
    }
    for (int round = 0; round < p->rounds; round++) {
        qep_pass_run run = {p, load, context, u, p->modes, NULL, -1, NULL, round};
        if (!qep_pass_loads_in_stage(p)) {
            load_field(&run);
        }
        pass_z(&run, QEP_PASS_FORWARD);
        qep_pass_planes(&run, QEP_PASS_FORWARD);
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
