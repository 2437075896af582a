/* Inside of a system: H in units of `unit`, in block order. */
#ifndef QEP_TRANSPORT_SYSTEM_IMPL_H
#define QEP_TRANSPORT_SYSTEM_IMPL_H

#include "qep/transport/system.h"
#include "dissection.h"
#include "terminal.h"

struct qep_system {
    double unit; /* J */
    size_t sites;
    size_t terminals;
    qep_terminal **terminal;
    /* Blocks: permuted sites start[k] .. start[k+1] - 1. */
    size_t blocks, largest;
    size_t *start;
    size_t *order; /* [sites] permuted -> site */
    size_t *place; /* [sites] site -> permuted */
    size_t *block; /* [sites] block of a permuted site */
    /* H in permuted order and units. */
    double *onsite;
    size_t *row, *column;
    double complex *value;
    /* Terminals in permuted order: where[a][i] is the permuted site of its i-th site. */
    size_t **where;
    size_t *first_block; /* [terminals] lowest block a terminal touches */
    qep_tree *tree;      /* fronts, or NULL */
};

/* Levels of the sites such that neighbours, and the sites of one lead, are at most one level apart: fills order, start, blocks, block. */
qep_status qep_layers(qep_system *system, const qep_hamiltonian *h, qep_error *err);

#endif
