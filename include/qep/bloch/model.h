/* Bloch Hamiltonians: what a model is, and the ways to make one (built-in row, list of hoppings, Wannier90 file). A model is data:
 * H(R) between orbitals of cell 0 and cell R with what is known of the position operator, or a function of k for the continuum models.
 * Energies inside this room are in eV and lengths in metres; the functions below take and give SI. */
#ifndef QEP_BLOCH_MODEL_H
#define QEP_BLOCH_MODEL_H

#include "qep/base/dimension.h"
#include "qep/base/error.h"
#include "qep/base/log.h"
#include <complex.h>
#include <stddef.h>

enum { QEP_BLOCH_PARAMETERS = 8 };

typedef struct qep_bloch_model qep_bloch_model;

/* H, dH[a] and ddH[aa, ab, ..] (upper triangle, row by row; may be NULL) at Cartesian k (1/m): [bands,bands] column-major, eV m^order. */
typedef void (*qep_bloch_continuum)(const qep_bloch_model *model, const double k[3], double complex *H, double complex *const dH[3],
                                    double complex *const ddH[6]);

struct qep_bloch_model {
    char name[64]; /* of the row or file */
    int dim;       /* 2 or 3 */
    size_t bands;
    double lattice[3][3];    /* rows a_i, m; in 2-D the third is (0, 0, 1) */
    double reciprocal[3][3]; /* rows b_i, a_i . b_j = 2 pi delta_ij, 1/m */
    double cell;             /* area or volume, m^dim, > 0 also for a left-handed lattice */

    size_t shifts;     /* lattice vectors R; 0 for a continuum model */
    int *R;            /* [shifts][3] */
    double complex *H; /* [shifts][bands^2], eV: element i + j bands is <i, cell 0| H |j, cell R> */
    double complex *r; /* [3][shifts][bands^2], m: the same of the position operator; NULL: diagonal, `tau` */
    double *tau;       /* [bands][3] Cartesian positions of the orbitals, m; with r NULL they enter H(k) (convention I) */
    int has_positions; /* 0: tau is all zero because nothing is known (an _hr.dat without centres) */

    qep_bloch_continuum function; /* NULL for a lattice model */
    double cutoff;                /* radius of the ball of k that counts, 1/m */
    double parameter[QEP_BLOCH_PARAMETERS]; /* of the row, eV and m */
};

/* One parameter of a built-in model. `standard` is SI; NAN: it must be given. in_units_of: index of the parameter that a number without
 * unit multiplies, or -1. */
typedef struct {
    const char *name;
    qep_dimension dimension;
    double standard;
    double min; /* exclusive lower limit, or -INFINITY */
    int in_units_of;
    const char *doc;
} qep_bloch_parameter;

typedef struct {
    const char *name;
    int dim; /* 0: by the parameter "dimension" */
    int continuum;
    const char *doc;
    qep_bloch_parameter parameter[QEP_BLOCH_PARAMETERS]; /* up to the first without name */
    qep_status (*build)(qep_bloch_model *model, const double *value, qep_error *err); /* value[] in SI, in the order of the rows */
} qep_bloch_model_row;

const qep_bloch_model_row *qep_bloch_models(size_t *count);
const qep_bloch_model_row *qep_bloch_model_find(const char *name);
size_t qep_bloch_parameter_count(const qep_bloch_model_row *row);

/* The model of a row; value[] in SI in the order of its parameters. Release with qep_bloch_model_destroy. */
qep_status qep_bloch_model_builtin(qep_bloch_model **model, const qep_bloch_model_row *row, const double *value, qep_error *err);

/* One hopping: <from, cell 0| H |to, cell R> = value (J). */
typedef struct {
    int R[3];
    size_t from, to;
    double complex value;
} qep_bloch_hopping;

/* A list. lattice rows in m; orbital [bands][3] in fractions of the lattice vectors; onsite [bands] in J. A hopping without its partner
 * gets it; one whose partner is there and disagrees by more than 1e-6 eV, and one given twice, is QEP_ERR_CONFIG under `path`. */
qep_status qep_bloch_model_list(qep_bloch_model **model, int dim, const double lattice[3][3], size_t bands, const double (*orbital)[3],
                                const double *onsite, const qep_bloch_hopping *hopping, size_t hoppings, const char *path, qep_error *err);

/* Wannier90's _tb.dat (centres NULL), or _hr.dat with a _centres.xyz or, without one, with unknown positions. A `_hr.dat` holds no lattice:
 * lattice gives it, rows in m, and is NULL otherwise. dim 2 needs a file without hopping along the third vector. Faults of the file are QEP_ERR_INPUT. */
qep_status qep_bloch_model_wannier90(qep_bloch_model **model, const char *file, const char *centres, const double (*lattice)[3], int dim,
                                     const qep_log *log, qep_error *err);

/* Deal H(R) and r(R) out to the images of minimal distance that Wannier90's _wsvec.dat lists (use_ws_distance). Faults are QEP_ERR_INPUT. */
qep_status qep_bloch_model_images(qep_bloch_model *model, const char *file, const qep_log *log, qep_error *err);

void qep_bloch_model_destroy(qep_bloch_model *model);

/* Shared by the makers: arrays for `shifts` vectors; the reciprocal lattice and cell from `lattice` (QEP_ERR_CONFIG when it is flat);
 * H(-R) = H(R)^H within 1e-6 eV, else QEP_ERR_INPUT; below that it is averaged, and said above 1e-9 eV. */
qep_status qep_bloch_model_allocate(qep_bloch_model *model, size_t shifts, int with_r, qep_error *err);
qep_status qep_bloch_model_lattice(qep_bloch_model *model, const char *path, const char *file, qep_error *err);
qep_status qep_bloch_model_hermitian(qep_bloch_model *model, const char *path, const char *file, const qep_log *log, qep_error *err);

#endif
