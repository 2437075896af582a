/* Messages that are not errors: warnings, notes, details (-v) and progress. The library hands them to a
 * sink that the caller owns; without a sink they are dropped. */
#ifndef QEP_BASE_LOG_H
#define QEP_BASE_LOG_H

#include <stddef.h>

typedef enum { QEP_LOG_WARNING, QEP_LOG_INFO, QEP_LOG_DETAIL } qep_log_level;

typedef struct {
    void (*message)(void *user, qep_log_level level, const char *text); /* may be NULL */
    /* Progress of a named stage: done of total steps; may be NULL. */
    void (*progress)(void *user, const char *stage, size_t done, size_t total);
    /* Returns nonzero when the run should stop (a signal came); may be NULL. */
    int (*interrupted)(void *user);
    void *user;
} qep_log;

/* printf-like; log may be NULL. */
void qep_log_write(const qep_log *log, qep_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void qep_log_progress(const qep_log *log, const char *stage, size_t done, size_t total);
/* 1 when the run was asked to stop. */
int qep_log_interrupted(const qep_log *log);

#endif
