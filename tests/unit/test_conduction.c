/* If this fails, a voltmeter on a simulated device reads something else than the device's equations say, or a device that cannot be is solved all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/linear.h"
#include "qep/poisson/conduction.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 6 };

static double uniform(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

static const qep_bc insulated[3][2] = {{QEP_NATURAL, QEP_NATURAL}, {QEP_NATURAL, QEP_NATURAL}, {QEP_NATURAL, QEP_NATURAL}};

/* A device and what came out of it. */
typedef struct {
    qep_grid grid;
    size_t count;
    double *sigma, *psi, *V;
    qep_electrode electrode[MOST];
    size_t electrodes;
    size_t *cells[MOST];
    qep_load load[MOST];
    size_t loads;
    double extent;
    int threads;
    qep_method method;
    qep_conduction *c;
    qep_conduction_result result;
    qep_conduction_fault fault;
    qep_error err;
} device;

static device make_device(int ndim, const size_t n[3], const double length[3], qep_sampling sampling) {
    device d = {.threads = 1};
    assert_int_equal(qep_grid_init(&d.grid, ndim, n, length, NULL, NULL, sampling, insulated, NULL), QEP_OK);
    d.count = qep_grid_count(&d.grid);
    d.sigma = malloc(d.count * sizeof(double));
    d.psi = malloc(d.count * sizeof(double));
    d.V = malloc(d.count * sizeof(double));
    for (size_t i = 0; i < d.count; i++) {
        d.sigma[i] = 1.0;
        d.psi[i] = 0.0;
    }
    return d;
}

static void where(const device *d, size_t i, double x[3]) {
    const size_t nx = d->grid.axis[0].n, ny = d->grid.axis[1].n;
    x[0] = qep_grid_coordinate(&d->grid, 0, i % nx);
    x[1] = qep_grid_coordinate(&d->grid, 1, i / nx % ny);
    x[2] = qep_grid_coordinate(&d->grid, 2, i / nx / ny);
}

static void add_face(device *d, int face, qep_electrode_kind kind, double value) {
    d->electrode[d->electrodes++] = (qep_electrode){"face", face, NULL, 0, kind, value};
}

/* Samples with low <= x < high. */
static void add_box(device *d, const double low[3], const double high[3], qep_electrode_kind kind, double value) {
    size_t *cells = malloc(d->count * sizeof *cells), count = 0;
    for (size_t i = 0; i < d->count; i++) {
        double x[3];
        where(d, i, x);
        int inside = 1;
        for (int k = 0; k < d->grid.ndim; k++) {
            inside &= x[k] >= low[k] && x[k] < high[k];
        }
        if (inside) {
            cells[count++] = i;
        }
    }
    d->cells[d->electrodes] = cells;
    d->electrode[d->electrodes++] = (qep_electrode){"region", -1, cells, count, kind, value};
}

static qep_status create(device *d) {
    const qep_conduction_setup setup = {.grid = &d->grid, .sigma = d->sigma, .electrodes = d->electrode, .electrode_count = d->electrodes, .loads = d->load,
                                        .load_count = d->loads, .options = {.threads = d->threads, .extent = d->extent, .method = d->method}};
    qep_conduction_destroy(d->c);
    d->c = NULL;
    qep_error_clear(&d->err);
    return qep_conduction_create(&d->c, &setup, &d->fault, NULL, &d->err);
}

static void solve(device *d, double tolerance) {
    assert_int_equal(create(d), QEP_OK);
    const qep_conduction_drive drive = {.psi = d->psi};
    assert_int_equal(qep_conduction_solve(d->c, &drive, &(qep_elliptic_control){.tolerance = tolerance}, d->V, &d->result, &d->err), QEP_OK);
    assert_true(d->result.solve.compatible);
    if (!qep_solve_state_accepted(d->result.solve.state)) {
        print_error("%s: %s\n", qep_solve_state_name(d->result.solve.state), d->result.solve.detail);
    }
    assert_true(qep_solve_state_accepted(d->result.solve.state));
    assert_true(d->result.imbalance < 1e-9);
    assert_true(d->result.energy_defect < 1e-8);
}

static void destroy(device *d) {
    qep_conduction_destroy(d->c);
    for (int k = 0; k < MOST; k++) {
        free(d->cells[k]);
    }
    free(d->sigma);
    free(d->psi);
    free(d->V);
}

