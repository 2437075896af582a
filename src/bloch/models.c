/* The built-in models, one row each. Lattice models are lists of hoppings like those of a user; continuum models (massive Dirac,
 * parabolic) are functions of k inside a cutoff. Formulas and sign conventions: docs/bloch.md. */
#include "qep/bloch/model.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define EV QEP_E_CHARGE
#define ENERGY QEP_DIM_ENERGY
#define LENGTH QEP_DIM_LENGTH
#define NONE QEP_DIM_NONE

/* ---- lists ---- */

enum { MOST_HOPPINGS = 24 };

typedef struct {
    qep_bloch_hopping hopping[MOST_HOPPINGS];
    size_t count;
} list;

/* <from, 0| H |to, R> += value; the partner is left to the maker of lists. */
static void add(list *l, int R1, int R2, int R3, size_t from, size_t to, double complex value) {
    if (value != 0.0) {
        l->hopping[l->count++] = (qep_bloch_hopping){{R1, R2, R3}, from, to, value};
    }
}

/* exp(i k.R) (d0 + d . sigma) for the vector R; only the upper of R and -R is written. */
static void add_pauli(list *l, const int R[3], const double complex d[4]) {
    add(l, R[0], R[1], R[2], 0, 0, d[0] + d[3]);
    add(l, R[0], R[1], R[2], 1, 1, d[0] - d[3]);
    add(l, R[0], R[1], R[2], 0, 1, d[1] - I * d[2]);
    add(l, R[0], R[1], R[2], 1, 0, d[1] + I * d[2]);
}

/* The maker's model replaces the empty one it is given. */
static qep_status from_list(qep_bloch_model *model, const double lattice[3][3], const double (*orbital)[3], const double *onsite, size_t bands,
                            const list *l, qep_error *err) {
    qep_bloch_model *made = NULL;
    QEP_TRY(qep_bloch_model_list(&made, model->dim, lattice, bands, orbital, onsite, l->hopping, l->count, NULL, err));
    memcpy(made->name, model->name, sizeof made->name);
    *model = *made;
    qep_free(made);
    return QEP_OK;
}

/* t [sin kx sx + sin ky sy + (u + cos kx + cos ky) sz] + tilt sin kx. */
static qep_status build_tilted_qwz(qep_bloch_model *m, const double *v, qep_error *err) {
    const double t = v[0], u = v[1], a = v[2], tilt = v[3];
    const double lattice[3][3] = {{a, 0, 0}, {0, a, 0}}, orbital[2][3] = {{0}}, onsite[2] = {t * u, -t * u};
    list l = {.count = 0};
    add_pauli(&l, (const int[3]){1, 0, 0}, (const double complex[4]){-0.5 * I * tilt, -0.5 * I * t, 0, 0.5 * t});
    add_pauli(&l, (const int[3]){0, 1, 0}, (const double complex[4]){0, 0, -0.5 * I * t, 0.5 * t});
    return from_list(m, lattice, orbital, onsite, 2, &l, err);
}

static qep_status build_qwz(qep_bloch_model *m, const double *v, qep_error *err) {
    const double value[4] = {v[0], v[1], v[2], 0.0};
    return build_tilted_qwz(m, value, err);
}

/* Honeycomb: onsite -+delta, hopping t between neighbours, t2 exp(i phi) between second neighbours. */
static qep_status build_haldane(qep_bloch_model *m, const double *v, qep_error *err) {
    const double delta = v[0], t = v[1], t2 = v[2], phi = v[3], a = v[4];
    const double lattice[3][3] = {{a, 0, 0}, {0.5 * a, 0.5 * sqrt(3.0) * a, 0}};
    const double orbital[2][3] = {{1.0 / 3, 1.0 / 3, 0}, {2.0 / 3, 2.0 / 3, 0}}, onsite[2] = {-delta, delta};
    const double complex plus = t2 * cexp(I * phi), minus = conj(plus);
    list l = {.count = 0};
    add(&l, 0, 0, 0, 0, 1, t);
    add(&l, 1, 0, 0, 1, 0, t);
    add(&l, 0, 1, 0, 1, 0, t);
    add(&l, 1, 0, 0, 0, 0, plus);
    add(&l, 1, -1, 0, 1, 1, plus);
    add(&l, 0, 1, 0, 1, 1, plus);
    add(&l, 1, 0, 0, 1, 1, minus);
    add(&l, 1, -1, 0, 0, 0, minus);
    add(&l, 0, 1, 0, 0, 0, minus);
    return from_list(m, lattice, orbital, onsite, 2, &l, err);
}

