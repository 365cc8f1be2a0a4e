"""PredictionMarket: each delivery, checked again from the call that carried it."""

from collections.abc import Iterator
from typing import Any

from prover.audit.proofs import Accepted
from prover.audit.protocols.common import ProtocolAudit, commitments
from prover.audit.steps import Step
from prover.chain.contracts.prediction import PredictionMarket
from prover.protocol.events import PredictionDelivered
from prover.protocol.prediction.state import Record
from prover.statement.commitment import inputs_hash


class PredictionAudit(ProtocolAudit[PredictionMarket]):
    """The contract of predictions."""

    TITLE, CONTRACT = "prediction", PredictionMarket

    def differences(self, job_id: bytes, record: Record, block: int) -> Iterator[str]:
        """State, payee and deadline."""
        status = self.contract.status(job_id, block)
        found = (status.state, status.payee, status.deadline)
        yield from self.compared(found, (record.state, record.payee, record.deadline))

    def evidence(self, step: Step) -> Iterator[Accepted | str]:
        """The proof of a delivery, its inputs and its outputs."""
        if not step.has(PredictionDelivered):
            return
        record: Any = step.after
        deliveries = list(self.calls(step, "deliver"))
        for items, proof, instances in deliveries:
            accepted = self.accepted(step, record.job.terms.model_id, items, proof, instances)
            yield accepted
            yield from _disagreements(accepted, record)
        if not deliveries:
            yield "no call of deliver for this job in its transaction"


def _disagreements(accepted: Accepted, record: Record) -> Iterator[str]:
    layout, words = accepted.bound.circuit.layout, accepted.proof.instances
    if accepted.items != record.items:
        yield f"{record.items} items in the event, {accepted.items} in the call"
        return
    if inputs_hash(commitments(accepted)) != record.job.terms.inputs_hash:
        yield "the proof's inputs are not those of the job"
    slots = range(accepted.items)
    outputs = [word for at in slots for word in layout.item_outputs(words, at)]
    if tuple(outputs) != record.outputs:
        yield "the outputs in the event are not those of the proof"
