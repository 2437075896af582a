/* Reading values from the tree, with errors that name where, what came and what is allowed. Private to the
 * room config. */
#ifndef QEP_CONFIG_READER_H
#define QEP_CONFIG_READER_H

#include "config/rows.h"

struct reader {
    draft *draft;
    const qep_json *json;
    const char *directory; /* what relative input paths refer to */
    qep_error *err;
    int failed; /* errors so far */
};

/* Add an error at a node. Returns 0, so that readers can `return reject(...)`. */
int reject(reader *r, const json_node *node, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with a status other than QEP_ERR_CONFIG. */
int reject_as(reader *r, const json_node *node, qep_status status, const char *code,
              const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Members of an object must be among `allowed` (or metadata). */
int check_keys(reader *r, const json_node *node, const char *const *allowed,
               size_t count);
/* Error of kind unknown_value with the allowed names and a suggestion. */
int reject_choice(reader *r, const json_node *node, const char *word, const char *const *names,
                  size_t count);
/* A missing key of an object; `allowed` says what it is for. */
int reject_missing(reader *r, const json_node *object, const char *key, const char *purpose);
int reject_memory(reader *r);

/* Numbers. dimension NULL: any unit; *has_dimension (may be NULL) receives the unit that was stated. Returns
 * 1 when good. */
int read_scalar(reader *r, const json_node *node, const qep_dimension *dimension, double *value);
int read_quantity(reader *r, const json_node *node, const qep_parameters *parameters, double *value,
                  qep_dimension *stated, int *has_unit);
int read_integer(reader *r, const json_node *node, double min, double max, double *value);
int read_switch(reader *r, const json_node *node, int *value);
/* A list of numbers of the dimension; releases what the list held. */
int read_numbers(reader *r, const json_node *node, const qep_dimension *dimension,
                 double_list *list);
/* Compile an expression to find its errors. 1 when good. */
int check_expression(reader *r, const json_node *node, const char *text, int spatial);

/* A field tree, or a face value (number, quantity or expression) when `simple`. NULL after an error. */
qep_field_spec *read_field(reader *r, const json_node *node, qep_dimension dimension, int simple);
void write_field(writer *w, const qep_field_spec *spec);

/* The node of a row, or NULL when it is not given. */
const json_node *row_node(const reader *r, const char *path);
/* The node to blame for a row that is not there: itself, its section, or the root. */
const json_node *blame(const reader *r, const char *path);
int row_given(const draft *d, const char *path);

/* One coordinate per axis, inside the extent of the grid. */
int read_point(reader *r, const json_node *node, double at[3]);

/* Special rows. */
int read_parameters(reader *r, const config_row *row, const json_node *node);
int write_parameters(writer *w, const draft *d, const config_row *row);
int read_boundary(reader *r, const config_row *row, const json_node *node);
int write_boundary(writer *w, const draft *d, const config_row *row);
int read_coupling_value(reader *r, const config_row *row, const json_node *node);
int write_coupling_value(writer *w, const draft *d, const config_row *row);
int read_coupling_unit(reader *r, const config_row *row, const json_node *node);
int write_coupling_unit(writer *w, const draft *d, const config_row *row);
int read_compatibility(reader *r, const config_row *row, const json_node *node);
int write_compatibility(writer *w, const draft *d, const config_row *row);
int read_gauge(reader *r, const config_row *row, const json_node *node);
int write_gauge(writer *w, const draft *d, const config_row *row);
int read_kernel(reader *r, const config_row *row, const json_node *node);
int write_kernel(writer *w, const draft *d, const config_row *row);
int read_entropy_current(reader *r, const config_row *row, const json_node *node);
int write_entropy_current(writer *w, const draft *d, const config_row *row);
int read_conduction_boundary(reader *r, const config_row *row, const json_node *node);
int write_conduction_boundary(writer *w, const draft *d, const config_row *row);
int read_electrodes(reader *r, const config_row *row, const json_node *node);
int write_electrodes(writer *w, const draft *d, const config_row *row);
int read_loads(reader *r, const config_row *row, const json_node *node);
int write_loads(writer *w, const draft *d, const config_row *row);
int read_probes(reader *r, const config_row *row, const json_node *node);
int write_probes(writer *w, const draft *d, const config_row *row);
int read_output_fields(reader *r, const config_row *row, const json_node *node);
int write_output_fields(writer *w, const draft *d, const config_row *row);
int read_memory(reader *r, const config_row *row, const json_node *node);
int write_memory(writer *w, const draft *d, const config_row *row);

/* Faces of axes that carry electrodes are natural for phi unless the configuration says otherwise; before finish_grid. */
void default_faces_of_electrodes(draft *d);

/* What several rows must satisfy together; each adds its errors. */
void finish_grid(reader *r);
void finish_time(reader *r);
void finish_coupling(reader *r);
void finish_solver(reader *r);
/* "kernel" and "entropy_at_infinity": what only open faces have. */
void finish_open(reader *r);
void finish_gauge_length(reader *r);
void finish_conduction(reader *r);
void finish_problem(reader *r);
void finish_entropy_current(reader *r);
void finish_probes(reader *r);
void finish_output(reader *r);

/* Dimensions of the two parts of phi. */
qep_dimension phi_dimension(const qep_config *config);
/* 1 when the field is given and not the constant 0. */
int field_is_present(const qep_field_spec *spec);
int has_face_values(const qep_config *config);
/* Sections that need neither "grid" nor anything that drives phi: names, then NULL; and whether one is given. */
extern const char *const sections_alone[];
int stands_alone(const reader *r);
/* 1 when entropy, charge or boundary values are given. */
int drives_field(const reader *r);

#endif
