"""If this fails, what a user writes into section "transport" is not what is computed, or its results are not where the documents say."""
import json

import h5py
import numpy as np
import pytest
from conductors import level, wire

E = 1.602176634e-19
K = 1.380649e-23


def test_a_level_between_wide_bands(run, tmp_path):
    """Reference values of a Breit-Wigner resonance, from the file and from --json."""
    result = run(level(spin_factor=2, energies=["20 meV"], linear_response=True))
    t = result.json["results"]["transport"]
    assert t["I_N"] == pytest.approx([2 * 666111364788.741, -2 * 666111364788.741], rel=1e-11)
    assert t["I_S"][0] == pytest.approx(2 * 5.224958124596902e-12, rel=1e-11, abs=0)
    assert t["I_W"][1] == pytest.approx(-2 * 5.4229705393e-10, rel=1e-9, abs=0)
    assert np.array(t["TI_S"]) + t["I_W"] == pytest.approx(t["I_Q"], rel=1e-10, abs=0)
    assert t["transmission"][0][0][1] == pytest.approx(8 / 9, rel=1e-12)  # 4 Gamma_L Gamma_R/(Gamma_L + Gamma_R)^2, without the spin factor
    with h5py.File(tmp_path / "case.h5", "r") as file:
        group = file["data/0/results/transport"]
        assert list(group["leads"].asstr()) == ["L", "R"]
        for name, unit in (("I_N", "s^-1"), ("I_E", "W"), ("I_Q", "W"), ("I_S", "W K^-1"), ("TI_S", "W"), ("I_W", "W"), ("n", "1"), ("s_hs", "J K^-1")):
            assert group[name].attrs["units"].decode() == unit and group[name][...] == pytest.approx(np.array(t[name]), rel=1e-14, abs=0)
        assert group.attrs["closure"] < 1e-12 and group["transmission"].shape == (1, 2, 2)


def test_a_sweep_is_many_runs(run):
    swept = run(level(sweep=[{"temperature": [300, 310]}, {"mu": ["10 meV", 0], "temperature": 0}]), "-o", "a.h5").json["results"]["transport"]
    for i, (mu, T) in enumerate([((5, -5), (300, 310)), ((10, 0), (0, 0))]):
        config = level()
        for a in range(2):
            config["transport"]["leads"][a] |= {"mu": f"{mu[a]} meV", "temperature": T[a]}
        single = run(config, "-o", f"b{i}.h5").json["results"]["transport"]
        for name in ("I_N", "I_E", "I_S", "I_W", "n", "s_hs"):
            assert swept[name][i] == pytest.approx(single[name], rel=1e-8, abs=0), name
    assert swept["I_S"][1] == [0, 0] and swept["clausius"][1] == "inf"


def test_site_fields_of_a_grid_are_meshes(run, tmp_path):
    """Densities per volume of a cell; the order of the entropies; what flows in flows out."""
    run(wire(bond_currents=True))
    with h5py.File(tmp_path / "case.h5", "r") as file:
        meshes, group = file["data/0/meshes"], file["data/0/results/transport"]
        hs, dist, site = (meshes[name][...] for name in ("s_hs", "s_dist", "s_site"))
        assert hs.shape == (8, 10) and (hs <= dist * (1 + 1e-9)).all() and (dist <= site * (1 + 1e-9)).all() and (hs > 0).all()
        filling = meshes["n"][...] * (5e-9) ** 2 * 4e-9
        assert (filling > 0).all() and (filling < 1).all()
        divergence = group["bonds/div_S"][...].reshape(8, 10)
        assert np.abs(divergence[:, 1:-1]).max() < 1e-12 * np.abs(group["I_S"][0])
        assert divergence[:, 0].sum() == pytest.approx(group["I_S"][0], rel=1e-9, abs=0)


def test_the_bits_do_not_know_the_threads(run):
    one, three = (run(wire(), "-t", str(n), "-o", f"{n}.h5").json["results"]["transport"] for n in (1, 3))
    assert one == three


