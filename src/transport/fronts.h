/* One scattering problem by the sparse direct way: elimination along a tree of fronts, right sides at the root only. Thread-private. */
#ifndef QEP_TRANSPORT_FRONTS_H
#define QEP_TRANSPORT_FRONTS_H

#include "dissection.h"

/* What became of a front at this energy. */
typedef struct {
    size_t late, late_first; /* unknowns it handed on: rows of psi behind the sites */
    size_t update;           /* on the stack */
    size_t x;                /* X [pivots + late ones taken, border + late] */
} qep_front_state;

typedef struct {
    const qep_tree *tree;
    size_t size;            /* bytes of an element: double or double complex, as the tree is */
    qep_front_state *state; /* [fronts] */
    char *panel, *factor,
        *work;     /* [F11 F12] of a front, F11 factored or its eigenvectors, F11's share of F12 */
    char *update;  /* F22 */
    double *level; /* eigenvalues of F11 */
    char *stack,
        *x; /* updates waiting for their parents; X of all fronts, or of one when nothing is kept */
    size_t stack_capacity, x_capacity;
    size_t *slot; /* of the update of a child */
    int *pivots;
    size_t late;          /* unknowns handed on by all fronts */
    size_t root_size;     /* sites of the terminals and late unknowns */
    double complex *root; /* [root_size, root_size] the whole problem seen by them */
    double *gathered, *solved;
    size_t gathered_capacity;
    int keeps;
} qep_fronts;

/* Late unknowns that one front may take over. */
enum { QEP_MOST_LATE = 24 };

/* keeps: X of every front, so that qep_fronts_spread can follow. */
qep_status qep_fronts_init(qep_fronts *f, const qep_tree *tree, int keeps, qep_error *err);
void qep_fronts_free(qep_fronts *f);
size_t qep_fronts_bytes(const qep_tree *tree, int keeps);

/* root = (E - H)_rr - H_ri (E - H)_ii^-1 H_ir, without self-energies: first the sites of the terminals, then late unknowns. Returns nonzero
 * where more of those come than there is room for. */
int qep_fronts_eliminate(qep_fronts *f, double E, const double *onsite);
/* psi [sites by rank, then late unknowns; columns] from root [root_size, columns]: psi_i = -X psi_border. */
qep_status qep_fronts_spread(qep_fronts *f, const double complex *root, double complex *psi,
                             size_t columns, qep_error *err);

#endif
