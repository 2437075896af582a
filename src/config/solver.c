/* "solver": keys that only some problems have are refused where they would have no effect. */
#include "config/reader.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/grid/grid.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

int read_compatibility(reader *r, const config_row *row, const json_node *node) {
    const qep_dimension none = QEP_DIM_NONE;
    double value = -1.0;
    (void)row;
    if (node->kind == JSON_STRING && strcmp(node->string, "auto") == 0) {
        return 1;
    }
    if (!read_scalar(r, node, &none, &value)) {
        return 0;
    }
    if (!(value >= 0.0 && value <= 1.0)) {
        return reject(r, node, "out_of_range",
                      "%g came; \"auto\" or a number from 0 to 1 is needed", value);
    }
    r->draft->config.compatibility = value;
    return 1;
}

int write_compatibility(writer *w, const draft *d, const config_row *row) {
    (void)row;
    if (w && d->config.compatibility < 0.0) {
        write_string(w, "auto");
    } else if (w) {
        write_number(w, d->config.compatibility);
    }
    return 1;
}

int read_gauge(reader *r, const config_row *row, const json_node *node) {
    static const char *const names[] = {"zero_mean", "far_field"};
    (void)row;
    if (node->kind == JSON_STRING) {
        r->draft->config.gauge = strcmp(node->string, names[1]) == 0 ? QEP_GAUGE_FAR_FIELD : QEP_GAUGE_ZERO_MEAN;
        return strcmp(node->string, names[0]) == 0 || r->draft->config.gauge == QEP_GAUGE_FAR_FIELD ||
               reject_choice(r, node, node->string, names, 2);
    }
    return node->kind == JSON_OBJECT ||
           reject(r, node, "wrong_type",
                  "%s came; \"zero_mean\", \"far_field\" or {\"point\": [x, y, z], \"value\": \"0 V\"} is needed",
                  json_kind_name(node));
}

int write_gauge(writer *w, const draft *d, const config_row *row) {
    (void)row;
    if (w && d->config.gauge != QEP_GAUGE_POINT) {
        write_string(w, d->config.gauge == QEP_GAUGE_FAR_FIELD ? "far_field" : "zero_mean");
    } else if (w) {
        write_open(w, '{');
        write_key(w, "point");
        write_open(w, '[');
        for (int a = 0; a < d->config.grid.ndim; a++) {
            write_next(w);
            write_number(w, d->config.gauge_point[a]);
        }
        write_close(w, ']');
        write_key(w, "value");
        write_number(w, d->config.gauge_value);
        write_close(w, '}');
    }
    return 1;
}

/* Zero is zero in every unit, so "0 V" is understood whatever the unit of phi is. */
static int read_gauge_value(reader *r, const json_node *node, qep_dimension dimension,
                            double *value) {
    qep_dimension stated;
    int has_unit = 0;
    if (!read_quantity(r, node, &r->draft->config.parameters, value, &stated, &has_unit)) {
        return 0;
    }
    const qep_dimension volt = QEP_DIM_VOLTAGE;
    const int zero_volts = *value == 0.0 && qep_dimension_equal(stated, volt);
    return zero_volts || read_scalar(r, node, &dimension, value);
}

/* The gauge point needs the grid and the unit of phi, so it is read after both. */
static void finish_gauge(reader *r) {
    static const char *const keys[] = {"point", "value"};
    const json_node *node = row_node(r, "solver.gauge");
    qep_config *config = &r->draft->config;
    if (!node || node->kind != JSON_OBJECT || !check_keys(r, node, keys, 2)) {
        return;
    }
    const json_node *point = json_member(node, "point"), *value = json_member(node, "value");
    if (!point || !value) {
        reject_missing(r, node, point ? "value" : "point",
                       "a gauge point is {\"point\": [x, y, z], \"value\": \"0 V\"}");
        return;
    }
    const qep_dimension dimension = config->entropy ? phi_dimension(config) : QEP_DIM_VOLTAGE;
    config->gauge = QEP_GAUGE_POINT;
    if (!read_point(r, point, config->gauge_point) ||
        !read_gauge_value(r, value, dimension, &config->gauge_value)) {
        return;
    }
    const int both = field_is_present(config->charge) || has_face_values(config);
    if (both && config->gauge_value != 0.0 && !qep_dimension_equal(dimension, QEP_DIM_VOLTAGE)) {
        reject(r, value, "contradiction",
               "the parts of phi have different units here, so only the value 0 can fix the "
               "constant of both");
    }
}

/* Keys of problems whose constant is free, or a matter of convention. */
static void check_singular_keys(reader *r) {
    const qep_config *config = &r->draft->config;
    const qep_constant constant = qep_grid_constant(&config->grid);
    const int open = qep_grid_open_axes(&config->grid) > 0;
    const struct {
        const char *path;
        int used, fixed;
    } keys[] = {{"solver.neutralize", config->neutralize, constant != QEP_CONSTANT_FREE},
                {"solver.compatibility", config->compatibility >= 0.0, constant != QEP_CONSTANT_FREE},
                {"solver.gauge", config->gauge == QEP_GAUGE_POINT, constant == QEP_CONSTANT_FIXED}};
    const int other = config->reading != QEP_READING_POISSON;
    for (size_t i = 0; i < 3; i++) {
        if (keys[i].used && (keys[i].fixed || other)) {
            reject(r, blame(r, keys[i].path), "inapplicable", "%s; the key would have no effect",
                   other  ? "only reading \"poisson\" solves an equation with a free constant"
                   : open ? "free space takes up any flux and fixes the constant of phi"
                          : "a Dirichlet face fixes the constant of phi");
        }
    }
    if (config->gauge == QEP_GAUGE_FAR_FIELD && !open) {
        reject(r, blame(r, "solver.gauge"), "inapplicable", "\"far_field\" belongs to open faces, and there are none");
    }
}

void finish_solver(reader *r) {
    draft *d = r->draft;
    d->config.derivative = (qep_derivative)d->derivative;
    d->config.method = (qep_method)d->method;
    if (!row_given(d, "solver.gauge") && qep_grid_open_axes(&d->config.grid) > 0) {
        d->config.gauge = QEP_GAUGE_FAR_FIELD;
    }
    finish_gauge(r);
    check_singular_keys(r);
    finish_gauge_length(r);
}
