/* What a data set says about itself: an openPMD record (spacing, offset, axis order, unit;
 * openPMD 1.1.0) or a plain `units` attribute. What it says must agree with the grid and with the
 * dimension needed: a silent factor or a field on another grid is the worst of faults. */
#include "h5_read.h"

#include "qep/base/units.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL = 32 };

static const double relative_tolerance =
    1e-6; /* of lengths: other programs write them as float32 too */

typedef struct {
    const qep_h5in_input *in;
    const qep_read_request *request;
    const qep_grid *grid;
    hid_t set, record; /* record: what carries the record's attributes, the data set or its group */
    qep_error *err;
    int rising; /* the record's lists run x, y, z instead of z, y, x */
} description;

/* Axis of the grid that index k of a record's lists stands for. */
static int axis_of(const description *d, int k) {
    return d->rising ? k : d->grid->ndim - 1 - k;
}

static qep_status check_labels(description *d) {
    char label[3][LABEL] = {"", "", ""}, order[LABEL] = "C", text[3 * LABEL + 8] = "";
    const int count = qep_h5in_text(d->record, "axisLabels", 0, label[0], LABEL);
    if (count != d->grid->ndim || count < 2) {
        return QEP_OK;
    }
    for (int k = 1; k < count; k++) {
        qep_h5in_text(d->record, "axisLabels", k, label[k], LABEL);
    }
    qep_h5in_text(d->record, "dataOrder", 0, order, sizeof order);
    /* Slowest axis first in order C, last in order F; our letters fall (z y x) or rise (x y z). */
    int rising = 1, falling = 1;
    for (int k = 1; k < count; k++) {
        rising &= strcmp(label[k - 1], label[k]) < 0;
        falling &= strcmp(label[k - 1], label[k]) > 0;
    }
    const int named = rising != falling && strlen(label[0]) == 1;
    const int xyz = strcmp(order, "F") == 0 ? falling : rising;
    d->rising = named ? rising : d->rising;
    snprintf(text, sizeof text, "%s, %s%s%s", label[0], label[1], count == 3 ? ", " : "", label[2]);
    if (named && xyz != d->request->order_xyz) {
        return qep_h5in_refuse(d->in, d->request->dataset, "axis_order", d->err,
                               "its axes are %s (dataOrder %s), but the configuration says "
                               "\"order\": \"%s\"; use \"order\": \"%s\"",
                               text, order, d->request->order_xyz ? "xyz" : "zyx",
                               xyz ? "xyz" : "zyx");
    }
    return QEP_OK;
}

/* Factors to metres for each list entry: gridUnitSI is one number (1.1) or one per axis (2.0). */
static void read_length_units(const description *d, double unit[3]) {
    const int count = qep_h5in_numbers(d->record, "gridUnitSI", unit, 3);
    for (int k = count < 1 ? 0 : count; k < 3; k++) {
        unit[k] = count < 1 ? 1.0 : unit[count - 1];
    }
}

static qep_status check_axis(const description *d, int k, const double *spacing,
                             const double *offset, double position) {
    static const char letter[3] = {'x', 'y', 'z'};
    const int axis = axis_of(d, k);
    const double h = d->grid->axis[axis].h, first = qep_grid_coordinate(d->grid, axis, 0);
    if (spacing && !(fabs(*spacing - h) <= relative_tolerance * h)) {
        return qep_h5in_refuse(
            d->in, d->request->dataset, "grid_mismatch", d->err,
            "its spacing along %c is %.9g m, the grid's is %.9g m; make /grid agree with the file",
            letter[axis], *spacing, h);
    }
    const double start = offset ? *offset + position * (spacing ? *spacing : h) : first;
    if (!(fabs(start - first) <= relative_tolerance * fmax(h, fabs(first)))) {
        return qep_h5in_refuse(d->in, d->request->dataset, "grid_mismatch", d->err,
                               "its first sample along %c is at %.9g m, the grid's at %.9g m; set "
                               "/grid/origin or /grid/sampling to agree",
                               letter[axis], start, first);
    }
    return QEP_OK;
}

