"""What the documents say is what the code does."""

import ast
import json
import re
import subprocess
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
WALKTHROUGHS = (ROOT / "docs" / "WALKTHROUGHS.md").read_text()
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
    name = protocol.__name__.split(".")[-2]
    assert marked(SPEC, f"{name} table") == table.markdown(protocol.TABLE)
    assert marked(SPEC, f"{name} diagram") == table.mermaid(protocol.TABLE, protocol.VOID)


@pytest.mark.parametrize("part", ["commands", "values", "objects"])
def test_the_keys_of_json_are_those_of_the_schema(part: str) -> None:
    """If this fails: python scripts/tables.py."""
    assert marked(JSON, f"json {part}") == getattr(markdown, part)(commands.schema())


def attacks(section: str) -> dict[str, str]:
    """The attacks that a section of docs/SECURITY.md names, and what it says of each."""
    text = re.split(rf"^### {section}$", SECURITY, flags=re.MULTILINE)[1]
    items = re.findall(r"^- (.+(?:\n  .+)*)", re.split(r"^#", text, flags=re.MULTILINE)[0], re.M)
    found = [re.fullmatch(r"\*\*(.+?)\*\*: (.+)", " ".join(item.split())) for item in items]
    return {match[1]: match[2] for match in found if match}


def test_every_attack_that_security_names_is_tried() -> None:
    sources = (ROOT / "tests/contracts").rglob("test_*attacks.py")
    nodes = [node for source in sources for node in ast.walk(ast.parse(source.read_text()))]
    named = {ast.get_docstring(node) for node in nodes if isinstance(node, ast.FunctionDef)}
    found = attacks("On the contracts")
    assert len(found) > 5
    assert set(found) <= named


def test_every_attack_on_the_clients_names_its_tests() -> None:
    found = attacks("On the clients")
    assert len(found) > 10
    for attack, said in found.items():
        named = re.findall(r"`(tests/[^`]+\.py)`", said.rpartition("Tried in ")[2])
        assert named, attack
        assert all((ROOT / path).exists() for path in named), attack


def test_the_scores_of_mutants_stand_beside_their_sample() -> None:
    """If this fails: python scripts/tables.py."""
    scores = json.loads((ROOT / "snapshots/mutants.json").read_text())
    python = json.loads((ROOT / "snapshots/python_mutants.json").read_text())
    shown = marked(SECURITY, "mutants").splitlines()
    for name, score in scores.items():
        counts = [f"{score.get(key, 0):,}" for key in ("possible", "tried", "killed", "timed_out")]
        assert f"| {name} | {' | '.join(counts)} |" in shown
    counts = [f"{python[key]:,}" for key in ("places", "tried", "killed")]
    assert f"| Python modules | {' | '.join(counts)} | among the noticed |" in shown


def test_every_attack_is_read_from_the_document() -> None:
    named = re.findall(r"^- \*\*", SECURITY.partition("## Attacks")[2].partition("\n## ")[0], re.M)
    assert len(named) == len(attacks("On the contracts")) + len(attacks("On the clients"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"zkescrow {command}" in COMMAND_DOC


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field: str) -> None:
    assert f"`ZKESCROW_{field.upper()}`" in COMMAND_DOC


def test_every_command_shown_exists() -> None:
    shown = re.findall(r"^zkescrow ([a-z-]+)", README + WALKTHROUGHS + COMMAND_DOC, re.MULTILINE)
    assert shown
    assert set(shown) <= set(COMMANDS)


ITEMS = re.findall(r"^- `zkescrow .*(?:\n  .*)*", COMMAND_DOC, re.MULTILINE)


@pytest.mark.parametrize("item", ITEMS)
def test_every_option_of_an_item_is_one_of_a_command_in_it(item: str) -> None:
    options, quoted = options_of_commands(), re.findall(r"`(?:zkescrow )?([^`]+)`", item)
    named = [name for name in options for one in quoted if f"{one} ".startswith(f"{name} ")]
    allowed = {option for name in named for option in options[name]}
    assert named
    assert set(re.findall(r"--[a-z][a-z-]*", item)) <= allowed


def test_the_items_are_the_commands() -> None:
    text = "\n".join(ITEMS)
    names = options_of_commands()
    named = {name for name in names if re.search(rf"`(zkescrow )?{name}[ `]", text)}
    assert named == set(options_of_commands())


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


@cache
def tracked() -> tuple[str, ...]:
    """Paths of what git keeps, and of what it would, were it added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for path in listed.splitlines() if (ROOT / path).is_file())


def documents() -> list[str]:
    return [path for path in tracked() if path.endswith(".md")]


@pytest.mark.parametrize("document", sorted(documents()))
def test_lines_of_documents_fit_a_screen(document: str) -> None:
    lines = (ROOT / document).read_text().splitlines()
    assert [f"{at}: {line}" for at, line in enumerate(lines, 1) if len(line) > 120] == []


def test_no_document_is_named_that_is_not_there() -> None:
    """`docs/SPEC.md` by its path, others by their name, wherever they are named."""
    endings = (".py", ".rs", ".sol", ".md", ".toml", ".yml", ".sh", ".tree", ".pyi")
    there = {Path(path).name for path in documents()} | set(documents())
    missing = []
    for path in tracked():
        if path.endswith(endings) or path.startswith(("scripts/", ".ci/")):
            text = (ROOT / path).read_text()
            named = re.findall(r"(?<![\w./-])((?:docs/(?:[\w-]+/)*)?[A-Z][A-Z_]+\.md)\b", text)
            missing += [f"{path}: {name}" for name in named if name not in there]
    assert missing == []


def test_sections_and_rules_that_are_named_exist() -> None:
    sections = set(re.findall(r"^## (\d+)\. ", SPEC, re.MULTILINE))
    rules = SECURITY.partition("## Rules")[2].partition("\n## ")[0]
    there = {"SPEC": ("section", sections), "SECURITY": ("rule", re.findall(r"^\d+", rules, re.M))}
    texts = [(ROOT / path).read_text() for path in tracked() if path.endswith((".py", ".sol"))]
    for document, (kind, numbers) in there.items():
        pattern = rf"docs/{document}\.md,? {kind} (\d+)"
        named = {number for text in texts for number in re.findall(pattern, text)}
        assert named
        assert named <= set(numbers)


@pytest.mark.parametrize("document", sorted(documents()))
def test_links_and_named_paths_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text()
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    folders = r"contracts|prover|native|tests|scripts|docs|examples|benchmarks|snapshots|\.ci"
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
