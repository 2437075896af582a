"""If this fails, what docs/output.md tells people to type does not work on a result, or an attribute of a result is not explained there, or a unit is
not the one that docs/theory.md promises."""
import pathlib
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
CELL = {"closure": "cell", "cell_volume": "45 angstrom^3", "time": "1 ps"}
FILM = {
    "grid": {"points": [12, 9, 10], "lengths": ["12 nm", "9 nm", "10 nm"]},
    "boundary": {"z": {"low": {"dirichlet": "1 mV"}, "high": "neumann"}},
    "entropy": "1e3*(1 + 0.5*sin(2*pi*x/12e-9) + t)*exp(-z/20e-9)",
    "charge": "10 C/m^3",
    "coupling": CELL,
    "time": {"times": [0, 1]},
    "probes": [{"name": "tip", "at": ["6 nm", "4 nm", "5 nm"]}],
    "output": {"file": "film.h5", "fields": ["phi", "phi_S", "E", "J_S", "hessian_S"]},
}


@pytest.fixture
def film(run, tmp_path):
    result = run(FILM, "-q")
    assert result.returncode == 0, result.stderr
    return tmp_path / "film.h5"


def recipes():
    return re.findall(r"<!-- recipe: (\w+) -->\n```(\w+)\n(.*?)```", (DOCS / "output.md").read_text(), re.DOTALL)


def test_there_are_recipes():
    assert {name for name, _, _ in recipes()} == {"h5py", "xarray", "h5dump", "checksum", "gnuplot"}


@pytest.mark.parametrize("name,language,text", recipes(), ids=[r[0] for r in recipes()])
def test_recipe(film, name, language, text):
    if language == "sh" and not shutil.which(name):
        pytest.skip(f"no {name} here")
    command = [sys.executable, "-c", text] if language == "python" else ["sh", "-e", "-c", text]
    done = subprocess.run(command, cwd=film.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() and "error" not in done.stderr.lower(), done.stderr
    if name == "checksum":
        lines = done.stdout.splitlines()
        assert len(lines) > 20 and all(line.endswith(" good") for line in lines)
    if name == "h5dump":
        with h5py.File(film) as file:
            assert (film.parent / "phi.bin").read_bytes() == file["phi"][...].tobytes()


def test_the_checksum_recipe_sees_damage(film):
    with h5py.File(film, "r+") as file:
        file["data/0/meshes/phi"][0, 0, 0] += 1e-12
    text = next(text for name, _, text in recipes() if name == "checksum")
    done = subprocess.run([sys.executable, "-c", text], cwd=film.parent, capture_output=True, text=True)
    assert [line for line in done.stdout.splitlines() if "DAMAGED" in line] == ["data/0/meshes/phi DAMAGED"]


def attributes_of(file):
    """All attribute names of a result, <record>_min and the like folded; names of groups and data sets of provenance."""
    names, records = dict.fromkeys(file.attrs), set()
    for frame in file["data"].values():
        records |= set(frame["meshes"])
    probes = {}
    named = {}                                                            # attributes of conductance/NAME are called after electrodes
    file.visititems(lambda name, item: (probes if "/probes/" in name and name.startswith("data") else named if "/conductance/" in name else names)
                    .update(dict.fromkeys(item.attrs)))
    folded = set()
    for name in names:
        name = re.sub(r"_units$", "", name)
        head = re.sub(r"_(min|max)$", "", name)
        folded.add(f"<record>_{name[-3:]}" if head != name and head in records else name)
    for name in probes:
        record, _, axes = re.sub(r"_units$", "", name).rpartition("_") if re.search(r"_[xyz]+(_units)?$", name) else (name.removesuffix("_units"), "", "")
        assert record in records, name
        folded.add("<record>_x" if axes else "<record>")
    return folded | set(file["provenance"])


def test_every_attribute_is_explained(run, tmp_path):
    """Both ways: no attribute without a word about it, no word about an attribute that no result has."""
    line = {"grid": {"points": [20], "lengths": [1]}, "entropy": "sin(2*pi*x)", "time": {"times": [0, 1]}, "output": {"file": "line.h5"}}
    walls = {"grid": {"points": [20, 18], "lengths": [1, 1]}, "boundary": {"x": "neumann", "y": "neumann"}, "coupling": CELL, "solver": {"neutralize": True},
             "entropy": "cos(2*pi*x)", "charge": "cos(2*pi*x)", "output": {"file": "walls.h5", "fields": ["S", "phi", "kappa"]}}
    space = {"grid": {"points": [20, 18], "lengths": [1, 1]}, "boundary": {"x": "open", "y": {"low": "neumann", "high": "open"}}, "coupling": CELL,
             "entropy": "exp(-100*((x-0.5)^2+(y-0.5)^2))", "charge": "exp(-100*((x-0.5)^2+(y-0.5)^2))", "output": {"file": "space.h5"}}
    device = {"grid": {"points": [20, 18], "lengths": [1, 1], "thickness": 1}, "boundary": {"x": "dirichlet"}, "coupling": CELL, "entropy": "cos(3*x)*y",
              "materials": {"permittivity": "1 + x"}, "conduction": {"conductance": True}, "electrodes": [{"name": "a", "face": "x-low"}, {"name": "b", "face": "x-high"}],
              "loads": [{"between": ["a", "b"], "resistance": 1}], "output": {"file": "device.h5", "fields": ["V", "J", "E_total", "phi"]}}
    found = set()
    for config, name in ((FILM, "film.h5"), (line, "line.h5"), (walls, "walls.h5"), (space, "space.h5"), (device, "device.h5")):
        result = run(config, "-q")
        assert result.returncode == 0, result.stderr
        with h5py.File(tmp_path / name) as file:
            found |= attributes_of(file)
    page = (DOCS / "output.md").read_text()
    body = page[page.index("### Attributes"):page.index("## Promises")]
    named = set(re.findall(r"`([\w<>]+)`", "\n".join(r for r in body.splitlines() if r.startswith("|") or r.startswith("Attributes:") or r.startswith("`seconds"))))
    assert found - named == set(), "docs/output.md does not explain these"
    allowed = {"cross_section", "thickness", "seconds_solve", "keep_unconverged", "patient", "wisdom_sha256", "<name>_units"}
    assert named - found - allowed == set(), "docs/output.md explains these, but no result has them"


def units_table():
    text = (DOCS / "theory.md").read_text().split("<!-- check: units -->")[1]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in text.split("\n\n")[0].strip().splitlines()]
    return [(row[0].replace("`", ""), reading, unit) for row in rows[2:]
            for unit, readings in zip(row[1:], (("poisson", "field"), ("gradient", "directional"))) for reading in readings]


