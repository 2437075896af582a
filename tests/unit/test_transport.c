/* If this fails, currents through a conductor differ from closed forms and reference numbers of the specification (sections a to h there). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/transport/response.h"
#include "transport_cases.h"
#include <string.h>

/* ---- (a) unit transmission: closed forms ----------------------------------------------------------------------------------- */

/* I_N = (mu_L - mu_R)/h, I_S = pi^2 k^2 (T_L - T_R)/3h at any difference; at equal T I_Q into each side = (mu_L - mu_R)^2/2h, I_S = 0. */
static void clean_channel(void **state) {
    (void)state;
    static const double cases[][4] = {{.005, -.005, 4.2, 4.2}, {.005, -.005, 300, 300}, {0, 0, 310, 300}, {.01, -.03, 77, 310}, {.005, -.005, .01, .01},
                                      {.005, -.005, 0, 0},     {.02, .01, 0, 30}};
    const double onsite[2] = {0, 0}, k2 = QEP_PI * QEP_PI * QEP_BOLTZMANN * QEP_BOLTZMANN / 3.0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        conductor c;
        qep_steady r;
        const double *p = cases[i], dmu = (p[0] - p[1]) * EV, mean = 0.5 * (p[0] * p[0] - p[1] * p[1]) * EV * EV, dT2 = p[2] * p[2] - p[3] * p[3];
        make_chain(&c, 2, onsite, 1000.0, p, p + 2); /* so wide a band that its edges are nowhere */
        solve_steady(&c, 0, &r);
        const double power = EV * EV / QEP_PLANCK * 1e-4;
        assert_true(fabs(r.I_N[0] - dmu / QEP_PLANCK) <= 1e-12 * 0.01 * EV / QEP_PLANCK);
        assert_true(fabs(r.I_E[0] - (mean + 0.5 * k2 * dT2) / QEP_PLANCK) <= 1e-11 * power);
        assert_true(fabs(r.I_S[0] - k2 * (p[2] - p[3]) / QEP_PLANCK) <= 1e-11 * k2 * (p[2] + p[3]) / QEP_PLANCK);
        if (p[2] == p[3]) {
            assert_near(-r.I_Q[1], 0.5 * dmu * dmu / QEP_PLANCK, 1e-12, "I_Q into R");
            if (p[2] > 0.0) {
                assert_near(r.clausius[0], dmu * dmu / QEP_PLANCK / p[2], 1e-12, "Clausius rate");
            } else {
                assert_true(isinf(r.clausius[0]));
            }
        }
        qep_steady_free(&r);
        free_conductor(&c);
    }
}

/* A band of finite width: at its bottom the entropy current does not vanish at equal temperatures. */
static void finite_band(void **state) {
    (void)state;
    const double onsite[2] = {0, 0};
    static const double cases[2][4] = {{-1.99, -2.01, 300, 300}, {-1.9, -2.1, 0, 0}};
    static const double want[2][4] = {{2.4179892421e+12, -7.6080076572e-07, 1.7882453135e-08, 4.5868326971e-11},
                                      {2.4179892421e+13, -7.5543894366e-06, 5.8110687974e-07, 0}};
    for (size_t i = 0; i < 2; i++) {
        conductor c;
        qep_steady r;
        make_chain(&c, 2, onsite, 1.0, cases[i], cases[i] + 2);
        solve_steady(&c, 0, &r);
        if (i == 0) {
            assert_near(r.I_S[0], want[i][3], 1e-10, "I_S");
        } else {
            assert_true(r.I_S[0] == 0.0);
        }
        assert_near(r.I_N[0], want[i][0], 1e-10, "I_N");
        assert_near(r.I_E[0], want[i][1], 1e-10, "I_E");
        assert_near(-r.I_Q[1], want[i][2], 1e-10, "I_Q into R");
        if (i == 0) {
            assert_near(-r.I_Q[1] / 300, 5.9608177116e-11, 1e-10, "I_Q/T");
        } else {
            assert_true(isinf(r.clausius[0]));
        }
        qep_steady_free(&r);
        free_conductor(&c);
    }
}

