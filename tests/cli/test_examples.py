"""If this fails, an example that the README sends people to does not run, or does not give the numbers its README promises. Every number is
recomputed twice: from a run, and here from the closed form."""
import json
import pathlib
import re
import runpy
import sys

import h5py
import numpy as np
import pytest
from scipy import constants, fft, integrate, optimize, special
from test_example_bloch import iron_file
from stated_numbers import agrees, assert_stated, commands, fenced, half_digit, Stated, stated_numbers, table_rows

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/README.md"))
HBAR, E, K_B, N_A = constants.hbar, constants.e, constants.k, constants.N_A
EPS0 = 8.8541878128e-12
ANGSTROM3 = 1e-30
THERMAL_VOLTAGE = K_B * 300 / E


def readme(folder):
    return (EXAMPLES / folder / "README.md").read_text()


def kappa(cell_volume, time):
    """T5, closure "cell": hbar v/(e k_B tau)."""
    return HBAR * cell_volume / (E * K_B * time)


COPPER = kappa(11.81 * ANGSTROM3, 27e-15)
GAMMA = 97.75
ZINC_BLENDE = kappa(45.16 * ANGSTROM3, 100e-15)


@pytest.fixture
def shell(shell, tmp_path):
    """As if the test's folder were the top of the source tree."""
    (tmp_path / "examples").symlink_to(EXAMPLES)
    return shell


@pytest.fixture
def solve(call, tmp_path):
    """solve("film/film.json", *options) runs an example; returns (results of --json, records of the file, the unit of phi)."""

    def solved(name, *options):
        output = tmp_path / "solved.h5"
        done = call("--json", "-f", "-o", output, *options, EXAMPLES / name)
        assert done.returncode == 0, done.stderr
        records = {}
        with h5py.File(output) as file:
            meshes = file["data/0/meshes"]
            meshes.visititems(lambda key, item: records.__setitem__(key, item[...]) if isinstance(item, h5py.Dataset) else None)
            unit = meshes["phi"].attrs["units"]
        return json.loads(done.stdout)["results"], records, unit.decode() if isinstance(unit, bytes) else unit

    return solved


# ---- Every example ------------------------------------------------------------------------------------------------------------

def test_every_folder_has_a_readme_and_is_listed():
    folders = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
    assert folders == FOLDERS
    assert sorted(re.findall(r"^\| \[([\w-]+)\]\(\1\)", (EXAMPLES / "README.md").read_text(), re.MULTILINE)) == folders


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_commands_and_the_recipe_work_as_they_stand(folder, shell, tmp_path):
    lines = commands(readme(folder), "qep-solve", "sh")
    assert lines
    if folder == "iron":  # the one whose input is the user's
        if not iron_file():
            pytest.skip("Fe_tb.dat is not here (set QEP_SHARED_DATA)")
        (tmp_path / "Fe_tb.dat").symlink_to(iron_file())
    for line in lines:
        shell(line)
    recipes = fenced(readme(folder), "python")
    assert recipes
    for recipe in recipes:
        (tmp_path / "recipe.py").write_text(recipe)
        shell(f"{sys.executable} recipe.py")
    picture = tmp_path / f"{folder}.png"
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 5000


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*.json")), ids=lambda p: p.stem)
def test_every_configuration_is_shown_in_its_readme_or_script(path):
    texts = [file.read_text() for file in path.parent.iterdir() if file.suffix in (".md", ".sh")]
    assert any(path.name in text for text in texts), f"nobody runs {path}"


# ---- film ---------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def film():
    """The module that made the temperature map."""
    return runpy.run_path(str(EXAMPLES / "film" / "make_temperature.py"))


def weights(points):
    """Of the trapezoidal mean over the nodes of an axis with walls, from 0 on."""
    w = np.ones(points)
    w[[0, -1]] = 0.5
    return w / w.sum()


