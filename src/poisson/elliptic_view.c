/* What the grid shows of a solution: fluxes and slopes at the samples from the fluxes through their faces, totals through outer faces, the residual. */
#include "elliptic_impl.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

typedef struct {
    const qep_elliptic *e;
    const qep_elliptic_drive *drive;
    const double *u;
    qep_contact *contact; /* own copy with the drive's drops and values */
    size_t *at_cell;      /* [mesh] 1 + first contact of a cell, 0: none; NULL without contacts */
} view;

static void view_free(view *v) {
    qep_free(v->contact);
    qep_free(v->at_cell);
}

/* Held potentials are read from the field itself; floating contacts on outer faces get the potential in which no net current is lost. */
static qep_status view_init(view *v, const qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, const double *u, qep_error *err) {
    *v = (view){.e = e, .drive = drive, .u = u};
    if (!e->contact_count) {
        return QEP_OK;
    }
    QEP_TRY(qep_alloc((void **)&v->contact, e->contact_count, sizeof *v->contact, "contacts", err));
    memcpy(v->contact, e->contact, e->contact_count * sizeof *v->contact);
    qep_elliptic_set_contacts(e, drive, terminal_values, v->contact);
    const qep_status status = qep_alloc((void **)&v->at_cell, e->a.count, sizeof *v->at_cell, "contacts", err);
    if (status != QEP_OK) {
        view_free(v);
        return status;
    }
    for (size_t k = e->contact_count; k-- > 0;) { /* contacts of a cell follow each other */
        v->at_cell[v->contact[k].cell] = k + 1;
    }
    return QEP_OK;
}

/* Flux along +d through the face of an unknown on the side; *known: 0 where the face is none (a wall of an absent kind). */
static double face_flux(const view *v, const size_t at[3], int d, int side) {
    const qep_elliptic *e = v->e;
    const qep_grid *grid = &e->grid;
    const size_t here = qep_mesh_index(e, at[0], at[1], at[2]), sample = qep_grid_index(grid, at[0], at[1], at[2]), n = grid->axis[d].n;
    const double sign = side ? 1.0 : -1.0;
    for (size_t k = v->at_cell ? v->at_cell[here] : 0; k && k <= e->contact_count && v->contact[k - 1].cell == here; k++) {
        const qep_contact *contact = &v->contact[k - 1];
        if (contact->axis == d && contact->side == side) {
            return sign * contact->g * (contact->value - v->u[sample] - contact->drop);
        }
    }
    const size_t stride = qep_grid_stride(grid, d), mesh = d == 0 ? 1 : d == 1 ? e->a.n[0] : e->a.n[0] * e->a.n[1];
    const int edge = at[d] == (side ? n - 1 : 0);
    if (edge && grid->axis[d].bc[0] != QEP_PERIODIC) {
        return sign * qep_elliptic_wall_flux(e, v->drive, d, side, at);
    }
    const size_t other = !edge ? (side ? sample + stride : sample - stride) : side ? sample - (n - 1) * stride : sample + (n - 1) * stride;
    const size_t beyond = !edge ? (side ? here + mesh : here - mesh) : side ? here - (n - 1) * mesh : here + (n - 1) * mesh;
    if (e->role[beyond] != QEP_UNKNOWN) {
        return 0.0;
    }
    return sign * e->a.g[d][side ? here : beyond] * (v->u[other] - v->u[sample] - qep_elliptic_drop(v->drive, sample, other));
}

/* Flux density at a sample: mean of its faces. A node on a Dirichlet wall has no equation: extrapolated from the two faces inside. */
static double density(const view *v, const size_t at[3], int d) {
    const qep_elliptic *e = v->e;
    const size_t n = e->grid.axis[d].n;
    const double area = qep_elliptic_area(e, d, at);
    if (e->role[qep_mesh_index(e, at[0], at[1], at[2])] == QEP_UNKNOWN) {
        const int low = at[d] == 0, high = at[d] + 1 == n;
        if (e->grid.sampling == QEP_NODE && e->grid.axis[d].bc[0] != QEP_PERIODIC && (low || high)) {
            return face_flux(v, at, d, high) / area; /* the node lies on the wall */
        }
        return 0.5 * (face_flux(v, at, d, 0) + face_flux(v, at, d, 1)) / area;
    }
    size_t inner[3] = {at[0], at[1], at[2]};
    const int low = at[d] == 0;
    inner[d] = low ? 1 : n - 2;
    return (1.5 * face_flux(v, inner, d, !low ? 1 : 0) - 0.5 * face_flux(v, inner, d, !low ? 0 : 1)) / area;
}

/* 1 for a node of a Dirichlet wall across d whose neighbour inside has an equation. */
static int faces_an_unknown(const view *v, const size_t at[3], int d) {
    const qep_elliptic *e = v->e;
    const size_t n = e->grid.axis[d].n;
    const int low = at[d] == 0;
    size_t inner[3] = {at[0], at[1], at[2]};
    if (n < 3 || (!low && at[d] + 1 != n) || e->grid.axis[d].bc[!low] != QEP_DIRICHLET) {
        return 0;
    }
    inner[d] = low ? 1 : n - 2;
    return e->role[qep_mesh_index(e, inner[0], inner[1], inner[2])] == QEP_UNKNOWN;
}

