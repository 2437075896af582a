/* Reading HDF5 files that nobody vouches for: opening, walking, storage checks, attributes. Private
 * to the room. Everything that would lead out of the file (external links, external storage,
 * virtual sources in other files, filter plugins) is refused. */
#ifndef QEP_IO_H5_READ_H
#define QEP_IO_H5_READ_H

#include "qep/base/dimension.h"
#include "qep/base/error.h"
#include "qep/io/read.h"
#include <hdf5.h>

/* Release an HDF5 identifier of any kind at the end of its scope. */
static inline void qep_h5in_release(hid_t *id) {
    if (*id > 0) {
        H5Idec_ref(*id);
    }
}
#define QEP_H5IN_AUTO __attribute__((cleanup(qep_h5in_release))) hid_t

/* An opened input file. */
typedef struct {
    const char *name, *path; /* file, JSON path: borrowed */
    hid_t file, access;      /* link access: refuses external links */
    int external;            /* an external link was met */
    H5E_auto2_t report;      /* the error reporter to restore */
    void *report_data;
} qep_h5in_input;

/* Open read-only, regular files only. Always pair with qep_h5in_input_close, also after a failure. */
qep_status qep_h5in_input_open(qep_h5in_input *in, const char *file, const char *path,
                               qep_error *err);
void qep_h5in_input_close(qep_h5in_input *in);

/* Add an error about file:dataset (QEP_ERR_INPUT). */
qep_status qep_h5in_refuse(const qep_h5in_input *in, const char *dataset, const char *code,
                           qep_error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Innermost reason that HDF5 gives for its last failure. Returns text. */
const char *qep_h5in_reason(char text[160]);

/* Open a data set by its path in the file; a missing one is reported with the nearest names. The
 * identifier is the caller's. */
qep_status qep_h5in_dataset_open(qep_h5in_input *in, const char *dataset, hid_t *set,
                                 qep_error *err);
/* 1 when the path leads to an object without leaving the file. */
int qep_h5in_exists(qep_h5in_input *in, const char *object);

/* Storage that stays inside the file, is complete and needs no plugin. */
qep_status qep_h5in_storage_check(qep_h5in_input *in, const char *dataset, hid_t set,
                                  qep_error *err);

/* Numbers of an attribute: their count (at most capacity are stored), 0 when there is no such
 * attribute, -1 when it holds no numbers. */
int qep_h5in_numbers(hid_t object, const char *name, double *values, int capacity);
/* Element `index` of a text attribute, cut to size; returns the number of elements, 0 when absent
 * or no text. */
int qep_h5in_text(hid_t object, const char *name, int index, char *text, size_t size);

/* What an openPMD record or a units attribute says, against what is needed; *factor receives the
 * file's own unit in SI (1 without one) and *has_unit whether it named one. parent: the group that
 * holds the data set. */
qep_status qep_h5in_describe(const qep_h5in_input *in, const qep_read_request *request,
                             const qep_grid *grid, hid_t set, hid_t parent, double *factor,
                             int *has_unit, qep_error *err);

/* An opened and checked data set. */
typedef struct {
    qep_h5in_input in;
    hid_t set, parent;
    size_t frames;       /* 0: no leading time axis */
    double factor;       /* stored value to SI */
    char directory[512]; /* group of the data set */
} qep_h5in_source;

/* Find the group that really holds the data set (s->parent, s->directory): soft links at the end of the path are followed by name. */
void qep_h5in_find_parent(qep_h5in_source *s, const char *dataset);
/* 1 when the values are float32, float64 or integers of up to 8 bytes. */
int qep_h5in_holds_numbers(hid_t set);
/* Frames and times of an opened data set; series->times is the caller's. */
qep_status qep_h5in_series(qep_h5in_source *s, qep_read_series *series, qep_error *err);

#endif
