/* Trapped gases in the local-density approximation: at each point the gas is a large uniform one at T(r) and n(r), or at
 * mu(r) = mu - V(r). Classical (Sackur-Tetrode), ideal Fermi, ideal Bose with a condensate that carries no entropy. With the thermal
 * wavelength lambda = h/sqrt(2 pi m k_B T) and g internal states everything follows from n lambda^3/g alone. */
#include "qep/base/constants.h"
#include "qep/base/statistics.h"
#include "pointwise.h"
#include "source_rows.h"
#include <math.h>

#define NUMBER_DENSITY QEP_DIMENSION(-3, 0, 0, 0, 0, 0, 0)

enum { CLASSICAL, FERMI, BOSE };
enum { ATOMS, THERMAL, ENTROPY }; /* integrals */

static const char *const statistics_names[] = {"classical", "fermi", "bose", NULL};
static const double dilute = 0.1; /* n lambda^3/g above which a classical gas is warned about: its pressure is off by 2 % there */

typedef struct {
    const qep_source_request *request;
    int statistics, by_density;
    double mass, degeneracy;
    qep_source_samples temperature, density, mu, trap;
} gas;

/* Numbers n and thermal n, entropy s; first in units of g/lambda^3 and k_B g/lambda^3, then in SI. */
typedef struct {
    double number, thermal, entropy;
} gas_state;

/* g/lambda^3 = g (2 pi m k_B T/h^2)^{3/2}, m^-3 */
static double state_density(const gas *g, double temperature) {
    return g->degeneracy * pow(2.0 * QEP_PI * g->mass * QEP_BOLTZMANN * temperature / QEP_PLANCK / QEP_PLANCK, 1.5);
}

static double mu_at(const gas *g, size_t i) {
    return qep_source_sample(&g->mu, i) - qep_source_sample(&g->trap, i);
}

/* From y = n lambda^3/g. */
static gas_state of_number(int statistics, double y) {
    if (!(y > 0.0)) {
        return (gas_state){0, 0, 0};
    }
    if (statistics == CLASSICAL) {
        return (gas_state){y, y, y * (2.5 - log(y))};
    }
    if (statistics == FERMI) {
        return (gas_state){y, y, qep_fermi_entropy(3, qep_fermi_eta(3, y))};
    }
    const double alpha = qep_bose_alpha(y);
    return (gas_state){y, alpha > 0.0 ? y : fmin(y, qep_bose_number(0.0)), qep_bose_entropy(alpha)};
}

/* From eta = (mu - V)/(k_B T); for bosons eta <= 0, and 0 is the edge of condensation. */
static gas_state of_eta(int statistics, double eta) {
    if (statistics == FERMI) {
        const double y = qep_fermi_number(3, eta);
        return (gas_state){y, y, qep_fermi_entropy(3, eta)};
    }
    const double y = statistics == CLASSICAL ? exp(eta) : qep_bose_number(-eta);
    const double entropy = statistics == BOSE ? qep_bose_entropy(-eta) : y > 0.0 ? y * (2.5 - eta) : 0.0;
    return (gas_state){y, y, entropy};
}

/* T = 0: fermions fill the states below mu, n = g (2 m mu)^{3/2}/(6 pi^2 hbar^3); bosons are condensed; no entropy. */
static gas_state frozen(const gas *g, size_t i) {
    const double mu = mu_at(g, i), k = g->statistics == FERMI && mu > 0.0 ? sqrt(2.0 * g->mass * mu) / QEP_HBAR : 0.0;
    const double n = g->by_density ? qep_source_sample(&g->density, i) : g->degeneracy * k * k * k / (6.0 * QEP_PI * QEP_PI);
    return (gas_state){n, g->statistics == FERMI ? n : 0.0, 0.0};
}

static gas_state state_at(const gas *g, size_t i) {
    const double T = qep_source_sample(&g->temperature, i), scale = state_density(g, T), n = qep_source_sample(&g->density, i);
    const double argument = g->by_density ? n / scale : mu_at(g, i) / (QEP_BOLTZMANN * T);
    if (!(scale > 0.0) || !(argument < 1e100)) { /* 1e100: k_B T below what doubles resolve of mu */
        return frozen(g, i);
    }
    const gas_state s = g->by_density ? of_number(g->statistics, argument) : of_eta(g->statistics, argument);
    return (gas_state){g->by_density ? n : s.number * scale, s.thermal * scale, s.entropy * scale * QEP_BOLTZMANN};
}

