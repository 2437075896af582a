/* The whole (mu, T) scan from one pass over k. States are not binned: each is spread onto the Chebyshev nodes of its energy panel with
 * the weights of polynomial interpolation, so that sums of a kernel over the nodes equal sums over the states to rounding, as long as panels
 * are narrow beside pi kT (docs/bloch.md, section 7). Panels of the next coarser table are made of two, without touching the states again. Private. */
#ifndef QEP_BLOCH_TABLE_H
#define QEP_BLOCH_TABLE_H

#include "bloch/channels.h"
#include "bloch/kernels.h"

enum { TABLE_NODES = 24 };

/* What all tables share. */
typedef struct {
    double node[TABLE_NODES], weight_of_node[TABLE_NODES]; /* Chebyshev points of the first kind, -1 to 1, and their barycentric weights */
    double polynomial[TABLE_NODES][TABLE_NODES];           /* T_m(node j), [j][m] */
    double half[2][TABLE_NODES][TABLE_NODES];              /* [lower, upper half of a panel][node i of the half][node j of the whole]: weights */
} bloch_nodes;
void bloch_nodes_fill(bloch_nodes *nodes);

/* For temperatures in [T, 2T): panels of width pi kT_low over the energies that matter. Edges are multiples of the width, so that tables nest. */
typedef struct {
    double low, width; /* first edge and width of a panel, eV */
    long first;        /* low/width; even, as is the number of panels */
    size_t panels, columns;
    double kT_low;
    double *sum;   /* [panels][TABLE_NODES][columns] */
    double *below; /* [columns]: those states of this table that lie below the next finer one */
    /* set by bloch_table_finish */
    double *panel;  /* [panels][columns]: sums over the nodes */
    double *filled; /* [panels + 1][columns]: all states below a panel, those below the table included */
    double *weight; /* [panels]: largest entry of a panel, each column in units of its own largest */
} bloch_table;

/* Panels that cover [bottom, top] of the bands as far as they are within reach of some mu in [mu_low, mu_high] at kT <= 2 kT_low. */
qep_status bloch_table_create(bloch_table *table, double kT_low, double mu_low, double mu_high, double bottom, double top, size_t columns,
                              qep_error *err);
void bloch_table_destroy(bloch_table *table);
size_t bloch_table_panels(double kT_low, double mu_low, double mu_high, double bottom, double top);

/* Panel of an energy (SIZE_MAX: above all panels, SIZE_MAX - 1: below) and its place in it, -1 to 1. */
size_t bloch_table_locate(const bloch_table *table, double energy, double *x);
/* Weights on the nodes of a panel of a value at x, or of a derivative with respect to the energy. */
void bloch_table_weights(const bloch_nodes *nodes, double x, double weight[TABLE_NODES]);
void bloch_table_slopes(const bloch_table *table, const bloch_nodes *nodes, double x, double weight[TABLE_NODES]);

/* Add the panels of the next finer table to this one. */
void bloch_table_merge(bloch_table *table, const bloch_table *finer, const bloch_nodes *nodes);
/* After the last state and the merge, once. below_all [columns]: states below the whole table. */
void bloch_table_finish(bloch_table *table, const double *below_all);

/* One wanted sum: over all states of kernel times the columns [first, first + count), into [at, at + count) of the results. */
typedef struct {
    bloch_kernel kernel;
    size_t first, count, at;
} bloch_term;
/* Chemical potentials of one temperature that are summed together, lane by lane. */
typedef struct {
    double mu[KERNEL_LANES], kT; /* eV; all lanes set */
    const bloch_term *term;
    size_t terms;
    const bloch_mott *mott;
    double *sum; /* [width][KERNEL_LANES] */
    size_t width;
} bloch_group;
/* `table` is the one of kT, `coarser` the next: far from mu, panels of twice the width do. */
void bloch_table_evaluate(const bloch_table *table, const bloch_table *coarser, const bloch_nodes *nodes, const bloch_group *group);

#endif