def test_a_driven_chain(run, tmp_path):
    """Currents over the cut account for every particle and all entropy behind it."""
    bonds = [{"from": i, "to": i + 1, "value": -0.1} for i in range(9)]
    drive = {"site": 0, "waveform": "2e-20*sin(2e14*t)", "filling": {"mu": 0, "temperature": 2000}, "step": "0.5 fs", "end": "20 fs", "cut": 3}
    config = {"transport": {"energy_unit": "eV", "hamiltonian": {"kind": "list", "onsite": [0] * 10, "hoppings": bonds}, "drive": drive}}
    assert run(config).returncode == 0
    with h5py.File(tmp_path / "case.h5", "r") as file:
        group = file["data/0/results/transport/drive"]
        n, s, t = group["n"][...], group["s"][...], group["t"][...]
        assert t[-1] == pytest.approx(2e-14)
        for values, flow, scale in ((n, group["J_N"][...], 1), (s, group["J_S"][...], K)):
            assert values[-1, 3:].sum() - values[0, 3:].sum() == pytest.approx(flow.sum() * 5e-16, abs=1e-12 * scale)
        assert s.sum(axis=1) == pytest.approx(s[0].sum(), rel=1e-11)


def driven_plane(**more):
    """A disordered plane of 9 x 7 sites in a magnetic field."""
    drive = {"filling": {"mu": "40 meV", "temperature": 60}, "step": "1 fs", "end": "60 fs", "cut": "x > 15e-9 && y < 20e-9 ? 1 : 0", "force": True, **more}
    return {"grid": {"points": [9, 7], "spacing": ["5 nm", "5 nm"]}, "boundary": {"x": "natural", "y": "natural"},
            "transport": {"hamiltonian": {"kind": "grid", "mass": "0.067 m_e", "potential": "3e-21*sin(1e9*x)*cos(7e8*y)", "magnetic_field": "4 T"}, "drive": drive}}


PLANE_DRIVES = {
    "potential": {"potential": "2e-21*sin(1e14*t)*exp(-((x-12e-9)^2+(y-8e-9)^2)/1e-16)"},
    "sites": {"sites": [11, 20, 33], "waveform": "3e-21*sin(1e14*t)"},
    "pump": {"sites": [11, 13], "waveform": ["3e-21*sin(1e14*t)", "3e-21*cos(1e14*t)"], "hopping": "10 meV"},
    "joined": {"site": 4, "waveform": "1e-21*t/1e-14", "filling": {"below": {"mu": "30 meV", "temperature": 30}, "above": {"mu": "60 meV", "temperature": 90}}},
}


@pytest.mark.parametrize("way", PLANE_DRIVES)
def test_a_driven_plane(run, tmp_path, way):
    """With flux and disorder N and S of an irregular region change by what flows over its border, E by its own books, to rounding."""
    result = run(driven_plane(**PLANE_DRIVES[way]))
    numbers = result.json["results"]["transport"]
    assert all(numbers[f"drive_residual_{x}"] < 1e-13 for x in "NSEW") and numbers["drive_entropy_drift"] < 1e-12
    assert numbers["drive_work"] == pytest.approx(numbers["drive_work_by_force"], rel=1e-9, abs=0) and abs(numbers["drive_work"]) > 1e-24
    x, y = np.meshgrid(5e-9 * (np.arange(9) + .5), 5e-9 * (np.arange(7) + .5))
    inside = ((x > 15e-9) & (y < 20e-9)).ravel()
    with h5py.File(tmp_path / "case.h5", "r") as file:
        group = file["data/0/results/transport/drive"]
        for name, change, flow, scale in (("n", "N", "J_N", 1), ("s", "S", "J_S", K)):
            values, total = group[name][...], group[flow][...].sum() * 1e-15
            assert values[-1, inside].sum() - values[0, inside].sum() == pytest.approx(total, abs=1e-12 * scale)
            assert numbers[f"drive_delta_{change}"] == pytest.approx(total, rel=1e-9, abs=0) and abs(total) > 1e-6 * scale


def test_a_potential_on_single_sites_is_their_waveform(run):
    """Two ways to say the same: a potential that is 0 elsewhere, and driven sites; a cut by expression, by list and by its first site."""
    pulse = "3e-21*sin(1e14*t)"
    cut = [i for i in range(63) if i >= 27]
    cases = [{"potential": f"abs(x-12.5e-9) < 1e-9 && y > 5e-9 && y < 15e-9 ? {pulse} : 0", "cut": "y > 14e-9 ? 1 : 0"},
             {"sites": [11, 20], "waveform": pulse, "cut": cut}, {"sites": [20, 11], "waveform": [pulse, pulse], "cut": 27}]
    first, *others = (run(driven_plane(**case), "-o", f"{k}.h5").json["results"]["transport"] for k, case in enumerate(cases))
    for other in others:
        for name in ("drive_heat", "drive_work", "drive_delta_S", "drive_missing_heat"):
            assert other[name] == pytest.approx(first[name], rel=1e-9, abs=0)


