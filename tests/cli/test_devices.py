"""If this fails, the voltages and currents of a device are wrong: of the network that SciPy solves from an independent assembly, of the
closed forms for bars, layers and coaxial cables, or of the laws that hold for any conductivity."""
import json

import h5py
import numpy as np
import pytest
from device import Network
from scipy import constants

C = 2e15                                            # K m^3/(J s)
KAPPA = constants.hbar / constants.e * C            # V K m^3/J
VOLTS = {"closure": "custom", "value": C, "unit": "K m^3 J^-1 s^-1"}
FIELDS = {"fields": ["V", "J", "E_total", "J_S", "phi"]}


@pytest.fixture
def solve(run, tmp_path):
    """solve(config, *options) -> (results of --json, records of the last frame by name)."""

    def solved(config, *options, code=0, **keywords):
        done = run({"coupling": VOLTS, "output": FIELDS, **config}, "-f", "-o", tmp_path / "out.h5", *options, **keywords)
        assert done.returncode == code, done.stderr
        records = {}
        if code in (0, 6) and (tmp_path / "out.h5").exists():
            with h5py.File(tmp_path / "out.h5") as file:
                last = sorted(file["data"], key=int)[-1]
                file[f"data/{last}/meshes"].visititems(lambda key, item: records.__setitem__(key, item[...]) if isinstance(item, h5py.Dataset) else None)
        return done.json.get("results"), records

    return solved


def named(results, kind="electrodes"):
    return {row["name"]: row for row in results[kind]}


def mesh(points, lengths, node=False, periodic=()):
    """Coordinates of the samples, one array per axis, broadcast to [nz, ny, nx]."""
    axes = []
    for a, (n, length) in enumerate(zip(points, lengths)):
        h = length / (n if not node or a in periodic else n - 1)
        axes.append((np.arange(n) + (0 if node else 0.5)) * h)
    return np.meshgrid(*axes[::-1], indexing="ij")[::-1]


# ---- Against a network that SciPy solves ------------------------------------------------------------------------------------------

