/* Where the bytes of a result go: a file descriptor of our own behind an HDF5 file driver. */
#ifndef QEP_IO_WRITE_SINK_H
#define QEP_IO_WRITE_SINK_H

#include <hdf5.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct {
    int fd;       /* open for reading and writing; stays open when HDF5 closes the file */
    int error;    /* errno of the first operation that failed, else 0 */
    hid_t driver; /* the sink's own */
} qep_sink;

/* Write all bytes at an offset. Returns 0 or errno; a file size limit is EFBIG, not a signal. */
int qep_sink_write_all(int fd, const void *data, size_t bytes, off_t offset);

/* Create an HDF5 file on the sink's (empty) descriptor; name is for messages only. The sink must stay
 * where it is until the file is closed. Negative on failure. Close with qep_sink_close_file. */
hid_t qep_sink_create_file(qep_sink *sink, const char *name);
/* Close the file, then the driver (HDF5 1.10 touches the driver once more after giving up its last
 * reference, so it must outlive the file). Returns 1 on success. */
int qep_sink_close_file(qep_sink *sink, hid_t file);

#endif