@pytest.mark.parametrize("path, value, code, word", [
    ("transport.leads[0].temperature", -1, 3, "temperature"), ("transport.leads[0].gamma", "-1 meV", 3, "gamma"), ("transport.leads[0].sites", [3], 3, "site 3"),
    ("transport.leads[1].name", "L", 3, "used twice"), ("transport.leads[0].kind", "stripe", 3, '"strip"'), ("transport.hamiltonian.onsite", [], 3, "onsite"),
    ("transport.hamiltonian.hoppings", [{"from": 0, "to": 0, "value": 1}], 3, "itself"), ("transport.leads", [], 3, "leads"),
    ("transport.probes", [{"name": "p", "kind": "voltage", "sites": [0], "gamma": "-1 eV", "temperature": 1}], 3, "gamma"),
    ("entropy", 1, 3, "grid"),
])
def test_refusals_name_the_key(call, write, path, value, code, word):
    result = call("--check", "-s", f"{path}={json.dumps(value)}", write(level()))
    assert result.returncode == code and word in result.stderr, result.stderr


# ---- S(r) for the field solver --------------------------------------------------------------------------------------------------

HBAR = 1.054571817646156e-34
VOLTS = {"closure": "custom", "value": 1e6, "unit": "K m^3 J^-1 s^-1"}


def chain(T, region=("20 nm", "60 nm"), **more):
    """A clean chain of hopping 1 eV, half filled, in the middle of a longer grid."""
    a = 5e-9
    leads = [{"name": n, "kind": "strip", "face": f, "mu": "2 eV", "temperature": t} for n, f, t in (("L", "x-low", T[0]), ("R", "x-high", T[1]))]
    return {"grid": {"points": [16], "spacing": [a]}, "boundary": {"x": "natural"}, "coupling": VOLTS,
            "transport": {"hamiltonian": {"kind": "grid", "mass": HBAR**2 / (2 * a**2 * E), "region": {"x": list(region)}}, "leads": leads},
            "entropy": {"source": "transport", "cross_section": "25 nm^2"}, "output": {"fields": ["S", "phi", "E"]}, **more}


def meshes(path, *names):
    with h5py.File(path, "r") as file:
        return [file["data/0/meshes"][name][...] for name in names]


def test_a_chain_goes_on_in_its_leads(run, tmp_path):
    """Entropy of a chain's lead per site (reference values at the band centre), over the volume of a sample, on both sides of the conductor."""
    done = run(chain((300, 1200)))
    assert done.returncode == 0, done.stderr
    (S,) = meshes(tmp_path / "case.h5", "S")
    cell = 25e-18 * 5e-9
    assert S[:4] * cell / K == pytest.approx([1.354129604939e-02] * 4, rel=1e-9)
    assert S[12:] * cell / K == pytest.approx([5.449155112369e-02] * 4, rel=1e-9)
    # without scattering the conductor is filled by both leads in halves
    assert S[4:12] * cell / K == pytest.approx([(1.354129604939e-02 + 5.449155112369e-02) / 2] * 8, rel=1e-9)
    t = done.json["results"]["transport"]
    assert t["entropy_step_at_leads"] == pytest.approx(K / cell * (5.449155112369e-02 - 1.354129604939e-02) / 2, rel=1e-8)
    assert 0 < t["entropy_error_bound"] < 1e-8 * S.max()
    assert t["entropy_on_grid"] == pytest.approx(S.sum() * 5e-9 * 25e-18, rel=1e-12, abs=0)


