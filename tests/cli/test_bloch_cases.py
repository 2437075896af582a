"""If this fails, a mistake in a Hamiltonian, a file or a request goes unnoticed: one case for each that the section "bloch" can meet, with its exit code and
what the message must say."""
import json

import pytest

EV = 1.602176634e-19
QWZ = {"model": {"name": "qwz"}, "kgrid": {"points": [12, 12]}, "temperature": 300, "chemical_potential": "1 eV", "quantities": ["sigma_H"]}
TAU = {"relaxation_time": "100 fs"}
SQUARE = {"lattice": [["4 angstrom", 0], [0, "4 angstrom"]], "orbitals": [[0, 0], [0.5, 0.5]], "onsite": [EV, -EV],
          "hoppings": [{"R": [1, 0], "from": 0, "to": 1, "value": 0.3 * EV}]}


def tb(ndegen="1 1 1", blocks=None, r_blocks=None, lattice="4 0 0\n0 4 0\n0 0 4", bands=2, count=3):
    """A _tb.dat of two orbitals: H(0) = diag(1, -1), hopping 0.25 along the first vector."""
    H = {"0 0 0": [1.0, 0.0, 0.0, -1.0], "1 0 0": [0.25, 0.0, 0.1, 0.25], "-1 0 0": [0.25, 0.1, 0.0, 0.25]}
    r = {R: [0.0] * 4 for R in H}
    H.update(blocks or {})
    r.update(r_blocks or {})
    text = f"test\n{lattice}\n{bands}\n{count}\n{ndegen}\n"
    element = lambda e, value, n: f"{e % bands + 1} {e // bands + 1} " + " ".join([f"{value}" if isinstance(value, str) else f"{value:.10e}", "0.0"] * n) + "\n"
    for R, values in H.items():
        if values is not None:
            text += f"\n{R.split('#')[0]}\n" + "".join(element(e, v, 1) for e, v in enumerate(values))
    for R, values in r.items():
        if values is not None:
            text += f"\n{R.split('#')[0]}\n" + "".join(element(e, v, 3) for e, v in enumerate(values))
    return text


def hr():
    lines = "test\n2\n1\n1\n"
    return lines + "".join(f"0 0 0 {i} {j} {1.0 if i == j else 0.1} 0.0\n" for j in (1, 2) for i in (1, 2))


