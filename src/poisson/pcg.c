/* Preconditioned conjugate gradients with two acceptance criteria. The 2-norm of the residual alone passed fields that were 24 % wrong (it does not see
 * badly conducting cells), the pointwise one alone passed smooth errors on flat cells; so both must hold, on the residual recomputed from x. */
#include "elliptic_impl.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "qep/base/simd.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WINDOW = 10, GROWTH = 1000, RESTARTS = 3 };
/* The recursion goes on to this part of the tolerance: the field's error is 3 to 4000 times D, and a few more steps are cheap. */
static const double beyond = 0.01;

typedef struct {
    qep_elliptic *e;
    const qep_elliptic_control *control;
    qep_elliptic_report *report;
    double tolerance, b_norm;
    double *alpha, *beta, *energy; /* per iteration */
    size_t capacity, since;        /* iterations since the last restart */
    double single;                 /* what `in` of a preconditioner in single precision holds is this times r */
} iteration;

/* out = b - A x */
static void true_residual(qep_elliptic *e, double *out) {
    const size_t nx = e->a.n[0];
    (void)qep_elliptic_apply(e, e->x, out);
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->row_count; i++) {
        for (size_t at = e->row[i] * nx; at < (e->row[i] + 1) * nx; at++) {
            out[at] = e->b[at] - out[at];
        }
    }
    qep_elliptic_balance_rows(e, out);
}

static double pad_diagonal(const qep_elliptic *e, size_t p) {
    return e->pad[p].diagonal / (double)e->pad[p].count; /* per cell, as the averaged rows have it */
}

/* D = max |r_i/a_ii| / max |x|; 0 for x = r = 0. Cells of floating electrodes share one equation. */
static double pointwise(const qep_elliptic *e, const double *r) {
    const size_t nx = e->a.n[0];
    double change = 0.0, size = 0.0;
#pragma omp parallel for num_threads(e->options.threads) schedule(static) reduction(max : change, size)
    for (size_t i = 0; i < e->row_count; i++) {
        for (size_t at = e->row[i] * nx; at < (e->row[i] + 1) * nx; at++) {
            const int pad = e->role[at] == QEP_ELECTRODE_CELL;
            change = fmax(change, pad ? 0.0 : fabs(r[at]) * e->a.inverse[at]);
            size = fmax(size, fabs(e->x[at]));
        }
    }
    for (size_t p = 0; p < e->pad_count; p++) {
        change = fmax(change, e->pad[p].diagonal > 0.0 ? fabs(r[e->pad[p].cells[0]]) / pad_diagonal(e, p) : 0.0);
    }
    return change == 0.0 ? 0.0 : size > 0.0 ? change / size : INFINITY;
}

/* (|A||x| + |b|) of a row without the inert bonds of pads. */
static void rounding_row(const qep_elliptic *e, const qep_row *row, double *out) {
    const size_t nx = e->a.n[0];
    const double *const all = e->x;
    for (size_t x = 0; x < nx; x++) {
        const size_t left = x ? x - 1 : nx - 1, right = x + 1 < nx ? x + 1 : 0, at = row->offset + x;
        double sum = fabs(e->b[at]);
        if (e->role[at] != QEP_ELECTRODE_CELL) {
            const double v = fabs(all[at]);
            sum += row->sink[x] * v + row->gx[x] * (v + fabs(all[row->offset + right])) + row->gx[left] * (v + fabs(all[row->offset + left])) +
                   row->gy[0][x] * (v + fabs(all[row->y[0] + x])) + row->gy[1][x] * (v + fabs(all[row->y[1] + x])) +
                   row->gz[0][x] * (v + fabs(all[row->z[0] + x])) + row->gz[1][x] * (v + fabs(all[row->z[1] + x]));
        }
        out[x] = sum;
    }
}

/* || |A||x| + |b| ||; q is scratch. */
static double rounding_scale(qep_elliptic *e) {
    const size_t ny = e->a.n[1];
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->row_count; i++) {
        const qep_row row = qep_couplings_row(&e->a, e->row[i] % ny, e->row[i] / ny);
        rounding_row(e, &row, e->q + row.offset);
    }
    for (size_t k = 0; k < e->contact_count; k++) { /* rows of the pads */
        const qep_contact *contact = &e->contact[k];
        for (size_t p = 0; p < e->pad_count; p++) {
            if (contact->electrode == (int32_t)e->pad[p].electrode) {
                const size_t cell = e->pad[p].cells[0];
                e->q[cell] += contact->g * (fabs(e->x[cell]) + fabs(e->x[contact->cell])) / (double)e->pad[p].count;
            }
        }
    }
    return sqrt(qep_elliptic_dot(e, e->q, e->q));
}

