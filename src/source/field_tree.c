/* Questions about a field tree that need no field: is it constant, does it change with time, is
 * everything it names there, which files does it read. */
#include "qep/source/field.h"

#include "field_request.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "source_impl.h"
#include <math.h>
#include <string.h>

void qep_field_spec_destroy(qep_field_spec *spec) {
    if (!spec) {
        return;
    }
    for (size_t i = 0; i < spec->count; i++) {
        if (spec->child) {
            qep_field_spec_destroy(spec->child[i]);
        }
        if (spec->condition) {
            qep_free(spec->condition[i]);
        }
    }
    qep_source_values_free(spec);
    qep_free(spec->child);
    qep_free(spec->condition);
    qep_free(spec->path);
    qep_free(spec->text);
    qep_free(spec->file);
    qep_free(spec->dataset);
    qep_free(spec->unit);
    qep_free(spec);
}

int qep_field_is_constant(const qep_field_spec *spec, double *value) {
    if (spec->kind == QEP_FIELD_NUMBER) {
        *value = spec->value;
        return 1;
    }
    if (spec->kind != QEP_FIELD_SUM && spec->kind != QEP_FIELD_PRODUCT) {
        return 0;
    }
    double total = spec->kind == QEP_FIELD_SUM ? 0.0 : 1.0, part = 0.0;
    for (size_t i = 0; i < spec->count; i++) {
        if (!qep_field_is_constant(spec->child[i], &part)) {
            return 0;
        }
        total = spec->kind == QEP_FIELD_SUM ? total + part : total * part;
    }
    *value = total;
    return 1;
}

int qep_field_is_expression(const qep_field_spec *spec) {
    const int leaf = spec->kind == QEP_FIELD_NUMBER || spec->kind == QEP_FIELD_EXPRESSION;
    const int tree = spec->kind == QEP_FIELD_REGIONS || spec->kind == QEP_FIELD_SUM ||
                     spec->kind == QEP_FIELD_PRODUCT;
    for (size_t i = 0; tree && i < spec->count; i++) {
        if (!qep_field_is_expression(spec->child[i])) {
            return 0;
        }
    }
    return leaf || tree;
}

static int expression_uses_time(const char *text, const qep_parameters *parameters) {
    qep_expression *expression = NULL;
    if (!text || qep_expression_create(&expression, text, 1, parameters, NULL, NULL) != QEP_OK) {
        return 0;
    }
    const int uses = qep_expression_uses(expression, "t");
    qep_expression_destroy(expression);
    return uses;
}

static int has_many_frames(const qep_field_spec *spec, const qep_grid *grid) {
    const qep_read_request request = qep_field_request(spec);
    qep_read_series series = {0};
    const int many = qep_read_check(&request, grid, &series, NULL) == QEP_OK && series.frames > 1;
    qep_free(series.times);
    return many;
}

int qep_field_is_time_dependent(const qep_field_spec *spec, const qep_grid *grid,
                                const qep_parameters *parameters) {
    if (spec->kind == QEP_FIELD_EXPRESSION) {
        return expression_uses_time(spec->text, parameters);
    }
    if (spec->kind == QEP_FIELD_HDF5) {
        return has_many_frames(spec, grid);
    }
    if (spec->kind == QEP_FIELD_SOURCE && qep_source_changes(spec, grid)) {
        return 1;
    }
    for (size_t i = 0; i < spec->count; i++) {
        if ((spec->condition && expression_uses_time(spec->condition[i], parameters)) ||
            qep_field_is_time_dependent(spec->child[i], grid, parameters)) {
            return 1;
        }
    }
    return 0;
}

int qep_field_same_times(const double *a, const double *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!(fabs(a[i] - b[i]) <= 1e-9 * fmax(fabs(a[i]), fabs(b[i])))) {
            return 0;
        }
    }
    return 1;
}

/* What the reader says of the data set, or the source of its own files. */
static qep_status find_series(const qep_field_spec *spec, const qep_grid *grid,
                              qep_read_series *series, qep_error *err) {
    if (spec->kind == QEP_FIELD_SOURCE) {
        return qep_source_series(spec, grid, series, err);
    }
    const qep_read_request request = qep_field_request(spec);
    return qep_read_check(&request, grid, series, err);
}

/* Add the frames of one data set, or of a source, to what is known so far. */
static qep_status join_series(const qep_field_spec *spec, const qep_grid *grid, size_t *count,
                              double **times, qep_error *err) {
    qep_read_series series = {0};
    QEP_TRY(find_series(spec, grid, &series, err));
    if (series.frames == 0) {
        return QEP_OK;
    }
    const size_t frames = series.frames;
    const int first = *count == 0, comparable = series.stated && *times;
    const int agree =
        first ||
        (*count == frames && (!comparable || qep_field_same_times(*times, series.times, frames)));
    *count = first ? frames : *count;
    if (agree && series.stated && !*times) {
        *times = series.times;
    } else {
        qep_free(series.times);
    }
    return agree ? QEP_OK
                 : qep_error_add(err, QEP_ERR_INPUT, "series", spec->path, spec->file,
                                 "%s%s%s has %zu frames, another series of this field has %zu%s; "
                                 "all series must share their times",
                                 spec->file ? spec->file : "source \"",
                                 spec->file ? ":" : spec->source->name,
                                 spec->file ? spec->dataset : "\"", frames, *count,
                                 frames == *count ? " at other times" : "");
}

