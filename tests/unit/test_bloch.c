/* If this fails, a printed response of a model differs from numbers that two independent programs agreed on. */
#include "qep/bloch/quantity.h"

#include "qep/base/constants.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define EV QEP_E_CHARGE

/* Components of a quantity at one (T, mu) on a grid, tau = 1e-13 s. */
typedef struct {
    qep_bloch_model *model;
    qep_bloch_sums sums;
    double T;
    qep_bloch_settings settings;
} sample;

static sample compute(const char *name, const double *value, size_t N, size_t N2, double mu, double T) {
    sample s = {.T = T, .settings = {.tau = 1e-13, .spin_factor = 1.0}};
    qep_error err = {0};
    const qep_bloch_model_row *row = qep_bloch_model_find(name);
    double parameter[QEP_BLOCH_PARAMETERS];
    for (size_t p = 0; p < QEP_BLOCH_PARAMETERS; p++) {
        parameter[p] = value ? value[p] : row->parameter[p].standard;
    }
    assert_int_equal(qep_bloch_model_builtin(&s.model, row, parameter, &err), QEP_OK);
    const size_t points[3] = {N, N2, N};
    const qep_bloch_state_point state = {T, mu * EV};
    const qep_bloch_request request = {.model = s.model, .points = points, .state = &state, .states = 1, .tau = 1e-13,
                                       .wanted = (1u << QEP_BLOCH_INTEGRALS) - 1, .threads = 1};
    const qep_status status = qep_bloch_sum(&s.sums, &request, &err);
    if (status != QEP_OK) {
        print_error("%s\n", err.item[0].message);
    }
    assert_int_equal(status, QEP_OK);
    return s;
}

static double get(const sample *s, const char *name, int component) {
    double out[27];
    const qep_bloch_quantity *q = qep_bloch_quantity_find(name);
    q->value(&s->sums, 0, s->T, 0, s->model->dim, &s->settings, out);
    return out[component];
}

static void finish(sample *s) {
    qep_bloch_sums_free(&s->sums);
    qep_bloch_model_destroy(s->model);
}

static void show(void **state) {
    (void)state;
    const char *names[] = {"sigma_H", "alpha_H", "alpha_N", "sigma_D", "alpha_D", "sigma_inter", "fg", "fG", "s", "T1", "T2", "sigma2"};
    const struct { const char *m; size_t N, N2; double mu, T; } c[] = {
        {"massive_dirac", 512, 4, .15, 100}, {"massive_dirac", 512, 4, .15, 300}, {"massive_dirac", 512, 4, 0, 300}, {"massive_dirac", 2048, 4, .05, 20},
        {"qwz", 64, 64, 1, 300}, {"qwz", 128, 128, 1, 300}, {"haldane", 128, 128, .8, 300},{"haldane", 256, 256, .8, 300}, {"tilted_qwz", 128, 128, 1, 300}};
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        sample s = compute(c[i].m, NULL, c[i].N, c[i].N2, c[i].mu, c[i].T);
        printf("%s %zu mu %g T %g\n", c[i].m, c[i].N, c[i].mu, c[i].T);
        for (size_t q = 0; q < sizeof names / sizeof *names; q++) {
            const int antisymmetric = names[q][strlen(names[q])-1] == 'H' || names[q][strlen(names[q])-1] == 'N';
            const double u = strcmp(names[q], "sigma_H") == 0 ? EV * EV / QEP_PLANCK : 1;
            printf("  %s %.12g", names[q], get(&s, names[q], antisymmetric ? 1 : 0) / u);
            if (qep_bloch_quantity_find(names[q])->rank == 3) printf(" xyy %.12g yxy %.12g yxx %.3g", get(&s, names[q], 3), get(&s, names[q], 5), get(&s, names[q], 4));
            printf("\n");
        }
        finish(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(show)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
