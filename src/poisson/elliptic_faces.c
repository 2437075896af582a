/* From a coefficient on the samples to couplings between cells: what each cell of the mesh is, harmonic face means, half cells at walls and
 * electrodes, contacts. Averages over the samples of J or D instead of face fluxes were rejected: wrong by 5 at contrast 1e3. */
#include "elliptic_impl.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

enum { BOND = 1000 }; /* between cells of a floating electrode, times the largest coupling around it; inert in the operator, felt by the preconditioner */

double qep_elliptic_volume(const qep_elliptic *e, const size_t at[3]) {
    double volume = e->extent;
    if (e->grid.sampling == QEP_CELL) {
        return e->cell_volume;
    }
    for (int d = 0; d < e->grid.ndim; d++) {
        volume *= e->grid.axis[d].h * qep_grid_weight(&e->grid, d, at[d]);
    }
    return volume;
}

double qep_elliptic_area(const qep_elliptic *e, int d, const size_t at[3]) {
    double area = e->extent;
    if (e->grid.sampling == QEP_CELL) {
        return e->cell_area[d];
    }
    for (int k = 0; k < e->grid.ndim; k++) {
        area *= k == d ? 1.0 : e->grid.axis[k].h * qep_grid_weight(&e->grid, k, at[k]);
    }
    return area;
}

size_t qep_elliptic_transverse(const qep_grid *grid, int d, const size_t at[3]) {
    const int t1 = d == 0 ? 1 : 0, t2 = d == 2 ? 1 : 2;
    return at[t2] * grid->axis[t1].n + at[t1];
}

static void coordinates(const qep_grid *grid, size_t sample, size_t at[3]) {
    at[0] = sample % grid->axis[0].n;
    at[1] = sample / grid->axis[0].n % grid->axis[1].n;
    at[2] = sample / grid->axis[0].n / grid->axis[1].n;
}

static int on_dirichlet_node(const qep_grid *grid, const size_t at[3]) {
    for (int d = 0; d < 3 && grid->sampling == QEP_NODE; d++) {
        const qep_axis *axis = &grid->axis[d];
        if (axis->n > 1 && ((at[d] == 0 && axis->bc[0] == QEP_DIRICHLET) || (at[d] + 1 == axis->n && axis->bc[1] == QEP_DIRICHLET))) {
            return 1;
        }
    }
    return 0;
}

static void assign_grid_roles(qep_elliptic *e) {
    const qep_grid *grid = &e->grid;
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n, rows = ny * grid->axis[2].n;
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        for (size_t x = 0; x < nx; x++) {
            const size_t at[3] = {x, i % ny, i / ny};
            const double c = qep_coefficient(e, i * nx + x);
            e->role[qep_mesh_index(e, x, at[1], at[2])] =
                (uint8_t)(on_dirichlet_node(grid, at) ? QEP_KNOWN_NODE : c > 0.0 ? QEP_UNKNOWN : QEP_EXCLUDED);
        }
    }
}

/* Visit the samples behind a face electrode's contact: its list, or the whole face. */
typedef struct {
    const qep_electrode *electrode;
    const qep_grid *grid;
    size_t count, t;
} contact_walk;

static int walk_next(contact_walk *walk, size_t at[3]) {
    if (walk->t >= walk->count) {
        return 0;
    }
    const int d = walk->electrode->face / 2, side = walk->electrode->face % 2, t1 = d == 0 ? 1 : 0, t2 = d == 2 ? 1 : 2;
    if (walk->electrode->cells) {
        coordinates(walk->grid, walk->electrode->cells[walk->t], at);
    } else {
        at[t1] = walk->t % walk->grid->axis[t1].n;
        at[t2] = walk->t / walk->grid->axis[t1].n;
        at[d] = side ? walk->grid->axis[d].n - 1 : 0;
    }
    walk->t++;
    return 1;
}

