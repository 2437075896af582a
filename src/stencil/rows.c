/* Application of the taps along rows of x. A row of output needs a few rows of input; rows outside the grid are wrapped, or are
 * ghosts built in scratch from the reflected row and the wall's Taylor levels. The inner loops run over x without branches. */
#include "qep/stencil/stencil.h"

#include "qep/base/simd.h"
#include <stddef.h>
#include <string.h>

size_t qep_stencil_scratch(const qep_stencil *stencil) {
    return 2 * QEP_STENCIL_HALF * (stencil->grid.axis[0].n + 1);
}

void qep_stencil_sweep(const qep_stencil *stencil, size_t i, size_t *y, size_t *z) {
    static const size_t cached = 1 << 15; /* doubles that stay in the second cache: 256 KiB */
    const size_t nx = stencil->grid.axis[0].n, ny = stencil->grid.axis[1].n, nz = stencil->grid.axis[2].n;
    const size_t planes = 2 * (size_t)stencil->axis[2].half + 1, fitting = cached / (planes * nx);
    const size_t block = fitting < 1 ? 1 : fitting < ny ? fitting : ny;
    const size_t whole = ny / block * block * nz; /* rows in full blocks */
    const size_t first = i < whole ? i / (block * nz) * block : ny / block * block;
    const size_t height = i < whole ? block : ny - first, within = i < whole ? i % (block * nz) : i - whole;
    *z = within / height;
    *y = first + within % height;
}

double qep_stencil_ghost_coefficient(const qep_stencil_axis *axis, qep_wall_kind kind, int side, int ghost, int k) {
    const double s = (axis->sampling == QEP_CELL ? ghost - 0.5 : ghost) * axis->h;
    const int power = kind == QEP_WALL_DIRICHLET ? 2 * k : 2 * k + 1;
    if (ghost == 0) { /* the wall node itself: u = g */
        return kind == QEP_WALL_DIRICHLET && k == 0 ? 1.0 : 0.0;
    }
    double term = 2.0;
    for (int i = 1; i <= power; i++) {
        term *= s / i;
    }
    return kind == QEP_WALL_NEUMANN && side == 0 ? -term : term;
}

/* Index of the sample that a ghost mirrors. */
static size_t mirror(const qep_stencil_axis *axis, int side, int ghost) {
    const size_t inside = (size_t)(axis->sampling == QEP_CELL ? ghost - 1 : ghost);
    return side ? axis->n - 1 - inside : inside;
}

/* Which side a row index falls off, or -1 inside; *ghost is its distance in samples. */
static int outside(const qep_stencil_axis *axis, ptrdiff_t i, int *ghost) {
    if (i < 0) {
        *ghost = (int)-i;
        return 0;
    }
    if (i >= (ptrdiff_t)axis->n) {
        *ghost = (int)(i - (ptrdiff_t)axis->n + 1);
        return 1;
    }
    return -1;
}

/* Ghost value of one line; t is the face index. */
static double ghost_value(const qep_stencil_axis *axis, const qep_wall *wall, int side, int ghost, double mirrored, size_t t) {
    double value = wall->kind == QEP_WALL_DIRICHLET ? -mirrored : mirrored;
    for (int k = 0; !wall->homogeneous && k < QEP_WALL_LEVELS; k++) {
        value += qep_stencil_ghost_coefficient(axis, wall->kind, side, ghost, k) * wall->level[k][t];
    }
    return value;
}

static void ghost_row(const qep_stencil_axis *axis, const qep_wall *wall, int side, int ghost, const double *mirrored, size_t t0,
                      size_t nx, double *out) {
    const double sign = wall->kind == QEP_WALL_DIRICHLET ? -1.0 : 1.0;
    for (size_t x = 0; x < nx; x++) {
        out[x] = sign * mirrored[x];
    }
    for (int k = 0; !wall->homogeneous && k < QEP_WALL_LEVELS; k++) {
        const double c = qep_stencil_ghost_coefficient(axis, wall->kind, side, ghost, k);
        const double *level = wall->level[k] + t0;
        for (size_t x = 0; x < nx; x++) {
            out[x] += c * level[x];
        }
    }
}

