/* A row of the option table: what getopt, --help, docs/command-line.md and the parser need to know
 * of one option. */
#ifndef QEP_CLI_OPTION_TABLE_H
#define QEP_CLI_OPTION_TABLE_H

#include "cli.h"

enum { CLI_OPTION_MAX = 32, CLI_THREADS_MAX = 4096 };

typedef enum {
    CLI_OPTION_FLAG,   /* int: 1 when given */
    CLI_OPTION_TEXT,   /* const char *: the last one given */
    CLI_OPTION_LIST,   /* set, set_count: every one given */
    CLI_OPTION_CHOICE, /* int: index of the word in `argument` */
    CLI_OPTION_COUNT   /* int: a whole number from 1 to CLI_THREADS_MAX */
} cli_option_kind;

typedef struct {
    char letter; /* 0: long form only */
    const char *name, *argument;
    cli_option_kind kind;
    size_t offset;
    const char *help;
} cli_option_row;

/* The rows; *count receives their number, at most CLI_OPTION_MAX. */
const cli_option_row *cli_option_table(size_t *count);

#endif
