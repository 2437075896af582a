/* Bloch electrons in the solved field: T(r) and mu(r) of the source "bloch" of the entropy, response tensors over them from an atlas, and the
 * forces that the quantities bloch_... multiply them with (docs/bloch.md, section 9). */
#include "bloch.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "qep/bloch/atlas.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double tolerance = 1e-11; /* of the largest component of each tensor */

/* ---- what must hold ---- */

static int holds_source(const qep_field_spec *spec) {
    if (spec->kind == QEP_FIELD_SOURCE && strcmp(spec->source->name, "bloch") == 0) {
        return 1;
    }
    for (size_t i = 0; i < spec->count; i++) {
        if (holds_source(spec->child[i])) {
            return 1;
        }
    }
    return 0;
}

/* The source itself, or the one term of a sum. *twice: there are two. */
static const qep_field_spec *find_source(const qep_field_spec *spec, int *twice) {
    if (spec->kind == QEP_FIELD_SOURCE) {
        return strcmp(spec->source->name, "bloch") == 0 ? spec : NULL;
    }
    const qep_field_spec *found = NULL;
    for (size_t i = 0; spec->kind == QEP_FIELD_SUM && i < spec->count; i++) {
        const qep_field_spec *one = find_source(spec->child[i], twice);
        *twice |= found && one;
        found = one ? one : found;
    }
    return found;
}

static qep_status find(qep_run_state *run, const qep_quantity_row *row, const char *path, qep_error *err) {
    const qep_field_spec *entropy = run->config->entropy;
    int twice = 0;
    run->respond.source = entropy ? find_source(entropy, &twice) : NULL;
    if (twice) {
        return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", path, NULL,
                             "%s: \"entropy\" adds two sources \"bloch\", and it is not clear whose T(r) and mu(r) are meant; keep one", row->name);
    }
    if (!run->respond.source) {
        const int inside = entropy && holds_source(entropy);
        return qep_error_add(err, QEP_ERR_CONFIG, "not_defined", path, NULL,
                             inside ? "%s needs the source \"bloch\" as the entropy, or as a term of its sum; it stands inside regions, a product or another "
                                      "source, which say nothing of currents"
                                    : "%s needs T(r) and mu(r): give {\"source\": \"bloch\", \"temperature\": ..., \"chemical_potential\": ...} as the entropy, or as "
                                      "a term of its sum",
                             row->name);
    }
    return QEP_OK;
}

static const qep_quantity_row *driving(const qep_run_state *run) {
    return qep_quantity_find(run->config->bloch.drive == QEP_BLOCH_DRIVE_E_TOTAL ? "E_total" : "E");
}

static qep_status check_field(const qep_run_state *run, const qep_quantity_row *row, const char *path, qep_error *err) {
    const qep_quantity_row *E = driving(run);
    const qep_dimension dimension = E->dimension(&run->dimension, run->config->reading), needed = QEP_DIM_ELECTRIC_FIELD;
    char unit[QEP_RUN_UNIT];
    if ((E->needs & QEP_NEEDS_CONDUCTION) && !run->conducts) {
        return qep_error_add(err, QEP_ERR_CONFIG, "inapplicable", "/bloch/drive", NULL,
                             "E_total belongs to conduction: give \"electrodes\" or \"conduction\", or drive by \"E\"");
    }
    if (qep_quantity_rank(E, run->config->reading) != 1) {
        return qep_error_add(err, QEP_ERR_CONFIG, "not_defined", path, NULL,
                             "%s needs E as a vector; in reading \"%s\" it is a tensor: use \"poisson\", \"field\" or \"directional\"", row->name,
                             qep_reading_name(run->config->reading));
    }
    if (!qep_dimension_equal(dimension, needed)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "unit", path, NULL,
                             "%s needs %s in V/m, and with closure \"%s\" in reading \"%s\" it comes in %s; use closure \"cell\" (with cell_volume and time%s) "
                             "or \"custom\" with a unit that gives V/m",
                             row->name, E->name, qep_closure_name(run->config->coupling.closure), qep_reading_name(run->config->reading),
                             qep_run_unit(dimension, unit), run->config->reading == QEP_READING_DIRECTIONAL ? " and length" : "");
    }
    return QEP_OK;
}

static qep_status check_electrons(const qep_run_state *run, const qep_quantity_row *row, qep_error *err) {
    const qep_bloch_problem *p = qep_run_bloch_problem(run);
    if (p && !(p->settings.tau > 0.0)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", "/bloch/relaxation_time", NULL, "\"%s\" needs \"relaxation_time\"", row->name);
    }
    if (p && !p->model->has_positions) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", "/bloch/model", NULL,
                             "\"%s\" depends on the positions of the orbitals, which an _hr.dat does not hold; give \"centres\", or use the _tb.dat", row->name);
    }
    return QEP_OK;
}

