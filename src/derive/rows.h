/* Functions behind the rows of the quantity table; each computes one component into out [nz,ny,nx]. */
#ifndef QEP_DERIVE_ROWS_H
#define QEP_DERIVE_ROWS_H

#include "qep/derive/quantity.h"

typedef qep_status qep_quantity_function(const qep_solution *solution, int i, int j, double *out,
                                         qep_error *err);

/* entropy.c */
qep_quantity_function qep_derive_S, qep_derive_grad_S, qep_derive_lap_S, qep_derive_hessian_S;
/* potential.c */
qep_quantity_function qep_derive_phi, qep_derive_phi_rho, qep_derive_phi_S;
/* field.c */
qep_quantity_function qep_derive_E, qep_derive_J_S, qep_derive_J_rho;
/* conduction.c */
qep_quantity_function qep_derive_V, qep_derive_J, qep_derive_E_total;
/* source_terms.c */
qep_quantity_function qep_derive_rho_S, qep_derive_residual;
/* rate.c */
qep_quantity_function qep_derive_dS_dt;
/* continuity.c */
qep_quantity_function qep_derive_entropy_current, qep_derive_div_entropy_current,
    qep_derive_entropy_rate;
/* bloch.c */
qep_quantity_function qep_derive_bloch_J_s, qep_derive_bloch_J_T, qep_derive_bloch_J_e, qep_derive_bloch_Pi, qep_derive_bloch_div_J_s,
    qep_derive_bloch_div_J_T, qep_derive_bloch_residual;
/* material.c */
qep_quantity_function qep_derive_kappa, qep_derive_conductivity, qep_derive_permittivity;

/* pass.c: single passes over the grid. */
void qep_pass_set(double value, size_t count, int threads, double *out);
/* out = alpha (u - offset) + shift */
void qep_pass_affine(const double *u, double offset, double alpha, double shift, size_t count,
                     int threads, double *out);
/* out += u */
void qep_pass_add(const double *u, size_t count, int threads, double *out);
/* out += alpha (u - v) */
void qep_pass_add_difference(const double *u, const double *v, double alpha, size_t count,
                             int threads, double *out);
/* out = (accumulate ? out : 0) + alpha weight u; weight NULL: 1 */
void qep_pass_weighted(const double *u, const double *weight, double alpha, int accumulate, size_t count, int threads, double *out);
/* out *= c, by value and field */
void qep_pass_scale(const qep_coefficient *c, size_t count, int threads, double *out);

/* entropy.c: out = (accumulate ? out : 0) + alpha d_i d_j S; work is used when i != j. */
qep_status qep_derive_second(const qep_solution *solution, int i, int j, double alpha,
                             int accumulate, double *out, qep_error *err);

#endif
