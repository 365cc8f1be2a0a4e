"""One job of each of the three protocols with hidden or contested items: legal transactions.

Amounts that are credited stand here as docs/SPEC.md has them, not as the reducers compute them.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from eth_utils.crypto import keccak

from prover.protocol import events as e
from prover.protocol.accuracy import state as accuracy
from prover.protocol.jobs import Record
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from prover.protocol.table import ByTime, Move
from prover.protocol.world import World, apply_transaction, empty
from prover.statement.runs import outputs_tree

CHAIN = 31337
REGISTRY, SERVING = "0x" + "a0" * 20, "0x" + "a1" * 20
ACCURACY, RETRIEVAL = "0x" + "a2" * 20, "0x" + "a3" * 20
ETH, TOKEN = e.ZERO_ADDRESS, "0x" + "70" * 20
CONSUMER, PROVIDER, PAYEE = "0x" + "c0" * 20, "0x" + "b0" * 20, "0x" + "ee" * 20
START = 1_000

LAYOUT = (4, 1, 0, 1, 128, 1, 1, 2, 1, 3, 0, 0, 3, 1, 0, 1)
SALTED = (REGISTRY, ETH, b"\1" * 32, b"\2" * 32, LAYOUT, -8, 8, 12, 4, 31, True, 0)
CIRCUIT_ID = circuit_id_of(SALTED)
MODEL_ID = model_id_of(CIRCUIT_ID, 0)
KEY = b"\x0c" * 32

Kind = type[e.Event]


@dataclass(frozen=True)
class Play(ABC):
    """A job, and the transactions that move it."""

    job: Any

    module: Any = None
    contract: str = ""

    @property
    def id(self) -> bytes:
        return self.job.id_on(CHAIN, self.contract)  # type: ignore[no-any-return]

    def record(self, world: World) -> Record[Any]:
        return world.jobs_of(self.contract)[self.id]

    def kinds(self) -> tuple[Kind, ...]:
        """Every kind of event after the posting."""
        rules = self.module.TABLE.values()
        moves = [move for rule in rules for move in (*rule.moves, rule.default)]
        named = [move.event for move in moves if not isinstance(move, ByTime)]
        return (*dict.fromkeys(named), self.module.VOID.event)

    def legal(self, state: Any) -> dict[Kind, Any]:
        """Kinds that the table allows in a state, apart from their time, and where they lead."""
        rule = self.module.TABLE.get(state)
        if rule is None:
            return {}
        moves = [*rule.moves, self.module.VOID]
        moves += [] if isinstance(rule.default, ByTime) else [rule.default]
        return {move.event: move.to for move in moves}

    def transaction(self, kind: Kind, record: Record[Any], at: int) -> list[e.Event]:
        """All events of the transaction that ends with `kind` and its money."""
        events = [*self.before(kind, record, at), self.event(kind, record, at)]
        if record.state == self.module.State.OPEN and kind in self.joins():
            return [*events, self.deposit(PROVIDER, self.job.terms.stake, at)]
        credits = self.credits(kind, record).items()
        return [*events, *(self.credit(who, amount, at) for who, amount in credits if amount)]

    def deposit(self, sender: str, amount: int, at: int) -> e.Event:
        return e.Deposited(**self.money(at), sender=sender, amount=amount)

    def credit(self, account: str, amount: int, at: int) -> e.Event:
        return e.Credited(**self.money(at), account=account, amount=amount)

    def money(self, at: int) -> dict[str, Any]:
        return {**self.about(at), "currency": self.job.terms.currency}

    def about(self, at: int) -> dict[str, Any]:
        return {"contract": self.contract, "at": at, "job_id": self.id}

    def returned(self, record: Record[Any], escrow: int) -> dict[str, int]:
        joined = record.state != self.module.State.OPEN
        return {CONSUMER: escrow} | ({PAYEE: self.job.terms.stake} if joined else {})

    def before(self, kind: Kind, record: Any, at: int) -> Sequence[e.Event]:
        """Events that come first in the same transaction."""
        return ()

    @abstractmethod
    def joins(self) -> tuple[Kind, ...]: ...

    @abstractmethod
    def posted(self, at: int = START) -> list[e.Event]: ...

    @abstractmethod
    def event(self, kind: Kind, record: Any, at: int) -> e.Event: ...

    @abstractmethod
    def credits(self, kind: Kind, record: Any) -> dict[str, int]: ...


@dataclass(frozen=True)
class Round(Play):
    module: ModuleType = serving
    contract: str = SERVING

    def joins(self) -> tuple[Kind, ...]:
        return (e.RoundJoined,)

    def posted(self, at: int = START) -> list[e.Event]:
        job, terms = self.job, self.job.terms
        posting = e.RoundPosted(
            **self.about(at),
            consumer=job.consumer,
            model_id=terms.model_id,
            nonce=job.nonce,
            terms=terms,
            data_hash=bytes(32),
            uri=b"",
        )
        return [posting, self.deposit(CONSUMER, self.escrow, at)]

    @property
    def escrow(self) -> int:
        return self.job.terms.n * self.job.terms.price + 2 * self.job.terms.proof_fee

    def before(self, kind: Kind, record: Any, at: int) -> Sequence[e.Event]:
        if kind is not e.RoundSettled or record.state != serving.State.CONTESTED:
            return ()
        left = sorted({0, 1} - record.answered)
        return [e.ContestsAnswered(**self.about(at), positions=tuple(left))] if left else ()

    def event(self, kind: Kind, record: Any, at: int) -> e.Event:
        terms = self.job.terms
        contested = record.state == serving.State.CONTESTED
        outputs = bytes(range(terms.n * terms.word_bytes))
        fields: dict[Kind, dict[str, Any]] = {
            e.RoundJoined: {
                "provider": PROVIDER,
                "payee": PAYEE,
                "deadline": at + terms.serve_seconds,
            },
            e.OutputsCommitted: {
                "root": outputs_tree(outputs, terms.n).root,
                "outputs": outputs,
                "deadline": at + terms.contest_seconds,
            },
            e.OutputsContested: {"indices": (1, 3), "deadline": at + terms.answer_seconds},
            e.ContestsAnswered: {"positions": (1,)},
            e.RoundSettled: {"payee": PAYEE, "answered": 2 if contested else 0},
            e.RoundUnserved: {"payee": PAYEE, "stake": terms.stake},
            e.RoundUnanswered: {"payee": PAYEE, "stake": terms.stake},
            e.RoundVoided: {"circuit_id": CIRCUIT_ID},
        }
        return kind(**self.about(at), **fields.get(kind, {}))

    def credits(self, kind: Kind, record: Any) -> dict[str, int]:
        terms = self.job.terms
        if kind is e.RoundSettled:
            answered = 2 if record.state == serving.State.CONTESTED else 0
            earned = terms.n * terms.price + answered * terms.proof_fee
            return {PAYEE: earned + terms.stake, CONSUMER: (2 - answered) * terms.proof_fee}
        if kind in (e.RoundUnserved, e.RoundUnanswered):
            return {CONSUMER: self.escrow + terms.stake}
        if kind in (e.RoundCancelled, e.RoundExpired):
            return {CONSUMER: self.escrow}
        return self.returned(record, self.escrow) if kind is e.RoundVoided else {}


@dataclass(frozen=True)
class Bounty(Play):
    module: ModuleType = accuracy
    contract: str = ACCURACY

    def joins(self) -> tuple[Kind, ...]:
        return (e.BountyAccepted,)

    def posted(self, at: int = START) -> list[e.Event]:
        job, terms = self.job, self.job.terms
        posting = e.BountyPosted(
            **self.about(at),
            consumer=job.consumer,
            circuit_id=terms.circuit_id,
            nonce=job.nonce,
            terms=terms,
            uri=b"",
        )
        return [posting, self.deposit(CONSUMER, terms.reward + terms.bond, at)]

    def before(self, kind: Kind, record: Any, at: int) -> Sequence[e.Event]:
        """The target is 3 of 4, and item 0 may have been proven right."""
        if kind is not e.BountyPaid or record.reached:
            return ()
        return [e.ItemsProven(**self.about(at), indices=(1, 2, 3), correct=3)]

    def event(self, kind: Kind, record: Any, at: int) -> e.Event:
        terms = self.job.terms
        fields: dict[Kind, dict[str, Any]] = {
            e.BountyAccepted: {
                "provider": PROVIDER,
                "payee": PAYEE,
                "model_id": MODEL_ID,
                "deadline": at + terms.reveal_seconds,
            },
            e.KeyRevealed: {"key": KEY, "deadline": at + terms.prove_seconds},
            e.ItemsProven: {"indices": (0,), "correct": 1},
            e.BountyPaid: {"payee": PAYEE, "correct": 3},
            e.KeyWithheld: {"payee": PAYEE, "bond": terms.bond},
            e.TargetMissed: {"payee": PAYEE, "correct": record.correct},
            e.ItemMalformed: {"payee": PAYEE, "index": 2},
            e.BountyVoided: {"circuit_id": CIRCUIT_ID},
        }
        return kind(**self.about(at), **fields.get(kind, {}))

    def credits(self, kind: Kind, record: Any) -> dict[str, int]:
        terms = self.job.terms
        everything: dict[Kind, dict[str, int]] = {
            e.BountyPaid: {PAYEE: terms.reward + terms.stake, CONSUMER: terms.bond},
            e.KeyWithheld: {PAYEE: terms.bond + terms.stake, CONSUMER: terms.reward},
            e.TargetMissed: {
                CONSUMER: terms.reward + terms.bond + terms.miss_penalty,
                PAYEE: terms.stake - terms.miss_penalty,
            },
            e.ItemMalformed: {PAYEE: terms.reward + terms.bond + terms.stake},
            e.BountyCancelled: {CONSUMER: terms.reward + terms.bond},
            e.BountyExpired: {CONSUMER: terms.reward + terms.bond},
            e.BountyVoided: self.returned(record, terms.reward + terms.bond),
        }
        return everything.get(kind, {})


DATASET = retrieval.Dataset(PROVIDER, b"\5" * 32, 3, bytes(32), "", START)


@dataclass(frozen=True)
class Request(Play):
    module: ModuleType = retrieval
    contract: str = RETRIEVAL

    def joins(self) -> tuple[Kind, ...]:
        return (e.RetrievalAccepted,)

    def posted(self, at: int = START) -> list[e.Event]:
        job, terms = self.job, self.job.terms
        posting = e.RetrievalPosted(
            **self.about(at),
            consumer=job.consumer,
            dataset_id=terms.dataset_id,
            nonce=job.nonce,
            terms=terms,
        )
        return [posting, self.deposit(CONSUMER, self.escrow, at)]

    @property
    def escrow(self) -> int:
        return 3 * self.job.terms.price_per_record  # type: ignore[no-any-return]

    def before(self, kind: Kind, record: Any, at: int) -> Sequence[e.Event]:
        """Record 1 matches, and comes with the last ones."""
        about = self.about(at)
        match = [] if 1 in record.matches else [e.RecordMatched(**about, index=1, key=KEY)]
        if kind is e.RetrievalCompleted:
            left = tuple(sorted({0, 1, 2} - record.proven))
            return [*match, e.RecordsProven(**about, indices=left)]
        return match if kind is e.RecordsProven else ()

    def event(self, kind: Kind, record: Any, at: int) -> e.Event:
        terms = self.job.terms
        fields: dict[Kind, dict[str, Any]] = {
            e.RetrievalAccepted: {
                "owner": PROVIDER,
                "payee": PAYEE,
                "deadline": at + terms.prove_seconds,
            },
            e.RecordMatched: {"index": 1, "key": KEY},
            e.RecordsProven: {"indices": (0, 1)},
            e.RetrievalCompleted: {"deadline": at + terms.dispute_seconds},
            e.RetrievalSettled: {
                "payee": PAYEE,
                "proven": len(record.proven),
                "complete": len(record.proven) == 3,
            },
            e.RecordMalformed: {"payee": PAYEE, "index": 1},
            e.RetrievalVoided: {"circuit_id": CIRCUIT_ID},
        }
        return kind(**self.about(at), **fields.get(kind, {}))

    def transaction(self, kind: Kind, record: Record[Any], at: int) -> list[e.Event]:
        """A match is told together with the proof of its record."""
        if kind is e.RecordMatched:
            kind = e.RecordsProven
        return super().transaction(kind, record, at)

    def credits(self, kind: Kind, record: Any) -> dict[str, int]:
        terms, proven = self.job.terms, len(record.proven)
        if kind is e.RetrievalSettled:
            earned = proven * terms.price_per_record
            if proven == 3:
                return {PAYEE: earned + terms.stake}
            return {PAYEE: earned, CONSUMER: self.escrow - earned + terms.stake}
        if kind is e.RecordMalformed:
            return {CONSUMER: self.escrow + terms.stake}
        if kind in (e.RetrievalCancelled, e.RetrievalExpired):
            return {CONSUMER: self.escrow}
        return self.returned(record, self.escrow) if kind is e.RetrievalVoided else {}


ROUND = Round(
    serving.Job(
        CONSUMER,
        7,
        serving.Terms(MODEL_ID, ETH, ETH, b"\3" * 32, 4, 2, 10, 3, 2, 50, START + 50, 30, 40, 60),
    )
)
BOUNTY = Bounty(
    accuracy.Job(
        CONSUMER,
        8,
        accuracy.Terms(
            *(CIRCUIT_ID, ETH, ETH, 100, 20, 50, 15, b"\4" * 32, 4, keccak(KEY), bytes(32)),
            *(3, 4, START + 50, 30, 40),
        ),
    )
)
AT_LEAST_5 = retrieval.Predicate(retrieval.PredicateKind.AT_LEAST, 0, 5)
REQUEST = Request(
    retrieval.Job(
        CONSUMER,
        9,
        retrieval.Terms(DATASET.id, MODEL_ID, AT_LEAST_5, ETH, 10, 50, START + 50, 30, 40),
    )
)
PLAYS: tuple[Play, ...] = (ROUND, BOUNTY, REQUEST)


def with_terms(play: Play, **changes: Any) -> Play:
    return replace(play, job=replace(play.job, terms=replace(play.job.terms, **changes)))


def registered(circuit: tuple[Any, ...] = SALTED) -> World:
    """A world with one circuit of salted inputs, one model, and one dataset of three records."""
    circuit_id = circuit_id_of(circuit)
    about = {"contract": REGISTRY, "at": 1}
    world = empty(CHAIN, registry=REGISTRY, serving=SERVING, accuracy=ACCURACY, retrieval=RETRIEVAL)
    return apply_transaction(
        world,
        [
            e.CircuitRegistered(
                **about, circuit_id=circuit_id, registrant=PROVIDER, circuit=circuit
            ),
            e.ModelRegistered(
                **about,
                model_id=model_id_of(circuit_id, 0),
                circuit_id=circuit_id,
                weights_commitment=0,
            ),
            committed(),
        ],
    )


def committed() -> e.DatasetCommitted:
    return e.DatasetCommitted(
        contract=RETRIEVAL,
        at=START,
        dataset_id=DATASET.id,
        owner=PROVIDER,
        root=DATASET.root,
        count=DATASET.count,
        data_hash=bytes(32),
        uri=b"",
    )


def condemned(world: World, at: int) -> World:
    event = e.CircuitCondemned(contract=REGISTRY, at=at, circuit_id=CIRCUIT_ID, condemner=PAYEE)
    return apply_transaction(world, [event])


def reach(play: Play, state: Any) -> tuple[World, int]:
    """A world in which the play's job is in `state`, and the time of its last event."""
    world, at = apply_transaction(registered(), play.posted()), START
    for kind in _path(play, state):
        record = play.record(world)
        rule = play.module.TABLE[record.state]
        if kind is play.module.VOID.event:
            world = condemned(world, at)
        late = isinstance(rule.default, Move) and kind is rule.default.event
        at = record.state_deadline + 1 if late and record.state != state else at + 1
        world = apply_transaction(world, play.transaction(kind, record, at))
    assert play.record(world).state == state
    return world, at


def _path(play: Play, state: Any) -> tuple[Kind, ...]:
    """The shortest way there along the table."""
    ways: dict[Any, tuple[Kind, ...]] = {play.module.State.OPEN: ()}
    waiting = [play.module.State.OPEN]
    for here in waiting:
        for kind, there in play.legal(here).items():
            if there not in ways:
                ways[there] = (*ways[here], kind)
                waiting.append(there)
    return ways[state]
