/* What the axis passes hold; private to the room. A plane (fixed z) goes through stages; each reads one space and writes another. */
#ifndef QEP_SPECTRAL_PASSES_IMPL_H
#define QEP_SPECTRAL_PASSES_IMPL_H

#include "blocks.h"
#include "qep/spectral/passes.h"

/* One transform of an axis. */
typedef struct {
    qep_line *line; /* NULL: axis of one sample */
    size_t offset;  /* row of the zero-filled block where the first unknown sample goes */
    size_t modes;   /* coefficients, and also the rows of the block */
    size_t at;      /* where they begin along the axis in mode space */
    size_t *conjugate; /* [modes] qep_line_conjugate of every coefficient */
    /* Derivatives before a wall (pass_slope.c): the transform with the other walls, and for each coefficient its row there and the factor. */
    qep_line *partner;
    size_t *partner_row, partner_offset; /* row of the zero-fringed block that holds sample 0 of the field */
    double *partner_factor;
} qep_branch;

typedef struct {
    size_t n, unknowns, first; /* samples, unknown ones, the first of them */
    double h;
    int open;                  /* then two branches: even and odd modes of the doubled line; else one, in place */
    qep_branch branch[2];
    size_t extent;             /* of the axis in mode space */
    size_t *mode;              /* [extent] row of the kernel that a coefficient belongs to */
    size_t modes;              /* of the kernel's axis */
    size_t half_period;        /* open: of the doubled line */
    qep_wall_kind wall;        /* open at one end only: the wall at the other, and whether that is the high one; else NONE */
    int wall_high;
    qep_sampling sampling;
    double *eigenvalues;       /* [n], closed axes */
} qep_pass_axis;

/* Where a plane lives: the caller's field, mode space, or a thread's own strip of rows and plane. */
typedef enum { SPACE_FIELD, SPACE_MODES, SPACE_STRIP, SPACE_PLANE, SPACES } qep_space;

typedef struct {
    int axis; /* 0 or 1 */
    qep_space from, to;
    int looped; /* only the branch of the current round */
} qep_stage;

struct qep_passes {
    size_t n[3];
    qep_pass_axis axis[3];
    int last;             /* the fused axis, or -1 when the grid is one point */
    int empty;            /* 1: no unknowns at all */
    int open;             /* open axes */
    int rounds;           /* 2 when all three axes are open: the branches of x one after another, which halves mode space */
    qep_stage stage[2];   /* of a plane, forward order */
    int stages;
    int by_plane;         /* threads take planes, each through all stages; else blocks of one stage */
    int threads;
    qep_effort effort;
    double *base;         /* closed: eigenvalues of the other axes for every line of the last axis */
    size_t base_count;
    const double *kernel; /* borrowed */
    double *modes;        /* mode space where it is larger than the field, else NULL */
    double *slopes;       /* another one, for the derivative along the last axis, or NULL */
    size_t row[SPACES], plane[SPACES]; /* strides */
    double *workspace;    /* [threads][work_size]: two blocks, scratch, a block kept, strip, plane */
    size_t block_size, keep_at, strip_at, plane_at, work_size;
};

/* The current round and thread. */
typedef struct {
    const qep_passes *p;
    qep_passes_load load;
    const void *context;
    double *u, *modes;  /* the field, or the derivative of it that is wanted, and its mode space */
    double *slope;      /* fused pass: where the derivative along the last axis goes, field or mode space; NULL: not wanted */
    int differentiated; /* on the way back: the axis, or -1 */
    double *block;      /* of this thread */
    int round;
} qep_pass_run;

typedef enum { QEP_PASS_FORWARD, QEP_PASS_BACKWARD } qep_pass_way;

/* 1 when the axis has more than one sample (pass_plan.c). */
int qep_pass_is_active(const qep_passes *p, int d);

/* All stages of every plane (pass_stages.c); whether the first of them calls `load`; the run with the memory of the calling thread. */
void qep_pass_planes(const qep_pass_run *run, qep_pass_way way);
int qep_pass_loads_in_stage(const qep_passes *p);
qep_pass_run qep_pass_on_this_thread(const qep_pass_run *run);

/* Plan the transforms of an axis (pass_axis.c). */
qep_status qep_pass_axis_create(qep_pass_axis *axis, const qep_grid *grid, const qep_walls *walls, int d, qep_effort effort, qep_error *err);
void qep_pass_axis_free(qep_pass_axis *axis);
size_t qep_pass_axis_rows(const qep_pass_axis *axis);
/* 1/norm of the branch that kernel row `mode` belongs to, with the mean over the branches. */
double qep_pass_axis_scale(const qep_pass_axis *axis, size_t mode);

/* Derivatives along open axes (pass_slope.c). plan: once, before walls; nothing to do elsewhere. qep_pass_slope: coefficients of a branch (packed or not) to the derivative
 * at all n samples of the field, in out (two rows longer than a block); returns where the first one is. */
qep_status qep_pass_slope_plan(qep_pass_axis *axis, qep_effort effort, qep_error *err);
void qep_pass_slope_free(qep_pass_axis *axis);
const double *qep_pass_slope(const qep_pass_axis *axis, const qep_branch *branch, int packed, const double *block, double *out, double *scratch);

/* Blocks of the fused axis (pass_fused.c): `index` counts them. */
size_t qep_pass_fused_blocks(const qep_pass_run *run);
void qep_pass_fused(const qep_pass_run *run, size_t index, double norm, double *constant);

#endif
