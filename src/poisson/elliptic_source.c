/* The right side of one solve: charge times volume, impressed drops through interior faces, walls and contacts. Every face's term is added to
 * one of its cells and taken from the other, so that sums over connected pieces telescope. */
#include "elliptic_impl.h"

#include <math.h>
#include <string.h>

static size_t sample_stride(const qep_grid *grid, int d) {
    return qep_grid_stride(grid, d);
}

/* S beyond the wall next to a sample: given, or extrapolated linearly from two samples. */
static double wall_S(const qep_elliptic *e, const qep_elliptic_drive *drive, const qep_contact *contact) {
    const int d = contact->axis, side = contact->side;
    if (drive->face_S[d][side]) {
        return drive->face_S[d][side][contact->t];
    }
    const double S = drive->S[contact->sample];
    if (e->grid.axis[d].n < 2) {
        return S;
    }
    const size_t stride = sample_stride(&e->grid, d);
    return S + 0.5 * (S - drive->S[side ? contact->sample - stride : contact->sample + stride]);
}

/* S on the surface of a region of a cell grid. An electrode's own samples decide (they may all hold one value); two of them give the surface to second order. */
static double surface_S(const qep_elliptic *e, const qep_elliptic_drive *drive, const qep_contact *contact) {
    const qep_grid *grid = &e->grid;
    const int d = contact->axis;
    const double S = drive->S[contact->other];
    const size_t stride = sample_stride(grid, d), at = contact->other / stride % grid->axis[d].n;
    if (grid->sampling == QEP_NODE || (contact->side ? at + 1 >= grid->axis[d].n : at == 0)) {
        return S;
    }
    const size_t next = contact->side ? contact->other + stride : contact->other - stride;
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n;
    const size_t mesh = qep_mesh_index(e, next % nx, next / nx % ny, next / nx / ny);
    return e->owner[mesh] == contact->electrode ? S - 0.5 * (drive->S[next] - S) : S;
}

/* Mean of the values that Dirichlet faces give to a node. */
static double known_node(const qep_elliptic *e, const qep_elliptic_drive *drive, size_t sample) {
    const qep_grid *grid = &e->grid;
    const size_t nx = grid->axis[0].n, ny = grid->axis[1].n, at[3] = {sample % nx, sample / nx % ny, sample / nx / ny};
    double sum = 0.0, count = 0.0;
    for (int face = 0; face < 6; face++) {
        const int d = face / 2, side = face % 2;
        if (grid->axis[d].n > 1 && grid->axis[d].bc[side] == QEP_DIRICHLET && at[d] == (side ? grid->axis[d].n - 1 : 0)) {
            const double *level = drive->walls ? drive->walls->wall[d][side].level[0] : NULL;
            sum += level ? level[qep_elliptic_transverse(grid, d, at)] : 0.0;
            count += 1.0;
        }
    }
    return count > 0.0 ? sum / count : 0.0;
}

void qep_elliptic_set_contacts(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, qep_contact *contact) {
    const qep_contact *const end = contact + e->contact_count;
    for (; contact < end; contact++) {
        const int wall = contact->other == SIZE_MAX;
        contact->drop = 0.0;
        if (drive->S && (wall || contact->electrode >= 0)) {
            const double kappa = drive->kappa_scale * (drive->kappa ? drive->kappa[contact->sample] : 1.0);
            const double S = wall ? wall_S(e, drive, contact) : surface_S(e, drive, contact);
            contact->drop = kappa * (S - drive->S[contact->sample]);
        } else if (drive->S) {
            contact->drop = qep_elliptic_drop(drive, contact->sample, contact->other);
        }
        if (contact->electrode >= 0) {
            contact->value = terminal_values ? terminal_values[contact->electrode] : 0.0;
        } else if (wall) {
            const double *level = drive->walls ? drive->walls->wall[contact->axis][contact->side].level[0] : NULL;
            contact->value = level ? level[contact->t] : 0.0;
        } else {
            contact->value = known_node(e, drive, contact->other);
        }
    }
}

/* dS/d(axis) at a wall: given, or of second order from the nearest samples. */
static double wall_slope(const qep_elliptic *e, const qep_elliptic_drive *drive, int d, int side, const size_t at[3], size_t sample) {
    if (drive->face_slope[d][side]) {
        return drive->face_slope[d][side][qep_elliptic_transverse(&e->grid, d, at)];
    }
    const size_t stride = sample_stride(&e->grid, d), n = e->grid.axis[d].n;
    const double sign = side ? -1.0 : 1.0, h = e->grid.axis[d].h, *S = drive->S;
    const size_t one = side ? sample - stride : sample + stride, two = side ? sample - 2 * stride : sample + 2 * stride;
    if (n == 2) {
        return sign * (S[one] - S[sample]) / h;
    }
    return e->grid.sampling == QEP_CELL ? sign * (2.0 * (S[one] - S[sample]) - (S[two] - S[one])) / h
                                        : sign * (1.5 * (S[one] - S[sample]) - 0.5 * (S[two] - S[one])) / h;
}

