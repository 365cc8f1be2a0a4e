"""Registry, escrow and market together: the rules that bind one to another."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from prover.errors import IllegalEvent
from prover.protocol import escrow, prediction, registry
from prover.protocol.escrow import EscrowState
from prover.protocol.events import (
    EscrowEvent,
    Event,
    JobPosted,
    JobVoided,
    MarketEvent,
    RegistryEvent,
)
from prover.protocol.prediction import MarketState
from prover.protocol.registry import RegistryState


@dataclass(frozen=True)
class World:
    """Everything the contracts' events tell."""

    market: MarketState
    registry: RegistryState = field(default_factory=RegistryState)
    escrow: EscrowState = field(default_factory=EscrowState)


def apply(world: World, event: Event) -> World:
    """The world after one event. Raises IllegalEvent if the rules do not allow it."""
    if isinstance(event, EscrowEvent):
        return replace(world, escrow=escrow.apply(world.escrow, event))
    if isinstance(event, RegistryEvent):
        return replace(world, registry=registry.apply(world.registry, event))
    if isinstance(event, MarketEvent):
        _check_model(world, event)
        return replace(world, market=prediction.apply(world.market, event))
    raise IllegalEvent(f"{event} is no event of the contracts: check the caller")


def apply_transaction(world: World, events: Iterable[Event]) -> World:
    """The world after one whole transaction, whose money must have moved as its jobs did."""
    touched: set[bytes] = set()
    for event in events:
        world = apply(world, event)
        touched.add(getattr(event, "job_id", b""))
    for job_id in touched - {b""}:
        check_money(world, job_id)
    return world


def check_money(world: World, job_id: bytes) -> None:
    """Raise IllegalEvent unless deposits and credits of a job are those of its state."""
    record = world.market.jobs.get(job_id)
    if record is None:
        raise IllegalEvent(f"money moved for job 0x{job_id.hex()}, which was never posted")
    terms = record.job.terms
    held = world.escrow.deposits.get((job_id, terms.currency), 0)
    paid = {
        (currency, account): amount
        for (paid_job, currency, account), amount in world.escrow.paid_out.items()
        if paid_job == job_id and amount
    }
    due = {(terms.currency, account): amount for account, amount in record.payouts().items()}
    if held != record.escrowed() or paid != due:
        raise IllegalEvent(
            f"job 0x{job_id.hex()} is {record.state.name}: {held} held and {paid} credited; "
            f"{record.escrowed()} and {due} are allowed; the contract is not what it claims to be"
        )


def _check_model(world: World, event: MarketEvent) -> None:
    if isinstance(event, JobPosted):
        entry = world.registry.models.get(event.model_id)
        if entry is None or entry[0] in world.registry.condemned_at:
            raise IllegalEvent(
                f"JobPosted of job 0x{event.job_id.hex()}: its model 0x{event.model_id.hex()} is "
                "unknown or condemned; a registered one is allowed"
            )
    if isinstance(event, JobVoided):
        _check_condemned(world, event)


def _check_condemned(world: World, event: JobVoided) -> None:
    record = world.market.jobs.get(event.job_id)
    if record is None:
        return  # the market's own reducer refuses it
    circuit_id, _ = world.registry.models[record.job.terms.model_id]
    since = world.registry.condemned_at.get(event.circuit_id, 0)
    if circuit_id != event.circuit_id or not 0 < since <= record.state_deadline:
        raise IllegalEvent(
            f"JobVoided of job 0x{event.job_id.hex()}: circuit 0x{event.circuit_id.hex()} was "
            f"condemned at {since}; a condemnation of 0x{circuit_id.hex()} up to "
            f"{record.state_deadline} is allowed"
        )
