"""If this fails, a key of a configuration can be given and changes nothing, or a key was added to the schema without saying here what it
changes. Each key of the schema is changed in a base configuration where it matters: the data set, the results, the file or the exit
code must change; where a key cannot matter the run refuses it or warns of it by name."""
import copy
import functools
import importlib
import json
import os
import pathlib
import subprocess

import h5py
import numpy as np
import pytest
from signature import signature

SOURCES = pathlib.Path(__file__).resolve().parents[1]

# ---- Bases: each brings together keys that need one another ------------------------------------------------------------------

VOLTS = {"closure": "custom", "value": "2e15 K m^3 J^-1 s^-1"}
WAVE = "3 + sin(2*pi*x/1.2 + 0.3)*cos(2*pi*y/0.9) + 0.4*y"
BASES = {
    "film": {
        "parameters": {"w": 0.3},
        "grid": {"points": [12, 11], "lengths": [1.2, 0.9], "thickness": 0.1},
        "boundary": {"x": {"low": {"dirichlet": "0.3*y"}, "high": {"neumann": 0.2}}, "y": {"low": {"natural": 0.1}, "high": "dirichlet"}},
        "entropy": WAVE + "*(1 + w*x)", "charge": "1e-11*cos(3*x)",
        "materials": {"conductivity": "1 + x", "permittivity": 2},
        "coupling": VOLTS,
        "solver": {"derivative": "fd4", "tolerance": 1e-10},
        "probes": [{"name": "tip", "at": [0.4, 0.3]}],
        "output": {"file": "out.h5", "fields": ["phi", "E", "J_S", "J_rho"]},
    },
    "free": {  # no face fixes phi; 3 % of the charge have no counterpart
        "grid": {"points": [12, 11], "spacing": [0.1, 0.08]},
        "boundary": {"x": "neumann", "y": "natural"},
        "charge": "1e-11*(cos(2*pi*x/1.2) + 0.03)",
        "solver": {"compatibility": 0.1},
        "output": {"file": "out.h5", "fields": ["phi_rho"]},
    },
    "still": {  # nothing to solve: phi = kappa (S - mean S)
        "grid": {"points": [12, 11], "spacing": [0.1, 0.08], "sampling": "node"},
        "entropy": WAVE, "output": {"file": "out.h5", "fields": ["phi", "J_S"]},
    },
    "wire": {
        "grid": {"points": [24], "lengths": [1.2], "cross_section": 0.01},
        "boundary": {"x": "dirichlet"}, "charge": "1e-11*x", "output": {"file": "out.h5", "fields": ["phi"]},
    },
    "cell": {
        "grid": {"points": [10, 9, 8], "lengths": [1.0, 0.9, 0.8]},
        "boundary": {"z": "dirichlet"}, "entropy": WAVE,
        "coupling": {"closure": "cell", "cell_volume": "1e-28 m^3", "time": "1 ps", "length": "2 nm", "profile": 1.5},
        "output": {"file": "out.h5", "fields": ["phi", "E"]},
    },
    "custom": {
        "grid": {"points": [10, 9], "lengths": [1.0, 0.9]}, "entropy": WAVE,
        "coupling": {"closure": "custom", "value": 3e15, "unit": "K m^3 J^-1 s^-1"}, "output": {"file": "out.h5"},
    },
    "directional": {
        "grid": {"points": [10, 9], "lengths": [1.0, 0.9]}, "entropy": WAVE, "reading": "directional", "direction": [1, 2],
        "output": {"file": "out.h5"},
    },
    "measured": {
        "grid": {"points": [8, 8], "lengths": [1.0, 0.9]},
        "entropy": {"hdf5": "in.h5", "dataset": "/a", "order": "zyx", "scale": 2, "unit": "J/(K m^3)"}, "output": {"file": "out.h5"},
    },
    "regions": {
        "grid": {"points": [10, 9], "lengths": [1.0, 0.9]},
        "entropy": {"regions": [{"where": "x < 0.3", "value": "x"}, {"where": "y < 0.4", "value": "2*y"}], "default": 3},
        "output": {"file": "out.h5"},
    },
    "sum": {"grid": {"points": [10], "lengths": [1.0]}, "entropy": {"sum": ["x", "sin(9*x)"]}, "output": {"file": "out.h5"}},
    "product": {"grid": {"points": [10], "lengths": [1.0]}, "entropy": {"product": ["x", "sin(9*x)"]}, "output": {"file": "out.h5"}},
    "series": {
        "grid": {"points": [10], "lengths": [1.0]}, "entropy": "x*(1 - x)*t", "time": {"start": 1, "step": 0.5, "frames": 3},
        "output": {"file": "out.h5"},
    },
    "instants": {"grid": {"points": [10], "lengths": [1.0]}, "entropy": "x*(1 - x)*t", "time": {"times": [1, 2]}, "output": {"file": "out.h5"}},
    "flow": {
        "grid": {"points": [10, 9], "lengths": [1.0, 0.9]}, "entropy": "x*(1 - x)*t", "time": {"times": [1, 2]}, "entropy_current": ["x", "x*y"],
        "output": {"file": "out.h5", "fields": ["entropy_rate"]},
    },
    "gauged": {
        "grid": {"points": [10, 9], "lengths": [1.0, 0.9]}, "entropy": WAVE, "coupling": VOLTS,
        "solver": {"gauge": {"point": [0.05, 0.05], "value": "0.1 V"}}, "output": {"file": "out.h5"},
    },
    "space": {  # two open axes: the far field has a length
        "grid": {"points": [17, 15], "lengths": [1.7, 1.5]}, "boundary": {"x": "open", "y": "open"},
        "charge": "1e-11*exp(-((x-0.8)^2 + (y-0.7)^2)/0.03)", "entropy": "exp(-((x-0.9)^2 + (y-0.7)^2)/0.03)", "coupling": VOLTS,
        "output": {"file": "out.h5", "fields": ["phi"]},
    },
    "device": {
        "grid": {"points": [12, 11], "lengths": [1.2, 0.9], "thickness": 0.1},
        "boundary": {"y": "natural"},
        "entropy": WAVE, "coupling": VOLTS, "materials": {"conductivity": "1 + x*y"},
        "conduction": {"boundary": {"y": {"low": {"dirichlet": "0.1*x"}, "high": "insulating"}}, "conductance": True},
        "electrodes": [{"name": "left", "face": "x-low", "voltage": 0.2}, {"name": "right", "face": "x-high"},
                       {"name": "tip", "where": "(x - 0.6)^2 + (y - 0.5)^2 < 0.02", "current": 0.01}],
        "loads": [{"between": ["left", "right"], "resistance": 3}],
        "output": {"file": "out.h5", "fields": ["V", "J", "E_total"]},
    },
    "block": {
        "grid": {"points": [6, 5, 4], "lengths": [1.0, 0.9, 0.8]}, "entropy": "x*(1 - x)*y*z", "coupling": VOLTS, "boundary": {"x": "natural", "y": "natural", "z": "natural"},
        "conduction": {"boundary": {"x": {"low": {"fixed": 1}, "high": "insulating"}, "y": "insulating", "z": "insulating"}},
        "output": {"file": "out.h5", "fields": ["V", "J"]},
    },
    "dielectric": {
        "grid": {"points": [12, 11], "lengths": [1.2, 0.9]}, "boundary": {"x": "dirichlet"}, "entropy": WAVE, "coupling": {**VOLTS, "profile": "1 + x"},
        "charge": "1e-11*x", "materials": {"permittivity": "2 + y"}, "output": {"file": "out.h5", "fields": ["phi", "E"]},
    },
    "crystal": {
        "bloch": {"model": {"name": "tilted_qwz"}, "kgrid": {"points": [10, 8], "shift": [0.1, 0]}, "temperature": 300, "chemical_potential": 1.6e-19,
                  "relaxation_time": 1e-13, "frequency": 1e12, "field": [1e3, 0],
                  "quantities": ["s", "sigma_inter", "sigma2", "entropy_production"], "maps": ["energy", "s"], "map_bands": [0]},
        "output": {"file": "out.h5"},
    },
    "sheet_electrons": {
        "grid": {"points": [6, 5], "lengths": [1e-6, 1e-6]}, "boundary": {"x": "natural", "y": "natural"}, "reading": "field", "coupling": VOLTS,
        "bloch": {"model": {"name": "qwz"}, "kgrid": {"points": [8, 8]}, "relaxation_time": 1e-13, "drive": "electrochemical"},
        "entropy": {"source": "bloch", "temperature": "300", "chemical_potential": "1.6e-19*(1 + 0.1*x/1e-6)", "thickness": "1 nm"},
        "output": {"file": "out.h5", "fields": ["bloch_J_s", "bloch_J_e", "bloch_Pi"]},
    },
    "hoppings": {
        "bloch": {"model": {"lattice": [[4e-10, 0], [0, 5e-10]], "orbitals": [[0, 0], [0.3, 0.2]], "onsite": [-1e-19, 1e-19],
                            "hoppings": [{"R": [1, 0], "from": 0, "to": 1, "value": [1e-20, 2e-20]}, {"R": [0, 1], "from": 1, "to": 0, "value": 2e-20}]},
                  "kgrid": {"points": [10, 8]}, "temperature": 3000, "chemical_potential": 0, "quantities": ["s", "fg"]},
        "output": {"file": "out.h5"},
    },
    "wannier": {
        "bloch": {"model": {"wannier90": "x_hr.dat", "centres": "x.xyz", "lattice": [[4e-10, 0, 0], [0, 5e-10, 0], [0, 0, 3e-10]]},
                  "kgrid": {"points": [10, 8]}, "temperature": 3000, "chemical_potential": 0, "quantities": ["s", "fg"]},
    },
    "contact": {  # a dot beside the wire holds a level below the band
        "grid": {"points": [9, 6], "spacing": ["5 nm", "5 nm"]},
        "transport": {"hamiltonian": {"kind": "grid", "mass": "0.067 m_e", "potential": "-8e-21*(x > 20e-9 && x < 25e-9)", "magnetic_field": "1 T"},
                      "leads": [{"name": "L", "kind": "strip", "face": "x-low", "mu": "20 meV", "temperature": 30},
                                {"name": "R", "kind": "periodic", "face": "x-high", "mu": "18 meV", "temperature": 20, "period": 1, "shift": 0}],
                      "probes": [{"name": "p", "kind": "voltage", "where": "x < 18e-9 && y < 8e-9", "gamma": "1 meV", "temperature": 25}],
                      "energies": ["19 meV"], "tolerance": 1e-6},
        "output": {"file": "out.h5"},
    },
    "solid": {
        "grid": {"points": [4, 3, 3], "spacing": ["4 nm", "4 nm", "4 nm"]},
        "transport": {"hamiltonian": {"kind": "grid", "mass": "0.067 m_e", "region": {"z": ["0 nm", "7 nm"]}},
                      "leads": [{"name": "L", "kind": "strip", "face": "x-low", "mu": "150 meV", "temperature": 300},
                                {"name": "R", "kind": "strip", "face": "x-high", "mu": "140 meV", "temperature": 200}], "tolerance": 1e-6},
        "output": {"file": "out.h5"},
    },
    "molecule": {
        "transport": {"energy_unit": "eV",
                      "hamiltonian": {"kind": "list", "onsite": [0, -3, 0], "volumes": [1e-28, 1e-28, 2e-28],
                                      "hoppings": [{"from": 0, "to": 1, "value": [-0.5, 0.2]}, {"from": 1, "to": 2, "value": -1}, {"from": 0, "to": 2, "value": -1}]},
                      "leads": [{"name": "L", "kind": "strip", "sites": [0], "hopping": 1, "mu": 0.1, "temperature": 300},
                                {"name": "R", "kind": "periodic", "sites": [2], "previous": [0], "mu": 0, "temperature": 200}],
                      "sweep": [{"mu": [0.1, 0]}, {"temperature": 100}], "nonlocal_work": 1, "linear_response": False, "bound_states": "fill",
                      "bond_currents": True, "entropy": "hs", "site_fields": True, "spin_factor": 1, "tolerance": 1e-6},
        "output": {"file": "out.h5"},
    },
    "dot": {
        "transport": {"hamiltonian": {"kind": "list", "onsite": ["20 meV"]},
                      "leads": [{"name": "L", "kind": "wideband", "sites": [0], "gamma": "10 meV", "mu": "5 meV", "temperature": 300},
                                {"name": "R", "kind": "wideband", "sites": [0], "gamma": "20 meV", "mu": 0, "temperature": 300}],
                      "probes": [{"name": "p", "kind": "dephasing", "sites": [0], "gamma": "1 meV"}]},
        "output": {"file": "out.h5"},
    },
    "screened": {
        "grid": {"points": [9], "spacing": ["4 nm"], "cross_section": "100 nm^2"}, "boundary": {"x": "dirichlet"}, "materials": {"permittivity": 12},
        "coupling": {"closure": "cell", "cell_volume": "400 nm^3", "time": "0.1 ps"}, "entropy": {"source": "transport"},
        "charge": {"source": "transport", "quantity": "charge", "background": "1.3e23*(1 + 0.1*x/4e-8)"},
        "transport": {"hamiltonian": {"kind": "grid", "mass": "0.067 m_e"}, "bound_states": "fill", "tolerance": 1e-7,
                      "leads": [{"name": "L", "kind": "strip", "face": "x-low", "mu": "10 meV", "temperature": 300},
                                {"name": "R", "kind": "strip", "face": "x-high", "mu": "9 meV", "temperature": 300}],
                      "self_consistency": {"potential": "phi", "mixing": 0.7, "history": 4, "tolerance": "1 uV", "max_iterations": 40}},
        "output": {"file": "out.h5", "fields": ["phi"]},
    },
    "tuned": {
        "parameters": {"Vg": "2 meV", "bias": "1 meV"},
        "transport": {"hamiltonian": {"kind": "list", "onsite": ["Vg"]}, "sweep": {"parameter": "Vg", "values": ["1 meV", "2 meV"]},
                      "leads": [{"name": "L", "kind": "wideband", "sites": [0], "gamma": "1 meV", "mu": "bias", "temperature": 30},
                                {"name": "R", "kind": "wideband", "sites": [0], "gamma": "2 meV", "mu": 0, "temperature": 30}]},
        "output": {"file": "out.h5"},
    },
    "driven": {
        "transport": {"energy_unit": "eV",
                      "hamiltonian": {"kind": "list", "onsite": [0, 0, 0, 0, 0, 0],
                                      "hoppings": [{"from": i, "to": i + 1, "value": -0.1} for i in range(5)]},
                      "drive": {"site": 0, "waveform": "1e-20*sin(1e14*t)", "filling": {"mu": 0, "temperature": 3000}, "step": "1 fs", "end": "12 fs",
                                "cut": 2, "hopping": 0.05, "every": 2, "force": False}},
        "output": {"file": "out.h5"},
    },
    "joined": {
        "transport": {"energy_unit": "eV",
                      "hamiltonian": {"kind": "list", "onsite": [0, 0, 0, 0], "hoppings": [{"from": i, "to": i + 1, "value": -0.1} for i in range(3)]},
                      "drive": {"site": 0, "waveform": "0*t", "filling": {"below": {"mu": 0.1, "temperature": 3000}, "above": {"mu": 0, "temperature": 300}},
                                "step": "1 fs", "end": "10 fs", "cut": 2}},
        "output": {"file": "out.h5"},
    },
    "driven_plane": {
        "grid": {"points": [5, 4], "spacing": ["5 nm", "5 nm"]}, "boundary": {"x": "natural", "y": "natural"},
        "transport": {"hamiltonian": {"kind": "grid", "mass": "0.067 m_e"},
                      "drive": {"potential": "1e-21*x/2e-8*sin(1e14*t)", "filling": {"mu": "60 meV", "temperature": 100}, "step": "1 fs", "end": "10 fs",
                                "cut": "x > 1e-8 ? 1 : 0"}},
        "output": {"file": "out.h5"},
    },
    "deep": {
        "grid": {"points": [10, 9, 8], "lengths": [1.0, 0.9, 0.8]}, "entropy": WAVE + "*z", "output": {"file": "out.h5", "fields": ["phi", "E"]},
    },
}

