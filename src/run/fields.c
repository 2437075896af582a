/* The inputs of a frame, evaluated on the grid and checked for what physics forbids: negative conductivity,
 * permittivity that is not positive. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include <math.h>

int qep_run_changes(const qep_run_state *run, const qep_field_spec *spec) {
    return spec && qep_field_is_time_dependent(spec, run->grid, &run->config->parameters);
}

static qep_status fill(qep_run_state *run, const qep_field_spec *spec, size_t frame, double *out,
                       qep_error *err) {
    const double start = qep_run_seconds();
    const qep_field_setting setting = qep_run_setting(run, frame);
    const qep_status status = qep_field_evaluate(spec, &setting, out, err);
    run->report->seconds_read += qep_run_seconds() - start;
    return status;
}

/* A coefficient and its range; NULL gives the default everywhere. scratch [nz,ny,nx] receives a field that is not
 * constant. */
static qep_status evaluate(qep_run_state *run, const qep_field_spec *spec, double otherwise,
                           size_t frame, double *scratch, double range[2], qep_error *err) {
    range[0] = range[1] = otherwise;
    if (!spec) {
        return QEP_OK;
    }
    if (qep_field_is_constant(spec, &range[0])) {
        range[1] = range[0];
        return QEP_OK;
    }
    QEP_TRY(fill(run, spec, frame, scratch, err));
    qep_reduce_array_range(scratch, run->count, run->options->threads, &range[0], &range[1]);
    return QEP_OK;
}

static qep_status load_permittivity(qep_run_state *run, size_t frame, qep_error *err) {
    double range[2];
    QEP_TRY(evaluate(run, run->config->permittivity, 1.0, frame, run->eps ? run->eps : run->buffer,
                     range, err));
    if (!(range[0] > 0.0)) {
        return qep_error_add(err, QEP_ERR_INPUT, "range", "/materials/permittivity", NULL,
                             "relative permittivity of %g; it must be positive everywhere",
                             range[0]);
    }
    const int uniform = range[0] == range[1];
    run->largest_eps = range[1];
    run->solution.eps_r = (qep_coefficient){uniform ? range[0] : 1.0, uniform ? NULL : run->eps};
    return QEP_OK;
}

static qep_status load_conductivity(qep_run_state *run, size_t frame, qep_error *err) {
    double range[2];
    QEP_TRY(evaluate(run, run->config->conductivity, 1.0, frame,
                     run->sigma ? run->sigma : run->buffer, range, err));
    if (!(range[0] >= 0.0)) {
        return qep_error_add(err, QEP_ERR_INPUT, "range", "/materials/conductivity", NULL,
                             "conductivity of %g S/m; it must not be negative anywhere", range[0]);
    }
    const int uniform = range[0] == range[1];
    run->solution.sigma = (qep_coefficient){uniform ? range[0] : 1.0, uniform ? NULL : run->sigma};
    return QEP_OK;
}

/* Uniform profiles are folded into kappa in every reading. */
static qep_status load_kappa(qep_run_state *run, size_t frame, qep_error *err) {
    const qep_coupling *coupling = &run->config->coupling;
    double range[2];
    QEP_TRY(evaluate(run, coupling->profile, 1.0, frame, run->profile ? run->profile : run->buffer,
                     range, err));
    const int uniform = range[0] == range[1];
    run->largest_profile = fmax(fabs(range[0]), fabs(range[1]));
    run->solution.kappa = (qep_coefficient){uniform ? coupling->kappa * range[0] : coupling->kappa,
                                            uniform ? NULL : run->profile};
    return QEP_OK;
}

/* Whether a coefficient varies in space, in any frame. Too large to look: it does, and the memory check will speak. */
static qep_status find_variation(qep_run_state *run, const qep_field_spec *spec, double *scratch,
                                 int *varies, qep_error *err) {
    const size_t frames = qep_run_changes(run, spec) ? run->frames : 1;
    *varies = 0;
    for (size_t frame = 0; frame < frames && !*varies; frame++) {
        double range[2];
        QEP_TRY(evaluate(run, spec, 1.0, frame, scratch, range, err));
        *varies = range[0] != range[1];
    }
    return QEP_OK;
}

static qep_status probe(qep_run_state *run, const qep_field_spec *spec, int *varies,
                        qep_error *err) {
    double value = 0.0, *scratch = NULL;
    *varies = spec && !qep_field_is_constant(spec, &value);
    if (!*varies || run->count > qep_memory_available() / sizeof(double) / 2) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc_doubles(&scratch, run->count, "coefficient", err));
    const qep_status status = find_variation(run, spec, scratch, varies, err);
    qep_free(scratch);
    return status;
}

qep_status qep_run_probe_materials(qep_run_state *run, qep_error *err) {
    QEP_TRY(probe(run, run->config->coupling.profile, &run->profile_varies, err));
    return probe(run, run->config->permittivity, &run->eps_varies, err);
}

/* What does not change with time is evaluated for the first frame only. */
qep_status qep_run_load_materials(qep_run_state *run, size_t frame, qep_error *err) {
    const qep_config *c = run->config;
    if (frame == 0 || qep_run_changes(run, c->permittivity)) {
        QEP_TRY(load_permittivity(run, frame, err));
    }
    if (frame == 0 || qep_run_changes(run, c->conductivity)) {
        QEP_TRY(load_conductivity(run, frame, err));
    }
    return frame == 0 || qep_run_changes(run, c->coupling.profile) ? load_kappa(run, frame, err)
                                                                   : QEP_OK;
}

qep_status qep_run_load_entropy(qep_run_state *run, size_t frame, qep_error *err) {
    if (!run->S || (frame > 0 && !qep_run_changes(run, run->config->entropy))) {
        return QEP_OK;
    }
    QEP_TRY(fill(run, run->config->entropy, frame, run->S, err));
    run->solution.S = run->S;
    run->solution.S0 = run->S[0];
    QEP_TRY(qep_run_find_entropy_at_infinity(run, err));
    return qep_run_trust_source(run, &run->trust_S, "entropy", run->S, run->solution.S0, err);
}

qep_status qep_run_entropy_at(void *user, size_t frame, double *out, qep_error *err) {
    qep_run_state *run = user;
    return fill(run, run->config->entropy, frame, out, err);
}

qep_status qep_run_entropy_current_at(void *user, int axis, size_t frame, double *out,
                                      qep_error *err) {
    qep_run_state *run = user;
    return fill(run, run->config->entropy_current[axis], frame, out, err);
}

/* The source of phi_rho, in an array of its own or in the buffer that is free until quantities are derived. */
qep_status qep_run_load_charge(qep_run_state *run, size_t frame, qep_error *err) {
    run->solution.rho.source = NULL;
    run->solution.rho.scale = 0.0;
    if (!run->has_charge) {
        return QEP_OK;
    }
    double *charge = run->charge ? run->charge : run->buffer;
    QEP_TRY(fill(run, run->config->charge, frame, charge, err));
    run->solution.rho.source = charge;
    return QEP_OK;
}
