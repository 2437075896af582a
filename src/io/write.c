/* The life of a result: temporary file, frames, and the rename when it is whole. Order at the end:
 * links, exit_state, flush, close (no identifier may be left), fsync, sidecar, rename of the .h5
 * last. */
#include "write_writer.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void qep_write_library_version(char *text, size_t size) {
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    snprintf(text, size, "HDF5 %u.%u.%u", major, minor, release);
}

qep_status qep_write_result(const qep_writer *writer, int ok, const char *what, qep_error *err) {
    if (writer->sink.error != 0) {
        return qep_error_add(err, QEP_ERR_OUTPUT, "write", "/output/file", writer->names.target,
                             "cannot write %s: %s", what, strerror(writer->sink.error));
    }
    if (!ok) {
        char reason[256];
        qep_h5_reason(reason, sizeof reason);
        return qep_error_add(err, QEP_ERR_OUTPUT, "write", "/output/file", writer->names.target,
                             "cannot write %s: HDF5 says: %s", what, reason);
    }
    return QEP_OK;
}

qep_status qep_writer_check(const qep_write_options *options, size_t bytes,
                            const char *const *inputs, size_t input_count, qep_error *err) {
    struct stat output, input;
    const int there = stat(options->file, &output) == 0;
    for (size_t i = 0; there && i < input_count; i++) {
        if (stat(inputs[i], &input) == 0 && input.st_dev == output.st_dev &&
            input.st_ino == output.st_ino) {
            return qep_error_add(err, QEP_ERR_OUTPUT, "output_is_input", "/output/file",
                                 options->file,
                                 "is the input %s; the result would replace it: give another name "
                                 "with -o",
                                 inputs[i]);
        }
    }
    return qep_write_check_target(options->file, options->force, bytes, err);
}

static int component_count(int rank, int ndim) {
    return rank == 0 ? 1 : rank == 1 ? ndim : ndim * ndim;
}

static qep_status copy_record(qep_writer *writer, size_t r, const qep_record *from,
                              qep_error *err) {
    qep_write_record *record = &writer->record[r];
    record->name = qep_text_copy(from->name);
    record->symbol = qep_text_copy(from->symbol);
    record->long_name = qep_text_copy(from->long_name);
    record->equation = qep_text_copy(from->equation);
    if (!record->name || !record->symbol || !record->long_name || !record->equation) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "records: out of memory");
    }
    record->dimension = from->dimension;
    record->rank = from->rank;
    record->components = component_count(from->rank, writer->grid.ndim);
    qep_dimension_format(from->dimension, record->units, sizeof record->units);
    return QEP_OK;
}

static qep_status copy_description(qep_writer *writer, const qep_write_options *options,
                                   const qep_grid *grid, const qep_record *records, size_t count,
                                   qep_error *err) {
    writer->options = *options;
    writer->has_grid = grid != NULL;
    writer->grid = grid ? *grid : (qep_grid){0};
    void *copies = NULL;
    QEP_TRY(qep_alloc(&copies, count, sizeof *writer->record, "records", err));
    writer->record = copies;
    writer->record_count = grid ? count : 0;
    for (size_t r = 0; r < writer->record_count; r++) {
        QEP_TRY(copy_record(writer, r, &records[r], err));
    }
    return QEP_OK;
}

static qep_status start_file(qep_writer *writer, const char *file, qep_error *err) {
    QEP_TRY(qep_write_names_create(&writer->names, file, &writer->sink.fd, err));
    writer->options.file = writer->names.target;
    writer->file = qep_sink_create_file(&writer->sink, writer->names.temporary);
    int ok = writer->file >= 0 && qep_write_root(writer);
    ok = ok && (!writer->has_grid || qep_write_axes(writer));
    return qep_write_result(writer, ok, "the head of the file", err);
}

