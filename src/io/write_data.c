/* Values of one component into a data set: contiguous doubles straight from the caller's buffer, or
 * shuffled and deflated in slabs of about 1 MiB, or rounded to single precision block by block. The
 * checksum is taken over the bytes as HDF5 hands them back, in file order. */
#include "write_writer.h"

#include "qep/base/digest.h"
#include "qep/base/memory.h"
#include <math.h>
#include <omp.h>

static const size_t chunk_bytes = 1 << 20;
static const size_t block_points = 1 << 18; /* of one rounding step */

static int set_filters(hid_t creation, int deflate, int rank, const hsize_t *shape, size_t item) {
    hsize_t chunk[3], points = 1;
    const hsize_t most = chunk_bytes / item;
    for (int d = rank - 1; d >= 0; d--) {
        const hsize_t room = most / points ? most / points : 1;
        chunk[d] = shape[d] < room ? shape[d] : room;
        points *= chunk[d];
    }
    return H5Pset_chunk(creation, rank, chunk) >= 0 && H5Pset_shuffle(creation) >= 0 &&
           H5Pset_deflate(creation, (unsigned)deflate) >= 0;
}

static hid_t create_set(const qep_writer *writer, hid_t parent, const char *name, int rank,
                        const hsize_t *shape) {
    const qep_write_options *options = &writer->options;
    const hid_t type = options->single_precision ? H5T_IEEE_F32LE : H5T_IEEE_F64LE;
    const hid_t creation = qep_h5_creation(H5P_DATASET_CREATE);
    const hid_t space = H5Screate_simple(rank, shape, NULL);
    hid_t set = -1;
    if (creation >= 0 && space >= 0 && H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) >= 0 &&
        (options->deflate == 0 ||
         set_filters(creation, options->deflate, rank, shape, H5Tget_size(type)))) {
        set = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    if (creation >= 0) {
        H5Pclose(creation);
    }
    return set;
}

/* Hash and write at the same time when there is a second thread; HDF5 stays on this one. */
static int write_double(const qep_writer *writer, hid_t set, const double *values, size_t count,
                        uint64_t *sum) {
    const size_t bytes = count * sizeof *values;
    int ok = 0, hashed = 0;
    uint64_t value = 0;
#pragma omp parallel num_threads(2) if (writer->options.threads > 1 && bytes > chunk_bytes)
    {
        if (omp_get_thread_num() == 1) {
            value = qep_digest_xxh3(values, bytes);
            hashed = 1;
        } else {
            ok = H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
        }
    }
    *sum = hashed ? value : qep_digest_xxh3(values, bytes);
    return ok;
}

/* Round to nearest even; returns 1 when a finite value became infinite. */
static int round_block(const double *values, float *rounded, size_t count, int threads) {
    int lost = 0;
#pragma omp parallel for num_threads(threads) reduction(| : lost) if (threads > 1)
    for (size_t i = 0; i < count; i++) {
        rounded[i] = (float)values[i];
        lost |= isinf(rounded[i]) && !isinf(values[i]);
    }
    return lost;
}

static int write_rows(hid_t set, hid_t space, int rank, const hsize_t *shape, hsize_t row,
                      hsize_t rows, const float *values) {
    hsize_t start[3] = {row, 0, 0}, count[3] = {rows, 1, 1};
    for (int d = 1; d < rank; d++) {
        count[d] = shape[d];
    }
    const hid_t memory = H5Screate_simple(rank, count, NULL);
    const int ok = memory >= 0 &&
                   H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                   H5Dwrite(set, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, values) >= 0;
    if (memory >= 0) {
        H5Sclose(memory);
    }
    return ok;
}

typedef struct {
    float *rounded;
    qep_xxh3 *digest;
    hid_t space;
    size_t rows; /* of the slowest axis per block: whole chunks */
    size_t row_points;
} single_work;

static qep_status make_work(single_work *work, hid_t set, int rank, const hsize_t *shape,
                            int deflate, qep_error *err) {
    work->row_points = 1;
    for (int d = 1; d < rank; d++) {
        work->row_points *= (size_t)shape[d];
    }
    const size_t rows = work->row_points < block_points ? block_points / work->row_points : 1;
    work->rows = rows < shape[0] ? rows : (size_t)shape[0];
    if (deflate) { /* as many rows as a chunk of single-precision values has, so none is packed
                      twice */
        const size_t most = chunk_bytes / sizeof(float);
        const size_t chunk = work->row_points < most ? most / work->row_points : 1;
        work->rows = chunk < shape[0] ? chunk : (size_t)shape[0];
    }
    work->space = H5Dget_space(set);
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, work->rows * work->row_points, sizeof(float),
                      "single precision block", err));
    work->rounded = block;
    return qep_xxh3_create(&work->digest, err);
}

static qep_status write_blocks(const qep_writer *writer, const single_work *work, hid_t set,
                               int rank, const hsize_t *shape, const char *name,
                               const double *values, qep_error *err) {
    for (size_t row = 0; row < shape[0]; row += work->rows) {
        const size_t rows = shape[0] - row < work->rows ? (size_t)shape[0] - row : work->rows;
        const size_t points = rows * work->row_points;
        if (round_block(values + row * work->row_points, work->rounded, points,
                        writer->options.threads)) {
            return qep_error_add(err, QEP_ERR_OUTPUT, "single_range", "/output/precision",
                                 writer->options.file,
                                 "%s has values that do not fit single precision (3.4e38); use "
                                 "\"precision\": \"double\"",
                                 name);
        }
        qep_xxh3_update(work->digest, work->rounded, points * sizeof(float));
        const int ok = write_rows(set, work->space, rank, shape, row, rows, work->rounded);
        QEP_TRY(qep_write_result(writer, ok, name, err));
    }
    return QEP_OK;
}

static qep_status write_single(const qep_writer *writer, hid_t set, int rank, const hsize_t *shape,
                               const char *name, const double *values, uint64_t *sum,
                               qep_error *err) {
    single_work work = {.space = -1};
    qep_status status = make_work(&work, set, rank, shape, writer->options.deflate, err);
    if (status == QEP_OK) {
        status = write_blocks(writer, &work, set, rank, shape, name, values, err);
    }
    if (status == QEP_OK) {
        *sum = qep_xxh3_value(work.digest);
    }
    if (work.space >= 0) {
        H5Sclose(work.space);
    }
    qep_xxh3_free(work.digest);
    qep_free(work.rounded);
    return status;
}

qep_status qep_write_values(const qep_writer *writer, const qep_grid *grid, hid_t parent,
                            const char *name, const double *values, hid_t *set, qep_error *err) {
    const int rank = grid->ndim;
    size_t extent[3];
    hsize_t shape[3] = {1, 1, 1};
    qep_grid_shape(grid, extent);
    for (int d = 0; d < rank; d++) {
        shape[d] = extent[d];
    }
    *set = create_set(writer, parent, name, rank, shape);
    QEP_TRY(qep_write_result(writer, *set >= 0, name, err));
    uint64_t sum = 0;
    if (writer->options.single_precision) {
        QEP_TRY(write_single(writer, *set, rank, shape, name, values, &sum, err));
    } else {
        const int ok = write_double(writer, *set, values, qep_grid_count(grid), &sum);
        QEP_TRY(qep_write_result(writer, ok, name, err));
    }
    const int ok = qep_h5_attribute(*set, "checksum", H5T_STD_U64LE, H5T_NATIVE_UINT64, 0, &sum);
    return qep_write_result(writer, ok, name, err);
}
