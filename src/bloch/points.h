/* Sets of k with weights: a regular grid of the Brillouin zone, Gauss panels of a ball, or the cells of an adaptive grid. Private to the room. */
#ifndef QEP_BLOCH_POINTS_H
#define QEP_BLOCH_POINTS_H

#include "qep/bloch/model.h"

enum { BLOCH_CELL_NODES = 6 };

typedef struct {
    const qep_bloch_model *model;
    size_t n[3];     /* regular: per reciprocal vector; ball: radius, angle (2-D) or radius, cos(polar angle), azimuth (3-D) */
    double shift[3]; /* in grid steps; of the angle in a ball */
    size_t count;
    double *radius, *radius_weight, *cosine, *cosine_weight; /* of a ball */
    /* refined: centres of cells (fractional) and how often each was halved; every cell holds `nodes` Gauss points per axis */
    double (*cell)[3];
    unsigned char *halved;
    size_t nodes;
    double node[BLOCH_CELL_NODES], node_weight[BLOCH_CELL_NODES]; /* on [-1/2, 1/2]; weights add up to 1 */
} bloch_points;

/* points[dim]; shift[dim] in grid steps. A grid of fewer than two points per axis or too many in all is QEP_ERR_CONFIG under `path`. */
qep_status bloch_points_create(bloch_points *set, const qep_bloch_model *model, const size_t *points, const double *shift, const char *path,
                               qep_error *err);
void bloch_points_destroy(bloch_points *set);
/* k of point i (fractional for a lattice, 1/m for a ball) and its weight in [dk] = d^dk/(2 pi)^d, 1/m^dim. The last axis is fastest. */
double bloch_points_get(const bloch_points *set, size_t i, double k[3]);

/* Gauss-Legendre nodes (ascending) and weights on [-1, 1]. */
void bloch_gauss(size_t n, double *x, double *w);

#endif
