/* An atlas while it is built. Private to the room. */
#ifndef QEP_BLOCH_ATLAS_BUILD_H
#define QEP_BLOCH_ATLAS_BUILD_H

#include "qep/bloch/atlas.h"

#include "bloch/charts.h"

enum {
    ATLAS_FEW = 8192,    /* distinct pairs that are computed as they are without a try at charts */
    ATLAS_QUANTITIES = 8 /* of one atlas */
};

/* A pair that was computed as it is; its columns are number `row` of the values. */
typedef struct {
    double T, mu;
    size_t row;
} bloch_atlas_pair;

struct qep_bloch_atlas {
    const qep_bloch_quantity *quantity[ATLAS_QUANTITIES];
    size_t quantities, columns;
    size_t width[ATLAS_QUANTITIES]; /* columns of each */
    bloch_atlas_pair *exact;        /* [pairs], ascending; NULL: charts */
    size_t pairs;
    double *value; /* [pairs][columns] */
    bloch_charts charts;
    double largest[ATLAS_QUANTITIES], error, kgrid;
    size_t points;
};

/* Everything of one construction. */
typedef struct {
    qep_bloch_atlas *atlas;
    const qep_bloch_problem *problem;
    const qep_bloch_samples *samples;
    double tolerance;
    qep_bloch_state_point *state; /* of the pass at hand */
    double *value;                /* [states][columns] */
    size_t states, room;
    size_t *fresh; /* charts without values */
    size_t fresh_count, fresh_room;
    size_t spent;  /* states of all passes so far */
    int too_many;  /* charts need more than the pairs themselves */
} bloch_atlas_builder;

/* atlas_sum.c: one more state for the next pass; b->value [states][columns] of all of them, on the k-grid points[]. */
qep_status bloch_atlas_add_state(bloch_atlas_builder *b, double T, double mu, qep_error *err);
qep_status bloch_atlas_sum(bloch_atlas_builder *b, const size_t *points, qep_error *err);

/* atlas_charts.c: charts until all errors are met, or too_many is set. */
qep_status bloch_atlas_build_charts(bloch_atlas_builder *b, qep_error *err);

#endif
