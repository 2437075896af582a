/* Geometric multigrid as a preconditioner: aggregates of 2 x 2 x 2 cells, piecewise constant. Sums of fine couplings are twice too stiff for such
 * aggregates, so couplings across a halved axis are halved; V(2,2) cycle. Axes are halved while their cells are the shortest ones. Tried
 * and rejected elsewhere: harmonic or geometric means of fine couplings, W cycles (not definite), V(1,1) (docs/numerics.md). */
#include "multigrid_impl.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

/* Which axes to halve: those whose cells are at most half as long again as the shortest. */
static int choose_axes(const size_t n[3], const double h[3], int coarsen[3]) {
    double shortest = INFINITY;
    for (int d = 0; d < 3; d++) {
        shortest = n[d] > 1 ? fmin(shortest, h[d]) : shortest;
    }
    int any = 0;
    for (int d = 0; d < 3; d++) {
        coarsen[d] = n[d] > 1 && h[d] <= 1.5 * shortest;
        any |= coarsen[d];
    }
    return any;
}

/* Sum the faces along d between the aggregates of rows (Y, Z) and their upper neighbours. */
static void coarsen_row(const qep_mg_level *fine, const qep_couplings *coarse, int d, size_t Y, size_t Z) {
    const size_t *const n = fine->a.n, *const m = coarse->n;
    const double factor = d < 3 && fine->coarsen[d] ? 0.5 : 1.0;
    for (size_t X = 0; X < m[0]; X++) {
        size_t begin[3], end[3];
        const size_t at[3] = {X, Y, Z};
        for (int k = 0; k < 3; k++) {
            begin[k] = fine->coarsen[k] ? 2 * at[k] : at[k];
            end[k] = fine->coarsen[k] && 2 * at[k] + 1 < n[k] ? begin[k] + 2 : begin[k] + 1;
        }
        if (d < 3) {
            begin[d] = end[d] - 1; /* only the last layer has its face on the aggregate's */
        }
        const double *const values = d < 3 ? fine->a.g[d] : fine->a.sink;
        double sum = 0.0;
        for (size_t z = begin[2]; z < end[2]; z++) {
            for (size_t y = begin[1]; y < end[1]; y++) {
                for (size_t x = begin[0]; x < end[0]; x++) {
                    sum += values[(z * n[1] + y) * n[0] + x];
                }
            }
        }
        (d < 3 ? coarse->g[d] : coarse->sink)[(Z * m[1] + Y) * m[0] + X] = factor * sum;
    }
}

static qep_status coarsen(qep_multigrid *mg, qep_error *err) {
    qep_mg_level *fine = &mg->level[mg->levels - 1], *coarse = &mg->level[mg->levels];
    for (int d = 0; d < 3; d++) {
        coarse->a.n[d] = fine->coarsen[d] ? (fine->a.n[d] + 1) / 2 : fine->a.n[d];
        coarse->a.periodic[d] = fine->a.periodic[d] && coarse->a.n[d] > 1;
    }
    coarse->owned = 1;
    mg->levels++;
    QEP_TRY(qep_couplings_allocate(&coarse->a, err));
    QEP_TRY(qep_alloc((void **)&coarse->u, coarse->a.count, sizeof(double), "coarse level", err)); /* zeros: what couplings of 0 multiply must be finite */
    QEP_TRY(qep_alloc_doubles(&coarse->b, coarse->a.count, "coarse level", err));
    const size_t rows = coarse->a.n[1] * coarse->a.n[2];
#pragma omp parallel for num_threads(mg->threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        for (int d = 0; d < 4; d++) { /* 3: the sinks */
            if (d == 3 || coarse->a.g[d]) {
                coarsen_row(fine, &coarse->a, d, i % coarse->a.n[1], i / coarse->a.n[1]);
            }
        }
    }
    qep_couplings_finish(&coarse->a, mg->threads);
    return QEP_OK;
}

static size_t neighbour(const qep_couplings *a, int d, size_t i) {
    const size_t stride = d == 0 ? 1 : d == 1 ? a->n[0] : a->n[0] * a->n[1], at = i / stride % a->n[d];
    return at + 1 < a->n[d] ? i + stride : i - at * stride;
}

