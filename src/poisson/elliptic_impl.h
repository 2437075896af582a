/* What the variable-coefficient solver holds; private to the room. The equations live on a mesh: the grid's samples, plus one layer of ghost cells
 * behind each outer face of a cell grid that carries a floating contact, so that every floating electrode is a set of cells ("pad"). */
#ifndef QEP_POISSON_ELLIPTIC_IMPL_H
#define QEP_POISSON_ELLIPTIC_IMPL_H

#include "qep/poisson/conduction.h"
#include "qep/poisson/elliptic.h"
#include <stdint.h>

/* What a cell of the mesh is. */
typedef enum { QEP_UNKNOWN, QEP_KNOWN_NODE, QEP_ELECTRODE_CELL, QEP_EXCLUDED } qep_role;

/* Couplings of one level: g[d][i] joins cell i with the next one along d (the last one wraps on periodic axes and is 0 elsewhere, so that
 * neighbour indices may always wrap); NULL along an axis of one cell. sink joins a cell with what is known. */
typedef struct {
    size_t n[3], count;
    int periodic[3];
    double *g[3], *sink;
    double *inverse; /* 1/(sink + sum of the six g), 0 where that is 0 */
    double *zero;    /* [n[0]] zeros: the couplings of absent axes */
} qep_couplings;

qep_status qep_couplings_allocate(qep_couplings *c, qep_error *err);
void qep_couplings_free(qep_couplings *c);
/* Fill inverse from the rest. */
void qep_couplings_finish(qep_couplings *c, int threads);

/* One row of a level with its neighbours; pointers to the row itself and to zeros where an axis is absent. */
typedef struct {
    size_t offset; /* of the row in the level's arrays */
    const double *gx, *gy[2], *gz[2], *sink, *inverse;
    size_t y[2], z[2]; /* offsets of the neighbouring rows */
} qep_row;
qep_row qep_couplings_row(const qep_couplings *c, size_t y, size_t z);

/* Through which a cell touches something of one potential: an electrode or a Dirichlet wall. */
typedef struct {
    size_t cell, sample; /* the unknown: index in the mesh and in the grid */
    size_t other;        /* grid index of the neighbour behind the contact (SIZE_MAX: it lies on an outer face) */
    size_t t;            /* transverse index on the outer face */
    double g;            /* coupling */
    double drop, value;  /* of the present drive: impressed drop from the cell to the contact; known potential */
    int32_t electrode;   /* -1: wall */
    uint8_t axis, side;
} qep_contact;

/* A floating electrode in the mesh. */
typedef struct {
    size_t *cells, count; /* mesh indices */
    size_t electrode;
    double diagonal;      /* sum of its contacts and loads */
} qep_pad;

/* Electrodes as the operator sees them; of conduction. */
typedef struct {
    const qep_electrode *electrode;
    const int *held; /* [count] 1: at a known voltage */
    size_t count;
    const qep_load *load; /* loads between two held electrodes do not enter */
    size_t load_count;
} qep_terminals;

/* Load in the operator: conductance between a pad and another pad, or something held (pad[1] = SIZE_MAX). */
typedef struct {
    size_t pad[2], electrode[2];
    double conductance;
} qep_link;

/* z = M r. In single precision (in, out not NULL) apply reads a multiple of r from `in` and leaves the same multiple of z/scale in `out`. */
typedef struct {
    void *data;
    float *in, *out;
    double scale;
    void (*apply)(void *data, const double *r, double *z);
    void (*destroy)(void *data);
} qep_preconditioner;

/* A vector in either precision: values are wide[i], or scale x single[i]. */
typedef struct {
    const double *wide;
    const float *single;
    double scale;
} qep_vector;

enum {
    QEP_NET_NONE = 0xffffffffu,
    QEP_NET_FEW = 8 /* networks up to which sums over them are made in parallel */
};

/* Connected pieces (joined by pads and loads: networks). label: network of each mesh cell, NULL when all cells are one. */
typedef struct {
    uint32_t *label;
    size_t count;
    uint8_t *singular;   /* [count] nothing fixes its constant */
    size_t *size, *first; /* [count] mesh cells, first of them */
    double *weight;      /* [count] volume without pads (or number of pad cells when it has no other) */
    size_t components;   /* pieces before electrodes and loads join them */
    size_t floating;
} qep_networks;

struct qep_elliptic {
    qep_grid grid;
    qep_elliptic_options options;
    double extent, cell_volume, cell_area[3]; /* of cell grids: the same everywhere */
    size_t low[3]; /* ghost layers below */
    size_t samples;
    double *c, c_value; /* [samples] or NULL */
    uint8_t *role;      /* [mesh] */
    int32_t *owner;     /* [mesh] electrode of a cell, -1: none; NULL without electrodes */
    int32_t *face_owner[6]; /* contacts on outer faces, NULL: none */
    qep_couplings a;
    qep_contact *contact;
    size_t contact_count;
    qep_pad *pad;
    size_t pad_count;
    qep_link *link;
    size_t link_count;
    qep_networks net;
    qep_preconditioner m;
    qep_elliptic_report about; /* what create knows */
    size_t *row, row_count; /* rows of the mesh, z n[1] + y, that hold equations */
    /* of a solve, [mesh] */
    double *x, *b, *r, *p, *q, *z; /* z: NULL where the preconditioner has its own */
    double *partial;       /* sums of rows, per network where there are few */
    double *buffer;        /* [threads][buffer_size]: a row for each thread */
    size_t buffer_size;
    double *net_sum;       /* [networks] scratch */
    double *net_diagonal;  /* [networks] sums of diagonals */
    double *history;
    size_t history_count, history_capacity;
    double *absolute, *net_defect; /* [networks] of the last right side: sum of |terms|, and what its projection took out */
};

