"""If this fails, a message about an input file or an output leaves its reader to search the configuration for the key that is meant."""
import re


def test_a_fault_of_an_input_file_has_the_place_of_its_key(run, small):
    small["entropy"] = {"hdf5": "none.h5", "dataset": "/S"}
    result = run(small)
    error = result.json["errors"][0]
    assert result.returncode == 4 and error["file"].endswith("none.h5") and error["path"] == "/entropy"
    line = result.config.read_text().splitlines()[error["line"] - 1]
    assert '"entropy": {' in line and line[error["column"] - 1] == "{"
    assert re.match(rf"{re.escape(str(result.config))}:{error['line']}:{error['column']}: /entropy: .*none.h5", result.stderr)


def test_a_fault_from_an_override_names_the_option(run, small):
    result = run(small, "-s", "entropy.hdf5=none.h5", "-s", 'entropy={"hdf5": "none.h5", "dataset": "/S"}')
    assert result.returncode in (3, 4) and "--set entropy" in result.stderr


def test_one_component_is_singular(run, small):
    small["grid"] = {"points": [8], "lengths": [1]}
    result = run(small, "--check")
    assert "E (electric field)" in result.stderr and "1 component\n" in result.stderr and "1 components" not in result.stderr
