/* If this fails, a run whose solver is wrong or which is stopped half-way can pass for a good one. */
#include "qep/base/memory.h"
#include "qep/io/identity.h"
#include "qep/run/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Charge and entropy between walls of every kind, so that both parts are solved and tap, eigenvalue and boundary all matter. */
static const char problem[] =
    "{\"grid\": {\"points\": [12, 9, 10], \"lengths\": [1.2, 0.9, 2.5]%s},\n"
    " \"boundary\": {\"x\": {\"low\": {\"dirichlet\": \"0.3 + cos(2*y)\"}, \"high\": {\"neumann\": "
    "1}}, \"y\": \"natural\", \"z\": \"dirichlet\"},\n"
    " \"entropy\": \"sin(3*x) + y*z + t\", \"charge\": \"1e-11*cos(x + y)\",\n"
    " \"coupling\": {\"closure\": \"custom\", \"value\": \"2e15 K m^3 J^-1 s^-1\"},\n"
    " \"solver\": {\"derivative\": \"%s\"%s}%s}\n";

typedef struct {
    char folder[64], config[96], output[96], partial[96];
} place;

static void make_place(place *p, const char *sampling, const char *derivative, const char *solver,
                       const char *more) {
    snprintf(p->folder, sizeof p->folder, "/tmp/qep-test-run-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->config, sizeof p->config, "%s/case.json", p->folder);
    snprintf(p->output, sizeof p->output, "%s/case.h5", p->folder);
    snprintf(p->partial, sizeof p->partial, "%s/case.partial.h5", p->folder);
    FILE *file = fopen(p->config, "w");
    assert_non_null(file);
    fprintf(file, problem, sampling, derivative, solver, more);
    fclose(file);
}

static void remove_place(const place *p) {
    unlink(p->config);
    unlink(p->output);
    unlink(p->partial);
    char sidecar[128];
    snprintf(sidecar, sizeof sidecar, "%s/case.xdmf", p->folder);
    unlink(sidecar);
    snprintf(sidecar, sizeof sidecar, "%s/case.partial.xdmf", p->folder);
    unlink(sidecar);
    assert_int_equal(rmdir(p->folder), 0); /* nothing else was left behind */
}

typedef struct {
    const char *what;
    double relative;
} damage;

static void apply_damage(void *user, qep_poisson *solver) {
    const damage *d = user;
    assert_int_equal(qep_poisson_tamper(solver, d->what, d->relative), 1);
}

static qep_status run(const place *p, const qep_log *log, const damage *d, size_t *frames) {
    qep_error *err = calloc(1, sizeof *err);
    qep_run_report report;
    const qep_run_options options = {.output = p->output,
                                     .threads = 2,
                                     .wisdom = "none",
                                     .command_line = "test_run",
                                     .log = log,
                                     .after_plan = d ? apply_damage : NULL,
                                     .after_plan_user = (void *)(uintptr_t)d};
    const qep_status status = qep_run(p->config, &options, &report, err);
    if (status != QEP_OK && status != QEP_ERR_UNCONVERGED && status != QEP_ERR_INTERRUPTED) {
        fprintf(stderr, "%s\n", err->item[0].message);
    }
    if (frames) {
        *frames = report.frames;
    }
    qep_run_report_free(&report);
    free(err);
    return status;
}

static void self_check_bites(void **state) {
    (void)state;
    static const char *const parts[] = {"tap", "eigenvalue", "boundary"};
    static const char *const samplings[] = {"", ", \"sampling\": \"node\""};
    static const char *const derivatives[] = {"fd2", "fd4", "fd8"};
    for (size_t k = 0; k < 2 * 3; k++) {
        place p;
        make_place(&p, samplings[k % 2], derivatives[k / 2], "", "");
        for (size_t i = 0; i < 3; i++) {
            const damage d = {parts[i], 1e-6};
            assert_int_equal(run(&p, NULL, &d, NULL), QEP_ERR_UNCONVERGED);
            assert_int_not_equal(access(p.output, F_OK), 0);
        }
        assert_int_equal(run(&p, NULL, NULL, NULL), QEP_OK); /* the same run unharmed */
        assert_int_equal(access(p.output, F_OK), 0);
        remove_place(&p);
    }
}

static void unconverged_may_be_kept(void **state) {
    (void)state;
    place p;
    make_place(&p, "", "fd4", ", \"keep_unconverged\": true", "");
    const damage d = {"eigenvalue", 1e-6};
    assert_int_equal(run(&p, NULL, &d, NULL), QEP_ERR_UNCONVERGED);
    char *identity = NULL, *exit_state = NULL, *inputs = NULL;
    assert_int_equal(qep_result_identity(p.output, &identity, &exit_state, &inputs, NULL), QEP_OK);
    assert_string_equal(exit_state, "unconverged");
    qep_free(identity);
    qep_free(exit_state);
    qep_free(inputs);
    remove_place(&p);
}

/* Asks to stop once `after` frames have begun. */
typedef struct {
    size_t begun, after;
} stopper;

static void count_frames(void *user, const char *stage, size_t done, size_t total) {
    stopper *s = user;
    (void)total;
    s->begun = strcmp(stage, "frames") == 0 ? done : s->begun;
}

static int should_stop(void *user) {
    const stopper *s = user;
    return s->begun >= s->after;
}

static void stopped_series_keeps_finished_frames(void **state) {
    (void)state;
    for (size_t after = 0; after < 3; after++) {
        place p;
        make_place(&p, "", "fd4", "", ", \"time\": {\"times\": [0, 1, 2]}");
        stopper s = {0, after};
        const qep_log log = {.progress = count_frames, .interrupted = should_stop, .user = &s};
        assert_int_equal(run(&p, &log, NULL, NULL), QEP_ERR_INTERRUPTED);
        assert_int_not_equal(access(p.output, F_OK), 0);
        assert_int_equal(access(p.partial, F_OK) == 0, after > 0);
        remove_place(&p);
    }
}

static void every_topic_is_listed(void **state) {
    (void)state;
    static const char *const topics[][2] = {{"sources", "hdf5"},       {"quantities", "J_rho"},
                                            {"boundaries", "natural"}, {"units", "ohm"},
                                            {"keys", "grid"},          {"exit-codes", "130"}};
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        char *text = qep_run_list(topics[i][0]);
        assert_non_null(text);
        assert_non_null(strstr(text, topics[i][1]));
        qep_free(text);
    }
    assert_null(qep_run_list("unknown"));
    char *versions = qep_run_versions();
    static const char *const libraries[] = {"FFTW",   "HDF5",   "cJSON", "muParser",
                                            "xxHash", "Nettle", "OpenMP"};
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        assert_non_null(strstr(versions, libraries[i]));
    }
    qep_free(versions);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_check_bites),
        cmocka_unit_test(unconverged_may_be_kept),
        cmocka_unit_test(stopped_series_keeps_finished_frames),
        cmocka_unit_test(every_topic_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
