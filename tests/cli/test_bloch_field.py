"""If this fails, entropy currents and entropy production of Bloch electrons in the solved field are wrong somewhere on the grid."""
import json

import h5py
import numpy as np
import pytest
from scipy.integrate import quad
from test_bloch_foreign import random_model, tb

E, KB, HBAR, ME = 1.602176634e-19, 1.380649e-23, 6.62607015e-34 / (2 * np.pi), 9.1093837015e-31
TAU = 100e-15
FIELDS = ["bloch_J_s", "bloch_J_T", "bloch_J_e", "bloch_Pi", "bloch_div_J_s", "bloch_div_J_T", "bloch_residual"]
CELL = {"closure": "cell", "cell_volume": "1 nm^3", "time": "1 ps"}
KAPPA = HBAR / E * 1e-27 / (KB * 1e-12)
SHEET = {"model": {"name": "parabolic", "dimension": 2, "mass": "0.1 m_e", "cutoff": "1.5 eV"}, "kgrid": {"points": [300, 8]}, "relaxation_time": TAU}
QWZ = {"model": {"name": "qwz"}, "kgrid": {"points": [48, 48]}, "relaxation_time": TAU}
THICK = 2e-9


@pytest.fixture
def solve(call, write, tmp_path):
    """solve(config) -> {record: [components, nz?, ny, nx]} of the last frame; results of --json at solve.results."""
    def run(config, *options, code=0):
        out = tmp_path / "out.h5"
        got = call("--json", "-f", "-o", out, *options, write(config))
        line = json.loads(got.stdout)
        assert line["exit"] == code, got.stdout + got.stderr
        if code:
            return line["errors"]
        solve_results = line["results"]
        with h5py.File(out) as file:
            frames = sorted(file["data"], key=int)
            meshes = [{name: ({c: m[c][()] for c in m} if isinstance(m, h5py.Group) else m[()]) for name, m in file[f"data/{f}/meshes"].items()}
                      for f in frames]
            run.units = {name: m.attrs["unitDimension"] for name, m in file["data/0/meshes"].items()}
        run.results, run.frames, run.messages = solve_results, meshes, got.stderr
        return meshes[-1]
    return run


def case(section=SHEET, T="300 + 100*x/2e-6", mu="1.6e-19*(0.2 + 0.05*x/2e-6)", points=(40, 3), lengths=(2e-6, 2e-7), fields=FIELDS, **more):
    axes = dict(zip("xyz", ["natural"] * len(points)))
    return {"grid": {"points": list(points), "lengths": list(lengths)}, "boundary": axes, "bloch": section, "coupling": CELL, "reading": "field",
            "entropy": {"source": "bloch", "temperature": T, "chemical_potential": mu, "thickness": THICK}, "output": {"fields": ["S", "E"] + fields}, **more}


class Sheet:
    """Electrons of a parabolic sheet, by quadrature over the energy: g = m/(2 pi hbar^2) states, v^2 = 2 e/m; per volume of the sheet."""
    mass = 0.1 * ME

    def integral(self, mu, T, function):
        t = KB * T
        g = self.mass / (2 * np.pi * HBAR**2) / THICK
        slope = lambda x: 0.25 / np.cosh(0.5 * x)**2
        return g * sum(quad(lambda x: slope(x) * function(mu + t * x), a, b, epsabs=0, epsrel=1e-12)[0] for a, b in ((-mu / t, 0), (0, 8), (8, 40)))

    def moment(self, mu, T, power):  # tau sum v_x^2 (e - mu)^power (-f')
        return TAU * self.integral(mu, T, lambda e: e / self.mass * (e - mu)**power)

    def sigma(self, mu, T):
        return E**2 * self.moment(mu, T, 0)

    def alpha(self, mu, T):
        return -E / T * self.moment(mu, T, 1)

    def kappa(self, mu, T):
        return self.moment(mu, T, 2) / T

    def s(self, mu, T):  # alpha = -(e tau/m) s for a parabolic band: another route than the entropy of each state
        return -self.alpha(mu, T) * self.mass / (E * TAU)


def profile(x):
    return 300 + 100 * x / 2e-6, 1.6e-19 * (0.2 + 0.05 * x / 2e-6)


