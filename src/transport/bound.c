/* Bound and antibound states lie where every lead is closed and Sigma is Hermitian. The number of negative eigenvalues of E - H - Sigma(E)
 * falls by one at each of them as E rises; block elimination gives it as the sum over the eliminated blocks (Sylvester), so that bisection
 * finds all of them at the price of transmissions. Vectors by inverse iteration; their norm inside is 1/(1 - psi^H Sigma' psi). */
#include "bound.h"

#include "blocks.h"
#include "local.h"
#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/transport/thermal.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STATES = 4096, ITERATIONS = 4 };

typedef struct {
    const qep_system *s;
    qep_green green;
    double complex *block; /* [largest, largest] */
    double *values;        /* [largest] */
    double *energy;        /* found, units */
    size_t count;
} search;

/* Negative eigenvalues of E - H - Sigma(E), or SIZE_MAX. */
static size_t count_negative(search *f, double E) {
    size_t negative = 0;
    for (size_t a = 0; a < f->s->terminals; a++) {
        if (qep_self_energy_at(&f->green.self[a], f->s->terminal[a], E) != 0) {
            return SIZE_MAX;
        }
    }
    for (size_t k = 0; k < f->s->blocks; k++) {
        const size_t n = f->s->start[k + 1] - f->s->start[k];
        if (qep_blocks_eliminate(&f->green, k, E, f->block) != 0 || qep_zheevd(n, f->block, n, f->values, 0) != 0) {
            return SIZE_MAX;
        }
        for (size_t i = 0; i < n; i++) {
            negative += f->values[i] < 0.0;
        }
    }
    return negative;
}

static void keep_level(search *f, double energy, size_t times) {
    for (size_t k = 0; k < times && f->count < MOST_STATES; k++) {
        f->energy[f->count++] = energy;
    }
}

/* Levels between low (count n_low there) and high (n_high): bisection, recursively. */
static void bisect(search *f, double low, size_t n_low, double high, size_t n_high) {
    if (n_low == SIZE_MAX || n_high == SIZE_MAX || n_low <= n_high) {
        return;
    }
    double middle = 0.5 * (low + high);
    if (high - low <= 4e-16 * fmax(fabs(low), fabs(high)) || middle <= low || middle >= high) {
        keep_level(f, middle, n_low - n_high);
        return;
    }
    size_t n = count_negative(f, middle);
    if (n == SIZE_MAX) { /* exactly on a level the elimination stops: take another point, or all there is of them */
        keep_level(f, middle, high - low < 1e-13 * fmax(fabs(low), fabs(high)) ? n_low - n_high : 0);
        middle = low + 0.53 * (high - low);
        n = high - low < 1e-13 * fmax(fabs(low), fabs(high)) ? SIZE_MAX : count_negative(f, middle);
    }
    bisect(f, low, n_low, middle, n);
    bisect(f, middle, n, high, n_high);
}

typedef struct {
    double low, high;
} band;

static int compare_bands(const void *a, const void *b) {
    const band *p = a, *q = b;
    return p->low < q->low ? -1 : p->low > q->low;
}

/* All subbands of uniform leads, and the whole band of general ones, sorted and merged. Returns how many are left. */
static qep_status collect_bands(const qep_system *s, band **bands, size_t *count, qep_error *err) {
    size_t most = 0;
    for (size_t a = 0; a < s->terminals; a++) {
        most += s->terminal[a]->count;
    }
    QEP_TRY(qep_alloc((void **)bands, most, sizeof **bands, "bands", err));
    for (size_t a = 0; a < s->terminals; a++) {
        const qep_terminal *t = s->terminal[a];
        if (t->kind == QEP_LEAD_WIDEBAND) {
            continue;
        }
        for (size_t m = 0; m < t->count && t->analytic; m++) {
            (*bands)[(*count)++] = (band){t->level[m] - 2.0 * t->t, t->level[m] + 2.0 * t->t};
        }
        if (!t->analytic) {
            band *b = &(*bands)[(*count)++];
            QEP_TRY(qep_terminal_band(t, &b->low, &b->high, err));
        }
    }
    qsort(*bands, *count, sizeof **bands, compare_bands);
    size_t kept = 0;
    for (size_t k = 0; k < *count; k++) {
        if (kept > 0 && (*bands)[k].low <= (*bands)[kept - 1].high) {
            (*bands)[kept - 1].high = fmax((*bands)[kept - 1].high, (*bands)[k].high);
        } else {
            (*bands)[kept++] = (*bands)[k];
        }
    }
    *count = kept;
    return QEP_OK;
}

