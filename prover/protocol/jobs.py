"""What the jobs of all protocols share: records, windows, moves by the table, money by state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import pairwise
from typing import Any, ClassVar, Generic, Self, TypeVar

from prover.base.errors import IllegalEvent
from prover.protocol.event import ZERO_ADDRESS, Event, JobEvent
from prover.protocol.limits import ChainLimits, limits_of
from prover.protocol.mappings import put
from prover.protocol.table import ByTime, Move, Table
from prover.protocol.terms import Job, Terms

T = TypeVar("T", bound=Terms)
JobRef = tuple[str, bytes]  # contract and job id


@dataclass(frozen=True, kw_only=True)
class Record(Generic[T]):
    """Where a job stands, as its events tell; its contract stores the same.

    Before somebody joins, `provider` and `payee` are the zero address and `deadline` is 0.
    """

    TABLE: ClassVar[Table]
    VOID: ClassVar[Move]

    job: Job[T]
    posted_at: int
    state: IntEnum
    provider: str = ZERO_ADDRESS
    payee: str = ZERO_ADDRESS
    deadline: int = 0

    @property
    def state_deadline(self) -> int:
        """Last second (Unix time) of the present state's moves; 0 when the job has ended."""
        if self.ended:
            return 0
        return self.deadline if self.joined else self.job.terms.open_until

    @property
    def void_until(self) -> int:
        """Last second (Unix time) at which a condemnation still voids the job.

        A deadline already missed decides: it is that which the last move set.
        """
        return self.state_deadline

    @property
    def joined(self) -> bool:
        """Whether somebody has joined, and paid the stake in."""
        return self.payee != ZERO_ADDRESS

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to the job any more."""
        return self.state not in self.TABLE

    @property
    def overdue(self) -> str:
        """What the transaction that led here left undone, as text; empty if nothing."""
        return ""

    def as_of(self, now: int) -> Self:
        """The record at a Unix time, with the states that are entered by the time alone."""
        rule = self.TABLE.get(self.state)
        if rule and isinstance(rule.default, ByTime) and now > self.state_deadline:
            return replace(self, state=rule.default.to)
        return self

    def escrowed(self) -> int:
        """What the contract holds for the job, in wei or token units."""
        return 0 if self.ended else self.escrow + (self.job.terms.stake if self.joined else 0)

    @property
    def escrow(self) -> int:
        """What the consumer paid in, in wei or token units."""
        raise NotImplementedError

    def payouts(self) -> dict[str, int]:
        """What each account has been credited for this job, by the state it ended in."""
        raise NotImplementedError

    def returned(self) -> dict[str, int]:
        """Each side's deposits, back to it."""
        stake = self.job.terms.stake if self.joined else 0
        return shares((self.job.consumer, self.escrow), (self.payee, stake))


R = TypeVar("R", bound=Record[Any])


@dataclass(frozen=True)
class Jobs(Generic[R]):
    """All jobs of one contract; `chain_id` is that of the chain when it was deployed.

    `set_aside`: those of which the events make no sense, with the reason; they are not in `jobs`.
    """

    chain_id: int
    contract: str
    jobs: Mapping[bytes, R] = field(default_factory=dict)
    set_aside: Mapping[bytes, str] = field(default_factory=dict)

    def of(self, event: JobEvent) -> R:
        """The job that an event is about. Raises IllegalEvent if it was never posted."""
        record = self.jobs.get(event.job_id)
        if record is None:
            raise illegal(event, "the job was never posted", "a posting before it")
        return record

    def require_sound(self, job_id: bytes) -> None:
        """Raise IllegalEvent if a job was set aside."""
        if job_id in self.set_aside:
            raise IllegalEvent(
                f"job 0x{job_id.hex()} was set aside: {self.set_aside[job_id]}; do not pay or "
                "stake on it; try another node, and `zkescrow audit replay`"
            )

    @property
    def limits(self) -> ChainLimits:
        """Windows and sizes that the contract allows: the row of its chain."""
        return limits_of(self.chain_id)

    def put(self, job_id: bytes, record: R) -> Self:
        """These jobs with one of them as it is now."""
        return replace(self, jobs=put(self.jobs, job_id, record))

    def posted(self, event: JobEvent, record: R) -> Self:
        """These jobs with a new one, under the id of its terms."""
        require(event.job_id not in self.jobs, event, "the job exists", "a new id")
        require(
            record.job.id_on(self.chain_id, self.contract) == event.job_id,
            event,
            "the id is not that of its terms",
            "keccak256 of chain, contract, consumer, nonce and terms",
        )
        self._require_window(event, record.job.terms.open_until - event.at)
        return self.put(event.job_id, record)

    def require_windows(self, event: JobEvent, *seconds: int) -> None:
        """Raise IllegalEvent unless every window is within the contract's bounds."""
        for one in seconds:
            self._require_window(event, one)

    def moved(self, event: JobEvent, after: Callable[[JobEvent, R], R]) -> Self:
        """These jobs after a move of the table; `after` checks and takes in the event's data."""
        record = self.of(event).as_of(event.at)
        move = move_of(record, event)
        return self.put(event.job_id, replace(after(event, record), state=move.to))

    def _require_window(self, event: JobEvent, seconds: int) -> None:
        least, most = self.limits.min_window, self.limits.max_window
        allowed = f"{least} to {most} s"
        require(least <= seconds <= most, event, f"a window of {seconds} s", allowed)


