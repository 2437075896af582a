/* The scalars of a run: attributes of /data/<frame>/results and members of --json's "results", under the same names. */
#include "state.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static qep_run_result *find_result(qep_run_report *report, const char *group, const char *name) {
    for (size_t i = 0; i < report->result_count; i++) {
        if (strcmp(report->result[i].name, name) == 0 &&
            strcmp(report->result[i].group, group) == 0) {
            return &report->result[i];
        }
    }
    return NULL;
}

/* A new row; the table grows by doubling. */
static qep_status add_result(qep_run_state *run, const char *group, const char *name,
                             const char *unit, qep_run_result **row, qep_error *err) {
    qep_run_report *report = run->report;
    const size_t n = report->result_count;
    if ((n & (n - 1)) == 0) { /* full at powers of two */
        void *larger = NULL;
        QEP_TRY(qep_alloc(&larger, n ? 2 * n : 1, sizeof *report->result, "table of results", err));
        if (n) {
            memcpy(larger, report->result, n * sizeof *report->result);
        }
        qep_free(report->result);
        report->result = larger;
    }
    *row = &report->result[n];
    QEP_TRY(qep_alloc_doubles(&(*row)->value, run->frames, "results of the frames", err));
    for (size_t k = 0; k < run->frames; k++) {
        (*row)->value[k] = NAN;
    }
    snprintf((*row)->group, sizeof(*row)->group, "%s", group);
    snprintf((*row)->name, sizeof(*row)->name, "%s", name);
    snprintf((*row)->unit, sizeof(*row)->unit, "%s", unit ? unit : "");
    report->result_count++;
    return QEP_OK;
}

qep_status qep_run_number(qep_run_state *run, size_t frame, const char *group, const char *name,
                          double value, const char *unit, qep_error *err) {
    qep_run_result *row = find_result(run->report, group, name);
    if (!row) {
        QEP_TRY(add_result(run, group, name, unit, &row, err));
    }
    row->value[frame] = value;
    return QEP_OK;
}

/* Charge on the grid: in C where the cross-section (1-D) or thickness (2-D) is known, else per area or length. */
qep_status qep_run_charge_number(qep_run_state *run, size_t frame, qep_error *err) {
    static const char *const units[3] = {"C/m^2", "C/m", "C"};
    const qep_config *c = run->config;
    if (!run->solution.rho.source) {
        return QEP_OK;
    }
    double charge = 0.0;
    QEP_TRY(qep_weighted_mean(run->grid, run->solution.rho.source, 0.0, run->options->threads,
                              &charge, err));
    for (int d = 0; d < run->grid->ndim; d++) {
        charge *= run->grid->axis[d].length;
    }
    const double depth =
        run->grid->ndim == 1 ? c->cross_section : (run->grid->ndim == 2 ? c->thickness : 0.0);
    const char *unit = units[depth > 0.0 ? 2 : run->grid->ndim - 1];
    return qep_run_number(run, frame, "", "total_charge", depth > 0.0 ? charge * depth : charge,
                          unit, err);
}

void qep_run_repeat_charge_number(qep_run_state *run, size_t frame) {
    qep_run_result *row = find_result(run->report, "", "total_charge");
    if (row && frame > 0) {
        row->value[frame] = row->value[frame - 1];
    }
}

static qep_status part_numbers(qep_run_state *run, size_t frame, const char *part,
                               const qep_part *solved, const char *unit, qep_error *err) {
    const qep_poisson_report *r = &solved->report;
    const double allowed = fmax(run->config->tolerance, r->residual_floor);
    const qep_dimension potential = solved == &run->solution.psi ? run->dimension.phi_S : QEP_DIM_VOLTAGE;
    char flux[QEP_RUN_UNIT]; /* of an integral of lap phi */
    qep_run_unit(qep_dimension_multiply(potential, qep_dimension_power(QEP_DIM_LENGTH, run->grid->ndim - 2)), flux);
    const struct {
        const char *name;
        double value;
        const char *unit;
        int when;
    } rows[] = {
        /* clang-format off */
        {"residual",              r->residual,        NULL, 1          },
        {"residual_floor",        r->residual_floor,  NULL, 1          },
        {"residual_allowed",      allowed,            NULL, 1          },
        {"compatibility_defect",  r->defect_relative, NULL, r->singular},
        {"compatibility_removed", r->defect,          flux, r->singular},
        {"compatibility_allowed", r->defect_allowed,  NULL, r->singular},
        {"corner_defect",         r->corner_defect,   unit, 1          },
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[48];
        snprintf(name, sizeof name, "%s_%s", rows[i].name, part);
        if (rows[i].when) {
            QEP_TRY(qep_run_number(run, frame, "", name, rows[i].value, rows[i].unit, err));
        }
    }
    return QEP_OK;
}

