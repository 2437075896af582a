/* If this fails, scripts that parse --json lines read wrong numbers or broken text, or the command
 * line is understood differently from what --help says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/cli.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <float.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a function prints, as a string; the caller frees it. */
#define PRINTED(text, call)                                                                        \
    do {                                                                                           \
        size_t printed_size = 0;                                                                   \
        FILE *out = open_memstream(&(text), &printed_size);                                        \
        assert_non_null(out);                                                                      \
        call;                                                                                      \
        fclose(out);                                                                               \
    } while (0)

static void numbers_read_back_exactly(void **state) {
    (void)state;
    const double values[] = {0.0,     -0.0,    1.0,    0.1,  1.0 / 3.0, 2.1e-15,  -6.02214076e23,
                             DBL_MAX, DBL_MIN, 5e-324, 1e22, 1e23,      123456.0, 2.0 / 7,
                             1e-300,  M_PI};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char *text = NULL;
        PRINTED(text, cli_json_number(out, values[i]));
        const double back = strtod(text, NULL);
        assert_memory_equal(&back, &values[i], sizeof back);
        free(text);
    }
    const struct {
        double value;
        const char *text;
    } rows[] = {
        /* clang-format off */
        {0.1,       "0.1"     },
        {300.0,     "300"     },
        {INFINITY,  "\"inf\"" },
        {-INFINITY, "\"-inf\""},
        {NAN,       "\"nan\"" },
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = NULL;
        PRINTED(text, cli_json_number(out, rows[i].value));
        assert_string_equal(text, rows[i].text);
        free(text);
    }
}

static void strings_are_always_valid_json(void **state) {
    (void)state;
    const struct {
        const char *raw, *json;
    } rows[] = {
        /* clang-format off */
        {"film.json",                                 "\"film.json\""                   },
        {"a\"b\\c",                                   "\"a\\\"b\\\\c\""                 },
        {"line\nbreak\x1b[31m",                       "\"line\\u000abreak\\u001b[31m\"" },
        {"5 \xc2\xb5m \xe2\x82\xac \xf0\x9f\x98\x80",
         "\"5 \xc2\xb5m \xe2\x82\xac \xf0\x9f\x98\x80\""                                },
        {"\xff",                                      "\"\\ufffd\""                     },
        {"\xc0\xaf",                                  "\"\\ufffd\\ufffd\""              }, /* overlong */
        {"\xed\xa0\x80",                              "\"\\ufffd\\ufffd\\ufffd\""       }, /* surrogate */
        {"\xe2\x82",                                  "\"\\ufffd\\ufffd\""              }, /* cut short */
        {"\xf4\x90\x80\x80",                          "\"\\ufffd\\ufffd\\ufffd\\ufffd\""}, /* above U+10FFFF */
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = NULL;
        PRINTED(text, cli_json_string(out, rows[i].raw));
        assert_string_equal(text, rows[i].json);
        free(text);
    }
}

static qep_run_result result(const char *group, const char *name, double *values) {
    qep_run_result made = {.value = values};
    snprintf(made.group, sizeof made.group, "%s", group);
    snprintf(made.name, sizeof made.name, "%s", name);
    return made;
}

static void a_line_groups_named_things_and_spreads_frames(void **state) {
    (void)state;
    /* clang-format off */
    double v[5][2] = {
        {2e-15, 3e-15   },
        {0,     0.5     },
        {1,     INFINITY},
        {7,     8       },
        {4,     5       }
    };
    /* clang-format on */
    qep_run_result results[] = {result("", "residual", v[0]), result("probes/tip", "phi", v[1]),
                                result("probes/foot", "phi", v[2]), result("probes/tip", "x", v[3]),
                                result("conduction", "iterations", v[4])};
    char output[] = "film.h5";
    qep_run_report report = {.output = output,
                             .frames = 2,
                             .threads = 3,
                             .peak_rss = 42,
                             .seconds_total = 0.5,
                             .result = results,
                             .result_count = 5};
    const qep_error none = {0};
    char *text = NULL;
    PRINTED(text, cli_summary_json(out, "-", 0, &report, &none, 0));
    assert_string_equal(text, "{\"config\":\"<stdin>\",\"status\":\"ok\",\"exit\":0,\"output\":"
                              "\"film.h5\",\"seconds\":{\"total\":0.5,\"read\":0,\"plan\":0,"
                              "\"solve\":0,\"derive\":0,\"write\":0},\"threads\":3,\"peak_rss\":42,"
                              "\"results\":{\"residual\":[2e-15,3e-15],"
                              "\"probes\":[{\"name\":\"tip\",\"phi\":[0,0.5],\"x\":[7,8]},{"
                              "\"name\":\"foot\",\"phi\":[1,\"inf\"]}],"
                              "\"conduction\":{\"iterations\":[4,5]}}}\n");
    free(text);
    char state0[] = "converged", state1[] = "not_converged", ends[] = "a\nb";
    char *states[] = {state0, state1}, *pairs[] = {ends, ends};
    qep_run_word_result words[] = {{"conduction", "status", 0, states}, {"loads/0", "between", 1, pairs}};
    results[3] = result("loads/0", "power", v[3]);
    report.word = words;
    report.word_count = 2;
    PRINTED(text, cli_summary_json(out, "-", 0, &report, &none, 0));
    assert_non_null(strstr(text, "\"loads\":[{\"power\":[7,8],\"between\":[\"a\",\"b\"]}],"
                                 "\"conduction\":{\"iterations\":[4,5],\"status\":[\"converged\",\"not_converged\"]}"));
    free(text);
    results[3] = result("probes/tip", "x", v[3]);
    report.word_count = 0;
    report.frames = 1;
    PRINTED(text, cli_summary_json(out, "film.json", 0, &report, &none, 0));
    assert_non_null(strstr(
        text, "\"results\":{\"residual\":2e-15,\"probes\":[{\"name\":\"tip\",\"phi\":0,\"x\":7},"));
    free(text);
}

