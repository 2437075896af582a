"""If this fails, an editor that validates with --schema tells people something else than the program: it refuses what runs, or what the
schema refuses slips through."""
import copy
import json
import pathlib
import random
import subprocess

import jsonschema
import pytest
from test_every_key_bites import BASES

EXAMPLES = sorted((pathlib.Path(__file__).resolve().parents[2] / "examples").glob("*/*.json"))
MUTATIONS = 400
JUNK = [None, True, -1, 0, 3.7, 1e300, "", "dirichlet", "5 nm", "(((", [], [1, 2, 3, 4], {}, {"hdf5": "x"}, {"dirichlet": 1, "neumann": 2}, [[1]], "\u00e9"]
KEYS = ["points", "dirichelt", "low", "hdf5", "x-note", "title", "default", "entropy", "Grid"]


@pytest.fixture(scope="module")
def schema(program):
    return json.loads(subprocess.run([program, "--schema"], capture_output=True, text=True, check=True).stdout)


DRAFTS = [jsonschema.Draft202012Validator, jsonschema.Draft7Validator]


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_schema_is_a_schema(schema, draft):
    draft.check_schema(schema)


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_examples_are_valid(schema, draft, path):
    draft(schema).validate(json.loads(path.read_text()))


@pytest.mark.parametrize("base", BASES)
def test_bases_and_their_effective_configurations_are_valid(call, write, schema, base):
    config = write(BASES[base])
    effective = json.loads(call("--print-config", config).stdout)
    for draft in DRAFTS:
        draft(schema).validate(BASES[base])
        draft(schema).validate(effective)


def nodes(value, path=()):
    """Paths of everything inside a configuration."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from nodes(inner, (*path, key))


def mutate(config, chance):
    """Replace, remove, rename, add or move one to three things."""
    config = copy.deepcopy(config)
    for _ in range(chance.choice((1, 1, 2, 3))):
        if not config:
            break
        *parents, last = chance.choice([path for path in nodes(config) if path] or [("title",)])
        holder = config
        for key in parents:
            holder = holder[key]
        action = chance.choice(("replace", "replace", "remove", "rename", "add"))
        if action == "replace":
            holder[last] = copy.deepcopy(chance.choice(JUNK))
        elif action == "remove":
            del holder[last]
        elif isinstance(holder, dict):
            holder[chance.choice(KEYS)] = holder.pop(last) if action == "rename" else copy.deepcopy(chance.choice(JUNK))
        else:
            holder.append(copy.deepcopy(chance.choice(JUNK)))
    return config


def test_what_the_schema_refuses_the_program_refuses(call, write, schema):
    """All in one call with --check: one line of --json each. Exit 3 says configuration; 1 is never a status of this program."""
    chance = random.Random(20)
    validator = jsonschema.Draft202012Validator(schema)
    configs = [mutate(chance.choice(list(BASES.values())), chance) for _ in range(MUTATIONS)]
    files = [write(config, f"m{i}.json").name for i, config in enumerate(configs)]
    lines = [json.loads(line) for line in call("--json", "--check", *files).stdout.splitlines()]
    assert len(lines) == MUTATIONS
    refused = accepted = 0
    for config, line in zip(configs, lines):
        assert line["exit"] in (0, 3, 4, 5, 7, 8), line
        reasons = [error.message for error in validator.iter_errors(config)]
        if reasons:
            refused += 1
            assert line["exit"] == 3, (json.dumps(config), reasons, line)
        accepted += line["exit"] == 0
    assert refused > MUTATIONS / 3 and accepted > MUTATIONS / 40, (refused, accepted)
