/* If this fails, potentials in free space are wrong: the kernel of open axes is held against lattice Green's functions known in closed form,
 * against the discrete equation itself, and against smooth charges whose potential is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "poisson/kernel_impl.h"
#include "qep/base/linear.h"
#include "qep/spectral/series.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double euler = 0.57721566490153286;
static const double zero[1] = {0.0};

/* Absent axes have m = 0; order 0: the exact symbol. */
typedef struct {
    qep_stencil stencil;
    qep_kernel_axis axis[3];
    size_t n[3];
    qep_kernel *kernel;
} open_box;

static size_t box_count(const open_box *box) {
    return box->n[0] * box->n[1] * box->n[2];
}

/* Axes with m > 0 are open; the others are closed with the eigenvalues [count] given for axis `closed`, or absent. */
static void box_make(open_box *box, int order, const size_t m[3], const double h[3], int closed, const double *eigenvalues, size_t count,
                     double gauge) {
    qep_grid grid = {.sampling = QEP_NODE};
    for (int d = 0; d < 3; d++) {
        grid.axis[d] = (qep_axis){.n = m[d] ? 64 : 1, .h = h[d], .bc = {QEP_OPEN, QEP_OPEN}};
    }
    qep_stencil_init(&box->stencil, &grid, order ? order : 2);
    for (int d = 0; d < 3; d++) {
        box->axis[d] = m[d] ? (qep_kernel_axis){.open = 1, .m = m[d], .h = h[d], .stencil = order ? &box->stencil.axis[d] : NULL}
                            : (qep_kernel_axis){.modes = 1, .eigenvalues = zero};
        if (d == closed) {
            box->axis[d] = (qep_kernel_axis){.modes = count, .eigenvalues = eigenvalues};
        }
        box->n[d] = qep_kernel_modes(&box->axis[d]);
    }
    assert_int_equal(qep_kernel_create(&box->kernel, box->axis, gauge, 2, NULL), QEP_OK);
}

static void scale_lines(double *lines, size_t n, size_t stride, int back) {
    for (size_t i = 0; i < n * stride; i++) {
        const double scale = (i < stride || i >= (n - 1) * stride ? 2.0 : 1.0) * (double)(n - 1);
        lines[i] = back ? lines[i] / scale : lines[i] * scale;
    }
}

/* In place along the open axes: sum over -m < n <= m of v(n) cos(pi n k/m), or back. */
static void transform(const open_box *box, double *v, int back) {
    size_t stride = 1;
    for (int d = 0; d < 3; stride *= box->n[d++]) {
        const size_t n = box->n[d];
        qep_series *series = NULL;
        if (!box->axis[d].open) {
            continue;
        }
        assert_int_equal(qep_series_create(&series, QEP_WALL_NEUMANN, QEP_WALL_NEUMANN, QEP_NODE, n, 1.0, stride, QEP_EFFORT_ESTIMATE, NULL), 0);
        for (double *lines = v; lines < v + box_count(box); lines += n * stride) {
            if (back) {
                scale_lines(lines, n, stride, 1);
                qep_series_backward(series, lines);
            } else {
                qep_series_forward(series, lines);
                scale_lines(lines, n, stride, 0);
            }
        }
        qep_series_destroy(series);
    }
}

/* The response u(n) to a unit source at distance 0, [box_count]; the caller's. */
static double *response(const open_box *box) {
    double *u = malloc(box_count(box) * sizeof *u);
    memcpy(u, qep_kernel_values(box->kernel), box_count(box) * sizeof *u);
    transform(box, u, 1);
    return u;
}

/* f, even about sample 0 and zero beyond m/2, becomes u. */
static void solve(const open_box *box, double *f) {
    transform(box, f, 0);
    for (size_t i = 0; i < box_count(box); i++) {
        f[i] *= qep_kernel_values(box->kernel)[i];
    }
    transform(box, f, 1);
}

static void lattice_constants(void **state) {
    (void)state;
    open_box box;
    box_make(&box, 2, (size_t[]){24, 24, 24}, (double[]){1, 1, 1}, -1, NULL, 0, 0.0);
    double *u = response(&box);
    /* Watson, Q. J. Math. 10 (1939) 266: W/2 of the simple cubic lattice */
    assert_true(fabs(u[0] + 0.25273100985866300303) < 1e-15);
    assert_true(fabs(u[1] - u[0] - 1.0 / 6.0) < 1e-15);
    assert_true(fabs(u[1] - u[25]) < 1e-15 && fabs(u[1] - u[625]) < 1e-15);
    assert_true(qep_kernel_gauge_length(box.kernel) == 0.0);
    free(u);
    qep_kernel_destroy(box.kernel);

    box_make(&box, 2, (size_t[]){200, 200, 0}, (double[]){1, 1, 1}, -1, NULL, 0, 1.0);
    u = response(&box);
    assert_true(fabs(u[1] - u[0] - 0.25) < 1e-14 && fabs(u[202] - u[0] - 1.0 / M_PI) < 1e-14);
    /* u -> (1/2 pi) ln r: u(0) = -(gamma + (3/2) ln 2)/(2 pi) */
    assert_true(fabs(u[0] + (euler + 1.5 * log(2.0)) / (2.0 * M_PI)) < 1e-14);
    /* along the diagonal u(n, n) - u(0, 0) = (1/pi) sum_{k=1}^n 1/(2 k - 1) */
    double sum = 0.0;
    for (size_t n = 1; n <= 200; n++) {
        sum += 1.0 / (2.0 * (double)n - 1.0) / M_PI;
        assert_true(fabs(u[n * 202] - u[0] - sum) < 2e-14);
    }
    free(u);
    qep_kernel_destroy(box.kernel);
}

