/* Crank-Nicolson evolution of all occupied orbitals (theory T25). With psi_mid = (psi + psi+)/2 a step is (1 + i dt H/2 hbar) psi_mid = psi, and
 * x_i+ - x_i = dt sum_j J(j -> i) with J = (2/hbar) Im(H_ij sum_k x_k psi_mid_k(j) conj(psi_mid_k(i))) holds to rounding for x = f, s; for the
 * energy with chi = H psi_mid where H is static. One evolution serves N, S and E: weights f_k and s_k of the same orbitals. Alternating
 * directions were rejected: they break the bond-wise continuity. Orbitals go in chunks, each with sums of its own, so that threads change no
 * bit. */
#include "qep/transport/evolve.h"

#include "band_solver.h"
#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/transport/thermal.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { CHUNK = 16 };
/* Orbitals that hold less than this of particles and entropy are left out. */
static const double EMPTY = 1e-18;

/* Sums over the orbitals: n, s, e of every site, then per bond flow of n, s, e at mid-step. */
enum { SITE_SUMS = 3, BOND_SUMS = 3 };

typedef struct {
    const qep_hamiltonian *h; /* in units */
    const qep_drive *drive;
    double unit, tau, dt; /* tau = dt/(2 hbar) times the unit; dt in hbar/unit */
    qep_band band;
    size_t orbitals, chunks, bonds;
    size_t *bond_i, *bond_j;
    double complex *bond_h;  /* H[i][j] */
    double *f, *s;           /* [chunks * CHUNK] */
    double *psi;             /* [chunks, sites, CHUNK] complex, permuted sites */
    double *mid, *chi;       /* [chunks, sites, CHUNK] */
    double *partial;         /* [chunks, sums] */
    double *sums;            /* [sums] */
    size_t sum_count;
} state;

/* ---- Start ----------------------------------------------------------------------------------------------------------------- */

/* Dense H at t = 0, without the bonds across the cut when halves are joined. */
static void fill_dense(const state *st, double shift, double complex *m) {
    const qep_hamiltonian *h = st->h;
    const size_t n = h->count, cut = st->drive->cut;
    for (size_t i = 0; i < n; i++) {
        m[i + i * n] = h->onsite[i] + (i == st->drive->site ? shift : 0.0);
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            const size_t j = h->column[k];
            m[i + j * n] = st->drive->joined && (i < cut) != (j < cut) ? 0.0 : h->value[k];
        }
    }
}

static void keep_orbital(state *st, const double complex *v, double f, double s) {
    const size_t k = st->orbitals++, n = st->h->count;
    double *block = st->psi + k / CHUNK * n * CHUNK * 2;
    st->f[k] = f;
    st->s[k] = s;
    for (size_t p = 0; p < n; p++) {
        const double complex value = v[st->band.order[p]];
        block[(p * CHUNK + k % CHUNK) * 2] = creal(value);
        block[(p * CHUNK + k % CHUNK) * 2 + 1] = cimag(value);
    }
}

/* Of two halves with a common level LAPACK may mix the two; diagonalising each half alone keeps them apart. */
static qep_status fill_orbitals(state *st, double complex *m, double *energy, size_t first, size_t count, int side, qep_error *err) {
    const size_t n = st->h->count;
    double complex *part = NULL, *full = NULL;
    QEP_TRY(qep_alloc((void **)&part, count * count, sizeof *part, "orbitals", err));
    QEP_TRY(qep_alloc((void **)&full, n, sizeof *full, "orbitals", err));
    for (size_t j = 0; j < count; j++) {
        memcpy(part + j * count, m + first + (first + j) * n, count * sizeof *part);
    }
    const int info = qep_zheevd(count, part, count, energy, 1);
    for (size_t k = 0; info == 0 && k < count; k++) {
        const double mu = st->drive->mu[side] / st->unit, kT = QEP_BOLTZMANN * st->drive->temperature[side] / st->unit;
        const qep_occupation o = qep_occupation_fermi(energy[k], mu, kT);
        if (o.f > EMPTY || o.s > EMPTY) {
            memset(full, 0, n * sizeof *full);
            memcpy(full + first, part + k * count, count * sizeof *full);
            keep_orbital(st, full, o.f, o.s);
        }
    }
    qep_free(part);
    qep_free(full);
    return info == 0 ? QEP_OK : qep_error_add(err, QEP_ERR_INTERNAL, "linear_algebra", NULL, NULL, "the levels at t = 0 could not be computed");
}

