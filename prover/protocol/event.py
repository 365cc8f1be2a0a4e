"""What every event tells."""

from dataclasses import dataclass

from prover.base.text import ZERO_ADDRESS as ZERO_ADDRESS


@dataclass(frozen=True, kw_only=True)
class Event:
    """Any event: `contract` emitted it, in a block of Unix time `at`."""

    at: int
    contract: str


@dataclass(frozen=True, kw_only=True)
class JobEvent(Event):
    """Something happened to a job, or to its money."""

    job_id: bytes


@dataclass(frozen=True, kw_only=True)
class Unreadable(Event):
    """A log of one of the contracts that cannot be decoded, and of which job, if it names one."""

    job_id: bytes | None
    why: str
