/* Smoothing and transfer between levels. Red-black Gauss-Seidel does not depend on the order within a colour, so neither on threads; sweeps after
 * the correction take the colours backward, which makes the cycle symmetric. */
#include "multigrid_impl.h"

#include "qep/base/simd.h"
#include <omp.h>
#include <string.h>

int qep_mg_colours(const qep_couplings *a, qep_mg_colour colour[16]) {
    int odd[3], count = 0;
    for (int d = 0; d < 3; d++) {
        odd[d] = a->periodic[d] && a->n[d] > 1 && a->n[d] % 2 == 1;
    }
    for (int mask = 0; mask < 8; mask++) {
        const int last[3] = {mask & 1, mask >> 1 & 1, mask >> 2 & 1};
        if ((last[0] && !odd[0]) || (last[1] && !odd[1]) || (last[2] && !odd[2])) {
            continue;
        }
        for (int parity = 0; parity < 2; parity++) {
            colour[count++] = (qep_mg_colour){parity, {last[0], last[1], last[2]}};
        }
    }
    return count;
}

/* Cells of a colour along an axis: [begin, end) */
static void colour_range(const qep_couplings *a, const qep_mg_colour *colour, int d, size_t *begin, size_t *end) {
    const int odd = a->periodic[d] && a->n[d] > 1 && a->n[d] % 2 == 1;
    *begin = colour->last[d] ? a->n[d] - 1 : 0;
    *end = a->n[d] - (odd && !colour->last[d] ? 1 : 0);
}

static double relax(const qep_row *row, const double *b, const double *u, size_t nx, size_t x) {
    const size_t left = x ? x - 1 : nx - 1, right = x + 1 < nx ? x + 1 : 0, o = row->offset;
    const double sum = b[o + x] + row->gx[x] * u[o + right] + row->gx[left] * u[o + left] + row->gy[0][x] * u[row->y[0] + x] +
                       row->gy[1][x] * u[row->y[1] + x] + row->gz[0][x] * u[row->z[0] + x] + row->gz[1][x] * u[row->z[1] + x];
    return row->inverse[x] * sum;
}

/* u = (b + sum of g u_neighbour)/diagonal for every other cell of a row. */
QEP_VARIANTS
static void relax_row(const qep_row *row, const double *restrict all_b, double *all_u, size_t nx, size_t begin, size_t end) {
    size_t x = begin;
    if (x == 0 && x < end) {
        all_u[row->offset] = relax(row, all_b, all_u, nx, 0);
        x = 2;
    }
    const double *const gx = row->gx, *const g0 = row->gy[0], *const g1 = row->gy[1], *const g2 = row->gz[0],
                        *const g3 = row->gz[1], *const inverse = row->inverse;
    const double *const u0 = all_u + row->y[0], *const u1 = all_u + row->y[1], *const u2 = all_u + row->z[0], *const u3 = all_u + row->z[1];
    const double *const b = all_b + row->offset;
    double *const u = all_u + row->offset;
    const size_t inner = end < nx ? end : nx - 1;
#pragma omp simd
    for (size_t i = x; i < inner; i += 2) {
        u[i] = inverse[i] * (b[i] + gx[i] * u[i + 1] + gx[i - 1] * u[i - 1] + g0[i] * u0[i] + g1[i] * u1[i] + g2[i] * u2[i] + g3[i] * u3[i]);
    }
    x = x < inner ? x + (inner - x + 1) / 2 * 2 : x;
    if (x < end) {
        u[x] = relax(row, all_b, all_u, nx, x);
    }
}

static void start_row(const qep_row *row, const double *b, double *u, size_t begin, size_t end) {
    for (size_t x = begin; x < end; x += 2) {
        u[row->offset + x] = row->inverse[x] * b[row->offset + x];
    }
}

