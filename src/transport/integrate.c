/* Adaptive integration of a long vector over many panels at once. Panels are taken in batches of fixed size and added up in their order,
 * whoever computed them, so that threads change no bit; a panel that fails its share of the tolerance is halved. The error of a panel is
 * QUADPACK's: the 1.5th power of the difference between the two rules. */
#include "integrate.h"

#include "qep/base/memory.h"
#include "workers.h"
#include <math.h>
#include <string.h>

/* A panel is accepted as it is at this depth, or when this many were tried: an integrand that is noise would never pass. */
enum { BATCH = 32, SMALL_BATCH = 8, MOST_DEPTH = 48, MOST_FACTOR = 20, MOST_EXTRA = 2000 };
static const size_t LARGE_INTEGRAND = 200000;
/* A panel may use this fraction of the tolerance however narrow it is. */
static const double LEAST_SHARE = 1.0 / 128.0;

typedef struct {
    const qep_integrand *f;
    const qep_panel *panel;    /* of this batch */
    double *kronrod;           /* [batch, values] */
    double *difference, *size; /* [batch, groups] sum |K - G|, int |f| */
    double *work;              /* [threads, 2 values]: integrand, Gauss sum */
    int middle_only;
} batch;

static void clear(const batch *b, size_t k, double *gauss) {
    memset(b->kronrod + k * b->f->values, 0, b->f->values * sizeof *gauss);
    memset(b->size + k * b->f->groups, 0, b->f->groups * sizeof *gauss);
    memset(gauss, 0, b->f->values * sizeof *gauss);
}

static void add_node(const batch *b, size_t k, const double *value, double kronrod_weight, double gauss_weight, double *gauss) {
    const qep_integrand *f = b->f;
    double *sum = b->kronrod + k * f->values, *size = b->size + k * f->groups;
    for (size_t g = 0; g < f->groups; g++) {
        double absolute = 0.0;
        for (size_t v = f->begin[g]; v < f->begin[g + 1]; v++) {
            sum[v] += kronrod_weight * value[v];
            gauss[v] += gauss_weight * value[v];
            absolute += fabs(value[v]);
        }
        size[g] += kronrod_weight * absolute;
    }
}

static qep_status one_panel(void *context, int thread, size_t k, qep_error *err) {
    const batch *b = context;
    const qep_integrand *f = b->f;
    double energy[QEP_NODES], kronrod[QEP_NODES], gauss_weight[QEP_NODES];
    double *value = b->work + (size_t)thread * 2 * f->values, *gauss = value + f->values;
    qep_panel_nodes(&b->panel[k], energy, kronrod, gauss_weight);
    clear(b, k, gauss);
    if (b->middle_only) { /* the whole panel by its middle: only for the scale */
        double weight = 0.0;
        for (int i = 0; i < QEP_NODES; i++) {
            weight += kronrod[i];
        }
        memset(value, 0, f->values * sizeof *value);
        QEP_TRY(f->evaluate(f->context, thread, energy[QEP_NODES / 2], value, err));
        add_node(b, k, value, weight, 0.0, gauss);
        return QEP_OK;
    }
    for (int i = 0; i < QEP_NODES; i++) {
        memset(value, 0, f->values * sizeof *value);
        QEP_TRY(f->evaluate(f->context, thread, energy[i], value, err));
        add_node(b, k, value, kronrod[i], gauss_weight[i], gauss);
    }
    for (size_t g = 0; g < f->groups; g++) {
        double sum = 0.0;
        for (size_t v = f->begin[g]; v < f->begin[g + 1]; v++) {
            sum += fabs(b->kronrod[k * f->values + v] - gauss[v]);
        }
        b->difference[k * f->groups + g] = sum;
    }
    return QEP_OK;
}

/* QUADPACK's estimate from the difference of the rules and the size of the integrand. */
static double estimate(double difference, double size) {
    return size > 0.0 ? size * fmin(1.0, pow(200.0 * difference / size, 1.5)) : 0.0;
}

static double share(const qep_panel *p, double span) {
    const double part = p->map == QEP_MAP_TAIL ? p->u1 - p->u0 : (p->u1 - p->u0) * (p->high - p->low) / span;
    return fmax(part, LEAST_SHARE);
}

/* Rounding in K - G that no bisection removes. */
static const double ROUNDING = 5e-16;

static int passes(const batch *b, size_t k, const double *scale, double span) {
    const size_t groups = b->f->groups;
    for (size_t g = 0; g < groups; g++) {
        const double size = b->size[k * groups + g], difference = b->difference[k * groups + g];
        const double allowed = b->f->tolerance * scale[g] * share(&b->panel[k], span);
        if (estimate(difference, size) > allowed && difference > ROUNDING * scale[g]) {
            return 0;
        }
    }
    return 1;
}

/* ---- Queue of panels -------------------------------------------------------------------------------------------------------- */

typedef struct {
    qep_panel *item;
    size_t first, count, capacity;
} queue;

static qep_status push(queue *q, const qep_panel *panel, qep_error *err) {
    if (q->first + q->count == q->capacity) {
        const size_t capacity = 2 * q->capacity + 64;
        qep_panel *grown = NULL;
        QEP_TRY(qep_alloc((void **)&grown, capacity, sizeof *grown, "energy panels", err));
        if (q->count) {
            memcpy(grown, q->item + q->first, q->count * sizeof *grown);
        }
        qep_free(q->item);
        q->item = grown;
        q->first = 0;
        q->capacity = capacity;
    }
    q->item[q->first + q->count++] = *panel;
    return QEP_OK;
}

