/* Geometry of the charts and interpolation inside one: barycentric, Chebyshev points of the second kind. */
#include "bloch/charts.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/simd.h"
#include <math.h>
#include <string.h>

qep_status bloch_charts_create(bloch_charts *c, const double T[2], const double mu[2], size_t columns, qep_error *err) {
    void *block = NULL;
    *c = (bloch_charts){.columns = columns, .logarithmic = T[1] > 2.0 * T[0]};
    QEP_TRY(qep_alloc(&block, 64, sizeof(bloch_chart), "charts of (T, mu)", err));
    c->chart = block;
    c->room = 64;
    c->charts = 1;
    c->chart[0] = (bloch_chart){.parts = {1, 1}, .child = CHART_NONE, .used = 1};
    for (int i = 0; i < 2; i++) {
        const double t = c->logarithmic ? log(T[i]) : T[i];
        *(i ? &c->chart[0].high[0] : &c->chart[0].low[0]) = t;
        *(i ? &c->chart[0].high[1] : &c->chart[0].low[1]) = mu[i];
    }
    for (int i = 0; i < CHART_NODES; i++) {
        c->node[i] = -cos(QEP_PI * i / (CHART_NODES - 1));
        c->weight[i] = (i % 2 ? -1.0 : 1.0) * (i == 0 || i == CHART_NODES - 1 ? 0.5 : 1.0);
    }
    for (int axis = 0; axis < 2; axis++) {
        c->nodes[axis] = c->chart[0].high[axis] > c->chart[0].low[axis] ? CHART_NODES : 1;
    }
    return QEP_OK;
}

void bloch_charts_destroy(bloch_charts *c) {
    qep_free(c->chart);
    qep_free(c->value);
    *c = (bloch_charts){0};
}

qep_status bloch_charts_reserve(bloch_charts *c, size_t more, qep_error *err) {
    double *value = NULL;
    if (c->values + more <= c->value_room) {
        return QEP_OK;
    }
    const size_t room = c->values + more + c->values / 2;
    QEP_TRY(qep_alloc_doubles(&value, room, "quantities over (T, mu)", err));
    memcpy(value, c->value ? c->value : value, c->values * sizeof *value);
    qep_free(c->value);
    c->value = value;
    c->value_room = room;
    return QEP_OK;
}

qep_status bloch_charts_split(bloch_charts *c, size_t leaf, const int parts[2], qep_error *err) {
    const size_t more = (size_t)(parts[0] * parts[1]);
    if (c->charts + more > c->room) {
        void *block = NULL;
        const size_t room = 2 * c->room + more;
        QEP_TRY(qep_alloc(&block, room, sizeof(bloch_chart), "charts of (T, mu)", err));
        memcpy(block, c->chart, c->charts * sizeof(bloch_chart));
        qep_free(c->chart);
        c->chart = block;
        c->room = room;
    }
    bloch_chart *whole = &c->chart[leaf];
    whole->child = (int)c->charts;
    whole->used = 0;
    for (int axis = 0; axis < 2; axis++) {
        whole->parts[axis] = parts[axis];
    }
    for (size_t i = 0; i < more; i++) {
        const int at[2] = {(int)i / parts[1], (int)i % parts[1]};
        bloch_chart *part = &c->chart[c->charts++];
        *part = (bloch_chart){.parts = {1, 1}, .child = CHART_NONE};
        for (int axis = 0; axis < 2; axis++) {
            const double step = (whole->high[axis] - whole->low[axis]) / parts[axis];
            part->low[axis] = whole->low[axis] + at[axis] * step;
            part->high[axis] = at[axis] + 1 == parts[axis] ? whole->high[axis] : whole->low[axis] + (at[axis] + 1) * step;
        }
    }
    return QEP_OK;
}

static double coordinate(const bloch_charts *c, int axis, double x) {
    return axis == 0 && c->logarithmic ? log(x) : x;
}

size_t bloch_charts_find(const bloch_charts *c, double T, double mu) {
    const double x[2] = {coordinate(c, 0, T), mu};
    size_t leaf = 0;
    while (c->chart[leaf].child != CHART_NONE) {
        const bloch_chart *whole = &c->chart[leaf];
        int at[2];
        for (int axis = 0; axis < 2; axis++) {
            const double width = whole->high[axis] - whole->low[axis];
            const int part = width > 0.0 ? (int)floor((x[axis] - whole->low[axis]) / width * whole->parts[axis]) : 0;
            at[axis] = part < 0 ? 0 : part >= whole->parts[axis] ? whole->parts[axis] - 1 : part;
        }
        leaf = (size_t)(whole->child + at[0] * whole->parts[1] + at[1]);
    }
    return leaf;
}

double bloch_chart_node(const bloch_charts *c, size_t leaf, int axis, double i) {
    const bloch_chart *chart = &c->chart[leaf];
    const double low = chart->low[axis], high = chart->high[axis];
    const double cosine = c->nodes[axis] > 1 ? cos(QEP_PI * i / (double)(c->nodes[axis] - 1)) : 0.0;
    const double x = 0.5 * (low + high) - 0.5 * (high - low) * cosine;
    return axis == 0 && c->logarithmic ? exp(x) : x;
}

/* w_i/(x - x_i), made to add up to one. */
static void weights(const bloch_charts *c, int axis, double x, double w[CHART_NODES]) {
    double sum = 0.0;
    if (c->nodes[axis] == 1) {
        w[0] = 1.0;
        return;
    }
    for (size_t i = 0; i < CHART_NODES; i++) {
        w[i] = c->weight[i] / (x - c->node[i]); /* infinite on a node */
    }
    for (size_t i = 0; i < CHART_NODES; i++) {
        sum += w[i];
    }
    for (size_t i = 0; i < CHART_NODES; i++) {
        w[i] = isfinite(sum) ? w[i] / sum : (x == c->node[i] ? 1.0 : 0.0);
    }
}

/* Sum of w0_i w1_j value_ij. The common case has sizes that the compiler knows. */
QEP_VARIANTS static double contract(const double *value, size_t n0, size_t n1, const double *w0, const double *w1) {
    double sum = 0.0;
    if (n0 == CHART_NODES && n1 == CHART_NODES) {
        double column[CHART_NODES] = {0};
        for (size_t i = 0; i < CHART_NODES; i++) {
            for (size_t j = 0; j < CHART_NODES; j++) {
                column[j] += w0[i] * value[i * CHART_NODES + j];
            }
        }
        for (size_t j = 0; j < CHART_NODES; j++) {
            sum += w1[j] * column[j];
        }
        return sum;
    }
    for (size_t i = 0; i < n0; i++) {
        for (size_t j = 0; j < n1; j++) {
            sum += w0[i] * w1[j] * value[i * n1 + j];
        }
    }
    return sum;
}

void bloch_charts_at(const bloch_charts *c, size_t leaf, double T, double mu, size_t first, size_t count, double *out) {
    const bloch_chart *chart = &c->chart[leaf];
    double w[2][CHART_NODES];
    for (int axis = 0; axis < 2; axis++) {
        const double width = chart->high[axis] - chart->low[axis], x = coordinate(c, axis, axis ? mu : T);
        weights(c, axis, width > 0.0 ? (2.0 * x - chart->low[axis] - chart->high[axis]) / width : 0.0, w[axis]);
    }
    const size_t nodes = c->nodes[0] * c->nodes[1];
    for (size_t k = 0; k < count; k++) {
        out[k] = contract(c->value + chart->value + (first + k) * nodes, c->nodes[0], c->nodes[1], w[0], w[1]);
    }
}
