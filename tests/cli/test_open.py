"""If this fails, a charge or an entropy in free space does not have the potential that electrostatics gives it: open faces on any axes, beside periodic,
Dirichlet and Neumann ones or opposite a wall. Expected values come from tests/cli/free_space.py, which works by another way than the program, or from
closed forms. All sources carry net charge, lie off centre and off the samples' symmetry."""
import itertools
import json

import h5py
import numpy as np
import pytest
from free_space import HALF_OPEN, has_constant_mode, plane, potential, source
from scipy.special import erf, expi
from signature import records

EPS0 = 8.8541878128e-12
HBAR_OVER_E = 1.054571817646156391e-34 / 1.602176634e-19
LETTER = {"D": "dirichlet", "N": "neumann", "O": "open"}
KAPPA = {"closure": "custom", "value": 1 / HBAR_OVER_E, "unit": "K m^3 J^-1 s^-1"}  # kappa = 1: S and phi_S are the same numbers


def boundary(kind):
    if kind in ("periodic", "open"):
        return kind
    return {"low": LETTER[kind[0]], "high": LETTER[kind[1]]}


def samples(n, h, kind, sampling):
    return (np.arange(n) + (0.5 if sampling == "cell" else 0)) * h


def extent(n, h, kind, sampling):
    return (n - 1) * h if sampling == "node" and kind != "periodic" and n > 1 else n * h


class Case:
    """A Gaussian charge of width sigma on a grid of spacing h, and what is known of its potential."""

    def __init__(self, kinds, points, sampling="cell", h=None, sigma=3.0, shift=0.0, centre=None):
        self.kinds, self.points, self.sampling = kinds, points, sampling
        self.h = np.array(h if h is not None else [0.01] * len(points))
        self.lengths = [extent(n, h, k, sampling) for n, h, k in zip(points, self.h, kinds)]
        self.axes = [samples(n, h, k, sampling) for n, h, k in zip(points, self.h, kinds)]
        self.sigma = sigma * self.h
        self.centre = centre or [(0.5 + 0.013 * (d + 1)) * length + shift * h for d, (length, h) in enumerate(zip(self.lengths, self.h))]
        self.gauge_length = np.hypot.reduce([(2 if k in HALF_OPEN else 1) * length for length, k in zip(self.lengths, kinds) if k in HALF_OPEN or k == "open"])

    def config(self, tmp_path, **solver):
        with h5py.File(tmp_path / "charge.h5", "w") as file:
            file["rho"] = EPS0 * source(self.axes, self.kinds, self.centre, self.sigma, self.lengths)
        return {"grid": {"points": list(self.points), "spacing": list(map(float, self.h)), "sampling": self.sampling},
                "boundary": {a: boundary(kind) for a, kind in zip("xyz", self.kinds)}, "charge": {"hdf5": "charge.h5", "dataset": "/rho"},
                "solver": solver, "output": {"file": "out.h5", "fields": ["phi", "E"], "xdmf": False, "views": False}}

    def phi(self):
        return potential(self.axes, self.kinds, self.centre, self.sigma, self.lengths, gauge_length=self.gauge_length)

    def E(self, d):
        return potential(self.axes, self.kinds, self.centre, self.sigma, self.lengths, derivative=d)


def solve(run, tmp_path, case, **solver):
    result = run(case.config(tmp_path, **solver), "-f")
    assert result.returncode == 0, result.stderr
    return records(tmp_path / "out.h5"), result.json["results"], result.stderr


def errors(case, found):
    """Largest errors of phi and E over the largest values of each."""
    expected = case.phi()
    E = [case.E(d) for d in range(len(case.points))]
    largest = max(np.abs(one).max() for one in E)
    return (np.abs(found["phi"] - expected).max() / np.abs(expected).max(),
            max(np.abs(found[f"E/{'xyz'[d]}"] - one).max() for d, one in enumerate(E)) / largest)


