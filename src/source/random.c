/* Random fields: disorder with a mean, an rms and a correlation length, the same for the same seed; or two phases cut from such a field at a
 * level. mean and rms are those of the ensemble: a sample's own differ by chance, unless "statistics" asks for the sample. */
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "random_field.h"
#include "source_rows.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENSEMBLE, SAMPLE };
static const char *const spectra[] = {"gaussian", "exponential", "power", NULL};
static const char *const statistics[] = {"ensemble", "sample", NULL};

static qep_random_field describe(const qep_field_spec *spec) {
    return (qep_random_field){(qep_random_spectrum)qep_source_choice(spec, "spectrum"), qep_source_number(spec, "correlation_length"),
                              qep_source_number(spec, "exponent"), (uint64_t)(int64_t)qep_source_number(spec, "seed")};
}

/* ---- Moments of the sample ---- */

typedef struct {
    const double *u;
    double mean;
} moment;

static double square_block(const void *context, size_t begin, size_t end) {
    const moment *m = context;
    double sum = 0.0;
    for (size_t i = begin; i < end; i++) {
        sum += (m->u[i] - m->mean) * (m->u[i] - m->mean);
    }
    return sum;
}

static qep_status measure(const double *u, size_t count, int threads, double *mean, double *rms, qep_error *err) {
    double sum = 0.0, squares = 0.0;
    QEP_TRY(qep_reduce_array_sum(u, count, threads, &sum, err));
    *mean = sum / (double)count;
    const moment m = {u, *mean};
    QEP_TRY(qep_reduce_sum(count, square_block, &m, threads, &squares, err));
    *rms = sqrt(squares / (double)count);
    return QEP_OK;
}

static void affine(double *u, size_t count, int threads, double factor, double offset, double shift) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t i = 0; i < count; i++) {
        u[i] = shift + factor * (u[i] - offset);
    }
}

/* From mean 0 and variance 1 of the ensemble to what is asked, of the ensemble or of this sample. */
static qep_status scale(const qep_source_request *request, double *u, qep_error *err) {
    const size_t count = qep_grid_count(request->setting->grid);
    const int of_sample = qep_source_choice(request->spec, "statistics") == SAMPLE;
    double mean = 0.0, rms = 1.0;
    if (of_sample) {
        QEP_TRY(measure(u, count, request->setting->threads, &mean, &rms, err));
    }
    const double wanted = qep_source_number(request->spec, "rms");
    affine(u, count, request->setting->threads, rms > 0.0 ? wanted / rms : 0.0, mean, qep_source_number(request->spec, "mean"));
    return QEP_OK;
}

/* ---- Two phases ---- */

/* z with P(normal > z) = fraction, by bisection. */
static double normal_level(double fraction) {
    double low = -40.0, high = 40.0;
    for (int i = 0; i < 200; i++) {
        const double middle = 0.5 * (low + high);
        *(0.5 * erfc(middle / sqrt(2.0)) > fraction ? &low : &high) = middle;
    }
    return 0.5 * (low + high);
}

static int descending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The level above which just that fraction of these samples lies. */
static qep_status sample_level(const double *u, size_t count, double fraction, double *level, qep_error *err) {
    const size_t inside = (size_t)llround(fraction * (double)count);
    double *sorted = NULL;
    QEP_TRY(qep_alloc_doubles(&sorted, count, "sorted samples", err));
    memcpy(sorted, u, count * sizeof *u);
    qsort(sorted, count, sizeof *sorted, descending);
    *level = inside == 0 ? INFINITY : inside == count ? -INFINITY : 0.5 * (sorted[inside - 1] + sorted[inside]);
    qep_free(sorted);
    return QEP_OK;
}

static qep_status find_level(const qep_source_request *request, const double *u, double *level, qep_error *err) {
    const qep_field_spec *spec = request->spec;
    if (qep_source_given(spec, "phases.level")) {
        *level = qep_source_number(spec, "phases.level");
        return QEP_OK;
    }
    const double fraction = qep_source_number(spec, "phases.fraction");
    if (qep_source_choice(spec, "statistics") == SAMPLE) {
        return sample_level(u, qep_grid_count(request->setting->grid), fraction, level, err);
    }
    *level = fraction <= 0.0 ? INFINITY : fraction >= 1.0 ? -INFINITY : normal_level(fraction);
    return QEP_OK;
}