/* Judge x by its true residual (left in q). */
static qep_solve_state judge(iteration *it) {
    qep_elliptic *e = it->e;
    qep_elliptic_report *report = it->report;
    const double scale = rounding_scale(e);
    true_residual(e, e->q);
    report->residual = sqrt(qep_elliptic_dot(e, e->q, e->q)) / it->b_norm;
    report->residual_floor = 10.0 * DBL_EPSILON * scale / it->b_norm;
    report->pointwise = pointwise(e, e->q);
    if (!isfinite(report->residual)) {
        snprintf(report->detail, sizeof report->detail, "the iteration left the range of numbers");
        return QEP_SOLVE_BREAKDOWN;
    }
    const double pointwise_floor = 10.0 * DBL_EPSILON;
    if (!(report->pointwise <= fmax(it->tolerance, pointwise_floor)) || !(report->residual <= fmax(it->tolerance, report->residual_floor))) {
        return QEP_SOLVE_NOT_CONVERGED;
    }
    return fmax(report->residual, report->pointwise) <= it->tolerance ? QEP_SOLVE_CONVERGED : QEP_SOLVE_CONVERGED_AT_ROUNDING;
}

/* ---- Steps of the recursion ----------------------------------------------------------------------------------------- */

/* Hand r to a preconditioner in single precision, of the size of 1. */
static void hand_over(iteration *it, double norm) {
    qep_elliptic *e = it->e;
    const size_t nx = e->a.n[0];
    it->single = norm > 0.0 ? 1.0 / norm : 1.0;
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < (e->m.in ? e->row_count : 0); i++) {
        for (size_t at = e->row[i] * nx; at < (e->row[i] + 1) * nx; at++) {
            e->m.in[at] = (float)(it->single * e->r[at]);
        }
    }
}

static void average_pads(const qep_elliptic *e, float *v) {
    for (size_t p = 0; p < e->pad_count; p++) {
        const qep_pad *pad = &e->pad[p];
        double sum = 0.0;
        for (size_t k = 0; k < pad->count; k++) {
            sum += (double)v[pad->cells[k]];
        }
        for (size_t k = 0; k < pad->count; k++) {
            v[pad->cells[k]] = (float)(sum / (double)pad->count);
        }
    }
}

static qep_vector preconditioned(const iteration *it) {
    const qep_elliptic *e = it->e;
    return (qep_vector){.wide = e->m.out ? NULL : e->z, .single = e->m.out, .scale = e->m.scale / it->single};
}

/* A row of z without the constants that nothing fixes. */
static const double *row_of_z(const iteration *it, const qep_vector *z, size_t offset) {
    const qep_elliptic *e = it->e;
    double *const buffer = qep_elliptic_buffer(e);
    const double *const row = qep_elliptic_row_of(z, offset, e->a.n[0], buffer);
    if (!e->net.floating) {
        return row;
    }
    qep_elliptic_subtract_means(e, row, offset, buffer);
    return buffer;
}

/* z = M r, constant on pads; returns r.z. Constants that nothing fixes must go before r.z is taken: left in z they cost half as many iterations again at
 * contrast 1e6. They are taken out of the rows as these are read. */
static double precondition(const iteration *it) {
    qep_elliptic *e = it->e;
    const size_t nx = e->a.n[0];
    const qep_vector z = preconditioned(it);
    e->m.apply(e->m.data, e->r, e->z);
    if (e->m.out) {
        average_pads(e, e->m.out);
    } else {
        qep_elliptic_average_pads(e, e->z);
    }
    if (e->net.floating) {
        qep_elliptic_find_means(e, &z);
    }
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->row_count; i++) {
        e->partial[i] = qep_elliptic_dot_row(e->r + e->row[i] * nx, row_of_z(it, &z, e->row[i] * nx), nx);
    }
    return qep_reduce_pairwise(e->partial, e->row_count);
}

QEP_VARIANTS static void turn_row(const double *z, double beta, size_t n, double *p) {
    for (size_t x = 0; x < n; x++) {
        p[x] = z[x] + beta * p[x];
    }
}

