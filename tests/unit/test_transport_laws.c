/* If this fails, transport breaks a law that holds for any conductor: which lead is called left, where energies are counted from, how heat and
 * entropy vanish with the temperature, that a full band holds one particle per site, that work adds up to the particles. Disorder and flux. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/transport/response.h"
#include "transport_cases.h"
#include <string.h>

enum { NX = 8, NY = 6 };
static const int faces[4] = {0, 1, 2, 3};

static void disorder(double *U, double strength, double offset) {
    for (size_t i = 0; i < NX * NY; i++) {
        U[i] = strength * (irregular(i) - 0.5) + offset;
    }
}

static double most(const double *v, size_t n) {
    double largest = 0.0;
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(v[i]));
    }
    return largest;
}

static void assert_same(const double *a, const double *b, size_t n, double relative, const char *what) {
    const double scale = most(b, n);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(a[i] - b[i]) <= relative * scale)) {
            print_error("%s[%zu]: %.15g, wanted %.15g\n", what, i, a[i], b[i]);
            fail();
        }
    }
}

/* Two leads with their reservoirs exchanged: every current of one becomes that of the other, also in a field. */
static void left_is_a_word(void **state) {
    (void)state;
    double U[NX * NY];
    const double mu[3] = {.021, .017, .021}, T[3] = {40, 25, 40};
    disorder(U, .02, 0.0);
    for (int with_field = 0; with_field < 2; with_field++) {
        qep_steady r[2];
        for (size_t k = 0; k < 2; k++) {
            conductor c;
            make_wire(&c, NX, NY, U, 6.0 * with_field, QEP_LEAD_STRIP, faces, 2, mu + k, T + k);
            solve_steady(&c, 0, &r[k]);
            free_conductor(&c);
        }
        const double *const rows[2][7] = {{r[0].I_N, r[0].I_E, r[0].I_Q, r[0].I_S, r[0].TI_S, r[0].I_W, r[0].I_S_cg},
                                          {r[1].I_N, r[1].I_E, r[1].I_Q, r[1].I_S, r[1].TI_S, r[1].I_W, r[1].I_S_cg}};
        for (size_t x = 0; x < 7; x++) {
            const double swapped[2] = {rows[1][x][1], rows[1][x][0]};
            assert_same(rows[0][x], swapped, 2, 1e-10, "current");
        }
        qep_steady_free(&r[0]);
        qep_steady_free(&r[1]);
    }
}

/* 1 eV more everywhere, two to four leads, flux: I_E alone moves, by the energy of the particles. */
static void energy_zero(void **state) {
    (void)state;
    static const double mu[2][4] = {{.021, .017, .015, .019}, {1.021, 1.017, 1.015, 1.019}}, T[4] = {40, 25, 60, 0};
    for (size_t leads = 2; leads <= 4; leads++) {
        qep_steady r[2];
        for (int k = 0; k < 2; k++) {
            double U[NX * NY];
            conductor c;
            disorder(U, .02, k);
            make_wire(&c, NX, NY, U, 5.0, QEP_LEAD_STRIP, faces, leads, mu[k], T);
            solve_steady(&c, 0, &r[k]);
            free_conductor(&c);
        }
        assert_same(r[1].I_N, r[0].I_N, leads, 1e-10, "I_N");
        assert_same(r[1].I_Q, r[0].I_Q, leads, 1e-10, "I_Q");
        assert_same(r[1].I_S, r[0].I_S, leads, 1e-9, "I_S");
        assert_same(r[1].I_W, r[0].I_W, leads, 1e-10, "I_W");
        for (size_t a = 0; a < leads; a++) {
            assert_true(fabs(r[1].I_E[a] - r[0].I_E[a] - EV * r[0].I_N[a]) < 1e-9 * most(r[1].I_E, leads));
        }
        qep_steady_free(&r[0]);
        qep_steady_free(&r[1]);
    }
}

/* Under bias I_Q tends to its value at T = 0 as T^2, so that I_Q/T grows as 1/T, and I_S falls as T. */
static void towards_zero_temperature(void **state) {
    (void)state;
    double U[NX * NY], sets_mu[8], sets_T[8] = {0, 0, .1, .1, .2, .2, .4, .4};
    const double mu[2] = {.021, .017}, T[2] = {0, 0};
    conductor c;
    qep_steady r;
    qep_error err = {0};
    disorder(U, .02, 0.0);
    for (size_t i = 0; i < 8; i++) {
        sets_mu[i] = mu[i % 2] * EV;
    }
    make_wire(&c, NX, NY, U, 3.0, QEP_LEAD_STRIP, faces, 2, mu, T);
    const qep_steady_options o = {.sets = 4, .mu = sets_mu, .temperature = sets_T, .spin = 1.0, .tolerance = 1e-12, .threads = 2};
    assert_int_equal(qep_steady_solve(c.system, &c.h, &o, &r, &err), QEP_OK);
    assert_true(isinf(r.clausius[0]) && r.I_S[0] == 0.0 && r.TI_S[1] == 0.0);
    assert_near(r.I_W[1], r.I_Q[1], 1e-12, "at T = 0 all heat is I_W");
    for (size_t k = 1; k < 3; k++) {
        const size_t at = 2 * k + 1, next = at + 2;
        assert_near((r.I_Q[next] - r.I_Q[1]) / (r.I_Q[at] - r.I_Q[1]), 4.0, 1e-2, "I_Q - I_Q(0) as T^2");
        assert_near(r.I_S[next] / r.I_S[at], 2.0, 1e-2, "I_S as T");
        assert_near(-r.I_Q[at] / r.temperature[at] * .1 * (double)k, -r.I_Q[1], 1e-3, "slope of I_Q/T over 1/T");
    }
    qep_steady_free(&r);
    free_conductor(&c);
}

