/* Regular grids: positions, strides, weights. */
#include "qep/grid/grid.h"

#include "qep/base/memory.h"
#include <math.h>

static const qep_bc_row boundaries[QEP_BC_COUNT] = {
    [QEP_PERIODIC] = {"periodic", "", "the field repeats; both faces of the axis"},
    [QEP_DIRICHLET] = {"dirichlet", "V", "phi = g on the face"},
    [QEP_NEUMANN] = {"neumann", "V/m", "n.grad phi = g, n the outward normal"},
    [QEP_NATURAL] = {"natural", "V/m",
                     "n.(grad phi - kappa grad S) = g: the face of an isolated sample"},
    [QEP_OPEN] = {"open", "",
                  "free space beyond the face: phi of an isolated system; on both faces, or opposite a "
                  "dirichlet, neumann or natural face"},
};

const qep_bc_row *qep_bc_table(void) {
    return boundaries;
}

static const char axis_name[3] = {'x', 'y', 'z'};

static qep_status init_axis(qep_axis *axis, int d, size_t n, const double *length,
                            const double *spacing, double origin, qep_sampling sampling,
                            const qep_bc faces[2], qep_error *err) {
    const double size = length ? *length : *spacing;
    if (n == 0) {
        return qep_error_add(err, QEP_ERR_CONFIG, "range", "/grid/points", NULL,
                             "axis %c has 0 points; at least 1 is needed", axis_name[d]);
    }
    if (!(size > 0.0) || !isfinite(size) || !isfinite(origin)) {
        return qep_error_add(
            err, QEP_ERR_CONFIG, "range", length ? "/grid/lengths" : "/grid/spacing", NULL,
            "axis %c: %g m; a positive finite length is needed", axis_name[d], size);
    }
    const int periodic = faces[0] == QEP_PERIODIC;
    /* node: both ends are samples unless the axis is periodic, so L = (n-1) h; one sample: h = L. */
    const double intervals =
        sampling == QEP_NODE && !periodic && n > 1 ? (double)(n - 1) : (double)n;
    axis->n = n;
    axis->h = length ? *length / intervals : *spacing;
    axis->length = length ? *length : *spacing * intervals;
    axis->origin = origin;
    axis->bc[0] = faces[0];
    axis->bc[1] = faces[1];
    return QEP_OK;
}

qep_status qep_grid_init(qep_grid *grid, int ndim, const size_t *points, const double *lengths,
                         const double *spacing, const double *origin, qep_sampling sampling,
                         const qep_bc faces[3][2], qep_error *err) {
    *grid = (qep_grid){.ndim = ndim, .sampling = sampling};
    size_t count = 1;
    for (int d = 0; d < 3; d++) {
        grid->axis[d] = (qep_axis){.n = 1, .h = 1.0, .length = 1.0};
        if (d < ndim) {
            QEP_TRY(init_axis(&grid->axis[d], d, points[d], lengths ? &lengths[d] : NULL,
                              spacing ? &spacing[d] : NULL, origin ? origin[d] : 0.0, sampling,
                              faces[d], err));
        }
        size_t bytes = 0;
        if (!qep_size_multiply(count, grid->axis[d].n, &count) ||
            !qep_size_multiply(count, sizeof(double), &bytes)) {
            return qep_error_add(err, QEP_ERR_MEMORY, "memory", "/grid/points", NULL,
                                 "the number of points exceeds what this machine can address");
        }
    }
    return QEP_OK;
}

size_t qep_grid_count(const qep_grid *grid) {
    return grid->axis[0].n * grid->axis[1].n * grid->axis[2].n;
}

double qep_grid_coordinate(const qep_grid *grid, int axis, size_t i) {
    if (axis >= grid->ndim) {
        return 0.0; /* a bar lies at y = z = 0, a film at z = 0, in either sampling */
    }
    const qep_axis *a = &grid->axis[axis];
    return a->origin + ((double)i + (grid->sampling == QEP_CELL ? 0.5 : 0.0)) * a->h;
}

int qep_grid_axis_active(const qep_grid *grid, int axis) {
    return grid->axis[axis].n > 1;
}

void qep_grid_shape(const qep_grid *grid, size_t shape[3]) {
    for (int d = 0; d < grid->ndim; d++) {
        shape[grid->ndim - 1 - d] = grid->axis[d].n;
    }
}

int qep_grid_axis_open(const qep_grid *grid, int axis) {
    const qep_axis *a = &grid->axis[axis];
    return a->n > 1 && (a->bc[0] == QEP_OPEN || a->bc[1] == QEP_OPEN);
}

int qep_grid_open_axes(const qep_grid *grid) {
    return qep_grid_axis_open(grid, 0) + qep_grid_axis_open(grid, 1) + qep_grid_axis_open(grid, 2);
}

double qep_grid_open_diagonal(const qep_grid *grid) {
    double diagonal = 0.0;
    for (int d = 0; d < 3; d++) {
        const qep_axis *a = &grid->axis[d];
        const double images = a->bc[0] == a->bc[1] ? 1.0 : 2.0;
        diagonal = qep_grid_axis_open(grid, d) ? hypot(diagonal, images * a->length) : diagonal;
    }
    return diagonal;
}

qep_constant qep_grid_constant(const qep_grid *grid) {
    const int open = qep_grid_open_axes(grid);
    for (int d = 0; d < 3; d++) {
        const qep_axis *a = &grid->axis[d];
        if (a->n > 1 && (a->bc[0] == QEP_DIRICHLET || a->bc[1] == QEP_DIRICHLET)) {
            return QEP_CONSTANT_FIXED;
        }
    }
    return open == 0 ? QEP_CONSTANT_FREE : (open == 3 ? QEP_CONSTANT_FIXED : QEP_CONSTANT_CONVENTION);
}

size_t qep_grid_stride(const qep_grid *grid, int axis) {
    size_t stride = 1;
    for (int d = 0; d < axis; d++) {
        stride *= grid->axis[d].n;
    }
    return stride;
}

double qep_grid_weight(const qep_grid *grid, int axis, size_t i) {
    const qep_axis *a = &grid->axis[axis];
    const int wall = grid->sampling == QEP_NODE && a->bc[0] != QEP_PERIODIC && a->n > 1;
    return wall && (i == 0 || i + 1 == a->n) ? 0.5 : 1.0;
}
