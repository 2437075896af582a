/* Texts stored as data sets, such as the configuration inside a result. */
#include "h5_read.h"

#include "qep/base/memory.h"
#include <string.h>

static const size_t text_limit = (size_t)1 << 26; /* bytes */

static qep_status read_variable_text(const qep_h5in_input *in, const char *dataset, hid_t set,
                                     hid_t type, char **text, qep_error *err) {
    QEP_H5IN_AUTO space = H5Dget_space(set);
    QEP_H5IN_AUTO memory = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    char *value = NULL, reason[160];
    if (H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0) {
        return qep_h5in_refuse(in, dataset, "unreadable", err, "cannot be read (%s)",
                               qep_h5in_reason(reason));
    }
    void *copy = NULL;
    const size_t length = value ? strlen(value) : 0;
    const qep_status status = qep_alloc(&copy, length + 1, 1, "text of a data set", err);
    if (status == QEP_OK && value) {
        memcpy(copy, value, length);
    }
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, &value);
    *text = copy;
    return status;
}

static qep_status read_fixed_text(const qep_h5in_input *in, const char *dataset, hid_t set,
                                  hid_t type, char **text, qep_error *err) {
    const size_t width = H5Tget_size(type);
    char reason[160];
    void *copy = NULL;
    if (width > text_limit) {
        return qep_h5in_refuse(in, dataset, "type", err, "is a text of %zu bytes; at most %zu",
                               width, text_limit);
    }
    QEP_TRY(qep_alloc(&copy, width + 1, 1, "text of a data set", err));
    if (H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, copy) < 0) {
        qep_free(copy);
        return qep_h5in_refuse(in, dataset, "unreadable", err, "cannot be read (%s)",
                               qep_h5in_reason(reason));
    }
    *text = copy;
    return QEP_OK;
}

static qep_status read_text(qep_h5in_input *in, const char *dataset, char **text, qep_error *err) {
    QEP_H5IN_AUTO set = -1;
    QEP_TRY(qep_h5in_dataset_open(in, dataset, &set, err));
    QEP_H5IN_AUTO type = H5Dget_type(set);
    QEP_H5IN_AUTO space = H5Dget_space(set);
    if (type < 0 || space < 0 || H5Tget_class(type) != H5T_STRING ||
        H5Sget_simple_extent_npoints(space) != 1) {
        return qep_h5in_refuse(in, dataset, "type", err, "is not one text");
    }
    QEP_TRY(qep_h5in_storage_check(in, dataset, set, err));
    if (H5Tis_variable_str(type) > 0) {
        return read_variable_text(in, dataset, set, type, text, err);
    }
    return read_fixed_text(in, dataset, set, type, text, err);
}

qep_status qep_read_text(const char *file, const char *dataset, char **text, qep_error *err) {
    qep_h5in_input in;
    *text = NULL;
    qep_status status = qep_h5in_input_open(&in, file, NULL, err);
    if (status == QEP_OK) {
        status = read_text(&in, dataset, text, err);
    }
    qep_h5in_input_close(&in);
    return status;
}
