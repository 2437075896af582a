/* lap u = s f on a regular grid, solved by the eigenvalues of the very operator that the finite differences apply (T6 with constant
 * coefficients). The residual afterwards goes another way: ghosts from the wall levels, taps along rows. */
#include "solver_impl.h"

#include "lifting.h"
#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum { ROW_SUMS = 4 };

static int fixes_constant(const qep_walls *kinds) {
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            if (kinds->wall[d][side].kind == QEP_WALL_DIRICHLET) {
                return 1;
            }
        }
    }
    return 0;
}

static int has_walls(const qep_walls *kinds) {
    return kinds->wall[0][0].kind != QEP_WALL_NONE || kinds->wall[1][0].kind != QEP_WALL_NONE ||
           kinds->wall[2][0].kind != QEP_WALL_NONE;
}

/* Symbols of the discrete Laplacian along one axis: from the taps, or -theta^2/h^2 when exact. */
static void fill_eigenvalues(qep_poisson *p, int d) {
    const qep_line *line = qep_passes_line(p->passes, d);
    double *eigenvalues = qep_passes_eigenvalues(p->passes, d);
    if (!line) {
        return;
    }
    for (size_t k = 0; k < qep_line_unknowns(line); k++) {
        const double theta = qep_line_theta(line, k), h = p->grid.axis[d].h;
        eigenvalues[qep_line_first(line) + k] =
            p->calculus->derivative == QEP_SPECTRAL ? -(theta / h) * (theta / h) : qep_stencil_symbol2(&p->stencil.axis[d], theta);
    }
}

qep_status qep_poisson_create(qep_poisson **out, const qep_calculus *calculus, const qep_grid *grid, const qep_log *log, qep_error *err) {
    (void)log;
    *out = NULL;
    for (int d = 0; d < 3; d++) {
        if (grid->axis[d].bc[0] == QEP_OPEN || grid->axis[d].bc[1] == QEP_OPEN) {
            return qep_error_add(err, QEP_ERR_PROBLEM, "not_available", "/boundary", NULL, "open faces are not available in this version");
        }
    }
    qep_poisson *p = NULL;
    QEP_TRY(qep_alloc((void **)&p, 1, sizeof *p, "solver", err));
    p->calculus = calculus;
    p->grid = *grid;
    p->stencil = calculus->stencil;
    qep_walls_init(&p->kinds, grid);
    p->singular = !fixes_constant(&p->kinds);
    const size_t rows = grid->axis[1].n * grid->axis[2].n;
    qep_status status = qep_alloc_doubles(&p->row_sums, ROW_SUMS * rows, "row sums", err);
    if (status == QEP_OK) {
        status = qep_passes_create(&p->passes, grid, &p->kinds, calculus->threads, calculus->effort, err);
    }
    if (status != QEP_OK) {
        qep_poisson_destroy(p);
        return status;
    }
    for (int d = 0; d < 3; d++) {
        fill_eigenvalues(p, d);
    }
    *out = p;
    return QEP_OK;
}

void qep_poisson_destroy(qep_poisson *p) {
    if (!p) {
        return;
    }
    qep_passes_destroy(p->passes);
    qep_edge_terms_free(&p->edge);
    qep_free(p->row_sums);
    qep_free(p);
}

int qep_poisson_is_singular(const qep_poisson *p) {
    return p->singular;
}

size_t qep_poisson_memory(const qep_grid *grid, qep_derivative derivative) {
    const size_t faces = grid->axis[0].n * grid->axis[1].n + grid->axis[1].n * grid->axis[2].n + grid->axis[0].n * grid->axis[2].n;
    size_t bytes = qep_passes_memory(grid, 2) + sizeof(double) * ROW_SUMS * grid->axis[1].n * grid->axis[2].n;
    qep_walls kinds;
    qep_walls_init(&kinds, grid);
    if (has_walls(&kinds)) {
        bytes += sizeof(double) * faces * 2 * (QEP_WALL_LEVELS + QEP_EDGE_DEPTHS);
    }
    /* the residual of exact symbols needs whole lines at once */
    return bytes + (derivative == QEP_SPECTRAL ? sizeof(double) * qep_grid_count(grid) : 0);
}

/* ---- right side ------------------------------------------------------------------------------------------------- */

