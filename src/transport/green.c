/* One scattering problem (theory T21): self-energies, right sides, and one of two ways to solve: along a tree of fronts where one was made,
 * or block by block, which is also the way where the tree would lose digits. Right sides are the open modes of the leads only. */
#include "green.h"

#include "blocks.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

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
    qep_free(g->block_pivots);
    qep_free(g->root);
    qep_free(g->root_pivots);
    qep_fronts_free(&g->fronts);
    qep_free(g->amplitude);
    qep_free(g->transmission);
    qep_free(g->eigenvalue);
    qep_free(g->svd_values);
    *g = (qep_green){0};
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

static size_t most_eigenvalues(const qep_system *s) {
    if (s->terminals != 2) {
        return 0;
    }
    const size_t a = s->terminal[0]->count, b = s->terminal[1]->count;
    return a < b ? a : b;
}

qep_status qep_green_init(qep_green *g, const qep_system *s, int mode, qep_error *err) {
    *g = (qep_green){.system = s, .extra = SIZE_MAX};
    g->keeps_all = mode != QEP_GREEN_T_ONLY || !qep_blocks_can_stream(s);
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
    if (s->tree && mode != QEP_GREEN_BLOCKS) {
        QEP_TRY(qep_fronts_init(&g->fronts, s->tree, mode == QEP_GREEN_STATES, err));
        QEP_TRY(qep_alloc((void **)&g->root_pivots, qep_tree_root(s->tree)->pivots + QEP_MOST_LATE,
                          sizeof *g->root_pivots, "pivots", err));
    }
    QEP_TRY(qep_alloc_doubles(&g->transmission, nt * nt, "transmission", err));
    QEP_TRY(qep_alloc_doubles(&g->svd_values, s->largest + g->eigenvalues,
                              "transmission eigenvalues", err));
    return qep_alloc_doubles(&g->eigenvalue, g->eigenvalues, "transmission eigenvalues", err);
}

size_t qep_system_thread_bytes(const qep_system *s, int fields) {
    const int keeps_all = fields || !qep_blocks_can_stream(s);
    size_t leads = 0, columns = 0;
    for (size_t a = 0; a < s->terminals; a++) {
        const size_t n = s->terminal[a]->count;
        leads += s->terminal[a]->kind == QEP_LEAD_WIDEBAND
                     ? n
                     : 3 * n * n + (s->terminal[a]->analytic ? 0 : qep_periodic_work(n));
        columns += n;
    }
    if (s->tree) {
        return qep_fronts_bytes(s->tree, fields) +
               sizeof(double complex) *
                   (leads + columns * (fields ? s->sites + s->tree->widest
                                              : 2 * qep_tree_root(s->tree)->pivots));
    }
    return sizeof(double complex) * (qep_blocks_elements(s, keeps_all) + leads +
                                     columns * (keeps_all ? s->sites : 4 * s->largest));
}

qep_status qep_green_reserve(double complex **buffer, size_t *capacity, size_t count,
                             const char *what, qep_error *err) {
    if (count > *capacity) {
        qep_free(*buffer);
        *capacity = 0;
        QEP_TRY(qep_alloc((void **)buffer, count, sizeof **buffer, what, err));
        *capacity = count;
    }
    return QEP_OK;
}

/* ---- By fronts ------------------------------------------------------------------------------------------------------------- */

/* Row of a permuted site of a terminal in the root. */
static size_t root_row(const qep_green *g, size_t place) {
    return g->system->tree->rank[place] - qep_tree_root(g->system->tree)->first;
}

/* Root less the self-energies. */
static void subtract_self_energies(qep_green *g, double complex *m, size_t r) {
    const qep_system *s = g->system;
    for (size_t a = 0; a < s->terminals; a++) {
        const size_t n = s->terminal[a]->count, *where = s->where[a];
        const int diagonal = s->terminal[a]->kind == QEP_LEAD_WIDEBAND;
        for (size_t j = 0; j < n; j++) {
            const size_t column = root_row(g, where[j]);
            for (size_t i = diagonal ? j : 0; i < (diagonal ? j + 1 : n); i++) {
                m[root_row(g, where[i]) + column * r] -=
                    diagonal ? g->self[a].sigma[j] : g->self[a].sigma[i + j * n];
            }
        }
    }
}

