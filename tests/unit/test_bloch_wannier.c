/* If this fails, Wannier90 files are read wrongly: bcc Fe no longer has the anomalous Hall conductivity that postw90 prints, or a broken file is
 * taken for a good one. */
#include "qep/bloch/quantity.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* The folder of large data, which is not part of the repository. */
static const char *find_fe(char *path, size_t size) {
    const char *folder = getenv("QEP_SHARED_DATA");
    const char *const places[] = {folder ? folder : ".", "../shared/data", "../../shared/data", "../../../shared/data"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, size, "%s/Fe_tb.dat", places[i]);
        if (access(path, R_OK) == 0) {
            return path;
        }
    }
    return NULL;
}

/* postw90: Gamma-centred 10 x 10 x 10 grid, T = 0, Fermi energy 12.6279 eV: 0.0334, 0.0572, 1222.1510 S/cm (1222.1508 from the rounded file). */
static void fe_has_the_hall_conductivity_of_postw90(void **state) {
    char path[512];
    (void)state;
    if (!find_fe(path, sizeof path)) {
        print_message("Fe_tb.dat is not here (set QEP_SHARED_DATA); skipped\n");
        skip();
    }
    qep_bloch_model *fe = NULL;
    qep_bloch_sums sums;
    qep_error err = {0};
    assert_int_equal(qep_bloch_model_wannier90(&fe, path, NULL, NULL, 3, NULL, &err), QEP_OK);
    assert_int_equal(fe->bands, 18);
    const size_t points[3] = {10, 10, 10};
    const qep_bloch_state_point at = {0.0, 12.6279 * QEP_E_CHARGE};
    const qep_bloch_request request = {.model = fe, .points = points, .state = &at, .states = 1, .wanted = 1u << QEP_BLOCH_OMEGA_F, .threads = 2};
    assert_int_equal(qep_bloch_sum(&sums, &request, &err), QEP_OK);
    double sigma[9];
    const qep_bloch_settings settings = {.spin_factor = 1.0};
    qep_bloch_quantity_find("sigma_H")->value(&sums, 0, 0.0, 0, 3, &settings, sigma);
    print_message("AHC %.10f %.10f %.10f S/cm\n", sigma[5] / 100.0, sigma[6] / 100.0, sigma[1] / 100.0);
    assert_true(fabs(sigma[5] / 100.0 - 0.0334) < 1e-4); /* yz */
    assert_true(fabs(sigma[6] / 100.0 - 0.0572) < 1e-4); /* zx */
    assert_true(fabs(sigma[1] / 100.0 - 1222.1508) < 1e-4);
    qep_bloch_sums_free(&sums);
    qep_bloch_model_destroy(fe);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(fe_has_the_hall_conductivity_of_postw90)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
