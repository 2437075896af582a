/* If this fails, formulas of users mean something else than mathematics says, or their mistakes
 * pass unnoticed into fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/memory.h"
#include "qep/source/expression.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {"w", "T_0"};
static const double values[] = {2e-9, 300.0};
static const qep_parameters parameters = {2, names, values};

static double value_of(const char *text, double x, double y) {
    static qep_error err;
    qep_error_clear(&err);
    qep_expression *e = NULL;
    double value = NAN;
    if (qep_expression_create(&e, text, 1, &parameters, "/entropy", &err) != QEP_OK ||
        qep_expression_evaluate(e, x, y, 0.25, 3.0, &value, &err) != QEP_OK) {
        print_error("%s: %s\n", text, err.item[0].message);
    }
    qep_expression_destroy(e);
    return value;
}

static void values_are_those_of_mathematics(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        /* clang-format off */
        {"2^3^2",                         512                          },
        {"-2^2",                          -4                           },
        {"2^-1",                          0.5                          },
        {"-2^-2",                         -0.25                        },
        {"2*-x^2",                        -4.5                         },
        {"1-2-3",                         -4                           },
        {"8/4/2",                         1                            },
        {"300",                           300                          },
        {"1.5e3",                         1500                         },
        {".5 + 1.",                       1.5                          },
        {"x+10*y",                        8.5                          },
        {"z*t",                           0.75                         },
        {"w*1e9",                         2                            },
        {"T_0/3",                         100                          },
        {"log(exp(2))",                   2                            },
        {"log10(1000)",                   3                            },
        {"step(0)",                       1                            },
        {"step(-1e-300)",                 0                            },
        {"max(1,x,2)",                    2                            },
        {"min(3,x,2)",                    1.5                          },
        {"atan2(1,0)*2",                  M_PI                         },
        {"2*pi",                          2 * M_PI                     },
        {"abs(-3)",                       3                            },
        {"x>1 ? 5 : 6",                   5                            },
        {"x<1?5:y<1?7:8",                 7                            },
        {"x>1 && y<1",                    1                            },
        {"x<1 || y>1",                    0                            },
        {"0.5 || 0",                      1                            },
        {"0.5 && 0.25",                   1                            },
        {"1 || 0 && 0",                   1                            },
        {"0 || 1 && 1 ? 4 : 5",           4                            },
        {"1<2 && 3>2",                    1                            },
        {"1<=1",                          1                            },
        {"1!=1",                          0                            },
        {"(1+2)*3",                       9                            },
        {"0.5 ? 2 : 3",                   2                            },
        {"-(-3)",                         3                            },
        {"+3",                            3                            },
        {"-x-x",                          -3                           },
        {"1e-400",                        0                            },
        {"2 \n+\t3",                      5                            },
        {"x==1.5",                        1                            },
        {"x^0.5^2",                       1.1066819197003215           },
        {"erf (0.5)",                     0.52049987781304654          },
        {"tanh(0.5)+sinh(0.5)-cosh(0.5)",
         0.46211715726000975 + 0.52109530549374738 - 1.1276259652063807},
        {"asin(0.5)+acos(0.5)",           M_PI / 2                     },
        {"tan(atan(0.7))",                0.7                          },
        {"sin(x)^2+cos(x)^2",             1                            },
        {"sqrt(2)^2",                     2                            },
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double value = value_of(cases[i].text, 1.5, 0.7);
        if (!(fabs(value - cases[i].value) <= 4e-16 * fmax(1.0, fabs(cases[i].value)))) {
            fail_msg("%s = %.17g, not %.17g", cases[i].text, value, cases[i].value);
        }
    }
}

