/* The universal relations U1 to U5 (docs/bloch.md, section 4) as numbers: how far the sums of a run are from them. Private to the room. */
#ifndef QEP_BLOCH_DEVIATIONS_H
#define QEP_BLOCH_DEVIATIONS_H

#include "qep/bloch/compute.h"

enum { BLOCH_NEIGHBOURS = 8 }; /* +-1 and +-2 steps in T, then in mu */

unsigned bloch_deviation_integrals(const qep_bloch_model *model);
void bloch_deviation_neighbours(qep_bloch_state_point at, qep_bloch_state_point out[BLOCH_NEIGHBOURS]);
/* sums: states [nT][nmu], then the neighbours of each in order. Tables deviations/U1, ... [nT][nmu]. */
qep_status bloch_put_deviations(const qep_bloch_problem *problem, const qep_bloch_sums *sums, qep_bloch_put put, void *user, qep_error *err);

#endif
