import random

import pytest

from prover.base.errors import StatementInvalid
from prover.statement import poseidon
from prover.statement.field import FIELD_MODULUS
from prover.systems import worker


def test_digests_equal_those_of_ezkl_on_random_messages() -> None:
    draw = random.Random(7)
    messages = [[draw.randrange(FIELD_MODULUS) for _ in range(size)] for size in range(1, 24)]
    messages += [[draw.randrange(-(2**40), 2**40) for _ in range(72)]]
    theirs = worker.run("prover.systems.ezkl.engine:poseidon", {"messages": messages})["digests"]
    assert [poseidon.digest(message) for message in messages] == theirs


def test_padding_changes_the_digest() -> None:
    assert len({poseidon.digest([1]), poseidon.digest([1, 0]), poseidon.digest([0, 1])}) == 3


def test_nothing_has_no_digest() -> None:
    with pytest.raises(StatementInvalid, match="nothing to hash"):
        poseidon.digest([])
