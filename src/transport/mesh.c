/* Where an energy integral must break: thermal shells of every reservoir, edges of every subband, resonances; and how wide a panel may be.
 * Fringes between contacts need panels of at most a quarter of the hopping. */
#include "mesh.h"

#include "qep/base/memory.h"
#include <math.h>

static const double CAP = 0.25, WINDOW = 40.0;

typedef struct {
    double low, high;   /* all thermal windows */
    double bottom, top; /* all bands */
    int wideband;
} range;

static range thermal_range(size_t count, const double *mu, const double *kT) {
    range r = {INFINITY, -INFINITY, INFINITY, -INFINITY, 0};
    for (size_t k = 0; k < count; k++) {
        if (!isnan(mu[k])) {
            r.low = fmin(r.low, mu[k] - WINDOW * kT[k]);
            r.high = fmax(r.high, mu[k] + WINDOW * kT[k]);
        }
    }
    return r;
}

static qep_status band_range(const qep_system *s, range *r, qep_error *err) {
    for (size_t a = 0; a < s->terminals; a++) {
        double bottom = 0.0, top = 0.0;
        if (s->terminal[a]->kind == QEP_LEAD_WIDEBAND) {
            r->wideband |= s->terminal[a]->gamma > 0.0;
            continue;
        }
        QEP_TRY(qep_terminal_band(s->terminal[a], &bottom, &top, err));
        r->bottom = fmin(r->bottom, bottom);
        r->top = fmax(r->top, top);
    }
    return QEP_OK;
}

/* Where all levels of a system with wide-band contacts lie, with room around them: below, densities fall as 1/E^2. */
static void level_range(const qep_system *s, range *r) {
    for (size_t i = 0; i < s->sites; i++) {
        double reach = 0.0;
        for (size_t e = s->row[i]; e < s->row[i + 1]; e++) {
            reach += cabs(s->value[e]);
        }
        r->bottom = fmin(r->bottom, s->onsite[i] - reach);
        r->top = fmax(r->top, s->onsite[i] + reach);
    }
    for (size_t a = 0; a < s->terminals; a++) {
        r->bottom = fmin(r->bottom, r->bottom - s->terminal[a]->gamma);
    }
}

static qep_status add_breaks(const qep_system *s, size_t count, const double *mu, const double *kT, double low, double high, qep_breaks *breaks,
                             qep_error *err) {
    qep_edges edges = {0};
    qep_status status = QEP_OK;
    for (size_t a = 0; a < s->terminals && status == QEP_OK; a++) {
        status = qep_terminal_edges(s->terminal[a], low, high, &edges, err);
    }
    for (size_t k = 0; k < edges.count && status == QEP_OK; k++) {
        status = qep_breaks_add(breaks, edges.value[k], 0.0, QEP_BREAK_EDGE, err);
    }
    qep_edges_free(&edges);
    for (size_t k = 0; k < count && status == QEP_OK; k++) {
        status = isnan(mu[k]) ? QEP_OK : qep_breaks_add_thermal(breaks, mu[k], kT[k], err);
    }
    return status == QEP_OK ? qep_add_resonances(s, low, high, breaks, err) : status;
}

qep_status qep_mesh(const qep_system *s, size_t sets, const double *mu, const double *kT, int full_sea, qep_panels *panels, qep_error *err) {
    return qep_mesh_of(s, sets * s->terminals, mu, kT, full_sea, panels, err);
}

qep_status qep_mesh_of(const qep_system *s, size_t count, const double *mu, const double *kT, int full_sea, qep_panels *panels, qep_error *err) {
    range r = thermal_range(count, mu, kT);
    *panels = (qep_panels){0};
    QEP_TRY(band_range(s, &r, err));
    if (!r.wideband) { /* nothing flows where no lead has modes */
        r.low = full_sea ? r.bottom : fmax(r.low, r.bottom);
        r.high = fmin(r.high, r.top);
    } else if (full_sea) {
        level_range(s, &r);
        r.low = fmin(r.low, r.bottom);
    }
    if (!(r.low < r.high)) {
        return QEP_OK;
    }
    qep_breaks breaks = {0};
    qep_status status = add_breaks(s, count, mu, kT, r.low, r.high, &breaks, err);
    if (status == QEP_OK) {
        status = qep_panels_make(panels, &breaks, r.low, r.high, s->row[s->sites] > 0 ? CAP : 0.0, full_sea && r.wideband, err);
    }
    qep_breaks_free(&breaks);
    return status;
}
