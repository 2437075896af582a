/* Spectral solve between walls (docs/numerics.md, "Spectral accuracy up to the wall"). Axis by axis, the part of u that carries the wall data is
 * lifted off: u = L_x + L_y + L_z + v with L_d = sum Q_k w_k, where the faces' coefficients follow from the equation itself,
 *   w_{k+1} = (k-th level of f at the wall) - lap_t w_k,
 * and v has a pure series along every axis. All Laplacians act on coefficients (modes: -lambda; levels: Q_k'' = Q_{k-1}), never on samples:
 * differentiating extrapolated samples again and again was rejected because its noise grows as N^2 each time and does not cancel. */
#include "extended.h"

#include "qep/base/memory.h"
#include "qep/spectral/box.h"
#include <math.h>
#include <string.h>

struct qep_extended {
    qep_grid grid;
    qep_walls kinds;
    qep_box_axis axis[3];
    qep_box f;                              /* extended coefficients of the right side, then of v */
    qep_box face[3][2][QEP_WALL_LEVELS];    /* w_k of each wall: modes along earlier axes, extended along later ones */
    qep_box work;
    int threads;
};

static int has_wall(const qep_extended *e, int d) {
    return e->axis[d].levels > 0;
}

static qep_status face_create(const qep_extended *e, int d, qep_box *face, qep_error *err) {
    size_t n[3] = {e->axis[0].extent, e->axis[1].extent, e->axis[2].extent};
    n[d] = 1;
    return qep_box_create(face, n[0], n[1], n[2], err);
}

static qep_status create_boxes(qep_extended *e, qep_error *err) {
    QEP_TRY(qep_box_create(&e->f, e->axis[0].extent, e->axis[1].extent, e->axis[2].extent, err));
    for (int d = 0; d < 3; d++) {
        for (int i = 0; has_wall(e, d) && i < 2 * e->axis[d].levels; i++) {
            QEP_TRY(face_create(e, d, &e->face[d][i % 2][i / 2], err));
        }
    }
    const size_t *n = e->f.n;
    const size_t a = n[0] * n[1], b = n[1] * n[2], c = n[0] * n[2];
    return qep_box_create(&e->work, a > b ? (a > c ? a : c) : (b > c ? b : c), 1, 1, err);
}

qep_status qep_extended_create(qep_extended **out, const qep_grid *grid, const qep_walls *kinds, int threads, qep_effort effort,
                               qep_error *err) {
    *out = NULL;
    qep_extended *e = NULL;
    QEP_TRY(qep_alloc((void **)&e, 1, sizeof *e, "spectral solver", err));
    e->grid = *grid;
    e->kinds = *kinds;
    e->threads = threads;
    qep_status status = QEP_OK;
    for (int d = 0; d < 3 && status == QEP_OK; d++) {
        status = qep_box_axis_create(&e->axis[d], grid, d, kinds, effort, err);
    }
    if (status == QEP_OK) {
        status = create_boxes(e, err);
    }
    if (status != QEP_OK) {
        qep_extended_destroy(e);
        return status;
    }
    *out = e;
    return QEP_OK;
}

void qep_extended_destroy(qep_extended *e) {
    if (!e) {
        return;
    }
    for (int d = 0; d < 3; d++) {
        qep_box_axis_destroy(&e->axis[d]);
        for (int i = 0; i < 2 * QEP_WALL_LEVELS; i++) {
            qep_box_destroy(&e->face[d][i % 2][i / 2]);
        }
    }
    qep_box_destroy(&e->f);
    qep_box_destroy(&e->work);
    qep_free(e);
}

size_t qep_extended_memory(const qep_grid *grid, const qep_walls *kinds) {
    size_t extent[3];
    for (int d = 0; d < 3; d++) {
        extent[d] = grid->axis[d].n + (kinds->wall[d][0].kind != QEP_WALL_NONE ? 2 * (QEP_WALL_LEVELS - 1) : 0);
    }
    const size_t faces = extent[0] * extent[1] + extent[1] * extent[2] + extent[0] * extent[2];
    /* coefficients, faces, and the full field that the residual of exact symbols needs */
    return sizeof(double) * (extent[0] * extent[1] * extent[2] + 11 * faces + qep_grid_count(grid));
}

