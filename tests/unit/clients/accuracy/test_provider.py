"""Which test items a provider proves, and how they are put into proofs."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid, UsageError
from prover.chain.abi.contract import Call
from prover.chain.sending.transactions import GAS_CAP, Cost
from prover.clients.accuracy.checks import check_bounty_money, check_circuit, check_time
from prover.clients.accuracy.plan import Evaluation, judge, missing, parts
from prover.clients.common.money import Account, Purse
from prover.clients.common.packing import grouped
from prover.protocol.accuracy.state import Job, Record, Terms
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.gas import END, ITEM, PROVE, TAKE, WITHDRAW
from prover.protocol.limits import LOCAL
from prover.statement.runs import runs
from prover.systems.ezkl.artifacts import Artifacts
from tests.conftest import Proven

TERMS = Terms(
    bytes(32), ZERO_ADDRESS, ZERO_ADDRESS, 5, 3, 2, 1, bytes(32), 8, bytes(32), bytes(32), 3, 4, 0,
    60, 60,
)  # fmt: skip
RECORD = Record(job=Job(ZERO_ADDRESS, 0, TERMS), posted_at=0, uri=b"")


def test_a_tie_and_another_label_are_wrong() -> None:
    judged = judge([1, None, 2, 0], [1, 0, 2, 1], 1, 2)
    assert judged == Evaluation((0, 2), 4, 2)
    assert judged.reaches
    assert not judge([1, None, 2, 0], [1, 0, 2, 1], 3, 4).reaches
    assert "2 of 4 items right (50.0%), the target asks for 2" in judged.message()


def test_whole_blocks_are_proven_where_they_take_no_more_proofs() -> None:
    right = tuple(index for index in range(64) if index != 5)
    assert parts(Evaluation(right, 64, 58), 16) == [
        tuple(range(at, at + 16)) for at in (0, 16, 32, 48)
    ]
    assert parts(Evaluation(right, 64, 48), 16) == [
        tuple(range(at, at + 16)) for at in (16, 32, 48)
    ]


def test_right_items_alone_are_proven_where_blocks_would_take_more_proofs() -> None:
    odd = tuple(range(1, 16, 2))
    assert parts(Evaluation(odd, 16, 8), 4) == [(1, 3, 5, 7), (9, 11, 13, 15)]


def test_a_model_that_misses_is_planned_for_what_it_gets_right() -> None:
    assert parts(Evaluation((1, 6), 8, 5), 4) == [(1, 6)]
    assert parts(Evaluation((), 8, 5), 4) == []


@given(st.integers(1, 80), st.integers(1, 17), st.data())
def test_a_plan_reaches_the_target_with_as_few_proofs_as_can_be(
    n: int, slots: int, data: st.DataObject
) -> None:
    right = tuple(sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1))))
    wanted = data.draw(st.integers(1, len(right)))
    planned = parts(Evaluation(right, n, wanted), slots)
    flat = [index for part in planned for index in part]
    assert flat == sorted(set(flat))
    assert all(1 <= len(part) <= slots for part in planned)
    assert flat[-1] < n
    assert len(set(flat).intersection(right)) >= wanted
    assert len(planned) <= -(-wanted // slots)
    assert all(run.first % run.size == 0 for part in planned for run in runs(part))


def test_only_proofs_that_still_prove_something_are_made() -> None:
    planned = [(0, 1), (2, 3), (4, 5)]
    assert missing(planned, RECORD) == planned
    partly = replace(RECORD, proven=frozenset({0, 1, 2}))
    assert missing(planned, partly) == [(2, 3), (4, 5)]
    assert missing(planned, replace(RECORD, proven=frozenset(range(8)))) == []


def test_the_time_to_prove_is_twice_what_it_takes() -> None:
    check_time(3, 10.0, 60)
    with pytest.raises(StatementInvalid, match="3 proofs of 10 s"):
        check_time(3, 10.0, 59)


RICH = Account(10**18, 0, 10**18)
GAS = TAKE + 3 * (PROVE + 700_000) + 3 * ITEM  # 6 of 8 items, 2 to a proof
KEPT = TAKE + END + WITHDRAW


@pytest.fixture
def artifacts(proven: Callable[[str], Proven]) -> Artifacts:
    return proven("batch").artifacts


def test_a_bounty_must_pay_for_its_proofs_and_for_a_key_that_stays_away(
    artifacts: Artifacts,
) -> None:
    pays = replace(TERMS, reward=-(-GAS * 125 // 100), bond=KEPT)
    check_bounty_money(pays, artifacts, 700_000, 1, Purse(), RICH)
    poor = replace(pays, reward=pays.reward - 1)
    with pytest.raises(UsageError, match="the bounty is not taken: it earns"):
        check_bounty_money(poor, artifacts, 700_000, 1, Purse(), RICH)
    bondless = replace(pays, bond=KEPT - 1)
    with pytest.raises(UsageError, match="if the consumer keeps the key your gas costs"):
        check_bounty_money(bondless, artifacts, 700_000, 1, Purse(), RICH)
    check_bounty_money(bondless, artifacts, 700_000, 1, Purse(at_a_loss=True), RICH)


def test_a_bounty_may_not_risk_more_than_ten_times_its_reward(artifacts: Artifacts) -> None:
    greedy = replace(TERMS, reward=GAS * 2, bond=KEPT, stake=GAS * 20 + 1)
    with pytest.raises(UsageError, match="10 times what it earns"):
        check_bounty_money(greedy, artifacts, 700_000, 1, Purse(), RICH)


def test_a_model_of_another_circuit_is_refused() -> None:
    check_circuit(TERMS, bytes(32))
    with pytest.raises(UsageError, match="expected one of the bounty's circuit"):
        check_circuit(TERMS, b"\1" * 32)


class Estimates:
    """A sender that knows the gas of each submission."""

    def __init__(self, gas: dict[str, int]) -> None:
        self.gas = gas
        self.client = SimpleNamespace(chain_id=31337)

    def estimate(self, call: Call) -> Cost:
        return Cost(self.gas[call.says], 0)


def call_of(group: list[tuple[str, int]]) -> Call:
    return Call(group[0][0], None, bytes(sum(size for _, size in group)))


@pytest.mark.parametrize(
    ("gas", "size", "expected"),
    [
        (GAS_CAP // 3, 10, [3, 1]),
        (GAS_CAP, 10, [1, 1, 1, 1]),
        (10, LOCAL.call_bytes // 2, [2, 2]),
        (10, 10, [4]),
    ],
)
def test_as_many_proofs_as_fit_go_into_a_transaction(
    gas: int, size: int, expected: list[int]
) -> None:
    names = [str(number) for number in range(4)]
    sender = Estimates(dict.fromkeys(names, gas))
    groups, whole = grouped(sender, [(name, size) for name in names], call_of)  # type: ignore[arg-type]
    assert whole == 4 * gas
    assert [len(group) for group in groups] == expected
    assert [name for group in groups for name, _ in group] == names
