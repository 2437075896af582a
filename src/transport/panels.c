/* Panels of an energy integral: break points of three kinds, thinned, sorted, subdivided; and the nodes of the Gauss-Kronrod pair (7, 15)
 * on a mapped panel. Nodes and weights: Piessens et al., QUADPACK (1983). */
#include "integrate.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Half of the symmetric rule: abscissa, Kronrod weight, Gauss weight (0: not a Gauss node). */
static const double rule[8][3] = {{0.991455371120812639206854697526329, 0.022935322010529224963732008058970, 0.0},
                                  {0.949107912342758524526189684047851, 0.063092092629978553290700663189204, 0.129484966168869693270611432679082},
                                  {0.864864423359769072789712788640926, 0.104790010322250183839876322541518, 0.0},
                                  {0.741531185599394439863864773280788, 0.140653259715525918745189590510238, 0.279705391489276667901467771423780},
                                  {0.586087235467691130294144691693013, 0.169004726639267902826583426598550, 0.0},
                                  {0.405845151377397166906606412076961, 0.190350578064785409913256402421014, 0.381830050505118944950369775488975},
                                  {0.207784955007898467600689403773245, 0.204432940075298892414161999234649, 0.0},
                                  {0.000000000000000000000000000000000, 0.209482141084727828012999174891714, 0.417959183673469387755102040816327}};

/* Energy and dE/du at u. */
static double map_energy(const qep_panel *p, double u, double *slope) {
    const double width = p->high - p->low;
    if (p->map == QEP_MAP_EDGES) {
        *slope = 0.5 * QEP_PI * width * sin(QEP_PI * u);
        const double s = sin(0.5 * QEP_PI * u), c = cos(0.5 * QEP_PI * u);
        return u < 0.5 ? p->low + width * s * s : p->high - width * c * c;
    }
    if (p->map == QEP_MAP_TAIL) {
        *slope = width / (u * u);
        return p->high - width * (1.0 - u) / u;
    }
    *slope = width;
    return p->low + width * u;
}

void qep_panel_nodes(const qep_panel *panel, double *energy, double *kronrod, double *gauss) {
    const double middle = 0.5 * (panel->u0 + panel->u1), half = 0.5 * (panel->u1 - panel->u0);
    for (int k = 0; k < QEP_NODES; k++) {
        const int row = k < 8 ? k : QEP_NODES - 1 - k;
        double slope = 0.0;
        energy[k] = map_energy(panel, middle + (k < 8 ? -half : half) * rule[row][0], &slope);
        kronrod[k] = rule[row][1] * half * slope;
        gauss[k] = rule[row][2] * half * slope;
    }
}

void qep_breaks_free(qep_breaks *breaks) {
    qep_free(breaks->item);
    *breaks = (qep_breaks){0};
}

qep_status qep_breaks_add(qep_breaks *breaks, double energy, double width, qep_break_kind kind, qep_error *err) {
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

static const double shells[] = {1, 2, 4, 7, 11, 16, 23, 31, 40};
enum { SHELLS = sizeof shells / sizeof *shells };

qep_status qep_breaks_add_thermal(qep_breaks *breaks, double mu, double kT, qep_error *err) {
    QEP_TRY(qep_breaks_add(breaks, mu, kT, kT > 0.0 ? QEP_BREAK_SOFT : QEP_BREAK_HARD, err));
    for (int k = 0; k < SHELLS && kT > 0.0; k++) {
        const double width = kT * (k > 0 ? shells[k] - shells[k - 1] : 1.0);
        QEP_TRY(qep_breaks_add(breaks, mu - shells[k] * kT, width, QEP_BREAK_SOFT, err));
        QEP_TRY(qep_breaks_add(breaks, mu + shells[k] * kT, width, QEP_BREAK_SOFT, err));
    }
    return QEP_OK;
}

/* By energy; of equal ones the harder first. */
static int compare_breaks(const void *a, const void *b) {
    const qep_break *p = a, *q = b;
    return p->energy != q->energy ? (p->energy < q->energy ? -1 : 1) : p->kind != q->kind ? (p->kind > q->kind ? -1 : 1) : 0;
}

/* Hard points nearer than this fraction of the span are one. */
static const double SAME = 1e-13;

/* Keep, in order, what lies inside (low, high): hard points first, then soft ones with room around them. Returns the count. */
static size_t thin(qep_breaks *breaks, double low, double high) {
    const double same = SAME * fmax(fabs(low), fabs(high)) + SAME * (high - low);
    qsort(breaks->item, breaks->count, sizeof *breaks->item, compare_breaks);
    size_t kept = 0;
    for (size_t k = 0; k < breaks->count; k++) {
        const qep_break b = breaks->item[k];
        const double inside = b.kind == QEP_BREAK_SOFT ? 0.3 * b.width : same;
        if (!(b.energy > low + inside && b.energy < high - inside)) {
            continue;
        }
        double next_hard = high;
        for (size_t j = k + 1; j < breaks->count && b.kind == QEP_BREAK_SOFT && breaks->item[j].energy < b.energy + b.width; j++) {
            if (breaks->item[j].kind != QEP_BREAK_SOFT) {
                next_hard = breaks->item[j].energy;
                break;
            }
        }
        if (kept > 0 && b.energy - breaks->item[kept - 1].energy <= inside) {
            breaks->item[kept - 1].kind = b.kind > breaks->item[kept - 1].kind ? b.kind : breaks->item[kept - 1].kind;
            continue;
        }
        if (b.kind == QEP_BREAK_SOFT && next_hard - b.energy <= inside) {
            continue;
        }
        breaks->item[kept++] = b;
    }
    breaks->count = kept;
    return kept;
}

static void add_interval(qep_panels *panels, double low, double high, int edge_low, int edge_high, double cap) {
    const double width = high - low, pieces = cap > 0.0 ? fmax(1.0, ceil(width / cap)) : 1.0;
    for (double i = 0.0; i < pieces; i += 1.0) {
        const double a = low + width * (i / pieces), b = i + 1.0 < pieces ? low + width * ((i + 1.0) / pieces) : high;
        const int at_edge = (i == 0.0 && edge_low) || (i + 1.0 == pieces && edge_high);
        panels->item[panels->count++] = (qep_panel){a, b, 0.0, 1.0, at_edge ? QEP_MAP_EDGES : QEP_MAP_LINEAR, 0};
    }
}

void qep_panels_free(qep_panels *panels) {
    qep_free(panels->item);
    *panels = (qep_panels){0};
}

qep_status qep_panels_make(qep_panels *panels, qep_breaks *breaks, double low, double high, double cap, int tail, qep_error *err) {
    *panels = (qep_panels){0};
    if (!(low < high)) {
        return QEP_OK;
    }
    int edge_first = 0, edge_last = 0;
    const double same = SAME * fmax(fabs(low), fabs(high)) + SAME * (high - low);
    for (size_t k = 0; k < breaks->count; k++) {
        edge_first |= breaks->item[k].kind == QEP_BREAK_EDGE && fabs(breaks->item[k].energy - low) <= same;
        edge_last |= breaks->item[k].kind == QEP_BREAK_EDGE && fabs(breaks->item[k].energy - high) <= same;
    }
    const size_t inner = thin(breaks, low, high);
    const size_t most = inner + 3 + (cap > 0.0 ? (size_t)((high - low) / cap) + inner + 2 : 0);
    QEP_TRY(qep_alloc((void **)&panels->item, most, sizeof *panels->item, "energy panels", err));
    if (tail) {
        panels->item[panels->count++] = (qep_panel){low - (high - low), low, 0.0, 1.0, QEP_MAP_TAIL, 0};
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
