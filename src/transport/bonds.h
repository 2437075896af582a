/* Bonds on their way into the rows of a Hamiltonian. */
#ifndef QEP_TRANSPORT_BONDS_H
#define QEP_TRANSPORT_BONDS_H

#include "qep/transport/hamiltonian.h"

typedef struct {
    size_t row, column;
    size_t origin; /* number in the user's list */
    int partner;   /* 1: the Hermitian partner of what was given */
    int add;       /* 1: equal entries add (two bonds between the same sites of a short periodic axis) */
    double complex value;
} qep_bond_entry;

/* Sort the entries and make the compressed rows of h (count set; row, column, value empty). */
qep_status qep_bonds_to_rows(qep_hamiltonian *h, qep_bond_entry *entries, size_t count, qep_error *err);

#endif
