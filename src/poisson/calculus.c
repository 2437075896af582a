/* The door to derivatives: finite-difference rows for fdN, series between walls for spectral. */
#include "calculus_impl.h"

#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "solver_impl.h"
#include <math.h>
#include <omp.h>
#include <string.h>

/* Order of the one-sided rows that extrapolate to faces when the derivatives themselves are spectral. */
enum { SPECTRAL_FACE_ORDER = 8 };

static qep_status make_spectral(qep_calculus *c, qep_error *err) {
    qep_walls kinds;
    qep_walls_init(&kinds, &c->grid);
    for (int d = 0; d < 3; d++) {
        if (!qep_grid_axis_active(&c->grid, d)) {
            continue;
        }
        /* open faces: values and curvatures extrapolated, as for fields without boundary condition */
        const int periodic = c->grid.axis[d].bc[0] == QEP_PERIODIC;
        qep_wall_kind kind[2] = {kinds.wall[d][0].kind, kinds.wall[d][1].kind};
        for (int side = 0; side < 2 && !periodic; side++) {
            kind[side] = kind[side] == QEP_WALL_NONE ? QEP_WALL_DIRICHLET : kind[side];
        }
        QEP_TRY(qep_differentiator_create(&c->bounded[d], &c->grid, d, kind[0], kind[1], c->threads,
                                          c->effort, err));
        if (!periodic) {
            QEP_TRY(qep_differentiator_create(&c->unbounded[d], &c->grid, d, QEP_WALL_DIRICHLET,
                                              QEP_WALL_DIRICHLET, c->threads, c->effort, err));
        }
    }
    return QEP_OK;
}

qep_status qep_calculus_create(qep_calculus **out, const qep_grid *grid,
                               const qep_calculus_options *options, const qep_log *log,
                               qep_error *err) {
    *out = NULL;
    qep_calculus *c = NULL;
    QEP_TRY(qep_alloc((void **)&c, 1, sizeof *c, "calculus", err));
    c->grid = *grid;
    c->derivative = options->derivative;
    c->threads = options->threads > 0 ? options->threads : 1;
    c->effort = (qep_effort)options->effort;
    const qep_derivative_row *row = &qep_derivative_table()[options->derivative];
    qep_stencil_init(&c->stencil, grid, row->order ? row->order : SPECTRAL_FACE_ORDER);
    for (int d = 0; row->order && d < 3; d++) {
        if (c->stencil.axis[d].order && c->stencil.axis[d].order < row->order) {
            qep_log_write(log, QEP_LOG_WARNING,
                          "axis %c: %zu samples are too few for %s; fd%d is used along it",
                          "xyz"[d], grid -> axis[d].n, row->name, c->stencil.axis[d].order);
        }
    }
    c->scratch_size = qep_stencil_scratch(&c->stencil) + grid->axis[0].n + 8;
    qep_status status = qep_alloc_doubles(&c->scratch, (size_t)c->threads * c->scratch_size,
                                          "derivative workspace", err);
    if (status == QEP_OK && options->derivative == QEP_SPECTRAL) {
        status = make_spectral(c, err);
    }
    if (status != QEP_OK) {
        qep_calculus_destroy(c);
        return status;
    }
    *out = c;
    return QEP_OK;
}

void qep_calculus_destroy(qep_calculus *c) {
    if (!c) {
        return;
    }
    for (int d = 0; d < 3; d++) {
        qep_differentiator_destroy(c->bounded[d]);
        qep_differentiator_destroy(c->unbounded[d]);
    }
    qep_free(c->scratch);
    qep_free(c);
}

int qep_calculus_order(const qep_calculus *c, int axis) {
    return c->derivative == QEP_SPECTRAL ? 0 : c->stencil.axis[axis].order;
}

static void difference_rows(const qep_calculus *c, const double *u, const qep_walls *walls,
                            int axis, int m, double alpha, const double *weight, int accumulate,
                            double *out) {
    const size_t nx = c->grid.axis[0].n, ny = c->grid.axis[1].n, rows = ny * c->grid.axis[2].n;
#pragma omp parallel num_threads(c->threads)
    {
        double *scratch = c->scratch + (size_t)omp_get_thread_num() * c->scratch_size;
        double *plain = scratch + qep_stencil_scratch(&c->stencil);
#pragma omp for schedule(static)
        for (size_t i = 0; i < rows; i++) {
            size_t y = 0, z = 0;
            qep_stencil_sweep(&c->stencil, i, &y, &z);
            const size_t r = z * ny + y;
            double *row = out + r * nx;
            if (!weight) {
                qep_stencil_row(&c->stencil, u, walls, axis, m, y, z, alpha, accumulate, row,
                                scratch);
                continue;
            }
            qep_stencil_row(&c->stencil, u, walls, axis, m, y, z, alpha, 0, plain, scratch);
            for (size_t x = 0; x < nx; x++) {
                row[x] = (accumulate ? row[x] : 0.0) + weight[r * nx + x] * plain[x];
            }
        }
    }
}

