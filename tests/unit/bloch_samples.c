/* Models and single sums for the tests of the room bloch. */
#include "bloch_samples.h"

sample sample_model(qep_bloch_model *model) {
    return (sample){.model = model, .settings = {.tau = 1e-13, .spin_factor = 1.0}};
}

qep_bloch_model *sample_standard(const char *name) {
    const qep_bloch_model_row *row = qep_bloch_model_find(name);
    double value[QEP_BLOCH_PARAMETERS];
    qep_bloch_model *m = NULL;
    for (size_t p = 0; p < QEP_BLOCH_PARAMETERS; p++) {
        value[p] = row->parameter[p].standard;
    }
    assert_int_equal(qep_bloch_model_builtin(&m, row, value, NULL), QEP_OK);
    return m;
}

qep_bloch_model *sample_tilted(void) {
    return sample_standard("tilted_qwz");
}

qep_bloch_model *sample_doubled(void) {
    const double t = QEP_E_CHARGE, u = -1.2, a = 5e-10, tilt = 0.3 * t;
    const double lattice[3][3] = {{a, 0, 0}, {0, a, 0}}, orbital[4][3] = {{0}}, onsite[4] = {t * u, -t * u, t * u, -t * u};
    qep_bloch_hopping h[32];
    size_t count = 0;
    for (size_t c = 0; c < 4; c += 2) { /* tilted QWZ on orbitals c, c + 1 */
        h[count++] = (qep_bloch_hopping){{1, 0, 0}, c, c, 0.5 * t - 0.5 * I * tilt};
        h[count++] = (qep_bloch_hopping){{1, 0, 0}, c + 1, c + 1, -0.5 * t - 0.5 * I * tilt};
        h[count++] = (qep_bloch_hopping){{1, 0, 0}, c, c + 1, -0.5 * I * t};
        h[count++] = (qep_bloch_hopping){{1, 0, 0}, c + 1, c, -0.5 * I * t};
        h[count++] = (qep_bloch_hopping){{0, 1, 0}, c, c, 0.5 * t};
        h[count++] = (qep_bloch_hopping){{0, 1, 0}, c + 1, c + 1, -0.5 * t};
        h[count++] = (qep_bloch_hopping){{0, 1, 0}, c, c + 1, -0.5 * t};
        h[count++] = (qep_bloch_hopping){{0, 1, 0}, c + 1, c, 0.5 * t};
    }
    qep_bloch_model *m = NULL;
    assert_int_equal(qep_bloch_model_list(&m, 2, lattice, 4, orbital, onsite, h, count, NULL, NULL), QEP_OK);
    return m;
}

static void sum(sample *s, const size_t *points, const double *shift, double mu, double T, unsigned wanted, int refine) {
    qep_error err = {0};
    const qep_bloch_state_point state = {T, mu * QEP_E_CHARGE};
    const qep_bloch_request request = {.model = s->model, .points = points, .shift = shift, .state = &state, .states = 1, .tau = s->settings.tau,
                                       .wanted = wanted, .refine = refine, .threads = 1};
    s->T = T;
    qep_bloch_sums_free(&s->sums);
    if (qep_bloch_sum(&s->sums, &request, &err) != QEP_OK) {
        fail_msg("%s", err.item[0].message);
    }
}

void sample_sum(sample *s, const size_t *points, const double *shift, double mu, double T, unsigned wanted) {
    sum(s, points, shift, mu, T, wanted, 0);
}

void sample_refined(sample *s, const size_t *points, double mu, double T, unsigned wanted, int levels) {
    sum(s, points, NULL, mu, T, wanted, levels);
}

sample sample_builtin(const char *name, const double *value, size_t N, size_t N2, double mu, double T, unsigned wanted) {
    qep_bloch_model *m = NULL;
    if (value) {
        assert_int_equal(qep_bloch_model_builtin(&m, qep_bloch_model_find(name), value, NULL), QEP_OK);
    }
    sample s = sample_model(value ? m : sample_standard(name));
    const size_t points[3] = {N, N2, N};
    sample_sum(&s, points, NULL, mu, T, wanted);
    return s;
}

double sample_get(const sample *s, const char *name, int component) {
    double out[27] = {0};
    qep_bloch_quantity_find(name)->value(&s->sums, 0, s->T, 0, s->model->dim, &s->settings, out);
    return out[component];
}

void sample_free(sample *s) {
    qep_bloch_sums_free(&s->sums);
    qep_bloch_model_destroy(s->model);
}
