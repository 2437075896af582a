/* If this fails, a response printed for a model differs from what independent programs agreed on, or breaks an exact relation. */
#include "bloch_samples.h"

#include "bloch/sums.h"
#include "qep/base/memory.h"
#include "qep/bloch/compute.h"

/* Columns of docs/bloch.md's reference table: tau = 1e-13 s, components xx or xy; sigma_H in e^2/h. */
typedef struct {
    const char *model;
    size_t N, N2;
    double mu, T; /* eV, K */
    double sigma_H, alpha_H, sigma_D, alpha_D, sigma_inter, fg, s;
} reference;

#define NO NAN

static const reference references[] = {
    /* clang-format off */
    {"massive_dirac", 512, 4, .15, 100,  -0.28697736775,  -2.16791929217e-10, 2.43169705733e-4, -1.04316224993e-8, 2.16485264292e-7, 0.0689941949322, NO},
    {"massive_dirac", 512, 4, .15, 300,  -0.298170437327, -5.12662805067e-10, 2.46782022786e-4, -2.58091493329e-8, 2.32956264362e-7, 0.0683206771366, NO},
    {"massive_dirac", 512, 4, 0,   300,  -0.446306494242, NO,                 5.32068617824e-6, NO,                3.88703385419e-7, 0.0556561870338, NO},
    {"massive_dirac", 2048, 4, .05, 20,  -0.45,           NO,                 2.5094e-18,       -6.7026e-21,       3.92826132359e-7, 0.0556561870338, NO},
    {"qwz", 32, 32, 1, 300,   -0.55436999364,  -5.08248035671e-10, 1.49289382955e-3, -6.78116689633e-8, 8.47037095e-8,  0.141648074051, 2.95371903779e-6},
    {"qwz", 64, 64, 1, 300,   -0.554328375253, -5.08079760376e-10, 1.48773951316e-3, -6.67144233178e-8, 8.469787257e-8, 0.141651595161, 2.95208607255e-6},
    {"qwz", 128, 128, 1, 300, -0.554328367972, -5.08079845799e-10, 1.48774086064e-3, -6.67136277791e-8, 8.469787161e-8, 0.141651595824, 2.95208648594e-6},
    {"qwz", 256, 256, 1, 300, -0.554328367972, -5.08079845799e-10, 1.48774086064e-3, -6.67136277793e-8, 8.469787160e-8, 0.141651595824, 2.95208648594e-6},
    {"qwz", 256, 256, 1, 50,  -0.551462605089, -8.29375006e-11,    1.46486724e-3,    -1.08407e-8,       NO, NO, NO},
    {"haldane", 64, 64, .8, 300,   0.780370290925, 2.48303145964e-10, 1.26511e-3,       -4.3288e-8,        NO,               NO,             NO},
    {"haldane", 128, 128, .8, 300, 0.780385508513, 2.48183828919e-10, 1.26391053137e-3, -4.45478934519e-8, NO,               NO,             NO},
    {"haldane", 256, 256, .8, 300, 0.780385511215, 2.48183858063e-10, 1.26391272729e-3, -4.45480565533e-8, 1.0149929541e-7,  0.105770698317, 5.86638467631e-6},
    {"tilted_qwz", 256, 256, 1, 300, -0.535288374976, -3.69638629246e-10, 2.28154067373e-3, NO, NO, NO, NO},
    /* clang-format on */
};

/* Digits given: 12 or fewer; a unit of the last one. */
static void agrees(const char *what, const reference *r, double got, double want, double tolerance) {
    if (!isnan(want) && !(fabs(got - want) <= tolerance * fabs(want))) {
        fail_msg("%s %s N=%zu mu=%g T=%g: %.13g instead of %.13g", r->model, what, r->N, r->mu, r->T, got, want);
    }
}

/* Significant digits of a reference number, as a relative tolerance. */
static double digits(double value) {
    char text[40];
    for (int n = 3; n < 13; n++) {
        snprintf(text, sizeof text, "%.*e", n - 1, value);
        if (atof(text) == value) {
            return 1.01 * pow(10.0, 1 - n);
        }
    }
    return 1e-11;
}

