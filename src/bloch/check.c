/* What a problem lacks or contradicts, before anything is summed: one row per need of a quantity. */
#include "qep/bloch/compute.h"

#include "bloch/points.h"
#include "bloch/results.h"
#include <math.h>
#include <string.h>

typedef struct {
    unsigned need;
    int (*given)(const qep_bloch_problem *p);
    const char *path; /* what is missing or wrong */
    qep_status status;
    const char *code, *text;
} need_row;

static int has_tau(const qep_bloch_problem *p) {
    return p->settings.tau > 0.0;
}
static int has_field(const qep_bloch_problem *p) {
    return p->has_field;
}
static int has_positions(const qep_bloch_problem *p) {
    return p->model->has_positions;
}
static int is_lattice(const qep_bloch_problem *p) {
    return !p->model->function;
}
static int is_sheet(const qep_bloch_problem *p) {
    return p->model->dim == 2;
}
static int has_frequency(const qep_bloch_problem *p) {
    return p->settings.frequencies > 0;
}

static const need_row needs[] = {
    {QEP_BLOCH_NEEDS_TAU, has_tau, "/bloch/relaxation_time", QEP_ERR_CONFIG, "missing_key", "needs \"relaxation_time\""},
    {QEP_BLOCH_NEEDS_FIELD, has_field, "/bloch/field", QEP_ERR_CONFIG, "missing_key", "needs \"field\", the electric field in V/m"},
    {QEP_BLOCH_NEEDS_WARM, bloch_is_warm, "/bloch/temperature", QEP_ERR_CONFIG, "inapplicable",
     "is a Fermi-surface quantity with no value at T = 0 on a grid; give temperatures above 0 K"},
    {QEP_BLOCH_NEEDS_POSITIONS, has_positions, "/bloch/model", QEP_ERR_CONFIG, "missing_key",
     "depends on the positions of the orbitals, which an _hr.dat does not hold; give \"centres\", or use the _tb.dat"},
    {QEP_BLOCH_NEEDS_LATTICE, is_lattice, "/bloch/model", QEP_ERR_CONFIG, "inapplicable", "needs a lattice; this is a continuum model"},
    {QEP_BLOCH_NEEDS_2D, is_sheet, "/bloch/quantities", QEP_ERR_CONFIG, "inapplicable", "exists for 2-D lattices"},
    {QEP_BLOCH_NEEDS_FREQUENCY, has_frequency, "/bloch/frequency", QEP_ERR_CONFIG, "missing_key", "needs \"frequency\""},
};

static qep_status check_lists(const qep_bloch_problem *p, qep_error *err) {
    for (size_t i = 0; i < p->temperatures; i++) {
        if (!(p->temperature[i] >= 0.0) || isinf(p->temperature[i])) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/bloch/temperature", NULL, "%g K came; a temperature is finite and not negative",
                                 p->temperature[i]);
        }
    }
    for (size_t i = 0; i < p->mus; i++) {
        if (!isfinite(p->mu[i])) {
            return qep_error_add(err, QEP_ERR_CONFIG, "not_finite", "/bloch/chemical_potential", NULL, "a chemical potential is not finite");
        }
    }
    return QEP_OK;
}

/* Add what the quantity (may be NULL) lacks. */
static qep_status check_quantity(const qep_bloch_problem *p, const qep_bloch_quantity *row, qep_status status, qep_error *err) {
    for (size_t i = 0; row && i < sizeof needs / sizeof *needs; i++) {
        if ((row->needs & needs[i].need) && !needs[i].given(p)) {
            status = qep_error_add(err, needs[i].status, needs[i].code, needs[i].path, NULL, "\"%s\" %s", row->name, needs[i].text);
        }
    }
    return status;
}

static qep_status check_maps(const qep_bloch_problem *p, qep_status status, qep_error *err) {
    if (p->model->function) {
        status = qep_error_add(err, QEP_ERR_CONFIG, "inapplicable", "/bloch/maps", NULL, "maps need the Brillouin zone of a lattice; this is a continuum model");
    }
    for (size_t i = 0; i < p->map_bands; i++) {
        if (p->map_band[i] >= p->model->bands) {
            status = qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/bloch/map_bands", NULL, "band %zu came; the bands are numbered from 0 to %zu",
                                   p->map_band[i], p->model->bands - 1);
        }
    }
    for (size_t i = 0; i < p->maps; i++) {
        if (p->map[i].band && !p->model->has_positions && strcmp(p->map[i].band->name, "energy") != 0) {
            status = qep_error_add(err, QEP_ERR_CONFIG, "missing_key", "/bloch/model", NULL,
                                   "the map \"%s\" depends on the positions of the orbitals, which an _hr.dat does not hold; give \"centres\", or use the _tb.dat",
                                   p->map[i].band->name);
        }
    }
    return status;
}

qep_status qep_bloch_check(const qep_bloch_problem *p, qep_error *err) {
    qep_status status = check_lists(p, err);
    bloch_points set;
    const qep_status grid = bloch_points_create(&set, p->model, p->points, p->shift, "/bloch/kgrid/points", err);
    status = grid != QEP_OK ? grid : status;
    if (grid == QEP_OK) {
        bloch_points_destroy(&set);
    }
    for (size_t q = 0; q < p->quantities; q++) {
        status = check_quantity(p, p->quantity[q], status, err);
    }
    for (size_t i = 0; i < p->maps; i++) {
        status = check_quantity(p, p->map[i].quantity, status, err);
    }
    return p->maps ? check_maps(p, status, err) : status;
}