/* ---- (b) Breit-Wigner ------------------------------------------------------------------------------------------------------- */

static void breit_wigner(void **state) {
    (void)state;
    static const double cases[5][4] = {{.005, -.005, 4.2, 4.2}, {.005, -.005, 300, 300}, {0, 0, 310, 300}, {.005, -.005, .01, .01}, {.005, -.005, 0, 0}};
    /* I_N, I_E, I_Q,L (out), I_Q,R (in), I_S */
    static const double want[5][5] = {{7.9062956928e+11, 7.0537374323e-11, -5.6282673670e-10, 7.0390148535e-10, 8.3244011001e-13},
                                      {6.6611136479e+11, 1.5761704592e-09, 1.0425564270e-09, 2.1097844913e-09, 5.2249581246e-12},
                                      {3.2118476888e+10, 2.4295229516e-10, 2.4295229516e-10, 2.4295229516e-10, 7.9668789319e-13},
                                      {7.8980770064e+11, 6.6973240016e-11, -5.6573248164e-10, 6.9967896167e-10, 1.9794638611e-15},
                                      {7.8980769597e+11, 6.6973219834e-11, -5.6573249809e-10, 6.9967893776e-10, 0}};
    for (size_t i = 0; i < 5; i++) {
        conductor c;
        qep_steady r;
        make_level(&c, .02, .01, .02, cases[i], cases[i] + 2);
        solve_steady(&c, 0, &r);
        assert_near(r.I_N[0], want[i][0], 1e-10, "I_N");
        assert_near(r.I_E[0], want[i][1], 1e-10, "I_E");
        assert_near(r.I_Q[0], want[i][2], 1e-10, "I_Q out of L");
        assert_near(-r.I_Q[1], want[i][3], 1e-10, "I_Q into R");
        assert_near(r.I_S[0], want[i][4], 1e-10, "I_S");
        if (i == 1) {
            assert_near(r.I_N[0], 666111364788.741, 1e-13, "I_N, forty digits");
            assert_near(r.I_S[0], 5.224958124596902e-12, 1e-13, "I_S, forty digits");
            assert_near(-r.TI_S[1], 1.5674874374e-09, 1e-10, "T I_S");
            assert_near(-r.I_W[1], 5.4229705393e-10, 1e-10, "I_W");
            assert_near(-r.I_S_cg[1], 6.03440080e-12, 1e-8, "coarse-grained I_S into R");
            assert_near(-r.I_S_cg[0] - r.I_S_cg[1], 1.62369372e-12, 1e-8, "its sum");
        }
        qep_steady_free(&r);
        free_conductor(&c);
    }
}

/* T -> 0 under bias: I_Q/T diverges, I_S falls in proportion to T. One pass over energy for all temperatures. */
static void heat_over_temperature_diverges(void **state) {
    (void)state;
    enum { SETS = 6 };
    static const double T[SETS] = {100, 10, 1, .1, .01, .001};
    static const double ratio[SETS] = {1.9656420122e-11, 7.2369164807e-11, 6.9991813389e-10, 6.9968132961e-09, 6.9967896167e-08, 6.9967893799e-07};
    static const double entropy[SETS] = {1.1756304536e-11, 1.9928799422e-12, 1.9796094986e-13, 1.9794653042e-14, 1.9794638611e-15, 1.9794638467e-16};
    const double mu[2] = {.005, -.005}, zero[2] = {0, 0};
    double sets_mu[2 * SETS], sets_T[2 * SETS];
    conductor c;
    qep_steady r;
    qep_error err = {0};
    make_level(&c, .02, .01, .02, mu, zero);
    for (size_t i = 0; i < 2 * SETS; i++) {
        sets_mu[i] = mu[i % 2] * EV;
        sets_T[i] = T[i / 2];
    }
    const qep_steady_options o = {.sets = SETS, .mu = sets_mu, .temperature = sets_T, .spin = 1.0, .tolerance = 1e-11, .threads = 2};
    assert_int_equal(qep_steady_solve(c.system, &c.h, &o, &r, &err), QEP_OK);
    for (size_t i = 0; i < SETS; i++) {
        assert_near(-r.I_Q[2 * i + 1] / T[i], ratio[i], 1e-10, "I_Q/T");
        assert_near(r.I_S[2 * i], entropy[i], 1e-9, "I_S");
    }
    qep_steady_free(&r);
    free_conductor(&c);
}

