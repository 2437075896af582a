/* Along an axis between walls the second derivative of u is that of the lifting L = sum Q_k w_k plus the series of u - L,
 *   u'' = sum Q_k'' w_k + S (u - sum Q_k w_k) = S u + sum (Q_k'' - S Q_k) w_k,
 * and since the w_k are known (from the wall data and the equation itself) the sum goes to the right side: the solve stays diagonal, as with ghosts.
 * Each axis has its own lifting, so corners need no care. Rejected: lifting the axes off one after another; corners then extrapolate
 * extrapolations, and the noise of one is multiplied by that of the other. */
#include "lifting.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

enum { ROUGH = 4 };

/* out = scale (level-th wall derivative of f), from the samples nearest to the wall; zero where it is smaller than its own uncertainty, so
 * that a source that vanishes at the wall adds nothing, and where it changes by more than the samples do: rough data have no derivatives, and at the
 * wall the value of their nearest sample. */
static void extrapolate(const qep_grid *grid, const qep_lift *lift, const double *f, double scale,
                        int d, int side, int level, double *out) {
    int t1 = 0, t2 = 0;
    qep_stencil_transverse(d, &t1, &t2);
    const size_t s = qep_grid_stride(grid, d), s1 = qep_grid_stride(grid, t1),
                 s2 = qep_grid_stride(grid, t2);
    const double *w =
        lift->extrapolate + (size_t)(side * lift->levels + level) * (size_t)lift->points;
    const int m = 2 * level + (grid->axis[d].bc[side] != QEP_DIRICHLET);
    const double unit = pow(grid->axis[d].h, -m);
    const double *fewer = lift->fewer + (w - lift->extrapolate);
    for (size_t j = 0; j < grid->axis[t2].n; j++) {
        for (size_t i = 0; i < grid->axis[t1].n; i++) {
            double sum = 0.0, other = 0.0, low = INFINITY, high = -INFINITY;
            for (int p = 0; p < lift->points; p++) {
                const size_t at = side ? lift->n - 1 - (size_t)p : (size_t)p;
                const double value = f[i * s1 + j * s2 + at * s];
                sum += w[p] * value;
                other += fewer[p] * value;
                low = fmin(low, value);
                high = fmax(high, value);
            }
            if (fabs(sum - other) > (m < 2 ? 0.25 : 4.0) * (high - low) * unit) {
                sum = m ? 0.0 : f[i * s1 + j * s2 + (side ? lift->n - 1 : 0) * s];
            } else if (fabs(sum) <= fabs(sum - other)) {
                sum = 0.0;
            }
            out[j * grid->axis[t1].n + i] = scale * sum;
        }
    }
}

/* Derivatives along a face. Beyond open ends the data of a wall are nothing: with two open ends they are continued periodically, so that what little
 * there is at the ends makes no net source (extrapolated it would be multiplied by thousands); one open end has zero levels, and its other end is extrapolated
 * like the ends at walls. */
typedef struct {
    qep_differentiator *axis[2];
    qep_wall ends[2][2];      /* [axis][side]: what is known: nothing (kind NONE), or zero levels */
    const qep_wall *known[2]; /* NULL: extrapolate both */
} face_calculus;

static qep_status face_create(face_calculus *c, const qep_calculus *calculus, const qep_grid *face,
                              qep_error *err) {
    for (int d = 0; d < 2; d++) {
        if (face->axis[d].n > 1) {
            const qep_bc *bc = face->axis[d].bc;
            const int open[2] = {bc[0] == QEP_OPEN, bc[1] == QEP_OPEN};
            const int wraps = bc[0] == QEP_PERIODIC || (open[0] && open[1]);
            const qep_wall_kind kind = wraps ? QEP_WALL_NONE : QEP_WALL_DIRICHLET;
            for (int side = 0; side < 2; side++) {
                c->ends[d][side] = (qep_wall){.kind = open[side] ? QEP_WALL_DIRICHLET : QEP_WALL_NONE, .homogeneous = 1};
            }
            c->known[d] = !wraps && (open[0] || open[1]) ? c->ends[d] : NULL;
            QEP_TRY(qep_differentiator_create(&c->axis[d], face, d, kind, kind, calculus->threads,
                                              calculus->effort, err));
        }
    }
    return QEP_OK;
}

