/* Driven closed systems (theory T25): the orbitals of a chain or a region evolve by Crank-Nicolson steps with H at mid-step; particle number
 * and entropy then obey a continuity equation on every bond to rounding, and energy wherever H is static. */
#ifndef QEP_TRANSPORT_EVOLVE_H
#define QEP_TRANSPORT_EVOLVE_H

#include "qep/base/log.h"
#include "qep/transport/hamiltonian.h"

typedef struct {
    size_t driven;      /* sites whose onsite energies are driven */
    const size_t *site; /* [driven], borrowed */
    qep_status (*energies)(void *context, double t, double *added, qep_error *err); /* added [driven] J at t s, to their onsite energies */
    void *context;
    const size_t *origin; /* [origins], borrowed: sites from which the echo counts; NULL: the driven ones */
    size_t origins;
    /* Equilibrium of H(0) at [0]; with `joined` two parts, sites outside the region at [0] and those inside at [1], coupled from t = 0 on. */
    int joined;
    double mu[2], temperature[2]; /* J, K */
    double step, end;             /* s */
    const unsigned char *inside;  /* [sites], borrowed: 1 in the region that currents flow into and that heat is counted of, 0 outside */
    size_t every;                 /* site densities of every so many steps are kept; 0 means 1 */
    int force;                    /* go on past the time when the echo from the ends returns */
    double spin;
    int threads;
    const qep_log *log;
} qep_drive;

typedef struct {
    size_t sites, steps, frames;
    double *t;               /* [frames] s */
    double *n, *s, *e;       /* [frames, sites] 1, J/K, J: e_i = Re(H rho)_ii */
    double *flow_t;          /* [steps] start of each step, s */
    double *J_N, *J_S, *J_E; /* [steps] 1/s, W/K, W into the region */
    /* Of the region, from start to end. */
    double delta_N, delta_S, delta_E; /* 1, J/K, J */
    double heat;                      /* Q = delta_E - mu delta_N, J */
    double heat_by_entropy;           /* T delta_S, J */
    double missing;                   /* Q - T delta_S, J: by its definition */
    double work;                      /* change of the whole energy, J */
    double work_by_force;             /* sum of n_i dU_i over driven sites and half steps, J: the same by another route */
    double entropy_drift;             /* change of the whole sum of s_i, relative */
    /* Largest |x(t + dt) - x(t) - dt sum J| of any site and step, relative to the largest n_i, s_i, |e_i|; E: sites whose
     * own energy stands still during the step. W: |work - work_by_force| relative to sites times the largest |e_i|. */
    double residual_N, residual_S, residual_E, residual_W;
    double echo;                      /* s */
    double level_spacing;             /* J */
} qep_evolution;

/* Fails with QEP_ERR_CONFIG on step <= 0, end < step, a site out of range, a region of no or of all sites, T < 0, or an end past the echo without
 * force; with QEP_ERR_UNCONVERGED where a residual is far from rounding. */
qep_status qep_evolve(const qep_hamiltonian *h, const qep_drive *drive, qep_evolution *result, qep_error *err);
void qep_evolution_free(qep_evolution *result);

#endif
