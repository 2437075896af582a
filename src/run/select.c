/* Which quantities a run writes: names of output.fields against the rows of the quantity table, with their units.
 * Quantities of unlike units are never added; what a reading does not define is refused by name and left out of the
 * default list. */
#include "state.h"

#include "qep/base/memory.h"
#include <stdio.h>
#include <string.h>

char *qep_run_unit(qep_dimension dimension, char text[QEP_RUN_UNIT]) {
    return qep_dimension_format(dimension, text, QEP_RUN_UNIT);
}

static int defined_in_reading(const qep_run_state *run, const qep_quantity_row *row) {
    return (row->readings >> run->config->reading & 1u) != 0;
}

static int potential_exists(const qep_run_state *run, const qep_quantity_row *row) {
    const qep_reading reading = run->config->reading;
    const int by_gradient = reading == QEP_READING_FIELD || reading == QEP_READING_DIRECTIONAL;
    return !((row->needs & QEP_NEEDS_POTENTIAL) && by_gradient && run->profile_varies);
}

static int entropy_given(const qep_run_state *run, const qep_quantity_row *row) {
    return run->has_entropy || !(row->needs & QEP_NEEDS_ENTROPY);
}

static int frames_given(const qep_run_state *run, const qep_quantity_row *row) {
    return run->frames > 1 || !(row->needs & QEP_NEEDS_FRAMES);
}

static int current_given(const qep_run_state *run, const qep_quantity_row *row) {
    return run->config->entropy_current[0] || !(row->needs & QEP_NEEDS_ENTROPY_CURRENT);
}

static int conduction_given(const qep_run_state *run, const qep_quantity_row *row) {
    return run->conducts || !(row->needs & QEP_NEEDS_CONDUCTION);
}

/* One row per reason why a quantity may not exist. */
static const struct {
    int (*holds)(const qep_run_state *run, const qep_quantity_row *row);
    const char *otherwise;
} rules[] = {
    /* clang-format off */
    {defined_in_reading, "is not defined in this reading; --list quantities says where it is"                     },
    {potential_exists,
     "is not defined with a kappa profile in this reading: E = -kappa grad S is the definition; ask for E and J_S"},
    {entropy_given,      "needs \"entropy\", which is not given"                                                  },
    {current_given,      "needs \"entropy_current\", which is not given"                                          },
    {conduction_given,   "belongs to conduction: give \"electrodes\" or \"conduction\""                         },
    {frames_given,       "needs at least two frames: give \"time\" or an input with a time axis"                  },
    /* clang-format on */
};

static const char *missing(const qep_run_state *run, const qep_quantity_row *row) {
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (!rules[i].holds(run, row)) {
            return rules[i].otherwise;
        }
    }
    return NULL;
}

/* phi_rho is in V; phi_S is in whatever the closure gives. Only like units add. */
static int adds_unlike(const qep_run_state *run, const qep_quantity_row *row) {
    const unsigned both = QEP_NEEDS_PHI_RHO | QEP_NEEDS_PHI_S;
    return (row->needs & both) == both && !(row->needs & QEP_NEEDS_SOURCE) && run->has_rho &&
           run->entropy_drives && !qep_dimension_equal(run->dimension.phi_S, QEP_DIM_VOLTAGE);
}

static qep_status refuse_sum(const qep_run_state *run, const qep_quantity_row *row,
                             const char *path, qep_error *err) {
    char unit[QEP_RUN_UNIT];
    return qep_error_add(err, QEP_ERR_CONFIG, "unit", path, NULL,
                         "%s would add phi_rho in V and phi_S in %s; use closure \"cell\" or "
                         "\"custom\" with a unit that gives V, or "
                         "ask for the parts \"phi_rho\" and \"phi_S\" alone",
                         row->name, qep_run_unit(run->dimension.phi_S, unit));
}

static void add_quantity(qep_run_state *run, const qep_quantity_row *row) {
    run->record[run->quantities] = (qep_record){
        .name = row->name,
        .symbol = row->symbol,
        .long_name = row->long_name,
        .equation = row->equation,
        .dimension = row->dimension(&run->dimension, run->config->reading),
        .rank = qep_quantity_rank(row, run->config->reading),
    };
    run->quantity[run->quantities++] = row;
    run->needs |= row->needs;
    run->uses_work |=
        qep_quantity_uses_work(row, run->config->reading, run->grid->ndim,
                               run->profile_varies || run->eps_varies || run->by_volumes);
}

static qep_status take(qep_run_state *run, size_t i, qep_error *err) {
    const qep_config *c = run->config;
    char path[64];
    snprintf(path, sizeof path, c->fields_given ? "/output/fields/%zu" : "/output/fields", i);
    const qep_quantity_row *row = qep_quantity_find(c->fields[i]);
    if (!row) {
        return qep_error_add(err, QEP_ERR_CONFIG, "unknown_quantity", path, NULL,
                             "\"%s\" is no quantity; see --list quantities", c->fields[i]);
    }
    const char *reason = missing(run, row);
    if (reason && c->fields_given) {
        return qep_error_add(err, QEP_ERR_CONFIG, "not_defined", path, NULL,
                             "%s %s (reading \"%s\")", row->name, reason,
                             qep_reading_name(c->reading));
    }
    if (reason) {
        qep_log_write(run->log, QEP_LOG_INFO, "%s is left out: it %s", row->name, reason);
        return QEP_OK;
    }
    QEP_TRY(row->needs & QEP_NEEDS_RESPONSE ? qep_run_check_response(run, row, path, err) : QEP_OK);
    if (adds_unlike(run, row)) {
        return refuse_sum(
            run, row, c->fields_given ? path : (run->has_charge ? "/charge" : "/boundary"), err);
    }
    add_quantity(run, row);
    return QEP_OK;
}

qep_status qep_run_select(qep_run_state *run, qep_error *err) {
    const size_t n = run->config->field_count;
    void *rows = NULL, *records = NULL;
    QEP_TRY(qep_alloc(&rows, n, sizeof *run->quantity, "list of quantities", err));
    run->quantity = rows;
    QEP_TRY(qep_alloc(&records, n, sizeof *run->record, "list of records", err));
    run->record = records;
    qep_status worst = QEP_OK;
    for (size_t i = 0; i < n; i++) {
        const qep_status status = take(run, i, err);
        worst = qep_status_exit_code(status) > qep_status_exit_code(worst) ? status : worst;
    }
    return worst;
}
