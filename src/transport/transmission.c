/* Transmission at energies the user names, one energy per thread at a time. */
#include "green.h"

#include "workers.h"
#include <string.h>

typedef struct {
    const qep_system *system;
    const double *energies;
    double *out, *eigenvalues;
    size_t *open;
    qep_green *green; /* [threads] */
} job;

static qep_status one_energy(void *context, int thread, size_t k, qep_error *err) {
    const job *j = context;
    qep_green *g = &j->green[thread];
    const size_t nt = j->system->terminals;
    QEP_TRY(qep_green_at(g, j->energies[k] / j->system->unit, 0, j->eigenvalues != NULL, err));
    memcpy(j->out + k * nt * nt, g->transmission, nt * nt * sizeof *j->out);
    for (size_t a = 0; j->open && a < nt; a++) {
        j->open[k * nt + a] = g->open[a];
    }
    if (j->eigenvalues) {
        memcpy(j->eigenvalues + k * g->eigenvalues, g->eigenvalue, g->eigenvalues * sizeof *j->eigenvalues);
    }
    return QEP_OK;
}

qep_status qep_transmission(const qep_system *system, const double *energies, size_t count, int threads, double *out, size_t *open,
                            double *eigenvalues, qep_error *err) {
    job j = {.system = system, .energies = energies, .out = out, .open = open, .eigenvalues = eigenvalues};
    qep_status status = qep_workers_create(&j.green, system, threads, QEP_GREEN_T_ONLY, err);
    if (status == QEP_OK) {
        status = qep_workers_run(threads, count, one_energy, &j, err);
    }
    qep_workers_destroy(j.green, threads);
    return status;
}
