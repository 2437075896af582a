/* Tables of results: kept in the report for --json, written below /data/0/results/<section> with their unit, their long name and the names of
 * the tables that hold the values of their axes. */
#include "state.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <stdio.h>
#include <string.h>

static size_t count_of(const qep_run_table *table) {
    size_t count = 1;
    for (int d = 0; d < table->rank; d++) {
        if (!qep_size_multiply(count, table->shape[d], &count)) {
            return (size_t)-1;
        }
    }
    return count;
}

/* Room for one more; the list doubles at powers of two. */
static qep_status reserve(qep_run_report *report, qep_error *err) {
    const size_t n = report->table_count;
    if ((n & (n - 1)) != 0) {
        return QEP_OK;
    }
    void *larger = NULL;
    QEP_TRY(qep_alloc(&larger, n ? 2 * n : 1, sizeof *report->table, "tables of results", err));
    if (n) {
        memcpy(larger, report->table, n * sizeof *report->table);
    }
    qep_free(report->table);
    report->table = larger;
    return QEP_OK;
}

qep_status qep_run_add_table(qep_run_state *run, const qep_run_table *table, qep_error *err) {
    qep_run_report *report = run->report;
    const size_t count = count_of(table);
    void *block = NULL;
    QEP_TRY(reserve(report, err));
    qep_run_table *kept = &report->table[report->table_count];
    *kept = *table;
    kept->value = NULL;
    kept->text = NULL;
    QEP_TRY(qep_alloc(&block, count ? count : 1, table->text ? sizeof(char *) : sizeof(double), "a table of results", err));
    report->table_count++;
    if (!table->text) {
        kept->value = block;
        if (count) {
            memcpy(kept->value, table->value, count * sizeof *table->value);
        }
        return QEP_OK;
    }
    kept->text = block;
    for (size_t i = 0; i < count; i++) {
        kept->text[i] = qep_text_copy(table->text[i]);
        if (!kept->text[i]) {
            return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "a list of names could not be stored");
        }
    }
    return QEP_OK;
}

static qep_status write_table(qep_run_state *run, const qep_run_table *table, qep_error *err) {
    char name[128];
    snprintf(name, sizeof name, "%s/%s", table->section, table->name);
    if (table->text) {
        QEP_TRY(qep_writer_result_names(run->writer, name, (const char *const *)table->text, table->shape[0], err));
    } else {
        QEP_TRY(qep_writer_result_array(run->writer, name, table->value, table->rank, table->shape, table->unit[0] ? table->unit : "1", err));
    }
    if (table->long_name[0]) {
        QEP_TRY(qep_writer_result_attribute(run->writer, name, "long_name", table->long_name, err));
    }
    return table->axes[0] ? qep_writer_result_attribute(run->writer, name, "axes", table->axes, err) : QEP_OK;
}

qep_status qep_run_write_tables(qep_run_state *run, qep_error *err) {
    for (size_t i = 0; i < run->report->table_count; i++) {
        QEP_TRY(write_table(run, &run->report->table[i], err));
    }
    return QEP_OK;
}

void qep_run_free_tables(qep_run_report *report) {
    for (size_t i = 0; i < report->table_count; i++) {
        qep_run_table *table = &report->table[i];
        for (size_t k = 0; table->text && k < table->shape[0]; k++) {
            qep_free(table->text[k]);
        }
        qep_free(table->text);
        qep_free(table->value);
    }
    qep_free(report->table);
    report->table = NULL;
    report->table_count = 0;
}