static void mistakes_are_named_with_their_column(void **state) {
    (void)state;
    static const struct {
        const char *text, *column, *says;
    } cases[] = {
        /* clang-format off */
        {"x=3",       "column 2", "assignment"   },
        {"1,2",       "column 2", "comma outside"},
        {"(1,2)",     "column 3", "comma outside"},
        {"\"a\"",     "column 1", "text"         },
        {"1e400",     "column 1", "1.797e308"    },
        {"2*1e999+x", "column 3", "1.797e308"    },
        {"expp(x)",   "column 1", "\"exp\""      },
        {"1+T_O*2",   "column 3", "\"T_0\""      },
        {"2**3",      "column 2", "^"            },
        {"ln(x)",     "column 1", "natural"      },
        {"rint(x)",   "column 1", "rounding"     },
        {"sum(x,y)",  "column 1", "a+b"          },
        {"asinh(x)",  "column 1", "log("         },
        {"_pi",       "column 1", "pi"           },
        {"sin",       "column 1", "function"     },
        {"sin(1,2)",  "column 4", "1 argument;"  },
        {"atan2(1)",  "column 6", "2 arguments"  },
        {"min(1)",    "column 4", "two or more"  },
        {"min()",     "column 5", "missing"      },
        {"(x",        "column 1", "never closed" },
        {"x)",        "column 2", "without \"(\""},
        {"1?2",       "column 4", "\":\""        },
        {"1:2",       "column 2", "\"?\""        },
        {"(1?2):3",   "column 5", "\"?\""        },
        {"x y",       "column 3", "operator"     },
        {"2x",        "column 2", "*"            },
        {"5 nm*x",    "column 3", "parameters"   },
        {"2(x)",      "column 2", "operator"     },
        {"0x10",      "column 2", "operator"     },
        {"1e",        "column 1", "no digits"    },
        {"x+",        "column 3", "ends"         },
        {"",          "column 1", "ends"         },
        {"*x",        "column 1", "missing"      },
        {"--x",       "column 2", "two signs"    },
        {"!x",        "column 1", "== 0"         },
        {"x & y",     "column 3", "&&"           },
        {"x;y",       "column 2", "unexpected"   },
        {"foobar(1)", "column 1", "allowed are"  },
        {"x\x01",     "column 2", "0x01"         },
        {".",         "column 1", "digits"       },
        {"max(1,)",   "column 7", "missing"      },
        {"{x}",       "column 1", "( )"          },
        {"log2(x)",   "column 1", "log(2)"       },
        {"sign(x)",   "column 1", "step"         },
        {"avg(x,y)",  "column 1", "/2"           },
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static qep_error err;
        qep_error_clear(&err);
        qep_expression *e = NULL;
        if (qep_expression_create(&e, cases[i].text, 1, &parameters, "/entropy", &err) !=
            QEP_ERR_CONFIG) {
            fail_msg("\"%s\" was accepted", cases[i].text);
        }
        assert_null(e);
        assert_string_equal(err.item[0].code, "bad_expression");
        assert_string_equal(err.item[0].path, "/entropy");
        if (!strstr(err.item[0].message, cases[i].column) ||
            !strstr(err.item[0].message, cases[i].says)) {
            fail_msg("\"%s\": %s (wanted %s, %s)", cases[i].text, err.item[0].message,
                     cases[i].column, cases[i].says);
        }
    }
}

static void size_and_nesting_are_bounded(void **state) {
    (void)state;
    static char text[70000];
    static qep_error err;
    qep_expression *e = NULL;
    memset(text, '(', 50000);
    assert_int_equal(qep_expression_create(&e, text, 1, NULL, NULL, &err), QEP_ERR_CONFIG);
    assert_non_null(strstr(err.item[0].message, "50000"));
    for (int depth = 64; depth <= 65; depth++) {
        qep_error_clear(&err);
        memset(text, 0, sizeof text);
        memset(text, '(', (size_t)depth);
        text[depth] = 'x';
        memset(text + depth + 1, ')', (size_t)depth);
        assert_int_equal(qep_expression_create(&e, text, 1, NULL, NULL, &err),
                         depth == 64 ? QEP_OK : QEP_ERR_CONFIG);
        qep_expression_destroy(e);
    }
    qep_error_clear(&err);
    memset(text, 0, sizeof text);
    for (size_t i = 0; i < 4094; i += 2) {
        memcpy(text + i, "x+", 3);
    }
    strcat(text, "x");
    assert_int_equal(qep_expression_create(&e, text, 1, NULL, NULL, &err), QEP_OK);
    double value = 0;
    assert_int_equal(qep_expression_evaluate(e, 1, 0, 0, 0, &value, &err), QEP_OK);
    assert_true(value == 2048.0);
    qep_expression_destroy(e);
}

static void constants_take_no_coordinates(void **state) {
    (void)state;
    static qep_error err;
    qep_expression *e = NULL;
    assert_int_equal(qep_expression_create(&e, "2*x", 0, &parameters, "/grid", &err),
                     QEP_ERR_CONFIG);
    assert_non_null(strstr(err.item[0].message, "coordinate"));
    qep_error_clear(&err);
    assert_int_equal(qep_expression_create(&e, "2*w+pi", 0, &parameters, "/grid", &err), QEP_OK);
    assert_false(qep_expression_uses(e, "x") || qep_expression_uses(e, "t") ||
                 qep_expression_uses(e, "w"));
    double value = 0;
    assert_int_equal(qep_expression_evaluate(e, 0, 0, 0, 0, &value, &err), QEP_OK);
    assert_true(value == 2 * 2e-9 + M_PI);
    qep_expression_destroy(e);
    assert_int_equal(qep_expression_create(&e, "1/0", 0, NULL, "/grid", &err), QEP_OK);
    assert_int_equal(qep_expression_evaluate(e, 0, 0, 0, 0, &value, &err), QEP_ERR_INPUT);
    assert_string_equal(err.item[0].code, "not_finite");
    qep_expression_destroy(e);
    assert_true(qep_expression_reserved("x") && qep_expression_reserved("pi") &&
                qep_expression_reserved("erf"));
    assert_false(qep_expression_reserved("w") || qep_expression_reserved("ln"));
}

