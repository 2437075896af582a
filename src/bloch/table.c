/* Anterpolation of states onto Chebyshev nodes. The kernels are analytic but for poles at mu +- i pi kT: on a panel of width pi kT_low the
 * interpolation error falls like (2 + sqrt 5)^-24 = 1e-15. Panels far from mu are visited until what is left cannot matter, however small the sum is. */
#include "bloch/table.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/simd.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

static const double reach = 60.0;        /* in k_B T: what lies farther from mu counts as filled or empty, to 1e-26 */
static const double negligible = 1e-20; /* of the panel that matters most */

static void fill_nodes(bloch_table *t) {
    for (size_t j = 0; j < TABLE_NODES; j++) {
        const double angle = QEP_PI * ((double)j + 0.5) / TABLE_NODES;
        t->node[j] = -cos(angle);
        t->weight_of_node[j] = j % 2 ? -sin(angle) : sin(angle);
        for (size_t m = 0; m < TABLE_NODES; m++) {
            t->polynomial[j][m] = cos((double)m * (QEP_PI - angle));
        }
    }
}

static void bounds(double kT_low, double mu_low, double mu_high, double bottom, double top, double *low, double *high) {
    const double width = QEP_PI * kT_low;
    *low = fmax(bottom - 1e-6 - 0.1 * width, mu_low - 2.0 * reach * kT_low);
    *high = fmin(top + 1e-6 + 0.1 * width, mu_high + 2.0 * reach * kT_low);
    *high = fmax(*high, *low + width);
}

size_t bloch_table_panels(double kT_low, double mu_low, double mu_high, double bottom, double top) {
    double low, high;
    bounds(kT_low, mu_low, mu_high, bottom, top, &low, &high);
    return (size_t)ceil((high - low) / (QEP_PI * kT_low)) + 1;
}

qep_status bloch_table_create(bloch_table *t, double kT_low, double mu_low, double mu_high, double bottom, double top, size_t columns,
                              qep_error *err) {
    double high;
    *t = (bloch_table){.width = QEP_PI * kT_low, .columns = columns, .kT_low = kT_low};
    bounds(kT_low, mu_low, mu_high, bottom, top, &t->low, &high);
    fill_nodes(t);
    t->panels = bloch_table_panels(kT_low, mu_low, mu_high, bottom, top);
    size_t count = 0;
    void *block = NULL;
    if (!qep_size_multiply(t->panels, TABLE_NODES * (columns + 1), &count)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "the table of a (mu, T) scan does not fit into memory");
    }
    QEP_TRY(qep_alloc(&block, count, sizeof(double), "the table of a (mu, T) scan", err));
    t->sum = block;
    QEP_TRY(qep_alloc(&block, columns + 1, sizeof(double), "the table of a (mu, T) scan", err));
    t->filled = block;
    QEP_TRY(qep_alloc(&block, t->panels, sizeof(double), "the table of a (mu, T) scan", err));
    t->weight = block;
    return QEP_OK;
}

void bloch_table_destroy(bloch_table *t) {
    qep_free(t->sum);
    qep_free(t->filled);
    qep_free(t->weight);
    *t = (bloch_table){0};
}

/* Panel of an energy and its place in it, -1 to 1. */
static size_t locate(const bloch_table *t, double energy, double *x) {
    const double turns = (energy - t->low) / t->width;
    if (turns < 0.0) {
        return SIZE_MAX - 1;
    }
    if (!(turns < (double)t->panels)) {
        return SIZE_MAX;
    }
    const size_t panel = (size_t)turns;
    *x = 2.0 * (turns - (double)panel) - 1.0;
    return panel;
}

/* Barycentric weights; a distance of zero gives an infinite one, which the caller looks for. Returns their sum. */
QEP_VARIANTS static double barycentric(const bloch_table *t, double x, double weight[TABLE_NODES]) {
    double sum = 0.0;
    for (size_t j = 0; j < TABLE_NODES; j++) {
        weight[j] = t->weight_of_node[j] / (x - t->node[j]);
    }
    for (size_t j = 0; j < TABLE_NODES; j++) {
        sum += weight[j];
    }
    return sum;
}

size_t bloch_table_weights(const bloch_table *t, double energy, double weight[TABLE_NODES]) {
    double x = 0.0;
    const size_t panel = locate(t, energy, &x);
    if (panel >= SIZE_MAX - 1) {
        return panel;
    }
    const double sum = barycentric(t, x, weight);
    for (size_t j = 0; j < TABLE_NODES; j++) {
        weight[j] = isfinite(sum) ? weight[j] / sum : (x == t->node[j] ? 1.0 : 0.0);
    }
    return panel;
}

