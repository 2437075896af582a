/* "conduction": what V does at the outer faces, and what conduction as a whole must satisfy: one thing per face, a scalar reading, and
 * volts wherever electrodes bring volts. */
#include "config/reader.h"

#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {"insulating", "periodic", "dirichlet", "fixed"};

static int read_conduction_kind(reader *r, const json_node *node, const char *word,
                                qep_conduction_face *face) {
    static const qep_conduction_kind kind_of[] = {QEP_V_INSULATING, QEP_V_PERIODIC, QEP_V_FIXED,
                                                  QEP_V_FIXED};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(word, kinds[i]) == 0) {
            face->kind = kind_of[i];
            return 1;
        }
    }
    if (strcmp(word, "neumann") == 0 || strcmp(word, "natural") == 0) {
        return reject(r, node, "inapplicable",
                      "\"%s\" belongs to phi; V has \"insulating\" faces (no current), and an "
                      "electrode feeds a current",
                      word);
    }
    return reject_choice(r, node, word, kinds, 3);
}

/* {"dirichlet": V} */
static int read_fixed(reader *r, const json_node *node, qep_conduction_face *face) {
    static const char *const keys[] = {"dirichlet", "fixed"};
    const json_node *value = json_member(node, keys[0]);
    value = value ? value : json_member(node, keys[1]);
    if (!check_keys(r, node, keys, 2)) {
        return 0;
    }
    if (!value) {
        return reject_missing(r, node, keys[0], "a face at a voltage is {\"dirichlet\": \"1 mV\"}");
    }
    qep_field_spec_destroy(face->value);
    face->kind = QEP_V_FIXED;
    face->value = read_field(r, value, QEP_DIM_VOLTAGE, 1);
    return face->value != NULL;
}

static int read_conduction_face(reader *r, const json_node *node, qep_conduction_face *face) {
    if (node->kind == JSON_OBJECT) {
        return read_fixed(r, node, face);
    }
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type",
                      "%s came; a kind like \"insulating\" or {\"dirichlet\": \"1 mV\"} is needed",
                      json_kind_name(node));
    }
    return read_conduction_kind(r, node, node->string, face);
}

static int read_conduction_axis(reader *r, const json_node *node, qep_conduction_face face[2]) {
    static const char *const sides[] = {"low", "high"};
    if (!json_member(node, sides[0]) && !json_member(node, sides[1])) {
        return read_conduction_face(r, node, &face[0]) && read_conduction_face(r, node, &face[1]);
    }
    int good = check_keys(r, node, sides, 2);
    for (int side = 0; side < 2; side++) {
        const json_node *member = json_member(node, sides[side]);
        good = (!member || read_conduction_face(r, member, &face[side])) && good;
    }
    if (good && (face[0].kind == QEP_V_PERIODIC) != (face[1].kind == QEP_V_PERIODIC)) {
        return reject(r, node, "contradiction",
                      "periodic on one face only; a periodic axis repeats, so both faces are");
    }
    return good;
}

/* One kind for every axis of the grid, or a member per axis. */
int read_conduction_boundary(reader *r, const config_row *row, const json_node *node) {
    (void)row;
    static const char *const axes[] = {"x", "y", "z"};
    draft *d = r->draft;
    const size_t count = d->points.count > 0 && d->points.count < 3 ? d->points.count : 3;
    int good = 1;
    if (node->kind != JSON_OBJECT || json_member(node, "dirichlet") || json_member(node, "fixed")) {
        for (size_t a = 0; a < count && good; a++) {
            good = read_conduction_axis(r, node, d->config.conduction.face[a]);
            d->conduction_axis[a] = good;
        }
        return good;
    }
    good = check_keys(r, node, axes, 3);
    for (size_t a = 0; a < 3; a++) {
        const json_node *member = json_member(node, axes[a]);
        if (member && a >= count) {
            good = reject(r, member, "inapplicable",
                          "the grid has %zu ax%s, so there are no faces across %s", count,
                          count == 1 ? "is" : "es", axes[a]);
        } else if (member) {
            d->conduction_axis[a] = 1;
            good = read_conduction_axis(r, member, d->config.conduction.face[a]) && good;
        }
    }
    return good;
}

static void write_conduction_face(writer *w, const qep_conduction_face *face) {
    if (face->kind == QEP_V_FIXED && face->value) {
        write_open(w, '{');
        write_key(w, kinds[QEP_V_FIXED]);
        write_field(w, face->value);
        write_close(w, '}');
    } else {
        write_string(w, kinds[face->kind]);
    }
}

int write_conduction_boundary(writer *w, const draft *d, const config_row *row) {
    (void)row;
    const qep_conduction_section *c = &d->config.conduction;
    if (!c->given || !w) {
        return c->given;
    }
    write_open(w, '{');
    for (int a = 0; a < d->config.grid.ndim; a++) {
        const char axis[2] = {"xyz"[a], 0};
        write_key(w, axis);
        write_open(w, '{');
        write_key(w, "low");
        write_conduction_face(w, &c->face[a][0]);
        write_key(w, "high");
        write_conduction_face(w, &c->face[a][1]);
        write_close(w, '}');
    }
    write_close(w, '}');
    return 1;
}

