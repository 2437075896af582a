/* Building terminals: which sites they touch, and the transverse problem of their leads. A lead on a face of a grid continues the
 * potential, the mass and the field of the slices it touches. */
#include "terminal.h"

#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void qep_terminal_destroy(qep_terminal *terminal) {
    if (terminal) {
        qep_free(terminal->name);
        qep_free(terminal->site);
        qep_free(terminal->onsite);
        qep_free(terminal->level);
        qep_free(terminal->mode);
        qep_free(terminal->cell);
        qep_free(terminal->outward);
        qep_free(terminal);
    }
}

static qep_status judge_numbers(const qep_terminal_spec *spec, qep_error *err) {
    const int probe = spec->role != QEP_RESERVOIR;
    if (!(spec->temperature >= 0.0 && isfinite(spec->temperature))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", spec->path, NULL, "%s: temperature %g K; allowed: 0 and above", spec->name,
                             spec->temperature);
    }
    if (!isfinite(spec->mu) || !isfinite(spec->shift)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "not_finite", spec->path, NULL, "%s: mu or shift is not finite", spec->name);
    }
    if (spec->kind == QEP_LEAD_WIDEBAND && !(spec->gamma >= 0.0 && isfinite(spec->gamma))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", spec->path, NULL, "%s: gamma = %g J; a %s is 0 or above", spec->name, spec->gamma,
                             probe ? "probe strength" : "level width");
    }
    return QEP_OK;
}

/* ---- Sites ---------------------------------------------------------------------------------------------------------------- */

static qep_status copy_sites(qep_terminal *t, const qep_hamiltonian *h, const qep_terminal_spec *spec, qep_error *err) {
    if (spec->site_count == 0) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", spec->path, NULL, "%s touches no site", spec->name);
    }
    char *seen = NULL;
    t->count = spec->site_count;
    QEP_TRY(qep_alloc((void **)&t->site, t->count, sizeof *t->site, "sites of a lead", err));
    QEP_TRY(qep_alloc((void **)&seen, h->count, 1, "sites", err));
    qep_status status = QEP_OK;
    for (size_t k = 0; k < t->count && status == QEP_OK; k++) {
        const size_t i = spec->sites[k];
        if (i >= h->count) {
            status = qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", spec->path, NULL, "%s: site %zu; there are sites 0 to %zu", spec->name, i,
                                   h->count - 1);
        } else if (seen[i]++) {
            status = qep_error_add(err, QEP_ERR_CONFIG, "duplicate", spec->path, NULL, "%s: site %zu is named twice", spec->name, i);
        } else {
            t->site[k] = i;
        }
    }
    qep_free(seen);
    return status;
}

static size_t face_stride(const qep_hamiltonian *h, int axis) {
    return axis == 0 ? 1 : axis == 1 ? h->shape[0] : h->shape[0] * h->shape[1];
}

/* Sites of the outer `period` slices of a face, the outermost slice last. */
static qep_status face_sites(qep_terminal *t, const qep_hamiltonian *h, const qep_terminal_spec *spec, size_t period, qep_error *err) {
    const int axis = spec->face / 2, side = spec->face % 2;
    if (h->shape[0] == 0) {
        return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", spec->path, NULL, "%s: a list of sites has no faces; name its \"sites\"",
                             spec->name);
    }
    if (h->periodic[axis]) {
        return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", spec->path, NULL, "%s: %c is periodic, so that %c-%s is no boundary", spec->name,
                             "xyz"[axis], "xyz"[axis], side ? "high" : "low");
    }
    const size_t n = h->shape[axis], face = h->count / n;
    if (n < 2 * period) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", spec->path, NULL,
                             "%s: a lead along %c needs at least %zu points there; there %s %zu", spec->name, "xyz"[axis], 2 * period,
                             n == 1 ? "is" : "are", n);
    }
    t->count = face * period;
    QEP_TRY(qep_alloc((void **)&t->site, t->count, sizeof *t->site, "sites of a lead", err));
    const size_t stride = face_stride(h, axis);
    for (size_t q = 0; q < period; q++) {
        const size_t at = side ? n - period + q : period - 1 - q;
        size_t k = q * face;
        for (size_t i = 0; i < h->count; i++) {
            if (i / stride % n == at) {
                t->site[k++] = i;
            }
        }
    }
    return QEP_OK;
}

