/* What can be wrong with electrodes: each fault with the names of those concerned and what helps. */
#include "conduction_impl.h"

#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const face_name[] = {"x-low", "x-high", "y-low", "y-high", "z-low", "z-high"};

qep_status qep_conduction_refuse(qep_conduction_fault *fault, qep_conduction_fault_kind kind, size_t first, size_t second, size_t sample, qep_status status) {
    if (fault) {
        *fault = (qep_conduction_fault){.kind = kind, .electrode = {first, second}, .sample = sample, .component = SIZE_MAX};
    }
    return status;
}

char *qep_conduction_path(size_t electrode, char path[64]) {
    snprintf(path, 64, "/electrodes/%zu", electrode);
    return path;
}

static qep_status check_one(const qep_conduction_setup *setup, size_t i, qep_conduction_fault *fault, qep_error *err) {
    const qep_electrode *electrode = &setup->electrodes[i];
    const qep_grid *grid = setup->grid;
    char path[64];
    qep_conduction_path(i, path);
    if (electrode->face >= 0) {
        const qep_axis *axis = &grid->axis[electrode->face / 2];
        if (axis->n == 1 || axis->bc[0] == QEP_PERIODIC) {
            qep_conduction_refuse(fault, QEP_CONDUCTION_UNAVAILABLE, i, SIZE_MAX, SIZE_MAX, QEP_ERR_CONFIG);
            return qep_error_add(err, QEP_ERR_CONFIG, "electrode_face", path, NULL, "electrode \"%s\": the axis of face %s %s; choose another face, or a region by \"where\"",
                                 electrode->name, face_name[electrode->face], axis->n == 1 ? "has one sample" : "is periodic and has no faces");
        }
    }
    if ((electrode->face < 0 || electrode->cells) && electrode->count == 0) {
        qep_conduction_refuse(fault, QEP_CONDUCTION_EMPTY, i, SIZE_MAX, SIZE_MAX, QEP_ERR_CONFIG);
        return qep_error_add(err, QEP_ERR_CONFIG, "electrode_empty", path, NULL, "electrode \"%s\" holds no sample of the grid; widen its \"where\", or refine the grid",
                             electrode->name);
    }
    return QEP_OK;
}

static qep_status overlap(const qep_conduction_setup *setup, size_t first, size_t second, size_t sample, qep_conduction_fault *fault, qep_error *err) {
    const qep_grid *grid = setup->grid;
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n;
    char path[64];
    qep_conduction_refuse(fault, QEP_CONDUCTION_OVERLAP, first, second, sample, QEP_ERR_CONFIG);
    return qep_error_add(err, QEP_ERR_CONFIG, "electrode_overlap", qep_conduction_path(second, path), NULL,
                         "electrodes \"%s\" and \"%s\" share a sample at (%.6g, %.6g, %.6g) m; make them disjoint, or one electrode",
                         setup->electrodes[first].name, setup->electrodes[second].name, qep_grid_coordinate(grid, 0, sample % nx),
                         qep_grid_coordinate(grid, 1, sample / nx % ny), qep_grid_coordinate(grid, 2, sample / nx / ny));
}

/* Sample behind contact t of a face. */
static size_t face_sample(const qep_grid *grid, int face, size_t t) {
    const int d = face / 2, t1 = d == 0 ? 1 : 0, t2 = d == 2 ? 1 : 2;
    size_t at[3];
    at[d] = face % 2 ? grid->axis[d].n - 1 : 0;
    at[t1] = t % grid->axis[t1].n;
    at[t2] = t / grid->axis[t1].n;
    return qep_grid_index(grid, at[0], at[1], at[2]);
}

/* Electrode i on the map of owners (1 + electrode). On cell grids contacts of different faces may share the cell at an edge: mask says which faces own
 * the sample; regions and nodes own all of it. */
