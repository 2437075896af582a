/* If this fails, a named source breaks what every source promises: its row describes all of its keys, its values have the same bits for
 * any number of threads, a region leaves the other samples alone, and its effective form means the same as what was written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/bloch/compute.h"
#include "qep/transport/site_fields.h"
#include "qep/config/config.h"
#include "qep/source/source.h"
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NX = 5, NY = 4, NZ = 3, COUNT = NX * NY * NZ };

static char folder[] = "/tmp/qep_sources_XXXXXX";

/* A configuration with the value as entropy, or as something of the source's unit through a product that leaves any unit alone. */
static qep_config *parse(const char *value) {
    char *text = qep_text_format("{\"grid\":{\"points\":[%d,%d,%d],\"lengths\":[1,1,1]},\"entropy\":{\"product\":[%s]},"
                                 "\"bloch\":{\"model\":{\"name\":\"qwz\"},\"kgrid\":{\"points\":[8,8]}},"
                                 "\"transport\":{\"hamiltonian\":{\"kind\":\"grid\",\"mass\":\"1 m_e\"},\"leads\":[{\"name\":\"L\",\"kind\":"
                                 "\"strip\",\"face\":\"x-low\",\"mu\":0,\"temperature\":1}]},"
                                 "\"coupling\":{\"closure\":\"literal\"}}",
                                 NX, NY, NZ, value);
    qep_error err = {0};
    qep_config *config = NULL;
    if (qep_config_parse(&config, text, strlen(text), "t.json", folder, NULL, &err) != QEP_OK) {
        fail_msg("%s: %s: %s", value, err.item[0].path, err.item[0].message);
    }
    qep_free(text);
    return config;
}

/* What the source "transport" takes from its section: a value of its own at every site. */
static const void *site_fields(void) {
    static double values[COUNT];
    static qep_site_fields fields;
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = 1e-23 * (double)(i + 1);
    }
    fields = (qep_site_fields){.solved = 1, .count = COUNT, .n = values, .u = values, .s = {values, values, values}};
    return &fields;
}

/* The sections that sources need. */
static const void *section(void *user, const char *name) {
    (void)user;
    static qep_bloch_problem problem;
    if (strcmp(name, "transport") == 0) {
        return site_fields();
    }
    assert_string_equal(name, "bloch");
    if (!problem.model) {
        static const double value[] = {1.602176634e-19, -1.2, 5e-10};
        qep_bloch_model *model = NULL;
        assert_int_equal(qep_bloch_model_builtin(&model, qep_bloch_model_find("qwz"), value, NULL), QEP_OK);
        problem = (qep_bloch_problem){.model = model, .points = {8, 8, 1}, .settings = {.spin_factor = 1.0}, .threads = 1};
    }
    return &problem;
}

static void evaluate(const char *value, int threads, double out[COUNT]) {
    qep_config *config = parse(value);
    const qep_field_setting setting = {.grid = &config->grid, .parameters = &config->parameters, .threads = threads, .section = section};
    qep_error err = {0};
    qep_status status = qep_field_check_in(config->entropy, &setting, &err);
    status = status == QEP_OK ? qep_field_evaluate(config->entropy, &setting, out, &err) : status;
    if (status != QEP_OK) {
        fail_msg("%s: %s: %s", value, err.item[0].path, err.item[0].message);
    }
    qep_config_destroy(config);
}

static void rows_are_complete(void **state) {
    (void)state;
    size_t count = 0;
    const qep_source_row *const *rows = qep_source_table(&count);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        const qep_source_row *row = rows[i];
        int of_place = 0;
        assert_ptr_equal(qep_source_find(row->name), row);
        assert_true(strlen(row->doc) > 20 && row->fill && row->example && row->parameters > 0);
        for (size_t k = 0; k < row->parameters; k++) {
            const qep_source_parameter *p = &row->parameter[k];
            of_place |= p->of_place;
            assert_true(strlen(p->doc) > 5);
            assert_true(p->kind == QEP_PARAMETER_GROUP || p->example);
            assert_true((p->kind == QEP_PARAMETER_CHOICE) == (p->choice != NULL));
            assert_false(p->required && p->standard);
            const char *dot = strchr(p->key, '.');
            char *group = dot ? qep_text_copy_n(p->key, (size_t)(dot - p->key)) : NULL;
            int found = !group;
            for (size_t j = 0; group && j < k; j++) {
                found |= strcmp(row->parameter[j].key, group) == 0 && row->parameter[j].kind == QEP_PARAMETER_GROUP;
            }
            assert_true(found);
            qep_free(group);
        }
        assert_true((row->outputs == 0) == of_place);
    }
}

