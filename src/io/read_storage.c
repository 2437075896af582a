/* Where the bytes of a data set lie. A file from elsewhere can name other files as its storage, ask
 * for filter plugins, or claim values that it does not hold; all of that is refused before the
 * first read. */
#include "h5_read.h"

#include "qep/base/memory.h"
#include <stdint.h>
#include <string.h>

enum { SOURCES = 100000, DEPTH = 4, NAME = 1024 };

static const size_t chunk_limit = (size_t)1 << 30; /* bytes */
/* deflate shrinks at most 1032 to 1; less storage than this means values that were never written.
 */
static const size_t deflate_limit = 1100;

static qep_status check_filters(const qep_h5in_input *in, const char *dataset, hid_t how,
                                qep_error *err) {
    static const H5Z_filter_t built_in[] = {H5Z_FILTER_DEFLATE,    H5Z_FILTER_SHUFFLE,
                                            H5Z_FILTER_FLETCHER32, H5Z_FILTER_SZIP,
                                            H5Z_FILTER_NBIT,       H5Z_FILTER_SCALEOFFSET};
    const int count = H5Pget_nfilters(how);
    for (int i = 0; i < count; i++) {
        unsigned flags = 0, settings = 0;
        size_t setting_count = 0;
        char name[64] = "";
        const H5Z_filter_t filter = H5Pget_filter2(how, (unsigned)i, &flags, &setting_count, NULL,
                                                   sizeof name, name, &settings);
        int known = 0;
        for (size_t k = 0; k < sizeof built_in / sizeof *built_in; k++) {
            known |= built_in[k] == filter;
        }
        if (!known) {
            return qep_h5in_refuse(in, dataset, "filter", err,
                                   "is compressed with filter %d (%.60s), which needs a plugin; "
                                   "rewrite the file with h5repack -f GZIP=4",
                                   (int)filter, name);
        }
        if (H5Zfilter_avail(filter) <= 0) {
            return qep_h5in_refuse(in, dataset, "filter", err,
                                   "is compressed with filter %d, which this HDF5 library lacks",
                                   (int)filter);
        }
    }
    return QEP_OK;
}

static qep_status check_chunks(const qep_h5in_input *in, const char *dataset, hid_t how,
                               size_t element, qep_error *err) {
    hsize_t chunk[H5S_MAX_RANK];
    const int rank = H5Pget_chunk(how, H5S_MAX_RANK, chunk);
    size_t bytes = element;
    for (int i = 0; i < rank; i++) {
        if (!qep_size_multiply(bytes, chunk[i], &bytes) || bytes > chunk_limit) {
            return qep_h5in_refuse(in, dataset, "storage", err,
                                   "has chunks of more than 1 GiB; rewrite the file with h5repack");
        }
    }
    return rank > 0
               ? QEP_OK
               : qep_h5in_refuse(in, dataset, "storage", err, "has a damaged chunk description");
}

static qep_status check_complete(const qep_h5in_input *in, const char *dataset, hid_t set,
                                 size_t element, qep_error *err) {
    QEP_H5IN_AUTO space = H5Dget_space(set);
    hsize_t dims[H5S_MAX_RANK];
    const int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    size_t bytes = element;
    for (int i = 0; i < rank; i++) {
        if (!qep_size_multiply(bytes, dims[i], &bytes)) {
            return qep_h5in_refuse(in, dataset, "storage", err,
                                   "claims more values than memory can address");
        }
    }
    const size_t stored = H5Dget_storage_size(set);
    if (bytes && (stored == 0 || stored < bytes / deflate_limit)) {
        return qep_h5in_refuse(in, dataset, "storage", err,
                               "claims %zu bytes but stores %zu: its values were never written",
                               bytes, stored);
    }
    return QEP_OK;
}

static qep_status check_depth(qep_h5in_input *in, const char *dataset, hid_t set, int depth,
                              qep_error *err);

/* One source of a virtual data set: in this file, and itself in order. */
static qep_status check_source(qep_h5in_input *in, const char *dataset, hid_t how, size_t i,
                               int depth, qep_error *err) {
    char file[NAME] = "", source[NAME] = "";
    const ssize_t file_length = H5Pget_virtual_filename(how, i, file, sizeof file);
    const ssize_t source_length = H5Pget_virtual_dsetname(how, i, source, sizeof source);
    if (file_length < 0 || strcmp(file, ".") != 0) {
        return qep_h5in_refuse(in, dataset, "leaves_file", err,
                               "is a virtual data set with a part in another file (%.200s)", file);
    }
    if (source_length < 1 || source_length >= NAME || strchr(source, '%')) {
        return qep_h5in_refuse(
            in, dataset, "storage", err,
            "is a virtual data set with a source name pattern; list its sources one by one");
    }
    QEP_H5IN_AUTO set = -1;
    QEP_TRY(qep_h5in_dataset_open(in, source, &set, err));
    return check_depth(in, source, set, depth + 1, err);
}

static qep_status check_virtual(qep_h5in_input *in, const char *dataset, hid_t how, int depth,
                                qep_error *err) {
    size_t count = 0;
    if (H5Pget_virtual_count(how, &count) < 0 || count == 0 || count > SOURCES || depth == DEPTH) {
        return qep_h5in_refuse(in, dataset, "storage", err,
                               "is a virtual data set of %zu sources, nested %d deep; 1 to %d "
                               "sources and %d levels are possible",
                               count, depth, SOURCES, DEPTH - 1);
    }
    for (size_t i = 0; i < count; i++) {
        QEP_TRY(check_source(in, dataset, how, i, depth, err));
    }
    return QEP_OK;
}

static qep_status check_depth(qep_h5in_input *in, const char *dataset, hid_t set, int depth,
                              qep_error *err) {
    QEP_H5IN_AUTO how = H5Dget_create_plist(set);
    QEP_H5IN_AUTO type = H5Dget_type(set);
    const size_t element = type >= 0 ? H5Tget_size(type) : 0;
    if (how < 0 || element == 0) {
        return qep_h5in_refuse(in, dataset, "storage", err, "has a damaged description");
    }
    if (H5Pget_external_count(how) > 0) {
        return qep_h5in_refuse(
            in, dataset, "leaves_file", err,
            "stores its values in another file; copy them into this one (h5repack)");
    }
    const H5D_layout_t layout = H5Pget_layout(how);
    if (layout == H5D_VIRTUAL) {
        return check_virtual(in, dataset, how, depth, err);
    }
    QEP_TRY(check_filters(in, dataset, how, err));
    if (layout == H5D_CHUNKED) {
        QEP_TRY(check_chunks(in, dataset, how, element, err));
    }
    return check_complete(in, dataset, set, element, err);
}

qep_status qep_h5in_storage_check(qep_h5in_input *in, const char *dataset, hid_t set,
                                  qep_error *err) {
    return check_depth(in, dataset, set, 0, err);
}
