/* Spreading a batch of states over the tables of a scan. Weights are computed with threads over states; then each thread owns nodes, so that every
 * entry of a table is a sum in the order of k whatever the number of threads. */
#include "bloch/sums.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/simd.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { FEW = 24 }; /* states that are summed directly rather than through tables */

static const double k_B = QEP_BOLTZMANN / QEP_E_CHARGE; /* eV/K */

void bloch_band_bounds(const qep_bloch_model *m, double *bottom, double *top) {
    double size = 0.0;
    if (m->function) {
        double complex H[4], dH[3][4];
        double complex *const dHs[3] = {dH[0], dH[1], dH[2]};
        const double k[3] = {m->cutoff, 0.0, 0.0}, zero[3] = {0.0, 0.0, 0.0};
        for (int i = 0; i < 2; i++) {
            m->function(m, i ? k : zero, H, dHs, NULL);
            for (size_t e = 0; e < m->bands * m->bands; e++) {
                size = fmax(size, (double)m->bands * cabs(H[e]));
            }
        }
    }
    for (size_t i = 0; i < m->bands && !m->function; i++) { /* Gershgorin */
        double row = 0.0;
        for (size_t s = 0; s < m->shifts; s++) {
            for (size_t j = 0; j < m->bands; j++) {
                row += cabs(m->H[(s * m->bands + j) * m->bands + i]);
            }
        }
        size = fmax(size, row);
    }
    *bottom = -size;
    *top = size;
}

/* What the temperatures and chemical potentials of the warm states span, eV. */
typedef struct {
    double low, high, mu_low, mu_high;
    size_t warm, tables;
} range;

static range range_of(const qep_bloch_request *r) {
    range x = {INFINITY, 0.0, INFINITY, -INFINITY, 0, 0};
    for (size_t i = 0; i < r->states; i++) {
        const double kT = k_B * r->state[i].T, mu = r->state[i].mu / QEP_E_CHARGE;
        if (kT > 0.0) {
            x.low = fmin(x.low, kT);
            x.high = fmax(x.high, kT);
            x.mu_low = fmin(x.mu_low, mu);
            x.mu_high = fmax(x.mu_high, mu);
            x.warm++;
        }
    }
    x.tables = x.warm > FEW && !r->direct ? (size_t)floor(log2(x.high / x.low)) + 1 : 0;
    return x;
}

double bloch_scan_memory(const qep_bloch_request *r, size_t columns, size_t batch, size_t values) {
    const range x = range_of(r);
    const size_t direct = x.tables ? r->states - x.warm : r->states;
    double bottom, top, bytes = sizeof(double) * (double)batch * (double)values * (double)direct;
    bloch_band_bounds(r->model, &bottom, &top);
    for (size_t t = 0; t < x.tables; t++) {
        const size_t panels = bloch_table_panels(ldexp(x.low, (int)t), x.mu_low, x.mu_high, bottom, top);
        bytes += sizeof(double) * (double)panels * TABLE_NODES * (double)(columns + 1);
    }
    return x.tables ? bytes + (double)(batch * r->model->bands) * 40.0 * sizeof(double) : bytes;
}

/* Tables for octaves of T from the lowest one up. */
static qep_status make_tables(bloch_scan *scan, const qep_bloch_request *r, const range *x, size_t columns, qep_error *err) {
    double bottom, top;
    void *block = NULL;
    bloch_band_bounds(r->model, &bottom, &top);
    QEP_TRY(qep_alloc(&block, x->tables, sizeof(bloch_table), "the tables of a scan", err));
    scan->table = block;
    scan->tables = x->tables;
    for (size_t t = 0; t < x->tables; t++) {
        QEP_TRY(bloch_table_create(&scan->table[t], ldexp(x->low, (int)t), x->mu_low, x->mu_high, bottom, top, columns, err));
    }
    for (size_t i = 0; i < r->states; i++) {
        const double kT = k_B * r->state[i].T;
        const size_t t = kT > 0.0 ? (size_t)floor(log2(kT / x->low)) : SIZE_MAX;
        scan->table_of[i] = t != SIZE_MAX && t >= x->tables ? x->tables - 1 : t;
        scan->direct += t == SIZE_MAX;
    }
    return QEP_OK;
}

qep_status bloch_scan_create(bloch_scan *scan, const qep_bloch_request *r, size_t columns, qep_error *err) {
    *scan = (bloch_scan){0};
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, r->states, sizeof(size_t), "the states of a scan", err));
    scan->table_of = block;
    for (size_t i = 0; i < r->states; i++) {
        scan->table_of[i] = SIZE_MAX;
    }
    const range x = range_of(r);
    if (x.tables == 0) {
        scan->direct = r->states;
        return QEP_OK;
    }
    return make_tables(scan, r, &x, columns, err);
}

