/* Probes: values of every written quantity at chosen points, by Lagrange interpolation of the order of the derivatives
 * (fdN: N samples per axis; spectral: eight). Each value is a number of its frame in the group
 * probes/NAME; series.c writes them over the frames. */
#include "state.h"

#include "qep/base/memory.h"
#include <stdio.h>

/* fd2, fd4, ... take as many samples as their order; the spectral derivative has none to match. */
static int probe_points(const qep_run_state *run) {
    const int order = qep_derivative_table()[run->config->derivative].order;
    return order > 0 ? order : QEP_INTERPOLATION_POINTS;
}

static qep_status refuse_place(const qep_run_state *run, size_t p, int d, qep_error *err) {
    const qep_axis *axis = &run->grid->axis[d];
    char path[64];
    snprintf(path, sizeof path, "/probes/%zu/at/%d", p, d);
    return qep_error_add(err, QEP_ERR_CONFIG, "range", path, NULL,
                         "probe \"%s\" at %c = %g m lies outside the grid, %g to %g m",
                         run->config->probes[p].name, "xyz"[d], run->config->probes[p].at[d],
                         axis->origin, axis->origin + axis->length);
}

qep_status qep_run_place_probes(qep_run_state *run, qep_error *err) {
    const qep_config *c = run->config;
    void *places = NULL;
    QEP_TRY(qep_alloc(&places, c->probe_count, sizeof *run->probe, "probes", err));
    run->probe = places;
    qep_status worst = QEP_OK;
    for (size_t p = 0; p < c->probe_count; p++) {
        for (int d = 0; d < run->grid->ndim; d++) {
            if (!qep_axis_contains(&run->grid->axis[d], c->probes[p].at[d])) {
                worst = refuse_place(run, p, d, err);
            }
        }
        qep_interpolation_place(&run->probe[p], run->grid, c->probes[p].at, probe_points(run));
    }
    return worst;
}

/* Name of a component: "", "x", "xy". */
static void component_name(const qep_run_state *run, const qep_quantity_row *row, int component,
                           char text[4]) {
    const int rank = qep_quantity_rank(row, run->config->reading), ndim = run->grid->ndim;
    if (rank == 0) {
        text[0] = 0;
    } else if (rank == 1) {
        snprintf(text, 4, "%c", "xyz"[component % 3]);
    } else {
        snprintf(text, 4, "%c%c", "xyz"[component / ndim % 3], "xyz"[component % ndim % 3]);
    }
}

qep_status qep_run_read_probes(qep_run_state *run, size_t frame, const qep_quantity_row *row,
                               int component, const double *values, qep_error *err) {
    char axes[4], name[48], group[96], unit[QEP_RUN_UNIT];
    component_name(run, row, component, axes);
    snprintf(name, sizeof name, "%s%s%s", row->name, axes[0] ? "_" : "", axes);
    qep_run_unit(row->dimension(&run->dimension, run->config->reading), unit);
    for (size_t p = 0; p < run->config->probe_count; p++) {
        snprintf(group, sizeof group, "probes/%s", run->config->probes[p].name);
        QEP_TRY(qep_run_number(run, frame, group, name,
                               qep_interpolate(&run->probe[p], run->grid, values), unit, err));
    }
    return QEP_OK;
}