typedef struct {
    const qep_poisson *p;
    const double *f;
    double s;
    double mean; /* subtracted */
    const qep_walls *walls;
    double *absolute; /* [rows] weighted sums of |s f|, or NULL */
} source;

/* row -= what known wall data add to the Laplacian: ghosts of fdN, liftings of exact symbols. */
static void subtract_walls(const source *in, size_t y, size_t z, double *row) {
    if (in->p->calculus->derivative == QEP_SPECTRAL) {
        qep_lifting_subtract(in->p->calculus, in->walls, y, z, row);
    } else {
        qep_edge_terms_subtract(&in->p->grid, &in->p->edge, y, z, row);
    }
}

/* b = s f - (known wall terms), 0 on known nodes; context is a source. */
static void load_rows(const void *context, size_t y0, size_t y1, size_t z, double *rows) {
    const source *in = context;
    const qep_grid *grid = &in->p->grid;
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n;
    for (size_t y = y0; y < y1; y++) {
        double *row = rows + (y - y0) * nx;
        int x_low = 0, x_high = 0;
        const int known = qep_known_row(grid, &in->p->kinds, y, z, &x_low, &x_high);
        double absolute = 0.0;
        for (size_t x = 0; x < nx; x++) {
            row[x] = in->f ? in->s * in->f[(z * ny + y) * nx + x] - in->mean : -in->mean;
        }
        if (in->absolute) {
            for (size_t x = 0; x < nx; x++) {
                absolute += qep_grid_weight(grid, 0, x) * fabs(row[x]);
            }
            in->absolute[z * ny + y] = absolute * qep_grid_weight(grid, 1, y) * qep_grid_weight(grid, 2, z);
        }
        subtract_walls(in, y, z, row);
        if (known) {
            memset(row, 0, nx * sizeof *row);
        }
        row[0] = x_low ? 0.0 : row[0];
        row[nx - 1] = x_high ? 0.0 : row[nx - 1];
    }
}

/* ---- residual --------------------------------------------------------------------------------------------------- */

/* Bound on the row sums of |A|, for the rounding floor. */
static double operator_norm(const qep_poisson *p) {
    double norm = 0.0;
    for (int d = 0; d < 3; d++) {
        const qep_stencil_axis *axis = &p->stencil.axis[d];
        if (p->calculus->derivative == QEP_SPECTRAL) {
            norm += axis->order ? 2.0 * (QEP_PI / axis->h) * (QEP_PI / axis->h) : 0.0;
            continue;
        }
        for (int m = 1; m <= axis->half; m++) {
            norm += 4.0 * fabs(axis->second[m]);
        }
    }
    return norm;
}

static void zero_known(const qep_poisson *p, size_t y, size_t z, double *row) {
    const size_t nx = p->grid.axis[0].n;
    int x_low = 0, x_high = 0;
    if (qep_known_row(&p->grid, &p->kinds, y, z, &x_low, &x_high)) {
        memset(row, 0, nx * sizeof *row);
    }
    row[0] = x_low ? 0.0 : row[0];
    row[nx - 1] = x_high ? 0.0 : row[nx - 1];
}

/* Sums over one row: |r|^2, |b|^2, (|A||u| + |b|)^2, max |r|. lifted: size of parts that cancel in u (spectral). */
static void measure_row(const qep_poisson *p, const double *r, const double *b, const double *u, double norm, double lifted,
                        double sums[ROW_SUMS]) {
    for (int i = 0; i < ROW_SUMS; i++) {
        sums[i] = 0.0;
    }
    for (size_t x = 0; x < p->grid.axis[0].n; x++) {
        const double floor = norm * (fabs(u[x]) + lifted) + fabs(b[x]);
        sums[0] += r[x] * r[x];
        sums[1] += b[x] * b[x];
        sums[2] += floor * floor;
        sums[3] = fabs(r[x]) > sums[3] ? fabs(r[x]) : sums[3];
    }
}

/* Scale of the residual sums: keeps squares inside the range of doubles for any units. */
static void store_sums(const qep_poisson *p, size_t row, const double sums[ROW_SUMS]) {
    const size_t rows = p->grid.axis[1].n * p->grid.axis[2].n;
    for (int i = 0; i < ROW_SUMS; i++) {
        p->row_sums[(size_t)i * rows + row] = sums[i];
    }
}

