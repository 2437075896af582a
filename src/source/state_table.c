/* Integrals over a tabulated density of states. Between two entries g is linear, so panels end at the entries; longer ones are divided
 * into panels of k_B T, for which eight Gauss points reach rounding (the nearest pole of f and s is pi k_B T away). Beyond 45 k_B T
 * of mu f is 0 or 1 and s is 0 to rounding. */
#include "state_table.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/statistics.h"
#include "qep/io/blocks.h"
#include <math.h>

static const double reach = 45.0, panel = 1.0; /* k_B T */

/* Abscissas and weights of eight-point Gauss-Legendre on (-1, 1), one half. */
static const double gauss[4][2] = {{0.1834346424956498, 0.3626837833783620},
                                   {0.5255324099163290, 0.3137066458778873},
                                   {0.7966664774136267, 0.2223810344533745},
                                   {0.9602898564975363, 0.1012285362903763}};

void qep_state_table_free(qep_state_table *table) {
    qep_free(table->energy);
    qep_free(table->g);
    qep_free(table->below);
    *table = (qep_state_table){0};
}

static qep_status check_table(const qep_state_table *t, size_t values, const char *file, const char *energies, const char *dataset,
                              const char *path, qep_error *err) {
    if (t->count < 2 || values != t->count) {
        return qep_error_add(err, QEP_ERR_INPUT, "shape", path, file,
                             "%s has %zu entries and %s %zu; both lists need the same length, at least 2", energies, t->count, dataset, values);
    }
    for (size_t i = 0; i < t->count; i++) {
        if (i > 0 && !(t->energy[i] > t->energy[i - 1])) {
            return qep_error_add(err, QEP_ERR_INPUT, "not_increasing", path, file, "%s: entry %zu is %g J after %g J; energies must increase",
                                 energies, i, t->energy[i], t->energy[i - 1]);
        }
        if (!(t->g[i] >= 0.0)) {
            return qep_error_add(err, QEP_ERR_INPUT, "range", path, file, "%s: entry %zu is %g; a density of states is not negative", dataset,
                                 i, t->g[i]);
        }
    }
    return QEP_OK;
}

qep_status qep_state_table_read(qep_state_table *table, const char *file, const char *energies, const char *dataset, const char *path,
                                qep_error *err) {
    const qep_dimension per_energy = QEP_DIMENSION(-5, -1, 2, 0, 0, 0, 0);
    size_t values = 0;
    *table = (qep_state_table){0};
    QEP_TRY(qep_read_list(file, energies, path, QEP_DIM_ENERGY, &table->energy, &table->count, err));
    QEP_TRY(qep_read_list(file, dataset, path, per_energy, &table->g, &values, err));
    QEP_TRY(check_table(table, values, file, energies, dataset, path, err));
    QEP_TRY(qep_alloc_doubles(&table->below, table->count, "integral of the density of states", err));
    table->below[0] = 0.0;
    for (size_t i = 1; i < table->count; i++) {
        table->below[i] = table->below[i - 1] + 0.5 * (table->g[i] + table->g[i - 1]) * (table->energy[i] - table->energy[i - 1]);
    }
    return QEP_OK;
}

/* The interval [energy[i], energy[i+1]] that holds E, or the first or last one. */
static size_t find_interval(const qep_state_table *t, double E) {
    size_t low = 0, high = t->count - 1;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        *(t->energy[middle] <= E ? &low : &high) = middle;
    }
    return low;
}

static double g_at(const qep_state_table *t, size_t i, double E) {
    const double w = (E - t->energy[i]) / (t->energy[i + 1] - t->energy[i]);
    return t->g[i] + w * (t->g[i + 1] - t->g[i]);
}

/* Integral of g up to E. */
static double number_below(const qep_state_table *t, double E) {
    if (E <= t->energy[0]) {
        return 0.0;
    }
    if (E >= t->energy[t->count - 1]) {
        return t->below[t->count - 1];
    }
    const size_t i = find_interval(t, E);
    return t->below[i] + 0.5 * (t->g[i] + g_at(t, i, E)) * (E - t->energy[i]);
}

/* int g(E) weight((E - mu)/kT) dE over [from, to] within interval i, in panels. */
static double integrate_piece(const qep_state_table *t, size_t i, double from, double to, double mu, double kT, double (*weight)(double x)) {
    const double pieces = fmax(1.0, ceil((to - from) / (panel * kT))), half = 0.5 * (to - from) / pieces;
    double sum = 0.0;
    for (int p = 0; p < (int)pieces; p++) {
        const double centre = from + (2 * p + 1) * half;
        for (int k = 0; k < 4; k++) {
            const double up = centre + gauss[k][0] * half, down = centre - gauss[k][0] * half;
            sum += gauss[k][1] * (g_at(t, i, up) * weight((up - mu) / kT) + g_at(t, i, down) * weight((down - mu) / kT));
        }
    }
    return sum * half;
}

/* The same over everything within reach of mu. */
static double integrate(const qep_state_table *t, double mu, double kT, double (*weight)(double x)) {
    const double from = fmax(t->energy[0], mu - reach * kT), to = fmin(t->energy[t->count - 1], mu + reach * kT);
    double sum = 0.0;
    for (size_t i = find_interval(t, from); from < to && i + 1 < t->count && t->energy[i] < to; i++) {
        sum += integrate_piece(t, i, fmax(from, t->energy[i]), fmin(to, t->energy[i + 1]), mu, kT, weight);
    }
    return sum;
}

double qep_state_table_number(const qep_state_table *t, double mu, double temperature) {
    const double kT = QEP_BOLTZMANN * temperature;
    const double below = number_below(t, mu - reach * kT);
    return kT > 0.0 ? below + integrate(t, mu, kT, qep_state_occupation) : below;
}

double qep_state_table_entropy(const qep_state_table *t, double mu, double temperature) {
    const double kT = QEP_BOLTZMANN * temperature;
    return kT > 0.0 ? QEP_BOLTZMANN * integrate(t, mu, kT, qep_state_entropy) : 0.0;
}

double qep_state_table_cut(const qep_state_table *t, double mu, double temperature) {
    const double kT = QEP_BOLTZMANN * temperature;
    const size_t last = t->count - 1;
    const double low = t->g[0] > 0.0 && kT > 0.0 ? qep_state_entropy((t->energy[0] - mu) / kT) : 0.0;
    const double high = t->g[last] > 0.0 && kT > 0.0 ? qep_state_entropy((t->energy[last] - mu) / kT) : 0.0;
    return fmax(low, high);
}
