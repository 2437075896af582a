/* Thermal entropy of electrons and phonons (T8 summed over states). Electrons: a parabolic band of dimension d,
 * s = k_B g lambda^-d [(d/2 + 1) F_{d/2}(eta) - eta F_{d/2-1}(eta)] with eta = (mu - edge)/(k_B T) and lambda = h/sqrt(2 pi m k_B T); a
 * tabulated density of states; or Sommerfeld's gamma T of a metal. Phonons: Debye. All are exactly 0 at T = 0. */
#include "qep/base/constants.h"
#include "qep/base/statistics.h"
#include "pointwise.h"
#include "source_rows.h"
#include "state_table.h"
#include <math.h>

#define NUMBER_DENSITY QEP_DIMENSION(-3, 0, 0, 0, 0, 0, 0)

typedef struct thermal thermal;

/* What one model gives at sample i: number density (0 for models without particles) and entropy density. */
typedef struct {
    double number, entropy;
} thermal_state;

typedef struct {
    const char *key; /* group or key that chooses the model */
    int has_particles;
    thermal_state (*at)(const thermal *m, size_t i, double T);
} thermal_model;

struct thermal {
    const qep_source_request *request;
    const thermal_model *model;
    int d;
    double mass, degeneracy, depth; /* depth: m^(3-d) of what the band is confined in */
    qep_source_samples temperature, mu, edge, gamma, debye, atoms;
    qep_state_table table;
};

/* (m E/(2 pi hbar^2))^{d/2}, m^-d */
static double waves(const thermal *m, double energy) {
    return pow(m->mass * energy / (2.0 * QEP_PI * QEP_HBAR * QEP_HBAR), 0.5 * m->d);
}

static thermal_state band_at(const thermal *m, size_t i, double T) {
    const double energy = qep_source_sample(&m->mu, i) - qep_source_sample(&m->edge, i), kT = QEP_BOLTZMANN * T;
    const double scale = m->degeneracy * waves(m, kT) / m->depth, eta = energy / kT;
    if (!(scale > 0.0) || !(eta < 1e100)) { /* T = 0: the states below mu are full */
        const double filled = energy > 0.0 ? m->degeneracy * waves(m, energy) / tgamma(0.5 * m->d + 1.0) / m->depth : 0.0;
        return (thermal_state){filled, 0.0};
    }
    return (thermal_state){scale * qep_fermi_number(m->d, eta), QEP_BOLTZMANN * scale * qep_fermi_entropy(m->d, eta)};
}

static thermal_state table_at(const thermal *m, size_t i, double T) {
    const double mu = qep_source_sample(&m->mu, i);
    const int both = m->request->spec->quantity == 1;
    return (thermal_state){both ? qep_state_table_number(&m->table, mu, T) : 0.0, qep_state_table_entropy(&m->table, mu, T)};
}

static thermal_state sommerfeld_at(const thermal *m, size_t i, double T) {
    return (thermal_state){0.0, qep_source_sample(&m->gamma, i) * T};
}

static thermal_state debye_at(const thermal *m, size_t i, double T) {
    const double x = qep_source_sample(&m->debye, i) / T;
    return (thermal_state){0.0, 3.0 * QEP_BOLTZMANN * qep_source_sample(&m->atoms, i) * qep_debye_entropy(x)};
}

static const thermal_model models[] = {
    {"band", 1, band_at},
    {"dos", 1, table_at},
    {"sommerfeld", 0, sommerfeld_at},
    {"debye", 0, debye_at},
};
enum { MODELS = sizeof models / sizeof *models };

/* ---- At each point ----------------------------------------------------------------------------------------------------------- */

/* Fields that must not be negative (or must be positive), by key. */
static qep_status judge(const void *model, size_t i, qep_error *err) {
    const thermal *m = model;
    const struct {
        const char *key, *what;
        double value;
        int positive, used;
    } rows[] = {
        {"temperature", "the temperature", qep_source_sample(&m->temperature, i), 0, 1},
        {"sommerfeld", "gamma", qep_source_sample(&m->gamma, i), 0, m->model->at == sommerfeld_at},
        {"debye.temperature", "the Debye temperature", qep_source_sample(&m->debye, i), 1, m->model->at == debye_at},
        {"debye.atoms_per_volume", "the number of atoms per volume", qep_source_sample(&m->atoms, i), 0, m->model->at == debye_at},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        if (rows[k].used && !(rows[k].positive ? rows[k].value > 0.0 : rows[k].value >= 0.0)) {
            return qep_source_fault(m->request, QEP_ERR_INPUT, "range", rows[k].key, i, err, "%s is %g in SI units; it must %s", rows[k].what,
                                    rows[k].value, rows[k].positive ? "be positive" : "not be negative");
        }
    }
    return QEP_OK;
}

