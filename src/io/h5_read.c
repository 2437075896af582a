/* Opening input files and finding objects in them. Only regular files are opened (a FIFO would
 * hang, a device would never end); links that leave the file are refused by a callback, so that the
 * check cannot be tricked by soft links or loops. */
#include "h5_read.h"

#include "qep/base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS = 16, NAMES = 200, LISTED = 12, PATH_LENGTH = 1024 };

qep_status qep_h5in_refuse(const qep_h5in_input *in, const char *dataset, const char *code,
                           qep_error *err, const char *format, ...) {
    char message[QEP_ERROR_TEXT], where[QEP_ERROR_PATH];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    snprintf(where, sizeof where, dataset ? "%s:%s" : "%s", in->name, dataset);
    return qep_error_add(err, QEP_ERR_INPUT, code, in->path, where, "%s: %s", where, message);
}

/* The walk goes from the innermost cause outwards; the first one is kept. */
static herr_t first_reason(unsigned n, const H5E_error2_t *error, void *text) {
    if (n == 0) {
        snprintf(text, 160, "%s", error->desc ? error->desc : "no reason given");
    }
    return 0;
}

const char *qep_h5in_reason(char text[160]) {
    snprintf(text, 160, "no reason given");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_reason, text);
    return text;
}

static herr_t refuse_external(const char *parent_file, const char *parent_group, const char *file,
                              const char *object, unsigned *flags, hid_t access, void *external) {
    (void)parent_file, (void)parent_group, (void)file, (void)object, (void)flags, (void)access;
    *(int *)external = 1;
    return -1;
}

/* A descriptor of a regular file, or -1 with an error added. */
static int open_regular(const qep_h5in_input *in, qep_error *err) {
    struct stat info;
    const int fd = open(in->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        qep_h5in_refuse(
            in, NULL, "unreadable", err,
            "cannot be opened (%s); relative names are relative to the configuration file",
            strerror(errno));
        return -1;
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        qep_h5in_refuse(in, NULL, "unreadable", err,
                        "is not a regular file; an HDF5 file is needed");
        return -1;
    }
    return fd;
}

qep_status qep_h5in_input_open(qep_h5in_input *in, const char *file, const char *path,
                               qep_error *err) {
    *in = (qep_h5in_input){.name = file, .path = path, .file = -1, .access = -1};
    H5Eget_auto2(H5E_DEFAULT, &in->report, &in->report_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0); /* foreign code must not run because a file asks for its filter */
    const int fd = open_regular(in, err);
    if (fd < 0) {
        return QEP_ERR_INPUT;
    }
    in->access = H5Pcreate(H5P_LINK_ACCESS);
    H5Pset_elink_cb(in->access, refuse_external, &in->external);
    H5Pset_nlinks(in->access, LINKS);
    QEP_H5IN_AUTO how = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(how, H5F_CLOSE_STRONG);
    /* By descriptor, so that what was checked is what is read. */
    char opened[64];
    snprintf(opened, sizeof opened, "/proc/self/fd/%d", fd);
    in->file = H5Fopen(access(opened, R_OK) == 0 ? opened : file, H5F_ACC_RDONLY, how);
    close(fd);
    char reason[160];
    return in->file >= 0
               ? QEP_OK
               : qep_h5in_refuse(in, NULL, "not_hdf5", err, "is not a readable HDF5 file (%s)",
                                 qep_h5in_reason(reason));
}

void qep_h5in_input_close(qep_h5in_input *in) {
    qep_h5in_release(&in->access);
    qep_h5in_release(&in->file);
    H5Eset_auto2(H5E_DEFAULT, in->report, in->report_data);
}

int qep_h5in_exists(qep_h5in_input *in, const char *object) {
    QEP_H5IN_AUTO id = H5Oopen(in->file, object, in->access);
    return id >= 0;
}

typedef struct {
    size_t count;
    char name[NAMES][64];
} name_list;

