/* Matrices and vectors at every grid point, read slab by slab as complex numbers, and plain lists. The number type decides how axes
 * are counted: a compound is complex by itself, real numbers may have a last axis of length 2 for real and imaginary part. */
#include "qep/io/blocks.h"

#include "h5_read.h"
#include "qep/base/memory.h"
#include "qep/base/units.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RANK = 8, SHAPE = 200 };

struct qep_blocks {
    qep_block_request request;
    qep_block_shape shape;
    qep_h5in_source source;
    int rank, compound, split; /* split: a last axis of length 2 */
    hsize_t dims[RANK];
    hid_t memory_type;
};

void qep_blocks_destroy(qep_blocks *blocks) {
    if (blocks) {
        qep_h5in_release(&blocks->memory_type);
        qep_h5in_release(&blocks->source.parent);
        qep_h5in_release(&blocks->source.set);
        qep_h5in_input_close(&blocks->source.in);
        qep_free(blocks);
    }
}

static const char *dims_text(const hsize_t *dims, int rank, char text[SHAPE]) {
    size_t used = (size_t)snprintf(text, SHAPE, "[");
    for (int i = 0; i < rank && used + 24 < SHAPE; i++) {
        used += (size_t)snprintf(text + used, SHAPE - used, "%s%llu", i ? ", " : "", (unsigned long long)dims[i]);
    }
    snprintf(text + used, SHAPE - used, "]");
    return text;
}

/* A compound of exactly a real and an imaginary part becomes a pair of doubles in memory, by its members' names. */
static int accept_compound(qep_blocks *b, hid_t type) {
    static const char *const names[][2] = {{"r", "i"}, {"re", "im"}, {"real", "imag"}};
    if (H5Tget_class(type) != H5T_COMPOUND || H5Tget_nmembers(type) != 2) {
        return 0;
    }
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const int at[2] = {H5Tget_member_index(type, names[k][0]), H5Tget_member_index(type, names[k][1])};
        if (at[0] < 0 || at[1] < 0 || H5Tget_member_class(type, (unsigned)at[0]) != H5T_FLOAT ||
            H5Tget_member_class(type, (unsigned)at[1]) != H5T_FLOAT) {
            continue;
        }
        b->memory_type = H5Tcreate(H5T_COMPOUND, 2 * sizeof(double));
        b->compound = 1;
        return b->memory_type >= 0 && H5Tinsert(b->memory_type, names[k][0], 0, H5T_NATIVE_DOUBLE) >= 0 &&
               H5Tinsert(b->memory_type, names[k][1], sizeof(double), H5T_NATIVE_DOUBLE) >= 0;
    }
    return 0;
}

static qep_status check_type(qep_blocks *b, qep_error *err) {
    QEP_H5IN_AUTO type = H5Dget_type(b->source.set);
    if (accept_compound(b, type)) {
        return QEP_OK;
    }
    if (b->compound || !qep_h5in_holds_numbers(b->source.set)) {
        return qep_h5in_refuse(&b->source.in, b->request.dataset, "type", err,
                               "holds neither real numbers nor complex ones (a compound of r and i as h5py writes complex128)");
    }
    b->memory_type = H5Tcopy(H5T_NATIVE_DOUBLE);
    return QEP_OK;
}

/* Whether the axes are `lead` of time, then the grid's (unless single), then the tail, then 2 when split. */
static int shape_fits(qep_blocks *b, int lead, int single, int split) {
    const qep_grid *grid = b->request.grid;
    const int ndim = single ? 0 : grid->ndim;
    if (b->rank != lead + ndim + b->request.tail + split || (split && (b->compound || b->dims[b->rank - 1] != 2))) {
        return 0;
    }
    for (int i = 0; i < ndim; i++) {
        if (b->dims[lead + i] != grid->axis[ndim - 1 - i].n) {
            return 0;
        }
    }
    size_t size = 1;
    for (int i = 0; i < b->request.tail; i++) {
        b->shape.shape[i] = (size_t)b->dims[lead + ndim + i];
        if (!qep_size_multiply(size, b->shape.shape[i], &size) || size == 0) {
            return 0;
        }
    }
    b->shape.size = size;
    b->shape.single = single;
    b->shape.frames = lead ? (size_t)b->dims[0] : 0;
    b->source.frames = b->shape.frames;
    b->split = split;
    return !lead || b->dims[0] > 0;
}