static qep_status start(state *st, double shift, qep_evolution *r, qep_error *err) {
    const size_t n = st->h->count, cut = st->drive->cut;
    double complex *m = NULL;
    double *energy = NULL;
    QEP_TRY(qep_alloc((void **)&m, n * n, sizeof *m, "H at t = 0", err));
    qep_status status = qep_alloc_doubles(&energy, n, "levels", err);
    if (status == QEP_OK) {
        fill_dense(st, shift, m);
        status = st->drive->joined ? fill_orbitals(st, m, energy, 0, cut, 0, err) : fill_orbitals(st, m, energy, 0, n, 0, err);
        r->level_spacing = n > 1 && !st->drive->joined ? (energy[n - 1] - energy[0]) / (double)(n - 1) * st->unit : 0.0;
    }
    if (status == QEP_OK && st->drive->joined) {
        status = fill_orbitals(st, m, energy, cut, n - cut, 1, err);
        r->level_spacing = n > 1 ? 4.0 * st->unit / (double)n : 0.0;
    }
    qep_free(m);
    qep_free(energy);
    return status;
}

/* ---- One step -------------------------------------------------------------------------------------------------------------- */

/* chi = H v for a chunk. */
static void apply(const state *st, double shift, const double *v, double *chi) {
    const qep_hamiltonian *h = st->h;
    for (size_t p = 0; p < h->count; p++) {
        const size_t i = st->band.order[p];
        double *out = chi + p * CHUNK * 2;
        const double *own = v + p * CHUNK * 2, onsite = h->onsite[i] + (i == st->drive->site ? shift : 0.0);
        for (size_t c = 0; c < 2 * CHUNK; c++) {
            out[c] = onsite * own[c];
        }
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            const double *other = v + st->band.place[h->column[k]] * CHUNK * 2, re = creal(h->value[k]), im = cimag(h->value[k]);
            for (size_t c = 0; c < 2 * CHUNK; c += 2) {
                out[c] += re * other[c] - im * other[c + 1];
                out[c + 1] += re * other[c + 1] + im * other[c];
            }
        }
    }
}

/* n, s, e of every site from psi and H psi of a chunk. */
static void site_sums(const state *st, size_t chunk, const double *psi, const double *chi, double *out) {
    const size_t n = st->h->count;
    for (size_t p = 0; p < n; p++) {
        double number = 0.0, entropy = 0.0, energy = 0.0;
        for (size_t c = 0; c < CHUNK; c++) {
            const double *a = psi + (p * CHUNK + c) * 2, *b = chi + (p * CHUNK + c) * 2, w = a[0] * a[0] + a[1] * a[1];
            number += st->f[chunk * CHUNK + c] * w;
            entropy += st->s[chunk * CHUNK + c] * w;
            energy += st->f[chunk * CHUNK + c] * (a[0] * b[0] + a[1] * b[1]);
        }
        const size_t i = st->band.order[p];
        out[i] = number;
        out[n + i] = entropy;
        out[2 * n + i] = energy;
    }
}

