/* Patterns of two values: dots or antidots (cylinders) on a square or hexagonal lattice, stripes. The first centre lies half a period
 * inside the low faces; each may be displaced at random by up to the jitter along each axis. Where the period fits a periodic axis
 * the pattern goes on through the face, displacements included. */
#include "qep/base/random.h"
#include "qep/base/reduce.h"
#include "source_rows.h"
#include <math.h>
#include <stdio.h>

enum { DOTS, ANTIDOTS, STRIPES };
enum { SQUARE, HEXAGONAL };
static const char *const kinds[] = {"dots", "antidots", "stripes", NULL};
static const char *const lattices[] = {"square", "hexagonal", NULL};
static const char *const axes[] = {"x", "y", "z", NULL};

typedef struct {
    const qep_source_request *request;
    const qep_grid *grid;
    int kind, hexagonal, antialias;
    int across[2];      /* axes of the lattice; the second is -1 for stripes */
    double period[2];   /* of columns and rows, m */
    long long wrap[2];  /* sites along a periodic axis that the period fits; 0: none */
    double size, jitter;
    uint64_t seed;
    long long reach; /* sites to look at on each side */
} pattern;

/* ---- Geometry ---- */

static long long wrapped(const pattern *p, int d, long long site) {
    return p->wrap[d] ? (site % p->wrap[d] + p->wrap[d]) % p->wrap[d] : site;
}

/* Uniform in [-jitter, jitter], by the site and the direction alone. */
static double displacement(const pattern *p, long long column, long long row, int d) {
    const uint64_t index = ((uint64_t)(uint32_t)wrapped(p, 1, row) << 32) | (uint32_t)wrapped(p, 0, column);
    return p->jitter > 0.0 ? p->jitter * (2.0 * qep_random_uniform(p->seed, 1U + (uint32_t)d, index) - 1.0) : 0.0;
}

/* How far the point at distances v from a centre lies inside the edge, in spacings along the normal. */
static double depth(const pattern *p, const double v[2]) {
    const double distance = hypot(v[0], v[1]), ha = p->grid->axis[p->across[0]].h;
    const double hb = p->across[1] < 0 ? ha : p->grid->axis[p->across[1]].h;
    const double width = distance > 0.0 ? (fabs(v[0]) * ha + fabs(v[1]) * hb) / distance : ha;
    return (0.5 * p->size - distance) / width;
}

/* Column of a row that lies nearest: odd rows of a hexagonal lattice are half a period ahead. */
static double row_shift(const pattern *p, long long row) {
    return p->hexagonal && (row % 2 != 0) ? 0.5 : 0.0;
}

/* Share of a sample that the dots (or stripes) cover; u: distances from the low faces along the lattice. */
static double covered(const pattern *p, const double u[2]) {
    const int flat = p->across[1] < 0;
    const long long row = flat ? 0 : (long long)floor(u[1] / p->period[1]), rows = flat ? 0 : p->reach;
    double best = -INFINITY;
    for (long long j = row - rows; j <= row + rows; j++) {
        const double shift = row_shift(p, j);
        const long long column = (long long)floor(u[0] / p->period[0] - shift);
        for (long long i = column - p->reach; i <= column + p->reach; i++) {
            const double v[2] = {u[0] - ((double)i + 0.5 + shift) * p->period[0] - displacement(p, i, j, 0),
                                 flat ? 0.0 : u[1] - ((double)j + 0.5) * p->period[1] - displacement(p, i, j, 1)};
            best = fmax(best, depth(p, v));
        }
    }
    return p->antialias ? fmin(fmax(0.5 + best, 0.0), 1.0) : (best >= 0.0 ? 1.0 : 0.0);
}

static double inside_share(const pattern *p, size_t i) {
    const size_t nx = p->grid->axis[0].n, ny = p->grid->axis[1].n;
    const size_t index[3] = {i % nx, i / nx % ny, i / nx / ny};
    double u[2] = {0.0, 0.0};
    for (int d = 0; d < 2 && p->across[d] >= 0; d++) {
        const int axis = p->across[d];
        u[d] = qep_grid_coordinate(p->grid, axis, index[axis]) - p->grid->axis[axis].origin;
    }
    const double share = covered(p, u);
    return p->kind == ANTIDOTS ? 1.0 - share : share;
}

/* ---- The source ---- */

