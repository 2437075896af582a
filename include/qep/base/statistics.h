/* Ideal quantum statistics as functions of one number: Fermi and Bose integrals, their entropies and inverses, Debye's phonons. All are
 * pure, never call GSL's error handler (which aborts), and are accurate to about 1e-14 of their value in the whole range of
 * arguments: no difference of large numbers, limits where values leave the range of doubles. Dimensions d are 1, 2, 3. */
#ifndef QEP_BASE_STATISTICS_H
#define QEP_BASE_STATISTICS_H

/* T8: entropy of one state in k_B, at x = (E - mu)/(k_B T): ln(1 + e^-|x|) + |x| e^-|x|/(1 + e^-|x|). */
double qep_state_entropy(double x);
/* Occupation 1/(e^x + 1). */
double qep_state_occupation(double x);

/* Parabolic band, eta = (mu - edge)/(k_B T), per thermal wavelength^d and internal state:
 * number F_{d/2-1}(eta), entropy in k_B (d/2 + 1) F_{d/2}(eta) - eta F_{d/2-1}(eta), with F_j(eta) = 1/Gamma(j+1) int x^j/(e^{x-eta}+1) dx. */
double qep_fermi_number(int d, double eta);
double qep_fermi_entropy(int d, double eta);
/* eta of a number > 0; -infinity for 0. */
double qep_fermi_eta(int d, double number);

/* Bose gas in three dimensions, alpha = -mu/(k_B T) >= 0: number g_{3/2}(e^-alpha), entropy in k_B
 * (5/2) g_{5/2}(e^-alpha) + alpha g_{3/2}(e^-alpha), per thermal wavelength^3 and internal state. */
double qep_bose_number(double alpha);
double qep_bose_entropy(double alpha);
/* alpha of a number > 0; 0 from zeta(3/2) on, where the rest is condensed. */
double qep_bose_alpha(double number);

/* Debye phonons: entropy in units of 3 k_B per atom at x = theta_D/T: (4/3) D_3(x) - ln(1 - e^-x). */
double qep_debye_entropy(double x);

#endif
