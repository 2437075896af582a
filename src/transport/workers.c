/* Threads over independent tasks. Results go to places of their own, so that they do not depend on the number of threads. */
#include "workers.h"

#include "qep/base/memory.h"
#include <omp.h>
#include <stdint.h>
#include <string.h>

qep_status qep_workers_create(qep_green **green, const qep_system *system, int threads, int mode, qep_error *err) {
    *green = NULL;
    QEP_TRY(qep_alloc((void **)green, (size_t)threads, sizeof **green, "solvers", err));
    for (int t = 0; t < threads; t++) {
        (*green)[t].system = system;
    }
    for (int t = 0; t < threads; t++) {
        QEP_TRY(qep_green_init(&(*green)[t], system, mode, err));
    }
    return QEP_OK;
}

void qep_workers_destroy(qep_green *green, int threads) {
    for (int t = 0; green && t < threads; t++) {
        qep_green_free(&green[t]);
    }
    qep_free(green);
}

qep_status qep_workers_run(int threads, size_t count, qep_task task, void *context, qep_error *err) {
    qep_error *first = NULL;
    QEP_TRY(qep_alloc((void **)&first, 1, sizeof *first, "error", err));
    size_t failed = SIZE_MAX;
    qep_status status = QEP_OK;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
    for (size_t k = 0; k < count; k++) {
        size_t known = 0;
#pragma omp atomic read
        known = failed;
        if (known < k) {
            continue;
        }
        qep_error own = {0};
        const qep_status result = task(context, omp_get_thread_num(), k, &own);
        if (result != QEP_OK) {
#pragma omp critical(qep_workers)
            if (k < failed) {
                failed = k;
                status = result;
                *first = own;
            }
        }
    }
    for (size_t i = 0; i < first->count; i++) {
        const qep_error_item *item = &first->item[i];
        qep_error_add(err, item->status, item->code, item->path[0] ? item->path : NULL, item->file[0] ? item->file : NULL, "%s", item->message);
    }
    qep_free(first);
    return status;
}
