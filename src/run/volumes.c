/* T6 where materials vary: phi_rho and phi_S by finite volumes of order 2 (docs/numerics.md), with the judgement that an iterative solve
 * needs: compatibility, acceptance, history. phi_S is solved as a whole here, not split into kappa S and a rest. */
#include "state.h"

#include "qep/base/constants.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static qep_elliptic_options options_of(const qep_run_state *run) {
    return (qep_elliptic_options){run->config->method, run->options->threads, run->options->effort,
                                  qep_run_extent(run)};
}

qep_elliptic_control qep_run_volume_control(const qep_run_state *run, size_t frame) {
    return (qep_elliptic_control){.tolerance = run->config->tolerance,
                                  .max_iterations = run->config->max_iterations,
                                  .warm = frame > 0,
                                  .neutralize = run->config->neutralize,
                                  .compatibility = fmax(run->config->compatibility, 0.0),
                                  .log = run->log};
}

/* The operator belongs to the permittivity; it is made again where that changes with time. */
static qep_status make_operator(qep_run_state *run, size_t frame, qep_error *err) {
    const double start = qep_run_seconds();
    const int changes = qep_run_changes(run, run->config->permittivity);
    if (run->elliptic && (!changes || run->elliptic_frame == frame)) {
        return QEP_OK;
    }
    const qep_coefficient *eps = &run->solution.eps_r;
    const qep_elliptic_options options = options_of(run);
    qep_elliptic_destroy(run->elliptic);
    run->elliptic = NULL;
    QEP_TRY(qep_elliptic_create(&run->elliptic, run->grid, eps->field, eps->value, &options,
                                run->log, err));
    run->solution.elliptic = run->elliptic;
    run->elliptic_frame = frame;
    run->report->seconds_plan += qep_run_seconds() - start;
    return QEP_OK;
}

/* Residuals of the iterations, ten to a line; the whole history where it is short, else every so many. */
static void show_history(const qep_run_state *run, qep_log_level level, const char *name,
                         const double *history, size_t count) {
    const size_t every = count / 100 + 1;
    char line[256];
    size_t used = 0, shown = 0;
    for (size_t i = 0; i < count; i += every) {
        if (shown++ % 10 == 0) {
            used = (size_t)snprintf(line, sizeof line, "%s: residual after %zu:", name, i);
        }
        used += (size_t)snprintf(line + used, sizeof line - used, " %.2e", history[i]);
        if (shown % 10 == 0 || i + every >= count) {
            qep_log_write(run->log, level, "%s", line);
        }
    }
}

qep_status qep_run_judge_iterations(qep_run_state *run, const char *name,
                                    const qep_elliptic_report *report, const double *history,
                                    size_t count, qep_error *err) {
    const char *method = qep_method_table()[report->method].name;
    const int accepted = qep_solve_state_accepted(report->state);
    qep_log_write(run->log, QEP_LOG_DETAIL,
                  "%s: method %s (%s); contrast %.3g, %zu piece%s, %zu "
                  "insulating samples",
                  name, method, report->reason, report->contrast, report->components,
                  report->components == 1 ? "" : "s", report->excluded);
    qep_log_write(
        run->log, QEP_LOG_DETAIL,
        "%s: %s after %zu iterations, relative residual %.3g, rounding floor %.3g, pointwise %.3g",
        name, qep_solve_state_name(report->state), report->iterations, report->residual,
        report->residual_floor, report->pointwise);
    show_history(run, accepted ? QEP_LOG_DETAIL : QEP_LOG_WARNING, name, history, count);
    if (accepted) {
        return QEP_OK;
    }
    char message[QEP_ERROR_TEXT];
    snprintf(message, sizeof message,
             "%s by %s: %s after %zu iterations (solver.max_iterations %zu): relative residual "
             "%.3g, pointwise %.3g; "
             "tolerance %.3g, rounding floor %.3g. %s",
             name, method, qep_solve_state_name(report->state), report->iterations,
             run->config->max_iterations, report->residual, report->pointwise,
             run->config->tolerance, report->residual_floor, report->detail);
    return qep_run_unconverged(run, message, err);
}

/* The numbers that direct and iterative solves share. */
static qep_poisson_report common(const qep_run_state *run, const qep_elliptic_report *r) {
    return (qep_poisson_report){.singular = run->singular,
                                .compatible = r->compatible,
                                .defect = r->defect,
                                .defect_relative = r->defect_relative,
                                .defect_allowed = r->defect_allowed,
                                .residual = r->residual,
                                .residual_floor = r->residual_floor,
                                .passed = qep_solve_state_accepted(r->state)};
}

static qep_status pose_psi(qep_run_state *run, size_t frame, qep_elliptic_drive *drive,
                           qep_elliptic_control *control, qep_error *err) {
    const qep_solution *s = &run->solution;
    QEP_TRY(qep_run_fill_entropy_faces(run, frame, err));
    *drive =
        (qep_elliptic_drive){.S = s->S, .kappa = s->kappa.field, .kappa_scale = s->kappa.value};
    for (int i = 0; i < 6; i++) {
        const double *level = run->psi_walls.wall[i / 2][i % 2].level[0];
        if (run->grid->axis[i / 2].bc[i % 2] == QEP_DIRICHLET) {
            drive->face_S[i / 2][i % 2] = level;
        } else {
            drive->face_slope[i / 2][i % 2] = level;
        }
    }
    QEP_TRY(qep_run_judge_entropy_flux(run, &control->data_scale, &control->data_uncertainty, err));
    control->data_scale *= run->largest_eps;
    control->data_uncertainty *= run->largest_eps;
    return QEP_OK;
}

qep_status qep_run_solve_by_volumes(qep_run_state *run, size_t frame, int is_psi, qep_error *err) {
    qep_part *part = is_psi ? &run->solution.psi : &run->solution.rho;
    double *values = is_psi ? run->psi : run->rho;
    const char *name = is_psi ? "phi_S" : "phi_rho";
    size_t count = 0;
    QEP_TRY(make_operator(run, frame, err));
    qep_elliptic_control control = qep_run_volume_control(run, frame);
    part->drive = (qep_elliptic_drive){
        .charge = part->source, .charge_scale = -1.0 / QEP_EPSILON0, .walls = &run->rho_walls};
    if (is_psi) {
        QEP_TRY(pose_psi(run, frame, &part->drive, &control, err));
    }
    const double start = qep_run_seconds();
    QEP_TRY(qep_elliptic_solve(run->elliptic, &part->drive, &control, values, &part->volumes, err));
    run->report->seconds_solve += qep_run_seconds() - start;
    part->values = values;
    part->shift = 0.0;
    part->report = common(run, &part->volumes);
    if (!part->volumes.compatible) {
        return qep_run_refuse_incompatible(run, name, &part->report, is_psi, err);
    }
    const double *history = qep_elliptic_history(run->elliptic, &count);
    return qep_run_judge_iterations(run, name, &part->volumes, history, count, err);
}
