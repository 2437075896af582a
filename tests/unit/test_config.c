/* If this fails, a wrong configuration runs, or a right one is refused, or its errors point to the wrong place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include "qep/config/config.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static qep_status parse(qep_config **config, const char *text, const char *set, qep_error *err) {
    const char *const sets[] = {set};
    const qep_config_options options = {sets, set ? 1 : 0};
    qep_error_clear(err);
    return qep_config_parse(config, text, strlen(text), "t.json", "in", &options, err);
}

/* A good configuration around extra members. */
#define WITH(members)                                                                              \
    "{\"grid\":{\"points\":[4,3],\"lengths\":[1,1]},\"entropy\":\"x\"," members "}"
#define GRID(members) "{\"entropy\":1,\"grid\":{" members "}}"

static void faults_are_found_where_they_are(void **state) {
    (void)state;
    static const struct {
        const char *text, *code;
        size_t line, column;
        const char *path;
        qep_status status;
    } cases[] = {
        /* clang-format off */
        {"", "syntax", 1, 1, "", QEP_ERR_CONFIG},
        {"{}x", "syntax", 1, 3, "", QEP_ERR_CONFIG},
        {"\xef\xbb\xbf{}", "syntax", 1, 1, "", QEP_ERR_CONFIG},
        {"{\n // no\n}", "syntax", 2, 2, "", QEP_ERR_CONFIG},
        {"{\n # no\n}", "syntax", 2, 2, "", QEP_ERR_CONFIG},
        {"{\"a\":01}", "syntax", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":1.}", "syntax", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":-}", "syntax", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":1e}", "syntax", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":.5}", "syntax", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":+5}", "syntax", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":1e999}", "out_of_range", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":NaN}", "syntax", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":'b'}", "syntax", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":1,}", "syntax", 1, 8, "", QEP_ERR_CONFIG},
        {"{\"a\":[1,]}", "syntax", 1, 9, "", QEP_ERR_CONFIG},
        {"{\"a\" 1}", "syntax", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":1 \"b\":2}", "syntax", 1, 8, "", QEP_ERR_CONFIG},
        {"{\"a\":\"b}", "syntax", 1, 6, "", QEP_ERR_CONFIG},
        {"{\"a\":\"\t\"}", "syntax", 1, 7, "", QEP_ERR_CONFIG},
        {"{\"\xc2\xb5\":\"\xff\"}", "syntax", 1, 7, "", QEP_ERR_CONFIG},
        {"{\"a\":\"\xed\xa0\x80\"}", "syntax", 1, 7, "", QEP_ERR_CONFIG},
        {"{\"a\":\"\\u0000\"}", "syntax", 1, 7, "", QEP_ERR_CONFIG},
        {"{\"a\":\"\\ud800\"}", "syntax", 1, 7, "", QEP_ERR_CONFIG},
        {"{\"a\":\"\\x\"}", "syntax", 1, 7, "", QEP_ERR_CONFIG},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "limit", 1, 33, "", QEP_ERR_CONFIG},
        {"[]", "wrong_type", 1, 1, "", QEP_ERR_CONFIG},
        {WITH("\n\"reading\":\"field\",\n  \"reading\":\"field\""), "duplicate_key", 3, 3, "/reading", QEP_ERR_CONFIG},
        {WITH("\"x\\u0061\":1"), "unknown_key", 1, 56, "/xa", QEP_ERR_CONFIG},
        {"{\"grid\":{\n\"points\":[4],\"spcaing\":[1],\"lengths\":[1]},\"entropy\":1}", "unknown_key", 2, 14, "/grid/spcaing", QEP_ERR_CONFIG},
        {WITH("\"Reading\":\"field\""), "unknown_key", 1, 56, "/Reading", QEP_ERR_CONFIG},
        {GRID("\"points\":[4],\"lengths\":[\"5 s\"]"), "wrong_dimension", 1, 46, "/grid/lengths/0", QEP_ERR_CONFIG},
        {GRID("\"points\":[4],\"lengths\":[\"5 parsec\"]"), "bad_unit", 1, 46, "/grid/lengths/0", QEP_ERR_CONFIG},
        {GRID("\"points\":[4],\"lengths\":[0]"), "out_of_range", 1, 46, "/grid/lengths/0", QEP_ERR_CONFIG},
        {GRID("\"points\":[4],\"lengths\":[\"2*\"]"), "bad_expression", 1, 46, "/grid/lengths/0", QEP_ERR_CONFIG},
        {GRID("\"points\":[4],\"lengths\":[\"x\"]"), "bad_expression", 1, 46, "/grid/lengths/0", QEP_ERR_CONFIG},
        {GRID("\"points\":[4],\"lengths\":[\"1e999\"]"), "out_of_range", 1, 46, "/grid/lengths/0", QEP_ERR_CONFIG},
        {GRID("\"points\":[3.7],\"lengths\":[1]"), "wrong_type", 1, 32, "/grid/points/0", QEP_ERR_CONFIG},
        {GRID("\"points\":[\"4\"],\"lengths\":[1]"), "wrong_type", 1, 32, "/grid/points/0", QEP_ERR_CONFIG},
        {GRID("\"points\":[0],\"lengths\":[1]"), "out_of_range", 1, 32, "/grid/points/0", QEP_ERR_CONFIG},
        {GRID("\"points\":[1,2,3,4],\"lengths\":[1,1,1,1]"), "out_of_range", 1, 31, "/grid/points", QEP_ERR_CONFIG},
        {GRID("\"points\":[4,4],\"lengths\":[1]"), "contradiction", 1, 47, "/grid/lengths", QEP_ERR_CONFIG},
        {GRID("\"points\":[4],\"lengths\":[1],\"spacing\":[1]"), "contradiction", 1, 59, "/grid/spacing", QEP_ERR_CONFIG},
        {GRID("\"points\":[4]"), "missing_key", 1, 21, "/grid", QEP_ERR_CONFIG},
        {GRID("\"lengths\":[4]"), "missing_key", 1, 21, "/grid", QEP_ERR_CONFIG},
        {GRID("\"points\":[4],\"lengths\":[1],\"thickness\":1"), "inapplicable", 1, 61, "/grid/thickness", QEP_ERR_CONFIG},
        {GRID("\"points\":[4,4],\"lengths\":[1,1],\"cross_section\":1"), "inapplicable", 1, 69, "/grid/cross_section", QEP_ERR_CONFIG},
        {GRID("\"points\":[4],\"lengths\":[1],\"sampling\":\"nodes\""), "unknown_value", 1, 60, "/grid/sampling", QEP_ERR_CONFIG},
        {"{\"entropy\":1}", "missing_key", 1, 1, "", QEP_ERR_CONFIG},
        {"{\"grid\":{\"points\":[4],\"lengths\":[1]}}", "missing_key", 1, 1, "", QEP_ERR_CONFIG},
        {WITH("\"boundary\":{\"x\":\"dirichelt\"}"), "unknown_value", 1, 72, "/boundary/x", QEP_ERR_CONFIG},
        {WITH("\"boundary\":{\"x\":{\"low\":\"periodic\",\"high\":\"open\"}}"), "contradiction", 1, 72, "/boundary/x", QEP_ERR_CONFIG},
        {WITH("\"boundary\":{\"x\":{\"low\":{\"open\":1},\"high\":\"open\"}}"), "contradiction", 1, 87, "/boundary/x/low/open", QEP_ERR_CONFIG},
        {GRID("\"points\":[1],\"lengths\":[1]},\"boundary\":{\"x\":\"open\""), "contradiction", 1, 66, "/boundary/x", QEP_ERR_CONFIG},
        {WITH("\"boundary\":{\"z\":\"periodic\"}"), "inapplicable", 1, 72, "/boundary/z", QEP_ERR_CONFIG},
        {WITH("\"boundary\":{\"x\":{\"low\":\"periodic\",\"high\":\"neumann\"}}"), "contradiction", 1, 72, "/boundary/x", QEP_ERR_CONFIG},
        {WITH("\"boundary\":{\"x\":{\"low\":\"neumann\"}}"), "missing_key", 1, 72, "/boundary/x", QEP_ERR_CONFIG},
        {WITH("\"boundary\":{\"x\":{\"low\":{\"periodic\":1},\"high\":\"neumann\"}}"), "unknown_value", 1, 80, "/boundary/x/low/periodic",
         QEP_ERR_CONFIG},
        {WITH("\"boundary\":{\"x\":{\"low\":{\"dirichlet\":\"1 V/m\"},\"high\":\"neumann\"}}"), "wrong_dimension", 1, 92,
         "/boundary/x/low/dirichlet", QEP_ERR_CONFIG},
        {GRID("\"points\":[1],\"lengths\":[1]},\"boundary\":{\"x\":\"neumann\""), "contradiction", 1, 66, "/boundary/x", QEP_ERR_CONFIG},
        {WITH("\"parameters\":{\"x\":1}"), "bad_name", 1, 74, "/parameters/x", QEP_ERR_CONFIG},
        {WITH("\"parameters\":{\"2a\":1}"), "bad_name", 1, 75, "/parameters/2a", QEP_ERR_CONFIG},
        {WITH("\"parameters\":{\"a\":1,\"b\":\"a+1\"}"), "bad_expression", 1, 80, "/parameters/b", QEP_ERR_CONFIG},
        {WITH("\"charge\":{\"hdf5\":\"a.h5\"}"), "missing_key", 1, 65, "/charge", QEP_ERR_CONFIG},
        {WITH("\"charge\":{\"source\":\"nothing\"}"), "unknown_value", 1, 75, "/charge/source", QEP_ERR_CONFIG},
        {WITH("\"charge\":\"1 V\""), "wrong_dimension", 1, 65, "/charge", QEP_ERR_CONFIG},
        {WITH("\"charge\":\"y+q\""), "bad_expression", 1, 65, "/charge", QEP_ERR_CONFIG},
        {WITH("\"charge\":true"), "wrong_type", 1, 65, "/charge", QEP_ERR_CONFIG},
        {WITH("\"charge\":{\"product\":[\"1 C\",\"2 m^-2\"]}"), "wrong_dimension", 1, 65, "/charge", QEP_ERR_CONFIG},
        {WITH("\"charge\":{\"sum\":[\"1 C\"]}"), "wrong_dimension", 1, 73, "/charge/sum/0", QEP_ERR_CONFIG},
        {WITH("\"charge\":{\"regions\":[{\"value\":1}]}"), "missing_key", 1, 77, "/charge/regions/0", QEP_ERR_CONFIG},
        {WITH("\"materials\":{\"permittivity\":-2}"), "out_of_range", 1, 84, "/materials/permittivity", QEP_ERR_CONFIG},
        {WITH("\"reading\":\"field\",\"coupling\":{\"profile\":\"1+x\"},\"output\":{\"fields\":[\"phi\"]}"), "inapplicable", 1, 123, "/output/fields/0",
         QEP_ERR_CONFIG},
        {WITH("\"coupling\":{\"closure\":\"cell\",\"time\":1}"), "missing_key", 1, 67, "/coupling", QEP_ERR_CONFIG},
        {WITH("\"coupling\":{\"time\":1}"), "inapplicable", 1, 75, "/coupling/time", QEP_ERR_CONFIG},
        {WITH("\"coupling\":{\"closure\":\"custom\",\"value\":1}"), "missing_key", 1, 67, "/coupling", QEP_ERR_CONFIG},
        {WITH("\"direction\":[1,0]"), "inapplicable", 1, 68, "/direction", QEP_ERR_CONFIG},
        {WITH("\"reading\":\"directional\""), "missing_key", 1, 1, "", QEP_ERR_CONFIG},
        {WITH("\"reading\":\"directional\",\"direction\":[0,0]"), "out_of_range", 1, 92, "/direction", QEP_ERR_CONFIG},
        {WITH("\"charge\":1"), "contradiction", 1, 65, "/charge", QEP_ERR_CONFIG},
        {WITH("\"boundary\":{\"x\":{\"low\":{\"dirichlet\":1},\"high\":\"neumann\"}}"), "contradiction", 1, 67, "/boundary", QEP_ERR_CONFIG},
        {WITH("\"reading\":\"field\",\"charge\":1"), "inapplicable", 1, 83, "/charge", QEP_ERR_PROBLEM},
        {WITH("\"reading\":\"field\",\"output\":{\"fields\":[\"phi_S\"]}"), "inapplicable", 1, 94, "/output/fields/0", QEP_ERR_CONFIG},
        {WITH("\"output\":{\"fields\":[\"phi\",\"phi\"]}"), "contradiction", 1, 82, "/output/fields/1", QEP_ERR_CONFIG},
        {WITH("\"output\":{\"fields\":[\"ph\"]}"), "unknown_value", 1, 76, "/output/fields/0", QEP_ERR_CONFIG},
        {WITH("\"output\":{\"fields\":[\"E_total\"]}"), "inapplicable", 1, 76, "/output/fields/0", QEP_ERR_CONFIG},
        {WITH("\"output\":{\"deflate\":10}"), "out_of_range", 1, 76, "/output/deflate", QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"kernel\":\"latice\"}"), "unknown_value", 1, 75, "/solver/kernel", QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"kernel\":\"lattice\",\"derivative\":\"spectral\"}"), "contradiction", 1, 75, "/solver/kernel", QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"gauge\":\"far_field\"}"), "inapplicable", 1, 74, "/solver/gauge", QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"gauge_length\":1}"), "inapplicable", 1, 81, "/solver/gauge_length", QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"neutralize\":true},\"boundary\":{\"x\":\"open\"}"), "inapplicable", 1, 79, "/solver/neutralize", QEP_ERR_CONFIG},
        {WITH("\"coupling\":{\"entropy_at_infinity\":\"1 V\"}"), "wrong_dimension", 1, 90, "/coupling/entropy_at_infinity", QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"max_iterations\":0}"), "out_of_range", 1, 83, "/solver/max_iterations", QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"method\":\"pcg\"}"), "unknown_value", 1, 75, "/solver/method", QEP_ERR_CONFIG},
        {WITH("\"electrodes\":{}"), "wrong_type", 1, 69, "/electrodes", QEP_ERR_CONFIG},
        {WITH("\"electrodes\":[{\"name\":\"a.b\",\"face\":\"x-low\"}]"), "bad_name", 1, 78, "/electrodes/0/name", QEP_ERR_CONFIG},
        {WITH("\"conduction\":{\"boundary\":\"neumann\"}"), "inapplicable", 1, 81, "/conduction/boundary", QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"compatibility\":2}"), "out_of_range", 1, 82, "/solver/compatibility", QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"neutralize\":true},\"boundary\":{\"x\":\"dirichlet\"}"), "inapplicable", 1, 79, "/solver/neutralize",
         QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"gauge\":{\"point\":[0,0],\"value\":\"1 V\"}}"), "wrong_dimension", 1, 97, "/solver/gauge/value",
         QEP_ERR_CONFIG},
        {WITH("\"solver\":{\"gauge\":{\"point\":[0,9],\"value\":0}}"), "out_of_range", 1, 86, "/solver/gauge/point/1", QEP_ERR_CONFIG},
        {WITH("\"time\":{\"step\":1}"), "missing_key", 1, 63, "/time", QEP_ERR_CONFIG},
        {WITH("\"time\":{\"times\":[1,1]}"), "out_of_range", 1, 75, "/time/times/1", QEP_ERR_CONFIG},
        {WITH("\"time\":{\"times\":[1],\"frames\":1}"), "contradiction", 1, 63, "/time", QEP_ERR_CONFIG},
        {WITH("\"probes\":[{\"name\":\"a\",\"at\":[0,0]},{\"name\":\"a\",\"at\":[0,0]}]"), "contradiction", 1, 90, "/probes/1", QEP_ERR_CONFIG},
        {WITH("\"probes\":[{\"name\":\"a\",\"at\":[0,2]}]"), "out_of_range", 1, 86, "/probes/0/at/1", QEP_ERR_CONFIG},
        {WITH("\"limits\":{\"memory\":\"8 GX\"}"), "bad_unit", 1, 75, "/limits/memory", QEP_ERR_CONFIG},
        {WITH("\"materials\":{\"conductivity\":-1}"), "out_of_range", 1, 84, "/materials/conductivity", QEP_ERR_CONFIG},
        {WITH("\"limits\":{\"memory\":0}"), "out_of_range", 1, 75, "/limits/memory", QEP_ERR_CONFIG},
        /* clang-format on */
    };
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        qep_error err = {0};
        qep_config *config = NULL;
        const qep_status status = parse(&config, cases[i].text, NULL, &err);
        const qep_error_item *item = &err.item[0];
        if (status != cases[i].status || err.count != 1 || strcmp(item->code, cases[i].code) != 0 ||
            item->line != cases[i].line || item->column != cases[i].column ||
            strcmp(item->path, cases[i].path) != 0 || strcmp(item->file, "t.json") != 0) {
            for (size_t k = 0; k < err.count; k++) {
                print_error("%s:%zu:%zu: %s [%s] %s\n", err.item[k].file, err.item[k].line,
                            err.item[k].column, err.item[k].path, err.item[k].code,
                            err.item[k].message);
            }
            print_error("%s: status %d, expected [%s] at %zu:%zu %s\n", cases[i].text, status,
                        cases[i].code, cases[i].line, cases[i].column, cases[i].path);
            wrong++;
        }
        assert_null(config);
    }
    assert_int_equal(wrong, 0);
}

