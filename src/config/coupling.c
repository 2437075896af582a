/* "coupling", "reading" and "direction": the closure T5 and the unit it gives to phi. */
#include "config/reader.h"
#include "qep/source/source.h"

#include "qep/base/constants.h"
#include "qep/base/units.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const readings[QEP_READING_COUNT] = {"poisson", "field", "gradient",
                                                        "directional"};
static const char *const closures[QEP_CLOSURE_COUNT] = {"literal", "cell", "custom"};

const char *qep_reading_name(qep_reading reading) {
    return readings[reading];
}

const char *qep_closure_name(qep_closure closure) {
    return closures[closure];
}

/* c may carry its unit in the same text; otherwise "unit" states it. */
int read_coupling_value(reader *r, const config_row *row, const json_node *node) {
    (void)row;
    draft *d = r->draft;
    int has_unit = 0;
    qep_dimension stated;
    if (!read_quantity(r, node, &d->config.parameters, &d->coupling_value, &stated, &has_unit)) {
        return 0;
    }
    if (!has_unit) {
        return 1;
    }
    d->config.coupling.c_dimension = stated;
    d->coupling_has_unit = 1;
    return 1;
}

int write_coupling_value(writer *w, const draft *d, const config_row *row) {
    (void)row;
    if (d->config.coupling.closure != QEP_CLOSURE_CUSTOM || !w) {
        return d->config.coupling.closure == QEP_CLOSURE_CUSTOM;
    }
    write_number(w, d->config.coupling.c);
    return 1;
}

int read_coupling_unit(reader *r, const config_row *row, const json_node *node) {
    (void)row;
    char message[QEP_UNIT_MESSAGE] = "";
    draft *d = r->draft;
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type",
                      "%s came; a unit like \"K m^3/(J s)\" is needed (\"1\" for none)",
                      json_kind_name(node));
    }
    if (!qep_unit_parse(node->string, &d->coupling_factor, &d->coupling_unit, message)) {
        return reject(r, node, "bad_unit", "\"%.200s\": %s", node->string, message);
    }
    return 1;
}

int write_coupling_unit(writer *w, const draft *d, const config_row *row) {
    if (write_coupling_value(NULL, d, row) && w) {
        char text[64];
        write_string(w, qep_dimension_format(d->config.coupling.c_dimension, text, sizeof text));
    }
    return write_coupling_value(NULL, d, row);
}

enum { CELL_VOLUME };
static const struct {
    const char *path;
    qep_closure closure;
    int required;
    const char *purpose;
} closure_keys[] = {
    [CELL_VOLUME] = {"coupling.cell_volume", QEP_CLOSURE_CELL, 1,
                     "the volume over which closure cell counts the entropy in k_B"},
    {"coupling.time", QEP_CLOSURE_CELL, 1, "the coherence time of closure cell"},
    {"coupling.length", QEP_CLOSURE_CELL, 0, ""},
    {"coupling.value", QEP_CLOSURE_CUSTOM, 1, "c of closure custom"},
    {"coupling.unit", QEP_CLOSURE_CUSTOM, 0, ""},
};

/* The volume that the sources of the entropy count in: *volume stays 0 when none says so. 0 when two say different things. */
static int find_cell_volume(const qep_field_spec *spec, double *volume) {
    if (spec && spec->kind == QEP_FIELD_SOURCE && spec->source->cell_volume) {
        const double own = qep_source_number(spec, spec->source->cell_volume);
        const int agree = *volume == 0.0 || own == 0.0 || own == *volume;
        *volume = own > 0.0 ? own : *volume;
        return agree;
    }
    int agree = 1; /* a product would count something else */
    for (size_t i = 0; spec && (spec->kind == QEP_FIELD_SUM || spec->kind == QEP_FIELD_REGIONS) && i < spec->count; i++) {
        agree = find_cell_volume(spec->child[i], volume) && agree;
    }
    return agree;
}

/* Closure cell may leave its volume to a source that defines one. */
static int take_cell_volume(draft *d) {
    double volume = 0.0;
    if (row_given(d, "coupling.cell_volume") || !find_cell_volume(d->config.entropy, &volume) || !(volume > 0.0)) {
        return 0;
    }
    d->config.coupling.cell_volume = volume;
    return 1;
}