/* A shorter or longer gauge length adds a constant, whatever the box. */
static void gauge_length_shifts(void **state) {
    (void)state;
    const double lengths[] = {1e-6, 0.3, 7.0, 4e9};
    open_box box;
    box_make(&box, 4, (size_t[]){20, 0, 31}, (double[]){0.1, 1, 0.3}, -1, NULL, 0, 0.0);
    const double diagonal = hypot(2.0, 9.3);
    assert_true(fabs(qep_kernel_gauge_length(box.kernel) / diagonal - 1.0) < 1e-15);
    double *base = response(&box);
    qep_kernel_destroy(box.kernel);
    for (size_t i = 0; i < 4; i++) {
        box_make(&box, 4, (size_t[]){20, 0, 31}, (double[]){0.1, 1, 0.3}, -1, NULL, 0, lengths[i]);
        double *u = response(&box);
        const double shift = -0.03 / (2.0 * M_PI) * log(lengths[i] / diagonal);
        for (size_t j = 0; j < box_count(&box); j++) {
            assert_true(fabs(u[j] - base[j] - shift) < 1e-14 * (fabs(shift) + fabs(base[0])));
        }
        free(u);
        qep_kernel_destroy(box.kernel);
    }
    free(base);
}

/* One axis: |n| h^2/2 without damping, and -z^|n| h^2/(1/z - z) with 1/z + z = 2 + kappa^2 h^2. */
static void closed_forms_of_one_axis(void **state) {
    (void)state;
    const double kappa2[] = {0.0, 1e-8, 1e-3, 0.7, 30.0, 1e6}, h = 0.25;
    double eigenvalues[6];
    for (int k = 0; k < 6; k++) {
        eigenvalues[k] = -kappa2[k];
    }
    for (int d = 0; d < 3; d++) {
        size_t m[3] = {0, 0, 0};
        m[d] = 60;
        open_box box;
        box_make(&box, 2, m, (double[]){h, h, h}, (d + 1) % 3, eigenvalues, 6, 0.0);
        double *u = response(&box);
        for (int k = 0; k < 6; k++) {
            const double a = kappa2[k] * h * h, z = 1.0 / (1.0 + 0.5 * a + sqrt(a + 0.25 * a * a));
            const double at_0 = kappa2[k] > 0.0 ? -h * h / (2.0 * sqrt(a + 0.25 * a * a)) : 0.0;
            for (size_t n = 0; n <= 60; n++) {
                const size_t at = d == 2 ? n * 6 + (size_t)k : n + 61 * (size_t)k; /* the closed axis follows the open one, or leads */
                const double expected = kappa2[k] > 0.0 ? at_0 * pow(z, (double)n) : 0.5 * h * h * (double)n;
                const double scale = kappa2[k] > 0.0 ? fabs(at_0) : 30.0 * h * h;
                if (!(fabs(u[at] - expected) < 2e-14 * scale)) {
                    fail_msg("axis %d, kappa^2 %g, n %zu: %.17g instead of %.17g", d, kappa2[k], n, u[at], expected);
                }
            }
        }
        free(u);
        qep_kernel_destroy(box.kernel);
    }
}

/* Largest |A u - unit source|, relative to |A| max|u| + 1, over samples whose stencil stays inside 0..m (negative ones are mirrored). */
static double residual(const open_box *box, const double *u, double kappa2) {
    double worst = 0.0, norm = kappa2, largest = 0.0;
    for (size_t i = 0; i < box_count(box); i++) {
        largest = fmax(largest, fabs(u[i]));
    }
    for (int d = 0; d < 3; d++) {
        for (int j = 1; box->axis[d].open && j <= box->stencil.axis[d].half; j++) {
            norm += 4.0 * fabs(box->stencil.axis[d].second[j]);
        }
    }
    for (size_t i = 0; i < box_count(box); i++) {
        const size_t at[3] = {i % box->n[0], i / box->n[0] % box->n[1], i / box->n[0] / box->n[1]};
        double sum = -kappa2 * u[i] - (i == 0 ? 1.0 : 0.0);
        int inside = 1;
        size_t stride = 1;
        for (int d = 0; d < 3; stride *= box->n[d++]) {
            const qep_stencil_axis *axis = &box->stencil.axis[d];
            inside &= !box->axis[d].open || at[d] + (size_t)axis->half <= box->axis[d].m;
            for (size_t j = 1; inside && box->axis[d].open && j <= (size_t)axis->half; j++) {
                const size_t below = at[d] > j ? at[d] - j : j - at[d];
                sum += axis->second[j] * ((u[i + j * stride] - u[i]) + (u[i - at[d] * stride + below * stride] - u[i]));
            }
        }
        worst = inside ? fmax(worst, fabs(sum)) : worst;
    }
    return worst / (norm * largest + 1.0);
}

