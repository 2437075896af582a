/* Quantities a run can write: one row each, found by name in output.fields, the writer, the docs and --list quantities. */
#ifndef QEP_DERIVE_QUANTITY_H
#define QEP_DERIVE_QUANTITY_H

#include <stddef.h>

typedef struct {
    const char *name;      /* as in output.fields and the file */
    const char *symbol;
    const char *long_name;
    const char *equation;  /* number in docs/theory.md */
    int rank;              /* 0 scalar, 1 vector, 2 tensor; phi, E and J_S gain one in reading "gradient" */
    const char *doc;
} qep_quantity_row;

const qep_quantity_row *qep_quantity_table(size_t *count);
/* NULL when there is no such quantity. */
const qep_quantity_row *qep_quantity_find(const char *name);

#endif
