/* Line transforms: the row of every boundary pair and sampling, and the FFT plans behind it. Two real lines a, b travel as the complex line
 * a + ib: a block is [rows][2 batch] doubles, so that row r of complex numbers holds (a, b) of every pair side by side and the FFT runs over
 * rows with vectors across the batch. line_machines.c holds the algorithms. */
#include "line_impl.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static const qep_line_row rows[] = {
    {QEP_WALL_NONE, QEP_WALL_NONE, QEP_CELL, FOURIER, 0, 0, 0, 0, 0.0},
    {QEP_WALL_NONE, QEP_WALL_NONE, QEP_NODE, FOURIER, 0, 0, 0, 0, 0.0},
    {QEP_WALL_NEUMANN, QEP_WALL_NEUMANN, QEP_CELL, COSINE2, 0, 0, 0, 0, 0.0},
    {QEP_WALL_NEUMANN, QEP_WALL_NEUMANN, QEP_NODE, COSINE1, 0, 0, 0, 0, 0.0},
    {QEP_WALL_DIRICHLET, QEP_WALL_DIRICHLET, QEP_CELL, COSINE2, 0, 1, 0, 0, 0.0},
    {QEP_WALL_DIRICHLET, QEP_WALL_DIRICHLET, QEP_NODE, SINE1, 0, 0, 1, 2, 1.0},
    {QEP_WALL_DIRICHLET, QEP_WALL_NEUMANN, QEP_CELL, COSINE4, 1, 0, 0, 0, 0.5},
    {QEP_WALL_DIRICHLET, QEP_WALL_NEUMANN, QEP_NODE, COSINE3, 1, 0, 1, 1, 0.5},
    {QEP_WALL_NEUMANN, QEP_WALL_DIRICHLET, QEP_CELL, COSINE4, 0, 0, 0, 0, 0.5},
    {QEP_WALL_NEUMANN, QEP_WALL_DIRICHLET, QEP_NODE, COSINE3, 0, 0, 0, 1, 0.5},
};

/* The odd modes of a periodic line of twice the length: it changes sign after n samples. No boundary pair has it alone; open axes do. */
static const qep_line_row shifted = {QEP_WALL_NONE, QEP_WALL_NONE, QEP_CELL, SHIFTED, 0, 0, 0, 0, 0.5};

static size_t round_up(size_t n, size_t to) {
    return (n + to - 1) / to * to;
}

/* exp(-i angle) table entry. */
static void set_twiddle(qep_line *line, size_t k, double angle) {
    line->twiddle[k][0] = cos(angle);
    line->twiddle[k][1] = sin(angle);
}

static qep_status make_twiddles(qep_line *line, qep_error *err) {
    const size_t n = line->unknowns;
    QEP_TRY(qep_alloc((void **)&line->twiddle, n + 1, sizeof *line->twiddle, "transform twiddles", err));
    for (size_t k = 0; k <= n; k++) {
        if (line->row->machine == COSINE4) {
            set_twiddle(line, k, QEP_PI * ((double)k + 0.125) / (double)n);
        } else if (line->row->machine == SHIFTED) {
            set_twiddle(line, k, QEP_PI * (double)k / (double)n);
        } else {
            set_twiddle(line, k, QEP_PI * (double)k / (2.0 * (double)n));
        }
    }
    return QEP_OK;
}

static unsigned effort_flag(qep_effort effort) {
    return effort == QEP_EFFORT_MEASURE ? FFTW_MEASURE : effort == QEP_EFFORT_PATIENT ? FFTW_PATIENT : FFTW_ESTIMATE;
}

static qep_status make_plans(qep_line *line, qep_effort effort, qep_error *err) {
    const size_t doubles = round_up(line->scratch, 8);
    double *space = NULL;
    QEP_TRY(qep_alloc_doubles(&space, doubles, "planning space", err));
    memset(space, 0, doubles * sizeof *space);
    const int n = (int)line->length;
    const unsigned flags = effort_flag(effort);
    if (line->use_r2r) {
        const int width = (int)line->width;
        line->forward = fftw_plan_many_r2r(1, &n, width, space, NULL, width, 1, space, NULL, width, 1, &line->odd4, flags);
        line->backward = line->forward;
    } else {
        const int howmany = (int)(line->row->machine == COSINE4 ? line->width : line->batch);
        fftw_complex *data = (fftw_complex *)(void *)space;
        line->forward = fftw_plan_many_dft(1, &n, howmany, data, NULL, howmany, 1, data, NULL, howmany, 1, FFTW_FORWARD, flags);
        line->backward = fftw_plan_many_dft(1, &n, howmany, data, NULL, howmany, 1, data, NULL, howmany, 1, FFTW_BACKWARD, flags);
    }
    qep_free(space);
    if (!line->forward || !line->backward) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "plan", NULL, NULL, "FFTW made no plan for a line of %zu samples", line->n);
    }
    return QEP_OK;
}

/* FFT length and norm of each machine, from the number of unknowns m and of intervals N. */
static void set_lengths(qep_line *line) {
    const size_t m = line->unknowns, intervals = line->intervals;
    line->length = m;
    line->norm = 2.0 * (double)intervals;
    switch (line->row->machine) {
    case FOURIER:
    case SHIFTED:
        line->norm = (double)m;
        break;
    case COSINE4:
        line->use_r2r = m % 2 == 1;
        line->odd4 = FFTW_REDFT11;
        line->length = line->use_r2r ? m : m / 2;
        line->norm = line->use_r2r ? 2.0 * (double)m : 0.5 * (double)m;
        break;
    case COSINE1:
    case SINE1:
        line->length = 2 * intervals;
        break;
    default:
        break;
    }
    const size_t complex_rows = line->row->machine == COSINE4 && !line->use_r2r ? m : line->length;
    line->scratch = round_up(complex_rows * line->width, 8);
}

