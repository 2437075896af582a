/* Evaluation of field trees. A selection says at which samples values are wanted: within regions a
 * formula is evaluated only where its region is, so that "log(x)" under "x > 0" is what it says and
 * no point elsewhere can fail. */
#include "qep/source/field.h"

#include "field_request.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "qep/base/text.h"
#include "source_impl.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { PATH = 512 };
static const uint32_t nobody = UINT32_MAX;

typedef qep_field_setting setting;
typedef qep_field_selection selection;

static int selected(const selection *s, size_t i) {
    return !s->owner || s->owner[i] == s->which;
}

static qep_status fill_any(const setting *set, const qep_field_spec *spec, const selection *where,
                           double *out, qep_error *err);

static void fill_number(const setting *set, double value, const selection *where, double *out) {
    const size_t count = qep_grid_count(set->grid);
#pragma omp parallel for num_threads(set->threads) schedule(static)
    for (size_t i = 0; i < count; i++) {
        if (selected(where, i)) {
            out[i] = value;
        }
    }
}

static qep_status fill_expression(const setting *set, const char *text, const char *path,
                                  const selection *where, double *out, qep_error *err) {
    qep_expression *expression = NULL;
    QEP_TRY(qep_expression_create(&expression, text, 1, set->parameters, path, err));
    const qep_status status =
        where->owner
            ? qep_expression_fill_where(expression, set->grid, set->t, set->threads, where->owner,
                                        where->which, out, err)
            : qep_expression_fill(expression, set->grid, set->t, set->threads, out, err);
    qep_expression_destroy(expression);
    return status;
}

static qep_status fill_hdf5(const setting *set, const qep_field_spec *spec, const selection *where,
                            double *out, qep_error *err) {
    const qep_read_request request = qep_field_request(spec);
    if (!where->owner) {
        return qep_read_field(&request, set->grid, set->frame, set->threads, out, err);
    }
    const size_t count = qep_grid_count(set->grid);
    double *work = NULL;
    QEP_TRY(qep_alloc_doubles(&work, count, "data set within a region", err));
    const qep_status status =
        qep_read_field(&request, set->grid, set->frame, set->threads, work, err);
    for (size_t i = 0; status == QEP_OK && i < count; i++) {
        out[i] = selected(where, i) ? work[i] : out[i];
    }
    qep_free(work);
    return status;
}

/* out = out + work or out * work; work == NULL: the number `value` instead. */
static void accumulate(const setting *set, qep_field_kind kind, const double *work, double value,
                       const selection *where, double *out) {
    const size_t count = qep_grid_count(set->grid);
#pragma omp parallel for num_threads(set->threads) schedule(static)
    for (size_t i = 0; i < count; i++) {
        if (selected(where, i)) {
            const double b = work ? work[i] : value;
            out[i] = kind == QEP_FIELD_SUM ? out[i] + b : out[i] * b;
        }
    }
}

/* Children after the first one, each into the one work array of this level (made when the first
 * child needs it). */
static qep_status add_children(const setting *set, const qep_field_spec *spec,
                               const selection *where, double **work, double *out, qep_error *err) {
    for (size_t i = 1; i < spec->count; i++) {
        double value = 0.0;
        if (qep_field_is_constant(spec->child[i], &value)) {
            accumulate(set, spec->kind, NULL, value, where, out);
            continue;
        }
        if (!*work) {
            QEP_TRY(qep_alloc_doubles(work, qep_grid_count(set->grid), "part of a sum or product",
                                      err));
        }
        QEP_TRY(fill_any(set, spec->child[i], where, *work, err));
        accumulate(set, spec->kind, *work, 0.0, where, out);
    }
    return QEP_OK;
}

static qep_status fill_combination(const setting *set, const qep_field_spec *spec,
                                   const selection *where, double *out, qep_error *err) {
    if (spec->count == 0) {
        fill_number(set, spec->kind == QEP_FIELD_SUM ? 0.0 : 1.0, where, out);
        return QEP_OK;
    }
    QEP_TRY(fill_any(set, spec->child[0], where, out, err));
    double *work = NULL;
    const qep_status status = add_children(set, spec, where, &work, out, err);
    qep_free(work);
    return status;
}

/* JSON path of the condition of region i. */
static const char *condition_path(const qep_field_spec *spec, size_t i, char *text) {
    char *made = qep_text_format("%s/regions/%zu/where", spec->path ? spec->path : "", i);
    *text = 0;
    if (made) {
        strncat(text, made, PATH - 1);
    }
    qep_free(made);
    return text;
}

/* Give the samples that are still `wanted` and where condition i holds to child i; returns their
 * number through *taken. */
static qep_status claim(const setting *set, const qep_field_spec *spec, size_t i, uint32_t wanted,
                        uint32_t *owner, double *work, size_t *taken, qep_error *err) {
    const size_t count = qep_grid_count(set->grid);
    const selection rest = {owner, wanted};
    char path[PATH];
    size_t found = 0;
    if (spec->condition[i]) {
        QEP_TRY(
            fill_expression(set, spec->condition[i], condition_path(spec, i, path), &rest, work, err));
    }
    const int everywhere = !spec->condition[i];
#pragma omp parallel for num_threads(set->threads) schedule(static) reduction(+ : found)
    for (size_t k = 0; k < count; k++) {
        if (owner[k] == wanted && (everywhere || work[k] != 0.0)) {
            owner[k] = (uint32_t)i;
            found++;
        }
    }
    *taken = found;
    if (!found && !everywhere) {
        qep_log_write(set->log, QEP_LOG_WARNING,
                      "%s: \"%.200s\" holds at no sample of the grid that is left to it", path,
                      spec->condition[i]);
    }
    return QEP_OK;
}