/* p = z + beta p */
static void turn(const iteration *it, double beta) {
    qep_elliptic *e = it->e;
    const size_t nx = e->a.n[0];
    const qep_vector z = preconditioned(it);
    if (beta == 0.0) {
        memset(e->p, 0, e->a.count * sizeof *e->p);
    }
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->row_count; i++) {
        turn_row(row_of_z(it, &z, e->row[i] * nx), beta, nx, e->p + e->row[i] * nx);
    }
}

QEP_VARIANTS static void advance_row(double alpha, const double *restrict p, const double *restrict q, size_t n, double *restrict x, double *restrict r) {
    for (size_t i = 0; i < n; i++) {
        x[i] += alpha * p[i];
        r[i] -= alpha * q[i];
    }
}

QEP_VARIANTS static void narrow_row(double scale, const double *restrict r, size_t n, float *restrict out) {
    for (size_t i = 0; i < n; i++) {
        out[i] = (float)(scale * r[i]);
    }
}

/* x += alpha p, r -= alpha q, and r in single precision by the last norm; returns |r|. */
static double advance(iteration *it, double alpha, double norm) {
    qep_elliptic *e = it->e;
    const size_t nx = e->a.n[0];
    it->single = 1.0 / norm;
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->row_count; i++) {
        const size_t at = e->row[i] * nx;
        advance_row(alpha, e->p + at, e->q + at, nx, e->x + at, e->r + at);
        if (e->m.in) {
            narrow_row(it->single, e->r + at, nx, e->m.in + at);
        }
        e->partial[i] = qep_elliptic_dot_row(e->r + at, e->r + at, nx);
    }
    return sqrt(qep_reduce_pairwise(e->partial, e->row_count));
}

static void note_history(iteration *it, double residual) {
    qep_elliptic *e = it->e;
    if (e->history_count < e->history_capacity) {
        e->history[e->history_count++] = residual / it->b_norm;
    }
}

/* Error of the energy norm: what the last steps still gained, against all of them. Spectrum of the preconditioned operator from the Lanczos matrix. */
static void estimate(iteration *it) {
    double total = 0.0, last = 0.0;
    const size_t n = it->since;
    for (size_t k = 0; k < n; k++) {
        total += it->energy[k];
        last += k + WINDOW >= n ? it->energy[k] : 0.0;
    }
    it->report->energy_error = total > 0.0 && n > WINDOW ? sqrt(last / total) : total > 0.0 && n ? sqrt(it->energy[n - 1] / total) : 0.0;
    if (n < 2) {
        return;
    }
    for (size_t k = n; k-- > 0;) {
        const double diagonal = 1.0 / it->alpha[k] + (k ? it->beta[k - 1] / it->alpha[k - 1] : 0.0);
        it->energy[k] = k + 1 < n ? sqrt(it->beta[k]) / it->alpha[k] : 0.0; /* off-diagonal */
        it->alpha[k] = k + 1 <= n ? it->alpha[k] : 0.0;
        it->e->history[it->e->history_capacity + k] = diagonal;
    }
    double *const diagonal = it->e->history + it->e->history_capacity;
    if (qep_dstevd(n, diagonal, it->energy, NULL, 1) == 0 && diagonal[0] > 0.0) {
        it->report->condition = diagonal[n - 1] / diagonal[0];
    }
}

static qep_solve_state broken(iteration *it, const char *what, double value) {
    snprintf(it->report->detail, sizeof it->report->detail, "%s (%.3g) after %zu iterations: not positive definite", what, value, it->report->iterations);
    return QEP_SOLVE_BREAKDOWN;
}

