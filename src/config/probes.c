/* "probes": named points inside the grid. */
#include "config/reader.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <string.h>

/* One coordinate per axis, inside the extent of the grid. */
int read_point(reader *r, const json_node *node, double at[3]) {
    const qep_dimension length = QEP_DIM_LENGTH;
    const qep_grid *grid = &r->draft->config.grid;
    double_list list = {0};
    int good = read_numbers(r, node, &length, &list);
    if (good && grid->ndim > 0 && list.count != (size_t)grid->ndim) {
        good = reject(r, node, "contradiction", "%zu coordinates came, but the grid has %d axes",
                      list.count, grid->ndim);
    }
    for (int a = 0; good && a < grid->ndim; a++) {
        const qep_axis *axis = &grid->axis[a];
        const double slack = 1e-9 * axis->length;
        at[a] = list.value[a];
        if (!(at[a] >= axis->origin - slack && at[a] <= axis->origin + axis->length + slack)) {
            good = reject(r, node->child[a], "out_of_range",
                          "%g m lies outside the grid, which reaches from %g to %g m along %c",
                          at[a], axis->origin, axis->origin + axis->length, "xyz"[a]);
        }
    }
    qep_free(list.value);
    return good;
}

enum { MAX_PROBES = 1000 };

static int read_probe(reader *r, const json_node *node, qep_probe *probe) {
    static const char *const keys[] = {"name", "at"};
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type",
                      "%s came; {\"name\": \"tip\", \"at\": [x, y, z]} is needed",
                      json_kind_name(node));
    }
    int good = check_keys(r, node, keys, 2);
    const json_node *name = json_member(node, "name"), *at = json_member(node, "at");
    if (!name || !at) {
        return reject_missing(r, node, name ? "at" : "name",
                              "a probe is {\"name\": \"tip\", \"at\": [x, y, z]}");
    }
    if (name->kind != JSON_STRING || !name->string[0] || strlen(name->string) > 60 ||
        strpbrk(name->string, "/.")) {
        return reject(r, name, "bad_name",
                      "a probe needs a name of 1 to 60 bytes without \"/\" and \".\"");
    }
    good = read_point(r, at, probe->at) && good;
    probe->name = qep_text_copy(name->string);
    return probe->name ? good : reject_memory(r);
}

/* Read after the grid is known, from finish_output. */
int read_probes(reader *r, const config_row *row, const json_node *node) {
    (void)row;
    return node->kind == JSON_ARRAY ||
           reject(r, node, "wrong_type", "%s came; a list of probes is needed",
                  json_kind_name(node));
}

void finish_probes(reader *r) {
    const json_node *node = json_member(r->json->root, "probes");
    qep_config *config = &r->draft->config;
    if (!node || node->kind != JSON_ARRAY || node->count == 0) {
        return;
    }
    void *block = NULL;
    if (node->count > MAX_PROBES) {
        reject(r, node, "limit", "%zu probes; at most %d are allowed", node->count, MAX_PROBES);
        return;
    }
    if (qep_alloc(&block, node->count, sizeof(qep_probe), "probes", NULL) != QEP_OK) {
        reject_memory(r);
        return;
    }
    config->probes = block;
    config->probe_count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        const qep_probe *probe = &config->probes[i];
        const int good = read_probe(r, node->child[i], &config->probes[i]);
        for (size_t k = 0; good && k < i; k++) {
            if (config->probes[k].name && strcmp(config->probes[k].name, probe->name) == 0) {
                reject(r, node->child[i], "contradiction", "the probe \"%s\" is named twice",
                       probe->name);
            }
        }
    }
}

int write_probes(writer *w, const draft *d, const config_row *row) {
    (void)row;
    if (d->config.probe_count == 0 || !w) {
        return d->config.probe_count > 0;
    }
    write_open(w, '[');
    for (size_t i = 0; i < d->config.probe_count; i++) {
        write_next(w);
        write_open(w, '{');
        write_key(w, "name");
        write_string(w, d->config.probes[i].name);
        write_key(w, "at");
        write_open(w, '[');
        for (int a = 0; a < d->config.grid.ndim; a++) {
            write_next(w);
            write_number(w, d->config.probes[i].at[a]);
        }
        write_close(w, ']');
        write_close(w, '}');
    }
    write_close(w, ']');
    return 1;
}
