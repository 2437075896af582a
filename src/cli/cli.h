/* What the files of the program share: the parsed command line, and one function or two per file.
 * No numerics here; everything that computes is behind qep/run/run.h. */
#ifndef QEP_CLI_CLI_H
#define QEP_CLI_CLI_H

#include "qep/base/error.h"
#include "qep/base/log.h"
#include "qep/run/run.h"
#include <stddef.h>
#include <stdio.h>

/* ---- options.c: the option table ---- */

typedef enum { CLI_PROGRESS_AUTO, CLI_PROGRESS_ALWAYS, CLI_PROGRESS_NEVER } cli_progress_mode;

/* The command line. Texts point into argv; set and config are owned arrays of such pointers. */
typedef struct {
    const char *output, *wisdom, *list;
    const char **set;
    size_t set_count;
    const char **config;
    size_t config_count;
    int threads;  /* 0: not given */
    int progress; /* cli_progress_mode */
    int plan;     /* qep_plan_effort */
    int check, quiet, verbose, json, force, skip_done, print_config, schema, help, version;
} cli_options;

/* Parse argv by the table. Fails with QEP_ERR_USAGE and one error that says what to try. */
qep_status cli_options_parse(cli_options *options, int argc, char **argv, qep_error *err);
void cli_options_free(cli_options *options);
/* --help. */
void cli_options_help(FILE *out);
/* The same rows as a Markdown table, for `--list options` and docs/command-line.md. */
void cli_options_table(FILE *out);
/* The command line as one line that a shell would read back; release with qep_free. */
char *cli_command_line(int argc, char **argv);

/* ---- threads.c, signals.c ---- */

/* OMP_NUM_THREADS when it is a positive number, else the cores of the affinity mask, cut by the
 * cgroup's CPU quota. */
int cli_threads_default(void);

/* Handlers that only note SIGINT, SIGTERM and SIGHUP (the second one kills at once); SIGPIPE and
 * SIGXFSZ become write errors. */
void cli_signals_install(void);
/* The signal that came, or 0. */
int cli_signals_caught(void);
/* Die by the signal that came, so that the shell reports 128 + n; returns when there was none. */
void cli_signals_reraise(void);

/* ---- progress.c: one line on stderr, redrawn at most ten times a second ---- */

typedef struct {
    int enabled, color;
    int width;             /* columns drawn and not yet erased */
    double started, drawn; /* seconds; of the stage and of the last drawing */
    char stage[48];
} cli_progress;

void cli_progress_init(cli_progress *progress, cli_progress_mode mode, int quiet);
void cli_progress_update(cli_progress *progress, const char *stage, size_t done, size_t total);
/* Take the bar off the terminal (before a message, and at the end). */
void cli_progress_erase(cli_progress *progress);
/* 1 when stderr is a terminal that takes colour and NO_COLOR does not forbid it. */
int cli_color_wanted(void);

/* ---- messages.c: everything a person reads on stderr ---- */

/* Where messages about one configuration go. */
typedef struct {
    const cli_options *options;
    const char *config; /* as shown: the name or "<stdin>" */
    cli_progress progress;
} cli_sink;

/* A log that prints to stderr through the sink (borrowed). */
qep_log cli_sink_log(cli_sink *sink);
/* `FILE:LINE:COLUMN: PATH: message`, then the source line with a caret when it can be read again.
 */
void cli_print_errors(cli_sink *sink, const qep_error *err);
/* One line for errors of the command line itself. */
void cli_print_usage_error(const qep_error *err);
/* The name of a configuration as shown to people and in --json. */
const char *cli_config_shown(const char *config);

/* ---- summary.c, json.c ---- */

/* One line of JSON (names: docs/command-line.md); exit_code is that of this configuration. */
void cli_summary_json(FILE *out, const char *config, int exit_code, const qep_run_report *report,
                      const qep_error *err, int checked);
/* `done: film.h5  256x256x256  1 frame  0.41 s  residual 2.1e-15` on stderr; with verbose also
 * stages and memory. */
void cli_summary_text(const cli_options *options, const char *config, const qep_run_report *report);

/* A JSON string; bytes that are not UTF-8 become U+FFFD. */
void cli_json_string(FILE *out, const char *text);
/* The shortest decimal that reads back to the same double; "inf", "-inf" and "nan" as strings. */
void cli_json_number(FILE *out, double value);

#endif