/* Flow j -> i of n, s, e over every bond from psi_mid and chi of a chunk, in units of unit/hbar. */
static void bond_sums(const state *st, size_t chunk, const double *mid, const double *chi, double *out) {
    for (size_t b = 0; b < st->bonds; b++) {
        const size_t pi = st->band.place[st->bond_i[b]] * CHUNK * 2, pj = st->band.place[st->bond_j[b]] * CHUNK * 2;
        double complex number = 0.0, entropy = 0.0, energy = 0.0;
        for (size_t c = 0; c < CHUNK; c++) {
            const double *i = mid + pi + 2 * c, *j = mid + pj + 2 * c, *xi = chi + pi + 2 * c, *xj = chi + pj + 2 * c;
            const double re = j[0] * i[0] + j[1] * i[1], im = j[1] * i[0] - j[0] * i[1];
            const double re_e = xj[0] * i[0] + xj[1] * i[1] + j[0] * xi[0] + j[1] * xi[1];
            const double im_e = xj[1] * i[0] - xj[0] * i[1] + j[1] * xi[0] - j[0] * xi[1];
            const double f = st->f[chunk * CHUNK + c], s = st->s[chunk * CHUNK + c];
            number += f * re + I * (f * im);
            entropy += s * re + I * (s * im);
            energy += f * re_e + I * (f * im_e);
        }
        out[b] = 2.0 * cimag(st->bond_h[b] * number);
        out[st->bonds + b] = 2.0 * cimag(st->bond_h[b] * entropy);
        out[2 * st->bonds + b] = cimag(st->bond_h[b] * energy);
    }
}

static void add_partials(state *st, size_t count) {
    for (size_t v = 0; v < count; v++) {
        double sum = 0.0;
        for (size_t k = 0; k < st->chunks; k++) {
            sum += st->partial[k * st->sum_count + v];
        }
        st->sums[v] = sum;
    }
}

static void measure_sites(state *st, double shift) {
    const size_t block = st->h->count * CHUNK * 2;
#pragma omp parallel for num_threads(st->drive->threads) schedule(static)
    for (size_t k = 0; k < st->chunks; k++) {
        apply(st, shift, st->psi + k * block, st->chi + k * block);
        site_sums(st, k, st->psi + k * block, st->chi + k * block, st->partial + k * st->sum_count);
    }
    add_partials(st, SITE_SUMS * st->h->count);
}

static void step(state *st, double shift) {
    const size_t block = st->h->count * CHUNK * 2;
    qep_band_factor(&st->band, st->h, st->tau, st->drive->site, shift);
#pragma omp parallel for num_threads(st->drive->threads) schedule(static)
    for (size_t k = 0; k < st->chunks; k++) {
        double *psi = st->psi + k * block, *mid = st->mid + k * block;
        memcpy(mid, psi, block * sizeof *mid);
        qep_band_solve(&st->band, mid, CHUNK);
        apply(st, shift, mid, st->chi + k * block);
        bond_sums(st, k, mid, st->chi + k * block, st->partial + k * st->sum_count);
        for (size_t c = 0; c < block; c++) {
            psi[c] = 2.0 * mid[c] - psi[c];
        }
    }
    add_partials(st, BOND_SUMS * st->bonds);
}

/* ---- Bookkeeping ----------------------------------------------------------------------------------------------------------- */

typedef struct {
    double *now, *before, *flow; /* [3, sites], [3, sites], [3, bonds] */
    double worst[3], size[3];
} ledger;

static void check_continuity(const state *st, ledger *l) {
    const size_t n = st->h->count, d = st->drive->site;
    for (size_t x = 0; x < 3; x++) {
        for (size_t i = 0; i < n; i++) {
            l->size[x] = fmax(l->size[x], fabs(l->now[x * n + i]));
            l->before[x * n + i] = l->now[x * n + i] - l->before[x * n + i]; /* the change, reduced by what flowed in */
        }
        for (size_t b = 0; b < st->bonds; b++) {
            const double amount = st->dt * l->flow[x * st->bonds + b];
            l->before[x * n + st->bond_i[b]] -= amount;
            l->before[x * n + st->bond_j[b]] += amount;
        }
        for (size_t i = 0; i < n; i++) { /* the driven site and its bonds' other ends have a moving H */
            const int moving = x == 2 && (i == d || qep_hamiltonian_element(st->h, i, d) != 0.0);
            l->worst[x] = moving ? l->worst[x] : fmax(l->worst[x], fabs(l->before[x * n + i]));
        }
    }
}

static double region_sum(const state *st, const double *sums) {
    double total = 0.0;
    for (size_t i = st->drive->cut; i < st->h->count; i++) {
        total += sums[i];
    }
    return total;
}