/* ---- (c) wires -------------------------------------------------------------------------------------------------------------- */

enum { WIDE = 20, ENERGIES = 7 };
static const double energies[ENERGIES] = {.8e-3, 2e-3, 4e-3, 8e-3, 12e-3, 20e-3, 30e-3};

static void check_wire(size_t nx, const double *U, qep_lead_kind kind, const double *want, double tolerance) {
    const int faces[2] = {0, 1};
    const double mu[2] = {0, 0}, T[2] = {0, 0};
    double E[ENERGIES], out[4 * ENERGIES];
    conductor c;
    qep_error err = {0};
    for (size_t i = 0; i < ENERGIES; i++) {
        E[i] = energies[i] * EV;
    }
    make_wire(&c, nx, WIDE, U, 0.0, kind, faces, 2, mu, T);
    assert_int_equal(qep_transmission(c.system, E, ENERGIES, 2, out, NULL, NULL, &err), QEP_OK);
    for (size_t i = 0; i < ENERGIES; i++) {
        assert_true(fabs(out[4 * i + 1] - want[i]) <= tolerance);
        assert_true(fabs(out[4 * i + 2] - want[i]) <= tolerance);
    }
    free_conductor(&c);
}

/* Conductors that end in flat slices, as the reference has flat leads: a strip continues the slice it touches. */
static void wires(void **state) {
    (void)state;
    static const double clean[ENERGIES] = {1, 1, 2, 4, 4, 6, 8};
    static const double barrier[ENERGIES] = {.002050132716, .015333571038, .094215331520, .879358050169, 2.545321176214, 4.501139561562, 6.398205029532};
    static const double contact[ENERGIES] = {.000000463547, .000058747415, .030351533665, .997338978507, 1.002311742196, 1.996416169485, 2.984505511011};
    static double U[33 * WIDE];
    check_wire(6, U, QEP_LEAD_STRIP, clean, 1e-12);
    for (size_t y = 0; y < WIDE; y++) {
        for (size_t x = 1; x < 7; x++) {
            U[y * 8 + x] = .006;
        }
    }
    check_wire(8, U, QEP_LEAD_STRIP, barrier, 1.5e-12);
    memset(U, 0, sizeof U);
    for (size_t y = 0; y < WIDE; y++) {
        for (size_t x = 1; x < 32; x++) {
            U[y * 33 + x] = .012 * exp(-pow(((double)x - 16.0) / 6.0, 2.0)) * pow(((double)y - 9.5) / 3.0, 2.0);
        }
    }
    check_wire(33, U, QEP_LEAD_STRIP, contact, 1e-12);
}

/* c4a: a point contact at 1 K under 1 meV. */
static void point_contact_currents(void **state) {
    (void)state;
    static double U[33 * WIDE];
    const int faces[2] = {0, 1};
    const double mu[2] = {.013, .012}, T[2] = {1, 1};
    conductor c;
    qep_steady r;
    for (size_t y = 0; y < WIDE; y++) {
        for (size_t x = 1; x < 32; x++) {
            U[y * 33 + x] = .012 * exp(-pow(((double)x - 16.0) / 6.0, 2.0)) * pow(((double)y - 9.5) / 3.0, 2.0);
        }
    }
    make_wire(&c, 33, WIDE, U, 0.0, QEP_LEAD_STRIP, faces, 2, mu, T);
    solve_steady(&c, 0, &r);
    assert_near(r.I_N[0], 2.4318981348e+11, 1e-10, "I_N");
    assert_near(r.I_E[0], 4.8707753788e-10, 1e-10, "I_E");
    assert_near(-r.I_Q[1], 1.9517893738e-11, 1e-10, "I_Q into R");
    assert_near(r.I_S[0], 8.51576871e-15, 1e-8, "I_S");
    qep_steady_free(&r);
    free_conductor(&c);
}