qep_status qep_writer_create(qep_writer **writer, const qep_write_options *options,
                             const qep_grid *grid, const qep_record *records, size_t record_count,
                             qep_error *err) {
    *writer = NULL;
    QEP_TRY(qep_write_check_target(options->file, options->force, 0, err));
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, 1, sizeof **writer, "writer", err));
    qep_writer *made = block;
    made->sink.fd = -1;
    made->file = made->frame_group = made->meshes = -1;
    made->other.axis[0] = made->other.axis[1] = made->other.axis[2] = -1;
    made->axis[0] = made->axis[1] = made->axis[2] = made->component3 = made->component9 = -1;
    H5Eget_auto2(H5E_DEFAULT, &made->error_printer, &made->error_printer_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* the library prints nothing */
    qep_status status = copy_description(made, options, grid, records, record_count, err);
    if (status == QEP_OK) {
        status = start_file(made, options->file, err);
    }
    if (status != QEP_OK) {
        qep_writer_destroy(made);
        return status;
    }
    *writer = made;
    return QEP_OK;
}

static void close_group(hid_t *group) {
    if (*group >= 0) {
        H5Gclose(*group);
        *group = -1;
    }
}

/* Release the present frame's groups. */
static void leave_frame(qep_writer *writer) {
    close_group(&writer->meshes);
    close_group(&writer->frame_group);
    writer->in_frame = 0;
}

/* Room for one more finished frame, so that frame_end cannot fail for it. */
static qep_status reserve_frame(qep_writer *writer, qep_error *err) {
    if (writer->frame_count < writer->frame_capacity) {
        return QEP_OK;
    }
    const size_t capacity = writer->frame_capacity ? 2 * writer->frame_capacity : 16;
    void *grown = NULL;
    QEP_TRY(qep_alloc(&grown, capacity, sizeof *writer->frame, "frames", err));
    if (writer->frame_count > 0) {
        memcpy(grown, writer->frame, writer->frame_count * sizeof *writer->frame);
    }
    qep_free(writer->frame);
    writer->frame = grown;
    writer->frame_capacity = capacity;
    return QEP_OK;
}

qep_status qep_writer_frame_begin(qep_writer *writer, size_t frame, double time, double dt,
                                  qep_error *err) {
    QEP_TRY(reserve_frame(writer, err));
    char path[64];
    snprintf(path, sizeof path, "data/%zu", frame);
    if (writer->in_frame) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "frame", NULL, writer->names.target,
                             "frame %zu begins inside another", frame);
    }
    writer->number = frame;
    writer->time = time;
    writer->in_frame = 1;
    writer->frame_group = qep_h5_group(writer->file, path);
    writer->meshes = writer->frame_group < 0 ? -1 : qep_h5_group(writer->frame_group, "meshes");
    for (size_t r = 0; r < writer->record_count; r++) {
        writer->record[r].written = 0;
    }
    const int ok = writer->meshes >= 0 && qep_h5_number(writer->frame_group, "time", time) &&
                   qep_h5_number(writer->frame_group, "dt", dt) &&
                   qep_h5_number(writer->frame_group, "timeUnitSI", 1.0);
    return qep_write_result(writer, ok, path, err);
}

static qep_status write_component(qep_writer *writer, const qep_write_record *record, int component,
                                  hid_t parent, const double *values, qep_error *err) {
    char name[3];
    qep_write_component_name(writer, record, component, name);
    hid_t set = -1;
    qep_status status = qep_write_values(writer, &writer->grid, parent,
                                         record->rank == 0 ? record->name : name, values, &set, err);
    if (status == QEP_OK) {
        const int ok = (record->rank > 0 || qep_write_record_attributes(writer, set, record)) &&
                       qep_write_component_attributes(writer, set, record);
        status = qep_write_result(writer, ok, record->name, err);
    }
    if (set >= 0) {
        H5Dclose(set);
    }
    return status;
}

qep_status qep_writer_component(qep_writer *writer, size_t r, int component, const double *values,
                                qep_error *err) {
    qep_write_record *record = r < writer->record_count ? &writer->record[r] : NULL;
    if (!writer->in_frame || !record || component < 0 || component >= record->components ||
        (record->written & (1U << component))) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "component", NULL, writer->names.target,
                             "record %zu has no component %d to write now", r, component);
    }
    if (record->rank == 0) {
        QEP_TRY(write_component(writer, record, component, writer->meshes, values, err));
    } else {
        hid_t group = qep_h5_group(writer->meshes, record->name);
        const int ok =
            group >= 0 && (record->written || qep_write_record_attributes(writer, group, record));
        qep_status status = qep_write_result(writer, ok, record->name, err);
        if (status == QEP_OK) {
            status = write_component(writer, record, component, group, values, err);
        }
        close_group(&group);
        QEP_TRY(status);
    }
    record->written |= 1U << component;
    return QEP_OK;
}

