/* One scattering problem: E - H - Sigma at one energy, by block elimination. Thread-private. */
#ifndef QEP_TRANSPORT_GREEN_H
#define QEP_TRANSPORT_GREEN_H

#include "fronts.h"
#include "system.h"

/* Columns are scattering states psi = G w, one per open mode, those of one terminal together. */
typedef struct {
    const qep_system *system;
    qep_self_energy *self; /* [terminals] */
    size_t *rank;  /* [terminals] terminals by their first block: the order of the columns */
    size_t *first; /* [terminals] first column of a terminal */
    size_t *open;  /* [terminals] its number of columns */
    size_t columns;
    int advanced;          /* 1: Sigma^H in place of Sigma; psi of the extra source is a column of G^H */
    size_t extra; /* number of the extra column, or SIZE_MAX */
    const double complex *
        extra_source; /* [sites] permuted: solve for one more right side, the last column; or NULL */
    /* By blocks: */
    double complex *
        inverse; /* inverses of the eliminated blocks: all of them, or two in turn; NULL until needed */
    size_t *inverse_at; /* [blocks] offset of each */
    int keeps_all;
    double complex *column_work; /* [2 largest] */
    int *block_pivots;
    double complex *scratch; /* [largest, columns] twice, and [largest] */
    size_t scratch_capacity;
    /* By fronts: */
    qep_fronts fronts; /* its tree is NULL where there is none */
    double complex
        *root; /* right sides and states on the sites of the terminals, [r, columns] each */
    size_t root_capacity;
    int *root_pivots;
    int by_rank; /* the order of psi: [sites by rank, columns], or [n_k, columns] per block at start[k] * columns */
    double complex *psi;
    size_t psi_capacity;
    double complex
        *amplitude; /* W^H G W, [columns, columns]; only what the mode of solution gives */
    size_t amplitude_capacity;
    double *transmission; /* [terminals, terminals] */
    double *eigenvalue;   /* [most] transmission eigenvalues of two terminals */
    double *svd_values;
    size_t eigenvalues;
} qep_green;

enum { QEP_GREEN_T_ONLY, QEP_GREEN_STATES, QEP_GREEN_BLOCKS };

/* mode: QEP_GREEN_T_ONLY needs little memory; QEP_GREEN_STATES gives psi on every site; QEP_GREEN_BLOCKS too, never by fronts. */
qep_status qep_green_init(qep_green *g, const qep_system *system, int mode, qep_error *err);
void qep_green_free(qep_green *g);

/* Solve at E (units of the system). with_states: fill psi. with_eigenvalues: transmission eigenvalues of two terminals. */
qep_status qep_green_at(qep_green *g, double E, int with_states, int with_eigenvalues,
                        qep_error *err);

/* Grow a buffer; its contents are not kept. */
qep_status qep_green_reserve(double complex **buffer, size_t *capacity, size_t count,
                             const char *what, qep_error *err);

/* psi of a permuted site in a column. */
static inline const double complex *qep_green_psi(const qep_green *g, size_t place) {
    const size_t k = g->system->block[place], n0 = g->system->start[k];
    return g->by_rank ? g->psi + g->system->tree->rank[place] * g->columns
                      : g->psi + n0 * g->columns + (place - n0);
}
/* Distance in psi between columns at a permuted site. */
static inline size_t qep_green_stride(const qep_green *g, size_t place) {
    const size_t k = g->system->block[place];
    return g->by_rank ? 1 : g->system->start[k + 1] - g->system->start[k];
}

#endif
