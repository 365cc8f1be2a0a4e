import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.commitment import input_commitment, inputs_hash
from prover.statement.context import NO_JOB, JobContext
from prover.statement.field import FIELD_MODULUS

JOB = JobContext(31337, b"\x01" * 20, b"\x02" * 32, b"\x03" * 20, b"\x04" * 32)
SIZES = [(8, 17), (6, 24), (1, 253), (12, 10)]


@given(st.sampled_from(SIZES), st.integers(0, 2**64))
def test_limbs_are_the_low_bits_of_the_hash(size: tuple[int, int], chain: int) -> None:
    job = dataclasses.replace(JOB, chain_id=chain)
    limbs, (count, bits) = job.limbs(*size), size
    assert len(limbs) == count
    assert all(0 <= limb < 2**bits for limb in limbs)
    assert sum(limb << (j * bits) for j, limb in enumerate(limbs)) == job.hash() % 2 ** (
        count * bits
    )


def test_the_context_of_no_job_is_what_samples_of_circuits_have() -> None:
    """It is in the proofs that go with a circuit: another one, and nobody could import them."""
    assert JobContext(0, bytes(20), bytes(32), bytes(20), bytes(32)) == NO_JOB


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": 1},
        {"escrow": b"\x04" * 20},
        {"job_id": bytes(32)},
        {"payee": bytes(20)},
        {"model_id": bytes(32)},
    ],
)
def test_each_part_changes_the_context(change: dict[str, object]) -> None:
    assert dataclasses.replace(JOB, **change).limbs(8, 17) != JOB.limbs(8, 17)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(7, 17), (1, 119), (2, 127), (1, 254), (0, 120), (-8, -17)])
def test_contexts_of_too_few_or_many_bits_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(StatementInvalid, match="120 to 253"):
        JOB.limbs(*size)


def test_a_short_address_is_refused() -> None:
    with pytest.raises(StatementInvalid, match="payee has 19 bytes"):
        dataclasses.replace(JOB, payee=b"\x01" * 19)
    with pytest.raises(StatementInvalid, match="model id has 31 bytes"):
        dataclasses.replace(JOB, model_id=b"\x01" * 31)


@pytest.mark.parametrize("chain", [-1, 2**256, "31337", 1.0, True, None])
def test_what_is_no_chain_id_is_refused(chain: Any) -> None:
    with pytest.raises(StatementInvalid, match=r"chain id .*: expected an integer, 0 to 2\^256-1"):
        dataclasses.replace(JOB, chain_id=chain)


def test_the_largest_chain_id_is_one() -> None:
    assert dataclasses.replace(JOB, chain_id=2**256 - 1).hash() > 0


@pytest.mark.parametrize("text", ["0x5Fb", "", "0x" + "zz" * 20, 5, None])
def test_what_is_no_address_is_refused(text: Any) -> None:
    good = "0x" + "11" * 20
    with pytest.raises(StatementInvalid, match=r"escrow .*: expected an address"):
        JobContext.of(1, text, bytes(32), good, bytes(32))
    with pytest.raises(StatementInvalid, match=r"payee .*: expected an address"):
        JobContext.of(1, good, bytes(32), text, bytes(32))


@pytest.mark.parametrize("name", ["job_id", "model_id"])
def test_text_of_32_characters_is_no_id(name: str) -> None:
    id_: Any = "11" * 16
    with pytest.raises(StatementInvalid, match=f"{name.replace('_', ' ')} .*: expected 32 bytes"):
        dataclasses.replace(JOB, **{name: id_})


def test_commitments_depend_on_every_word_and_their_order() -> None:
    assert input_commitment([1, 2]) != input_commitment([2, 1])
    assert inputs_hash([b"\x01" * 32, b"\x02" * 32]) != inputs_hash([b"\x02" * 32, b"\x01" * 32])


@pytest.mark.parametrize("words", [[FIELD_MODULUS], [-1]])
def test_words_that_are_not_canonical_are_not_committed_to(words: list[int]) -> None:
    with pytest.raises(StatementInvalid, match="canonical"):
        input_commitment(words)


@pytest.mark.parametrize("commitments", [[], [b"\x01" * 31]])
def test_a_job_commits_to_items_of_32_bytes(commitments: list[bytes]) -> None:
    with pytest.raises(StatementInvalid, match="32 bytes"):
        inputs_hash(commitments)
