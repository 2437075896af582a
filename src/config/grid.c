/* "grid" and "boundary": lists of equal length, exactly one of lengths and spacing, and faces that fit
 * together. */
#include "qep/grid/grid.h"

#include "config/reader.h"
#include "qep/base/memory.h"
#include <stdio.h>
#include <string.h>

static const qep_dimension face_dimension[QEP_BC_COUNT] = {[QEP_DIRICHLET] = QEP_DIM_VOLTAGE,
                                                           [QEP_NEUMANN] = QEP_DIM_ELECTRIC_FIELD,
                                                           [QEP_NATURAL] = QEP_DIM_ELECTRIC_FIELD};

/* A boundary kind by name; `first` skips periodic where a value follows. */
static int read_kind(reader *r, const json_node *node, const char *word, int first, qep_bc *kind) {
    const char *names[QEP_BC_COUNT];
    size_t count = 0;
    for (int k = first; k < QEP_BC_COUNT; k++) {
        const qep_bc_row *row = &qep_bc_table()[k];
        if (strcmp(word, row->name) == 0) {
            *kind = (qep_bc)k;
            return 1;
        }
        names[count++] = row->name;
    }
    return reject_choice(r, node, word, names, count);
}

/* {"dirichlet": VALUE} and the like. */
static int read_face_value(reader *r, const json_node *node, qep_face *face) {
    const json_node *value = NULL;
    for (size_t i = 0; i < node->count; i++) {
        if (rows_is_metadata(node->child[i]->key)) {
            continue;
        }
        if (value) {
            return reject(r, node->child[i], "contradiction",
                          "a face has one kind; \"%s\" was given before", value->key);
        }
        value = node->child[i];
    }
    if (!value) {
        return reject(r, node, "missing_key",
                      "a face object is {\"dirichlet\": VALUE}, {\"neumann\": VALUE} or "
                      "{\"natural\": VALUE}");
    }
    if (!read_kind(r, value, value->key, QEP_DIRICHLET, &face->kind)) {
        return 0;
    }
    if (!qep_bc_table()[face->kind].value_unit[0]) {
        return reject(r, value, "contradiction", "\"%s\" faces take no value; write \"%s\" alone", value->key, value->key);
    }
    qep_field_spec_destroy(face->value);
    face->value = read_field(r, value, face_dimension[face->kind], 1);
    return face->value != NULL;
}

static int read_face(reader *r, const json_node *node, qep_face *face) {
    if (node->kind == JSON_OBJECT) {
        return read_face_value(r, node, face);
    }
    if (node->kind != JSON_STRING) {
        return reject(
            r, node, "wrong_type",
            "%s came; a boundary kind like \"dirichlet\" or {\"dirichlet\": \"5 mV\"} is needed",
            json_kind_name(node));
    }
    return read_kind(r, node, node->string, QEP_PERIODIC, &face->kind);
}

static int read_two_faces(reader *r, const json_node *node, qep_face face[2]) {
    static const char *const keys[] = {"low", "high"};
    int good = check_keys(r, node, keys, 2);
    for (int side = 0; side < 2; side++) {
        const json_node *member = json_member(node, keys[side]);
        good = (member ? read_face(r, member, &face[side])
                       : reject_missing(r, node, keys[side],
                                        "both faces are needed, or one kind for the whole axis")) &&
               good;
    }
    if (good && (face[0].kind == QEP_PERIODIC) != (face[1].kind == QEP_PERIODIC)) {
        return reject(r, node, "contradiction",
                      "periodic on one face only; a periodic axis repeats, so both faces are");
    }
    return good;
}

int read_boundary(reader *r, const config_row *row, const json_node *node) {
    const size_t axis = (size_t)(row->path[strlen("boundary.")] - 'x');
    qep_face *face = r->draft->config.face[axis];
    const double_list *points = &r->draft->points;
    if (points->count > 0 && axis >= points->count) {
        return reject(r, node, "inapplicable",
                      "the grid has %zu ax%s, so there are no faces across %s", points->count,
                      points->count == 1 ? "is" : "es", row_key(row));
    }
    int good;
    if (json_member(node, "low") || json_member(node, "high")) {
        good = read_two_faces(r, node, face);
    } else {
        good = read_face(r, node, &face[0]) && read_face(r, node, &face[1]);
    }
    if (good && axis < points->count && points->value[axis] == 1 && face[0].kind != QEP_PERIODIC) {
        return reject(r, node, "contradiction",
                      "the axis has one point, so it has no derivative; only its default "
                      "\"periodic\" is allowed");
    }
    return good;
}

