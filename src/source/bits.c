/* Memory cells on a lattice: a cell whose bit is not known holds k_B ln 2; erasing it, one cell after another, takes this entropy out of the
 * memory and leaves at least as much in the surroundings (Landauer). Cells are squares or cubes; a sample gets its exact overlap with
 * them, so that the sum over a cell grid is the number of bits. */
#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/random.h"
#include "source_rows.h"
#include <math.h>
#include <stdlib.h>

enum { MEMORY, RELEASED };
enum { RASTER, RANDOM, ALL };
static const char *const orders[] = {"raster", "random", "all", NULL};
enum { STREAM_PATTERN = 1, STREAM_ORDER = 2 };
static const size_t most_cells = (size_t)1 << 26;

typedef struct {
    const qep_source_request *request;
    const qep_grid *grid;
    double period, size, volume;
    size_t cells[3], count;
    double *held; /* [cells z,y,x] bits that count at this time: 0 to 1 */
} bits;

/* Whole cells that fit along an axis; axes that the grid does not have carry one. */
static size_t cells_along(const qep_grid *grid, int axis, double period) {
    const double count = grid->axis[axis].length / period;
    return axis < grid->ndim ? (size_t)floor(count + 1e-9 * fmax(1.0, count)) : 1;
}

/* Volume of a cell in all three dimensions, or 0 when the grid's thickness or cross-section is needed and not known. */
static double volume_of(const qep_source_request *request) {
    const qep_field_setting *set = request->setting;
    if (qep_source_given(request->spec, "cell_volume")) {
        return qep_source_number(request->spec, "cell_volume");
    }
    const double a = qep_source_number(request->spec, qep_source_given(request->spec, "size") ? "size" : "period");
    return set->grid->ndim == 3 ? a * a * a : set->grid->ndim == 2 ? a * a * set->thickness : a * set->cross_section;
}

static bits describe(const qep_source_request *request) {
    const qep_field_spec *spec = request->spec;
    bits b = {.request = request, .grid = request->setting->grid, .period = qep_source_number(spec, "period"), .count = 1};
    b.size = qep_source_given(spec, "size") ? qep_source_number(spec, "size") : b.period;
    b.volume = volume_of(request);
    for (int d = 0; d < 3; d++) {
        b.cells[d] = cells_along(b.grid, d, b.period);
        b.count = b.cells[d] <= most_cells / (b.count ? b.count : 1) ? b.count * b.cells[d] : most_cells + 1;
    }
    return b;
}

/* ---- Which bits, and when ---- */

typedef struct {
    double key;
    size_t cell;
} ranked;

static int by_key(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : (x->cell > y->cell) - (x->cell < y->cell);
}

/* turn[cell]: how many cells are erased before it. */
static qep_status find_turns(const bits *b, uint64_t seed, int order, uint32_t *turn, qep_error *err) {
    void *block = NULL;
    for (size_t cell = 0; cell < b->count; cell++) {
        turn[cell] = order == ALL ? 0 : (uint32_t)cell;
    }
    if (order != RANDOM) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc(&block, b->count, sizeof(ranked), "order of erasing", err));
    ranked *list = block;
    for (size_t cell = 0; cell < b->count; cell++) {
        list[cell] = (ranked){qep_random_uniform(seed, STREAM_ORDER, cell), cell};
    }
    qsort(list, b->count, sizeof *list, by_key);
    for (size_t i = 0; i < b->count; i++) {
        turn[list[i].cell] = (uint32_t)i;
    }
    qep_free(block);
    return QEP_OK;
}

/* Part of the erasing that is done, 0 to 1: sudden, or linear in time over the duration. A frame at the very beginning of a turn counts
 * as after it, whatever the rounding of the two times. */
