/* The quantity table. */
#include "qep/derive/quantity.h"

#include <string.h>

static const qep_quantity_row rows[] = {
    {"S", "S", "entropy density", "T4", 0, "the entropy density that was given"},
    {"grad_S", "grad S", "gradient of the entropy density", "T1", 1, "one-sided near walls, never reflected"},
    {"lap_S", "lap S", "Laplacian of the entropy density", "T2", 0, "one-sided near walls, never reflected"},
    {"hessian_S", "grad grad S", "Hessian of the entropy density", "T3", 2, "all second derivatives of S"},
    {"phi", "phi", "entropic potential", "T6", 0, "phi_rho + phi_S, or as the reading defines it"},
    {"phi_rho", "phi_rho", "potential of charge and boundary values", "T6", 0, "part of phi from rho_e and the given face values"},
    {"phi_S", "phi_S", "potential of the entropy", "T6", 0, "part of phi from the entropy, homogeneous face data"},
    {"E", "E", "electric field", "T6", 1, "-grad phi of the total potential"},
    {"J_S", "J_S", "entropic current density", "T3", 1, "-sigma grad phi_S"},
    {"J_rho", "J_rho", "current density of the electrostatic part", "T3", 1, "-sigma grad phi_rho"},
    {"rho_S", "rho_S", "entropic charge density", "T6", 0, "-eps0 div(eps_r kappa grad S)"},
    {"residual", "r", "residual of the discrete equation", "T6", 0, "of the last solve; 0 on Dirichlet nodes"},
    {"dS_dt", "dS/dt", "rate of change of the entropy density", "T4", 0, "between frames"},
    {"kappa", "kappa", "coupling", "T5", 0, "(hbar/e) c times the profile"},
    {"conductivity", "sigma", "electrical conductivity", "T3", 0, "as given"},
    {"permittivity", "eps_r", "relative permittivity", "T6", 0, "as given"},
};

const qep_quantity_row *qep_quantity_table(size_t *count) {
    *count = sizeof rows / sizeof *rows;
    return rows;
}

const qep_quantity_row *qep_quantity_find(const char *name) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}
