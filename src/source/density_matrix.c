/* Von Neumann entropy of a density matrix at every point (T4, T9): S = -(k_B/v) sum p ln p over its eigenvalues, or of an ensemble of
 * pure states with weights, rho = sum w |psi><psi|, whose Gram matrix sqrt(w_k w_l) <psi_k|psi_l> has the same eigenvalues and is
 * smaller where there are fewer states than levels. Data are read slab by slab; every point is checked, and the worst is reported. */
#include "qep/base/constants.h"
#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/io/blocks.h"
#include "matrix_entropy.h"
#include "source_rows.h"
#include <math.h>
#include <stdint.h>

enum { FINITE, HERMITIAN, TRACE, NORM, WEIGHT, WEIGHTS, NEGATIVE, CHECKS };
static const size_t slab_numbers = (size_t)1 << 19; /* 8 MiB of complex numbers */

/* What a point can be wrong in, and how the message begins; the number is how far off it is. */
static const struct {
    const char *code, *text;
} checks[CHECKS] = {
    [FINITE] = {"not_finite", "a NaN or infinity stands"},
    [HERMITIAN] = {"not_hermitian", "the matrix is not Hermitian: rho_ij and the conjugate of rho_ji differ by"},
    [TRACE] = {"trace", "the trace is off by"},
    [NORM] = {"norm", "the norm <psi|psi> of a state is off 1 by"},
    [WEIGHT] = {"weights", "a weight lies below 0 by"},
    [WEIGHTS] = {"trace", "the sum of the weights is off 1 by"},
    [NEGATIVE] = {"negative", "an eigenvalue (a probability) lies below 0 by"},
};

typedef struct {
    double by; /* largest violation so far; 0: none */
    size_t at;
} violation;

typedef struct {
    const qep_source_request *request;
    qep_blocks *data, *weights;
    qep_block_shape shape, weight_shape;
    size_t levels, states, order; /* n; m of an ensemble, else 0; of the matrix that is diagonalised */
    double per_volume;            /* 1/v, or 0 where the field says */
    int trace_is_density;
    qep_source_samples density;
    double complex *slab, *weight_slab; /* [points, size] */
    violation worst[CHECKS];
} ensemble;

/* What one thread works with. */
typedef struct {
    double complex *matrix;
    double *eigenvalues;
    violation worst[CHECKS];
} workshop;

/* The larger violation, at equal size the one that comes first: the same for any order of points. */
static void note(violation *worst, double by, size_t at) {
    const double size = isnan(by) ? INFINITY : by;
    if (size > worst->by || (size == worst->by && size > 0.0 && at < worst->at)) {
        *worst = (violation){size, at};
    }
}

static int all_finite(const double complex *values, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += 0.0 * creal(values[i]) + 0.0 * cimag(values[i]);
    }
    return sum == 0.0;
}

/* The Hermitian part of the matrix at sample i; returns its trace. */
static double take_matrix(const ensemble *e, const double complex *rho, double expected, size_t i, workshop *w) {
    const size_t n = e->levels;
    double trace = 0.0, skew = 0.0;
    for (size_t r = 0; r < n; r++) {
        for (size_t c = 0; c <= r; c++) {
            const double complex a = rho[r * n + c], b = conj(rho[c * n + r]);
            skew = fmax(skew, cabs(a - b));
            w->matrix[c * n + r] = 0.5 * (a + b); /* lower triangle, columns first */
            w->matrix[r * n + c] = conj(w->matrix[c * n + r]);
        }
        trace += creal(rho[r * n + r]);
    }
    const double unit = expected > 0.0 ? expected : 1.0;
    note(&w->worst[HERMITIAN], skew / unit, i);
    note(&w->worst[TRACE], fabs(trace - expected) / unit, i);
    return trace;
}

/* <a|b> over n numbers. */
static double complex overlap(const double complex *a, const double complex *b, size_t n) {
    double complex sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        sum += conj(a[k]) * b[k];
    }
    return sum;
}

