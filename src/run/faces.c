/* Boundary data of the two parts. phi_rho takes the given face values; psi = phi_S - kappa (S - S0) takes what makes
 * phi_S homogeneous (theory.md, section 3): Dirichlet psi = -kappa (S - S0), Neumann d psi/dn = -kappa dS/dn, natural d
 * psi/dn = 0. Walls hold derivatives along +axis, so outward values change sign on low faces. */
#include "state.h"

static qep_bc kind(const qep_run_state *run, int axis, int side) {
    return run->grid->axis[axis].bc[side];
}

static int psi_has_data(const qep_run_state *run, int axis, int side) {
    const qep_bc bc = kind(run, axis, side);
    return qep_grid_axis_active(run->grid, axis) && (bc == QEP_DIRICHLET || bc == QEP_NEUMANN);
}

static int rho_has_data(const qep_run_state *run, int axis, int side) {
    return qep_grid_axis_active(run->grid, axis) &&
           qep_run_face_has_value(&run->config->face[axis][side]);
}

qep_status qep_run_allocate_faces(qep_run_state *run, qep_error *err) {
    qep_walls_init(&run->rho_walls, run->grid);
    qep_walls_init(&run->psi_walls, run->grid);
    for (int axis = 0; axis < 3; axis++) {
        for (int side = 0; side < 2; side++) {
            if (run->solves_rho && rho_has_data(run, axis, side)) {
                QEP_TRY(qep_walls_allocate(&run->rho_walls, axis, side, err));
            }
            if (run->solves_psi && psi_has_data(run, axis, side)) {
                QEP_TRY(qep_walls_allocate(&run->psi_walls, axis, side, err));
            }
        }
    }
    return run->conducts ? qep_run_allocate_V_faces(run, err) : QEP_OK;
}

/* The face as a grid of one sample across, so that expressions are evaluated exactly on it. */
static qep_grid face_grid(const qep_grid *grid, int axis, int side) {
    qep_grid face = *grid;
    qep_axis *across = &face.axis[axis];
    across->origin += side ? across->length : 0.0;
    across->n = 1;
    across->h = 0.0;
    return face;
}

static void scale_values(double *values, size_t count, double factor) {
    for (size_t i = 0; i < count; i++) {
        values[i] *= factor;
    }
}

qep_status qep_run_fill_rho_faces(qep_run_state *run, size_t frame, qep_error *err) {
    for (int axis = 0; axis < 3; axis++) {
        for (int side = 0; side < 2; side++) {
            if (!rho_has_data(run, axis, side)) {
                continue;
            }
            qep_wall *wall = &run->rho_walls.wall[axis][side];
            const qep_grid face = face_grid(run->grid, axis, side);
            QEP_TRY(qep_field_fill(run->config->face[axis][side].value, &face, run->times[frame],
                                   frame, &run->config->parameters, run->options->threads,
                                   wall->level[0], run->log, err));
            if (side == 0 && kind(run, axis, side) != QEP_DIRICHLET) {
                scale_values(wall->level[0], wall->count, -1.0);
            }
        }
    }
    return QEP_OK;
}

/* V on faces that conduction.boundary holds at a voltage. */
qep_status qep_run_fill_V_faces(qep_run_state *run, size_t frame, qep_error *err) {
    for (int i = 0; i < 6; i++) {
        const qep_field_spec *value = run->config->conduction.face[i / 2][i % 2].value;
        qep_wall *wall = &run->V_walls.wall[i / 2][i % 2];
        if (!value || wall->homogeneous) {
            continue;
        }
        const qep_grid face = face_grid(run->grid, i / 2, i % 2);
        QEP_TRY(qep_field_fill(value, &face, run->times[frame], frame, &run->config->parameters,
                               run->options->threads, wall->level[0], run->log, err));
    }
    return QEP_OK;
}

/* S on a face: the expression itself where it is one that has a value there, else extrapolated from the samples. */
qep_status qep_run_entropy_on_face(qep_run_state *run, size_t frame, int axis, int side,
                                   double *out, qep_error *err) {
    const qep_field_spec *spec = run->config->entropy;
    const qep_grid face = face_grid(run->grid, axis, side);
    if (qep_field_is_expression(spec) &&
        qep_field_fill(spec, &face, run->times[frame], frame, &run->config->parameters,
                       run->options->threads, out, NULL, NULL) == QEP_OK) {
        return QEP_OK;
    }
    return qep_calculus_face(run->calculus, run->S, 0.0, axis, side, out, NULL, err);
}

qep_status qep_run_fill_entropy_faces(qep_run_state *run, size_t frame, qep_error *err) {
    for (int i = 0; i < 6; i++) {
        if (!psi_has_data(run, i / 2, i % 2)) {
            continue;
        }
        double *level = run->psi_walls.wall[i / 2][i % 2].level[0];
        if (kind(run, i / 2, i % 2) == QEP_DIRICHLET) {
            QEP_TRY(qep_run_entropy_on_face(run, frame, i / 2, i % 2, level, err));
        } else {
            QEP_TRY(qep_calculus_face(run->calculus, run->S, 0.0, i / 2, i % 2, NULL, level, err));
        }
    }
    return QEP_OK;
}

qep_status qep_run_fill_psi_faces(qep_run_state *run, qep_error *err) {
    for (int axis = 0; axis < 3; axis++) {
        for (int side = 0; side < 2; side++) {
            if (!psi_has_data(run, axis, side)) {
                continue;
            }
            qep_wall *wall = &run->psi_walls.wall[axis][side];
            const int dirichlet = kind(run, axis, side) == QEP_DIRICHLET;
            QEP_TRY(qep_calculus_face(run->calculus, run->S, run->solution.S0, axis, side,
                                      dirichlet ? wall->level[0] : NULL,
                                      dirichlet ? NULL : wall->level[0], err));
            scale_values(wall->level[0], wall->count, -run->solution.kappa.value);
        }
    }
    return QEP_OK;
}
