/* What a kernel store holds; private to the room. */
#ifndef QEP_POISSON_KERNEL_STORE_IMPL_H
#define QEP_POISSON_KERNEL_STORE_IMPL_H

#include "qep/poisson/kernel_store.h"
#include "solver_impl.h"

struct qep_kernel_store {
    qep_kernel *kernel; /* scaled for the passes; NULL: empty */
    qep_grid grid;
    int exact, order[3];
    double gauge_length;
};

/* 1 when the store (may be NULL) holds the kernel of this solver. */
int qep_kernel_store_has(const qep_kernel_store *store, const qep_poisson *p, double gauge_length);
/* Release what it holds before another is made; NULL is allowed. */
void qep_kernel_store_clear(qep_kernel_store *store);
/* Take over a kernel that is ready for use, into an empty store. */
void qep_kernel_store_put(qep_kernel_store *store, const qep_poisson *p, double gauge_length, qep_kernel *kernel);

#endif