qep_status qep_writer_frame_end(qep_writer *writer, qep_error *err) {
    for (size_t r = 0; r < writer->record_count; r++) {
        if (writer->record[r].written != (1U << writer->record[r].components) - 1) {
            return qep_error_add(err, QEP_ERR_INTERNAL, "component", NULL, writer->names.target,
                                 "frame %zu ends without all of %s", writer->number,
                                 writer->record[r].name);
        }
    }
    int ok = writer->in_frame;
    if (ok && writer->options.views && writer->record_count > 0) {
        ok = qep_write_views(writer);
    }
    leave_frame(writer);
    ok = ok && H5Fflush(writer->file, H5F_SCOPE_GLOBAL) >= 0;
    QEP_TRY(qep_write_result(writer, ok, "the end of a frame", err));
    writer->frame[writer->frame_count++] = (qep_write_frame){writer->number, writer->time};
    return QEP_OK;
}

/* Links to the last frame and the state; root links come last, when all they lead to exists. */
static int write_tail(qep_writer *writer, const char *exit_state) {
    int ok = 1;
    if (writer->record_count > 0 && writer->frame_count > 0) {
        const qep_write_frame *last = &writer->frame[writer->frame_count - 1];
        ok = qep_write_plot(writer, last) && qep_write_vtkhdf(writer, last) &&
             (!writer->options.views ||
              (qep_write_scale_references(writer) && qep_write_root_links(writer, last)));
    }
    if (writer->other.count > 0 && writer->frame_count > 0) {
        ok = ok && qep_write_other_links(writer) &&
             (writer->record_count > 0 || qep_write_other_plot(writer));
    }
    hid_t provenance = qep_h5_group(writer->file, "provenance");
    ok = ok && provenance >= 0 && qep_h5_text(provenance, "exit_state", exit_state);
    close_group(&provenance);
    return ok;
}

static void close_scale(hid_t *scale) {
    if (*scale >= 0) {
        H5Dclose(*scale);
        *scale = -1;
    }
}

/* Close everything in HDF5; 1 when nothing was left open and the close succeeded. */
static int close_file(qep_writer *writer) {
    leave_frame(writer);
    for (int d = 0; d < 3; d++) {
        close_scale(&writer->axis[d]);
        close_scale(&writer->other.axis[d]);
    }
    close_scale(&writer->component3);
    close_scale(&writer->component9);
    if (writer->file < 0) {
        return 1;
    }
    const int ok = H5Fflush(writer->file, H5F_SCOPE_GLOBAL) >= 0 &&
                   H5Fget_obj_count(writer->file, H5F_OBJ_ALL) == 1;
    const int closed = qep_sink_close_file(&writer->sink, writer->file);
    writer->file = -1;
    return ok && closed;
}

static void close_descriptor(qep_writer *writer) {
    if (writer->sink.fd >= 0) {
        if (close(writer->sink.fd) != 0 && writer->sink.error == 0) {
            writer->sink.error = errno;
        }
        writer->sink.fd = -1;
    }
}

/* Everything of the temporary file is on disk afterwards. */
static qep_status finish_file(qep_writer *writer, const char *exit_state, qep_error *err) {
    int ok = write_tail(writer, exit_state);
    QEP_TRY(qep_write_result(writer, ok, "the end of the file", err));
    ok = close_file(writer);
    if (writer->sink.error == 0 && fsync(writer->sink.fd) != 0) {
        writer->sink.error = errno;
    }
    close_descriptor(writer);
    return qep_write_result(writer, ok, "the file to disk", err);
}