static void check_states(const ensemble *e, const double complex *psi, const double complex *weight, size_t i, workshop *w) {
    double sum = 0.0;
    for (size_t k = 0; k < e->states; k++) {
        const double p = creal(weight[k]);
        sum += p;
        note(&w->worst[WEIGHT], fmax(fmax(0.0, -p), fabs(cimag(weight[k]))), i);
        if (p > 0.0) {
            note(&w->worst[NORM], fabs(creal(overlap(psi + k * e->levels, psi + k * e->levels, e->levels)) - 1.0), i);
        }
    }
    note(&w->worst[WEIGHTS], fabs(sum - 1.0), i);
}

static double root(double complex weight) {
    return sqrt(fmax(0.0, creal(weight)));
}

/* The smaller of Gram matrix [m, m] and density matrix [n, n]; returns its trace. */
static double take_states(const ensemble *e, const double complex *psi, const double complex *weight, size_t i, workshop *w) {
    const size_t n = e->levels, m = e->states, order = e->order;
    double trace = 0.0;
    check_states(e, psi, weight, i, w);
    for (size_t r = 0; r < order; r++) {
        for (size_t c = 0; c < order; c++) {
            double complex sum = 0.0;
            if (m < n) {
                sum = root(weight[r]) * root(weight[c]) * overlap(psi + r * n, psi + c * n, n);
            }
            for (size_t k = 0; m >= n && k < m; k++) {
                sum += fmax(0.0, creal(weight[k])) * psi[k * n + r] * conj(psi[k * n + c]);
            }
            w->matrix[c * order + r] = sum;
        }
        trace += creal(w->matrix[r * order + r]);
    }
    return trace;
}

/* Entropy of sample i in J/(K m^3); k: its place in the slab. */
static double entropy_at(const ensemble *e, size_t i, size_t k, workshop *w) {
    const double complex *values = e->slab + (e->shape.single ? 0 : k) * e->shape.size;
    const double complex *weight = e->weights ? e->weight_slab + (e->weight_shape.single ? 0 : k) * e->weight_shape.size : NULL;
    const double density = e->per_volume > 0.0 ? e->per_volume : qep_source_sample(&e->density, i);
    if (!all_finite(values, e->shape.size) || (weight && !all_finite(weight, e->weight_shape.size))) {
        note(&w->worst[FINITE], INFINITY, i);
        return 0.0;
    }
    const double trace =
        weight ? take_states(e, values, weight, i, w) : take_matrix(e, values, e->trace_is_density ? density : 1.0, i, w);
    if (!(trace > 0.0) || !(density > 0.0)) {
        return 0.0;
    }
    double lowest = 0.0;
    const double entropy = qep_matrix_entropy(e->order, w->matrix, trace, w->eigenvalues, &lowest);
    note(&w->worst[NEGATIVE], fmax(0.0, -lowest), i);
    return QEP_BOLTZMANN * density * entropy;
}

static qep_status make_workshop(const ensemble *e, workshop *w, qep_error *err) {
    void *block = NULL;
    size_t size = 0;
    *w = (workshop){0};
    if (!qep_size_multiply(e->order, e->order, &size)) {
        size = SIZE_MAX;
    }
    QEP_TRY(qep_alloc(&block, size, sizeof(double complex), "density matrix of a point", err));
    w->matrix = block;
    return qep_alloc_doubles(&w->eigenvalues, e->order, "eigenvalues", err);
}

static void merge(violation *into, const violation *from) {
    for (int c = 0; c < CHECKS; c++) {
        if (from[c].by > 0.0) {
            note(&into[c], from[c].by, from[c].at);
        }
    }
}

