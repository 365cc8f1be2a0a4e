"""Proofs of every kind of circuit say what the statement says."""

from collections.abc import Callable

import pytest

from prover.proving.ezkl.prover import item_words
from prover.proving.ezkl.system import Ezkl
from prover.statement.field import decode_signed
from tests.conftest import JOB, PLANS, Proven

Get = Callable[[str], Proven]
SYSTEM = Ezkl()


@pytest.mark.parametrize("name", PLANS)
def test_an_honest_proof_holds(proven: Get, name: str) -> None:
    made = proven(name)
    SYSTEM.verify(made.artifacts, [made.proof, made.artifacts.sample])
    assert made.proof.instances == made.witness.instances


@pytest.mark.parametrize("name", PLANS)
def test_instances_are_those_of_the_layout(proven: Get, name: str) -> None:
    made = proven(name)
    layout, words = made.artifacts.manifest.layout, made.proof.instances
    assert layout.section("context", words) == JOB.limbs(layout.context_limbs, layout.context_bits)
    for slot, item in enumerate(made.witness.items):
        assert layout.item_inputs(words, slot) == item_words(made.artifacts.manifest, item)
        outputs = tuple(map(decode_signed, layout.item_outputs(words, slot)))
        assert outputs == made.witness.outputs[slot]
    commitment = made.artifacts.weights_commitment
    assert layout.section("weights", words) == ((commitment,) if commitment else ())
