/* Work without force: how the grand potential of every site follows the energy of one (theory T26, derived), Im(G_jd G_dj) integrated over the
 * whole sea. A column of G at d is its row too where H is real; with complex hoppings the row is the conjugate of a column of G^H. n_d and the
 * friction come from the states at d. */
#include "qep/transport/response.h"

#include "mesh.h"
#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/transport/thermal.h"
#include "workers.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const qep_system *s;
    size_t place;           /* permuted d */
    double mu, kT;
    int real;               /* H is real: G_dj = G_jd */
    double complex *source; /* unit vector at d */
    double complex *row;    /* [threads, sites] G_dj */
    qep_green *green;
} job;

/* Values: w [sites] in the user's order, n_d, friction. */
static qep_status evaluate(void *context, int thread, double E, double *out, qep_error *err) {
    const job *j = context;
    const size_t sites = j->s->sites;
    qep_green *g = &j->green[thread];
    double complex *row = j->row + (size_t)thread * sites;
    g->extra_source = j->source;
    if (!j->real) {
        g->advanced = 1;
        const qep_status status = qep_green_at(g, E, 1, 0, err);
        g->advanced = 0;
        QEP_TRY(status);
        for (size_t p = 0; p < sites; p++) {
            row[p] = conj(qep_green_psi(g, p)[g->extra * qep_green_stride(g, p)]);
        }
    }
    QEP_TRY(qep_green_at(g, E, 1, 0, err));
    const double weight = qep_grand_weight(E, j->mu, j->kT) / QEP_PI;
    for (size_t p = 0; p < sites; p++) {
        const double complex c = qep_green_psi(g, p)[g->extra * qep_green_stride(g, p)];
        out[j->s->order[p]] = cimag(c * (j->real ? c : row[p])) * weight;
    }
    const double complex *psi = qep_green_psi(g, j->place);
    double spectral = 0.0;
    for (size_t c = 0; c < g->extra; c++) {
        const double complex v = psi[c * qep_green_stride(g, j->place)];
        spectral += creal(v) * creal(v) + cimag(v) * cimag(v);
    }
    const qep_occupation o = qep_occupation_fermi(E, j->mu, j->kT);
    out[sites] = spectral * o.f / (2.0 * QEP_PI);
    out[sites + 1] = j->kT > 0.0 ? spectral * spectral * qep_thermal_window(o, j->kT) / (4.0 * QEP_PI) : 0.0;
    return QEP_OK;
}

/* At T = 0 the friction is that of the Fermi level: A_d(mu)^2 / 4 pi. */
static qep_status friction_at_zero(job *j, double *friction, qep_error *err) {
    double *out = NULL;
    QEP_TRY(qep_alloc((void **)&out, j->s->sites + 2, sizeof *out, "work map", err));
    const qep_status status = evaluate(j, 0, j->mu, out, err);
    const double f = qep_occupation_fermi(j->mu, j->mu, 0.0).f, spectral = out[j->s->sites] * 2.0 * QEP_PI / f;
    *friction = spectral * spectral / (4.0 * QEP_PI);
    qep_free(out);
    return status;
}

void qep_work_map_free(qep_work_map *map) {
    qep_free(map->w);
    *map = (qep_work_map){0};
}

static qep_status integrate(job *j, double tolerance, int threads, qep_integral *q, qep_error *err) {
    const size_t n = j->s->sites, begin[] = {0, n, n + 1, n + 2};
    qep_panels panels = {0};
    QEP_TRY(qep_mesh_of(j->s, 1, &j->mu, &j->kT, 1, &panels, err));
    const qep_integrand f = {.values = n + 2, .groups = 3, .begin = begin, .evaluate = evaluate, .context = j, .tolerance = tolerance,
                             .threads = threads};
    const qep_status status = qep_integrate(&f, &panels, q, err);
    qep_panels_free(&panels);
    return status;
}

static int is_real(const qep_system *s) {
    for (size_t e = 0; e < s->row[s->sites]; e++) {
        if (cimag(s->value[e]) != 0.0) {
            return 0;
        }
    }
    return 1;
}

static qep_status solve(job *j, double spin, double tolerance, int threads, qep_work_map *map, qep_error *err) {
    qep_integral q = {0};
    QEP_TRY(qep_alloc((void **)&map->w, map->sites, sizeof *map->w, "work map", err));
    QEP_TRY(qep_alloc((void **)&j->source, map->sites, sizeof *j->source, "work map", err));
    j->source[j->place] = 1.0;
    QEP_TRY(qep_alloc((void **)&j->row, (size_t)threads * map->sites, sizeof *j->row, "work map", err));
    j->real = is_real(j->s);
    QEP_TRY(qep_workers_create(&j->green, j->s, threads, QEP_GREEN_BLOCKS, err));
    QEP_TRY(integrate(j, tolerance, threads, &q, err));
    double sum = 0.0;
    for (size_t i = 0; i < map->sites; i++) {
        map->w[i] = spin * q.integral[i];
        sum += map->w[i];
    }
    map->density = spin * q.integral[map->sites];
    map->friction = spin * q.integral[map->sites + 1];
    map->lead = map->density - sum;
    for (size_t g = 0; g < 3; g++) {
        map->error = fmax(map->error, q.magnitude[g] > 0.0 ? q.error[g] / q.magnitude[g] : 0.0);
    }
    qep_integral_free(&q);
    if (j->kT == 0.0) {
        QEP_TRY(friction_at_zero(j, &map->friction, err));
        map->friction *= spin;
    }
    return QEP_OK;
}

qep_status qep_work_map_solve(const qep_system *system, size_t site, double mu, double temperature, double spin, double tolerance, int threads,
                              qep_work_map *map, qep_error *err) {
    *map = (qep_work_map){.sites = system->sites};
    if (site >= system->sites || !(temperature >= 0.0 && isfinite(temperature) && isfinite(mu))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/nonlocal_work", NULL, "site %zu of %zu, T = %g K", site, system->sites,
                             temperature);
    }
    job j = {.s = system, .place = system->place[site], .mu = mu / system->unit, .kT = QEP_BOLTZMANN * temperature / system->unit};
    const qep_status status = solve(&j, spin, tolerance, threads, map, err);
    qep_workers_destroy(j.green, threads);
    qep_free(j.source);
    qep_free(j.row);
    if (status != QEP_OK) {
        qep_work_map_free(map);
    }
    return status;
}
