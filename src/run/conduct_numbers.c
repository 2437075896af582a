/* What conduction leaves to read: voltage and current of each electrode, current and power of each load, powers and their balance, and
 * how each iterative solve went. */
#include "state.h"

#include "qep/base/memory.h"
#include <stdio.h>
#include <string.h>

/* Units follow from that of V and the extent of the sample: A for volts in 3-D, A/m and A/m^2 where axes and extents are missing. */
static qep_dimension current_dimension(const qep_run_state *run) {
    const qep_dimension density = qep_dimension_divide(
        qep_dimension_multiply(QEP_DIM_CONDUCTIVITY, run->dimension.voltage), QEP_DIM_LENGTH);
    const int axes = qep_run_extent(run) > 0.0 ? 3 : run->grid->ndim;
    return qep_dimension_multiply(density, qep_dimension_power(QEP_DIM_LENGTH, axes - 1));
}

qep_status qep_run_solver_numbers(qep_run_state *run, size_t frame, const char *name,
                                  const qep_elliptic_report *r, qep_error *err) {
    char group[96];
    snprintf(group, sizeof group, "solver/%s", name);
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"iterations", (double)r->iterations},
        {"residual", r->residual},
        {"residual_floor", r->residual_floor},
        {"pointwise", r->pointwise},
        {"energy_error", r->energy_error},
        {"condition", r->condition},
        {"contrast", r->contrast},
        {"components", (double)r->components},
        {"floating_components", (double)r->floating},
        {"excluded", (double)r->excluded},
        {"conservation", r->conservation},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        QEP_TRY(qep_run_number(run, frame, group, numbers[i].name, numbers[i].value, NULL, err));
    }
    QEP_TRY(qep_run_word(run, frame, group, "status", qep_solve_state_name(r->state), 0, err));
    QEP_TRY(qep_run_word(run, frame, group, "method", qep_method_table()[r->method].name, 0, err));
    return qep_run_word(run, frame, group, "reason", r->reason, 0, err);
}

static qep_status electrode_numbers(qep_run_state *run, size_t frame, const char *volts,
                                    const char *amperes, qep_error *err) {
    for (size_t i = 0; i < run->conducted.electrode_count; i++) {
        const qep_electrode_result *e = &run->conducted.electrodes[i];
        char group[96];
        snprintf(group, sizeof group, "electrodes/%s", run->electrode[i].name);
        QEP_TRY(qep_run_number(run, frame, group, "voltage", e->voltage, volts, err));
        QEP_TRY(qep_run_number(run, frame, group, "current", e->current, amperes, err));
    }
    return QEP_OK;
}

static qep_status load_numbers(qep_run_state *run, size_t frame, const char *volts,
                               const char *amperes, const char *watts, qep_error *err) {
    for (size_t i = 0; i < run->conducted.load_count; i++) {
        const qep_load_result *l = &run->conducted.loads[i];
        const qep_load *load = &run->load[i];
        char group[96], between[128];
        snprintf(group, sizeof group, "loads/%zu", i);
        snprintf(between, sizeof between, "%s\n%s", run->electrode[load->between[0]].name,
                 run->electrode[load->between[1]].name);
        QEP_TRY(qep_run_word(run, frame, group, "between", between, 1, err));
        QEP_TRY(qep_run_number(run, frame, group, "resistance", load->resistance, "ohm", err));
        QEP_TRY(qep_run_number(run, frame, group, "voltage", l->voltage, volts, err));
        QEP_TRY(qep_run_number(run, frame, group, "current", l->current, amperes, err));
        QEP_TRY(qep_run_number(run, frame, group, "power", l->power, watts, err));
    }
    return QEP_OK;
}

