/* Wall data: allocation, and their higher levels from the equation itself. At a Dirichlet wall u_nn = f - lap_t g, u_nnnn = f_nn -
 * lap_t u_nn, ...; at a Neumann wall u_nnn = f_n - lap_t g, ...: what plain reflection lacks, and why every order holds up to the face. */
#include "qep/stencil/walls.h"

#include "qep/base/memory.h"
#include "qep/stencil/stencil.h"
#include <float.h>
#include <math.h>
#include <string.h>

enum { ROUGH = 2 };

void qep_walls_init(qep_walls *walls, const qep_grid *grid) {
    memset(walls, 0, sizeof *walls);
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            qep_wall *wall = &walls->wall[d][side];
            const qep_bc bc = grid->axis[d].bc[side];
            wall->homogeneous = 1;
            wall->count = qep_grid_count(grid) / grid->axis[d].n;
            if (grid->axis[d].n > 1 && bc != QEP_PERIODIC && bc != QEP_OPEN) {
                wall->kind = bc == QEP_DIRICHLET ? QEP_WALL_DIRICHLET : QEP_WALL_NEUMANN;
            }
        }
    }
}

qep_status qep_walls_allocate(qep_walls *walls, int axis, int side, qep_error *err) {
    qep_wall *wall = &walls->wall[axis][side];
    for (int k = 0; k < QEP_WALL_LEVELS; k++) {
        if (!wall->level[k]) {
            QEP_TRY(
                qep_alloc((void **)&wall->level[k], wall->count, sizeof(double), "wall data", err));
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
    int limited; /* see below */
} face_request;

/* Long one-sided rows multiply noise by hundreds. Where one sample less changes the result by more than a quarter of what these samples
 * differ among themselves (per h^m), or it leaves their range by more than that, the data are too rough for a polynomial: the nearest sample,
 * the nearest difference, no curvature. Smooth data never come here: their change is of the order of the row. */
static double limit(const face_request *in, double sum, double change, double spread, double first,
                    double second) {
    const double h = in->stencil->axis[in->axis].h, unit = spread / pow(h, in->m);
    const int wild = in->m < 2 && fabs(sum - (in->m ? 0.0 : first)) > 2.0 * unit;
    if (!in->limited || (fabs(change) <= (in->m < 2 ? 0.25 : 4.0) * unit && !wild)) {
        return sum;
    }
    return in->m == 0 ? first : in->m == 1 ? (second - first) / h : 0.0;
}

static double face_value(const face_request *in, const double *line, size_t stride) {
    const qep_stencil_axis *a = &in->stencil->axis[in->axis];
    const double sign = in->side && in->m % 2
                            ? -in->scale
                            : in->scale; /* mirrored row: odd derivatives change sign */
    double sum = 0.0, other = 0.0, low = INFINITY, high = -INFINITY, near[2] = {0.0, 0.0};
    for (int p = 0; p < a->face_points; p++) {
        const double value =
            line[(in->side ? a->n - 1 - (size_t)p : (size_t)p) * stride] - in->offset;
        sum += a->face[in->m][p] * value;
        other += a->fewer[in->m][p] * value;
        low = fmin(low, value);
        high = fmax(high, value);
        if (p < 2) {
            near[p] = value;
        }
    }
    if (in->certain && fabs(sum) <= fabs(sum - other)) {
        return 0.0;
    }
    return sign * limit(in, sum, sum - other, high - low, near[0], near[1]);
}

static void face_values(const face_request *in, double *out) {
    const qep_grid *grid = &in->stencil->grid;
    int t1 = 0, t2 = 0;
    qep_stencil_transverse(in->axis, &t1, &t2);
    const size_t s1 = qep_grid_stride(grid, t1), s2 = qep_grid_stride(grid, t2),
                 n1 = grid->axis[t1].n, n2 = grid->axis[t2].n;
    for (size_t j = 0; j < n2; j++) {
        for (size_t i = 0; i < n1; i++) {
            out[j * n1 + i] =
                face_value(in, in->u + i * s1 + j * s2, qep_grid_stride(grid, in->axis));
        }
    }
}

void qep_stencil_face(const qep_stencil *stencil, const double *u, double offset, int axis,
                      int side, int m, double scale, double *out) {
    const face_request request = {stencil, u, offset, scale, axis, side, m, 0, 0};
    face_values(&request, out);
}

void qep_stencil_face_limited(const qep_stencil *stencil, const double *u, double offset, int axis,
                              int side, int m, double *out) {
    const face_request request = {stencil, u, offset, 1.0, axis, side, m, 0, 1};
    face_values(&request, out);
}

void qep_stencil_face_certain(const qep_stencil *stencil, const double *f, int axis, int side,
                              int m, double scale, double *out) {
    const face_request request = {stencil, f, 0.0, scale, axis, side, m, 1, 1};
    face_values(&request, out);
}

static double largest(const double *values, size_t count) {
    double most = 0.0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs(values[i]));
    }
    return most;
}

