/* The two solves of a frame, phi_rho and psi = phi_S - kappa (S - S0), each with its own compatibility and its own
 * residual check (theory.md, section 3), and the gauge that fixes what the equation leaves free. */
#include "state.h"

#include "qep/base/constants.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Integral of lap phi over the grid: V/m^2 times the volume, area or length that the grid has. */
static qep_dimension flux_dimension(const qep_run_state *run, qep_dimension potential) {
    return qep_dimension_multiply(potential,
                                  qep_dimension_power(QEP_DIM_LENGTH, run->grid->ndim - 2));
}

static const char *remedy(const qep_run_state *run, int is_psi) {
    if (is_psi && qep_run_has_face(run->grid, QEP_NEUMANN)) {
        return "natural faces instead of neumann carry the flux of kappa grad S; \"solver\": "
               "{\"neutralize\": true} "
               "spreads it evenly; a "
               "dirichlet face absorbs it";
    }
    return "balance charge and face values; \"solver\": {\"neutralize\": true} adds a uniform "
           "background; a dirichlet "
           "face absorbs the flux";
}

qep_status qep_run_refuse_incompatible(const qep_run_state *run, const char *name,
                                       const qep_poisson_report *report, int is_psi,
                                       qep_error *err) {
    char unit[QEP_RUN_UNIT];
    qep_run_unit(flux_dimension(run, is_psi ? run->dimension.phi_S : QEP_DIM_VOLTAGE), unit);
    return qep_error_add(err, QEP_ERR_PROBLEM, "incompatible", "/boundary", NULL,
                         "%s has no solution: no face fixes its constant, and source and faces are "
                         "out of balance by "
                         "%.6g %s (relative %.3g, "
                         "allowed %.3g). What helps: %s",
                         name, report->defect, unit, report->defect_relative,
                         report->defect_allowed, remedy(run, is_psi));
}

/* Not converged: nothing is written unless solver.keep_unconverged says so; either way the run ends with exit code 6.
 */
qep_status qep_run_unconverged(qep_run_state *run, const char *message, qep_error *err) {
    return qep_run_unconverged_at(run, "/solver/tolerance", message, err);
}

qep_status qep_run_unconverged_at(qep_run_state *run, const char *path, const char *message, qep_error *err) {
    const int first = !run->unconverged;
    const char *fate = run->config->keep_unconverged ? "kept as solver.keep_unconverged asks"
                                                     : "nothing was written";
    run->unconverged = 1;
    const qep_status status =
        first ? qep_error_add(err, QEP_ERR_UNCONVERGED, "unconverged", path, NULL,
                              "%s; %s", message, fate)
              : QEP_ERR_UNCONVERGED;
    return run->config->keep_unconverged ? QEP_OK : status;
}

static qep_status note_unconverged(qep_run_state *run, const char *name,
                                   const qep_poisson_report *report, qep_error *err) {
    char message[QEP_ERROR_TEXT];
    snprintf(message, sizeof message,
             "%s: relative residual %.3g exceeds the tolerance %.3g and the rounding floor %.3g",
             name, report->residual, run->config->tolerance, report->residual_floor);
    return qep_run_unconverged(run, message, err);
}

static double largest_face_value(const qep_run_state *run) {
    double largest = 0.0;
    for (int face = 0; face < 6; face++) {
        const qep_wall *wall = &run->rho_walls.wall[face / 2][face % 2];
        for (size_t i = 0; wall->level[0] && i < wall->count; i++) {
            largest = fmax(largest, fabs(wall->level[0][i]));
        }
    }
    return largest;
}

/* Nodes that two Dirichlet faces share hold the mean of their values, which the user should know; rounding of equal values and
 * cells (no sample lies on the edge) are no news. */
static void note_corners(const qep_run_state *run, const char *name,
                         const qep_poisson_report *report) {
    if (!(report->corner_defect > 0.0)) {
        return;
    }
    const int real = report->corner_defect > 1e-9 * largest_face_value(run);
    const int shared = run->grid->sampling == QEP_NODE && strcmp(name, "phi_rho") == 0;
    qep_log_write(run->log, shared && real ? QEP_LOG_WARNING : QEP_LOG_DETAIL,
                  "%s: dirichlet values disagree by up to %.3g where faces meet%s", name,
                  report->corner_defect, shared ? "; the nodes that they share hold the mean" : "");
}

