"""If this fails, a device whose voltages, currents or fields can be written down does not have them: round dielectrics, contacts on a square, thermocouples
and loops of one material, laws that hold at any contrast, and the order at which smooth materials converge."""
import os

import h5py
import numpy as np
import pytest
from scipy import constants, special

C = 2e15                                            # K m^3/(J s)
KAPPA = constants.hbar / constants.e * C            # V K m^3/J
VOLTS = {"closure": "custom", "value": C, "unit": "K m^3 J^-1 s^-1"}


@pytest.fixture
def solve(run, tmp_path):
    """solve(config) -> (results of --json, records by name)."""

    def solved(config, *options):
        done = run({"coupling": VOLTS, **config}, "-f", "-o", tmp_path / "out.h5", *options)
        assert done.returncode == 0, done.stderr
        records = {}
        with h5py.File(tmp_path / "out.h5") as file:
            file["data/0/meshes"].visititems(lambda key, item: records.__setitem__(key, item[...]) if isinstance(item, h5py.Dataset) else None)
        return done.json["results"], records

    return solved


def volts(results):
    return {row["name"]: row["voltage"] for row in results["electrodes"]}


def amperes(results):
    return {row["name"]: row["current"] for row in results["electrodes"]}


def order(errors, sizes):
    return np.log(errors[0] / errors[-1]) / np.log(sizes[-1] / sizes[0])


def note(*what):
    """What came out, for docs/validation.md: QEP_TEST_VERBOSE=1 python3 -m pytest -s."""
    if os.environ.get("QEP_TEST_VERBOSE"):
        print("\n   ", *[f"{w:.2g}" if isinstance(w, float) else w for w in what])


# ---- Round dielectrics --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("eps", [5.0, 0.2])
@pytest.mark.parametrize("dim", [2, 3])
def test_a_round_dielectric_in_a_uniform_field(solve, dim, eps):
    """Cylinder and sphere: inside d E_0/(eps + d - 1), outside a dipole, which the walls are given. Cells are in or out, so first order; the deviation of the mean
    field inside has no scatter left."""
    radius, share, errors = 0.5, (eps - 1) / (eps + dim - 1), []
    sizes = (16, 32, 64, 128) if dim == 2 else (16, 32, 64)
    r2 = "+".join(f"{c}^2" for c in "xyz"[:dim])
    far = f"-x*(1 - {share * radius**dim!r}/({r2})^{dim / 2})"
    for n in sizes:
        _, records = solve({"grid": {"points": [n] * dim, "lengths": [2] * dim, "origin": [-1] * dim}, "output": {"fields": ["E"]},
                            "materials": {"permittivity": f"{r2} < {radius**2} ? {eps} : 1"},
                            "boundary": {c: {"low": {"dirichlet": far}, "high": {"dirichlet": far}} for c in "xyz"[:dim]}})
        x = (np.arange(n) + 0.5) * 2 / n - 1
        core = sum(c**2 for c in np.meshgrid(*[x] * dim, indexing="ij")) < 0.3**2
        inside = dim / (eps + dim - 1)
        errors.append(abs(records["E/x"][core].mean() / inside - 1))
        assert abs(records["E/y"][core].mean()) < 1e-9
        assert np.abs(records["E/x"][core] / inside - 1).max() < 3 * errors[-1] + 0.01
    note("round", dim, eps, *errors)
    assert errors[-1] < 0.015 and order(errors, sizes) > 0.5, errors


# ---- Contacts on a square ------------------------------------------------------------------------------------------------------------

def square_conductance(left, right):
    """Of a square sheet of 1 S between contacts on two opposite sides, each from one height to another: sn maps the square (-K..K, 0..2K) on a half plane,
    where the cross-ratio of the four ends says everything."""
    k = (np.sqrt(2) - 1) ** 2                       # K'(k) = 2 K(k)
    side = 2 * special.ellipk(k**2)
    height = lambda y: 1 / special.ellipj(y * side, 1 - k**2)[2]        # of a point of the right side
    a, b = sorted(-height(y) for y in left)
    c, d = sorted(height(y) for y in right)
    ratio = (b - a) * (d - c) / ((c - a) * (d - b))
    return special.ellipk(ratio) / special.ellipk(1 - ratio)


@pytest.mark.parametrize("left, right", [((0, 0.5), (0, 0.5)), ((0, 0.75), (0.5, 1)), ((0.25, 0.5), (0.25, 0.75))])
def test_contacts_on_a_square_against_the_conformal_map(solve, left, right):
    """On nodes, contacts end at a node: first order, by the singular current at their ends."""
    assert square_conductance((0, 1), (0, 1)) == pytest.approx(1, rel=1e-12)
    exact, errors, sizes = square_conductance(left, right), [], (16, 32, 64)
    for n in sizes:
        within = lambda y: f"y > {y[0] - 0.1 / n} && y < {y[1] + 0.1 / n}"
        results, _ = solve({"grid": {"points": [n + 1, n + 1], "lengths": [1, 1], "sampling": "node", "thickness": 0.5}, "materials": {"conductivity": 2},
                            "output": {"fields": ["V"]}, "electrodes": [{"name": "left", "where": f"x < {0.1 / n} && {within(left)}", "voltage": 1},
                                                                        {"name": "right", "where": f"x > {1 - 0.1 / n} && {within(right)}", "voltage": 0}]})
        errors.append(abs(amperes(results)["left"] / exact - 1))
    note("square", left, right, *errors)
    assert errors[-1] < 0.02 and abs(order(errors, sizes) - 1) < 0.2, errors


