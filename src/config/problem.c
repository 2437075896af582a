/* What the whole configuration must satisfy: something drives phi, and the reading takes what is given. */
#include "config/reader.h"

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
    const int volts = config->conduction.given;
    const int driven = field_is_present(config->charge) || has_face_values(config);
    check_conductivity(r);
    check_permittivity(r);
    if (!row_given(r->draft, "entropy") && !row_given(r->draft, "charge") &&
        !has_face_values(config) && !volts) {
        reject_missing(r, r->json->root, "entropy",
                       "the entropy density S in J/(K m^3); only problems with charge, boundary "
                       "values or electrodes do without");
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
