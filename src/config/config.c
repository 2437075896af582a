/* From text to a checked configuration: tree, overrides, rows, then what rows must satisfy together. */
#include "qep/config/config.h"

#include "config/bloch.h"
#include "config/read_rows.h"
#include "config/transport.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void destroy_lists(draft *d) {
    double_list *lists[] = {&d->points, &d->lengths,   &d->spacing,
                            &d->origin, &d->direction, &d->times};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        qep_free(lists[i]->value);
    }
}

static void destroy_names(qep_config *config) {
    for (size_t i = 0; i < config->override_count; i++) {
        qep_free(config->overrides[i]);
    }
    for (size_t i = 0; i < config->parameters.count; i++) {
        qep_free((void *)(uintptr_t)config->parameters.name[i]);
    }
    for (size_t i = 0; i < config->probe_count; i++) {
        qep_free((void *)(uintptr_t)config->probes[i].name);
    }
    for (size_t i = 0; i < config->conduction.electrode_count; i++) {
        qep_free((void *)(uintptr_t)config->conduction.electrode[i].name);
        qep_free(config->conduction.electrode[i].where);
    }
    qep_free(config->conduction.electrode);
    qep_free(config->conduction.load);
    qep_free(config->overrides);
    qep_free((void *)(uintptr_t)config->parameters.name);
    qep_free((void *)(uintptr_t)config->parameters.value);
    qep_free(config->probes);
}

void qep_config_destroy(qep_config *config) {
    if (!config) {
        return;
    }
    qep_field_spec *fields[] = {config->entropy, config->charge, config->conductivity,
                                config->permittivity, config->coupling.profile};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        qep_field_spec_destroy(fields[i]);
    }
    for (int a = 0; a < 3; a++) {
        qep_field_spec_destroy(config->entropy_current[a]);
        qep_field_spec_destroy(config->face[a][0].value);
        qep_field_spec_destroy(config->face[a][1].value);
        qep_field_spec_destroy(config->conduction.face[a][0].value);
        qep_field_spec_destroy(config->conduction.face[a][1].value);
    }
    destroy_bloch(&config->bloch);
    destroy_transport(&config->transport);
    destroy_names(config);
    destroy_lists((draft *)config);
    json_destroy(config->json);
    qep_free(config->times);
    qep_free(config->fields);
    qep_free(config->output_file);
    qep_free(config->text);
    qep_free(config->name);
    qep_free(config->directory);
    qep_free(config);
}

static qep_status keep_overrides(qep_config *config, const qep_config_options *options,
                                 qep_error *err) {
    const size_t count = options ? options->set_count : 0;
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, count, sizeof(char *), "overrides", err));
    config->overrides = block;
    qep_status status = QEP_OK;
    for (size_t i = 0; i < count; i++) {
        config->overrides[i] = qep_text_copy(options->set[i]);
        config->override_count = i + 1;
        if (!config->overrides[i]) {
            return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, config->name,
                                 "no memory for --set");
        }
        const qep_status one = json_override(config->json, options->set[i], err);
        status = status == QEP_OK ? one : status;
    }
    return status;
}

static int by_place(const void *a, const void *b) {
    const qep_error_item *left = a, *right = b;
    if (left->line != right->line) {
        return (left->line > right->line) - (left->line < right->line);
    }
    return (left->column > right->column) - (left->column < right->column);
}

/* Errors in the order of the text; insertion keeps the order of equals. */
static void sort_errors(qep_error *err, size_t from) {
    for (size_t i = from + 1; err && i < err->count; i++) {
        for (size_t k = i; k > from && by_place(&err->item[k - 1], &err->item[k]) > 0; k--) {
            const qep_error_item swap = err->item[k];
            err->item[k] = err->item[k - 1];
            err->item[k - 1] = swap;
        }
    }
}

