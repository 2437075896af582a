/* openPMD 1.1.0: the attributes of the root, of records and of components, in the types that its
 * validator asks for. https://github.com/openPMD/openPMD-standard/blob/1.1.0/STANDARD.md */
#include "write_writer.h"

#include "qep/base/version.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const axis_names[3] = {"z", "y", "x"};

const char *const *qep_write_axis_names(const qep_writer *writer) {
    return axis_names + (3 - writer->grid.ndim);
}

/* Who, where and when; these are the only attributes outside /provenance that differ between runs.
 */
static int write_origin(hid_t root) {
    char machine[256] = "unknown", date[64] = "";
    if (gethostname(machine, sizeof machine - 1) != 0) {
        snprintf(machine, sizeof machine, "unknown");
    }
    const time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local)) {
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S %z", &local);
    }
    const char *author = getenv("USER");
    return qep_h5_text(root, "author", author && *author ? author : "unknown") &&
           qep_h5_text(root, "machine", machine) && qep_h5_text(root, "date", date);
}

int qep_write_root(const qep_writer *writer) {
    static const struct {
        const char *name, *text;
    } texts[] = {
        /* clang-format off */
        {"openPMD",           "1.1.0"                                                              },
        {"basePath",          "/data/%T/"                                                          },
        {"meshesPath",        "meshes/"                                                            },
        {"iterationEncoding", "groupBased"                                                         },
        {"iterationFormat",   "/data/%T/"                                                          },
        {"software",          "qep-solve"                                                          },
        {"comment",           "attribute checksum: 64-bit XXH3 of the stored bytes of its data set"},
        {"NX_class",          "NXroot"                                                             },
        /* clang-format on */
    };
    const hid_t root = writer->file;
    int ok = 1;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ok = ok && qep_h5_text(root, texts[i].name, texts[i].text);
    }
    char library[32];
    qep_write_library_version(library, sizeof library);
    const uint32_t extension = 0;
    return ok &&
           qep_h5_attribute(root, "openPMDextension", H5T_STD_U32LE, H5T_NATIVE_UINT32, 0,
                            &extension) &&
           qep_h5_text(root, "softwareVersion", qep_version()) &&
           qep_h5_text(root, "softwareDependencies", library) && write_origin(root);
}

void qep_write_component_name(const qep_writer *writer, const qep_write_record *record,
                              int component, char name[3]) {
    static const char letter[3] = {'x', 'y', 'z'};
    const int ndim = writer->grid.ndim;
    memset(name, 0, 3);
    if (record->rank == 1) {
        name[0] = letter[component];
    } else if (record->rank == 2) {
        name[0] = letter[component / ndim];
        name[1] = letter[component % ndim];
    }
}

void qep_write_component_path(const qep_writer *writer, size_t frame,
                              const qep_write_record *record, int component, char *path,
                              size_t size) {
    char name[3];
    qep_write_component_name(writer, record, component, name);
    snprintf(path, size, "/data/%zu/meshes/%s%s%s", frame, record->name, *name ? "/" : "", name);
}

int qep_write_record_attributes(const qep_writer *writer, hid_t object,
                                const qep_write_record *record) {
    const qep_grid *grid = &writer->grid;
    const size_t ndim = (size_t)grid->ndim;
    double spacing[3], offset[3], dimension[7];
    for (size_t d = 0; d < ndim; d++) {
        spacing[ndim - 1 - d] = grid->axis[d].h;
        offset[ndim - 1 - d] = grid->axis[d].origin;
    }
    for (size_t i = 0; i < 7; i++) {
        dimension[i] = record->dimension.exponent[i];
    }
    return qep_h5_text(object, "geometry", "cartesian") && qep_h5_text(object, "dataOrder", "C") &&
           qep_h5_texts(object, "axisLabels", qep_write_axis_names(writer), ndim) &&
           qep_h5_numbers(object, "gridSpacing", spacing, ndim) &&
           qep_h5_numbers(object, "gridGlobalOffset", offset, ndim) &&
           qep_h5_number(object, "gridUnitSI", 1.0) &&
           qep_h5_numbers(object, "unitDimension", dimension, 7) &&
           qep_h5_number(object, "timeOffset", 0.0) &&
           /* A scalar record is its component, which has these four as well. */
           (record->rank == 0 || (qep_h5_text(object, "units", record->units) &&
                                  qep_h5_text(object, "long_name", record->long_name) &&
                                  qep_h5_text(object, "symbol", record->symbol) &&
                                  qep_h5_text(object, "equation", record->equation)));
}

int qep_write_component_attributes(const qep_writer *writer, hid_t set,
                                   const qep_write_record *record) {
    const size_t ndim = (size_t)writer->grid.ndim;
    const double inside = writer->grid.sampling == QEP_CELL ? 0.5 : 0.0;
    const double position[3] = {inside, inside, inside};
    return qep_h5_number(set, "unitSI", 1.0) && qep_h5_numbers(set, "position", position, ndim) &&
           qep_h5_text(set, "units", record->units) &&
           qep_h5_text(set, "long_name", record->long_name) &&
           qep_h5_text(set, "symbol", record->symbol) &&
           qep_h5_text(set, "equation", record->equation) &&
           qep_h5_labels(set, "DIMENSION_LABELS", qep_write_axis_names(writer), ndim);
}
