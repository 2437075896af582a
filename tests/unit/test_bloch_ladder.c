/* If this fails, the band-geometry formulas (metric, curvature, G, T1, T2, Drude terms) disagree with the density matrix itself: this second route
 * solves the kinetic equation order by order in the orbital basis, with spectral k-derivatives and linear systems, for random Hamiltonians without
 * symmetry and with orbitals off the origin. It shares no integrand with the program: no eigenvector derivative, curvature or metric appears. */
#include "bloch_samples.h"

#include "qep/base/linear.h"

enum { MOST = 6, SQUARE = MOST * MOST };

typedef double complex matrix[SQUARE];

typedef struct {
    int dim;
    size_t n, N, points;           /* bands, grid per axis, N^dim */
    double lattice[3][3], cell;    /* m */
    double tau[MOST][3];           /* m, Cartesian */
    qep_bloch_hopping hopping[64]; /* J */
    size_t hoppings;
    double onsite[MOST]; /* eV */
    double kT, mu;       /* eV */
    double E[3];         /* V/m */
    matrix *H, *V[3], *rho0, *rho1, *rho2, *source;
    double D[64]; /* derivative weights of distance j - l */
} ladder;

/* A fixed linear congruential sequence on [-1, 1]. */
static double draw(unsigned *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) / 8388608.0 - 1.0;
}

static qep_bloch_model *make(ladder *l, int dim, size_t n, size_t N, double hop, double spacing) {
    unsigned seed = 12345u + (unsigned)n;
    double orbital[MOST][3] = {{0}}, onsite[MOST];
    *l = (ladder){.dim = dim, .n = n, .N = N, .points = dim == 2 ? N * N : N * N * N, .lattice = {{3.1e-10, 0.2e-10, 0.0}, {-0.7e-10, 2.9e-10, 0.0}}};
    if (dim == 3) {
        l->lattice[0][2] = 0.3e-10;
        l->lattice[2][0] = 0.5e-10;
        l->lattice[2][1] = -0.4e-10;
        l->lattice[2][2] = 3.4e-10;
    }
    static const int shifts[7][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, -1, 0}, {1, 1, 0}, {0, 1, 1}};
    for (size_t i = 0; i < n; i++) {
        onsite[i] = l->onsite[i] = spacing * ((double)i - 0.5 * (double)n) + 0.1 * spacing * draw(&seed);
        for (int d = 0; d < dim; d++) {
            orbital[i][d] = 0.5 * draw(&seed);
            for (int c = 0; c < 3; c++) {
                l->tau[i][c] += orbital[i][d] * l->lattice[d][c];
            }
        }
    }
    for (size_t h = 0; h < 40; h++) {
        const int *R = shifts[h % 7];
        const size_t from = (h * 5 + h / 7) % n, to = (h * 3 + h / 5 + 1) % n;
        const int home = !R[0] && !R[1] && !R[2];
        int known = (dim == 2 && R[2]) || (home && from >= to);
        for (size_t k = 0; k < l->hoppings; k++) {
            known |= !memcmp(l->hopping[k].R, R, sizeof shifts[0]) && l->hopping[k].from == from && l->hopping[k].to == to;
        }
        if (!known) {
            const double re = hop * draw(&seed), im = hop * draw(&seed);
            l->hopping[l->hoppings++] = (qep_bloch_hopping){{R[0], R[1], R[2]}, from, to, (re + I * im) * QEP_E_CHARGE};
        }
    }
    for (size_t i = 0; i < n; i++) {
        onsite[i] *= QEP_E_CHARGE;
    }
    qep_bloch_model *m = NULL;
    assert_int_equal(qep_bloch_model_list(&m, dim, (const double(*)[3])l->lattice, n, (const double(*)[3])orbital, onsite, l->hopping, l->hoppings, NULL,
                                          NULL),
                     QEP_OK);
    l->cell = m->cell;
    for (int d = 1; d < (int)N; d++) { /* spectral derivative of period 2 pi, even N: the Nyquist mode has none */
        l->D[d] = 0.5 * (d % 2 ? -1.0 : 1.0) / tan(QEP_PI * d / (double)N);
    }
    matrix **const all[] = {&l->H, &l->V[0], &l->V[1], &l->V[2], &l->rho0, &l->rho1, &l->rho2, &l->source};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        *all[i] = calloc(l->points, sizeof(matrix));
        assert_non_null(*all[i]);
    }
    return m;
}