@pytest.mark.parametrize("field", [0, 4])
@pytest.mark.parametrize("axis", [0, 1])
def test_in_equilibrium_no_step_shows_where_a_lead_begins(run, tmp_path, axis, field):
    """A strip with a step across and a magnetic field: S is the same along it, in the conductor and in both leads; beyond the walls it is 0. phi = kappa S."""
    along, across = "xy"[axis], "yx"[axis]
    points = [14, 9] if axis == 0 else [9, 14]
    leads = [{"name": n, "kind": "strip" if n == "L" else "periodic", "face": f"{along}-{f}", "mu": "15 meV", "temperature": 40} for n, f in (("L", "low"), ("R", "high"))]
    config = {"grid": {"points": points, "spacing": ["5 nm", "5 nm"], "thickness": "8 nm"}, "boundary": {"x": "natural", "y": "natural"}, "coupling": VOLTS,
              "transport": {"hamiltonian": {"kind": "grid", "mass": "0.067 m_e", "potential": f"8e-22*({across} > 25e-9)", "magnetic_field": field,
                                            "region": {along: ["15 nm", "50 nm"], across: ["5 nm", "40 nm"]}}, "leads": leads, "tolerance": 1e-9},
              "entropy": {"source": "transport"}, "output": {"fields": ["S", "phi"]}}
    done = run(config)
    assert done.returncode == 0, done.stderr
    S, phi, n, hs = meshes(tmp_path / "case.h5", "S", "phi", "n", "s_hs")
    S, phi, n = (v if axis == 0 else v.T for v in (S, phi, n))
    assert np.abs(S - S[:, 7:8]).max() < 1e-8 * S.max() and np.abs(n - n[:, 7:8]).max() < 1e-8 * n.max()
    assert (S[[0, 8]] == 0).all() and (S[1:8] > 0).all()
    kappa = HBAR / E * 1e6
    assert phi == pytest.approx(kappa * (S - S.mean()), abs=1e-9 * np.abs(phi).max())
    assert hs == pytest.approx(S if axis == 0 else S.T, rel=1e-13)


def test_the_three_entropies_and_the_charge(run, tmp_path):
    """Each is the mesh of its name; the charge is -e (n - background); sums and products take the source like any field."""
    base = wire() | {"coupling": VOLTS, "boundary": {"x": "natural", "y": "dirichlet"}, "output": {"fields": ["S", "phi_S"]}}
    for kind in ("hs", "dist", "site"):
        run(base | {"entropy": {"source": "transport", "entropy": kind}}, "-o", f"{kind}.h5")
        S, mesh = meshes(tmp_path / f"{kind}.h5", "S", f"s_{kind}")
        assert S == pytest.approx(mesh, rel=1e-13) and (S > 0).all()
    both = {"sum": [{"product": [{"source": "transport"}, 0.5]}, {"product": [{"source": "transport", "entropy": "site", "thickness": "8 nm"}, 3]}]}
    run(base | {"entropy": both}, "-o", "both.h5")
    assert meshes(tmp_path / "both.h5", "S")[0] == pytest.approx(0.5 * meshes(tmp_path / "hs.h5", "S")[0] + 1.5 * meshes(tmp_path / "site.h5", "S")[0], rel=1e-12)
    charge = {"source": "transport", "quantity": "charge", "background": "1e24*(1 + y/1e-8)"}
    done = run(base | {"charge": charge, "output": {"fields": ["phi_rho"]}}, "-o", "charge.h5")
    (n,) = meshes(tmp_path / "charge.h5", "n")
    y = (np.arange(8) + 0.5)[:, None] * 5e-9
    assert done.json["results"]["transport"]["charge_on_grid"] == pytest.approx(-E * (n - 1e24 * (1 + y / 1e-8)).sum() * 25e-18 * 4e-9, rel=1e-12, abs=0)


def test_check_computes_nothing(call, write, tmp_path):
    result = call("--check", write(wire() | {"entropy": {"source": "transport"}, "boundary": {"x": "natural"}}))
    assert result.returncode == 0 and "transport" in result.stderr and not list(tmp_path.glob("*.h5")), result.stderr


@pytest.mark.parametrize("path, value, code, words", [
    ("grid.thickness", None, 3, ["thickness", "per area"]),
    ("transport.site_fields", False, 3, ["site_fields"]),
    ("transport.hamiltonian.potential", "1e-21*t", 3, ["potential", "time", "sweep"]),
    ("transport.hamiltonian.potential", {"product": [{"source": "transport"}, "1e-20 K m^3"]}, 3, ["source"]),
    ("coupling", {"closure": "custom", "value": 1e6, "unit": "K m^3 J^-1 s^-1", "profile": {"product": [{"source": "transport"}, "1 K m^3 J^-1"]}}, 3, ["profile"]),
    ("transport.hamiltonian.region", {"x": [0, 1e-8], "w": 3}, 3, ['"w"']),
    ("transport.hamiltonian.region", {"x": ["0 nm", "4 nm"]}, 3, ["at least 2 points"]),
    ("boundary.x", {"low": "periodic", "high": "periodic"}, 3, ["x is periodic"]),
    ("transport.leads[0].kind", "wideband", 3, ["gamma"]),
])
def test_what_the_source_refuses(call, write, path, value, code, words):
    config = wire() | {"entropy": {"source": "transport"}, "coupling": VOLTS, "boundary": {"x": "natural"}}
    if value is None:
        del config["grid"]["thickness"]
        result = call(write(config))
    else:
        result = call("-s", f"{path}={json.dumps(value)}", write(config))
    assert result.returncode == code and all(word in result.stderr for word in words), result.stderr


