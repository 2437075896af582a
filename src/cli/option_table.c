/* The option table: one row per option gives getopt its options, --help its text and
 * docs/command-line.md its table. A row says how its argument is read (kind) and where it goes
 * (offset into cli_options), so that a new option is one row and one field. */
#include "option_table.h"

#define AT(field) offsetof(cli_options, field)
/* clang-format off */
static const cli_option_row table[] = {
    {'o', "output",       "FILE",                     CLI_OPTION_TEXT,   AT(output),
     "output file, overrides output.file; for one configuration only"                                                },
    {'s', "set",          "PATH=VALUE",               CLI_OPTION_LIST,   AT(set),
     "override one value before validation, e.g. grid.points[0]=128; repeatable"                                     },
    {'n', "check",        NULL,                       CLI_OPTION_FLAG,   AT(check),
     "parse, validate, open inputs, estimate memory, say what would be computed; write nothing"                      },
    {'t', "threads",      "N",                        CLI_OPTION_COUNT,  AT(threads),
     "number of threads; default: OMP_NUM_THREADS, else the cores available"                                         },
    {'q', "quiet",        NULL,                       CLI_OPTION_FLAG,   AT(quiet),        "errors only"             },
    {'v', "verbose",      NULL,                       CLI_OPTION_FLAG,   AT(verbose),
     "also show the plan, timings and residuals"                                                                     },
    {0,   "json",         NULL,                       CLI_OPTION_FLAG,   AT(json),
     "one line of JSON per configuration on standard output"                                                         },
    {0,   "progress",     "auto|always|never",        CLI_OPTION_CHOICE, AT(progress),
     "a bar with the time left on standard error; auto (default): on a terminal only"                                },
    {'f', "force",        NULL,                       CLI_OPTION_FLAG,   AT(force),
     "replace an existing output; without it an existing output is refused"                                          },
    {0,   "skip-done",    NULL,                       CLI_OPTION_FLAG,   AT(skip_done),
     "stop with success if the output is complete and was made from the same configuration and "
     "inputs"                                                                                                        },
    {0,   "print-config", NULL,                       CLI_OPTION_FLAG,   AT(print_config),
     "print the effective configuration (defaults, overrides, SI values) and stop"                                   },
    {0,   "plan",         "estimate|measure|patient", CLI_OPTION_CHOICE, AT(plan),
     "effort of the transform planner; estimate is the default and gives the same bits every time"                   },
    {0,   "wisdom",       "FILE|none",                CLI_OPTION_TEXT,   AT(wisdom),
     "where --plan measure and patient keep what they found; default: a per-user cache"                              },
    {0,   "schema",       NULL,                       CLI_OPTION_FLAG,   AT(schema),
     "print the JSON Schema of configurations and stop"                                                              },
    {0,   "list",         "TOPIC",                    CLI_OPTION_TEXT,   AT(list),
     "print a table and stop: sources, quantities, boundaries, units, bloch, keys, exit-codes, options, reference"                   },
    {'h', "help",         NULL,                       CLI_OPTION_FLAG,   AT(help),         "print this help and stop"},
    {'V', "version",      NULL,                       CLI_OPTION_FLAG,   AT(version),
     "print the versions of the program and of every library it uses and stop"                                       },
};
/* clang-format on */
#undef AT

_Static_assert(sizeof table / sizeof *table <= CLI_OPTION_MAX, "raise CLI_OPTION_MAX");

const cli_option_row *cli_option_table(size_t *count) {
    *count = sizeof table / sizeof *table;
    return table;
}