/* Residuals of both parts; "residual" is the larger. A part known in closed form, kappa (S - mean S), leaves none. */
static qep_status solve_numbers(qep_run_state *run, size_t frame, qep_error *err) {
    const qep_solution *s = &run->solution;
    char unit[QEP_RUN_UNIT];
    double residual = 0.0, corner = 0.0;
    if (s->rho.values) {
        QEP_TRY(part_numbers(run, frame, "phi_rho", &s->rho, "V", err));
        residual = s->rho.report.residual;
        corner = s->rho.report.corner_defect;
    }
    if (s->psi.values) {
        QEP_TRY(part_numbers(run, frame, "phi_S", &s->psi, qep_run_unit(run->dimension.phi_S, unit),
                             err));
        residual = fmax(residual, s->psi.report.residual);
        corner = s->rho.values ? corner : s->psi.report.corner_defect;
    }
    QEP_TRY(qep_run_number(run, frame, "", "residual", residual, NULL, err));
    return qep_run_number(
        run, frame, "", "corner_defect", corner,
        qep_run_unit(s->rho.values ? QEP_DIM_VOLTAGE : run->dimension.phi_S, unit), err);
}

static qep_status entropy_numbers(qep_run_state *run, size_t frame, qep_error *err) {
    char unit[QEP_RUN_UNIT];
    const qep_solution *s = &run->solution;
    double mean = 0.0, min = 0.0, max = 0.0;
    QEP_TRY(qep_weighted_mean(run->grid, s->S, s->S0, run->options->threads, &mean, err));
    qep_reduce_array_range(s->S, run->count, run->options->threads, &min, &max);
    qep_run_unit(QEP_DIM_ENTROPY_DENSITY, unit);
    QEP_TRY(qep_run_number(run, frame, "", "entropy_mean", s->S0 + mean, unit, err));
    if (run->open_axes && run->config->reading == QEP_READING_POISSON) {
        QEP_TRY(qep_run_number(run, frame, "", "entropy_at_infinity", s->S0, unit, err));
    }
    QEP_TRY(qep_run_number(run, frame, "", "S_min", min, unit, err));
    QEP_TRY(qep_run_number(run, frame, "", "S_max", max, unit, err));
    if (frame == 0) {
        qep_run_announce_scale(run, min, max);
    }
    if (run->config->coupling.closure != QEP_CLOSURE_CELL) {
        return QEP_OK;
    }
    /* For scale (theory.md, section 2): k_B T/e, and S/e, which the Kelvin formula divides by the carrier density. */
    QEP_TRY(qep_run_number(run, frame, "", "kappa_S_range", fabs(s->kappa.value) * (max - min),
                           qep_run_unit(run->dimension.phi_S, unit), err));
    QEP_TRY(qep_run_number(run, frame, "", "thermal_voltage_300K",
                           QEP_BOLTZMANN * 300.0 / QEP_E_CHARGE, "V", err));
    return qep_run_number(run, frame, "", "kelvin_S_over_e", (s->S0 + mean) / QEP_E_CHARGE,
                          "V/(K m^3)", err);
}

