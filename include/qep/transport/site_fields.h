/* Site fields of a conductor as whoever asks for them on a grid sees them: one value per sample, the leads' own inside beyond the conductor. */
#ifndef QEP_TRANSPORT_SITE_FIELDS_H
#define QEP_TRANSPORT_SITE_FIELDS_H

#include <stddef.h>

enum { QEP_SITE_HS, QEP_SITE_DIST, QEP_SITE_SITE, QEP_SITE_ENTROPIES };

typedef struct {
    const char *lack;    /* why there are none ("the Hamiltonian is a list"), or NULL */
    const char *lack_at; /* JSON path of what would have to change */
    int solved;          /* the steady state is there; else `checking`: --check looks at a configuration that is not computed */
    int checking;
    int entropy;         /* QEP_SITE_...: the choice of the section, for those who do not choose */
    size_t count;        /* samples of the grid */
    double *n, *u;       /* [count] per sample: 1, J; spin included */
    double *s[QEP_SITE_ENTROPIES]; /* [count] J/K */
    /* Bounds of what the energy integrals leave open at any sample: their error relative to the sum over all sites, times that sum. */
    double error_n, error_s[QEP_SITE_ENTROPIES];
    /* Largest difference between a face slice and the lead behind it: the step where the two meet. 0 where no sample lies beyond a lead. */
    double step_n, step_s[QEP_SITE_ENTROPIES];
} qep_site_fields;

#endif
