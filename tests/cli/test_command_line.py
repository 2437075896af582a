"""If this fails, scripts that rely on exit codes, on what goes to standard output, or on one JSON line per configuration break."""
import json
import os
import pathlib
import resource
import signal
import subprocess
import time

import h5py
import numpy as np
import pytest


# ---- Usage: exit 2, one line, standard output empty ------------------------------------------------------------------------

USAGE = {
    "nothing": ([], "no configuration given"),
    "unknown option": (["--ouput", "x", "a.json"], 'did you mean "--output"'),
    "unknown letter": (["-Z", "a.json"], '"-Z"'),
    "ambiguous": (["--p", "a.json"], "ambiguous"),
    "argument missing": (["a.json", "-o"], "--output needs FILE"),
    "argument too many": (["--json=yes", "a.json"], "takes no argument"),
    "no threads": (["-t", "0", "a.json"], "whole number"),
    "half threads": (["-t", "1.5", "a.json"], "whole number"),
    "endless threads": (["-t", "99999999999999999999", "a.json"], "whole number"),
    "unknown plan": (["--plan", "fast", "a.json"], "estimate|measure|patient"),
    "unknown progress": (["--progress", "sometimes", "a.json"], "auto|always|never"),
    "one output for two": (["-o", "x.h5", "a.json", "b.json"], "several configurations"),
    "result without output": (["a.h5"], "--output"),
    "two standard inputs": (["-", "-"], "standard input"),
    "empty output": (["-o", "", "a.json"], "empty"),
    "quiet and verbose": (["-q", "-v", "a.json"], "contradict"),
    "unknown topic": (["--list", "unitz"], 'did you mean "units"'),
    "no assignment": (["-s", "grid.points", "case.json"], "grid.points"),
    "unclosed index": (["-s", "grid.points[0=3", "case.json"], "grid.points[0"),
}


@pytest.mark.parametrize("arguments, expected", USAGE.values(), ids=USAGE.keys())
def test_usage_errors(call, write, small, arguments, expected):
    write(small)
    result = call(*arguments)
    assert result.returncode == 2
    assert expected in result.stderr and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert list(pathlib.Path(write(small)).parent.glob("*.h5")) == []


# ---- Every kind of failure has its code, a message with a place, and no litter ---------------------------------------------

def changed(small, section, key, value):
    small.setdefault(section, {})[key] = value
    return small


def set_top(small, key, value):
    small[key] = value
    return small


FAILURES = {
    "not JSON": (3, lambda c: '{"grid": {"points": [4,]}}'),
    "empty": (3, lambda c: ""),
    "unknown key": (3, lambda c: changed(c, "grid", "spcaing", 1)),
    "unknown unit": (3, lambda c: changed(c, "grid", "lengths", ["1 parsec", "1 nm", "1 nm"])),
    "wrong unit": (3, lambda c: changed(c, "grid", "lengths", ["1 K", "1 nm", "1 nm"])),
    "unknown name": (3, lambda c: set_top(c, "entropy", "1e3*foo")),
    "periodic one side": (3, lambda c: set_top(c, "boundary", {"x": {"low": "periodic", "high": "dirichlet"}})),
    "missing input": (4, lambda c: set_top(c, "entropy", {"hdf5": "nowhere.h5", "dataset": "/S"})),
    "not finite": (4, lambda c: set_top(c, "entropy", "1/(x-x)")),
    "not solvable": (5, lambda c: set_top({**c, "coupling": {"closure": "cell", "cell_volume": 1e-28, "time": 1e-15}}, "charge", 1.0)),
    "missing folder": (7, lambda c: changed(c, "output", "file", "no/such/folder/out.h5")),
    "over the limit": (8, lambda c: {**c, "grid": {"points": [64] * 3, "lengths": [1, 1, 1]}, "limits": {"memory": "1 MB"}}),
    "too large": (8, lambda c: {**c, "grid": {"points": [100000] * 3, "lengths": [1, 1, 1]}}),
}


