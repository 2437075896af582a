/* Smoothing and transfer between levels, in one pass over memory each way. Red-black Gauss-Seidel does not depend on the order within a colour, so a pass
 * may move like a wave through the planes: while the first colour is at plane w the second is at w - 1, the next sweep's first at w - 2, ..., and what a
 * plane needs is still in the cache. Threads take slabs of planes. Where two slabs meet, stage s stops s planes short of the cut on either side, and a
 * second phase fills that wedge; a periodic axis is cut in the same way where it closes. None of this shows in the result. */
#include "multigrid_impl.h"

#include <omp.h>
#include <string.h>

/* Row i of a plane across the wave: its y and z. */
static size_t rows_across(const qep_mg_level *level) {
    return level->n[level->wave == 2 ? 1 : 2];
}

static void row_at(const qep_mg_level *level, size_t plane, size_t i, size_t *y, size_t *z) {
    *y = level->wave == 2 ? i : plane;
    *z = level->wave == 2 ? plane : i;
}

static int is_empty(const qep_mg_level *level, size_t y, size_t z) {
    return level->rows[z * level->n[1] + y] == QEP_MG_EMPTY;
}

static int team_of(const qep_multigrid *mg, const qep_mg_level *level) {
    return level->count < QEP_MG_SMALL ? 1 : mg->threads;
}

/* ---- Stages: what is done to a plane -------------------------------------------------------------------------------- */

static void start_plane(const qep_mg_level *level, size_t plane) {
    for (size_t i = 0, y = 0, z = 0; i < rows_across(level); i++) {
        row_at(level, plane, i, &y, &z);
        if (!is_empty(level, y, z)) {
            const qep_mg_row row = qep_mg_row_of(level, y, z);
            qep_mg_start_row(&row, level->n[0]);
        }
    }
}

static void relax_plane(const qep_mg_level *level, int parity, size_t plane) {
    for (size_t i = 0, y = 0, z = 0; i < rows_across(level); i++) {
        row_at(level, plane, i, &y, &z);
        if (!is_empty(level, y, z)) {
            const qep_mg_row row = qep_mg_row_of(level, y, z);
            qep_mg_relax_row(&row, level->chosen[(y + z + (size_t)parity) & 1], level->n[0], level->n[0]);
        }
    }
}

static void prolong_plane(const qep_mg_level *fine, const qep_mg_level *coarse, size_t plane) {
    for (size_t i = 0, y = 0, z = 0; i < rows_across(fine); i++) {
        row_at(fine, plane, i, &y, &z);
        if (is_empty(fine, y, z)) {
            continue;
        }
        const float *const from = coarse->u + ((z >> fine->coarsen[2]) * coarse->n[1] + (y >> fine->coarsen[1])) * coarse->n[0];
        float *const to = fine->u + (z * fine->n[1] + y) * fine->n[0];
        if (!fine->coarsen[0]) {
            for (size_t x = 0; x < fine->n[0]; x++) {
                to[x] += from[x];
            }
            continue;
        }
        for (size_t x = 0; x + 1 < fine->n[0]; x += 2) {
            to[x] += from[x / 2];
            to[x + 1] += from[x / 2];
        }
        if (fine->n[0] % 2) {
            to[fine->n[0] - 1] += from[fine->n[0] / 2];
        }
    }
}

/* Coarse cell i holds the fine cells [begin, end) of an axis. */
static void children(size_t n, int halved, size_t i, size_t *begin, size_t *end) {
    *begin = halved ? 2 * i : i;
    *end = halved && 2 * i + 1 < n ? 2 * i + 2 : *begin + 1;
}

