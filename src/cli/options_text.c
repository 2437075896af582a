/* Text made from the option table: --help and the Markdown table of docs/command-line.md. */
#include "option_table.h"

static void print_form(FILE *out, const cli_option_row *row, const char *before_argument) {
    if (row->letter) {
        fprintf(out, "-%c, ", row->letter);
    }
    fprintf(out, "--%s", row->name);
    if (row->argument) {
        fprintf(out, "%s%s", before_argument, row->argument);
    }
}

void cli_options_help(FILE *out) {
    size_t count = 0;
    const cli_option_row *const table = cli_option_table(&count);
    fputs("usage: qep-solve [options] CONFIG.json [CONFIG2.json ...]\n\n"
          "Solves for the potential, the field and the current that an entropy density drives, and "
          "writes HDF5.\n"
          "CONFIG may be - (standard input), or a .h5 that this program wrote (runs what made it; "
          "needs -o).\n\n"
          "options:\n",
          out);
    for (size_t i = 0; i < count; i++) {
        fputs(table[i].letter ? "  " : "      ", out);
        print_form(out, &table[i], " ");
        fprintf(out, "\n          %s\n", table[i].help);
    }
    fputs("\nResults go to files, --json, --list, --schema and --print-config to standard output, "
          "everything else to standard error.\n"
          "exit codes: 0 ok; `qep-solve --list exit-codes` explains the others.\n",
          out);
}

/* "|" would end a cell of a Markdown table. */
static void print_cell(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
}

void cli_options_table(FILE *out) {
    size_t count = 0;
    const cli_option_row *const table = cli_option_table(&count);
    fputs("| option | meaning |\n|---|---|\n", out);
    for (size_t i = 0; i < count; i++) {
        fputs("| `", out);
        if (table[i].letter) {
            fprintf(out, "-%c, ", table[i].letter);
        }
        fprintf(out, "--%s", table[i].name);
        if (table[i].argument) {
            fputc(' ', out);
            print_cell(out, table[i].argument);
        }
        fputs("` | ", out);
        print_cell(out, table[i].help);
        fputs(" |\n", out);
    }
}