/* Row y of plane z of one colour. */
static void do_row(const qep_couplings *a, const qep_mg_colour *colour, size_t y, size_t z, const double *b, double *u, int from_zero) {
    size_t x0 = 0, x1 = 0;
    colour_range(a, colour, 0, &x0, &x1);
    const size_t begin = x0 + ((x0 + y + z + (size_t)colour->parity) & 1);
    const qep_row row = qep_couplings_row(a, y, z);
    if (from_zero) {
        start_row(&row, b, u, begin, x1);
    } else {
        relax_row(&row, b, u, a->n[0], begin, x1);
    }
}

static void do_plane(const qep_couplings *a, const qep_mg_colour *colour, size_t z, const double *b, double *u, int from_zero) {
    for (size_t y = 0; y < a->n[1]; y++) {
        do_row(a, colour, y, z, b, u, from_zero);
    }
}

static void sweep_colour(const qep_couplings *a, const qep_mg_colour *colour, const double *b, double *u, int from_zero, int team) {
    size_t y0 = 0, y1 = 0, z0 = 0, z1 = 0;
    colour_range(a, colour, 1, &y0, &y1);
    colour_range(a, colour, 2, &z0, &z1);
    const size_t ys = y1 - y0, rows = ys * (z1 - z0);
#pragma omp parallel for num_threads(team) schedule(static) if (team > 1)
    for (size_t i = 0; i < rows; i++) {
        do_row(a, colour, y0 + i % ys, z0 + i / ys, b, u, from_zero);
    }
}

/* Two colours in one pass over memory: in each thread's planes the second follows the first one plane behind. The planes at the borders between
 * threads wait until all have done the first; the order does not show in the result. */
static void sweep_pair(const qep_couplings *a, const qep_mg_colour colour[2], int backward, const double *b, double *u, int from_zero, int team) {
    const qep_mg_colour *first = &colour[backward ? 1 : 0], *second = &colour[backward ? 0 : 1];
    const size_t planes = a->n[2], teams = (size_t)team;
#pragma omp parallel for num_threads(team) schedule(static, 1) if (team > 1)
    for (size_t t = 0; t < teams; t++) {
        const size_t begin = planes * t / teams, end = planes * (t + 1) / teams;
        for (size_t z = begin; z < end; z++) {
            do_plane(a, first, z, b, u, from_zero);
            if (z >= begin + 2) {
                do_plane(a, second, z - 1, b, u, 0);
            }
        }
    }
#pragma omp parallel for num_threads(team) schedule(static, 1) if (team > 1)
    for (size_t t = 0; t < teams; t++) {
        const size_t begin = planes * t / teams, end = planes * (t + 1) / teams;
        if (end > begin) {
            do_plane(a, second, begin, b, u, 0);
        }
        if (end > begin + 1) {
            do_plane(a, second, end - 1, b, u, 0);
        }
    }
}

void qep_mg_sweep(const qep_couplings *a, const double *b, double *u, int backward, int from_zero, int threads) {
    qep_mg_colour colour[16];
    const int count = qep_mg_colours(a, colour), team = a->count < 16384 ? 1 : threads;
    if (count == 2) {
        sweep_pair(a, colour, backward, b, u, from_zero, team);
        return;
    }
    if (from_zero) { /* later colours read what no colour has written yet */
        memset(u, 0, a->count * sizeof *u);
    }
    for (int i = 0; i < count; i++) {
        sweep_colour(a, &colour[backward ? count - 1 - i : i], b, u, from_zero && i == 0, team);
    }
}

static double residual_at(const qep_row *row, const double *b, const double *u, size_t nx, size_t x) {
    const size_t left = x ? x - 1 : nx - 1, right = x + 1 < nx ? x + 1 : 0, o = row->offset;
    const double v = u[o + x];
    return b[o + x] - (row->sink[x] * v + row->gx[x] * (v - u[o + right]) + row->gx[left] * (v - u[o + left]) +
                       row->gy[0][x] * (v - u[row->y[0] + x]) + row->gy[1][x] * (v - u[row->y[1] + x]) +
                       row->gz[0][x] * (v - u[row->z[0] + x]) + row->gz[1][x] * (v - u[row->z[1] + x]));
}

