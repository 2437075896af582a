/* Line operations on boxes of extended coefficients, block by block. */
#include "qep/spectral/box.h"

#include "qep/base/memory.h"
#include <float.h>
#include <math.h>
#include <string.h>

enum { W = QEP_BOX_WIDTH };

static qep_status make_walls(qep_box_axis *axis, const qep_grid *grid, int d, const qep_walls *kinds, qep_error *err) {
    QEP_TRY(qep_lift_create(&axis->lift, grid, d, kinds->wall[d][0].kind, kinds->wall[d][1].kind, qep_lift_levels(grid, d), err));
    axis->levels = axis->lift->levels;
    double *block = NULL;
    QEP_TRY(qep_alloc((void **)&block, (axis->n + 2) * W, sizeof *block, "lifting series", err));
    qep_status status = QEP_OK;
    for (int side = 0; side < 2 && status == QEP_OK; side++) {
        status = qep_alloc_doubles(&axis->top[side], axis->modes + 1, "lifting series", err);
        for (int below = 0; below < 2 && status == QEP_OK; below++) {
            const int level = axis->levels - 1 - below;
            memset(block, 0, (axis->n + 2) * W * sizeof *block);
            for (size_t i = 0; i < axis->n; i++) {
                block[i * W] = qep_lift_values(axis->lift, 0, side, level)[i];
            }
            qep_series_forward(axis->series, block);
            for (size_t k = 0; k < axis->modes && below == 0; k++) {
                axis->top[side][k] = block[k * W];
            }
            axis->mean_below[side] = block[0];
        }
    }
    qep_free(block);
    return status;
}

qep_status qep_box_axis_create(qep_box_axis *axis, const qep_grid *grid, int d, const qep_walls *kinds, qep_effort effort, qep_error *err) {
    *axis = (qep_box_axis){.n = grid->axis[d].n, .modes = 1, .extent = 1};
    if (axis->n > 1) {
        QEP_TRY(qep_series_create(&axis->series, kinds->wall[d][0].kind, kinds->wall[d][1].kind, grid->sampling, axis->n,
                                  grid->axis[d].h, W, effort, err));
        axis->modes = qep_series_modes(axis->series);
        if (kinds->wall[d][0].kind != QEP_WALL_NONE) {
            QEP_TRY(make_walls(axis, grid, d, kinds, err));
        }
    }
    axis->extent = axis->modes + 2 * (size_t)axis->levels;
    axis->extent = axis->extent > axis->n ? axis->extent : axis->n;
    QEP_TRY(qep_alloc_doubles(&axis->lambda, axis->modes + 1, "wavenumbers", err));
    for (size_t k = 0; k < axis->modes; k++) {
        const double q = axis->series ? qep_series_wavenumber(axis->series, k) : 0.0;
        axis->lambda[k] = q * q;
    }
    return QEP_OK;
}

void qep_box_axis_destroy(qep_box_axis *axis) {
    qep_series_destroy(axis->series);
    qep_lift_destroy(axis->lift);
    qep_free(axis->lambda);
    qep_free(axis->top[0]);
    qep_free(axis->top[1]);
    *axis = (qep_box_axis){0};
}

qep_status qep_box_create(qep_box *box, size_t nx, size_t ny, size_t nz, qep_error *err) {
    size_t count = 0;
    *box = (qep_box){.n = {nx, ny, nz}};
    if (!qep_size_multiply(nx, ny, &count) || !qep_size_multiply(count, nz, &count)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "the coefficients exceed the address space");
    }
    return qep_alloc((void **)&box->v, count, sizeof *box->v, "coefficients", err);
}

void qep_box_destroy(qep_box *box) {
    qep_free(box->v);
    box->v = NULL;
}

static double *levels_of(const qep_box_axis *axis, double *block) {
    return block + axis->modes * W;
}

/* block (samples) += sign * lifting of the levels [side][k][W]. */
static void add_lifting(const qep_box_axis *axis, const double *levels, double sign, double *block) {
    for (int side = 0; side < 2; side++) {
        for (int k = 0; k < axis->levels; k++) {
            const double *q = qep_lift_values(axis->lift, 0, side, k);
            const double *level = levels + (size_t)(side * axis->levels + k) * W;
            for (size_t i = 0; i < axis->n; i++) {
                for (size_t l = 0; l < W; l++) {
                    block[i * W + l] += sign * q[i] * level[l];
                }
            }
        }
    }
}

