/* "bloch.kgrid": points, shift and levels of refinement. */
#include "config/bloch.h"

#include "qep/base/memory.h"

static int read_points(reader *r, const json_node *node, qep_config_bloch *b) {
    if (!node || node->kind != JSON_ARRAY || (node->count != 2 && node->count != 3)) {
        return reject(r, node ? node : r->json->root, "wrong_type", "two or three integers are needed, one per axis of the k-grid");
    }
    b->axes = (int)node->count;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        double value = 0.0;
        good = read_integer(r, node->child[i], 2, 1e9, &value) && good;
        b->points[i] = (size_t)value;
    }
    return good;
}

static int read_shift(reader *r, const json_node *node, qep_config_bloch *b) {
    const qep_dimension none = QEP_DIM_NONE;
    double_list list = {0};
    int good = read_numbers(r, node, &none, &list);
    if (good && list.count != (size_t)b->axes) {
        good = reject(r, node, "contradiction", "%zu numbers came, but the k-grid has %d axes", list.count, b->axes);
    }
    for (size_t i = 0; good && i < list.count; i++) {
        b->shift[i] = list.value[i];
    }
    qep_free(list.value);
    return good;
}

int read_bloch_kgrid(reader *r, const config_row *row, const json_node *node) {
    static const char *const keys[] = {"points", "shift", "refine"};
    qep_config_bloch *b = &r->draft->config.bloch;
    (void)row;
    if (node->kind != JSON_OBJECT || !json_member(node, "points")) {
        return reject(r, node, "wrong_type", "{\"points\": [N1, N2, N3], \"shift\": [0, 0, 0]} is needed");
    }
    const json_node *shift = json_member(node, "shift"), *refine = json_member(node, "refine");
    double levels = 0.0;
    int good = check_keys(r, node, keys, 3);
    good = read_points(r, json_member(node, "points"), b) && good;
    good = (!shift || !good || read_shift(r, shift, b)) && good;
    good = (!refine || read_integer(r, refine, 0, 12, &levels)) && good;
    b->refine = (size_t)levels;
    return good;
}

int write_bloch_kgrid(writer *w, const draft *d, const config_row *row) {
    const qep_config_bloch *b = &d->config.bloch;
    (void)row;
    if (!b->given || !w) {
        return b->given;
    }
    write_open(w, '{');
    write_key(w, "points");
    write_open(w, '[');
    for (int i = 0; i < b->axes; i++) {
        write_next(w);
        write_format(w, "%zu", b->points[i]);
    }
    write_close(w, ']');
    write_key(w, "shift");
    write_open(w, '[');
    for (int i = 0; i < b->axes; i++) {
        write_next(w);
        write_number(w, b->shift[i]);
    }
    write_close(w, ']');
    write_key(w, "refine");
    write_format(w, "%zu", b->refine);
    write_close(w, '}');
    return 1;
}
