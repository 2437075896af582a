/* lap u = s f on a regular grid, solved by the eigenvalues of the very operator that the finite differences apply (T6 with constant
 * coefficients). The residual afterwards goes another way: ghosts from the wall levels, taps along rows. */
#include "solver_impl.h"

#include "lifting.h"
#include "open.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static int has_walls(const qep_walls *kinds) {
    for (int i = 0; i < 6; i++) {
        if (kinds->wall[i / 2][i % 2].kind != QEP_WALL_NONE) {
            return 1;
        }
    }
    return 0;
}

double qep_poisson_symbol(const qep_poisson *p, int d, double theta) {
    const double h = p->grid.axis[d].h;
    return p->calculus->derivative == QEP_SPECTRAL ? -(theta / h) * (theta / h) : qep_stencil_symbol2(&p->stencil.axis[d], theta);
}

static void fill_eigenvalues(qep_poisson *p, int d) {
    const qep_line *line = qep_passes_line(p->passes, d);
    double *eigenvalues = qep_passes_eigenvalues(p->passes, d);
    for (size_t k = 0; line && k < qep_line_unknowns(line); k++) {
        eigenvalues[qep_line_first(line) + k] = qep_poisson_symbol(p, d, qep_line_theta(line, k));
    }
}

/* The operator is the caller's, except for the band-limited kernel beside finite differences. */
static qep_status choose_operator(qep_poisson *p, const qep_calculus *calculus, qep_kernel_kind kernel, const qep_log *log, qep_error *err) {
    p->calculus = calculus;
    if (!qep_grid_open_axes(&p->grid)) {
        return QEP_OK;
    }
    if (kernel == QEP_KERNEL_LATTICE && calculus->derivative == QEP_SPECTRAL) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "kernel", "/solver/kernel", NULL,
                             "kernel \"lattice\" inverts a finite-difference stencil, and derivative \"spectral\" has none; use fd2 to fd8, or "
                             "kernel \"truncated\"");
    }
    if (kernel == QEP_KERNEL_TRUNCATED && calculus->derivative != QEP_SPECTRAL) {
        const qep_calculus_options exact = {QEP_SPECTRAL, calculus->threads, (qep_plan_effort)calculus->effort};
        QEP_TRY(qep_calculus_create(&p->own, &p->grid, &exact, log, err));
        p->calculus = p->own;
    }
    return QEP_OK;
}

static qep_status prepare(qep_poisson *p, const qep_calculus *calculus, const qep_poisson_options *options, const qep_log *log, qep_error *err) {
    QEP_TRY(choose_operator(p, calculus, options->kernel, log, err));
    p->stencil = p->calculus->stencil;
    qep_walls_init(&p->kinds, &p->grid);
    const int open = qep_grid_open_axes(&p->grid) > 0;
    p->singular = qep_grid_constant(&p->grid) == QEP_CONSTANT_FREE;
    const size_t rows = p->grid.axis[1].n * p->grid.axis[2].n;
    QEP_TRY(qep_alloc_doubles(&p->row_sums, QEP_ROW_SUMS * rows, "row sums", err));
    QEP_TRY(qep_passes_create(&p->passes, &p->grid, &p->kinds, calculus->threads, calculus->effort, err));
    for (int d = 0; d < 3; d++) {
        fill_eigenvalues(p, d);
    }
    return open ? qep_open_create(p, options, err) : QEP_OK;
}

qep_status qep_poisson_create(qep_poisson **out, const qep_calculus *calculus, const qep_grid *grid, const qep_poisson_options *options,
                              const qep_log *log, qep_error *err) {
    static const qep_poisson_options defaults = {QEP_KERNEL_AUTO, 0.0, NULL};
    *out = NULL;
    qep_poisson *p = NULL;
    QEP_TRY(qep_alloc((void **)&p, 1, sizeof *p, "solver", err));
    p->grid = *grid;
    const qep_status status = prepare(p, calculus, options ? options : &defaults, log, err);
    if (status != QEP_OK) {
        qep_poisson_destroy(p);
        return status;
    }
    *out = p;
    return QEP_OK;
}