static void reference_numbers(void **state) {
    (void)state;
    const double quantum = QEP_E_CHARGE * QEP_E_CHARGE / QEP_PLANCK;
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        const reference *r = &references[i];
        sample s = sample_builtin(r->model, NULL, r->N, r->N2, r->mu, r->T, LINEAR);
        agrees("sigma_H", r, sample_get(&s, "sigma_H", 1) / quantum, r->sigma_H, digits(r->sigma_H));
        agrees("alpha_H", r, sample_get(&s, "alpha_H", 1), r->alpha_H, digits(r->alpha_H));
        agrees("alpha_N", r, sample_get(&s, "alpha_N", 1), r->alpha_H, digits(r->alpha_H));
        agrees("sigma_D", r, sample_get(&s, "sigma_D", 0), r->sigma_D, digits(r->sigma_D));
        agrees("alpha_D", r, sample_get(&s, "alpha_D", 0), r->alpha_D, digits(r->alpha_D));
        agrees("sigma_inter", r, sample_get(&s, "sigma_inter", 0), r->sigma_inter, digits(r->sigma_inter));
        agrees("fg", r, sample_get(&s, "fg", 0), r->fg, digits(r->fg));
        agrees("s", r, sample_get(&s, "s", 0), r->s, digits(r->s));
        sample_free(&s);
    }
}

/* Onsager: entropy Hall and anomalous Nernst from different kernels; U5: two forms of the entropy production. */
static void exact_relations(void **state) {
    (void)state;
    sample s = sample_builtin("qwz", NULL, 64, 64, 1.0, 300, LINEAR);
    const double a = sample_get(&s, "alpha_H", 1), b = sample_get(&s, "alpha_N", 1);
    assert_true(fabs(a - b) <= 1e-12 * fabs(a));
    s.settings.field[0] = 1e3;
    s.settings.field[1] = -4e2;
    const double production = sample_get(&s, "entropy_production", 0);
    assert_true(production > 0.0);
    assert_true(fabs(sample_get(&s, "entropy_rate_total", 0)) < 1e-13 * production);
    const double inter = -QEP_E_CHARGE * QEP_E_CHARGE / s.settings.tau * sample_get(&s, "fG", 0);
    assert_true(fabs(inter - 8.46984854047e-8) < 1e-7 * inter); /* leading order in 1/tau: N = 256 of the reference to 7 digits */
    sample_free(&s);
}

static void quantised_in_the_gap(void **state) {
    (void)state;
    const double quantum = QEP_E_CHARGE * QEP_E_CHARGE / QEP_PLANCK;
    sample s = sample_builtin("qwz", NULL, 64, 64, 0.0, 0.0, COLD);
    assert_true(fabs(sample_get(&s, "sigma_H", 1) / quantum + 1.0) < 1e-12);
    sample_free(&s);
    static const double mu300[][2] = {{600, -3.25999388325e-13}, {300, -2.04703699e-17}, {150, -8.18405e-26}};
    for (int i = 0; i < 3; i++) {
        s = sample_builtin("qwz", NULL, 256, 256, 0.3, mu300[i][0], LINEAR);
        const double got = sample_get(&s, "alpha_H", 1);
        if (!(fabs(got - mu300[i][1]) < digits(mu300[i][1]) * fabs(got))) {
            fail_msg("alpha_H(%g K) = %.13g instead of %.13g", mu300[i][0], got, mu300[i][1]);
        }
        if (i == 0) {
            assert_true(fabs(sample_get(&s, "sigma_H", 1) / quantum + 0.999991535316) < 1e-11);
        }
        sample_free(&s);
    }
    s = sample_builtin("qwz", NULL, 64, 64, 0.3, 1.0, LINEAR);
    assert_true(fabs(sample_get(&s, "alpha_H", 1)) < 1e-300);
    sample_free(&s);
    static const double haldane[][2] = {{8, 1.00559}, {16, 0.999992139}, {32, 0.999999999934}};
    for (int i = 0; i < 3; i++) {
        s = sample_builtin("haldane", NULL, (size_t)haldane[i][0], (size_t)haldane[i][0], 0.0, 0.0, COLD);
        const double got = sample_get(&s, "sigma_H", 1) / quantum;
        assert_true(fabs(got - haldane[i][1]) < digits(haldane[i][1]) * haldane[i][1]);
        sample_free(&s);
    }
    s = sample_builtin("haldane", NULL, 64, 64, 0.0, 0.0, COLD);
    assert_true(fabs(sample_get(&s, "fg", 0) - 0.0874458137080) < 1e-12);
    sample_free(&s);
}