FILE = {"model": {"wannier90": "m_tb.dat"}}
CASES = {
    # the Hamiltonian
    "not hermitian": (FILE, tb(blocks={"0 0 0": [1.0, 0.3, 0.0, -1.0]}), 4, "ermitian"),
    "hermitian to print": (FILE, tb(blocks={"0 0 0": [1.0, 1e-8, 0.0, -1.0]}), 0, "averaged"),
    "no partner of R": (FILE, tb(blocks={"-1 0 0": None, "1 1 0": [0.1] * 4}, r_blocks={"-1 0 0": None, "1 1 0": [0.0] * 4}), 4, "-R"),
    "degeneracies too few": (FILE, tb(ndegen="1 1"), 4, "m_tb.dat"),
    "degeneracy zero": (FILE, tb(ndegen="1 0 1"), 4, "degenera"),
    "R twice": (FILE, tb(blocks={"-1 0 0": None, "1 0 0#": [0.25] * 4}, r_blocks={"-1 0 0": None, "1 0 0#": [0.0] * 4}), 4, "twice"),
    "r of other R": (FILE, tb(r_blocks={"-1 0 0": None, "0 1 0": [0.0] * 4}), 4, "m_tb.dat"),
    "more orbitals in H": (FILE, tb(blocks={"0 0 0": [1.0] * 6}), 4, "m_tb.dat"),
    "cut off": (FILE, tb()[:-40], 4, "too short"),
    "cut in H": (FILE, tb()[:tb().index("\n1 0 0\n")], 4, "end"),
    "nan": (FILE, tb(blocks={"0 0 0": ["nan", 0.0, 0.0, -1.0]}), 4, "finite"),
    "infinity": (FILE, tb(blocks={"0 0 0": ["inf", 0.0, 0.0, -1.0]}), 4, "finite"),
    "stars": (FILE, tb(blocks={"0 0 0": ["*********", 0.0, 0.0, -1.0]}), 4, "*"),
    "fortran exponents": (FILE, tb(blocks={"0 0 0": ["1.0D+00", 0.0, 0.0, "-0.1d1"]}), 4, "D exponent"),
    "flat cell in a file": (FILE, tb(lattice="4 0 0\n8 0 0\n0 0 4"), 4, "volume"),
    "flat cell in a list": ({"model": {**SQUARE, "lattice": [[1, 2], [2, 4]]}}, None, 3, "area"),
    "sheet that hops up": ({"model": {**SQUARE, "hoppings": [{"R": [0, 0, 1], "from": 0, "to": 1, "value": EV}]}}, None, 3, "third"),
    "sheet that hops up in a file": (FILE, tb(blocks={"1 0 0": None, "-1 0 0": None, "0 0 1": [0.1] * 4, "0 0 -1": [0.1] * 4},
                                              r_blocks={"1 0 0": None, "-1 0 0": None, "0 0 1": [0.0] * 4, "0 0 -1": [0.0] * 4}), 4, "third"),
    "list not hermitian": ({"model": {**SQUARE, "hoppings": [{"R": [1, 0], "from": 0, "to": 1, "value": EV}, {"R": [-1, 0], "from": 1, "to": 0, "value": 0}]}},
                           None, 3, "partner"),
    "complex energy": ({"model": {**SQUARE, "onsite": [[0, EV], 0]}}, None, 3, "onsite"),
    "hr without positions": ({"model": {"wannier90": "m_hr.dat", "lattice": [["4 angstrom", 0, 0], [0, "4 angstrom", 0], [0, 0, "4 angstrom"]]}}, hr(), 3, "centres"),
    "hr without positions, energies": ({"model": {"wannier90": "m_hr.dat", "lattice": [["4 angstrom", 0, 0], [0, "4 angstrom", 0], [0, 0, "4 angstrom"]]},
                                        "quantities": ["s", "bands"], "chemical_potential": "0.9 eV"}, hr(), 0, ""),
    # the k-grid
    "one point": ({"kgrid": {"points": [1, 12]}}, None, 3, "points"),
    "grid overflows": ({"model": {"name": "weyl"}, "kgrid": {"points": [10 ** 9] * 3}}, None, 3, "counted"),
    "points not whole": ({"kgrid": {"points": [4.5, 4]}}, None, 3, "points"),
    "axes of the grid": ({"model": {"name": "weyl"}}, None, 3, "axes"),
    "shift of another length": ({"kgrid": {"points": [4, 4], "shift": [0, 0, 0]}}, None, 3, "axes"),
    # temperatures, potentials, times
    "negative T": ({"temperature": -1}, None, 3, "negative"),
    "T no number": ({"temperature": ["cold"]}, None, 3, "temperature"),
    "T infinite": ({"temperature": "1e400 K"}, None, 3, "temperature"),
    "no T": ({"temperature": []}, None, 3, "at least one"),
    "surface form at T = 0": ({"temperature": [0, 300], "quantities": ["dos"]}, None, 3, "T = 0"),
    "second order at T = 0": ({"temperature": 0, "quantities": ["T1"]}, None, 3, "T = 0"),
    "production at T = 0": ({**TAU, "field": [1, 0], "temperature": 0, "quantities": ["entropy_production"]}, None, 3, "T = 0"),
    "sea form at T = 0": ({**TAU, "temperature": 0, "quantities": ["sigma_D", "sigma_H", "alpha_H", "T2"]}, None, 0, ""),
    "tau zero": ({"relaxation_time": 0, "quantities": ["sigma_D"]}, None, 3, "relaxation_time"),
    "tau negative": ({"relaxation_time": "-1 fs", "quantities": ["sigma_D"]}, None, 3, "relaxation_time"),
    "tau missing": ({"quantities": ["sigma_D"]}, None, 3, "relaxation_time"),
    "tau missing for production": ({"field": [1, 0], "quantities": ["entropy_production"]}, None, 3, "relaxation_time"),
    "frequency in second order": ({"frequency": "1 THz", "quantities": ["sigma2"]}, None, 3, "static"),
    "negative frequency": ({**TAU, "frequency": "-1 THz", "quantities": ["sigma_inter"]}, None, 3, "negative"),
    "mu outside of the bands": ({"chemical_potential": "9 eV"}, None, 0, "outside the bands"),
    # requests
    "band out of range": ({"maps": ["energy"], "map_bands": [2]}, None, 3, "0 to 1"),
    "chern of touching bands": ({"model": {"name": "qwz", "u": -2}, "quantities": ["chern"]}, None, 5, "eV of its neighbour"),
    "chern on a coarse grid": ({"model": {"name": "qwz", "u": -1.9}, "kgrid": {"points": [5, 5], "shift": [0.5, 0.5]}, "quantities": ["chern"]}, None, 0, "too coarse"),
    "chern of a solid": ({"model": {"name": "weyl"}, "kgrid": {"points": [4, 4, 4]}, "quantities": ["chern"]}, None, 3, "2-D"),
    "no field": ({**TAU, "quantities": ["entropy_production"]}, None, 3, "field"),
    "field out of the sheet": ({**TAU, "field": [0, 0, 1], "quantities": ["entropy_production"]}, None, 3, "sheet"),
    "field without z": ({**TAU, "model": {"name": "weyl"}, "kgrid": {"points": [4, 4, 4]}, "field": [1, 0], "quantities": ["entropy_production"]}, None, 3, "three"),
    "field zero": ({**TAU, "field": [0, 0], "quantities": ["entropy_production"]}, None, 0, ""),
    "unknown scheme": ({"scheme": "kubo", "quantities": ["sigma2"]}, None, 3, "adiabatic"),
    "unknown quantity": ({"quantities": ["sigma_h"]}, None, 3, "sigma_H"),
}


@pytest.mark.parametrize("name", CASES)
def test_case(call, write, tmp_path, name):
    changes, text, code, words = CASES[name]
    section = {**QWZ, **changes}
    if text is not None:
        (tmp_path / section["model"]["wannier90"]).write_text(text)
        if "tb" in section["model"]["wannier90"] and "sheet" not in name:
            section["kgrid"] = {"points": [4, 4, 4]}
            section["chemical_potential"] = "0.9 eV"
        elif "hr" in section["model"]["wannier90"]:
            section["kgrid"] = {"points": [4, 4, 4]}
    got = call("--json", "-f", "-o", tmp_path / "c.h5", write({"bloch": section}))
    assert got.returncode == code, got.stdout + got.stderr
    assert words in got.stdout + got.stderr
    line = json.loads(got.stdout)
    if code:
        assert line["errors"][0]["path"].startswith("/bloch") and not (tmp_path / "c.h5").exists()
    elif name == "field zero":
        assert line["results"]["bloch"]["entropy_production"] == [[0]]
