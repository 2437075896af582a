"""If this fails, the program computes something else than the equation it states: identities that hold for any data, on odd, prime and
single sample counts, both samplings and every derivative."""
import itertools

import h5py
import numpy as np
import pytest
from signature import records

DERIVATIVES = ["fd2", "fd4", "fd6", "fd8", "spectral"]
EPS0 = 8.8541878128e-12
KAPPA = 1.054571817646156391e-34 / 1.602176634e-19 * 2e15
CUSTOM = {"closure": "custom", "value": "2e15 K m^3 J^-1 s^-1"}


@pytest.fixture
def solve(run, tmp_path):
    def solved(config, **inputs):
        for name, values in inputs.items():
            with h5py.File(tmp_path / f"{name}.h5", "w") as file:
                file["S"] = values
        result = run({"coupling": CUSTOM, **config, "output": {"file": "out.h5", **config.get("output", {})}}, "-f")
        assert result.returncode == 0, result.stderr
        return records(tmp_path / "out.h5")

    return solved


def noise(shape, seed=3):
    return 5 + np.random.default_rng(seed).random(shape)


def weights(points, sampling, faces):
    """Quadrature weights [nz, ny, nx]: half at both ends of a node axis with walls."""
    total = np.ones(points[::-1])
    for d, (n, kind) in enumerate(zip(points, faces)):
        if sampling == "node" and kind != "periodic" and n > 1:
            w = np.ones(n)
            w[0] = w[-1] = 0.5
            total = total * w.reshape([-1 if axis == len(points) - 1 - d else 1 for axis in range(len(points))])
    return total


# ---- phi = kappa (S - mean S) ----------------------------------------------------------------------------------------------------

SHAPES = [(1,), (2,), (3,), (7,), (64,), (1, 1), (5, 1), (1, 13), (11, 8), (1, 1, 1), (3, 1, 2), (7, 11, 13), (1, 31, 2), (16, 9, 10)]


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("faces", ["periodic", "natural"])
def test_without_walls_phi_is_kappa_times_s_minus_mean_on_any_shape(solve, faces, sampling):
    for points, derivative in zip(SHAPES, itertools.cycle(DERIVATIVES)):
        kinds = ["periodic" if n == 1 else faces for n in points]
        S = noise(points[::-1])
        got = solve({"grid": {"points": points, "lengths": [1.0, 0.7, 1.9][: len(points)], "sampling": sampling},
                     "boundary": dict(zip("xyz", kinds)), "entropy": {"hdf5": "in.h5", "dataset": "/S"},
                     "solver": {"derivative": derivative}, "output": {"fields": ["phi", "E"]}}, **{"in": S})
        w = weights(points, sampling, kinds)
        expected = KAPPA * (S - (S * w).sum() / w.sum())
        assert np.abs(got["phi"] - expected).max() <= 1e-13 * np.abs(expected).max() if S.size > 1 else np.all(got["phi"] == 0), (points, derivative)
        for d, n in enumerate(points):
            if n == 1:
                assert not got["E/" + "xyz"[d]].any(), "no derivative along an axis of one sample"


# ---- Constant S gives exactly zero -------------------------------------------------------------------------------------------------

FACES = ["periodic", *[{"low": a, "high": b} for a in ("dirichlet", "neumann", "natural") for b in ("dirichlet", "neumann", "natural")]]


@pytest.mark.parametrize("reading", ["poisson", "field", "gradient", "directional"])
@pytest.mark.parametrize("sampling", ["cell", "node"])
def test_a_constant_drives_exactly_nothing(solve, reading, sampling):
    """Every face mix on x with another on y, every derivative in turn; the constant is no binary fraction."""
    for i, x in enumerate(FACES):
        config = {"grid": {"points": [9, 12], "lengths": [1.0, 0.7], "sampling": sampling}, "boundary": {"x": x, "y": FACES[(3 * i + 1) % len(FACES)]},
                  "entropy": 123.456789, "reading": reading, "solver": {"derivative": DERIVATIVES[i % 5]},
                  "output": {"fields": ["E", "J_S", "grad_S", "hessian_S"] + (["phi"] if reading != "field" else [])}}
        if reading == "directional":
            config["direction"] = [1, 2]
        for name, values in solve(config).items():
            assert not values.any(), (name, x)


# ---- Symmetries --------------------------------------------------------------------------------------------------------------------

N, L = (12, 9, 10), (1.2, 0.9, 2.5)
WALLS = {"x": {"low": "dirichlet", "high": "neumann"}, "y": "natural", "z": {"low": "natural", "high": "dirichlet"}}