/* ---- (d) a molecule --------------------------------------------------------------------------------------------------------- */

static void dimer(void **state) {
    (void)state;
    static const double at[5] = {-.3, -.2, 0, .05, .25}, want[5] = {.040240816134, .605917159763, .075345086382, .075605434141, .807061790668};
    const double onsite[2] = {.1 * EV, -.05 * EV};
    const qep_hopping bond = {0, 1, .2 * EV};
    const size_t sites[2] = {0, 1};
    qep_error err = {0};
    conductor c;
    qep_steady r;
    assert_int_equal(qep_hamiltonian_from_list(&c.h, 2, onsite, &bond, 1, NULL, &err), QEP_OK);
    const qep_terminal_spec specs[2] = {
        {.name = "L", .kind = QEP_LEAD_WIDEBAND, .face = QEP_NO_FACE, .sites = sites, .site_count = 1, .gamma = .05 * EV, .mu = .05 * EV, .temperature = 300},
        {.name = "R", .kind = QEP_LEAD_WIDEBAND, .face = QEP_NO_FACE, .sites = sites + 1, .site_count = 1, .gamma = .08 * EV, .mu = -.05 * EV, .temperature = 300}};
    assert_int_equal(qep_system_create(&c.system, &c.h, specs, 2, &err), QEP_OK);
    double E[5], out[20];
    for (size_t i = 0; i < 5; i++) {
        E[i] = at[i] * EV;
    }
    assert_int_equal(qep_transmission(c.system, E, 5, 1, out, NULL, NULL, &err), QEP_OK);
    for (size_t i = 0; i < 5; i++) {
        assert_true(fabs(out[4 * i + 1] - want[i]) < 1e-12);
    }
    solve_steady(&c, 0, &r);
    assert_near(r.I_N[0], 2.2053167711e+12, 1e-10, "I_N");
    assert_near(r.I_E[0], -3.6294014962e-09, 1e-10, "I_E");
    assert_near(r.I_S[0], -9.1407396678e-12, 1e-10, "I_S");
    qep_steady_free(&r);
    free_conductor(&c);
}

/* ---- (e) linear response ---------------------------------------------------------------------------------------------------- */

static void linear_response(void **state) {
    (void)state;
    static const double T[3] = {10, 1, 300}, G[3] = {1.2472390175e-05, 1.2397702697e-05, 0}, lorenz[3] = {1.009202, 1.000095, .214852};
    const double zero[2] = {0, 0};
    conductor c;
    qep_error err = {0};
    make_level(&c, .02, .01, .02, zero, zero);
    for (size_t i = 0; i < 3; i++) {
        qep_response r;
        assert_int_equal(qep_response_solve(c.system, 0.0, T[i], 1.0, 1e-11, 1, &r, &err), QEP_OK);
        if (i < 2) {
            assert_near(r.conductance, G[i], 1e-9, "G");
        }
        assert_near(r.lorenz, lorenz[i], 5e-7 / lorenz[i], "Lorenz number");
        assert_near(r.L21[0], r.L12[0], 1e-11, "Onsager");
        assert_near(r.L12[0], i == 0 ? 1.22035754e9 : i == 1 ? 1.20990e8 : r.L12[0], i == 1 ? 5e-6 : 3e-8, "L12");
        if (i == 0) {
            assert_near(r.thermopower, -1.567645e-05, 1e-6, "S");
        }
        qep_response_free(&r);
    }
    /* Sommerfeld at 1 K, (1 + pi^2 (kT)^2/6 d^2/dmu^2) T(mu), is right to its next order, (kT/Gamma)^4. */
    const double kT = QEP_BOLTZMANN / EV, t0 = 2e-4 / 6.25e-4, t2 = 2e-4 * (8.0 * 4e-4 / 6.25e-4 - 2.0) / (6.25e-4 * 6.25e-4);
    const double sommerfeld = (t0 + QEP_PI * QEP_PI * kT * kT / 6.0 * t2) * 3.8740458649e-05;
    assert_near(sommerfeld, 1.2397702697e-05, 1e-8, "G at 1 K");
    qep_response r; /* T = 0: T(mu) e^2/h */
    assert_int_equal(qep_response_solve(c.system, 0.0, 0.0, 1.0, 1e-11, 1, &r, &err), QEP_OK);
    assert_near(r.conductance, 2e-4 / (4e-4 + 2.25e-4) * 3.8740458649e-05, 1e-10, "G at T = 0");
    assert_true(r.L12[0] == 0.0 && r.L22[0] == 0.0);
    qep_response_free(&r);
    free_conductor(&c);
}