/* Energies that enclose all levels (Gershgorin), Sigma included: outside a band |Sigma| <= t. */
static void level_range(const qep_system *s, double *low, double *high) {
    double sigma = 0.0;
    for (size_t a = 0; a < s->terminals; a++) {
        sigma += s->terminal[a]->analytic ? s->terminal[a]->t : 0.0;
    }
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < s->sites; i++) {
        double reach = 1.0 + sigma;
        for (size_t e = s->row[i]; e < s->row[i + 1]; e++) {
            reach += cabs(s->value[e]);
        }
        *low = fmin(*low, s->onsite[i] - reach);
        *high = fmax(*high, s->onsite[i] + reach);
    }
}

/* A little inside the gap: at the edge itself Sigma has a root. */
static double inside(double edge, double towards) {
    return edge + (towards > edge ? 1.0 : -1.0) * 1e-12 * fmax(1.0, fabs(edge));
}

/* Only what a reservoir could fill: levels far above every thermal window are empty whoever owns them. */
static double highest_filled(const qep_steady *r, const qep_system *s) {
    double high = -INFINITY;
    for (size_t k = 0; k < r->sets * r->terminals; k++) {
        const double mu = r->mu[k] / s->unit, kT = QEP_BOLTZMANN * r->temperature[k] / s->unit;
        high = isnan(mu) ? high : fmax(high, mu + 40.0 * kT);
    }
    return high;
}

static qep_status find_all(search *f, double highest, qep_error *err) {
    band *bands = NULL;
    size_t count = 0;
    double low = 0.0, high = 0.0;
    const qep_status status = collect_bands(f->s, &bands, &count, err);
    if (status == QEP_OK) {
        level_range(f->s, &low, &high);
        low = count ? fmin(low, bands[0].low - 1.0) : low;
        high = count ? fmax(high, bands[count - 1].high + 1.0) : high;
        for (size_t k = 0; k <= count; k++) {
            const double a = k == 0 ? low : inside(bands[k - 1].high, INFINITY);
            const double b = fmin(k == count ? high : inside(bands[k].low, -INFINITY), highest);
            if (a < b) {
                bisect(f, a, count_negative(f, a), b, count_negative(f, b));
            }
        }
    }
    qep_free(bands);
    return status;
}

/* ---- Vectors --------------------------------------------------------------------------------------------------------------- */

static double norm2(const double complex *v, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += creal(v[i]) * creal(v[i]) + cimag(v[i]) * cimag(v[i]);
    }
    return sum;
}

static void orthogonalise(double complex *v, const double complex *earlier, size_t count, size_t n) {
    for (size_t k = 0; k < count; k++) {
        const double complex *u = earlier + k * n;
        double complex overlap = 0.0;
        for (size_t i = 0; i < n; i++) {
            overlap += conj(u[i]) * v[i];
        }
        for (size_t i = 0; i < n; i++) {
            v[i] -= overlap / norm2(u, n) * u[i];
        }
    }
}

/* psi^H Sigma(E) psi of all terminals. */
static double sigma_mean(search *f, double E, const double complex *psi) {
    double complex sum = 0.0;
    for (size_t a = 0; a < f->s->terminals; a++) {
        const size_t m = f->s->terminal[a]->count, *where = f->s->where[a];
        if (f->s->terminal[a]->kind == QEP_LEAD_WIDEBAND || qep_self_energy_at(&f->green.self[a], f->s->terminal[a], E) != 0) {
            continue;
        }
        for (size_t j = 0; j < m; j++) {
            for (size_t i = 0; i < m; i++) {
                sum += conj(psi[where[i]]) * f->green.self[a].sigma[i + j * m] * psi[where[j]];
            }
        }
    }
    return creal(sum);
}