/* ---- Cell and hopping ------------------------------------------------------------------------------------------------------ */

/* Onsite energies of a cell between two more of its kind. On a grid those of the conductor hold the faces that the conductor has there: to
 * the slice further in, whose mass may be another, and to nothing. */
static qep_status fill_onsite(qep_terminal *t, const qep_hamiltonian *h, const qep_terminal_spec *spec, size_t period, qep_error *err) {
    QEP_TRY(qep_alloc_doubles(&t->onsite, t->count, "onsite energies of a lead", err));
    for (size_t k = 0; k < t->count; k++) {
        t->onsite[k] = h->onsite[t->site[k]] + spec->shift;
    }
    if (spec->face == QEP_NO_FACE) {
        return QEP_OK;
    }
    const int axis = spec->face / 2, side = spec->face % 2;
    const size_t face = t->count / period, stride = face_stride(h, axis);
    const double a = h->spacing[axis];
    for (size_t k = 0; k < face; k++) {
        const size_t first = t->site[k], last = t->site[(period - 1) * face + k];
        const double inner = h->mass[first], outer = h->mass[last], before = h->mass[side ? first - stride : first + stride];
        const double join = qep_grid_hopping(outer, inner, a);
        t->onsite[k] += join - qep_grid_hopping(inner, before, a);
        t->onsite[(period - 1) * face + k] += join - qep_grid_hopping(outer, outer, a);
    }
    return QEP_OK;
}

static void fill_cell(qep_terminal *t, const qep_hamiltonian *h) {
    for (size_t b = 0; b < t->count; b++) {
        for (size_t a = 0; a < t->count; a++) {
            t->cell[a + b * t->count] = (a == b ? t->onsite[a] : qep_hamiltonian_element(h, t->site[a], t->site[b])) / t->unit;
        }
    }
}

/* Phase of H[conductor, lead] on a face site of a grid in a field along z. Leads along x have the gauge of the grid. For leads along y the
 * gauge is turned, slice by slice, so that every slice has the phases of the face slice; what remains is linear in x. Both have the flux of
 * the grid through every cell. */
static double face_phase(const qep_hamiltonian *h, int axis, int side, size_t site, size_t period) {
    const double per_cell = QEP_E_CHARGE / QEP_HBAR * h->field * h->spacing[0] * h->spacing[1];
    const double out = side ? 1.0 : -1.0, x = (double)(site % h->shape[0]), y = (double)(site / h->shape[0] % h->shape[1]);
    return axis == 0 ? -out * per_cell * y : axis == 1 ? out * per_cell * (double)period * x : 0.0;
}

static void fill_face_hopping(qep_terminal *t, const qep_hamiltonian *h, const qep_terminal_spec *spec, size_t period) {
    const int axis = spec->face / 2, side = spec->face % 2;
    const size_t face = t->count / period;
    for (size_t k = 0; k < face; k++) {
        const size_t inner = k, outer = (period - 1) * face + k; /* inner: where the next cell begins */
        const double mag = qep_grid_hopping(h->mass[t->site[outer]], h->mass[t->site[inner]], h->spacing[axis]) / t->unit;
        t->outward[outer + inner * t->count] = -mag * cexp(I * face_phase(h, axis, side, t->site[outer], period));
    }
}

/* 1 when the outward hopping is one real number times the identity; t->t is its magnitude. */
static int is_uniform(qep_terminal *t) {
    const double complex first = t->outward[0];
    for (size_t b = 0; b < t->count; b++) {
        for (size_t a = 0; a < t->count; a++) {
            const double complex want = a == b ? first : 0.0;
            if (cabs(t->outward[a + b * t->count] - want) > 1e-14 * cabs(first)) {
                return 0;
            }
        }
    }
    t->t = cabs(first);
    return t->t > 0.0;
}

