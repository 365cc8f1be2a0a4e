"""Why the contract refuses: each rule by the error that it alone gives.

A change of a finished proof changes its challenges, so that the pairing fails whatever else is
checked. The error shows that the rule was there, and said which word.
"""

from collections.abc import Iterator

import pytest

from prover.solidity.native import key_creation, verifier_creation
from prover.verify.algebra.field import R
from prover.verify.algebra.group import P
from prover.verify.digest import circuit_key
from tests.unit.solidity.native.conftest import OnChain, called
from tests.unit.solidity.native.forger import points_before_evaluations
from tests.unit.solidity.native.real import Real, real
from tests.unit.solidity.native.test_key import with_word, word
from tests.unit.systems.native.needs import needs_engine

pytestmark = needs_engine
MINUS_ONE = 2**256 - 1
Case = tuple[bytes, tuple[int, ...], str]


def refused(on_chain: OnChain, made: Real, cases: list[Case]) -> None:
    key = circuit_key(made.description)
    calls = [called(on_chain.key(key), proof, instances) for proof, instances, _ in cases]
    found = on_chain.answers(on_chain.verifier(key), calls)
    assert found == [error for _, _, error in cases]


def changed(proof: bytes, index: int, *words: int) -> bytes:
    data = b"".join(one.to_bytes(32, "big") for one in words)
    return proof[: 32 * index] + data + proof[32 * index + len(data) :]


def test_lengths_are_exact(on_chain: OnChain) -> None:
    made = real("everything")
    proof, instances = made.proof, made.instances
    count, behind = len(instances), len(proof) - 32  # behind the digest
    moved = proof[32:] + bytes(32), (*instances, word(proof, 1))  # the same bytes in the same order
    refused(
        on_chain,
        made,
        [
            (b"", instances, "WrongLength(0, 32)"),
            (proof[:31], instances, "WrongLength(31, 32)"),
            (proof[:-1], instances, f"WrongLength({behind - 1}, {behind})"),
            (proof + bytes(32), instances, f"WrongLength({behind + 32}, {behind})"),
            (proof, instances[:-1], f"WrongLength({count - 1}, {count})"),
            (*moved, f"WrongLength({count + 1}, {count})"),
        ],
    )


def test_a_proof_of_public_weights_has_its_length_too(on_chain: OnChain) -> None:
    made = real("labels")
    proof, instances = made.proof, made.instances
    length = len(proof)
    cases = [
        (other, instances, f"WrongLength({len(other)}, {length})")
        for other in (b"", proof[:-1], proof + bytes(32))
    ]
    refused(on_chain, made, cases)


def test_a_proof_of_hidden_weights_is_of_this_key(on_chain: OnChain) -> None:
    """Its first word says so, which stands in no transcript: the key's own digest does."""
    made = real("hidden")
    digest = made.description.digest
    others = [digest ^ 1, digest ^ 1 << 255, 0]
    cases = [
        (changed(made.proof, 0, other), made.instances, f"OtherDigest({other}, {digest})")
        for other in others
    ]
    refused(on_chain, made, cases)


def test_every_scalar_is_canonical(on_chain: OnChain) -> None:
    made = real("everything")
    proof, instances, layout = made.proof, made.instances, made.description.proof
    count = len(instances)
    cases: list[Case] = []
    for index in range(count):
        for other in (instances[index] + R, R, MINUS_ONE):
            words = (*instances[:index], other, *instances[index + 1 :])
            cases.append((proof, words, f"NotCanonical({index})"))
    first = 1 + 2 * points_before_evaluations(layout)
    for index in range(first, first + layout.evaluations):
        for other in (word(proof, index) + R, R, MINUS_ONE):
            error = f"NotCanonical({count + index - 1})"  # the digest before is compared alone
            cases.append((changed(proof, index, other), instances, error))
    refused(on_chain, made, cases)


def places(made: Real) -> Iterator[int]:
    """The word at which each point begins, behind the digest."""
    layout = made.description.proof
    points = points_before_evaluations(layout)
    yield from range(1, 1 + 2 * points, 2)
    opening = 1 + 2 * points + layout.evaluations
    yield from (opening, opening + 2)


def test_every_point_is_one_and_not_infinity(on_chain: OnChain) -> None:
    made = real("everything")
    proof, instances = made.proof, made.instances
    cases: list[Case] = []
    for at in places(made):
        x, y = word(proof, at), word(proof, at + 1)
        error = f"NotCanonical({len(instances) + at - 1})"
        cases.append((changed(proof, at, 0, 0), instances, error))
        for other in ((x, (y + 1) % P), (0, 1), (x + P, y), (x, y + P)):
            if max(other) < 2**256:
                cases.append((changed(proof, at, *other), instances, "BadPoint()"))
    refused(on_chain, made, cases)