static double cut_flow(const state *st, const double *flow) {
    double total = 0.0;
    for (size_t b = 0; b < st->bonds; b++) { /* bond_i < bond_j: flow is j -> i, so into the upper side it counts negative */
        total -= st->bond_i[b] < st->drive->cut && st->bond_j[b] >= st->drive->cut ? flow[b] : 0.0;
    }
    return total;
}

static void store_frame(const state *st, size_t frame, double t, qep_evolution *r) {
    const size_t n = st->h->count;
    r->t[frame] = t;
    for (size_t i = 0; i < n; i++) {
        r->n[frame * n + i] = st->drive->spin * st->sums[i];
        r->s[frame * n + i] = st->drive->spin * QEP_BOLTZMANN * st->sums[n + i];
        r->e[frame * n + i] = st->drive->spin * st->unit * st->sums[2 * n + i];
    }
}

static double total(const double *v, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += v[i];
    }
    return sum;
}

static void finish(const state *st, const double *first, const ledger *l, qep_evolution *r) {
    const size_t n = st->h->count;
    const double spin = st->drive->spin, k = QEP_BOLTZMANN;
    const int side = st->drive->joined;
    r->delta_N = spin * (region_sum(st, l->now) - region_sum(st, first));
    r->delta_S = spin * k * (region_sum(st, l->now + n) - region_sum(st, first + n));
    r->delta_E = spin * st->unit * (region_sum(st, l->now + 2 * n) - region_sum(st, first + 2 * n));
    r->heat = r->delta_E - st->drive->mu[side] * r->delta_N;
    r->heat_by_entropy = st->drive->temperature[side] * r->delta_S;
    r->missing = r->heat - r->heat_by_entropy;
    r->work = spin * st->unit * (total(l->now + 2 * n, n) - total(first + 2 * n, n));
    const double entropy = total(first + n, n);
    r->entropy_drift = entropy > 0.0 ? fabs(total(l->now + n, n) - entropy) / entropy : 0.0;
    r->residual_N = l->size[0] > 0.0 ? l->worst[0] / l->size[0] : 0.0;
    r->residual_S = l->size[1] > 0.0 ? l->worst[1] / l->size[1] : 0.0;
    r->residual_E = l->size[2] > 0.0 ? l->worst[2] / l->size[2] : 0.0;
}

static qep_status wave(const state *st, double t, double *shift, qep_error *err) {
    double energy = 0.0;
    QEP_TRY(st->drive->waveform(st->drive->context, t, &energy, err));
    if (!isfinite(energy)) {
        return qep_error_add(err, QEP_ERR_INPUT, "not_finite", "/transport/drive/waveform", NULL, "the waveform is not finite at t = %g s", t);
    }
    *shift = energy / st->unit;
    return QEP_OK;
}

static qep_status run_steps(state *st, ledger *l, double *first, qep_evolution *r, qep_error *err) {
    const size_t n = st->h->count, every = st->drive->every ? st->drive->every : 1;
    const double rate = st->drive->spin * st->unit / QEP_HBAR;
    size_t frame = 0;
    for (size_t k = 0; k <= r->steps; k++) {
        const double t = st->drive->step * (double)k;
        double shift = 0.0;
        QEP_TRY(wave(st, t, &shift, err));
        measure_sites(st, shift);
        memcpy(l->now, st->sums, SITE_SUMS * n * sizeof *l->now);
        if (k == 0) {
            memcpy(first, l->now, SITE_SUMS * n * sizeof *first);
        } else {
            check_continuity(st, l);
        }
        if (k % every == 0 && frame < r->frames) {
            store_frame(st, frame++, t, r);
        }
        if (k == r->steps) {
            break;
        }
        memcpy(l->before, l->now, SITE_SUMS * n * sizeof *l->before);
        QEP_TRY(wave(st, t + 0.5 * st->drive->step, &shift, err));
        step(st, shift);
        memcpy(l->flow, st->sums, BOND_SUMS * st->bonds * sizeof *l->flow);
        r->flow_t[k] = t;
        r->J_N[k] = rate * cut_flow(st, l->flow);
        r->J_S[k] = rate * QEP_BOLTZMANN * cut_flow(st, l->flow + st->bonds);
        r->J_E[k] = rate * st->unit * cut_flow(st, l->flow + 2 * st->bonds);
        qep_log_progress(st->drive->log, "steps", k + 1, r->steps);
        if (qep_log_interrupted(st->drive->log)) {
            return qep_error_add(err, QEP_ERR_INTERRUPTED, "interrupted", NULL, NULL, "stopped by a signal");
        }
    }
    return QEP_OK;
}

