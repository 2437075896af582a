/* Gaussian random fields by Fourier filtering of white noise. Spectra in d dimensions, up to a factor (l the correlation length):
 *   gaussian     exp(-(k l)^2/4)              C(r) = exp(-(r/l)^2)
 *   exponential  (1 + (k l)^2)^(-(d+1)/2)     C(r) = exp(-r/l)
 *   power        (1 + (k l)^2)^(-exponent/2)  C(r) of Matern, order (exponent - d)/2 */
#include "random_field.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/random.h"
#include "qep/base/reduce.h"
#include "qep/spectral/series.h"
#include <math.h>

typedef struct {
    const qep_grid *box;
    qep_random_spectrum spectrum;
    double length, power; /* power of 1 + (k l)^2 */
    double scale;         /* such that the full sum over aliases has mean 1 over the modes */
    double rest;          /* what farther aliases add to every mode: nearly the same to all */
} density;

static double of_wavenumber(const density *s, double k2) {
    const double q = k2 * s->length * s->length;
    return s->spectrum == QEP_RANDOM_GAUSSIAN ? exp(-0.25 * q) : pow(1.0 + q, s->power);
}

/* Samples know modes only up to multiples of 2 pi/h: the mode, its nearest aliases along every axis, and the rest. */
static double with_aliases(const density *s, const double k[3]) {
    int reach[3];
    for (int d = 0; d < 3; d++) {
        reach[d] = s->box->axis[d].n > 1;
    }
    double sum = 0.0;
    for (int z = -reach[2]; z <= reach[2]; z++) {
        for (int y = -reach[1]; y <= reach[1]; y++) {
            for (int x = -reach[0]; x <= reach[0]; x++) {
                const double a = k[0] + x * 2.0 * QEP_PI / s->box->axis[0].h, b = k[1] + y * 2.0 * QEP_PI / s->box->axis[1].h,
                             c = k[2] + z * 2.0 * QEP_PI / s->box->axis[2].h;
                sum += of_wavenumber(s, a * a + b * b + c * c);
            }
        }
    }
    return s->scale * sum + s->rest;
}

static double root(const void *context, const double k[3]) {
    const density *s = context;
    return sqrt(with_aliases(s, k));
}

static double wavenumber(const qep_axis *axis, size_t mode) {
    return 2.0 * QEP_PI * (double)(mode < axis->n - mode ? mode : axis->n - mode) / (axis->h * (double)axis->n);
}

static double sum_block(const void *context, size_t begin, size_t end) {
    const density *s = context;
    const qep_axis *axis = s->box->axis;
    double sum = 0.0;
    for (size_t i = begin; i < end; i++) {
        const double k[3] = {wavenumber(&axis[0], i % axis[0].n), wavenumber(&axis[1], i / axis[0].n % axis[1].n),
                             wavenumber(&axis[2], i / axis[0].n / axis[1].n)};
        sum += with_aliases(s, k);
    }
    return sum;
}

static int axes_of(const qep_grid *grid) {
    return qep_grid_axis_active(grid, 0) + qep_grid_axis_active(grid, 1) + qep_grid_axis_active(grid, 2);
}

static double power_of(const qep_random_field *field, const qep_grid *grid) {
    return field->spectrum == QEP_RANDOM_POWER ? -0.5 * field->exponent : -0.5 * (axes_of(grid) + 1.0);
}

/* Density of unit variance on d axes per product of spacings: the integral over k of (1 + (k l)^2)^power or exp(-(k l)^2/4), inverted. */
static double absolute_scale(const density *s, const qep_grid *grid) {
    const double d = axes_of(grid);
    double scale = s->spectrum == QEP_RANDOM_GAUSSIAN ? 1.0 : pow(4.0, 0.5 * d) * exp(lgamma(-s->power) - lgamma(-s->power - 0.5 * d));
    for (int a = 0; a < 3; a++) {
        scale *= qep_grid_axis_active(grid, a) ? s->length * sqrt(QEP_PI) / grid->axis[a].h : 1.0;
    }
    return scale;
}

