/* /view/<frame>: virtual data sets over the openPMD records, vectors as [nz,ny,nx,3] and tensors as
 * [nz,ny,nx,9], every axis with a dimension scale, so that netCDF tools, xarray and XDMF readers
 * see coordinates and whole vectors. Missing components (1-D and 2-D grids) read as the fill value
 * 0. The scales are kept off the openPMD records, whose readers stumble over them. */
#include "write_writer.h"

#include "qep/base/memory.h"
#include <hdf5_hl.h>
#include <stdio.h>

static hid_t write_axis(const qep_writer *writer, int d) {
    static const char *const name[3] = {"axis_x", "axis_y", "axis_z"};
    static const char *const label[3] = {"x (m)", "y (m)", "z (m)"};
    static const char *const letter[3] = {"X", "Y", "Z"};
    const size_t n = writer->grid.axis[d].n;
    double *coordinate = NULL;
    if (qep_alloc_doubles(&coordinate, n, name[d], NULL) != QEP_OK) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        coordinate[i] = qep_grid_coordinate(&writer->grid, d, i);
    }
    const hid_t set = qep_h5_dataset(writer->file, name[d], 1, &n, coordinate);
    qep_free(coordinate);
    if (set >= 0 &&
        (H5DSset_scale(set, name[d]) < 0 || !qep_h5_text(set, "units", "m") ||
         !qep_h5_text(set, "long_name", label[d]) || !qep_h5_text(set, "axis", letter[d]))) {
        H5Dclose(set);
        return -1;
    }
    return set;
}

/* Scale of the last axis of vectors or tensors: 0, 1, 2, ... */
static hid_t write_component_scale(const qep_writer *writer, const char *name, hsize_t count,
                                   const char *order) {
    static const int32_t index[QEP_WRITE_COMPONENTS] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    const hid_t space = H5Screate_simple(1, &count, NULL);
    const hid_t creation = qep_h5_creation(H5P_DATASET_CREATE);
    hid_t set = -1;
    if (space >= 0 && creation >= 0) {
        set = H5Dcreate2(writer->file, name, H5T_STD_I32LE, space, H5P_DEFAULT, creation,
                         H5P_DEFAULT);
    }
    if (set >= 0 && (H5Dwrite(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, index) < 0 ||
                     H5DSset_scale(set, name) < 0 || !qep_h5_text(set, "long_name", order) ||
                     !qep_h5_checksum(set, index, (size_t)count * sizeof *index))) {
        H5Dclose(set);
        set = -1;
    }
    if (creation >= 0) {
        H5Pclose(creation);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    return set;
}

static int any_rank(const qep_writer *writer, int rank) {
    for (size_t r = 0; r < writer->record_count; r++) {
        if (writer->record[r].rank == rank) {
            return 1;
        }
    }
    return 0;
}

int qep_write_axes(qep_writer *writer) {
    int ok = 1;
    for (int d = 0; d < writer->grid.ndim; d++) {
        writer->axis[d] = write_axis(writer, d);
        ok = ok && writer->axis[d] >= 0;
    }
    if (ok && writer->options.views && any_rank(writer, 1)) {
        writer->component3 = write_component_scale(writer, "component3", 3, "component x, y, z");
        ok = writer->component3 >= 0;
    }
    if (ok && writer->options.views && any_rank(writer, 2)) {
        writer->component9 = write_component_scale(writer, "component9", 9,
                                                   "component xx, xy, xz, yx, yy, yz, zx, zy, zz");
        ok = writer->component9 >= 0;
    }
    return ok;
}

/* Place of a component on the last axis of its view: x y z, or row-major over three axes. */
static hsize_t view_place(const qep_writer *writer, const qep_write_record *record, int component) {
    const int ndim = writer->grid.ndim;
    const int place = record->rank == 2 ? 3 * (component / ndim) + component % ndim : component;
    return (hsize_t)place;
}

static int map_component(const qep_writer *writer, const qep_write_record *record, int component,
                         hid_t creation, hid_t view, hid_t source, const hsize_t *shape) {
    char path[320];
    qep_write_component_path(writer, writer->number, record, component, path, sizeof path);
    if (record->rank > 0) {
        const int last = writer->grid.ndim;
        hsize_t start[4] = {0, 0, 0, 0}, count[4] = {shape[0], shape[1], shape[2], shape[3]};
        start[last] = view_place(writer, record, component);
        count[last] = 1;
        if (H5Sselect_hyperslab(view, H5S_SELECT_SET, start, NULL, count, NULL) < 0) {
            return 0;
        }
    }
    return H5Pset_virtual(creation, view, ".", path, source) >= 0;
}

/* The scale of dimension d of a view. */
static hid_t scale_of(const qep_writer *writer, const qep_write_record *record, int d) {
    const int ndim = writer->grid.ndim;
    return d < ndim            ? writer->axis[ndim - 1 - d]
           : record->rank == 1 ? writer->component3
                               : writer->component9;
}

/* DIMENSION_LIST as H5DSattach_scale writes it. The scales' own REFERENCE_LIST comes once at the
 * end: H5DSattach_scale would write it anew for every view, which makes long series slow and huge.
 */
static int attach_scales(const qep_writer *writer, const qep_write_record *record, hid_t set) {
    const int rank = writer->grid.ndim + (record->rank > 0);
    hobj_ref_t reference[4];
    hvl_t list[4];
    int ok = 1;
    for (int d = 0; d < rank; d++) {
        ok = ok && H5Rcreate(&reference[d], scale_of(writer, record, d), ".", H5R_OBJECT, -1) >= 0;
        list[d] = (hvl_t){.len = 1, .p = &reference[d]};
    }
    const hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ);
    ok = ok && type >= 0 && qep_h5_attribute(set, "DIMENSION_LIST", type, type, (size_t)rank, list);
    if (type >= 0) {
        H5Tclose(type);
    }
    return ok && qep_h5_text(set, "units", record->units) &&
           qep_h5_text(set, "long_name", record->long_name) &&
           qep_h5_text(set, "symbol", record->symbol);
}

