/* Words among the results: how a solve ended, by which method, what a load joins. Attributes of /data/<frame>/results and members of
 * --json's "results", like the numbers. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <stdio.h>
#include <string.h>

static qep_run_word_result *find_word(qep_run_report *report, const char *group, const char *name) {
    for (size_t i = 0; i < report->word_count; i++) {
        if (strcmp(report->word[i].name, name) == 0 && strcmp(report->word[i].group, group) == 0) {
            return &report->word[i];
        }
    }
    return NULL;
}

/* A new row; the table grows by doubling. */
static qep_status add_word(qep_run_state *run, const char *group, const char *name, int list,
                           qep_run_word_result **row, qep_error *err) {
    qep_run_report *report = run->report;
    const size_t n = report->word_count;
    void *values = NULL;
    if ((n & (n - 1)) == 0) { /* full at powers of two */
        void *larger = NULL;
        QEP_TRY(qep_alloc(&larger, n ? 2 * n : 1, sizeof *report->word, "table of words", err));
        if (n) {
            memcpy(larger, report->word, n * sizeof *report->word);
        }
        qep_free(report->word);
        report->word = larger;
    }
    QEP_TRY(qep_alloc(&values, run->frames, sizeof(char *), "words of the frames", err));
    *row = &report->word[n];
    **row = (qep_run_word_result){.list = list, .value = values};
    snprintf((*row)->group, sizeof(*row)->group, "%s", group);
    snprintf((*row)->name, sizeof(*row)->name, "%s", name);
    report->word_count++;
    return QEP_OK;
}

qep_status qep_run_word(qep_run_state *run, size_t frame, const char *group, const char *name,
                        const char *text, int list, qep_error *err) {
    qep_run_word_result *row = find_word(run->report, group, name);
    if (!row) {
        QEP_TRY(add_word(run, group, name, list, &row, err));
    }
    qep_free(row->value[frame]);
    row->value[frame] = qep_text_copy(text);
    return row->value[frame] ? QEP_OK
                             : qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                                             "the results could not be stored");
}

/* Lists are cut at their line ends; the most that any list of this program has is two. */
static qep_status write_list(qep_run_state *run, const qep_run_word_result *word, const char *text,
                             qep_error *err) {
    const char *end = strchr(text, '\n');
    char *first = qep_text_copy_n(text, end ? (size_t)(end - text) : strlen(text));
    const char *const items[2] = {first ? first : "", end ? end + 1 : ""};
    const qep_status status =
        qep_writer_result_texts(run->writer, word->group, word->name, items, end ? 2 : 1, err);
    qep_free(first);
    return status;
}

qep_status qep_run_write_words(qep_run_state *run, size_t frame, qep_error *err) {
    for (size_t i = 0; i < run->report->word_count; i++) {
        const qep_run_word_result *word = &run->report->word[i];
        const char *text = word->value[frame];
        if (text && word->list) {
            QEP_TRY(write_list(run, word, text, err));
        } else if (text) {
            QEP_TRY(qep_writer_result_text(run->writer, word->group, word->name, text, err));
        }
    }
    return QEP_OK;
}
