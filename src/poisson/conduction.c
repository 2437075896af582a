/* Steady conduction (T7) on top of the variable-coefficient solver: electrodes held or floating, loads, reference potentials. V and the impressed potential
 * enter the operator alike, div[sigma (grad V - F)] = 0 with F = -grad psi. */
#include "conduction_impl.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

static qep_status copy_electrodes(qep_conduction *c, const qep_conduction_setup *setup, qep_error *err) {
    const size_t room = setup->electrode_count ? setup->electrode_count : 1;
    c->count = setup->electrode_count;
    QEP_TRY(qep_alloc((void **)&c->electrode, room, sizeof *c->electrode, "electrodes", err));
    QEP_TRY(qep_alloc((void **)&c->value, room, sizeof *c->value, "electrodes", err));
    QEP_TRY(qep_alloc((void **)&c->potential, room, sizeof *c->potential, "electrodes", err));
    QEP_TRY(qep_alloc((void **)&c->held, room, sizeof *c->held, "electrodes", err));
    QEP_TRY(qep_alloc((void **)&c->all_held, room, sizeof *c->all_held, "electrodes", err));
    QEP_TRY(qep_alloc((void **)&c->electrodes, room, sizeof *c->electrodes, "electrodes", err));
    for (size_t i = 0; i < c->count; i++) {
        c->electrode[i] = setup->electrodes[i];
        c->electrode[i].cells = NULL;
        c->value[i] = setup->electrodes[i].value;
        c->held[i] = setup->electrodes[i].kind == QEP_ELECTRODE_VOLTAGE;
        c->all_held[i] = 1;
        if (setup->electrodes[i].cells) {
            size_t *cells = NULL;
            QEP_TRY(qep_alloc((void **)&cells, setup->electrodes[i].count, sizeof *cells, "electrodes", err));
            memcpy(cells, setup->electrodes[i].cells, setup->electrodes[i].count * sizeof *cells);
            c->electrode[i].cells = cells;
        }
    }
    return QEP_OK;
}

static qep_status copy_loads(qep_conduction *c, const qep_conduction_setup *setup, qep_error *err) {
    const size_t room = setup->load_count ? setup->load_count : 1;
    c->load_count = setup->load_count;
    QEP_TRY(qep_alloc((void **)&c->load, room, sizeof *c->load, "loads", err));
    QEP_TRY(qep_alloc((void **)&c->loads, room, sizeof *c->loads, "loads", err));
    for (size_t k = 0; k < c->load_count; k++) {
        c->load[k] = setup->loads[k];
    }
    return QEP_OK;
}

static qep_terminals terminals_of(const qep_conduction *c, int all) {
    return (qep_terminals){c->electrode, all ? c->all_held : c->held, c->count, c->load, all ? 0 : c->load_count};
}

static qep_status make(qep_conduction *c, const qep_conduction_setup *setup, qep_conduction_fault *fault, const qep_log *log, qep_error *err) {
    QEP_TRY(copy_electrodes(c, setup, err));
    QEP_TRY(copy_loads(c, setup, err));
    const qep_terminals terminals = terminals_of(c, 0);
    QEP_TRY(qep_elliptic_build(&c->operator, &c->grid, setup->sigma, setup->sigma_value, &c->options, c->count ? &terminals : NULL, log, err));
    QEP_TRY(qep_conduction_check_contacts(c, fault, err));
    return qep_conduction_check_currents(c, fault, err);
}

qep_status qep_conduction_create(qep_conduction **out, const qep_conduction_setup *setup, qep_conduction_fault *fault, const qep_log *log, qep_error *err) {
    *out = NULL;
    QEP_TRY(qep_conduction_check_setup(setup, fault, err));
    qep_conduction *c = NULL;
    QEP_TRY(qep_alloc((void **)&c, 1, sizeof *c, "conduction", err));
    c->grid = *setup->grid;
    c->options = setup->options;
    const qep_status status = make(c, setup, fault, log, err);
    if (status != QEP_OK) {
        qep_conduction_destroy(c);
        return status;
    }
    *out = c;
    return QEP_OK;
}

