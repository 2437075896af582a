/* Wall data: allocation, and their higher levels from the equation itself. At a Dirichlet wall u_nn = f - lap_t g, u_nnnn = f_nn -
 * lap_t u_nn, ...; at a Neumann wall u_nnn = f_n - lap_t g, ...: what plain reflection lacks, and why every order holds up to the face. */
#include "qep/stencil/walls.h"

#include "qep/base/memory.h"
#include "qep/stencil/stencil.h"
#include <math.h>
#include <string.h>

void qep_walls_init(qep_walls *walls, const qep_grid *grid) {
    memset(walls, 0, sizeof *walls);
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            qep_wall *wall = &walls->wall[d][side];
            const qep_bc bc = grid->axis[d].bc[side];
            wall->homogeneous = 1;
            wall->count = qep_grid_count(grid) / grid->axis[d].n;
            if (grid->axis[d].n > 1 && bc != QEP_PERIODIC) {
                wall->kind = bc == QEP_DIRICHLET ? QEP_WALL_DIRICHLET : QEP_WALL_NEUMANN;
            }
        }
    }
}

qep_status qep_walls_allocate(qep_walls *walls, int axis, int side, qep_error *err) {
    qep_wall *wall = &walls->wall[axis][side];
    for (int k = 0; k < QEP_WALL_LEVELS; k++) {
        if (!wall->level[k]) {
            QEP_TRY(qep_alloc((void **)&wall->level[k], wall->count, sizeof(double), "wall data", err));
        }
    }
    wall->homogeneous = 0;
    return QEP_OK;
}

void qep_walls_free(qep_walls *walls) {
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            for (int k = 0; k < QEP_WALL_LEVELS; k++) {
                qep_free(walls->wall[d][side].level[k]);
                walls->wall[d][side].level[k] = NULL;
            }
            walls->wall[d][side].homogeneous = 1;
        }
    }
}

void qep_stencil_transverse(int axis, int *t1, int *t2) {
    *t1 = axis == 0 ? 1 : 0;
    *t2 = axis == 2 ? 1 : 2;
}

qep_grid qep_stencil_face_grid(const qep_grid *grid, int axis) {
    int t1 = 0, t2 = 0;
    qep_stencil_transverse(axis, &t1, &t2);
    qep_grid face = {.ndim = 2, .sampling = grid->sampling};
    face.axis[0] = grid->axis[t1];
    face.axis[1] = grid->axis[t2];
    face.axis[2] = (qep_axis){.n = 1, .h = 1.0, .length = 1.0};
    return face;
}

/* Visit every line that ends on a face: weighted sum of its nearest samples, and of one sample less. */
typedef struct {
    const qep_stencil *stencil;
    const double *u;
    double offset, scale;
    int axis, side, m;
    int certain; /* zero what is below its uncertainty */
} face_request;

static double face_value(const face_request *in, const double *line, size_t stride) {
    const qep_stencil_axis *a = &in->stencil->axis[in->axis];
    const double sign = in->side && in->m % 2 ? -in->scale : in->scale; /* mirrored row: odd derivatives change sign */
    double sum = 0.0, other = 0.0;
    for (int p = 0; p < a->face_points; p++) {
        const double value = line[(in->side ? a->n - 1 - (size_t)p : (size_t)p) * stride] - in->offset;
        sum += a->face[in->m][p] * value;
        other += a->fewer[in->m][p] * value;
    }
    return in->certain && fabs(sum) <= fabs(sum - other) ? 0.0 : sign * sum;
}

static void face_values(const face_request *in, double *out) {
    const qep_grid *grid = &in->stencil->grid;
    int t1 = 0, t2 = 0;
    qep_stencil_transverse(in->axis, &t1, &t2);
    const size_t s1 = qep_grid_stride(grid, t1), s2 = qep_grid_stride(grid, t2), n1 = grid->axis[t1].n, n2 = grid->axis[t2].n;
    for (size_t j = 0; j < n2; j++) {
        for (size_t i = 0; i < n1; i++) {
            out[j * n1 + i] = face_value(in, in->u + i * s1 + j * s2, qep_grid_stride(grid, in->axis));
        }
    }
}

void qep_stencil_face(const qep_stencil *stencil, const double *u, double offset, int axis, int side, int m, double scale,
                      double *out) {
    const face_request request = {stencil, u, offset, scale, axis, side, m, 0};
    face_values(&request, out);
}

void qep_stencil_face_certain(const qep_stencil *stencil, const double *f, int axis, int side, int m, double scale, double *out) {
    const face_request request = {stencil, f, 0.0, scale, axis, side, m, 1};
    face_values(&request, out);
}

/* next = (source of this level) - lap_t level, on the face's own 2-D grid. */
static void next_level(const qep_stencil *face, const double *level, double *next, double *scratch) {
    const size_t n1 = face->grid.axis[0].n, n2 = face->grid.axis[1].n;
    for (size_t j = 0; j < n2; j++) {
        for (int d = 0; d < 2; d++) {
            if (face->axis[d].order) {
                qep_stencil_row(face, level, NULL, d, 2, j, 0, -1.0, 1, next + j * n1, scratch);
            }
        }
    }
}

/* faces[k]: differences along the face for level k; the levels stand before rising powers of h, so falling orders suffice and spare
 * the corners the noise of long one-sided rows applied again and again. */
static void fill_wall(const qep_stencil *stencil, const qep_stencil *faces, int axis, int side, const double *f, double s,
                      qep_wall *wall, double *scratch) {
    const int levels = stencil->axis[axis].half;
    for (int k = 0; k < levels; k++) {
        const int m = 2 * k + (wall->kind == QEP_WALL_NEUMANN);
        if (f && m < QEP_STENCIL_FACE) {
            qep_stencil_face_certain(stencil, f, axis, side, m, s, wall->level[k + 1]);
        } else {
            memset(wall->level[k + 1], 0, wall->count * sizeof(double));
        }
        next_level(&faces[k], wall->level[k], wall->level[k + 1], scratch);
    }
    for (int k = levels + 1; k < QEP_WALL_LEVELS; k++) {
        memset(wall->level[k], 0, wall->count * sizeof(double));
    }
}

qep_status qep_stencil_fill_walls(const qep_stencil *stencil, const double *f, double s, qep_walls *walls, qep_error *err) {
    for (int d = 0; d < 3; d++) {
        if (walls->wall[d][0].kind == QEP_WALL_NONE) {
            continue;
        }
        const qep_grid grid = qep_stencil_face_grid(&stencil->grid, d);
        qep_stencil faces[QEP_WALL_LEVELS];
        int order = 2;
        for (int e = 0; e < 3; e++) {
            order = stencil->axis[e].order > order ? stencil->axis[e].order : order;
        }
        for (int k = 0; k < QEP_WALL_LEVELS; k++) {
            qep_stencil_init(&faces[k], &grid, order - 2 * k > 2 ? order - 2 * k : 2);
        }
        double *scratch = NULL;
        QEP_TRY(qep_alloc_doubles(&scratch, qep_stencil_scratch(&faces[0]), "wall scratch", err));
        for (int side = 0; side < 2; side++) {
            if (!walls->wall[d][side].homogeneous) {
                fill_wall(stencil, faces, d, side, f, s, &walls->wall[d][side], scratch);
            }
        }
        qep_free(scratch);
    }
    return QEP_OK;
}
