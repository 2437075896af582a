/* Terminals: what a conductor is connected to. Strips (semi-infinite, uniform: analytic transverse modes), periodic leads of any cell
 * (generalised eigenproblem), wide-band contacts; and Buettiker probes, which are wide-band contacts whose occupation follows from the
 * currents. Energies in J. */
#ifndef QEP_TRANSPORT_LEAD_H
#define QEP_TRANSPORT_LEAD_H

#include "qep/transport/hamiltonian.h"

typedef enum { QEP_LEAD_STRIP, QEP_LEAD_PERIODIC, QEP_LEAD_WIDEBAND } qep_lead_kind;
typedef enum { QEP_RESERVOIR, QEP_PROBE_DEPHASING, QEP_PROBE_VOLTAGE, QEP_PROBE_THERMOELECTRIC } qep_terminal_role;

enum { QEP_NO_FACE = -1 };

/* How a terminal is given. Arrays are borrowed until qep_terminal_create returns. */
typedef struct {
    const char *name;
    const char *path; /* JSON path for messages, e.g. "/transport/leads[0]"; NULL: none */
    qep_lead_kind kind;
    qep_terminal_role role;
    int face;               /* 2 axis + side of a grid, or QEP_NO_FACE: the sites below */
    const size_t *sites;    /* sites touched; on a list, or for a wide-band contact */
    size_t site_count;
    const size_t *previous; /* periodic lead on a list: the same sites one cell further in */
    size_t period;          /* periodic lead on a grid: slices per cell; 0 means 1 */
    double gamma;           /* wide band: Sigma = -i gamma/2 on each site, J, >= 0 */
    double hopping;         /* strip on a list: magnitude of the hopping along the lead, J; on a grid it follows from the mass */
    double shift;           /* added to the lead's energies, J: its band follows a bias */
    double mu, temperature; /* J, K */
} qep_terminal_spec;

typedef struct qep_terminal qep_terminal;

/* Build the lead. Fails with QEP_ERR_CONFIG on a face that does not exist or is not a boundary, sites out of range or twice, negative
 * gamma or temperature, zero hopping; with QEP_ERR_PROBLEM when a periodic lead's cell is not repeated in the conductor. */
qep_status qep_terminal_create(qep_terminal **terminal, const qep_hamiltonian *h, const qep_terminal_spec *spec, qep_error *err);
void qep_terminal_destroy(qep_terminal *terminal);

#endif