# ---- Cases: leaf of the schema -> changes (base, path, value[, exit code]) ------------------------------------------------------
# A change without an exit code must run and change what comes out; DELETE removes the key.

DELETE = object()
CASES = {
    "parameters": [("film", "parameters.w", 0.4), ("film", "parameters.pi", 1, 3), ("film", "parameters.w", "1 parsec", 3)],
    "grid.points": [("film", "grid.points", [12, 13]), ("film", "grid.points", [12, 13, 5], 3), ("film", "grid.points", [0, 9], 3)],
    "grid.lengths": [("film", "grid.lengths", [1.2, 1.0])],
    "grid.spacing": [("free", "grid.spacing", [0.1, 0.09])],
    "grid.origin": [("film", "grid.origin", [0.1, -0.2])],
    "grid.sampling": [("film", "grid.sampling", "node")],
    "grid.cross_section": [("wire", "grid.cross_section", 0.02), ("film", "grid.cross_section", 0.02, 3)],
    "grid.thickness": [("film", "grid.thickness", 0.2), ("wire", "grid.thickness", 0.2, 3)],
    "boundary.x": [("space", "boundary.x", "natural"), ("space", "boundary.x", {"low": "dirichlet", "high": "open"}), ("film", "boundary.x", "periodic"), ("deep", "boundary.x", "dirichlet")],
    "boundary.y": [("film", "boundary.y", "dirichlet"), ("wire", "boundary.y", "dirichlet", 3)],
    "boundary.z": [("deep", "boundary.z", "dirichlet"), ("film", "boundary.z", "dirichlet", 3)],
    "entropy": [("film", "entropy", 2), ("film", "entropy", DELETE, 3)],
    "charge": [("film", "charge", "2e-11*cos(3*x)"), ("film", "charge", DELETE)],
    "entropy_current": [("flow", "entropy_current", ["x", "0.1*x*y"]), ("flow", "entropy_current", ["x"], 3), ("flow", "entropy_current", DELETE, 3),
                        ("flow", "entropy_current", ["1 V", 0], 3)],
    "materials.conductivity": [("film", "materials.conductivity", 2), ("film", "materials.conductivity", -1, 3), ("film", "materials.conductivity", "-x", 4)],
    "materials.permittivity": [("film", "materials.permittivity", 3), ("film", "materials.permittivity", 0, 3),
                               ("film", "materials.permittivity", "2 + x"), ("dielectric", "materials.permittivity", "2 + x")],
    "coupling.closure": [("deep", "coupling.closure", "cell", 3), ("deep", "coupling.closure", "custom", 3),
                         ("cell", "coupling.closure", "literal", 3)],
    "coupling.cell_volume": [("cell", "coupling.cell_volume", "2e-28 m^3"), ("custom", "coupling.cell_volume", 1e-28, 3)],
    "coupling.time": [("cell", "coupling.time", "2 ps"), ("custom", "coupling.time", "2 ps", 3)],
    "coupling.length": [("cell", "coupling.length", DELETE), ("cell", "coupling.length", "3 nm"), ("custom", "coupling.length", 1, 3)],
    "coupling.value": [("custom", "coupling.value", 4e15), ("cell", "coupling.value", 4e15, 3)],
    "coupling.unit": [("custom", "coupling.unit", "1"), ("custom", "coupling.unit", DELETE, 3), ("cell", "coupling.unit", "1", 3)],
    "coupling.profile": [("cell", "coupling.profile", 2), ("cell", "coupling.profile", "1 + x"), ("dielectric", "coupling.profile", "2 + x")],
    "reading": [("custom", "reading", "field"), ("custom", "reading", "gradient"), ("custom", "reading", "directional", 3),
                ("film", "reading", "field", (3, 5))],
    "direction": [("directional", "direction", [2, 1]), ("custom", "direction", [2, 1], 3)],
    "solver.derivative": [("film", "solver.derivative", d) for d in ("fd2", "fd6", "fd8", "spectral")],
    "solver.method": [("film", "solver.method", "multigrid", 3), ("film", "solver.method", "pcg-mg"), ("device", "solver.method", "fft", 5)],
    "coupling.entropy_at_infinity": [("space", "coupling.entropy_at_infinity", 0.1), ("space", "coupling.entropy_at_infinity", "1 V", 3)],
    "solver.kernel": [("space", "solver.kernel", "truncated"), ("space", "solver", {"kernel": "lattice", "derivative": "spectral"}, 3)],
    "solver.gauge_length": [("space", "solver.gauge_length", 3), ("film", "solver.gauge_length", 3, 3)],
    "solver.tolerance": [("film", "solver.tolerance", 1e-6), ("film", "solver.tolerance", 0, 3)],
    "solver.max_iterations": [("device", "solver.max_iterations", 1, 6), ("film", "solver.max_iterations", 0, 3)],
    "conduction.boundary": [("device", "conduction.boundary", "insulating"), ("device", "conduction.boundary", {"x": "periodic"}, 3)],
    "conduction.conductance": [("device", "conduction.conductance", False)],
    "electrodes": [("device", "electrodes[1].current", 0.1), ("device", "electrodes", [], 3)],
    "loads": [("device", "loads", []), ("device", "loads", [{"between": ["left", "none"], "resistance": 1}], 3)],
    "solver.neutralize": [("free", "solver", {"neutralize": True}), ("film", "solver.neutralize", True, 3)],
    "solver.compatibility": [("free", "solver.compatibility", 1e-6, 5), ("free", "solver.compatibility", 0.2),
                             ("free", "solver.compatibility", DELETE, 5), ("film", "solver.compatibility", 0.1, 3)],
    "solver.gauge": [("space", "solver.gauge", "zero_mean"), ("film", "solver.gauge", "far_field", 3), ("gauged", "solver.gauge", "zero_mean"), ("film", "solver.gauge", {"point": [0, 0], "value": 1}, 3)],
    "solver.keep_unconverged": [],  # needs a solver that fails: unconverged_may_be_kept in tests/unit/test_run.c
    "time.times": [("instants", "time.times", [1, 3]), ("instants", "time.times", [2, 1], 3)],
    "time.start": [("series", "time.start", 2), ("instants", "time.start", 2, 3)],
    "time.step": [("series", "time.step", 0.25)],
    "time.frames": [("series", "time.frames", 4)],
    "probes": [("film", "probes", []), ("film", "probes", [{"name": "far", "at": [9, 0]}], 3)],
    "bloch.model": [("crystal", "bloch.model", {"name": "qwz"}), ("crystal", "bloch.model.t", "2 eV"), ("crystal", "bloch.model", DELETE, 3)],
    "bloch.kgrid": [("crystal", "bloch.kgrid.points", [12, 8]), ("crystal", "bloch.kgrid", {"points": [8]}, 3)],
    "bloch.temperature": [("crystal", "bloch.temperature", [300, 400]), ("crystal", "bloch.temperature", -1, 3)],
    "bloch.chemical_potential": [("crystal", "bloch.chemical_potential", "0.9 eV"), ("crystal", "bloch.chemical_potential", "1 m", 3)],
    "bloch.relaxation_time": [("crystal", "bloch.relaxation_time", "50 fs"), ("crystal", "bloch.relaxation_time", DELETE, 3)],
    "bloch.frequency": [("crystal", "bloch.frequency", [2e12, 3e12]), ("crystal", "bloch.frequency", DELETE)],
    "bloch.field": [("crystal", "bloch.field", [0, 1e3]), ("crystal", "bloch.field", DELETE, 3)],
    "bloch.spin_factor": [("crystal", "bloch.spin_factor", 2), ("crystal", "bloch.spin_factor", 0, 3)],
    "bloch.drive": [("sheet_electrons", "bloch.drive", "E"), ("sheet_electrons", "bloch.drive", "E_total", 3)],
    "bloch.scheme": [("crystal", "bloch.scheme", "rta")],
    "bloch.energy_unit": [("crystal", "bloch.energy_unit", "eV"), ("crystal", "bloch.energy_unit", "keV", 3)],
    "bloch.convergence": [("crystal", "bloch.convergence", False)],
    "bloch.quantities": [("crystal", "bloch.quantities", ["sigma2", "sigma_inter", "entropy_production"]), ("crystal", "bloch.quantities", [], 3)],
    "bloch.maps": [("crystal", "bloch.maps", ["energy", "alpha_H"]), ("crystal", "bloch.maps", ["energy"]), ("crystal", "bloch.maps", ["T2"], 3)],
    "bloch.map_bands": [("crystal", "bloch.map_bands", [1]), ("crystal", "bloch.map_bands", DELETE), ("crystal", "bloch.map_bands", [2], 3)],
    "bloch_kgrid.points": [("hoppings", "bloch.kgrid.points", [8, 8])],
    "bloch_kgrid.shift": [("crystal", "bloch.kgrid.shift", [0.2, 0]), ("crystal", "bloch.kgrid.shift", [0.2], 3)],
    "bloch_kgrid.refine": [("crystal", "bloch.kgrid.refine", 2), ("crystal", "bloch.kgrid.refine", 99, 3)],
    "bloch_file.wannier90": [("wannier", "bloch.model.wannier90", "y_hr.dat"), ("wannier", "bloch.model.wannier90", "no_hr.dat", 4)],
    "bloch_file.centres": [("wannier", "bloch.model.centres", "y.xyz"), ("wannier", "bloch.model.centres", DELETE, 3)],
    "bloch_file.wsvec": [("wannier", "bloch.model.wsvec", "x_wsvec.dat"), ("wannier", "bloch.model.wsvec", "no_wsvec.dat", 4)],
    "bloch_file.lattice": [("wannier", "bloch.model.lattice", [[6e-10, 0, 0], [0, 5e-10, 0], [0, 0, 3e-10]]), ("wannier", "bloch.model.lattice", DELETE, 4)],
    "bloch_list.lattice": [("hoppings", "bloch.model.lattice", [[6e-10, 0], [0, 5e-10]])],
    "bloch_list.orbitals": [("hoppings", "bloch.model.orbitals", [[0, 0], [0.4, 0.2]])],
    "bloch_list.onsite": [("hoppings", "bloch.model.onsite", [-2e-19, 1e-19])],
    "bloch_list.hoppings": [("hoppings", "bloch.model.hoppings", [])],
    "bloch_hopping.R": [("hoppings", "bloch.model.hoppings[0].R", [1, 1]), ("hoppings", "bloch.model.hoppings[0].R", [1], 3)],
    "bloch_hopping.from": [("hoppings", "bloch.model.hoppings[0].from", 1), ("hoppings", "bloch.model.hoppings[0].from", 2, 3)],
    "bloch_hopping.to": [("hoppings", "bloch.model.hoppings[0].to", 0), ("hoppings", "bloch.model.hoppings[0].to", 2, 3)],
    "bloch_hopping.value": [("hoppings", "bloch.model.hoppings[0].value", 3e-20), ("hoppings", "bloch.model.hoppings[0].value", "1 m", 3)],
    "transport.hamiltonian": [("dot", "transport.hamiltonian", {"kind": "list", "onsite": [1e-21]}), ("dot", "transport.hamiltonian", DELETE, 3),
                              ("dot", "transport.hamiltonian.kind", "grid", 3)],
    "transport.leads": [("dot", "transport.leads", DELETE, 3)],
    "transport.probes": [("dot", "transport.probes", DELETE)],
    "transport.energies": [("contact", "transport.energies", ["18 meV"]), ("driven", "transport.energies", [0], 3)],
    "transport.sweep": [("molecule", "transport.sweep", DELETE), ("molecule", "transport.sweep", [], 3)],
    "transport.spin_factor": [("molecule", "transport.spin_factor", 2), ("molecule", "transport.spin_factor", 0, 3)],
    "transport.entropy": [("molecule", "transport.entropy", "dist"), ("driven", "transport.entropy", "dist", 3)],
    "transport.bound_states": [("molecule", "transport.bound_states", "ignore"), ("driven", "transport.bound_states", "fill", 3)],
    "transport.site_fields": [("dot", "transport.site_fields", False)],
    "transport.bond_currents": [("molecule", "transport.bond_currents", False)],
    "transport.linear_response": [("molecule", "transport.linear_response", True)],
    "transport.nonlocal_work": [("molecule", "transport.nonlocal_work", 0), ("molecule", "transport.nonlocal_work", 3, 3)],
    "transport.tolerance": [("contact", "transport.tolerance", 1e-11), ("contact", "transport.tolerance", 0, 3)],
    "transport.energy_unit": [("molecule", "transport.energy_unit", "J"), ("molecule", "transport.energy_unit", "keV", 3)],
    "transport.drive": [("driven", "transport.drive", DELETE, 3)],
    "transport_grid.kind": [("contact", "transport.hamiltonian.kind", "lattice", 3)],
    "transport_list.kind": [("dot", "transport.hamiltonian.kind", "lattice", 3)],
    "transport_grid.mass": [("contact", "transport.hamiltonian.mass", "0.1 m_e"), ("contact", "transport.hamiltonian.mass", -1, 3)],
    "transport_grid.potential": [("contact", "transport.hamiltonian.potential", 0), ("contact", "transport.hamiltonian.potential", "1 V", 3)],
    "transport_grid.magnetic_field": [("contact", "transport.hamiltonian.magnetic_field", "2 T")],
    "transport_grid.region": [("contact", "transport.hamiltonian.region", {"x": [0, "38 nm"]}), ("contact", "transport.hamiltonian.region", {"x": [1, 2]}, 3)],
    "transport_region.x": [("lattice", "transport.hamiltonian.region.x", ["10 nm", "37.5 nm"]), ("lattice", "transport.hamiltonian.region.x", ["10 nm"], 3),
                           ("lattice", "transport.hamiltonian.region.x", ["30 nm", "10 nm"], 3)],
    "transport_region.y": [("lattice", "transport.hamiltonian.region.y", ["5 nm", "20 nm"]), ("chain", "transport.hamiltonian.region", {"y": [0, 1]}, 3)],
    "transport_region.z": [("lattice", "transport.hamiltonian.region.z", [0, 1], 3), ("solid", "transport.hamiltonian.region.z", ["4 nm", "10 nm"])],
    "transport_list.onsite": [("dot", "transport.hamiltonian.onsite", ["30 meV"])],
    "transport_list.hoppings": [("driven", "transport.hamiltonian.hoppings", [{"from": 0, "to": 1, "value": -0.1}])],
    "transport_list.volumes": [("molecule", "transport.hamiltonian.volumes", DELETE), ("molecule", "transport.hamiltonian.volumes", [1], 3)],
    "transport_hopping.from": [("molecule", "transport.hamiltonian.hoppings[0].from", 7, 3)],
    "transport_hopping.to": [("molecule", "transport.hamiltonian.hoppings[0].to", 0, 3)],
    "transport_hopping.value": [("molecule", "transport.hamiltonian.hoppings[0].value", [-0.5, 0.3])],
    "transport_lead.name": [("dot", "transport.leads[0].name", "left"), ("dot", "transport.leads[0].name", "R", 3)],
    "transport_lead.kind": [("dot", "transport.leads[0].kind", "strip", 3)],
    "transport_lead.face": [("contact", "transport.leads[0].face", "y-low"), ("contact", "transport.leads[0].face", "x-high", 3)],
    "transport_lead.sites": [("molecule", "transport.leads[0].sites", [1]), ("molecule", "transport.leads[0].sites", [0, 0], 3)],
    "transport_lead.previous": [("molecule", "transport.leads[1].previous", [1], 5)],
    "transport_lead.period": [("contact", "transport.leads[1].period", 9, 3)],
    "transport_lead.gamma": [("dot", "transport.leads[0].gamma", "11 meV"), ("dot", "transport.leads[0].gamma", "-1 meV", 3)],
    "transport_lead.mu": [("dot", "transport.leads[0].mu", "6 meV"), ("dot", "transport.leads[0].mu", DELETE, 3)],
    "transport_lead.temperature": [("dot", "transport.leads[0].temperature", 290), ("dot", "transport.leads[0].temperature", -1, 3)],
    "transport_lead.shift": [("contact", "transport.leads[1].shift", "1 meV"), ("dot", "transport.leads[0].shift", "1 meV", 3)],
    "transport_lead.hopping": [("molecule", "transport.leads[0].hopping", 0.8), ("molecule", "transport.leads[0].hopping", DELETE, 3)],
    "transport_probe.name": [("dot", "transport.probes[0].name", "q")],
    "transport_probe.kind": [("dot", "transport.probes[0].kind", "thermoelectric")],
    "transport_probe.sites": [("dot", "transport.probes[0].sites", [1], 3)],
    "transport_probe.where": [("contact", "transport.probes[0].where", "x < 23e-9 && y < 8e-9"), ("contact", "transport.probes[0].where", "x <", 3)],
    "transport_probe.gamma": [("dot", "transport.probes[0].gamma", "2 meV")],
    "transport_probe.temperature": [("contact", "transport.probes[0].temperature", 20), ("dot", "transport.probes[0].temperature", 20, 3)],
    "transport.self_consistency": [("screened", "transport.self_consistency", DELETE), ("contact", "transport.self_consistency", {}, 3)],
    "transport_loop.potential": [("screened", "transport.self_consistency.potential", "phi_rho"), ("screened", "transport.self_consistency.potential", "phi_S"),
                                 ("screened", "transport.self_consistency.potential", "V", 3)],
    "transport_loop.mixing": [("screened", "transport.self_consistency.mixing", 0.9), ("screened", "transport.self_consistency.mixing", 0, 3)],
    "transport_loop.history": [("screened", "transport.self_consistency.history", 1), ("screened", "transport.self_consistency.history", -1, 3)],
    "transport_loop.tolerance": [("screened", "transport.self_consistency.tolerance", "1 nV"), ("screened", "transport.self_consistency.tolerance", 0, 3)],
    "transport_loop.max_iterations": [("screened", "transport.self_consistency.max_iterations", 1, 6), ("screened", "transport.self_consistency.max_iterations", -1, 3)],
    "transport_loop.start": [("screened", "transport.self_consistency.start", "0.1 mV"), ("screened", "transport.self_consistency.start", "1 m", 3)],
    "transport_values.parameter": [("tuned", "transport.sweep.parameter", "bias"), ("tuned", "transport.sweep.parameter", "none", 3)],
    "transport_values.values": [("tuned", "transport.sweep.values", ["1 meV"]), ("tuned", "transport.sweep.values", ["1 meV", "3 meV"])],
    "transport_values.sets": [("tuned", "transport.sweep.sets", [{"temperature": 20}])],
    "transport_set.mu": [("molecule", "transport.sweep[0].mu", [0.2, 0]), ("molecule", "transport.sweep[0].mu", [0.2], 3)],
    "transport_set.temperature": [("molecule", "transport.sweep[1].temperature", [100, 110])],
    "transport_filling.mu": [("driven", "transport.drive.filling.mu", 0.05)],
    "transport_filling.temperature": [("driven", "transport.drive.filling.temperature", 2000), ("driven", "transport.drive.filling.temperature", -1, 3)],
    "transport_halves.below": [("joined", "transport.drive.filling.below.mu", 0.05), ("joined", "transport.drive.filling.below", DELETE, 3)],
    "transport_halves.above": [("joined", "transport.drive.filling.above.mu", 0.05)],
    "transport_drive.site": [("driven", "transport.drive.site", 1), ("driven", "transport.drive.site", 9, 3), ("driven", "transport.drive.site", DELETE, 3)],
    "transport_drive.sites": [("driven", "transport.drive", {("sites" if k == "site" else k): ([0, 2] if k == "site" else v) for k, v in
                                                                     BASES["driven"]["transport"]["drive"].items()}),
                              ("driven", "transport.drive.sites", [1], 3)],
    "transport_drive.waveform": [("driven", "transport.drive.waveform", "2e-20*sin(1e14*t)"), ("driven", "transport.drive.waveform", 1, 3),
                                 ("driven", "transport.drive.waveform", ["t", "t"], 3), ("driven", "transport.drive.waveform", "1e-20*x", 3)],
    "transport_drive.potential": [("driven_plane", "transport.drive.potential", "2e-21*x/2e-8*sin(1e14*t)"), ("driven_plane", "transport.drive.potential", 1, 3),
                                  ("driven", "transport.drive.potential", "t", 3)],
    "transport_drive.hopping": [("driven", "transport.drive.hopping", 0.06), ("driven", "transport.drive.hopping", 0), ("driven_plane", "transport.drive.hopping", 0, 3)],
    "transport_drive.filling": [("driven", "transport.drive.filling", DELETE, 3)],
    "transport_drive.step": [("driven", "transport.drive.step", "2 fs"), ("driven", "transport.drive.step", 0, 3)],
    "transport_drive.end": [("driven", "transport.drive.end", "10 fs"), ("driven", "transport.drive.end", "1 ps", 3)],
    "transport_drive.cut": [("driven", "transport.drive.cut", 3), ("driven", "transport.drive.cut", 6, 3),
                            ("driven", "transport.drive.cut", [3, 5]), ("driven", "transport.drive.cut", [3, 3], 3), ("driven", "transport.drive.cut", "x", 3),
                            ("driven_plane", "transport.drive.cut", "y > 7e-9 ? 1 : 0"), ("driven_plane", "transport.drive.cut", "0*x", 3)],
    "transport_drive.every": [("driven", "transport.drive.every", 1)],
    "transport_drive.force": [("driven", "transport.drive", {**BASES["driven"]["transport"]["drive"], "end": "100 fs", "force": True})],
    "output.file": [("film", "output.file", "only.h5")],
    "output.fields": [("film", "output.fields", ["phi", "J_S"]), ("film", "output.fields", ["dS_dt"], 3)],
    "output.deflate": [("film", "output.deflate", 4), ("film", "output.deflate", 9)],
    "output.precision": [("film", "output.precision", "single")],
    "output.views": [("film", "output.views", False)],
    "output.xdmf": [("film", "output.xdmf", False)],
    "limits.memory": [("film", "limits.memory", "1 kB", 8)],
    # parts of values
    "hdf5.hdf5": [("measured", "entropy.hdf5", "other.h5"), ("measured", "entropy.hdf5", "missing.h5", 4)],
    "hdf5.dataset": [("measured", "entropy.dataset", "/b"), ("measured", "entropy.dataset", "/missing", 4)],
    "hdf5.order": [("measured", "entropy.order", "xyz")],
    "hdf5.scale": [("measured", "entropy.scale", 3)],
    "hdf5.unit": [("measured", "entropy.unit", "kJ/(K m^3)"), ("measured", "entropy.unit", "V", (3, 4))],
    "region.where": [("regions", "entropy.regions[0].where", "x < 0.5")],
    "region.value": [("regions", "entropy.regions[0].value", 7)],
    "regions.regions": [("regions", "entropy.regions", [{"where": "x < 0.3", "value": "x"}])],
    "regions.default": [("regions", "entropy.default", 4), ("regions", "entropy.default", DELETE, 3)],
    "sum.sum": [("sum", "entropy.sum", ["x", "cos(9*x)"])],
    "product.product": [("product", "entropy.product", ["x", "cos(9*x)"])],
    "dirichlet.dirichlet": [("film", "boundary.x.low", {"dirichlet": "0.4*y"}), ("film", "boundary.x.low", "dirichlet")],
    "neumann.neumann": [("film", "boundary.x.high", {"neumann": 0.4})],
    "natural.natural": [("film", "boundary.y.low", {"natural": 0.4})],
    "faces.low": [("film", "boundary.x.low", "natural"), ("film", "boundary.x.low", "periodic", 3)],
    "faces.high": [("film", "boundary.x.high", "dirichlet"), ("film", "boundary.x.high", DELETE, 3)],
    "gauge_point.point": [("gauged", "solver.gauge.point", [0.55, 0.05])],
    "gauge_point.value": [("gauged", "solver.gauge.value", "0.2 V"), ("gauged", "solver.gauge.value", "1 m", 3)],
    "fixed_voltage.dirichlet": [("device", "conduction.boundary.y.low.dirichlet", "0.2*x")],
    "fixed_voltage.fixed": [("block", "conduction.boundary.x.low.fixed", "1 + y")],
    "conduction_faces.low": [("device", "conduction.boundary.y.low", "dirichlet")],
    "conduction_faces.high": [("device", "conduction.boundary.y.high", "dirichlet")],
    "conduction_axes.x": [("block", "conduction.boundary.x", "dirichlet"), ("device", "conduction.boundary.x", "dirichlet", 3)],
    "conduction_axes.y": [("block", "conduction.boundary.y", "dirichlet"), ("device", "conduction.boundary.y", "dirichlet")],
    "conduction_axes.z": [("block", "conduction.boundary.z", "dirichlet"), ("device", "conduction.boundary.z", "dirichlet", 3)],
    "electrode.name": [("device", "electrodes[2].name", "pin")],
    "electrode.face": [("device", "electrodes[1].face", "y-high"), ("device", "electrodes[1].face", "x-low", 3)],
    "electrode.where": [("device", "electrodes[2].where", "(x - 0.6)^2 + (y - 0.5)^2 < 0.03")],
    "electrode.voltage": [("device", "electrodes[0].voltage", "0.3 V")],
    "electrode.current": [("device", "electrodes[2].current", "0.02 A")],
    "load.between": [("device", "loads[0].between", ["left", "tip"])],
    "load.resistance": [("device", "loads[0].resistance", "4 ohm")],
    "probe.name": [("film", "probes[0].name", "base")],
    "probe.at": [("film", "probes[0].at", [0.5, 0.3])],
}
# Named sources bring theirs: tests/cli/source_cases/NAME.py with BASES, CASES ("source_NAME.key") and, where files are needed, inputs(folder).
SOURCE_CASES = [importlib.import_module(f"source_cases.{path.stem}") for path in sorted((pathlib.Path(__file__).parent / "source_cases").glob("[a-z]*.py"))]
for module in SOURCE_CASES:
    BASES |= module.BASES
    CASES |= module.CASES
