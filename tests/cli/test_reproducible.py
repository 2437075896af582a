"""If this fails, a result depends on how often, with how many threads or in which units it was computed, or a flat grid costs digits."""
import copy

import h5py
import numpy as np
import pytest
from signature import differences, records, signature

DERIVATIVES = ["fd2", "fd4", "fd6", "fd8", "spectral"]
SAMPLINGS = ["cell", "node"]
EPS = np.finfo(float).eps
HBAR_OVER_E = 1.054571817646156391e-34 / 1.602176634e-19


# ---- The same bytes, whatever the number of threads ----------------------------------------------------------------------------

@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_bytes_do_not_depend_on_threads_or_on_the_run(run, tmp_path, derivative, sampling):
    config = {
        "grid": {"points": [21, 18, 20], "lengths": [1.1, 0.7, 1.3], "sampling": sampling},
        "boundary": {"x": {"low": {"dirichlet": "sin(3*y)*z"}, "high": {"neumann": "y"}}, "y": "periodic", "z": {"low": "natural", "high": "dirichlet"}},
        "entropy": "sin(5*x)*cos(2*pi*y/0.7) + z^2*t", "charge": "1e-11*cos(3*x + z)",
        "materials": {"conductivity": "1 + x*y"}, "coupling": {"closure": "custom", "value": "2e15 K m^3 J^-1 s^-1"},
        "solver": {"derivative": derivative}, "time": {"times": [0, 1]}, "probes": [{"name": "p", "at": [0.3, 0.2, 0.7]}],
        "output": {"fields": ["S", "grad_S", "lap_S", "phi", "phi_rho", "phi_S", "E", "J_S", "J_rho", "rho_S", "residual", "dS_dt"]},
    }
    found = []
    for i, threads in enumerate((1, 2, 4)):
        result = run(config, "-t", threads, "-o", f"{i}.h5")
        assert result.returncode == 0, result.stderr
        found.append((signature(tmp_path / f"{i}.h5"), result.json["results"]))
    for other, numbers in found[1:]:
        assert not differences(found[0][0], other)
        assert numbers == found[0][1]


# ---- Scaling ---------------------------------------------------------------------------------------------------------------------

def scaled_pair(run, tmp_path, config, other):
    for i, one in enumerate((config, other)):
        result = run(one, "-o", f"{i}.h5")
        assert result.returncode == 0, result.stderr
    return records(tmp_path / "0.h5"), records(tmp_path / "1.h5")


def scaling_base(derivative, sampling, walls=True):
    return {
        "grid": {"points": [12, 10, 9], "lengths": [1.2, 0.9, 0.7], "sampling": sampling},
        "boundary": {"x": {"low": "dirichlet", "high": "neumann"}, "z": {"low": "natural", "high": "dirichlet"}} if walls else {},
        "entropy": {"hdf5": "in.h5", "dataset": "/S", "order": "zyx"}, "solver": {"derivative": derivative},
        "output": {"fields": ["S", "grad_S", "lap_S", "hessian_S", "phi", "E", "J_S", "rho_S"]},
    }


@pytest.fixture
def measured(tmp_path):
    """in.h5 with /S, smooth, /big, the same times 2^40, and /huge, times 1e12."""
    z, y, x = np.meshgrid(np.linspace(0, 0.7, 9), np.linspace(0, 0.9, 10), np.linspace(0, 1.2, 12), indexing="ij")
    S = 3 + np.sin(4 * x) * np.cos(3 * y) + z
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["S"], file["big"], file["huge"] = S, S * 2.0**40, S * 1e12
    return S


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("how", ["data", "scale", "expression"])
def test_entropy_times_2_to_the_40_scales_every_bit(run, tmp_path, measured, derivative, sampling, how):
    config = scaling_base(derivative, sampling)
    other = copy.deepcopy(config)
    if how == "data":
        other["entropy"]["dataset"] = "/big"
    elif how == "scale":
        other["entropy"]["scale"] = 2.0**40
    else:
        config["entropy"], other["entropy"] = "sin(3*x) + y*z", f"{2**40}*(sin(3*x) + y*z)"
    one, big = scaled_pair(run, tmp_path, config, other)
    for name in one:
        assert np.array_equal(one[name] * 2.0**40, big[name]), name


