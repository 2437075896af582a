/* Writing results: one HDF5 file that openPMD tools, silx/H5Web, xarray/netCDF and ParaView open as it is (docs/output.md), written under a
 * temporary name in the target folder and renamed when whole. */
#ifndef QEP_IO_WRITE_H
#define QEP_IO_WRITE_H

#include "qep/base/dimension.h"
#include "qep/base/error.h"
#include "qep/grid/grid.h"
#include <stddef.h>
#include <stdint.h>

/* What a record is: the writer turns it into dataset, attributes, view, plot. All borrowed during qep_writer_create. */
typedef struct {
    const char *name;      /* "phi", "E", "J_S" */
    const char *symbol;    /* "phi" */
    const char *long_name; /* "electric potential" */
    const char *equation;  /* "T6" */
    qep_dimension dimension;
    int rank; /* 0 scalar, 1 vector, 2 tensor over the grid's ndim axes */
} qep_record;

typedef struct {
    const char *file; /* final name */
    int force;        /* replace an existing file */
    int deflate;      /* 0..9 */
    int single_precision;
    int views, xdmf;
    int threads;
} qep_write_options;

typedef struct qep_writer qep_writer;

/* Refuse early what cannot work: existing output without force, missing folder, unwritable folder, too little space for `bytes`,
 * output that is one of the inputs. QEP_ERR_OUTPUT. Writes nothing; used by --check too. */
qep_status qep_writer_check(const qep_write_options *options, size_t bytes,
                            const char *const *inputs, size_t input_count, qep_error *err);

/* Create the temporary file and the layout that does not depend on frames. records are those that every frame will have; their texts
 * are copied. grid may be NULL when there are no records (results only). HDF5 is used from the calling thread only. */
qep_status qep_writer_create(qep_writer **writer, const qep_write_options *options,
                             const qep_grid *grid, const qep_record *records, size_t record_count,
                             qep_error *err);

/* Begin frame k (0, 1, ...) at time t (s). */
qep_status qep_writer_frame_begin(qep_writer *writer, size_t frame, double time, double dt,
                                  qep_error *err);
/* Write one component of record number r: [nz,ny,nx] doubles; component 0..ncomp-1 (x,y,z or xx,xy,...). Every component of every
 * record is written exactly once per frame. Values beyond the range of single precision are QEP_ERR_OUTPUT when that is asked for. */
qep_status qep_writer_component(qep_writer *writer, size_t r, int component, const double *values,
                                qep_error *err);
/* Meshes with axes of their own, as k-grids have: in the present frame only, scalars [n of the last axis, ..., n of axis 0]. The axes once, before the
 * first mesh; vectors: directions of the axes where they are not Cartesian, coordinates being lengths along them. Texts are copied. */
typedef struct {
    qep_grid grid;            /* ndim, sampling, and per axis n, h, origin in units of `dimension` */
    qep_dimension dimension;  /* of the coordinates */
    const char *label[3];     /* "k1" */
    const double (*vectors)[3]; /* [ndim] rows, or NULL */
} qep_mesh_axes;
qep_status qep_writer_mesh_axes(qep_writer *writer, const qep_mesh_axes *axes, qep_error *err);
qep_status qep_writer_mesh(qep_writer *writer, const qep_record *record, const double *values, qep_error *err);
/* Attributes of /data/<frame>/results. unit may be NULL for plain numbers, else it is kept as attribute NAME_units. group: "" or a
 * sub-group such as "electrodes/left", made when missing. */
qep_status qep_writer_result_number(qep_writer *writer, const char *group, const char *name,
                                    double value, const char *unit, qep_error *err);
qep_status qep_writer_result_text(qep_writer *writer, const char *group, const char *name,
                                  const char *text, qep_error *err);
/* A list of texts as one attribute. */
qep_status qep_writer_result_texts(qep_writer *writer, const char *group, const char *name,
                                   const char *const *texts, size_t count, qep_error *err);
/* A table below results: data set [rows, columns] (columns = 1: [rows]) with attribute units. name may hold groups ("bloch/s"). */
qep_status qep_writer_result_table(qep_writer *writer, const char *name, const double *values,
                                   size_t rows, size_t columns, const char *units, qep_error *err);
/* The same for any rank up to 32 (0: a scalar): values [shape[0], shape[1], ...], last index fastest. units may be NULL. */
qep_status qep_writer_result_array(qep_writer *writer, const char *name, const double *values,
                                   int rank, const size_t *shape, const char *units,
                                   qep_error *err);
/* An attribute of a data set or group below results: long_name and the like. */
qep_status qep_writer_result_attribute(qep_writer *writer, const char *name, const char *attribute, const char *text, qep_error *err);
/* A list of names below results, data set [count] of texts. */
qep_status qep_writer_result_names(qep_writer *writer, const char *name, const char *const *texts,
                                   size_t count, qep_error *err);
/* A list over frames, data set [count] below /series; name may hold groups ("probes/tip/phi"). units may
 * be NULL. */
qep_status qep_writer_series(qep_writer *writer, const char *name, const double *values,
                             size_t count, const char *units, qep_error *err);
/* Finish the frame: views, flush. The frame is readable from here on even if the process is killed. */
qep_status qep_writer_frame_end(qep_writer *writer, qep_error *err);

/* /provenance: attributes and text data sets. A text longer than an attribute may be (64 KiB) becomes a data set in any case. */
qep_status qep_writer_provenance_text(qep_writer *writer, const char *name, const char *text,
                                      int as_dataset, qep_error *err);
qep_status qep_writer_provenance_number(qep_writer *writer, const char *name, double value,
                                        qep_error *err);

/* Plot, links, close, fsync, sidecar, rename. exit_state "complete" or "unconverged". On failure everything temporary is removed and an
 * older result of that name is as it was. Call qep_writer_destroy afterwards in any case. */
qep_status qep_writer_commit(qep_writer *writer, const char *exit_state, qep_error *err);
/* After SIGINT/SIGTERM: with at least one finished frame keep it as NAME.partial.h5 (stem + ".partial.h5", exit_state "interrupted"; an
 * unfinished frame is dropped), else remove it. Returns whether kept. */
int qep_writer_keep_partial(qep_writer *writer, qep_error *err);
/* Remove the temporary file if still there and release. NULL is allowed; after commit it only releases. */
void qep_writer_destroy(qep_writer *writer);

/* Versions for --version and provenance: "HDF5 1.10.8". */
void qep_write_library_version(char *text, size_t size);

#endif
