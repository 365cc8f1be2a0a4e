"""A history reduced leniently: what makes no sense concerns its own job or log, and nothing else.

Strict reduction is `world.apply_transaction`. Here an event that the rules refuse, or that cannot
be read, is a finding: its job is set aside, and all others go on. Maps are built in place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from prover.base.errors import IllegalEvent, ZkescrowError
from prover.base.text import shown
from prover.protocol.escrow import state as escrow
from prover.protocol.escrow.state import EscrowState
from prover.protocol.events import EscrowEvent, Event, JobEvent, Unreadable
from prover.protocol.jobs import JobRef
from prover.protocol.mappings import InPlace, put, remove
from prover.protocol.world import Finding, World, apply, check_job


class History:
    """A world that grows by transactions; `world` is as it is now and changes with the next one."""

    def __init__(self, world: World) -> None:
        self.world = _with_maps(world, InPlace)
        self._set_aside: set[JobRef] = set()
        self._findings = list(world.findings)

    def add(self, events: Sequence[Event]) -> list[Finding]:
        """Reduce one transaction; what was found in it."""
        found = [finding for event in events for finding in self._event(event)]
        moved = (event for event in events if isinstance(event, JobEvent))
        touched = dict.fromkeys((event.contract, event.job_id) for event in moved)
        for ref in touched:
            found += self._checked(ref)
        self._findings += found
        return found

    def finished(self) -> World:
        """The world with all that was found, in maps of its own."""
        return replace(_with_maps(self.world, dict), findings=tuple(self._findings))

    def _event(self, event: Event) -> Iterator[Finding]:
        ref = _ref_of(event)
        if ref in self._set_aside:
            self._money_only(event)
            return
        try:
            self.world = apply(self.world, event)
        except Exception as error:  # noqa: BLE001 - whatever one event raises must stop no other
            yield self._refused(event, error)
            self._money_only(event)

    def _checked(self, ref: JobRef) -> Iterator[Finding]:
        if ref in self._set_aside:
            return
        try:
            check_job(self.world, *ref)
        except IllegalEvent as error:
            yield self._aside(ref, str(error))

    def _refused(self, event: Event, error: Exception) -> Finding:
        known = isinstance(error, ZkescrowError)
        what = shown(str(error) if known else f"{type(error).__name__}: {error}")
        ref = _ref_of(event)
        if ref is not None:
            return self._aside(ref, what)
        return Finding(f"{type(event).__name__} of {event.contract}", what)

    def _aside(self, ref: JobRef, what: str) -> Finding:
        """Set a job aside; it is nobody's to work on."""
        contract, job_id = ref
        self._set_aside.add(ref)
        for jobs in self.world.protocols:
            if jobs.contract == contract:
                put(jobs.set_aside, job_id, what)
                remove(jobs.jobs, job_id)
        return Finding(f"job 0x{job_id.hex()}", what)

    def _money_only(self, event: Event) -> None:
        """Credits of a job set aside can be withdrawn like others."""
        state = self.world.escrows.get(event.contract)
        if state is None or not isinstance(event, EscrowEvent):
            return
        try:
            after = escrow.apply(state, event)
        except IllegalEvent:
            return  # its job's finding, or the event's own, was reported
        self.world = replace(self.world, escrows={**self.world.escrows, event.contract: after})


def _ref_of(event: Event) -> JobRef | None:
    if isinstance(event, JobEvent):
        return (event.contract, event.job_id)
    if isinstance(event, Unreadable) and event.job_id is not None:
        return (event.contract, event.job_id)
    return None


def _with_maps(world: World, kind: Any) -> World:
    """The same world over maps of another kind."""
    known, retrieval = world.registry, world.retrieval
    return replace(
        world,
        registry=replace(
            known,
            circuits=kind(known.circuits),
            models=kind(known.models),
            condemned_at=kind(known.condemned_at),
        ),
        prediction=_jobs(world.prediction, kind),
        serving=_jobs(world.serving, kind),
        accuracy=_jobs(world.accuracy, kind),
        retrieval=replace(_jobs(retrieval, kind), datasets=kind(retrieval.datasets)),
        escrows={where: _money(state, kind) for where, state in world.escrows.items()},
    )


def _jobs(state: Any, kind: Any) -> Any:
    return replace(state, jobs=kind(state.jobs), set_aside=kind(state.set_aside))


def _money(state: EscrowState, kind: Any) -> EscrowState:
    return EscrowState(kind(state.deposits), kind(state.paid_out), kind(state.credits))