/* What the stencil makes of the response is the unit source: any order, number of open axes, anisotropy, with and without damping. */
static void inverse_of_the_stencil(void **state) {
    (void)state;
    static const struct {
        size_t m[3];
        double h[3];
    } boxes[] = {{{50, 0, 0}, {1, 1, 1}},       {{0, 0, 33}, {1, 1, 1e-9}},       {{40, 31, 0}, {1, 1, 1}},      {{0, 40, 27}, {1, 1e-3, 1}},
                 {{21, 19, 16}, {1, 1, 1}},     {{20, 17, 24}, {1e-3, 1, 0.04}},  {{16, 16, 16}, {1e-6, 1, 1}},  {{12, 150, 9}, {1, 1, 2}},
                 {{1, 2, 40}, {1, 0.5, 0.25}}, {{30, 0, 30}, {2e-9, 1, 3e-10}}, {{300, 0, 0}, {1, 1, 1}}};
    for (size_t b = 0; b < sizeof boxes / sizeof *boxes; b++) {
        for (int order = 2; order <= 8; order += 2) {
            for (int damped = 0; damped < 2; damped++) {
                double length = 0.0; /* damping over a tenth of the longest open axis */
                int closed = -1;
                for (int d = 0; d < 3; d++) {
                    length = fmax(length, (double)boxes[b].m[d] * boxes[b].h[d]);
                    closed = boxes[b].m[d] ? closed : d;
                }
                const double kappa2 = damped ? 100.0 / (length * length) : 0.0, eigenvalue = -kappa2;
                if (damped && (closed < 0 || order % 4)) {
                    continue;
                }
                open_box box;
                box_make(&box, order, boxes[b].m, boxes[b].h, closed, &eigenvalue, 1, 0.0);
                double *u = response(&box);
                const double r = residual(&box, u, kappa2);
                if (!(r < 1e-14)) {
                    fail_msg("box %zu, order %d, damping %g: residual %.2g", b, order, kappa2, r);
                }
                free(u);
                qep_kernel_destroy(box.kernel);
            }
        }
    }
}

/* int_0^inf exp(-a e^v - b e^-v) dv by the trapezoidal rule after v = exp(x - exp(-x)). b = 0: the exponential integral E1(a). */
static double double_exponential(double a, double b) {
    double sum = 0.0;
    for (int i = -200; i <= 260; i++) {
        const double x = i / 50.0, v = exp(x - exp(-x));
        sum += exp(-a * exp(v) - b * exp(-v)) * v * (1.0 + exp(-x)) / 50.0;
    }
    return sum;
}

/* int_0^inf exp(-x cosh v) dv = K0(x). */
static double bessel_k0(double x) {
    double sum = 0.5 * exp(-x);
    for (int i = 1; i < 2000; i++) {
        sum += exp(-x * cosh(i / 64.0));
    }
    return sum / 64.0;
}

/* u of (lap - kappa^2) u = a normalised Gaussian of width sigma in `open` dimensions, at distance r; gauge length 1. */
static double gaussian_potential(int open, double sigma, double kappa, double r) {
    const double x = r / (sqrt(2.0) * sigma), k = kappa * sigma / sqrt(2.0);
    if (open == 3) {
        return r > 0.0 ? -erf(x) / (4.0 * M_PI * r) : -sqrt(2.0 / M_PI) / (4.0 * M_PI * sigma);
    }
    if (open == 2 && kappa > 0.0) { /* the Gaussian of variance sigma^2 + 2 t at all later times, s = sigma^2 e^v */
        return -exp(k * k) * double_exponential(k * k, x * x) / (4.0 * M_PI);
    }
    if (open == 2) {
        return (x > 0.0 ? log(r) + 0.5 * double_exponential(x * x, 0.0) : log(sqrt(2.0) * sigma) - 0.5 * euler) / (2.0 * M_PI);
    }
    if (kappa > 0.0) { /* exp(k^2 +- kappa r) erfc(k +- x), with care for large arguments */
        const double far = k + x > 20.0 ? 0.0 : exp(k * k + kappa * r) * erfc(k + x);
        return -(far + exp(k * k - kappa * r) * erfc(k - x)) / (4.0 * kappa);
    }
    return 0.5 * r * erf(x) + sigma / sqrt(2.0 * M_PI) * exp(-x * x);
}