/* mesh index of grid sample (x, y, z) */
static inline size_t qep_mesh_index(const qep_elliptic *e, size_t x, size_t y, size_t z) {
    return ((z + e->low[2]) * e->a.n[1] + y + e->low[1]) * e->a.n[0] + x + e->low[0];
}
static inline double qep_coefficient(const qep_elliptic *e, size_t sample) {
    return e->c ? e->c[sample] : e->c_value;
}
/* Area of a face across axis d, and volume of a sample: weights of walls on node grids, extent included. at: grid coordinates. */
double qep_elliptic_area(const qep_elliptic *e, int d, const size_t at[3]);
double qep_elliptic_volume(const qep_elliptic *e, const size_t at[3]);
/* Index of a boundary sample on a face across axis d, lower axis fastest. */
size_t qep_elliptic_transverse(const qep_grid *grid, int d, const size_t at[3]);

/* elliptic.c: as qep_elliptic_create, with electrodes. */
qep_status qep_elliptic_build(qep_elliptic **out, const qep_grid *grid, const double *c, double c_value, const qep_elliptic_options *options,
                              const qep_terminals *terminals, const qep_log *log, qep_error *err);
/* values [electrodes]: volts of the held, amperes of the others. u receives electrode potentials too. */
qep_status qep_elliptic_run(qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, const qep_elliptic_control *control,
                            double *u, qep_elliptic_report *report, qep_error *err);

/* elliptic_faces.c */
qep_status qep_elliptic_assign_roles(qep_elliptic *e, const qep_terminals *terminals, qep_error *err);
qep_status qep_elliptic_fill_couplings(qep_elliptic *e, const qep_terminals *terminals, qep_error *err);

/* components.c */
qep_status qep_networks_find(qep_elliptic *e, qep_error *err);
void qep_networks_free(qep_networks *net);

/* elliptic_source.c: contacts' drops and values, and the right side b (mesh); abs: sum of |terms| per network. */
void qep_elliptic_set_contacts(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, qep_contact *contact);
void qep_elliptic_fill_source(qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, double *spread);
/* Outward flux through an insulating, natural or neumann wall next to a sample; 0 under contacts. */
double qep_elliptic_wall_flux(const qep_elliptic *e, const qep_elliptic_drive *drive, int axis, int side, const size_t at[3]);
/* Impressed drop kappa_f (S_b - S_a) between two samples. */
static inline double qep_elliptic_drop(const qep_elliptic_drive *drive, size_t a, size_t b) {
    if (!drive->S) {
        return 0.0;
    }
    const double kappa = drive->kappa ? 0.5 * (drive->kappa[a] + drive->kappa[b]) : 1.0;
    return drive->kappa_scale * kappa * (drive->S[b] - drive->S[a]);
}

/* elliptic_view.c. terminal_values: potentials of all electrodes. balance fills report->conservation. */
qep_status qep_elliptic_show(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *terminal_values, const double *u, int axis, int slope,
                             double *out, qep_error *err);
qep_status qep_elliptic_balance(const qep_elliptic *e, const qep_elliptic_drive *drive, const double *u, qep_elliptic_report *report, qep_error *err);

/* elliptic_apply.c. y = A x with pads averaged and loads; x must be constant on pads. Returns x.A x. */
double qep_elliptic_apply(const qep_elliptic *e, const double *x, double *y);
/* Averages over pads only. */
void qep_elliptic_average_pads(const qep_elliptic *e, double *v);

/* elliptic_vectors.c */
double qep_elliptic_dot(const qep_elliptic *e, const double *v, const double *w);
double qep_elliptic_dot_row(const double *v, const double *w, size_t n);
/* The calling thread's buffer for a row. */
double *qep_elliptic_buffer(const qep_elliptic *e);
/* n values from offset; single precision is widened into the buffer. */
const double *qep_elliptic_row_of(const qep_vector *v, size_t offset, size_t n, double *buffer);
/* Sums over the cells of each network. */
void qep_elliptic_sum_networks(const qep_elliptic *e, const qep_vector *v, double *sum);
/* Into net_sum: means of the floating networks, 0 for the others; and a row less these (0 outside networks). */
void qep_elliptic_find_means(const qep_elliptic *e, const qep_vector *v);
void qep_elliptic_subtract_means(const qep_elliptic *e, const double *row, size_t offset, double *out);
/* Make pads constant (their mean), and the floating networks of zero sum. */
void qep_elliptic_project(const qep_elliptic *e, double *v);
/* Pads constant, and sums over floating networks zero by amounts in proportion to the diagonal: what rounding left over must not land on badly
 * conducting cells, where it would be a large potential. */
void qep_elliptic_balance_rows(const qep_elliptic *e, double *v);
/* Fill net_diagonal; q is scratch. */
void qep_elliptic_sum_diagonals(qep_elliptic *e);

/* pcg.c */
qep_status qep_elliptic_pcg(qep_elliptic *e, const qep_elliptic_control *control, qep_elliptic_report *report, qep_error *err);

/* precondition.c, multigrid.c, amg.c */
qep_status qep_elliptic_choose(qep_elliptic *e, qep_error *err);
qep_status qep_fast_create(qep_elliptic *e, qep_error *err);
qep_status qep_multigrid_create(qep_preconditioner *m, const qep_couplings *fine, const double h[3], int threads, qep_error *err);
qep_status qep_amg_create(qep_elliptic *e, qep_error *err);
size_t qep_multigrid_memory(const size_t points[3], const double spacing[3]);

#endif
