/* "electrodes": pieces of metal by name, place (a face, or the samples where an expression is nonzero) and drive (a voltage, or a net
 * current into the sample). What depends on the values of fields is judged by the run. */
#include "config/reader.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <string.h>

enum { MAX_ELECTRODES = 64, MAX_ELECTRODE_NAME = 40 };

static const char *const faces[] = {"x-low", "x-high", "y-low", "y-high", "z-low", "z-high"};

qep_dimension qep_current_dimension(const qep_config *config, int ndim) {
    const qep_dimension ampere = QEP_DIM_CURRENT;
    const int missing = ndim == 1 && !(config->cross_section > 0.0)
                            ? 2
                            : (ndim == 2 && !(config->thickness > 0.0) ? 1 : 0);
    return qep_dimension_divide(ampere, qep_dimension_power(QEP_DIM_LENGTH, missing));
}

static int read_name(reader *r, const json_node *node, qep_electrode_entry *electrode) {
    if (node->kind != JSON_STRING || !node->string[0] ||
        strlen(node->string) > MAX_ELECTRODE_NAME || strpbrk(node->string, "/.")) {
        return reject(r, node, "bad_name",
                      "an electrode needs a name of 1 to %d bytes without \"/\" and \".\"",
                      MAX_ELECTRODE_NAME);
    }
    const qep_conduction_section *c = &r->draft->config.conduction;
    for (const qep_electrode_entry *other = c->electrode; other < electrode; other++) {
        if (other->name && strcmp(other->name, node->string) == 0) {
            return reject(r, node, "contradiction", "the electrode \"%s\" is named twice",
                          node->string);
        }
    }
    electrode->name = qep_text_copy(node->string);
    return electrode->name ? 1 : reject_memory(r);
}

static int check_face(reader *r, const json_node *node, const qep_electrode_entry *electrode) {
    const double_list *points = &r->draft->points;
    const qep_conduction_section *c = &r->draft->config.conduction;
    if (points->count > 0 && (size_t)electrode->axis >= points->count) {
        return reject(r, node, "inapplicable", "the grid has %zu ax%s, so there is no face %s",
                      points->count, points->count == 1 ? "is" : "es", node->string);
    }
    if (points->count > 0 && points->value[electrode->axis] == 1.0) {
        return reject(r, node, "contradiction",
                      "the axis %c has one sample; nothing flows along it to the face %s",
                      "xyz"[electrode->axis], node -> string);
    }
    for (const qep_electrode_entry *other = c->electrode; other < electrode; other++) {
        if (other->name && !other->where && other->axis == electrode->axis &&
            other->side == electrode->side) {
            return reject(r, node, "contradiction",
                          "the face %s belongs to the electrode \"%s\" already", node->string,
                          other->name);
        }
    }
    return 1;
}

static int read_face_name(reader *r, const json_node *node, qep_electrode_entry *electrode) {
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type", "%s came; a face like \"x-low\" is needed",
                      json_kind_name(node));
    }
    for (int f = 0; f < 6; f++) {
        if (strcmp(node->string, faces[f]) == 0) {
            electrode->axis = f / 2;
            electrode->side = f % 2;
            return check_face(r, node, electrode);
        }
    }
    return reject_choice(r, node, node->string, faces, 6);
}

/* Metal does not move, so the expression may not use t. */
static int read_where(reader *r, const json_node *node, qep_electrode_entry *electrode) {
    if (node->kind != JSON_STRING || !node->string[0]) {
        return reject(
            r, node, "wrong_type",
            "%s came; an expression of x, y, z that is nonzero in the electrode is needed",
            node->kind == JSON_STRING ? "an empty text" : json_kind_name(node));
    }
    if (!check_expression(r, node, node->string, 1)) {
        return 0;
    }
    qep_expression *expression = NULL;
    int moves = 0;
    if (qep_expression_create(&expression, node->string, 1, &r->draft->config.parameters, "",
                              NULL) == QEP_OK) {
        moves = qep_expression_uses(expression, "t");
        qep_expression_destroy(expression);
    }
    electrode->axis = -1;
    electrode->where = qep_text_copy(node->string);
    if (moves) {
        return reject(r, node, "inapplicable", "an electrode does not move; use x, y, z alone");
    }
    return electrode->where ? 1 : reject_memory(r);
}

