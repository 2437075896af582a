"""If this fails, docs/validation.md states accuracies that the program does not reach: every row of its first table is run again.
Run as a program, with QEP_SOLVE set, this file prints the table as it is now."""
import json
import os
import pathlib
import re
import subprocess
import tempfile

import h5py
import numpy as np
import pytest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "validation.md"
KAPPA = 6.62607015e-34 / (2 * np.pi) / 1.602176634e-19


def plate(n, sampling):
    """S = a harmonic function that varies along all four walls + one that vanishes there: phi_S is kappa times the second."""
    m = n + 6
    x, y = [(np.arange(k) + 0.5) / k if sampling == "cell" else np.linspace(0, 1, k) for k in (n, m)]
    y, x = 0.8 * y[:, None], x[None, :]
    a, b = np.pi, 2 * np.pi / 0.8
    config = {"grid": {"points": [n, m], "lengths": [1, 0.8]}, "boundary": {"x": "dirichlet", "y": "dirichlet"},
              "entropy": "exp(2*x)*cos(2*y + 0.3) + sin(pi*x)*sin(2*pi*y/0.8)"}
    return config, np.sin(a * x) * np.sin(b * y), {"x": -a * np.cos(a * x) * np.sin(b * y), "y": -b * np.sin(a * x) * np.cos(b * y)}


def mixed(n, sampling):
    """Charge between phi = 0 at x = 0 and a given outward field at x = 1: phi_rho = e^x sin(3 x)."""
    x = (np.arange(n) + 0.5) / n if sampling == "cell" else np.linspace(0, 1, n)
    slope = np.exp(1) * (np.sin(3) + 3 * np.cos(3))
    config = {"grid": {"points": [n], "lengths": [1]}, "boundary": {"x": {"low": "dirichlet", "high": {"neumann": slope}}},
              "charge": "-8.8541878128e-12*exp(x)*(6*cos(3*x) - 8*sin(3*x))"}
    return config, np.exp(x) * np.sin(3 * x), {"x": -np.exp(x) * (np.sin(3 * x) + 3 * np.cos(3 * x))}


CASES = {"plate": (plate, KAPPA), "mixed": (mixed, 1.0)}


def rows():
    text = PAGE.read_text().split("<!-- check: figures -->")[1].lstrip().split("\n\n")[0]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def measure(run, folder, case, sampling, derivative, n):
    make, scale = CASES[case]
    config, phi, E = make(n, sampling)
    config["grid"]["sampling"] = sampling
    config.update(solver={"derivative": derivative}, output={"file": "out.h5", "fields": ["phi", "E"]})
    result = run(config, "-q", "-f")
    assert result.returncode == 0, result.stderr
    with h5py.File(folder / "out.h5") as file:
        meshes = file["data/0/meshes"]
        error_phi = np.abs(meshes["phi"][...] / scale - phi).max() / np.abs(phi).max()
        error_E = max(np.abs(meshes["E"][d][...] / scale - E[d]).max() for d in E) / max(np.abs(E[d]).max() for d in E)
    return error_phi, error_E


def reached(stated, measured, noise=1e-11):
    """To the two digits stated; below `noise` another machine's rounding may be ten times larger."""
    return measured <= (10 if stated < noise else 1.1) * stated


def test_the_comparison_bites():
    assert reached(1.0e-5, 1.05e-5) and not reached(1.0e-5, 1.2e-5)
    assert reached(1e-13, 1e-12) and not reached(1e-13, 2e-12)


def test_all_derivatives_are_in_the_table():
    assert {row[2] for row in rows()} == {"fd2", "fd4", "fd6", "fd8", "spectral"} and {row[0] for row in rows()} == set(CASES)


@pytest.mark.parametrize("case,sampling,derivative,sizes,phi,E", rows(), ids=lambda text: re.sub(r"\W+", "_", text))
def test_stated_errors(run, tmp_path, case, sampling, derivative, sizes, phi, E):
    for n, stated_phi, stated_E in zip(map(int, sizes.split(", ")), map(float, phi.split(", ")), map(float, E.split(", "))):
        error_phi, error_E = measure(run, tmp_path, case, sampling, derivative, n)
        noise = 1e-7 if derivative == "spectral" else 1e-11  # nothing but noise is left of its errors
        assert reached(stated_phi, error_phi, noise), f"phi, n = {n}: stated {stated_phi:g}, measured {error_phi:.1e}"
        assert reached(stated_E, error_E, noise), f"E, n = {n}: stated {stated_E:g}, measured {error_E:.1e}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)

        def run_here(config, *options):
            (folder / "case.json").write_text(json.dumps(config))
            return subprocess.run([os.path.abspath(os.environ["QEP_SOLVE"]), *options, "case.json"], cwd=folder, capture_output=True, text=True)

        for case, sampling, derivative, sizes, _, _ in rows():
            errors = [measure(run_here, folder, case, sampling, derivative, int(n)) for n in sizes.split(", ")]
            print(f"| {case} | {sampling} | {derivative} | {sizes} |", *[f"{', '.join(f'{e[i]:.1e}' for e in errors)} |" for i in (0, 1)])
