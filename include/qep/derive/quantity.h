/* Quantities a run can write: one row each, found by name in output.fields, the writer, the docs and --list quantities. */
#ifndef QEP_DERIVE_QUANTITY_H
#define QEP_DERIVE_QUANTITY_H

#include "qep/base/dimension.h"
#include "qep/derive/solution.h"
#include <stddef.h>

/* What a quantity needs before it means anything; bits of qep_quantity_row.needs. */
enum {
    QEP_NEEDS_ENTROPY = 1,      /* "entropy" in the configuration */
    QEP_NEEDS_PHI_RHO = 2,      /* the charge part is computed for it */
    QEP_NEEDS_PHI_S = 4,        /* the entropic part is computed for it */
    QEP_NEEDS_CONDUCTIVITY = 8, /* sigma is evaluated for it */
    QEP_NEEDS_SOURCE = 16,      /* the right-hand side is kept for it */
    QEP_NEEDS_FRAMES = 32,      /* at least two frames */
    QEP_NEEDS_POTENTIAL =
        64, /* a potential exists: not with a kappa profile in "field" and "directional" */
    QEP_NEEDS_ENTROPY_CURRENT = 128, /* "entropy_current", or a source that knows it */
    QEP_NEEDS_CONDUCTION = 256,      /* V is solved for it */
    QEP_NEEDS_RESPONSE = 512         /* of the electrons of the source "bloch" to the solved field */
};

typedef struct {
    const char *name; /* as in output.fields and the file */
    const char *symbol;
    const char *long_name;
    const char *equation; /* number in docs/theory.md */
    int rank; /* 0 scalar, 1 vector, 2 tensor; phi, E and J_S gain one in reading "gradient" */
    const char *doc;
    unsigned readings; /* bit 1 << qep_reading where it is defined */
    unsigned needs;    /* bits above */
    int gains_rank;    /* 1: one rank more in reading "gradient" */
    qep_dimension (*dimension)(const qep_solution_dimensions *known, qep_reading reading);
    /* One component into out [nz,ny,nx]: i, j are the axes of a vector or tensor component, else 0. */
    qep_status (*compute)(const qep_solution *solution, int i, int j, double *out, qep_error *err);
} qep_quantity_row;

const qep_quantity_row *qep_quantity_table(size_t *count);
/* NULL when there is no such quantity. */
const qep_quantity_row *qep_quantity_find(const char *name);

/* Rank of a quantity in a reading. */
int qep_quantity_rank(const qep_quantity_row *row, qep_reading reading);
/* Number of components on ndim axes: ndim^rank. */
int qep_quantity_components(const qep_quantity_row *row, qep_reading reading, int ndim);
/* 1 when the row's function uses solution->work on this grid. varies: kappa or eps_r is a field, or finite volumes solve T6. */
int qep_quantity_uses_work(const qep_quantity_row *row, qep_reading reading, int ndim, int varies);
/* Component number c (x,y,z or xx,xy,...) of a quantity into out [nz,ny,nx]. */
qep_status qep_quantity_compute(const qep_quantity_row *row, const qep_solution *solution,
                                int component, double *out, qep_error *err);

#endif