static qep_status check_shape(qep_blocks *b, qep_error *err) {
    QEP_H5IN_AUTO space = H5Dget_space(b->source.set);
    b->rank = space >= 0 && H5Sget_simple_extent_type(space) == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : -1;
    if (b->rank > 0 && b->rank <= RANK && H5Sget_simple_extent_dims(space, b->dims, NULL) == b->rank) {
        /* Complex before real, no time axis before one: [.., n, n, 2] is not a series. */
        for (int lead = 0; lead < 2; lead++) {
            if (shape_fits(b, lead, 0, 1) || shape_fits(b, lead, 0, 0)) {
                return QEP_OK;
            }
        }
        if (b->request.may_be_single && (shape_fits(b, 0, 1, 1) || shape_fits(b, 0, 1, 0))) {
            return QEP_OK;
        }
    }
    static const char *const grids[] = {"nx", "ny, nx", "nz, ny, nx"};
    char has[SHAPE];
    return qep_h5in_refuse(&b->source.in, b->request.dataset, "shape", err,
                           "has shape %s; needed is [%s%s] with the grid's points (complex, or with a last axis of 2; a time axis may "
                           "come first)",
                           dims_text(b->dims, b->rank < 0 || b->rank > RANK ? 0 : b->rank, has), grids[b->request.grid->ndim - 1],
                           b->request.tail == 2 ? ", m, n" : ", m");
}

static qep_status open_blocks(qep_blocks *b, qep_error *err) {
    QEP_TRY(qep_h5in_input_open(&b->source.in, b->request.file, b->request.path, err));
    QEP_TRY(qep_h5in_dataset_open(&b->source.in, b->request.dataset, &b->source.set, err));
    qep_h5in_find_parent(&b->source, b->request.dataset);
    QEP_TRY(check_type(b, err));
    QEP_TRY(check_shape(b, err));
    return qep_h5in_storage_check(&b->source.in, b->request.dataset, b->source.set, err);
}

qep_status qep_blocks_open(qep_blocks **blocks, const qep_block_request *request, qep_block_shape *shape, qep_error *err) {
    void *made = NULL;
    *blocks = NULL;
    QEP_TRY(qep_alloc(&made, 1, sizeof **blocks, "reader of a data set", err));
    *blocks = made;
    **blocks = (qep_blocks){.request = *request, .source = {.set = -1, .parent = -1, .factor = 1.0}, .memory_type = -1};
    QEP_TRY(open_blocks(*blocks, err));
    *shape = (*blocks)->shape;
    return QEP_OK;
}

qep_status qep_blocks_series(qep_blocks *blocks, qep_read_series *series, qep_error *err) {
    *series = (qep_read_series){0};
    return qep_h5in_series(&blocks->source, series, err);
}

/* Points that lie in one go behind `begin`: whole planes, else whole rows of a plane, else part of a row. */
size_t qep_blocks_slab(const qep_blocks *b, size_t begin, size_t limit) {
    const qep_grid *grid = b->request.grid;
    const size_t nx = grid->axis[0].n, plane = nx * grid->axis[1].n, count = qep_grid_count(grid);
    const size_t most = limit / b->shape.size > 0 ? limit / b->shape.size : 1;
    if (b->shape.single) {
        return 1;
    }
    if (begin % plane == 0 && most >= plane) {
        const size_t left = count - begin;
        return most / plane * plane < left ? most / plane * plane : left;
    }
    if (begin % nx == 0 && most >= nx) {
        const size_t left = plane - begin % plane;
        return most / nx * nx < left ? most / nx * nx : left;
    }
    const size_t left = nx - begin % nx;
    return most < left ? most : left;
}

/* The hyperslab of one piece as qep_blocks_slab makes them. */
static void select_piece(const qep_blocks *b, size_t frame, size_t begin, size_t count, hsize_t start[RANK], hsize_t extent[RANK]) {
    const qep_grid *grid = b->request.grid;
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n, plane = nx * ny;
    const size_t first[3] = {begin % nx, begin / nx % ny, begin / plane};
    const size_t many[3] = {count < nx ? count : nx, count < nx ? 1 : count < plane ? count / nx : ny, count < plane ? 1 : count / plane};
    const int lead = b->shape.frames > 0;
    for (int i = 0; i < b->rank; i++) {
        start[i] = 0;
        extent[i] = b->dims[i];
    }
    if (lead) {
        start[0] = frame;
        extent[0] = 1;
    }
    for (int i = 0; !b->shape.single && i < grid->ndim; i++) {
        const int d = grid->ndim - 1 - i;
        start[lead + i] = first[d];
        extent[lead + i] = many[d];
    }
}

