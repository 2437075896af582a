"""If this fails, a mistake in section "transport" is computed as if it made sense, or is answered without the place where it was made."""
import json

import pytest
from conductors import level, wire


def chain(**more):
    leads = [{"name": n, "kind": "strip", "sites": [i], "hopping": "1 eV", "mu": m, "temperature": 300} for n, i, m in (("L", 0, "10 meV"), ("R", 4, 0))]
    hoppings = [{"from": i, "to": i + 1, "value": "-1 eV"} for i in range(4)]
    return {"transport": {"hamiltonian": {"kind": "list", "onsite": [0, 0, 0, 0, 0], "hoppings": hoppings}, "leads": leads, **more}}


def driven(**more):
    bonds = [{"from": i, "to": i + 1, "value": -0.1} for i in range(9)]
    drive = {"site": 0, "waveform": "2e-20*sin(2e14*t)", "filling": {"mu": 0, "temperature": 2000}, "step": "0.5 fs", "end": "20 fs", "cut": 3, **more}
    return {"transport": {"energy_unit": "eV", "hamiltonian": {"kind": "list", "onsite": [0] * 10, "hoppings": bonds}, "drive": drive}}


PROBE = {"name": "p", "kind": "thermoelectric", "sites": [2], "gamma": "0.1 eV"}

