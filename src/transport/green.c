/* Recursive Green functions: block elimination of the tridiagonal E - H - Sigma from the first block to the last (theory T21). The inverse
 * of each eliminated block is formed, since hoppings between blocks are sparse: H G H then costs no matrix product, and one block costs
 * one factorisation and one inversion. Right sides are the open modes of the leads only; with states wanted a back substitution follows,
 * without them two leads need the memory of two blocks. */
#include "green.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

static size_t block_size(const qep_system *s, size_t k) {
    return s->start[k + 1] - s->start[k];
}

/* ---- Set-up ---------------------------------------------------------------------------------------------------------------- */

void qep_green_free(qep_green *g) {
    for (size_t a = 0; g->self && a < g->system->terminals; a++) {
        qep_self_energy_free(&g->self[a]);
    }
    qep_free(g->self);
    qep_free(g->rank);
    qep_free(g->first);
    qep_free(g->open);
    qep_free(g->inverse);
    qep_free(g->inverse_at);
    qep_free(g->psi);
    qep_free(g->scratch);
    qep_free(g->column_work);
    qep_free(g->pivots);
    qep_free(g->amplitude);
    qep_free(g->transmission);
    qep_free(g->eigenvalue);
    qep_free(g->svd_values);
    *g = (qep_green){0};
}

/* T alone with the memory of two blocks: two leads with self-energies of their own, in different blocks. */
static int can_stream(const qep_system *s) {
    return s->terminals == 2 && s->terminal[0]->kind != QEP_LEAD_WIDEBAND && s->terminal[1]->kind != QEP_LEAD_WIDEBAND &&
           s->first_block[0] != s->first_block[1];
}

static void rank_terminals(qep_green *g) {
    const qep_system *s = g->system;
    for (size_t a = 0; a < s->terminals; a++) {
        size_t k = a;
        for (; k > 0 && s->first_block[g->rank[k - 1]] > s->first_block[a]; k--) {
            g->rank[k] = g->rank[k - 1];
        }
        g->rank[k] = a;
    }
}

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

static size_t most_eigenvalues(const qep_system *s) {
    if (s->terminals != 2) {
        return 0;
    }
    const size_t a = s->terminal[0]->count, b = s->terminal[1]->count;
    return a < b ? a : b;
}

qep_status qep_green_init(qep_green *g, const qep_system *s, int mode, qep_error *err) {
    *g = (qep_green){.system = s, .extra = SIZE_MAX};
    g->keeps_all = mode == QEP_GREEN_STATES || !can_stream(s);
    g->eigenvalues = most_eigenvalues(s);
    const size_t nt = s->terminals;
    QEP_TRY(qep_alloc((void **)&g->self, nt, sizeof *g->self, "self-energies", err));
    for (size_t a = 0; a < nt; a++) {
        QEP_TRY(qep_self_energy_init(&g->self[a], s->terminal[a], err));
    }
    QEP_TRY(qep_alloc((void **)&g->rank, nt, sizeof *g->rank, "columns", err));
    QEP_TRY(qep_alloc((void **)&g->first, nt, sizeof *g->first, "columns", err));
    QEP_TRY(qep_alloc((void **)&g->open, nt, sizeof *g->open, "columns", err));
    rank_terminals(g);
    QEP_TRY(qep_alloc((void **)&g->inverse_at, s->blocks, sizeof *g->inverse_at, "blocks", err));
    QEP_TRY(qep_alloc((void **)&g->inverse, inverse_elements(s, g->keeps_all, g->inverse_at), sizeof *g->inverse, "Green functions", err));
    QEP_TRY(qep_alloc((void **)&g->column_work, 2 * s->largest, sizeof *g->column_work, "work", err));
    QEP_TRY(qep_alloc((void **)&g->pivots, s->largest, sizeof *g->pivots, "pivots", err));
    QEP_TRY(qep_alloc_doubles(&g->transmission, nt * nt, "transmission", err));
    QEP_TRY(qep_alloc_doubles(&g->svd_values, s->largest + g->eigenvalues, "transmission eigenvalues", err));
    return qep_alloc_doubles(&g->eigenvalue, g->eigenvalues, "transmission eigenvalues", err);
}