static qep_status read_piece(qep_blocks *b, size_t frame, size_t begin, size_t count, double *values, qep_error *err) {
    hsize_t start[RANK], extent[RANK], total = 1;
    char reason[160];
    select_piece(b, frame, begin, count, start, extent);
    for (int i = 0; i < b->rank; i++) {
        total *= extent[i];
    }
    QEP_H5IN_AUTO memory_space = H5Screate_simple(1, &total, NULL);
    QEP_H5IN_AUTO file_space = H5Dget_space(b->source.set);
    if (file_space < 0 || H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extent, NULL) < 0 ||
        H5Dread(b->source.set, b->memory_type, memory_space, file_space, H5P_DEFAULT, values) < 0) {
        return qep_h5in_refuse(&b->source.in, b->request.dataset, "unreadable", err, "cannot be read (%s); the file may be damaged",
                               qep_h5in_reason(reason));
    }
    return QEP_OK;
}

qep_status qep_blocks_read(qep_blocks *b, size_t frame, size_t begin, size_t count, double complex *values, qep_error *err) {
    if (b->shape.frames && frame >= b->shape.frames) {
        return qep_h5in_refuse(&b->source.in, b->request.dataset, "shape", err, "has %zu frames; frame %zu is asked for", b->shape.frames,
                               frame);
    }
    for (size_t done = 0, part; done < count; done += part) {
        part = qep_blocks_slab(b, begin + done, (count - done) * b->shape.size);
        double *target = (double *)(values + done * b->shape.size);
        QEP_TRY(read_piece(b, frame, begin + done, part, target, err));
        for (size_t i = b->compound || b->split ? 0 : part * b->shape.size; i > 0; i--) { /* spread real numbers out, from behind */
            const double real = target[i - 1];
            values[done * b->shape.size + i - 1] = real;
        }
    }
    return QEP_OK;
}

static qep_status read_list(qep_h5in_input *in, const char *dataset, qep_dimension dimension, double **values, size_t *count,
                            qep_error *err) {
    QEP_H5IN_AUTO set = -1;
    QEP_TRY(qep_h5in_dataset_open(in, dataset, &set, err));
    QEP_H5IN_AUTO space = H5Dget_space(set);
    hsize_t length = 0;
    if (!qep_h5in_holds_numbers(set) || H5Sget_simple_extent_ndims(space) != 1 || H5Sget_simple_extent_dims(space, &length, NULL) != 1 ||
        length == 0) {
        return qep_h5in_refuse(in, dataset, "shape", err, "must be a list of numbers, [n]");
    }
    QEP_TRY(qep_h5in_storage_check(in, dataset, set, err));
    char unit[64] = "", message[QEP_UNIT_MESSAGE], reason[160], needed[64];
    double factor = 1.0;
    qep_dimension own = dimension;
    if (qep_h5in_text(set, "units", 0, unit, sizeof unit) && *unit &&
        (!qep_unit_parse(unit, &factor, &own, message) || !qep_dimension_equal(own, dimension))) {
        return qep_h5in_refuse(in, dataset, "unit", err, "its units attribute \"%s\" is not of the unit %s", unit,
                               qep_dimension_format(dimension, needed, sizeof needed));
    }
    QEP_TRY(qep_alloc_doubles(values, (size_t)length, "list of numbers", err));
    if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values) < 0) {
        return qep_h5in_refuse(in, dataset, "unreadable", err, "cannot be read (%s)", qep_h5in_reason(reason));
    }
    *count = (size_t)length;
    for (size_t i = 0; i < *count; i++) {
        (*values)[i] *= factor;
        if (!isfinite((*values)[i])) {
            return qep_h5in_refuse(in, dataset, "not_finite", err, "entry %zu is %g", i, (*values)[i]);
        }
    }
    return QEP_OK;
}

qep_status qep_read_list(const char *file, const char *dataset, const char *path, qep_dimension dimension, double **values, size_t *count,
                         qep_error *err) {
    qep_h5in_input in;
    *values = NULL;
    *count = 0;
    qep_status status = qep_h5in_input_open(&in, file, path, err);
    if (status == QEP_OK) {
        status = read_list(&in, dataset, dimension, values, count, err);
    }
    qep_h5in_input_close(&in);
    if (status != QEP_OK) {
        qep_free(*values);
        *values = NULL;
    }
    return status;
}
