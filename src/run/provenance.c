/* Where a result came from: /provenance of the output. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/base/version.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static qep_status text(qep_run_state *run, const char *name, const char *value, int as_dataset,
                       qep_error *err) {
    return qep_writer_provenance_text(run->writer, name, value ? value : "", as_dataset, err);
}

/* Takes over heap text: writes and releases it. */
static qep_status take_text(qep_run_state *run, const char *name, char *value, int as_dataset,
                            qep_error *err) {
    const qep_status status = value ? text(run, name, value, as_dataset, err)
                                    : qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                                                    "provenance \"%s\" could not be made", name);
    qep_free(value);
    return status;
}

static void format_time(time_t when, char out[32]) {
    struct tm parts;
    gmtime_r(&when, &parts);
    strftime(out, 32, "%Y-%m-%d %H:%M:%S +0000", &parts);
}

/* A text as a JSON string, appended at `to`; returns the end. Six bytes per byte and two quotes are enough. */
static char *put_json_string(char *to, const char *from) {
    *to++ = '"';
    for (; *from; from++) {
        const unsigned char c = (unsigned char)*from;
        if (c < 0x20) {
            to += snprintf(to, 7, "\\u%04x", c);
            continue;
        }
        if (c == '"' || c == '\\') {
            *to++ = '\\';
        }
        *to++ = (char)c;
    }
    *to++ = '"';
    return to;
}

/* --set texts as a JSON list, in the order in which they were applied. */
static char *overrides(const qep_config *config) {
    size_t size = 3;
    for (size_t i = 0; i < config->override_count; i++) {
        size += 6 * strlen(config->overrides[i]) + 3;
    }
    void *block = NULL;
    if (qep_alloc(&block, size, 1, "overrides", NULL) != QEP_OK) {
        return NULL;
    }
    char *end = block;
    *end++ = '[';
    for (size_t i = 0; i < config->override_count; i++) {
        if (i) {
            *end++ = ',';
        }
        end = put_json_string(end, config->overrides[i]);
    }
    *end++ = ']';
    return block;
}

/* Absolute, so that running the result again finds the inputs from any working directory. */
static char *directory(const qep_config *config) {
    char *resolved = realpath(config->directory[0] ? config->directory : ".", NULL);
    char *copy = qep_text_copy(resolved ? resolved : config->directory);
    free(resolved);
    return copy;
}

static qep_status write_configuration(qep_run_state *run, qep_error *err) {
    const qep_config *c = run->config;
    QEP_TRY(text(run, "config_json", c->text, 1, err));
    QEP_TRY(take_text(run, "config_effective_json", qep_config_effective(c, 0), 1, err));
    QEP_TRY(take_text(run, "overrides_json", overrides(c), 1, err));
    QEP_TRY(take_text(run, "defaulted", qep_config_defaulted(c), 1, err));
    QEP_TRY(take_text(run, "config_directory", directory(c), 1, err));
    return text(run, "config_name", c->name, 0, err);
}

static qep_status write_identity(qep_run_state *run, qep_error *err) {
    char *inputs = NULL;
    QEP_TRY(qep_run_inputs_digest(run, &inputs, err));
    QEP_TRY(take_text(run, "inputs", inputs, 1, err));
    return take_text(run, "identity", qep_config_effective(run->config, 1), 1, err);
}

static qep_status write_program(qep_run_state *run, qep_error *err) {
    /* clang-format off */
    static const char *const efforts[] = {
        [QEP_PLAN_ESTIMATE] = "estimate", [QEP_PLAN_MEASURE] = "measure", [QEP_PLAN_PATIENT] = "patient"};
    char host[256] = "", started[32], ended[32];
    gethostname(host, sizeof host - 1);
    format_time(run->started, started);
    format_time(time(NULL), ended);
    QEP_TRY(text(run, "command_line", run->options->command_line, 1, err));
    QEP_TRY(take_text(run, "libraries", qep_run_versions(), 1, err));
    const struct {
        const char *name, *value;
    } rows[] = {
        {"version", qep_version()},
        {"git_revision", qep_git_revision()},
        {"host", host},
        {"start_time", started},
        {"end_time", ended},
        {"plan", efforts[run->options->effort]},
        {"wisdom_sha256", run->wisdom.used},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        QEP_TRY(text(run, rows[i].name, rows[i].value, 0, err));
    }
    return QEP_OK;
}

static qep_status write_times(qep_run_state *run, qep_error *err) {
    const qep_run_report *r = run->report;
    const qep_poisson_open open = run->solver ? qep_poisson_open_axes(run->solver) : (qep_poisson_open){0};
    const struct {
        const char *name;
        double value;
    } rows[] = {
        /* clang-format off */
        {"threads",         (double)run->options->threads},
        {"seconds_read",    r->seconds_read              },
        {"seconds_plan",    r->seconds_plan              },
        {"seconds_solve",   r->seconds_solve             },
        {"seconds_derive",  r->seconds_derive            },
        {"seconds_write",   r->seconds_write             },
        {"estimated_bytes", (double)r->estimated_bytes   },
        {"seconds_kernel",  open.seconds                 },
        {"kernel_bytes",    (double)open.bytes           },
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        QEP_TRY(qep_writer_provenance_number(run->writer, rows[i].name, rows[i].value, err));
    }
    return QEP_OK;
}

qep_status qep_run_write_provenance(qep_run_state *run, qep_error *err) {
    QEP_TRY(write_configuration(run, err));
    QEP_TRY(write_identity(run, err));
    QEP_TRY(write_program(run, err));
    return write_times(run, err);
}
