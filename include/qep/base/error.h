/* The one error object: every fallible function takes it last and adds what went wrong, where, what
 * came and what is allowed. The library never prints and never exits; cli does. */
#ifndef QEP_BASE_ERROR_H
#define QEP_BASE_ERROR_H

#include "qep/base/status.h"
#include <stddef.h>

enum { QEP_ERROR_CAPACITY = 20, QEP_ERROR_CODE = 32, QEP_ERROR_PATH = 256, QEP_ERROR_TEXT = 1024 };

/* One thing that went wrong. line and column are 1-based; 0 means unknown. */
typedef struct {
    qep_status status;
    char code[QEP_ERROR_CODE]; /* machine-readable kind, e.g. "unknown_key" */
    char path[QEP_ERROR_PATH]; /* JSON path ("/grid/points") or ""                              */
    char file[QEP_ERROR_PATH]; /* file (or file:dataset) concerned, or ""                       */
    size_t line, column;
    char message[QEP_ERROR_TEXT]; /* a sentence: what came, what is allowed, what to try          */
} qep_error_item;

/* A list of errors; a configuration reports all of its faults in one run. */
typedef struct {
    size_t count;   /* items stored */
    size_t dropped; /* further errors that did not fit */
    qep_error_item item[QEP_ERROR_CAPACITY];
} qep_error;

/* Empty the list. A zero-initialised object is empty too. */
void qep_error_clear(qep_error *err);

/* Add an error and return its status. `path` is a JSON path or NULL, `file` a file name or NULL;
 * non-printable characters of the message are escaped. err may be NULL (only the status is kept). */
qep_status qep_error_add(qep_error *err, qep_status status, const char *code, const char *path,
                         const char *file, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* The worst status in the list by exit code (QEP_OK when empty). */
qep_status qep_error_status(const qep_error *err);

/* Return early when an expression is not QEP_OK. */
#define QEP_TRY(expression)                                                                        \
    do {                                                                                           \
        const qep_status qep_try_status = (expression);                                            \
        if (qep_try_status != QEP_OK) {                                                            \
            return qep_try_status;                                                                 \
        }                                                                                          \
    } while (0)

#endif
