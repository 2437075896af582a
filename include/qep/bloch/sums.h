/* Integrals over the Brillouin zone: sum over k and bands of (kernel of the energy) times (what the state contributes), for any list of points
 * (mu, T) from one pass over k. Quantities with units are made from these by quantity.h. */
#ifndef QEP_BLOCH_SUMS_H
#define QEP_BLOCH_SUMS_H

#include "qep/base/error.h"
#include "qep/base/log.h"
#include "qep/bloch/model.h"
#include <stddef.h>

/* Values are in eV and m, per m^dim: see the channels and kernels of docs/bloch.md. Comments: kernel, channel [components]. */
typedef enum {
    QEP_BLOCH_N,       /* f [1] */
    QEP_BLOCH_S,       /* s [1] */
    QEP_BLOCH_DOS,     /* -f' [1] */
    QEP_BLOCH_OMEGA_F, /* f Omega [antisymmetric] */
    QEP_BLOCH_OMEGA_S, /* s Omega */
    QEP_BLOCH_OMEGA_N, /* Nernst kernel, Omega */
    QEP_BLOCH_METRIC,  /* f g [symmetric] */
    QEP_BLOCH_G,       /* f G [symmetric] */
    QEP_BLOCH_VV,      /* -f' V V [symmetric] */
    QEP_BLOCH_VV_X,    /* -f' x V V */
    QEP_BLOCH_VV_XX,   /* -f' x^2 V V */
    QEP_BLOCH_VV_S,    /* Nernst kernel on the Fermi-sea form of V V: d2 e [symmetric] */
    QEP_BLOCH_FISHER,  /* kT f'^2/[f(1-f)] V V [symmetric] */
    QEP_BLOCH_SEA,     /* f d2 e [symmetric]: the Drude weight without f' */
    QEP_BLOCH_Z_F,     /* f Z [frequencies][symmetric] */
    QEP_BLOCH_Z_S,     /* s Z */
    QEP_BLOCH_Z_N,     /* Nernst kernel, Z */
    QEP_BLOCH_ZR_F,    /* f Z from the metric, frequency 0 [symmetric] */
    QEP_BLOCH_T1,      /* -f' V_a G_bc [dim][symmetric] */
    QEP_BLOCH_T2,      /* f sum (V_n - V_m)_a R_bc/e^2 [dim][symmetric] */
    QEP_BLOCH_DIPOLE,  /* -f' V_c Omega_ab [antisymmetric][dim] */
    QEP_BLOCH_CUBIC,   /* -f' V_a d_b d_c e [dim][symmetric] */
    QEP_BLOCH_PAIRS,   /* f sum 2 Re V V/e: interband half of the f-sum rule [symmetric] */
    QEP_BLOCH_TRACE,   /* f <d2H> [symmetric] */
    QEP_BLOCH_INTEGRALS
} qep_bloch_integral;

typedef struct {
    double T, mu; /* K, J */
} qep_bloch_state_point;

typedef struct {
    const qep_bloch_model *model;
    const size_t *points; /* [dim] */
    const double *shift;  /* [dim] in grid steps, or NULL */
    const qep_bloch_state_point *state;
    size_t states;
    const double *frequency; /* [frequencies] Hz, may be NULL; frequency 0 always comes first in Z */
    size_t frequencies;
    double tau;      /* s; needed by Z, ZR */
    unsigned wanted; /* bit per integral */
    int refine;      /* levels of adaptive refinement, 0: none */
    int threads;
    int direct; /* 1: never through tables (for tests) */
    const qep_log *log;
    const char *path; /* JSON path of the k-grid, for errors */
} qep_bloch_request;

typedef struct {
    size_t width;                    /* values per state */
    size_t at[QEP_BLOCH_INTEGRALS];  /* where each integral begins */
    double *value;                   /* [states][width] */
    size_t k_points;                 /* summed */
    double lowest, highest;          /* energies met, J */
    double largest_G, largest_G_k[3]; /* m^2/J, and fractional k (1/m for continuum models) */
    double smallest_gap;             /* between neighbouring levels, J; INFINITY: none */
    /* for self-checks, where the channels are summed; 0 with r(R), whose subspace has a curvature of its own */
    double curvature_sum;  /* max over k of |sum of Omega over bands| / sum of what pairs of bands contribute to |Omega| */
    double curvature_size; /* sum over k of the latter */
    double metric_excess;  /* max over k and single bands of a sheet of (|Omega| - tr g)/tr g and (g_xy^2 - g_xx g_yy)/(tr g)^2, not below 0 */
} qep_bloch_sums;

/* Fails with QEP_ERR_CONFIG (k-grid), QEP_ERR_MEMORY, QEP_ERR_INTERRUPTED, QEP_ERR_INTERNAL. The bits of the result do not depend on threads. */
qep_status qep_bloch_sum(qep_bloch_sums *sums, const qep_bloch_request *request, qep_error *err);
void qep_bloch_sums_free(qep_bloch_sums *sums);
/* Bytes that qep_bloch_sum allocates, about. */
size_t qep_bloch_sum_memory(const qep_bloch_request *request);

#endif
