"""If this fails, what a user writes into section "transport" is not what is computed, or its results are not where the documents say."""
import json

import h5py
import numpy as np
import pytest

E = 1.602176634e-19
K = 1.380649e-23


def level(**more):
    leads = [{"name": n, "kind": "wideband", "sites": [0], "gamma": f"{g} meV", "mu": f"{m} meV", "temperature": 300}
             for n, g, m in (("L", 10, 5), ("R", 20, -5))]
    return {"transport": {"hamiltonian": {"kind": "list", "onsite": ["20 meV"]}, "leads": leads, **more}}


def wire(**more):
    leads = [{"name": n, "kind": "strip", "face": f, "mu": m, "temperature": 20} for n, f, m in (("L", "x-low", "20 meV"), ("R", "x-high", "18 meV"))]
    return {"grid": {"points": [10, 8], "spacing": ["5 nm", "5 nm"], "thickness": "4 nm"},
            "transport": {"hamiltonian": {"kind": "grid", "mass": "0.067 m_e", "potential": "3e-21*(x > 20e-9 && x < 26e-9 && y < 20e-9)"}, "leads": leads, **more}}


def test_a_level_between_wide_bands(run, tmp_path):
    """Reference values of a Breit-Wigner resonance, from the file and from --json."""
    result = run(level(spin_factor=2, energies=["20 meV"], linear_response=True))
    t = result.json["results"]["transport"]
    assert t["I_N"] == pytest.approx([2 * 666111364788.741, -2 * 666111364788.741], rel=1e-11)
    assert t["I_S"][0] == pytest.approx(2 * 5.224958124596902e-12, rel=1e-11)
    assert t["I_W"][1] == pytest.approx(-2 * 5.4229705393e-10, rel=1e-9)
    assert np.array(t["TI_S"]) + t["I_W"] == pytest.approx(t["I_Q"], rel=1e-10)
    assert t["transmission"][0][0][1] == pytest.approx(8 / 9, rel=1e-12)  # 4 Gamma_L Gamma_R/(Gamma_L + Gamma_R)^2, without the spin factor
    with h5py.File(tmp_path / "case.h5", "r") as file:
        group = file["data/0/results/transport"]
        assert list(group["leads"].asstr()) == ["L", "R"]
        for name, unit in (("I_N", "s^-1"), ("I_E", "W"), ("I_Q", "W"), ("I_S", "W K^-1"), ("TI_S", "W"), ("I_W", "W"), ("n", "1"), ("s_hs", "J K^-1")):
            assert group[name].attrs["units"].decode() == unit and group[name][...] == pytest.approx(np.array(t[name]), rel=1e-14)
        assert group.attrs["closure"] < 1e-12 and group["transmission"].shape == (1, 2, 2)


def test_a_sweep_is_many_runs(run):
    swept = run(level(sweep=[{"temperature": [300, 310]}, {"mu": ["10 meV", 0], "temperature": 0}]), "-o", "a.h5").json["results"]["transport"]
    for i, (mu, T) in enumerate([((5, -5), (300, 310)), ((10, 0), (0, 0))]):
        config = level()
        for a in range(2):
            config["transport"]["leads"][a] |= {"mu": f"{mu[a]} meV", "temperature": T[a]}
        single = run(config, "-o", f"b{i}.h5").json["results"]["transport"]
        for name in ("I_N", "I_E", "I_S", "I_W", "n", "s_hs"):
            assert swept[name][i] == pytest.approx(single[name], rel=1e-8), name
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
        assert divergence[:, 0].sum() == pytest.approx(group["I_S"][0], rel=1e-9)


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