static void validate(reader *r) {
    if (r->json->root->kind != JSON_OBJECT) {
        reject(r, r->json->root, "wrong_type", "%s came; a configuration is an object {...}",
               json_kind_name(r->json->root));
        return;
    }
    check_structure(r);
    read_rows(r);
    finish_coupling(r);
    finish_time(r);
    default_faces_of_electrodes(r->draft);
    finish_bloch(r);
    finish_grid(r);
    if (r->draft->config.grid.ndim > 0) {
        finish_open(r);
        finish_solver(r);
        finish_entropy_current(r);
        finish_probes(r);
        finish_conduction(r);
    }
    finish_transport(r);
    finish_problem(r);
    finish_output(r);
}

static draft *new_draft(const char *text, size_t length, const char *name, const char *directory) {
    void *block = NULL;
    if (qep_alloc(&block, 1, sizeof(draft), "configuration", NULL) != QEP_OK) {
        return NULL;
    }
    draft *d = block;
    d->config.name = qep_text_copy(name);
    d->config.text = qep_text_copy_n(text, length);
    d->config.directory = qep_text_copy(directory ? directory : "");
    d->config.compatibility = -1.0;
    d->config.max_iterations = 500;
    d->config.coupling.entropy_at_infinity = NAN;
    if (!d->config.name || !d->config.text || !d->config.directory) {
        qep_config_destroy(&d->config);
        return NULL;
    }
    return d;
}

qep_status qep_config_parse(qep_config **config, const char *text, size_t length, const char *name,
                            const char *directory, const qep_config_options *options,
                            qep_error *err) {
    qep_error *local = NULL;
    void *block = NULL;
    *config = NULL;
    if (!err) { /* the worst status needs a list */
        QEP_TRY(qep_alloc(&block, 1, sizeof *local, "errors", NULL));
        err = local = block;
    }
    const size_t before = err->count;
    draft *d = new_draft(text, length, name, directory);
    qep_status status = d ? json_parse(&d->config.json, text, length, name, err)
                          : qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, name,
                                          "the configuration does not fit into memory");
    if (status == QEP_OK) {
        status = keep_overrides(&d->config, options, err);
    }
    if (status == QEP_OK) {
        reader r = {
            .draft = d, .json = d->config.json, .directory = d->config.directory, .err = err};
        validate(&r);
        sort_errors(err, before);
        status = r.failed ? QEP_ERR_CONFIG : QEP_OK;
    }
    if (status != QEP_OK) {
        for (size_t i = before; i < err->count; i++) {
            const qep_status one = err->item[i].status;
            status = qep_status_exit_code(one) > qep_status_exit_code(status) ? one : status;
        }
    }
    if (status == QEP_OK) {
        *config = &d->config;
    } else if (d) {
        qep_config_destroy(&d->config);
    }
    qep_free(local);
    return status;
}

/* json_find stops at the last object that is there: what made that one says nothing about a key inside it that is missing. */
static int is_there(const json_node *root, const char *path, const json_node *found) {
    char parent[sizeof((qep_error_item *)0)->path];
    snprintf(parent, sizeof parent, "%s", path);
    char *last = strrchr(parent, '/');
    if (last) {
        *last = '\0';
    }
    return json_find(root, parent) != found;
}

void qep_config_locate(const qep_config *config, qep_error *err) {
    for (size_t i = 0; err && i < err->count; i++) {
        qep_error_item *item = &err->item[i];
        const json_node *node = item->path[0] == '/' && item->line == 0
                                    ? json_find(config->json->root, item->path)
                                    : NULL;
        if (!node || strncmp(item->file, "--set", 5) == 0) {
            continue;
        }
        if (node->origin && is_there(config->json->root, item->path, node)) {
            snprintf(item->file, sizeof item->file, "%s", node->origin);
            continue;
        }
        if (!item->file[0]) {
            snprintf(item->file, sizeof item->file, "%s", config->name);
        }
        if (node == config->json->root) {
            continue; /* about a key of which not even the section is given: line 1 would say nothing */
        }
        /* Also where the fault is in another file: the place is that of the key that names it. */
        json_line_column(config->json->text, node->value_at, &item->line, &item->column);
    }
}