QEP_VARIANTS
static void residual_row(const qep_row *row, const double *restrict all_b, const double *restrict all_u, size_t nx, double *restrict out) {
    const double *const gx = row->gx, *const g0 = row->gy[0], *const g1 = row->gy[1], *const g2 = row->gz[0],
                        *const g3 = row->gz[1], *const sink = row->sink;
    const double *const u0 = all_u + row->y[0], *const u1 = all_u + row->y[1], *const u2 = all_u + row->z[0], *const u3 = all_u + row->z[1];
    const double *const b = all_b + row->offset, *const u = all_u + row->offset;
    out[0] = residual_at(row, all_b, all_u, nx, 0);
    out[nx - 1] = residual_at(row, all_b, all_u, nx, nx - 1);
    for (size_t x = 1; x + 1 < nx; x++) {
        const double v = u[x];
        out[x] = b[x] - (sink[x] * v + gx[x] * (v - u[x + 1]) + gx[x - 1] * (v - u[x - 1]) + g0[x] * (v - u0[x]) + g1[x] * (v - u1[x]) +
                         g2[x] * (v - u2[x]) + g3[x] * (v - u3[x]));
    }
}

/* Coarse cell i holds the fine cells [begin, end) of an axis. */
static void children(size_t n, int halved, size_t i, size_t *begin, size_t *end) {
    *begin = halved ? 2 * i : i;
    *end = halved && 2 * i + 1 < n ? 2 * i + 2 : *begin + 1;
}

static void add_row(const double *fine, size_t nx, int halved, double *coarse) {
    if (!halved) {
        for (size_t x = 0; x < nx; x++) {
            coarse[x] += fine[x];
        }
        return;
    }
    for (size_t x = 0; x + 1 < nx; x += 2) {
        coarse[x / 2] += fine[x] + fine[x + 1];
    }
    if (nx % 2) {
        coarse[nx / 2] += fine[nx - 1];
    }
}

void qep_mg_restrict(const qep_multigrid *mg, int at) {
    const qep_mg_level *fine = &mg->level[at], *coarse = &mg->level[at + 1];
    const size_t *const n = fine->a.n, *const m = coarse->a.n;
    const size_t rows = m[1] * m[2];
    const int team = fine->a.count < 16384 ? 1 : mg->threads;
#pragma omp parallel for num_threads(team) schedule(static) if (team > 1)
    for (size_t i = 0; i < rows; i++) {
        double *const scratch = mg->scratch + (size_t)omp_get_thread_num() * mg->scratch_size, *const sum = coarse->b + i * m[0];
        size_t y0 = 0, y1 = 0, z0 = 0, z1 = 0;
        children(n[1], fine->coarsen[1], i % m[1], &y0, &y1);
        children(n[2], fine->coarsen[2], i / m[1], &z0, &z1);
        memset(sum, 0, m[0] * sizeof *sum);
        for (size_t z = z0; z < z1; z++) {
            for (size_t y = y0; y < y1; y++) {
                const qep_row row = qep_couplings_row(&fine->a, y, z);
                residual_row(&row, fine->b, fine->u, n[0], scratch);
                add_row(scratch, n[0], fine->coarsen[0], sum);
            }
        }
    }
}

void qep_mg_prolong(const qep_multigrid *mg, int at) {
    const qep_mg_level *fine = &mg->level[at], *coarse = &mg->level[at + 1];
    const size_t *const n = fine->a.n, *const m = coarse->a.n;
    const size_t rows = n[1] * n[2];
    const int team = fine->a.count < 16384 ? 1 : mg->threads;
#pragma omp parallel for num_threads(team) schedule(static) if (team > 1)
    for (size_t i = 0; i < rows; i++) {
        const size_t y = i % n[1] >> fine->coarsen[1], z = i / n[1] >> fine->coarsen[2];
        const double *const from = coarse->u + (z * m[1] + y) * m[0];
        double *const to = fine->u + i * n[0];
        for (size_t x = 0; x < n[0]; x++) {
            to[x] += from[x >> fine->coarsen[0]];
        }
    }
}
