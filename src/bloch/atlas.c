/* An atlas: few distinct pairs as they are, many on charts, and how far half the k-grid is. */
#include "bloch/atlas_build.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LISTED = 1 << 20, /* distinct pairs that are kept in mind, to be computed as they are if charts need more nodes */
    COMPARED = 24     /* samples at which half the k-grid is tried too */
};

typedef bloch_atlas_pair pair;

static int before(const void *left, const void *right) {
    const pair *a = left, *b = right;
    return a->T != b->T ? (a->T < b->T ? -1 : 1) : a->mu != b->mu ? (a->mu < b->mu ? -1 : 1) : 0;
}

/* Sort and drop repetitions. */
static size_t distinct(pair *list, size_t count) {
    size_t kept = 0;
    qsort(list, count, sizeof *list, before);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || before(&list[i], &list[kept - 1]) != 0) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

/* Distinct pairs among the samples, sorted: at most LISTED, else 0 of them are kept. The list is thinned whenever it is full. */
static size_t collect(const qep_bloch_samples *samples, pair *list, size_t room) {
    size_t held = 0;
    pair one = {0};
    for (size_t i = 0; i < samples->count; i++) {
        if (!samples->sample(samples->user, i, &one.T, &one.mu) || (held > 0 && before(&list[held - 1], &one) == 0)) {
            continue;
        }
        if (held == room) {
            held = distinct(list, held);
            if (held > LISTED) {
                return 0;
            }
        }
        list[held++] = one;
    }
    held = distinct(list, held);
    return held > LISTED ? 0 : held;
}

static int any_sample(const qep_bloch_samples *samples) {
    double T = 0.0, mu = 0.0;
    for (size_t i = 0; i < samples->count; i++) {
        if (samples->sample(samples->user, i, &T, &mu)) {
            return 1;
        }
    }
    return 0;
}

static qep_status build_exact(bloch_atlas_builder *b, qep_error *err) {
    qep_bloch_atlas *a = b->atlas;
    b->states = 0;
    for (size_t i = 0; i < a->pairs; i++) {
        a->exact[i].row = i;
        QEP_TRY(bloch_atlas_add_state(b, a->exact[i].T, a->exact[i].mu, err));
    }
    QEP_TRY(bloch_atlas_sum(b, b->problem->points, err));
    a->value = b->value;
    b->value = NULL;
    a->points = a->pairs;
    a->error = 0.0;
    return QEP_OK;
}

/* How far half as many points per axis are from the k-grid, at a few samples: what the grid in k leaves undecided. */
static qep_status compare_kgrids(bloch_atlas_builder *b, qep_error *err) {
    const qep_bloch_problem *p = b->problem;
    qep_bloch_atlas *a = b->atlas;
    const size_t step = b->samples->count / COMPARED + 1;
    size_t points[3];
    double T = 0.0, mu = 0.0, there[9 * ATLAS_QUANTITIES];
    for (int d = 0; d < 3; d++) {
        points[d] = p->points[d] > 3 && !(p->model->function && d > 0) ? p->points[d] / 2 : p->points[d];
    }
    b->states = 0;
    for (size_t i = step / 2; i < b->samples->count; i += step) {
        if (b->samples->sample(b->samples->user, i, &T, &mu)) {
            QEP_TRY(bloch_atlas_add_state(b, T, mu, err));
        }
    }
    if (!p->convergence || b->states == 0) {
        return QEP_OK;
    }
    QEP_TRY(bloch_atlas_sum(b, points, err));
    for (size_t s = 0; s < b->states; s++) {
        qep_bloch_atlas_at(a, b->state[s].T, b->state[s].mu, 0, a->columns, there);
        const double *half = b->value + s * a->columns, *full = there;
        for (size_t q = 0; q < a->quantities; q++) {
            for (size_t c = 0; c < a->width[q]; c++, half++, full++) {
                const double difference = fabs(*full - *half);
                a->kgrid = fmax(a->kgrid, difference > 0.0 ? difference / a->largest[q] : 0.0);
            }
        }
    }
    return QEP_OK;
}

