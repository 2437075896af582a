/* One run while it lasts: the configuration, the problem that follows from it, the machinery, the fields, the numbers.
 * The chapters of src/run each fill a part of this; run.c tells the story. */
#ifndef QEP_RUN_STATE_H
#define QEP_RUN_STATE_H

#include "qep/config/config.h"
#include "qep/derive/quantity.h"
#include "qep/grid/interpolate.h"
#include "qep/io/write.h"
#include "qep/poisson/checks.h"
#include "qep/run/run.h"
#include "qep/spectral/wisdom.h"
#include "response.h"
#include <time.h>

enum { QEP_RUN_UNIT = 48, QEP_RUN_INPUTS = 64, QEP_RUN_REPORTERS = 64 };

/* What a frame's part can be judged by besides its residual. */
typedef struct {
    int loaded, solved;                       /* there is a source; the part was solved */
    double tail;                              /* share of the source's variation in the highest modes (qep_tail) */
    double open_share;                        /* share of it in the outermost samples at open faces */
    qep_face_check wall[3][2], open[3][2];    /* boundary residuals, free-space checks */
} qep_run_trust;

typedef struct qep_run_state qep_run_state;

/* A section of the configuration that computes by itself, without a field on a grid or beside one. One row each in sections.c; every
 * function may be NULL but `given`. */
typedef struct {
    const char *name; /* also of its group below results */
    int (*given)(const qep_run_state *run);
    int (*uses_grid)(const qep_run_state *run);
    qep_status (*pose)(qep_run_state *run, qep_error *err); /* open inputs (qep_run_remember_input), check, keep what follows */
    size_t (*memory)(const qep_run_state *run);             /* bytes that compute will hold */
    void (*announce)(const qep_run_state *run, qep_log_level level);
    qep_status (*compute)(qep_run_state *run, qep_error *err); /* before the frames; results by qep_run_add_table */
    qep_status (*write)(qep_run_state *run, size_t frame, qep_error *err); /* what are no tables, inside a frame */
    void (*release)(qep_run_state *run);
} qep_run_section;
enum { QEP_RUN_BLOCH, QEP_RUN_TRANSPORT, QEP_RUN_SECTIONS, QEP_RUN_EXTRA = 16 };

struct qep_run_state {
    const qep_run_options *options;
    qep_run_report *report;
    const qep_log *log;
    qep_config *config;
    const qep_grid *grid;
    size_t count; /* samples of the grid */

    /* problem.c: what is asked and what must be solved */
    size_t frames;
    double *times;                     /* [frames], s */
    const qep_quantity_row **quantity; /* what is written */
    qep_record *record;                /* the same for the writer */
    size_t quantities;
    unsigned needs; /* union of the rows' needs */
    int uses_work;
    int has_entropy, entropy_drives; /* given; given and not the number 0 */
    int has_charge, has_rho;         /* charge; charge or face values */
    int solves_rho, solves_psi, singular;
    int slopes_rho, slopes_psi; /* something derived from the part's gradient is written */
    int profile_varies, eps_varies; /* now or in a later frame */
    int by_volumes;                 /* T6 by finite volumes of order 2 instead of transforms */
    int conducts;                   /* T7 is solved */
    qep_solution_dimensions dimension;

    /* run.c: what the planner of transforms learnt */
    qep_wisdom wisdom;

    /* faces.c, fields.c, parts.c */
    qep_calculus *calculus;
    qep_poisson *solver;
    double *S, *charge, *rho, *psi, *sigma, *profile, *eps, *buffer,
        *work; /* [nz,ny,nx]; charge may be the buffer */
    double *rho_gradient[3], *psi_gradient[3]; /* where the solver gives them: d/d(axis) along open axes, derivative spectral */
    double largest_eps, largest_profile;
    qep_walls rho_walls, psi_walls;

    /* volumes.c */
    qep_elliptic *elliptic;
    size_t elliptic_frame; /* whose permittivity it has */

