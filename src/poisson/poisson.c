/* lap u = s f on a regular grid, solved by the eigenvalues of the very operator that the finite differences apply (T6 with constant
 * coefficients). The residual afterwards goes another way: ghosts from the wall levels, taps along rows. */
#include "solver_impl.h"

#include "lifting.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

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
    qep_status status = qep_alloc_doubles(&p->row_sums, QEP_ROW_SUMS * rows, "row sums", err);
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
    size_t bytes = qep_passes_memory(grid, 2) + sizeof(double) * QEP_ROW_SUMS * grid->axis[1].n * grid->axis[2].n;
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
    qep_passes_solve(p->passes, qep_source_load_rows, &in, u, &mean);
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
