/* An atlas is built level by level: one pass over k computes nodes and trial points of all charts that are new, those that miss are split, and at
 * the end samples of the map itself are put to the test. */
#include "qep/bloch/atlas.h"

#include "bloch/charts.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FEW = 8192,        /* distinct pairs that are computed as they are without a try at charts */
    LISTED = 1 << 20,  /* distinct pairs that are kept in mind, to be computed as they are if charts need more nodes */
    MOST = 1 << 20,    /* nodes and trial points of one level */
    TESTED = 4096,     /* samples that test an atlas */
    COMPARED = 24,     /* samples at which half the k-grid is tried too */
    LEVELS = 40,
    QUANTITIES = 8,
    TRIALS = 7 * (CHART_NODES - 1) /* per chart, at most */
};

/* A pair that was computed as it is; its columns are number `row` of the values. */
typedef struct {
    double T, mu;
    size_t row;
} pair;

struct qep_bloch_atlas {
    const qep_bloch_quantity *quantity[QUANTITIES];
    size_t quantities, columns;
    size_t width[QUANTITIES]; /* columns of each */
    pair *exact;              /* [pairs], ascending; NULL: charts */
    size_t pairs;
    double *value; /* [pairs][columns] */
    bloch_charts charts;
    double largest[QUANTITIES], error, kgrid;
    size_t points;
};

/* Everything of one construction. */
typedef struct {
    qep_bloch_atlas *atlas;
    const qep_bloch_problem *problem;
    const qep_bloch_samples *samples;
    double tolerance;
    qep_bloch_state_point *state; /* of the pass at hand */
    double *value;                /* [states][columns] */
    size_t states, room;
    size_t *fresh; /* charts without values */
    size_t fresh_count, fresh_room;
    size_t spent;  /* states of all passes so far */
    int too_many;  /* charts need more than the pairs themselves */
} builder;

/* ---- one pass over k ---- */

static qep_status add_state(builder *b, double T, double mu, qep_error *err) {
    if (b->states == b->room) {
        void *block = NULL;
        const size_t room = b->room ? 2 * b->room : 1024;
        QEP_TRY(qep_alloc(&block, room, sizeof *b->state, "points (mu, T)", err));
        memcpy(block, b->state ? b->state : block, b->states * sizeof *b->state);
        qep_free(b->state);
        b->state = block;
        b->room = room;
    }
    b->state[b->states++] = (qep_bloch_state_point){T, mu};
    return QEP_OK;
}

/* b->value of all states, on the k-grid points[]. */
static qep_status sum_on(builder *b, const size_t *points, qep_error *err) {
    const qep_bloch_problem *p = b->problem;
    qep_bloch_atlas *a = b->atlas;
    qep_bloch_settings settings = p->settings;
    qep_bloch_sums sums = {0};
    settings.frequencies = 0;
    qep_bloch_request request = {.model = p->model, .points = points, .shift = p->shift, .state = b->state, .states = b->states,
                                 .tau = settings.tau, .refine = p->refine, .threads = p->threads, .log = p->log, .path = "/bloch/kgrid/points"};
    for (size_t q = 0; q < a->quantities; q++) {
        request.wanted |= a->quantity[q]->integrals;
    }
    request.wanted &= ~(1u << QEP_BLOCH_SEA); /* all are warm */
    qep_free(b->value);
    b->value = NULL;
    QEP_TRY(qep_alloc_doubles(&b->value, b->states * a->columns, "quantities over (T, mu)", err));
    QEP_TRY(qep_bloch_sum(&sums, &request, err));
    for (size_t s = 0; s < b->states; s++) {
        double *out = b->value + s * a->columns;
        for (size_t q = 0; q < a->quantities; out += a->width[q++]) {
            a->quantity[q]->value(&sums, s, b->state[s].T, 0, p->model->dim, &settings, out);
            for (size_t c = 0; c < a->width[q]; c++) {
                out[c] *= settings.spin_factor;
                a->largest[q] = fmax(a->largest[q], fabs(out[c]));
            }
        }
    }
    qep_bloch_sums_free(&sums);
    b->spent += b->states;
    return QEP_OK;
}