/* Steps until the recursion says that it is done, or cannot go on. */
static qep_solve_state descend(iteration *it, qep_error *err, qep_status *status) {
    qep_elliptic *e = it->e;
    const size_t limit = it->capacity;
    double norm = sqrt(qep_elliptic_dot(e, e->r, e->r)), best = norm;
    hand_over(it, norm);
    double rz = precondition(it);
    turn(it, 0.0);
    it->since = 0;
    while (it->report->iterations < limit) {
        const double goal = beyond * it->tolerance;
        if (norm <= goal * it->b_norm && pointwise(e, e->r) <= goal) {
            return QEP_SOLVE_CONVERGED;
        }
        if (norm == 0.0) {
            return QEP_SOLVE_CONVERGED;
        }
        if (qep_log_interrupted(it->control->log)) {
            *status = qep_error_add(err, QEP_ERR_INTERRUPTED, "interrupted", NULL, NULL, "stopped by a signal");
            return QEP_SOLVE_NOT_CONVERGED;
        }
        if (!(rz > 0.0)) {
            return broken(it, "r.M r", rz);
        }
        const double curvature = qep_elliptic_apply(e, e->p, e->q);
        if (!(curvature > 0.0) || !isfinite(curvature)) {
            return broken(it, "p.A p", curvature);
        }
        const double alpha = rz / curvature;
        norm = advance(it, alpha, norm);
        const double next = precondition(it), beta = next / rz;
        it->alpha[it->since] = alpha;
        it->beta[it->since] = beta;
        it->energy[it->since] = alpha * rz;
        it->since++;
        it->report->iterations++;
        it->report->residual_recursive = norm / it->b_norm;
        note_history(it, norm);
        best = fmin(best, norm);
        if (!isfinite(norm) || norm > GROWTH * best) {
            return broken(it, "the residual grew; relative", norm / it->b_norm);
        }
        rz = next;
        turn(it, beta);
        if (it->report->iterations % 10 == 0) {
            qep_log_progress(it->control->log, "iterations", it->report->iterations, limit);
        }
    }
    return QEP_SOLVE_NOT_CONVERGED;
}

static void iterate(iteration *it, qep_error *err, qep_status *status) {
    qep_elliptic *e = it->e;
    qep_elliptic_report *report = it->report;
    double before = INFINITY;
    for (int restart = 0; restart < RESTARTS; restart++) { /* a stalled recursion gets the true residual once or twice */
        const qep_solve_state end = descend(it, err, status);
        if (*status != QEP_OK) {
            return;
        }
        char why[QEP_ELLIPTIC_TEXT];
        memcpy(why, report->detail, sizeof why);
        report->detail[0] = '\0';
        report->state = judge(it);
        if (qep_solve_state_accepted(report->state)) {
            return;
        }
        memcpy(report->detail, why, sizeof why);
        if (end == QEP_SOLVE_BREAKDOWN) {
            report->state = end;
        }
        if (report->iterations >= it->capacity || !(report->residual < 0.5 * before)) {
            break;
        }
        before = report->residual;
        memcpy(e->r, e->q, e->a.count * sizeof *e->r);
    }
    if (!report->detail[0]) {
        snprintf(report->detail, sizeof report->detail, "residual %.3g, floor of rounding %.3g, pointwise %.3g against %.3g after %zu iterations%s", report->residual,
                 report->residual_floor, report->pointwise, it->tolerance, report->iterations,
                 report->iterations >= it->capacity ? " (the most allowed)" : " (stalled)");
    }
}

/* Room for the history, its Lanczos diagonal and three numbers per iteration. */
static qep_status reserve(iteration *it, qep_error *err) {
    qep_elliptic *e = it->e;
    if (e->history_capacity < it->capacity + 1) {
        qep_free(e->history);
        e->history = NULL;
        e->history_capacity = 0;
        QEP_TRY(qep_alloc_doubles(&e->history, 5 * (it->capacity + 1), "history", err));
        e->history_capacity = it->capacity + 1;
    }
    it->alpha = e->history + 2 * e->history_capacity;
    it->beta = it->alpha + e->history_capacity;
    it->energy = it->beta + e->history_capacity;
    return QEP_OK;
}

qep_status qep_elliptic_pcg(qep_elliptic *e, const qep_elliptic_control *control, qep_elliptic_report *report, qep_error *err) {
    iteration it = {.e = e,
                    .control = control,
                    .report = report,
                    .tolerance = control->tolerance > 0.0 ? control->tolerance : 1e-10,
                    .capacity = control->max_iterations ? control->max_iterations : 500};
    QEP_TRY(reserve(&it, err));
    e->history_count = 0;
    report->tolerance = it.tolerance;
    qep_elliptic_balance_rows(e, e->b);
    qep_elliptic_project(e, e->x);
    it.b_norm = sqrt(qep_elliptic_dot(e, e->b, e->b));
    if (it.b_norm == 0.0) {
        memset(e->x, 0, e->a.count * sizeof *e->x);
        report->state = QEP_SOLVE_CONVERGED;
        return QEP_OK;
    }
    true_residual(e, e->r);
    note_history(&it, sqrt(qep_elliptic_dot(e, e->r, e->r)));
    qep_status status = QEP_OK;
    iterate(&it, err, &status);
    if (status == QEP_OK) {
        estimate(&it);
        qep_elliptic_project(e, e->x);
    }
    return status;
}
