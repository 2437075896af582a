/* Each row says which of FFTW's real transforms goes forward, back, and from the coefficients to the first derivative, whose series is of
 * the other kind (cosines become sines): `shift` moves mode k to its place there, `out` is the first sample that the transform yields. */
#include "qep/spectral/series.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <fftw3.h>
#include <string.h>

typedef struct {
    qep_wall_kind low, high;
    qep_sampling sampling;
    fftw_r2r_kind forward, backward, derivative;
    size_t first, lost; /* first unknown sample, samples that are not unknowns */
    double mode;        /* wavenumber pi (k + mode)/L */
    int whole_first, whole_last; /* first/last coefficient stands without the factor 2 of the others */
    int shift;          /* of modes in the derivative's transform */
    int out;            /* first sample of the derivative's transform */
    int size;           /* its length, relative to the number of samples */
} row;

#define D QEP_WALL_DIRICHLET
#define N QEP_WALL_NEUMANN
static const row rows[] = {
    {N, N, QEP_CELL, FFTW_REDFT10, FFTW_REDFT01, FFTW_RODFT01, 0, 0, 0.0, 1, 0, -1, 0, 0},
    {D, D, QEP_CELL, FFTW_RODFT10, FFTW_RODFT01, FFTW_REDFT01, 0, 0, 1.0, 0, 1, 1, 0, 0},
    {D, N, QEP_CELL, FFTW_RODFT11, FFTW_RODFT11, FFTW_REDFT11, 0, 0, 0.5, 0, 0, 0, 0, 0},
    {N, D, QEP_CELL, FFTW_REDFT11, FFTW_REDFT11, FFTW_RODFT11, 0, 0, 0.5, 0, 0, 0, 0, 0},
    {N, N, QEP_NODE, FFTW_REDFT00, FFTW_REDFT00, FFTW_RODFT00, 0, 0, 0.0, 1, 1, -1, 1, -2},
    {D, D, QEP_NODE, FFTW_RODFT00, FFTW_RODFT00, FFTW_REDFT00, 1, 2, 1.0, 0, 0, 1, 0, 0},
    {D, N, QEP_NODE, FFTW_RODFT01, FFTW_RODFT10, FFTW_REDFT10, 1, 1, 0.5, 0, 0, 0, 0, -1},
    {N, D, QEP_NODE, FFTW_REDFT01, FFTW_REDFT10, FFTW_RODFT10, 0, 1, 0.5, 0, 0, 0, 1, -1},
    {QEP_WALL_NONE, QEP_WALL_NONE, QEP_CELL, FFTW_R2HC, FFTW_HC2R, FFTW_HC2R, 0, 0, 0.0, 0, 0, 0, 0, 0},
    {QEP_WALL_NONE, QEP_WALL_NONE, QEP_NODE, FFTW_R2HC, FFTW_HC2R, FFTW_HC2R, 0, 0, 0.0, 0, 0, 0, 0, 0},
};
#undef D
#undef N

struct qep_series {
    const row *row;
    size_t n, modes, width, derivative_size;
    double length; /* pi / length is the unit of wavenumbers */
    double intervals;
    fftw_plan forward, backward, derivative;
};

static int periodic(const qep_series *s) {
    return s->row->low == QEP_WALL_NONE;
}

static fftw_plan plan(size_t n, size_t width, fftw_r2r_kind kind, double *space, qep_effort effort) {
    const int size = (int)n, w = (int)width;
    const unsigned flags = effort == QEP_EFFORT_ESTIMATE ? FFTW_ESTIMATE : FFTW_MEASURE;
    return n ? fftw_plan_many_r2r(1, &size, w, space, NULL, w, 1, space, NULL, w, 1, &kind, flags | FFTW_UNALIGNED) : NULL;
}

qep_status qep_series_create(qep_series **out, qep_wall_kind low, qep_wall_kind high, qep_sampling sampling, size_t n, double h,
                             size_t width, qep_effort effort, qep_error *err) {
    *out = NULL;
    qep_series *s = NULL;
    QEP_TRY(qep_alloc((void **)&s, 1, sizeof *s, "series", err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].low == low && rows[i].high == high && rows[i].sampling == sampling) {
            s->row = &rows[i];
        }
    }
    double *space = NULL;
    if (!s->row || n > (size_t)1 << 30 || qep_alloc((void **)&space, (n + 2) * width, sizeof *space, "planning space", err) != QEP_OK) {
        qep_free(s);
        return qep_error_add(err, QEP_ERR_PROBLEM, "inapplicable", NULL, NULL, "no series for this boundary pair");
    }
    s->n = n;
    s->width = width;
    s->modes = n > s->row->lost ? n - s->row->lost : 0;
    s->intervals = sampling == QEP_NODE && low != QEP_WALL_NONE ? (double)(n - 1) : (double)n;
    s->length = h * s->intervals;
    const ptrdiff_t size = (ptrdiff_t)n + s->row->size;
    s->derivative_size = size > 0 ? (size_t)size : 0;
    s->forward = plan(s->modes, width, s->row->forward, space, effort);
    s->backward = plan(s->modes, width, s->row->backward, space, effort);
    s->derivative = plan(s->derivative_size, width, s->row->derivative, space, effort);
    qep_free(space);
    *out = s;
    return QEP_OK;
}

