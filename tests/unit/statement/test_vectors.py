"""The vectors that the Solidity tests read are those that this code gives."""

import runpy
from pathlib import Path

import pytest

VECTORS = Path(__file__).parents[2] / "vectors"


@pytest.mark.parametrize("name", ["tree.json", "statement.json", "poseidon.json", "sealed.json"])
def test_committed_vectors_are_in_date(name: str) -> None:
    made = runpy.run_path(str(VECTORS / "make.py"))["vectors"]()
    assert (VECTORS / name).read_text() == made[name], "run python tests/vectors/make.py"
