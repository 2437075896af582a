/* A conductor with its terminals, ready for scattering problems: sites in blocks of which only neighbours are coupled, so that
 * E - H - Sigma is block tridiagonal. */
#ifndef QEP_TRANSPORT_SYSTEM_H
#define QEP_TRANSPORT_SYSTEM_H

#include "qep/transport/lead.h"

typedef struct qep_system qep_system;

/* Borrows h; takes the specs by value. Fails as qep_terminal_create does, and with QEP_ERR_CONFIG when two leads share a face or there is no
 * terminal. */
qep_status qep_system_create(qep_system **system, const qep_hamiltonian *h, const qep_terminal_spec *specs, size_t count, qep_error *err);
void qep_system_destroy(qep_system *system);

/* Bytes one thread needs for one energy; fields: with site and bond values. */
size_t qep_system_thread_bytes(const qep_system *system, int fields);
/* Lowest and highest energy at which any lead has modes, J (infinite with wide-band contacts). */
qep_status qep_system_band(const qep_system *system, double *bottom, double *top, qep_error *err);
/* Blocks and the size of the largest, for messages. */
void qep_system_blocks(const qep_system *system, size_t *blocks, size_t *largest);

/* Sites that terminal a touches. */
size_t qep_system_terminal_sites(const qep_system *system, size_t a);

/* Transmission at `count` energies (J): out [count, terminals, terminals], [a, b] = Tr[Gamma_a G Gamma_b G^H] for a /= b; on the diagonal
 * open modes - sum_b T_ab of a lead, the trace of a wide-band contact. open [count, terminals] open modes, or NULL. eigenvalues
 * [count, most], or NULL: transmission eigenvalues of two terminals, descending, NaN-padded; most = the smaller number of sites. */
qep_status qep_transmission(const qep_system *system, const double *energies, size_t count, int threads, double *out, size_t *open,
                            double *eigenvalues, qep_error *err);

#endif
