/* If this fails, open axes are no longer convolutions with the kernel's values: the doubled line, its two branches or the bookkeeping of the
 * passes is wrong. The reference multiplies dense matrices: g(|i - j|), and the wall's images, written down from the definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/spectral/passes.h"
#include <fftw3.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TERMS = 2 };

/* Any even sequence will do as a kernel; term s of axis d at distance n. */
static double sequence(int s, int d, size_t n) {
    return cos(0.7 * (double)n + s + 2.0 * d) / (1.0 + 0.3 * (double)n) + 0.2 * sin((double)(n * n % 17));
}

/* What a closed axis multiplies its modes with: a function of the angle. */
static double closed_symbol(int s, double theta) {
    return 1.0 / (0.5 + s + theta * theta) + 0.1 * theta;
}

static double open_symbol(int s, int d, size_t half_period, size_t k) {
    double sum = sequence(s, d, 0);
    for (size_t n = 1; n <= half_period; n++) {
        const double term = sequence(s, d, n) * cos(QEP_PI * (double)(n * k % (2 * half_period)) / (double)half_period);
        sum += n < half_period ? 2.0 * term : term;
    }
    return sum;
}

/* Coordinate in samples from the low end of the line, doubled, so that cells sit at odd numbers. */
static long doubled(qep_sampling sampling, size_t i) {
    return sampling == QEP_CELL ? 2 * (long)i + 1 : 2 * (long)i;
}

/* Dense matrix [n][n] of one axis and term. */
static void dense(const qep_grid *grid, const qep_walls *walls, const qep_passes *passes, int s, int d, double *m) {
    const qep_axis *axis = &grid->axis[d];
    const size_t n = axis->n;
    memset(m, 0, n * n * sizeof *m);
    if (n == 1) {
        m[0] = 1.0;
        return;
    }
    const qep_line *line = qep_passes_line(passes, d);
    if (line) { /* by the line transform itself, which test_line checks */
        const size_t unknowns = qep_line_unknowns(line), first = qep_line_first(line), width = 2 * qep_line_batch(line);
        double *block = NULL, *scratch = NULL;
        assert_int_equal(qep_alloc_doubles(&block, n * width, "block", NULL), QEP_OK);
        assert_int_equal(qep_alloc_doubles(&scratch, qep_line_scratch(line), "scratch", NULL), QEP_OK);
        for (size_t j = 0; j < unknowns; j++) {
            memset(block, 0, n * width * sizeof *block);
            block[j * width] = 1.0;
            qep_line_forward(line, block, scratch);
            for (size_t k = 0; k < unknowns; k++) {
                block[k * width] *= closed_symbol(s, qep_line_theta(line, k)) / qep_line_norm(line);
            }
            qep_line_backward(line, block, scratch);
            for (size_t i = 0; i < unknowns; i++) {
                m[(first + i) * n + first + j] = block[i * width];
            }
        }
        qep_free(block);
        qep_free(scratch);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            m[i * n + j] = sequence(s, d, i > j ? i - j : j - i);
            for (int side = 0; side < 2; side++) {
                const qep_wall_kind kind = walls->wall[d][side].kind;
                if (kind == QEP_WALL_NONE) {
                    continue;
                }
                const long wall = side ? 2 * (long)(grid->sampling == QEP_CELL ? n : n - 1) : 0;
                const long image = 2 * wall - doubled(grid->sampling, j), distance = labs(doubled(grid->sampling, i) - image);
                const int on_wall = doubled(grid->sampling, j) == wall, here = doubled(grid->sampling, i) == wall;
                if (kind == QEP_WALL_NEUMANN && !on_wall) {
                    m[i * n + j] += sequence(s, d, (size_t)(distance / 2));
                } else if (kind == QEP_WALL_DIRICHLET) {
                    m[i * n + j] = on_wall || here ? 0.0 : m[i * n + j] - sequence(s, d, (size_t)(distance / 2));
                }
            }
        }
    }
}

/* Derivative of the doubled line's Fourier series of term s at a signed distance in samples. */
static double sequence_slope(const qep_passes *passes, int s, int d, double h, double distance) {
    const size_t half = qep_passes_half_period(passes, d);
    double sum = 0.0;
    for (size_t k = 1; k < half; k++) {
        const double theta = QEP_PI * (double)k / (double)half;
        sum -= open_symbol(s, d, half, k) * theta / h * sin(theta * distance) / (double)half;
    }
    return sum;
}

