/* The residual of the discrete equation, by another way than the solve: ghosts from the wall levels and taps along rows (finite differences),
 * or derivatives along whole lines (exact symbols); and the bound that rounding alone explains. Near open faces the operator reaches beyond the
 * grid, and the samples it reaches from are left out. Along open axes exact symbols would need the line beyond the grid altogether: there
 * differences of order 10 take their place, and what these change against order 8 counts as resolution, like rounding. */
#include "solver_impl.h"

#include "lifting.h"
#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

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

/* Stencils of the resolution check along open axes. */
typedef struct {
    qep_stencil fine, coarse;
} open_stencils;

enum { FINE_ORDER = 10, COARSE_ORDER = 8 };
/* Charges in single cells and extrapolations at a wall before free space leave less than this many times what the order changes. */
static const double RESOLUTION = 30.0;

/* Samples from a face of axis d within which the check knows nothing: before open faces, and with exact symbols before the wall at the other
 * end, where both orders share the error of the ghosts. */
static size_t blind(const qep_poisson *p, int d, int side) {
    const qep_axis *axis = &p->grid.axis[d];
    const int exact = p->calculus->derivative == QEP_SPECTRAL;
    if (!qep_grid_axis_open(&p->grid, d) || (!exact && axis->bc[side] != QEP_OPEN)) {
        return 0;
    }
    const size_t half = exact ? FINE_ORDER / 2 : (size_t)p->stencil.axis[d].half;
    return half < axis->n ? half : axis->n;
}

/* Nothing is to be solved on known nodes, and nothing can be said near open faces. */
static void zero_known(const qep_poisson *p, size_t y, size_t z, double *row) {
    const size_t nx = p->grid.axis[0].n, at[3] = {0, y, z};
    int x_low = 0, x_high = 0, nothing = qep_known_row(&p->grid, &p->kinds, y, z, &x_low, &x_high);
    for (int d = 1; d < 3; d++) {
        nothing |= at[d] < blind(p, d, 0) || at[d] + blind(p, d, 1) >= p->grid.axis[d].n;
    }
    const size_t low = nothing ? nx : blind(p, 0, 0), high = blind(p, 0, 1);
    memset(row, 0, low * sizeof *row);
    memset(row + nx - high, 0, high * sizeof *row);
    row[0] = x_low ? 0.0 : row[0];
    row[nx - 1] = x_high ? 0.0 : row[nx - 1];
}

/* Sums over one row: |r|^2, |b|^2, (|A||u| + |b|)^2, max |r|. lifted: size of parts that cancel in u (spectral). unresolved: NULL or what
 * resolution explains of r. */
static void measure_row(const qep_poisson *p, const double *r, const double *b, const double *u, double norm, double lifted,
                        const double *unresolved, double sums[QEP_ROW_SUMS]) {
    for (int i = 0; i < QEP_ROW_SUMS; i++) {
        sums[i] = 0.0;
    }
    for (size_t x = 0; x < p->grid.axis[0].n; x++) {
        const double resolution = unresolved ? RESOLUTION * fabs(unresolved[x]) / (10.0 * DBL_EPSILON) : 0.0;
        const double floor = norm * (fabs(u[x]) + lifted) + fabs(b[x]) + resolution;
        sums[0] += r[x] * r[x];
        sums[1] += b[x] * b[x];
        sums[2] += floor * floor;
        sums[3] = fabs(r[x]) > sums[3] ? fabs(r[x]) : sums[3];
    }
}

/* Scale of the residual sums: keeps squares inside the range of doubles for any units. */
static void store_sums(const qep_poisson *p, size_t row, const double sums[QEP_ROW_SUMS]) {
    const size_t rows = p->grid.axis[1].n * p->grid.axis[2].n;
    for (int i = 0; i < QEP_ROW_SUMS; i++) {
        p->row_sums[(size_t)i * rows + row] = sums[i];
    }
}

void qep_residual_report(const qep_poisson *p, double tolerance, qep_poisson_report *report) {
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
static void residual_rows(const qep_poisson *p, const qep_source *in, const qep_walls *walls, const double *u, double *out) {
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
            double sums[QEP_ROW_SUMS] = {NAN, NAN, NAN, NAN};
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
                measure_row(p, r, fresh, u + i * nx, norm, 0.0, NULL, sums);
            }
            store_sums(p, i, sums);
        }
        qep_free(fresh);
    }
}

/* r -= second differences along open axes; unresolved = what the order changes. */
static void difference_open(const qep_poisson *p, const open_stencils *stencils, const qep_walls *walls, const double *u, size_t y, size_t z,
                            double *r, double *unresolved, double *scratch) {
    memset(unresolved, 0, p->grid.axis[0].n * sizeof *unresolved);
    for (int d = 0; d < 3; d++) {
        if (qep_grid_axis_open(&p->grid, d)) {
            qep_stencil_row(&stencils->fine, u, walls, d, 2, y, z, -1.0, 1, r, scratch);
            qep_stencil_row(&stencils->fine, u, walls, d, 2, y, z, 1.0, 1, unresolved, scratch);
            qep_stencil_row(&stencils->coarse, u, walls, d, 2, y, z, -1.0, 1, unresolved, scratch);
        }
    }
}

/* The same with exact symbols: second derivatives along whole lines into `out`. */
static qep_status residual_spectral(const qep_poisson *p, const qep_source *in, const qep_walls *walls, const double *u, double *out,
                                    qep_error *err) {
    const size_t nx = p->grid.axis[0].n, ny = p->grid.axis[1].n, rows = ny * p->grid.axis[2].n;
    for (size_t i = 0; i < rows * nx; i++) {
        out[i] = in->f ? in->s * in->f[i] - in->mean : -in->mean;
    }
    for (int d = 0; d < 3; d++) {
        if (!qep_grid_axis_open(&p->grid, d)) {
            QEP_TRY(qep_calculus_derivative(p->calculus, u, walls, d, 2, -1.0, NULL, 1, out, err));
        }
    }
    open_stencils stencils;
    qep_stencil_init(&stencils.fine, &p->grid, FINE_ORDER);
    qep_stencil_init(&stencils.coarse, &p->grid, COARSE_ORDER);
    const double norm = operator_norm(p), lifted = qep_lifting_amplitude(p->calculus, walls);
    double *b = NULL;
    QEP_TRY(qep_alloc_doubles(&b, 2 * nx + qep_stencil_scratch(&stencils.fine), "residual row", err));
    double *unresolved = b + nx, *scratch = b + 2 * nx;
    for (size_t i = 0; i < rows; i++) {
        const size_t y = i % ny, z = i / ny;
        double sums[QEP_ROW_SUMS];
        for (size_t x = 0; x < nx; x++) {
            b[x] = in->f ? in->s * in->f[i * nx + x] - in->mean : -in->mean;
        }
        qep_source_subtract_walls(in, y, z, b);
        difference_open(p, &stencils, walls, u, y, z, out + i * nx, unresolved, scratch);
        zero_known(p, y, z, b);
        zero_known(p, y, z, unresolved);
        zero_known(p, y, z, out + i * nx);
        measure_row(p, out + i * nx, b, u + i * nx, norm, lifted, unresolved, sums);
        store_sums(p, i, sums);
    }
    qep_free(b);
    return QEP_OK;
}

qep_status qep_residual_measure(const qep_poisson *p, const double *f, double s, double mean, const qep_walls *walls, const double *u,
                           double *out, qep_error *err) {
    const qep_source in = {.p = p, .f = f, .s = s, .mean = mean, .walls = walls};
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
    return qep_residual_measure(p, f, s, removed_mean(p, report), walls, u, out, err);
}