/* The cell next to the lead must repeat the one before it, or a periodic lead would not continue the conductor. */
static qep_status judge_periodicity(const qep_terminal *t, const qep_hamiltonian *h, const size_t *previous, const char *path, qep_error *err) {
    double worst = 0.0, scale = 0.0;
    for (size_t b = 0; b < t->count; b++) {
        for (size_t a = 0; a < t->count; a++) {
            const double complex here = qep_hamiltonian_element(h, t->site[a], t->site[b]);
            const double complex there = qep_hamiltonian_element(h, previous[a], previous[b]);
            worst = fmax(worst, cabs(here - there));
            scale = fmax(scale, cabs(here));
        }
    }
    if (worst > 1e-9 * scale) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "incompatible", path, NULL,
                             "%s: the cell at the lead differs from the one before it by up to %.3g J, so that it is no period of anything; make "
                             "potential and mass repeat there, or use kind \"strip\", which continues the face slice",
                             t->name, worst);
    }
    return QEP_OK;
}

static qep_status previous_cell(const qep_terminal *t, const qep_hamiltonian *h, int face, size_t period, size_t **previous, qep_error *err) {
    const int axis = face / 2, side = face % 2;
    const size_t stride = face_stride(h, axis);
    QEP_TRY(qep_alloc((void **)previous, t->count, sizeof **previous, "cell of a lead", err));
    for (size_t k = 0; k < t->count; k++) {
        (*previous)[k] = side ? t->site[k] - period * stride : t->site[k] + period * stride;
    }
    return QEP_OK;
}

static qep_status judge_grid_period(const qep_terminal *t, const qep_hamiltonian *h, const qep_terminal_spec *spec, size_t period, qep_error *err) {
    /* In a field, a lead along y repeats only up to the gauge; the potential and mass are compared by the onsite energies then. */
    size_t *previous = NULL;
    QEP_TRY(previous_cell(t, h, spec->face, period, &previous, err));
    qep_status status = QEP_OK;
    for (size_t k = 0; k < t->count && status == QEP_OK; k++) {
        const double a = h->onsite[t->site[k]], b = h->onsite[previous[k]];
        if (fabs(a - b) > 1e-9 * fmax(fabs(a), fabs(b)) + 1e-12 * t->unit) {
            status = qep_error_add(err, QEP_ERR_PROBLEM, "incompatible", spec->path, NULL,
                                   "%s: potential or mass of the %zu slice%s at the lead %s not repeat those before (%.6g J and %.6g J), so that "
                                   "they are no period; use kind \"strip\", which continues the face slice, or lengthen the conductor",
                                   t->name, period, period == 1 ? "" : "s", period == 1 ? "does" : "do", a, b);
        }
    }
    qep_free(previous);
    return status;
}

static qep_status judge_lead_flux(const qep_hamiltonian *h, const qep_terminal_spec *spec, qep_error *err) {
    const double flux = h->field * h->spacing[0] * h->spacing[1] * QEP_E_CHARGE / QEP_PLANCK * (double)h->shape[0];
    if (spec->face / 2 == 1 && h->periodic[0] && fabs(flux - round(flux)) > 1e-9 * fmax(1.0, fabs(flux))) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "incompatible", spec->path, NULL,
                             "%s: x is periodic and holds %.9g flux quanta h/e per row of cells; a lead along y needs a whole number", spec->name,
                             flux);
    }
    return QEP_OK;
}

static qep_status diagonalise(qep_terminal *t, qep_error *err) {
    QEP_TRY(qep_alloc_doubles(&t->level, t->count, "subband energies", err));
    t->mode = t->cell;
    t->cell = NULL;
    if (qep_zheevd(t->count, t->mode, t->count, t->level, 1) != 0) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "linear_algebra", NULL, NULL, "%s: the transverse modes could not be computed", t->name);
    }
    t->analytic = 1;
    qep_free(t->outward);
    t->outward = NULL;
    return QEP_OK;
}