static void all_faults_in_one_run(void **state) {
    (void)state;
    qep_error err = {0};
    qep_config *config = NULL;
    assert_int_equal(parse(&config,
                           "{\"grid\":{\"spcaing\":[1],\n\"points\":[\"4\"],\"lengths\":[\"1 "
                           "s\"]},\n\"entropy\":\"x+\",\"redaing\":1}",
                           NULL, &err),
                     QEP_ERR_CONFIG);
    static const char *const codes[] = {"unknown_key", "wrong_type", "wrong_dimension",
                                        "bad_expression", "unknown_key"};
    assert_int_equal(err.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(err.item[i].code, codes[i]);
    }
    assert_non_null(strstr(err.item[0].message, "did you mean \"spacing\""));
    assert_non_null(strstr(err.item[4].message, "did you mean \"reading\""));
    assert_non_null(strstr(err.item[2].message, "has the unit s in SI; m is needed"));
}

static const char full[] =
    "{\"$schema\":\"s\",\"title\":\"t\",\"x-note\":[1],\"parameters\":{\"w\":\"5 "
    "nm\",\"T\":300,\"comment\":\"c\"},"
    "\"grid\":{\"points\":[8,9],\"lengths\":[\"2*w\",\"40 "
    "nm\"],\"origin\":[\"-w\",0],\"sampling\":\"node\",\"thickness\":\"1 nm\"},"
    "\"boundary\":{\"x\":{\"low\":{\"dirichlet\":\"5 "
    "mV\"},\"high\":{\"natural\":\"y*1e9\"}},\"y\":\"neumann\"},"
    "\"entropy\":{\"regions\":[{\"where\":\"x<w\",\"value\":{\"product\":[\"2 J/K\",\"3 "
    "m^-3\",\"1+x\"]}}],\"default\":{\"hdf5\":\"s.h5\","
    "\"dataset\":\"/S\",\"order\":\"xyz\",\"scale\":2,\"unit\":\"J/(K cm^3)\"}},"
    "\"charge\":{\"sum\":[\"300\",\"x*1e9\",{\"product\":[{\"hdf5\":\"/a/"
    "q.h5\",\"dataset\":\"q\"},\"2 m\"]}]},"
    "\"materials\":{\"conductivity\":\"6e7 S/m\",\"permittivity\":11.7},"
    "\"coupling\":{\"closure\":\"cell\",\"cell_volume\":\"0.1 nm^3\",\"time\":\"100 fs\"},"
    "\"solver\":{\"derivative\":\"fd6\",\"tolerance\":\"T*1e-12\"},\"time\":{\"step\":\"1 "
    "ps\",\"frames\":3},"
    "\"probes\":[{\"name\":\"tip\",\"at\":[0,\"40 "
    "nm\"]}],\"output\":{\"fields\":[\"E\",\"phi\"],\"deflate\":4,\"precision\":\"single\","
    "\"views\":false},"
    "\"limits\":{\"memory\":\"1.5 GiB\"}}";

