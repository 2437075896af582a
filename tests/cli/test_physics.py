"""If this fails, the numbers in a result are not the physics that docs/theory.md promises: every test compares the file with a closed form or an
identity, on grids with unequal odd axes."""
import h5py
import numpy as np
import pytest

HBAR_OVER_E = 1.054571817646156391e-34 / 1.602176634e-19
EPS0 = 8.8541878128e-12
N, L = (12, 9, 10), (1.2, 0.9, 2.5)
RANDOM = "3 + sin(2*pi*x/1.2 + 0.3)*cos(2*pi*y/0.9) + 0.4*sin(4*pi*z/2.5 + 2*pi*x/1.2)"


def base(**changes):
    config = {
        "grid": {"points": list(N), "lengths": list(L)},
        "entropy": RANDOM,
        "coupling": {"closure": "custom", "value": "2e15 K m^3 J^-1 s^-1"},
        "output": {"file": "out.h5"},
    }
    config.update(changes)
    return config


KAPPA = HBAR_OVER_E * 2e15


@pytest.fixture
def solve(run, tmp_path):
    """solve(config, *options) runs to success and returns (records of the last frame, results)."""

    def solved(config, *options):
        result = run(config, "-f", *options)
        assert result.returncode == 0, result.stderr
        return read(tmp_path / "out.h5"), result.json["results"]

    return solved


def read(path):
    records = {}

    def keep(name, item):
        if isinstance(item, h5py.Dataset):
            records[name] = item[...]

    with h5py.File(path, "r") as file:
        frame = max(file["data"], key=int)
        file[f"data/{frame}/meshes"].visititems(keep)
    return records


def dimension(path, record):
    with h5py.File(path, "r") as file:
        return tuple(file[f"data/0/meshes/{record}"].attrs["unitDimension"])


def axes(points=N, lengths=L):
    """x[1, 1, nx], y[1, ny, 1], z[nz, 1, 1]"""
    x = [(np.arange(n) + 0.5) * l / n for n, l in zip(points, lengths)]
    return x[0][None, None, :], x[1][None, :, None], x[2][:, None, None]


def entropy():
    x, y, z = axes()
    return 3 + np.sin(2 * np.pi * x / 1.2 + 0.3) * np.cos(2 * np.pi * y / 0.9) + 0.4 * np.sin(4 * np.pi * z / 2.5 + 2 * np.pi * x / 1.2)


# ---- Reading "poisson" --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("faces", ["periodic", "natural"])
@pytest.mark.parametrize("derivative", ["fd2", "fd4", "spectral"])
def test_without_walls_phi_is_kappa_times_s_minus_mean(solve, faces, derivative):
    config = base(boundary={a: faces for a in "xyz"}, solver={"derivative": derivative}, output={"file": "out.h5", "fields": ["S", "phi"]})
    records, _ = solve(config)
    S = entropy()
    assert np.abs(records["S"] - S).max() < 1e-14
    deviation = S - S.mean()
    assert np.abs(records["phi"] - KAPPA * deviation).max() <= 1e-13 * KAPPA * np.abs(deviation).max()


@pytest.mark.parametrize("faces", ["periodic", "dirichlet", "neumann", "natural", {"low": "dirichlet", "high": "neumann"}])
@pytest.mark.parametrize("sampling", ["cell", "node"])
def test_constant_entropy_drives_exactly_nothing(solve, faces, sampling):
    config = base(entropy="1234.5678", boundary={a: faces for a in "xyz"})
    config["grid"]["sampling"] = sampling
    records, _ = solve(config)
    for name, values in records.items():
        assert not values.any(), name


def test_dirichlet_bar_of_entropy(solve):
    """phi = 0 at both ends: phi = kappa (S - linear interpolation of the end values), exactly quadratic here."""
    config = base(grid={"points": [41], "lengths": [2.0], "sampling": "node"}, entropy="5 + x^2", boundary={"x": "dirichlet"},
                  output={"file": "out.h5", "fields": ["phi", "E", "J_S"]})
    config["materials"] = {"conductivity": "3 + x"}
    records, results = solve(config)
    x = np.linspace(0, 2, 41)
    assert np.abs(records["phi"] - KAPPA * (x**2 - 2 * x)).max() < 1e-12 * KAPPA
    assert np.abs(records["E/x"] + KAPPA * (2 * x - 2)).max() < 1e-11 * KAPPA
    assert np.abs(records["J_S/x"] + (3 + x) * KAPPA * (2 * x - 2)).max() < 1e-10 * KAPPA
    assert results["residual"] < 1e-12


