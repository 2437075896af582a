/* From a problem as a configuration states it to tables: checks, one pass over k for all temperatures and chemical potentials, a second pass on
 * half the grid for the convergence estimate, and what is no integral (bands, Chern numbers, deviations of the universal relations). */
#ifndef QEP_BLOCH_COMPUTE_H
#define QEP_BLOCH_COMPUTE_H

#include "qep/bloch/maps.h"
#include "qep/bloch/quantity.h"

struct qep_bloch_problem {
    const qep_bloch_model *model;
    size_t points[3];
    double shift[3];          /* in grid steps */
    const double *temperature; /* [temperatures] K */
    size_t temperatures;
    const double *mu; /* [mus] J */
    size_t mus;
    qep_bloch_settings settings;
    const qep_bloch_quantity *const *quantity; /* [quantities] */
    size_t quantities;
    int has_field;   /* settings.field is given */
    int convergence; /* also half the grid */
    int refine;      /* levels of adaptive refinement */
    const qep_bloch_map_request *map; /* [maps] */
    size_t maps;
    const size_t *map_band; /* [map_bands] bands whose maps are wanted; none: all */
    size_t map_bands;
    int threads;
    const qep_log *log;
};

/* A finished table. name may hold a group ("deviations/U1"); axes: names of the tables that hold the leading indices' values. */
typedef struct {
    const char *name, *long_name, *axes;
    qep_dimension dimension;
    int rank;
    size_t shape[8];
    const double *value;
} qep_bloch_table;
typedef qep_status (*qep_bloch_put)(void *user, const qep_bloch_table *table, qep_error *err);

/* What contradicts: relaxation time, field, positions, temperatures, dimension. All are reported; paths begin with /bloch. */
qep_status qep_bloch_check(const qep_bloch_problem *problem, qep_error *err);
/* Everything, handed to `put` table by table; values are freed afterwards. */
qep_status qep_bloch_compute(const qep_bloch_problem *problem, qep_bloch_put put, void *user, qep_error *err);
/* Bytes held at most, and seconds as extrapolated from a small grid (0 when that fails). */
size_t qep_bloch_memory(const qep_bloch_problem *problem);
double qep_bloch_seconds(const qep_bloch_problem *problem);
size_t qep_bloch_point_count(const qep_bloch_problem *problem);

/* Chern numbers [bands] of a 2-D lattice model on a grid by links, and the smallest direct gap (J) of each band. A gap below 1e-6 eV is
 * QEP_ERR_PROBLEM; a plaquette above pi/2 is warned about. */
qep_status qep_bloch_chern(const qep_bloch_model *model, const size_t points[2], const double shift[2], double *chern, double *gap, const qep_log *log,
                           qep_error *err);
/* Energies [points..., bands], J. */
qep_status qep_bloch_bands(const qep_bloch_problem *problem, double *energy, qep_error *err);

#endif