/* The slope of what an open axis gives, images included. */
static void dense_slope(const qep_grid *grid, const qep_walls *walls, const qep_passes *passes, int s, int d, double *m) {
    const size_t n = grid->axis[d].n;
    const double h = grid->axis[d].h;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            const long here = doubled(grid->sampling, i), source = doubled(grid->sampling, j);
            m[i * n + j] = sequence_slope(passes, s, d, h, 0.5 * (double)(here - source));
            for (int side = 0; side < 2; side++) {
                const qep_wall_kind kind = walls->wall[d][side].kind;
                const long wall = side ? 2 * (long)(grid->sampling == QEP_CELL ? n : n - 1) : 0;
                if (kind != QEP_WALL_NONE && source == wall) {
                    m[i * n + j] = kind == QEP_WALL_DIRICHLET ? 0.0 : m[i * n + j];
                } else if (kind != QEP_WALL_NONE) {
                    m[i * n + j] += (kind == QEP_WALL_NEUMANN ? 1.0 : -1.0) * sequence_slope(passes, s, d, h, 0.5 * (double)(here - (2 * wall - source)));
                }
            }
        }
    }
}

static void apply(const size_t n[3], int d, const double *m, const double *in, double *out) {
    const size_t stride = d == 0 ? 1 : d == 1 ? n[0] : n[0] * n[1], count = n[0] * n[1] * n[2];
    for (size_t i = 0; i < count; i++) {
        const size_t at = i / stride % n[d];
        double sum = 0.0;
        for (size_t j = 0; j < n[d]; j++) {
            sum += m[at * n[d] + j] * in[i - at * stride + j * stride];
        }
        out[i] = sum;
    }
}

typedef struct {
    const qep_grid *grid;
    const double *f;
} source;

static void load(const void *context, size_t y0, size_t y1, size_t z, double *rows) {
    const source *in = context;
    const size_t nx = in->grid->axis[0].n, ny = in->grid->axis[1].n;
    memcpy(rows, in->f + (z * ny + y0) * nx, (y1 - y0) * nx * sizeof *rows);
}

static double *doubles(size_t count) {
    double *values = NULL;
    assert_int_equal(qep_alloc_doubles(&values, count, "test", NULL), QEP_OK);
    return values;
}

static double *make_kernel(const qep_passes *passes) {
    size_t modes[3];
    for (int i = 0; i < 3; i++) {
        modes[i] = qep_passes_modes(passes, qep_passes_kernel_axis(passes, i));
    }
    double *kernel = doubles(modes[0] * modes[1] * modes[2]), *symbol[3];
    memset(kernel, 0, modes[0] * modes[1] * modes[2] * sizeof *kernel);
    for (int s = 0; s < TERMS; s++) {
        for (int i = 0; i < 3; i++) {
            const int d = qep_passes_kernel_axis(passes, i);
            const size_t half = qep_passes_half_period(passes, d);
            symbol[i] = doubles(modes[i]);
            for (size_t m = 0; m < modes[i]; m++) {
                const size_t k = m <= half / 2 ? 2 * m : 2 * (m - half / 2 - 1) + 1;
                symbol[i][m] = half ? open_symbol(s, d, half, k)
                               : modes[i] == 1 && !qep_passes_line(passes, d) ? 1.0
                                                                              : closed_symbol(s, qep_passes_mode_theta(passes, d, m));
            }
        }
        for (size_t a = 0; a < modes[0]; a++) {
            for (size_t b = 0; b < modes[1]; b++) {
                for (size_t c = 0; c < modes[2]; c++) {
                    kernel[(a * modes[1] + b) * modes[2] + c] += symbol[0][a] * symbol[1][b] * symbol[2][c];
                }
            }
        }
        for (int i = 0; i < 3; i++) {
            qep_free(symbol[i]);
        }
    }
    return kernel;
}

