"""If this fails, a room reaches upwards or a second place depends on a third-party library, and the parts can no longer be replaced
or tested alone."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# docs/architecture.md: a room includes only itself and rooms above it in this list.
ROOMS = ["base", "grid", "stencil", "spectral", "poisson", "io", "bloch", "transport", "source", "derive", "config", "run", "cli"]
# Each third-party header belongs to one place.
HOMES = {
    "fftw3.h": "src/spectral/",
    "hdf5.h": "src/io/",
    "hdf5_hl.h": "src/io/",
    "cjson/cJSON.h": "src/config/",
    "cJSON.h": "src/config/",
    "muParserDLL.h": "src/source/expression.c",
    "xxhash.h": "src/base/",
    "nettle/": "src/base/",
    "lapacke.h": "src/base/linear.c",
    "cblas.h": "src/base/linear.c",
    "gsl/": "src/base/",
    "HYPRE.h": "src/poisson/amg.c",
    "HYPRE_IJ_mv.h": "src/poisson/amg.c",
    "HYPRE_parcsr_ls.h": "src/poisson/amg.c",
    "mpi.h": "src/poisson/amg.c",
}
FILES = sorted(p for folder in ("src", "include/qep") for p in (ROOT / folder).rglob("*") if p.suffix in (".c", ".h"))


def includes(path):
    text = path.read_text()
    return re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', text, re.MULTILINE)


def room_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[2] if parts[0] == "include" else parts[1]


def included_room(name, path):
    """The room that a quoted include names: "qep/base/error.h", "../base/x.h", "base/x.h", or None for a file of the own folder."""
    parts = [part for part in pathlib.PurePosixPath(name).parts if part not in ("qep", "..", "include", "src")]
    return parts[0] if len(parts) > 1 else room_of(path)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_includes_only_its_room_and_rooms_above(path):
    room = room_of(path)
    assert room in ROOMS, f"{path}: {room} is no room of docs/architecture.md"
    for kind, name in includes(path):
        if kind == '"' and not name.endswith("qep_version.h"):
            target = included_room(name, path)
            assert target in ROOMS, f'{path}: include "{name}" names no room'
            assert ROOMS.index(target) <= ROOMS.index(room), f'{path}: {room} may not include {target} ("{name}")'


def test_third_party_headers_have_one_home():
    for path in FILES:
        relative = str(path.relative_to(ROOT))
        for _, name in includes(path):
            for header, home in HOMES.items():
                if name == header or (header.endswith("/") and name.startswith(header)):
                    assert relative.startswith(home), f"{relative} includes {name}, which belongs to {home}"


def test_public_headers_name_no_third_party_header():
    standard = {"stddef.h", "stdint.h", "stdio.h", "stdbool.h", "complex.h", "limits.h", "float.h"}
    for path in FILES:
        if path.is_relative_to(ROOT / "include"):
            foreign = {name for kind, name in includes(path) if kind == "<"} - standard
            assert not foreign, f"{path}: {foreign}"


def test_the_library_never_prints_or_exits():
    """Printing, exiting and reading the terminal belong to cli alone."""
    forbidden = re.compile(r"(?<![\w.>])(printf|puts|putchar|perror|exit|_exit|abort|assert)\s*\(|\bf(?:printf|puts)\s*\(\s*std|\bstd(?:out|err)\b")
    for path in FILES:
        if room_of(path) == "cli":
            continue
        text = re.sub(r"/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"", " ", path.read_text(), flags=re.DOTALL)
        match = forbidden.search(text.replace("_Static_assert", "").replace("static_assert", ""))
        assert not match, f"{path}: {match.group(0)}"


def test_the_check_itself_bites(tmp_path):
    """An include upwards would be seen."""
    assert included_room("qep/run/run.h", ROOT / "src/base/error.c") == "run"
    assert ROOMS.index("run") > ROOMS.index(room_of(ROOT / "src/base/error.c"))
    file = tmp_path / "x.c"
    file.write_text('#include <stdio.h>\n  #  include "qep/run/run.h"\n')
    assert includes(file) == [("<", "stdio.h"), ('"', "qep/run/run.h")]
