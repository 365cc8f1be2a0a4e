"""Each rule of proof acceptance, recomputed by an audit, of circuits with and without a key."""

from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from prover.audit.proofs import Accepted, Bound, broken_rules
from prover.audit.protocols.common import commitments
from prover.base.errors import StatementInvalid
from prover.chain.contracts.registry import Circuit
from prover.statement.context import JobContext
from prover.statement.field import FIELD_MODULUS
from prover.statement.layout import Layout, OutputKind
from prover.systems.proof import Proof
from tests.unit.chain.contracts.test_registry import CODES, KEY, KEYED, VERIFIER, Node

CHAIN, ESCROW, PAYEE = 31337, "0x" + "aa" * 20, "0x" + "ee" * 20
JOB_ID, MODEL_ID, OTHER = b"\1" * 32, b"\2" * 32, b"\3" * 32
HEAD, POINT = bytes(range(96)), bytes(range(100, 164))  # of one point of hidden weights; an input's
POINTED = Layout(10, 1, 0, 8, 17, 0, 0, 0, 0, 0, 0, 1, 8, 2, OutputKind.LABEL, 10)
DIGEST = Layout(12, 1, 0, 8, 17, 0, 0, 8, 1, 9, 1, 0, 10, 2, OutputKind.LABEL, 10)
OF_BOTH = keccak(b"".join(keccak(code) for code in CODES.values()))
CONTEXT = "the proof's context is not that of the job, payee and model"
WEIGHTS = "the proof's weights are not those registered"
CODE = "the code that verifies was not the registered one"
VERDICT = "the verifier does not accept the proof by a typed call at its block"


def circuit_of(layout: Layout) -> Circuit:
    return replace(KEYED, layout=layout, code_hash=OF_BOTH)


def accepted(layout: Layout = POINTED, **bound_to: Any) -> Accepted:
    """An honest proof; `bound_to` are fields of JobContext that it is bound to instead."""
    job = JobContext.of(CHAIN, ESCROW, JOB_ID, PAYEE, MODEL_ID)
    limbs = replace(job, **bound_to).limbs(8, 17)
    digests = () if layout is POINTED else (77, 5)
    weights = int.from_bytes(keccak(HEAD), "big") if layout is POINTED else 5
    bound = Bound((CHAIN,), ESCROW, JOB_ID, PAYEE, MODEL_ID, circuit_of(layout), weights)
    proof = Proof(HEAD + POINT + b"rest", (*limbs, *digests, 3, 4))
    return Accepted("delivery", 7, bound, 1, proof)


def with_proof(one: Accepted, proof: bytes | None = None, **words: int) -> Accepted:
    """`words` are instances by place: `at9=...`."""
    instances = list(one.proof.instances)
    for place, word in words.items():
        instances[int(place.removeprefix("at"))] = word
    changed = Proof(one.proof.proof if proof is None else proof, tuple(instances))
    return replace(one, proof=changed)


def broken(one: Accepted, node: Node | None = None) -> list[str]:
    return list(broken_rules((node or Node()).client, one))


@pytest.mark.parametrize("layout", [POINTED, DIGEST])
def test_an_honest_proof_breaks_none(layout: Layout) -> None:
    assert broken(accepted(layout)) == []


@pytest.mark.parametrize(
    "bound_to",
    [
        {"chain_id": 1},
        {"escrow": b"\xab" * 20},
        {"job_id": OTHER},
        {"payee": b"\xef" * 20},
        {"model_id": OTHER},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_proof_that_is_bound_to_something_else_is_told(bound_to: dict[str, Any]) -> None:
    assert broken(accepted(**bound_to)) == [CONTEXT]


def test_a_proof_of_a_forked_chain_may_have_either_id() -> None:
    one = accepted(chain_id=1)
    assert broken(replace(one, bound=replace(one.bound, chain_ids=(CHAIN, 1)))) == []


@pytest.mark.parametrize("at", [0, 31, 32, 95])
def test_another_head_is_told(at: int) -> None:
    one = accepted()
    proof = bytearray(one.proof.proof)
    proof[at] ^= 1
    assert broken(with_proof(one, bytes(proof))) == [WEIGHTS]


def test_the_rest_of_the_proof_is_no_weight() -> None:
    one = accepted()
    assert broken(with_proof(one, one.proof.proof[:96] + b"another point")) == []


def test_another_digest_is_told() -> None:
    assert broken(with_proof(accepted(DIGEST), at9=6)) == [WEIGHTS]


def test_weights_that_none_were_registered_of_are_told() -> None:
    one = accepted(DIGEST)
    assert broken(replace(one, bound=replace(one.bound, weights=0))) == [WEIGHTS]


@pytest.mark.parametrize("length", [0, 31, 95])
def test_a_proof_that_ends_within_its_head_is_told(length: int) -> None:
    (found,) = broken(with_proof(accepted(), HEAD[:length]))
    assert f"{length} bytes: expected at least 96" in found


def test_a_proof_that_ends_within_its_point_has_no_input() -> None:
    with pytest.raises(StatementInvalid, match="159 bytes: expected at least 160"):
        commitments(with_proof(accepted(), (HEAD + POINT)[:159]))


def test_the_input_is_its_point_or_its_words() -> None:
    assert commitments(accepted()) == [keccak(POINT)]
    assert commitments(accepted(DIGEST)) == [keccak((77).to_bytes(32, "big"))]


@pytest.mark.parametrize("items", [0, 2])
def test_any_number_of_items_but_one_is_told(items: int) -> None:
    told = [f"{items} items of a proof with 1 slots"]
    assert broken(replace(accepted(), items=items)) == told


def test_an_instance_out_of_the_field_is_told() -> None:
    (found,) = broken(with_proof(accepted(), at9=FIELD_MODULUS))
    assert "canonical" in found


def test_another_number_of_instances_is_told() -> None:
    one = accepted()
    more = replace(one, proof=Proof(one.proof.proof, (*one.proof.instances, 0)))
    (found,) = broken(more)
    assert "11 instances: expected exactly 10" in found


@pytest.mark.parametrize("part", [VERIFIER, KEY])
@pytest.mark.parametrize("code", [b"", b"\0other"])
def test_other_code_of_verifier_or_key_is_told(part: str, code: bytes) -> None:
    assert broken(accepted(), Node(CODES | {part: code})) == [CODE]


@pytest.mark.parametrize("answer", [bytes(32), b"", (2).to_bytes(32, "big")])
def test_a_verifier_that_refuses_is_told(answer: bytes) -> None:
    assert broken(accepted(), Node(answer=answer)) == [VERDICT]


def test_each_broken_rule_is_told() -> None:
    one = with_proof(accepted(model_id=OTHER), bytes(200))
    node = Node({}, answer=bytes(32))
    told = ["2 items of a proof with 1 slots"]
    assert broken(replace(one, items=2), node) == [CONTEXT, WEIGHTS, *told, CODE, VERDICT]
