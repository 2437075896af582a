/* If this fails, two routes to one number part: surface and sea forms, AC response, the f-sum rule, low temperatures, positions that are used or dropped. */
#include "bloch_samples.h"

#include "bloch/sums.h"

static void close_to(const char *what, double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance * fabs(want))) {
        fail_msg("%s: %.14g instead of %.14g", what, got, want);
    }
}

static const double *integral(const sample *s, qep_bloch_integral i) {
    return s->sums.value + s->sums.at[i];
}

/* QWZ at 50 K needs 1024 points per axis for all digits. */
static void fifty_kelvin(void **state) {
    (void)state;
    static const struct {
        size_t N;
        double sigma_H, alpha_H, sigma_D, alpha_D;
    } rows[] = {{512, -0.551462734281, -8.29383218161e-11, 1.464981104e-3, -1.08763931e-8},
                {1024, -0.551462734280, -8.29383218357e-11, 1.46498110881e-3, -1.08763923966e-8}};
    const double quantum = QEP_E_CHARGE * QEP_E_CHARGE / QEP_PLANCK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sample s = sample_builtin("qwz", NULL, rows[i].N, rows[i].N, 1.0, 50,
                                  1u << QEP_BLOCH_OMEGA_F | 1u << QEP_BLOCH_OMEGA_S | 1u << QEP_BLOCH_VV | 1u << QEP_BLOCH_VV_X);
        close_to("sigma_H", sample_get(&s, "sigma_H", 1) / quantum, rows[i].sigma_H, 2e-12);
        close_to("alpha_H", sample_get(&s, "alpha_H", 1), rows[i].alpha_H, 1e-11);
        close_to("sigma_D", sample_get(&s, "sigma_D", 0), rows[i].sigma_D, 5e-10);
        close_to("alpha_D", sample_get(&s, "alpha_D", 0), rows[i].alpha_D, 5e-9);
        sample_free(&s);
    }
}

/* Sum K |v|^2 over all pairs = Tr rho d2H, per cell; and the Drude weight from the Fermi sea. */
static void sum_rule_and_sea(void **state) {
    (void)state;
    sample s = sample_builtin("qwz", NULL, 256, 256, 1.0, 300, EVERYTHING);
    const double whole = integral(&s, QEP_BLOCH_PAIRS)[0] + integral(&s, QEP_BLOCH_VV)[0], trace = integral(&s, QEP_BLOCH_TRACE)[0];
    close_to("f-sum rule", whole, trace, 1e-11);
    const double factor = QEP_E_CHARGE * QEP_E_CHARGE * QEP_E_CHARGE * s.settings.tau / (QEP_HBAR * QEP_HBAR);
    close_to("sea", factor * integral(&s, QEP_BLOCH_SEA)[0], 1.48774086064e-3, 1e-11);
    close_to("surface", factor * integral(&s, QEP_BLOCH_VV)[0], 1.48774086064e-3, 1e-11);
    sample_free(&s);
}

/* hbar omega = 0.5 eV, hbar/tau = 50 meV: Drude with its Lorentzian, and pairs with both signs of the frequency. */
static void alternating_current(void **state) {
    (void)state;
    sample s = sample_model(sample_standard("qwz"));
    const double tau = QEP_HBAR / (0.05 * QEP_E_CHARGE), frequency = 0.5 * QEP_E_CHARGE / QEP_PLANCK;
    const qep_bloch_state_point at = {300, QEP_E_CHARGE};
    const size_t points[3] = {256, 256, 1};
    const qep_bloch_request request = {.model = s.model, .points = points, .state = &at, .states = 1, .frequency = &frequency, .frequencies = 1, .tau = tau,
                                       .wanted = EVERYTHING, .threads = 1};
    assert_int_equal(qep_bloch_sum(&s.sums, &request, NULL), QEP_OK);
    s.settings.tau = tau;
    s.settings.frequency = &frequency;
    s.settings.frequencies = 1;
    double drude[4], inter[4], production;
    qep_bloch_quantity_find("sigma_D")->value(&s.sums, 0, 300, 0, 2, &s.settings, drude);
    qep_bloch_quantity_find("sigma_inter")->value(&s.sums, 0, 300, 1, 2, &s.settings, inter);
    const double whole = drude[0] / (1.0 + 100.0) + inter[0];
    close_to("Re sigma(omega)", whole, 2.66957450e-6, 5e-9);
    s.settings.field[0] = 1e4;
    qep_bloch_quantity_find("entropy_production_ac")->value(&s.sums, 0, 300, 1, 2, &s.settings, &production);
    close_to("mean entropy production", production, 0.5 * whole * 1e8 / 300.0, 1e-12);
    sample_free(&s);
}