void qep_conduction_destroy(qep_conduction *c) {
    if (!c) {
        return;
    }
    for (size_t i = 0; c->electrode && i < c->count; i++) {
        void *cells = NULL;
        memcpy(&cells, &c->electrode[i].cells, sizeof cells);
        qep_free(cells);
    }
    qep_elliptic_destroy(c->operator);
    qep_elliptic_destroy(c->grounded);
    void *const arrays[] = {c->electrode, c->value, c->potential, c->held, c->all_held, c->load, c->electrodes, c->loads};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        qep_free(arrays[i]);
    }
    qep_free(c);
}

qep_status qep_conduction_set_values(qep_conduction *c, const double *values, qep_conduction_fault *fault, qep_error *err) {
    memcpy(c->value, values, c->count * sizeof *values);
    return qep_conduction_check_currents(c, fault, err);
}

qep_elliptic_drive qep_conduction_drive_of(const qep_conduction_drive *drive) {
    qep_elliptic_drive out = {.S = drive->psi ? drive->psi : drive->S,
                              .kappa = drive->psi ? NULL : drive->kappa,
                              .kappa_scale = drive->psi ? -1.0 : -drive->kappa_scale,
                              .walls = drive->walls};
    for (int face = 0; face < 6; face++) {
        out.face_S[face / 2][face % 2] = drive->face_psi[face / 2][face % 2];
        out.face_slope[face / 2][face % 2] = drive->face_slope[face / 2][face % 2];
    }
    return out;
}

/* Potentials of the floating electrodes as the field has them: their cells, minus the mean that the field was shifted by. */
static void read_potentials(qep_conduction *c) {
    const qep_elliptic *e = c->operator;
    for (size_t i = 0; i < c->count; i++) {
        const qep_pad *pad = qep_conduction_pad(e, i);
        c->potential[i] = c->value[i];
        if (pad) {
            const uint32_t k = qep_network_of(e, pad->cells[0]);
            const int shifted = k != QEP_NET_NONE && e->net.singular[k] && e->net.weight[k] > 0.0;
            c->potential[i] = e->x[pad->cells[0]] - (shifted ? e->net_sum[k] / e->net.weight[k] : 0.0);
        }
    }
}

/* Every network that nothing fixes: its first electrode is at 0 V. */
static void choose_references(qep_conduction *c, double *V) {
    const qep_elliptic *e = c->operator;
    const size_t nx = c->grid.axis[0].n, ny = c->grid.axis[1].n;
    c->reference = SIZE_MAX;
    for (uint32_t network = 0; network < e->net.count; network++) {
        size_t first = 0;
        while (first < c->count && !(qep_conduction_pad(e, first) && qep_network_of(e, qep_conduction_pad(e, first)->cells[0]) == network)) {
            first++;
        }
        if (!e->net.singular[network] || first == c->count) {
            continue;
        }
        c->reference = c->reference == SIZE_MAX ? first : c->reference;
        const double shift = c->potential[first];
        for (size_t i = 0; i < e->samples; i++) {
            V[i] -= qep_network_of(e, qep_mesh_index(e, i % nx, i / nx % ny, i / nx / ny)) == network ? shift : 0.0;
        }
        for (size_t i = first; i < c->count; i++) {
            const qep_pad *pad = qep_conduction_pad(e, i);
            c->potential[i] -= pad && qep_network_of(e, pad->cells[0]) == network ? shift : 0.0;
        }
    }
}