/* The references agree with each other where they overlap. */
static void references(void **state) {
    (void)state;
    assert_true(fabs(double_exponential(1.0, 0.0) / 0.21938393439552027368 - 1.0) < 1e-14); /* E1(1), Abramowitz and Stegun 5.1 */
    assert_true(fabs(bessel_k0(1.0) / 0.42102443824070833334 - 1.0) < 1e-14);
    for (double kappa = 0.1; kappa < 3.0; kappa *= 1.7) { /* far away, the Gaussian is a line charge exp(kappa^2 sigma^2/2) times as large */
        const double far = -exp(0.5 * kappa * kappa) * bessel_k0(20.0 * kappa) / (2.0 * M_PI);
        assert_true(fabs(gaussian_potential(2, 1.0, kappa, 20.0) / far - 1.0) < 1e-13);
    }
}

/* Sum over the mirror images (+-c) of a function of distance. */
static double images(const open_box *box, const size_t at[3], const double centre[3], double sigma, double kappa, int potential) {
    double sum = 0.0;
    int open = 0;
    for (int d = 0; d < 3; d++) {
        open += box->axis[d].open;
    }
    for (int image = 0; image < 8; image++) {
        double r2 = 0.0;
        for (int d = 0; d < 3; d++) {
            const double x = (double)at[d] * box->axis[d].h - (image >> d & 1 ? -1.0 : 1.0) * centre[d];
            r2 += box->axis[d].open ? x * x : 0.0;
        }
        sum += potential ? gaussian_potential(open, sigma, kappa, sqrt(r2)) : exp(-0.5 * r2 / sigma / sigma) / pow(sigma * sqrt(2.0 * M_PI), open);
    }
    return sum / 8.0;
}

/* Largest error of u relative to the largest u, for a Gaussian at +-centre (an even source), one box per closed mode kappa. Every `skip`-th
 * sample of a long row is looked at. */
static double gaussian_error(int order, const size_t m[3], const double h[3], const double centre[3], double sigma, double kappa, size_t skip) {
    const double eigenvalue = -kappa * kappa;
    open_box box;
    box_make(&box, order, m, h, m[2] ? (m[1] ? -1 : 1) : 2, &eigenvalue, 1, 1.0);
    double *u = calloc(box_count(&box), sizeof *u), worst = 0.0, largest = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < box_count(&box); i++) {
            const size_t at[3] = {i % box.n[0], i / box.n[0] % box.n[1], i / box.n[0] / box.n[1]};
            if (2 * at[0] > m[0] || 2 * at[1] > m[1] || 2 * at[2] > m[2] || (pass == 1 && i % skip)) {
                continue;
            }
            const double value = images(&box, at, centre, sigma, kappa, pass);
            worst = pass ? fmax(worst, fabs(u[i] - value)) : worst;
            largest = pass ? fmax(largest, fabs(value)) : largest;
            u[i] = pass ? u[i] : value;
        }
        if (pass == 0) {
            solve(&box, u);
        }
    }
    free(u);
    qep_kernel_destroy(box.kernel);
    if (getenv("QEP_TEST_VERBOSE")) {
        printf("order %d, m %zu %zu %zu, kappa %.3g: %.1e\n", order, m[0], m[1], m[2], kappa, worst / largest);
    }
    return worst / largest;
}

/* Net charge off the centre by fractions of a cell, in boxes 1, 4 and 16 times as tall as wide. */
static void gaussians_in_free_space(void **state) {
    (void)state;
    const double h = 1.0, sigma = 3.2, one[3] = {h, h, h};
    for (size_t aspect = 1; aspect <= 16; aspect *= 4) {
        const size_t wide = 58, tall = aspect * wide;
        const double top = 0.5 * (double)(tall - wide) + 0.7;
        assert_true(gaussian_error(0, (size_t[]){tall, wide, wide}, one, (double[]){top, 1.3, 0.45}, sigma, 0.0, 17) < 1e-14);
        assert_true(gaussian_error(0, (size_t[]){wide, 0, tall}, one, (double[]){1.3, 0, top}, sigma, 0.0, 3) < 1e-14);
        assert_true(gaussian_error(0, (size_t[]){0, 0, tall}, one, (double[]){0, 0, top}, sigma, 0.0, 1) < 1e-14);
        /* closed modes of a wire and of a sheet whose period is `tall` */
        for (size_t k = 1; k <= tall / 4; k = 2 * k + 1) {
            const double kappa = 2.0 * M_PI * (double)k / ((double)tall * h);
            assert_true(gaussian_error(0, (size_t[]){wide, wide, 0}, one, (double[]){1.3, 0.45, 0}, sigma, kappa, 3) < 1e-14);
            assert_true(gaussian_error(0, (size_t[]){wide, 0, 0}, one, (double[]){1.3, 0, 0}, sigma, kappa, 1) < 1e-14);
        }
    }
}