static double progress(const qep_field_spec *spec, double t, uint32_t turn) {
    if (!qep_source_given(spec, "erase")) {
        return 0.0;
    }
    const double begin = qep_source_number(spec, "erase.start") + turn * qep_source_number(spec, "erase.interval");
    const double duration = qep_source_number(spec, "erase.duration");
    const double since = t - begin, slack = 1e-12 * fmax(fabs(t), fabs(begin));
    return since < -slack ? 0.0 : since >= duration - slack ? 1.0 : fmax(since / duration, 0.0);
}

static qep_status fill_cells(bits *b, double total[2], qep_error *err) {
    const qep_field_spec *spec = b->request->spec;
    const uint64_t seed = (uint64_t)qep_source_number(spec, "seed");
    const double unknown = qep_source_number(spec, "unknown");
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, b->count, sizeof(uint32_t), "turns of memory cells", err));
    uint32_t *turn = block;
    const qep_status status = find_turns(b, seed, qep_source_choice(spec, "erase.order"), turn, err);
    for (size_t cell = 0; status == QEP_OK && cell < b->count; cell++) {
        const double bit = qep_random_uniform(seed, STREAM_PATTERN, cell) < unknown ? 1.0 : 0.0;
        const double done = progress(spec, b->request->setting->t, turn[cell]);
        total[MEMORY] += bit * (1.0 - done);
        total[RELEASED] += bit * done;
        b->held[cell] = bit * (spec->quantity == MEMORY ? 1.0 - done : done);
    }
    qep_free(block);
    return status;
}

/* ---- On the grid ---- */

/* Cells that a sample touches along an axis, and its share in each. */
typedef struct {
    size_t first, count;
} range;

static double overlap(double a0, double a1, double b0, double b1) {
    return fmax(0.0, fmin(a1, b1) - fmax(a0, b0));
}

/* The stretch of the axis that belongs to sample i: a spacing, half of it at the end nodes. */
static void stretch(const qep_grid *grid, int axis, size_t i, double edge[2]) {
    const qep_axis *a = &grid->axis[axis];
    const double at = qep_grid_coordinate(grid, axis, i) - a->origin;
    const int open = a->bc[0] != QEP_PERIODIC;
    edge[0] = open ? fmax(at - 0.5 * a->h, 0.0) : at - 0.5 * a->h;
    edge[1] = open ? fmin(at + 0.5 * a->h, a->length) : at + 0.5 * a->h;
}

static double share(const bits *b, int axis, size_t i, size_t cell) {
    const double margin = 0.5 * (b->period - b->size), low = (double)cell * b->period + margin;
    double edge[2];
    if (axis >= b->grid->ndim) {
        return 1.0;
    }
    stretch(b->grid, axis, i, edge);
    const double length = b->grid->axis[axis].length;
    double sum = overlap(edge[0], edge[1], low, low + b->size);
    if (b->grid->axis[axis].bc[0] == QEP_PERIODIC) { /* node samples reach through the low face */
        sum += overlap(edge[0] + length, edge[1] + length, low, low + b->size) + overlap(edge[0] - length, edge[1] - length, low, low + b->size);
    }
    return sum / (edge[1] - edge[0]);
}

static range touched(const bits *b, int axis, size_t i) {
    double edge[2];
    if (axis >= b->grid->ndim) {
        return (range){0, 1};
    }
    stretch(b->grid, axis, i, edge);
    const double last = (double)b->cells[axis] - 1.0;
    if (edge[0] < 0.0 || edge[1] > b->grid->axis[axis].length * (1.0 + 1e-12)) {
        return (range){0, b->cells[axis]}; /* through a face: rare enough to look at all */
    }
    const double low = fmin(fmax(floor(edge[0] / b->period) - 1.0, 0.0), last), high = fmin(floor(edge[1] / b->period) + 1.0, last);
    return (range){(size_t)low, (size_t)(high - low) + 1};
}

