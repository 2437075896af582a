/* The effective-mass operator -hbar^2/2 div (1/m) grad + U on a grid, with Peierls phases (theory T20). On the face between two sites the
 * hopping is the harmonic mean of theirs (flux continuity of BenDaniel and Duke: m_face is the mean of the two masses); a face at the
 * edge of the grid counts with the hopping of its own site, so that a flat U = 0 has its discrete band bottom at E = 0. */
#include "bonds.h"
#include "terminal.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

double qep_grid_hopping(double mass_a, double mass_b, double spacing) {
    return QEP_HBAR * QEP_HBAR / ((mass_a + mass_b) * spacing * spacing);
}

static size_t site_at(const size_t shape[3], const size_t at[3]) {
    return (at[2] * shape[1] + at[1]) * shape[0] + at[0];
}

/* Peierls phase of the matrix element H[i][j], j the neighbour of i at +1 along the axis: (q/hbar) int_j^i A.dl with q = -e and
 * A = (-B y, 0, 0), so only bonds along x carry one: (-e/hbar)(-B y)(-a) = -(e B a / hbar) y. y is counted from the first row. */
static double peierls_phase(const qep_hamiltonian *h, int axis, const size_t at[3]) {
    return axis == 0 ? -(QEP_E_CHARGE / QEP_HBAR) * h->field * h->spacing[0] * (double)at[1] * h->spacing[1] : 0.0;
}

static qep_status judge_shape(const qep_grid_hamiltonian *grid, qep_error *err) {
    for (int d = 0; d < 3; d++) {
        if (grid->shape[d] == 0 || !(grid->spacing[d] > 0.0 && isfinite(grid->spacing[d]))) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/grid", NULL, "axis %c: %zu points of spacing %g m", "xyz"[d],
                                 grid->shape[d], grid->spacing[d]);
        }
    }
    if (!isfinite(grid->field)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "not_finite", "/transport/hamiltonian/magnetic_field", NULL, "the magnetic field is not finite");
    }
    if (grid->field != 0.0 && (grid->shape[0] < 2 || grid->shape[1] < 2)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", "/transport/hamiltonian/magnetic_field", NULL,
                             "a field along z has no effect without at least two points along both x and y");
    }
    return QEP_OK;
}

/* Along a periodic y the phases must agree after one turn: the flux through one cell times ny is a whole number of h/e. */
static qep_status judge_flux(const qep_grid_hamiltonian *grid, qep_error *err) {
    const double flux = grid->field * grid->spacing[0] * grid->spacing[1] * QEP_E_CHARGE / QEP_PLANCK * (double)grid->shape[1];
    if (grid->periodic[1] && grid->shape[1] > 1 && fabs(flux - round(flux)) > 1e-9 * fmax(1.0, fabs(flux))) {
        return qep_error_add(err, QEP_ERR_PROBLEM, "incompatible", "/transport/hamiltonian/magnetic_field", NULL,
                             "y is periodic and holds %.9g flux quanta h/e per column of cells; a periodic axis needs a whole number: a field of "
                             "%.9g T, or walls along y",
                             flux, flux != 0.0 ? grid->field * round(flux) / flux : 0.0);
    }
    return QEP_OK;
}

static qep_status judge_values(const qep_grid_hamiltonian *grid, size_t count, qep_error *err) {
    for (size_t i = 0; i < count; i++) {
        if (!(grid->mass[i] > 0.0 && isfinite(grid->mass[i]))) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", "/transport/hamiltonian/mass", NULL,
                                 "the mass is %g kg at sample %zu; it must be positive (\"0.067 m_e\" is GaAs)", grid->mass[i], i);
        }
        if (!isfinite(grid->potential[i])) {
            return qep_error_add(err, QEP_ERR_INPUT, "not_finite", "/transport/hamiltonian/potential", NULL,
                                 "the potential is %g at sample %zu", grid->potential[i], i);
        }
    }
    return QEP_OK;
}

