/* Preconditioned conjugate gradients with two acceptance criteria. The 2-norm of the residual alone passed fields that were 24 % wrong (it does not see
 * badly conducting cells), the pointwise one alone passed smooth errors on flat cells; so both must hold, on the residual recomputed from x. */
#include "elliptic_impl.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
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
} iteration;

/* out = b - A x */
static void true_residual(qep_elliptic *e, double *out) {
    qep_elliptic_apply(e, e->x, out);
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->a.count; i++) {
        out[i] = e->b[i] - out[i];
    }
    qep_elliptic_balance_rows(e, out);
}

static double pad_diagonal(const qep_elliptic *e, size_t p) {
    return e->pad[p].diagonal / (double)e->pad[p].count; /* per cell, as the averaged rows have it */
}

/* D = max |r_i/a_ii| / max |x|; 0 for x = r = 0. Cells of floating electrodes share one equation. */
static double pointwise(const qep_elliptic *e, const double *r) {
    double change = 0.0, size = 0.0;
#pragma omp parallel for num_threads(e->options.threads) schedule(static) reduction(max : change, size)
    for (size_t i = 0; i < e->a.count; i++) {
        const int pad = e->role[i] == QEP_ELECTRODE_CELL;
        change = fmax(change, pad ? 0.0 : fabs(r[i]) * e->a.inverse[i]);
        size = fmax(size, fabs(e->x[i]));
    }
    for (size_t p = 0; p < e->pad_count; p++) {
        change = fmax(change, e->pad[p].diagonal > 0.0 ? fabs(r[e->pad[p].cells[0]]) / pad_diagonal(e, p) : 0.0);
    }
    return change == 0.0 ? 0.0 : size > 0.0 ? change / size : INFINITY;
}

/* || |A||x| + |b| || without the inert bonds of pads; z is scratch. */
static double rounding_scale(qep_elliptic *e) {
    const qep_couplings *a = &e->a;
    const size_t ny = a->n[1], nx = a->n[0], rows = ny * a->n[2];
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        const qep_row row = qep_couplings_row(a, i % ny, i / ny);
        for (size_t x = 0; x < nx; x++) {
            const size_t left = x ? x - 1 : nx - 1, right = x + 1 < nx ? x + 1 : 0, at = row.offset + x;
            double sum = fabs(e->b[at]);
            if (e->role[at] != QEP_ELECTRODE_CELL) {
                const double v = fabs(e->x[at]);
                sum += row.sink[x] * v + row.gx[x] * (v + fabs(e->x[row.offset + right])) + row.gx[left] * (v + fabs(e->x[row.offset + left])) +
                       row.gy[0][x] * (v + fabs(e->x[row.y[0] + x])) + row.gy[1][x] * (v + fabs(e->x[row.y[1] + x])) +
                       row.gz[0][x] * (v + fabs(e->x[row.z[0] + x])) + row.gz[1][x] * (v + fabs(e->x[row.z[1] + x]));
            }
            e->z[at] = sum;
        }
    }
    for (size_t k = 0; k < e->contact_count; k++) { /* rows of the pads */
        const qep_contact *contact = &e->contact[k];
        for (size_t p = 0; p < e->pad_count; p++) {
            if (contact->electrode == (int32_t)e->pad[p].electrode) {
                const size_t cell = e->pad[p].cells[0];
                e->z[cell] += contact->g * (fabs(e->x[cell]) + fabs(e->x[contact->cell])) / (double)e->pad[p].count;
            }
        }
    }
    return sqrt(qep_elliptic_dot(e, e->z, e->z));
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
    if (!(report->pointwise <= it->tolerance) || !(report->residual <= fmax(it->tolerance, report->residual_floor))) {
        return QEP_SOLVE_NOT_CONVERGED;
    }
    return report->residual <= it->tolerance ? QEP_SOLVE_CONVERGED : QEP_SOLVE_CONVERGED_AT_ROUNDING;
}

static size_t blocks_of(const qep_elliptic *e) {
    return (e->a.count + QEP_REDUCE_BLOCK - 1) / QEP_REDUCE_BLOCK;
}

static size_t block_end(const qep_elliptic *e, size_t block) {
    const size_t end = (block + 1) * QEP_REDUCE_BLOCK;
    return end < e->a.count ? end : e->a.count;
}

/* z = M r, constant on pads and without the constants that nothing fixes; returns r.z. The constants must go before r.z is taken: left in z they cost
 * half as many iterations again at contrast 1e6. Where all cells are one network, the subtraction and r.z share a pass. */
static double precondition(qep_elliptic *e) {
    const int one = e->net.floating && !e->net.label;
    e->m.apply(e->m.data, e->r, e->z);
    qep_elliptic_project(e, e->z, !one);
    if (!one) {
        return qep_elliptic_dot(e, e->r, e->z);
    }
    const double mean = qep_elliptic_mean(e, e->z);
    const size_t blocks = blocks_of(e);
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t k = 0; k < blocks; k++) {
        double rz[4] = {0.0, 0.0, 0.0, 0.0};
        const size_t end = block_end(e, k);
        size_t i = k * QEP_REDUCE_BLOCK;
        for (; i + 4 <= end; i += 4) {
            for (size_t j = 0; j < 4; j++) {
                e->z[i + j] -= mean;
                rz[j] += e->r[i + j] * e->z[i + j];
            }
        }
        for (; i < end; i++) {
            e->z[i] -= mean;
            rz[0] += e->r[i] * e->z[i];
        }
        e->partial[k] = (rz[0] + rz[1]) + (rz[2] + rz[3]);
    }
    return qep_reduce_pairwise(e->partial, blocks);
}

/* p = z + beta p */
static void turn(qep_elliptic *e, double beta) {
    if (beta == 0.0) {
        memset(e->p, 0, e->a.count * sizeof *e->p);
    }
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < e->a.count; i++) {
        e->p[i] = e->z[i] + beta * e->p[i];
    }
}

/* x += alpha p, r -= alpha q; returns |r|. */
static double advance(qep_elliptic *e, double alpha) {
    const size_t blocks = blocks_of(e);
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t k = 0; k < blocks; k++) {
        double rr[4] = {0.0, 0.0, 0.0, 0.0};
        const size_t end = block_end(e, k);
        size_t i = k * QEP_REDUCE_BLOCK;
        for (; i + 4 <= end; i += 4) {
            for (size_t j = 0; j < 4; j++) {
                e->x[i + j] += alpha * e->p[i + j];
                e->r[i + j] -= alpha * e->q[i + j];
                rr[j] += e->r[i + j] * e->r[i + j];
            }
        }
        for (; i < end; i++) {
            e->x[i] += alpha * e->p[i];
            e->r[i] -= alpha * e->q[i];
            rr[0] += e->r[i] * e->r[i];
        }
        e->partial[k] = (rr[0] + rr[1]) + (rr[2] + rr[3]);
    }
    return sqrt(qep_reduce_pairwise(e->partial, blocks));
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
    double rz = precondition(e);
    turn(e, 0.0);
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
        qep_elliptic_apply(e, e->p, e->q);
        const double curvature = qep_elliptic_dot(e, e->p, e->q);
        if (!(curvature > 0.0) || !isfinite(curvature)) {
            return broken(it, "p.A p", curvature);
        }
        const double alpha = rz / curvature;
        norm = advance(e, alpha);
        const double next = precondition(e), beta = next / rz;
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
        turn(e, beta);
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
    qep_elliptic_project(e, e->x, 1);
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
        qep_elliptic_project(e, e->x, 1);
    }
    return status;
}
