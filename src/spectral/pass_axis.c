/* The transforms of one axis. Between two closed faces one line transform serves. With an open face the line is zero beyond the grid for at least
 * its own length m; its even modes are then the modes of a closed line of m samples, and its odd modes those of another one:
 *   open, open   period 2m: Fourier, and Fourier with a change of sign after m samples;
 *   wall, open   period 4m: the wall with a Neumann, and with a Dirichlet face at the far end (in either order).
 * A line that came out of the modes of both is their mean, so the doubled line never exists in memory. */
#include "passes_impl.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>

static size_t batch_for(size_t lines) {
    size_t batch = (lines + 1) / 2;
    batch = batch < 2 ? 2 : batch + batch % 2;
    return batch < QEP_MAX_BATCH ? batch : QEP_MAX_BATCH;
}

/* Lines of an axis that lie side by side in memory (x: rows of all planes). */
static size_t adjacent_lines(const qep_grid *grid, int axis) {
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n, nz = grid->axis[2].n;
    return axis == 0 ? ny * nz : axis == 1 ? nx : nx * ny;
}

/* Smallest even length >= n whose prime factors FFTW has code for: open lines may be longer than the grid. */
size_t qep_passes_padded(size_t n) {
    for (size_t m = n + n % 2;; m += 2) {
        size_t rest = m;
        static const size_t primes[] = {2, 3, 5, 7, 11, 13};
        for (size_t i = 0; i < sizeof primes / sizeof *primes; i++) {
            while (rest % primes[i] == 0) {
                rest /= primes[i];
            }
        }
        if (rest == 1) {
            return m;
        }
    }
}

static qep_status take_line(qep_branch *branch, size_t at, qep_error *err) {
    branch->modes = qep_line_unknowns(branch->line);
    branch->at = at;
    QEP_TRY(qep_alloc((void **)&branch->conjugate, branch->modes + 1, sizeof *branch->conjugate, "modes of an axis", err));
    for (size_t k = 0; k < branch->modes; k++) {
        branch->conjugate[k] = qep_line_conjugate(branch->line, k);
    }
    return QEP_OK;
}

static qep_status plan_closed(qep_pass_axis *axis, const qep_grid *grid, const qep_walls *walls, int d, size_t batch, qep_effort effort,
                              qep_error *err) {
    qep_branch *branch = &axis->branch[0];
    QEP_TRY(qep_line_create(&branch->line, walls->wall[d][0].kind, walls->wall[d][1].kind, grid->sampling, axis->n, batch, effort, err));
    axis->unknowns = qep_line_unknowns(branch->line);
    axis->first = qep_line_first(branch->line);
    QEP_TRY(take_line(branch, axis->first, err));
    axis->extent = axis->n;
    axis->modes = axis->unknowns;
    return QEP_OK;
}

/* The wall that faces a branch at the far end. */
static const qep_wall_kind far_end[2] = {QEP_WALL_NEUMANN, QEP_WALL_DIRICHLET};

static qep_status plan_half_open(qep_pass_axis *axis, const qep_grid *grid, const qep_walls *walls, int d, size_t batch, qep_effort effort,
                                 qep_error *err) {
    const int high = walls->wall[d][0].kind == QEP_WALL_NONE; /* side of the wall */
    const qep_wall_kind wall = walls->wall[d][high].kind;
    const int known = grid->sampling == QEP_NODE && wall == QEP_WALL_DIRICHLET;
    const size_t m = qep_passes_padded(axis->n), samples = grid->sampling == QEP_NODE ? m + 1 : m;
    axis->unknowns = axis->n - (size_t)known;
    axis->first = known && !high ? 1 : 0;
    for (int e = 0; e < 2; e++) {
        qep_branch *branch = &axis->branch[e];
        QEP_TRY(qep_line_create(&branch->line, high ? far_end[e] : wall, high ? wall : far_end[e], grid->sampling, samples, batch, effort, err));
        QEP_TRY(take_line(branch, e ? axis->branch[0].modes : 0, err));
        branch->offset = (high ? samples - axis->n : 0) + axis->first - qep_line_first(branch->line);
    }
    axis->half_period = 2 * m;
    axis->wall = wall;
    axis->wall_high = high;
    return QEP_OK;
}