static double density_at(const bits *b, size_t i) {
    const size_t nx = b->grid->axis[0].n, ny = b->grid->axis[1].n, index[3] = {i % nx, i / nx % ny, i / nx / ny};
    range r[3];
    double sum = 0.0;
    for (int d = 0; d < 3; d++) {
        r[d] = touched(b, d, index[d]);
    }
    for (size_t z = r[2].first; z < r[2].first + r[2].count; z++) {
        const double wz = share(b, 2, index[2], z);
        for (size_t y = r[1].first; wz > 0.0 && y < r[1].first + r[1].count; y++) {
            const double wy = wz * share(b, 1, index[1], y);
            for (size_t x = r[0].first; wy > 0.0 && x < r[0].first + r[0].count; x++) {
                sum += wy * share(b, 0, index[0], x) * b->held[(z * b->cells[1] + y) * b->cells[0] + x];
            }
        }
    }
    return sum * QEP_BOLTZMANN * log(2.0) / b->volume;
}

static qep_status report(const bits *b, const double total[2], qep_error *err) {
    const double bit = QEP_BOLTZMANN * log(2.0);
    QEP_TRY(qep_source_report(b->request, "cells", (double)b->count, NULL, err));
    QEP_TRY(qep_source_report(b->request, "unknown_bits", total[MEMORY], NULL, err));
    QEP_TRY(qep_source_report(b->request, "erased_bits", total[RELEASED], NULL, err));
    return qep_source_report(b->request, "entropy", total[b->request->spec->quantity] * bit, "J/K", err);
}

static qep_status fill(const qep_source_request *request, double *out, qep_error *err) {
    bits b = describe(request);
    const size_t count = qep_grid_count(b.grid);
    double total[2] = {0.0, 0.0};
    void *held = NULL;
    QEP_TRY(qep_alloc(&held, b.count, sizeof(double), "memory cells", err));
    b.held = held;
    qep_status status = fill_cells(&b, total, err);
#pragma omp parallel for num_threads(request->setting->threads) schedule(static)
    for (size_t i = 0; i < count; i++) {
        if (status == QEP_OK && qep_source_wanted(request, i)) {
            out[i] = density_at(&b, i);
        }
    }
    qep_free(held);
    return status == QEP_OK ? report(&b, total, err) : status;
}

/* ---- The row ---- */

static int changes(const qep_field_spec *spec) {
    return qep_source_given(spec, "erase");
}

static qep_status refuse(const qep_field_spec *spec, const char *key, const char *text, qep_error *err) {
    char path[QEP_ERROR_PATH];
    return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", qep_source_path(spec, key, path), NULL, "%s", text);
}

static qep_status validate(const qep_field_spec *spec, qep_error *err) {
    const int all = qep_source_choice(spec, "erase.order") == ALL, interval = qep_source_given(spec, "erase.interval");
    if (qep_source_given(spec, "size") && qep_source_number(spec, "size") > qep_source_number(spec, "period")) {
        return refuse(spec, "size", "the size exceeds the period; cells would overlap", err);
    }
    if (qep_source_given(spec, "erase") && all == interval) {
        return refuse(spec, "erase", all ? "order \"all\" erases at once; \"interval\" has no effect" : "\"interval\" is needed, or order \"all\"", err);
    }
    if (spec->quantity == RELEASED && !qep_source_given(spec, "erase")) {
        return refuse(spec, "quantity", "nothing is released without \"erase\"", err);
    }
    const int random = qep_source_number(spec, "unknown") < 1.0 || qep_source_choice(spec, "erase.order") == RANDOM;
    return qep_source_given(spec, "seed") && !random
               ? refuse(spec, "seed", "nothing is random: give \"unknown\" below 1, or erase.order \"random\"", err)
               : QEP_OK;
}

