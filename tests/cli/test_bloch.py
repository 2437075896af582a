"""If this fails, the section "bloch" gives results under other names, shapes or units than documented, or takes what makes no sense."""
import json

import h5py
import numpy as np
import pytest

QWZ = {"model": {"name": "qwz", "t": "1 eV", "u": -1.2, "a": "5 angstrom"}, "kgrid": {"points": [16, 16]}, "temperature": 300,
       "chemical_potential": "1 eV", "quantities": ["s", "sigma_H"]}
TAU = {"relaxation_time": "100 fs"}
E, H, KB = 1.602176634e-19, 6.62607015e-34, 1.380649e-23
LIST = {"lattice": [["5 angstrom", 0], [0, "5 angstrom"]], "orbitals": [[0, 0], [0, 0]], "onsite": [-1.2, 1.2],
        "hoppings": [{"R": [1, 0], "from": 0, "to": 0, "value": 0.5}, {"R": [1, 0], "from": 1, "to": 1, "value": -0.5},
                     {"R": [1, 0], "from": 0, "to": 1, "value": [0, -0.5]}, {"R": [1, 0], "from": 1, "to": 0, "value": [0, -0.5]},
                     {"R": [0, 1], "from": 0, "to": 0, "value": 0.5}, {"R": [0, 1], "from": 1, "to": 1, "value": -0.5},
                     {"R": [0, 1], "from": 0, "to": 1, "value": -0.5}, {"R": [0, 1], "from": 1, "to": 0, "value": 0.5}]}
ALL = ["n", "s", "dos", "sigma_D", "sigma_H", "sigma_inter", "alpha_D", "alpha_H", "alpha_S", "alpha_N", "sigma", "alpha", "kappa_D", "fg", "fG", "chern", "bands", "T1", "T2", "sigma2",
       "berry_dipole", "nonlinear_drude", "entropy_production", "entropy_production_drude", "entropy_production_interband", "entropy_production_ac",
       "entropy_rate_total", "deviations"]


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.fixture
def bloch(call, write, tmp_path):
    """bloch(changes, ...) -> results of --json; the file is at bloch.file."""
    def run(*changes, code=0, args=()):
        section = dict(QWZ)
        for change in changes:
            section.update(change)
        section = {k: v for k, v in section.items() if v is not None}
        out = tmp_path / "out.h5"
        got = call("--json", "-f", "-o", out, *args, write({"bloch": section}))
        line = json.loads(got.stdout)
        assert line["exit"] == code, got.stdout + got.stderr
        run.file, run.messages = out, got.stderr + got.stdout
        return line["results"]["bloch"] if code == 0 else line["errors"]
    return run


def test_names_shapes_and_units(bloch):
    got = bloch(TAU, {"temperature": [200, 300, 400], "chemical_potential": ["0.9 eV", "1 eV"], "frequency": ["1 THz", "2 THz", "3 THz", "4 THz"],
                      "field": [1e3, 0], "quantities": ALL})
    shapes = {"s": (3, 2), "sigma_H": (3, 2, 2, 2), "sigma_inter": (4, 3, 2, 2, 2), "alpha_S": (4, 3, 2, 2, 2), "T1": (3, 2, 2, 2, 2), "chern": (2,),
              "bands": (16, 16, 2), "entropy_production_ac": (4, 3, 2), "temperature": (3,), "chemical_potential": (2,), "frequency": (4,)}
    units = {"s": "J/(K m^2)", "sigma_H": "S", "alpha_H": "A/K", "T1": "A m/V^2", "fg": "1", "berry_dipole": "m", "chern": "1", "bands": "J",
             "temperature": "K", "chemical_potential": "J", "frequency": "1/s"}
    with h5py.File(bloch.file) as file:
        group = file["data/0/results/bloch"]
        for name in [n for n in ALL if n != "deviations"]:
            assert group[name].attrs["long_name"] and group[name].attrs["units"] is not None
            np.testing.assert_array_equal(group[name][()], got[name])
        for name, shape in shapes.items():
            assert group[name].shape == shape, name
        for name, unit in units.items():
            assert sorted(text(group[name].attrs["units"]).split()) == sorted(unit.split()), name
        assert text(group["sigma_inter"].attrs["axes"]) == "frequency temperature chemical_potential"
        assert text(group.attrs["scheme"]) == "adiabatic" and "derived here" in text(group.attrs["conventions"])
        assert {"U1", "U2", "U3", "U4", "U5", "onsager", "f_sum"} <= set(group["deviations"])
        assert group["convergence/sigma_H"].shape == (3, 2)


