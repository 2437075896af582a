/* The section "transport" of a checked configuration, in SI. */
#ifndef QEP_CONFIG_TRANSPORT_H
#define QEP_CONFIG_TRANSPORT_H

#include "qep/source/expression.h"
#include "qep/source/field.h"
#include "qep/transport/lead.h"

typedef enum { QEP_ENTROPY_HS, QEP_ENTROPY_DIST, QEP_ENTROPY_SITE, QEP_ENTROPIES } qep_entropy_kind;

/* A lead or probe with the memory its spec borrows. */
typedef struct {
    qep_terminal_spec spec;
    char *name, path[64];
    size_t *sites, *previous;
    char *where; /* expression on the grid, nonzero: the probe is there; NULL: sites */
} qep_config_terminal;

/* U = U_0 - e phi. */
enum { QEP_LOOP_PHI, QEP_LOOP_PHI_RHO, QEP_LOOP_PHI_S };
typedef struct {
    int given, potential; /* QEP_LOOP_... */
    double mixing, tolerance; /* tolerance: V */
    size_t history, max_iterations;
    qep_field_spec *start; /* phi to begin with, V; NULL: 0; owned */
} qep_config_loop;

/* A driven closed system. */
typedef struct {
    int given, joined, force;
    size_t *site; /* [sites] driven ones; NULL: potential */
    size_t sites;
    char **waveform; /* [waveforms] expressions of t, J: one for all sites or one for each */
    size_t waveforms;
    char *potential; /* expression of x, y, z, t on the grid, J; NULL: sites */
    int has_hopping;
    double hopping; /* J: magnitude of every bond of a driven site */
    /* The region that currents flow into: an expression on the grid, nonzero inside; a set of sites; or every site from the first one on. */
    char *where;
    size_t *inside, inside_count, from;
    double mu[2], temperature[2], step, end;
    size_t every;
} qep_config_drive;

typedef struct qep_config_transport qep_config_transport;
struct qep_config_transport {
    int given;
    int on_grid;
    /* grid */
    qep_field_spec *mass, *potential; /* owned */
    double field;                     /* T */
    int periodic[3];                  /* "boundary" says so */
    size_t low[3], size[3];           /* samples of the grid that are the conductor: a box */
    /* list */
    size_t sites, hoppings;
    double *onsite, *volume; /* [sites]; volume may be NULL */
    qep_hopping *hopping;

    size_t terminals; /* leads, then probes */
    size_t leads;
    qep_config_terminal *terminal;
    double *energy; /* [energies] J */
    size_t energies;
    int spin_factor, entropy, fill_bound_states, site_fields, bond_currents, linear_response, energy_in_eV;
    double tolerance;
    /* sweep: [sets, leads]; 0: the leads' own */
    size_t sets;
    double *set_mu, *set_temperature;
    /* A sweep over a parameter: Hamiltonian, leads and probes anew for each value; `sets` holds variants * (sets / variants), values outermost. */
    qep_config_transport *variant; /* [variants], owned */
    size_t variants;
    size_t parameter;         /* its index */
    double *parameter_values; /* of a variant: every parameter [parameters.count]; NULL: those of the configuration */
    size_t work_site; /* of the nonlocal work map */
    int has_work_site;

    qep_config_loop loop;
    qep_config_drive drive;
};

#endif