# Rounding at the walls, where derivatives of the data are extrapolated: relative to the largest value.
ROUNDING = {"fd2": 1e-13, "fd4": 5e-12, "fd6": 1e-9, "fd8": 1e-7, "spectral": 1e-10}


def general(derivative, sampling, boundary=WALLS, points=N, lengths=L, order="zyx"):
    return {"grid": {"points": list(points), "lengths": list(lengths), "sampling": sampling}, "boundary": boundary,
            "entropy": {"hdf5": "in.h5", "dataset": "/S", "order": order}, "solver": {"derivative": derivative}}


def smooth(points=N, lengths=L):
    x, y, z = (np.linspace(0, length, n) for n, length in zip(points, lengths))
    z, y, x = np.meshgrid(z, y, x, indexing="ij")
    return 3 + np.sin(3 * x + 0.5) * np.cos(2 * y) + 0.3 * z**2 * x


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_reflection(solve, derivative, sampling):
    S = smooth()
    one = solve(general(derivative, sampling), **{"in": S})
    mirrored = {**WALLS, "x": {"low": "neumann", "high": "dirichlet"}}
    other = solve(general(derivative, sampling, mirrored), **{"in": S[:, :, ::-1]})
    for name, values in one.items():
        sign = -1 if name.endswith("/x") else 1
        scale = max(np.abs(v).max() for n, v in one.items() if n.split("/")[0] == name.split("/")[0])
        assert np.abs(values - sign * other[name][:, :, ::-1]).max() <= ROUNDING[derivative] * scale, name


SWAPS = {"xy": (1, 0, 2), "xz": (2, 1, 0), "yz": (0, 2, 1)}


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("swap", SWAPS)
def test_axes_may_change_names(solve, swap, derivative, sampling):
    """The new axis d is the old one swap[d]; with xz the array stays as it is and is read in the order xyz."""
    p, S = SWAPS[swap], smooth()
    one = solve(general(derivative, sampling), **{"in": S})
    turned = {"xyz"[d]: WALLS["xyz"[p[d]]] for d in range(3)}
    grid = [N[p[d]] for d in range(3)], [L[p[d]] for d in range(3)]
    order = [2 - p[2 - axis] for axis in range(3)]
    if swap == "xz":
        other = solve(general(derivative, sampling, turned, *grid, order="xyz"), **{"in": S})
    else:
        other = solve(general(derivative, sampling, turned, *grid), **{"in": np.transpose(S, order)})
    for name, values in one.items():
        kind, *axis = name.split("/")
        twin = f"{kind}/{'xyz'[p.index('xyz'.index(axis[0]))]}" if axis else kind
        scale = max(np.abs(v).max() for n, v in one.items() if n.split("/")[0] == kind)
        assert np.abs(np.transpose(values, order) - other[twin]).max() <= 1e-13 * scale, name


@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_translation_and_linearity_on_a_periodic_grid(solve, derivative):
    S, T = noise(N[::-1]), noise(N[::-1], 4)
    boundary = {}
    one, two = (solve(general(derivative, "cell", boundary), **{"in": values}) for values in (S, T))
    moved = solve(general(derivative, "cell", boundary), **{"in": np.roll(S, (2, -3, 5), (0, 1, 2))})
    mixed = solve(general(derivative, "cell", boundary), **{"in": 2 * S - 0.5 * T})
    for name, values in one.items():
        scale = np.abs(values).max()
        assert np.abs(np.roll(values, (2, -3, 5), (0, 1, 2)) - moved[name]).max() <= 1e-13 * scale, name
        assert np.abs(2 * values - 0.5 * two[name] - mixed[name]).max() <= 2e-13 * scale, name


