"""If this fails, a run that cannot fit takes the machine down instead of saying so, or holds more fields than it must."""
import json
import pathlib
import subprocess
import time

import pytest

VOLTS = {"closure": "custom", "value": 2e15, "unit": "K m^3 J^-1 s^-1"}
HUGE = {"grid": {"points": [100000] * 3, "lengths": [1, 1, 1]}, "entropy": "x*y", "boundary": {"x": "dirichlet"}}


@pytest.mark.parametrize("options", [[], ["--check"]])
@pytest.mark.parametrize("limits", [{}, {"limits": {"memory": "8 GB"}}])
def test_a_grid_that_cannot_fit_is_refused_at_once(run, tmp_path, options, limits):
    start = time.monotonic()
    result = run({**HUGE, **limits, "output": {"fields": ["phi", "E", "J_S"]}}, *options)
    assert result.returncode == 8 and "memory" in result.json["errors"][0]["code"], result.stderr
    assert time.monotonic() - start < 5
    assert not list(tmp_path.glob("*.h5*"))


def test_the_limit_is_where_the_estimate_says(run, small):
    estimate = run(small, "--check").json["estimated_bytes"]
    assert run({**small, "limits": {"memory": estimate}}, "--check").returncode == 0
    assert run({**small, "limits": {"memory": estimate - 1}}, "--check").returncode == 8


def peak(program, folder, config):
    (folder / "case.json").write_text(json.dumps(config))
    result = subprocess.run([program, "--json", "-f", "-t", "2", "case.json"], cwd=folder, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["peak_rss"]


def measured(program, tmp_path, changes, n):
    """(peak of n^3 above a tiny run, estimate of n^3), in full fields."""
    def config(n):
        config = {"grid": {"points": [n] * 3, "lengths": [1, 1, 1]}, **changes}
        return {**config, "output": {"xdmf": False, "fields": ["phi"]}}

    base, field = peak(program, tmp_path, config(8)), 8 * n**3
    most = peak(program, tmp_path, config(n))
    checked = subprocess.run([program, "--json", "-f", "--check", "case.json"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    return (most - base) / field, json.loads(checked.stdout)["estimated_bytes"] / field


@pytest.mark.parametrize("changes", [
    dict(entropy="sin(9*x)*y", boundary={"x": "dirichlet", "z": "natural"}),
    dict(entropy="cos(2*pi*x)*cos(2*pi*y)", boundary={"x": "neumann", "y": "neumann", "z": "natural"}),
    dict(entropy="cos(2*pi*x)*cos(2*pi*y)", boundary={"x": "neumann", "y": "neumann", "z": "natural"}, solver={"derivative": "spectral"}),
    dict(entropy="sin(9*x)*y", boundary={"x": "dirichlet"}, materials={"permittivity": "2 + sin(9*x)*cos(7*z)"}),
    dict(entropy="sin(9*x)*y", coupling=VOLTS, materials={"conductivity": "2 + sin(9*x)*cos(7*z)"},
         electrodes=[{"name": "a", "face": "x-low"}, {"name": "b", "where": "x > 0.8"}]),
], ids=["dirichlet", "neumann alone", "neumann alone, spectral", "dielectric", "device"])
def test_the_estimate_is_not_exceeded(program, tmp_path, changes):
    """If this fails, --check and limits.memory let through what does not fit. The slack is what threads and libraries take."""
    if b"__asan_init" in pathlib.Path(program).read_bytes():
        pytest.skip("a sanitized program holds shadow memory beside its own")
    most, estimated = measured(program, tmp_path, changes, 128)
    print(f"{most:.2f} fields, {estimated:.2f} estimated")
    assert most <= estimated + 0.3


# What must be held at once, as full fields: inputs (S, charge), and the one output component that is being derived.
HELD = {
    "entropy between walls": (dict(entropy="sin(9*x)*y", boundary={"x": "dirichlet", "z": "natural"}), 2),
    "charge": (dict(charge="1e-11*cos(2*pi*x)", output={"fields": ["phi_rho", "E"]}), 2),
    "periodic": (dict(entropy="sin(2*pi*x)*y"), 2),
}


@pytest.mark.parametrize("changes, held", HELD.values(), ids=HELD.keys())
def test_peak_memory(program, tmp_path, changes, held):
    """192^3 above a tiny run: at most inputs + outputs held at once + 1.12 fields (the solution itself, and 7 MB for data on faces, lines of threads and
    the file). Linux counts the memory of whoever started a program as its own peak until it holds more itself, so a tiny run of less than 28 MB seems
    larger than it is: with that head start 3.11 fields between walls looked like 3.08."""
    def config(n):
        config = {"grid": {"points": [n] * 3, "lengths": [1, 1, 1]}, **changes}
        return {**config, "output": {"xdmf": False, **config.get("output", {"fields": ["phi", "E", "J_S"]})}}

    if b"__asan_init" in pathlib.Path(program).read_bytes():
        pytest.skip("a sanitized program holds shadow memory beside its own")
    base, field = peak(program, tmp_path, config(8)), 8 * 192**3
    fields = (peak(program, tmp_path, config(192)) - base) / field
    print(f"{fields:.2f} fields above the {base / 1e6:.0f} MB of a tiny run; {held} + 1.12 allowed")
    assert fields <= held + 1.12
