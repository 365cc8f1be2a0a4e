"""AccuracyBounty (docs/SPEC.md section 6): the states of bounties, from events."""

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import singledispatch

from eth_utils.crypto import keccak

from prover.protocol import jobs, terms
from prover.protocol.accuracy.events import (
    AccuracyEvent,
    BountyAccepted,
    BountyCancelled,
    BountyExpired,
    BountyPaid,
    BountyPosted,
    BountyVoided,
    ItemMalformed,
    ItemsProven,
    KeyRevealed,
    KeyWithheld,
    TargetMissed,
)
from prover.protocol.accuracy.terms import AccuracyTerms
from prover.protocol.event import ZERO_ADDRESS, JobEvent
from prover.protocol.jobs import (
    Jobs,
    joined,
    require,
    require_ascending,
    require_equal,
    shares,
)
from prover.protocol.table import Move, Rule, table_of

Terms = AccuracyTerms
Job = terms.Job[Terms]


class State(IntEnum):
    """`IAccuracyBounty.State`, value by value."""

    NONE = 0
    OPEN = 1
    ACCEPTED = 2
    PROVING = 3
    PAID = 4
    CANCELLED = 5
    EXPIRED = 6
    KEY_WITHHELD = 7
    MISSED = 8
    MALFORMED = 9
    VOIDED = 10


TABLE = table_of(
    (
        Rule(
            State.OPEN,
            (
                Move("consumer", "cancel", BountyCancelled, State.CANCELLED),
                Move("provider", "accept", BountyAccepted, State.ACCEPTED),
            ),
            "`openUntil`",
            Move("anyone", "settle", BountyExpired, State.EXPIRED),
        ),
        Rule(
            State.ACCEPTED,
            (Move("consumer", "revealKey", KeyRevealed, State.PROVING),),
            "acceptance + `revealSeconds`",
            Move("anyone", "settle", KeyWithheld, State.KEY_WITHHELD),
        ),
        Rule(
            State.PROVING,
            (
                Move("anyone", "submit", ItemsProven, State.PROVING),
                Move("anyone", "submit", BountyPaid, State.PAID, "the target is reached"),
                Move("provider", "dispute", ItemMalformed, State.MALFORMED),
            ),
            "key + `proveSeconds`",
            Move("anyone", "settle", TargetMissed, State.MISSED),
        ),
    )
)
VOID = Move("anyone", "settle", BountyVoided, State.VOIDED)


@dataclass(frozen=True, kw_only=True)
class Record(jobs.Record[Terms]):
    """Where a bounty stands: `proven` are the indices of the items done, `correct` how many right.

    Before an acceptance `model_id` is zero, and `key` is None until it is revealed.
    """

    TABLE = TABLE
    VOID = VOID

    state: State = State.OPEN
    uri: bytes
    model_id: bytes = bytes(32)
    key: bytes | None = None
    proven: frozenset[int] = frozenset()
    correct: int = 0

    @property
    def escrow(self) -> int:
        """Reward and bond, in wei or token units."""
        return self.job.terms.escrow

    @property
    def reached(self) -> bool:
        """Whether correct / n is at least the target."""
        wanted = self.job.terms
        return self.correct * wanted.den >= wanted.num * wanted.n

    @property
    def overdue(self) -> str:
        """The proof that reaches the target is paid at once."""
        due = self.state is State.PROVING and self.reached
        return f"BountyPaid, as {self.correct} items are right" if due else ""

    def payouts(self) -> dict[str, int]:
        """What each account has been credited for this bounty, by the state it ended in."""
        wanted, consumer = self.job.terms, self.job.consumer
        if self.state is State.PAID:
            return shares((self.payee, wanted.reward + wanted.stake), (consumer, wanted.bond))
        if self.state is State.KEY_WITHHELD:
            return shares((self.payee, wanted.bond + wanted.stake), (consumer, wanted.reward))
        if self.state is State.MISSED:
            kept = wanted.stake - wanted.miss_penalty
            return shares((consumer, self.escrow + wanted.miss_penalty), (self.payee, kept))
        if self.state is State.MALFORMED:
            return shares((self.payee, self.escrow + wanted.stake))
        return self.returned() if self.ended else {}