static void finish_report(const qep_poisson *p, double tolerance, qep_poisson_report *report) {
    const size_t rows = p->grid.axis[1].n * p->grid.axis[2].n;
    double *sums = p->row_sums;
    report->residual_max = 0.0;
    for (size_t i = 0; i < rows; i++) {
        report->residual_max = fmax(report->residual_max, sums[3 * rows + i]);
    }
    const int bad = qep_reduce_first_nonfinite(sums, 4 * rows, 1) < 4 * rows;
    const double r = sqrt(qep_reduce_pairwise(sums, rows)), b = sqrt(qep_reduce_pairwise(sums + rows, rows));
    const double floor = 10.0 * DBL_EPSILON * sqrt(qep_reduce_pairwise(sums + 2 * rows, rows));
    report->residual = b > 0.0 ? r / b : (r > 0.0 ? INFINITY : 0.0);
    report->residual_floor = b > 0.0 ? floor / b : 0.0;
    report->passed = !bad && r <= fmax(tolerance * b, floor);
}

/* r = s f - mean - lap u by rows, with ghosts; out may be NULL (only the norms are wanted). */
static void residual_rows(const qep_poisson *p, const source *in, const qep_walls *walls, const double *u, double *out) {
    const size_t nx = p->grid.axis[0].n, ny = p->grid.axis[1].n, rows = ny * p->grid.axis[2].n;
    const double norm = operator_norm(p);
    const size_t scratch_size = p->calculus->scratch_size;
#pragma omp parallel num_threads(p->calculus->threads)
    {
        double *scratch = p->calculus->scratch + (size_t)omp_get_thread_num() * scratch_size;
        double *work = scratch + qep_stencil_scratch(&p->stencil), *fresh = NULL;
        qep_status status = qep_alloc_doubles(&fresh, nx, "residual row", NULL);
#pragma omp for schedule(static)
        for (size_t k = 0; k < rows; k++) {
            size_t y = 0, z = 0;
            qep_stencil_sweep(&p->stencil, k, &y, &z);
            const size_t i = z * ny + y;
            double sums[ROW_SUMS] = {NAN, NAN, NAN, NAN};
            double *r = out ? out + i * nx : work;
            if (status == QEP_OK) {
                for (size_t x = 0; x < nx; x++) {
                    r[x] = in->f ? in->s * in->f[i * nx + x] - in->mean : -in->mean;
                }
                memcpy(fresh, r, nx * sizeof *fresh);
                qep_edge_terms_subtract(&p->grid, &p->edge, y, z, fresh);
                for (int d = 0; d < 3; d++) {
                    qep_stencil_row(&p->stencil, u, walls, d, 2, y, z, -1.0, 1, r, scratch);
                }
                zero_known(p, y, z, r);
                zero_known(p, y, z, fresh);
                measure_row(p, r, fresh, u + i * nx, norm, 0.0, sums);
            }
            store_sums(p, i, sums);
        }
        qep_free(fresh);
    }
}

/* The same with exact symbols: second derivatives along whole lines into `out`. */
static qep_status residual_spectral(const qep_poisson *p, const source *in, const qep_walls *walls, const double *u, double *out,
                                    qep_error *err) {
    const size_t nx = p->grid.axis[0].n, ny = p->grid.axis[1].n, rows = ny * p->grid.axis[2].n;
    for (size_t i = 0; i < rows * nx; i++) {
        out[i] = in->f ? in->s * in->f[i] - in->mean : -in->mean;
    }
    for (int d = 0; d < 3; d++) {
        QEP_TRY(qep_calculus_derivative(p->calculus, u, walls, d, 2, -1.0, NULL, 1, out, err));
    }
    const double norm = operator_norm(p), lifted = qep_lifting_amplitude(p->calculus, walls);
    double *b = NULL;
    QEP_TRY(qep_alloc_doubles(&b, nx, "residual row", err));
    for (size_t i = 0; i < rows; i++) {
        double sums[ROW_SUMS];
        for (size_t x = 0; x < nx; x++) {
            b[x] = in->f ? in->s * in->f[i * nx + x] - in->mean : -in->mean;
        }
        subtract_walls(in, i % ny, i / ny, b);
        zero_known(p, i % ny, i / ny, b);
        zero_known(p, i % ny, i / ny, out + i * nx);
        measure_row(p, out + i * nx, b, u + i * nx, norm, lifted, sums);
        store_sums(p, i, sums);
    }
    qep_free(b);
    return QEP_OK;
}