static qep_status write_sidecar(qep_writer *writer, qep_error *err) {
    const char *slash = strrchr(writer->names.target, '/');
    char *text = qep_write_xdmf_text(writer, slash ? slash + 1 : writer->names.target);
    if (!text) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "sidecar: out of memory");
    }
    const int fd = open(writer->names.temporary_sidecar,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    int error = fd < 0 ? errno : qep_sink_write_all(fd, text, strlen(text), 0);
    if (fd >= 0 && error == 0 && fsync(fd) != 0) {
        error = errno;
    }
    if (fd >= 0 && close(fd) != 0 && error == 0) {
        error = errno;
    }
    qep_free(text);
    return error == 0
               ? QEP_OK
               : qep_error_add(err, QEP_ERR_OUTPUT, "write", "/output/xdmf", writer->names.target,
                               "cannot write the XDMF sidecar: %s", strerror(error));
}

static qep_status publish_sidecar(qep_writer *writer, qep_error *err) {
    char *sidecar = qep_write_with_ending(writer->names.target, ".xdmf");
    if (!sidecar) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL, "sidecar: out of memory");
    }
    const qep_status status = qep_write_publish(writer->names.temporary_sidecar, sidecar, err);
    qep_free(sidecar);
    return status;
}

static void forget_name(char **name) {
    qep_free(*name);
    *name = NULL;
}

/* Give the finished temporary file its name. */
static qep_status publish(qep_writer *writer, const char *target, int sidecar, qep_error *err) {
    if (sidecar) {
        QEP_TRY(write_sidecar(writer, err));
        QEP_TRY(publish_sidecar(writer, err));
    }
    QEP_TRY(qep_write_publish(writer->names.temporary, target, err));
    forget_name(&writer->names.temporary);
    forget_name(&writer->names.temporary_sidecar);
    return qep_write_sync_folder(writer->names.folder, err);
}

static void abandon(qep_writer *writer) {
    close_file(writer);
    qep_write_names_remove(&writer->names);
    close_descriptor(writer);
}

qep_status qep_writer_commit(qep_writer *writer, const char *exit_state, qep_error *err) {
    qep_status status = QEP_OK;
    if (writer->in_frame) {
        status = qep_error_add(err, QEP_ERR_INTERNAL, "frame", NULL, writer->names.target,
                               "the file ends inside frame %zu", writer->number);
    }
    if (status == QEP_OK) {
        status = finish_file(writer, exit_state, err);
    }
    if (status == QEP_OK) {
        const int sidecar =
            writer->options.xdmf && writer->frame_count > 0 &&
            writer->record_count + writer->other.count > 0;
        status = publish(writer, writer->names.target, sidecar, err);
    }
    if (status != QEP_OK) {
        abandon(writer);
    }
    return status;
}

/* Delete what an interrupted frame has left. */
static int drop_frame(qep_writer *writer) {
    if (!writer->in_frame) {
        return 1;
    }
    char path[64];
    leave_frame(writer);
    snprintf(path, sizeof path, "/data/%zu", writer->number);
    return H5Ldelete(writer->file, path, H5P_DEFAULT) >= 0;
}

int qep_writer_keep_partial(qep_writer *writer, qep_error *err) {
    if (writer->frame_count == 0 || writer->file < 0 || !drop_frame(writer) ||
        finish_file(writer, "interrupted", err) != QEP_OK) {
        abandon(writer);
        return 0;
    }
    char *target = qep_write_with_ending(writer->names.target, ".partial.h5");
    const int kept = target && publish(writer, target, 0, err) == QEP_OK;
    qep_free(target);
    if (!kept) {
        abandon(writer);
    }
    return kept;
}

void qep_writer_destroy(qep_writer *writer) {
    if (!writer) {
        return;
    }
    abandon(writer);
    H5Eset_auto2(H5E_DEFAULT, writer->error_printer, writer->error_printer_data);
    for (size_t r = 0; r < writer->record_count; r++) {
        qep_free(writer->record[r].name);
        qep_free(writer->record[r].symbol);
        qep_free(writer->record[r].long_name);
        qep_free(writer->record[r].equation);
    }
    qep_free(writer->record);
    qep_write_other_free(&writer->other);
    qep_free(writer->frame);
    qep_write_names_free(&writer->names);
    qep_free(writer);
}