static void values_arrive_in_si(void **state) {
    (void)state;
    qep_error err = {0};
    qep_config *c = NULL;
    if (parse(&c, full, NULL, &err) != QEP_OK) {
        fail_msg("%s: %s", err.item[0].path, err.item[0].message);
    }
    assert_int_equal(c->grid.ndim, 2);
    assert_true(fabs(c->grid.axis[0].h - 1e-8 / 7) < 1e-23);
    assert_true(c->grid.axis[0].origin == -5e-9);
    assert_true(c->thickness == 1e-9);
    assert_true(c->face[0][0].value->value == 5e-3);
    assert_int_equal(c->face[0][1].kind, QEP_NATURAL);
    assert_string_equal(c->face[0][1].value->text, "y*1e9");
    assert_int_equal(c->entropy->kind, QEP_FIELD_REGIONS);
    assert_int_equal(c->entropy->count, 2);
    assert_null(c->entropy->condition[1]);
    assert_string_equal(c->entropy->child[1]->file, "in/s.h5");
    assert_int_equal(c->entropy->child[1]->order_xyz, 1);
    assert_true(c->entropy->child[1]->scale == 2.0);
    assert_int_equal(c->charge->child[0]->kind, QEP_FIELD_NUMBER);
    const qep_dimension left = qep_dimension_divide(QEP_DIM_CHARGE_DENSITY, QEP_DIM_LENGTH);
    assert_true(qep_dimension_equal(c->charge->child[2]->child[0]->dimension, left));
    const double kappa = QEP_HBAR / QEP_E_CHARGE * 1e-28 / (QEP_BOLTZMANN * 1e-13);
    assert_true(fabs(c->coupling.kappa / kappa - 1) < 1e-14);
    assert_int_equal(c->derivative, QEP_FD6);
    assert_true(fabs(c->tolerance - 3e-10) < 1e-24);
    assert_int_equal(c->max_iterations, 500);
    assert_true(c->compatibility < 0);
    assert_int_equal(c->time_count, 3);
    assert_true(c->times[2] == 2e-12);
    assert_string_equal(c->probes[0].name, "tip");
    assert_string_equal(c->output_file, "t.h5");
    assert_int_equal(c->field_count, 2);
    assert_string_equal(c->fields[0], "E");
    assert_int_equal(c->deflate, 4);
    assert_int_equal(c->single_precision, 1);
    assert_int_equal(c->views, 0);
    assert_int_equal(c->xdmf, 1);
    assert_true(c->memory_limit == (size_t)3 << 29);
    qep_config_destroy(c);
}