/* A material on the face itself: extrapolated from two cells where it is smooth, that of the cell where it jumps. */
static double on_wall(const qep_elliptic *e, double here, double inner) {
    const int smooth = e->grid.sampling == QEP_CELL && here * inner > 0.0 && fabs(here) < 2.0 * fabs(inner) && fabs(inner) < 2.0 * fabs(here);
    return smooth ? here + 0.5 * (here - inner) : here;
}

double qep_elliptic_wall_flux(const qep_elliptic *e, const qep_elliptic_drive *drive, int d, int side, const size_t at[3]) {
    const qep_axis *axis = &e->grid.axis[d];
    const qep_bc bc = axis->bc[side];
    if (axis->n == 1 || at[d] != (side ? axis->n - 1 : 0) || (bc != QEP_NEUMANN && bc != QEP_NATURAL)) {
        return 0.0;
    }
    const size_t t = qep_elliptic_transverse(&e->grid, d, at), sample = qep_grid_index(&e->grid, at[0], at[1], at[2]);
    if (e->face_owner[2 * d + side] && e->face_owner[2 * d + side][t] >= 0) {
        return 0.0;
    }
    const double *level = drive->walls ? drive->walls->wall[d][side].level[0] : NULL;
    const size_t stride = sample_stride(&e->grid, d), inner = side ? sample - stride : sample + stride;
    double slope = level ? level[t] : 0.0;
    if (bc == QEP_NEUMANN && drive->S) {
        const double kappa = drive->kappa_scale * (drive->kappa ? on_wall(e, drive->kappa[sample], drive->kappa[inner]) : 1.0);
        slope -= kappa * wall_slope(e, drive, d, side, at, sample);
    }
    const double c = on_wall(e, qep_coefficient(e, sample), qep_coefficient(e, inner));
    return slope == 0.0 ? 0.0 : (side ? 1.0 : -1.0) * slope * c * qep_elliptic_area(e, d, at);
}

/* b of one unknown without its contacts; *absolute: sum of |terms|. */
static double source_at(const qep_elliptic *e, const qep_elliptic_drive *drive, const size_t at[3], double *absolute) {
    const qep_grid *grid = &e->grid;
    const size_t sample = qep_grid_index(grid, at[0], at[1], at[2]), here = qep_mesh_index(e, at[0], at[1], at[2]);
    double b = drive->charge ? -drive->charge_scale * drive->charge[sample] * qep_elliptic_volume(e, at) : 0.0;
    *absolute = fabs(b);
    for (int d = 0; d < 3; d++) {
        const size_t n = grid->axis[d].n, stride = sample_stride(grid, d), mesh = d == 0 ? 1 : d == 1 ? e->a.n[0] : e->a.n[0] * e->a.n[1];
        if (n == 1) {
            continue;
        }
        const int periodic = grid->axis[d].bc[0] == QEP_PERIODIC;
        for (int side = 0; side < 2; side++) {
            const int edge = at[d] == (side ? n - 1 : 0);
            double term = 0.0;
            if (drive->S && (!edge || periodic)) {
                const size_t other = !edge ? (side ? sample + stride : sample - stride) : side ? sample - (n - 1) * stride : sample + (n - 1) * stride;
                const size_t beyond = !edge ? (side ? here + mesh : here - mesh) : side ? here - (n - 1) * mesh : here + (n - 1) * mesh;
                term = e->role[beyond] == QEP_UNKNOWN ? -e->a.g[d][side ? here : beyond] * qep_elliptic_drop(drive, sample, other) : 0.0;
            }
            if (edge && !periodic) {
                term += qep_elliptic_wall_flux(e, drive, d, side, at);
            }
            b += term;
            *absolute += fabs(term);
        }
    }
    return b;
}

/* The same for the cells [1, nx - 1) of a row that has neighbours on all sides. */
static void fill_inner(const qep_elliptic *e, const qep_elliptic_drive *drive, size_t y, size_t z, double *b, double *absolute) {
    const size_t first[3] = {1, y, z}, sample0 = qep_grid_index(&e->grid, 1, y, z), here0 = qep_mesh_index(e, 1, y, z), inner = e->grid.axis[0].n - 2;
    const double volume = drive->charge_scale * qep_elliptic_volume(e, first);
    for (size_t i = 0; i < inner; i++) {
        b[here0 + i] = drive->charge && e->role[here0 + i] == QEP_UNKNOWN ? -volume * drive->charge[sample0 + i] : 0.0;
        absolute[here0 + i] = fabs(b[here0 + i]);
    }
    for (int face = 0; face < (drive->S ? 6 : 0); face++) {
        const int d = face / 2, side = face % 2;
        const size_t stride = sample_stride(&e->grid, d), mesh = d == 0 ? 1 : d == 1 ? e->a.n[0] : e->a.n[0] * e->a.n[1];
        for (size_t i = 0; i < inner && e->grid.axis[d].n > 1; i++) {
            const size_t here = here0 + i, sample = sample0 + i, beyond = side ? here + mesh : here - mesh, other = side ? sample + stride : sample - stride;
            const int both = e->role[here] == QEP_UNKNOWN && e->role[beyond] == QEP_UNKNOWN;
            const double term = both ? -e->a.g[d][side ? here : beyond] * qep_elliptic_drop(drive, sample, other) : 0.0;
            b[here] += term;
            absolute[here] += fabs(term);
        }
    }
}

