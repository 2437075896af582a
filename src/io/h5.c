/* HDF5 helpers of the writer. Types in the file are little-endian whatever the machine, so that
 * equal results are equal bytes. Attributes stay compact (in the object header): dense storage
 * would cost some kilobytes per object. */
#include "h5.h"

#include "qep/base/digest.h"
#include "qep/base/memory.h"
#include <stdio.h>
#include <string.h>

hid_t qep_h5_creation(hid_t property_class) {
    const hid_t list = H5Pcreate(property_class);
    if (list < 0) {
        return list;
    }
    if (H5Pset_obj_track_times(list, 0) < 0 || H5Pset_attr_phase_change(list, 64, 0) < 0) {
        H5Pclose(list);
        return -1;
    }
    return list;
}

int qep_h5_exists(hid_t parent, const char *name) {
    return H5Lexists(parent, name, H5P_DEFAULT) > 0;
}

/* One level of a path. */
static hid_t open_level(hid_t parent, const char *name) {
    if (qep_h5_exists(parent, name)) {
        return H5Gopen2(parent, name, H5P_DEFAULT);
    }
    const hid_t creation = qep_h5_creation(H5P_GROUP_CREATE);
    if (creation < 0) {
        return creation;
    }
    const hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Pclose(creation);
    return group;
}

hid_t qep_h5_group(hid_t parent, const char *path) {
    hid_t group = H5Gopen2(parent, ".", H5P_DEFAULT);
    while (group >= 0 && *path) {
        const size_t length = strcspn(path, "/");
        char name[256];
        if (length >= sizeof name) {
            H5Gclose(group);
            return -1;
        }
        memcpy(name, path, length);
        name[length] = 0;
        path += length + (path[length] == '/');
        if (length > 0) {
            const hid_t next = open_level(group, name);
            H5Gclose(group);
            group = next;
        }
    }
    return group;
}

static hid_t make_space(int rank, const hsize_t *shape) {
    return rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, shape, NULL);
}

int qep_h5_attribute(hid_t object, const char *name, hid_t file_type, hid_t memory_type,
                     size_t count, const void *data) {
    const htri_t there = H5Aexists(object, name);
    if (there < 0 || (there > 0 && H5Adelete(object, name) < 0)) {
        return 0;
    }
    const hsize_t shape[1] = {count};
    const hid_t space = make_space(count == 0 ? 0 : 1, shape);
    const hid_t attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    const int ok = attribute >= 0 && H5Awrite(attribute, memory_type, data) >= 0;
    if (attribute >= 0) {
        H5Aclose(attribute);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    return ok;
}

int qep_h5_numbers(hid_t object, const char *name, const double *values, size_t count) {
    return qep_h5_attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, count, values);
}

int qep_h5_number(hid_t object, const char *name, double value) {
    return qep_h5_numbers(object, name, &value, 0);
}

int qep_h5_integers(hid_t object, const char *name, const int64_t *values, size_t count) {
    return qep_h5_attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, count, values);
}

int qep_h5_checksum(hid_t object, const void *data, size_t bytes) {
    const uint64_t sum = qep_digest_xxh3(data, bytes);
    return qep_h5_attribute(object, "checksum", H5T_STD_U64LE, H5T_NATIVE_UINT64, 0, &sum);
}

/* Fixed-length string type; ASCII unless a text needs UTF-8. An empty text takes one zero byte. */
static hid_t text_type(const char *const *texts, size_t count, size_t *size) {
    size_t longest = 1;
    int ascii = 1;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(texts[i]);
        longest = length > longest ? length : longest;
        for (size_t k = 0; k < length && ascii; k++) {
            ascii = (unsigned char)texts[i][k] < 0x80;
        }
    }
    *size = longest;
    const hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, longest) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 ||
                      H5Tset_cset(type, ascii ? H5T_CSET_ASCII : H5T_CSET_UTF8) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

/* Texts side by side in cells of `size` bytes, padded with zeros. NULL when memory is out. */
static char *text_cells(const char *const *texts, size_t count, size_t size) {
    void *cells = NULL;
    if (qep_alloc(&cells, count, size, "texts", NULL) != QEP_OK) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy((char *)cells + i * size, texts[i], strlen(texts[i]));
    }
    return cells;
}

