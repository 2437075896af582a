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
/* T = 0: f is a step with one half at e = mu, S and MOTT vanish; the others have no value and are not asked for. */
double bloch_step(double e, double mu);
/* The kernel k with d k/de = -(returned kernel); F, S and MOTT alone have one. */
bloch_kernel bloch_kernel_slope(bloch_kernel k);

#endif