/* From cell i to cell j, or, for j >= n, to the mirror image -1 - (j - n) of cell j - n. */
static size_t cell_distance(size_t i, size_t j, size_t n) {
    return j >= n ? i + j - n + 1 : j > i ? j - i : i - j;
}

/* A Gaussian in the middle of 2 n cells per axis, where three faces of cells meet: u at the cells of the plane next to it, by direct sums over
 * the cells j and their mirror images -1 - j. Largest error, relative to the largest u. */
static double cell_error(size_t n, double sigma) {
    const double h = 0.5 / (double)n;
    open_box box;
    box_make(&box, 0, (size_t[]){2 * n, 2 * n, 2 * n}, (double[]){h, h, h}, -1, NULL, 0, 0.0);
    double *g = response(&box), worst = 0.0, largest = 0.0, shape[64];
    for (size_t i = 0; i < n; i++) {
        shape[i] = exp(-0.5 * pow(((double)i + 0.5) * h / sigma, 2.0)) / (sigma * sqrt(2.0 * M_PI));
    }
    for (size_t x = 0; x < n; x++) {
        for (size_t y = 0; y <= x; y++) {
            double sum = 0.0;
            for (size_t row = 0; row < 4 * n * n; row++) {
                const size_t dy = cell_distance(y, row % (2 * n), n), dz = cell_distance(0, row / (2 * n), n);
                double part = 0.0; /* a sum of a million terms in one go would lose three digits */
                for (size_t j = 0; j < 2 * n; j++) {
                    part += shape[j % n] * g[(dz * box.n[1] + dy) * box.n[0] + cell_distance(x, j, n)];
                }
                sum += part * shape[row % n] * shape[row / (2 * n) % n];
            }
            const double r = h * sqrt(pow((double)x + 0.5, 2.0) + pow((double)y + 0.5, 2.0) + 0.25), exact = gaussian_potential(3, sigma, 0.0, r);
            worst = fmax(worst, fabs(sum - exact));
            largest = fmax(largest, fabs(exact));
        }
    }
    free(g);
    qep_kernel_destroy(box.kernel);
    if (getenv("QEP_TEST_VERBOSE")) {
        printf("%zu cells: %.2e\n", 2 * n, worst / largest);
    }
    return worst / largest;
}

/* sigma = 0.05 of a unit box: errors of truncated kernels at N = 16, 24, 32, 48 (IPPL's, and N4), and order N of the lattice kernels. */
static void resolution(void **state) {
    (void)state;
    static const struct {
        size_t n;
        double error;
    } rows[] = {{8, 8.3e-4}, {12, 2.1e-6}, {16, 2.1e-9}, {24, 5e-15}}; /* the last is the rounding of these sums */
    for (size_t i = 0; i < 4; i++) {
        assert_true(cell_error(rows[i].n, 0.05) < rows[i].error);
    }
    for (int order = 2; order <= 8; order += 2) {
        double error[2];
        for (size_t i = 0; i < 2; i++) {
            const size_t m = 64u << i;
            const double h = 1.0 / (double)m;
            error[i] = gaussian_error(order, (size_t[]){m, m, 0}, (double[]){h, h, h}, (double[]){0.4 * h, 0.2, 0}, 0.05, 0.0, 5);
        }
        assert_true(log2(error[0] / error[1]) > order - 0.2);
    }
}

/* 1/Lambda over 14 decades and both kinds of end, to the rounding of a sum of nodes. */
static void nodes_invert_every_rate(void **state) {
    (void)state;
    for (int tail = 0; tail < 2; tail++) {
        const double eigenvalues[] = {tail ? 0.0 : -1e-14, -1e-14, -100.0};
        const qep_kernel_axis axis[3] = {{.modes = 3, .eigenvalues = eigenvalues},
                                         {.modes = 1, .eigenvalues = zero},
                                         {.open = tail, .m = 8, .h = 1.0, .modes = 1, .eigenvalues = zero}};
        qep_heat_node node[400];
        const size_t count = qep_heat_nodes(axis, NULL);
        assert_true(count < 260 && qep_heat_nodes(axis, node) == count);
        for (double rate = 1e-14; rate < 110.0; rate *= 1.03) {
            double sum = 0.0;
            for (size_t q = 0; q < count; q++) {
                sum += node[q].w * exp(-rate * node[q].t);
            }
            if (!(fabs(sum * rate - 1.0) < 2.5e-15)) {
                fail_msg("tail %d, rate %g: relative error %.2g", tail, rate, sum * rate - 1.0);
            }
        }
    }
}