def test_film_the_committed_map_is_the_one_of_the_script(film, tmp_path):
    film["main"](tmp_path / "temperature.h5")
    with h5py.File(tmp_path / "temperature.h5") as made, h5py.File(EXAMPLES / "film" / "temperature.h5") as committed:
        assert sorted(made) == sorted(committed)
        for name in made:
            np.testing.assert_allclose(committed[name], made[name], rtol=1e-14)


def film_temperature(film, refine=1):
    """x [nx], y [ny], T [ny, nx] on the nodes, or on a grid with refine times as many intervals."""
    x, y = (np.arange((n - 1) * refine + 1) * film["SPACING"] / refine for n in film["POINTS"])
    return x, y, film["temperature"](x[None, :], y[:, None])


def largest_mean_between_contacts(film):
    """Largest <phi>(x), the mean over the width between grounded contacts: kappa (<S> minus the straight line between its ends)."""
    x, y, T = film_temperature(film)
    mean = weights(len(y)) @ (GAMMA * T)
    return (COPPER * (mean - mean[0] - (mean[-1] - mean[0]) * x / x[-1])).max()


def largest_between_contacts(film):
    """Largest phi between grounded contacts at x = 0 and L: phi - kappa S is harmonic, -kappa S at the contacts and even at the natural
    faces, hence a cosine series in y whose terms are sinh functions of x. The wall values are taken from a 16 times finer grid."""
    x, y, T = film_temperature(film)
    _, fine_y, fine = film_temperature(film, 16)
    length, width = x[-1], y[-1]
    low, high = (fft.dct(-COPPER * GAMMA * fine[:, column], type=1) / (len(fine_y) - 1) for column in (0, -1))
    psi = 0.5 * (low[0] + (high[0] - low[0]) * x / length) * np.ones_like(T)
    for k in range(1, 200):
        q = np.pi * k / width
        # sinh(q a)/sinh(q L) without overflow
        ratio = [np.exp(q * (a - length)) * -np.expm1(-2 * q * a) / -np.expm1(-2 * q * length) for a in (length - x, x)]
        psi += np.cos(q * y)[:, None] * (low[k] * ratio[0] + high[k] * ratio[1])[None, :]
    return (COPPER * GAMMA * T + psi).max()


def test_film_gives_the_stated_numbers(solve, film):
    results, records, unit = solve("film/film.json")
    literal, literal_records, literal_unit = solve("film/film-literal.json")
    contacts, contact_records, contact_unit = solve("film/film-contacts.json")
    assert (unit, literal_unit, contact_unit) == ("V", "V s J K^-1 m^-3", "V")
    x, y, T = film_temperature(film)
    fine_x, fine_y, fine = film_temperature(film, 4)
    steepest = max(np.abs(np.diff(fine, axis=axis)).max() * 4 / film["SPACING"] for axis in (0, 1))
    mean = weights(len(y)) @ T @ weights(len(x))
    volume = 11.81 * ANGSTROM3
    spread = GAMMA * np.ptp(T)
    assert stated_numbers(readme("film"))["phi_max - phi_min (literal)"].unit == literal_unit
    assert_stated(readme("film"), {
        "gamma": [0.695e-3 / 7.11e-6, records["S"].max() / T.max()],
        "cell_volume": [7.11e-6 / N_A / ANGSTROM3],
        "kappa": [COPPER, results["kappa"]],
        "phi_max - phi_min": [COPPER * spread, np.ptp(records["phi"]), results["phi_max"] - results["phi_min"]],
        "phi_max - phi_min (literal)": [HBAR / E * spread, np.ptp(literal_records["phi"]), literal["phi_max"] - literal["phi_min"]],
        "<phi>_max (contacts)": [largest_mean_between_contacts(film), (weights(len(y)) @ contact_records["phi"]).max()],
        "phi_max (contacts)": [largest_between_contacts(film), contact_records["phi"].max(), contacts["phi_max"]],
        "kappa_S_range": [COPPER * spread, results["kappa_S_range"]],
        "kT/e": [THERMAL_VOLTAGE, results["thermal_voltage_300K"]],
        "S/(n e)": [GAMMA * mean * volume / E, results["kelvin_S_over_e"] * volume],
        "hbar/(k_B tau)": [HBAR / (K_B * 27e-15)],
        "J_S_max": [5.96e7 * COPPER * GAMMA * steepest, results["J_S_max"]],
    })


