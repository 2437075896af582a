/* The row of the section "bloch" in sections.c. */
#ifndef QEP_RUN_BLOCH_H
#define QEP_RUN_BLOCH_H

#include "qep/bloch/compute.h"
#include "state.h"

/* bloch_maps.c: maps over the Brillouin zone, kept until the first frame. */
typedef struct {
    qep_bloch_map *map; /* [count], values owned */
    size_t count, points;
} qep_run_maps;
qep_status qep_run_maps_compute(qep_run_maps *maps, const qep_bloch_problem *problem, qep_error *err);
qep_status qep_run_maps_write(const qep_run_maps *maps, qep_writer *writer, const qep_bloch_problem *problem, qep_error *err);
void qep_run_maps_free(qep_run_maps *maps);

/* Borrowed: what the source "bloch" sums. */
const qep_bloch_problem *qep_run_bloch_problem(const qep_run_state *run);
int qep_run_bloch_given(const qep_run_state *run);
qep_status qep_run_bloch_pose(qep_run_state *run, qep_error *err);
size_t qep_run_bloch_memory(const qep_run_state *run);
void qep_run_bloch_announce(const qep_run_state *run, qep_log_level level);
qep_status qep_run_bloch_compute(qep_run_state *run, qep_error *err);
qep_status qep_run_bloch_write(qep_run_state *run, size_t frame, qep_error *err);
void qep_run_bloch_release(qep_run_state *run);

#endif
