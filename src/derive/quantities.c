/* The quantity table: name, unit rule, where it is defined, what it needs, and the function that computes one component. */
#include "rows.h"

#include <string.h>

static qep_dimension per_metre(qep_dimension d, int power) {
    return qep_dimension_divide(d, qep_dimension_power(QEP_DIM_LENGTH, power));
}

static qep_dimension of_S(const qep_solution_dimensions *known, qep_reading reading) {
    (void)known, (void)reading;
    return QEP_DIM_ENTROPY_DENSITY;
}

static qep_dimension of_grad_S(const qep_solution_dimensions *known, qep_reading reading) {
    return per_metre(of_S(known, reading), 1);
}

static qep_dimension of_second_S(const qep_solution_dimensions *known, qep_reading reading) {
    return per_metre(of_S(known, reading), 2);
}

static qep_dimension of_phi(const qep_solution_dimensions *known, qep_reading reading) {
    (void)reading;
    return known->potential;
}

static qep_dimension of_phi_rho(const qep_solution_dimensions *known, qep_reading reading) {
    (void)known, (void)reading;
    return QEP_DIM_VOLTAGE;
}

static qep_dimension of_phi_S(const qep_solution_dimensions *known, qep_reading reading) {
    (void)reading;
    return known->phi_S;
}

static qep_dimension of_E(const qep_solution_dimensions *known, qep_reading reading) {
    return per_metre(of_phi(known, reading), 1);
}

static qep_dimension of_J_S(const qep_solution_dimensions *known, qep_reading reading) {
    return qep_dimension_multiply(QEP_DIM_CONDUCTIVITY, per_metre(of_phi_S(known, reading), 1));
}

static qep_dimension of_J_rho(const qep_solution_dimensions *known, qep_reading reading) {
    (void)known, (void)reading;
    return QEP_DIM_CURRENT_DENSITY;
}

static qep_dimension of_rho_S(const qep_solution_dimensions *known, qep_reading reading) {
    return qep_dimension_multiply(QEP_DIM_PERMITTIVITY, per_metre(of_phi_S(known, reading), 2));
}

static qep_dimension of_residual(const qep_solution_dimensions *known, qep_reading reading) {
    (void)reading;
    return per_metre(known->last, 2);
}

static qep_dimension of_dS_dt(const qep_solution_dimensions *known, qep_reading reading) {
    return qep_dimension_divide(of_S(known, reading), QEP_DIM_TIME);
}

static qep_dimension of_entropy_current(const qep_solution_dimensions *known, qep_reading reading) {
    (void)known, (void)reading;
    return QEP_DIM_ENTROPY_CURRENT;
}

/* Tensors of the electrons times the field that drives them. */
static qep_dimension of_bloch_J_s(const qep_solution_dimensions *known, qep_reading reading) {
    const qep_dimension alpha = QEP_DIMENSION(-1, 0, 0, 1, -1, 0, 0), E = QEP_DIM_ELECTRIC_FIELD;
    (void)known, (void)reading;
    return qep_dimension_multiply(alpha, E);
}

static qep_dimension of_bloch_J_e(const qep_solution_dimensions *known, qep_reading reading) {
    const qep_dimension E = QEP_DIM_ELECTRIC_FIELD;
    (void)known, (void)reading;
    return qep_dimension_multiply(QEP_DIM_CONDUCTIVITY, E);
}

static qep_dimension of_bloch_Pi(const qep_solution_dimensions *known, qep_reading reading) {
    const qep_dimension E = QEP_DIM_ELECTRIC_FIELD;
    return qep_dimension_divide(qep_dimension_multiply(of_bloch_J_e(known, reading), E), QEP_DIM_TEMPERATURE);
}

static qep_dimension of_kappa(const qep_solution_dimensions *known, qep_reading reading) {
    (void)reading;
    return known->kappa;
}

static qep_dimension of_conductivity(const qep_solution_dimensions *known, qep_reading reading) {
    (void)known, (void)reading;
    return QEP_DIM_CONDUCTIVITY;
}

static qep_dimension of_V(const qep_solution_dimensions *known, qep_reading reading) {
    (void)reading;
    return known->voltage;
}

static qep_dimension of_E_total(const qep_solution_dimensions *known, qep_reading reading) {
    return per_metre(of_V(known, reading), 1);
}

static qep_dimension of_J(const qep_solution_dimensions *known, qep_reading reading) {
    return qep_dimension_multiply(QEP_DIM_CONDUCTIVITY, of_E_total(known, reading));
}

