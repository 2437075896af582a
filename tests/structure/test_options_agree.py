"""If this fails, the manual, the man page or --help promises an option that the program does not take, or hides one that it does."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INFORMATIVE = {"help", "version", "schema", "list"}


def options_of_help(call):
    """{long name: (letter or None, argument or None)} from --help."""
    text = call("--help").stdout
    rows = re.findall(r"^(?:  -(\w), |      )--([a-z-]+)(?: (\S+))?$", text, re.MULTILINE)
    return {name: (letter or None, argument or None) for letter, name, argument in rows}


def test_help_table_and_docs_agree(call):
    table = call("--list", "options").stdout
    rows = re.findall(r"^\| `(?:-(\w), )?--([a-z-]+)(?: ([^`]+))?` \|", table, re.MULTILINE)
    from_table = {name: (letter or None, argument.replace("\\|", "|") or None) for letter, name, argument in rows}
    assert len(from_table) >= 17
    assert from_table == options_of_help(call)
    assert table in (ROOT / "docs/command-line.md").read_text(), "docs/command-line.md: paste the output of --list options"


def test_man_page_names_every_option(call):
    page = (ROOT / "docs/man/qep-solve.1").read_text().replace("\\-", "-")
    named = set(re.findall(r"--([a-z][a-z-]+)", page))
    assert named == set(options_of_help(call))


def test_getopt_takes_every_option(call):
    """Each option is known; one that takes an argument complains without it, one that takes none complains about one."""
    for name, (letter, argument) in options_of_help(call).items():
        for form in [f"--{name}"] + ([f"-{letter}"] if letter else []):
            if argument:
                result = call(form)
                assert result.returncode == 2 and f"--{name} needs {argument}" in result.stderr
            elif name in INFORMATIVE:
                assert call(form).returncode == 0
            else:
                result = call(form)
                assert result.returncode == 2 and "no configuration given" in result.stderr
        if not argument:
            assert "takes no argument" in call(f"--{name}=1").stderr


def test_exit_codes_agree(call):
    listed = call("--list", "exit-codes").stdout
    page = (ROOT / "docs/exit-codes.md").read_text()
    header = (ROOT / "include/qep/base/status.h").read_text().replace("\\\n", "\n")
    rows = re.findall(r'X\(\w+,\s*(\d+),\s*"(\w+)",\s*"([^"]+)"\)', header)
    assert len(rows) == 10
    for code, name, meaning in rows:
        assert meaning in listed, f"--list exit-codes does not explain {code}"
        assert f"| {code} | {name} | {meaning} |" in page


@pytest.mark.parametrize("topic", ["sources", "quantities", "boundaries", "units", "keys", "exit-codes", "options", "reference"])
def test_every_topic_has_a_table(call, topic):
    result = call("--list", topic)
    assert result.returncode == 0 and len(result.stdout.splitlines()) > 3 and result.stderr == ""
    assert topic in call("--help").stdout
