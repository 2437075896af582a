/* "bloch": readers and writers of its special rows, and their schema. Private to the room config. */
#ifndef QEP_CONFIG_BLOCH_IMPL_H
#define QEP_CONFIG_BLOCH_IMPL_H

#include "config/reader.h"

int read_bloch_model(reader *r, const config_row *row, const json_node *node);
int write_bloch_model(writer *w, const draft *d, const config_row *row);
int read_bloch_kgrid(reader *r, const config_row *row, const json_node *node);
int write_bloch_kgrid(writer *w, const draft *d, const config_row *row);
int read_bloch_list(reader *r, const config_row *row, const json_node *node);
int write_bloch_list(writer *w, const draft *d, const config_row *row);
int read_bloch_field(reader *r, const config_row *row, const json_node *node);
int write_bloch_field(writer *w, const draft *d, const config_row *row);
int read_bloch_energy_unit(reader *r, const config_row *row, const json_node *node);
int write_bloch_energy_unit(writer *w, const draft *d, const config_row *row);
int read_bloch_quantities(reader *r, const config_row *row, const json_node *node);
int write_bloch_quantities(writer *w, const draft *d, const config_row *row);
int read_bloch_maps(reader *r, const config_row *row, const json_node *node);
int write_bloch_maps(writer *w, const draft *d, const config_row *row);
int read_bloch_map_bands(reader *r, const config_row *row, const json_node *node);
int write_bloch_map_bands(writer *w, const draft *d, const config_row *row);
/* What the rows must satisfy together. */
void finish_bloch(reader *r);
/* Members of $defs. */
void write_bloch_definitions(writer *w);
void destroy_bloch(qep_config_bloch *b);

/* Joules of a bare energy of the section: 1 or e. */
double bloch_energy_unit(const reader *r);
/* An energy: a bare number in energy_unit, a quantity in its own. */
int read_bloch_energy(reader *r, const json_node *node, double *value);

#endif
