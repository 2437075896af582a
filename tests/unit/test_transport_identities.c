/* If this fails, transport breaks a law that needs no reference: unitarity, conservation of particles, energy and entropy, Onsager symmetry,
 * the order of the entropies, or independence of the energy zero. Disorder, magnetic flux and two to four leads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/transport/response.h"
#include "transport_cases.h"
#include <string.h>

enum { NX = 9, NY = 7 };

static void disorder(double *U, size_t n, double strength) {
    for (size_t i = 0; i < n; i++) {
        U[i] = strength * (irregular(i) - 0.5);
    }
}

static const int faces[4] = {0, 1, 2, 3};
static const double mu[4] = {.021, .017, .015, .019}, T[4] = {40, 25, 60, 0};

static double total(const double *v, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += v[i];
    }
    return sum;
}

static double most(const double *v, size_t n) {
    double largest = 0.0;
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(v[i]));
    }
    return largest;
}

/* sum_b T_ab = sum_b T_ba = N_a at any field; T_ab(B) = T_ba(-B). */
static void unitarity_and_reciprocity(void **state) {
    (void)state;
    double U[NX * NY];
    disorder(U, NX * NY, .01);
    for (size_t leads = 2; leads <= 4; leads++) {
        for (int with_field = 0; with_field < 2; with_field++) {
            const double E[3] = {.013 * EV, .021 * EV, .05 * EV};
            double out[2][48];
            size_t open[2][12];
            qep_error err = {0};
            for (int sign = 0; sign < 2; sign++) {
                conductor c;
                make_wire(&c, NX, NY, U, (sign ? -6.0 : 6.0) * with_field, QEP_LEAD_STRIP, faces, leads, mu, T);
                assert_int_equal(qep_transmission(c.system, E, 3, 2, out[sign], open[sign], NULL, &err), QEP_OK);
                free_conductor(&c);
            }
            for (size_t k = 0; k < 3; k++) {
                const double *a = out[0] + k * leads * leads, *b = out[1] + k * leads * leads;
                for (size_t i = 0; i < leads; i++) {
                    double row = 0.0, column = 0.0;
                    for (size_t j = 0; j < leads; j++) {
                        row += a[i * leads + j];
                        column += a[j * leads + i];
                        assert_true(fabs(a[i * leads + j] - b[j * leads + i]) < 1e-10);
                        assert_true(a[i * leads + j] > -1e-12);
                    }
                    assert_true(open[0][k * leads + i] > 0);
                    assert_true(fabs(row - (double)open[0][k * leads + i]) < 1e-10);
                    assert_true(fabs(column - (double)open[0][k * leads + i]) < 1e-10); /* the column knows nothing of how the diagonal was made */
                }
            }
        }
    }
}

/* Currents conserve N, E and S; the heat splits into T I_S and I_W; the second law. */
static void currents(void **state) {
    (void)state;
    double U[NX * NY];
    disorder(U, NX * NY, .02);
    for (size_t leads = 2; leads <= 4; leads++) {
        for (int with_field = 0; with_field < 2; with_field++) {
            conductor c;
            qep_steady r;
            make_wire(&c, NX, NY, U, 5.0 * with_field, QEP_LEAD_STRIP, faces, leads, mu, T);
            solve_steady(&c, 0, &r);
            assert_true(most(r.I_N, leads) > 1e9);
            assert_true(fabs(total(r.I_N, leads)) < 1e-10 * most(r.I_N, leads));
            assert_true(fabs(total(r.I_E, leads)) < 1e-10 * most(r.I_E, leads));
            assert_true(fabs(total(r.I_S, leads)) < 1e-9 * most(r.I_S, leads));
            for (size_t a = 0; a < leads; a++) {
                assert_true(fabs(r.I_Q[a] - r.TI_S[a] - r.I_W[a]) < 1e-10 * most(r.I_Q, leads));
                assert_true(r.I_W[a] <= 0.0);
            }
            assert_true(r.clausius[0] > 0.0);
            assert_true(r.unitarity < 1e-10);
            if (leads == 2) { /* into R: I_S <= I_S_cg <= I_Q/T */
                assert_true(-r.I_S[1] <= -r.I_S_cg[1] && -r.I_S_cg[1] <= -r.I_Q[1] / r.temperature[1]);
            }
            qep_steady_free(&r);
            free_conductor(&c);
        }
    }
}

