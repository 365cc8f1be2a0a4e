"""`audit replay`: a chain's whole history reduced again, and compared with its contracts."""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

from prover.audit.evidence import Evidence
from prover.audit.findings import AuditReport, Findings
from prover.audit.protocols.accuracy import AccuracyAudit
from prover.audit.protocols.common import ProtocolAudit
from prover.audit.protocols.prediction import PredictionAudit
from prover.audit.protocols.retrieval import RetrievalAudit
from prover.audit.protocols.serving import ServingAudit
from prover.audit.state import Money, accounts_of, compare_registry
from prover.audit.steps import Step, records_of, steps_of
from prover.audit.surplus import Origins, Owed
from prover.audit.transfers import compare_transfers
from prover.base.errors import ChainError
from prover.chain.contracts.registry import Registry
from prover.chain.deployments import Deployment
from prover.chain.events.reading import Logged, by_transaction, fetch_events
from prover.chain.events.sync import forget
from prover.chain.node.client import Client
from prover.chain.state.replay import empty_world
from prover.protocol.history import History
from prover.protocol.world import World
from prover.systems.interface import ItemProver
from prover.systems.worker import Progress


class Auditor:
    """Replays all contracts of a deployment; trusts the node for logs and state, nothing else."""

    def __init__(
        self,
        client: Client,
        deployment: Deployment,
        system: ItemProver[Any],
        progress: Progress | None = None,
    ) -> None:
        self._client = client
        self._deployment = deployment
        self._system = system
        self._say = progress or (lambda _stage: None)
        self._retrieval = RetrievalAudit(client, deployment.retrieval)
        self._audits: dict[str, ProtocolAudit[Any]] = {
            deployment.prediction: PredictionAudit(client, deployment.prediction),
            deployment.serving: ServingAudit(client, deployment.serving),
            deployment.accuracy: AccuracyAudit(client, deployment.accuracy),
            deployment.retrieval: self._retrieval,
        }
        self._findings = Findings()
        self._event_counts: dict[bytes, int] = {}  # events by transaction
        self._owed = Owed()
        self._leave_out: Collection[str] = ()

    def run(
        self,
        first_proof_block: int = 0,
        *,
        accept_surplus: bool = False,
        leave_out: Collection[str] = (),
    ) -> AuditReport:
        """Replay everything; re-verify the proofs accepted from `first_proof_block` on.

        Money that no event explains is a mismatch unless `accept_surplus`. The tokens of
        `leave_out` are not asked what the contracts hold: any contract may be a token. If anything
        does not fit, all events are read from the node anew before that is said: what was kept of
        an earlier reading could be to blame.
        """
        self._leave_out = leave_out
        report = self._audited(first_proof_block, accept_surplus)
        if report.findings.mismatches and forget(self._client, self._deployment):
            self._say("something does not fit: reading everything from the node anew")
            self._findings = Findings()
            report = self._audited(first_proof_block, accept_surplus)
        return report

    def _audited(self, first_proof_block: int, accept_surplus: bool) -> AuditReport:
        last = int(self._client.block()["number"])
        self._say("replaying events, comparing states, verifying proofs")
        world = self._replay(last, first_proof_block)
        self._say("comparing states and balances")
        self._compare_all(world, last, accept_surplus)
        contracts = {name: one.address for name, one in self._deployment.contracts.items()}
        return AuditReport(self._client.chain_id, contracts, last, world, self._findings)

    def _replay(self, last: int, first_proof_block: int) -> World:
        """One block after another: nothing of a step is kept once it was compared and checked."""
        self._event_counts.clear()
        self._owed = Owed()
        history = History(empty_world(self._client, self._deployment))
        evidence = Evidence(self._client, self._system, self._audits, self._findings)
        events = fetch_events(self._client, self._deployment, last=last)
        transactions = by_transaction(events)
        for number, block in groupby(transactions, key=lambda one: one[0].block):
            steps = [step for one in block for step in self._reduced(history, one)]
            self._compare_steps(steps)
            if number >= first_proof_block:
                evidence.check(steps)
        evidence.finish()
        return history.finished()

    def _reduced(self, history: History, transaction: list[Logged]) -> list[Step]:
        """The steps of one transaction; what makes no sense is noted."""
        self._findings.transactions += 1
        self._findings.events += len(transaction)
        self._event_counts[transaction[0].transaction] = len(transaction)
        self._owed.add(transaction)
        before = records_of(history.world, transaction)
        for finding in history.add([logged.event for logged in transaction]):
            where = f"transaction 0x{transaction[0].transaction.hex()}"
            self._findings.note(where, str(finding))
        return steps_of(transaction, before, history.world)

    def _compare_steps(self, steps: Sequence[Step]) -> None:
        """Each job at the end of the block that moved it."""
        moved = {(step.contract, step.job_id): step for step in steps}
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

    def _compare_all(self, world: World, last: int, accept_surplus: bool) -> None:
        """Everything as it is now."""
        origins = Origins(self._client, self._deployment, last, self._event_counts, self._owed)
        for address, audit in self._audits.items():
            for job_id, record in world.jobs_of(address).items():
                for what in audit.differences(job_id, record, last):
                    self._findings.note(f"job 0x{job_id.hex()}", what)
            money = Money(audit.contract, world.escrows[address], last, origins, self._leave_out)
            money.compare(accounts_of(world), self._findings, accept_surplus)
        for dataset_id, dataset in world.retrieval.datasets.items():
            for what in self._retrieval.dataset_differences(dataset, last):
                self._findings.note(f"dataset 0x{dataset_id.hex()}", what)
        compare_transfers(self._client, self._deployment, last, self._event_counts, self._findings)
        registry = Registry(self._client, self._deployment.registry)
        compare_registry(self._client, registry, world.registry, last, self._findings)
