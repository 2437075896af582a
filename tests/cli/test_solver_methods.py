"""If this fails, a device's voltage depends on which solver was chosen, the choice or its reason is not what is documented, or bits depend on threads."""
import h5py
import numpy as np
import pytest

NOISE = "max(1e-6, sin(1e4*x*x + 7e3*y + 5e3*z*y) > 0)"


def device(sigma, method="auto", points=(20, 21, 22)):
    return {"grid": {"points": list(points), "lengths": ["1 m", "0.9 m", "1.1 m"]}, "entropy": "x + 0.2*y*y",
            "materials": {"conductivity": sigma}, "boundary": {axis: "natural" for axis in "xyz"},
            "coupling": {"closure": "cell", "cell_volume": "11.81 angstrom^3", "time": "27 fs"},
            "electrodes": [{"name": "a", "face": "x-low", "voltage": "0 V"}, {"name": "b", "where": "x > 0.9 && y < 0.5"}],
            "solver": {"method": method}, "output": {"fields": ["V"]}}


@pytest.fixture
def has_hypre(call):
    return "hypre (not built in)" not in call("--version").stdout


@pytest.fixture
def solve(run, tmp_path):
    def solve_one(config, *options):
        done = run(config, "-f", "-v", *options)
        assert done.returncode == 0, done.stderr
        with h5py.File(tmp_path / "case.h5") as file:
            return file["V"][...], done.stderr
    return solve_one


def test_methods_agree_and_threads_change_no_bit(solve, has_hypre):
    fields = {}
    for method in ("pcg-fft", "pcg-mg") + (("pcg-amg",) if has_hypre else ()):
        config = device("sin(9*x)*cos(7*y + z) > 0 ? 50 : 1", method, points=(20, 33, 31))
        fields[method], text = solve(config, "-t", 1)
        assert method in text
        again, _ = solve(config, "-t", 3)
        assert again.tobytes() == fields[method].tobytes(), method
    for method, values in fields.items():
        assert np.abs(values - fields["pcg-mg"]).max() <= 1e-9 * np.abs(fields["pcg-mg"]).max(), method


@pytest.mark.parametrize("sigma, method, why", [
    (NOISE, "pcg-amg", "from cell to cell"),
    ("x < 0.6 ? 1 : 1e-7", "pcg-mg", "electrodes that are regions"),
    ("z < 0.3 ? 0 : 2", "pcg-mg", "insulating"),
], ids=["noise", "film", "insulator"])
def test_the_choice_and_its_reason(solve, has_hypre, sigma, method, why):
    values, text = solve(device(sigma))
    assert (method if has_hypre else "pcg-mg") in text and why in text
    assert has_hypre or method != "pcg-amg" or "no hypre" in text
    reference, _ = solve(device(sigma, "pcg-mg"))
    assert np.array_equal(np.isnan(values), np.isnan(reference))
    assert np.nanmax(np.abs(values - reference)) <= 1e-6 * np.nanmax(np.abs(reference))


def test_what_the_build_lacks_is_a_configuration_error(run, has_hypre, tmp_path):
    if has_hypre:
        pytest.skip("this build has hypre; tests/slow/test_without_hypre.py builds without")
    done = run(device(NOISE, "pcg-amg"))
    assert done.returncode == 3 and "libhypre-dev" in done.stderr and not list(tmp_path.glob("*.h5"))


def test_amg_writes_nothing_but_results_on_standard_output(call, write, has_hypre):
    """hypre and MPI are libraries that like to print."""
    if not has_hypre:
        pytest.skip("this build has no hypre")
    done = call(write(device(NOISE, "pcg-amg")), "-q", env={"HOME": "/nonexistent", "TMPDIR": "/nonexistent", "PATH": "/nonexistent"})
    assert done.returncode == 0 and done.stdout == "" and done.stderr == ""