def closed_form(x):
    """All records along the bar from polynomials in x through exact values at Chebyshev points: derivatives without the program's stencils."""
    from numpy.polynomial import chebyshev as C
    sheet, L, degree = Sheet(), 2e-6, 24
    node = 0.5 * L * (1 - np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1)))
    fit = lambda values: C.Chebyshev.fit(node, values, degree, domain=[0, L])
    T, mu = profile(node)
    over = lambda f: np.array([f(m, t) for m, t in zip(mu, T)])
    S = fit(over(sheet.s))
    field, slope = -KAPPA * S.deriv()(node), 100 / L
    J_s = over(sheet.alpha) * field
    J_T = -over(sheet.kappa) * slope / T
    J_e = over(sheet.sigma) * field - over(sheet.alpha) * slope
    Pi = (over(sheet.sigma) * field**2 - 2 * field * over(sheet.alpha) * slope + over(sheet.kappa) * slope**2 / T) / T
    div_s, div_T = fit(J_s).deriv()(node), fit(J_T).deriv()(node)
    rows = {"S": over(sheet.s), "E": field, "bloch_J_s": J_s, "bloch_J_T": J_T, "bloch_J_e": J_e, "bloch_Pi": Pi, "bloch_div_J_s": div_s, "bloch_div_J_T": div_T,
            "bloch_residual": div_s + div_T - Pi}
    return {name: fit(values)(x) for name, values in rows.items()}


def test_closed_form_of_a_bar(solve):
    """Linear T(x) and mu(x), parabolic band: every record against quadrature over energy and polynomials over x; derivatives of fourth order."""
    worst = {}
    for n in (20, 40):
        got = solve(case(points=(n, 3)))
        exact = closed_form((np.arange(n) + 0.5) * 2e-6 / n)
        for name, value in exact.items():
            record = got[name]["x"] if isinstance(got[name], dict) else got[name]
            worst.setdefault(name, []).append(np.abs(record - value).max() / np.abs(value).max())
    assert worst["S"][1] < 1e-11
    for name in ("E", "bloch_J_s", "bloch_J_T", "bloch_J_e", "bloch_Pi", "bloch_div_J_s", "bloch_div_J_T", "bloch_residual"):
        coarse, fine = worst[name]
        composed = name in ("bloch_div_J_s", "bloch_residual")  # a derivative of E, whose error changes rule at the walls: one order less there
        assert fine < 2e-8 and (fine < 1e-10 or coarse / fine > (5 if composed else 9)), (name, worst[name])


def test_units_numbers_and_signs(solve):
    got = solve(case())
    assert list(solve.units["bloch_J_s"]) == list(solve.units["bloch_J_T"]) == [0, 1, -3, 0, -1, 0, 0]  # W/(K m^2)
    assert list(solve.units["bloch_J_e"]) == [-2, 0, 0, 1, 0, 0, 0]
    for name in ("bloch_Pi", "bloch_div_J_s", "bloch_div_J_T", "bloch_residual"):
        assert list(solve.units[name]) == [-1, 1, -3, 0, -1, 0, 0], name
    assert got["bloch_Pi"].min() > 0
    numbers = solve.results["bloch_response"]
    assert numbers["interpolation_error"] == 0 and numbers["interpolation_points"] == 40
    assert numbers["bloch_Pi_total"] == pytest.approx(got["bloch_Pi"].mean() * 2e-6 * 2e-7, rel=1e-12)
    np.testing.assert_allclose(got["bloch_residual"], got["bloch_div_J_s"] + got["bloch_div_J_T"] - got["bloch_Pi"], rtol=0,
                               atol=1e-13 * np.abs(got["bloch_residual"]).max())


def tensors(call, write, tmp_path, section, T, mu, names, **more):
    config = {"bloch": {**section, "temperature": T, "chemical_potential": mu, "convergence": False, "quantities": names, **more}}
    got = call("--json", "-f", "-o", tmp_path / "alone.h5", write(config))
    results = json.loads(got.stdout)["results"]["bloch"]
    return {name: np.array(results[name])[0, 0] / THICK for name in names}