def test_mixed_bar_of_entropy(solve):
    """Dirichlet low, Neumann high (dphi/dn = 0): phi = kappa (x^2 - 4 x) for S = x^2 on [0, 2]."""
    config = base(grid={"points": [40], "lengths": [2.0]}, entropy="x^2", boundary={"x": {"low": "dirichlet", "high": "neumann"}})
    records, _ = solve(config)
    x = (np.arange(40) + 0.5) * 0.05
    assert np.abs(records["phi"] - KAPPA * (x**2 - 4 * x)).max() < 1e-11 * KAPPA
    assert np.abs(records["E/x"] + KAPPA * (2 * x - 4)).max() < 1e-10 * KAPPA


def test_charge_and_voltages_on_a_bar(solve):
    """phi'' = -rho/(eps0 eps_r) with phi(0) = 1 V, phi(2) = -3 V."""
    config = {"grid": {"points": [33], "lengths": [2.0]}, "charge": 2 * EPS0 * 4, "materials": {"permittivity": 4},
              "boundary": {"x": {"low": {"dirichlet": 1}, "high": {"dirichlet": -3}}}, "output": {"file": "out.h5", "fields": ["phi", "E", "J_rho", "phi_rho"]}}
    records, results = solve(config)
    x = (np.arange(33) + 0.5) * 2 / 33
    assert np.abs(records["phi"] - (1 - x**2)).max() < 1e-12
    assert np.array_equal(records["phi"], records["phi_rho"])
    assert np.abs(records["E/x"] - 2 * x).max() < 1e-11
    assert np.abs(records["J_rho/x"] - 2 * x).max() < 1e-11
    assert results["total_charge"] == pytest.approx(2 * EPS0 * 4 * 2, rel=1e-13)


def test_outward_neumann_values_on_both_faces(solve):
    """phi = x^2/2 - x on [0, 3]: outward slopes +1 at x = 0 and +2 at x = 3, charge -eps0."""
    config = {"grid": {"points": [30], "lengths": [3.0]}, "charge": -EPS0, "output": {"file": "out.h5", "fields": ["phi", "E"]},
              "boundary": {"x": {"low": {"neumann": 1}, "high": {"neumann": 2}}}}
    records, _ = solve(config)
    x = (np.arange(30) + 0.5) * 0.1
    assert np.abs(records["E/x"] + x - 1).max() < 1e-11
    phi = x**2 / 2 - x
    assert np.abs(records["phi"] - (phi - phi.mean())).max() < 1e-11
    assert abs(records["phi"].mean()) < 1e-13


def test_total_is_the_sum_of_the_parts_and_currents_belong_to_them(solve):
    config = base(charge="1e-11*sin(2*pi*x/1.2)*cos(2*pi*y/0.9)", boundary={"z": {"low": {"dirichlet": "0.1*cos(2*pi*x/1.2)"}, "high": "natural"}},
                  materials={"conductivity": "1 + y"}, output={"file": "out.h5", "fields": ["phi", "phi_rho", "phi_S", "E", "J_S", "J_rho", "conductivity"]})
    r, _ = solve(config)
    scale = np.abs(r["phi"]).max()
    assert np.abs(r["phi"] - (r["phi_rho"] + r["phi_S"])).max() <= 1e-15 * scale
    for a in "xyz":
        parts = r[f"J_S/{a}"] + r[f"J_rho/{a}"]
        assert np.abs(r["conductivity"] * r[f"E/{a}"] - parts).max() <= 1e-13 * np.abs(parts).max()


