/* If this fails, materials and sources are not where the configuration puts them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/source/field.h"
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NX = 7, NY = 5, NZ = 3, COUNT = NX * NY * NZ };

static qep_error err;
static const char *const names[] = {"a"};
static const double values[] = {0.3};
static const qep_parameters parameters = {1, names, values};

/* Samples of x at (i + 1/2)/7, y at (j + 1/2)/5, z at (k + 1/2)/3. */
static qep_grid grid3(void) {
    qep_grid grid;
    /* clang-format off */
    const qep_bc faces[3][2] = {
        {QEP_PERIODIC, QEP_PERIODIC},
        {QEP_PERIODIC, QEP_PERIODIC},
        {QEP_PERIODIC, QEP_PERIODIC}
    };
    /* clang-format on */
    assert_int_equal(qep_grid_init(&grid, 3, (size_t[]){NX, NY, NZ}, (double[]){1, 1, 1}, NULL,
                                   NULL, QEP_CELL, faces, NULL),
                     QEP_OK);
    return grid;
}

static qep_field_spec *make(qep_field_kind kind, size_t count) {
    void *block = NULL, *child = NULL;
    assert_int_equal(qep_alloc(&block, 1, sizeof(qep_field_spec), "spec", NULL), QEP_OK);
    qep_field_spec *spec = block;
    spec->kind = kind;
    spec->path = qep_text_copy("/entropy");
    spec->count = count;
    spec->scale = 1.0;
    if (count) {
        assert_int_equal(qep_alloc(&child, count, sizeof(void *), "children", NULL), QEP_OK);
        spec->child = child;
    }
    return spec;
}

static qep_field_spec *number(double value) {
    qep_field_spec *spec = make(QEP_FIELD_NUMBER, 0);
    spec->value = value;
    return spec;
}

static qep_field_spec *formula(const char *text) {
    qep_field_spec *spec = make(QEP_FIELD_EXPRESSION, 0);
    spec->text = qep_text_copy(text);
    return spec;
}

static qep_field_spec *pair(qep_field_kind kind, qep_field_spec *a, qep_field_spec *b) {
    qep_field_spec *spec = make(kind, 2);
    spec->child[0] = a;
    spec->child[1] = b;
    return spec;
}

static qep_field_spec *regions(const char *first, qep_field_spec *a, const char *second,
                               qep_field_spec *b) {
    qep_field_spec *spec = pair(QEP_FIELD_REGIONS, a, b);
    void *conditions = NULL;
    assert_int_equal(qep_alloc(&conditions, 2, sizeof(char *), "conditions", NULL), QEP_OK);
    spec->condition = conditions;
    spec->condition[0] = qep_text_copy(first);
    spec->condition[1] = qep_text_copy(second);
    return spec;
}

static qep_field_spec *data_set(const char *file, const char *dataset) {
    qep_field_spec *spec = make(QEP_FIELD_HDF5, 0);
    spec->file = qep_text_copy(file);
    spec->dataset = qep_text_copy(dataset);
    spec->dimension = QEP_DIM_VOLTAGE;
    return spec;
}

/* Fill by the tree and by a function of the point, for one and for three threads; releases the
 * tree. */
static void expect(qep_field_spec *spec, double (*truth)(double x, double y, double z)) {
    const qep_grid grid = grid3();
    for (int threads = 1; threads <= 3; threads += 2) {
        double out[COUNT] = {0};
        qep_error_clear(&err);
        if (qep_field_fill(spec, &grid, 2.0, 0, &parameters, threads, out, NULL, &err) != QEP_OK) {
            fail_msg("%s", err.item[0].message);
        }
        for (size_t i = 0; i < COUNT; i++) {
            const double wanted = truth(qep_grid_coordinate(&grid, 0, i % NX),
                                        qep_grid_coordinate(&grid, 1, i / NX % NY),
                                        qep_grid_coordinate(&grid, 2, i / NX / NY));
            assert_true(fabs(out[i] - wanted) <= 4e-16 * fmax(1.0, fabs(wanted)));
        }
    }
    qep_field_spec_destroy(spec);
}

