/* Currents and powers from a solution of T7, face by face: what enters through electrodes and walls, what loads take, heat, and the two balances. */
#include "conduction_impl.h"

#include <math.h>

typedef struct {
    double current, absolute, joule, drive, wall_power, gross;
} balance;

/* One face of conductance g: current I along dV = V_b - V_a with impressed drop. */
static double face(balance *sum, double g, double dV, double drop) {
    const double current = -g * (dV - drop);
    sum->joule += g * (dV - drop) * (dV - drop);
    sum->drive += current * drop;
    sum->gross += g * (dV * dV + drop * drop);
    return current;
}

static void add_contacts(qep_conduction *c, const double *V, balance *sum) {
    const qep_elliptic *e = c->operator;
    for (size_t k = 0; k < e->contact_count; k++) {
        const qep_contact *contact = &e->contact[k];
        const double potential = contact->electrode >= 0 ? c->potential[contact->electrode] : contact->value;
        const double into = -face(sum, contact->g, potential - V[contact->sample], contact->drop);
        sum->current += into;
        sum->absolute += contact->g * (fabs(potential - V[contact->sample]) + fabs(contact->drop));
        if (contact->electrode >= 0) {
            c->electrodes[contact->electrode].current += into;
        } else {
            sum->wall_power += into * contact->value;
        }
    }
}

/* Interior faces of one row of the grid, and what natural and neumann walls are given. */
static void add_row(const qep_conduction *c, const qep_elliptic_drive *drive, const double *V, size_t y, size_t z, balance *sum) {
    const qep_elliptic *e = c->operator;
    const qep_grid *grid = &c->grid;
    for (size_t x = 0; x < grid->axis[0].n; x++) {
        const size_t at[3] = {x, y, z}, here = qep_mesh_index(e, x, y, z), sample = qep_grid_index(grid, x, y, z);
        for (int d = 0; d < 3 && e->role[here] == QEP_UNKNOWN; d++) {
            const size_t n = grid->axis[d].n;
            const int edge = at[d] + 1 == n;
            for (int side = 0; side < 2 && (edge || at[d] == 0); side++) {
                const double into = qep_elliptic_wall_flux(e, drive, d, side, at);
                sum->current += into;
                sum->absolute += fabs(into);
                sum->wall_power += into * V[sample];
            }
            if (n == 1 || (edge && grid->axis[d].bc[0] != QEP_PERIODIC)) {
                continue;
            }
            const size_t stride = qep_grid_stride(grid, d), mesh = d == 0 ? 1 : d == 1 ? e->a.n[0] : e->a.n[0] * e->a.n[1];
            const size_t other = edge ? sample - (n - 1) * stride : sample + stride, beyond = edge ? here - (n - 1) * mesh : here + mesh;
            if (e->role[beyond] == QEP_UNKNOWN) {
                face(sum, e->a.g[d][here], V[other] - V[sample], qep_elliptic_drop(drive, sample, other));
            }
        }
    }
}

/* The rows in parallel, a block at a time, added in order: sums do not depend on the number of threads. */
static void add_rows(const qep_conduction *c, const qep_elliptic_drive *drive, const double *V, balance *sum) {
    enum { BLOCK = 1024 };
    const size_t ny = c->grid.axis[1].n, rows = ny * c->grid.axis[2].n;
    for (size_t first = 0; first < rows; first += BLOCK) {
        balance part[BLOCK] = {{0}};
        const size_t count = rows - first < BLOCK ? rows - first : BLOCK;
#pragma omp parallel for num_threads(c->operator->options.threads) schedule(static)
        for (size_t i = 0; i < count; i++) {
            add_row(c, drive, V, (first + i) % ny, (first + i) / ny, &part[i]);
        }
        for (size_t i = 0; i < count; i++) {
            sum->current += part[i].current;
            sum->absolute += part[i].absolute;
            sum->joule += part[i].joule;
            sum->drive += part[i].drive;
            sum->wall_power += part[i].wall_power;
            sum->gross += part[i].gross;
        }
    }
}

static void add_loads(qep_conduction *c) {
    for (size_t k = 0; k < c->load_count; k++) {
        const qep_load *load = &c->load[k];
        const double voltage = c->potential[load->between[0]] - c->potential[load->between[1]];
        c->loads[k] = (qep_load_result){voltage, voltage / load->resistance, voltage * voltage / load->resistance};
    }
}

void qep_conduction_collect(qep_conduction *c, const qep_elliptic_drive *drive, const double *V, qep_conduction_result *result) {
    balance sum = {0};
    for (size_t i = 0; i < c->count; i++) {
        c->electrodes[i].voltage = c->potential[i];
        c->electrodes[i].current = 0.0;
    }
    add_contacts(c, V, &sum);
    add_rows(c, drive, V, &sum);
    add_loads(c);
    for (size_t i = 0; i < c->count; i++) {
        result->electrode_power += c->electrodes[i].voltage * c->electrodes[i].current;
    }
    result->joule_power = sum.joule;
    result->drive_power = sum.drive;
    result->imbalance = sum.absolute > 0.0 ? fabs(sum.current) / sum.absolute : 0.0;
    result->solve.conservation = result->imbalance;
    const double largest = fmax(fmax(sum.joule, sum.gross), fmax(fabs(result->electrode_power), fabs(sum.wall_power)));
    result->energy_defect = largest > 0.0 ? fabs(sum.joule - result->electrode_power - sum.drive - sum.wall_power) / largest : 0.0;
}
