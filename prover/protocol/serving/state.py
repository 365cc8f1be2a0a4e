"""ServingRound (docs/SPEC.md section 5): the states of rounds, from events."""

from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import singledispatch

from prover.base.errors import StatementInvalid
from prover.protocol import jobs, terms
from prover.protocol.event import ZERO_ADDRESS, JobEvent
from prover.protocol.jobs import (
    Jobs,
    joined,
    require,
    require_ascending,
    require_equal,
    shares,
)
from prover.protocol.serving.events import (
    ContestsAnswered,
    OutputsCommitted,
    OutputsContested,
    RoundCancelled,
    RoundExpired,
    RoundJoined,
    RoundPosted,
    RoundSettled,
    RoundUnanswered,
    RoundUnserved,
    RoundVoided,
    ServingEvent,
)
from prover.protocol.serving.terms import ServingTerms
from prover.protocol.table import Move, Rule, table_of
from prover.statement.runs import MAX_WORD_BYTES, list_hash, outputs_tree

Terms = ServingTerms
Job = terms.Job[Terms]


class State(IntEnum):
    """`IServingRound.State`, value by value."""

    NONE = 0
    OPEN = 1
    JOINED = 2
    SERVED = 3
    CONTESTED = 4
    SETTLED = 5
    CANCELLED = 6
    EXPIRED = 7
    UNSERVED = 8
    UNANSWERED = 9
    VOIDED = 10


TABLE = table_of(
    (
        Rule(
            State.OPEN,
            (
                Move("consumer", "cancel", RoundCancelled, State.CANCELLED),
                Move("provider", "join", RoundJoined, State.JOINED),
            ),
            "`openUntil`",
            Move("anyone", "settle", RoundExpired, State.EXPIRED),
        ),
        Rule(
            State.JOINED,
            (Move("provider", "commitOutputs", OutputsCommitted, State.SERVED),),
            "join + `serveSeconds`",
            Move("anyone", "settle", RoundUnserved, State.UNSERVED),
        ),
        Rule(
            State.SERVED,
            (Move("consumer", "contest", OutputsContested, State.CONTESTED),),
            "outputs + `contestSeconds`",
            Move("anyone", "settle", RoundSettled, State.SETTLED),
        ),
        Rule(
            State.CONTESTED,
            (
                Move("anyone", "answer", ContestsAnswered, State.CONTESTED),
                Move("anyone", "answer", RoundSettled, State.SETTLED, "all are proven"),
            ),
            "contest + `answerSeconds`",
            Move("anyone", "settle", RoundUnanswered, State.UNANSWERED),
        ),
    )
)
VOID = Move("anyone", "settle", RoundVoided, State.VOIDED)


@dataclass(frozen=True, kw_only=True)
class Record(jobs.Record[Terms]):
    """Where a round stands.

    `outputs` are all posted output bytes, `contested` the indices of the contested list, and
    `answered` the places of that list whose items were proven.
    """

    TABLE = TABLE
    VOID = VOID

    state: State = State.OPEN
    data_hash: bytes
    uri: bytes
    outputs: bytes = field(default=b"", repr=False)
    outputs_root: bytes = bytes(32)
    contested: tuple[int, ...] = ()
    answered: frozenset[int] = frozenset()

    @property
    def list_hash(self) -> bytes:
        """keccak256 of the contested list, as the contract keeps it; zero without one."""
        return list_hash(self.contested) if self.contested else bytes(32)

    @property
    def escrow(self) -> int:
        """n * price + maxContests * proofFee, in wei or token units."""
        return self.job.terms.escrow

    @property
    def overdue(self) -> str:
        """The last answer settles the round at once."""
        done = self.state is State.CONTESTED and len(self.answered) == len(self.contested)
        return "RoundSettled, as every contested item is proven" if done else ""

    def payouts(self) -> dict[str, int]:
        """What each account has been credited for this round, by the state it ended in."""
        wanted, consumer = self.job.terms, self.job.consumer
        if self.state is State.SETTLED:
            earned = wanted.earned(len(self.answered))
            return shares((self.payee, earned + wanted.stake), (consumer, self.escrow - earned))
        if self.state in (State.UNSERVED, State.UNANSWERED):
            return shares((consumer, self.escrow + wanted.stake))
        return self.returned() if self.ended else {}


