/* Entropy, particles and charge of the conductor of the section "transport": site values over the volume of a sample. Beyond the conductor
 * the leads go on with what they are inside. */
#include "pointwise.h"
#include "qep/base/constants.h"
#include "qep/transport/site_fields.h"
#include "source_rows.h"
#include <math.h>
#include <stdio.h>

enum { ENTROPY, DENSITY, CHARGE };

typedef struct {
    const qep_source_request *request;
    const qep_site_fields *fields;
    const double *site; /* [count], or NULL while nothing is computed */
    double factor;      /* of a site value: 1/volume, or -e/volume */
    qep_source_samples background;
} conductor;

/* The length or area that makes samples of a 2-D or 1-D grid volumes: the source's own, else the grid's; 0: unknown. */
static double depth_of(const qep_source_request *request) {
    const qep_field_setting *set = request->setting;
    if (set->grid->ndim == 3) {
        return 1.0;
    }
    const char *key = set->grid->ndim == 2 ? "thickness" : "cross_section";
    return qep_source_given(request->spec, key) ? qep_source_number(request->spec, key)
           : set->grid->ndim == 2               ? set->thickness
                                                : set->cross_section;
}

static double volume_of(const qep_source_request *request) {
    double volume = depth_of(request);
    for (int d = 0; d < request->setting->grid->ndim; d++) {
        volume *= request->setting->grid->axis[d].h;
    }
    return volume;
}

static int entropy_kind(const qep_source_request *request, const qep_site_fields *fields) {
    return qep_source_given(request->spec, "entropy") ? qep_source_choice(request->spec, "entropy")
                                                      : fields->entropy;
}

static qep_status judge(const void *model, size_t i, qep_error *err) {
    (void)model, (void)i, (void)err;
    return QEP_OK;
}

static double evaluate(const void *model, size_t i, double density[QEP_POINT_SUMS]) {
    const conductor *c = model;
    const double charge = -QEP_E_CHARGE * qep_source_sample(&c->background, i);
    density[0] = (c->site ? c->site[i] * c->factor : 0.0) - charge;
    return density[0];
}

/* Bounds of the values given, and the step at the leads, in the unit of the quantity. */
static qep_status report(const conductor *c, double total, qep_error *err) {
    const qep_source_request *request = c->request;
    const qep_source_output *output = &request->spec->source->output[request->spec->quantity];
    const int kind = entropy_kind(request, c->fields);
    const int is_entropy = request->spec->quantity == ENTROPY;
    const double error = is_entropy ? c->fields->error_s[kind] : c->fields->error_n,
                 step = is_entropy ? c->fields->step_s[kind] : c->fields->step_n;
    char unit[64], name[64];
    static const char *const names[] = {"entropy", "particles", "charge"};
    const qep_dimension whole = qep_dimension_multiply(output->dimension, QEP_DIM_VOLUME);
    snprintf(name, sizeof name, "%s_on_grid", names[request->spec->quantity]);
    qep_dimension_format(whole, unit, sizeof unit);
    QEP_TRY(qep_source_report(request, name, total * depth_of(request),
                              qep_dimension_equal(whole, QEP_DIM_NONE) ? NULL : unit, err));
    qep_dimension_format(output->dimension, unit, sizeof unit);
    snprintf(name, sizeof name, "%s_error_bound", output->name);
    QEP_TRY(qep_source_report(request, name, error * fabs(c->factor), unit, err));
    snprintf(name, sizeof name, "%s_step_at_leads", output->name);
    return qep_source_report(request, name, step * fabs(c->factor), unit, err);
}

static qep_status run(conductor *c, double *out, qep_error *err) {
    const qep_pointwise loop = {c->request, c, judge, evaluate};
    const double *const values[] = {c->fields->s[entropy_kind(c->request, c->fields)], c->fields->n,
                                    c->fields->n};
    double total[QEP_POINT_SUMS];
    c->site = c->fields->solved ? values[c->request->spec->quantity] : NULL;
    c->factor =
        (c->request->spec->quantity == CHARGE ? -QEP_E_CHARGE : 1.0) / volume_of(c->request);
    QEP_TRY(qep_source_samples_load(c->request, "background", 0.0, &c->background, err));
    QEP_TRY(qep_pointwise_fill(&loop, out, total, err));
    return c->fields->solved ? report(c, total[0], err) : QEP_OK;
}