qep_status qep_run_collect_numbers(qep_run_state *run, size_t frame, qep_error *err) {
    char unit[QEP_RUN_UNIT];
    if (run->frames > 1) {
        QEP_TRY(qep_run_number(run, frame, "", "time", run->times[frame], "s", err));
    }
    if (run->config->reading == QEP_READING_POISSON) {
        QEP_TRY(solve_numbers(run, frame, err));
    }
    QEP_TRY(qep_run_trust_numbers(run, frame, err));
    if (run->config->gauge_length > 0.0 && run->solves_rho) {
        QEP_TRY(qep_run_number(run, frame, "", "gauge_length", run->config->gauge_length, "m", err));
    }
    if (!run->has_entropy) {
        return QEP_OK;
    }
    QEP_TRY(qep_run_number(run, frame, "", "kappa", run->solution.kappa.value,
                           qep_run_unit(run->dimension.kappa, unit), err));
    return entropy_numbers(run, frame, err);
}

static const char *units_note(const qep_run_state *run) {
    const int in_volts = qep_dimension_equal(run->dimension.phi_S, QEP_DIM_VOLTAGE);
    return run->has_entropy && run->config->coupling.closure == QEP_CLOSURE_LITERAL && !in_volts
               ? "closure literal: phi is not in volts; its unit follows from (hbar/e) S "
                 "(docs/theory.md, section 2)"
               : NULL;
}

static void gauge_text(const qep_run_state *run, char *text, size_t size) {
    if (run->config->reading != QEP_READING_POISSON) {
        snprintf(text, size, "none: phi is defined by the reading");
    } else if (run->constant == QEP_CONSTANT_FIXED && run->open_axes) {
        qep_run_far_field_text(run, text, size);
    } else if (run->constant == QEP_CONSTANT_FIXED) {
        snprintf(text, size, "fixed by dirichlet faces");
    } else if (run->config->gauge == QEP_GAUGE_FAR_FIELD) {
        qep_run_far_field_text(run, text, size);
    } else if (run->config->gauge == QEP_GAUGE_ZERO_MEAN) {
        snprintf(text, size, "zero weighted mean of each part");
    } else {
        snprintf(text, size, "phi = %g at the sample (%g, %g, %g) m", run->config->gauge_value,
                 run->gauge_at[0], run->gauge_at[1], run->gauge_at[2]);
    }
}

static void order_text(const qep_run_state *run, char *text, size_t size) {
    size_t used = 0;
    for (int d = 0; d < run->grid->ndim && used < size; d++) {
        used += (size_t)snprintf(text + used, size - used, "%s%c: ", d ? ", " : "", "xyz"[d]);
        if (used < size && !qep_grid_axis_active(run->grid, d)) {
            used += (size_t)snprintf(text + used, size - used, "none");
        } else if (used < size && run->config->derivative == QEP_SPECTRAL) {
            used += (size_t)snprintf(text + used, size - used, "spectral");
        } else if (used < size) {
            used += (size_t)snprintf(text + used, size - used, "%d",
                                     qep_calculus_order(run->calculus, d));
        }
    }
}

static qep_status write_texts(qep_run_state *run, qep_error *err) {
    char gauge[240], order[96];
    gauge_text(run, gauge, sizeof gauge);
    order_text(run, order, sizeof order);
    const struct {
        const char *name, *text;
    } rows[] = {
        /* clang-format off */
        {"reading",    qep_reading_name(run->config->reading)                                   },
        {"closure",    run->has_entropy ? qep_closure_name(run->config->coupling.closure) : NULL},
        {"derivative", qep_derivative_table()[run->config->derivative].name                     },
        {"order",      order                                                                    },
        {"gauge",      gauge                                                                    },
        {"kernel",     run->open_axes && run->solver ? qep_kernel_name(run->config->kernel) : NULL},
        {"units_note", units_note(run)                                                          },
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].text) {
            QEP_TRY(qep_writer_result_text(run->writer, "", rows[i].name, rows[i].text, err));
        }
    }
    return qep_run_write_faces(run, err);
}

qep_status qep_run_write_results(qep_run_state *run, size_t frame, qep_error *err) {
    for (size_t i = 0; i < run->report->result_count; i++) {
        const qep_run_result *r = &run->report->result[i];
        QEP_TRY(qep_writer_result_number(run->writer, r->group, r->name, r->value[frame],
                                         r->unit[0] ? r->unit : NULL, err));
    }
    return run->config->has_field ? write_texts(run, err) : QEP_OK;
}
