"""Waiting for one transaction: when its fee is raised, when it is given up, and what is said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from prover.base.errors import Postponed
from prover.chain.sending import waiting
from prover.chain.sending.answers import Answer
from prover.chain.sending.fees import fees_of
from prover.chain.sending.journal import Attempt, Fate
from prover.chain.sending.pool import Pool
from prover.chain.sending.waiting import BUMP_AFTER_SECONDS, GIVE_UP_SECONDS, Waiting
from tests.unit.chain.sending.memory import (
    ACCOUNT,
    ETHER,
    FEES,
    Eth,
    client_of,
    journal_of,
    refused,
    signed,
)

LOOK = 20.0  # seconds from one look to the next; fees are raised after 40, and 100 are too long


class Clock:
    """Time that passes by being waited for; `then` happens before a look at that time."""

    def __init__(self) -> None:
        self.now, self.then = 0.0, dict[float, Callable[[], object]]()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds == waiting.MINING_POLL_SECONDS
        self.now += LOOK
        self.then.get(self.now, lambda: None)()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(waiting, "time", made)
    monkeypatch.setattr(waiting, "BUMP_AFTER_SECONDS", 2 * LOOK)
    monkeypatch.setattr(waiting, "GIVE_UP_SECONDS", 5 * LOOK)
    return made


@pytest.fixture
def eth(home: Path, clock: Clock) -> Eth:
    made = Eth()
    made.mining = False
    return made


@pytest.fixture
def pool(eth: Eth) -> Pool:
    return Pool(client_of(eth), ACCOUNT, journal_of())


@pytest.fixture
def wait(eth: Eth, pool: Pool) -> Waiting:
    return Waiting(client_of(eth), pool, journal_of(), nullcontext)


def handed(wait: Waiting, pool: Pool, nonce: int = 0, action: str = "a") -> Attempt:
    attempt = signed(pool, nonce, action)
    wait.handed(attempt, pool.offer(attempt))
    return attempt


def fate(attempt: Attempt) -> Fate:
    """What the journal says of one attempt."""
    journal = journal_of()
    about = (attempt.scope, attempt.sender, attempt.action)
    found = [*journal.attempts(*about), *journal.excluded(*about)]
    return next(one.fate for one in found if one.hash == attempt.hash)


def tips(eth: Eth) -> list[int]:
    return [fees_of(raw).priority for raw in eth.sent]


# ---------------------------------------------------------------- the end


def test_what_is_mined_is_not_waited_for(eth: Eth, pool: Pool, wait: Waiting, clock: Clock) -> None:
    attempt = handed(wait, pool)
    eth.mine()
    receipt = wait.until_mined(attempt, "giving")
    assert receipt is not None
    assert (bytes(receipt["transactionHash"]), clock.now) == (attempt.hash, 0)


def test_a_look_follows_another_until_it_is_mined(
    eth: Eth, pool: Pool, wait: Waiting, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt, asked = handed(wait, pool), list[float]()
    serve = eth.get_transaction_receipt

    def receipt(name: bytes) -> Any:
        asked.append(clock.now)
        return serve(name)

    monkeypatch.setattr(eth, "get_transaction_receipt", receipt)
    clock.then[3 * LOOK] = eth.mine
    assert wait.until_mined(attempt, "giving") is not None
    assert clock.now == 3 * LOOK
    assert set(asked) == {3 * LOOK}  # no receipt is asked for before the nonce is used


def test_an_earlier_attempt_on_the_nonce_that_is_mined_counts(
    eth: Eth, pool: Pool, wait: Waiting
) -> None:
    first = handed(wait, pool)
    second = signed(pool, 0, fees=FEES.raised(FEES))
    eth.mine()
    receipt = wait.until_mined(second, "giving")
    assert receipt is not None
    assert bytes(receipt["transactionHash"]) == first.hash


def test_what_another_process_saw_end_is_not_waited_for(
    pool: Pool, wait: Waiting, clock: Clock
) -> None:
    attempt = handed(wait, pool)
    clock.then[LOOK] = lambda: journal_of().set_fate([attempt], Fate.REVERTED)
    assert wait.until_mined(attempt, "giving") is None
    assert clock.now == LOOK


def test_another_transaction_on_the_nonce_ends_it(
    eth: Eth, pool: Pool, wait: Waiting, clock: Clock
) -> None:
    first = handed(wait, pool)
    second = signed(pool, 0, fees=FEES.raised(FEES))
    eth.blocks.append([b"another"])
    assert wait.until_mined(second, "giving") is None
    assert (fate(first), fate(second)) == (Fate.REPLACED, Fate.REPLACED)
    assert clock.now == LOOK  # longer than a local node may lag


def test_the_same_action_on_a_later_nonce_goes_its_own_way(
    eth: Eth, pool: Pool, wait: Waiting
) -> None:
    first, later = handed(wait, pool), signed(pool, 1)
    eth.blocks.append([b"another"])
    assert wait.until_mined(first, "giving") is None
    assert (fate(first), fate(later)) == (Fate.REPLACED, Fate.PENDING)


def test_the_same_action_on_an_earlier_nonce_is_no_end_of_it(
    eth: Eth, pool: Pool, wait: Waiting
) -> None:
    """Its receipt is of another payment."""
    first = handed(wait, pool)
    eth.mine()
    later = signed(pool, 1)
    eth.blocks.append([b"another"])
    assert wait.until_mined(later, "giving") is None
    assert (fate(first), fate(later)) == (Fate.PENDING, Fate.REPLACED)


def test_one_on_an_earlier_nonce_does_not(eth: Eth, pool: Pool, wait: Waiting) -> None:
    attempt = handed(wait, pool, 1)
    eth.blocks.append([b"another"])
    with pytest.raises(Postponed):
        wait.until_mined(attempt, "giving")
    assert fate(attempt) is Fate.PENDING


@pytest.mark.parametrize("above", [63, 64])
def test_another_transaction_ends_it_once_nothing_takes_that_back(
    eth: Eth, pool: Pool, monkeypatch: pytest.MonkeyPatch, above: int
) -> None:
    monkeypatch.setattr(waiting, "POLL_SECONDS", waiting.MINING_POLL_SECONDS)
    public = client_of(eth, 1)
    pool = Pool(public, ACCOUNT, journal_of())
    wait = Waiting(public, pool, journal_of(), nullcontext)
    attempt = handed(wait, pool, 1)
    eth.blocks += [[b"one", b"another"], *([] for _ in range(above))]
    eth.final = len(eth.blocks) - 1
    if above == 64:
        assert wait.until_mined(attempt, "giving") is None
        return
    with pytest.raises(Postponed):
        wait.until_mined(attempt, "giving")
    assert fate(attempt) is Fate.PENDING


def test_what_is_mined_between_two_questions_is_not_given_up(
    eth: Eth, pool: Pool, wait: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receipt is asked for in vain, then the nonce is used for good: by this very one."""
    attempt, serve, vain = handed(wait, pool), eth.get_transaction_receipt, []
    eth.mine()

    def late(name: bytes) -> Any:
        vain.append(name)
        return serve(name if len(vain) > 1 else b"")

    monkeypatch.setattr(eth, "get_transaction_receipt", late)
    assert wait.until_mined(attempt, "giving") is not None
    assert fate(attempt) is Fate.PENDING


