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
        double *out = chi + p * ORBITALS * 2;
        const double *own = v + p * ORBITALS * 2, onsite = st->onsite[i];
        for (size_t c = 0; c < 2 * ORBITALS; c++) {
            out[c] = onsite * own[c];
        }
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            const double *other = v + st->band.place[h->column[k]] * ORBITALS * 2, re = creal(h->value[k]), im = cimag(h->value[k]);
            for (size_t c = 0; c < 2 * ORBITALS; c += 2) {
                out[c] += re * other[c] - im * other[c + 1];
                out[c + 1] += re * other[c + 1] + im * other[c];
            }
        }
    }
}

/* n, s, e of every site from psi and H psi of a chunk. */
static void site_sums(const evolution *st, size_t chunk, const double *psi, const double *chi, double *out) {
    const size_t n = st->h->count;
    for (size_t p = 0; p < n; p++) {
        double number = 0.0, entropy = 0.0, energy = 0.0;
        for (size_t c = 0; c < ORBITALS; c++) {
            const double *a = psi + (p * ORBITALS + c) * 2, *b = chi + (p * ORBITALS + c) * 2, w = a[0] * a[0] + a[1] * a[1];
            number += st->f[chunk * ORBITALS + c] * w;
            entropy += st->s[chunk * ORBITALS + c] * w;
            energy += st->f[chunk * ORBITALS + c] * (a[0] * b[0] + a[1] * b[1]);
        }
        const size_t i = st->band.order[p];
        out[i] = number;
        out[n + i] = entropy;
        out[2 * n + i] = energy;
    }
}

/* Flow j -> i of n, s, e over every bond from psi_mid and chi of a chunk, in units of unit/hbar. */
static void bond_sums(const evolution *st, size_t chunk, const double *mid, const double *chi, double *out) {
    for (size_t b = 0; b < st->bonds; b++) {
        const size_t pi = st->band.place[st->bond_i[b]] * ORBITALS * 2, pj = st->band.place[st->bond_j[b]] * ORBITALS * 2;
        double complex number = 0.0, entropy = 0.0, energy = 0.0;
        for (size_t c = 0; c < ORBITALS; c++) {
            const double *i = mid + pi + 2 * c, *j = mid + pj + 2 * c, *xi = chi + pi + 2 * c, *xj = chi + pj + 2 * c;
            const double re = j[0] * i[0] + j[1] * i[1], im = j[1] * i[0] - j[0] * i[1];
            const double re_e = xj[0] * i[0] + xj[1] * i[1] + j[0] * xi[0] + j[1] * xi[1];
            const double im_e = xj[1] * i[0] - xj[0] * i[1] + j[1] * xi[0] - j[0] * xi[1];
            const double f = st->f[chunk * ORBITALS + c], s = st->s[chunk * ORBITALS + c];
            number += f * re + I * (f * im);
            entropy += s * re + I * (s * im);
            energy += f * re_e + I * (f * im_e);
        }
        out[b] = 2.0 * cimag(st->bond_h[b] * number);
        out[st->bonds + b] = 2.0 * cimag(st->bond_h[b] * entropy);
        out[2 * st->bonds + b] = cimag(st->bond_h[b] * energy);
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
