/* Spreading a batch of states over the tables of a scan. Weights are computed with threads over states; then each thread owns nodes, so that every
 * entry of a table is a sum in the order of k whatever the number of threads. */
#include "bloch/sums.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/simd.h"
#include <math.h>
#include <omp.h>
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
    for (size_t t = 0; x.tables > 0 && t <= x.tables; t++) {
        const size_t panels = bloch_table_panels(ldexp(x.low, (int)t), x.mu_low, x.mu_high, bottom, top);
        bytes += sizeof(double) * (double)panels * (TABLE_NODES + 2) * (double)(columns + 1);
    }
    return x.tables ? bytes + (double)(batch * r->model->bands) * 40.0 * sizeof(double) : bytes;
}

/* Tables for octaves of T from the lowest one up, and one more of twice the width of the last. */
static qep_status make_tables(bloch_scan *scan, const qep_bloch_request *r, const range *x, size_t columns, qep_error *err) {
    double bottom, top;
    void *block = NULL;
    bloch_band_bounds(r->model, &bottom, &top);
    QEP_TRY(qep_alloc(&block, x->tables + 1, sizeof(bloch_table), "the tables of a scan", err));
    scan->table = block;
    scan->tables = x->tables + 1;
    QEP_TRY(qep_alloc(&block, columns + 1, sizeof(double), "the tables of a scan", err));
    scan->below = block;
    bloch_nodes_fill(&scan->nodes);
    bloch_mott_fill(&scan->mott);
    for (size_t t = 0; t <= x->tables; t++) {
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
    qep_free(scan->below);
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

/* Workspace of one batch: where each record goes and its [TABLE_NODES] weights. */
typedef struct {
    record *list;
    double **place; /* first row of the panel; NULL: none */
    double **below; /* the columns that hold states below a table; NULL: none */
    double *weight;
    size_t count;
} spread;

/* The finest table that holds the energy; states below finer ones count there as filled. */
static void find_place(const bloch_scan *scan, spread *s, size_t i) {
    const record *r = &s->list[i];
    double *w = s->weight + i * TABLE_NODES, x = 0.0;
    size_t t = 0, panel = SIZE_MAX;
    int under = 0;
    for (t = 0; t < scan->tables; t++) {
        panel = bloch_table_locate(&scan->table[t], r->energy, &x);
        under = panel == SIZE_MAX - 1;
        if (panel < SIZE_MAX - 1) {
            break;
        }
    }
    s->place[i] = s->below[i] = NULL;
    if (t < scan->tables) {
        const bloch_table *table = &scan->table[t];
        double unused = 0.0;
        s->place[i] = table->sum + panel * TABLE_NODES * table->columns;
        s->below[i] = t > 0 && bloch_table_locate(&scan->table[t - 1], r->energy, &unused) == SIZE_MAX - 1 ? table->below : NULL;
        if (r->slope) {
            bloch_table_slopes(table, &scan->nodes, x, w);
        } else {
            bloch_table_weights(&scan->nodes, x, w);
        }
        for (int j = 0; j < TABLE_NODES; j++) {
            w[j] *= r->factor;
        }
    } else if (under) {
        s->below[i] = scan->below;
    }
    s->below[i] = r->slope ? NULL : s->below[i]; /* the difference of two filled levels is nothing */
}

static void find_places(const bloch_scan *scan, spread *s, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t i = 0; i < s->count; i++) {
        find_place(scan, s, i);
    }
}

/* Records in order onto the nodes [first, last). */
QEP_VARIANTS static void add_range(const spread *s, size_t columns, size_t first, size_t last) {
    for (size_t i = 0; i < s->count; i++) {
        const double *row = s->list[i].row;
        for (size_t j = first; s->place[i] && j < last; j++) {
            const double w = s->weight[i * TABLE_NODES + j];
            double *sum = s->place[i] + j * columns;
            for (size_t c = 0; c < s->list[i].columns; c++) {
                sum[c] += w * row[c];
            }
        }
    }
}

static void add_to_nodes(const spread *s, size_t columns, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int part = 0; part < threads; part++) {
        add_range(s, columns, (size_t)part * TABLE_NODES / (size_t)threads, (size_t)(part + 1) * TABLE_NODES / (size_t)threads);
    }
    for (size_t i = 0; i < s->count; i++) {
        for (size_t c = 0; s->below[i] && c < s->list[i].columns; c++) {
            s->below[i][c] += s->list[i].factor * s->list[i].row[c];
        }
    }
}