/* ---- (f) local fields ------------------------------------------------------------------------------------------------------- */

static double sum(const double *v, size_t n) {
    double total = 0.0;
    for (size_t i = 0; i < n; i++) {
        total += v[i];
    }
    return total;
}

static void local_fields(void **state) {
    (void)state;
    static const double onsite[12] = {4, 4, 4, 4, 4, 5, 5, 4, 4, 4, 4, 4};
    static const double s[12] = {.04097265, .06142890, .03655002, .06383584, .03704759, .06013216, .06799099, .06261739, .05023938, .07516800, .04438395, .07502773};
    const double mu[2] = {4.3, 3.7}, T[2] = {1200, 1200}, k = QEP_BOLTZMANN;
    double sets_mu[6], sets_T[6] = {1200, 1200, 1200, 300, 10, 10};
    conductor c;
    qep_steady r;
    qep_error err = {0};
    for (size_t i = 0; i < 6; i++) {
        sets_mu[i] = mu[i % 2] * EV;
    }
    make_chain(&c, 12, onsite, 1.0, mu, T);
    const qep_steady_options o = {.sets = 3, .mu = sets_mu, .temperature = sets_T, .spin = 1.0, .tolerance = 1e-11, .threads = 2, .fields = 1, .bonds = 1};
    assert_int_equal(qep_steady_solve(c.system, &c.h, &o, &r, &err), QEP_OK);
    assert_near(sum(r.n, 12), 5.6452869128, 1e-10, "sum n");
    assert_near(sum(r.s_hs, 12) / k, .6753945961, 1e-9, "sum s hs");
    assert_near(sum(r.s_dist, 12) / k, 1.182294, 5e-7, "sum s dist");
    assert_near(sum(r.s_site, 12) / k, 8.118775, 1e-7, "sum s site");
    assert_near(sum(r.s_hs + 12, 12) / k, .4187047570, 1e-9, "sum s hs, 1200 and 300 K");
    assert_near(sum(r.s_hs + 24, 12) / k, .0056324896, 1e-8, "sum s hs, 10 K");
    for (size_t b = 0; b < 11; b++) { /* every bond carries the same */
        assert_near(-r.J_N[b] * QEP_HBAR / EV, r.bond_from[b] < r.bond_to[b] ? -7.5930772335e-02 : 7.5930772335e-02, 1e-10, "J_N");
        assert_near(r.J_E[b] * QEP_HBAR / EV / EV, 3.0567616861e-01, 1e-10, "J_E");
        assert_near(r.J_S[b] * QEP_HBAR / EV / k, 1.0155984855e-02, 1e-9, "J_S");
        assert_near(r.J_S[11 + b] * QEP_HBAR / EV / k, 3.8371000871e-02, 1e-9, "J_S, 1200 and 300 K");
        assert_near(r.J_N[b], r.I_N[0], 1e-12, "bond current against the terminal's");
        assert_near(r.J_S[b], r.I_S[0], 1e-12, "bond current against the terminal's");
    }
    for (size_t i = 0; i < 12; i++) {
        assert_true(fabs(r.s_hs[i] / k - s[i]) < 6e-9);
        for (size_t set = 0; set < 3; set++) {
            assert_true(r.s_hs[12 * set + i] <= r.s_dist[12 * set + i] * (1 + 1e-12) && r.s_dist[12 * set + i] <= r.s_site[12 * set + i] * (1 + 1e-12));
        }
    }
    assert_int_equal(r.bound_states, 1);
    assert_near(r.bound_energy[0] / EV, 6.5, 1e-14, "antibound state");
    assert_near(r.weight[5], 0.375, 1e-12, "its weight"); /* |psi|^2 ~ 4^-distance around the two sites: (3/8, 3/32, ...) */
    assert_near(r.weight[4], 0.375 / 4.0, 1e-12, "its weight one site further");
    qep_steady_free(&r);
    free_conductor(&c);
}

