"""Serving rounds: proving the contested items, some to a proof, some proofs to a transaction.

The contested list is cut into the same parts every time, so that a proof which was made
before the provider was killed is used, and one that somebody else relayed is not made again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from prover.base.errors import StatementInvalid
from prover.base.text import some_of
from prover.chain.abi.contract import Call
from prover.chain.contracts.serving import Answer, Contest, ServingRound
from prover.chain.sending.transactions import Sender
from prover.clients.common.job_files import JobFiles
from prover.clients.common.packing import ProofsSent, grouped
from prover.clients.common.readiness import Readiness
from prover.clients.serving.checks import worth_of
from prover.protocol.serving.state import Record
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import Item
from prover.statement.runs import (
    ContestedRun,
    decode_outputs,
    inputs_tree,
    list_hash,
    outputs_tree,
    runs,
)
from prover.systems.circuits import commitments, evaluate
from prover.systems.interface import Artifacts
from prover.systems.proof import Proof
from prover.systems.worker import Progress


@dataclass(frozen=True)
class Part:
    """Contested items of one proof: their indices, and the place of the first in the list."""

    position: int
    indices: tuple[int, ...]


def parts(record: Record, slots: int) -> list[Part]:
    """The contested list in parts of one proof each, without those that are answered wholly."""
    cut = [
        Part(at, record.contested[at : at + slots]) for at in range(0, len(record.contested), slots)
    ]
    return [
        part
        for part in cut
        if not record.answered.issuperset(range(part.position, part.position + len(part.indices)))
    ]


class Answerer:
    """Proves what is contested in one round, for the payee that the chain names."""

    def __init__(
        self,
        sender: Sender,
        serving: ServingRound,
        readiness: Readiness,
        artifacts: Artifacts,
        files: JobFiles,
        progress: Progress,
    ) -> None:
        self._sender = sender
        self._serving = serving
        self._readiness = readiness
        self._artifacts = artifacts
        self._files = files
        self._progress = progress

    def answer(self, job_id: bytes, record: Record, items: Sequence[Item]) -> ProofsSent:
        """Prove all that is left, then send it. Raises StatementInvalid if an item cannot be."""
        require_provable(record, self._artifacts, items)
        started = time.monotonic()
        todo = parts(record, self._artifacts.facts.layout.items)
        faults = partial(self._readiness.faults, self._artifacts)
        kept = self._files.sound([part.indices for part in todo], faults)
        proofs = [kept.get(part.indices) for part in todo]
        made = proofs.count(None)
        chain_id, where = self._serving.client.chain_id, self._serving.address
        model_id = record.job.terms.model_id
        context = JobContext.of(chain_id, where, job_id, record.payee, model_id)
        for number, part in enumerate(todo):
            if proofs[number] is None:
                self._progress(f"proof {number + 1} of {len(todo)}: items {some_of(part.indices)}")
                proofs[number] = self._prove(part, items, context)
        seconds = time.monotonic() - started
        opened = Openings(record, commitments(self._artifacts, items))
        answers = [
            opened.answer(part, proof)
            for part, proof in zip(todo, proofs, strict=True)
            if proof is not None
        ]
        groups, cost = grouped(self._sender, answers, lambda group: self._call(record, group))
        self._sender.require_worth("answering", cost, worth_of(record.job.terms))
        gas = [self._send(job_id, record, group) for group in groups]
        return ProofsSent(made, seconds if made else 0.0, len(gas), sum(gas))

    def _prove(self, part: Part, items: Sequence[Item], context: JobContext) -> Proof:
        """Prove, verify and keep the proof."""
        chosen = [items[index] for index in part.indices]
        proof = self._readiness.prove(self._artifacts, chosen, context)
        self._files.save_proof(part.indices, proof)
        return proof

    def _send(self, job_id: bytes, record: Record, group: list[Answer]) -> int:
        positions = [contest.position for answer in group for contest in answer.contests]
        name = f"answer:{job_id.hex()}:{list_hash(positions).hex()}"
        depends = worth_of(record.job.terms)
        return int(self._sender.send(name, self._call(record, group), worth=depends)["gasUsed"])

    def _call(self, record: Record, group: list[Answer]) -> Call:
        return self._serving.answer(record.job, record.contested, group)


class Openings:
    """Both trees of a round, built once, from the input commitments and the posted outputs."""

    def __init__(self, record: Record, inputs: Sequence[bytes]) -> None:
        self._inputs = inputs_tree(inputs)
        self._outputs = outputs_tree(record.outputs, record.job.terms.n)

    def answer(self, part: Part, proof: Proof) -> Answer:
        """A proof, with the items that it is about opened in both trees."""
        contests = tuple(self._contest(run) for run in runs(part.indices, part.position))
        return Answer(contests, proof.proof, proof.instances)

    def _contest(self, run: ContestedRun) -> Contest:
        levels = run.size.bit_length() - 1
        return Contest(
            run.position,
            run.size,
            self._inputs.path(run.first, levels),
            self._outputs.path(run.first, levels),
        )


def require_provable(record: Record, artifacts: Artifacts, items: Sequence[Item]) -> None:
    """Raise StatementInvalid naming the contested items whose posted outputs no proof can show."""
    terms = record.job.terms
    posted = decode_outputs(record.outputs, terms.n, terms.word_bytes)
    ours = evaluate(artifacts, [items[index] for index in record.contested])
    wrong = [
        index
        for index, outputs in zip(record.contested, ours, strict=True)
        if posted[index] != outputs
    ]
    if wrong:
        raise StatementInvalid(
            f"the posted outputs of contested item(s) {some_of(wrong)} are not what the circuit "
            "gives: no proof of them exists, and the stake goes to the consumer"
        )