def test_hall_currents_of_a_sheet(solve, call, write, tmp_path):
    """QWZ with T(x, y) and mu(x, y): J_s, J_e, J_T and Pi at samples from the tensors that the section computes by itself there."""
    T, mu = "300 + 40*x/2e-6 + 20*y/1e-6", "1.6e-19*(1 + 0.02*y/1e-6)"
    got = solve(case(QWZ, T, mu, (12, 8), (2e-6, 1e-6)))
    for i, j in ((0, 0), (5, 3), (11, 7)):
        x, y = (i + 0.5) / 12 * 2e-6, (j + 0.5) / 8 * 1e-6
        t, m = 300 + 40 * x / 2e-6 + 20 * y / 1e-6, 1.6e-19 * (1 + 0.02 * y / 1e-6)
        q = tensors(call, write, tmp_path, QWZ, t, m, ["sigma_D", "sigma_inter", "sigma_H", "alpha_S", "alpha_D", "alpha_N", "kappa_D"])
        field, G = np.array([got["E"][c][j, i] for c in "xy"]), np.array([40 / 2e-6, 20 / 1e-6])
        at = lambda name: np.array([got[name][c][j, i] for c in "xy"])
        alpha = q["alpha_S"] + q["alpha_N"]  # Onsager: alpha_H = alpha_N, by its own integral
        np.testing.assert_allclose(at("bloch_J_s"), alpha @ field, rtol=1e-9)
        np.testing.assert_allclose(at("bloch_J_T"), -q["kappa_D"] @ G / t, rtol=1e-9)
        np.testing.assert_allclose(at("bloch_J_e"), (q["sigma_D"] + q["sigma_inter"] + q["sigma_H"]) @ field - alpha @ G, rtol=1e-9)
        drive = field @ (q["sigma_D"] + q["sigma_inter"]) @ field - 2 * field @ q["alpha_D"] @ G + G @ q["kappa_D"] @ G / t
        assert got["bloch_Pi"][j, i] == pytest.approx(drive / t, rel=1e-9)
        assert abs(q["alpha_N"][1, 0] * field[0]) > 1e-3 * abs(alpha[0, 0] * field[0])


def test_a_solid_without_symmetry(solve, call, write, tmp_path):
    """Three bands, off-origin orbitals, a 3-D grid with T and mu along all axes: every component of every current against tensors of the section alone."""
    (tmp_path / "x_tb.dat").write_text(tb(random_model()))
    solid = {"model": {"wannier90": str(tmp_path / "x_tb.dat")}, "kgrid": {"points": [8, 7, 6], "shift": [0.1, 0.2, 0.3]}, "relaxation_time": TAU}
    T, mu = "2000 + 100*x/1e-6 + 50*y/1e-6 - 80*z/1e-6", "1.6e-20*(1 + x/1e-6 - y/1e-6 + 2*z/1e-6)"
    config = case(solid, T, mu, (6, 5, 4), (1e-6, 9e-7, 8e-7))
    del config["entropy"]["thickness"]
    got = solve(config)
    for i, j, k in ((0, 4, 1), (5, 2, 3)):
        x, y, z = (i + 0.5) / 6 * 1e-6, (j + 0.5) / 5 * 9e-7, (k + 0.5) / 4 * 8e-7
        t, m = 2000 + 1e8 * x + 5e7 * y - 8e7 * z, 1.6e-20 * (1 + 1e6 * (x - y + 2 * z))
        q = {n: v * THICK for n, v in tensors(call, write, tmp_path, solid, t, m, ["sigma", "alpha_S", "alpha_N", "alpha_D", "kappa_D"]).items()}
        at = lambda name: np.array([got[name][c][k, j, i] for c in "xyz"])
        field, G, alpha = at("E"), np.array([1e8, 5e7, -8e7]), q["alpha_S"] + q["alpha_N"]
        assert np.abs(q["alpha_N"]).max() > 1e-4 * np.abs(q["alpha_S"]).max() and np.abs(field).min() > 0
        np.testing.assert_allclose(at("bloch_J_s"), alpha @ field, rtol=1e-8)
        np.testing.assert_allclose(at("bloch_J_T"), -q["kappa_D"] @ G / t, rtol=1e-8)
        np.testing.assert_allclose(at("bloch_J_e"), q["sigma"] @ field - alpha @ G, rtol=1e-8)
        drive = field @ q["sigma"] @ field - 2 * field @ q["alpha_D"] @ G + G @ q["kappa_D"] @ G / t
        assert got["bloch_Pi"][k, j, i] == pytest.approx(drive / t, rel=1e-8)


def test_entropy_production_by_another_route(solve, call, write, tmp_path):
    """At uniform T, Pi of the grid is E sigma E/T; the section has it as the Kubo-Mori metric of the occupation."""
    got = solve(case(QWZ, "300", "1.6e-19*(1 + 0.1*x/2e-6 + 0.05*y/1e-6)", (10, 6), (2e-6, 1e-6)))
    for i, j in ((0, 5), (7, 2)):
        mu = 1.6e-19 * (1 + 0.1 * (i + 0.5) / 10 + 0.05 * (j + 0.5) / 6)
        field = [float(got["E"][c][j, i]) for c in "xy"]
        q = tensors(call, write, tmp_path, QWZ, 300, mu, ["entropy_production"], field=field)
        assert got["bloch_Pi"][j, i] == pytest.approx(float(q["entropy_production"]), rel=1e-9)
    assert not got["bloch_J_T"]["x"].any() and not got["bloch_div_J_T"].any()


