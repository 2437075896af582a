/* Geometric multigrid as a preconditioner: aggregates of 2 x 2 x 2 cells, piecewise constant. Sums of fine couplings are twice too stiff for such
 * aggregates, so couplings across a halved axis are halved; V(2,2) cycle. Axes are halved while their cells are the shortest ones. Tried
 * and rejected elsewhere: harmonic or geometric means of fine couplings, W cycles (not definite), V(1,1) (docs/numerics.md). */
#include "multigrid_impl.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdint.h>
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

/* Add the faces along d (3: the sinks) of the fine row (y, z) to the coarse row; of faces along a halved x only those on the aggregates' own. */
static void add_faces(const qep_mg_level *fine, int d, size_t y, size_t z, float *coarse) {
    const size_t nx = fine->n[0];
    const float *const row = (d < 3 ? fine->g[d] : fine->sink) + (z * fine->n[1] + y) * nx;
    for (size_t x = 0; x < nx; x++) {
        const size_t X = fine->coarsen[0] ? x / 2 : x;
        coarse[X] += d > 0 || !fine->coarsen[0] || x % 2 || x + 1 == nx ? row[x] : 0.0f;
    }
}

/* Sum the faces along d between the aggregates of row (Y, Z) and their upper neighbours. */
static void coarsen_row(const qep_mg_level *fine, const qep_mg_level *coarse, int d, size_t Y, size_t Z) {
    const size_t at[3] = {0, Y, Z}, *const m = coarse->n;
    size_t begin[3], end[3];
    for (int k = 1; k < 3; k++) {
        begin[k] = fine->coarsen[k] ? 2 * at[k] : at[k];
        end[k] = fine->coarsen[k] && 2 * at[k] + 1 < fine->n[k] ? begin[k] + 2 : begin[k] + 1;
        begin[k] = k == d ? end[k] - 1 : begin[k]; /* only the last layer has its face on the aggregate's */
    }
    float *const sum = (d < 3 ? coarse->g[d] : coarse->sink) + (Z * m[1] + Y) * m[0];
    for (size_t z = begin[2]; z < end[2]; z++) {
        for (size_t y = begin[1]; y < end[1]; y++) {
            add_faces(fine, d, y, z, sum);
        }
    }
    for (size_t X = 0; X < m[0] && d < 3 && fine->coarsen[d]; X++) {
        sum[X] *= 0.5f;
    }
}

static qep_status allocate_level(qep_mg_level *level, int with_sinks, qep_error *err) {
    level->count = level->n[0] * level->n[1] * level->n[2];
    float **const arrays[] = {level->n[0] > 1 ? &level->g[0] : NULL, level->n[1] > 1 ? &level->g[1] : NULL, level->n[2] > 1 ? &level->g[2] : NULL,
                              with_sinks ? &level->sink : NULL, &level->inverse, &level->u, &level->b};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        if (arrays[i]) { /* zeros: what couplings of 0 multiply must be finite */
            QEP_TRY(qep_alloc((void **)arrays[i], level->count, sizeof(float), "multigrid", err));
        }
    }
    QEP_TRY(qep_alloc((void **)&level->zero, level->n[0], sizeof *level->zero, "multigrid", err));
    QEP_TRY(qep_alloc((void **)&level->rows, level->n[1] * level->n[2], 1, "multigrid", err));
    for (int k = 0; k < 2; k++) {
        QEP_TRY(qep_alloc((void **)&level->chosen[k], level->n[0], sizeof *level->chosen[k], "multigrid", err));
        for (size_t x = 0; x < level->n[0]; x++) {
            level->chosen[k][x] = (int)(x & 1) == k ? -1 : 0;
        }
    }
    level->wave = level->n[1] > level->n[2] ? 1 : 2;
    level->plain = qep_mg_is_plain(level);
    return QEP_OK;
}

static void free_level(qep_mg_level *level) {
    void *const arrays[] = {level->g[0], level->g[1], level->g[2], level->sink, level->inverse, level->zero, level->u, level->b, level->rows, level->chosen[0], level->chosen[1]};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        qep_free(arrays[i]);
    }
}

/* Inverse diagonals of a coarse row. */
static void finish_row(const qep_mg_level *level, size_t y, size_t z) {
    const qep_mg_row row = qep_mg_row_of(level, y, z);
    const size_t nx = level->n[0];
    for (size_t x = 0; x < nx; x++) {
        const float sink = level->sink ? level->sink[row.offset + x] : 0.0f;
        const float diagonal = sink + row.gx[x] + row.gx[x ? x - 1 : nx - 1] + row.gy[0][x] + row.gy[1][x] + row.gz[0][x] + row.gz[1][x];
        level->inverse[row.offset + x] = diagonal > 0.0f ? 1.0f / diagonal : 0.0f;
    }
}

