/* Meshes with axes of their own, beside the records on the grid: scalars on a regular lattice of another space, such as reciprocal space. They carry
 * openPMD's attributes, have scales and a view each, and a grid of their own in the sidecar, so that whatever opens a record opens them. */
#include "write_writer.h"

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <hdf5_hl.h>
#include <stdio.h>
#include <string.h>

/* Labels in file order, slowest axis first. */
static void label_order(const qep_write_other *o, const char *out[3]) {
    for (int d = 0; d < o->grid.ndim; d++) {
        out[d] = o->label[o->grid.ndim - 1 - d];
    }
}

static hid_t write_scale(const qep_writer *writer, const qep_write_other *o, int d) {
    char name[32], text[QEP_WRITE_UNIT + 32];
    double *coordinate = NULL;
    const size_t n = o->grid.axis[d].n;
    if (qep_alloc_doubles(&coordinate, n, "coordinates", NULL) != QEP_OK) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        coordinate[i] = qep_grid_coordinate(&o->grid, d, i);
    }
    snprintf(name, sizeof name, "axis_%s", o->label[d]);
    snprintf(text, sizeof text, "%s (%s)", o->label[d], o->units);
    const hid_t set = qep_h5_dataset(writer->file, name, 1, &n, coordinate);
    qep_free(coordinate);
    if (set >= 0 && (H5DSset_scale(set, name) < 0 || !qep_h5_text(set, "units", o->units) || !qep_h5_text(set, "long_name", text))) {
        H5Dclose(set);
        return -1;
    }
    return set;
}

qep_status qep_writer_mesh_axes(qep_writer *writer, const qep_mesh_axes *axes, qep_error *err) {
    qep_write_other *o = &writer->other;
    int ok = writer->in_frame && o->grid.ndim == 0;
    o->grid = axes->grid;
    o->frame = writer->number;
    o->is_cartesian = axes->vectors == NULL;
    qep_dimension_format(axes->dimension, o->units, sizeof o->units);
    o->dimension = axes->dimension;
    for (int d = 0; d < axes->grid.ndim && ok; d++) {
        snprintf(o->label[d], sizeof o->label[d], "%s", axes->label[d]);
        for (int c = 0; c < axes->grid.ndim && axes->vectors; c++) {
            o->vectors[d * axes->grid.ndim + c] = axes->vectors[d][c];
        }
        o->axis[d] = write_scale(writer, o, d);
        ok = o->axis[d] >= 0;
    }
    return qep_write_result(writer, ok, "the axes of meshes", err);
}

static int write_attributes(const qep_write_other *o, hid_t set, const qep_record *record) {
    const size_t ndim = (size_t)o->grid.ndim;
    const char *labels[3];
    double spacing[3], offset[3], position[3] = {0.0, 0.0, 0.0}, dimension[7], places[21];
    char units[QEP_WRITE_UNIT];
    label_order(o, labels);
    for (size_t d = 0; d < ndim; d++) {
        spacing[ndim - 1 - d] = o->grid.axis[d].h;
        offset[ndim - 1 - d] = o->grid.axis[d].origin;
        for (size_t i = 0; i < 7; i++) {
            places[d * 7 + i] = o->dimension.exponent[i];
        }
    }
    for (size_t i = 0; i < 7; i++) {
        dimension[i] = record->dimension.exponent[i];
    }
    qep_dimension_format(record->dimension, units, sizeof units);
    return qep_h5_text(set, "geometry", o->is_cartesian ? "cartesian" : "other") &&
           (o->is_cartesian || qep_h5_text(set, "geometryParameters", "axes along the vectors of axisVectors, coordinates are lengths along them")) &&
           (o->is_cartesian || qep_h5_numbers(set, "axisVectors", o->vectors, ndim * ndim)) && qep_h5_text(set, "dataOrder", "C") &&
           qep_h5_texts(set, "axisLabels", labels, ndim) && qep_h5_numbers(set, "gridSpacing", spacing, ndim) &&
           qep_h5_numbers(set, "gridGlobalOffset", offset, ndim) && qep_h5_number(set, "gridUnitSI", 1.0) &&
           qep_h5_numbers(set, "gridUnitDimension", places, 7 * ndim) && qep_h5_text(set, "gridUnits", o->units) &&
           qep_h5_numbers(set, "unitDimension", dimension, 7) && qep_h5_number(set, "timeOffset", 0.0) && qep_h5_number(set, "unitSI", 1.0) &&
           qep_h5_numbers(set, "position", position, ndim) && qep_h5_text(set, "units", units) && qep_h5_text(set, "long_name", record->long_name) &&
           qep_h5_text(set, "symbol", record->symbol) && qep_h5_text(set, "equation", record->equation) &&
           qep_h5_labels(set, "DIMENSION_LABELS", labels, ndim);
}