static void check(const qep_bc pairs[3][2], const size_t n[3], qep_sampling sampling, int threads) {
    const double lengths[3] = {1.0, 1.0, 1.0};
    qep_grid grid;
    assert_int_equal(qep_grid_init(&grid, 3, n, lengths, NULL, NULL, sampling, pairs, NULL), QEP_OK);
    qep_walls walls;
    qep_walls_init(&walls, &grid);
    qep_passes *passes = NULL;
    assert_int_equal(qep_passes_create(&passes, &grid, &walls, threads, QEP_EFFORT_ESTIMATE, NULL), QEP_OK);
    assert_true(qep_passes_open_axes(passes) > 0);
    const size_t count = qep_grid_count(&grid);
    double *f = doubles(count), *u = doubles(count), *expected = doubles(count), *a = doubles(count), *b = doubles(count);
    double *kernel = make_kernel(passes);
    qep_passes_scale_kernel(passes, kernel);
    qep_passes_use_kernel(passes, kernel);
    for (size_t i = 0; i < count; i++) {
        f[i] = sin(1.3 * (double)i) + 0.3 * cos((double)(i * i % 31));
        const size_t at[3] = {i % n[0], i / n[0] % n[1], i / (n[0] * n[1])};
        for (int d = 0; d < 3; d++) { /* nothing is unknown on Dirichlet nodes */
            const int low = walls.wall[d][0].kind == QEP_WALL_DIRICHLET && at[d] == 0;
            const int high = walls.wall[d][1].kind == QEP_WALL_DIRICHLET && at[d] + 1 == n[d];
            f[i] = sampling == QEP_NODE && (low || high) ? 0.0 : f[i];
        }
        u[i] = 1e3; /* whatever was there */
        expected[i] = 0.0;
    }
    double *slope[3] = {NULL, NULL, NULL};
    for (int d = 0; d < 3; d++) {
        if (n[d] > 1 && (pairs[d][0] == QEP_OPEN || pairs[d][1] == QEP_OPEN)) {
            slope[d] = doubles(count);
            memset(slope[d], 0x7f, count * sizeof(double));
        }
    }
    assert_int_equal(qep_passes_allow_gradient(passes, NULL), QEP_OK);
    const source in = {&grid, f};
    double constant = 0.0;
    qep_passes_solve(passes, load, &in, u, slope, &constant);
    for (int derivative = -1; derivative < 3; derivative++) {
        if (derivative >= 0 && !slope[derivative]) {
            continue;
        }
        memset(expected, 0, count * sizeof *expected);
        for (int s = 0; s < TERMS; s++) {
            memcpy(a, f, count * sizeof *a);
            for (int d = 0; d < 3; d++) {
                double *m = doubles(n[d] * n[d]);
                if (d == derivative) {
                    dense_slope(&grid, &walls, passes, s, d, m);
                } else {
                    dense(&grid, &walls, passes, s, d, m);
                }
                apply(n, d, m, a, b);
                memcpy(a, b, count * sizeof *a);
                qep_free(m);
            }
            for (size_t i = 0; i < count; i++) {
                expected[i] += a[i];
            }
        }
        const double *got = derivative < 0 ? u : slope[derivative];
        double scale = 0.0, worst = 0.0;
        for (size_t i = 0; i < count; i++) {
            scale = fmax(scale, fabs(expected[i]));
            worst = fmax(worst, fabs(got[i] - expected[i]));
        }
        if (!(worst <= 1e-12 * scale)) {
            fail_msg("faces %d%d %d%d %d%d, %zu x %zu x %zu, sampling %d, derivative %d: off by %g of %g", pairs[0][0], pairs[0][1], pairs[1][0],
                     pairs[1][1], pairs[2][0], pairs[2][1], n[0], n[1], n[2], (int)sampling, derivative, worst, scale);
        }
    }
    for (int d = 0; d < 3; d++) {
        qep_free(slope[d]);
    }
    qep_passes_destroy(passes);
    qep_free(f), qep_free(u), qep_free(expected), qep_free(a), qep_free(b), qep_free(kernel);
}

static const qep_bc kinds[][2] = {{QEP_OPEN, QEP_OPEN},       {QEP_OPEN, QEP_DIRICHLET},      {QEP_NEUMANN, QEP_OPEN},
                                  {QEP_DIRICHLET, QEP_OPEN},  {QEP_OPEN, QEP_NEUMANN},        {QEP_PERIODIC, QEP_PERIODIC},
                                  {QEP_NEUMANN, QEP_NEUMANN}, {QEP_DIRICHLET, QEP_DIRICHLET}, {QEP_DIRICHLET, QEP_NEUMANN}};
enum { KINDS = sizeof kinds / sizeof *kinds, OPEN_KINDS = 5 };