static void a_failed_line_has_errors_and_no_results(void **state) {
    (void)state;
    char output[] = "film.h5";
    qep_run_report report = {.output = output};
    qep_error err = {0};
    qep_error_add(&err, QEP_ERR_CONFIG, "unknown_key", "/grid/spcaing", NULL, "unknown key \"%s\"",
                  "spcaing");
    err.item[0].line = 7;
    err.item[0].column = 15;
    qep_error_add(&err, QEP_ERR_INPUT, "missing", "/entropy", "in.h5", "no such file");
    char *text = NULL;
    PRINTED(text, cli_summary_json(out, "bad.json", 4, &report, &err, 0));
    assert_string_equal(
        text, "{\"config\":\"bad.json\",\"status\":\"error\",\"exit\":4,\"errors\":["
              "{\"code\":\"unknown_key\",\"path\":\"/grid/"
              "spcaing\",\"line\":7,\"column\":15,\"message\":\"unknown key \\\"spcaing\\\"\"},"
              "{\"code\":\"missing\",\"path\":\"/entropy\",\"file\":\"in.h5\",\"message\":\"no "
              "such file\"}]}\n");
    free(text);
    report.written = 1; /* unconverged and kept */
    PRINTED(text, cli_summary_json(out, "bad.json", 6, &report, &err, 0));
    assert_non_null(strstr(text, "\"output\":\"film.h5\""));
    free(text);
}

/* Parse a command line given as words; argv is copied because getopt reorders it. */
static qep_status parse(cli_options *options, qep_error *err, size_t count,
                        const char *const *words) {
    char *argv[16] = {NULL};
    for (size_t i = 0; i < count; i++) {
        argv[i] = (char *)(uintptr_t)words[i];
    }
    optind = 0; /* start over */
    return cli_options_parse(options, (int)count, argv, err);
}

static void every_option_arrives_in_its_field(void **state) {
    (void)state;
    const char *const words[] = {"qep-solve", "a.json",         "-o", "x.h5", "-s",
                                 "a=1",       "--set=b=2",      "-t", "7",    "--progress",
                                 "never",     "--plan=patient", "-fv"};
    cli_options options;
    qep_error err = {0};
    assert_int_equal(parse(&options, &err, sizeof words / sizeof *words, words), QEP_OK);
    assert_int_equal(options.config_count, 1);
    assert_string_equal(options.config[0], "a.json");
    assert_string_equal(options.output, "x.h5");
    assert_int_equal(options.set_count, 2);
    assert_string_equal(options.set[1], "b=2");
    assert_int_equal(options.threads, 7);
    assert_int_equal(options.progress, CLI_PROGRESS_NEVER);
    assert_int_equal(options.plan, QEP_PLAN_PATIENT);
    assert_true(options.force && options.verbose);
    assert_false(options.quiet || options.check || options.json || options.skip_done);
    cli_options_free(&options);
}

static void choices_need_the_whole_word(void **state) {
    (void)state;
    static const char *const bad[] = {"", "e", "estimat", "estimates", "|", "estimate|measure"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const words[] = {"qep-solve", "a.json", "--plan", bad[i]};
        cli_options options;
        qep_error err = {0};
        assert_int_equal(parse(&options, &err, 4, words), QEP_ERR_USAGE);
        assert_int_equal(err.count, 1);
        cli_options_free(&options);
    }
}

static void command_lines_survive_a_shell(void **state) {
    (void)state;
    char *words[] = {(char[]){"qep-solve"}, (char[]){"-s"}, (char[]){"title=it's $HOME"},
                     (char[]){""}, (char[]){"a.json"}};
    char *const line = cli_command_line(5, words);
    assert_string_equal(line, "qep-solve -s 'title=it'\\''s $HOME' '' a.json");
    qep_free(line);
}

static void threads_come_from_the_environment_when_it_makes_sense(void **state) {
    (void)state;
    unsetenv("OMP_NUM_THREADS");
    const int machine = cli_threads_default();
    assert_true(machine >= 1);
    const struct {
        const char *text;
        int threads;
    } rows[] = {
        /* clang-format off */
        {"3",                    3      },
        {"5,2",                  5      },
        {"",                     machine},
        {"0",                    machine},
        {"-4",                   machine},
        {"many",                 machine},
        {"3x",                   machine},
        {"99999999999999999999", machine},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        setenv("OMP_NUM_THREADS", rows[i].text, 1);
        assert_int_equal(cli_threads_default(), rows[i].threads);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_read_back_exactly),
        cmocka_unit_test(strings_are_always_valid_json),
        cmocka_unit_test(a_line_groups_named_things_and_spreads_frames),
        cmocka_unit_test(a_failed_line_has_errors_and_no_results),
        cmocka_unit_test(every_option_arrives_in_its_field),
        cmocka_unit_test(choices_need_the_whole_word),
        cmocka_unit_test(command_lines_survive_a_shell),
        cmocka_unit_test(threads_come_from_the_environment_when_it_makes_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