/* A clean chain holds the bulk entropy on every site. */
static void bulk_entropy(void **state) {
    (void)state;
    static const double cases[4][3] = {{0, 300, 1.354129604939e-02}, {0, 1200, 5.449155112369e-02}, {0, 1, 4.512025164e-05}, {-1, 300, 1.564629562890e-02}};
    const double onsite[5] = {0};
    for (size_t i = 0; i < 4; i++) {
        const double mu[2] = {cases[i][0], cases[i][0]}, T[2] = {cases[i][1], cases[i][1]};
        conductor c;
        qep_steady r;
        make_chain(&c, 5, onsite, 1.0, mu, T);
        solve_steady(&c, 1, &r);
        for (size_t k = 0; k < 5; k++) {
            assert_near(r.s_hs[k] / QEP_BOLTZMANN, cases[i][2], 1e-9, "bulk entropy");
            assert_near(r.s_dist[k], r.s_hs[k], 1e-12, "hs = dist in equilibrium");
        }
        qep_steady_free(&r);
        free_conductor(&c);
    }
}

/* Wide-band level: closed forms n = 1/2 - Im psi(z)/pi at T -> 0: n = 1/2 + atan((mu - e)/(Gamma/2))/pi, and the sum rule at any T. */
static void level_occupation(void **state) {
    (void)state;
    const double mu[2] = {.013, .013}, T[2] = {0, 0};
    conductor c;
    qep_steady r;
    make_level(&c, .02, .01, .02, mu, T);
    solve_steady(&c, 1, &r);
    assert_near(r.n[0], 0.5 + atan((.013 - .02) / .015) / QEP_PI, 1e-10, "n");
    assert_near(r.u[0] / EV, .02 * r.n[0], 1e-9, "u of a level without bonds");
    assert_true(r.s_hs[0] == 0.0);
    qep_steady_free(&r);
    free_conductor(&c);
}

/* ---- (g) floating probes ---------------------------------------------------------------------------------------------------- */

