/* Derivatives along open axes, from the coefficients of the doubled line. Fourier branches multiply by i theta/h. Before a wall sines become
 * cosines of the same angles and the other way round: the line transform with both walls' kinds exchanged. Which of its coefficients belongs to
 * which angle, with which factor, is read off the transforms themselves: unit coefficients, transformed back. */
#include "passes_impl.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static qep_wall_kind other(qep_wall_kind kind) {
    return kind == QEP_WALL_NEUMANN ? QEP_WALL_DIRICHLET : QEP_WALL_NEUMANN;
}

/* Position of sample j of a line of unknowns, in steps from the wall end of the line. */
static double position(const qep_pass_axis *axis, const qep_line *line, size_t j) {
    return (double)(qep_line_first(line) + j) + (axis->sampling == QEP_CELL ? 0.5 : 0.0);
}

/* The amplitude of coefficient k: transformed back it is amplitude times sin or cos of theta x (x from the low end of the line). */
static double amplitude(const qep_pass_axis *axis, const qep_line *line, int sine, size_t k, const double *samples, size_t width) {
    double best = 0.0, found = 0.0;
    for (size_t j = 0; j < qep_line_unknowns(line); j++) {
        const double phase = qep_line_theta(line, k) * position(axis, line, j), basis = sine ? sin(phase) : cos(phase);
        if (fabs(basis) > best) {
            best = fabs(basis);
            found = samples[j * width] / basis;
        }
        if (best > 0.9) {
            break;
        }
    }
    return found;
}

/* Amplitudes of all coefficients, `width` unit coefficients at a time. */
static qep_status amplitudes(const qep_pass_axis *axis, const qep_line *line, int sine, double *out, qep_error *err) {
    const size_t n = qep_line_unknowns(line), width = 2 * qep_line_batch(line), block_size = (n * width + 7) / 8 * 8;
    double *block = NULL;
    QEP_TRY(qep_alloc_doubles(&block, block_size + qep_line_scratch(line), "unit coefficients", err));
    for (size_t first = 0; first < n; first += width) {
        memset(block, 0, n * width * sizeof *block);
        for (size_t l = 0; l < width && first + l < n; l++) {
            block[(first + l) * width + l] = 1.0;
        }
        qep_line_backward(line, block, block + block_size);
        for (size_t l = 0; l < width && first + l < n; l++) {
            out[first + l] = amplitude(axis, line, sine, first + l, block + l, width);
        }
    }
    qep_free(block);
    return QEP_OK;
}

/* The coefficient of the partner line with the same angle, or its number of coefficients: a sine that has no cosine on the samples. */
static size_t same_angle(const qep_line *line, const qep_line *partner, size_t k) {
    const double theta = qep_line_theta(line, k);
    size_t i = 0;
    while (i < qep_line_unknowns(partner) && fabs(qep_line_theta(partner, i) - theta) > 1e-6 / (double)qep_line_unknowns(line)) {
        i++;
    }
    return i;
}

/* d/dx [A sin theta x] = A theta cos theta x, d/dx [A cos theta x] = -A theta sin theta x. */
static void match(const qep_pass_axis *axis, qep_branch *branch, int sine, const double *own, const double *others) {
    const size_t n = qep_line_unknowns(branch->line), m = qep_line_unknowns(branch->partner);
    for (size_t k = 0; k < n; k++) {
        const size_t i = same_angle(branch->line, branch->partner, k);
        branch->partner_row[k] = i < m ? i : 0;
        branch->partner_factor[k] = i < m ? (sine ? 1.0 : -1.0) * own[k] / others[i] * qep_line_theta(branch->line, k) / axis->h : 0.0;
    }
}

static qep_status plan_branch(qep_pass_axis *axis, qep_branch *branch, qep_wall_kind far_end, qep_effort effort, qep_error *err) {
    const int high = axis->wall_high, sine = (high ? far_end : axis->wall) == QEP_WALL_DIRICHLET;
    const size_t samples = axis->half_period / 2 + (axis->sampling == QEP_NODE ? 1 : 0);
    const qep_wall_kind wall = other(axis->wall), end = other(far_end);
    QEP_TRY(qep_line_create(&branch->partner, high ? end : wall, high ? wall : end, axis->sampling, samples, qep_line_batch(branch->line),
                            effort, err));
    const size_t n = qep_line_unknowns(branch->line), m = qep_line_unknowns(branch->partner);
    branch->partner_offset = (high ? samples - axis->n : 0) + 1 - qep_line_first(branch->partner);
    QEP_TRY(qep_alloc((void **)&branch->partner_row, n, sizeof *branch->partner_row, "derivative", err));
    QEP_TRY(qep_alloc_doubles(&branch->partner_factor, n, "derivative", err));
    double *own = NULL;
    QEP_TRY(qep_alloc_doubles(&own, n + m, "amplitudes", err));
    qep_status status = amplitudes(axis, branch->line, sine, own, err);
    if (status == QEP_OK) {
        status = amplitudes(axis, branch->partner, !sine, own + n, err);
    }
    if (status == QEP_OK) {
        match(axis, branch, sine, own, own + n);
    }
    qep_free(own);
    return status;
}

qep_status qep_pass_slope_plan(qep_pass_axis *axis, qep_effort effort, qep_error *err) {
    for (int e = 0; e < 2 && axis->wall != QEP_WALL_NONE && !axis->branch[e].partner; e++) {
        QEP_TRY(plan_branch(axis, &axis->branch[e], e ? QEP_WALL_DIRICHLET : QEP_WALL_NEUMANN, effort, err));
    }
    return QEP_OK;
}

void qep_pass_slope_free(qep_pass_axis *axis) {
    for (int e = 0; e < 2; e++) {
        qep_line_destroy(axis->branch[e].partner);
        qep_free(axis->branch[e].partner_row);
        qep_free(axis->branch[e].partner_factor);
    }
}

const double *qep_pass_slope(const qep_pass_axis *axis, const qep_branch *branch, int packed, const double *block, double *out, double *scratch) {
    const size_t width = 2 * qep_line_batch(branch->line);
    if (!branch->partner) {
        memcpy(out, block, branch->modes * width * sizeof *out);
        qep_line_differentiate(branch->line, packed, axis->h, out);
        (packed ? qep_line_backward_packed : qep_line_backward)(branch->line, out, scratch);
        return out + branch->offset * width;
    }
    /* a row of zeros before and behind: the slope on a wall node of a Neumann wall */
    double *inside = out + width;
    memset(out, 0, (qep_line_unknowns(branch->partner) + 2) * width * sizeof *out);
    for (size_t k = 0; k < branch->modes; k++) {
        const double factor = branch->partner_factor[k];
        double *to = inside + branch->partner_row[k] * width;
        for (size_t l = 0; l < width && factor != 0.0; l++) {
            to[l] = factor * block[k * width + l];
        }
    }
    qep_line_backward(branch->partner, inside, scratch);
    return out + branch->partner_offset * width;
}