/* Divergence of the bond currents on every site that no lead touches. */
static double interior_divergence(const conductor *c, const qep_steady *r, const double *J) {
    double out[NX * NY] = {0}, worst = 0.0;
    for (size_t b = 0; b < r->bonds; b++) {
        out[r->bond_from[b]] += J[b];
        out[r->bond_to[b]] -= J[b];
    }
    (void)c;
    for (size_t y = 1; y + 1 < NY; y++) {
        for (size_t x = 1; x + 1 < NX; x++) {
            worst = fmax(worst, fabs(out[y * NX + x]));
        }
    }
    return worst / most(J, r->bonds);
}

static void fields(void **state) {
    (void)state;
    double U[NX * NY];
    disorder(U, NX * NY, .02);
    for (size_t leads = 2; leads <= 4; leads++) {
        for (int with_field = 0; with_field < 2; with_field++) {
            conductor c;
            qep_steady r;
            make_wire(&c, NX, NY, U, 5.0 * with_field, QEP_LEAD_STRIP, faces, leads, mu, T);
            solve_steady(&c, 1, &r);
            assert_true(interior_divergence(&c, &r, r.J_N) < 1e-12);
            assert_true(interior_divergence(&c, &r, r.J_E) < 1e-12);
            assert_true(interior_divergence(&c, &r, r.J_S) < 1e-12);
            for (size_t i = 0; i < NX * NY; i++) {
                assert_true(r.s_hs[i] >= 0.0 && r.s_hs[i] <= r.s_dist[i] * (1.0 + 1e-9) && r.s_dist[i] <= r.s_site[i] * (1.0 + 1e-9));
                assert_true(r.n[i] > 0.0 && r.n[i] < 1.0);
            }
            qep_steady_free(&r);
            free_conductor(&c);
        }
    }
}

/* Equal reservoirs: nothing flows, exactly. */
static void equilibrium(void **state) {
    (void)state;
    double U[NX * NY];
    const double same_mu[3] = {.02, .02, .02}, same_T[3] = {30, 30, 30};
    conductor c;
    qep_steady r;
    disorder(U, NX * NY, .02);
    make_wire(&c, NX, NY, U, 4.0, QEP_LEAD_STRIP, faces, 3, same_mu, same_T);
    solve_steady(&c, 0, &r);
    for (size_t a = 0; a < 3; a++) {
        assert_true(r.I_N[a] == 0.0 && r.I_E[a] == 0.0 && r.I_S[a] == 0.0 && r.I_W[a] == 0.0);
    }
    qep_steady_free(&r);
    free_conductor(&c);
}

/* The energy zero moves I_E alone. */
static void energy_zero(void **state) {
    (void)state;
    qep_steady r[2];
    for (int k = 0; k < 2; k++) {
        double onsite[8], moved_mu[2];
        conductor c;
        for (size_t i = 0; i < 8; i++) {
            onsite[i] = .4 * (irregular(i) - .5) + k;
        }
        for (size_t a = 0; a < 2; a++) {
            moved_mu[a] = .1 * (double)a - .3 + k;
        }
        const double temperatures[2] = {500, 200};
        make_chain(&c, 8, onsite, .5, moved_mu, temperatures);
        solve_steady(&c, 1, &r[k]);
        free_conductor(&c);
    }
    for (size_t a = 0; a < 2; a++) {
        assert_near(r[1].I_Q[a], r[0].I_Q[a], 1e-10, "I_Q");
        assert_near(r[1].I_S[a], r[0].I_S[a], 1e-10, "I_S");
        assert_near(r[1].I_W[a], r[0].I_W[a], 1e-10, "I_W");
        assert_near(r[1].I_E[a], r[0].I_E[a] + EV * r[0].I_N[a], 1e-10, "I_E");
    }
    for (size_t i = 0; i < 8; i++) {
        assert_near(r[1].s_hs[i], r[0].s_hs[i], 1e-9, "s");
    }
    qep_steady_free(&r[0]);
    qep_steady_free(&r[1]);
}