static contact_walk walk_start(const qep_grid *grid, const qep_electrode *electrode) {
    const size_t all = electrode->face >= 0 ? qep_grid_count(grid) / grid->axis[electrode->face / 2].n : 0;
    return (contact_walk){electrode, grid, electrode->cells ? electrode->count : all, 0};
}

static void claim(qep_elliptic *e, size_t mesh, size_t electrode) {
    e->role[mesh] = QEP_ELECTRODE_CELL;
    e->owner[mesh] = (int32_t)electrode;
}

static qep_status claim_face(qep_elliptic *e, const qep_terminals *terminals, size_t i, qep_error *err) {
    const qep_electrode *electrode = &terminals->electrode[i];
    const int d = electrode->face / 2, side = electrode->face % 2;
    const size_t count = e->samples / e->grid.axis[d].n;
    if (e->grid.sampling == QEP_CELL && !e->face_owner[electrode->face]) {
        QEP_TRY(qep_alloc((void **)&e->face_owner[electrode->face], count, sizeof(int32_t), "contacts of a face", err));
        memset(e->face_owner[electrode->face], 0xff, count * sizeof(int32_t)); /* -1 */
    }
    contact_walk walk = walk_start(&e->grid, electrode);
    for (size_t at[3]; walk_next(&walk, at);) {
        size_t mesh = qep_mesh_index(e, at[0], at[1], at[2]);
        if (e->grid.sampling == QEP_NODE) {
            claim(e, mesh, i);
            continue;
        }
        e->face_owner[electrode->face][qep_elliptic_transverse(&e->grid, d, at)] = (int32_t)i;
        if (!terminals->held[i]) {
            const size_t stride = d == 0 ? 1 : d == 1 ? e->a.n[0] : e->a.n[0] * e->a.n[1];
            claim(e, side ? mesh + stride : mesh - stride, i);
        }
    }
    return QEP_OK;
}

qep_status qep_elliptic_assign_roles(qep_elliptic *e, const qep_terminals *terminals, qep_error *err) {
    memset(e->role, QEP_EXCLUDED, e->a.count);
    assign_grid_roles(e);
    if (!terminals) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc((void **)&e->owner, e->a.count, sizeof *e->owner, "electrode cells", err));
    memset(e->owner, 0xff, e->a.count * sizeof *e->owner);
    for (size_t i = 0; i < terminals->count; i++) {
        const qep_electrode *electrode = &terminals->electrode[i];
        if (electrode->face >= 0) {
            QEP_TRY(claim_face(e, terminals, i, err));
            continue;
        }
        for (size_t k = 0; k < electrode->count; k++) {
            size_t at[3];
            coordinates(&e->grid, electrode->cells[k], at);
            claim(e, qep_mesh_index(e, at[0], at[1], at[2]), i);
        }
    }
    return QEP_OK;
}

static double harmonic(double a, double b) {
    return a > 0.0 && b > 0.0 ? 2.0 / (1.0 / a + 1.0 / b) : 0.0;
}

/* A growing list of contacts. */
static qep_status add_contact(qep_elliptic *e, size_t *capacity, const qep_contact *contact, qep_error *err) {
    if (e->contact_count == *capacity) {
        qep_contact *more = NULL;
        *capacity = *capacity ? 2 * *capacity : 256;
        QEP_TRY(qep_alloc((void **)&more, *capacity, sizeof *more, "contacts", err));
        if (e->contact_count) {
            memcpy(more, e->contact, e->contact_count * sizeof *more);
        }
        qep_free(e->contact);
        e->contact = more;
    }
    e->contact[e->contact_count++] = *contact;
    return QEP_OK;
}

/* Neighbour of a sample along d on the side, in grid coordinates; 0: it lies outside. */
static int step(const qep_grid *grid, const size_t at[3], int d, int side, size_t to[3]) {
    const qep_axis *axis = &grid->axis[d];
    memcpy(to, at, 3 * sizeof *to);
    if (axis->n == 1) {
        return 0;
    }
    if (side ? at[d] + 1 < axis->n : at[d] > 0) {
        to[d] = side ? at[d] + 1 : at[d] - 1;
        return 1;
    }
    to[d] = side ? 0 : axis->n - 1;
    return axis->bc[0] == QEP_PERIODIC;
}

