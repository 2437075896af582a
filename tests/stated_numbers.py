"""Numbers stated in README files as `name = value unit` between backticks, their precision, and tables; for tests that recompute them."""
import re
from typing import NamedTuple

STATED = re.compile(r"`([^`=]+?) = ([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?: ([^`]+))?`")


class Stated(NamedTuple):
    """A stated number: its value, half a unit of its last digit, and its unit as written ("" without one)."""
    value: float
    half_digit: float
    unit: str


def half_digit(text):
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 0.5 * 10.0 ** (int(exponent or 0) - decimals)


def stated_numbers(text):
    """{name: Stated} of every number stated in the text. A name that is stated twice must say the same."""
    found = {}
    for name, digits, unit in STATED.findall(text):
        number = Stated(float(digits), half_digit(digits), unit)
        assert found.setdefault(name, number) == number, f"{name} is stated twice, differently"
    return found


def agrees(value, number):
    """True when value rounds to the stated number (with a hair of room for a value that lies between two roundings)."""
    return abs(value - number.value) <= number.half_digit * (1 + 1e-6)


def assert_stated(text, values):
    """Every number stated in the text is in values {name: iterable of recomputed values}, and the other way round, and all agree."""
    numbers = stated_numbers(text)
    assert set(numbers) == set(values), f"stated {sorted(numbers)}, recomputed {sorted(values)}"
    for name, recomputed in values.items():
        for value in recomputed:
            assert agrees(value, numbers[name]), f"{name}: stated {numbers[name].value}, recomputed {value!r}"


def table_rows(text, heading):
    """Rows of the Markdown table whose heading row contains the given text, as lists of cells."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("|") and heading in line:
            break
    else:
        raise AssertionError(f"no table with {heading!r} in its heading")
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def fenced(text, language):
    """The fenced code blocks of the language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(text, *programs):
    """The indented command lines that start with one of the programs' names, comments cut off."""
    lines = (line.strip() for line in text.splitlines() if line.startswith("    "))
    return [line.split(" # ")[0].split("   #")[0].strip() for line in lines if line.split(" ")[0] in programs]
