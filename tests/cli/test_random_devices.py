"""If this fails, some device that nobody thought of reads something else than the network of resistors that it is, or is refused for a reason that
does not hold. Devices are drawn at random: one to three axes of 1 to 31 points, both samplings, periods, holes, contrast, contacts on faces and as
regions at voltages, at currents or floating, and loads between them."""
import os

import h5py
import numpy as np
import pytest
from device import Network
from scipy import constants

C = 2e15
KAPPA = constants.hbar / constants.e * C
VOLTS = {"closure": "custom", "value": C, "unit": "K m^3 J^-1 s^-1"}
SIZES = {1: [5, 17, 31], 2: [1, 2, 3, 7, 13, 16, 19], 3: [1, 2, 3, 5, 8, 11]}
SEEDS = range(*map(int, os.environ.get("QEP_TEST_DEVICES", "0:40").split(":")))


class Device:
    """A random configuration, and the same as a network."""

    def __init__(self, seed):
        self.chance = chance = np.random.default_rng(seed)
        self.dim = int(chance.integers(1, 4))
        self.node = bool(chance.random() < 0.4)
        while True:
            self.points = [int(n) for n in chance.choice(SIZES[self.dim], self.dim)]
            if np.prod(self.points) >= 5:
                break
        self.lengths = [float(x) for x in chance.uniform(0.5, 2, self.dim).round(2)]
        self.periodic = [a for a in range(self.dim) if self.points[a] > 1 and not self.node and self.dim > 1 and chance.random() < 0.25]
        self.shape = tuple(self.points[::-1])
        self.terms = [(chance.uniform(-1, 1), [(chance.uniform(0, 6), chance.uniform(0.5, 3)) for _ in range(self.dim)]) for _ in range(3)]
        self.sigma = 10.0 ** (chance.uniform(0, 4) * (chance.random(self.shape) - 0.5))
        if chance.random() < 0.5:
            self.sigma[chance.random(self.shape) < chance.uniform(0, 0.3)] = 0.0
        self.x = self.mesh()
        depth = {1: {"cross_section": 0.02}, 2: {"thickness": 0.05}, 3: {}}[self.dim]
        self.network = Network(self.points, self.lengths, self.sigma, KAPPA * self.S(self.x), "node" if self.node else "cell", self.periodic,
                               extent=[*depth.values(), 1.0][0])
        self.electrodes, self.loads, self.taken = [], [], np.zeros(self.shape, bool)
        self.add_contacts()
        self.config = {"grid": {"points": self.points, "lengths": self.lengths, "sampling": "node" if self.node else "cell", **depth},
                       "coupling": VOLTS, "entropy": self.text(), "materials": {"conductivity": {"hdf5": "sigma.h5", "dataset": "/sigma"}},
                       "boundary": {"xyz"[a]: "periodic" if a in self.periodic or self.points[a] == 1 else "natural" for a in range(self.dim)},
                       "conduction": {"conductance": bool(self.electrodes)}, "electrodes": self.electrodes, "loads": self.loads,
                       "output": {"fields": ["V", "J"]}}
        if not self.electrodes:
            del self.config["electrodes"], self.config["loads"], self.config["conduction"]["conductance"]

    def mesh(self):
        step = [length / (n if not self.node or a in self.periodic or n == 1 else n - 1) for a, (n, length) in enumerate(zip(self.points, self.lengths))]
        axes = [(np.arange(n) + (0 if self.node else 0.5)) * h for n, h in zip(self.points, step)]
        return np.meshgrid(*axes[::-1], indexing="ij")[::-1]

    def rate(self, a, k):
        return 2 * np.pi / self.lengths[a] if a in self.periodic else k

    def S(self, x):
        return 2 + sum(w * np.prod([np.sin(self.rate(a, k) * x[a] + p) for a, (p, k) in enumerate(waves)], axis=0) for w, waves in self.terms)

    def text(self):
        return "2" + "".join(f" + ({w!r})*" + "*".join(f"sin({self.rate(a, k)!r}*{'xyz'[a]} + {p!r})" for a, (p, k) in enumerate(waves)) for w, waves in
                             [(float(w), [(float(p), float(k)) for p, k in waves]) for w, waves in self.terms])

    def held(self):
        kind = self.chance.random()
        value = round(float(self.chance.uniform(-1, 1)), 3)
        return {"voltage": value} if kind < 0.4 else {"current": value} if kind < 0.65 else {}

    def add_contacts(self):
        faces = [(a, side) for a in range(self.dim) for side in (0, 1) if self.points[a] > 1 and a not in self.periodic]
        for a, side in self.chance.permutation(faces).tolist()[:self.chance.integers(0, 3)] if faces else []:
            self.add_face(a, side)
        for k in range(self.chance.integers(0, 4)):
            self.add_region(f"r{k}")
        for _ in range(self.chance.integers(0, 4) if len(self.electrodes) > 1 else 0):
            a, b = (int(k) for k in self.chance.choice(len(self.electrodes), 2, replace=False))
            resistance = float(10 ** self.chance.uniform(-4, 4))
            self.loads.append({"between": [self.electrodes[a]["name"], self.electrodes[b]["name"]], "resistance": resistance})
            self.network.load(a, b, resistance)

    def add_face(self, a, side):
        part = tuple((0, -1)[side] if axis == self.dim - 1 - a else slice(None) for axis in range(self.dim))
        if self.node and self.taken[part].any():
            return
        self.taken[part] = True
        end = [np.take(x, 0, axis=self.dim - 1 - a) for x in self.x]
        end[a] = np.full_like(end[a], self.lengths[a] * side)
        drive = self.held()
        self.electrodes.append({"name": f"{'xyz'[a]}{side}", "face": f"{'xyz'[a]}-{('low', 'high')[side]}", **drive})
        self.network.electrode(face=(a, side), psi=KAPPA * self.S(end).ravel(), **drive)

    def add_region(self, name):
        low = [self.chance.uniform(-0.2, 0.9) * length for length in self.lengths]
        high = [a + self.chance.uniform(0.1, 0.5) * length for a, length in zip(low, self.lengths)]
        inside = np.all([(x > a) & (x < b) for x, a, b in zip(self.x, low, high)], axis=0)
        if not inside.any() or (inside & self.taken).any():
            return
        self.taken |= inside
        drive = self.held()
        where = " && ".join(f"{c} > {float(a)!r} && {c} < {float(b)!r}" for c, a, b in zip("xyz", low, high))
        self.electrodes.append({"name": name, "where": where, **drive})
        self.network.electrode(where=inside, **drive)

    def touching(self):
        """Pairs of held regions side by side."""
        for a in range(self.dim):
            axis, owner = self.dim - 1 - a, self.network.owner
            beside = np.roll(owner, -1, axis=axis) if a in self.periodic else np.take(owner, range(1, self.points[a]), axis=axis)
            here = owner if a in self.periodic else np.take(owner, range(self.points[a] - 1), axis=axis)
            for i, j in {(int(i), int(j)) for i, j in zip(here.ravel(), beside.ravel()) if i != j and min(i, j) >= self.sigma.size}:
                yield i, j

    def fault(self):
        """What makes the device impossible, as a word of the message; None."""
        piece, branches = self.network.pieces()
        network = self.network
        if not (self.sigma > 0).any():
            return "0 everywhere"
        if any(branches[e] == 0 for e in network.electrodes):
            return "touches no conducting sample"
        if any(i in network.held and j in network.held and network.held[i] != network.held[j] for i, j in self.touching()):
            return "touch: metals in contact"
        for p in set(piece[network.electrodes]):
            members = [k for k, e in enumerate(network.electrodes) if piece[e] == p]
            if not any(network.electrodes[k] in network.held for k in members) and abs(sum(network.current[k] for k in members)) > 1e-9:
                return "add up to"
        return None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_device_is_its_network(run, tmp_path, seed):
    device = Device(seed)
    with h5py.File(tmp_path / "sigma.h5", "w") as file:
        file["sigma"] = device.sigma
    done = run(device.config, "-f", "-o", tmp_path / "out.h5")
    fault = device.fault()
    if fault:
        assert done.returncode == 5 and fault in done.stderr, (fault, done.stderr)
        assert not (tmp_path / "out.h5").exists()
        return
    assert done.returncode == 0, done.stderr
    network, results = device.network, done.json["results"]
    V, voltage, current, load = network.solve()
    with h5py.File(tmp_path / "out.h5") as file:
        got = file["data/0/meshes/V"][...]
        densities = [file[f"data/0/meshes/J/{'xyz'[a]}"][...] for a in range(device.dim)]
    assert (np.isnan(got) == np.isnan(V)).all()
    piece, owner = network.piece[network.owner], network.owner
    anchored = set(network.piece[network.electrodes])
    good = ~np.isnan(V)
    for p in set(piece[good]) - anchored:                # nothing reads the constant of a piece without electrodes
        for field in (V, got):
            field[good & (piece == p)] -= field[good & (piece == p)].mean()
    scale = max(np.abs(V[good]).max(), np.abs(voltage).max(initial=0), KAPPA * 1e-3)
    assert np.abs(got - V)[good].max() < 1e-8 * scale
    for a, J in enumerate(densities):
        expected = network.current_density(a)
        assert (np.isnan(J) == np.isnan(expected)).all()
        assert np.abs(J - expected)[good].max() < 1e-8 * device.sigma.max() * scale / min(network.h)
    flow = max(np.abs(current).max(initial=0), network.faces)
    if device.electrodes:
        rows = results["electrodes"]
        conductance, size = network.conductance()
        noise = 1e-12 * size * scale                     # of an open circuit, where J_S and -sigma grad V cancel
        assert [r["name"] for r in rows] == [e["name"] for e in device.electrodes]
        assert np.abs(np.array([r["voltage"] for r in rows]) - voltage).max() < 1e-8 * scale
        assert np.abs(np.array([r["current"] for r in rows]) - current).max() <= 1e-8 * flow + noise
        assert abs(sum(r["current"] for r in rows)) <= 1e-9 * flow + noise
        for r, between, expected in zip(results.get("loads", []), device.loads, load):
            assert r["between"] == between["between"]
            assert r["current"] == pytest.approx(expected, rel=1e-7, abs=1e-8 * scale / between["resistance"])
            assert r["power"] == pytest.approx(r["current"] ** 2 * between["resistance"], rel=1e-9)
        G = np.array([[row[e["name"]] for e in device.electrodes] for row in results["conductance"]])
        assert np.abs(G - conductance).max() <= 1e-8 * size and np.abs(G - G.T).max() <= 1e-8 * size
    assert results["conduction"]["joule_power"] == pytest.approx(network.joule, rel=1e-7, abs=1e-12)
    assert results["conduction"]["current_imbalance"] < 1e-9 and results["conduction"]["energy_defect"] < 1e-8