static void drop(ladder *l) {
    matrix *const all[] = {l->H, l->V[0], l->V[1], l->V[2], l->rho0, l->rho1, l->rho2, l->source};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

static void index_of(const ladder *l, size_t p, size_t i[3]) {
    i[2] = l->dim == 3 ? p % l->N : 0;
    p = l->dim == 3 ? p / l->N : p;
    i[1] = p % l->N;
    i[0] = p / l->N;
}

static size_t stride_of(const ladder *l, int axis) {
    return axis == l->dim - 1 ? 1 : axis == l->dim - 2 ? l->N : l->N * l->N;
}

static void fill_H(ladder *l, size_t p) {
    const size_t n = l->n;
    double complex *H = l->H[p];
    size_t i[3];
    index_of(l, p, i);
    for (size_t o = 0; o < n; o++) {
        H[o + o * n] += l->onsite[o];
    }
    for (size_t h = 0; h < l->hoppings; h++) {
        const qep_bloch_hopping *x = &l->hopping[h];
        double angle = 0.0;
        for (int d = 0; d < l->dim; d++) {
            angle += 2.0 * QEP_PI * (double)i[d] * x->R[d] / (double)l->N;
        }
        const double complex value = x->value / QEP_E_CHARGE * cexp(I * angle);
        H[x->from + x->to * n] += value;
        H[x->to + x->from * n] += conj(value);
    }
}

/* out += factor (i d_c X + [tau_c, X]) at all points: the commutator of the position operator. */
static void add_position(const ladder *l, int c, double complex factor, const matrix *X, matrix *out) {
    const size_t n = l->n;
    for (size_t p = 0; p < l->points; p++) {
        size_t i[3];
        index_of(l, p, i);
        for (int d = 0; d < l->dim; d++) {
            const size_t stride = stride_of(l, d);
            for (size_t j = 0; j < l->N; j++) {
                const size_t distance = (i[d] + l->N - j) % l->N;
                const double complex w = factor * I * l->lattice[d][c] * l->D[distance];
                const double complex *x = X[p + j * stride - i[d] * stride];
                for (size_t e = 0; e < n * n && distance; e++) {
                    out[p][e] += w * x[e];
                }
            }
        }
        for (size_t e = 0; e < n * n; e++) {
            out[p][e] += factor * (l->tau[e % n][c] - l->tau[e / n][c]) * X[p][e];
        }
    }
}

/* f(H), or eta(rho) with `entropy`. */
static void matrix_function(const ladder *l, const double complex *X, int entropy, double complex *out) {
    const size_t n = l->n;
    double w[MOST];
    matrix U;
    memcpy(U, X, n * n * sizeof *U);
    assert_int_equal(qep_zheevd(n, U, n, w, 1), 0);
    memset(out, 0, n * n * sizeof *out);
    for (size_t b = 0; b < n; b++) {
        const double value = entropy ? -w[b] * log(w[b]) - (1.0 - w[b]) * log1p(-w[b]) : 1.0 / (1.0 + exp((w[b] - l->mu) / l->kT));
        for (size_t e = 0; e < n * n; e++) {
            out[e] += value * U[e % n + b * n] * conj(U[e / n + b * n]);
        }
    }
}

static void prepare(ladder *l) {
    for (size_t p = 0; p < l->points; p++) {
        fill_H(l, p);
        matrix_function(l, l->H[p], 0, l->rho0[p]);
    }
    for (int c = 0; c < l->dim; c++) { /* V = i [H, r] = -i [r, H] */
        add_position(l, c, -I, l->H, l->V[c]);
    }
}

/* [H, x] - i rate x = source at every k, as a linear system of n^2 unknowns. */
static void solve(const ladder *l, double rate, const matrix *source, matrix *x) {
    const size_t n = l->n, m = n * n;
    static double complex A[SQUARE * SQUARE];
    int pivots[SQUARE];
    for (size_t p = 0; p < l->points; p++) {
        const double complex *H = l->H[p];
        memset(A, 0, m * m * sizeof *A);
        for (size_t j = 0; j < n; j++) {
            for (size_t i = 0; i < n; i++) {
                const size_t row = i + j * n;
                for (size_t k = 0; k < n; k++) {
                    A[row + (k + j * n) * m] += H[i + k * n];
                    A[row + (i + k * n) * m] -= H[k + j * n];
                }
                A[row + row * m] -= I * rate;
            }
        }
        memcpy(x[p], source[p], m * sizeof **x);
        assert_int_equal(qep_zgetrf(m, A, m, pivots), 0);
        assert_int_equal(qep_zgetrs(QEP_AS_IS, m, 1, A, m, pivots, x[p], m), 0);
    }
}

/* Next order: source = -e [E.r, x]. */
static void next_source(ladder *l, const matrix *x) {
    memset(l->source, 0, l->points * sizeof(matrix));
    for (int c = 0; c < l->dim; c++) {
        add_position(l, c, -l->E[c], x, l->source);
    }
}

/* (1/cell) mean over k of Tr V_a X, eV m^(1-dim). */
static double trace(const ladder *l, int a, const matrix *X) {
    const size_t n = l->n;
    double complex sum = 0.0;
    for (size_t p = 0; p < l->points; p++) {
        for (size_t e = 0; e < n * n; e++) {
            sum += l->V[a][p][e / n + e % n * n] * X[p][e];
        }
    }
    return creal(sum) / ((double)l->points * l->cell);
}

static const double per_current = -QEP_E_CHARGE * QEP_E_CHARGE / QEP_HBAR; /* J = -e Tr v rho */

/* d eta(rho0 + h rho1)/dh by a fourth-order difference. */
static void entropy_response(ladder *l) {
    const double h = 3e-6;
    double largest = 0.0;
    for (size_t p = 0; p < l->points; p++) {
        for (size_t e = 0; e < l->n * l->n; e++) {
            largest = fmax(largest, cabs(l->rho1[p][e]));
        }
    }
    for (size_t p = 0; p < l->points; p++) {
        static const double step[4] = {-2, -1, 1, 2}, weight[4] = {1, -8, 8, -1};
        memset(l->rho2[p], 0, sizeof(matrix));
        for (int s = 0; s < 4; s++) {
            matrix X, eta;
            for (size_t e = 0; e < l->n * l->n; e++) {
                X[e] = l->rho0[p][e] + step[s] * h / largest * l->rho1[p][e];
            }
            matrix_function(l, X, 1, eta);
            for (size_t e = 0; e < l->n * l->n; e++) {
                l->rho2[p][e] += weight[s] / 12.0 / h * largest * eta[e];
            }
        }
    }
}

static void near(const char *what, const double *got, const double *want, int count, double tolerance) {
    double scale = 0.0;
    for (int i = 0; i < count; i++) {
        scale = fmax(scale, fabs(want[i]));
    }
    for (int i = 0; i < count; i++) {
        if (!(fabs(got[i] - want[i]) <= tolerance * scale)) {
            fail_msg("%s component %d: %.12g from the ladder, %.12g from the bands (largest %.3g)", what, i, want[i], got[i], scale);
        }
    }
}

/* sum over b of tensor_ab E_b, or over b, c of tensor_abc E_b E_c. */
static void contract(const sample *s, const char *name, const double *E, int dim, int rank, double factor, double *out) {
    for (int a = 0; a < dim; a++) {
        for (int i = 0; i < (rank == 2 ? dim : dim * dim); i++) {
            const double field = rank == 2 ? E[i] : E[i / dim] * E[i % dim];
            out[a] += factor * sample_get(s, name, (rank == 2 ? a * dim : a * dim * dim) + i) * field;
        }
    }
}

/* sigma^S exactly at any tau; sigma^H at 1/tau -> 0; the entropy current likewise. */
static void check_linear(ladder *l, sample *s) {
    const double rates[2] = {8e-3, 4e-3};
    double J[2][3], JS[2][3], hall[3] = {0}, entropy_hall[3] = {0}, symmetric[3] = {0}, entropy[3] = {0};
    const size_t points[3] = {l->N, l->N, l->N};
    for (int i = 0; i < 2; i++) {
        s->settings.tau = QEP_HBAR / (rates[i] * QEP_E_CHARGE);
        next_source(l, l->rho0);
        solve(l, rates[i], l->source, l->rho1);
        entropy_response(l);
        sample_sum(s, points, NULL, l->mu, l->kT * QEP_E_CHARGE / QEP_BOLTZMANN, LINEAR);
        memset(symmetric, 0, sizeof symmetric);
        memset(entropy, 0, sizeof entropy);
        contract(s, "sigma_D", l->E, l->dim, 2, 1.0, symmetric);
        contract(s, "sigma_inter", l->E, l->dim, 2, 1.0, symmetric);
        contract(s, "alpha_S", l->E, l->dim, 2, 1.0, entropy);
        for (int a = 0; a < l->dim; a++) {
            J[i][a] = per_current * trace(l, a, l->rho1) - symmetric[a];
            JS[i][a] = QEP_BOLTZMANN * QEP_E_CHARGE / QEP_HBAR * trace(l, a, l->rho2) - entropy[a];
        }
    }
    contract(s, "sigma_H", l->E, l->dim, 2, 1.0, hall);
    contract(s, "alpha_H", l->E, l->dim, 2, 1.0, entropy_hall);
    for (int a = 0; a < l->dim; a++) { /* the rest is even in 1/tau */
        J[0][a] = (4.0 * J[1][a] - J[0][a]) / 3.0;
        JS[0][a] = (4.0 * JS[1][a] - JS[0][a]) / 3.0;
    }
    near("Hall current", hall, J[0], l->dim, 1e-6);
    near("entropy Hall current", entropy_hall, JS[0], l->dim, 1e-6);
}

/* E . sigma^S . E from the current along E: no Hall part in it. */
static void check_dissipation(ladder *l, sample *s) {
    const double rate = 0.07;
    const size_t points[3] = {l->N, l->N, l->N};
    double want = 0.0, got = 0.0, J[3] = {0};
    s->settings.tau = QEP_HBAR / (rate * QEP_E_CHARGE);
    memcpy(s->settings.field, l->E, sizeof l->E);
    next_source(l, l->rho0);
    solve(l, rate, l->source, l->rho1);
    sample_sum(s, points, NULL, l->mu, l->kT * QEP_E_CHARGE / QEP_BOLTZMANN, LINEAR);
    contract(s, "sigma_D", l->E, l->dim, 2, 1.0, J);
    contract(s, "sigma_inter", l->E, l->dim, 2, 1.0, J);
    for (int a = 0; a < l->dim; a++) {
        want += l->E[a] * per_current * trace(l, a, l->rho1);
        got += l->E[a] * J[a];
    }
    assert_true(fabs(got - want) < 1e-6 * fabs(want));
    const double heat = want / s->T, production = sample_get(s, "entropy_production", 0);
    assert_true(fabs(production - heat) < 1e-6 * heat);
}

enum { FIT = 8 };

/* Coefficients of 1/rate^2, 1/rate and 1 of the second-order current: a polynomial through rate^2 J (Neville by a Vandermonde solve). */
static void fit(const double *rate, double (*J)[3], int dim, double out[3][3]) {
    double A[FIT * FIT], b[FIT * 3];
    int pivots[FIT];
    for (int i = 0; i < FIT; i++) {
        for (int k = 0; k < FIT; k++) {
            A[i + k * FIT] = pow(rate[i] / rate[FIT - 1], k);
        }
        for (int a = 0; a < dim; a++) {
            b[i + a * FIT] = J[i][a] * rate[i] * rate[i];
        }
    }
    assert_int_equal(qep_dgetrf(FIT, A, FIT, pivots), 0);
    assert_int_equal(qep_dgetrs(QEP_AS_IS, FIT, (size_t)dim, A, FIT, pivots, b, FIT), 0);
    for (int k = 0; k < 3; k++) {
        for (int a = 0; a < dim; a++) {
            out[k][a] = b[k + a * FIT] / pow(rate[FIT - 1], k);
        }
    }
}

static void check_second(ladder *l, sample *s) {
    static const qep_bloch_scheme schemes[2] = {QEP_BLOCH_RTA, QEP_BLOCH_ADIABATIC};
    const size_t points[3] = {l->N, l->N, l->N};
    double rate[FIT], J[2][FIT][3] = {{{0}}};
    for (int i = 0; i < FIT; i++) {
        rate[i] = (l->dim == 2 ? 0.012 : 0.025) * cos(QEP_PI * (i + 0.5) / FIT); /* analytic in the rate: both signs, so that zero lies inside */
        next_source(l, l->rho0);
        solve(l, rate[i], l->source, l->rho1);
        next_source(l, l->rho1);
        for (int x = 0; x < 2; x++) {
            solve(l, (x + 1) * rate[i], l->source, l->rho2);
            for (int a = 0; a < l->dim; a++) {
                J[x][i][a] = per_current * trace(l, a, l->rho2);
            }
        }
    }
    s->settings.tau = QEP_HBAR / QEP_E_CHARGE; /* hbar/tau = 1 eV: powers of 1/rate are powers of tau */
    sample_sum(s, points, NULL, l->mu, l->kT * QEP_E_CHARGE / QEP_BOLTZMANN, EVERYTHING);
    for (int x = 0; x < 2; x++) {
        double want[3][3], got[3][3] = {{0}};
        fit(rate, J[x], l->dim, want);
        s->settings.scheme = schemes[x];
        contract(s, "nonlinear_drude", l->E, l->dim, 3, 1.0, got[0]);
        contract(s, "berry_dipole", l->E, l->dim, 3, QEP_E_CHARGE * QEP_E_CHARGE * QEP_E_CHARGE * s->settings.tau / (QEP_HBAR * QEP_HBAR), got[1]);
        contract(s, "sigma2", l->E, l->dim, 3, 1.0, got[2]);
        near("nonlinear Drude", got[0], want[0], l->dim, 1e-6);
        near("Berry dipole", got[1], want[1], l->dim, 1e-6);
        near(x ? "sigma2 adiabatic" : "sigma2 rta", got[2], want[2], l->dim, 1e-6);
    }
}

static void check(int dim, size_t n, size_t N, double hop, double spacing, double kT) {
    ladder l;
    qep_linear_setup();
    sample s = sample_model(make(&l, dim, n, N, hop, spacing));
    l.kT = kT;
    l.mu = 0.1;
    l.E[0] = 1.0e3;
    l.E[1] = 0.7e3;
    l.E[2] = dim == 3 ? -0.4e3 : 0.0;
    prepare(&l);
    check_linear(&l, &s);
    check_dissipation(&l, &s);
    check_second(&l, &s);
    sample_free(&s);
    drop(&l);
}

static void two_dimensions_without_symmetry(void **state) {
    (void)state;
    check(2, 3, 52, 0.18, 1.1, 0.25);
}

static void three_dimensions_six_bands(void **state) {
    (void)state;
    check(3, 6, 14, 0.06, 0.9, 0.4);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_dimensions_without_symmetry), cmocka_unit_test(three_dimensions_six_bands)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
