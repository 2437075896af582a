/* What a lead is deep inside: densities of the infinite lead in equilibrium with its reservoir. This is what lies beyond the faces of a
 * conductor when its site fields are continued on a larger grid. */
#ifndef QEP_TRANSPORT_BULK_H
#define QEP_TRANSPORT_BULK_H

#include "qep/base/log.h"
#include "qep/transport/lead.h"

/* Per site of one cell of the lead, spin included: n 1, u J, s J/K. Arrays [count]; qep_lead_bulk_free. */
typedef struct {
    size_t count;
    size_t *site; /* site of the conductor that it repeats; on a face of a grid slice by slice, the outermost last */
    double *n, *u, *s_hs, *s_dist, *s_site;
    double error; /* of the energy integrals, relative to their magnitude */
} qep_lead_bulk;

/* The lead that qep_terminal_create would attach, at its own mu and temperature; strips and periodic leads only (a wide-band contact has no
 * inside: QEP_ERR_INTERNAL). Fails as qep_terminal_create and qep_steady_solve do. */
qep_status qep_lead_bulk_solve(const qep_hamiltonian *h, const qep_terminal_spec *spec, double spin, double tolerance, int threads,
                               qep_lead_bulk *bulk, qep_error *err);
void qep_lead_bulk_free(qep_lead_bulk *bulk);

#endif
