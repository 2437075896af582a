/* The state at t = 0: levels of H(0), or of two regions that are coupled from then on, filled by Fermi functions. Orbitals without particles
 * and entropy are left out. */
#include "evolve_impl.h"

#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/transport/thermal.h"
#include <stdint.h>
#include <string.h>

/* Orbitals that hold less than this of particles and entropy are left out. */
static const double EMPTY = 1e-18;

/* Dense H among some sites; number [sites] is their place among them, SIZE_MAX elsewhere. */
static void fill_dense(const evolution *st, const size_t *member, const size_t *number, size_t count, double complex *m) {
    const qep_hamiltonian *h = st->h;
    memset(m, 0, count * count * sizeof *m);
    for (size_t a = 0; a < count; a++) {
        const size_t i = member[a];
        m[a + a * count] = st->onsite[i];
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            const size_t b = number[h->column[k]];
            if (b != SIZE_MAX) {
                m[a + b * count] = h->value[k];
            }
        }
    }
}

/* v [count] on the member sites; 0 elsewhere, as allocated. */
static void keep_orbital(evolution *st, const double complex *v, const size_t *member, size_t count, qep_occupation o) {
    const size_t k = st->orbitals++;
    double *block = st->psi + k / ORBITALS * st->h->count * ORBITALS * 2;
    st->f[k] = o.f;
    st->s[k] = o.s;
    for (size_t a = 0; a < count; a++) {
        double *place = block + st->band.place[member[a]] * ORBITALS * 2 + k % ORBITALS;
        place[0] = creal(v[a]);
        place[ORBITALS] = cimag(v[a]);
    }
}

typedef struct {
    size_t *member, *number; /* [sites] */
    double complex *matrix;
    double *energy; /* [sites] */
} levels;

/* Of two regions with a common level LAPACK may mix the two; diagonalising each alone keeps them apart. side -1: all sites. */
static qep_status fill_side(evolution *st, levels *w, int side, qep_error *err) {
    size_t count = 0;
    for (size_t i = 0; i < st->h->count; i++) {
        const int member = side < 0 || st->drive->inside[i] == side;
        w->number[i] = member ? count : SIZE_MAX;
        w->member[count] = i;
        count += member ? 1 : 0;
    }
    fill_dense(st, w->member, w->number, count, w->matrix);
    if (qep_zheevd(count, w->matrix, count, w->energy, 1) != 0) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "linear_algebra", NULL, NULL, "the levels at t = 0 could not be computed");
    }
    const int which = side > 0;
    const double mu = st->drive->mu[which] / st->unit, kT = QEP_BOLTZMANN * st->drive->temperature[which] / st->unit;
    for (size_t k = 0; k < count; k++) {
        const qep_occupation o = qep_occupation_fermi(w->energy[k], mu, kT);
        if (o.f > EMPTY || o.s > EMPTY) {
            keep_orbital(st, w->matrix + k * count, w->member, count, o);
        }
    }
    return QEP_OK;
}

static qep_status fill(evolution *st, levels *w, qep_evolution *r, qep_error *err) {
    const size_t n = st->h->count;
    QEP_TRY(qep_alloc((void **)&w->member, n, sizeof *w->member, "sites", err));
    QEP_TRY(qep_alloc((void **)&w->number, n, sizeof *w->number, "sites", err));
    QEP_TRY(qep_alloc((void **)&w->matrix, n * n, sizeof *w->matrix, "H at t = 0", err));
    QEP_TRY(qep_alloc_doubles(&w->energy, n, "levels", err));
    if (st->drive->joined) {
        QEP_TRY(fill_side(st, w, 0, err));
        QEP_TRY(fill_side(st, w, 1, err));
        r->level_spacing = 4.0 * st->unit / (double)n;
        return QEP_OK;
    }
    QEP_TRY(fill_side(st, w, -1, err));
    r->level_spacing = n > 1 ? (w->energy[n - 1] - w->energy[0]) / (double)(n - 1) * st->unit : 0.0;
    return QEP_OK;
}

qep_status qep_evolve_start(evolution *st, qep_evolution *r, qep_error *err) {
    levels w = {0};
    const qep_status status = fill(st, &w, r, err);
    qep_free(w.member);
    qep_free(w.number);
    qep_free(w.matrix);
    qep_free(w.energy);
    st->chunks = (st->orbitals + ORBITALS - 1) / ORBITALS;
    return status;
}