/* Scattering states and bound states are complete: at mu above everything every site holds one particle, and no entropy. */
static void full_band(void **state) {
    (void)state;
    double U[NX * NY];
    const double mu[4] = {1, 1, 1, 1}, T[4] = {0, 0, 0, 0};
    disorder(U, .15, 0.0); /* strong enough to leave the bands */
    for (size_t leads = 2; leads <= 4; leads += 2) {
        for (int with_field = 0; with_field < 2; with_field++) {
            conductor c;
            qep_steady r;
            qep_error err = {0};
            make_wire(&c, NX, NY, U, 5.0 * with_field, QEP_LEAD_STRIP, faces, leads, mu, T);
            const qep_steady_options o = {.spin = 1.0, .tolerance = 1e-10, .threads = 2, .fields = 1, .fill_bound_states = 1};
            assert_int_equal(qep_steady_solve(c.system, &c.h, &o, &r, &err), QEP_OK);
            for (size_t i = 0; i < NX * NY; i++) {
                if (!(fabs(r.n[i] - 1.0) < 1e-8 && fabs(r.s_site[i]) < 1e-6 * QEP_BOLTZMANN)) {
                    print_error("site %zu, %zu leads, field %d: n = %.12f, %zu bound states hold %.3e of it\n", i, leads, with_field, r.n[i], r.bound_states,
                                r.weight[i]);
                    fail();
                }
                assert_true(r.s_hs[i] == 0.0);
            }
            qep_steady_free(&r);
            free_conductor(&c);
        }
    }
}

/* A ring with flux, disorder and strict wide bands, whose own grand potential never changes: the work at all sites is n_d, exactly. With flux
 * G_jd and G_dj differ. */
static void work_adds_up(void **state) {
    (void)state;
    enum { N = 7 };
    double onsite[N];
    qep_hopping bonds[N];
    const size_t sites[2] = {1, 4};
    for (int with_flux = 0; with_flux < 2; with_flux++) {
        conductor c;
        qep_error err = {0};
        for (size_t i = 0; i < N; i++) {
            onsite[i] = .8 * (irregular(i) - .5) * EV;
            bonds[i] = (qep_hopping){i, (i + 1) % N, -cexp(I * .37 * with_flux) * EV};
        }
        assert_int_equal(qep_hamiltonian_from_list(&c.h, N, onsite, bonds, N, NULL, &err), QEP_OK);
        qep_terminal_spec specs[2];
        for (size_t a = 0; a < 2; a++) {
            specs[a] = (qep_terminal_spec){.name = a ? "R" : "L", .kind = QEP_LEAD_WIDEBAND, .face = QEP_NO_FACE, .sites = sites + a, .site_count = 1,
                                           .gamma = (.3 + .4 * (double)a) * EV};
        }
        assert_int_equal(qep_system_create(&c.system, &c.h, specs, 2, &err), QEP_OK);
        for (size_t d = 0; d < N; d += 3) {
            for (int hot = 0; hot < 2; hot++) {
                qep_work_map m;
                assert_int_equal(qep_work_map_solve(c.system, d, .23 * EV, hot ? 900.0 : 0.0, 1.0, 1e-11, 2, &m, &err), QEP_OK);
                if (!(m.density > .05 && fabs(m.lead) < 2e-9 * m.density)) {
                    print_error("site %zu: n_d = %.12f, w_d = %.12f, left over %.2e\n", d, m.density, m.w[d], m.lead);
                    fail();
                }
                assert_true(fabs(m.w[(d + 1) % N]) > 1e-4); /* work where no force acts */
                qep_work_map_free(&m);
            }
        }
        free_conductor(&c);
    }
}

/* Heat and entropy of a small difference of temperature: dI_E/dT at mu = 0 by finite differences is T dI_S/dT. */
static void small_differences(void **state) {
    (void)state;
    const double mu[2] = {0, 0}, T = 10.0, h = .02, hot[2] = {T + h, T - h};
    conductor c;
    qep_steady r;
    qep_response l;
    qep_error err = {0};
    make_level(&c, .02, .01, .02, mu, hot);
    solve_steady(&c, 0, &r);
    assert_int_equal(qep_response_solve(c.system, 0.0, T, 1.0, 1e-12, 1, &l, &err), QEP_OK);
    assert_near(r.I_E[0] / (2.0 * h), T * l.L22[0], 1e-5, "L22 from I_E");
    assert_near(r.I_S[0] / (2.0 * h), l.L22[0], 1e-5, "L22 from I_S");
    assert_near(r.I_N[0] / (2.0 * h), l.L12[0], 1e-5, "L12");
    qep_response_free(&l);
    qep_steady_free(&r);
    free_conductor(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(left_is_a_word), cmocka_unit_test(energy_zero), cmocka_unit_test(towards_zero_temperature),
                                       cmocka_unit_test(full_band),      cmocka_unit_test(work_adds_up), cmocka_unit_test(small_differences)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
