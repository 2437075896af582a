/* If this fails, sums over lattice vectors, kernels or scans are wrong in a way that depends on how they are organised: by grid, by lanes, by tables. */
#include "bloch_samples.h"

#include "bloch/states.h"
#include "bloch/sums.h"
#include "qep/base/memory.h"

static double uniform(uint64_t *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(*seed >> 11) * 0x1p-53 - 0.5;
}

/* A model without symmetry on an oblique lattice; R fill no box. with_r: a position matrix, else orbital positions. */
static qep_bloch_model *random_model(int dim, size_t bands, size_t vectors, int with_r, uint64_t seed) {
    void *block = NULL;
    assert_int_equal(qep_alloc(&block, 1, sizeof(qep_bloch_model), "model", NULL), QEP_OK);
    qep_bloch_model *m = block;
    m->dim = dim;
    m->bands = bands;
    m->has_positions = 1;
    for (int d = 0; d < 3; d++) {
        for (int c = 0; c < 3; c++) {
            m->lattice[d][c] = dim == 2 && (d == 2 || c == 2) ? d == c : 1e-10 * (uniform(&seed) + (d == c ? 4.0 : 0.0));
        }
    }
    assert_int_equal(qep_bloch_model_lattice(m, "", NULL, NULL), QEP_OK);
    assert_int_equal(qep_bloch_model_allocate(m, 2 * vectors + 1, with_r, NULL), QEP_OK);
    for (size_t s = 1; s <= vectors; s++) {
        for (int d = 0; d < dim; d++) {
            m->R[3 * s + (size_t)d] = (int)floor(9.0 * (uniform(&seed) + 0.5)) - 3;
            m->R[3 * (s + vectors) + (size_t)d] = -m->R[3 * s + (size_t)d];
        }
    }
    for (size_t s = 0; s < m->shifts * bands * bands; s++) {
        m->H[s] = uniform(&seed) + I * uniform(&seed);
        for (size_t a = 0; a < 3 && with_r; a++) {
            m->r[a * m->shifts * bands * bands + s] = 1e-10 * (uniform(&seed) + I * uniform(&seed));
        }
    }
    for (size_t i = 0; i < 3 * bands; i++) {
        m->tau[i] = dim == 2 && i % 3 == 2 ? 0.0 : 3e-10 * uniform(&seed);
    }
    return m;
}

