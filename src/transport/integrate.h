/* Integrals over energy: panels that break where the integrand does, nested rules on each, bisection until every group of values reaches its
 * tolerance. */
#ifndef QEP_TRANSPORT_INTEGRATE_H
#define QEP_TRANSPORT_INTEGRATE_H

#include "qep/base/error.h"
#include "qep/base/log.h"
#include <stddef.h>

typedef enum {
    QEP_MAP_LINEAR,
    QEP_MAP_EDGES, /* E = middle - half width cos(pi u): removes (E - edge)^(+-1/2) at either end (the sin^2 map) */
    QEP_MAP_TAIL /* E = high - (high - low) (1 - u)/u, u from 0 to 1: from -infinity to high; low sets the scale */
} qep_map;

/* Part u0 <= u <= u1 of the mapped interval. */
typedef struct {
    double low, high, u0, u1;
    qep_map map;
    int depth;
} qep_panel;

/* What a break point is. Soft ones (thermal shells, resonances) are dropped where panels are narrow enough. */
typedef enum { QEP_BREAK_SOFT, QEP_BREAK_HARD, QEP_BREAK_EDGE } qep_break_kind;
typedef struct {
    double energy, width;
    qep_break_kind kind;
} qep_break;

typedef struct {
    qep_break *item;
    size_t count, capacity;
} qep_breaks;
qep_status qep_breaks_add(qep_breaks *breaks, double energy, double width, qep_break_kind kind,
                          qep_error *err);
/* mu at T = 0, else mu +- {5, 12, 24, 40} kT. */
qep_status qep_breaks_add_thermal(qep_breaks *breaks, double mu, double kT, qep_error *err);
void qep_breaks_free(qep_breaks *breaks);

typedef struct {
    qep_panel *item;
    size_t count;
} qep_panels;
/* Panels from low to high, no wider than `cap`; sorts the breaks. tail: a panel down to -infinity before them. */
qep_status qep_panels_make(qep_panels *panels, qep_breaks *breaks, double low, double high,
                           double cap, int tail, qep_error *err);
void qep_panels_free(qep_panels *panels);

typedef struct {
    size_t values; /* length of the integrand */
    size_t
        groups; /* values begin[g] .. begin[g+1] - 1 share one error: sum |differences of two rules| against tolerance * sum |integral| */
    const size_t *begin; /* [groups + 1] */
    qep_status (*evaluate)(void *context, int thread, double E, double *out, qep_error *err);
    void *context;
    double tolerance;
    int threads;
    const qep_log *log;
} qep_integrand;

typedef struct {
    double *integral;  /* [values] */
    double *error;     /* [groups] sum of the error estimates */
    double *magnitude; /* [groups] sum over panels of int |integrand| */
    size_t evaluations;
    size_t panels;
    size_t limited; /* panels accepted because they could not be divided any more */
} qep_integral;
/* Allocates the arrays; qep_integral_free. The result has the same bits for any number of threads. */
qep_status qep_integrate(const qep_integrand *f, const qep_panels *panels, qep_integral *result,
                         qep_error *err);
void qep_integral_free(qep_integral *result);

enum { QEP_LEVELS = 5 };
/* Nodes of the nested rules 0 .. QEP_LEVELS - 1: 3, 7, 15, 31, 63. */
int qep_rule_nodes(int level);
/* Energy of a node of a panel, and its weight in every rule (dE included); the first nodes are those of the smaller rules, 0 the middle. */
double qep_panel_node(const qep_panel *panel, int node, double weight[QEP_LEVELS]);

#endif
