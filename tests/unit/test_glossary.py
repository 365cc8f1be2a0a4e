"""docs/GLOSSARY.md: each term has one definition, and what it replaced is nowhere in the code."""

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "GLOSSARY.md").read_text()
# What the review of names found in use, each with the field's word beside it.
FOUND = (
    *("live cell", "dead cell", "fold machine", "mac", "v1", "v2", "lead", "reach", "delta"),
    *("own factor", "row_a", "run_a", "row_b", "run_b", "cells", "sums", "program", "placing"),
    *("arrange", "tie", "join", "tied cell", "rows that continue", "products", "joint", "ends"),
    *("turn", "point", "drawn", "places", "filled", "given", "scrambled", "outline", "form"),
    *("apart", "rank rows", "bar", "pick", "helpers", "standing", "told", "words", "sentence"),
    *("speaks", "Wish", "Typed", "Offer", "Tools", "Taken", "Judged", "Appraisal", "mend"),
    *("bring_in", "take_out", "kept", "made_before", "twin", "whole", "hangs on"),
    *("run", "label", "layout", "word", "slot", "native", "round", "serve", "salt", "market"),
)
_HERE = ("docs/GLOSSARY.md", "tests/unit/test_glossary.py")
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)


def rows(part: str) -> list[tuple[str, str]]:
    """The rows of all tables in a part of the page."""
    found = re.findall(r"^\| (.+?) \| (.+?) \|$", part, re.MULTILINE)
    return [(left, right) for left, right in found if right not in ("meaning", "but", "why")]


def part(title: str) -> str:
    return GLOSSARY.split(f"\n## {title}\n")[1].split("\n## ")[0]


TERMS = rows(GLOSSARY.split("\n## Words that are not used\n")[0])
UNUSED = [left for left, _ in rows(part("Words that are not used"))]
STAYING = [one.strip("` ") for left, _ in rows(part("Words that stay")) for one in left.split(",")]


def words_of(name: str) -> list[str]:
    """The words of an identifier, a heading or a path, in lower case."""
    parts = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    return [one.lower() for one in parts]


@cache
def names() -> dict[str, set[str]]:
    """Every identifier, heading and path of the project -> the files in which it stands."""
    found: dict[str, set[str]] = {}
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for file in listed.stdout.split():
        if file in _HERE or not (ROOT / file).is_file():
            continue
        for name in (*named_in(ROOT / file), file):
            found.setdefault(name, set()).add(file)
    return found


def named_in(path: Path) -> Iterator[str]:
    if path.suffix == ".py":
        source = io.StringIO(path.read_text())
        tokens = tokenize.generate_tokens(source.readline)
        yield from {token.string for token in tokens if token.type == tokenize.NAME}
    elif path.suffix in (".rs", ".sol"):
        code = _COMMENTS.sub(" ", path.read_text())
        yield from set(re.findall(r"\b[A-Za-z_]\w*", code))
    elif path.suffix == ".md":
        text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
        yield from re.findall(r"^#+ (.+)$", text, re.MULTILINE)


def holds(name: str, unused: str) -> bool:
    """Whether a name is a word that is not used, or holds its words one after the other."""
    if unused.startswith("`"):
        return name == unused.strip("`")
    wanted, found = words_of(unused), words_of(name)
    starts = range(len(found) - len(wanted) + 1)
    return any(found[at : at + len(wanted)] == wanted for at in starts)


def test_each_term_is_defined_once() -> None:
    terms = [term.lower() for term, _ in TERMS]
    assert len(terms) > 80
    assert {term for term in terms if terms.count(term) > 1} == set()
    assert {term for term in terms if term in map(str.lower, UNUSED)} == set()


def test_a_definition_is_one_line_and_says_something() -> None:
    assert [term for term, meaning in TERMS if len(meaning) < 10 or term == meaning] == []


@pytest.mark.parametrize("unused", UNUSED)
def test_a_word_that_is_not_used_is_nowhere(unused: str) -> None:
    found = {name: sorted(files)[:3] for name, files in names().items() if holds(name, unused)}
    assert found == {}


def test_every_word_of_the_review_is_replaced_defined_or_stays_for_a_reason() -> None:
    known = {one.strip("`").lower() for one in (*UNUSED, *STAYING)} | {t.lower() for t, _ in TERMS}
    assert [word for word in FOUND if word.lower() not in known] == []


def test_what_is_sought_is_found() -> None:
    """The search itself: identifiers in every style, and words in their order."""
    assert holds("a_dead_cell_has_output_zero", "dead cell")
    assert holds("DeadCells", "dead cells")
    assert holds("prover/statement/twin.py", "twin")
    assert holds("Taken", "`Taken`")
    assert not holds("taken", "`Taken`")
    assert not holds("cell_dead", "dead cell")