static qep_status plan_open(qep_pass_axis *axis, size_t batch, qep_effort effort, qep_error *err) {
    const size_t m = qep_passes_padded(axis->n);
    QEP_TRY(qep_line_create(&axis->branch[0].line, QEP_WALL_NONE, QEP_WALL_NONE, QEP_CELL, m, batch, effort, err));
    QEP_TRY(qep_line_create_shifted(&axis->branch[1].line, m, batch, effort, err));
    QEP_TRY(take_line(&axis->branch[0], 0, err));
    QEP_TRY(take_line(&axis->branch[1], m, err));
    axis->half_period = m;
    return QEP_OK;
}

/* Kernel row of a coefficient: closed lines by their modes, open ones by k of theta = pi k/m, even k before odd ones. */
static size_t kernel_row(const qep_pass_axis *axis, const qep_branch *branch, size_t coefficient) {
    if (!axis->open) {
        return axis->modes < axis->unknowns && coefficient > axis->n - coefficient ? axis->n - coefficient : coefficient;
    }
    const size_t k = (size_t)lround(qep_line_theta(branch->line, coefficient) * (double)axis->half_period / QEP_PI);
    return k % 2 ? axis->half_period / 2 + 1 + k / 2 : k / 2;
}

static qep_status map_modes(qep_pass_axis *axis, int periodic, qep_error *err) {
    axis->modes = axis->open ? axis->half_period + 1 : periodic ? axis->n / 2 + 1 : axis->unknowns;
    QEP_TRY(qep_alloc((void **)&axis->mode, axis->extent, sizeof *axis->mode, "modes of an axis", err));
    for (int e = 0; e <= axis->open; e++) {
        const qep_branch *branch = &axis->branch[e];
        for (size_t i = 0; i < branch->modes; i++) {
            axis->mode[branch->at + i] = kernel_row(axis, branch, i);
        }
    }
    return QEP_OK;
}

qep_status qep_pass_axis_create(qep_pass_axis *axis, const qep_grid *grid, const qep_walls *walls, int d, qep_effort effort, qep_error *err) {
    const qep_axis *source = &grid->axis[d];
    *axis = (qep_pass_axis){.n = source->n, .h = source->h, .sampling = grid->sampling, .unknowns = source->n, .extent = source->n, .modes = 1};
    axis->open = qep_grid_axis_open(grid, d);
    QEP_TRY(qep_alloc_doubles(&axis->eigenvalues, axis->n, "eigenvalues", err));
    for (size_t i = 0; i < axis->n; i++) {
        axis->eigenvalues[i] = axis->n == 1 ? 0.0 : -1.0;
    }
    if (axis->n == 1) {
        axis->branch[0].modes = 1;
        return map_modes(axis, 0, err);
    }
    const size_t batch = batch_for(adjacent_lines(grid, d));
    if (!axis->open) {
        QEP_TRY(plan_closed(axis, grid, walls, d, batch, effort, err));
    } else {
        QEP_TRY(source->bc[0] == source->bc[1] ? plan_open(axis, batch, effort, err) : plan_half_open(axis, grid, walls, d, batch, effort, err));
        axis->extent = axis->branch[0].modes + axis->branch[1].modes;
    }
    return map_modes(axis, source->bc[0] == QEP_PERIODIC, err);
}

void qep_pass_axis_free(qep_pass_axis *axis) {
    qep_pass_slope_free(axis);
    qep_line_destroy(axis->branch[0].line);
    qep_line_destroy(axis->branch[1].line);
    qep_free(axis->branch[0].conjugate);
    qep_free(axis->branch[1].conjugate);
    qep_free(axis->eigenvalues);
    qep_free(axis->mode);
}

size_t qep_pass_axis_rows(const qep_pass_axis *axis) {
    return axis->branch[0].modes > axis->branch[1].modes ? axis->branch[0].modes : axis->branch[1].modes;
}

double qep_pass_axis_scale(const qep_pass_axis *axis, size_t mode) {
    if (!axis->branch[0].line) {
        return 1.0;
    }
    if (!axis->open) {
        return 1.0 / qep_line_norm(axis->branch[0].line);
    }
    /* the branch that holds mode 0 or 1: even k come first */
    const size_t evens = axis->half_period / 2 + 1;
    const int zero_is_even = axis->mode[axis->branch[0].at] < evens;
    return 0.5 / qep_line_norm(axis->branch[(mode < evens) == zero_is_even ? 0 : 1].line);
}