def test_a_list_has_no_place_on_a_grid(call, write):
    config = level() | {"grid": {"points": [3], "spacing": [1e-9], "cross_section": 1e-18}, "entropy": {"source": "transport"}}
    result = call(write(config))
    assert result.returncode == 3 and "/transport/hamiltonian/kind" in result.stderr and "list of sites" in result.stderr
    del config["transport"]
    result = call(write(config))
    assert result.returncode == 3 and 'the section "transport"' in result.stderr


def test_a_lead_on_a_periodic_axis_of_phi_is_warned_of(call, write):
    result = call("--check", write(wire() | {"entropy": {"source": "transport"}}))
    assert result.returncode == 0 and "periodic for phi" in result.stderr and '"natural"' in result.stderr


# ---- Sweeps over a parameter ----------------------------------------------------------------------------------------------------

CURRENTS = ("mu", "temperature", "I_N", "I_E", "I_Q", "I_S", "TI_S", "I_W", "I_S_cg", "I")


def gated(**more):
    """A strip with a barrier of height Vg, and leads whose bias is a parameter too."""
    config = wire(energies=["17 meV", "19 meV"], linear_response=True, **more)
    config["parameters"] = {"Vg": "1 meV", "bias": "2 meV"}
    config["transport"]["hamiltonian"]["potential"] = "Vg*(x > 20e-9 && x < 31e-9)"
    config["transport"]["leads"][0]["mu"] = "3.0e-21 + bias"
    return config


def agree(swept, single, places):
    """The entries of the sweep at `places` are the tables of a single run, to rounding."""
    for name in CURRENTS:
        whole, part = np.array(swept[name], float)[places], np.array(single[name], float)
        part = part.reshape(whole.shape)
        assert np.allclose(whole, part, rtol=1e-12, atol=1e-12 * np.nanmax(np.abs(part)), equal_nan=True), name


def test_a_gate_sweep_is_many_runs(run, tmp_path):
    """For each value the potential is evaluated anew: currents, transmission and response are those of separate runs; sets of bias and temperature run within."""
    values, sets = ["0 meV", "6 meV", "12 meV"], [{}, {"temperature": [10, 30]}]
    swept = run(gated(sweep={"parameter": "Vg", "values": values, "sets": sets}), "-o", "all.h5").json["results"]["transport"]
    assert swept["parameter"] == pytest.approx(np.repeat([0, 6e-3 * E, 12e-3 * E], 2), rel=1e-14, abs=0)
    for v, value in enumerate(values):
        config = gated(sweep=sets)
        config["parameters"]["Vg"] = value
        single = run(config, "-o", f"{v}.h5").json["results"]["transport"]
        agree(swept, single, slice(2 * v, 2 * v + 2))
        assert np.array(swept["transmission"][v]) == pytest.approx(np.array(single["transmission"]), rel=1e-12, abs=1e-13)
        assert swept["response/L11"][v][0] == pytest.approx(single["response/L11"][0], rel=1e-12, abs=0)
        assert swept["response/conductance"][v] == pytest.approx(single["conductance"], rel=1e-12, abs=0)
    assert len({round(g, 12) for g in np.array(swept["response/conductance"]) / 3.874e-5}) == 3
    first = run(gated(sweep={"parameter": "Vg", "values": values[1:2]}), "-o", "one.h5")
    alone = gated()
    alone["parameters"]["Vg"] = values[1]
    run(alone, "-o", "alone.h5")
    for a, b in zip(meshes(tmp_path / "one.h5", "n", "s_site"), meshes(tmp_path / "alone.h5", "n", "s_site")):
        assert (a == b).all()  # the meshes are those of the first value
    assert len(first.json["results"]["transport"]["I_N"]) == 1