def test_film_is_kappa_times_the_deviation_of_s_everywhere(solve, film):
    x, y, T = film_temperature(film)
    deviation = GAMMA * (T - weights(len(y)) @ T @ weights(len(x)))
    for name, coupling in (("film", COPPER), ("film-literal", HBAR / E)):
        _, records, _ = solve(f"film/{name}.json")
        assert np.abs(records["phi"] - coupling * deviation).max() <= 1e-12 * coupling * np.abs(deviation).max()


def test_film_grounded_contacts_are_at_zero_volts(solve):
    _, records, _ = solve("film/film-contacts.json")
    assert not records["phi"][:, [0, -1]].any()


# ---- superlattice -------------------------------------------------------------------------------------------------------------

def test_superlattice_gives_the_promised_potential(solve):
    results, records, unit = solve("superlattice/superlattice.json")
    assert unit == "V"
    entropy = records["S"]
    expected = ZINC_BLENDE * (entropy - entropy.mean())
    assert np.abs(records["phi"] - expected).max() <= 1e-12 * ZINC_BLENDE * np.abs(entropy).max()
    per_electron = 45.16 * ANGSTROM3 / 8
    assert_stated(readme("superlattice"), {
        "mean": [entropy.mean()],
        "swing": [np.ptp(entropy) / 2],
        "cell_volume": [(565.3e-12) ** 3 / 4 / ANGSTROM3],
        "kappa": [ZINC_BLENDE, results["kappa"]],
        "phi_max": [ZINC_BLENDE * 8e4, records["phi"].max(), results["phi_max"]],
        "E_max": [2 * np.pi / 10e-9 * ZINC_BLENDE * 8e4, np.abs(records["E/x"]).max(), results["E_max"]],
        "kappa_S_range": [2 * ZINC_BLENDE * 8e4, results["kappa_S_range"]],
        "kT/e": [THERMAL_VOLTAGE, results["thermal_voltage_300K"]],
        "S/(n e)": [2.28e6 * per_electron / E, results["kelvin_S_over_e"] * per_electron],
    })
    # The inputs are what the README rounds from molar entropies (64 and 60 J/(mol K)) and volumes (27 cm^3/mol).
    assert abs((64 + 60) / 2 / 27e-6 / 2.28e6 - 1) < 0.02 and abs((64 - 60) / 2 / 27e-6 / 8e4 - 1) < 0.1


def test_superlattice_does_not_depend_on_the_mean(solve):
    _, given, _ = solve("superlattice/superlattice.json")
    _, without, _ = solve("superlattice/superlattice.json", "--set", "parameters.mean=0")
    for name in ("phi", "E/x"):
        assert np.abs(given[name] - without[name]).max() <= 1e-11 * np.abs(given[name]).max()


# ---- bar ----------------------------------------------------------------------------------------------------------------------

def bar(x):
    """phi_rho, phi_S and E of the bar at x, from the formulas of its README."""
    length, screening, healing = 200e-9, 40e-9, 80e-9
    charge, entropic = 10 * screening**2 / EPS0, COPPER * GAMMA * 60

    def bow(s):
        return np.expm1(-x / s) - x / length * np.expm1(-length / s)

    def slope(s):
        return -np.exp(-x / s) / s - np.expm1(-length / s) / length

    return (1e-3 * x / length - charge * bow(screening), entropic * bow(healing),
            -1e-3 / length + charge * slope(screening) - entropic * slope(healing))


