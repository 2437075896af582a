/* Floating probes: their mu (and T) from vanishing currents. */
#ifndef QEP_TRANSPORT_PROBES_H
#define QEP_TRANSPORT_PROBES_H

#include "qep/transport/steady.h"
#include "system.h"

/* Of one set: mu, kT [terminals] in units; those of voltage probes (I_N = 0 at their T) and thermoelectric probes (I_N = I_E = 0) are replaced.
 * Dephasing probes have NaN and are eliminated at every energy. *iterations, *residual: the worst so far. Fails with QEP_ERR_UNCONVERGED. */
qep_status qep_probes_solve(const qep_system *system, const qep_steady_options *options, double *mu, double *kT, int *iterations,
                            double *residual, qep_error *err);

#endif