def test_leads_follow_a_parameter_too(run):
    swept = run(gated(sweep={"parameter": "bias", "values": ["0 meV", "3 meV"]}), "-o", "all.h5").json["results"]["transport"]
    for v, value in enumerate(("0 meV", "3 meV")):
        config = gated()
        config["parameters"]["bias"] = value
        agree(swept, run(config, "-o", f"{v}.h5").json["results"]["transport"], v)
    assert swept["mu"][1][0] - swept["mu"][0][0] == pytest.approx(3e-3 * E, rel=1e-9, abs=0)


def test_a_level_follows_a_gate(run):
    """A list of sites: onsite energy, with site tables per set."""
    def at(values, **sweep):
        config = level(sweep={"parameter": "e0", "values": values}, **sweep)
        return config | {"parameters": {"e0": "20 meV"}, "transport": config["transport"] | {"hamiltonian": {"kind": "list", "onsite": ["e0"]}}}
    swept = run(at(["-10 meV", "20 meV"]), "-o", "all.h5").json["results"]["transport"]
    assert swept["I_S"][1][0] == pytest.approx(5.224958124596902e-12, rel=1e-11, abs=0)
    for v, value in enumerate(("-10 meV", "20 meV")):
        single = run(level() | {"transport": level()["transport"] | {"hamiltonian": {"kind": "list", "onsite": [value]}}}, "-o", f"{v}.h5").json["results"]["transport"]
        agree(swept, single, v)
        for name in ("n", "s_hs", "s_site"):
            assert np.array(swept[name][v]) == pytest.approx(np.array(single[name]), rel=1e-12, abs=0)


@pytest.mark.parametrize("sweep, words", [
    ({"parameter": "Vh", "values": [1]}, ['"Vh"', '"Vg"']), ({"parameter": "Vg", "values": []}, ["empty"]), ({"parameter": "Vg"}, ["values"]),
    ({"parameter": "unused", "values": [1, 2]}, ["unused", "same"]), ({"parameter": "Vg", "values": [0], "sets": [{"mu": [1]}]}, ["1 values came for 2 leads"]),
    ({"parameter": "Vg", "values": [0], "set": []}, ['"set"', '"sets"']),
])
def test_sweeps_that_mean_nothing(call, write, sweep, words):
    config = gated(sweep=sweep)
    config["parameters"]["unused"] = 3
    result = call("--check", write(config))
    assert result.returncode == 3 and all(word in result.stderr for word in words) and "sweep" in result.stderr, result.stderr


def test_a_bad_value_of_a_sweep_is_seen_by_check(call, write):
    config = gated(sweep={"parameter": "Vg", "values": [0, -1]})
    config["transport"]["hamiltonian"]["potential"] = "1e-21*sqrt(Vg)"
    result = call("--check", write(config))
    assert result.returncode == 4 and "potential" in result.stderr, result.stderr
    result = call("--check", "-s", "transport.nonlocal_work=3", write(gated(sweep={"parameter": "Vg", "values": [0]})))
    assert result.returncode == 3 and "nonlocal_work" in result.stderr


# ---- U = U_0 - e phi ------------------------------------------------------------------------------------------------------------

MASS, EPS = 0.067 * 9.1093837015e-31, 12.9 * 8.8541878128e-12
SPACING, SITES, AREA = 5e-9, 40, 4e-16


def chain_density(mu, T):
    """n of the clean lattice wire at mu and its derivative by mu, both spins, by a sum over its band. J, K; 1/m^3, 1/(J m^3)."""
    t = HBAR**2 / (2 * MASS * SPACING**2)
    f = 1 / (np.exp((2 * t * (1 - np.cos((np.arange(4000) + 0.5) * np.pi / 4000)) - mu) / (K * T)) + 1)
    return 2 * f.mean() / (SPACING * AREA), 2 * (f * (1 - f)).mean() / (K * T) / (SPACING * AREA)