/* level k + 1 from level k; 0 where that is too rough. */
static int next_level(const qep_calculus *calculus, const face_calculus *face, int d, int k,
                      double *bend, qep_wall *wall) {
    const qep_grid grid = qep_stencil_face_grid(&calculus->grid, d);
    for (int t = 0; t < 2; t++) {
        if (!face->axis[t]) {
            continue;
        }
        /* periodic axes of the face have walls of kind NONE; the others are extrapolated */
        qep_differentiator_apply(face->axis[t], wall->level[k], face->known[t], 2, -1.0, NULL, 0, bend);
        if (!qep_stencil_add_level(wall->level[k], bend, wall->count, calculus->grid.axis[d].h,
                                   grid.axis[t].h, ROUGH, wall->level[k + 1])) {
            return 0;
        }
    }
    return 1;
}

static void fill_wall(const qep_calculus *calculus, const face_calculus *face, const double *f,
                      double s, int d, int side, double *bend, qep_wall *wall) {
    const qep_lift *lift = qep_differentiator_lift(calculus->bounded[d]);
    int k = 0;
    for (; k + 1 < lift->levels; k++) {
        if (f) {
            extrapolate(&calculus->grid, lift, f, s, d, side, k, wall->level[k + 1]);
        } else {
            memset(wall->level[k + 1], 0, wall->count * sizeof(double));
        }
        if (!next_level(calculus, face, d, k, bend, wall)) {
            break;
        }
    }
    for (k++; k < QEP_WALL_LEVELS; k++) {
        memset(wall->level[k], 0, wall->count * sizeof(double));
    }
}

qep_status qep_lifting_fill_walls(const qep_calculus *calculus, const double *f, double s,
                                  qep_walls *walls, qep_error *err) {
    for (int d = 0; d < 3; d++) {
        if ((walls->wall[d][0].kind == QEP_WALL_NONE && walls->wall[d][1].kind == QEP_WALL_NONE) ||
            (walls->wall[d][0].homogeneous && walls->wall[d][1].homogeneous)) {
            continue;
        }
        const qep_grid grid = qep_stencil_face_grid(&calculus->grid, d);
        face_calculus face = {.axis = {NULL, NULL}};
        double *bend = NULL;
        qep_status status = face_create(&face, calculus, &grid, err);
        if (status == QEP_OK) {
            status = qep_alloc_doubles(&bend, walls->wall[d][0].count, "wall scratch", err);
        }
        for (int side = 0; side < 2 && status == QEP_OK; side++) {
            if (!walls->wall[d][side].homogeneous) {
                fill_wall(calculus, &face, f, s, d, side, bend, &walls->wall[d][side]);
            }
        }
        qep_free(bend);
        qep_differentiator_destroy(face.axis[0]);
        qep_differentiator_destroy(face.axis[1]);
        QEP_TRY(status);
    }
    return QEP_OK;
}

qep_status qep_lifting_bends(const qep_calculus *calculus, const qep_wall *wall, int d, int levels, double *const *bend, qep_error *err) {
    const qep_grid grid = qep_stencil_face_grid(&calculus->grid, d);
    face_calculus face = {.axis = {NULL, NULL}};
    const qep_status status = face_create(&face, calculus, &grid, err);
    for (int k = 0; k < levels && status == QEP_OK; k++) {
        memset(bend[k], 0, wall->count * sizeof(double));
        for (int t = 0; t < 2; t++) {
            if (face.axis[t]) {
                qep_differentiator_apply(face.axis[t], wall->level[k], face.known[t], 2, 1.0, NULL, 1, bend[k]);
            }
        }
    }
    qep_differentiator_destroy(face.axis[0]);
    qep_differentiator_destroy(face.axis[1]);
    return status;
}