# ---- Loops ---------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("second", [1, 3])
def test_two_legs_read_the_difference_of_their_couplings(solve, second):
    """Two legs of width 0.4 hang from a hot bar; voltmeter at the cold ends: (k1 - k2) kappa (S(cold) - S(hot)), nothing where the legs are of one material, whatever
    they conduct. J_S = -sigma kappa grad S along each leg, and the leads carry no entropic field."""
    results, records = solve({
        "grid": {"points": [20, 30], "lengths": [1.0, 1.5], "thickness": 0.1}, "reading": "field", "entropy": "y < 1 ? sin(y*1.5)/sin(1.5) : 1",
        "coupling": {**VOLTS, "profile": f"x < 0.5 ? 1 : {second}"}, "output": {"fields": ["V", "J"]},
        "materials": {"conductivity": {"regions": [{"where": "x > 0.4 && x < 0.6 && y < 1", "value": 0}], "default": "x < 0.5 ? 2*(1 + x*y) : 500"}},
        "electrodes": [{"name": "one", "where": "x < 0.4 && y < 0.05", "voltage": 0}, {"name": "two", "where": "x > 0.6 && y < 0.05"}]})
    x = (np.arange(30) + 0.5) * 0.05
    S = np.where(x < 1, np.sin(1.5 * x) / np.sin(1.5), 1)
    assert volts(results)["two"] == pytest.approx((1 - second) * KAPPA * (S[0] - 1), rel=1e-9, abs=1e-9 * KAPPA)
    note("legs", second, volts(results)["two"] - (1 - second) * KAPPA * (S[0] - 1))
    assert np.nanmax(np.abs(records["J/y"])) < 1e-8 * 500 * KAPPA
    assert results["solver"][-1]["components"] == 1


@pytest.mark.parametrize("closed", [True, False])
def test_a_ring_of_one_material_is_still(solve, closed):
    """Around a hole and, where x repeats, around the period: kappa grad S is a gradient, so nothing flows, at any contrast."""
    results, records = solve({
        "grid": {"points": [26, 21], "lengths": [1.3, 1.05]}, "entropy": "sin(2*pi*x/1.3 + 0.3)*(1 + y) + y^2", "conduction": {}, "reading": "field",
        "boundary": {"x": "periodic" if closed else "natural", "y": "natural"}, "output": {"fields": ["V", "J", "J_S"]},
        "materials": {"conductivity": "(x - 0.6)^2 + (y - 0.5)^2 < 0.05 ? 0 : 1e3^sin(9*x*y)"}})
    note("ring", float(np.nanmax(np.abs(records["J/x"])) / np.nanmax(np.abs(records["J_S/x"]))))
    assert np.nanmax(np.abs(records["J/x"])) < 1e-8 * np.nanmax(np.abs(records["J_S/x"]))
    assert results["conduction"]["joule_power"] < 1e-15 * results["conduction"]["drive_power"] + 1e-12


# ---- Laws ----------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("contrast", [1e2, 1e4, 1e6, 1e8])
def test_a_gradient_is_balanced_at_any_contrast(solve, store, contrast):
    """V = -psi + const: 1e-8 to contrast 1e4, then 1e-13 times the contrast; random blocks, random psi, contacts where psi is constant."""
    chance = np.random.default_rng(int(np.log10(contrast)))
    shape = (12, 15, 18)
    sigma = contrast ** np.kron(chance.random((4, 5, 6)), np.ones((3, 3, 3)))
    psi = chance.random(shape)
    x = (np.arange(18) + 0.5) / 18
    psi[..., x < 0.2], psi[..., x > 0.8] = 0.25, -0.5
    fields = store(S=psi, sigma=sigma)
    results, records = solve({"grid": {"points": [18, 15, 12], "lengths": [1.0, 0.8, 0.7]}, "entropy": fields["S"], "output": {"fields": ["V"]},
                              "materials": {"conductivity": fields["sigma"]}, "boundary": dict.fromkeys("xyz", "natural"),
                              "electrodes": [{"name": "a", "where": "x < 0.2"}, {"name": "b", "where": "x > 0.8"}]})
    bound = max(1e-8, 1e-13 * contrast)
    note("law", contrast, abs(volts(results)["b"] / (0.75 * KAPPA) - 1), float(np.ptp(records["V"] + KAPPA * psi) / KAPPA))
    assert abs(volts(results)["b"] / (0.75 * KAPPA) - 1) < bound
    assert np.ptp(records["V"] + KAPPA * psi) < bound * KAPPA


