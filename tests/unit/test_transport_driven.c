/* If this fails, the evolution of driven chains loses the exact continuity of particles, entropy and energy, or the paradox of heat without
 * entropy (specification, section 3) comes out with other numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/constants.h"
#include "qep/transport/evolve.h"
#include <math.h>
#include <string.h>

#define EV QEP_E_CHARGE
#define TIME (QEP_HBAR / EV) /* hbar/eV */

/* In eV and hbar/eV. */
static qep_status pulse(void *context, double t, double *added, qep_error *err) {
    (void)context, (void)err;
    const double x = t / TIME;
    *added = (-.4 + (x < 10.0 ? pow(sin(QEP_PI * x / 10.0), 2.0) : 0.0)) * EV;
    return QEP_OK;
}

/* From -0.5 to 0.5 with two smooth derivatives at both ends. */
static qep_status ramp(void *context, double t, double *added, qep_error *err) {
    (void)err;
    const double s = fmin(1.0, t / TIME / *(const double *)context);
    *added = (-.5 + s * s * s * (10.0 + s * (6.0 * s - 15.0))) * EV;
    return QEP_OK;
}

enum { MOST = 440 };

/* Level 0 coupled by 0.5 to a chain of hopping 1. */
static void make_chain(qep_hamiltonian *h, size_t sites) {
    double onsite[MOST] = {0};
    qep_hopping bonds[MOST];
    qep_error err = {0};
    for (size_t i = 0; i < sites; i++) {
        bonds[i] = (qep_hopping){i, i + 1, (i ? -1.0 : -.5) * EV};
    }
    assert_int_equal(qep_hamiltonian_from_list(h, sites, onsite, bonds, sites - 1, NULL, &err), QEP_OK);
}

/* The sites from `cut` on as a region. */
static const unsigned char *above(unsigned char *inside, size_t sites, size_t cut) {
    for (size_t i = 0; i < sites; i++) {
        inside[i] = i >= cut;
    }
    return inside;
}

typedef qep_status energies(void *context, double t, double *added, qep_error *err);

static qep_evolution run_step(size_t sites, energies *drive, double tau, double kT, double step, double end, size_t cut) {
    static const size_t level = 0;
    unsigned char inside[MOST];
    qep_hamiltonian h;
    qep_evolution r;
    qep_error err = {0};
    assert_true(sites <= MOST);
    make_chain(&h, sites);
    const qep_drive d = {.driven = 1, .site = &level, .energies = drive, .context = &tau, .mu = {-.4 * EV}, .temperature = {kT * EV / QEP_BOLTZMANN},
                         .step = step * TIME, .end = end * TIME, .inside = above(inside, sites, cut), .spin = 1.0, .threads = 2};
    assert_int_equal(qep_evolve(&h, &d, &r, &err), QEP_OK);
    assert_true(r.residual_N < 1e-14 && r.residual_S < 1e-14 && r.residual_E < 1e-14 && r.residual_W < 2e-12 && r.entropy_drift < 2e-12);
    qep_hamiltonian_free(&h);
    return r;
}

static qep_evolution run(size_t sites, energies *drive, double tau, double kT, double end, size_t cut) {
    return run_step(sites, drive, tau, kT, .05, end, cut);
}

static void assert_digits(double value, double want, double half_unit) {
    if (!(fabs(value - want) <= half_unit)) {
        print_error("%.14g, wanted %.14g\n", value, want);
        fail();
    }
}

static double region(const double *v, size_t from, size_t to) {
    double total = 0.0;
    for (size_t i = from; i < to; i++) {
        total += v[i];
    }
    return total;
}