static double evaluate(const void *model, size_t i, double density[QEP_POINT_SUMS]) {
    const thermal *m = model;
    const thermal_state s = m->model->at(m, i, qep_source_sample(&m->temperature, i));
    density[0] = s.entropy;
    density[1] = s.number;
    return m->request->spec->quantity == 0 ? s.entropy : s.number;
}

/* ---- The field ------------------------------------------------------------------------------------------------------------- */

static const thermal_model *chosen(const qep_field_spec *spec) {
    for (int k = 0; k < MODELS; k++) {
        if (qep_source_given(spec, models[k].key)) {
            return &models[k];
        }
    }
    return NULL;
}

/* What confines a band of dimension d: thickness (d = 2) or cross-section (d = 1), of the key or of the grid; m^(3-d). 0: unknown. */
static double depth_of(const qep_source_request *request, int d) {
    static const char *const keys[] = {"band.cross_section", "band.thickness"};
    const qep_field_setting *set = request->setting;
    if (d == 3) {
        return 1.0;
    }
    if (qep_source_given(request->spec, keys[d - 1])) {
        return qep_source_number(request->spec, keys[d - 1]);
    }
    return set->grid->ndim == d ? (d == 1 ? set->cross_section : set->thickness) : 0.0;
}

static qep_status check(const qep_source_request *request, qep_error *err) {
    const qep_field_spec *spec = request->spec;
    char path[QEP_ERROR_PATH];
    const int d = (int)qep_source_number(spec, "band.dimension");
    if (qep_source_given(spec, "band") && !(depth_of(request, d) > 0.0)) {
        return qep_error_add(err, QEP_ERR_CONFIG, "missing_key", qep_source_path(spec, "band", path), NULL,
                             "a band of dimension %d gives entropy per %s; \"%s\" is needed here%s to make it J/(K m^3)", d,
                             d == 1 ? "length" : "area", d == 1 ? "cross_section" : "thickness",
                             request->setting->grid->ndim == d ? " or in \"grid\"" : "");
    }
    if (!qep_source_given(spec, "dos")) {
        return QEP_OK;
    }
    qep_state_table table;
    const qep_status status = qep_state_table_read(&table, qep_source_text(spec, "dos.hdf5"), qep_source_text(spec, "dos.energies"),
                                                   qep_source_text(spec, "dos.dataset"), qep_source_path(spec, "dos", path), err);
    qep_state_table_free(&table);
    return status;
}

static qep_status load(thermal *m, qep_error *err) {
    char path[QEP_ERROR_PATH];
    const qep_field_spec *spec = m->request->spec;
    QEP_TRY(qep_source_samples_load(m->request, "temperature", 0.0, &m->temperature, err));
    QEP_TRY(qep_source_samples_load(m->request, "chemical_potential", 0.0, &m->mu, err));
    QEP_TRY(qep_source_samples_load(m->request, "band.edge", 0.0, &m->edge, err));
    QEP_TRY(qep_source_samples_load(m->request, "sommerfeld", 0.0, &m->gamma, err));
    QEP_TRY(qep_source_samples_load(m->request, "debye.temperature", 0.0, &m->debye, err));
    QEP_TRY(qep_source_samples_load(m->request, "debye.atoms_per_volume", 0.0, &m->atoms, err));
    return m->model->at == table_at
               ? qep_state_table_read(&m->table, qep_source_text(spec, "dos.hdf5"), qep_source_text(spec, "dos.energies"),
                                      qep_source_text(spec, "dos.dataset"), qep_source_path(spec, "dos", path), err)
               : QEP_OK;
}

static void release(thermal *m) {
    qep_source_samples *const samples[] = {&m->temperature, &m->mu, &m->edge, &m->gamma, &m->debye, &m->atoms};
    for (size_t k = 0; k < sizeof samples / sizeof *samples; k++) {
        qep_source_samples_free(samples[k]);
    }
    qep_state_table_free(&m->table);
}

