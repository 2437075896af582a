/* Sparse Hermitian matrices from a list of bonds: sorted by row, completed by the Hermitian partner, and judged. */
#include "qep/transport/hamiltonian.h"

#include "bonds.h"
#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void qep_hamiltonian_free(qep_hamiltonian *h) {
    qep_free(h->onsite);
    qep_free(h->row);
    qep_free(h->column);
    qep_free(h->value);
    qep_free(h->volume);
    qep_free(h->mass);
    *h = (qep_hamiltonian){0};
}

double complex qep_hamiltonian_element(const qep_hamiltonian *h, size_t i, size_t j) {
    if (i == j) {
        return h->onsite[i];
    }
    for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
        if (h->column[k] == j) {
            return h->value[k];
        }
    }
    return 0.0;
}

double qep_hamiltonian_scale(const qep_hamiltonian *h) {
    double hopping = 0.0, onsite = 0.0;
    for (size_t k = 0; k < h->row[h->count]; k++) {
        hopping = fmax(hopping, cabs(h->value[k]));
    }
    for (size_t i = 0; i < h->count; i++) {
        onsite = fmax(onsite, fabs(h->onsite[i]));
    }
    return hopping > 0.0 ? hopping : onsite > 0.0 ? onsite : QEP_E_CHARGE;
}

static int compare_entries(const void *a, const void *b) {
    const qep_bond_entry *p = a, *q = b;
    if (p->row != q->row) {
        return p->row < q->row ? -1 : 1;
    }
    if (p->column != q->column) {
        return p->column < q->column ? -1 : 1;
    }
    return p->origin < q->origin ? -1 : p->origin > q->origin;
}

qep_status qep_bonds_to_rows(qep_hamiltonian *h, qep_bond_entry *entries, size_t count, qep_error *err) {
    qsort(entries, count, sizeof *entries, compare_entries);
    QEP_TRY(qep_alloc((void **)&h->row, h->count + 1, sizeof *h->row, "rows of H", err));
    QEP_TRY(qep_alloc((void **)&h->column, count, sizeof *h->column, "columns of H", err));
    QEP_TRY(qep_alloc((void **)&h->value, count, sizeof *h->value, "values of H", err));
    size_t kept = 0;
    for (size_t k = 0; k < count; k++) {
        if (k > 0 && entries[k].row == entries[k - 1].row && entries[k].column == entries[k - 1].column) {
            h->value[kept - 1] += entries[k].add ? entries[k].value : 0.0;
            continue;
        }
        h->column[kept] = entries[k].column;
        h->value[kept++] = entries[k].value;
        h->row[entries[k].row + 1]++;
    }
    for (size_t i = 0; i < h->count; i++) {
        h->row[i + 1] += h->row[i];
    }
    return QEP_OK;
}

static qep_status judge_hopping(const qep_hopping *bond, size_t k, size_t count, qep_error *err) {
    char path[64];
    snprintf(path, sizeof path, "/transport/hamiltonian/hoppings[%zu]", k);
    if (bond->from >= count || bond->to >= count) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", path, NULL, "bond %zu - %zu: the list has sites 0 to %zu", bond->from,
                             bond->to, count - 1);
    }
    if (bond->from == bond->to) {
        return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", path, NULL,
                             "a hopping from site %zu to itself; its energy belongs into onsite[%zu]", bond->from, bond->from);
    }
    if (!isfinite(creal(bond->value)) || !isfinite(cimag(bond->value))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "not_finite", path, NULL, "the hopping %zu - %zu is not finite", bond->from, bond->to);
    }
    return QEP_OK;
}

/* Entries of equal (row, column): two of the same direction are a bond given twice; a given partner must be the conjugate. */
static qep_status judge_duplicates(const qep_bond_entry *entries, size_t count, qep_error *err) {
    for (size_t k = 1; k < count; k++) {
        const qep_bond_entry *a = &entries[k - 1], *b = &entries[k];
        if (a->row != b->row || a->column != b->column) {
            continue;
        }
        char path[64];
        snprintf(path, sizeof path, "/transport/hamiltonian/hoppings[%zu]", b->origin);
        if (a->partner == b->partner) {
            return qep_error_add(err, QEP_ERR_CONFIG, "duplicate", path, NULL, "the bond %zu - %zu was given before (hoppings[%zu])",
                                 a->partner ? b->column : b->row, a->partner ? b->row : b->column, a->origin);
        }
        if (cabs(a->value - b->value) > 1e-12 * cabs(a->value)) {
            return qep_error_add(err, QEP_ERR_CONFIG, "not_hermitian", path, NULL,
                                 "the bond %zu - %zu is not the complex conjugate of hoppings[%zu]; leave one of them out: the Hermitian partner "
                                 "is added",
                                 b->row, b->column, a->origin);
        }
    }
    return QEP_OK;
}

static qep_status list_bonds(qep_hamiltonian *h, const qep_hopping *hoppings, size_t count, qep_bond_entry *entries, qep_error *err) {
    for (size_t k = 0; k < count; k++) {
        QEP_TRY(judge_hopping(&hoppings[k], k, h->count, err));
        entries[2 * k] = (qep_bond_entry){hoppings[k].from, hoppings[k].to, k, 0, 0, hoppings[k].value};
        entries[2 * k + 1] = (qep_bond_entry){hoppings[k].to, hoppings[k].from, k, 1, 0, conj(hoppings[k].value)};
    }
    qsort(entries, 2 * count, sizeof *entries, compare_entries);
    QEP_TRY(judge_duplicates(entries, 2 * count, err));
    return qep_bonds_to_rows(h, entries, 2 * count, err);
}

static qep_status fill_list(qep_hamiltonian *h, const double *onsite, const double *volumes, qep_error *err) {
    QEP_TRY(qep_alloc_doubles(&h->onsite, h->count, "onsite energies", err));
    memcpy(h->onsite, onsite, h->count * sizeof *onsite);
    for (size_t i = 0; i < h->count; i++) {
        if (!isfinite(onsite[i])) {
            return qep_error_add(err, QEP_ERR_CONFIG, "not_finite", "/transport/hamiltonian/onsite", NULL, "onsite[%zu] is not finite", i);
        }
        if (volumes && !(volumes[i] > 0.0 && isfinite(volumes[i]))) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/hamiltonian/volumes", NULL,
                                 "volumes[%zu] = %g m^3; a volume is positive", i, volumes[i]);
        }
    }
    if (volumes) {
        QEP_TRY(qep_alloc_doubles(&h->volume, h->count, "site volumes", err));
        memcpy(h->volume, volumes, h->count * sizeof *volumes);
    }
    return QEP_OK;
}

qep_status qep_hamiltonian_from_list(qep_hamiltonian *h, size_t count, const double *onsite, const qep_hopping *hoppings, size_t hopping_count,
                                     const double *volumes, qep_error *err) {
    *h = (qep_hamiltonian){.count = count};
    if (count == 0) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/hamiltonian/onsite", NULL, "no sites; at least one is needed");
    }
    qep_bond_entry *entries = NULL;
    qep_status status = fill_list(h, onsite, volumes, err);
    if (status == QEP_OK) {
        status = qep_alloc((void **)&entries, 2 * hopping_count, sizeof *entries, "bonds", err);
    }
    if (status == QEP_OK) {
        status = list_bonds(h, hoppings, hopping_count, entries, err);
    }
    qep_free(entries);
    if (status != QEP_OK) {
        qep_hamiltonian_free(h);
    }
    return status;
}
