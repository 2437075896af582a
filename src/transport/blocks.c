/* Recursive Green functions: block elimination of the tridiagonal E - H - Sigma from the first block to the last (theory T21). The inverse
 * of each eliminated block is formed, since hoppings between blocks are sparse: H G H then costs no matrix product, and one block costs
 * one factorisation and one inversion. Right sides are the open modes of the leads only; with states wanted a back substitution follows,
 * without them two leads need the memory of two blocks. */
#include "blocks.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

static size_t block_size(const qep_system *s, size_t k) {
    return s->start[k + 1] - s->start[k];
}

/* T alone with the memory of two blocks: two leads with self-energies of their own, in different blocks. */
int qep_blocks_can_stream(const qep_system *s) {
    return s->terminals == 2 && s->terminal[0]->kind != QEP_LEAD_WIDEBAND &&
           s->terminal[1]->kind != QEP_LEAD_WIDEBAND && s->first_block[0] != s->first_block[1];
}

/* Elements of the inverses; at [blocks]: where each begins, or NULL. */
static size_t inverse_elements(const qep_system *s, int keeps_all, size_t *at) {
    size_t total = 0;
    for (size_t k = 0; k < s->blocks; k++) {
        const size_t n = block_size(s, k);
        if (at) {
            at[k] = keeps_all ? total : (k % 2) * s->largest * s->largest;
        }
        total += n * n;
    }
    return keeps_all ? total : 2 * s->largest * s->largest;
}

size_t qep_blocks_elements(const qep_system *s, int keeps_all) {
    return inverse_elements(s, keeps_all, NULL);
}

qep_status qep_blocks_reserve(qep_green *g, qep_error *err) {
    const qep_system *s = g->system;
    if (g->inverse) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc((void **)&g->inverse_at, s->blocks, sizeof *g->inverse_at, "blocks", err));
    QEP_TRY(
        qep_alloc((void **)&g->column_work, 2 * s->largest, sizeof *g->column_work, "work", err));
    QEP_TRY(
        qep_alloc((void **)&g->block_pivots, s->largest, sizeof *g->block_pivots, "pivots", err));
    return qep_alloc((void **)&g->inverse, inverse_elements(s, g->keeps_all, g->inverse_at),
                     sizeof *g->inverse, "Green functions", err);
}

/* ---- One block ------------------------------------------------------------------------------------------------------------- */

/* d [n, n] = E - H_kk - Sigma of the terminals inside the block. */
static void fill_block(qep_green *g, size_t k, double E, double complex *d) {
    const qep_system *s = g->system;
    const size_t n0 = s->start[k], n = block_size(s, k);
    memset(d, 0, n * n * sizeof *d);
    for (size_t i = 0; i < n; i++) {
        d[i + i * n] = E - s->onsite[n0 + i];
        for (size_t e = s->row[n0 + i]; e < s->row[n0 + i + 1]; e++) {
            if (s->block[s->column[e]] == k) {
                d[i + (s->column[e] - n0) * n] -= s->value[e];
            }
        }
    }
    for (size_t a = 0; a < s->terminals; a++) {
        const size_t *where = s->where[a], m = s->terminal[a]->count;
        const double complex *sigma = g->self[a].sigma;
        const int diagonal = s->terminal[a]->kind == QEP_LEAD_WIDEBAND;
        if (!diagonal && s->first_block[a] != k) {
            continue;
        }
        for (size_t j = 0; j < m; j++) {
            for (size_t i = diagonal ? j : 0; i < (diagonal ? j + 1 : m) && s->block[where[j]] == k;
                 i++) {
                d[where[i] - n0 + (where[j] - n0) * n] -= diagonal ? sigma[j] : sigma[i + j * m];
            }
        }
    }
}

