/* The steady state: one adaptive pass over energy gives the currents, densities and bond currents of all sets of reservoir parameters,
 * since scattering states do not know the occupations. Probes find their mu and T first. */
#include "qep/transport/steady.h"

#include "bound.h"
#include "local.h"
#include "mesh.h"
#include "probes.h"
#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "workers.h"
#include <math.h>
#include <string.h>

/* Groups of the error control, per set. */
enum { GROUP_DENSITIES = QEP_CURRENTS, GROUP_BONDS = QEP_CURRENTS + QEP_DENSITIES };

typedef struct {
    const qep_system *system;
    const qep_steady_options *options;
    qep_local_plan plan;
    double *mu, *kT; /* [sets, terminals] units */
    int with_cg;
    size_t set_stride;    /* values of one set */
    size_t set_groups;
    size_t *begin;        /* [sets * set_groups + 1] */
    qep_green *green;     /* [threads] */
    qep_occupation *occupation; /* [threads, sets, terminals] */
    double *scratch;      /* [threads, scratch_size] */
    double complex *complex_scratch; /* [threads, terminals] */
    double *density;      /* [threads, terminals, sites] */
    int *pivots;          /* [threads, terminals] */
    size_t scratch_size;
} pass;

void qep_steady_free(qep_steady *r) {
    double **arrays[] = {&r->mu, &r->temperature, &r->I_N, &r->I_E, &r->I_Q, &r->TI_S, &r->I_W, &r->I_S, &r->I_S_cg, &r->clausius, &r->n, &r->u,
                         &r->s_hs, &r->s_dist, &r->s_site, &r->weight, &r->bound_energy, &r->J_N, &r->J_E, &r->J_S};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) {
        qep_free(*arrays[k]);
    }
    qep_free(r->bond_from);
    qep_free(r->bond_to);
    *r = (qep_steady){0};
}

/* ---- Integrand ------------------------------------------------------------------------------------------------------------- */

static qep_status evaluate(void *context, int thread, double E, double *out, qep_error *err) {
    const pass *p = context;
    const size_t nt = p->system->terminals, sets = p->options->sets;
    qep_green *g = &p->green[thread];
    QEP_TRY(qep_green_at(g, E, p->options->fields, p->with_cg, err));
    qep_occupation *o = p->occupation + (size_t)thread * sets * nt;
    for (size_t k = 0; k < sets; k++) {
        if (qep_occupations(p->system, g->transmission, E, p->mu + k * nt, p->kT + k * nt, p->scratch + (size_t)thread * p->scratch_size,
                            p->pivots + (size_t)thread * nt, o + k * nt) != 0) {
            return qep_error_add(err, QEP_ERR_PROBLEM, "singular", "/transport/probes", NULL, "a dephasing probe is connected to no reservoir");
        }
        qep_current_weights(g, E, p->mu + k * nt, p->kT + k * nt, o + k * nt, p->with_cg, out + k * p->set_stride);
    }
    if (p->options->fields) {
        qep_local_weights(g, E, &p->plan, o, sets, p->set_stride, p->complex_scratch + (size_t)thread * nt,
                          p->density + (size_t)thread * nt * p->system->sites, out + QEP_CURRENTS * nt);
    }
    return QEP_OK;
}

/* Every row of currents, densities and bonds is a group. */
static void fill_groups(pass *p) {
    const size_t nt = p->system->terminals, rows[] = {nt, p->system->sites, p->plan.bonds}, counts[] = {QEP_CURRENTS, QEP_DENSITIES, QEP_BONDS};
    size_t at = 0, g = 0;
    for (size_t k = 0; k < p->options->sets; k++) {
        for (size_t kind = 0; kind < (p->options->fields ? p->plan.bonds ? 3u : 2u : 1u); kind++) {
            for (size_t row = 0; row < counts[kind]; row++) {
                p->begin[g++] = at;
                at += rows[kind];
            }
        }
    }
    p->begin[g] = at;
}