static void open_axes_convolve(void **state) {
    (void)state;
    static const size_t sizes[][3] = {{7, 5, 6}, {19, 4, 3}, {31, 3, 4}, {3, 2, 17}, {2, 18, 5}, {13, 1, 4}, {1, 5, 8}, {9, 6, 1}, {6, 1, 1}, {1, 1, 11}};
    size_t pick = 0;
    for (int i = 0; i < KINDS * KINDS * KINDS; i++) {
        const int k[3] = {i % KINDS, i / KINDS % KINDS, i / (KINDS * KINDS)};
        if (k[0] >= OPEN_KINDS && k[1] >= OPEN_KINDS && k[2] >= OPEN_KINDS) {
            continue;
        }
        for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
            const size_t *n = sizes[pick++ % (sizeof sizes / sizeof *sizes)];
            qep_bc pairs[3][2];
            int open = 0;
            for (int d = 0; d < 3; d++) {
                pairs[d][0] = n[d] == 1 ? QEP_PERIODIC : kinds[k[d]][0];
                pairs[d][1] = n[d] == 1 ? QEP_PERIODIC : kinds[k[d]][1];
                open |= n[d] > 1 && k[d] < OPEN_KINDS;
            }
            if (open) {
                check((const qep_bc(*)[2])pairs, n, (qep_sampling)sampling, 1 + (int)(pick % 3));
            }
        }
    }
}

/* One row per boundary pair and sampling: FFTW's own real transforms, for the simple three-dimensional plan. */
typedef struct {
    qep_bc low, high;
    qep_sampling sampling;
    fftw_r2r_kind forward, backward;
    size_t first, lost; /* first unknown, samples that are none */
    double mode;        /* theta(k) = pi (k + mode)/N; periodic: 2 pi min(k, n - k)/n */
    double norm;        /* times N */
} plain_row;

static const plain_row plain[] = {
    {QEP_PERIODIC, QEP_PERIODIC, QEP_CELL, FFTW_R2HC, FFTW_HC2R, 0, 0, 0.0, 1.0},
    {QEP_NEUMANN, QEP_NEUMANN, QEP_CELL, FFTW_REDFT10, FFTW_REDFT01, 0, 0, 0.0, 2.0},
    {QEP_DIRICHLET, QEP_DIRICHLET, QEP_CELL, FFTW_RODFT10, FFTW_RODFT01, 0, 0, 1.0, 2.0},
    {QEP_DIRICHLET, QEP_NEUMANN, QEP_CELL, FFTW_RODFT11, FFTW_RODFT11, 0, 0, 0.5, 2.0},
    {QEP_NEUMANN, QEP_DIRICHLET, QEP_CELL, FFTW_REDFT11, FFTW_REDFT11, 0, 0, 0.5, 2.0},
    {QEP_PERIODIC, QEP_PERIODIC, QEP_NODE, FFTW_R2HC, FFTW_HC2R, 0, 0, 0.0, 1.0},
    {QEP_NEUMANN, QEP_NEUMANN, QEP_NODE, FFTW_REDFT00, FFTW_REDFT00, 0, 0, 0.0, 2.0},
    {QEP_DIRICHLET, QEP_DIRICHLET, QEP_NODE, FFTW_RODFT00, FFTW_RODFT00, 1, 2, 1.0, 2.0},
    {QEP_DIRICHLET, QEP_NEUMANN, QEP_NODE, FFTW_RODFT01, FFTW_RODFT10, 1, 1, 0.5, 2.0},
    {QEP_NEUMANN, QEP_DIRICHLET, QEP_NODE, FFTW_REDFT01, FFTW_REDFT10, 0, 1, 0.5, 2.0},
};

static double plain_theta(const plain_row *row, size_t n, size_t k) {
    if (row->low == QEP_PERIODIC) {
        return 2.0 * QEP_PI * (double)(k < n - k ? k : n - k) / (double)n;
    }
    return QEP_PI * ((double)k + row->mode) / (double)(row->sampling == QEP_NODE ? n - 1 : n);
}

/* -(1 + theta^2): nothing singular. */
static double plain_eigenvalue(double theta, int d) {
    return -(0.3 + d) - theta * theta;
}