def test_linear_in_the_entropy(solve):
    f, g = "sin(2*pi*x/1.2 + y)", "x*z^2"
    fields = {"file": "out.h5", "fields": ["phi", "E", "J_S"]}
    walls = {"x": "dirichlet", "y": {"low": "neumann", "high": "dirichlet"}, "z": "natural"}
    parts = [solve(base(entropy=s, boundary=walls, output=fields))[0] for s in (f, g, f"2*{f} - 3*({g})")]
    for name in parts[0]:
        expected = 2 * parts[0][name] - 3 * parts[1][name]
        assert np.abs(parts[2][name] - expected).max() <= 1e-12 * np.abs(expected).max(), name


def test_translation_on_a_periodic_grid(solve):
    records, _ = solve(base())
    moved, _ = solve(base(entropy=RANDOM.replace("x", f"(x + {3 * 1.2 / 12!r})")))
    for name in records:
        assert np.abs(np.roll(records[name], -3, axis=2) - moved[name]).max() <= 1e-13 * np.abs(records[name]).max(), name


def test_axes_may_be_permuted(solve):
    s = "sin(3*x) + y^2*z"
    walls = {"x": "dirichlet", "y": "natural", "z": {"low": "neumann", "high": "dirichlet"}}
    r, _ = solve(base(entropy=s, boundary=walls))
    turned = base(entropy="sin(3*y) + z^2*x", boundary={"y": "dirichlet", "z": "natural", "x": {"low": "neumann", "high": "dirichlet"}})
    turned["grid"] = {"points": [N[2], N[0], N[1]], "lengths": [L[2], L[0], L[1]]}
    t, _ = solve(turned)
    for old, new in (("phi", "phi"), ("E/x", "E/y"), ("E/y", "E/z"), ("E/z", "E/x"), ("J_S/x", "J_S/y")):
        turned_back = np.transpose(t[new], (2, 0, 1))  # the new axes x, y, z are the old z, x, y
        assert np.abs(r[old] - turned_back).max() <= 1e-12 * np.abs(r[old]).max(), old


def test_point_gauge(solve):
    config = base(solver={"gauge": {"point": [0.05, 0.05, 0.125], "value": 0.25}})
    records, _ = solve(config)
    assert records["phi"][0, 0, 0] == pytest.approx(0.25, rel=1e-15)
    S = entropy()
    assert np.abs(records["phi"] - 0.25 - KAPPA * (S - S[0, 0, 0])).max() < 1e-13


# ---- The other readings -------------------------------------------------------------------------------------------------------

def test_field_reading_agrees_with_poisson_where_theory_says_so(solve):
    fields = {"file": "out.h5", "fields": ["phi", "E", "J_S"]}
    p, _ = solve(base(output=fields))
    f, _ = solve(base(output=fields, reading="field"))
    for name in p:
        difference = f[name] - p[name]
        tolerance = 1e-13 * np.abs(p[name]).max()
        if name == "phi":  # differs by the mean
            difference -= KAPPA * entropy().mean()
            tolerance = 1e-12 * np.abs(f[name]).max()
        assert np.abs(difference).max() <= tolerance, name


def test_gradient_reading_on_a_quadratic(solve):
    """S = x y + z^2: phi_i = -kappa d_i S, E_ij = kappa d_i d_j S, J_ij = sigma E_ij; exact for fd4."""
    config = base(entropy="x*y + z^2", reading="gradient", boundary={a: "natural" for a in "xyz"}, materials={"conductivity": 7})
    r, _ = solve(config)
    x, y, z = axes()
    assert np.abs(r["phi/x"] + KAPPA * y).max() < 1e-12 * KAPPA
    assert np.abs(r["phi/z"] + KAPPA * 2 * z).max() < 1e-11 * KAPPA
    hessian = {"xx": 0, "xy": 1, "xz": 0, "yx": 1, "yy": 0, "yz": 0, "zx": 0, "zy": 0, "zz": 2}
    for pair, value in hessian.items():
        assert np.abs(r[f"E/{pair}"] - KAPPA * value).max() < 1e-9 * KAPPA, pair
        assert np.abs(r[f"J_S/{pair}"] - 7 * KAPPA * value).max() < 1e-8 * KAPPA, pair