static qep_status cut(const qep_source_request *request, double level, double *u, qep_error *err) {
    const size_t count = qep_grid_count(request->setting->grid);
    qep_source_samples inside = {0}, outside = {0};
    size_t found = 0;
    qep_status status = qep_source_samples_load(request, "phases.inside", 0.0, &inside, err);
    if (status == QEP_OK) {
        status = qep_source_samples_load(request, "phases.outside", 0.0, &outside, err);
    }
    for (size_t i = 0; status == QEP_OK && i < count; i++) {
        const int in = u[i] > level;
        found += (size_t)in;
        u[i] = qep_source_sample(in ? &inside : &outside, i);
    }
    qep_source_samples_free(&inside);
    qep_source_samples_free(&outside);
    QEP_TRY(status);
    return qep_source_report(request, "inside_fraction", (double)found / (double)count, NULL, err);
}

/* ---- The source ---- */

static void warn_of_lengths(const qep_source_request *request, const qep_random_field *field, double seam) {
    const qep_grid *grid = request->setting->grid;
    const qep_log *log = request->setting->log;
    char path[QEP_ERROR_PATH];
    qep_source_path(request->spec, "correlation_length", path);
    for (int d = 0; d < grid->ndim; d++) {
        const qep_axis *axis = &grid->axis[d];
        if (axis->n > 1 && field->length < axis->h) {
            qep_log_write(log, QEP_LOG_WARNING, "%s: %g m is shorter than the spacing %g m along %c; samples are uncorrelated there", path,
                          field->length, axis->h, "xyz"[d]);
        }
        if (axis->n > 1 && 2.0 * field->length > axis->length) {
            qep_log_write(log, QEP_LOG_WARNING,
                          "%s: %g m exceeds half the extent %g m along %c; one sample says little of the ensemble, its own rms is far "
                          "below and its mean far from what was asked (\"statistics\": \"sample\" fixes both)",
                          path, field->length, axis->length, "xyz"[d]);
        }
    }
    if (seam > 0.01) {
        qep_log_write(log, QEP_LOG_WARNING, "%s: opposite faces remain correlated by up to %.2g more than exp asks", path, seam);
    }
}

static qep_status report(const qep_source_request *request, const double *u, qep_error *err) {
    char unit[64];
    double mean = 0.0, rms = 0.0;
    QEP_TRY(measure(u, qep_grid_count(request->setting->grid), request->setting->threads, &mean, &rms, err));
    qep_dimension_format(request->spec->dimension, unit, sizeof unit);
    QEP_TRY(qep_source_report(request, "sample_mean", mean, unit, err));
    return qep_source_report(request, "sample_rms", rms, unit, err);
}

static qep_status fill(const qep_source_request *request, double *out, qep_error *err) {
    const qep_random_field field = describe(request->spec);
    const int phases = qep_source_given(request->spec, "phases");
    qep_grid box;
    double seam = 0.0, level = 0.0;
    QEP_TRY(qep_random_box(&field, request->setting->grid, &box, &seam, err));
    warn_of_lengths(request, &field, seam);
    QEP_TRY(qep_random_fill(&field, request->setting->grid, request->setting->threads, out, err));
    if (!phases || qep_source_given(request->spec, "phases.level")) {
        QEP_TRY(scale(request, out, err));
    }
    if (phases) {
        QEP_TRY(find_level(request, out, &level, err));
        QEP_TRY(cut(request, level, out, err));
    }
    return report(request, out, err);
}

static qep_status refuse(const qep_field_spec *spec, const char *key, const char *text, qep_error *err) {
    char path[QEP_ERROR_PATH];
    return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", qep_source_path(spec, key, path), NULL, "%s", text);
}

static qep_status validate_phases(const qep_field_spec *spec, qep_error *err) {
    const int level = qep_source_given(spec, "phases.level"), fraction = qep_source_given(spec, "phases.fraction");
    if (level == fraction) {
        return refuse(spec, "phases", "two phases need either \"fraction\" or \"level\"", err);
    }
    if (fraction && (qep_source_given(spec, "mean") || qep_source_given(spec, "rms"))) {
        return refuse(spec, qep_source_given(spec, "rms") ? "rms" : "mean",
                      "has no effect where \"phases\" are cut by \"fraction\"; remove it, or give \"level\"", err);
    }
    return QEP_OK;
}

