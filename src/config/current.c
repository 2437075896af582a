/* "entropy_current": the entropy current density J_s as one field per axis of the grid, for the continuity equation. */
#include "config/reader.h"

/* A list of fields that holds nothing yet known to be wrong; the number of axes is compared when the grid is known. */
int read_entropy_current(reader *r, const config_row *row, const json_node *node) {
    qep_field_spec **component = r->draft->config.entropy_current;
    if (node->kind != JSON_ARRAY || node->count == 0 || node->count > 3) {
        return reject(r, node, "wrong_type",
                      "%s came; a list of one field per axis is needed, like [0, \"1e-3*x\", 0]",
                      node->kind == JSON_ARRAY ? "a list of another length" : json_kind_name(node));
    }
    int good = 1;
    for (size_t d = 0; d < node->count; d++) {
        component[d] = read_field(r, node->child[d], row->dimension, 0);
        good = component[d] && good;
    }
    return good;
}

int write_entropy_current(writer *w, const draft *d, const config_row *row) {
    (void)row;
    qep_field_spec *const *component = d->config.entropy_current;
    if (!component[0] || !w) {
        return component[0] != NULL;
    }
    write_open(w, '[');
    for (int a = 0; a < 3 && component[a]; a++) {
        write_next(w);
        write_field(w, component[a]);
    }
    write_close(w, ']');
    return 1;
}

void finish_entropy_current(reader *r) {
    const json_node *node = json_member(r->json->root, "entropy_current");
    const int ndim = r->draft->config.grid.ndim;
    if (node && node->kind == JSON_ARRAY && node->count > 0 && node->count <= 3 &&
        node->count != (size_t)ndim) {
        reject(r, node, "contradiction", "%zu components came, but the grid has %d axes",
               node->count, ndim);
    }
}
