/* Maps over the Brillouin zone: what belongs to each band (energy, curvature, metric), and the integrand of any quantity, on the regular k-grid. */
#ifndef QEP_BLOCH_MAPS_H
#define QEP_BLOCH_MAPS_H

#include "qep/bloch/quantity.h"

typedef struct qep_bloch_problem qep_bloch_problem;

/* What a band has at each k. kind: how many components, and which channel they come from (maps.c). */
typedef struct {
    const char *name, *symbol, *long_name;
    qep_dimension dimension;
    int kind;
} qep_bloch_band_map;
const qep_bloch_band_map *qep_bloch_band_maps(size_t *count);
const qep_bloch_band_map *qep_bloch_band_map_find(const char *name);

/* One that is asked for: either of the two. The integrand of a quantity is at the first temperature, chemical potential and frequency; its mean over
 * the k-grid, divided by the cell, is the quantity. Quantities of rank 0 and 2 that are integrals have one. */
typedef struct {
    const qep_bloch_band_map *band;
    const qep_bloch_quantity *quantity;
} qep_bloch_map_request;
int qep_bloch_has_map(const qep_bloch_quantity *quantity);

/* A finished map; value [N_dim, ..., N_1], the first reciprocal vector fastest, SI. Point i of axis d is at k = (i + shift_d)/N_d b_d. */
typedef struct {
    char name[80], symbol[64], long_name[200];
    qep_dimension dimension;
    const double *value;
} qep_bloch_map;
typedef qep_status (*qep_bloch_put_map)(void *user, const qep_bloch_map *map, qep_error *err);

/* All maps of the problem, one after the other, with the Cartesian components of k where the reciprocal vectors do not lie along x, y, z. */
qep_status qep_bloch_compute_maps(const qep_bloch_problem *problem, qep_bloch_put_map put, void *user, qep_error *err);
/* Bytes that it holds. */
size_t qep_bloch_maps_memory(const qep_bloch_problem *problem);
/* Whether the reciprocal vectors lie along x, y, z. */
int qep_bloch_is_orthogonal(const qep_bloch_model *model);

#endif
