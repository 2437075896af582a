/* Reading the command line by the option table: getopt gets its options from the rows, and every
 * complaint says what to try. */
#include "option_table.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading arguments ---- */

static qep_status usage(qep_error *err, const char *code, const char *text) {
    return qep_error_add(err, QEP_ERR_USAGE, code, NULL, NULL, "%s", text);
}

/* Index of `word` among the words of "a|b|c", or -1. */
static int choice_index(const char *choices, const char *word) {
    const size_t length = strlen(word);
    int index = 0;
    for (const char *at = choices; at; index++) {
        const size_t span = strcspn(at, "|");
        if (span == length && strncmp(at, word, span) == 0) {
            return index;
        }
        at = at[span] ? at + span + 1 : NULL;
    }
    return -1;
}

static qep_status read_choice(int *value, const cli_option_row *row, const char *text,
                              qep_error *err) {
    *value = choice_index(row->argument, text);
    if (*value < 0) {
        return qep_error_add(err, QEP_ERR_USAGE, "bad_value", NULL, NULL,
                             "--%s: \"%s\" is not one of %s", row->name, text, row->argument);
    }
    return QEP_OK;
}

static qep_status read_count(int *value, const cli_option_row *row, const char *text,
                             qep_error *err) {
    char *end = NULL;
    errno = 0;
    const long count = strtol(text, &end, 10);
    if (errno || end == text || *end || count < 1 || count > CLI_THREADS_MAX) {
        return qep_error_add(err, QEP_ERR_USAGE, "bad_value", NULL, NULL,
                             "--%s: \"%s\" is not a whole number from 1 to %d", row->name, text,
                             CLI_THREADS_MAX);
    }
    *value = (int)count;
    return QEP_OK;
}

static qep_status read_argument(cli_options *options, const cli_option_row *row, const char *text,
                                qep_error *err) {
    char *const field = (char *)options + row->offset;
    switch (row->kind) {
    case CLI_OPTION_FLAG:
        *(int *)(void *)field = 1;
        return QEP_OK;
    case CLI_OPTION_TEXT:
        if (!*text) {
            return qep_error_add(err, QEP_ERR_USAGE, "bad_value", NULL, NULL, "--%s: %s is empty",
                                 row->name, row->argument);
        }
        *(const char **)(void *)field = text;
        return QEP_OK;
    case CLI_OPTION_LIST:
        options->set[options->set_count++] = text;
        return QEP_OK;
    case CLI_OPTION_CHOICE:
        return read_choice((int *)(void *)field, row, text, err);
    case CLI_OPTION_COUNT:
        return read_count((int *)(void *)field, row, text, err);
    }
    return usage(err, "internal", "unknown kind of option");
}

/* ---- getopt ---- */

enum { LETTERS_SIZE = 2 * CLI_OPTION_MAX + 2, LONG_ONLY = 256 };

/* What getopt returns for a row: its letter, or a number past all letters. */
static int row_key(size_t row) {
    size_t count = 0;
    const char letter = cli_option_table(&count)[row].letter;
    return letter ? letter : LONG_ONLY + (int)row;
}

static void getopt_letters(char letters[LETTERS_SIZE]) {
    size_t count = 0, used = 0;
    const cli_option_row *const table = cli_option_table(&count);
    letters[used++] = ':'; /* a missing argument is told apart from an unknown option */
    for (size_t i = 0; i < count; i++) {
        if (table[i].letter) {
            letters[used++] = table[i].letter;
            if (table[i].argument) {
                letters[used++] = ':';
            }
        }
    }
    letters[used] = 0;
}

static void getopt_names(struct option names[CLI_OPTION_MAX + 1]) {
    size_t count = 0;
    const cli_option_row *const table = cli_option_table(&count);
    for (size_t i = 0; i < count; i++) {
        names[i] = (struct option){.name = table[i].name,
                                   .has_arg = table[i].argument ? required_argument : no_argument,
                                   .val = row_key(i)};
    }
    names[count] = (struct option){0};
}

static const cli_option_row *find_row(int key) {
    size_t count = 0;
    const cli_option_row *const table = cli_option_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (row_key(i) == key) {
            return &table[i];
        }
    }
    return NULL;
}