def apply(state: Jobs[Record], event: ServingEvent) -> Jobs[Record]:
    """The state after `event`. Raises IllegalEvent if the rules do not allow it here."""
    if isinstance(event, RoundPosted):
        return state.posted(event, _posted(state, event))
    return state.moved(event, _after)


def _posted(state: Jobs[Record], event: RoundPosted) -> Record:
    wanted = event.terms
    require_equal(event, "model id", event.model_id, wanted.model_id)
    most = state.limits.max_round_items
    require(1 <= wanted.n <= most, event, f"{wanted.n} items", f"1 to {most}")
    found, most = f"{wanted.max_contests} contests", min(wanted.n, state.limits.max_contests)
    require(1 <= wanted.max_contests <= most, event, found, f"1 to {most}")
    fits = 1 <= wanted.word_bytes <= MAX_WORD_BYTES
    require(fits, event, f"words of {wanted.word_bytes} bytes", f"1 to {MAX_WORD_BYTES}")
    require(wanted.price > 0, event, "price 0", "a price above 0")
    staked = wanted.provider != ZERO_ADDRESS or wanted.stake > 0
    require(staked, event, "open to anyone, stake 0", "a stake above 0")
    windows = (wanted.serve_seconds, wanted.contest_seconds, wanted.answer_seconds)
    state.require_windows(event, *windows)
    job = Job(event.consumer, event.nonce, wanted)
    return Record(job=job, posted_at=event.at, data_hash=event.data_hash, uri=event.uri)


@singledispatch
def _after(event: JobEvent, record: Record) -> Record:
    """The record with the event's own data, once the move is known to be allowed."""
    return record


@_after.register
def _joined(event: RoundJoined, record: Record) -> Record:
    wanted = record.job.terms
    by, allowed, seconds = event.provider, wanted.provider, wanted.serve_seconds
    return joined(event, record, by, allowed, event.payee, event.deadline, seconds)


@_after.register
def _served(event: OutputsCommitted, record: Record) -> Record:
    wanted = record.job.terms
    try:
        root = outputs_tree(event.outputs, wanted.n).root
    except StatementInvalid as error:
        raise jobs.illegal(event, str(error), "as many bytes for each item") from error
    require_equal(event, "root", event.root, root)
    require_equal(event, "deadline", event.deadline, event.at + wanted.contest_seconds)
    return replace(record, outputs=event.outputs, outputs_root=root, deadline=event.deadline)


@_after.register
def _contested(event: OutputsContested, record: Record) -> Record:
    wanted, count = record.job.terms, len(event.indices)
    require_ascending(event, event.indices, wanted.n)
    found, allowed = f"{count} contests", f"at most {wanted.max_contests}"
    require(count <= wanted.max_contests, event, found, allowed)
    require_equal(event, "deadline", event.deadline, event.at + wanted.answer_seconds)
    return replace(record, contested=event.indices, deadline=event.deadline)


@_after.register
def _answered(event: ContestsAnswered, record: Record) -> Record:
    require_ascending(event, event.positions, len(record.contested))
    again = record.answered.intersection(event.positions)
    require(not again, event, f"positions {sorted(again)} again", "those not proven yet")
    return replace(record, answered=record.answered.union(event.positions))


@_after.register
def _settled(event: RoundSettled, record: Record) -> Record:
    require_equal(event, "payee", event.payee, record.payee)
    require_equal(event, "answered", event.answered, len(record.answered))
    found = f"{len(record.answered)} of {len(record.contested)} contested items proven"
    require(len(record.answered) == len(record.contested), event, found, "all of them")
    return record


@_after.register(RoundUnserved)
@_after.register(RoundUnanswered)
def _slashed(event: RoundUnserved | RoundUnanswered, record: Record) -> Record:
    require_equal(event, "payee", event.payee, record.payee)
    require_equal(event, "stake", event.stake, record.job.terms.stake)
    return record
