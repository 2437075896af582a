/* The inside of a lead: two of its cells as a conductor between two more of the same lead, all in equilibrium. The cells take their elements
 * from the conductor's Hamiltonian as the lead itself does, so that the bulk is exactly the one that the self-energy continues. */
#include "qep/transport/bulk.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/transport/steady.h"
#include "terminal.h"
#include <math.h>
#include <string.h>

void qep_lead_bulk_free(qep_lead_bulk *bulk) {
    double *const arrays[] = {bulk->n, bulk->u, bulk->s_hs, bulk->s_dist, bulk->s_site};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        qep_free(arrays[i]);
    }
    qep_free(bulk->site);
    *bulk = (qep_lead_bulk){0};
}

/* Hopping from cell to cell, outward from the conductor, J. A uniform one has lost its phase, which no density knows. */
static double complex outward(const qep_terminal *t, size_t a, size_t b) {
    return t->unit * (t->analytic ? (a == b ? -t->t : 0.0) : t->outward[a + b * t->count]);
}

static size_t add_bond(qep_hopping *bonds, size_t used, size_t from, size_t to,
                       double complex value) {
    if (value != 0.0) {
        bonds[used++] = (qep_hopping){from, to, value};
    }
    return used;
}

/* Sites 0 .. m-1: the inner cell, m .. 2m-1: the outer one. */
static qep_status two_cells(const qep_terminal *t, const qep_hamiltonian *h, qep_hamiltonian *cells,
                            qep_error *err) {
    const size_t m = t->count;
    qep_hopping *bonds = NULL;
    double *onsite = NULL;
    size_t most = 0, used = 0;
    if (!qep_size_multiply(2 * m, m, &most)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "%s: %zu sites", t->name,
                             m);
    }
    QEP_TRY(qep_alloc((void **)&bonds, most, sizeof *bonds, "cells of a lead", err));
    qep_status status = qep_alloc_doubles(&onsite, 2 * m, "cells of a lead", err);
    for (size_t b = 0; status == QEP_OK && b < m; b++) {
        onsite[b] = onsite[m + b] = t->onsite[b];
        for (size_t a = 0; a < m; a++) {
            const double complex inside =
                a < b ? qep_hamiltonian_element(h, t->site[a], t->site[b]) : 0.0;
            used = add_bond(bonds, used, a, b, inside);
            used = add_bond(bonds, used, m + a, m + b, inside);
            used = add_bond(bonds, used, a, m + b, outward(t, a, b));
        }
    }
    status = status == QEP_OK
                 ? qep_hamiltonian_from_list(cells, 2 * m, onsite, bonds, used, NULL, err)
                 : status;
    qep_free(bonds);
    qep_free(onsite);
    return status;
}

static qep_status keep(const qep_terminal *t, const qep_steady *s, qep_lead_bulk *bulk,
                       qep_error *err) {
    const size_t m = t->count;
    const double *const from[] = {s->n, s->u, s->s_hs, s->s_dist, s->s_site};
    double **const to[] = {&bulk->n, &bulk->u, &bulk->s_hs, &bulk->s_dist, &bulk->s_site};
    bulk->count = m;
    bulk->error = s->error_fields;
    QEP_TRY(qep_alloc((void **)&bulk->site, m, sizeof *bulk->site, "inside of a lead", err));
    memcpy(bulk->site, t->site, m * sizeof *bulk->site);
    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        QEP_TRY(qep_alloc_doubles(to[i], m, "inside of a lead", err));
        memcpy(*to[i], from[i], m * sizeof **to[i]);
    }
    return QEP_OK;
}

static qep_status solve(const qep_terminal *t, const qep_hamiltonian *cells,
                        const qep_terminal_spec *spec, double spin, double tolerance, int threads,
                        qep_lead_bulk *bulk, qep_error *err) {
    const size_t m = t->count;
    size_t *both = NULL;
    QEP_TRY(qep_alloc((void **)&both, 2 * m, sizeof *both, "inside of a lead", err));
    for (size_t i = 0; i < 2 * m; i++) {
        both[i] = i;
    }
    qep_terminal_spec ends[2];
    for (int k = 0; k < 2; k++) {
        ends[k] = (qep_terminal_spec){.name = k ? "inward" : "outward",
                                      .path = spec->path,
                                      .kind = QEP_LEAD_PERIODIC,
                                      .face = QEP_NO_FACE,
                                      .sites = both + (k ? 0 : m),
                                      .previous = both + (k ? m : 0),
                                      .site_count = m,
                                      .mu = spec->mu,
                                      .temperature = spec->temperature};
    }
    qep_system *system = NULL;
    qep_steady s = {0};
    const qep_steady_options o = {
        .sets = 1, .spin = spin, .tolerance = tolerance, .threads = threads, .fields = 1};
    qep_status status = qep_system_create(&system, cells, ends, 2, err);
    status = status == QEP_OK ? qep_steady_solve(system, cells, &o, &s, err) : status;
    status = status == QEP_OK ? keep(t, &s, bulk, err) : status;
    qep_steady_free(&s);
    qep_system_destroy(system);
    qep_free(both);
    return status;
}

qep_status qep_lead_bulk_solve(const qep_hamiltonian *h, const qep_terminal_spec *spec, double spin,
                               double tolerance, int threads, qep_lead_bulk *bulk, qep_error *err) {
    qep_terminal *t = NULL;
    qep_hamiltonian cells = {0};
    *bulk = (qep_lead_bulk){0};
    if (spec->kind == QEP_LEAD_WIDEBAND) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "inapplicable", spec->path, NULL,
                             "%s: a wide-band contact has no inside", spec->name);
    }
    QEP_TRY(qep_terminal_create(&t, h, spec, err));
    qep_status status = two_cells(t, h, &cells, err);
    status =
        status == QEP_OK ? solve(t, &cells, spec, spin, tolerance, threads, bulk, err) : status;
    if (status != QEP_OK) {
        qep_lead_bulk_free(bulk);
    }
    qep_hamiltonian_free(&cells);
    qep_terminal_destroy(t);
    return status;
}
