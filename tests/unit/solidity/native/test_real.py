"""Real proofs: the contract, the engine and the reference verifier say the same of each."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prover.verify.algebra.field import R
from prover.verify.algebra.group import P
from tests.unit.solidity.native.conftest import OnChain
from tests.unit.solidity.native.real import (
    FORMS,
    Real,
    engine_accepts,
    false_run,
    real,
    reference_accepts,
)
from tests.unit.systems.native.needs import needs_engine

pytestmark = needs_engine
Statement = tuple[bytes, Sequence[int]]


@pytest.mark.parametrize(
    ("form", "network", "lanes", "weight_lanes"),
    [
        *((form, "tiny", 2, 2) for form in FORMS),
        ("labels", "residual", 9, 5),
        ("everything", "residual", 5, 3),
    ],
)
def test_an_honest_proof_is_accepted(
    on_chain: OnChain, form: str, network: str, lanes: int, weight_lanes: int
) -> None:
    made = real(form, network, lanes, weight_lanes)
    assert on_chain.accepts(made.description, [(made.proof, made.instances)]) == [True]
    assert engine_accepts(made.verifying_key, made.proof, made.instances)
    assert reference_accepts(made.description, made.proof, made.instances)


@pytest.mark.parametrize("packing", [1, 2, 8])
@pytest.mark.parametrize("form", ["labels", "everything"])
def test_an_honest_proof_is_accepted_however_it_is_packed(
    on_chain: OnChain, form: str, packing: int
) -> None:
    made = real(form, packing=packing)
    word = made.proof[: -2 * 64 - 32] + bytes(32) + made.proof[-2 * 64 :]
    proofs = [(made.proof, made.instances), (word, made.instances)]
    assert on_chain.accepts(made.description, proofs) == [True, False]
    assert [engine_accepts(made.verifying_key, *one) for one in proofs] == [True, False]
    assert [reference_accepts(made.description, *one) for one in proofs] == [True, False]


@pytest.mark.parametrize("form", FORMS)
def test_a_false_witness_is_refused(on_chain: OnChain, form: str) -> None:
    """The prover does not look: it makes a well-formed proof whose identity does not hold."""
    made = real(form)
    false = made.prove(false_run(made.run))
    assert len(false) == len(made.proof)
    assert on_chain.accepts(made.description, [(false, made.instances)]) == [False]
    assert not engine_accepts(made.verifying_key, false, made.instances)


def changed(made: Real) -> Iterator[Statement]:
    """Each word by one, to nothing, to its residues; each length; each instance; each order."""
    proof, instances = made.proof, made.instances
    for at in range(0, len(proof), 32):
        word = int.from_bytes(proof[at : at + 32], "big")
        for other in {word + 1, word ^ 1 << 200, 0, word + R, word + P, P - word} - {word}:
            if 0 <= other < 2**256:
                yield proof[:at] + other.to_bytes(32, "big") + proof[at + 32 :], instances
    for at in range(0, len(proof), 64):  # each point to infinity, each two evaluations to 0
        yield proof[:at] + bytes(64) + proof[at + 64 :], instances
    for other_proof in (b"", proof[:-1], proof[:-32], proof + b"\0", proof + bytes(32), proof * 2):
        yield other_proof, instances
    yield proof, instances[:-1]
    yield proof, (*instances, 0)
    yield proof, ()
    yield proof, instances[::-1]
    for index, word in enumerate(instances):
        for other in ((word + 1) % R, word + R, R):
            yield proof, (*instances[:index], other, *instances[index + 1 :])


@pytest.mark.parametrize("form", ["scores", "everything"])
def test_each_change_is_refused(on_chain: OnChain, form: str) -> None:
    """By the contract and by the engine; `tests/unit/verify` has the same of the reference."""
    made = real(form)
    others = list(changed(made))
    assert on_chain.accepts(made.description, others) == [False] * len(others)
    assert not any(engine_accepts(made.verifying_key, *other) for other in others)


@given(st.data())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_three_agree(on_chain: OnChain, data: st.DataObject) -> None:
    """Bytes are flipped or words exchanged; now and then nothing is."""
    made = real("everything")
    proof = bytearray(made.proof)
    for _ in range(data.draw(st.integers(0, 2))):
        proof[data.draw(st.integers(0, len(proof) - 1))] ^= data.draw(st.integers(0, 255))
    statement = bytes(proof), made.instances
    (found,) = on_chain.accepts(made.description, [statement])
    assert (
        found
        == engine_accepts(made.verifying_key, *statement)
        == reference_accepts(made.description, *statement)
    )
    assert found == (bytes(proof) == made.proof)


def test_a_proof_holds_under_its_own_key_alone(on_chain: OnChain) -> None:
    """Of networks of one shape, too: only the points of their keys differ."""
    makes = [real(form) for form in FORMS]
    proofs = [(made.proof, made.instances) for made in makes]
    for index, made in enumerate(makes):
        accepted = on_chain.accepts(made.description, proofs)
        assert accepted == [other == index for other in range(len(makes))]