static qep_status spread_allocate(spread *s, qep_error *err) {
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, s->count, sizeof(record), "a batch of states", err));
    s->list = block;
    QEP_TRY(qep_alloc(&block, s->count, sizeof(double *), "a batch of states", err));
    s->place = block;
    QEP_TRY(qep_alloc(&block, s->count, sizeof(double *), "a batch of states", err));
    s->below = block;
    return qep_alloc_doubles(&s->weight, s->count * TABLE_NODES, "a batch of states", err);
}

qep_status bloch_scan_add(bloch_scan *scan, const bloch_batch *batch, int threads, qep_error *err) {
    if (scan->tables == 0) {
        return QEP_OK;
    }
    spread s = {.count = count_records(batch)};
    const qep_status status = spread_allocate(&s, err);
    if (status == QEP_OK) {
        list_records(batch, s.list);
        find_places(scan, &s, threads);
        add_to_nodes(&s, scan->table[0].columns, threads);
    }
    qep_free(s.list);
    qep_free(s.place);
    qep_free(s.below);
    qep_free(s.weight);
    return status;
}

/* ---- results ---- */

/* Each table receives the finer ones; what lies below it is collected from the coarsest down. */
static void finish_tables(bloch_scan *scan) {
    for (size_t t = 1; t < scan->tables; t++) {
        bloch_table_merge(&scan->table[t], &scan->table[t - 1], &scan->nodes);
    }
    for (size_t t = scan->tables; t-- > 0;) {
        bloch_table_finish(&scan->table[t], scan->below);
        for (size_t c = 0; c < scan->table[t].columns; c++) {
            scan->below[c] += scan->table[t].below[c];
        }
    }
}

/* How many states from `first` on have its temperature and its table; at most as many as there are lanes. */
static size_t group_size(const bloch_scan *scan, const qep_bloch_request *r, size_t first) {
    size_t count = 1;
    while (count < KERNEL_LANES && first + count < r->states && scan->table_of[first] != SIZE_MAX &&
           scan->table_of[first + count] == scan->table_of[first] && r->state[first + count].T == r->state[first].T) {
        count++;
    }
    return count;
}

static void do_group(const bloch_scan *scan, const qep_bloch_request *r, bloch_group *g, size_t first, size_t count, double *value) {
    const bloch_table *t = &scan->table[scan->table_of[first]];
    for (size_t l = 0; l < KERNEL_LANES; l++) {
        g->mu[l] = r->state[first + (l < count ? l : count - 1)].mu / QEP_E_CHARGE;
    }
    g->kT = k_B * r->state[first].T;
    bloch_table_evaluate(t, t + 1, &scan->nodes, g);
    for (size_t l = 0; l < count; l++) {
        for (size_t c = 0; c < g->width; c++) {
            value[(first + l) * g->width + c] = g->sum[c * KERNEL_LANES + l];
        }
    }
}

qep_status bloch_scan_evaluate(bloch_scan *scan, const bloch_integrand *what, double *value, qep_error *err) {
    const qep_bloch_request *r = what->request;
    bloch_term term[QEP_BLOCH_INTEGRALS];
    size_t terms = 0, groups = 0, *begin = NULL;
    double *sums = NULL;
    void *block = NULL;
    if (scan->tables == 0) {
        return QEP_OK;
    }
    for (int i = 0; i < QEP_BLOCH_INTEGRALS; i++) {
        if (r->wanted & (1u << i)) {
            term[terms++] = (bloch_term){bloch_integrals[i].kernel, what->layout.at[bloch_integrals[i].channel], bloch_integrand_count(what, i), what->at[i]};
        }
    }
    finish_tables(scan);
    QEP_TRY(qep_alloc(&block, r->states + 1, sizeof *begin, "the groups of a scan", err));
    begin = block;
    for (size_t s = 0; s < r->states; s += group_size(scan, r, s)) {
        begin[groups++] = s;
    }
    begin[groups] = r->states;
    const qep_status status = qep_alloc_doubles(&sums, (size_t)r->threads * (what->width + 1) * KERNEL_LANES, "the groups of a scan", err);
#pragma omp parallel for num_threads(r->threads) schedule(dynamic) if (status == QEP_OK)
    for (size_t i = 0; i < groups; i++) {
        if (status == QEP_OK && scan->table_of[begin[i]] != SIZE_MAX) {
            bloch_group g = {.term = term, .terms = terms, .mott = &scan->mott, .width = what->width};
            g.sum = sums + (size_t)omp_get_thread_num() * (what->width + 1) * KERNEL_LANES;
            do_group(scan, r, &g, begin[i], begin[i + 1] - begin[i], value);
        }
    }
    qep_free(begin);
    qep_free(sums);
    return status;
}
