/* Bloch electrons in the solved field: what the quantities bloch_... of a run need. */
#ifndef QEP_RUN_RESPONSE_H
#define QEP_RUN_RESPONSE_H

#include "qep/derive/electrons.h"
#include "qep/derive/quantity.h"
#include "qep/source/source.h"

struct qep_run_state;
typedef struct qep_run_response qep_run_response;

/* Kept from pose to release. */
struct qep_run_response {
    const qep_field_spec *source; /* of T(r) and mu(r); NULL: no quantity asks */
    double *T, *mu, *E[3], *grad_T[3]; /* [nz,ny,nx] */
    double thickness;                 /* m; 1 for solids */
    int dim;                          /* of the model */
    int heats;                        /* T is no number: there are gradients */
    void *atlas;
    qep_electrons response;
};

/* Why a quantity of the electrons cannot be had here: adds an error at `path` or at the key that is missing. */
qep_status qep_run_check_response(struct qep_run_state *run, const qep_quantity_row *row, const char *path, qep_error *err);
/* The temperatures of the first frame, into scratch [nz,ny,nx], for --check. */
qep_status qep_run_try_response(struct qep_run_state *run, double *scratch, qep_error *err);
/* T(r), mu(r), tensors and forces of a frame whose parts are solved. */
qep_status qep_run_respond(struct qep_run_state *run, size_t frame, qep_error *err);
/* Integral of a density of the electrons over the grid, NAME_total. */
qep_status qep_run_response_total(struct qep_run_state *run, size_t frame, const qep_quantity_row *row, const double *values, qep_error *err);
size_t qep_run_response_memory(const struct qep_run_state *run);
void qep_run_release_response(struct qep_run_state *run);

#endif