static double voltage(const device *d, size_t i) {
    return d->result.electrodes[i].voltage;
}

static double current(const device *d, size_t i) {
    return d->result.electrodes[i].current;
}

/* ---- The bar: V_oc, I_sc, matched load --------------------------------------------------------------------------------- */

/* psi(x) = a x + b x^2 on a bar of length 2, section 0.5, sigma 3: R_i = L/(sigma A) = 4/3. */
static device bar(size_t n, qep_sampling sampling) {
    device d = make_device(1, (const size_t[]){n, 1, 1}, (const double[]){2.0, 1, 1}, sampling);
    d.extent = 0.5;
    for (size_t i = 0; i < d.count; i++) {
        double x[3];
        where(&d, i, x);
        d.sigma[i] = 3.0;
        d.psi[i] = 0.7 * x[0];
    }
    return d;
}

static void a_bar_reads_its_closed_form(void **state) {
    (void)state;
    const double drop = 0.7 * 2.0, resistance = 2.0 / (3.0 * 0.5);
    for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
        for (int kind = 0; kind < 2; kind++) {
            device d = bar(21, (qep_sampling)sampling);
            add_face(&d, 0, kind ? QEP_ELECTRODE_VOLTAGE : QEP_ELECTRODE_CURRENT, 0.0);
            add_face(&d, 1, QEP_ELECTRODE_CURRENT, 0.0);
            solve(&d, 1e-12);
            assert_true(fabs(voltage(&d, 1) - voltage(&d, 0) + drop) < 1e-10); /* V(b) - V(a) = -(psi(b) - psi(a)) */
            assert_true(fabs(voltage(&d, 0)) < 1e-12);                        /* the reference */
            assert_int_equal(d.result.reference, kind ? SIZE_MAX : 0);
            d.electrode[0].kind = d.electrode[1].kind = QEP_ELECTRODE_VOLTAGE; /* shorted: I = (psi(a) - psi(b))/R from a to b inside */
            solve(&d, 1e-12);
            assert_true(fabs(current(&d, 0) + drop / resistance) < 1e-10);
            double J[64];
            assert_int_equal(qep_conduction_current(d.c, &(qep_conduction_drive){.psi = d.psi}, d.V, 0, J, NULL), QEP_OK);
            for (size_t i = 1; i + 1 < d.count; i++) {
                assert_true(fabs(J[i] + 3.0 * 0.7) < 1e-9);
            }
            d.electrode[0].kind = d.electrode[1].kind = QEP_ELECTRODE_CURRENT;
            d.load[d.loads++] = (qep_load){{0, 1}, resistance};
            solve(&d, 1e-12);
            assert_true(fabs(d.result.loads[0].power - drop * drop / (4.0 * resistance)) < 1e-10);
            assert_true(fabs(d.result.loads[0].current + current(&d, 0)) < 1e-10);
            d.load[0].resistance = 3.0 * resistance;
            solve(&d, 1e-12);
            assert_true(fabs(d.result.loads[0].power - drop * drop * 3.0 / (16.0 * resistance)) < 1e-10);
            destroy(&d);
        }
    }
}

static void a_given_current_makes_its_voltage(void **state) {
    (void)state;
    device d = bar(40, QEP_CELL);
    memset(d.psi, 0, d.count * sizeof(double));
    add_face(&d, 0, QEP_ELECTRODE_CURRENT, 0.25);
    add_face(&d, 1, QEP_ELECTRODE_CURRENT, -0.25);
    solve(&d, 1e-12);
    assert_true(fabs(voltage(&d, 0) - voltage(&d, 1) - 0.25 * 4.0 / 3.0) < 1e-11);
    assert_true(fabs(current(&d, 0) - 0.25) < 1e-11 && fabs(current(&d, 1) + 0.25) < 1e-11);
    assert_true(fabs(d.result.joule_power - 0.25 * 0.25 * 4.0 / 3.0) < 1e-11);
    destroy(&d);
}

/* ---- J_S = -sigma grad psi gives V = -psi + const for any sigma -------------------------------------------------------- */

