"""What the documents say is what the code does."""

import ast
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from prover.base.settings import Settings
from prover.cli.app import COMMANDS, app
from prover.cli.schema import commands, markdown
from prover.protocol import table
from prover.protocol.accuracy import state as accuracy
from prover.protocol.prediction import state as prediction
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SPEC = (ROOT / "docs" / "SPEC.md").read_text()
SECURITY = (ROOT / "docs" / "SECURITY.md").read_text()
JSON = (ROOT / "docs" / "JSON.md").read_text()
COMMAND_DOC = (ROOT / "docs" / "COMMANDS.md").read_text()


def marked(text: str, name: str) -> str:
    match = re.search(rf"<!-- begin {name} -->\n(.*?)\n<!-- end {name} -->", text, re.DOTALL)
    assert match, f"no block {name}"
    return match[1]


@pytest.mark.parametrize("protocol", [prediction, serving, accuracy, retrieval])
def test_spec_shows_the_tables_of_the_reducers(protocol: ModuleType) -> None:
    """If this fails: python scripts/tables.py."""
    name = protocol.__name__.split(".")[2]
    assert marked(SPEC, f"{name} table") == table.markdown(protocol.TABLE)
    assert marked(SPEC, f"{name} diagram") == table.mermaid(protocol.TABLE, protocol.VOID)


@pytest.mark.parametrize("part", ["commands", "values", "objects"])
def test_the_keys_of_json_are_those_of_the_schema(part: str) -> None:
    """If this fails: python scripts/tables.py."""
    assert marked(JSON, f"json {part}") == getattr(markdown, part)(commands.schema())


def test_every_attack_that_security_names_is_tried() -> None:
    rows = re.findall(
        r"^\| (.+?) \| .+ \|$",
        SECURITY.split("| attack | defence |\n")[1].split("Of the clients:")[0],
        re.MULTILINE,
    )
    attacks = rows[1:]  # without the line under the heading
    sources = (ROOT / "tests/contracts").rglob("test_*attacks.py")
    nodes = [node for source in sources for node in ast.walk(ast.parse(source.read_text()))]
    named = {ast.get_docstring(node) for node in nodes if isinstance(node, ast.FunctionDef)}
    assert len(attacks) > 5
    assert set(attacks) <= named


def test_every_attack_on_the_clients_names_its_tests() -> None:
    table = SECURITY.split("| attack | defence | tried in |\n|---|---|---|\n")[1].split("\n\n")[0]
    rows = [re.findall(r"`(tests/\S+\.py)` \|$", row) for row in table.splitlines()]
    assert len(rows) > 10
    assert [row for row in rows if len(row) != 1 or not (ROOT / row[0]).exists()] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"zkescrow {command}" in COMMAND_DOC


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field: str) -> None:
    assert f"`ZKESCROW_{field.upper()}`" in COMMAND_DOC


def test_every_command_shown_exists() -> None:
    shown = re.findall(r"^zkescrow ([a-z-]+)", README + COMMAND_DOC, re.MULTILINE)
    assert shown
    assert set(shown) <= set(COMMANDS)


@pytest.mark.parametrize("row", re.findall(r"^\| `zkescrow .*", COMMAND_DOC, re.MULTILINE))
def test_every_option_of_the_table_is_one_of_a_command_in_its_row(row: str) -> None:
    options, quoted = options_of_commands(), re.findall(r"`(?:zkescrow )?([^`]+)`", row)
    named = [name for name in options for one in quoted if f"{one} ".startswith(f"{name} ")]
    allowed = {option for name in named for option in options[name]}
    assert named
    assert set(re.findall(r"--[a-z][a-z-]*", row)) <= allowed


@cache
def options_of_commands() -> dict[str, set[str]]:
    """The options of each command, by its name with its group's."""
    found: dict[str, set[str]] = {}

    def add(command: Any, *names: str) -> None:
        if not hasattr(command, "list_commands"):
            found[" ".join(names)] = {one for each in command.params for one in each.opts}
            return
        context = command.make_context("", ["--"], resilient_parsing=True)
        for name in command.list_commands(context):
            add(command.get_command(context, name), *names, name)

    add(typer.main.get_command(app))
    return found


def test_readme_is_short() -> None:
    assert len(README.splitlines()) < 100


@pytest.mark.parametrize(
    "document", ["README.md", "docs/SPEC.md", "docs/SECURITY.md", "docs/JSON.md"]
)
def test_links_and_named_paths_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text()
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    folders = "contracts|prover|tests|scripts|docs|examples|benchmarks"
    paths = re.findall(rf"`((?:{folders})/[\w./-]*)`", text)
    beside = (ROOT / document).parent
    found = [beside / target for target in targets] + [ROOT / path for path in paths]
    missing = [str(path) for path in found if not path.exists()]
    assert not missing


def test_the_rules_of_security_count_by_one() -> None:
    """Others refer to these numbers."""
    for section in re.split(r"^#+ ", SECURITY, flags=re.MULTILINE):
        found = [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
        assert found == list(range(1, len(found) + 1)), section.partition("\n")[0]