/* Couplings between unknowns across the upper faces of row (y, z). */
static void fill_row(qep_elliptic *e, size_t y, size_t z) {
    const size_t nx = e->grid.axis[0].n;
    for (int d = 0; d < 3; d++) {
        for (size_t x = 0; x < nx; x++) {
            const size_t at[3] = {x, y, z};
            size_t to[3];
            if (!step(&e->grid, at, d, 1, to)) {
                continue;
            }
            const size_t here = qep_mesh_index(e, x, y, z), there = qep_mesh_index(e, to[0], to[1], to[2]);
            const size_t sample = qep_grid_index(&e->grid, x, y, z), other = qep_grid_index(&e->grid, to[0], to[1], to[2]);
            /* where x does not matter, on to its far end: all of a row of cells */
            const size_t end = d > 0 && e->grid.sampling == QEP_CELL ? nx : d == 0 && x + 1 < nx && e->grid.sampling == QEP_CELL ? nx - 1 : x + 1;
            const double area = qep_elliptic_area(e, d, at), h = e->grid.axis[d].h;
            for (size_t i = 0; i < end - x; i++) {
                const int both = e->role[here + i] == QEP_UNKNOWN && e->role[there + i] == QEP_UNKNOWN;
                const double c = both ? harmonic(qep_coefficient(e, sample + i), qep_coefficient(e, other + i)) : 0.0;
                e->a.g[d][here + i] = c * area / h;
            }
            x = end - 1;
        }
    }
}

/* Conductance from the unknown at `at` to what it touches across its face (d, side); 0: not a contact. Fills the contact. */
static double contact_of(const qep_elliptic *e, const size_t at[3], int d, int side, qep_contact *contact) {
    const qep_grid *grid = &e->grid;
    const double c = qep_coefficient(e, qep_grid_index(grid, at[0], at[1], at[2])), area = qep_elliptic_area(e, d, at), h = grid->axis[d].h;
    size_t to[3];
    *contact = (qep_contact){.cell = qep_mesh_index(e, at[0], at[1], at[2]),
                             .sample = qep_grid_index(grid, at[0], at[1], at[2]),
                             .other = SIZE_MAX,
                             .t = qep_elliptic_transverse(grid, d, at),
                             .electrode = -1,
                             .axis = (uint8_t)d,
                             .side = (uint8_t)side};
    if (step(grid, at, d, side, to)) {
        const size_t mesh = qep_mesh_index(e, to[0], to[1], to[2]);
        const double beyond = qep_coefficient(e, contact->other = qep_grid_index(grid, to[0], to[1], to[2]));
        if (e->role[mesh] == QEP_ELECTRODE_CELL) {
            contact->electrode = e->owner[mesh];
            return area / h * (grid->sampling == QEP_CELL ? 2.0 * c : beyond > 0.0 ? harmonic(c, beyond) : c);
        }
        return e->role[mesh] == QEP_KNOWN_NODE ? area / h * harmonic(c, beyond) : 0.0;
    }
    if (grid->axis[d].n == 1 || grid->sampling == QEP_NODE) {
        return 0.0;
    }
    const int32_t *const owner = e->face_owner[2 * d + side];
    contact->electrode = owner ? owner[contact->t] : -1;
    return contact->electrode >= 0 || grid->axis[d].bc[side] == QEP_DIRICHLET ? 2.0 * c * area / h : 0.0;
}

/* The face array entry of a contact with a pad cell. */
static void couple_pad(qep_elliptic *e, const qep_contact *contact) {
    const int d = contact->axis;
    const size_t stride = d == 0 ? 1 : d == 1 ? e->a.n[0] : e->a.n[0] * e->a.n[1], at = contact->cell / stride % e->a.n[d];
    if (contact->side) {
        e->a.g[d][contact->cell] = contact->g;
    } else {
        e->a.g[d][at ? contact->cell - stride : contact->cell + (e->a.n[d] - 1) * stride] = contact->g;
    }
}

