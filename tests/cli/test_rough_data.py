"""If this fails, noise next to a wall is multiplied on its way into the result, or a small or odd grid makes the program fail by itself."""
import itertools

import h5py
import numpy as np
import pytest
from signature import records

DERIVATIVES = ["fd2", "fd4", "fd6", "fd8", "spectral"]
KAPPA = 1.054571817646156391e-34 / 1.602176634e-19 * 2e15
CUSTOM = {"closure": "custom", "value": "2e15 K m^3 J^-1 s^-1"}
D, N, ND = "dirichlet", "neumann", {"low": "neumann", "high": "dirichlet"}
CORNER = {"x": {"low": D, "high": N}, "y": "natural", "z": {"low": "natural", "high": D}}


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("boundary, times", [({"x": D}, 30), ({"x": D, "y": D, "z": D}, 40), ({"x": N}, 100), ({"x": ND}, 100), (CORNER, 100)])
def test_white_noise_stays_noise(run, tmp_path, boundary, times, derivative, sampling):
    """phi_S is bounded by its data: a few times kappa (max S - S0) between Dirichlet faces; a Neumann face integrates slopes of noise."""
    config = {"boundary": boundary, "entropy": {"hdf5": "in.h5", "dataset": "/S"}, "coupling": CUSTOM, "solver": {"derivative": derivative},
              "output": {"file": "out.h5", "fields": ["phi"]}}
    for points in ([24, 20, 18], [12, 9, 10], [16, 64, 8]):  # the last: steps across the wall 6 times those along it
        with h5py.File(tmp_path / "in.h5", "w") as file:
            file["S"] = 5 + np.random.default_rng(1).random(points[::-1])
        result = run({"grid": {"points": points, "lengths": [1.1, 0.7, 1.3], "sampling": sampling}, **config}, "-f", "-t", 1)
        assert result.returncode == 0, (points, result.stderr)
        assert np.abs(records(tmp_path / "out.h5")["phi"]).max() <= times * KAPPA * 0.5, points


@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_a_noisy_charge_at_walls(run, tmp_path, derivative):
    """|phi| <= max|rho| L^2 / (8 eps0) between Dirichlet faces, by the maximum principle."""
    for boundary, sampling in itertools.product(({"x": D}, {"x": D, "y": D, "z": D}), ("cell", "node")):
        with h5py.File(tmp_path / "in.h5", "w") as file:
            file["rho"] = 8.8541878128e-12 * (np.random.default_rng(2).random((10, 24, 20)) - 0.5)
        result = run({"grid": {"points": [20, 24, 10], "lengths": [1, 0.7, 1.3], "sampling": sampling}, "boundary": boundary,
                      "charge": {"hdf5": "in.h5", "dataset": "/rho"}, "solver": {"derivative": derivative},
                      "output": {"file": "out.h5", "fields": ["phi"]}}, "-f")
        assert result.returncode == 0, result.stderr
        assert np.abs(records(tmp_path / "out.h5")["phi"]).max() <= 0.5 / 8 * 1.1


def small_grids():
    """Every size 2 to 8 with every pair of faces, sampling, derivative and reading once; the other axes change along."""
    faces = ["periodic", D, N, "natural", {"low": D, "high": N}, ND, {"low": "natural", "high": D}, {"low": N, "high": "natural"}]
    readings = ["poisson", "field", "gradient", "directional"]
    for i, (n, face, sampling, derivative) in enumerate(itertools.product(range(2, 9), faces, ("cell", "node"), DERIVATIVES)):
        ny, nz = 1 + i % 8, 1 + i // 3 % 5
        boundary = {"x": face, "y": faces[i % 7] if ny > 1 else "periodic", "z": faces[i % 3] if nz > 1 else "periodic"}
        reading = readings[i % 7 % 4]
        yield {"grid": {"points": [n, ny, nz], "lengths": [1.0, 0.7, 1.9], "sampling": sampling}, "boundary": boundary, "reading": reading,
               "entropy": "sin(5*x + 1)*cos(3*y)*(1 + z)", "coupling": CUSTOM, "solver": {"derivative": derivative},
               **({"direction": [1, 2, -1]} if reading == "directional" else {}),
               **({"charge": "1e-11*(cos(40*x) + y)"} if reading == "poisson" and i % 2 else {}),
               "output": {"fields": ["S", "grad_S", "hessian_S", "E", "J_S", "phi", *(["residual"] if reading == "poisson" else [])]}}


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_no_small_grid_makes_the_program_fail(call, write, tmp_path, derivative, sampling):
    """Solved with finite values, or refused as posed (exit 5): never a crash, an internal error or a residual that does not pass."""
    cases = [c for c in small_grids() if c["solver"]["derivative"] == derivative and c["grid"]["sampling"] == sampling]
    paths = [write(config, f"g{i}.json") for i, config in enumerate(cases)]
    result = call("--json", "-t", 1, *paths)
    assert result.returncode in (0, 5), result.stderr[-2000:]
    solved = 0
    for i, config in enumerate(cases):
        if not (tmp_path / f"g{i}.h5").exists():
            assert f"g{i}.json" in result.stderr and "phi_" in result.stderr
            continue
        solved += 1
        for name, values in records(tmp_path / f"g{i}.h5").items():
            assert np.isfinite(values).all(), (name, config)
    assert solved > len(cases) * 0.6
