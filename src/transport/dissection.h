/* A conductor cut in two, and its parts again: the order of elimination for a sparse direct solution (nested dissection). */
#ifndef QEP_TRANSPORT_DISSECTION_H
#define QEP_TRANSPORT_DISSECTION_H

#include "qep/base/error.h"
#include <complex.h>
#include <stddef.h>

struct qep_system;
typedef struct qep_system qep_system;

/* Sites eliminated together. Sites are named by their rank, the place in the order of elimination. */
typedef struct {
    size_t first, pivots; /* ranks first .. first + pivots - 1 */
    size_t border,
        borders; /* later sites they are coupled to, by now: tree->border[border ...], ascending ranks */
    size_t child, children; /* fronts whose update it takes: tree->child[child ...] */
    size_t entry, entries;  /* elements of -H: tree->at, tree->value */
} qep_front;

typedef struct {
    size_t fronts;
    qep_front *front; /* children before parents; the last is the root: every site of a terminal */
    size_t *rank;     /* [sites] permuted site -> rank */
    size_t *place;    /* [sites] rank -> permuted site */
    size_t *child;
    size_t *border,
        *slot; /* ranks, and where they are in the front that takes the update: its pivots, then its border */
    size_t *at;             /* row + column * pivots in [F11 F12] */
    double complex *value;  /* -H there */
    int real;               /* H is real: so is everything but the root */
    size_t tallest, widest; /* most pivots of a front but the root, longest border */
    size_t stack,
        kept;    /* elements of all updates that wait at one time, and of all X = F11^-1 F12 */
    double work; /* floating-point operations of one factorisation */
} qep_tree;

/* shape: points of a grid along x, y, z, or zeros. The system must have its terminals in place; the tree borrows nothing. */
qep_status qep_tree_create(qep_tree **tree, const qep_system *system, const size_t *shape,
                           qep_error *err);
void qep_tree_destroy(qep_tree *tree);
/* Is it expected to beat elimination by blocks? */
int qep_tree_is_faster(const qep_tree *tree, const qep_system *system);

static inline const qep_front *qep_tree_root(const qep_tree *tree) {
    return &tree->front[tree->fronts - 1];
}

#endif
