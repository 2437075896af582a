/* Manufactured problems for the solver tests: u = prod or sum of smooth one-dimensional functions, with source, face values and gradient in
 * closed form, and a driver that solves on a grid and returns the largest errors of u and grad u over every sample, walls, edges and corners included. */
#ifndef QEP_TEST_MANUFACTURED_H
#define QEP_TEST_MANUFACTURED_H

#include "qep/poisson/poisson.h"

typedef struct {
    /* u(x,y,z) and derivatives: value(axis derivative orders) */
    double (*u)(const double x[3], const int d[3], const void *data);
    const void *data;
} problem;

typedef struct {
    double u, gradient;     /* largest errors, relative to the largest |u| and |grad u| */
    qep_poisson_report report;
    double worst;           /* residual_max / (1e-14 (|A||u| + |f|)) */
} outcome;

/* Solve lap u = f on the grid with face values of the problem. Singular problems are compared up to a constant. */
qep_status solve_problem(const problem *p, const qep_grid *grid, qep_derivative derivative, int threads, outcome *out, qep_error *err);

#endif
