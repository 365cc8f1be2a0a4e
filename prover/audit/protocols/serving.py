"""ServingRound: each answer, checked again: inputs and outputs of the contested items."""

from collections.abc import Iterator
from typing import Any

from prover.audit.proofs import Accepted
from prover.audit.protocols.common import ProtocolAudit, commitments, not_under
from prover.audit.steps import Step
from prover.chain.contracts.serving import ServingRound
from prover.protocol.events import ContestsAnswered
from prover.protocol.serving.state import Record
from prover.statement.field import decode_signed
from prover.statement.runs import encode_outputs, input_leaf


class ServingAudit(ProtocolAudit[ServingRound]):
    """The serving rounds."""

    TITLE, CONTRACT = "serving", ServingRound

    def differences(self, job_id: bytes, record: Record, block: int) -> Iterator[str]:
        """All that the contract keeps of a round."""
        counts = (len(record.contested), len(record.answered))
        head = (record.state, record.payee, record.deadline, record.provider)
        allowed = (*head, *counts, record.outputs_root, record.list_hash)
        found = tuple(vars(self.contract.status(job_id, block)).values())
        yield from self.compared(found, allowed)

    def marks(self, step: Step) -> Iterator[str]:
        """That each place answered in the step is marked so."""
        for event in step.events:
            if isinstance(event, ContestsAnswered):
                for position in event.positions:
                    if not self.contract.is_answered(step.job_id, position, step.block):
                        yield f"place {position} is not answered in the contract"

    def evidence(self, step: Step) -> Iterator[Accepted | str]:
        """The proofs of contested items, under the paths to inputs and to posted outputs."""
        if not step.has(ContestsAnswered):
            return
        before: Any = step.before
        record: Any = step.after
        done = set(before.answered if before else ())
        for indices, answers in self.calls(step, "answer"):
            if tuple(indices) != record.contested:
                yield "the list in the call is not the one that was contested"
                return
            for contests, proof, instances in answers:
                items = sum(contest[1] for contest in contests)
                model_id = record.job.terms.model_id
                accepted = self.accepted(step, model_id, items, proof, instances)
                yield accepted
                yield from _opened(accepted, contests, record)
                done.update(place for one in contests for place in range(one[0], one[0] + one[1]))
        yield from self.compared(sorted(record.answered), sorted(done))


def _opened(accepted: Accepted, contests: Any, record: Record) -> Iterator[str]:
    """Each run of contested items has the inputs of the round and the outputs that were posted."""
    terms, inputs, first = record.job.terms, commitments(accepted), 0
    for position, size, input_path, _ in contests:
        indices = record.contested[position : position + size]
        leaves = [input_leaf(at, inputs[first + i]) for i, at in enumerate(indices)]
        yield from not_under(terms.inputs_root, terms.n, indices[0], leaves, input_path)
        for slot, index in enumerate(indices, first):
            if _proven_output(accepted, slot, terms.word_bytes) != _posted_output(record, index):
                yield f"the proven output of item {index} is not the one that was posted"
        first += size


def _proven_output(accepted: Accepted, slot: int, word_bytes: int) -> bytes:
    words = accepted.bound.circuit.layout.item_outputs(accepted.proof.instances, slot)
    return encode_outputs([[decode_signed(word) for word in words]], word_bytes)


def _posted_output(record: Record, index: int) -> bytes:
    size = len(record.outputs) // record.job.terms.n
    return record.outputs[index * size : (index + 1) * size]
