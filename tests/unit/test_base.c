/* If this fails, units, dimensions or suggestions are wrong, and every number a user types or reads may carry a false unit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/constants.h"
#include "qep/base/digest.h"
#include "qep/base/memory.h"
#include "qep/base/reduce.h"
#include "qep/base/text.h"
#include "qep/base/units.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void quantities_are_exact_si(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
        qep_dimension dimension;
    } cases[] = {
        {"5 nm", 5e-9, QEP_DIM_LENGTH},
        {"10 meV", 10e-3 * QEP_E_CHARGE, QEP_DIM_ENERGY},
        {"1e18 cm^-3", 1e24, QEP_DIMENSION(-3, 0, 0, 0, 0, 0, 0)},
        {"1 J/(K m^3)", 1.0, QEP_DIM_ENTROPY_DENSITY},
        {"1 J K^-1 m^-3", 1.0, QEP_DIM_ENTROPY_DENSITY},
        {"-5 mV", -5e-3, QEP_DIM_VOLTAGE},
        {"3 \xc2\xb5m", 3e-6, QEP_DIM_LENGTH},
        {"0.067 m_e", 0.067 * QEP_ELECTRON_MASS, QEP_DIM_MASS},
        {"7 kg", 7.0, QEP_DIM_MASS},
        {"2 T", 2.0, QEP_DIMENSION(0, 1, -2, -1, 0, 0, 0)},
        {"3 angstrom", 3e-10, QEP_DIM_LENGTH},
        {"2 S/m", 2.0, QEP_DIM_CONDUCTIVITY},
        {"1 1/s", 1.0, QEP_DIM_FREQUENCY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = 0;
        qep_dimension dimension;
        int has_unit = 0;
        char message[QEP_UNIT_MESSAGE];
        assert_int_equal(qep_quantity_parse(cases[i].text, &value, &dimension, &has_unit, message),
                         QEP_QUANTITY_YES);
        assert_true(has_unit);
        assert_true(qep_dimension_equal(dimension, cases[i].dimension));
        assert_true(fabs(value - cases[i].value) <= 1e-15 * fabs(cases[i].value));
    }
}

static void bad_quantities_are_told_apart_from_expressions(void **state) {
    (void)state;
    double value = 0;
    qep_dimension dimension;
    int has_unit = 0;
    char message[QEP_UNIT_MESSAGE] = "";
    assert_int_equal(qep_quantity_parse("5 parsec", &value, &dimension, &has_unit, message),
                     QEP_QUANTITY_ERROR);
    assert_non_null(strstr(message, "parsec"));
    assert_int_equal(qep_quantity_parse("1 J/K m^3", &value, &dimension, &has_unit, message),
                     QEP_QUANTITY_ERROR);
    assert_int_equal(qep_quantity_parse("2*x", &value, &dimension, &has_unit, message),
                     QEP_QUANTITY_NO);
    assert_int_equal(qep_quantity_parse("3 + x", &value, &dimension, &has_unit, message),
                     QEP_QUANTITY_NO);
    assert_int_equal(qep_quantity_parse("x < 3", &value, &dimension, &has_unit, message),
                     QEP_QUANTITY_NO);
    assert_int_equal(qep_quantity_parse("300", &value, &dimension, &has_unit, message),
                     QEP_QUANTITY_YES);
    assert_false(has_unit);
}

/* Every readable unit parses back to the dimension it was made from. */
static void formatted_units_round_trip(void **state) {
    (void)state;
    for (int l = -5; l <= 3; l++) {
        for (int m = -1; m <= 2; m++) {
            for (int t = -4; t <= 4; t++) {
                for (int i = -2; i <= 2; i++) {
                    for (int k = -1; k <= 1; k++) {
                        const qep_dimension dimension = QEP_DIMENSION(l, m, t, i, k, 0, 0);
                        char text[128], message[QEP_UNIT_MESSAGE];
                        double factor = 0;
                        qep_dimension back;
                        qep_dimension_format(dimension, text, sizeof text);
                        assert_true(qep_unit_parse(text, &factor, &back, message));
                        assert_true(qep_dimension_equal(dimension, back));
                        assert_true(factor == 1.0);
                    }
                }
            }
        }
    }
}