static qep_status check(const qep_source_request *request, qep_error *err) {
    const bits b = describe(request);
    char path[QEP_ERROR_PATH];
    if (b.count == 0 || b.count > most_cells) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", qep_source_path(request->spec, "period", path), NULL,
                             b.count ? "more than %zu cells come; a larger period is needed" : "no whole cell fits into the grid (at most %zu do)",
                             most_cells);
    }
    return b.volume > 0.0 ? QEP_OK
                          : qep_error_add(err, QEP_ERR_CONFIG, "missing_key", qep_source_path(request->spec, NULL, path), NULL,
                                          "the volume of a cell is not known: give \"cell_volume\", or grid.%s",
                                          b.grid->ndim == 2 ? "thickness" : "cross_section");
}

static const qep_source_output outputs[] = {
    {"memory", QEP_DIMENSION(-1, 1, -2, 0, -1, 0, 0), "entropy density of bits not yet erased"},
    {"released", QEP_DIMENSION(-1, 1, -2, 0, -1, 0, 0), "entropy that erasing left behind, in the place of the cell"},
};

/* clang-format off */
static const qep_source_parameter parameters[] = {
    {.key = "period", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(1, 0, 0, 0, 0, 0, 0), .required = 1, .max = 1e300, .above = 1,
     .example = "0.3", .doc = "Distance of neighbouring cells along every axis; the first begins at the low faces, as many as fit whole."},
    {.key = "size", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(1, 0, 0, 0, 0, 0, 0), .max = 1e300, .above = 1,
     .example = "0.2", .doc = "Edge of a cell, in the middle of its period; the period when not given."},
    {.key = "cell_volume", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(3, 0, 0, 0, 0, 0, 0), .max = 1e300, .above = 1,
     .example = "\"1e3 nm^3\"", .doc = "Volume of a cell; size^3 on 3-D grids, with grid.thickness or grid.cross_section on others, when not given."},
    {.key = "unknown", .kind = QEP_PARAMETER_NUMBER, .standard = "1", .max = 1, .example = "0.5",
     .doc = "Probability that a cell holds a bit nobody knows, k_B ln 2; the others are known and hold nothing. 1: all."},
    {.key = "seed", .kind = QEP_PARAMETER_INTEGER, .standard = "0", .max = 9007199254740992.0, .example = "7",
     .doc = "Number of the realisation: which bits are unknown, and the order \"random\"."},
    {.key = "erase", .kind = QEP_PARAMETER_GROUP, .doc = "Schedule of erasing. It runs over all cells, since the eraser does not know either."},
    {.key = "erase.start", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(0, 0, 1, 0, 0, 0, 0), .standard = "0", .example = "\"1 ns\"",
     .doc = "When the first cell begins."},
    {.key = "erase.interval", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(0, 0, 1, 0, 0, 0, 0), .max = 1e300, .above = 1,
     .example = "\"1 ns\"", .doc = "From the beginning of one cell to that of the next."},
    {.key = "erase.duration", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(0, 0, 1, 0, 0, 0, 0), .standard = "0", .max = 1e300,
     .example = "\"2 ns\"", .doc = "How long a cell takes, its entropy falling linearly; 0: sudden."},
    {.key = "erase.order", .kind = QEP_PARAMETER_CHOICE, .choice = orders, .standard = "\"raster\"", .example = "\"random\"",
     .doc = "raster: x fastest, then y, then z; random: by the seed; all: at once."},
};
/* clang-format on */

const qep_source_row qep_source_bits = {
    .name = "bits",
    .doc = "Memory cells of k_B ln 2 on a lattice, with a schedule of erasing.",
    .equation = "",
    .output = outputs,
    .outputs = 2,
    .parameter = parameters,
    .parameters = sizeof parameters / sizeof *parameters,
    .cell_volume = "cell_volume",
    .example = "{\"source\": \"bits\", \"period\": 0.3, \"size\": 0.2, \"unknown\": 0.7, \"seed\": 2, "
               "\"erase\": {\"start\": -3, \"interval\": 0.5, \"duration\": 0.2, \"order\": \"random\"}}",
    .validate = validate,
    .check = check,
    .changes = changes,
    .fill = fill,
};
