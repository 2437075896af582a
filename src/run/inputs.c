/* The inputs of a configuration before anything is read: which files, whether they fit, how many frames they hold. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <string.h>

/* Every field of the configuration, components and faces included, in one list. */
enum { SPECS = 5 + 3 + 6 };

static size_t list_specs(const qep_run_state *run, const qep_field_spec *specs[SPECS]) {
    const qep_config *c = run->config;
    const qep_field_spec *all[5] = {c->entropy, c->charge, c->conductivity, c->permittivity,
                                    c->coupling.profile};
    size_t n = 0;
    for (int i = 0; i < 5; i++) {
        if (all[i]) {
            specs[n++] = all[i];
        }
    }
    for (int d = 0; d < 3 && c->entropy_current[d]; d++) {
        specs[n++] = c->entropy_current[d];
    }
    for (int face = 0; face < 6; face++) {
        const qep_field_spec *value = c->face[face / 2][face % 2].value;
        if (value) {
            specs[n++] = value;
        }
    }
    return n;
}

typedef struct {
    qep_run_state *run;
    int failed, full;
} file_visit;

static void remember_file(void *user, const char *file) {
    file_visit *visit = user;
    qep_run_state *run = visit->run;
    for (size_t i = 0; i < run->input_count; i++) {
        if (strcmp(run->inputs[i], file) == 0) {
            return;
        }
    }
    if (run->input_count == QEP_RUN_INPUTS) {
        visit->full = 1;
        return;
    }
    char *copy = qep_text_copy(file);
    visit->failed |= !copy;
    if (copy) {
        run->inputs[run->input_count++] = copy;
    }
}

static qep_status judge(const file_visit *visit, qep_error *err) {
    if (visit->full) {
        return qep_error_add(err, QEP_ERR_CONFIG, "range", "", NULL,
                             "more than %d different input files; at most that many are supported",
                             QEP_RUN_INPUTS);
    }
    return visit->failed ? qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                                         "names of input files could not be stored")
                         : QEP_OK;
}

qep_status qep_run_collect_inputs(qep_run_state *run, qep_error *err) {
    const qep_field_spec *specs[SPECS];
    const size_t n = list_specs(run, specs);
    file_visit visit = {run, 0, 0};
    for (size_t i = 0; i < n; i++) {
        qep_field_files(specs[i], remember_file, &visit);
    }
    return judge(&visit, err);
}

qep_status qep_run_remember_input(qep_run_state *run, const char *file, qep_error *err) {
    file_visit visit = {run, 0, 0};
    remember_file(&visit, file);
    return judge(&visit, err);
}

/* All fields are checked, so that one run reports the faults of all. */
qep_status qep_run_check_inputs(qep_run_state *run, qep_error *err) {
    const qep_field_spec *specs[SPECS];
    const size_t n = list_specs(run, specs);
    qep_status worst = QEP_OK;
    for (size_t i = 0; i < n; i++) {
        const qep_field_setting setting = qep_run_setting(run, 0);
        const qep_status status = qep_field_check_in(specs[i], &setting, err);
        worst = qep_status_exit_code(status) > qep_status_exit_code(worst) ? status : worst;
    }
    return worst;
}

static qep_status keep_times(qep_run_state *run, const double *times, size_t count,
                             qep_error *err) {
    QEP_TRY(qep_alloc_doubles(&run->times, count, "times of the frames", err));
    memcpy(run->times, times, count * sizeof *times);
    run->frames = count;
    return QEP_OK;
}

static qep_status series_clash(const qep_field_spec *spec, size_t has, size_t others,
                               qep_error *err) {
    if (has == others) {
        return qep_error_add(err, QEP_ERR_INPUT, "series", spec->path, NULL,
                             "the data set `times` beside the series does not agree with \"time\" or "
                             "with another series; remove one of them");
    }
    return qep_error_add(err, QEP_ERR_INPUT, "series", spec->path, NULL,
                         "the series has %zu frames, but %zu are needed: another field or \"time\" "
                         "says so; give all "
                         "the same number of frames",
                         has, others);
}

/* Take the frames of one field's series into account; *stated: run->times are somebody's word and not yet a default. */
static qep_status join_series(qep_run_state *run, const qep_field_spec *spec, int *stated,
                              qep_error *err) {
    size_t frames = 0;
    double *times = NULL;
    QEP_TRY(qep_field_series(spec, run->grid, &frames, &times, err));
    qep_status status = QEP_OK;
    const int differ = run->frames > 0 && frames > 0 && frames != run->frames;
    if (differ || (times && *stated && !qep_field_same_times(run->times, times, frames))) {
        status = series_clash(spec, frames, run->frames, err);
    } else if (times && !*stated) {
        qep_free(run->times);
        run->times = NULL;
        status = keep_times(run, times, frames, err);
        *stated = 1;
    }
    run->frames = frames > 0 && run->frames == 0 ? frames : run->frames;
    qep_free(times);
    return status;
}

/* Series without times of their own: 0, 1, 2, ... s. */
static qep_status count_times(qep_run_state *run, qep_error *err) {
    QEP_TRY(qep_alloc_doubles(&run->times, run->frames, "times of the frames", err));
    for (size_t k = 0; k < run->frames; k++) {
        run->times[k] = (double)k;
    }
    return QEP_OK;
}

/* Frames: "time", else the time axis of the inputs, else a single one at t = 0. */
qep_status qep_run_find_frames(qep_run_state *run, qep_error *err) {
    const qep_config *c = run->config;
    if (!c->has_field) {
        return keep_times(run, (const double[]){0.0}, 1, err);
    }
    const qep_field_spec *specs[SPECS];
    const size_t n = list_specs(run, specs);
    int stated = c->time_count > 0;
    if (stated) {
        QEP_TRY(keep_times(run, c->times, c->time_count, err));
    }
    for (size_t i = 0; i < n; i++) {
        QEP_TRY(join_series(run, specs[i], &stated, err));
    }
    run->frames = run->frames > 0 ? run->frames : 1;
    return run->times ? QEP_OK : count_times(run, err);
}