size_t qep_system_thread_bytes(const qep_system *s, int fields) {
    const int keeps_all = fields || !can_stream(s);
    size_t leads = 0, columns = 0;
    for (size_t a = 0; a < s->terminals; a++) {
        const size_t n = s->terminal[a]->count;
        leads += s->terminal[a]->kind == QEP_LEAD_WIDEBAND ? n : 3 * n * n + (s->terminal[a]->analytic ? 0 : qep_periodic_work(n));
        columns += n;
    }
    return sizeof(double complex) * (inverse_elements(s, keeps_all, NULL) + leads + columns * (keeps_all ? s->sites : 4 * s->largest));
}

/* Grow a buffer; its contents are not kept. */
static qep_status reserve(double complex **buffer, size_t *capacity, size_t count, const char *what, qep_error *err) {
    if (count > *capacity) {
        qep_free(*buffer);
        *capacity = 0;
        QEP_TRY(qep_alloc((void **)buffer, count, sizeof **buffer, what, err));
        *capacity = count;
    }
    return QEP_OK;
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
            for (size_t i = diagonal ? j : 0; i < (diagonal ? j + 1 : m) && s->block[where[j]] == k; i++) {
                d[where[i] - n0 + (where[j] - n0) * n] -= diagonal ? sigma[j] : sigma[i + j * m];
            }
        }
    }
}

/* d -= H_{k,k-1} G_{k-1} H_{k-1,k}, column by column through the sparse hoppings. */
static void subtract_left(qep_green *g, size_t k, double complex *d) {
    const qep_system *s = g->system;
    const size_t n0 = s->start[k], n = block_size(s, k), m0 = s->start[k - 1], m = block_size(s, k - 1);
    const double complex *left = g->inverse + g->inverse_at[k - 1];
    double complex *v = g->column_work;
    for (size_t j = 0; j < n; j++) {
        int any = 0;
        for (size_t e = s->row[n0 + j]; e < s->row[n0 + j + 1]; e++) {
            if (s->block[s->column[e]] + 1 != k) {
                continue;
            }
            const double complex h = conj(s->value[e]), *column = left + (s->column[e] - m0) * m; /* H[q][j] */
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
    return invert(d, block_size(g->system, k), g->pivots);
}

int qep_green_eliminated_block(qep_green *g, size_t k, double E, double complex *d) {
    const size_t n = block_size(g->system, k);
    double complex *kept = g->inverse + g->inverse_at[k];
    fill_block(g, k, E, kept);
    if (k > 0) {
        subtract_left(g, k, kept);
    }
    memcpy(d, kept, n * n * sizeof *d);
    return invert(kept, n, g->pivots);
}

/* ---- Columns --------------------------------------------------------------------------------------------------------------- */

/* to [n_k, columns] += H_{k,l} from [n_l, columns] for a neighbouring block l. */
static void add_hopping(const qep_system *s, size_t k, size_t l, const double complex *from, size_t columns, double complex *to) {
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

static void place_columns(qep_green *g) {
    g->columns = 0;
    for (size_t k = 0; k < g->system->terminals; k++) {
        const size_t a = g->rank[k];
        g->first[a] = g->columns;
        g->open[a] = g->self[a].open;
        g->columns += g->open[a];
    }
    g->extra = g->extra_source ? g->columns++ : SIZE_MAX;
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
                         "E = %.12g eV: E - H - Sigma is singular; a part of the conductor is connected to no lead and has a level there",
                         E * g->system->unit / 1.602176634e-19);
}

/* psi on all sites: V_k = G_k (W_k + H_{k,k-1} V_{k-1}) forward, psi_k = V_k + G_k H_{k,k+1} psi_{k+1} backward. */
static qep_status solve_states(qep_green *g, double E, qep_error *err) {
    const qep_system *s = g->system;
    const size_t c = g->columns;
    QEP_TRY(reserve(&g->psi, &g->psi_capacity, s->sites * c, "scattering states", err));
    QEP_TRY(reserve(&g->scratch, &g->scratch_capacity, s->largest * c, "scattering states", err));
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
            qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, active, n, 1.0, g->inverse + g->inverse_at[k], n, g->scratch, n, 0.0, g->psi + s->start[k] * c, n);
        }
    }
    for (size_t k = s->blocks - 1; k-- > 0 && c > 0;) {
        const size_t n = block_size(s, k);
        memset(g->scratch, 0, n * c * sizeof *g->scratch);
        add_hopping(s, k, k + 1, g->psi + s->start[k + 1] * c, c, g->scratch);
        qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, c, n, 1.0, g->inverse + g->inverse_at[k], n, g->scratch, n, 1.0, g->psi + s->start[k] * c, n);
    }
    return QEP_OK;
}