def test_directional_reading_is_the_projected_gradient_reading(solve):
    n = np.array([1.0, 2.0, -2.0]) / 3
    g, _ = solve(base(reading="gradient"))
    d, _ = solve(base(reading="directional", direction=[1, 2, -2]))
    phi = sum(n[i] * g[f"phi/{a}"] for i, a in enumerate("xyz"))
    assert np.abs(d["phi"] - phi).max() <= 1e-13 * np.abs(phi).max()
    for a in "xyz":
        E = sum(n[i] * g[f"E/{b}{a}"] for i, b in enumerate("xyz"))
        assert np.abs(d[f"E/{a}"] - E).max() <= 1e-12 * np.abs(E).max()
        assert np.abs(d[f"J_S/{a}"] - E).max() <= 1e-12 * np.abs(E).max()  # sigma = 1 S/m


def test_kappa_profile_multiplies_the_field(solve):
    fields = {"file": "out.h5", "fields": ["E", "J_S", "kappa"]}
    plain, _ = solve(base(reading="field", output={"file": "out.h5", "fields": ["E"]}))
    layered = base(reading="field", output=fields, materials={"conductivity": "2 + y"})
    layered["coupling"]["profile"] = "1 + 3*step(x - 0.6)"
    r, _ = solve(layered)
    x, y, _ = axes()
    profile = 1 + 3 * (x > 0.6)
    assert np.abs(r["kappa"] - KAPPA * profile).max() <= 1e-15 * KAPPA * 4
    for a in "xyz":
        expected = profile * plain[f"E/{a}"]
        assert np.abs(r[f"E/{a}"] - expected).max() <= 1e-14 * np.abs(expected).max()
        assert np.abs(r[f"J_S/{a}"] - (2 + y) * expected).max() <= 1e-14 * 3 * np.abs(expected).max()


def test_uniform_profile_is_folded_in(solve):
    once, _ = solve(base())
    config = base()
    config["coupling"]["profile"] = 2
    twice, _ = solve(config)
    for name in once:
        assert np.array_equal(2 * once[name], twice[name]), name


# ---- Derivatives of S, entropic charge, rates -----------------------------------------------------------------------------------

def test_derivatives_of_S_and_entropic_charge(solve):
    config = base(entropy="x^2*y + 3*z^2 + x*z", boundary={a: "dirichlet" for a in "xyz"}, materials={"permittivity": 2.5},
                  output={"file": "out.h5", "fields": ["grad_S", "lap_S", "hessian_S", "rho_S", "permittivity"]})
    r, _ = solve(config)
    x, y, z = axes()
    one = np.ones(N[::-1])
    exact = {"grad_S/x": 2 * x * y + z, "grad_S/y": x**2, "grad_S/z": 6 * z + x, "lap_S": 2 * y + 6, "hessian_S/xx": 2 * y, "hessian_S/xy": 2 * x,
             "hessian_S/yx": 2 * x, "hessian_S/xz": 1, "hessian_S/zz": 6, "hessian_S/yz": 0, "rho_S": -EPS0 * 2.5 * KAPPA * (2 * y + 6), "permittivity": 2.5}
    for name, values in exact.items():
        expected = values * one
        assert np.abs(r[name] - expected).max() <= 1e-10 * max(np.abs(expected).max(), 1.0 if name[0] == "h" else 0), name


def test_rate_of_a_quadratic_in_time_is_exact(solve, tmp_path):
    config = base(entropy="2 + x*t^2", time={"times": [0, 1, 3, 4.5]}, output={"file": "out.h5", "fields": ["dS_dt", "phi"]})
    solve(config)
    x, _, _ = axes()
    with h5py.File(tmp_path / "out.h5", "r") as file:
        for frame, t in enumerate([0, 1, 3, 4.5]):
            rate = file[f"data/{frame}/meshes/dS_dt"][...]
            assert np.abs(rate - 2 * t * x * np.ones(N[::-1])).max() < 1e-12
            assert file[f"data/{frame}"].attrs["time"] == t


