/* Charts of an atlas: a tree of rectangles of (T, mu), each leaf with values in Chebyshev points. Private to the room. */
#ifndef QEP_BLOCH_CHARTS_H
#define QEP_BLOCH_CHARTS_H

#include "qep/base/error.h"
#include <stddef.h>

enum { CHART_NODES = 17, CHART_NONE = -1 }; /* nodes per axis that varies */

/* T is the first axis, mu the second. Where T spans much, everything that belongs to the first axis is the logarithm of T. */
typedef struct {
    double low[2], high[2];
    int parts[2]; /* 1, 1: a leaf; else split into so many equal parts per axis */
    int child;    /* the first of them; the axis mu is fastest */
    int used;     /* some sample lies in it: others have no values */
    size_t value; /* leaf: where its values begin, [columns][nodes of T][nodes of mu] */
} bloch_chart;

typedef struct {
    bloch_chart *chart;
    size_t charts, room;
    size_t nodes[2]; /* CHART_NODES, or 1 along an axis that does not vary */
    double node[CHART_NODES], weight[CHART_NODES]; /* on [-1, 1], and the barycentric weights */
    int logarithmic;
    size_t columns;
    double *value;
    size_t values, value_room;
} bloch_charts;

/* One chart without values that spans both ranges. */
qep_status bloch_charts_create(bloch_charts *charts, const double T[2], const double mu[2], size_t columns, qep_error *err);
void bloch_charts_destroy(bloch_charts *charts);
/* Room for `more` values behind those that are there. */
qep_status bloch_charts_reserve(bloch_charts *charts, size_t more, qep_error *err);
/* Replace a leaf by parts[0] x parts[1] leaves, unused so far. */
qep_status bloch_charts_split(bloch_charts *charts, size_t leaf, const int parts[2], qep_error *err);
/* The leaf that (T, mu) lies in; points outside belong to the nearest one. */
size_t bloch_charts_find(const bloch_charts *charts, double T, double mu);
/* Coordinate of node i along an axis; halves lie between nodes (in the angle of the Chebyshev points). T, not its logarithm. */
double bloch_chart_node(const bloch_charts *charts, size_t leaf, int axis, double i);
/* Interpolate columns [first, first + count) of the leaf. */
void bloch_charts_at(const bloch_charts *charts, size_t leaf, double T, double mu, size_t first, size_t count, double *out);

#endif
