/* A problem from checks to tables. All temperatures and chemical potentials, and the neighbours that the deviations need for their derivatives, are
 * states of one pass over k. */
#include "qep/bloch/compute.h"

#include "bloch/deviations.h"
#include "bloch/results.h"
#include "bloch/states.h"
#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- one pass ---- */

static unsigned integrals(const qep_bloch_problem *p) {
    unsigned wanted = 0;
    for (size_t q = 0; q < p->quantities; q++) {
        wanted |= p->quantity[q]->integrals;
        wanted |= strcmp(p->quantity[q]->name, "deviations") == 0 ? bloch_deviation_integrals(p->model) : 0;
    }
    if (bloch_is_warm(p)) {
        wanted &= ~(1u << QEP_BLOCH_SEA);
    }
    if (p->settings.sea && wanted & (1u << QEP_BLOCH_VV_X)) {
        wanted |= 1u << QEP_BLOCH_VV_S;
    }
    return bloch_check_integrals(wanted);
}

static int asks(const qep_bloch_problem *p, const char *name) {
    for (size_t q = 0; q < p->quantities; q++) {
        if (strcmp(p->quantity[q]->name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* States [nT][nmu], then the neighbours of each for the deviations. */
static qep_status list_states(const qep_bloch_problem *p, qep_bloch_state_point **states, size_t *count, qep_error *err) {
    const size_t own = p->temperatures * p->mus, more = asks(p, "deviations") ? BLOCH_NEIGHBOURS : 0;
    void *block = NULL;
    *count = own * (1 + more);
    QEP_TRY(qep_alloc(&block, *count, sizeof(qep_bloch_state_point), "points (mu, T)", err));
    *states = block;
    for (size_t i = 0; i < own; i++) {
        (*states)[i] = (qep_bloch_state_point){p->temperature[i / p->mus], p->mu[i % p->mus]};
        if (more) {
            bloch_deviation_neighbours((*states)[i], *states + own + i * more);
        }
    }
    return QEP_OK;
}

static qep_bloch_request request_of(const qep_bloch_problem *p, const qep_bloch_state_point *states, size_t count) {
    return (qep_bloch_request){.model = p->model,
                               .points = p->points,
                               .shift = p->shift,
                               .state = states,
                               .states = count,
                               .frequency = p->settings.frequency,
                               .frequencies = p->settings.frequencies,
                               .tau = p->settings.tau,
                               .wanted = integrals(p),
                               .refine = p->refine,
                               .threads = p->threads,
                               .log = p->log,
                               .path = "/bloch/kgrid/points"};
}

static qep_status sum_half(const qep_bloch_problem *p, const qep_bloch_request *request, qep_bloch_sums *half, qep_error *err) {
    size_t points[3];
    for (int d = 0; d < 3; d++) {
        points[d] = p->points[d] > 3 && !(p->model->function && d > 0) ? p->points[d] / 2 : p->points[d];
    }
    qep_bloch_request coarse = *request;
    coarse.points = points;
    coarse.states = p->temperatures * p->mus;
    return qep_bloch_sum(half, &coarse, err);
}

qep_status qep_bloch_compute(const qep_bloch_problem *p, qep_bloch_put put, void *user, qep_error *err) {
    qep_bloch_state_point *states = NULL;
    qep_bloch_sums sums = {0}, half = {0};
    size_t count = 0;
    QEP_TRY(list_states(p, &states, &count, err));
    const qep_bloch_request request = request_of(p, states, count);
    qep_linear_setup();
    qep_status status = request.wanted ? qep_bloch_sum(&sums, &request, err) : QEP_OK;
    if (status == QEP_OK && request.wanted && p->convergence) {
        status = sum_half(p, &request, &half, err);
    }
    const bloch_maker m = {p, &sums, half.value ? &half : NULL, put, user};
    status = status == QEP_OK && request.wanted ? bloch_check_sums(&m, err) : status;
    status = status == QEP_OK ? bloch_put_axes(&m, err) : status;
    for (size_t q = 0; q < p->quantities && status == QEP_OK; q++) {
        status = bloch_put_quantity(&m, p->quantity[q], err);
    }
    qep_bloch_sums_free(&sums);
    qep_bloch_sums_free(&half);
    qep_free(states);
    return status;
}

/* ---- estimates ---- */

size_t qep_bloch_point_count(const qep_bloch_problem *p) {
    size_t count = 1;
    for (int d = 0; d < p->model->dim; d++) {
        if (!qep_size_multiply(count, p->points[d], &count)) {
            return (size_t)-1;
        }
    }
    return count;
}

size_t qep_bloch_memory(const qep_bloch_problem *p) {
    qep_bloch_state_point *states = NULL;
    size_t count = 0, bytes = 0;
    if (list_states(p, &states, &count, NULL) != QEP_OK) {
        return (size_t)-1;
    }
    const qep_bloch_request request = request_of(p, states, count);
    bytes = qep_bloch_sum_memory(&request);
    qep_free(states);
    const size_t square = p->model->bands * p->model->bands, points = qep_bloch_point_count(p);
    size_t more = 0;
    if (asks(p, "chern") && !qep_size_multiply(points, square * sizeof(double complex), &more)) {
        return (size_t)-1;
    }
    if (asks(p, "bands") && !qep_size_multiply(points, 2 * p->model->bands * sizeof(double), &more)) {
        return (size_t)-1;
    }
    const size_t maps = qep_bloch_maps_memory(p);
    more = maps > more ? maps : more;
    return bytes > (size_t)-1 - more ? (size_t)-1 : bytes + more;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double qep_bloch_seconds(const qep_bloch_problem *p) {
    qep_bloch_state_point state = {p->temperature[0], p->mu[0]};
    const size_t few[3] = {8, 8, 4}, few3[3] = {4, 4, 4};
    qep_bloch_request request = request_of(p, &state, 1);
    qep_bloch_sums sums = {0};
    request.points = p->model->dim == 2 ? few : few3;
    request.log = NULL;
    request.refine = 0;
    const double start = now();
    if (request.wanted == 0 || qep_bloch_sum(&sums, &request, NULL) != QEP_OK) {
        return 0.0;
    }
    qep_bloch_sums_free(&sums);
    return (now() - start) / 64.0 * (double)qep_bloch_point_count(p) * (p->convergence ? (p->model->dim == 2 ? 1.25 : 1.125) : 1.0);
}