/* The defining integral by the tanh-sinh rule: p(m), or p(n) - p(m) without cancellation. */
static double theta_integral(const qep_kernel_axis *axis, double t, double n, double m, int difference) {
    const double width = fmin(M_PI, 14.0 * axis->h / sqrt(t));
    const int steps = m > 30.0 ? 150 : 50; /* per unit of x: twice what the fastest wave needs */
    double sum = 0.0;
    for (int i = -16 * steps / 5; i <= 16 * steps / 5; i++) {
        const double x = (double)i / steps, part = 1.0 / (1.0 + exp(-M_PI * sinh(x))), theta = width * part;
        const double symbol = axis->stencil ? qep_stencil_symbol2(axis->stencil, theta) : -(theta / axis->h) * (theta / axis->h);
        const double wave = difference ? 2.0 * sin(0.5 * (m + n) * theta) * sin(0.5 * (m - n) * theta) : cos(m * theta);
        sum += wave * exp(t * symbol) * part * (1.0 - part) * M_PI * cosh(x) / steps * width;
    }
    return sum / M_PI;
}

static void check_heat_kernel(const qep_kernel_axis *axis, double t) {
    const size_t m = axis->m;
    double excess[131];
    assert_true(m <= 130);
    const double at_m = qep_heat_kernel(axis, t, excess), at_0 = excess[0] + at_m;
    assert_true(fabs(at_m - theta_integral(axis, t, 0, (double)m, 0)) < 4e-15 * at_0);
    for (size_t n = 0; n <= m; n += m > 30 ? 7 : 1) {
        const double expected = theta_integral(axis, t, (double)n, (double)m, 1);
        if (!(fabs(excess[n] - expected) < 1e-14 * excess[0])) {
            fail_msg("m %zu, t %g, n %zu: %.17g instead of %.17g (of %g)", m, t, n, excess[n], expected, excess[0]);
        }
    }
}

/* From times at which nothing has moved to those at which all is flat, where the differences must keep their digits. */
static void heat_kernel_is_its_integral(void **state) {
    (void)state;
    const double h = 0.5;
    const size_t sizes[] = {1, 30, 130};
    qep_grid grid = {.sampling = QEP_NODE, .axis = {{.n = 64, .h = h}, {.n = 1, .h = 1}, {.n = 1, .h = 1}}};
    for (int order = 0; order <= 8; order += 2) {
        qep_stencil stencil;
        qep_stencil_init(&stencil, &grid, order ? order : 2);
        for (size_t i = 0; i < 3; i++) {
            const qep_kernel_axis axis = {.open = 1, .m = sizes[i], .h = h, .stencil = order ? &stencil.axis[0] : NULL};
            for (double t = 1e-14; t < 1e12; t *= 5.1) {
                check_heat_kernel(&axis, t);
            }
        }
    }
}

/* One open axis without damping: |z| h/2 far away, without a constant, for every order; at the charge, sqrt(3)/24 h^2 for fd4. */
static void gauge_of_one_axis(void **state) {
    (void)state;
    const double h = 0.3;
    for (int order = 2; order <= 8; order += 2) {
        open_box box;
        box_make(&box, order, (size_t[]){0, 80, 0}, (double[]){h, h, h}, -1, NULL, 0, 0.0);
        double *u = response(&box);
        for (size_t n = 50; n <= 80; n++) {
            assert_true(fabs(u[n] - 0.5 * h * h * (double)n) < 1e-14 * u[80]);
        }
        assert_true(order != 4 || fabs(u[0] - sqrt(3.0) / 24.0 * h * h) < 1e-14 * u[80]);
        assert_true(order != 2 || fabs(u[0]) < 1e-14 * u[80]);
        free(u);
        qep_kernel_destroy(box.kernel);
    }
}

static const double wall[] = {-0.3, -1.1, -7.0}, ring[] = {0.0, -0.02, -0.02, -2.5};

/* One kernel of two closed axes and an open one holds, mode by mode, the kernels of the open axis with each sum of eigenvalues, gauge included;
 * and the order of the axes is nothing but the order of the values. */
static void closed_modes_add_up(void **state) {
    (void)state;
    const double *given[2] = {wall, ring};
    const size_t counts[2] = {3, 4}, M = 25;
    for (int first = 0; first < 2; first++) { /* without and with a zero mode of both closed axes */
        for (int order = 0; order <= 8; order += 4) {
            open_box one;
            qep_kernel *both = NULL, *turned = NULL;
            const qep_kernel_axis a = {.modes = counts[first], .eigenvalues = given[first]}, b = {.modes = 4, .eigenvalues = ring};
            box_make(&one, order, (size_t[]){M, 0, 0}, (double[]){0.2, 1, 1}, -1, NULL, 0, 0.0);
            const qep_kernel_axis open = one.axis[0];
            assert_int_equal(qep_kernel_create(&both, (qep_kernel_axis[]){open, a, b}, 0.0, 1, NULL), QEP_OK);
            assert_int_equal(qep_kernel_create(&turned, (qep_kernel_axis[]){b, a, open}, 0.0, 1, NULL), QEP_OK);
            qep_kernel_destroy(one.kernel);
            for (size_t i = 0; i < a.modes * b.modes; i++) {
                const double eigenvalue = a.eigenvalues[i % a.modes] + b.eigenvalues[i / a.modes];
                box_make(&one, order, (size_t[]){M, 0, 0}, (double[]){0.2, 1, 1}, 1, &eigenvalue, 1, 0.0);
                for (size_t k = 0; k <= M; k++) {
                    const double expected = qep_kernel_values(one.kernel)[k], value = qep_kernel_values(both)[i * (M + 1) + k];
                    const double other = qep_kernel_values(turned)[(k * a.modes + i % a.modes) * b.modes + i / a.modes];
                    const double tolerance = 1e-14 * fabs(qep_kernel_values(one.kernel)[0]);
                    assert_true(fabs(value - expected) < tolerance && fabs(other - expected) < tolerance);
                }
                qep_kernel_destroy(one.kernel);
            }
            qep_kernel_destroy(both);
            qep_kernel_destroy(turned);
        }
    }
}