qep_status qep_conduction_solve(qep_conduction *c, const qep_conduction_drive *drive, const qep_elliptic_control *control, double *V,
                                qep_conduction_result *result, qep_error *err) {
    const qep_elliptic_drive inner = qep_conduction_drive_of(drive);
    *result = (qep_conduction_result){.electrodes = c->electrodes,
                                      .electrode_count = c->count,
                                      .loads = c->loads,
                                      .load_count = c->load_count,
                                      .reference = SIZE_MAX,
                                      .networks = c->operator->net.count,
                                      .floating_networks = c->operator->net.floating};
    QEP_TRY(qep_elliptic_run(c->operator, &inner, c->value, control, V, &result->solve, err));
    if (!result->solve.compatible) {
        return QEP_OK;
    }
    read_potentials(c);
    choose_references(c, V);
    result->reference = c->reference;
    qep_conduction_collect(c, &inner, V, result);
    return QEP_OK;
}

const double *qep_conduction_history(const qep_conduction *c, size_t *count) {
    return qep_elliptic_history(c->operator, count);
}

static void negate(double *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        values[i] = -values[i];
    }
}

qep_status qep_conduction_current(const qep_conduction *c, const qep_conduction_drive *drive, const double *V, int axis, double *out, qep_error *err) {
    const qep_elliptic_drive inner = qep_conduction_drive_of(drive);
    QEP_TRY(qep_elliptic_show(c->operator, &inner, c->potential, V, axis, 0, out, err));
    negate(out, c->operator->samples);
    return QEP_OK;
}

qep_status qep_conduction_slope(const qep_conduction *c, const qep_conduction_drive *drive, const double *V, int axis, double *out, qep_error *err) {
    const qep_elliptic_drive inner = qep_conduction_drive_of(drive);
    return qep_elliptic_show(c->operator, &inner, c->potential, V, axis, 1, out, err);
}

/* The operator with all electrodes held. */
static qep_status ground(qep_conduction *c, qep_error *err) {
    if (c->grounded) {
        return QEP_OK;
    }
    const qep_terminals terminals = terminals_of(c, 1);
    return qep_elliptic_build(&c->grounded, &c->grid, c->operator->c, c->operator->c_value, &c->options, &terminals, NULL, err);
}

qep_status qep_conduction_matrix(qep_conduction *c, const qep_elliptic_control *control, double *G, qep_elliptic_report *report, qep_error *err) {
    double *V = NULL, *unit = NULL;
    const qep_elliptic_drive none = {.S = NULL};
    qep_elliptic_control fresh = *control;
    fresh.warm = 0;
    QEP_TRY(ground(c, err));
    const qep_elliptic *e = c->grounded;
    qep_elliptic_describe(e, report);
    qep_status status = qep_alloc_doubles(&V, e->samples, "unit solve", err);
    status = status == QEP_OK ? qep_alloc((void **)&unit, c->count ? c->count : 1, sizeof *unit, "unit solve", err) : status;
    for (size_t b = 0; b < c->count && status == QEP_OK; b++) {
        qep_elliptic_report one;
        memset(unit, 0, c->count * sizeof *unit);
        unit[b] = 1.0;
        status = qep_elliptic_run(c->grounded, &none, unit, &fresh, V, &one, err);
        *report = b == 0 || one.state > report->state || (one.state == report->state && one.pointwise > report->pointwise) ? one : *report;
        for (size_t a = 0; a < c->count; a++) {
            G[a * c->count + b] = 0.0;
        }
        for (size_t k = 0; k < e->contact_count && status == QEP_OK; k++) {
            const qep_contact *contact = &e->contact[k];
            if (contact->electrode >= 0) {
                G[(size_t)contact->electrode * c->count + b] += contact->g * (contact->value - V[contact->sample]);
            }
        }
    }
    qep_free(V);
    qep_free(unit);
    return status;
}

size_t qep_conduction_memory(const qep_conduction_setup *setup) {
    size_t cells = 0;
    for (size_t i = 0; i < setup->electrode_count; i++) {
        cells += setup->electrodes[i].count;
    }
    const size_t samples = qep_grid_count(setup->grid);
    return qep_elliptic_memory(setup->grid, setup->options.method, 1, setup->options.threads) + samples * 7 * sizeof(uint32_t) + cells * (2 * sizeof(size_t) + 6 * sizeof(qep_contact));
}
