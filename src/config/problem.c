/* What the whole configuration must satisfy: something drives phi, and the reading takes what is given. */
#include "config/reader.h"

#include <stddef.h>

const char *const sections_alone[] = {"bloch", "transport", NULL};

int stands_alone(const reader *r) {
    for (size_t i = 0; sections_alone[i]; i++) {
        if (json_member(r->json->root, sections_alone[i])) {
            return 1;
        }
    }
    return 0;
}

int drives_field(const reader *r) {
    return row_given(r->draft, "entropy") || row_given(r->draft, "charge") ||
           has_face_values(&r->draft->config);
}

/* Keys that only a field on a grid uses, beside sections that stand alone. */
static void check_idle(reader *r) {
    static const struct {
        const char *path;
        int of_grid; /* a grid is enough */
    } keys[] = {{"boundary", 1}, {"materials", 0}, {"coupling", 0}, {"reading", 0},     {"direction", 0},
                {"solver", 0},   {"time", 0},      {"probes", 0},   {"output.fields", 0}};
    const int grid = json_member(r->json->root, "grid") != NULL;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_node *node = row_node(r, keys[i].path);
        if (node && !(keys[i].of_grid && grid)) {
            reject(r, node, "inapplicable", "it belongs to a field on a grid, and %s",
                   grid ? "nothing drives one here: give \"entropy\", \"charge\" or boundary values"
                        : "no \"grid\" is given");
        }
    }
}

static void check_conductivity(reader *r) {
    const qep_field_spec *spec = r->draft->config.conductivity;
    double value = 0.0;
    if (spec && qep_field_is_constant(spec, &value) && value < 0.0) {
        reject(r, blame(r, "materials.conductivity"), "out_of_range",
               "%g S/m came; a conductivity is not negative", value);
    }
}

/* Fields that vary are judged by the run, which has their values. */
static void check_permittivity(reader *r) {
    const qep_field_spec *spec = r->draft->config.permittivity;
    double value = 0.0;
    if (!spec || !row_given(r->draft, "materials.permittivity")) {
        return;
    }
    if (qep_field_is_constant(spec, &value) && !(value > 0.0)) {
        reject(r, blame(r, "materials.permittivity"), "out_of_range",
               "%g came; a relative permittivity is greater than 0", value);
    }
}

void finish_problem(reader *r) {
    const qep_config *config = &r->draft->config;
    const int driven = field_is_present(config->charge) || has_face_values(config);
    check_conductivity(r);
    check_permittivity(r);
    r->draft->config.has_field = drives_field(r);
    if (!config->has_field && stands_alone(r)) {
        check_idle(r);
        return;
    }
    if (!config->has_field) {
        reject_missing(r, r->json->root, "entropy",
                       "the entropy density S in J/(K m^3); only problems with charge or boundary "
                       "values do without");
    }
    if (config->reading != QEP_READING_POISSON && driven) {
        const char *key = field_is_present(config->charge) ? "charge" : "boundary";
        reject_as(
            r, blame(r, key), QEP_ERR_PROBLEM, "inapplicable",
            "reading \"%s\" defines phi by the entropy alone and takes no charge and no boundary "
            "values; use reading \"poisson\"",
            qep_reading_name(config->reading));
    }
}
