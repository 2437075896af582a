/* Energy panels for a system and its reservoirs. */
#ifndef QEP_TRANSPORT_MESH_H
#define QEP_TRANSPORT_MESH_H

#include "integrate.h"
#include "system.h"

/* Panels over everything the reservoirs' windows need, mu and kT [sets, terminals] in units (NaN: no reservoir, skipped); full_sea: from the
 * lowest band bottom (or -infinity with wide-band contacts) instead. Break points: every mu and its thermal shells, every band edge of every
 * lead, resonances of small systems. */
qep_status qep_mesh(const qep_system *system, size_t sets, const double *mu, const double *kT, int full_sea, qep_panels *panels, qep_error *err);

/* The same for `count` pairs of mu and kT that need not belong to terminals. */
qep_status qep_mesh_of(const qep_system *system, size_t count, const double *mu, const double *kT, int full_sea, qep_panels *panels,
                       qep_error *err);

/* Breaks around the poles of G of small systems whose width is below the panels'. */
qep_status qep_add_resonances(const qep_system *system, double low, double high, qep_breaks *breaks, qep_error *err);

#endif
