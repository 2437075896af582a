/* Everything a person reads while a configuration runs: errors with their place and source line,
 * warnings, notes, details. One file prints, so that the progress bar is always out of the way
 * first. */
#include "cli.h"

#include "qep/base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { LINE_SHOWN = 160 }; /* longer source lines (generated files) are not repeated */

const char *cli_config_shown(const char *config) {
    return strcmp(config, "-") == 0 ? "<stdin>" : config;
}

/* ---- Errors ---- */

/* Line `line` (from 1) of a file without its newline into text[size]; 0 when it is not there or is
 * not plain text that fits. */
static int read_line(const char *file, size_t line, char *text, size_t size) {
    FILE *const in = fopen(file, "r");
    if (!in) {
        return 0;
    }
    char *whole = NULL;
    size_t capacity = 0;
    ssize_t length = -1;
    for (size_t i = 0; i < line; i++) {
        length = getline(&whole, &capacity, in);
        if (length < 0) {
            break;
        }
    }
    while (length > 0 && strchr("\r\n", whole[length - 1])) {
        length--;
    }
    int usable = length > 0 && (size_t)length < size;
    for (ssize_t i = 0; usable && i < length; i++) {
        const unsigned char c = (unsigned char)whole[i];
        usable = c == '\t' || (c >= 0x20 && c != 0x7f);
    }
    if (usable) {
        memcpy(text, whole, (size_t)length);
        text[length] = 0;
    }
    free(whole);
    fclose(in);
    return usable;
}

/* The line with a caret under `column` (bytes, from 1); tabs stay tabs and continuation bytes of
 * UTF-8 take no column. */
static void print_source_line(const char *file, size_t line, size_t column) {
    char text[LINE_SHOWN];
    if (!read_line(file, line, text, sizeof text)) {
        return;
    }
    fprintf(stderr, "    %s\n    ", text);
    for (size_t i = 0; i + 1 < column && text[i]; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            fputc(text[i] == '\t' ? '\t' : ' ', stderr);
        }
    }
    fputs("^\n", stderr);
}

static void print_error(const char *config, const qep_error_item *item) {
    const int elsewhere = item->file[0] && strcmp(item->file, config) != 0;
    if (item->line) {
        fprintf(stderr, "%s:%zu:%zu: ", cli_config_shown(config), item->line, item->column);
    } else {
        fprintf(stderr, "%s: ", cli_config_shown(config));
    }
    if (item->path[0]) {
        fprintf(stderr, "%s: ", item->path);
    }
    if (elsewhere && !strstr(item->message, item->file) &&
        strcmp(item->file, cli_config_shown(config)) != 0) {
        fprintf(stderr, "%s: ", item->file);
    }
    fprintf(stderr, "%s\n", item->message);
    if (item->line && strcmp(config, "-") != 0) {
        print_source_line(config, item->line, item->column);
    }
}

void cli_print_errors(cli_sink *sink, const qep_error *err) {
    cli_progress_erase(&sink->progress);
    for (size_t i = 0; i < err->count; i++) {
        print_error(sink->config, &err->item[i]);
    }
    if (err->dropped) {
        fprintf(stderr, "%s: and %zu more errors\n", cli_config_shown(sink->config), err->dropped);
    }
}

void cli_print_usage_error(const qep_error *err) {
    for (size_t i = 0; i < err->count; i++) {
        fprintf(stderr, "qep-solve: %s (try \"qep-solve --help\")\n", err->item[i].message);
    }
}

/* ---- Log ---- */

static void log_message(void *user, qep_log_level level, const char *text) {
    cli_sink *const sink = user;
    if (sink->options->quiet || (level == QEP_LOG_DETAIL && !sink->options->verbose)) {
        return;
    }
    cli_progress_erase(&sink->progress);
    const char *const label = level == QEP_LOG_WARNING ? "warning: " : "";
    const int color = level == QEP_LOG_WARNING && cli_color_wanted();
    fprintf(stderr, "%s: %s%s%s%s\n", cli_config_shown(sink->config), color ? "\033[33m" : "",
            label, color ? "\033[0m" : "", text);
}

static void log_progress(void *user, const char *stage, size_t done, size_t total) {
    cli_sink *const sink = user;
    cli_progress_update(&sink->progress, stage, done, total);
}

static int log_interrupted(void *user) {
    (void)user;
    return cli_signals_caught() != 0;
}

qep_log cli_sink_log(cli_sink *sink) {
    return (qep_log){.message = log_message,
                     .progress = log_progress,
                     .interrupted = log_interrupted,
                     .user = sink};
}