/* t [sin kx sx + sin ky sy + (2 + cos k0 - cos kx - cos ky - cos kz) sz]: nodes at k = (0, 0, +-k0). */
static qep_status build_weyl(qep_bloch_model *m, const double *v, qep_error *err) {
    const double t = v[0], k0 = v[1], a = v[2], mass = t * (2.0 + cos(k0));
    const double lattice[3][3] = {{a, 0, 0}, {0, a, 0}, {0, 0, a}}, orbital[2][3] = {{0}}, onsite[2] = {mass, -mass};
    list l = {.count = 0};
    add_pauli(&l, (const int[3]){1, 0, 0}, (const double complex[4]){0, -0.5 * I * t, 0, -0.5 * t});
    add_pauli(&l, (const int[3]){0, 1, 0}, (const double complex[4]){0, 0, -0.5 * I * t, -0.5 * t});
    add_pauli(&l, (const int[3]){0, 0, 1}, (const double complex[4]){0, 0, 0, -0.5 * t});
    return from_list(m, lattice, orbital, onsite, 2, &l, err);
}

/* ---- continuum ---- */

/* A continuum model has no lattice: cell is the measure that k-integrals leave out, one. */
static void set_continuum(qep_bloch_model *m, size_t bands, double cutoff, qep_bloch_continuum function) {
    m->bands = bands;
    m->cutoff = cutoff;
    m->function = function;
    m->has_positions = 1;
    m->cell = 1.0;
}

/* hbar v (kx sx + ky sy) + mass sz; parameters hbar v (eV m) and mass (eV). */
static void massive_dirac(const qep_bloch_model *m, const double k[3], double complex *H, double complex *const dH[3],
                          double complex *const ddH[6]) {
    const double speed = m->parameter[0], mass = m->parameter[1];
    const double complex x[4] = {0, speed, speed, 0}, y[4] = {0, I * speed, -I * speed, 0};
    for (int i = 0; i < 4; i++) {
        H[i] = k[0] * x[i] + k[1] * y[i] + (i == 0 ? mass : i == 3 ? -mass : 0.0);
        dH[0][i] = x[i];
        dH[1][i] = y[i];
        for (int c = 0; ddH && c < 3; c++) {
            ddH[c][i] = 0.0;
        }
    }
}

static qep_status build_massive_dirac(qep_bloch_model *m, const double *v, qep_error *err) {
    const double mass = v[0] / EV, speed = v[1] * QEP_HBAR / EV, cutoff = v[2] / EV;
    if (!(cutoff > fabs(mass))) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", NULL, NULL, "the cutoff (%g eV) must lie above |m| (%g eV)", cutoff, fabs(mass));
    }
    m->parameter[0] = speed;
    m->parameter[1] = mass;
    set_continuum(m, 2, sqrt(cutoff * cutoff - mass * mass) / speed, massive_dirac);
    return QEP_OK;
}

/* hbar^2 k^2 / 2m above the edge; parameters hbar^2/m (eV m^2) and edge (eV). */
static void parabolic(const qep_bloch_model *m, const double k[3], double complex *H, double complex *const dH[3], double complex *const ddH[6]) {
    const double c = m->parameter[0];
    double square = 0.0;
    for (int a = 0, s = 0; a < m->dim; a++) {
        square += k[a] * k[a];
        dH[a][0] = c * k[a];
        for (int b = a; b < m->dim; b++, s++) {
            if (ddH) {
                ddH[s][0] = a == b ? c : 0.0;
            }
        }
    }
    H[0] = m->parameter[1] + 0.5 * c * square;
}

static qep_status build_parabolic(qep_bloch_model *m, const double *v, qep_error *err) {
    const double c = QEP_HBAR * QEP_HBAR / (v[0] * EV), edge = v[1] / EV, cutoff = v[2] / EV;
    if (!(cutoff > edge)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", NULL, NULL, "the cutoff (%g eV) must lie above the band edge (%g eV)", cutoff, edge);
    }
    if (v[3] != 2.0 && v[3] != 3.0) {
        return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", NULL, NULL, "dimension %g; it must be 2 or 3", v[3]);
    }
    m->dim = (int)v[3];
    m->parameter[0] = c;
    m->parameter[1] = edge;
    set_continuum(m, 1, sqrt(2.0 * (cutoff - edge) / c), parabolic);
    return QEP_OK;
}

/* ---- table ---- */

#define ANY -INFINITY

