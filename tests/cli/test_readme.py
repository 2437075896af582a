"""If this fails, the first page that a user reads states a number, a command, an option or a message that the program does not keep."""
import json
import pathlib
import re
import subprocess
import sys

import h5py
import pytest
from scipy import constants
from scipy.integrate import trapezoid
from stated_numbers import assert_stated, commands, fenced, table_rows

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
KAPPA = constants.hbar * 11.81e-30 / (constants.e * constants.k * 27e-15)      # T5, closure "cell"


@pytest.fixture
def tour(shell, tmp_path):
    """The configuration of the quick tour, saved as the README says."""
    config, = fenced(README, "json")
    (tmp_path / "spot.json").write_text(config)
    return shell


def film_extremes():
    """kappa gamma (T - mean T) of the example that the first command solves; the mean is the trapezoidal one between the faces."""
    with h5py.File(ROOT / "examples" / "film" / "temperature.h5") as file:
        T = file["T"][...]
    mean = trapezoid(trapezoid(T, axis=1)) / ((T.shape[0] - 1) * (T.shape[1] - 1))
    return KAPPA * 97.75 * (T.min() - mean), KAPPA * 97.75 * (T.max() - mean)


def test_every_stated_number_is_right(tour, call):
    film = call("--json", "-o", "film.h5", ROOT / "examples" / "film" / "film.json")
    film = json.loads(film.stdout)["results"]
    spot = json.loads(tour("qep-solve --json spot.json"))["results"]
    lowest, highest = film_extremes()
    assert_stated(README, {
        "phi_min": [lowest, film["phi_min"]],
        "phi_max": [highest, film["phi_max"]],
        "phi_max - phi_min": [KAPPA * 6e3, spot["phi_max"] - spot["phi_min"]],
    })


def test_the_commands_of_the_tour_work_as_they_stand(tour, tmp_path):
    lines = commands(README, "qep-solve")
    assert lines[0] == "qep-solve spot.json" and len(lines) >= 5
    for line in lines:
        tour(line)
    for name in ("spot.h5", "spot.xdmf", "wide.h5"):
        assert (tmp_path / name).exists()
    with h5py.File(tmp_path / "wide.h5") as file:
        assert file["phi"].shape == (101, 401)
    assert json.loads((tmp_path / "table.jsonl").read_text())["status"] == "ok"


def test_the_recipe_prints_the_stated_number(tour, tmp_path):
    tour("qep-solve spot.json")
    recipe, = fenced(README, "python")
    (tmp_path / "recipe.py").write_text(recipe)
    first = tour(f"{sys.executable} recipe.py").splitlines()[0]
    assert abs(float(first.split()[0]) / 1.25118e-4 - 1) < 1e-5 and "V" in first


def test_without_a_closure_the_unit_is_the_stated_one(tour, tmp_path):
    config = json.loads((tmp_path / "spot.json").read_text())
    del config["coupling"]
    (tmp_path / "literal.json").write_text(json.dumps(config))
    tour("qep-solve literal.json")
    superscripts = str.maketrans("⁻¹³", "-13")
    stated = re.search(r"the result is in (V s J\S* K?\S* \S*),", README).group(1)
    stated = re.sub(r"([A-Za-z])([⁻¹³]+)", lambda m: f"{m[1]}^{m[2].translate(superscripts)}", stated)
    with h5py.File(tmp_path / "literal.h5") as file:
        unit = file["data/0/meshes/phi"].attrs["units"].decode()
    assert sorted(stated.split()) == sorted(unit.split())


def test_the_exit_codes_are_those_of_the_program(call):
    stated = re.search(r"^Exit codes: (.*)\.$", README, re.MULTILINE).group(1)
    listed = [line.split()[:2] for line in call("--list", "exit-codes").stdout.splitlines()]
    assert [entry.split(" ") for entry in stated.split(", ")] == [row for row in listed if int(row[0]) < 128]


def test_the_message_of_a_mistake_looks_as_stated(call, write):
    stated = re.search(r"`(film\.json:(\d+):(\d+): [^`]*)`", README)
    line, column = int(stated.group(2)), int(stated.group(3))
    head = '{\n  "entropy": 1,\n  "grid": {"points": [8], "lengths": [1]},\n  "boundary": {"x": {"low":\n'
    text = head + "\n" * (line - 1 - head.count("\n")) + " " * (column - 1) + '"dirichelt", "high": "neumann"}}\n}\n'
    write(text, "film.json")
    done = call("film.json")
    assert done.returncode == 3
    assert done.stderr.startswith(stated.group(1))


def test_the_cmake_options_are_those_of_the_build():
    cmake = (ROOT / "CMakeLists.txt").read_text() + (ROOT / "tests" / "find_python.cmake").read_text()
    defaults = {name: {"OFF": "OFF", "ON": "ON", "${PROJECT_IS_TOP_LEVEL}": "ON at top level"}[value]
                for name, value in re.findall(r'^option\((\w+) "[^"]*" (\S+)\)', cmake, re.MULTILINE)}
    defaults |= {"QEP_SANITIZE": "empty", "QEP_PYTHON": "found"}
    assert re.search(r'^set\(QEP_SANITIZE "" CACHE', cmake, re.MULTILINE) and re.search(r'^set\(QEP_PYTHON "" CACHE', cmake, re.MULTILINE)
    assert {row[0].strip("`"): row[1] for row in table_rows(README, "CMake option")} == defaults


def test_the_versions_and_orders_are_those_of_the_build(call):
    cmake = (ROOT / "CMakeLists.txt").read_text()
    assert f"CMake {re.search(r'cmake_minimum_required.VERSION ([0-9.]+)', cmake).group(1)}," in README
    assert f"HDF5 {re.search(r'find_package.HDF5 ([0-9.]+)', cmake).group(1)}," in README
    orders = [int(name) for name in re.findall(r'"fd(\d+)"', call("--schema").stdout)]
    low, high = re.search(r"finite differences \(order (\d+) to (\d+)\) or spectrally", README).groups()
    assert (min(orders), max(orders)) == (int(low), int(high))


def test_the_two_commands_are_scripts_and_ci_runs_the_second():
    scripts = commands(README, "sh")
    assert scripts == ["sh examples/install-and-run.sh", "sh tests/install-and-test.sh"]
    for script in scripts:
        subprocess.run(["/bin/sh", "-n", ROOT / script.split()[1]], check=True)
    assert scripts[1] in (ROOT / ".ci" / "run").read_text()


def test_the_stated_packages_are_installed_by_the_scripts():
    packages = (ROOT / "examples" / "packages.sh").read_text()
    stated = re.search(r"a C17 compiler with OpenMP,\s+CMake [\d.]+, (.*?), then", README, re.DOTALL).group(1)
    for library in re.split(r", | and ", stated):
        name = re.sub(r"[ \d.]+$", "", library).lower()
        assert re.search(rf"\b(lib)?{name}[\d]?(-pthread)?-dev\b", packages), library
