/* "bloch.quantities", "bloch.maps" and "bloch.map_bands": what is to be computed. */
#include "config/bloch.h"

#include "qep/base/memory.h"
#include <string.h>

int read_bloch_quantities(reader *r, const config_row *row, const json_node *node) {
    qep_config_bloch *b = &r->draft->config.bloch;
    size_t count = 0;
    const qep_bloch_quantity *table = qep_bloch_quantities(&count);
    const char *names[64];
    void *block = NULL;
    (void)row;
    for (size_t i = 0; i < count && i < 64; i++) {
        names[i] = table[i].name;
    }
    if (node->kind != JSON_ARRAY || node->count == 0) {
        return reject(r, node, "wrong_type", "a list of quantities like [\"s\", \"sigma_H\"] is needed");
    }
    if (qep_alloc(&block, node->count, sizeof *b->quantity, "quantities", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    b->quantity = block;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        const json_node *child = node->child[i];
        const qep_bloch_quantity *found = child->kind == JSON_STRING ? qep_bloch_quantity_find(child->string) : NULL;
        if (!found) {
            good = child->kind == JSON_STRING ? reject_choice(r, child, child->string, names, count < 64 ? count : 64)
                                              : reject(r, child, "wrong_type", "the name of a quantity is needed");
            continue;
        }
        for (size_t k = 0; k < b->quantities; k++) {
            if (b->quantity[k] == found) {
                good = reject(r, child, "contradiction", "\"%s\" is listed twice", found->name);
            }
        }
        b->quantity[b->quantities++] = found;
    }
    return good;
}

int write_bloch_quantities(writer *w, const draft *d, const config_row *row) {
    const qep_config_bloch *b = &d->config.bloch;
    (void)row;
    if (b->quantities == 0 || !w) {
        return b->quantities > 0;
    }
    write_open(w, '[');
    for (size_t i = 0; i < b->quantities; i++) {
        write_next(w);
        write_string(w, b->quantity[i]->name);
    }
    write_close(w, ']');
    return 1;
}

/* ---- maps ---- */

/* Names of all maps: those of bands, then integrands; returns how many. */
static size_t list_maps(const char *names[64]) {
    size_t bands = 0, quantities = 0, count = 0;
    const qep_bloch_band_map *band = qep_bloch_band_maps(&bands);
    const qep_bloch_quantity *quantity = qep_bloch_quantities(&quantities);
    for (size_t i = 0; i < bands; i++) {
        names[count++] = band[i].name;
    }
    for (size_t i = 0; i < quantities && count < 64; i++) {
        if (qep_bloch_has_map(&quantity[i])) {
            names[count++] = quantity[i].name;
        }
    }
    return count;
}

static int read_map(reader *r, const json_node *node, qep_config_bloch *b) {
    const char *names[64];
    const size_t count = list_maps(names);
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type", "the name of a map is needed");
    }
    const qep_bloch_quantity *quantity = qep_bloch_quantity_find(node->string);
    const qep_bloch_map_request map = {qep_bloch_band_map_find(node->string), quantity && qep_bloch_has_map(quantity) ? quantity : NULL};
    if (quantity && !map.quantity && !map.band) {
        return reject(r, node, "inapplicable", "\"%s\" has no map: maps are scalars, vectors and tensors of rank 2 that are integrals over k", node->string);
    }
    if (!map.band && !map.quantity) {
        return reject_choice(r, node, node->string, names, count);
    }
    for (size_t k = 0; k < b->maps; k++) {
        if (b->map[k].band == map.band && b->map[k].quantity == map.quantity) {
            return reject(r, node, "contradiction", "\"%s\" is listed twice", node->string);
        }
    }
    b->map[b->maps++] = map;
    return 1;
}

int read_bloch_maps(reader *r, const config_row *row, const json_node *node) {
    qep_config_bloch *b = &r->draft->config.bloch;
    void *block = NULL;
    (void)row;
    if (node->kind != JSON_ARRAY || node->count == 0) {
        return reject(r, node, "wrong_type", "a list of maps like [\"berry_curvature\", \"alpha_H\"] is needed");
    }
    qep_free(b->map);
    b->map = NULL;
    b->maps = 0;
    if (qep_alloc(&block, node->count, sizeof *b->map, "maps", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    b->map = block;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        good = read_map(r, node->child[i], b) && good;
    }
    return good;
}

int write_bloch_maps(writer *w, const draft *d, const config_row *row) {
    const qep_config_bloch *b = &d->config.bloch;
    (void)row;
    if (b->maps == 0 || !w) {
        return b->maps > 0;
    }
    write_open(w, '[');
    for (size_t i = 0; i < b->maps; i++) {
        write_next(w);
        write_string(w, b->map[i].band ? b->map[i].band->name : b->map[i].quantity->name);
    }
    write_close(w, ']');
    return 1;
}

int read_bloch_map_bands(reader *r, const config_row *row, const json_node *node) {
    qep_config_bloch *b = &r->draft->config.bloch;
    void *block = NULL;
    (void)row;
    if (node->kind != JSON_ARRAY || node->count == 0) {
        return reject(r, node, "wrong_type", "a list of bands like [0, 1] is needed; the lowest is 0");
    }
    qep_free(b->map_band);
    b->map_band = NULL;
    b->map_bands = 0;
    if (qep_alloc(&block, node->count, sizeof *b->map_band, "bands of maps", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    b->map_band = block;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        double value = 0.0;
        if (!read_integer(r, node->child[i], 0, 1e6, &value)) {
            good = 0;
            continue;
        }
        for (size_t k = 0; k < b->map_bands; k++) {
            if (b->map_band[k] == (size_t)value) {
                good = reject(r, node->child[i], "contradiction", "band %zu is listed twice", (size_t)value);
            }
        }
        b->map_band[b->map_bands++] = (size_t)value;
    }
    return good;
}

int write_bloch_map_bands(writer *w, const draft *d, const config_row *row) {
    const qep_config_bloch *b = &d->config.bloch;
    (void)row;
    if (b->map_bands == 0 || !w) {
        return b->map_bands > 0;
    }
    write_open(w, '[');
    for (size_t i = 0; i < b->map_bands; i++) {
        write_next(w);
        write_format(w, "%zu", b->map_band[i]);
    }
    write_close(w, ']');
    return 1;
}
