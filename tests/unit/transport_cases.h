/* Small conductors for the tests of transport: chains, single levels, wires; and solving with little text. */
#ifndef QEP_TESTS_TRANSPORT_CASES_H
#define QEP_TESTS_TRANSPORT_CASES_H

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/transport/steady.h"
#include <math.h>

#define EV QEP_E_CHARGE

typedef struct {
    qep_hamiltonian h;
    qep_system *system;
} conductor;

/* Relative agreement; prints what came. */
void assert_near(double value, double want, double relative, const char *what);

/* Chain with these onsite energies and one hopping -t (eV), chain leads of the same hopping at both ends. */
void make_chain(conductor *c, size_t n, const double *onsite, double t, const double *mu, const double *temperature);
/* One level with two wide-band contacts (eV). */
void make_level(conductor *c, double energy, double gamma_left, double gamma_right, const double *mu, const double *temperature);
/* Wire of GaAs, a = 5 nm, U in eV [ny, nx], magnetic field in T; leads on the faces given. */
void make_wire(conductor *c, size_t nx, size_t ny, const double *U, double field, const qep_lead_kind kind, const int *faces, size_t leads,
               const double *mu, const double *temperature);
void free_conductor(conductor *c);
/* Solve with the terminals' own mu and T, 2 threads, or fail the test. */
void solve_steady(const conductor *c, int fields, qep_steady *r);

/* The same irregular numbers on every machine, in (0, 1). */
double irregular(size_t i);

#endif
