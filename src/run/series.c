/* The numbers of a run over its frames: /series/time and, under the names of their attributes, a list per number of
 * /data/<frame>/results, probes included. Written once, when the last frame is finished or the run was stopped after some. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"

static qep_status write_one(qep_run_state *run, const qep_run_result *result, qep_error *err) {
    char *name = qep_text_format("%s%s%s", result->group, result->group[0] ? "/" : "", result->name);
    if (!name) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                             "the name of a series does not fit into memory");
    }
    const qep_status status = qep_writer_series(run->writer, name, result->value, run->finished,
                                                result->unit[0] ? result->unit : NULL, err);
    qep_free(name);
    return status;
}

qep_status qep_run_write_series(qep_run_state *run, qep_error *err) {
    if (run->frames < 2 || run->finished == 0) {
        return QEP_OK;
    }
    for (size_t i = 0; i < run->report->result_count; i++) {
        QEP_TRY(write_one(run, &run->report->result[i], err));
    }
    return QEP_OK;
}