static void check_closure_keys(reader *r, qep_closure closure) {
    const int taken = closure == QEP_CLOSURE_CELL && take_cell_volume(r->draft);
    for (size_t i = 0; i < sizeof closure_keys / sizeof *closure_keys; i++) {
        const char *path = closure_keys[i].path, *key = strchr(path, '.') + 1;
        const int given = row_given(r->draft, path);
        if (given && closure_keys[i].closure != closure) {
            reject(r, blame(r, path), "inapplicable",
                   "\"%s\" belongs to closure \"%s\"; with \"%s\" it would have no effect", key,
                   closures[closure_keys[i].closure], closures[closure]);
        } else if (!given && closure_keys[i].closure == closure && closure_keys[i].required && !(taken && i == CELL_VOLUME)) {
            reject_missing(r, blame(r, path), key, closure_keys[i].purpose);
        }
    }
    if (closure != QEP_CLOSURE_CUSTOM || !row_given(r->draft, "coupling.value")) {
        return;
    }
    if (r->draft->coupling_has_unit && row_given(r->draft, "coupling.unit")) {
        reject(r, blame(r, "coupling.unit"), "contradiction",
               "the unit is stated in \"value\" already");
    } else if (!r->draft->coupling_has_unit && !row_given(r->draft, "coupling.unit")) {
        reject_missing(r, blame(r, "coupling.unit"), "unit",
                       "the unit of c in closure custom (\"1\" for none)");
    }
}

static void set_c(draft *d) {
    qep_coupling *coupling = &d->config.coupling;
    if (coupling->closure == QEP_CLOSURE_LITERAL) {
        coupling->c = 1.0;
        coupling->c_dimension = QEP_DIM_NONE;
    } else if (coupling->closure == QEP_CLOSURE_CELL) {
        const int stretched = coupling->length > 0.0;
        coupling->c = coupling->cell_volume / (QEP_BOLTZMANN * coupling->time) *
                      (stretched ? coupling->length : 1.0);
        coupling->c_dimension =
            QEP_DIMENSION(stretched ? 2 : 1, -1, 1, 0, 1, 0, 0); /* m^3 / (J/K s), times m */
    } else {
        coupling->c = d->coupling_value * (d->coupling_has_unit ? 1.0 : d->coupling_factor);
        if (!d->coupling_has_unit) {
            coupling->c_dimension = d->coupling_unit;
        }
    }
    coupling->kappa = QEP_HBAR / QEP_E_CHARGE * coupling->c;
    coupling->kappa_dimension = qep_dimension_multiply(QEP_DIM_FLUX, coupling->c_dimension);
}

static void finish_direction(reader *r) {
    draft *d = r->draft;
    const int given = row_given(d, "direction");
    if (d->reading != QEP_READING_DIRECTIONAL) {
        if (given) {
            reject(r, blame(r, "direction"), "inapplicable",
                   "\"direction\" belongs to reading \"directional\"; with \"%s\" it would have no "
                   "effect",
                   readings[d->reading]);
        }
        return;
    }
    if (!given) {
        reject_missing(r, r->json->root, "direction",
                       "reading directional needs a direction like [1, 0, 0]");
        return;
    }
    const double_list *n = &d->direction;
    double scale = 0.0, norm = 0.0;
    if (n->count == 0) {
        return;
    }
    if (n->count != d->points.count && n->count != 3) {
        reject(r, blame(r, "direction"), "contradiction",
               "%zu components came, but the grid has %zu axes", n->count, d->points.count);
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        scale = fmax(scale, fabs(n->value[i]));
        if (i >= d->points.count && n->value[i] != 0.0) {
            reject(r, blame(r, "direction"), "contradiction",
                   "the component %g lies across the axes of the grid", n->value[i]);
            return;
        }
    }
    if (!(scale > 0.0)) {
        reject(r, blame(r, "direction"), "out_of_range",
               "all components are 0; a direction needs one that is not");
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        norm += n->value[i] / scale * (n->value[i] / scale);
    }
    for (size_t i = 0; i < n->count; i++) {
        d->config.direction[i] = n->value[i] / scale / sqrt(norm);
    }
}

void finish_coupling(reader *r) {
    draft *d = r->draft;
    const int failed = r->failed;
    d->config.reading = (qep_reading)d->reading;
    d->config.coupling.closure = (qep_closure)d->closure;
    const int closure_good =
        row_given(d, "coupling.closure") == 0 || blame(r, "coupling.closure")->kind == JSON_STRING;
    if (closure_good) {
        check_closure_keys(r, d->config.coupling.closure);
    }
    finish_direction(r);
    if (r->failed > failed) {
        return;
    }
    set_c(d);
    if (!isfinite(d->config.coupling.kappa) &&
        r->failed == 0) { /* else a key that was refused may be the cause */
        reject(r, blame(r, "coupling"), "out_of_range",
               "kappa = (hbar/e) c is too large for a double");
    }
}

qep_dimension phi_dimension(const qep_config *config) {
    const int derived =
        config->reading == QEP_READING_GRADIENT || config->reading == QEP_READING_DIRECTIONAL;
    const qep_dimension phi =
        qep_dimension_multiply(config->coupling.kappa_dimension, QEP_DIM_ENTROPY_DENSITY);
    return derived ? qep_dimension_divide(phi, QEP_DIM_LENGTH) : phi;
}
