/* Anterpolation of states onto Chebyshev nodes. The kernels are analytic but for poles at mu +- i pi kT: on a panel of width pi kT_low the
 * interpolation error falls like (2 + sqrt 5)^-24 = 1e-15. */
#include "bloch/table.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/simd.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

static const double covered = 60.0; /* in k_B T: what lies farther from mu counts as filled or empty, to 1e-26 */

/* ---- nodes ---- */

/* Barycentric weights; a distance of zero gives an infinite one, which the caller looks for. Returns their sum. */
QEP_VARIANTS static double barycentric(const bloch_nodes *nodes, double x, double weight[TABLE_NODES]) {
    double sum = 0.0;
    for (size_t j = 0; j < TABLE_NODES; j++) {
        weight[j] = nodes->weight_of_node[j] / (x - nodes->node[j]);
    }
    for (size_t j = 0; j < TABLE_NODES; j++) {
        sum += weight[j];
    }
    return sum;
}

void bloch_table_weights(const bloch_nodes *nodes, double x, double weight[TABLE_NODES]) {
    const double sum = barycentric(nodes, x, weight);
    for (size_t j = 0; j < TABLE_NODES; j++) {
        weight[j] = isfinite(sum) ? weight[j] / sum : (x == nodes->node[j] ? 1.0 : 0.0);
    }
}

void bloch_nodes_fill(bloch_nodes *t) {
    for (size_t j = 0; j < TABLE_NODES; j++) {
        const double angle = QEP_PI * ((double)j + 0.5) / TABLE_NODES;
        t->node[j] = -cos(angle);
        t->weight_of_node[j] = j % 2 ? -sin(angle) : sin(angle);
        for (size_t m = 0; m < TABLE_NODES; m++) {
            t->polynomial[j][m] = cos((double)m * (QEP_PI - angle));
        }
    }
    for (size_t i = 0; i < TABLE_NODES; i++) {
        bloch_table_weights(t, 0.5 * (t->node[i] - 1.0), t->half[0][i]);
        bloch_table_weights(t, 0.5 * (t->node[i] + 1.0), t->half[1][i]);
    }
}

/* l_j'(x) = (2/n) sum_m T_m(x_j) T_m'(x), T_m' = m U_(m-1): no differences of near numbers. */
void bloch_table_slopes(const bloch_table *t, const bloch_nodes *nodes, double x, double weight[TABLE_NODES]) {
    double slope[TABLE_NODES] = {0}, before = 0.0, U = 1.0;
    for (size_t m = 1; m < TABLE_NODES; m++) {
        slope[m] = (double)m * U;
        const double next = 2.0 * x * U - before;
        before = U;
        U = next;
    }
    for (size_t j = 0; j < TABLE_NODES; j++) {
        weight[j] = 0.0;
        for (size_t m = 1; m < TABLE_NODES; m++) {
            weight[j] += nodes->polynomial[j][m] * slope[m];
        }
        weight[j] *= 2.0 / TABLE_NODES * 2.0 / t->width; /* dx/de = 2/width */
    }
}

/* ---- one table ---- */

/* Pairs of panels: first panel (even) and one beyond the last (even). */
static void bounds(double kT_low, double mu_low, double mu_high, double bottom, double top, double *first, double *end) {
    const double width = QEP_PI * kT_low;
    const double low = fmax(bottom - 1e-6 - 0.1 * width, mu_low - 2.0 * covered * kT_low);
    const double high = fmin(top + 1e-6 + 0.1 * width, mu_high + 2.0 * covered * kT_low);
    *first = 2.0 * floor(low / (2.0 * width));
    *end = fmax(2.0 * ceil(high / (2.0 * width)), *first + 2.0);
}

size_t bloch_table_panels(double kT_low, double mu_low, double mu_high, double bottom, double top) {
    double first, end;
    bounds(kT_low, mu_low, mu_high, bottom, top, &first, &end);
    return (size_t)(end - first);
}

qep_status bloch_table_create(bloch_table *t, double kT_low, double mu_low, double mu_high, double bottom, double top, size_t columns,
                              qep_error *err) {
    double first, end;
    *t = (bloch_table){.width = QEP_PI * kT_low, .columns = columns, .kT_low = kT_low};
    bounds(kT_low, mu_low, mu_high, bottom, top, &first, &end);
    t->first = (long)first;
    t->low = first * t->width;
    t->panels = (size_t)(end - first);
    size_t count = 0;
    void *block = NULL;
    if (!qep_size_multiply(t->panels + 1, TABLE_NODES * (columns + 1), &count)) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "the table of a (mu, T) scan does not fit into memory");
    }
    double **const arrays[] = {&t->sum, &t->below, &t->panel, &t->filled, &t->weight};
    const size_t sizes[] = {count, columns + 1, t->panels * (columns + 1), (t->panels + 1) * (columns + 1), t->panels};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        QEP_TRY(qep_alloc(&block, sizes[i], sizeof(double), "the table of a (mu, T) scan", err));
        *arrays[i] = block;
    }
    return QEP_OK;
}

void bloch_table_destroy(bloch_table *t) {
    void *const all[] = {t->sum, t->below, t->panel, t->filled, t->weight};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        qep_free(all[i]);
    }
    *t = (bloch_table){0};
}

size_t bloch_table_locate(const bloch_table *t, double energy, double *x) {
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

/* ---- after the last state ---- */

static double *row_of(const bloch_table *t, size_t panel, size_t j) {
    return t->sum + (panel * TABLE_NODES + j) * t->columns;
}

QEP_VARIANTS static void add_scaled(double *to, const double *from, double factor, size_t count) {
    for (size_t c = 0; c < count; c++) {
        to[c] += factor * from[c];
    }
}

void bloch_table_merge(bloch_table *t, const bloch_table *finer, const bloch_nodes *nodes) {
    for (size_t p = 0; p < finer->panels; p++) {
        const size_t panel = (size_t)(finer->first / 2 - t->first) + p / 2; /* finer->first is even */
        for (size_t i = 0; i < TABLE_NODES; i++) {
            for (size_t j = 0; j < TABLE_NODES; j++) {
                add_scaled(row_of(t, panel, j), row_of(finer, p, i), nodes->half[p % 2][i][j], t->columns);
            }
        }
    }
}

/* largest [columns]: scratch, zero before. */
static void find_weights(bloch_table *t, double *largest) {
    for (size_t i = 0; i < TABLE_NODES * t->panels; i++) {
        for (size_t c = 0; c < t->columns; c++) {
            const double size = fabs(t->sum[i * t->columns + c]);
            largest[c] = size > largest[c] ? size : largest[c];
        }
    }
    for (size_t p = 0; p < t->panels; p++) {
        const double *row = row_of(t, p, 0);
        for (size_t c = 0; c < TABLE_NODES * t->columns; c++) {
            const double scale = largest[c % t->columns], size = scale > 0.0 ? fabs(row[c]) / scale : 0.0;
            t->weight[p] = size > t->weight[p] ? size : t->weight[p];
        }
    }
}

void bloch_table_finish(bloch_table *t, const double *below_all) {
    find_weights(t, t->filled);
    memcpy(t->filled, below_all, t->columns * sizeof *t->filled);
    for (size_t p = 0; p < t->panels; p++) {
        double *sum = t->panel + p * t->columns, *next = t->filled + (p + 1) * t->columns;
        for (size_t j = 0; j < TABLE_NODES; j++) {
            add_scaled(sum, row_of(t, p, j), 1.0, t->columns);
        }
        memcpy(next, t->filled + p * t->columns, t->columns * sizeof *next);
        add_scaled(next, sum, 1.0, t->columns);
    }
}