/* Dirac at T = 0 and in the Mott limit, against closed forms. */
static void dirac_closed_forms(void **state) {
    (void)state;
    sample s = sample_builtin("massive_dirac", NULL, 8192, 4, 0.15, 5.0, LINEAR);
    assert_true(fabs(sample_get(&s, "alpha_H", 1) / 5.0 + 2.1034202e-12) < 1e-19);
    sample_free(&s);
}

/* Table (e): tilted QWZ, N = 128; columns xxx, xyy, yxy, yxx. */
static void second_order(void **state) {
    (void)state;
    static const double T1[] = {2.12929736888e-15, 2.18379650678e-15, -5.385593121e-16, 0},
                        T2[] = {3.03107189997e-16, 3.00700676777e-16, 9.489811153e-17, 0},
                        adiabatic[] = {3.19394605325e-15, -2.16901687754e-15, 1.914516851e-15, 0},
                        hall[] = {0, -2.72235581881e-15, 1.361177909e-15, 0},
                        rta[] = {7.61541494418e-16, -1.93115824223e-15, 9.970001418e-16, 0};
    static const int component[] = {0, 3, 5, 4};
    static const struct {
        const char *name;
        qep_bloch_scheme scheme;
        const double *want;
    } rows[] = {{"T1", QEP_BLOCH_ADIABATIC, T1}, {"T2", QEP_BLOCH_ADIABATIC, T2}, {"sigma2", QEP_BLOCH_ADIABATIC, adiabatic},
                {"sigma2", QEP_BLOCH_HALL, hall}, {"sigma2", QEP_BLOCH_RTA, rta}};
    sample s = sample_builtin("tilted_qwz", NULL, 128, 128, 1.0, 300, EVERYTHING);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        s.settings.scheme = rows[i].scheme;
        for (int c = 0; c < 4; c++) {
            const double got = sample_get(&s, rows[i].name, component[c]), want = rows[i].want[c];
            if (!(fabs(got - want) < 2e-10 * fabs(want) + 1e-24)) {
                fail_msg("%s scheme %d component %d: %.13g instead of %.13g", rows[i].name, rows[i].scheme, component[c], got, want);
            }
        }
    }
    sample_free(&s);
}

/* sigma and alpha of a sheet do not depend on a; T1 grows with a. */
static void scaling(void **state) {
    (void)state;
    const double small[] = {QEP_E_CHARGE, -1.2, 5e-10, 0.3 * QEP_E_CHARGE}, large[] = {QEP_E_CHARGE, -1.2, 15e-10, 0.3 * QEP_E_CHARGE};
    sample a = sample_builtin("tilted_qwz", small, 24, 24, 1.0, 900, EVERYTHING), b = sample_builtin("tilted_qwz", large, 24, 24, 1.0, 900, EVERYTHING);
    static const char *const same[] = {"sigma_H", "alpha_H", "fg"};
    for (int i = 0; i < 3; i++) {
        const double x = sample_get(&a, same[i], i < 2 ? 1 : 0), y = sample_get(&b, same[i], i < 2 ? 1 : 0);
        assert_true(fabs(x - y) < 1e-12 * fabs(x));
    }
    assert_true(fabs(3.0 * sample_get(&a, "T1", 0) - sample_get(&b, "T1", 0)) < 1e-12 * fabs(sample_get(&b, "T1", 0)));
    sample_free(&a);
    sample_free(&b);
}