/* Two open axes and a periodic one: only the plane of its zero mode has a gauge. */
static void zero_mode_of_a_wire(void **state) {
    (void)state;
    open_box both, one;
    const size_t m[3] = {20, 0, 30};
    box_make(&both, 6, m, (double[]){1, 1, 0.5}, 1, ring, 4, 3.0);
    assert_true(qep_kernel_gauge_length(both.kernel) == 3.0);
    for (size_t k = 0; k < 4; k++) {
        box_make(&one, 6, m, (double[]){1, 1, 0.5}, 1, &ring[k], 1, 3.0);
        const double *value = qep_kernel_values(both.kernel), *expected = qep_kernel_values(one.kernel);
        for (size_t i = 0; i < box_count(&one); i++) {
            assert_true(fabs(value[(i / 21 * 4 + k) * 21 + i % 21] - expected[i]) < 1e-14 * fabs(expected[0]));
        }
        qep_kernel_destroy(one.kernel);
    }
    qep_kernel_destroy(both.kernel);
    box_make(&both, 6, m, (double[]){1, 1, 0.5}, 1, wall, 3, 3.0);
    assert_true(qep_kernel_gauge_length(both.kernel) == 0.0); /* no zero mode, no gauge */
    qep_kernel_destroy(both.kernel);
}

/* The same bits for 1 to 5 threads; lengths of nanometres are as good as metres. */
static void threads_and_units(void **state) {
    (void)state;
    open_box box, small;
    const size_t m[3] = {40, 70, 30};
    box_make(&box, 4, m, (double[]){1, 0.5, 2}, -1, NULL, 0, 0.0);
    for (int repeat = 0; repeat < 20; repeat++) {
        qep_kernel *other = NULL;
        assert_int_equal(qep_kernel_create(&other, box.axis, 0.0, repeat % 5 + 1, NULL), QEP_OK);
        assert_memory_equal(qep_kernel_values(box.kernel), qep_kernel_values(other), box_count(&box) * sizeof(double));
        qep_kernel_destroy(other);
    }
    box_make(&small, 4, m, (double[]){1e-9, 0.5e-9, 2e-9}, -1, NULL, 0, 0.0);
    assert_int_equal(qep_kernel_nodes(small.kernel), qep_kernel_nodes(box.kernel));
    for (size_t i = 0; i < box_count(&box); i++) {
        const double a = qep_kernel_values(box.kernel)[i], b = qep_kernel_values(small.kernel)[i] * 1e18;
        assert_true(fabs(a - b) < 2e-14 * fabs(a) + 1e-16 * fabs(qep_kernel_values(box.kernel)[0]));
    }
    qep_kernel_destroy(box.kernel);
    qep_kernel_destroy(small.kernel);
}

/* What a caller must not ask for is an error, not a crash; sizes beyond the address space too. */
static void refusals(void **state) {
    (void)state;
    const double positive = 1e-9, bad = NAN;
    const qep_kernel_axis absent = {.modes = 1, .eigenvalues = zero}, open = {.open = 1, .m = 4, .h = 1.0};
    const qep_kernel_axis wrong[] = {{.modes = 0, .eigenvalues = zero},  {.modes = 1, .eigenvalues = &positive}, {.modes = 1, .eigenvalues = &bad},
                                     {.open = 1, .m = 0, .h = 1.0},      {.open = 1, .m = 4, .h = 0.0},          {.open = 1, .m = 4, .h = INFINITY},
                                     {.open = 1, .m = SIZE_MAX, .h = 1.0}};
    qep_kernel *kernel = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(qep_kernel_create(&kernel, (qep_kernel_axis[]){open, wrong[i], absent}, 0.0, 1, NULL), QEP_ERR_INTERNAL);
        assert_null(kernel);
    }
    assert_int_equal(qep_kernel_create(&kernel, (qep_kernel_axis[]){absent, absent, absent}, 0.0, 1, NULL), QEP_ERR_INTERNAL);
    assert_int_equal(qep_kernel_create(&kernel, (qep_kernel_axis[]){open, open, absent}, -1.0, 1, NULL), QEP_ERR_INTERNAL);
    const qep_kernel_axis huge = {.open = 1, .m = (size_t)1 << 29, .h = 1.0};
    assert_true(qep_kernel_memory((qep_kernel_axis[]){huge, huge, huge}, 1) == SIZE_MAX);
    assert_true(qep_kernel_bytes((qep_kernel_axis[]){open, open, absent}) == 25 * sizeof(double));
    /* an estimate before the eigenvalues are known is larger, creation is refused */
    const qep_kernel_axis known = {.modes = 3, .eigenvalues = wall}, unknown = {.modes = 3};
    assert_true(qep_kernel_memory((qep_kernel_axis[]){open, unknown, absent}, 1) > qep_kernel_memory((qep_kernel_axis[]){open, known, absent}, 1));
    assert_int_equal(qep_kernel_create(&kernel, (qep_kernel_axis[]){open, unknown, absent}, 0.0, 1, NULL), QEP_ERR_INTERNAL);
}