/* An unknown name, or an abbreviation of several. */
static qep_status unknown_name(const char *word, qep_error *err) {
    size_t count = 0, begin_so = 0;
    const cli_option_row *const table = cli_option_table(&count);
    const size_t length = strcspn(word, "=");
    char bare[64], several[256] = "";
    snprintf(bare, sizeof bare, "%.*s", (int)length, word);
    const char *names[CLI_OPTION_MAX];
    for (size_t i = 0; i < count; i++) {
        names[i] = table[i].name;
        if (strncmp(names[i], bare, length) == 0) {
            const size_t used = strlen(several);
            snprintf(several + used, sizeof several - used, "%s--%s", begin_so++ ? ", " : "",
                     names[i]);
        }
    }
    if (begin_so > 1) {
        return qep_error_add(err, QEP_ERR_USAGE, "unknown_option", NULL, NULL,
                             "option \"--%s\" is ambiguous: %s", bare, several);
    }
    const char *const near = qep_text_suggest(bare, names, count);
    return qep_error_add(err, QEP_ERR_USAGE, "unknown_option", NULL, NULL,
                         "unknown option \"--%s\"%s%s%s", bare, near ? ", did you mean \"--" : "",
                         near ? near : "", near ? "\"?" : "");
}

/* getopt said '?': an unknown letter, an unknown or ambiguous name, or an argument where none
 * belongs. */
static qep_status unknown_option(const char *word, int key, qep_error *err) {
    const cli_option_row *const row = find_row(key);
    if (row) {
        return qep_error_add(err, QEP_ERR_USAGE, "bad_option", NULL, NULL, "--%s takes no argument",
                             row->name);
    }
    if (key) {
        return qep_error_add(err, QEP_ERR_USAGE, "unknown_option", NULL, NULL,
                             "unknown option \"-%c\"", key);
    }
    return unknown_name(word + 2, err);
}

static qep_status missing_argument(int key, qep_error *err) {
    const cli_option_row *const row = find_row(key);
    return qep_error_add(err, QEP_ERR_USAGE, "missing_argument", NULL, NULL, "--%s needs %s",
                         row ? row->name : "?", row ? row->argument : "an argument");
}

static qep_status read_options(cli_options *options, int argc, char **argv, qep_error *err) {
    char letters[LETTERS_SIZE];
    struct option names[CLI_OPTION_MAX + 1];
    getopt_letters(letters);
    getopt_names(names);
    opterr = 0;
    for (int key; (key = getopt_long(argc, argv, letters, names, NULL)) != -1;) {
        if (key == '?') {
            return unknown_option(argv[optind - 1], optopt, err);
        }
        if (key == ':') {
            return missing_argument(optopt, err);
        }
        QEP_TRY(read_argument(options, find_row(key), optarg, err));
    }
    for (; optind < argc; optind++) {
        options->config[options->config_count++] = argv[optind];
    }
    return QEP_OK;
}

/* ---- What must hold between options ---- */

static int ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static qep_status check_together(const cli_options *options, qep_error *err) {
    if (options->help || options->version || options->schema || options->list) {
        return QEP_OK;
    }
    if (options->config_count == 0) {
        return usage(err, "no_config", "no configuration given");
    }
    if (options->output && options->config_count > 1) {
        return usage(err, "output_for_many",
                     "--output names one file, but there are several configurations; set "
                     "output.file in each");
    }
    if (options->quiet && options->verbose) {
        return usage(err, "contradiction", "--quiet and --verbose contradict each other");
    }
    if (options->wisdom && options->plan == QEP_PLAN_ESTIMATE &&
        strcmp(options->wisdom, "none") != 0) {
        return usage(err, "no_effect",
                     "--wisdom FILE has no effect with --plan estimate, the default, which neither "
                     "reads nor "
                     "writes wisdom; add --plan measure or leave --wisdom out");
    }
    size_t from_input = 0;
    for (size_t i = 0; i < options->config_count; i++) {
        from_input += strcmp(options->config[i], "-") == 0;
        if (ends_with(options->config[i], ".h5") && !options->output && !options->print_config) {
            return qep_error_add(
                err, QEP_ERR_USAGE, "needs_output", NULL, NULL,
                "\"%s\" is a result; running what made it again needs --output FILE",
                options->config[i]);
        }
    }
    return from_input > 1 ? usage(err, "input_twice", "standard input (-) can be read only once")
                          : QEP_OK;
}

qep_status cli_options_parse(cli_options *options, int argc, char **argv, qep_error *err) {
    *options = (cli_options){0};
    const size_t count = (size_t)argc + 1;
    QEP_TRY(qep_alloc((void **)(void *)&options->set, count, sizeof *options->set, "command line",
                      err));
    QEP_TRY(qep_alloc((void **)(void *)&options->config, count, sizeof *options->config,
                      "command line", err));
    QEP_TRY(read_options(options, argc, argv, err));
    return check_together(options, err);
}

void cli_options_free(cli_options *options) {
    qep_free(options->set);
    qep_free(options->config);
}
