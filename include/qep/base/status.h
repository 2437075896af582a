/* Statuses, exit codes and their meanings: one list, from which the enum, the exit codes, the texts of
 * `--list exit-codes` and the documentation are made. */
#ifndef QEP_BASE_STATUS_H
#define QEP_BASE_STATUS_H

/* X(status, exit code, name, meaning) */
#define QEP_STATUS_LIST(X)                                                                         \
    X(QEP_OK, 0, "ok", "success")                                                                  \
    X(QEP_ERR_USAGE, 2, "usage", "wrong command line")                                             \
    X(QEP_ERR_CONFIG, 3, "configuration",                                                          \
      "the configuration is missing, malformed, contradictory, or names something unknown")        \
    X(QEP_ERR_INPUT, 4, "input",                                                                   \
      "input data are missing, unreadable, of wrong shape or unit, or not finite")                 \
    X(QEP_ERR_PROBLEM, 5, "problem",                                                               \
      "the problem is not solvable as posed (incompatible or inapplicable)")                       \
    X(QEP_ERR_UNCONVERGED, 6, "unconverged", "the solver did not converge or a self-check failed") \
    X(QEP_ERR_OUTPUT, 7, "output",                                                                 \
      "the output exists, its folder is missing, or it cannot be written")                         \
    X(QEP_ERR_MEMORY, 8, "memory", "the run does not fit into the memory allowed")                 \
    X(QEP_ERR_INTERNAL, 9, "internal", "a fault of the program itself; please report it")          \
    X(QEP_ERR_INTERRUPTED, 130, "interrupted", "stopped by a signal (shells see 128 + its number)")

typedef enum {
#define QEP_STATUS_ENUM(status, code, name, meaning) status,
    QEP_STATUS_LIST(QEP_STATUS_ENUM)
#undef QEP_STATUS_ENUM
        QEP_STATUS_COUNT
} qep_status;

/* Process exit code of a status. */
int qep_status_exit_code(qep_status status);
/* One-word name of a status, for `--json`. */
const char *qep_status_name(qep_status status);
/* One sentence for `--list exit-codes` and the documentation. */
const char *qep_status_meaning(qep_status status);

#endif