qep_status qep_calculus_derivative(const qep_calculus *c, const double *u, const qep_walls *walls,
                                   int axis, int m, double alpha, const double *weight,
                                   int accumulate, double *out, qep_error *err) {
    if (m < 1 || m > 2 || axis < 0 || axis > 2) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "derivative", NULL, NULL,
                             "derivative %d along axis %d does not exist", m, axis);
    }
    if (c->derivative != QEP_SPECTRAL || !qep_grid_axis_active(&c->grid, axis)) {
        difference_rows(c, u, walls, axis, m, alpha, weight, accumulate, out);
        return QEP_OK;
    }
    if (!walls && c->unbounded[axis]) {
        qep_differentiator_apply(c->unbounded[axis], u, NULL, m, alpha, weight, accumulate, out);
    } else {
        qep_differentiator_apply(c->bounded[axis], u, walls ? walls->wall[axis] : NULL, m, alpha,
                                 weight, accumulate, out);
    }
    return QEP_OK;
}

qep_status qep_calculus_mixed(const qep_calculus *c, const double *u, int a, int b, double alpha, int accumulate, double *work,
                              double *out, qep_error *err) {
    if (a == b) {
        return qep_calculus_derivative(c, u, NULL, a, 2, alpha, NULL, accumulate, out, err);
    }
    QEP_TRY(qep_calculus_derivative(c, u, NULL, a < b ? a : b, 1, 1.0, NULL, 0, work, err));
    return qep_calculus_derivative(c, work, NULL, a < b ? b : a, 1, alpha, NULL, accumulate, out, err);
}

qep_status qep_calculus_face(const qep_calculus *c, const double *u, double offset, int axis,
                             int side, double *value, double *slope, qep_error *err) {
    (void)err;
    if (value) {
        qep_stencil_face_limited(&c->stencil, u, offset, axis, side, 0, value);
    }
    if (slope) {
        qep_stencil_face_limited(&c->stencil, u, offset, axis, side, 1, slope);
    }
    return QEP_OK;
}

/* How far the fluxes of grad u through the marked faces by extrapolations of two orders differ, and by those that rough data get. Face by
 * face: of an antisymmetric difference the total may cancel by chance. */
static double flux_uncertainty(const qep_stencil *stencil, const qep_stencil *other,
                               const double *u, const int faces[3][2], double *slope) {
    double total = 0.0;
    for (int i = 0; i < 6; i++) {
        const int d = i / 2, side = i % 2;
        if (!stencil->axis[d].order || !faces[d][side]) {
            continue;
        }
        qep_stencil_face(stencil, u, u[0], d, side, 1, 1.0, slope);
        const double flux = qep_face_sum(&stencil->grid, d, slope, 0);
        qep_stencil_face(other, u, u[0], d, side, 1, 1.0, slope);
        total += fabs(qep_face_sum(&stencil->grid, d, slope, 0) - flux);
        qep_stencil_face_limited(stencil, u, u[0], d, side, 1, slope);
        total += fabs(qep_face_sum(&stencil->grid, d, slope, 0) - flux);
    }
    return total * qep_cell_volume(&stencil->grid);
}

typedef struct {
    const qep_grid *grid;
    const double *values;
} weighted;

static double absolute_sum(const void *context, size_t begin, size_t end) {
    const weighted *in = context;
    const size_t nx = in->grid->axis[0].n, ny = in->grid->axis[1].n;
    double sum = 0.0;
    for (size_t i = begin; i < end; i++) {
        const double w = qep_grid_weight(in->grid, 0, i % nx) *
                         qep_grid_weight(in->grid, 1, i / nx % ny) *
                         qep_grid_weight(in->grid, 2, i / (nx * ny));
        sum += w * fabs(in->values[i]);
    }
    return sum;
}

qep_status qep_calculus_flux_check(const qep_calculus *c, const double *u, const int faces[3][2],
                                   double *curvature, double *uncertainty, qep_error *err) {
    const size_t count = qep_grid_count(&c->grid);
    double *work = NULL;
    QEP_TRY(qep_alloc_doubles(&work, count, "curvature of the entropy", err));
    int order = 2;
    qep_status status = QEP_OK;
    for (int d = 0; d < 3 && status == QEP_OK; d++) {
        order = c->stencil.axis[d].order > order ? c->stencil.axis[d].order : order;
        status = qep_calculus_derivative(c, u, NULL, d, 2, 1.0, NULL, d > 0, work, err);
    }
    const weighted in = {&c->grid, work};
    if (status == QEP_OK) {
        status = qep_reduce_sum(count, absolute_sum, &in, c->threads, curvature, err);
        *curvature *= qep_cell_volume(&c->grid);
    }
    qep_stencil other;
    qep_stencil_init(&other, &c->grid, order < 10 ? order + 2 : 8);
    *uncertainty = flux_uncertainty(&c->stencil, &other, u, faces, work);
    qep_free(work);
    return status;
}