/* 1 when all six neighbours are plain cells. */
static int lies_inside(const qep_elliptic *e, const size_t at[3]) {
    const size_t here = qep_mesh_index(e, at[0], at[1], at[2]);
    size_t stride = 1;
    for (int d = 0; d < 3; d++) {
        if (at[d] == 0 || at[d] + 1 >= e->grid.axis[d].n) {
            return 0;
        }
        const uint8_t low = e->role[here - stride], high = e->role[here + stride];
        if ((low != QEP_UNKNOWN && low != QEP_EXCLUDED) || (high != QEP_UNKNOWN && high != QEP_EXCLUDED)) {
            return 0;
        }
        stride *= e->a.n[d];
    }
    return 1;
}

/* 1 when a row of the grid and its neighbours lie inside and hold plain cells only. */
static int row_lies_inside(const qep_elliptic *e, size_t y, size_t z) {
    const size_t nx = e->grid.axis[0].n, here = qep_mesh_index(e, 0, y, z), row = e->a.n[0], plane = e->a.n[0] * e->a.n[1];
    if (y == 0 || z == 0 || y + 1 >= e->grid.axis[1].n || z + 1 >= e->grid.axis[2].n) {
        return 0;
    }
    const size_t starts[] = {here, here - row, here + row, here - plane, here + plane};
    for (size_t k = 0; k < sizeof starts / sizeof *starts; k++) {
        if (memchr(e->role + starts[k], QEP_ELECTRODE_CELL, nx) || memchr(e->role + starts[k], QEP_KNOWN_NODE, nx)) {
            return 0;
        }
    }
    return 1;
}

static qep_status find_contacts(qep_elliptic *e, const qep_terminals *terminals, qep_error *err) {
    const qep_grid *grid = &e->grid;
    size_t capacity = 0;
    for (size_t z = 0; z < grid->axis[2].n; z++) {
        for (size_t y = 0; y < grid->axis[1].n; y++) {
            const size_t hop = row_lies_inside(e, y, z) && grid->axis[0].n > 1 ? grid->axis[0].n - 1 : 1; /* then only its ends may touch something */
            for (size_t x = 0; x < grid->axis[0].n; x += hop) {
                const size_t at[3] = {x, y, z};
                const int inside = lies_inside(e, at);
                for (int face = 0; face < 6 && !inside && e->role[qep_mesh_index(e, x, y, z)] == QEP_UNKNOWN; face++) {
                    qep_contact contact;
                    const double g = contact_of(e, at, face / 2, face % 2, &contact);
                    if (g > 0.0) {
                        contact.g = g;
                        QEP_TRY(add_contact(e, &capacity, &contact, err));
                        const int held = contact.electrode < 0 || terminals->held[contact.electrode];
                        if (held) {
                            e->a.sink[contact.cell] += g;
                        } else {
                            couple_pad(e, &contact);
                        }
                    }
                }
            }
        }
    }
    return QEP_OK;
}

/* Largest coupling around the cells that touch each electrode. */
static void largest_couplings(const qep_elliptic *e, double *largest) {
    for (size_t k = 0; k < e->contact_count; k++) {
        const qep_contact *contact = &e->contact[k];
        if (contact->electrode < 0) {
            continue;
        }
        const size_t plane = e->a.n[0] * e->a.n[1], i = contact->cell;
        const qep_row row = qep_couplings_row(&e->a, i / e->a.n[0] % e->a.n[1], i / plane);
        const size_t x = i % e->a.n[0], left = x ? x - 1 : e->a.n[0] - 1;
        const double around[] = {contact->g, row.gx[x], row.gx[left], row.gy[0][x], row.gy[1][x], row.gz[0][x], row.gz[1][x]};
        for (size_t j = 0; j < sizeof around / sizeof *around; j++) {
            largest[contact->electrode] = fmax(largest[contact->electrode], around[j]);
        }
    }
}

