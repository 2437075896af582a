/* Sections that stand alone: each computes before the frames and leaves tables. A new one is a row here and a chapter of its own. */
#include "bloch.h"
#include "state.h"
#include "transport.h"

#include "qep/base/memory.h"
#include <stdint.h>
#include <string.h>

static const qep_run_section rows[] = {
    [QEP_RUN_BLOCH] = {"bloch", qep_run_bloch_given, NULL, qep_run_bloch_pose, qep_run_bloch_memory, qep_run_bloch_announce, qep_run_bloch_compute,
                       qep_run_bloch_write, qep_run_bloch_release},
    [QEP_RUN_TRANSPORT] = {"transport", qep_run_transport_given, qep_run_transport_uses_grid, qep_run_transport_pose, qep_run_transport_memory,
                           qep_run_transport_announce, qep_run_transport_compute, qep_run_transport_write, qep_run_transport_release},
};

static int given(const qep_run_state *run, size_t i) {
    return rows[i].given(run);
}

enum { ROWS = sizeof rows / sizeof *rows };
_Static_assert((int)ROWS <= (int)QEP_RUN_SECTIONS, "raise QEP_RUN_SECTIONS");

qep_status qep_run_pose_sections(qep_run_state *run, qep_error *err) {
    for (size_t i = 0; i < ROWS; i++) {
        if (given(run, i) && rows[i].pose) {
            QEP_TRY(rows[i].pose(run, err));
        }
    }
    return QEP_OK;
}

size_t qep_run_sections_memory(const qep_run_state *run) {
    size_t most = 0; /* they run one after the other */
    for (size_t i = 0; i < ROWS; i++) {
        const size_t bytes = given(run, i) && rows[i].memory ? rows[i].memory(run) : 0;
        most = bytes > most ? bytes : most;
    }
    return most;
}

int qep_run_sections_use_grid(const qep_run_state *run) {
    for (size_t i = 0; i < ROWS; i++) {
        if (given(run, i) && rows[i].uses_grid && rows[i].uses_grid(run)) {
            return 1;
        }
    }
    return 0;
}

void qep_run_announce_sections(const qep_run_state *run, qep_log_level level) {
    for (size_t i = 0; i < ROWS; i++) {
        if (given(run, i) && rows[i].announce) {
            rows[i].announce(run, level);
        }
    }
}

qep_status qep_run_compute_sections(qep_run_state *run, qep_error *err) {
    const double start = qep_run_seconds();
    for (size_t i = 0; i < ROWS; i++) {
        if (given(run, i) && rows[i].compute) {
            QEP_TRY(rows[i].compute(run, err));
        }
    }
    run->report->seconds_solve += qep_run_seconds() - start;
    return QEP_OK;
}

qep_status qep_run_write_sections(qep_run_state *run, size_t frame, qep_error *err) {
    for (size_t i = 0; i < ROWS; i++) {
        if (given(run, i) && rows[i].write) {
            QEP_TRY(rows[i].write(run, frame, err));
        }
    }
    return frame == 0 ? qep_run_write_tables(run, err) : QEP_OK;
}

const void *qep_run_section_object(void *user, const char *name) {
    const qep_run_state *run = user;
    if (strcmp(name, "transport") == 0) {
        return given(run, QEP_RUN_TRANSPORT) ? qep_run_transport_site_fields(run) : NULL;
    }
    return strcmp(name, "bloch") == 0 && given(run, QEP_RUN_BLOCH) ? qep_run_bloch_problem(run) : NULL;
}

void qep_run_release_sections(qep_run_state *run) {
    for (size_t i = 0; run->config && i < ROWS; i++) {
        if (given(run, i) && rows[i].release) {
            rows[i].release(run);
        }
    }
}