/* Which rows hold equations and sinks, and between which planes they lie. */
static void survey(qep_mg_level *level, int threads) {
    const size_t rows = level->n[1] * level->n[2], nx = level->n[0], planes = level->n[level->wave];
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        int active = 0, sinks = 0;
        for (size_t x = 0; x < nx; x++) {
            active |= level->inverse[i * nx + x] > 0.0f;
            sinks |= level->sink && level->sink[i * nx + x] > 0.0f;
        }
        level->rows[i] = (uint8_t)((active ? QEP_MG_ACTIVE : QEP_MG_EMPTY) | (sinks ? QEP_MG_SINKS : 0));
    }
    level->begin = planes;
    level->end = 0;
    for (size_t i = 0; i < rows; i++) {
        const size_t plane = level->wave == 2 ? i / level->n[1] : i % level->n[1];
        if (level->rows[i]) {
            level->begin = plane < level->begin ? plane : level->begin;
            level->end = plane + 1 > level->end ? plane + 1 : level->end;
        }
    }
    level->begin -= level->begin % 2; /* aggregates stay whole */
    level->end += level->end % 2 && level->end < planes ? 1 : 0;
    if (level->end == 0 || level->periodic[level->wave]) {
        level->begin = 0;
        level->end = planes;
    }
}

static qep_status coarsen(qep_multigrid *mg, qep_error *err) {
    qep_mg_level *fine = &mg->level[mg->levels - 1], *coarse = &mg->level[mg->levels];
    for (int d = 0; d < 3; d++) {
        coarse->n[d] = fine->coarsen[d] ? (fine->n[d] + 1) / 2 : fine->n[d];
        coarse->periodic[d] = fine->periodic[d] && coarse->n[d] > 1;
    }
    mg->levels++;
    QEP_TRY(allocate_level(coarse, fine->sink != NULL, err));
    const size_t rows = coarse->n[1] * coarse->n[2];
#pragma omp parallel for num_threads(mg->threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        for (int d = 0; d < 4; d++) {
            if (d < 3 ? coarse->g[d] != NULL : coarse->sink != NULL) {
                coarsen_row(fine, coarse, d, i % coarse->n[1], i / coarse->n[1]);
            }
        }
    }
#pragma omp parallel for num_threads(mg->threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        finish_row(coarse, i % coarse->n[1], i / coarse->n[1]);
    }
    survey(coarse, mg->threads);
    return QEP_OK;
}

/* The finest level: the couplings over the largest diagonal. */
static qep_status take_couplings(qep_multigrid *mg, const qep_couplings *fine, qep_error *err) {
    qep_mg_level *level = &mg->level[0];
    double smallest = INFINITY;
    int sinks = 0;
    memcpy(level->n, fine->n, sizeof level->n);
    memcpy(level->periodic, fine->periodic, sizeof level->periodic);
#pragma omp parallel for num_threads(mg->threads) schedule(static) reduction(min : smallest) reduction(| : sinks)
    for (size_t i = 0; i < fine->count; i++) {
        smallest = fine->inverse[i] > 0.0 && fine->inverse[i] < smallest ? fine->inverse[i] : smallest;
        sinks |= fine->sink[i] > 0.0;
    }
    mg->scale = smallest < INFINITY ? 1.0 / smallest : 1.0;
    mg->levels = 1;
    QEP_TRY(allocate_level(level, sinks, err));
#pragma omp parallel for num_threads(mg->threads) schedule(static)
    for (size_t i = 0; i < fine->count; i++) {
        for (int d = 0; d < 3; d++) {
            if (level->g[d]) {
                level->g[d][i] = (float)(fine->g[d][i] / mg->scale);
            }
        }
        if (level->sink) {
            level->sink[i] = (float)(fine->sink[i] / mg->scale);
        }
        level->inverse[i] = (float)(fine->inverse[i] * mg->scale);
    }
    survey(level, mg->threads);
    return QEP_OK;
}