static int has_role(const qep_system *s, qep_terminal_role role) {
    for (size_t a = 0; a < s->terminals; a++) {
        if (s->terminal[a]->role == role) {
            return 1;
        }
    }
    return 0;
}

static int has_wideband(const qep_system *s) {
    for (size_t a = 0; a < s->terminals; a++) {
        if (s->terminal[a]->kind == QEP_LEAD_WIDEBAND && s->terminal[a]->gamma > 0.0) {
            return 1;
        }
    }
    return 0;
}

static qep_status prepare(pass *p, qep_error *err) {
    const qep_system *s = p->system;
    const qep_steady_options *o = p->options;
    const size_t nt = s->terminals, threads = (size_t)o->threads;
    QEP_TRY(qep_local_plan_init(&p->plan, s, o->bonds && o->fields, !has_wideband(s), err));
    p->with_cg = nt == 2 && s->terminal[0]->role == QEP_RESERVOIR && s->terminal[1]->role == QEP_RESERVOIR;
    p->set_stride = QEP_CURRENTS * nt + (o->fields ? QEP_DENSITIES * s->sites + QEP_BONDS * p->plan.bonds : 0);
    p->set_groups = QEP_CURRENTS + (o->fields ? QEP_DENSITIES + (p->plan.bonds ? QEP_BONDS : 0) : 0);
    p->scratch_size = nt * nt + 2 * nt;
    QEP_TRY(qep_alloc((void **)&p->begin, o->sets * p->set_groups + 1, sizeof *p->begin, "groups", err));
    fill_groups(p);
    QEP_TRY(qep_alloc((void **)&p->occupation, threads * o->sets * nt, sizeof *p->occupation, "occupations", err));
    QEP_TRY(qep_alloc_doubles(&p->scratch, threads * p->scratch_size, "work", err));
    QEP_TRY(qep_alloc((void **)&p->complex_scratch, threads * nt, sizeof *p->complex_scratch, "work", err));
    QEP_TRY(qep_alloc_doubles(&p->density, o->fields ? threads * nt * s->sites : 0, "site densities", err));
    QEP_TRY(qep_alloc((void **)&p->pivots, threads * nt, sizeof *p->pivots, "work", err));
    return qep_workers_create(&p->green, s, o->threads, o->fields ? QEP_GREEN_STATES : QEP_GREEN_T_ONLY, err);
}

static void release(pass *p) {
    qep_local_plan_free(&p->plan);
    qep_workers_destroy(p->green, p->options->threads);
    qep_free(p->mu);
    qep_free(p->kT);
    qep_free(p->begin);
    qep_free(p->occupation);
    qep_free(p->scratch);
    qep_free(p->complex_scratch);
    qep_free(p->density);
    qep_free(p->pivots);
}

/* ---- From integrals to results, in SI -------------------------------------------------------------------------------------- */

static double or_nan(int dephasing, double value) {
    return dephasing ? NAN : value;
}

static void store_currents(const pass *p, const double *integral, size_t set, qep_steady *r) {
    const qep_system *s = p->system;
    const size_t nt = s->terminals;
    const double rate = p->options->spin * s->unit / QEP_PLANCK, power = rate * s->unit;
    const double *current = integral + set * p->set_stride;
    double clausius = 0.0;
    for (size_t a = 0; a < nt; a++) {
        const size_t k = set * nt + a;
        const int dephasing = s->terminal[a]->role == QEP_PROBE_DEPHASING;
        const double T = r->temperature[k], offset = dephasing ? 0.0 : r->mu[k];
        r->I_N[k] = rate * current[QEP_CURRENT_N * nt + a];
        r->I_E[k] = power * current[QEP_CURRENT_Q * nt + a] + offset * r->I_N[k];
        r->I_Q[k] = or_nan(dephasing, power * current[QEP_CURRENT_Q * nt + a]);
        r->I_S[k] = rate * QEP_BOLTZMANN * current[QEP_CURRENT_S * nt + a];
        r->TI_S[k] = or_nan(dephasing, T == 0.0 ? 0.0 : T * r->I_S[k]);
        r->I_W[k] = or_nan(dephasing, power * current[QEP_CURRENT_W * nt + a]);
        r->I_S_cg[k] = or_nan(!p->with_cg, rate * QEP_BOLTZMANN * current[QEP_CURRENT_CG * nt + a]);
        clausius += dephasing || r->I_Q[k] == 0.0 ? 0.0 : -r->I_Q[k] / T;
    }
    r->clausius[set] = clausius;
}

