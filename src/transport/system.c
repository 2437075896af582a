/* Putting a conductor and its terminals together: permuted sparse rows in units of the energy scale, and where terminals sit in them. */
#include "system.h"

#include "green.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

void qep_system_destroy(qep_system *system) {
    if (!system) {
        return;
    }
    for (size_t a = 0; a < system->terminals; a++) {
        qep_terminal_destroy(system->terminal ? system->terminal[a] : NULL);
        qep_free(system->where ? system->where[a] : NULL);
    }
    qep_tree_destroy(system->tree);
    qep_free(system->terminal);
    qep_free(system->where);
    qep_free(system->first_block);
    qep_free(system->start);
    qep_free(system->order);
    qep_free(system->place);
    qep_free(system->block);
    qep_free(system->onsite);
    qep_free(system->row);
    qep_free(system->column);
    qep_free(system->value);
    qep_free(system);
}

/* Two leads on one face would both continue the same slice. */
static qep_status judge_faces(const qep_terminal_spec *specs, size_t count, qep_error *err) {
    for (size_t b = 0; b < count; b++) {
        for (size_t a = 0; a < b; a++) {
            const int both = specs[a].kind != QEP_LEAD_WIDEBAND &&
                             specs[b].kind != QEP_LEAD_WIDEBAND && specs[a].face != QEP_NO_FACE;
            if (both && specs[a].face == specs[b].face) {
                return qep_error_add(
                    err, QEP_ERR_CONFIG, "contradiction", specs[b].path, NULL,
                    "the leads \"%s\" and \"%s\" overlap on face %c-%s; a face takes one",
                    specs[a].name, specs[b].name, "xyz"[specs[b].face / 2],
                    specs[b].face % 2 ? "high" : "low");
            }
        }
    }
    return QEP_OK;
}

static qep_status create_terminals(qep_system *system, const qep_hamiltonian *h,
                                   const qep_terminal_spec *specs, size_t count, qep_error *err) {
    QEP_TRY(
        qep_alloc((void **)&system->terminal, count, sizeof *system->terminal, "terminals", err));
    QEP_TRY(qep_alloc((void **)&system->where, count, sizeof *system->where, "terminals", err));
    QEP_TRY(qep_alloc((void **)&system->first_block, count, sizeof *system->first_block,
                      "terminals", err));
    system->terminals = count;
    for (size_t a = 0; a < count; a++) {
        QEP_TRY(qep_terminal_create(&system->terminal[a], h, &specs[a], err));
    }
    return QEP_OK;
}

static qep_status permute(qep_system *system, const qep_hamiltonian *h, qep_error *err) {
    const size_t bonds = h->row[h->count];
    QEP_TRY(qep_alloc_doubles(&system->onsite, h->count, "H in order", err));
    QEP_TRY(qep_alloc((void **)&system->row, h->count + 1, sizeof *system->row, "H in order", err));
    QEP_TRY(qep_alloc((void **)&system->column, bonds, sizeof *system->column, "H in order", err));
    QEP_TRY(qep_alloc((void **)&system->value, bonds, sizeof *system->value, "H in order", err));
    size_t used = 0;
    for (size_t p = 0; p < h->count; p++) {
        const size_t i = system->order[p];
        system->onsite[p] = h->onsite[i] / system->unit;
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            system->column[used] = system->place[h->column[k]];
            system->value[used++] = h->value[k] / system->unit;
        }
        system->row[p + 1] = used;
    }
    return QEP_OK;
}

static qep_status place_terminals(qep_system *system, qep_error *err) {
    for (size_t a = 0; a < system->terminals; a++) {
        const qep_terminal *t = system->terminal[a];
        QEP_TRY(qep_alloc((void **)&system->where[a], t->count, sizeof **system->where,
                          "sites of a lead", err));
        system->first_block[a] = system->blocks;
        for (size_t i = 0; i < t->count; i++) {
            const size_t p = system->place[t->site[i]];
            system->where[a][i] = p;
            system->first_block[a] = system->block[p] < system->first_block[a]
                                         ? system->block[p]
                                         : system->first_block[a];
        }
    }
    return QEP_OK;
}

/* Fewer sites are not worth the search. */
enum { LEAST_SITES = 300 };

static qep_status choose_way(qep_system *system, const qep_hamiltonian *h, qep_error *err) {
    if (system->sites < LEAST_SITES) {
        return QEP_OK;
    }
    QEP_TRY(qep_tree_create(&system->tree, system, h->shape, err));
    if (!qep_tree_is_faster(system->tree, system)) {
        qep_tree_destroy(system->tree);
        system->tree = NULL;
    }
    return QEP_OK;
}

static qep_status assemble(qep_system *system, const qep_hamiltonian *h,
                           const qep_terminal_spec *specs, size_t count, qep_error *err) {
    system->unit = qep_hamiltonian_scale(h);
    system->sites = h->count;
    QEP_TRY(judge_faces(specs, count, err));
    QEP_TRY(create_terminals(system, h, specs, count, err));
    QEP_TRY(qep_alloc((void **)&system->start, h->count + 2, sizeof *system->start, "blocks", err));
    QEP_TRY(
        qep_alloc((void **)&system->order, h->count, sizeof *system->order, "order of sites", err));
    QEP_TRY(qep_alloc((void **)&system->place, h->count + 1, sizeof *system->place,
                      "order of sites", err));
    QEP_TRY(
        qep_alloc((void **)&system->block, h->count, sizeof *system->block, "order of sites", err));
    QEP_TRY(qep_layers(system, h, err));
    QEP_TRY(permute(system, h, err));
    QEP_TRY(place_terminals(system, err));
    return choose_way(system, h, err);
}

qep_status qep_system_create(qep_system **system, const qep_hamiltonian *h,
                             const qep_terminal_spec *specs, size_t count, qep_error *err) {
    *system = NULL;
    if (count == 0) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", "/transport/leads", NULL,
                             "no leads: nothing flows without a reservoir");
    }
    qep_linear_setup();
    qep_system *s = NULL;
    QEP_TRY(qep_alloc((void **)&s, 1, sizeof *s, "system", err));
    const qep_status status = assemble(s, h, specs, count, err);
    if (status != QEP_OK) {
        qep_system_destroy(s);
        return status;
    }
    *system = s;
    return QEP_OK;
}

void qep_system_blocks(const qep_system *system, size_t *blocks, size_t *largest) {
    *blocks = system->blocks;
    *largest = system->largest;
}

qep_status qep_system_band(const qep_system *system, double *bottom, double *top, qep_error *err) {
    *bottom = INFINITY;
    *top = -INFINITY;
    for (size_t a = 0; a < system->terminals; a++) {
        double low = 0.0, high = 0.0;
        QEP_TRY(qep_terminal_band(system->terminal[a], &low, &high, err));
        *bottom = fmin(*bottom, low * system->unit);
        *top = fmax(*top, high * system->unit);
    }
    return QEP_OK;
}

size_t qep_system_terminal_sites(const qep_system *system, size_t a) {
    return system->terminal[a]->count;
}
