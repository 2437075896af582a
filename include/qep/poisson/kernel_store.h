/* The kernel of the last grid with open axes, kept for the next solver of the same operator: configurations of one call that share their
 * grid, and a sweep over them, make it once. */
#ifndef QEP_POISSON_KERNEL_STORE_H
#define QEP_POISSON_KERNEL_STORE_H

#include "qep/base/error.h"

typedef struct qep_kernel_store qep_kernel_store;

/* An empty store. It must outlive the solvers made with it. */
qep_status qep_kernel_store_create(qep_kernel_store **store, qep_error *err);
void qep_kernel_store_destroy(qep_kernel_store *store);

#endif
