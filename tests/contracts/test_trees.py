"""Each .tree names exactly the tests of the file beside it."""

import re
from pathlib import Path

import pytest

TREES = sorted(Path(__file__).parent.rglob("*.tree"))


@pytest.fixture(autouse=True)
def isolation() -> None:
    """No chain here."""


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: f"{tree.parent.name}-{tree.stem}")
def test_tree_names_the_tests(tree):
    named = re.findall(r"\[(test_\w+)\]", tree.read_text())
    written = re.findall(r"^def (test_\w+)", tree.with_suffix(".py").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(written)
    assert named