/* -psi^H Sigma'(E) psi of uniform leads, mode by mode: -sigma' = (|z|/sqrt(z^2 - 1) - 1)/2; of general ones by central differences. */
static double outside_weight(search *f, double E, const double complex *psi) {
    double weight = 0.0;
    int general = 0;
    for (size_t a = 0; a < f->s->terminals; a++) {
        const qep_terminal *t = f->s->terminal[a];
        general |= t->kind != QEP_LEAD_WIDEBAND && !t->analytic;
        for (size_t m = 0; m < t->count && t->analytic; m++) {
            double complex overlap = 0.0;
            for (size_t i = 0; i < t->count; i++) {
                overlap += conj(t->mode[i + m * t->count]) * psi[f->s->where[a][i]];
            }
            const double z = fabs((E - t->level[m]) / (2.0 * t->t)), root = sqrt((z - 1.0) * (z + 1.0));
            weight += 0.5 * (z / root - 1.0) * (creal(overlap) * creal(overlap) + cimag(overlap) * cimag(overlap));
        }
    }
    if (general) {
        const double step = 1e-5;
        weight = -(8.0 * (sigma_mean(f, E + step, psi) - sigma_mean(f, E - step, psi)) -
                   (sigma_mean(f, E + 2.0 * step, psi) - sigma_mean(f, E - 2.0 * step, psi))) / (12.0 * step);
    }
    return weight;
}

/* Solve beside a level: exactly on it (to the last bit) the elimination stops, so step away until it does not. */
static qep_status solve_beside(search *f, double E, int round, qep_error *err) {
    double distance = 1e-15 * fmax(fabs(E), 1e-2) * (double)(round + 1);
    for (int attempt = 0; attempt < 10; attempt++, distance *= 3.0) {
        if (qep_green_at(&f->green, E + distance, 1, 0, NULL) == QEP_OK) {
            return QEP_OK;
        }
    }
    return qep_green_at(&f->green, E + distance, 1, 0, err);
}

/* Inverse iteration from an irregular start, orthogonal to `same` earlier vectors of the same level; norm inside the conductor on return. */
static qep_status state_vector(search *f, double E, double complex *psi, const double complex *earlier, size_t same, qep_error *err) {
    const size_t n = f->s->sites;
    for (size_t i = 0; i < n; i++) {
        psi[i] = sin(1.0 + 2.3 * (double)i + 1.7 * (double)same) + 0.3 * I * cos(0.7 * (double)i);
    }
    for (int round = 0; round < ITERATIONS; round++) {
        orthogonalise(psi, earlier, same, n);
        f->green.extra_source = psi;
        const qep_status status = solve_beside(f, E, round, err);
        f->green.extra_source = NULL;
        QEP_TRY(status);
        for (size_t p = 0; p < n; p++) {
            psi[p] = qep_green_psi(&f->green, p)[f->green.extra * qep_green_stride(&f->green, p)];
        }
        const double scale = sqrt(norm2(psi, n));
        for (size_t p = 0; p < n; p++) {
            psi[p] /= scale;
        }
    }
    orthogonalise(psi, earlier, same, n);
    const double inner = norm2(psi, n), total = inner + outside_weight(f, E, psi);
    for (size_t p = 0; p < n; p++) {
        psi[p] /= sqrt(total);
    }
    return QEP_OK;
}

/* ---- Contributions --------------------------------------------------------------------------------------------------------- */

/* Mean mu and T of the reservoirs of a set, units. */
static void mean_reservoir(const qep_system *s, const qep_steady *r, size_t set, double *mu, double *kT) {
    double count = 0.0;
    *mu = *kT = 0.0;
    for (size_t a = 0; a < s->terminals; a++) {
        if (s->terminal[a]->role == QEP_RESERVOIR) {
            *mu += r->mu[set * s->terminals + a] / s->unit;
            *kT += QEP_BOLTZMANN * r->temperature[set * s->terminals + a] / s->unit;
            count += 1.0;
        }
    }
    *mu /= count;
    *kT /= count;
}

static void fill_state(const search *f, const qep_steady_options *o, qep_occupation fill, double E, const double complex *psi, size_t set,
                       qep_steady *r) {
    const qep_system *s = f->s;
    const double spin = o->spin;
    for (size_t p = 0; p < s->sites; p++) {
        const size_t k = set * s->sites + s->order[p];
        const double w = creal(psi[p]) * creal(psi[p]) + cimag(psi[p]) * cimag(psi[p]);
        r->n[k] += spin * fill.f * w;
        r->u[k] += spin * fill.f * w * E * s->unit;
        r->s_hs[k] += spin * QEP_BOLTZMANN * fill.s * w;
        r->s_dist[k] += spin * QEP_BOLTZMANN * fill.s * w;
    }
    for (size_t b = 0; b < r->bonds && r->J_N; b++) {
        const size_t i = s->place[r->bond_to[b]], j = s->place[r->bond_from[b]];
        double complex element = 0.0;
        for (size_t e = s->row[i]; e < s->row[i + 1]; e++) {
            element = s->column[e] == j ? s->value[e] : element;
        }
        const double flow = 2.0 * spin * cimag(element * psi[j] * conj(psi[i])) * s->unit / QEP_HBAR;
        r->J_N[set * r->bonds + b] += fill.f * flow;
        r->J_E[set * r->bonds + b] += fill.f * E * s->unit * flow;
        r->J_S[set * r->bonds + b] += QEP_BOLTZMANN * fill.s * flow;
    }
}