/* The variance is to be 1: what the nearest aliases lack goes evenly to all modes, what a short box has too much is divided out. */
static qep_status normalise(density *s, const qep_grid *grid, int threads, qep_error *err) {
    const double count = (double)qep_grid_count(s->box);
    double sum = 0.0;
    s->scale = absolute_scale(s, grid);
    QEP_TRY(qep_reduce_sum(qep_grid_count(s->box), sum_block, s, threads, &sum, err));
    s->rest = fmax(1.0 - sum / count, 0.0);
    s->scale /= fmax(sum / count, 1.0);
    return QEP_OK;
}

/* The next length that transforms are fast at. */
static size_t smooth(size_t n) {
    for (;; n++) {
        size_t rest = n;
        static const size_t primes[] = {2, 3, 5, 7};
        for (int p = 0; p < 4; p++) {
            while (rest % primes[p] == 0) {
                rest /= primes[p];
            }
        }
        if (rest == 1) {
            return n;
        }
    }
}

/* Bound of the correlation at a distance: the tails of gaussian and exponential, the latter for powers too. */
static double tail(const qep_random_field *field, double distance) {
    const double r = distance / field->length;
    return field->spectrum == QEP_RANDOM_GAUSSIAN ? exp(-r * r) : exp(-r);
}

qep_status qep_random_box(const qep_random_field *field, const qep_grid *grid, qep_grid *box, double *seam, qep_error *err) {
    static const qep_bc faces[3][2] = {{QEP_PERIODIC, QEP_PERIODIC}, {QEP_PERIODIC, QEP_PERIODIC}, {QEP_PERIODIC, QEP_PERIODIC}};
    const double reach = field->length * (field->spectrum == QEP_RANDOM_GAUSSIAN ? 5.0 : 16.0); /* 1e-11, 1e-7 */
    size_t points[3];
    double spacing[3];
    *seam = 0.0;
    for (int d = 0; d < 3; d++) {
        const qep_axis *axis = &grid->axis[d];
        points[d] = axis->n;
        spacing[d] = axis->h;
        if (axis->n > 1 && axis->bc[0] != QEP_PERIODIC) {
            const size_t wanted = reach / axis->h < (double)axis->n ? (size_t)ceil(reach / axis->h) : axis->n;
            points[d] = smooth(axis->n + wanted);
            *seam = fmax(*seam, tail(field, axis->h * (double)(points[d] - axis->n + 1)));
        }
    }
    return qep_grid_init(box, 3, points, NULL, spacing, NULL, QEP_CELL, faces, err);
}

/* Before anything is touched: a box that memory does not hold would end the process, not the call. */
static qep_status check_memory(const qep_grid *box, qep_error *err) {
    const size_t count = qep_grid_count(box);
    return count <= qep_memory_available() / sizeof(double)
               ? QEP_OK
               : qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                               "the box of a random field, %zu x %zu x %zu samples, needs %.3g GB; use fewer points, a shorter "
                               "correlation_length, or periodic axes",
                               box->axis[0].n, box->axis[1].n, box->axis[2].n, 8e-9 * (double)count);
}

static void fill_noise(uint64_t seed, size_t count, int threads, double *u) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t i = 0; i < count; i++) {
        u[i] = qep_random_normal(seed, 0, i);
    }
}

static void crop(const qep_grid *box, const qep_grid *grid, int threads, const double *u, double *out) {
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n, rows = ny * grid->axis[2].n;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t row = 0; row < rows; row++) {
        const double *from = u + qep_grid_index(box, 0, row % ny, row / ny);
        for (size_t x = 0; x < nx; x++) {
            out[row * nx + x] = from[x];
        }
    }
}

qep_status qep_random_fill(const qep_random_field *field, const qep_grid *grid, int threads, double *out, qep_error *err) {
    qep_grid box;
    double seam = 0.0, *u = NULL;
    const int team = threads < 1 ? 1 : threads;
    QEP_TRY(qep_random_box(field, grid, &box, &seam, err));
    QEP_TRY(check_memory(&box, err));
    const size_t count = qep_grid_count(&box);
    density s = {&box, field->spectrum, field->length, power_of(field, grid), 1.0, 0.0};
    QEP_TRY(normalise(&s, grid, team, err));
    QEP_TRY(qep_alloc_doubles(&u, count, "box of a random field", err));
    fill_noise(field->seed, count, team, u);
    const qep_status status = qep_series_filter(&box, root, &s, team, u, err);
    if (status == QEP_OK) {
        crop(&box, grid, team, u, out);
    }
    qep_free(u);
    return status;
}
