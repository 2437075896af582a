/* Times of a series: a data set `times` beside it or in the root, in seconds or in its own unit of time, else the frame numbers. */
#include "h5_read.h"

#include "qep/base/memory.h"
#include "qep/base/units.h"
#include <math.h>
#include <stdio.h>

/* Times of a series from a data set `times` [frames], in seconds or in its own unit. */
static qep_status read_times(qep_h5in_source *s, const char *name, double *times, qep_error *err) {
    QEP_H5IN_AUTO set = -1;
    QEP_TRY(qep_h5in_dataset_open(&s->in, name, &set, err));
    QEP_H5IN_AUTO space = H5Dget_space(set);
    hsize_t length = 0;
    if (!qep_h5in_holds_numbers(set) || H5Sget_simple_extent_ndims(space) != 1 ||
        H5Sget_simple_extent_dims(space, &length, NULL) != 1 || length != s->frames) {
        return qep_h5in_refuse(&s->in, name, "shape", err,
                               "must be a list of %zu numbers, one per frame; it has %llu",
                               s->frames, (unsigned long long)length);
    }
    QEP_TRY(qep_h5in_storage_check(&s->in, name, set, err));
    char unit[64] = "", message[QEP_UNIT_MESSAGE], reason[160];
    double factor = 1.0;
    qep_dimension dimension = QEP_DIM_TIME;
    if (qep_h5in_text(set, "units", 0, unit, sizeof unit) && *unit &&
        (!qep_unit_parse(unit, &factor, &dimension, message) ||
         !qep_dimension_equal(dimension, QEP_DIM_TIME))) {
        return qep_h5in_refuse(&s->in, name, "unit", err,
                               "its units attribute \"%s\" is no unit of time", unit);
    }
    if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, times) < 0) {
        return qep_h5in_refuse(&s->in, name, "unreadable", err, "cannot be read (%s)",
                               qep_h5in_reason(reason));
    }
    for (size_t i = 0; i < s->frames; i++) {
        times[i] *= factor;
        if (!isfinite(times[i])) {
            return qep_h5in_refuse(&s->in, name, "not_finite", err, "entry %zu is %g", i, times[i]);
        }
        if (i > 0 && !(times[i] > times[i - 1])) {
            return qep_h5in_refuse(&s->in, name, "not_increasing", err,
                                   "entry %zu is %g after %g; times must increase", i, times[i],
                                   times[i - 1]);
        }
    }
    return QEP_OK;
}

static qep_status fill_times(qep_h5in_source *s, qep_read_series *series, qep_error *err) {
    double *times = series->times;
    char name[sizeof s->directory + 8];
    series->stated = 1;
    snprintf(name, sizeof name, "%s/times", s->directory);
    if (qep_h5in_exists(&s->in, name)) {
        return read_times(s, name, times, err);
    }
    if (qep_h5in_exists(&s->in, "/times")) {
        return read_times(s, "/times", times, err);
    }
    series->stated = 0;
    for (size_t i = 0; i < s->frames; i++) {
        times[i] = (double)i;
    }
    return QEP_OK;
}

qep_status qep_h5in_series(qep_h5in_source *s, qep_read_series *series, qep_error *err) {
    *series = (qep_read_series){.frames = s->frames};
    if (!s->frames) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc_doubles(&series->times, s->frames, "times of a series", err));
    const qep_status status = fill_times(s, series, err);
    if (status != QEP_OK) {
        qep_free(series->times);
        *series = (qep_read_series){0};
    }
    return status;
}