def test_reference_value_and_relations(bloch):
    got = bloch(TAU, {"kgrid": {"points": [64, 64]}, "field": [1e3, 2e2],
                      "quantities": ["sigma_H", "alpha_H", "alpha_N", "entropy_production", "entropy_rate_total", "deviations"]})
    assert got["sigma_H"][0][0][0][1] / (E * E / H) == pytest.approx(-0.554328375253, rel=2e-12)
    assert got["alpha_H"][0][0][0][1] == pytest.approx(-5.08079760376e-10, rel=2e-12)
    assert got["alpha_N"][0][0][0][1] == pytest.approx(got["alpha_H"][0][0][0][1], rel=1e-12)
    assert got["entropy_production"][0][0] > 0
    assert abs(got["entropy_rate_total"][0][0]) < 1e-12 * got["entropy_production"][0][0]
    assert got["deviations/U1"][0][0] < 1e-7 and got["deviations/U2"][0][0] < 1e-7 and got["deviations/onsager"][0][0] < 1e-12


def test_a_list_is_the_model_that_it_spells(bloch):
    built_in = bloch({"quantities": ["sigma_H", "s", "chern"]})
    spelled = bloch({"model": LIST, "energy_unit": "eV", "quantities": ["sigma_H", "s", "chern"]})
    for name in ("sigma_H", "s", "chern"):
        np.testing.assert_allclose(spelled[name], built_in[name], rtol=1e-12, atol=1e-30)


def test_energy_unit_holds_for_bare_numbers(bloch):
    a = bloch({"chemical_potential": 1, "energy_unit": "eV", "model": {"name": "qwz", "t": 1}})
    b = bloch({"chemical_potential": E, "model": {"name": "qwz", "t": E}})
    assert a == b


def test_no_field_no_production(bloch):
    got = bloch(TAU, {"field": [0, 0], "quantities": ["entropy_production", "entropy_rate_total"]})
    assert got["entropy_production"] == [[0]] and got["entropy_rate_total"] == [[0]]


def test_cold(bloch):
    got = bloch(TAU, {"temperature": 0, "quantities": ["s", "alpha_H", "alpha_N", "alpha_S", "sigma_H", "sigma_D"]})
    assert got["s"] == [[0]] and not np.any(got["alpha_H"]) and not np.any(got["alpha_N"]) and not np.any(got["alpha_S"]) and np.any(got["sigma_D"])


def test_spin_factor_is_for_sums(bloch):
    one, two = bloch({"quantities": ["s", "chern"]}), bloch({"quantities": ["s", "chern"], "spin_factor": 2})
    assert two["s"][0][0] == 2 * one["s"][0][0] and two["chern"] == one["chern"]


def test_same_bits_for_any_threads(bloch):
    change = [TAU, {"temperature": list(range(20, 320, 20)), "chemical_potential": ["%g eV" % (0.1 * i) for i in range(4)],
                    "quantities": ["s", "sigma_H", "alpha_S", "fg"]}]
    assert bloch(*change, args=("-t", "1")) == bloch(*change, args=("-t", "3"))


def test_the_effective_configuration_gives_the_same(call, write, bloch):
    for model in ({"name": "tilted_qwz", "tilt": 0.2}, LIST):
        changes = {"model": model, "energy_unit": "eV", "chemical_potential": [1, "1.1 eV"]}
        before = bloch(changes)
        effective = json.loads(call("--print-config", write({"bloch": {**QWZ, **changes}})).stdout)
        again = bloch(effective["bloch"])
        np.testing.assert_allclose(again["sigma_H"], before["sigma_H"], rtol=1e-13, atol=1e-25)