static void store_densities(const pass *p, const double *integral, size_t set, qep_steady *r) {
    const size_t sites = p->system->sites;
    const double spin = p->options->spin, *d = integral + set * p->set_stride + QEP_CURRENTS * p->system->terminals;
    for (size_t i = 0; i < sites; i++) {
        const size_t k = set * sites + i;
        r->n[k] = spin * d[QEP_DENSITY_N * sites + i];
        r->u[k] = spin * p->system->unit * d[QEP_DENSITY_U * sites + i];
        r->s_hs[k] = spin * QEP_BOLTZMANN * d[QEP_DENSITY_HS * sites + i];
        r->s_dist[k] = spin * QEP_BOLTZMANN * d[QEP_DENSITY_DIST * sites + i];
    }
}

static void store_bonds(const pass *p, const double *integral, size_t set, qep_steady *r) {
    const size_t bonds = p->plan.bonds;
    const double rate = p->options->spin * p->system->unit / QEP_HBAR;
    const double *b = integral + set * p->set_stride + QEP_CURRENTS * p->system->terminals + QEP_DENSITIES * p->system->sites;
    for (size_t k = 0; k < bonds; k++) {
        r->J_N[set * bonds + k] = rate * b[QEP_BOND_N * bonds + k];
        r->J_E[set * bonds + k] = rate * p->system->unit * b[QEP_BOND_E * bonds + k];
        r->J_S[set * bonds + k] = rate * QEP_BOLTZMANN * b[QEP_BOND_S * bonds + k];
    }
}

/* u_i = Re(H rho)_ii = e_i n_i + half of the energy of each bond at i, twice over: where int E D diverges (wide-band contacts). The share of a
 * contact's own coupling is left out. */
static void store_energy_of_bonds(const pass *p, const double *integral, size_t set, qep_steady *r) {
    const qep_system *s = p->system;
    const size_t sites = s->sites, bonds = p->plan.bonds;
    const double scale = p->options->spin * s->unit;
    const double *b = integral + set * p->set_stride + QEP_CURRENTS * s->terminals + QEP_DENSITIES * sites + QEP_BOND_ENERGY * bonds;
    for (size_t i = 0; i < sites; i++) {
        r->u[set * sites + i] = s->onsite[s->place[i]] * s->unit * r->n[set * sites + i];
    }
    for (size_t k = 0; k < bonds; k++) {
        r->u[set * sites + s->order[p->plan.bond[k].from]] += scale * b[k];
        r->u[set * sites + s->order[p->plan.bond[k].to]] += scale * b[k];
    }
}

static double worst_error(const pass *p, const qep_integral *q, size_t first, size_t count) {
    double worst = 0.0;
    for (size_t k = 0; k < p->options->sets; k++) {
        for (size_t g = first; g < first + count; g++) {
            const size_t at = k * p->set_groups + g;
            worst = fmax(worst, q->magnitude[at] > 0.0 ? q->error[at] / q->magnitude[at] : 0.0);
        }
    }
    return worst;
}

/* Sum over terminals against its magnitude: what unitarity of the scattering matrix forbids. */
static double worst_sum(const pass *p, const qep_integral *q) {
    const size_t nt = p->system->terminals;
    double worst = 0.0;
    for (size_t k = 0; k < p->options->sets; k++) {
        for (size_t row = 0; row <= QEP_CURRENT_S; row++) {
            double sum = 0.0, size = q->magnitude[k * p->set_groups + row];
            for (size_t a = 0; a < nt; a++) {
                const double value = q->integral[k * p->set_stride + row * nt + a];
                const double shift = isnan(p->mu[k * nt + a]) ? 0.0 : p->mu[k * nt + a];
                const double number = q->integral[k * p->set_stride + QEP_CURRENT_N * nt + a];
                sum += row == QEP_CURRENT_Q ? value + shift * number : value;
                size = row == QEP_CURRENT_Q ? fmax(size, fabs(shift * number)) : size;
            }
            worst = fmax(worst, size > 0.0 ? fabs(sum) / size : 0.0);
        }
    }
    return worst;
}