def test_bar_gives_the_stated_numbers(solve):
    results, records, unit = solve("bar/bar.json")
    assert unit == "V"
    middle, = results["probes"]
    phi_rho, phi_S, field = bar(100e-9)
    spread, volume = GAMMA * 60 * -np.expm1(-200 / 80), 11.81 * ANGSTROM3
    # The mean of S over the bar; trapezoidal in the run, hence the four digits that the README gives.
    mean = GAMMA * (300 + 60 * 80 / 200 * -np.expm1(-200 / 80))
    assert_stated(readme("bar"), {
        "phi_rho": [phi_rho, middle["phi_rho"]],
        "phi_S": [phi_S, middle["phi_S"]],
        "phi": [phi_rho + phi_S, middle["phi"]],
        "E_x": [field, middle["E_x"]],
        "kappa_S_range": [COPPER * spread, results["kappa_S_range"]],
        "kT/e": [THERMAL_VOLTAGE, results["thermal_voltage_300K"]],
        "S/(n e)": [mean * volume / E, results["kelvin_S_over_e"] * volume],
    })


def test_bar_is_the_closed_form_at_every_node(solve):
    _, records, _ = solve("bar/bar.json")
    phi_rho, phi_S, field = bar(np.arange(129) * 200e-9 / 128)
    for name, expected, tolerance in (("phi_rho", phi_rho, 1e-13), ("phi_S", phi_S, 1e-13), ("phi", phi_rho + phi_S, 1e-13), ("E/x", field, 1e-11)):
        assert np.abs(records[name] - expected).max() <= tolerance * np.abs(expected).max(), name


@pytest.mark.parametrize("derivative, order", [("fd2", 2), ("fd4", 4), ("fd6", 6)])
def test_bar_converges_with_the_order_of_the_differences(shell, solve, derivative, order):
    rows = [line.split() for line in shell(f"sh examples/bar/convergence.sh {derivative}").splitlines()[1:]]
    assert [int(row[0]) for row in rows] == [17, 33, 65]
    for row in rows[1:]:
        assert abs(float(row[2]) - order) < 0.2 and abs(float(row[4]) - order) < 0.2, row
    # The script's own closed form against the one here.
    for points, phi_error, _, field_error, _ in rows:
        results, _, _ = solve("bar/bar.json", "-s", f"grid.points[0]={points}", "-s", f"solver.derivative={derivative}")
        middle, (phi_rho, phi_S, field) = results["probes"][0], bar(100e-9)
        assert abs(abs(middle["phi"] - phi_rho - phi_S) - float(phi_error)) <= 0.01 * float(phi_error) + 2e-18
        assert abs(abs(middle["E_x"] - field) - float(field_error)) <= 0.01 * float(field_error) + 1e-12


def test_bar_the_table_of_the_readme_is_what_the_script_prints(shell):
    printed = [line.split() for line in shell("sh examples/bar/convergence.sh fd4").splitlines()[1:]]
    stated = table_rows(readme("bar"), "error of phi/V")
    assert [[row[0], row[1], row[3]] for row in printed] == stated


# ---- open faces ---------------------------------------------------------------------------------------------------------------

def test_blob_is_the_error_function(solve):
    results, records, _ = solve("blob/blob.json")
    at = np.linspace(-48e-9, 48e-9, 65)
    r = np.sqrt(at[:, None, None] ** 2 + at[:, None] ** 2 + at ** 2)
    coulomb = E / (4 * np.pi * EPS0)
    limit = coulomb * np.sqrt(2 / np.pi) / 5e-9
    expected = np.where(r > 0, coulomb * special.erf(r / np.sqrt(2) / 5e-9) / np.maximum(r, 1e-12), limit)
    assert np.abs(records["phi"] - expected).max() < 1e-13
    middle, outside = results["probes"]
    assert_stated(readme("blob"), {"phi(0)": [limit, middle["phi"]], "phi(30 nm)": [coulomb * special.erf(6 / np.sqrt(2)) / 30e-9, outside["phi"]],
                                   "total_charge": [E, results["total_charge"]]})
    boxed, _, _ = solve("blob/blob.json", *(f"--set=boundary.{axis}=dirichlet" for axis in "xyz"))
    assert 0.08 < 1 - boxed["probes"][0]["phi"] / limit < 0.12


