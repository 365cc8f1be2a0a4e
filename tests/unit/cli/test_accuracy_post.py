"""What `accuracy post` asks of a penalty, before anything is sealed or sent."""

import pytest

from prover.cli.accuracy_post import check_penalty
from prover.errors import UsageError
from prover.protocol.economics import Prices, accuracy_penalty, accuracy_spent
from prover.protocol.events import ZERO_ADDRESS

LEAST = 10**15


def test_a_penalty_of_what_a_try_costs_is_enough() -> None:
    check_penalty(ZERO_ADDRESS, LEAST, LEAST, False)
    check_penalty(ZERO_ADDRESS, LEAST - 1, LEAST, True)


@pytest.mark.parametrize(
    ("penalty", "low", "said"),
    [
        (LEAST - 1, False, r"needs 0\.001 ETH at least.*--low-penalty"),
        (0, False, "needs a penalty"),
        (0, True, "needs a penalty"),
    ],
)
def test_a_bond_is_not_posted_as_a_hostage(penalty: int, low: bool, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_penalty(ZERO_ADDRESS, penalty, LEAST, low)


@pytest.mark.parametrize("test_set", [0, 10**18])
def test_the_default_penalty_is_always_enough(test_set: int) -> None:
    for reward in (1, 10**15, 10**19):
        penalty = accuracy_penalty(reward, Prices(), test_set=test_set)
        check_penalty(ZERO_ADDRESS, penalty, accuracy_spent(Prices(), test_set), False)
