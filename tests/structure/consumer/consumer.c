/* A program of somebody else: it has only the installed headers and library. It runs the configuration that it is given and
 * prints the library's version and a number of the result. */
#include <qep/base/version.h>
#include <qep/run/run.h>
#include <stdio.h>
#include <string.h>

static double number(const qep_run_report *report, const char *name) {
    for (size_t i = 0; i < report->result_count; i++) {
        if (strcmp(report->result[i].name, name) == 0) {
            return report->result[i].value[0];
        }
    }
    return -1.0;
}

int main(int argc, char **argv) {
    qep_error err = {0};
    qep_run_report report;
    const qep_run_options options = {
        .output = argc > 2 ? argv[2] : NULL, .threads = 2, .wisdom = "none"};
    const qep_status status = argc > 1 ? qep_run(argv[1], &options, &report, &err) : QEP_ERR_USAGE;
    if (status != QEP_OK) {
        fprintf(stderr, "%s\n", err.count ? err.item[0].message : "usage: consumer CONFIG OUTPUT");
        return qep_status_exit_code(status);
    }
    printf("%s %.17g\n", qep_version(), number(&report, "phi_max"));
    qep_run_report_free(&report);
    return 0;
}