static void effective_parses_to_the_same(void **state) {
    (void)state;
    static const char *const texts[] = {
        full,
        WITH("\"reading\":\"directional\",\"direction\":[3,4],\"coupling\":{\"closure\":\"custom\","
             "\"value\":7,\"unit\":\"K cm^3/(J s)\"}"),
        WITH("\"coupling\":{\"closure\":\"custom\",\"value\":\"7 K nm^3/(J "
             "s)\",\"profile\":\"1+x\"},\"solver\":{\"compatibility\":1e-3}"),
        WITH("\"solver\":{\"gauge\":{\"point\":[0.1,0.7],\"value\":\"3 V s J K^-1 "
             "m^-3\"},\"neutralize\":true}"),
        "{\"grid\":{\"points\":[5],\"spacing\":[\"0.3 "
        "nm\"],\"cross_section\":2},\"boundary\":{\"x\":{\"low\":{\"dirichlet\":\"sin(t)\"},"
        "\"high\":\"dirichlet\"}}}",
        WITH("\"time\":{\"times\":[0,0.1]}"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        qep_error err = {0};
        qep_config *first = NULL, *second = NULL;
        if (parse(&first, texts[i], NULL, &err) != QEP_OK) {
            fail_msg("%s: %s: %s", texts[i], err.item[0].path, err.item[0].message);
        }
        char *one = qep_config_effective(first, 0), *same = qep_config_effective(first, 1);
        if (parse(&second, one, NULL, &err) != QEP_OK) {
            fail_msg("%s: %s: %s", one, err.item[0].path, err.item[0].message);
        }
        char *two = qep_config_effective(second, 0), *again = qep_config_effective(second, 1);
        assert_string_equal(one, two);
        assert_string_equal(same, again);
        assert_null(strstr(same, "\"file\""));
        assert_memory_equal(&first->grid, &second->grid, sizeof first->grid);
        qep_free(one);
        qep_free(two);
        qep_free(same);
        qep_free(again);
        qep_config_destroy(first);
        qep_config_destroy(second);
    }
}

static void overrides_meet_the_same_checks(void **state) {
    (void)state;
    static const struct {
        const char *set, *code;
        qep_status status;
    } cases[] = {
        {"grid.points[0]=16", NULL, QEP_OK},
        {"grid.origin[0]=1", "contradiction", QEP_ERR_CONFIG},
        {"parameters.T=300", NULL, QEP_OK},
        {"solver.derivative=fd8", NULL, QEP_OK},
        {"solver.derivative=\"fd8\"", NULL, QEP_OK},
        {"boundary.x.low=dirichlet", "missing_key", QEP_ERR_CONFIG},
        {"solver.derivativ=fd8", "unknown_key", QEP_ERR_CONFIG},
        {"grid.points[5]=1", "out_of_range", QEP_ERR_CONFIG},
        {"grid.points[2]=1", "contradiction", QEP_ERR_CONFIG},
        {"reading.a=1", "wrong_type", QEP_ERR_CONFIG},
        {"grid.points[0]", "usage", QEP_ERR_USAGE},
        {"grid.points[x]=1", "usage", QEP_ERR_USAGE},
        {"grid..points=1", "usage", QEP_ERR_USAGE},
        {"=1", "usage", QEP_ERR_USAGE},
        {"grid.=1", "usage", QEP_ERR_USAGE},
        {"grid.points[0]x=1", "usage", QEP_ERR_USAGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        qep_error err = {0};
        qep_config *config = NULL;
        const qep_status status =
            parse(&config, WITH("\"reading\":\"poisson\""), cases[i].set, &err);
        if (status != cases[i].status ||
            (cases[i].code && strcmp(err.item[0].code, cases[i].code) != 0)) {
            fail_msg("%s: %d %s %s", cases[i].set, status, err.item[0].code, err.item[0].message);
        }
        qep_config_destroy(config);
    }
    qep_error err = {0};
    qep_config *config = NULL;
    parse(&config, WITH("\"reading\":\"poisson\""), "solver.derivativ=fd8", &err);
    assert_string_equal(err.item[0].file, "--set solver.derivativ");
    assert_int_equal(err.item[0].line, 0);
    assert_non_null(strstr(err.item[0].message, "did you mean \"derivative\""));
    assert_int_equal(parse(&config, WITH("\"reading\":\"poisson\""), "grid.points[0]=17", &err),
                     QEP_OK);
    assert_int_equal(config->grid.axis[0].n, 17);
    qep_config_destroy(config);
}

static void units_that_differ_never_add(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int good;
    } cases[] = {
        /* clang-format off */
        {WITH("\"charge\":1,\"output\":{\"fields\":[\"phi_rho\",\"phi_S\"]}"), 1},
        {WITH("\"charge\":0"), 1},
        {WITH("\"solver\":{\"gauge\":{\"point\":[0,0],\"value\":\"0 V\"}}"), 1},
        {WITH("\"charge\":1,\"output\":{\"fields\":[\"E\"]}"), 0},
        {WITH("\"charge\":1,\"coupling\":{\"closure\":\"cell\",\"cell_volume\":1,\"time\":1}"), 1},
        {WITH("\"charge\":1,\"coupling\":{\"closure\":\"custom\",\"value\":1,\"unit\":\"K m^3/(J s)\"}"), 1},
        {WITH("\"charge\":1,\"coupling\":{\"closure\":\"custom\",\"value\":1,\"unit\":\"1\"}"), 0},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        qep_error err = {0};
        qep_config *config = NULL;
        assert_int_equal(parse(&config, cases[i].text, NULL, &err) == QEP_OK, cases[i].good);
        qep_config_destroy(config);
    }
    qep_error err = {0};
    qep_config *config = NULL;
    assert_int_equal(
        parse(&config, "{\"grid\":{\"points\":[4],\"lengths\":[1]},\"charge\":1}", NULL, &err),
        QEP_OK);
    assert_int_equal(config->field_count, 2); /* no J_S without entropy */
    char *defaulted = qep_config_defaulted(config);
    assert_non_null(strstr(defaulted, "/solver/derivative"));
    assert_null(strstr(defaulted, "/grid/points"));
    qep_free(defaulted);
    qep_error_clear(&err);
    qep_error_add(&err, QEP_ERR_INPUT, "x", "/charge", NULL, "late");
    qep_config_locate(config, &err);
    assert_int_equal(err.item[0].column, 47);
    assert_string_equal(err.item[0].file, "t.json");
    qep_config_destroy(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_found_where_they_are),
        cmocka_unit_test(all_faults_in_one_run),
        cmocka_unit_test(values_arrive_in_si),
        cmocka_unit_test(effective_parses_to_the_same),
        cmocka_unit_test(overrides_meet_the_same_checks),
        cmocka_unit_test(units_that_differ_never_add),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