static qep_status allocate(const pass *p, qep_steady *r, qep_error *err) {
    const size_t k = r->sets * r->terminals, sites = p->options->fields ? r->sets * r->sites : 0, bonds = r->sets * r->bonds;
    double **currents[] = {&r->I_N, &r->I_E, &r->I_Q, &r->TI_S, &r->I_W, &r->I_S, &r->I_S_cg};
    double **fields[] = {&r->n, &r->u, &r->s_hs, &r->s_dist, &r->s_site};
    double **flows[] = {&r->J_N, &r->J_E, &r->J_S};
    for (size_t i = 0; i < sizeof currents / sizeof *currents; i++) {
        QEP_TRY(qep_alloc((void **)currents[i], k, sizeof(double), "currents", err));
    }
    QEP_TRY(qep_alloc((void **)&r->clausius, r->sets, sizeof(double), "currents", err));
    for (size_t i = 0; sites && i < sizeof fields / sizeof *fields; i++) {
        QEP_TRY(qep_alloc((void **)fields[i], sites, sizeof(double), "site densities", err));
    }
    if (sites) {
        QEP_TRY(qep_alloc((void **)&r->weight, r->sites, sizeof(double), "site densities", err));
    }
    for (size_t i = 0; bonds && p->options->bonds && i < sizeof flows / sizeof *flows; i++) {
        QEP_TRY(qep_alloc((void **)flows[i], bonds, sizeof(double), "bond currents", err));
    }
    if (bonds) {
        QEP_TRY(qep_alloc((void **)&r->bond_from, r->bonds, sizeof *r->bond_from, "bonds", err));
        QEP_TRY(qep_alloc((void **)&r->bond_to, r->bonds, sizeof *r->bond_to, "bonds", err));
    }
    return QEP_OK;
}

/* s(n_i), the entropy of the reduced one-site state, from n per spin. */
static void store_site_entropy(const pass *p, qep_steady *r) {
    const double spin = p->options->spin;
    for (size_t k = 0; k < r->sets * r->sites; k++) {
        const double n = r->n[k] / spin;
        r->s_site[k] = spin * QEP_BOLTZMANN * qep_occupation_given(n, 1.0 - n).s;
    }
}

static qep_status store(const pass *p, const qep_integral *q, qep_steady *r, qep_error *err) {
    r->sites = p->system->sites;
    r->bonds = p->plan.bonds;
    QEP_TRY(allocate(p, r, err));
    for (size_t b = 0; b < r->bonds; b++) {
        r->bond_from[b] = p->system->order[p->plan.bond[b].from];
        r->bond_to[b] = p->system->order[p->plan.bond[b].to];
    }
    for (size_t k = 0; k < r->sets && q->integral; k++) {
        store_currents(p, q->integral, k, r);
        if (p->options->fields) {
            store_densities(p, q->integral, k, r);
        }
        if (r->bonds && r->J_N) {
            store_bonds(p, q->integral, k, r);
        }
        if (p->options->fields && !p->plan.with_u) {
            store_energy_of_bonds(p, q->integral, k, r);
        }
    }
    r->error_N = worst_error(p, q, QEP_CURRENT_N, 1);
    r->error_E = worst_error(p, q, QEP_CURRENT_Q, 1);
    r->error_S = worst_error(p, q, QEP_CURRENT_S, 1);
    r->error_W = worst_error(p, q, QEP_CURRENT_W, 1);
    r->error_fields = p->options->fields ? worst_error(p, q, GROUP_DENSITIES, p->set_groups - GROUP_DENSITIES) : 0.0;
    r->unitarity = worst_sum(p, q);
    r->evaluations = q->evaluations;
    r->panels = q->panels;
    r->limited = q->limited;
    return QEP_OK;
}

