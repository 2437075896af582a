/* Named sources as field trees see them, and field trees as sources see them. Private to the room. */
#ifndef QEP_SOURCE_SOURCE_IMPL_H
#define QEP_SOURCE_SOURCE_IMPL_H

#include "qep/source/source.h"

/* Samples i with owner[i] == which; all of them when owner is NULL. */
typedef struct {
    const uint32_t *owner;
    uint32_t which;
} qep_field_selection;

/* field.c: a part of a tree at the selected samples; the others are not touched. */
qep_status qep_field_fill_selected(const qep_field_spec *spec, const qep_field_setting *setting, const qep_field_selection *where, double *out,
                                   qep_error *err);

/* source.c: what trees ask of a spec of kind QEP_FIELD_SOURCE. */
qep_status qep_source_fill(const qep_field_spec *spec, const qep_field_setting *setting, const qep_field_selection *where, double *out,
                           qep_error *err);
qep_status qep_source_check(const qep_field_spec *spec, const qep_field_setting *setting, qep_error *err);
qep_status qep_source_series(const qep_field_spec *spec, const qep_grid *grid, qep_read_series *series, qep_error *err);
/* 1 when it changes with time by itself or through its own files; its fields are asked by the tree. */
int qep_source_changes(const qep_field_spec *spec, const qep_grid *grid);
void qep_source_files(const qep_field_spec *spec, void (*visit)(void *user, const char *file), void *user);
void qep_source_values_free(qep_field_spec *spec);

#endif