def test_plane_is_poissons_integral(solve):
    results, records, unit = solve("plane/plane.json")
    assert unit == "V" and not records["phi"][0].any()
    swing = COPPER * GAMMA * 60

    def direct(z):
        return swing * np.exp(-(z - 150e-9) ** 2 / 2 / 200e-9**2)

    def harmonic(z):
        w = z / 200e-9
        return -swing * np.exp(-0.75**2 / 2) * (1 - np.sqrt(np.pi / 2) * w * special.erfcx(w / np.sqrt(2)))

    above, far = results["probes"]
    largest = direct(160e-9)
    assert_stated(readme("plane"), {
        "phi(400 nm)": [direct(400e-9) + harmonic(400e-9), above["phi"]],
        "phi_0(400 nm)": [direct(400e-9), COPPER * (above["S"] - GAMMA * 300)],
        "phi(1.2 um)": [direct(1200e-9) + harmonic(1200e-9), far["phi"]],
        "kappa_S_range": [largest, results["kappa_S_range"]],
        "kT/e": [THERMAL_VOLTAGE, results["thermal_voltage_300K"]],
    })
    open_results, free, _ = solve("plane/plane.json", "--set=boundary.z=open")
    assert np.array_equal(free["phi"], results["kappa"] * (free["S"] - open_results["entropy_at_infinity"]))
    coupling = {"closure": "cell", "cell_volume": "11.81 angstrom^3", "time": "27 fs"}
    left_out, _, _ = solve("plane/plane.json", f"--set=coupling={json.dumps(coupling)}")
    assert abs(left_out["entropy_at_infinity"] / (GAMMA * 300) - 1) < 1e-9


def test_sheet_has_the_field_of_a_plane(solve):
    results, records, _ = solve("sheet/sheet.json")
    q, s, k, z = 1e-3, 4e-9, 2 * np.pi / 40e-9, 40e-9
    difference = 0.5 * q / EPS0 / k * np.exp(k * k * s * s / 2 - k * z)
    mean = -q / EPS0 * (z * special.erf(z / s / np.sqrt(2)) / 2 + s / np.sqrt(2 * np.pi) * np.exp(-z * z / 2 / s / s))
    hill, valley = results["probes"]
    assert_stated(readme("sheet"), {
        "E_z": [q / 2 / EPS0, records["E/z"][100, 0].mean()],
        "phi(hill) - phi(valley)": [difference, hill["phi"] - valley["phi"]],
        "<phi>": [mean, records["phi"][100, 0].mean()],
        "total_charge": [q * 40e-9 * 20e-9, results["total_charge"]],
    })


def test_wire_is_a_logarithm_and_a_bessel_function(solve):
    results, _, _ = solve("wire/wire.json")
    q, s, k, r = E * 1e9, 4e-9, 2 * np.pi / 1024e-9, 24e-9
    line = q / (2 * np.pi * EPS0)
    mean, swing = -line * (np.log(r / 1e-6) + special.exp1(r * r / 2 / s / s) / 2), 0.5 * line * np.exp(k * k * s * s / 2) * special.k0(k * r)
    crest, trough = results["probes"]
    assert_stated(readme("wire"), {
        "phi(crest)": [mean + swing, crest["phi"]],
        "phi(trough)": [mean - swing, trough["phi"]],
        "phi(crest) - phi(trough)": [2 * swing, crest["phi"] - trough["phi"]],
        "gauge_length": [results["gauge_length"]],
    })


# ---- sweep --------------------------------------------------------------------------------------------------------------------

def sweep_row(period):
    """phi_max and E_max for a period in nm."""
    potential = ZINC_BLENDE * 8e4
    return potential, 2 * np.pi / (period * 1e-9) * potential


