/* What a finished configuration leaves to read: one line of JSON for programs, one line of text for
 * people. Names of results are those of the attributes of /data/<frame>/results; the group
 * "electrodes/left" becomes {"name": "left", ...} in the list "electrodes". */
#include "cli.h"

#include "qep/base/memory.h"
#include <math.h>
#include <string.h>

/* ---- JSON ---- */

static void put_string(FILE *out, const char *key, const char *value) {
    fprintf(out, "\"%s\":", key);
    cli_json_string(out, value);
}

static void put_seconds(FILE *out, const qep_run_report *report) {
    const struct {
        const char *name;
        double value;
    } stages[] = {
        /* clang-format off */
        {"total",  report->seconds_total },
        {"read",   report->seconds_read  },
        {"plan",   report->seconds_plan  },
        {"solve",  report->seconds_solve },
        {"derive", report->seconds_derive},
        {"write",  report->seconds_write },
        /* clang-format on */
    };
    fputs(",\"seconds\":{", out);
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        fprintf(out, "%s\"%s\":%.6g", i ? "," : "", stages[i].name, stages[i].value);
    }
    fputc('}', out);
}

/* A number, or an array over the frames when there are several. */
static void put_result(FILE *out, const qep_run_result *result, size_t frames) {
    cli_json_string(out, result->name);
    fputc(':', out);
    if (frames == 1) {
        cli_json_number(out, result->value[0]);
        return;
    }
    fputc('[', out);
    for (size_t i = 0; i < frames; i++) {
        fputs(i ? "," : "", out);
        cli_json_number(out, result->value[i]);
    }
    fputc(']', out);
}

/* Length of the part before "/" of a group: what the entry is called under results. */
static size_t head(const char *group) {
    return strcspn(group, "/");
}

static int same_head(const char *a, const char *b) {
    return head(a) == head(b) && strncmp(a, b, head(a)) == 0;
}

/* 1 when no earlier result belongs to the same entry (by = head) or the same group (by = whole
 * name). */
static int is_first(const qep_run_report *report, size_t index, int whole) {
    const char *const group = report->result[index].group;
    for (size_t i = 0; i < index; i++) {
        const char *const other = report->result[i].group;
        if (whole ? strcmp(other, group) == 0 : same_head(other, group)) {
            return 0;
        }
    }
    return 1;
}

/* The members of one group, after `written` others. */
static void put_members(FILE *out, const qep_run_report *report, const char *group, int written) {
    for (size_t i = 0; i < report->result_count; i++) {
        if (strcmp(report->result[i].group, group) == 0) {
            fputs(written++ ? "," : "", out);
            put_result(out, &report->result[i], report->frames);
        }
    }
}

/* "probes": [{"name": "tip", ...}, ...] from the groups "probes/tip", ...; "conduction": {...} from
 * the group "conduction". */
static void put_entry(FILE *out, const qep_run_report *report, size_t first) {
    const char *const group = report->result[first].group;
    fprintf(out, "\"%.*s\":", (int)head(group), group);
    if (!group[head(group)]) {
        fputc('{', out);
        put_members(out, report, group, 0);
        fputc('}', out);
        return;
    }
    fputc('[', out);
    int written = 0;
    for (size_t i = first; i < report->result_count; i++) {
        const char *const other = report->result[i].group;
        if (same_head(other, group) && is_first(report, i, 1)) {
            fputs(written++ ? ",{" : "{", out);
            put_string(out, "name", other + head(other) + (other[head(other)] == '/'));
            put_members(out, report, other, 1);
            fputc('}', out);
        }
    }
    fputc(']', out);
}

/* A table as nested lists, first index outermost; a scalar as a number. */
static void put_table_values(FILE *out, const qep_run_table *table, int level, size_t *at) {
    if (level == table->rank) {
        if (table->text) {
            cli_json_string(out, table->text[*at]);
        } else {
            cli_json_number(out, table->value[*at]);
        }
        ++*at;
        return;
    }
    fputc('[', out);
    for (size_t i = 0; i < table->shape[level]; i++) {
        fputs(i ? "," : "", out);
        put_table_values(out, table, level + 1, at);
    }
    fputc(']', out);
}

/* "bloch": {"s": [[...]], ...}: the tables of one section and the scalars of the group of that name; names that hold groups stay whole. */
static void put_section(FILE *out, const qep_run_report *report, const char *section) {
    int written = 0;
    fprintf(out, "\"%s\":{", section);
    for (size_t i = 0; i < report->table_count; i++) {
        const qep_run_table *table = &report->table[i];
        size_t at = 0;
        if (strcmp(table->section, section) == 0) {
            fputs(written++ ? "," : "", out);
            cli_json_string(out, table->name);
            fputc(':', out);
            put_table_values(out, table, 0, &at);
        }
    }
    put_members(out, report, section, written);
    fputc('}', out);
}

static int has_tables(const qep_run_report *report, const char *section, size_t before) {
    for (size_t i = 0; i < before; i++) {
        if (strcmp(report->table[i].section, section) == 0) {
            return 1;
        }
    }
    return 0;
}

