/* Local quantities from scattering states (theory T24): D_a(i) = sum over the modes of terminal a of |psi(i)|^2 / 2 pi, weighted by
 * occupation, energy and entropy; and bond currents J(j -> i) = (2/hbar) Im(H_ij X_ji). */
#include "local.h"

#include "qep/base/memory.h"
#include "qep/transport/thermal.h"
#include <math.h>
#include <string.h>

static const double TWO_PI = 6.283185307179586476925286766559;

/* D_a of one permuted site for every terminal, density [terminals, stride]. */
static void site_densities(const qep_green *g, size_t p, double *density, size_t terminal_stride) {
    const double complex *psi = qep_green_psi(g, p);
    const size_t stride = qep_green_stride(g, p);
    for (size_t a = 0; a < g->system->terminals; a++) {
        double re = 0.0, im = 0.0;
        for (size_t c = g->first[a]; c < g->first[a] + g->open[a]; c++) {
            const double complex v = psi[c * stride];
            re += creal(v) * creal(v);
            im += cimag(v) * cimag(v);
        }
        density[a * terminal_stride] = (re + im) / TWO_PI;
    }
}

/* H_ij sum_n psi_n(j) conj(psi_n(i)) / 2 pi of one bond for every terminal. */
static void bond_products(const qep_green *g, const qep_bond *bond, double complex *product) {
    const double complex *to = qep_green_psi(g, bond->to), *from = qep_green_psi(g, bond->from);
    const size_t stride_to = qep_green_stride(g, bond->to), stride_from = qep_green_stride(g, bond->from);
    for (size_t a = 0; a < g->system->terminals; a++) {
        double re = 0.0, im = 0.0;
        for (size_t c = g->first[a]; c < g->first[a] + g->open[a]; c++) {
            const double complex j = from[c * stride_from], i = to[c * stride_to];
            re += creal(j) * creal(i) + cimag(j) * cimag(i);
            im += cimag(j) * creal(i) - creal(j) * cimag(i);
        }
        product[a] = bond->element * (re + I * im) / TWO_PI;
    }
}

/* Occupations that differ by less than this are one: the local distribution is theirs, and so is its entropy. */
static const double SAME_OCCUPATION = 1e-17;

static int are_alike(const qep_occupation *o, size_t nt) {
    for (size_t a = 1; a < nt; a++) {
        if (!(fabs(o[a].f - o[0].f) <= SAME_OCCUPATION && fabs(o[a].g - o[0].g) <= SAME_OCCUPATION)) {
            return 0;
        }
    }
    return 1;
}

/* Rows of one set from the densities [terminals, sites]; those where every occupation is zero are left at zero. */
static void add_sites(const double *density, const qep_occupation *o, size_t nt, double E, int with_u, size_t sites, double *out) {
    double *n = out + QEP_DENSITY_N * sites, *u = out + QEP_DENSITY_U * sites, *hs = out + QEP_DENSITY_HS * sites, *dist = out + QEP_DENSITY_DIST * sites;
    for (size_t a = 0; a < nt; a++) {
        const double *d = density + a * sites, f = o[a].f, s = o[a].s;
        for (size_t i = 0; f > 0.0 && i < sites; i++) {
            n[i] += d[i] * f;
        }
        for (size_t i = 0; s > 0.0 && i < sites; i++) {
            hs[i] += d[i] * s;
        }
    }
    for (size_t i = 0; with_u && i < sites; i++) {
        u[i] = E * n[i];
    }
    if (are_alike(o, nt)) { /* most of the sea: no logarithms */
        memcpy(dist, hs, sites * sizeof *dist);
        return;
    }
    for (size_t i = 0; i < sites; i++) {
        double total = 0.0, empty = 0.0;
        for (size_t a = 0; a < nt; a++) {
            total += density[a * sites + i];
            empty += density[a * sites + i] * o[a].g;
        }
        dist[i] = total > 0.0 ? total * qep_occupation_given(n[i] / total, empty / total).s : hs[i];
    }
}

static void add_bond(const double complex *product, const qep_occupation *o, size_t nt, double E, size_t bond, size_t bonds, double *out) {
    for (size_t a = 0; a < nt; a++) {
        const double flow = 2.0 * cimag(product[a]);
        out[QEP_BOND_N * bonds + bond] += o[a].f * flow;
        out[QEP_BOND_E * bonds + bond] += E * o[a].f * flow;
        out[QEP_BOND_S * bonds + bond] += o[a].s * flow;
        out[QEP_BOND_ENERGY * bonds + bond] += o[a].f * creal(product[a]);
    }
}

void qep_local_weights(const qep_green *g, double E, const qep_local_plan *plan, const qep_occupation *o, size_t sets, size_t set_stride,
                       double complex *scratch, double *density, double *out) {
    const qep_system *s = g->system;
    const size_t nt = s->terminals;
    for (size_t p = 0; p < s->sites; p++) {
        site_densities(g, p, density + s->order[p], s->sites);
    }
    for (size_t k = 0; k < sets; k++) {
        add_sites(density, o + k * nt, nt, E, plan->with_u, s->sites, out + k * set_stride);
    }
    for (size_t b = 0; b < plan->bonds; b++) {
        bond_products(g, &plan->bond[b], scratch);
        for (size_t k = 0; k < sets; k++) {
            add_bond(scratch, o + k * nt, nt, E, b, plan->bonds, out + k * set_stride + QEP_DENSITIES * s->sites);
        }
    }
}

qep_status qep_local_plan_init(qep_local_plan *plan, const qep_system *s, int bonds, int with_u, qep_error *err) {
    *plan = (qep_local_plan){.with_u = with_u};
    if (!bonds) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc((void **)&plan->bond, s->row[s->sites] / 2 + 1, sizeof *plan->bond, "bonds", err));
    for (size_t i = 0; i < s->sites; i++) { /* i, j: the user's numbers, so that the order of bonds is theirs */
        const size_t p = s->place[i];
        for (size_t e = s->row[p]; e < s->row[p + 1]; e++) {
            if (s->order[s->column[e]] > i) {
                plan->bond[plan->bonds++] = (qep_bond){.to = s->column[e], .from = p, .element = conj(s->value[e])};
            }
        }
    }
    return QEP_OK;
}

void qep_local_plan_free(qep_local_plan *plan) {
    qep_free(plan->bond);
    *plan = (qep_local_plan){0};
}