/* d -= H_{k,k-1} G_{k-1} H_{k-1,k}, column by column through the sparse hoppings. */
static void subtract_left(qep_green *g, size_t k, double complex *d) {
    const qep_system *s = g->system;
    const size_t n0 = s->start[k], n = block_size(s, k), m0 = s->start[k - 1],
                 m = block_size(s, k - 1);
    const double complex *left = g->inverse + g->inverse_at[k - 1];
    double complex *v = g->column_work;
    for (size_t j = 0; j < n; j++) {
        int any = 0;
        for (size_t e = s->row[n0 + j]; e < s->row[n0 + j + 1]; e++) {
            if (s->block[s->column[e]] + 1 != k) {
                continue;
            }
            const double complex h = conj(s->value[e]),
                                 *column = left + (s->column[e] - m0) * m; /* H[q][j] */
            for (size_t p = 0; p < m; p++) {
                v[p] = any ? v[p] + h * column[p] : h * column[p];
            }
            any = 1;
        }
        for (size_t i = 0; any && i < n; i++) {
            for (size_t e = s->row[n0 + i]; e < s->row[n0 + i + 1]; e++) {
                if (s->block[s->column[e]] + 1 == k) {
                    d[i + j * n] -= s->value[e] * v[s->column[e] - m0];
                }
            }
        }
    }
}

static int invert(double complex *d, size_t n, int *pivots) {
    if (n == 1) {
        d[0] = 1.0 / d[0];
        return !isfinite(creal(d[0])) || !isfinite(cimag(d[0]));
    }
    return qep_zgetrf(n, d, n, pivots) != 0 || qep_zgetri(n, d, n, pivots) != 0;
}

static int eliminate(qep_green *g, size_t k, double E) {
    double complex *d = g->inverse + g->inverse_at[k];
    fill_block(g, k, E, d);
    if (k > 0) {
        subtract_left(g, k, d);
    }
    return invert(d, block_size(g->system, k), g->block_pivots);
}

int qep_blocks_eliminate(qep_green *g, size_t k, double E, double complex *d) {
    const size_t n = block_size(g->system, k);
    double complex *kept = g->inverse + g->inverse_at[k];
    fill_block(g, k, E, kept);
    if (k > 0) {
        subtract_left(g, k, kept);
    }
    memcpy(d, kept, n * n * sizeof *d);
    return invert(kept, n, g->block_pivots);
}

/* ---- Columns --------------------------------------------------------------------------------------------------------------- */

/* to [n_k, columns] += H_{k,l} from [n_l, columns] for a neighbouring block l. */
static void add_hopping(const qep_system *s, size_t k, size_t l, const double complex *from,
                        size_t columns, double complex *to) {
    const size_t n0 = s->start[k], n = block_size(s, k), m0 = s->start[l], m = block_size(s, l);
    for (size_t i = 0; i < n; i++) {
        for (size_t e = s->row[n0 + i]; e < s->row[n0 + i + 1]; e++) {
            if (s->block[s->column[e]] == l) {
                const double complex h = s->value[e], *source = from + (s->column[e] - m0);
                for (size_t c = 0; c < columns; c++) {
                    to[i + c * n] += h * source[c * m];
                }
            }
        }
    }
}

/* Write the source columns of every terminal of block k into y [n_k, ...]. */
static void add_sources(const qep_green *g, size_t k, double complex *y) {
    const qep_system *s = g->system;
    const size_t n0 = s->start[k], n = block_size(s, k);
    for (size_t a = 0; a < s->terminals; a++) {
        const qep_terminal *t = s->terminal[a];
        if (t->kind != QEP_LEAD_WIDEBAND && s->first_block[a] != k) {
            continue;
        }
        for (size_t i = 0; i < t->count; i++) {
            if (s->block[s->where[a][i]] != k) {
                continue;
            }
            double complex *row = y + (s->where[a][i] - n0) + g->first[a] * n;
            if (t->kind == QEP_LEAD_WIDEBAND) {
                row[i * n] += g->open[a] ? sqrt(t->gamma) : 0.0;
                continue;
            }
            for (size_t c = 0; c < g->open[a]; c++) {
                row[c * n] += g->self[a].factor[i + c * t->count];
            }
        }
    }
    for (size_t i = 0; g->extra_source && i < n; i++) {
        y[i + g->extra * n] += g->extra_source[n0 + i];
    }
}

/* Columns that may be nonzero at or before block k: those of terminals that begin there, and all with an extra source. */
static size_t active_columns(const qep_green *g, size_t k) {
    if (g->extra != SIZE_MAX) {
        return g->columns;
    }
    size_t active = 0;
    for (size_t r = 0; r < g->system->terminals && g->system->first_block[g->rank[r]] <= k; r++) {
        active = g->first[g->rank[r]] + g->open[g->rank[r]];
    }
    return active;
}

static qep_status singular(const qep_green *g, double E, qep_error *err) {
    return qep_error_add(err, QEP_ERR_PROBLEM, "singular", NULL, NULL,
                         "E = %.12g eV: E - H - Sigma is singular; a part of the conductor is "
                         "connected to no lead and has a level there",
                         E * g->system->unit / 1.602176634e-19);
}

