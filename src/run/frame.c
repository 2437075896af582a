/* Derive and write one frame: every quantity one component at a time through one buffer, with its extrema and probes on
 * the way. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include <math.h>
#include <stdio.h>

/* phi_min, phi_max of scalars; E_max, the largest magnitude of any component, of the rest. */
static qep_status extrema(qep_run_state *run, size_t frame, const qep_quantity_row *row, double min,
                          double max, qep_error *err) {
    char name[48], unit[QEP_RUN_UNIT];
    qep_run_unit(row->dimension(&run->dimension, run->config->reading), unit);
    if (qep_quantity_rank(row, run->config->reading) == 0) {
        snprintf(name, sizeof name, "%s_min", row->name);
        QEP_TRY(qep_run_number(run, frame, "", name, min, unit, err));
        snprintf(name, sizeof name, "%s_max", row->name);
        return qep_run_number(run, frame, "", name, max, unit, err);
    }
    snprintf(name, sizeof name, "%s_max", row->name);
    return qep_run_number(run, frame, "", name, fmax(fabs(min), fabs(max)), unit, err);
}

static qep_status write_quantity(qep_run_state *run, size_t frame, size_t q, qep_error *err) {
    const qep_quantity_row *row = run->quantity[q];
    const int components = qep_quantity_components(row, run->config->reading, run->grid->ndim);
    double lowest = INFINITY, highest = -INFINITY;
    for (int c = 0; c < components; c++) {
        const double start = qep_run_seconds();
        double min = 0.0, max = 0.0;
        QEP_TRY(qep_quantity_compute(row, &run->solution, c, run->buffer, err));
        qep_reduce_array_range(run->buffer, run->count, run->options->threads, &min, &max);
        lowest = fmin(lowest, min);
        highest = fmax(highest, max);
        QEP_TRY(qep_run_read_probes(run, frame, row, c, run->buffer, err));
        const double derived = qep_run_seconds();
        QEP_TRY(qep_writer_component(run->writer, q, c, run->buffer, err));
        run->report->seconds_derive += derived - start;
        run->report->seconds_write += qep_run_seconds() - derived;
    }
    const int total = components == 1 && qep_quantity_rank(row, run->config->reading) == 0 && (row->needs & QEP_NEEDS_RESPONSE);
    QEP_TRY(total ? qep_run_response_total(run, frame, row, run->buffer, err) : QEP_OK);
    return extrema(run, frame, row, lowest, highest, err);
}

qep_status qep_run_write_frame(qep_run_state *run, size_t frame, qep_error *err) {
    const double dt = run->frames < 2 ? 0.0
                                      : (frame > 0 ? run->times[frame] - run->times[frame - 1]
                                                   : run->times[1] - run->times[0]);
    run->solution.frame = frame;
    QEP_TRY(qep_writer_frame_begin(run->writer, frame, run->times[frame], dt, err));
    for (size_t q = 0; q < run->quantities; q++) {
        QEP_TRY(write_quantity(run, frame, q, err));
    }
    QEP_TRY(qep_run_write_results(run, frame, err));
    QEP_TRY(qep_run_write_sections(run, frame, err));
    const double start = qep_run_seconds();
    QEP_TRY(qep_writer_frame_end(run->writer, err));
    run->report->seconds_write += qep_run_seconds() - start;
    run->finished = frame + 1;
    return QEP_OK;
}
