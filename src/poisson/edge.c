/* Known data at the walls: what ghosts and Dirichlet nodes add to the Laplacian of the samples near a wall. The solver subtracts it
 * from the right side; the residual builds the ghosts themselves, so that the two routes check each other. */
#include "solver_impl.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

/* Of two nodes between a Dirichlet and a Neumann wall, the ghost behind the second mirrors the first: the known value enters twice. */
static double times_seen(const qep_stencil_axis *axis, const qep_wall *wall, const qep_wall *opposite, int depth) {
    const int known_node = axis->sampling == QEP_NODE && wall->kind == QEP_WALL_DIRICHLET;
    return known_node && depth == 1 && axis->n == 2 && opposite->kind == QEP_WALL_NEUMANN ? 2.0 : 1.0;
}

static void fill_depth(const qep_stencil_axis *axis, const qep_wall walls[2], int side, int depth, double *out) {
    const qep_wall *wall = &walls[side];
    const double times = times_seen(axis, wall, &walls[!side], depth);
    const int known_node = axis->sampling == QEP_NODE && wall->kind == QEP_WALL_DIRICHLET;
    memset(out, 0, wall->count * sizeof *out);
    for (int m = depth + !known_node; m <= axis->half; m++) {
        if (m == 0) {
            continue;
        }
        for (int k = 0; k < QEP_WALL_LEVELS; k++) {
            const double c = times * axis->second[m] * qep_stencil_ghost_coefficient(axis, wall->kind, side, m - depth, k);
            for (size_t t = 0; c != 0.0 && t < wall->count; t++) {
                out[t] += c * wall->level[k][t];
            }
        }
    }
}

qep_status qep_edge_terms_fill(const qep_stencil *stencil, const qep_walls *walls, qep_edge_terms *terms, qep_error *err) {
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            const qep_wall *wall = &walls->wall[d][side];
            if (wall->kind == QEP_WALL_NONE || wall->homogeneous) {
                for (int i = 0; i < QEP_EDGE_DEPTHS; i++) {
                    qep_free(terms->depth[d][side][i]);
                    terms->depth[d][side][i] = NULL;
                }
                continue;
            }
            const int deep = stencil->axis[d].half + (stencil->axis[d].sampling == QEP_NODE && wall->kind == QEP_WALL_DIRICHLET);
            for (int i = 0; i < deep && i < QEP_EDGE_DEPTHS; i++) {
                double **depth = &terms->depth[d][side][i];
                if (!*depth) {
                    QEP_TRY(qep_alloc_doubles(depth, wall->count, "boundary terms", err));
                }
                fill_depth(&stencil->axis[d], walls->wall[d], side, i, *depth);
            }
        }
    }
    return QEP_OK;
}

void qep_edge_terms_free(qep_edge_terms *terms) {
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            for (int i = 0; i < QEP_EDGE_DEPTHS; i++) {
                qep_free(terms->depth[d][side][i]);
                terms->depth[d][side][i] = NULL;
            }
        }
    }
}

static double face_weight(const qep_grid *grid, int axis, size_t t) {
    int t1 = 0, t2 = 0;
    qep_stencil_transverse(axis, &t1, &t2);
    const size_t n1 = grid->axis[t1].n;
    return qep_grid_weight(grid, t1, t % n1) * qep_grid_weight(grid, t2, t / n1);
}

double qep_edge_terms_total(const qep_grid *grid, const qep_stencil *stencil, const qep_edge_terms *terms) {
    double total = 0.0;
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            for (int i = 0; i < QEP_EDGE_DEPTHS; i++) {
                const double *values = terms->depth[d][side][i];
                const size_t count = values ? qep_grid_count(grid) / grid->axis[d].n : 0;
                double sum = 0.0;
                for (size_t t = 0; t < count; t++) {
                    sum += face_weight(grid, d, t) * values[t];
                }
                total += sum * (stencil->axis[d].n > 1 ? qep_grid_weight(grid, d, (size_t)i) : 0.0);
            }
        }
    }
    return total;
}

void qep_edge_terms_subtract(const qep_grid *grid, const qep_edge_terms *terms, size_t y, size_t z, double *row) {
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n, nz = grid->axis[2].n;
    for (int i = 0; i < QEP_EDGE_DEPTHS; i++) {
        const size_t depth = (size_t)i, t = z * ny + y;
        if (terms->depth[0][0][i] && depth < nx) {
            row[depth] -= terms->depth[0][0][i][t];
        }
        if (terms->depth[0][1][i] && depth < nx) {
            row[nx - 1 - depth] -= terms->depth[0][1][i][t];
        }
        for (int d = 1; d < 3; d++) {
            const size_t at = d == 1 ? y : z, n = d == 1 ? ny : nz, t0 = d == 1 ? z * nx : y * nx;
            for (int side = 0; side < 2; side++) {
                const double *values = terms->depth[d][side][i];
                if (values && depth < n && at == (side ? n - 1 - depth : depth)) {
                    for (size_t x = 0; x < nx; x++) {
                        row[x] -= values[t0 + x];
                    }
                }
            }
        }
    }
}

static int is_known_face(const qep_grid *grid, const qep_walls *walls, int d, int side) {
    return grid->sampling == QEP_NODE && walls->wall[d][side].kind == QEP_WALL_DIRICHLET;
}