static qep_status judge(const void *model, size_t i, qep_error *err) {
    const gas *g = model;
    const double T = qep_source_sample(&g->temperature, i), n = qep_source_sample(&g->density, i);
    if (!(g->statistics == CLASSICAL ? T > 0.0 : T >= 0.0)) {
        return qep_source_fault(g->request, QEP_ERR_INPUT, "range", "temperature", i, err, "the temperature is %g K; it must %s", T,
                                g->statistics == CLASSICAL ? "be positive for a classical gas" : "not be negative");
    }
    if (g->by_density && !(n >= 0.0)) {
        return qep_source_fault(g->request, QEP_ERR_INPUT, "range", "density", i, err, "the density is %g m^-3; it must not be negative", n);
    }
    if (!g->by_density && g->statistics == BOSE && !(mu_at(g, i) <= 0.0)) {
        return qep_source_fault(g->request, QEP_ERR_INPUT, "range", "chemical_potential", i, err,
                                "chemical_potential - trap is %g J; for bosons it must not be positive anywhere (a condensate needs "
                                "\"density\")",
                                mu_at(g, i));
    }
    return QEP_OK;
}

static double evaluate(const void *model, size_t i, double density[QEP_POINT_SUMS]) {
    const gas *g = model;
    const gas_state s = state_at(g, i);
    density[ATOMS] = s.number;
    density[THERMAL] = s.thermal;
    density[ENTROPY] = s.entropy;
    return g->request->spec->quantity == 0 ? s.entropy : s.number;
}

/* Sackur-Tetrode beyond its range gives too little, in the end negative entropy. */
static void warn_of_degeneracy(const gas *g) {
    const size_t count = qep_grid_count(g->request->setting->grid);
    double worst = 0.0;
    for (size_t i = 0; g->statistics == CLASSICAL && i < count; i++) {
        if (qep_source_wanted(g->request, i)) {
            worst = fmax(worst, state_at(g, i).number / state_density(g, qep_source_sample(&g->temperature, i)));
        }
    }
    if (worst > dilute) {
        char path[QEP_ERROR_PATH];
        qep_log_write(g->request->setting->log, QEP_LOG_WARNING,
                      "%s: the gas is degenerate, n lambda^3/g reaches %.3g; the classical formula needs it well below 1: use statistics "
                      "\"fermi\" or \"bose\"",
                      qep_source_path(g->request->spec, NULL, path), worst);
    }
}

static qep_status report(const gas *g, const double integral[QEP_POINT_SUMS], qep_error *err) {
    QEP_TRY(qep_pointwise_report(g->request, "atom_number", integral[ATOMS], NUMBER_DENSITY, err));
    if (g->statistics == BOSE) {
        QEP_TRY(qep_pointwise_report(g->request, "condensate_number", integral[ATOMS] - integral[THERMAL], NUMBER_DENSITY, err));
    }
    QEP_TRY(qep_pointwise_report(g->request, "entropy", integral[ENTROPY], QEP_DIM_ENTROPY_DENSITY, err));
    const double per_atom = integral[ATOMS] > 0.0 ? integral[ENTROPY] / (integral[ATOMS] * QEP_BOLTZMANN) : 0.0;
    return qep_source_report(g->request, "entropy_per_atom_k_B", per_atom, NULL, err);
}

static qep_status load(gas *g, qep_error *err) {
    QEP_TRY(qep_source_samples_load(g->request, "temperature", 0.0, &g->temperature, err));
    QEP_TRY(qep_source_samples_load(g->request, "density", 0.0, &g->density, err));
    QEP_TRY(qep_source_samples_load(g->request, "chemical_potential", 0.0, &g->mu, err));
    return qep_source_samples_load(g->request, "trap", 0.0, &g->trap, err);
}

