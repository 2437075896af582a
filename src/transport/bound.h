/* Bound states: levels outside every band, which no lead can fill. */
#ifndef QEP_TRANSPORT_BOUND_H
#define QEP_TRANSPORT_BOUND_H

#include "qep/transport/steady.h"
#include "system.h"

/* Find them; write weight, bound_states and bound_energy of r; with fill_bound_states add their densities and bond currents. */
qep_status qep_bound_states_add(const qep_system *system, const qep_hamiltonian *h, const qep_steady_options *options, qep_steady *r,
                                qep_error *err);

#endif
