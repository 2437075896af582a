/* Reading all rows of a tree. Private to the room config. */
#ifndef QEP_CONFIG_READ_ROWS_H
#define QEP_CONFIG_READ_ROWS_H

#include "config/reader.h"

/* Keys of the root and of all sections are known, and sections are objects. */
void check_structure(reader *r);
/* Every row that is given, then the defaults of those that are not. */
void read_rows(reader *r);

#endif