static qep_dimension of_nothing(const qep_solution_dimensions *known, qep_reading reading) {
    (void)known, (void)reading;
    return QEP_DIM_NONE;
}

enum {
    POISSON = 1 << QEP_READING_POISSON,
    FIELD = 1 << QEP_READING_FIELD,
    ALL = (1 << QEP_READING_COUNT) - 1,
    S = QEP_NEEDS_ENTROPY,
    RHO = QEP_NEEDS_PHI_RHO,
    PSI = QEP_NEEDS_PHI_S,
    SIGMA = QEP_NEEDS_CONDUCTIVITY,
    SCALAR = ALL & ~(1 << QEP_READING_GRADIENT),
    VOLTS = QEP_NEEDS_CONDUCTION,
    POTENTIAL = QEP_NEEDS_POTENTIAL,
    CURRENT = QEP_NEEDS_ENTROPY_CURRENT,
    ELECTRONS = QEP_NEEDS_RESPONSE | S | RHO | PSI
};

/* clang-format off */
static const qep_quantity_row rows[] = {
    {"S", "S", "entropy density", "T4", 0, "the entropy density that was given",
     ALL, S, 0, of_S, qep_derive_S},
    {"grad_S", "grad S", "gradient of the entropy density", "T1", 1, "one-sided near walls, never reflected",
     ALL, S, 0, of_grad_S, qep_derive_grad_S},
    {"lap_S", "lap S", "Laplacian of the entropy density", "T2", 0, "one-sided near walls, never reflected",
     ALL, S, 0, of_second_S, qep_derive_lap_S},
    {"hessian_S", "grad grad S", "Hessian of the entropy density", "T3", 2, "all second derivatives of S",
     ALL, S, 0, of_second_S, qep_derive_hessian_S},
    {"phi", "phi", "entropic potential", "T6", 0, "phi_rho + phi_S, or as the reading defines it",
     ALL, RHO | PSI | POTENTIAL, 1, of_phi, qep_derive_phi},
    {"phi_rho", "phi_rho", "potential of charge and boundary values", "T6", 0, "part of phi from rho_e and the given face values",
     POISSON, RHO, 0, of_phi_rho, qep_derive_phi_rho},
    {"phi_S", "phi_S", "potential of the entropy", "T6", 0, "part of phi from the entropy, homogeneous face data",
     POISSON, PSI, 0, of_phi_S, qep_derive_phi_S},
    {"E", "E", "electric field", "T6", 1, "-grad phi of the whole potential, or as the reading defines it",
     ALL, RHO | PSI, 1, of_E, qep_derive_E},
    {"J_S", "J_S", "entropic current density", "T3", 1, "-sigma grad phi_S, or as the reading defines it",
     ALL, PSI | SIGMA, 1, of_J_S, qep_derive_J_S},
    {"J_rho", "J_rho", "current density of the electrostatic part", "T3", 1, "-sigma grad phi_rho",
     POISSON, RHO | SIGMA, 0, of_J_rho, qep_derive_J_rho},
    {"V", "V", "voltage of steady conduction", "T7", 0, "what a voltmeter reads; NaN in insulators",
     SCALAR, VOLTS, 0, of_V, qep_derive_V},
    {"J", "J", "current density", "T7", 1, "J_S - sigma grad V, from the currents of the faces; 0 in electrodes, NaN in insulators",
     SCALAR, VOLTS, 0, of_J, qep_derive_J},
    {"E_total", "E_total", "gradient of the electrochemical potential", "T7", 1, "-grad(phi + V); NaN in insulators",
     SCALAR, VOLTS | RHO | PSI, 0, of_E_total, qep_derive_E_total},
    {"rho_S", "rho_S", "entropic charge density", "T6", 0, "-eps0 div(eps_r kappa grad S)",
     POISSON | FIELD, S, 0, of_rho_S, qep_derive_rho_S},
    {"residual", "r", "residual of the discrete equation", "T6", 0, "of the last solve; 0 on Dirichlet nodes",
     POISSON, RHO | PSI | QEP_NEEDS_SOURCE, 0, of_residual, qep_derive_residual},
    {"dS_dt", "dS/dt", "rate of change of the entropy density", "T4", 0, "between frames",
     ALL, S | QEP_NEEDS_FRAMES, 0, of_dS_dt, qep_derive_dS_dt},
    {"entropy_current", "J_s", "entropy current density", "T4", 1, "as given",
     ALL, CURRENT, 0, of_entropy_current, qep_derive_entropy_current},
    {"div_entropy_current", "div J_s", "divergence of the entropy current", "T4", 0, "one-sided near walls, never reflected",
     ALL, CURRENT, 0, of_dS_dt, qep_derive_div_entropy_current},
    {"entropy_rate", "Pi", "rate of the continuity equation of entropy", "T4", 0, "dS/dt + div J_s, between frames",
     ALL, S | CURRENT | QEP_NEEDS_FRAMES, 0, of_dS_dt, qep_derive_entropy_rate},
    {"bloch_J_s", "J_s", "entropy current density of Bloch electrons, driven by the field", "T4", 1, "alpha E; E is the solved field, see bloch.drive",
     SCALAR, ELECTRONS, 0, of_bloch_J_s, qep_derive_bloch_J_s},
    {"bloch_J_T", "J_T", "entropy current density of Bloch electrons, driven by grad T", "T4", 1, "(kappa_D/T)(-grad T), the Drude part",
     SCALAR, ELECTRONS, 0, of_bloch_J_s, qep_derive_bloch_J_T},
    {"bloch_J_e", "J_e", "charge current density of Bloch electrons", "T4", 1, "sigma E + alpha (-grad T)",
     SCALAR, ELECTRONS, 0, of_bloch_J_e, qep_derive_bloch_J_e},
    {"bloch_Pi", "Pi", "entropy production of Bloch electrons", "T4", 0, "irreversible part, order E^2, E grad T and (grad T)^2; not negative",
     SCALAR, ELECTRONS, 0, of_bloch_Pi, qep_derive_bloch_Pi},
    {"bloch_div_J_s", "div J_s", "divergence of bloch_J_s", "T4", 0, "one-sided near walls, never reflected",
     SCALAR, ELECTRONS, 0, of_bloch_Pi, qep_derive_bloch_div_J_s},
    {"bloch_div_J_T", "div J_T", "divergence of bloch_J_T", "T4", 0, "one-sided near walls, never reflected",
     SCALAR, ELECTRONS, 0, of_bloch_Pi, qep_derive_bloch_div_J_T},
    {"bloch_residual", "R", "residual of the continuity equation of entropy", "T4", 0, "dS/dt + div(J_s + J_T) - Pi: what the lattice takes or gives",
     SCALAR, ELECTRONS, 0, of_bloch_Pi, qep_derive_bloch_residual},
    {"kappa", "kappa", "coupling", "T5", 0, "(hbar/e) c times the profile",
     ALL, 0, 0, of_kappa, qep_derive_kappa},
    {"conductivity", "sigma", "electrical conductivity", "T3", 0, "as given",
     ALL, SIGMA, 0, of_conductivity, qep_derive_conductivity},
    {"permittivity", "eps_r", "relative permittivity", "T6", 0, "as given",
     ALL, 0, 0, of_nothing, qep_derive_permittivity},
};
/* clang-format on */

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

