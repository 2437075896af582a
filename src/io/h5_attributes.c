/* Types of data sets, and attributes as numbers and text, whatever type they were written with. Anything larger than a
 * record description needs is not read. */
#include "h5_read.h"

#include <stdio.h>
#include <string.h>

enum { ELEMENTS = 64, TEXT = 4096 };

/* Opens an attribute and its type; the number of its elements, 0 when there is none of that name,
 * -1 when it is unusable. */
static int open_attribute(hid_t object, const char *name, hid_t *attribute, hid_t *type) {
    if (object < 0 || H5Aexists(object, name) <= 0) {
        return 0;
    }
    *attribute = H5Aopen(object, name, H5P_DEFAULT);
    QEP_H5IN_AUTO space = *attribute >= 0 ? H5Aget_space(*attribute) : -1;
    *type = *attribute >= 0 ? H5Aget_type(*attribute) : -1;
    const hssize_t count = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
    return *type < 0 || count < 1 || count > ELEMENTS ? -1 : (int)count;
}

int qep_h5in_numbers(hid_t object, const char *name, double *values, int capacity) {
    QEP_H5IN_AUTO attribute = -1;
    QEP_H5IN_AUTO type = -1;
    const int count = open_attribute(object, name, &attribute, &type);
    if (count <= 0) {
        return count;
    }
    const H5T_class_t kind = H5Tget_class(type);
    double all[ELEMENTS];
    if ((kind != H5T_FLOAT && kind != H5T_INTEGER) ||
        H5Aread(attribute, H5T_NATIVE_DOUBLE, all) < 0) {
        return -1;
    }
    memcpy(values, all, (size_t)(count < capacity ? count : capacity) * sizeof *values);
    return count;
}

static int read_variable_text(hid_t attribute, hid_t type, int count, int index, char *text,
                              size_t size) {
    char *all[ELEMENTS] = {0};
    QEP_H5IN_AUTO space = H5Aget_space(attribute);
    QEP_H5IN_AUTO memory = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    if (H5Aread(attribute, memory, all) < 0) {
        return 0;
    }
    snprintf(text, size, "%s", all[index] ? all[index] : "");
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, all);
    return count;
}

static int read_fixed_text(hid_t attribute, hid_t type, int count, int index, char *text,
                           size_t size) {
    const size_t width = H5Tget_size(type);
    char all[TEXT];
    if (!width || width > sizeof all / (size_t)count || H5Aread(attribute, type, all) < 0) {
        return 0;
    }
    const char *begin = all + width * (size_t)index;
    size_t length = strnlen(begin, width);
    while (length && begin[length - 1] == ' ') { /* space padding */
        length--;
    }
    snprintf(text, size, "%.*s", (int)length, begin);
    return count;
}

int qep_h5in_text(hid_t object, const char *name, int index, char *text, size_t size) {
    QEP_H5IN_AUTO attribute = -1;
    QEP_H5IN_AUTO type = -1;
    const int count = open_attribute(object, name, &attribute, &type);
    if (count <= index || H5Tget_class(type) != H5T_STRING) {
        return 0;
    }
    return H5Tis_variable_str(type) > 0
               ? read_variable_text(attribute, type, count, index, text, size)
               : read_fixed_text(attribute, type, count, index, text, size);
}

int qep_h5in_holds_numbers(hid_t set) {
    QEP_H5IN_AUTO type = H5Dget_type(set);
    const H5T_class_t kind = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    const size_t size = type >= 0 ? H5Tget_size(type) : 0;
    return (kind == H5T_FLOAT && (size == 4 || size == 8)) || (kind == H5T_INTEGER && size <= 8);
}