static double law_error(qep_sampling sampling, double contrast, int faces, uint64_t seed) {
    device d = make_device(3, (const size_t[]){17, 14, 15}, (const double[]){1.0, 1.2, 0.7}, sampling);
    const double low[2][3] = {{0, 0, 0}, {0.7, 0.2, 0.2}}, high[2][3] = {{0.2, 2, 2}, {0.95, 0.8, 0.5}};
    for (int k = 0; k < 2; k++) {
        if (faces) {
            add_face(&d, k, QEP_ELECTRODE_CURRENT, 0.0);
        } else {
            add_box(&d, low[k], high[k], QEP_ELECTRODE_CURRENT, 0.0);
        }
    }
    for (size_t i = 0; i < d.count; i++) {
        double x[3];
        where(&d, i, x);
        d.sigma[i] = pow(contrast, uniform(&seed));
        d.psi[i] = faces ? sin(2.0 * x[0]) : uniform(&seed);
    }
    for (size_t k = 0; k < 2 && !faces; k++) { /* psi constant on each electrode */
        for (size_t i = 0; i < d.electrode[k].count; i++) {
            d.psi[d.cells[k][i]] = 0.3 + (double)k;
        }
    }
    solve(&d, 0.0);
    const double shift = d.V[0] + d.psi[0];
    double error = 0.0;
    for (size_t i = 0; i < d.count; i++) {
        error = fmax(error, fabs(d.V[i] + d.psi[i] - shift));
    }
    if (!faces) {
        error = fmax(error, fabs(voltage(&d, 1) - voltage(&d, 0) + 1.0));
    }
    if (getenv("QEP_TEST_VERBOSE")) {
        print_message("law, %s, %s, contrast %.0e: %.1e, %zu iterations, D %.1e\n", sampling ? "node" : "cell", faces ? "faces" : "regions", contrast, error,
                      d.result.solve.iterations, d.result.solve.pointwise);
    }
    destroy(&d);
    return error;
}

static void an_impressed_potential_is_read_back_for_any_sigma(void **state) {
    (void)state;
    int failed = 0;
    for (int sampling = QEP_CELL; sampling <= QEP_NODE; sampling++) {
        for (int faces = 0; faces < 2; faces++) {
            for (double contrast = 1.0; contrast < 2e7; contrast *= 100.0) {
                const double bound = fmax(1e-8, 1e-13 * contrast);
                failed += !(law_error((qep_sampling)sampling, contrast, faces, 5) < bound);
            }
        }
    }
    assert_int_equal(failed, 0);
}

/* ---- Reciprocity, energy, superposition --------------------------------------------------------------------------------- */

static device four_pads(double contrast) {
    device d = make_device(3, (const size_t[]){20, 19, 9}, (const double[]){2.0, 1.9, 0.9}, QEP_CELL);
    uint64_t seed = 11;
    for (size_t i = 0; i < d.count; i++) {
        d.sigma[i] = uniform(&seed) < 0.1 ? 0.0 : pow(contrast, uniform(&seed));
        d.psi[i] = uniform(&seed);
    }
    for (int k = 0; k < 4; k++) {
        const double x = k % 2 ? 1.4 : 0.2, y = k / 2 ? 1.3 : 0.3, low[3] = {x, y, 0.7}, high[3] = {x + 0.4, y + 0.3, 2.0};
        add_box(&d, low, high, QEP_ELECTRODE_CURRENT, 0.0);
    }
    return d;
}

static void transfer_resistances_are_reciprocal(void **state) {
    (void)state;
    device d = four_pads(100.0);
    memset(d.psi, 0, d.count * sizeof(double));
    double R[2];
    for (int k = 0; k < 2; k++) { /* current 0 -> 1, voltage 2 - 3, and the other way round */
        for (size_t i = 0; i < 4; i++) {
            d.electrode[i].value = (k ? i >= 2 : i < 2) ? (i % 2 ? -1.0 : 1.0) : 0.0;
        }
        solve(&d, 0.0);
        R[k] = k ? voltage(&d, 0) - voltage(&d, 1) : voltage(&d, 2) - voltage(&d, 3);
        assert_true(fabs(d.result.joule_power - d.result.electrode_power) < 1e-8 * d.result.joule_power);
    }
    assert_true(fabs(R[0]) > 1e-3 && fabs(R[0] - R[1]) < 1e-8 * fabs(R[0]));
    destroy(&d);
}