static qep_status balance_numbers(qep_run_state *run, size_t frame, const char *watts,
                                  qep_error *err) {
    const qep_conduction_result *r = &run->conducted;
    double loads = 0.0;
    for (size_t i = 0; i < r->load_count; i++) {
        loads += r->loads[i].power;
    }
    const struct {
        const char *name;
        double value;
        const char *unit;
    } rows[] = {
        {"joule_power", r->joule_power, watts},
        {"electrode_power", r->electrode_power, watts},
        {"drive_power", r->drive_power, watts},
        {"load_power", loads, watts},
        {"energy_defect", r->energy_defect, NULL},
        {"current_imbalance", r->imbalance, NULL},
        {"networks", (double)r->networks, NULL},
        {"floating_networks", (double)r->floating_networks, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        QEP_TRY(qep_run_number(run, frame, "conduction", rows[i].name, rows[i].value, rows[i].unit,
                               err));
    }
    return QEP_OK;
}

/* Electrodes of pieces that no current can join: unless all are held from outside, voltages between them are those of no circuit. */
static void note_apart(const qep_run_state *run) {
    const qep_electrode_result *e = run->conducted.electrodes;
    for (size_t i = 1; run->conducted.floating_networks > 0 && i < run->conducted.electrode_count;
         i++) {
        if (e[i].network != e[0].network) {
            qep_log_write(
                run->log, QEP_LOG_WARNING,
                "no current can join the electrodes \"%s\" and \"%s\": pieces that nothing "
                "holds have a zero of their own, and a voltage between them means nothing",
                run->electrode[0].name, run->electrode[i].name);
            return;
        }
    }
}

/* What holds V: voltages that were given, or an electrode that was taken for 0 V. */
static qep_status reference_word(qep_run_state *run, size_t frame, qep_error *err) {
    const size_t reference = run->conducted.reference;
    const char *text = run->conducted.floating_networks ? "zero mean" : "given voltages";
    if (reference < run->conducted.electrode_count) {
        text = run->electrode[reference].name;
        if (frame == 0) {
            qep_log_write(run->log, QEP_LOG_INFO,
                          "no electrode is held at a voltage: \"%s\" is taken for 0 V", text);
        }
    }
    if (frame == 0) {
        note_apart(run);
    }
    return qep_run_word(run, frame, "conduction", "reference", text, 0, err);
}

static void note_touching(const qep_run_state *run) {
    for (size_t i = 0; i < run->conducted.electrode_count; i++) {
        if (run->conducted.electrodes[i].touches) {
            qep_log_write(run->log, QEP_LOG_WARNING,
                          "electrode \"%s\" touches another one; no current crosses there",
                          run->electrode[i].name);
        }
    }
}

/* It belongs to sigma alone, so frames without a new sigma have the one before. */
static qep_status repeat_conductance(qep_run_state *run, size_t frame, const char *siemens,
                                     qep_error *err) {
    const size_t count = run->report->result_count;
    for (size_t i = 0; i < count; i++) {
        const qep_run_result *r = &run->report->result[i];
        if (strncmp(r->group, "conductance/", 12) == 0) {
            QEP_TRY(
                qep_run_number(run, frame, r->group, r->name, r->value[frame - 1], siemens, err));
        }
    }
    return QEP_OK;
}

/* Rows and columns in the order of the configuration. */
static qep_status conductance_numbers(qep_run_state *run, size_t frame, const char *siemens,
                                      qep_error *err) {
    const size_t n = run->config->conduction.electrode_count;
    double *matrix = NULL;
    if (!run->config->conduction.conductance) {
        return QEP_OK;
    }
    if (frame > 0 && !qep_run_changes(run, run->config->conductivity)) {
        return repeat_conductance(run, frame, siemens, err);
    }
    QEP_TRY(qep_alloc_doubles(&matrix, n * n, "conductance matrix", err));
    const qep_elliptic_control control = qep_run_volume_control(run, 0);
    qep_status status =
        qep_conduction_matrix(run->conduction, &control, matrix, &run->conductance_report, err);
    for (size_t i = 0; status == QEP_OK && i < n * n; i++) {
        char group[96];
        snprintf(group, sizeof group, "conductance/%s", run->electrode[i / n].name);
        status =
            qep_run_number(run, frame, group, run->electrode[i % n].name, matrix[i], siemens, err);
    }
    qep_free(matrix);
    QEP_TRY(status);
    return qep_run_judge_iterations(run, "conductance", &run->conductance_report, NULL, 0, err);
}

qep_status qep_run_conduction_numbers(qep_run_state *run, size_t frame, qep_error *err) {
    if (!run->conducts) {
        return QEP_OK;
    }
    char volts[QEP_RUN_UNIT], amperes[QEP_RUN_UNIT], watts[QEP_RUN_UNIT], siemens[QEP_RUN_UNIT];
    const qep_dimension current = current_dimension(run);
    qep_run_unit(run->dimension.voltage, volts);
    qep_run_unit(current, amperes);
    qep_run_unit(qep_dimension_multiply(current, run->dimension.voltage), watts);
    qep_run_unit(qep_dimension_divide(current, run->dimension.voltage), siemens);
    QEP_TRY(electrode_numbers(run, frame, volts, amperes, err));
    QEP_TRY(load_numbers(run, frame, volts, amperes, watts, err));
    QEP_TRY(balance_numbers(run, frame, watts, err));
    QEP_TRY(reference_word(run, frame, err));
    QEP_TRY(qep_run_solver_numbers(run, frame, "V", &run->conducted.solve, err));
    if (frame == 0) {
        note_touching(run);
    }
    return conductance_numbers(run, frame, siemens, err);
}