/* (lap_e v) at one place of a face or box, e running over the axes other than `without`. */
static double laplacian_at(const qep_extended *e, const qep_box *box, int without, const size_t at[3]) {
    const double *here = qep_box_at(box, at[0], at[1], at[2]);
    const size_t stride[3] = {1, box->n[0], box->n[0] * box->n[1]};
    double sum = 0.0;
    for (int d = 0; d < 3; d++) {
        const qep_box_axis *axis = &e->axis[d];
        if (d == without || !axis->series) {
            continue;
        }
        if (at[d] < axis->modes) {
            sum -= axis->lambda[at[d]] * *here;
            for (int side = 0; at[d] == 0 && axis->levels && side < 2; side++) {
                sum += axis->lift->mean_second[side] * here[qep_box_level(axis, side, 0) * stride[d]];
            }
        } else if (at[d] < axis->modes + 2 * (size_t)axis->levels) {
            const int level = (int)((at[d] - axis->modes) % (size_t)axis->levels);
            sum += level + 1 < axis->levels ? here[stride[d]] : 0.0;
        }
    }
    return sum;
}

static void transverse_laplacian(const qep_extended *e, const qep_box *face, int d, double *out) {
    size_t at[3], i = 0;
    for (at[2] = 0; at[2] < face->n[2]; at[2]++) {
        for (at[1] = 0; at[1] < face->n[1]; at[1]++) {
            for (at[0] = 0; at[0] < face->n[0]; at[0]++) {
                out[i++] = laplacian_at(e, face, d, at);
            }
        }
    }
}

/* Strides of a face's two axes within the box, for slabs at a fixed index along d. */
static size_t slab_index(const qep_box *box, int d, size_t index, const size_t at[3]) {
    size_t full[3] = {at[0], at[1], at[2]};
    full[d] = index;
    return (full[2] * box->n[1] + full[1]) * box->n[0] + full[0];
}

/* slab of f at `index` along d:  f += c * values [face]. */
static void add_to_slab(qep_box *f, const qep_box *face, int d, size_t index, double c, const double *values) {
    size_t at[3], i = 0;
    for (at[2] = 0; at[2] < face->n[2]; at[2]++) {
        for (at[1] = 0; at[1] < face->n[1]; at[1]++) {
            for (at[0] = 0; at[0] < face->n[0]; at[0]++) {
                f->v[slab_index(f, d, index, at)] += c * values[i++];
            }
        }
    }
}

static void clear_slab(qep_box *f, const qep_box *face, int d, size_t index) {
    size_t at[3];
    for (at[2] = 0; at[2] < face->n[2]; at[2]++) {
        for (at[1] = 0; at[1] < face->n[1]; at[1]++) {
            for (at[0] = 0; at[0] < face->n[0]; at[0]++) {
                f->v[slab_index(f, d, index, at)] = 0.0;
            }
        }
    }
}

static void copy_slab(const qep_box *f, qep_box *face, int d, size_t index) {
    size_t at[3], i = 0;
    for (at[2] = 0; at[2] < face->n[2]; at[2]++) {
        for (at[1] = 0; at[1] < face->n[1]; at[1]++) {
            for (at[0] = 0; at[0] < face->n[0]; at[0]++) {
                face->v[i++] = f->v[slab_index(f, d, index, at)];
            }
        }
    }
}

/* target (a face of axis d) += sign Q^e_{side,k}(x_e) * trace, where trace is the line of a face of axis e at `index` along d. */
static void add_trace(const qep_extended *e, qep_box *target, int d, int from, int side, int k, const qep_box *source, size_t index,
                      double sign) {
    const double *q = qep_lift_values(e->axis[from].lift, 0, side, k);
    size_t at[3];
    for (at[2] = 0; at[2] < target->n[2]; at[2]++) {
        for (at[1] = 0; at[1] < target->n[1]; at[1]++) {
            for (at[0] = 0; at[0] < target->n[0]; at[0]++) {
                size_t there[3] = {at[0], at[1], at[2]};
                const size_t i = at[from];
                there[from] = 0;
                there[d] = index;
                if (i < e->axis[from].n) {
                    *qep_box_at(target, at[0], at[1], at[2]) += sign * q[i] * *qep_box_at(source, there[0], there[1], there[2]);
                }
            }
        }
    }
}

