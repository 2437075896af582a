/* Steady conduction with an impressed current and electrodes (T7): J = J_S - sigma grad V, div J = 0. J_S = -sigma grad psi enters as face fluxes with
 * the operator's own face conductances, so that an equipotential psi cancels exactly for any sigma(r). Currents are in A (A/m, A/m^2 where the
 * grid has fewer axes and no extent is given); positive currents flow from an electrode into the sample. */
#ifndef QEP_POISSON_CONDUCTION_H
#define QEP_POISSON_CONDUCTION_H

#include "qep/poisson/elliptic.h"

typedef enum {
    QEP_ELECTRODE_VOLTAGE, /* value: V */
    QEP_ELECTRODE_CURRENT  /* value: net current from outside into the electrode, A; 0: floating, a voltmeter. Loads come on top. */
} qep_electrode_kind;

/* An equipotential set of samples (ideal metal; its own conductivity does not matter), or a contact on an outer face of the grid. */
typedef struct {
    const char *name; /* for messages; borrowed while the object lives */
    int face;         /* 2 axis + side, or -1: a region */
    const size_t *cells; /* [count] ascending sample indices: the region; for a face NULL (all of it) or the samples behind the contact. Borrowed by create. */
    size_t count;
    qep_electrode_kind kind;
    double value;
} qep_electrode;

typedef struct {
    size_t between[2]; /* indices of electrodes, different */
    double resistance; /* ohm, > 0 */
} qep_load;

/* What a setup got wrong. create adds the error message itself (with names and /electrodes/<i> paths); this is the same for programs. */
typedef enum {
    QEP_CONDUCTION_SOUND,
    QEP_CONDUCTION_OVERLAP,    /* electrode[0] and electrode[1] share sample `sample`: QEP_ERR_CONFIG, "electrode_overlap" */
    QEP_CONDUCTION_EMPTY,      /* electrode[0] holds no sample of the grid: QEP_ERR_CONFIG, "electrode_empty" */
    QEP_CONDUCTION_INSULATED,  /* electrode[0] touches no conducting sample: QEP_ERR_PROBLEM, "electrode_insulated" */
    QEP_CONDUCTION_SHORT,      /* electrode[0] and electrode[1] touch and are held at different voltages: QEP_ERR_PROBLEM, "electrode_short" */
    QEP_CONDUCTION_LOAD,       /* load electrode[0] is a short against the contacts it joins: QEP_ERR_PROBLEM, "load_short" */
    QEP_CONDUCTION_IMBALANCE,  /* given currents of a connected piece without fixed voltage do not sum to zero: QEP_ERR_PROBLEM, "current_imbalance" */
    QEP_CONDUCTION_UNAVAILABLE /* a face electrode on a periodic axis or an axis of one sample: QEP_ERR_CONFIG, "electrode_face" */
} qep_conduction_fault_kind;

typedef struct {
    qep_conduction_fault_kind kind;
    size_t electrode[2]; /* indices; SIZE_MAX where there is none */
    size_t sample;       /* index in the grid, or SIZE_MAX */
    size_t component;    /* IMBALANCE: which network */
    double imbalance;    /* IMBALANCE: sum of the given currents there, A */
    double scale;        /* IMBALANCE: sum of their absolute values */
} qep_conduction_fault;

typedef struct {
    const qep_grid *grid; /* bc of the faces: what V does there. natural: insulating, n.J = 0; dirichlet: V given; neumann: n.grad V given; periodic */
    const double *sigma;  /* [nz,ny,nx] S/m >= 0, or NULL for the constant sigma_value; 0 excludes the sample */
    double sigma_value;
    const qep_electrode *electrodes; /* [electrode_count], copied (cells too) */
    size_t electrode_count;
    const qep_load *loads; /* [load_count], copied */
    size_t load_count;
    qep_elliptic_options options; /* extent: makes currents A where the grid lacks axes; loads need it (the caller checks) */
} qep_conduction_setup;

typedef struct {
    double voltage;  /* V */
    double current;  /* into the sample, A: external current plus what loads deliver; NaN-free */
    size_t contacts; /* faces of the grid's cells through which it touches the sample */
    size_t network;  /* connected piece (components, electrodes and loads) it belongs to */
    int touches;     /* 1: has a neighbouring sample that belongs to another electrode; no current crosses there */
} qep_electrode_result;

typedef struct {
    double voltage; /* V(between[0]) - V(between[1]) */
    double current; /* through the load from between[0] to between[1], A */
    double power;   /* W >= 0 */
} qep_load_result;

