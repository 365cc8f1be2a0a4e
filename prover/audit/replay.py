"""`audit replay`: a chain's whole history reduced again, and compared with its contracts."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from prover.audit.accuracy import AccuracyAudit
from prover.audit.findings import AuditReport, Findings
from prover.audit.prediction import PredictionAudit
from prover.audit.proofs import Accepted, broken_rules, reverified
from prover.audit.protocols import ProtocolAudit
from prover.audit.retrieval import RetrievalAudit
from prover.audit.serving import ServingAudit
from prover.audit.state import compare_money, compare_registry
from prover.audit.steps import Step, steps_of
from prover.chain.client import Client
from prover.chain.deployments import Deployment
from prover.chain.events import Logged, by_transaction, fetch_events
from prover.chain.registry import Registry
from prover.chain.replay import empty_world
from prover.errors import ArtifactsMissing, ChainError, IllegalEvent, ProvingError, StatementInvalid
from prover.protocol.events import ItemMalformed, PredictionDelivered, RecordMalformed
from prover.protocol.world import World, apply_transaction
from prover.proving.artifacts import Artifacts, find_artifacts
from prover.proving.system import ProofSystem
from prover.proving.worker import Progress


class Auditor:
    """Replays all contracts of a deployment; trusts the node for logs and state, nothing else."""

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
        self._retrieval = RetrievalAudit(client, deployment.retrieval)
        self._audits: dict[str, ProtocolAudit[Any]] = {
            deployment.market: PredictionAudit(client, deployment.market),
            deployment.serving: ServingAudit(client, deployment.serving),
            deployment.accuracy: AccuracyAudit(client, deployment.accuracy),
            deployment.retrieval: self._retrieval,
        }
        self._known: dict[tuple[bytes, int], Artifacts | None] = {}
        self._findings = Findings()

    def run(self, first_proof_block: int = 0) -> AuditReport:
        """Replay everything; re-verify the proofs accepted from `first_proof_block` on."""
        last = int(self._client.block()["number"])
        self._say("replaying events")
        events = list(fetch_events(self._client, self._deployment, last=last))
        world, steps = self._replay(events)
        self._say("comparing states and balances")
        self._compare_steps(steps)
        self._compare_all(world, last)
        self._say("verifying proofs")
        self._check_evidence([step for step in steps if step.block >= first_proof_block])
        contracts = {name: one.address for name, one in self._deployment.contracts.items()}
        return AuditReport(self._client.chain_id, contracts, last, world, self._findings)

    def _replay(self, events: Sequence[Logged]) -> tuple[World, list[Step]]:
        world, steps = empty_world(self._client, self._deployment), list[Step]()
        for transaction in by_transaction(events):
            self._findings.transactions += 1
            self._findings.events += len(transaction)
            try:
                after = apply_transaction(world, [logged.event for logged in transaction])
            except IllegalEvent as error:
                self._findings.note(f"transaction 0x{transaction[0].transaction.hex()}", str(error))
                continue
            steps += steps_of(self._client.chain_id, transaction, world, after)
            world = after
        return world, steps

    def _compare_steps(self, steps: Sequence[Step]) -> None:
        """Each job at the end of each block that moved it."""
        for _, together in groupby(steps, key=lambda step: step.block):
            moved = {(step.contract, step.job_id): step for step in together}
            for step in moved.values():
                self._compare_step(step)

    def _compare_step(self, step: Step) -> None:
        audit = self._audits[step.contract]
        try:
            found = [*audit.differences(step.job_id, step.after, step.block), *audit.marks(step)]
        except ChainError:
            self._findings.steps_not_comparable += 1  # the node keeps no state of that block
            return
        self._findings.steps_compared += 1
        for what in found:
            self._findings.note(f"{step.name} at block {step.block}", what)

    def _compare_all(self, world: World, last: int) -> None:
        """Everything as it is now."""
        for address, audit in self._audits.items():
            for job_id, record in world.jobs_of(address).items():
                for what in audit.differences(job_id, record, last):
                    self._findings.note(f"job 0x{job_id.hex()}", what)
            compare_money(audit.contract, world.escrows[address], last, self._findings)
        for dataset_id, dataset in world.retrieval.datasets.items():
            for what in self._retrieval.dataset_differences(dataset, last):
                self._findings.note(f"dataset 0x{dataset_id.hex()}", what)
        registry = Registry(self._client, self._deployment.registry)
        compare_registry(self._client, registry, world.registry, last, self._findings)

    def _check_evidence(self, steps: Sequence[Step]) -> None:
        """Each accepted proof: its statement recomputed, a typed call, the proof system itself."""
        batches: dict[bytes, tuple[Artifacts, list[Accepted]]] = {}
        for step in steps:
            self._findings.deliveries += step.has(PredictionDelivered)
            self._findings.disputes += step.has(ItemMalformed, RecordMalformed)
            for accepted in self._proofs_of(step):
                for artifacts in self._artifacts(accepted):
                    batches.setdefault(artifacts.digest, (artifacts, []))[1].append(accepted)
        for artifacts, proofs in batches.values():
            self._reverify(artifacts, proofs)

    def _proofs_of(self, step: Step) -> Iterator[Accepted]:
        """The proofs of a step; whatever is wrong with them is noted."""
        try:
            for one in self._audits[step.contract].evidence(step):
                if isinstance(one, str):
                    self._findings.note(step.name, one)
                    continue
                self._findings.proofs_accepted += 1
                for what in broken_rules(self._client, one):
                    self._findings.note(step.name, what)
                yield one
        except StatementInvalid as error:
            self._findings.note(step.name, str(error))

    def _artifacts(self, accepted: Accepted) -> Iterator[Artifacts]:
        """The artifacts of the proof's model, if this machine has them."""
        name = (accepted.bound.circuit.artifact_digest, accepted.bound.weights)
        if name not in self._known:
            self._known[name] = self._found(*name)
        artifacts = self._known[name]
        if artifacts is None:
            self._findings.proofs_not_reverifiable += 1
        else:
            yield artifacts

    def _found(self, digest: bytes, weights: int) -> Artifacts | None:
        """Artifacts on this machine; finding them reads every file, so do it once.

        Damaged ones are noted: they could have told whether the proofs hold.
        """
        try:
            return find_artifacts(digest, weights)
        except ArtifactsMissing:
            return None
        except ProvingError as error:
            self._findings.note(f"artifacts 0x{digest.hex()}", str(error))
            return None

    def _reverify(self, artifacts: Artifacts, proofs: Sequence[Accepted]) -> None:
        for one, holds in zip(proofs, reverified(self._system, artifacts, proofs), strict=True):
            if holds:
                self._findings.proofs_reverified += 1
            else:
                self._findings.note(one.where, "the proof system refuses the proof")