int qep_stencil_add_level(const double *level, const double *curvature, size_t count, double h,
                          double h_t, double rough, double *next) {
    const double size = largest(level, count), bend = largest(curvature, count);
    if (bend * h_t * h_t <= 1e4 * DBL_EPSILON * size) {
        return 1;
    }
    if (!(bend * h * h <= rough * size)) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        next[i] += curvature[i];
    }
    return 1;
}

/* next += -lap_t level, on the face's own 2-D grid; 0 where the level is too rough. */
static int next_level(const qep_stencil *face, const double *level, double h, double *next,
                      double *bend, double *scratch) {
    const size_t n1 = face->grid.axis[0].n, n2 = face->grid.axis[1].n;
    for (int d = 0; d < 2; d++) {
        if (!face->axis[d].order) {
            continue;
        }
        for (size_t j = 0; j < n2; j++) {
            qep_stencil_row(face, level, NULL, d, 2, j, 0, -1.0, 0, bend + j * n1, scratch);
        }
        if (!qep_stencil_add_level(level, bend, n1 * n2, h, face->axis[d].h, ROUGH, next)) {
            return 0;
        }
    }
    return 1;
}

/* faces[k]: differences along the face for level k; the levels stand before rising powers of h, so falling orders suffice and spare
 * the corners the noise of long one-sided rows applied again and again. */
static void fill_wall(const qep_stencil *stencil, const qep_stencil *faces, int axis, int side,
                      const double *f, double s, qep_wall *wall, double *scratch, double *bend) {
    const int levels = stencil->axis[axis].half;
    int k = 0;
    for (; k < levels; k++) {
        const int m = 2 * k + (wall->kind == QEP_WALL_NEUMANN);
        if (f && m < QEP_STENCIL_FACE) {
            qep_stencil_face_certain(stencil, f, axis, side, m, s, wall->level[k + 1]);
        } else {
            memset(wall->level[k + 1], 0, wall->count * sizeof(double));
        }
        if (!next_level(&faces[k], wall->level[k], stencil->axis[axis].h, wall->level[k + 1], bend,
                        scratch)) {
            break;
        }
    }
    for (k++; k < QEP_WALL_LEVELS; k++) {
        memset(wall->level[k], 0, wall->count * sizeof(double));
    }
}

qep_status qep_stencil_fill_walls(const qep_stencil *stencil, const double *f, double s,
                                  qep_walls *walls, qep_error *err) {
    for (int d = 0; d < 3; d++) {
        if (walls->wall[d][0].kind == QEP_WALL_NONE && walls->wall[d][1].kind == QEP_WALL_NONE) {
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
        const size_t size = qep_stencil_scratch(&faces[0]);
        QEP_TRY(qep_alloc_doubles(&scratch, size + grid.axis[0].n * grid.axis[1].n, "wall scratch",
                                  err));
        for (int side = 0; side < 2; side++) {
            if (!walls->wall[d][side].homogeneous) {
                fill_wall(stencil, faces, d, side, f, s, &walls->wall[d][side], scratch,
                          scratch + size);
            }
        }
        qep_free(scratch);
    }
    return QEP_OK;
}
