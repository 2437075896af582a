/* Panels of an energy integral: break points of three kinds, thinned, sorted, subdivided. */
#include "integrate.h"

#include "qep/base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void qep_breaks_free(qep_breaks *breaks) {
    qep_free(breaks->item);
    *breaks = (qep_breaks){0};
}

qep_status qep_breaks_add(qep_breaks *breaks, double energy, double width, qep_break_kind kind,
                          qep_error *err) {
    if (breaks->count == breaks->capacity) {
        const size_t capacity = breaks->capacity ? 2 * breaks->capacity : 128;
        qep_break *grown = NULL;
        QEP_TRY(qep_alloc((void **)&grown, capacity, sizeof *grown, "break points", err));
        if (breaks->count) {
            memcpy(grown, breaks->item, breaks->count * sizeof *grown);
        }
        qep_free(breaks->item);
        breaks->item = grown;
        breaks->capacity = capacity;
    }
    breaks->item[breaks->count++] = (qep_break){energy, width, kind};
    return QEP_OK;
}

/* In units of kT. The poles of f at mu +- i pi kT let 31 nodes reach 1e-12 on the panel between the innermost two. */
static const double shells[] = {5, 12, 24, 40};
enum { SHELLS = sizeof shells / sizeof *shells };

qep_status qep_breaks_add_thermal(qep_breaks *breaks, double mu, double kT, qep_error *err) {
    if (kT == 0.0) {
        return qep_breaks_add(breaks, mu, 0.0, QEP_BREAK_HARD, err);
    }
    for (int k = 0; k < SHELLS; k++) {
        const double width = kT * (k > 0 ? shells[k] - shells[k - 1] : shells[0]);
        QEP_TRY(qep_breaks_add(breaks, mu - shells[k] * kT, width, QEP_BREAK_SOFT, err));
        QEP_TRY(qep_breaks_add(breaks, mu + shells[k] * kT, width, QEP_BREAK_SOFT, err));
    }
    return QEP_OK;
}

static int compare_energies(const void *a, const void *b) {
    const qep_break *p = a, *q = b;
    return p->energy != q->energy ? (p->energy < q->energy ? -1 : 1) : 0;
}

/* Hard ones by energy, edges before others at the same; then soft ones, the narrow first. */
static int compare_ranks(const void *a, const void *b) {
    const qep_break *p = a, *q = b;
    const int soft_p = p->kind == QEP_BREAK_SOFT, soft_q = q->kind == QEP_BREAK_SOFT;
    if (soft_p != soft_q) {
        return soft_p - soft_q;
    }
    if (soft_p && p->width != q->width) {
        return p->width < q->width ? -1 : 1;
    }
    const int order = compare_energies(a, b);
    return order ? order : (int)q->kind - (int)p->kind;
}

/* Hard points nearer than this fraction of the span are one. */
static const double SAME = 1e-13;
/* A soft point is dropped where another is nearer than this many of its widths, or where the panel that it would cut is not wider. */
static const double NEAREST = 0.5, WIDEST = 1.5;

/* Where energy would be inserted into the first `count` items. */
static size_t place_of(const qep_break *item, size_t count, double energy) {
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (item[middle].energy < energy) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Keep, in order, what lies inside (low, high): hard points first, then soft ones where panels are still too wide for them, so that many
 * reservoirs need hardly more panels than the coldest. Returns the count. */
static size_t thin(qep_breaks *breaks, double low, double high) {
    const double same = SAME * fmax(fabs(low), fabs(high)) + SAME * (high - low);
    size_t kept = 0;
    if (breaks->count > 0) {
        qsort(breaks->item, breaks->count, sizeof *breaks->item, compare_ranks);
    }
    for (size_t k = 0; k < breaks->count; k++) {
        const qep_break b = breaks->item[k];
        const int soft = b.kind == QEP_BREAK_SOFT;
        const size_t at = place_of(breaks->item, kept, b.energy);
        const double below = at > 0 ? breaks->item[at - 1].energy : low,
                     above = at < kept ? breaks->item[at].energy : high;
        const double room = fmin(b.energy - below, above - b.energy);
        if (!(b.energy > low && b.energy < high) || room <= (soft ? NEAREST * b.width : same) ||
            (soft && above - below <= WIDEST * b.width)) {
            if (!soft && at < kept &&
                above - b.energy <= same) { /* one point, and the harder of the two */
                breaks->item[at].kind =
                    b.kind > breaks->item[at].kind ? b.kind : breaks->item[at].kind;
            } else if (!soft && at > 0 && b.energy - below <= same) {
                breaks->item[at - 1].kind =
                    b.kind > breaks->item[at - 1].kind ? b.kind : breaks->item[at - 1].kind;
            }
            continue;
        }
        memmove(breaks->item + at + 1, breaks->item + at, (kept - at) * sizeof b);
        breaks->item[at] = b;
        kept++;
    }
    breaks->count = kept;
    return kept;
}

static void add_interval(qep_panels *panels, double low, double high, int edge_low, int edge_high,
                         double cap) {
    const double width = high - low, pieces = cap > 0.0 ? fmax(1.0, ceil(width / cap)) : 1.0;
    for (double i = 0.0; i < pieces; i += 1.0) {
        const double a = low + width * (i / pieces),
                     b = i + 1.0 < pieces ? low + width * ((i + 1.0) / pieces) : high;
        const int at_edge = (i == 0.0 && edge_low) || (i + 1.0 == pieces && edge_high);
        panels->item[panels->count++] =
            (qep_panel){a, b, 0.0, 1.0, at_edge ? QEP_MAP_EDGES : QEP_MAP_LINEAR, 0};
    }
}

void qep_panels_free(qep_panels *panels) {
    qep_free(panels->item);
    *panels = (qep_panels){0};
}

qep_status qep_panels_make(qep_panels *panels, qep_breaks *breaks, double low, double high,
                           double cap, int tail, qep_error *err) {
    *panels = (qep_panels){0};
    if (!(low < high)) {
        return QEP_OK;
    }
    int edge_first = 0, edge_last = 0;
    const double same = SAME * fmax(fabs(low), fabs(high)) + SAME * (high - low);
    for (size_t k = 0; k < breaks->count; k++) {
        edge_first |=
            breaks->item[k].kind == QEP_BREAK_EDGE && fabs(breaks->item[k].energy - low) <= same;
        edge_last |=
            breaks->item[k].kind == QEP_BREAK_EDGE && fabs(breaks->item[k].energy - high) <= same;
    }
    const size_t inner = thin(breaks, low, high);
    const size_t most = inner + 3 + (cap > 0.0 ? (size_t)((high - low) / cap) + inner + 2 : 0);
    QEP_TRY(qep_alloc((void **)&panels->item, most, sizeof *panels->item, "energy panels", err));
    if (tail) {
        panels->item[panels->count++] =
            (qep_panel){low - (high - low), low, 0.0, 1.0, QEP_MAP_TAIL, 0};
    }
    double from = low;
    for (size_t k = 0; k <= inner; k++) {
        const double to = k < inner ? breaks->item[k].energy : high;
        const int edge = k < inner ? breaks->item[k].kind == QEP_BREAK_EDGE : edge_last;
        add_interval(panels, from, to, edge_first, edge, cap);
        from = to;
        edge_first = edge;
    }
    return QEP_OK;
}