static double twice(double x, double y, double z) {
    (void)x, (void)y, (void)z;
    return 6.0;
}

static double combined(double x, double y, double z) {
    return (x + 10.0 * y) * 3.0 * (z + 2.0);
}

static double layered(double x, double y, double z) {
    return x < 0.3 ? 5.0 : x < 0.6 ? y + z : 7.0 + x;
}

static double nested(double x, double y, double z) {
    return x > 0.5 ? (y > 0.5 ? log(x - 0.5) * y : 2.0) : z;
}

static void trees_are_what_they_say(void **state) {
    (void)state;
    expect(pair(QEP_FIELD_SUM, number(1), number(5)), twice);
    expect(pair(QEP_FIELD_PRODUCT, number(2), pair(QEP_FIELD_SUM, number(1), number(2))), twice);
    expect(
        pair(QEP_FIELD_PRODUCT,
             pair(QEP_FIELD_PRODUCT, pair(QEP_FIELD_SUM, formula("x"), formula("y*10")), number(3)),
             pair(QEP_FIELD_SUM, number(2), formula("z"))),
        combined);
}

static void the_first_region_that_holds_wins(void **state) {
    (void)state;
    qep_field_spec *inner = regions("x<2*a", formula("y+z"), NULL, formula("7+x"));
    expect(regions("x<a", number(5), "x>-1", inner), layered);
}

/* log(x - 0.5) is NaN for x < 0.5, outside of its region. */
static void formulas_are_evaluated_in_their_region_only(void **state) {
    (void)state;
    qep_field_spec *inside = pair(QEP_FIELD_PRODUCT, formula("log(x-0.5)"), formula("y"));
    expect(regions("x>0.5+1e-9", regions("y>0.5", inside, NULL, number(2)), "x<=0.5+1e-9",
                   formula("z")),
           nested);
}

static void gaps_and_faults_are_named(void **state) {
    (void)state;
    const qep_grid grid = grid3();
    double out[COUNT];
    static const struct {
        const char *first, *second, *code, *says;
        qep_status status;
    } cases[] = {
        /* clang-format off */
        {"x<0.3",      "x>0.5", "uncovered",      "[0,0,2]",  QEP_ERR_CONFIG},
        {"x<",         "x>0.5", "bad_expression", "column 3", QEP_ERR_CONFIG},
        {"log(x-0.2)", NULL,    "not_finite",     "[0,0,0]",  QEP_ERR_INPUT },
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        qep_error_clear(&err);
        qep_field_spec *spec = regions(cases[i].first, number(1), cases[i].second, formula("2"));
        assert_int_equal(qep_field_fill(spec, &grid, 0, 0, &parameters, 2, out, NULL, &err),
                         cases[i].status);
        assert_string_equal(err.item[0].code, cases[i].code);
        assert_non_null(strstr(err.item[0].message, cases[i].says));
        qep_field_spec_destroy(spec);
    }
    qep_error_clear(&err);
    qep_field_spec *spec = pair(QEP_FIELD_PRODUCT, number(1e200), formula("1e200*step(z-0.5)"));
    assert_int_equal(qep_field_fill(spec, &grid, 0, 0, NULL, 2, out, NULL, &err), QEP_ERR_INPUT);
    assert_non_null(strstr(err.item[0].message, "[1,0,0]"));
    qep_field_spec_destroy(spec);
    /* All faults of a tree in one check. */
    qep_error_clear(&err);
    spec = regions("x<b", formula("sni(x)"), NULL, data_set("/nonexistent.h5", "/S"));
    assert_int_not_equal(qep_field_check(spec, &grid, &parameters, &err), QEP_OK);
    assert_int_equal(err.count, 3);
    assert_string_equal(err.item[0].path, "/entropy/regions/0/where");
    qep_field_spec_destroy(spec);
}

