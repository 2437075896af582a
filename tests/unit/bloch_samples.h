/* Models and single sums for the tests of the room bloch. */
#ifndef QEP_TESTS_BLOCH_SAMPLES_H
#define QEP_TESTS_BLOCH_SAMPLES_H

#include "qep/base/constants.h"
#include "qep/bloch/quantity.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define EVERYTHING ((1u << QEP_BLOCH_INTEGRALS) - 1u)
/* First order, without second derivatives of H. */
#define LINEAR                                                                                                                                          \
    (EVERYTHING & ~(1u << QEP_BLOCH_T1 | 1u << QEP_BLOCH_T2 | 1u << QEP_BLOCH_DIPOLE | 1u << QEP_BLOCH_CUBIC | 1u << QEP_BLOCH_SEA |                    \
                    1u << QEP_BLOCH_VV_S | 1u << QEP_BLOCH_TRACE))
/* What exists at T = 0. */
#define COLD (1u << QEP_BLOCH_OMEGA_F | 1u << QEP_BLOCH_METRIC)

/* A model, its sums at one (mu, T) and tau = 1e-13 s. */
typedef struct {
    qep_bloch_model *model;
    qep_bloch_sums sums;
    double T;
    qep_bloch_settings settings;
} sample;

sample sample_model(qep_bloch_model *model); /* takes it over */
qep_bloch_model *sample_standard(const char *name);
qep_bloch_model *sample_tilted(void);
qep_bloch_model *sample_doubled(void); /* two uncoupled copies of tilted QWZ */
/* mu in eV; value NULL: standard parameters. */
sample sample_builtin(const char *name, const double *value, size_t N, size_t N2, double mu, double T, unsigned wanted);
void sample_sum(sample *s, const size_t *points, const double *shift, double mu, double T, unsigned wanted);
void sample_refined(sample *s, const size_t *points, double mu, double T, unsigned wanted, int levels);
double sample_get(const sample *s, const char *name, int component);
void sample_free(sample *s);

#endif