/* The hot loop: n outputs from the rows minus[m], centre, plus[m]; HALF and M are constants at each call. */
static inline __attribute__((always_inline)) void combine(int half, int m, const double *taps, const double *const *plus,
                                                          const double *const *minus, const double *centre, double alpha,
                                                          int accumulate, size_t n, double *restrict out) {
    for (size_t x = 0; x < n; x++) {
        double sum = 0.0;
        for (int j = 1; j <= half; j++) {
            sum += m == 1 ? taps[j] * (plus[j][x] - minus[j][x])
                          : taps[j] * ((plus[j][x] - centre[x]) + (minus[j][x] - centre[x]));
        }
        out[x] = accumulate ? out[x] + alpha * sum : alpha * sum;
    }
}

QEP_VARIANTS static void combine_any(int half, int m, const double *taps, const double *const *plus, const double *const *minus,
                        const double *centre, double alpha, int accumulate, size_t n, double *out) {
#define COMBINE_CASE(HALF)                                                                         \
    case HALF:                                                                                     \
        if (m == 1) {                                                                              \
            accumulate ? combine(HALF, 1, taps, plus, minus, centre, alpha, 1, n, out)             \
                       : combine(HALF, 1, taps, plus, minus, centre, alpha, 0, n, out);            \
        } else {                                                                                   \
            accumulate ? combine(HALF, 2, taps, plus, minus, centre, alpha, 1, n, out)             \
                       : combine(HALF, 2, taps, plus, minus, centre, alpha, 0, n, out);            \
        }                                                                                          \
        break;
    switch (half) {
        COMBINE_CASE(1)
        COMBINE_CASE(2)
        COMBINE_CASE(3)
        COMBINE_CASE(4)
        COMBINE_CASE(5)
    default:
        break;
    }
#undef COMBINE_CASE
}

/* One-sided row i of a line or of rows: weights[j] (u_j - u_i), from the low or (mirrored) the high end. */
static void onesided_row(const qep_stencil_axis *axis, int high, const double *u, size_t stride, size_t i, int m, double alpha,
                         int accumulate, size_t nx, double *out) {
    const size_t depth = high ? axis->n - 1 - i : i;
    const double *weight = axis->onesided[m][depth];
    const double sign = high && m == 1 ? -alpha : alpha;
    const double *centre = u + i * stride;
    for (size_t x = 0; x < nx; x++) {
        double sum = 0.0;
        for (int j = 0; j < axis->width[m]; j++) {
            const size_t at = high ? axis->n - 1 - (size_t)j : (size_t)j;
            sum += weight[j] * (u[at * stride + x] - centre[x]);
        }
        out[x] = accumulate ? out[x] + sign * sum : sign * sum;
    }
}

/* Nothing is known beyond a side: fields without boundary condition (wall NULL), and open faces. */
static int unknown_beyond(const qep_stencil_axis *axis, const qep_wall *wall, int side) {
    return !axis->periodic && (!wall || wall[side].kind == QEP_WALL_NONE);
}

/* Side whose one-sided row sample i needs, or -1. Where both ends are near, the nearer one. */
static int onesided_from(const qep_stencil_axis *axis, const qep_wall *wall, size_t i) {
    const int low = unknown_beyond(axis, wall, 0) && i < (size_t)axis->half;
    const int high = unknown_beyond(axis, wall, 1) && i + (size_t)axis->half >= axis->n;
    return low && high ? i >= axis->n / 2 : low ? 0 : high ? 1 : -1;
}

/* Derivative across rows (axis y or z): base is the first row of the line of rows, t0 the face index of its first sample. */
static void across(const qep_stencil_axis *axis, const qep_wall *wall, const double *base, size_t stride, size_t i, int m, double alpha,
                   int accumulate, size_t nx, size_t t0, double *row, double *scratch) {
    const double *plus[QEP_STENCIL_HALF + 1], *minus[QEP_STENCIL_HALF + 1];
    const double *taps = m == 1 ? axis->first : axis->second;
    for (int j = 1; j <= axis->half; j++) {
        for (int direction = -1; direction <= 1; direction += 2) {
            ptrdiff_t at = (ptrdiff_t)i + direction * j;
            int ghost = 0;
            const int side = axis->periodic ? -1 : outside(axis, at, &ghost);
            const double *source = NULL;
            if (side >= 0) {
                double *fresh = scratch + (size_t)(2 * (j - 1) + (direction > 0)) * nx;
                ghost_row(axis, &wall[side], side, ghost, base + mirror(axis, side, ghost) * stride, t0, nx, fresh);
                source = fresh;
            } else {
                at = (at % (ptrdiff_t)axis->n + (ptrdiff_t)axis->n) % (ptrdiff_t)axis->n;
                source = base + (size_t)at * stride;
            }
            *(direction > 0 ? &plus[j] : &minus[j]) = source;
        }
    }
    combine_any(axis->half, m, taps, plus, minus, base + i * stride, alpha, accumulate, nx, row);
}

