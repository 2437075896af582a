/* Inside of a terminal. Everything is in units of the system's energy scale `unit`, so that squares of energies stay near 1. */
#ifndef QEP_TRANSPORT_TERMINAL_H
#define QEP_TRANSPORT_TERMINAL_H

#include "qep/transport/lead.h"

struct qep_terminal {
    char *name;
    qep_lead_kind kind;
    qep_terminal_role role;
    int analytic;             /* hopping -t times the identity: modes do not depend on the energy */
    size_t count;             /* sites touched */
    size_t *site;             /* [count] */
    double *onsite;           /* strip, periodic: [count] onsite energies of the lead's own cell, its shift included, J */
    double unit;              /* J */
    double t;                 /* analytic: hopping magnitude */
    double *level;            /* analytic: [count] transverse energies, the centres of the subbands */
    double complex *mode;     /* analytic: [count, count] transverse modes as columns */
    double complex *cell;     /* periodic: [count, count] H of a cell */
    double complex *outward;  /* periodic: [count, count] H[cell m, cell m + 1], outward from the conductor */
    double gamma;             /* wide band */
    double mu, kT;            /* in units */
};

/* Scratch of one thread for one terminal's self-energy. */
typedef struct {
    size_t count;
    double complex *sigma;  /* [count, count], or the diagonal alone for wide-band contacts */
    double complex *factor; /* [count, open]: Gamma = factor factor^H, only open modes */
    size_t open;
    double complex *work;
    double *values;
    int *pivots;
} qep_self_energy;

qep_status qep_self_energy_init(qep_self_energy *s, const qep_terminal *terminal, qep_error *err);
void qep_self_energy_free(qep_self_energy *s);
/* Sigma(E) and the factor of Gamma(E), E in units. Returns 0, or nonzero when the modes could not be found. */
int qep_self_energy_at(qep_self_energy *s, const qep_terminal *terminal, double E);

/* Modes of a periodic lead: sigma, factor and open of s. */
int qep_periodic_self_energy(qep_self_energy *s, const qep_terminal *terminal, double E);
size_t qep_periodic_work(size_t count);

/* Energies (units) where a mode opens or closes, within [low, high]; *edges is appended to (grown with realloc rules of qep_edges). */
typedef struct {
    double *value;
    size_t count, capacity;
} qep_edges;
qep_status qep_edges_add(qep_edges *edges, double value, qep_error *err);
void qep_edges_free(qep_edges *edges);
qep_status qep_terminal_edges(const qep_terminal *terminal, double low, double high, qep_edges *edges, qep_error *err);
/* Lowest and highest energy of the lead's bands (units); infinite for wide-band contacts. */
qep_status qep_terminal_band(const qep_terminal *terminal, double *bottom, double *top, qep_error *err);

/* Hopping across a face between two masses, J. */
double qep_grid_hopping(double mass_a, double mass_b, double spacing);

#endif
