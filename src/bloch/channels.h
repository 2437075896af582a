/* Channels: what a state contributes, to be weighted by kernels. One row of components per state; pairs of states that nearly touch
 * give rows of their own. Private to the room. */
#ifndef QEP_BLOCH_CHANNELS_H
#define QEP_BLOCH_CHANNELS_H

#include "bloch/states.h"

/* Those up to CHANNEL_LAST_DIFFERENCE are sums over pairs n, m antisymmetric in them: they enter as (w_n - w_m) times something finite, and
 * nearly degenerate pairs are kept as pairs. */
typedef enum {
    CHANNEL_OMEGA,  /* Berry curvature, m^2 [antisymmetric pairs] */
    CHANNEL_G,      /* band-normalised metric 2 sum R/e_nm, m^2/eV [symmetric] */
    CHANNEL_Z,      /* -sum Re(V V) L/e_nm per frequency (0 first), eV m^2 [frequencies][symmetric] */
    CHANNEL_ZR,     /* -sum R e_nm L, eV m^2: the metric form of Z at frequency 0 [symmetric] */
    CHANNEL_T2,     /* sum (V_n - V_m) R/e_nm^2, m^3/eV [dim][symmetric] */
    CHANNEL_SUM,    /* -2 sum Re(V V)/e_nm, without L: the interband half of the f-sum rule, eV m^2 [symmetric] */
    CHANNEL_ONE,    /* 1 */
    CHANNEL_METRIC, /* quantum metric, m^2 [symmetric] */
    CHANNEL_VV,     /* V_a V_b, with the partners of a degenerate state, eV^2 m^2 [symmetric] */
    CHANNEL_VG,     /* V_a G_bc, m^3 [dim][symmetric] */
    CHANNEL_VOMEGA, /* V_c Omega_ab, eV m^3 [pairs][dim] */
    CHANNEL_M,      /* d2 e/dk_a dk_b, eV m^2 [symmetric] */
    CHANNEL_VM,     /* V_a d2 e/dk_b dk_c, eV^2 m^3 [dim][symmetric] */
    CHANNEL_TRACE,  /* <n| d2 H/dk_a dk_b |n>, eV m^2: the other half of the f-sum rule [symmetric] */
    CHANNEL_COUNT
} bloch_channel;
enum { CHANNEL_LAST_DIFFERENCE = CHANNEL_SUM };

/* Energies closer than this are one level, eV. */
#define BLOCH_DEGENERATE 1e-7

typedef struct {
    int dim;
    size_t frequencies;      /* of CHANNEL_Z; the first is 0 */
    const double *omega;     /* [frequencies] hbar omega, eV */
    double rate;             /* hbar/tau, eV */
    double near;             /* pairs closer than this are kept as pairs, eV */
    unsigned mask;           /* channels wanted */
    size_t at[CHANNEL_COUNT + 1]; /* first component of each; the end */
    size_t differences;      /* components of difference channels */
} bloch_layout;

/* Fill `at` and `differences` from the mask. */
void bloch_layout_set(bloch_layout *layout);
/* 1 when second derivatives of H are needed. */
int bloch_layout_second(const bloch_layout *layout);

/* Rows of one k. */
typedef struct {
    double *state;       /* [n][at[CHANNEL_COUNT]] */
    double *pair;        /* [n (n-1)/2][differences]: times (w_upper - w_lower) */
    double (*span)[2];   /* [n (n-1)/2] lower and upper energy of each, eV */
    size_t pairs;
    double largest_G;    /* max |G| component, m^2/eV */
    double smallest_gap; /* between neighbouring levels that are not degenerate, eV; INFINITY: none */
    double curvature_sum, curvature_size, metric_excess; /* see qep_bloch_sums */
} bloch_rows;

qep_status bloch_rows_create(bloch_rows *rows, const bloch_layout *layout, size_t n, qep_error *err);
void bloch_rows_destroy(bloch_rows *rows);
/* Curvature [antisymmetric] and G [symmetric] of state n with the pairs that are kept as pairs put back; 0 for channels that the layout lacks. */
void bloch_rows_whole(const bloch_rows *rows, const bloch_layout *layout, const bloch_states *states, size_t n, double curvature[3], double G[6]);
/* V of the level that state n belongs to, eV m: the mean over its states. */
double bloch_level_velocity(const bloch_states *states, size_t n, int axis);
void bloch_rows_fill(bloch_rows *rows, const bloch_layout *layout, const bloch_states *states);

#endif