def blocks(shape, contrast, seed, insulating=0.0):
    chance = np.random.default_rng(seed)
    coarse = chance.random([(n + 2) // 3 for n in shape])
    fine = coarse
    for axis, n in enumerate(shape):
        fine = np.repeat(fine, 3, axis=axis).take(range(n), axis=axis)
    sigma = contrast ** (fine - 0.5)
    sigma[chance.random(shape) < insulating] = 0.0
    return sigma


def faces_of(n, length, psi):
    return psi(0.0), psi(length)


CASES = {
    # points, lengths, sampling, contrast, share of insulating samples
    "wire": ([17], [1.3], "cell", 50.0, 0.0),
    "wire of nodes": ([17], [1.3], "node", 50.0, 0.0),
    "sheet": ([14, 11], [1.3, 0.9], "cell", 1e3, 0.0),
    "sheet of nodes": ([14, 11], [1.3, 0.9], "node", 1e3, 0.0),
    "torn sheet": ([19, 16], [1.3, 0.9], "cell", 10.0, 0.15),
    "block": ([10, 9, 8], [1.3, 0.9, 0.7], "cell", 1e4, 0.0),
    "porous block": ([11, 9, 10], [1.3, 0.9, 0.7], "cell", 100.0, 0.2),
    "block of nodes": ([9, 10, 8], [1.3, 0.9, 0.7], "node", 100.0, 0.05),
}


@pytest.mark.parametrize("case", CASES)
def test_a_device_is_the_network_that_scipy_solves(solve, store, case):
    """Two faces, of which one is grounded and one drives a load, and from two axes on a floating pad and one that is fed."""
    points, lengths, sampling, contrast, holes = CASES[case]
    dim, node = len(points), sampling == "node"
    sigma = blocks(points[::-1], contrast, 7, holes)
    along = [slice(None)] * dim
    for edge in (slice(0, 1), slice(-1, None)):                          # both contacts conduct
        along[-1] = edge
        sigma[tuple(along)] = np.maximum(sigma[tuple(along)], 0.3)
    S = lambda x, y=0.0, z=0.0: 1 + x + 0.5 * x**2 - 0.7 * x**3 + 0.3 * y * x + 0.2 * y**2 + 0.1 * z * x
    X = mesh(points, lengths, node)
    text = "1 + x + 0.5*x^2 - 0.7*x^3" + (" + 0.3*y*x + 0.2*y^2" if dim > 1 else "") + (" + 0.1*z*x" if dim > 2 else "")
    depth = {1: {"cross_section": 0.02}, 2: {"thickness": 0.05}, 3: {}}[dim]
    network = Network(points, lengths, sigma, KAPPA * S(*X), sampling, extent=[*depth.values(), 1.0][0])
    config = {"grid": {"points": points, "lengths": lengths, "sampling": sampling, **depth}, "entropy": text,
              "materials": {"conductivity": store(sigma=sigma)["sigma"]},
              "boundary": dict(zip("xyz", ["natural"] * dim)),
              "electrodes": [{"name": "ground", "face": "x-low", "voltage": "0.1 V"}, {"name": "out", "face": "x-high"}],
              "loads": [{"between": ["out", "ground"], "resistance": 3.0}]}
    end = [np.take(x, 0, axis=-1).ravel() for x in X[1:]]
    network.electrode(face=(0, 0), voltage=0.1, psi=KAPPA * S(0.0, *end))
    network.electrode(face=(0, 1), psi=KAPPA * S(lengths[0], *end))
    if dim > 1:
        pad = "x > 0.35 && x < 0.65 && y > 0.55"
        config["electrodes"] += [{"name": "pad", "where": pad}, {"name": "pin", "where": "x > 0.8 && x < 1 && y < 0.3", "current": "0.02 A"}]
        network.electrode(where=(X[0] > 0.35) & (X[0] < 0.65) & (X[1] > 0.55))
        network.electrode(where=(X[0] > 0.8) & (X[0] < 1) & (X[1] < 0.3), current=0.02)
    network.load(1, 0, 3.0)
    V, voltage, current, load = network.solve()
    results, records = solve(config)
    rows = results["electrodes"]
    scale = np.nanmax(np.abs(V))
    linked = np.isfinite(V) & np.isfinite(records["V"])
    assert linked.sum() > 0.7 * V.size
    # pieces without an electrode have their own constant: compare where a current can flow in from one
    assert (np.isnan(records["V"]) == ((sigma == 0) & (network.owner < sigma.size))).all()
    connected = np.abs(records["V"] - V) < 1e-8 * scale
    assert connected[linked].mean() > (0.999 if holes == 0 else 0.9)
    np.testing.assert_allclose([r["voltage"] for r in rows], voltage, atol=1e-8 * scale, rtol=0)
    np.testing.assert_allclose([r["current"] for r in rows], current, atol=1e-8 * np.abs(current).max(), rtol=0)
    np.testing.assert_allclose([r["current"] for r in results["loads"]], load, rtol=1e-8)
    assert abs(sum(r["current"] for r in rows)) < 1e-9 * sum(abs(r["current"]) for r in rows)


@pytest.mark.parametrize("method", ["pcg-mg", "pcg-amg"])
@pytest.mark.parametrize("resistance", [1e-6, 1e-2, 1.0, 1e4])
def test_a_piece_that_only_a_load_ties_to_a_voltage(solve, call, resistance, method):
    """Two strips without a way for a current between them, but a load: the far one floats, fed at one end, and what is fed leaves through the load."""
    if method == "pcg-amg" and "hypre (not built in)" in call("--version").stdout:
        pytest.skip("this build has no hypre")
    results, _ = solve({"solver": {"method": method},
                        "grid": {"points": [40, 9], "lengths": [4.0, 0.9], "thickness": 0.1}, "materials": {"conductivity": "x > 1.9 && x < 2.1 ? 0 : 1 + y"},
                        "electrodes": [{"name": "near", "where": "x > 1.6 && x < 1.9", "voltage": 0.5}, {"name": "far", "where": "x > 2.1 && x < 2.4"},
                                       {"name": "end", "face": "x-high", "current": 0.25}, {"name": "start", "face": "x-low"}],
                        "loads": [{"between": ["far", "near"], "resistance": resistance}], "output": {"fields": ["V"]}})
    rows = named(results)
    strip = (4.0 - 2.4) / (0.1 * (0.9 + 0.9**2 / 2))
    assert rows["far"]["voltage"] == pytest.approx(0.5 + 0.25 * resistance, rel=1e-8)
    assert rows["end"]["voltage"] - rows["far"]["voltage"] == pytest.approx(0.25 * strip, rel=1e-8)
    assert rows["start"]["voltage"] == pytest.approx(0.5, rel=1e-9)
    assert results["loads"][0]["current"] == pytest.approx(0.25, rel=1e-8)
    assert results["solver"][-1]["iterations"] <= 40


def test_a_ring_with_a_pad_is_its_network(solve):
    """V repeats with phi along x; walls along y hold a voltage."""
    points, lengths = [15, 12], [1.5, 0.8]
    x, y = mesh(points, lengths)
    sigma, S = 2 + np.sin(2 * np.pi * x / 1.5) * y, np.sin(2 * np.pi * x / 1.5 + 0.4) * (1 + y)
    network = Network(points, lengths, sigma, KAPPA * (S), periodic=[0], extent=0.1)
    low = network.electrode(face=(1, 0), voltage=0.3, psi=KAPPA * np.sin(2 * np.pi * x[0] / 1.5 + 0.4))
    network.electrode(where=(x - 0.6) ** 2 + (y - 0.4) ** 2 < 0.03)
    assert low == 0
    V, voltage, _, _ = network.solve()
    results, records = solve({
        "grid": {"points": points, "lengths": lengths, "thickness": 0.1}, "boundary": {"x": "periodic", "y": "natural"},
        "entropy": "sin(2*pi*x/1.5 + 0.4)*(1 + y)", "materials": {"conductivity": "2 + sin(2*pi*x/1.5)*y"},
        "conduction": {"boundary": {"y": {"low": {"dirichlet": "0.3 V"}, "high": "insulating"}}},
        "electrodes": [{"name": "pad", "where": "(x - 0.6)^2 + (y - 0.4)^2 < 0.03"}]})
    np.testing.assert_allclose(records["V"], V, atol=1e-8 * np.abs(V).max(), rtol=0)
    assert results["electrodes"][0]["voltage"] == pytest.approx(voltage[1], rel=1e-8)


# ---- Closed forms -----------------------------------------------------------------------------------------------------------------

def bar(**changes):
    """1.3 m x 0.02 m^2 of 5 S/m; S = 2 + x - x^2/2, so psi falls by kappa (1.3 - 0.845) from end to end."""
    return {"grid": {"points": [24], "lengths": [1.3], "cross_section": 0.02}, "entropy": "2 + x - 0.5*x^2", "materials": {"conductivity": 5},
            "electrodes": [{"name": "a", "face": "x-low", "voltage": 0}, {"name": "b", "face": "x-high"}], **changes}


DROP = KAPPA * (1.3 - 0.5 * 1.3**2)                 # phi(b) - phi(a)
R_BAR = 1.3 / (5 * 0.02)


@pytest.mark.parametrize("sampling", ["cell", "node"])
@pytest.mark.parametrize("derivative", ["fd2", "fd4", "spectral"])
def test_bar_open_circuit(solve, sampling, derivative):
    grid = {**bar()["grid"], "sampling": sampling}
    results, records = solve(bar(grid=grid, solver={"derivative": derivative}))
    b = named(results)["b"]
    assert b["voltage"] == pytest.approx(-DROP, rel=1e-9) and abs(b["current"]) < 1e-9 * abs(DROP / R_BAR)
    assert np.abs(records["J/x"]).max() < 1e-9 * np.abs(records["J_S/x"]).max()
    inner = records["E_total/x"][2:-2]                                  # a field that is balanced everywhere
    assert np.abs(inner).max() < 1e-8 * DROP


def test_bar_knows_S_on_its_faces(solve):
    """An expression is evaluated on the faces of a cell grid; where it has no value there it is extrapolated."""
    results, _ = solve(bar(entropy="exp(3*x)*sin(20*x)"))
    assert named(results)["b"]["voltage"] == pytest.approx(-KAPPA * np.exp(3.9) * np.sin(26), rel=1e-9)
    results, _ = solve(bar(entropy={"regions": [{"where": "x > 0 && x < 1.3", "value": "2 + x - 0.5*x^2"}]}))
    assert named(results)["b"]["voltage"] == pytest.approx(-DROP, rel=1e-9)


def test_bar_short_circuit_and_matched_load(solve):
    contacts = bar()["electrodes"]
    shorted, _ = solve(bar(electrodes=[contacts[0], {**contacts[1], "voltage": 0}]))
    assert named(shorted)["a"]["current"] == pytest.approx(5 * 0.02 * -DROP / 1.3, rel=1e-9)
    assert named(shorted)["b"]["current"] == pytest.approx(-named(shorted)["a"]["current"], rel=1e-9)
    for factor in (0.25, 1, 3):
        loaded, _ = solve(bar(loads=[{"between": ["b", "a"], "resistance": factor * R_BAR}]))
        load = loaded["loads"][0]
        assert load["between"] == ["b", "a"]
        current = -DROP / (R_BAR * (1 + factor))
        assert load["current"] == pytest.approx(current, rel=1e-9)
        assert load["power"] == pytest.approx(current**2 * factor * R_BAR, rel=1e-9)
        assert named(loaded)["b"]["current"] == pytest.approx(-current, rel=1e-9)      # it comes out of the sample at b
    matched = DROP**2 / (4 * R_BAR)
    assert solve(bar(loads=[{"between": ["a", "b"], "resistance": R_BAR}]))[0]["loads"][0]["power"] == pytest.approx(matched, rel=1e-9)


@pytest.mark.parametrize("kind", ["dirichlet", "periodic"])
def test_contacts_that_phi_knows_read_nothing(solve, kind):
    results, _ = solve(bar(boundary={"x": kind}))
    assert abs(named(results)["b"]["voltage"]) < 1e-10 * abs(DROP)


def test_given_phi_at_contacts_drives_nothing(solve):
    """An electrostatic potential drops out: J_S comes from phi_S alone."""
    results, _ = solve(bar(boundary={"x": {"low": "dirichlet", "high": {"dirichlet": "1 V"}}}))
    assert abs(named(results)["b"]["voltage"]) < 1e-10 * abs(DROP)


def test_a_closed_loop_of_one_material_is_still(solve):
    results, records = solve({"grid": {"points": [24, 9], "lengths": [1.3, 0.7]}, "entropy": "sin(2*pi*x/1.3)*(1 + cos(2*pi*y/0.7))", "conduction": {}})
    assert np.abs(records["J/x"]).max() < 1e-8 * np.abs(records["J_S/x"]).max()
    assert np.ptp(records["V"] + records["phi"]) < 1e-8 * np.ptp(records["phi"])
    assert "electrodes" not in results


def test_a_loop_of_two_couplings_carries_a_current(solve):
    """The thermocouple law: the emf of a loop is the integral of kappa dS around it. Two arms, kappa 1 and 3, S up and down once."""
    n, points = 40, [40]
    x = (np.arange(n) + 0.5) / n
    S, profile = np.cos(2 * np.pi * x), np.where(x < 0.5, 1.0, 3.0)
    k_face, dS = 0.5 * (profile + np.roll(profile, -1)), np.roll(S, -1) - S
    emf = -KAPPA * (k_face * dS).sum()
    assert emf == pytest.approx(-KAPPA * (1 * -2 + 3 * 2), rel=0.01)
    results, records = solve({"grid": {"points": points, "lengths": [1.0], "cross_section": 1.0}, "entropy": "cos(2*pi*x)", "reading": "field",
                              "materials": {"conductivity": 5}, "coupling": {**VOLTS, "profile": "x < 0.5 ? 1 : 3"}, "conduction": {},
                              "output": {"fields": ["V", "J"]}})
    np.testing.assert_allclose(records["J/x"], 5 * emf / 1.0, rtol=1e-9)
    assert results["conduction"]["joule_power"] == pytest.approx(emf**2 * 5, rel=1e-9)


LAYERS = [(0.25, 2.0), (0.5, 300.0), (0.25, 7.0)]   # share of the length, conductivity or permittivity


def layered(points, offset=0.0):
    inner = np.cumsum([share for share, _ in LAYERS])[:-1] + offset / points
    return f"x < {inner[0]} ? {LAYERS[0][1]} : (x < {inner[1]} ? {LAYERS[1][1]} : {LAYERS[2][1]})", np.diff([0, *inner, 1])


def test_layers_conduct_in_series(solve):
    """Exact where the jump is on a face, to first order where it cuts cells."""
    contacts = [{"name": "a", "face": "x-low", "voltage": 1}, {"name": "b", "face": "x-high", "voltage": 0}]
    config = {"electrodes": contacts, "output": {"fields": ["V", "J"]}}
    errors = []
    for points, offset in ((16, 0), (16, 0.3), (32, 0.3), (64, 0.3)):
        text, shares = layered(points, offset)
        grid = {"points": [points, 5], "lengths": [1.0, 0.4], "thickness": 0.1}
        results, records = solve({**config, "grid": grid, "materials": {"conductivity": text}})
        current = 0.4 * 0.1 / sum(s / c for s, (_, c) in zip(shares, LAYERS))
        got = named(results)["a"]["current"]
        errors.append(abs(got / current - 1))
        if offset == 0:
            assert got == pytest.approx(current, rel=1e-10)
            np.testing.assert_allclose(records["J/x"], current / 0.04, rtol=1e-9)
            assert results["conduction"]["joule_power"] == pytest.approx(current, rel=1e-9)
    assert errors[1] > 1e-4 and errors[3] < errors[1] / 3


@pytest.mark.parametrize("sampling", ["cell", "node"])
def test_layers_of_a_capacitor(solve, sampling):
    """1 V across eps 2 | 300 | 7: D is the same everywhere, so E jumps with 1/eps."""
    points = 16 if sampling == "cell" else 17
    text, shares = layered(16)
    results, records = solve({"grid": {"points": [points, 4], "lengths": [1.0, 0.4], "sampling": sampling}, "materials": {"permittivity": text},
                              "boundary": {"x": {"low": {"dirichlet": "1 V"}, "high": "dirichlet"}}, "output": {"fields": ["phi", "E"]}})
    x = mesh([points], [1.0], sampling == "node")[0]
    if sampling == "cell":
        eps = np.select([x < 0.25, x < 0.75], [2.0, 300.0], 7.0)
        D = 1 / sum(s / c for s, (_, c) in zip(shares, LAYERS))
        np.testing.assert_allclose(records["E/x"], np.broadcast_to(D / eps, (4, points)), rtol=1e-9)
    assert records["phi"].max() <= 1 and (np.diff(records["phi"], axis=1) < 0).all()
    assert results["solver"][0]["name"] == "phi_rho" and results["solver"][0]["status"] in ("converged", "converged_at_rounding")


def test_a_profile_of_kappa_makes_phi_its_line_integral(solve):
    """Natural faces: D = 0, so phi = integral of kappa dS; E_S is the definition of reading "field"."""
    n = 200
    config = {"grid": {"points": [n], "lengths": [1.0]}, "entropy": "sin(3*x)", "coupling": {**VOLTS, "profile": "1 + x"}, "boundary": {"x": "natural"},
              "output": {"fields": ["phi_S", "E"]}}
    _, records = solve(config)
    x = (np.arange(n) + 0.5) / n
    exact = KAPPA * ((1 + x) * np.sin(3 * x) + np.cos(3 * x) / 3)
    difference = records["phi_S"] - exact
    assert np.ptp(difference) < 1e-4 * np.ptp(exact)
    np.testing.assert_allclose(records["E/x"], -KAPPA * (1 + x) * 3 * np.cos(3 * x), atol=2e-4 * 6 * KAPPA)


def test_phi_S_is_kappa_S_for_any_permittivity_without_walls(solve):
    base = {"grid": {"points": [12, 10], "lengths": [1.0, 0.7]}, "entropy": "sin(3*x)*y", "boundary": {"x": "natural", "y": "natural"},
            "charge": "1e-11*sin(2*pi*x)*cos(2*pi*y/0.7)", "output": {"fields": ["phi_S", "J_S"]}}
    _, plain = solve(base)
    _, varied = solve({**base, "materials": {"permittivity": "1 + 50*x"}})
    np.testing.assert_array_equal(plain["phi_S"], varied["phi_S"])


@pytest.mark.parametrize("wall", ["dirichlet", "neumann"])
@pytest.mark.parametrize("sampling", ["cell", "node"])
def test_finite_volumes_agree_with_transforms(solve, wall, sampling):
    """The same problem by fd2 and, as asked, by finite volumes: equal to the order that both have."""
    errors = []
    for n in (16, 32):
        config = {"grid": {"points": [n + (sampling == "node"), n], "lengths": [1.0, 0.7], "sampling": sampling}, "entropy": "cos(2*pi*x)*(1 + 0.3*sin(2*pi*y/0.7))",
                  "boundary": {"x": wall}, "charge": "1e-11*cos(2*pi*x)", "output": {"fields": ["phi", "phi_S", "E"]}}
        _, direct = solve({**config, "solver": {"derivative": "fd4"}})
        _, volumes = solve({**config, "solver": {"derivative": "fd4", "method": "pcg-mg"}})
        errors.append([np.abs(direct[k] - volumes[k]).max() / np.abs(direct[k]).max() for k in ("phi", "phi_S", "E/x", "E/y")])
    errors = np.array(errors)
    assert (errors[1] < 0.02).all() and (errors[1] < errors[0] / 2).all(), errors


def test_coaxial_resistance(solve):
    """ln(b/a)/(2 pi sigma t); round electrodes on a square grid, so first order."""
    a, b, errors = 0.2, 0.9, []
    for n in (40, 80, 160):
        results, _ = solve({"grid": {"points": [n, n], "lengths": [2, 2], "origin": [-1, -1], "thickness": 0.01}, "materials": {"conductivity": 4},
                            "electrodes": [{"name": "core", "where": f"x^2 + y^2 < {a}^2", "voltage": 1}, {"name": "shield", "where": f"x^2 + y^2 > {b}^2", "voltage": 0}],
                            "output": {"fields": ["V"]}})
        exact = 2 * np.pi * 4 * 0.01 / np.log(b / a)
        errors.append(abs(named(results)["core"]["current"] / exact - 1))
    assert errors[-1] < 0.02 and errors[-1] < errors[0], errors


def test_a_dielectric_cylinder_in_a_uniform_field(solve):
    """Inside E = 2 E_0/(1 + eps_r), far from the plates that make E_0 and their images."""
    n, eps = 128, 5.0
    _, records = solve({"grid": {"points": [n, n], "lengths": [8, 8], "origin": [-4, -4]}, "materials": {"permittivity": f"x^2 + y^2 < 0.5 ? {eps} : 1"},
                        "boundary": {"x": {"low": {"dirichlet": "4 V"}, "high": {"dirichlet": "-4 V"}}, "y": "neumann"}, "output": {"fields": ["E"]}})
    middle = slice(n // 2 - 3, n // 2 + 3)
    assert records["E/x"][middle, middle].mean() == pytest.approx(2 / (1 + eps), rel=0.04)
    assert np.abs(records["E/y"][middle, middle]).max() < 0.02


# ---- Laws that hold for any conductivity ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sampling", ["cell", "node"])
def test_a_gradient_drives_no_current_into_faces(solve, sampling):
    """The same with contacts on faces, along which psi is constant."""
    results, records = solve({"grid": {"points": [20, 14], "lengths": [1.3, 0.9], "sampling": sampling}, "boundary": {"y": "natural"},
                              "entropy": "x + sin(2*pi*x/1.3)*exp(y)", "materials": {"conductivity": "1e3^sin(5*x*y)"},
                              "electrodes": [{"name": "a", "face": "x-low", "voltage": 0}, {"name": "b", "face": "x-high"}]})
    assert named(results)["b"]["voltage"] == pytest.approx(-KAPPA * 1.3, rel=1e-8)
    assert np.ptp(records["V"] + records["phi"]) < 1e-8 * np.ptp(records["phi"])


@pytest.mark.parametrize("contrast", [1.0, 1e4])
@pytest.mark.parametrize("electrodes", [[], [{"name": "a", "where": "x < 0.3"}, {"name": "b", "where": "x > 1 && y < 0.5", "current": 0}]])
def test_a_gradient_drives_no_current(solve, store, contrast, electrodes):
    """J_S = -sigma grad psi, psi constant on electrodes: V = -psi + const for any sigma."""
    points, lengths = [16, 12, 10], [1.3, 0.9, 0.7]
    x, y, z = mesh(points, lengths)
    psi = np.sin(3 * x) * (1 + y * z)
    psi[x < 0.3], psi[(x > 1) & (y < 0.5)] = 0.3, -1.1
    fields = store(S=psi, sigma=blocks(x.shape, contrast, 3))
    config = {"grid": {"points": points, "lengths": lengths}, "entropy": fields["S"], "materials": {"conductivity": fields["sigma"]}, "conduction": {},
              "boundary": dict.fromkeys("xyz", "natural"), "electrodes": electrodes}
    results, records = solve(config)
    assert np.ptp(records["V"] + KAPPA * psi) < 1e-8 * KAPPA * np.ptp(psi)
    if electrodes:
        volts = named(results)
        assert volts["b"]["voltage"] - volts["a"]["voltage"] == pytest.approx(KAPPA * 1.4, rel=1e-8)


PADS = [{"name": "p1", "where": "x < 0.2 && y < 0.4"}, {"name": "p2", "where": "x > 1.1 && y > 0.5"}, {"name": "p3", "where": "x < 0.2 && y > 0.7"},
        {"name": "p4", "where": "x > 0.6 && x < 0.9 && y < 0.2"}]


def test_the_conductance_matrix_is_symmetric_and_keeps_charge(solve, store):
    fields = store(sigma=blocks((12, 16), 1e3, 5))
    config = {"grid": {"points": [16, 12], "lengths": [1.3, 0.9], "thickness": 0.1}, "materials": {"conductivity": fields["sigma"]},
              "conduction": {"conductance": True}, "electrodes": PADS, "output": {"fields": ["V"]}}
    results, _ = solve(config)
    names = [p["name"] for p in PADS]
    rows = named(results, "conductance")
    G = np.array([[rows[a][b] for b in names] for a in names])
    assert np.abs(G - G.T).max() < 1e-8 * np.abs(G).max()
    assert np.abs(G.sum(axis=1)).max() < 1e-8 * np.abs(G).max()
    assert (np.linalg.eigvalsh(G)[1:] > 0).all()
    currents = [0.3, -0.5, 0.4, -0.2]                                    # and it predicts what currents do
    driven, _ = solve({**config, "electrodes": [{**p, "current": i} for p, i in zip(PADS, currents)]})
    volts = np.array([named(driven)[a]["voltage"] for a in names])
    np.testing.assert_allclose(G @ volts, currents, atol=1e-7)


def test_transfer_resistances_are_reciprocal(solve, store):
    fields = store(sigma=blocks((12, 16), 1e3, 5))
    config = {"grid": {"points": [16, 12], "lengths": [1.3, 0.9], "thickness": 0.1}, "materials": {"conductivity": fields["sigma"]}, "output": {"fields": ["V"]}}

    def voltage(source, sink, plus, minus):
        rows = [{**p, "current": {source: 1.0, sink: -1.0}.get(p["name"], 0.0)} for p in PADS]
        got = named(solve({**config, "electrodes": rows})[0])
        return got[plus]["voltage"] - got[minus]["voltage"]

    assert voltage("p1", "p2", "p3", "p4") == pytest.approx(voltage("p3", "p4", "p1", "p2"), rel=1e-8)


def test_energy_is_kept(solve, store):
    fields = store(sigma=blocks((12, 16), 1e3, 5))
    config = {"grid": {"points": [16, 12], "lengths": [1.3, 0.9], "thickness": 0.1}, "materials": {"conductivity": fields["sigma"]}, "entropy": "sin(4*x)*y",
              "boundary": {"x": "natural", "y": "natural"}, "loads": [{"between": ["p1", "p2"], "resistance": 0.5}],
              "electrodes": [{**PADS[0], "voltage": 0.2}, PADS[1], {**PADS[2], "current": 0.1}, PADS[3]], "output": {"fields": ["V"]}}
    results, _ = solve(config)
    power = results["conduction"]
    assert power["joule_power"] == pytest.approx(power["electrode_power"] + power["drive_power"], rel=1e-8)
    rows = named(results)
    assert power["electrode_power"] == pytest.approx(sum(r["voltage"] * r["current"] for r in rows.values()), rel=1e-10)
    load = results["loads"][0]
    assert load["power"] == pytest.approx((rows["p1"]["voltage"] - rows["p2"]["voltage"]) ** 2 / 0.5, rel=1e-10) and power["load_power"] == load["power"]
    assert power["current_imbalance"] < 1e-9


# ---- What is written ---------------------------------------------------------------------------------------------------------------

DEVICE = {
    "grid": {"points": [20, 14], "lengths": [1.3, 0.9], "thickness": 0.1}, "entropy": "sin(4*x)*y", "boundary": {"x": "natural", "y": "natural"},
    "materials": {"conductivity": "(x - 0.6)^2 + (y - 0.4)^2 < 0.03 ? 0 : 2 + x"},
    "electrodes": [{"name": "left", "face": "x-low", "voltage": 0}, {"name": "right", "face": "x-high"}],
    "loads": [{"between": ["right", "left"], "resistance": "2 ohm"}],
}


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def test_units_insulators_and_results_of_the_file(run, solve, tmp_path):
    results, records = solve(DEVICE)
    with h5py.File(tmp_path / "out.h5") as file:
        meshes = file["data/0/meshes"]
        units = {name: text(meshes[name].attrs["units"]) for name in ("V", "J", "E_total")}
        assert units == {"V": "V", "J": "A/m^2", "E_total": "V/m"}
        assert text(meshes["V"].attrs["equation"]) == "T7"
        hole = np.isnan(records["V"])
        x, y = mesh([20, 14], [1.3, 0.9])
        assert (hole == ((x - 0.6) ** 2 + (y - 0.4) ** 2 < 0.03)).all() and hole.any()
        for name in ("J/x", "J/y", "E_total/x"):
            assert (np.isnan(records[name]) == hole).all()
        assert np.isfinite(records["phi"]).all()
        group = file["data/0/results"]
        for row in results["electrodes"]:
            attrs = group[f"electrodes/{row['name']}"].attrs
            assert attrs["voltage"] == row["voltage"] and attrs["current"] == row["current"]
            assert text(attrs["voltage_units"]) == "V" and text(attrs["current_units"]) == "A"
        load = group["loads/0"].attrs
        assert [text(t) for t in load["between"]] == ["right", "left"] and text(load["power_units"]) == "W"
        solver = group["solver/V"].attrs
        assert text(solver["status"]) == "converged" and solver["excluded"] == hole.sum() and solver["components"] == 1
        assert group.attrs["V_min"] == np.nanmin(records["V"]) and group.attrs["J_max"] == np.nanmax(np.abs([records["J/x"], records["J/y"]]))


@pytest.mark.parametrize("grid, volts, units", [
    ({"points": [12], "lengths": [1.0]}, "V", ("A/m^2", "W/m^2")),
    ({"points": [12], "lengths": [1.0], "cross_section": 0.1}, "V", ("A", "W")),
    ({"points": [12, 5], "lengths": [1.0, 0.3]}, "V", ("A/m", "W/m")),
    ({"points": [12, 5, 4], "lengths": [1.0, 0.3, 0.2]}, "V", ("A", "W"))])
def test_currents_carry_the_unit_of_the_grid(solve, tmp_path, grid, volts, units):
    electrodes = [{"name": "a", "face": "x-low", "voltage": 1}, {"name": "b", "face": "x-high", "voltage": 0}]
    results, _ = solve({"grid": grid, "electrodes": electrodes, "materials": {"conductivity": 3}, "output": {"fields": ["V"]}})
    area = grid.get("cross_section", 1.0) * np.prod(grid["lengths"][1:])
    assert named(results)["a"]["current"] == pytest.approx(3 * area / 1.0, rel=1e-9)
    with h5py.File(tmp_path / "out.h5") as file:
        group = file["data/0/results"]
        assert text(group["electrodes/a"].attrs["current_units"]) == units[0]
        assert text(group["electrodes/a"].attrs["voltage_units"]) == volts
        assert text(group["conduction"].attrs["joule_power_units"]) == units[1]


def test_bits_do_not_depend_on_threads(solve):
    outcomes = []
    for threads in (1, 2, 3):
        results, records = solve({**DEVICE, "materials": {**DEVICE["materials"], "permittivity": "1 + y"}, "charge": "1e-12*x",
                                  "boundary": {"x": "natural", "y": "dirichlet"}}, "-t", str(threads))
        outcomes.append((json.dumps(results), {name: values.tobytes() for name, values in records.items()}))
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_frames_give_lists(solve):
    """V_oc follows S(t), which grows by t; the warm start changes digits beyond the tolerance alone."""
    series = {**DEVICE, "entropy": "sin(4*x)*y*(1 + t)", "time": {"times": [0, 1, 3]}}
    results, _ = solve(series)
    single, _ = solve(DEVICE)
    right, alone = named(results)["right"]["voltage"], named(single)["right"]["voltage"]
    np.testing.assert_allclose(right, np.array([1, 2, 4]) * alone, rtol=1e-7)
    assert len(results["loads"][0]["power"]) == 3 and results["loads"][0]["between"] == ["right", "left"]
    iterations = results["solver"][-1]["iterations"]
    assert len(iterations) == 3


def test_conductivity_may_change_with_time(solve):
    results, _ = solve({"grid": {"points": [12], "lengths": [1.0], "cross_section": 1}, "materials": {"conductivity": "1 + t"}, "time": {"times": [0, 1, 2]},
                        "electrodes": [{"name": "a", "face": "x-low", "voltage": 1}, {"name": "b", "face": "x-high", "voltage": 0}], "output": {"fields": ["V"]}})
    np.testing.assert_allclose(named(results)["a"]["current"], [1, 2, 3], rtol=1e-9)


def test_permittivity_and_profile_may_change_with_time(solve):
    config = {"grid": {"points": [16], "lengths": [1.0]}, "entropy": "sin(3*x)", "boundary": {"x": "dirichlet"}, "time": {"times": [0, 1]},
              "materials": {"permittivity": "1 + t*x"}, "output": {"fields": ["phi_S"]}}
    results, records = solve(config)
    _, last = solve({**config, "time": {"times": [1]}})
    np.testing.assert_allclose(records["phi_S"], last["phi_S"], atol=1e-9 * np.abs(last["phi_S"]).max())
    config = {**config, "materials": {}, "coupling": {**VOLTS, "profile": "1 + t*x"}}
    results, records = solve(config)
    _, last = solve({**config, "time": {"times": [1]}})
    np.testing.assert_allclose(records["phi_S"], last["phi_S"], atol=1e-9 * np.abs(last["phi_S"]).max())


@pytest.mark.parametrize("reading", [{"reading": "field"}, {"reading": "directional", "direction": [1, 1], "coupling": {**VOLTS, "unit": "K m^4 J^-1 s^-1"}}])
def test_every_scalar_reading_drives(solve, reading):
    config = {**DEVICE, "materials": {"conductivity": 2}, "loads": [], **reading, "output": {"fields": ["V", "phi", "J_S"]}}
    results, records = solve(config)
    step = -(records["phi"][:, -1].mean() - records["phi"][:, 0].mean())
    assert named(results)["right"]["voltage"] == pytest.approx(step, rel=0.25)
    assert named(results)["right"]["voltage"] != 0


def test_unconverged_is_refused_or_kept(solve, run, tmp_path):
    config = {**DEVICE, "solver": {"max_iterations": 2, "method": "pcg-mg"}, "materials": {"conductivity": "x < 0.6 ? 1e-6 : (y < 0.5 ? 1 : 1e4)"}}
    _, records = solve(config, code=6)
    assert not records and not list(tmp_path.glob("out*"))
    config["solver"]["keep_unconverged"] = True
    _, records = solve(config, code=6)
    assert "V" in records
    with h5py.File(tmp_path / "out.h5") as file:
        assert text(file["provenance"].attrs["exit_state"]) == "unconverged"
        assert text(file["data/0/results/solver/V"].attrs["status"]) == "not_converged"
    done = run({"coupling": VOLTS, "output": FIELDS, **config}, "--skip-done", "-o", tmp_path / "out.h5")
    assert done.returncode == 7 and "unfinished" in done.stderr


def test_a_tolerance_beyond_rounding_is_met_at_rounding(solve):
    results, _ = solve({**DEVICE, "solver": {"tolerance": 1e-17}})
    assert results["solver"][-1]["status"] == "converged_at_rounding"
    loose, _ = solve({**DEVICE, "solver": {"tolerance": 1e-3}})
    assert loose["solver"][-1]["iterations"] < results["solver"][-1]["iterations"]
    assert named(loose)["right"]["voltage"] == pytest.approx(named(results)["right"]["voltage"], rel=1e-2)


def test_history_is_shown(run, tmp_path):
    done = run({"coupling": VOLTS, "output": FIELDS, **DEVICE}, "-v", "-o", tmp_path / "out.h5")
    assert done.returncode == 0
    assert "V: residual after 0:" in done.stderr and "V: method" in done.stderr and "V: converged after" in done.stderr


def test_probes_read_volts(solve):
    results, records = solve({**DEVICE, "probes": [{"name": "hole", "at": [0.6, 0.4]}, {"name": "free", "at": [1.1, 0.7]}]})
    assert named(results, "probes")["hole"]["V"] == "nan" and np.isfinite(named(results, "probes")["free"]["V"])


def test_an_effective_configuration_gives_the_same(solve, call, run, tmp_path):
    results, _ = solve(DEVICE)
    effective = json.loads(call("--print-config", tmp_path / "case.json").stdout)
    again, _ = solve(effective)
    assert again == results
