"""If this fails, some conductor that nobody thought of transmits, holds or heats differently from what its matrices say. Chains, grids of one to three axes and lists
are drawn at random, with fields, masses, contacts of every kind and probes, and compared with scattering.py, which shares nothing with the program."""
import os

import h5py
import numpy as np
import pytest
import scattering
from scattering import Conductor, Grid
from scipy import constants, special

E, K, HBAR, H = constants.e, constants.k, constants.hbar, constants.h
MASS = 0.067 * constants.m_e
SEEDS = range(*map(int, os.environ.get("QEP_TEST_CONDUCTORS", "0:12").split(":")))
FACES = ["x-low", "x-high", "y-low", "y-high", "z-low", "z-high"]


def close(got, expected, tolerance, scale=None, what=""):
    got, expected = np.asarray(got, float), np.asarray(expected, float)
    scale = np.abs(expected).max() if scale is None else scale
    assert got.shape == expected.shape, (what, got.shape, expected.shape)
    assert np.isfinite(got).all() and np.abs(got - expected).max(initial=0) <= tolerance * scale, (what, np.abs(got - expected).max() / (scale or 1), got, expected)


class RandomGrid:
    """A box with random potential, mass and field, and two to four of its faces contacted."""

    def __init__(self, seed):
        self.chance = chance = np.random.default_rng(seed)
        self.dim = 1 + seed % 3
        sizes = {1: [2, 3, 5, 8, 13], 2: [1, 2, 3, 4, 5, 7], 3: [1, 2, 3]}[self.dim]
        while True:
            points = [int(n) for n in chance.choice(sizes, self.dim)]
            if np.prod(points) >= 2 and max(points) >= 2 and np.prod(points) <= 24:
                break
        self.points, self.spacing = points, [float(a) for a in chance.uniform(3e-9, 5e-9, self.dim)]
        every = points + [1] * (3 - self.dim)
        shape = tuple(every[::-1])
        self.periodic = [a for a in range(self.dim) if points[a] > 2 and self.dim > 1 and chance.random() < 0.2]
        faces = [f for f in FACES if "xyz".index(f[0]) < self.dim and points["xyz".index(f[0])] > 1 and "xyz".index(f[0]) not in self.periodic]
        if not faces:
            self.periodic, faces = [], [f for f in FACES if "xyz".index(f[0]) < self.dim and points["xyz".index(f[0])] > 1]
        faces = list(chance.permutation(faces))[:chance.integers(2, 5)]
        unit = HBAR**2 / (2 * MASS * 4e-9**2) / E
        self.mass = MASS * chance.uniform(0.7, 1.4, shape) if chance.random() < 0.5 else np.full(shape, MASS)
        self.potential = unit * chance.uniform(0, 0.7) * chance.uniform(-0.3, 1, shape)
        self.field = 0.0
        if self.dim > 1 and points[0] > 1 and points[1] > 1 and chance.random() < 0.6:
            if 0 in self.periodic or 1 in self.periodic:
                quantum = H / E / (self.spacing[0] * self.spacing[1])
                turns = [points[a] for a in (0, 1) if a in self.periodic]
                self.field = quantum / np.gcd.reduce(turns) if len(turns) == 2 else quantum / turns[0]
            else:
                self.field = float(chance.uniform(-20, 20))
        walls = not {0, 1} & set(self.periodic)
        mu = unit * chance.uniform(0.5, 1.5) + unit * 0.3 * chance.uniform(-1, 1, len(faces))
        T = chance.choice([0, 15, 80, 300], len(faces))
        shift = unit * chance.uniform(-0.2, 0.2, len(faces)) * (chance.random(len(faces)) < 0.3)
        grid = Grid(every, self.spacing + [1e-9] * (3 - self.dim), self.mass, self.potential, self.field, self.periodic, float(chance.uniform(0, 1)) if walls else 0.0)
        leads = [grid.lead(f, m, t, f, s) for f, m, t, s in zip(faces, mu, T, shift)]
        self.reference = Conductor(grid.H, leads)
        self.energies = unit * chance.uniform(0.2, 6, 5)
        self.cell = np.prod(self.spacing)
        self.spin = int(chance.integers(1, 3))
        self.config = {
            "grid": {"points": points, "spacing": self.spacing}, "boundary": {"xyz"[a]: "periodic" if a in self.periodic or points[a] == 1 else "natural" for a in range(self.dim)},
            "transport": {"hamiltonian": {"kind": "grid", "mass": {"hdf5": "in.h5", "dataset": "/m"}, "potential": {"hdf5": "in.h5", "dataset": "/U"},
                                          **({"magnetic_field": self.field} if self.field else {})},
                          "leads": [{"name": f, "kind": "strip", "face": f, "mu": f"{float(m)!r} eV", "temperature": float(t), **({"shift": f"{float(s)!r} eV"} if s else {})}
                                    for f, m, t, s in zip(faces, mu, T, shift)],
                          "energies": [f"{float(e)!r} eV" for e in self.energies], "spin_factor": self.spin, "bond_currents": True, "bound_states": "ignore"}}

    def write(self, folder):
        with h5py.File(folder / "in.h5", "w") as file:
            shape = tuple(self.points[::-1])
            file["m"], file["U"] = self.mass.reshape(shape), (self.potential * E).reshape(shape)


