"""If this fails, a bad or ambiguous input passes unseen: values that are not finite under --check, times that run backwards, corners
whose faces disagree, coordinates that the grid does not have."""
import h5py
import numpy as np
import pytest


def bar(**changes):
    return {"grid": {"points": [8], "lengths": [1]}, "entropy": "x", "output": {"file": "out.h5", "fields": ["S", "phi"]}, **changes}


@pytest.mark.parametrize("changes, code", [
    ({"entropy": "1/(x - 0.0625)"}, 4),
    ({"materials": {"conductivity": "-x"}}, 4),
    ({"entropy": {"regions": [{"where": "x < 0.5", "value": 1}]}}, 3),
    ({"entropy": {"hdf5": "in.h5", "dataset": "/S"}}, 4),
    ({"entropy": {"sum": ["x", "1e308*(1+x)", "1e308*(1+x)"]}}, 4),
])
def test_check_gives_the_code_of_the_run_for_bad_values(run, tmp_path, changes, code):
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["S"] = [0, 1, 2, np.nan, 4, 5, 6, 7]
    checked, ran = run(bar(**changes), "--check"), run(bar(**changes))
    assert (checked.returncode, ran.returncode) == (code, code)
    assert checked.json["errors"] == ran.json["errors"]
    assert not list(tmp_path.glob("out*"))


def test_check_evaluates_boundary_values(run):
    config = {"grid": {"points": [8, 8], "lengths": [1, 1]}, "boundary": {"x": {"low": {"dirichlet": "log(y - 0.5)"}, "high": "natural"}}}
    assert run(config, "--check").returncode == 4
    assert run(config).returncode == 4


@pytest.mark.parametrize("times", [[0, 0.5, 0.2], [1, 1, 2]])
def test_times_of_a_series_must_increase(run, tmp_path, times):
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["S"] = np.arange(24.0).reshape(3, 8)
        file["times"] = times
    result = run(bar(entropy={"hdf5": "in.h5", "dataset": "/S"}))
    assert result.returncode == 4
    assert "must increase" in result.stderr


@pytest.mark.parametrize("sampling", ["cell", "node"])
def test_coordinates_that_the_grid_lacks_are_zero(run, tmp_path, sampling):
    config = bar(entropy="x + 10*y + 100*z")
    config["grid"]["sampling"] = sampling
    assert run(config).returncode == 0
    x = (np.arange(8) + (0.5 if sampling == "cell" else 0)) / 8
    with h5py.File(tmp_path / "out.h5") as file:
        assert np.array_equal(file["data/0/meshes/S"][...], x)


@pytest.mark.parametrize("other, warned", [("4", True), ("1 + 1e-15*y", False)])
def test_nodes_shared_by_faces_that_disagree_hold_the_mean_and_are_warned_about(run, tmp_path, other, warned):
    face = {"dirichlet": 1}
    config = {"grid": {"points": [9, 9], "lengths": [1, 1], "sampling": "node"}, "output": {"file": "out.h5", "fields": ["phi"]},
              "boundary": {"x": {"low": face, "high": face}, "y": {"low": {"dirichlet": other}, "high": face}}}
    result = run(config)
    assert result.returncode == 0
    assert ("disagree" in result.stderr) == warned
    if warned:
        with h5py.File(tmp_path / "out.h5") as file:
            assert file["data/0/meshes/phi"][0, 0] == 2.5


def test_a_leading_zero_names_the_number_alone(run):
    result = run('{"grid": {"points": [08], "lengths": [1]}, "entropy": "x"}')
    assert result.returncode == 3
    assert result.json["errors"][0]["message"].endswith('"08"')


def test_a_fault_of_a_default_is_not_blamed_on_an_override_beside_it(run):
    config = {"grid": {"points": [8], "lengths": [1]}, "entropy": "x"}
    result = run(config, "--set", "output.deflate=1", "-o", "nowhere/out.h5")
    assert result.returncode == 7
    assert "--set" not in result.stderr