/* A row of cells whose neighbours across y and z exist. */
static int is_inner_row(const qep_grid *grid, size_t y, size_t z) {
    const size_t ny = grid->axis[1].n, nz = grid->axis[2].n;
    return grid->sampling == QEP_CELL && grid->axis[0].n > 2 && (ny == 1 || (y > 0 && y + 1 < ny)) && (nz == 1 || (z > 0 && z + 1 < nz));
}

static void add_absolute(const qep_elliptic *e, size_t cell, double value) {
    const uint32_t k = e->net.label ? e->net.label[cell] : 0;
    if (k != QEP_NET_NONE && e->net.count) {
        e->absolute[k] += value;
    }
}

static void add_contacts(qep_elliptic *e, const double *terminal_values) {
    for (size_t k = 0; k < e->contact_count; k++) {
        const qep_contact *contact = &e->contact[k];
        size_t pad = 0;
        while (pad < e->pad_count && contact->electrode != (int32_t)e->pad[pad].electrode) {
            pad++;
        }
        const double impressed = contact->g * contact->drop;
        if (pad < e->pad_count) {
            e->b[contact->cell] -= impressed;
            e->b[e->pad[pad].cells[0]] += impressed;
        } else {
            e->b[contact->cell] += contact->g * contact->value - impressed;
        }
        add_absolute(e, contact->cell, fabs(impressed));
    }
    for (size_t p = 0; p < e->pad_count; p++) {
        const double current = terminal_values[e->pad[p].electrode];
        e->b[e->pad[p].cells[0]] += current;
        add_absolute(e, e->pad[p].cells[0], fabs(current));
    }
    for (size_t k = 0; k < e->link_count; k++) {
        if (e->link[k].pad[1] == SIZE_MAX) {
            e->b[e->pad[e->link[k].pad[0]].cells[0]] += e->link[k].conductance * terminal_values[e->link[k].electrode[1]];
        }
    }
}

/* What the midpoint (or trapezoidal) rule may be wrong by: h^2/24 (h^2/12) times the charge's slope at the walls. */
static double quadrature_spread(const qep_elliptic *e, const qep_elliptic_drive *drive, const size_t at[3]) {
    double spread = 0.0;
    const size_t sample = qep_grid_index(&e->grid, at[0], at[1], at[2]);
    for (int face = 0; face < 6; face++) {
        const int d = face / 2, side = face % 2;
        const qep_axis *axis = &e->grid.axis[d];
        if (axis->n < 2 || axis->bc[0] == QEP_PERIODIC || at[d] != (side ? axis->n - 1 : 0)) {
            continue;
        }
        const size_t stride = sample_stride(&e->grid, d);
        const double change = drive->charge[side ? sample - stride : sample + stride] - drive->charge[sample];
        spread += change * axis->h / (e->grid.sampling == QEP_CELL ? 24.0 : 12.0) * qep_elliptic_area(e, d, at);
    }
    return drive->charge_scale * spread;
}

void qep_elliptic_fill_source(qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, double *spread) {
    const size_t nx = e->grid.axis[0].n, ny = e->grid.axis[1].n, rows = ny * e->grid.axis[2].n;
    memset(e->b, 0, e->a.count * sizeof *e->b);
    double *const absolute = e->q; /* free before the iteration */
    memset(absolute, 0, e->a.count * sizeof *absolute);
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        const int inner = is_inner_row(&e->grid, i % ny, i / ny);
        if (inner) {
            fill_inner(e, drive, i % ny, i / ny, e->b, absolute);
        }
        for (size_t x = 0; x < nx; x += inner ? nx - 1 : 1) {
            const size_t at[3] = {x, i % ny, i / ny}, here = qep_mesh_index(e, x, at[1], at[2]);
            absolute[here] = 0.0;
            if (e->role[here] == QEP_UNKNOWN) {
                e->b[here] = source_at(e, drive, at, &absolute[here]);
            }
        }
    }
    *spread = 0.0;
    memset(e->absolute, 0, (e->net.count ? e->net.count : 1) * sizeof *e->absolute);
    if (e->net.floating) {
        qep_elliptic_sum_networks(e, &(qep_vector){.wide = absolute}, e->absolute);
    }
    for (size_t i = 0; i < rows && e->net.floating && drive->charge; i++) {
        for (size_t x = 0; x < nx; x++) {
            const size_t at[3] = {x, i % ny, i / ny};
            const int edge = x == 0 || x + 1 == nx || at[1] == 0 || at[1] + 1 == ny || at[2] == 0 || at[2] + 1 == e->grid.axis[2].n;
            *spread += edge ? quadrature_spread(e, drive, at) : 0.0;
        }
    }
    *spread = fabs(*spread);
    qep_elliptic_set_contacts(e, drive, terminal_values, e->contact);
    add_contacts(e, terminal_values);
}