def screened(background, mu=("10 meV", "10 meV"), temperature=(300, 300), **loop):
    leads = [{"name": n, "kind": "strip", "face": f, "mu": m, "temperature": T} for n, f, m, T in zip("LR", ("x-low", "x-high"), mu, temperature)]
    return {"grid": {"points": [SITES], "spacing": [SPACING], "cross_section": AREA}, "boundary": {"x": "dirichlet"}, "materials": {"permittivity": 12.9},
            "charge": {"source": "transport", "quantity": "charge", "background": background},
            "transport": {"hamiltonian": {"kind": "grid", "mass": MASS}, "leads": leads, "spin_factor": 2, "bound_states": "fill",
                          "self_consistency": {"potential": "phi_rho", "tolerance": 1e-9, **loop}},
            "output": {"fields": ["phi_rho"]}}


N_0, DN = chain_density(10e-3 * E, 300)


def test_a_neutral_wire_is_its_own_answer(run, tmp_path):
    done = run(screened(N_0))
    assert done.returncode == 0, done.stderr
    t = done.json["results"]["transport"]
    assert t["self_consistency_steps"] == 0 and len(t["self_consistency/residual"]) == 1 and t["self_consistency_n_response"] == 0
    assert meshes(tmp_path / "case.h5", "n")[0] == pytest.approx(N_0, rel=1e-9)


def test_weak_charge_is_screened_as_thomas_and_fermi_say(run, tmp_path):
    """In linear response phi = e dn/(eps (q^2 + q_TF^2)) with q_TF^2 = (e^2/eps) dn/dmu, at wavelengths that are long for the electrons."""
    q, share = np.pi / (SITES * SPACING), 1e-3
    done = run(screened(f"{N_0!r}*(1 + {share}*sin({q!r}*x))"))
    assert done.returncode == 0, done.stderr
    assert done.json["results"]["transport"]["self_consistency_steps"] <= 8  # without screening it would run away
    shape = np.sin(q * (np.arange(SITES) + 0.5) * SPACING)
    (phi,) = meshes(tmp_path / "case.h5", "phi_rho")
    strength = (phi @ shape) / (shape @ shape)
    screening = E**2 * DN / EPS
    assert screening > 20 * q**2  # the bare potential would be far larger
    assert strength == pytest.approx(E * share * N_0 / (EPS * (q**2 + screening)), rel=2e-3, abs=0)


def test_both_equations_hold_at_the_fixed_point(run, tmp_path):
    """Under bias, with a strong dip of the background: transport alone in the U that was written has the same n and currents; Poisson alone with that n has
    the same phi. Mixing and starting point do not matter."""
    background = f"{N_0!r}*(1 - 0.4*exp(-((x - 90e-9)/30e-9)^2))"
    base = screened(background, ("14 meV", "6 meV"), (300, 250))
    done = run(base, "-o", "loop.h5")
    assert done.returncode == 0, done.stderr
    t = done.json["results"]["transport"]
    assert t["self_consistency_steps"] > 3 and t["self_consistency/residual"][-1] == t["self_consistency_residual"] <= 1e-9 < t["self_consistency/residual"][-2]
    assert t["self_consistency_n_response"] > 1e-2 and t["self_consistency_S_response"] > 1e-3
    assert t["conservation"] < 1e-12 and sum(t["I_S"]) == pytest.approx(0, abs=1e-12 * abs(t["I_S"][0]))
    phi, n, U = meshes(tmp_path / "loop.h5", "phi_rho", "n", "U")
    assert U == pytest.approx(-E * phi, abs=2e-9 * E) and np.ptp(U) > 1e-3 * E

    alone = {"grid": base["grid"], "transport": {k: v for k, v in base["transport"].items() if k != "self_consistency"}}
    alone["transport"]["hamiltonian"] = {"kind": "grid", "mass": MASS, "potential": {"hdf5": "loop.h5", "dataset": "/data/0/meshes/U"}}
    single = run(alone, "-o", "alone.h5")
    assert single.returncode == 0, single.stderr
    assert meshes(tmp_path / "alone.h5", "n")[0] == pytest.approx(n, rel=1e-9)
    assert np.array(single.json["results"]["transport"]["I_S"]) == pytest.approx(np.array(t["I_S"]), rel=1e-8, abs=0)

    poisson = {key: base[key] for key in ("grid", "boundary", "materials", "output")}
    electrons = {"product": [{"hdf5": "loop.h5", "dataset": "/data/0/meshes/n"}, f"{-E!r} C"]}  # the unit of n makes it C/m^3
    poisson["charge"] = {"sum": [electrons, f"{E!r}*{background}"]}
    field = run(poisson, "-o", "poisson.h5")
    assert field.returncode == 0, field.stderr
    assert meshes(tmp_path / "poisson.h5", "phi_rho")[0] == pytest.approx(phi, abs=1e-11)

    for i, loop in enumerate(({"mixing": 0.2, "history": 12, "max_iterations": 200}, {"start": "2e-3*sin(x/2e-8)"})):
        other = run(screened(background, ("14 meV", "6 meV"), (300, 250), **loop), "-o", f"other{i}.h5")
        assert other.returncode == 0, other.stderr
        assert meshes(tmp_path / f"other{i}.h5", "phi_rho")[0] == pytest.approx(phi, abs=5e-9)


