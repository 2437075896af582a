/* Problems whose constant is free need balanced data. What is quadrature error is told from what is real by judging the same data with a
 * stencil two orders higher. */
#include "solver_impl.h"

#include "lifting.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include <math.h>
#include <string.h>

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

static double source_scale(const qep_poisson *p, const qep_source *in, const qep_walls *walls) {
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
qep_status qep_compatibility_judge(const qep_poisson *p, const qep_source *in, const qep_walls *walls, const qep_poisson_control *control, double mean,
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