/* The trace of the specification, digit by digit. */
static void trace(void **state) {
    (void)state;
    enum { SITES = 60, CUT = 6 };
    static const double want[3][9] = {
        {.1288164949, .1783452426, .0151357321, 23.5495292903, 2.9345469918, -33.3540696895, 8.0292871086e-02, 5.9932640574e-04, -9.4980597612e-03},
        {.2494383829, .1298764196, -.2225492920, 23.9335227499, 3.1754087190, -33.2667154733, -3.1130450535e-02, 1.2628226452e-03, 2.2152234373e-02},
        {.5346339430, .3157897884, -.3747088170, 23.5015266844, 2.9413042942, -33.0183334737, -4.8083084265e-03, -3.7723223621e-03, 2.1219509773e-03}};
    static const size_t at[3] = {100, 200, 400};
    qep_evolution r = run(SITES, pulse, 0.0, .1, 20.05, CUT);
    for (size_t k = 0; k < 3; k++) {
        const double *n = r.n + at[k] * SITES, *s = r.s + at[k] * SITES, *e = r.e + at[k] * SITES;
        const double value[9] = {n[0], s[0] / QEP_BOLTZMANN, e[0] / EV, region(n, CUT, SITES), region(s, CUT, SITES) / QEP_BOLTZMANN,
                                 region(e, CUT, SITES) / EV, r.J_N[at[k]] * TIME, r.J_S[at[k]] * TIME / QEP_BOLTZMANN, r.J_E[at[k]] * TIME / EV};
        for (size_t i = 0; i < 9; i++) {
            assert_digits(value[i], want[k][i], 6e-11);
        }
        assert_digits(region(s, 0, SITES) / QEP_BOLTZMANN, 3.508114541103, 1e-11);
    }
    qep_evolution_free(&r);
}

/* ---- The table of the paradox ---- */

typedef struct {
    energies *drive;
    size_t sites;
    double tau, kT, step, end;
    double heat, entropy, entropy_error, missing, work; /* work 0: not compared */
} row;

/* Rows of the specification to the digits given there: Q, Delta S of the chain, Q - T Delta S, work of the whole. */
static void compare(const row *rows, size_t count) {
    for (size_t k = 0; k < count; k++) {
        const row *w = &rows[k];
        qep_evolution r = run_step(w->sites, w->drive, w->tau, w->kT, w->step, w->end, 1);
        assert_digits(r.heat / EV, w->heat, 6e-9);
        assert_digits(r.delta_S / QEP_BOLTZMANN, w->entropy, w->entropy_error);
        assert_digits(r.missing / EV, w->missing, 6e-9);
        assert_digits(r.heat / (w->kT * EV), w->heat / w->kT, 6e-9 / w->kT);
        assert_digits(r.heat - r.heat_by_entropy, r.missing, 1e-30);
        if (w->work > 0.0) {
            assert_digits(r.work_by_force / EV, w->work, 6e-11); /* the difference of two energies has lost a digit to rounding */
        }
        qep_evolution_free(&r);
    }
}

/* After a pulse the level is back where it was: heat has gone out, entropy has not, and the less of it the colder. */
static void heat_without_entropy(void **state) {
    (void)state;
    static const row rows[] = {{pulse, 160, 0.0, .2, .05, 70.0, .30433224, 0.0, 1e-8, .30433224, 0.0},
                               {pulse, 240, 0.0, .02, .05, 60.0, .33637185, 1.1e-7, 6e-9, .33637184, 0.0}};
    compare(rows, 2);
}

/* The entropy that a ramp sends out does not depend on its speed; the missing term does. */
static const double SENT = .32979839;

static void entropy_does_not_know_the_speed(void **state) {
    (void)state;
    const row rows[] = {{ramp, 160, 20.0, .2, .05, 80.0, .17955552, SENT, 6e-9, .11359584, 0.0},
                        {ramp, 160, 40.0, .2, .05, 100.0, .13064031, SENT, 6e-9, .06468063, 0.0}};
    compare(rows, 2);
}

/* The books close at any step, the physics does not: the work of a ramp converges as dt^2. */
static void the_step_can_be_seen_in_the_work_alone(void **state) {
    (void)state;
    static const double steps[2] = {.2, .1}, work[2] = {.2943553878, .2943358959};
    for (size_t k = 0; k < 2; k++) {
        qep_evolution r = run_step(140, ramp, 80.0, .2, steps[k], 120.0, 1);
        assert_digits(r.work_by_force / EV, work[k], 6e-11);
        assert_digits(r.delta_S / QEP_BOLTZMANN, SENT, 6e-9);
        qep_evolution_free(&r);
    }
}

