/* Sums of kernels over the nodes of a table, for several chemical potentials of one temperature at once. Near mu the panels of the table itself are
 * taken; beyond `far` the kernels are exponentials, for which panels of twice the width do (error (pi/2)^24/24! = 1e-19). What is farther than anything
 * that matters is left out, however small the whole sum is. */
#include "bloch/table.h"

#include "qep/base/simd.h"
#include <math.h>
#include <string.h>

static const double reach = 60.0, far = 8.0;  /* in k_B T */
static const double negligible = 1e-17; /* of the panel that matters most */

/* All kernels on the nodes of a panel. */
typedef double panel_values[TABLE_NODES][KERNEL_COUNT][KERNEL_LANES];

QEP_VARIANTS static void add_values(const double *rows, size_t columns, panel_values value, const bloch_group *g) {
    for (size_t i = 0; i < g->terms; i++) {
        const bloch_term *term = &g->term[i];
        for (size_t c = 0; c < term->count; c++) {
            double *sum = g->sum + (term->at + c) * KERNEL_LANES, part[KERNEL_LANES] = {0};
            for (size_t j = 0; j < TABLE_NODES; j++) {
                const double x = rows[j * columns + term->first + c];
                for (size_t l = 0; l < KERNEL_LANES; l++) {
                    part[l] += x * value[j][term->kernel][l];
                }
            }
            for (size_t l = 0; l < KERNEL_LANES; l++) {
                sum[l] += part[l];
            }
        }
    }
}

static void add_panel(const bloch_table *t, size_t panel, const bloch_nodes *nodes, unsigned mask, const bloch_group *g) {
    panel_values value;
    for (size_t j = 0; j < TABLE_NODES; j++) {
        const double energy = t->low + t->width * ((double)panel + 0.5 * (nodes->node[j] + 1.0));
        bloch_kernels_many(energy, g->mu, g->kT, mask, g->mott, value[j]);
    }
    add_values(t->sum + panel * TABLE_NODES * t->columns, t->columns, value, g);
}

/* f = 1: columns of the terms that have it, in one lane. */
static void add_filled(const double *row, const bloch_group *g, size_t lane) {
    for (size_t i = 0; i < g->terms; i++) {
        for (size_t c = 0; g->term[i].kernel == KERNEL_F && c < g->term[i].count; c++) {
            g->sum[(g->term[i].at + c) * KERNEL_LANES + lane] += row[g->term[i].first + c];
        }
    }
}

/* Distance of a panel from mu in k_B T. */
static double distance(const bloch_table *t, size_t panel, double mu, double kT) {
    const double low = t->low + t->width * (double)panel, high = low + t->width;
    return mu < low ? (low - mu) / kT : mu > high ? (mu - high) / kT : 0.0;
}

/* What a panel can contribute at most: its weight times the kernel that falls slowest, at its edge next to mu. */
static double relevance(const bloch_table *t, size_t panel, double mu, double kT) {
    const double x = distance(t, panel, mu, kT);
    return t->weight[panel] > 0.0 && x < reach ? t->weight[panel] * exp(-x) * (1.0 + x) : 0.0;
}

/* Panels of the coarser table that can matter, clipped to what the table itself covers. */
typedef struct {
    size_t begin, end, first; /* first: the panel where the finer table begins */
} window;

static size_t clip(double value, size_t low, size_t high) {
    return value <= (double)low ? low : value >= (double)high ? high : (size_t)value;
}

static window window_of(const bloch_table *t, const bloch_table *coarser, const bloch_group *g) {
    double low = INFINITY, high = -INFINITY;
    for (size_t l = 0; l < KERNEL_LANES; l++) {
        low = fmin(low, g->mu[l]);
        high = fmax(high, g->mu[l]);
    }
    window w = {.first = (size_t)(t->first / 2 - coarser->first)};
    const size_t last = w.first + t->panels / 2;
    w.begin = clip(floor((low - reach * g->kT - coarser->low) / coarser->width), w.first, last);
    w.end = clip(ceil((high + reach * g->kT - coarser->low) / coarser->width), w.begin, last);
    return w;
}

static void add_window(const bloch_table *t, const bloch_table *coarser, const bloch_nodes *nodes, unsigned mask, const bloch_group *g, window w) {
    double largest[KERNEL_LANES] = {0};
    for (size_t p = w.begin; p < w.end; p++) {
        for (size_t l = 0; l < KERNEL_LANES; l++) {
            largest[l] = fmax(largest[l], relevance(coarser, p, g->mu[l], g->kT));
        }
    }
    for (size_t p = w.begin; p < w.end; p++) {
        double nearest = INFINITY;
        int matters = 0;
        for (size_t l = 0; l < KERNEL_LANES; l++) {
            nearest = fmin(nearest, distance(coarser, p, g->mu[l], g->kT));
            matters = matters || relevance(coarser, p, g->mu[l], g->kT) > negligible * largest[l];
        }
        if (matters && nearest >= far) {
            add_panel(coarser, p, nodes, mask, g);
        } else if (matters) {
            add_panel(t, 2 * (p - w.first), nodes, mask, g);
            add_panel(t, 2 * (p - w.first) + 1, nodes, mask, g);
        }
        for (size_t l = 0; l < KERNEL_LANES && !matters; l++) {
            if (coarser->low + coarser->width * (double)(p + 1) <= g->mu[l]) {
                add_filled(coarser->panel + p * coarser->columns, g, l);
            }
        }
    }
}

void bloch_table_evaluate(const bloch_table *t, const bloch_table *coarser, const bloch_nodes *nodes, const bloch_group *g) {
    unsigned mask = 0;
    const window w = window_of(t, coarser, g);
    memset(g->sum, 0, g->width * KERNEL_LANES * sizeof *g->sum);
    for (size_t i = 0; i < g->terms; i++) {
        mask |= 1u << g->term[i].kernel;
    }
    for (size_t l = 0; l < KERNEL_LANES; l++) {
        add_filled(t->filled + 2 * (w.begin - w.first) * t->columns, g, l);
    }
    add_window(t, coarser, nodes, mask, g, w);
}
