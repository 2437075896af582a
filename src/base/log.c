/* Forwarding of messages and progress to the caller's sink. */
#include "qep/base/log.h"

#include <stdarg.h>
#include <stdio.h>

void qep_log_write(const qep_log *log, qep_log_level level, const char *format, ...) {
    if (!log || !log->message) {
        return;
    }
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log->message(log->user, level, text);
}

void qep_log_progress(const qep_log *log, const char *stage, size_t done, size_t total) {
    if (log && log->progress) {
        log->progress(log->user, stage, done, total);
    }
}

int qep_log_interrupted(const qep_log *log) {
    return log && log->interrupted && log->interrupted(log->user);
}
