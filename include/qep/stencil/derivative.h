/* The derivatives a user can choose: one row each. fdN uses the N-th order stencil in the Laplacian that is
 * inverted and in the derived fields; spectral uses exact symbols. */
#ifndef QEP_STENCIL_DERIVATIVE_H
#define QEP_STENCIL_DERIVATIVE_H

typedef enum { QEP_FD2, QEP_FD4, QEP_FD6, QEP_FD8, QEP_SPECTRAL, QEP_DERIVATIVE_COUNT } qep_derivative;

typedef struct {
    const char *name;
    int order; /* 2, 4, 6, 8; 0 for spectral */
    const char *doc;
} qep_derivative_row;

const qep_derivative_row *qep_derivative_table(void); /* indexed by qep_derivative */

#endif