def test_equilibrium_drives_nothing(solve):
    """E = -grad mu/e at uniform T is equilibrium: with the electrochemical potential as the drive all currents and Pi vanish, with E alone they do not."""
    mu = "1.6e-19*(0.2 + 0.05*x/2e-6)"
    wall = {"dirichlet": f"{mu}/{E!r}"}
    config = case(T="300", mu=mu, points=(30, 5), boundary={"x": {"low": wall, "high": wall}, "y": "natural"}, reading="poisson",
                  coupling={"closure": "custom", "value": 1e-30, "unit": "K s^-1 m^3/J"})
    still, moving = solve({**config, "bloch": {**SHEET, "drive": "electrochemical"}}), solve(config)
    for name in ("bloch_J_s", "bloch_J_e"):
        assert np.abs(still[name]["x"]).max() < 1e-9 * np.abs(moving[name]["x"]).max() and np.abs(moving[name]["x"]).max() > 0
    assert still["bloch_Pi"].max() < 1e-18 * moving["bloch_Pi"].max()


def test_series(solve):
    """dS/dt enters the residual; fields follow T(r, t)."""
    got = solve(case(T="300 + 100*x/2e-6 + 5*t^2", fields=FIELDS + ["dS_dt"], time={"times": [0, 1, 2, 3]}))
    for frame in solve.frames:
        total = frame["dS_dt"] + frame["bloch_div_J_s"] + frame["bloch_div_J_T"] - frame["bloch_Pi"]
        np.testing.assert_allclose(frame["bloch_residual"], total, rtol=0, atol=1e-13 * np.abs(total).max())
    assert not np.array_equal(solve.frames[0]["bloch_J_s"]["x"], got["bloch_J_s"]["x"])
    assert len(solve.results["bloch_response"]["bloch_Pi_total"]) == 4


def test_solid_and_sheet_on_other_grids(solve):
    """A sheet on a 3-D grid carries nothing along z; a solid on a bar answers along it; an axis of one sample holds the Hall current."""
    slab = solve(case(QWZ, "300", "1.6e-19*(1 + 0.1*x/2e-6)", (8, 6, 5), (2e-6, 1e-6, 1e-6)))
    assert not slab["bloch_J_s"]["z"].any() and slab["bloch_J_s"]["y"].any()
    bar = solve(case(QWZ, "300", "1.6e-19*(1 + 0.1*x/2e-6)", (8, 1), (2e-6, 1e-6), boundary={"x": "natural"}))
    np.testing.assert_allclose(bar["bloch_J_s"]["y"][0], slab["bloch_J_s"]["y"][2, 3], rtol=1e-9)
    solid = {"model": {"name": "weyl"}, "kgrid": {"points": [12, 12, 12], "shift": [0.5, 0.5, 0.5]}, "relaxation_time": TAU}
    config = case(solid, "300", "1.6e-19*(1 + 0.1*x/2e-6)", (16,), (2e-6,))
    del config["entropy"]["thickness"]
    one = solve(config)
    assert one["bloch_J_s"]["x"].any() and one["bloch_Pi"].min() > 0


def test_total_field_of_conduction(solve):
    """drive E_total: with electrodes the field of V counts too."""
    config = case(QWZ, "300", "1.6e-19*(1 + 0.1*x/2e-6)", (16, 4), (2e-6, 5e-7), fields=FIELDS + ["E_total"],
                  electrodes=[{"name": "a", "face": "x-low", "voltage": 0}, {"name": "b", "face": "x-high", "voltage": "1 mV"}])
    got = solve({**config, "bloch": {**QWZ, "drive": "E_total"}})
    by_E = solve(config)
    ratio = got["bloch_J_s"]["x"] / by_E["bloch_J_s"]["x"]
    np.testing.assert_allclose(ratio, got["E_total"]["x"] / by_E["E"]["x"], rtol=1e-6)


