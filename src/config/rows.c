/* Every key of a configuration, one row each. A new key is a row here (and, if it is not a plain value, a reader and a writer). */
#include "config/rows.h"

#include "config/bloch.h"
#include "config/reader.h"
#include "config/transport.h"
#include "qep/grid/grid.h"
#include "qep/stencil/derivative.h"
#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(draft, member)
#define NONE QEP_DIM_NONE
#define LENGTH QEP_DIM_LENGTH

static const char *pick(const char *const *names, size_t count, size_t i) {
    return i < count ? names[i] : NULL;
}

static const char *choice_sampling(size_t i) {
    static const char *const names[] = {"cell", "node"};
    return pick(names, 2, i);
}

static const char *choice_reading(size_t i) {
    return i < QEP_READING_COUNT ? qep_reading_name((qep_reading)i) : NULL;
}

static const char *choice_closure(size_t i) {
    return i < QEP_CLOSURE_COUNT ? qep_closure_name((qep_closure)i) : NULL;
}

static const char *choice_derivative(size_t i) {
    return i < QEP_DERIVATIVE_COUNT ? qep_derivative_table()[i].name : NULL;
}

static const char *choice_method(size_t i) {
    return i < QEP_METHOD_COUNT ? qep_method_table()[i].name : NULL;
}

static const char *choice_scheme(size_t i) {
    return i < QEP_BLOCH_SCHEMES ? qep_bloch_scheme_name((qep_bloch_scheme)i) : NULL;
}

static const char *choice_drive(size_t i) {
    static const char *const names[QEP_BLOCH_DRIVES] = {"E", "E_total", "electrochemical"};
    return pick(names, QEP_BLOCH_DRIVES, i);
}

static const char *choice_entropy(size_t i) {
    static const char *const names[] = {"hs", "dist", "site"};
    return pick(names, 3, i);
}

static const char *choice_bound_states(size_t i) {
    static const char *const names[] = {"ignore", "fill"};
    return pick(names, 2, i);
}

static const char *choice_precision(size_t i) {
    static const char *const names[] = {"double", "single"};
    return pick(names, 2, i);
}

#define BOUNDARY_KIND "kind of both faces, or {\"low\": FACE, \"high\": FACE}"
#define BOUNDARY_SCHEMA "{\"$ref\": \"#/$defs/boundary\"}"