int qep_known_row(const qep_grid *grid, const qep_walls *kinds, size_t y, size_t z, int *x_low, int *x_high) {
    *x_low = is_known_face(grid, kinds, 0, 0);
    *x_high = is_known_face(grid, kinds, 0, 1);
    return (y == 0 && is_known_face(grid, kinds, 1, 0)) || (y + 1 == grid->axis[1].n && is_known_face(grid, kinds, 1, 1)) ||
           (z == 0 && is_known_face(grid, kinds, 2, 0)) || (z + 1 == grid->axis[2].n && is_known_face(grid, kinds, 2, 1));
}

/* Mean of the values of all Dirichlet faces that hold the node. */
static double known_value(const qep_grid *grid, const qep_walls *walls, const size_t at[3]) {
    double sum = 0.0;
    int count = 0;
    for (int d = 0; d < 3; d++) {
        int t1 = 0, t2 = 0;
        qep_stencil_transverse(d, &t1, &t2);
        for (int side = 0; side < 2; side++) {
            if (is_known_face(grid, walls, d, side) && at[d] == (side ? grid->axis[d].n - 1 : 0)) {
                const qep_wall *wall = &walls->wall[d][side];
                sum += wall->homogeneous ? 0.0 : wall->level[0][at[t2] * grid->axis[t1].n + at[t1]];
                count++;
            }
        }
    }
    return count ? sum / count : 0.0;
}

void qep_set_known(const qep_grid *grid, const qep_walls *walls, double *u) {
    for (int d = 0; d < 3; d++) {
        int t1 = 0, t2 = 0;
        qep_stencil_transverse(d, &t1, &t2);
        for (int side = 0; side < 2; side++) {
            if (!is_known_face(grid, walls, d, side)) {
                continue;
            }
            size_t at[3];
            at[d] = side ? grid->axis[d].n - 1 : 0;
            for (at[t2] = 0; at[t2] < grid->axis[t2].n; at[t2]++) {
                for (at[t1] = 0; at[t1] < grid->axis[t1].n; at[t1]++) {
                    u[qep_grid_index(grid, at[0], at[1], at[2])] = known_value(grid, walls, at);
                }
            }
        }
    }
}

/* Values of face (axis, side) along its edge with face (other, other_side), extrapolated to the edge on cell grids. */
static void edge_values(const qep_grid *grid, int order, const qep_wall *wall, int axis, int other, int other_side, double *out,
                        size_t count) {
    if (wall->homogeneous) {
        memset(out, 0, count * sizeof *out);
        return;
    }
    const qep_grid face = qep_stencil_face_grid(grid, axis);
    int t1 = 0, t2 = 0;
    qep_stencil_transverse(axis, &t1, &t2);
    qep_stencil stencil;
    qep_stencil_init(&stencil, &face, order);
    qep_stencil_face(&stencil, wall->level[0], 0.0, other == t1 ? 0 : 1, other_side, 0, 1.0, out);
}

qep_status qep_corner_defect(const qep_grid *grid, int order, const qep_walls *walls, double *defect, qep_error *err) {
    *defect = 0.0;
    double *values = NULL;
    size_t longest = 1;
    for (int d = 0; d < 3; d++) {
        longest = grid->axis[d].n > longest ? grid->axis[d].n : longest;
    }
    QEP_TRY(qep_alloc_doubles(&values, 2 * longest, "edge values", err));
    for (int pair = 0; pair < 3 * 4; pair++) {
        const int a = pair / 4 == 2 ? 1 : 0, b = pair / 4 == 0 ? 1 : 2, side_a = pair & 1, side_b = (pair >> 1) & 1;
        const qep_wall *wall_a = &walls->wall[a][side_a], *wall_b = &walls->wall[b][side_b];
        if (wall_a->kind != QEP_WALL_DIRICHLET || wall_b->kind != QEP_WALL_DIRICHLET) {
            continue;
        }
        const size_t count = grid->axis[3 - a - b].n;
        edge_values(grid, order, wall_a, a, b, side_b, values, count);
        edge_values(grid, order, wall_b, b, a, side_a, values + longest, count);
        for (size_t i = 0; i < count; i++) {
            *defect = fmax(*defect, fabs(values[i] - values[longest + i]));
        }
    }
    qep_free(values);
    return QEP_OK;
}

double qep_cell_volume(const qep_grid *grid) {
    double volume = 1.0;
    for (int d = 0; d < grid->ndim; d++) {
        volume *= grid->axis[d].h;
    }
    return volume;
}

double qep_weight_sum(const qep_grid *grid) {
    double total = 1.0;
    for (int d = 0; d < 3; d++) {
        double sum = 0.0;
        for (size_t i = 0; i < grid->axis[d].n; i++) {
            sum += qep_grid_weight(grid, d, i);
        }
        total *= sum;
    }
    return total;
}

double qep_face_sum(const qep_grid *grid, int axis, const double *values, int absolute) {
    const size_t count = qep_grid_count(grid) / grid->axis[axis].n;
    double sum = 0.0;
    for (size_t t = 0; t < count; t++) {
        sum += face_weight(grid, axis, t) * (absolute ? fabs(values[t]) : values[t]);
    }
    return sum / grid->axis[axis].h;
}