static int write_text_attribute(hid_t object, const char *name, const char *const *texts,
                                size_t count, int scalar) {
    size_t size = 0;
    const hid_t type = text_type(texts, count, &size);
    char *cells = text_cells(texts, count, size);
    const int ok =
        type >= 0 && cells && qep_h5_attribute(object, name, type, type, scalar ? 0 : count, cells);
    qep_free(cells);
    if (type >= 0) {
        H5Tclose(type);
    }
    return ok;
}

int qep_h5_text(hid_t object, const char *name, const char *text) {
    return write_text_attribute(object, name, &text, 1, 1);
}

int qep_h5_texts(hid_t object, const char *name, const char *const *texts, size_t count) {
    return write_text_attribute(object, name, texts, count, 0);
}

static hid_t variable_text_type(H5T_cset_t set) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, set) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

int qep_h5_labels(hid_t object, const char *name, const char *const *texts, size_t count) {
    const hid_t type = variable_text_type(H5T_CSET_ASCII);
    const int ok = type >= 0 && qep_h5_attribute(object, name, type, type, count, texts);
    if (type >= 0) {
        H5Tclose(type);
    }
    return ok;
}

/* New data set, written at once when data is given. Negative on failure. */
static hid_t write_dataset(hid_t parent, const char *name, hid_t file_type, hid_t memory_type,
                           int rank, const hsize_t *shape, const void *data) {
    const hid_t space = make_space(rank, shape);
    const hid_t creation = qep_h5_creation(H5P_DATASET_CREATE);
    hid_t set = -1;
    if (space >= 0 && creation >= 0) {
        set = H5Dcreate2(parent, name, file_type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    }
    if (creation >= 0) {
        H5Pclose(creation);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    if (set >= 0 && H5Dwrite(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0) {
        H5Dclose(set);
        set = -1;
    }
    return set;
}

hid_t qep_h5_dataset(hid_t parent, const char *name, int rank, const size_t *shape,
                     const double *values) {
    hsize_t extent[H5S_MAX_RANK];
    size_t bytes = sizeof(double);
    if (rank > H5S_MAX_RANK) {
        return -1;
    }
    for (int d = 0; d < rank; d++) {
        extent[d] = shape[d];
        if (!qep_size_multiply(bytes, shape[d], &bytes)) {
            return -1;
        }
    }
    const hid_t set =
        write_dataset(parent, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, rank, extent, values);
    if (set >= 0 && !qep_h5_checksum(set, values, bytes)) {
        H5Dclose(set);
        return -1;
    }
    return set;
}

static int close_written(hid_t set, hid_t type) {
    const int ok = set >= 0;
    if (ok) {
        H5Dclose(set);
    }
    if (type >= 0) {
        H5Tclose(type);
    }
    return ok;
}

int qep_h5_text_dataset(hid_t parent, const char *name, const char *text, int variable) {
    size_t size = 0;
    const hid_t type = variable ? variable_text_type(H5T_CSET_UTF8) : text_type(&text, 1, &size);
    /* A fixed-length cell of an empty text is one byte long: the terminating zero of the text. */
    const void *data = variable ? (const void *)&text : (const void *)text;
    const hid_t set = type < 0 ? -1 : write_dataset(parent, name, type, type, 0, NULL, data);
    return close_written(set, type);
}

int qep_h5_texts_dataset(hid_t parent, const char *name, const char *const *texts, size_t count) {
    size_t size = 0;
    const hid_t type = text_type(texts, count, &size);
    char *cells = text_cells(texts, count, size);
    const hsize_t shape[1] = {count};
    const hid_t set =
        type < 0 || !cells ? -1 : write_dataset(parent, name, type, type, 1, shape, cells);
    qep_free(cells);
    return close_written(set, type);
}

typedef struct {
    char *text;
    size_t size;
} reason;

static herr_t keep_description(unsigned n, const H5E_error2_t *error, void *data) {
    reason *r = data;
    if (n == 0 && error->desc) {
        snprintf(r->text, r->size, "%s", error->desc);
    }
    return 0;
}

void qep_h5_reason(char *text, size_t size) {
    reason r = {.text = text, .size = size};
    snprintf(text, size, "unknown");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_description, &r);
}
