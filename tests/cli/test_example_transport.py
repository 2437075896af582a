"""If this fails, an example of the section "transport" does not give the numbers that its README promises. Each is recomputed from a run and by a second route: closed forms, or
matrices of numpy."""
import json
import pathlib

import h5py
import numpy as np
import pytest
from scipy import constants, integrate, special
from stated_numbers import agrees, assert_stated, half_digit, Stated, table_rows

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
E, H, HBAR, K = constants.e, constants.h, constants.hbar, constants.k
QUANTUM = np.pi**2 * K**2 / (3 * H)


def readme(folder):
    return (EXAMPLES / folder / "README.md").read_text()


def close_to(cell, value):
    return agrees(value, Stated(float(cell), half_digit(cell), ""))


@pytest.fixture
def results(call, tmp_path):
    def solved(name, *options):
        done = call("--json", "-f", "-o", tmp_path / "solved.h5", *options, EXAMPLES / name)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.replace("Infinity", '"inf"'))["results"]

    return solved


# ---- point contact --------------------------------------------------------------------------------------------------------------

def transmission_of_the_contact(Vg, energy):
    """T(E) of the contact by slices: the recursive Green function, written down once more. Energies in J."""
    a, mass = 5e-9, 0.067 * constants.m_e
    t = HBAR**2 / (2 * mass * a**2)
    x, y = (np.arange(10, 61) + 0.5) * a, (np.arange(20) + 0.5) * a
    U = np.exp(-((x[:, None] - 177.5e-9) / 40e-9) ** 2) * (Vg + 2.5e-22 * ((y - 50e-9) / 15e-9) ** 2)
    across = -t * (np.eye(20, k=1) + np.eye(20, k=-1))
    slices = [across + np.diag(4 * t + row) for row in U]

    def sigma(h):
        level, mode = np.linalg.eigh(h)
        z = (energy - level) / (2 * t) + 0j
        root = np.where(abs(z.real) <= 1, z - 1j * np.sqrt(1 - z * z), z - np.sign(z.real) * np.sqrt(z * z - 1))
        return (mode * (t * root)) @ mode.T

    left, right = sigma(slices[0]), sigma(slices[-1])
    g = np.linalg.inv(energy * np.eye(20) - slices[0] - left)
    through = g
    for k, h in enumerate(slices[1:], 1):
        g = np.linalg.inv(energy * np.eye(20) - h - t * t * g - (right if k == len(slices) - 1 else 0))
        through = through @ (-t * g)
    gamma = [1j * (s - s.conj().T) for s in (left, right)]
    return np.trace(gamma[0] @ through @ gamma[1] @ through.conj().T).real


def test_point_contact(results, tmp_path):
    r = results("point-contact/point-contact.json")
    t = r["transport"]
    rows = table_rows(readme("point-contact"), "I_S in quanta")
    by_gate = {round(v / (1e-3 * E)): (T[0][0][1], I[0]) for v, T, I in zip(t["parameter"], t["transmission"], t["I_S"])}
    assert sorted(by_gate) == sorted(int(gate) for gate, _, _ in rows)
    for gate, T, I in rows:
        here = by_gate[int(gate)]
        assert here[0] == pytest.approx(transmission_of_the_contact(int(gate) * 1e-3 * E, 12e-3 * E), rel=1e-9)
        assert close_to(T, here[0]) and close_to(I, here[1] / (2 * 0.1 * QUANTUM))
        window = 12e-3 * E + K * np.linspace(-22, 22, 175) * 1.05  # I_S by hand: the weights of both leads over the transmission
        weight = [entropy((window - 12e-3 * E) / (K * temperature)) for temperature in (1.1, 1.0)]
        by_hand = 2 * K / H * integrate.trapezoid([transmission_of_the_contact(int(gate) * 1e-3 * E, e) for e in window] * (weight[0] - weight[1]), window) if int(gate) in (8, -4) else here[1]
        assert here[1] == pytest.approx(by_hand, rel=1e-6, abs=0)
    for N, gate in ((1, 8), (2, 4), (3, 0), (4, -4)):
        assert by_gate[gate][0] == pytest.approx(N, rel=0.02) and by_gate[gate][1] == pytest.approx(2 * N * 0.1 * QUANTUM, rel=0.02, abs=0)
    with h5py.File(tmp_path / "solved.h5") as file:
        S, phi = (file[f"data/0/meshes/{name}"][...] for name in ("S", "phi"))
    kappa = HBAR * 250e-27 / (E * K * 1e-12)
    assert phi == pytest.approx(kappa * (S - S.mean()), rel=1e-9, abs=1e-12 * np.ptp(phi))
    assert_stated(readme("point-contact"), {"2 e^2/h": [2 * E**2 / H], "2 pi^2 k_B^2/3h": [2 * QUANTUM], "phi range": [np.ptp(phi), kappa * np.ptp(S)],
                                            "step": [t["entropy_step_at_leads"]]})