# What is wrong, in which configuration, exit code, and words of the message: the key's path among them.
REFUSALS = {
    "T below 0": (level, "transport.leads[0].temperature", -1, 3, "/transport/leads/0/temperature"),
    "T that is no number": (level, "transport.leads[0].temperature", "nan K", 3, "/transport/leads/0/temperature"),
    "T that is a word": (level, "transport.leads[1].temperature", "warm", 3, "/transport/leads/1/temperature"),
    "negative gamma": (level, "transport.leads[0].gamma", "-1 meV", 3, "/transport/leads/0/gamma"),
    "a site that is not there": (level, "transport.leads[0].sites", [3], 3, "site 3"),
    "two leads of one name": (level, "transport.leads[1].name", "L", 3, "used twice"),
    "an unknown kind": (level, "transport.leads[0].kind", "stripe", 3, '"strip"'),
    "no sites": (level, "transport.hamiltonian.onsite", [], 3, "onsite"),
    "a site bound to itself": (level, "transport.hamiltonian.hoppings", [{"from": 0, "to": 0, "value": 1}], 3, "itself"),
    "no leads": (level, "transport.leads", [], 3, "leads"),
    "a field without a grid": (level, "entropy", 1, 3, "grid"),
    "negative probe strength": (level, "transport.probes", [{"name": "p", "kind": "voltage", "sites": [0], "gamma": "-1 eV", "temperature": 1}], 3,
                                "/transport/probes/0/gamma"),
    "m = 0": (wire, "transport.hamiltonian.mass", 0, 3, "/transport/hamiltonian/mass"),
    "m < 0 somewhere": (wire, "transport.hamiltonian.mass", "1e-31*(x > 20e-9 ? -1 : 1)", 3, "/transport/hamiltonian/mass"),
    "a = 0": (wire, "grid.spacing[0]", 0, 3, "/grid/spacing"),
    "a < 0": (wire, "grid.spacing[1]", "-5 nm", 3, "/grid/spacing"),
    "L = 0": (wire, "grid.points[0]", 0, 3, "/grid/points"),
    "W = 0": (wire, "grid.points[1]", 0, 3, "/grid/points"),
    "L too short for a lead": (wire, "grid.points[0]", 1, 3, "/transport/leads/0"),
    "a face of an axis that is not there": (wire, "transport.leads[0].face", "z-low", 3, "/transport/leads/0"),
    "a face that no grid has": (wire, "transport.leads[0].face", "w-low", 3, "/transport/leads/0/face"),
    "a face of a periodic axis": (wire, "boundary", {"x": "periodic"}, 3, "periodic"),
    "two leads on one face": (wire, "transport.leads[1].face", "x-low", 3, "overlap"),
    "a lead inside, given by sites": (wire, "transport.leads[0].sites", [5], 3, "/transport/leads/0/sites"),
    "a slice that varies along a periodic lead": (wire, "transport", {**wire()["transport"], "hamiltonian": {"kind": "grid", "mass": "0.067 m_e", "potential": "1e-13*x"},
                                                  "leads": [{**lead, "kind": "periodic"} for lead in wire()["transport"]["leads"]]}, 5, "period"),
    "a partner that is not the conjugate": (chain, "transport.hamiltonian.hoppings", [{"from": 0, "to": 1, "value": "1 eV"}, {"from": 1, "to": 0, "value": "2 eV"}], 3,
                                            "/transport/hamiltonian/hoppings"),
    "a complex hopping whose partner is not conjugate": (chain, "transport.hamiltonian.hoppings",
                                                         [{"from": 0, "to": 1, "value": ["0 eV", "1 eV"]}, {"from": 1, "to": 0, "value": ["0 eV", "1 eV"]}], 3,
                                                         "/transport/hamiltonian/hoppings"),
    "a bond twice": (chain, "transport.hamiltonian.hoppings", [{"from": 0, "to": 1, "value": "1 eV"}] * 2, 3, "/transport/hamiltonian/hoppings"),
    "a lead without hopping": (chain, "transport.leads[0].hopping", 0, 3, "/transport/leads/0"),
    "two leads of a list with one site": (chain, "transport.leads[1].sites", [0, 0], 3, "twice"),
    "a probe that names no site": (chain, "transport.probes", [{**PROBE, "sites": []}], 3, "/transport/probes/0/sites"),
    "a site of work that is not there": (lambda: chain(nonlocal_work=0), "transport.nonlocal_work", 5, 3, "/transport/nonlocal_work"),
    "dt = 0": (driven, "transport.drive.step", 0, 3, "/transport/drive/step"),
    "dt < 0": (driven, "transport.drive.step", "-1 fs", 3, "/transport/drive/step"),
    "an end before the first step": (driven, "transport.drive.end", "0.1 fs", 3, "/transport/drive/end"),
    "an end behind the echo": (driven, "transport.drive.end", "2 ps", 3, "/transport/drive/end"),
    "a pulse on a site that is not there": (driven, "transport.drive.site", 10, 3, "/transport/drive/site"),
    "a pulse on a site of a lead": (lambda: {"transport": {**chain()["transport"], **driven()["transport"], "hamiltonian": chain()["transport"]["hamiltonian"]}},
                                    "transport.drive.site", 4, 3, "/transport/drive/site"),
    "a site and sites": (driven, "transport.drive.sites", [2, 3], 3, "/transport/drive"),
    "a region with a site twice": (driven, "transport.drive.cut", [4, 4], 3, "/transport/drive/cut/1"),
    "a region with a site that is not there": (driven, "transport.drive.cut", [4, 10], 3, "/transport/drive/cut/1"),
    "two waveforms for one site": (driven, "transport.drive.waveform", ["t", "t"], 3, "/transport/drive/waveform"),
    "a waveform of x": (driven, "transport.drive.waveform", "x", 3, "/transport/drive/waveform"),
    "a cut at no bond": (driven, "transport.drive.cut", 10, 3, "/transport/drive/cut"),
    "a filling below 0 K": (driven, "transport.drive.filling.temperature", -1, 3, "/transport/drive/filling"),
    "a waveform that is no number": (driven, "transport.drive.waveform", "1/(t-t)", 4, "/transport/drive/waveform"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_name_the_key(call, write, case):
    make, path, value, code, word = REFUSALS[case]
    result = call("-f", "-s", f"{path}={json.dumps(value)}", write(make()))
    assert result.returncode == code and word in result.stderr, (result.returncode, result.stderr)
    assert list(write(make()).parent.glob("*.h5")) == []  # never a partial result


def test_a_probe_that_nothing_reaches_does_not_converge(call, write):
    """Exit code 6, with the residual."""
    config = chain(probes=[{**PROBE, "sites": [5]}])
    config["transport"]["hamiltonian"]["onsite"].append(0)
    result = call("-f", write(config))
    assert result.returncode == 6 and "/transport/probes" in result.stderr and "residual" in result.stderr, result.stderr


def test_entropy_of_sites_needs_every_state(call, write):
    """A level outside the band has no lead: with it left out the one-site state is not normalised."""
    config = chain(entropy="site")
    config["transport"]["hamiltonian"]["onsite"][2] = "-3 eV"
    result = call("-f", write(config))
    assert result.returncode == 5 and "/transport/entropy" in result.stderr and "fill" in result.stderr, result.stderr
    config["transport"]["bound_states"] = "fill"
    assert call("-f", write(config)).returncode == 0


def test_no_open_mode_is_a_success_with_a_note(run):
    """mu below every band: zero current, exactly, and a warning."""
    config = chain()
    for lead in config["transport"]["leads"]:
        lead |= {"mu": "-3 eV" if lead["name"] == "L" else "-3.1 eV", "temperature": 0}
    result = run(config)
    assert result.returncode == 0 and result.json["results"]["transport"]["I_N"] == [0, 0]
    assert "outside every band" in result.stderr


def test_steep_dispersion_is_warned_about(call, write):
    """The effective mass holds for energies well below t; mu far above the bottom, or above the band, is said."""
    config = wire()
    assert "0.1 t" not in call("-f", "-s", "transport.leads[0].mu=\"2.5 meV\"", "-s", "transport.leads[1].mu=\"2.4 meV\"", write(config)).stderr
    assert "0.1 t" in call("-f", write(config)).stderr
    high = call("-f", "-s", "transport.leads[0].mu=\"0.5 eV\"", write(config))
    assert "outside every band" in high.stderr or high.returncode == 5