# ---- Differential identities -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_the_current_of_a_uniform_conductor_has_no_curl(solve, derivative, sampling):
    """curl (sigma grad phi_S) with the scheme's own first differences, to rounding: they commute on a periodic grid."""
    got = solve(general(derivative, sampling, {}), **{"in": noise(N[::-1])})
    taps = {"fd2": [1 / 2], "fd4": [2 / 3, -1 / 12], "fd6": [3 / 4, -3 / 20, 1 / 60], "fd8": [4 / 5, -1 / 5, 4 / 105, -1 / 280]}

    def d(values, axis):
        h, along = L[axis] / N[axis], 2 - axis
        if derivative == "spectral":
            k = 2 * np.pi * np.fft.fftfreq(N[axis], h)
            if N[axis] % 2 == 0:
                k[N[axis] // 2] = 0
            return np.fft.ifft(1j * k.reshape([-1 if a == along else 1 for a in range(3)]) * np.fft.fft(values, axis=along), axis=along).real
        return sum(c * (np.roll(values, -m - 1, along) - np.roll(values, m + 1, along)) for m, c in enumerate(taps[derivative])) / h

    J = [got[f"J_S/{a}"] for a in "xyz"]
    for a, b in ((0, 1), (1, 2), (2, 0)):
        one, other = d(J[b], a), d(J[a], b)
        assert np.abs(one - other).max() <= 1e-13 * max(np.abs(one).max(), np.abs(other).max())
        assert np.abs(one).max() > 0.1 * np.abs(J[b]).max(), "there is something to cancel"


def order_of(errors):
    return np.log2(errors[0] / errors[1])


@pytest.mark.parametrize("derivative, order", [("fd2", 2), ("fd4", 4), ("fd6", 6)])
def test_away_from_walls_the_current_has_no_curl_and_its_divergence_is_that_of_the_equation(solve, derivative, order):
    """curl J_S = 0 and div J_S = -sigma kappa lap S (rho_e = 0), judged by differences of order 8 inside, as the grid is refined."""
    curls, divergences = [], []
    for n in (32, 64):
        grid = {"grid": {"points": [n, n], "lengths": [1.0, 1.0]}, "boundary": {"x": "dirichlet", "y": "natural"}, "entropy": "sin(3*x + 1)*cos(2*y)",
                "materials": {"conductivity": 3}, "solver": {"derivative": derivative}, "output": {"fields": ["J_S"]}}
        got = solve(grid)
        c, h = [4 / 5, -1 / 5, 4 / 105, -1 / 280], 1 / n

        def d(values, along):
            return sum(w * (np.roll(values, -m - 1, along) - np.roll(values, m + 1, along)) for m, w in enumerate(c)) / h

        x = (np.arange(n) + 0.5) * h
        lap = -13 * np.sin(3 * x + 1)[None, :] * np.cos(2 * x)[:, None]
        inside = (slice(n // 4, -n // 4), slice(n // 4, -n // 4))
        curls.append(np.abs(d(got["J_S/y"], 1) - d(got["J_S/x"], 0))[inside].max())
        divergences.append(np.abs(d(got["J_S/x"], 1) + d(got["J_S/y"], 0) + 3 * KAPPA * lap)[inside].max())
    assert curls[0] <= 1e-2 * 39 * KAPPA and divergences[0] <= 0.05 * 39 * KAPPA
    assert order_of(divergences) >= order - 0.4 and order_of(curls) >= order - 0.4


def face_derivative(values, h, sampling, side):
    """Normal component at a wall, from the samples nearest to it (a polynomial of degree 7 through 8 of them)."""
    if sampling == "node":
        return values[..., -1 if side else 0]
    near = values[..., ::-1] if side else values
    x = np.arange(8) + 0.5
    coefficients = np.linalg.solve(np.vander(x, increasing=True).T, np.eye(8)[0])
    return near[..., :8] @ coefficients


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("derivative, order", [("fd2", 2), ("fd4", 4), ("fd6", 6)])
def test_gauss(solve, derivative, order, sampling):
    """The flux of E through all walls is the enclosed charge over eps0, to the order of the scheme."""
    errors = []
    for n in (24, 48):
        count = n + (sampling == "node")
        rho = "1e-11*exp(x)*sin(2*pi*y + 1)^2"
        got = solve({"grid": {"points": [count, n], "lengths": [1.0, 1.0], "sampling": sampling}, "charge": rho,
                     "boundary": {"x": {"low": "dirichlet", "high": {"dirichlet": "cos(2*pi*y)"}}}, "solver": {"derivative": derivative},
                     "output": {"fields": ["E"]}})
        E = got["E/x"]  # [y, x]; y is periodic, its mean is exact
        flux = (face_derivative(E, 1 / n, sampling, 1) - face_derivative(E, 1 / n, sampling, 0)).mean()
        errors.append(abs(flux - 1e-11 / EPS0 * (np.e - 1) / 2))
    assert errors[0] < 0.02
    assert order_of(errors) >= order - 0.2 or errors[1] < 1e-10, errors


# ---- Readings ----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("faces", ["periodic", "natural"])
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_field_is_poisson_where_nothing_is_held(solve, derivative, faces, sampling):
    boundary = {a: faces for a in "xyz"}
    S = noise(N[::-1])
    p = solve({**general(derivative, sampling, boundary), "materials": {"conductivity": "1 + x"}}, **{"in": S})
    f = solve({**general(derivative, sampling, boundary), "materials": {"conductivity": "1 + x"}, "reading": "field"}, **{"in": S})
    for name in p:
        if name == "phi":
            shift = f[name] - p[name]
            assert np.ptp(shift) <= 1e-14 * np.abs(f[name]).max()
        else:
            assert np.abs(f[name] - p[name]).max() <= 1e-13 * np.abs(f[name]).max(), name
