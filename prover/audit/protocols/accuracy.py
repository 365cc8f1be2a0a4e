"""AccuracyBounty: each test item proven and each dispute, checked again."""

from collections.abc import Iterator
from typing import Any

from prover.audit.proofs import Accepted
from prover.audit.protocols.common import ProtocolAudit, commitments, indices_of, not_under
from prover.audit.protocols.sealed import shown_leaf, sound_chunk, sound_digit, sound_label
from prover.audit.steps import Step
from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.contracts.registry import Circuit
from prover.protocol.accuracy.state import Record
from prover.protocol.events import ItemMalformed, ItemsProven
from prover.statement.documents.sealed import label_hash, sealed_leaf
from prover.statement.field import decode_signed
from prover.statement.label import proven_label


class AccuracyAudit(ProtocolAudit[AccuracyBounty]):
    """The accuracy bounties."""

    TITLE, CONTRACT = "accuracy", AccuracyBounty

    def differences(self, job_id: bytes, record: Record, block: int) -> Iterator[str]:
        """All that the contract keeps of a bounty."""
        head = (record.state, record.payee, record.deadline, record.provider)
        counts = (len(record.proven), record.correct)
        allowed = (*head, *counts, record.model_id, record.key or bytes(32))
        found = tuple(vars(self.contract.status(job_id, block)).values())
        yield from self.compared(found, allowed)

    def marks(self, step: Step) -> Iterator[str]:
        """That each item proven in the step is marked so."""
        for event in step.events:
            if isinstance(event, ItemsProven):
                for index in event.indices:
                    if not self.contract.is_proven(step.job_id, index, step.block):
                        yield f"item {index} is not proven in the contract"

    def evidence(self, step: Step) -> Iterator[Accepted | str]:
        """The proofs of test items, their labels counted; and what a dispute showed."""
        if step.has(ItemsProven):
            yield from self._counted(step)
        if step.has(ItemMalformed):
            yield from self._disputed(step)

    def _counted(self, step: Step) -> Iterator[Accepted | str]:
        before: Any = step.before
        record: Any = step.after
        done, correct = (set(before.proven), before.correct) if before else (set(), 0)
        for (submissions,) in self.calls(step, "submit"):
            for runs, items, proof, instances in submissions:
                accepted = self.accepted(step, record.model_id, len(items), proof, instances)
                yield accepted
                yield from _opened(accepted, runs, items, record)
                for slot, index in enumerate(indices_of(runs)):
                    fresh, label = index not in done, items[slot][1]
                    correct += fresh and _label(accepted, slot) == label
                    done.add(index)
        yield from self.compared((sorted(record.proven), record.correct), (sorted(done), correct))

    def _disputed(self, step: Step) -> Iterator[str]:
        """The item is in the test set, and the disputed part is malformed."""
        record: Any = step.after
        terms = record.job.terms
        circuit = Circuit.from_abi(step.world.registry.circuits[terms.circuit_id])
        key, found = record.key, 0
        for index, chunk, ciphertext, committed in self.calls(step, "disputeChunk"):
            found += 1
            yield from _not_in(terms, index, chunk, ciphertext, committed)
            yield from sound_chunk(circuit, index, chunk, ciphertext, key, committed[1])
        for index, place, ciphertext, committed in self.calls(step, "disputeDigit"):
            found += 1
            yield from _not_in(terms, index, place[0], ciphertext, committed)
            yield from sound_digit(circuit, index, place, ciphertext, key)
        for index, ciphertext, committed in self.calls(step, "disputeLabel"):
            found += 1
            yield from _not_in(terms, index, circuit.layout.input_words, ciphertext, committed)
            yield from sound_label(circuit, index, ciphertext, key, committed[2])
        if not found:
            yield "no call of a dispute for this job in its transaction"


def _not_in(terms: Any, index: int, part: int, ciphertext: bytes, committed: Any) -> Iterator[str]:
    """That the disputed item is not in the test set."""
    parts, digests, hidden, path = committed
    leaf = shown_leaf(index, part, ciphertext, parts, digests, hidden)
    yield from not_under(terms.test_root, terms.n, index, [leaf], path)


def _label(accepted: Accepted, slot: int) -> int | None:
    layout = accepted.bound.circuit.layout
    words = layout.item_outputs(accepted.proof.instances, slot)
    return proven_label([decode_signed(word) for word in words], layout.output_kind)


def _opened(accepted: Accepted, runs: Any, items: Any, record: Record) -> Iterator[str]:
    """Each run's inputs, parts and labels are those of the test set."""
    terms, inputs, first = record.job.terms, commitments(accepted), 0
    for start, size, path in runs:
        leaves = [
            sealed_leaf(start + i, items[slot][0], inputs[slot], label_hash(*items[slot][1:]))
            for i, slot in enumerate(range(first, first + size))
        ]
        yield from not_under(terms.test_root, terms.n, start, leaves, path)
        first += size
