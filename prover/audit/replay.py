"""`audit replay`: a chain's whole history reduced again, and compared with its contracts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from prover.audit.delivery import Delivery, disagreements, recover
from prover.chain.client import Client
from prover.chain.deployments import Deployment
from prover.chain.events import Logged, by_transaction, fetch_events
from prover.chain.market import Market
from prover.chain.registry import Circuit, Registry
from prover.chain.replay import empty_world
from prover.errors import (
    ArtifactMismatch,
    ContractRefused,
    IllegalEvent,
    ProofRejected,
    StatementInvalid,
)
from prover.protocol.events import ZERO_ADDRESS, PredictionDelivered
from prover.protocol.prediction import State
from prover.protocol.world import World, apply_transaction
from prover.proving.artifacts import Artifacts, find_artifacts
from prover.proving.system import ProofSystem
from prover.proving.worker import Progress


@dataclass(frozen=True)
class Mismatch:
    """Something that is not as it must be: where, and in what."""

    where: str
    what: str


@dataclass(frozen=True)
class Ledger:
    """One currency in the market, in wei or token units; `surplus` was given by nobody known."""

    currency: str
    escrowed: int
    credited: int
    surplus: int


@dataclass
class Findings:
    """What an audit has found up to now."""

    events: int = 0
    transactions: int = 0
    deliveries: int = 0
    proofs_reverified: int = 0
    proofs_not_reverifiable: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    ledgers: list[Ledger] = field(default_factory=list)

    def note(self, where: str, what: str) -> None:
        """Write a mismatch down."""
        self.mismatches.append(Mismatch(where, what))


@dataclass(frozen=True)
class AuditReport:
    """A finished audit up to block `last`, with the world as the events tell it."""

    chain_id: int
    market: str
    last: int
    world: World
    findings: Findings


class Auditor:
    """Replays one market and its registry; trusts the node for logs and state, nothing else."""

    def __init__(
        self,
        client: Client,
        deployment: Deployment,
        system: ProofSystem,
        progress: Progress | None = None,
    ) -> None:
        self._client = client
        self._deployment = deployment
        self._system = system
        self._say = progress or (lambda _stage: None)
        self._market = Market(client, deployment.market)
        self._registry = Registry(client, deployment.registry)
        self._findings = Findings()

    def run(self, first_proof_block: int = 0) -> AuditReport:
        """Replay everything; re-verify the proofs delivered from `first_proof_block` on."""
        last = int(self._client.block()["number"])
        self._say("replaying events")
        events = list(fetch_events(self._client, self._deployment, last=last))
        world = self._replay(events)
        self._say("comparing states and balances")
        self._compare_jobs(world, last)
        self._compare_registry(world, last)
        self._compare_money(world, last)
        self._say("verifying proofs")
        self._check_deliveries(world, [one for one in events if one.block >= first_proof_block])
        market = self._deployment.market
        return AuditReport(self._client.chain_id, market, last, world, self._findings)

    def _replay(self, events: Sequence[Logged]) -> World:
        world = empty_world(self._client, self._deployment)
        for transaction in by_transaction(events):
            self._findings.transactions += 1
            self._findings.events += len(transaction)
            try:
                world = apply_transaction(world, [logged.event for logged in transaction])
            except IllegalEvent as error:
                self._findings.note(f"transaction 0x{transaction[0].transaction.hex()}", str(error))
        return world

    def _compare_jobs(self, world: World, last: int) -> None:
        for job_id, record in world.prediction.jobs.items():
            standing = self._market.standing(job_id, last)
            found = (standing.state, standing.payee, standing.deadline)
            allowed = (State(record.state), record.payee, record.deadline)
            if found != allowed:
                self._findings.note(
                    f"job 0x{job_id.hex()}", f"the contract says {found}, the events {allowed}"
                )

    def _compare_registry(self, world: World, last: int) -> None:
        state = world.registry
        for circuit_id, fields in state.circuits.items():
            where = f"circuit 0x{circuit_id.hex()}"
            circuit = Circuit.from_abi(fields)
            self._expect(where, "fields", self._circuit(circuit_id), circuit)
            condemned = self._registry.condemned_at(circuit_id, last)
            self._expect(where, "condemned at", condemned, state.condemned_at.get(circuit_id, 0))
            code_hash = keccak(self._client.code(circuit.verifier, last))
            self._expect(where, "hash of the verifier's code", code_hash, circuit.code_hash)
        for model_id, entry in state.models.items():
            found = self._model(model_id)
            self._expect(f"model 0x{model_id.hex()}", "circuit and weights", found, entry)

    def _circuit(self, circuit_id: bytes) -> Circuit | None:
        try:
            return self._registry.circuit(circuit_id)
        except ContractRefused:
            return None

    def _model(self, model_id: bytes) -> tuple[bytes, int] | None:
        try:
            return self._registry.model(model_id)
        except ContractRefused:
            return None

    def _compare_money(self, world: World, last: int) -> None:
        """Credits one by one, and per currency that the contract holds what it owes."""
        state = world.escrows[self._deployment.market]
        for (currency, account), amount in state.credits.items():
            found = self._market.credit(currency, account, last)
            self._expect(f"credit of {account} in {currency}", "amount", found, amount)
        for currency in sorted(state.currencies() | {ZERO_ADDRESS}):
            credited = sum(
                value for (where, _), value in state.credits.items() if where == currency
            )
            owed = state.balance(currency)
            held = self._market.holdings(currency, last)
            if held < owed:
                self._findings.note(f"money in {currency}", f"{held} is held, {owed} is owed")
            self._findings.ledgers.append(
                Ledger(currency, owed - credited, credited, max(held - owed, 0))
            )

    def _expect(self, where: str, name: str, found: object, allowed: object) -> None:
        if found != allowed:
            self._findings.note(where, f"{name}: the contract says {found}, the events {allowed}")

    def _check_deliveries(self, world: World, events: Sequence[Logged]) -> None:
        """Each accepted proof: its statement recomputed, a typed call, the proof system itself."""
        batches: dict[bytes, tuple[Artifacts, list[Delivery]]] = {}
        for logged in events:
            if not isinstance(logged.event, PredictionDelivered):
                continue
            self._findings.deliveries += 1
            for artifacts, delivery in self._check_delivery(world, logged, logged.event):
                batches.setdefault(artifacts.digest, (artifacts, []))[1].append(delivery)
        for artifacts, deliveries in batches.values():
            self._reverify(artifacts, deliveries)

    def _check_delivery(
        self, world: World, logged: Logged, event: PredictionDelivered
    ) -> Iterator[tuple[Artifacts, Delivery]]:
        """Yields what is left for the proof system to verify, if this machine can."""
        where = f"delivery of job 0x{event.job_id.hex()}"
        record = world.prediction.jobs.get(event.job_id)
        if record is None:
            return  # the replay has said so
        try:
            delivery = recover(self._client, world.prediction, logged)
        except StatementInvalid as error:
            self._findings.note(where, str(error))
            return
        if delivery is None:
            self._findings.note(where, "no call of deliver for this job in its transaction")
            return
        circuit_id, weights = world.registry.models[record.job.terms.model_id]
        circuit = Circuit.from_abi(world.registry.circuits[circuit_id])
        for what in disagreements(self._client, world.prediction, circuit, weights, delivery):
            self._findings.note(where, what)
        try:
            yield find_artifacts(circuit.artifact_digest, weights), delivery
        except ArtifactMismatch:
            self._findings.proofs_not_reverifiable += 1

    def _reverify(self, artifacts: Artifacts, deliveries: Sequence[Delivery]) -> None:
        """All proofs of a circuit at once; one by one if that fails, to name the bad ones."""
        if self._holds(lambda: self._system.verify(artifacts, [one.proof for one in deliveries])):
            self._findings.proofs_reverified += len(deliveries)
            return
        for one in deliveries:
            if self._holds(lambda one=one: self._system.verify(artifacts, [one.proof])):  # type: ignore[misc]
                self._findings.proofs_reverified += 1
            else:
                where = f"delivery of job 0x{one.event.job_id.hex()}"
                self._findings.note(where, "the proof system refuses the proof")

    def _holds(self, verify: Callable[[], None]) -> bool:
        try:
            verify()
        except (ProofRejected, StatementInvalid):
            return False
        return True
