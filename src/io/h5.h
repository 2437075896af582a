/* Small helpers around HDF5's C interface for the writer: every function closes the identifiers it
 * opens, objects carry no time stamps, and texts are fixed-length strings (openPMD tools refuse
 * variable-length ones). All return 1 on success and 0 on failure unless said otherwise. */
#ifndef QEP_IO_H5_H
#define QEP_IO_H5_H

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/* Creation property list without time stamps whose attributes stay in the object header; class is
 * H5P_DATASET_CREATE or H5P_GROUP_CREATE. Negative on failure; close with H5Pclose. */
hid_t qep_h5_creation(hid_t property_class);
/* Open the group at a relative path, making missing levels. Negative on failure. */
hid_t qep_h5_group(hid_t parent, const char *path);
/* 1 when a link of that name is directly below parent. */
int qep_h5_exists(hid_t parent, const char *name);

/* Attributes; an older attribute of the same name is replaced. count 0 means a scalar. */
int qep_h5_attribute(hid_t object, const char *name, hid_t file_type, hid_t memory_type,
                     size_t count, const void *data);
int qep_h5_number(hid_t object, const char *name, double value);
int qep_h5_numbers(hid_t object, const char *name, const double *values, size_t count);
int qep_h5_integers(hid_t object, const char *name, const int64_t *values, size_t count);
int qep_h5_checksum(hid_t object, const void *data, size_t bytes);
int qep_h5_text(hid_t object, const char *name, const char *text);
int qep_h5_texts(hid_t object, const char *name, const char *const *texts, size_t count);
/* One-dimensional attribute of variable-length strings, as H5DSset_label would write it. */
int qep_h5_labels(hid_t object, const char *name, const char *const *texts, size_t count);

/* Data set of doubles [shape[0], ...] with its checksum; rank 0 is a scalar. Returns the open data
 * set (close with H5Dclose) or a negative number. */
hid_t qep_h5_dataset(hid_t parent, const char *name, int rank, const size_t *shape,
                     const double *values);
/* Scalar text data set, fixed-length, or variable-length UTF-8 when variable is not 0. */
int qep_h5_text_dataset(hid_t parent, const char *name, const char *text, int variable);
/* One-dimensional data set of fixed-length texts. */
int qep_h5_texts_dataset(hid_t parent, const char *name, const char *const *texts, size_t count);

/* The description that HDF5 gives for the failure nearest to its cause; "unknown" without one. */
void qep_h5_reason(char *text, size_t size);

#endif