def move_of(record: Record[Any], event: JobEvent) -> Move:
    """The move of the table that `event` is, checked for its time."""
    rule = record.TABLE.get(record.state)
    if rule is None:
        raise illegal(event, f"state {record.state.name}", "nothing: the job has ended")
    if isinstance(event, record.VOID.event):
        return record.VOID
    deadline, default = record.state_deadline, rule.default
    if isinstance(default, Move) and isinstance(event, default.event) and event.at > deadline:
        return default
    for move in rule.moves:
        if isinstance(event, move.event):
            found, allowed = f"time {event.at}", f"up to the deadline {deadline}"
            require(event.at <= deadline, event, found, allowed)
            return move
    if isinstance(default, Move) and isinstance(event, default.event):
        raise illegal(event, f"time {event.at}", f"after the deadline {deadline}")
    moves = [move for move in (*rule.moves, default, record.VOID) if isinstance(move, Move)]
    raise illegal(event, f"state {record.state.name}", f"{[move.event.__name__ for move in moves]}")


def shares(*amounts: tuple[str, int]) -> dict[str, int]:
    """Account -> amount, added up; nobody gets 0."""
    total: dict[str, int] = {}
    for account, amount in amounts:
        if amount:
            total[account] = total.get(account, 0) + amount
    return total


def require_ascending(event: Event, values: tuple[int, ...], limit: int) -> None:
    """Raise IllegalEvent unless there are values, strictly ascending and below `limit`."""
    rising = all(a < b for a, b in pairwise(values))
    fits = len(values) > 0 and values[0] >= 0 and values[-1] < limit
    require(rising and fits, event, f"{_short(values)}", f"ascending ones below {limit}, not none")


def require_equal(event: Event, name: str, found: object, allowed: object) -> None:
    """Raise IllegalEvent unless a field of the event is what it must be."""
    require(found == allowed, event, f"{name} {_shown(found)}", _shown(allowed))


def joined(
    event: JobEvent, record: R, by: str, allowed: str, payee: str, deadline: int, seconds: int
) -> R:
    """The record once `by` has joined, for `payee`; `allowed` is who may (zero: anyone)."""
    require_equal(event, "deadline", deadline, event.at + seconds)
    if allowed != ZERO_ADDRESS:
        require_equal(event, "provider", by, allowed)
    outside = payee not in (ZERO_ADDRESS, event.contract)
    require(outside, event, f"payee {payee}", "neither zero nor the contract")
    return replace(record, provider=by, payee=payee, deadline=deadline)


def require(holds: bool, event: Event, found: str, allowed: str) -> None:
    """Raise IllegalEvent unless the event's rule holds."""
    if not holds:
        raise illegal(event, found, allowed)


def illegal(event: Event, found: str, allowed: str) -> IllegalEvent:
    """The error of an event that no contract of ours emits here."""
    job = f" of job 0x{event.job_id.hex()}" if isinstance(event, JobEvent) else ""
    return IllegalEvent(
        f"{type(event).__name__}{job}: found {found}, expected {allowed}; "
        "the node or the contract is not what it claims to be"
    )


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _short(values: tuple[int, ...]) -> str:
    return f"{list(values[:8])}{' and more' if len(values) > 8 else ''}"