static qep_status sum(builder *b, qep_error *err) {
    return sum_on(b, b->problem->points, err);
}

/* Largest difference of a chart's values from those of the pass at state s, relative to the largest of each quantity. */
static double miss(const builder *b, size_t leaf, size_t s) {
    const qep_bloch_atlas *a = b->atlas;
    double there[9 * QUANTITIES], worst = 0.0;
    bloch_charts_at(&a->charts, leaf, b->state[s].T, b->state[s].mu, 0, a->columns, there);
    const double *exact = b->value + s * a->columns, *got = there;
    for (size_t q = 0; q < a->quantities; q++) {
        for (size_t c = 0; c < a->width[q]; c++, exact++, got++) {
            const double difference = fabs(*got - *exact);
            worst = fmax(worst, difference > 0.0 ? difference / a->largest[q] : 0.0);
        }
    }
    return worst;
}

/* ---- charts ---- */

/* Trial points of a chart: between nodes along mu at three nodes of T, along T at three nodes of mu, and between both. */
static size_t trials(const bloch_charts *c, double at[TRIALS][2]) {
    size_t n = 0;
    for (int axis = 0; axis < 2; axis++) {
        const size_t along = c->nodes[axis], across = c->nodes[1 - axis];
        for (size_t i = 0; along > 1 && i < along - 1; i++) {
            for (size_t k = 0; k < (across > 1 ? 3u : 1u); k++, n++) {
                at[n][axis] = (double)i + 0.5;
                at[n][1 - axis] = (double)(k * (across - 1)) / 2.0;
            }
        }
    }
    for (size_t i = 0; c->nodes[0] > 1 && c->nodes[1] > 1 && i < CHART_NODES - 1; i++, n++) {
        at[n][0] = (double)i + 0.5;
        at[n][1] = (double)(5 * i % (CHART_NODES - 1)) + 0.5;
    }
    return n;
}

static qep_status add_fresh(builder *b, size_t leaf, qep_error *err) {
    if (b->fresh_count == b->fresh_room) {
        void *block = NULL;
        const size_t room = 2 * b->fresh_room + 64;
        QEP_TRY(qep_alloc(&block, room, sizeof *b->fresh, "charts of (T, mu)", err));
        memcpy(block, b->fresh ? b->fresh : block, b->fresh_count * sizeof *b->fresh);
        qep_free(b->fresh);
        b->fresh = block;
        b->fresh_room = room;
    }
    b->fresh[b->fresh_count++] = leaf;
    return QEP_OK;
}

/* Nodes, then trial points, of every fresh chart. */
static qep_status list_states(builder *b, size_t trial_count, double (*trial)[2], qep_error *err) {
    const bloch_charts *c = &b->atlas->charts;
    b->states = 0;
    for (size_t f = 0; f < b->fresh_count; f++) {
        const size_t leaf = b->fresh[f];
        for (size_t i = 0; i < c->nodes[0]; i++) {
            for (size_t k = 0; k < c->nodes[1]; k++) {
                QEP_TRY(add_state(b, bloch_chart_node(c, leaf, 0, (double)i), bloch_chart_node(c, leaf, 1, (double)k), err));
            }
        }
        for (size_t t = 0; t < trial_count; t++) {
            QEP_TRY(add_state(b, bloch_chart_node(c, leaf, 0, trial[t][0]), bloch_chart_node(c, leaf, 1, trial[t][1]), err));
        }
    }
    return QEP_OK;
}

/* Samples decide which charts are needed at all. */
static void mark_used(builder *b) {
    bloch_charts *c = &b->atlas->charts;
    double T = 0.0, mu = 0.0;
    for (size_t i = 0; i < b->samples->count; i++) {
        if (b->samples->sample(b->samples->user, i, &T, &mu)) {
            c->chart[bloch_charts_find(c, T, mu)].used = 1;
        }
    }
}

static qep_status refuse(const builder *b, double error, qep_error *err) {
    return qep_error_add(err, QEP_ERR_UNCONVERGED, "interpolation", "/bloch/kgrid", NULL,
                         "the quantities over (T, mu) are met to %.2g by %zu points (T, mu); %.2g is needed. A finer k-grid makes them smoother, a higher "
                         "temperature too",
                         error, b->atlas->points, b->tolerance);
}