/* Loads in the equations against the conductance matrix and the open-circuit voltages. */
static void loads_agree_with_superposition(void **state) {
    (void)state;
    device d = four_pads(1e3);
    double G[16], open[4], A[16] = {0}, b[4];
    int pivots[4];
    qep_elliptic_report report;
    solve(&d, 0.0);
    for (int i = 0; i < 4; i++) {
        open[i] = voltage(&d, (size_t)i);
    }
    assert_int_equal(qep_conduction_matrix(d.c, &(qep_elliptic_control){0}, G, &report, NULL), QEP_OK);
    assert_true(qep_solve_state_accepted(report.state));
    for (int i = 0; i < 4; i++) {
        double sum = 0.0;
        for (int j = 0; j < 4; j++) {
            sum += G[4 * i + j];
            assert_true(fabs(G[4 * i + j] - G[4 * j + i]) < 1e-8 * G[4 * i + i]);
        }
        assert_true(fabs(sum) < 1e-8 * G[4 * i + i] && G[4 * i + i] > 0.0);
    }
    d.load[d.loads++] = (qep_load){{0, 1}, 0.3};
    d.load[d.loads++] = (qep_load){{3, 1}, 2.0};
    /* I = G (V - V_open) + (what flows through loads) = 0, V_2 = 0 as the gauge */
    for (int i = 0; i < 4; i++) {
        b[i] = 0.0;
        for (int j = 0; j < 4; j++) {
            A[i + 4 * j] = G[4 * i + j];
            b[i] += G[4 * i + j] * open[j];
        }
    }
    for (size_t k = 0; k < 2; k++) {
        const size_t p = d.load[k].between[0], q = d.load[k].between[1];
        const double g = 1.0 / d.load[k].resistance;
        A[p + 4 * p] += g;
        A[q + 4 * q] += g;
        A[p + 4 * q] -= g;
        A[q + 4 * p] -= g;
    }
    for (int j = 0; j < 4; j++) {
        A[0 + 4 * j] = j == 0;
    }
    b[0] = 0.0;
    assert_int_equal(qep_dgetrf(4, A, 4, pivots), 0);
    assert_int_equal(qep_dgetrs(QEP_AS_IS, 4, 1, A, 4, pivots, b, 4), 0);
    solve(&d, 0.0);
    for (size_t i = 0; i < 4; i++) {
        assert_true(fabs(voltage(&d, i) - b[i]) < 1e-8);
    }
    assert_true(fabs(d.result.loads[0].current - (b[0] - b[1]) / 0.3) < 1e-7);
    d.electrode[1].kind = QEP_ELECTRODE_VOLTAGE; /* the same with one of them held: only the gauge changes */
    d.electrode[1].value = 0.5;
    solve(&d, 0.0);
    for (size_t i = 0; i < 4; i++) {
        assert_true(fabs(voltage(&d, i) - 0.5 - (b[i] - b[1])) < 1e-8);
    }
    destroy(&d);
}

/* ---- Insulators ---------------------------------------------------------------------------------------------------------- */

static void islands_holes_and_insulators(void **state) {
    (void)state;
    device d = make_device(2, (const size_t[]){30, 24, 1}, (const double[]){3.0, 2.4, 1}, QEP_CELL);
    d.extent = 1.0;
    for (size_t i = 0; i < d.count; i++) {
        double x[3];
        where(&d, i, x);
        const int hole = hypot(x[0] - 1.0, x[1] - 1.2) < 0.4, gap = x[0] > 2.0 && x[0] < 2.2;
        d.sigma[i] = hole || gap ? 0.0 : 2.0;
        d.psi[i] = x[0] > 2.2 ? x[1] : 0.3 * x[0]; /* the island beyond the gap has a drive of its own */
    }
    add_face(&d, 0, QEP_ELECTRODE_CURRENT, 0.0);
    add_box(&d, (const double[]){1.8, 0.0, 0.0}, (const double[]){2.0, 2.4, 0.0}, QEP_ELECTRODE_CURRENT, 0.0);
    solve(&d, 0.0);
    assert_int_equal(d.result.solve.components, 2);
    assert_int_equal(d.result.solve.floating, 2);
    double mean = 0.0;
    size_t island = 0;
    for (size_t i = 0; i < d.count; i++) {
        double x[3];
        where(&d, i, x);
        assert_true((d.sigma[i] == 0.0) == isnan(d.V[i]));
        if (x[0] > 2.2) {
            mean += d.V[i];
            island++;
            assert_true(fabs(d.V[i] + x[1] - 1.2) < 1e-9);
        }
    }
    assert_true(fabs(mean) < 1e-9 * (double)island);
    assert_true(fabs(voltage(&d, 1) + 0.3 * 1.85) < 1e-9 || fabs(voltage(&d, 1) + 0.3 * 1.8) < 1e-9);
    destroy(&d);
}