/* A table that ends while its states still carry entropy gives too little. */
static void warn_of_cut(const thermal *m) {
    const size_t count = qep_grid_count(m->request->setting->grid);
    char path[QEP_ERROR_PATH];
    double worst = 0.0;
    for (size_t i = 0; m->model->at == table_at && i < count; i++) {
        if (qep_source_wanted(m->request, i)) {
            worst = fmax(worst, qep_state_table_cut(&m->table, qep_source_sample(&m->mu, i), qep_source_sample(&m->temperature, i)));
        }
    }
    if (worst > 1e-10) {
        qep_log_write(m->request->setting->log, QEP_LOG_WARNING,
                      "%s: the table ends with g > 0 where a state still has %.2g k_B of entropy; what lies beyond counts as 0 (end it with "
                      "g = 0 if that is meant)",
                      qep_source_path(m->request->spec, "dos", path), worst);
    }
}

static qep_status report(const thermal *m, const double integral[QEP_POINT_SUMS], qep_error *err) {
    QEP_TRY(qep_pointwise_report(m->request, "entropy", integral[0], QEP_DIM_ENTROPY_DENSITY, err));
    const int counted = m->model->has_particles && (m->model->at == band_at || m->request->spec->quantity == 1);
    return counted ? qep_pointwise_report(m->request, "particle_number", integral[1], NUMBER_DENSITY, err) : QEP_OK;
}

static qep_status fill(const qep_source_request *request, double *out, qep_error *err) {
    const qep_field_spec *spec = request->spec;
    thermal m = {.request = request,
                 .model = chosen(spec),
                 .d = (int)qep_source_number(spec, "band.dimension"),
                 .mass = qep_source_number(spec, "band.mass"),
                 .degeneracy = qep_source_number(spec, "band.degeneracy")};
    const qep_pointwise loop = {request, &m, judge, evaluate};
    double integral[QEP_POINT_SUMS];
    m.depth = m.model->at == band_at ? depth_of(request, m.d) : 1.0;
    qep_status status = m.model->at == band_at ? check(request, err) : QEP_OK;
    if (status == QEP_OK) {
        status = load(&m, err);
    }
    if (status == QEP_OK) {
        status = qep_pointwise_fill(&loop, out, integral, err);
    }
    if (status == QEP_OK) {
        warn_of_cut(&m);
        status = report(&m, integral, err);
    }
    release(&m);
    return status;
}

/* ---- The row --------------------------------------------------------------------------------------------------------------- */

static qep_status refuse(const qep_field_spec *spec, const char *key, qep_error *err, const char *text) {
    char path[QEP_ERROR_PATH];
    return qep_error_add(err, QEP_ERR_CONFIG, key ? "contradiction" : "missing_key", qep_source_path(spec, key, path), NULL, "%s", text);
}

static qep_status validate(const qep_field_spec *spec, qep_error *err) {
    const thermal_model *model = chosen(spec);
    int models_given = 0;
    for (int k = 0; k < MODELS; k++) {
        models_given += qep_source_given(spec, models[k].key);
    }
    if (!model || models_given > 1) {
        return refuse(spec, model ? model->key : NULL, err,
                      "one of \"band\", \"dos\", \"sommerfeld\", \"debye\" is needed; add sources with {\"sum\": [...]} for electrons and phonons");
    }
    if (model->has_particles && !qep_source_given(spec, "chemical_potential")) {
        return refuse(spec, NULL, err, "\"chemical_potential\" is missing: band and dos need it (J, on the scale of the edge or the energies)");
    }
    if (!model->has_particles && qep_source_given(spec, "chemical_potential")) {
        return refuse(spec, "chemical_potential", err, "sommerfeld and debye do not depend on a chemical potential");
    }
    if (!model->has_particles && spec->quantity == 1) {
        return refuse(spec, "quantity", err, "sommerfeld and debye know no number of particles: quantity \"density\" needs band or dos");
    }
    const int d = (int)qep_source_number(spec, "band.dimension");
    if (qep_source_given(spec, "band.thickness") && d != 2) {
        return refuse(spec, "band.thickness", err, "\"thickness\" belongs to a band of dimension 2");
    }
    if (qep_source_given(spec, "band.cross_section") && d != 1) {
        return refuse(spec, "band.cross_section", err, "\"cross_section\" belongs to a band of dimension 1");
    }
    return QEP_OK;
}

static const qep_source_output outputs[] = {
    {"entropy", QEP_DIMENSION(-1, 1, -2, 0, -1, 0, 0), "entropy density s"},
    {"density", QEP_DIMENSION(-3, 0, 0, 0, 0, 0, 0), "number density n of the electrons (band, dos)"},
};

