"""Proofs of every kind of circuit say what the statement says, and nothing else is proven."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from prover.base.errors import ProofRejected, ProvingError, StatementInvalid
from prover.statement import poseidon
from prover.statement.documents.inputs_file import salted
from prover.statement.field import FIELD_MODULUS, decode_signed
from prover.systems.ezkl import prover
from prover.systems.ezkl.inputs import shape_of
from prover.systems.ezkl.prover import item_words
from prover.systems.ezkl.system import Ezkl
from prover.systems.proof import Proof
from tests.conftest import ELEMENTS, JOB, PLANS, Proven

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


def test_hashed_inputs_are_our_own_poseidon(proven: Get) -> None:
    made = proven("batch")
    layout, words = made.artifacts.manifest.layout, made.proof.instances
    for slot, item in enumerate(made.witness.items):
        assert layout.item_inputs(words, slot) == (poseidon.digest(item.values + item.salt),)
    limbs = JOB.limbs(layout.context_limbs, layout.context_bits)
    assert layout.section("context_echo", words) == (poseidon.digest(limbs),)


def test_salt_hides_equal_items(proven: Get) -> None:
    manifest = proven("salted").artifacts.manifest
    first, second = (salted((1, 2, 3, 4), shape_of(manifest)) for _ in range(2))
    assert item_words(manifest, first) != item_words(manifest, second)


def test_outputs_do_not_depend_on_context_or_salt(proven: Get) -> None:
    made = proven("salted")
    other = replace(JOB, payee=b"\x77" * 20)
    item = salted(made.witness.items[0].values, shape_of(made.artifacts.manifest))
    witness = SYSTEM.witness(made.artifacts, [item], other)
    assert witness.outputs == made.witness.outputs
    assert witness.context != made.witness.context


def test_a_part_of_a_batch_is_padded(proven: Get) -> None:
    made = proven("batch")
    witness = SYSTEM.witness(made.artifacts, made.witness.items[:1], JOB)
    assert len(witness.slots) == 2
    assert witness.outputs == made.witness.outputs[:1]
    layout = made.artifacts.manifest.layout
    assert layout.item_inputs(witness.instances, 0) == layout.item_inputs(made.proof.instances, 0)


@pytest.mark.parametrize("count", [0, 3])
def test_no_item_and_too_many_are_refused(proven: Get, count: int) -> None:
    made = proven("batch")
    with pytest.raises(StatementInvalid, match=f"{count} items: expected 1 to 2"):
        SYSTEM.witness(made.artifacts, [made.witness.items[0]] * count, JOB)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"values": (0,) * (ELEMENTS - 1)}, "3 values: expected exactly 4"),
        ({"values": (0, 0, 129, 0)}, "value 2 is 129: expected -128 to 128"),
        ({"values": (-129, 0, 0, 0)}, "value 0 is -129"),
        ({"salt": ()}, "0 salt elements: expected exactly 8"),
        ({"salt": (1 << 15, *[0] * 7)}, "salt 0 is 32768"),
        ({"salt": (*[0] * 7, -1)}, "salt 7 is -1"),
    ],
)
def test_items_outside_the_declared_domain_are_refused(
    proven: Get, change: dict[str, tuple[int, ...]], named: str
) -> None:
    made = proven("salted")
    edge = replace(made.witness.items[0], values=(128, -128, 0, 128))
    SYSTEM.witness(made.artifacts, [edge], JOB)
    with pytest.raises(StatementInvalid, match=named):
        SYSTEM.witness(made.artifacts, [replace(edge, **change)], JOB)


def test_a_proof_in_another_context_is_another_statement(proven: Get) -> None:
    made = proven("plain")
    thief = replace(JOB, payee=b"\x66" * 20)
    target = SYSTEM.witness(made.artifacts, made.witness.items, thief)
    with pytest.raises(ProofRejected):
        SYSTEM.verify(made.artifacts, [Proof(made.proof.proof, target.instances)])


def test_the_rejected_proof_is_named(proven: Get) -> None:
    made = proven("plain")
    layout = made.artifacts.manifest.layout
    words = list(made.proof.instances)
    words[layout.outputs] += 1
    wrong = Proof(made.proof.proof, tuple(words))
    with pytest.raises(ProofRejected, match="proof 1 of 3"):
        SYSTEM.verify(made.artifacts, [made.proof, wrong, wrong])


def test_malformed_proofs_do_not_reach_the_library(
    proven: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = proven("plain")
    proof, words = made.proof.proof, made.proof.instances
    monkeypatch.setattr(prover, "run", lambda *_: pytest.fail("the library was called"))
    for malformed in (
        Proof(proof + b"\x00", words),
        Proof(proof[:-1], words),
        Proof(proof, words[:-1]),
        Proof(proof, (*words, 0)),
        Proof(proof, (words[0] + FIELD_MODULUS, *words[1:])),
    ):
        with pytest.raises((ProofRejected, StatementInvalid)):
            SYSTEM.verify(made.artifacts, [malformed])


@pytest.mark.parametrize("section", ["context", "context_echo", "inputs", "weights", "outputs"])
def test_a_prover_that_says_something_else_is_found_out(
    proven: Get, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    """Even if the library's own verification let other instances pass."""
    made = proven("hidden")
    words = list(made.proof.instances)
    words[made.artifacts.manifest.layout.sections()[section].start] ^= 1
    answer = {"proof": made.proof.proof.hex(), "instances": words}
    monkeypatch.setattr(prover, "run", lambda *_, **__: answer)
    with pytest.raises(ProofRejected, match=rf"proof's {section} words"):
        SYSTEM.prove(made.artifacts, made.witness)


def test_inputs_that_the_library_changed_are_found_out(
    proven: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = proven("plain")
    answer = {"inputs": [[0, 0, 0, 0], list(made.witness.context)]}
    monkeypatch.setattr(prover, "run", lambda *_: {"witnesses": [answer]})
    with pytest.raises(ProvingError, match="changed the inputs"):
        SYSTEM.witness(made.artifacts, made.witness.items, JOB)


def test_a_proof_survives_its_file(proven: Get) -> None:
    proof = proven("salted").proof
    assert Proof.from_dict(proof.to_dict()) == proof
