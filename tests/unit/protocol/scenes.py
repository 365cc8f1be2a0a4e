"""Legal histories of the prediction contract, as the contracts would emit them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from prover.protocol import events as e
from prover.protocol.prediction.state import TABLE, Job, State, Terms
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.protocol.world import World, apply_transaction, empty

CHAIN = 31337
PREDICTION = "0x" + "aa" * 20
REGISTRY = "0x" + "a0" * 20
CONSUMER = "0x" + "c0" * 20
PROVIDER = "0x" + "b0" * 20
PAYEE = "0x" + "ee" * 20
ETH = e.ZERO_ADDRESS
LAYOUT = (4, 1, 0, 1, 128, 1, 1, 2, 1, 3, 0, 0, 3, 1, 0, 1)
CIRCUIT = (PREDICTION, e.ZERO_ADDRESS, b"\1" * 32, b"\2" * 32, LAYOUT, -8, 8, 0, 0, 0, True, 0)
CIRCUIT_ID = circuit_id_of(CIRCUIT)
MODEL_ID = model_id_of(CIRCUIT_ID, 0)
START = 1_000


@dataclass(frozen=True)
class Scene:
    """A job with its terms, and the events that move it."""

    job: Job

    @property
    def id(self) -> bytes:
        return self.job.id_on(CHAIN, PREDICTION)

    @property
    def terms(self) -> Terms:
        return self.job.terms

    def posted(self, at: int = START) -> list[e.Event]:
        job, terms = self.job, self.job.terms
        return [
            e.JobPosted(
                contract=PREDICTION,
                at=at,
                job_id=self.id,
                consumer=job.consumer,
                model_id=terms.model_id,
                nonce=job.nonce,
                terms=terms,
                data_hash=b"\0" * 32,
                uri=b"",
            ),
            self.deposit(CONSUMER, terms.reward, at),
        ]

    def locked(self, at: int) -> list[e.Event]:
        deadline = at + self.terms.prove_seconds
        return [
            e.JobLocked(
                contract=PREDICTION,
                at=at,
                job_id=self.id,
                provider=PROVIDER,
                payee=PAYEE,
                deadline=deadline,
            ),
            self.deposit(PROVIDER, self.terms.stake, at),
        ]

    def cancelled(self, at: int) -> list[e.Event]:
        return [
            e.JobCancelled(contract=PREDICTION, at=at, job_id=self.id),
            self.credit(CONSUMER, self.terms.reward, at),
        ]

    def delivered(self, at: int) -> list[e.Event]:
        delivery = e.PredictionDelivered(
            contract=PREDICTION, at=at, job_id=self.id, payee=PAYEE, items=1, outputs=(1, 2)
        )
        return [delivery, self.credit(PAYEE, self.terms.reward + self.terms.stake, at)]

    def expired(self, at: int) -> list[e.Event]:
        return [
            e.JobExpired(contract=PREDICTION, at=at, job_id=self.id),
            self.credit(CONSUMER, self.terms.reward, at),
        ]

    def slashed(self, at: int) -> list[e.Event]:
        stake = self.terms.stake
        slash = e.ProviderSlashed(
            contract=PREDICTION, at=at, job_id=self.id, payee=PAYEE, stake=stake
        )
        return [slash, self.credit(CONSUMER, self.terms.reward + stake, at)]

    def voided(self, at: int, locked: bool) -> list[e.Event]:
        void = e.JobVoided(contract=PREDICTION, at=at, job_id=self.id, circuit_id=CIRCUIT_ID)
        events = [void, self.credit(CONSUMER, self.terms.reward, at)]
        if locked:
            events.append(self.credit(PAYEE, self.terms.stake, at))
        return events

    def deposit(self, sender: str, amount: int, at: int) -> e.Event:
        return e.Deposited(
            contract=PREDICTION,
            at=at,
            job_id=self.id,
            currency=self.terms.currency,
            sender=sender,
            amount=amount,
        )

    def credit(self, account: str, amount: int, at: int) -> e.Event:
        return e.Credited(
            contract=PREDICTION,
            at=at,
            job_id=self.id,
            currency=self.terms.currency,
            account=account,
            amount=amount,
        )

    def move(self, kind: type[e.Event], state: State, at: int) -> list[e.Event]:
        """All events of the transaction that emits `kind` from `state`."""
        if kind is e.JobVoided:
            return self.voided(at, state is State.LOCKED)
        makers = {
            e.JobCancelled: self.cancelled,
            e.JobLocked: self.locked,
            e.PredictionDelivered: self.delivered,
            e.JobExpired: self.expired,
            e.ProviderSlashed: self.slashed,
        }
        return makers[kind](at)

    def event(self, kind: type[e.Event], state: State, at: int) -> e.Event:
        """The one event of `kind` in that transaction."""
        return next(event for event in self.move(kind, state, at) if isinstance(event, kind))


TERMS = Terms(MODEL_ID, b"\3" * 32, ETH, 100, 40, ETH, START + 50, 30)
SCENE = Scene(Job(CONSUMER, 7, TERMS))


def with_terms(**changes: object) -> Scene:
    return Scene(replace(SCENE.job, terms=replace(TERMS, **changes)))  # type: ignore[arg-type]


def registered() -> World:
    """A world with one circuit and one model."""
    return apply_transaction(
        empty(CHAIN, registry=REGISTRY, prediction=PREDICTION),
        [
            e.CircuitRegistered(
                contract=REGISTRY, at=1, circuit_id=CIRCUIT_ID, registrant=PROVIDER, circuit=CIRCUIT
            ),
            e.ModelRegistered(
                contract=REGISTRY,
                at=1,
                model_id=MODEL_ID,
                circuit_id=CIRCUIT_ID,
                weights_commitment=0,
            ),
        ],
    )


def in_state(scene: Scene, state: State) -> tuple[World, int]:
    """A world in which the scene's job is in `state`, and the time of its last event."""
    world = apply_transaction(registered(), scene.posted())
    for kind, at in _path(state):
        now = State(world.prediction.jobs[scene.id].state)
        if kind is e.JobVoided:
            condemned = e.CircuitCondemned(
                contract=REGISTRY, at=at, circuit_id=CIRCUIT_ID, condemner=PAYEE
            )
            world = apply_transaction(world, [condemned])
        world = apply_transaction(world, scene.move(kind, now, at))
        last = at
    return world, last if _path(state) else START


def _path(state: State) -> list[tuple[type[e.Event], int]]:
    lock = (e.JobLocked, START + 10)
    return {
        State.OPEN: [],
        State.LOCKED: [lock],
        State.PAID: [lock, (e.PredictionDelivered, START + 20)],
        State.CANCELLED: [(e.JobCancelled, START + 5)],
        State.EXPIRED: [(e.JobExpired, START + 51)],
        State.SLASHED: [lock, (e.ProviderSlashed, START + 41)],
        State.VOIDED: [(e.JobVoided, START + 5)],
    }[state]


MOVES: tuple[type[e.Event], ...] = (
    e.JobCancelled,
    e.JobLocked,
    e.PredictionDelivered,
    e.JobExpired,
    e.ProviderSlashed,
    e.JobVoided,
)


def legal(state: State) -> Iterator[type[e.Event]]:
    """Kinds of events that the table allows in a state, apart from their time."""
    if state in TABLE:
        yield from (move.event for move in TABLE[state].moves)
        yield TABLE[state].default.event
        yield e.JobVoided