# ---- Every mix, spectral ------------------------------------------------------------------------------------------------------

ALONE = [("open",), ("DO",), ("OD",), ("NO",), ("ON",)]
PLANES = [("open", "open"), ("open", "periodic"), ("periodic", "open"), ("open", "DD"), ("DD", "open"), ("NN", "open"), ("open", "DN"), ("ND", "open"),
          ("DO", "open"), ("open", "OD"), ("NO", "open"), ("open", "ON"), ("DO", "NO"), ("DO", "OD"), ("periodic", "DO"), ("NO", "NN"), ("DD", "ON")]
SPACES = [("open", "open", "open"), ("open", "open", "periodic"), ("periodic", "open", "open"), ("open", "periodic", "periodic"), ("periodic", "periodic", "open"),
          ("open", "open", "DD"), ("NN", "open", "open"), ("DN", "open", "periodic"), ("open", "open", "DO"), ("NO", "open", "open"), ("open", "OD", "NO"),
          ("periodic", "DD", "open"), ("NN", "periodic", "OD"), ("DO", "DO", "DO"), ("open", "NN", "ND")]
SIZES = {"open": 58, "periodic": 20, "DO": 61, "OD": 57, "NO": 60, "ON": 59, "DD": 58, "NN": 57, "DN": 56, "ND": 59}


def in_turns(cases):
    """(case, sampling), the samplings taking turns: every kind meets both."""
    return [(case, ("cell", "node")[i % 2]) for i, case in enumerate(cases)]


@pytest.mark.parametrize("kinds, sampling", list(itertools.product(ALONE + PLANES, ["cell", "node"])) + in_turns(SPACES), ids=lambda p: p if isinstance(p, str) else "-".join(p))
def test_every_mix_is_spectral(run, tmp_path, kinds, sampling):
    case = Case(kinds, [SIZES[kind] for kind in kinds], sampling)
    found, results, stderr = solve(run, tmp_path, case, derivative="spectral")
    phi, E = errors(case, found)
    assert phi < 1e-12 and E < 1e-10
    assert results["open_check"] < 1e-11  # the program's own opinion, by direct summation
    assert "warning" not in stderr


@pytest.mark.parametrize("kinds, points", [
    (("open", "open"), (58, 232)), (("open", "open"), (928, 58)), (("open", "periodic"), (58, 320)), (("open", "periodic"), (928, 20)),
    (("DD", "open"), (57, 912)), (("DD", "open"), (928, 58)), (("NN", "open"), (56, 224)), (("DN", "OD"), (57, 240)), (("DO", "open"), (60, 944)),
    (("open", "open", "periodic"), (56, 55, 224)), (("periodic", "periodic", "open"), (16, 20, 320)), (("open", "open", "open"), (54, 55, 216)),
    (("open", "NN", "periodic"), (56, 57, 64))], ids=lambda p: "-".join(map(str, p)))
def test_tall_boxes(run, tmp_path, kinds, points):
    case = Case(kinds, points)
    found, results, _ = solve(run, tmp_path, case, derivative="spectral")
    phi, E = errors(case, found)
    assert phi < 1e-12 and E < 1e-10
    assert results["open_check"] < 1e-11


def test_aspect_16_in_free_space(run, tmp_path):
    case = Case(("open", "open", "open"), (56, 55, 880))
    found, results, _ = solve(run, tmp_path, case, derivative="spectral")
    phi, E = errors(case, found)
    assert phi < 1e-12 and E < 1e-10 and results["open_check"] < 1e-11


@pytest.mark.parametrize("kinds, points, h", [
    (("open", "open", "open"), (61, 67, 59), (0.01, 0.03, 0.002)), (("open", "periodic"), (59, 17), (1e-9, 5e-9)), (("NO", "DD"), (61, 59), (0.3, 0.04)),
    (("open", "open"), (64, 97), (1e-3, 2e-5))], ids=lambda p: "-".join(map(str, p)))
