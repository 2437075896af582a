/* The checked configuration: everything a run needs, in SI, with defaults filled in. Made from strict JSON by the rows in
 * src/config (the only place that knows cJSON). */
#ifndef QEP_CONFIG_CONFIG_H
#define QEP_CONFIG_CONFIG_H

#include "qep/base/dimension.h"
#include "qep/base/error.h"
#include "qep/base/log.h"
#include "qep/config/bloch.h"
#include "qep/config/transport.h"
#include "qep/derive/reading.h"
#include "qep/grid/grid.h"
#include "qep/poisson/elliptic.h"
#include "qep/source/expression.h"
#include "qep/source/field.h"
#include "qep/stencil/derivative.h"
#include <stddef.h>

typedef enum {
    QEP_CLOSURE_LITERAL,
    QEP_CLOSURE_CELL,
    QEP_CLOSURE_CUSTOM,
    QEP_CLOSURE_COUNT
} qep_closure;
/* FAR_FIELD: what the free-space Green's function says; only with open faces. */
typedef enum { QEP_GAUGE_ZERO_MEAN, QEP_GAUGE_POINT, QEP_GAUGE_FAR_FIELD } qep_gauge_kind;
/* Kernel of open faces. */
typedef enum { QEP_OPEN_TRUNCATED, QEP_OPEN_LATTICE, QEP_OPEN_KERNELS } qep_open_kernel;

/* A face of the grid. value == NULL: homogeneous. The expression may use x, y, z, t; numbers and quantities arrive as NUMBER. */
typedef struct {
    qep_bc kind;
    qep_field_spec *value; /* NUMBER or EXPRESSION, V (Dirichlet) or V/m; owned */
} qep_face;

typedef struct {
    const char *name; /* owned by the configuration */
    double at[3];
} qep_probe;

/* T5: kappa = (hbar/e) c. */
typedef struct {
    qep_closure closure;
    double c; /* SI */
    qep_dimension c_dimension;
    double kappa; /* (hbar/e) c, SI */
    qep_dimension kappa_dimension;
    double cell_volume, time, length; /* closure "cell"; length 0 when not given */
    qep_field_spec *profile;          /* NULL: 1 */
    double entropy_at_infinity;       /* S beyond open faces, J/(K m^3); NAN: its mean over them */
} qep_coupling;

/* T7: how the V of steady conduction meets the outer faces. */
typedef enum { QEP_V_INSULATING, QEP_V_PERIODIC, QEP_V_FIXED } qep_conduction_kind;

typedef struct {
    qep_conduction_kind kind;
    qep_field_spec *value; /* FIXED: NUMBER or EXPRESSION, V; NULL: 0; owned */
} qep_conduction_face;

/* A piece of metal: a whole face of the grid, or the samples where an expression is nonzero. */
typedef struct {
    const char *name; /* owned by the configuration */
    char *where;      /* expression of x, y, z; NULL: the face below; owned */
    int axis, side;
    int fixed; /* 1: held at `voltage`; 0: `current` is what it feeds into the sample (0: floating) */
    double voltage; /* V */
    double current; /* A; A/m in 2-D without thickness, A/m^2 in 1-D without cross_section */
} qep_electrode_entry;

typedef struct {
    size_t between[2]; /* indices of electrodes */
    double resistance; /* ohm, > 0 */
} qep_load_entry;

typedef struct {
    int given; /* 1: V is to be solved for */
    qep_conduction_face face[3][2];
    int conductance; /* 1: the conductance matrix is asked for */
    qep_electrode_entry *electrode;
    size_t electrode_count;
    qep_load_entry *load;
    size_t load_count;
} qep_conduction_section;

typedef struct qep_json qep_json; /* parsed text with positions; opaque */

