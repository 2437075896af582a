/* hypre's BoomerAMG as a preconditioner, where the build found hypre: for noise from cell to cell, where geometric aggregates mean nothing. The only
 * file that includes hypre. */
#include "elliptic_impl.h"

#include <stdio.h>

#ifndef QEP_HYPRE

void qep_elliptic_library_version(char *text, size_t size) {
    snprintf(text, size, "hypre (not built in)");
}

qep_status qep_amg_create(qep_preconditioner *m, const qep_couplings *fine, int threads, qep_error *err) {
    (void)m, (void)fine, (void)threads;
    return qep_error_add(err, QEP_ERR_CONFIG, "not_available", "/solver/method", NULL, "this build has no hypre");
}

#endif
