"""If this fails, a document sends its reader to something that is not there, or says of the code what the code does not say."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted(p for p in ROOT.rglob("*.md") if not any(part.startswith((".", "build")) for part in p.relative_to(ROOT).parts))
IDS = [str(p.relative_to(ROOT)) for p in PAGES]
THEORY, NUMERICS, OUTPUT = (ROOT / "docs" / f"{name}.md" for name in ("theory", "numerics", "output"))


def anchor(heading):
    """The anchor of a heading, as GitHub and GitLab make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page):
    return {anchor(h) for h in re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)}


def broken_links(page, text):
    faults = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        name, _, place = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists():
            faults.append(target)
        elif place and file.suffix == ".md" and place not in anchors(file):
            faults.append(target)
    return faults


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page):
    assert broken_links(page, page.read_text()) == []


def test_a_broken_link_is_seen():
    assert broken_links(THEORY, "[a](none.md) [b](numerics.md#nowhere) [c](numerics.md#compatibility) [d](https://x.org)") == [
        "none.md", "numerics.md#nowhere"]


def paths_named(text):
    """Paths of the source tree that a page names in code marks or commands."""
    found = re.findall(r"(?<![\w./-])((?:src|include|tests|examples|docs)/[\w./*-]+)", text)
    return [path.rstrip(".") for path in found if "<" not in path and not path.endswith("_")]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_named_files_exist(page):
    text = re.sub(r"(?:src|include|tests|examples|docs)/[\w./-]*(?=<)", "", page.read_text())  # patterns such as test_<topic>.py
    missing = [path for path in paths_named(text) if not any(ROOT.glob(path)) and "NEW" not in path]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_named_tests_exist(page):
    """`test_...` is a ctest program, a Python file or a function of one."""
    sources = [p for folder in ("unit", "cli", "structure", "bench") for p in (ROOT / "tests" / folder).glob("*.[cp]*")]
    known = {p.stem for p in sources}
    known |= {name for p in sources for name in re.findall(r"\bdef (test_\w+)", p.read_text())}
    missing = [name for name in re.findall(r"`(test_\w+)`", page.read_text()) if name not in known and "NEW" not in name]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_named_options_and_keys_exist(page, call):
    options = set(re.findall(r"--([a-z][a-z-]+)", call("--help").stdout))
    for line in page.read_text().splitlines():
        for command in re.findall(r"(?:^    |`|\$ )((?:build/)?qep-solve [^`#]*)", line):
            used = set(re.findall(r"(?<!\S)--([a-z][a-z-]+)", command.split(" && ")[0].split(" | ")[0]))
            assert used <= options, f"{command}: {used - options}"


def test_the_configuration_page_is_the_program_s(call):
    page = (ROOT / "docs/configuration.md").read_text()
    written = page.split("\n## Reference\n\n")[1]
    assert written == call("--list", "reference").stdout, "docs/configuration.md: replace what follows 'Reference' by the output of qep-solve --list reference"