/* Haldane with all orbitals at the origin: the same conductivities, by its threefold axis, but another metric. */
static void positions_are_used(void **state) {
    (void)state;
    sample with = sample_builtin("haldane", NULL, 256, 256, 0.8, 300, LINEAR), without = sample_model(sample_standard("haldane"));
    memset(without.model->tau, 0, 3 * without.model->bands * sizeof *without.model->tau);
    const size_t points[3] = {256, 256, 1};
    sample_sum(&without, points, NULL, 0.8, 300, LINEAR);
    close_to("metric", sample_get(&with, "fg", 0), 0.105770698317, 1e-11);
    close_to("metric without positions", sample_get(&without, "fg", 0), 0.1695518558, 1e-9);
    close_to("sigma_H", sample_get(&without, "sigma_H", 1), sample_get(&with, "sigma_H", 1), 1e-11);
    close_to("alpha_H", sample_get(&without, "alpha_H", 1), sample_get(&with, "alpha_H", 1), 1e-11);
    sample_free(&with);
    sample_free(&without);
}

/* The metric of the occupied states from overlaps of neighbours, 1 - |<u(k - d/2)|u(k + d/2)>|^2 = g d^2 with d = 1e-3/a. */
static void metric_from_overlaps(void **state) {
    (void)state;
    enum { N = 96 };
    sample s = sample_model(sample_standard("qwz"));
    bloch_states low, high, here;
    const double delta = 1e-3 / (2.0 * QEP_PI), kT = QEP_BOLTZMANN * 300 / QEP_E_CHARGE; /* fractional k */
    double sum = 0.0;
    assert_int_equal(bloch_states_create(&low, s.model, 0, NULL), QEP_OK);
    assert_int_equal(bloch_states_create(&high, s.model, 0, NULL), QEP_OK);
    assert_int_equal(bloch_states_create(&here, s.model, 0, NULL), QEP_OK);
    for (int i = 0; i < N * N; i++) {
        const double x = (double)(i / N) / N, y = (double)(i % N) / N;
        const double k[3][1][3] = {{{x, y, 0}}, {{x - 0.5 * delta, y, 0}}, {{x + 0.5 * delta, y, 0}}};
        bloch_states *const all[3] = {&here, &low, &high};
        for (int p = 0; p < 3; p++) {
            bloch_states_load(all[p], k[p], 1);
            assert_int_equal(bloch_states_solve(all[p], 0, 0, NULL), QEP_OK);
        }
        for (size_t n = 0; n < 2; n++) {
            const double complex overlap = conj(low.U[2 * n]) * high.U[2 * n] + conj(low.U[2 * n + 1]) * high.U[2 * n + 1];
            const double g = (1.0 - creal(overlap) * creal(overlap) - cimag(overlap) * cimag(overlap)) / 1e-6;
            sum += g / (exp((here.energy[n] - 1.0) / kT) + 1.0) / (N * N);
        }
    }
    close_to("metric by links", sum, 0.141651576, 2e-8);
    close_to("metric", sum, 0.141651595824, 2e-7);
    bloch_states_destroy(&low);
    bloch_states_destroy(&high);
    bloch_states_destroy(&here);
    sample_free(&s);
}

/* Dirac at T = 0: sigma_xy = -(e^2/2h)(m/mu - m/E_c), as far as radial panels resolve a step. */
static void dirac_step(void **state) {
    (void)state;
    sample s = sample_builtin("massive_dirac", NULL, 16384, 4, 0.15, 0.0, COLD);
    close_to("sigma_H", sample_get(&s, "sigma_H", 1) * QEP_PLANCK / (QEP_E_CHARGE * QEP_E_CHARGE), -0.5 * (0.1 / 0.15 - 0.1), 1e-3);
    sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_kelvin),       cmocka_unit_test(sum_rule_and_sea),     cmocka_unit_test(alternating_current),
        cmocka_unit_test(positions_are_used), cmocka_unit_test(metric_from_overlaps), cmocka_unit_test(dirac_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
