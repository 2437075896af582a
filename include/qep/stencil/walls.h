/* What is known of a field on the faces of its grid: boundary values and the normal derivatives that follow from the equation
 * (docs/numerics.md). A Dirichlet face carries u, d2u/dn2, d4u/dn4, ...; a Neumann face du/dn, d3u/dn3, ...: level 0 is the given
 * value, the higher levels are filled by the solver. Everything that differentiates a field up to its faces takes these. */
#ifndef QEP_STENCIL_WALLS_H
#define QEP_STENCIL_WALLS_H

#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include <stddef.h>

enum { QEP_WALL_LEVELS = 6 };

/* The mathematical kind of a face for one field: natural faces act as Neumann for the part they are solved for. */
typedef enum { QEP_WALL_NONE, QEP_WALL_DIRICHLET, QEP_WALL_NEUMANN } qep_wall_kind;

typedef struct {
    qep_wall_kind kind; /* NONE on periodic and open faces and axes of one sample */
    size_t count;       /* samples of the face: product of the two other axes */
    int homogeneous;    /* 1: every level is zero; the arrays may be NULL */
    double *level[QEP_WALL_LEVELS]; /* [t2, t1] transverse samples, lower axis fastest. Derivatives are along +axis, not along
                                       the outward normal: the caller flips the sign of outward Neumann values on low faces. */
} qep_wall;

typedef struct {
    qep_wall wall[3][2];
} qep_walls;

/* Homogeneous walls of the kinds that the grid's faces have (natural counts as Neumann; open and periodic ones are NONE). No allocation. */
void qep_walls_init(qep_walls *walls, const qep_grid *grid);
/* Allocate all levels of one face, zeroed, and mark it inhomogeneous. */
qep_status qep_walls_allocate(qep_walls *walls, int axis, int side, qep_error *err);
void qep_walls_free(qep_walls *walls);

#endif
