/* What a Poisson solver holds; private to the room. */
#ifndef QEP_POISSON_SOLVER_IMPL_H
#define QEP_POISSON_SOLVER_IMPL_H

#include "calculus_impl.h"
#include "qep/poisson/kernel.h"
#include "qep/poisson/poisson.h"
#include "qep/spectral/passes.h"

enum { QEP_EDGE_DEPTHS = QEP_STENCIL_HALF + 1 };

/* What the walls add to the Laplacian of the samples near them, [depth][face]: known data, so it goes to the right side. */
typedef struct {
    double *depth[3][2][QEP_EDGE_DEPTHS]; /* NULL where a wall adds nothing */
} qep_edge_terms;

/* Profiles of a wall before free space, exact symbols (open_lift.c). */
typedef struct {
    int levels; /* 0: no data so far */
    double *value[QEP_WALL_LEVELS], *first[QEP_WALL_LEVELS], *second[QEP_WALL_LEVELS]; /* Q_k, Q_k', Q_k'' at the samples of the axis */
    double *bend[QEP_WALL_LEVELS];                            /* lap_t w_k on the face */
} qep_open_lift;

struct qep_poisson {
    const qep_calculus *calculus; /* of the operator that is inverted */
    qep_calculus *own;            /* that one, where it is not the caller's: exact symbols beside finite differences, else NULL */
    qep_grid grid;
    qep_stencil stencil;  /* own copy: the operator of the residual */
    qep_walls kinds;
    int singular;
    qep_passes *passes;
    qep_kernel *kernel;   /* with open axes and no store, else NULL */
    qep_poisson_open open;
    qep_open_lift open_lift[3][2];
    qep_edge_terms edge;
    double *row_sums;     /* [4][ny nz] partial sums of one pass, added pairwise */
    double boundary_tamper;
};

/* Symbol of the operator along an axis: from the taps, or -theta^2/h^2 when exact. */
double qep_poisson_symbol(const qep_poisson *p, int d, double theta);

/* Sums over rows that a pass keeps: |r|^2, |b|^2, (|A||u| + |b|)^2, max |r|. */
enum { QEP_ROW_SUMS = 4 };

/* The right side of one solve. */
typedef struct {
    const qep_poisson *p;
    const double *f;
    double s;
    double mean; /* subtracted */
    const qep_walls *walls;
    double *absolute; /* [rows] weighted sums of |s f|, or NULL */
} qep_source;

/* row -= what known wall data add to the Laplacian: ghosts of fdN, liftings of exact symbols. */
void qep_source_subtract_walls(const qep_source *source, size_t y, size_t z, double *row);
/* b = s f - (known wall terms), 0 on known nodes; context is a qep_source. */
void qep_source_load_rows(const void *context, size_t y0, size_t y1, size_t z, double *rows);

/* r = s f - mean - lap u into out (may be NULL: only the sums are wanted), and its sums into p->row_sums. */
qep_status qep_residual_measure(const qep_poisson *p, const double *f, double s, double mean, const qep_walls *walls, const double *u,
                           double *out, qep_error *err);
/* Judge the sums of the last measurement. */
void qep_residual_report(const qep_poisson *p, double tolerance, qep_poisson_report *report);

/* Defect of a singular problem and whether it may be projected out: fills defect, defect_relative, defect_allowed, compatible. */
qep_status qep_compatibility_judge(const qep_poisson *p, const qep_source *in, const qep_walls *walls, const qep_poisson_control *control, double mean,
                        qep_poisson_report *report, qep_error *err);

/* edge = taps applied to the part of the ghosts that is known data. terms arrays are allocated for inhomogeneous walls. */
qep_status qep_edge_terms_fill(const qep_stencil *stencil, const qep_walls *walls, qep_edge_terms *terms, qep_error *err);
void qep_edge_terms_free(qep_edge_terms *terms);
/* Weighted sum over all samples of what the walls add (times cell volume: the flux through the faces, discretely). */
double qep_edge_terms_total(const qep_grid *grid, const qep_stencil *stencil, const qep_edge_terms *terms);
/* row -= edge terms of row (y, z). */
void qep_edge_terms_subtract(const qep_grid *grid, const qep_edge_terms *terms, size_t y, size_t z, double *row);

/* 1 when sample row (y, z) lies on a Dirichlet node face; *x_low, *x_high: whether its first and last sample do. */
int qep_known_row(const qep_grid *grid, const qep_walls *kinds, size_t y, size_t z, int *x_low, int *x_high);
/* Write the Dirichlet values onto their nodes (mean where faces meet). */
void qep_set_known(const qep_grid *grid, const qep_walls *walls, double *u);
/* Largest disagreement of Dirichlet values where two faces meet. */
qep_status qep_corner_defect(const qep_grid *grid, int order, const qep_walls *walls, double *defect, qep_error *err);

/* Volume of a cell over the grid's own axes, and the number of cells (weights included). */
double qep_cell_volume(const qep_grid *grid);
double qep_weight_sum(const qep_grid *grid);
/* Weighted integral of values (or |values|) over a face, per cell volume. */
double qep_face_sum(const qep_grid *grid, int axis, const double *values, int absolute);

#endif
