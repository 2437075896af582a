/* "transport": the Hamiltonian, energies, sweeps, and what the section must satisfy as a whole. Bare numbers that are energies have the unit
 * of energy_unit; quantities keep their own; expressions are SI as everywhere. */
#include "config/transport.h"

#include "qep/base/constants.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void destroy_transport(qep_config_transport *t) {
    for (size_t i = 0; t->variant && i < t->variants; i++) {
        destroy_transport(&t->variant[i]);
    }
    qep_field_spec_destroy(t->mass);
    qep_field_spec_destroy(t->potential);
    qep_field_spec_destroy(t->loop.start);
    destroy_transport_drive(&t->drive);
    for (size_t i = 0; t->terminal && i < t->terminals; i++) {
        qep_free(t->terminal[i].name);
        qep_free(t->terminal[i].sites);
        qep_free(t->terminal[i].previous);
        qep_free(t->terminal[i].where);
    }
    void *const all[] = {t->onsite, t->volume, t->hopping, t->terminal, t->energy, t->set_mu, t->set_temperature, t->variant, t->parameter_values};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        qep_free(all[i]);
    }
}

/* ---- rows ---- */

int read_transport_object(reader *r, const config_row *row, const json_node *node) {
    return node->kind == JSON_OBJECT || reject(r, node, "wrong_type", "%s came; %s is needed", json_kind_name(node), row->kind);
}

int read_transport_list(reader *r, const config_row *row, const json_node *node) {
    return node->kind == JSON_ARRAY || reject(r, node, "wrong_type", "%s came; %s is needed", json_kind_name(node), row->kind);
}

int read_transport_sweep_form(reader *r, const config_row *row, const json_node *node) {
    return node->kind == JSON_ARRAY || node->kind == JSON_OBJECT || reject(r, node, "wrong_type", "%s came; %s is needed", json_kind_name(node), row->kind);
}

int read_transport_count(reader *r, const config_row *row, const json_node *node) {
    double value = 0.0;
    (void)row;
    return read_integer(r, node, 0, 1e9, &value);
}

int read_transport_energy_unit(reader *r, const config_row *row, const json_node *node) {
    static const char *const names[] = {"J", "eV"};
    (void)row;
    if (node->kind != JSON_STRING) {
        return reject(r, node, "wrong_type", "%s came; \"J\" or \"eV\" is needed", json_kind_name(node));
    }
    return strcmp(node->string, "J") == 0 || strcmp(node->string, "eV") == 0 || reject_choice(r, node, node->string, names, 2);
}

static void write_node(writer *w, const json_node *node) {
    static const char *const words[] = {"null", "false", "true"};
    if (node->kind == JSON_NUMBER) {
        write_number(w, node->number);
    } else if (node->kind == JSON_STRING) {
        write_string(w, node->string);
    } else if (node->kind != JSON_ARRAY && node->kind != JSON_OBJECT) {
        write_raw(w, words[node->kind]);
    } else {
        write_open(w, node->kind == JSON_ARRAY ? '[' : '{');
        for (size_t i = 0; i < node->count; i++) {
            const json_node *child = node->child[i];
            if (child->key && rows_is_metadata(child->key)) {
                continue;
            }
            if (child->key) {
                write_key(w, child->key);
            } else {
                write_next(w);
            }
            write_node(w, child);
        }
        write_close(w, node->kind == JSON_ARRAY ? ']' : '}');
    }
}

int write_transport_as_given(writer *w, const draft *d, const config_row *row) {
    const json_node *section = json_member(d->config.json->root, "transport");
    const json_node *node = json_member(section, row_key(row));
    if (!node || !w) {
        return node != NULL;
    }
    write_node(w, node);
    return 1;
}

/* ---- values ---- */

static double energy_unit(const reader *r) {
    const json_node *unit = json_member(json_member(r->json->root, "transport"), "energy_unit");
    return unit && unit->kind == JSON_STRING && strcmp(unit->string, "eV") == 0 ? QEP_E_CHARGE : 1.0;
}