static qep_status validate(const qep_field_spec *spec, qep_error *err) {
    const int power = qep_source_choice(spec, "spectrum") == QEP_RANDOM_POWER;
    if (power != qep_source_given(spec, "exponent")) {
        return refuse(spec, power ? "spectrum" : "exponent", "spectrum \"power\" and \"exponent\" belong together", err);
    }
    if (qep_source_given(spec, "phases")) {
        QEP_TRY(validate_phases(spec, err));
    }
    if (!qep_source_given(spec, "rms") && !qep_source_given(spec, "phases.fraction")) {
        return refuse(spec, NULL, "\"rms\" is needed", err);
    }
    return QEP_OK;
}

/* The variance is a finite integral over k only above the number of axes. */
static qep_status check(const qep_source_request *request, qep_error *err) {
    const qep_grid *grid = request->setting->grid;
    const int axes = qep_grid_axis_active(grid, 0) + qep_grid_axis_active(grid, 1) + qep_grid_axis_active(grid, 2);
    char path[QEP_ERROR_PATH];
    if (!qep_source_given(request->spec, "exponent") || qep_source_number(request->spec, "exponent") > axes) {
        return QEP_OK;
    }
    return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", qep_source_path(request->spec, "exponent", path), NULL,
                         "%g came; on %d axes it must be greater than %d, or the variance would lie in the spacing of the grid alone",
                         qep_source_number(request->spec, "exponent"), axes, axes);
}

/* clang-format off */
static const qep_source_parameter parameters[] = {
    {.key = "seed", .kind = QEP_PARAMETER_INTEGER, .standard = "0", .min = 0, .max = 9007199254740992.0, .example = "7",
     .doc = "Number of the realisation; the same seed gives the same bits for any number of threads."},
    {.key = "mean", .kind = QEP_PARAMETER_NUMBER, .of_place = 1, .standard = "0", .example = "1e3", .doc = "Mean of the ensemble."},
    {.key = "rms", .kind = QEP_PARAMETER_NUMBER, .of_place = 1, .max = 1e300, .example = "50",
     .doc = "Root mean square deviation from the mean, of the ensemble. Required unless phases.fraction is given."},
    {.key = "correlation_length", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(1, 0, 0, 0, 0, 0, 0), .required = 1, .max = 1e300, .above = 1,
     .example = "0.3", .doc = "Length l: the correlation falls to 1/e over it (gaussian, exponential); 1/l is where the power law begins."},
    {.key = "spectrum", .kind = QEP_PARAMETER_CHOICE, .choice = spectra, .standard = "\"gaussian\"", .example = "\"exponential\"",
     .doc = "gaussian: correlation exp(-(r/l)^2); exponential: exp(-r/l); power: spectrum (1 + (k l)^2)^(-exponent/2)."},
    {.key = "exponent", .kind = QEP_PARAMETER_NUMBER, .max = 1e3, .above = 1, .example = "5", .doc = "Spectrum power: greater than the number of axes."},
    {.key = "statistics", .kind = QEP_PARAMETER_CHOICE, .choice = statistics, .standard = "\"ensemble\"", .example = "\"sample\"",
     .doc = "ensemble: mean, rms and fraction hold on average over seeds; sample: each realisation is shifted and scaled (cut) to have just these."},
    {.key = "phases", .kind = QEP_PARAMETER_GROUP, .doc = "Two phases: one value where the field lies above a level, another elsewhere."},
    {.key = "phases.fraction", .kind = QEP_PARAMETER_NUMBER, .max = 1, .example = "0.3", .doc = "Volume fraction of the inside; sets the level."},
    {.key = "phases.level", .kind = QEP_PARAMETER_NUMBER, .of_place = 1, .example = "1.1e3", .doc = "The level itself, instead of fraction."},
    {.key = "phases.inside", .kind = QEP_PARAMETER_FIELD, .of_place = 1, .required = 1, .example = "2e3", .doc = "Value where the field exceeds the level."},
    {.key = "phases.outside", .kind = QEP_PARAMETER_FIELD, .of_place = 1, .required = 1, .example = "1e3", .doc = "Value elsewhere."},
};
/* clang-format on */

const qep_source_row qep_source_random = {
    .name = "random",
    .doc = "Random field with a mean, an rms and a correlation length, or two phases cut from one.",
    .equation = "",
    .parameter = parameters,
    .parameters = sizeof parameters / sizeof *parameters,
    .whole = 1,
    .example = "{\"source\": \"random\", \"seed\": 3, \"mean\": 1e3, \"rms\": 50, \"correlation_length\": 0.3}",
    .validate = validate,
    .check = check,
    .fill = fill,
};
