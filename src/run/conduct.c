/* T7 of a frame: the drive of J_S from the reading, its values on faces where V is known, the solve, and the judgement. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/derive/quantity.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* J_S = -sigma kappa grad S as it stands in reading "field", and in "poisson" where phi_S = kappa S + const. Reading "directional" has
 * -n.grad S in place of S, and "poisson" with walls a sum of kappa S and what was solved. */
int qep_run_wants_drive(const qep_run_state *run) {
    const qep_reading reading = run->config->reading;
    return run->conducts && run->has_entropy &&
           (reading == QEP_READING_DIRECTIONAL ||
            (reading == QEP_READING_POISSON && run->solves_psi && !run->by_volumes));
}

/* psi of J_S = -sigma grad psi, or S and the profile of J_S = -sigma kappa grad S. */
static qep_status find_drive(qep_run_state *run, qep_error *err) {
    const qep_solution *s = &run->solution;
    qep_conduction_drive *drive = &run->solution.current;
    *drive = (qep_conduction_drive){.walls = &run->V_walls};
    if (!run->has_entropy) {
        return QEP_OK;
    }
    if (run->config->reading == QEP_READING_POISSON && run->solves_psi) {
        if (run->drive) {
            QEP_TRY(qep_quantity_compute(qep_quantity_find("phi_S"), s, 0, run->drive, err));
        }
        drive->psi = run->drive ? run->drive : run->psi;
        return QEP_OK;
    }
    drive->S = s->S;
    drive->kappa = s->kappa.field;
    drive->kappa_scale = s->kappa.value;
    if (run->drive) {
        QEP_TRY(qep_quantity_compute(qep_quantity_find("phi"), s, 0, run->drive, err));
        drive->S = run->drive;
        drive->kappa_scale = 1.0; /* it is in phi = -kappa_scale n.grad S */
    }
    return QEP_OK;
}

/* Both ends of a period see the same phi: its mean over the cut. */
static void mean_of_ends(const qep_grid *grid, const double *u, int axis, double *value) {
    const size_t n = grid->axis[axis].n, stride = qep_grid_stride(grid, axis);
    const size_t count = qep_grid_count(grid) / n;
    for (size_t t = 0; t < count; t++) {
        const size_t first = t / stride * stride * n + t % stride;
        value[t] = 0.5 * (u[first] + u[first + (n - 1) * stride]);
    }
}

/* The drive on faces of cell grids where V is known, half a cell from the samples. phi_S is 0 on dirichlet faces. */
static qep_status find_face_drive(qep_run_state *run, size_t frame, qep_error *err) {
    qep_conduction_drive *drive = &run->solution.current;
    const double *u = drive->psi ? drive->psi : drive->S;
    for (int i = 0; i < 6; i++) {
        const int axis = i / 2, side = i % 2;
        double *value = run->face_drive[axis][side];
        const qep_bc kind = run->grid->axis[axis].bc[side];
        if (!value || !u) {
            continue;
        }
        if (kind == QEP_PERIODIC) {
            mean_of_ends(run->grid, u, axis, value);
        } else if (kind == QEP_DIRICHLET && drive->psi) {
            memset(value, 0, run->count / run->grid->axis[axis].n * sizeof *value);
        } else if (u == run->S) {
            QEP_TRY(qep_run_entropy_on_face(run, frame, axis, side, value, err));
        } else {
            QEP_TRY(qep_calculus_face(run->calculus, u, 0.0, axis, side, value, NULL, err));
        }
        drive->face_psi[axis][side] = value;
    }
    return QEP_OK;
}

/* Beyond it what flows through the bad conductor drowns in the rounding of what flows through the good one. */
static const double CONTRAST_LIMIT = 1e10;

static void warn_of_contrast(const qep_run_state *run, double contrast) {
    if (contrast > CONTRAST_LIMIT) {
        qep_log_write(run->log, QEP_LOG_WARNING,
                      "the conductivity varies by a factor of %.3g; currents through its lowest values "
                      "have few correct digits. 0 makes an insulator, which costs nothing",
                      contrast);
    }
}

