/* The section "bloch" of a checked configuration, in SI. */
#ifndef QEP_CONFIG_BLOCH_H
#define QEP_CONFIG_BLOCH_H

#include "qep/bloch/maps.h"
#include "qep/bloch/quantity.h"

typedef enum { QEP_BLOCH_BUILTIN, QEP_BLOCH_WANNIER90, QEP_BLOCH_LIST } qep_bloch_model_kind;

/* What drives the electrons of the source "bloch" on the grid. */
typedef enum { QEP_BLOCH_DRIVE_E, QEP_BLOCH_DRIVE_E_TOTAL, QEP_BLOCH_DRIVE_ELECTROCHEMICAL, QEP_BLOCH_DRIVES } qep_bloch_drive;

typedef struct {
    int given; /* the section is there */
    qep_bloch_model_kind kind;
    /* built-in */
    const qep_bloch_model_row *row;
    double parameter[QEP_BLOCH_PARAMETERS];
    /* file */
    char *file, *centres, *images; /* resolved; the last two may be NULL */
    /* list; the lattice also of an _hr.dat (has_lattice) */
    int lattice_dim, has_lattice;
    double lattice[3][3];
    size_t orbitals, hoppings;
    double (*orbital)[3], *onsite;
    qep_bloch_hopping *hopping;

    int axes; /* of the k-grid: 2 or 3 */
    size_t points[3];
    double shift[3];
    size_t refine; /* levels */
    double *temperature, *mu, *frequency; /* owned */
    size_t temperatures, mus, frequencies;
    double tau; /* 0: not given */
    double field[3];
    int drive; /* qep_bloch_drive */
    int field_given, spin_factor, scheme, energy_in_eV, convergence;
    struct {
        const char *path, *by; /* static texts: a key that is given, and what would use it */
    } idle[5];
    size_t idles;
    const qep_bloch_quantity **quantity; /* owned array of rows */
    size_t quantities;
    qep_bloch_map_request *map; /* owned [maps] */
    size_t *map_band;           /* owned [map_bands] */
    size_t maps, map_bands;
} qep_config_bloch;

#endif