/* All points of the slab that begins at sample `begin`. */
static qep_status compute_slab(ensemble *e, size_t begin, size_t count, double *out, qep_error *err) {
    qep_status status = QEP_OK;
    const int threads = qep_linear_is_thread_safe() ? e->request->setting->threads : 1;
#pragma omp parallel num_threads(threads)
    {
        workshop w;
        const qep_status made = make_workshop(e, &w, NULL);
#pragma omp for schedule(dynamic, 64)
        for (size_t k = 0; k < count; k++) {
            if (made == QEP_OK && qep_source_wanted(e->request, begin + k)) {
                out[begin + k] = entropy_at(e, begin + k, k, &w);
            }
        }
#pragma omp critical(qep_density_matrix)
        {
            status = made != QEP_OK ? made : status;
            merge(e->worst, w.worst);
        }
        qep_free(w.matrix);
        qep_free(w.eigenvalues);
    }
    return status == QEP_OK ? QEP_OK : qep_error_add(err, status, "memory", NULL, NULL, "no memory for a matrix of %zu levels", e->levels);
}

static qep_status report_worst(const ensemble *e, qep_error *err) {
    const double tolerance = qep_source_number(e->request->spec, "tolerance");
    for (int c = 0; c < CHECKS; c++) {
        const violation *worst = &e->worst[c];
        const char *key = c == WEIGHT || c == WEIGHTS ? "weights" : e->states ? "states" : "dataset";
        if (c == FINITE && worst->by > 0.0) {
            return qep_source_fault(e->request, QEP_ERR_INPUT, checks[c].code, key, worst->at, err, "%s", checks[c].text);
        }
        if (worst->by > tolerance) {
            return qep_source_fault(e->request, QEP_ERR_INPUT, checks[c].code, key, worst->at, err,
                                    "%s %.3g at the worst point (\"tolerance\" is %g%s), which is", checks[c].text, worst->by, tolerance,
                                    worst->by < 1e-5 ? "; numbers stored in single precision need 1e-6" : "");
        }
    }
    return QEP_OK;
}