qep_status qep_lifting_face_slope(const qep_calculus *calculus, const double *level, int d, int t, double *out, qep_error *err) {
    const qep_grid grid = qep_stencil_face_grid(&calculus->grid, d);
    face_calculus face = {.axis = {NULL, NULL}};
    const qep_status status = face_create(&face, calculus, &grid, err);
    if (status == QEP_OK) {
        qep_differentiator_apply(face.axis[t], level, face.known[t], 1, 1.0, NULL, 0, out);
    }
    qep_differentiator_destroy(face.axis[0]);
    qep_differentiator_destroy(face.axis[1]);
    return status;
}

/* Lifting of face i (axis i / 2, side i % 2), or NULL when nothing is lifted there; walls before free space have their own (open_lift.c). */
static const qep_lift *active_lift(const qep_calculus *calculus, const qep_walls *walls, int i) {
    const qep_wall *wall = &walls->wall[i / 2][i % 2];
    const int closed = walls->wall[i / 2][!(i % 2)].kind != QEP_WALL_NONE;
    const int active = closed && wall->kind != QEP_WALL_NONE && !wall->homogeneous;
    return active ? qep_differentiator_lift(calculus->bounded[i / 2]) : NULL;
}

void qep_lifting_subtract(const qep_calculus *calculus, const qep_walls *walls, size_t y, size_t z,
                          double *row) {
    const size_t nx = calculus->grid.axis[0].n, ny = calculus->grid.axis[1].n;
    for (int i = 0; i < 6; i++) {
        const int d = i / 2, side = i % 2;
        const qep_wall *wall = &walls->wall[d][side];
        const qep_lift *lift = active_lift(calculus, walls, i);
        if (!lift) {
            continue;
        }
        for (int k = 0; k < lift->levels; k++) {
            const double *defect = qep_lift_defect(lift, side, k), *level = wall->level[k];
            if (d == 0) {
                const double w = level[z * ny + y];
                for (size_t x = 0; x < nx; x++) {
                    row[x] -= defect[x] * w;
                }
            } else {
                const double c = defect[d == 1 ? y : z];
                const double *w = level + (d == 1 ? z : y) * nx;
                for (size_t x = 0; x < nx; x++) {
                    row[x] -= c * w[x];
                }
            }
        }
    }
}

static double largest(const double *values, size_t count) {
    double most = 0.0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs(values[i]));
    }
    return most;
}

double qep_lifting_amplitude(const qep_calculus *calculus, const qep_walls *walls) {
    double total = 0.0;
    for (int i = 0; i < 6; i++) {
        const qep_wall *wall = &walls->wall[i / 2][i % 2];
        const qep_lift *lift = active_lift(calculus, walls, i);
        if (!lift) {
            continue;
        }
        for (int k = 0; k < lift->levels; k++) {
            total += largest(qep_lift_values(lift, 0, i % 2, k), lift->n) *
                     largest(wall->level[k], wall->count);
        }
    }
    return total;
}

double qep_lifting_spread(const qep_calculus *calculus, const qep_walls *walls) {
    double total = 0.0;
    for (int i = 0; i < 6; i++) {
        const qep_wall *wall = &walls->wall[i / 2][i % 2];
        const qep_lift *lift = active_lift(calculus, walls, i);
        if (!lift) {
            continue;
        }
        const int top = lift->levels - 1;
        double mean = 0.0, level = 0.0;
        for (size_t j = 0; j < lift->n; j++) {
            mean +=
                qep_grid_weight(&calculus->grid, i / 2, j) * qep_lift_defect(lift, i % 2, top)[j];
        }
        for (size_t t = 0; t < wall->count; t++) {
            level += wall->level[top][t];
        }
        total += fabs(mean * level) / ((double)lift->n * (double)wall->count);
    }
    return total;
}