    /* conduct.c: T7 */
    qep_grid V_grid;   /* the grid with the faces that V has */
    double *V, *drive; /* [nz,ny,nx]; drive: psi of J_S, where it is no other array */
    qep_walls V_walls;
    double *face_drive[3][2]; /* the same on faces where V is known */
    size_t **electrode_cells; /* [conduction.electrode_count] samples of those given by "where" */
    qep_electrode *electrode; /* [conduction.electrode_count] */
    qep_load *load;
    qep_conduction *conduction;
    qep_conduction_result conducted;
    qep_elliptic_report conductance_report;
    qep_solution solution;
    double gauge_at[3]; /* sample that the gauge point took */
    int unconverged;

    /* response.c: Bloch electrons in the solved field */
    qep_run_response respond;

    /* open.c, trust.c */
    qep_constant constant;    /* what fixes the constant of phi */
    int open_axes;            /* axes with an open face */
    double entropy_at_infinity;
    qep_run_trust trust_rho, trust_S;

    /* frame.c, probes.c */
    qep_writer *writer;
    qep_interpolation *probe;
    size_t finished; /* frames on disk */

    /* sources.c: who has reported numbers, in the order of the groups */
    const qep_field_spec *reporter[QEP_RUN_REPORTERS];
    size_t reporters;

    /* provenance.c, identity.c */
    time_t started;
    char *inputs[QEP_RUN_INPUTS]; /* files read */
    size_t input_count;

    /* sections.c: what each row of its table keeps */
    void *section[QEP_RUN_SECTIONS];
    qep_record extra_record[QEP_RUN_EXTRA]; /* fields on the grid that sections write: record number quantities + index; texts are static */
    size_t extra_records;
};

/* problem.c */
qep_status qep_run_pose(qep_run_state *run, qep_error *err);
/* 1 when a face of kind `bc` lies on an axis with more than one sample. */
int qep_run_has_face(const qep_grid *grid, qep_bc bc);

/* select.c: quantities, units and records; after the problem's flags are known. */
qep_status qep_run_select(qep_run_state *run, qep_error *err);
char *qep_run_unit(qep_dimension dimension, char text[QEP_RUN_UNIT]);

/* sections.c: all rows in turn; those that are not given do nothing. */
qep_status qep_run_pose_sections(qep_run_state *run, qep_error *err);
size_t qep_run_sections_memory(const qep_run_state *run);
int qep_run_sections_use_grid(const qep_run_state *run);
void qep_run_announce_sections(const qep_run_state *run, qep_log_level level);
qep_status qep_run_compute_sections(qep_run_state *run, qep_error *err);
qep_status qep_run_write_sections(qep_run_state *run, size_t frame, qep_error *err);
void qep_run_release_sections(qep_run_state *run);
/* What a source is given of a section that it needs (qep_field_setting.section); NULL when there is none. */
const void *qep_run_section_object(void *run, const char *name);

/* tables.c: keep a copy of a table (values [shape...] or names [shape[0]]) for the file and --json; section is static text. */
qep_status qep_run_add_table(qep_run_state *run, const qep_run_table *table, qep_error *err);
/* Write all tables into the first frame. */
qep_status qep_run_write_tables(qep_run_state *run, qep_error *err);
void qep_run_free_tables(qep_run_report *report);

/* inputs.c: files that the configuration reads, and the frames they hold. */
qep_status qep_run_collect_inputs(qep_run_state *run, qep_error *err);
/* One more file that the run reads: for provenance, --skip-done and the check that the output is none of them. */
qep_status qep_run_remember_input(qep_run_state *run, const char *file, qep_error *err);
qep_status qep_run_check_inputs(qep_run_state *run, qep_error *err);
qep_status qep_run_find_frames(qep_run_state *run, qep_error *err);

/* memory.c: estimate against the limit, then the arrays. */
qep_status qep_run_check_memory(qep_run_state *run, qep_error *err);
qep_status qep_run_allocate(qep_run_state *run, qep_error *err);