static const qep_line_row *find_row(qep_wall_kind low, qep_wall_kind high, qep_sampling sampling) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].low == low && rows[i].high == high && rows[i].sampling == sampling) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Shorter lines are done by the extension: the copies of a split would cost more than they spare. */
enum { SPLIT_FROM = 32 };

static int splits(const qep_line *line) {
    return (line->row->machine == COSINE1 || line->row->machine == SINE1) && line->intervals % 2 == 0 && line->intervals >= SPLIT_FROM;
}

static qep_status create_from_row(qep_line **out, const qep_line_row *row, size_t n, size_t intervals, size_t batch, qep_effort effort,
                                  qep_error *err);

/* The even and the odd modes of a type I between two equal walls: the same pair, and the pair with the other wall, on half the line. */
static qep_status split(qep_line *line, qep_effort effort, qep_error *err) {
    const size_t half = line->intervals / 2, rows_of_parts = line->unknowns + 1;
    const qep_wall_kind wall = line->row->low, other = wall == QEP_WALL_NEUMANN ? QEP_WALL_DIRICHLET : QEP_WALL_NEUMANN;
    QEP_TRY(create_from_row(&line->even, line->row, half + 1, half, line->batch, effort, err));
    QEP_TRY(create_from_row(&line->odd, find_row(wall, other, QEP_NODE), half + 1, half, line->batch, effort, err));
    const size_t below = line->even->scratch > line->odd->scratch ? line->even->scratch : line->odd->scratch;
    line->scratch = round_up(rows_of_parts * line->width, 8) + below;
    return QEP_OK;
}

static qep_status create_from_row(qep_line **out, const qep_line_row *row, size_t n, size_t intervals, size_t batch, qep_effort effort,
                                  qep_error *err) {
    *out = NULL;
    qep_line *line = NULL;
    QEP_TRY(qep_alloc((void **)&line, 1, sizeof *line, "transform", err));
    line->row = row;
    line->n = n;
    line->unknowns = n > row->lost ? n - row->lost : 0;
    line->intervals = intervals;
    line->batch = batch;
    line->width = 2 * batch;
    set_lengths(line);
    qep_status status = splits(line) ? split(line, effort, err) : make_twiddles(line, err);
    if (status == QEP_OK && line->unknowns > 0 && !line->even) {
        status = make_plans(line, effort, err);
    }
    if (status != QEP_OK) {
        qep_line_destroy(line);
        return status;
    }
    *out = line;
    return QEP_OK;
}

qep_status qep_line_create(qep_line **out, qep_wall_kind low, qep_wall_kind high, qep_sampling sampling, size_t n, size_t batch,
                           qep_effort effort, qep_error *err) {
    *out = NULL;
    const qep_line_row *found = find_row(low, high, sampling);
    if (!found || n > (size_t)1 << 30) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "inapplicable", NULL, NULL, "no transform for this boundary pair and %zu samples", n);
    }
    return create_from_row(out, found, n, sampling == QEP_NODE && low != QEP_WALL_NONE ? n - 1 : n, batch, effort, err);
}

qep_status qep_line_create_shifted(qep_line **out, size_t n, size_t batch, qep_effort effort, qep_error *err) {
    return create_from_row(out, &shifted, n, n, batch, effort, err);
}

void qep_line_destroy(qep_line *line) {
    if (!line) {
        return;
    }
    qep_line_destroy(line->even);
    qep_line_destroy(line->odd);
    if (line->backward && line->backward != line->forward) {
        fftw_destroy_plan(line->backward);
    }
    if (line->forward) {
        fftw_destroy_plan(line->forward);
    }
    qep_free(line->twiddle);
    qep_free(line);
}

size_t qep_line_unknowns(const qep_line *line) {
    return line->unknowns;
}

size_t qep_line_first(const qep_line *line) {
    return line->row->first;
}

double qep_line_norm(const qep_line *line) {
    return line->norm;
}

size_t qep_line_scratch(const qep_line *line) {
    return line->scratch;
}

size_t qep_line_batch(const qep_line *line) {
    return line->batch;
}

double qep_line_theta(const qep_line *line, size_t k) {
    if (line->even) { /* even modes first */
        const size_t evens = line->even->unknowns;
        return k < evens ? qep_line_theta(line->even, k) : qep_line_theta(line->odd, k - evens);
    }
    const double n = (double)line->intervals;
    if (line->row->machine == FOURIER) {
        const size_t mode = k < line->n - k ? k : line->n - k;
        return 2.0 * QEP_PI * (double)mode / n;
    }
    if (line->row->machine == SHIFTED) {
        const size_t mode = k < line->n - 1 - k ? k : line->n - 1 - k;
        return 2.0 * QEP_PI * ((double)mode + line->row->mode) / n;
    }
    if (line->row->alternate) {
        return QEP_PI * (n - (double)k) / n;
    }
    return QEP_PI * ((double)k + line->row->mode) / n;
}