class RandomList:
    """Sites with complex hoppings, wide bands, strips on one site or several, periodic leads, and probes that float."""

    def __init__(self, seed):
        self.chance = chance = np.random.default_rng(1000 + seed)
        core = int(chance.integers(2, 10))
        onsite, bonds, leads, listed = list(chance.uniform(-0.5, 0.5, core)), {}, [], []
        for i in range(1, core):
            self.join(bonds, int(chance.integers(0, i)), i)
        for _ in range(core):
            i, j = sorted(int(k) for k in chance.choice(core, 2, replace=False))
            self.join(bonds, i, j)
        pending = []
        for k in range(int(chance.integers(2, 5))):
            kind = chance.choice(["wideband", "strip", "periodic"])
            mu, T = float(chance.uniform(-0.3, 0.3)), float(chance.choice([0, 30, 300, 1000]))
            entry = {"name": f"l{k}", "kind": str(kind), "mu": mu, "temperature": T}
            count = int(chance.integers(1, min(core, 3) + 1))
            sites = [int(i) for i in chance.choice(core, count, replace=False)]
            if kind == "wideband":
                gamma = float(chance.uniform(0.02, 0.4))
                leads.append(scattering.wideband(entry["name"], sites, gamma, mu, T))
                entry |= {"sites": sites, "gamma": gamma}
            elif kind == "strip":
                t, shift = float(chance.uniform(0.4, 1.0)), float(chance.uniform(-0.2, 0.2))
                entry |= {"sites": sites, "hopping": t, "shift": shift}
                pending.append((len(leads), entry, None))
                leads.append(None)
            else:
                cell = chance.normal(size=(count, count)) * 0.2 + 0.2j * chance.normal(size=(count, count))
                cell = 0.5 * (cell + cell.conj().T)
                outward = np.diag(chance.uniform(0.4, 0.8, count)) + 0.1 * (chance.normal(size=(count, count)) + 1j * chance.normal(size=(count, count)))
                first = len(onsite)
                inner, outer = list(range(first, first + count)), list(range(first + count, first + 2 * count))
                onsite += [float(cell[i, i].real) for i in range(count)] * 2
                for part in (inner, outer):
                    for i in range(count):
                        for j in range(i + 1, count):
                            bonds[part[i], part[j]] = complex(cell[i, j])
                for i in range(count):
                    for j in range(count):
                        bonds[inner[i], outer[j]] = complex(outward[i, j])
                    self.join(bonds, sites[i], inner[i])
                entry |= {"sites": outer, "previous": inner}
                leads.append(scattering.general(entry["name"], outer, cell, outward, mu, T))
            listed.append(entry)
        H = np.diag(np.array(onsite, complex))
        for (i, j), value in bonds.items():
            H[i, j] += value
            H[j, i] += np.conj(value)
        for k, entry, _ in pending:
            cell = H[np.ix_(entry["sites"], entry["sites"])] + entry["shift"] * np.eye(len(entry["sites"]))
            leads[k] = scattering.uniform(entry["name"], entry["sites"], cell, entry["hopping"], entry["mu"], entry["temperature"])
        self.probes = []
        for k in range(int(chance.integers(0, 3))):
            kind = str(chance.choice(["voltage", "thermoelectric"]))
            sites, gamma = [int(i) for i in chance.choice(core, int(chance.integers(1, 3)), replace=False)], float(chance.uniform(0.02, 0.2))
            self.probes.append({"name": f"p{k}", "kind": kind, "sites": sites, "gamma": gamma, **({"temperature": 200} if kind == "voltage" else {})})
            leads.append(scattering.wideband(f"p{k}", sites, gamma, np.nan, np.nan))
        self.reference, self.cell, self.spin = Conductor(H, leads), 1.0, int(chance.integers(1, 3))
        self.energies = chance.uniform(-1, 1, 5)
        self.config = {"transport": {
            "energy_unit": "eV", "hamiltonian": {"kind": "list", "onsite": [float(e) for e in onsite],
                                                 "hoppings": [{"from": i, "to": j, "value": [v.real, v.imag]} for (i, j), v in bonds.items()]},
            "leads": listed, **({"probes": self.probes} if self.probes else {}), "energies": [float(e) for e in self.energies], "spin_factor": self.spin,
            "bond_currents": True}}

    def join(self, bonds, i, j):
        bonds[i, j] = complex(self.chance.normal(0, 0.4), self.chance.normal(0, 0.4))

    def write(self, folder):
        pass