static qep_status report_numbers(const ensemble *e, qep_error *err) {
    static const struct {
        int check;
        const char *name;
    } rows[] = {{HERMITIAN, "hermiticity_defect"}, {TRACE, "trace_defect"}, {NORM, "norm_defect"}, {NEGATIVE, "negativity"}};
    QEP_TRY(qep_source_report(e->request, "levels", (double)e->levels, NULL, err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int matrix_only = rows[i].check == HERMITIAN || rows[i].check == TRACE;
        if (rows[i].check == NEGATIVE || matrix_only == !e->states) {
            QEP_TRY(qep_source_report(e->request, rows[i].name, e->worst[rows[i].check].by, NULL, err));
        }
    }
    return QEP_OK;
}

/* ---- Files ----------------------------------------------------------------------------------------------------------------- */

static qep_status refuse_shape(const ensemble *e, const char *key, qep_error *err, const char *needed) {
    char path[QEP_ERROR_PATH];
    const qep_field_spec *spec = e->request->spec;
    return qep_error_add(err, QEP_ERR_INPUT, "shape", qep_source_path(spec, key, path), qep_source_text(spec, "hdf5"),
                         "%s:%s has [%zu, %zu] at each point; %s", qep_source_text(spec, "hdf5"), qep_source_text(spec, key),
                         e->shape.shape[0], e->shape.shape[1], needed);
}

static qep_status open_weights(ensemble *e, qep_error *err) {
    char path[QEP_ERROR_PATH];
    const qep_field_spec *spec = e->request->spec;
    const qep_block_request request = {qep_source_text(spec, "hdf5"), qep_source_text(spec, "weights"), e->request->setting->grid, 1, 1,
                                       qep_source_path(spec, "weights", path)};
    QEP_TRY(qep_blocks_open(&e->weights, &request, &e->weight_shape, err));
    return e->weight_shape.size == e->states ? QEP_OK : refuse_shape(e, "states", err, "the weights do not count as many states");
}

/* Data sets and sizes. */
static qep_status open_data(ensemble *e, qep_error *err) {
    char path[QEP_ERROR_PATH];
    const qep_field_spec *spec = e->request->spec;
    const char *key = qep_source_given(spec, "states") ? "states" : "dataset";
    const qep_block_request request = {qep_source_text(spec, "hdf5"), qep_source_text(spec, key), e->request->setting->grid, 2, 0,
                                       qep_source_path(spec, key, path)};
    QEP_TRY(qep_blocks_open(&e->data, &request, &e->shape, err));
    e->levels = e->order = e->shape.shape[1];
    if (!qep_source_given(spec, "states")) {
        return e->shape.shape[0] == e->levels ? QEP_OK : refuse_shape(e, key, err, "a density matrix is square");
    }
    e->states = e->shape.shape[0];
    e->order = e->states < e->levels ? e->states : e->levels;
    return open_weights(e, err);
}

/* The last one opened is closed first. */
static void release(ensemble *e) {
    qep_blocks_destroy(e->weights);
    qep_blocks_destroy(e->data);
    qep_free(e->slab);
    qep_free(e->weight_slab);
    qep_source_samples_free(&e->density);
}

static qep_status check(const qep_source_request *request, qep_error *err) {
    ensemble e = {.request = request};
    const qep_status status = open_data(&e, err);
    release(&e);
    return status;
}

static qep_status series(const qep_source_request *request, qep_read_series *found, qep_error *err) {
    ensemble e = {.request = request};
    qep_status status = open_data(&e, err);
    if (status == QEP_OK) {
        status = qep_blocks_series(e.data, found, err);
    }
    release(&e);
    return status;
}

/* ---- The field ------------------------------------------------------------------------------------------------------------- */

static qep_status allocate_slabs(ensemble *e, size_t *limit, qep_error *err) {
    void *block = NULL;
    size_t points = 1;
    *limit = slab_numbers > e->shape.size ? slab_numbers : e->shape.size;
    points = *limit / e->shape.size;
    QEP_TRY(qep_alloc(&block, *limit, sizeof(double complex), "slab of density matrices", err));
    e->slab = block;
    if (e->weights) {
        QEP_TRY(qep_alloc(&block, points * e->weight_shape.size, sizeof(double complex), "slab of weights", err));
        e->weight_slab = block;
    }
    return QEP_OK;
}

static qep_status read_slab(ensemble *e, size_t begin, size_t count, qep_error *err) {
    const size_t frame = e->request->setting->frame;
    QEP_TRY(qep_blocks_read(e->data, e->shape.frames ? frame : 0, begin, count, e->slab, err));
    if (!e->weights || (e->weight_shape.single && begin > 0)) {
        return QEP_OK;
    }
    return qep_blocks_read(e->weights, e->weight_shape.frames ? frame : 0, e->weight_shape.single ? 0 : begin,
                           e->weight_shape.single ? 1 : count, e->weight_slab, err);
}

static qep_status fill_slabs(ensemble *e, double *out, qep_error *err) {
    const size_t total = qep_grid_count(e->request->setting->grid);
    size_t limit = 0;
    QEP_TRY(allocate_slabs(e, &limit, err));
    for (size_t begin = 0, count; begin < total; begin += count) {
        count = qep_blocks_slab(e->data, begin, limit);
        QEP_TRY(read_slab(e, begin, count, err));
        QEP_TRY(compute_slab(e, begin, count, out, err));
    }
    QEP_TRY(report_worst(e, err));
    return report_numbers(e, err);
}

static qep_status fill(const qep_source_request *request, double *out, qep_error *err) {
    const qep_field_spec *spec = request->spec;
    ensemble e = {.request = request, .trace_is_density = qep_source_choice(spec, "trace") == 1};
    const double volume = qep_source_number(spec, "cell_volume");
    e.per_volume = volume > 0.0 ? 1.0 / volume : 0.0;
    qep_linear_setup();
    qep_status status = qep_source_samples_load(request, "density", 0.0, &e.density, err);
    if (status == QEP_OK) {
        status = open_data(&e, err);
    }
    if (status == QEP_OK) {
        status = fill_slabs(&e, out, err);
    }
    release(&e);
    return status;
}

/* ---- The row --------------------------------------------------------------------------------------------------------------- */

static qep_status contradiction(const qep_field_spec *spec, const char *key, qep_error *err, const char *text) {
    char path[QEP_ERROR_PATH];
    return qep_error_add(err, QEP_ERR_CONFIG, key ? "contradiction" : "missing_key", qep_source_path(spec, key, path), NULL, "%s", text);
}

static qep_status validate(const qep_field_spec *spec, qep_error *err) {
    const int dataset = qep_source_given(spec, "dataset"), states = qep_source_given(spec, "states"), weights = qep_source_given(spec, "weights");
    const int volume = qep_source_given(spec, "cell_volume"), density = qep_source_given(spec, "density");
    if (dataset == states) {
        return contradiction(spec, dataset ? "states" : NULL, err, "either \"dataset\" (density matrices) or \"states\" with \"weights\" is needed");
    }
    if (states != weights) {
        return contradiction(spec, weights ? "weights" : "states", err, "\"states\" and \"weights\" belong together");
    }
    if (volume == density) {
        return contradiction(spec, volume ? "density" : NULL, err,
                             "either \"cell_volume\" or \"density\" is needed: how many of these systems there are per volume");
    }
    if (qep_source_choice(spec, "trace") == 1 && (states || volume)) {
        return contradiction(spec, "trace", err, "trace \"density\" needs \"dataset\" and \"density\"");
    }
    return QEP_OK;
}

static const char *const trace_names[] = {"one", "density", NULL};

static const qep_source_output outputs[] = {{"entropy", QEP_DIMENSION(-1, 1, -2, 0, -1, 0, 0), "entropy density S"}};

/* clang-format off */
static const qep_source_parameter parameters[] = {
    {.key = "hdf5", .kind = QEP_PARAMETER_FILE, .required = 1, .example = "\"rho.h5\"", .doc = "File of the data sets."},
    {.key = "dataset", .kind = QEP_PARAMETER_TEXT, .example = "\"/rho\"",
     .doc = "Density matrices [nz, ny, nx, n, n]: complex (r, i), or with a last axis of 2, or real; a time axis may come first."},
    {.key = "states", .kind = QEP_PARAMETER_TEXT, .example = "\"/psi\"",
     .doc = "Instead of dataset: m pure states at each point, [nz, ny, nx, m, n], each of norm 1."},
    {.key = "weights", .kind = QEP_PARAMETER_TEXT, .example = "\"/w\"", .doc = "Their probabilities, [nz, ny, nx, m] or [m] for all points."},
    {.key = "cell_volume", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(3, 0, 0, 0, 0, 0, 0), .max = 1e300, .above = 1,
     .example = "\"0.1 nm^3\"", .doc = "Volume v of one system; closure cell counts in the same volume unless it states another."},
    {.key = "density", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(-3, 0, 0, 0, 0, 0, 0), .max = 1e300, .example = "\"1e22 cm^-3\"",
     .doc = "Instead of cell_volume: systems per volume, 1/v(r)."},
    {.key = "trace", .kind = QEP_PARAMETER_CHOICE, .choice = trace_names, .standard = "\"one\"", .example = "\"density\"",
     .doc = "What the trace of the matrices must be: one, or density (in m^-3), by which they are then divided."},
    {.key = "tolerance", .kind = QEP_PARAMETER_NUMBER, .standard = "1e-10", .max = 0.1, .above = 1, .example = "1e-6",
     .doc = "Largest deviation from Hermitian, trace, norm and positive that passes; p is then divided by the trace found."},
};
/* clang-format on */

const qep_source_row qep_source_density_matrix = {
    .name = "density_matrix",
    .doc = "Von Neumann entropy of a density matrix, or of weighted pure states, at every point.",
    .equation = "T9",
    .output = outputs,
    .outputs = 1,
    .parameter = parameters,
    .parameters = sizeof parameters / sizeof *parameters,
    .cell_volume = "cell_volume",
    .example = "{\"source\": \"density_matrix\", \"hdf5\": \"rho.h5\", \"dataset\": \"/rho\", \"cell_volume\": \"1 nm^3\"}",
    .validate = validate,
    .check = check,
    .series = series,
    .fill = fill,
};
