/* Threads over energies: one solver per thread, tasks in any order, the error of the first failed task kept. */
#ifndef QEP_TRANSPORT_WORKERS_H
#define QEP_TRANSPORT_WORKERS_H

#include "green.h"

qep_status qep_workers_create(qep_green **green, const qep_system *system, int threads, int mode, qep_error *err);
void qep_workers_destroy(qep_green *green, int threads);

typedef qep_status (*qep_task)(void *context, int thread, size_t task, qep_error *err);
/* Run tasks 0 .. count - 1. On failure the error of the lowest failed task that ran is reported; results of others are undefined. */
qep_status qep_workers_run(int threads, size_t count, qep_task task, void *context, qep_error *err);

#endif
