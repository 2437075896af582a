/* Faults of a device that only its operator shows: electrodes without a conductor beside them, metals in contact at two voltages, loads that are shorts. */
#include "conduction_impl.h"

#include <math.h>
#include <stdio.h>

/* Mesh cell beyond `i` along d; 0: there is none. Electrodes on a period meet across it. */
static int next_cell(const qep_elliptic *e, size_t i, int d, size_t *next) {
    const size_t stride = d == 0 ? 1 : d == 1 ? e->a.n[0] : e->a.n[0] * e->a.n[1], at = i / stride % e->a.n[d];
    const int inside = at + 1 < e->a.n[d];
    *next = inside ? i + stride : i - at * stride;
    return inside || (e->grid.axis[d].n > 1 && e->grid.axis[d].bc[0] == QEP_PERIODIC);
}

/* The first electrode with a cell beside one of electrode i; c->count: none. */
static size_t neighbour_of(const qep_conduction *c, size_t i) {
    const qep_elliptic *e = c->operator;
    for (int d = 0; d < 3; d++) {
        for (size_t k = 0, next; k < e->a.count; k++) {
            if (next_cell(e, k, d, &next) && e->owner[k] >= 0 && e->owner[next] >= 0 && e->owner[k] != e->owner[next]) {
                if (e->owner[k] == (int32_t)i || e->owner[next] == (int32_t)i) {
                    return (size_t)(e->owner[k] == (int32_t)i ? e->owner[next] : e->owner[k]);
                }
            }
        }
    }
    return c->count;
}

/* 1 when a cell of the electrode, or what lies behind a contact on a face, has an insulator beside it; else it is walled in by metal and the end of the grid. */
static int meets_insulator(const qep_conduction *c, size_t i) {
    const qep_elliptic *e = c->operator;
    const int owns = c->electrode[i].face < 0 || c->grid.sampling == QEP_NODE;
    for (int d = 0; d < 3 && owns; d++) {
        for (size_t k = 0, next; k < e->a.count; k++) {
            if (next_cell(e, k, d, &next) && ((e->owner[k] == (int32_t)i && e->role[next] == QEP_EXCLUDED) || (e->owner[next] == (int32_t)i && e->role[k] == QEP_EXCLUDED))) {
                return 1;
            }
        }
    }
    return !owns;
}

static qep_status refuse_alone(const qep_conduction *c, size_t i, qep_conduction_fault *fault, qep_error *err) {
    char path[64];
    qep_conduction_refuse(fault, QEP_CONDUCTION_INSULATED, i, SIZE_MAX, SIZE_MAX, QEP_ERR_PROBLEM);
    return qep_error_add(err, QEP_ERR_PROBLEM, "electrode_insulated", qep_conduction_path(i, path), NULL,
                         meets_insulator(c, i) ? "electrode \"%s\" touches no conducting sample: the conductivity around it is 0; move it, or give its surroundings a conductivity"
                                               : "electrode \"%s\" touches no conducting sample: electrodes and the end of the grid are all that is around it; make it smaller",
                         c->electrode[i].name);
}

/* Two metals that touch are one conductor: at two voltages the current between them is infinite, and what a grid shows grows with its points. */
static qep_status check_shorts(const qep_conduction *c, qep_conduction_fault *fault, qep_error *err) {
    const qep_elliptic *e = c->operator;
    for (int d = 0; d < 3 && e->owner; d++) {
        for (size_t k = 0, next; k < e->a.count; k++) {
            if (!next_cell(e, k, d, &next) || e->owner[k] < 0 || e->owner[next] < 0) {
                continue;
            }
            const size_t i = (size_t)e->owner[k], j = (size_t)e->owner[next], first = i < j ? i : j, second = i < j ? j : i;
            if (c->held[i] && c->held[j] && (c->value[i] < c->value[j] || c->value[i] > c->value[j])) {
                char path[64];
                qep_conduction_refuse(fault, QEP_CONDUCTION_SHORT, first, second, SIZE_MAX, QEP_ERR_PROBLEM);
                return qep_error_add(err, QEP_ERR_PROBLEM, "electrode_short", qep_conduction_path(second, path), NULL,
                                     "electrodes \"%s\" (%.6g V) and \"%s\" (%.6g V) touch: metals in contact have one voltage; leave at least one sample between them, or make "
                                     "them one electrode",
                                     c->electrode[first].name, c->value[first], c->electrode[second].name, c->value[second]);
            }
        }
    }
    return QEP_OK;
}

static double contact_conductance(const qep_elliptic *e, size_t electrode) {
    double sum = 0.0;
    for (size_t k = 0; k < e->contact_count; k++) {
        sum += e->contact[k].electrode == (int32_t)electrode ? e->contact[k].g : 0.0;
    }
    return sum;
}

/* A load that conducts so much better than its contacts that its voltage would drown in rounding. */
static qep_status check_loads(const qep_conduction *c, qep_conduction_fault *fault, qep_error *err) {
    static const double most = 1e10;
    for (size_t k = 0; k < c->load_count; k++) {
        const qep_load *load = &c->load[k];
        double weakest = INFINITY;
        for (int end = 0; end < 2; end++) {
            weakest = c->held[load->between[end]] ? weakest : fmin(weakest, contact_conductance(c->operator, load->between[end]));
        }
        if (isfinite(weakest) && 1.0 / load->resistance > most * weakest) {
            char path[64];
            snprintf(path, sizeof path, "/loads/%zu/resistance", k);
            qep_conduction_refuse(fault, QEP_CONDUCTION_LOAD, k, SIZE_MAX, SIZE_MAX, QEP_ERR_PROBLEM);
            return qep_error_add(err, QEP_ERR_PROBLEM, "load_short", path, NULL,
                                 "%.6g ohm between \"%s\" and \"%s\" is a short: half a cell at their contacts has %.3g ohm. Hold both at one voltage and read the current, or take at least "
                                 "%.1g ohm",
                                 load->resistance, c->electrode[load->between[0]].name, c->electrode[load->between[1]].name, 1.0 / weakest, 1.0 / (most * weakest));
        }
    }
    return QEP_OK;
}

qep_status qep_conduction_check_contacts(qep_conduction *c, qep_conduction_fault *fault, qep_error *err) {
    const qep_elliptic *e = c->operator;
    for (size_t k = e->contact_count; k-- > 0;) {
        const int32_t i = e->contact[k].electrode;
        if (i >= 0) {
            c->electrodes[i].contacts++;
            c->electrodes[i].network = qep_network_of(e, e->contact[k].cell) == QEP_NET_NONE ? 0 : qep_network_of(e, e->contact[k].cell);
        }
    }
    for (size_t i = 0; i < c->count; i++) {
        c->electrodes[i].touches = neighbour_of(c, i) < c->count;
        if (c->electrodes[i].contacts == 0) {
            return refuse_alone(c, i, fault, err);
        }
    }
    QEP_TRY(check_shorts(c, fault, err));
    return check_loads(c, fault, err);
}