/* amplitude [a columns x b columns] from psi at the sites of terminal a. */
static void amplitudes_of(qep_green *g, size_t a, double complex *out) {
    const qep_system *s = g->system;
    const qep_terminal *t = s->terminal[a];
    for (size_t c = 0; c < g->columns; c++) {
        for (size_t r = 0; r < g->open[a]; r++) {
            double complex sum = 0.0;
            for (size_t i = t->kind == QEP_LEAD_WIDEBAND ? r : 0; i < (t->kind == QEP_LEAD_WIDEBAND ? r + 1 : t->count); i++) {
                const size_t p = s->where[a][i];
                const double complex w = t->kind == QEP_LEAD_WIDEBAND ? sqrt(t->gamma) : g->self[a].factor[i + r * t->count];
                sum += conj(w) * qep_green_psi(g, p)[c * qep_green_stride(g, p)];
            }
            out[g->first[a] + r + c * g->columns] = sum;
        }
    }
}

/* T alone between two leads, source in the lower block: V forward; from the block of the other lead on, its row X too (X G V summed). */
static qep_status solve_streaming(qep_green *g, double E, qep_error *err) {
    const qep_system *s = g->system;
    const size_t a = g->rank[0], b = g->rank[1], ca = g->open[a], cb = g->open[b], L = s->largest;
    QEP_TRY(reserve(&g->scratch, &g->scratch_capacity, 4 * L * (ca + cb), "scattering states", err));
    double complex *y = g->scratch, *v = y + L * g->columns, *x = v + L * g->columns, *z = x + L * g->columns;
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
        memcpy(x, y + g->first[b] * n, n * cb * sizeof *x); /* X^H = W_b^H + Z^H H, so X = W_b + H^H Z = W_b + H Z */
        if (k > 0) {
            add_hopping(s, k, k - 1, v, ca, y);
            if (k > s->first_block[b]) {
                add_hopping(s, k, k - 1, z, cb, x);
            }
        }
        if (k >= s->first_block[a]) {
            qep_zgemm(QEP_AS_IS, QEP_AS_IS, n, ca, n, 1.0, inverse, n, y + g->first[a] * n, n, 0.0, v, n);
        } else {
            memset(v, 0, n * ca * sizeof *v);
        }
        if (k >= s->first_block[b]) {
            qep_zgemm(QEP_ADJOINT, QEP_AS_IS, cb, ca, n, 1.0, x, n, v, n, k > s->first_block[b] ? 1.0 : 0.0, amplitude, g->columns);
            qep_zgemm(QEP_ADJOINT, QEP_AS_IS, n, cb, n, 1.0, inverse, n, x, n, 0.0, z, n);
        }
    }
    return QEP_OK;
}

/* ---- Transmission ---------------------------------------------------------------------------------------------------------- */

