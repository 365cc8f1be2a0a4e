"""What each transaction did to each job: the unit in which an audit compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prover.chain.events.reading import Logged
from prover.protocol.events import EscrowEvent, JobEvent
from prover.protocol.jobs import JobRef, Record
from prover.protocol.world import World


@dataclass(frozen=True)
class Step:
    """One transaction's events of one job, with the job before and after it."""

    contract: str
    job_id: bytes
    block: int
    transaction: bytes
    events: tuple[JobEvent, ...]
    before: Record[Any] | None
    after: Record[Any]
    world: World

    @property
    def name(self) -> str:
        """The job, for messages."""
        return f"job 0x{self.job_id.hex()}"

    def has(self, *kinds: type[JobEvent]) -> bool:
        """Whether an event of one of these kinds is among its events."""
        return any(isinstance(event, kinds) for event in self.events)


Records = Mapping[JobRef, Record[Any] | None]


def records_of(world: World, transaction: Sequence[Logged]) -> Records:
    """The jobs that a transaction moves, as they are now."""
    return {ref: world.jobs_of(ref[0]).get(ref[1]) for ref in _by_job(transaction)}


def steps_of(transaction: Sequence[Logged], before: Records, world: World) -> list[Step]:
    """The steps of a transaction that led to a world; jobs that were set aside have none."""
    steps = []
    for ref, events in _by_job(transaction).items():
        after = world.jobs_of(ref[0]).get(ref[1])
        if after is not None:
            step = Step(
                contract=ref[0],
                job_id=ref[1],
                block=transaction[0].block,
                transaction=transaction[0].transaction,
                events=tuple(events),
                before=before[ref],
                after=after,
                world=world,
            )
            steps.append(step)
    return steps


def _by_job(transaction: Sequence[Logged]) -> dict[JobRef, list[JobEvent]]:
    by_job: dict[JobRef, list[JobEvent]] = {}
    for logged in transaction:
        event = logged.event
        if isinstance(event, JobEvent) and not isinstance(event, EscrowEvent):
            by_job.setdefault((event.contract, event.job_id), []).append(event)
    return by_job
