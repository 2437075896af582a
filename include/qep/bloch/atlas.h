/* Quantities of a model as functions of (T, mu), from few passes over k: what maps T(r) and mu(r) on a grid need. Few distinct pairs are
 * computed as they are; many are interpolated on an atlas of charts, rectangles of (T, mu) that are split until the error met at points that
 * are no nodes, and at samples of the map itself, is small enough. Where charts would need more nodes than there are pairs, the pairs are
 * computed after all: levels that a coarse k-grid leaves apart make spikes of width k_B T, which nothing interpolates. */
#ifndef QEP_BLOCH_ATLAS_H
#define QEP_BLOCH_ATLAS_H

#include "qep/bloch/compute.h"

typedef struct qep_bloch_atlas qep_bloch_atlas;

/* The pairs that will be asked for: sample i of `count`; 0 where there is none. T > 0 in K, mu in J. */
typedef struct {
    size_t count;
    int (*sample)(const void *user, size_t i, double *T, double *mu);
    const void *user;
} qep_bloch_samples;

/* Values of quantity[quantities] (those with a `value` function), one after the other, tensors row by row: the columns. Each quantity is met to
 * `tolerance` of its largest component anywhere on the atlas. Uses model, k-grid, refinement, static settings, threads and log of the problem.
 * QEP_ERR_UNCONVERGED when that would take more than a million nodes and more than a million distinct pairs. */
qep_status qep_bloch_atlas_create(qep_bloch_atlas **atlas, const qep_bloch_problem *problem, const qep_bloch_quantity *const *quantity, size_t quantities,
                                  const qep_bloch_samples *samples, double tolerance, qep_error *err);
/* Columns [first, first + count) at one of the pairs, SI per m^dim, into out; 0 for T <= 0. Safe to call from several threads. */
void qep_bloch_atlas_at(const qep_bloch_atlas *atlas, double T, double mu, size_t first, size_t count, double *out);
/* Largest error met, relative to the largest component of the quantity; 0 where the pairs were computed as they are. */
double qep_bloch_atlas_error(const qep_bloch_atlas *atlas);
/* Largest difference from the same on half as many k-points per axis, at up to 24 samples, relative likewise; 0 without `convergence`. */
double qep_bloch_atlas_kgrid(const qep_bloch_atlas *atlas);
/* Pairs (T, mu) that were summed over k and are kept. */
size_t qep_bloch_atlas_points(const qep_bloch_atlas *atlas);
/* Bytes that an atlas of `columns` columns for `samples` samples may hold, about. */
size_t qep_bloch_atlas_memory(size_t columns, size_t samples);
void qep_bloch_atlas_destroy(qep_bloch_atlas *atlas);

#endif
