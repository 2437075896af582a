/* One kernel and what it belongs to: the grid without its origin, the operator, the gauge length. */
#include "kernel_store.h"

#include "qep/base/memory.h"

qep_status qep_kernel_store_create(qep_kernel_store **store, qep_error *err) {
    return qep_alloc((void **)store, 1, sizeof **store, "kernel store", err);
}

void qep_kernel_store_destroy(qep_kernel_store *store) {
    if (store) {
        qep_kernel_destroy(store->kernel);
        qep_free(store);
    }
}

static int same_axis(const qep_axis *a, const qep_axis *b) {
    return a->n == b->n && a->h == b->h && a->bc[0] == b->bc[0] && a->bc[1] == b->bc[1];
}

int qep_kernel_store_has(const qep_kernel_store *store, const qep_poisson *p, double gauge_length) {
    if (!store || !store->kernel || store->exact != (p->calculus->derivative == QEP_SPECTRAL) || store->gauge_length != gauge_length ||
        store->grid.sampling != p->grid.sampling) {
        return 0;
    }
    for (int d = 0; d < 3; d++) {
        if (!same_axis(&store->grid.axis[d], &p->grid.axis[d]) || store->order[d] != p->stencil.axis[d].order) {
            return 0;
        }
    }
    return 1;
}

void qep_kernel_store_clear(qep_kernel_store *store) {
    if (store) {
        qep_kernel_destroy(store->kernel);
        store->kernel = NULL;
    }
}

void qep_kernel_store_put(qep_kernel_store *store, const qep_poisson *p, double gauge_length, qep_kernel *kernel) {
    store->kernel = kernel;
    store->grid = p->grid;
    store->exact = p->calculus->derivative == QEP_SPECTRAL;
    store->gauge_length = gauge_length;
    for (int d = 0; d < 3; d++) {
        store->order[d] = p->stencil.axis[d].order;
    }
}
