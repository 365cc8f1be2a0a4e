"""One round of work: finish what is promised, then take what pays."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from prover.chain.client import Client
from prover.chain.deployments import Deployment
from prover.chain.market import Market
from prover.chain.registry import Circuit
from prover.chain.replay import load_world
from prover.chain.tokens import allow
from prover.chain.transactions import Sender
from prover.chain.withdrawals import take_out
from prover.errors import ArtifactMismatch, ContractRefused, StatementInvalid, ZkescrowError
from prover.protocol.prediction import Record, State
from prover.protocol.words import amount_in, moment
from prover.protocol.world import World
from prover.provider.fetch import InputsUnavailable, fetch
from prover.provider.policy import Policy, refusal
from prover.provider.store import ENDED, JobStore, Stage, Taken
from prover.proving.artifacts import Artifacts, find_artifacts
from prover.proving.inputs import shape_of
from prover.proving.system import ProofSystem, Witness
from prover.proving.worker import Progress
from prover.statement.context import JobContext
from prover.statement.request import Request, data_hash

CheckModel = Callable[[bytes, Artifacts], None]
_LATE, _WRONG_STATE = "Jobs_Late", "PredictionMarket_WrongState"
_ENDS = {State.PAID: Stage.DELIVERED, State.SLASHED: Stage.LATE, State.VOIDED: Stage.VOIDED}
_FOREIGN = "no artifacts of its model are on this machine"


@dataclass(frozen=True)
class Outcome:
    """What became of a job in this round: `result` is a stage, "skipped" or "failed"."""

    job_id: bytes
    result: str
    words: str
    seconds: float = 0.0
    gas: int = 0


@dataclass(frozen=True)
class Tools:
    """What a provider works with; `check_model` raises if a model is not its artifacts."""

    client: Client
    deployment: Deployment
    sender: Sender
    store: JobStore
    system: ProofSystem
    check_model: CheckModel
    progress: Progress | None = None


class Provider:
    """One account's service on one chain; proofs are bound to `payee`, by default the account."""

    def __init__(self, tools: Tools, policy: Policy, payee: str | None = None) -> None:
        self._tools = tools
        self._policy = policy
        self._account = tools.sender.address
        self._payee = payee or self._account
        self._market = Market(tools.client, tools.deployment.market)
        self._scope = f"{tools.client.scope}:{self._market.address}"

    def run_once(self) -> list[Outcome]:
        """Finish locked jobs, the most urgent first, then take open ones."""
        world = load_world(self._tools.client, self._tools.deployment)
        promised = {job.job_id: job for job in self._promised(world)}
        outcomes = [
            self._guarded(job.job_id, lambda job=job: self._serve(job, world))  # type: ignore[misc]
            for job in sorted(promised.values(), key=lambda job: _due(world, job))
        ]
        known = {job.job_id for job in self._stored()}
        for job_id, record in world.prediction.jobs.items():
            if record.state is State.OPEN and job_id not in known:
                outcomes.append(
                    self._guarded(job_id, lambda i=job_id, r=record: self._consider(i, r, world))  # type: ignore[misc]
                )
        return outcomes

    def withdraw(self, to: str | None = None) -> dict[str, int]:
        """Take out every credit of the account; amounts in wei or token units, by currency."""
        taken: dict[str, int] = {}
        for currency in sorted(self._policy.currencies):
            whom = to or self._account
            for one in take_out(self._tools.sender, self._market, currency, whom):
                taken[currency] = taken.get(currency, 0) + one.amount
        return taken

    def _stored(self) -> list[Taken]:
        return list(self._tools.store.all(self._scope, self._account))

    def _promised(self, world: World) -> Iterator[Taken]:
        """Unfinished jobs of the store, and locked ones that the store has lost."""
        stored = self._stored()
        on_chain = world.prediction.jobs  # a job that a reorganisation took away waits in the store
        yield from (job for job in stored if job.stage not in ENDED and job.job_id in on_chain)
        known = {job.job_id for job in stored}
        for job_id, record in world.prediction.jobs.items():
            mine = record.provider == self._account and record.state is State.LOCKED
            if mine and job_id not in known:
                yield self._taken(job_id, record.payee, b"", Stage.LOCKED)

    def _guarded(self, job_id: bytes, work: Callable[[], Outcome]) -> Outcome:
        try:
            return work()
        except ZkescrowError as error:
            return Outcome(job_id, "failed", str(error))

    def _consider(self, job_id: bytes, record: Record, world: World) -> Outcome:
        """Take an open job if it pays and can be proven."""
        why_not = refusal(record, self._account, self._tools.client.now(), self._policy)
        if why_not:
            return Outcome(job_id, "skipped", why_not)
        model_id = record.job.terms.model_id
        try:
            artifacts = _artifacts(world, model_id)
        except ArtifactMismatch:
            return Outcome(job_id, "skipped", _FOREIGN)
        self._tools.check_model(model_id, artifacts)
        try:
            content = self._inputs(record, artifacts)
            self._witness(job_id, self._payee, content, artifacts)
        except (StatementInvalid, InputsUnavailable) as error:
            return Outcome(job_id, "skipped", str(error))
        return self._serve(self._tools.store.save(self._taken(job_id, self._payee, content)), world)

    def _serve(self, job: Taken, world: World) -> Outcome:
        """Bring a job from where it stands to its end."""
        record = world.prediction.jobs[job.job_id]
        if job.stage is Stage.TAKEN:
            job = self._lock(job, record)
        standing = self._market.standing(job.job_id)
        if standing.state is not State.LOCKED or standing.payee != job.payee:
            return self._ended(job, standing.state)
        if self._tools.client.now() > standing.deadline:
            return self._late(job, record, standing.deadline)
        artifacts = _artifacts(world, record.job.terms.model_id)
        if not job.request:
            job = replace(job, request=self._inputs(record, artifacts))
        if job.proof is None:
            job = self._prove(job, artifacts)
        return self._deliver(job, record, standing.deadline)

    def _lock(self, job: Taken, record: Record) -> Taken:
        """Send the stake. A refusal is left to the job's standing, which `_serve` reads next."""
        terms, sender = record.job.terms, self._tools.sender
        name = job.job_id.hex()
        allow(sender, terms.currency, self._market.address, terms.stake)
        try:
            sender.send(f"lock:{name}", self._market.lock(record.job, job.payee))
        except ContractRefused as error:
            if error.error_name not in (_WRONG_STATE, _LATE):
                raise
            return job
        return self._tools.store.advance(job, Stage.LOCKED)

    def _inputs(self, record: Record, artifacts: Artifacts) -> bytes:
        """The inputs file, checked against the job and the circuit. Raises StatementInvalid."""
        shape = shape_of(artifacts.manifest)
        content = fetch(record.uri, shape.max_bytes, allow_files=self._policy.allow_files)
        if data_hash(content) != record.data_hash:
            raise StatementInvalid("its inputs file is not the one that the job names by its hash")
        request = Request.from_bytes(content)
        request.check(shape)
        if request.inputs_hash() != record.job.terms.inputs_hash:
            raise StatementInvalid("its inputs file does not hash to the inputs hash of the terms")
        return content

    def _witness(self, job_id: bytes, payee: str, content: bytes, artifacts: Artifacts) -> Witness:
        client = self._tools.client
        context = JobContext.of(client.chain_id, self._market.address, job_id, payee)
        items = Request.from_bytes(content).items
        return self._tools.system.witness(artifacts, items, context)

    def _prove(self, job: Taken, artifacts: Artifacts) -> Taken:
        """Prove, verify independently of the prover's own word, and keep the proof."""
        started = time.monotonic()
        witness = self._witness(job.job_id, job.payee, job.request, artifacts)
        proof = self._tools.system.prove(artifacts, witness, self._tools.progress)
        self._tools.system.verify(artifacts, [proof])
        seconds = time.monotonic() - started
        proven = replace(job, proof=proof, seconds=seconds, stage=Stage.PROVEN)
        return self._tools.store.save(proven)

    def _deliver(self, job: Taken, record: Record, deadline: int) -> Outcome:
        assert job.proof is not None  # noqa: S101 - `_serve` made it
        items = len(Request.from_bytes(job.request).items)
        instances = list(job.proof.instances)
        call = self._market.deliver(record.job, items, job.proof.proof, instances)
        try:
            receipt = self._tools.sender.send(f"deliver:{job.job_id.hex()}", call)
        except ContractRefused as error:
            if error.error_name == _LATE:
                return self._late(job, record, deadline)
            if error.error_name == _WRONG_STATE:
                return self._ended(job, self._market.standing(job.job_id).state)
            raise
        self._tools.store.advance(job, Stage.DELIVERED)
        words = f"proven in {job.seconds:.1f} s and delivered"
        return Outcome(job.job_id, Stage.DELIVERED, words, job.seconds, int(receipt["gasUsed"]))

    def _ended(self, job: Taken, state: State) -> Outcome:
        """The job is no longer this provider's to deliver."""
        stage = Stage.LOST if job.stage is Stage.TAKEN else _ENDS.get(state, Stage.LOST)
        self._tools.store.advance(job, stage)
        return Outcome(job.job_id, stage, f"the job is {state.name.lower()}", job.seconds)

    def _late(self, job: Taken, record: Record, deadline: int) -> Outcome:
        self._tools.store.advance(job, Stage.LATE)
        words = (
            f"too late: the proof was due at {moment(deadline)}; the stake of "
            f"{amount_in(record.job.terms.currency, record.job.terms.stake)} goes to the consumer"
        )
        return Outcome(job.job_id, Stage.LATE, words, job.seconds)

    def _taken(
        self, job_id: bytes, payee: str, request: bytes, stage: Stage = Stage.TAKEN
    ) -> Taken:
        return Taken(self._scope, self._account, job_id, payee, request, stage)


def _artifacts(world: World, model_id: bytes) -> Artifacts:
    """This machine's artifacts of a registered model. Raises ArtifactMismatch if it has none."""
    circuit_id, weights_commitment = world.registry.models[model_id]
    circuit = Circuit.from_abi(world.registry.circuits[circuit_id])
    return find_artifacts(circuit.artifact_digest, weights_commitment)


def _due(world: World, job: Taken) -> int:
    return world.prediction.jobs[job.job_id].state_deadline