/* Copy of a line along x with `half` ghosts at both ends: wrapped, or reflected and completed by the walls. */
static void pad_line(const qep_stencil_axis *axis, const qep_wall *wall, const double *line, size_t t, double *padded) {
    const size_t n = axis->n;
    const int half = axis->half;
    memcpy(padded + half, line, n * sizeof *padded);
    for (int ghost = 1; ghost <= half; ghost++) {
        double *low = padded + half - ghost, *high = padded + (size_t)half + n - 1 + (size_t)ghost;
        if (wall) {
            *low = ghost_value(axis, &wall[0], 0, ghost, line[mirror(axis, 0, ghost)], t);
            *high = ghost_value(axis, &wall[1], 1, ghost, line[mirror(axis, 1, ghost)], t);
        } else {
            *low = line[n - (size_t)ghost];
            *high = line[ghost - 1];
        }
    }
}

static void along(const qep_stencil_axis *axis, const qep_wall *wall, const double *line, int m, double alpha, int accumulate,
                  size_t t, double *row, double *scratch) {
    const size_t half = (size_t)axis->half, n = axis->n;
    const int low = unknown_beyond(axis, wall, 0), high = unknown_beyond(axis, wall, 1);
    const double *base = line; /* sample 0 of what the taps run over */
    const size_t begin = !low ? 0 : half < n ? half : n;
    const size_t end = !high ? n : n > half && n - half > begin ? n - half : begin;
    if (!low || !high) {
        pad_line(axis, axis->periodic ? NULL : wall, line, t, scratch);
        base = scratch + half;
    }
    const double *plus[QEP_STENCIL_HALF + 1], *minus[QEP_STENCIL_HALF + 1];
    for (size_t j = 1; j <= half && begin < end; j++) {
        plus[j] = base + begin + j;
        minus[j] = base + begin - j;
    }
    if (begin < end) {
        combine_any(axis->half, m, m == 1 ? axis->first : axis->second, plus, minus, base + begin, alpha, accumulate, end - begin,
                    row + begin);
    }
    for (size_t i = 0; i < begin; i++) {
        onesided_row(axis, onesided_from(axis, wall, i), line, 1, i, m, alpha, accumulate, 1, row + i);
    }
    for (size_t i = end; i < n; i++) {
        onesided_row(axis, onesided_from(axis, wall, i), line, 1, i, m, alpha, accumulate, 1, row + i);
    }
}

void qep_stencil_row(const qep_stencil *stencil, const double *u, const qep_walls *walls, int axis, int m, size_t y, size_t z,
                     double alpha, int accumulate, double *row, double *scratch) {
    const qep_grid *grid = &stencil->grid;
    const qep_stencil_axis *a = &stencil->axis[axis];
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n;
    if (a->order == 0) {
        for (size_t x = 0; x < nx && !accumulate; x++) {
            row[x] = 0.0;
        }
        return;
    }
    if (axis == 0) {
        along(a, walls ? walls->wall[0] : NULL, u + (z * ny + y) * nx, m, alpha, accumulate, z * ny + y, row, scratch);
        return;
    }
    const size_t stride = axis == 1 ? nx : nx * ny;
    const double *base = axis == 1 ? u + z * ny * nx : u + y * nx;
    const size_t i = axis == 1 ? y : z, t0 = axis == 1 ? z * nx : y * nx;
    const qep_wall *wall = walls ? walls->wall[axis] : NULL;
    const int side = onesided_from(a, wall, i);
    if (side >= 0) {
        onesided_row(a, side, base, stride, i, m, alpha, accumulate, nx, row);
    } else {
        across(a, wall, base, stride, i, m, alpha, accumulate, nx, t0, row, scratch);
    }
}