/* ---- Long runs, with the argument "slow" ---- */

static void the_rest_of_the_table(void **state) {
    (void)state;
    const row rows[] = {{pulse, 240, 0.0, .001, .05, 60.0, .34531131, 1e-8, 6e-9, .34531131, 0.0},
                        {ramp, 160, 80.0, .2, .05, 140.0, .10539036, SENT, 6e-9, .03943069, .2943310224}};
    compare(rows, 2);
}

/* What is missing beyond the slowest process is friction: (W - W_qs) tau, to the digits of the specification at its steps, goes to the integral of
 * gamma epsdot^2; at one step for all the limit follows from the three. */
static void friction(void **state) {
    (void)state;
    static const double tau[3] = {80.0, 160.0, 320.0}, end[3] = {140.0, 240.0, 400.0}, step[3] = {.05, .1, .2}, want[3] = {1.9527, 1.9252, 1.9101};
    static const size_t sites[3] = {160, 300, 420};
    static const double quasi_static = .01502183, limit = 1.88969898;
    double value[2][3];
    for (size_t k = 0; k < 3; k++) {
        for (size_t fine = 0; fine < 2; fine++) {
            const double dt = fine ? .1 : step[k];
            if (fine && k == 1) {
                value[1][1] = value[0][1];
                continue;
            }
            qep_evolution r = run_step(sites[k], ramp, tau[k], .2, dt, end[k], 1);
            value[fine][k] = (r.missing / EV - quasi_static) * tau[k];
            assert_digits(r.delta_S / QEP_BOLTZMANN, SENT, 6e-9);
            qep_evolution_free(&r);
        }
        assert_digits(value[0][k], want[k], 6e-5);
    }
    /* a + b/tau + c/tau^2 through tau, 2 tau, 4 tau */
    const double *v = value[1], first = 2.0 * v[1] - v[0], second = 2.0 * v[2] - v[1];
    assert_digits((4.0 * second - first) / 3.0, limit, 1e-3 * limit);
}

/* ---- Regions of the plane, several driven sites ---- */

enum { NX = 9, NY = 7, PLANE = NX * NY, DRIVEN = 5 };
static const size_t driven_sites[DRIVEN] = {31, 12, 40, 41, 0};

/* Five sites, each in its own way; the last one stands still after a quarter of the time. */
static qep_status five(void *context, double t, double *added, qep_error *err) {
    (void)context, (void)err;
    for (size_t k = 0; k < DRIVEN; k++) {
        const double x = t / TIME / 160.0;
        added[k] = .01 * EV * (double)(k + 1) * sin(QEP_PI * (double)(2 * k + 1) * (k + 1 < DRIVEN ? x : fmin(x, .25)));
    }
    return QEP_OK;
}

static void make_plane(qep_hamiltonian *h, double field) {
    double mass[PLANE], U[PLANE];
    qep_error err = {0};
    for (size_t i = 0; i < PLANE; i++) {
        mass[i] = 0.067 * QEP_ELECTRON_MASS * (1.0 + 0.3 * cos(2.3 * (double)i));
        U[i] = 0.02 * sin(1.7 * (double)i) * EV;
    }
    const qep_grid_hamiltonian grid = {.shape = {NX, NY, 1}, .spacing = {5e-9, 6e-9, 1.0}, .mass = mass, .potential = U, .field = field};
    assert_int_equal(qep_hamiltonian_from_grid(h, &grid, &err), QEP_OK);
}

/* Disorder, flux, five driven sites, a region of odd shape filled otherwise than the rest: the books close on every bond and site, and what flowed
 * over the cut is what the region has more; the same bits for any number of threads. */
