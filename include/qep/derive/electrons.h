/* How Bloch electrons answer to forces at each sample (docs/bloch.md, section 9): the tensors by a function of whoever knows them, the forces as
 * fields. Everything in SI and per volume; all pointers are borrowed. */
#ifndef QEP_DERIVE_ELECTRONS_H
#define QEP_DERIVE_ELECTRONS_H

#include <stddef.h>

typedef enum {
    QEP_ELECTRONS_SIGMA,       /* complete conductivity, S/m */
    QEP_ELECTRONS_ALPHA,       /* complete entropy conductivity, A/(K m) */
    QEP_ELECTRONS_ALPHA_DRUDE, /* its Drude part */
    QEP_ELECTRONS_KAPPA,       /* Drude thermal conductivity at zero field, W/(K m) */
    QEP_ELECTRONS_TENSORS
} qep_electron_tensor;

typedef struct {
    int axes;               /* axes that both the grid and the electrons have: the others carry no force, and a sheet no current along z */
    int dim;                /* axes along which currents exist; may be more than the grid has */
    const double *T;        /* [nz,ny,nx], K, > 0 */
    const double *E[3];     /* [axes] the field that drives, V/m */
    const double *grad_T[3]; /* [axes], K/m; NULL: T is the same everywhere */
    /* Row a of a tensor at sample i, columns 0 .. axes - 1. Called from several threads. */
    void (*row)(const void *user, qep_electron_tensor tensor, int a, size_t i, double out[3]);
    const void *user;
} qep_electrons;

#endif