static qep_status halve(queue *q, const qep_panel *panel, qep_error *err) {
    qep_panel left = *panel, right = *panel;
    left.u1 = right.u0 = 0.5 * (panel->u0 + panel->u1);
    left.depth = right.depth = panel->depth + 1;
    QEP_TRY(push(q, &left, err));
    return push(q, &right, err);
}

/* ---- Integration ------------------------------------------------------------------------------------------------------------ */

void qep_integral_free(qep_integral *result) {
    qep_free(result->integral);
    qep_free(result->error);
    qep_free(result->magnitude);
    *result = (qep_integral){0};
}

static void accept(const batch *b, size_t k, qep_integral *r) {
    const qep_integrand *f = b->f;
    for (size_t v = 0; v < f->values; v++) {
        r->integral[v] += b->kronrod[k * f->values + v];
    }
    for (size_t g = 0; g < f->groups; g++) {
        r->error[g] += estimate(b->difference[k * f->groups + g], b->size[k * f->groups + g]);
        r->magnitude[g] += b->size[k * f->groups + g];
    }
    r->panels++;
}

static size_t batch_size(const qep_integrand *f) {
    return f->values > LARGE_INTEGRAND ? SMALL_BATCH : BATCH;
}

/* Magnitude of every group from the middles of all panels. */
static qep_status first_scale(batch *b, const qep_panels *panels, double *scale, qep_error *err) {
    b->middle_only = 1;
    for (size_t at = 0; at < panels->count; at += batch_size(b->f)) {
        const size_t count = panels->count - at < batch_size(b->f) ? panels->count - at : batch_size(b->f);
        b->panel = panels->item + at;
        QEP_TRY(qep_workers_run(b->f->threads, count, one_panel, b, err));
        for (size_t k = 0; k < count; k++) {
            for (size_t g = 0; g < b->f->groups; g++) {
                scale[g] += b->size[k * b->f->groups + g];
            }
        }
    }
    b->middle_only = 0;
    return QEP_OK;
}

static qep_status run_batches(batch *b, queue *q, double *scale, double span, qep_integral *r, qep_error *err) {
    size_t done = 0;
    const size_t budget = MOST_FACTOR * q->count + MOST_EXTRA;
    while (q->count > 0) {
        const size_t count = q->count < batch_size(b->f) ? q->count : batch_size(b->f);
        qep_panel now[BATCH];
        memcpy(now, q->item + q->first, count * sizeof *now);
        q->first += count;
        q->count -= count;
        b->panel = now;
        QEP_TRY(qep_workers_run(b->f->threads, count, one_panel, b, err));
        r->evaluations += count * QEP_NODES;
        for (size_t k = 0; k < count; k++) {
            const int deepest = now[k].depth >= MOST_DEPTH || done + k > budget, good = passes(b, k, scale, span);
            r->limited += deepest && !good;
            if (good || deepest) {
                accept(b, k, r);
                continue;
            }
            QEP_TRY(halve(q, &now[k], err));
        }
        for (size_t g = 0; g < b->f->groups; g++) {
            scale[g] = fmax(scale[g], r->magnitude[g]);
        }
        done += count;
        qep_log_progress(b->f->log, "energies", done, done + q->count);
        if (qep_log_interrupted(b->f->log)) {
            return qep_error_add(err, QEP_ERR_INTERRUPTED, "interrupted", NULL, NULL, "stopped by a signal");
        }
    }
    return QEP_OK;
}

static qep_status allocate(batch *b, qep_integral *r, double **scale, qep_error *err) {
    const qep_integrand *f = b->f;
    QEP_TRY(qep_alloc((void **)&r->integral, f->values, sizeof(double), "integrals", err));
    QEP_TRY(qep_alloc((void **)&r->error, f->groups, sizeof(double), "integration errors", err));
    QEP_TRY(qep_alloc((void **)&r->magnitude, f->groups, sizeof(double), "integration errors", err));
    QEP_TRY(qep_alloc((void **)scale, f->groups, sizeof(double), "integration errors", err));
    QEP_TRY(qep_alloc_doubles(&b->kronrod, batch_size(f) * f->values, "energy panels", err));
    QEP_TRY(qep_alloc_doubles(&b->difference, batch_size(f) * f->groups, "energy panels", err));
    QEP_TRY(qep_alloc_doubles(&b->size, batch_size(f) * f->groups, "energy panels", err));
    return qep_alloc_doubles(&b->work, (size_t)f->threads * 2 * f->values, "energy panels", err);
}

static qep_status integrate(batch *b, const qep_panels *panels, qep_integral *r, double **scale, queue *q, qep_error *err) {
    double span = 0.0;
    QEP_TRY(allocate(b, r, scale, err));
    QEP_TRY(first_scale(b, panels, *scale, err));
    r->evaluations = panels->count;
    for (size_t k = 0; k < panels->count; k++) {
        span += panels->item[k].map == QEP_MAP_TAIL ? 0.0 : panels->item[k].high - panels->item[k].low;
        QEP_TRY(push(q, &panels->item[k], err));
    }
    return run_batches(b, q, *scale, span > 0.0 ? span : 1.0, r, err);
}

qep_status qep_integrate(const qep_integrand *f, const qep_panels *panels, qep_integral *result, qep_error *err) {
    batch b = {.f = f};
    queue q = {0};
    double *scale = NULL;
    *result = (qep_integral){0};
    const qep_status status = integrate(&b, panels, result, &scale, &q, err);
    qep_free(q.item);
    qep_free(scale);
    qep_free(b.kronrod);
    qep_free(b.difference);
    qep_free(b.size);
    qep_free(b.work);
    if (status != QEP_OK) {
        qep_integral_free(result);
    }
    return status;
}