static qep_status collect_series(const qep_field_spec *spec, const qep_grid *grid, size_t *count,
                                 double **times, qep_error *err) {
    if (spec->kind == QEP_FIELD_HDF5) {
        return join_series(spec, grid, count, times, err);
    }
    if (spec->kind == QEP_FIELD_SOURCE && spec->source->series) {
        QEP_TRY(join_series(spec, grid, count, times, err));
    }
    for (size_t i = 0; i < spec->count; i++) {
        QEP_TRY(collect_series(spec->child[i], grid, count, times, err));
    }
    return QEP_OK;
}

qep_status qep_field_series(const qep_field_spec *spec, const qep_grid *grid, size_t *count,
                            double **times, qep_error *err) {
    *count = 0;
    *times = NULL;
    const qep_status status = collect_series(spec, grid, count, times, err);
    if (status != QEP_OK) {
        qep_free(*times);
        *count = 0;
        *times = NULL;
    }
    return status;
}

static qep_status check_expression(const char *text, const char *path,
                                   const qep_parameters *parameters, qep_error *err) {
    qep_expression *expression = NULL;
    const qep_status status = qep_expression_create(&expression, text, 1, parameters, path, err);
    qep_expression_destroy(expression);
    return status;
}

static qep_status check_condition(const qep_field_spec *spec, size_t i,
                                  const qep_parameters *parameters, qep_error *err) {
    if (!spec->condition || !spec->condition[i]) {
        return QEP_OK;
    }
    char *path = qep_text_format("%s/regions/%zu/where", spec->path ? spec->path : "", i);
    const qep_status status = check_expression(spec->condition[i], path, parameters, err);
    qep_free(path);
    return status;
}

qep_status qep_field_check_in(const qep_field_spec *spec, const qep_field_setting *setting,
                              qep_error *err) {
    if (spec->kind == QEP_FIELD_EXPRESSION) {
        return check_expression(spec->text, spec->path, setting->parameters, err);
    }
    if (spec->kind == QEP_FIELD_HDF5) {
        const qep_read_request request = qep_field_request(spec);
        return qep_read_check(&request, setting->grid, NULL, err);
    }
    /* All children are checked, so that one run reports all faults. */
    qep_status worst =
        spec->kind == QEP_FIELD_SOURCE ? qep_source_check(spec, setting, err) : QEP_OK;
    for (size_t i = 0; i < spec->count; i++) {
        const qep_status condition = check_condition(spec, i, setting->parameters, err);
        const qep_status child = qep_field_check_in(spec->child[i], setting, err);
        worst = condition != QEP_OK ? condition : child != QEP_OK ? child : worst;
    }
    return worst;
}

qep_status qep_field_check(const qep_field_spec *spec, const qep_grid *grid,
                           const qep_parameters *parameters, qep_error *err) {
    const qep_field_setting setting = {.grid = grid, .parameters = parameters};
    return qep_field_check_in(spec, &setting, err);
}

size_t qep_field_scratch(const qep_field_spec *spec) {
    double value = 0.0;
    size_t held = spec->kind == QEP_FIELD_REGIONS ? sizeof(uint32_t) + sizeof(double) : 0, most = 0;
    for (size_t i = 0; i < spec->count; i++) {
        const size_t inner = qep_field_scratch(spec->child[i]);
        const int array = !qep_field_is_constant(spec->child[i], &value);
        const int added = spec->kind == QEP_FIELD_SUM || spec->kind == QEP_FIELD_PRODUCT;
        held += spec->kind == QEP_FIELD_SOURCE && array ? sizeof(double) : 0;
        const size_t together = inner + (added && array && i > 0 ? sizeof(double) : 0);
        most = together > most ? together : most;
    }
    return held + most;
}

int qep_field_uses_source(const qep_field_spec *spec, const char *name) {
    if (spec->kind == QEP_FIELD_SOURCE && strcmp(spec->source->name, name) == 0) {
        return 1;
    }
    for (size_t i = 0; i < spec->count; i++) {
        if (qep_field_uses_source(spec->child[i], name)) {
            return 1;
        }
    }
    return 0;
}

void qep_field_files(const qep_field_spec *spec, void (*visit)(void *user, const char *file),
                     void *user) {
    if (spec->kind == QEP_FIELD_HDF5) {
        visit(user, spec->file);
    }
    if (spec->kind == QEP_FIELD_SOURCE) {
        qep_source_files(spec, visit, user);
    }
    for (size_t i = 0; i < spec->count; i++) {
        qep_field_files(spec->child[i], visit, user);
    }
}