/* What the section and the grid must have. */
static qep_status check(const qep_source_request *request, qep_error *err) {
    const qep_site_fields *fields = qep_source_section(request);
    const int ndim = request->setting->grid->ndim;
    char path[QEP_ERROR_PATH];
    if (!fields) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", "/transport", NULL,
                             "the source \"transport\" needs the section \"transport\"");
    }
    if (fields->lack) {
        return qep_error_add(err, QEP_ERR_CONFIG, "inapplicable", fields->lack_at, NULL,
                             "%s, and the source \"transport\" at %s needs site fields on the grid",
                             fields->lack, qep_source_path(request->spec, NULL, path));
    }
    static const char *const keys[] = {NULL, "cross_section", "thickness"};
    for (int k = 1; k < 3; k++) {
        if (qep_source_given(request->spec, keys[k]) && k != ndim) {
            return qep_error_add(
                err, QEP_ERR_CONFIG, "inapplicable", qep_source_path(request->spec, keys[k], path),
                NULL, "\"%s\" belongs to a %d-D grid; this one has %d axes", keys[k], k, ndim);
        }
    }
    if (!(depth_of(request) > 0.0)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key",
                             qep_source_path(request->spec, NULL, path), NULL,
                             "\"%s\" is missing: sites of a %d-D grid have values per %s; give "
                             "\"%s\" here or in \"grid\"",
                             keys[ndim], ndim, ndim == 2 ? "area" : "length", keys[ndim]);
    }
    return QEP_OK;
}

static qep_status fill(const qep_source_request *request, double *out, qep_error *err) {
    conductor c = {.request = request, .fields = qep_source_section(request)};
    char path[QEP_ERROR_PATH];
    QEP_TRY(check(request, err));
    if (!c.fields->solved && !c.fields->checking) {
        return qep_error_add(err, QEP_ERR_CONFIG, "inapplicable",
                             qep_source_path(request->spec, NULL, path), NULL,
                             "the source \"transport\" gives entropy and charge; what it needs "
                             "itself and what is evaluated before it (permittivity, profile) "
                             "cannot follow from it");
    }
    const qep_status status = run(&c, out, err);
    qep_source_samples_free(&c.background);
    return status;
}

static qep_status validate(const qep_field_spec *spec, qep_error *err) {
    char path[QEP_ERROR_PATH];
    if (qep_source_given(spec, "entropy") && spec->quantity != ENTROPY) {
        return qep_error_add(err, QEP_ERR_CONFIG, "inapplicable",
                             qep_source_path(spec, "entropy", path), NULL,
                             "it chooses among entropies; \"quantity\" is \"%s\"",
                             spec->source->output[spec->quantity].name);
    }
    if (qep_source_given(spec, "background") && spec->quantity != CHARGE) {
        return qep_error_add(err, QEP_ERR_CONFIG, "inapplicable",
                             qep_source_path(spec, "background", path), NULL,
                             "it belongs to \"quantity\": \"charge\"");
    }
    return QEP_OK;
}

static const char *const entropies[] = {"hs", "dist", "site", NULL};

static const qep_source_output outputs[] = {
    [ENTROPY] = {"entropy", QEP_DIMENSION(-1, 1, -2, 0, -1, 0, 0),
                 "entropy density of the conductor"},
    [DENSITY] = {"density", QEP_DIMENSION(-3, 0, 0, 0, 0, 0, 0),
                 "particle density n, spin included"},
    [CHARGE] = {"charge", QEP_DIMENSION(-3, 0, 1, 1, 0, 0, 0),
                "charge density -e (n - background)"},
};

/* clang-format off */
static const qep_source_parameter parameters[] = {
    {.key = "entropy", .kind = QEP_PARAMETER_CHOICE, .choice = entropies, .example = "\"hs\"",
     .doc = "Which entropy of a site: of the scattering states, of the local distribution, of the one-site state; default: transport.entropy."},
    {.key = "thickness", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(1, 0, 0, 0, 0, 0, 0), .max = 1e300, .above = 1, .example = "\"10 nm\"",
     .doc = "Thickness of the electron gas on a 2-D grid; default: grid.thickness; one of them is required there."},
    {.key = "cross_section", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(2, 0, 0, 0, 0, 0, 0), .max = 1e300, .above = 1,
     .example = "\"25 nm^2\"", .doc = "Cross-section of the wire on a 1-D grid; default: grid.cross_section; one of them is required there."},
    {.key = "background", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(-3, 0, 0, 0, 0, 0, 0), .example = "\"1e18 cm^-3\"",
     .doc = "Fixed positive charge over e, in 1/m^3 (quantity charge); default 0."},
};
/* clang-format on */

const qep_source_row qep_source_transport = {
    .name = "transport",
    .doc =
        "The conductor of the section \"transport\" on the grid, beyond it the leads' own inside.",
    .equation = "T24",
    .output = outputs,
    .outputs = sizeof outputs / sizeof *outputs,
    .parameter = parameters,
    .parameters = sizeof parameters / sizeof *parameters,
    .section = "transport",
    .example = "{\"source\": \"transport\", \"entropy\": \"hs\"}",
    .validate = validate,
    .check = check,
    .fill = fill,
};