BASE = {"m": (1, 0, 0, 0, 0, 0, 0), "s": (0, 0, 1, 0, 0, 0, 0), "K": (0, 0, 0, 0, 1, 0, 0), "V": (2, 1, -3, -1, 0, 0, 0), "J": (2, 1, -2, 0, 0, 0, 0)}


def exponents(unit):
    total = np.zeros(7)
    for part in unit.replace("/m", " m^-1").split():
        symbol, _, power = part.partition("^")
        total += np.array(BASE[symbol]) * int(power or 1)
    return list(total)


@pytest.mark.parametrize("closure,reading,unit", units_table())
def test_units_of_phi(run, tmp_path, closure, reading, unit):
    assert len(units_table()) == 12
    coupling = {"closure": "literal"} if closure == "literal" else dict(CELL)
    if "length" in closure:
        coupling["length"] = "1 nm"
    config = {"grid": {"points": [10, 12], "lengths": [1, 1]}, "entropy": "sin(2*pi*x)", "coupling": coupling, "reading": reading, "output": {"file": "u.h5"}}
    if reading == "directional":
        config["direction"] = [1, 0]
    assert run(config, "-q").returncode == 0
    with h5py.File(tmp_path / "u.h5") as file:
        assert list(file["data/0/meshes/phi"].attrs["unitDimension"]) == exponents(unit)


def bytes_of(path):
    """Everything in /data and /view, attributes included, as one list."""
    content = []

    def keep(name, item):
        if name.startswith(("data", "view")):
            content.append((name, sorted((k, np.asarray(v).tobytes()) for k, v in item.attrs.items() if k != "DIMENSION_LIST")))
            if isinstance(item, h5py.Dataset):
                content.append(item[...].tobytes())

    with h5py.File(path) as file:
        file.visititems(keep)
    return content


@pytest.mark.parametrize("derivative", ["fd4", "spectral"])
def test_same_bytes_for_any_number_of_threads(run, tmp_path, derivative):
    results = []
    for threads in ("1", "2", "4", "1"):
        assert run({**FILM, "solver": {"derivative": derivative}}, "-q", "-f", "-t", threads).returncode == 0
        results.append(bytes_of(tmp_path / "film.h5"))
    assert len(results[0]) > 20
    assert results[0] == results[1] == results[2] == results[3]
