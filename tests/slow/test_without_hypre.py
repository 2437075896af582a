"""If this fails, the program cannot be built or does not work where the optional library hypre is absent (or switched off), or says something else than
what is missing. Takes minutes: ctest -C Slow -L slow."""
import json
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASE = {"grid": {"points": [12, 12, 12], "lengths": ["1 m", "1 m", "1 m"]}, "entropy": "x",
        "materials": {"conductivity": "max(1e-6, sin(1e4*x*x + 7e3*y + 5e3*z*y) > 0)"}, "boundary": {axis: "natural" for axis in "xyz"},
        "coupling": {"closure": "cell", "cell_volume": "11.81 angstrom^3", "time": "27 fs"},
        "electrodes": [{"name": "a", "face": "x-low", "voltage": "0 V"}, {"name": "b", "face": "x-high"}],
        "solver": {"method": "pcg-amg"}, "output": {"fields": ["V"]}}


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DQEP_HYPRE=OFF", "-DQEP_BUILD_TESTS=ON", "-DQEP_BUILD_BENCH=OFF", "-DQEP_WERROR=ON"],
                   check=True, capture_output=True)
    subprocess.run(["cmake", "--build", folder, "--target", "qep-solve", "test_elliptic", "test_conduction"], check=True, capture_output=True, timeout=1800)
    return folder


def test_the_version_says_that_it_is_absent(build):
    assert "hypre (not built in)" in subprocess.run([build / "qep-solve", "--version"], text=True, capture_output=True, check=True).stdout


def test_the_solvers_work_without(build):
    for name in ("test_elliptic", "test_conduction"):
        subprocess.run([build / "tests" / name], check=True, capture_output=True, timeout=600)


def test_pcg_amg_is_a_configuration_error_that_says_what_to_do(build, tmp_path):
    (tmp_path / "case.json").write_text(json.dumps(CASE))
    done = subprocess.run([build / "qep-solve", "case.json"], cwd=tmp_path, text=True, capture_output=True)
    assert done.returncode == 3
    assert "libhypre-dev" in done.stderr and "/solver/method" in done.stderr and "pcg-mg" in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["case.json"]