static const qep_electrode_entry *electrode_on(const qep_conduction_section *c, int axis,
                                               int side) {
    for (size_t i = 0; i < c->electrode_count; i++) {
        const qep_electrode_entry *electrode = &c->electrode[i];
        if (!electrode->where && electrode->axis == axis && electrode->side == side) {
            return electrode;
        }
    }
    return NULL;
}

/* V repeats only where phi does; on node grids a periodic phi leaves no sample on the high face to hold a wall of V. */
static void finish_axis(reader *r, int axis) {
    draft *d = r->draft;
    qep_conduction_section *c = &d->config.conduction;
    qep_conduction_face *face = c->face[axis];
    const int phi_periodic = d->config.face[axis][0].kind == QEP_PERIODIC;
    const int carries = electrode_on(c, axis, 0) || electrode_on(c, axis, 1);
    const json_node *at = blame(r, d->conduction_axis[axis] ? "conduction.boundary" : "electrodes");
    if (!d->conduction_axis[axis]) {
        face[0].kind = face[1].kind = phi_periodic && !carries ? QEP_V_PERIODIC : QEP_V_INSULATING;
    }
    if (face[0].kind == QEP_V_PERIODIC && carries) {
        reject(r, at, "contradiction",
               "V is periodic along %c, so it has no face that could carry an electrode",
               "xyz"[axis]);
    } else if (face[0].kind == QEP_V_PERIODIC && !phi_periodic) {
        reject(r, at, "contradiction",
               "V can be periodic along %c only where phi is (boundary.%c): J_S repeats with phi",
               "xyz"[axis], "xyz"[axis]);
    } else if (face[0].kind != QEP_V_PERIODIC && phi_periodic && d->sampling &&
               d->points.value[axis] > 1.0) {
        reject(r, at, "contradiction",
               "with node sampling a periodic phi along %c has no sample on the high face, where V "
               "ends; use cell sampling, or natural faces in boundary.%c",
               "xyz"[axis], "xyz"[axis]);
    }
    for (int side = 0; side < 2; side++) {
        const qep_electrode_entry *electrode = electrode_on(c, axis, side);
        if (electrode && face[side].kind == QEP_V_FIXED) {
            reject(r, at, "contradiction",
                   "the face %c-%s is held at a voltage and carries the electrode \"%s\"; give the "
                   "voltage to the electrode",
                   "xyz"[axis], side ? "high" : "low", electrode->name);
        }
    }
}

/* Whether results are asked for that add volts of electrodes to what the entropy gives. */
static int asks_for_sums(const qep_config *config) {
    static const char *const alone[] = {"phi", "E", "V", "J", "E_total"};
    for (size_t i = 0; config->fields_given && i < config->field_count; i++) {
        for (size_t k = 0; k < sizeof alone / sizeof *alone; k++) {
            if (strcmp(config->fields[i], alone[k]) == 0) {
                return 1;
            }
        }
    }
    return !config->fields_given;
}

static int fixes_volts(const qep_conduction_section *c) {
    int any = c->electrode_count > 0;
    for (int f = 0; f < 6; f++) {
        any |= field_is_present(c->face[f / 2][f % 2].value);
    }
    return any;
}

/* Different units never add: V has volts by its electrodes, J_S whatever the closure gives. */
static void check_conduction_units(reader *r) {
    qep_config *config = &r->draft->config;
    const qep_dimension phi = phi_dimension(config), volt = QEP_DIM_VOLTAGE;
    char unit[64];
    if (!field_is_present(config->entropy) || qep_dimension_equal(phi, volt) ||
        !fixes_volts(&config->conduction)) {
        return;
    }
    if (!asks_for_sums(config)) {
        config->conduction.given =
            0; /* only the parts are asked for: V is not solved, and the run says so */
        return;
    }
    reject(
        r, blame(r, config->conduction.electrode_count ? "electrodes" : "conduction"),
        "contradiction",
        "electrodes and voltages are in V, but with closure \"%s\" and reading \"%s\" phi of the "
        "entropy has the unit %s; different units never add. Use closure \"cell\" (with \"length\" "
        "for reading directional), or \"custom\" with a unit that gives V",
        qep_closure_name(config->coupling.closure), qep_reading_name(config->reading),
        qep_dimension_format(phi, unit, sizeof unit));
}

void finish_conduction(reader *r) {
    draft *d = r->draft;
    qep_conduction_section *c = &d->config.conduction;
    c->given = json_member(r->json->root, "conduction") != NULL || c->electrode_count > 0;
    if (!c->given) {
        return;
    }
    if (d->config.reading == QEP_READING_GRADIENT) {
        reject_as(r, blame(r, c->electrode_count ? "electrodes" : "conduction"), QEP_ERR_PROBLEM,
                  "inapplicable",
                  "reading \"gradient\" gives a tensor J_S, which cannot feed a current; use "
                  "\"poisson\", \"field\" or \"directional\"");
        return;
    }
    if (c->conductance && c->electrode_count == 0) {
        reject(r, blame(r, "conduction.conductance"), "inapplicable",
               "a conductance matrix is that of electrodes, and none are given");
    }
    for (int a = 0; a < d->config.grid.ndim; a++) {
        finish_axis(r, a);
    }
    check_conduction_units(r);
}
