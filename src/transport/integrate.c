/* Adaptive integration of a long vector over many panels at once. Panels are taken in batches of fixed size and added up in their order,
 * whoever computed them, so that threads change no bit; a panel that fails its share of the tolerance is halved. The error of a panel
 * comes from the differences between rules that use the same nodes. */
#include "integrate.h"

#include "qep/base/memory.h"
#include "workers.h"
#include <math.h>
#include <string.h>

/* A panel is accepted as it is at this depth, or when this many were tried: an integrand that is noise would never pass. */
enum { BATCH = 32, SMALL_BATCH = 16, MOST_DEPTH = 48, MOST_FACTOR = 20, MOST_EXTRA = 2000 };
static const size_t LARGE_INTEGRAND = 200000;
/* A panel may use this fraction of the tolerance however narrow it is. */
static const double LEAST_SHARE = 1.0 / 128.0;

typedef struct {
    const qep_integrand *f;
    const qep_panel *panel; /* of this batch */
    double *sum;            /* [batch, values] */
    double *error, *size;   /* [batch, groups] estimate, int |f| */
    int *nodes;             /* [batch] how many were used */
    int *good;              /* [batch] every group within its share of the tolerance */
    const double *scale;    /* [groups] */
    double span;
    double *
        work; /* [threads, 1 + QEP_LEVELS, values]: integrand, sums of the rules; then per thread [QEP_LEVELS, 2 groups] */
    int middle_only;
} batch;

/* What one panel gathers: sums [QEP_LEVELS, values], sizes and differences [QEP_LEVELS, groups]. */
typedef struct {
    double *value, *sum, *size, *difference;
} gathering;

static size_t work_size(const qep_integrand *f) {
    return (1 + QEP_LEVELS) * f->values + 2 * QEP_LEVELS * f->groups;
}

static gathering gathering_of(const batch *b, int thread) {
    double *at = b->work + (size_t)thread * work_size(b->f);
    gathering g = {.value = at, .sum = at + b->f->values};
    g.size = g.sum + QEP_LEVELS * b->f->values;
    g.difference = g.size + QEP_LEVELS * b->f->groups;
    memset(g.sum, 0, (work_size(b->f) - b->f->values) * sizeof *at);
    return g;
}

/* Nodes that bring less than this of a group's scale are not added: entropies far from every mu, and reservoirs far below. */
static const double NOTHING = 1e-25;

/* One node into the rules `level` and above. */
static qep_status add_node(const batch *b, const gathering *to, int thread, double energy,
                           const double *weight, int level, qep_error *err) {
    const qep_integrand *f = b->f;
    memset(to->value, 0, f->values * sizeof *to->value);
    QEP_TRY(f->evaluate(f->context, thread, energy, to->value, err));
    for (size_t g = 0; g < f->groups; g++) {
        const size_t first = f->begin[g], last = f->begin[g + 1];
        double absolute = 0.0;
        for (size_t v = first; v < last; v++) {
            absolute += fabs(to->value[v]);
        }
        for (int l = level; l < QEP_LEVELS; l++) {
            to->size[(size_t)l * f->groups + g] += weight[l] * absolute;
        }
        if (weight[QEP_LEVELS - 1] * absolute <= NOTHING * b->scale[g]) {
            continue;
        }
        for (int l = level; l < QEP_LEVELS; l++) {
            double *sum = to->sum + (size_t)l * f->values;
            for (size_t v = first; v < last; v++) {
                sum[v] += weight[l] * to->value[v];
            }
        }
    }
    return QEP_OK;
}

/* sum |rule - rule before| of every group. */
static void compare_rules(const qep_integrand *f, const gathering *to, int level) {
    const double *rule = to->sum + (size_t)level * f->values, *before = rule - f->values;
    for (size_t g = 0; g < f->groups; g++) {
        double sum = 0.0;
        for (size_t v = f->begin[g]; v < f->begin[g + 1]; v++) {
            sum += fabs(rule[v] - before[v]);
        }
        to->difference[(size_t)level * f->groups + g] = sum;
    }
}

