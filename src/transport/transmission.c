/* Transmission at energies the user names, one energy per thread at a time. */
#include "green.h"

#include "workers.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const qep_system *system;
    const double *energies;
    double *out, *eigenvalues;
    size_t *open;
    qep_green *green; /* [threads] */
} job;

static size_t open_modes(const qep_green *g) {
    size_t count = 0;
    for (size_t a = 0; a < g->system->terminals; a++) {
        count += g->open[a];
    }
    return count;
}

/* Exactly at a band edge of a clean conductor, or at a level that no lead reaches, G has no value, but T has limits: the one where fewer
 * modes are open, since a mode at its edge carries nothing. */
static qep_status solve_at(qep_green *g, double E, int eigenvalues, qep_error *err) {
    if (qep_green_at(g, E, 0, eigenvalues, NULL) == QEP_OK) {
        return QEP_OK;
    }
    const double step = 1e-12 * fmax(1.0, fabs(E));
    const size_t below = qep_green_at(g, E - step, 0, 0, NULL) == QEP_OK ? open_modes(g) : SIZE_MAX;
    const size_t above = qep_green_at(g, E + step, 0, 0, NULL) == QEP_OK ? open_modes(g) : SIZE_MAX;
    return below == SIZE_MAX && above == SIZE_MAX ? qep_green_at(g, E, 0, eigenvalues, err)
                                                  : qep_green_at(g, E + (below < above ? -step : step), 0, eigenvalues, err);
}

static qep_status one_energy(void *context, int thread, size_t k, qep_error *err) {
    const job *j = context;
    qep_green *g = &j->green[thread];
    const size_t nt = j->system->terminals;
    QEP_TRY(solve_at(g, j->energies[k] / j->system->unit, j->eigenvalues != NULL, err));
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