SHOWN_ELSEWHERE = {"solver.keep_unconverged": "unconverged_may_be_kept"}

# Given, valid, and without effect in this configuration: the run says so and names the key.
IDLE = {
    "/solver/tolerance": ("still", "solver.tolerance", 1e-6),
    "/solver/keep_unconverged": ("still", "solver.keep_unconverged", True),
    "/solver/kernel": ("film", "solver.kernel", "truncated"),
    "/coupling/entropy_at_infinity": ("still", "coupling.entropy_at_infinity", 3),
    "/solver/neutralize": ("still", "solver.neutralize", True),
    "/solver/compatibility": ("still", "solver.compatibility", 0.5),
    "/coupling": ("wire", "coupling", {"closure": "cell", "cell_volume": 1e-28, "time": 1e-12}),
    "/materials/conductivity": ("wire", "materials.conductivity", 5),
    "/materials/permittivity": ("still", "materials.permittivity", 5),
    "/entropy_current": ("still", "entropy_current", [1, 0]),
    "/solver/max_iterations": ("film", "solver.max_iterations", 100),
    "/solver/method": ("still", "solver.method", "pcg-mg"),
    "/charge": ("film", "output.fields", ["phi_S"]),
    "/boundary": ("film", "output.fields", ["S", "J_S"]),
}
METADATA = {"$schema", "title", "comment"}


