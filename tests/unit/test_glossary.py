"""docs/GLOSSARY.md: each term has one definition, and what it replaced is nowhere in the code."""

import io
import json
import re
import subprocess
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "GLOSSARY.md").read_text()
# What the review of names found in use, each with the field's word beside it.
FOUND = (
    *("live cell", "dead cell", "run", "fold machine", "mac", "v1", "v2", "lead", "reach", "delta"),
    *("own factor", "row_a", "run_a", "row_b", "run_b", "cells", "sums", "program", "placing"),
    *("placement", "arrange", "tie", "join", "tied cell", "rows that continue", "products"),
    *("joint", "ends", "turn", "point", "drawn", "places", "filled", "given", "scrambled"),
    *("outline", "form", "apart", "rank rows", "bar", "pick", "helper", "standing", "told"),
    *("words", "sentence", "speaks", "Wish", "Typed", "Offer", "Tools", "Taken", "Judged"),
    *("Appraisal", "mend", "bring_in", "take_out", "kept", "made_before", "twin", "whole"),
    *("hangs on", "is allowed", "label", "layout", "word", "slot", "native", "round", "place"),
    *("serve", "salt", "market"),
)
_HERE = ("docs/GLOSSARY.md", "tests/unit/test_glossary.py")
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_TYPES = "class|struct|enum|trait|type|contract|library|interface"
_FUNCTIONS = "def|fn|function"
_DEFINED = re.compile(rf"\b({_TYPES}|{_FUNCTIONS})\s+([A-Za-z_]\w*)")


def rows(part: str) -> list[tuple[str, str]]:
    """The rows of all tables in a part of the page."""
    found = re.findall(r"^\| (.+?) \| (.+?) \|$", part, re.MULTILINE)
    return [(left, right) for left, right in found if right not in ("meaning", "but", "why")]


def part(title: str) -> str:
    return GLOSSARY.split(f"\n## {title}\n")[1].split("\n## ")[0]


def entries(title: str) -> list[str]:
    """The words of the left column: a row may have several."""
    return [one.strip() for left, _ in rows(part(title)) for one in left.split(",")]


TERMS = rows(GLOSSARY.split("\n## Words that are not used\n")[0])
UNUSED = entries("Words that are not used")
STAYING = entries("Words that stay")


@cache
def words_of(name: str) -> list[str]:
    """The words of an identifier, a heading or a path, in lower case."""
    parts = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    return [one.lower() for one in parts]


def plain(entry: str) -> str:
    """An entry without its marks: "`class Kept`" is "kept"."""
    return " ".join(words_of(re.sub(r"^(class|def) ", "", entry.strip("`"))))


@cache
def names() -> dict[str, set[str]]:
    """Every identifier, heading, key and path of the project -> the files in which it stands.

    What is defined stands there a second time, as "class Name" or "def name".
    """
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = (file for file in listed.stdout.split() if file not in _HERE)
    return names_in(ROOT, [file for file in files if (ROOT / file).is_file()])


