/* Readers of the section "transport". Private to the room config. */
#ifndef QEP_CONFIG_TRANSPORT_IMPL_H
#define QEP_CONFIG_TRANSPORT_IMPL_H

#include "config/reader.h"

/* Rows: only the kind of the value is judged when it is met; the section is read as a whole once the grid is known. */
int read_transport_object(reader *r, const config_row *row, const json_node *node);
int read_transport_list(reader *r, const config_row *row, const json_node *node);
int read_transport_sweep_form(reader *r, const config_row *row, const json_node *node);
int read_transport_count(reader *r, const config_row *row, const json_node *node);
int read_transport_energy_unit(reader *r, const config_row *row, const json_node *node);
/* The effective form has what was given, energy_unit included. */
int write_transport_as_given(writer *w, const draft *d, const config_row *row);
void finish_transport(reader *r);
void destroy_transport(qep_config_transport *t);
void write_transport_definitions(writer *w);

/* transport.c, transport_parts.c, transport_sweep.c, transport_loop.c, transport_drive.c: parts of the section. */
int read_transport_hamiltonian(reader *r, const json_node *node, qep_config_transport *t);
int read_transport_loop(reader *r, const json_node *section, const json_node *node, qep_config_transport *t);
int read_transport_sweep(reader *r, const json_node *section, const json_node *node, qep_config_transport *t);
int read_transport_energy(reader *r, const json_node *node, double *value);
int read_transport_sites(reader *r, const json_node *node, size_t **sites, size_t *count);
int read_transport_text(reader *r, const json_node *node, char **text);
int read_transport_terminals(reader *r, const json_node *leads, const json_node *probes);
int read_transport_temperature(reader *r, const json_node *node, double *value);
int read_transport_drive(reader *r, const json_node *node);
/* The evolved system is closed: what a lead would do at a driven site is nowhere in it. */
int check_transport_driven_sites(reader *r, const json_node *drive);
void destroy_transport_drive(qep_config_drive *drive);

#endif