/* A copy of face (from, side, k) with the axes in `mask` synthesised to samples, in scratch. */
static void traced(const qep_extended *e, int from, int side, int k, int synthesise, qep_box *scratch) {
    const qep_box *face = &e->face[from][side][k];
    memcpy(scratch->n, face->n, sizeof face->n);
    memcpy(scratch->v, face->v, face->n[0] * face->n[1] * face->n[2] * sizeof *face->v);
    if (synthesise >= 0) {
        qep_box_apply(scratch, synthesise, &e->axis[synthesise], QEP_BOX_SYNTHESISE, NULL, e->threads);
    }
}

/* The wall's given values as coefficients: extended along later axes, and along earlier axes the modes of what earlier liftings leave. */
static void load_face(qep_extended *e, int d, int side, const qep_wall *wall, qep_box *scratch) {
    qep_box *face = &e->face[d][side][0];
    memset(face->v, 0, face->n[0] * face->n[1] * face->n[2] * sizeof *face->v);
    size_t at[3] = {0, 0, 0};
    const int t1 = d == 0 ? 1 : 0, t2 = d == 2 ? 1 : 2;
    for (at[t2] = 0; at[t2] < e->axis[t2].n; at[t2]++) {
        for (at[t1] = 0; at[t1] < e->axis[t1].n && !wall->homogeneous; at[t1]++) {
            *qep_box_at(face, at[0], at[1], at[2]) = wall->level[0][at[t2] * e->axis[t1].n + at[t1]];
        }
    }
    for (int later = d + 1; later < 3; later++) {
        qep_box_apply(face, later, &e->axis[later], QEP_BOX_ANALYSE, NULL, e->threads);
    }
    for (int earlier = 0; earlier < d; earlier++) {
        for (int i = 0; i < 2 * e->axis[earlier].levels; i++) {
            /* between the two lies at most one axis, and this face is still sampled along it */
            const int between = earlier == 0 && d == 2 ? 1 : -1;
            traced(e, earlier, i % 2, i / 2, between, scratch);
            add_trace(e, face, d, earlier, i % 2, i / 2, scratch, qep_box_level(&e->axis[d], side, 0), -1.0);
        }
        qep_box_apply(face, earlier, &e->axis[earlier], QEP_BOX_TO_MODES, NULL, e->threads);
    }
}

/* Lift the two walls of axis d off f. */
static void lift_axis(qep_extended *e, int d, const qep_walls *walls, qep_box *scratch) {
    const qep_box_axis *axis = &e->axis[d];
    for (int side = 0; side < 2; side++) {
        load_face(e, d, side, &walls->wall[d][side], scratch);
        for (int k = 0; k + 1 < axis->levels; k++) {
            qep_box *next = &e->face[d][side][k + 1];
            copy_slab(&e->f, next, d, qep_box_level(axis, side, k));
            transverse_laplacian(e, &e->face[d][side][k], d, e->work.v);
            for (size_t i = 0; i < next->n[0] * next->n[1] * next->n[2]; i++) {
                next->v[i] -= e->work.v[i];
            }
        }
    }
    for (int side = 0; side < 2; side++) {
        const qep_box *bottom = &e->face[d][side][0], *top = &e->face[d][side][axis->levels - 1];
        transverse_laplacian(e, top, d, e->work.v);
        for (size_t k = 0; k < axis->modes; k++) {
            add_to_slab(&e->f, top, d, k, -axis->top[side][k], e->work.v);
        }
        add_to_slab(&e->f, bottom, d, 0, axis->modes ? -axis->lift->mean_second[side] : 0.0, bottom->v);
    }
    for (int i = 0; i < 2 * axis->levels; i++) { /* used up: later faces must see pure modes along this axis */
        clear_slab(&e->f, &e->face[d][0][0], d, qep_box_level(axis, i % 2, i / 2));
    }
}