def apply(state: Jobs[Record], event: AccuracyEvent) -> Jobs[Record]:
    """The state after `event`. Raises IllegalEvent if the rules do not allow it here."""
    if isinstance(event, BountyPosted):
        return state.posted(event, _posted(state, event))
    return state.moved(event, _after)


def _posted(state: Jobs[Record], event: BountyPosted) -> Record:
    wanted = event.terms
    require_equal(event, "circuit id", event.circuit_id, wanted.circuit_id)
    most = state.limits.max_items
    require(1 <= wanted.n <= most, event, f"{wanted.n} items", f"1 to {most}")
    target = f"target {wanted.num}/{wanted.den}"
    require(0 < wanted.num <= wanted.den, event, target, "above 0 and at most 1")
    found = f"penalty {wanted.miss_penalty}"
    require(wanted.miss_penalty <= wanted.stake, event, found, f"at most {wanted.stake}")
    require(wanted.reward > 0, event, "reward 0", "a reward above 0")
    risked = wanted.provider != ZERO_ADDRESS or wanted.miss_penalty > 0
    require(risked, event, "open to anyone, penalty 0", "a penalty above 0")
    state.require_windows(event, wanted.reveal_seconds, wanted.prove_seconds)
    job = Job(event.consumer, event.nonce, wanted)
    return Record(job=job, posted_at=event.at, uri=event.uri)


@singledispatch
def _after(event: JobEvent, record: Record) -> Record:
    """The record with the event's own data, once the move is known to be allowed."""
    return record


@_after.register
def _accepted(event: BountyAccepted, record: Record) -> Record:
    wanted = record.job.terms
    by, allowed, seconds = event.provider, wanted.provider, wanted.reveal_seconds
    record = joined(event, record, by, allowed, event.payee, event.deadline, seconds)
    return replace(record, model_id=event.model_id)


@_after.register
def _revealed(event: KeyRevealed, record: Record) -> Record:
    wanted = record.job.terms
    require_equal(event, "hash of the key", keccak(event.key), wanted.key_hash)
    require_equal(event, "deadline", event.deadline, event.at + wanted.prove_seconds)
    return replace(record, key=event.key, deadline=event.deadline)


@_after.register
def _proven(event: ItemsProven, record: Record) -> Record:
    require_ascending(event, event.indices, record.job.terms.n)
    again = record.proven.intersection(event.indices)
    require(not again, event, f"items {sorted(again)} again", "those not proven yet")
    least, most = record.correct, record.correct + len(event.indices)
    allowed = f"{least} to {most}"
    require(least <= event.correct <= most, event, f"{event.correct} right", allowed)
    return replace(record, proven=record.proven.union(event.indices), correct=event.correct)


@_after.register
def _paid(event: BountyPaid, record: Record) -> Record:
    require_equal(event, "payee", event.payee, record.payee)
    require_equal(event, "correct", event.correct, record.correct)
    require(record.reached, event, f"{record.correct} right", "as many as the target asks for")
    return record


@_after.register
def _withheld(event: KeyWithheld, record: Record) -> Record:
    require_equal(event, "payee", event.payee, record.payee)
    require_equal(event, "bond", event.bond, record.job.terms.bond)
    return record


@_after.register
def _missed(event: TargetMissed, record: Record) -> Record:
    require_equal(event, "payee", event.payee, record.payee)
    require_equal(event, "correct", event.correct, record.correct)
    return record


@_after.register
def _malformed(event: ItemMalformed, record: Record) -> Record:
    require_equal(event, "payee", event.payee, record.payee)
    require_ascending(event, (event.index,), record.job.terms.n)
    return record