void qep_poisson_destroy(qep_poisson *p) {
    if (!p) {
        return;
    }
    qep_passes_destroy(p->passes);
    qep_kernel_destroy(p->kernel);
    qep_open_lift_free(p);
    qep_calculus_destroy(p->own);
    qep_edge_terms_free(&p->edge);
    qep_free(p->row_sums);
    qep_free(p);
}

qep_poisson_open qep_poisson_open_axes(const qep_poisson *p) {
    return p->open;
}

int qep_poisson_is_singular(const qep_poisson *p) {
    return p->singular;
}

size_t qep_poisson_memory(const qep_grid *grid, qep_derivative derivative, int threads) {
    const size_t faces = grid->axis[0].n * grid->axis[1].n + grid->axis[1].n * grid->axis[2].n + grid->axis[0].n * grid->axis[2].n;
    size_t bytes = qep_passes_memory(grid, threads) + qep_open_memory(grid, threads) + sizeof(double) * QEP_ROW_SUMS * grid->axis[1].n * grid->axis[2].n;
    qep_walls kinds;
    qep_walls_init(&kinds, grid);
    if (has_walls(&kinds)) {
        bytes += sizeof(double) * faces * 2 * (QEP_WALL_LEVELS + QEP_EDGE_DEPTHS);
    }
    /* the residual of exact symbols needs whole lines at once */
    return bytes + (derivative == QEP_SPECTRAL ? sizeof(double) * qep_grid_count(grid) : 0);
}

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

int qep_poisson_offers_gradient(const qep_poisson *p, int axis) {
    return p->calculus->derivative == QEP_SPECTRAL && qep_grid_axis_open(&p->grid, axis);
}

static qep_status check_gradient(qep_poisson *p, const qep_poisson_control *control, qep_error *err) {
    int any = 0;
    for (int d = 0; d < 3; d++) {
        if (control->gradient[d] && !qep_poisson_offers_gradient(p, d)) {
            return qep_error_add(err, QEP_ERR_INTERNAL, "gradient", NULL, NULL, "the solver gives no derivative along axis %d", d);
        }
        any |= control->gradient[d] != NULL;
    }
    return any ? qep_passes_allow_gradient(p->passes, err) : QEP_OK;
}

qep_status qep_poisson_solve(qep_poisson *p, const double *f, double s, qep_walls *walls, const qep_poisson_control *control, double *u,
                             qep_poisson_report *report, qep_error *err) {
    *report = (qep_poisson_report){.compatible = 1, .passed = 1};
    QEP_TRY(prepare_walls(p, f, s, walls, err));
    QEP_TRY(qep_corner_defect(&p->grid, p->calculus->stencil.axis[0].order ? p->calculus->stencil.axis[0].order : 4, walls,
                              &report->corner_defect, err));
    const qep_source in = {.p = p, .f = f, .s = s, .walls = walls, .absolute = p->singular ? p->row_sums : NULL};
    double mean = 0.0;
    if (p->calculus->derivative != QEP_SPECTRAL) {
        QEP_TRY(qep_edge_terms_fill(&p->stencil, walls, &p->edge, err));
        tamper_edges(p);
    }
    QEP_TRY(qep_open_lift_fill(p, walls, err));
    QEP_TRY(check_gradient(p, control, err));
    qep_passes_solve(p->passes, qep_source_load_rows, &in, u, control->gradient, &mean);
    QEP_TRY(qep_open_lift_add(p, walls, u, control->gradient, err));
    if (p->singular) {
        QEP_TRY(qep_compatibility_judge(p, &in, walls, control, mean, report, err));
        if (!report->compatible) {
            return QEP_OK;
        }
    }
    qep_set_known(&p->grid, walls, u);
    QEP_TRY(qep_residual_measure(p, f, s, p->singular ? mean : 0.0, walls, u, NULL, err));
    qep_residual_report(p, control->tolerance, report);
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
