/* The conductor: one configuration from text to file. */
#ifndef QEP_RUN_RUN_H
#define QEP_RUN_RUN_H

#include "qep/base/error.h"
#include "qep/base/log.h"
#include "qep/poisson/poisson.h"
#include <stddef.h>

typedef struct {
    const char *output;     /* -o, or NULL */
    const char *const *set; /* --set texts */
    size_t set_count;
    int force, skip_done;
    int check_only; /* -n: everything before solving, nothing written */
    int threads;    /* > 0 */
    qep_plan_effort effort;
    const char *wisdom;       /* file, "none", or NULL for the per-user cache */
    const char *command_line; /* for provenance */
    const qep_log *log;
    qep_kernel_store *kernels; /* kept from one configuration to the next, or NULL */
    /* Test hook, NULL in the program: called with every solver after planning. */
    void (*after_plan)(void *user, qep_poisson *solver);
    void *after_plan_user;
} qep_run_options;

/* One number of /data/<frame>/results, over the frames; also a list of /series. */
typedef struct {
    char group[96]; /* "" or "electrodes/left" */
    char name[48];
    char unit[48]; /* "" for plain numbers */
    double *value; /* [frames] */
} qep_run_result;

/* A result that is no single number: data set results/<section>/<name> of the first frame, and a nested list under the same names in
 * --json. */
typedef struct {
    const char *section; /* "bloch"; static text */
    char name[64];       /* may hold groups: "drive/n" */
    char long_name[160];
    char unit[48]; /* "" for plain numbers */
    char axes[96]; /* names of the tables that hold the values of the leading indices, "temperature chemical_potential"; "" for none */
    int rank;
    size_t shape[6]; /* last index fastest */
    double *value;
    char **text; /* a list of names instead of values: [shape[0]] */
} qep_run_table;

typedef struct {
    qep_status status;
    char *output;     /* final name, or NULL */
    int written;      /* the output is in place under its name (also when unconverged and kept) */
    size_t points[3]; /* samples per axis, 0 for axes that the grid does not have */
    size_t frames;
    int threads;
    int skipped; /* --skip-done found a finished result */
    double seconds_total, seconds_read, seconds_plan, seconds_solve, seconds_derive, seconds_write;
    size_t peak_rss;        /* bytes */
    size_t estimated_bytes; /* memory estimate that was checked against the limit */
    qep_run_result *result;
    size_t result_count;
    qep_run_table *table;
    size_t table_count;
    char summary[160]; /* what the sections that stand alone computed, for the closing line */
} qep_run_report;

/* Run one configuration. Errors are added to err with line and column; the status is the worst of them. */
qep_status qep_run(const char *config_name, const qep_run_options *options, qep_run_report *report,
                   qep_error *err);
void qep_run_report_free(qep_run_report *report);

/* Versions of everything linked, one per line, for --version; release with qep_free. */
char *qep_run_versions(void);
/* Text of `--list TOPIC` (sources, quantities, boundaries, units, keys, exit-codes, reference) or NULL for an unknown topic; release with qep_free. */
char *qep_run_list(const char *topic);

#endif
