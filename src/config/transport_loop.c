/* "transport.self_consistency": U = U_0 - e phi, phi from the field solver, until both agree. */
#include "config/transport.h"

#include <string.h>

static int read_potential(reader *r, const json_node *node, int *which) {
    static const char *const names[] = {"phi", "phi_rho", "phi_S"};
    for (int i = 0; node->kind == JSON_STRING && i < 3; i++) {
        if (strcmp(node->string, names[i]) == 0) {
            *which = i;
            return 1;
        }
    }
    return node->kind == JSON_STRING
               ? reject_choice(r, node, node->string, names, 3)
               : reject(r, node, "wrong_type",
                        "%s came; \"phi\", \"phi_rho\" or \"phi_S\" is needed",
                        json_kind_name(node));
}

static int read_mixing(reader *r, const json_node *node, double *mixing) {
    const qep_dimension none = QEP_DIM_NONE;
    return read_scalar(r, node, &none, mixing) &&
           ((*mixing > 0.0 && *mixing <= 1.0) ||
            reject(r, node, "out_of_range", "%g came; mixing is above 0 and at most 1", *mixing));
}

static int read_tolerance(reader *r, const json_node *node, double *tolerance) {
    const qep_dimension volt = QEP_DIM_VOLTAGE;
    return read_scalar(r, node, &volt, tolerance) &&
           (*tolerance > 0.0 ||
            reject(r, node, "out_of_range", "%g V came; the tolerance is above 0", *tolerance));
}

static int check_partners(reader *r, const json_node *node, const json_node *section,
                          const qep_config_transport *t) {
    static const char *const excluded[] = {"sweep", "drive"};
    for (size_t i = 0; i < 2; i++) {
        if (json_member(section, excluded[i])) {
            return reject(r, json_member(section, excluded[i]), "inapplicable",
                          "each of its states would need a potential of its own; "
                          "\"self_consistency\" is for a single steady state: use a run for each");
        }
    }
    if (!t->on_grid || !t->leads || !t->site_fields) {
        return reject(r, node, "inapplicable",
                      "it needs a Hamiltonian on the grid, leads and site fields");
    }
    return drives_field(r) ||
           reject(
               r, node, "inapplicable",
               "nothing drives phi: give \"charge\" or \"entropy\" with the source \"transport\"");
}

int read_transport_loop(reader *r, const json_node *section, const json_node *node,
                        qep_config_transport *t) {
    static const char *const keys[] = {"potential", "mixing",         "history",
                                       "tolerance", "max_iterations", "start"};
    const json_node *potential = json_member(node, "potential"),
                    *mixing = json_member(node, "mixing"), *history = json_member(node, "history"),
                    *tolerance = json_member(node, "tolerance"),
                    *most = json_member(node, "max_iterations"),
                    *start = json_member(node, "start");
    qep_config_loop *loop = &t->loop;
    double kept = 6, iterations = 60;
    *loop = (qep_config_loop){.given = 1, .mixing = 0.5, .tolerance = 1e-7};
    int good = check_keys(r, node, keys, sizeof keys / sizeof *keys) &&
               check_partners(r, node, section, t);
    good = (!potential || read_potential(r, potential, &loop->potential)) && good;
    good = (!mixing || read_mixing(r, mixing, &loop->mixing)) && good;
    good = (!history || read_integer(r, history, 0, 50, &kept)) && good;
    good = (!tolerance || read_tolerance(r, tolerance, &loop->tolerance)) && good;
    good = (!most || read_integer(r, most, 0, 1e6, &iterations)) && good;
    loop->start = start ? read_field(r, start, QEP_DIM_VOLTAGE, 0) : NULL;
    loop->history = (size_t)kept;
    loop->max_iterations = (size_t)iterations;
    return good && (!start || loop->start);
}