static int read_place(reader *r, const json_node *node, qep_electrode_entry *electrode) {
    const json_node *face = json_member(node, "face"), *where = json_member(node, "where");
    if (!face && !where) {
        return reject_missing(
            r, node, "face",
            "where the electrode is: \"face\": \"x-low\", or \"where\": \"x < 1e-9\"");
    }
    if (face && where) {
        return reject(r, where, "contradiction",
                      "an electrode has one place; \"face\" was given as well");
    }
    return face ? read_face_name(r, face, electrode) : read_where(r, where, electrode);
}

static int read_drive(reader *r, const json_node *node, qep_electrode_entry *electrode) {
    const json_node *voltage = json_member(node, "voltage"),
                    *current = json_member(node, "current");
    const qep_dimension volt = QEP_DIM_VOLTAGE;
    const size_t axes = r->draft->points.count;
    if (voltage && current) {
        return reject(
            r, current, "contradiction",
            "an electrode has a voltage or a current, not both; the other one is a result");
    }
    electrode->fixed = voltage != NULL;
    if (voltage) {
        return read_scalar(r, voltage, &volt, &electrode->voltage);
    }
    const qep_dimension ampere = qep_current_dimension(&r->draft->config, (int)axes);
    return !current || read_scalar(r, current, &ampere, &electrode->current);
}

static int read_electrode(reader *r, const json_node *node, qep_electrode_entry *electrode) {
    static const char *const keys[] = {"name", "face", "where", "voltage", "current"};
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type",
                      "%s came; {\"name\": \"left\", \"face\": \"x-low\", \"voltage\": \"0 V\"} is "
                      "needed",
                      json_kind_name(node));
    }
    const json_node *name = json_member(node, "name");
    int good = check_keys(r, node, keys, sizeof keys / sizeof *keys);
    good = (name ? read_name(r, name, electrode)
                 : reject_missing(r, node, "name", "what the results call the electrode")) &&
           good;
    good = read_place(r, node, electrode) && good;
    return read_drive(r, node, electrode) && good;
}

int read_electrodes(reader *r, const config_row *row, const json_node *node) {
    (void)row;
    qep_conduction_section *c = &r->draft->config.conduction;
    void *block = NULL;
    int good = 1;
    if (node->kind != JSON_ARRAY) {
        return reject(r, node, "wrong_type", "%s came; a list of electrodes is needed",
                      json_kind_name(node));
    }
    if (node->count > MAX_ELECTRODES) {
        return reject(r, node, "limit", "%zu electrodes; at most %d are allowed", node->count,
                      MAX_ELECTRODES);
    }
    if (qep_alloc(&block, node->count, sizeof(qep_electrode_entry), "electrodes", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    c->electrode = block;
    for (size_t i = 0; i < node->count; i++) {
        c->electrode_count = i + 1;
        c->electrode[i].axis = -1;
        good = read_electrode(r, node->child[i], &c->electrode[i]) && good;
    }
    return good;
}

void default_faces_of_electrodes(draft *d) {
    static const char *const paths[3] = {"boundary.x", "boundary.y", "boundary.z"};
    const qep_conduction_section *c = &d->config.conduction;
    for (size_t a = 0; a < d->points.count && a < 3; a++) {
        int carries = 0;
        for (size_t i = 0; i < c->electrode_count; i++) {
            carries |= c->electrode[i].where != NULL || c->electrode[i].axis == (int)a;
        }
        if (carries && d->points.value[a] > 1.0 && !row_given(d, paths[a])) {
            d->config.face[a][0].kind = d->config.face[a][1].kind = QEP_NATURAL;
        }
    }
}

static void write_electrode(writer *w, const qep_electrode_entry *electrode) {
    write_open(w, '{');
    write_key(w, "name");
    write_string(w, electrode->name);
    write_key(w, electrode->where ? "where" : "face");
    write_string(w, electrode->where ? electrode->where
                                     : faces[2 * electrode->axis + electrode->side]);
    write_key(w, electrode->fixed ? "voltage" : "current");
    write_number(w, electrode->fixed ? electrode->voltage : electrode->current);
    write_close(w, '}');
}

int write_electrodes(writer *w, const draft *d, const config_row *row) {
    (void)row;
    const qep_conduction_section *c = &d->config.conduction;
    if (c->electrode_count == 0 || !w) {
        return c->electrode_count > 0;
    }
    write_open(w, '[');
    for (size_t i = 0; i < c->electrode_count; i++) {
        write_next(w);
        write_electrode(w, &c->electrode[i]);
    }
    write_close(w, ']');
    return 1;
}
