"""PredictionMarket (docs/SPEC.md section 4): the states of jobs, from events."""

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import singledispatch

from prover.protocol import jobs, terms
from prover.protocol.event import ZERO_ADDRESS, JobEvent
from prover.protocol.jobs import Jobs, joined, require, require_equal, shares
from prover.protocol.prediction.events import (
    JobCancelled,
    JobExpired,
    JobLocked,
    JobPosted,
    JobVoided,
    PredictionDelivered,
    PredictionEvent,
    ProviderSlashed,
)
from prover.protocol.prediction.terms import PredictionTerms
from prover.protocol.table import Move, Rule, table_of

Terms = PredictionTerms
Job = terms.Job[Terms]


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


@dataclass(frozen=True, kw_only=True)
class Record(jobs.Record[Terms]):
    """Where a job stands; `outputs` are those delivered, as field elements."""

    TABLE = TABLE
    VOID = VOID

    state: State = State.OPEN
    data_hash: bytes
    uri: bytes
    items: int = 0
    outputs: tuple[int, ...] = ()

    @property
    def escrow(self) -> int:
        """The reward, in wei or token units."""
        return self.job.terms.reward

    def payouts(self) -> dict[str, int]:
        """What each account has been credited for this job, by the state it ended in."""
        everything = self.escrow + self.job.terms.stake
        if self.state is State.PAID:
            return shares((self.payee, everything))
        if self.state is State.SLASHED:
            return shares((self.job.consumer, everything))
        return self.returned() if self.ended else {}


def apply(state: Jobs[Record], event: PredictionEvent) -> Jobs[Record]:
    """The state after `event`. Raises IllegalEvent if the rules do not allow it here."""
    if isinstance(event, JobPosted):
        return state.posted(event, _posted(state, event))
    return state.moved(event, _after)


def _posted(state: Jobs[Record], event: JobPosted) -> Record:
    wanted = event.terms
    require_equal(event, "model id", event.model_id, wanted.model_id)
    require(wanted.reward > 0, event, "reward 0", "a reward above 0")
    staked = wanted.provider != ZERO_ADDRESS or wanted.stake > 0
    require(staked, event, "open to anyone, stake 0", "a stake above 0")
    state.require_windows(event, wanted.prove_seconds)
    job = Job(event.consumer, event.nonce, wanted)
    return Record(job=job, posted_at=event.at, data_hash=event.data_hash, uri=event.uri)


@singledispatch
def _after(event: JobEvent, record: Record) -> Record:
    """The record with the event's own data, once the move is known to be allowed."""
    return record


@_after.register
def _locked(event: JobLocked, record: Record) -> Record:
    wanted = record.job.terms
    by, allowed, seconds = event.provider, wanted.provider, wanted.prove_seconds
    return joined(event, record, by, allowed, event.payee, event.deadline, seconds)


@_after.register
def _delivered(event: PredictionDelivered, record: Record) -> Record:
    require_equal(event, "payee", event.payee, record.payee)
    whole = event.items > 0 and len(event.outputs) > 0 and len(event.outputs) % event.items == 0
    found = f"{len(event.outputs)} output words of {event.items} items"
    require(whole, event, found, "the same number of words for each item")
    return replace(record, items=event.items, outputs=event.outputs)


@_after.register
def _slashed(event: ProviderSlashed, record: Record) -> Record:
    require_equal(event, "payee", event.payee, record.payee)
    require_equal(event, "stake", event.stake, record.job.terms.stake)
    return record
