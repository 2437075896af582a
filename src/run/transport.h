/* The row of the section "transport" in sections.c. */
#ifndef QEP_RUN_TRANSPORT_H
#define QEP_RUN_TRANSPORT_H

#include "qep/transport/evolve.h"
#include "qep/transport/response.h"
#include "qep/transport/site_fields.h"
#include "qep/transport/steady.h"
#include "state.h"

/* Hamiltonian and terminals. */
typedef struct {
    qep_hamiltonian h;
    qep_system *system;      /* NULL without leads */
    qep_terminal_spec *spec; /* [terminals], with the sites below */
    size_t terminals;
    double *U;      /* [grid] J: the potential it was made with; only with self-consistency */
    size_t **where; /* [terminals] sites of probes given by an expression, or NULL */
} qep_run_conductor;

enum { QEP_RUN_SITE_FIELDS = 5 }; /* n, u, s_hs, s_dist, s_site */

/* Kept from pose to release. */
typedef struct {
    qep_run_conductor conductor;
    qep_steady steady;
    qep_site_fields fields;   /* of the first set on the grid */
    double *mu, *temperature; /* [sets, terminals] of a sweep, or NULL */
    double mean_mu, mean_temperature;
    int has_steady;
    /* Per value of a swept parameter, or once. */
    size_t values, most;            /* most transmission eigenvalues */
    double *transmission, *tau;     /* [values, energies, terminals, terminals], [values, energies, most]; NULL when not asked for */
    qep_response *response;         /* [values], or NULL */
    size_t mesh[QEP_RUN_SITE_FIELDS]; /* their numbers among the extra records */
    size_t meshes, mesh_U; /* mesh_U: only with self-consistency */
} qep_run_transport;

int qep_run_transport_given(const qep_run_state *run);
int qep_run_transport_uses_grid(const qep_run_state *run);
qep_status qep_run_transport_pose(qep_run_state *run, qep_error *err);
size_t qep_run_transport_memory(const qep_run_state *run);
void qep_run_transport_announce(const qep_run_state *run, qep_log_level level);
qep_status qep_run_transport_compute(qep_run_state *run, qep_error *err);
qep_status qep_run_transport_write(qep_run_state *run, size_t frame, qep_error *err);
void qep_run_transport_release(qep_run_state *run);

/* transport_conductor.c: build what `c` describes; added [grid] J goes on top of the potential, or NULL. */
qep_status qep_run_conductor_create(qep_run_state *run, const qep_config_transport *c, const double *added, qep_run_conductor *conductor,
                                    qep_error *err);
qep_parameters qep_run_transport_parameters(const qep_run_state *run, const qep_config_transport *c);
void qep_run_conductor_free(qep_run_conductor *conductor);
size_t qep_run_sample_of_site(const qep_run_state *run, const qep_config_transport *c, size_t site);

/* transport_fields.c: site fields of the steady state onto the grid, continued by the leads; their meshes; what the source "transport" is given. */
void qep_run_transport_pose_fields(qep_run_state *run, qep_run_transport *t);
qep_status qep_run_transport_place_fields(qep_run_state *run, qep_run_transport *t, qep_error *err);
void qep_run_transport_free_fields(qep_run_transport *t);
void qep_run_transport_add_meshes(qep_run_state *run, qep_run_transport *t);
const qep_site_fields *qep_run_transport_site_fields(const qep_run_state *run);

/* transport_loop.c: U = U_0 - e phi. Pose judges the request once units and frames are known; iterate leaves the converged steady state and its
 * fields in t, and the last solution of the field in run. */
qep_status qep_run_transport_pose_loop(qep_run_state *run, qep_error *err);
qep_status qep_run_transport_iterate(qep_run_state *run, qep_run_transport *t, qep_error *err);
size_t qep_run_transport_loop_memory(const qep_run_state *run);

/* transport_screening.c: kappa^2 [grid] of the conductor at its U, 1/m^2, 0 without feedback through charge; then residual [grid], V, to the step
 * that a gas with this kappa asks for. */
qep_status qep_run_transport_screening(qep_run_state *run, qep_run_transport *t, double *kappa2, qep_error *err);
qep_status qep_run_transport_screen(const qep_run_state *run, const double *kappa2, double *residual, qep_error *err);

/* transport_sweep.c: steady state, transmission and response of all values; the configuration of one value. */
qep_status qep_run_transport_steady(qep_run_state *run, qep_run_transport *t, const qep_run_conductor *conductor, size_t value, qep_error *err);
qep_status qep_run_transport_solve(qep_run_state *run, qep_run_transport *t, qep_error *err);
const qep_config_transport *qep_run_transport_at(const qep_run_state *run, size_t value);
void qep_run_transport_free_values(qep_run_transport *t);

/* transport_tables.c: a table of the section, value [shape] copied. */
qep_status qep_run_transport_put(qep_run_state *run, const char *name, const char *long_name, const char *unit, const char *axes, const double *value,
                                 int rank, const size_t *shape, qep_error *err);
qep_status qep_run_transport_steady_tables(qep_run_state *run, const qep_run_transport *t, qep_error *err);
qep_status qep_run_transport_transmission(qep_run_state *run, const qep_run_transport *t, qep_error *err);
qep_status qep_run_transport_response(qep_run_state *run, const qep_run_transport *t, qep_error *err);
qep_status qep_run_transport_work_map(qep_run_state *run, const qep_run_transport *t, qep_error *err);

/* transport_drive.c: the evolution that the configuration asks for. */
qep_status qep_run_transport_drive(qep_run_state *run, qep_run_transport *t, qep_error *err);

#endif
