/* Named sources in a run: what they are evaluated in, and the numbers they report (an atom number), which become results in a group
 * named after the source, "gas", and "gas_2" where a second one of the kind reports. */
#include "state.h"

#include "qep/source/source.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The number of the group that belongs to the spec; a new one for a spec that has not reported yet. */
static size_t find_reporter(qep_run_state *run, const qep_field_spec *spec) {
    for (size_t i = 0; i < run->reporters; i++) {
        if (run->reporter[i] == spec) {
            return i;
        }
    }
    if (run->reporters == QEP_RUN_REPORTERS) {
        return QEP_RUN_REPORTERS;
    }
    run->reporter[run->reporters] = spec;
    return run->reporters++;
}

/* "gas" for the first of its kind, "gas_2" for the second: the order of evaluation, which is that of the configuration. */
static void group_name(const qep_run_state *run, size_t index, char *text, size_t size) {
    const char *name = run->reporter[index]->source->name;
    size_t before = 1;
    for (size_t i = 0; i < index; i++) {
        before += run->reporter[i]->source == run->reporter[index]->source;
    }
    if (before == 1) {
        snprintf(text, size, "%s", name);
    } else {
        snprintf(text, size, "%s_%zu", name, before);
    }
}

static qep_status take_number(const qep_field_setting *setting, const qep_field_spec *spec, const char *name, double value,
                              const char *unit, qep_error *err) {
    qep_run_state *run = setting->user;
    char group[64];
    const size_t index = find_reporter(run, spec);
    if (index == QEP_RUN_REPORTERS) {
        return QEP_OK; /* more sources than anyone reads about */
    }
    group_name(run, index, group, sizeof group);
    return qep_run_number(run, setting->frame, group, name, value, unit, err);
}

qep_field_setting qep_run_setting(qep_run_state *run, size_t frame) {
    return (qep_field_setting){
        .grid = run->grid,
        .cross_section = run->config->cross_section,
        .thickness = run->config->thickness,
        .t = run->times ? run->times[frame] : 0.0,
        .frame = frame,
        .parameters = &run->config->parameters,
        .threads = run->options->threads,
        .log = run->log,
        .section = qep_run_section_object,
        .report = take_number,
        .user = run,
    };
}

void qep_run_repeat_source_numbers(qep_run_state *run, size_t frame) {
    for (size_t k = 0; frame > 0 && k < run->report->result_count; k++) {
        qep_run_result *row = &run->report->result[k];
        for (size_t i = 0; i < run->reporters; i++) {
            char group[64];
            group_name(run, i, group, sizeof group);
            if (strcmp(row->group, group) == 0 && isnan(row->value[frame])) {
                row->value[frame] = row->value[frame - 1];
            }
        }
    }
}
