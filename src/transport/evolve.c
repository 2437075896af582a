/* Crank-Nicolson evolution of all occupied orbitals (theory T25). One evolution serves N, S and E: weights f_k and s_k of the same orbitals.
 * Alternating directions were rejected: they break the bond-wise continuity. */
#include "evolve_impl.h"
#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static void store_frame(const evolution *st, size_t frame, double t, qep_evolution *r) {
    const size_t n = st->h->count;
    r->t[frame] = t;
    for (size_t i = 0; i < n; i++) {
        r->n[frame * n + i] = st->drive->spin * st->sums[i];
        r->s[frame * n + i] = st->drive->spin * QEP_BOLTZMANN * st->sums[n + i];
        r->e[frame * n + i] = st->drive->spin * st->unit * st->sums[2 * n + i];
    }
}

static void store_flow(const evolution *st, size_t k, double t, const double *flow, qep_evolution *r) {
    const double rate = st->drive->spin * st->unit / QEP_HBAR;
    r->flow_t[k] = t;
    r->J_N[k] = rate * qep_evolve_inflow(st, flow);
    r->J_S[k] = rate * QEP_BOLTZMANN * qep_evolve_inflow(st, flow + st->bonds);
    r->J_E[k] = rate * st->unit * qep_evolve_inflow(st, flow + 2 * st->bonds);
}

/* From t to t + dt; the books hold what is found there. */
static qep_status advance(evolution *st, ledger *l, size_t k, qep_evolution *r, qep_error *err) {
    const size_t n = st->h->count;
    const double t = st->drive->step * (double)k;
    memcpy(l->before, l->now, SITE_SUMS * n * sizeof *l->before);
    memset(st->moved, 0, n);
    QEP_TRY(qep_evolve_set_time(st, t + 0.5 * st->drive->step, err));
    qep_evolve_add_work(st, l);
    qep_evolve_step(st);
    memcpy(l->flow, st->sums, BOND_SUMS * st->bonds * sizeof *l->flow);
    store_flow(st, k, t, l->flow, r);
    QEP_TRY(qep_evolve_set_time(st, st->drive->step * (double)(k + 1), err));
    qep_evolve_measure(st);
    memcpy(l->now, st->sums, SITE_SUMS * n * sizeof *l->now);
    qep_evolve_add_work(st, l);
    qep_evolve_check(st, l);
    return QEP_OK;
}

static qep_status run_steps(evolution *st, ledger *l, qep_evolution *r, qep_error *err) {
    const size_t n = st->h->count, every = st->drive->every ? st->drive->every : 1;
    size_t frame = 0;
    qep_evolve_measure(st);
    memcpy(l->now, st->sums, SITE_SUMS * n * sizeof *l->now);
    memcpy(l->first, l->now, SITE_SUMS * n * sizeof *l->first);
    store_frame(st, frame++, 0.0, r);
    for (size_t k = 0; k < r->steps; k++) {
        QEP_TRY(advance(st, l, k, r, err));
        if ((k + 1) % every == 0) {
            store_frame(st, frame++, st->drive->step * (double)(k + 1), r);
        }
        qep_log_progress(st->drive->log, "steps", k + 1, r->steps);
        if (qep_log_interrupted(st->drive->log)) {
            return qep_error_add(err, QEP_ERR_INTERRUPTED, "interrupted", NULL, NULL, "stopped by a signal");
        }
    }
    return QEP_OK;
}

/* ---- Set-up ---------------------------------------------------------------------------------------------------------------- */

static qep_status judge_sites(const qep_hamiltonian *h, const qep_drive *d, qep_error *err) {
    size_t inside = 0;
    for (size_t k = 0; k < d->driven; k++) {
        if (d->site[k] >= h->count) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/site", NULL, "site %zu; there are sites 0 to %zu", d->site[k],
                                 h->count - 1);
        }
    }
    for (size_t i = 0; i < h->count; i++) {
        inside += d->inside[i] ? 1 : 0;
    }
    if (inside == 0 || inside == h->count) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/cut", NULL,
                             "the cut leaves %s of the %zu sites inside; currents flow into those inside from the others: as one number 1 to %zu, the first "
                             "site inside",
                             inside ? "all" : "none", h->count, h->count - 1);
    }
    return QEP_OK;
}

static qep_status judge(const qep_hamiltonian *h, const qep_drive *d, qep_error *err) {
    if (!(d->step > 0.0 && isfinite(d->step))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/step", NULL, "step = %g s; it must be positive", d->step);
    }
    if (!(d->end >= d->step && isfinite(d->end))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/end", NULL, "end = %g s; at least one step of %g s", d->end,
                             d->step);
    }
    QEP_TRY(judge_sites(h, d, err));
    for (int k = 0; k <= d->joined; k++) {
        if (!(d->temperature[k] >= 0.0 && isfinite(d->temperature[k]) && isfinite(d->mu[k]))) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/filling", NULL, "filling at mu = %g J, T = %g K", d->mu[k],
                                 d->temperature[k]);
        }
    }
    return QEP_OK;
}

/* H in units of its scale. */
static qep_status scaled(const qep_hamiltonian *h, qep_hamiltonian *out, double unit, qep_error *err) {
    *out = *h;
    out->onsite = NULL;
    out->value = NULL;
    QEP_TRY(qep_alloc_doubles(&out->onsite, h->count, "H", err));
    QEP_TRY(qep_alloc((void **)&out->value, h->row[h->count], sizeof *out->value, "H", err));
    for (size_t i = 0; i < h->count; i++) {
        out->onsite[i] = h->onsite[i] / unit;
    }
    for (size_t k = 0; k < h->row[h->count]; k++) {
        out->value[k] = h->value[k] / unit;
    }
    return QEP_OK;
}

