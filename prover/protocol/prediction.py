"""PredictionMarket (docs/SPEC.md section 4): the states of jobs, from events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import singledispatch

from prover.errors import IllegalEvent
from prover.protocol.events import (
    ZERO_ADDRESS,
    Event,
    JobCancelled,
    JobExpired,
    JobLocked,
    JobPosted,
    JobVoided,
    MarketEvent,
    PredictionDelivered,
    ProviderSlashed,
)
from prover.protocol.table import Move, Rule, table_of
from prover.protocol.terms import Job


class State(IntEnum):
    """`IPredictionMarket.State`, value by value."""

    NONE = 0
    OPEN = 1
    LOCKED = 2
    PAID = 3
    CANCELLED = 4
    EXPIRED = 5
    SLASHED = 6
    VOIDED = 7


TABLE = table_of(
    (
        Rule(
            State.OPEN,
            (
                Move("consumer", "cancel", JobCancelled, State.CANCELLED),
                Move("provider", "lock", JobLocked, State.LOCKED),
            ),
            "`openUntil`",
            Move("anyone", "refund", JobExpired, State.EXPIRED),
        ),
        Rule(
            State.LOCKED,
            (Move("anyone", "deliver", PredictionDelivered, State.PAID),),
            "lock + `proveSeconds`",
            Move("anyone", "refund", ProviderSlashed, State.SLASHED),
        ),
    )
)
VOID = Move("anyone", "refund", JobVoided, State.VOIDED)


@dataclass(frozen=True)
class JobRecord:
    """Where a job stands. Before a lock `payee` and `provider` are zero, `deadline` too."""

    job: Job
    data_hash: bytes
    uri: str
    posted_at: int
    state: State = State.OPEN
    provider: str = ZERO_ADDRESS
    payee: str = ZERO_ADDRESS
    deadline: int = 0
    items: int = 0
    outputs: tuple[int, ...] = ()

    @property
    def state_deadline(self) -> int:
        """Last second (Unix time) of the present state's moves; 0 when the job has ended."""
        if self.state is State.OPEN:
            return self.job.terms.open_until
        return self.deadline if self.state is State.LOCKED else 0

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to the job any more."""
        return self.state not in TABLE

    def escrowed(self) -> int:
        """What the contract holds for the job, in wei or token units."""
        held = {State.OPEN: self.job.terms.reward}
        held[State.LOCKED] = self.job.terms.reward + self.job.terms.stake
        return held.get(self.state, 0)

    def payouts(self) -> dict[str, int]:
        """What each account has been credited for this job, by the state it ended in."""
        terms, consumer = self.job.terms, self.job.consumer
        if self.state is State.PAID:
            return {self.payee: terms.reward + terms.stake}
        if self.state is State.SLASHED:
            return {consumer: terms.reward + terms.stake}
        if self.state is State.VOIDED and self.deadline:
            return _add({consumer: terms.reward}, self.payee, terms.stake)
        return {consumer: terms.reward} if self.ended else {}


@dataclass(frozen=True)
class MarketState:
    """All jobs of one market on one chain."""

    chain_id: int
    market: str
    jobs: Mapping[bytes, JobRecord] = field(default_factory=dict)


def apply(state: MarketState, event: MarketEvent) -> MarketState:
    """The state after `event`. Raises IllegalEvent if the rules do not allow it here."""
    if isinstance(event, JobPosted):
        return _with(state, event.job_id, _posted(state, event))
    record = state.jobs.get(event.job_id)
    if record is None:
        raise _illegal(event, "the job was never posted", "a JobPosted before it")
    move = _move(record, event)
    return _with(state, event.job_id, replace(_after(event, record), state=State(move.to)))


def _posted(state: MarketState, event: JobPosted) -> JobRecord:
    job = Job(event.consumer, event.nonce, event.terms)
    _require(event.job_id not in state.jobs, event, "the job exists", "a new id")
    _require(
        job.id_on(state.chain_id, state.market) == event.job_id,
        event,
        "the id is not that of its terms",
        "keccak256 of chain, contract, consumer, nonce and terms",
    )
    _require(event.model_id == event.terms.model_id, event, "two model ids", "the terms' model id")
    _require(event.terms.reward > 0, event, "reward 0", "a reward above 0")
    staked = event.terms.provider != ZERO_ADDRESS or event.terms.stake > 0
    _require(staked, event, "open to anyone, stake 0", "a stake above 0")
    return JobRecord(job, event.data_hash, event.uri, event.at)


def _move(record: JobRecord, event: Event) -> Move:
    """The move of the table that `event` is, checked for its time."""
    rule = TABLE.get(record.state)
    if rule is None:
        raise _illegal(event, f"state {record.state.name}", "nothing: the job has ended")
    if isinstance(event, VOID.event):
        return VOID
    deadline = record.state_deadline
    if isinstance(event, rule.default.event):
        _require(event.at > deadline, event, f"time {event.at}", f"after the deadline {deadline}")
        return rule.default
    for move in rule.moves:
        if isinstance(event, move.event):
            _require(
                event.at <= deadline, event, f"time {event.at}", f"up to the deadline {deadline}"
            )
            return move
    allowed = [move.event.__name__ for move in (*rule.moves, rule.default, VOID)]
    raise _illegal(event, f"state {record.state.name}", f"{allowed}")


@singledispatch
def _after(event: Event, record: JobRecord) -> JobRecord:
    """The record with the event's own data, once the move is known to be allowed."""
    return record


@_after.register
def _locked(event: JobLocked, record: JobRecord) -> JobRecord:
    terms = record.job.terms
    due = event.at + terms.prove_seconds
    _require(event.deadline == due, event, f"deadline {event.deadline}", f"{due}")
    allowed = terms.provider if terms.provider != ZERO_ADDRESS else event.provider
    _require(event.provider == allowed, event, f"provider {event.provider}", allowed)
    _require(event.payee != ZERO_ADDRESS, event, "payee zero", "another account")
    return replace(record, provider=event.provider, payee=event.payee, deadline=event.deadline)


@_after.register
def _delivered(event: PredictionDelivered, record: JobRecord) -> JobRecord:
    _require(event.payee == record.payee, event, f"payee {event.payee}", record.payee)
    whole = event.items > 0 and len(event.outputs) > 0 and len(event.outputs) % event.items == 0
    found = f"{len(event.outputs)} output words of {event.items} items"
    _require(whole, event, found, "the same number of words for each item")
    return replace(record, items=event.items, outputs=event.outputs)


@_after.register
def _slashed(event: ProviderSlashed, record: JobRecord) -> JobRecord:
    _require(event.payee == record.payee, event, f"payee {event.payee}", record.payee)
    stake = record.job.terms.stake
    _require(event.stake == stake, event, f"stake {event.stake}", f"{stake}")
    return record


def _with(state: MarketState, job_id: bytes, record: JobRecord) -> MarketState:
    return replace(state, jobs={**state.jobs, job_id: record})


def _add(amounts: dict[str, int], account: str, amount: int) -> dict[str, int]:
    total = amounts.get(account, 0) + amount
    return {**amounts, account: total} if total else amounts


def _require(holds: bool, event: Event, found: str, allowed: str) -> None:
    if not holds:
        raise _illegal(event, found, allowed)


def _illegal(event: Event, found: str, allowed: str) -> IllegalEvent:
    job_id: bytes = getattr(event, "job_id", b"")
    return IllegalEvent(
        f"{type(event).__name__} of job 0x{job_id.hex()}: {found}; allowed is {allowed}; "
        "the node or the contract is not what it claims to be"
    )