void qep_series_destroy(qep_series *s) {
    if (!s) {
        return;
    }
    fftw_plan plans[] = {s->forward, s->backward, s->derivative};
    for (int i = 0; i < 3; i++) {
        if (plans[i]) {
            fftw_destroy_plan(plans[i]);
        }
    }
    qep_free(s);
}

double qep_series_wavenumber(const qep_series *s, size_t k) {
    if (periodic(s)) {
        return 2.0 * QEP_PI * (double)(k < s->n - k ? k : s->n - k) / s->length;
    }
    return QEP_PI * ((double)k + s->row->mode) / s->length;
}

static void scale_row(const qep_series *s, double *block, size_t k, double factor) {
    for (size_t i = 0; i < s->width; i++) {
        block[k * s->width + i] *= factor;
    }
}

/* 1 for coefficients that FFTW's sums count once. */
static int whole(const qep_series *s, size_t k) {
    return (k == 0 && s->row->whole_first) || (k + 1 == s->modes && s->row->whole_last);
}

static void shift_rows(const qep_series *s, double *block, ptrdiff_t by, size_t count) {
    const size_t w = s->width;
    if (by > 0) {
        memmove(block + (size_t)by * w, block, count * w * sizeof *block);
        memset(block, 0, (size_t)by * w * sizeof *block);
    } else if (by < 0) {
        memmove(block, block + (size_t)-by * w, count * w * sizeof *block);
    }
}

void qep_series_forward(const qep_series *s, double *block) {
    if (!s->forward) {
        return;
    }
    shift_rows(s, block, -(ptrdiff_t)s->row->first, s->modes);
    fftw_execute_r2r(s->forward, block, block);
    for (size_t k = 0; k < s->modes; k++) {
        scale_row(s, block, k, periodic(s) ? 1.0 / s->intervals : (whole(s, k) ? 0.5 : 1.0) / s->intervals);
    }
}

/* Coefficients as the backward transform wants them. */
static void halve(const qep_series *s, double *block) {
    for (size_t k = 0; k < s->modes && !periodic(s); k++) {
        scale_row(s, block, k, whole(s, k) ? 1.0 : 0.5);
    }
}

static void clear_rows(const qep_series *s, double *block, size_t from, size_t to) {
    if (to > from) {
        memset(block + from * s->width, 0, (to - from) * s->width * sizeof *block);
    }
}

void qep_series_backward(const qep_series *s, double *block) {
    if (!s->backward) {
        clear_rows(s, block, 0, s->n);
        return;
    }
    halve(s, block);
    fftw_execute_r2r(s->backward, block, block);
    shift_rows(s, block, (ptrdiff_t)s->row->first, s->modes);
    clear_rows(s, block, s->row->first + s->modes, s->n);
}

/* i k on a halfcomplex spectrum: (Re, Im) -> (-k Im, k Re); the Nyquist mode has no odd derivative. */
static void periodic_slope(const qep_series *s, double *block) {
    const size_t w = s->width;
    memset(block, 0, w * sizeof *block);
    for (size_t k = 1; 2 * k <= s->n; k++) {
        double *re = block + k * w, *im = block + (s->n - k) * w;
        const double q = qep_series_wavenumber(s, k);
        for (size_t i = 0; i < w; i++) {
            const double a = re[i], b = im[i];
            re[i] = 2 * k == s->n ? 0.0 : -q * b;
            im[i] = 2 * k == s->n ? 0.0 : q * a;
        }
    }
}

static void slope(const qep_series *s, double *block) {
    const double sign = s->row->low == QEP_WALL_DIRICHLET ? 0.5 : -0.5; /* (sin)' = cos, (cos)' = -sin; 1/2: FFTW's sums */
    for (size_t k = 0; k < s->modes; k++) {
        scale_row(s, block, k, sign * qep_series_wavenumber(s, k));
    }
    const size_t size = s->derivative_size;
    if (s->row->shift > 0) {
        shift_rows(s, block, 1, s->modes < size ? s->modes : size - 1);
        clear_rows(s, block, s->modes + 1, size);
    } else if (s->row->shift < 0) {
        const size_t kept = s->modes - 1 < size ? s->modes - 1 : size;
        shift_rows(s, block, -1, kept);
        clear_rows(s, block, kept, size);
    }
    if (s->derivative) {
        fftw_execute_r2r(s->derivative, block, block);
    }
    shift_rows(s, block, s->row->out, size);
    clear_rows(s, block, (size_t)s->row->out + size, s->n);
}

void qep_series_derivative(const qep_series *s, int m, double *block) {
    if (m == 2) {
        for (size_t k = 0; k < s->modes; k++) {
            const double q = qep_series_wavenumber(s, k);
            scale_row(s, block, k, -q * q);
        }
        qep_series_backward(s, block);
    } else if (periodic(s)) {
        periodic_slope(s, block);
        fftw_execute_r2r(s->derivative, block, block);
    } else if (s->modes == 0) {
        clear_rows(s, block, 0, s->n);
    } else {
        slope(s, block);
    }
}