static void remember(void *user, const char *file) {
    strcat(user, file);
    strcat(user, ";");
}

static void time_and_files_are_found(void **state) {
    (void)state;
    const qep_grid grid = grid3();
    static const struct {
        const char *condition, *text;
        int moves;
    } cases[] = {
        /* clang-format off */
        {"x<a",   "y",      0},
        {"x<a+t", "y",      1},
        {"x<a",   "sin(t)", 1},
        {"x<",    "t(",     0}
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        qep_field_spec *spec = regions(cases[i].condition, formula(cases[i].text), NULL,
                                       pair(QEP_FIELD_SUM, number(1), formula("x")));
        assert_int_equal(qep_field_is_time_dependent(spec, &grid, &parameters), cases[i].moves);
        qep_field_spec_destroy(spec);
    }
    char files[100] = "";
    qep_field_spec *spec = pair(QEP_FIELD_SUM, data_set("a.h5", "/S"),
                                pair(QEP_FIELD_PRODUCT, data_set("b.h5", "/S"), number(2)));
    qep_field_files(spec, remember, files);
    assert_string_equal(files, "a.h5;b.h5;");
    qep_field_spec_destroy(spec);
    qep_field_spec_destroy(NULL);
}

/* Data sets in regions, and series whose frames must agree. */
static void data_sets_and_series(void **state) {
    (void)state;
    char file[] = "/tmp/qep_field_XXXXXX";
    const int fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    const hid_t h5 = H5Fcreate(file, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    static double data[3 * COUNT];
    for (size_t i = 0; i < 3 * COUNT; i++) {
        data[i] = (double)i;
    }
    for (hsize_t frames = 2; frames <= 3; frames++) {
        const hid_t space = H5Screate_simple(4, (hsize_t[]){frames, NZ, NY, NX}, NULL);
        const hid_t set = H5Dcreate2(h5, frames == 2 ? "two" : "three", H5T_IEEE_F64LE, space,
                                     H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
        H5Dclose(set);
        H5Sclose(space);
    }
    H5Fclose(h5);
    const qep_grid grid = grid3();
    size_t count = 0;
    double *times = NULL, out[COUNT];
    qep_field_spec *spec = regions("x<0.5", data_set(file, "/two"), NULL, number(-1));
    qep_error_clear(&err);
    assert_int_equal(qep_field_series(spec, &grid, &count, &times, &err), QEP_OK);
    assert_int_equal(count, 2);
    assert_null(times); /* the file states none */
    assert_int_equal(qep_field_is_time_dependent(spec, &grid, NULL), 1);
    assert_int_equal(qep_field_fill(spec, &grid, 0.0, 1, NULL, 2, out, NULL, &err), QEP_OK);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(out[i] ==
                    (qep_grid_coordinate(&grid, 0, i % NX) < 0.5 ? (double)(COUNT + i) : -1.0));
    }
    assert_int_equal(qep_field_fill(spec, &grid, 0.0, 2, NULL, 2, out, NULL, &err), QEP_ERR_INPUT);
    qep_field_spec_destroy(spec);
    spec = pair(QEP_FIELD_SUM, data_set(file, "/two"), data_set(file, "/three"));
    assert_int_equal(qep_field_series(spec, &grid, &count, &times, &err), QEP_ERR_INPUT);
    assert_true(count == 0 && !times);
    qep_field_spec_destroy(spec);
    unlink(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_are_what_they_say),
        cmocka_unit_test(the_first_region_that_holds_wins),
        cmocka_unit_test(formulas_are_evaluated_in_their_region_only),
        cmocka_unit_test(gaps_and_faults_are_named),
        cmocka_unit_test(time_and_files_are_found),
        cmocka_unit_test(data_sets_and_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