REFUSED = [  # changes, exit code, what the message must hold
    ({"temperature": -1}, 3, "temperature"), ({"temperature": "nan"}, (3, 4), "temperature"), ({"kgrid": {"points": [1, 8]}}, 3, "kgrid"),
    ({"kgrid": {"points": [8, 8, 8]}}, 3, "axes"), ({"relaxation_time": 0, "quantities": ["sigma_D"]}, 3, "relaxation_time"),
    ({"quantities": ["sigma_D"]}, 3, "relaxation_time"), ({**TAU, "quantities": ["entropy_production"]}, 3, "field"),
    ({"temperature": 0, "quantities": ["dos"]}, 3, "T = 0"), ({"temperature": [0, 300], "quantities": ["T1"]}, 3, "T = 0"),
    ({"frequency": 1e12, "quantities": ["sigma2"]}, 3, "frequency"), ({**TAU, "field": [1, 0, 1], "quantities": ["entropy_production"]}, 3, "sheet"),
    ({"model": {"name": "qzw"}}, 3, "qwz"), ({"model": {"name": "qwz", "b": 1}}, 3, "unknown key"), ({"quantities": ["sigma_X"]}, 3, "sigma"),
    ({"model": {"name": "qwz", "t": "1 nm"}}, 3, "energy"), ({"model": {"name": "qwz", "a": 0}}, 3, "greater"), ({"model": None}, 3, "model"),
    ({"model": {"name": "massive_dirac"}, "quantities": ["chern"]}, 3, "continuum"), ({"model": {"name": "massive_dirac", "cutoff": "0.01 eV"}}, 3, "cutoff"),
    ({"model": {"name": "qwz", "u": -2.0}, "quantities": ["chern"]}, 5, "band 0"), ({"model": {"wannier90": "none_tb.dat"}}, 4, "none_tb.dat"),
    ({"model": {**LIST, "lattice": [[1, 0], [2, 0]]}}, 3, "area"),
    ({"model": {**LIST, "onsite": [1]}}, 3, "one energy per orbital"),
    ({"model": {**LIST, "hoppings": [{"R": [1, 0, 1], "from": 0, "to": 0, "value": 1}]}}, 3, "third"),
    ({"model": {**LIST, "hoppings": [{"R": [1, 0], "from": 0, "to": 2, "value": 1}]}}, 3, "to"),
    ({"model": {**LIST, "hoppings": [{"R": [1, 0], "from": 0, "to": 1, "value": 1}, {"R": [-1, 0], "from": 1, "to": 0, "value": 2}]}}, 3, "partner"),
    ({"model": {**LIST, "hoppings": [{"R": [1, 0], "from": 0, "to": 1, "value": 1}] * 2}}, 3, "twice"),
    ({"model": {**LIST, "hoppings": [{"R": [0, 0], "from": 0, "to": 0, "value": 1}]}}, 3, "onsite"),
]


@pytest.mark.parametrize("changes, code, words", REFUSED, ids=range(len(REFUSED)))
def test_refused(call, write, changes, code, words):
    section = {k: v for k, v in {**QWZ, **changes}.items() if v is not None}
    got = call("--json", write({"bloch": section}))
    assert got.returncode in (code if isinstance(code, tuple) else (code,)), got.stdout
    assert words in got.stdout, got.stdout
    assert json.loads(got.stdout)["errors"][0]["path"].startswith("/bloch")


@pytest.mark.parametrize("key, value", [("relaxation_time", 1e-13), ("field", [1, 0]), ("frequency", 1e12), ("scheme", "hall")])
def test_keys_that_nothing_uses_are_named(bloch, key, value):
    same = bloch()
    got = bloch({key: value})
    assert {name: got[name] for name in same} == same and f"bloch.{key} has no effect" in bloch.messages


def test_outside_the_bands_is_said(bloch):
    got = bloch({"chemical_potential": "9 eV"})
    assert "outside the bands" in bloch.messages and abs(got["s"][0][0]) < 1e-100


def test_check_says_what_would_be_done(call, write):
    got = call("-n", write({"bloch": QWZ}))
    assert got.returncode == 0 and "256 k-points" in got.stderr and "memory" in got.stderr and " s with" in got.stderr


def test_memory_limit(call, write):
    got = call("--json", write({"bloch": QWZ, "limits": {"memory": "10 kB"}}))
    assert got.returncode == 8


def test_keys_of_a_field_are_refused_without_one(call, write):
    for key, value in {"solver": {"derivative": "fd2"}, "reading": "field", "boundary": {"x": "periodic"}, "output": {"fields": ["phi"]}}.items():
        got = call("--json", write({"bloch": QWZ, key: value}))
        assert got.returncode == 3 and "grid" in got.stdout, (key, got.stdout)