static void two_dimensional_region(void **state) {
    (void)state;
    unsigned char inside[PLANE];
    qep_hamiltonian h;
    qep_evolution r[2];
    qep_error err = {0};
    make_plane(&h, 3.0);
    for (size_t i = 0; i < PLANE; i++) {
        const double x = (double)(i % NX) - 5.0, y = (double)(i / NX) - 2.0;
        inside[i] = x * x + y * y < 8.0 || i == 62; /* in two pieces */
    }
    for (int k = 0; k < 2; k++) {
        const qep_drive d = {.driven = DRIVEN, .site = driven_sites, .energies = five, .joined = 1, .mu = {.03 * EV, .01 * EV}, .temperature = {30.0, 90.0},
                             .step = 2.0 * TIME, .end = 160.0 * TIME, .inside = inside, .force = 1, .spin = 2.0, .threads = 1 + 2 * k};
        assert_int_equal(qep_evolve(&h, &d, &r[k], &err), QEP_OK);
        assert_true(r[k].residual_N < 1e-14 && r[k].residual_S < 1e-14 && r[k].residual_E < 1e-14 && r[k].residual_W < 1e-14);
        assert_true(r[k].entropy_drift < 1e-13 && fabs(r[k].work) > 1e-4 * EV);
    }
    const size_t last = (r[0].frames - 1) * PLANE;
    double moved = 0.0, changed = 0.0, entropy = 0.0;
    for (size_t k = 0; k < r[0].steps; k++) {
        moved += r[0].J_N[k] * 2.0 * TIME;
        entropy += r[0].J_S[k] * 2.0 * TIME;
    }
    for (size_t i = 0; i < PLANE; i++) {
        changed += inside[i] ? r[0].n[last + i] - r[0].n[i] : 0.0;
    }
    assert_true(fabs(moved) > 1e-3 && fabs(entropy) > 1e-3 * QEP_BOLTZMANN);
    assert_digits(changed, moved, 1e-12);
    assert_digits(r[0].delta_N, moved, 1e-12);
    assert_digits(r[0].delta_S / QEP_BOLTZMANN, entropy / QEP_BOLTZMANN, 1e-12);
    assert_memory_equal(r[0].s + last, r[1].s + last, PLANE * sizeof(double));
    assert_memory_equal(r[0].J_E, r[1].J_E, r[0].steps * sizeof(double));
    qep_evolution_free(&r[0]);
    qep_evolution_free(&r[1]);
    qep_hamiltonian_free(&h);
}

static qep_status alike(void *context, double t, double *added, qep_error *err) {
    (void)context, (void)err;
    added[0] = added[1] = .02 * EV * sin(t / TIME / 20.0);
    return QEP_OK;
}

/* Without flux a plane and its mirror image, driven at mirrored sites, do the same. */
static void mirrored(void **state) {
    (void)state;
    static const size_t sites[2][2] = {{10, 20}, {PLANE - 1 - 20, PLANE - 1 - 10}};
    unsigned char inside[2][PLANE];
    double mass[PLANE], U[2][PLANE];
    qep_evolution r[2];
    qep_error err = {0};
    for (size_t i = 0; i < PLANE; i++) {
        mass[i] = 0.067 * QEP_ELECTRON_MASS;
        U[0][i] = U[1][PLANE - 1 - i] = 0.02 * sin(1.7 * (double)i) * EV;
        inside[0][i] = inside[1][PLANE - 1 - i] = i % NX > 4;
    }
    for (size_t k = 0; k < 2; k++) {
        qep_hamiltonian h;
        const qep_grid_hamiltonian grid = {.shape = {NX, NY, 1}, .spacing = {5e-9, 6e-9, 1.0}, .mass = mass, .potential = U[k]};
        const qep_drive d = {.driven = 2, .site = sites[k], .energies = alike, .mu = {.04 * EV}, .temperature = {60.0}, .step = 2.0 * TIME,
                             .end = 100.0 * TIME, .inside = inside[k], .force = 1, .spin = 1.0, .threads = 1};
        assert_int_equal(qep_hamiltonian_from_grid(&h, &grid, &err), QEP_OK);
        assert_int_equal(qep_evolve(&h, &d, &r[k], &err), QEP_OK);
        qep_hamiltonian_free(&h);
    }
    assert_true(fabs(r[0].heat) > 1e-6 * EV && fabs(r[0].delta_S) > 1e-4 * QEP_BOLTZMANN);
    assert_digits(r[1].heat / EV, r[0].heat / EV, 1e-12);
    assert_digits(r[1].delta_S / QEP_BOLTZMANN, r[0].delta_S / QEP_BOLTZMANN, 1e-10);
    assert_digits(r[1].work / EV, r[0].work / EV, 1e-12);
    qep_evolution_free(&r[0]);
    qep_evolution_free(&r[1]);
}

