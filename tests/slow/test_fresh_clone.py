"""If this fails, somebody who clones the repository and types the README's commands gets no result: a file is missing from the commit, a script needs
something outside the tree, or the build works only where it was made. Tests what is committed; takes minutes: ctest -C Slow -L slow."""
import os
import pathlib
import re
import subprocess

import h5py
import pytest
from stated_numbers import agrees, commands, stated_numbers

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone in an otherwise empty folder, built and with the real example solved by the README's first command; (folder, its output)."""
    folder = tmp_path_factory.mktemp("fresh") / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    first = commands((folder / "README.md").read_text(), "sh")[0]
    return folder, typed(folder, first)


def typed(folder, line):
    """Runs a command line in the folder, with nothing of this build in the environment; returns its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QEP_")}
    done = subprocess.run(["/bin/sh", "-c", line], cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1500)
    assert done.returncode == 0, f"{line}\n{done.stdout[-4000:]}"
    return done.stdout


def test_the_first_command_solves_the_real_example(clone):
    folder, output = clone
    stated = stated_numbers((folder / "README.md").read_text())
    with h5py.File(folder / "build" / "film.h5") as file:
        phi = file["phi"][...]
    assert agrees(phi.min(), stated["phi_min"]) and agrees(phi.max(), stated["phi_max"])
    printed = dict(re.findall(r"(phi_min|phi_max) = ([-+.e\d]+)", output))
    assert {name: float(value) for name, value in printed.items()} == {"phi_min": phi.min(), "phi_max": phi.max()}


def test_what_the_first_command_recommends_to_type_works(clone):
    folder, output = clone
    lines = re.findall(r"^  ((?:h5dump|python3) .*)$", output, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        typed(folder, line.replace("python3 ", "/usr/bin/python3 ") if os.access("/usr/bin/python3", os.X_OK) else line)
    for name in re.findall(r"\b((?:examples|docs|build)/[\w./-]+\.(?:md|xdmf|h5|json))\b", output):
        assert (folder / name).exists(), name


def test_it_installs_and_the_installed_program_runs(clone, tmp_path):
    folder, _ = clone
    typed(folder, f"cmake --install build --prefix '{tmp_path}/prefix'")
    typed(tmp_path, f"prefix/bin/qep-solve '{folder}/examples/superlattice/superlattice.json'")
    assert (tmp_path / "superlattice.h5").exists() and (tmp_path / "prefix" / "share" / "man" / "man1" / "qep-solve.1").exists()


def test_the_second_command_builds_and_runs_tests(clone):
    folder, _ = clone
    second = commands((folder / "README.md").read_text(), "sh")[1]
    output = typed(folder, f"{second} -R 'structure|cli_examples|cli_readme|test_base'")
    assert "100% tests passed" in output and "Skipped" not in output
    assert int(re.search(r"tests passed, 0 tests failed out of (\d+)", output).group(1)) >= 4


def test_nothing_is_left_outside_build(clone):
    folder, _ = clone
    assert typed(folder, "git status --porcelain --ignored").splitlines() == ["!! build/"]
