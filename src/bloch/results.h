/* From sums to tables, and the checks that every run makes of itself. Private to the room. */
#ifndef QEP_BLOCH_RESULTS_H
#define QEP_BLOCH_RESULTS_H

#include "qep/bloch/compute.h"

/* No temperature is 0. */
static inline int bloch_is_warm(const qep_bloch_problem *p) {
    for (size_t i = 0; i < p->temperatures; i++) {
        if (p->temperature[i] == 0.0) {
            return 0;
        }
    }
    return 1;
}

typedef struct {
    const qep_bloch_problem *problem;
    const qep_bloch_sums *sums, *half; /* half, of the coarser grid, may be NULL */
    qep_bloch_put put;
    void *user;
} bloch_maker;

/* The values of the axes: temperature, chemical_potential, frequency. */
qep_status bloch_put_axes(const bloch_maker *m, qep_error *err);
/* One quantity and, with `half`, convergence/<name>. QEP_ERR_UNCONVERGED when a value is not finite. */
qep_status bloch_put_quantity(const bloch_maker *m, const qep_bloch_quantity *row, qep_error *err);

/* self_check.c: integrals that must be summed beside `wanted` so that it can be checked. */
unsigned bloch_check_integrals(unsigned wanted);
/* What a user should know of the sums, as messages; identities that they must satisfy, as tables checks/<name>. One that fails is QEP_ERR_UNCONVERGED. */
qep_status bloch_check_sums(const bloch_maker *m, qep_error *err);

#endif