/* Split what missed: each axis whose own trial points do; into four where the error is far off. */
static qep_status split(builder *b, size_t leaf, const double error[3], qep_error *err) {
    bloch_charts *c = &b->atlas->charts;
    int parts[2];
    for (int axis = 0; axis < 2; axis++) {
        parts[axis] = c->nodes[axis] > 1 && error[axis] > b->tolerance ? (error[axis] > 1e4 * b->tolerance ? 4 : 2) : 1;
    }
    if (parts[0] * parts[1] == 1) {
        parts[0] = c->nodes[0] > 1 ? 2 : 1;
        parts[1] = c->nodes[1] > 1 ? 2 : 1;
    }
    return bloch_charts_split(c, leaf, parts, err);
}

/* Fresh charts get their values and are judged; the parts of those that missed are the next fresh ones. */
static qep_status next_level(builder *b, qep_error *err) {
    bloch_charts *c = &b->atlas->charts;
    double trial[TRIALS][2];
    const size_t trial_count = trials(c, trial), nodes = c->nodes[0] * c->nodes[1], old = c->charts;
    const size_t needed = b->fresh_count * (nodes + trial_count);
    b->too_many = b->atlas->pairs > 0 && b->spent + needed > FEW + b->atlas->pairs;
    if (b->too_many) {
        return QEP_OK;
    }
    if (needed > MOST) {
        return refuse(b, b->atlas->error, err);
    }
    QEP_TRY(list_states(b, trial_count, trial, err));
    QEP_TRY(sum(b, err));
    QEP_TRY(bloch_charts_reserve(c, b->fresh_count * nodes * c->columns, err));
    const size_t fresh = b->fresh_count;
    double level_error = 0.0;
    for (size_t f = 0, s = 0; f < fresh; f++, s += nodes + trial_count) {
        const size_t leaf = b->fresh[f];
        double error[3] = {0};
        c->chart[leaf].value = c->values;
        for (size_t i = 0; i < nodes * c->columns; i++) { /* column after column */
            c->value[c->values + i] = b->value[(s + i % nodes) * c->columns + i / nodes];
        }
        for (size_t t = 0; t < trial_count; t++) {
            const int between[2] = {trial[t][0] != floor(trial[t][0]), trial[t][1] != floor(trial[t][1])};
            double *place = &error[between[0] && between[1] ? 2 : between[1]];
            *place = fmax(*place, miss(b, leaf, s + nodes + t));
        }
        const double worst = fmax(fmax(error[0], error[1]), error[2]);
        level_error = fmax(level_error, worst);
        if (worst > b->tolerance) {
            QEP_TRY(split(b, leaf, error, err)); /* its values are overwritten by the next chart's */
        } else {
            c->values += nodes * c->columns;
            b->atlas->points += nodes;
            b->atlas->error = fmax(b->atlas->error, worst);
        }
    }
    b->fresh_count = 0;
    if (c->charts > old) {
        mark_used(b);
    }
    for (size_t leaf = old; leaf < c->charts; leaf++) {
        if (c->chart[leaf].used) {
            QEP_TRY(add_fresh(b, leaf, err));
        }
    }
    if (b->fresh_count > 0) {
        qep_log_write(b->problem->log, QEP_LOG_DETAIL, "bloch: %zu charts of (T, mu), error %.2g; %zu are split further", fresh, level_error,
                      b->fresh_count);
    }
    return QEP_OK;
}

