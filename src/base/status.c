/* Lookups in the one status list. */
#include "qep/base/status.h"

typedef struct {
    int code;
    const char *name, *meaning;
} status_row;

static const status_row table[] = {
#define STATUS_ROW(status, code, name, meaning) [status] = {code, name, meaning},
    QEP_STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

static const status_row *row(qep_status status) {
    const int known = (int)status >= 0 && status < QEP_STATUS_COUNT;
    return &table[known ? status : QEP_ERR_INTERNAL];
}

int qep_status_exit_code(qep_status status) {
    return row(status)->code;
}

const char *qep_status_name(qep_status status) {
    return row(status)->name;
}

const char *qep_status_meaning(qep_status status) {
    return row(status)->meaning;
}