static qep_status report_uncovered(const setting *set, const qep_field_spec *spec, size_t at, qep_error *err) {
    const size_t nx = set->grid->axis[0].n, ny = set->grid->axis[1].n;
    const size_t x = at % nx, y = at / nx % ny, z = at / nx / ny;
    return qep_error_add(err, QEP_ERR_CONFIG, "uncovered", spec->path, NULL,
                         "no region holds at index [z,y,x] = [%zu,%zu,%zu] (x = %.9g m, y = %.9g "
                         "m, z = %.9g m) and there is no \"default\"; "
                         "add \"default\" or widen a region",
                         z, y, x, qep_grid_coordinate(set->grid, 0, x),
                         qep_grid_coordinate(set->grid, 1, y),
                         qep_grid_coordinate(set->grid, 2, z));
}

/* Who owns each selected sample: the first region that holds there. Conditions are tried before any
 * value is computed. */
static qep_status assign_owners(const setting *set, const qep_field_spec *spec,
                                const selection *where, uint32_t *owner, double *work,
                                double *out, qep_error *err) {
    const size_t count = qep_grid_count(set->grid);
    const uint32_t wanted = nobody - 1;
    for (size_t k = 0; k < count; k++) {
        owner[k] = selected(where, k) ? wanted : nobody;
    }
    for (size_t i = 0; i < spec->count; i++) {
        size_t taken = 0;
        QEP_TRY(claim(set, spec, i, wanted, owner, work, &taken, err));
    }
    for (size_t k = 0; k < count; k++) {
        if (owner[k] == wanted) {
            return report_uncovered(set, spec, k, err);
        }
    }
    for (size_t i = 0; i < spec->count; i++) {
        const selection mine = {owner, (uint32_t)i};
        QEP_TRY(fill_any(set, spec->child[i], &mine, out, err));
    }
    return QEP_OK;
}

static qep_status fill_regions(const setting *set, const qep_field_spec *spec,
                               const selection *where, double *out, qep_error *err) {
    const size_t count = qep_grid_count(set->grid);
    void *owner = NULL;
    double *work = NULL;
    qep_status status = qep_alloc(&owner, count, sizeof(uint32_t), "owners of regions", err);
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&work, count, "conditions of regions", err);
    }
    if (status == QEP_OK) {
        status = assign_owners(set, spec, where, owner, work, out, err);
    }
    qep_free(owner);
    qep_free(work);
    return status;
}

static qep_status fill_any(const setting *set, const qep_field_spec *spec, const selection *where,
                           double *out, qep_error *err) {
    double value = 0.0;
    if (qep_field_is_constant(spec, &value)) {
        fill_number(set, value, where, out);
        return QEP_OK;
    }
    switch (spec->kind) {
    case QEP_FIELD_EXPRESSION:
        return fill_expression(set, spec->text, spec->path, where, out, err);
    case QEP_FIELD_HDF5:
        return fill_hdf5(set, spec, where, out, err);
    case QEP_FIELD_REGIONS:
        return fill_regions(set, spec, where, out, err);
    case QEP_FIELD_SOURCE:
        return qep_source_fill(spec, set, where, out, err);
    case QEP_FIELD_NUMBER:
    case QEP_FIELD_SUM:
    case QEP_FIELD_PRODUCT:
        break;
    }
    return fill_combination(set, spec, where, out, err);
}

/* Sums and products of finite values can still overflow, and a number can come from an override. */
static qep_status check_finite(const setting *set, const qep_field_spec *spec, const double *out, qep_error *err) {
    const size_t count = qep_grid_count(set->grid), nx = set->grid->axis[0].n,
                 ny = set->grid->axis[1].n;
    const size_t bad = qep_reduce_first_nonfinite(out, count, set->threads);
    if (bad == count) {
        return QEP_OK;
    }
    return qep_error_add(err, QEP_ERR_INPUT, "not_finite", spec->path, NULL,
                         "the value at index [z,y,x] = [%zu,%zu,%zu] is %g", bad / nx / ny,
                         bad / nx % ny, bad % nx, out[bad]);
}

qep_status qep_field_evaluate(const qep_field_spec *spec, const qep_field_setting *given, double *out, qep_error *err) {
    setting set = *given;
    set.threads = set.threads < 1 ? 1 : set.threads;
    const selection all = {NULL, 0};
    QEP_TRY(fill_any(&set, spec, &all, out, err));
    /* Expressions and data sets have checked each value. */
    return spec->kind == QEP_FIELD_EXPRESSION || spec->kind == QEP_FIELD_HDF5
               ? QEP_OK
               : check_finite(&set, spec, out, err);
}

qep_status qep_field_fill(const qep_field_spec *spec, const qep_grid *grid, double t, size_t frame,
                          const qep_parameters *parameters, int threads, double *out,
                          const qep_log *log, qep_error *err) {
    const qep_field_setting set = {
        .grid = grid, .t = t, .frame = frame, .parameters = parameters, .threads = threads, .log = log};
    return qep_field_evaluate(spec, &set, out, err);
}

qep_status qep_field_fill_selected(const qep_field_spec *spec, const qep_field_setting *set, const qep_field_selection *where, double *out,
                                   qep_error *err) {
    return fill_any(set, spec, where, out, err);
}
