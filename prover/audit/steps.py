"""What each transaction did to each job: the unit in which an audit compares."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prover.chain.events import Logged
from prover.protocol.events import EscrowEvent, JobEvent
from prover.protocol.jobs import Record
from prover.protocol.world import World


@dataclass(frozen=True)
class Step:
    """One transaction's events of one job, with the job before and after it."""

    chain_id: int
    contract: str
    job_id: bytes
    block: int
    transaction: bytes
    events: tuple[JobEvent, ...]
    before: Record[Any] | None
    after: Record[Any]
    world: World

    @property
    def where(self) -> tuple[int, str, bytes]:
        """Chain id, contract and job id."""
        return (self.chain_id, self.contract, self.job_id)

    @property
    def name(self) -> str:
        """The job, for messages."""
        return f"job 0x{self.job_id.hex()}"

    def has(self, *kinds: type[JobEvent]) -> bool:
        """Whether an event of one of these kinds is among its events."""
        return any(isinstance(event, kinds) for event in self.events)


def steps_of(
    chain_id: int, transaction: list[Logged], before: World, after: World
) -> Iterator[Step]:
    """The steps of a transaction that led from one world to another."""
    by_job: dict[tuple[str, bytes], list[JobEvent]] = {}
    for logged in transaction:
        event = logged.event
        if isinstance(event, JobEvent) and not isinstance(event, EscrowEvent):
            by_job.setdefault((event.contract, event.job_id), []).append(event)
    for (contract, job_id), events in by_job.items():
        yield Step(
            chain_id=chain_id,
            contract=contract,
            job_id=job_id,
            block=transaction[0].block,
            transaction=transaction[0].transaction,
            events=tuple(events),
            before=before.jobs_of(contract).get(job_id),
            after=after.jobs_of(contract)[job_id],
            world=after,
        )