/* A scan through tables equals sums state by state; and bits do not depend on threads. */
static void scans(void **state) {
    (void)state;
    enum { NT = 6, NMU = 15 };
    static const double T[NT] = {20, 45, 100, 101, 290, 600};
    qep_bloch_state_point points[NT * NMU];
    for (size_t i = 0; i < NT * NMU; i++) {
        points[i] = (qep_bloch_state_point){T[i / NMU], (-3.4 + 0.47 * (double)(i % NMU)) * QEP_E_CHARGE};
    }
    sample s = sample_model(sample_tilted());
    const size_t N[3] = {24, 25, 1};
    qep_bloch_request request = {.model = s.model, .points = N, .state = points, .states = NT * NMU, .tau = 1e-13, .wanted = EVERYTHING, .threads = 1};
    qep_bloch_sums tables = {0}, again = {0}, direct = {0};
    assert_int_equal(qep_bloch_sum(&tables, &request, NULL), QEP_OK);
    request.threads = 3;
    assert_int_equal(qep_bloch_sum(&again, &request, NULL), QEP_OK);
    assert_memory_equal(tables.value, again.value, tables.width * NT * NMU * sizeof(double));
    request.direct = 1;
    assert_int_equal(qep_bloch_sum(&direct, &request, NULL), QEP_OK);
    for (int integral = 0; integral < QEP_BLOCH_INTEGRALS; integral++) { /* components that vanish by symmetry are measured by the others */
        const size_t first = direct.at[integral], end = integral + 1 < QEP_BLOCH_INTEGRALS ? direct.at[integral + 1] : direct.width;
        for (size_t i = 0; i < NT * NMU; i++) {
            double scale = 0.0, worst = 0.0, whole = 0.0;
            for (size_t c = first; c < end; c++) {
                scale = fmax(scale, fabs(direct.value[i * direct.width + c]));
                worst = fmax(worst, fabs(tables.value[i * tables.width + c] - direct.value[i * direct.width + c]));
            }
            for (size_t k = 0; k < NT * NMU * direct.width; k++) {
                whole = k % direct.width >= first && k % direct.width < end ? fmax(whole, fabs(direct.value[k])) : whole;
            }
            if (!(worst <= 5e-12 * scale + (bloch_integrals[integral].kernel == KERNEL_F ? 1e-13 : 1e-16) * whole)) {
                fail_msg("integral %d at T = %g, mu = %g eV: tables and direct sums differ by %.3g of %.3g", integral, points[i].T,
                         points[i].mu / QEP_E_CHARGE, worst, scale);
            }
        }
    }
    qep_bloch_sums one = {0};
    request.threads = 1;
    assert_int_equal(qep_bloch_sum(&one, &request, NULL), QEP_OK);
    assert_memory_equal(one.value, direct.value, one.width * NT * NMU * sizeof(double));
    qep_bloch_sums_free(&one);
    qep_bloch_sums_free(&tables);
    qep_bloch_sums_free(&again);
    qep_bloch_sums_free(&direct);
    sample_free(&s);
}

static void chern_numbers(void **state) {
    (void)state;
    const double zero[2] = {0, 0};
    static const struct {
        const char *name;
        size_t N;
        double lower;
    } rows[] = {{"qwz", 8, 1.0}, {"haldane", 12, -1.0}};
    for (int i = 0; i < 2; i++) {
        sample s = sample_model(sample_standard(rows[i].name));
        const size_t points[2] = {rows[i].N, rows[i].N};
        double chern[2], gap[2];
        assert_int_equal(qep_bloch_chern(s.model, points, zero, chern, gap, NULL, NULL), QEP_OK);
        assert_true(chern[0] == rows[i].lower && chern[1] == -rows[i].lower);
        assert_true(gap[0] > 0.1 * QEP_E_CHARGE);
        sample_free(&s);
    }
    const double closed[] = {QEP_E_CHARGE, -2.0, 5e-10}; /* the gap closes at Gamma */
    qep_error err = {0};
    qep_bloch_model *m = NULL;
    assert_int_equal(qep_bloch_model_builtin(&m, qep_bloch_model_find("qwz"), closed, &err), QEP_OK);
    const size_t points[2] = {8, 8};
    double chern[2], gap[2];
    assert_int_equal(qep_bloch_chern(m, points, zero, chern, gap, NULL, &err), QEP_ERR_PROBLEM);
    qep_bloch_model_destroy(m);
}