/* L12_ab(B) = L21_ba(-B): two weights, two fields. */
static void onsager(void **state) {
    (void)state;
    double U[NX * NY];
    qep_response r[2];
    disorder(U, NX * NY, .02);
    for (int k = 0; k < 2; k++) {
        conductor c;
        qep_error err = {0};
        make_wire(&c, NX, NY, U, k ? -7.0 : 7.0, QEP_LEAD_STRIP, faces, 3, mu, T);
        assert_int_equal(qep_response_solve(c.system, .018 * EV, 30.0, 2.0, 1e-11, 2, &r[k], &err), QEP_OK);
        free_conductor(&c);
    }
    double asymmetry = 0.0;
    for (size_t a = 0; a < 3; a++) {
        for (size_t b = 0; b < 3; b++) {
            const double size = most(r[0].L12, 9);
            assert_true(fabs(r[0].L12[a * 3 + b] - r[1].L21[b * 3 + a]) < 1e-9 * size);
            assert_true(fabs(r[0].L11[a * 3 + b] - r[1].L11[b * 3 + a]) < 1e-9 * most(r[0].L11, 9));
            asymmetry = fmax(asymmetry, fabs(r[0].L11[a * 3 + b] - r[0].L11[b * 3 + a]) / most(r[0].L11, 9));
        }
    }
    assert_true(asymmetry > 1e-3); /* the field does something */
    qep_response_free(&r[0]);
    qep_response_free(&r[1]);
}

/* A lead with two slices per cell is the lead with one; a wire that goes on as a wire reflects nothing, also in a field. */
static void periodic_leads(void **state) {
    (void)state;
    double U[NX * NY], flat[NX * NY] = {0};
    const double E[3] = {.004 * EV, .021 * EV, .05 * EV};
    qep_error err = {0};
    disorder(U, NX * NY, .02);
    for (size_t y = 0; y < NY; y++) { /* flat towards both leads */
        for (size_t x = 0; x < NX; x++) {
            U[y * NX + x] = x > 3 && x < 5 ? U[y * NX + x] : 0.0;
        }
    }
    double out[2][12];
    for (size_t period = 1; period <= 2; period++) {
        conductor c = {0};
        double mass[NX * NY], potential[NX * NY];
        for (size_t i = 0; i < NX * NY; i++) {
            mass[i] = 0.067 * QEP_ELECTRON_MASS;
            potential[i] = U[i] * EV;
        }
        const qep_grid_hamiltonian grid = {.shape = {NX, NY, 1}, .spacing = {5e-9, 5e-9, 1.0}, .mass = mass, .potential = potential, .field = 8.0};
        assert_int_equal(qep_hamiltonian_from_grid(&c.h, &grid, &err), QEP_OK);
        const qep_terminal_spec specs[2] = {{.name = "L", .kind = QEP_LEAD_PERIODIC, .face = 0, .period = period},
                                            {.name = "R", .kind = QEP_LEAD_PERIODIC, .face = 1, .period = 1}};
        assert_int_equal(qep_system_create(&c.system, &c.h, specs, 2, &err), QEP_OK);
        assert_int_equal(qep_transmission(c.system, E, 3, 1, out[period - 1], NULL, NULL, &err), QEP_OK);
        free_conductor(&c);
    }
    for (size_t k = 0; k < 12; k++) {
        assert_true(fabs(out[0][k] - out[1][k]) < 1e-9);
    }
    conductor c;
    double clean[12];
    size_t open[6];
    make_wire(&c, NX, NY, flat, 8.0, QEP_LEAD_STRIP, faces, 2, mu, T);
    assert_int_equal(qep_transmission(c.system, E, 3, 1, clean, open, NULL, &err), QEP_OK);
    for (size_t k = 0; k < 3; k++) {
        assert_true(fabs(clean[4 * k + 1] - (double)open[2 * k]) < 1e-10 && fabs(clean[4 * k]) < 1e-10);
    }
    free_conductor(&c);
}

