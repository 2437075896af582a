/* LU factors of the band matrix 1 + i tau H. Its Hermitian part is the identity, so that elimination without pivoting is stable. Right
 * sides are stored by rows, so that every operation runs along contiguous orbitals: a row holds their real parts, then their imaginary parts. */
#include "band_solver.h"

#include "qep/base/memory.h"
#include <string.h>

void qep_band_free(qep_band *b) {
    qep_free(b->order);
    qep_free(b->place);
    qep_free(b->band);
    *b = (qep_band){0};
}

static size_t half_width(const qep_hamiltonian *h, const size_t *place) {
    size_t half = 0;
    for (size_t i = 0; i < h->count; i++) {
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            const size_t a = place[i], b = place[h->column[k]], d = a > b ? a - b : b - a;
            half = d > half ? d : half;
        }
    }
    return half;
}

/* Breadth-first order from the site that a first search reached last. */
static void search_order(const qep_hamiltonian *h, size_t *order, size_t *place) {
    size_t from = 0;
    for (int round = 0; round < 2; round++) {
        size_t tail = 0;
        memset(place, 0xff, h->count * sizeof *place);
        for (size_t start = 0; tail < h->count; start++) {
            const size_t seed = tail == 0 ? from : start;
            if (place[seed] != (size_t)-1) {
                continue;
            }
            size_t head = tail;
            place[seed] = tail;
            order[tail++] = seed;
            for (; head < tail; head++) {
                for (size_t k = h->row[order[head]]; k < h->row[order[head] + 1]; k++) {
                    if (place[h->column[k]] == (size_t)-1) {
                        place[h->column[k]] = tail;
                        order[tail++] = h->column[k];
                    }
                }
            }
        }
        from = order[h->count - 1];
    }
}

qep_status qep_band_init(qep_band *b, const qep_hamiltonian *h, qep_error *err) {
    const size_t n = h->count;
    size_t *order = NULL, *place = NULL;
    *b = (qep_band){.count = n};
    QEP_TRY(qep_alloc((void **)&b->order, n, sizeof *b->order, "order of sites", err));
    QEP_TRY(qep_alloc((void **)&b->place, n, sizeof *b->place, "order of sites", err));
    QEP_TRY(qep_alloc((void **)&order, n, sizeof *order, "order of sites", err));
    const qep_status status = qep_alloc((void **)&place, n, sizeof *place, "order of sites", err);
    if (status == QEP_OK) {
        for (size_t i = 0; i < n; i++) {
            b->order[i] = b->place[i] = i;
        }
        search_order(h, order, place);
        if (half_width(h, place) < half_width(h, b->place)) {
            memcpy(b->order, order, n * sizeof *order);
            memcpy(b->place, place, n * sizeof *place);
        }
        b->half = half_width(h, b->place);
    }
    qep_free(order);
    qep_free(place);
    QEP_TRY(status);
    return qep_alloc((void **)&b->band, n * (2 * b->half + 1), sizeof *b->band, "band matrix", err);
}

static double complex *element(const qep_band *b, size_t row, size_t column) {
    return b->band + row * (2 * b->half + 1) + (column + b->half - row);
}

void qep_band_factor(qep_band *b, const qep_hamiltonian *h, const double *onsite, double tau) {
    const size_t n = b->count, w = b->half;
    memset(b->band, 0, n * (2 * w + 1) * sizeof *b->band);
    for (size_t p = 0; p < n; p++) {
        const size_t i = b->order[p];
        *element(b, p, p) = 1.0 + I * tau * onsite[i];
        for (size_t k = h->row[i]; k < h->row[i + 1]; k++) {
            *element(b, p, b->place[h->column[k]]) = I * tau * h->value[k];
        }
    }
    for (size_t p = 0; p < n; p++) {
        const double complex inverse = 1.0 / *element(b, p, p);
        *element(b, p, p) = inverse; /* the diagonal holds 1/U_pp */
        for (size_t r = p + 1; r < n && r <= p + w; r++) {
            double complex *factor = element(b, r, p);
            if (*factor == 0.0) {
                continue;
            }
            *factor *= inverse;
            for (size_t c = p + 1; c < n && c <= p + w; c++) {
                *element(b, r, c) -= *factor * *element(b, p, c);
            }
        }
    }
}

/* to -= factor * from along a row of complex numbers. */
static void subtract_row(double *restrict to, const double *restrict from, double complex factor, size_t columns) {
    const double re = creal(factor), im = cimag(factor);
    for (size_t c = 0; c < columns; c++) {
        to[c] -= re * from[c] - im * from[columns + c];
        to[columns + c] -= re * from[columns + c] + im * from[c];
    }
}

static void scale_row(double *row, double complex factor, size_t columns) {
    const double re = creal(factor), im = cimag(factor);
    for (size_t c = 0; c < columns; c++) {
        const double a = row[c], b = row[columns + c];
        row[c] = re * a - im * b;
        row[columns + c] = re * b + im * a;
    }
}

void qep_band_solve(const qep_band *b, double *v, size_t columns) {
    const size_t n = b->count, w = b->half, ld = 2 * columns;
    for (size_t p = 0; p < n; p++) {
        for (size_t q = p > w ? p - w : 0; q < p; q++) {
            const double complex l = *element(b, p, q);
            if (l != 0.0) {
                subtract_row(v + p * ld, v + q * ld, l, columns);
            }
        }
    }
    for (size_t p = n; p-- > 0;) {
        for (size_t q = p + 1; q < n && q <= p + w; q++) {
            const double complex u = *element(b, p, q);
            if (u != 0.0) {
                subtract_row(v + p * ld, v + q * ld, u, columns);
            }
        }
        scale_row(v + p * ld, *element(b, p, p), columns);
    }
}
