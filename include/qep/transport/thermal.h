/* Occupations of a reservoir and the weights made of them (theory T8, T22, T23). Energies and temperatures are in one unit of the
 * caller's choice, with k_B = 1; T = 0 is exact: a step, half filled at E = mu, without entropy. */
#ifndef QEP_TRANSPORT_THERMAL_H
#define QEP_TRANSPORT_THERMAL_H

/* Occupation f, its complement g = 1 - f kept to full accuracy, the entropy s(f)/k_B of one state, and x = (E - mu)/kT (infinite at T = 0). */
typedef struct {
    double f, g, s, x;
} qep_occupation;

/* Fermi occupation at energy E of a reservoir at mu and kT >= 0. */
qep_occupation qep_occupation_fermi(double E, double mu, double kT);
/* Any occupation, from f and g = 1 - f; both are clipped to [0, 1]; x is NaN, since there is no temperature. */
qep_occupation qep_occupation_given(double f, double g);
/* b.f - a.f without cancellation where both are thermal. */
double qep_occupation_difference(qep_occupation b, qep_occupation a);
/* D(b||a) = f_b ln(f_b/f_a) + g_b ln(g_b/g_a) >= 0, also where the two nearly agree; infinite where a excludes what b holds. */
double qep_relative_entropy(qep_occupation b, qep_occupation a);
/* kT_a D(f_b||f_a), with its finite limit |E - mu_a| |f_b - f_a| at T_a = 0. */
double qep_missing_heat(double E, double mu_a, double kT_a, qep_occupation b, qep_occupation a);
/* -df/dE = f g / kT (kT > 0). */
double qep_thermal_window(qep_occupation o, double kT);
/* ln(1 + exp(-(E - mu)/kT)) kT, the grand potential of one state with its sign turned: (mu - E) theta(mu - E) at T = 0. */
double qep_grand_weight(double E, double mu, double kT);

#endif