/* Nothing moves faster than 2 |hopping|/hbar bonds on a chain; from the middle of it the echo comes in half the time. */
static void echo(void **state) {
    (void)state;
    static const size_t sites[3] = {0, 10, 5};
    static const double want[3] = {19.0, 10.0, 14.0};
    unsigned char inside[20];
    qep_hamiltonian h;
    make_chain(&h, 20);
    for (size_t k = 0; k < 3; k++) {
        qep_evolution r;
        qep_error err = {0};
        const qep_drive d = {.driven = 1, .site = &sites[k], .energies = pulse, .temperature = {3000.0}, .step = .1 * TIME, .end = .999 * want[k] * TIME,
                             .inside = above(inside, 20, 4), .spin = 1.0, .threads = 1};
        assert_int_equal(qep_evolve(&h, &d, &r, &err), QEP_OK);
        assert_digits(r.echo / TIME, want[k], 1e-9);
        assert_true(r.level_spacing > .15 * EV && r.level_spacing < .25 * EV);
        qep_evolution_free(&r);
    }
    qep_hamiltonian_free(&h);
}

static void refusals(void **state) {
    (void)state;
    static const size_t level = 0, beyond = 20;
    unsigned char inside[20], all[20], none[20] = {0};
    qep_hamiltonian h;
    make_chain(&h, 20);
    memset(all, 1, sizeof all);
    const qep_drive good = {.driven = 1, .site = &level, .energies = pulse, .mu = {0}, .temperature = {1.0}, .step = .1 * TIME, .end = 10.0 * TIME,
                            .inside = above(inside, 20, 4), .spin = 1.0, .threads = 1};
    static const char *const keys[] = {"/transport/drive/step", "/transport/drive/end", "/transport/drive/site", "/transport/drive/cut",
                                       "/transport/drive/filling", "/transport/drive/end", "/transport/drive/cut"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        qep_drive d = good;
        qep_evolution r;
        qep_error err = {0};
        d.step = k == 0 ? 0.0 : d.step;
        d.end = k == 1 ? 0.0 : k == 5 ? 40.0 * TIME : d.end; /* the last: behind the echo */
        d.site = k == 2 ? &beyond : d.site;
        d.inside = k == 3 ? all : k == 6 ? none : d.inside;
        d.temperature[0] = k == 4 ? -1.0 : d.temperature[0];
        assert_int_equal(qep_evolve(&h, &d, &r, &err), QEP_ERR_CONFIG);
        assert_string_equal(err.item[0].path, keys[k]);
    }
    qep_hamiltonian_free(&h);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trace), cmocka_unit_test(heat_without_entropy), cmocka_unit_test(entropy_does_not_know_the_speed),
        cmocka_unit_test(the_step_can_be_seen_in_the_work_alone), cmocka_unit_test(two_dimensional_region), cmocka_unit_test(mirrored),
        cmocka_unit_test(echo), cmocka_unit_test(refusals),
    };
    const struct CMUnitTest slow[] = {cmocka_unit_test(the_rest_of_the_table), cmocka_unit_test(friction)};
    return argc > 1 && strcmp(argv[1], "slow") == 0 ? cmocka_run_group_tests(slow, NULL, NULL) : cmocka_run_group_tests(tests, NULL, NULL);
}
