/* The derivative table. */
#include "qep/stencil/derivative.h"

static const qep_derivative_row rows[QEP_DERIVATIVE_COUNT] = {
    [QEP_FD2] = {"fd2", 2, "second-order central differences"},
    [QEP_FD4] = {"fd4", 4, "fourth-order central differences"},
    [QEP_FD6] = {"fd6", 6, "sixth-order central differences"},
    [QEP_FD8] = {"fd8", 8, "eighth-order central differences"},
    [QEP_SPECTRAL] = {"spectral", 0, "exact symbols; accuracy limited only by the resolution of the data"},
};

const qep_derivative_row *qep_derivative_table(void) {
    return rows;
}
