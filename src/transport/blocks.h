/* Solution by elimination of blocks, and from amplitudes to transmissions: the inside of qep_green_at. */
#ifndef QEP_TRANSPORT_BLOCKS_H
#define QEP_TRANSPORT_BLOCKS_H

#include "green.h"

/* Memory of the blocks, once; a solver with a tree only needs it where the tree would lose digits. */
qep_status qep_blocks_reserve(qep_green *g, qep_error *err);
int qep_blocks_can_stream(const qep_system *system);
/* Complex elements that blocks keep. */
size_t qep_blocks_elements(const qep_system *system, int keeps_all);

/* psi on all sites. */
qep_status qep_blocks_states(qep_green *g, double E, qep_error *err);
/* Amplitudes between two leads alone, with the memory of two blocks. */
qep_status qep_blocks_stream(qep_green *g, double E, qep_error *err);
/* One step of the elimination, for self-energies that are set and after qep_blocks_reserve: d [n_k, n_k] = E - H_kk - Sigma - H G_{k-1} H
 * before inversion; the inverse is kept for the next block. */
int qep_blocks_eliminate(qep_green *g, size_t k, double E, double complex *d);

void qep_amplitudes_from_states(qep_green *g);
/* streamed: only those into the second ranked terminal are there. */
void qep_amplitudes_to_transmission(qep_green *g, int streamed);
/* Squares of the singular values of the amplitudes from the first ranked terminal to the other. Destroys them. */
void qep_amplitudes_to_eigenvalues(qep_green *g);

#endif