static double largest_of(const double *value, size_t count) {
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs(value[i]));
    }
    return most;
}

/* The even modes before the odd ones is the same kernel in another order, for even and odd m, with its gauge. Rounding may differ: where a row stands in
 * its block decides which of its kernels a BLAS takes, and on some processors those do not round alike. */
static void evens_first(void **state) {
    (void)state;
    for (size_t m = 6; m <= 7; m++) {
        qep_kernel *plain = NULL, *sorted = NULL;
        qep_kernel_axis axis[3] = {{.open = 1, .m = m, .h = 1.0}, {.open = 1, .m = m + 1, .h = 2.0}, {.modes = 4, .eigenvalues = ring}};
        assert_int_equal(qep_kernel_create(&plain, axis, 0.0, 1, NULL), QEP_OK);
        axis[0].evens_first = axis[1].evens_first = 1;
        assert_int_equal(qep_kernel_create(&sorted, axis, 0.0, 1, NULL), QEP_OK);
        const double rounding = 16 * DBL_EPSILON * largest_of(qep_kernel_values(plain), 4 * (m + 2) * (m + 1));
        for (size_t i = 0; i < 4 * (m + 2) * (m + 1); i++) {
            const size_t x = i % (m + 1), y = i / (m + 1) % (m + 2), z = i / (m + 1) / (m + 2);
            const size_t sx = x % 2 ? m / 2 + 1 + x / 2 : x / 2, sy = y % 2 ? (m + 1) / 2 + 1 + y / 2 : y / 2;
            const double other = qep_kernel_values(sorted)[(z * (m + 2) + sy) * (m + 1) + sx];
            assert_true(fabs(qep_kernel_values(plain)[i] - other) <= rounding);
        }
        qep_kernel_destroy(plain);
        qep_kernel_destroy(sorted);
    }
}

/* Largest resident set of this program; getrusage would count that of the one that started it. */
static double peak(void) {
    char line[256];
    double kib = 0.0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file)) {
        kib = strncmp(line, "VmHWM:", 6) == 0 ? strtod(line + 6, NULL) : kib;
    }
    if (file) {
        fclose(file);
    }
    return 1024.0 * kib;
}

/* Runs first: it reads the largest resident set so far. 8 MB are left to the libraries' own buffers. */
static void memory_is_as_announced(void **state) {
    (void)state;
    if (strstr(QEP_TEST_SANITIZE, "address") || peak() == 0.0) {
        skip(); /* AddressSanitizer keeps freed memory; not every system has /proc */
    }
    const qep_kernel_axis open = {.open = 1, .m = 180, .h = 1.0}, axis[3] = {open, open, open};
    const double before = peak();
    qep_kernel *kernel = NULL;
    assert_int_equal(qep_kernel_create(&kernel, axis, 0.0, 2, NULL), QEP_OK);
    const double grown = peak() - before, announced = (double)qep_kernel_memory(axis, 2);
    if (!(grown > 0.9 * announced && grown < announced + 8e6)) {
        fail_msg("%.1f MB more in use, %.1f MB announced", grown / 1e6, announced / 1e6);
    }
    qep_kernel_destroy(kernel);
}

int main(void) {
    qep_linear_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_as_announced),
        cmocka_unit_test(lattice_constants),
        cmocka_unit_test(gauge_length_shifts),
        cmocka_unit_test(closed_forms_of_one_axis),
        cmocka_unit_test(inverse_of_the_stencil),
        cmocka_unit_test(references),
        cmocka_unit_test(gaussians_in_free_space),
        cmocka_unit_test(resolution),
        cmocka_unit_test(nodes_invert_every_rate),
        cmocka_unit_test(heat_kernel_is_its_integral),
        cmocka_unit_test(gauge_of_one_axis),
        cmocka_unit_test(closed_modes_add_up),
        cmocka_unit_test(zero_mode_of_a_wire),
        cmocka_unit_test(threads_and_units),
        cmocka_unit_test(refusals),
        cmocka_unit_test(evens_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
