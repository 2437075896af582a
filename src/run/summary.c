/* What a run says about itself: problem, units, memory. --check says it as information, a run as detail (-v). */
#include "state.h"

#include "qep/base/constants.h"
#include <math.h>
#include <stdio.h>

static void announce_grid(const qep_run_state *run, qep_log_level level) {
    const qep_bc_row *bc = qep_bc_table();
    for (int d = 0; d < run->grid->ndim; d++) {
        const qep_axis *a = &run->grid->axis[d];
        qep_log_write(run->log, level,
                      "axis %c: %zu samples, spacing %.6g m, %.6g to %.6g m, faces %s / %s",
                      "xyz"[d], a -> n, a -> h, a -> origin, a -> origin + a -> length,
                      bc[a->bc[0]].name, bc[a->bc[1]].name);
    }
}

static void announce_problem(const qep_run_state *run, qep_log_level level) {
    const qep_config *c = run->config;
    char unit[QEP_RUN_UNIT];
    qep_log_write(run->log, level, "reading %s, derivative %s, %s sampling, %zu frame%s",
                  qep_reading_name(c->reading), qep_derivative_table()[c->derivative].name,
                  run->grid->sampling == QEP_CELL ? "cell" : "node", run->frames,
                  run->frames == 1 ? "" : "s");
    if (run->has_entropy) {
        qep_log_write(run->log, level, "closure %s: kappa = %.9g %s",
                      qep_closure_name(c->coupling.closure), c->coupling.kappa,
                      qep_run_unit(run->dimension.kappa, unit));
    }
    if (c->reading == QEP_READING_POISSON) {
        qep_log_write(run->log, level, "solves: %s%s%s", run->solves_rho ? "phi_rho " : "",
                      run->solves_psi ? "phi_S - kappa S" : "",
                      run->solves_rho || run->solves_psi
                          ? ""
                          : (run->open_axes ? "nothing; phi_S = kappa (S - S at infinity) exactly"
                                            : "nothing; phi_S = kappa (S - mean S) exactly"));
        if (run->open_axes) {
            char far_field[240];
            qep_run_far_field_text(run, far_field, sizeof far_field);
            qep_log_write(run->log, level, "open: %d axes, kernel %s, %s", run->open_axes, qep_kernel_name(c->kernel), far_field);
        }
    }
}

static void announce_quantities(const qep_run_state *run, qep_log_level level) {
    char unit[QEP_RUN_UNIT];
    for (size_t q = 0; q < run->quantities; q++) {
        const int components =
            qep_quantity_components(run->quantity[q], run->config->reading, run->grid->ndim);
        qep_log_write(run->log, level, "writes %s (%s), %s, %d component%s", run->record[q].name,
                      run->record[q].long_name, qep_run_unit(run->record[q].dimension, unit),
                      components, components == 1 ? "" : "s");
    }
}

void qep_run_announce(const qep_run_state *run) {
    const qep_log_level level = run->options->check_only ? QEP_LOG_INFO : QEP_LOG_DETAIL;
    if (run->config->has_field) {
        announce_grid(run, level);
        announce_problem(run, level);
        announce_quantities(run, level);
    }
    qep_run_announce_sections(run, level);
    qep_log_write(run->log, level, "memory: about %.4g MB, %d thread%s",
                  1e-6 * (double)run->report->estimated_bytes, run->options->threads,
                  run->options->threads == 1 ? "" : "s");
    qep_log_write(run->log, level, "output: %s", run->report->output);
    const int in_volts = qep_dimension_equal(run->dimension.phi_S, QEP_DIM_VOLTAGE);
    if (run->has_entropy && run->config->coupling.closure == QEP_CLOSURE_LITERAL && !in_volts) {
        char unit[QEP_RUN_UNIT];
        qep_log_write(run->log, QEP_LOG_INFO,
                      "closure literal: phi is in %s, not in volts; closures \"cell\" and "
                      "\"custom\" give volts "
                      "(docs/theory.md, section 2)",
                      qep_run_unit(run->dimension.potential, unit));
    }
}

/* Closure "cell" holds a free time tau: its result next to what is known of such voltages (theory.md, section 2). */
void qep_run_announce_scale(const qep_run_state *run, double S_min, double S_max) {
    if (run->config->coupling.closure != QEP_CLOSURE_CELL) {
        return;
    }
    char unit[QEP_RUN_UNIT];
    const double density = 1e28; /* 1/m^3, of a metal; only an example */
    qep_log_write(run->log, QEP_LOG_INFO,
                  "scale: kappa S spans %.4g %s; k_B T/e at 300 K is %.4g V; the Kelvin formula "
                  "S/(n e) with n = %g "
                  "m^-3 gives %.4g V/K",
                  fabs(run->solution.kappa.value) * (S_max - S_min),
                  qep_run_unit(run->dimension.phi_S, unit), QEP_BOLTZMANN * 300.0 / QEP_E_CHARGE,
                  density, S_max / (density * QEP_E_CHARGE));
}