/* Two Weyl nodes at kz = +-k0: every slice between them carries one quantum, |sigma_xy| = (e^2/h) 2 k0/(2 pi a). */
static void weyl_nodes(void **state) {
    (void)state;
    const double k0 = 1.3, a = 4e-10, value[] = {QEP_E_CHARGE, k0, a}, quantum = QEP_E_CHARGE * QEP_E_CHARGE / QEP_PLANCK;
    qep_bloch_model *m = NULL;
    assert_int_equal(qep_bloch_model_builtin(&m, qep_bloch_model_find("weyl"), value, NULL), QEP_OK);
    sample s = sample_model(m);
    const size_t points[3] = {24, 24, 64};
    const double shift[3] = {0.5, 0.5, 0.5};
    sample_sum(&s, points, shift, 0.0, 0.0, COLD);
    const double got = fabs(sample_get(&s, "sigma_H", 1)) / quantum, want = 2.0 * k0 / (2.0 * QEP_PI * a);
    assert_true(fabs(got - want) < 0.03 * want);
    sample_free(&s);
}

/* Degenerate bands: two copies of QWZ give twice everything, however LAPACK mixes them. */
static void copies_add_up(void **state) {
    (void)state;
    sample one = sample_model(sample_tilted()), two = sample_model(sample_doubled());
    const size_t points[3] = {20, 20, 1};
    sample_sum(&one, points, NULL, 0.9, 700, EVERYTHING);
    sample_sum(&two, points, NULL, 0.9, 700, EVERYTHING);
    for (int integral = 0; integral < QEP_BLOCH_INTEGRALS; integral++) {
        const size_t first = one.sums.at[integral], end = integral + 1 < QEP_BLOCH_INTEGRALS ? one.sums.at[integral + 1] : one.sums.width;
        double scale = 0.0;
        for (size_t c = first; c < end; c++) {
            scale = fmax(scale, fabs(one.sums.value[c]));
        }
        for (size_t c = first; c < end; c++) {
            if (!(fabs(two.sums.value[c] - 2.0 * one.sums.value[c]) <= 1e-11 * scale)) {
                fail_msg("integral %d: %.15g instead of twice %.15g", integral, two.sums.value[c], one.sums.value[c]);
            }
        }
    }
    sample_free(&one);
    sample_free(&two);
}

/* Levels that nearly touch: pairs by difference quotients, not by large terms that cancel. */
static void near_crossings(void **state) {
    (void)state;
    const double wide[] = {QEP_E_CHARGE, -2.0 + 3e-6, 5e-10}, none[] = {QEP_E_CHARGE, -2.0, 5e-10};
    sample a = sample_builtin("qwz", wide, 16, 16, 0.0, 300, LINEAR), b = sample_builtin("qwz", none, 16, 16, 0.0, 300, LINEAR);
    /* the level at Gamma splits by 6e-6 eV: K V V of the pair moves from the Drude to the interband part, their sum stays */
    const double before = sample_get(&b, "sigma_D", 0) + sample_get(&b, "sigma_inter", 0);
    const double after = sample_get(&a, "sigma_D", 0) + sample_get(&a, "sigma_inter", 0);
    assert_true(fabs(before - after) < 2e-5 * before);
    sample_free(&a);
    sample_free(&b);
}

/* An adaptive grid reaches the value of a much finer regular one at low temperature. */
static void refinement_resolves(void **state) {
    (void)state;
    sample fine = sample_builtin("qwz", NULL, 512, 512, 1.0, 50, LINEAR), adaptive = sample_model(sample_standard("qwz"));
    const size_t points[3] = {6, 7, 1};
    sample_refined(&adaptive, points, 1.0, 50, LINEAR, 8);
    static const char *const names[] = {"sigma_D", "alpha_D", "sigma_H", "alpha_H", "s", "fg", "sigma_inter"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const int component = i == 2 || i == 3 ? 1 : 0;
        const double want = sample_get(&fine, names[i], component), got = sample_get(&adaptive, names[i], component);
        if (!(fabs(got - want) < 2e-5 * fabs(want))) {
            fail_msg("%s: %.12g instead of %.12g with %zu points", names[i], got, want, adaptive.sums.k_points);
        }
    }
    assert_true(adaptive.sums.k_points < 512 * 512 / 2);
    sample_free(&fine);
    sample_free(&adaptive);
}