def entropy(x):
    x = abs(x)
    return np.log1p(np.exp(-x)) + x * np.exp(-x) / (1 + np.exp(-x))


# ---- resonant level -------------------------------------------------------------------------------------------------------------

def level_currents(bias, T):
    """(I_Q into the lead of lower mu, I_S through) of the level, by its digamma functions. J, K."""
    e0, GL, GR = 20e-3 * E, 10e-3 * E, 20e-3 * E
    G = GL + GR

    def integrals(mu):
        if T == 0:
            n = 0.5 + np.arctan(2 * (mu - e0) / G) / np.pi
            return n, G / (4 * np.pi) * np.log((mu - e0) ** 2 + G * G / 4), 0.0
        kT = K * T
        z = 0.5 + (G / 2 + 1j * (e0 - mu)) / (2 * np.pi * kT)
        psi = special.digamma(z)
        n, eta = 0.5 - psi.imag / np.pi, G / (2 * np.pi) * (psi.real + np.log(2 * np.pi * kT))
        S = K * (2 * ((z - 0.5) * psi - special.loggamma(z)).real + np.log(2 * np.pi) - G / (2 * np.pi * kT))
        return n, eta, S

    (n1, eta1, S1), (n2, eta2, S2) = integrals(bias / 2), integrals(-bias / 2)
    rate = GL * GR / (HBAR * G)
    return rate * (e0 * (n1 - n2) + eta1 - eta2 + bias / 2 * (n1 - n2)), rate * (S1 - S2)


def test_resonant_level(results):
    t = results("resonant-level/resonant-level.json")["transport"]
    rows = table_rows(readme("resonant-level"), "I_S in W/K")
    assert [float(row[0]) for row in rows] == [r[1] for r in t["temperature"][:6]]
    for i, (T, ratio, flow) in enumerate(rows):
        heat, I_S = -t["I_Q"][i][1], t["I_S"][i][0]
        exact = level_currents(10e-3 * E, float(T))
        assert close_to(ratio, heat / float(T)) and close_to(flow, I_S)
        assert heat == pytest.approx(exact[0], rel=1e-9, abs=0)
        # the closed form subtracts terms of size Gamma/kT
        assert I_S == pytest.approx(exact[1], rel=1e-9 + 1e-15 * (3e-2 * E / (K * float(T))) ** 2, abs=0) or float(T) < 1
    at_zero = [level_currents(b * 1e-3 * E, 0)[0] for b in (10, 1, 0.1)]
    for i, heat in zip((6, 13, 20), at_zero):
        assert -t["I_Q"][i][1] == pytest.approx(heat, rel=1e-8, abs=0) and t["I_S"][i] == [0, 0] and t["clausius"][i] == "inf"
        assert t["TI_S"][i] == [0, 0] and t["I_W"][i][1] == pytest.approx(t["I_Q"][i][1], rel=1e-12, abs=0)
    assert_stated(readme("resonant-level"), {"I_Q": [at_zero[0], -t["I_Q"][6][1]], "growth": [at_zero[1] / at_zero[2], t["I_Q"][13][1] / t["I_Q"][20][1]]})