@pytest.mark.parametrize("lag", [2, 3])
def test_what_a_node_counts_before_it_has_its_receipt_is_not_given_up(
    eth: Eth, pool: Pool, wait: Waiting, clock: Clock, monkeypatch: pytest.MonkeyPatch, lag: int
) -> None:
    """Given up it would be missing from what a command says that it sent."""
    monkeypatch.setattr(waiting, "patience_of", lambda _: 2 * LOOK)
    attempt, serve = handed(wait, pool), eth.get_transaction_receipt
    eth.mine()

    def receipt(name: bytes) -> Any:
        return serve(name if clock.now > lag * LOOK else b"")

    monkeypatch.setattr(eth, "get_transaction_receipt", receipt)
    found = wait.until_mined(attempt, "giving")
    assert (found is None, clock.now) == (lag == 3, 3 * LOOK)
    assert fate(attempt) is (Fate.PENDING if found else Fate.REPLACED)


def test_how_long_it_lacks_a_receipt_begins_again_with_the_block_that_has_the_nonce(
    eth: Eth, pool: Pool, wait: Waiting, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "patience_of", lambda _: 2 * LOOK)
    monkeypatch.setattr(waiting, "GIVE_UP_SECONDS", 10 * LOOK)
    monkeypatch.setattr(pool, "final_nonce", lambda: int(clock.now != LOOK))
    attempt = handed(wait, pool)
    eth.blocks.append([b"another"])
    assert wait.until_mined(attempt, "giving") is None
    assert clock.now == 5 * LOOK