/* psi on all sites: V_k = G_k (W_k + H_{k,k-1} V_{k-1}) forward, psi_k = V_k + G_k H_{k,k+1} psi_{k+1} backward. */
qep_status qep_blocks_states(qep_green *g, double E, qep_error *err) {
    const qep_system *s = g->system;
    const size_t c = g->columns;
    QEP_TRY(qep_blocks_reserve(g, err));
    QEP_TRY(qep_green_reserve(&g->psi, &g->psi_capacity, s->sites * c, "scattering states", err));
    QEP_TRY(qep_green_reserve(&g->scratch, &g->scratch_capacity, s->largest * c,
                              "scattering states", err));
    memset(g->psi, 0, s->sites * c * sizeof *g->psi);
    for (size_t k = 0; k < s->blocks; k++) {
        if (eliminate(g, k, E) != 0) {
            return singular(g, E, err);
        }
        const size_t n = block_size(s, k), active = active_columns(g, k);
        memset(g->scratch, 0, n * c * sizeof *g->scratch);
        add_sources(g, k, g->scratch);
        if (k > 0) {
            add_hopping(s, k, k - 1, g->psi + s->start[k - 1] * c, active, g->scratch);
        }
        if (active > 0) {
            qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, active, n, 1.0, g->inverse + g->inverse_at[k], n,
                      g->scratch, n, 0.0, g->psi + s->start[k] * c, n);
        }
    }
    for (size_t k = s->blocks - 1; k-- > 0 && c > 0;) {
        const size_t n = block_size(s, k);
        memset(g->scratch, 0, n * c * sizeof *g->scratch);
        add_hopping(s, k, k + 1, g->psi + s->start[k + 1] * c, c, g->scratch);
        qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, c, n, 1.0, g->inverse + g->inverse_at[k], n, g->scratch,
                  n, 1.0, g->psi + s->start[k] * c, n);
    }
    return QEP_OK;
}

/* T alone between two leads, source in the lower block: V forward; from the block of the other lead on, its row X too (X G V summed). */
qep_status qep_blocks_stream(qep_green *g, double E, qep_error *err) {
    const qep_system *s = g->system;
    const size_t a = g->rank[0], b = g->rank[1], ca = g->open[a], cb = g->open[b], L = s->largest;
    QEP_TRY(qep_green_reserve(&g->scratch, &g->scratch_capacity, 4 * L * (ca + cb),
                              "scattering states", err));
    QEP_TRY(qep_blocks_reserve(g, err));
    double complex *y = g->scratch, *v = y + L * g->columns, *x = v + L * g->columns,
                   *z = x + L * g->columns;
    double complex *amplitude = g->amplitude + g->first[b] + g->first[a] * g->columns;
    for (size_t k = 0; k < s->blocks; k++) {
        if (eliminate(g, k, E) != 0) {
            return singular(g, E, err);
        }
        const size_t n = block_size(s, k);
        const double complex *inverse = g->inverse + g->inverse_at[k];
        if (ca == 0 || cb == 0) {
            continue;
        }
        memset(y, 0, n * g->columns * sizeof *y);
        add_sources(g, k, y);
        memcpy(x, y + g->first[b] * n,
               n * cb * sizeof *x); /* X^H = W_b^H + Z^H H, so X = W_b + H^H Z = W_b + H Z */
        if (k > 0) {
            add_hopping(s, k, k - 1, v, ca, y);
            if (k > s->first_block[b]) {
                add_hopping(s, k, k - 1, z, cb, x);
            }
        }
        if (k >= s->first_block[a]) {
            qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, ca, n, 1.0, inverse, n, y + g->first[a] * n, n, 0.0,
                      v, n);
        } else {
            memset(v, 0, n * ca * sizeof *v);
        }
        if (k >= s->first_block[b]) {
            qep_zgemm(QEP_ADJOINT, QEP_AS_IS, cb, ca, n, 1.0, x, n, v, n,
                      k > s->first_block[b] ? 1.0 : 0.0, amplitude, g->columns);
            qep_zgemm(QEP_ADJOINT, QEP_AS_IS, n, cb, n, 1.0, inverse, n, x, n, 0.0, z, n);
        }
    }
    return QEP_OK;
}