/* clang-format off */
static const config_row rows[] = {
    {.path = "parameters", .type = ROW_SPECIAL, .read = read_parameters, .write = write_parameters, .kind = "object of numbers",
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": [\"number\", \"string\"]}}",
     .example = "{\"w\": \"5 nm\", \"T\": 300}",
     .doc = "Names for expressions, by their SI value. They may not refer to each other, nor be called x y z t pi or a function's name."},

    {.path = "grid", .type = ROW_SECTION, .doc = "Regular grid of one to three axes, x first."},
    {.path = "grid.points", .type = ROW_COUNTS, .offset = AT(points), .min = 1, .max = 1e15, .example = "[128, 128, 64]",
     .doc = "Samples along each axis; its length says how many axes there are."},
    {.path = "grid.lengths", .type = ROW_NUMBERS, .offset = AT(lengths), .dimension = LENGTH, .max = 1e300, .above = 1,
     .example = "[\"100 nm\", \"100 nm\", \"50 nm\"]",
     .doc = "Extent of each axis (either this or spacing). cell: L = n h; node: L = (n-1) h, or n h on a periodic axis."},
    {.path = "grid.spacing", .type = ROW_NUMBERS, .offset = AT(spacing), .dimension = LENGTH, .max = 1e300, .above = 1,
     .example = "[\"1 nm\", \"1 nm\", \"1 nm\"]", .doc = "Distance of neighbouring samples along each axis (either this or lengths)."},
    {.path = "grid.origin", .type = ROW_NUMBERS, .offset = AT(origin), .dimension = LENGTH, .standard = "[0, 0, 0]",
     .example = "[0, 0, \"-10 nm\"]", .doc = "Coordinate of the low face of each axis."},
    {.path = "grid.sampling", .type = ROW_CHOICE, .offset = AT(sampling), .choice = choice_sampling, .standard = "\"cell\"",
     .example = "\"node\"", .doc = "cell: samples at origin + (i+1/2) h; node: at origin + i h."},
    {.path = "grid.cross_section", .type = ROW_NUMBER, .offset = AT(config.cross_section), .dimension = QEP_DIM_AREA, .max = 1e300,
     .above = 1, .example = "\"25 nm^2\"", .doc = "Area across a 1-D grid, which turns currents per area into currents."},
    {.path = "grid.thickness", .type = ROW_NUMBER, .offset = AT(config.thickness), .dimension = LENGTH, .max = 1e300, .above = 1,
     .example = "\"5 nm\"", .doc = "Thickness of a 2-D grid, which turns currents per length into currents."},

    {.path = "boundary", .type = ROW_SECTION,
     .doc = "What phi does at each face. FACE is \"periodic\", \"dirichlet\", \"neumann\", \"natural\", \"open\" or {\"dirichlet\": VALUE} and the like; VALUE is in V "
            "for dirichlet and in V/m along the outward normal for the others, and may be an expression of x, y, z, t."},
    {.path = "boundary.x", .type = ROW_SPECIAL, .read = read_boundary, .write = write_boundary, .kind = BOUNDARY_KIND,
     .schema = BOUNDARY_SCHEMA, .standard = "\"periodic\"", .example = "{\"low\": {\"dirichlet\": \"5 mV\"}, \"high\": \"natural\"}",
     .doc = "Faces across x."},
    {.path = "boundary.y", .type = ROW_SPECIAL, .read = read_boundary, .write = write_boundary, .kind = BOUNDARY_KIND,
     .schema = BOUNDARY_SCHEMA, .standard = "\"periodic\"", .example = "\"neumann\"", .doc = "Faces across y."},
    {.path = "boundary.z", .type = ROW_SPECIAL, .read = read_boundary, .write = write_boundary, .kind = BOUNDARY_KIND,
     .schema = BOUNDARY_SCHEMA, .standard = "\"periodic\"", .example = "\"natural\"", .doc = "Faces across z."},

    {.path = "entropy", .type = ROW_FIELD, .offset = AT(config.entropy), .dimension = QEP_DIM_ENTROPY_DENSITY,
     .example = "\"1e3*exp(-(x/w)^2)\"", .doc = "Entropy density S. Required unless charge, boundary values or electrodes are given."},
    {.path = "entropy_current", .type = ROW_SPECIAL, .read = read_entropy_current, .write = write_entropy_current,
     .dimension = QEP_DIM_ENTROPY_CURRENT, .kind = "list of fields",
     .schema = "{\"type\": \"array\", \"minItems\": 1, \"maxItems\": 3, \"items\": {\"$ref\": \"#/$defs/field\"}}",
     .example = "[\"1e-3*x\", 0, 0]",
     .doc = "Entropy current density J_s, one field per axis, for the rate of the continuity equation: quantities div_entropy_current and entropy_rate."},
    {.path = "charge", .type = ROW_FIELD, .offset = AT(config.charge), .dimension = QEP_DIM_CHARGE_DENSITY,
     .example = "\"1.6 C/m^3\"", .doc = "Charge density rho_e; none when it is not given."},

    {.path = "materials", .type = ROW_SECTION, .doc = "Properties of the material."},
    {.path = "materials.conductivity", .type = ROW_FIELD, .offset = AT(config.conductivity), .dimension = QEP_DIM_CONDUCTIVITY,
     .standard = "1", .example = "\"6e7 S/m\"", .doc = "Electrical conductivity sigma. Samples where it is exactly 0 are insulators, which conduction leaves out."},
    {.path = "materials.permittivity", .type = ROW_FIELD, .offset = AT(config.permittivity), .dimension = NONE, .standard = "1",
     .example = "\"x < 5e-9 ? 11.7 : 3.9\"", .doc = "Relative permittivity eps_r, greater than 0. Where it varies, phi comes from finite volumes of order 2."},

    {.path = "coupling", .type = ROW_SECTION, .doc = "Coupling kappa = (hbar/e) c (equation T5)."},
    {.path = "coupling.closure", .type = ROW_CHOICE, .offset = AT(closure), .choice = choice_closure, .standard = "\"literal\"",
     .example = "\"cell\"",
     .doc = "literal: c = 1 without unit, phi is then not in volts; cell: c = cell_volume/(k_B time), phi is in volts; custom: value and unit."},
    {.path = "coupling.cell_volume", .type = ROW_NUMBER, .offset = AT(config.coupling.cell_volume), .dimension = QEP_DIM_VOLUME,
     .max = 1e300, .above = 1, .example = "\"0.1 nm^3\"", .doc = "Closure cell: volume over which the entropy is counted in k_B. Not needed where the entropy's source has a cell_volume of its own."},
    {.path = "coupling.time", .type = ROW_NUMBER, .offset = AT(config.coupling.time), .dimension = QEP_DIM_TIME, .max = 1e300,
     .above = 1, .example = "\"100 fs\"", .doc = "Closure cell: coherence time tau."},
    {.path = "coupling.length", .type = ROW_NUMBER, .offset = AT(config.coupling.length), .dimension = LENGTH, .max = 1e300,
     .above = 1, .example = "\"1 nm\"", .doc = "Closure cell: a length that multiplies c, so that gradient and directional give volts."},
    {.path = "coupling.value", .type = ROW_SPECIAL, .read = read_coupling_value, .write = write_coupling_value, .kind = "number",
     .schema = "{\"type\": [\"number\", \"string\"]}", .example = "7.2e14", .doc = "Closure custom: c, in the unit given beside it."},
    {.path = "coupling.unit", .type = ROW_SPECIAL, .read = read_coupling_unit, .write = write_coupling_unit, .kind = "unit",
     .schema = "{\"type\": \"string\"}", .example = "\"K m^3/(J s)\"",
     .doc = "Closure custom: unit of c (\"1\" when it has none)."},
    {.path = "coupling.profile", .type = ROW_FIELD, .offset = AT(config.coupling.profile), .dimension = NONE,
     .example = "\"x < 5e-9 ? 1 : 0.5\"", .doc = "A field without unit that multiplies kappa: E_S = -kappa(r) grad S."},

    {.path = "coupling.entropy_at_infinity", .type = ROW_NUMBER, .offset = AT(config.coupling.entropy_at_infinity),
     .dimension = QEP_DIM_ENTROPY_DENSITY, .example = "\"2 kJ/(K m^3)\"",
     .doc = "Entropy density beyond open faces, which drives nothing: phi_S = kappa (S - this). The mean of S over the open faces when not given."},

    {.path = "reading", .type = ROW_CHOICE, .offset = AT(reading), .choice = choice_reading, .standard = "\"poisson\"",
     .example = "\"field\"", .doc = "How T1-T3 are read: which equation defines phi, E and J_S (theory, section 1)."},
    {.path = "direction", .type = ROW_NUMBERS, .offset = AT(direction), .dimension = NONE, .example = "[1, 0, 0]",
     .doc = "Reading directional: the direction n, normalised; one component per axis of the grid or three."},

    {.path = "solver", .type = ROW_SECTION, .doc = "How the equation is solved."},
    {.path = "solver.derivative", .type = ROW_CHOICE, .offset = AT(derivative), .choice = choice_derivative, .standard = "\"fd4\"",
     .example = "\"fd8\"", .doc = "fdN: stencils of order N in the Laplacian that is inverted and in the derived fields; spectral: exact symbols."},
    {.path = "solver.method", .type = ROW_CHOICE, .offset = AT(method), .choice = choice_method, .standard = "\"auto\"",
     .example = "\"pcg-mg\"",
     .doc = "fft: direct, by fast transforms (uniform coefficients); pcg-fft, pcg-mg, pcg-amg: conjugate gradients on finite volumes of order 2, "
            "preconditioned by the uniform problem, by multigrid, by BoomerAMG. auto takes what fits and says why (-v)."},
    {.path = "solver.kernel", .type = ROW_SPECIAL, .read = read_kernel, .write = write_kernel, .kind = "\"truncated\" or \"lattice\"",
     .schema = "{\"enum\": [\"truncated\", \"lattice\"]}", .example = "\"truncated\"",
     .doc = "Kernel of open faces. truncated: the exact Green's function, cut off beyond the grid: spectral for smooth sources; lattice: the inverse "
            "of the fdN stencil in free space. Truncated with derivative spectral and lattice with fdN when not given."},
    {.path = "solver.tolerance", .type = ROW_NUMBER, .offset = AT(config.tolerance), .dimension = NONE, .standard = "1e-10", .max = 1,
     .above = 1, .example = "1e-12", .doc = "Largest relative residual that passes the self-check (rounding is always allowed)."},
    {.path = "solver.max_iterations", .type = ROW_COUNT, .offset = AT(config.max_iterations), .standard = "500", .min = 1, .max = 1e9,
     .example = "2000", .doc = "Limit of the iterative methods; beyond it the run ends with exit code 6."},
    {.path = "solver.neutralize", .type = ROW_SWITCH, .offset = AT(config.neutralize), .standard = "false", .example = "true",
     .doc = "Without a Dirichlet or open face: remove any net source by a uniform background instead of stopping with exit code 5."},
    {.path = "solver.compatibility", .type = ROW_SPECIAL, .read = read_compatibility, .write = write_compatibility,
     .kind = "\"auto\" or a number from 0 to 1", .schema = "{\"type\": [\"number\", \"string\"], \"minimum\": 0, \"maximum\": 1}",
     .standard = "\"auto\"", .example = "1e-8",
     .doc = "Without a Dirichlet or open face: largest relative imbalance of the source that is removed and reported; above it: exit code 5. auto: what "
            "quadrature explains."},
    {.path = "solver.gauge", .type = ROW_SPECIAL, .read = read_gauge, .write = write_gauge,
     .kind = "\"zero_mean\", \"far_field\" or {\"point\": [x, y, z], \"value\": V}", .schema = "{\"$ref\": \"#/$defs/gauge\"}",
     .standard = "\"zero_mean\"", .example = "{\"point\": [0, 0, 0], \"value\": \"0 V\"}",
     .doc = "Without a Dirichlet face: what fixes the constant of phi. far_field, the default with open faces: as the free-space Green's function has it; "
            "with three open axes that leaves nothing to choose."},
    {.path = "solver.gauge_length", .type = ROW_NUMBER, .offset = AT(config.gauge_length), .dimension = LENGTH, .max = 1e300, .above = 1,
     .example = "\"1 um\"",
     .doc = "Two open axes, gauge far_field: distance R at which the potential -ln(r/R) of a line charge vanishes. The diagonal of the open axes when not "
            "given, a wall's image included."},
    {.path = "solver.keep_unconverged", .type = ROW_SWITCH, .offset = AT(config.keep_unconverged), .standard = "false", .example = "true",
     .doc = "Write the file even if the self-check fails (exit_state \"unconverged\", exit code 6 all the same)."},

    {.path = "conduction", .type = ROW_SECTION,
     .doc = "Steady conduction (equation T7): what a voltmeter reads. It is solved when this section or electrodes are given."},
    {.path = "conduction.boundary", .type = ROW_SPECIAL, .read = read_conduction_boundary, .write = write_conduction_boundary,
     .kind = "one kind for all faces, or {\"x\": KIND or {\"low\": FACE, \"high\": FACE}, ...}",
     .schema = "{\"$ref\": \"#/$defs/conduction_boundary\"}", .example = "{\"x\": {\"low\": {\"dirichlet\": \"1 mV\"}, \"high\": \"insulating\"}}",
     .doc = "What V does at the outer faces: \"insulating\" (no current; the default), \"periodic\" (the default where phi is periodic and the axis has no "
            "electrode), \"dirichlet\" or {\"dirichlet\": V} (\"fixed\" means the same)."},
    {.path = "conduction.conductance", .type = ROW_SWITCH, .offset = AT(config.conduction.conductance), .example = "true",
     .doc = "true: also report the conductance matrix of the electrodes: currents into the sample per volt, without entropy and loads."},
    {.path = "electrodes", .type = ROW_SPECIAL, .read = read_electrodes, .write = write_electrodes, .kind = "list of electrodes",
     .schema = "{\"$ref\": \"#/$defs/electrodes\"}",
     .example = "[{\"name\": \"left\", \"face\": \"x-low\", \"voltage\": \"0 V\"}, {\"name\": \"tip\", \"where\": \"x > 0.8\", \"current\": 0}]",
     .doc = "Equipotential metal: a whole face (\"x-low\", ... \"z-high\") or the samples where an expression of x, y, z is nonzero; held at a voltage, or "
            "fed with a net current into the sample (0 when neither is given: a voltmeter)."},
    {.path = "loads", .type = ROW_SPECIAL, .read = read_loads, .write = write_loads, .kind = "list of {\"between\", \"resistance\"}",
     .schema = "{\"$ref\": \"#/$defs/loads\"}", .example = "[{\"between\": [\"left\", \"right\"], \"resistance\": \"50 ohm\"}]",
     .doc = "Resistors outside the sample, each between two electrodes."},

    {.path = "time", .type = ROW_SECTION, .doc = "Instants t of a series: times, or start, step and frames."},
    {.path = "time.times", .type = ROW_NUMBERS, .offset = AT(times), .dimension = QEP_DIM_TIME, .example = "[0, \"1 ps\", \"3 ps\"]",
     .doc = "Instants, increasing."},
    {.path = "time.start", .type = ROW_NUMBER, .offset = AT(start), .dimension = QEP_DIM_TIME, .example = "0",
     .doc = "First instant; 0 when only step and frames are given."},
    {.path = "time.step", .type = ROW_NUMBER, .offset = AT(step), .dimension = QEP_DIM_TIME, .max = 1e300, .above = 1, .example = "\"1 ps\"",
     .doc = "Distance of instants."},
    {.path = "time.frames", .type = ROW_COUNT, .offset = AT(frames), .min = 1, .max = 1000000, .example = "10", .doc = "Number of instants."},

    {.path = "probes", .type = ROW_SPECIAL, .read = read_probes, .write = write_probes, .kind = "list of {\"name\", \"at\"}",
     .schema = "{\"$ref\": \"#/$defs/probes\"}", .example = "[{\"name\": \"tip\", \"at\": [\"5 nm\", 0, 0]}]",
     .doc = "Named points at which fields are reported among the results."},

    {.path = "bloch", .type = ROW_SECTION,
     .doc = "Responses of Bloch electrons in k-space (docs/bloch.md); needs no grid. Results go to /data/0/results/bloch. Required: model and kgrid; "
            "temperature, chemical_potential and quantities unless it only feeds the source \"bloch\"."},
    {.path = "bloch.model", .type = ROW_SPECIAL, .read = read_bloch_model, .write = write_bloch_model,
     .kind = "{\"name\", parameters}, {\"wannier90\", \"centres\", \"wsvec\", \"lattice\"} or {\"lattice\", \"orbitals\", \"onsite\", \"hoppings\"}",
     .schema = "{\"$ref\": \"#/$defs/bloch_model\"}", .example = "{\"name\": \"qwz\", \"t\": \"1 eV\", \"u\": -1.2, \"a\": \"5 angstrom\"}",
     .doc = "Hamiltonian: built-in (docs/bloch.md lists models and parameters), a Wannier90 _tb.dat or _hr.dat (the latter with centres, and with lattice or "
            "the .win beside it), or hoppings <from, cell 0|H|to, cell R> = value between orbitals at fractional positions."},
    {.path = "bloch.kgrid", .type = ROW_SPECIAL, .read = read_bloch_kgrid, .write = write_bloch_kgrid, .kind = "{\"points\", \"shift\", \"refine\"}",
     .schema = "{\"$ref\": \"#/$defs/bloch_kgrid\"}", .example = "{\"points\": [64, 64], \"shift\": [0.5, 0.5]}",
     .doc = "Points along the reciprocal vectors (continuum models: along radius and angles), shift in grid steps (default 0), and levels of adaptive "
            "refinement where occupations or curvature are sharp (default 0)."},
    {.path = "bloch.temperature", .type = ROW_SPECIAL, .read = read_bloch_list, .write = write_bloch_list, .kind = "number or list, K",
     .schema = "{\"$ref\": \"#/$defs/one_or_more\"}", .example = "[\"10 K\", \"300 K\"]", .doc = "Temperatures, 0 allowed for Fermi-sea quantities."},
    {.path = "bloch.chemical_potential", .type = ROW_SPECIAL, .read = read_bloch_list, .write = write_bloch_list, .kind = "number or list, energy",
     .schema = "{\"$ref\": \"#/$defs/one_or_more\"}", .example = "\"1 eV\"", .doc = "Chemical potentials; all pairs with the temperatures are computed in one pass."},
    {.path = "bloch.relaxation_time", .type = ROW_NUMBER, .offset = AT(config.bloch.tau), .dimension = QEP_DIM_TIME, .max = 1e300, .above = 1,
     .example = "\"100 fs\"", .doc = "tau of the dissipator -(rho - rho0)/tau."},
    {.path = "bloch.frequency", .type = ROW_SPECIAL, .read = read_bloch_list, .write = write_bloch_list, .kind = "number or list, Hz",
     .schema = "{\"$ref\": \"#/$defs/one_or_more\"}", .example = "[\"1 THz\", \"10 THz\"]",
     .doc = "Frequencies omega/2 pi of sigma_inter, alpha_S and entropy_production_ac; static when not given."},
    {.path = "bloch.field", .type = ROW_SPECIAL, .read = read_bloch_field, .write = write_bloch_field, .kind = "list of numbers, V/m",
     .schema = "{\"type\": \"array\", \"minItems\": 2, \"maxItems\": 3, \"items\": {\"type\": [\"number\", \"string\"]}}",
     .example = "[\"1 kV/m\", 0]", .doc = "Electric field of the entropy production."},
    {.path = "bloch.spin_factor", .type = ROW_INTEGER, .offset = AT(config.bloch.spin_factor), .min = 1, .max = 1000, .standard = "1", .example = "2",
     .doc = "Number of equal spin species that the Hamiltonian stands for; 1 for spinors. Chern numbers and bands do not have it."},
    {.path = "bloch.scheme", .type = ROW_CHOICE, .offset = AT(config.bloch.scheme), .choice = choice_scheme, .standard = "\"adiabatic\"",
     .example = "\"hall\"", .doc = "How the field is switched on in second order (docs/bloch.md, section 5)."},
    {.path = "bloch.drive", .type = ROW_CHOICE, .offset = AT(config.bloch.drive), .choice = choice_drive, .standard = "\"E\"",
     .example = "\"electrochemical\"",
     .doc = "What drives the electrons of the source bloch in the quantities bloch_J_s, bloch_J_e, ...: the solved E, E_total of conduction, or E + grad mu/e "
            "(docs/bloch.md, section 9)."},
    {.path = "bloch.energy_unit", .type = ROW_SPECIAL, .read = read_bloch_energy_unit, .write = write_bloch_energy_unit, .kind = "\"J\", \"eV\"",
     .schema = "{\"enum\": [\"J\", \"eV\"]}", .standard = "\"J\"", .example = "\"eV\"", .doc = "Unit of every energy of this section that is a bare number."},
    {.path = "bloch.convergence", .type = ROW_SWITCH, .offset = AT(config.bloch.convergence), .standard = "true", .example = "false",
     .doc = "Repeat the sums on half as many points per axis and write the relative differences as convergence/<name>."},
    {.path = "bloch.quantities", .type = ROW_SPECIAL, .read = read_bloch_quantities, .write = write_bloch_quantities, .kind = "list of quantities",
     .schema = "{\"$ref\": \"#/$defs/bloch_quantities\"}", .example = "[\"s\", \"sigma_H\", \"alpha_H\"]",
     .doc = "What is computed; --list bloch shows names and units."},
    {.path = "bloch.maps", .type = ROW_SPECIAL, .read = read_bloch_maps, .write = write_bloch_maps, .kind = "list of maps",
     .schema = "{\"$ref\": \"#/$defs/bloch_maps\"}", .example = "[\"berry_curvature\", \"alpha_H\"]",
     .doc = "Maps over the Brillouin zone, as meshes k_<name> on the k-grid: energy, velocity, berry_curvature, quantum_metric, normalised_metric of each "
            "band, and integrands of quantities of rank 0 and 2 at the first temperature, chemical potential and frequency."},
    {.path = "bloch.map_bands", .type = ROW_SPECIAL, .read = read_bloch_map_bands, .write = write_bloch_map_bands, .kind = "list of integers",
     .schema = "{\"type\": \"array\", \"minItems\": 1, \"uniqueItems\": true, \"items\": {\"type\": \"integer\", \"minimum\": 0}}", .example = "[0, 1]",
     .doc = "Bands, counted from 0, whose maps are wanted; all when not given."},
    {.path = "transport", .type = ROW_SECTION,
     .doc = "Particle, energy, heat and entropy flow through a conductor with leads, or a driven one without (docs/transport.md). Results go to "
            "/data/0/results/transport, site fields on a grid to meshes. Required: hamiltonian, and leads or drive."},
    {.path = "transport.hamiltonian", .type = ROW_SPECIAL, .read = read_transport_object, .write = write_transport_as_given,
     .kind = "{\"kind\": \"grid\", \"mass\", \"potential\", \"magnetic_field\", \"region\"} or {\"kind\": \"list\", \"onsite\", \"hoppings\", \"volumes\"}",
     .schema = "{\"$ref\": \"#/$defs/transport_hamiltonian\"}",
     .example = "{\"kind\": \"list\", \"onsite\": [0, 0], \"hoppings\": [{\"from\": 0, \"to\": 1, \"value\": \"-1 eV\"}]}",
     .doc = "Effective-mass operator on the grid (mass and potential are fields, the magnetic field lies along z) or in a region {\"x\": [low, high], ...} of "
            "it, beyond which the leads go on; or sites and hoppings H[from][to] = value, the Hermitian partner added; volumes in m^3 turn site values into densities."},
    {.path = "transport.leads", .type = ROW_SPECIAL, .read = read_transport_list, .write = write_transport_as_given, .kind = "list of leads",
     .schema = "{\"$ref\": \"#/$defs/transport_leads\"}",
     .example = "[{\"name\": \"L\", \"kind\": \"strip\", \"sites\": [0], \"hopping\": \"1 eV\", \"mu\": \"5 meV\", \"temperature\": \"4 K\"}]",
     .doc = "Reservoirs: name, kind (strip, periodic, wideband), face of the grid or sites, mu, temperature; shift moves the lead's band; hopping of a "
            "strip on a list; gamma of a wideband one; period (slices) or previous (sites) of a periodic one."},
    {.path = "transport.probes", .type = ROW_SPECIAL, .read = read_transport_list, .write = write_transport_as_given, .kind = "list of probes",
     .schema = "{\"$ref\": \"#/$defs/transport_probes\"}",
     .example = "[{\"name\": \"p\", \"kind\": \"thermoelectric\", \"sites\": [1], \"gamma\": \"0.1 eV\"}]",
     .doc = "Buettiker probes: dephasing (no current at any energy), voltage (no particle current at its temperature), thermoelectric (no particle and no "
            "energy current); on sites or where an expression of x, y, z is not 0."},
    {.path = "transport.energies", .type = ROW_SPECIAL, .read = read_transport_list, .write = write_transport_as_given, .kind = "list of energies",
     .schema = "{\"type\": \"array\", \"items\": {\"type\": [\"number\", \"string\"]}}", .example = "[\"2 meV\", \"4 meV\"]",
     .doc = "Where the transmission is wanted."},
    {.path = "transport.sweep", .type = ROW_SPECIAL, .read = read_transport_sweep_form, .write = write_transport_as_given,
     .kind = "list of {\"mu\", \"temperature\"}, or {\"parameter\", \"values\", \"sets\"}",
     .schema = "{\"$ref\": \"#/$defs/transport_sweep\"}", .example = "[{\"mu\": [\"5 meV\"], \"temperature\": \"1 K\"}, {\"temperature\": \"2 K\"}]",
     .doc = "Sets of reservoir parameters computed in one pass over energy, each one value for all leads or one per lead; what a set leaves out stays as in "
            "leads. Or values of one of \"parameters\" (a gate): Hamiltonian, leads and probes are made anew for each, with all sets. Tables then have the "
            "sets as first index, values outermost."},
    {.path = "transport.spin_factor", .type = ROW_INTEGER, .offset = AT(config.transport.spin_factor), .min = 1, .max = 1000, .standard = "1", .example = "2",
     .doc = "Multiplies currents and densities; the transmission stays per spin."},
    {.path = "transport.entropy", .type = ROW_CHOICE, .offset = AT(config.transport.entropy), .choice = choice_entropy, .standard = "\"hs\"",
     .example = "\"dist\"", .doc = "Which local entropy the field s is: of the scattering states, of the local distribution, of the one-site state."},
    {.path = "transport.bound_states", .type = ROW_CHOICE, .offset = AT(config.transport.fill_bound_states), .choice = choice_bound_states,
     .standard = "\"ignore\"", .example = "\"fill\"",
     .doc = "Levels outside every band: left out, their weight reported, or filled at the mean mu and temperature of the leads."},
    {.path = "transport.site_fields", .type = ROW_SWITCH, .offset = AT(config.transport.site_fields), .standard = "true", .example = "false",
     .doc = "Compute n, u and the entropies of every site; without them only the energies between the reservoirs are visited."},
    {.path = "transport.bond_currents", .type = ROW_SWITCH, .offset = AT(config.transport.bond_currents), .standard = "false", .example = "true",
     .doc = "Write J_N, J_E, J_S of every bond and their divergence at every site."},
    {.path = "transport.linear_response", .type = ROW_SWITCH, .offset = AT(config.transport.linear_response), .standard = "false", .example = "true",
     .doc = "Response matrices at the mean mu and temperature of the leads, conductance, thermopower and Lorenz number of two."},
    {.path = "transport.nonlocal_work", .type = ROW_SPECIAL, .read = read_transport_count, .write = write_transport_as_given, .kind = "site",
     .schema = "{\"type\": \"integer\", \"minimum\": 0}", .example = "0",
     .doc = "Site whose energy is moved slowly: the work at every site per energy, at the mean mu and temperature of the leads."},
    {.path = "transport.tolerance", .type = ROW_NUMBER, .offset = AT(config.transport.tolerance), .dimension = QEP_DIM_NONE, .standard = "1e-10", .min = 1e-14,
     .max = 0.1, .example = "1e-8", .doc = "Of the energy integrals, relative to their magnitude."},
    {.path = "transport.energy_unit", .type = ROW_SPECIAL, .read = read_transport_energy_unit, .write = write_transport_as_given, .kind = "\"J\", \"eV\"",
     .schema = "{\"enum\": [\"J\", \"eV\"]}", .example = "\"eV\"",
     .doc = "Unit of every energy of this section that is a bare number; default \"J\". Expressions (potential, waveform) are in J."},
    {.path = "transport.self_consistency", .type = ROW_SPECIAL, .read = read_transport_object, .write = write_transport_as_given,
     .kind = "{\"potential\", \"mixing\", \"history\", \"tolerance\", \"max_iterations\", \"start\"}", .schema = "{\"$ref\": \"#/$defs/transport_loop\"}",
     .example = "{\"potential\": \"phi_rho\", \"mixing\": 0.5, \"history\": 6, \"tolerance\": \"0.1 uV\", \"max_iterations\": 60}",
     .doc = "U = U_0 - e phi with the phi that follows from the conductor's own charge or entropy: which potential comes back (default \"phi\", all of it), share of "
            "the residual per step (0.5) and earlier steps used by Anderson's mixing (6), largest change of phi that counts as converged (1e-7 V), most steps "
            "(60), phi to start from (0). Not converged: exit code 6."},
    {.path = "transport.drive", .type = ROW_SPECIAL, .read = read_transport_object, .write = write_transport_as_given,
     .kind = "{\"site\", \"sites\", \"waveform\", \"potential\", \"filling\", \"step\", \"end\", \"cut\", \"hopping\", \"every\", \"force\"}",
     .schema = "{\"$ref\": \"#/$defs/transport_drive\"}",
     .example = "{\"site\": 0, \"waveform\": \"1e-21*sin(1e12*t)\", \"filling\": {\"mu\": 0, \"temperature\": \"300 K\"}, \"step\": \"0.1 fs\", "
                "\"end\": \"1 fs\", \"cut\": 1}",
     .doc = "Evolution of the closed system (leads left out): waveform in J, an expression of t in s, is added to the onsite energy of site, or of all sites (a "
            "list of waveforms: one for each); or on a grid potential, an expression of x, y, z, t in J, is added to U; hopping replaces the magnitude of the "
            "bonds of driven sites; filling {mu, temperature} of H at t = 0, or {below, above} of the parts outside and inside the cut, joined at t = 0; cut: "
            "currents flow into the sites from this one on, or into a list of sites, or on a grid to where an expression of x, y, z is not 0; densities of "
            "every so many steps are written; force goes on behind the echo from the ends."},

    {.path = "output", .type = ROW_SECTION, .doc = "What is written."},
    {.path = "output.file", .type = ROW_TEXT, .offset = AT(config.output_file), .example = "\"film.h5\"",
     .doc = "Output file, relative to the working directory; the stem of the configuration with .h5 when not given."},
    {.path = "output.fields", .type = ROW_SPECIAL, .read = read_output_fields, .write = write_output_fields, .kind = "list of quantities",
     .schema = "{\"$ref\": \"#/$defs/fields\"}", .example = "[\"phi\", \"E\", \"S\"]",
     .doc = "Quantities to write; phi, E and J_S as far as they exist when not given; V and J where electrodes alone are."},
    {.path = "output.deflate", .type = ROW_INTEGER, .offset = AT(config.deflate), .max = 9, .standard = "0", .example = "4",
     .doc = "Compression level; 0 writes contiguous data."},
    {.path = "output.precision", .type = ROW_CHOICE, .offset = AT(precision), .choice = choice_precision, .standard = "\"double\"",
     .example = "\"single\"", .doc = "Floating-point type in the file."},
    {.path = "output.views", .type = ROW_SWITCH, .offset = AT(config.views), .standard = "true", .example = "false",
     .doc = "Write /view and the short links of the root, for viewers and netCDF tools."},
    {.path = "output.xdmf", .type = ROW_SWITCH, .offset = AT(config.xdmf), .standard = "true", .example = "false",
     .doc = "Write an XDMF file beside the output, for ParaView."},

    {.path = "limits", .type = ROW_SECTION, .doc = "Limits of a run."},
    {.path = "limits.memory", .type = ROW_SPECIAL, .read = read_memory, .write = write_memory, .kind = "bytes, or text like \"8 GB\"",
     .schema = "{\"type\": [\"number\", \"string\"], \"minimum\": 1}", .example = "\"8 GB\"",
     .doc = "Memory the run may use (kB MB GB TB, KiB MiB GiB TiB); 80 % of what is available when not given."},
};
/* clang-format on */

_Static_assert(sizeof rows / sizeof *rows <= ROW_LIMIT, "raise ROW_LIMIT");

const config_row *rows_table(size_t *count) {
    *count = sizeof rows / sizeof *rows;
    return rows;
}

const config_row *rows_find(const char *path) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].path, path) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *row_key(const config_row *row) {
    const char *dot = strrchr(row->path, '.');
    return dot ? dot + 1 : row->path;
}

int row_is_member(const config_row *row, const char *section) {
    const char *dot = strchr(row->path, '.');
    if (!section[0]) {
        return dot == NULL;
    }
    return dot && (size_t)(dot - row->path) == strlen(section) &&
           strncmp(row->path, section, strlen(section)) == 0;
}

int rows_is_metadata(const char *key) {
    return strcmp(key, "$schema") == 0 || strcmp(key, "title") == 0 ||
           strcmp(key, "comment") == 0 || strncmp(key, "x-", 2) == 0;
}
