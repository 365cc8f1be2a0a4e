"""Poseidon.sol says what the circuits say: the vectors that Python and ezkl share."""

import pytest

from prover.statement.field import FIELD_MODULUS
from prover.statement.poseidon import digest
from tests.contracts.reverting import reverts
from tests.contracts.vectors import load, words

VECTORS = load("poseidon")["digests"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(len(vector["elements"])))
def test_digests_of_the_vectors(retrieval, vector):
    assert retrieval.poseidon.digest(words(vector["elements"])) == int(vector["digest"], 16)


@pytest.mark.parametrize(
    "elements", [[0], [0, 0], [FIELD_MODULUS - 1], [1, FIELD_MODULUS - 1, 2**31, 7] * 9]
)
def test_digests_as_python_does(retrieval, elements):
    assert retrieval.poseidon.digest(elements) == digest(elements)


def test_RevertWhen_there_is_nothing_to_hash(retrieval, consumer):
    with reverts(retrieval.poseidon.Poseidon_NothingToHash):
        retrieval.poseidon.digest.transact([], sender=consumer)


@pytest.mark.parametrize("value", [FIELD_MODULUS, 2**256 - 1])
def test_RevertWhen_an_element_is_not_in_the_field(retrieval, consumer, value):
    with reverts(retrieval.poseidon.Poseidon_OutOfField, place=1, value=value):
        retrieval.poseidon.digest.transact([1, value], sender=consumer)