/* "sigma = 1e-12" instead of 0 reads the same voltage, worse. */
static void an_insulator_is_the_limit_of_a_bad_conductor(void **state) {
    (void)state;
    double reading[2];
    for (int k = 0; k < 2; k++) {
        device d = four_pads(3.0);
        uint64_t seed = 3;
        for (size_t i = 0; i < d.count; i++) {
            double x[3];
            where(&d, i, x);
            d.sigma[i] = x[2] < 0.5 ? (k ? 1e-9 : 0.0) : 1.0 + uniform(&seed);
        }
        solve(&d, 0.0);
        reading[k] = voltage(&d, 2) - voltage(&d, 1);
        destroy(&d);
    }
    assert_true(fabs(reading[0]) > 1e-3 && fabs(reading[0] - reading[1]) < 1e-7);
}

/* ---- Faults ----------------------------------------------------------------------------------------------------------------- */

static void impossible_devices_are_refused_by_name(void **state) {
    (void)state;
    device d = make_device(2, (const size_t[]){12, 10, 1}, (const double[]){1.2, 1.0, 1}, QEP_CELL);
    add_box(&d, (const double[]){0.0, 0.0, 0.0}, (const double[]){0.3, 0.3, 0.0}, QEP_ELECTRODE_CURRENT, 1.0);
    add_box(&d, (const double[]){0.2, 0.2, 0.0}, (const double[]){0.5, 0.5, 0.0}, QEP_ELECTRODE_CURRENT, -0.5);
    d.electrode[0].name = "left";
    d.electrode[1].name = "right";
    assert_int_equal(create(&d), QEP_ERR_CONFIG);
    assert_int_equal(d.fault.kind, QEP_CONDUCTION_OVERLAP);
    assert_string_equal(d.err.item[0].path, "/electrodes/1");
    assert_non_null(strstr(d.err.item[0].message, "\"left\" and \"right\""));
    free(d.cells[1]);
    d.electrodes = 1;
    add_box(&d, (const double[]){0.6, 0.2, 0.0}, (const double[]){0.9, 0.5, 0.0}, QEP_ELECTRODE_CURRENT, -0.5);
    d.electrode[1].name = "right";
    assert_int_equal(create(&d), QEP_ERR_PROBLEM);
    assert_int_equal(d.fault.kind, QEP_CONDUCTION_IMBALANCE);
    assert_true(fabs(d.fault.imbalance - 0.5) < 1e-15);
    d.electrode[1].value = -1.0;
    assert_int_equal(create(&d), QEP_OK);
    const double values[2] = {1.0, 1.0};
    assert_int_equal(qep_conduction_set_values(d.c, values, &d.fault, &d.err), QEP_ERR_PROBLEM);
    for (size_t i = 0; i < d.count; i++) { /* an insulating trench: each piece must balance by itself */
        double x[3];
        where(&d, i, x);
        d.sigma[i] = fabs(x[0] - 0.45) < 0.06 ? 0.0 : 1.0;
    }
    assert_int_equal(create(&d), QEP_ERR_PROBLEM);
    assert_int_equal(d.fault.kind, QEP_CONDUCTION_IMBALANCE);
    for (size_t i = 0; i < d.count; i++) {
        double x[3];
        where(&d, i, x);
        d.sigma[i] = x[0] > 0.5 ? 0.0 : 1.0;
    }
    assert_int_equal(create(&d), QEP_ERR_PROBLEM);
    assert_int_equal(d.fault.kind, QEP_CONDUCTION_INSULATED);
    assert_int_equal(d.fault.electrode[0], 1);
    d.electrode[1].count = 0;
    assert_int_equal(create(&d), QEP_ERR_CONFIG);
    assert_int_equal(d.fault.kind, QEP_CONDUCTION_EMPTY);
    d.electrode[1] = (qep_electrode){"lid", 4, NULL, 0, QEP_ELECTRODE_VOLTAGE, 0.0};
    assert_int_equal(create(&d), QEP_ERR_CONFIG);
    assert_int_equal(d.fault.kind, QEP_CONDUCTION_UNAVAILABLE);
    destroy(&d);
}