@pytest.mark.parametrize("code, change", FAILURES.values(), ids=FAILURES.keys())
def test_failures(run, small, tmp_path, code, change):
    result = run(change(small))
    assert result.returncode == code, result.stderr
    assert result.json["status"] == "error" and result.json["exit"] == code
    assert result.json["config"] == str(result.config)
    assert result.json["errors"] and all({"code", "path", "message"} <= error.keys() for error in result.json["errors"])
    assert result.stderr.startswith(str(result.config)), result.stderr
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "cache") == ["case.json"], "a failed run leaves nothing"


def test_a_missing_configuration_is_exit_3(call):
    result = call("--json", "nowhere.json")
    assert result.returncode == 3 and "nowhere.json" in result.stderr
    assert json.loads(result.stdout)["exit"] == 3


def test_an_error_names_line_column_path_and_suggests(run):
    text = '{\n  "grid": {"points": [4], "lengths": [1]},\n  "entropy": 1,\n  "boundary": {"x": {"low": "dirichelt", "high": "dirichlet"}}\n}\n'
    result = run(text)
    assert result.returncode == 3
    error = result.json["errors"][0]
    column = text.splitlines()[3].index('"dirichelt"') + 1
    assert (error["path"], error["line"], error["column"]) == ("/boundary/x/low", 4, column)
    first, source, caret = result.stderr.splitlines()[:3]
    assert first.startswith(f"{result.config}:4:{column}: /boundary/x/low: ") and 'did you mean "dirichlet"' in first
    assert source.strip() == text.splitlines()[3].strip()
    assert caret.index("^") == source.index('"dirichelt"')


def test_all_faults_of_a_configuration_come_in_one_run(run, small):
    small["grid"]["spcaing"] = 1
    small["solver"] = {"derivative": "fd3"}
    small["outptu"] = {}
    result = run(small)
    assert result.returncode == 3
    assert {e["path"] for e in result.json["errors"]} == {"/grid/spcaing", "/solver/derivative", "/outptu"}


def test_set_of_an_unknown_key_is_exit_3(run, small):
    assert run(small, "-s", "grid.pionts[0]=3").returncode == 3


# ---- What goes where ------------------------------------------------------------------------------------------------------------

def test_json_line_of_a_success(run, small, tmp_path):
    result = run(small, "-t", "2")
    assert result.returncode == 0 and len(result.stdout.splitlines()) == 1
    line = result.json
    assert (line["status"], line["exit"], line["config"], line["threads"]) == ("ok", 0, str(result.config), 2)
    assert set(line["seconds"]) == {"total", "read", "plan", "solve", "derive", "write"}
    assert 0 < line["seconds"]["total"] < 60 and 1e6 < line["peak_rss"] < 1e10
    with h5py.File(tmp_path / line["output"]) as file:
        attributes = file["/data/0/results"].attrs
        scalars = {k: v for k, v in line["results"].items() if not isinstance(v, (list, dict))}
        assert "residual" in scalars
        for name, value in scalars.items():
            assert float(attributes[name]) == float(value)


def test_standard_output_is_empty_without_json(call, write, small):
    result = call(write(small))
    assert result.returncode == 0 and result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith("done: case.h5")


def test_quiet_is_silent_and_verbose_is_not(call, write, small):
    path = write(small)
    quiet = call("-q", path)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    verbose = call("-v", "-f", path)
    assert len(verbose.stderr.splitlines()) > len(call("-f", path).stderr.splitlines())


def test_frames_become_arrays(run, small):
    small["entropy"] = "1e3*(1 + t*sin(2*pi*x/12e-9))"
    small["time"] = {"times": [0, 1, 2]}
    line = run(small).json
    assert len(line["results"]["residual"]) == 3