/* Sites along a periodic axis when a whole number of periods (of pairs of rows) fits, else 0; `fits` says so of any axis. */
static long long sites(const pattern *p, int d, int *seam) {
    const qep_axis *axis = &p->grid->axis[p->across[d]];
    const double step = p->hexagonal && d == 1 ? 2.0 : 1.0, count = axis->length / p->period[d] / step;
    const int fits = fabs(count - round(count)) <= 1e-6 * count && round(count) > 0.0;
    if (axis->bc[0] != QEP_PERIODIC || axis->n == 1) {
        return 0;
    }
    *seam |= !fits;
    return fits ? llround(count * step) : 0;
}

static pattern describe(const qep_source_request *request) {
    const qep_field_spec *spec = request->spec;
    const int kind = qep_source_choice(spec, "kind"), given = qep_source_given(spec, "axis");
    const int axis = given ? qep_source_choice(spec, "axis") : kind == STRIPES ? 0 : 2;
    const double period = qep_source_number(spec, "period");
    pattern p = {.request = request,
                 .grid = request->setting->grid,
                 .kind = kind,
                 .hexagonal = qep_source_choice(spec, "lattice") == HEXAGONAL,
                 .antialias = qep_source_number(spec, "antialias") != 0.0,
                 .size = qep_source_number(spec, "size"),
                 .jitter = qep_source_number(spec, "jitter"),
                 .seed = (uint64_t)qep_source_number(spec, "seed"),
                 .across = {kind == STRIPES ? axis : axis == 0 ? 1 : 0, kind == STRIPES ? -1 : axis == 2 ? 1 : 2},
                 .period = {period, period}};
    p.period[1] *= p.hexagonal ? sqrt(0.75) : 1.0;
    p.reach = 1 + (long long)ceil((0.5 * p.size + p.jitter) / p.period[1]);
    return p;
}

static void warn(const qep_source_request *request, const char *key, const char *text) {
    char path[QEP_ERROR_PATH];
    qep_log_write(request->setting->log, QEP_LOG_WARNING, "%s: %s", qep_source_path(request->spec, key, path), text);
}

static void find_wraps(pattern *p) {
    int seam = 0;
    for (int d = 0; d < 2 && p->across[d] >= 0; d++) {
        p->wrap[d] = sites(p, d, &seam);
        if (p->size < p->grid->axis[p->across[d]].h && p->grid->axis[p->across[d]].n > 1) {
            warn(p->request, "size", "the size is below the spacing of the grid; parts of the pattern fall between samples");
        }
    }
    if (seam) {
        warn(p->request, "period", "a periodic axis holds no whole number of periods; the pattern has a seam there");
    }
}

static double share_block(const void *context, size_t begin, size_t end) {
    const double *share = context;
    double sum = 0.0;
    for (size_t i = begin; i < end; i++) {
        sum += share[i];
    }
    return sum;
}

static qep_status mix(const pattern *p, double *out, qep_error *err) {
    const size_t count = qep_grid_count(p->grid);
    qep_source_samples inside = {0}, outside = {0};
    qep_status status = qep_source_samples_load(p->request, "inside", 0.0, &inside, err);
    if (status == QEP_OK) {
        status = qep_source_samples_load(p->request, "outside", 0.0, &outside, err);
    }
#pragma omp parallel for num_threads(p->request->setting->threads) schedule(static)
    for (size_t i = 0; i < count; i++) {
        if (status == QEP_OK && qep_source_wanted(p->request, i)) {
            const double share = inside_share(p, i);
            out[i] = share >= 1.0   ? qep_source_sample(&inside, i)
                     : share <= 0.0 ? qep_source_sample(&outside, i)
                                    : share * qep_source_sample(&inside, i) + (1.0 - share) * qep_source_sample(&outside, i);
        }
    }
    qep_source_samples_free(&inside);
    qep_source_samples_free(&outside);
    return status;
}

/* Of all samples of the grid. */
static qep_status report_share(const pattern *p, double *out, qep_error *err) {
    const size_t count = qep_grid_count(p->grid);
    double sum = 0.0;
#pragma omp parallel for num_threads(p->request->setting->threads) schedule(static)
    for (size_t i = 0; i < count; i++) {
        out[i] = inside_share(p, i);
    }
    QEP_TRY(qep_reduce_sum(count, share_block, out, p->request->setting->threads, &sum, err));
    return qep_source_report(p->request, "inside_fraction", sum / (double)count, NULL, err);
}

static qep_status fill(const qep_source_request *request, double *out, qep_error *err) {
    pattern p = describe(request);
    find_wraps(&p);
    if (!request->owner) {
        QEP_TRY(report_share(&p, out, err));
    }
    return mix(&p, out, err);
}