static double square_sum(const double complex *m, size_t ld, size_t rows, size_t columns) {
    double sum = 0.0;
    for (size_t c = 0; c < columns; c++) {
        for (size_t r = 0; r < rows; r++) {
            const double complex v = m[r + c * ld];
            sum += creal(v) * creal(v) + cimag(v) * cimag(v);
        }
    }
    return sum;
}

static void fill_transmission(qep_green *g, int streamed) {
    const size_t nt = g->system->terminals, c = g->columns;
    for (size_t a = 0; a < nt; a++) {
        for (size_t b = 0; b < nt; b++) {
            if (a != b && !(streamed && a == g->rank[0])) {
                g->transmission[a * nt + b] = square_sum(g->amplitude + g->first[a] + g->first[b] * c, c, g->open[a], g->open[b]);
            }
        }
    }
    if (streamed) { /* two terminals: T_ab = T_ba by unitarity */
        g->transmission[g->rank[0] * nt + g->rank[1]] = g->transmission[g->rank[1] * nt + g->rank[0]];
    }
    for (size_t a = 0; a < nt; a++) {
        double diagonal = (double)g->open[a];
        for (size_t b = 0; b < nt; b++) {
            diagonal -= a == b ? 0.0 : g->transmission[a * nt + b];
        }
        const int trace = g->system->terminal[a]->kind == QEP_LEAD_WIDEBAND;
        g->transmission[a * nt + a] = trace ? square_sum(g->amplitude + g->first[a] + g->first[a] * c, c, g->open[a], g->open[a]) : diagonal;
    }
}

/* 1 - tau below this is rounding, and its entropy -x ln x would be noise. */
static const double TAU_ROUNDING = 1e-13;

/* Squares of the singular values of the amplitudes from the first ranked terminal to the other. Destroys them. */
static void fill_eigenvalues(qep_green *g) {
    const size_t a = g->rank[0], b = g->rank[1], rows = g->open[b], columns = g->open[a], least = rows < columns ? rows : columns;
    for (size_t k = 0; k < g->eigenvalues; k++) {
        g->eigenvalue[k] = NAN;
    }
    if (least == 0) {
        return;
    }
    double complex *t = g->amplitude + g->first[b] + g->first[a] * g->columns;
    if (least == 1) {
        g->svd_values[0] = sqrt(square_sum(t, g->columns, rows, columns));
    } else if (qep_zgesdd_values(rows, columns, t, g->columns, g->svd_values) != 0) {
        return;
    }
    for (size_t k = 0; k < least && k < g->eigenvalues; k++) {
        const double tau = g->svd_values[k] * g->svd_values[k];
        g->eigenvalue[k] = tau < 1.0 - TAU_ROUNDING ? tau : 1.0;
    }
}

qep_status qep_green_at(qep_green *g, double E, int with_states, int with_eigenvalues, qep_error *err) {
    const qep_system *s = g->system;
    for (size_t a = 0; a < s->terminals; a++) {
        if (qep_self_energy_at(&g->self[a], s->terminal[a], E) != 0) {
            return qep_error_add(err, QEP_ERR_UNCONVERGED, "modes", NULL, NULL, "%s: the modes at E = %.12g eV could not be told apart",
                                 s->terminal[a]->name, E * s->unit / 1.602176634e-19);
        }
    }
    place_columns(g);
    QEP_TRY(reserve(&g->amplitude, &g->amplitude_capacity, g->columns * g->columns, "amplitudes", err));
    const int streamed = !g->keeps_all && !with_states;
    if (streamed) {
        QEP_TRY(solve_streaming(g, E, err));
    } else {
        QEP_TRY(solve_states(g, E, err));
        for (size_t a = 0; a < s->terminals; a++) {
            amplitudes_of(g, a, g->amplitude);
        }
    }
    fill_transmission(g, streamed);
    if (with_eigenvalues && g->eigenvalues > 0) {
        fill_eigenvalues(g);
    }
    return QEP_OK;
}