static void suggestions_find_typos(void **state) {
    (void)state;
    static const char *const words[] = {"periodic", "dirichlet", "neumann", "natural", "open"};
    assert_string_equal(qep_text_suggest("dirichelt", words, 5), "dirichlet");
    assert_string_equal(qep_text_suggest("nuemann", words, 5), "neumann");
    assert_null(qep_text_suggest("xyzzy", words, 5));
}

static void digests_match_published_values(void **state) {
    (void)state;
    char hex[65];
    qep_digest_sha256("abc", 3, hex); /* FIPS 180-4, example 1 */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(qep_digest_xxh3("", 0) == UINT64_C(0x2d06800538d394c2)); /* xxHash specification */
}

static void sums_do_not_depend_on_threads(void **state) {
    (void)state;
    enum { N = 100003 };
    double *values = NULL;
    assert_int_equal(qep_alloc_doubles(&values, N, "test", NULL), QEP_OK);
    for (size_t i = 0; i < N; i++) {
        values[i] = sin((double)i * 1.37) / (1.0 + (double)(i % 97));
    }
    double first = 0;
    assert_int_equal(qep_reduce_array_sum(values, N, 1, &first, NULL), QEP_OK);
    for (int threads = 2; threads <= 5; threads++) {
        double sum = 0;
        assert_int_equal(qep_reduce_array_sum(values, N, threads, &sum, NULL), QEP_OK);
        assert_true(memcmp(&sum, &first, sizeof sum) == 0);
    }
    values[N - 2] = NAN;
    assert_int_equal(qep_reduce_first_nonfinite(values, N, 3), N - 2);
    qep_free(values);
}

static void sizes_are_checked(void **state) {
    (void)state;
    size_t product = 0;
    assert_false(qep_size_multiply(SIZE_MAX / 2, 3, &product));
    assert_true(qep_size_multiply(1u << 31, 4, &product));
    qep_error err = {0};
    void *block = NULL;
    assert_int_equal(qep_alloc(&block, SIZE_MAX / 4, 8, "too much", &err), QEP_ERR_MEMORY);
    assert_int_equal(err.count, 1);
}

static void messages_are_valid_text_without_control_characters(void **state) {
    (void)state;
    qep_error *err = calloc(1, sizeof *err);
    const struct {
        const char *came, *shown;
    } rows[] = {
        /* clang-format off */
        {"plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"cut \xc3", "cut \\xc3"},
        {"cut \xe2\x82", "cut \\xe2\\x82"},
        {"latin \xe9t\xe9", "latin \\xe9t\\xe9"},
        {"surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80"},
        {"escape \x1b[31m", "escape \\x1b[31m"},
        {"C1 \xc2\x9b" "31m", "C1 \\xc2\\x9b31m"},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        qep_error_clear(err);
        qep_error_add(err, QEP_ERR_CONFIG, "code", rows[i].came, rows[i].came, "%s", rows[i].came);
        assert_string_equal(err->item[0].message, rows[i].shown);
        assert_string_equal(err->item[0].path, rows[i].shown);
        assert_string_equal(err->item[0].file, rows[i].shown);
    }
    free(err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_valid_text_without_control_characters),
        cmocka_unit_test(quantities_are_exact_si),
        cmocka_unit_test(bad_quantities_are_told_apart_from_expressions),
        cmocka_unit_test(formatted_units_round_trip),
        cmocka_unit_test(suggestions_find_typos),
        cmocka_unit_test(digests_match_published_values),
        cmocka_unit_test(sums_do_not_depend_on_threads),
        cmocka_unit_test(sizes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