/* Neighbours within one pad. Their potentials are equal, so the bonds carry nothing. */
static void bond_pads(qep_elliptic *e, const qep_terminals *terminals, const double *largest) {
    for (size_t i = 0; i < e->a.count; i++) {
        if (e->role[i] != QEP_ELECTRODE_CELL || terminals->held[e->owner[i]]) {
            continue;
        }
        size_t stride = 1;
        for (int d = 0; d < 3; d++) {
            const size_t at = i / stride % e->a.n[d];
            if (at + 1 < e->a.n[d] && e->owner[i + stride] == e->owner[i]) {
                e->a.g[d][i] = BOND * largest[e->owner[i]];
            }
            stride *= e->a.n[d];
        }
    }
}

static qep_status list_pads(qep_elliptic *e, const qep_terminals *terminals, qep_error *err) {
    QEP_TRY(qep_alloc((void **)&e->pad, terminals->count ? terminals->count : 1, sizeof *e->pad, "floating electrodes", err));
    for (size_t i = 0; i < terminals->count; i++) {
        if (terminals->held[i]) {
            continue;
        }
        qep_pad *pad = &e->pad[e->pad_count++];
        pad->electrode = i;
        for (size_t k = 0; k < e->a.count; k++) {
            pad->count += e->owner[k] == (int32_t)i;
        }
        QEP_TRY(qep_alloc((void **)&pad->cells, pad->count, sizeof *pad->cells, "floating electrodes", err));
        for (size_t k = 0, at = 0; k < e->a.count; k++) {
            if (e->owner[k] == (int32_t)i) {
                pad->cells[at++] = k;
            }
        }
        for (size_t k = 0; k < e->contact_count; k++) {
            pad->diagonal += e->contact[k].electrode == (int32_t)i ? e->contact[k].g : 0.0;
        }
    }
    return QEP_OK;
}

static size_t pad_of(const qep_elliptic *e, size_t electrode) {
    for (size_t p = 0; p < e->pad_count; p++) {
        if (e->pad[p].electrode == electrode) {
            return p;
        }
    }
    return SIZE_MAX;
}

static qep_status link_loads(qep_elliptic *e, const qep_terminals *terminals, qep_error *err) {
    QEP_TRY(qep_alloc((void **)&e->link, terminals->load_count ? terminals->load_count : 1, sizeof *e->link, "loads", err));
    for (size_t k = 0; k < terminals->load_count; k++) {
        const qep_load *load = &terminals->load[k];
        const int first = !terminals->held[load->between[0]], second = !terminals->held[load->between[1]];
        if (!first && !second) {
            continue; /* both held: no part of the equations */
        }
        qep_link *link = &e->link[e->link_count++];
        link->electrode[0] = load->between[first ? 0 : 1];
        link->electrode[1] = load->between[first ? 1 : 0];
        link->conductance = 1.0 / load->resistance;
        for (int side = 0; side < 2; side++) {
            link->pad[side] = pad_of(e, link->electrode[side]);
            if (link->pad[side] != SIZE_MAX) {
                e->pad[link->pad[side]].diagonal += link->conductance;
            }
        }
    }
    return QEP_OK;
}

qep_status qep_elliptic_fill_couplings(qep_elliptic *e, const qep_terminals *terminals, qep_error *err) {
    const size_t ny = e->grid.axis[1].n, rows = ny * e->grid.axis[2].n;
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        fill_row(e, i % ny, i / ny);
    }
    QEP_TRY(find_contacts(e, terminals, err));
    if (terminals) {
        double *largest = NULL;
        QEP_TRY(qep_alloc((void **)&largest, terminals->count ? terminals->count : 1, sizeof *largest, "electrodes", err));
        largest_couplings(e, largest);
        bond_pads(e, terminals, largest);
        qep_free(largest);
        QEP_TRY(list_pads(e, terminals, err));
        QEP_TRY(link_loads(e, terminals, err));
    }
    qep_couplings_finish(&e->a, e->options.threads);
    return QEP_OK;
}
