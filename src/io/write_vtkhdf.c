/* /VTKHDF: an ImageData of the last frame for VTK >= 9.1 and ParaView (3-D grids only; older
 * readers crash on fewer axes). Scalars are hard links to the openPMD records, vectors and tensors
 * to their views; samples are points. Origin, spacing and extent are in x, y, z order, the data in
 * z, y, x. https://docs.vtk.org/en/latest/design_documents/VTKFileFormats.html */
#include "write_writer.h"

#include <stdio.h>

static int write_geometry(const qep_writer *writer, hid_t group) {
    static const int64_t version[2] = {1, 0};
    static const double direction[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    int64_t extent[6];
    double origin[3], spacing[3];
    for (int d = 0; d < 3; d++) {
        extent[2 * d] = 0;
        extent[2 * d + 1] = (int64_t)writer->grid.axis[d].n - 1;
        origin[d] = qep_grid_coordinate(&writer->grid, d, 0);
        spacing[d] = writer->grid.axis[d].h;
    }
    return qep_h5_integers(group, "Version", version, 2) &&
           qep_h5_text(group, "Type", "ImageData") &&
           qep_h5_integers(group, "WholeExtent", extent, 6) &&
           qep_h5_numbers(group, "Origin", origin, 3) &&
           qep_h5_numbers(group, "Spacing", spacing, 3) &&
           qep_h5_numbers(group, "Direction", direction, 9);
}

static int link_points(const qep_writer *writer, hid_t points, const qep_write_frame *frame) {
    int ok = 1;
    for (size_t r = 0; r < writer->record_count; r++) {
        const qep_write_record *record = &writer->record[r];
        char source[320];
        if (record->rank == 0) {
            qep_write_component_path(writer, frame->number, record, 0, source, sizeof source);
        } else {
            snprintf(source, sizeof source, "/view/%zu/%s", frame->number, record->name);
        }
        if (record->rank == 0 || writer->options.views) {
            ok = ok && H5Lcreate_hard(writer->file, source, points, record->name, H5P_DEFAULT,
                                      H5P_DEFAULT) >= 0;
        }
    }
    return ok;
}

int qep_write_vtkhdf(const qep_writer *writer, const qep_write_frame *frame) {
    if (writer->grid.ndim != 3) {
        return 1;
    }
    const hid_t group = qep_h5_group(writer->file, "VTKHDF");
    const hid_t points = group < 0 ? -1 : qep_h5_group(group, "PointData");
    const int ok =
        points >= 0 && write_geometry(writer, group) && link_points(writer, points, frame);
    if (points >= 0) {
        H5Gclose(points);
    }
    if (group >= 0) {
        H5Gclose(group);
    }
    return ok;
}
