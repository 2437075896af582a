/* Probes: values of every written quantity at chosen points, by multilinear interpolation between samples (linear
 * extrapolation within half a cell of a wall on cell grids). */
#include "state.h"

#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static int inside(const qep_axis *axis, double at) {
    const double slack = 1e-9 * axis->length; /* rounding of a face's coordinate */
    return at >= axis->origin - slack && at <= axis->origin + axis->length + slack;
}

static void place(qep_probe_stencil *stencil, const qep_grid *grid, int d, double at) {
    const qep_axis *axis = &grid->axis[d];
    stencil->index[d][0] = stencil->index[d][1] = 0;
    stencil->weight[d] = 0.0;
    if (axis->n == 1) {
        return;
    }
    const double n = (double)axis->n;
    const double position = (at - qep_grid_coordinate(grid, d, 0)) / axis->h;
    double low = floor(position);
    if (axis->bc[0] == QEP_PERIODIC) {
        const size_t wrapped = (size_t)(low - n * floor(low / n)) % axis->n;
        stencil->index[d][0] = wrapped;
        stencil->index[d][1] = (wrapped + 1) % axis->n;
    } else {
        low = fmin(fmax(low, 0.0), n - 2.0);
        stencil->index[d][0] = (size_t)low;
        stencil->index[d][1] = (size_t)low + 1;
    }
    stencil->weight[d] = position - low;
}

qep_status qep_run_place_probes(qep_run_state *run, qep_error *err) {
    const qep_config *c = run->config;
    void *stencils = NULL;
    QEP_TRY(qep_alloc(&stencils, c->probe_count, sizeof *run->probe, "probes", err));
    run->probe = stencils;
    qep_status worst = QEP_OK;
    for (size_t p = 0; p < c->probe_count; p++) {
        for (int d = 0; d < 3; d++) {
            const qep_axis *axis = &run->grid->axis[d];
            if (d < run->grid->ndim && !inside(axis, c->probes[p].at[d])) {
                char path[64];
                snprintf(path, sizeof path, "/probes/%zu/at/%d", p, d);
                worst = qep_error_add(err, QEP_ERR_CONFIG, "range", path, NULL,
                                      "probe \"%s\" at %c = %g m lies outside the grid, %g to %g m",
                                      c->probes[p].name, "xyz"[d], c -> probes[p].at[d],
                                      axis->origin, axis->origin + axis->length);
            } else {
                place(&run->probe[p], run->grid, d, c->probes[p].at[d]);
            }
        }
    }
    return worst;
}

static double interpolate(const qep_grid *grid, const qep_probe_stencil *p, const double *u) {
    double value = 0.0;
    for (int corner = 0; corner < 8; corner++) {
        double weight = 1.0;
        size_t index[3];
        for (int d = 0; d < 3; d++) {
            const int upper = corner >> d & 1;
            weight *= upper ? p->weight[d] : 1.0 - p->weight[d];
            index[d] = p->index[d][upper];
        }
        value +=
            weight != 0.0 ? weight * u[qep_grid_index(grid, index[0], index[1], index[2])] : 0.0;
    }
    return value;
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
                               interpolate(run->grid, &run->probe[p], values), unit, err));
    }
    return QEP_OK;
}

static int of_probe(const qep_run_result *result, const char *name) {
    return strncmp(result->group, "probes/", 7) == 0 && strcmp(result->group + 7, name) == 0;
}

/* Text list that grows: "t, phi, E_x"; the arrays are long enough for every component of every quantity. */
enum { COLUMNS_TEXT = 2048 };

static void append(char text[COLUMNS_TEXT], const char *word) {
    const size_t used = strlen(text);
    snprintf(text + used, COLUMNS_TEXT - used, "%s%s", used ? ", " : "", word);
}

/* Columns of a probe's table and their units; fills table [frame + 1, columns] when it is not NULL. Returns the
 * columns. */
static size_t tabulate(const qep_run_state *run, const char *probe, size_t frame, size_t columns,
                       double *table, char names[COLUMNS_TEXT], char units[COLUMNS_TEXT]) {
    size_t column = 1;
    snprintf(names, COLUMNS_TEXT, "t");
    snprintf(units, COLUMNS_TEXT, "s");
    for (size_t k = 0; table && k <= frame; k++) {
        table[k * columns] = run->times[k];
    }
    for (size_t i = 0; i < run->report->result_count; i++) {
        const qep_run_result *r = &run->report->result[i];
        if (!of_probe(r, probe)) {
            continue;
        }
        append(names, r->name);
        append(units, r->unit);
        for (size_t k = 0; table && k <= frame; k++) {
            table[k * columns + column] = r->value[k];
        }
        column++;
    }
    return column;
}

static qep_status write_probe(qep_run_state *run, const char *probe, size_t frame, qep_error *err) {
    char names[COLUMNS_TEXT], units[COLUMNS_TEXT], name[96];
    const size_t columns = tabulate(run, probe, frame, 0, NULL, names, units);
    double *table = NULL;
    QEP_TRY(qep_alloc_doubles(&table, (frame + 1) * columns, "table of a probe", err));
    tabulate(run, probe, frame, columns, table, names, units);
    snprintf(name, sizeof name, "probes/%s", probe);
    qep_status status =
        qep_writer_result_table(run->writer, name, table, frame + 1, columns, units, err);
    qep_free(table);
    QEP_TRY(status);
    if (probe != run->config->probes[0].name) {
        return QEP_OK; /* all probes have the same columns */
    }
    return qep_writer_result_text(run->writer, "", "probe_columns", names, err);
}

qep_status qep_run_write_probes(qep_run_state *run, size_t frame, qep_error *err) {
    for (size_t p = 0; p < run->config->probe_count; p++) {
        QEP_TRY(write_probe(run, run->config->probes[p].name, frame, err));
    }
    return QEP_OK;
}