/* Relative error of a rule from its relative difference to the one before, and from the difference before that. Where differences fall as they
 * do for analytic functions (a rule of twice the degree: the square), nearly the next term of that row; else QUADPACK's. Rule 1 has only its
 * own, which is the error of rule 0. */
static double relative_error(int level, double last, double now) {
    if (level == 1) {
        return now;
    }
    return now <= pow(last, 1.5) ? 10.0 * pow(now, 1.75) : pow(200.0 * now, 1.5);
}

static double estimate(const qep_integrand *f, const gathering *to, int level, size_t g) {
    const size_t at = (size_t)level * f->groups + g;
    const double size = to->size[at];
    return size > 0.0
               ? size * fmin(1.0, relative_error(level, to->difference[at - f->groups] / size,
                                                 to->difference[at] / size))
               : 0.0;
}

static double share(const qep_panel *p, double span) {
    const double part =
        p->map == QEP_MAP_TAIL ? p->u1 - p->u0 : (p->u1 - p->u0) * (p->high - p->low) / span;
    return fmax(part, LEAST_SHARE);
}

/* Rounding in differences that no bisection removes. */
static const double ROUNDING = 5e-16;

/* Would a later rule pass, if differences fall on as those of analytic functions do? */
static int will_pass(int level, double difference, double allowed) {
    for (int l = level + 1; l < QEP_LEVELS; l++) {
        difference = pow(difference, 1.75);
        if (10.0 * pow(difference, 1.75) <= allowed) {
            return 1;
        }
    }
    return 0;
}

/* All groups within their share? *hopeful: a later rule would be. */
static int passes(const batch *b, size_t k, const gathering *to, int level, int *hopeful) {
    const qep_integrand *f = b->f;
    const double part = f->tolerance * share(&b->panel[k], b->span);
    int good = 1;
    *hopeful = 1;
    for (size_t g = 0; g < f->groups; g++) {
        const double allowed = part * b->scale[g],
                     difference = to->difference[(size_t)level * f->groups + g];
        const double size = to->size[(size_t)level * f->groups + g];
        if (estimate(f, to, level, g) > allowed && difference > ROUNDING * b->scale[g]) {
            good = 0;
            *hopeful = *hopeful && will_pass(level, difference / size, allowed / size);
        }
    }
    return good;
}

static void keep(const batch *b, size_t k, const gathering *to, int level, int good) {
    const qep_integrand *f = b->f;
    memcpy(b->sum + k * f->values, to->sum + (size_t)level * f->values, f->values * sizeof *b->sum);
    memcpy(b->size + k * f->groups, to->size + (size_t)level * f->groups,
           f->groups * sizeof *b->size);
    for (size_t g = 0; g < f->groups; g++) {
        b->error[k * f->groups + g] = level > 0 ? estimate(f, to, level, g) : 0.0;
    }
    b->nodes[k] = qep_rule_nodes(level);
    b->good[k] = good;
}

/* Rules in turn until one is good enough; from this one on, the next only while one of them promises to be. */
enum { FIRST_DOUBT = 2 };