/* ---- Closed forms in two dimensions -------------------------------------------------------------------------------------------- */

/* Ring between radii 0.25 and 0.75 (electrodes: disk and outside): R = ln(3)/(2 pi sigma d). */
static double ring_error(size_t n) {
    device d = make_device(2, (const size_t[]){n, n, 1}, (const double[]){2.0, 2.0, 1}, QEP_CELL);
    d.extent = 0.1;
    d.cells[0] = malloc(d.count * sizeof(size_t));
    d.cells[1] = malloc(d.count * sizeof(size_t));
    size_t count[2] = {0, 0};
    for (size_t i = 0; i < d.count; i++) {
        double x[3];
        where(&d, i, x);
        const double r = hypot(x[0] - 1.0, x[1] - 1.0);
        d.sigma[i] = 4.0;
        if (r < 0.25 || r > 0.75) {
            d.cells[r > 0.75][count[r > 0.75]++] = i;
        }
    }
    d.electrode[0] = (qep_electrode){"core", -1, d.cells[0], count[0], QEP_ELECTRODE_VOLTAGE, 1.0};
    d.electrode[1] = (qep_electrode){"mantle", -1, d.cells[1], count[1], QEP_ELECTRODE_CURRENT, 0.0};
    d.electrodes = 2;
    d.electrode[1].kind = QEP_ELECTRODE_VOLTAGE;
    solve(&d, 0.0);
    const double error = fabs(1.0 / current(&d, 0) * (2.0 * M_PI * 4.0 * 0.1) / log(3.0) - 1.0);
    destroy(&d);
    return error;
}

static void coaxial_resistance(void **state) {
    (void)state;
    assert_true(ring_error(200) < 0.01);
    assert_true(ring_error(100) < 0.02); /* electrodes are whole cells: first order, with the scatter of a staircase */
}

/* Complete elliptic integral of the first kind by the arithmetic-geometric mean; k2 = modulus squared. */
static double elliptic_K(double k2) {
    double a = 1.0, b = sqrt(1.0 - k2);
    for (int i = 0; i < 40; i++) {
        const double mean = 0.5 * (a + b);
        b = sqrt(a * b);
        a = mean;
    }
    return 0.5 * M_PI / a;
}

/* Square sheet, contacts on the lower halves of two opposite sides... by the map of a rectangle on the half plane w = sn(z): corners at
 * -1/k, -1, 1, 1/k. Contact from the lower corner to half height: cross-ratio of the four ends gives R = K(m)/K(1-m) of the equivalent rectangle. */
static double square_error(size_t n) {
    device d = make_device(2, (const size_t[]){n, n, 1}, (const double[]){1.0, 1.0, 1}, QEP_CELL);
    d.extent = 1.0;
    size_t count = n / 2;
    d.cells[0] = malloc(n * sizeof(size_t));
    d.cells[1] = malloc(n * sizeof(size_t));
    for (size_t y = 0; y < count; y++) {
        d.cells[0][y] = y * n;
        d.cells[1][y] = y * n + n - 1;
    }
    d.electrode[0] = (qep_electrode){"left", 0, d.cells[0], count, QEP_ELECTRODE_CURRENT, 1.0};
    d.electrode[1] = (qep_electrode){"right", 1, d.cells[1], count, QEP_ELECTRODE_CURRENT, -1.0};
    d.electrodes = 2;
    solve(&d, 0.0);
    /* The rectangle -K <= Re z <= K, 0 <= Im z <= K' = 2K is the square; its right side maps to 1 .. 1/k. Half height maps to w = 1/sqrt(k)
     * (z = K + iK'/2), so the contacts are [-1/sqrt(k), -1] and [1, 1/sqrt(k)]: R = 2K(k2)/K'(k2) with modulus k2 = sqrt(k). */
    double low = 1e-6, high = 0.9; /* K(1 - k^2) = 2 K(k^2) */
    for (int i = 0; i < 200; i++) {
        const double k = 0.5 * (low + high);
        if (elliptic_K(1.0 - k * k) > 2.0 * elliptic_K(k * k)) {
            low = k;
        } else {
            high = k;
        }
    }
    const double k = 0.5 * (low + high), expected = 2.0 * elliptic_K(k) / elliptic_K(1.0 - k);
    const double error = fabs((voltage(&d, 0) - voltage(&d, 1)) / expected - 1.0);
    destroy(&d);
    return error;
}