/* A lead along y in a field has the flux of the grid: turning the conductor by a right angle changes nothing. */
static void turned_conductor(void **state) {
    (void)state;
    double U[NX * NY], turned[NX * NY];
    const double E[2] = {.015 * EV, .04 * EV};
    const int x_faces[2] = {0, 1}, y_faces[2] = {2, 3};
    double out[2][8];
    qep_error err = {0};
    disorder(U, NX * NY, .02);
    for (size_t y = 0; y < NY; y++) {
        for (size_t x = 0; x < NX; x++) {
            turned[x * NY + (NY - 1 - y)] = U[y * NX + x]; /* (x, y) -> (ny - 1 - y, x): a rotation, which keeps the sign of B */
        }
    }
    conductor c;
    make_wire(&c, NX, NY, U, 9.0, QEP_LEAD_STRIP, x_faces, 2, mu, T);
    assert_int_equal(qep_transmission(c.system, E, 2, 1, out[0], NULL, NULL, &err), QEP_OK);
    free_conductor(&c);
    make_wire(&c, NY, NX, turned, 9.0, QEP_LEAD_STRIP, y_faces, 2, mu, T);
    assert_int_equal(qep_transmission(c.system, E, 2, 1, out[1], NULL, NULL, &err), QEP_OK);
    free_conductor(&c);
    for (size_t k = 0; k < 8; k++) {
        assert_true(fabs(out[0][k] - out[1][k]) < 1e-9);
    }
}

/* Dephasing probes conserve particles at every energy and make entropy. */
static void dephasing(void **state) {
    (void)state;
    enum { N = 6 };
    const double onsite[N] = {.1 * EV, 0, -.1 * EV, 0, .05 * EV, 0};
    qep_hopping bonds[N - 1];
    qep_terminal_spec specs[5];
    const size_t sites[5] = {0, 5, 1, 3, 4};
    qep_error err = {0};
    conductor c;
    qep_steady r;
    for (size_t i = 0; i + 1 < N; i++) {
        bonds[i] = (qep_hopping){i, i + 1, -EV};
    }
    assert_int_equal(qep_hamiltonian_from_list(&c.h, N, onsite, bonds, N - 1, NULL, &err), QEP_OK);
    for (size_t a = 0; a < 5; a++) {
        specs[a] = (qep_terminal_spec){.name = "x", .kind = a < 2 ? QEP_LEAD_STRIP : QEP_LEAD_WIDEBAND,
                                       .role = a < 2 ? QEP_RESERVOIR : a == 4 ? QEP_PROBE_VOLTAGE : QEP_PROBE_DEPHASING, .face = QEP_NO_FACE,
                                       .sites = &sites[a], .site_count = 1, .hopping = EV, .gamma = .2 * EV, .mu = a == 0 ? .1 * EV : 0, .temperature = 200};
    }
    assert_int_equal(qep_system_create(&c.system, &c.h, specs, 5, &err), QEP_OK);
    solve_steady(&c, 1, &r);
    for (size_t a = 2; a < 4; a++) {
        assert_true(fabs(r.I_N[a]) < 1e-9 * r.I_N[0] && fabs(r.I_E[a]) < 1e-9 * fabs(r.I_E[0]));
        assert_true(r.I_S[a] > 0.0 && isnan(r.temperature[a]) && isnan(r.I_Q[a]));
    }
    assert_true(fabs(r.I_N[4]) < 1e-9 * r.I_N[0]);
    assert_true(r.mu[4] > 0.0 && r.mu[4] < .1 * EV && r.temperature[4] > 199.999 && r.temperature[4] < 200.001);
    assert_true(fabs(total(r.I_N, 5)) < 1e-10 * r.I_N[0]);
    qep_steady_free(&r);
    free_conductor(&c);
}

