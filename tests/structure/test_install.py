"""If this fails, `cmake --install` leaves something behind that a user or a program using libqep needs, or an option of the build does not do
what README.md says."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

import h5py
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QEP_BUILD") or ROOT / "build")


def command(*arguments, **keywords):
    result = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=300, **keywords)
    assert result.returncode == 0, f"{arguments}: {result.stdout}{result.stderr}"
    return result.stdout


def cached(name):
    match = re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE)
    return match.group(1) if match else ""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installation that has been moved after installing."""
    place = tmp_path_factory.mktemp("install")
    command("cmake", "--install", BUILD, "--prefix", place / "first")
    shutil.move(place / "first", place / "moved")
    return place / "moved"


@pytest.fixture
def pkg_config(prefix):
    files = list(prefix.rglob("qep.pc"))
    assert len(files) == 1
    environment = {**os.environ, "PKG_CONFIG_PATH": str(files[0].parent)}
    return lambda *options: shlex.split(command("pkg-config", *options, "qep", env=environment))


def test_installed_files(prefix):
    files = {str(p.relative_to(prefix)) for p in prefix.rglob("*") if p.is_file()}
    headers = {str(p.relative_to(ROOT)) for p in (ROOT / "include").rglob("*.h")}
    assert headers <= files
    assert {"bin/qep-solve", "share/man/man1/qep-solve.1"} <= files
    assert any(re.fullmatch(r"lib\S*/libqep\.a", name) for name in files)
    assert not [name for name in files if "cmocka" in name or "/tests/" in name]


def test_installed_program_works(prefix, write, small, tmp_path):
    command(prefix / "bin/qep-solve", write(small), "-o", tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5", "r") as file:
        assert file["data/0/meshes/phi"].shape == (10, 9, 12)


def test_a_program_that_uses_the_library(prefix, pkg_config, write, small, run, tmp_path):
    """Compiled and linked by what qep.pc says alone; its number is that of qep-solve."""
    consumer = ROOT / "tests/structure/consumer/consumer.c"
    sanitize = cached("QEP_SANITIZE")
    command(cached("CMAKE_C_COMPILER"), "-std=c17", "-Wall", "-Wextra", "-Werror", "-pedantic", *([f"-fsanitize={sanitize}"] if sanitize else []),
            consumer, "-o", tmp_path / "consumer", *pkg_config("--cflags", "--libs"))
    version, phi_max = command(tmp_path / "consumer", write(small), tmp_path / "mine.h5", cwd=tmp_path).split()
    assert [version] == pkg_config("--modversion")
    assert float(phi_max) == run(small, "-o", "other.h5").json["results"]["phi_max"]


def test_every_installed_header_stands_alone(prefix, pkg_config, tmp_path):
    for header in sorted((prefix / "include").rglob("*.h")):
        source = tmp_path / "one.c"
        source.write_text(f"#include <{header.relative_to(prefix / 'include')}>\nint main(void) {{ return 0; }}\n")
        command(cached("CMAKE_C_COMPILER"), "-std=c17", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", source, *pkg_config("--cflags"))


def configured(folder, source, *options):
    """Names of all targets after configuring, by CMake's file API."""
    api = folder / ".cmake/api/v1"
    (api / "query").mkdir(parents=True)
    (api / "query/codemodel-v2").touch()
    command("cmake", "-G", cached("CMAKE_GENERATOR"), "-S", source, "-B", folder, *options)
    return {json.loads(path.read_text())["name"] for path in (api / "reply").glob("target-*.json")}


def test_build_options_choose_what_is_built(tmp_path):
    """Without tests nothing of them is configured, and cmocka is not looked for."""
    full = configured(tmp_path / "full", ROOT, "-DQEP_BUILD_TESTS=ON")
    bare = configured(tmp_path / "bare", ROOT, "-DQEP_BUILD_TESTS=OFF", "-DQEP_BUILD_BENCH=OFF")
    assert {"qep", "qep-solve", "test_base", "test_cli"} <= full
    assert {"qep", "qep-solve"} <= bare and not [name for name in bare if name.startswith("test_") or "bench" in name]
    assert "CMOCKA" not in (tmp_path / "bare/CMakeCache.txt").read_text()


def test_as_part_of_another_project(tmp_path):
    """add_subdirectory brings the library without the tests."""
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(other C)\n"
        f'add_subdirectory("{ROOT}" qep)\nadd_executable(other consumer.c)\ntarget_link_libraries(other PRIVATE qep)\n')
    shutil.copy(ROOT / "tests/structure/consumer/consumer.c", tmp_path)
    targets = configured(tmp_path / "build", tmp_path)
    assert {"other", "qep", "qep-solve"} <= targets and not [name for name in targets if name.startswith("test_")]


def test_readme_names_every_option():
    options = set(re.findall(r"(?:option\(|set\()(QEP_(?:BUILD_\w+|WERROR|SANITIZE|PYTHON))\b", (ROOT / "CMakeLists.txt").read_text()
                             + (ROOT / "tests/find_python.cmake").read_text()))
    assert len(options) >= 6
    readme = (ROOT / "README.md").read_text()
    assert {name for name in options if f"| `{name}` |" not in readme} == set()