/* ---- The whole ------------------------------------------------------------------------------------------------------------- */

static qep_status set_reservoirs(pass *p, qep_steady *r, qep_error *err) {
    const qep_system *s = p->system;
    const size_t nt = s->terminals, count = r->sets * nt;
    QEP_TRY(qep_alloc_doubles(&r->mu, count, "reservoirs", err));
    QEP_TRY(qep_alloc_doubles(&r->temperature, count, "reservoirs", err));
    QEP_TRY(qep_alloc_doubles(&p->mu, count, "reservoirs", err));
    QEP_TRY(qep_alloc_doubles(&p->kT, count, "reservoirs", err));
    for (size_t k = 0; k < count; k++) {
        const qep_terminal *t = s->terminal[k % nt];
        const int dephasing = t->role == QEP_PROBE_DEPHASING;
        p->mu[k] = dephasing ? NAN : p->options->mu ? p->options->mu[k] / s->unit : t->mu;
        p->kT[k] = dephasing ? NAN : p->options->temperature ? QEP_BOLTZMANN * p->options->temperature[k] / s->unit : t->kT;
        if (!dephasing && !(p->kT[k] >= 0.0 && isfinite(p->kT[k]) && isfinite(p->mu[k]))) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport", NULL, "%s: mu or temperature is out of range", t->name);
        }
    }
    if (has_role(s, QEP_PROBE_VOLTAGE) || has_role(s, QEP_PROBE_THERMOELECTRIC)) {
        for (size_t k = 0; k < r->sets; k++) {
            QEP_TRY(qep_probes_solve(s, p->options, p->mu + k * nt, p->kT + k * nt, &r->probe_iterations, &r->probe_residual, err));
        }
    }
    for (size_t k = 0; k < count; k++) {
        r->mu[k] = p->mu[k] * s->unit;
        r->temperature[k] = p->kT[k] * s->unit / QEP_BOLTZMANN;
    }
    return QEP_OK;
}

static qep_status integrate(pass *p, qep_steady *r, qep_error *err) {
    qep_panels panels = {0};
    qep_integral q = {0};
    QEP_TRY(qep_mesh(p->system, r->sets, p->mu, p->kT, p->options->fields, &panels, err));
    const qep_integrand f = {.values = r->sets * p->set_stride, .groups = r->sets * p->set_groups, .begin = p->begin, .evaluate = evaluate,
                             .context = p, .tolerance = p->options->tolerance, .threads = p->options->threads, .log = p->options->log};
    qep_status status = qep_integrate(&f, &panels, &q, err);
    qep_panels_free(&panels);
    if (status == QEP_OK) {
        status = store(p, &q, r, err);
    }
    qep_integral_free(&q);
    return status;
}

static qep_status solve(pass *p, const qep_hamiltonian *h, qep_steady *r, qep_error *err) {
    QEP_TRY(prepare(p, err));
    QEP_TRY(set_reservoirs(p, r, err));
    QEP_TRY(integrate(p, r, err));
    if (p->options->fields) {
        QEP_TRY(qep_bound_states_add(p->system, h, p->options, r, err));
        store_site_entropy(p, r);
    }
    return QEP_OK;
}

qep_status qep_steady_solve(const qep_system *system, const qep_hamiltonian *h, const qep_steady_options *options, qep_steady *result,
                            qep_error *err) {
    qep_steady_options o = *options;
    o.sets = options->mu || options->temperature ? options->sets : 1;
    /* Bonds carry the energy of sites next to wide-band contacts. */
    o.bonds = options->bonds || (options->fields && has_wideband(system));
    pass p = {.system = system, .options = &o};
    *result = (qep_steady){.sets = o.sets, .terminals = system->terminals};
    const qep_status status = solve(&p, h, result, err);
    release(&p);
    if (status != QEP_OK) {
        qep_steady_free(result);
    }
    return status;
}
