/* Lines in blocks: lift off what the walls say, differentiate the series of the rest, add the polynomial's own derivative. */
#include "qep/spectral/differentiate.h"

#include "qep/base/memory.h"
#include "qep/spectral/lift.h"
#include "qep/spectral/series.h"
#include <omp.h>
#include <string.h>

enum { WIDTH = 16 };

struct qep_differentiator {
    size_t n, stride, inner, outer; /* lines: outer x inner, inner ones adjacent */
    size_t outer_stride, inner_stride;
    int threads;
    qep_series *series;
    qep_lift *lift;
    double *workspace;
    size_t work_size;
};

qep_status qep_differentiator_create(qep_differentiator **out, const qep_grid *grid, int axis, qep_wall_kind low, qep_wall_kind high,
                                     int threads, qep_effort effort, qep_error *err) {
    *out = NULL;
    qep_differentiator *d = NULL;
    QEP_TRY(qep_alloc((void **)&d, 1, sizeof *d, "differentiator", err));
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n, nz = grid->axis[2].n;
    d->n = grid->axis[axis].n;
    d->stride = qep_grid_stride(grid, axis);
    d->inner = axis == 0 ? ny * nz : axis == 1 ? nx : nx * ny;
    d->outer = axis == 1 ? nz : 1;
    d->inner_stride = axis == 0 ? nx : 1;
    d->outer_stride = nx * ny;
    d->threads = threads;
    d->work_size = ((d->n + 2) * WIDTH + 2 * QEP_WALL_LEVELS * WIDTH + 7) / 8 * 8;
    qep_status status = qep_alloc_doubles(&d->workspace, (size_t)threads * d->work_size, "derivative workspace", err);
    if (status == QEP_OK) {
        status = qep_series_create(&d->series, low, high, grid->sampling, d->n, grid->axis[axis].h, WIDTH, effort, err);
    }
    if (status == QEP_OK) {
        status = qep_lift_create(&d->lift, grid, axis, low, high, err);
    }
    if (status != QEP_OK) {
        qep_differentiator_destroy(d);
        return status;
    }
    *out = d;
    return QEP_OK;
}

void qep_differentiator_destroy(qep_differentiator *d) {
    if (!d) {
        return;
    }
    qep_series_destroy(d->series);
    qep_lift_destroy(d->lift);
    qep_free(d->workspace);
    qep_free(d);
}

/* Levels of a block of lines [side][level][WIDTH]: from the walls, or (without, and at open faces) extrapolated from the samples. */
static void take_levels(const qep_differentiator *d, const double *block, const qep_wall *walls, size_t t, size_t lines, double *levels) {
    const qep_lift *lift = d->lift;
    memset(levels, 0, 2 * QEP_WALL_LEVELS * WIDTH * sizeof *levels);
    for (int side = 0; side < 2; side++) {
        for (int k = 0; k < lift->levels; k++) {
            double *to = levels + ((size_t)side * (size_t)lift->levels + (size_t)k) * WIDTH;
            if (walls && walls[side].kind != QEP_WALL_NONE) {
                if (!walls[side].homogeneous) {
                    memcpy(to, walls[side].level[k] + t, lines * sizeof *to);
                }
                continue;
            }
            const double *w = lift->extrapolate + ((size_t)side * (size_t)lift->levels + (size_t)k) * (size_t)lift->points;
            for (int j = 0; j < lift->points; j++) {
                if (w[j] == 0.0) {
                    break; /* fewer samples than others use */
                }
                const double *from = block + (side ? d->n - 1 - (size_t)j : (size_t)j) * WIDTH;
                for (size_t l = 0; l < WIDTH; l++) {
                    to[l] += w[j] * from[l];
                }
            }
        }
    }
}

const qep_lift *qep_differentiator_lift(const qep_differentiator *d) {
    return d->lift;
}

/* block += sign * sum of the m-th derivatives of the lifting. */
static void add_lifting(const qep_differentiator *d, int m, const double *levels, double sign, double *block) {
    for (int side = 0; side < 2; side++) {
        for (int k = 0; k < d->lift->levels; k++) {
            const double *q = qep_lift_values(d->lift, m, side, k);
            const double *level = levels + ((size_t)side * (size_t)d->lift->levels + (size_t)k) * WIDTH;
            for (size_t i = 0; i < d->n; i++) {
                for (size_t l = 0; l < WIDTH; l++) {
                    block[i * WIDTH + l] += sign * q[i] * level[l];
                }
            }
        }
    }
}

void qep_differentiator_apply(const qep_differentiator *d, const double *u, const qep_wall *walls, int m, double alpha,
                              const double *weight, int accumulate, double *out) {
    const size_t blocks = (d->inner + WIDTH - 1) / WIDTH;
    const double offset = walls ? 0.0 : u[0];
#pragma omp parallel for num_threads(d->threads) schedule(static)
    for (size_t b = 0; b < d->outer * blocks; b++) {
        double *block = d->workspace + (size_t)omp_get_thread_num() * d->work_size, *levels = block + (d->n + 2) * WIDTH;
        const size_t outer = b / blocks, inner = b % blocks * WIDTH;
        const size_t lines = d->inner - inner < WIDTH ? d->inner - inner : WIDTH;
        const size_t at = outer * d->outer_stride + inner * d->inner_stride;
        memset(block, 0, d->n * WIDTH * sizeof *block);
        for (size_t i = 0; i < d->n; i++) {
            for (size_t l = 0; l < lines; l++) {
                block[i * WIDTH + l] = u[at + i * d->stride + l * d->inner_stride] - offset;
            }
        }
        take_levels(d, block, walls, outer * d->inner + inner, lines, levels);
        add_lifting(d, 0, levels, -1.0, block);
        qep_series_forward(d->series, block);
        qep_series_derivative(d->series, m, block);
        add_lifting(d, m, levels, 1.0, block);
        for (size_t i = 0; i < d->n; i++) {
            for (size_t l = 0; l < lines; l++) {
                const size_t to = at + i * d->stride + l * d->inner_stride;
                const double value = alpha * (weight ? weight[to] : 1.0) * block[i * WIDTH + l];
                out[to] = accumulate ? out[to] + value : value;
            }
        }
    }
}