static void contacts_on_a_square_against_the_conformal_map(void **state) {
    (void)state;
    const double coarse = square_error(24), fine = square_error(96);
    if (getenv("QEP_TEST_VERBOSE")) {
        print_message("square: %.2e %.2e, order %.2f\n", coarse, fine, 0.5 * log2(coarse / fine));
    }
    assert_true(fine < 0.02);
    assert_true(fabs(0.5 * log2(coarse / fine) - 1.0) < 0.2); /* the ends of the contacts are singular */
}

/* ---- Iterations that the multigrid may take -------------------------------------------------------------------------------------- */

static size_t film_iterations(double outside, double aspect, int pads) {
    device d = make_device(3, (const size_t[]){32, 32, 32}, (const double[]){1.0, 1.0, aspect}, QEP_CELL);
    d.method = QEP_METHOD_PCG_MG;
    for (size_t i = 0; i < d.count; i++) {
        double x[3];
        where(&d, i, x);
        d.sigma[i] = x[2] > 0.4375 * aspect && x[2] < 0.5625 * aspect ? 1.0 : outside;
        d.psi[i] = x[0] * (d.sigma[i] == 1.0 ? 1.0 : -0.5) + 0.2 * sin(3 * x[1]);
    }
    for (int k = 0; k < 2 && pads; k++) {
        const double x = k ? 0.75 : 0.125, z = 0.5625 * aspect, low[3] = {x, 0.375, z}, high[3] = {x + 0.125, 0.625, z + 0.03 * aspect};
        add_box(&d, low, high, k ? QEP_ELECTRODE_CURRENT : QEP_ELECTRODE_VOLTAGE, 0.0);
    }
    solve(&d, 0.0);
    const size_t iterations = d.result.solve.iterations;
    if (getenv("QEP_TEST_VERBOSE")) {
        print_message("film outside %.0e aspect %.0e pads %d: %zu iterations, D %.1e, %s\n", outside, aspect, pads, iterations, d.result.solve.pointwise,
                      qep_solve_state_name(d.result.solve.state));
    }
    destroy(&d);
    return iterations;
}

static void films_take_few_iterations(void **state) {
    (void)state;
    static const double outside[] = {0.1, 1e-3, 1e-6, 1e-8, 1e-12, 0.0};
    int failed = 0;
    for (int pads = 0; pads < 2; pads++) {
        for (int k = 0; k < 6; k++) {
            failed += film_iterations(outside[k], 1.0, pads) > 30;
        }
        for (double aspect = 0.1; aspect > 5e-4; aspect *= 0.1) {
            failed += film_iterations(1e-6, aspect, pads) > 30;
            failed += film_iterations(0.0, aspect, pads) > 30;
        }
    }
    assert_int_equal(failed, 0);
}

int main(void) {
    qep_linear_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bar_reads_its_closed_form),
        cmocka_unit_test(a_given_current_makes_its_voltage),
        cmocka_unit_test(an_impressed_potential_is_read_back_for_any_sigma),
        cmocka_unit_test(transfer_resistances_are_reciprocal),
        cmocka_unit_test(loads_agree_with_superposition),
        cmocka_unit_test(islands_holes_and_insulators),
        cmocka_unit_test(an_insulator_is_the_limit_of_a_bad_conductor),
        cmocka_unit_test(impossible_devices_are_refused_by_name),
        cmocka_unit_test(coaxial_resistance),
        cmocka_unit_test(contacts_on_a_square_against_the_conformal_map),
        cmocka_unit_test(films_take_few_iterations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