/* v = -f / (lambda_x + lambda_y + lambda_z) on the modes. */
static double divide(qep_extended *e) {
    double mean = 0.0;
    const size_t *n = e->f.n;
    for (size_t z = 0; z < n[2]; z++) {
        for (size_t y = 0; y < n[1]; y++) {
            double *row = qep_box_at(&e->f, 0, y, z);
            const int inside = z < e->axis[2].modes && y < e->axis[1].modes;
            for (size_t x = 0; x < n[0]; x++) {
                if (!inside || x >= e->axis[0].modes) {
                    row[x] = 0.0;
                    continue;
                }
                const double sum = e->axis[0].lambda[x] + e->axis[1].lambda[y] + e->axis[2].lambda[z];
                mean = sum == 0.0 ? row[x] : mean;
                row[x] = sum == 0.0 ? 0.0 : -row[x] / sum;
            }
        }
    }
    return mean;
}

/* Put levels of axis d (faces that are sampled along later axes) beside the modes of the box, then synthesise. */
static void restore_axis(qep_extended *e, int d, qep_box *scratch) {
    const qep_box_axis *axis = &e->axis[d];
    for (int i = 0; i < 2 * axis->levels; i++) {
        const size_t index = qep_box_level(axis, i % 2, i / 2);
        traced(e, d, i % 2, i / 2, -1, scratch);
        for (int later = d + 1; later < 3; later++) {
            qep_box_apply(scratch, later, &e->axis[later], QEP_BOX_SYNTHESISE, NULL, e->threads);
        }
        add_to_slab(&e->f, scratch, d, index, 1.0, scratch->v);
    }
    qep_box_apply(&e->f, d, axis, QEP_BOX_SYNTHESISE, NULL, e->threads);
}

/* Level k of wall (d, side) of the whole solution, in samples: its own lifting and the traces of earlier ones. */
static void sample_level(const qep_extended *e, int d, int side, int k, qep_box *scratch, qep_box *other, double *level) {
    traced(e, d, side, k, -1, scratch);
    for (int later = d + 1; later < 3; later++) {
        qep_box_apply(scratch, later, &e->axis[later], QEP_BOX_SYNTHESISE, NULL, e->threads);
    }
    for (int earlier = d - 1; earlier >= 0; earlier--) {
        qep_box_apply(scratch, earlier, &e->axis[earlier], QEP_BOX_FROM_MODES, NULL, e->threads);
        for (int i = 0; i < 2 * e->axis[earlier].levels; i++) {
            /* the third axis: sampled by now, extended in the earlier face unless it comes before it */
            const int third = 3 - d - earlier;
            traced(e, earlier, i % 2, i / 2, third > earlier ? third : -1, other);
            add_trace(e, scratch, d, earlier, i % 2, i / 2, other, qep_box_level(&e->axis[d], side, k), 1.0);
        }
    }
    const int t1 = d == 0 ? 1 : 0, t2 = d == 2 ? 1 : 2;
    size_t at[3] = {0, 0, 0};
    for (at[t2] = 0; at[t2] < e->axis[t2].n; at[t2]++) {
        for (at[t1] = 0; at[t1] < e->axis[t1].n; at[t1]++) {
            level[at[t2] * e->axis[t1].n + at[t1]] = *qep_box_at(scratch, at[0], at[1], at[2]);
        }
    }
}

static double uncertainty(const qep_extended *e) {
    double spread = 0.0;
    for (int d = 0; d < 3; d++) {
        for (int side = 0; has_wall(e, d) && side < 2; side++) {
            const size_t zero[3] = {0, 0, 0};
            const size_t index = qep_box_level(&e->axis[d], side, e->axis[d].levels - 2);
            spread += fabs(e->axis[d].mean_below[side] * e->f.v[slab_index(&e->f, d, index, zero)]);
        }
    }
    return spread;
}