/* ---- Set-up ---------------------------------------------------------------------------------------------------------------- */

static qep_status judge(const qep_hamiltonian *h, const qep_drive *d, qep_error *err) {
    if (!(d->step > 0.0 && isfinite(d->step))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/step", NULL, "step = %g s; it must be positive", d->step);
    }
    if (!(d->end >= d->step && isfinite(d->end))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/end", NULL, "end = %g s; at least one step of %g s", d->end,
                             d->step);
    }
    if (d->site >= h->count) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/site", NULL, "site %zu; there are sites 0 to %zu", d->site,
                             h->count - 1);
    }
    if (d->cut == 0 || d->cut >= h->count) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/cut", NULL,
                             "cut = %zu; currents flow into the sites >= cut, so that 1 to %zu are possible", d->cut, h->count - 1);
    }
    for (int k = 0; k <= d->joined; k++) {
        if (!(d->temperature[k] >= 0.0 && isfinite(d->temperature[k]) && isfinite(d->mu[k]))) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/filling", NULL, "filling at mu = %g J, T = %g K", d->mu[k],
                                 d->temperature[k]);
        }
    }
    return QEP_OK;
}

/* Farthest site from the driven one, in bonds. */
static qep_status reach(const qep_hamiltonian *h, size_t site, size_t *hops, qep_error *err) {
    size_t *queue = NULL, *level = NULL, tail = 1;
    QEP_TRY(qep_alloc((void **)&queue, 2 * h->count, sizeof *queue, "sites", err));
    level = queue + h->count;
    memset(level, 0xff, h->count * sizeof *level);
    queue[0] = site;
    level[site] = 0;
    for (size_t head = 0; head < tail; head++) {
        for (size_t k = h->row[queue[head]]; k < h->row[queue[head] + 1]; k++) {
            if (level[h->column[k]] == SIZE_MAX) {
                level[h->column[k]] = level[queue[head]] + 1;
                queue[tail++] = h->column[k];
            }
        }
    }
    *hops = level[queue[tail - 1]];
    qep_free(queue);
    return QEP_OK;
}

/* Nothing moves faster than 2 |hopping|/hbar bonds per second along one direction. */
static qep_status judge_echo(const qep_hamiltonian *h, const qep_drive *d, qep_evolution *r, qep_error *err) {
    size_t hops = 0;
    QEP_TRY(reach(h, d->site, &hops, err));
    r->echo = (double)hops * QEP_HBAR / qep_hamiltonian_scale(h);
    if (d->end > r->echo && !d->force) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/drive/end", NULL,
                             "end = %.6g s lies behind the echo: after %.6g s what left the driven site is back from the far end; use a longer "
                             "chain, or \"force\": true",
                             d->end, r->echo);
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