static void joule_entropy_emerges(void **state) {
    (void)state;
    enum { CASES = 5, LONGEST = 80 }; /* 160: tests/slow/test_transport_probes.py */
    static const size_t lengths[CASES] = {5, 10, 20, 40, LONGEST};
    static const double ratio[CASES] = {.0501762, .0987041, .1862820, .3229868, .4900584};
    for (size_t i = 0; i < CASES; i++) {
        const size_t n = lengths[i];
        double onsite[LONGEST] = {0};
        size_t site[LONGEST];
        qep_hopping bonds[LONGEST];
        qep_terminal_spec specs[LONGEST + 2];
        conductor c;
        qep_steady r;
        qep_error err = {0};
        for (size_t k = 0; k < n; k++) {
            site[k] = k;
            bonds[k] = (qep_hopping){k, k + 1, -EV};
            specs[2 + k] = (qep_terminal_spec){.name = "p", .kind = QEP_LEAD_WIDEBAND, .role = QEP_PROBE_THERMOELECTRIC, .face = QEP_NO_FACE,
                                               .sites = &site[k], .site_count = 1, .gamma = .1 * EV};
        }
        assert_int_equal(qep_hamiltonian_from_list(&c.h, n, onsite, bonds, n - 1, NULL, &err), QEP_OK);
        for (size_t a = 0; a < 2; a++) {
            specs[a] = (qep_terminal_spec){.name = a ? "R" : "L", .kind = QEP_LEAD_STRIP, .face = QEP_NO_FACE, .sites = &site[a ? n - 1 : 0],
                                           .site_count = 1, .hopping = EV, .mu = (a ? -.05 : .05) * EV, .temperature = 300};
        }
        assert_int_equal(qep_system_create(&c.system, &c.h, specs, n + 2, &err), QEP_OK);
        const qep_steady_options o = {.spin = 1.0, .tolerance = n > 40 ? 1e-9 : 1e-11, .threads = 2}; /* long chains are slow */
        assert_int_equal(qep_steady_solve(c.system, &c.h, &o, &r, &err), QEP_OK);
        const double joule = r.I_N[0] * .1 * EV / 300;
        assert_near(sum(r.I_S + 2, n) / joule, ratio[i], 1e-6, "share of the Joule entropy");
        assert_near(r.clausius[0], joule, 1e-10, "Clausius rate");
        assert_true(fabs(sum(r.I_S, n + 2)) < 1e-10 * joule);
        if (n == 5) {
            assert_near(r.I_N[0] * QEP_PLANCK / (.1 * EV), .8888430623, 1e-9, "G/G0");
        }
        double hottest = 0.0;
        for (size_t k = 2; k < n + 2; k++) {
            hottest = fmax(hottest, r.temperature[k]);
            assert_true(r.I_S[k] > 0.0 && fabs(r.I_N[k]) < 1e-10 * r.I_N[0] && fabs(r.I_E[k]) < 1e-10 * r.I_N[0] * .1 * EV);
        }
        if (n == 40) {
            assert_near(hottest, 438.5307, 2e-7, "hottest probe");
        }
        qep_steady_free(&r);
        free_conductor(&c);
    }
}

/* ---- (h) nonlocal work ------------------------------------------------------------------------------------------------------ */

/* At k_BT = 0.1 the digits are those of a 4000-point Gauss rule on E = -2 cos(theta), the specification's 8 digits among them. */
static void nonlocal_work(void **state) {
    (void)state;
    static const double n_d[2] = {.17834329247478, .1541128290}, w_d[2] = {.15349071934560, .1260199252}, lead[2] = {.02485257312918, .0280929038};
    static const double w[2][6] = {{.03727335, -.01843920, .00855666, -.00325886, .00059288, .00056076}, {.04294576, -.02225996, .01026426, -.00298157, NAN, NAN}};
    const double onsite[7] = {0};
    qep_hopping bonds[6];
    qep_error err = {0};
    const size_t end = 6;
    conductor c;
    for (size_t i = 0; i < 6; i++) {
        bonds[i] = (qep_hopping){i, i + 1, i ? -EV : -.5 * EV};
    }
    assert_int_equal(qep_hamiltonian_from_list(&c.h, 7, onsite, bonds, 6, NULL, &err), QEP_OK);
    const qep_terminal_spec spec = {.name = "lead", .kind = QEP_LEAD_STRIP, .face = QEP_NO_FACE, .sites = &end, .site_count = 1, .hopping = EV};
    assert_int_equal(qep_system_create(&c.system, &c.h, &spec, 1, &err), QEP_OK);
    for (size_t i = 0; i < 2; i++) {
        qep_work_map m;
        assert_int_equal(qep_work_map_solve(c.system, 0, -.4 * EV, i ? 0.0 : .1 * EV / QEP_BOLTZMANN, 1.0, 1e-12, 2, &m, &err), QEP_OK);
        assert_near(m.density, n_d[i], 1e-9, "n_d");
        assert_near(m.w[0], w_d[i], 1e-9, "w_d");
        assert_near(m.lead + sum(m.w + 1, 6), lead[i], 3e-9, "work outside the level");
        for (size_t k = 0; k < 6 && !isnan(w[i][k]); k++) {
            assert_true(fabs(m.w[k + 1] - w[i][k]) < 6e-9);
        }
        if (i == 0) {
            assert_near(m.friction, .99952561855042, 1e-10, "friction");
        }
        qep_work_map_free(&m);
    }
    free_conductor(&c);
}