typedef struct {
    hobj_ref_t set;
    int dimension; /* as H5DS stores it */
} back_reference;

/* References to the views that use a scale; *count receives their number. */
static int collect(const qep_writer *writer, hid_t scale, back_reference *found, size_t *count) {
    *count = 0;
    for (size_t k = 0; k < writer->frame_count; k++) {
        for (size_t r = 0; r < writer->record_count; r++) {
            const qep_write_record *record = &writer->record[r];
            const int rank = writer->grid.ndim + (record->rank > 0);
            for (int d = 0; d < rank; d++) {
                char path[320];
                if (scale_of(writer, record, d) != scale) {
                    continue;
                }
                snprintf(path, sizeof path, "/view/%zu/%s", writer->frame[k].number, record->name);
                found[*count].dimension = d;
                if (H5Rcreate(&found[*count].set, writer->file, path, H5R_OBJECT, -1) < 0) {
                    return 0;
                }
                ++*count;
            }
        }
    }
    return 1;
}

static int write_back_references(const qep_writer *writer, hid_t scale, back_reference *work) {
    size_t count = 0;
    if (scale < 0) {
        return 1;
    }
    if (!collect(writer, scale, work, &count)) {
        return 0;
    }
    const hid_t type = H5Tcreate(H5T_COMPOUND, sizeof *work);
    const int ok =
        type >= 0 &&
        H5Tinsert(type, "dataset", HOFFSET(back_reference, set), H5T_STD_REF_OBJ) >= 0 &&
        H5Tinsert(type, "dimension", HOFFSET(back_reference, dimension), H5T_NATIVE_INT) >= 0 &&
        (count == 0 || qep_h5_attribute(scale, "REFERENCE_LIST", type, type, count, work));
    if (type >= 0) {
        H5Tclose(type);
    }
    return ok;
}

int qep_write_scale_references(const qep_writer *writer) {
    void *work = NULL;
    size_t most = 0; /* no scale is used twice by one view */
    if (!qep_size_multiply(writer->frame_count, writer->record_count, &most) ||
        qep_alloc(&work, most, sizeof(back_reference), "scale references", NULL) != QEP_OK) {
        return 0;
    }
    int ok = write_back_references(writer, writer->component3, work) &&
             write_back_references(writer, writer->component9, work);
    for (int d = 0; d < writer->grid.ndim; d++) {
        ok = ok && write_back_references(writer, writer->axis[d], work);
    }
    qep_free(work);
    return ok;
}

/* The virtual data set itself; view and source are the spaces of the whole and of a component. */
static hid_t create_view(const qep_writer *writer, hid_t group, const qep_write_record *record,
                         hid_t creation, hid_t view, hid_t source, const hsize_t *shape) {
    const hid_t type = writer->options.single_precision ? H5T_IEEE_F32LE : H5T_IEEE_F64LE;
    const double zero = 0.0;
    int ok = H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &zero) >= 0;
    for (int c = 0; c < record->components; c++) {
        ok = ok && map_component(writer, record, c, creation, view, source, shape);
    }
    return ok && H5Sselect_all(view) >= 0
               ? H5Dcreate2(group, record->name, type, view, H5P_DEFAULT, creation, H5P_DEFAULT)
               : -1;
}

static int write_view(const qep_writer *writer, hid_t group, const qep_write_record *record) {
    const int ndim = writer->grid.ndim;
    size_t extent[3];
    hsize_t shape[4] = {1, 1, 1, 1};
    qep_grid_shape(&writer->grid, extent);
    for (int d = 0; d < ndim; d++) {
        shape[d] = extent[d];
    }
    shape[ndim] = record->rank == 2 ? 9 : record->rank == 1 ? 3 : 1;
    const hid_t view = H5Screate_simple(ndim + (record->rank > 0), shape, NULL);
    const hid_t source = H5Screate_simple(ndim, shape, NULL);
    const hid_t creation = qep_h5_creation(H5P_DATASET_CREATE);
    hid_t set = -1;
    if (view >= 0 && source >= 0 && creation >= 0) {
        set = create_view(writer, group, record, creation, view, source, shape);
    }
    const int ok = set >= 0 && attach_scales(writer, record, set);
    if (set >= 0) {
        H5Dclose(set);
    }
    if (creation >= 0) {
        H5Pclose(creation);
    }
    if (source >= 0) {
        H5Sclose(source);
    }
    if (view >= 0) {
        H5Sclose(view);
    }
    return ok;
}

int qep_write_views(const qep_writer *writer) {
    char path[64];
    snprintf(path, sizeof path, "view/%zu", writer->number);
    const hid_t group = qep_h5_group(writer->file, path);
    int ok = group >= 0 && qep_h5_number(group, "time", writer->time);
    for (size_t r = 0; r < writer->record_count; r++) {
        ok = ok && write_view(writer, group, &writer->record[r]);
    }
    if (group >= 0) {
        H5Gclose(group);
    }
    return ok;
}