/* The number of threads changes no bit. */
static void threads(void **state) {
    (void)state;
    double U[NX * NY];
    conductor c;
    qep_steady r[2];
    qep_error err = {0};
    disorder(U, NX * NY, .02);
    make_wire(&c, NX, NY, U, 3.0, QEP_LEAD_STRIP, faces, 2, mu, T);
    for (int k = 0; k < 2; k++) {
        const qep_steady_options o = {.spin = 2.0, .tolerance = 1e-9, .threads = 1 + 2 * k, .fields = 1, .bonds = 1};
        assert_int_equal(qep_steady_solve(c.system, &c.h, &o, &r[k], &err), QEP_OK);
    }
    assert_memory_equal(r[0].I_S, r[1].I_S, 2 * sizeof(double));
    assert_memory_equal(r[0].s_dist, r[1].s_dist, NX * NY * sizeof(double));
    assert_memory_equal(r[0].J_E, r[1].J_E, r[0].bonds * sizeof(double));
    qep_steady_free(&r[0]);
    qep_steady_free(&r[1]);
    free_conductor(&c);
}

/* ---- Refusals --------------------------------------------------------------------------------------------------------------- */

static void expect(qep_status got, const qep_error *err, qep_status want, const char *code) {
    assert_int_equal(got, want);
    assert_string_equal(err->item[0].code, code);
}