def assert_sweep(rows, periods):
    assert [float(row[0]) for row in rows] == periods
    for period, *cells in rows:
        for cell, expected in zip(cells, sweep_row(float(period)), strict=True):
            assert agrees(expected, Stated(float(cell), half_digit(cell), "")), (period, cell, expected)


def test_sweep_every_row_is_the_closed_form(shell, tmp_path):
    printed = shell("sh examples/sweep/sweep.sh")
    assert_sweep(table_rows(printed, "phi_max"), [5.0, 10.0, 20.0, 40.0])
    assert table_rows(printed, "phi_max") == table_rows(readme("sweep"), "phi_max")
    lines = [json.loads(line) for line in (tmp_path / "sweep.jsonl").read_text().splitlines()]
    for line, period in zip(lines, (5, 10, 20, 40), strict=True):
        assert line["output"] == f"sweep-{period}nm.h5" and (tmp_path / line["output"]).exists()
        for name, expected in zip(("phi_max", "E_max"), sweep_row(period)):
            assert abs(line["results"][name] / expected - 1) < 1e-9
    assert_stated(readme("sweep"), {"phi_max/(kT/e)": [sweep_row(10)[0] / THERMAL_VOLTAGE, lines[0]["results"]["phi_max"] / THERMAL_VOLTAGE]})


def test_sweep_takes_other_periods(shell):
    assert_sweep(table_rows(shell("sh examples/sweep/sweep.sh 3 7.5"), "phi_max"), [3.0, 7.5])


def test_sweep_stops_at_a_run_that_fails(shell):
    with pytest.raises(AssertionError, match="/grid/lengths/0"):
        shell("sh examples/sweep/sweep.sh 5 -3")


# ---- cold-atoms ---------------------------------------------------------------------------------------------------------------

RUBIDIUM, WIDTH = 86.909 * 1.66053906660e-27, 5e-6


def polylogarithm(order, z):
    return sum(z**k / k**order for k in range(1, 400))


def bose_entropy(n, T):
    """s/(n k_B) = (5/2) g_{5/2}(z)/g_{3/2}(z) - ln z with g_{3/2}(z) = n lambda^3."""
    y = n * (constants.h**2 / (2 * np.pi * RUBIDIUM * K_B * T)) ** 1.5
    z = optimize.brentq(lambda z: polylogarithm(1.5, z) - y, 0, 0.99, xtol=1e-15)
    return n * K_B * (2.5 * polylogarithm(2.5, z) / y - np.log(z))


def front(x, cold, warm, width):
    return (cold + warm) / 2 + (warm - cold) / 2 * special.erf(x / width)


def steepest(S, width):
    """Largest |dS/dx| of a function of x, by central differences on a fine grid over the front."""
    x = np.linspace(-3 * width, 3 * width, 6001)
    return np.abs(np.gradient([S(a) for a in x], x)).max()


