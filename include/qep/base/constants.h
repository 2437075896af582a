/* Physical constants, SI. e, h, k_B, N_A: exact by definition (SI 2019, CODATA 2018); eps0, m_e, u, mu_B:
 * CODATA 2018 recommended values (doi:10.1103/RevModPhys.93.025010). */
#ifndef QEP_BASE_CONSTANTS_H
#define QEP_BASE_CONSTANTS_H

#define QEP_PI 3.14159265358979323846
#define QEP_E_CHARGE 1.602176634e-19           /* elementary charge e, C        */
#define QEP_PLANCK 6.62607015e-34              /* Planck constant h, J s        */
#define QEP_HBAR (QEP_PLANCK / (2.0 * QEP_PI)) /* reduced Planck constant, J s  */
#define QEP_BOLTZMANN 1.380649e-23             /* Boltzmann constant k_B, J/K   */
#define QEP_AVOGADRO 6.02214076e23             /* Avogadro constant, 1/mol      */
#define QEP_EPSILON0 8.8541878128e-12          /* vacuum permittivity, F/m      */
#define QEP_ELECTRON_MASS 9.1093837015e-31     /* m_e, kg                       */
#define QEP_ATOMIC_MASS 1.66053906660e-27      /* u, kg                         */
#define QEP_BOHR_MAGNETON 9.2740100783e-24     /* mu_B, J/T                     */

#endif