static void use_state(const search *f, const qep_steady_options *o, double E, const double complex *psi, qep_steady *r) {
    for (size_t p = 0; p < f->s->sites; p++) {
        r->weight[f->s->order[p]] += creal(psi[p]) * creal(psi[p]) + cimag(psi[p]) * cimag(psi[p]);
    }
    for (size_t set = 0; set < r->sets && o->fill_bound_states; set++) {
        double mu = 0.0, kT = 0.0;
        mean_reservoir(f->s, r, set, &mu, &kT);
        fill_state(f, o, qep_occupation_fermi(E, mu, kT), E, psi, set, r);
    }
}

/* Levels nearer than this are one, and their vectors are kept orthogonal. */
static const double SAME_LEVEL = 1e-13;

static qep_status use_all(search *f, const qep_steady_options *o, qep_steady *r, qep_error *err) {
    double complex *psi = NULL;
    const size_t n = f->s->sites;
    size_t most_same = 1, same = 0;
    for (size_t k = 1, run = 1; k < f->count; k++) {
        run = fabs(f->energy[k] - f->energy[k - 1]) <= SAME_LEVEL * fmax(1.0, fabs(f->energy[k])) ? run + 1 : 1;
        most_same = run > most_same ? run : most_same;
    }
    QEP_TRY(qep_alloc((void **)&psi, n * most_same, sizeof *psi, "bound states", err));
    qep_status status = QEP_OK;
    for (size_t k = 0; k < f->count && status == QEP_OK; k++) {
        const int repeated = k > 0 && fabs(f->energy[k] - f->energy[k - 1]) <= SAME_LEVEL * fmax(1.0, fabs(f->energy[k]));
        same = repeated ? same + 1 : 0;
        status = state_vector(f, f->energy[k], psi + same * n, psi, same, err);
        if (status == QEP_OK) {
            use_state(f, o, f->energy[k], psi + same * n, r);
        }
    }
    qep_free(psi);
    return status;
}

static qep_status allocate(search *f, qep_error *err) {
    QEP_TRY(qep_green_init(&f->green, f->s, QEP_GREEN_BLOCKS, err));
    QEP_TRY(qep_blocks_reserve(&f->green, err));
    QEP_TRY(qep_alloc((void **)&f->block, f->s->largest * f->s->largest, sizeof *f->block, "bound states", err));
    QEP_TRY(qep_alloc_doubles(&f->values, f->s->largest, "bound states", err));
    return qep_alloc_doubles(&f->energy, MOST_STATES, "bound states", err);
}

static qep_status keep_energies(const search *f, qep_steady *r, qep_error *err) {
    QEP_TRY(qep_alloc_doubles(&r->bound_energy, f->count, "bound states", err));
    r->bound_states = f->count;
    for (size_t k = 0; k < f->count; k++) {
        r->bound_energy[k] = f->energy[k] * f->s->unit;
    }
    return QEP_OK;
}

qep_status qep_bound_states_add(const qep_system *system, const qep_hamiltonian *h, const qep_steady_options *options, qep_steady *r,
                                qep_error *err) {
    (void)h;
    for (size_t a = 0; a < system->terminals; a++) { /* a wide band covers all energies */
        if (system->terminal[a]->kind == QEP_LEAD_WIDEBAND && system->terminal[a]->gamma > 0.0) {
            return QEP_OK;
        }
    }
    search f = {.s = system};
    qep_status status = allocate(&f, err);
    status = status == QEP_OK ? find_all(&f, highest_filled(r, system), err) : status;
    status = status == QEP_OK ? keep_energies(&f, r, err) : status;
    status = status == QEP_OK ? use_all(&f, options, r, err) : status;
    qep_green_free(&f.green);
    qep_free(f.block);
    qep_free(f.values);
    qep_free(f.energy);
    return status;
}
