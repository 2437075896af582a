/* Reading one frame of a field: shape and type against the grid, the file's own unit and the
 * user's, then the values, in SI, [nz,ny,nx]. Data sets in the other axis order are transposed slab
 * by slab, so that no second copy of the field is needed. */
#include "qep/io/read.h"

#include "h5_read.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "qep/base/units.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { RANK = 4, BLOCK = 8, LINKS = 16, SHAPE_TEXT = 160 };
static const size_t slab_values = (size_t)1 << 22; /* 32 MiB of doubles */

static void source_close(qep_h5in_source *s) {
    qep_h5in_release(&s->parent);
    qep_h5in_release(&s->set);
    qep_h5in_input_close(&s->in);
}

static const char *shape_text(const hsize_t *dims, int rank, char text[SHAPE_TEXT]) {
    size_t used = (size_t)snprintf(text, SHAPE_TEXT, "[");
    for (int i = 0; i < rank && used + 24 < SHAPE_TEXT; i++) {
        used += (size_t)snprintf(text + used, SHAPE_TEXT - used, "%s%llu", i ? ", " : "",
                                 (unsigned long long)dims[i]);
    }
    snprintf(text + used, SHAPE_TEXT - used, "]");
    return text;
}

/* The shape a data set must have in one axis order, without time. */
static void needed_shape(const qep_grid *grid, int order_xyz, hsize_t dims[3]) {
    for (int d = 0; d < grid->ndim; d++) {
        dims[order_xyz ? d : grid->ndim - 1 - d] = grid->axis[d].n;
    }
}

static int same_shape(const hsize_t *a, const hsize_t *b, int rank) {
    for (int i = 0; i < rank; i++) {
        if (a[i] != b[i]) {
            return 0;
        }
    }
    return 1;
}

static qep_status refuse_shape(const qep_h5in_source *s, const qep_read_request *request,
                               const qep_grid *grid, const hsize_t *dims, int rank,
                               qep_error *err) {
    char has[SHAPE_TEXT], needs[SHAPE_TEXT], hint[96] = "";
    hsize_t want[3], other[3];
    needed_shape(grid, request->order_xyz, want);
    needed_shape(grid, !request->order_xyz, other);
    const int lead = rank == grid->ndim + 1;
    if ((lead || rank == grid->ndim) && same_shape(dims + lead, other, grid->ndim)) {
        snprintf(hint, sizeof hint, "; the axes are in the other order: use \"order\": \"%s\"",
                 request->order_xyz ? "zyx" : "xyz");
    }
    static const char *const axes[2][3] = {{"[nx]", "[ny, nx]", "[nz, ny, nx]"},
                                           {"[nx]", "[nx, ny]", "[nx, ny, nz]"}};
    return qep_h5in_refuse(
        &s->in, request->dataset, "shape", err,
        "has shape %s, but the grid needs %s = %s (with a time axis in front of it for a series)%s",
        shape_text(dims, rank, has), axes[request->order_xyz != 0][grid->ndim - 1],
        shape_text(want, grid->ndim, needs), hint);
}

static qep_status check_shape(qep_h5in_source *s, const qep_read_request *request,
                              const qep_grid *grid, qep_error *err) {
    QEP_H5IN_AUTO space = H5Dget_space(s->set);
    if (space < 0 || H5Sget_simple_extent_type(space) != H5S_SIMPLE) {
        return qep_h5in_refuse(
            &s->in, request->dataset, "shape", err,
            "holds a single value or nothing; write a number in the configuration");
    }
    hsize_t dims[H5S_MAX_RANK], want[3];
    const int rank = H5Sget_simple_extent_dims(space, dims, NULL), lead = rank == grid->ndim + 1;
    needed_shape(grid, request->order_xyz, want);
    if (rank < 1 || (rank != grid->ndim && !lead) || !same_shape(dims + lead, want, grid->ndim)) {
        return refuse_shape(s, request, grid, dims, rank < 1 ? 0 : rank, err);
    }
    if (lead && dims[0] == 0) {
        return qep_h5in_refuse(&s->in, request->dataset, "shape", err,
                               "has a time axis of length 0");
    }
    s->frames = lead ? (size_t)dims[0] : 0;
    return QEP_OK;
}

static const char *kind_name(hid_t set) {
    static const char *const names[] = {[H5T_INTEGER] = "integers of more than 8 bytes",
                                        [H5T_FLOAT] =
                                            "floating-point numbers of neither 4 nor 8 bytes",
                                        [H5T_TIME] = "times",
                                        [H5T_STRING] = "text",
                                        [H5T_BITFIELD] = "bit fields",
                                        [H5T_OPAQUE] = "opaque bytes",
                                        [H5T_COMPOUND] = "compounds (complex numbers?)",
                                        [H5T_REFERENCE] = "references",
                                        [H5T_ENUM] = "enumerations (booleans?)",
                                        [H5T_VLEN] = "lists of varying length",
                                        [H5T_ARRAY] = "arrays"};
    QEP_H5IN_AUTO type = H5Dget_type(set);
    const H5T_class_t kind = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    return kind >= 0 && (size_t)kind < sizeof names / sizeof *names && names[kind]
               ? names[kind]
               : "values of unknown type";
}

