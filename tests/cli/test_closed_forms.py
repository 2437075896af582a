"""If this fails, a closed form that the issue's examiner would write down no longer comes out: exponentials with values on every face in
both samplings, all components of the readings on grids with an origin, and units by an algebra of the test's own."""
import h5py
import numpy as np
import pytest

EPS0 = 8.8541878128e-12
HBAR_OVER_E = 1.054571817646156391e-34 / 1.602176634e-19


def records(path, frame="0"):
    found = {}
    with h5py.File(path, "r") as file:
        file[f"data/{frame}/meshes"].visititems(lambda name, item: found.__setitem__(name, item[...]) if isinstance(item, h5py.Dataset) else None)
    return found


def axis(n, length, origin, sampling):
    return origin + ((np.arange(n) + 0.5) * length / n if sampling == "cell" else np.linspace(0, length, n))


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("low, high", [("dirichlet", "dirichlet"), ("dirichlet", "neumann"), ("natural", "dirichlet"), ("neumann", "neumann")])
@pytest.mark.parametrize("derivative, points, phi_bound, E_bound", [
    ("fd4", 65, 1e-6, 1e-5), ("fd6", 65, 1e-8, 1e-7), ("fd8", 65, 1e-10, 1e-9), ("spectral", 48, 1e-11, 1e-9)])
def test_potential_with_values_on_both_faces(run, tmp_path, sampling, low, high, derivative, points, phi_bound, E_bound):
    """phi = e^x cos 2x on [0.4, 1.4]: charge eps0 e^x (3 cos 2x + 4 sin 2x)."""
    start, end = 0.4, 1.4
    phi, slope = lambda x: np.exp(x) * np.cos(2 * x), lambda x: np.exp(x) * (np.cos(2 * x) - 2 * np.sin(2 * x))

    def face(kind, x, outward):
        return {kind: float(phi(x) if kind == "dirichlet" else outward * slope(x))}

    config = {"grid": {"points": [points], "lengths": [end - start], "origin": [start], "sampling": sampling},
              "charge": f"{EPS0!r}*exp(x)*(3*cos(2*x) + 4*sin(2*x))", "solver": {"derivative": derivative},
              "boundary": {"x": {"low": face(low, start, -1), "high": face(high, end, 1)}},
              "output": {"file": "out.h5", "fields": ["phi", "E"]}}
    result = run(config)
    assert result.returncode == 0, result.stderr
    r, x = records(tmp_path / "out.h5"), axis(points, end - start, start, sampling)
    error = r["phi"] - phi(x)
    error -= error.mean() if "dirichlet" not in (low, high) else 0
    assert np.abs(error).max() < phi_bound
    assert np.abs(r["E/x"] + slope(x)).max() < E_bound


