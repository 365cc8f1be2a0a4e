"""What a deployed verifier accepts: an honest proof, in one encoding, and no change of any word."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from py_ecc.bn128 import field_modulus

from prover.statement.field import FIELD_MODULUS
from prover.systems.ezkl.planning import ENGINE
from prover.systems.worker import Limits, run
from tests.conftest import JOB, PLANS, Proven
from tests.unit.solidity.conftest import VERIFY, Node, typed, typed_proof

Get = Callable[[str], Proven]
Deploy = Callable[[Proven], str]
ENOUGH = Limits(seconds=120)


def words_of(proof: bytes) -> list[int]:
    return [int.from_bytes(proof[at : at + 32], "big") for at in range(0, len(proof), 32)]


def joined(words: list[int]) -> bytes:
    return b"".join((word % 2**256).to_bytes(32, "big") for word in words)


def mutated_proofs(proof: bytes) -> Iterator[tuple[str, bytes]]:
    """Every word changed in several ways, and every point replaced by its negative."""
    words = words_of(proof)
    for index, word in enumerate(words):
        for name, other in (("+1", word + 1), ("0", 0), ("+r", word + FIELD_MODULUS)):
            if other != word and other < 2**256:
                yield f"word {index} {name}", joined([*words[:index], other, *words[index + 1 :]])
    for index in range(len(words) - 1):
        x, y = words[index : index + 2]
        if (y * y - x**3 - 3) % field_modulus == 0:
            negative = [*words[: index + 1], field_modulus - y, *words[index + 2 :]]
            yield f"point at {index} negated", joined(negative)


def mutated_instances(instances: tuple[int, ...]) -> Iterator[tuple[str, list[int]]]:
    for index, word in enumerate(instances):
        for name, other in (("+1", word + 1), ("+r", word + FIELD_MODULUS), ("-1", word - 1)):
            if 0 <= other < 2**256:
                yield (
                    f"instance {index} {name}",
                    [*instances[:index], other, *instances[index + 1 :]],
                )


@pytest.mark.parametrize("name", PLANS)
def test_an_honest_proof_is_accepted(node: Node, hardened: Deploy, proven: Get, name: str) -> None:
    made = proven(name)
    calls = [typed_proof(made.proof), typed_proof(made.artifacts.sample)]
    assert node.accepts(hardened(made), calls) == [True, True]


@pytest.mark.parametrize("name", PLANS)
def test_every_changed_word_is_refused(
    node: Node, hardened: Deploy, proven: Get, name: str
) -> None:
    made = proven(name)
    proof, instances = made.proof.proof, made.proof.instances
    cases = {case: typed(other, instances) for case, other in mutated_proofs(proof)}
    cases |= {case: typed(proof, other) for case, other in mutated_instances(instances)}
    assert len(cases) >= 3 * (len(proof) // 32) - 4 + 2 * len(instances)
    answers = node.accepts(hardened(made), [typed_proof(made.proof), *cases.values()])
    assert answers[0], "the honest proof is refused: this test shows nothing"
    assert [case for case, yes in zip(cases, answers[1:], strict=True) if yes] == []


@pytest.mark.parametrize("name", ["plain", "hidden"])
def test_every_changed_word_is_refused_by_the_verifying_key(proven: Get, name: str) -> None:
    """As by the contract; words that are no field elements do not reach the library."""
    made = proven(name)
    proof, instances = made.proof.proof, made.proof.instances
    cases = [(other.hex(), list(instances)) for _, other in mutated_proofs(proof)]
    cases += [
        (proof.hex(), other)
        for _, other in mutated_instances(instances)
        if max(other) < FIELD_MODULUS
    ]
    paths = {
        key: made.artifacts.path(file)
        for key, file in (("settings", "settings.json"), ("vk", "vk.key"), ("srs", "kzg.srs"))
    }
    arguments = paths | {"proofs": [*cases, (proof.hex(), list(instances))]}
    rejected = run(f"{ENGINE}:verify_all", arguments, ENOUGH)["rejected"]
    assert set(rejected) == {str(index) for index in range(len(cases))}


@pytest.mark.parametrize("name", ["plain", "salted"])
def test_a_proof_cannot_be_re_targeted(
    node: Node, hardened: Deploy, proven: Get, name: str
) -> None:
    """Another payee's context limbs, in both places where the context stands, are refused."""
    made = proven(name)
    layout = made.artifacts.manifest.layout
    thief = replace(JOB, payee=b"\x66" * 20)
    limbs = thief.limbs(layout.context_limbs, layout.context_bits)
    instances = list(made.proof.instances)
    instances[layout.context : layout.context + layout.context_limbs] = limbs
    calls = [typed(made.proof.proof, instances)]
    if layout.context_echo_words == layout.context_limbs:
        instances[layout.context_echo : layout.context_echo + layout.context_limbs] = limbs
        calls.append(typed(made.proof.proof, instances))
    assert not any(node.accepts(hardened(made), calls))


def test_other_lengths_are_refused(node: Node, hardened: Deploy, proven: Get) -> None:
    made = proven("plain")
    proof, instances = made.proof.proof, list(made.proof.instances)
    calls = [
        typed(proof + bytes(32), instances),
        typed(proof[:-32], instances),
        typed(proof + b"\x00", instances),
        typed(b"", instances),
        typed(proof, [*instances, 0]),
        typed(proof, instances[:-1]),
        typed(proof, []),
    ]
    assert not any(node.accepts(hardened(made), calls))


def shifted(proof: bytes, instances: list[int]) -> bytes:
    """An honest copy of the proof where the code reads, another where the ABI offset points.

    Both are the same here; an attacker would let them differ.
    """
    canonical = encode(["bytes", "uint256[]"], [proof, instances])
    copy = encode(["bytes"], [proof])[32:]
    return VERIFY + len(canonical).to_bytes(32, "big") + canonical[32:] + copy


def test_a_shifted_proof_is_refused_only_by_the_hardened_verifier(
    node: Node, hardened: Deploy, unhardened: Deploy, proven: Get
) -> None:
    made = proven("plain")
    honest = typed_proof(made.proof)
    moved = shifted(made.proof.proof, list(made.proof.instances))
    assert node.accepts(hardened(made), [honest, moved]) == [True, False]
    assert node.accepts(unhardened(made), [honest, moved]) == [True, True]
