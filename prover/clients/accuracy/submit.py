"""Accuracy bounties: proving a plan of test items, and sending several proofs at once."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from prover.base.errors import ContractRefused
from prover.chain.abi.contract import Call
from prover.chain.contracts.accuracy import AccuracyBounty, Submission, TestItem
from prover.chain.contracts.batch import Run
from prover.clients.common.job_files import JobFiles
from prover.clients.common.money import worth
from prover.clients.common.packing import ProofsSent, grouped
from prover.clients.common.tools import Tools
from prover.protocol.accuracy.state import Job, State
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import Item
from prover.statement.documents.sealed import DigitPlace
from prover.statement.documents.testset import SealedTestSet
from prover.statement.runs import list_hash, runs
from prover.systems.interface import Artifacts
from prover.systems.proof import Proof


@dataclass(frozen=True)
class MalformedItem:
    """An item that no proof can be about: which part of it, why, and where a digit is wrong."""

    index: int
    part: int
    why: str
    digit: DigitPlace | None = None


@dataclass(frozen=True)
class Opened:
    """The test set in the clear, or the first item that is malformed."""

    items: tuple[Item, ...]
    labels: tuple[int, ...]
    label_salts: tuple[bytes, ...]
    malformed: MalformedItem | None


@dataclass(frozen=True)
class Submitter:
    """Proves items of one bounty for the payee of `context`; each proof is kept when it is made."""

    tools: Tools[AccuracyBounty]
    job_id: bytes
    job: Job
    artifacts: Artifacts
    files: JobFiles
    context: JobContext
    test_set: SealedTestSet
    opened: Opened

    def submit(self, planned: Sequence[tuple[int, ...]]) -> ProofsSent:
        """Prove each part, unless its proof is there and holds, then send all.

        Raises ContractRefused.
        """
        started, made = time.monotonic(), 0
        kept = self.files.sound(planned, partial(self.tools.readiness.faults, self.artifacts))
        submissions = []
        for number, part in enumerate(planned):
            proof = kept.get(part)
            if proof is None:
                message = (
                    f"proof {number + 1} of {len(planned)}: {len(part)} items from {part[0]} on"
                )
                self.tools.progress(message)
                proof, made = self.prove(part), made + 1
            submissions.append(self.submission(part, proof))
        seconds = time.monotonic() - started if made else 0.0
        gas = self._send_all(submissions)
        return ProofsSent(made, seconds, len(gas), sum(gas))

    def prove(self, part: tuple[int, ...]) -> Proof:
        """Prove, verify and keep the proof."""
        chosen = [self.opened.items[index] for index in part]
        proof = self.tools.readiness.prove(self.artifacts, chosen, self.context)
        self.files.save_proof(part, proof)
        return proof

    def submission(self, part: tuple[int, ...], proof: Proof) -> Submission:
        """A proof, with the items that it is about opened in the test set."""
        tree, items = self.test_set.tree, self.test_set.items
        openings = tuple(
            Run(run.first, run.size, tree.path(run.first, run.size.bit_length() - 1))
            for run in runs(part)
        )
        labels, salts = self.opened.labels, self.opened.label_salts
        tests = tuple(
            TestItem(items[index].parts_hash, labels[index], salts[index]) for index in part
        )
        return Submission(openings, tests, proof.proof, proof.instances)

    def _send_all(self, submissions: list[Submission]) -> list[int]:
        """The gas of each transaction; none once the bounty is paid, whoever proved the last."""
        try:
            groups, cost = grouped(self.tools.sender, submissions, self._call)
            self.tools.sender.require_worth("submitting the proofs", cost, self._worth)
            return [self._send(group) for group in groups]
        except ContractRefused:
            if self.tools.contract.status(self.job_id).state is not State.PAID:
                raise
            return []

    def _send(self, group: list[Submission]) -> int:
        indices = [run.start for one in group for run in one.runs]
        name = f"submit:{self.job_id.hex()}:{list_hash(indices).hex()}"
        call = self._call(group)
        return int(self.tools.sender.send(name, call, worth=self._worth)["gasUsed"])

    @property
    def _worth(self) -> int | None:
        """What is won or lost by the proofs, in wei; None in a token."""
        terms = self.job.terms
        return worth(terms.currency, terms.reward, terms.stake)

    def _call(self, group: list[Submission]) -> Call:
        return self.tools.contract.submit(self.job, group)