def test_cold_atoms_give_the_stated_numbers(solve):
    results, records, unit = solve("cold-atoms/cold-atoms.json")
    slow, slow_records, _ = solve("cold-atoms/cold-atoms.json", "-s", "coupling.time=0.1439")
    assert unit == "V"
    cold, warm, density = 100e-9, 200e-9, 1e18
    speed = 4 * np.sqrt(K_B * warm / (np.pi * RUBIDIUM))
    planck, collisions = HBAR / (K_B * warm), 1 / (density * 8 * np.pi * (100 * constants.physical_constants["Bohr radius"][0]) ** 2 * speed)
    difference = bose_entropy(density * warm / cold, cold) - bose_entropy(density, warm)
    gradient = steepest(lambda x: bose_entropy(density * warm / front(x, cold, warm, WIDTH), front(x, cold, warm, WIDTH)), WIDTH)
    x = -50e-6 + (np.arange(256) + 0.5) * 100e-6 / 256
    atoms = (density * warm / front(x, cold, warm, WIDTH)).mean() * 100e-6 * 400e-12
    volume = 1e-18
    field = kappa(volume, 38.19e-6) * gradient
    assert_stated(readme("cold-atoms"), {
        "cell_volume": [volume], "hbar/(k_B T)": [planck], "1/(n sigma v)": [collisions],
        "atom_number": [results["gas"]["atom_number"], atoms],
        "S(cold) - S(warm)": [np.ptp(records["S"]), difference],
        "phi_max - phi_min": [np.ptp(records["phi"]), kappa(volume, 38.19e-6) * difference],
        "E_max": [results["E_max"], field],
        "phi_max - phi_min (collisions)": [np.ptp(slow_records["phi"]), kappa(volume, 0.1439) * difference],
        "E_max (collisions)": [slow["E_max"], kappa(volume, 0.1439) * gradient],
        "k_B T/e": [K_B * warm / E], "e E_max": [E * field], "e E_max/(m g)": [E * field / (RUBIDIUM * constants.g)],
        "(k_B/e) dT/dx": [K_B / E * (warm - cold) / np.sqrt(np.pi) / WIDTH],
    })
    text = readme("cold-atoms")
    assert f"{results['gas']['entropy_per_atom_k_B']:.2f} k_B of entropy per atom" in text
    assert f"`{HBAR / E * difference:.3e} V s J K^-1 m^-3`" in text
    assert 3000 < 0.01 / field < 3200 and 1e7 < 0.01 / slow["E_max"] < 1.2e7
    assert results["gas"]["condensate_number"] == 0


# ---- thermoelectric-film ------------------------------------------------------------------------------------------------------

WELL_MASS, WELL_DENSITY, WELL_DEPTH = 0.067 * constants.m_e, 4e15, 10e-9


def well_entropy(T):
    """k_B (m k_B T/(pi hbar^2)) [2 F_1(eta) - eta F_0(eta)]/thickness; F_1(eta) = -Li_2(-e^eta), spence(z) = Li_2(1 - z)."""
    states = WELL_MASS * K_B * T / (np.pi * HBAR**2)
    eta = np.log(np.expm1(WELL_DENSITY / states))
    return K_B * states * (-2 * special.spence(1 + np.exp(eta)) - eta * np.log1p(np.exp(eta))) / WELL_DEPTH


def test_thermoelectric_film_gives_the_stated_numbers(solve):
    results, records, unit = solve("thermoelectric-film/quantum-well.json")
    assert unit == "V"
    low, high = well_entropy(77.0), well_entropy(87.0)
    number = WELL_DENSITY / WELL_DEPTH
    coupling = kappa(2.5e-24, 3.8e-12)
    seebeck = integrate.quad(lambda T: well_entropy(T) / (number * E), 77, 87)[0]
    assert_stated(readme("thermoelectric-film"), {
        "particle_number": [results["thermal"]["particle_number"], WELL_DENSITY * 4e-6 * 500e-9],
        "10 nm/n_s": [WELL_DEPTH / WELL_DENSITY], "m mu/e": [WELL_MASS * 10 / E],
        "S(77 K)": [results["S_min"], low], "S(87 K)": [results["S_max"], high],
        "phi_max - phi_min": [np.ptp(records["phi"]), coupling * (high - low)],
        "E_max": [results["E_max"], coupling * steepest(lambda x: well_entropy(front(x, 77.0, 87.0, 200e-9)), 200e-9)],
        "S/(n e)": [low / (number * E)], "thermoelectric voltage": [seebeck], "kT/e": [K_B * 77 / E], "hbar/(e tau)": [HBAR / (E * 3.8e-12)],
    })
    text = readme("thermoelectric-film")
    assert f"{low / (number * K_B):.3f} k_B and {high / (number * K_B):.3f} k_B per electron" in text
    assert f"{seebeck / np.ptp(records['phi']):.0f} times the entropic potential" in text and 340 < K_B * 77 / E / np.ptp(records["phi"]) < 355