@pytest.mark.parametrize("seed", range(3))
def test_the_transfer_resistances_of_random_contacts_are_reciprocal(solve, store, seed):
    """R_jk: volts of contact j per ampere that goes in at k, both against the first one. Symmetric, positive, and the inverse of the conductances."""
    chance = np.random.default_rng(seed)
    points, count = [17, 13, 7], 5
    sigma = 10 ** (3 * chance.random(points[::-1]))
    sigma[chance.random(sigma.shape) < 0.1] = 0
    pads = []
    for k in range(count):                          # in the middle of stripes, so they do not meet
        x, y = 0.2 * k + chance.uniform(0.01, 0.05), chance.uniform(0, 0.5)
        pads.append({"name": f"p{k}", "where": f"x > {x} && x < {x + 0.1} && y > {y} && y < {y + chance.uniform(0.2, 0.5)} && z < {chance.uniform(0.1, 0.6)}"})
    config = {"grid": {"points": points, "lengths": [1.0, 0.9, 0.7]}, "materials": {"conductivity": store(sigma=sigma)["sigma"]}, "output": {"fields": ["V"]}}
    R = []
    for k in range(1, count):
        rows = [{**pad, "current": {0: -1, k: 1}.get(j, 0)} for j, pad in enumerate(pads)]
        got = volts(solve({**config, "electrodes": rows})[0])
        R.append([got[f"p{j}"] - got["p0"] for j in range(1, count)])
    R = np.array(R)
    note("transfer", float(np.abs(R - R.T).max() / np.abs(R).max()))
    assert np.abs(R - R.T).max() < 1e-8 * np.abs(R).max() and np.linalg.eigvalsh(R).min() > 0
    matrix = solve({**config, "electrodes": pads, "conduction": {"conductance": True}})[0]["conductance"]
    G = np.array([[row[pad["name"]] for pad in pads] for row in matrix])
    np.testing.assert_allclose(G[1:, 1:] @ R, np.eye(count - 1), atol=1e-7)


# ---- Smooth materials ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sampling", ["cell", "node"])
def test_smooth_conductivity_converges_with_order_two(solve, sampling):
    """sigma = e^(2 a x), J = -sigma grad u with u = e^(-a x) cosh(p x) cos(q y), p^2 = q^2 + a^2; S is anything, V = u - kappa S. V, J and E_total = -grad u, in the root of
    the mean square; V at every sample."""
    a, L, W = 0.8, 1.0, 0.6
    q = np.pi / W
    p = np.hypot(q, a)
    grade, sizes, errors = 0.7, (24, 48, 96), []
    u_text = f"exp(-{a}*x)*cosh({p!r}*x)/{np.cosh(p)!r}*cos({q!r}*y)"
    S_text = "sin(3*x + 1)*exp(y)"
    held = f"{u_text} - {KAPPA!r}*({S_text})"
    for n in sizes:
        node = sampling == "node"
        points = [n + node, int(grade * n) + node]
        _, records = solve({"grid": {"points": points, "lengths": [L, W], "sampling": sampling}, "entropy": S_text, "materials": {"conductivity": f"exp({2 * a}*x)"},
                            "boundary": {"x": "natural", "y": "natural"}, "output": {"fields": ["V", "J", "E_total"]},
                            "conduction": {"boundary": {"x": {"low": {"dirichlet": held}, "high": {"dirichlet": held}}, "y": "insulating"}}})
        x, y = (np.linspace(0, length, m) if node else (np.arange(m) + 0.5) * length / m for m, length in zip(points, (L, W)))
        y = y[:, None]
        scale, sigma = np.exp(-a * x) / np.cosh(p), np.exp(2 * a * x)
        u = scale * np.cosh(p * x) * np.cos(q * y)
        ux = scale * (p * np.sinh(p * x) - a * np.cosh(p * x)) * np.cos(q * y)
        uy = -q * scale * np.cosh(p * x) * np.sin(q * y)
        V = u - KAPPA * np.sin(3 * x + 1) * np.exp(y)
        rms = lambda e, size: np.sqrt((e**2).mean()) / np.abs(size).max()
        errors.append([np.abs(records["V"] - V).max(), rms(records["V"] - V, V), rms(records["J/x"] + sigma * ux, sigma * ux), rms(records["J/y"] + sigma * uy, sigma * uy),
                       rms(records["E_total/x"] + ux, ux), rms(records["E_total/y"] + uy, uy)])
    errors = np.array(errors)
    orders = np.log2(errors[:-1] / errors[1:])
    note("smooth", sampling, *orders[-1], "errors", *errors[-1])
    assert (np.abs(orders[-1, :2] - 2) < 0.1).all() and (orders[-1] > 1.9).all() and (errors[-1] < 2e-3).all(), (orders, errors[-1])
