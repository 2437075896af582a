/* What a configuration asks to be solved: which parts exist, which of them need a solve, and what no reading can do. */
#include "state.h"
#include "transport.h"

#include <string.h>

int qep_run_has_face(const qep_grid *grid, qep_bc bc) {
    for (int d = 0; d < 3; d++) {
        if (qep_grid_axis_active(grid, d) &&
            (grid->axis[d].bc[0] == bc || grid->axis[d].bc[1] == bc)) {
            return 1;
        }
    }
    return 0;
}

/* A number zero is as good as nothing. */
static int drives(const qep_field_spec *spec) {
    double value = 0.0;
    return spec && !(qep_field_is_constant(spec, &value) && value == 0.0);
}

int qep_run_face_has_value(const qep_face *face) {
    return drives(face->value);
}

static int any_face_value(const qep_config *config) {
    for (int face = 0; face < 6; face++) {
        if (qep_run_face_has_value(&config->face[face / 2][face % 2])) {
            return 1;
        }
    }
    return 0;
}

/* The readings other than "poisson" are definitions: there is no equation that charge or boundary values could enter.
 */
static qep_status check_reading(const qep_run_state *run, qep_error *err) {
    const qep_reading reading = run->config->reading;
    if (reading != QEP_READING_POISSON && run->has_rho) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "reading",
                             run->has_charge ? "/charge" : "/boundary", NULL,
                             "reading \"%s\" takes no charge and no boundary values, since it "
                             "solves no equation; remove them or use "
                             "reading \"poisson\"",
                             qep_reading_name(reading));
    }
    if (reading != QEP_READING_POISSON && !run->has_entropy) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", "/entropy", NULL,
                             "reading \"%s\" needs \"entropy\"", qep_reading_name(reading));
    }
    return QEP_OK;
}

static void find_dimensions(qep_run_state *run) {
    const qep_dimension kappa = run->config->coupling.kappa_dimension;
    const qep_reading reading = run->config->reading;
    qep_dimension potential = qep_dimension_multiply(kappa, QEP_DIM_ENTROPY_DENSITY);
    if (reading == QEP_READING_GRADIENT || reading == QEP_READING_DIRECTIONAL) {
        potential = qep_dimension_divide(potential, QEP_DIM_LENGTH);
    }
    const qep_dimension part = run->has_entropy ? potential : QEP_DIM_VOLTAGE;
    const qep_dimension total = run->has_rho && !run->entropy_drives ? QEP_DIM_VOLTAGE : part;
    const int last_is_rho = run->solves_rho && !run->solves_psi;
    run->dimension =
        (qep_solution_dimensions){kappa, total, part, last_is_rho ? QEP_DIM_VOLTAGE : part,
                                  run->entropy_drives ? part : QEP_DIM_VOLTAGE};
}

/* Natural and periodic faces leave phi_S = kappa S + const for any eps_r(r) (theory.md, section 3): nothing to solve. */
static int needs_solve(const qep_run_state *run) {
    return run->profile_varies || qep_run_has_face(run->grid, QEP_DIRICHLET) ||
           qep_run_has_face(run->grid, QEP_NEUMANN);
}

/* Transforms solve for uniform coefficients; whatever varies, or a method that is asked for, goes to finite volumes. */
static void choose_volumes(qep_run_state *run) {
    const qep_method method = run->config->method;
    const int asked = method != QEP_METHOD_AUTO && method != QEP_METHOD_FFT;
    const int solves = run->solves_rho || run->solves_psi;
    run->by_volumes = solves && (run->eps_varies || run->profile_varies || asked);
}

static qep_status check_open(const qep_run_state *run, qep_error *err) {
    const int open = qep_run_has_face(run->grid, QEP_OPEN);
    if (!open || !run->by_volumes) {
        return QEP_OK;
    }
    return qep_error_add(
        err, QEP_ERR_PROBLEM, "inapplicable",
        run->eps_varies ? "/materials/permittivity"
                        : (run->profile_varies ? "/coupling/profile" : "/solver/method"),
        NULL,
        "open faces need a permittivity and a coupling that are the same everywhere, and method "
        "\"auto\" or \"fft\"; use natural or dirichlet faces far away");
}

static void find_slopes(qep_run_state *run) {
    for (size_t q = 0; q < run->quantities; q++) {
        const char *name = run->quantity[q]->name;
        const int E = strcmp(name, "E") == 0 || (run->quantity[q]->needs & QEP_NEEDS_RESPONSE);
        run->slopes_rho |= run->solves_rho && (E || strcmp(name, "J_rho") == 0);
        run->slopes_psi |= run->solves_psi && (E || strcmp(name, "J_S") == 0);
    }
}

qep_status qep_run_pose(qep_run_state *run, qep_error *err) {
    const qep_config *c = run->config;
    run->has_entropy = c->entropy != NULL;
    run->entropy_drives = drives(c->entropy);
    run->has_charge = drives(c->charge);
    run->has_rho = run->has_charge || any_face_value(c);
    if (!run->has_entropy && !run->has_rho && !c->conduction.given) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", "/entropy", NULL,
                             "nothing drives the field: give \"entropy\", \"charge\", boundary "
                             "values or electrodes");
    }
    QEP_TRY(check_reading(run, err));
    run->constant = qep_grid_constant(run->grid);
    run->open_axes = qep_grid_open_axes(run->grid);
    run->singular = run->constant == QEP_CONSTANT_FREE;
    QEP_TRY(qep_run_probe_materials(run, err));

    const int solves = c->reading == QEP_READING_POISSON;
    run->conducts = c->conduction.given;
    run->solves_rho = solves && run->has_rho;
    run->solves_psi = solves && run->has_entropy && needs_solve(run);
    find_dimensions(run);
    choose_volumes(run);
    QEP_TRY(check_open(run, err));
    QEP_TRY(qep_run_select(run, err));
    QEP_TRY(c->transport.given ? qep_run_transport_pose_loop(run, err) : QEP_OK);
    if (run->conducts) {
        run->needs |= QEP_NEEDS_PHI_S | QEP_NEEDS_CONDUCTIVITY;
    }
    /* Parts that nothing asked for are not solved; the total's parts are in needs. */
    run->solves_rho = run->solves_rho && (run->needs & QEP_NEEDS_PHI_RHO);
    run->solves_psi = run->solves_psi && (run->needs & QEP_NEEDS_PHI_S);
    choose_volumes(run);
    QEP_TRY(run->conducts ? qep_run_place_electrodes(run, err) : QEP_OK);
    find_slopes(run);
    return qep_run_place_probes(run, err);
}