typedef struct {
    /* where it came from */
    char *name;       /* file as given on the command line, or "<stdin>" */
    char *text;       /* configuration as given */
    char *directory;  /* what relative input paths refer to; "" is the working directory */
    qep_json *json;   /* after overrides; for positions and provenance */
    char **overrides; /* --set texts */
    size_t override_count;

    /* "parameters" */
    qep_parameters parameters; /* arrays owned here */

    qep_config_bloch bloch;
    qep_config_transport transport;

    qep_grid grid; /* ndim 0: none given */
    /* 0: neither entropy, charge nor boundary values are given; the run consists of sections that stand alone */
    int has_field;
    double cross_section, thickness; /* 0 when not given */
    qep_face face[3][2];
    qep_field_spec *entropy, *charge, *conductivity, *permittivity; /* NULL when not given */
    qep_field_spec *entropy_current[3]; /* one per axis, or NULL; owned */
    qep_coupling coupling;
    qep_reading reading;
    double direction[3]; /* unit vector, reading "directional" */

    qep_conduction_section conduction;

    qep_derivative derivative;
    qep_method method;
    double tolerance;
    size_t max_iterations;
    int neutralize;
    /* largest relative incompatibility that is projected out; < 0: the rule of docs/numerics.md */
    double compatibility;
    qep_gauge_kind gauge;
    double gauge_point[3], gauge_value;
    double gauge_length;      /* m; 0 where no gauge has a length */
    qep_open_kernel kernel; /* of open faces */
    int kernel_given;
    int keep_unconverged;

    double *times; /* "time": NULL when not given */
    size_t time_count;
    qep_probe *probes;
    size_t probe_count;

    char *output_file;   /* as given or the stem + ".h5" in the working directory */
    const char **fields; /* names of quantities, from the quantity table; owned array */
    size_t field_count;
    int fields_given; /* 0: the default list */
    int deflate, single_precision, views, xdmf;
    size_t memory_limit; /* bytes; 0: 80 % of what is available */
} qep_config;

/* Overrides: "grid.points[0]=128". */
typedef struct {
    const char *const *set;
    size_t set_count;
} qep_config_options;

/* Read, parse, override, validate. All faults of one configuration are added to err (each with line, column and JSON path), and
 * the status of the worst is returned. name: file, "-" for standard input, or a .h5 this program wrote. On success *config is filled. */
qep_status qep_config_load(qep_config **config, const char *name, const qep_config_options *options,
                           qep_error *err);
/* The same from text; directory: what relative input paths refer to. */
qep_status qep_config_parse(qep_config **config, const char *text, size_t length, const char *name,
                            const char *directory, const qep_config_options *options,
                            qep_error *err);
void qep_config_destroy(qep_config *config);

/* Effective configuration (overrides and defaults filled in, values in SI) as indented JSON; release with qep_free.
 * With for_identity nonzero: without output and threads, compact: what --skip-done compares. */
char *qep_config_effective(const qep_config *config, int for_identity);
/* Comma-separated JSON paths of the keys that were left to their defaults; release with qep_free. */
char *qep_config_defaulted(const qep_config *config);
/* Fill line and column of errors that carry only a JSON path: the place of that key in the configuration, also when the error is about another file. */
void qep_config_locate(const qep_config *config, qep_error *err);

/* JSON Schema (draft 2020-12) from the same rows; release with qep_free. */
char *qep_config_schema(void);
/* docs/configuration.md (key tables) from the same rows, Markdown; release with qep_free. */
char *qep_config_reference(void);
/* Text of `--list keys`; release with qep_free. */
char *qep_config_list_keys(void);

/* "cJSON 1.7.15". */
void qep_config_library_version(char *text, size_t size);

/* Unit of electrode currents: A, or A/m in 2-D without thickness, A/m^2 in 1-D without cross_section. */
qep_dimension qep_current_dimension(const qep_config *config, int ndim);

const char *qep_reading_name(qep_reading reading);
const char *qep_closure_name(qep_closure closure);
const char *qep_kernel_name(qep_open_kernel kernel);

#endif