def test_standard_output_that_cannot_be_written_is_exit_7(program, write, small, tmp_path):
    path = write(small)
    with open("/dev/full", "w") as full:
        result = subprocess.run([program, "--json", str(path)], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, timeout=60)
    assert result.returncode == 7 and b"standard output" in result.stderr
    assert (tmp_path / "case.h5").exists(), "the result itself is not lost"


def test_closed_standard_output_never_becomes_a_result_file(program, write, small, tmp_path):
    result = subprocess.run(["sh", "-c", '"$0" "$1" >&- 2>&-', program, str(write(small))], cwd=tmp_path, timeout=60)
    assert result.returncode == 0
    assert h5py.is_hdf5(tmp_path / "case.h5")


# ---- Several configurations, standard input, results as configurations ---------------------------------------------------------

def test_several_configurations_all_run_and_the_largest_code_wins(call, write, small):
    good, bad = write(small, "good.json"), write({**small, "entropy": "1/(x-x)"}, "bad.json")
    last = write(small, "last.json")
    result = call("--json", bad, "missing.json", good, last)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["exit"] for line in lines] == [4, 3, 0, 0] and result.returncode == 4
    assert (good.with_suffix(".h5")).exists() and last.with_suffix(".h5").exists()


def test_standard_input(call, small, tmp_path):
    result = call("--json", "-o", "out.h5", "-", stdin=json.dumps(small))
    assert result.returncode == 0, result.stderr
    line = json.loads(result.stdout)
    assert line["config"] == "<stdin>" and (tmp_path / line["output"]).name == "out.h5" and (tmp_path / "out.h5").exists()


def test_a_result_runs_again_as_a_configuration(call, write, small, tmp_path):
    small["grid"]["points"] = [12, 6, 4]
    assert call(write(small), "-s", "grid.points[0]=8").returncode == 0
    again = call("-o", "again.h5", "case.h5")
    assert again.returncode == 0, again.stderr
    with h5py.File(tmp_path / "case.h5") as first, h5py.File(tmp_path / "again.h5") as second:
        assert first["phi"].shape == (4, 6, 8)
        np.testing.assert_array_equal(first["phi"][...], second["phi"][...])


def test_options_may_follow_configurations_and_end_with_dashes(call, write, small, tmp_path):
    write(small, "-odd.json")
    result = call("-q", "-o", "odd.h5", "--", "-odd.json")
    assert result.returncode == 0 and (tmp_path / "odd.h5").exists(), result.stderr


# ---- Options that change or avoid work --------------------------------------------------------------------------------------------

def test_set_overrides_a_value(call, write, small, tmp_path):
    result = call(write(small), "--set", "grid.points[2]=5", "--set", "solver.derivative=fd2", "--set", 'output.fields=["phi"]')
    assert result.returncode == 0, result.stderr
    with h5py.File(tmp_path / "case.h5") as file:
        assert file["phi"].shape == (5, 9, 12) and "E" not in file


def test_check_writes_nothing_and_gives_the_codes_of_the_run(run, small, tmp_path):
    result = run(small, "--check")
    assert result.returncode == 0, result.stderr
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["case.json"]
    assert result.json["estimated_bytes"] > 12 * 9 * 10 * 8
    assert run({**small, "grdi": 1}, "--check").returncode == 3
    assert run({**small, "entropy": {"hdf5": "nowhere.h5", "dataset": "/S"}}, "--check").returncode == 4
    assert run({**small, "output": {"file": "no/such/folder/out.h5"}}, "--check").returncode == 7
    assert run({**small, "grid": {"points": [100000] * 3, "lengths": [1, 1, 1]}}, "--check").returncode == 8