def solved(run, case, folder):
    case.write(folder)
    done = run(case.config, "-f", "-o", folder / "out.h5")
    assert done.returncode == 0, done.stderr
    return done.json["results"]["transport"]


def site_values(case, result, folder):
    """Per site, as extensive values."""
    with h5py.File(folder / "out.h5") as file:
        source = file["data/0/meshes"] if isinstance(case, RandomGrid) else file["data/0/results/transport"]
        return {name: source[name][...].ravel() * case.cell for name in ("n", "u", "s_hs", "s_dist", "s_site")}, {
            name: file["data/0/results/transport/bonds"][name][...] for name in ("from", "to", "J_N", "J_E", "J_S", "div_N", "div_E", "div_S")}


def compare(case, result, folder):
    reference, leads = case.reference, case.reference.leads
    for k, (mu, T) in enumerate(zip(result["mu"], result["temperature"])):           # probes: whatever makes their currents vanish
        if np.isnan(leads[k].mu):
            leads[k].mu, leads[k].T = mu / E, T
    T = np.array(result["transmission"])
    close(T, reference.transmission(case.energies), 1e-9, max(1, np.abs(T).max()), "transmission")
    strips = [a for a, lead in enumerate(leads) if not lead.wide]
    if len(strips) == len(leads):
        close(T.sum(axis=1), T.sum(axis=2), 1e-11, max(1, T.max()), "unitarity")
    expected, sites = reference.fields(case.spin)
    flow = {"I_N": 1e-6 * case.spin / scattering.H_EV, "I_E": 1e-7 * E / scattering.H_EV, "I_Q": 1e-7 * E / scattering.H_EV, "I_S": 1e-6 * K / scattering.H_EV, "I_W": 1e-7 * E / scattering.H_EV}
    for name, values in expected.items():
        close(result[name], values, 1e-8, max(np.abs(values).max(), flow[name]), name)
    close(np.array(result["TI_S"]) + result["I_W"], result["I_Q"], 1e-9, max(np.abs(expected["I_Q"]).max(), flow["I_Q"]), "closure")
    for probe in getattr(case, "probes", []):
        k = list(result["leads"]).index(probe["name"])
        assert abs(expected["I_N"][k]) < 1e-8 * max(np.abs(expected["I_N"]).max(), flow["I_N"]), "a probe carries particles"
        assert probe["kind"] == "voltage" or abs(expected["I_E"][k]) < 1e-8 * max(np.abs(expected["I_E"]).max(), flow["I_E"]), "a probe carries energy"
    got, bonds = site_values(case, result, folder)
    for name in ("n", "u", "s_hs", "s_dist", "s_site"):
        close(got[name], sites[name], 1e-8, max(np.abs(sites[name]).max(), 1e-6 * {"n": 1, "u": E}.get(name, K)), name)
    slack = 1e-9 * got["s_site"].max()
    assert (got["s_hs"] <= got["s_dist"] + slack).all() and (got["s_dist"] <= got["s_site"] + slack).all()
    touched = np.isin(np.arange(reference.n), np.concatenate([lead.sites for lead in leads]))
    for X in "NES":
        size = max(np.abs(bonds[f"J_{X}"]).max(initial=0), 1e-300)
        close(bonds[f"div_{X}"][~touched], 0 * bonds[f"div_{X}"][~touched], 1e-12, size, f"div J_{X}")
    total = sum(result["I_S"])
    assert abs(total) < 1e-10 * max(np.abs(result["I_S"]).max(), flow["I_S"]), "entropy made in a static conductor"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_grid_is_its_matrix(run, tmp_path, seed):
    case = RandomGrid(seed)
    compare(case, solved(run, case, tmp_path), tmp_path)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_list_is_its_matrix(run, tmp_path, seed):
    case = RandomList(seed)
    compare(case, solved(run, case, tmp_path), tmp_path)