def leaves(schema):
    """Every key that the schema allows: "grid.points", and for the parts of values "probe.at" by the name of their definition."""
    found = set()
    for name, row in schema["properties"].items():
        inner = row.get("properties", {})
        found |= {f"{name}.{key}" for key in inner if key not in METADATA} if inner else {name} - METADATA
    for name, definition in schema["$defs"].items():
        found |= {f"{name}.{key}" for key in definition.get("properties", {}) if key not in METADATA}
    return found


def changed(config, path, value):
    """A copy with the value at a dotted path with [i] set or removed; missing sections are made."""
    config = copy.deepcopy(config)
    *parents, last = path.replace("[", ".[").split(".")
    node = config
    for part in parents:
        node = node[int(part[1:-1])] if part.startswith("[") else node.setdefault(part, {})
    if value is DELETE:
        del node[last]
    else:
        node[last] = value
    return config


def write_wannier(folder):
    """Two orbitals on a square lattice as Wannier90 writes them, in two versions."""
    for name, hop in (("x", 0.3), ("y", 0.4)):
        lines = []
        for R in (-1, 0, 1):
            for j in (1, 2):
                for i in (1, 2):
                    value = (hop if i == j else 0.1) if R else (0.5 * (-1) ** i if i == j else 0.05)
                    lines.append(f"{R} 0 0 {i} {j} {value} 0.0")
        (folder / f"{name}_hr.dat").write_text(f"test\n2\n3\n1 1 1\n" + "\n".join(lines) + "\n")
        moved = {(1, 1, 2): -2, (-1, 2, 1): 2}
        (folder / f"{name}_wsvec.dat").write_text("test\n" + "".join(f"{R} 0 0 {i} {j}\n1\n{moved.get((R, i, j), 0)} 0 0\n" for R in (-1, 0, 1) for i in (1, 2)
                                                                   for j in (1, 2)))
        (folder / f"{name}.xyz").write_text(f"3\ncentres\nX 0 0 0\nX {hop} 1 0\nFe 0 0 0\n")


