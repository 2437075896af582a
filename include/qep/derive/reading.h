/* The readings of T1-T3 (docs/theory.md, section 1): which of the note's equations is taken at its word. */
#ifndef QEP_DERIVE_READING_H
#define QEP_DERIVE_READING_H

typedef enum {
    QEP_READING_POISSON,     /* phi solves T6                       */
    QEP_READING_FIELD,       /* E = -kappa grad S                   */
    QEP_READING_GRADIENT,    /* phi_i = -kappa d_i S, T1 as written */
    QEP_READING_DIRECTIONAL, /* phi = -kappa n.grad S               */
    QEP_READING_COUNT
} qep_reading;

#endif