static qep_status build(bloch_atlas_builder *b, qep_error *err) {
    qep_bloch_atlas *a = b->atlas;
    void *block = NULL;
    const size_t room = b->samples->count < 2 * LISTED ? b->samples->count : 2 * LISTED;
    if (!any_sample(b->samples)) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc(&block, room, sizeof(pair), "pairs (T, mu)", err));
    a->exact = block;
    a->pairs = collect(b->samples, a->exact, room);
    const int few = a->pairs > 0 && a->pairs <= ATLAS_FEW;
    b->too_many = few;
    QEP_TRY(few ? QEP_OK : bloch_atlas_build_charts(b, err));
    if (b->too_many) {
        QEP_TRY(build_exact(b, err));
    } else {
        qep_free(a->exact);
        a->exact = NULL;
        a->pairs = 0;
    }
    return compare_kgrids(b, err);
}

qep_status qep_bloch_atlas_create(qep_bloch_atlas **atlas, const qep_bloch_problem *problem, const qep_bloch_quantity *const *quantity, size_t quantities,
                                  const qep_bloch_samples *samples, double tolerance, qep_error *err) {
    void *block = NULL;
    *atlas = NULL;
    if (quantities > ATLAS_QUANTITIES) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "internal", NULL, NULL, "an atlas of %zu quantities", quantities);
    }
    QEP_TRY(qep_alloc(&block, 1, sizeof(qep_bloch_atlas), "quantities over (T, mu)", err));
    qep_bloch_atlas *a = block;
    a->quantities = quantities;
    for (size_t q = 0; q < quantities; q++) {
        a->quantity[q] = quantity[q];
        a->width[q] = 1;
        for (int r = 0; r < quantity[q]->rank; r++) {
            a->width[q] *= (size_t)problem->model->dim;
        }
        a->columns += a->width[q];
    }
    bloch_atlas_builder b = {.atlas = a, .problem = problem, .samples = samples, .tolerance = tolerance};
    qep_linear_setup();
    const qep_status status = build(&b, err);
    qep_free(b.state);
    qep_free(b.value);
    qep_free(b.fresh);
    if (status != QEP_OK) {
        qep_bloch_atlas_destroy(a);
        return status;
    }
    *atlas = a;
    return QEP_OK;
}

void qep_bloch_atlas_at(const qep_bloch_atlas *a, double T, double mu, size_t first, size_t count, double *out) {
    if (!(T > 0.0)) {
        memset(out, 0, count * sizeof *out);
        return;
    }
    if (a->pairs == 0) {
        bloch_charts_at(&a->charts, bloch_charts_find(&a->charts, T, mu), T, mu, first, count, out);
        return;
    }
    const pair key = {T, mu, 0};
    const pair *found = bsearch(&key, a->exact, a->pairs, sizeof key, before);
    for (size_t i = 0; i < count; i++) {
        out[i] = found ? a->value[found->row * a->columns + first + i] : NAN;
    }
}

double qep_bloch_atlas_error(const qep_bloch_atlas *a) {
    return a->error;
}

double qep_bloch_atlas_kgrid(const qep_bloch_atlas *a) {
    return a->kgrid;
}

size_t qep_bloch_atlas_points(const qep_bloch_atlas *a) {
    return a->points;
}

size_t qep_bloch_atlas_memory(size_t columns, size_t samples) {
    const size_t listed = samples < 2 * LISTED ? samples : 2 * LISTED, usual = 64 * CHART_NODES * CHART_NODES;
    const size_t pairs = samples < usual ? samples : usual;
    return listed * sizeof(pair) + pairs * (3 * columns * sizeof(double) + 2 * sizeof(qep_bloch_state_point));
}

void qep_bloch_atlas_destroy(qep_bloch_atlas *a) {
    if (a) {
        bloch_charts_destroy(&a->charts);
        qep_free(a->exact);
        qep_free(a->value);
        qep_free(a);
    }
}