/* Neighbour of `at` at +1 along an axis; 0 when a wall is there. */
static int next_site(const qep_hamiltonian *h, const size_t at[3], int axis, size_t next[3]) {
    memcpy(next, at, 3 * sizeof *next);
    next[axis]++;
    if (next[axis] == h->shape[axis]) {
        next[axis] = 0;
        return h->periodic[axis];
    }
    return 1;
}

static size_t add_bond(qep_hamiltonian *h, const size_t at[3], int axis, qep_bond_entry *entries) {
    size_t next[3];
    const size_t i = site_at(h->shape, at);
    const double own = qep_grid_hopping(h->mass[i], h->mass[i], h->spacing[axis]);
    if (at[axis] == 0 && !h->periodic[axis]) {
        h->onsite[i] += own;
    }
    if (!next_site(h, at, axis, next)) {
        h->onsite[i] += own;
        return 0;
    }
    const size_t j = site_at(h->shape, next);
    const double t = qep_grid_hopping(h->mass[i], h->mass[j], h->spacing[axis]);
    const double complex element = -t * cexp(I * peierls_phase(h, axis, at));
    h->onsite[i] += t;
    h->onsite[j] += t;
    entries[0] = (qep_bond_entry){i, j, 0, 0, 1, element};
    entries[1] = (qep_bond_entry){j, i, 0, 1, 1, conj(element)};
    return 2;
}

static qep_status fill_grid(qep_hamiltonian *h, const qep_grid_hamiltonian *grid, qep_bond_entry *entries, qep_error *err) {
    size_t used = 0;
    memcpy(h->mass, grid->mass, h->count * sizeof *h->mass);
    memcpy(h->onsite, grid->potential, h->count * sizeof *h->onsite);
    for (size_t z = 0; z < h->shape[2]; z++) {
        for (size_t y = 0; y < h->shape[1]; y++) {
            for (size_t x = 0; x < h->shape[0]; x++) {
                for (int d = 0; d < 3; d++) {
                    if (h->shape[d] > 1) {
                        used += add_bond(h, (size_t[3]){x, y, z}, d, entries + used);
                    }
                }
            }
        }
    }
    return qep_bonds_to_rows(h, entries, used, err);
}

static qep_status set_volumes(qep_hamiltonian *h, double thickness, qep_error *err) {
    double cell = thickness;
    for (int d = 0; d < 3; d++) {
        cell *= h->shape[d] > 1 ? h->spacing[d] : 1.0;
    }
    QEP_TRY(qep_alloc_doubles(&h->volume, h->count, "site volumes", err));
    for (size_t i = 0; i < h->count; i++) {
        h->volume[i] = cell;
    }
    return QEP_OK;
}

qep_status qep_hamiltonian_from_grid(qep_hamiltonian *h, const qep_grid_hamiltonian *grid, qep_error *err) {
    *h = (qep_hamiltonian){0};
    QEP_TRY(judge_shape(grid, err));
    QEP_TRY(judge_flux(grid, err));
    h->count = grid->shape[0] * grid->shape[1] * grid->shape[2];
    QEP_TRY(judge_values(grid, h->count, err));
    memcpy(h->shape, grid->shape, sizeof h->shape);
    memcpy(h->spacing, grid->spacing, sizeof h->spacing);
    memcpy(h->periodic, grid->periodic, sizeof h->periodic);
    h->field = grid->field;
    qep_bond_entry *entries = NULL;
    qep_status status = qep_alloc((void **)&entries, 6 * h->count, sizeof *entries, "bonds", err);
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&h->mass, h->count, "masses", err);
    }
    if (status == QEP_OK) {
        status = qep_alloc_doubles(&h->onsite, h->count, "onsite energies", err);
    }
    if (status == QEP_OK) {
        status = fill_grid(h, grid, entries, err);
    }
    if (status == QEP_OK && grid->thickness > 0.0) {
        status = set_volumes(h, grid->thickness, err);
    }
    qep_free(entries);
    if (status != QEP_OK) {
        qep_hamiltonian_free(h);
    }
    return status;
}
