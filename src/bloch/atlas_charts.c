/* Charts are built level by level: one pass over k computes nodes and trial points of all that are new, those that miss are split, and at the end
 * samples of the map itself are put to the test. */
#include "bloch/atlas_build.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

enum {
    MOST = 1 << 20, /* nodes and trial points of one level */
    TESTED = 4096,  /* samples that test an atlas */
    LEVELS = 40,
    TRIALS = 7 * (CHART_NODES - 1) /* per chart, at most */
};

/* Largest difference of a chart's values from those of the pass at state s, relative to the largest of each quantity. */
static double miss(const bloch_atlas_builder *b, size_t leaf, size_t s) {
    const qep_bloch_atlas *a = b->atlas;
    double there[9 * ATLAS_QUANTITIES], worst = 0.0;
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

static qep_status add_fresh(bloch_atlas_builder *b, size_t leaf, qep_error *err) {
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
static qep_status list_states(bloch_atlas_builder *b, size_t trial_count, double (*trial)[2], qep_error *err) {
    const bloch_charts *c = &b->atlas->charts;
    b->states = 0;
    for (size_t f = 0; f < b->fresh_count; f++) {
        const size_t leaf = b->fresh[f];
        for (size_t i = 0; i < c->nodes[0]; i++) {
            for (size_t k = 0; k < c->nodes[1]; k++) {
                QEP_TRY(bloch_atlas_add_state(b, bloch_chart_node(c, leaf, 0, (double)i), bloch_chart_node(c, leaf, 1, (double)k), err));
            }
        }
        for (size_t t = 0; t < trial_count; t++) {
            QEP_TRY(bloch_atlas_add_state(b, bloch_chart_node(c, leaf, 0, trial[t][0]), bloch_chart_node(c, leaf, 1, trial[t][1]), err));
        }
    }
    return QEP_OK;
}

/* Samples decide which charts are needed at all. */
static void mark_used(bloch_atlas_builder *b) {
    bloch_charts *c = &b->atlas->charts;
    double T = 0.0, mu = 0.0;
    for (size_t i = 0; i < b->samples->count; i++) {
        if (b->samples->sample(b->samples->user, i, &T, &mu)) {
            c->chart[bloch_charts_find(c, T, mu)].used = 1;
        }
    }
}

static qep_status refuse(const bloch_atlas_builder *b, double error, qep_error *err) {
    return qep_error_add(err, QEP_ERR_UNCONVERGED, "interpolation", "/bloch/kgrid", NULL,
                         "the quantities over (T, mu) are met to %.2g by %zu points (T, mu); %.2g is needed. A finer k-grid makes them smoother, a higher "
                         "temperature too",
                         error, b->atlas->points, b->tolerance);
}

/* Split what missed: each axis whose own trial points do; into four where the error is far off. */
static qep_status split(bloch_atlas_builder *b, size_t leaf, const double error[3], qep_error *err) {
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
static qep_status next_level(bloch_atlas_builder *b, qep_error *err) {
    bloch_charts *c = &b->atlas->charts;
    double trial[TRIALS][2];
    const size_t trial_count = trials(c, trial), nodes = c->nodes[0] * c->nodes[1], old = c->charts;
    const size_t needed = b->fresh_count * (nodes + trial_count);
    b->too_many = b->atlas->pairs > 0 && b->spent + needed > ATLAS_FEW + b->atlas->pairs;
    if (b->too_many) {
        return QEP_OK;
    }
    if (needed > MOST) {
        return refuse(b, b->atlas->error, err);
    }
    QEP_TRY(list_states(b, trial_count, trial, err));
    QEP_TRY(bloch_atlas_sum(b, b->problem->points, err));
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
static qep_status test_samples(bloch_atlas_builder *b, qep_error *err) {
    bloch_charts *c = &b->atlas->charts;
    const size_t count = b->samples->count, step = count / TESTED + 1, old = c->charts;
    double T = 0.0, mu = 0.0;
    b->states = 0;
    for (size_t i = step / 2; i < count; i += step) {
        if (b->samples->sample(b->samples->user, i, &T, &mu)) {
            QEP_TRY(bloch_atlas_add_state(b, T, mu, err));
        }
    }
    if (b->states == 0) {
        return QEP_OK;
    }
    QEP_TRY(bloch_atlas_sum(b, b->problem->points, err));
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

qep_status bloch_atlas_build_charts(bloch_atlas_builder *b, qep_error *err) {
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