static void extrapolate(const qep_box_axis *axis, const double *block, const int *quiet, double *levels) {
    const size_t points = (size_t)axis->lift->points;
    memset(levels, 0, 2 * (size_t)axis->levels * W * sizeof *levels);
    for (int side = 0; side < 2; side++) {
        for (int k = 0; k + 1 < axis->levels && !(quiet && quiet[side]); k++) {
            const size_t at = (size_t)(side * axis->levels + k);
            for (size_t j = 0; j < points && axis->lift->extrapolate[at * points + j] != 0.0; j++) {
                const double w = axis->lift->extrapolate[at * points + j];
                const size_t depth = j * axis->lift->stride[k];
                const double *from = block + (side ? axis->n - 1 - depth : depth) * W;
                for (size_t l = 0; l < W; l++) {
                    levels[at * W + l] += w * from[l];
                }
            }
        }
    }
}

static void operate(const qep_box_axis *axis, qep_box_operation operation, const int *quiet, double *block) {
    double levels[2 * QEP_WALL_LEVELS * W];
    const size_t bytes = 2 * (size_t)axis->levels * W * sizeof *levels;
    switch (operation) {
    case QEP_BOX_ANALYSE:
        if (axis->levels) {
            extrapolate(axis, block, quiet, levels);
            add_lifting(axis, levels, -1.0, block);
        }
        qep_series_forward(axis->series, block);
        memcpy(levels_of(axis, block), levels, bytes);
        break;
    case QEP_BOX_SYNTHESISE:
        memcpy(levels, levels_of(axis, block), bytes);
        qep_series_backward(axis->series, block);
        if (axis->levels) {
            add_lifting(axis, levels, 1.0, block);
        }
        break;
    case QEP_BOX_TO_MODES:
        qep_series_forward(axis->series, block);
        memset(levels_of(axis, block), 0, bytes);
        break;
    case QEP_BOX_FROM_MODES:
        qep_series_backward(axis->series, block);
        break;
    }
}

void qep_box_apply(qep_box *box, int d, const qep_box_axis *axis, qep_box_operation operation, const int *quiet, int threads) {
    if (!axis->series) {
        return;
    }
    const size_t stride = d == 0 ? 1 : d == 1 ? box->n[0] : box->n[0] * box->n[1];
    const size_t inner = d == 0 ? 1 : stride, total = box->n[0] * box->n[1] * box->n[2] / box->n[d];
    const size_t blocks = (total + W - 1) / W, extent = axis->extent;
#pragma omp parallel num_threads(threads)
    {
        double *block = NULL;
        /* A few KiB per thread; extent + 2 rows so that shifted rows stay inside. */
        const qep_status status = qep_alloc_doubles(&block, (extent + 2) * W, "block", NULL);
#pragma omp for schedule(static)
        for (size_t b = 0; b < blocks; b++) {
            if (status != QEP_OK) {
                continue;
            }
            memset(block, 0, (extent + 2) * W * sizeof *block);
            double *line[W];
            const size_t lines = total - b * W < W ? total - b * W : W;
            for (size_t l = 0; l < lines; l++) {
                const size_t at = b * W + l;
                line[l] = box->v + at / inner * inner * box->n[d] + at % inner;
                for (size_t i = 0; i < extent; i++) {
                    block[i * W + l] = line[l][i * stride];
                }
            }
            operate(axis, operation, quiet, block);
            for (size_t l = 0; l < lines; l++) {
                for (size_t i = 0; i < extent; i++) {
                    line[l][i * stride] = block[i * W + l];
                }
            }
        }
        qep_free(block);
    }
}

void qep_box_find_quiet(const qep_box *box, int d, const qep_box_axis axes[3], int quiet[2]) {
    static const double noisy = 8.0; /* units of rounding that still count as noise */
    const qep_box_axis *axis = &axes[d];
    const size_t stride = d == 0 ? 1 : d == 1 ? box->n[0] : box->n[0] * box->n[1];
    const size_t count = box->n[0] * box->n[1] * box->n[2] / box->n[d];
    double largest = 0.0;
    for (size_t i = 0; i < box->n[0] * box->n[1] * box->n[2]; i++) {
        largest = fmax(largest, fabs(box->v[i]));
    }
    for (int side = 0; side < 2; side++) {
        quiet[side] = 1;
        for (size_t t = 0; t < count && quiet[side]; t++) {
            const double *line = box->v + t / stride * stride * box->n[d] + t % stride;
            for (int k = 0; k + 1 < axis->levels; k++) {
                const size_t at = (size_t)(side * axis->levels + k), points = (size_t)axis->lift->points;
                double sum = 0.0;
                for (size_t j = 0; j < points && axis->lift->extrapolate[at * points + j] != 0.0; j++) {
                    const size_t depth = j * axis->lift->stride[k];
                    sum += axis->lift->extrapolate[at * points + j] * line[(side ? axis->n - 1 - depth : depth) * stride];
                }
                quiet[side] &= fabs(sum) <= noisy * DBL_EPSILON * largest * axis->lift->gain[at];
            }
        }
    }
}
