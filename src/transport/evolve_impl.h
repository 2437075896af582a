/* Shared by the files evolve*.c: the orbitals of a driven closed system and the books kept about them. Energies are in units of the largest
 * hopping, times in hbar over it. */
#ifndef QEP_TRANSPORT_EVOLVE_IMPL_H
#define QEP_TRANSPORT_EVOLVE_IMPL_H

#include "band_solver.h"
#include "qep/transport/evolve.h"

enum { ORBITALS = 16 }; /* of a chunk */
/* Sums over the orbitals: n, s, e of every site, then flow of n, s, e over every bond at mid-step. */
enum { SITE_SUMS = 3, BOND_SUMS = 3 };

typedef struct {
    const qep_hamiltonian *h;
    const qep_drive *drive;
    double unit, tau, dt; /* J; dt/2 and dt in hbar/unit */
    double *onsite;       /* [sites] of H at the time in hand */
    double *last, *added; /* [driven]: onsite energies at the time before; J */
    unsigned char *moved; /* [sites]: onsite energy changed since it was cleared */
    qep_band band;
    size_t orbitals, chunks, bonds;
    size_t *bond_i, *bond_j; /* i < j */
    double complex *bond_h;  /* H[i][j] */
    double *f, *s;           /* [chunks * ORBITALS] */
    double *psi, *mid, *chi; /* [chunks, sites, 2, ORBITALS]: real and imaginary parts, permuted sites */
    double *partial;         /* [chunks, sums] */
    double *sums;            /* [sums] */
    size_t sum_count;
} evolution;

typedef struct {
    double *now, *before, *first, *flow; /* [3, sites] x 3, [3, bonds] */
    double worst[3], size[3];
    double work; /* of the forces on the driven sites */
} ledger;

/* evolve_echo.c: QEP_ERR_CONFIG where the end lies behind the echo, unless forced. */
qep_status qep_evolve_judge_echo(const qep_hamiltonian *h, const qep_drive *drive, qep_evolution *r, qep_error *err);

/* evolve_start.c: orbitals of H at the time in hand, occupied as the drive says. */
qep_status qep_evolve_start(evolution *st, qep_evolution *r, qep_error *err);

/* evolve_step.c: onsite energies at time t; n, s, e of every site into sums; one step, with the flows over the bonds into sums. */
qep_status qep_evolve_set_time(evolution *st, double t, qep_error *err);
void qep_evolve_measure(evolution *st);
void qep_evolve_step(evolution *st);

/* evolve_books.c: continuity of the step from `before` to `now`; work since the last change of the onsite energies; flow of one quantity into
 * the region; the numbers at the end, QEP_ERR_INTERNAL where an identity fails. */
void qep_evolve_check(const evolution *st, ledger *l);
void qep_evolve_add_work(const evolution *st, ledger *l);
double qep_evolve_inflow(const evolution *st, const double *flow);
qep_status qep_evolve_finish(const evolution *st, const ledger *l, qep_evolution *r, qep_error *err);

#endif
