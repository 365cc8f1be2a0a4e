"""Registry, protocols and their money together: the rules that bind one to another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from prover.base.errors import IllegalEvent
from prover.protocol import circuits
from prover.protocol.accuracy import state as accuracy
from prover.protocol.escrow import state as escrow
from prover.protocol.escrow.state import EscrowState
from prover.protocol.events import (
    ZERO_ADDRESS,
    AccuracyEvent,
    BountyPosted,
    DatasetCommitted,
    Deposited,
    EscrowEvent,
    Event,
    JobEvent,
    JobPosted,
    PredictionEvent,
    RegistryEvent,
    RetrievalEvent,
    RetrievalPosted,
    RoundPosted,
    ServingEvent,
    Unreadable,
)
from prover.protocol.jobs import Jobs, Record, require_equal
from prover.protocol.prediction import state as prediction
from prover.protocol.registry import state as registry
from prover.protocol.registry.state import RegistryState
from prover.protocol.retrieval import state as retrieval
from prover.protocol.retrieval.state import Retrievals
from prover.protocol.serving import state as serving

PROTOCOLS = ("prediction", "serving", "accuracy", "retrieval")  # fields of a world


@dataclass(frozen=True)
class Finding:
    """Something that a chain said and that was skipped: of what, and why."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class World:
    """Everything the contracts' events tell; `escrows` by the contract that holds the money.

    `findings` are what made no sense in them and was skipped.
    """

    registry: RegistryState
    prediction: Jobs[prediction.Record]
    serving: Jobs[serving.Record]
    accuracy: Jobs[accuracy.Record]
    retrieval: Retrievals
    escrows: Mapping[str, EscrowState] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def protocols(self) -> tuple[Jobs[Any], ...]:
        """The jobs of each protocol."""
        return (self.prediction, self.serving, self.accuracy, self.retrieval)

    def condemned_in_time(self, record: Record[Any], now: int) -> int | None:
        """When a job's circuit was condemned, if anyone may end the job for that now."""
        return circuits.condemned_in_time(self.registry, record, now)

    def credits_in(self, contract: str, currency: str) -> dict[str, int]:
        """Account -> what it may still withdraw of a currency from a contract."""
        state = self.escrows.get(contract, EscrowState())
        return {who: units for (where, who), units in state.credits.items() if where == currency}

    def jobs_of(self, contract: str) -> Mapping[bytes, Record[Any]]:
        """The jobs of one contract; none if it holds none."""
        return next((one.jobs for one in self.protocols if one.contract == contract), {})


def empty(chain_id: int, **contracts: str) -> World:
    """The world before any event: `registry`, `prediction`, `serving`, `accuracy`, `retrieval`.

    Each is the address of a contract; one that is left out does not exist. `chain_id` is that of
    the chain when they were deployed.
    """
    at = dict.fromkeys(("registry", *PROTOCOLS), ZERO_ADDRESS) | contracts
    return World(
        RegistryState(at["registry"]),
        Jobs(chain_id, at["prediction"]),
        Jobs(chain_id, at["serving"]),
        Jobs(chain_id, at["accuracy"]),
        Retrievals(chain_id, at["retrieval"]),
        {address: EscrowState() for name, address in contracts.items() if name != "registry"},
    )


def apply(world: World, event: Event) -> World:
    """The world after one event. Raises IllegalEvent if the rules do not allow it."""
    if isinstance(event, EscrowEvent):
        return _money(world, event)
    if isinstance(event, RegistryEvent):
        require_equal(event, "contract", event.contract, world.registry.contract)
        return replace(world, registry=registry.apply(world.registry, event))
    if isinstance(event, PredictionEvent):
        _of_contract(world.prediction, event)
        after = replace(world, prediction=prediction.apply(world.prediction, event))
        return _checked(world, world.prediction, event, after)
    if isinstance(event, ServingEvent):
        _of_contract(world.serving, event)
        after = replace(world, serving=serving.apply(world.serving, event))
        return _checked(world, world.serving, event, after)
    if isinstance(event, AccuracyEvent):
        _of_contract(world.accuracy, event)
        after = replace(world, accuracy=accuracy.apply(world.accuracy, event))
        return _checked(world, world.accuracy, event, after)
    if isinstance(event, DatasetCommitted):
        require_equal(event, "contract", event.contract, world.retrieval.contract)
        return replace(world, retrieval=retrieval.apply(world.retrieval, event))
    if isinstance(event, RetrievalEvent):
        _of_contract(world.retrieval, event)
        after = replace(world, retrieval=retrieval.apply(world.retrieval, event))
        return _checked(world, world.retrieval, event, after)
    if isinstance(event, Unreadable):
        raise IllegalEvent(f"a log that cannot be read: {event.why}")
    raise IllegalEvent(f"{event} is no event of the contracts: check the caller")


def apply_transaction(world: World, events: Iterable[Event]) -> World:
    """The world after one whole transaction, whose money must have moved as its jobs did."""
    events = tuple(events)
    for event in events:
        world = apply(world, event)
    touched = {(one.contract, one.job_id) for one in events if isinstance(one, JobEvent)}
    for contract, job_id in touched:
        check_job(world, contract, job_id)
    return world


def check_job(world: World, contract: str, job_id: bytes) -> None:
    """Raise IllegalEvent unless a job is where its transaction must leave it, and so its money."""
    record = world.jobs_of(contract).get(job_id)
    if record is None:
        raise IllegalEvent(f"money moved for job 0x{job_id.hex()}, which was never posted")
    if record.overdue:
        raise IllegalEvent(
            f"job 0x{job_id.hex()} is {record.state.name}: in the same transaction must come "
            f"{record.overdue}; the contract is not what it claims to be"
        )
    _check_money(world.escrows[contract], job_id, record)


def _check_money(state: EscrowState, job_id: bytes, record: Record[Any]) -> None:
    currency = record.job.terms.currency
    held = state.deposits.get((job_id, currency), 0)
    paid = state.paid_for(job_id)
    due = {(currency, account): amount for account, amount in record.payouts().items()}
    if held != record.escrowed() or paid != due:
        raise IllegalEvent(
            f"job 0x{job_id.hex()} is {record.state.name}: found {held} held and {paid} credited, "
            f"expected {record.escrowed()} and {due}; the contract is not what it claims to be"
        )


def _money(world: World, event: EscrowEvent) -> World:
    state = world.escrows.get(event.contract)
    if state is None:
        raise IllegalEvent(f"{event} is of a contract that holds no money: check the caller")
    if isinstance(event, Deposited):
        _check_payer(world, event)
    after = escrow.apply(state, event)
    return replace(world, escrows={**world.escrows, event.contract: after})


def _check_payer(world: World, event: Deposited) -> None:
    """Who posts pays the escrow in, who joins the stake; nobody else pays for a job."""
    record = world.jobs_of(event.contract).get(event.job_id)
    if record is None:
        raise IllegalEvent(f"{event} is for a job that was never posted; check the node")
    payer = record.provider if record.joined else record.job.consumer
    require_equal(event, "sender", event.sender, payer)


def _of_contract(jobs: Jobs[Any], event: JobEvent) -> None:
    """Before anything of an event is taken in: it is its protocol's contract's."""
    require_equal(event, "contract", event.contract, jobs.contract)


def _checked(world: World, jobs: Jobs[Any], event: JobEvent, after: World) -> World:
    """`after`, if the job's circuit allows the event."""
    if isinstance(event, JobPosted | RoundPosted | BountyPosted | RetrievalPosted):
        circuits.check_posted(world.registry, event, jobs.limits)
    else:
        circuits.check_moved(world.registry, event, jobs.of(event))
    return after