/* The user's unit, the file's own unit and scale make one factor. */
static qep_status find_factor(qep_h5in_source *s, const qep_read_request *request,
                              const qep_grid *grid, qep_error *err) {
    double own = 1.0, given = 1.0;
    int has_own = 0;
    QEP_TRY(qep_h5in_describe(&s->in, request, grid, s->set, s->parent, &own, &has_own, err));
    s->factor = own * request->scale;
    if (!request->unit) {
        return QEP_OK;
    }
    qep_dimension dimension;
    char message[QEP_UNIT_MESSAGE], here[128], needed[128];
    if (!qep_unit_parse(request->unit, &given, &dimension, message)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "unit", request->path, NULL, "\"unit\": %s",
                             message);
    }
    if (!qep_dimension_equal(dimension, request->dimension)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "unit", request->path, NULL,
                             "\"unit\": \"%s\" is %s, but %s is needed here", request->unit,
                             qep_dimension_format(dimension, here, sizeof here),
                             qep_dimension_format(request->dimension, needed, sizeof needed));
    }
    if (has_own && !(fabs(own - given) <= 1e-6 * fabs(given))) {
        return qep_h5in_refuse(
            &s->in, request->dataset, "unit", err,
            "its own unit is %.9g SI units, the configuration's \"unit\": \"%s\" "
            "is %.9g; remove one of them",
            own, request->unit, given);
    }
    s->factor = given * request->scale;
    return QEP_OK;
}

void qep_h5in_find_parent(qep_h5in_source *s, const char *dataset) {
    char name[sizeof s->directory], target[sizeof s->directory], next[sizeof s->directory];
    snprintf(name, sizeof name, "%s", dataset);
    for (int i = 0; i < LINKS; i++) {
        const char *slash = strrchr(name, '/');
        snprintf(s->directory, sizeof s->directory, "%.*s", slash ? (int)(slash - name) : 0, name);
        H5L_info_t info;
        if (H5Lget_info(s->in.file, name, &info, s->in.access) < 0 || info.type != H5L_TYPE_SOFT ||
            info.u.val_size >= sizeof target ||
            H5Lget_val(s->in.file, name, target, sizeof target, s->in.access) < 0) {
            break;
        }
        const int whole = *target == '/';
        const int length = snprintf(next, sizeof next, "%s%s%s", whole ? "" : s->directory,
                                    whole ? "" : "/", target);
        if (length < 0 || (size_t)length >= sizeof next) {
            break;
        }
        memcpy(name, next, sizeof name);
    }
    s->parent = H5Oopen(s->in.file, *s->directory ? s->directory : "/", s->in.access);
}

static qep_status open_and_check(qep_h5in_source *s, const qep_read_request *request,
                                 const qep_grid *grid, qep_error *err) {
    QEP_TRY(qep_h5in_input_open(&s->in, request->file, request->path, err));
    QEP_TRY(qep_h5in_dataset_open(&s->in, request->dataset, &s->set, err));
    qep_h5in_find_parent(s, request->dataset);
    QEP_TRY(check_shape(s, request, grid, err));
    if (!qep_h5in_holds_numbers(s->set)) {
        return qep_h5in_refuse(&s->in, request->dataset, "type", err,
                               "holds %s; float32, float64 or integers are needed",
                               kind_name(s->set));
    }
    QEP_TRY(qep_h5in_storage_check(&s->in, request->dataset, s->set, err));
    return find_factor(s, request, grid, err);
}

/* Pair with source_close, also after a failure. */
static qep_status source_open(qep_h5in_source *s, const qep_read_request *request,
                              const qep_grid *grid, qep_error *err) {
    *s = (qep_h5in_source){.set = -1, .parent = -1, .factor = 1.0};
    return open_and_check(s, request, grid, err);
}

qep_status qep_read_check(const qep_read_request *request, const qep_grid *grid,
                          qep_read_series *series, qep_error *err) {
    qep_h5in_source s;
    qep_status status = source_open(&s, request, grid, err);
    if (series) {
        *series = (qep_read_series){0};
    }
    if (status == QEP_OK && series) {
        status = qep_h5in_series(&s, series, err);
    }
    source_close(&s);
    return status;
}

