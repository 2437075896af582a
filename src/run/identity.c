/* --skip-done: a result is done when it is complete and was made from the same effective configuration (output and
 * threads aside) and the same input files, judged by their SHA-256. */
#include "state.h"

#include "qep/base/digest.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/io/identity.h"
#include <string.h>
#include <unistd.h>

qep_status qep_run_inputs_digest(const qep_run_state *run, char **text, qep_error *err) {
    char *joined = qep_text_copy("");
    for (size_t i = 0; joined && i < run->input_count; i++) {
        char hex[65];
        const qep_status status = qep_digest_sha256_file(run->inputs[i], hex, err);
        char *longer =
            status == QEP_OK ? qep_text_format("%s%s  %s\n", joined, hex, run->inputs[i]) : NULL;
        qep_free(joined);
        joined = longer;
        QEP_TRY(status);
    }
    *text = joined;
    return joined ? QEP_OK
                  : qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                                  "digests of the inputs could not be stored");
}

static int same(const char *stored, char *made) {
    const int equal = made && strcmp(stored, made) == 0;
    qep_free(made);
    return equal;
}

/* 1 when the file is a complete result of this configuration and these inputs. *err is only for inputs that cannot be read. */
static qep_status compare(const qep_run_state *run, const char *identity, const char *exit_state,
                          const char *inputs, int *done, qep_error *err) {
    char *digest = NULL;
    QEP_TRY(qep_run_inputs_digest(run, &digest, err));
    *done = same(inputs, digest) && strcmp(exit_state, "complete") == 0 &&
            same(identity, qep_config_effective(run->config, 1));
    return QEP_OK;
}

/* A file that is there but not a result of this run is left to qep_writer_check: refused without --force, else recomputed. */
qep_status qep_run_skip_done(qep_run_state *run, int *skip, qep_error *err) {
    char *identity = NULL, *exit_state = NULL, *inputs = NULL;
    *skip = 0;
    if (!run->options->skip_done || access(run->report->output, F_OK) != 0 ||
        qep_result_identity(run->report->output, &identity, &exit_state, &inputs, NULL) != QEP_OK) {
        return QEP_OK;
    }
    const qep_status status = compare(run, identity, exit_state, inputs, skip, err);
    qep_free(identity);
    qep_free(exit_state);
    qep_free(inputs);
    if (status == QEP_OK && !*skip && !run->options->force) {
        return qep_error_add(
            err, QEP_ERR_OUTPUT, "differs", "/output/file", run->report->output,
            "exists, but is unfinished or was made from another configuration or other inputs; "
            "--force recomputes it, --output writes elsewhere");
    }
    return status;
}