static void add_row(const float *fine, size_t nx, int halved, float *coarse) {
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

/* The right side of a coarse plane. */
static void restrict_plane(const qep_multigrid *mg, int at, size_t coarse_plane) {
    const qep_mg_level *fine = &mg->level[at], *coarse = &mg->level[at + 1];
    float *const scratch = mg->scratch + (size_t)omp_get_thread_num() * mg->scratch_size;
    const int other = fine->wave == 2 ? 1 : 2;
    for (size_t i = 0, Y = 0, Z = 0; i < coarse->n[other]; i++) {
        Y = fine->wave == 2 ? i : coarse_plane;
        Z = fine->wave == 2 ? coarse_plane : i;
        if (is_empty(coarse, Y, Z)) {
            continue;
        }
        float *const sum = coarse->b + (Z * coarse->n[1] + Y) * coarse->n[0];
        size_t y0 = 0, y1 = 0, z0 = 0, z1 = 0;
        children(fine->n[1], fine->coarsen[1], Y, &y0, &y1);
        children(fine->n[2], fine->coarsen[2], Z, &z0, &z1);
        memset(sum, 0, coarse->n[0] * sizeof *sum);
        for (size_t z = z0; z < z1; z++) {
            for (size_t y = y0; y < y1; y++) {
                if (!is_empty(fine, y, z)) {
                    const qep_mg_row row = qep_mg_row_of(fine, y, z);
                    qep_mg_residual_row(&row, fine->n[0], scratch);
                    add_row(scratch, fine->n[0], fine->coarsen[0], sum);
                }
            }
        }
    }
}

/* Down: from zero, red, black, red, black, restriction. Up: prolongation, black, red, black, red. */
static void do_stage(const qep_multigrid *mg, int at, int up, int stage, size_t plane) {
    const qep_mg_level *level = &mg->level[at];
    if (up && stage == 0) {
        prolong_plane(level, &mg->level[at + 1], plane);
    } else if (up) {
        relax_plane(level, stage % 2, plane);
    } else if (stage == 0) {
        start_plane(level, plane);
    } else if (stage + 1 < QEP_MG_STAGES) {
        relax_plane(level, stage % 2, plane);
    } else if (!level->coarsen[level->wave]) {
        restrict_plane(mg, at, plane);
    } else if (plane % 2 || plane + 1 == level->n[level->wave]) { /* the aggregate's last plane */
        restrict_plane(mg, at, plane / 2);
    }
}

/* ---- The wave ------------------------------------------------------------------------------------------------------- */

/* What a slab can do alone. */
static void do_slab(const qep_multigrid *mg, int at, int up, size_t begin, size_t end, int cut_low, int cut_high) {
    for (size_t w = begin; w + 1 < end + QEP_MG_STAGES; w++) {
        for (size_t s = 0; s < QEP_MG_STAGES && s + begin <= w; s++) {
            const size_t plane = w - s;
            if (plane >= begin + (cut_low ? s : 0) && plane + (cut_high ? s : 0) < end) {
                do_stage(mg, at, up, (int)s, plane);
            }
        }
    }
}

/* What both sides of a cut left over. */
static void do_wedge(const qep_multigrid *mg, int at, int up, size_t cut) {
    const size_t planes = mg->level[at].n[mg->level[at].wave];
    for (size_t s = 1; s < QEP_MG_STAGES; s++) {
        for (size_t i = 0; i < 2 * s; i++) {
            do_stage(mg, at, up, (int)s, (cut + planes - s + i) % planes);
        }
    }
}

static void wave(const qep_multigrid *mg, int at, int up) {
    const qep_mg_level *level = &mg->level[at];
    const size_t planes = level->end - level->begin, most = planes / QEP_MG_SLAB;
    size_t slabs = (size_t)team_of(mg, level);
    slabs = most < 1 ? 1 : most < slabs ? most : slabs;
    const int ring = level->periodic[level->wave], team = (int)slabs;
#pragma omp parallel num_threads(team) if (team > 1)
    {
#pragma omp for schedule(static, 1)
        for (size_t k = 0; k < slabs; k++) { /* cuts at even planes: no aggregate is cut */
            const size_t begin = level->begin + planes / 2 * k / slabs * 2;
            const size_t end = k + 1 < slabs ? level->begin + planes / 2 * (k + 1) / slabs * 2 : level->end;
            do_slab(mg, at, up, begin, end, k > 0 || ring, k + 1 < slabs || ring);
        }
#pragma omp for schedule(static, 1)
        for (size_t k = 0; k < slabs; k++) {
            if (k > 0 || ring) {
                do_wedge(mg, at, up, level->begin + planes / 2 * k / slabs * 2);
            }
        }
    }
}

/* ---- Levels with seams, and those too thin for a wave ------------------------------------------------------------------ */

/* A set of cells without couplings among each other: parity of x + y + z, and for each periodic axis of odd length whether its last cell is meant
 * (it would meet its own parity across the seam). */
typedef struct {
    int parity, last[3];
} colour;

static int has_seam(const qep_mg_level *level, int d) {
    return level->periodic[d] && level->n[d] % 2 == 1;
}

static int list_colours(const qep_mg_level *level, colour list[16]) {
    int count = 0;
    for (int mask = 0; mask < 8; mask++) {
        const int last[3] = {mask & 1, mask >> 1 & 1, mask >> 2 & 1};
        if ((last[0] && !has_seam(level, 0)) || (last[1] && !has_seam(level, 1)) || (last[2] && !has_seam(level, 2))) {
            continue;
        }
        for (int parity = 0; parity < 2; parity++) {
            list[count++] = (colour){parity, {last[0], last[1], last[2]}};
        }
    }
    return count;
}

/* Cells of a colour along an axis: [begin, end) */
static void colour_range(const qep_mg_level *level, const colour *c, int d, size_t *begin, size_t *end) {
    *begin = c->last[d] ? level->n[d] - 1 : 0;
    *end = level->n[d] - (has_seam(level, d) && !c->last[d] ? 1 : 0);
}

static void relax_colour(const qep_mg_level *level, const colour *c, int team) {
    const size_t nx = level->n[0];
    size_t x0 = 0, x1 = 0, y0 = 0, y1 = 0, z0 = 0, z1 = 0;
    colour_range(level, c, 0, &x0, &x1);
    colour_range(level, c, 1, &y0, &y1);
    colour_range(level, c, 2, &z0, &z1);
    const size_t ys = y1 - y0, rows = ys * (z1 - z0);
#pragma omp parallel for num_threads(team) schedule(static) if (team > 1)
    for (size_t i = 0; i < rows; i++) {
        const size_t y = y0 + i % ys, z = z0 + i / ys;
        const int32_t *const chosen = level->chosen[(y + z + (size_t)c->parity) & 1];
        if (is_empty(level, y, z)) {
            continue;
        }
        const qep_mg_row row = qep_mg_row_of(level, y, z);
        if (x0 == 0) {
            qep_mg_relax_row(&row, chosen, nx, x1);
        } else if (chosen[x0]) {
            qep_mg_relax_last(&row, nx);
        }
    }
}

void qep_mg_sweep(const qep_multigrid *mg, int at, int backward) {
    const qep_mg_level *level = &mg->level[at];
    colour list[16];
    const int count = list_colours(level, list);
    for (int i = 0; i < count; i++) {
        relax_colour(level, &list[backward ? count - 1 - i : i], team_of(mg, level));
    }
}

int qep_mg_is_plain(const qep_mg_level *level) {
    const int ring = level->periodic[level->wave];
    return !has_seam(level, 0) && !has_seam(level, 1) && !has_seam(level, 2) && (!ring || level->n[level->wave] >= QEP_MG_SLAB);
}

/* A transfer over all planes, when the smoothing is not part of its pass. */
static void transfer(const qep_multigrid *mg, int at, int up) {
    const qep_mg_level *level = &mg->level[at];
    const int team = team_of(mg, level);
#pragma omp parallel for num_threads(team) schedule(static) if (team > 1)
    for (size_t plane = level->begin; plane < level->end; plane++) {
        do_stage(mg, at, up, up ? 0 : QEP_MG_STAGES - 1, plane);
    }
}

void qep_mg_down(const qep_multigrid *mg, int at) {
    const qep_mg_level *level = &mg->level[at];
    if (level->plain) {
        wave(mg, at, 0);
        return;
    }
    memset(level->u, 0, level->count * sizeof *level->u);
    for (int i = 0; i < QEP_MG_SWEEPS; i++) {
        qep_mg_sweep(mg, at, 0);
    }
    transfer(mg, at, 0);
}

void qep_mg_up(const qep_multigrid *mg, int at) {
    if (mg->level[at].plain) {
        wave(mg, at, 1);
        return;
    }
    transfer(mg, at, 1);
    for (int i = 0; i < QEP_MG_SWEEPS; i++) {
        qep_mg_sweep(mg, at, 1);
    }
}