static qep_status fill(const qep_source_request *request, double *out, qep_error *err) {
    const qep_field_spec *spec = request->spec;
    gas g = {.request = request,
             .statistics = qep_source_choice(spec, "statistics"),
             .by_density = qep_source_given(spec, "density"),
             .mass = qep_source_number(spec, "mass"),
             .degeneracy = qep_source_number(spec, "degeneracy")};
    const qep_pointwise loop = {request, &g, judge, evaluate};
    double integral[QEP_POINT_SUMS];
    qep_status status = load(&g, err);
    if (status == QEP_OK) {
        status = qep_pointwise_fill(&loop, out, integral, err);
    }
    if (status == QEP_OK) {
        warn_of_degeneracy(&g);
        status = report(&g, integral, err);
    }
    qep_source_samples_free(&g.temperature);
    qep_source_samples_free(&g.density);
    qep_source_samples_free(&g.mu);
    qep_source_samples_free(&g.trap);
    return status;
}

static qep_status validate(const qep_field_spec *spec, qep_error *err) {
    char path[QEP_ERROR_PATH];
    const int density = qep_source_given(spec, "density"), mu = qep_source_given(spec, "chemical_potential");
    if (density == mu) {
        return qep_error_add(err, QEP_ERR_CONFIG, density ? "contradiction" : "missing_key",
                             qep_source_path(spec, density ? "density" : NULL, path), NULL,
                             "a gas needs either \"density\" or \"chemical_potential\" (with \"trap\")%s", density ? "; both came" : "");
    }
    if (density && qep_source_given(spec, "trap")) {
        return qep_error_add(err, QEP_ERR_CONFIG, "contradiction", qep_source_path(spec, "trap", path), NULL,
                             "\"trap\" belongs to \"chemical_potential\"; a given \"density\" already says where the atoms are");
    }
    return QEP_OK;
}

static const qep_source_output outputs[] = {
    {"entropy", QEP_DIMENSION(-1, 1, -2, 0, -1, 0, 0), "entropy density s"},
    {"density", NUMBER_DENSITY, "number density n"},
};

/* clang-format off */
static const qep_source_parameter parameters[] = {
    {.key = "statistics", .kind = QEP_PARAMETER_CHOICE, .choice = statistics_names, .required = 1, .example = "\"bose\"",
     .doc = "classical: Sackur-Tetrode, for n lambda^3 well below 1; fermi, bose: ideal quantum gases."},
    {.key = "mass", .kind = QEP_PARAMETER_NUMBER, .dimension = QEP_DIMENSION(0, 1, 0, 0, 0, 0, 0), .required = 1, .max = 1e300, .above = 1,
     .example = "\"87 u\"", .doc = "Mass of an atom."},
    {.key = "temperature", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(0, 0, 0, 0, 1, 0, 0), .required = 1, .max = 1e300,
     .example = "\"100 nK\"", .doc = "Temperature T(r)."},
    {.key = "degeneracy", .kind = QEP_PARAMETER_NUMBER, .standard = "1", .max = 1e300, .above = 1, .example = "2",
     .doc = "Internal states g, equally occupied."},
    {.key = "density", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(-3, 0, 0, 0, 0, 0, 0), .max = 1e300, .example = "\"1e13 cm^-3\"",
     .doc = "Number density n(r), or chemical_potential instead. Bosons beyond zeta(3/2) g/lambda^3 are in the condensate, which has no entropy."},
    {.key = "chemical_potential", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(2, 1, -2, 0, 0, 0, 0), .example = "\"-1e-30 J\"",
     .doc = "Chemical potential mu; at each point the gas has mu - trap, for bosons at most 0."},
    {.key = "trap", .kind = QEP_PARAMETER_FIELD, .dimension = QEP_DIMENSION(2, 1, -2, 0, 0, 0, 0), .example = "\"0.5*1.44e-25*(600*x)^2\"",
     .doc = "Potential V(r) of the trap; 0 when not given."},
};
/* clang-format on */

const qep_source_row qep_source_gas = {
    .name = "gas",
    .doc = "Trapped gas in the local-density approximation: classical, ideal Fermi, or ideal Bose.",
    .equation = "T9",
    .output = outputs,
    .outputs = 2,
    .parameter = parameters,
    .parameters = sizeof parameters / sizeof *parameters,
    .example = "{\"source\": \"gas\", \"statistics\": \"bose\", \"mass\": \"87 u\", \"temperature\": \"1e-7*(1 + 0.2*x)\", "
               "\"density\": \"1e19*(1 + 0.3*y)\"}",
    .validate = validate,
    .fill = fill,
};