/* At 1 K, where a regular grid would need 10^9 points: what is linear in T, or constant, up to T^2, from 50 K and 100 K without T^2. */
static void one_kelvin(void **state) {
    (void)state;
    static const struct {
        const char *model;
        double mu;
        size_t N;
    } cases[] = {{"qwz", 1.0, 512}, {"haldane", 0.8, 768}};
    static const struct {
        const char *name;
        int component, power;
    } rows[] = {{"sigma_H", 1, 0}, {"sigma_D", 0, 0}, {"n", 0, 0}, {"dos", 0, 0}, {"alpha_H", 1, 1}, {"alpha_N", 1, 1}, {"alpha_D", 0, 1}, {"s", 0, 1}};
    const unsigned wanted = LINEAR & ~(1u << QEP_BLOCH_Z_F | 1u << QEP_BLOCH_Z_S | 1u << QEP_BLOCH_Z_N | 1u << QEP_BLOCH_ZR_F);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sample warm = sample_builtin(cases[i].model, NULL, cases[i].N, cases[i].N, cases[i].mu, 100, wanted);
        sample cool = sample_builtin(cases[i].model, NULL, cases[i].N, cases[i].N, cases[i].mu, 50, wanted);
        sample cold = sample_model(sample_standard(cases[i].model));
        const size_t points[3] = {8, 8, 1};
        cold.settings.sea = 1;
        sample_refined(&cold, points, cases[i].mu, 1.0, wanted | 1u << QEP_BLOCH_VV_S, 12);
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
            const double per[2] = {rows[r].power ? 100.0 : 1.0, rows[r].power ? 50.0 : 1.0};
            const double a = sample_get(&warm, rows[r].name, rows[r].component) / per[0], b = sample_get(&cool, rows[r].name, rows[r].component) / per[1];
            const double want = (4.0 * b - a) / 3.0, got = sample_get(&cold, rows[r].name, rows[r].component);
            if (!(fabs(got - want) < 8e-5 * fabs(want))) {
                fail_msg("%s %s at 1 K: %.10g, extrapolated %.10g", cases[i].model, rows[r].name, got, want);
            }
        }
        sample_free(&warm);
        sample_free(&cool);
        sample_free(&cold);
    }
}

/* The kernel of the anomalous Nernst coefficient is a quadrature of its own. */
static void nernst_kernel(void **state) {
    (void)state;
    for (double x = -60.0; x < 700.0; x += x < 60.0 ? 0.37 : 31.0) {
        double value[KERNEL_COUNT];
        bloch_kernels(x, 0.0, 1.0, ~0u, value);
        assert_true(fabs(value[KERNEL_MOTT] - value[KERNEL_S]) <= 3e-14 * value[KERNEL_S]);
        assert_true(fabs(value[KERNEL_FISHER] - value[KERNEL_DF]) <= 3e-15 * value[KERNEL_DF] + (fabs(x) > 300.0));
    }
    double value[KERNEL_COUNT];
    bloch_kernels(40.0, 0.0, 1.0, 0, value);
    assert_true(fabs(value[KERNEL_S] - 41.0 * exp(-40.0)) < 1e-29);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_numbers), cmocka_unit_test(exact_relations),  cmocka_unit_test(quantised_in_the_gap),
        cmocka_unit_test(dirac_closed_forms), cmocka_unit_test(second_order),    cmocka_unit_test(scaling),
        cmocka_unit_test(scans),             cmocka_unit_test(chern_numbers),    cmocka_unit_test(weyl_nodes),
        cmocka_unit_test(copies_add_up),     cmocka_unit_test(near_crossings),   cmocka_unit_test(refinement_resolves),
        cmocka_unit_test(one_kelvin),
        cmocka_unit_test(nernst_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