static qep_status residual(const qep_poisson *p, const double *f, double s, double mean, const qep_walls *walls, const double *u,
                           double *out, qep_error *err) {
    const source in = {.p = p, .f = f, .s = s, .mean = mean, .walls = walls};
    if (p->calculus->derivative != QEP_SPECTRAL) {
        residual_rows(p, &in, walls, u, out);
        return QEP_OK;
    }
    double *field = out;
    if (!out) {
        QEP_TRY(qep_alloc_doubles(&field, qep_grid_count(&p->grid), "residual field", err));
    }
    const qep_status status = residual_spectral(p, &in, walls, u, field, err);
    if (!out) {
        qep_free(field);
    }
    return status;
}

/* The mean that solve took out of the right side of a singular problem. */
static double removed_mean(const qep_poisson *p, const qep_poisson_report *report) {
    return p->singular ? report->defect / (qep_cell_volume(&p->grid) * qep_weight_sum(&p->grid)) : 0.0;
}

qep_status qep_poisson_residual(const qep_poisson *p, const double *f, double s, const qep_walls *walls, const qep_poisson_report *report,
                                const double *u, double *out, qep_error *err) {
    return residual(p, f, s, removed_mean(p, report), walls, u, out, err);
}

/* ---- compatibility ---------------------------------------------------------------------------------------------- */

/* Flux imbalance of the same data judged by a stencil two orders higher, per cell volume: the difference is quadrature error. */
static qep_status higher_order_total(const qep_poisson *p, const double *f, double s, const qep_walls *walls, double *total,
                                     qep_error *err) {
    qep_stencil stencil;
    int order = 2;
    for (int d = 0; d < 3; d++) {
        order = p->stencil.axis[d].order > order ? p->stencil.axis[d].order : order;
    }
    qep_stencil_init(&stencil, &p->grid, order + 2);
    qep_walls copy;
    qep_walls_init(&copy, &p->grid);
    qep_edge_terms terms = {0};
    qep_status status = QEP_OK;
    for (int i = 0; i < 6 && status == QEP_OK; i++) {
        const qep_wall *from = &walls->wall[i / 2][i % 2];
        if (!from->homogeneous) {
            status = qep_walls_allocate(&copy, i / 2, i % 2, err);
            if (status == QEP_OK) {
                memcpy(copy.wall[i / 2][i % 2].level[0], from->level[0], from->count * sizeof(double));
            }
        }
    }
    if (status == QEP_OK) {
        status = qep_stencil_fill_walls(&stencil, f, s, &copy, err);
    }
    if (status == QEP_OK) {
        status = qep_edge_terms_fill(&stencil, &copy, &terms, err);
    }
    *total = status == QEP_OK ? qep_edge_terms_total(&p->grid, &stencil, &terms) : 0.0;
    qep_edge_terms_free(&terms);
    qep_walls_free(&copy);
    return status;
}

static double source_scale(const qep_poisson *p, const source *in, const qep_walls *walls) {
    double scale = in->f ? qep_reduce_pairwise(in->absolute, p->grid.axis[1].n * p->grid.axis[2].n) : 0.0;
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            const qep_wall *wall = &walls->wall[d][side];
            if (wall->kind == QEP_WALL_NEUMANN && !wall->homogeneous) {
                scale += qep_face_sum(&p->grid, d, wall->level[0], 1);
            }
        }
    }
    return scale;
}

/* What is quadrature error is removed, what is real is refused: max(1e-10, 10 |defect(N) - defect(N+2)|) relative to sum |f|. */
static qep_status judge(const qep_poisson *p, const source *in, const qep_walls *walls, const qep_poisson_control *control, double mean,
                        qep_poisson_report *report, qep_error *err) {
    const double cells = qep_weight_sum(&p->grid), volume = qep_cell_volume(&p->grid);
    const double scale = source_scale(p, in, walls) + control->data_scale / volume;
    report->singular = 1;
    report->defect = mean * cells * volume;
    report->defect_relative = scale > 0.0 ? fabs(mean) * cells / scale : 0.0;
    if (control->neutralize) {
        report->defect_allowed = INFINITY;
    } else if (control->compatibility >= 0.0) {
        report->defect_allowed = control->compatibility;
    } else {
        if (p->calculus->derivative != QEP_SPECTRAL) {
            double higher = 0.0;
            QEP_TRY(higher_order_total(p, in->f, in->s, walls, &higher, err));
            const double own = qep_edge_terms_total(&p->grid, &p->stencil, &p->edge);
            report->defect_allowed = scale > 0.0 ? 10.0 * fabs(own - higher) / scale : 0.0;
        } else {
            report->defect_allowed = scale > 0.0 ? 10.0 * qep_lifting_spread(p->calculus, walls) * cells / scale : 0.0;
        }
        report->defect_allowed += scale > 0.0 ? 10.0 * control->data_uncertainty / (volume * scale) : 0.0;
        report->defect_allowed = fmax(1e-10, report->defect_allowed);
    }
    report->compatible = report->defect_relative <= report->defect_allowed;
    return QEP_OK;
}

