/* An HDF5 file driver (virtual file layer) on an open descriptor. After the first error it
 * remembers errno and swallows everything else: the file is lost anyway, and HDF5 1.10 crashes or
 * leaves identifiers behind when the flush inside its close fails. The writer asks for `error`
 * after every step. The driver takes no file locks of its own, so that file systems without locks
 * work too. */
#include "write_sink.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

typedef struct {
    H5FD_t base; /* must be first: HDF5 sees this part only */
    qep_sink *sink;
    haddr_t eoa, eof; /* end of the allocated addresses, end of the bytes written */
} sink_file;

/* Linux moves at most this many bytes per call. */
static const size_t largest_write = (size_t)1 << 30;

static int write_loop(int fd, const char *data, size_t bytes, off_t offset) {
    while (bytes > 0) {
        const ssize_t done =
            pwrite(fd, data, bytes < largest_write ? bytes : largest_write, offset);
        if (done < 0 && errno != EINTR) {
            return errno;
        }
        if (done == 0) {
            return ENOSPC;
        }
        if (done > 0) {
            data += done;
            bytes -= (size_t)done;
            offset += done;
        }
    }
    return 0;
}

/* Beyond RLIMIT_FSIZE the kernel sends SIGXFSZ to the calling thread: hold it back ... */
static void hold_signal(sigset_t *limit, sigset_t *before) {
    sigemptyset(limit);
    sigaddset(limit, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, limit, before);
}

/* ... and take it, so that it is an error number and not the end of the process. */
static void take_signal(const sigset_t *limit, const sigset_t *before, int error) {
    if (error == EFBIG && !sigismember(before, SIGXFSZ)) {
        const struct timespec none = {0, 0};
        while (sigtimedwait(limit, NULL, &none) < 0 && errno == EINTR) {
        }
    }
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

int qep_sink_write_all(int fd, const void *data, size_t bytes, off_t offset) {
    sigset_t limit, before;
    hold_signal(&limit, &before);
    const int error = write_loop(fd, data, bytes, offset);
    take_signal(&limit, &before, error);
    return error;
}

static int resize(int fd, off_t size) {
    sigset_t limit, before;
    hold_signal(&limit, &before);
    const int error = ftruncate(fd, size) == 0 ? 0 : errno;
    take_signal(&limit, &before, error);
    return error;
}

static H5FD_t *sink_open(const char *name, unsigned flags, hid_t access, haddr_t largest) {
    (void)name;
    (void)flags;
    (void)largest;
    qep_sink *const *sink = H5Pget_driver_info(access);
    sink_file *file = sink ? calloc(1, sizeof *file) : NULL;
    if (!file) {
        return NULL;
    }
    file->sink = *sink;
    return &file->base;
}

static herr_t sink_close(H5FD_t *base) {
    free(base); /* the descriptor belongs to the writer */
    return 0;
}

static herr_t sink_query(const H5FD_t *base, unsigned long *flags) {
    (void)base;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

static haddr_t sink_get_eoa(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const sink_file *)base)->eoa;
}

static herr_t sink_set_eoa(H5FD_t *base, H5FD_mem_t type, haddr_t address) {
    (void)type;
    ((sink_file *)base)->eoa = address;
    return 0;
}

static haddr_t sink_get_eof(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const sink_file *)base)->eof;
}

static herr_t sink_write(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t size, const void *data) {
    (void)type;
    (void)transfer;
    sink_file *file = (sink_file *)base;
    if (file->sink->error == 0) {
        file->sink->error = qep_sink_write_all(file->sink->fd, data, size, (off_t)address);
    }
    file->eof = address + size > file->eof ? address + size : file->eof;
    return 0;
}

/* What was never written reads as zero, as in a sparse file. */
static herr_t sink_read(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size,
                        void *data) {
    (void)type;
    (void)transfer;
    qep_sink *sink = ((sink_file *)base)->sink;
    char *to = data;
    while (size > 0 && sink->error == 0) {
        const ssize_t done = pread(sink->fd, to, size, (off_t)address);
        if (done < 0 && errno != EINTR) {
            sink->error = errno;
        }
        if (done == 0) {
            break;
        }
        if (done > 0) {
            to += done;
            size -= (size_t)done;
            address += (haddr_t)done;
        }
    }
    memset(to, 0, size);
    return 0;
}

static herr_t sink_truncate(H5FD_t *base, hid_t transfer, hbool_t closing) {
    (void)transfer;
    (void)closing;
    sink_file *file = (sink_file *)base;
    if (file->eof != file->eoa) {
        if (file->sink->error == 0) {
            file->sink->error = resize(file->sink->fd, (off_t)file->eoa);
        }
        file->eof = file->eoa;
    }
    return 0;
}

static const H5FD_class_t sink_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)600,
#endif
    .name = "qep_sink",
    .maxaddr = ((haddr_t)1 << 62) - 1,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(qep_sink *),
    .open = sink_open,
    .close = sink_close,
    .query = sink_query,
    .get_eoa = sink_get_eoa,
    .set_eoa = sink_set_eoa,
    .get_eof = sink_get_eof,
    .read = sink_read,
    .write = sink_write,
    .truncate = sink_truncate,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

static void release_driver(qep_sink *sink) {
    if (sink->driver > 0) {
        H5FDunregister(sink->driver);
        sink->driver = 0;
    }
}

hid_t qep_sink_create_file(qep_sink *sink, const char *name) {
    sink->driver = H5FDregister(&sink_class);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    hid_t file = -1;
    /* With newer bounds a killed file could not be opened; with older ones a dimension scale takes
     * no more than some 4000 attachments. */
    if (sink->driver >= 0 && access >= 0 && creation >= 0 &&
        H5Pset_driver(access, sink->driver, &sink) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110) >= 0 &&
        H5Pset_meta_block_size(access, 16384) >= 0 && H5Pset_obj_track_times(creation, 0) >= 0 &&
        H5Pset_attr_phase_change(creation, 64, 0) >= 0 &&
        /* All of the root in one block, so that a kill cannot leave half of it. */
        H5Pset_link_phase_change(creation, 64, 0) >= 0 &&
        H5Pset_est_link_info(creation, 48, 16) >= 0) {
        file = H5Fcreate(name, H5F_ACC_TRUNC, creation, access);
    }
    if (creation >= 0) {
        H5Pclose(creation);
    }
    if (access >= 0) {
        H5Pclose(access);
    }
    if (file < 0) {
        release_driver(sink);
    }
    return file;
}

int qep_sink_close_file(qep_sink *sink, hid_t file) {
    const int ok = H5Fclose(file) >= 0;
    release_driver(sink);
    return ok;
}
