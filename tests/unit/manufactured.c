/* Driver of the manufactured solutions. */
#include "manufactured.h"

#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "qep/stencil/stencil.h"
#include <math.h>
#include <string.h>

static void position(const qep_grid *grid, const size_t at[3], double x[3]) {
    for (int d = 0; d < 3; d++) {
        x[d] = qep_grid_coordinate(grid, d, at[d]);
    }
}

static double source(const problem *p, const qep_grid *grid, const double x[3]) {
    double sum = 0.0;
    for (int d = 0; d < 3; d++) {
        int order[3] = {0, 0, 0};
        order[d] = 2;
        sum += qep_grid_axis_active(grid, d) ? p->u(x, order, p->data) : 0.0;
    }
    return sum;
}

static qep_status set_walls(const problem *p, const qep_grid *grid, qep_walls *walls, qep_error *err) {
    qep_walls_init(walls, grid);
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            qep_wall *wall = &walls->wall[d][side];
            if (wall->kind == QEP_WALL_NONE) {
                continue;
            }
            QEP_TRY(qep_walls_allocate(walls, d, side, err));
            const int t1 = d == 0 ? 1 : 0, t2 = d == 2 ? 1 : 2;
            size_t at[3] = {0, 0, 0}, t = 0;
            for (at[t2] = 0; at[t2] < grid->axis[t2].n; at[t2]++) {
                for (at[t1] = 0; at[t1] < grid->axis[t1].n; at[t1]++) {
                    double x[3];
                    int order[3] = {0, 0, 0};
                    position(grid, at, x);
                    x[d] = grid->axis[d].origin + (side ? grid->axis[d].length : 0.0);
                    order[d] = wall->kind == QEP_WALL_NEUMANN;
                    wall->level[0][t++] = p->u(x, order, p->data);
                }
            }
        }
    }
    return QEP_OK;
}

typedef struct {
    double *u, *f, *g, *exact;
    qep_walls walls;
    qep_calculus *calculus;
    qep_poisson *solver;
} workspace;

static double weighted_mean(const qep_grid *grid, const double *v) {
    double sum = 0.0, weights = 0.0;
    for (size_t z = 0; z < grid->axis[2].n; z++) {
        for (size_t y = 0; y < grid->axis[1].n; y++) {
            for (size_t x = 0; x < grid->axis[0].n; x++) {
                const double w = qep_grid_weight(grid, 0, x) * qep_grid_weight(grid, 1, y) * qep_grid_weight(grid, 2, z);
                sum += w * v[qep_grid_index(grid, x, y, z)];
                weights += w;
            }
        }
    }
    return sum / weights;
}

static double compare(const qep_grid *grid, const double *a, const double *b, double shift, double *largest) {
    double worst = 0.0;
    for (size_t i = 0; i < qep_grid_count(grid); i++) {
        worst = fmax(worst, fabs(a[i] - b[i] - shift));
        *largest = fmax(*largest, fabs(b[i]));
    }
    return worst;
}

static void exact_field(const problem *p, const qep_grid *grid, const int order[3], double *out) {
    size_t at[3], i = 0;
    for (at[2] = 0; at[2] < grid->axis[2].n; at[2]++) {
        for (at[1] = 0; at[1] < grid->axis[1].n; at[1]++) {
            for (at[0] = 0; at[0] < grid->axis[0].n; at[0]++) {
                double x[3];
                position(grid, at, x);
                out[i++] = order[0] < 0 ? source(p, grid, x) : p->u(x, order, p->data);
            }
        }
    }
}

static qep_status run(const problem *p, const qep_grid *grid, qep_derivative derivative, int threads, workspace *w, outcome *out,
                      qep_error *err) {
    const size_t count = qep_grid_count(grid);
    const int none[3] = {0, 0, 0}, laplacian[3] = {-1, -1, -1};
    QEP_TRY(qep_alloc_doubles(&w->u, count, "u", err));
    QEP_TRY(qep_alloc_doubles(&w->f, count, "f", err));
    QEP_TRY(qep_alloc_doubles(&w->g, count, "g", err));
    QEP_TRY(qep_alloc_doubles(&w->exact, count, "exact", err));
    const qep_calculus_options options = {.derivative = derivative, .threads = threads};
    QEP_TRY(qep_calculus_create(&w->calculus, grid, &options, NULL, err));
    QEP_TRY(qep_poisson_create(&w->solver, w->calculus, grid, NULL, NULL, err));
    QEP_TRY(set_walls(p, grid, &w->walls, err));
    exact_field(p, grid, laplacian, w->f);
    const qep_poisson_control control = {.compatibility = 1.0, .tolerance = 1e-10};
    QEP_TRY(qep_poisson_solve(w->solver, w->f, 1.0, &w->walls, &control, w->u, &out->report, err));
    exact_field(p, grid, none, w->exact);
    double largest = 0.0;
    const double shift = qep_poisson_is_singular(w->solver) ? weighted_mean(grid, w->u) - weighted_mean(grid, w->exact) : 0.0;
    out->u = compare(grid, w->u, w->exact, shift, &largest);
    double norm = 0.0, source_max = 0.0;
    qep_stencil stencil;
    qep_stencil_init(&stencil, grid, derivative == QEP_SPECTRAL ? 8 : qep_derivative_table()[derivative].order);
    for (int d = 0; d < 3; d++) {
        for (int m = 1; m <= stencil.axis[d].half; m++) {
            norm += 4 * fabs(stencil.axis[d].second[m]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        source_max = fmax(source_max, fabs(w->f[i]));
    }
    out->worst = out->report.residual_max / (1e-14 * (norm * largest + source_max));
    out->u /= largest;
    largest = 0.0;
    out->gradient = 0.0;
    for (int d = 0; d < 3; d++) {
        int order[3] = {0, 0, 0};
        order[d] = 1;
        if (!qep_grid_axis_active(grid, d)) {
            continue;
        }
        QEP_TRY(qep_calculus_derivative(w->calculus, w->u, &w->walls, d, 1, 1.0, NULL, 0, w->g, err));
        exact_field(p, grid, order, w->exact);
        out->gradient = fmax(out->gradient, compare(grid, w->g, w->exact, 0.0, &largest));
    }
    out->gradient /= largest;
    return QEP_OK;
}

qep_status solve_problem(const problem *p, const qep_grid *grid, qep_derivative derivative, int threads, outcome *out, qep_error *err) {
    workspace w = {0};
    memset(out, 0, sizeof *out);
    qep_walls_init(&w.walls, grid);
    const qep_status status = run(p, grid, derivative, threads, &w, out, err);
    qep_poisson_destroy(w.solver);
    qep_calculus_destroy(w.calculus);
    qep_walls_free(&w.walls);
    qep_free(w.u);
    qep_free(w.f);
    qep_free(w.g);
    qep_free(w.exact);
    return status;
}
