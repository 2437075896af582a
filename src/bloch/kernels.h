/* What a state of energy e counts for at (T, mu): the kernels of docs/bloch.md, none of which is formed from a rounded f. Private. */
#ifndef QEP_BLOCH_KERNELS_H
#define QEP_BLOCH_KERNELS_H

#include <stddef.h>

/* Units: F, S, MOTT are numbers (S and MOTT in k_B), the others 1/eV. */
typedef enum {
    KERNEL_F,      /* occupation f */
    KERNEL_S,      /* entropy s(f)/k_B */
    KERNEL_DF,     /* -df/de */
    KERNEL_XDF,    /* x (-df/de) = ds/de with the sign of a hole: -(ds/de)/k_B */
    KERNEL_XXDF,   /* x^2 (-df/de): what heat conduction weighs with */
    KERNEL_MOTT,   /* integral of (-df/de') (e' - mu)/kT over e' > e, by quadrature: the anomalous Nernst kernel, equal to S by theorem */
    KERNEL_FISHER, /* kT (df/de)^2 / [f (1 - f)], formed as written */
    KERNEL_COUNT
} bloch_kernel;

/* Values of all kernels whose bit is in `mask` at energy e (eV) for kT > 0 (eV). */
void bloch_kernels(double e, double mu, double kT, unsigned mask, double value[KERNEL_COUNT]);
/* The same for several chemical potentials at once, whose loops are vectorised; exp and log1p are polynomials, good to a few units in the last place up
 * to 700 k_B T from mu. The Mott integral is interpolated between values of the quadrature. */
enum { KERNEL_LANES = 8, MOTT_PANELS = 64, MOTT_TERMS = 16 };
typedef struct {
    double term[MOTT_PANELS][MOTT_TERMS]; /* of exp(|x|) times the integral on |x| = i .. i + 1, in powers of 2 (|x| - i) - 1 */
} bloch_mott;
void bloch_mott_fill(bloch_mott *mott);
void bloch_kernels_many(double energy, const double mu[KERNEL_LANES], double kT, unsigned mask, const bloch_mott *mott,
                        double value[KERNEL_COUNT][KERNEL_LANES]);
/* T = 0: f is a step with one half at e = mu, S and MOTT vanish; the others have no value and are not asked for. */
double bloch_step(double e, double mu);
/* The kernel k with d k/de = -(returned kernel); F, S and MOTT alone have one. */
bloch_kernel bloch_kernel_slope(bloch_kernel k);

#endif