static qep_status check_places(const description *d) {
    double spacing[3] = {0.0}, offset[3] = {0.0}, position[3] = {0.0}, unit[3] = {0.0};
    const int spacings = qep_h5in_numbers(d->record, "gridSpacing", spacing, 3);
    const int offsets = qep_h5in_numbers(d->record, "gridGlobalOffset", offset, 3);
    const int positions = qep_h5in_numbers(d->set, "position", position, 3);
    const int ndim = d->grid->ndim;
    if ((spacings && spacings != ndim) || (offsets && offsets != ndim) ||
        (positions && positions != ndim)) {
        return qep_h5in_refuse(d->in, d->request->dataset, "grid_mismatch", d->err,
                               "its gridSpacing, gridGlobalOffset and position have %d, %d and %d "
                               "entries; the grid has %d axes",
                               spacings, offsets, positions, ndim);
    }
    read_length_units(d, unit);
    for (int k = 0; k < ndim; k++) {
        spacing[k] *= unit[k];
        offset[k] *= unit[k];
        if (d->grid->axis[axis_of(d, k)].n >
            1) { /* a single sample has no spacing worth the name */
            QEP_TRY(check_axis(d, k, spacings ? &spacing[k] : NULL, offsets ? &offset[k] : NULL,
                               position[k]));
        }
    }
    return QEP_OK;
}

static qep_status refuse_dimension(const description *d, const char *source, qep_dimension has) {
    char here[128], needed[128];
    return qep_h5in_refuse(d->in, d->request->dataset, "unit", d->err,
                           "its %s says %s, but %s is needed here", source,
                           qep_dimension_format(has, here, sizeof here),
                           qep_dimension_format(d->request->dimension, needed, sizeof needed));
}

static qep_status check_record_unit(const description *d, double *factor) {
    double exponent[7], unit = 1.0;
    if (qep_h5in_numbers(d->record, "unitDimension", exponent, 7) == 7) {
        qep_dimension has;
        for (int i = 0; i < 7; i++) {
            has.exponent[i] = fabs(exponent[i]) < 100.0 ? (int)lround(exponent[i]) : 100;
        }
        if (!qep_dimension_equal(has, d->request->dimension)) {
            return refuse_dimension(d, "unitDimension", has);
        }
    }
    if (qep_h5in_numbers(d->set, "unitSI", &unit, 1) != 1 || !isfinite(unit) || unit == 0.0) {
        return qep_h5in_refuse(d->in, d->request->dataset, "unit", d->err,
                               "its unitSI is not a number other than 0");
    }
    *factor = unit;
    return QEP_OK;
}

/* A plain data set: `units` (or `unit`) as text. Text that is no unit of ours is left alone: it may
 * be prose. */
static qep_status check_plain_unit(const description *d, double *factor, int *has_unit) {
    char text[128] = "", message[QEP_UNIT_MESSAGE];
    qep_dimension dimension;
    double unit = 1.0;
    if (!qep_h5in_text(d->set, "units", 0, text, sizeof text) &&
        !qep_h5in_text(d->set, "unit", 0, text, sizeof text)) {
        return QEP_OK;
    }
    if (!*text || !qep_unit_parse(text, &unit, &dimension, message)) {
        return QEP_OK;
    }
    if (!qep_dimension_equal(dimension, d->request->dimension)) {
        return refuse_dimension(d, "units attribute", dimension);
    }
    *factor = unit;
    *has_unit = 1;
    return QEP_OK;
}

/* netCDF packs numbers as packed * scale_factor + add_offset; reading them raw would be silently
 * wrong. */
static qep_status refuse_packing(const description *d) {
    if (H5Aexists(d->set, "scale_factor") > 0 || H5Aexists(d->set, "add_offset") > 0) {
        return qep_h5in_refuse(
            d->in, d->request->dataset, "packed", d->err,
            "is packed (attribute scale_factor or add_offset); write it unpacked "
            "as floating-point numbers");
    }
    return QEP_OK;
}

qep_status qep_h5in_describe(const qep_h5in_input *in, const qep_read_request *request,
                             const qep_grid *grid, hid_t set, hid_t parent, double *factor,
                             int *has_unit, qep_error *err) {
    description d = {in, request, grid, set, set, err, request->order_xyz};
    *factor = 1.0;
    *has_unit = 0;
    QEP_TRY(refuse_packing(&d));
    if (H5Aexists(set, "unitSI") <= 0) {
        return check_plain_unit(&d, factor, has_unit);
    }
    if (H5Aexists(set, "unitDimension") <= 0 && parent >= 0 &&
        H5Aexists(parent, "unitDimension") > 0) {
        d.record = parent; /* the component of a vector */
    }
    *has_unit = 1;
    QEP_TRY(check_labels(&d));
    QEP_TRY(check_places(&d));
    return check_record_unit(&d, factor);
}
