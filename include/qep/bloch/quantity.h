/* What can be asked of a Bloch model: one row per quantity, with its unit, and the computation of all that are asked for. */
#ifndef QEP_BLOCH_QUANTITY_H
#define QEP_BLOCH_QUANTITY_H

#include "qep/bloch/sums.h"
#include "qep/base/dimension.h"

typedef enum { QEP_BLOCH_ADIABATIC, QEP_BLOCH_RTA, QEP_BLOCH_HALL, QEP_BLOCH_SCHEMES } qep_bloch_scheme;
const char *qep_bloch_scheme_name(qep_bloch_scheme scheme);

/* What a quantity needs to be given. */
enum {
    QEP_BLOCH_NEEDS_TAU = 1,
    QEP_BLOCH_NEEDS_FIELD = 2,
    QEP_BLOCH_NEEDS_WARM = 4,      /* T > 0 */
    QEP_BLOCH_NEEDS_POSITIONS = 8, /* of the orbitals */
    QEP_BLOCH_NEEDS_LATTICE = 16,  /* no continuum model */
    QEP_BLOCH_NEEDS_2D = 32,
    QEP_BLOCH_NEEDS_FREQUENCY = 64,
};

/* A pass over k has been done; this says what is to be made of it. */
typedef struct {
    double tau;      /* s, 0: none */
    double field[3]; /* V/m */
    double spin_factor;
    qep_bloch_scheme scheme;
    int sea; /* alpha_D from sum s(f) d2e where that was summed: on refined grids, where -f' x cancels to few digits at low T */
    const double *frequency; /* Hz */
    size_t frequencies;
} qep_bloch_settings;

typedef struct {
    const char *name, *symbol, *long_name;
    int rank; /* of the tensor: 0 to 3, each index over dim axes */
    qep_dimension dimension; /* in 3-D; in 2-D times a length */
    int same_in_2d;          /* the unit does not depend on dim */
    unsigned integrals, needs;
    int by_frequency; /* one value per frequency where frequencies are given, else that of frequency 0 */
    int own_shape;    /* no [nT, nmu] table: bands, chern, deviations */
    /* Values [dim^rank] at state s of the pass (T in K) and frequency number w (0: static). */
    void (*value)(const qep_bloch_sums *sums, size_t s, double T, size_t w, int dim, const qep_bloch_settings *settings, double *out);
} qep_bloch_quantity;

const qep_bloch_quantity *qep_bloch_quantities(size_t *count);
const qep_bloch_quantity *qep_bloch_quantity_find(const char *name);
/* Unit in `dim` dimensions. */
qep_dimension qep_bloch_quantity_dimension(const qep_bloch_quantity *row, int dim);

#endif
