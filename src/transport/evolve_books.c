/* The books of an evolution. x_i+ - x_i = dt sum_j J(j -> i) with J = (2/hbar) Im(H_ij sum_k x_k psi_mid_k(j) conj(psi_mid_k(i))) holds to
 * rounding for x = f, s; for the energy with chi = H psi_mid on every site whose own energy stands still, whatever its neighbours do; and the
 * whole energy changes by exactly n_i dU_i, before and after the middle of the step. */
#include "evolve_impl.h"

#include "qep/base/constants.h"
#include <math.h>

/* Far above rounding (1e-14 at most in our cases), far below anything physical. */
static const double BROKEN = 1e-8;

void qep_evolve_add_work(const evolution *st, ledger *l) {
    const qep_drive *d = st->drive;
    for (size_t k = 0; k < d->driven; k++) {
        l->work += (st->onsite[d->site[k]] - st->last[k]) * l->now[d->site[k]];
    }
}

void qep_evolve_check(const evolution *st, ledger *l) {
    const size_t n = st->h->count;
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
        for (size_t i = 0; i < n; i++) {
            const int moving = x == 2 && st->moved[i];
            l->worst[x] = moving ? l->worst[x] : fmax(l->worst[x], fabs(l->before[x * n + i]));
        }
    }
}

static double region_sum(const evolution *st, const double *sums) {
    double total = 0.0;
    for (size_t i = 0; i < st->h->count; i++) {
        total += st->drive->inside[i] ? sums[i] : 0.0;
    }
    return total;
}

double qep_evolve_inflow(const evolution *st, const double *flow) {
    double total = 0.0;
    for (size_t b = 0; b < st->bonds; b++) { /* flow is j -> i */
        total += ((int)st->drive->inside[st->bond_i[b]] - (int)st->drive->inside[st->bond_j[b]]) * flow[b];
    }
    return total;
}

static double total(const double *v, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += v[i];
    }
    return sum;
}

static double relative(double difference, double size) {
    return size > 0.0 ? fabs(difference) / size : 0.0;
}

static qep_status judge(const qep_evolution *r, qep_error *err) {
    const struct {
        const char *name;
        double value;
    } rows[] = {{"continuity of particles", r->residual_N}, {"continuity of entropy", r->residual_S}, {"continuity of energy", r->residual_E},
                {"work of the forces against the change of energy", r->residual_W}, {"sum of the entropies", r->entropy_drift}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!(rows[i].value <= BROKEN)) {
            return qep_error_add(err, QEP_ERR_UNCONVERGED, "self_check", "/transport/drive", NULL, "self-check failed: %s to %.3g, at most %g is allowed",
                                 rows[i].name, rows[i].value, BROKEN);
        }
    }
    return QEP_OK;
}

qep_status qep_evolve_finish(const evolution *st, const ledger *l, qep_evolution *r, qep_error *err) {
    const size_t n = st->h->count;
    const double spin = st->drive->spin, k = QEP_BOLTZMANN;
    const int side = st->drive->joined;
    const double *first = l->first, energy = total(l->now + 2 * n, n) - total(first + 2 * n, n), entropy = total(first + n, n);
    r->delta_N = spin * (region_sum(st, l->now) - region_sum(st, first));
    r->delta_S = spin * k * (region_sum(st, l->now + n) - region_sum(st, first + n));
    r->delta_E = spin * st->unit * (region_sum(st, l->now + 2 * n) - region_sum(st, first + 2 * n));
    r->heat = r->delta_E - st->drive->mu[side] * r->delta_N;
    r->heat_by_entropy = st->drive->temperature[side] * r->delta_S;
    r->missing = r->heat - r->heat_by_entropy;
    r->work = spin * st->unit * energy;
    r->work_by_force = spin * st->unit * l->work;
    r->entropy_drift = relative(total(l->now + n, n) - entropy, entropy);
    r->residual_N = relative(l->worst[0], l->size[0]);
    r->residual_S = relative(l->worst[1], l->size[1]);
    r->residual_E = relative(l->worst[2], l->size[2]);
    r->residual_W = relative(energy - l->work, l->size[2] * (double)n);
    return judge(r, err);
}