# ---- nanopattern --------------------------------------------------------------------------------------------------------------

def expected_spread():
    """(std between the ends, std of the tips): Gaussian disorder of 1e4 J/(K m^3) correlated over 15 nm, ends 200 nm wide and periodic."""
    one = np.sqrt(2) * ZINC_BLENDE * 1e4
    return one * np.sqrt(np.sqrt(np.pi) * 15 / 200), one * np.sqrt(1 - np.exp(-2 * (25 / 15) ** 2))


def test_nanopattern_statistics_over_32_seeds(shell, tmp_path):
    printed = table_rows(shell("sh examples/nanopattern/nanopattern.sh"), "32 seeds")
    stated = table_rows(readme("nanopattern"), "32 seeds")
    assert printed == stated
    for (name, mean, spread), middle, expected in zip(printed, (0, ZINC_BLENDE * -9e4), expected_spread(), strict=True):
        assert abs(float(mean) * 1e-3 - middle) < 2 * expected / np.sqrt(32), name
        assert abs(float(spread) * 1e-3 / expected - 1) < 2 / np.sqrt(62), name
    lines = [json.loads(line) for line in (tmp_path / "nanopattern.jsonl").read_text().splitlines()]
    assert len({line["results"]["probes"][0]["phi"] for line in lines}) == 32, "every seed is another sample"
    assert_stated(readme("nanopattern"), {
        "mean": [2.36e6], "dot": [-9e4], "rms": [1e4], "kappa dot": [ZINC_BLENDE * -9e4 * 1e3],
        "std of the ends": [expected_spread()[0] * 1e3], "std of the tips": [expected_spread()[1] * 1e3]})
    assert "`0.37 K`" in readme("nanopattern") and round(expected_spread()[0] / 300e-6, 2) == 0.37


# ---- erased-bits --------------------------------------------------------------------------------------------------------------

def test_erased_bits_gives_the_stated_numbers(call, tmp_path):
    done = call("--json", "-f", "-o", tmp_path / "bits.h5", EXAMPLES / "erased-bits" / "erased-bits.json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    bit, volume, t = K_B * np.log(2), 2e-24, 0.25e-9 * np.arange(73)
    step = HBAR * np.log(2) / (E * 1e-9)
    left = np.clip(1 - (t[:, None] - 1e-9 * np.arange(1, 17)) / 0.5e-9, 0, 1)     # of each cell, at each time
    assert np.allclose(results["bits"]["entropy"], left.sum(axis=1) * bit, rtol=0, atol=1e-13 * 16 * bit)
    first, last = results["probes"]
    for probe, cell in ((first, 0), (last, 15)):
        assert np.allclose(probe["phi"], step * (left[:, cell] - left.mean(axis=1)), rtol=0, atol=1e-12 * step)
        assert np.allclose(probe["dS_dt"], np.gradient(left[:, cell], t) * bit / volume, rtol=0, atol=1e-9 * bit / volume / 0.5e-9)
    with h5py.File(tmp_path / "bits.h5") as file:
        assert np.array_equal(file["series/probes/first/phi"][...], first["phi"]) and len(file["data"]) == 73
    rate = -bit / volume / 0.5e-9
    heat = K_B * 300 * np.log(2)
    warming = heat / 1.66e6 / volume
    assert_stated(readme("erased-bits"), {
        "16 k_B ln 2": [16 * bit, results["bits"]["entropy"][0]], "tau": [1e-9], "step": [step, last["phi"][6] - first["phi"][6]],
        "first": [-15 / 16 * step, first["phi"][6]], "last": [step / 16, last["phi"][6]], "dS/dt": [rate, min(first["dS_dt"])], "heat": [heat], "kT ln 2/e": [heat / E],
        "hbar/kT": [HBAR / K_B / 300], "ratio": [step / (heat / E)], "warming": [warming], "thermoelectric": [warming * 100e-6]})
