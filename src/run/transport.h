/* The row of the section "transport" in sections.c. */
#ifndef QEP_RUN_TRANSPORT_H
#define QEP_RUN_TRANSPORT_H

#include "qep/transport/evolve.h"
#include "qep/transport/response.h"
#include "qep/transport/steady.h"
#include "state.h"

/* Kept from pose to release. */
typedef struct {
    qep_hamiltonian h;
    qep_system *system; /* NULL without leads */
    qep_steady steady;
    size_t **where;     /* [terminals] sites of probes given by an expression, or NULL */
    double *mu, *temperature; /* [sets, terminals] of a sweep, or NULL */
    double mean_mu, mean_temperature;
    int has_steady;
    size_t mesh[5]; /* numbers of the records n, u, s_hs, s_dist, s_site, s among the extra ones */
    size_t meshes;
} qep_run_transport;

int qep_run_transport_given(const qep_run_state *run);
int qep_run_transport_uses_grid(const qep_run_state *run);
qep_status qep_run_transport_pose(qep_run_state *run, qep_error *err);
size_t qep_run_transport_memory(const qep_run_state *run);
void qep_run_transport_announce(const qep_run_state *run, qep_log_level level);
qep_status qep_run_transport_compute(qep_run_state *run, qep_error *err);
qep_status qep_run_transport_write(qep_run_state *run, size_t frame, qep_error *err);
void qep_run_transport_release(qep_run_state *run);

/* transport_tables.c */
qep_status qep_run_transport_steady_tables(qep_run_state *run, const qep_run_transport *t, qep_error *err);
qep_status qep_run_transport_transmission(qep_run_state *run, const qep_run_transport *t, qep_error *err);
qep_status qep_run_transport_response(qep_run_state *run, const qep_run_transport *t, qep_error *err);
qep_status qep_run_transport_work_map(qep_run_state *run, const qep_run_transport *t, qep_error *err);
qep_status qep_run_transport_drive(qep_run_state *run, qep_run_transport *t, qep_error *err);

#endif
