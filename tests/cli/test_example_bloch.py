"""If this fails, an example with Bloch electrons does not give the numbers that its README promises. Each is recomputed from a run and, for the sheet, from
the closed form of its two bands."""
import json
import os
import pathlib

import numpy as np
import pytest
from scipy import constants
from stated_numbers import assert_stated

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
HBAR, E, K_B = constants.hbar, constants.e, constants.k
THICK, TAU, SLOPE = 1e-9, 100e-15, 20 / 500e-9


def iron_file():
    """Fe_tb.dat of this machine, or None: QEP_SHARED_DATA, or shared/data beside the source tree."""
    for folder in (os.environ.get("QEP_SHARED_DATA", "."), ROOT / "../shared/data"):
        if (pathlib.Path(folder) / "Fe_tb.dat").exists():
            return (pathlib.Path(folder) / "Fe_tb.dat").resolve()
    return None


@pytest.fixture
def results(call, tmp_path):
    def solved(name, *options):
        done = call("--json", "-f", "-o", tmp_path / "solved.h5", *options, EXAMPLES / name)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["results"]

    return solved


class TwoBands:
    """e = +-|d|, d = (sin kx, sin ky, u + cos kx + cos ky) eV: sums over 128 x 128 k, mu = 1 eV; Berry curvature by -(1/2) d.(d_x d x d_y d)/|d|^3."""

    def __init__(self, n=128, u=-1.2, a=5e-10):
        k = 2 * np.pi * np.arange(n) / n
        x, y = np.meshgrid(k, k, indexing="ij")
        d = np.array([np.sin(x), np.sin(y), u + np.cos(x) + np.cos(y)])
        dx, dy = np.array([np.cos(x), 0 * x, -np.sin(x)]), np.array([0 * y, np.cos(y), -np.sin(y)])
        size = np.sqrt((d**2).sum(0))
        upper = -0.5 * (d * np.cross(dx, dy, axis=0)).sum(0) / size**3 * a**2
        self.energy = np.array([size, -size]) * E
        self.velocity = np.array([1, -1])[:, None, None] * (d * dx).sum(0) / size * E * a / HBAR
        self.omega = np.array([upper, -upper])
        self.mean = lambda values: values.sum() / (n * n * a * a)

    def at(self, T, mu=E):
        x = (self.energy - mu) / (K_B * T)
        e = np.exp(-np.abs(x))
        f = np.where(x > 0, e / (1 + e), 1 / (1 + e))
        entropy = K_B * (np.log1p(e) + np.abs(x) * e / (1 + e))
        slope = e / (1 + e)**2 / (K_B * T)
        weight = TAU * self.velocity**2 * slope
        return {"s": self.mean(entropy), "sigma_xy": -E**2 / HBAR * self.mean(f * self.omega), "alpha_xy": E / HBAR * self.mean(entropy * self.omega),
                "sigma": E**2 * self.mean(weight), "alpha": -E / T * self.mean(weight * (self.energy - mu)),
                "kappa": self.mean(weight * (self.energy - mu)**2) / T}


def test_entropy_hall_bar(results):
    sheet = TwoBands()
    q = {name: value / THICK for name, value in sheet.at(300).items()}
    per_K = (sheet.at(300.5)["s"] - sheet.at(299.5)["s"]) / THICK
    kappa = HBAR / E * 0.25e-27 / (K_B * TAU)
    E_x = -kappa * per_K * SLOPE
    swing = kappa * (sheet.at(300 + 20 * np.tanh(4 * 128 / 129))["s"] - sheet.at(300 - 20 * np.tanh(4 * 128 / 129))["s"]) / THICK
    J_s, J_e = -q["alpha_xy"] * E_x, -q["sigma_xy"] * E_x + q["alpha_xy"] * SLOPE
    Pi = (q["sigma"] * E_x**2 - 2 * q["alpha"] * E_x * SLOPE + q["kappa"] * SLOPE**2 / 300) / 300
    run = results("entropy-hall/bar.json")
    tip = run["probes"][0]
    alpha_yx = tip["bloch_J_s_y"] * THICK / tip["E_x"]
    nernst = (tip["bloch_J_e_y"] + q["sigma_xy"] * tip["E_x"]) * THICK / -SLOPE
    assert alpha_yx == pytest.approx(5.08079845799e-10, rel=1e-6) and nernst == pytest.approx(alpha_yx, rel=2e-5)  # dT/dx of the grid: fourth order
    text = (EXAMPLES / "entropy-hall/README.md").read_text()
    assert_stated(text, {
        "S(middle)": [tip["S"], q["s"]], "phi_max - phi_min": [run["phi_max"] - run["phi_min"], swing], "E_x(middle)": [tip["E_x"], E_x],
        "J_s,x(middle)": [tip["bloch_J_s_x"], q["alpha"] * E_x], "J_s,y(middle)": [tip["bloch_J_s_y"], J_s], "alpha_yx": [alpha_yx, -q["alpha_xy"] * THICK],
        "J_e,y(middle)": [tip["bloch_J_e_y"], J_e], "Nernst coefficient": [nernst, -q["alpha_xy"] * THICK], "Pi(middle)": [tip["bloch_Pi"], Pi],
        "sigma_yx E_x": [-q["sigma_xy"] * E_x, tip["bloch_J_e_y"] + alpha_yx / THICK * SLOPE], "sigma_yx": [-q["sigma_xy"] * THICK * constants.h / E**2],
        "E sigma E/T": [q["sigma"] * tip["E_x"]**2 / 300, q["sigma"] * E_x**2 / 300]})
    gap = results("entropy-hall/bar.json", "-s", 'entropy.chemical_potential="0.3 eV"')["probes"][0]
    assert abs(gap["bloch_J_s_y"]) < 1e-9 * abs(tip["bloch_J_s_y"])


def test_iron(results):
    file = iron_file()
    if not file:
        pytest.skip("Fe_tb.dat is not here (set QEP_SHARED_DATA)")
    got = results("iron/iron.json", "-s", f"bloch.model.wannier90={file}")["bloch"]
    sigma, alpha = np.array(got["sigma_H"])[0, 0] / 100, np.array(got["alpha_H"])[1, 0]
    assert_stated((EXAMPLES / "iron/README.md").read_text(), {"AHC x": [sigma[1, 2]], "AHC y": [sigma[2, 0]], "AHC z": [sigma[0, 1]]})
    assert np.abs(alpha - np.array(got["alpha_N"])[1, 0]).max() < 1e-12 * np.abs(alpha).max() and got["convergence/alpha_H"][1][0] > 1
