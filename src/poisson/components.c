/* Connected pieces of the mesh by union-find. A piece that nothing fixes has a constant of its own; electrodes and loads join pieces to networks. */
#include "elliptic_impl.h"

#include "qep/base/memory.h"
#include <string.h>

static uint32_t root(uint32_t *parent, uint32_t i) {
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

/* The lower index becomes the root, so that networks are numbered by their first cell. */
static void join(uint32_t *parent, uint32_t a, uint32_t b) {
    a = root(parent, a);
    b = root(parent, b);
    if (a < b) {
        parent[b] = a;
    } else {
        parent[a] = b;
    }
}

/* Join neighbours with a coupling; electrodes: faces that touch pad cells, or those that do not. */
static void join_neighbours(const qep_elliptic *e, uint32_t *parent, int electrodes) {
    const qep_couplings *a = &e->a;
    size_t stride = 1;
    for (int d = 0; d < 3; d++) {
        uint32_t last[2] = {QEP_NET_NONE, QEP_NET_NONE}; /* parents just joined: neighbours mostly have the same */
        for (size_t i = 0; i < (a->g[d] ? a->count : 0); i++) {
            if (a->g[d][i] > 0.0) {
                const size_t at = i / stride % a->n[d], j = at + 1 < a->n[d] ? i + stride : i - at * stride;
                const int known = parent[i] == last[0] && parent[j] == last[1];
                if (!known && (e->role[i] == QEP_ELECTRODE_CELL || e->role[j] == QEP_ELECTRODE_CELL) == electrodes) {
                    last[0] = parent[i];
                    last[1] = parent[j];
                    join(parent, (uint32_t)i, (uint32_t)j);
                }
            }
        }
        stride *= a->n[d];
    }
}

static size_t count_roots(const qep_elliptic *e, uint32_t *parent) {
    size_t count = 0;
    for (size_t i = 0; i < e->a.count; i++) {
        count += e->role[i] == QEP_UNKNOWN && parent[i] == i;
    }
    return count;
}

static void join_electrodes(const qep_elliptic *e, uint32_t *parent) {
    join_neighbours(e, parent, 1);
    for (size_t p = 0; p < e->pad_count; p++) {
        for (size_t k = 1; k < e->pad[p].count; k++) {
            join(parent, (uint32_t)e->pad[p].cells[0], (uint32_t)e->pad[p].cells[k]);
        }
    }
    for (size_t k = 0; k < e->link_count; k++) {
        if (e->link[k].pad[1] != SIZE_MAX) {
            join(parent, (uint32_t)e->pad[e->link[k].pad[0]].cells[0], (uint32_t)e->pad[e->link[k].pad[1]].cells[0]);
        }
    }
}

/* 1 when the cell belongs to the system: an unknown, or part of a floating electrode. */
static int takes_part(const qep_elliptic *e, size_t i) {
    return e->role[i] == QEP_UNKNOWN || (e->role[i] == QEP_ELECTRODE_CELL && e->pad_count && e->a.inverse[i] > 0.0);
}

/* Replace roots by running numbers. */
static size_t number(const qep_elliptic *e, uint32_t *label) {
    uint32_t count = 0;
    for (size_t i = 0; i < e->a.count; i++) { /* a root comes before its members */
        if (!takes_part(e, i)) {
            label[i] = QEP_NET_NONE;
        } else if (label[i] == i) {
            label[i] = count++;
        } else {
            label[i] = label[label[i]];
        }
    }
    return count;
}

static void flatten(uint32_t *parent, size_t count) {
    for (size_t i = 0; i < count; i++) {
        parent[i] = root(parent, (uint32_t)i);
    }
}

static void measure(qep_elliptic *e) {
    qep_networks *net = &e->net;
    memset(net->singular, 1, net->count);
    for (size_t i = e->a.count; i-- > 0;) {
        const uint32_t k = net->label[i];
        if (k == QEP_NET_NONE) {
            continue;
        }
        net->size[k]++;
        net->first[k] = i;
        net->singular[k] = (uint8_t)(net->singular[k] && !(e->a.sink[i] > 0.0));
    }
    for (size_t k = 0; k < e->link_count; k++) {
        const uint32_t label = net->label[e->pad[e->link[k].pad[0]].cells[0]];
        if (e->link[k].pad[1] == SIZE_MAX && label != QEP_NET_NONE) { /* none: nothing conducts beside the electrode, which is refused later */
            net->singular[label] = 0;
        }
    }
    for (size_t z = 0; z < e->grid.axis[2].n; z++) {
        for (size_t y = 0; y < e->grid.axis[1].n; y++) {
            for (size_t x = 0; x < e->grid.axis[0].n; x++) {
                const uint32_t k = net->label[qep_mesh_index(e, x, y, z)];
                if (k != QEP_NET_NONE && e->role[qep_mesh_index(e, x, y, z)] == QEP_UNKNOWN) {
                    net->weight[k] += qep_elliptic_volume(e, (const size_t[]){x, y, z});
                }
            }
        }
    }
    for (size_t k = 0; k < net->count; k++) {
        net->floating += net->singular[k];
    }
}

qep_status qep_networks_find(qep_elliptic *e, qep_error *err) {
    qep_networks *net = &e->net;
    if (e->a.count >= QEP_NET_NONE) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", "/grid/points", NULL, "%zu samples; materials that vary take at most %u", e->a.count,
                             QEP_NET_NONE - 1u);
    }
    QEP_TRY(qep_alloc((void **)&net->label, e->a.count, sizeof *net->label, "connected pieces", err));
    for (size_t i = 0; i < e->a.count; i++) {
        net->label[i] = (uint32_t)i;
    }
    join_neighbours(e, net->label, 0);
    net->components = count_roots(e, net->label);
    join_electrodes(e, net->label);
    flatten(net->label, e->a.count);
    net->count = number(e, net->label);
    const size_t room = net->count ? net->count : 1;
    QEP_TRY(qep_alloc((void **)&net->singular, room, 1, "connected pieces", err));
    QEP_TRY(qep_alloc((void **)&net->size, room, sizeof *net->size, "connected pieces", err));
    QEP_TRY(qep_alloc((void **)&net->first, room, sizeof *net->first, "connected pieces", err));
    QEP_TRY(qep_alloc((void **)&net->weight, room, sizeof *net->weight, "connected pieces", err));
    measure(e);
    if (net->floating == 0 || (net->count == 1 && net->size[0] == e->a.count)) {
        qep_free(net->label); /* nothing to tell apart */
        net->label = NULL;
    }
    return QEP_OK;
}

void qep_networks_free(qep_networks *net) {
    qep_free(net->label);
    qep_free(net->singular);
    qep_free(net->size);
    qep_free(net->first);
    qep_free(net->weight);
}
