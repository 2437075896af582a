/* Maps over the Brillouin zone: kept from the computation to the first frame, and written as meshes on axes of their own. Axes lie along the
 * reciprocal vectors; a coordinate is the length along one. */
#include "bloch.h"

#include "qep/base/memory.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

static qep_status keep(void *user, const qep_bloch_map *map, qep_error *err) {
    qep_run_maps *maps = user;
    const size_t n = maps->count;
    double *copy = NULL;
    if ((n & (n - 1)) == 0) { /* doubles at powers of two */
        void *larger = NULL;
        QEP_TRY(qep_alloc(&larger, n ? 2 * n : 1, sizeof *maps->map, "maps", err));
        if (n) {
            memcpy(larger, maps->map, n * sizeof *maps->map);
        }
        qep_free(maps->map);
        maps->map = larger;
    }
    QEP_TRY(qep_alloc_doubles(&copy, maps->points, map->name, err));
    memcpy(copy, map->value, maps->points * sizeof *copy);
    maps->map[n] = *map;
    maps->map[n].value = copy;
    maps->count++;
    return QEP_OK;
}

qep_status qep_run_maps_compute(qep_run_maps *maps, const qep_bloch_problem *problem, qep_error *err) {
    maps->points = qep_bloch_point_count(problem);
    return qep_bloch_compute_maps(problem, keep, maps, err);
}

static void set_axes(const qep_bloch_problem *p, qep_mesh_axes *axes) {
    static const char *const labels[] = {"k1", "k2", "k3"};
    const qep_bloch_model *m = p->model;
    *axes = (qep_mesh_axes){.grid = {.ndim = m->dim, .sampling = QEP_NODE}, .dimension = QEP_DIMENSION(-1, 0, 0, 0, 0, 0, 0)};
    for (int d = 0; d < 3; d++) {
        const double *b = m->reciprocal[d];
        const double length = d < m->dim ? sqrt(b[0] * b[0] + b[1] * b[1] + (m->dim > 2 ? b[2] * b[2] : 0.0)) : 1.0;
        const size_t n = d < m->dim ? p->points[d] : 1;
        axes->grid.axis[d] = (qep_axis){.n = n, .h = length / (double)n, .length = length, .origin = d < m->dim ? p->shift[d] * length / (double)n : 0.0};
        axes->label[d] = labels[d];
    }
    axes->vectors = qep_bloch_is_orthogonal(m) ? NULL : m->reciprocal;
}

qep_status qep_run_maps_write(const qep_run_maps *maps, qep_writer *writer, const qep_bloch_problem *problem, qep_error *err) {
    qep_mesh_axes axes;
    if (maps->count == 0) {
        return QEP_OK;
    }
    set_axes(problem, &axes);
    QEP_TRY(qep_writer_mesh_axes(writer, &axes, err));
    for (size_t i = 0; i < maps->count; i++) {
        const qep_bloch_map *map = &maps->map[i];
        const qep_record record = {map->name, map->symbol, map->long_name, "bloch", map->dimension, 0};
        QEP_TRY(qep_writer_mesh(writer, &record, map->value, err));
    }
    return QEP_OK;
}

void qep_run_maps_free(qep_run_maps *maps) {
    for (size_t i = 0; i < maps->count; i++) {
        qep_free((void *)(uintptr_t)maps->map[i].value);
    }
    qep_free(maps->map);
    *maps = (qep_run_maps){0};
}
