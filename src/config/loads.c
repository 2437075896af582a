/* "loads": resistors between electrodes, outside the sample. */
#include "config/reader.h"

#include "qep/base/memory.h"
#include <string.h>

enum { MAX_LOADS = 256 };

static int find_electrode(reader *r, const json_node *node, size_t *index) {
    const qep_conduction_section *c = &r->draft->config.conduction;
    const char *names[64];
    size_t count = 0;
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type", "%s came; the name of an electrode is needed",
                      json_kind_name(node));
    }
    for (size_t i = 0; i < c->electrode_count && count < 64; i++) {
        if (c->electrode[i].name && strcmp(c->electrode[i].name, node->string) == 0) {
            *index = i;
            return 1;
        }
        if (c->electrode[i].name) {
            names[count++] = c->electrode[i].name;
        }
    }
    return count ? reject_choice(r, node, node->string, names, count)
                 : reject(r, node, "missing_key",
                          "\"%.60s\" is no electrode: \"electrodes\" names none", node->string);
}

static int read_between(reader *r, const json_node *node, size_t between[2]) {
    if (node->kind != JSON_ARRAY || node->count != 2) {
        return reject(r, node, "wrong_type",
                      "two names of electrodes are needed, like [\"left\", \"right\"]");
    }
    int good = find_electrode(r, node->child[0], &between[0]);
    good = find_electrode(r, node->child[1], &between[1]) && good;
    if (good && between[0] == between[1]) {
        return reject(r, node, "contradiction",
                      "the load leads from \"%s\" to itself; it joins two electrodes",
                      node->child[0]->string);
    }
    return good;
}

static int read_resistance(reader *r, const json_node *node, double *resistance) {
    const qep_dimension ohm = qep_dimension_divide(QEP_DIM_VOLTAGE, QEP_DIM_CURRENT);
    if (!read_scalar(r, node, &ohm, resistance)) {
        return 0;
    }
    if (*resistance > 0.0) {
        return 1;
    }
    return *resistance < 0.0
               ? reject(r, node, "out_of_range", "%g ohm came; a resistance is greater than 0",
                        *resistance)
               : reject(r, node, "out_of_range",
                        "0 ohm came: a short makes one electrode of two. Hold both at one voltage "
                        "and read the current, or take a resistance far below that of the sample");
}

static int read_load(reader *r, const json_node *node, qep_load_entry *load) {
    static const char *const keys[] = {"between", "resistance"};
    if (node->kind != JSON_OBJECT) {
        return reject(
            r, node, "wrong_type",
            "%s came; {\"between\": [\"left\", \"right\"], \"resistance\": \"50 ohm\"} is "
            "needed",
            json_kind_name(node));
    }
    const json_node *between = json_member(node, keys[0]), *resistance = json_member(node, keys[1]);
    int good = check_keys(r, node, keys, 2);
    if (!between || !resistance) {
        return reject_missing(r, node, between ? keys[1] : keys[0],
                              "a load is {\"between\": [\"left\", \"right\"], \"resistance\": \"50 "
                              "ohm\"}");
    }
    good = read_between(r, between, load->between) && good;
    good = read_resistance(r, resistance, &load->resistance) && good;
    return good;
}

/* Currents through resistors are in A, so those of the electrodes must be. */
static int check_extent(reader *r, const json_node *node) {
    const size_t axes = r->draft->points.count;
    const int missing = axes > 0 && axes < 3 &&
                        !row_given(r->draft, axes == 1 ? "grid.cross_section" : "grid.thickness");
    return !missing ||
           reject(r, node, "missing_key",
                  "a load carries a current in A, but a %zu-D grid has currents per %s; "
                  "give grid.%s",
                  axes, axes == 1 ? "area" : "length", axes == 1 ? "cross_section" : "thickness");
}

int read_loads(reader *r, const config_row *row, const json_node *node) {
    (void)row;
    qep_conduction_section *c = &r->draft->config.conduction;
    void *block = NULL;
    if (node->kind != JSON_ARRAY) {
        return reject(r, node, "wrong_type", "%s came; a list of loads is needed",
                      json_kind_name(node));
    }
    if (node->count > MAX_LOADS) {
        return reject(r, node, "limit", "%zu loads; at most %d are allowed", node->count,
                      MAX_LOADS);
    }
    if (qep_alloc(&block, node->count, sizeof(qep_load_entry), "loads", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    c->load = block;
    c->load_count = node->count;
    int good = node->count == 0 || check_extent(r, node);
    for (size_t i = 0; i < node->count; i++) {
        good = read_load(r, node->child[i], &c->load[i]) && good;
    }
    return good;
}

int write_loads(writer *w, const draft *d, const config_row *row) {
    (void)row;
    const qep_conduction_section *c = &d->config.conduction;
    if (c->load_count == 0 || !w) {
        return c->load_count > 0;
    }
    write_open(w, '[');
    for (size_t i = 0; i < c->load_count; i++) {
        write_next(w);
        write_open(w, '{');
        write_key(w, "between");
        write_open(w, '[');
        for (int end = 0; end < 2; end++) {
            write_next(w);
            write_string(w, c->electrode[c->load[i].between[end]].name);
        }
        write_close(w, ']');
        write_key(w, "resistance");
        write_number(w, c->load[i].resistance);
        write_close(w, '}');
    }
    write_close(w, ']');
    return 1;
}