def test_an_existing_output_is_refused_replaced_or_recognised(call, write, small, tmp_path):
    path = write(small)
    assert call(path).returncode == 0
    before = (tmp_path / "case.h5").read_bytes()
    refused = call(path)
    assert refused.returncode == 7 and "--force" in refused.stderr and "--skip-done" in refused.stderr
    assert (tmp_path / "case.h5").read_bytes() == before

    skipped = call("--json", "--skip-done", path)
    assert skipped.returncode == 0 and json.loads(skipped.stdout)["skipped"] is True
    assert (tmp_path / "case.h5").read_bytes() == before

    other = ["-s", "grid.points[0]=8"]
    assert call("--skip-done", *other, path).returncode == 7
    assert (tmp_path / "case.h5").read_bytes() == before
    assert call("--skip-done", "-f", *other, path).returncode == 0
    with h5py.File(tmp_path / "case.h5") as file:
        assert file["phi"].shape[-1] == 8


def test_the_configuration_is_never_replaced_by_its_result(call, write, small):
    """If this fails, -f together with a wrong -o destroys what somebody wrote by hand."""
    path = write(small)
    before = path.read_bytes()
    for option in ("--force", "--check"):
        refused = call("-f", option, "-o", path, path)
        assert refused.returncode == 7 and "is the input" in refused.stderr
        assert path.read_bytes() == before


def test_a_result_may_be_made_again_in_place(call, write, small, tmp_path):
    assert call(write(small)).returncode == 0
    assert call("-f", "-o", tmp_path / "case.h5", tmp_path / "case.h5").returncode == 0


def test_one_mistake_is_one_message(call, write, small):
    """If this fails, an unreadable time of the closure is followed by a complaint about the kappa that was never computed."""
    coupling = {"closure": "cell", "cell_volume": "11.81 angstrom^3", "time": "27 fz"}
    done = call("--json", write({**small, "coupling": coupling}))
    assert [error["path"] for error in json.loads(done.stdout)["errors"]] == ["/coupling/time"]


def test_a_missing_comma_names_the_quote_that_follows(call, tmp_path):
    path = tmp_path / "typo.json"
    path.write_text('{"entropy": "x" "grid": 1}')
    done = call(path)
    assert done.returncode == 3 and 'is expected, found a double quote' in done.stderr


def test_print_config_prints_what_would_run(call, write, small, tmp_path):
    result = call("--print-config", "-s", "grid.points[0]=6", write(small))
    assert result.returncode == 0, result.stderr
    effective = json.loads(result.stdout)
    assert effective["grid"]["points"][0] == 6 and effective["grid"]["sampling"] == "cell"
    assert not (tmp_path / "case.h5").exists()
    assert call("--print-config", write({**small, "grdi": 1})).returncode == 3