static qep_status list_bonds(state *st, qep_error *err) {
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

static qep_status allocate(state *st, ledger *l, double **first, qep_evolution *r, qep_error *err) {
    const size_t n = st->h->count, most = (n + CHUNK - 1) / CHUNK, block = n * CHUNK * 2;
    double **frames[] = {&r->n, &r->s, &r->e}, **flows[] = {&r->flow_t, &r->J_N, &r->J_S, &r->J_E};
    QEP_TRY(list_bonds(st, err));
    QEP_TRY(qep_band_init(&st->band, st->h, err));
    st->sum_count = SITE_SUMS * n > BOND_SUMS * st->bonds ? SITE_SUMS * n : BOND_SUMS * st->bonds;
    QEP_TRY(qep_alloc((void **)&st->f, most * CHUNK, sizeof *st->f, "orbitals", err));
    QEP_TRY(qep_alloc((void **)&st->s, most * CHUNK, sizeof *st->s, "orbitals", err));
    QEP_TRY(qep_alloc((void **)&st->psi, most * block, sizeof *st->psi, "orbitals", err));
    QEP_TRY(qep_alloc((void **)&st->mid, most * block, sizeof *st->mid, "orbitals", err));
    QEP_TRY(qep_alloc((void **)&st->chi, most * block, sizeof *st->chi, "orbitals", err));
    QEP_TRY(qep_alloc_doubles(&st->partial, most * st->sum_count, "orbitals", err));
    QEP_TRY(qep_alloc_doubles(&st->sums, st->sum_count, "orbitals", err));
    QEP_TRY(qep_alloc_doubles(&l->now, 6 * n + 3 * st->bonds, "continuity", err));
    l->before = l->now + 3 * n;
    l->flow = l->before + 3 * n;
    QEP_TRY(qep_alloc_doubles(first, 3 * n, "continuity", err));
    QEP_TRY(qep_alloc_doubles(&r->t, r->frames, "times", err));
    for (size_t i = 0; i < 3; i++) {
        QEP_TRY(qep_alloc_doubles(frames[i], r->frames * n, "densities in time", err));
    }
    for (size_t i = 0; i < 4; i++) {
        QEP_TRY(qep_alloc_doubles(flows[i], r->steps, "currents in time", err));
    }
    return QEP_OK;
}

static void release(state *st, ledger *l, double *first, qep_hamiltonian *h) {
    qep_band_free(&st->band);
    qep_free(st->bond_i);
    qep_free(st->bond_j);
    qep_free(st->bond_h);
    qep_free(st->f);
    qep_free(st->s);
    qep_free(st->psi);
    qep_free(st->mid);
    qep_free(st->chi);
    qep_free(st->partial);
    qep_free(st->sums);
    qep_free(l->now);
    qep_free(first);
    qep_free(h->onsite);
    qep_free(h->value);
}

void qep_evolution_free(qep_evolution *r) {
    double **arrays[] = {&r->t, &r->n, &r->s, &r->e, &r->flow_t, &r->J_N, &r->J_S, &r->J_E};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) {
        qep_free(*arrays[k]);
    }
    *r = (qep_evolution){0};
}

static qep_status evolve(state *st, ledger *l, double **first, qep_evolution *r, qep_error *err) {
    double shift = 0.0;
    QEP_TRY(allocate(st, l, first, r, err));
    QEP_TRY(wave(st, 0.0, &shift, err));
    QEP_TRY(start(st, shift, r, err));
    st->chunks = (st->orbitals + CHUNK - 1) / CHUNK;
    QEP_TRY(run_steps(st, l, *first, r, err));
    finish(st, *first, l, r);
    return QEP_OK;
}

qep_status qep_evolve(const qep_hamiltonian *h, const qep_drive *drive, qep_evolution *result, qep_error *err) {
    *result = (qep_evolution){.sites = h->count};
    QEP_TRY(judge(h, drive, err));
    QEP_TRY(judge_echo(h, drive, result, err));
    qep_linear_setup();
    const size_t every = drive->every ? drive->every : 1;
    result->steps = (size_t)llround(drive->end / drive->step);
    result->frames = result->steps / every + 1;
    qep_hamiltonian own = {0};
    ledger l = {0};
    double *first = NULL;
    state st = {.h = &own, .drive = drive, .unit = qep_hamiltonian_scale(h)};
    st.tau = 0.5 * drive->step * st.unit / QEP_HBAR;
    st.dt = drive->step * st.unit / QEP_HBAR;
    qep_status status = scaled(h, &own, st.unit, err);
    if (status == QEP_OK) {
        status = evolve(&st, &l, &first, result, err);
    }
    release(&st, &l, first, &own);
    if (status != QEP_OK) {
        qep_evolution_free(result);
    }
    return status;
}