static void write_face(writer *w, const qep_face *face) {
    const char *name = qep_bc_table()[face->kind].name;
    if (!face->value) {
        write_string(w, name);
        return;
    }
    write_open(w, '{');
    write_key(w, name);
    write_field(w, face->value);
    write_close(w, '}');
}

int write_boundary(writer *w, const draft *d, const config_row *row) {
    const int axis = row->path[strlen("boundary.")] - 'x';
    if (axis >= d->config.grid.ndim || !w) {
        return axis < d->config.grid.ndim;
    }
    const qep_face *face = d->config.face[axis];
    if (face[0].kind == QEP_PERIODIC) {
        write_face(w, &face[0]);
        return 1;
    }
    write_open(w, '{');
    write_key(w, "low");
    write_face(w, &face[0]);
    write_key(w, "high");
    write_face(w, &face[1]);
    write_close(w, '}');
    return 1;
}

/* Lists must have one number per axis. */
static int same_length(reader *r, const char *path, const double_list *list) {
    const size_t axes = r->draft->points.count;
    if (list->count == 0 || list->count == axes) {
        return 1;
    }
    return reject(r, blame(r, path), "contradiction", "%zu numbers came, but grid.points has %zu",
                  list->count, axes);
}

static int check_thickness(reader *r, const char *path, size_t axes, const char *what) {
    if (!row_given(r->draft, path) || r->draft->points.count == axes) {
        return 1;
    }
    return reject(r, blame(r, path), "inapplicable", "it %s; this grid has %zu ax%s", what,
                  r->draft->points.count, r->draft->points.count == 1 ? "is" : "es");
}

static int check_grid(reader *r) {
    draft *d = r->draft;
    int good = 1;
    if (!json_member(r->json->root, "grid") && stands_alone(r) && !drives_field(r)) {
        return 0;
    }
    if (!json_member(r->json->root, "grid")) {
        return reject_missing(r, r->json->root, "grid",
                              "{\"points\": [nx, ny, nz], \"lengths\": [Lx, Ly, Lz]}");
    }
    const json_node *grid = blame(r, "grid");
    if (grid->kind != JSON_OBJECT) {
        return 0;
    }
    if (!row_given(d, "grid.points")) {
        good = reject_missing(r, grid, "points",
                              "the number of samples along each axis, like [128, 128, 64]");
    }
    const int lengths = row_given(d, "grid.lengths"), spacing = row_given(d, "grid.spacing");
    if (lengths && spacing) {
        good = reject(r, blame(r, "grid.spacing"), "contradiction",
                      "give either \"lengths\" or \"spacing\", not both");
    } else if (!lengths && !spacing) {
        good = reject_missing(r, grid, "lengths", "the extent of each axis (or \"spacing\")");
    }
    if (d->points.count == 0) {
        return 0;
    }
    if (d->points.count > 3) {
        return reject(r, blame(r, "grid.points"), "out_of_range",
                      "%zu axes; one to three are possible", d->points.count);
    }
    good = same_length(r, "grid.lengths", &d->lengths) && good;
    good = same_length(r, "grid.spacing", &d->spacing) && good;
    good = same_length(r, "grid.origin", &d->origin) && good;
    good = check_thickness(r, "grid.cross_section", 1, "belongs to a 1-D grid") && good;
    good = check_thickness(r, "grid.thickness", 2, "belongs to a 2-D grid") && good;
    return good && (d->lengths.count || d->spacing.count);
}

void finish_grid(reader *r) {
    draft *d = r->draft;
    if (!check_grid(r) || r->failed) {
        return;
    }
    size_t points[3] = {1, 1, 1};
    qep_bc faces[3][2] = {{QEP_PERIODIC}};
    if (d->origin.count == 0) {
        void *zeros = NULL;
        if (qep_alloc(&zeros, d->points.count, sizeof(double), "origin", NULL) != QEP_OK) {
            reject_memory(r);
            return;
        }
        d->origin = (double_list){d->points.count, zeros};
    }
    for (size_t a = 0; a < d->points.count; a++) {
        points[a] = (size_t)d->points.value[a];
        faces[a][0] = d->config.face[a][0].kind;
        faces[a][1] = d->config.face[a][1].kind;
    }
    const size_t before = r->err ? r->err->count : 0;
    const qep_status status = qep_grid_init(
        &d->config.grid, (int)d->points.count, points, d->lengths.value, d->spacing.value,
        d->origin.value, d->sampling ? QEP_NODE : QEP_CELL, (const qep_bc(*)[2])faces, r->err);
    if (status != QEP_OK) {
        r->failed++;
        json_place_errors(r->json, blame(r, "grid"), 0, before, r->err);
    }
}
