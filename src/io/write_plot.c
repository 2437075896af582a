/* Links that viewers and short names start from, all to the last frame: /plot, the NeXus default
 * plot (https://manual.nexusformat.org/classes/base_classes/NXdata.html) that silx and H5Web open
 * on a labelled picture, and soft links from the root. Axes are linked softly: a hard link would
 * give a scale a second name, and netCDF readers would look for that dimension. */
#include "write_writer.h"

#include <stdio.h>
#include <string.h>

/* phi if it is there, else the first scalar, else the first record. */
static const qep_write_record *default_record(const qep_writer *writer) {
    const qep_write_record *best = &writer->record[0];
    for (size_t r = 0; r < writer->record_count; r++) {
        const qep_write_record *record = &writer->record[r];
        if (record->rank == 0 && (best->rank != 0 || strcmp(record->name, "phi") == 0)) {
            best = record;
        }
    }
    return best;
}

static int link_axes(const qep_writer *writer, hid_t data) {
    int ok = 1;
    for (int d = 0; d < writer->grid.ndim; d++) {
        const char name[2] = {"xyz"[d], 0};
        char target[16];
        snprintf(target, sizeof target, "/axis_%s", name);
        ok = ok && H5Lcreate_soft(target, data, name, H5P_DEFAULT, H5P_DEFAULT) >= 0;
    }
    return ok;
}

static int write_data_group(const qep_writer *writer, hid_t data, const qep_write_record *record,
                            const qep_write_frame *frame) {
    char path[320], title[512], component[3];
    qep_write_component_path(writer, frame->number, record, 0, path, sizeof path);
    qep_write_component_name(writer, record, 0, component);
    snprintf(title, sizeof title, "%s %s%s%s (%s), t = %g s", record->long_name, record->symbol,
             *component ? "_" : "", component, record->units, frame->time);
    return qep_h5_text(data, "NX_class", "NXdata") && qep_h5_text(data, "signal", "signal") &&
           qep_h5_texts(data, "axes", qep_write_axis_names(writer), (size_t)writer->grid.ndim) &&
           qep_h5_text_dataset(data, "title", title, 1) &&
           H5Lcreate_soft(path, data, "signal", H5P_DEFAULT, H5P_DEFAULT) >= 0 &&
           link_axes(writer, data);
}

int qep_write_plot(const qep_writer *writer, const qep_write_frame *frame) {
    const qep_write_record *record = default_record(writer);
    const hid_t entry = qep_h5_group(writer->file, "plot");
    const hid_t data = entry < 0 ? -1 : qep_h5_group(entry, record->name);
    const int ok = data >= 0 && qep_h5_text(entry, "NX_class", "NXentry") &&
                   qep_h5_text(entry, "default", record->name) &&
                   write_data_group(writer, data, record, frame) &&
                   qep_h5_text(writer->file, "default", "plot");
    if (data >= 0) {
        H5Gclose(data);
    }
    if (entry >= 0) {
        H5Gclose(entry);
    }
    return ok;
}

int qep_write_root_links(const qep_writer *writer, const qep_write_frame *frame) {
    int ok = 1;
    for (size_t r = 0; r < writer->record_count; r++) {
        char target[320];
        const char *name = writer->record[r].name;
        snprintf(target, sizeof target, "/view/%zu/%s", frame->number, name);
        ok = ok && H5Lcreate_soft(target, writer->file, name, H5P_DEFAULT, H5P_DEFAULT) >= 0;
    }
    return ok;
}
