/* Steady state of a conductor between reservoirs (theory T21-T24): currents out of every terminal, local densities, bond currents, for
 * many sets of mu and T in one pass over energy. Derived from the von Neumann entropy of the stationary one-particle density matrix. */
#ifndef QEP_TRANSPORT_STEADY_H
#define QEP_TRANSPORT_STEADY_H

#include "qep/base/log.h"
#include "qep/transport/system.h"

/* Per set of reservoir parameters and terminal: arrays [sets, terminals]. */
typedef struct {
    size_t sets;
    const double *mu;          /* [sets, terminals] J; NULL: those of the terminals (sets = 1). For probes: where the search starts */
    const double *temperature; /* [sets, terminals] K, or NULL */
    double spin;               /* multiplies every current, density and bond current */
    double tolerance;          /* of the energy integrals, relative to the magnitude of each group */
    int threads;
    int fields;                /* site densities */
    int bonds;                 /* bond currents (needs fields) */
    int fill_bound_states;     /* occupy them at the mean mu and T of the reservoirs */
    const qep_log *log;
} qep_steady_options;

typedef struct {
    size_t sets, terminals, sites, bonds;
    double *mu, *temperature; /* [sets, terminals] J, K: with those the probes found; NaN for dephasing probes */
    /* [sets, terminals], out of the reservoir, spin included; NaN where a terminal has no temperature (dephasing). */
    double *I_N;  /* 1/s */
    double *I_E, *I_Q, *TI_S, *I_W; /* W; I_W by its own integral */
    double *I_S;  /* W/K */
    double *I_S_cg;     /* W/K, coarse-grained; two reservoirs without probes, else NaN */
    double *clausius;   /* [sets] sum over terminals of -I_Q/T, W/K; inf where T = 0 takes heat */
    /* [sets, sites] per site: n 1, u J, s J/K (times spin). NULL without fields. */
    double *n, *u, *s_hs, *s_dist, *s_site;
    double *weight;     /* [sites] share of each site's states that belongs to the bound states found; those far above every thermal window are not sought */
    size_t bound_states;
    double *bound_energy; /* [bound_states] J */
    /* Bond currents into `to` from `from`, [sets, bonds]: 1/s, W/K, W. NULL without bonds. */
    size_t *bond_from, *bond_to;
    double *J_N, *J_E, *J_S;
    /* Achieved error of the integrals, relative to their magnitude: worst over sets. */
    double error_N, error_E, error_S, error_W, error_fields;
    double unitarity;         /* worst |N_a - sum_b T_ab| - like defect: |sum of currents| / magnitude, over N, E, S */
    size_t evaluations, panels, limited;
    int probe_iterations;
    double probe_residual;    /* largest |I_N|, |I_E| of a probe relative to the currents of the leads */
} qep_steady;

/* Fails with QEP_ERR_UNCONVERGED when probes do not converge or the modes of a lead are not found, QEP_ERR_PROBLEM on parts without a lead,
 * QEP_ERR_CONFIG on T < 0. */
qep_status qep_steady_solve(const qep_system *system, const qep_hamiltonian *h, const qep_steady_options *options, qep_steady *result,
                            qep_error *err);
void qep_steady_free(qep_steady *result);

#endif