def test_frames_are_what_single_runs_give(solve, tmp_path):
    s = "sin(2*pi*x/1.2)*(1 + t) + y*t"
    walls = {"x": "periodic", "y": "dirichlet", "z": "natural"}
    solve(base(entropy=s, boundary=walls, time={"start": 0, "step": 0.5, "frames": 3}))
    with h5py.File(tmp_path / "out.h5", "r") as file:
        series = file["data/2/meshes/phi"][...], file["data/2/meshes/E/y"][...]
    single, _ = solve(base(entropy=s, boundary=walls, time={"times": [1.0]}))
    assert np.array_equal(series[0], single["phi"]) and np.array_equal(series[1], single["E/y"])


# ---- Units ----------------------------------------------------------------------------------------------------------------------

VOLT, LITERAL = (2, 1, -3, -1, 0, 0, 0), (1, 2, -4, -1, -1, 0, 0)


def per_metre(d, power=1):
    return (d[0] - power, *d[1:])


@pytest.mark.parametrize("coupling, reading, phi", [
    ({"closure": "literal"}, "poisson", LITERAL),
    ({"closure": "cell", "cell_volume": "1e-28 m^3", "time": "1 ps"}, "poisson", VOLT),
    ({"closure": "cell", "cell_volume": "1e-28 m^3", "time": "1 ps"}, "field", VOLT),
    ({"closure": "literal"}, "gradient", per_metre(LITERAL)),
    ({"closure": "cell", "cell_volume": "1e-28 m^3", "time": "1 ps"}, "directional", per_metre(VOLT)),
    ({"closure": "cell", "cell_volume": "1e-28 m^3", "time": "1 ps", "length": "1 nm"}, "directional", VOLT),
])
def test_units_follow_from_the_algebra(solve, tmp_path, coupling, reading, phi):
    config = base(coupling=coupling, reading=reading)
    if reading == "directional":
        config["direction"] = [1, 0, 0]
    solve(config)
    path = tmp_path / "out.h5"
    sigma = (-3, -1, 3, 2, 0, 0, 0)
    assert dimension(path, "phi") == phi
    assert dimension(path, "E") == per_metre(phi)
    assert dimension(path, "J_S") == tuple(a + b for a, b in zip(sigma, per_metre(phi)))
    with h5py.File(path, "r") as file:
        literal = coupling["closure"] == "literal"
        assert ("units_note" in file["data/0/results"].attrs) == literal


def test_cell_closure_has_the_stated_size(solve):
    """kappa = (hbar/e) v/(k_B tau)"""
    records, results = solve(base(coupling={"closure": "cell", "cell_volume": 1e-28, "time": 1e-12}))
    kappa = HBAR_OVER_E * 1e-28 / (1.380649e-23 * 1e-12)
    assert results["kappa"] == pytest.approx(kappa, rel=1e-14)
    S = entropy()
    assert np.abs(records["phi"] - kappa * (S - S.mean())).max() <= 1e-13 * np.abs(records["phi"]).max()


# ---- Refusals -------------------------------------------------------------------------------------------------------------------

LITERAL_CLOSURE = {"closure": "literal"}
REFUSED = {
    "unlike units, charge": (dict(coupling=LITERAL_CLOSURE, charge="1e-9*sin(2*pi*x/1.2)"), 3, "V s J"),
    "unlike units, faces": (dict(coupling=LITERAL_CLOSURE, boundary={"x": {"low": {"dirichlet": 1}, "high": "dirichlet"}}), 3, "closure"),
    "net charge": (dict(charge=1e-9), 5, "phi_rho"),
    "net flux of the entropy": (dict(entropy="x^2", boundary={"x": "neumann"}), 5, "natural"),
    "direct solve of varying permittivity": (dict(materials={"permittivity": "1 + x"}, boundary={"x": "dirichlet"}, solver={"method": "fft"}), 5, "fft"),
    "permittivity zero": (dict(materials={"permittivity": "x - x"}), 4, "permittivity"),
    "negative conductivity": (dict(materials={"conductivity": "0.5 - x"}), 4, "conductivity"),
    "direct solve of a profile": (dict(coupling={"closure": "literal", "profile": "1 + x"}, materials={"permittivity": "1 + x"}, solver={"method": "fft"}), 5, "fft"),
    "charge in field": (dict(reading="field", charge="sin(2*pi*x/1.2)"), 5, "field"),
    "residual of field": (dict(reading="field", output={"file": "out.h5", "fields": ["residual"]}), 3, "residual"),
    "phi with a profile": (dict(reading="field", coupling={"closure": "literal", "profile": "1 + x"}, output={"file": "out.h5", "fields": ["phi"]}), 3, "phi"),
    "rate of one frame": (dict(output={"file": "out.h5", "fields": ["dS_dt"]}), 3, "dS_dt"),
    "memory": (dict(limits={"memory": "1 kB"}), 8, "memory"),
    "probe outside": (dict(probes=[{"name": "far", "at": [9, 0, 0]}]), 3, "outside"),
}


