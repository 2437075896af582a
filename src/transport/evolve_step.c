/* One step: (1 + i dt H/2 hbar) psi_mid = psi with H at mid-step, psi+ = 2 psi_mid - psi; densities before and after it, flows at psi_mid.
 * Orbitals go in chunks, each with sums of its own, so that threads change no bit. */
#include "evolve_impl.h"

#include <math.h>
#include <string.h>

qep_status qep_evolve_set_time(evolution *st, double t, qep_error *err) {
    const qep_drive *d = st->drive;
    QEP_TRY(d->energies(d->context, t, st->added, err));
    for (size_t k = 0; k < d->driven; k++) {
        if (!isfinite(st->added[k])) {
            return qep_error_add(err, QEP_ERR_INPUT, "not_finite", "/transport/drive", NULL, "the energy added to site %zu is not finite at t = %g s",
                                 d->site[k], t);
        }
        double *now = &st->onsite[d->site[k]];
        st->last[k] = *now;
        *now = st->h->onsite[d->site[k]] + st->added[k] / st->unit;
        st->moved[d->site[k]] |= *now != st->last[k];
    }
    return QEP_OK;
}

/* chi = H v for a chunk. */
static void apply(const evolution *st, const double *v, double *chi) {
    const qep_hamiltonian *h = st->h;
    for (size_t p = 0; p < h->count; p++) {
        const size_t i = st->band.order[p];
        double *restrict out = chi + p * ORBITALS * 2;
        const double *restrict own = v + p * ORBITALS * 2, onsite = st->onsite[i];
        for (size_t c = 0; c < 2 * ORBITALS; c++) {
            out[c] = onsite * own[c];
        }
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            const double *restrict other = v + st->band.place[h->column[k]] * ORBITALS * 2;
            const double re = creal(h->value[k]), im = cimag(h->value[k]);
            for (size_t c = 0; c < ORBITALS; c++) {
                out[c] += re * other[c] - im * other[ORBITALS + c];
                out[ORBITALS + c] += re * other[ORBITALS + c] + im * other[c];
            }
        }
    }
}

/* Sum over a chunk, in the order of a tree. */
static double add_up(const double *v) {
    double part[ORBITALS / 2];
    for (size_t c = 0; c < ORBITALS / 2; c++) {
        part[c] = v[c] + v[ORBITALS / 2 + c];
    }
    for (size_t half = ORBITALS / 4; half > 0; half /= 2) {
        for (size_t c = 0; c < half; c++) {
            part[c] += part[half + c];
        }
    }
    return part[0];
}

/* n, s, e of every site from psi and H psi of a chunk. */
static void site_sums(const evolution *st, size_t chunk, const double *psi, const double *chi, double *out) {
    const double *restrict f = st->f + chunk * ORBITALS, *restrict s = st->s + chunk * ORBITALS;
    const size_t n = st->h->count;
    for (size_t p = 0; p < n; p++) {
        const double *restrict a = psi + p * ORBITALS * 2, *restrict b = chi + p * ORBITALS * 2;
        double number[ORBITALS], entropy[ORBITALS], energy[ORBITALS];
        for (size_t c = 0; c < ORBITALS; c++) {
            const double w = a[c] * a[c] + a[ORBITALS + c] * a[ORBITALS + c];
            number[c] = f[c] * w;
            entropy[c] = s[c] * w;
            energy[c] = f[c] * (a[c] * b[c] + a[ORBITALS + c] * b[ORBITALS + c]);
        }
        const size_t i = st->band.order[p];
        out[i] = add_up(number);
        out[n + i] = add_up(entropy);
        out[2 * n + i] = add_up(energy);
    }
}

/* Flow j -> i of n, s, e over every bond from psi_mid and chi of a chunk, in units of unit/hbar. */
static void bond_sums(const evolution *st, size_t chunk, const double *mid, const double *chi, double *out) {
    const double *restrict f = st->f + chunk * ORBITALS, *restrict s = st->s + chunk * ORBITALS;
    for (size_t b = 0; b < st->bonds; b++) {
        const size_t at_i = st->band.place[st->bond_i[b]] * ORBITALS * 2, at_j = st->band.place[st->bond_j[b]] * ORBITALS * 2;
        const double *restrict i = mid + at_i, *restrict j = mid + at_j, *restrict xi = chi + at_i, *restrict xj = chi + at_j;
        const double h_re = creal(st->bond_h[b]), h_im = cimag(st->bond_h[b]);
        double number[ORBITALS], entropy[ORBITALS], energy[ORBITALS];
        for (size_t c = 0; c < ORBITALS; c++) {
            const size_t d = ORBITALS + c;
            const double re = j[c] * i[c] + j[d] * i[d], im = j[d] * i[c] - j[c] * i[d];
            const double re_e = xj[c] * i[c] + xj[d] * i[d] + j[c] * xi[c] + j[d] * xi[d];
            const double im_e = xj[d] * i[c] - xj[c] * i[d] + j[d] * xi[c] - j[c] * xi[d];
            const double flow = 2.0 * (h_re * im + h_im * re);
            number[c] = f[c] * flow;
            entropy[c] = s[c] * flow;
            energy[c] = f[c] * (h_re * im_e + h_im * re_e);
        }
        out[b] = add_up(number);
        out[st->bonds + b] = add_up(entropy);
        out[2 * st->bonds + b] = add_up(energy);
    }
}

static void add_partials(evolution *st, size_t count) {
    for (size_t v = 0; v < count; v++) {
        double sum = 0.0;
        for (size_t k = 0; k < st->chunks; k++) {
            sum += st->partial[k * st->sum_count + v];
        }
        st->sums[v] = sum;
    }
}

void qep_evolve_measure(evolution *st) {
    const size_t block = st->h->count * ORBITALS * 2;
#pragma omp parallel for num_threads(st->drive->threads) schedule(static)
    for (size_t k = 0; k < st->chunks; k++) {
        apply(st, st->psi + k * block, st->chi + k * block);
        site_sums(st, k, st->psi + k * block, st->chi + k * block, st->partial + k * st->sum_count);
    }
    add_partials(st, SITE_SUMS * st->h->count);
}

void qep_evolve_step(evolution *st) {
    const size_t block = st->h->count * ORBITALS * 2;
    qep_band_factor(&st->band, st->h, st->onsite, st->tau);
#pragma omp parallel for num_threads(st->drive->threads) schedule(static)
    for (size_t k = 0; k < st->chunks; k++) {
        double *psi = st->psi + k * block, *mid = st->mid + k * block;
        memcpy(mid, psi, block * sizeof *mid);
        qep_band_solve(&st->band, mid, ORBITALS);
        apply(st, mid, st->chi + k * block);
        bond_sums(st, k, mid, st->chi + k * block, st->partial + k * st->sum_count);
        for (size_t c = 0; c < block; c++) {
            psi[c] = 2.0 * mid[c] - psi[c];
        }
    }
    add_partials(st, BOND_SUMS * st->bonds);
}