static qep_status judge(qep_run_state *run, const char *name, const qep_poisson_report *report,
                        int is_psi, qep_error *err) {
    if (!report->compatible) {
        return qep_run_refuse_incompatible(run, name, report, is_psi, err);
    }
    if (report->defect != 0.0 && report->singular) {
        qep_log_write(run->log, QEP_LOG_DETAIL,
                      "%s: flux imbalance %.3g (relative %.3g, allowed %.3g) removed", name,
                      report->defect, report->defect_relative, report->defect_allowed);
    }
    note_corners(run, name, report);
    qep_log_write(run->log, QEP_LOG_DETAIL, "%s: relative residual %.3g, rounding floor %.3g", name,
                  report->residual, report->residual_floor);
    return report->passed ? QEP_OK : note_unconverged(run, name, report, err);
}

static qep_poisson_control control_of(const qep_run_state *run) {
    return (qep_poisson_control){.neutralize = run->config->neutralize,
                                 .compatibility = run->config->compatibility,
                                 .tolerance = run->config->tolerance};
}

/* The flux of kappa grad S through Neumann faces is extrapolated from samples: how well it can balance depends on them. */
qep_status qep_run_judge_entropy_flux(const qep_run_state *run, double *scale, double *uncertainty,
                                      qep_error *err) {
    int faces[3][2];
    for (int i = 0; i < 6; i++) {
        faces[i / 2][i % 2] = run->grid->axis[i / 2].bc[i % 2] == QEP_NEUMANN;
    }
    *scale = *uncertainty = 0.0;
    if (!run->singular || !qep_run_has_face(run->grid, QEP_NEUMANN)) {
        return QEP_OK;
    }
    const double kappa = fabs(run->config->coupling.kappa) * run->largest_profile;
    QEP_TRY(qep_calculus_flux_check(run->calculus, run->S, (const int(*)[2])faces, scale,
                                    uncertainty, err));
    *scale *= kappa;
    *uncertainty *= kappa;
    return QEP_OK;
}

static qep_status solve(qep_run_state *run, qep_part *part, const qep_poisson_control *control,
                        qep_walls *walls, double *values, double *const gradient[3], qep_error *err) {
    const double start = qep_run_seconds();
    qep_poisson_control wanted = *control;
    for (int d = 0; d < 3; d++) {
        wanted.gradient[d] = gradient[d];
        part->gradient[d] = gradient[d];
    }
    const qep_status status = qep_poisson_solve(run->solver, part->source, part->scale, walls,
                                                &wanted, values, &part->report, err);
    run->report->seconds_solve += qep_run_seconds() - start;
    part->values = values;
    part->walls = walls;
    part->shift = 0.0;
    return status;
}

static int rho_changes(const qep_run_state *run) {
    int changes = qep_run_changes(run, run->config->charge) ||
                  qep_run_changes(run, run->config->permittivity);
    for (int face = 0; face < 6; face++) {
        changes |= qep_run_changes(run, run->config->face[face / 2][face % 2].value);
    }
    return changes;
}

static qep_status solve_rho(qep_run_state *run, size_t frame, qep_error *err) {
    if (!run->solves_rho) {
        return QEP_OK;
    }
    if (frame > 0 && !rho_changes(run)) {
        qep_run_repeat_charge_number(run, frame);
        return QEP_OK;
    }
    QEP_TRY(qep_run_load_charge(run, frame, err));
    QEP_TRY(qep_run_fill_rho_faces(run, frame, err));
    qep_part *part = &run->solution.rho;
    QEP_TRY(qep_run_charge_number(run, frame, err));
    if (part->source) {
        QEP_TRY(qep_run_trust_source(run, &run->trust_rho, "charge", part->source, 0.0, err));
    }
    if (run->by_volumes) {
        QEP_TRY(qep_run_solve_by_volumes(run, frame, 0, err));
        part->source = part->source == run->buffer ? NULL : part->source;
        return QEP_OK;
    }
    part->scale = -1.0 / (QEP_EPSILON0 * run->solution.eps_r.value);
    const qep_poisson_control control = control_of(run);
    QEP_TRY(solve(run, part, &control, &run->rho_walls, run->rho, run->rho_gradient, err));
    QEP_TRY(qep_run_trust_part(run, &run->trust_rho, part, err));
    if (part->source == run->buffer) {
        part->source = NULL; /* the buffer is needed again */
    }
    return judge(run, "phi_rho", &part->report, 0, err);
}

int qep_run_psi_changes(const qep_run_state *run) {
    return qep_run_changes(run, run->config->entropy) ||
           qep_run_changes(run, run->config->coupling.profile) ||
           (run->by_volumes && qep_run_changes(run, run->config->permittivity));
}