static size_t root(size_t *parent, size_t i) {
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

/* A piece without a sink has a constant that nothing fixes: add (d/n) 1 1^T over it, which leaves the solution for a balanced right side alone. */
static void lift_constants(const qep_couplings *a, size_t *parent, double *matrix) {
    const size_t n = a->count;
    for (size_t i = 0; i < n; i++) {
        for (int d = 0; d < 3; d++) {
            if (a->g[d] && a->g[d][i] > 0.0) {
                parent[root(parent, i)] = root(parent, neighbour(a, d, i));
            }
        }
    }
    for (size_t piece = 0; piece < n; piece++) {
        if (root(parent, piece) != piece || a->inverse[piece] == 0.0) {
            continue;
        }
        double sink = 0.0, diagonal = 0.0, size = 0.0;
        for (size_t i = 0; i < n; i++) {
            if (root(parent, i) == piece) {
                sink += a->sink[i];
                diagonal = fmax(diagonal, 1.0 / a->inverse[i]);
                size += 1.0;
            }
        }
        for (size_t i = 0; i < n && sink == 0.0; i++) {
            for (size_t j = 0; j < n && root(parent, i) == piece; j++) {
                matrix[i + j * n] += root(parent, j) == piece ? diagonal / size : 0.0;
            }
        }
    }
}

/* The coarsest level as a dense matrix, factorised. Where that fails (contrasts beyond 1e15) the sweeps remain. */
static qep_status factorise(qep_multigrid *mg, qep_error *err) {
    const qep_couplings *a = &mg->level[mg->levels - 1].a;
    const size_t n = a->count;
    size_t *parent = NULL;
    if (n > QEP_MG_DENSE) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc((void **)&mg->factor, n * n, sizeof(double), "coarsest level", err));
    QEP_TRY(qep_alloc((void **)&parent, n, sizeof *parent, "coarsest level", err));
    for (size_t i = 0; i < n; i++) {
        parent[i] = i;
        mg->factor[i + i * n] += a->inverse[i] > 0.0 ? a->sink[i] : 1.0;
        for (int d = 0; d < 3; d++) {
            const size_t j = a->g[d] ? neighbour(a, d, i) : i;
            if (j != i) {
                mg->factor[i + i * n] += a->g[d][i];
                mg->factor[j + j * n] += a->g[d][i];
                mg->factor[i + j * n] -= a->g[d][i];
                mg->factor[j + i * n] -= a->g[d][i];
            }
        }
    }
    lift_constants(a, parent, mg->factor);
    qep_free(parent);
    if (qep_dpotrf(n, mg->factor, n) != 0) {
        qep_free(mg->factor);
        mg->factor = NULL;
    }
    return QEP_OK;
}

static void solve_coarsest(const qep_multigrid *mg) {
    const qep_mg_level *level = &mg->level[mg->levels - 1];
    if (mg->factor) {
        memcpy(level->u, level->b, level->a.count * sizeof(double));
        (void)qep_dpotrs(level->a.count, 1, mg->factor, level->a.count, level->u, level->a.count);
        return;
    }
    for (int i = 0; i < QEP_MG_COARSE_SWEEPS; i++) {
        qep_mg_sweep(&level->a, level->b, level->u, i >= QEP_MG_COARSE_SWEEPS / 2, i == 0, mg->threads);
    }
}

static void cycle(void *data, const double *r, double *z) {
    qep_multigrid *mg = data;
    double *scratch_b = NULL;
    mg->level[0].u = z;
    memcpy(&scratch_b, &r, sizeof scratch_b); /* the fine right side is only read */
    mg->level[0].b = scratch_b;
    for (int i = 0; i + 1 < mg->levels; i++) {
        const qep_mg_level *level = &mg->level[i];
        for (int s = 0; s < QEP_MG_SMOOTH; s++) {
            qep_mg_sweep(&level->a, level->b, level->u, 0, s == 0, mg->threads);
        }
        qep_mg_restrict(mg, i);
    }
    solve_coarsest(mg);
    for (int i = mg->levels - 2; i >= 0; i--) {
        const qep_mg_level *level = &mg->level[i];
        qep_mg_prolong(mg, i);
        for (int s = 0; s < QEP_MG_SMOOTH; s++) {
            qep_mg_sweep(&level->a, level->b, level->u, 1, 0, mg->threads);
        }
    }
}

static void destroy(void *data) {
    qep_multigrid *mg = data;
    for (int i = 1; mg && i < mg->levels; i++) {
        qep_couplings_free(&mg->level[i].a);
        qep_free(mg->level[i].u);
        qep_free(mg->level[i].b);
    }
    if (mg) {
        qep_free(mg->factor);
        qep_free(mg->scratch);
    }
    qep_free(mg);
}

qep_status qep_multigrid_create(qep_preconditioner *m, const qep_couplings *fine, const double spacing[3], int threads, qep_error *err) {
    qep_multigrid *mg = NULL;
    double h[3] = {spacing[0], spacing[1], spacing[2]};
    QEP_TRY(qep_alloc((void **)&mg, 1, sizeof *mg, "multigrid", err));
    *m = (qep_preconditioner){mg, cycle, destroy};
    mg->threads = threads;
    mg->levels = 1;
    mg->level[0].a = *fine;
    mg->scratch_size = (fine->n[0] + 7) / 8 * 8;
    QEP_TRY(qep_alloc_doubles(&mg->scratch, mg->scratch_size * (size_t)threads, "multigrid", err));
    while (mg->level[mg->levels - 1].a.count > QEP_MG_DENSE && mg->levels < QEP_MG_LEVELS) {
        qep_mg_level *level = &mg->level[mg->levels - 1];
        if (!choose_axes(level->a.n, h, level->coarsen)) {
            break;
        }
        for (int d = 0; d < 3; d++) {
            h[d] *= level->coarsen[d] ? 2.0 : 1.0;
        }
        QEP_TRY(coarsen(mg, err));
    }
    return factorise(mg, err);
}

size_t qep_multigrid_memory(const size_t n[3]) {
    return sizeof(double) * (n[0] * n[1] * n[2] + (size_t)QEP_MG_DENSE * QEP_MG_DENSE); /* (3 + 2 + 2) arrays on 1/8 + 1/64 + ... of the cells */
}
