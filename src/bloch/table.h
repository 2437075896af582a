/* The whole (mu, T) scan from one pass over k. States are not binned: each is spread onto the Chebyshev nodes of its energy panel with
 * the weights of polynomial interpolation, so that sums of a kernel over the nodes equal sums over the states to rounding, as long as panels
 * are narrow beside pi kT (docs/bloch.md, "Scans"). Private to the room. */
#ifndef QEP_BLOCH_TABLE_H
#define QEP_BLOCH_TABLE_H

#include "bloch/channels.h"
#include "bloch/kernels.h"

enum { TABLE_NODES = 24 };

/* For temperatures in [T, 2T): panels of width pi kT_low over the energies that matter. */
typedef struct {
    double low, width; /* first edge and width of a panel, eV */
    size_t panels, columns;
    double kT_low;
    double node[TABLE_NODES], weight_of_node[TABLE_NODES];    /* Chebyshev points of the first kind, -1 to 1, and their barycentric weights */
    double polynomial[TABLE_NODES][TABLE_NODES];              /* T_m(node j), [j][m] */
    double *sum;    /* [panels][TABLE_NODES][columns] */
    double *weight; /* [panels]: largest entry of a panel, each column in units of its own largest; set by bloch_table_finish */
    double *filled; /* [columns]: states below all panels, where f = 1 and every other kernel vanishes */
} bloch_table;

/* Panels that cover [bottom, top] of the bands as far as they are within reach of some mu in [mu_low, mu_high] at kT <= 2 kT_low. */
qep_status bloch_table_create(bloch_table *table, double kT_low, double mu_low, double mu_high, double bottom, double top, size_t columns,
                              qep_error *err);
void bloch_table_destroy(bloch_table *table);
size_t bloch_table_panels(double kT_low, double mu_low, double mu_high, double bottom, double top);

/* Where an energy lies (SIZE_MAX: above all panels, SIZE_MAX - 1: below) and its weights on the nodes; slope: of the derivative. */
size_t bloch_table_weights(const bloch_table *table, double energy, double weight[TABLE_NODES]);
size_t bloch_table_slopes(const bloch_table *table, double energy, double weight[TABLE_NODES]);

/* After the last state, once. */
void bloch_table_finish(bloch_table *table);
/* One wanted sum: over all states of kernel times the columns [first, first + count), into out[count]. */
typedef struct {
    bloch_kernel kernel;
    size_t first, count;
    double *out;
} bloch_term;
void bloch_table_evaluate(const bloch_table *table, double mu, double kT, const bloch_term *terms, size_t count);

#endif