static void solve_plainly(const plain_row *const row[3], const size_t n[3], const double *f, double *u) {
    int m[3];
    fftw_r2r_kind forward[3], backward[3];
    double norm = 1.0;
    size_t count = 1;
    for (int d = 0; d < 3; d++) {
        m[2 - d] = (int)(n[d] - row[d]->lost);
        forward[2 - d] = row[d]->forward;
        backward[2 - d] = row[d]->backward;
        norm *= row[d]->norm * (double)(row[d]->sampling == QEP_NODE && row[d]->low != QEP_PERIODIC ? n[d] - 1 : n[d]);
        count *= n[d] - row[d]->lost;
    }
    double *data = doubles(count);
    fftw_plan there = fftw_plan_r2r(3, m, data, data, forward, FFTW_ESTIMATE), back = fftw_plan_r2r(3, m, data, data, backward, FFTW_ESTIMATE);
    const size_t mx = (size_t)m[2], my = (size_t)m[1];
    for (int way = 0; way < 2; way++) {
        for (size_t i = 0; i < count; i++) {
            const size_t k[3] = {i % mx, i / mx % my, i / (mx * my)};
            const size_t at = ((k[2] + row[2]->first) * n[1] + k[1] + row[1]->first) * n[0] + k[0] + row[0]->first;
            if (way == 0) {
                data[i] = f[at];
            } else {
                u[at] = data[i];
            }
        }
        if (way == 0) {
            fftw_execute(there);
            for (size_t i = 0; i < count; i++) {
                const size_t k[3] = {i % mx, i / mx % my, i / (mx * my)};
                double sum = 0.0;
                for (int d = 0; d < 3; d++) {
                    sum += plain_eigenvalue(plain_theta(row[d], n[d], k[d]), d);
                }
                data[i] /= norm * sum;
            }
            fftw_execute(back);
        }
    }
    fftw_destroy_plan(there);
    fftw_destroy_plan(back);
    qep_free(data);
}

static void compare_with_plain(const plain_row *const row[3], const size_t n[3], int threads) {
    const double lengths[3] = {1.0, 1.0, 1.0};
    const qep_bc faces[3][2] = {{row[0]->low, row[0]->high}, {row[1]->low, row[1]->high}, {row[2]->low, row[2]->high}};
    qep_grid grid;
    assert_int_equal(qep_grid_init(&grid, 3, n, lengths, NULL, NULL, row[0]->sampling, faces, NULL), QEP_OK);
    qep_walls walls;
    qep_walls_init(&walls, &grid);
    qep_passes *passes = NULL;
    assert_int_equal(qep_passes_create(&passes, &grid, &walls, threads, QEP_EFFORT_ESTIMATE, NULL), QEP_OK);
    for (int d = 0; d < 3; d++) {
        const qep_line *line = qep_passes_line(passes, d);
        for (size_t k = 0; k < qep_line_unknowns(line); k++) {
            qep_passes_eigenvalues(passes, d)[qep_line_first(line) + k] = plain_eigenvalue(qep_line_theta(line, k), d);
        }
    }
    const size_t count = qep_grid_count(&grid);
    double *f = doubles(count), *u = doubles(count), *expected = doubles(count), constant = 0.0, scale = 0.0, worst = 0.0;
    for (size_t i = 0; i < count; i++) {
        f[i] = sin(1.3 * (double)i) + 0.3 * cos((double)(i * i % 31));
        expected[i] = 0.0;
        const size_t at[3] = {i % n[0], i / n[0] % n[1], i / (n[0] * n[1])};
        for (int d = 0; d < 3; d++) {
            const int known = at[d] < row[d]->first || at[d] >= n[d] - row[d]->lost + row[d]->first;
            f[i] = known ? 0.0 : f[i];
        }
    }
    solve_plainly(row, n, f, expected);
    const source in = {&grid, f};
    qep_passes_solve(passes, load, &in, u, NULL, &constant);
    for (size_t i = 0; i < count; i++) {
        scale = fmax(scale, fabs(expected[i]));
        worst = fmax(worst, fabs(u[i] - expected[i]));
    }
    assert_true(worst <= 1e-14 * scale);
    qep_passes_destroy(passes);
    qep_free(f), qep_free(u), qep_free(expected);
}

static void passes_agree_with_plain_plans(void **state) {
    (void)state;
    static const size_t sizes[][3] = {{7, 5, 6}, {18, 4, 3}, {3, 4, 17}, {4, 19, 5}};
    for (size_t i = 0; i < 250; i++) {
        const plain_row *row[3];
        for (int d = 0; d < 3; d++) {
            row[d] = &plain[i / 125 * 5 + (d == 0 ? i % 5 : d == 1 ? i / 5 % 5 : i / 25 % 5)];
        }
        compare_with_plain(row, sizes[i % 4], 1 + (int)(i % 3));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(open_axes_convolve), cmocka_unit_test(passes_agree_with_plain_plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
