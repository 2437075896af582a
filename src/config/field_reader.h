/* Reading and writing parts of field trees, shared by plain forms (field.c) and named sources (source.c). Private to the room. */
#ifndef QEP_CONFIG_FIELD_READER_H
#define QEP_CONFIG_FIELD_READER_H

#include "config/reader.h"

/* The unit that a part of a product states. */
typedef struct {
    int stated;
    qep_dimension dimension;
} field_unit;

/* A part of a tree. expected NULL: inside a product, where the unit is only noted. NULL after an error. */
qep_field_spec *field_read_part(reader *r, const json_node *node, const qep_dimension *expected, field_unit *unit);
/* An empty spec with room for children. NULL when memory is out. */
qep_field_spec *field_new(reader *r, const json_node *node, qep_field_kind kind, size_t children);
/* A stated unit against the expected one; inside a product it is only noted. 1 when good. */
int field_accept_unit(reader *r, const json_node *node, const char *text, qep_dimension stated, const qep_dimension *expected,
                      field_unit *unit);
/* Alternatives (regions, sums, parameters in the unit of their place) must agree in their units inside a product. */
int field_merge_units(reader *r, const json_node *node, field_unit *all, field_unit one);
/* A text member of an object; *text stays NULL when it is not given. */
int field_text_member(reader *r, const json_node *node, const char *key, const char **text);
/* An input file's name against the configuration's folder; release with qep_free. */
char *field_resolve(const char *directory, const char *file);

/* source.c: {"source": NAME, ...}. */
qep_field_spec *read_source(reader *r, const json_node *node, const qep_dimension *expected, field_unit *unit);

/* In SI; inside a product the stated unit is kept, since the check of the whole depends on it. */
void write_field_part(writer *w, const qep_field_spec *spec, int in_product);
/* File names are written as they were given: relative to the directory of the configuration. */
void write_input_name(writer *w, const char *file);
/* source_rows.c: effective form, schema definitions, tables of the reference and of --list keys. */
void write_source(writer *w, const qep_field_spec *spec, int in_product);
void write_source_definitions(writer *w);
void write_source_reference(writer *w);
void write_source_keys(writer *w);

#endif