@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_charge_and_volts_times_2_to_the_40_scale_every_bit(run, tmp_path, derivative):
    def config(factor):
        return {"grid": {"points": [12, 10, 9], "lengths": [1.2, 0.9, 0.7]}, "charge": f"{factor}*1e-11*cos(3*x + y)",
                "boundary": {"x": {"low": {"dirichlet": f"{factor}*y"}, "high": {"neumann": 0.5 * factor}}, "y": "natural", "z": "dirichlet"},
                "solver": {"derivative": derivative}, "output": {"fields": ["phi", "E", "J_rho", "residual"]}}

    one, big = scaled_pair(run, tmp_path, config(1), config(2**40))
    for name in one:
        assert np.array_equal(one[name] * 2.0**40, big[name]), name


# Walls extrapolate derivatives of the data, up to the fourth with fd8 and more with spectral: rounding grows with them. (phi, E)
ROUNDING_AT_WALLS = {"fd2": (1, 1), "fd4": (1, 1), "fd6": (10, 100), "fd8": (10, 2e4), "spectral": (1, 10)}


@pytest.mark.parametrize("factor", [1e12, 1e-12])
@pytest.mark.parametrize("walls", [False, True])
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_lengths_and_values_times_10_to_the_12(run, tmp_path, measured, derivative, walls, factor):
    config = scaling_base(derivative, "cell", walls)
    other = copy.deepcopy(config)
    other["grid"]["lengths"] = [factor * length for length in config["grid"]["lengths"]]
    other["entropy"]["scale"] = 1e12
    one, big = scaled_pair(run, tmp_path, config, other)
    powers = {"S": 0, "phi": 0, "grad_S": 1, "E": 1, "J_S": 1, "lap_S": 2, "hessian_S": 2, "rho_S": 2}
    h = min(length / n for length, n in zip(config["grid"]["lengths"], config["grid"]["points"]))
    top = {kind: max(np.abs(v).max() for n, v in one.items() if n.split("/")[0] == kind) for kind in powers}
    for name, values in sorted(one.items(), key=lambda item: item[0] != "phi"):
        kind = name.split("/")[0]
        allowed = 1e-13 * (ROUNDING_AT_WALLS[derivative][powers[kind]] if walls and kind in ("phi", "E", "J_S") else 1)
        if powers[kind] == 1:
            allowed += 20 * EPS * np.abs(measured).max() / (h * top["grad_S"])
        if powers[kind] == 2:
            allowed += 20 * EPS * np.abs(measured).max() / (h**2 * np.abs(one["lap_S"]).max())
        if walls and derivative == "spectral":
            allowed *= 10  # S has no wall data: the derivatives of its liftings are extrapolated
        back = big[name] / 1e12 * factor ** powers[kind]
        assert np.abs(back - values).max() <= allowed * top[kind], name


# ---- Anisotropy 1 : 1e-6 -----------------------------------------------------------------------------------------------------------

SECOND = {"fd2": [1], "fd4": [4 / 3, -1 / 12], "fd6": [3 / 2, -3 / 20, 1 / 90], "fd8": [8 / 5, -1 / 5, 8 / 315, -1 / 560]}
FIRST = {"fd2": [1 / 2], "fd4": [2 / 3, -1 / 12], "fd6": [3 / 4, -3 / 20, 1 / 60], "fd8": [4 / 5, -1 / 5, 4 / 105, -1 / 280]}


def symbols(derivative, h, k):
    """What the differences see on cos(k x) instead of k^2 and k."""
    if derivative == "spectral":
        return k**2, k
    return (sum(c * 4 * np.sin((m + 1) * k * h / 2) ** 2 for m, c in enumerate(SECOND[derivative])) / h**2,
            sum(c * 2 * np.sin((m + 1) * k * h) for m, c in enumerate(FIRST[derivative])) / h)


