/* Numbers, texts and tables of a frame below /data/<frame>/results, and /provenance. */
#include "write_writer.h"

#include "qep/base/text.h"
#include "qep/base/memory.h"
#include <stdio.h>
#include <string.h>

/* An attribute must fit into an object header message of 64 KiB. */
static const size_t longest_attribute = 60000;

/* Group below the frame's results; negative outside of a frame or on failure. */
static hid_t open_results(const qep_writer *writer, const char *group) {
    const hid_t results = writer->in_frame ? qep_h5_group(writer->frame_group, "results") : -1;
    const hid_t inner = results < 0 ? -1 : qep_h5_group(results, group);
    if (results >= 0) {
        H5Gclose(results);
    }
    return inner;
}

static qep_status close_group(const qep_writer *writer, hid_t group, int ok, const char *name,
                              qep_error *err) {
    if (group >= 0) {
        H5Gclose(group);
    }
    return qep_write_result(writer, group >= 0 && ok, name, err);
}

qep_status qep_writer_result_number(qep_writer *writer, const char *group, const char *name,
                                    double value, const char *unit, qep_error *err) {
    const hid_t results = open_results(writer, group);
    int ok = results >= 0 && qep_h5_number(results, name, value);
    if (ok && unit) {
        char units[256];
        snprintf(units, sizeof units, "%s_units", name);
        ok = qep_h5_text(results, units, unit);
    }
    return close_group(writer, results, ok, name, err);
}

qep_status qep_writer_result_text(qep_writer *writer, const char *group, const char *name,
                                  const char *text, qep_error *err) {
    const hid_t results = open_results(writer, group);
    const int ok = results >= 0 && qep_h5_text(results, name, text);
    return close_group(writer, results, ok, name, err);
}

static hid_t open_series(const qep_writer *writer, const char *group) {
    const hid_t series = qep_h5_group(writer->file, "series");
    const hid_t inner = series < 0 ? -1 : qep_h5_group(series, group);
    if (series >= 0) {
        H5Gclose(series);
    }
    return inner;
}

/* Split "bloch/s" into the group, which is opened below the results or the series, and the name, which is returned. */
static const char *open_parent(const qep_writer *writer, const char *path,
                               hid_t (*open)(const qep_writer *writer, const char *group),
                               hid_t *group) {
    const char *slash = strrchr(path, '/');
    char *parent = qep_text_copy_n(path, slash ? (size_t)(slash - path) : 0);
    *group = parent ? open(writer, parent) : -1;
    qep_free(parent);
    return slash ? slash + 1 : path;
}

static qep_status put_array(const qep_writer *writer, hid_t group, const char *last,
                            const double *values, int rank, const size_t *shape, const char *units,
                            const char *name, qep_error *err) {
    const hid_t set = group < 0 ? -1 : qep_h5_dataset(group, last, rank, shape, values);
    const int ok = set >= 0 && (!units || qep_h5_text(set, "units", units));
    if (set >= 0) {
        H5Dclose(set);
    }
    return close_group(writer, group, ok, name, err);
}

qep_status qep_writer_result_array(qep_writer *writer, const char *name, const double *values,
                                   int rank, const size_t *shape, const char *units,
                                   qep_error *err) {
    hid_t group = -1;
    const char *last = open_parent(writer, name, open_results, &group);
    return put_array(writer, group, last, values, rank, shape, units, name, err);
}

qep_status qep_writer_series(qep_writer *writer, const char *name, const double *values,
                             size_t count, const char *units, qep_error *err) {
    hid_t group = -1;
    const char *last = open_parent(writer, name, open_series, &group);
    return put_array(writer, group, last, values, 1, &count, units, name, err);
}

qep_status qep_writer_result_table(qep_writer *writer, const char *name, const double *values,
                                   size_t rows, size_t columns, const char *units, qep_error *err) {
    const size_t shape[2] = {rows, columns};
    return qep_writer_result_array(writer, name, values, columns == 1 ? 1 : 2, shape, units, err);
}

qep_status qep_writer_result_attribute(qep_writer *writer, const char *name, const char *attribute, const char *text, qep_error *err) {
    hid_t group = -1;
    const char *last = open_parent(writer, name, open_results, &group);
    const hid_t object = group < 0 ? -1 : H5Oopen(group, last, H5P_DEFAULT);
    const int ok = object >= 0 && qep_h5_text(object, attribute, text);
    if (object >= 0) {
        H5Oclose(object);
    }
    return close_group(writer, group, ok, name, err);
}

qep_status qep_writer_result_names(qep_writer *writer, const char *name, const char *const *texts,
                                   size_t count, qep_error *err) {
    hid_t group = -1;
    const char *last = open_parent(writer, name, open_results, &group);
    const int ok = group >= 0 && qep_h5_texts_dataset(group, last, texts, count);
    return close_group(writer, group, ok, name, err);
}

qep_status qep_writer_provenance_text(qep_writer *writer, const char *name, const char *text,
                                      int as_dataset, qep_error *err) {
    const hid_t group = qep_h5_group(writer->file, "provenance");
    const int ok = group >= 0 && (as_dataset || strlen(text) > longest_attribute
                                      ? qep_h5_text_dataset(group, name, text, 0)
                                      : qep_h5_text(group, name, text));
    return close_group(writer, group, ok, name, err);
}

qep_status qep_writer_provenance_number(qep_writer *writer, const char *name, double value,
                                        qep_error *err) {
    const hid_t group = qep_h5_group(writer->file, "provenance");
    const int ok = group >= 0 && qep_h5_number(group, name, value);
    return close_group(writer, group, ok, name, err);
}
