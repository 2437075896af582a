/* Reads the three texts that tell whether a file is a finished result of a given configuration. */
#include "qep/io/identity.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <hdf5.h>
#include <string.h>

static const hsize_t longest_text = (hsize_t)1 << 30;

typedef herr_t (*read_function)(hid_t object, hid_t type, void *to);

static herr_t read_dataset(hid_t object, hid_t type, void *to) {
    return H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to);
}

static herr_t read_attribute(hid_t object, hid_t type, void *to) {
    return H5Aread(object, type, to);
}

static char *read_fixed(hid_t object, hid_t type, read_function read) {
    const size_t size = H5Tget_size(type);
    void *text = NULL;
    if (size == 0 || size > longest_text || qep_alloc(&text, size + 1, 1, "text", NULL) != QEP_OK) {
        return NULL;
    }
    if (read(object, type, text) < 0) {
        qep_free(text);
        return NULL;
    }
    return text;
}

static char *read_variable(hid_t object, hid_t type, read_function read) {
    char *library_text = NULL;
    if (read(object, type, (void *)&library_text) < 0 || !library_text) {
        return NULL;
    }
    char *text = qep_text_copy(library_text);
    H5free_memory(library_text);
    return text;
}

/* Text of a scalar data set or attribute; takes over type and space. */
static char *read_text(hid_t object, hid_t type, hid_t space, read_function read) {
    char *text = NULL;
    if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
        H5Sget_simple_extent_npoints(space) == 1) {
        text = H5Tis_variable_str(type) > 0 ? read_variable(object, type, read)
                                            : read_fixed(object, type, read);
    }
    if (type >= 0) {
        H5Tclose(type);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    return text;
}

static char *dataset_text(hid_t group, const char *name) {
    const hid_t set = H5Dopen2(group, name, H5P_DEFAULT);
    if (set < 0) {
        return NULL;
    }
    char *text = read_text(set, H5Dget_type(set), H5Dget_space(set), read_dataset);
    H5Dclose(set);
    return text;
}

static char *attribute_text(hid_t group, const char *name) {
    const hid_t attribute = H5Aopen(group, name, H5P_DEFAULT);
    if (attribute < 0) {
        return NULL;
    }
    char *text =
        read_text(attribute, H5Aget_type(attribute), H5Aget_space(attribute), read_attribute);
    H5Aclose(attribute);
    return text;
}

static void read_all(const char *file, char **identity, char **exit_state, char **inputs) {
    const hid_t opened = H5Fopen(file, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t group = opened < 0 ? -1 : H5Gopen2(opened, "/provenance", H5P_DEFAULT);
    if (group >= 0) {
        *identity = dataset_text(group, "identity");
        *exit_state = attribute_text(group, "exit_state");
        *inputs = dataset_text(group, "inputs");
        H5Gclose(group);
    }
    if (opened >= 0) {
        H5Fclose(opened);
    }
}

qep_status qep_result_identity(const char *file, char **identity, char **exit_state, char **inputs,
                               qep_error *err) {
    H5E_auto2_t printer = NULL;
    void *printer_data = NULL;
    *identity = *exit_state = *inputs = NULL;
    H5Eget_auto2(H5E_DEFAULT, &printer, &printer_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    read_all(file, identity, exit_state, inputs);
    H5Eset_auto2(H5E_DEFAULT, printer, printer_data);
    if (*identity && *exit_state && *inputs) {
        return QEP_OK;
    }
    qep_free(*identity);
    qep_free(*exit_state);
    qep_free(*inputs);
    *identity = *exit_state = *inputs = NULL;
    return qep_error_add(err, QEP_ERR_INPUT, "not_a_result", NULL, file,
                         "is not a finished result of this program");
}