int qep_quantity_rank(const qep_quantity_row *row, qep_reading reading) {
    return row->rank + (reading == QEP_READING_GRADIENT && row->gains_rank);
}

int qep_quantity_components(const qep_quantity_row *row, qep_reading reading, int ndim) {
    int count = 1;
    for (int r = qep_quantity_rank(row, reading); r > 0; r--) {
        count *= ndim;
    }
    return count;
}

/* Mixed second derivatives, divergences of products, sums of what finite volumes give, and rates go through a second field. */
int qep_quantity_uses_work(const qep_quantity_row *row, qep_reading reading, int ndim, int varies) {
    if ((row->needs & (QEP_NEEDS_FRAMES | QEP_NEEDS_RESPONSE)) || row->compute == qep_derive_E_total ||
        row->compute == qep_derive_div_entropy_current) {
        return 1;
    }
    if (row->compute == qep_derive_rho_S ||
        (row->compute == qep_derive_E && reading == QEP_READING_POISSON)) {
        return varies;
    }
    const int second = qep_quantity_rank(row, reading) == 2 ||
                       (reading == QEP_READING_DIRECTIONAL && row->gains_rank && row->rank == 1);
    return second && (ndim > 1 || varies);
}

qep_status qep_quantity_compute(const qep_quantity_row *row, const qep_solution *solution,
                                int component, double *out, qep_error *err) {
    const int ndim = solution->grid->ndim;
    const int tensor = qep_quantity_rank(row, solution->reading) == 2;
    return row->compute(solution, tensor ? component / ndim : component,
                        tensor ? component % ndim : 0, out, err);
}