static herr_t collect_name(hid_t group, const char *name, const H5L_info_t *info, void *list) {
    (void)group, (void)info;
    name_list *names = list;
    if (names->count == NAMES) {
        return 1;
    }
    snprintf(names->name[names->count++], 64, "%s", name);
    return 0;
}

/* "; it contains a, b, c", or the nearest name to `wanted`. */
static void describe_members(hid_t group, const char *wanted, char *text, size_t size) {
    name_list names = {0};
    const char *pointers[NAMES];
    H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, collect_name, &names);
    for (size_t i = 0; i < names.count; i++) {
        pointers[i] = names.name[i];
    }
    const char *near = wanted ? qep_text_suggest(wanted, pointers, names.count) : NULL;
    if (near) {
        snprintf(text, size, "; did you mean \"%s\"?", near);
        return;
    }
    size_t used = (size_t)snprintf(text, size, names.count ? "; it contains " : "; it is empty");
    for (size_t i = 0; i < names.count && i < LISTED && used + 80 < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", names.name[i]);
    }
    if (names.count > LISTED) {
        snprintf(text + used, size - used, ", ...");
    }
}

/* Find the first part of the path that is missing and say what its group has instead. */
static qep_status report_missing(qep_h5in_input *in, const char *dataset, qep_error *err) {
    char reason[160];
    qep_h5in_reason(reason);
    if (in->external) {
        return qep_h5in_refuse(in, dataset, "leaves_file", err,
                               "an external link leads to another file; name that file itself");
    }
    char part[PATH_LENGTH] = "/", members[600] = "";
    QEP_H5IN_AUTO group = H5Gopen2(in->file, "/", H5P_DEFAULT);
    const char *rest = dataset;
    while (group >= 0) {
        rest += strspn(rest, "/");
        const size_t length = strcspn(rest, "/");
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)(length < 255 ? length : 255), rest);
        QEP_H5IN_AUTO next = *name ? H5Oopen(group, name, in->access) : -1;
        if (next < 0 || H5Iget_type(next) != H5I_GROUP) {
            const int there = next >= 0 || (*name && H5Lexists(group, name, H5P_DEFAULT) > 0);
            if (there && next < 0) {
                return qep_h5in_refuse(in, dataset, "missing_dataset", err,
                                       "\"%s\" in %s is a link that leads nowhere", name, part);
            }
            if (there) {
                return qep_h5in_refuse(in, dataset, "missing_dataset", err,
                                       "\"%s\" in %s is a data set, not a group", name, part);
            }
            describe_members(group, name, members, sizeof members);
            return qep_h5in_refuse(in, dataset, "missing_dataset", err,
                                   "there is no \"%s\" in group %s%s", name, part, members);
        }
        const size_t used = strlen(part);
        snprintf(part + used, sizeof part - used, "%s%s", used > 1 ? "/" : "", name);
        rest += length;
        const hid_t passed = group;
        group = next;
        next = passed; /* released at the end of this round */
    }
    return qep_h5in_refuse(in, dataset, "unreadable", err, "cannot be opened (%s)", reason);
}

qep_status qep_h5in_dataset_open(qep_h5in_input *in, const char *dataset, hid_t *set,
                                 qep_error *err) {
    in->external = 0;
    *set = -1;
    QEP_H5IN_AUTO object = H5Oopen(in->file, dataset, in->access);
    if (object < 0) {
        return report_missing(in, dataset, err);
    }
    if (H5Iget_type(object) == H5I_DATASET) {
        *set = object;
        object = -1;
        return QEP_OK;
    }
    char members[600] = "";
    if (H5Iget_type(object) == H5I_GROUP) {
        describe_members(object, NULL, members, sizeof members);
    }
    return qep_h5in_refuse(in, dataset, "not_a_dataset", err, "is %s, not a data set%s",
                           H5Iget_type(object) == H5I_GROUP ? "a group" : "a named type", members);
}