/* l_j'(x) = (2/n) sum_m T_m(x_j) T_m'(x), T_m' = m U_(m-1): no differences of near numbers. */
size_t bloch_table_slopes(const bloch_table *t, double energy, double weight[TABLE_NODES]) {
    double x = 0.0, slope[TABLE_NODES] = {0};
    const size_t panel = locate(t, energy, &x);
    if (panel >= SIZE_MAX - 1) {
        return panel;
    }
    double before = 0.0, U = 1.0;
    for (size_t m = 1; m < TABLE_NODES; m++) {
        slope[m] = (double)m * U;
        const double next = 2.0 * x * U - before;
        before = U;
        U = next;
    }
    for (size_t j = 0; j < TABLE_NODES; j++) {
        weight[j] = 0.0;
        for (size_t m = 1; m < TABLE_NODES; m++) {
            weight[j] += t->polynomial[j][m] * slope[m];
        }
        weight[j] *= 2.0 / TABLE_NODES * 2.0 / t->width; /* dx/de = 2/width */
    }
    return panel;
}

static const double *row_of(const bloch_table *t, size_t j, size_t panel) {
    return t->sum + (panel * TABLE_NODES + j) * t->columns;
}

void bloch_table_finish(bloch_table *t) {
    for (size_t c = 0; c < t->columns; c++) {
        double largest = 0.0;
        for (size_t i = 0; i < TABLE_NODES * t->panels; i++) { /* every entry */
            largest = fmax(largest, fabs(t->sum[i * t->columns + c]));
        }
        for (size_t p = 0; p < t->panels && largest > 0.0; p++) {
            for (size_t j = 0; j < TABLE_NODES; j++) {
                t->weight[p] = fmax(t->weight[p], fabs(row_of(t, j, p)[c]) / largest);
            }
        }
    }
}

/* What a panel can contribute at most: its weight times the kernel that falls slowest, at its edge next to mu. */
static double relevance(const bloch_table *t, size_t panel, double mu, double kT) {
    const double low = t->low + t->width * (double)panel, high = low + t->width;
    const double x = mu < low ? (low - mu) / kT : mu > high ? (mu - high) / kT : 0.0;
    return t->weight[panel] > 0.0 && x < reach ? t->weight[panel] * exp(-x) * (1.0 + x) : 0.0;
}

/* f = 1 on panels far below mu, where the other kernels are out of reach. */
static void add_filled(const bloch_table *t, size_t panel, const bloch_term *term) {
    for (size_t j = 0; term->kernel == KERNEL_F && j < TABLE_NODES; j++) {
        const double *row = row_of(t, j, panel) + term->first;
        for (size_t c = 0; c < term->count; c++) {
            term->out[c] += row[c];
        }
    }
}

QEP_VARIANTS static void add_panel(const bloch_table *t, size_t panel, double mu, double kT, unsigned mask, const bloch_term *terms, size_t count) {
    for (size_t j = 0; j < TABLE_NODES; j++) {
        const double energy = t->low + t->width * ((double)panel + 0.5 * (t->node[j] + 1.0)), *row = row_of(t, j, panel);
        double value[KERNEL_COUNT];
        bloch_kernels(energy, mu, kT, mask, value);
        for (size_t i = 0; i < count; i++) {
            const double v = value[terms[i].kernel], *from = row + terms[i].first;
            for (size_t c = 0; c < terms[i].count; c++) {
                terms[i].out[c] += v * from[c];
            }
        }
    }
}

void bloch_table_evaluate(const bloch_table *t, double mu, double kT, const bloch_term *terms, size_t count) {
    unsigned mask = 0;
    double largest = 0.0;
    for (size_t i = 0; i < count; i++) {
        mask |= 1u << terms[i].kernel;
        for (size_t c = 0; c < terms[i].count; c++) {
            terms[i].out[c] = terms[i].kernel == KERNEL_F ? t->filled[terms[i].first + c] : 0.0;
        }
    }
    for (size_t p = 0; p < t->panels; p++) {
        largest = fmax(largest, relevance(t, p, mu, kT));
    }
    for (size_t p = 0; p < t->panels; p++) {
        if (relevance(t, p, mu, kT) > negligible * largest) {
            add_panel(t, p, mu, kT, mask, terms, count);
        } else if (t->weight[p] > 0.0 && t->low + t->width * (double)(p + 1) <= mu) {
            for (size_t i = 0; i < count; i++) {
                add_filled(t, p, &terms[i]);
            }
        }
    }
}