static void load_source(qep_extended *e, const double *f, double s) {
    const size_t nx = e->axis[0].n, ny = e->axis[1].n, nz = e->axis[2].n;
    memset(e->f.v, 0, e->f.n[0] * e->f.n[1] * e->f.n[2] * sizeof *e->f.v);
    for (size_t z = 0; f && z < nz; z++) {
        for (size_t y = 0; y < ny; y++) {
            double *row = qep_box_at(&e->f, 0, y, z);
            for (size_t x = 0; x < nx; x++) {
                row[x] = s * f[(z * ny + y) * nx + x];
            }
        }
    }
    int quiet[3][2] = {{0}};
    for (int d = 0; f && d < 3; d++) {
        if (has_wall(e, d)) {
            qep_box_find_quiet(&e->f, d, e->axis, quiet[d]);
        }
    }
    for (int d = 0; f && d < 3; d++) {
        qep_box_apply(&e->f, d, &e->axis[d], QEP_BOX_ANALYSE, quiet[d], e->threads);
    }
}

static void store_solution(const qep_extended *e, double *u) {
    const size_t nx = e->axis[0].n, ny = e->axis[1].n, nz = e->axis[2].n;
    for (size_t z = 0; z < nz; z++) {
        for (size_t y = 0; y < ny; y++) {
            memcpy(u + (z * ny + y) * nx, qep_box_at(&e->f, 0, y, z), nx * sizeof *u);
        }
    }
}

void qep_extended_tamper(qep_extended *e, double relative) {
    for (int d = 0; d < 3; d++) {
        if (e->axis[d].modes > 1) {
            e->axis[d].lambda[1] *= 1.0 + relative;
            return;
        }
    }
}

double qep_extended_amplitude(const qep_extended *e, const qep_walls *walls) {
    double total = 0.0;
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < e->axis[i / 2].levels; k++) {
            const double *q = qep_lift_values(e->axis[i / 2].lift, 0, i % 2, k), *w = walls->wall[i / 2][i % 2].level[k];
            double largest_q = 0.0, largest_w = 0.0;
            for (size_t j = 0; j < e->axis[i / 2].n; j++) {
                largest_q = fmax(largest_q, fabs(q[j]));
            }
            for (size_t t = 0; t < walls->wall[i / 2][i % 2].count; t++) {
                largest_w = fmax(largest_w, fabs(w[t]));
            }
            total += largest_q * largest_w;
        }
    }
    return total;
}

qep_status qep_extended_solve(qep_extended *e, const double *f, double s, qep_walls *walls, double *u, double *mean, double *spread,
                              qep_error *err) {
    qep_box scratch = {0}, other = {0};
    QEP_TRY(qep_box_create(&scratch, e->work.n[0], 1, 1, err));
    qep_status status = qep_box_create(&other, e->work.n[0], 1, 1, err);
    for (int i = 0; i < 6 && status == QEP_OK; i++) {
        if (has_wall(e, i / 2)) {
            status = qep_walls_allocate(walls, i / 2, i % 2, err);
        }
    }
    if (status == QEP_OK) {
        load_source(e, f, s);
        *spread = uncertainty(e);
        for (int d = 0; d < 3; d++) {
            if (has_wall(e, d)) {
                lift_axis(e, d, walls, &scratch);
            }
        }
        *mean = divide(e);
        for (int d = 2; d >= 0; d--) {
            restore_axis(e, d, &scratch);
        }
        store_solution(e, u);
        for (int i = 0; i < 6; i++) {
            qep_wall *wall = &walls->wall[i / 2][i % 2];
            for (int k = 0; k < QEP_WALL_LEVELS && has_wall(e, i / 2); k++) {
                if (k < e->axis[i / 2].levels) {
                    sample_level(e, i / 2, i % 2, k, &scratch, &other, wall->level[k]);
                } else {
                    memset(wall->level[k], 0, wall->count * sizeof(double));
                }
            }
        }
    }
    qep_box_destroy(&scratch);
    qep_box_destroy(&other);
    return status;
}