static qep_status build_grid_lead(qep_terminal *t, const qep_hamiltonian *h, const qep_terminal_spec *spec, qep_error *err) {
    const size_t period = spec->kind == QEP_LEAD_PERIODIC && spec->period ? spec->period : 1;
    QEP_TRY(judge_lead_flux(h, spec, err));
    if (spec->kind == QEP_LEAD_PERIODIC) {
        QEP_TRY(judge_grid_period(t, h, spec, period, err));
    }
    fill_face_hopping(t, h, spec, period);
    return QEP_OK;
}

static qep_status build_list_lead(qep_terminal *t, const qep_hamiltonian *h, const qep_terminal_spec *spec, qep_error *err) {
    const int periodic = spec->kind == QEP_LEAD_PERIODIC;
    if (periodic && !spec->previous) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", spec->path, NULL,
                             "%s: a periodic lead on a list needs \"previous\": the same sites one cell further in", spec->name);
    }
    if (!periodic && !(fabs(spec->hopping) > 0.0 && isfinite(spec->hopping))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", spec->path, NULL,
                             "%s: a strip on a list needs \"hopping\", the hopping along the lead, other than 0", spec->name);
    }
    if (periodic) {
        QEP_TRY(judge_periodicity(t, h, spec->previous, spec->path, err));
    }
    for (size_t b = 0; b < t->count; b++) {
        for (size_t a = 0; a < t->count; a++) {
            t->outward[a + b * t->count] =
                (periodic ? qep_hamiltonian_element(h, spec->previous[a], t->site[b]) : a == b ? -fabs(spec->hopping) : 0.0) / t->unit;
        }
    }
    return QEP_OK;
}

static qep_status build_lead(qep_terminal *t, const qep_hamiltonian *h, const qep_terminal_spec *spec, size_t period, qep_error *err) {
    size_t elements = 0;
    if (!qep_size_multiply(t->count, t->count, &elements)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", spec->path, NULL, "%s: %zu sites", spec->name, t->count);
    }
    QEP_TRY(qep_alloc((void **)&t->cell, elements, sizeof *t->cell, "cell of a lead", err));
    QEP_TRY(qep_alloc((void **)&t->outward, elements, sizeof *t->outward, "hopping of a lead", err));
    QEP_TRY(fill_onsite(t, h, spec, period, err));
    fill_cell(t, h);
    QEP_TRY(spec->face != QEP_NO_FACE ? build_grid_lead(t, h, spec, err) : build_list_lead(t, h, spec, err));
    return is_uniform(t) ? diagonalise(t, err) : QEP_OK;
}

static qep_status build(qep_terminal *t, const qep_hamiltonian *h, const qep_terminal_spec *spec, qep_error *err) {
    t->name = qep_text_copy(spec->name);
    if (!t->name) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "name of a lead");
    }
    t->kind = spec->kind;
    t->role = spec->role;
    t->unit = qep_hamiltonian_scale(h);
    t->mu = spec->mu / t->unit;
    t->kT = QEP_BOLTZMANN * spec->temperature / t->unit;
    t->gamma = spec->gamma / t->unit;
    const size_t period = spec->kind == QEP_LEAD_PERIODIC && spec->period ? spec->period : 1;
    QEP_TRY(spec->face != QEP_NO_FACE ? face_sites(t, h, spec, period, err) : copy_sites(t, h, spec, err));
    return spec->kind == QEP_LEAD_WIDEBAND ? QEP_OK : build_lead(t, h, spec, period, err);
}

qep_status qep_terminal_create(qep_terminal **terminal, const qep_hamiltonian *h, const qep_terminal_spec *spec, qep_error *err) {
    *terminal = NULL;
    QEP_TRY(judge_numbers(spec, err));
    qep_terminal *t = NULL;
    QEP_TRY(qep_alloc((void **)&t, 1, sizeof *t, "terminal", err));
    const qep_status status = build(t, h, spec, err);
    if (status != QEP_OK) {
        qep_terminal_destroy(t);
        return status;
    }
    *terminal = t;
    return QEP_OK;
}