/* Axis by axis against one sum over all R, every field, on grids of odd and unequal sizes with a shift. */
static void grid_sums_equal_direct_ones(void **state) {
    (void)state;
    static const struct {
        int dim, with_r, second;
        size_t bands, vectors, points[3];
    } cases[] = {{2, 0, 0, 2, 4, {7, 5, 1}},  {2, 0, 1, 3, 11, {5, 33, 1}}, {2, 1, 1, 4, 9, {4, 6, 1}},    {3, 0, 0, 6, 30, {3, 5, 4}},
                 {3, 0, 1, 1, 12, {5, 2, 7}}, {3, 1, 0, 5, 25, {2, 3, 40}}, {3, 1, 1, 2, 17, {3, 11, 2}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        qep_bloch_model *m = random_model(cases[i].dim, cases[i].bands, cases[i].vectors, cases[i].with_r, 7 * i + 1);
        const double shift[3] = {0.3, -0.7, 0.125};
        bloch_points set;
        bloch_fourier grid, any;
        assert_int_equal(bloch_points_create(&set, m, cases[i].points, shift, "", NULL), QEP_OK);
        assert_int_equal(bloch_fourier_create(&grid, m, cases[i].second, NULL), QEP_OK);
        assert_int_equal(bloch_fourier_create(&any, m, cases[i].second, NULL), QEP_OK);
        assert_int_equal(bloch_grid_plan(&grid, &set, NULL), QEP_OK);
        /* blocks in a scrambled order, so that kept partial sums must be noticed to be of another plane */
        const size_t blocks = (set.count + BLOCH_BLOCK - 1) / BLOCH_BLOCK;
        for (size_t b = 0; b < 2 * blocks; b++) {
            const size_t first = (5 * b + b / blocks) % blocks * BLOCH_BLOCK, count = set.count - first < BLOCH_BLOCK ? set.count - first : BLOCH_BLOCK;
            double k[BLOCH_BLOCK][3];
            for (size_t p = 0; p < count; p++) {
                bloch_points_get(&set, first + p, k[p]);
            }
            bloch_fourier_any(&any, (const double(*)[3])k, count);
            bloch_grid_load(&grid, first, count);
            for (int f = 0; f < any.fields; f++) {
                double scale = 0.0, worst = 0.0;
                for (size_t p = 0; p < count; p++) {
                    for (size_t e = 0; e < any.square; e++) {
                        scale = fmax(scale, cabs(bloch_field(&any, p, f)[e]));
                        worst = fmax(worst, cabs(bloch_field(&any, p, f)[e] - bloch_field(&grid, p, f)[e]));
                    }
                }
                if (!(worst <= 1e-13 * scale)) {
                    fail_msg("case %zu, block %zu, field %d: %.3g of %.3g", i, first, f, worst, scale);
                }
            }
        }
        bloch_fourier_destroy(&grid);
        bloch_fourier_destroy(&any);
        bloch_points_destroy(&set);
        qep_bloch_model_destroy(m);
    }
}

/* A Wannier file of a few hundred R on a usual grid is summed axis by axis; cells of an adaptive grid are not. */
static void grid_sums_where_they_pay(void **state) {
    (void)state;
    qep_bloch_model *m = random_model(3, 4, 200, 1, 3);
    const size_t points[3] = {16, 16, 16};
    bloch_points set;
    assert_int_equal(bloch_points_create(&set, m, points, NULL, "", NULL), QEP_OK);
    assert_true(bloch_grid_pays(m, &set, 1));
    double k[1][3] = {{0}};
    set.cell = k;
    assert_false(bloch_grid_pays(m, &set, 1));
    set.cell = NULL;
    bloch_points_destroy(&set);
    qep_bloch_model_destroy(m);
}

/* Lanes against one at a time, at all distances from mu and in both tails. */
static void lanes_equal_single_kernels(void **state) {
    (void)state;
    bloch_mott mott;
    bloch_mott_fill(&mott);
    const double mu[KERNEL_LANES] = {0.0, -0.1, 0.2, 3.35, -9.5, 0.3, 20.7, -31.0};
    for (double e = -40.0; e < 40.0; e += 0.0137) {
        double many[KERNEL_COUNT][KERNEL_LANES], one[KERNEL_COUNT];
        bloch_kernels_many(e, mu, 0.7, ~0u, &mott, many);
        for (int l = 0; l < KERNEL_LANES; l++) {
            bloch_kernels(e, mu[l], 0.7, ~0u, one);
            for (int k = 0; k < KERNEL_COUNT && fabs(e - mu[l]) < 0.7 * 60.0; k++) {
                if (!(fabs(many[k][l] - one[k]) <= 1.5e-14 * fabs(one[k]))) {
                    fail_msg("kernel %d at x = %g: %.17g instead of %.17g", k, (e - mu[l]) / 0.7, many[k][l], one[k]);
                }
            }
        }
    }
}

/* From 1 K to 1000 K in one pass: ten octaves of tables, which receive their states from each other. */
static void octaves(void **state) {
    (void)state;
    enum { NT = 11, NMU = 9 };
    qep_bloch_state_point points[NT * NMU];
    for (size_t i = 0; i < NT * NMU; i++) {
        points[i] = (qep_bloch_state_point){ldexp(1.0, (int)(i / NMU)) * (1.0 + 0.04 * (double)(i % 7)), (0.9 + 0.0017 * (double)(i % NMU)) * QEP_E_CHARGE};
    }
    sample s = sample_model(sample_tilted());
    const size_t N[3] = {40, 31, 1};
    qep_bloch_request request = {.model = s.model, .points = N, .state = points, .states = NT * NMU, .tau = 1e-13, .wanted = EVERYTHING, .threads = 2};
    qep_bloch_sums tables = {0}, direct = {0};
    assert_int_equal(qep_bloch_sum(&tables, &request, NULL), QEP_OK);
    request.direct = 1;
    assert_int_equal(qep_bloch_sum(&direct, &request, NULL), QEP_OK);
    for (int integral = 0; integral < QEP_BLOCH_INTEGRALS; integral++) { /* components that vanish by symmetry are measured by the others */
        const size_t first = direct.at[integral], end = integral + 1 < QEP_BLOCH_INTEGRALS ? direct.at[integral + 1] : direct.width;
        for (size_t i = 0; i < NT * NMU; i++) {
            double whole = 0.0, worst = 0.0;
            for (size_t c = first; c < end; c++) {
                whole = fmax(whole, fabs(direct.value[i * direct.width + c]));
                worst = fmax(worst, fabs(tables.value[i * direct.width + c] - direct.value[i * direct.width + c]));
            }
            if (!(worst <= 1e-11 * whole)) {
                fail_msg("integral %d at T = %g, mu = %g eV: %.3g of %.3g", integral, points[i].T, points[i].mu / QEP_E_CHARGE, worst, whole);
            }
        }
    }
    qep_bloch_sums_free(&tables);
    qep_bloch_sums_free(&direct);
    sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grid_sums_equal_direct_ones),
        cmocka_unit_test(grid_sums_where_they_pay),
        cmocka_unit_test(lanes_equal_single_kernels),
        cmocka_unit_test(octaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