void bloch_scan_destroy(bloch_scan *scan) {
    for (size_t t = 0; t < scan->tables; t++) {
        bloch_table_destroy(&scan->table[t]);
    }
    qep_free(scan->table);
    qep_free(scan->table_of);
    *scan = (bloch_scan){0};
}

/* One row to be spread: a state, or one Gauss point of the difference of a pair. */
typedef struct {
    double energy, factor;
    const double *row;
    size_t columns;
    int slope;
} record;

/* Gauss-Legendre, four points. */
static const double pair_x[4] = {-0.86113631159405257522, -0.33998104358485626480, 0.33998104358485626480, 0.86113631159405257522};
static const double pair_w[4] = {0.34785484513745385737, 0.65214515486254614263, 0.65214515486254614263, 0.34785484513745385737};

static size_t count_records(const bloch_batch *b) {
    size_t count = b->count * b->n;
    for (size_t k = 0; k < b->count; k++) {
        count += 4 * b->rows[k].pairs;
    }
    return count;
}

static void list_records(const bloch_batch *b, record *out) {
    const size_t width = b->layout->at[CHANNEL_COUNT];
    size_t used = 0;
    for (size_t k = 0; k < b->count; k++) {
        const bloch_rows *rows = &b->rows[k];
        for (size_t n = 0; n < b->n; n++) {
            out[used++] = (record){b->energy[k * b->n + n], b->weight[k], rows->state + n * width, width, 0};
        }
        for (size_t p = 0; p < rows->pairs; p++) {
            const double half = 0.5 * (rows->span[p][1] - rows->span[p][0]), middle = 0.5 * (rows->span[p][1] + rows->span[p][0]);
            for (int q = 0; q < 4; q++) {
                out[used++] = (record){middle + half * pair_x[q], b->weight[k] * half * pair_w[q], rows->pair + p * b->layout->differences,
                                       b->layout->differences, 1};
            }
        }
    }
}

/* Workspace of one batch: [records] panels and [records][TABLE_NODES] weights. */
typedef struct {
    record *list;
    size_t *panel;
    double *weight;
    size_t count;
} spread;

static void weigh(const bloch_table *t, spread *s, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t i = 0; i < s->count; i++) {
        const record *r = &s->list[i];
        double *w = s->weight + i * TABLE_NODES;
        s->panel[i] = r->slope ? bloch_table_slopes(t, r->energy, w) : bloch_table_weights(t, r->energy, w);
        for (int j = 0; j < TABLE_NODES && s->panel[i] < SIZE_MAX - 1; j++) {
            w[j] *= r->factor;
        }
    }
}

/* Records in order onto the nodes [first, last). */
QEP_VARIANTS static void add_range(bloch_table *t, const spread *s, size_t first, size_t last) {
    for (size_t i = 0; i < s->count; i++) {
        if (s->panel[i] >= SIZE_MAX - 1) {
            continue;
        }
        const double *row = s->list[i].row;
        for (size_t j = first; j < last; j++) {
            const double w = s->weight[i * TABLE_NODES + j];
            double *sum = t->sum + (s->panel[i] * TABLE_NODES + j) * t->columns;
            for (size_t c = 0; c < s->list[i].columns; c++) {
                sum[c] += w * row[c];
            }
        }
    }
}

static void add_to_nodes(bloch_table *t, const spread *s, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int part = 0; part < threads; part++) {
        add_range(t, s, (size_t)part * TABLE_NODES / (size_t)threads, (size_t)(part + 1) * TABLE_NODES / (size_t)threads);
    }
    for (size_t i = 0; i < s->count; i++) {
        for (size_t c = 0; s->panel[i] == SIZE_MAX - 1 && !s->list[i].slope && c < s->list[i].columns; c++) {
            t->filled[c] += s->list[i].factor * s->list[i].row[c];
        }
    }
}

qep_status bloch_scan_add(bloch_scan *scan, const bloch_batch *batch, int threads, qep_error *err) {
    if (scan->tables == 0) {
        return QEP_OK;
    }
    spread s = {.count = count_records(batch)};
    void *list = NULL, *panel = NULL, *weight = NULL;
    qep_status status = qep_alloc(&list, s.count, sizeof(record), "a batch of states", err);
    status = status == QEP_OK ? qep_alloc(&panel, s.count, sizeof(size_t), "a batch of states", err) : status;
    status = status == QEP_OK ? qep_alloc(&weight, s.count, TABLE_NODES * sizeof(double), "a batch of states", err) : status;
    if (status == QEP_OK) {
        s.list = list;
        s.panel = panel;
        s.weight = weight;
        list_records(batch, s.list);
        for (size_t t = 0; t < scan->tables; t++) {
            weigh(&scan->table[t], &s, threads);
            add_to_nodes(&scan->table[t], &s, threads);
        }
    }
    qep_free(list);
    qep_free(panel);
    qep_free(weight);
    return status;
}