HALDANE = {"model": {"name": "haldane"}, "kgrid": {"points": [24, 24]}}


def test_complete_tensors(bloch):
    """sigma and alpha are the sums of their parts, antisymmetric ones included."""
    got = bloch(TAU, {"quantities": ["sigma", "sigma_D", "sigma_inter", "sigma_H", "alpha", "alpha_S", "alpha_H"]})
    np.testing.assert_allclose(got["sigma"], np.array(got["sigma_D"]) + got["sigma_inter"] + got["sigma_H"], rtol=1e-14)
    np.testing.assert_allclose(got["alpha"], np.array(got["alpha_S"]) + got["alpha_H"], rtol=1e-14)
    assert got["sigma"][0][0][0][1] == pytest.approx(-got["sigma"][0][0][1][0], rel=1e-10) and got["sigma"][0][0][0][1] != 0


def test_wiedemann_franz(bloch):
    """kappa_D/(sigma_D T) approaches pi^2 kB^2/3 e^2, the more the colder; a parabolic sheet has no correction but exp(-mu/kT) (sigma grows linearly)."""
    lorenz = np.pi**2 * KB**2 / (3 * E**2)
    sheet = {"model": {"name": "parabolic", "dimension": 2, "mass": "0.1 m_e", "cutoff": "2 eV"}, "kgrid": {"points": [400, 8]}, "chemical_potential": "0.4 eV"}
    got = bloch(TAU, sheet, {"temperature": [100, 200], "quantities": ["kappa_D", "sigma_D"]})
    for i, T in enumerate((100, 200)):
        assert got["kappa_D"][i][0][0][0] / (got["sigma_D"][i][0][0][0] * T) == pytest.approx(lorenz, rel=1e-6)


def test_source(call, write, bloch, tmp_path):
    """S(r) of the source against s of the same model computed by itself at the temperatures of three samples."""
    grid = {"points": [12, 6], "lengths": ["120 nm", "60 nm"], "thickness": "2 nm"}
    source = {"source": "bloch", "temperature": "300 + 400*x/1.2e-7", "chemical_potential": "1.2e-19*(1 + y/6e-8)", "thickness": "2 nm"}
    config = {"grid": grid, "bloch": HALDANE, "entropy": source, "output": {"fields": ["S"]}}
    got = call("--json", "-f", "-o", tmp_path / "S.h5", write(config))
    assert got.returncode == 0, got.stderr
    with h5py.File(tmp_path / "S.h5") as file:
        S = file["data/0/meshes/S"][()]
    for i, j in ((0, 0), (5, 3), (11, 5)):
        T, mu = 300 + 400 * (i + 0.5) / 12, 1.2e-19 * (1 + (j + 0.5) / 6)
        alone = bloch(HALDANE, {"temperature": T, "chemical_potential": mu, "quantities": ["s"]})
        assert S[j, i] == pytest.approx(alone["s"][0][0] / 2e-9, rel=1e-13)
    results = json.loads(got.stdout)["results"]["bloch"]
    assert results["interpolation_error"] == 0 and results["interpolation_points"] == 72 and results["entropy"] == pytest.approx(S.mean() * 120e-9 * 60e-9 * 2e-9, rel=1e-12)


def s_of(call, write, tmp_path, section, temperature, mu, points, *options):
    """S [ny, nx] of the source and its results."""
    config = {"grid": {"points": points, "lengths": [1.0, 1.0]}, "bloch": section, "output": {"fields": ["S"], "views": False, "xdmf": False},
              "entropy": {"source": "bloch", "temperature": temperature, "chemical_potential": mu, "thickness": "1 m"}}
    got = call("--json", "-f", "-o", tmp_path / "S.h5", *options, write(config))
    assert got.returncode == 0, got.stderr
    with h5py.File(tmp_path / "S.h5") as file:
        return file["data/0/meshes/S"][()], json.loads(got.stdout)["results"]["bloch"]