@pytest.mark.parametrize("sampling", ["cell", "node"])
def test_entropy_between_walls_is_kappa_s_plus_a_harmonic_function(run, tmp_path, sampling):
    """1-D, grounded ends: phi = kappa (S - the straight line through the end values); sigma = 2 + x carries J_S."""
    S, slope = lambda x: 3 + np.exp(0.8 * x) * np.sin(2 * x), lambda x: np.exp(0.8 * x) * (0.8 * np.sin(2 * x) + 2 * np.cos(2 * x))
    config = {"grid": {"points": [121], "lengths": [2], "origin": [-0.7], "sampling": sampling}, "entropy": "3 + exp(0.8*x)*sin(2*x)",
              "coupling": {"closure": "custom", "value": 1e15, "unit": "K m^3 J^-1 s^-1"}, "boundary": {"x": "dirichlet"},
              "solver": {"derivative": "fd6"}, "materials": {"conductivity": "2 + x"}, "output": {"file": "out.h5"}}
    assert run(config).returncode == 0
    r, x, kappa = records(tmp_path / "out.h5"), axis(121, 2, -0.7, sampling), HBAR_OVER_E * 1e15
    B = (S(1.3) - S(-0.7)) / 2
    E = -kappa * (slope(x) - B)
    assert np.abs(r["phi"] - kappa * (S(x) - S(-0.7) - B * (x + 0.7))).max() < 1e-9
    assert np.abs(r["E/x"] - E).max() < 1e-8
    assert np.abs(r["J_S/x"] - (2 + x) * E).max() < 3e-8


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("reading", ["gradient", "directional"])
def test_tensor_readings_component_by_component(run, tmp_path, sampling, reading):
    """S = x^2 y - 3 y z^2 + x z is a cubic: fd4 is exact up to rounding, on the walls too."""
    n, length, origin, direction = (9, 11, 10), (1.0, 0.8, 1.2), (0.1, -0.4, 0.3), np.array([1, -2, 2]) / 3
    config = {"grid": {"points": n, "lengths": length, "origin": origin, "sampling": sampling}, "entropy": "x^2*y - 3*y*z^2 + x*z",
              "reading": reading, "coupling": {"closure": "custom", "value": 1e15, "unit": "1"}, "boundary": {a: "natural" for a in "xyz"},
              "materials": {"conductivity": "2 + x*y"}, "output": {"file": "out.h5"}}
    if reading == "directional":
        config["direction"] = [1, -2, 2]
    assert run(config).returncode == 0
    r, kappa = records(tmp_path / "out.h5"), HBAR_OVER_E * 1e15
    x, y, z = (axis(*three, sampling).reshape([-1 if d == 2 - a else 1 for d in range(3)]) for a, three in enumerate(zip(n, length, origin)))
    zero = 0 * (x + y + z)
    gradient = [2 * x * y + z + zero, x**2 - 3 * z**2 + zero, -6 * y * z + x + zero]
    hessian = [[2 * y, 2 * x, 1], [2 * x, 0, -6 * z], [1, -6 * z, -6 * y]]
    sigma = 2 + x * y
    for i, a in enumerate("xyz"):
        if reading == "gradient":
            assert np.abs(r[f"phi/{a}"] + kappa * gradient[i]).max() < 1e-11
        for j, b in enumerate("xyz"):
            E, name = kappa * (hessian[i][j] + zero), a + b
            if reading == "directional":
                E, name = kappa * sum(direction[k] * (hessian[k][i] + zero) for k in range(3)), a
            assert np.abs(r[f"E/{name}"] - E).max() < 1e-9, name
            assert np.abs(r[f"J_S/{name}"] - sigma * E).max() < 3e-9, name
    if reading == "directional":
        assert np.abs(r["phi"] + kappa * sum(direction[k] * gradient[k] for k in range(3))).max() < 1e-11


V, DENSITY = np.array([2, 1, -3, -1, 0, 0, 0.0]), np.array([-1, 1, -2, 0, -1, 0, 0.0])  # L M T I theta N J
METRE, SECOND = np.array([1, 0, 0, 0, 0, 0, 0.0]), np.array([0, 0, 1, 0, 0, 0, 0.0])
SIEMENS_PER_METRE, FARAD_PER_METRE = np.array([-3, -1, 3, 2, 0, 0, 0.0]), np.array([-3, -1, 4, 2, 0, 0, 0.0])


@pytest.mark.parametrize("reading", ["poisson", "field", "gradient", "directional"])
@pytest.mark.parametrize("coupling, c", [
    ({"closure": "literal"}, 0 * METRE),
    ({"closure": "cell", "cell_volume": "45 angstrom^3", "time": "100 fs"}, -DENSITY - SECOND),
    ({"closure": "cell", "cell_volume": "45 angstrom^3", "time": "100 fs", "length": "1 nm"}, -DENSITY - SECOND + METRE),
    ({"closure": "custom", "value": 3, "unit": "kg m^3 K J^-1 s^-1"}, np.array([0, 1, 0, 0, 0, 0, 0]) - DENSITY - SECOND),
])
def test_units_of_every_closure_and_reading(run, tmp_path, reading, coupling, c):
    kappa = V + SECOND + c
    phi = kappa + DENSITY - (METRE if reading in ("gradient", "directional") else 0)
    expected = {"S": DENSITY, "grad_S": DENSITY - METRE, "lap_S": DENSITY - 2 * METRE, "hessian_S": DENSITY - 2 * METRE, "kappa": kappa,
                "dS_dt": DENSITY - SECOND, "phi": phi, "E": phi - METRE, "J_S": SIEMENS_PER_METRE + phi - METRE}
    if reading in ("poisson", "field"):
        expected["rho_S"] = FARAD_PER_METRE + kappa + DENSITY - 2 * METRE
    if reading == "poisson":
        expected["phi_S"] = phi
    config = {"grid": {"points": [7, 5, 6], "lengths": [1, 2, 3]}, "entropy": "sin(x) + y*z + t", "time": {"times": [0, 1]}, "reading": reading,
              "coupling": coupling, "boundary": {a: "natural" for a in "xyz"}, "output": {"file": "out.h5", "fields": list(expected)}}
    if reading == "directional":
        config["direction"] = [0, 0, 1]
    assert run(config).returncode == 0
    with h5py.File(tmp_path / "out.h5") as file:
        for name, dimension in expected.items():
            assert np.array_equal(file[f"data/1/meshes/{name}"].attrs["unitDimension"], dimension), name
