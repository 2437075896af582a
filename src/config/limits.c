/* "limits": the memory a run may use. */
#include "config/reader.h"

#include <stdio.h>
#include <string.h>

static int memory_unit(const char *text, double *factor) {
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"", 1},
                 {"B", 1},
                 {"kB", 1e3},
                 {"MB", 1e6},
                 {"GB", 1e9},
                 {"TB", 1e12},
                 {"KiB", 1024},
                 {"MiB", 1024.0 * 1024},
                 {"GiB", 1073741824.0},
                 {"TiB", 1099511627776.0}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) == 0) {
            *factor = units[i].factor;
            return 1;
        }
    }
    return 0;
}

int read_memory(reader *r, const config_row *row, const json_node *node) {
    double value = node->number, factor = 1.0;
    (void)row;
    if (node->kind == JSON_STRING) {
        char unit[8] = "";
        int used = 0;
        const size_t length = strlen(node->string);
        const int fields = strspn(node->string, "0123456789")
                               ? sscanf(node->string, "%60lf %7[A-Za-z]%n", &value, unit, &used)
                               : 0;
        if (fields == 1) {
            sscanf(node->string, "%60lf%n", &value, &used);
        }
        if (fields < 1 || (size_t)used != length || !memory_unit(unit, &factor)) {
            return reject(
                r, node, "bad_unit",
                "\"%.80s\" is no amount of memory; write \"8 GB\" (kB MB GB TB, KiB MiB GiB TiB) "
                "or a number of bytes",
                node->string);
        }
    } else if (node->kind != JSON_NUMBER) {
        return reject(r, node, "wrong_type", "%s came; \"8 GB\" or a number of bytes is needed",
                      json_kind_name(node));
    }
    value *= factor;
    if (!(value >= 1.0 && value <= 9007199254740992.0)) {
        return reject(r, node, "out_of_range",
                      "%g bytes came; from 1 byte to 2^53 bytes are allowed", value);
    }
    r->draft->config.memory_limit = (size_t)value;
    return 1;
}

int write_memory(writer *w, const draft *d, const config_row *row) {
    (void)row;
    if (w) {
        write_format(w, "%zu", d->config.memory_limit);
    }
    return d->config.memory_limit > 0;
}