static qep_status claim_samples(const qep_conduction_setup *setup, size_t i, uint32_t (*owner)[7], qep_conduction_fault *fault, qep_error *err) {
    const qep_electrode *electrode = &setup->electrodes[i];
    const qep_grid *grid = setup->grid;
    const int whole = electrode->face >= 0 && !electrode->cells;
    const size_t count = whole ? qep_grid_count(grid) / grid->axis[electrode->face / 2].n : electrode->count;
    const int region = electrode->face < 0 || grid->sampling == QEP_NODE;
    for (size_t k = 0; k < count; k++) {
        const size_t sample = whole ? face_sample(grid, electrode->face, k) : electrode->cells[k];
        for (int face = 0; face < 7; face++) { /* 6: the sample itself */
            const uint32_t other = owner[sample][face];
            if (other && other != i + 1 && (region || face == 6 || face == electrode->face)) {
                return overlap(setup, other - 1, i, sample, fault, err);
            }
        }
        owner[sample][region ? 6 : electrode->face] = (uint32_t)i + 1;
    }
    return QEP_OK;
}

qep_status qep_conduction_check_setup(const qep_conduction_setup *setup, qep_conduction_fault *fault, qep_error *err) {
    uint32_t(*owner)[7] = NULL;
    if (fault) {
        *fault = (qep_conduction_fault){.electrode = {SIZE_MAX, SIZE_MAX}, .sample = SIZE_MAX, .component = SIZE_MAX};
    }
    for (size_t i = 0; i < setup->electrode_count; i++) {
        QEP_TRY(check_one(setup, i, fault, err));
    }
    if (setup->electrode_count == 0) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc((void **)&owner, qep_grid_count(setup->grid), sizeof *owner, "map of electrodes", err));
    qep_status status = QEP_OK;
    for (size_t i = 0; i < setup->electrode_count && status == QEP_OK; i++) {
        status = claim_samples(setup, i, owner, fault, err);
    }
    qep_free(owner);
    return status;
}

const qep_pad *qep_conduction_pad(const qep_elliptic *e, size_t electrode) {
    for (size_t p = 0; p < e->pad_count; p++) {
        if (e->pad[p].electrode == electrode) {
            return &e->pad[p];
        }
    }
    return NULL;
}

/* Names of the current electrodes of a network, for the message. */
static void list_names(const qep_conduction *c, uint32_t network, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < c->count && used < size; i++) {
        const qep_pad *pad = qep_conduction_pad(c->operator, i);
        if (pad && qep_network_of(c->operator, pad->cells[0]) == network) {
            const int more = snprintf(text + used, size - used, "%s\"%s\" (%.6g)", used ? ", " : "", c->electrode[i].name, c->value[i]);
            used += more > 0 ? (size_t)more : size;
        }
    }
}

/* Within a network without fixed voltage, what goes in must come out. */
qep_status qep_conduction_check_currents(const qep_conduction *c, qep_conduction_fault *fault, qep_error *err) {
    static const char *const unit[] = {"", "A/m^2", "A/m", "A"};
    const qep_elliptic *e = c->operator;
    for (uint32_t network = 0; network < e->net.count; network++) {
        double sum = 0.0, scale = 0.0;
        size_t first = SIZE_MAX;
        for (size_t i = 0; i < c->count && e->net.singular[network]; i++) {
            const qep_pad *pad = qep_conduction_pad(e, i);
            if (pad && qep_network_of(e, pad->cells[0]) == network) {
                first = first == SIZE_MAX ? i : first;
                sum += c->value[i];
                scale += fabs(c->value[i]);
            }
        }
        if (fabs(sum) > 1e-10 * scale) {
            char path[64], names[512];
            list_names(c, network, names, sizeof names);
            qep_conduction_refuse(fault, QEP_CONDUCTION_IMBALANCE, first, SIZE_MAX, SIZE_MAX, QEP_ERR_PROBLEM);
            if (fault) {
                fault->component = network;
                fault->imbalance = sum;
                fault->scale = scale;
            }
            return qep_error_add(err, QEP_ERR_PROBLEM, "current_imbalance", qep_conduction_path(first, path), NULL,
                                 "the currents given to electrodes %s of one connected piece add up to %.6g %s instead of 0, and no electrode there has a "
                                 "fixed voltage; give one of them a \"voltage\", or balance the currents",
                                 names, sum, unit[c->options.extent > 0.0 ? 3 : c->grid.ndim]);
        }
    }
    return QEP_OK;
}