/* fields.c: inputs of a frame onto the grid. */
qep_status qep_run_load_materials(qep_run_state *run, size_t frame, qep_error *err);
qep_status qep_run_load_entropy(qep_run_state *run, size_t frame, qep_error *err);
qep_status qep_run_load_charge(qep_run_state *run, size_t frame, qep_error *err);

/* sources.c: what fields are evaluated in; numbers that named sources report become results, group by group. */
qep_field_setting qep_run_setting(qep_run_state *run, size_t frame);
/* The same numbers for a frame for which nothing was evaluated anew. */
void qep_run_repeat_source_numbers(qep_run_state *run, size_t frame);

/* Evaluate the inputs of the first frame and keep nothing: the faults that --check must find. */
qep_status qep_run_try_inputs(qep_run_state *run, qep_error *err);
qep_status qep_run_entropy_at(void *run, size_t frame, double *out, qep_error *err);
qep_status qep_run_entropy_current_at(void *run, int axis, size_t frame, double *out,
                                      qep_error *err);
/* Whether a field (may be NULL) must be read again for a later frame. */
int qep_run_changes(const qep_run_state *run, const qep_field_spec *spec);
/* Evaluate the profile of kappa and the permittivity to learn whether they vary. */
qep_status qep_run_probe_materials(qep_run_state *run, qep_error *err);

/* faces.c: boundary data of the two parts. */
qep_status qep_run_allocate_faces(qep_run_state *run, qep_error *err);
qep_status qep_run_fill_rho_faces(qep_run_state *run, size_t frame, qep_error *err);
qep_status qep_run_fill_psi_faces(qep_run_state *run, qep_error *err);
/* Level 0 of psi_walls: S itself on dirichlet faces, dS/d(+axis) on neumann faces. */
qep_status qep_run_fill_entropy_faces(qep_run_state *run, size_t frame, qep_error *err);
/* out [face]: S on a face that is not periodic. */
qep_status qep_run_entropy_on_face(qep_run_state *run, size_t frame, int axis, int side,
                                   double *out, qep_error *err);
qep_status qep_run_fill_V_faces(qep_run_state *run, size_t frame, qep_error *err);
int qep_run_face_has_value(const qep_face *face);

/* parts.c: solve phi_rho and psi of a frame, fix the gauge. */
qep_status qep_run_solve_parts(qep_run_state *run, size_t frame, qep_error *err);

/* open.c: entropy beyond open faces (S0 of the solution), and the share of |values - offset| that lies in the outermost samples at open faces. */
qep_status qep_run_find_entropy_at_infinity(qep_run_state *run, qep_error *err);
qep_status qep_run_open_share(const qep_run_state *run, const double *values, double offset, double *share, qep_error *err);
/* What the far field of the gauge is, in words. */
void qep_run_far_field_text(const qep_run_state *run, char *text, size_t size);

/* trust.c: judge a source that was loaded, and a part that was solved while its source is still there; later the numbers of both. */
qep_status qep_run_trust_source(qep_run_state *run, qep_run_trust *trust, const char *name, const double *values, double offset, qep_error *err);
qep_status qep_run_trust_part(qep_run_state *run, qep_run_trust *trust, const qep_part *part, qep_error *err);
qep_status qep_run_trust_numbers(qep_run_state *run, size_t frame, qep_error *err);
/* Texts of the file's faces/<name>: the kind of each. */
qep_status qep_run_write_faces(qep_run_state *run, qep_error *err);
/* volumes.c: T6 by finite volumes, for the parts of parts.c. */
qep_status qep_run_solve_by_volumes(qep_run_state *run, size_t frame, int is_psi, qep_error *err);
qep_elliptic_control qep_run_volume_control(const qep_run_state *run, size_t frame);
/* Details (-v), and what does not converge: an error unless keep_unconverged; `name` of the unknown. */
qep_status qep_run_judge_iterations(qep_run_state *run, const char *name,
                                    const qep_elliptic_report *report, const double *history,
                                    size_t count, qep_error *err);
/* parts.c */
qep_status qep_run_refuse_incompatible(const qep_run_state *run, const char *name,
                                       const qep_poisson_report *report, int is_psi,
                                       qep_error *err);