/* Without a Dirichlet face phi_S has zero weighted mean: psi has it already, kappa (S - S0) gets it by the shift. */
static qep_status solve_psi(qep_run_state *run, size_t frame, qep_error *err) {
    if (frame > 0 && !qep_run_psi_changes(run)) {
        return QEP_OK; /* S, psi and its shift are those of the frame before */
    }
    QEP_TRY(qep_run_load_entropy(run, frame, err));
    if (!run->S || run->config->reading != QEP_READING_POISSON) {
        return QEP_OK;
    }
    qep_part *part = &run->solution.psi;
    if (run->solves_psi && run->by_volumes) {
        return qep_run_solve_by_volumes(run, frame, 1, err);
    }
    if (run->solves_psi) {
        QEP_TRY(qep_run_fill_psi_faces(run, err));
        qep_poisson_control control = control_of(run);
        QEP_TRY(
            qep_run_judge_entropy_flux(run, &control.data_scale, &control.data_uncertainty, err));
        QEP_TRY(solve(run, part, &control, &run->psi_walls, run->psi, run->psi_gradient, err));
        QEP_TRY(qep_run_trust_part(run, &run->trust_S, part, err));
        QEP_TRY(judge(run, "phi_S", &part->report, 1, err));
    }
    double mean = 0.0;
    if (run->singular) {
        QEP_TRY(qep_weighted_mean(run->grid, run->S, run->solution.S0, run->options->threads, &mean,
                                  err));
    }
    part->shift = -run->solution.kappa.value * mean;
    return QEP_OK;
}

static size_t nearest(const qep_grid *grid, int axis, double at) {
    const double position = (at - qep_grid_coordinate(grid, axis, 0)) / grid->axis[axis].h;
    const double last = (double)(grid->axis[axis].n - 1);
    return (size_t)fmin(fmax(round(position), 0.0), last);
}

/* Gauge "point": both parts vanish at the sample nearest to the point; the value given goes to phi_rho where it exists.
 */
static void apply_point_gauge(qep_run_state *run) {
    size_t index[3] = {0, 0, 0};
    for (int d = 0; d < run->grid->ndim; d++) {
        index[d] = nearest(run->grid, d, run->config->gauge_point[d]);
        run->gauge_at[d] = qep_grid_coordinate(run->grid, d, index[d]);
    }
    const size_t k = qep_grid_index(run->grid, index[0], index[1], index[2]);
    qep_solution *s = &run->solution;
    const double value = run->config->gauge_value;
    if (s->rho.values) {
        s->rho.shift = value - s->rho.values[k];
    }
    if (s->S) {
        const double psi = s->psi.values ? s->psi.values[k] : 0.0;
        const double split =
            run->by_volumes && s->psi.values ? 0.0 : s->kappa.value * (s->S[k] - s->S0);
        s->psi.shift = -(split + psi) + (s->rho.values ? 0.0 : value);
    }
}

/* Zero mean asked for where the far field would be the default: of each part, as without open faces. */
static qep_status apply_zero_mean(qep_run_state *run, qep_error *err) {
    qep_solution *s = &run->solution;
    double mean = 0.0;
    if (s->rho.values) {
        QEP_TRY(qep_weighted_mean(run->grid, s->rho.values, 0.0, run->options->threads, &mean, err));
        s->rho.shift = -mean;
    }
    if (s->S) {
        QEP_TRY(qep_weighted_mean(run->grid, s->S, s->S0, run->options->threads, &mean, err));
        s->psi.shift = -s->kappa.value * mean;
    }
    if (s->psi.values) {
        QEP_TRY(qep_weighted_mean(run->grid, s->psi.values, 0.0, run->options->threads, &mean, err));
        s->psi.shift -= mean;
    }
    return QEP_OK;
}

qep_status qep_run_solve_parts(qep_run_state *run, size_t frame, qep_error *err) {
    QEP_TRY(solve_rho(run, frame, err));
    QEP_TRY(solve_psi(run, frame, err));
    if (run->config->reading != QEP_READING_POISSON || run->constant == QEP_CONSTANT_FIXED) {
        return QEP_OK; /* a gauge point is refused there when the configuration is read */
    }
    if (run->config->gauge == QEP_GAUGE_POINT) {
        apply_point_gauge(run);
    }
    const int chosen = run->config->gauge == QEP_GAUGE_ZERO_MEAN && run->constant == QEP_CONSTANT_CONVENTION;
    return chosen ? apply_zero_mean(run, err) : QEP_OK;
}