@pytest.fixture(scope="module")
def outcome(program, tmp_path_factory):
    """outcome(config) -> (exit code, messages, everything that came out), remembered by configuration."""
    folder = tmp_path_factory.mktemp("bites")
    x, y = np.meshgrid(np.arange(8.0), np.arange(8.0))
    for name, factor in (("in.h5", 1.0), ("other.h5", 1.5)):
        with h5py.File(folder / name, "w") as file:
            file["a"] = factor * (x**2 + 3 * y)
            file["b"] = factor * (x * y)
    write_wannier(folder)
    for module in SOURCE_CASES:
        getattr(module, "inputs", lambda _: None)(folder)
    inputs = {path.name for path in folder.iterdir()}

    @functools.lru_cache(maxsize=None)
    def run_text(text):
        for old in folder.glob("*"):
            if old.name not in inputs:
                old.unlink()
        (folder / "case.json").write_text(text)
        result = subprocess.run([program, "--json", "-t", "1", "case.json"], cwd=folder, capture_output=True, text=True, timeout=60,
                                env={**os.environ, "XDG_CACHE_HOME": str(folder)})
        out = {"files": sorted(p.name for p in folder.iterdir()), "results": json.loads(result.stdout).get("results")}
        for file in folder.glob("*.h5"):
            out |= signature(file) if file.name not in inputs else {}
        return result.returncode, result.stderr, out

    return lambda config: run_text(json.dumps(config))


