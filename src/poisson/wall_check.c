/* The boundary residual: what a solution does at its walls, by extrapolation from its own samples. The solver's ghosts, levels and symbols are not used,
 * so a mistake in any of them shows. */
#include "qep/poisson/checks.h"

#include "calculus_impl.h"
#include "qep/base/reduce.h"
#include "qep/stencil/stencil.h"
#include <math.h>

typedef struct {
    size_t stride, first; /* of the samples that are used, counted from the face */
    int count;
    double weight[QEP_STENCIL_WIDTH]; /* of the value (Dirichlet) or the derivative along the axis (Neumann) */
} face_row;

static face_row make_row(const qep_stencil *stencil, int axis, int side, qep_wall_kind kind) {
    const qep_stencil_axis *a = &stencil->axis[axis];
    face_row row = {.stride = qep_grid_stride(&stencil->grid, axis)};
    row.first = kind == QEP_WALL_DIRICHLET && a->sampling == QEP_NODE;
    const size_t wanted = (size_t)a->order + 3, there = a->n - row.first - (kind == QEP_WALL_DIRICHLET && a->sampling == QEP_NODE);
    row.count = (int)(wanted < there ? wanted : there);
    double at[QEP_STENCIL_WIDTH];
    for (int p = 0; p < row.count; p++) {
        at[p] = (double)row.first + p + (a->sampling == QEP_CELL ? 0.5 : 0.0);
    }
    qep_stencil_weights(0.0, at, row.count, kind == QEP_WALL_NEUMANN, row.weight);
    for (int p = 0; p < row.count && kind == QEP_WALL_NEUMANN; p++) {
        row.weight[p] /= side ? -a->h : a->h;
    }
    return row;
}

/* Largest |extrapolated - datum| over the face, and the largest |datum|. Maxima do not depend on the order of threads. */
static void compare(const qep_calculus *c, const qep_wall *wall, int axis, int side, const double *u, double *difference, double *datum) {
    const qep_grid *grid = &c->grid;
    const face_row row = make_row(&c->stencil, axis, side, wall->kind);
    int t1 = 0, t2 = 0;
    qep_stencil_transverse(axis, &t1, &t2);
    const size_t s1 = qep_grid_stride(grid, t1), s2 = qep_grid_stride(grid, t2), n1 = grid->axis[t1].n, n2 = grid->axis[t2].n;
    const double *given = wall->homogeneous ? NULL : wall->level[0];
    double most = 0.0, data = 0.0;
#pragma omp parallel for num_threads(c->threads) schedule(static) reduction(max : most, data)
    for (size_t j = 0; j < n2; j++) {
        for (size_t i = 0; i < n1; i++) {
            const double *line = u + i * s1 + j * s2, g = given ? given[j * n1 + i] : 0.0;
            double value = 0.0;
            for (int p = 0; p < row.count; p++) {
                const size_t k = row.first + (size_t)p;
                value += row.weight[p] * line[(side ? grid->axis[axis].n - 1 - k : k) * row.stride];
            }
            most = fmax(most, fabs(value - g));
            data = fmax(data, fabs(g));
        }
    }
    *difference = most;
    *datum = data;
}

qep_status qep_check_walls(const qep_calculus *c, const qep_walls *walls, const double *u, qep_face_check check[3][2], qep_error *err) {
    (void)err;
    double low = 0.0, high = 0.0;
    qep_reduce_array_range(u, qep_grid_count(&c->grid), c->threads, &low, &high);
    for (int i = 0; i < 6; i++) {
        const int d = i / 2, side = i % 2;
        const qep_wall *wall = &walls->wall[d][side];
        const int has = wall->kind != QEP_WALL_NONE && qep_grid_axis_active(&c->grid, d);
        check[d][side] = (qep_face_check){.checked = has && make_row(&c->stencil, d, side, wall->kind).count > 0};
        if (!check[d][side].checked) {
            continue;
        }
        double datum = 0.0;
        compare(c, wall, d, side, u, &check[d][side].difference, &datum);
        const double size = wall->kind == QEP_WALL_DIRICHLET ? fmax(fabs(low), fabs(high)) : (high - low) / c->grid.axis[d].length;
        const double scale = fmax(size, datum);
        check[d][side].relative = scale > 0.0 ? check[d][side].difference / scale : 0.0;
    }
    return QEP_OK;
}