/* W [r, columns]: the open modes as right sides. */
static void fill_sources(const qep_green *g, double complex *w, size_t r) {
    const qep_system *s = g->system;
    memset(w, 0, r * g->columns * sizeof *w);
    for (size_t a = 0; a < s->terminals; a++) {
        const qep_terminal *t = s->terminal[a];
        for (size_t c = 0; c < g->open[a]; c++) {
            double complex *column = w + (g->first[a] + c) * r;
            if (t->kind == QEP_LEAD_WIDEBAND) {
                column[root_row(g, s->where[a][c])] = sqrt(t->gamma);
                continue;
            }
            for (size_t i = 0; i < t->count; i++) {
                column[root_row(g, s->where[a][i])] = g->self[a].factor[i + c * t->count];
            }
        }
    }
}

/* psi on the sites of the terminals, amplitudes, and with states psi everywhere. *lost: it could not be done this way, and nothing was. */
static qep_status solve_fronts(qep_green *g, double E, int with_states, int *lost, qep_error *err) {
    const size_t c = g->columns;
    double complex *m = g->fronts.root;
    *lost = qep_fronts_eliminate(&g->fronts, E, g->system->onsite) != 0;
    if (*lost || c == 0) {
        return QEP_OK;
    }
    const size_t r = g->fronts.root_size;
    QEP_TRY(qep_green_reserve(&g->root, &g->root_capacity, 2 * r * c, "scattering states", err));
    double complex *w = g->root, *psi = g->root + r * c;
    subtract_self_energies(g, m, r);
    fill_sources(g, w, r);
    memcpy(psi, w, r * c * sizeof *psi);
    if (qep_zgetrf(r, m, r, g->root_pivots) != 0 ||
        qep_zgetrs(QEP_AS_IS, r, c, m, r, g->root_pivots, psi, r) != 0) {
        *lost = 1;
        return QEP_OK;
    }
    qep_zgemm(QEP_ADJOINT, QEP_AS_IS, c, c, r, 1.0, w, r, psi, r, 0.0, g->amplitude, c);
    if (!with_states) {
        return QEP_OK;
    }
    QEP_TRY(qep_green_reserve(&g->psi, &g->psi_capacity, (g->system->sites + g->fronts.late) * c,
                              "scattering states", err));
    g->by_rank = 1;
    return qep_fronts_spread(&g->fronts, psi, g->psi, c, err);
}

static qep_status solve_blocks(qep_green *g, double E, int with_states, int *streamed,
                               qep_error *err) {
    g->by_rank = 0;
    *streamed = !g->keeps_all && !with_states;
    if (*streamed) {
        return qep_blocks_stream(g, E, err);
    }
    QEP_TRY(qep_blocks_states(g, E, err));
    qep_amplitudes_from_states(g);
    return QEP_OK;
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

static void make_adjoint(double complex *m, size_t n, int diagonal) {
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < j && !diagonal; i++) {
            const double complex upper = m[i + j * n];
            m[i + j * n] = conj(m[j + i * n]);
            m[j + i * n] = conj(upper);
        }
        m[diagonal ? j : j + j * n] = conj(m[diagonal ? j : j + j * n]);
    }
}

qep_status qep_green_at(qep_green *g, double E, int with_states, int with_eigenvalues,
                        qep_error *err) {
    const qep_system *s = g->system;
    for (size_t a = 0; a < s->terminals; a++) {
        if (qep_self_energy_at(&g->self[a], s->terminal[a], E) != 0) {
            return qep_error_add(err, QEP_ERR_UNCONVERGED, "modes", NULL, NULL,
                                 "%s: the modes at E = %.12g eV could not be told apart",
                                 s->terminal[a]->name, E * s->unit / 1.602176634e-19);
        }
    }
    for (size_t a = 0; g->advanced && a < s->terminals; a++) {
        make_adjoint(g->self[a].sigma, s->terminal[a]->count, s->terminal[a]->kind == QEP_LEAD_WIDEBAND);
    }
    place_columns(g);
    QEP_TRY(qep_green_reserve(&g->amplitude, &g->amplitude_capacity, g->columns * g->columns,
                              "amplitudes", err));
    int lost = 1, streamed = 0;
    if (g->fronts.tree && !g->extra_source) {
        QEP_TRY(solve_fronts(g, E, with_states, &lost, err));
    }
    if (lost) {
        QEP_TRY(solve_blocks(g, E, with_states, &streamed, err));
    }
    qep_amplitudes_to_transmission(g, streamed);
    if (with_eigenvalues && g->eigenvalues > 0) {
        qep_amplitudes_to_eigenvalues(g);
    }
    return QEP_OK;
}