/* The operator belongs to sigma; it is made again where that changes with time. */
qep_status qep_run_make_conduction(qep_run_state *run, size_t frame, qep_error *err) {
    if (run->conduction && !(frame > 0 && qep_run_changes(run, run->config->conductivity))) {
        return QEP_OK;
    }
    const double start = qep_run_seconds();
    const qep_conduction_setup setup = qep_run_conduction_setup(run);
    qep_conduction_destroy(run->conduction);
    run->conduction = NULL;
    QEP_TRY(qep_conduction_create(&run->conduction, &setup, NULL, run->log, err));
    run->solution.conduction = run->conduction;
    run->report->seconds_plan += qep_run_seconds() - start;
    return QEP_OK;
}

static qep_status refuse_sources(const qep_run_state *run, qep_error *err) {
    const qep_elliptic_report *r = &run->conducted.solve;
    char unit[QEP_RUN_UNIT];
    const qep_dimension current =
        qep_dimension_multiply(QEP_DIM_CONDUCTIVITY, run->dimension.voltage);
    return qep_error_add(
        err, QEP_ERR_PROBLEM, "incompatible", "/conduction", NULL,
        "V has no solution: a conducting piece of %zu samples that nothing holds at "
        "a voltage receives a net current of %.6g %s x m (relative %.3g, allowed %.3g)",
        r->defect_count, r->defect, qep_run_unit(current, unit), r->defect_relative,
        r->defect_allowed);
}

/* Two identities that the solver does not use: currents sum to zero, and heat is what electrodes and entropy deliver. */
static qep_status judge_balance(qep_run_state *run, qep_error *err) {
    const qep_conduction_result *r = &run->conducted;
    const double accuracy = fmax(run->config->tolerance, r->solve.residual_floor);
    const double currents = fmax(1e-9, 10.0 * accuracy), powers = fmax(1e-8, 100.0 * accuracy);
    if (!qep_solve_state_accepted(r->solve.state) ||
        (r->imbalance <= currents && r->energy_defect <= powers)) {
        return QEP_OK;
    }
    char message[QEP_ERROR_TEXT];
    snprintf(message, sizeof message,
             "V does not keep charge and energy: the currents sum to %.3g of their size (allowed "
             "%.3g), the powers to %.3g (allowed %.3g); a smaller solver.tolerance may help",
             r->imbalance, currents, r->energy_defect, powers);
    return qep_run_unconverged(run, message, err);
}

static int changes(const qep_run_state *run) {
    int any = qep_run_psi_changes(run) || qep_run_changes(run, run->config->conductivity);
    for (int i = 0; i < 6; i++) {
        any |= qep_run_changes(run, run->config->conduction.face[i / 2][i % 2].value);
    }
    return any;
}

qep_status qep_run_conduct(qep_run_state *run, size_t frame, qep_error *err) {
    if (!run->conducts || (frame > 0 && !changes(run))) {
        return QEP_OK; /* V is that of the frame before */
    }
    size_t count = 0;
    QEP_TRY(qep_run_make_conduction(run, frame, err));
    QEP_TRY(find_drive(run, err));
    QEP_TRY(find_face_drive(run, frame, err));
    QEP_TRY(qep_run_fill_V_faces(run, frame, err));
    const double start = qep_run_seconds();
    const qep_elliptic_control control = qep_run_volume_control(run, frame);
    QEP_TRY(qep_conduction_solve(run->conduction, &run->solution.current, &control, run->V,
                                 &run->conducted, err));
    run->report->seconds_solve += qep_run_seconds() - start;
    run->solution.V = run->V;
    if (!run->conducted.solve.compatible) {
        return refuse_sources(run, err);
    }
    if (frame == 0) {
        warn_of_contrast(run, run->conducted.solve.contrast);
    }
    const double *history = qep_conduction_history(run->conduction, &count);
    QEP_TRY(qep_run_judge_iterations(run, "V", &run->conducted.solve, history, count, err));
    return judge_balance(run, err);
}