def test_unequal_spacings_and_prime_sizes(run, tmp_path, kinds, points, h):
    case = Case(kinds, points, h=h)
    found, results, _ = solve(run, tmp_path, case, derivative="spectral")
    expected = case.phi()
    assert np.abs(found["phi"] - expected).max() < 1e-12 * np.abs(expected).max()
    assert results.get("open_check", 0) < 1e-11  # not told where an axis is so short that the direct sum would not be exact


@pytest.mark.parametrize("kinds", [("open", "open", "open"), ("open", "periodic"), ("DO", "open")], ids="-".join)
def test_a_shift_by_part_of_a_cell_changes_nothing(run, tmp_path, kinds):
    for shift in (0.25, 0.5):
        case = Case(kinds, [SIZES[kind] + 2 for kind in kinds], shift=shift)
        found, _, _ = solve(run, tmp_path, case, derivative="spectral")
        phi, E = errors(case, found)
        assert phi < 1e-12 and E < 1e-10, shift


# ---- Walls opposite free space ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("kind", ["DO", "OD", "NO", "ON"])
def test_a_half_space_is_the_image_solution(run, tmp_path, kind, sampling):
    """phi = erf(r/(sqrt 2 sigma))/(4 pi r) of the charge, minus or plus that of its image."""
    case = Case(("open", kind, "open"), (56, 60, 57), sampling)
    found, _, _ = solve(run, tmp_path, case, derivative="spectral")
    x, y, z = np.meshgrid(*case.axes, indexing="ij")
    wall = 0.0 if kind[0] != "O" else case.lengths[1]

    def blob(at_y):
        r = np.sqrt((x - case.centre[0])**2 + (y - at_y)**2 + (z - case.centre[2])**2)
        return erf(r / np.sqrt(2) / case.sigma[0]) / (4 * np.pi * r)

    expected = (blob(case.centre[1]) + (-1 if "D" in kind else 1) * blob(2 * wall - case.centre[1])).transpose(2, 1, 0)
    assert np.abs(found["phi"] - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("derivative, bound, slope_bound", [("spectral", 1e-7, 2e-5), ("fd8", 1e-7, 5e-4), ("fd4", 2e-3, 0.1)])  # |E| reaches 10
def test_a_voltage_on_a_wall_beside_free_space(run, tmp_path, sampling, derivative, bound, slope_bound):
    """2-D half-plane y > 0 with exp(-(x/2a)^2) on the wall, by its Fourier integral."""
    a, n = 0.05, 97
    config = {"grid": {"points": [193, n], "spacing": [0.02, 0.02], "origin": [-1.93, 0], "sampling": sampling},
              "boundary": {"x": "open", "y": {"low": {"dirichlet": f"exp(-(x/{2 * a})^2)"}, "high": "open"}},
              "solver": {"derivative": derivative}, "output": {"file": "out.h5", "fields": ["phi", "E"], "xdmf": False}}
    result = run(config)
    assert result.returncode == 0, result.stderr
    found = records(tmp_path / "out.h5")
    phi = found["phi"]
    half = 0 if sampling == "node" else 0.01
    x, y = -1.93 + half + 0.02 * np.arange(193), half + 0.02 * np.arange(n)
    k, w = np.polynomial.legendre.leggauss(800)
    k, w, s = 70 * (k + 1), 70 * w, 2 * a
    spectrum = w * s / np.sqrt(np.pi) * np.exp(-(k * s / 2)**2)
    expected = np.einsum("k,ky,kx->yx", spectrum, np.exp(-np.outer(k, y)), np.cos(np.outer(k, x)))
    assert np.abs(phi - expected).max() < bound
    Ex = np.einsum("k,ky,kx->yx", spectrum * k, np.exp(-np.outer(k, y)), np.sin(np.outer(k, x)))
    Ey = np.einsum("k,ky,kx->yx", spectrum * k, np.exp(-np.outer(k, y)), np.cos(np.outer(k, x)))
    assert np.abs(found["E/x"] - Ex).max() < slope_bound and np.abs(found["E/y"] - Ey).max() < slope_bound
    assert result.json["results"]["open_check"] < max(bound, 1e-9)


# ---- Lattice kernels ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("derivative", ["fd2", "fd4", "fd6", "fd8"])
@pytest.mark.parametrize("kinds", [("open",), ("open", "open"), ("open", "open", "open"), ("open", "periodic"), ("DD", "open"), ("NO", "open"),
                                   ("OD", "open", "NN")], ids="-".join)
def test_lattice_kernel_inverts_the_stencil(run, tmp_path, kinds, derivative):
    case = Case(kinds, [29 if kind != "periodic" else 12 for kind in kinds], sigma=2.0)
    _, results, _ = solve(run, tmp_path, case, derivative=derivative)
    assert results["residual"] < results["residual_floor_phi_rho"]


@pytest.mark.parametrize("derivative, order", [("fd2", 2), ("fd4", 4), ("fd6", 6), ("fd8", 8)])
@pytest.mark.parametrize("kinds, sampling", in_turns([("open",), ("open", "open"), ("open", "open"), ("open", "periodic"), ("NO", "open"), ("open", "OD"),
                                                      ("DN", "open")]), ids=lambda p: p if isinstance(p, str) else "-".join(p))
def test_lattice_kernels_have_the_order_of_the_stencil(run, tmp_path, kinds, derivative, order, sampling):
    """phi, E and their constants: a wrong gauge of the discrete kernel would stay however fine the grid."""
    found = []
    for n in (48, 96) if order < 8 else (64, 96):
        case = Case(kinds, [n if k in HALF_OPEN or k == "open" else n // 2 for k in kinds], sampling, h=[1.0 / n] * len(kinds), sigma=n / 14)
        r, _, _ = solve(run, tmp_path, case, derivative=derivative)
        found.append((1 / n, *errors(case, r)))
    (h0, phi0, E0), (h1, phi1, E1) = found
    for coarse, fine in ((phi0, phi1), (E0, E1)):
        assert fine < 2e-9 or np.log(coarse / fine) / np.log(h0 / h1) > order - 0.35


BUMP = "exp(10*(1 - 1/(1 - (2*{0}-1)^2)))"


def bump_case(n):
    """u = product of bumps on the unit cube and -eps0 lap u."""
    x = (np.arange(n) + 0.5) / n
    s = 2 * x - 1
    q = 1 - s**2
    b = np.exp(10 * (1 - 1 / q))
    first = -20 * s / q**2                                        # d ln b/ds
    second = (first**2 - 20 / q**2 - 80 * s**2 / q**3) * b * 4    # d2 b/dx2
    u = b[:, None, None] * b[:, None] * b
    lap = second[:, None, None] * b[:, None] * b + b[:, None, None] * second[:, None] * b + b[:, None, None] * b[:, None] * second
    return u, -EPS0 * lap


@pytest.mark.parametrize("derivative, expected", [
    ("fd2", (3.9e-2, 1.1e-2, 2.8e-3)), ("fd4", (3.9e-3, 3.0e-4, 2.0e-5)), ("fd6", (5.8e-4, 1.1e-5, 1.8e-7)), ("fd8", (1.4e-4, 1.7e-6, 1.0e-8)),
    ("spectral", (5e-5, 4e-8, 2e-12))])
def test_open_bump(run, tmp_path, derivative, expected):
    """A smooth product of compact bumps, 16, 32 and 64 cells per axis: the largest errors of a prototype, to its two digits."""
    for n, figure in zip((16, 32, 64), expected):
        u, rho = bump_case(n)
        with h5py.File(tmp_path / "charge.h5", "w") as file:
            file["rho"] = rho
        config = {"grid": {"points": [n] * 3, "lengths": [1, 1, 1]}, "boundary": {a: "open" for a in "xyz"},
                  "charge": {"hdf5": "charge.h5", "dataset": "/rho"}, "solver": {"derivative": derivative},
                  "output": {"file": "out.h5", "fields": ["phi"], "xdmf": False}}
        assert run(config, "-f").returncode == 0
        assert np.abs(records(tmp_path / "out.h5")["phi"] - u).max() < 1.05 * figure + 5e-13


@pytest.mark.parametrize("n, bound", [(16, 9e-4), (24, 2.5e-6), (32, 2.5e-9), (48, 2e-15), (64, 2e-15)])
def test_net_charge_gaussian_converges_spectrally(run, tmp_path, n, bound):
    """Width 0.05 of a unit box: errors relative to the peak."""
    case = Case(("open",) * 3, (n,) * 3, h=[1 / n] * 3, sigma=0.05 * n, centre=[0.5, 0.5, 0.5])
    found, _, _ = solve(run, tmp_path, case, derivative="spectral")
    r = np.sqrt(sum(np.meshgrid(*[(x - 0.5)**2 for x in case.axes], indexing="ij")))
    r = np.maximum(r, 1e-9)
    expected = erf(r / np.sqrt(2) / 0.05) / (4 * np.pi * r)
    assert np.abs(found["phi"] - expected).max() / expected.max() < bound


def test_a_charged_sheet_between_periodic_axes(run, tmp_path):
    """Net charge, two periodic axes: the mean over them is -(|z| + ...)/2 without any constant."""
    case = Case(("periodic", "periodic", "open"), (12, 10, 70), sigma=3.0)
    found, _, _ = solve(run, tmp_path, case, derivative="spectral")
    expected = plane(case.axes[2] - case.centre[2], case.sigma[2]) / (case.lengths[0] * case.lengths[1])
    assert np.abs(found["phi"].mean(axis=(1, 2)) - expected).max() < 1e-12 * np.abs(expected).max()


def test_a_line_charge_has_the_stated_gauge(run, tmp_path):
    case = Case(("open", "open"), (60, 61))
    r2 = (case.axes[1][:, None] - case.centre[1])**2 + (case.axes[0] - case.centre[0])**2
    for length in (None, 0.37):
        solver = {"derivative": "spectral", **({"gauge_length": length} if length else {})}
        found, results, _ = solve(run, tmp_path, case, **solver)
        R = results["gauge_length"]
        assert R == pytest.approx(length or case.gauge_length, rel=1e-14)
        expected = -(np.log(r2 / R**2) - expi(-r2 / 2 / case.sigma[0]**2)) / (4 * np.pi)
        assert np.abs(found["phi"] - expected).max() < 1e-12 * np.abs(expected).max()


def test_other_gauges_where_the_far_field_is_a_convention(run, tmp_path):
    case = Case(("open", "periodic"), (60, 20))
    reference, _, _ = solve(run, tmp_path, case, derivative="spectral")
    mean, _, _ = solve(run, tmp_path, case, derivative="spectral", gauge="zero_mean")
    point, _, _ = solve(run, tmp_path, case, derivative="spectral", gauge={"point": [0.1, 0.1], "value": "2 V"})
    again, _, _ = solve(run, tmp_path, case, derivative="spectral", gauge="far_field")
    assert np.array_equal(reference["phi"], again["phi"])
    assert abs(mean["phi"].mean()) < 1e-14 and abs(point["phi"][9:11, 9:11]).max() > 1
    for other in (mean, point):
        shift = other["phi"] - reference["phi"]
        assert np.ptp(shift) < 1e-14 and np.array_equal(other["E/x"], reference["E/x"])
    for kinds, solver in ((("open",) * 3, {"gauge": {"point": [0, 0, 0], "value": 0}}), (("open", "DO"), {"gauge": {"point": [0, 0], "value": 0}}),
                          (("open", "periodic"), {"neutralize": True}), (("open", "DO"), {"gauge_length": 1})):
        refused = run(Case(kinds, (20,) * len(kinds)).config(tmp_path, **solver), "-f")
        assert refused.returncode == 3 and "/solver/" in refused.stderr


# ---- Entropy ------------------------------------------------------------------------------------------------------------------

def hot_spot(**changes):
    config = {"grid": {"points": [40, 44], "lengths": [1, 1.1]}, "boundary": {"x": "open", "y": "open"},
              "entropy": "7 + 2*exp(-((x-0.52)^2 + (y-0.56)^2)/2/0.05^2)", "coupling": dict(KAPPA), "solver": {"derivative": "spectral"},
              "output": {"file": "out.h5", "fields": ["phi", "phi_S", "S", "E", "J_S"], "xdmf": False}}
    for path, value in changes.items():
        config.setdefault(path, {}) if isinstance(value, dict) else None
        config[path] = {**config[path], **value} if isinstance(value, dict) else value
    return config


@pytest.mark.parametrize("derivative", ["fd2", "fd4", "spectral"])
def test_without_walls_phi_is_kappa_times_s_above_infinity(run, tmp_path, derivative):
    result = run(hot_spot(solver={"derivative": derivative}))
    assert result.returncode == 0, result.stderr
    r, results = records(tmp_path / "out.h5"), result.json["results"]
    assert results["entropy_at_infinity"] == pytest.approx(7, rel=1e-15)
    assert np.abs(r["phi"] - (r["S"] - 7)).max() < 1e-14
    assert results["open_entropy_share"] < 1e-10 and results["residual"] == 0


def test_entropy_at_infinity_can_be_given(run, tmp_path):
    result = run(hot_spot(coupling={"entropy_at_infinity": "5 J/(K m^3)"}))
    assert result.returncode == 0, result.stderr
    r = records(tmp_path / "out.h5")
    assert result.json["results"]["entropy_at_infinity"] == 5
    assert np.abs(r["phi"] - (r["S"] - 5)).max() < 1e-14
    assert result.json["results"]["open_entropy_share"] > 1e-2 and "outermost samples at open faces" in result.stderr


def test_constant_entropy_drives_exactly_nothing(run, tmp_path):
    for boundary_y in ("open", "periodic", {"low": "dirichlet", "high": "open"}, {"low": "open", "high": "natural"}, {"low": "neumann", "high": "open"}):
        result = run(hot_spot(entropy="0.3", boundary={"y": boundary_y}), "-f")
        assert result.returncode == 0, result.stderr
        for name, values in records(tmp_path / "out.h5").items():
            assert name == "S" or not values.any(), name


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("derivative, bound", [("spectral", 2e-10), ("fd8", 2e-6), ("fd4", 2e-4)])
def test_hot_spot_cut_by_a_grounded_plane(run, tmp_path, sampling, derivative, bound):
    """3-D, S a Gaussian of width s at height b over the plane z = 0: phi_S = S plus a harmonic function that is -S on the plane; above the
    spot that is -exp(-b^2/2 s^2) [1 - sqrt(pi/2) w exp(w^2/2) erfc(w/sqrt 2)], w = z/s (Poisson's integral)."""
    from scipy.special import erfcx
    n, h = (89, 89, 56), 0.05
    origin = [-n[0] * h / 2, -n[1] * h / 2, 0] if sampling == "cell" else [-(n[0] - 1) * h / 2, -(n[1] - 1) * h / 2, 0]
    s, b = 0.3, 0.225
    config = hot_spot(grid={"points": list(n), "spacing": [h] * 3, "origin": origin, "sampling": sampling},
                      entropy=f"1 + exp(-(x^2 + y^2 + (z-{b})^2)/2/{s}^2)", boundary={"x": "open", "y": "open", "z": {"low": "dirichlet", "high": "open"}},
                      solver={"derivative": derivative})
    del config["grid"]["lengths"]
    config["output"]["fields"] = ["phi", "S"]
    result = run(config)
    assert result.returncode == 0, result.stderr
    r = records(tmp_path / "out.h5")
    w = (np.arange(n[2]) + (0.5 if sampling == "cell" else 0)) * h / s
    harmonic = -np.exp(-b**2 / 2 / s**2) * (1 - np.sqrt(np.pi / 2) * w * erfcx(w / np.sqrt(2)))
    axis = (slice(None), 44, 44)
    if derivative == "spectral" and sampling == "cell":
        bound = 1e-6  # S on the plane is extrapolated from its cells
    assert np.abs(r["phi"][axis] - (r["S"][axis] - 1) - harmonic).max() < bound


def test_what_little_reaches_the_rim_of_a_plane_stays_little(run, tmp_path):
    """The spot of a grounded plane ends five widths from the open faces, where its data are 4e-6: differentiated along the plane by extrapolation they
    would make a false source at the rim of the size of the true one."""
    config = hot_spot(grid={"points": [61, 61, 40], "spacing": [0.05] * 3, "origin": [-1.525, -1.525, 0]}, entropy="1 + exp(-(x^2 + y^2 + (z-0.225)^2)/0.18)",
                      boundary={"x": "open", "y": "open", "z": {"low": "dirichlet", "high": "open"}})
    del config["grid"]["lengths"]
    result = run(config)
    assert result.returncode == 0, result.stderr
    assert result.json["results"]["open_check"] < 0.01 and "open faces" in result.stderr


def test_charge_and_entropy_add(run, tmp_path):
    charge = f"{EPS0}*exp(-((x-0.45)^2 + (y-0.5)^2)/2/0.06^2)"
    both = {"charge": charge, "boundary": {"y": {"low": "dirichlet", "high": "open"}}}
    assert run(hot_spot(**both), "-f").returncode == 0
    total = records(tmp_path / "out.h5")
    only = hot_spot(**both)
    del only["entropy"], only["coupling"]
    only["output"]["fields"] = ["phi"]
    assert run(only, "-f").returncode == 0
    rho = records(tmp_path / "out.h5")["phi"]
    assert np.abs(total["phi"] - rho - total["phi_S"]).max() < 1e-14


@pytest.mark.parametrize("reading", ["field", "gradient", "directional"])
def test_the_other_readings_are_definitions(run, tmp_path, reading):
    """They solve nothing: an open face only says that S does not repeat."""
    changes = {"reading": reading, **({"direction": [1, 0]} if reading == "directional" else {}), "output": {"fields": ["phi", "E", "J_S"]}}
    assert run(hot_spot(**changes), "-f").returncode == 0
    here = records(tmp_path / "out.h5")
    assert run(hot_spot(boundary={"x": "natural", "y": "natural"}, **changes), "-f").returncode == 0
    there = records(tmp_path / "out.h5")
    assert here.keys() == there.keys() and all(np.array_equal(here[name], there[name]) for name in here)


# ---- What a run says of itself ------------------------------------------------------------------------------------------------

def test_a_source_that_touches_an_open_face_is_named(run, tmp_path):
    case = Case(("open", "open"), (40, 40), centre=[0.05, 0.2])
    result = run(case.config(tmp_path, derivative="spectral"))
    assert result.returncode == 0
    rho = source(case.axes, case.kinds, case.centre, case.sigma, case.lengths)
    edge = np.zeros_like(rho, dtype=bool)
    edge[[0, -1]], edge[:, [0, -1]] = True, True
    assert result.json["results"]["open_charge_share"] == pytest.approx(rho[edge].sum() / rho.sum(), rel=1e-12)
    assert "charge: " in result.stderr and "outermost samples at open faces" in result.stderr


def test_charge_shares_kernel_and_faces_are_in_the_file(run, tmp_path):
    case = Case(("DO", "open", "periodic"), (58, 57, 12))
    _, results, _ = solve(run, tmp_path, case, derivative="spectral")
    with h5py.File(tmp_path / "out.h5") as file:
        group = file["data/0/results"]
        assert group.attrs["total_charge"] == pytest.approx(EPS0, rel=1e-12) and group.attrs["total_charge_units"] in ("C", b"C")
        assert group.attrs["kernel"] in ("truncated", b"truncated")
        assert sorted(group["faces"]) == ["x-high", "x-low", "y-high", "y-low"]
        assert group["faces/x-low"].attrs["boundary_residual_phi_rho"] < 1e-9
        for name in ("x-high", "y-low", "y-high"):
            assert group[f"faces/{name}"].attrs["open_check_phi_rho"] < 1e-11
    assert results["charge_tail"] < 1e-4 and results["boundary_residual"] < 1e-9


@pytest.mark.parametrize("width, low, high", [(3.0, 0, 1e-4), (2.0, 1e-4, 1e-3), (1.5, 1e-3, 1e-2), (1.0, 1e-2, 1e-1)])
def test_the_tail_tells_resolved_sources_from_others(run, tmp_path, width, low, high):
    for kinds in (("open", "open"), ("periodic", "NN"), ("periodic", "periodic", "DD")):
        case = Case(kinds, (40,) * len(kinds), sigma=width)
        config = case.config(tmp_path)
        if "O" not in "".join(kinds) and "open" not in kinds and not any("D" in k for k in kinds):
            config["solver"] = {"neutralize": True}
        result = run(config, "-f")
        assert result.returncode == 0, result.stderr
        assert low < result.json["results"]["charge_tail"] < high


@pytest.mark.parametrize("kinds", [("open", "open"), ("DD", "open"), ("NO", "periodic")], ids="-".join)
def test_truncated_kernel_with_finite_differences(run, tmp_path, kinds):
    """Asked for by name: phi is that of `spectral`, the derived fields are those of the stencil."""
    case = Case(kinds, [SIZES[k] for k in kinds])
    result = run(case.config(tmp_path, derivative="fd4", kernel="truncated"), "-f")
    assert result.returncode == 0, result.stderr
    found, expected = records(tmp_path / "out.h5"), case.phi()
    assert np.abs(found["phi"] - expected).max() < 1e-12 * np.abs(expected).max()


def test_the_same_bits_for_any_number_of_threads(run, tmp_path):
    case, seen = Case(("open", "DO", "periodic"), (30, 31, 12)), []
    for threads in (1, 2, 3):
        result = run(case.config(tmp_path, derivative="spectral"), "-f", "-t", threads)
        results = result.json["results"]
        seen.append((records(tmp_path / "out.h5"), results))
    for other, results in seen[1:]:
        assert all(np.array_equal(other[name], seen[0][0][name]) for name in other) and results == seen[0][1]


def test_configurations_of_one_call_share_the_kernel(call, tmp_path):
    """Made once per grid: the second configuration takes it over, a third one on another grid does not, and no bit changes."""
    case = Case(("open", "open", "open"), (20, 18, 22))
    configs = [case.config(tmp_path) for _ in range(3)]
    configs[1]["charge"]["scale"] = 2.0
    configs[2]["solver"] = {"derivative": "fd2"}
    for i, config in enumerate(configs):
        config["output"]["file"] = f"together{i}.h5"
        (tmp_path / f"c{i}.json").write_text(json.dumps(config))
    together = call("-v", *(f"c{i}.json" for i in range(3)))
    assert together.returncode == 0, together.stderr
    lines = [line for line in together.stderr.splitlines() if "kernel of 3 open axes" in line]
    assert ["kept from the configuration before" in line for line in lines] == [False, True, False]
    for i in range(3):
        alone = call("-o", f"alone{i}.h5", f"c{i}.json")
        assert alone.returncode == 0, alone.stderr
        assert np.array_equal(records(tmp_path / f"together{i}.h5")["phi"], records(tmp_path / f"alone{i}.h5")["phi"])
