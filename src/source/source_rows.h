/* The rows of all named sources, each defined in its file. Private to the room. */
#ifndef QEP_SOURCE_SOURCE_ROWS_H
#define QEP_SOURCE_SOURCE_ROWS_H

#include "qep/source/source.h"

extern const qep_source_row qep_source_density_matrix;
extern const qep_source_row qep_source_gas;
extern const qep_source_row qep_source_thermal;
extern const qep_source_row qep_source_random;
extern const qep_source_row qep_source_pattern;
extern const qep_source_row qep_source_bits;
extern const qep_source_row qep_source_bloch;
extern const qep_source_row qep_source_transport;

#endif