static const qep_bloch_model_row rows[] = {
    /* clang-format off */
    {"massive_dirac", 2, 1, "H = hbar v (kx sx + ky sy) + mass sz, both bands within |energy| < cutoff", {
        {"m",      ENERGY, 0.1 * EV, ANY, -1, "half the gap"},
        {"v",      QEP_DIMENSION(1, 0, -1, 0, 0, 0, 0), 5e5, 0, -1, "v"},
        {"cutoff", ENERGY, EV, 0, -1, "energy of the circle that bounds k"}}, build_massive_dirac},
    {"qwz", 2, 0, "Qi-Wu-Zhang: H = t [sin kx sx + sin ky sy + (u + cos kx + cos ky) sz]", {
        {"t", ENERGY, EV, ANY, -1, "hopping"},
        {"u", NONE, -1.2, ANY, -1, "mass in units of t"},
        {"a", LENGTH, 5e-10, 0, -1, "lattice constant"}}, build_qwz},
    {"tilted_qwz", 2, 0, "qwz + tilt sin kx", {
        {"t",    ENERGY, EV, ANY, -1, "hopping"},
        {"u",    NONE, -1.2, ANY, -1, "mass in units of t"},
        {"a",    LENGTH, 5e-10, 0, -1, "lattice constant"},
        {"tilt", ENERGY, 0.3 * EV, ANY, 0, "tilt; a number without unit is in units of t"}}, build_tilted_qwz},
    {"haldane", 2, 0, "honeycomb: onsite -delta, +delta, t to neighbours, t2 exp(i phi) to second neighbours", {
        {"delta", ENERGY, 0.2 * EV, ANY, -1, "half the difference of the sites"},
        {"t",     ENERGY, -EV, ANY, -1, "hopping to neighbours"},
        {"t2",    ENERGY, 0.15 * EV, ANY, -1, "hopping to second neighbours"},
        {"phi",   NONE, QEP_PI / 2.0, ANY, -1, "its phase"},
        {"a",     LENGTH, 2.46e-10, 0, -1, "lattice constant"}}, build_haldane},
    {"weyl", 3, 0, "two Weyl nodes at kz = +-k0/a: H = t [sin kx sx + sin ky sy + (2 + cos k0 - cos kx - cos ky - cos kz) sz]", {
        {"t",  ENERGY, EV, ANY, -1, "hopping"},
        {"k0", NONE, QEP_PI / 2.0, 0, -1, "position of the nodes, rad"},
        {"a",  LENGTH, 5e-10, 0, -1, "lattice constant"}}, build_weyl},
    {"parabolic", 0, 1, "one band, H = edge + hbar^2 k^2 / 2 mass below the cutoff", {
        {"mass",      QEP_DIM_MASS, QEP_ELECTRON_MASS, 0, -1, "effective mass"},
        {"edge",      ENERGY, 0.0, ANY, -1, "bottom of the band"},
        {"cutoff",    ENERGY, EV, ANY, -1, "energy of the sphere that bounds k"},
        {"dimension", NONE, 3, 0, -1, "2 or 3"}}, build_parabolic},
    /* clang-format on */
};

const qep_bloch_model_row *qep_bloch_models(size_t *count) {
    *count = sizeof rows / sizeof *rows;
    return rows;
}

const qep_bloch_model_row *qep_bloch_model_find(const char *name) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

size_t qep_bloch_parameter_count(const qep_bloch_model_row *row) {
    size_t count = 0;
    while (count < QEP_BLOCH_PARAMETERS && row->parameter[count].name) {
        count++;
    }
    return count;
}

qep_status qep_bloch_model_builtin(qep_bloch_model **model, const qep_bloch_model_row *row, const double *value, qep_error *err) {
    void *block = NULL;
    *model = NULL;
    for (size_t p = 0; p < qep_bloch_parameter_count(row); p++) {
        if (!isfinite(value[p]) || !(value[p] > row->parameter[p].min)) {
            return qep_error_add(err, QEP_ERR_CONFIG, "out_of_range", NULL, NULL, "model %s: %s = %g; it must be finite and greater than %g (SI)",
                                 row->name, row->parameter[p].name, value[p], row->parameter[p].min);
        }
    }
    QEP_TRY(qep_alloc(&block, 1, sizeof(qep_bloch_model), "a Bloch model", err));
    qep_bloch_model *made = block;
    snprintf(made->name, sizeof made->name, "%s", row->name);
    made->dim = row->dim;
    const qep_status status = row->build(made, value, err);
    if (status != QEP_OK) {
        qep_bloch_model_destroy(made);
        return status;
    }
    *model = made;
    return QEP_OK;
}
