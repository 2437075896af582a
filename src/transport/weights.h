/* From transmissions and occupations at one energy to the integrands of all currents, and from scattering states to local densities. */
#ifndef QEP_TRANSPORT_WEIGHTS_H
#define QEP_TRANSPORT_WEIGHTS_H

#include "green.h"
#include "qep/transport/thermal.h"

/* Currents of one set of reservoir parameters: rows of [terminals] in the integrand. */
enum { QEP_CURRENT_N, QEP_CURRENT_Q, QEP_CURRENT_S, QEP_CURRENT_W, QEP_CURRENT_CG, QEP_CURRENTS };
/* Densities: rows of [sites]. */
enum { QEP_DENSITY_N, QEP_DENSITY_U, QEP_DENSITY_HS, QEP_DENSITY_DIST, QEP_DENSITIES };
/* Bonds: rows of [bonds]; the last is Re(H_ij N_ji), the energy a bond holds. */
enum { QEP_BOND_N, QEP_BOND_E, QEP_BOND_S, QEP_BOND_ENERGY, QEP_BONDS };

/* Occupations of all terminals at E; those of dephasing probes follow from sum_b T_pb (f_p - f_b) = 0. mu, kT in units [terminals];
 * matrix [p, p + 2 columns] of scratch for p dephasing probes. Returns nonzero when a probe is connected to nothing. */
int qep_occupations(const qep_system *system, const double *transmission, double E, const double *mu, const double *kT, double *scratch,
                    int *pivots, qep_occupation *out);

/* Integrands [QEP_CURRENTS, terminals] of dE/h, in units of the system: N, (E - mu_a), S/k_B, I_W, coarse-grained S. */
void qep_current_weights(const qep_green *g, double E, const double *mu, const double *kT, const qep_occupation *o, int with_cg, double *out);

#endif