qep_status qep_run_check_response(qep_run_state *run, const qep_quantity_row *row, const char *path, qep_error *err) {
    double T = 0.0;
    QEP_TRY(find(run, row, path, err));
    QEP_TRY(check_field(run, row, path, err));
    QEP_TRY(check_electrons(run, row, err));
    const qep_bloch_problem *p = qep_run_bloch_problem(run);
    qep_run_response *x = &run->respond;
    x->dim = p ? p->model->dim : 3;
    x->thickness = qep_source_given(x->source, "thickness") ? qep_source_number(x->source, "thickness") : 1.0;
    x->heats = !qep_field_is_constant(qep_source_get(x->source, "temperature")->field, &T);
    run->needs |= driving(run)->needs;
    return QEP_OK;
}

/* ---- values ---- */

static int axes_of(const qep_run_state *run) {
    return run->grid->ndim < run->respond.dim ? run->grid->ndim : run->respond.dim;
}

size_t qep_run_response_memory(const qep_run_state *run) {
    const size_t axes = (size_t)axes_of(run), fields = 2 + axes * (run->respond.heats ? 2 : 1);
    const size_t square = (size_t)(run->respond.dim * run->respond.dim);
    size_t bytes = 0;
    if (!run->respond.source || !qep_size_multiply(fields * sizeof(double), run->count, &bytes)) {
        return run->respond.source ? (size_t)-1 : 0;
    }
    return bytes + qep_bloch_atlas_memory(QEP_ELECTRONS_TENSORS * square, run->count);
}

static qep_status allocate(qep_run_state *run, qep_error *err) {
    qep_run_response *x = &run->respond;
    QEP_TRY(qep_alloc_doubles(&x->T, run->count, "temperature of the electrons", err));
    QEP_TRY(qep_alloc_doubles(&x->mu, run->count, "chemical potential of the electrons", err));
    for (int d = 0; d < axes_of(run); d++) {
        QEP_TRY(qep_alloc_doubles(&x->E[d], run->count, "field that drives the electrons", err));
        QEP_TRY(x->heats ? qep_alloc_doubles(&x->grad_T[d], run->count, "gradient of the temperature", err) : QEP_OK);
    }
    return QEP_OK;
}

static int warm_sample(const void *user, size_t i, double *T, double *mu) {
    const qep_run_response *x = user;
    *T = x->T[i];
    *mu = x->mu[i];
    return 1;
}

static void row_of(const void *user, qep_electron_tensor tensor, int a, size_t i, double out[3]) {
    const qep_run_response *x = user;
    const size_t dim = (size_t)x->dim;
    qep_bloch_atlas_at(x->atlas, x->T[i], x->mu[i], ((size_t)tensor * dim + (size_t)a) * dim, (size_t)x->response.axes, out);
    for (int b = 0; b < x->response.axes; b++) {
        out[b] /= x->thickness;
    }
}

static qep_status judge(const qep_run_state *run, const double *T, qep_error *err) {
    const qep_run_response *x = &run->respond;
    char path[QEP_ERROR_PATH];
    for (size_t i = 0; i < run->count; i++) {
        if (!(T[i] > 0.0)) {
            const size_t nx = run->grid->axis[0].n, ny = run->grid->axis[1].n;
            return qep_error_add(err, QEP_ERR_INPUT, "range", qep_source_path(x->source, "temperature", path), NULL,
                                 "the temperature is %g K at index [z,y,x] = [%zu,%zu,%zu]; currents and entropy production of Bloch electrons need T > 0", T[i],
                                 i / nx / ny, i / nx % ny, i % nx);
        }
    }
    return QEP_OK;
}

qep_status qep_run_try_response(qep_run_state *run, double *scratch, qep_error *err) {
    if (!run->respond.source) {
        return QEP_OK;
    }
    const qep_field_setting setting = qep_run_setting(run, 0);
    QEP_TRY(qep_field_evaluate(qep_source_get(run->respond.source, "temperature")->field, &setting, scratch, err));
    return judge(run, scratch, err);
}

/* Half as many k-points per axis make an error that is about the root of that of the k-grid. */
static void warn_of_kgrid(const qep_run_state *run, double difference) {
    if (difference > 0.1) {
        qep_log_write(run->log, QEP_LOG_WARNING,
                      "bloch: half as many k-points per axis change the responses by up to %.2g of their largest value; more points (/bloch/kgrid) or higher "
                      "temperatures are needed",
                      difference);
    }
}