static qep_grid make_grid(size_t nx, size_t ny, size_t nz) {
    qep_grid grid;
    /* clang-format off */
    const qep_bc faces[3][2] = {
        {QEP_PERIODIC, QEP_PERIODIC},
        {QEP_PERIODIC, QEP_PERIODIC},
        {QEP_PERIODIC, QEP_PERIODIC}
    };
    /* clang-format on */
    assert_int_equal(qep_grid_init(&grid, 3, (size_t[]){nx, ny, nz}, (double[]){1, 2, 3}, NULL,
                                   (double[]){0.1, 0.2, 0.3}, QEP_CELL, faces, NULL),
                     QEP_OK);
    return grid;
}

static void grids_are_filled_point_by_point_for_any_threads(void **state) {
    (void)state;
    const qep_grid grid = make_grid(37, 29, 23);
    const size_t count = qep_grid_count(&grid);
    static const char *const texts[] = {"x",     "y",
                                        "z",     "x*z+t",
                                        "y-x",   "sin(x)*y^2+z",
                                        "z+2*y", "t",
                                        "7",     "x>0.4 ? exp(-(y-1)^2) : z"};
    double *one = NULL, *many = NULL;
    assert_int_equal(qep_alloc_doubles(&one, count, "a", NULL), QEP_OK);
    assert_int_equal(qep_alloc_doubles(&many, count, "b", NULL), QEP_OK);
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        static qep_error err;
        qep_expression *e = NULL;
        assert_int_equal(qep_expression_create(&e, texts[k], 1, NULL, "/entropy", &err), QEP_OK);
        assert_int_equal(qep_expression_fill(e, &grid, 0.5, 1, one, &err), QEP_OK);
        for (int threads = 2; threads <= 5; threads++) {
            memset(many, 0, count * sizeof *many);
            assert_int_equal(qep_expression_fill(e, &grid, 0.5, threads, many, &err), QEP_OK);
            assert_memory_equal(one, many, count * sizeof *one);
        }
        for (size_t i = 0; i < count; i += 101) {
            double value = 0;
            assert_int_equal(qep_expression_evaluate(e, qep_grid_coordinate(&grid, 0, i % 37),
                                                     qep_grid_coordinate(&grid, 1, i / 37 % 29),
                                                     qep_grid_coordinate(&grid, 2, i / 37 / 29),
                                                     0.5, &value, &err),
                             QEP_OK);
            assert_true(value == one[i]);
        }
        qep_expression_destroy(e);
    }
    qep_free(one);
    qep_free(many);
}

static void the_first_point_that_is_not_finite_is_named(void **state) {
    (void)state;
    const qep_grid grid = make_grid(
        20, 30, 25); /* x = 0.1 + (i + 1/2)/20, y = 0.2 + (j + 1/2)/15, z = 0.3 + (k + 1/2) 0.12 */
    double *out = NULL;
    assert_int_equal(qep_alloc_doubles(&out, qep_grid_count(&grid), "a", NULL), QEP_OK);
    static const struct {
        const char *text, *index;
    } cases[] = {
        /* clang-format off */
        {"z>1.8 && y>1.2 ? 1/0 : x",  "[13,15,0]"},
        {"log(1.1-z)",                "[7,0,0]"  },
        {"sqrt(1-x)",                 "[0,0,18]" },
        {"y<2 ? 1 : log(-1)",         "[0,27,0]" },
        {"0/0",                       "[0,0,0]"  },
        {"x>1 && z>3 ? 1e308*10 : 0", "[23,0,18]"},
        /* clang-format on */
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        for (int threads = 1; threads <= 4; threads++) {
            static qep_error err;
            qep_error_clear(&err);
            qep_expression *e = NULL;
            assert_int_equal(qep_expression_create(&e, cases[k].text, 1, NULL, "/entropy", &err),
                             QEP_OK);
            assert_int_equal(qep_expression_fill(e, &grid, 0.0, threads, out, &err), QEP_ERR_INPUT);
            if (!strstr(err.item[0].message, cases[k].index)) {
                fail_msg("%s (wanted %s)", err.item[0].message, cases[k].index);
            }
            qep_expression_destroy(e);
        }
    }
    qep_free(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_mathematics),
        cmocka_unit_test(mistakes_are_named_with_their_column),
        cmocka_unit_test(size_and_nesting_are_bounded),
        cmocka_unit_test(constants_take_no_coordinates),
        cmocka_unit_test(grids_are_filled_point_by_point_for_any_threads),
        cmocka_unit_test(the_first_point_that_is_not_finite_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