def test_entropy_can_come_back_too(run, tmp_path):
    """phi_S = kappa (S - mean S) between natural faces, S that of the conductor in U = -e phi_S."""
    a = wire()
    config = a | {"boundary": {"x": "natural", "y": "natural"}, "entropy": {"source": "transport"}, "coupling": {"closure": "cell", "cell_volume": "100 nm^3", "time": "10 fs"},
                  "output": {"fields": ["phi_S", "S"]}, "transport": a["transport"] | {"self_consistency": {"tolerance": 1e-10}, "tolerance": 1e-8, "bound_states": "fill"}}
    done = run(config, "-o", "loop.h5")
    assert done.returncode == 0, done.stderr
    t = done.json["results"]["transport"]
    assert t["self_consistency_steps"] > 0 and t["self_consistency_S_response"] > 1e-4
    phi, S, U = meshes(tmp_path / "loop.h5", "phi_S", "S", "U")
    assert phi == pytest.approx(HBAR * 100e-27 / (E * K * 10e-15) * (S - S.mean()), abs=1e-12 * np.ptp(phi))
    (flat,) = meshes(tmp_path / "loop.h5", "n")
    x, y = (np.arange(10) + 0.5) * 5e-9, (np.arange(8)[:, None] + 0.5) * 5e-9
    given = 3e-21 * ((x > 20e-9) & (x < 26e-9) & (y < 20e-9))
    assert U - given == pytest.approx(-E * phi, abs=2e-10 * E) and (flat > 0).all()


def test_what_does_not_converge_is_not_written(call, write, tmp_path):
    config = screened(f"{N_0!r}*(1 + 0.1*sin(x/1e-8))", max_iterations=1)
    result = call("-o", "no.h5", write(config))
    assert result.returncode == 6 and "self_consistency/max_iterations" in result.stderr and "residuals" in result.stderr and "nothing was written" in result.stderr
    assert not (tmp_path / "no.h5").exists()
    result = call("-o", "kept.h5", "-s", "solver.keep_unconverged=true", write(config))
    assert result.returncode == 6
    with h5py.File(tmp_path / "kept.h5") as file:
        assert len(file["data/0/results/transport/self_consistency/residual"]) == 2
        assert b"unconverged" in bytes(file["provenance"].attrs["exit_state"])


@pytest.mark.parametrize("change, words", [
    ({"charge": "1 C m^-3"}, ["charge", 'source "transport"']),
    ({"entropy": {"source": "transport"}, "loop": {"potential": "phi"}}, ["V s J K^-1 m^-3", "needs V", '"cell"']),
    ({"reading": "field", "charge": None, "entropy": {"source": "transport"}}, ["reading", '"field"']),
    ({"loop": {"potential": "phi_S"}}, ["entropy"]),
    ({"sweep": [{"temperature": 3}]}, ["sweep", "a run for each"]),
    ({"loop": {"mix": 1}}, ['"mix"', '"mixing"']),
    ({"time": {"times": [0, 1]}, "boundary": {"x": {"low": {"dirichlet": "1e-3*t"}, "high": "dirichlet"}}}, ["2 frames"]),
])
def test_loops_that_mean_nothing(call, write, change, words):
    config = screened(N_0)
    config["transport"]["self_consistency"] |= change.pop("loop", {})
    config["transport"] |= {key: change.pop(key) for key in ("sweep",) if key in change}
    config = {key: value for key, value in (config | change).items() if value is not None}
    if "reading" in config:
        config["boundary"] = {"x": "natural"}
        config["output"]["fields"] = ["phi"]
        del config["materials"]
    result = call("--check", write(config))
    assert result.returncode == 3 and all(word in result.stderr for word in words), result.stderr