static qep_status one_panel(void *context, int thread, size_t k, qep_error *err) {
    const batch *b = context;
    const gathering to = gathering_of(b, thread);
    double weight[QEP_LEVELS];
    if (b->middle_only) { /* the whole panel by its middle: only for the scale */
        double all[QEP_LEVELS] = {0};
        for (int i = 0; i < qep_rule_nodes(QEP_LEVELS - 1); i++) {
            qep_panel_node(&b->panel[k], i, weight);
            all[0] += weight[QEP_LEVELS - 1];
        }
        QEP_TRY(add_node(b, &to, thread, qep_panel_node(&b->panel[k], 0, weight), all, 0, err));
        keep(b, k, &to, 0, 1);
        return QEP_OK;
    }
    for (int level = 0, node = 0; level < QEP_LEVELS; level++) {
        for (; node < qep_rule_nodes(level); node++) {
            const double energy = qep_panel_node(&b->panel[k], node, weight);
            QEP_TRY(add_node(b, &to, thread, energy, weight, level, err));
        }
        if (level == 0) {
            continue;
        }
        int hopeful = 0;
        compare_rules(b->f, &to, level);
        const int good = passes(b, k, &to, level, &hopeful);
        if (good || level + 1 == QEP_LEVELS || (level >= FIRST_DOUBT && !hopeful)) {
            keep(b, k, &to, level, good);
            break;
        }
    }
    return QEP_OK;
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
        r->integral[v] += b->sum[k * f->values + v];
    }
    for (size_t g = 0; g < f->groups; g++) {
        r->error[g] += b->error[k * f->groups + g];
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
        const size_t count =
            panels->count - at < batch_size(b->f) ? panels->count - at : batch_size(b->f);
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

static qep_status run_batches(batch *b, queue *q, double *scale, qep_integral *r, qep_error *err) {
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
        for (size_t k = 0; k < count; k++) {
            r->evaluations += (size_t)b->nodes[k];
            const int deepest = now[k].depth >= MOST_DEPTH || done + k > budget, good = b->good[k];
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
            return qep_error_add(err, QEP_ERR_INTERRUPTED, "interrupted", NULL, NULL,
                                 "stopped by a signal");
        }
    }
    return QEP_OK;
}

static qep_status allocate(batch *b, qep_integral *r, double **scale, qep_error *err) {
    const qep_integrand *f = b->f;
    QEP_TRY(qep_alloc((void **)&r->integral, f->values, sizeof(double), "integrals", err));
    QEP_TRY(qep_alloc((void **)&r->error, f->groups, sizeof(double), "integration errors", err));
    QEP_TRY(
        qep_alloc((void **)&r->magnitude, f->groups, sizeof(double), "integration errors", err));
    QEP_TRY(qep_alloc((void **)scale, f->groups, sizeof(double), "integration errors", err));
    QEP_TRY(qep_alloc_doubles(&b->sum, batch_size(f) * f->values, "energy panels", err));
    QEP_TRY(qep_alloc_doubles(&b->error, batch_size(f) * f->groups, "energy panels", err));
    QEP_TRY(qep_alloc((void **)&b->nodes, batch_size(f), sizeof *b->nodes, "energy panels", err));
    QEP_TRY(qep_alloc((void **)&b->good, batch_size(f), sizeof *b->good, "energy panels", err));
    QEP_TRY(qep_alloc_doubles(&b->size, batch_size(f) * f->groups, "energy panels", err));
    return qep_alloc_doubles(&b->work, (size_t)f->threads * work_size(f), "energy panels", err);
}

static qep_status integrate(batch *b, const qep_panels *panels, qep_integral *r, double **scale,
                            queue *q, qep_error *err) {
    double span = 0.0;
    QEP_TRY(allocate(b, r, scale, err));
    b->scale = *scale;
    QEP_TRY(first_scale(b, panels, *scale, err));
    r->evaluations = panels->count;
    for (size_t k = 0; k < panels->count; k++) {
        span +=
            panels->item[k].map == QEP_MAP_TAIL ? 0.0 : panels->item[k].high - panels->item[k].low;
        QEP_TRY(push(q, &panels->item[k], err));
    }
    b->span = span > 0.0 ? span : 1.0;
    return run_batches(b, q, *scale, r, err);
}

qep_status qep_integrate(const qep_integrand *f, const qep_panels *panels, qep_integral *result,
                         qep_error *err) {
    batch b = {.f = f};
    queue q = {0};
    double *scale = NULL;
    *result = (qep_integral){0};
    const qep_status status = integrate(&b, panels, result, &scale, &q, err);
    qep_free(q.item);
    qep_free(scale);
    qep_free(b.sum);
    qep_free(b.error);
    qep_free(b.nodes);
    qep_free(b.good);
    qep_free(b.size);
    qep_free(b.work);
    if (status != QEP_OK) {
        qep_integral_free(result);
    }
    return status;
}