def key_errors(key: bytes) -> Iterator[tuple[bytes, str]]:
    """Keys that no circuit has, with what is said of them."""

    def bad(index: int, value: int) -> tuple[bytes, str]:
        return with_word(key, index, value), f"BadKey({index}, {value})"

    yield bad(0, word(key, 0) ^ 1)  # format
    yield bad(2, 3)  # k
    yield bad(2, 29)
    yield bad(3, word(key, 3) + R)  # omega
    yield bad(4, word(key, 4) + R)  # delta
    yield bad(5, 6)  # blinding rows
    for packing in (0, 3, 5, 6, 7, 9, 16):
        yield bad(6, packing)
    for lanes in (7, 8):
        yield bad(lanes, 0)
        yield bad(lanes, 65)
    for bits in (9, 11, 14):  # shift, bits of an input, bits of a class
        yield bad(bits, 63)
    yield with_word(with_word(key, 7, 64), 21, word(key, 21) + 62), "BadKey(11, 4)"  # 256 bits
    for integer in (10, 12, 15):
        yield bad(integer, 1 << 63)
        yield bad(integer, 2**256 - (1 << 63) - 1)
    yield bad(13, 2**28 + 1)  # labels
    yield bad(16, 2**28 + 1)  # rows to a word
    yield bad(17, 2)  # hidden
    yield bad(18, 2**28 + 1)  # context
    yield bad(19, 0)  # digests of inputs that are hashed
    yield bad(20, 3)  # outputs beside two labels
    yield bad(21, word(key, 21) + 1)
    yield bad(22, word(key, 22) + 2)


def test_a_key_that_no_circuit_has_is_refused(on_chain: OnChain) -> None:
    made = real("everything")
    key = circuit_key(made.description)
    size = len(key) + 1
    wrong = list(key_errors(with_word(key, 11, 4)))
    assert word(key, 7) == 2
    wrong += [
        (key + bytes(64), f"NoKey({size + 64}, {size})"),
        (key[:-64], f"NoKey({size - 64}, {size})"),
        (key[:100], "NoKey(101, 993)"),
    ]
    verifier = on_chain.verifier(key)
    node = on_chain.node
    calls = [called(node.deploy(key_creation(one)), made.proof, made.instances) for one, _ in wrong]
    assert on_chain.answers(verifier, calls) == [error for _, error in wrong]


def test_what_is_no_key_is_named(on_chain: OnChain) -> None:
    made = real("everything")
    key = circuit_key(made.description)
    verifier = on_chain.verifier(key)
    running = on_chain.node.deploy(key_creation(key).replace(b"\0" + key, b"\x5b" + key))
    nobody = "0x" + "5e" * 20
    calls = [called(place, made.proof, made.instances) for place in (running, nobody)]
    assert on_chain.answers(verifier, calls) == [f"NoKey({0x5B}, 0)", "NoKey(0, 993)"]
    other = on_chain.node.deploy(verifier_creation(with_word(key, 30, 1)))
    calls = [called(on_chain.key(key), made.proof, made.instances)]
    assert on_chain.answers(other, calls) == ["OtherSetUp()"]


def test_too_little_gas_is_no_verdict(on_chain: OnChain) -> None:
    """Whoever chooses the gas of a call could have an honest proof called false."""
    made = real("scores")
    key = circuit_key(made.description)
    verifier = on_chain.verifier(key)
    call = [called(on_chain.key(key), made.proof, made.instances)]

    def answer(gas: int) -> str:
        return on_chain.answers(verifier, call, gas)[0]

    too_little, enough = 100_000, 2_000_000
    assert answer(enough) == "true"
    while enough - too_little > 1:
        middle = (too_little + enough) // 2
        found = answer(middle)
        assert found != "false"
        too_little, enough = (too_little, middle) if found == "true" else (middle, enough)
    assert answer(too_little) == "OutOfGas()"
    for gas in range(200_000, too_little, 20_000):
        assert answer(gas) not in ("true", "false")


@pytest.mark.parametrize("form", ["scores", "labels", "hashed", "hidden"])
def test_a_false_proof_is_a_verdict(on_chain: OnChain, form: str) -> None:
    made = real(form)
    words = (*made.instances[:-1], (made.instances[-1] + 1) % R)
    refused(on_chain, made, [(made.proof, words, "false"), (made.proof, made.instances, "true")])