PARABOLAS = {  # q(s), q'(s), q''(s) on 0 <= s <= 1, exact for every stencil up to the walls, and the faces that belong to it
    "periodic": (lambda s: 1 + 0 * s, lambda s: 0 * s, 0.0, None),
    "dirichlet": (lambda s: 4 * s * (1 - s), lambda s: 4 - 8 * s, -8.0, "dirichlet"),
    "neumann": (lambda s: s**2, lambda s: 2 * s, 2.0, "neumann"),
    "insulating": (lambda s: 1 + 0 * s, lambda s: 0 * s, 0.0, "neumann"),
}


@pytest.mark.parametrize("wall", [0, 1])
@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("faces", ["periodic", "dirichlet", "neumann"])
def test_flat_grids_cost_no_digits(run, tmp_path, faces, derivative, sampling, wall):
    """phi = q(w/L) cos(k u): a parabola across the walls (the thin axis y, or x), a wave along another axis, uniform along the third."""
    if faces == "neumann" and wall == 1:
        faces = "insulating"  # fluxes 1/L in and out of a thin film cancel to eps/L^2: digits that the data themselves do not have
    points, lengths = [24, 16, 20], [1.0, 1.3e-6, 0.8]
    wave = 2 if faces != "periodic" or wall == 0 else 0
    L, k = lengths[wall], 2 * np.pi / lengths[wave]
    if faces == "dirichlet" and wall == 0:
        k = 0.0  # a wave along a thick wall enters through derivatives along it, which have a truncation of their own
    q, slope, curvature, kind = PARABOLAS[faces]
    h = [length / (n - 1 if kind and d == wall and sampling == "node" else n) for d, (length, n) in enumerate(zip(lengths, points))]
    second, first = symbols(derivative, h[wave], k)
    w, u = "xyz"[wall], "xyz"[wave]
    parabola = {"periodic": "1", "insulating": "1", "dirichlet": f"4*({w}/{L!r})*(1 - {w}/{L!r})", "neumann": f"({w}/{L!r})^2"}[faces]
    config = {"grid": {"points": points, "lengths": lengths, "sampling": sampling},
              "charge": f"{8.8541878128e-12!r}*({second!r}*({parabola}) - {curvature / L**2!r})*cos({k!r}*{u})",
              "solver": {"derivative": derivative}, "output": {"file": "out.h5", "fields": ["phi", "E"]}}
    if kind:
        config["boundary"] = {w: {"low": kind, "high": {kind: f"{2 / L!r}*cos({k!r}*{u})"} if faces == "neumann" else kind}}
    result = run(config)
    assert result.returncode == 0, result.stderr
    got = records(tmp_path / "out.h5")
    x = [(np.arange(n) + (0 if sampling == "node" else 0.5)) * h[d] for d, n in enumerate(points)]
    shape = {0: (1, 1, -1), 1: (1, -1, 1), 2: (-1, 1, 1)}
    across, along = (x[wall] / L).reshape(shape[wall]), x[wave].reshape(shape[wave])
    exact = {axis: np.zeros(points[::-1]) for axis in "xyz"}
    exact[w] = exact[w] - slope(across) / L * np.cos(k * along)
    exact[u] = exact[u] + q(across) * first * np.sin(k * along)
    if derivative == "spectral" and kind:  # a parabola is no finite series between walls: flatness must not add to its truncation
        assert np.abs(got["phi"] - q(across) * np.cos(k * along)).max() <= 1e-6
        return
    assert np.abs(got["phi"] - q(across) * np.cos(k * along)).max() <= 1e-12
    for d, axis in enumerate("xyz"):
        allowed = max(1e-12 * np.abs(exact[axis]).max(), 4 * EPS / h[d])
        worst = np.abs(got[f"E/{axis}"] - exact[axis]).max()
        assert worst <= allowed, (axis, worst / allowed)