/* Results; arrays belong to the conduction object and live until its next solve or destruction. */
typedef struct {
    qep_elliptic_report solve;
    const qep_electrode_result *electrodes;
    size_t electrode_count;
    const qep_load_result *loads;
    size_t load_count;
    size_t reference;        /* electrode that is 0 V because nothing fixed the voltages of the first network that needs one; SIZE_MAX: none needed */
    size_t networks;         /* connected pieces; `floating_networks` of them had no fixed voltage: each is shifted so that its first electrode is 0 V, */
    size_t floating_networks; /* or, without an electrode, to zero mean */
    double imbalance;        /* |sum of electrode currents + currents through fixed outer faces| / sum of |face currents| there, J_S and -sigma grad V
                                counted apart (at open circuit they cancel) */
    double joule_power;      /* sum over faces of I_f^2 R_f: heat, W */
    double electrode_power;  /* sum of V_e I_e: delivered through electrodes, W (negative: the sample is a source) */
    double drive_power;      /* delivered by J_S, W: joule = electrode + drive (+ fixed outer faces) */
    double energy_defect;    /* |joule - electrode - drive - faces| / largest of them and of sum g (dV^2 + dpsi^2); an identity to the solver's accuracy */
} qep_conduction_result;

/* What drives one solve: psi of J_S = -sigma grad psi, [nz,ny,nx] (for reading poisson phi_S; field kappa S; directional phi), read only. Where kappa
 * varies and the drive is J_S = -sigma kappa grad S instead: drive.S = S, drive.kappa = profile, drive.kappa_scale = kappa. NULL: no impressed current.
 * walls: face values of V (dirichlet) or of dV/d(+axis) (neumann, natural), level 0. charge must be NULL. */
typedef struct {
    const double *psi;              /* short for S = psi, kappa = NULL, kappa_scale = 1 */
    const double *S, *kappa;        /* used when psi is NULL */
    double kappa_scale;
    const qep_walls *walls;
    const double *face_psi[3][2];   /* psi (or S) on a face [t2,t1], NULL: extrapolated linearly from two samples */
    const double *face_slope[3][2]; /* for neumann faces, as in qep_elliptic_drive */
} qep_conduction_drive;

typedef struct qep_conduction qep_conduction;

/* Check the setup and make the operator. On a fault of the setup returns its status, adds a message to err and fills *fault (may be NULL). Also the errors
 * of qep_elliptic_create. Destroy with qep_conduction_destroy. */
qep_status qep_conduction_create(qep_conduction **conduction, const qep_conduction_setup *setup, qep_conduction_fault *fault, const qep_log *log,
                                 qep_error *err);
void qep_conduction_destroy(qep_conduction *conduction);

/* New values for the electrodes (volts or amperes by their kinds, [electrode_count]) without a new set-up: sweeps, frames. Same faults. */
qep_status qep_conduction_set_values(qep_conduction *conduction, const double *values, qep_conduction_fault *fault, qep_error *err);

/* Solve for V [nz,ny,nx]: volts; electrode samples hold their electrode's voltage, excluded ones NaN. A solve that is not accepted is no error here
 * (result->solve.state). control->warm: V holds a start. */
qep_status qep_conduction_solve(qep_conduction *conduction, const qep_conduction_drive *drive, const qep_elliptic_control *control, double *V,
                                qep_conduction_result *result, qep_error *err);
/* As of qep_elliptic_history, for the last solve. */
const double *qep_conduction_history(const qep_conduction *conduction, size_t *count);

/* J along an axis at the samples, A/m^2 [nz,ny,nx]: mean of the face currents of the cell over its area; slope: dV/dn on either side of jumps. NaN at
 * excluded samples and 0 inside electrodes (an ideal metal has no field; its current is not resolved). */
qep_status qep_conduction_current(const qep_conduction *conduction, const qep_conduction_drive *drive, const double *V, int axis, double *out,
                                  qep_error *err);
qep_status qep_conduction_slope(const qep_conduction *conduction, const qep_conduction_drive *drive, const double *V, int axis, double *out, qep_error *err);

/* Conductance matrix G [electrode_count x electrode_count], row major, S: I_a = sum_b G_ab V_b with no impressed current, loads removed and all electrodes
 * held. One unit solve per electrode. Symmetric; rows sum to zero unless an outer face is fixed. report: of the worst of the solves. */
qep_status qep_conduction_matrix(qep_conduction *conduction, const qep_elliptic_control *control, double *G, qep_elliptic_report *report, qep_error *err);

/* Bytes beyond the caller's arrays; valid before creation. */
size_t qep_conduction_memory(const qep_conduction_setup *setup);

#endif
