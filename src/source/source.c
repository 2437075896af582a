/* The table of named sources, values by key, and what field trees ask of a source. Each source is a file of its own with its row;
 * the line here makes it known. */
#include "qep/source/source.h"

#include "qep/base/memory.h"
#include "source_impl.h"
#include "source_rows.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const qep_source_row *const rows[] = {
    &qep_source_density_matrix,
    &qep_source_thermal,
    &qep_source_gas,
    &qep_source_random,
    &qep_source_pattern,
    &qep_source_bits,
    &qep_source_bloch,
    &qep_source_transport,
};

const qep_source_row *const *qep_source_table(size_t *count) {
    *count = sizeof rows / sizeof *rows;
    return rows;
}

const qep_source_row *qep_source_find(const char *name) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i]->name, name) == 0) {
            return rows[i];
        }
    }
    return NULL;
}

const qep_source_value *qep_source_get(const qep_field_spec *spec, const char *key) {
    static const qep_source_value nothing = {0};
    for (size_t i = 0; i < spec->source->parameters; i++) {
        if (strcmp(spec->source->parameter[i].key, key) == 0) {
            return &spec->values[i];
        }
    }
    return &nothing;
}

int qep_source_given(const qep_field_spec *spec, const char *key) {
    return qep_source_get(spec, key)->given;
}

double qep_source_number(const qep_field_spec *spec, const char *key) {
    return qep_source_get(spec, key)->number;
}

int qep_source_choice(const qep_field_spec *spec, const char *key) {
    return (int)qep_source_get(spec, key)->number;
}

const char *qep_source_text(const qep_field_spec *spec, const char *key) {
    return qep_source_get(spec, key)->text;
}

const char *qep_source_path(const qep_field_spec *spec, const char *key, char text[QEP_ERROR_PATH]) {
    snprintf(text, QEP_ERROR_PATH, "%s%s%s", spec->path ? spec->path : "", key ? "/" : "", key ? key : "");
    for (char *dot = key ? strrchr(text, '.') : NULL; dot && strchr(key, '.'); dot = NULL) {
        *dot = '/';
    }
    return text;
}

const void *qep_source_section(const qep_source_request *request) {
    const qep_field_setting *set = request->setting;
    return set->section && request->spec->source->section ? set->section(set->user, request->spec->source->section) : NULL;
}

qep_status qep_source_samples_load(const qep_source_request *request, const char *key, double otherwise, qep_source_samples *samples,
                                   qep_error *err) {
    const qep_field_spec *field = qep_source_get(request->spec, key)->field;
    *samples = (qep_source_samples){otherwise, NULL};
    if (!field || qep_field_is_constant(field, &samples->number)) {
        return QEP_OK;
    }
    const qep_field_selection where = {request->owner, request->which};
    QEP_TRY(qep_alloc_doubles(&samples->values, qep_grid_count(request->setting->grid), key, err));
    return qep_field_fill_selected(field, request->setting, &where, samples->values, err);
}

void qep_source_samples_free(qep_source_samples *samples) {
    qep_free(samples->values);
    samples->values = NULL;
}

qep_status qep_source_report(const qep_source_request *request, const char *name, double value, const char *unit, qep_error *err) {
    const qep_field_setting *set = request->setting;
    return set->report ? set->report(set, request->spec, name, value, unit, err) : QEP_OK;
}

qep_status qep_source_fault(const qep_source_request *request, qep_status status, const char *code, const char *key, size_t i,
                            qep_error *err, const char *format, ...) {
    const qep_grid *grid = request->setting->grid;
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n;
    const size_t x = i % nx, y = i / nx % ny, z = i / nx / ny;
    char message[QEP_ERROR_TEXT / 2], path[QEP_ERROR_PATH];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return qep_error_add(err, status, code, qep_source_path(request->spec, key, path), NULL,
                         "%s at index [z,y,x] = [%zu,%zu,%zu] (x = %.9g m, y = %.9g m, z = %.9g m)", message, z, y, x,
                         qep_grid_coordinate(grid, 0, x), qep_grid_coordinate(grid, 1, y), qep_grid_coordinate(grid, 2, z));
}

/* A source that computes everything, where only some samples are wanted. */
static qep_status fill_through_copy(const qep_source_request *request, double *out, qep_error *err) {
    const size_t count = qep_grid_count(request->setting->grid);
    const qep_source_request whole = {request->spec, request->setting, NULL, 0};
    double *work = NULL;
    QEP_TRY(qep_alloc_doubles(&work, count, "source within a region", err));
    const qep_status status = request->spec->source->fill(&whole, work, err);
    for (size_t i = 0; status == QEP_OK && i < count; i++) {
        out[i] = qep_source_wanted(request, i) ? work[i] : out[i];
    }
    qep_free(work);
    return status;
}

qep_status qep_source_fill(const qep_field_spec *spec, const qep_field_setting *setting, const qep_field_selection *where, double *out,
                           qep_error *err) {
    const qep_source_request request = {spec, setting, where->owner, where->which};
    return spec->source->whole && where->owner ? fill_through_copy(&request, out, err) : spec->source->fill(&request, out, err);
}

qep_status qep_source_check(const qep_field_spec *spec, const qep_field_setting *setting, qep_error *err) {
    const qep_source_request request = {spec, setting, NULL, 0};
    return spec->source->check ? spec->source->check(&request, err) : QEP_OK;
}

qep_status qep_source_series(const qep_field_spec *spec, const qep_grid *grid, qep_read_series *series, qep_error *err) {
    const qep_field_setting setting = {.grid = grid};
    const qep_source_request request = {spec, &setting, NULL, 0};
    *series = (qep_read_series){0};
    return spec->source->series ? spec->source->series(&request, series, err) : QEP_OK;
}

int qep_source_changes(const qep_field_spec *spec, const qep_grid *grid) {
    qep_read_series series = {0};
    const int many = qep_source_series(spec, grid, &series, NULL) == QEP_OK && series.frames > 1;
    qep_free(series.times);
    return many || (spec->source->changes && spec->source->changes(spec));
}

void qep_source_files(const qep_field_spec *spec, void (*visit)(void *user, const char *file), void *user) {
    for (size_t i = 0; i < spec->source->parameters; i++) {
        if (spec->source->parameter[i].kind == QEP_PARAMETER_FILE && spec->values[i].text) {
            visit(user, spec->values[i].text);
        }
    }
}

void qep_source_values_free(qep_field_spec *spec) {
    for (size_t i = 0; spec->values && i < spec->source->parameters; i++) {
        qep_free(spec->values[i].text);
        qep_free(spec->values[i].list);
    }
    qep_free(spec->values);
    spec->values = NULL;
}
