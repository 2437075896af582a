"""Fixtures of the system tests: the built program (environment variable QEP_SOLVE) and helpers that run it on configurations."""
import copy
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A small problem with a known answer: rho_e = 0 and a periodic sine entropy on a 3-D grid with unequal axes.
SMALL = {
    "grid": {"points": [12, 9, 10], "lengths": ["12 nm", "9 nm", "10 nm"]},
    "entropy": "1e3*(1 + 0.5*sin(2*pi*x/12e-9))",
}


@pytest.fixture(scope="session")
def program():
    """Path of the built program. A missing one is a failure, never a skip."""
    path = os.environ.get("QEP_SOLVE") or str(ROOT / "build" / "qep-solve")
    assert os.access(path, os.X_OK), f"no program at {path}: build first, or set QEP_SOLVE"
    return path


@pytest.fixture
def small():
    """A fresh copy of a small valid configuration, for a test to change."""
    return copy.deepcopy(SMALL)


@pytest.fixture
def write(tmp_path):
    """write(config, name="case.json") puts a configuration (a dict, or text as it is) into the test's folder; returns its path."""

    def write_config(config, name="case.json"):
        path = tmp_path / name
        path.write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
        return path

    return write_config


@pytest.fixture
def call(program, tmp_path):
    """call(*arguments, stdin=None, env={}) runs the program in the test's folder; returns the finished process, texts decoded.
    A variable of env that is None is taken out of the environment."""

    def call_program(*arguments, stdin=None, env=None, timeout=120):
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), **(env or {})}
        environment = {name: value for name, value in environment.items() if value is not None}
        return subprocess.run([program, *map(str, arguments)], input=stdin, env=environment, cwd=tmp_path,
                              capture_output=True, text=True, timeout=timeout)

    return call_program


@pytest.fixture
def shell(program, tmp_path, tmp_path_factory):
    """shell(line) runs a command line in the test's folder, with the program on the path; returns its standard output."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "qep-solve").symlink_to(program)
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)  # scripts use the interpreter of the tests, which has h5py
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "MPLBACKEND": "Agg", "XDG_CACHE_HOME": str(tmp_path / "cache"),
                   "MPLCONFIGDIR": str(tmp_path_factory.getbasetemp() / "matplotlib")}      # one font cache for all

    def run_line(line):
        done = subprocess.run(["/bin/sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        return done.stdout

    return run_line


@pytest.fixture
def run(call, write):
    """run(config, *options, name="case.json") writes the configuration and runs it. The result carries .config and .json (the
    parsed line of --json, which is always asked for)."""

    def run_config(config, *options, name="case.json", **keywords):
        path = write(config, name)
        result = call("--json", *options, path, **keywords)
        result.config = path
        result.json = json.loads(result.stdout) if result.stdout.strip() else None
        return result

    return run_config


@pytest.fixture
def store(tmp_path):
    """store(**arrays) writes them to in.h5 and returns the FIELD that reads each."""

    def write(**arrays):
        import h5py

        with h5py.File(tmp_path / "in.h5", "w") as file:
            for name, values in arrays.items():
                file[name] = values
        return {name: {"hdf5": "in.h5", "dataset": f"/{name}"} for name in arrays}

    return write
