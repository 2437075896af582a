/* A field on a periodic box through a filter of wavenumbers: forward along every axis, one factor per mode, back. Lines go in blocks
 * of fixed width, so that no bit depends on the number of threads. */
#include "qep/spectral/series.h"

#include "qep/base/memory.h"

enum { WIDTH = 16 };

typedef struct {
    const qep_grid *grid;
    qep_series *series[3]; /* NULL: axis of one sample */
    double *wavenumber[3]; /* [n], of each mode */
    double *block;         /* [threads][longest][WIDTH] */
    size_t longest;
    int threads;
} filter;

/* Lines of an axis: groups of `inner` neighbours in memory, samples `inner` apart. */
typedef struct {
    size_t n, inner, count;
} lines;

static lines lines_of(const qep_grid *grid, int axis) {
    const size_t n = grid->axis[axis].n;
    return (lines){n, qep_grid_stride(grid, axis), qep_grid_count(grid) / n};
}

static size_t line_start(const lines *l, size_t line) {
    return line / l->inner * l->n * l->inner + line % l->inner;
}

static void gather(const lines *l, const double *u, size_t first, double *block) {
    for (size_t c = 0; c < WIDTH; c++) {
        const int there = first + c < l->count;
        const double *line = u + (there ? line_start(l, first + c) : 0);
        for (size_t i = 0; i < l->n; i++) {
            block[i * WIDTH + c] = there ? line[i * l->inner] : 0.0;
        }
    }
}

static void scatter(const lines *l, const double *block, size_t first, double *u) {
    for (size_t c = 0; c < WIDTH && first + c < l->count; c++) {
        double *line = u + line_start(l, first + c);
        for (size_t i = 0; i < l->n; i++) {
            line[i * l->inner] = block[i * WIDTH + c];
        }
    }
}

/* Thread t takes every threads-th block. */
static void transform_axis(const filter *f, int axis, void (*transform)(const qep_series *series, double *block), double *u) {
    const lines l = lines_of(f->grid, axis);
    const size_t threads = (size_t)f->threads;
#pragma omp parallel for num_threads(f->threads) schedule(static)
    for (size_t t = 0; t < threads; t++) {
        double *block = f->block + t * f->longest * WIDTH;
        for (size_t first = t * WIDTH; first < l.count && f->series[axis]; first += threads * WIDTH) {
            gather(&l, u, first, block);
            transform(f->series[axis], block);
            scatter(&l, block, first, u);
        }
    }
}

static void multiply(const filter *f, double (*factor)(const void *context, const double k[3]), const void *context, double *u) {
    const size_t nx = f->grid->axis[0].n, ny = f->grid->axis[1].n, rows = ny * f->grid->axis[2].n;
#pragma omp parallel for num_threads(f->threads) schedule(static)
    for (size_t row = 0; row < rows; row++) {
        for (size_t x = 0; x < nx; x++) {
            const double k[3] = {f->wavenumber[0][x], f->wavenumber[1][row % ny], f->wavenumber[2][row / ny]};
            u[row * nx + x] *= factor(context, k);
        }
    }
}

static qep_status prepare_axis(filter *f, int axis, qep_error *err) {
    const qep_axis *a = &f->grid->axis[axis];
    QEP_TRY(qep_alloc_doubles(&f->wavenumber[axis], a->n, "wavenumbers", err));
    f->wavenumber[axis][0] = 0.0;
    if (a->n == 1) {
        return QEP_OK;
    }
    QEP_TRY(qep_series_create(&f->series[axis], QEP_WALL_NONE, QEP_WALL_NONE, f->grid->sampling, a->n, a->h, WIDTH, QEP_EFFORT_ESTIMATE, err));
    for (size_t k = 0; k < a->n; k++) {
        f->wavenumber[axis][k] = qep_series_wavenumber(f->series[axis], k);
    }
    return QEP_OK;
}

static qep_status prepare(filter *f, qep_error *err) {
    size_t size = 0;
    for (int d = 0; d < 3; d++) {
        f->longest = f->grid->axis[d].n > f->longest ? f->grid->axis[d].n : f->longest;
        QEP_TRY(prepare_axis(f, d, err));
    }
    if (!qep_size_multiply(f->longest, (size_t)f->threads * WIDTH, &size)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "lines of %zu samples do not fit into memory", f->longest);
    }
    return qep_alloc_doubles(&f->block, size, "lines of a filter", err);
}

qep_status qep_series_filter(const qep_grid *box, double (*factor)(const void *context, const double k[3]), const void *context, int threads,
                             double *u, qep_error *err) {
    filter f = {.grid = box, .threads = threads < 1 ? 1 : threads};
    const qep_status status = prepare(&f, err);
    if (status == QEP_OK) {
        for (int d = 0; d < 3; d++) {
            transform_axis(&f, d, qep_series_forward, u);
        }
        multiply(&f, factor, context, u);
        for (int d = 0; d < 3; d++) {
            transform_axis(&f, d, qep_series_backward, u);
        }
    }
    for (int d = 0; d < 3; d++) {
        qep_series_destroy(f.series[d]);
        qep_free(f.wavenumber[d]);
    }
    qep_free(f.block);
    return status;
}