/* The level moves slowly from -0.5 to 0.5 at k_BT = 0.1: the whole work, its share at the level, and what the level loses. */
static void slow_path(void **state) {
    (void)state;
    enum { NODES = 12, SITES = 7 };
    static const double at[NODES / 2] = {.125233408511468915, .367831498998180194, .587317954286617447, .769902674194304687, .904117256370474857, .981560634246719251};
    static const double weight[NODES / 2] = {.249147045813402785, .233492536538354809, .203167426723065922, .160078328543346226, .106939325995318431, .047175336386511827};
    const double T = .1 * EV / QEP_BOLTZMANN;
    double work = 0.0, local = 0.0, n[2], s[2], grand[2];
    for (int k = 0; k < NODES + 2; k++) { /* the nodes, then both ends */
        const int end = k - NODES;
        const double level = end >= 0 ? (end ? .5 : -.5) : .5 * (k % 2 ? at[k / 2] : -at[k / 2]);
        double onsite[SITES] = {level * EV};
        qep_hopping bonds[SITES - 1];
        const size_t last = SITES - 1;
        qep_error err = {0};
        conductor c;
        for (size_t i = 0; i + 1 < SITES; i++) {
            bonds[i] = (qep_hopping){i, i + 1, i ? -EV : -.5 * EV};
        }
        assert_int_equal(qep_hamiltonian_from_list(&c.h, SITES, onsite, bonds, SITES - 1, NULL, &err), QEP_OK);
        const qep_terminal_spec spec = {.name = "lead", .kind = QEP_LEAD_STRIP, .face = QEP_NO_FACE, .sites = &last, .site_count = 1, .hopping = EV,
                                        .mu = -.4 * EV, .temperature = T};
        assert_int_equal(qep_system_create(&c.system, &c.h, &spec, 1, &err), QEP_OK);
        if (end < 0) {
            qep_work_map m;
            assert_int_equal(qep_work_map_solve(c.system, 0, -.4 * EV, T, 1.0, 1e-11, 2, &m, &err), QEP_OK);
            work += .5 * weight[k / 2] * m.density;
            local += .5 * weight[k / 2] * m.w[0];
            qep_work_map_free(&m);
        } else {
            qep_steady r;
            solve_steady(&c, 1, &r);
            n[end] = r.n[0];
            s[end] = r.s_hs[0] / QEP_BOLTZMANN;
            grand[end] = (r.u[0] - T * r.s_hs[0] + .4 * EV * r.n[0]) / EV;
            qep_steady_free(&r);
        }
        free_conductor(&c);
    }
    assert_near(work, .2439149429, 1e-9, "the whole work");
    assert_near(local, .2248587443, 2e-9, "at the level");
    assert_near(local, grand[1] - grand[0], 1e-10, "at the level, as the change of its grand potential"); /* shares no integrand */
    assert_near(work - local, .0190561985, 1e-8, "elsewhere");
    assert_near(s[1] - s[0], -.2450622619, 1e-8, "entropy of the level"); /* 8 digits: the grand potential above has it to 1e-9 */
    assert_near(n[1] - n[0], -.5859929255, 1e-9, "particles of the level");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_channel),   cmocka_unit_test(finite_band),            cmocka_unit_test(breit_wigner),
        cmocka_unit_test(wires),           cmocka_unit_test(point_contact_currents), cmocka_unit_test(heat_over_temperature_diverges),
        cmocka_unit_test(dimer),           cmocka_unit_test(linear_response),        cmocka_unit_test(local_fields),
        cmocka_unit_test(bulk_entropy),    cmocka_unit_test(level_occupation),       cmocka_unit_test(joule_entropy_emerges),
        cmocka_unit_test(nonlocal_work),   cmocka_unit_test(slow_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