static size_t neighbour(const qep_mg_level *a, int d, size_t i) {
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

/* A piece without a sink has a constant that nothing fixes: add (d/n) 1 1^T over it, which leaves the solution for a balanced right side alone. Its cells
 * keep their root in `piece`, all others SIZE_MAX. Also the weights and constants of solve_dense. */
static void lift_constants(const qep_multigrid *mg) {
    const qep_mg_level *a = &mg->level[mg->levels - 1];
    const size_t n = a->count;
    size_t *const piece = mg->piece;
    double *const matrix = mg->factor;
    for (size_t i = 0; i < n; i++) {
        for (int d = 0; d < 3; d++) {
            if (a->g[d] && a->g[d][i] > 0.0f) {
                piece[root(piece, i)] = root(piece, neighbour(a, d, i));
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        piece[i] = root(piece, i);
    }
    for (size_t one = 0; one < n; one++) {
        if (piece[one] != one) {
            continue;
        }
        double sink = 0.0, diagonal = 0.0, size = 0.0, diagonals = 0.0;
        for (size_t i = 0; i < n; i++) {
            if (piece[i] == one) {
                diagonals += a->inverse[i] > 0.0f ? 1.0 / (double)a->inverse[i] : 0.0;
                sink += a->sink ? (double)a->sink[i] : 0.0;
                diagonal = a->inverse[i] > 0.0f ? fmax(diagonal, 1.0 / (double)a->inverse[i]) : diagonal;
                size += 1.0;
            }
        }
        const int fixed = sink > 0.0 || diagonal == 0.0;
        mg->constant[one] = fixed ? 0.0 : 1.0 / (diagonal * size);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n && piece[i] == one && !fixed; j++) {
                matrix[i + j * n] += piece[j] == one ? diagonal / size : 0.0;
            }
        }
        for (size_t i = 0; i < n; i++) {
            if (piece[i] == one) {
                mg->weight[i] = fixed || a->inverse[i] == 0.0f ? 0.0 : 1.0 / (double)a->inverse[i] / diagonals;
            }
        }
        for (size_t i = n; i-- > 0 && fixed;) {
            piece[i] = piece[i] == one ? SIZE_MAX : piece[i];
        }
    }
}

/* The coarsest level as a dense matrix, factorised. Where that fails (contrasts beyond 1e15) the sweeps remain. */
static qep_status factorise(qep_multigrid *mg, qep_error *err) {
    const qep_mg_level *a = &mg->level[mg->levels - 1];
    const size_t n = a->count;
    if (n > QEP_MG_DENSE) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc((void **)&mg->factor, n * n, sizeof(double), "coarsest level", err));
    double **const vectors[] = {&mg->dense, &mg->weight, &mg->constant, &mg->sum, &mg->mean};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        QEP_TRY(qep_alloc_doubles(vectors[i], n, "coarsest level", err));
    }
    QEP_TRY(qep_alloc((void **)&mg->piece, n, sizeof *mg->piece, "coarsest level", err));
    for (size_t i = 0; i < n; i++) {
        mg->piece[i] = i;
        mg->factor[i + i * n] += a->inverse[i] == 0.0f ? 1.0 : a->sink ? (double)a->sink[i] : 0.0;
        for (int d = 0; d < 3; d++) {
            const size_t j = a->g[d] ? neighbour(a, d, i) : i;
            if (j != i) {
                const double g = (double)a->g[d][i];
                mg->factor[i + i * n] += g;
                mg->factor[j + j * n] += g;
                mg->factor[i + j * n] -= g;
                mg->factor[j + i * n] -= g;
            }
        }
    }
    lift_constants(mg);
    if (qep_dpotrf(n, mg->factor, n) != 0) {
        qep_free(mg->factor);
        mg->factor = NULL;
    }
    return QEP_OK;
}

/* Solve with the factor. What rounding left of the balance of a piece without sinks goes to its cells in proportion to their diagonals: on a bad conductor a
 * share of the same size would be a large potential. The sum may be no rounding where a load holds the piece, so it comes back as a constant, and the weights
 * act on the solution as they did on the right side: the whole is symmetric, and positive on constants. */