static void refused_hamiltonians(void **state) {
    (void)state;
    const double onsite[3] = {0, EV, 0};
    const struct {
        qep_hopping bond[2];
        const char *code;
    } cases[] = {{{{0, 1, EV}, {1, 0, 2 * EV}}, "not_hermitian"}, {{{0, 1, EV}, {0, 1, EV}}, "duplicate"}, {{{0, 1, EV}, {1, 1, EV}}, "contradiction"},
                 {{{0, 1, EV}, {0, 3, EV}}, "out_of_range"},      {{{0, 1, EV}, {1, 2, NAN}}, "not_finite"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        qep_hamiltonian h;
        qep_error err = {0};
        expect(qep_hamiltonian_from_list(&h, 3, onsite, cases[k].bond, 2, NULL, &err), &err, QEP_ERR_CONFIG, cases[k].code);
    }
    double mass[4] = {1e-31, 1e-31, 0, 1e-31}, U[4] = {0};
    qep_hamiltonian h;
    qep_error err = {0};
    qep_grid_hamiltonian grid = {.shape = {2, 2, 1}, .spacing = {1e-9, 1e-9, 1}, .mass = mass, .potential = U};
    expect(qep_hamiltonian_from_grid(&h, &grid, &err), &err, QEP_ERR_CONFIG, "out_of_range");
    mass[2] = 1e-31;
    grid.spacing[0] = 0.0;
    qep_error_clear(&err);
    expect(qep_hamiltonian_from_grid(&h, &grid, &err), &err, QEP_ERR_CONFIG, "out_of_range");
    grid.spacing[0] = 1e-9;
    grid.periodic[1] = 1;
    grid.field = 1.0;
    qep_error_clear(&err);
    expect(qep_hamiltonian_from_grid(&h, &grid, &err), &err, QEP_ERR_PROBLEM, "incompatible");
}

static void refused_leads(void **state) {
    (void)state;
    double mass[12], U[12];
    qep_hamiltonian h;
    qep_error err = {0};
    for (size_t i = 0; i < 12; i++) {
        mass[i] = 1e-31;
        U[i] = 1e-22 * irregular(i);
    }
    const qep_grid_hamiltonian grid = {.shape = {4, 3, 1}, .spacing = {1e-9, 1e-9, 1}, .periodic = {0, 1, 0}, .mass = mass, .potential = U};
    assert_int_equal(qep_hamiltonian_from_grid(&h, &grid, &err), QEP_OK);
    const size_t twice[2] = {1, 1}, far = 12;
    const qep_terminal_spec good = {.name = "L", .kind = QEP_LEAD_STRIP, .face = 0};
    qep_terminal_spec bad[9];
    for (size_t k = 0; k < 9; k++) {
        bad[k] = good;
    }
    bad[0].temperature = -1.0;
    bad[1].temperature = NAN;
    bad[2] = (qep_terminal_spec){.name = "w", .kind = QEP_LEAD_WIDEBAND, .face = QEP_NO_FACE, .sites = &far, .site_count = 1, .gamma = EV};
    bad[3] = (qep_terminal_spec){.name = "w", .kind = QEP_LEAD_WIDEBAND, .face = QEP_NO_FACE, .sites = twice, .site_count = 1, .gamma = -EV};
    bad[4] = (qep_terminal_spec){.name = "w", .kind = QEP_LEAD_WIDEBAND, .face = QEP_NO_FACE, .sites = twice, .site_count = 2, .gamma = EV};
    bad[5].face = 2; /* y is periodic */
    bad[6].face = 4; /* one point along z */
    bad[7].kind = QEP_LEAD_PERIODIC; /* the potential does not repeat */
    bad[8] = (qep_terminal_spec){.name = "s", .kind = QEP_LEAD_STRIP, .face = QEP_NO_FACE, .sites = twice, .site_count = 1};
    static const char *const codes[9] = {"out_of_range", "out_of_range", "out_of_range", "out_of_range", "duplicate", "contradiction", "out_of_range",
                                         "incompatible", "missing_key"};
    for (size_t k = 0; k < 9; k++) {
        qep_system *system = NULL;
        qep_error_clear(&err);
        expect(qep_system_create(&system, &h, &bad[k], 1, &err), &err, k == 7 ? QEP_ERR_PROBLEM : QEP_ERR_CONFIG, codes[k]);
    }
    const qep_terminal_spec pair[2] = {good, good};
    qep_system *system = NULL;
    qep_error_clear(&err);
    expect(qep_system_create(&system, &h, pair, 2, &err), &err, QEP_ERR_CONFIG, "contradiction");
    qep_error_clear(&err);
    expect(qep_system_create(&system, &h, pair, 0, &err), &err, QEP_ERR_CONFIG, "missing_key");
    qep_hamiltonian_free(&h);
}

/* A floating probe that nothing reaches has no solution, and says so. */
static void refused_probe(void **state) {
    (void)state;
    const double onsite[2] = {0, 0};
    const size_t site[2] = {0, 1};
    qep_error err = {0};
    conductor c;
    qep_steady r;
    assert_int_equal(qep_hamiltonian_from_list(&c.h, 2, onsite, NULL, 0, NULL, &err), QEP_OK);
    const qep_terminal_spec specs[2] = {
        {.name = "L", .kind = QEP_LEAD_WIDEBAND, .face = QEP_NO_FACE, .sites = site, .site_count = 1, .gamma = EV, .temperature = 300},
        {.name = "p", .kind = QEP_LEAD_WIDEBAND, .role = QEP_PROBE_THERMOELECTRIC, .face = QEP_NO_FACE, .sites = site + 1, .site_count = 1, .gamma = EV}};
    assert_int_equal(qep_system_create(&c.system, &c.h, specs, 2, &err), QEP_OK);
    const qep_steady_options o = {.spin = 1.0, .tolerance = 1e-10, .threads = 1};
    expect(qep_steady_solve(c.system, &c.h, &o, &r, &err), &err, QEP_ERR_UNCONVERGED, "not_converged");
    free_conductor(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unitarity_and_reciprocity), cmocka_unit_test(currents),         cmocka_unit_test(fields),
        cmocka_unit_test(equilibrium),               cmocka_unit_test(energy_zero),      cmocka_unit_test(onsager),
        cmocka_unit_test(periodic_leads),            cmocka_unit_test(turned_conductor), cmocka_unit_test(dephasing),
        cmocka_unit_test(threads),                   cmocka_unit_test(refused_hamiltonians), cmocka_unit_test(refused_leads),
        cmocka_unit_test(refused_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