/* ---- solve ------------------------------------------------------------------------------------------------------ */

/* A source at a homogeneous wall makes higher derivatives there, so its levels need arrays. */
static qep_status prepare_walls(const qep_poisson *p, const double *f, double s, qep_walls *walls, qep_error *err) {
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            if (f && p->kinds.wall[d][side].kind != QEP_WALL_NONE && walls->wall[d][side].homogeneous) {
                QEP_TRY(qep_walls_allocate(walls, d, side, err));
            }
        }
    }
    return p->calculus->derivative == QEP_SPECTRAL ? qep_lifting_fill_walls(p->calculus, f, s, walls, err)
                                                   : qep_stencil_fill_walls(&p->stencil, f, s, walls, err);
}

/* All boundary terms of the first wall that has any: on a Dirichlet node the outermost ones go unused. */
static void tamper_edges(qep_poisson *p) {
    for (int i = 0; i < 6 && p->boundary_tamper != 0.0; i++) {
        int any = 0;
        for (int depth = 0; depth < QEP_EDGE_DEPTHS; depth++) {
            double *values = p->edge.depth[i / 2][i % 2][depth];
            for (size_t t = 0; values && t < p->kinds.wall[i / 2][i % 2].count; t++) {
                values[t] *= 1.0 + p->boundary_tamper;
            }
            any |= values != NULL;
        }
        if (any) {
            return;
        }
    }
}

qep_status qep_poisson_solve(qep_poisson *p, const double *f, double s, qep_walls *walls, const qep_poisson_control *control, double *u,
                             qep_poisson_report *report, qep_error *err) {
    *report = (qep_poisson_report){.compatible = 1, .passed = 1};
    QEP_TRY(prepare_walls(p, f, s, walls, err));
    QEP_TRY(qep_corner_defect(&p->grid, p->calculus->stencil.axis[0].order ? p->calculus->stencil.axis[0].order : 4, walls,
                              &report->corner_defect, err));
    const source in = {.p = p, .f = f, .s = s, .walls = walls, .absolute = p->singular ? p->row_sums : NULL};
    double mean = 0.0;
    if (p->calculus->derivative != QEP_SPECTRAL) {
        QEP_TRY(qep_edge_terms_fill(&p->stencil, walls, &p->edge, err));
        tamper_edges(p);
    }
    qep_passes_solve(p->passes, load_rows, &in, u, &mean);
    if (p->singular) {
        QEP_TRY(judge(p, &in, walls, control, mean, report, err));
        if (!report->compatible) {
            return QEP_OK;
        }
    }
    qep_set_known(&p->grid, walls, u);
    QEP_TRY(residual(p, f, s, p->singular ? mean : 0.0, walls, u, NULL, err));
    finish_report(p, control->tolerance, report);
    return QEP_OK;
}

int qep_poisson_tamper(qep_poisson *p, const char *what, double relative) {
    int d = 0;
    while (d < 2 && !qep_passes_line(p->passes, d)) {
        d++;
    }
    if (strcmp(what, "tap") == 0) {
        p->stencil.axis[d].second[1] *= 1.0 + relative;
    } else if (strcmp(what, "eigenvalue") == 0) {
        const qep_line *line = qep_passes_line(p->passes, d);
        qep_passes_eigenvalues(p->passes, d)[line ? qep_line_first(line) + 1 : 0] *= 1.0 + relative;
    } else if (strcmp(what, "boundary") == 0) {
        p->boundary_tamper = relative;
    } else {
        return 0;
    }
    return 1;
}
