/* The writer's own state, shared by the write_*.c files of this room. */
#ifndef QEP_IO_WRITE_WRITER_H
#define QEP_IO_WRITE_WRITER_H

#include "h5.h"
#include "qep/io/write.h"
#include "write_sink.h"

enum { QEP_WRITE_UNIT = 96, QEP_WRITE_COMPONENTS = 9 };

/* A record with copies of its texts. */
typedef struct {
    char *name, *symbol, *long_name, *equation;
    char units[QEP_WRITE_UNIT];
    qep_dimension dimension;
    int rank;
    int components;   /* 1, ndim or ndim^2 */
    unsigned written; /* bit c: component c of the present frame is in the file */
} qep_write_record;

typedef struct {
    size_t number;
    double time; /* s */
} qep_write_frame;

/* Names below the target's folder. */
typedef struct {
    char *target;    /* final name, symbolic links resolved */
    char *folder;    /* its folder, "." when it has none */
    char *temporary; /* in the same folder; NULL when none exists (any more) */
    char *temporary_sidecar;
} qep_write_names;

/* Meshes on axes of their own (write_mesh.c). */
typedef struct {
    char name[96], title[256], units[QEP_WRITE_UNIT];
} qep_write_mesh;
typedef struct {
    qep_grid grid; /* ndim 0: none */
    qep_dimension dimension;
    char label[3][16], units[QEP_WRITE_UNIT];
    double vectors[9]; /* [ndim][ndim] */
    int is_cartesian;
    size_t frame; /* that they are in */
    hid_t axis[3];
    qep_write_mesh *mesh; /* [count] */
    size_t count;
} qep_write_other;

struct qep_writer {
    qep_write_options options; /* file points to names.target */
    qep_write_names names;
    qep_sink sink;
    hid_t file;
    qep_grid grid;
    int has_grid;
    qep_write_record *record;
    size_t record_count;
    qep_write_frame *frame; /* finished frames */
    size_t frame_count, frame_capacity;
    int in_frame;
    size_t number;                         /* of the present frame, */
    double time;                           /* its time, s, */
    hid_t frame_group, meshes;             /* its groups, */
    int has_axis;                          /* and the scales, open while the file is: x, y, z, */
    hid_t axis[3], component3, component9; /* and of vector and tensor components; -1 when absent */
    qep_write_other other;
    H5E_auto2_t error_printer;             /* HDF5's own, put back at the end */
    void *error_printer_data;
};

/* Turn a failed step into an error: errno of the sink if there is one, else HDF5's reason. QEP_OK
 * when ok and the sink is well. what completes "cannot write ...". */
qep_status qep_write_result(const qep_writer *writer, int ok, const char *what, qep_error *err);

/* write_names.c: the folder, the temporary name and its life. */
qep_status qep_write_check_target(const char *file, int force, size_t bytes, qep_error *err);
qep_status qep_write_names_create(qep_write_names *names, const char *file, int *fd,
                                  qep_error *err);
void qep_write_names_remove(qep_write_names *names);
void qep_write_names_free(qep_write_names *names);
/* file without ".h5" (or ".hdf5"), plus an ending; release with qep_free; NULL when memory is out.
 */
char *qep_write_with_ending(const char *file, const char *ending);
qep_status qep_write_publish(const char *from, const char *to, qep_error *err);
qep_status qep_write_sync_folder(const char *folder, qep_error *err);

/* write_layout.c: openPMD attributes. component_name: "x", "xy", ...; "" for a scalar. */
int qep_write_root(const qep_writer *writer);
void qep_write_component_name(const qep_writer *writer, const qep_write_record *record,
                              int component, char name[3]);
/* Path of a component from the root, e.g. /data/0/meshes/E/x. */
void qep_write_component_path(const qep_writer *writer, size_t frame,
                              const qep_write_record *record, int component, char *path,
                              size_t size);
int qep_write_record_attributes(const qep_writer *writer, hid_t object,
                                const qep_write_record *record);
int qep_write_component_attributes(const qep_writer *writer, hid_t set,
                                   const qep_write_record *record);
/* Names of the existing axes in file order ("z", "y", "x"). */
const char *const *qep_write_axis_names(const qep_writer *writer);

/* write_data.c: values [nz,ny,nx] of one component on a grid, as data set `name`. */
qep_status qep_write_values(const qep_writer *writer, const qep_grid *grid, hid_t parent,
                            const char *name, const double *values, hid_t *set, qep_error *err);

/* write_view.c */
int qep_write_axes(qep_writer *writer);
int qep_write_views(const qep_writer *writer);
/* Once, after the last frame: what the scales say about their users. */
int qep_write_scale_references(const qep_writer *writer);

/* write_plot.c, write_vtkhdf.c: links to the last frame. */
int qep_write_plot(const qep_writer *writer, const qep_write_frame *frame);
int qep_write_root_links(const qep_writer *writer, const qep_write_frame *frame);
int qep_write_vtkhdf(const qep_writer *writer, const qep_write_frame *frame);

/* write_mesh.c: root links and, without records, the default plot. */
int qep_write_other_links(const qep_writer *writer);
int qep_write_other_plot(const qep_writer *writer);
void qep_write_other_free(qep_write_other *other);

/* write_xdmf.c: text of the sidecar of the file with this base name; NULL when memory is out. */
char *qep_write_xdmf_text(const qep_writer *writer, const char *base);

#endif