/* Slope of known values along a Dirichlet wall of nodes. */
static double known_slope(const view *v, const size_t at[3], int d) {
    const qep_grid *grid = &v->e->grid;
    const size_t n = grid->axis[d].n, stride = qep_grid_stride(grid, d), sample = qep_grid_index(grid, at[0], at[1], at[2]);
    const int periodic = grid->axis[d].bc[0] == QEP_PERIODIC, end = !periodic && (at[d] == 0 || at[d] + 1 == n);
    if (end) {
        const double sign = at[d] ? -1.0 : 1.0;
        const size_t one = at[d] ? sample - stride : sample + stride, two = n < 3 ? one : at[d] ? one - stride : one + stride;
        const double first = v->u[one] - v->u[sample], second = n < 3 ? first : v->u[two] - v->u[one];
        return sign * (1.5 * first - 0.5 * second) / grid->axis[d].h;
    }
    const size_t low = at[d] ? sample - stride : sample + (n - 1) * stride;
    const size_t high = at[d] + 1 < n ? sample + stride : sample - (n - 1) * stride;
    return (v->u[high] - v->u[low]) / (2.0 * grid->axis[d].h);
}

/* kappa dS/dn at a sample, by the differences that its faces use. */
static double impressed(const view *v, const size_t at[3], int d) {
    const qep_grid *grid = &v->e->grid;
    const size_t n = grid->axis[d].n, stride = qep_grid_stride(grid, d), sample = qep_grid_index(grid, at[0], at[1], at[2]);
    const double h = grid->axis[d].h, kappa = v->drive->kappa_scale * (v->drive->kappa ? v->drive->kappa[sample] : 1.0), *S = v->drive->S;
    if (!S) {
        return 0.0;
    }
    const int periodic = grid->axis[d].bc[0] == QEP_PERIODIC;
    if ((at[d] > 0 && at[d] + 1 < n) || (periodic && n > 2)) {
        const size_t low = at[d] ? sample - stride : sample + (n - 1) * stride, high = at[d] + 1 < n ? sample + stride : sample - (n - 1) * stride;
        return kappa * (S[high] - S[low]) / (2.0 * h);
    }
    if (periodic) {
        return 0.0;
    }
    const double sign = at[d] ? -1.0 : 1.0; /* one-sided of second order */
    const size_t one = at[d] ? sample - stride : sample + stride, two = n > 2 ? (at[d] ? one - stride : one + stride) : one;
    return sign * kappa * (n > 2 ? 1.5 * (S[one] - S[sample]) - 0.5 * (S[two] - S[one]) : S[one] - S[sample]) / h;
}

static double value_at(const view *v, const size_t at[3], int d, int slope) {
    const qep_elliptic *e = v->e;
    const uint8_t role = e->role[qep_mesh_index(e, at[0], at[1], at[2])];
    if (role == QEP_EXCLUDED) {
        return NAN;
    }
    if (e->grid.axis[d].n == 1 || role == QEP_ELECTRODE_CELL) {
        return 0.0;
    }
    const double c = qep_coefficient(e, qep_grid_index(&e->grid, at[0], at[1], at[2]));
    if (role == QEP_KNOWN_NODE && !faces_an_unknown(v, at, d)) {
        const double along = known_slope(v, at, d);
        return slope ? along : c * (along - impressed(v, at, d));
    }
    const double flux = density(v, at, d);
    return slope ? (c > 0.0 ? flux / c : 0.0) + impressed(v, at, d) : flux;
}

static qep_status show(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, const double *u, int axis, int slope,
                       double *out, qep_error *err) {
    view v;
    const size_t nx = e->grid.axis[0].n, ny = e->grid.axis[1].n, rows = ny * e->grid.axis[2].n;
    QEP_TRY(view_init(&v, e, drive, terminal_values, u, err));
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        for (size_t x = 0; x < nx; x++) {
            out[i * nx + x] = value_at(&v, (const size_t[]){x, i % ny, i / ny}, axis, slope);
        }
    }
    view_free(&v);
    return QEP_OK;
}

qep_status qep_elliptic_show(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, const double *u, int axis, int slope,
                             double *out, qep_error *err) {
    return show(e, drive, terminal_values, u, axis, slope, out, err);
}

qep_status qep_elliptic_flux(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *u, int axis, double *out, qep_error *err) {
    return show(e, drive, NULL, u, axis, 0, out, err);
}

qep_status qep_elliptic_slope(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *u, int axis, double *out, qep_error *err) {
    return show(e, drive, NULL, u, axis, 1, out, err);
}

/* Outward flux through walls (fixed: dirichlet nodes and half cells, the others: given), contacts with electrodes left out. */
typedef struct {
    double sum, absolute;
} total;

static void add(total *t, double value) {
    t->sum += value;
    t->absolute += fabs(value);
}

