/* Entropy density of the Bloch electrons of the section "bloch" at each point, s(mu(r), T(r)): computed as it is where few pairs occur, else
 * interpolated with an error that is controlled and reported. A sheet has an entropy per area; divided by its thickness it is a density. */
#include "pointwise.h"
#include "qep/bloch/atlas.h"
#include "source_rows.h"

static const double tolerance = 1e-11; /* of the largest s */

typedef struct {
    const qep_source_request *request;
    const qep_bloch_atlas *entropy;
    double thickness; /* m; 1 for solids */
    qep_source_samples temperature, mu;
} electrons;

static qep_status judge(const void *model, size_t i, qep_error *err) {
    const electrons *b = model;
    const double T = qep_source_sample(&b->temperature, i);
    return T >= 0.0 ? QEP_OK
                    : qep_source_fault(b->request, QEP_ERR_INPUT, "range", "temperature", i, err, "the temperature is %g K; it must not be negative", T);
}

static double evaluate(const void *model, size_t i, double density[QEP_POINT_SUMS]) {
    const electrons *b = model;
    qep_bloch_atlas_at(b->entropy, qep_source_sample(&b->temperature, i), qep_source_sample(&b->mu, i), 0, 1, density);
    return density[0] /= b->thickness;
}

/* The pairs (T, mu) of the samples that are wanted and warm. */
static int warm_sample(const void *user, size_t i, double *T, double *mu) {
    const electrons *b = user;
    if (!qep_source_wanted(b->request, i)) {
        return 0;
    }
    *T = qep_source_sample(&b->temperature, i);
    *mu = qep_source_sample(&b->mu, i);
    return *T > 0.0;
}

/* The first negative temperature ends it. */
static qep_status judge_all(const electrons *b, size_t count, qep_error *err) {
    for (size_t i = 0; i < count; i++) {
        QEP_TRY(qep_source_wanted(b->request, i) ? judge(b, i, err) : QEP_OK);
    }
    return QEP_OK;
}

static qep_status report(const electrons *b, double total, qep_error *err) {
    const double difference = qep_bloch_atlas_kgrid(b->entropy); /* about the root of the error that the k-grid makes */
    if (difference > 0.1) {
        qep_log_write(b->request->setting->log, QEP_LOG_WARNING,
                      "bloch: half as many k-points per axis change s by up to %.2g of its largest value; more points (/bloch/kgrid) or higher temperatures are "
                      "needed",
                      difference);
    }
    QEP_TRY(qep_source_report(b->request, "interpolation_error", qep_bloch_atlas_error(b->entropy), NULL, err));
    QEP_TRY(qep_source_report(b->request, "kgrid_difference", difference, NULL, err));
    QEP_TRY(qep_source_report(b->request, "interpolation_points", (double)qep_bloch_atlas_points(b->entropy), NULL, err));
    return qep_pointwise_report(b->request, "entropy", total, QEP_DIM_ENTROPY_DENSITY, err);
}

static qep_status run(electrons *b, double *out, qep_error *err) {
    const qep_bloch_problem *problem = qep_source_section(b->request);
    const qep_pointwise loop = {b->request, b, judge, evaluate};
    const qep_bloch_quantity *const s = qep_bloch_quantity_find("s");
    const size_t count = qep_grid_count(b->request->setting->grid);
    const qep_bloch_samples samples = {count, warm_sample, b};
    qep_bloch_atlas *entropy = NULL;
    double integral[QEP_POINT_SUMS];
    if (!problem) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", "/bloch", NULL, "the source \"bloch\" needs the section \"bloch\"");
    }
    QEP_TRY(qep_source_samples_load(b->request, "temperature", 0.0, &b->temperature, err));
    QEP_TRY(qep_source_samples_load(b->request, "chemical_potential", 0.0, &b->mu, err));
    QEP_TRY(judge_all(b, count, err));
    QEP_TRY(qep_bloch_atlas_create(&entropy, problem, &s, 1, &samples, tolerance, err));
    b->entropy = entropy;
    qep_status status = qep_pointwise_fill(&loop, out, integral, err);
    status = status == QEP_OK ? report(b, integral[0], err) : status;
    qep_bloch_atlas_destroy(entropy);
    return status;
}

static qep_status fill(const qep_source_request *request, double *out, qep_error *err) {
    const int sheet = qep_source_given(request->spec, "thickness");
    electrons b = {.request = request, .thickness = sheet ? qep_source_number(request->spec, "thickness") : 1.0};
    const qep_status status = run(&b, out, err);
    qep_source_samples_free(&b.temperature);
    qep_source_samples_free(&b.mu);
    return status;
}

static qep_status check(const qep_source_request *request, qep_error *err) {
    const qep_bloch_problem *problem = qep_source_section(request);
    const int given = qep_source_given(request->spec, "thickness");
    char path[QEP_ERROR_PATH];
    if (problem && (problem->model->dim == 2) != given) {
        return qep_error_add(err, QEP_ERR_CONFIG, given ? "inapplicable" : "missing_key", qep_source_path(request->spec, given ? "thickness" : NULL, path), NULL,
                             given ? "the model is a solid, which needs no \"thickness\""
                                   : "the model is a sheet with an entropy per area; give \"thickness\", the length that makes it a density");
    }
    return QEP_OK;
}

static const qep_source_output outputs[] = {{"entropy", QEP_DIMENSION(-1, 1, -2, 0, -1, 0, 0), "entropy density s(mu(r), T(r))"}};

/* clang-format off */
static const qep_source_parameter parameters[] = {
    {.key = "temperature", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(0, 0, 0, 0, 1, 0, 0), .required = 1, .max = 1e300,
     .example = "\"300 K\"", .doc = "Temperature T(r)."},
    {.key = "chemical_potential", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(2, 1, -2, 0, 0, 0, 0), .required = 1, .example = "\"1 eV\"",
     .doc = "Chemical potential mu(r); a bare number is in J."},
    {.key = "thickness", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(1, 0, 0, 0, 0, 0, 0), .max = 1e300, .above = 1, .example = "\"1 nm\"",
     .doc = "Thickness of a sheet (2-D model), which makes its entropy per area a density; required there, refused for solids."},
};
/* clang-format on */

const qep_source_row qep_source_bloch = {
    .name = "bloch",
    .doc = "Bloch electrons of the section \"bloch\": s(mu(r), T(r)) from its model and k-grid.",
    .equation = "T8",
    .output = outputs,
    .outputs = 1,
    .parameter = parameters,
    .parameters = sizeof parameters / sizeof *parameters,
    .section = "bloch",
    .example = "{\"source\": \"bloch\", \"temperature\": \"300 K\", \"chemical_potential\": \"1 eV\", \"thickness\": \"1 nm\"}",
    .check = check,
    .fill = fill,
};