/* Whether phi_S must be solved again for a later frame. */
int qep_run_psi_changes(const qep_run_state *run);
qep_status qep_run_unconverged(qep_run_state *run, const char *message, qep_error *err);
qep_status qep_run_unconverged_at(qep_run_state *run, const char *path, const char *message, qep_error *err);
qep_status qep_run_judge_entropy_flux(const qep_run_state *run, double *scale, double *uncertainty,
                                      qep_error *err);

/* electrodes.c: the samples of electrodes, faces of V, and what a setup for the solver is made of. */
qep_status qep_run_place_electrodes(qep_run_state *run, qep_error *err);
qep_status qep_run_allocate_V_faces(qep_run_state *run, qep_error *err);
void qep_run_announce_electrodes(const qep_run_state *run);
qep_conduction_setup qep_run_conduction_setup(const qep_run_state *run);
double qep_run_extent(const qep_run_state *run);

/* conduct.c: solve T7 of a frame. */
qep_status qep_run_make_conduction(qep_run_state *run, size_t frame, qep_error *err);
qep_status qep_run_conduct(qep_run_state *run, size_t frame, qep_error *err);
/* 1 when the drive of J_S needs an array of its own. */
int qep_run_wants_drive(const qep_run_state *run);

/* conduct_numbers.c */
qep_status qep_run_conduction_numbers(qep_run_state *run, size_t frame, qep_error *err);
qep_status qep_run_solver_numbers(qep_run_state *run, size_t frame, const char *name,
                                  const qep_elliptic_report *report, qep_error *err);

/* frame.c: derive and write the quantities of a frame. */
qep_status qep_run_write_frame(qep_run_state *run, size_t frame, qep_error *err);

/* numbers.c: scalars of a frame, in report->result. */
qep_status qep_run_number(qep_run_state *run, size_t frame, const char *group, const char *name,
                          double value, const char *unit, qep_error *err);
/* The same for words; several in one, separated by line ends, make a list. */
qep_status qep_run_word(qep_run_state *run, size_t frame, const char *group, const char *name,
                        const char *text, int list, qep_error *err);
qep_status qep_run_write_words(qep_run_state *run, size_t frame, qep_error *err);
/* Numbers that follow from inputs and solves; the extrema come with the quantities. */
qep_status qep_run_collect_numbers(qep_run_state *run, size_t frame, qep_error *err);
/* Total charge of the source that is loaded; before the buffer that may carry it is used again. */
qep_status qep_run_charge_number(qep_run_state *run, size_t frame, qep_error *err);
/* The same for a frame whose source did not change. */
void qep_run_repeat_charge_number(qep_run_state *run, size_t frame);
/* Write the numbers and texts of a frame to the file. */
qep_status qep_run_write_results(qep_run_state *run, size_t frame, qep_error *err);

/* probes.c */
qep_status qep_run_place_probes(qep_run_state *run, qep_error *err);
qep_status qep_run_read_probes(qep_run_state *run, size_t frame, const qep_quantity_row *row,
                               int component, const double *values, qep_error *err);

/* series.c: /series, every number of the finished frames as a list over them; nothing for a single frame. */
qep_status qep_run_write_series(qep_run_state *run, qep_error *err);

/* provenance.c */
qep_status qep_run_write_provenance(qep_run_state *run, qep_error *err);

/* identity.c: --skip-done. */
qep_status qep_run_inputs_digest(const qep_run_state *run, char **text, qep_error *err);
qep_status qep_run_skip_done(qep_run_state *run, int *skip, qep_error *err);

/* idle.c: warn of keys that reach nothing in this run. */
void qep_run_announce_idle_keys(const qep_run_state *run);

/* summary.c */
void qep_run_announce(const qep_run_state *run);
/* The kernel of open faces once it is made: memory and time. */
void qep_run_announce_kernel(const qep_run_state *run);
void qep_run_announce_scale(const qep_run_state *run, double S_min, double S_max);

/* clock.c */
double qep_run_seconds(void);

#endif