def test_same_bits_with_any_threads(solve):
    config = case(QWZ, "300 + 40*x/2e-6", "1.6e-19*(1 + 0.02*y/1e-6)", (30, 20), (2e-6, 1e-6))
    one, two = solve(config, "-t", "1"), solve(config, "-t", "2")
    for name in FIELDS:
        for c in one[name] if isinstance(one[name], dict) else [()]:
            assert np.array_equal(one[name][c], two[name][c]), name


def test_charts_keep_their_word(solve):
    """Nine thousand pairs on charts give the currents of pairs that are summed as they are."""
    few = case(QWZ, "300 + 40*x/2e-6", "1.6e-19*(0.7 + 0.1*y/1e-6)", (10, 10), (2e-6, 1e-6), fields=["bloch_J_T", "bloch_Pi"])
    many = case(QWZ, "300 + 40*x/2e-6", "1.6e-19*(0.7 + 0.1*y/1e-6)", (110, 90), (2e-6, 1e-6), fields=["bloch_J_T", "bloch_Pi"])
    a = solve(few)
    assert solve.results["bloch_response"]["interpolation_error"] == 0
    b = solve(many)
    np.testing.assert_allclose(b["bloch_Pi"][4::9, 5::11], a["bloch_Pi"], rtol=1e-6, atol=0)
    assert 0 < solve.results["bloch_response"]["interpolation_error"] <= 1e-11
    np.testing.assert_allclose(b["bloch_J_T"]["x"][4::9, 5::11], a["bloch_J_T"]["x"], rtol=1e-10, atol=0)


@pytest.mark.parametrize("changes, code, words", [
    ({"coupling": {"closure": "literal"}}, 3, ["V/m", "cell", "custom"]), ({"bloch": {**SHEET, "relaxation_time": None}}, 3, ["relaxation_time"]),
    ({"reading": "gradient"}, 3, ["bloch_J_s"]), ({"reading": "directional", "direction": [1, 0]}, 3, ["length"]), ({"entropy": "x"}, 3, ["T(r)", "source"]),
    ({"T": "300 - 400*x/2e-6"}, 4, ["negative"]), ({"T": "0*x"}, 4, ["T > 0", "index"]), ({"bloch": {**SHEET, "drive": "E_total"}}, 3, ["electrodes"]),
    ({"bloch": {**SHEET, "drive": "e"}}, 3, ["electrochemical"])])
def test_refused(solve, changes, code, words):
    config = case(T=changes.pop("T", "300"))
    config.update(changes)
    config["bloch"] = {k: v for k, v in config["bloch"].items() if v is not None}
    errors = solve(config, code=code)
    assert any(all(word in e["message"] + e["path"] for word in words) for e in errors), errors


def test_check_finds_what_the_run_would(call, write, tmp_path):
    got = call("--check", "-o", tmp_path / "no.h5", write(case(T="0*x")))
    assert got.returncode == 4 and "T > 0" in got.stderr and not (tmp_path / "no.h5").exists()
    assert call("--check", "-o", tmp_path / "no.h5", write(case())).returncode == 0


def test_coarse_kgrids_are_warned_of(solve):
    cold = {**QWZ, "kgrid": {"points": [12, 12]}}
    solve(case(cold, "30", "1.6e-19*(1 + 0.1*x/2e-6)", (6, 4)))
    assert solve.messages.count("half as many k-points") == 2 and solve.results["bloch_response"]["kgrid_difference"] > 0.1
    solve(case(SHEET, "300", "1.6e-19*(0.2 + 0.1*x/2e-6)", (6, 4)))
    assert "k-points per axis" not in solve.messages


def test_sources_inside_other_fields(solve):
    source = case()["entropy"]
    added = solve({**case(), "entropy": {"sum": [source, "1e3*sin(x/1e-6)"]}})
    assert added["bloch_J_T"]["x"].any()
    for entropy in ({"regions": [{"where": "x < 1e-6", "value": source}], "default": 0}, {"product": [source, 2]}, {"sum": [source, source]}):
        errors = solve({**case(), "entropy": entropy}, code=3)
        assert any("bloch" in e["message"] for e in errors)


def test_probes_and_memory(solve):
    got = solve({**case(), "probes": [{"name": "mid", "at": [1.025e-6, 1e-7]}]})
    values = json.dumps(solve.results)
    assert "mid" in values and "bloch_Pi" in values
    assert got["bloch_Pi"].shape == (3, 40)
    errors = solve({**case(points=(400, 300)), "limits": {"memory": "3 MB"}}, code=8)
    assert "GB" in errors[0]["message"]
