/* Electrodes on the grid of a run: which samples they hold, which faces V has, and the setup that the solver of T7 takes. Also what a
 * user should know before it is solved: faces of phi that fix the open-circuit voltage. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/source/expression.h"
#include <stdio.h>

double qep_run_extent(const qep_run_state *run) {
    const qep_config *c = run->config;
    return run->grid->ndim == 1 ? c->cross_section : (run->grid->ndim == 2 ? c->thickness : 0.0);
}

/* Samples where "where" is nonzero, ascending. */
static qep_status keep_cells(qep_run_state *run, size_t i, const double *inside, qep_error *err) {
    size_t found = 0;
    void *block = NULL;
    for (size_t k = 0; k < run->count; k++) {
        found += inside[k] != 0.0;
    }
    QEP_TRY(qep_alloc(&block, found ? found : 1, sizeof(size_t), "samples of an electrode", err));
    size_t *cells = block;
    run->electrode_cells[i] = cells;
    run->electrode[i].cells = cells;
    run->electrode[i].count = found;
    for (size_t k = 0, used = 0; k < run->count; k++) {
        if (inside[k] != 0.0) {
            cells[used++] = k;
        }
    }
    return QEP_OK;
}

static qep_status find_cells(qep_run_state *run, size_t i, double *inside, qep_error *err) {
    char path[64];
    qep_expression *expression = NULL;
    snprintf(path, sizeof path, "/electrodes/%zu/where", i);
    QEP_TRY(qep_expression_create(&expression, run->config->conduction.electrode[i].where, 1,
                                  &run->config->parameters, path, err));
    qep_status status =
        qep_expression_fill(expression, run->grid, 0.0, run->options->threads, inside, err);
    if (status == QEP_OK) {
        status = keep_cells(run, i, inside, err);
    }
    qep_expression_destroy(expression);
    return status;
}

static void set_faces_of_V(qep_run_state *run) {
    static const qep_bc kinds[] = {[QEP_V_INSULATING] = QEP_NATURAL,
                                   [QEP_V_PERIODIC] = QEP_PERIODIC,
                                   [QEP_V_FIXED] = QEP_DIRICHLET};
    run->V_grid = *run->grid;
    for (int i = 0; i < 2 * run->grid->ndim; i++) {
        run->V_grid.axis[i / 2].bc[i % 2] =
            qep_grid_axis_active(run->grid, i / 2)
                ? kinds[run->config->conduction.face[i / 2][i % 2].kind]
                : QEP_PERIODIC;
    }
}

static size_t face_count(const qep_grid *grid, int axis) {
    return qep_grid_count(grid) / grid->axis[axis].n;
}

/* Faces on which V is known, and with them the drive of J_S: fixed ones and those of electrodes. */
static int knows_V(const qep_run_state *run, int axis, int side) {
    int known = run->V_grid.axis[axis].bc[side] == QEP_DIRICHLET;
    for (size_t i = 0; i < run->config->conduction.electrode_count; i++) {
        known |= run->electrode[i].face == 2 * axis + side;
    }
    return known;
}

qep_status qep_run_allocate_V_faces(qep_run_state *run, qep_error *err) {
    qep_walls_init(&run->V_walls, &run->V_grid);
    for (int i = 0; i < 2 * run->grid->ndim; i++) {
        const int axis = i / 2, side = i % 2;
        if (run->V_grid.axis[axis].bc[side] == QEP_DIRICHLET &&
            run->config->conduction.face[axis][side].value) {
            QEP_TRY(qep_walls_allocate(&run->V_walls, axis, side, err));
        }
        if (run->has_entropy && run->grid->sampling == QEP_CELL && knows_V(run, axis, side)) {
            QEP_TRY(qep_alloc_doubles(&run->face_drive[axis][side], face_count(run->grid, axis),
                                      "entropy on a face", err));
        }
    }
    return QEP_OK;
}

