"""If this fails, an example with electrodes or layers does not give the numbers that its README or docs/devices.md promises. Each is recomputed from a
run and from the closed form."""
import json
import math
import pathlib
import re

import numpy as np
import pytest
from scipy import constants
from stated_numbers import agrees, assert_stated, half_digit, Stated, table_rows

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
THERMAL_VOLTAGE = constants.k * 300 / constants.e


def kappa(cell_volume, time):
    return constants.hbar * cell_volume / (constants.e * constants.k * time)


COPPER, GAMMA, SIGMA = kappa(11.81e-30, 27e-15), 97.75, 5.96e7


def readme(folder):
    return (EXAMPLES / folder / "README.md").read_text()


@pytest.fixture
def results(call, tmp_path):
    def solved(name, *options):
        done = call("--json", "-f", "-o", tmp_path / "solved.h5", *options, EXAMPLES / name)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["results"]

    return solved


def by_name(rows):
    return {row["name"]: row for row in rows}


def test_contacts(results):
    mean = math.sqrt(math.pi) * 2 / 5 * math.erf(2.5 / 2)                # of the spot over the width
    V_oc = COPPER * GAMMA * 62 * (math.exp(-1) - math.exp(-81)) * mean
    R_i = 20e-6 / (SIGMA * 5e-6 * 100e-9)
    opened = by_name(results("contacts/contacts.json", "-s", "loads=[]")["electrodes"])
    shorted = by_name(results("contacts/contacts.json", "-s", "loads=[]", "-s", 'electrodes[1]={"name":"right","face":"x-high","voltage":0}')["electrodes"])
    matched = results("contacts/contacts.json")
    assert abs(opened["right"]["voltage"] / V_oc - 1) < 2e-4 and opened["left"]["voltage"] == 0
    assert_stated(readme("contacts"), {
        "V_oc": [V_oc, opened["right"]["voltage"] - opened["left"]["voltage"]],
        "R_i": [R_i, opened["right"]["voltage"] / -shorted["right"]["current"]],
        "I_sc": [V_oc / R_i, -shorted["right"]["current"]],
        "P_max": [V_oc**2 / (4 * R_i)],
        "kT/e": [THERMAL_VOLTAGE, matched["thermal_voltage_300K"]]})
    assert abs(matched["loads"][0]["power"] / (V_oc**2 / (4 * R_i)) - 1) < 4e-4


def test_contacts_the_load_curve_is_that_of_a_source_with_its_resistance(shell, results, tmp_path):
    (tmp_path / "examples").symlink_to(EXAMPLES)
    printed = shell("sh examples/contacts/load-curve.sh")
    rows = [[float(cell) for cell in row] for row in table_rows(printed, "P/W")]
    assert table_rows(printed, "P/W") == table_rows(readme("contacts"), "P/W")
    V_oc = by_name(results("contacts/contacts.json", "-s", "loads=[]")["electrodes"])["right"]["voltage"]
    R_i = 20e-6 / (SIGMA * 5e-6 * 100e-9)
    for R, voltage, current, power in rows:
        assert current == pytest.approx(V_oc / (R + R_i), rel=1e-4)
        assert voltage == pytest.approx(R * current, rel=1e-4) and power == pytest.approx(R * current**2, rel=2e-4)
    assert max(rows, key=lambda row: row[3])[0] == 0.6711


def test_holes(results):
    f = math.pi / 16
    formula = 1 - 2 * f / (1 + f - 0.305827 * f**4 / (1 - 1.402958 * f**8) - 0.013362 * f**8)
    plain = SIGMA * 100e-9 * 1e-6 / 4e-6
    voltages, ratios = [], []
    for cells, stated in table_rows(readme("holes"), "cells per period"):
        got = results("holes/holes.json", "-s", f"grid.points=[{4 * int(cells)},{cells}]")
        ratios.append(by_name(got["conductance"])["warm"]["warm"] / plain)
        voltages.append(by_name(got["electrodes"])["cold"]["voltage"])
        assert agrees(ratios[-1], Stated(float(stated), half_digit(stated), ""))
    errors = formula - np.array(ratios)
    assert errors[-1] < 0.02 and (errors[1:] < 0.7 * errors[:-1]).all()
    assert_stated(readme("holes"), {"f": [f], "sigma_eff/sigma": [formula], "V_oc": [COPPER * GAMMA * 30, *voltages]})


def test_layers(results):
    k = kappa(40e-30, 100e-15)
    S = lambda x, front: 5e4 * np.tanh((x - front) / 0.8e-9)
    step = lambda front: k * sum(share * (S(b, front) - S(a, front)) for share, a, b in ((0.2, 0, 10e-9), (1, 10e-9, 50e-9), (0.2, 50e-9, 60e-9)))
    D = [-step(front) / (20e-9 / 3.9 + 40e-9 / 11.7) for front in (6e-9, 30e-9, 54e-9)]
    got = by_name(results("layers/layers.json")["probes"])
    plate, middle = got["plate"]["E_x"], got["middle"]["E_x"]
    np.testing.assert_allclose(plate, [-d / 3.9 for d in D], rtol=5e-5)
    assert_stated(readme("layers"), {
        "kappa dS": [k * 1e5],
        "E (front in the semiconductor)": [-D[1] / 3.9, plate[1]],
        "E (front in an oxide)": [-D[2] / 3.9, plate[2]],
        "charge (front in the semiconductor)": [-constants.epsilon_0 * D[1], constants.epsilon_0 * 3.9 * plate[1]],
        "E (middle, front in an oxide)": [-D[2] / 11.7, middle[2], middle[0]]})


def test_the_first_device_prints_what_its_page_shows(call, write):
    page = (ROOT / "docs/devices.md").read_text()
    write(re.search(r"```json\n(.*?)```", page, re.DOTALL).group(1), "bar.json")
    done = call("bar.json")
    shown = re.findall(r"^    (bar\.json: .*)$", page, re.MULTILINE)
    assert len(shown) == 3
    for line in shown:
        assert line in done.stderr.splitlines(), (line, done.stderr)