# ---- driven dot -----------------------------------------------------------------------------------------------------------------

def slow_chain(sites=900):
    """Entropy and grand potential of site 0 and of all others by exact diagonalisation, level at eps (in t): function of eps. k_B T = 0.2, mu = -0.4."""
    def at(eps):
        h = np.diag(-np.ones(sites - 1), 1) + np.diag(-np.ones(sites - 1), -1)
        h[0, 1] = h[1, 0] = -0.5
        h[0, 0] = eps
        level, mode = np.linalg.eigh(h)
        x = (level + 0.4) / 0.2
        weight = mode**2
        return weight[0] @ entropy(x), -0.2 * (weight[0] @ np.logaddexp(0, -x)), -0.2 * ((weight[1:] @ np.logaddexp(0, -x)).sum())
    return at


def test_driven_dot(call, shell, results, tmp_path):
    (tmp_path / "examples").symlink_to(EXAMPLES)
    printed = table_rows(shell("sh examples/driven-dot/speeds.sh"), "tau t/hbar")
    assert printed == table_rows(readme("driven-dot"), "tau t/hbar")
    at = slow_chain()
    low, high = at(-0.5), at(0.5)
    reference = {"20": (0.17955552, 0.11359584), "40": (0.13064031, 0.06468063), "80": (0.10539036, 0.03943071)}  # 240 sites, half the step
    for tau, heat, ratio, gained, missing in printed:
        assert float(heat) == pytest.approx(reference[tau][0], abs=2.5e-5) and float(missing) == pytest.approx(reference[tau][1], abs=2.5e-5)
        assert float(ratio) == pytest.approx(float(heat) / 0.2, abs=5.1e-5) and float(missing) == pytest.approx(float(heat) - 0.2 * float(gained), abs=1.2e-5)
        assert float(gained) == pytest.approx(low[0] - high[0], abs=1e-5)  # what the level has lost
    slow = results("driven-dot/nonlocal-work.json")["transport"]
    last, before = float(printed[2][4]), float(printed[1][4])
    assert sum(slow["work/w"]) + slow["work_leads"] == pytest.approx(slow["work_density"], rel=1e-9)
    assert_stated(readme("driven-dot"), {"W": [high[2] - low[2]], "W by the runs": [2 * last - before], "w_0": [slow["work/w"][0]], "w_1": [slow["work/w"][1]],
                                         "w_2": [slow["work/w"][2]], "n_0": [slow["work_density"], slow["n"][0]]})


# ---- Joule entropy --------------------------------------------------------------------------------------------------------------

def test_joule_entropy(shell, tmp_path):
    (tmp_path / "examples").symlink_to(EXAMPLES)
    printed = table_rows(shell("sh examples/joule-entropy/joule-entropy.sh"), "hottest probe")
    assert printed == table_rows(readme("joule-entropy"), "hottest probe")
    published = {"5": 0.0501762, "10": 0.0987041, "20": 0.1862820, "40": 0.3229868}
    for sites, share, hottest, conductance in printed:
        assert float(share) == pytest.approx(published[sites], abs=6e-7)
        assert float(conductance) == pytest.approx(1 / (1 + int(sites) * 0.1 / 4), rel=2e-3)
    hot = np.hypot(300, np.sqrt(3) * 0.1 * E / (2 * np.pi * K))
    assert float(printed[-1][2]) == pytest.approx(hot, rel=2e-4)
    assert_stated(readme("joule-entropy"), {"T_max": [hot]})
    with h5py.File(tmp_path / "joule-entropy.h5") as file:
        t = file["data/0/results/transport"]
        I_N, I_S, T, mu, I_Q = (t[name][...] for name in ("I_N", "I_S", "temperature", "mu", "I_Q"))
        assert np.abs(I_N[2:]).max() < 1e-9 * I_N[0] and (I_S[2:] > 0).all()
        assert -(I_Q[:2] / T[:2]).sum() - (I_Q[2:] / T[2:]).sum() == pytest.approx(I_N[0] * (mu[0] - mu[1]) / 300, rel=1e-8, abs=0)