/* clang-format off */
static const qep_source_parameter parameters[] = {
    {.key = "temperature", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(0, 0, 0, 0, 1, 0, 0), .required = 1, .max = 1e300,
     .example = "\"300 K\"", .doc = "Temperature T(r)."},
    {.key = "chemical_potential", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(2, 1, -2, 0, 0, 0, 0), .example = "\"50 meV\"",
     .doc = "Chemical potential mu(r) of band and dos, on the scale of their edge or energies."},
    {.key = "band", .kind = QEP_PARAMETER_GROUP, .doc = "Electrons of a parabolic band."},
    {.key = "band.dimension", .kind = QEP_PARAMETER_INTEGER, .required = 1, .min = 1, .max = 3, .example = "3",
     .doc = "Dimension d of the motion: 3 bulk, 2 film or inversion layer, 1 wire."},
    {.key = "band.mass", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(0, 1, 0, 0, 0, 0, 0), .required = 1, .max = 1e300, .above = 1,
     .example = "\"0.067 m_e\"", .doc = "Effective mass (of the density of states)."},
    {.key = "band.edge", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(2, 1, -2, 0, 0, 0, 0), .example = "\"10 meV\"",
     .doc = "Energy of the band's edge; 0 when not given."},
    {.key = "band.degeneracy", .kind = QEP_PARAMETER_NUMBER, .standard = "2", .max = 1e300, .above = 1, .example = "12",
     .doc = "States per k, g_s g_v: spin times valleys (and subbands)."},
    {.key = "band.thickness", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(1, 0, 0, 0, 0, 0, 0), .max = 1e300, .above = 1,
     .example = "\"5 nm\"", .doc = "Dimension 2: thickness over which the entropy per area is spread; that of a 2-D grid when not given."},
    {.key = "band.cross_section", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(2, 0, 0, 0, 0, 0, 0), .max = 1e300, .above = 1,
     .example = "\"25 nm^2\"", .doc = "Dimension 1: area over which the entropy per length is spread; that of a 1-D grid when not given."},
    {.key = "dos", .kind = QEP_PARAMETER_GROUP, .doc = "Electrons with a tabulated density of states, linear between its entries and 0 outside."},
    {.key = "dos.hdf5", .kind = QEP_PARAMETER_FILE, .required = 1, .example = "\"dos.h5\"", .doc = "File of the table."},
    {.key = "dos.dataset", .kind = QEP_PARAMETER_TEXT, .required = 1, .example = "\"/g\"",
     .doc = "Density of states g(E) [n], spin included, in 1/(J m^3) or the unit of its attribute units."},
    {.key = "dos.energies", .kind = QEP_PARAMETER_TEXT, .required = 1, .example = "\"/E\"", .doc = "Its energies [n], increasing, in J or the unit of their attribute units."},
    {.key = "sommerfeld", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(-1, 1, -2, 0, -2, 0, 0), .max = 1e300,
     .example = "\"70 J/(K^2 m^3)\"", .doc = "Electrons of a metal by their specific heat: s = gamma T."},
    {.key = "debye", .kind = QEP_PARAMETER_GROUP, .doc = "Phonons in Debye's model."},
    {.key = "debye.temperature", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(0, 0, 0, 0, 1, 0, 0), .required = 1, .max = 1e300, .above = 1,
     .example = "\"428 K\"", .doc = "Debye temperature theta_D(r)."},
    {.key = "debye.atoms_per_volume", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(-3, 0, 0, 0, 0, 0, 0), .required = 1, .max = 1e300,
     .example = "\"60 nm^-3\"", .doc = "Atoms per volume; three modes each."},
};
/* clang-format on */

const qep_source_row qep_source_thermal = {
    .name = "thermal",
    .doc = "Thermal entropy of electrons (parabolic band, density of states, Sommerfeld) or phonons (Debye).",
    .equation = "T8",
    .output = outputs,
    .outputs = 2,
    .parameter = parameters,
    .parameters = sizeof parameters / sizeof *parameters,
    .example = "{\"source\": \"thermal\", \"temperature\": \"300 - 100*x\", \"chemical_potential\": \"1e-20*y\", "
               "\"band\": {\"dimension\": 3, \"mass\": \"0.5 m_e\", \"edge\": \"5 meV\"}}",
    .validate = validate,
    .check = check,
    .fill = fill,
};