# ---------------------------------------------------------------- raised fees


def test_a_fee_is_raised_after_a_while_and_again_after_the_same(
    eth: Eth, pool: Pool, wait: Waiting, clock: Clock
) -> None:
    attempt = handed(wait, pool)
    seen: dict[float, int] = {}
    for step in range(1, 7):
        clock.then[step * LOOK] = lambda: seen.update({clock.now: len(eth.sent)})
    with pytest.raises(Postponed):
        wait.until_mined(attempt, "giving")
    counts = [seen[step * LOOK] for step in range(1, 7)]
    assert counts == [1, 1, 1, 2, 2, 2]  # later than 40 s, and 40 s after that
    assert tips(eth)[1] == tips(eth)[0] * 115 // 100 + 1
    assert clock.now == 6 * LOOK  # later than 100 s


def test_how_long_is_waited_is_as_long_as_it_is_said_to_be(
    eth: Eth, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks at these seconds: 45 are not longer than 45, nor 300 than 300."""
    seen, looks = dict[float, int](), [45.0, 45.5, 300.0, 300.5]

    class Steps(Clock):
        def sleep(self, seconds: float) -> None:
            assert seconds == 0.02
            seen[self.now], self.now = len(eth.sent), looks.pop(0)

    monkeypatch.setattr(waiting, "BUMP_AFTER_SECONDS", BUMP_AFTER_SECONDS)
    monkeypatch.setattr(waiting, "GIVE_UP_SECONDS", GIVE_UP_SECONDS)
    monkeypatch.setattr(waiting, "time", Steps())
    wait = Waiting(client_of(eth), pool, journal_of(), nullcontext)
    attempt = handed(wait, pool)
    with pytest.raises(Postponed, match="not mined after 300 s"):
        wait.until_mined(attempt, "giving")
    assert not looks
    assert seen == {0.0: 1, 45.0: 1, 45.5: 2, 300.0: 3}


def test_a_public_chain_is_looked_at_every_two_seconds(
    eth: Eth, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Steps(Clock):
        def sleep(self, seconds: float) -> None:
            assert seconds == 2.0
            eth.mine()

    monkeypatch.setattr(waiting, "time", Steps())
    public = client_of(eth, 1)
    pool = Pool(public, ACCOUNT, journal_of())
    wait = Waiting(public, pool, journal_of(), nullcontext)
    assert wait.until_mined(handed(wait, pool), "giving") is not None


@pytest.mark.parametrize(
    ("said", "at_once"),
    [
        ("replacement transaction underpriced", True),
        ("fee too low", True),
        ("already known", False),
        ("nonce too high", False),
        ("txpool is full", False),
        (None, False),
    ],
)
def test_what_a_node_finds_too_cheap_is_raised_at_once(
    eth: Eth, pool: Pool, wait: Waiting, clock: Clock, said: str | None, at_once: bool
) -> None:
    eth.says = lambda raw: said if len(eth.sent) == 1 else None
    attempt = handed(wait, pool)
    clock.then[LOOK] = lambda: eth.pool.setdefault(0, attempt.raw) and eth.mine()
    assert wait.until_mined(attempt, "giving") is not None
    assert len(eth.sent) == 1 + at_once


def test_what_must_be_mined_before_is_raised_too_and_what_comes_after_is_not(
    eth: Eth, pool: Pool, wait: Waiting
) -> None:
    attempts = [handed(wait, pool, nonce, str(nonce)) for nonce in (0, 1, 2)]
    with pytest.raises(Postponed):
        wait.until_mined(attempts[1], "giving")
    nonces = [one.nonce for one in pool.waiting()]
    assert nonces == [0, 1, 2]
    assert [one.fee > FEES.maximum for one in pool.waiting()] == [True, True, False]
    assert fate(attempts[2]) is Fate.PENDING


def test_what_is_too_cheap_is_raised_although_one_before_it_is_not_due(
    eth: Eth, pool: Pool, wait: Waiting, clock: Clock
) -> None:
    first, second = handed(wait, pool, 0, "first"), signed(pool, 1)
    pool.offer(second)
    wait.handed(second, Answer.NEAR)
    clock.then[LOOK] = eth.mine
    receipt = wait.until_mined(second, "giving")
    assert receipt is not None
    assert eth.sent[:2] == [first.raw, second.raw]
    assert [fees_of(raw) for raw in eth.sent[2:]] == [FEES.raised(FEES)]


def test_what_another_process_raised_meanwhile_is_not_raised_again(
    eth: Eth, pool: Pool, clock: Clock
) -> None:
    raised = list[Attempt]()

    @contextmanager
    def alone() -> Iterator[None]:
        if not raised:
            raised.append(signed(pool, 0, fees=FEES.raised(FEES)))
        yield

    wait = Waiting(client_of(eth), pool, journal_of(), alone)
    attempt = handed(wait, pool)
    clock.then[4 * LOOK] = eth.mine
    assert wait.until_mined(attempt, "giving") is not None
    assert eth.sent == [attempt.raw]


def test_a_fee_that_cannot_be_raised_has_the_same_handed_out_again(
    eth: Eth, pool: Pool, wait: Waiting
) -> None:
    attempt = handed(wait, pool)
    eth.balance = 1
    with pytest.raises(Postponed, match=r"\(the account has .* are needed to pay more for it\)"):
        wait.until_mined(attempt, "giving")
    assert eth.sent == [attempt.raw] * 2
    assert pool.waiting() == [attempt]


def test_a_refusal_of_the_raised_one_is_told_and_the_old_one_stays(
    eth: Eth, pool: Pool, wait: Waiting
) -> None:
    attempt = handed(wait, pool)
    eth.says = lambda raw: None if raw == attempt.raw else "the node is on fire"
    with pytest.raises(Postponed, match="the node is on fire"):
        wait.until_mined(attempt, "giving")
    assert pool.waiting() == [attempt]
    assert len(eth.sent) == 2


def test_a_refusal_of_the_old_one_is_told_too(eth: Eth, pool: Pool, wait: Waiting) -> None:
    attempt = handed(wait, pool)
    eth.balance, eth.says = 1, lambda _raw: refused("too many requests", -32005)
    with pytest.raises(Postponed, match="too many requests"):
        wait.until_mined(attempt, "giving")


# ---------------------------------------------------------------- what is said in the end


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer.GAP, " (the node says that a transaction with an earlier nonce is missing)"),
        (Answer.FULL, " (the node says that the pool is full)"),
        (Answer.TAKEN, ""),
        (Answer.KNOWN, ""),
    ],
)
def test_why_it_is_not_mined_is_said_as_far_as_it_is_known(
    pool: Pool, wait: Waiting, monkeypatch: pytest.MonkeyPatch, answer: Answer, words: str
) -> None:
    monkeypatch.setattr(waiting, "BUMP_AFTER_SECONDS", 1_000.0)
    attempt = signed(pool, 0)
    wait.handed(attempt, answer)
    with pytest.raises(Postponed) as told:
        wait.until_mined(attempt, "giving")
    said = f"transaction 0x{attempt.hash.hex()} (giving) is not mined after 100 s{words}: run the"
    assert str(told.value).startswith(said)


def test_a_raised_fee_ends_an_earlier_reason(eth: Eth, pool: Pool, wait: Waiting) -> None:
    attempt = signed(pool, 0)
    wait.handed(attempt, Answer.FULL)
    with pytest.raises(Postponed) as told:
        wait.until_mined(attempt, "giving")
    assert "the pool is full" not in str(told.value)
    (newest,) = pool.waiting()
    assert str(told.value).startswith(f"transaction 0x{newest.hash.hex()} (giving)")
    assert newest.hash != attempt.hash


@pytest.mark.parametrize("reason", [False, True])
def test_what_must_be_mined_before_is_said_with_its_reason(
    eth: Eth, pool: Pool, wait: Waiting, monkeypatch: pytest.MonkeyPatch, reason: bool
) -> None:
    monkeypatch.setattr(waiting, "BUMP_AFTER_SECONDS", 1_000.0)
    first, second = signed(pool, 0), handed(wait, pool, 1)
    wait.handed(first, Answer.FULL if reason else Answer.TAKEN)
    with pytest.raises(Postponed) as told:
        wait.until_mined(second, "giving")
    why = ": the node says that the pool is full" if reason else ""
    before = f"(transaction 0x{first.hash.hex()} (nonce 0) must be mined before{why})"
    assert before in str(told.value)


def test_a_later_one_is_no_reason(pool: Pool, wait: Waiting, eth: Eth) -> None:
    """The first has been mined when it is said, and what waits has a later nonce."""
    attempt = handed(wait, pool)
    handed(wait, pool, 1)
    eth.blocks.append([b"another"])
    assert "before" not in str(wait._not_mined(attempt, "giving"))
    assert eth.balance == 10 * ETHER