@pytest.fixture(scope="module")
def schema(program):
    return json.loads(subprocess.run([program, "--schema"], capture_output=True, text=True, check=True).stdout)


def test_the_schema_has_no_key_without_a_case(schema):
    assert leaves(schema) == CASES.keys()


def test_every_key_has_a_case_where_it_bites():
    unit = (SOURCES / "unit" / "test_run.c").read_text()
    for key, cases in CASES.items():
        if key in SHOWN_ELSEWHERE:
            assert SHOWN_ELSEWHERE[key] in unit
        else:
            assert cases, key


@pytest.mark.parametrize("base", BASES)
def test_bases_run(outcome, base):
    code, messages, out = outcome(BASES[base])
    assert code == 0, messages
    assert "has no effect" not in messages and any(path.startswith(("data/0/meshes/", "data/0/results/bloch/", "data/0/results/transport/")) for path in out)


FLAT = [(key, *case) for key, cases in CASES.items() for case in cases]


@pytest.mark.parametrize("key, base, path, value, code", [(*case, 0)[:5] for case in FLAT], ids=[f"{c[0]}-{i}" for i, c in enumerate(FLAT)])
def test_a_change_changes_or_is_refused(outcome, key, base, path, value, code):
    _, _, before = outcome(BASES[base])
    got, messages, after = outcome(changed(BASES[base], path, value))
    assert got in (code if isinstance(code, tuple) else (code,)), messages
    if code == 0:
        assert "has no effect" not in messages
        assert after != before, f"{path} = {value} was accepted and nothing changed"
    else:
        words = {part for name in (key, path) for part in name.replace("[", ".").replace("]", "").split(".")}
        assert any(word in messages for word in words), f"the refusal of {path} does not name it: {messages}"
        assert not any(name.endswith((".part", ".xdmf")) for name in after["files"])


