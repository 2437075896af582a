/* A tabulated density of states: particles and entropy at given mu and T. Private to the room. */
#ifndef QEP_SOURCE_STATE_TABLE_H
#define QEP_SOURCE_STATE_TABLE_H

#include "qep/base/error.h"
#include <stddef.h>

/* g(E), linear between the entries and 0 outside. */
typedef struct {
    size_t count;
    double *energy; /* [count], J, increasing */
    double *g;      /* [count], 1/(J m^3) */
    double *below;  /* [count]: integral of g up to energy[i], 1/m^3 */
} qep_state_table;

/* Read both lists (SI, or by their attribute units). QEP_ERR_INPUT for unequal lengths, fewer than two entries, energies that do not
 * increase, g < 0. Pair with qep_state_table_free, also after a failure. */
qep_status qep_state_table_read(qep_state_table *table, const char *file, const char *energies, const char *dataset, const char *path,
                                qep_error *err);
void qep_state_table_free(qep_state_table *table);

/* int g f dE in 1/m^3, and k_B int g s(f) dE in J/(K m^3) (T8). T = 0 is the limit: states below mu are full, the entropy is 0. */
double qep_state_table_number(const qep_state_table *table, double mu, double temperature);
double qep_state_table_entropy(const qep_state_table *table, double mu, double temperature);
/* How large the part that is cut off is where the table ends with g > 0: the entropy of one state there, in k_B. */
double qep_state_table_cut(const qep_state_table *table, double mu, double temperature);

#endif