def test_schema_accepts_what_the_program_accepts(call, small):
    import jsonschema
    schema = json.loads(call("--schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(small, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**small, "grdi": 1}, schema)


def test_version_lists_dependencies(call):
    text = call("--version").stdout
    assert text.startswith("qep-solve ")
    for library in ("FFTW", "HDF5", "cJSON", "muParser", "xxHash", "Nettle", "OpenMP"):
        assert library.lower() in text.lower()


def test_threads_come_from_option_environment_or_machine(run, small):
    assert run(small, "-f", "-t", "3", env={"OMP_NUM_THREADS": "2"}).json["threads"] == 3
    assert run(small, "-f", env={"OMP_NUM_THREADS": "2"}).json["threads"] == 2
    cores = run(small, "-f", env={"OMP_NUM_THREADS": None}).json["threads"]
    assert 1 <= cores <= len(os.sched_getaffinity(0))


# ---- Progress and colour -----------------------------------------------------------------------------------------------------------

def test_progress_is_for_terminals_unless_asked(call, write, small):
    small["grid"]["points"] = [64, 64, 64]
    path = write(small)
    assert "[" not in call("-f", "-v", path).stderr.split("done:")[0].replace("[nz", "")
    shown = call("-f", "--progress", "always", path, env={"NO_COLOR": "1"})
    assert "%" in shown.stderr and "\x1b" not in shown.stderr
    assert shown.stderr.splitlines()[-1].startswith("done: "), "the bar is erased at the end"
    assert "%" not in call("-f", "--progress", "never", path).stderr


def on_a_terminal(program, arguments, folder, **environment):
    """What the program writes to standard error when that is a terminal."""
    import pty
    ours, theirs = pty.openpty()
    environ = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    process = subprocess.Popen([program, *map(str, arguments)], cwd=folder, stderr=theirs, env={**environ, "TERM": "xterm", **environment})
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 4096):
            text += chunk
    except OSError:  # end of a terminal on Linux
        pass
    os.close(ours)
    assert process.wait(timeout=60) == 0, text
    return text.decode()


def test_on_a_terminal_the_bar_is_drawn_and_erased(program, write, small, tmp_path):
    small["grid"]["points"] = [48, 48, 48]
    small["entropy"] = "1e3*(1 + 0.5*sin(2*pi*x/12e-9)*cos(t))"
    small["time"] = {"start": 0, "step": 1, "frames": 150}
    small["output"] = {"fields": ["phi"]}
    path = write(small)
    text = on_a_terminal(program, ["-f", path], tmp_path)
    assert "ETA" in text and "\x1b[32m" in text
    last = text.rsplit("ETA", 1)[1]
    assert "\r" + " " * 40 in last and "done: case.h5" in last, "blanks go over the bar before the closing line"
    assert "\x1b" not in on_a_terminal(program, ["-f", path], tmp_path, NO_COLOR="1")
    dumb = on_a_terminal(program, ["-f", path], tmp_path, TERM="dumb")
    assert "ETA" not in dumb and "\x1b" not in dumb
    assert on_a_terminal(program, ["-f", "-q", path], tmp_path) == ""


# ---- Signals -----------------------------------------------------------------------------------------------------------------------

def start_long_run(program, write, small, tmp_path):
    small["grid"] = {"points": [160, 160, 160], "lengths": [1e-8, 1e-8, 1e-8]}
    small["time"] = {"start": 0, "step": 1, "frames": 50}
    small["entropy"] = "1e3*(1 + 0.5*sin(2*pi*x/1e-8)*cos(t))"
    process = subprocess.Popen([program, "-f", str(write(small))], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    time.sleep(0.25)
    assert process.poll() is None, process.stderr.read()
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_no_litter_and_the_shell_sees_it(program, write, small, tmp_path, number):
    process = start_long_run(program, write, small, tmp_path)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == -number, "died by the signal itself: a shell reports 128 + n"
    left = {p.name for p in tmp_path.iterdir()} - {"case.json", "cache"}
    assert left <= {"case.partial.h5", "case.partial.xdmf"}, left
    if "case.partial.h5" in left:
        with h5py.File(tmp_path / "case.partial.h5") as file:
            assert len(file["data"]) >= 1


def test_the_shell_reports_143(program, write, small, tmp_path):
    small["time"] = {"start": 0, "step": 1, "frames": 50}
    small["grid"] = {"points": [160, 160, 160], "lengths": [1e-8, 1e-8, 1e-8]}
    script = '"$0" -q "$1" & sleep 0.3; kill -TERM $!; wait $!; echo $?'
    result = subprocess.run(["bash", "-c", script, program, str(write(small))], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "143"


def test_an_older_result_survives_a_signal(program, call, write, small, tmp_path):
    assert call(write(small)).returncode == 0
    before = (tmp_path / "case.h5").read_bytes()
    process = start_long_run(program, write, small, tmp_path)
    process.terminate()
    process.communicate(timeout=60)
    assert (tmp_path / "case.h5").read_bytes() == before


def test_waiting_for_standard_input_can_be_interrupted(program, tmp_path):
    process = subprocess.Popen([program, "-o", "x.h5", "-"], cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=20)
    assert process.returncode == -signal.SIGINT


def test_a_file_size_limit_is_an_output_error(program, write, small, tmp_path):
    small["grid"]["points"] = [48, 48, 48]
    path = write(small)
    result = subprocess.run([program, str(path)], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200000, 200000)))
    assert result.returncode == 7, result.stderr
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["case.json"]
