/* A model from a list of hoppings: H(R) is collected, partners are completed, and orbital positions enter H(k) (convention I). */
#include "qep/bloch/model.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *path;
    qep_error *err;
} place;

static qep_status refuse(place at, const char *code, const qep_bloch_hopping *h, size_t number, const char *what) {
    return qep_error_add(at.err, QEP_ERR_CONFIG, code, at.path, NULL, "hopping %zu, R = (%d, %d, %d) from %zu to %zu: %s", number, h->R[0], h->R[1],
                         h->R[2], h->from, h->to, what);
}

static qep_status check_hopping(const qep_bloch_hopping *h, size_t number, int dim, size_t bands, place at) {
    if (h->from >= bands || h->to >= bands) {
        char what[96];
        snprintf(what, sizeof what, "orbitals are numbered from 0 to %zu", bands - 1);
        return refuse(at, "out_of_range", h, number, what);
    }
    if (!isfinite(creal(h->value)) || !isfinite(cimag(h->value))) {
        return refuse(at, "not_finite", h, number, "the value is not finite");
    }
    if (dim == 2 && h->R[2] != 0) {
        return refuse(at, "contradiction", h, number, "a lattice of two vectors has no hopping along a third; R = [R1, R2]");
    }
    const int home = h->R[0] == 0 && h->R[1] == 0 && h->R[2] == 0;
    if (home && h->from == h->to && cimag(h->value) != 0.0) {
        return refuse(at, "not_hermitian", h, number, "an energy must be real");
    }
    return home && h->from == h->to ? refuse(at, "contradiction", h, number, "this is an onsite energy; put it into \"onsite\"") : QEP_OK;
}

/* Index of R among those kept so far; a new one is appended. */
static size_t shift_index(qep_bloch_model *m, size_t *used, const int R[3], int sign) {
    for (size_t s = 0; s < *used; s++) {
        if (m->R[3 * s] == sign * R[0] && m->R[3 * s + 1] == sign * R[1] && m->R[3 * s + 2] == sign * R[2]) {
            return s;
        }
    }
    for (int c = 0; c < 3; c++) {
        m->R[3 * *used + (size_t)c] = sign * R[c];
    }
    return (*used)++;
}

/* 1 when hopping a is b or its adjoint partner b^H. */
static int same(const qep_bloch_hopping *a, const qep_bloch_hopping *b, int partner) {
    const int sign = partner ? -1 : 1;
    return a->from == (partner ? b->to : b->from) && a->to == (partner ? b->from : b->to) && a->R[0] == sign * b->R[0] &&
           a->R[1] == sign * b->R[1] && a->R[2] == sign * b->R[2];
}

/* Given twice, or together with a partner that disagrees. */
static qep_status check_against(const qep_bloch_hopping *list, size_t number, int *has_partner, place at) {
    for (size_t i = 0; i < number; i++) {
        const int partner = same(&list[number], &list[i], 1);
        if (same(&list[number], &list[i], 0)) {
            return refuse(at, "duplicate", &list[number], number, "it is given twice");
        }
        if (partner && cabs(list[number].value - conj(list[i].value)) > 1e-6 * QEP_E_CHARGE) {
            return refuse(at, "not_hermitian", &list[number], number, "its Hermitian partner is given with another value");
        }
        *has_partner = *has_partner || partner;
    }
    return QEP_OK;
}

static qep_status fill(qep_bloch_model *m, const double *onsite, const qep_bloch_hopping *hopping, size_t hoppings, place at) {
    const size_t n = m->bands, square = n * n;
    size_t used = 0;
    const size_t home = shift_index(m, &used, (const int[3]){0, 0, 0}, 1);
    for (size_t i = 0; i < n; i++) {
        m->H[home * square + i + i * n] = onsite[i] / QEP_E_CHARGE;
    }
    for (size_t h = 0; h < hoppings; h++) {
        int has_partner = 0;
        QEP_TRY(check_hopping(&hopping[h], h, m->dim, n, at));
        QEP_TRY(check_against(hopping, h, &has_partner, at));
        if (!has_partner) {
            const size_t from = hopping[h].from, to = hopping[h].to;
            const double complex value = hopping[h].value / QEP_E_CHARGE;
            m->H[shift_index(m, &used, hopping[h].R, 1) * square + from + to * n] = value;
            m->H[shift_index(m, &used, hopping[h].R, -1) * square + to + from * n] = conj(value);
        }
    }
    m->shifts = used;
    return QEP_OK;
}

static qep_status build(qep_bloch_model *m, const double (*orbital)[3], const double *onsite, const qep_bloch_hopping *hopping, size_t hoppings,
                        place at) {
    QEP_TRY(qep_bloch_model_lattice(m, at.path, NULL, at.err));
    QEP_TRY(qep_bloch_model_allocate(m, 2 * hoppings + 1, 0, at.err));
    for (size_t i = 0; i < m->bands; i++) {
        for (int c = 0; c < 3; c++) {
            for (int d = 0; d < m->dim; d++) {
                m->tau[3 * i + (size_t)c] += orbital[i][d] * m->lattice[d][c];
            }
        }
        if (!isfinite(onsite[i])) {
            return qep_error_add(at.err, QEP_ERR_CONFIG, "not_finite", at.path, NULL, "onsite energy %zu is not finite", i);
        }
    }
    return fill(m, onsite, hopping, hoppings, at);
}

qep_status qep_bloch_model_list(qep_bloch_model **model, int dim, const double lattice[3][3], size_t bands, const double (*orbital)[3],
                                const double *onsite, const qep_bloch_hopping *hopping, size_t hoppings, const char *path, qep_error *err) {
    void *block = NULL;
    *model = NULL;
    QEP_TRY(qep_alloc(&block, 1, sizeof(qep_bloch_model), "a Bloch model", err));
    qep_bloch_model *made = block;
    snprintf(made->name, sizeof made->name, "list");
    made->dim = dim;
    made->bands = bands;
    made->has_positions = 1;
    memcpy(made->lattice, lattice, sizeof made->lattice);
    const qep_status status = build(made, orbital, onsite, hopping, hoppings, (place){path, err});
    if (status != QEP_OK) {
        qep_bloch_model_destroy(made);
        return status;
    }
    *model = made;
    return QEP_OK;
}