static void solve_dense(const qep_multigrid *mg) {
    const size_t n = mg->level[mg->levels - 1].count, *const piece = mg->piece;
    double *const x = mg->dense, *const sum = mg->sum, *const mean = mg->mean;
    memset(sum, 0, n * sizeof *sum);
    memset(mean, 0, n * sizeof *mean);
    for (size_t i = 0; i < n; i++) {
        if (piece[i] != SIZE_MAX) {
            sum[piece[i]] += x[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        x[i] -= piece[i] != SIZE_MAX ? sum[piece[i]] * mg->weight[i] : 0.0;
    }
    (void)qep_dpotrs(n, 1, mg->factor, n, x, n);
    for (size_t i = 0; i < n; i++) {
        if (piece[i] != SIZE_MAX) {
            mean[piece[i]] += x[i] * mg->weight[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        x[i] += piece[i] != SIZE_MAX ? sum[piece[i]] * mg->constant[piece[i]] - mean[piece[i]] : 0.0;
    }
}

static void solve_coarsest(const qep_multigrid *mg) {
    const qep_mg_level *level = &mg->level[mg->levels - 1];
    if (mg->factor) {
        for (size_t i = 0; i < level->count; i++) {
            mg->dense[i] = (double)level->b[i];
        }
        solve_dense(mg);
        for (size_t i = 0; i < level->count; i++) {
            level->u[i] = (float)mg->dense[i];
        }
        return;
    }
    memset(level->u, 0, level->count * sizeof *level->u);
    for (int i = 0; i < QEP_MG_COARSE_SWEEPS; i++) {
        qep_mg_sweep(mg, mg->levels - 1, i >= QEP_MG_COARSE_SWEEPS / 2);
    }
}

static void cycle(void *data, const double *r, double *z) {
    const qep_multigrid *mg = data;
    (void)r, (void)z; /* the finest level's b and u take their places */
    for (int i = 0; i + 1 < mg->levels; i++) {
        qep_mg_down(mg, i);
    }
    solve_coarsest(mg);
    for (int i = mg->levels - 2; i >= 0; i--) {
        qep_mg_up(mg, i);
    }
}

static void destroy(void *data) {
    qep_multigrid *mg = data;
    for (int i = 0; mg && i < mg->levels; i++) {
        free_level(&mg->level[i]);
    }
    if (mg) {
        void *const arrays[] = {mg->factor, mg->dense, mg->weight, mg->constant, mg->sum, mg->mean, mg->piece, mg->scratch};
        for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
            qep_free(arrays[i]);
        }
    }
    qep_free(mg);
}

/* Choose the axes that the next level halves and lengthen its cells; 0: none is left. */
static int next_level(const size_t n[3], double h[3], int coarsen_axis[3]) {
    if (n[0] * n[1] * n[2] <= QEP_MG_DENSE || !choose_axes(n, h, coarsen_axis)) {
        return 0;
    }
    for (int d = 0; d < 3; d++) {
        h[d] *= coarsen_axis[d] ? 2.0 : 1.0;
    }
    return 1;
}

qep_status qep_multigrid_create(qep_preconditioner *m, const qep_couplings *fine, const double spacing[3], int threads, qep_error *err) {
    qep_multigrid *mg = NULL;
    double h[3] = {spacing[0], spacing[1], spacing[2]};
    QEP_TRY(qep_alloc((void **)&mg, 1, sizeof *mg, "multigrid", err));
    *m = (qep_preconditioner){.data = mg, .apply = cycle, .destroy = destroy};
    mg->threads = threads;
    QEP_TRY(take_couplings(mg, fine, err));
    mg->scratch_size = (fine->n[0] + 15) / 16 * 16;
    QEP_TRY(qep_alloc((void **)&mg->scratch, mg->scratch_size * (size_t)threads, sizeof *mg->scratch, "multigrid", err));
    m->in = mg->level[0].b;
    m->out = mg->level[0].u;
    m->scale = 1.0 / mg->scale;
    while (mg->levels < QEP_MG_LEVELS && next_level(mg->level[mg->levels - 1].n, h, mg->level[mg->levels - 1].coarsen)) {
        QEP_TRY(coarsen(mg, err));
    }
    return factorise(mg, err);
}

size_t qep_multigrid_memory(const size_t points[3], const double spacing[3]) {
    size_t n[3] = {points[0], points[1], points[2]}, bytes = sizeof(double) * QEP_MG_DENSE * QEP_MG_DENSE;
    double h[3] = {spacing[0], spacing[1], spacing[2]};
    for (int more = 1; more;) {
        int coarsen_axis[3];
        bytes += n[0] * n[1] * n[2] * 7 * sizeof(float) + n[1] * n[2]; /* three couplings, sink, inverse, u, b */
        more = next_level(n, h, coarsen_axis);
        for (int d = 0; d < 3 && more; d++) {
            n[d] = coarsen_axis[d] ? (n[d] + 1) / 2 : n[d];
        }
    }
    return bytes;
}