CHARTED = [  # section, T(x), mu(y) in SI, what must hold of the number of points
    (HALDANE, "100 + 400*x", "1.6e-19*(0.5 + 0.4*y)", "charts"),                                     # band edge inside
    ({"model": {"name": "qwz"}, "kgrid": {"points": [80, 80]}}, "80*5^x", "1.6e-19*(0.6 + 0.4*y)", "charts"),  # octaves of T, edge of the gap
    ({"model": {"name": "qwz"}, "kgrid": {"points": [80, 80]}}, "1 + 3*x", "1.6e-19*(1 + 0.2*y)", "pairs"),    # levels far apart at 1 K
    (HALDANE, "300 + 1e-3*x", "1.6e-19*(-0.02 + 0.04*y)", "charts"),                                # inside the gap, T almost constant
]


@pytest.mark.parametrize("section, temperature, mu, how", CHARTED)
def test_source_interpolates_within_the_error_it_states(call, write, bloch, tmp_path, section, temperature, mu, how):
    """Ten thousand pairs on charts against s summed at sixty of them: nowhere worse than stated, nor than 1e-11 of the largest s."""
    S, results = s_of(call, write, tmp_path, section, temperature, mu, [101, 97])
    assert 0 <= results["interpolation_error"] <= 1e-11
    assert (results["interpolation_points"] == 101 * 97) == (how == "pairs") and (results["interpolation_error"] > 0) == (how == "charts")
    rng = np.random.default_rng(3)
    for i in rng.integers(0, 101, 6):
        x, rows = (i + 0.5) / 101, rng.integers(0, 97, 10)
        T = eval(temperature.replace("^", "**"), {"x": x})
        mus = [eval(mu, {"y": (j + 0.5) / 97}) for j in rows]
        alone = np.array(bloch(section, {"temperature": T, "chemical_potential": mus, "quantities": ["s"], "convergence": False})["s"])[0]
        assert np.abs(S[rows, i] - alone).max() <= 2e-11 * S.max()


def test_source_says_what_half_the_kgrid_changes(call, write, tmp_path):
    _, coarse = s_of(call, write, tmp_path, {"model": {"name": "qwz"}, "kgrid": {"points": [16, 16]}}, "300", "1.6e-19", [2, 2])
    _, fine = s_of(call, write, tmp_path, {"model": {"name": "qwz"}, "kgrid": {"points": [128, 128]}}, "300", "1.6e-19", [2, 2])
    _, silent = s_of(call, write, tmp_path, {"model": {"name": "qwz"}, "kgrid": {"points": [16, 16]}, "convergence": False}, "300", "1.6e-19", [2, 2])
    assert coarse["kgrid_difference"] > 0.02 and 1e-9 < fine["kgrid_difference"] < 1e-3 and silent["kgrid_difference"] == 0


@pytest.mark.parametrize("changes, code, words", [({"entropy": {"thickness": None}}, 3, "thickness"), ({"bloch": None}, 3, "section"),
                                                  ({"bloch": {**HALDANE, "model": {"name": "weyl"}, "kgrid": {"points": [4, 4, 4]}}}, 3, "solid"),
                                                  ({"entropy": {"temperature": "100 - x/1e-9"}}, 4, "negative")])
def test_source_refused(call, write, changes, code, words):
    config = {"grid": {"points": [12, 6], "lengths": ["120 nm", "60 nm"]}, "bloch": HALDANE,
              "entropy": {"source": "bloch", "temperature": "300 K", "chemical_potential": "0.8 eV", "thickness": "1 nm"}}
    for key, value in changes.items():
        config[key] = {**config[key], **value} if key == "entropy" else value
    config["entropy"] = {k: v for k, v in config["entropy"].items() if v is not None}
    got = call("--json", write({k: v for k, v in config.items() if v is not None}))
    assert got.returncode == code and words in got.stdout, got.stdout


def test_source_at_zero_temperature(call, write, tmp_path):
    config = {"grid": {"points": [4], "lengths": [1.0]}, "bloch": HALDANE, "output": {"fields": ["S"]},
              "entropy": {"source": "bloch", "temperature": 0, "chemical_potential": "0.8 eV", "thickness": "1 nm"}}
    assert call("-f", "-o", tmp_path / "S.h5", write(config)).returncode == 0
    with h5py.File(tmp_path / "S.h5") as file:
        assert not file["data/0/meshes/S"][()].any()


def test_list(call):
    text = call("--list", "bloch").stdout
    assert all(name in text for name in ("model qwz", "alpha_H", "sigma2", "haldane"))
