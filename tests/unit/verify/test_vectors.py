"""The Rust engine and the reference verifier agree; the committed vector is the engine's."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from prover.base.errors import ProofRejected
from prover.systems.native import engine
from prover.verify import parse_description, verify
from tests.unit.verify.vector import DESCRIPTION, INSTANCES, PROOF, with_word, word
from tests.vectors.native import make

pytest.importorskip("zkescrow_native", reason="the Rust engine is not installed (no cargo)")


@cache
def remade() -> tuple[Any, dict[str, bytes]]:
    return make.verifying_key(), make.vectors()


def test_the_description_is_what_the_engine_exports() -> None:
    """If this fails: python -m tests.vectors.native.make."""
    assert remade()[1]["description.json"] == DESCRIPTION


def test_a_new_proof_is_accepted() -> None:
    """Its randomness differs from that of the committed one."""
    proof = remade()[1]["proof.bin"]
    assert proof != PROOF
    verify(parse_description(DESCRIPTION), proof, INSTANCES)


def test_the_engine_accepts_the_committed_proof() -> None:
    engine.verify(remade()[0], PROOF, INSTANCES)


@pytest.mark.parametrize("index", range(0, len(PROOF) // 32, 8))
def test_both_reject_a_changed_word(index: int) -> None:
    changed = with_word(index, word(index) ^ 1)
    with pytest.raises(ProofRejected):
        engine.verify(remade()[0], changed, INSTANCES)
    with pytest.raises(ProofRejected):
        verify(parse_description(DESCRIPTION), changed, INSTANCES)


def test_a_proof_of_a_false_witness_is_rejected() -> None:
    """The prover does not look: it makes a well-formed proof whose identity does not hold."""
    made = make.circuit()
    false = make.honest_run()
    remainder = false.cells.remainder.copy()
    remainder[tuple(np.argwhere(remainder)[0])] -= 1
    false = replace(false, cells=replace(false.cells, remainder=remainder))
    cells = engine.load_witness(made.placed, false, make.HIDDEN, INSTANCES)
    proof = engine.prove(made.program, made.keys, made.srs, cells, make.HIDDEN)
    with pytest.raises(ProofRejected, match=r"^opening: the pairing"):
        verify(parse_description(DESCRIPTION), proof, INSTANCES)