def table(page, name):
    """Rows of the table that follows <!-- check: NAME -->."""
    text = page.read_text().split(f"<!-- check: {name} -->")[1].lstrip()
    rows = [line for line in text.split("\n\n")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_constants_are_those_of_the_code():
    header = (ROOT / "include/qep/base/constants.h").read_text()
    names = {"e": "E_CHARGE", "h": "PLANCK", "k_B": "BOLTZMANN", "eps0": "EPSILON0", "m_e": "ELECTRON_MASS", "u": "ATOMIC_MASS", "u_B": "BOHR_MAGNETON"}
    rows = table(THEORY, "constants")
    assert {row[0] for row in rows} == set(names)
    for symbol, value, _ in rows:
        assert f"#define QEP_{names[symbol]} {value} " in header, symbol
    hbar_over_e = 6.62607015e-34 / (2 * 3.141592653589793) / 1.602176634e-19
    stated = re.search(r"`hbar/e` = (\S+) V s", THEORY.read_text()).group(1)
    assert abs(float(stated) / hbar_over_e - 1) < 1e-9


def series_rows():
    """Rows of src/spectral/series.c as (pair, sampling, first, lost, forward, backward, shift of theta)."""
    text = (ROOT / "src/spectral/series.c").read_text()
    kind = {"N": "Neumann", "D": "Dirichlet", "QEP_WALL_NONE": "periodic"}
    rows = re.findall(r"\{(\w+), (\w+), QEP_(CELL|NODE), FFTW_(\w+), FFTW_(\w+), FFTW_\w+, (\d), (\d), ([\d.]+),", text)
    return [(kind[low] if low == "QEP_WALL_NONE" else f"{kind[low]}, {kind[high]}", sampling.lower(), int(first), int(lost), forward, backward, float(mode))
            for low, high, sampling, forward, backward, first, lost, mode in rows]


def test_transform_table_is_that_of_the_code():
    stated = {}
    for pair, samplings, unknowns, forward, backward, theta, norm in table(NUMERICS, "transforms"):
        for sampling in samplings.split(", "):
            stated[pair, sampling] = (unknowns, forward, backward, theta, norm)
    rows = series_rows()
    assert len(rows) == 10 and len(stated) == 10
    for pair, sampling, first, lost, forward, backward, mode in rows:
        last = "N" if sampling == "node" and pair != "periodic" else "N-1"
        end = {"N": {0: "N", 1: "N-1", 2: "N-1"}, "N-1": {0: "N-1"}}[last][lost if not (lost == 1 and first == 1) else 0]
        theta = "2 pi k/N" if pair == "periodic" else {0.0: "pi k/N", 1.0: "pi (k+1)/N", 0.5: "pi (k+1/2)/N"}[mode]
        assert stated[pair, sampling] == (f"{first}..{end}", forward, backward, theta, "N" if pair == "periodic" else "2N"), (pair, sampling)


def test_the_fast_rows_have_the_same_unknowns_and_angles():
    """src/spectral/line.c and series.c are two tables of the same facts."""
    kind = {"NEUMANN": "Neumann", "DIRICHLET": "Dirichlet"}
    text = (ROOT / "src/spectral/line.c").read_text()
    rows = re.findall(r"\{QEP_WALL_(\w+), QEP_WALL_(\w+), QEP_(CELL|NODE), \w+, \d, (\d), (\d), (\d), ([\d.]+)\}", text)
    rows = [row for row in rows if row[2:] != ("CELL", "0", "0", "0", "0.5") or row[0] != "NONE"]  # the shifted line of open axes is no boundary pair
    assert len(rows) == 10
    slow = {(pair, sampling): (first, lost, mode) for pair, sampling, first, lost, _, _, mode in series_rows()}
    for low, high, sampling, alternate, first, lost, mode in rows:
        pair = "periodic" if low == "NONE" else f"{kind[low]}, {kind[high]}"
        same = slow[pair, sampling.lower()]
        assert (int(first), int(lost)) == same[:2]
        assert alternate == "1" or float(mode) == same[2], "alternate rows count theta down from pi"


def test_equation_numbers_exist():
    theory = THEORY.read_text()
    defined = set(re.findall(r"^    \((T\d+)\)", theory, re.MULTILINE))
    cited = set(re.findall(r'"(T\d+)", \d,', (ROOT / "src/derive/quantities.c").read_text()))
    assert cited and cited <= defined


def test_every_quantity_is_in_the_theory(call):
    page = THEORY.read_text()
    for line in call("--list", "quantities").stdout.splitlines():
        name, equation = line.split()[0], re.search(r"\((T\d+)\)", line).group(1)
        row = next((r for r in re.findall(r"^\| (.+?) \| (T[\d, T]+) \| ", page, re.MULTILINE) if name in re.split(r", ", r[0])), None)
        assert row and equation in row[1], f"docs/theory.md, section 4: {name} ({equation})"


def test_rooms_and_dependencies_are_in_the_architecture_page():
    page = (ROOT / "docs/architecture.md").read_text()
    rooms = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    order = [name for name in ("base", "grid", "stencil", "spectral", "poisson", "io", "bloch", "transport", "source", "derive", "config", "run", "cli")]
    assert [room for room in rooms if room in order] == order
    assert set(order) == {p.name for p in (ROOT / "src").iterdir() if p.is_dir()}, "a room is missing from docs/architecture.md"
    cmake = (ROOT / "CMakeLists.txt").read_text()
    for module in re.findall(r"pkg_check_modules\((\w+) REQUIRED", cmake) + ["HDF5", "OpenMP"]:
        assert re.search(module, page, re.IGNORECASE), f"docs/architecture.md does not say why {module}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_example_configurations_are_valid(page, call, write):
    """Every block marked json is accepted by the program."""
    for number, block in enumerate(re.findall(r"```json\n(.*?)```", page.read_text(), re.DOTALL)):
        result = call("--check", write(block, f"block{number}.json"))
        assert result.returncode == 0, result.stderr


def test_shell_scripts_parse():
    for script in list(ROOT.glob("examples/*.sh")) + list(ROOT.glob("tests/*.sh")):
        assert subprocess.run(["sh", "-n", str(script)]).returncode == 0
