/* Linear response of all terminals at one mu and T, and the quasi-static nonlocal work map (theory T26). */
#ifndef QEP_TRANSPORT_RESPONSE_H
#define QEP_TRANSPORT_RESPONSE_H

#include "qep/base/log.h"
#include "qep/transport/system.h"

/* Derivatives of the currents out of terminal a by mu and T of terminal b, [a, b]; every probe counts as a reservoir. */
typedef struct {
    size_t terminals;
    double *L11; /* dI_N/dmu, 1/(J s) */
    double *L12; /* dI_N/dT, 1/(K s) */
    double *L21; /* dI_S/dmu, 1/(K s), by its own weight: Onsager says L21(B)[a, b] = L12(-B)[b, a] */
    double *L22; /* dI_S/dT, W/K^2 */
    /* Of two terminals: conductance S, thermopower V/K, heat conductance at zero current W/K, Lorenz number over (pi k_B/e)^2/3; else NaN. */
    double conductance, thermopower, heat_conductance, lorenz;
    double error; /* achieved, relative */
} qep_response;

/* mu J, T K; spin multiplies L. Fails as qep_steady_solve does. */
qep_status qep_response_solve(const qep_system *system, double mu, double temperature, double spin, double tolerance, int threads,
                              qep_response *response, qep_error *err);
void qep_response_free(qep_response *response);

/* Work at every site per energy of site d, dOmega_j/d eps_d = (k_B T/pi) int dE Im(G_jd G_dj) ln(1 + exp(-(E - mu)/k_B T)), all terminals at mu
 * and T. w [sites]; lead: what the leads take, n_d - sum w_j; density: n_d, by its own integral; friction: hbar gamma with
 * gamma = (hbar/4 pi) int A_d^2 (-f') dE the coefficient of the power (d eps_d/dt)^2 (J s as it stands, times hbar: J^2 s^2 / J^2: no unit). */
typedef struct {
    size_t sites;
    double *w;
    double lead, density, friction;
    double error;
} qep_work_map;
qep_status qep_work_map_solve(const qep_system *system, size_t site, double mu, double temperature, double spin, double tolerance, int threads,
                              qep_work_map *map, qep_error *err);
void qep_work_map_free(qep_work_map *map);

#endif
