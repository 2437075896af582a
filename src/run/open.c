/* What free space adds to a run: the entropy density beyond open faces, from which phi_S is measured, and how much of the sources lies in the outermost
 * samples there: the method assumes that the sources end inside the grid. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include <math.h>
#include <stdio.h>

enum { AREA, VALUE, ALL, OUTER, SUMS };

/* What is summed over the samples of a row. */
typedef struct {
    const qep_run_state *run;
    const double *values;
    double offset;
} request;

static int is_open(const qep_run_state *run, int d, int side) {
    return qep_grid_axis_active(run->grid, d) && run->grid->axis[d].bc[side] == QEP_OPEN;
}

/* 1 when the sample is the outermost at an open face of this axis. */
static int is_outer(const qep_run_state *run, int d, size_t i) {
    return (i == 0 && is_open(run, d, 0)) || (i + 1 == run->grid->axis[d].n && is_open(run, d, 1));
}

/* Area of the open faces that a sample stands for, m^2 (times the length of axes that the grid does not have). */
static double open_area(const qep_run_state *run, const size_t at[3]) {
    double area = 0.0;
    for (int d = 0; d < 3; d++) {
        double across = 1.0;
        for (int e = 0; e < 3; e++) {
            across *= e == d ? 1.0 : qep_grid_weight(run->grid, e, at[e]) * run->grid->axis[e].h;
        }
        area += is_outer(run, d, at[d]) ? across : 0.0;
    }
    return area;
}

static void row_sums(const request *in, size_t y, size_t z, double sums[SUMS]) {
    const qep_grid *grid = in->run->grid;
    const double *row = in->values + qep_grid_index(grid, 0, y, z);
    const int outer_row = is_outer(in->run, 1, y) || is_outer(in->run, 2, z);
    const size_t nx = grid->axis[0].n;
    const double across = qep_grid_weight(grid, 1, y) * qep_grid_weight(grid, 2, z);
    for (int k = 0; k < SUMS; k++) {
        sums[k] = 0.0;
    }
    for (size_t x = 0; x < nx; x++) {
        sums[ALL] += fabs(row[x] - in->offset) * (across * qep_grid_weight(grid, 0, x));
    }
    for (size_t x = 0; x < nx; x += outer_row || nx == 1 ? 1 : nx - 1) {
        if (outer_row || is_outer(in->run, 0, x)) {
            const size_t at[3] = {x, y, z};
            const double area = open_area(in->run, at);
            sums[AREA] += area;
            sums[VALUE] += area * (row[x] - in->offset);
            sums[OUTER] += fabs(row[x] - in->offset) * (across * qep_grid_weight(grid, 0, x));
        }
    }
}

/* The four sums over the grid: rows in any order, added pairwise. */
static qep_status sum_rows(const qep_run_state *run, const double *values, double offset, double sums[SUMS], qep_error *err) {
    const size_t ny = run->grid->axis[1].n, rows = ny * run->grid->axis[2].n;
    const request in = {run, values, offset};
    double *each = NULL;
    QEP_TRY(qep_alloc_doubles(&each, SUMS * rows, "sums over open faces", err));
#pragma omp parallel for num_threads(run->options->threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        double one[SUMS];
        row_sums(&in, i % ny, i / ny, one);
        for (size_t k = 0; k < SUMS; k++) {
            each[k * rows + i] = one[k];
        }
    }
    for (size_t k = 0; k < SUMS; k++) {
        sums[k] = qep_reduce_pairwise(each + k * rows, rows);
    }
    qep_free(each);
    return QEP_OK;
}

/* The first outermost sample of an open face: constant S near the faces then gives exactly that value. */
static double first_outer(const qep_run_state *run) {
    for (int d = 0; d < 3; d++) {
        for (int side = 0; side < 2; side++) {
            if (is_open(run, d, side)) {
                return run->S[side ? (run->grid->axis[d].n - 1) * qep_grid_stride(run->grid, d) : 0];
            }
        }
    }
    return run->S[0];
}

qep_status qep_run_find_entropy_at_infinity(qep_run_state *run, qep_error *err) {
    if (!run->open_axes || run->config->reading != QEP_READING_POISSON) {
        return QEP_OK;
    }
    const double given = run->config->coupling.entropy_at_infinity, start = first_outer(run);
    double sums[SUMS];
    if (!isnan(given)) {
        run->solution.S0 = given;
        return QEP_OK;
    }
    QEP_TRY(sum_rows(run, run->S, start, sums, err));
    run->solution.S0 = start + sums[VALUE] / sums[AREA];
    return QEP_OK;
}

qep_status qep_run_open_share(const qep_run_state *run, const double *values, double offset, double *share, qep_error *err) {
    double sums[SUMS];
    QEP_TRY(sum_rows(run, values, offset, sums, err));
    *share = sums[ALL] > 0.0 ? sums[OUTER] / sums[ALL] : 0.0;
    return QEP_OK;
}

void qep_run_far_field_text(const qep_run_state *run, char *text, size_t size) {
    if (run->constant == QEP_CONSTANT_FIXED) {
        snprintf(text, size, "phi vanishes far away");
    } else if (run->open_axes == 2) {
        snprintf(text, size, "far field of a charge q per length: -q ln(r/R)/(2 pi eps0 eps_r), R = %.9g m; phi_S vanishes far away",
                 run->config->gauge_length);
    } else {
        snprintf(text, size, "far field of a charge q per area at distance d: -q d/(2 eps0 eps_r); phi_S vanishes far away");
    }
}

void qep_run_announce_kernel(const qep_run_state *run) {
    const qep_poisson_open open = qep_poisson_open_axes(run->solver);
    if (open.axes) {
        qep_log_write(run->log, QEP_LOG_DETAIL, "kernel of %d open axes, %s: %.4g MB, %.3g s, %zu separable terms%s", open.axes, open.kernel,
                      1e-6 * (double)open.bytes, open.seconds, open.nodes, open.reused ? ", kept from the configuration before" : "");
    }
}