static qep_status refuse(const qep_field_spec *spec, const char *key, const char *text, qep_error *err) {
    char path[QEP_ERROR_PATH];
    return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", qep_source_path(spec, key, path), NULL, "%s", text);
}

static qep_status validate(const qep_field_spec *spec, qep_error *err) {
    const double period = qep_source_number(spec, "period");
    if (qep_source_choice(spec, "kind") == STRIPES && qep_source_given(spec, "lattice")) {
        return refuse(spec, "lattice", "stripes have no lattice; it belongs to dots and antidots", err);
    }
    if (qep_source_given(spec, "seed") && !qep_source_given(spec, "jitter")) {
        return refuse(spec, "seed", "nothing is random without \"jitter\"; give it or remove \"seed\"", err);
    }
    if (!(qep_source_number(spec, "size") <= period)) {
        return refuse(spec, "size", "the size exceeds the period; neighbours would overlap", err);
    }
    return qep_source_number(spec, "jitter") <= 0.5 * period
               ? QEP_OK
               : refuse(spec, "jitter", "a displacement of more than half a period would mix up neighbours", err);
}

static qep_status check(const qep_source_request *request, qep_error *err) {
    const pattern p = describe(request);
    char path[QEP_ERROR_PATH];
    for (int d = 0; d < 2; d++) {
        if (p.across[d] >= p.grid->ndim) {
            return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", qep_source_path(request->spec, "kind", path), NULL,
                                 "the pattern lies across %s, but the grid has %d ax%s; stripes along x need one", axes[p.across[d]], p.grid->ndim,
                                 p.grid->ndim == 1 ? "is" : "es");
        }
    }
    return QEP_OK;
}

/* clang-format off */
static const qep_source_parameter parameters[] = {
    {.key = "kind", .kind = QEP_PARAMETER_CHOICE, .choice = kinds, .required = 1, .example = "\"dots\"",
     .doc = "dots: inside the discs (cylinders); antidots: inside is the material around them; stripes."},
    {.key = "period", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(1, 0, 0, 0, 0, 0, 0), .required = 1, .max = 1e300, .above = 1,
     .example = "\"50 nm\"", .doc = "Distance of neighbouring centres."},
    {.key = "size", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(1, 0, 0, 0, 0, 0, 0), .required = 1, .max = 1e300, .above = 1,
     .example = "\"20 nm\"", .doc = "Diameter of dots and antidots, width of stripes; at most the period."},
    {.key = "lattice", .kind = QEP_PARAMETER_CHOICE, .choice = lattices, .standard = "\"square\"", .example = "\"hexagonal\"",
     .doc = "Dots and antidots. hexagonal: rows half the square root of 3 of a period apart, every other one shifted by half a period."},
    {.key = "axis", .kind = QEP_PARAMETER_CHOICE, .choice = axes, .example = "\"z\"",
     .doc = "stripes: the direction along which they follow each other, x when not given; dots, antidots: along the cylinders, z when not given."},
    {.key = "jitter", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(1, 0, 0, 0, 0, 0, 0), .standard = "0", .max = 1e300,
     .example = "\"3 nm\"", .doc = "Centres are displaced at random, uniformly by up to this along each axis; at most half a period."},
    {.key = "seed", .kind = QEP_PARAMETER_INTEGER, .standard = "0", .max = 9007199254740992.0, .example = "7",
     .doc = "Number of the realisation of the jitter; the same seed gives the same bits for any number of threads."},
    {.key = "antialias", .kind = QEP_PARAMETER_SWITCH, .standard = "false", .example = "true",
     .doc = "false: a sample belongs to the side its point is on; true: edges are a linear ramp one spacing wide, the share of a cell that a plane cuts."},
    {.key = "inside", .kind = QEP_PARAMETER_FIELD, .of_place = 1, .required = 1, .example = "2e3", .doc = "Value inside."},
    {.key = "outside", .kind = QEP_PARAMETER_FIELD, .of_place = 1, .required = 1, .example = "1e3", .doc = "Value outside."},
};
/* clang-format on */

const qep_source_row qep_source_pattern = {
    .name = "pattern",
    .doc = "Lattice of dots, antidots or stripes with two values.",
    .equation = "",
    .parameter = parameters,
    .parameters = sizeof parameters / sizeof *parameters,
    .example = "{\"source\": \"pattern\", \"kind\": \"dots\", \"period\": 0.5, \"size\": 0.4, \"jitter\": 0.05, \"inside\": \"2 + x\", "
               "\"outside\": \"1 - y\"}",
    .validate = validate,
    .check = check,
    .fill = fill,
};