/* Samples of the map, evenly over its number, against the charts that they lie in. Charts that miss are split. */
static qep_status test_samples(builder *b, qep_error *err) {
    bloch_charts *c = &b->atlas->charts;
    const size_t count = b->samples->count, step = count / TESTED + 1, old = c->charts;
    double T = 0.0, mu = 0.0;
    b->states = 0;
    for (size_t i = step / 2; i < count; i += step) {
        if (b->samples->sample(b->samples->user, i, &T, &mu)) {
            QEP_TRY(add_state(b, T, mu, err));
        }
    }
    if (b->states == 0) {
        return QEP_OK;
    }
    QEP_TRY(sum(b, err));
    for (size_t s = 0; s < b->states; s++) {
        const size_t leaf = bloch_charts_find(c, b->state[s].T, b->state[s].mu);
        const double error[3] = {0};
        const double worst = leaf < old ? miss(b, leaf, s) : 0.0; /* else its chart is split already */
        if (worst > b->tolerance) {
            QEP_TRY(split(b, leaf, error, err));
        } else {
            b->atlas->error = fmax(b->atlas->error, worst);
        }
    }
    mark_used(b);
    for (size_t leaf = old; leaf < c->charts; leaf++) {
        if (c->chart[leaf].used) {
            QEP_TRY(add_fresh(b, leaf, err));
        }
    }
    return QEP_OK;
}

static qep_status build_charts(builder *b, qep_error *err) {
    double T[2] = {INFINITY, -INFINITY}, mu[2] = {INFINITY, -INFINITY}, t = 0.0, m = 0.0;
    for (size_t i = 0; i < b->samples->count; i++) {
        if (b->samples->sample(b->samples->user, i, &t, &m)) {
            T[0] = fmin(T[0], t), T[1] = fmax(T[1], t);
            mu[0] = fmin(mu[0], m), mu[1] = fmax(mu[1], m);
        }
    }
    QEP_TRY(bloch_charts_create(&b->atlas->charts, T, mu, b->atlas->columns, err));
    QEP_TRY(add_fresh(b, 0, err));
    for (int level = 0; b->fresh_count > 0 && !b->too_many; level++) {
        if (level > LEVELS) {
            return refuse(b, b->atlas->error, err);
        }
        QEP_TRY(next_level(b, err));
        QEP_TRY(b->fresh_count == 0 ? test_samples(b, err) : QEP_OK);
    }
    return QEP_OK;
}

/* ---- few pairs: as they are ---- */

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

static qep_status build_exact(builder *b, qep_error *err) {
    qep_bloch_atlas *a = b->atlas;
    b->states = 0;
    for (size_t i = 0; i < a->pairs; i++) {
        a->exact[i].row = i;
        QEP_TRY(add_state(b, a->exact[i].T, a->exact[i].mu, err));
    }
    QEP_TRY(sum(b, err));
    a->value = b->value;
    b->value = NULL;
    a->points = a->pairs;
    a->error = 0.0;
    return QEP_OK;
}

/* How far half as many points per axis are from the k-grid, at a few samples: what the grid in k leaves undecided. */
static qep_status compare_kgrids(builder *b, qep_error *err) {
    const qep_bloch_problem *p = b->problem;
    qep_bloch_atlas *a = b->atlas;
    const size_t step = b->samples->count / COMPARED + 1;
    size_t points[3];
    double T = 0.0, mu = 0.0, there[9 * QUANTITIES];
    for (int d = 0; d < 3; d++) {
        points[d] = p->points[d] > 3 && !(p->model->function && d > 0) ? p->points[d] / 2 : p->points[d];
    }
    b->states = 0;
    for (size_t i = step / 2; i < b->samples->count; i += step) {
        if (b->samples->sample(b->samples->user, i, &T, &mu)) {
            QEP_TRY(add_state(b, T, mu, err));
        }
    }
    if (!p->convergence || b->states == 0) {
        return QEP_OK;
    }
    QEP_TRY(sum_on(b, points, err));
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

static qep_status build(builder *b, qep_error *err) {
    qep_bloch_atlas *a = b->atlas;
    void *block = NULL;
    const size_t room = b->samples->count < 2 * LISTED ? b->samples->count : 2 * LISTED;
    if (!any_sample(b->samples)) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc(&block, room, sizeof(pair), "pairs (T, mu)", err));
    a->exact = block;
    a->pairs = collect(b->samples, a->exact, room);
    const int few = a->pairs > 0 && a->pairs <= FEW;
    b->too_many = few;
    QEP_TRY(few ? QEP_OK : build_charts(b, err));
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
    if (quantities > QUANTITIES) {
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
    builder b = {.atlas = a, .problem = problem, .samples = samples, .tolerance = tolerance};
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
