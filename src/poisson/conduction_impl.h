/* What a conduction object holds; private to its files. */
#ifndef QEP_POISSON_CONDUCTION_IMPL_H
#define QEP_POISSON_CONDUCTION_IMPL_H

#include "elliptic_impl.h"

struct qep_conduction {
    qep_grid grid;
    qep_electrode *electrode; /* [count] copies; cells owned */
    double *value;            /* [count] V or A */
    double *potential;        /* [count] of the last solve */
    int *held, *all_held;     /* [count] */
    size_t count;
    qep_load *load;
    size_t load_count;
    qep_elliptic_options options;
    qep_elliptic *operator, *grounded; /* grounded: all electrodes held, for the conductance matrix; made when first asked for */
    qep_electrode_result *electrodes;
    qep_load_result *loads;
    size_t reference;
};

/* conduction_setup.c: faults of the setup itself. refuse fills *fault (may be NULL) and returns status; path: "/electrodes/<i>". */
qep_status qep_conduction_refuse(qep_conduction_fault *fault, qep_conduction_fault_kind kind, size_t first, size_t second, size_t sample, qep_status status);
char *qep_conduction_path(size_t electrode, char path[64]);
qep_status qep_conduction_check_setup(const qep_conduction_setup *setup, qep_conduction_fault *fault, qep_error *err);
qep_status qep_conduction_check_currents(const qep_conduction *c, qep_conduction_fault *fault, qep_error *err);
/* conduction_contacts.c: those of contacts, which only the operator shows. */
qep_status qep_conduction_check_contacts(qep_conduction *c, qep_conduction_fault *fault, qep_error *err);
/* Floating electrode's pad, or NULL. */
const qep_pad *qep_conduction_pad(const qep_elliptic *e, size_t electrode);
static inline uint32_t qep_network_of(const qep_elliptic *e, size_t cell) {
    return e->net.label ? e->net.label[cell] : 0;
}

/* conduction_results.c: currents, powers, balance from V and the contacts of the last solve. */
qep_elliptic_drive qep_conduction_drive_of(const qep_conduction_drive *drive);
void qep_conduction_collect(qep_conduction *c, const qep_elliptic_drive *drive, const double *V, qep_conduction_result *result);

#endif