/* A virtual copy with scales: netCDF tools and H5Web find coordinates, and the record itself stays as openPMD has it. */
static int write_view(const qep_writer *writer, const qep_record *record) {
    const qep_write_other *o = &writer->other;
    const int ndim = o->grid.ndim;
    char path[64], source_path[320], units[QEP_WRITE_UNIT];
    size_t extent[3];
    hsize_t shape[3] = {1, 1, 1};
    qep_grid_shape(&o->grid, extent);
    for (int d = 0; d < ndim; d++) {
        shape[d] = extent[d];
    }
    snprintf(path, sizeof path, "view/%zu", writer->number);
    snprintf(source_path, sizeof source_path, "/data/%zu/meshes/%s", writer->number, record->name);
    qep_dimension_format(record->dimension, units, sizeof units);
    const hid_t group = qep_h5_group(writer->file, path), space = H5Screate_simple(ndim, shape, NULL), creation = qep_h5_creation(H5P_DATASET_CREATE);
    hid_t set = -1;
    if (group >= 0 && space >= 0 && creation >= 0 && H5Pset_virtual(creation, space, ".", source_path, space) >= 0) {
        set = H5Dcreate2(group, record->name, writer->options.single_precision ? H5T_IEEE_F32LE : H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    }
    int ok = set >= 0 && qep_h5_text(set, "units", units) && qep_h5_text(set, "long_name", record->long_name) && qep_h5_text(set, "symbol", record->symbol);
    for (int d = 0; d < ndim && ok; d++) {
        ok = H5DSattach_scale(set, o->axis[ndim - 1 - d], (unsigned)d) >= 0;
    }
    const hid_t open[] = {set, group, space, creation};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        if (open[i] >= 0) {
            H5Idec_ref(open[i]);
        }
    }
    return ok;
}

/* Room for one more name; the list doubles at powers of two. */
static qep_status remember(qep_write_other *o, const qep_record *record, qep_error *err) {
    const size_t n = o->count;
    if ((n & (n - 1)) == 0) {
        void *larger = NULL;
        QEP_TRY(qep_alloc(&larger, n ? 2 * n : 1, sizeof *o->mesh, "meshes", err));
        if (n) {
            memcpy(larger, o->mesh, n * sizeof *o->mesh);
        }
        qep_free(o->mesh);
        o->mesh = larger;
    }
    qep_write_mesh *mesh = &o->mesh[o->count++];
    snprintf(mesh->name, sizeof mesh->name, "%s", record->name);
    snprintf(mesh->title, sizeof mesh->title, "%s", record->long_name);
    qep_dimension_format(record->dimension, mesh->units, sizeof mesh->units);
    return QEP_OK;
}

qep_status qep_writer_mesh(qep_writer *writer, const qep_record *record, const double *values, qep_error *err) {
    hid_t set = -1;
    if (!writer->in_frame || writer->other.grid.ndim == 0) {
        return qep_error_add(err, QEP_ERR_INTERNAL, "component", NULL, writer->names.target, "mesh %s without axes", record->name);
    }
    QEP_TRY(remember(&writer->other, record, err));
    qep_status status = qep_write_values(writer, &writer->other.grid, writer->meshes, record->name, values, &set, err);
    if (status == QEP_OK) {
        const int ok = write_attributes(&writer->other, set, record) && (!writer->options.views || write_view(writer, record));
        status = qep_write_result(writer, ok, record->name, err);
    }
    if (set >= 0) {
        H5Dclose(set);
    }
    return status;
}

/* ---- at the end ---- */

int qep_write_other_links(const qep_writer *writer) {
    int ok = 1;
    for (size_t i = 0; i < writer->other.count && writer->options.views; i++) {
        char target[320];
        snprintf(target, sizeof target, "/view/%zu/%s", writer->other.frame, writer->other.mesh[i].name);
        ok = ok && H5Lcreate_soft(target, writer->file, writer->other.mesh[i].name, H5P_DEFAULT, H5P_DEFAULT) >= 0;
    }
    return ok;
}

int qep_write_other_plot(const qep_writer *writer) {
    const qep_write_other *o = &writer->other;
    const qep_write_mesh *mesh = &o->mesh[0];
    char target[320], title[512];
    const char *labels[3];
    label_order(o, labels);
    const hid_t entry = qep_h5_group(writer->file, "plot"), data = entry < 0 ? -1 : qep_h5_group(entry, mesh->name);
    snprintf(target, sizeof target, "/data/%zu/meshes/%s", o->frame, mesh->name);
    snprintf(title, sizeof title, "%s (%s)", mesh->title, mesh->units);
    int ok = data >= 0 && qep_h5_text(entry, "NX_class", "NXentry") && qep_h5_text(entry, "default", mesh->name) &&
             qep_h5_text(data, "NX_class", "NXdata") && qep_h5_text(data, "signal", "signal") &&
             qep_h5_texts(data, "axes", labels, (size_t)o->grid.ndim) && qep_h5_text_dataset(data, "title", title, 1) &&
             H5Lcreate_soft(target, data, "signal", H5P_DEFAULT, H5P_DEFAULT) >= 0 && qep_h5_text(writer->file, "default", "plot");
    for (int d = 0; d < o->grid.ndim && ok; d++) {
        snprintf(target, sizeof target, "/axis_%s", o->label[d]);
        ok = H5Lcreate_soft(target, data, o->label[d], H5P_DEFAULT, H5P_DEFAULT) >= 0;
    }
    if (data >= 0) {
        H5Gclose(data);
    }
    if (entry >= 0) {
        H5Gclose(entry);
    }
    return ok;
}

void qep_write_other_free(qep_write_other *o) {
    qep_free(o->mesh);
    o->mesh = NULL;
}