def enumerations(schema):
    """(path, value) of every value of every key that has a fixed set of names."""
    for section, row in schema["properties"].items():
        for key, inner in row.get("properties", {section: row}).items():
            for rule in inner.get("allOf", []) if isinstance(inner, dict) else []:
                for value in rule.get("enum", []):
                    yield (section if key == section else f"{section}.{key}"), value


def test_every_name_of_a_choice_is_told_apart(outcome, schema):
    """No two names of a choice may give the same result, unless one of them is refused where the other is not."""
    bases = {"coupling.closure": "custom", "reading": "custom", "solver.kernel": "space", "bloch.scheme": "crystal", "bloch.energy_unit": "crystal",
             "transport.entropy": "molecule", "transport.bound_states": "molecule", "transport.energy_unit": "molecule"}
    synonyms = {"solver.method": {"auto", "fft"}}
    seen = {}
    for path, value in enumerations(schema):
        code, _, out = outcome(changed(BASES[bases.get(path, "film")], path, value))
        seen.setdefault(path, []).append((value, json.dumps([code, out if code == 0 else value], default=repr, sort_keys=True)))
    assert {"grid.sampling", "reading", "solver.derivative", "output.precision", "coupling.closure"} <= seen.keys()
    for path, outcomes in seen.items():
        same = len(synonyms.get(path, {0})) - 1
        assert len({text for _, text in outcomes}) == len(outcomes) - same, (path, [value for value, _ in outcomes])
        assert len({text for value, text in outcomes if value in synonyms.get(path, ())}) <= 1


@pytest.mark.parametrize("key, case", IDLE.items(), ids=IDLE.keys())
def test_a_key_that_cannot_matter_is_named(outcome, key, case):
    base, path, value = case
    code, messages, _ = outcome(changed(BASES[base], path, value))
    assert code == 0, messages
    assert f"{key} has no effect" in messages, messages


def test_metadata_is_allowed_and_only_that_is_without_effect(outcome):
    config = {**BASES["film"], "title": "a", "comment": ["b"], "x-lab": {"c": 1}, "$schema": "d"}
    code, messages, out = outcome(config)
    assert code == 0, messages
    assert out == outcome(BASES["film"])[2]