@pytest.mark.parametrize("changes, code, word", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused(run, tmp_path, changes, code, word):
    result = run(base(**changes))
    assert result.returncode == code, result.stderr
    assert word in result.stderr
    assert not list(tmp_path.glob("*.h5*"))


def test_parts_of_unlike_units_may_stand_side_by_side(solve, tmp_path):
    solve(base(coupling=LITERAL_CLOSURE, charge="1e-9*sin(2*pi*x/1.2)", output={"file": "out.h5", "fields": ["phi_rho", "phi_S", "J_S"]}))
    assert dimension(tmp_path / "out.h5", "phi_rho") == VOLT
    assert dimension(tmp_path / "out.h5", "phi_S") == LITERAL


def test_neutralize_takes_the_mean_away(solve):
    config = {"grid": {"points": list(N), "lengths": list(L)}, "solver": {"neutralize": True}, "output": {"file": "out.h5", "fields": ["phi"]}}
    a, _ = solve({**config, "charge": "1e-9*(5 + sin(2*pi*x/1.2))"})
    b, _ = solve({**config, "charge": "1e-9*sin(2*pi*x/1.2)"})
    assert np.abs(a["phi"] - b["phi"]).max() <= 1e-12 * np.abs(b["phi"]).max()


# ---- Results, probes, reruns ------------------------------------------------------------------------------------------------------

def test_numbers_in_the_file_and_on_the_line_agree(solve, tmp_path):
    records, results = solve(base(probes=[{"name": "tip", "at": [0.05, 0.15, 0.125]}]))
    assert results["phi_max"] == records["phi"].max() and results["phi_min"] == records["phi"].min()
    assert results["E_max"] == max(np.abs(records[f"E/{a}"]).max() for a in "xyz")
    assert results["entropy_mean"] == pytest.approx(entropy().mean(), rel=1e-14)
    with h5py.File(tmp_path / "out.h5", "r") as file:
        attributes = file["data/0/results"].attrs
        for name in ("phi_max", "E_max", "residual", "S_min", "kappa"):
            assert attributes[name] == results[name]
        probe = file["data/0/results/probes/tip"].attrs
        assert {name: probe[name] for name in results["probes"][0] if name != "name"} == {k: v for k, v in results["probes"][0].items() if k != "name"}
        assert probe["phi"] == records["phi"][0, 1, 0] and probe["phi_units"] == b"V"  # the probe sits on a sample


def test_threads_do_not_change_a_bit(solve, tmp_path):
    config = base(charge="1e-11*sin(2*pi*x/1.2)", boundary={"y": "dirichlet", "z": "natural"})
    one, first = solve(config, "-t", "1")
    two, second = solve(config, "-t", "2")
    for name in one:
        assert np.array_equal(one[name], two[name]), name
    assert first == second


def test_skip_done(run, tmp_path):
    config = base()
    assert run(config).returncode == 0
    stamp = (tmp_path / "out.h5").stat().st_mtime_ns
    again = run(config, "--skip-done")
    assert again.returncode == 0 and again.json["skipped"] is True
    assert (tmp_path / "out.h5").stat().st_mtime_ns == stamp
    other = base(entropy="x")
    assert run(other, "--skip-done").returncode == 7
    assert run(other, "--skip-done", "-f").returncode == 0
    assert (tmp_path / "out.h5").stat().st_mtime_ns != stamp


def test_check_computes_nothing(run, tmp_path):
    result = run(base(), "--check")
    assert result.returncode == 0, result.stderr
    assert not list(tmp_path.glob("*.h5*"))
    for word in ("phi", "poisson", "periodic"):
        assert word in result.stderr