def names_in(root: Path, files: list[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for file in files:
        for name in (*named_in(root / file), file):
            found.setdefault(name, set()).add(file)
    return found


def named_in(path: Path) -> Iterator[str]:
    reader = _READERS.get(path.suffix)
    if reader is not None:
        yield from reader(path.read_text())
    elif not path.suffix and path.read_bytes().startswith(b"#!"):
        yield from _shell(path.read_text())


def _python(text: str) -> Iterator[str]:
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    found = [token.string for token in tokens if token.type == tokenize.NAME]
    yield from set(found)
    for before, name in pairwise(found):
        if before in ("class", "def"):
            yield f"{before} {name}"


def _code(text: str) -> Iterator[str]:
    """Rust, Solidity and JavaScript, without comments and strings."""
    code = _COMMENTS.sub(" ", text)
    yield from set(re.findall(r"\b[A-Za-z_]\w*", code))
    for kind, name in _DEFINED.findall(code):
        yield f"{'def' if kind in _FUNCTIONS.split('|') else 'class'} {name}"


def _shell(text: str) -> Iterator[str]:
    """Variables and functions of a shell script."""
    yield from re.findall(r"\$\{?([A-Za-z_]\w*)", text)
    yield from re.findall(r"^\s*(?:local |export |readonly )?([A-Za-z_]\w*)=", text, re.MULTILINE)
    for name in re.findall(r"^\s*([A-Za-z_]\w*)\s*\(\)", text, re.MULTILINE):
        yield from (name, f"def {name}")


def _headings(text: str) -> Iterator[str]:
    without = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"^#+ (.+)$", without, re.MULTILINE)


def _keys(text: str) -> Iterator[str]:
    """Keys of JSON at any depth, and what is called something by the key "name"."""

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value
            yield from (one for key, one in value.items() if key == "name" and type(one) is str)
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                yield from walk(one)

    yield from set(walk(json.loads(text)))


def _settings(text: str) -> Iterator[str]:
    """Keys of TOML and YAML, and names of TOML's sections."""
    yield from re.findall(r"^\s*(?:- )?\"?([\w.-]+)\"? ?[:=]", text, re.MULTILINE)
    yield from re.findall(r"^\[+(.+?)\]+", text, re.MULTILINE)


def _branches(text: str) -> Iterator[str]:
    """Lines of a tree of cases, and the tests that they name."""
    yield from (line for line in text.splitlines() if line.strip())


_READERS: dict[str, Callable[[str], Iterator[str]]] = {
    **dict.fromkeys((".py", ".pyi"), _python),
    **dict.fromkeys((".rs", ".sol", ".js"), _code),
    **dict.fromkeys((".toml", ".yml", ".yaml"), _settings),
    ".sh": _shell,
    ".md": _headings,
    ".json": _keys,
    ".tree": _branches,
}


def holds(name: str, unused: str) -> bool:
    """Whether a name is a word that is not used, or holds its words one after the other."""
    wanted, found = words_of(unused), words_of(name)
    if unused.startswith("`"):
        return found == wanted
    starts = range(len(found) - len(wanted) + 1)
    return any(found[at : at + len(wanted)] == wanted for at in starts)


def test_each_term_is_defined_once() -> None:
    terms = [term.lower() for term, _ in TERMS]
    assert len(terms) > 80
    assert {term for term in terms if terms.count(term) > 1} == set()
    assert {term for term in terms if term in map(str.lower, UNUSED)} == set()


def test_a_word_is_on_each_list_once() -> None:
    for listed in (UNUSED, STAYING):
        assert {one for one in listed if listed.count(one) > 1} == set()


def test_a_definition_is_one_line_and_says_something() -> None:
    assert [term for term, meaning in TERMS if len(meaning) < 10 or term == meaning] == []


def test_what_is_used_instead_of_a_word_is_not_such_a_word_itself() -> None:
    instead = [right for _, right in rows(part("Words that are not used"))]
    assert [(one, word) for one in instead for word in UNUSED if holds(one, word)] == []


@pytest.mark.parametrize("unused", UNUSED)
def test_a_word_that_is_not_used_is_nowhere(unused: str) -> None:
    found = {name: sorted(files)[:3] for name, files in names().items() if holds(name, unused)}
    assert found == {}


def test_every_word_of_the_review_is_replaced_defined_or_stays_for_a_reason() -> None:
    known = {plain(one) for one in (*UNUSED, *STAYING, *(term for term, _ in TERMS))}
    assert [word for word in FOUND if plain(word) not in known] == []


def test_what_is_sought_is_found() -> None:
    """The search itself: identifiers in every style, and words in their order."""
    for name in (
        "a_dead_cell_has_output_zero",
        "DeadCell",
        "deadCell0",
        "DEAD_CELL",
        "A dead cell",
    ):
        assert holds(name, "dead cell")
    assert holds("prover/statement/twin.py", "twin")
    assert not holds("cell_dead", "dead cell")
    for name in ("in_words", "_in_words", "inWords", "InWords", "IN_WORDS"):
        assert holds(name, "`in_words`")
    assert not holds("refused_in_words", "`in_words`")
    assert holds("class Kept", "`class Kept`")
    assert not holds("kept", "`class Kept`")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.py", "def f(dead_cell): ...\n"),
        ("a.py", "class DeadCell: ...\n"),
        ("a.pyi", "def dead_cell() -> None: ...\n"),
        ("a.rs", "fn a(dead_cell: usize) {}\n"),
        ("a.sol", "contract A { uint256 deadCell; }\n"),
        ("a.js", "const deadCell = 1\n"),
        ("a.sh", "DEAD_CELL=1\n"),
        ("a.sh", 'echo "$dead_cell"\n'),
        ("script", "#!/bin/sh\ndead_cell() { true; }\n"),
        ("a.json", '[{"a": {"deadCell": 1}}]'),
        ("a.json", '[{"name": "dead_cell"}]'),
        ("a.toml", "[tool.dead-cell]\n"),
        ("a.yml", "jobs:\n  dead-cell: 1\n"),
        ("a.tree", "└── when it is a dead cell: it reverts [test_a]\n"),
        ("a.md", "# Of a dead cell\n"),
        ("dead_cell.txt", ""),
    ],
)
def test_a_word_that_is_not_used_is_found_in_each_kind_of_file(
    tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / file).write_text(text)
    assert [name for name in names_in(tmp_path, [file]) if holds(name, "dead cell")]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.py", "kept = 1  # def kept\n"),
        ("a.rs", 'let kept = "fn kept"; // fn kept\n'),
        ("a.sh", "kept=1\n"),
    ],
)
def test_a_variable_is_no_function(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    assert not [name for name in names_in(tmp_path, [file]) if holds(name, "`def kept`")]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.py", "class A:\n    async def kept(self): ...\n"),
        ("a.rs", "pub fn kept() {}\n"),
        ("a.sol", "contract A { function kept() external {} }\n"),
        ("a.sh", "kept() {\n"),
    ],
)
def test_a_function_of_a_name_is_found(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    assert [name for name in names_in(tmp_path, [file]) if holds(name, "`def kept`")]