int read_transport_energy(reader *r, const json_node *node, double *value) {
    const qep_dimension energy = QEP_DIM_ENERGY;
    if (node->kind == JSON_NUMBER) {
        *value = node->number * energy_unit(r);
        return 1;
    }
    return read_scalar(r, node, &energy, value);
}

int read_transport_sites(reader *r, const json_node *node, size_t **sites, size_t *count) {
    void *block = NULL;
    if (node->kind != JSON_ARRAY || node->count == 0) {
        return reject(r, node, "wrong_type", "a list of site numbers, counted from 0, is needed");
    }
    if (qep_alloc(&block, node->count, sizeof **sites, "sites", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    *sites = block;
    *count = node->count;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        double value = 0.0;
        good = read_integer(r, node->child[i], 0, 1e9, &value) && good;
        (*sites)[i] = (size_t)value;
    }
    return good;
}

int read_transport_text(reader *r, const json_node *node, char **text) {
    if (node->kind != JSON_STRING || !node->string[0]) {
        return reject(r, node, "wrong_type", "%s came; a text is needed", json_kind_name(node));
    }
    *text = qep_text_copy(node->string);
    return *text ? 1 : reject_memory(r);
}

static int read_energies(reader *r, const json_node *node, double **values, size_t *count) {
    if (qep_alloc_doubles(values, node->count, "energies", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    *count = node->count;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        (*values)[i] = 0.0;
        good = read_transport_energy(r, node->child[i], &(*values)[i]) && good;
    }
    return good;
}

/* ---- Hamiltonian ---- */

static int read_value(reader *r, const json_node *node, double complex *value) {
    double re = 0.0, im = 0.0;
    if (node->kind == JSON_ARRAY) {
        if (node->count != 2) {
            return reject(r, node, "wrong_type", "a complex hopping is [re, im]");
        }
        const int good = read_transport_energy(r, node->child[0], &re) && read_transport_energy(r, node->child[1], &im);
        *value = re + I * im;
        return good;
    }
    const int good = read_transport_energy(r, node, &re);
    *value = re;
    return good;
}

static int read_hopping(reader *r, const json_node *node, qep_hopping *bond) {
    static const char *const keys[] = {"from", "to", "value"};
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type", "{\"from\": 0, \"to\": 1, \"value\": E} is needed");
    }
    int good = check_keys(r, node, keys, 3);
    for (size_t k = 0; k < 3; k++) {
        if (!json_member(node, keys[k])) {
            return reject_missing(r, node, keys[k], "a hopping is {\"from\": 0, \"to\": 1, \"value\": E}");
        }
    }
    double from = 0.0, to = 0.0;
    good = read_integer(r, json_member(node, "from"), 0, 1e9, &from) && good;
    good = read_integer(r, json_member(node, "to"), 0, 1e9, &to) && good;
    bond->from = (size_t)from;
    bond->to = (size_t)to;
    return read_value(r, json_member(node, "value"), &bond->value) && good;
}

static int read_hoppings(reader *r, const json_node *node, qep_config_transport *t) {
    void *block = NULL;
    if (!node) {
        return 1; /* levels without bonds */
    }
    if (node->kind != JSON_ARRAY) {
        return reject(r, node, "wrong_type", "a list of hoppings is needed");
    }
    if (qep_alloc(&block, node->count, sizeof *t->hopping, "hoppings", NULL) != QEP_OK) {
        return reject_memory(r);
    }
    t->hopping = block;
    t->hoppings = node->count;
    int good = 1;
    for (size_t i = 0; i < node->count; i++) {
        good = read_hopping(r, node->child[i], &t->hopping[i]) && good;
    }
    return good;
}

static int read_list(reader *r, const json_node *node, qep_config_transport *t) {
    static const char *const keys[] = {"kind", "onsite", "hoppings", "volumes"};
    const json_node *onsite = json_member(node, "onsite"), *volumes = json_member(node, "volumes");
    int good = check_keys(r, node, keys, 4);
    if (!onsite || onsite->kind != JSON_ARRAY || onsite->count == 0) {
        return reject(r, onsite ? onsite : node, "missing_key", "\"onsite\": [E, ...], one energy per site, is needed");
    }
    good = read_energies(r, onsite, &t->onsite, &t->sites) && good;
    good = read_hoppings(r, json_member(node, "hoppings"), t) && good;
    if (volumes) {
        const qep_dimension volume = QEP_DIM_VOLUME;
        double_list list = {0};
        if (!read_numbers(r, volumes, &volume, &list)) {
            return 0;
        }
        t->volume = list.value;
        if (list.count != t->sites) {
            return reject(r, volumes, "contradiction", "%zu volumes came for %zu sites", list.count, t->sites);
        }
    }
    return good;
}

static int explicitly_periodic(const reader *r, int axis) {
    const char key[2] = {"xyz"[axis], 0};
    const json_node *axes = json_member(json_member(r->json->root, "boundary"), key), *low = json_member(axes, "low");
    const json_node *node = low ? low : axes; /* both faces, or the whole axis */
    return node && node->kind == JSON_STRING && strcmp(node->string, "periodic") == 0;
}

/* Samples of an axis whose coordinates lie in the interval; rounding of both is forgiven. */
static int read_interval(reader *r, const json_node *node, int axis, qep_config_transport *t) {
    const qep_dimension metre = QEP_DIM_LENGTH;
    const qep_grid *grid = &r->draft->config.grid;
    double_list ends = {0};
    if (axis >= grid->ndim) {
        return reject(r, node, "inapplicable", "the grid has %d ax%s", grid->ndim, grid->ndim == 1 ? "is" : "es");
    }
    if (!read_numbers(r, node, &metre, &ends)) {
        return 0;
    }
    const int good = ends.count == 2 && ends.value[0] <= ends.value[1];
    const double slack = 1e-6 * grid->axis[axis].h, low = good ? ends.value[0] - slack : 0.0, high = good ? ends.value[1] + slack : 0.0;
    qep_free(ends.value);
    if (!good) {
        return reject(r, node, "wrong_type", "an interval [low, high] in m is needed, like [\"10 nm\", \"60 nm\"]");
    }
    size_t count = 0;
    for (size_t i = 0; i < grid->axis[axis].n; i++) {
        const double at = qep_grid_coordinate(grid, axis, i);
        if (at >= low && at <= high) {
            t->low[axis] = count++ ? t->low[axis] : i;
        }
    }
    t->size[axis] = count;
    return count > 0 || reject(r, node, "out_of_range", "no sample of the grid lies in the interval; along %c they are at %.6g to %.6g m", "xyz"[axis],
                               qep_grid_coordinate(grid, axis, 0), qep_grid_coordinate(grid, axis, grid->axis[axis].n - 1));
}

/* The samples that are the conductor: all, or those of a box. */
static int read_region(reader *r, const json_node *node, qep_config_transport *t) {
    static const char *const keys[] = {"x", "y", "z"};
    for (int d = 0; d < 3; d++) {
        t->low[d] = 0;
        t->size[d] = r->draft->config.grid.axis[d].n;
    }
    if (!node) {
        return 1;
    }
    if (node->kind != JSON_OBJECT) {
        return reject(r, node, "wrong_type", "%s came; {\"x\": [low, high], ...} is needed", json_kind_name(node));
    }
    int good = check_keys(r, node, keys, 3);
    for (int d = 0; d < 3; d++) {
        const json_node *interval = json_member(node, keys[d]);
        good = (!interval || read_interval(r, interval, d, t)) && good;
    }
    return good;
}

static int read_grid_hamiltonian(reader *r, const json_node *node, qep_config_transport *t) {
    static const char *const keys[] = {"kind", "mass", "potential", "magnetic_field", "region"};
    const qep_dimension tesla = QEP_DIMENSION(0, 1, -2, -1, 0, 0, 0);
    const json_node *mass = json_member(node, "mass"), *potential = json_member(node, "potential"), *field = json_member(node, "magnetic_field");
    int good = check_keys(r, node, keys, 5);
    t->on_grid = 1;
    if (r->draft->config.grid.ndim == 0) {
        return json_member(r->json->root, "grid") ? good : reject(r, node, "missing_key", "kind \"grid\" needs the section \"grid\"");
    }
    if (!mass) {
        return reject_missing(r, node, "mass", "the effective mass, like \"0.067 m_e\"");
    }
    t->mass = read_field(r, mass, QEP_DIM_MASS, 0);
    t->potential = potential ? read_field(r, potential, QEP_DIM_ENERGY, 0) : NULL;
    if (potential && potential->kind == JSON_NUMBER && t->potential) {
        t->potential->value *= energy_unit(r);
    }
    good = read_region(r, json_member(node, "region"), t) && good;
    for (int d = 0; d < 3; d++) {
        t->periodic[d] = explicitly_periodic(r, d) && t->size[d] == r->draft->config.grid.axis[d].n;
    }
    return t->mass && (!potential || t->potential) && (!field || read_scalar(r, field, &tesla, &t->field)) && good;
}

int read_transport_hamiltonian(reader *r, const json_node *node, qep_config_transport *t) {
    static const char *const kinds[] = {"grid", "list"};
    const json_node *kind = json_member(node, "kind");
    if (!kind || kind->kind != JSON_STRING) {
        return reject(r, kind ? kind : node, "missing_key", "\"kind\": \"grid\" or \"list\" is needed");
    }
    return strcmp(kind->string, "grid") == 0   ? read_grid_hamiltonian(r, node, t)
           : strcmp(kind->string, "list") == 0 ? read_list(r, node, t)
                                               : reject_choice(r, kind, kind->string, kinds, 2);
}

/* ---- together ---- */

static int check_together(reader *r, const json_node *section, const qep_config_transport *t) {
    static const char *const of_leads[] = {"energies", "sweep", "linear_response", "nonlocal_work", "bound_states", "site_fields", "bond_currents",
                                           "entropy", "tolerance", "probes"};
    for (size_t i = 0; t->leads == 0 && i < sizeof of_leads / sizeof *of_leads; i++) {
        const json_node *node = json_member(section, of_leads[i]);
        if (node) {
            return reject(r, node, "inapplicable", "it belongs to a conductor with leads, and \"leads\" is not given");
        }
    }
    if (t->leads == 0 && !t->drive.given) {
        return reject_missing(r, section, "leads", "the reservoirs; only a \"drive\" does without");
    }
    static const char *const of_fields[] = {"entropy", "bound_states", "bond_currents"};
    for (size_t i = 0; !t->site_fields && i < sizeof of_fields / sizeof *of_fields; i++) {
        const json_node *node = json_member(section, of_fields[i]);
        if (node && (i != 2 || t->bond_currents)) {
            return reject(r, node, "inapplicable", "it has no effect without \"site_fields\"");
        }
    }
    if (!check_transport_driven_sites(r, json_member(section, "drive"))) {
        return 0;
    }
    static const char *const of_one[] = {"nonlocal_work", "drive"};
    for (size_t i = 0; t->variants && i < sizeof of_one / sizeof *of_one; i++) {
        const json_node *node = json_member(section, of_one[i]);
        if (node) {
            return reject(r, node, "inapplicable", "it belongs to a single conductor, not to a sweep over a parameter; use a run for each");
        }
    }
    return 1;
}

void finish_transport(reader *r) {
    qep_config_transport *t = &r->draft->config.transport;
    const json_node *section = json_member(r->json->root, "transport");
    if (!section || section->kind != JSON_OBJECT || r->failed) {
        return;
    }
    const json_node *h = json_member(section, "hamiltonian"), *energies = json_member(section, "energies"), *sweep = json_member(section, "sweep"),
                    *drive = json_member(section, "drive"), *work = json_member(section, "nonlocal_work"), *loop = json_member(section, "self_consistency");
    if (!h) {
        reject_missing(r, section, "hamiltonian", "{\"kind\": \"grid\" or \"list\", ...}");
        return;
    }
    double site = 0.0;
    t->given = 1;
    int good = read_transport_hamiltonian(r, h, t);
    good = good && read_transport_terminals(r, json_member(section, "leads"), json_member(section, "probes"));
    good = good && (!energies || read_energies(r, energies, &t->energy, &t->energies));
    good = good && (!sweep || read_transport_sweep(r, section, sweep, t));
    good = good && (!drive || read_transport_drive(r, drive));
    good = good && (!loop || read_transport_loop(r, section, loop, t));
    if (good && work) {
        good = read_integer(r, work, 0, 1e9, &site);
        t->work_site = (size_t)site;
        t->has_work_site = 1;
    }
    if (good) {
        check_together(r, section, t);
    }
}

/* ---- schema ---- */

#define META "\"$schema\": {\"type\": \"string\"}, \"title\": {}, \"comment\": {}}, \"patternProperties\": {\"^x-\": {}}, \"additionalProperties\": false"
#define SCALAR "{\"type\": [\"number\", \"string\"]}"
#define INTERVAL "{\"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, \"items\": " SCALAR "}"
#define SITES "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"integer\", \"minimum\": 0}}"

static void definition(writer *w, const char *name, const char *json) {
    write_key(w, name);
    write_raw(w, json);
}

void write_transport_definitions(writer *w) {
    definition(w, "transport_hopping",
               "{\"type\": \"object\", \"required\": [\"from\", \"to\", \"value\"], \"properties\": {\"from\": {\"type\": \"integer\", \"minimum\": 0}, \"to\": "
               "{\"type\": \"integer\", \"minimum\": 0}, \"value\": {\"anyOf\": [" SCALAR ", {\"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, \"items\": "
               SCALAR "}]}, " META "}");
    definition(w, "transport_grid",
               "{\"type\": \"object\", \"required\": [\"kind\", \"mass\"], \"properties\": {\"kind\": {\"const\": \"grid\"}, \"mass\": {\"$ref\": "
               "\"#/$defs/field\"}, \"potential\": {\"$ref\": \"#/$defs/field\"}, \"magnetic_field\": " SCALAR ", \"region\": {\"$ref\": \"#/$defs/transport_region\"}, " META "}");
    definition(w, "transport_region",
               "{\"type\": \"object\", \"properties\": {\"x\": " INTERVAL ", \"y\": " INTERVAL ", \"z\": " INTERVAL ", " META "}");
    definition(w, "transport_list",
               "{\"type\": \"object\", \"required\": [\"kind\", \"onsite\"], \"properties\": {\"kind\": {\"const\": \"list\"}, \"onsite\": {\"type\": \"array\", "
               "\"minItems\": 1, \"items\": " SCALAR "}, \"hoppings\": {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/transport_hopping\"}}, "
               "\"volumes\": {\"type\": \"array\", \"items\": " SCALAR "}, " META "}");
    definition(w, "transport_hamiltonian", "{\"anyOf\": [{\"$ref\": \"#/$defs/transport_grid\"}, {\"$ref\": \"#/$defs/transport_list\"}]}");
    definition(w, "transport_lead",
               "{\"type\": \"object\", \"required\": [\"name\", \"kind\", \"mu\", \"temperature\"], \"properties\": {\"name\": {\"type\": \"string\", "
               "\"minLength\": 1}, \"kind\": {\"enum\": [\"strip\", \"periodic\", \"wideband\"]}, \"face\": {\"enum\": [\"x-low\", \"x-high\", \"y-low\", "
               "\"y-high\", \"z-low\", \"z-high\"]}, \"sites\": " SITES ", \"previous\": " SITES ", \"period\": {\"type\": \"integer\", \"minimum\": 1}, "
               "\"gamma\": " SCALAR ", \"mu\": " SCALAR ", \"temperature\": " SCALAR ", \"shift\": " SCALAR ", \"hopping\": " SCALAR ", " META "}");
    definition(w, "transport_leads", "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/transport_lead\"}}");
    definition(w, "transport_probe",
               "{\"type\": \"object\", \"required\": [\"name\", \"kind\", \"gamma\"], \"properties\": {\"name\": {\"type\": \"string\", \"minLength\": 1}, "
               "\"kind\": {\"enum\": [\"dephasing\", \"voltage\", \"thermoelectric\"]}, \"sites\": " SITES ", \"where\": {\"type\": \"string\", "
               "\"minLength\": 1}, \"gamma\": " SCALAR ", \"temperature\": " SCALAR ", " META "}");
    definition(w, "transport_probes", "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/transport_probe\"}}");
    definition(w, "transport_per_lead", "{\"anyOf\": [" SCALAR ", {\"type\": \"array\", \"items\": " SCALAR "}]}");
    definition(w, "transport_set",
               "{\"type\": \"object\", \"properties\": {\"mu\": {\"$ref\": \"#/$defs/transport_per_lead\"}, \"temperature\": {\"$ref\": "
               "\"#/$defs/transport_per_lead\"}, " META "}");
    definition(w, "transport_loop",
               "{\"type\": \"object\", \"properties\": {\"potential\": {\"enum\": [\"phi\", \"phi_rho\", \"phi_S\"]}, \"mixing\": " SCALAR ", \"history\": {\"type\": "
               "\"integer\", \"minimum\": 0, \"maximum\": 50}, \"tolerance\": " SCALAR ", \"max_iterations\": {\"type\": \"integer\", \"minimum\": 0}, \"start\": {\"$ref\": "
               "\"#/$defs/field\"}, " META "}");
    definition(w, "transport_sets", "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/transport_set\"}}");
    definition(w, "transport_values",
               "{\"type\": \"object\", \"required\": [\"parameter\", \"values\"], \"properties\": {\"parameter\": {\"type\": \"string\", \"minLength\": 1}, "
               "\"values\": {\"type\": \"array\", \"minItems\": 1, \"items\": " SCALAR "}, \"sets\": {\"$ref\": \"#/$defs/transport_sets\"}, " META "}");
    definition(w, "transport_sweep", "{\"anyOf\": [{\"$ref\": \"#/$defs/transport_sets\"}, {\"$ref\": \"#/$defs/transport_values\"}]}");
    definition(w, "transport_filling",
               "{\"type\": \"object\", \"required\": [\"mu\", \"temperature\"], \"properties\": {\"mu\": " SCALAR ", \"temperature\": " SCALAR ", " META "}");
    definition(w, "transport_halves",
               "{\"type\": \"object\", \"required\": [\"below\", \"above\"], \"properties\": {\"below\": {\"$ref\": \"#/$defs/transport_filling\"}, \"above\": "
               "{\"$ref\": \"#/$defs/transport_filling\"}, " META "}");
    definition(w, "transport_drive",
               "{\"type\": \"object\", \"required\": [\"filling\", \"step\", \"end\", \"cut\"], \"properties\": {\"site\": {\"type\": \"integer\", "
               "\"minimum\": 0}, \"sites\": " SITES ", \"waveform\": {\"anyOf\": [{\"type\": \"string\", \"minLength\": 1}, {\"type\": \"array\", "
               "\"minItems\": 1, \"items\": {\"type\": \"string\", \"minLength\": 1}}]}, \"potential\": {\"type\": \"string\", \"minLength\": 1}, "
               "\"hopping\": " SCALAR ", \"filling\": {\"anyOf\": [{\"$ref\": \"#/$defs/transport_filling\"}, {\"$ref\": "
               "\"#/$defs/transport_halves\"}]}, \"step\": " SCALAR ", \"end\": " SCALAR ", \"cut\": {\"anyOf\": [{\"type\": \"integer\", \"minimum\": "
               "1}, " SITES ", {\"type\": \"string\", \"minLength\": 1}]}, \"every\": {\"type\": \"integer\", \"minimum\": 1}, \"force\": {\"type\": "
               "\"boolean\"}, " META "}");
}