/* Read `count` indices of the slowest spatial axis, from `begin`, of one frame. */
static qep_status read_slab(qep_h5in_source *s, const qep_read_request *request,
                            const hsize_t dims[3], int ndim, size_t frame, size_t begin,
                            size_t count, double *values, qep_error *err) {
    QEP_H5IN_AUTO file_space = H5Dget_space(s->set);
    const int lead = s->frames > 0;
    hsize_t start[RANK] = {0}, extent[RANK] = {0}, total = 1;
    if (lead) {
        start[0] = frame;
        extent[0] = 1;
    }
    for (int i = 0; i < ndim; i++) {
        start[lead + i] = i == 0 ? begin : 0;
        extent[lead + i] = i == 0 ? count : dims[i];
        total *= extent[lead + i]; /* no more than the grid's points */
    }
    QEP_H5IN_AUTO memory_space = H5Screate_simple(1, &total, NULL);
    char reason[160];
    if (file_space < 0 ||
        H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extent, NULL) < 0 ||
        H5Dread(s->set, H5T_NATIVE_DOUBLE, memory_space, file_space, H5P_DEFAULT, values) < 0) {
        return qep_h5in_refuse(&s->in, request->dataset, "unreadable", err,
                               "cannot be read (%s); the file may be damaged",
                               qep_h5in_reason(reason));
    }
    return QEP_OK;
}

/* slab [count,ny,nz] -> out [nz,ny,nx] at x = begin...; in blocks of z, so that each cache line of
 * the slab is used whole. */
static void transpose_slab(const qep_grid *grid, size_t begin, size_t count, const double *slab,
                           int threads, double *out) {
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n, nz = grid->axis[2].n;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t y = 0; y < ny; y++) {
        for (size_t block = 0; block < nz; block += BLOCK) {
            const size_t end = nz - block < BLOCK ? nz : block + BLOCK;
            for (size_t z = block; z < end; z++) {
                double *row = out + (z * ny + y) * nx + begin;
                for (size_t x = 0; x < count; x++) {
                    row[x] = slab[(x * ny + y) * nz + z];
                }
            }
        }
    }
}

static qep_status read_transposed(qep_h5in_source *s, const qep_read_request *request,
                                  const qep_grid *grid, size_t frame, int threads, double *out,
                                  qep_error *err) {
    const size_t nx = grid->axis[0].n, plane = grid->axis[1].n * grid->axis[2].n;
    size_t width = slab_values / plane;
    width = width < 1 ? 1 : width > nx ? nx : width;
    hsize_t dims[3];
    needed_shape(grid, 1, dims);
    double *slab = NULL;
    QEP_TRY(qep_alloc_doubles(&slab, width * plane, "slab of a data set", err));
    qep_status status = QEP_OK;
    for (size_t begin = 0; begin < nx && status == QEP_OK; begin += width) {
        const size_t count = nx - begin < width ? nx - begin : width;
        status = read_slab(s, request, dims, grid->ndim, frame, begin, count, slab, err);
        if (status == QEP_OK) {
            transpose_slab(grid, begin, count, slab, threads, out);
        }
    }
    qep_free(slab);
    return status;
}

static qep_status read_values(qep_h5in_source *s, const qep_read_request *request,
                              const qep_grid *grid, size_t frame, int threads, double *out,
                              qep_error *err) {
    if (request->order_xyz && grid->ndim > 1) {
        return read_transposed(s, request, grid, frame, threads, out, err);
    }
    hsize_t dims[3];
    needed_shape(grid, 0, dims);
    return read_slab(s, request, dims, grid->ndim, frame, 0, (size_t)dims[0], out, err);
}

static qep_status finish_values(const qep_h5in_source *s, const qep_read_request *request,
                                const qep_grid *grid, size_t frame, int threads, double *out,
                                qep_error *err) {
    const size_t count = qep_grid_count(grid), nx = grid->axis[0].n, ny = grid->axis[1].n;
    const double factor = s->factor;
    if (factor != 1.0) {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (size_t i = 0; i < count; i++) {
            out[i] *= factor;
        }
    }
    const size_t bad = qep_reduce_first_nonfinite(out, count, threads);
    if (bad == count) {
        return QEP_OK;
    }
    return qep_h5in_refuse(&s->in, request->dataset, "not_finite", err,
                           "the value at index [z,y,x] = [%zu,%zu,%zu] of frame %zu is %g",
                           bad / nx / ny, bad / nx % ny, bad % nx, frame, out[bad]);
}

static qep_status read_frame(qep_h5in_source *s, const qep_read_request *request,
                             const qep_grid *grid, size_t frame, int threads, double *out,
                             qep_error *err) {
    QEP_TRY(source_open(s, request, grid, err));
    if (s->frames && frame >= s->frames) {
        return qep_h5in_refuse(&s->in, request->dataset, "shape", err,
                               "has %zu frames; frame %zu is asked for", s->frames, frame);
    }
    QEP_TRY(read_values(s, request, grid, frame, threads, out, err));
    return finish_values(s, request, grid, frame, threads, out, err);
}

qep_status qep_read_field(const qep_read_request *request, const qep_grid *grid, size_t frame,
                          int threads, double *out, qep_error *err) {
    qep_h5in_source s;
    const qep_status status =
        read_frame(&s, request, grid, frame, threads < 1 ? 1 : threads, out, err);
    source_close(&s);
    return status;
}
