/* Local densities and bond currents at one energy. */
#ifndef QEP_TRANSPORT_LOCAL_H
#define QEP_TRANSPORT_LOCAL_H

#include "weights.h"

/* Permuted sites and H[to][from] in units; `from` has the lower number of the user's. */
typedef struct {
    size_t from, to;
    double complex element;
} qep_bond;

typedef struct {
    int with_u; /* integrate E D; not with wide-band contacts, where it diverges */
    size_t bonds;
    qep_bond *bond;
} qep_local_plan;

qep_status qep_local_plan_init(qep_local_plan *plan, const qep_system *system, int bonds, int with_u, qep_error *err);
void qep_local_plan_free(qep_local_plan *plan);

/* Per set at out + set * set_stride: [QEP_DENSITIES, sites] then [QEP_BONDS, bonds], to be filled (zero on entry), in the order of the
 * user's sites. o [sets, terminals]; scratch [terminals]; density
 * [terminals, sites]. */
void qep_local_weights(const qep_green *g, double E, const qep_local_plan *plan, const qep_occupation *o, size_t sets, size_t set_stride,
                       double complex *scratch, double *density, double *out);

#endif
