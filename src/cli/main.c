/* qep-solve: the program. Parses the command line, hands each configuration to the library, and
 * turns statuses into messages, JSON lines and the exit code. Standard output is for results alone;
 * see docs/command-line.md. */
#include "cli.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/base/version.h"
#include "qep/config/config.h"
#include "qep/poisson/elliptic.h"
#include <errno.h>
#include <fcntl.h>
#ifdef QEP_HYPRE
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A result file must not land on a closed standard descriptor. Opened the wrong way round, so that
 * using them still fails. */
static void keep_standard_descriptors(void) {
    for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) == -1 &&
            open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) == -1) {
            _Exit(qep_status_exit_code(QEP_ERR_INTERNAL));
        }
    }
}

/* SuperLU_DIST, which hypre brings along, forbids glibc to map large blocks separately and to give memory back, in a constructor: freed fields would stay
 * with the process. These are glibc's own defaults again. */
static void return_freed_memory(void) {
#ifdef QEP_HYPRE
    mallopt(M_MMAP_MAX, 65536);
    mallopt(M_TRIM_THRESHOLD, 128 * 1024);
#endif
}

/* Print a text of the library on standard output and release it. */
static qep_status print_text(char *text) {
    if (!text) {
        fputs("qep-solve: out of memory\n", stderr);
        return QEP_ERR_MEMORY;
    }
    const size_t length = strlen(text);
    fputs(text, stdout);
    if (length && text[length - 1] != '\n') {
        putchar('\n');
    }
    qep_free(text);
    return QEP_OK;
}

static qep_status list_topic(const char *topic) {
    static const char *const topics[] = {"sources", "quantities", "boundaries", "units",
                                         "keys",    "exit-codes", "options",    "reference", "bloch"};
    enum { TOPICS = sizeof topics / sizeof *topics };
    if (strcmp(topic, "options") == 0) {
        cli_options_table(stdout);
        return QEP_OK;
    }
    for (size_t i = 0; i < TOPICS; i++) {
        if (strcmp(topic, topics[i]) == 0) {
            return print_text(qep_run_list(topic));
        }
    }
    const char *const near = qep_text_suggest(topic, topics, TOPICS);
    fprintf(stderr, "qep-solve: --list: unknown topic \"%s\"%s%s%s; the topics are", topic,
            near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    for (size_t i = 0; i < TOPICS; i++) {
        fprintf(stderr, "%s %s", i ? "," : "", topics[i]);
    }
    fputc('\n', stderr);
    return QEP_ERR_USAGE;
}

static qep_status print_version(void) {
    printf("qep-solve %s (revision %s)\n", qep_version(), qep_git_revision());
    return print_text(qep_run_versions());
}

static qep_status print_config(const cli_options *options, const char *config, qep_error *err) {
    qep_config *loaded = NULL;
    QEP_TRY(qep_config_load(
        &loaded, config,
        &(qep_config_options){.set = options->set, .set_count = options->set_count}, err));
    char *const text = qep_config_effective(loaded, 0);
    qep_config_destroy(loaded);
    return print_text(text);
}

static qep_status run_config(const cli_options *options, const char *config,
                             const char *command_line, qep_kernel_store *kernels,
                             const qep_log *log, qep_run_report *report, qep_error *err) {
    const qep_run_options run = {.output = options->output,
                                 .set = options->set,
                                 .set_count = options->set_count,
                                 .force = options->force,
                                 .skip_done = options->skip_done,
                                 .check_only = options->check,
                                 .threads =
                                     options->threads ? options->threads : cli_threads_default(),
                                 .effort = (qep_plan_effort)options->plan,
                                 .wisdom = options->wisdom,
                                 .command_line = command_line,
                                 .log = log,
                                 .kernels = kernels};
    return qep_run(config, &run, report, err);
}

/* A signal that came makes every failure its consequence. */
static int exit_code_of(qep_status status) {
    return status != QEP_OK && cli_signals_caught() ? 128 + cli_signals_caught()
                                                    : qep_status_exit_code(status);
}

/* One configuration from its name to its messages; returns its exit code. */
static int do_config(const cli_options *options, const char *config, const char *command_line,
                     qep_kernel_store *kernels) {
    qep_error err = {0};
    qep_run_report report = {0};
    cli_sink sink = {.options = options, .config = config};
    cli_progress_init(&sink.progress, (cli_progress_mode)options->progress, options->quiet);
    const qep_log log = cli_sink_log(&sink);
    const qep_status status = options->print_config
                                  ? print_config(options, config, &err)
                                  : run_config(options, config, command_line, kernels, &log,
                                               &report, &err);
    const int code = exit_code_of(status);
    cli_progress_erase(&sink.progress);
    cli_print_errors(&sink, &err);
    if (options->json && !options->print_config) {
        cli_summary_json(stdout, config, code, &report, &err, options->check);
    }
    if (code == 0 && !options->quiet && !options->print_config) {
        cli_summary_text(options, config, &report);
    }
    qep_run_report_free(&report);
    return code;
}

static int do_configs(const cli_options *options, const char *command_line) {
    int worst = 0;
    qep_kernel_store *kernels = NULL;
    qep_kernel_store_create(&kernels, NULL); /* without memory for it nothing is kept */
    for (size_t i = 0; i < options->config_count && !cli_signals_caught(); i++) {
        const int code = do_config(options, options->config[i], command_line, kernels);
        worst = code > worst ? code : worst;
    }
    qep_kernel_store_destroy(kernels);
    qep_elliptic_libraries_finish();
    return worst;
}

static int dispatch(const cli_options *options, const char *command_line) {
    if (options->help) {
        cli_options_help(stdout);
        return 0;
    }
    if (options->version) {
        return qep_status_exit_code(print_version());
    }
    if (options->schema) {
        return qep_status_exit_code(print_text(qep_config_schema()));
    }
    if (options->list) {
        return qep_status_exit_code(list_topic(options->list));
    }
    return do_configs(options, command_line);
}

/* Output that was buffered may fail to arrive only here. */
static int close_output(int code) {
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "qep-solve: cannot write to standard output%s%s\n", errno ? ": " : "",
                errno ? strerror(errno) : "");
        const int failed = qep_status_exit_code(QEP_ERR_OUTPUT);
        return code > failed ? code : failed;
    }
    return code;
}

int main(int argc, char **argv) {
    return_freed_memory();
    keep_standard_descriptors();
    cli_signals_install();
    char *const command_line = cli_command_line(argc, argv); /* before getopt reorders argv */
    cli_options options;
    qep_error err = {0};
    const qep_status status = cli_options_parse(&options, argc, argv, &err);
    cli_print_usage_error(&err);
    const int code = close_output(status == QEP_OK ? dispatch(&options, command_line)
                                                   : qep_status_exit_code(status));
    cli_options_free(&options);
    qep_free(command_line);
    cli_signals_reraise();
    return code;
}