static void values_do_not_depend_on_threads(void **state) {
    (void)state;
    size_t count = 0;
    const qep_source_row *const *rows = qep_source_table(&count);
    for (size_t i = 0; i < count; i++) {
        double one[COUNT], three[COUNT];
        evaluate(rows[i]->example, 1, one);
        evaluate(rows[i]->example, 3, three);
        assert_memory_equal(one, three, sizeof one);
        for (int k = 0; k < COUNT; k++) {
            assert_true(isfinite(one[k]));
        }
    }
}

static void a_region_takes_its_samples_only(void **state) {
    (void)state;
    size_t count = 0;
    const qep_source_row *const *rows = qep_source_table(&count);
    for (size_t i = 0; i < count; i++) {
        double whole[COUNT], part[COUNT];
        char *value = qep_text_format("{\"regions\":[{\"where\":\"x<0.5\",\"value\":%s}],\"default\":-7}", rows[i]->example);
        evaluate(rows[i]->example, 2, whole);
        evaluate(value, 2, part);
        for (int k = 0; k < COUNT; k++) {
            assert_true(part[k] == (k % NX < 2 ? whole[k] : -7.0)); /* x = (k + 1/2)/5 */
        }
        qep_free(value);
    }
}

static void the_effective_form_means_the_same(void **state) {
    (void)state;
    size_t count = 0;
    const qep_source_row *const *rows = qep_source_table(&count);
    for (size_t i = 0; i < count; i++) {
        qep_config *config = parse(rows[i]->example), *again = NULL;
        char *first = qep_config_effective(config, 1);
        qep_error err = {0};
        assert_int_equal(qep_config_parse(&again, first, strlen(first), "t.json", folder, NULL, &err), QEP_OK);
        char *second = qep_config_effective(again, 1);
        assert_string_equal(first, second);
        qep_free(first);
        qep_free(second);
        qep_config_destroy(config);
        qep_config_destroy(again);
    }
}

/* Files that the examples name. */
static const char *const inputs[] = {"rho.h5"};

static char *input(int i) {
    return qep_text_format("%s/%s", folder, inputs[i]);
}

/* rho [NZ,NY,NX,3,3,2]: three levels with a little coherence that grows with the sample's number. */
static void make_density_matrices(const char *name) {
    double rho[COUNT][3][3][2] = {0};
    for (int i = 0; i < COUNT; i++) {
        for (int n = 0; n < 3; n++) {
            rho[i][n][n][0] = (1.0 + n) / 6.0;
        }
        rho[i][0][1][0] = rho[i][1][0][0] = 0.002 * i;
        rho[i][0][1][1] = 0.001 * i;
        rho[i][1][0][1] = -0.001 * i;
    }
    const hsize_t dims[] = {NZ, NY, NX, 3, 3, 2};
    const hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), space = H5Screate_simple(6, dims, NULL);
    const hid_t set = H5Dcreate2(file, "/rho", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, rho) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    assert_true(H5Fclose(file) >= 0);
}

static int make_inputs(void **state) {
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    char *name = input(0);
    make_density_matrices(name);
    qep_free(name);
    return 0;
}

static int remove_inputs(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        char *name = input((int)i);
        unlink(name);
        qep_free(name);
    }
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(values_do_not_depend_on_threads),
        cmocka_unit_test(a_region_takes_its_samples_only),
        cmocka_unit_test(the_effective_form_means_the_same),
    };
    return cmocka_run_group_tests(tests, make_inputs, remove_inputs);
}