static qep_status list_electrodes(qep_run_state *run, qep_error *err) {
    const qep_conduction_section *c = &run->config->conduction;
    void *electrodes = NULL, *loads = NULL, *cells = NULL;
    QEP_TRY(qep_alloc(&cells, c->electrode_count, sizeof *run->electrode_cells, "electrodes", err));
    run->electrode_cells = cells;
    QEP_TRY(qep_alloc(&electrodes, c->electrode_count, sizeof *run->electrode, "electrodes", err));
    run->electrode = electrodes;
    QEP_TRY(qep_alloc(&loads, c->load_count, sizeof *run->load, "loads", err));
    run->load = loads;
    for (size_t i = 0; i < c->electrode_count; i++) {
        const qep_electrode_entry *e = &c->electrode[i];
        run->electrode[i] =
            (qep_electrode){.name = e->name,
                            .face = e->where ? -1 : 2 * e->axis + e->side,
                            .kind = e->fixed ? QEP_ELECTRODE_VOLTAGE : QEP_ELECTRODE_CURRENT,
                            .value = e->fixed ? e->voltage : e->current};
    }
    for (size_t i = 0; i < c->load_count; i++) {
        run->load[i] =
            (qep_load){{c->load[i].between[0], c->load[i].between[1]}, c->load[i].resistance};
    }
    return QEP_OK;
}

/* The expressions need a field of scratch; where that is not to be had the memory check, which comes next, will speak. */
qep_status qep_run_place_electrodes(qep_run_state *run, qep_error *err) {
    const qep_conduction_section *c = &run->config->conduction;
    double *inside = NULL;
    set_faces_of_V(run);
    QEP_TRY(list_electrodes(run, err));
    if (run->count > qep_memory_available() / sizeof(double) / 2) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc_doubles(&inside, run->count, "places of electrodes", err));
    qep_status status = QEP_OK;
    for (size_t i = 0; status == QEP_OK && i < c->electrode_count; i++) {
        status = c->electrode[i].where ? find_cells(run, i, inside, err) : QEP_OK;
    }
    qep_free(inside);
    return status;
}

/* Before the materials are loaded it serves the memory estimate alone. */
qep_conduction_setup qep_run_conduction_setup(const qep_run_state *run) {
    const qep_conduction_section *c = &run->config->conduction;
    return (qep_conduction_setup){.grid = &run->V_grid,
                                  .sigma = run->solution.sigma.field,
                                  .sigma_value = run->solution.sigma.value,
                                  .electrodes = run->electrode,
                                  .electrode_count = c->electrode_count,
                                  .loads = run->load,
                                  .load_count = c->load_count,
                                  .options = {run->config->method, run->options->threads,
                                              run->options->effort, qep_run_extent(run)}};
}

/* Faces of a cell grid that meet at an edge with two voltages: the field there is not integrable, so the current between them has no limit. */
static void note_edges(const qep_run_state *run) {
    const qep_conduction_section *c = &run->config->conduction;
    for (size_t i = 0; i < c->electrode_count; i++) {
        for (size_t k = i + 1; k < c->electrode_count; k++) {
            const qep_electrode_entry *a = &c->electrode[i], *b = &c->electrode[k];
            const int held = a->fixed && b->fixed &&
                             (a->voltage < b->voltage || a->voltage > b->voltage);
            if (held && !a->where && !b->where && a->axis != b->axis) {
                qep_log_write(run->log, QEP_LOG_WARNING,
                              "electrodes \"%s\" and \"%s\" meet at an edge with two voltages: the "
                              "current between them grows with the number of points without limit",
                              a->name, b->name);
            }
        }
    }
}

/* phi that is given on the faces of two contacts, or the same on both, leaves nothing for the entropy to show there. */
void qep_run_announce_electrodes(const qep_run_state *run) {
    const qep_conduction_section *c = &run->config->conduction;
    if (!run->conducts && c->electrode_count > 0) {
        qep_log_write(run->log, QEP_LOG_WARNING,
                      "/electrodes has no effect: output.fields asks only for parts of phi");
    }
    if (run->conducts) {
        note_edges(run);
    }
    for (size_t i = 0; run->conducts && run->entropy_drives && i < c->electrode_count; i++) {
        const qep_electrode_entry *e = &c->electrode[i];
        const qep_bc kind = e->where ? QEP_NATURAL : run->grid->axis[e->axis].bc[e->side];
        if (run->config->reading == QEP_READING_POISSON &&
            (kind == QEP_DIRICHLET || kind == QEP_PERIODIC)) {
            qep_log_write(
                run->log, QEP_LOG_WARNING,
                "electrode \"%s\": phi is %s on its face (boundary.%c), which fixes the "
                "open-circuit voltage whatever the entropy is; natural faces leave it free",
                e->name, qep_bc_table()[kind].name, "xyz"[e->axis]);
        }
    }
}