static qep_status list_bonds(evolution *st, qep_error *err) {
    const qep_hamiltonian *h = st->h;
    const size_t most = h->row[h->count] / 2 + 1;
    QEP_TRY(qep_alloc((void **)&st->bond_i, most, sizeof *st->bond_i, "bonds", err));
    QEP_TRY(qep_alloc((void **)&st->bond_j, most, sizeof *st->bond_j, "bonds", err));
    QEP_TRY(qep_alloc((void **)&st->bond_h, most, sizeof *st->bond_h, "bonds", err));
    for (size_t i = 0; i < h->count; i++) {
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            if (h->column[k] > i) {
                st->bond_i[st->bonds] = i;
                st->bond_j[st->bonds] = h->column[k];
                st->bond_h[st->bonds++] = h->value[k];
            }
        }
    }
    return QEP_OK;
}

static qep_status allocate_orbitals(evolution *st, qep_error *err) {
    const size_t n = st->h->count, most = (n + ORBITALS - 1) / ORBITALS, block = n * ORBITALS * 2;
    QEP_TRY(qep_band_init(&st->band, st->h, err));
    st->sum_count = SITE_SUMS * n > BOND_SUMS * st->bonds ? SITE_SUMS * n : BOND_SUMS * st->bonds;
    const struct {
        double **array;
        size_t count, each;
    } rows[] = {{&st->f, most, ORBITALS}, {&st->s, most, ORBITALS}, {&st->psi, most, block}, {&st->mid, most, block}, {&st->chi, most, block},
                {&st->partial, most, st->sum_count}, {&st->sums, 1, st->sum_count}, {&st->onsite, 1, n}, {&st->last, 1, st->drive->driven},
                {&st->added, 1, st->drive->driven}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        QEP_TRY(qep_alloc((void **)rows[i].array, rows[i].count, rows[i].each * sizeof(double), "orbitals", err));
    }
    memcpy(st->onsite, st->h->onsite, n * sizeof *st->onsite);
    return qep_alloc((void **)&st->moved, n, sizeof *st->moved, "orbitals", err);
}

static qep_status allocate_results(const evolution *st, ledger *l, qep_evolution *r, qep_error *err) {
    const size_t n = st->h->count;
    double **frames[] = {&r->n, &r->s, &r->e}, **flows[] = {&r->flow_t, &r->J_N, &r->J_S, &r->J_E};
    QEP_TRY(qep_alloc_doubles(&l->now, 9 * n + 3 * st->bonds, "continuity", err));
    l->before = l->now + 3 * n;
    l->first = l->before + 3 * n;
    l->flow = l->first + 3 * n;
    QEP_TRY(qep_alloc_doubles(&r->t, r->frames, "times", err));
    for (size_t i = 0; i < 3; i++) {
        QEP_TRY(qep_alloc((void **)frames[i], r->frames, n * sizeof(double), "densities in time", err));
    }
    for (size_t i = 0; i < 4; i++) {
        QEP_TRY(qep_alloc_doubles(flows[i], r->steps, "currents in time", err));
    }
    return QEP_OK;
}

static void release(evolution *st, ledger *l, qep_hamiltonian *h) {
    qep_band_free(&st->band);
    void *const all[] = {st->bond_i, st->bond_j, st->bond_h, st->f, st->s, st->psi, st->mid, st->chi, st->partial, st->sums,
                         st->onsite, st->last, st->added, st->moved, l->now, h->onsite, h->value};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        qep_free(all[k]);
    }
}

void qep_evolution_free(qep_evolution *r) {
    double **arrays[] = {&r->t, &r->n, &r->s, &r->e, &r->flow_t, &r->J_N, &r->J_S, &r->J_E};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) {
        qep_free(*arrays[k]);
    }
    *r = (qep_evolution){0};
}

static qep_status evolve(evolution *st, ledger *l, qep_evolution *r, qep_error *err) {
    QEP_TRY(list_bonds(st, err));
    QEP_TRY(allocate_orbitals(st, err));
    QEP_TRY(allocate_results(st, l, r, err));
    QEP_TRY(qep_evolve_set_time(st, 0.0, err));
    QEP_TRY(qep_evolve_start(st, r, err));
    QEP_TRY(run_steps(st, l, r, err));
    return qep_evolve_finish(st, l, r, err);
}

qep_status qep_evolve(const qep_hamiltonian *h, const qep_drive *drive, qep_evolution *result, qep_error *err) {
    *result = (qep_evolution){.sites = h->count};
    QEP_TRY(judge(h, drive, err));
    QEP_TRY(qep_evolve_judge_echo(h, drive, result, err));
    qep_linear_setup();
    const size_t every = drive->every ? drive->every : 1;
    result->steps = (size_t)llround(drive->end / drive->step);
    result->frames = result->steps / every + 1;
    qep_hamiltonian own = {0};
    ledger l = {0};
    evolution st = {.h = &own, .drive = drive, .unit = qep_hamiltonian_scale(h)};
    st.tau = 0.5 * drive->step * st.unit / QEP_HBAR;
    st.dt = drive->step * st.unit / QEP_HBAR;
    qep_status status = scaled(h, &own, st.unit, err);
    if (status == QEP_OK) {
        status = evolve(&st, &l, result, err);
    }
    release(&st, &l, &own);
    if (status != QEP_OK) {
        qep_evolution_free(result);
    }
    return status;
}
