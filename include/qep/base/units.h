/* Units as users write them: "5 nm", "1e18 cm^-3", "1 J/(K m^3)". One table holds every unit symbol. */
#ifndef QEP_BASE_UNITS_H
#define QEP_BASE_UNITS_H

#include "qep/base/dimension.h"
#include <stddef.h>

enum { QEP_UNIT_MESSAGE = 256 };

/* One row of the unit table. */
typedef struct {
    const char *symbol;
    const char *name;
    double factor; /* one of this unit in SI */
    qep_dimension dimension;
    int prefixable; /* takes f p n u µ m c k M G T */
} qep_unit_row;

/* Rows for documentation and `--list units`; *count receives their number. */
const qep_unit_row *qep_unit_table(size_t *count);

/* Parse a unit expression (products by space or *, /, ^integer, parentheses; "1" is dimensionless).
 * Returns 1 and fills factor and dimension; on failure returns 0 with a reason in message[QEP_UNIT_MESSAGE]. */
int qep_unit_parse(const char *text, double *factor, qep_dimension *dimension, char *message);

typedef enum {
    QEP_QUANTITY_NO, /* the text does not have the form NUMBER UNIT (it may be an expression)      */
    QEP_QUANTITY_YES, /* value and dimension are filled; a bare number has has_unit = 0            */
    QEP_QUANTITY_ERROR, /* it has that form, but the unit is unknown or malformed: see message       */
} qep_quantity_result;

/* Parse "NUMBER UNIT" or a bare "NUMBER". value in SI. */
qep_quantity_result qep_quantity_parse(const char *text, double *value, qep_dimension *dimension,
                                       int *has_unit, char *message);

#endif