static qep_status load(qep_run_state *run, size_t frame, qep_error *err) {
    static const char *const names[QEP_ELECTRONS_TENSORS] = {[QEP_ELECTRONS_SIGMA] = "sigma", [QEP_ELECTRONS_ALPHA] = "alpha",
                                                            [QEP_ELECTRONS_ALPHA_DRUDE] = "alpha_D", [QEP_ELECTRONS_KAPPA] = "kappa_D"};
    qep_run_response *x = &run->respond;
    const qep_field_setting setting = qep_run_setting(run, frame);
    const qep_bloch_quantity *quantity[QEP_ELECTRONS_TENSORS];
    qep_bloch_atlas *atlas = NULL;
    for (int q = 0; q < QEP_ELECTRONS_TENSORS; q++) {
        quantity[q] = qep_bloch_quantity_find(names[q]);
    }
    QEP_TRY(qep_field_evaluate(qep_source_get(x->source, "temperature")->field, &setting, x->T, err));
    QEP_TRY(qep_field_evaluate(qep_source_get(x->source, "chemical_potential")->field, &setting, x->mu, err));
    QEP_TRY(judge(run, x->T, err));
    for (int d = 0; x->heats && d < axes_of(run); d++) {
        QEP_TRY(qep_calculus_derivative(run->calculus, x->T, NULL, d, 1, 1.0, NULL, 0, x->grad_T[d], err));
    }
    const qep_bloch_samples samples = {run->count, warm_sample, x};
    QEP_TRY(qep_bloch_atlas_create(&atlas, qep_run_bloch_problem(run), quantity, QEP_ELECTRONS_TENSORS, &samples, tolerance, err));
    qep_bloch_atlas_destroy(x->atlas);
    x->atlas = atlas;
    warn_of_kgrid(run, qep_bloch_atlas_kgrid(atlas));
    return QEP_OK;
}

/* E of the solution, with grad mu/e where the electrochemical potential drives. */
static qep_status drive(qep_run_state *run, qep_error *err) {
    const qep_run_response *x = &run->respond;
    for (int d = 0; d < axes_of(run); d++) {
        QEP_TRY(driving(run)->compute(&run->solution, d, 0, x->E[d], err));
        if (run->config->bloch.drive == QEP_BLOCH_DRIVE_ELECTROCHEMICAL) {
            QEP_TRY(qep_calculus_derivative(run->calculus, x->mu, NULL, d, 1, 1.0 / QEP_E_CHARGE, NULL, 1, x->E[d], err));
        }
    }
    return QEP_OK;
}

static qep_status numbers(qep_run_state *run, size_t frame, qep_error *err) {
    const qep_bloch_atlas *atlas = run->respond.atlas;
    QEP_TRY(qep_run_number(run, frame, "bloch_response", "interpolation_error", qep_bloch_atlas_error(atlas), "", err));
    QEP_TRY(qep_run_number(run, frame, "bloch_response", "kgrid_difference", qep_bloch_atlas_kgrid(atlas), "", err));
    return qep_run_number(run, frame, "bloch_response", "interpolation_points", (double)qep_bloch_atlas_points(atlas), "", err);
}

qep_status qep_run_respond(qep_run_state *run, size_t frame, qep_error *err) {
    qep_run_response *x = &run->respond;
    if (!x->source) {
        return QEP_OK;
    }
    const double start = qep_run_seconds();
    QEP_TRY(frame == 0 ? allocate(run, err) : QEP_OK);
    const int changes = qep_run_changes(run, x->source);
    QEP_TRY(frame == 0 || changes ? load(run, frame, err) : QEP_OK);
    x->response = (qep_electrons){.axes = axes_of(run), .dim = x->dim, .T = x->T, .E = {x->E[0], x->E[1], x->E[2]},
                                 .grad_T = {x->grad_T[0], x->grad_T[1], x->grad_T[2]}, .row = row_of, .user = x};
    run->solution.response = &x->response;
    QEP_TRY(drive(run, err));
    run->report->seconds_derive += qep_run_seconds() - start;
    return numbers(run, frame, err);
}

qep_status qep_run_response_total(qep_run_state *run, size_t frame, const qep_quantity_row *row, const double *values, qep_error *err) {
    const qep_config *c = run->config;
    const int missing = 3 - run->grid->ndim;
    const double depth = missing == 2 ? c->cross_section : missing == 1 ? c->thickness : 1.0;
    double mean = 0.0, extent = 1.0;
    char name[64], unit[QEP_RUN_UNIT];
    QEP_TRY(qep_weighted_mean(run->grid, values, 0.0, run->options->threads, &mean, err));
    for (int d = 0; d < run->grid->ndim; d++) {
        extent *= run->grid->axis[d].length;
    }
    const qep_dimension density = row->dimension(&run->dimension, c->reading);
    qep_run_unit(qep_dimension_multiply(density, qep_dimension_power(QEP_DIM_LENGTH, depth > 0.0 ? 3 : run->grid->ndim)), unit);
    snprintf(name, sizeof name, "%s_total", row->name);
    return qep_run_number(run, frame, "bloch_response", name, mean * extent * (depth > 0.0 ? depth : 1.0), unit, err);
}

void qep_run_release_response(qep_run_state *run) {
    qep_run_response *x = &run->respond;
    qep_free(x->T);
    qep_free(x->mu);
    for (int d = 0; d < 3; d++) {
        qep_free(x->E[d]);
        qep_free(x->grad_T[d]);
    }
    qep_bloch_atlas_destroy(x->atlas);
}
