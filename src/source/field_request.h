/* What the reader is asked for a data set of a field tree. Private to the room. */
#ifndef QEP_SOURCE_FIELD_REQUEST_H
#define QEP_SOURCE_FIELD_REQUEST_H

#include "qep/io/read.h"
#include "qep/source/field.h"

static inline qep_read_request qep_field_request(const qep_field_spec *spec) {
    return (qep_read_request){.file = spec->file,
                              .dataset = spec->dataset,
                              .order_xyz = spec->order_xyz,
                              .unit = spec->unit,
                              .scale = spec->scale,
                              .dimension = spec->dimension,
                              .path = spec->path};
}

#endif