/* On which outer faces does the neighbour behind a contact lie? A node on an edge belongs to one only: the first that is Dirichlet. */
static int face_of(const qep_elliptic *e, const qep_contact *contact) {
    if (contact->other == SIZE_MAX) {
        return 2 * contact->axis + contact->side;
    }
    const size_t nx = e->grid.axis[0].n, ny = e->grid.axis[1].n, at[3] = {contact->other % nx, contact->other / nx % ny, contact->other / nx / ny};
    for (int face = 0; face < 6; face++) {
        const qep_axis *axis = &e->grid.axis[face / 2];
        if (axis->n > 1 && axis->bc[face % 2] == QEP_DIRICHLET && at[face / 2] == (face % 2 ? axis->n - 1 : 0)) {
            return face;
        }
    }
    return -1;
}

static void sum_face(const view *v, int face, total *t) {
    const qep_elliptic *e = v->e;
    const qep_grid *grid = &e->grid;
    const int d = face / 2, side = face % 2;
    const size_t n = grid->axis[d].n;
    for (size_t k = 0; k < e->contact_count; k++) {
        const qep_contact *contact = &v->contact[k];
        if (contact->electrode < 0 && face_of(e, contact) == face) {
            add(t, contact->g * (contact->value - v->u[contact->sample] - contact->drop));
        }
    }
    const size_t t1 = d == 0 ? 1 : 0, t2 = d == 2 ? 1 : 2;
    for (size_t j = 0; n > 1 && j < grid->axis[t2].n; j++) {
        for (size_t i = 0; i < grid->axis[t1].n; i++) {
            size_t at[3];
            at[d] = side ? n - 1 : 0;
            at[t1] = i;
            at[t2] = j;
            if (e->role[qep_mesh_index(e, at[0], at[1], at[2])] == QEP_UNKNOWN) {
                add(t, qep_elliptic_wall_flux(e, v->drive, d, side, at));
            }
        }
    }
}

qep_status qep_elliptic_face_flux(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *u, int axis, int side, double *flux, qep_error *err) {
    view v;
    total t = {0.0, 0.0};
    QEP_TRY(view_init(&v, e, drive, NULL, u, err));
    sum_face(&v, 2 * axis + side, &t);
    view_free(&v);
    *flux = t.sum;
    return QEP_OK;
}

qep_status qep_elliptic_balance(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *u, qep_elliptic_report *report, qep_error *err) {
    view v;
    total t = {0.0, 0.0};
    const size_t nx = e->grid.axis[0].n, ny = e->grid.axis[1].n;
    QEP_TRY(view_init(&v, e, drive, NULL, u, err));
    for (int face = 0; face < 6; face++) {
        sum_face(&v, face, &t);
    }
    view_free(&v);
    for (size_t i = 0; drive->charge && i < e->samples; i++) {
        const size_t at[3] = {i % nx, i / nx % ny, i / nx / ny};
        if (e->role[qep_mesh_index(e, at[0], at[1], at[2])] == QEP_UNKNOWN) {
            add(&t, -drive->charge_scale * drive->charge[i] * qep_elliptic_volume(e, at));
        }
    }
    /* what compatibility took out is reported by itself */
    double taken = 0.0;
    for (size_t k = 0; k < e->net.count; k++) {
        taken += e->net.singular[k] ? e->net_defect[k] : 0.0;
    }
    report->conservation = t.absolute > 0.0 ? fabs(t.sum - taken) / t.absolute : 0.0;
    return QEP_OK;
}

qep_status qep_elliptic_residual(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *u, double *out, qep_error *err) {
    view v;
    const size_t nx = e->grid.axis[0].n, ny = e->grid.axis[1].n, rows = ny * e->grid.axis[2].n;
    QEP_TRY(view_init(&v, e, drive, NULL, u, err));
#pragma omp parallel for num_threads(e->options.threads) schedule(static)
    for (size_t i = 0; i < rows; i++) {
        for (size_t x = 0; x < nx; x++) {
            const size_t at[3] = {x, i % ny, i / ny}, here = qep_mesh_index(e, x, at[1], at[2]);
            double sum = 0.0;
            for (int d = 0; d < 3 && e->role[here] == QEP_UNKNOWN; d++) {
                sum += e->grid.axis[d].n > 1 ? face_flux(&v, at, d, 1) - face_flux(&v, at, d, 0) : 0.0;
            }
            const double charge = drive->charge && e->role[here] == QEP_UNKNOWN ? drive->charge_scale * drive->charge[i * nx + x] : 0.0;
            const uint32_t k = e->net.label ? e->net.label[here] : 0;
            const double taken = e->role[here] == QEP_UNKNOWN && k != QEP_NET_NONE && e->net.singular[k] ? e->net_defect[k] / e->net.weight[k] : 0.0;
            out[i * nx + x] = e->role[here] == QEP_UNKNOWN ? charge + taken - sum / qep_elliptic_volume(e, at) : 0.0;
        }
    }
    view_free(&v);
    return QEP_OK;
}