static void put_results(FILE *out, const qep_run_report *report) {
    fputs(",\"results\":{", out);
    int written = 0;
    for (size_t i = 0; i < report->result_count; i++) {
        const qep_run_result *const result = &report->result[i];
        if (!result->group[0]) {
            fputs(written++ ? "," : "", out);
            put_result(out, result, report->frames);
        } else if (is_first(report, i, 0) && !has_tables(report, result->group, report->table_count)) {
            fputs(written++ ? "," : "", out);
            put_entry(out, report, i);
        }
    }
    for (size_t i = 0; i < report->table_count; i++) {
        if (!has_tables(report, report->table[i].section, i)) {
            fputs(written++ ? "," : "", out);
            put_section(out, report, report->table[i].section);
        }
    }
    fputc('}', out);
}

static void put_error(FILE *out, const qep_error_item *item) {
    fputc('{', out);
    put_string(out, "code", item->code);
    fputc(',', out);
    put_string(out, "path", item->path);
    if (item->line) {
        fprintf(out, ",\"line\":%zu,\"column\":%zu", item->line, item->column);
    }
    if (item->file[0]) {
        fputc(',', out);
        put_string(out, "file", item->file);
    }
    fputc(',', out);
    put_string(out, "message", item->message);
    fputc('}', out);
}

static void put_errors(FILE *out, const qep_error *err) {
    fputs(",\"errors\":[", out);
    for (size_t i = 0; i < err->count; i++) {
        fputs(i ? "," : "", out);
        put_error(out, &err->item[i]);
    }
    fputc(']', out);
    if (err->dropped) {
        fprintf(out, ",\"errors_dropped\":%zu", err->dropped);
    }
}

void cli_summary_json(FILE *out, const char *config, int exit_code, const qep_run_report *report,
                      const qep_error *err, int checked) {
    fputc('{', out);
    put_string(out, "config", cli_config_shown(config));
    fprintf(out, ",\"status\":\"%s\",\"exit\":%d", exit_code == 0 ? "ok" : "error", exit_code);
    if (exit_code != 0) {
        put_errors(out, err);
    }
    if (report->output && (exit_code == 0 || report->written)) {
        fputc(',', out);
        put_string(out, "output", report->output);
        put_seconds(out, report);
        fprintf(out, ",\"threads\":%d,\"peak_rss\":%zu", report->threads, report->peak_rss);
        if (checked) {
            fprintf(out, ",\"checked\":true,\"estimated_bytes\":%zu", report->estimated_bytes);
        }
        if (report->skipped) {
            fputs(",\"skipped\":true", out);
        }
        put_results(out, report);
    }
    fputs("}\n", out);
    fflush(out);
}

/* ---- Text ---- */

/* Largest magnitude over the frames of the scalar `name`, or NaN when the run has none. */
static double largest(const qep_run_report *report, const char *name) {
    double value = NAN;
    for (size_t i = 0; i < report->result_count; i++) {
        const qep_run_result *const result = &report->result[i];
        for (size_t j = 0;
             j < report->frames && !result->group[0] && strcmp(result->name, name) == 0; j++) {
            value = fmax(value, fabs(result->value[j])); /* fmax passes over NaN */
        }
    }
    return value;
}

static void print_details(const char *config, const qep_run_report *report) {
    fprintf(stderr,
            "%s: read %.3g s, plan %.3g s, solve %.3g s, derive %.3g s, write %.3g s; %d threads; "
            "%.1f MB at most\n",
            config, report->seconds_read, report->seconds_plan, report->seconds_solve,
            report->seconds_derive, report->seconds_write, report->threads,
            1e-6 * (double)report->peak_rss);
    for (size_t i = 0; i < report->result_count; i++) {
        const qep_run_result *const result = &report->result[i];
        fprintf(stderr, "%s:   %s%s%s = %.6g%s%s%s\n", config, result->group,
                result->group[0] ? "/" : "", result->name, result->value[report->frames - 1],
                result->unit[0] ? " " : "", result->unit,
                report->frames > 1 ? " (last frame)" : "");
    }
}

void cli_summary_text(const cli_options *options, const char *config,
                      const qep_run_report *report) {
    const char *const shown = cli_config_shown(config);
    if (options->check) {
        fprintf(stderr, "ok: %s  nothing written\n", shown);
        return;
    }
    if (report->skipped) {
        fprintf(stderr,
                "skipped: %s is complete and was made from the same configuration and inputs\n",
                report->output);
        return;
    }
    if (options->verbose && report->frames) {
        print_details(shown, report);
    }
    fprintf(stderr, "done: %s", report->output ? report->output : shown);
    for (int d = 0; d < 3 && report->points[d]; d++) {
        fprintf(stderr, "%s%zu", d ? "x" : "  ", report->points[d]);
    }
    if (report->points[0]) {
        fprintf(stderr, "  %zu frame%s", report->frames, report->frames == 1 ? "" : "s");
    }
    if (report->summary[0]) {
        fprintf(stderr, "  %s", report->summary);
    }
    fprintf(stderr, "  %.3g s", report->seconds_total);
    const double residual = largest(report, "residual");
    if (!isnan(residual)) {
        fprintf(stderr, "  residual %.2g", residual);
    }
    fputc('\n', stderr);
}
