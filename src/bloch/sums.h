/* The pass over k in pieces: which integrals belong to which channel and kernel, and the tables of a scan. Private to the room. */
#ifndef QEP_BLOCH_SUMS_IMPL_H
#define QEP_BLOCH_SUMS_IMPL_H

#include "bloch/channels.h"
#include "bloch/kernels.h"
#include "bloch/points.h"
#include "bloch/table.h"
#include "qep/bloch/sums.h"

typedef struct {
    bloch_channel channel;
    bloch_kernel kernel;
} bloch_integral_row;
extern const bloch_integral_row bloch_integrals[QEP_BLOCH_INTEGRALS];

/* integrand.c: what is asked for, as channels and kernels. */
typedef struct {
    const qep_bloch_request *request; /* borrowed */
    bloch_layout layout;
    double *omega;    /* [frequencies + 1] hbar omega, eV; the first is 0 */
    unsigned kernels; /* mask */
    size_t width;     /* values per (mu, T) */
    size_t at[QEP_BLOCH_INTEGRALS];
} bloch_integrand;
qep_status bloch_integrand_create(bloch_integrand *what, const qep_bloch_request *request, qep_error *err);
void bloch_integrand_destroy(bloch_integrand *what);
/* Components of an integral. */
size_t bloch_integrand_count(const bloch_integrand *what, int integral);
/* All integrals [width] of one k at one (mu, T), times `weight`. */
void bloch_integrand_at(const bloch_integrand *what, const bloch_rows *rows, const double *energy, double weight, const qep_bloch_state_point *at,
                        double *out);

/* Energies between which all bands lie, eV: from the sizes of H(R), or of H at the cutoff. */
void bloch_band_bounds(const qep_bloch_model *model, double *bottom, double *top);

/* scan.c: the tables of all temperatures that are not summed directly, each of twice the width of the one before. */
typedef struct {
    bloch_table *table;
    size_t tables;
    double *below; /* [columns]: states below all tables */
    bloch_nodes nodes;
    bloch_mott mott;
    size_t *table_of; /* [states]: SIZE_MAX: direct */
    size_t direct;    /* number of direct states */
} bloch_scan;
/* Few states, and T = 0, are summed directly. */
qep_status bloch_scan_create(bloch_scan *scan, const qep_bloch_request *request, size_t columns, qep_error *err);
void bloch_scan_destroy(bloch_scan *scan);
/* Bytes of tables and batches, about; `batch` points of k, `values` per state of the scan. */
double bloch_scan_memory(const qep_bloch_request *request, size_t columns, size_t batch, size_t values);
/* Add the rows of `count` points of k, [count] each with its weight, energies [count][n]; on `threads` threads, in a fixed order. */
typedef struct {
    const bloch_rows *rows; /* [count] */
    const double *energy;   /* [count][n] */
    const double *weight;   /* [count] */
    size_t count, n;
    const bloch_layout *layout;
} bloch_batch;
qep_status bloch_scan_add(bloch_scan *scan, const bloch_batch *batch, int threads, qep_error *err);

/* After the last batch, once: the integrals of all states that have a table, into value [states][width]. */
qep_status bloch_scan_evaluate(bloch_scan *scan, const bloch_integrand *what, double *value, qep_error *err);

/* refine.c: replace the regular grid by a list in which cells with sharp integrands are divided. */
qep_status bloch_refine(bloch_points *set, const qep_bloch_request *request, qep_error *err);

#endif
